//! All steps of a job at once, in one statement each: what `jobs` does for a single step.

use super::{
    db::{Connection, Result, Value, sql, sql_of},
    jobs::{Claim, StepStatus},
};
use uuid::Uuid;

/// How a step went, for its row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// Its place.
    pub position: i64,
    /// Done or skipped.
    pub status: StepStatus,
    /// What is worth knowing about it.
    pub note: Option<String>,
    /// When it began, in milliseconds.
    pub started_ms: i64,
    /// When it ended.
    pub ended_ms: i64,
}

/// Adds the steps of a new job, as (name, title), in order.
pub async fn add(connection: &mut Connection, job: Uuid, steps: &[(String, String)]) -> Result<()> {
    if steps.is_empty() {
        return Ok(());
    }
    let rows = vec!["(?, ?, ?, ?)"; steps.len()].join(", ");
    let mut query = sql_of(format!("INSERT INTO job_steps (job_id, position, name, title) VALUES {rows}"));
    for (position, (name, title)) in (0_i64..).zip(steps) {
        query = query.bind(job).bind(position).bind(name).bind(title);
    }
    query.later(connection).await?;
    Ok(())
}

/// Notes that all steps begin.
pub async fn begin_all(connection: &mut Connection, claim: Claim, now_ms: i64) -> Result<()> {
    sql("UPDATE job_steps SET status = 'running', attempts = attempts + 1, started_ms = ? WHERE job_id = ?")
        .bind(now_ms)
        .bind(claim.job_id)
        .later(connection)
        .await?;
    Ok(())
}

/// Notes that none of the steps has begun after all.
pub async fn wait_all(connection: &mut Connection, claim: Claim) -> Result<()> {
    sql("UPDATE job_steps SET status = 'waiting', attempts = 0, started_ms = NULL WHERE job_id = ?")
        .bind(claim.job_id)
        .run(connection)
        .await?;
    Ok(())
}

/// Notes how all steps ended.
pub async fn end_all(connection: &mut Connection, claim: Claim, steps: &[Ended]) -> Result<()> {
    if steps.is_empty() {
        return Ok(());
    }
    let cases = "WHEN ? THEN ? ".repeat(steps.len());
    let by_place = |column: &str| format!("{column} = CASE position {cases}ELSE {column} END");
    let columns = ["status", "note", "started_ms", "ended_ms"].map(by_place).join(", ");
    let mut query = sql_of(format!("UPDATE job_steps SET {columns} WHERE job_id = ?"));
    let values: [fn(&Ended) -> Value; 4] = [
        |step| step.status.word().into(),
        |step| step.note.clone().into(),
        |step| step.started_ms.into(),
        |step| step.ended_ms.into(),
    ];
    for value in values {
        for step in steps {
            query = query.bind(step.position).bind_value(value(step));
        }
    }
    query.bind(claim.job_id).later(connection).await?;
    Ok(())
}
