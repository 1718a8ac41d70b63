//! Jobs that this process has just added, with their tenants and steps: who claims one of them first need not read what was
//! written a moment ago. A job keeps its tenants to itself from its beginning, so nothing of this changes before that claim.

use super::{
    jobs::{NewJob, Step, StepStatus},
    tenants::Tenant,
};
use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};
use uuid::Uuid;

/// How many are kept at most. Those that another process has claimed stay until then.
const MOST: usize = 64;

/// A job's tenant and its steps.
pub type Known = (Tenant, Vec<Step>);

/// See the module.
#[derive(Debug, Default)]
pub struct Fresh(Mutex<BTreeMap<Uuid, Known>>);

impl Fresh {
    /// Keeps a job that was added.
    pub fn put(&self, job: &NewJob<'_>, tenant: Tenant) {
        let steps = (0_i64..).zip(job.steps).map(|(position, (name, title))| Step {
            position,
            name: name.clone(),
            title: title.clone(),
            status: StepStatus::Waiting,
            attempts: 0,
            started_ms: None,
            ended_ms: None,
            note: None,
        });
        let known = (tenant, steps.collect());
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST {
            kept.clear();
        }
        kept.insert(job.id, known);
    }

    /// Takes a job out that nobody has claimed before.
    pub fn take(&self, job: Uuid) -> Option<Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&job)
    }
}
