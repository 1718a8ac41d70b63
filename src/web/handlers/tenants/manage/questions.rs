//! The words of each question: what an act does, what goes, what stays.

use crate::{
    app::App,
    store::tenants::{Plan, Tenant},
    web::{
        pieces::{Confirm, Select},
        tenant_words::plan as plan_words,
        urls,
        views::{Choice, Crumb, Field, FormError},
    },
};

/// How the last snapshot of a tenant is called.
pub(super) const LAST_SNAPSHOT: &str = "A last snapshot";

/// What is asked before an act.
pub(super) struct Question {
    /// What it is, such as "Pause Acme".
    pub title: String,
    /// The question.
    pub ask: Confirm,
    /// What is to be chosen.
    pub selects: Vec<Select>,
    /// What is to be typed.
    pub fields: Vec<Field>,
}

/// What was typed, by the names of the fields, and what is wrong with it.
pub(super) struct Typed<'a> {
    /// What was typed.
    pub values: &'a dyn Fn(&str) -> String,
    /// What is wrong.
    pub error: &'a dyn Fn(&str) -> Option<String>,
}

impl Typed<'_> {
    fn fill(&self, field: Field, otherwise: &str) -> Field {
        let typed = (self.values)(field.name);
        let error = (self.error)(field.name);
        let value = if typed.is_empty() && error.is_none() { otherwise.to_owned() } else { typed };
        field.filled(value, error)
    }
}

fn lines(all: &[&str]) -> Vec<String> {
    all.iter().map(|line| (*line).to_owned()).collect()
}

/// The question before an act; `None` where there is no such act.
/// `shutting` is what shutting its database away comes to, in a sentence.
pub(super) fn question(
    app: &App,
    tenant: &Tenant,
    act: &str,
    typed: &Typed<'_>,
    shutting: &str,
) -> Option<Question> {
    let name = &tenant.name;
    let days = app.settings.grace.as_secs() / 86_400;
    let kept = app.settings.snapshots_kept.as_secs() / 86_400;
    let ask = |sentence: &str, goes: Vec<String>, stays: Vec<String>, button: &str| Confirm {
        action: urls::tenant_act(&tenant.slug, act),
        errors: Vec::new(),
        sentence: sentence.to_owned(),
        goes,
        stays,
        typed: None,
        button: button.to_owned(),
        is_danger: false,
        cancel: Crumb::new("Do nothing", urls::tenant_manage(&tenant.slug)),
    };
    let plain = |title: String, ask| Question { title, ask, selects: Vec::new(), fields: Vec::new() };
    let all_stays = || lines(&["All data", "Its settings, its owner and its history"]);
    let mut asked = match act {
        "details" => Question {
            title: format!("Change the name or plan of {name}"),
            ask: ask(
                "Only what people read changes.",
                Vec::new(),
                vec![
                    format!("Its address: {}", urls::tenant(&tenant.slug)),
                    format!("The name of its database: {}", tenant.database_name),
                    "What its own application calls it, the setting app.name in its database".into(),
                ],
                "Save the change",
            ),
            selects: vec![plans(tenant, typed)],
            fields: vec![typed.fill(Field::text("name", "Name"), name)],
        },
        "pause" => plain(
            format!("Pause {name}"),
            ask(
                &format!("Nobody can use it until it is resumed. {shutting}"),
                lines(&["Access: its application can neither read nor write, from now on"]),
                all_stays(),
                "Pause it",
            ),
        ),
        "resume" => plain(
            format!("Resume {name}"),
            ask("Its application can read and write again, as before.", Vec::new(), all_stays(), "Resume it"),
        ),
        "archive" => plain(
            format!("Archive {name}"),
            ask(
                "It is out of use, and its database is kept in a compact file until somebody takes it out again.",
                lines(&["Access: its application can neither read nor write"]),
                all_stays(),
                "Archive it",
            ),
        ),
        "unarchive" => plain(
            format!("Take {name} out of the archive"),
            ask(
                "Its application can read and write again, as before.",
                Vec::new(),
                all_stays(),
                "Use it again",
            ),
        ),
        "new-password" => plain(
            format!("Give the account of {name} a new password"),
            ask(
                "The new password is shown once, on the tenant's page. The application needs it at once: until it has it, it cannot connect anew.",
                lines(&["The old password: it does not work any more"]),
                lines(&["All data", "Connections that are open"]),
                "Give it a new password",
            ),
        ),
        "keep" => plain(
            format!("Keep {name} after all"),
            ask(
                "It is not removed, and comes back as it was before.",
                Vec::new(),
                all_stays(),
                "Keep it after all",
            ),
        ),
        "give-up" => plain(
            format!("Remove what is left of {name}"),
            ask(
                "It could not be set up. What there is of its database is removed, if there is anything.",
                lines(&["What there is of its database", "The owner's invitation"]),
                vec![
                    "Its history".into(),
                    format!("Its name in addresses, {}, which is not given to another", tenant.slug),
                ],
                "Remove what is left",
            ),
        ),
        "clone" => Question {
            title: format!("Clone {name}"),
            ask: ask(
                "A new tenant with the same data, as it is at one moment. Whoever can sign in to the original's application can sign in to the copy, but for the owner, who is invited anew.",
                Vec::new(),
                lines(&["The original, as it is"]),
                "Clone it",
            ),
            selects: Vec::new(),
            fields: new_tenant(tenant, typed, "copy"),
        },
        "snapshot" => Question {
            title: format!("Take a snapshot of {name}"),
            ask: ask(
                &format!("A copy of its data as it is at one moment. It is kept for {kept} days."),
                Vec::new(),
                lines(&["The tenant, as it is; it can be used all the time"]),
                "Take a snapshot",
            ),
            selects: Vec::new(),
            fields: vec![typed.fill(
                Field::text("note", "Why (optional)").with_hint("Such as: before the import of members"),
                "",
            )],
        },
        "restore" => Question {
            title: format!("Restore a snapshot of {name}"),
            ask: ask(
                "The snapshot's data comes into a new tenant, or in the place of what the tenant has now, which is saved as a snapshot first.",
                Vec::new(),
                lines(&["The snapshot itself"]),
                "Restore it",
            ),
            selects: vec![ways(typed)],
            fields: new_tenant(tenant, typed, "restored"),
        },
        "delete" => plain(
            format!("Delete {name}"),
            Confirm {
                typed: Some(typed.fill(
                    Field::text("confirm", "Type the tenant's name to confirm").with_hint(name.clone()),
                    "",
                )),
                is_danger: true,
                ..ask(
                    &format!("It is out of reach at once, and removed for good after {days} days."),
                    vec![
                        "Access: nobody can use it, from now on".into(),
                        format!("All data, after {days} days"),
                    ],
                    vec![
                        format!("For {days} days: everything. One click keeps it after all"),
                        format!("{LAST_SNAPSHOT}, for {} days", days + kept),
                        "Its history, and its name in addresses, which is not given to another".into(),
                    ],
                    "Delete it",
                )
            },
        ),
        _ => return None,
    };
    asked.ask.is_danger |= act == "give-up";
    let all = asked.fields.iter().chain(asked.ask.typed.as_ref());
    asked.ask.errors = all
        .filter_map(|field| field.error.as_ref().map(|text| FormError::new(field.name, text)))
        .chain(
            asked
                .selects
                .iter()
                .filter_map(|select| select.error.as_ref().map(|text| FormError::new(select.name, text))),
        )
        .collect();
    Some(asked)
}

