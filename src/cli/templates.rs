//! `tenantry templates check|import PATH`.

use super::{End, Trouble, output};
use crate::{
    app::App,
    sql::hazards::Hazard,
    templates::{Folder, archive::LARGEST_ARCHIVE, report::printable},
    usecases::{
        actor::Actor,
        templates::{self, Fate, Imported},
    },
};
use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Prove templates on scratch databases, and change nothing
    Check {
        /// A folder of templates, one template's folder, or a zip of either
        path: PathBuf,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Prove templates and import them: all of them, or none
    Import {
        /// A folder of templates, one template's folder, or a zip of either
        path: PathBuf,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// List the templates that were imported
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

pub(super) async fn run(app: &App, command: Command) -> Result<End, Trouble> {
    let actor = Actor::CommandLine;
    match command {
        Command::Check { path, json } => {
            let results = match open(&path)? {
                Given::Folder(folder) => templates::check(app, &actor, folder).await?,
                Given::Zip(name, bytes) => templates::check_zip(app, &actor, &name, bytes).await?,
            };
            Ok(print(&results, json))
        }
        Command::Import { path, json } => {
            let results = match open(&path)? {
                Given::Folder(folder) => templates::import(app, &actor, folder).await?,
                Given::Zip(name, bytes) => templates::import_zip(app, &actor, &name, bytes).await?,
            };
            Ok(print(&results, json))
        }
        Command::List { json } => {
            templates::import_at_start(app).await?;
            let all = templates::list(app, &Actor::CommandLine).await?;
            if json {
                let items: Vec<_> = all
                    .iter()
                    .map(|(version, tenants)| {
                        serde_json::json!({
                            "template": version.template_type, "version": version.version, "name": version.name,
                            "description": version.description, "is_active": version.is_active,
                            "is_locked": version.is_locked, "tenants": tenants,
                            "published_by": version.published_by, "note": version.note,
                        })
                    })
                    .collect();
                output::json(&serde_json::json!({ "items": items }));
            } else {
                let rows: Vec<Vec<String>> = all
                    .iter()
                    .map(|(version, tenants)| {
                        vec![
                            version.template_type.clone(),
                            version.version.clone(),
                            tenants.to_string(),
                            version.name.clone(),
                        ]
                    })
                    .collect();
                output::table(&["TEMPLATE", "VERSION", "TENANTS", "NAME"], &rows);
            }
            Ok(End::Done)
        }
    }
}

/// What a path on the command line is.
enum Given {
    Folder(Folder),
    /// Its name and its bytes.
    Zip(String, Vec<u8>),
}

fn open(path: &Path) -> Result<Given, Trouble> {
    let unreadable =
        |cause: &dyn std::fmt::Display| Trouble::Usage(format!("The templates cannot be read: {cause}."));
    if !path.is_file() {
        return Folder::open(path).map(Given::Folder).map_err(|cause| unreadable(&cause));
    }
    // One byte more than may be there is enough to see that it is too large.
    let limit = u64::try_from(LARGEST_ARCHIVE + 1).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(limit).read_to_end(&mut bytes))
        .map_err(|cause| unreadable(&format!("{}: {cause}", path.display())))?;
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    Ok(Given::Zip(name, bytes))
}

/// A hazard as a finding of its file, with the advice below it.
fn print_hazard(file: &str, hazard: &Hazard) {
    let line = hazard.line.map(|line| format!(":{line}")).unwrap_or_default();
    let found = format!("{file}{line}: {}: {}", hazard.class.word().to_lowercase(), hazard.sentence);
    output::line(&printable(&found));
    output::line(&format!("    {}", hazard.advice));
}

fn print(results: &[Imported], json: bool) -> End {
    if json {
        output::json(&serde_json::json!({ "items": results }));
    } else {
        for result in results {
            let version = result.version.as_deref().unwrap_or("?");
            let fate = match result.fate {
                Fate::Imported => "imported",
                Fate::Unchanged => "is there already, unchanged",
                Fate::Proven => "works",
                Fate::Refused => "not imported",
            };
            for finding in &result.report.problems {
                output::line(&finding.to_string());
            }
            for finding in &result.report.warnings {
                output::line(&format!("warning: {finding}"));
            }
            for migration in &result.hazards {
                for hazard in &migration.hazards {
                    print_hazard(&migration.file, hazard);
                }
            }
            output::line(&format!("{} {version}: {fate}", result.template));
        }
    }
    if results.iter().any(|result| result.fate == Fate::Refused) { End::Failed } else { End::Done }
}
