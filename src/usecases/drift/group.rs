//! What is decided about many tenants that differ in the same way. A decision is a row with the tenants that it is for; whoever
//! has time goes through them, a few at a time, and one that is killed in the middle leaves the rest to another.

use super::{
    super::{
        accounts,
        actor::Actor,
        life::{self, Asked},
        permissions::Permission,
    },
    decide::{Ignore, adopt_one, note_ignored, why_kept},
    fleet::gone,
    repair::{approved_for, wish},
    runs::{self, Turn},
    target::{self, Target},
};
use crate::{
    app::App,
    apply::drift::repair::Wish,
    error::{Error, Kind, Result},
    store::{
        self, Connection,
        drift::{
            Ignored,
            runs::{Act, Decided, Refusal, Run},
        },
        events::Doer,
        tenants::Tenant,
    },
};
use futures_util::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// What is to be done about a difference of many tenants.
#[derive(Debug, Clone, Copy)]
pub enum Decision<'a> {
    /// It is put back with the SQL that was approved, a job for each tenant, each with a snapshot first where that is wanted.
    Repair {
        /// The fingerprint of the SQL.
        approved: &'a str,
        /// Whether a snapshot is kept first.
        with_snapshot: bool,
    },
    /// It is kept as the tenants' own.
    Keep {
        /// Why.
        reason: &'a str,
    },
    /// It is left alone.
    Ignore(&'a Ignore),
    /// It counts again.
    Count,
}

/// A decision in its row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Detail {
    Repair(Wish),
    Keep { reason: String },
    Ignore { until_ms: i64, reason: String, by: String },
    Count,
}

impl Detail {
    fn act(&self) -> Act {
        match self {
            Detail::Repair(_) => Act::Repair,
            Detail::Keep { .. } => Act::Keep,
            Detail::Ignore { .. } => Act::Ignore,
            Detail::Count => Act::Count,
        }
    }
}

/// Tenants whose databases are worked on at once.
const AT_ONCE: usize = 8;

/// Jobs that wait, from which on no more are added: other work must get its turn, too.
const MOST_WAITING: u32 = 64;

/// Decides about a difference of the tenants that have it: of those with these slugs, or of all where there is none. What was
/// decided is done in the background.
pub async fn decide(
    app: &App,
    actor: &Actor,
    (id, only): (&str, &[String]),
    decision: Decision<'_>,
) -> Result<Run> {
    actor.must(Permission::RepairDrift)?;
    let detail = match decision {
        Decision::Repair { approved, with_snapshot } => {
            Detail::Repair(wish(actor, &[id.to_owned()], (approved, with_snapshot)))
        }
        Decision::Keep { reason } => Detail::Keep { reason: why_kept(reason)? },
        Decision::Ignore(form) => {
            let Ignored { until_ms, reason, by } = form.read(app, actor)?;
            Detail::Ignore { until_ms, reason, by }
        }
        Decision::Count => Detail::Count,
    };
    let mut ids: Vec<Uuid> = if let Detail::Repair(wish) = &detail {
        approved_for(app, actor, Target::Group(only), id, &wish.plan).await?
    } else {
        let members = target::members(app, id, only, detail == Detail::Count).await?;
        members.iter().map(|member| member.id).collect()
    };
    ids.sort_unstable();
    let example = store::drift::fleet::example(&mut *app.store.read().await?, id).await?.ok_or_else(gone)?;
    let decided = Decided {
        difference_id: id.to_owned(),
        sentence: example.sentence,
        detail: serde_json::json!(detail),
        user_id: actor.id(),
    };
    let total = i64::try_from(ids.len()).unwrap_or(i64::MAX);
    let run = Run {
        act: detail.act(),
        decided: Some(decided),
        ..runs::new_run(app, Some(ids), total, actor.doer().name)
    };
    let mut write = app.store.write().await?;
    let since = app.now_ms() - SENT_TWICE_MS;
    let lately = store::drift::runs::decided_since(&mut write, run.act, id, since).await?;
    if let Some(same) = lately.into_iter().find(|lately| is_same(lately, &run)) {
        return Ok(same);
    }
    store::drift::runs::add(&mut write, &run, None).await?;
    write.commit().await?;
    app.wake_drift.notify_waiters();
    Ok(run)
}

/// Who sends the same form again within this time, in milliseconds, has pressed twice.
const SENT_TWICE_MS: i64 = 10_000;

/// Whether somebody has decided the same about the same tenants.
fn is_same(one: &Run, other: &Run) -> bool {
    let what = |run: &Run| {
        let decided = run.decided.clone()?;
        let mut detail: Detail = serde_json::from_value(decided.detail).ok()?;
        if let Detail::Ignore { until_ms, .. } = &mut detail {
            // It is so many days from when the form was sent.
            *until_ms = 0;
        }
        Some((decided.difference_id, decided.user_id, detail))
    };
    one.scope == other.scope && what(one).is_some_and(|decided| what(other) == Some(decided))
}

