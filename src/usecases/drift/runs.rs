//! Checks of many tenants, and what was decided about many. A run is a row that says how far it is: whoever is killed in the
//! middle leaves it to another process, and memory does not grow with the number of tenants.

use super::{
    super::{actor::Actor, permissions::Permission},
    group, target,
};
use crate::{
    app::App,
    apply::drift as apply,
    error::{Error, Result},
    store::{
        self, Connection,
        drift::{
            Level, Outcome,
            runs::{Act, CHECKED, Refusal, Run},
        },
        jobs::Ends,
        tenant_list,
        tenants::Tenant,
    },
};
use std::time::Duration;
pub use store::drift::runs::Which;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Tenants that are looked at together: what is found of so many is written down in one commit.
const TOGETHER: u32 = 128;

/// Tenants of a decision that have their turn together.
const TURN: usize = 32;

/// How long a run waits where there is much to do already.
const PAUSE: Duration = Duration::from_millis(200);

/// How long a process that says nothing keeps a run.
const LEASE: Duration = Duration::from_mins(1);

/// How long runs that have ended are remembered.
const REMEMBERED: Duration = Duration::from_hours(24 * 90);

/// How often it is looked whether there is something to do.
const LOOK_EVERY: Duration = Duration::from_secs(5);

fn later(now_ms: i64, by: Duration) -> i64 {
    now_ms.saturating_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX / 2))
}

/// Asks for a check of all tenants. One that goes on already is the answer.
pub async fn ask_for_all(app: &App, actor: &Actor) -> Result<Run> {
    actor.must(Permission::CheckDrift)?;
    let mut write = app.store.write().await?;
    if let Some(run) = store::drift::runs::going_on(&mut write).await? {
        return Ok(run);
    }
    let run = new_run(app, None, store::drift::runs::count(&mut write).await?, actor.doer().name);
    store::drift::runs::add(&mut write, &run, None).await?;
    write.commit().await?;
    app.wake_drift.notify_waiters();
    Ok(run)
}

/// Asks for a check of the tenants with a difference: of those with these slugs, or of all where there is none.
pub async fn ask_for_group(app: &App, actor: &Actor, id: &str, only: &[String]) -> Result<Run> {
    actor.must(Permission::CheckDrift)?;
    let members = target::members(app, id, only, false).await?;
    ask_for(app, actor, members.iter().map(|member| member.id).collect()).await
}

/// Asks for a check of these tenants, by their slugs or ids.
pub async fn ask_for_some(app: &App, actor: &Actor, slugs: &[String]) -> Result<Run> {
    actor.must(Permission::CheckDrift)?;
    if slugs.is_empty() {
        return Err(Error::unusable("Tick the tenants that are to be checked."));
    }
    ask_for(app, actor, target::ids_of(app, actor, slugs).await?).await
}

/// Asks for a check of the tenants that a list shows, all of its pages.
pub async fn ask_for_list(app: &App, actor: &Actor, filter: &tenant_list::Filter) -> Result<Run> {
    let scope = actor.scope(Permission::CheckDrift)?;
    let ids = tenant_list::ids(&mut *app.store.read().await?, scope, filter, &CHECKED).await?;
    if ids.is_empty() {
        return Err(Error::unusable("None of these tenants has a database that can be checked."));
    }
    ask_for(app, actor, ids).await
}

async fn ask_for(app: &App, actor: &Actor, mut ids: Vec<Uuid>) -> Result<Run> {
    ids.sort_unstable();
    let total = i64::try_from(ids.len()).unwrap_or(i64::MAX);
    let run = new_run(app, Some(ids), total, actor.doer().name);
    add(app, &run).await?;
    Ok(run)
}

/// Adds a run that whoever has time goes on with.
async fn add(app: &App, run: &Run) -> Result<()> {
    let mut write = app.store.write().await?;
    store::drift::runs::add(&mut write, run, None).await?;
    write.commit().await?;
    app.wake_drift.notify_waiters();
    Ok(())
}

