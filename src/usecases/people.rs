//! The people who sign in: inviting them, what they may do, switching them off, removing them.

use super::{
    accounts::{new_user, normal_email},
    actor::Actor,
    password_links::{self, NewLink},
    permissions::{Permission, Reach, reach},
    tenants,
};
use crate::{
    app::App,
    error::{Error, Result},
    store::{
        self, Connection, Scope,
        events::Event,
        owners,
        password_links::PasswordLink,
        tenants::Tenant,
        users::{self, Listed, Role, User},
    },
};
use std::collections::BTreeMap;
use uuid::Uuid;

/// People on one page of the list.
pub const A_PAGE: u32 = 200;
/// Longest name of a person, in characters.
const LONGEST_NAME: usize = 200;

/// A person's name as it is kept, or what is wrong with it.
pub(super) fn usable_name(name: &str) -> std::result::Result<String, String> {
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.is_empty() {
        Err("Enter the name.".into())
    } else if name.chars().count() > LONGEST_NAME {
        Err(format!("The name is too long. Use at most {LONGEST_NAME} characters."))
    } else if name.chars().any(char::is_control) {
        Err("The name has an invisible sign in it. Type it again.".into())
    } else {
        Ok(name)
    }
}

/// Asks the table again inside the transaction: rights that were taken away a moment ago are gone.
async fn still(connection: &mut Connection, actor: &Actor, permission: Permission) -> Result<()> {
    actor.must(permission)?;
    let Some(id) = actor.id() else { return Ok(()) };
    let user = users::by_id(connection, id).await?.filter(|user| user.is_active);
    match user.map(|user| reach(user.role, permission)) {
        Some(Reach::All) => Ok(()),
        _ => Err(Error::refused("Your account may no longer do this. Ask an administrator.")),
    }
}

fn no_such_person() -> Error {
    Error::not_found("There is no such person. They may have been removed; look at the list of people.")
}

/// People whose name or e-mail holds a text, by name; one more than [`A_PAGE`] where there are more.
pub async fn list(app: &App, actor: &Actor, search: &str, role: Option<Role>) -> Result<Vec<Listed>> {
    actor.must(Permission::ManagePeople)?;
    Ok(users::list(&mut *app.store.read().await?, search.trim(), role, A_PAGE + 1).await?)
}

/// What the page of a person shows.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The person.
    pub user: User,
    /// When they last used the program.
    pub seen_ms: Option<i64>,
    /// Their link, good or not.
    pub link: Option<PasswordLink>,
    /// How many browsers they are signed in with.
    pub sessions: usize,
    /// Their tenants: id, name and slug.
    pub tenants: Vec<(Uuid, String, String)>,
    /// What was done to their account, newest first.
    pub events: Vec<Event>,
    /// Whether they are the only one who can administer this installation.
    pub is_last_admin: bool,
}

/// A person.
pub async fn show(app: &App, actor: &Actor, id: Uuid) -> Result<Shown> {
    actor.must(Permission::ManagePeople)?;
    let mut read = app.store.read().await?;
    let user = users::by_id(&mut read, id).await?.ok_or_else(no_such_person)?;
    Ok(Shown {
        seen_ms: users::seen(&mut read, id).await?,
        link: store::password_links::of_person(&mut read, id).await?,
        sessions: store::sessions::of_person(&mut read, id, app.now_ms()).await?.len(),
        tenants: owners::of_person(&mut read, id).await?,
        events: store::events::of_person(&mut read, id, 20).await?,
        is_last_admin: is_acting_admin(&user) && !users::has_other_admin(&mut read, id).await?,
        user,
    })
}

/// The form with which a person is invited.
#[derive(Debug, Clone, Default)]
pub struct InviteForm {
    /// The person's name.
    pub name: String,
    /// The person's e-mail.
    pub email: String,
    /// `staff`, `admin` or `owner`.
    pub role: String,
    /// For owners: the slugs of their tenants.
    pub tenants: Vec<String>,
}

/// What came of inviting somebody.
#[derive(Debug, Clone)]
pub struct Invited {
    /// The person.
    pub user: User,
    /// The link to send; `None` where the person has a password already.
    pub link: Option<NewLink>,
}