/// A number of its own for the job of a tenant: where a run has its turn twice, there is one job.
pub(super) fn job_id(run: Uuid, tenant: Uuid) -> Uuid {
    let digest = Sha256::new().chain_update(run).chain_update(tenant).finalize();
    let mut bytes = [0; 16];
    for (byte, from) in bytes.iter_mut().zip(digest) {
        *byte = from;
    }
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// Whether there is so much to do already that a run waits.
pub(super) async fn must_wait(app: &App, run: &Run) -> Result<bool> {
    if run.act != Act::Repair {
        return Ok(false);
    }
    let mut read = app.store.read().await?;
    Ok(store::jobs::waiting(&mut read, MOST_WAITING).await? >= i64::from(MOST_WAITING))
}

/// Gives some tenants of a decision their turn, as far as that is done before its transaction, and then within it.
pub(super) async fn take_turn(app: &App, run: &Run, tenants: &[Tenant]) -> Result<Turn> {
    let mut turn = Turn::default();
    let decided =
        run.decided.as_ref().ok_or_else(|| Error::internal(&"a decision without what was decided"))?;
    let detail: Detail =
        serde_json::from_value(decided.detail.clone()).map_err(|cause| Error::internal(&cause))?;
    let actor = match decided.user_id {
        None => Some(Actor::CommandLine),
        Some(id) => accounts::person(app, id).await?,
    };
    let Some(actor) = actor.filter(|actor| actor.must(Permission::RepairDrift).is_ok()) else {
        let why = format!("{} may not decide this any more. Decide it again.", run.asked_by);
        turn.refusals.extend(tenants.iter().map(|tenant| refusal(tenant, why.clone())));
        return Ok(turn);
    };
    let (actor, id, detail) = (&actor, decided.difference_id.as_str(), &detail);
    let done = stream::iter(tenants.to_vec())
        .map(|tenant| async move { (outside(app, actor, run, &tenant, (id, detail)).await, tenant) })
        .buffered(AT_ONCE)
        .collect::<Vec<_>>();
    for (done, tenant) in done.await {
        match done {
            Ok(()) => turn.done += 1,
            Err(error) => turn.refusals.push(refusal(&tenant, error.message)),
        }
    }
    Ok(turn)
}

/// What of a decision is done for a tenant before the transaction in which the run goes on. Done twice, it is done once.
async fn outside(
    app: &App,
    actor: &Actor,
    run: &Run,
    tenant: &Tenant,
    (id, detail): (&str, &Detail),
) -> Result<()> {
    match detail {
        Detail::Repair(wish) => {
            let job = job_id(run.id, tenant.id);
            if store::jobs::find(&mut *app.store.read().await?, job).await?.is_none() {
                let asked = Asked { slug: &tenant.slug, form: Some(job) };
                life::ask_for_repair(app, actor, asked, wish).await?;
            }
            Ok(())
        }
        Detail::Keep { reason } => {
            let kept = adopt_one(app, actor, tenant, id, reason).await;
            // Gone because this very run has kept it before it was killed? Whatever else is in the way is said.
            if kept.as_ref().is_err_and(|error| error.kind == Kind::NotFound) {
                let mut read = app.store.read().await?;
                let by = actor.doer().name;
                if store::customizations::is_kept(&mut read, tenant.id, reason, &by).await? {
                    return Ok(());
                }
            }
            kept
        }
        Detail::Ignore { .. } | Detail::Count => Ok(()),
    }
}

/// What of a decision is done in the transaction in which the run goes on: each tenant that had its turn is noted there.
pub(super) async fn within(
    write: &mut Connection,
    run: &Run,
    turn: &mut Turn,
    tenants: &[Tenant],
    now: i64,
) -> Result<()> {
    let Some(decided) = &run.decided else { return Ok(()) };
    let detail: Detail =
        serde_json::from_value(decided.detail.clone()).map_err(|cause| Error::internal(&cause))?;
    let ignored = match detail {
        Detail::Ignore { until_ms, reason, by } => Some(Ignored { until_ms, reason, by }),
        Detail::Count => None,
        Detail::Repair(_) | Detail::Keep { .. } => return Ok(()),
    };
    let doer = Doer { id: decided.user_id, name: run.asked_by.clone() };
    for tenant in tenants {
        if turn.refusals.iter().any(|refusal| refusal.tenant_id == tenant.id) {
            continue;
        }
        if !note_ignored(write, tenant.id, &decided.difference_id, ignored.as_ref(), &doer, now).await? {
            turn.done -= 1;
            turn.refusals.push(refusal(tenant, gone().message));
        }
    }
    Ok(())
}

fn refusal(tenant: &Tenant, why: String) -> Refusal {
    Refusal { tenant_id: tenant.id, name: tenant.name.clone(), why }
}
