//! Who works on a job, and what they record of it: claims with their fences and leases, steps, ends, and another chance.

use super::{
    db::{Backend, Connection, Result, sql, sql_of},
    jobs::{Claim, Direction, Job, JobStatus, StepStatus, job, release_tenants, take_tenants},
};
use uuid::Uuid;

/// A job that can be claimed, as it will be then.
#[derive(Debug, Clone)]
pub struct Claimable {
    /// The job, with the claim's number.
    pub job: Job,
    /// Its number and state before.
    before: (i64, JobStatus),
    /// The installation's last number.
    last_fence: Option<String>,
}

/// Looks for the next job that is due, or whose worker has vanished; `only` asks for one job. Without the write lock it is
/// found out by [`take`] whether it still holds.
pub async fn look(connection: &mut Connection, only: Option<Uuid>, now_ms: i64) -> Result<Option<Claimable>> {
    const WITH_FENCE: &str = "SELECT j.*, (SELECT value FROM settings WHERE name = 'fence') AS last_fence FROM jobs j WHERE j.id =";
    let found = match only {
        Some(id) => sql_of(format!(
            "{WITH_FENCE} ? AND ((j.status = 'queued' AND j.run_after_ms <= ?) OR (j.status = 'running' AND j.lease_until_ms <= ?))"
        ))
        .bind(id),
        // Two look-ups, each along its own index; the vanished first, so that what was begun is ended.
        None => sql_of(format!(
            "{WITH_FENCE} (SELECT id FROM (
                SELECT * FROM (SELECT id, 1 AS place FROM jobs WHERE status = 'running' AND lease_until_ms <= ?
                    ORDER BY lease_until_ms LIMIT 1) AS vanished
                UNION ALL
                SELECT * FROM (SELECT id, 2 AS place FROM jobs WHERE status = 'queued' AND run_after_ms <= ?
                    ORDER BY run_after_ms, id LIMIT 1) AS due
             ) AS found ORDER BY place LIMIT 1)"
        )),
    };
    let Some(row) = found.bind(now_ms).bind(now_ms).first(connection).await? else { return Ok(None) };
    let mut job = job(&row)?;
    let before = (job.fence, job.status);
    let last_fence = row.maybe_text("last_fence")?;
    job.fence = last_fence.as_deref().and_then(|last| last.parse::<i64>().ok()).unwrap_or_default() + 1;
    job.crashes += i64::from(job.status == JobStatus::Running);
    job.status = JobStatus::Running;
    job.started_ms = job.started_ms.or(Some(now_ms));
    Ok(Some(Claimable { job, before, last_fence }))
}

impl Claimable {
    /// Whether nobody has claimed it before.
    pub fn is_first(&self) -> bool {
        self.before.0 == 0
    }
}

