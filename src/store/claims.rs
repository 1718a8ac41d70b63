//! Who works on a job, and what they record of it: claims with their fences and leases, steps, ends, and another chance.

use super::{
    db::{Connection, Result, sql, sql_of},
    jobs::{Claim, Direction, Job, JobStatus, StepStatus, job, release_tenants, take_tenants},
};
use uuid::Uuid;

/// Claims the next job that is due, or whose worker has vanished; `only` asks for one job. The claim is durable when the
/// caller's transaction is.
pub async fn claim(
    connection: &mut Connection,
    owner: &str,
    only: Option<Uuid>,
    now_ms: i64,
    lease_until_ms: i64,
) -> Result<Option<Job>> {
    const WITH_FENCE: &str =
        "SELECT id, status, (SELECT value FROM settings WHERE name = 'fence') AS last_fence FROM";
    let found = match only {
        Some(id) => sql_of(format!(
            "{WITH_FENCE} jobs WHERE id = ?
             AND ((status = 'queued' AND run_after_ms <= ?) OR (status = 'running' AND lease_until_ms <= ?))"
        ))
        .bind(id),
        // Two look-ups, each along its own index; the vanished first, so that what was begun is ended.
        None => sql_of(format!(
            "{WITH_FENCE} (
                SELECT * FROM (SELECT id, status, 1 AS place FROM jobs WHERE status = 'running' AND lease_until_ms <= ?
                    ORDER BY lease_until_ms LIMIT 1) AS vanished
                UNION ALL
                SELECT * FROM (SELECT id, status, 2 AS place FROM jobs WHERE status = 'queued' AND run_after_ms <= ?
                    ORDER BY run_after_ms, id LIMIT 1) AS due
             ) AS found ORDER BY place LIMIT 1"
        )),
    };
    let Some(row) = found.bind(now_ms).bind(now_ms).first(connection).await? else { return Ok(None) };
    let fence = note_fence(connection, row.maybe_text("last_fence")?).await?;
    let id = row.text("id")?;
    let vanished = row.text("status")? == "running";
    sql("UPDATE jobs SET status = 'running', lease_owner = ?, lease_until_ms = ?, fence = ?,
            crashes = crashes + ?, started_ms = COALESCE(started_ms, ?) WHERE id = ?")
    .bind(owner)
    .bind(lease_until_ms)
    .bind(fence)
    .bind(vanished)
    .bind(now_ms)
    .bind(&id)
    .later(connection)
    .await?;
    sql("SELECT * FROM jobs WHERE id = ?").bind(id).first(connection).await?.as_ref().map(job).transpose()
}

/// The next claim's number. One counter serves the installation, so that a tenant's database can tell a newer claim from
/// an older one, whatever the job.
pub async fn next_fence(connection: &mut Connection) -> Result<i64> {
    let last = super::settings::find(connection, "fence").await?;
    note_fence(connection, last).await
}

/// Counts on from the last claim's number.
async fn note_fence(connection: &mut Connection, last: Option<String>) -> Result<i64> {
    let Some(last) = last else {
        super::settings::set(connection, "fence", "1").await?;
        return Ok(1);
    };
    let fence = last.parse::<i64>().unwrap_or_default() + 1;
    sql("UPDATE settings SET value = ? WHERE name = 'fence'")
        .bind(fence.to_string())
        .later(connection)
        .await?;
    Ok(fence)
}

/// When the next job is due, in milliseconds, where one waits.
pub async fn next_due(connection: &mut Connection) -> Result<Option<i64>> {
    sql("SELECT MIN(moment) AS moment FROM (
            SELECT MIN(run_after_ms) AS moment FROM jobs WHERE status = 'queued'
            UNION ALL SELECT MIN(lease_until_ms) FROM jobs WHERE status = 'running') AS due")
    .one(connection)
    .await?
    .maybe_int("moment")
}

/// Keeps a claim; false where the job is somebody else's now.
pub async fn heartbeat(connection: &mut Connection, claim: Claim, lease_until_ms: i64) -> Result<bool> {
    let changed = sql("UPDATE jobs SET lease_until_ms = ? WHERE id = ? AND fence = ? AND status = 'running'")
        .bind(lease_until_ms)
        .bind(claim.job_id)
        .bind(claim.fence)
        .run(connection)
        .await?;
    Ok(changed == 1)
}

/// Whether the claim still holds; asked inside the transaction that acts on the answer.
pub async fn is_ours(connection: &mut Connection, claim: Claim) -> Result<bool> {
    Ok(sql("SELECT id FROM jobs WHERE id = ? AND fence = ? AND status = 'running'")
        .bind(claim.job_id)
        .bind(claim.fence)
        .first(connection)
        .await?
        .is_some())
}

