//! Checks of many tenants. A run is a row that says how far it is: whoever is killed in the middle leaves it to another
//! process, and memory does not grow with the number of tenants.

use super::super::{actor::Actor, permissions::Permission, tenants::find};
use crate::{
    app::App,
    apply::drift as apply,
    error::{Error, Result},
    store::{
        self,
        drift::{Level, Outcome, runs::Run},
        tenants::Tenant,
    },
};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Tenants that are looked at together: what is found of so many is written down in one commit.
const TOGETHER: u32 = 128;

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
    app.wake_drift.notify_one();
    Ok(run)
}

/// Asks for a check of the tenants with a difference, and gives how many these are.
pub async fn ask_for_group(app: &App, actor: &Actor, id: &str) -> Result<usize> {
    actor.must(Permission::CheckDrift)?;
    let mut ids: Vec<Uuid> =
        super::target::members(app, id, false).await?.iter().map(|member| member.id).collect();
    ids.sort_unstable();
    let number = ids.len();
    let total = i64::try_from(number).unwrap_or(i64::MAX);
    let run = new_run(app, Some(ids), total, actor.doer().name);
    let mut write = app.store.write().await?;
    store::drift::runs::add(&mut write, &run, None).await?;
    write.commit().await?;
    app.wake_drift.notify_one();
    Ok(number)
}

fn new_run(app: &App, scope: Option<Vec<Uuid>>, total: i64, asked_by: String) -> Run {
    Run {
        id: app.new_id(),
        scope,
        asked_by,
        total,
        tally: store::drift::runs::Tally::default(),
        position: None,
        created_ms: app.now_ms(),
        ended_ms: None,
    }
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
        Some(slugs) => {
            let mut ids = Vec::new();
            for slug in slugs {
                let tenant = find(app, actor, slug).await?;
                super::must_be_there(&tenant)?;
                ids.push(tenant.id);
            }
            ids.sort_unstable();
            ids.dedup();
            Some(ids)
        }
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

/// Goes on with runs that nobody works on, until there is none; true where there was one.
pub async fn work(app: &App, stop: &CancellationToken) -> Result<bool> {
    let mut has_worked = false;
    loop {
        let now = app.now_ms();
        if !store::drift::runs::is_any_open(&mut *app.store.read().await?, now).await? {
            return Ok(has_worked);
        }
        let mut write = app.store.write().await?;
        let owner = format!("{} {}", app.process, app.new_id().simple());
        let taken = store::drift::runs::take(&mut write, &owner, now, later(now, LEASE)).await?;
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
            checked = run.tally.checked,
            drifted = run.tally.drifted,
            failed = run.tally.failed,
            "Tenants' databases were compared with what they should be"
        );
    }
}

/// Looks at the next tenants of a run; false where that was the end of it.
async fn go_on(
    app: &App,
    run: &mut Run,
    owner: &str,
    said: &mut (dyn FnMut(&[Tenant], &[Outcome]) + Send),
) -> Result<bool> {
    let tenants = next(app, run).await?;
    let began = app.now_ms();
    let mut outcomes = apply::look_at(app, &tenants).await?;
    let mut write = app.store.write().await?;
    let ids: Vec<Uuid> = tenants.iter().map(|tenant| tenant.id).collect();
    let busy = store::drift::busy(&mut write, &ids, began).await?;
    outcomes.retain(|outcome| !busy.contains(&outcome.tenant_id));
    let now = app.now_ms();
    store::drift::record(&mut write, &outcomes, now).await?;
    let is_end = tenants.is_empty();
    let tally = &mut run.tally;
    tally.busy += i64::try_from(busy.len()).unwrap_or(0);
    for outcome in &outcomes {
        match &outcome.found {
            Ok(found) => {
                tally.checked += 1;
                tally.drifted += i64::from(!found.differences.is_empty());
            }
            Err(_) => tally.failed += 1,
        }
    }
    if let Some(last) = tenants.last() {
        run.position = Some(last.id);
    }
    run.ended_ms = is_end.then_some(now);
    if !store::drift::runs::advance(&mut write, run, owner, later(now, LEASE), run.ended_ms).await? {
        return Err(Error::conflict("Another process has taken this check over."));
    }
    write.commit().await?;
    said(&tenants, &outcomes);
    Ok(!is_end)
}

async fn next(app: &App, run: &Run) -> Result<Vec<Tenant>> {
    let mut read = app.store.read().await?;
    let Some(scope) = &run.scope else {
        return Ok(store::drift::runs::next(&mut read, run.position, TOGETHER).await?);
    };
    let left: Vec<Uuid> = scope
        .iter()
        .filter(|id| run.position.is_none_or(|position| **id > position))
        .take(TOGETHER as usize)
        .copied()
        .collect();
    Ok(store::drift::runs::some(&mut read, &left).await?)
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

/// Works on checks, and asks for those that are due, until `stop`.
pub async fn keep_on(app: App, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let done = async {
            keep_time(&app).await?;
            work(&app, &stop).await
        };
        if let Err(error) = done.await {
            tracing::warn!(%error, "Tenants' databases cannot be compared with what they should be at the moment");
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = app.wake_drift.notified() => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

/// The worst level among what was found, as it counts for an exit code.
pub fn level_of(outcome: &Outcome) -> Option<Level> {
    let found = outcome.found.as_ref().ok()?;
    Some(found.differences.iter().map(|difference| difference.severity).max().unwrap_or(Level::None))
}
