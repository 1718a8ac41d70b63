//! Jobs: work that outlives a process. A job is a row with steps; a worker claims it with a lease and keeps it with a
//! heartbeat. Every claim raises the job's fence, and every record of a worker names its fence, so that a worker which
//! was away too long finds out that the job is somebody else's now.

use super::{
    Scope,
    db::{Connection, Query, Result, Row, sql, sql_of},
};
use uuid::Uuid;

pub use super::claims::{
    Claimable, Problem, begin_step, claim, dismiss, durations, end, end_step, heartbeat, hurry, is_ours,
    lock, look, must_be_ours, next_fence, put_back, retry, retry_clean_up, set_params, take, take_locked,
};

/// Where a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobStatus {
    /// Waiting for a worker, or for its next try.
    Queued,
    /// A worker has it.
    Running,
    /// Everything was done.
    Done,
    /// It was given up, and what it had made was taken down.
    Failed,
}

impl JobStatus {
    /// The word in the database.
    pub fn word(self) -> &'static str {
        match self {
            JobStatus::Queued => "queued",
            JobStatus::Running => "running",
            JobStatus::Done => "done",
            JobStatus::Failed => "failed",
        }
    }
}

impl std::str::FromStr for JobStatus {
    type Err = String;
    fn from_str(word: &str) -> std::result::Result<Self, String> {
        [JobStatus::Queued, JobStatus::Running, JobStatus::Done, JobStatus::Failed]
            .into_iter()
            .find(|status| status.word() == word)
            .ok_or(format!("unknown job state {word}"))
    }
}

/// Whether a job builds up or takes down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Doing its steps.
    Forward,
    /// Undoing them, last first.
    Undo,
}

impl std::str::FromStr for Direction {
    type Err = String;
    fn from_str(word: &str) -> std::result::Result<Self, String> {
        match word {
            "forward" => Ok(Direction::Forward),
            "undo" => Ok(Direction::Undo),
            other => Err(format!("unknown direction {other}")),
        }
    }
}

/// A job.
#[derive(Debug, Clone)]
pub struct Job {
    /// Identifies it.
    pub id: Uuid,
    /// What it does, such as `provision`.
    pub kind: String,
    /// The tenant that it works on.
    pub tenant_id: Option<Uuid>,
    /// A second tenant that it reads from and holds.
    pub other_tenant_id: Option<Uuid>,
    /// What it was asked for, in its kind's own form; null where there is nothing to say.
    pub params: serde_json::Value,
    /// Who asked.
    pub created_by: Option<Uuid>,
    /// Where it is.
    pub status: JobStatus,
    /// Building up or taking down.
    pub direction: Direction,
    /// Tries that ended in an error.
    pub attempt: i64,
    /// Times a worker vanished since the last step that ended.
    pub crashes: i64,
    /// Not before this moment.
    pub run_after_ms: i64,
    /// The claim's number.
    pub fence: i64,
    /// When the lease of the worker ends.
    pub lease_until_ms: Option<i64>,
    /// What went wrong last, for people.
    pub problem: Option<String>,
    /// The technical side of it.
    pub problem_detail: Option<String>,
    /// Finds the log line.
    pub reference: Option<String>,
    /// Cleaning up did not work; a person has to look.
    pub needs_person: bool,
    /// When it was asked for.
    pub created_ms: i64,
    /// When its first step began.
    pub started_ms: Option<i64>,
    /// When it ended.
    pub ended_ms: Option<i64>,
}

/// Where a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepStatus {
    /// Not begun.
    Waiting,
    /// Begun; where no worker has the job, it may be done or not.
    Running,
    /// Done.
    Done,
    /// Nothing to do here.
    Skipped,
    /// Ended in an error; its effects may be there in part.
    Failed,
    /// Being taken back.
    Undoing,
    /// Taken back.
    Undone,
}

impl StepStatus {
    const ALL: [StepStatus; 7] = [
        StepStatus::Waiting,
        StepStatus::Running,
        StepStatus::Done,
        StepStatus::Skipped,
        StepStatus::Failed,
        StepStatus::Undoing,
        StepStatus::Undone,
    ];