/// Invites a person. Somebody who was invited before and has not come yet gets a new link.
pub async fn invite(app: &App, actor: &Actor, form: InviteForm) -> Result<Invited> {
    actor.must(Permission::ManagePeople)?;
    let mut fields = BTreeMap::new();
    let name = read_name(&form.name, &mut fields);
    let email = read_email(&form.email, &mut fields);
    let role = form.role.parse::<Role>().ok();
    if role.is_none() {
        fields.insert("role", "Choose what the person may do.".to_owned());
    }
    let mut write = app.store.write().await?;
    let mut owned = Vec::new();
    if role == Some(Role::Owner) {
        match find_tenants(&mut write, &form.tenants).await? {
            Ok(tenants) => owned = tenants,
            Err(text) => _ = fields.insert("tenants", text),
        }
    }
    let (Some(email), Some(role), true) = (email, role, fields.is_empty()) else {
        return Err(Error::invalid(fields));
    };
    still(&mut write, actor, Permission::ManagePeople).await?;
    let there = users::by_email(&mut write, &email).await?;
    if there.as_ref().is_some_and(|user| !user.is_invited() || !user.is_active || user.role != role) {
        let text = "Somebody with this e-mail is among the people already.".to_owned();
        return Err(Error::invalid(BTreeMap::from([("email", text)])));
    }
    let invited = welcome(app, &mut write, actor, there, (name, email, role), &owned).await?;
    write.commit().await?;
    Ok(invited)
}

/// Lets somebody see a tenant here as its owner. Whoever has no account yet is invited; an owner of other tenants just
/// sees one more.
pub async fn share(app: &App, actor: &Actor, slug: &str, name: &str, email: &str) -> Result<Invited> {
    actor.must(Permission::ShareTenants)?;
    let tenant = tenants::find(app, actor, slug).await?;
    let mut fields = BTreeMap::new();
    let email = read_email(email, &mut fields);
    let mut write = app.store.write().await?;
    let there = match &email {
        Some(email) => users::by_email(&mut write, email).await?,
        None => None,
    };
    // Of somebody who is here the name is known.
    let name = if there.is_some() { String::new() } else { read_name(name, &mut fields) };
    match &there {
        Some(user) if user.role != Role::Owner => _ = fields.insert(
            "email",
            "This person works here, and sees every tenant already. Owners have an account of another kind."
                .into(),
        ),
        Some(user) if !user.is_active => {
            _ = fields.insert(
                "email",
                "This person was switched off. An administrator can switch them on again.".into(),
            )
        }
        _ => {}
    }
    let (Some(email), true) = (email, fields.is_empty()) else { return Err(Error::invalid(fields)) };
    still(&mut write, actor, Permission::ShareTenants).await?;
    let invited = welcome(app, &mut write, actor, there, (name, email, Role::Owner), &[tenant]).await?;
    write.commit().await?;
    Ok(invited)
}

fn read_name(text: &str, fields: &mut BTreeMap<&'static str, String>) -> String {
    usable_name(text).unwrap_or_else(|problem| {
        fields.insert("name", problem);
        String::new()
    })
}

fn read_email(text: &str, fields: &mut BTreeMap<&'static str, String>) -> Option<String> {
    let email = normal_email(text);
    if email.is_none() {
        let said = if text.trim().is_empty() {
            "Enter the e-mail."
        } else {
            "Enter the e-mail in full, such as dana@example.org."
        };
        fields.insert("email", said.to_owned());
    }
    email
}

async fn find_tenants(
    connection: &mut Connection,
    slugs: &[String],
) -> Result<std::result::Result<Vec<Tenant>, String>> {
    let mut found = Vec::new();
    for slug in slugs.iter().map(|slug| slug.trim()).filter(|slug| !slug.is_empty()) {
        match store::tenants::by_slug(connection, Scope::All, slug).await? {
            Some(tenant) => found.push(tenant),
            None => {
                return Ok(Err(format!(
                    "There is no tenant {slug}. Use its name in addresses, as the list of tenants shows it."
                )));
            }
        }
    }
    Ok(if found.is_empty() {
        Err("Name at least one tenant that the person owns.".into())
    } else {
        Ok(found)
    })
}

