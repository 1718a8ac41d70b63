//! What becomes of what differs: put back, kept as the tenant's own, or left alone; in one tenant, or in all that have it.

use super::{
    super::{
        actor::Actor,
        life::{self, Asked, Started},
        permissions::Permission,
        tenants::find,
    },
    cannot,
    fleet::gone,
};
use crate::{
    app::App,
    apply::drift::{self as apply, repair},
    error::{Error, Result},
    schema::{Difference, ObjectKind, Schema, differences},
    store::{
        self,
        customizations::{Adopted, KINDS, NewAdopted},
        drift::Ignored,
        tenants::{Status, Tenant},
    },
    usecases::tenant_trouble::no_engine,
};
use std::collections::{BTreeMap, BTreeSet};

/// Longest time that something is left alone.
pub const LONGEST_IGNORED_DAYS: i64 = 366;

/// Longest reason, in characters.
pub const LONGEST_REASON: usize = 1_000;

/// Of which tenants something is decided.
#[derive(Debug, Clone, Copy)]
pub enum Target<'a> {
    /// Of one, by its slug or id.
    Tenant(&'a str),
    /// Of all that have the difference.
    Group,
}

/// Tenants that a decision is about at most, in one go.
const AT_ONCE: u32 = 10_000;

async fn tenants(app: &App, actor: &Actor, target: Target<'_>, id: &str) -> Result<Vec<Tenant>> {
    match target {
        Target::Tenant(slug) => Ok(vec![find(app, actor, slug).await?]),
        Target::Group => {
            let mut read = app.store.read().await?;
            let members = store::drift::fleet::members(&mut read, id, false, app.now_ms(), AT_ONCE).await?;
            if members.is_empty() {
                return Err(gone());
            }
            let ids: Vec<_> = members.iter().map(|member| member.id).collect();
            let mut all = Vec::new();
            for some in ids.chunks(500) {
                all.extend(store::drift::runs::some(&mut read, some).await?);
            }
            Ok(all)
        }
    }
}

/// What putting differences back comes to, with the tenants for which it is the same.
#[derive(Debug, Clone)]
pub struct Planned {
    /// The plan.
    pub plan: repair::Plan,
    /// Its fingerprint, which is what is approved.
    pub hash: String,
    /// Slugs and names of the tenants.
    pub tenants: Vec<(String, String)>,
}

/// Tenants whose SQL is worked out for a page: what is needed for others is found when their turn comes, and held to what was
/// approved.
const PLANNED: usize = 25;

/// What putting differences back comes to now: one plan for all tenants with the same SQL, the largest first; and tenants for
/// which it cannot be done, with why. Changes nothing.
pub async fn plans(
    app: &App,
    actor: &Actor,
    target: Target<'_>,
    chosen: &[String],
) -> Result<(Vec<Planned>, Vec<(String, String)>)> {
    actor.must(Permission::RepairDrift)?;
    let first = chosen.first().ok_or_else(|| {
        Error::invalid(BTreeMap::from([("differences", "Choose at least one difference.".to_owned())]))
    })?;
    let ids: BTreeSet<String> = chosen.iter().cloned().collect();
    let mut plans: BTreeMap<String, Planned> = BTreeMap::new();
    let mut refused = Vec::new();
    for tenant in tenants(app, actor, target, first).await?.into_iter().take(PLANNED) {
        match plan_of(app, &tenant, &ids).await {
            Ok(plan) if plan.statements.is_empty() => refused.push((
                tenant.name,
                "There is nothing to put back any more, or nothing that can be put back by itself. Check it again.".into(),
            )),
            Ok(plan) => {
                let hash = plan.hash();
                let place = plans
                    .entry(hash.clone())
                    .or_insert_with(|| Planned { plan, hash, tenants: Vec::new() });
                place.tenants.push((tenant.slug, tenant.name));
            }
            Err(error) => refused.push((tenant.name, error.message)),
        }
    }
    let mut plans: Vec<Planned> = plans.into_values().collect();
    plans.sort_by_key(|planned| std::cmp::Reverse(planned.tenants.len()));
    Ok((plans, refused))
}

