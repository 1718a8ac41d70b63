//! Bringing templates in, and drafts of new versions.

use super::{
    Sheet,
    fixtures::{LONG, ago, inside},
};
use tenantry::web::{
    pages::{
        template_drafts::{
            BeginDraftPage, Clash, DiffLine, DraftChangesPage, DraftDetailsPage, DraftFilePage, DraftHead,
            DraftPage, FileDiffView, FileLink, LineMark, ModuleForm, PublishForm, StepChoice,
            TemplateConfirmPage,
        },
        template_import::{FindingView, ImportPage, ImportResult},
    },
    pieces::Confirm,
    urls,
    views::{Crumb, Field, FormError, NavLink, Pill, Place, Tone},
};

const ID: &str = "0199-draft";
const SQL: &str = "CREATE TABLE members (\n    id INT AUTO_INCREMENT PRIMARY KEY,\n    name VARCHAR(255) NOT NULL\n);\n\nCREATE TABEL badges (id INT);\n";

fn crumbs() -> Vec<Crumb> {
    vec![Crumb::new("Templates", urls::templates()), Crumb::new("NGO 1.0.0", urls::template("ngo", "1.0.0"))]
}

fn head(tab: usize, state: Pill, may_edit: bool) -> DraftHead {
    let tabs = [
        ("Draft", "list-check", urls::template_draft(ID)),
        ("Files", "file-code", urls::template_draft_file(ID, "")),
        ("Description", "list-details", urls::template_draft_part(ID, "details")),
        ("Differences", "git-branch", urls::template_draft_part(ID, "changes")),
    ];
    DraftHead {
        crumbs: crumbs(),
        name: "NGO".into(),
        number: "1.1.0".into(),
        state,
        base: Crumb::new("From 1.0.0", urls::template("ngo", "1.0.0")),
        changed_by: "Maria Okafor".into(),
        changed: ago(12),
        tabs: tabs
            .into_iter()
            .enumerate()
            .map(|(place, (title, icon, href))| NavLink { title, icon, href, is_current: place == tab })
            .collect(),
        may_edit,
    }
}

fn bad() -> Pill {
    Pill::new("Draft, 2 problems", Tone::Bad)
}

fn good() -> Pill {
    Pill::new("Draft, checked", Tone::Good)
}

fn problems() -> Vec<FindingView> {
    let finding = |place: &str, line: usize, reason: &str| FindingView {
        place: format!("{place}, line {line}"),
        href: Some(format!("{}#L{line}", urls::template_draft_file(ID, place))),
        reason: reason.into(),
    };
    vec![
        finding(
            "modules/002_members.sql",
            6,
            "this is not understood: found `TABEL`, where `TABLE` was expected",
        ),
        finding(
            "template.toml",
            3,
            "version 1.0.0 is published, and a published version never changes; give the changed files a higher version, such as \"1.0.1\"",
        ),
    ]
}

fn import_pages() -> Vec<Sheet> {
    let page = |error: Option<&str>, results| {
        let file = Field::text("file", "A zip with one template, or several")
            .with_hint("At most 8 MiB. Download the files of a version to see what belongs in it.")
            .filled("", error.map(Into::into));
        ImportPage {
            shell: inside(Place::Templates),
            crumbs: vec![Crumb::new("Templates", urls::templates())],
            errors: FormError::of(&[&file]),
            file,
            results,
        }
    };
    let without_links = |findings: Vec<FindingView>| {
        findings.into_iter().map(|found| FindingView { href: None, ..found }).collect::<Vec<_>>()
    };
    let refused = vec![
        ImportResult {
            title: "ngo 1.0.0".into(),
            state: Pill::new("Not brought in", Tone::Bad),
            problems: without_links(problems()),
            warnings: vec![FindingView {
                place: "ngo/notes.txt".into(),
                href: None,
                reason: "is not part of a template and is not read".into(),
            }],
        },
        ImportResult {
            title: "basic 1.2.0".into(),
            state: Pill::new("Works, waits for the others", Tone::Quiet),
            problems: vec![],
            warnings: vec![],
        },
        ImportResult {
            title: LONG.replace(' ', "_"),
            state: Pill::new("Not brought in", Tone::Bad),
            problems: vec![FindingView {
                place: "../../evil.sql".into(),
                href: None,
                reason: "leads out of its folder; `.` and `..` have no place in a path".into(),
            }],
            warnings: vec![],
        },
    ];
    let route = "/templates/import";
    vec![
        Sheet::new("template-import", route, &page(None, vec![])),
        Sheet::new("template-import-error", route, &page(Some("Choose a zip."), vec![])),
        Sheet::new(
            "template-import-refused",
            route,
            &page(
                Some("Nothing was brought in. Mend what is named below, then send the zip again."),
                refused,
            ),
        ),
    ]
}

