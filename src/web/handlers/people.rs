//! The people who sign in: the list, inviting, and the page of each.

use super::{Answer, Values, absolute, dashboard::event_view, html, leave_flash, shell};
use crate::{
    app::App,
    error::{Error, Kind},
    store::{
        password_links::LinkKind,
        users::{Listed, Role, User},
    },
    usecases::{
        actor::Actor,
        password_links::NewLink,
        people::{self, A_PAGE, InviteForm, Shown},
        permissions::{Permission, Reach, reach},
    },
    web::{
        errors::Failure,
        guard::SignedIn,
        htmx,
        pages::people::{
            InvitePage, OwnTenant, PeoplePage, PersonPage, PersonRow, RemovePage, Right, RoleChoice,
        },
        pieces::{Confirm, Fact, Secret},
        urls,
        views::{
            Choice, Crumb, EventView, Field, FormError, Pill, Place, TimeView, Tone, counted, counted_len,
        },
    },
};
use actix_web::{
    HttpRequest,
    http::StatusCode,
    web::{Data, Form, Path, Query},
};
use uuid::Uuid;

type Fields = Form<Vec<(String, String)>>;

/// A role's name.
pub fn role_name(role: Role) -> &'static str {
    match role {
        Role::Staff => "Staff",
        Role::Admin => "Administrator",
        Role::Owner => "Owner",
    }
}

fn role_choices(chosen: &str) -> Vec<RoleChoice> {
    Role::ALL
        .into_iter()
        .map(|role| RoleChoice {
            value: role.word(),
            title: role_name(role),
            text: match role {
                Role::Staff => "Creates tenants and watches over them.",
                Role::Admin => "Everything, people and templates too.",
                Role::Owner => "Sees the own tenants and nothing else.",
            },
            is_chosen: role.word() == chosen,
        })
        .collect()
}

/// Whether a person can sign in, as a pill.
pub fn state(user: &User, link_expires_ms: Option<i64>, now: i64) -> Pill {
    if !user.is_active {
        Pill::new("Switched off", Tone::Quiet).with_icon("player-pause")
    } else if !user.is_invited() {
        Pill::new("Can sign in", Tone::Good)
    } else if link_expires_ms.is_some_and(|expires| expires > now) {
        Pill::new("Invited", Tone::Busy).with_icon("mail")
    } else {
        Pill::new("Invitation too old", Tone::Warn)
    }
}

/// The list.
pub async fn list(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    query: Query<Vec<(String, String)>>,
) -> Answer {
    let query = Values(query.into_inner());
    let (text, role) = (query.text("q"), query.text("role").parse::<Role>().ok());
    let now = app.now_ms();
    let mut found = people::list(&app, &actor, text, role).await?;
    let has_more = found.len() > A_PAGE as usize;
    found.truncate(A_PAGE as usize);
    let choice = |value: &str, text: &str| Choice {
        value: value.to_owned(),
        text: text.to_owned(),
        is_chosen: query.text("role") == value,
    };
    let page = PeoplePage {
        shell: shell(&request, &actor, Place::People),
        search: text.to_owned(),
        roles: std::iter::once(choice("", "All roles"))
            .chain(Role::ALL.into_iter().map(|role| choice(role.word(), role_name(role))))
            .collect(),
        is_searched: !text.trim().is_empty() || role.is_some(),
        count: if has_more {
            format!("The first {A_PAGE} by name. Search to find others.")
        } else {
            counted_len(found.len(), "person", "people")
        },
        rows: found.iter().map(|listed| row(listed, now)).collect(),
        rights: Permission::ALL.into_iter().map(right).collect(),
    };
    html(StatusCode::OK, &page)
}

fn row(listed: &Listed, now: i64) -> PersonRow {
    let user = &listed.user;
    PersonRow {
        name: user.name.clone(),
        email: user.email.clone(),
        href: urls::person(user.id),
        role: role_name(user.role),
        tenants: (user.role == Role::Owner).then(|| counted(listed.tenants, "tenant", "tenants")),
        state: state(user, listed.link_expires_ms, now),
        seen: listed.seen_ms.map(|at| TimeView::new(at, now)),
    }
}

/// A line of the table of what each role may do: the one that every route and use case reads.
fn right(permission: Permission) -> Right {
    Right {
        what: permission.words(),
        roles: Role::ALL
            .map(|role| match reach(role, permission) {
                Reach::All => (role_name(role), "Yes"),
                Reach::Own => (role_name(role), "Own tenants"),
                Reach::None => (role_name(role), "–"),
            })
            .to_vec(),
    }
}

fn crumbs() -> Vec<Crumb> {
    vec![Crumb::new("People", urls::people())]
}

