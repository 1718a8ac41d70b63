//! `tenantry servers add|list|test|drain|remove`.

use super::{End, Trouble, output, tenants::moment};
use crate::{
    app::App,
    error::Error,
    store::servers::Server,
    usecases::{
        actor::Actor,
        servers::{self, ServerForm},
    },
};
use std::{io::Read, path::PathBuf};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Add a database server that tenants are placed on
    Add(Box<Add>),
    /// List the servers with their tenants
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Try a server out: does it answer, and which right is missing?
    Test {
        /// Its name
        name: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Let a server take no new tenants
    Drain {
        /// Its name
        name: String,
        /// Let it take new tenants again
        #[arg(long)]
        undo: bool,
    },
    /// Take a server that no tenant is on out of the list
    Remove {
        /// Its name
        name: String,
    },
}

#[derive(Debug, clap::Args)]
pub(super) struct Add {
    /// A short name, such as eu-1
    name: String,
    /// Its address: mysql://ACCOUNT:PASSWORD@HOST:PORT or postgres://ACCOUNT:PASSWORD@HOST:PORT/DATABASE
    #[arg(long)]
    url: String,
    /// Read the administrator's password from the standard input, so that no list of processes shows it
    #[arg(long)]
    password_stdin: bool,
    /// A label, such as eu
    #[arg(long, default_value = "")]
    region: String,
    /// Tenants at most [default: no bound]
    #[arg(long, default_value = "", hide_default_value = true)]
    capacity: String,
    /// Its share of new tenants: a server of 200 takes twice those of one of 100
    #[arg(long, default_value = "100")]
    weight: String,
    /// Connections at most, for all its tenants together
    #[arg(long, default_value = "20")]
    connections: String,
    /// What each tenant gets: database or (PostgreSQL only) schema, in the database that the URL names
    #[arg(long, default_value = "database")]
    isolation: String,
    /// How connections are protected: off, prefer, require, verify-ca or verify-full [default: prefer]
    #[arg(long, default_value = "", hide_default_value = true)]
    tls: String,
    /// A file with certificates that are believed (PEM)
    #[arg(long, value_name = "FILE")]
    tls_ca: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A server as programs read it.
fn view(server: &Server) -> serde_json::Value {
    let tried = server.tried.as_ref();
    serde_json::json!({
        "name": server.name,
        "engine": server.product.word(),
        "host": server.access.host,
        "port": server.access.port,
        "region": server.room.region,
        "capacity": server.room.capacity,
        "weight": server.room.weight,
        "connections": server.room.connections,
        "isolation": server.isolation.word(),
        "database": server.access.admin_database,
        "tls": server.access.tls_mode.word(),
        "draining": server.is_draining,
        "tenants": server.tenants,
        "product": tried.and_then(|tried| tried.product.clone()),
        "problem": tried.and_then(|tried| tried.problem.clone()),
        "scratch_databases": tried.and_then(|tried| tried.scratch),
        "tested_at": tried.map(|tried| moment(tried.tried_ms)),
    })
}

fn state(server: &Server) -> &'static str {
    if server.is_in_trouble() {
        "in trouble"
    } else if server.is_draining {
        "draining"
    } else if server.is_full() {
        "full"
    } else {
        "ok"
    }
}

pub(super) async fn run(app: &App, command: Command) -> Result<End, Trouble> {
    let actor = Actor::CommandLine;
    match command {
        Command::Add(add) => run_add(app, *add).await,
        Command::List { json } => list(app, json).await,
        Command::Test { name, json } => {
            let server = servers::test(app, &actor, &name).await?;
            say(&server, json);
            Ok(if server.is_in_trouble() { End::Failed } else { End::Done })
        }
        Command::Drain { name, undo } => {
            servers::set_draining(app, &actor, &name, !undo).await?;
            output::line(&if undo {
                format!("{name} takes new tenants again.")
            } else {
                format!("{name} takes no new tenants from now on. Those that are there stay.")
            });
            Ok(End::Done)
        }
        Command::Remove { name } => {
            servers::remove(app, &actor, &name).await?;
            output::line(&format!("{name} is not in the list any more. Nothing on it was touched."));
            Ok(End::Done)
        }
    }
}

/// Says how a server was when it was tried.
fn say(server: &Server, json: bool) {
    if json {
        return output::json(&view(server));
    }
    let Some(tried) = &server.tried else { return };
    let product = tried.product.as_deref().unwrap_or("the server");
    match &tried.problem {
        None => output::line(&format!("{} answers: {product}. Nothing is missing.", server.name)),
        Some(problem) => output::line(&format!("{} cannot be used ({product}):\n{problem}", server.name)),
    }
}

/// Names the flag in front of what is wrong with it.
fn with_flags(error: Error) -> Trouble {
    if error.fields.is_empty() {
        return Trouble::Error(error);
    }
    let lines: Vec<String> = error
        .fields
        .iter()
        .map(|(field, text)| match *field {
            "name" => format!("NAME: {text}"),
            "trial" => text.clone(),
            "product" | "host" | "port" | "admin_name" | "admin_password" | "admin_database" => {
                format!("--url: {text}")
            }
            "tls_mode" => format!("--tls: {text}"),
            "tls_authority" => format!("--tls-ca: {text}"),
            field => format!("--{field}: {text}"),
        })
        .collect();
    Trouble::Usage(lines.join("\n"))
}

async fn run_add(app: &App, add: Add) -> Result<End, Trouble> {
    let tls_authority = match &add.tls_ca {
        Some(path) => std::fs::read_to_string(path).map_err(|cause| {
            Trouble::Usage(format!("--tls-ca: {} cannot be read: {cause}.", path.display()))
        })?,
        None => String::new(),
    };
    let form = ServerForm {
        name: add.name,
        region: add.region,
        capacity: add.capacity,
        weight: add.weight,
        connections: add.connections,
        isolation: add.isolation,
        tls_mode: add.tls,
        tls_authority,
        ..ServerForm::default()
    };
    let mut form = form.with_url(&add.url).map_err(|problem| Trouble::Usage(format!("--url: {problem}")))?;
    if add.password_stdin {
        let mut text = String::new();
        std::io::stdin()
            .read_to_string(&mut text)
            .map_err(|cause| Trouble::Usage(format!("The password cannot be read: {cause}.")))?;
        text.trim_end_matches(['\r', '\n']).clone_into(&mut form.admin_password);
    }
    let server = servers::add(app, &Actor::CommandLine, &form).await.map_err(with_flags)?;
    say(&server, add.json);
    Ok(End::Done)
}

async fn list(app: &App, json: bool) -> Result<End, Trouble> {
    let found = servers::list(app, &Actor::CommandLine).await?;
    if json {
        let items: Vec<_> = found.iter().map(view).collect();
        output::json(&serde_json::json!({ "items": items }));
        return Ok(End::Done);
    }
    let rows: Vec<Vec<String>> = found
        .iter()
        .map(|server| {
            vec![
                server.name.clone(),
                server.product.word().to_owned(),
                format!("{}:{}", server.access.host, server.access.port),
                server.room.region.clone().unwrap_or_else(|| "-".into()),
                servers::places(server),
                state(server).to_owned(),
            ]
        })
        .collect();
    output::table(&["NAME", "ENGINE", "ADDRESS", "REGION", "TENANTS", "STATE"], &rows);
    Ok(End::Done)
}