fn overview_pages() -> Vec<Sheet> {
    let page = |state: Pill,
                check: &str,
                problems: Vec<FindingView>,
                may_edit: bool,
                publish: Option<PublishForm>| {
        DraftPage {
            shell: inside(Place::Templates),
            head: head(0, state, may_edit),
            errors: publish.iter().flat_map(|form| FormError::of(&[&form.note])).collect(),
            check: check.into(),
            check_action: urls::template_draft_part(ID, "check"),
            problems,
            warnings: vec![],
            different: "3 files are different from 1.0.0.".into(),
            changes_href: urls::template_draft_part(ID, "changes"),
            publish,
            why_not: "Mend what the check found, then check it again.".into(),
            discard_href: urls::template_draft_part(ID, "discard"),
        }
    };
    let form = |error: Option<&str>| PublishForm {
        action: urls::template_draft_part(ID, "publish"),
        digest: "0".repeat(64),
        note: Field::text("note", "What is new?")
            .with_hint("A sentence or two for those who choose a version.")
            .filled("", error.map(Into::into)),
        button: "Publish 1.1.0".into(),
    };
    let route = "/template-drafts/{template_draft}";
    let fine = "Checked 2 minutes ago: everything in it works.";
    vec![
        Sheet::new(
            "template-draft-new",
            route,
            &page(
                Pill::new("Draft, not checked", Tone::Quiet),
                "It was not checked yet. A check makes databases from it, tries every extra and every migration, and throws them away.",
                vec![],
                true,
                None,
            ),
        ),
        Sheet::new(
            "template-draft-problems",
            route,
            &page(bad(), "The check 2 minutes ago found 2 problems.", problems(), true, None),
        ),
        Sheet::new("template-draft-checked", route, &page(good(), fine, vec![], true, Some(form(None)))),
        Sheet::new(
            "template-draft-no-note",
            route,
            &page(good(), fine, vec![], true, Some(form(Some("Say in a sentence what is new.")))),
        ),
        Sheet::new("template-draft-staff", route, &page(good(), fine, vec![], false, None)),
    ]
}

fn lines() -> Vec<DiffLine> {
    let line = |before: &str, after: &str, sign, text: &str| DiffLine {
        before: before.into(),
        after: after.into(),
        sign,
        text: text.into(),
    };
    vec![
        line("2", "2", " ", "    id INT AUTO_INCREMENT PRIMARY KEY,"),
        line("3", "", "-", "    name VARCHAR(100) NOT NULL"),
        line(
            "",
            "3",
            "+",
            "    name VARCHAR(255) NOT NULL, -- as long as the longest name that anybody has entered into the old system so far",
        ),
        line("4", "4", " ", ");"),
    ]
}