    /// The word in the database.
    pub fn word(self) -> &'static str {
        match self {
            StepStatus::Waiting => "waiting",
            StepStatus::Running => "running",
            StepStatus::Done => "done",
            StepStatus::Skipped => "skipped",
            StepStatus::Failed => "failed",
            StepStatus::Undoing => "undoing",
            StepStatus::Undone => "undone",
        }
    }
}

impl std::str::FromStr for StepStatus {
    type Err = String;
    fn from_str(word: &str) -> std::result::Result<Self, String> {
        StepStatus::ALL
            .into_iter()
            .find(|status| status.word() == word)
            .ok_or(format!("unknown step state {word}"))
    }
}

/// A recorded step.
#[derive(Debug, Clone)]
pub struct Step {
    /// Its place, from 0.
    pub position: i64,
    /// Its name, such as `module:events`.
    pub name: String,
    /// What it does, for people.
    pub title: String,
    /// Where it is.
    pub status: StepStatus,
    /// How often it was begun.
    pub attempts: i64,
    /// When it began last.
    pub started_ms: Option<i64>,
    /// When it ended last.
    pub ended_ms: Option<i64>,
    /// What is worth knowing about it.
    pub note: Option<String>,
}

/// Proof that a worker holds a job: its id and the number of the claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// The job.
    pub job_id: Uuid,
    /// The number of the claim.
    pub fence: i64,
}

fn maybe_id(row: &Row, column: &str) -> Result<Option<Uuid>> {
    let parsed = row.maybe_text(column)?.map(|text| text.parse()).transpose();
    parsed.map_err(|error: uuid::Error| super::StoreError::Unreadable {
        column: format!("jobs.{column}"),
        reason: error.to_string(),
    })
}

pub(super) fn job(row: &Row) -> Result<Job> {
    Ok(Job {
        id: row.parse("id")?,
        kind: row.text("kind")?,
        tenant_id: maybe_id(row, "tenant_id")?,
        other_tenant_id: maybe_id(row, "other_tenant_id")?,
        params: row.maybe_json("params")?.unwrap_or_default(),
        created_by: maybe_id(row, "created_by")?,
        status: row.parse("status")?,
        direction: row.parse("direction")?,
        attempt: row.int("attempt")?,
        crashes: row.int("crashes")?,
        run_after_ms: row.int("run_after_ms")?,
        fence: row.int("fence")?,
        lease_until_ms: row.maybe_int("lease_until_ms")?,
        problem: row.maybe_text("problem")?,
        problem_detail: row.maybe_text("problem_detail")?,
        reference: row.maybe_text("reference")?,
        needs_person: row.flag("needs_person")?,
        created_ms: row.int("created_ms")?,
        started_ms: row.maybe_int("started_ms")?,
        ended_ms: row.maybe_int("ended_ms")?,
    })
}

fn step(row: &Row) -> Result<Step> {
    Ok(Step {
        position: row.int("position")?,
        name: row.text("name")?,
        title: row.text("title")?,
        status: row.parse("status")?,
        attempts: row.int("attempts")?,
        started_ms: row.maybe_int("started_ms")?,
        ended_ms: row.maybe_int("ended_ms")?,
        note: row.maybe_text("note")?,
    })
}

/// What a new job's rows are made from.
#[derive(Debug, Clone)]
pub struct NewJob<'a> {
    /// Identifies it.
    pub id: Uuid,
    /// What it does, such as `provision`.
    pub kind: &'a str,
    /// The tenant that it works on.
    pub tenant_id: Option<Uuid>,
    /// A second tenant that it reads from and holds.
    pub other_tenant_id: Option<Uuid>,
    /// What it was asked for, in its kind's own form.
    pub params: serde_json::Value,
    /// Its steps, as (name, title).
    pub steps: &'a [(String, String)],
    /// Who asked.
    pub created_by: Option<Uuid>,
    /// When, in milliseconds.
    pub created_ms: i64,
}

/// Adds a job with its steps, ready to be claimed, and gives it its tenants. Where another job has one of them, that is
/// a duplicate error ([`super::StoreError::is_duplicate`]): one job at a time has a tenant.
pub async fn add(connection: &mut Connection, new: &NewJob<'_>) -> Result<()> {
    insert(connection, new).await?;
    take_tenants(new.id, new.created_ms).run_or_leave(connection).await?;
    Ok(())
}

