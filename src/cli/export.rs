//! `tenantry tenants export`: a tenant's data to a file or to the next program.

use super::{End, Trouble};
use crate::{
    app::App,
    apply::export::{archive::Contents, csv::CsvFor, pouring::Progress},
    error::Error,
    usecases::{
        actor::Actor,
        exports::{self, Wanted},
    },
};
use indicatif::{ProgressBar, ProgressStyle};
use std::{
    fs::File,
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio_util::sync::CancellationToken;

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// Statements that make the tables and fill them again
    Sql,
    /// One table, one line a row; needs --table
    Csv,
    /// Both for all tables, with a manifest; needs --output
    Zip,
}

#[derive(Debug, clap::Args)]
pub(super) struct Export {
    /// The tenant's slug or id
    slug: String,
    /// In which form
    #[arg(long, value_enum)]
    format: Format,
    /// Only this table
    #[arg(long, value_name = "NAME")]
    table: Option<String>,
    /// Make CSV safe and easy for spreadsheets, rather than exact
    #[arg(long)]
    for_spreadsheets: bool,
    /// The file to write; - is the standard output
    #[arg(long, value_name = "FILE", default_value = "-")]
    output: PathBuf,
}

pub(super) async fn run(app: &App, export: Export) -> Result<End, Trouble> {
    let to_file = export.output != Path::new("-");
    let csv_for = if export.for_spreadsheets { CsvFor::Spreadsheets } else { CsvFor::Programs };
    let wanted = match (export.format, export.table) {
        (Format::Zip, Some(_)) => {
            return Err(Trouble::Usage("--format zip holds all tables; leave --table out.".into()));
        }
        (Format::Zip, None) if !to_file => {
            return Err(Trouble::Usage("--format zip needs a file: --output FILE.".into()));
        }
        (Format::Zip, None) => None,
        (Format::Sql, table) => Some(Wanted::Sql(table)),
        (Format::Csv, Some(table)) => Some(Wanted::Csv(table, csv_for)),
        (Format::Csv, None) => {
            return Err(Trouble::Usage(
                "CSV is one table a file: name it with --table, or take all of them with --format zip."
                    .into(),
            ));
        }
    };
    let progress = Arc::new(Progress::default());
    let ended = CancellationToken::new();
    let shown = tokio::spawn(show(Arc::clone(&progress), to_file, ended.clone()));
    let part = to_file.then(|| Part::begin(&export.output));
    let actor = Actor::CommandLine;
    let written = match (wanted, &part) {
        (None, Some(part)) => {
            let contents = Contents { sql: true, csv: true, for_spreadsheets: export.for_spreadsheets };
            exports::stream_archive(app, &actor, &export.slug, contents, part.open()?, progress).await
        }
        (Some(wanted), Some(part)) => {
            exports::stream(app, &actor, &export.slug, wanted, Box::new(part.open()?), progress).await
        }
        (Some(wanted), None) => {
            exports::stream(app, &actor, &export.slug, wanted, Box::new(Pipe), progress).await
        }
        // Refused above.
        (None, None) => return Ok(End::Failed),
    };
    ended.cancel();
    let _ = shown.await;
    let written = written?;
    if let Some(part) = part {
        part.keep()?;
    }
    eprintln!("{} rows of {} tables.", written.rows, written.tables);
    Ok(End::Done)
}

/// The standard output. Where nobody reads it any more, as after `| head`, the rest goes nowhere.
struct Pipe;

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match io::stdout().write(bytes) {
            Err(cause) if cause.kind() == io::ErrorKind::BrokenPipe => Ok(bytes.len()),
            other => other,
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match io::stdout().flush() {
            Err(cause) if cause.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => other,
        }
    }
}

/// A file beside the wanted one, which takes its name when it is whole.
struct Part {
    wanted: PathBuf,
    beside: PathBuf,
    is_kept: bool,
}

impl Part {
    fn begin(wanted: &Path) -> Self {
        let mut beside = wanted.as_os_str().to_owned();
        beside.push(".part");
        Part { wanted: wanted.to_owned(), beside: PathBuf::from(beside), is_kept: false }
    }

    fn open(&self) -> Result<File, Trouble> {
        File::create(&self.beside)
            .map_err(|cause| Trouble::Usage(format!("{} cannot be written: {cause}.", self.beside.display())))
    }

    fn keep(mut self) -> Result<(), Trouble> {
        let kept = File::open(&self.beside)
            .and_then(|file| file.sync_all())
            .and_then(|()| std::fs::rename(&self.beside, &self.wanted));
        kept.map_err(|cause| Error::unavailable("The file could not get its name.", &cause))?;
        self.is_kept = true;
        Ok(())
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.is_kept {
            let _ = std::fs::remove_file(&self.beside);
        }
    }
}

/// A bar on a terminal, where it does not run into the data.
async fn show(progress: Arc<Progress>, to_file: bool, ended: CancellationToken) {
    if !io::stderr().is_terminal() || (!to_file && io::stdout().is_terminal()) {
        return;
    }
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {human_pos}/{human_len} rows {eta}") {
        bar.set_style(style);
    }
    while !ended.is_cancelled() {
        bar.set_length(progress.total());
        bar.set_position(progress.done());
        tokio::select! {
            () = ended.cancelled() => {}
            () = tokio::time::sleep(Duration::from_millis(200)) => {}
        }
    }
    bar.finish_and_clear();
}