/// A check that has not begun.
pub(super) fn new_run(app: &App, scope: Option<Vec<Uuid>>, total: i64, asked_by: String) -> Run {
    Run {
        id: app.new_id(),
        act: Act::Check,
        decided: None,
        scope,
        asked_by,
        total,
        tally: store::drift::runs::Tally::default(),
        position: None,
        created_ms: app.now_ms(),
        ended_ms: None,
    }
}

/// A run with what became of its tenants.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The run.
    pub run: Run,
    /// The first of the tenants for which it was not done.
    pub refusals: Vec<Refusal>,
    /// What became of the jobs that it began.
    pub jobs: Option<Ends>,
}

/// Tenants that are named on the page of a run.
const NAMED: u32 = 200;

/// A run.
pub async fn show(app: &App, actor: &Actor, id: &str) -> Result<Shown> {
    actor.must(Permission::CheckDrift)?;
    let gone = || Error::not_found("This is not known any more. Look at the list of unexpected changes.");
    let id = id.parse::<Uuid>().map_err(|_| gone())?;
    let mut read = app.store.read().await?;
    let run = store::drift::runs::find(&mut read, id).await?.ok_or_else(gone)?;
    let refusals = store::drift::runs::refusals(&mut read, id, NAMED).await?;
    let jobs = match (&run.act, &run.scope) {
        (Act::Repair, Some(scope)) => {
            let ids: Vec<Uuid> = scope.iter().map(|tenant| group::job_id(run.id, *tenant)).collect();
            Some(store::jobs::ends(&mut read, &ids, NAMED).await?)
        }
        _ => None,
    };
    Ok(Shown { run, refusals, jobs })
}

/// Checks all tenants, or these, in this process, and gives what each has come to to `said`, a few at a time.
pub async fn check_now(
    app: &App,
    actor: &Actor,
    slugs: Option<&[String]>,
    said: &mut (dyn FnMut(&[Tenant], &[Outcome]) + Send),
) -> Result<Run> {
    actor.must(Permission::CheckDrift)?;
    let scope = match slugs {
        None => None,
        Some(slugs) => Some(target::ids_of(app, actor, slugs).await?),
    };
    let mut write = app.store.write().await?;
    let total = match &scope {
        None => store::drift::runs::count(&mut write).await?,
        Some(ids) => i64::try_from(ids.len()).unwrap_or(i64::MAX),
    };
    let mut run = new_run(app, scope, total, actor.doer().name);
    let owner = format!("{} {}", app.process, run.id.simple());
    store::drift::runs::add(&mut write, &run, Some((&owner, later(app.now_ms(), LEASE)))).await?;
    write.commit().await?;
    while go_on(app, &mut run, &owner, said).await? {}
    Ok(run)
}

/// Goes on with checks and with what was decided, until nobody has to; true where there was something to do.
pub async fn work(app: &App, stop: &CancellationToken) -> Result<bool> {
    let decided = work_on(app, Which::Decisions, stop).await?;
    Ok(work_on(app, Which::Checks, stop).await? || decided)
}

async fn work_on(app: &App, which: Which, stop: &CancellationToken) -> Result<bool> {
    let mut has_worked = false;
    loop {
        let now = app.now_ms();
        if !store::drift::runs::is_any_open(&mut *app.store.read().await?, which, now).await? {
            return Ok(has_worked);
        }
        let mut write = app.store.write().await?;
        let owner = format!("{} {}", app.process, app.new_id().simple());
        let taken = store::drift::runs::take(&mut write, which, &owner, (now, later(now, LEASE))).await?;
        write.commit().await?;
        let Some(mut run) = taken else { return Ok(has_worked) };
        has_worked = true;
        while go_on(app, &mut run, &owner, &mut |_, _| {}).await? {
            if stop.is_cancelled() {
                // Another process need not wait for the lease to run out.
                let mut write = app.store.write().await?;
                store::drift::runs::advance(&mut write, &run, &owner, 0, None).await?;
                write.commit().await?;
                return Ok(true);
            }
        }
        tracing::info!(
            act = run.act.word(),
            done = run.tally.checked,
            drifted = run.tally.drifted,
            failed = run.tally.failed,
            "Many tenants were compared with what they should be, or decided about"
        );
    }
}