/// The same for a tenant that was added in this transaction, and that nobody else can have.
pub async fn add_for_new(connection: &mut Connection, new: &NewJob<'_>) -> Result<()> {
    insert(connection, new).await?;
    take_tenants(new.id, new.created_ms).later(connection).await
}

async fn insert(connection: &mut Connection, new: &NewJob<'_>) -> Result<()> {
    sql("INSERT INTO jobs (id, kind, tenant_id, other_tenant_id, params, run_after_ms, created_by, created_ms)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
    .bind(new.id)
    .bind(new.kind)
    .bind(new.tenant_id)
    .bind(new.other_tenant_id)
    .bind((!new.params.is_null()).then(|| new.params.to_string()))
    .bind(new.created_ms)
    .bind(new.created_by)
    .bind(new.created_ms)
    .later(connection)
    .await?;
    super::steps::add(connection, new.id, new.steps).await
}

/// How many jobs wait for their turn, counted up to a limit.
pub async fn waiting(connection: &mut Connection, limit: u32) -> Result<i64> {
    sql("SELECT COUNT(*) AS n FROM (SELECT 1 FROM jobs WHERE status = 'queued' LIMIT ?) AS waiting")
        .bind(limit)
        .one(connection)
        .await?
        .int("n")
}

/// What became of some jobs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ends {
    /// How many wait or run.
    pub open: i64,
    /// How many have done what they were asked for.
    pub done: i64,
    /// How many have not.
    pub failed: i64,
    /// The first of those, as the tenant's name and what was in the way.
    pub problems: Vec<(String, String)>,
}

/// What became of these jobs, as far as they are known; so many of those that failed are named.
pub async fn ends(connection: &mut Connection, ids: &[Uuid], named: u32) -> Result<Ends> {
    let mut ends = Ends::default();
    for some in ids.chunks(500) {
        let marks = vec!["?"; some.len()].join(", ");
        let mut query =
            sql_of(format!("SELECT status, COUNT(*) AS n FROM jobs WHERE id IN ({marks}) GROUP BY status"));
        let mut failed = sql_of(format!(
            "SELECT t.name, j.problem FROM jobs j JOIN tenants t ON t.id = j.tenant_id WHERE j.id IN ({marks}) AND j.status = 'failed'
             ORDER BY t.name, t.id LIMIT ?"
        ));
        for id in some {
            query = query.bind(*id);
            failed = failed.bind(*id);
        }
        for row in query.all(connection).await? {
            let number = row.int("n")?;
            match row.parse("status")? {
                JobStatus::Queued | JobStatus::Running => ends.open += number,
                JobStatus::Done => ends.done += number,
                JobStatus::Failed => ends.failed += number,
            }
        }
        let left = (named as usize).saturating_sub(ends.problems.len());
        if left > 0 {
            for row in failed.bind(u32::try_from(left).unwrap_or(named)).all(connection).await? {
                ends.problems.push((row.text("name")?, row.maybe_text("problem")?.unwrap_or_default()));
            }
        }
    }
    Ok(ends)
}

