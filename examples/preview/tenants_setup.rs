//! A tenant that is being set up.

use super::{
    Sheet,
    fixtures::{LONG, inside},
};
use tenantry::web::{
    pages::tenants::setup::{Phase, Poll, SettingUpPage, StepState, StepView, Trouble},
    urls,
    views::{Crumb, Place},
};

fn steps(done: usize, then: StepState, rest: StepState) -> Vec<StepView> {
    [
        "Reserve its name",
        "Make its database",
        "Give it an account",
        "Add the basic tables",
        "Add Events",
        "Add Volunteers",
        "Add Helpers at events",
        "Fill in the first rows",
        "Note what it was made from",
        "Open its ledger of changes",
        "Check that everything is as the template says",
        "Prepare the owner's invitation",
        "Open it for use",
    ]
    .into_iter()
    .enumerate()
    .map(|(place, title)| {
        let state = match place.cmp(&done) {
            std::cmp::Ordering::Less if place == 2 => StepState::Skipped,
            std::cmp::Ordering::Less => StepState::Done,
            std::cmp::Ordering::Equal => then,
            std::cmp::Ordering::Greater => rest,
        };
        StepView {
            title: title.into(),
            note: match state {
                StepState::Skipped => Some("This engine has no accounts.".into()),
                StepState::Failed => Some("The template's SQL was refused by the database.".into()),
                _ => None,
            },
            took: (state == StepState::Done).then(|| format!("0.{} s", place % 7 + 1)),
            state,
        }
    })
    .collect()
}

fn setup_page(name: &str, phase: Phase, sentence: &str, done: usize, steps: Vec<StepView>) -> SettingUpPage {
    SettingUpPage {
        shell: inside(Place::Tenants),
        crumbs: vec![Crumb::new("Tenants", urls::tenants())],
        name: name.into(),
        slug: "acme-bakery".into(),
        words: tenantry::apply::kinds::words("provision"),
        phase,
        sentence: sentence.into(),
        notes: Vec::new(),
        done,
        steps,
        trouble: None,
        poll: Some(Poll { href: urls::tenant_setup("acme-bakery"), seconds: 1 }),
        links: vec![
            Crumb::new("Open the tenant", urls::tenant("acme-bakery")),
            Crumb::new("See its structure", urls::tenant_structure("acme-bakery")),
            Crumb::new("Create another", urls::new_tenant()),
        ],
        give_up: (phase == Phase::Failed).then(|| urls::tenant_act("acme-bakery", "give-up")),
        is_fragment: false,
        may_retry: true,
    }
}

fn trouble(what: &str, button: &'static str) -> Trouble {
    Trouble {
        reason: "Setting up stopped at step 5, Add Events: the template's SQL was refused by the database.".into(),
        what_we_did: what.into(),
        detail: Some("near \"REFERENCES\": syntax error\n\nCREATE TABLE event_registrations (\n    id INTEGER PRIMARY KEY,\n    event_id INTEGER NOT NULL REFERENCES events (id) ON DELETE CASCADE REFERENCES a_very_long_table_name_that_goes_on (id)\n)".into()),
        reference: Some("7F3A-21C0".into()),
        attempt: 2,
        button,
    }
}

pub fn setup_pages() -> Vec<Sheet> {
    let waiting = setup_page(
        "Acme Bakery",
        Phase::Waiting,
        "It starts in a moment.",
        0,
        steps(0, StepState::Waiting, StepState::Waiting),
    );
    let running = SettingUpPage {
        notes: vec!["Usually takes 1 to 2 seconds. You can close this page; it goes on without you.".into()],
        ..setup_page(
            "Acme Bakery",
            Phase::Running,
            "Step 5 of 13: Add Events",
            4,
            steps(4, StepState::Running, StepState::Waiting),
        )
    };
    let retrying = SettingUpPage {
        trouble: Some(trouble("Nothing is lost. It is tried again by itself.", "Try now")),
        ..setup_page(
            "Acme Bakery",
            Phase::Retrying,
            "Next try in 28 seconds (2 of 3).",
            4,
            steps(4, StepState::Failed, StepState::Waiting),
        )
    };
    let undoing = setup_page(
        LONG,
        Phase::Undoing,
        "What was made of it is being removed.",
        4,
        steps(4, StepState::Undoing, StepState::Undone),
    );
    let failed = SettingUpPage {
        poll: None,
        trouble: Some(trouble("What was made of it was removed. Nothing is left behind.", "Try again")),
        ..setup_page(
            "جمعية الهلال الأخضر",
            Phase::Failed,
            "It was tried 3 times.",
            0,
            steps(4, StepState::Failed, StepState::Waiting),
        )
    };
    let ready = SettingUpPage {
        poll: None,
        ..setup_page(
            "Acme Bakery",
            Phase::Ready,
            "It took 1.4 s.",
            13,
            steps(13, StepState::Done, StepState::Done),
        )
    };
    vec![
        Sheet::new("setup-waiting", "/tenants/{slug}/setup", &waiting),
        Sheet::new("setup-running", "/tenants/{slug}/setup", &running),
        Sheet::new("setup-retrying", "/tenants/{slug}/setup", &retrying),
        Sheet::new("setup-undoing", "/tenants/{slug}/setup", &undoing),
        Sheet::new("setup-failed", "/tenants/{slug}/setup", &failed),
        Sheet::new("setup-ready", "/tenants/{slug}/setup", &ready),
        Sheet::new(
            "fragment-setup-retrying",
            "/tenants/{slug}/setup",
            &SettingUpPage { is_fragment: true, ..retrying }.as_live(),
        ),
        Sheet::new(
            "fragment-setup-ready",
            "/tenants/{slug}/setup",
            &SettingUpPage { is_fragment: true, ..ready }.as_live(),
        ),
    ]
}