/// Claims a job that was looked for, with the next statement that is waited for or the commit: that fails with
/// [`super::StoreError::is_null`] where somebody else has claimed it, or another, since. The claim is durable when the caller's
/// transaction is.
pub async fn take(
    connection: &mut Connection,
    found: &Claimable,
    owner: &str,
    now_ms: i64,
    lease_until_ms: i64,
) -> Result<()> {
    let job = &found.job;
    if found.last_fence.is_none() {
        sql("INSERT INTO settings (name, value) SELECT 'fence', '0'
             WHERE NOT EXISTS (SELECT 1 FROM settings WHERE name = 'fence')")
        .later(connection)
        .await?;
    }
    // What is not as it was looked at makes a NULL, which a setting never is.
    sql("UPDATE settings SET value = CASE WHEN value = ? AND EXISTS (SELECT 1 FROM jobs WHERE id = ? AND fence = ? AND status = ?
            AND (status = 'queued' OR lease_until_ms <= ?)) THEN ? END WHERE name = 'fence'")
    .bind(found.last_fence.as_deref().unwrap_or("0"))
    .bind(job.id)
    .bind(found.before.0)
    .bind(found.before.1.word())
    .bind(now_ms)
    .bind(job.fence.to_string())
    .later(connection)
    .await?;
    take_locked(connection, job, owner, lease_until_ms).await
}

/// Looks for the next job and claims it, in one transaction.
pub async fn claim(
    connection: &mut Connection,
    owner: &str,
    only: Option<Uuid>,
    now_ms: i64,
    lease_until_ms: i64,
) -> Result<Option<Job>> {
    if connection.backend() != Backend::Sqlite {
        let Some(mut job) = lock(connection, only, now_ms).await? else { return Ok(None) };
        job.fence = next_fence(connection).await?;
        take_locked(connection, &job, owner, lease_until_ms).await?;
        return Ok(Some(job));
    }
    // The transaction may begin with this look.
    let Some(found) = look(connection, only, now_ms).await? else { return Ok(None) };
    take(connection, &found, owner, now_ms, lease_until_ms).await?;
    Ok(Some(found.job))
}

/// Looks for a job as [`look`] does, and holds its row until the end of the transaction, past those that others hold; on a
/// server only. The job is as it will be when [`take_locked`] has claimed it, but for its number, which is that of the last
/// claim.
pub async fn lock(connection: &mut Connection, only: Option<Uuid>, now_ms: i64) -> Result<Option<Job>> {
    const HELD: &str = "FOR UPDATE SKIP LOCKED";
    let vanished = "j.status = 'running' AND j.lease_until_ms <= ?";
    let due = "j.status = 'queued' AND j.run_after_ms <= ?";
    let row = match only {
        Some(id) => {
            let one =
                sql_of(format!("SELECT * FROM jobs j WHERE j.id = ? AND (({vanished}) OR ({due})) {HELD}"));
            one.bind(id).bind(now_ms).bind(now_ms).first(connection).await?
        }
        None => {
            let first = sql_of(format!(
                "SELECT * FROM jobs j WHERE {vanished} ORDER BY j.lease_until_ms LIMIT 1 {HELD}"
            ));
            match first.bind(now_ms).first(connection).await? {
                Some(row) => Some(row),
                None => {
                    let next = sql_of(format!(
                        "SELECT * FROM jobs j WHERE {due} ORDER BY j.run_after_ms, j.id LIMIT 1 {HELD}"
                    ));
                    next.bind(now_ms).first(connection).await?
                }
            }
        }
    };
    let Some(row) = row else { return Ok(None) };
    let mut job = job(&row)?;
    job.crashes += i64::from(job.status == JobStatus::Running);
    job.status = JobStatus::Running;
    job.started_ms = job.started_ms.or(Some(now_ms));
    Ok(Some(job))
}

/// Claims a job whose row [`lock`] holds. The claim is there when the caller's transaction has ended.
pub async fn take_locked(
    connection: &mut Connection,
    job: &Job,
    owner: &str,
    lease_until_ms: i64,
) -> Result<()> {
    sql("UPDATE jobs SET status = 'running', lease_owner = ?, lease_until_ms = ?, fence = ?, crashes = ?, started_ms = ?
         WHERE id = ?")
    .bind(owner)
    .bind(lease_until_ms)
    .bind(job.fence)
    .bind(job.crashes)
    .bind(job.started_ms)
    .bind(job.id)
    .later(connection)
    .await
}

/// The next claim's number. One counter serves the installation, so that a tenant's database can tell a newer claim from
/// an older one, whatever the job.
pub async fn next_fence(connection: &mut Connection) -> Result<i64> {
    let end = connection.for_update();
    let row =
        sql_of(format!("SELECT value FROM settings WHERE name = 'fence'{end}")).first(connection).await?;
    let last = row.map(|row| row.text("value")).transpose()?;
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
    let end = connection.for_update();
    Ok(sql_of(format!("SELECT id FROM jobs WHERE id = ? AND fence = ? AND status = 'running'{end}"))
        .bind(claim.job_id)
        .bind(claim.fence)
        .first(connection)
        .await?
        .is_some())
}

/// Lets the transaction fail where the claim is not good any more, without waiting for an answer: a claimed job's number is
/// never NULL.
pub async fn must_be_ours(connection: &mut Connection, claim: Claim) -> Result<()> {
    sql("UPDATE jobs SET fence = CASE WHEN fence = ? AND status = 'running' THEN fence END WHERE id = ?")
        .bind(claim.fence)
        .bind(claim.job_id)
        .later(connection)
        .await
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
        take_tenants(id, now_ms).run(connection).await?;
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

/// Keeps what a job has found out for its next steps and tries.
pub async fn set_params(connection: &mut Connection, claim: Claim, params: &serde_json::Value) -> Result<()> {
    sql("UPDATE jobs SET params = ? WHERE id = ? AND fence = ?")
        .bind(params.to_string())
        .bind(claim.job_id)
        .bind(claim.fence)
        .later(connection)
        .await
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
