//! Writing a tenant's data into a file, as a job: the file is written aside, and listed when it is whole and on the disk.
//! The same is written without a job for the command line ([`pouring`]).

pub mod archive;
pub mod csv;
pub mod files;
pub mod pouring;

use super::work::{self, Outcome, StepError, StoreResult, Words, Work};
use crate::{
    app::App,
    engine::{EngineError, reading::ReadError},
    store::{
        self, Connection, StoreError,
        events::Doer,
        exports::{Export, ExportFile, ExportState},
        jobs::{Claim, Job, Problem},
        tenants::Tenant,
    },
};
use archive::{About, Contents, Written};
use async_trait::async_trait;
use files::Files;
use pouring::Progress;
use std::{io, sync::Arc};

/// The kind of these jobs. The job's id is the export's.
pub const KIND: &str = "export";

/// See [`work::Kind`].
pub struct ExportTenant;

const WORDS: Words = Words {
    title: "Export a tenant's data",
    going: ("Exporting ", ""),
    done: ("", " is exported"),
    done_sentence: "The file can be downloaded from the tenant's page of exports.",
    undoing: "What was written so far is being removed.",
    failed: "It could not be exported. No half file is left behind, and the tenant itself was not touched.",
    failed_advice: "No half file is left behind, and the tenant itself was not touched. You can try again.",
    stuck: "It could not be exported, and what was written of the file could not be removed.",
};

/// The steps of an export, as (name, title for people).
pub fn steps() -> Vec<(String, String)> {
    vec![
        ("write_export".into(), "Write all tables into one file".into()),
        ("check_export".into(), "Check that the file is whole".into()),
    ]
}

#[async_trait]
impl work::Kind for ExportTenant {
    fn name(&self) -> &'static str {
        KIND
    }

    fn words(&self) -> &'static Words {
        &WORDS
    }

    async fn load(&self, app: &App, job: &Job, claim: Claim) -> Result<Option<Box<dyn Work>>, StoreError> {
        let mut read = app.store.read().await?;
        let Some(export) = store::exports::find(&mut read, job.id).await? else { return Ok(None) };
        let tenant = store::tenants::by_id(&mut read, store::Scope::All, export.tenant_id).await?;
        Ok(tenant.map(|tenant| -> Box<dyn Work> {
            let files = Files::new(&app.settings);
            Box::new(Exporting { app: app.clone(), tenant, export, claim, files })
        }))
    }
}

struct Exporting {
    app: App,
    tenant: Tenant,
    export: Export,
    claim: Claim,
    files: Files,
}

const DAY: i64 = 86_400_000;

impl Exporting {
    async fn write(&self) -> Result<Outcome, StepError> {
        if self.export.state == ExportState::Removed {
            return Err(StepError::lasting("This export was removed. Ask for a new one.", "removed"));
        }
        let contents: Contents = serde_json::from_value(self.export.contents.clone())
            .map_err(|cause| StepError::lasting("What was asked for cannot be read.", cause.to_string()))?;
        let moment_ms = self.app.now_ms();
        let name = Files::name(self.export.id, self.claim.fence);
        let written = self.pour(&name, contents, moment_ms).await;
        let Written { tables, rows } = match written {
            Ok(written) => written,
            Err(cause) => {
                // A half file is of no use to the next try, and may be what fills the disk.
                self.files.remove(self.export.id).map_err(|cause| not_written(&cause))?;
                return Err(cause);
            }
        };
        let mut write = self.app.store.write().await?;
        if !store::jobs::is_ours(&mut write, self.claim).await? {
            return Err(StepError::Stale);
        }
        self.point("written")?;
        let bytes = self.files.finish(&name).map_err(|cause| not_written(&cause))?;
        self.point("named")?;
        let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let file = ExportFile {
            file: name,
            bytes: number(bytes),
            moment_ms,
            tables: number(tables),
            rows: number(rows),
        };
        store::exports::note_file(&mut write, self.export.id, &file).await?;
        write.commit().await?;
        Ok(Outcome::Done(Some(format!("{tables} tables with {rows} rows in all."))))
    }

    /// A test may stop the program here.
    fn point(&self, name: &str) -> Result<(), StepError> {
        self.app.faults.point(&format!("write_export:{name}")).map_err(|_| StepError::Stale)
    }

    async fn pour(&self, name: &str, contents: Contents, moment_ms: i64) -> Result<Written, StepError> {
        let database = self.tenant.database_name.parse().map_err(|detail: String| {
            StepError::lasting("The tenant's database has a name that cannot be used.", detail)
        })?;
        let file = self.files.begin(name).map_err(|cause| not_written(&cause))?;
        let engine = self.app.engines.of(&self.tenant).await?;
        let session = engine.look(&database, self.tenant.id).await.map_err(|cause| not_read(&cause))?;
        let reading = session.read().await.map_err(|cause| not_read(&cause))?;
        let about = About::new(&self.tenant, moment_ms);
        pouring::pour_archive(reading, about, contents, file, Arc::new(Progress::default())).await.map_err(
            |cause| match cause {
                ReadError::Engine(cause) => not_read(&cause),
                ReadError::Sink(cause) if cause.kind() == io::ErrorKind::Interrupted => StepError::Stale,
                ReadError::Sink(cause) => not_written(&cause),
            },
        )
    }

