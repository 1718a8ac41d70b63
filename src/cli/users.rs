//! `tenantry users create|list|reset-link`.

use super::{End, Trouble, output};
use crate::{
    app::App,
    error::Error,
    store::users::Role,
    usecases::{
        actor::Actor,
        password_links::{self, NewLink},
        passwords,
        people::{self, InviteForm},
    },
    web::urls,
};
use std::io::Read;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Invite a person: prints a link with which they choose a password
    Create(Create),
    /// List the people who can sign in
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Make a link with which a person chooses a new password
    ResetLink {
        /// The person's e-mail
        #[arg(long)]
        email: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, clap::Args)]
pub(super) struct Create {
    /// The e-mail to sign in with
    #[arg(long)]
    email: String,
    /// The person's name
    #[arg(long)]
    name: String,
    /// staff, admin or owner
    #[arg(long)]
    role: String,
    /// For an owner: a tenant's slug (repeat for more)
    #[arg(long = "tenant", value_name = "SLUG")]
    tenants: Vec<String>,
    /// Read the password from the standard input instead of making a link
    #[arg(long)]
    password_stdin: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(app: &App, command: Command) -> Result<End, Trouble> {
    match command {
        Command::Create(create) => run_create(app, create).await,
        Command::List { json } => list(app, json).await,
        Command::ResetLink { email, json } => {
            let (user, link) = people::make_link_for(app, &Actor::CommandLine, &email).await?;
            print_link(app, &user.email, Some(&link), json);
            Ok(End::Done)
        }
    }
}

/// Names the flag in front of what is wrong with it.
fn with_flags(error: Error) -> Trouble {
    if error.fields.is_empty() {
        return Trouble::Error(error);
    }
    let lines: Vec<String> = error
        .fields
        .iter()
        .map(|(field, text)| match *field {
            "tenants" => format!("--tenant: {text}"),
            "password" => format!("--password-stdin: {text}"),
            field => format!("--{field}: {text}"),
        })
        .collect();
    Trouble::Usage(lines.join("\n"))
}

async fn run_create(app: &App, create: Create) -> Result<End, Trouble> {
    let password = if create.password_stdin { Some(typed_password(&create)?) } else { None };
    let form =
        InviteForm { name: create.name, email: create.email, role: create.role, tenants: create.tenants };
    let invited = people::invite(app, &Actor::CommandLine, form).await.map_err(with_flags)?;
    match (password, invited.link) {
        (Some(password), Some(link)) => {
            password_links::take_up(app, &link.token, &password, None).await.map_err(with_flags)?;
            print_link(app, &invited.user.email, None, create.json);
        }
        (_, link) => print_link(app, &invited.user.email, link.as_ref(), create.json),
    }
    Ok(End::Done)
}

/// The password from the standard input, looked at before anything is changed.
fn typed_password(create: &Create) -> Result<String, Trouble> {
    let mut text = String::new();
    std::io::stdin()
        .read_to_string(&mut text)
        .map_err(|cause| Trouble::Usage(format!("The password cannot be read: {cause}.")))?;
    let password = text.trim_end_matches(['\r', '\n']).to_owned();
    match passwords::problem(&password, &[&create.name, &create.email]) {
        Some(problem) => Err(Trouble::Usage(format!("--password-stdin: {problem}"))),
        None => Ok(password),
    }
}

fn print_link(app: &App, email: &str, link: Option<&NewLink>, json: bool) {
    let base = app.settings.public_url.clone().unwrap_or_else(|| format!("http://{}", app.settings.listen));
    let address = link.map(|link| format!("{base}{}", urls::choose_password(&link.token)));
    let until = link.map(|link| moment(link.expires_ms));
    if json {
        output::json(&serde_json::json!({
            "email": email, "link": address, "kind": link.map(|link| link.kind.word()), "expires_at": until,
        }));
    } else if let Some((address, until)) = address.zip(until) {
        output::line(&format!("Send this link to {email}. It works once, until {until}:"));
        output::line(&format!("  {address}"));
    } else {
        output::line(&format!("{email} can sign in now."));
    }
}

/// A moment as RFC 3339.
fn moment(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms).unwrap_or_default().to_string()
}

async fn list(app: &App, json: bool) -> Result<End, Trouble> {
    let found = people::list(app, &Actor::CommandLine, "", None).await?;
    let state = |person: &crate::store::users::Listed| match (person.user.is_active, person.user.is_invited())
    {
        (false, _) => "off",
        (true, true) => "invited",
        (true, false) => "active",
    };
    if json {
        let items: Vec<_> = found
            .iter()
            .map(|person| {
                serde_json::json!({
                    "id": person.user.id, "email": person.user.email, "name": person.user.name,
                    "role": person.user.role.word(), "state": state(person),
                    "last_seen_at": person.seen_ms.map(moment),
                    "tenants": (person.user.role == Role::Owner).then_some(person.tenants),
                })
            })
            .collect();
        output::json(&serde_json::json!({ "items": items }));
    } else {
        let rows: Vec<Vec<String>> = found
            .iter()
            .map(|person| {
                vec![
                    person.user.email.clone(),
                    person.user.role.word().to_owned(),
                    state(person).to_owned(),
                    person.seen_ms.map_or_else(|| "never".to_owned(), moment),
                    person.user.name.clone(),
                ]
            })
            .collect();
        output::table(&["E-MAIL", "ROLE", "STATE", "LAST SEEN", "NAME"], &rows);
    }
    Ok(End::Done)
}