/// Gives a job its tenants.
pub(super) fn take_tenants(id: Uuid, now_ms: i64) -> Query {
    sql("INSERT INTO tenant_locks (tenant_id, job_id, taken_ms)
         SELECT tenant_id, id, ? FROM jobs WHERE id = ? AND tenant_id IS NOT NULL
         UNION ALL SELECT other_tenant_id, id, ? FROM jobs WHERE id = ? AND other_tenant_id IS NOT NULL")
    .bind(now_ms)
    .bind(id)
    .bind(now_ms)
    .bind(id)
}

/// Lets go of the tenants of a job.
pub async fn release_tenants(connection: &mut Connection, id: Uuid) -> Result<()> {
    sql("DELETE FROM tenant_locks WHERE job_id = ?").bind(id).later(connection).await?;
    Ok(())
}

/// The job that has a tenant now.
pub async fn holding(connection: &mut Connection, tenant: Uuid) -> Result<Option<Job>> {
    sql("SELECT j.* FROM tenant_locks l JOIN jobs j ON j.id = l.job_id WHERE l.tenant_id = ?")
        .bind(tenant)
        .first(connection)
        .await?
        .as_ref()
        .map(job)
        .transpose()
}

/// A job by its id.
pub async fn find(connection: &mut Connection, id: Uuid) -> Result<Option<Job>> {
    sql("SELECT * FROM jobs WHERE id = ?").bind(id).first(connection).await?.as_ref().map(job).transpose()
}

/// The newest job of a tenant of the scope.
pub async fn newest_of_tenant(
    connection: &mut Connection,
    scope: Scope,
    tenant: Uuid,
) -> Result<Option<Job>> {
    let (within, owner) = scope.and("j.tenant_id");
    sql_of(format!(
        "SELECT * FROM jobs j WHERE j.tenant_id = ?{within} ORDER BY j.created_ms DESC, j.id DESC LIMIT 1"
    ))
    .bind(tenant)
    .bind_some(owner)
    .first(connection)
    .await?
    .as_ref()
    .map(job)
    .transpose()
}

/// The jobs of a tenant that have ended well, newest first.
pub async fn done_of_tenant(connection: &mut Connection, tenant: Uuid) -> Result<Vec<Job>> {
    sql("SELECT * FROM jobs WHERE tenant_id = ? AND status = 'done' ORDER BY created_ms DESC, id DESC LIMIT 200")
        .bind(tenant)
        .all(connection)
        .await?
        .iter()
        .map(job)
        .collect()
}

/// The steps of a job, in order.
pub async fn steps(connection: &mut Connection, id: Uuid) -> Result<Vec<Step>> {
    sql("SELECT * FROM job_steps WHERE job_id = ? ORDER BY position")
        .bind(id)
        .all(connection)
        .await?
        .iter()
        .map(step)
        .collect()
}

/// The newest jobs of the scope, with the name and slug of their tenants.
pub async fn newest(
    connection: &mut Connection,
    scope: Scope,
    limit: u32,
) -> Result<Vec<(Job, Option<(String, String)>)>> {
    let (within, owner) = scope.and("j.tenant_id");
    sql_of(format!(
        "SELECT j.*, t.name AS tenant_name, t.slug AS tenant_slug FROM jobs j LEFT JOIN tenants t ON t.id = j.tenant_id
         WHERE 1 = 1{within} ORDER BY j.created_ms DESC, j.id DESC LIMIT ?"
    ))
    .bind_some(owner)
    .bind(limit)
    .all(connection)
    .await?
    .iter()
    .map(|row| Ok((job(row)?, row.maybe_text("tenant_name")?.zip(row.maybe_text("tenant_slug")?))))
    .collect()
}

/// Jobs of the scope's tenants that wait or run, and that no newer one followed, with the name and slug of the tenants; newest first.
pub async fn going_on(
    connection: &mut Connection,
    scope: Scope,
    limit: u32,
) -> Result<Vec<(Job, String, String)>> {
    of_tenants(connection, scope, "j.status IN ('queued', 'running')", limit).await
}

/// Jobs of the scope's tenants that were given up and that somebody has to decide about: what they had done could not be
/// taken back, or their tenant is of no use without them.
pub async fn stopped(
    connection: &mut Connection,
    scope: Scope,
    limit: u32,
) -> Result<Vec<(Job, String, String)>> {
    let condition = "j.status = 'failed' AND (j.needs_person = 1 OR t.status = 'failed')";
    of_tenants(connection, scope, condition, limit).await
}

async fn of_tenants(
    connection: &mut Connection,
    scope: Scope,
    condition: &'static str,
    limit: u32,
) -> Result<Vec<(Job, String, String)>> {
    let (within, owner) = scope.and("j.tenant_id");
    sql_of(format!(
        "SELECT j.*, t.name AS tenant_name, t.slug AS tenant_slug FROM jobs j JOIN tenants t ON t.id = j.tenant_id
         WHERE {condition}{within} AND NOT EXISTS (SELECT 1 FROM jobs n WHERE n.tenant_id = j.tenant_id AND n.id > j.id)
         ORDER BY j.created_ms DESC, j.id DESC LIMIT ?"
    ))
    .bind_some(owner)
    .bind(limit)
    .all(connection)
    .await?
    .iter()
    .map(|row| Ok((job(row)?, row.text("tenant_name")?, row.text("tenant_slug")?)))
    .collect()
}
