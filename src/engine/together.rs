//! Looking at many databases, where some of them are read together and the others one by one.

use super::{DatabaseName, Engine, EngineError, Inspected};
use futures_util::{StreamExt, stream};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Databases whose schemas are read at the same time, where each is read by itself.
const AT_ONCE: usize = 4;

/// What was found of tenants' databases by their place among all; those that are missing there are looked at one by one. In the
/// order of all.
pub(super) async fn with_the_rest<E: Engine + ?Sized>(
    engine: &E,
    tenants: &[(DatabaseName, Uuid)],
    mut found: BTreeMap<usize, Inspected>,
) -> Vec<Result<Inspected, EngineError>> {
    let looks: Vec<_> = (0..)
        .zip(tenants)
        .map(|(place, (name, tenant))| {
            let found = found.remove(&place);
            async move {
                match found {
                    Some(inspected) => Ok(inspected),
                    None => alone(engine, name, *tenant).await,
                }
            }
        })
        .collect();
    stream::iter(looks).buffered(AT_ONCE).collect().await
}

async fn alone<E: Engine + ?Sized>(
    engine: &E,
    name: &DatabaseName,
    tenant: Uuid,
) -> Result<Inspected, EngineError> {
    let mut session = engine.look(name, tenant).await?;
    let found = session.inspect().await;
    session.close().await;
    Ok(found?.into())
}

/// What to say of each of them where the way to their server is closed.
pub(super) fn all_out_of_reach(
    tenants: &[(DatabaseName, Uuid)],
    cause: &EngineError,
) -> Vec<Result<Inspected, EngineError>> {
    let why = match cause {
        EngineError::OutOfReach(why) => why.clone(),
        other => other.to_string(),
    };
    tenants.iter().map(|_| Err(EngineError::OutOfReach(why.clone()))).collect()
}