/// What came of some tenants of a run.
#[derive(Debug, Clone, Default)]
pub(super) struct Turn {
    /// For how many it was done, or how many were looked at.
    pub(super) done: i64,
    /// Of them, how many differ.
    pub(super) drifted: i64,
    /// How many have something going on, so that nothing is said about them.
    pub(super) busy: i64,
    /// For which it was not done, or which could not be looked at.
    pub(super) refusals: Vec<Refusal>,
}

/// Gives the next tenants of a run their turn; false where that was the end of it.
async fn go_on(
    app: &App,
    run: &mut Run,
    owner: &str,
    said: &mut (dyn FnMut(&[Tenant], &[Outcome]) + Send),
) -> Result<bool> {
    if group::must_wait(app, run).await? {
        tokio::time::sleep(PAUSE).await;
        let mut write = app.store.write().await?;
        must_hold(
            store::drift::runs::advance(&mut write, run, owner, later(app.now_ms(), LEASE), None).await?,
        )?;
        write.commit().await?;
        return Ok(true);
    }
    let (tenants, position, vanished) = next(app, run).await?;
    let (mut write, mut turn, outcomes) = if run.act == Act::Check {
        let began = app.now_ms();
        let outcomes = apply::look_at(app, &tenants).await?;
        let mut write = app.store.write().await?;
        let (turn, outcomes) = noted(&mut write, &tenants, outcomes, (began, app.now_ms())).await?;
        (write, turn, outcomes)
    } else {
        let mut turn = group::take_turn(app, run, &tenants).await?;
        let mut write = app.store.write().await?;
        group::within(&mut write, run, &mut turn, &tenants, app.now_ms()).await?;
        (write, turn, Vec::new())
    };
    turn.refusals.extend(vanished.into_iter().map(|tenant_id| Refusal {
        tenant_id,
        name: "A tenant that was removed".to_owned(),
        why: "It has no database any more.".to_owned(),
    }));
    let now = app.now_ms();
    let tally = &mut run.tally;
    tally.checked += turn.done;
    tally.drifted += turn.drifted;
    tally.busy += turn.busy;
    tally.failed += i64::try_from(turn.refusals.len()).unwrap_or(0);
    if run.scope.is_some() {
        store::drift::runs::refuse(&mut write, run.id, &turn.refusals).await?;
    }
    let is_end = position.is_none();
    run.position = position.or(run.position);
    run.ended_ms = is_end.then_some(now);
    must_hold(store::drift::runs::advance(&mut write, run, owner, later(now, LEASE), run.ended_ms).await?)?;
    write.commit().await?;
    said(&tenants, &outcomes);
    Ok(!is_end)
}

fn must_hold(is_held: bool) -> Result<()> {
    if is_held { Ok(()) } else { Err(Error::conflict("Another process has taken this over.")) }
}

/// Notes what was found, but for tenants that have something going on.
async fn noted(
    write: &mut Connection,
    tenants: &[Tenant],
    mut outcomes: Vec<Outcome>,
    (began, now): (i64, i64),
) -> Result<(Turn, Vec<Outcome>)> {
    let ids: Vec<Uuid> = tenants.iter().map(|tenant| tenant.id).collect();
    let busy = store::drift::busy(write, &ids, began).await?;
    outcomes.retain(|outcome| !busy.contains(&outcome.tenant_id));
    store::drift::record(write, &outcomes, now).await?;
    let mut turn = Turn { busy: i64::try_from(busy.len()).unwrap_or(0), ..Turn::default() };
    for outcome in &outcomes {
        match &outcome.found {
            Ok(found) => {
                turn.done += 1;
                turn.drifted += i64::from(!found.differences.is_empty());
            }
            Err(why) => {
                let name = tenants.iter().find(|tenant| tenant.id == outcome.tenant_id);
                let name = name.map(|tenant| tenant.name.clone()).unwrap_or_default();
                turn.refusals.push(Refusal { tenant_id: outcome.tenant_id, name, why: why.clone() });
            }
        }
    }
    Ok((turn, outcomes))
}