fn file_pages() -> Vec<Sheet> {
    let file = |path: &str, problems: &str| FileLink {
        path: path.into(),
        href: urls::template_draft_file(ID, path),
        is_current: path.ends_with("members.sql"),
        problems: problems.into(),
    };
    let page = |may_edit: bool, clash: Option<Clash>, text_error: Option<&str>| DraftFilePage {
        shell: inside(Place::Templates),
        head: head(1, bad(), may_edit),
        errors: text_error.iter().map(|text| FormError::new("text", *text)).collect(),
        files: vec![
            file("migrations/2025_01_01_add_phone_country_code.sql", ""),
            file("modules/001_core.sql", ""),
            file("modules/002_members.sql", "1 problem"),
            file("schema.sql", ""),
            file("template.toml", "1 problem"),
        ],
        path: "modules/002_members.sql".into(),
        text: SQL.into(),
        text_error: text_error.map(Into::into),
        edition: 4,
        lines: (1..=206).map(|number| LineMark { number, is_wrong: number == 6 }).collect(),
        rows: 14,
        problems: problems().into_iter().take(1).collect(),
        changed: "Last saved by Maria Okafor, 12 minutes ago.".into(),
        clash,
        action: urls::template_draft_file(ID, ""),
        rename: (
            Field::text("to", "Name").filled("modules/002_members.sql", None),
            urls::template_draft_part(ID, "move"),
        ),
        add: (
            Field::text("path", "Name of the new file")
                .with_hint("Such as modules/020_shop.seed.sql or migrations/2026_01_31_add_phone.sql"),
            urls::template_draft_part(ID, "files"),
        ),
        remove_action: urls::template_draft_part(ID, "remove"),
    };
    let clash = Clash {
        sentence: "Paul saved this file 2 minutes ago, after you opened it. Your text is below and is not saved yet. Take over what you want of theirs, then save: yours takes the place of theirs.".into(),
        groups: vec![lines()],
        theirs: Some(SQL.into()),
    };
    let empty =
        DraftFilePage { path: String::new(), files: vec![], problems: vec![], ..page(true, None, None) };
    let route = "/template-drafts/{template_draft}/file";
    vec![
        Sheet::new("template-editor", route, &page(true, None, None)),
        Sheet::new("template-editor-clash", route, &page(true, Some(clash), None)),
        Sheet::new(
            "template-editor-error",
            route,
            &page(true, None, Some("The file is larger than 1 MiB. Take something out of it.")),
        ),
        Sheet::new("template-editor-staff", route, &page(false, None, None)),
        Sheet::new("template-editor-empty", route, &empty),
    ]
}

fn details_pages() -> Vec<Sheet> {
    let module = |place, name: &str, title: &str, is_core| ModuleForm {
        place,
        name: name.into(),
        title: title.into(),
        description: "Keeps the people who belong to the organisation.".into(),
        is_core,
        depends: "core".into(),
    };
    let page =
        |action: Option<String>, clash: Option<&str>, error: Option<&str>, may_edit: bool| DraftDetailsPage {
            shell: inside(Place::Templates),
            head: head(2, bad(), may_edit),
            errors: error.iter().map(|text| FormError::new("name", *text)).collect(),
            action,
            manifest_href: urls::template_draft_file(ID, "template.toml"),
            edition: 3,
            clash: clash.map(Into::into),
            name: Field::text("name", "Name").filled("NGO", None),
            description: Field::text("description", "Description")
                .with_hint("A sentence for those who choose a template.")
                .filled("Members and donations for a charity.", None),
            version: Field::text("version", "Version")
                .with_hint("Three numbers, such as 1.1.0.")
                .filled("1.1.0", None),
            modules: vec![
                module(0, "members", "Members", true),
                module(1, "event_shifts", "Helpers at events", false),
            ],
            modules_action: urls::template_draft_part(ID, "modules"),
            add: (
                Field::text("module", "Short name")
                    .with_hint("Small letters, digits and underscores, such as membership_cards."),
                Field::text("title", "Name for people"),
            ),
        };
    let action = || Some(urls::template_draft_part(ID, "details"));
    let route = "/template-drafts/{template_draft}/details";
    vec![
        Sheet::new("template-details", route, &page(action(), None, None, true)),
        Sheet::new(
            "template-details-clash",
            route,
            &page(
                action(),
                Some(
                    "Paul saved the description after you opened it. Yours is below and is not saved yet; theirs says: NGO, 1.1.0: For charities. Save again to put yours in its place.",
                ),
                None,
                true,
            ),
        ),
        Sheet::new(
            "template-details-error",
            route,
            &page(action(), None, Some("In line 2: `name` is empty."), true),
        ),
        Sheet::new("template-details-staff", route, &page(action(), None, None, false)),
        Sheet::new("template-details-unreadable", route, &page(None, None, None, true)),
    ]
}