/// Adds the person where they are not there, makes their link where they have no password, and gives them their tenants.
async fn welcome(
    app: &App,
    write: &mut Connection,
    actor: &Actor,
    there: Option<User>,
    (name, email, role): (String, String, Role),
    owned: &[Tenant],
) -> Result<Invited> {
    let now = app.now_ms();
    let doer = actor.doer();
    let user = match there {
        Some(user) => user,
        None => {
            let user = new_user(app, email, name, role, String::new());
            users::add(write, &user, now).await?;
            user
        }
    };
    let link = if user.is_invited() {
        let sentence = format!("Invited {} ({}) as {}.", user.name, user.email, role_words(role));
        store::events::record_of_person(write, (user.id, None), now, &doer, "person_invited", &sentence)
            .await?;
        Some(password_links::make(write, &user, &doer, now).await?)
    } else {
        None
    };
    for tenant in owned {
        own(write, &doer, &user, tenant, now).await?;
    }
    Ok(Invited { user, link })
}

async fn own(
    write: &mut Connection,
    doer: &store::events::Doer,
    user: &User,
    tenant: &Tenant,
    now: i64,
) -> Result<()> {
    if owners::add(write, user.id, tenant.id, now).await? {
        let sentence = format!("{} ({}) may see the tenant as its owner.", user.name, user.email);
        let whom = (user.id, Some(tenant.id));
        store::events::record_of_person(write, whom, now, doer, "owner_added", &sentence).await?;
    }
    Ok(())
}

/// A role in the words of a sentence.
fn role_words(role: Role) -> &'static str {
    match role {
        Role::Staff => "staff",
        Role::Admin => "administrator",
        Role::Owner => "owner",
    }
}

fn is_acting_admin(user: &User) -> bool {
    user.role == Role::Admin && user.is_active && !user.is_invited()
}

/// A person whom the actor may act upon. Everybody acts on others only: on oneself, the account page does what one may do
/// alone, and the rest is for a second person.
async fn other(write: &mut Connection, actor: &Actor, id: Uuid) -> Result<User> {
    still(write, actor, Permission::ManagePeople).await?;
    let user = users::by_id(write, id).await?.ok_or_else(no_such_person)?;
    if is_acting_admin(&user) && !users::has_other_admin(write, id).await? {
        return Err(Error::conflict(
            "This is the only administrator. Make somebody else an administrator first.",
        ));
    }
    if actor.id() == Some(id) {
        return Err(Error::conflict("This is your own account. Ask another administrator to do this."));
    }
    Ok(user)
}

async fn note(
    app: &App,
    write: &mut Connection,
    actor: &Actor,
    id: Uuid,
    action: &str,
    sentence: &str,
) -> Result<()> {
    Ok(store::events::record_of_person(write, (id, None), app.now_ms(), &actor.doer(), action, sentence)
        .await?)
}

/// Gives a person another role. Whoever is no owner any more has no tenants of their own.
pub async fn set_role(app: &App, actor: &Actor, id: Uuid, role: &str) -> Result<()> {
    let text = || Error::invalid(BTreeMap::from([("role", "Choose what the person may do.".to_owned())]));
    let mut write = app.store.write().await?;
    let user = other(&mut write, actor, id).await?;
    let role = role.parse::<Role>().map_err(|_| text())?;
    if user.role == role {
        return Ok(());
    }
    users::set_role(&mut write, id, role).await?;
    if role != Role::Owner {
        owners::remove_all(&mut write, id).await?;
    }
    let sentence =
        format!("Changed the role of {} from {} to {}.", user.name, role_words(user.role), role_words(role));
    note(app, &mut write, actor, id, "role_changed", &sentence).await?;
    Ok(write.commit().await?)
}

/// Switches a person off, or on again. Off, all their sessions end at once, and their link with them.
pub async fn set_active(app: &App, actor: &Actor, id: Uuid, is_active: bool) -> Result<()> {
    let mut write = app.store.write().await?;
    let user = other(&mut write, actor, id).await?;
    if user.is_active == is_active {
        return Ok(());
    }
    users::set_active(&mut write, id, is_active).await?;
    let (action, what) = if is_active {
        ("person_switched_on", "on again")
    } else {
        store::sessions::end_others(&mut write, id, None).await?;
        store::password_links::remove(&mut write, id).await?;
        store::known_browsers::forget(&mut write, id).await?;
        ("person_switched_off", "off; all their sessions ended")
    };
    note(app, &mut write, actor, id, action, &format!("Switched {} {what}.", user.name)).await?;
    Ok(write.commit().await?)
}

