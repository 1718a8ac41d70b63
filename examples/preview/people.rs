//! People, one's own account, choosing a password, the owners of a tenant.

use super::{
    Sheet,
    fixtures::{LONG, NOW, ago, choices, inside, plain_events},
};
use tenantry::web::{
    pages::{
        account::{AccountPage, SessionRow},
        password::PasswordPage,
        people::{InvitePage, OwnTenant, PeoplePage, PersonPage, PersonRow, RemovePage, Right, RoleChoice},
    },
    pieces::{Confirm, Fact, Secret},
    urls,
    views::{Crumb, Field, FormError, Pill, Place, Shell, TimeView, Tone},
};
use uuid::Uuid;

pub fn secret() -> Secret {
    Secret {
        label: "Invitation link".into(),
        todo: "Send this link to Sam Rivera.".into(),
        note: "It is shown only now, works once, and until 26 Nov 2026, 10:00 UTC. Whoever opens it chooses the password."
            .into(),
        value: "https://tenantry.example.org/password/yJ4c0dYx1i2b9v8WqS7nT6kL5mP3rE0aZ9uHfGdBcXw".into(),
    }
}

fn roles(chosen: &'static str) -> Vec<RoleChoice> {
    [
        ("staff", "Staff", "Creates tenants and watches over them."),
        ("admin", "Administrator", "Everything, people and templates too."),
        ("owner", "Owner", "Sees the own tenants and nothing else."),
    ]
    .into_iter()
    .map(|(value, title, text)| RoleChoice { value, title, text, is_chosen: value == chosen })
    .collect()
}

fn list(is_empty: bool) -> PeoplePage {
    let row =
        |name: &str, email: &str, role, state: Pill, seen: Option<i64>, tenants: Option<&str>| PersonRow {
            name: name.into(),
            email: email.into(),
            href: urls::person(Uuid::nil()),
            role,
            tenants: tenants.map(Into::into),
            state,
            seen: seen.map(ago),
        };
    let rows = vec![
        row(
            "Ada Okafor",
            "ada@example.org",
            "Administrator",
            Pill::new("Can sign in", Tone::Good),
            Some(3),
            None,
        ),
        row(
            LONG,
            "a.very.long.address.of.somebody@a-long-name-of-an-organisation.example.org",
            "Staff",
            Pill::new("Invited", Tone::Busy).with_icon("mail"),
            None,
            None,
        ),
        row(
            "مريم حسن",
            "maryam@example.org",
            "Owner",
            Pill::new("Can sign in", Tone::Good),
            Some(4_000),
            Some("2 tenants"),
        ),
        row(
            "Sam Rivera",
            "sam@example.org",
            "Staff",
            Pill::new("Switched off", Tone::Quiet).with_icon("player-pause"),
            Some(90_000),
            None,
        ),
        row(
            "Tomás Núñez",
            "tomas@example.org",
            "Staff",
            Pill::new("Invitation too old", Tone::Warn),
            None,
            None,
        ),
    ];
    PeoplePage {
        shell: inside(Place::People).with_people(Place::People),
        search: if is_empty { "zz".into() } else { String::new() },
        roles: choices("All roles", &["Staff", "Administrator", "Owner"], 0),
        is_searched: is_empty,
        count: "5 people".into(),
        rows: if is_empty { Vec::new() } else { rows },
        rights: vec![
            Right {
                what: "See tenants, their structure and their history",
                roles: vec![("Staff", "Yes"), ("Administrator", "Yes"), ("Owner", "Own tenants")],
            },
            Right {
                what: "Invite people, change what they may do, remove them",
                roles: vec![("Staff", "–"), ("Administrator", "Yes"), ("Owner", "–")],
            },
        ],
    }
}

fn invite(is_wrong: bool) -> InvitePage {
    let wrong = |text: &str| is_wrong.then(|| text.to_owned());
    let mut page = InvitePage {
        shell: inside(Place::People).with_people(Place::People),
        crumbs: vec![Crumb::new("People", urls::people())],
        errors: Vec::new(),
        name: Field::text("name", "Name").filled("", wrong("Enter the name.")),
        email: Field::email("email", "E-mail")
            .with_hint("The person signs in with it.")
            .filled("sam@", wrong("Enter the e-mail in full, such as dana@example.org.")),
        roles: roles("owner"),
        role_error: None,
        tenants: Field::text("tenants", "Tenants (for owners)")
            .with_hint("Each on a line of its own, by its name in addresses, such as acme-bakery.")
            .filled(
                "acme",
                wrong("There is no tenant acme. Use its name in addresses, as the list of tenants shows it."),
            ),
    };
    page.errors = FormError::of(&[&page.name, &page.email, &page.tenants]);
    page
}

