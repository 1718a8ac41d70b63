//! Writing on a thread of its own: packing keeps a core busy and the disk makes it wait, and neither may hold up others.

use super::archive::{self, About, Contents, Written};
use super::csv::CsvFor;
use crate::engine::{
    Reading,
    reading::{ReadError, ReadTable},
};
use std::{
    fs::File,
    io::{self, BufWriter, Write},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

/// How far the writing is, and the way to stop it. Shared by the writer and whoever watches.
#[derive(Debug, Default)]
pub struct Progress {
    total: AtomicU64,
    done: AtomicU64,
    stopped: AtomicBool,
}

impl Progress {
    /// Rows to write in all; 0 before that is known.
    pub fn total(&self) -> u64 {
        self.total.load(Ordering::Relaxed)
    }

    /// Rows written.
    pub fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    /// Ends the writing at the next row.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    fn pass(&self) -> io::Result<()> {
        if self.stopped.load(Ordering::Relaxed) {
            return Err(io::Error::new(io::ErrorKind::Interrupted, "nobody waits for it any more"));
        }
        self.done.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

/// Stops the writing when whoever waits for it goes away.
struct StopOnDrop(Arc<Progress>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.stop();
    }
}

/// What to write.
#[derive(Debug, Clone)]
pub enum Form {
    /// A dump of everything, or of one table.
    Sql(Option<ReadTable>),
    /// One table as CSV.
    Csv(ReadTable, CsvFor),
}

/// Writes one text to `out`.
pub async fn pour(
    mut reading: Box<dyn Reading>,
    about: About,
    form: Form,
    out: Box<dyn Write + Send>,
    progress: Arc<Progress>,
) -> Result<Written, ReadError> {
    on_own_thread(Arc::clone(&progress), async move {
        let mut out = BufWriter::with_capacity(64 * 1024, out);
        let tables = match &form {
            Form::Sql(Some(table)) | Form::Csv(table, _) => std::slice::from_ref(table),
            Form::Sql(None) => reading.tables(),
        };
        progress.total.store(tables.iter().map(|table| table.rows).sum(), Ordering::Relaxed);
        let tables = u64::try_from(tables.len()).unwrap_or_default();
        let watch = &mut || progress.pass();
        let rows = match &form {
            Form::Sql(only) => {
                let heading = archive::heading(&about);
                archive::write_sql(reading.as_mut(), &heading, only.as_ref(), &mut out, watch).await?
            }
            Form::Csv(table, csv_for) => {
                archive::write_csv(reading.as_mut(), table, *csv_for, &mut out, watch).await?
            }
        };
        out.flush()?;
        reading.close().await;
        Ok(Written { tables, rows })
    })
    .await
}

/// Writes the whole zip to a file, and has it on the disk before it answers.
pub async fn pour_archive(
    mut reading: Box<dyn Reading>,
    about: About,
    contents: Contents,
    file: File,
    progress: Arc<Progress>,
) -> Result<Written, ReadError> {
    on_own_thread(Arc::clone(&progress), async move {
        let once: u64 = reading.tables().iter().map(|table| table.rows).sum();
        let times = u64::from(contents.sql) + u64::from(contents.csv);
        progress.total.store(once * times, Ordering::Relaxed);
        let watch = &mut || progress.pass();
        let (file, written) = archive::write(reading.as_mut(), &about, contents, file, watch).await?;
        file.sync_all()?;
        reading.close().await;
        Ok(written)
    })
    .await
}

async fn on_own_thread<T: Send + 'static>(
    progress: Arc<Progress>,
    work: impl Future<Output = Result<T, ReadError>> + Send + 'static,
) -> Result<T, ReadError> {
    let _stop = StopOnDrop(progress);
    let runtime = tokio::runtime::Handle::current();
    match tokio::task::spawn_blocking(move || runtime.block_on(work)).await {
        Ok(ended) => ended,
        Err(cause) => Err(ReadError::Sink(io::Error::other(cause))),
    }
}
