//! What differs is kept as the tenant's own, or left alone; in one tenant, or in all that have it.

use super::{
    super::{actor::Actor, permissions::Permission},
    cannot,
    fleet::gone,
    target::{TOGETHER, Target, tenants},
};
use crate::{
    app::App,
    apply::drift as apply,
    error::{Error, Result},
    schema::{Difference, ObjectKind, Schema, differences, plain},
    store::{
        self,
        customizations::{Adopted, KINDS, NewAdopted},
        drift::Ignored,
        tenants::Tenant,
    },
    usecases::tenant_trouble::no_engine,
};
use futures_util::{StreamExt, stream};
use std::collections::BTreeMap;

/// Longest time that something is left alone.
pub const LONGEST_IGNORED_DAYS: i64 = 366;

/// Longest reason, in characters.
pub const LONGEST_REASON: usize = 1_000;

/// Tenants whose databases are looked at at once.
const AT_ONCE: usize = 8;

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

/// Leaves a difference alone until a day. Gives for how many tenants.
pub async fn ignore(app: &App, actor: &Actor, target: Target<'_>, id: &str, form: &Ignore) -> Result<usize> {
    actor.must(Permission::RepairDrift)?;
    let mut fields = BTreeMap::new();
    let reason = reason(&form.reason, &mut fields);
    let days = form.days.trim().parse::<i64>().ok().filter(|days| (1..=LONGEST_IGNORED_DAYS).contains(days));
    if days.is_none() {
        fields.insert("days", format!("Say for how many days: a number from 1 to {LONGEST_IGNORED_DAYS}."));
    }
    let (Some(days), true) = (days, fields.is_empty()) else { return Err(Error::invalid(fields)) };
    let now = app.now_ms();
    let ignored = Ignored { until_ms: now + days * 86_400_000, reason, by: actor.doer().name };
    set_ignored(app, actor, target, id, Some(&ignored)).await
}

/// Ends leaving a difference alone. Gives for how many tenants.
pub async fn stop_ignoring<'a>(
    app: &App,
    actor: &Actor,
    target: impl Into<Target<'a>>,
    id: &str,
) -> Result<usize> {
    actor.must(Permission::RepairDrift)?;
    set_ignored(app, actor, target.into(), id, None).await
}

async fn set_ignored(
    app: &App,
    actor: &Actor,
    target: Target<'_>,
    id: &str,
    ignored: Option<&Ignored>,
) -> Result<usize> {
    let tenants = tenants(app, actor, target, (id, ignored.is_none())).await?;
    let now = app.now_ms();
    let sentence = match ignored {
        Some(ignored) => format!("Left an unexpected change alone: {}", ignored.reason),
        None => "An unexpected change counts again.".to_owned(),
    };
    let mut number = 0;
    // Not all at once, so that others get to write, too.
    for some in tenants.chunks(TOGETHER) {
        let mut write = app.store.write().await?;
        for tenant in some {
            if !store::drift::set_ignored(&mut write, tenant.id, id, ignored).await? {
                continue;
            }
            number += 1;
            store::drift::set_level(&mut write, tenant.id, now).await?;
            let doer = actor.doer();
            store::events::record(&mut write, Some(tenant.id), now, &doer, "drift_ignored", &sentence)
                .await?;
        }
        write.commit().await?;
    }
    if number == 0 { Err(gone()) } else { Ok(number) }
}

/// What came of keeping something as tenants' own.
#[derive(Debug, Clone, Default)]
pub struct Kept {
    /// Tenants that have it as their own now.
    pub tenants: usize,
    /// Those for which it could not be done, with why.
    pub refused: Vec<(String, String)>,
}

/// Keeps what differs as the tenant's own: it is expected there from now on.
pub async fn adopt(app: &App, actor: &Actor, target: Target<'_>, id: &str, why: &str) -> Result<Kept> {
    actor.must(Permission::RepairDrift)?;
    let mut fields = BTreeMap::new();
    let why = reason(why, &mut fields);
    if !fields.is_empty() {
        return Err(Error::invalid(fields));
    }
    let mut kept = Kept::default();
    let why = why.as_str();
    let tenants = tenants(app, actor, target, (id, false)).await?;
    let kept_each = stream::iter(tenants)
        .map(|tenant| async move { (adopt_one(app, actor, &tenant, id, why).await, tenant.name) });
    for (done, name) in kept_each.buffered(AT_ONCE).collect::<Vec<_>>().await {
        match done {
            Ok(()) => kept.tenants += 1,
            Err(error) if matches!(target, Target::Group) => kept.refused.push((name, error.message)),
            Err(error) => return Err(error),
        }
    }
    Ok(kept)
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

async fn adopt_one(app: &App, actor: &Actor, tenant: &Tenant, id: &str, why: &str) -> Result<()> {
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
