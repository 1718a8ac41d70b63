//! A control database with many tenants, as their making would have left it, without making their files.

use crate::place;
use std::ops::Range;
use tenantry::{
    apply::provision,
    store::{
        self, Store,
        events::{self, Doer},
        invitations,
        jobs::{self, Claim, JobStatus, NewJob, StepStatus},
        new_tenant::{self, NewTenant},
        steps::Ended,
        templates::{Module, TemplateVersion},
        tenants::{self, Plan, Status},
    },
};
use uuid::Uuid;

/// Adds tenants with their jobs, steps, events, history and invitations.
pub async fn tenants(store: &Store, version: &TemplateVersion, modules: &[Module], numbers: Range<usize>) {
    let steps: Vec<(String, String)> =
        modules.iter().map(|module| (module.name.clone(), module.title.clone())).collect();
    let steps = provision::steps(&steps);
    let numbers: Vec<usize> = numbers.collect();
    for some in numbers.chunks(500) {
        let mut write = store.write().await.unwrap();
        for number in some.iter().copied() {
            let (id, job_id) = (Uuid::now_v7(), Uuid::now_v7());
            let at = 1_764_000_000_000 + i64::try_from(number).unwrap() * 1_000;
            let slug = format!("fleet-{number}");
            let new = NewTenant {
                id,
                name: format!("{} {number}", place::name(number)),
                database_name: format!("fleet_{number}"),
                slug,
                email: format!("owner{number}@example.org"),
                note: None,
                plan: Plan::ALL[number % 3],
                template_id: version.id,
                template_version: version.version.clone(),
                modules: Vec::new(),
                engine: "sqlite".into(),
                server_id: None,
                request_id: Some(Uuid::new_v4()),
                created_by: None,
                created_ms: at,
            };
            new_tenant::add(&mut write, &new).await.unwrap();
            let job = NewJob {
                id: job_id,
                kind: provision::KIND,
                tenant_id: Some(id),
                other_tenant_id: None,
                params: serde_json::Value::Null,
                steps: &steps,
                created_by: None,
                created_ms: at,
            };
            jobs::add(&mut write, &job).await.unwrap();
            // One in a hundred could not be made.
            let (status, job) = if number % 100 == 99 {
                (Status::Failed, JobStatus::Failed)
            } else {
                (Status::Active, JobStatus::Done)
            };
            tenants::set_status(&mut write, id, &[Status::Pending], status).await.unwrap();
            tenants::set_ready_moment(&mut write, id, at + 20).await.unwrap();
            tenants::set_schema(&mut write, id, &version.source_hash, "{}", at).await.unwrap();
            let claim = Claim { job_id, fence: 0 };
            jobs::end(&mut write, claim, job, false, at + 20).await.unwrap();
            let ended: Vec<Ended> = (0_i64..)
                .zip(&steps)
                .map(|(position, _)| Ended {
                    position,
                    status: StepStatus::Done,
                    note: None,
                    started_ms: at,
                    ended_ms: at + 20,
                })
                .collect();
            store::steps::end_all(&mut write, claim, &ended).await.unwrap();
            let doer = Doer::program();
            events::record(&mut write, Some(id), at, &doer, "tenant_created", "Asked for the tenant.")
                .await
                .unwrap();
            events::record(&mut write, Some(id), at + 20, &doer, "tenant_ready", "The tenant is ready.")
                .await
                .unwrap();
            tenants::add_history(&mut write, id, "ngo 1.0.0", true, 20, &["users".into()], "Made")
                .await
                .unwrap();
            invitations::ensure(&mut write, Uuid::now_v7(), id, &new.email, at).await.unwrap();
        }
        write.commit().await.unwrap();
    }
}