fn person() -> PersonPage {
    PersonPage {
        shell: inside(Place::People).with_people(Place::People),
        crumbs: vec![Crumb::new("People", urls::people())],
        id: Uuid::nil(),
        name: "Sam Rivera".into(),
        role: "Staff",
        state: Pill::new("Can sign in", Tone::Good),
        facts: vec![
            Fact::text("E-mail", "sam@example.org"),
            Fact::time("Last seen", ago(12)),
            Fact::text("Signed in", "With 2 browsers"),
        ],
        secret: None,
        link_button: Some("Make a link for a new password"),
        is_invited: false,
        is_signed_in: true,
        fixed: None,
        is_active: true,
        roles: roles("staff"),
        own: None,
        errors: Vec::new(),
        tenants: Field::text("tenants", "One more tenant")
            .with_hint("Its name in addresses, such as acme-bakery."),
        events: plain_events(3),
    }
}

fn account() -> AccountPage {
    let row = |browser: &str, minutes, is_this| SessionRow {
        browser: browser.into(),
        address: "203.0.113.7".into(),
        since: TimeView::new(NOW - 40_000_000, NOW),
        seen: ago(minutes),
        is_this,
        mark: Uuid::nil().to_string(),
    };
    AccountPage {
        shell: inside(Place::Account),
        errors: Vec::new(),
        email: "maria@example.org".into(),
        role: "Administrator",
        name: Field::text("name", "Name").filled("Maria Okafor", None),
        current: Field::password("current_password", "The password that you have now", "current-password"),
        password: Field::password("password", "The new password", "new-password")
            .with_hint("At least 12 characters. Three or four words are easy to remember."),
        sessions: vec![row("Firefox on Linux", 0, true), row("Safari on an iPhone", 50, false)],
        has_others: true,
    }
}

pub fn people_pages() -> Vec<Sheet> {
    let mut wrong = account();
    wrong.current.error = Some("This is not your password. Type the one with which you signed in.".into());
    wrong.errors = FormError::of(&[&wrong.current]);
    let alone = AccountPage {
        sessions: account().sessions.into_iter().take(1).collect(),
        has_others: false,
        ..account()
    };
    let own = ["Acme Bakery", LONG]
        .map(|name| OwnTenant { name: name.into(), slug: "acme-bakery".into() })
        .into_iter()
        .collect();
    let owner =
        PersonPage { role: "Owner", roles: roles("owner"), own: Some(own), is_signed_in: false, ..person() };
    let invited = PersonPage {
        state: Pill::new("Invited", Tone::Busy).with_icon("mail"),
        secret: Some(secret()),
        link_button: Some("Make a new invitation link"),
        is_invited: true,
        is_signed_in: false,
        ..person()
    };
    let off = PersonPage {
        state: Pill::new("Switched off", Tone::Quiet).with_icon("player-pause"),
        link_button: None,
        is_active: false,
        is_signed_in: false,
        events: Vec::new(),
        ..person()
    };
    let last = PersonPage {
        fixed: Some(
            "This is the only administrator. Make somebody else an administrator before you change this.",
        ),
        roles: roles("admin"),
        role: "Administrator",
        ..person()
    };
    let remove = RemovePage {
        shell: inside(Place::People).with_people(Place::People),
        crumbs: vec![
            Crumb::new("People", urls::people()),
            Crumb::new("Sam Rivera", urls::person(Uuid::nil())),
        ],
        heading: "Remove Sam Rivera?".into(),
        ask: Confirm {
            action: urls::person_remove(Uuid::nil()),
            errors: Vec::new(),
            sentence: "Sam Rivera (sam@example.org) can no longer sign in, at once and for good.".into(),
            goes: vec!["The account, and with it all sessions and links".into()],
            stays: vec!["Every tenant and everything in it".into()],
            typed: None,
            button: "Remove Sam Rivera".into(),
            is_danger: true,
            cancel: Crumb::new("Cancel", urls::person(Uuid::nil())),
        },
    };
    let choose = |is_new| {
        PasswordPage::new(
            Shell::outside("token"),
            urls::choose_password("token"),
            is_new,
            "Sam Rivera",
            "sam@example.org",
        )
    };
    let mut weak = choose(false);
    weak.password.error =
        Some("The password is easy to guess. Use a few words that do not belong together.".into());
    weak.errors = FormError::of(&[&weak.password]);
    vec![
        Sheet::new("people", "/people", &list(false)),
        Sheet::new("people-none", "/people", &list(true)),
        Sheet::new("people-invite", "/people/invite", &InvitePage { errors: Vec::new(), ..invite(false) }),
        Sheet::new("people-invite-wrong", "/people/invite", &invite(true)),
        Sheet::new("person", "/people/{person}", &person()),
        Sheet::new("person-owner", "/people/{person}", &owner),
        Sheet::new("person-invited", "/people/{person}", &invited),
        Sheet::new("person-off", "/people/{person}", &off),
        Sheet::new("person-last-admin", "/people/{person}", &last),
        Sheet::new("person-remove", "/people/{person}/remove", &remove),
        Sheet::new("account", "/account", &account()),
        Sheet::new("account-alone", "/account", &alone),
        Sheet::new("account-wrong", "/account", &wrong),
        Sheet::new("password-invitation", "/password/{token}", &choose(true)),
        Sheet::new("password-reset-wrong", "/password/{token}", &weak),
    ]
}
