//! `tenantry schema show|diff`.

use super::{End, Trouble, output};
use crate::{
    app::App,
    schema::Schema,
    usecases::{actor::Actor, drift},
};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Print a tenant's structure as it is now, as SQL in the words of templates
    Show {
        /// Its slug or id
        slug: String,
        /// Print the model as JSON
        #[arg(long)]
        json: bool,
        /// Print what it should be, not what it is
        #[arg(long)]
        expected: bool,
    },
    /// Print how two tenants' structures differ, or a tenant's from what it should be; ends with 1 where they do
    Diff {
        /// The tenant whose structure counts as right
        slug: String,
        /// The other tenant
        #[arg(required_unless_present = "expected", conflicts_with = "expected")]
        other: Option<String>,
        /// Compare the tenant with what it should be
        #[arg(long)]
        expected: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

fn say(schema: &Schema, json: bool) {
    if json {
        output::json(&serde_json::json!({ "schema_hash": schema.fingerprint(), "schema": schema }));
    } else {
        output::line(&drift::compared(schema, schema).0);
    }
}

pub(super) async fn run(app: &App, command: Command) -> Result<End, Trouble> {
    let actor = Actor::CommandLine;
    match command {
        Command::Show { slug, json, expected } => {
            let (_, should_be, found) = drift::schemas(app, &actor, &slug).await?;
            say(if expected { &should_be } else { &found }, json);
            Ok(End::Done)
        }
        Command::Diff { slug, other, json, .. } => {
            let (one, two) = match other {
                None => {
                    let (_, expected, found) = drift::schemas(app, &actor, &slug).await?;
                    (expected, found)
                }
                Some(other) => {
                    let ((_, one), (_, two)) = drift::two_schemas(app, &actor, &slug, &other).await?;
                    (one, two)
                }
            };
            let differences = drift::compared(&one, &two).1;
            if json {
                output::json(&serde_json::json!({ "items": differences }));
            } else if differences.is_empty() {
                output::line("They are the same.");
            } else {
                for difference in &differences {
                    output::line(&difference.sentence);
                }
            }
            Ok(if differences.is_empty() { End::Done } else { End::Failed })
        }
    }
}
