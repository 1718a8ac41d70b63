//! What the jobs on tenants that are there already stand on.

use super::work::StepError;
use crate::{
    app::App,
    engine::{DatabaseName, Engine, TenantLock},
    engines::NoEngine,
    store::{
        self, Connection, Scope, StoreError,
        events::Doer,
        jobs::{Claim, Job},
        tenants::Tenant,
    },
};
use std::{path::PathBuf, sync::Arc};

/// A claimed job with its tenant.
pub(super) struct Ground {
    /// The program.
    pub app: App,
    /// The job.
    pub job: Job,
    /// The tenant that it works on, as it was when the job was claimed.
    pub tenant: Tenant,
    /// The claim.
    pub claim: Claim,
    /// The engine that the tenant lives on.
    engine: Result<Arc<dyn Engine>, NoEngine>,
}

/// Where copies of tenants' databases are.
pub fn snapshots_folder(app: &App) -> PathBuf {
    app.settings.data_dir.join("snapshots")
}

impl Ground {
    /// Gets it ready; `None` where the tenant is gone.
    pub async fn load(app: &App, job: &Job, claim: Claim) -> Result<Option<Ground>, StoreError> {
        let Some(id) = job.tenant_id else { return Ok(None) };
        let tenant = store::tenants::by_id(&mut *app.store.read().await?, Scope::All, id).await?;
        let Some(tenant) = tenant else { return Ok(None) };
        let engine = app.engines.of(&tenant).await;
        Ok(Some(Ground { app: app.clone(), job: job.clone(), tenant, claim, engine }))
    }

    /// The engine that the tenant lives on.
    pub fn engine(&self) -> Result<&dyn Engine, NoEngine> {
        self.engine.as_ref().map(AsRef::as_ref).map_err(Clone::clone)
    }

    pub fn lock(&self) -> TenantLock {
        TenantLock { tenant_id: self.tenant.id, job_id: self.claim.job_id, fence: self.claim.fence }
    }

    pub fn name(&self) -> Result<DatabaseName, StepError> {
        database_name(&self.tenant)
    }

    /// What the job was asked for, in its kind's own form.
    pub fn params<T: serde::de::DeserializeOwned>(&self) -> Result<T, StepError> {
        serde_json::from_value(self.job.params.clone()).map_err(|cause| {
            StepError::lasting("This job was asked for by another version of the program.", cause.to_string())
        })
    }

    /// Adds to the tenant's history, as the program's doing.
    pub async fn record(
        &self,
        write: &mut Connection,
        now_ms: i64,
        action: &str,
        sentence: &str,
    ) -> Result<(), StoreError> {
        store::events::record(write, Some(self.tenant.id), now_ms, &Doer::program(), action, sentence).await
    }
}

/// The name of a tenant's database.
pub(super) fn database_name(tenant: &Tenant) -> Result<DatabaseName, StepError> {
    tenant.database_name.parse().map_err(|detail: String| {
        StepError::lasting("The tenant's database has a name that cannot be used.", detail)
    })
}

/// Steps as rows have them.
pub(super) fn steps(all: &[(&str, &str)]) -> Vec<(String, String)> {
    all.iter().map(|(name, title)| ((*name).to_owned(), (*title).to_owned())).collect()
}