/// The next tenants of a run, the last id among them, and the ids of those that have no database any more. No id is the end.
async fn next(app: &App, run: &Run) -> Result<(Vec<Tenant>, Option<Uuid>, Vec<Uuid>)> {
    let mut read = app.store.read().await?;
    let Some(scope) = &run.scope else {
        let tenants = store::drift::runs::next(&mut read, run.position, TOGETHER).await?;
        let last = tenants.last().map(|tenant| tenant.id);
        return Ok((tenants, last, Vec::new()));
    };
    let together = if run.act == Act::Check { TOGETHER as usize } else { TURN };
    let is_left = |id: &&Uuid| run.position.is_none_or(|position| **id > position);
    let mut left: Vec<Uuid> = scope.iter().filter(is_left).take(together).copied().collect();
    let last = left.last().copied();
    let tenants = store::drift::runs::some(&mut read, &left).await?;
    left.retain(|id| !tenants.iter().any(|tenant| tenant.id == *id));
    Ok((tenants, last, left))
}

/// Asks for a check of all tenants where the last one is longer ago than the settings want, and brings the levels up to date of
/// tenants whose differences are ignored no longer.
pub async fn keep_time(app: &App) -> Result<()> {
    let now = app.now_ms();
    let mut read = app.store.read().await?;
    let over = store::drift::ignored_until(&mut read, now).await?;
    let is_due = match app.settings.drift_every {
        None => false,
        Some(every) => {
            let last = store::drift::runs::last_ended(&mut read).await?;
            store::drift::runs::going_on(&mut read).await?.is_none()
                && last.is_none_or(|last| later(last.created_ms, every) <= now)
                && store::drift::runs::count(&mut read).await? > 0
        }
    };
    drop(read);
    if !over.is_empty() {
        let mut write = app.store.write().await?;
        for tenant in over {
            store::drift::set_level(&mut write, tenant, now).await?;
        }
        store::drift::end_ignoring(&mut write, now).await?;
        write.commit().await?;
    }
    if is_due {
        let mut write = app.store.write().await?;
        store::drift::runs::sweep(&mut write, now.saturating_sub(later(0, REMEMBERED))).await?;
        if store::drift::runs::going_on(&mut write).await?.is_none() {
            let total = store::drift::runs::count(&mut write).await?;
            let run = new_run(app, None, total, "the schedule".to_owned());
            store::drift::runs::add(&mut write, &run, None).await?;
        }
        write.commit().await?;
    }
    Ok(())
}

/// Works on checks, and asks for those that are due, or on what was decided, until `stop`.
pub async fn keep_on(app: App, which: Which, stop: CancellationToken) {
    while !stop.is_cancelled() {
        // Asked for before looking: what is added in between is heard of.
        let woken = app.wake_drift.notified();
        let mut woken = std::pin::pin!(woken);
        woken.as_mut().enable();
        let done = async {
            if which == Which::Checks {
                keep_time(&app).await?;
            }
            work_on(&app, which, &stop).await
        };
        if let Err(error) = done.await {
            tracing::warn!(%error, "Tenants' databases cannot be compared with what they should be at the moment");
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = woken => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

/// The worst level among what was found, as it counts for an exit code.
pub fn level_of(outcome: &Outcome) -> Option<Level> {
    let found = outcome.found.as_ref().ok()?;
    Some(found.differences.iter().map(|difference| difference.severity).max().unwrap_or(Level::None))
}
