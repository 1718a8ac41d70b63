//! The password of a tenant's account on a database server: shown once, and changed by a job.

use super::{Asked, Started, Wish, ask};
use crate::{
    app::App,
    apply::account,
    config::Secret,
    error::{Error, Result},
    store::{self, tenants::Status},
    usecases::{actor::Actor, permissions::Permission, tenant_trouble::no_engine, tenants::find},
};

/// Gives a tenant's account another password; the old one does not work any more.
pub async fn new_password(app: &App, actor: &Actor, asked: impl Into<Asked<'_>>) -> Result<Started> {
    actor.must(Permission::ManageTenants)?;
    let asked = asked.into();
    let tenant = find(app, actor, asked.slug).await?;
    if tenant.server_id.is_none() {
        return Err(no_account());
    }
    let wish = Wish {
        kind: account::KIND,
        steps: account::password_steps(),
        params: serde_json::Value::Null,
        from: &[Status::Active, Status::Suspended, Status::Archived],
        what: "get a new password",
        action: "tenant_change_asked",
        sentence: "Asked for a new password for the account on the database server.".to_owned(),
    };
    ask(app, actor, asked, wish).await
}

fn no_account() -> Error {
    Error::conflict(
        "This tenant is in a file of its own and has no account on a server, so there is no password.",
    )
}

/// The password of a tenant's account, this one time. Whoever has not kept it gives the account a new one.
pub async fn show_password(app: &App, actor: &Actor, slug: &str) -> Result<Secret> {
    actor.must(Permission::ManageTenants)?;
    let tenant = find(app, actor, slug).await?;
    let mut write = app.store.write().await?;
    let Some(account) = store::tenant_accounts::find(&mut write, tenant.id).await? else {
        return Err(no_account());
    };
    if account.next_password.is_some() {
        return Err(Error::conflict(
            "The account is getting a new password at this moment. Look again when it has it.",
        ));
    }
    let now = app.now_ms();
    if !store::tenant_accounts::show(&mut write, tenant.id, now).await? {
        return Err(Error::conflict(
            "The password was shown before, and is shown once. Give the account a new one to see that.",
        ));
    }
    let password =
        app.engines.open_password(tenant.id, &account.password).map_err(|cause| no_engine(&cause))?;
    let sentence = "Looked at the password of the account on the database server.";
    store::events::record(&mut write, Some(tenant.id), now, &actor.doer(), "tenant_password_shown", sentence)
        .await?;
    write.commit().await?;
    Ok(Secret(password))
}