fn invite_page(request: &HttpRequest, actor: &Actor, role: &str) -> InvitePage {
    InvitePage {
        shell: shell(request, actor, Place::People),
        crumbs: crumbs(),
        errors: Vec::new(),
        name: Field::text("name", "Name"),
        email: Field { autocomplete: "off", ..Field::email("email", "E-mail") }
            .with_hint("The person signs in with it."),
        roles: role_choices(role),
        role_error: None,
        tenants: Field::text("tenants", "Tenants (for owners)").with_hint(
            "Each on a line of its own, by its name in addresses, such as acme-bakery. A tenant's page can invite its owners, too.",
        ),
    }
}

/// The form to invite somebody.
pub async fn invite_form(request: HttpRequest, SignedIn(actor): SignedIn) -> Answer {
    html(StatusCode::OK, &invite_page(&request, &actor, Role::Staff.word()))
}

/// Invites somebody, and shows the link this one time.
pub async fn invite(request: HttpRequest, app: Data<App>, SignedIn(actor): SignedIn, form: Fields) -> Answer {
    let form = Values(form.into_inner());
    let wanted = InviteForm {
        name: form.text("name").into(),
        email: form.text("email").into(),
        role: form.text("role").into(),
        tenants: form.text("tenants").split([',', '\n', ' ']).map(|slug| slug.trim().to_owned()).collect(),
    };
    match people::invite(&app, &actor, wanted).await {
        Ok(invited) => {
            let secret = invited.link.map(|link| secret(&request, &app, &invited.user, &link));
            person_page(&request, &app, &actor, invited.user.id, secret, None).await
        }
        Err(error) if error.kind == Kind::Invalid => {
            let mut page = invite_page(&request, &actor, form.text("role"));
            let wrong = |name: &str| error.fields.get(name).cloned();
            page.name = page.name.filled(form.text("name"), wrong("name"));
            page.email = page.email.filled(form.text("email"), wrong("email"));
            page.role_error = wrong("role");
            page.tenants = page.tenants.filled(form.text("tenants"), wrong("tenants"));
            page.errors = FormError::of(&[&page.name, &page.email]);
            page.errors.extend(wrong("role").map(|text| FormError::new("role", text)));
            page.errors.extend(FormError::of(&[&page.tenants]));
            html(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
        Err(error) => Err(error.into()),
    }
}

/// A link to send to somebody, as it is shown once.
pub fn secret(request: &HttpRequest, app: &App, user: &User, link: &NewLink) -> Secret {
    let until = TimeView::new(link.expires_ms, app.now_ms()).text;
    Secret {
        label: match link.kind {
            LinkKind::Invitation => "Invitation link".into(),
            LinkKind::Reset => "Link for a new password".into(),
        },
        todo: format!("Send this link to {}.", user.name),
        note: format!(
            "It is shown only now, works once, and until {until} UTC. Whoever opens it chooses the password."
        ),
        value: absolute(request, app, &urls::choose_password(&link.token)),
    }
}

/// The page of a person.
pub async fn show(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    person: Path<Uuid>,
) -> Answer {
    person_page(&request, &app, &actor, *person, None, None).await
}

async fn person_page(
    request: &HttpRequest,
    app: &App,
    actor: &Actor,
    id: Uuid,
    secret: Option<Secret>,
    add: Option<(String, String)>,
) -> Answer {
    let found = people::show(app, actor, id).await?;
    let now = app.now_ms();
    let user = &found.user;
    let mut facts = vec![
        Fact::text("E-mail", &user.email),
        match found.seen_ms {
            Some(at) => Fact::time("Last seen", TimeView::new(at, now)),
            None => Fact::text("Last seen", "Never"),
        },
        Fact::text(
            "Signed in",
            match found.sessions {
                0 => "Nowhere".to_owned(),
                count => format!("With {}", counted_len(count, "browser", "browsers")),
            },
        ),
    ];
    facts.extend(link_fact(&found, now));
    let mut tenants =
        Field::text("tenants", "One more tenant").with_hint("Its name in addresses, such as acme-bakery.");
    let is_wrong = add.is_some();
    if let Some((typed, problem)) = add {
        tenants = tenants.filled(typed, Some(problem));
    }
    let page = PersonPage {
        shell: shell(request, actor, Place::People),
        crumbs: crumbs(),
        id: user.id,
        name: user.name.clone(),
        role: role_name(user.role),
        state: state(user, found.link.as_ref().map(|link| link.expires_ms), now),
        facts,
        secret,
        link_button: user.is_active.then_some(if user.is_invited() {
            "Make a new invitation link"
        } else {
            "Make a link for a new password"
        }),
        is_invited: user.is_invited(),
        is_signed_in: found.sessions > 0,
        fixed: if found.is_last_admin {
            Some(
                "This is the only administrator. Make somebody else an administrator before you change this.",
            )
        } else if actor.id() == Some(user.id) {
            Some("This is your own account. Another administrator can change what you may do.")
        } else {
            None
        },
        is_active: user.is_active,
        roles: role_choices(user.role.word()),
        own: (user.role == Role::Owner).then(|| {
            found
                .tenants
                .iter()
                .map(|(_, name, slug)| OwnTenant { name: name.clone(), slug: slug.clone() })
                .collect()
        }),
        errors: FormError::of(&[&tenants]),
        tenants,
        events: found.events.iter().map(|event| EventView { ..event_view(event, now) }).collect(),
    };
    html(if is_wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK }, &page)
}

fn link_fact(found: &Shown, now: i64) -> Option<Fact> {
    let link = found.link.as_ref()?;
    let until = TimeView::new(link.expires_ms, now).text;
    let label = match link.kind {
        LinkKind::Invitation => "Invitation",
        LinkKind::Reset => "Link for a new password",
    };
    Some(Fact::text(
        label,
        if link.expires_ms > now {
            format!("Made by {}, works until {until} UTC", link.made_by)
        } else {
            format!("Made by {}, too old since {until} UTC", link.made_by)
        },
    ))
}

fn back(request: &HttpRequest, id: Uuid, said: &str) -> Answer {
    leave_flash(request, said)?;
    Ok(htmx::redirect(request, &urls::person(id)))
}

/// Gives a person another role.
pub async fn set_role(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    person: Path<Uuid>,
    form: Fields,
) -> Answer {
    people::set_role(&app, &actor, *person, Values(form.into_inner()).text("role")).await?;
    back(&request, *person, "The role is changed. It counts from now on.")
}

/// Switches a person off.
pub async fn switch_off(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    person: Path<Uuid>,
) -> Answer {
    people::set_active(&app, &actor, *person, false).await?;
    back(
        &request,
        *person,
        "Switched off. Whoever it is cannot sign in any more, and is signed out everywhere.",
    )
}

/// Switches a person on again.
pub async fn switch_on(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    person: Path<Uuid>,
) -> Answer {
    people::set_active(&app, &actor, *person, true).await?;
    back(&request, *person, "Switched on. The person can sign in again.")
}

/// Makes a link and shows it, this one time.
pub async fn make_link(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    person: Path<Uuid>,
) -> Answer {
    let (user, link) = people::make_link(&app, &actor, *person).await?;
    let secret = secret(&request, &app, &user, &link);
    person_page(&request, &app, &actor, *person, Some(secret), None).await
}

/// Signs a person out everywhere.
pub async fn end_sessions(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    person: Path<Uuid>,
) -> Answer {
    people::end_sessions(&app, &actor, *person).await?;
    if actor.id() == Some(*person) {
        return Ok(htmx::redirect(&request, &urls::login(None)));
    }
    back(&request, *person, "Signed out everywhere.")
}

/// Gives an owner one more tenant.
pub async fn add_tenant(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    person: Path<Uuid>,
    form: Fields,
) -> Answer {
    let form = Values(form.into_inner());
    let slug = form.text("tenants");
    match people::add_tenant(&app, &actor, *person, slug).await {
        Ok(()) => back(&request, *person, "The tenant is added."),
        Err(error) if error.fields.contains_key("tenants") => {
            let add = Some((slug.to_owned(), error.message));
            person_page(&request, &app, &actor, *person, None, add).await
        }
        Err(error) => Err(error.into()),
    }
}

/// Takes a tenant from an owner.
pub async fn take_tenant(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    person: Path<Uuid>,
    form: Fields,
) -> Answer {
    people::take_tenant(&app, &actor, *person, Values(form.into_inner()).text("tenant")).await?;
    back(&request, *person, "The tenant is taken away. It counts from now on.")
}

/// Asks before a person is removed.
pub async fn ask_remove(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    person: Path<Uuid>,
) -> Answer {
    let found = people::show(&app, &actor, *person).await?;
    let name = &found.user.name;
    let page = RemovePage {
        shell: shell(&request, &actor, Place::People),
        crumbs: vec![Crumb::new("People", urls::people()), Crumb::new(name, urls::person(*person))],
        heading: format!("Remove {name}?"),
        ask: Confirm {
            action: urls::person_remove(*person),
            errors: Vec::new(),
            sentence: format!(
                "{name} ({}) can no longer sign in, at once and for good. To keep the account for later, switch it off instead.",
                found.user.email
            ),
            goes: vec!["The account, and with it all sessions and links".into()],
            stays: vec![
                "Every tenant and everything in it".into(),
                format!("The history of what {name} did"),
            ],
            typed: None,
            button: format!("Remove {name}"),
            is_danger: true,
            cancel: Crumb::new("Cancel", urls::person(*person)),
        },
    };
    html(StatusCode::OK, &page)
}

/// Removes a person.
pub async fn remove(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    person: Path<Uuid>,
) -> Answer {
    let user = people::remove(&app, &actor, *person).await?;
    leave_flash(&request, &format!("{} is removed.", user.name))?;
    Ok(htmx::redirect(&request, &urls::people()))
}

impl From<anyhow::Error> for Failure {
    fn from(cause: anyhow::Error) -> Self {
        Failure(Error::internal(&cause))
    }
}
