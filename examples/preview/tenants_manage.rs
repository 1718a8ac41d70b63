//! Managing a tenant, and the question before each act.

use crate::{Sheet, fixtures::inside, tenants_show::head};
use tenantry::web::{
    pages::tenants::{
        manage::{ActGroup, ActLink, ActPage, ManagePage, SnapshotRow},
        show::Tab,
    },
    pieces::{Confirm, Select},
    urls,
    views::{Choice, Crumb, Field, FormError, Pill, Place, TimeView, Tone},
};

const SLUG: &str = "acme-bakery";
/// 23 November 2026, 10:00.
const NOW: i64 = 1_795_428_000_000;

fn act(act: &str, title: &str, text: &str, button: &'static str) -> ActLink {
    let is_danger = act == "delete";
    ActLink { title: title.into(), text: text.into(), button, href: urls::tenant_act(SLUG, act), is_danger }
}

fn groups() -> Vec<ActGroup> {
    let group = |title, id, acts, is_danger| ActGroup { title, id, acts, is_danger };
    let keep = "Out of reach at once; removed for good after 7 days, until which it can be kept after all.";
    vec![
        group(
            "What it is called",
            "details-title",
            vec![act(
                "details",
                "Name and plan",
                "Its address and its database keep their names.",
                "Change name or plan",
            )],
            false,
        ),
        group(
            "In use or not",
            "usage-title",
            vec![
                act("pause", "Pause", "Nobody can use it until it is resumed. Nothing is lost.", "Pause it"),
                act("archive", "Archive", "Out of use for long, and kept in a compact file.", "Archive it"),
            ],
            false,
        ),
        group(
            "Copies",
            "copies-title",
            vec![
                act("clone", "Clone", "A new tenant with the same data, as it is at one moment.", "Clone it"),
                act(
                    "snapshot",
                    "Snapshot",
                    "A copy of its data as it is now, to go back to.",
                    "Take a snapshot",
                ),
            ],
            false,
        ),
        group("The end", "end-title", vec![act("delete", "Delete", keep, "Delete it")], true),
    ]
}

fn snapshot(days: i64, why: &str, who: &str, size: &str) -> SnapshotRow {
    let at = NOW - days * 86_400_000;
    SnapshotRow {
        at: TimeView::new(at, NOW),
        why: why.into(),
        who: who.into(),
        size: size.into(),
        until: TimeView::new(at + 30 * 86_400_000, NOW),
        checksum: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".into(),
        restore_href: Some(urls::tenant_restore(SLUG, "0190")),
    }
}

fn manage_page(groups: Vec<ActGroup>, snapshots: Option<Vec<SnapshotRow>>) -> ManagePage {
    ManagePage {
        shell: inside(Place::Tenants),
        head: head("Acme Bakery", SLUG, Tab::Manage, Pill::new("Ready", Tone::Good)),
        busy: None,
        groups,
        snapshots,
    }
}

fn act_page(act: &str, title: &str, sentence: &str, button: &str) -> ActPage {
    ActPage {
        shell: inside(Place::Tenants),
        head: head("Acme Bakery", SLUG, Tab::Manage, Pill::new("Ready", Tone::Good)),
        title: title.into(),
        ask: Confirm {
            action: urls::tenant_act(SLUG, act),
            errors: Vec::new(),
            sentence: sentence.into(),
            goes: Vec::new(),
            stays: vec!["All data".into(), "Its settings, its owner and its history".into()],
            typed: None,
            button: button.into(),
            is_danger: false,
            cancel: Crumb::new("Do nothing", urls::tenant_manage(SLUG)),
        },
        hidden: Vec::new(),
        selects: Vec::new(),
        fields: Vec::new(),
    }
}

fn plan_select() -> Select {
    let choice = |value: &str, text: &str| Choice {
        value: value.into(),
        text: text.into(),
        is_chosen: value == "premium",
    };
    Select {
        name: "plan",
        label: "Plan",
        hint: None,
        choices: vec![
            choice("basic", "Basic"),
            choice("premium", "Premium"),
            choice("enterprise", "Enterprise"),
        ],
        error: None,
    }
}

fn way_select() -> Select {
    let choice = |value: &str, text: &str| Choice {
        value: value.into(),
        text: text.into(),
        is_chosen: value == "new",
    };
    Select {
        name: "way",
        label: "Where to",
        hint: None,
        choices: vec![
            choice("new", "Into a new tenant"),
            choice("over", "In the place of what the tenant has now"),
        ],
        error: None,
    }
}

fn new_tenant() -> Vec<Field> {
    vec![
        Field::text("name", "Name of the new tenant").filled("Acme Bakery (copy)", None),
        Field::email("email", "Its owner's e-mail").filled("dana@example.org", None),
    ]
}

fn delete_page(error: Option<&str>) -> ActPage {
    let typed = Field::text("confirm", "Type the tenant's name to confirm").with_hint("Acme Bakery");
    let page = act_page(
        "delete",
        "Delete Acme Bakery",
        "It is out of reach at once, and removed for good after 7 days.",
        "Delete it",
    );
    ActPage {
        ask: Confirm {
            errors: error.map(|text| FormError::new("confirm", text)).into_iter().collect(),
            goes: vec!["Access: nobody can use it, from now on".into(), "All data, after 7 days".into()],
            typed: Some(typed.filled(if error.is_some() { "acme" } else { "" }, error.map(str::to_owned))),
            is_danger: true,
            ..page.ask
        },
        ..page
    }
}