/// Removes a person for good. The history keeps what they did.
pub async fn remove(app: &App, actor: &Actor, id: Uuid) -> Result<User> {
    let mut write = app.store.write().await?;
    let user = other(&mut write, actor, id).await?;
    let sentence = format!("Removed {} ({}).", user.name, user.email);
    note(app, &mut write, actor, id, "person_removed", &sentence).await?;
    users::remove(&mut write, id).await?;
    write.commit().await?;
    Ok(user)
}

/// Makes a link with which the person chooses a password: an invitation, or a reset.
pub async fn make_link(app: &App, actor: &Actor, id: Uuid) -> Result<(User, NewLink)> {
    let mut write = app.store.write().await?;
    still(&mut write, actor, Permission::ManagePeople).await?;
    let user = users::by_id(&mut write, id).await?.ok_or_else(no_such_person)?;
    if !user.is_active {
        return Err(Error::conflict("This person is switched off. Switch them on first, then make a link."));
    }
    let link = password_links::make(&mut write, &user, &actor.doer(), app.now_ms()).await?;
    let what = if user.is_invited() { "a new invitation link" } else { "a link for a new password" };
    note(app, &mut write, actor, id, "link_made", &format!("Made {what} for {}.", user.name)).await?;
    write.commit().await?;
    Ok((user, link))
}

/// Makes a link for the person of an e-mail.
pub async fn make_link_for(app: &App, actor: &Actor, email: &str) -> Result<(User, NewLink)> {
    actor.must(Permission::ManagePeople)?;
    let email = email.trim().to_lowercase();
    let found = users::by_email(&mut *app.store.read().await?, &email).await?;
    let user = found.ok_or_else(|| Error::not_found(format!("Nobody here has the e-mail {email}.")))?;
    make_link(app, actor, user.id).await
}

/// Ends all sessions of a person; gives their number.
pub async fn end_sessions(app: &App, actor: &Actor, id: Uuid) -> Result<u64> {
    let mut write = app.store.write().await?;
    still(&mut write, actor, Permission::ManagePeople).await?;
    let user = users::by_id(&mut write, id).await?.ok_or_else(no_such_person)?;
    let ended = store::sessions::end_others(&mut write, id, None).await?;
    note(app, &mut write, actor, id, "sessions_ended", &format!("Ended all sessions of {}.", user.name))
        .await?;
    write.commit().await?;
    Ok(ended)
}

/// Gives an owner one more tenant.
pub async fn add_tenant(app: &App, actor: &Actor, id: Uuid, slug: &str) -> Result<()> {
    let mut write = app.store.write().await?;
    still(&mut write, actor, Permission::ManagePeople).await?;
    let user = users::by_id(&mut write, id).await?.ok_or_else(no_such_person)?;
    if user.role != Role::Owner {
        return Err(Error::conflict("Only owners have tenants of their own. This person sees all of them."));
    }
    let found = find_tenants(&mut write, &[slug.to_owned()]).await?;
    let tenants = found.map_err(|text| Error::invalid(BTreeMap::from([("tenants", text)])))?;
    let now = app.now_ms();
    for tenant in tenants {
        own(&mut write, &actor.doer(), &user, &tenant, now).await?;
    }
    Ok(write.commit().await?)
}

/// Takes a tenant from an owner. Twice is the same as once.
pub async fn take_tenant(app: &App, actor: &Actor, id: Uuid, slug: &str) -> Result<()> {
    let mut write = app.store.write().await?;
    still(&mut write, actor, Permission::ManagePeople).await?;
    let user = users::by_id(&mut write, id).await?.ok_or_else(no_such_person)?;
    let Some(tenant) = store::tenants::by_slug(&mut write, Scope::All, slug).await? else { return Ok(()) };
    if owners::remove(&mut write, id, tenant.id).await? {
        let sentence = format!("{} ({}) may no longer see the tenant.", user.name, user.email);
        let whom = (id, Some(tenant.id));
        store::events::record_of_person(
            &mut write,
            whom,
            app.now_ms(),
            &actor.doer(),
            "owner_removed",
            &sentence,
        )
        .await?;
    }
    Ok(write.commit().await?)
}

/// The people who may see a tenant here as its owners.
pub async fn owners_of(app: &App, actor: &Actor, slug: &str) -> Result<(Tenant, Vec<User>)> {
    actor.must(Permission::ShareTenants)?;
    let tenant = tenants::find(app, actor, slug).await?;
    let found = owners::of_tenant(&mut *app.store.read().await?, tenant.id).await?;
    Ok((tenant, found))
}
