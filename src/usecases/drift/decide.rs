//! What differs in a tenant is kept as its own, or left alone.

use super::{
    super::{actor::Actor, permissions::Permission, tenants::find},
    cannot,
    fleet::gone,
};
use crate::{
    app::App,
    apply::drift as apply,
    error::{Error, Result},
    schema::{Difference, ObjectKind, Schema, differences, plain},
    store::{
        self, Connection,
        customizations::{Adopted, KINDS, NewAdopted},
        drift::Ignored,
        events::Doer,
        tenants::Tenant,
    },
    usecases::tenant_trouble::no_engine,
};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Longest time that something is left alone.
pub const LONGEST_IGNORED_DAYS: i64 = 366;

/// Longest reason, in characters.
pub const LONGEST_REASON: usize = 1_000;

/// Why and until when something is to be left alone, as it was typed.
#[derive(Debug, Clone, Default)]
pub struct Ignore {
    /// The reason.
    pub reason: String,
    /// For how many days.
    pub days: String,
}

fn reason(text: &str, fields: &mut BTreeMap<&'static str, String>) -> String {
    let text = text.trim().to_owned();
    let letters = text.chars().count();
    if text.is_empty() {
        fields.insert("reason", "Say why, for those who come across it later.".into());
    } else if letters > LONGEST_REASON {
        fields
            .insert("reason", format!("The reason has {letters} characters. Use at most {LONGEST_REASON}."));
    }
    text
}

impl Ignore {
    /// What was typed as what is noted, or what is wrong with it.
    pub(super) fn read(&self, app: &App, actor: &Actor) -> Result<Ignored> {
        let mut fields = BTreeMap::new();
        let reason = reason(&self.reason, &mut fields);
        let days =
            self.days.trim().parse::<i64>().ok().filter(|days| (1..=LONGEST_IGNORED_DAYS).contains(days));
        if days.is_none() {
            fields
                .insert("days", format!("Say for how many days: a number from 1 to {LONGEST_IGNORED_DAYS}."));
        }
        let (Some(days), true) = (days, fields.is_empty()) else { return Err(Error::invalid(fields)) };
        Ok(Ignored { until_ms: app.now_ms() + days * 86_400_000, reason, by: actor.doer().name })
    }
}

/// Why something is kept, as it was typed, or what is wrong with that.
pub(super) fn why_kept(typed: &str) -> Result<String> {
    let mut fields = BTreeMap::new();
    let why = reason(typed, &mut fields);
    if fields.is_empty() { Ok(why) } else { Err(Error::invalid(fields)) }
}

/// Leaves a difference of a tenant alone until a day.
pub async fn ignore(app: &App, actor: &Actor, slug: &str, id: &str, form: &Ignore) -> Result<()> {
    actor.must(Permission::RepairDrift)?;
    set_ignored(app, actor, slug, id, Some(&form.read(app, actor)?)).await
}

/// Ends leaving a difference of a tenant alone.
pub async fn stop_ignoring(app: &App, actor: &Actor, slug: &str, id: &str) -> Result<()> {
    actor.must(Permission::RepairDrift)?;
    set_ignored(app, actor, slug, id, None).await
}

async fn set_ignored(
    app: &App,
    actor: &Actor,
    slug: &str,
    id: &str,
    ignored: Option<&Ignored>,
) -> Result<()> {
    let tenant = find(app, actor, slug).await?;
    let mut write = app.store.write().await?;
    if !note_ignored(&mut write, tenant.id, id, ignored, &actor.doer(), app.now_ms()).await? {
        return Err(gone());
    }
    write.commit().await?;
    Ok(())
}

/// Leaves a difference of a tenant alone, or does so no more; false where the tenant does not differ in that way.
pub(super) async fn note_ignored(
    write: &mut Connection,
    tenant: Uuid,
    id: &str,
    ignored: Option<&Ignored>,
    doer: &Doer,
    now: i64,
) -> Result<bool> {
    if !store::drift::set_ignored(write, tenant, id, ignored).await? {
        return Ok(false);
    }
    store::drift::set_level(write, tenant, now).await?;
    let sentence = match ignored {
        Some(ignored) => format!("Left an unexpected change alone: {}", ignored.reason),
        None => "An unexpected change counts again.".to_owned(),
    };
    store::events::record(write, Some(tenant), now, doer, "drift_ignored", &sentence).await?;
    Ok(true)
}