    async fn check(&self) -> Result<Outcome, StepError> {
        let export = store::exports::find(&mut *self.app.store.read().await?, self.export.id).await?;
        let Some(file) = export.and_then(|export| export.file) else {
            return Err(StepError::lasting("The file was never written.", "no file is noted"));
        };
        let path = self.files.path(&file.file);
        let found = self.app.blocking(move || archive::files_in(&path)).await;
        match found
            .map_err(|cause| StepError::lasting("The file could not be checked.", cause.to_string()))?
        {
            Ok((bytes, _)) if i64::try_from(bytes) != Ok(file.bytes) => {
                Err(StepError::lasting("The file changed after it was written.", format!("{bytes} bytes")))
            }
            Ok((_, count)) => Ok(Outcome::Done(Some(format!("{count} files in one zip.")))),
            Err(cause) => Err(StepError::lasting("The file disappeared, or is damaged.", cause.to_string())),
        }
    }
}

fn not_written(cause: &io::Error) -> StepError {
    let plain = match cause.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "The disk is full, so the file could not be written. The half of it was removed. Make room on the disk."
        }
        _ => "The file could not be written. The folder of exports may be read-only.",
    };
    StepError::Failed { may_pass: true, plain: plain.into(), detail: cause.to_string() }
}

fn not_read(cause: &EngineError) -> StepError {
    let plain = match cause {
        EngineError::Stale => return StepError::Stale,
        EngineError::Missing(_) => "The tenant's database is not there, so there is nothing to export.",
        EngineError::Shut(_) => {
            "The tenant is out of use, and its database is shut away. Put it back into use, then export it."
        }
        EngineError::Foreign(_) => {
            "The database under this tenant's name is not this tenant's. It was not read."
        }
        EngineError::Statement { .. } | EngineError::Dangling(_) | EngineError::OutOfReach(_) => {
            "The tenant's database could not be read, or the disk has no room for the copy that is read."
        }
    };
    StepError::Failed { may_pass: cause.may_pass(), plain: plain.into(), detail: cause.to_string() }
}

#[async_trait]
impl Work for Exporting {
    fn tenant(&self) -> &Tenant {
        &self.tenant
    }

    fn words(&self) -> &'static Words {
        &WORDS
    }

    async fn run(&self, step: &str) -> Result<Outcome, StepError> {
        match step {
            "write_export" => self.write().await,
            "check_export" => self.check().await,
            other => Err(StepError::unknown_step(other)),
        }
    }

    async fn undo(&self, step: &str) -> Result<Outcome, StepError> {
        if step == "write_export" {
            self.files.remove(self.export.id).map_err(|cause| not_written(&cause))?;
        }
        Ok(Outcome::Done(None))
    }

    async fn begun(&self, write: &mut Connection) -> StoreResult<()> {
        let from = [ExportState::Failed];
        store::exports::set_state(write, self.export.id, &from, ExportState::Waiting, None).await?;
        Ok(())
    }

    async fn ended(&self, write: &mut Connection, now_ms: i64) -> StoreResult<()> {
        let expires = now_ms + i64::from(self.app.settings.export_days) * DAY;
        let from = [ExportState::Waiting];
        if store::exports::set_state(write, self.export.id, &from, ExportState::Ready, Some(expires)).await? {
            let sentence = "Wrote the export. It can be downloaded.";
            self.record(write, now_ms, "export_ready", sentence).await?;
        }
        Ok(())
    }

    async fn try_failed(&self, _: &mut Connection, _: &Job, _: &Problem, _: i64) -> StoreResult<()> {
        Ok(())
    }

    async fn taken_back(&self, write: &mut Connection, reason: &str, now_ms: i64) -> StoreResult<()> {
        self.failed(write, now_ms, &format!("Could not write the export: {reason}")).await
    }

    async fn stuck(&self, write: &mut Connection, problem: &Problem, now_ms: i64) -> StoreResult<()> {
        let sentence = format!(
            "Could not write the export, and could not remove what there was of it: {} Reference {}.",
            problem.plain, problem.reference
        );
        self.failed(write, now_ms, &sentence).await
    }
}

impl Exporting {
    async fn failed(&self, write: &mut Connection, now_ms: i64, sentence: &str) -> StoreResult<()> {
        let from = [ExportState::Waiting];
        store::exports::set_state(write, self.export.id, &from, ExportState::Failed, None).await?;
        self.record(write, now_ms, "export_failed", sentence).await
    }

    async fn record(
        &self,
        write: &mut Connection,
        now_ms: i64,
        action: &str,
        sentence: &str,
    ) -> StoreResult<()> {
        store::events::record(write, Some(self.tenant.id), now_ms, &Doer::program(), action, sentence).await
    }
}