fn new_tenant(tenant: &Tenant, typed: &Typed<'_>, word: &str) -> Vec<Field> {
    let hint = if word == "copy" { "" } else { "For a new tenant only" };
    let field = |field: Field| if hint.is_empty() { field } else { field.with_hint(hint) };
    vec![
        typed
            .fill(field(Field::text("name", "Name of the new tenant")), &format!("{} ({word})", tenant.name)),
        typed.fill(field(Field::email("email", "Its owner's e-mail")), &tenant.email),
    ]
}

fn plans(tenant: &Tenant, typed: &Typed<'_>) -> Select {
    let chosen = (typed.values)("plan");
    let chosen = if chosen.is_empty() { tenant.plan.word().to_owned() } else { chosen };
    let choice = |plan: Plan| Choice {
        value: plan.word().to_owned(),
        text: plan_words(plan).to_owned(),
        is_chosen: plan.word() == chosen,
    };
    Select {
        name: "plan",
        label: "Plan",
        hint: None,
        choices: Plan::ALL.into_iter().map(choice).collect(),
        error: (typed.error)("plan"),
    }
}

/// What is asked before a tenant is deleted of whose database no copy can be made.
pub(super) fn last_snapshot(typed: &Typed<'_>) -> Select {
    let chosen = (typed.values)("last");
    let choice = |value: &str, text: &str| Choice {
        value: value.to_owned(),
        text: text.to_owned(),
        is_chosen: value == chosen,
    };
    Select {
        name: "last",
        label: LAST_SNAPSHOT,
        hint: Some("Its database is damaged, so no snapshot can be made of it. A file that is put back from a backup helps.".into()),
        choices: vec![
            choice("needed", "Keep it until one can be made"),
            choice("without", "Delete it without one"),
        ],
        error: None,
    }
}

fn ways(typed: &Typed<'_>) -> Select {
    let chosen = (typed.values)("way");
    let choice = |value: &str, text: &str| Choice {
        value: value.to_owned(),
        text: text.to_owned(),
        is_chosen: if chosen.is_empty() { value == "new" } else { value == chosen },
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