fn changes_pages() -> Vec<Sheet> {
    let file = |place: usize, path: &str, state: Pill, is_cut| FileDiffView {
        anchor: format!("file-{place}"),
        path: path.into(),
        state,
        counts: "1 line more, 1 less".into(),
        groups: vec![lines(), lines()],
        is_cut,
    };
    let page =
        |files| DraftChangesPage { shell: inside(Place::Templates), head: head(3, good(), true), files };
    let route = "/template-drafts/{template_draft}/changes";
    vec![
        Sheet::new(
            "template-changes",
            route,
            &page(vec![
                file(
                    0,
                    "modules/002_members.sql",
                    Pill::new("Changed", Tone::Busy).with_icon("file-code"),
                    false,
                ),
                file(1, "modules/020_shop.sql", Pill::new("New", Tone::Good).with_icon("plus"), true),
                file(
                    2,
                    "modules/014_event_shifts.sql",
                    Pill::new("Gone", Tone::Bad).with_icon("circle-minus"),
                    false,
                ),
            ]),
        ),
        Sheet::new("template-changes-none", route, &page(vec![])),
    ]
}

fn question_pages() -> Vec<Sheet> {
    let begin = |error: Option<&str>| BeginDraftPage {
        shell: inside(Place::Templates),
        crumbs: crumbs(),
        errors: error.iter().map(|text| FormError::new("step-patch", *text)).collect(),
        name: "NGO".into(),
        version: "1.0.0".into(),
        action: urls::change_template("ngo", "1.0.0"),
        cancel: urls::template("ngo", "1.0.0"),
        steps: [
            ("patch", "1.0.1", "A repair", "Something was wrong and is mended. Nothing new."),
            (
                "minor",
                "1.1.0",
                "An addition",
                "New tables, columns or extras. Everything that was there stays.",
            ),
            (
                "major",
                "2.0.0",
                "A change of what was there",
                "Something is renamed, taken away or must be filled in now.",
            ),
        ]
        .into_iter()
        .map(|(value, number, title, text)| StepChoice {
            value,
            number: number.into(),
            title,
            text,
            is_chosen: value == "minor",
        })
        .collect(),
    };
    let ask = |title: &str, goes: &str, stays: &str, button: &str, is_danger| TemplateConfirmPage {
        shell: inside(Place::Templates),
        crumbs: crumbs(),
        title: title.into(),
        ask: Confirm {
            action: urls::retire_template("ngo", "1.0.0"),
            errors: vec![],
            sentence: "A retired version stays here with its files, and can be brought back at any time."
                .into(),
            goes: vec![goes.into()],
            stays: vec![stays.into()],
            typed: None,
            button: button.into(),
            is_danger,
            cancel: Crumb::new("Leave it as it is", urls::template("ngo", "1.0.0")),
        },
    };
    vec![
        Sheet::new("template-change", "/templates/{type}/{version}/change", &begin(None)),
        Sheet::new(
            "template-change-error",
            "/templates/{type}/{version}/change",
            &begin(Some("Choose what kind of change it is.")),
        ),
        Sheet::new(
            "template-retire",
            "/templates/{type}/{version}/retire",
            &ask(
                "Retire NGO 1.0.0",
                "No new tenant can be made from this version.",
                "1,204 tenants stay on this version: nothing changes for them.",
                "Retire this version",
                false,
            ),
        ),
        Sheet::new(
            "template-draft-discard",
            "/template-drafts/{template_draft}/discard",
            &ask(
                "Throw this draft away",
                "The draft with 3 files that were changed.",
                "Every published version, and every tenant.",
                "Throw the draft away",
                true,
            ),
        ),
    ]
}

pub fn draft_pages() -> Vec<Sheet> {
    [import_pages(), overview_pages(), file_pages(), details_pages(), changes_pages(), question_pages()]
        .into_iter()
        .flatten()
        .collect()
}