/// Deleting a tenant whose database is damaged.
fn delete_damaged() -> ActPage {
    let choice =
        |value: &str, text: &str, is_chosen| Choice { value: value.into(), text: text.into(), is_chosen };
    let last = Select {
        name: "last",
        label: "A last snapshot",
        hint: Some("Its database is damaged, so no snapshot can be made of it. A file that is put back from a backup helps.".into()),
        choices: vec![
            choice("needed", "Keep it until one can be made", true),
            choice("without", "Delete it without one", false),
        ],
        error: None,
    };
    ActPage { selects: vec![last], ..delete_page(None) }
}

fn plain(act: &str, title: &str, button: &str) -> ActPage {
    act_page(act, title, "Its application can read and write again, as before.", button)
}

pub fn manage_pages() -> Vec<Sheet> {
    const MANAGE: &str = "/tenants/{slug}/manage";
    let snapshots = vec![
        snapshot(0, "Before the import of members", "Dana Okafor", "412 KB"),
        snapshot(
            12,
            "Before a snapshot was restored",
            "Administrator with a very long name indeed",
            "1.2 GB",
        ),
    ];
    let busy = ManagePage {
        busy: Some((
            "Pausing Acme Bakery has been going on for 12 seconds. Nothing was changed; try again when it has ended.".into(),
            Crumb::new("See the steps", urls::tenant_setup(SLUG)),
        )),
        ..manage_page(Vec::new(), Some(Vec::new()))
    };
    let staff = manage_page(groups().into_iter().take(1).collect(), None);
    let details = ActPage {
        selects: vec![plan_select()],
        fields: vec![Field::text("name", "Name").filled("Acme Bakery", None)],
        ..act_page(
            "details",
            "Change the name or plan of Acme Bakery",
            "Only what people read changes.",
            "Save the change",
        )
    };
    let clone = ActPage {
        fields: new_tenant(),
        ..act_page(
            "clone",
            "Clone Acme Bakery",
            "A new tenant with the same data, as it is at one moment.",
            "Clone it",
        )
    };
    let note = Field::text("note", "Why (optional)").with_hint("Such as: before the import of members");
    let take = ActPage {
        fields: vec![note],
        ..act_page(
            "snapshot",
            "Take a snapshot of Acme Bakery",
            "A copy of its data as it is at one moment.",
            "Take a snapshot",
        )
    };
    let restore = ActPage {
        selects: vec![way_select()],
        fields: new_tenant(),
        ..act_page(
            "restore",
            "Restore a snapshot of Acme Bakery",
            "The snapshot's data comes into a new tenant.",
            "Restore it",
        )
    };
    let wrong =
        delete_page(Some("This is not the tenant's name. Nothing was deleted. The name is: Acme Bakery"));
    let act = |name, route, page: ActPage| Sheet::new(name, route, &page);
    vec![
        Sheet::new("tenant-manage", MANAGE, &manage_page(groups(), Some(snapshots))),
        Sheet::new("tenant-manage-empty", MANAGE, &manage_page(groups(), Some(Vec::new()))),
        Sheet::new("tenant-manage-busy", MANAGE, &busy),
        Sheet::new("tenant-manage-staff", MANAGE, &staff),
        act("tenant-act-details", "/tenants/{slug}/manage/details", details),
        act(
            "tenant-act-pause",
            "/tenants/{slug}/manage/pause",
            act_page(
                "pause",
                "Pause Acme Bakery",
                "Nobody can use it until it is resumed. Its database file is moved to a folder that only Tenantry uses.",
                "Pause it",
            ),
        ),
        act(
            "tenant-act-resume",
            "/tenants/{slug}/manage/resume",
            plain("resume", "Resume Acme Bakery", "Resume it"),
        ),
        act(
            "tenant-act-archive",
            "/tenants/{slug}/manage/archive",
            plain("archive", "Archive Acme Bakery", "Archive it"),
        ),
        act(
            "tenant-act-unarchive",
            "/tenants/{slug}/manage/unarchive",
            plain("unarchive", "Take Acme Bakery out of the archive", "Use it again"),
        ),
        act(
            "tenant-act-new-password",
            "/tenants/{slug}/manage/new-password",
            plain("new-password", "Give the account of Acme Bakery a new password", "Give it a new password"),
        ),
        act(
            "tenant-act-keep",
            "/tenants/{slug}/manage/keep",
            plain("keep", "Keep Acme Bakery after all", "Keep it after all"),
        ),
        act(
            "tenant-act-give-up",
            "/tenants/{slug}/manage/give-up",
            plain("give-up", "Remove what is left of Acme Bakery", "Remove what is left"),
        ),
        act("tenant-act-clone", "/tenants/{slug}/manage/clone", clone),
        act("tenant-act-snapshot", "/tenants/{slug}/manage/snapshot", take),
        act("tenant-act-restore", "/tenants/{slug}/manage/restore", restore),
        act("tenant-act-delete", "/tenants/{slug}/manage/delete", delete_page(None)),
        act("tenant-act-delete-damaged", "/tenants/{slug}/manage/delete", delete_damaged()),
        act("tenant-act-delete-wrong", "/tenants/{slug}/manage/delete", wrong),
    ]
}
