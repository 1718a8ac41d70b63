//! A door: the command line. It turns flags into calls of use cases, and outcomes into text, JSON and exit codes:
//! 0 done, 1 something failed, 2 bad usage or the program cannot start.

mod drift;
mod export;
mod life;
mod output;
mod schema;
mod serve;
mod servers;
mod templates;
mod tenants;
mod users;

use crate::{
    app::App,
    clock::Clock,
    config::{Layer, Settings},
    error::{Error, Kind},
    faults::Faults,
    telemetry,
};
use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Runs the databases of a SaaS in which every tenant has a database of its own.
#[derive(Debug, Parser)]
#[command(name = "tenantry", version, max_term_width = 100)]
struct Arguments {
    #[command(flatten)]
    layer: Layer,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the web application and the workers (this happens without a command, too)
    Serve,
    /// Start only the workers, beside a `serve` on the same control database
    Worker,
    /// Check and import templates
    #[command(subcommand)]
    Templates(templates::Command),
    /// Create, look at and export tenants
    #[command(subcommand)]
    Tenants(tenants::Command),
    /// Add and look at the database servers that tenants are placed on
    #[command(subcommand)]
    Servers(servers::Command),
    /// Look at tenants' structures, and compare them
    #[command(subcommand)]
    Schema(schema::Command),
    /// Find out in which tenants the structure is not what it should be, and decide about it
    #[command(subcommand)]
    Drift(drift::Command),
    /// Invite and look at the people who sign in
    #[command(subcommand)]
    Users(users::Command),
}

/// How a command ended.
enum End {
    Done,
    Failed,
}

/// Why a command could not do its work.
enum Trouble {
    /// The program cannot start, or was called wrongly.
    Usage(String),
    /// A use case said no.
    Error(Error),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Trouble::Error(error)
    }
}

/// Runs the program.
pub fn main() -> ExitCode {
    // clap prints its own sentence and ends with 2 on bad usage, with 0 on --help and --version.
    let arguments = Arguments::parse();
    let settings = match Settings::gather(arguments.layer, std::env::vars()) {
        Ok(settings) => settings,
        Err(bad) => return complain(&bad.to_string()),
    };
    let command = arguments.command.unwrap_or(Command::Serve);
    telemetry::start(settings.log_format, matches!(command, Command::Serve | Command::Worker));
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(cause) => return complain(&format!("The program cannot start its threads: {cause}.")),
    };
    let ended = runtime.block_on(run(settings, command));
    runtime.shutdown_timeout(std::time::Duration::from_secs(5));
    match ended {
        Ok(End::Done) => ExitCode::SUCCESS,
        Ok(End::Failed) => ExitCode::from(1),
        Err(Trouble::Usage(sentence)) => complain(&sentence),
        Err(Trouble::Error(error)) => {
            eprintln!("{error}");
            match error.kind {
                Kind::Invalid => ExitCode::from(2),
                _ => ExitCode::from(1),
            }
        }
    }
}

fn complain(sentence: &str) -> ExitCode {
    eprintln!("{sentence}");
    ExitCode::from(2)
}

async fn run(settings: Settings, command: Command) -> Result<End, Trouble> {
    match command {
        Command::Serve => serve::serve(settings).await,
        Command::Worker => serve::worker(settings).await,
        Command::Templates(command) => {
            let app = open(settings).await?;
            let ended = templates::run(&app, command).await;
            app.store.close().await;
            ended
        }
        Command::Tenants(command) => {
            let app = open(settings).await?;
            let ended = tenants::run(&app, command).await;
            app.store.close().await;
            ended
        }
        Command::Servers(command) => {
            let app = open(settings).await?;
            let ended = servers::run(&app, command).await;
            app.store.close().await;
            ended
        }
        Command::Schema(command) => {
            let app = open(settings).await?;
            let ended = schema::run(&app, command).await;
            app.store.close().await;
            ended
        }
        Command::Drift(command) => {
            let app = open(settings).await?;
            let ended = drift::run(&app, command).await;
            app.store.close().await;
            ended
        }
        Command::Users(command) => {
            let app = open(settings).await?;
            let ended = users::run(&app, command).await;
            app.store.close().await;
            ended
        }
    }
}

async fn open(settings: Settings) -> Result<App, Trouble> {
    App::open(settings, Clock::System, Faults::none())
        .await
        .map_err(|cannot| Trouble::Usage(cannot.to_string()))
}