/// Keeps what differs as the tenant's own: it is expected there from now on.
pub async fn adopt(app: &App, actor: &Actor, slug: &str, id: &str, why: &str) -> Result<()> {
    actor.must(Permission::RepairDrift)?;
    let why = why_kept(why)?;
    adopt_one(app, actor, &find(app, actor, slug).await?, id, &why).await
}

/// Whether a tenant can have such a difference as its own, and where it cannot, why.
pub fn can_be_kept(kind: ObjectKind, is_missing: bool) -> std::result::Result<(), &'static str> {
    if is_missing {
        Err(
            "Something of the template is missing, and later versions of it count on it. Put it back, or leave it alone for a while.",
        )
    } else if KINDS.contains(&kind) {
        Ok(())
    } else {
        Err(
            "Only tables, columns, indexes, views and functions can be a tenant's own. Put it back, or leave it alone for a while.",
        )
    }
}

/// Keeps what differs as a tenant's own.
pub(super) async fn adopt_one(app: &App, actor: &Actor, tenant: &Tenant, id: &str, why: &str) -> Result<()> {
    let engine = app.engines.of(tenant).await.map_err(|cause| no_engine(&cause))?;
    let expected = apply::expected(app, engine.as_ref(), tenant).await.map_err(cannot)?;
    let found = apply::look(engine.as_ref(), tenant).await.map_err(cannot)?;
    let all = differences(expected.schema(), &found);
    let difference = all.iter().find(|difference| difference.id == id).ok_or_else(gone)?;
    can_be_kept(difference.kind, difference.found.is_none()).map_err(Error::conflict)?;
    let table = difference.table.as_ref().and_then(|name| found.tables.get(name));
    if let Some((owner, true)) = table.and_then(plain::owner) {
        // What is the tenant's own goes into its snapshots and copies.
        return Err(Error::conflict(format!(
            "The {} belongs to the account {owner}, which keeps it to itself, so no snapshot or copy of the tenant can have it. The server's administrator can let the tenant's account read it, or give it to that account.",
            difference.kind.called(&difference.object)
        )));
    }
    let adopted =
        Adopted { kind: difference.kind, object: difference.key(), fragment: fragment(&found, difference) };
    let mut write = app.store.write().await?;
    let now = app.now_ms();
    let new = NewAdopted {
        tenant_id: tenant.id,
        adopted: &adopted,
        definition: difference.found.as_deref().unwrap_or_default(),
        version: &tenant.template_version,
        reason: why,
        by: &actor.doer().name,
    };
    store::customizations::adopt(&mut write, &new).await?;
    let sentence =
        format!("Kept the {} as the tenant's own: {why}", difference.kind.called(&difference.object));
    store::events::record(&mut write, Some(tenant.id), now, &actor.doer(), "drift_adopted", &sentence)
        .await?;
    // What is left is known without looking again.
    let own = store::customizations::of_tenants(&mut write, &[tenant.id]).await?.remove(&tenant.id);
    let expected = apply::expected_with(expected.compiled, &own.unwrap_or_default());
    let outcome = store::drift::Outcome {
        tenant_id: tenant.id,
        found: Ok(store::drift::Found {
            schema_hash: found.fingerprint(),
            expected_hash: expected.hash().to_owned(),
            differences: apply::compare(engine.as_ref(), &expected, &found),
        }),
    };
    store::drift::record(&mut write, &[outcome], now).await?;
    write.commit().await?;
    Ok(())
}

/// The part of a schema that an object is in.
fn fragment(found: &Schema, difference: &Difference) -> Schema {
    let mut part = Schema::default();
    let object = difference.object.as_str();
    if let Some(name) = &difference.table {
        part.tables.extend(found.tables.get(name).map(|table| (name.clone(), table.clone())));
    }
    part.views.extend(found.views.get(object).map(|view| (object.to_owned(), view.clone())));
    part.functions.extend(found.functions.get(object).map(|function| (object.to_owned(), function.clone())));
    part
}
