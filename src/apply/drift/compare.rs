//! Looking at tenants' databases and saying what differs.

use super::{
    super::{ground::database_name, template, work::StepError},
    cause,
    expected::{Expected, expected_with},
};
use crate::{
    app::App,
    engine::{DatabaseName, Engine, EngineError, Inspected},
    engines::NoEngine,
    schema::{self, ObjectKind, Schema, Severity, differences},
    store::{
        StoreError, customizations,
        drift::{Difference, Found, Level, Outcome},
        tenants::Tenant,
    },
    templates::compile::Compiled,
};
use futures_util::future::join_all;
use std::{collections::BTreeMap, sync::Arc};
use uuid::Uuid;

/// The level of a severity.
pub fn level(severity: Severity) -> Level {
    match severity {
        Severity::Low => Level::Low,
        Severity::Medium => Level::Medium,
        Severity::High => Level::High,
    }
}

/// What differs, as rows have it. Where an engine cannot put a column between others, the order of columns is nobody's choice,
/// and no difference.
pub fn compare(engine: &dyn Engine, expected: &Expected, found: &Schema) -> Vec<Difference> {
    let has_places = engine.capabilities().column_places;
    differences(expected.schema(), found)
        .into_iter()
        .filter(|difference| has_places || difference.kind != ObjectKind::ColumnOrder)
        .map(noted)
        .collect()
}

fn noted(difference: schema::Difference) -> Difference {
    Difference {
        id: difference.id,
        kind: difference.kind.as_str().to_owned(),
        object: difference.object,
        change: match difference.change {
            schema::Change::Added => "added",
            schema::Change::Removed => "removed",
            schema::Change::Changed => "changed",
        }
        .to_owned(),
        severity: level(difference.severity),
        expected: difference.expected,
        found: difference.found,
        sentence: difference.sentence,
        cause: None,
    }
}

/// Reads a tenant's live schema, open or shut away.
pub async fn look(engine: &dyn Engine, tenant: &Tenant) -> Result<Schema, StepError> {
    let mut session = engine.look(&database_name(tenant)?, tenant.id).await?;
    let found = session.inspect().await;
    session.close().await;
    Ok(found?)
}

/// Why a tenant's database could not be looked at: what is the matter, and the way on.
pub fn plain_words(cause: &EngineError, tenant: &Tenant) -> String {
    match cause {
        EngineError::Missing(_) => {
            "The tenant's database is not where it should be. Put it back from a backup, or restore a snapshot of the tenant."
                .into()
        }
        EngineError::Foreign(_) => {
            "What lies in the place of this tenant's database is damaged, or belongs to somebody else. Put the right one back from a backup, or restore a snapshot of the tenant."
                .into()
        }
        EngineError::OutOfReach(_) if cause.is_damage() => {
            "This tenant's database is damaged. Put the right file back from a backup, or restore a snapshot of the tenant."
                .into()
        }
        EngineError::OutOfReach(_) => match &tenant.server_name {
            Some(server) => format!("The server {server} cannot be used at the moment. It is tried again at the next check."),
            None => "The tenant's database cannot be read at the moment. It is tried again at the next check.".into(),
        },
        EngineError::Shut(_) | EngineError::Stale | EngineError::Statement { .. } | EngineError::Dangling(_) => {
            "The tenant's database cannot be read at the moment. It is tried again at the next check.".into()
        }
    }
}

/// Looks at tenants, those of one server together, and says of each what it has come to; in no order.
pub async fn look_at(app: &App, tenants: &[Tenant]) -> Result<Vec<Outcome>, StoreError> {
    let ids: Vec<Uuid> = tenants.iter().map(|tenant| tenant.id).collect();
    let own = customizations::of_tenants(&mut *app.store.read().await?, &ids).await?;
    let mut places: BTreeMap<Option<Uuid>, Vec<&Tenant>> = BTreeMap::new();
    for tenant in tenants {
        places.entry(tenant.server_id).or_default().push(tenant);
    }
    let looked = join_all(places.into_values().map(|tenants| look_at_place(app, tenants, &own))).await;
    let mut outcomes: Vec<Outcome> = looked.into_iter().flatten().collect();
    cause::add(app, tenants, &mut outcomes).await?;
    Ok(outcomes)
}

async fn look_at_place(
    app: &App,
    tenants: Vec<&Tenant>,
    own: &BTreeMap<Uuid, Vec<customizations::Adopted>>,
) -> Vec<Outcome> {
    let Some(first) = tenants.first() else { return Vec::new() };
    let failed = |tenant: &Tenant, problem: String| Outcome { tenant_id: tenant.id, found: Err(problem) };
    let engine = match app.engines.of(first).await {
        Ok(engine) => engine,
        Err(NoEngine(why)) => return tenants.into_iter().map(|tenant| failed(tenant, why.clone())).collect(),
    };
    let mut outcomes = Vec::with_capacity(tenants.len());
    let mut named: Vec<(DatabaseName, Uuid)> = Vec::with_capacity(tenants.len());
    let mut known = Vec::with_capacity(tenants.len());
    for tenant in tenants {
        match tenant.database_name.parse() {
            Ok(name) => {
                named.push((name, tenant.id));
                known.push(tenant);
            }
            Err(_) => {
                outcomes.push(failed(tenant, "The tenant's database has a name that cannot be used.".into()))
            }
        }
    }
    let found = engine.inspect_all(&named).await;
    // Most tenants are of a few versions: each is looked up once.
    let mut versions: BTreeMap<(i64, &[String]), Arc<Compiled>> = BTreeMap::new();
    for (tenant, found) in known.into_iter().zip(found) {
        let found = match found {
            Ok(found) => found,
            Err(cause) => {
                tracing::info!(tenant = tenant.slug, %cause, "A tenant's database could not be looked at");
                outcomes.push(failed(tenant, plain_words(&cause, tenant)));
                continue;
            }
        };
        let version = (tenant.template_id, tenant.modules.as_slice());
        let compiled = match versions.get(&version) {
            Some(compiled) => Ok(Arc::clone(compiled)),
            None => template::compiled(app, engine.as_ref(), tenant.template_id, &tenant.modules).await,
        };
        outcomes.push(match compiled {
            Ok(compiled) => {
                versions.insert(version, Arc::clone(&compiled));
                let own = own.get(&tenant.id).map(Vec::as_slice).unwrap_or_default();
                let found = compared(engine.as_ref(), &expected_with(compiled, own), &found);
                Outcome { tenant_id: tenant.id, found: Ok(found) }
            }
            Err(StepError::Failed { plain, detail, .. }) => {
                tracing::warn!(
                    tenant = tenant.slug,
                    cause = detail,
                    "It is not known what a tenant should be"
                );
                failed(tenant, plain)
            }
            Err(StepError::Stale) => failed(tenant, "Another check has taken this tenant over.".into()),
        });
    }
    outcomes
}

/// What a tenant's database has come to.
fn compared(engine: &dyn Engine, expected: &Expected, found: &Inspected) -> Found {
    let is_expected = *found.fingerprint == *expected.hash();
    Found {
        schema_hash: found.fingerprint.to_string(),
        expected_hash: expected.hash().to_owned(),
        differences: if is_expected { Vec::new() } else { compare(engine, expected, &found.schema) },
    }
}