/// Notes that a step begins.
pub async fn begin_step(
    connection: &mut Connection,
    claim: Claim,
    position: i64,
    status: StepStatus,
    now_ms: i64,
) -> Result<()> {
    sql("UPDATE job_steps SET status = ?, attempts = attempts + 1, started_ms = ?, ended_ms = NULL, note = NULL
         WHERE job_id = ? AND position = ?")
    .bind(status.word())
    .bind(now_ms)
    .bind(claim.job_id)
    .bind(position)
    .later(connection)
    .await?;
    Ok(())
}

/// Notes how a step ended. A step that ended well shows that the job gets on: its count of crashes starts again.
pub async fn end_step(
    connection: &mut Connection,
    claim: Claim,
    position: i64,
    status: StepStatus,
    note: Option<&str>,
    now_ms: i64,
) -> Result<()> {
    sql("UPDATE job_steps SET status = ?, ended_ms = ?, note = ? WHERE job_id = ? AND position = ?")
        .bind(status.word())
        .bind(now_ms)
        .bind(note)
        .bind(claim.job_id)
        .bind(position)
        .later(connection)
        .await?;
    if status != StepStatus::Failed {
        sql("UPDATE jobs SET crashes = 0 WHERE id = ? AND crashes > 0")
            .bind(claim.job_id)
            .later(connection)
            .await?;
    }
    Ok(())
}

/// What is noted when a try ends in an error.
#[derive(Debug, Clone)]
pub struct Problem {
    /// For people: what happened, what it means.
    pub plain: String,
    /// The technical side.
    pub detail: String,
    /// Finds the log line.
    pub reference: String,
}

/// Puts a job back until its next try.
pub async fn put_back(
    connection: &mut Connection,
    claim: Claim,
    direction: Direction,
    attempt: i64,
    run_after_ms: i64,
    problem: Option<&Problem>,
) -> Result<()> {
    sql("UPDATE jobs SET status = 'queued', direction = ?, attempt = ?, run_after_ms = ?, lease_owner = NULL,
            lease_until_ms = NULL, problem = COALESCE(?, problem), problem_detail = COALESCE(?, problem_detail),
            reference = COALESCE(?, reference) WHERE id = ? AND fence = ?")
    .bind(match direction {
        Direction::Forward => "forward",
        Direction::Undo => "undo",
    })
    .bind(attempt)
    .bind(run_after_ms)
    .bind(problem.map(|problem| &problem.plain))
    .bind(problem.map(|problem| &problem.detail))
    .bind(problem.map(|problem| &problem.reference))
    .bind(claim.job_id)
    .bind(claim.fence)
    .run(connection)
    .await?;
    Ok(())
}

/// Ends a job, and lets go of its tenants; a job that needs a person keeps them, so that nothing else is done to them.
pub async fn end(
    connection: &mut Connection,
    claim: Claim,
    status: JobStatus,
    needs_person: bool,
    now_ms: i64,
) -> Result<()> {
    sql("UPDATE jobs SET status = ?, needs_person = ?, ended_ms = ?, lease_owner = NULL, lease_until_ms = NULL
         WHERE id = ? AND fence = ?")
    .bind(status.word())
    .bind(needs_person)
    .bind(now_ms)
    .bind(claim.job_id)
    .bind(claim.fence)
    .later(connection)
    .await?;
    if needs_person {
        return Ok(());
    }
    sql("DELETE FROM tenant_locks WHERE job_id = ? AND EXISTS (SELECT 1 FROM jobs WHERE id = ? AND fence = ?)")
        .bind(claim.job_id)
        .bind(claim.job_id)
        .bind(claim.fence)
        .later(connection)
        .await
}

/// Gives a failed job another chance from its beginning; false where it has not failed.
pub async fn retry(connection: &mut Connection, id: Uuid, now_ms: i64) -> Result<bool> {
    let changed = sql("UPDATE jobs SET status = 'queued', direction = 'forward', attempt = 0, crashes = 0, run_after_ms = ?,
            problem = NULL, problem_detail = NULL, reference = NULL, ended_ms = NULL
         WHERE id = ? AND status = 'failed' AND needs_person = 0")
    .bind(now_ms)
    .bind(id)
    .run(connection)
    .await?;
    if changed == 1 {
        take_tenants(connection, id, now_ms).await?;
        sql("UPDATE job_steps SET status = 'waiting', started_ms = NULL, ended_ms = NULL, note = NULL WHERE job_id = ?")
            .bind(id)
            .run(connection)
            .await?;
    }
    Ok(changed == 1)
}

/// Gives a job whose clean-up stopped another chance to clean up; false where it is in no such state.
pub async fn retry_clean_up(connection: &mut Connection, id: Uuid, now_ms: i64) -> Result<bool> {
    let changed = sql(
        "UPDATE jobs SET status = 'queued', direction = 'undo', attempt = 0, crashes = 0, run_after_ms = ?,
            ended_ms = NULL, needs_person = 0 WHERE id = ? AND status = 'failed' AND needs_person = 1",
    )
    .bind(now_ms)
    .bind(id)
    .run(connection)
    .await?;
    Ok(changed == 1)
}

/// Lets a job that waits for its next try go now; false where it does not wait.
pub async fn hurry(connection: &mut Connection, id: Uuid, now_ms: i64) -> Result<bool> {
    let changed =
        sql("UPDATE jobs SET run_after_ms = ? WHERE id = ? AND status = 'queued' AND run_after_ms > ?")
            .bind(now_ms)
            .bind(id)
            .bind(now_ms)
            .run(connection)
            .await?;
    Ok(changed == 1)
}

/// Milliseconds that the last jobs of a kind took, shortest first (at most 100).
pub async fn durations(connection: &mut Connection, kind: &str) -> Result<Vec<i64>> {
    sql("SELECT took FROM (SELECT ended_ms - started_ms AS took FROM jobs WHERE kind = ? AND status = 'done'
            ORDER BY created_ms DESC LIMIT 100) AS recent ORDER BY took")
    .bind(kind)
    .all(connection)
    .await?
    .iter()
    .map(|row| row.int("took"))
    .collect()
}

/// Lets go of a job that waits for a person, because the person has decided something else.
pub async fn dismiss(connection: &mut Connection, id: Uuid) -> Result<()> {
    sql("UPDATE jobs SET needs_person = 0 WHERE id = ? AND status = 'failed'")
        .bind(id)
        .run(connection)
        .await?;
    release_tenants(connection, id).await
}