async fn plan_of(app: &App, tenant: &Tenant, chosen: &BTreeSet<String>) -> Result<repair::Plan> {
    must_be_open(tenant)?;
    let engine = app.engines.of(tenant).await.map_err(|cause| no_engine(&cause))?;
    let expected = apply::expected(app, engine.as_ref(), tenant).await.map_err(cannot)?;
    let found = apply::look(engine.as_ref(), tenant).await.map_err(cannot)?;
    repair::plan(engine.as_ref(), &expected, &found, chosen)
        .map_err(|why| Error::conflict(format!("This cannot be put back by itself: {why}")))
}

fn must_be_open(tenant: &Tenant) -> Result<()> {
    if tenant.status == Status::Active {
        return Ok(());
    }
    Err(Error::conflict(format!(
        "{} is {}. Its structure can be put right when it is in use again.",
        tenant.name,
        life::state_words(tenant.status)
    )))
}

/// What came of asking for repairs.
#[derive(Debug, Clone, Default)]
pub struct Repairs {
    /// Jobs that were begun.
    pub started: Vec<Started>,
    /// Tenants of which nothing was begun, with why.
    pub refused: Vec<(String, String)>,
}

/// Puts differences back with the SQL that was approved, as a job for each tenant. A tenant that would need other SQL is left as
/// it is, and its job says so.
pub async fn repair(
    app: &App,
    actor: &Actor,
    target: Target<'_>,
    chosen: &[String],
    (approved, with_snapshot): (&str, bool),
) -> Result<Repairs> {
    actor.must(Permission::RepairDrift)?;
    let Some(first) = chosen.first() else {
        return Err(Error::unusable("Choose what is to be put back."));
    };
    let mut repairs = Repairs::default();
    for tenant in tenants(app, actor, target, first).await? {
        let wish = repair::Wish {
            differences: chosen.to_vec(),
            plan: approved.to_owned(),
            with_snapshot,
            by: actor.doer().name,
            statements: None,
        };
        let name = tenant.name.clone();
        match life::ask_for_repair(app, actor, Asked::from(&tenant.slug), &wish).await {
            Ok(started) => repairs.started.push(started),
            Err(error) if matches!(target, Target::Group) => repairs.refused.push((name, error.message)),
            Err(error) => return Err(error),
        }
    }
    Ok(repairs)
}

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

/// Ends leaving a difference alone.
pub async fn stop_ignoring(app: &App, actor: &Actor, slug: &str, id: &str) -> Result<()> {
    actor.must(Permission::RepairDrift)?;
    set_ignored(app, actor, Target::Tenant(slug), id, None).await?;
    Ok(())
}

async fn set_ignored(
    app: &App,
    actor: &Actor,
    target: Target<'_>,
    id: &str,
    ignored: Option<&Ignored>,
) -> Result<usize> {
    let tenants = tenants(app, actor, target, id).await?;
    let now = app.now_ms();
    let mut write = app.store.write().await?;
    let mut number = 0;
    for tenant in &tenants {
        if !store::drift::set_ignored(&mut write, tenant.id, id, ignored).await? {
            continue;
        }
        number += 1;
        store::drift::set_level(&mut write, tenant.id, now).await?;
        let sentence = match ignored {
            Some(ignored) => format!("Left an unexpected change alone: {}", ignored.reason),
            None => "An unexpected change counts again.".to_owned(),
        };
        store::events::record(&mut write, Some(tenant.id), now, &actor.doer(), "drift_ignored", &sentence)
            .await?;
    }
    if number == 0 {
        return Err(gone());
    }
    write.commit().await?;
    Ok(number)
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
    for tenant in tenants(app, actor, target, id).await? {
        match adopt_one(app, actor, &tenant, id, &why).await {
            Ok(()) => kept.tenants += 1,
            Err(error) if matches!(target, Target::Group) => kept.refused.push((tenant.name, error.message)),
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
    let adopted = Adopted {
        kind: difference.kind,
        object: difference.object.clone(),
        fragment: fragment(&found, difference),
    };
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
    let sentence = format!("Kept the {} {} as the tenant's own: {why}", difference.kind, difference.object);
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
