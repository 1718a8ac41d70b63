//! `tenantry templates check|import PATH`.

use super::{End, Trouble, output};
use crate::{
    app::App,
    templates::Folder,
    usecases::{
        actor::Actor,
        templates::{self, Fate, Imported},
    },
};
use std::path::PathBuf;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Prove templates on scratch databases, and change nothing
    Check {
        /// A folder of templates, or one template's folder
        path: PathBuf,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Prove templates and import them: all of them, or none
    Import {
        /// A folder of templates, or one template's folder
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
    let open = |path: &PathBuf| {
        Folder::open(path).map_err(|cause| Trouble::Usage(format!("The templates cannot be read: {cause}.")))
    };
    match command {
        Command::Check { path, json } => {
            let results = templates::check(app, &Actor::CommandLine, open(&path)?).await?;
            Ok(print(&results, json))
        }
        Command::Import { path, json } => {
            let results = templates::import(app, &Actor::CommandLine, open(&path)?).await?;
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
            output::line(&format!("{} {version}: {fate}", result.template));
        }
    }
    if results.iter().any(|result| result.fate == Fate::Refused) { End::Failed } else { End::Done }
}
