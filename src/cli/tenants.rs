//! `tenantry tenants create|list|show`; what is done to tenants afterwards is in `life` and `export`.

use super::{End, Trouble, life, output};
use crate::{
    app::App,
    apply::placement::Wish,
    error::Error,
    store::{
        jobs::{JobStatus, StepStatus},
        tenant_list::{Filter, Sort},
        tenants::{Plan, Status, Tenant},
    },
    usecases::{
        actor::Actor,
        tenants::{self, CreateForm},
    },
    worker,
};
use indicatif::{ProgressBar, ProgressStyle};
use std::{collections::BTreeMap, io::IsTerminal, time::Duration};
use tokio_util::sync::CancellationToken;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Create a tenant
    Create(Create),
    /// List tenants, newest first
    List(List),
    /// Show one tenant
    Show {
        /// Its slug or id
        slug: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Write a tenant's data out, as it is now
    Export(super::export::Export),
    /// Give a tenant another name
    Rename(life::Rename),
    /// Give a tenant another plan
    SetPlan(life::SetPlan),
    /// Pause a tenant: its application can neither read nor write
    Suspend(life::One),
    /// Put a paused tenant back into use
    Resume(life::One),
    /// Take a tenant out of use and keep it as a compact file
    Archive(life::One),
    /// Put an archived tenant back into use
    Unarchive(life::One),
    /// Make a new tenant with the data of another
    Clone(life::CloneOf),
    /// Take a copy of a tenant's database
    Snapshot(life::Take),
    /// List the snapshots of a tenant
    Snapshots(life::Snapshots),
    /// Make a new tenant from a snapshot, or put it in place of what the tenant has now (--over)
    Restore(life::Restore),
    /// Put a tenant out of reach, to be removed for good after some days
    Delete(life::Delete),
    /// Keep a deleted tenant after all
    Undelete(life::One),
    /// Print the password of a tenant's account on its server; this works once
    Password {
        /// Its slug or id
        slug: String,
    },
    /// Give a tenant's account on its server a new password
    NewPassword(life::One),
    /// Try what failed again
    Retry(life::One),
    /// Remove what is left of a tenant that could not be made
    Undo(life::One),
}

#[derive(Debug, clap::Args)]
pub(super) struct Create {
    /// Its name
    #[arg(long)]
    name: String,
    /// The owner's e-mail
    #[arg(long)]
    email: String,
    /// A note about it, for the staff
    #[arg(long, default_value = "")]
    note: String,
    /// The template type, such as ngo
    #[arg(long)]
    template: String,
    /// basic, premium or enterprise
    #[arg(long, default_value = "basic")]
    plan: String,
    /// An optional module; what it needs is added (repeat for more)
    #[arg(long = "module", value_name = "NAME")]
    modules: Vec<String>,
    /// Place it on this server (see `tenantry servers list`)
    #[arg(long, conflicts_with_all = ["engine", "region"])]
    server: Option<String>,
    /// Place it on a server of this engine, or inside this program: sqlite, mariadb or postgres
    #[arg(long)]
    engine: Option<String>,
    /// Place it on a server with this label
    #[arg(long)]
    region: Option<String>,
    /// Work until the tenant is ready
    #[arg(long)]
    wait: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct List {
    /// Part of the name, slug or owner's e-mail
    #[arg(long)]
    search: Option<String>,
    /// Only this state
    #[arg(long)]
    status: Option<Status>,
    /// Only this template type
    #[arg(long)]
    template: Option<String>,
    /// Only this plan
    #[arg(long)]
    plan: Option<Plan>,
    /// At most so many
    #[arg(long, default_value_t = 1000)]
    limit: u32,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A tenant as programs read it.
pub(super) fn view(tenant: &Tenant) -> serde_json::Value {
    serde_json::json!({
        "id": tenant.id,
        "name": tenant.name,
        "slug": tenant.slug,
        "email": tenant.email,
        "status": tenant.status.word(),
        "template": tenant.template_type,
        "template_version": tenant.template_version,
        "modules": tenant.modules,
        "plan": tenant.plan.word(),
        "engine": tenant.engine,
        "server": tenant.server_name,
        "database_name": tenant.database_name,
        "schema_hash": tenant.schema_hash,
        "created_at": moment(tenant.created_ms),
        "active_at": tenant.active_ms.map(moment),
    })
}

/// A moment as RFC 3339.
pub(super) fn moment(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms).unwrap_or_default().to_string()
}

pub(super) async fn run(app: &App, command: Command) -> Result<End, Trouble> {
    match command {
        Command::Create(create) => run_create(app, create).await,
        Command::List(list) => run_list(app, list).await,
        Command::Export(export) => super::export::run(app, export).await,
        Command::Rename(rename) => life::rename(app, rename).await,
        Command::SetPlan(set) => life::set_plan(app, set).await,
        Command::Suspend(one) => life::suspend(app, one).await,
        Command::Resume(one) => life::resume(app, one).await,
        Command::Archive(one) => life::archive(app, one).await,
        Command::Unarchive(one) => life::unarchive(app, one).await,
        Command::Clone(clone) => life::clone_of(app, clone).await,
        Command::Snapshot(take) => life::snapshot(app, take).await,
        Command::Snapshots(list) => life::snapshots(app, list).await,
        Command::Restore(restore) => life::restore(app, restore).await,
        Command::Delete(delete) => life::delete(app, delete).await,
        Command::Undelete(one) => life::undelete(app, one).await,
        Command::Password { slug } => life::password(app, &slug).await,
        Command::NewPassword(one) => life::new_password(app, one).await,
        Command::Retry(one) => life::retry(app, one).await,
        Command::Undo(one) => life::undo(app, one).await,
        Command::Show { slug, json } => {
            let tenant = tenants::find(app, &Actor::CommandLine, &slug).await?;
            if json {
                output::json(&view(&tenant));
            } else {
                for (label, value) in facts(&tenant) {
                    output::line(&format!("{label:<12} {value}"));
                }
            }
            Ok(End::Done)
        }
    }
}

fn facts(tenant: &Tenant) -> Vec<(&'static str, String)> {
    vec![
        ("Name", tenant.name.clone()),
        ("Slug", tenant.slug.clone()),
        ("Id", tenant.id.to_string()),
        ("State", tenant.status.word().into()),
        ("Template", format!("{} {}", tenant.template_type, tenant.template_version)),
        ("Modules", if tenant.modules.is_empty() { "(core only)".into() } else { tenant.modules.join(", ") }),
        ("Plan", tenant.plan.to_string()),
        ("Owner", tenant.email.clone()),
        ("Database", format!("{} ({})", tenant.database_name, tenant.engine)),
        ("Server", tenant.server_name.clone().unwrap_or_else(|| "beside Tenantry itself".into())),
        ("Created", moment(tenant.created_ms)),
    ]
}

async fn run_create(app: &App, create: Create) -> Result<End, Trouble> {
    if create.template.trim().is_empty() {
        return Err(Trouble::Usage("--template names no template.".into()));
    }
    let built_in = crate::usecases::templates::import_at_start(app).await?;
    for broken in built_in.iter().filter(|result| !result.report.is_clean()) {
        eprintln!("{}", broken.report);
    }
    let form = CreateForm {
        name: create.name,
        email: create.email,
        note: create.note,
        plan: create.plan,
        template: create.template,
        modules: create.modules,
        place: place(create.server, create.engine.as_deref(), create.region)?,
        request_id: None,
    };
    let created = tenants::create(app, &Actor::CommandLine, form).await.map_err(with_flags)?;
    let mut tenant = created.tenant;
    if create.wait {
        tenant = wait(app, tenant, create.json).await?;
    }
    if create.json {
        output::json(&view(&tenant));
    } else {
        output::line(&format!(
            "{} is {} as {} ({}).",
            tenant.name,
            tenant.status.word(),
            tenant.slug,
            tenant.id
        ));
        if !create.wait {
            output::line("A running `tenantry serve` makes its database; --wait makes it here.");
        }
    }
    Ok(if tenant.status == Status::Failed { End::Failed } else { End::Done })
}

/// Where a tenant is wanted, as the form has it.
fn place(server: Option<String>, engine: Option<&str>, region: Option<String>) -> Result<String, Trouble> {
    let wish = match (server, engine, region) {
        (Some(name), _, _) => Wish::Server(name),
        (None, None, None) => Wish::Anywhere,
        (None, Some("sqlite"), None) => Wish::Own,
        (None, Some("sqlite"), Some(_)) => {
            return Err(Trouble::Usage("--region goes with servers, and --engine sqlite is none.".into()));
        }
        (None, Some(word), region) => {
            let product = word.parse().map_err(|_| {
                Trouble::Usage(format!("--engine is {word:?}; it takes sqlite, mariadb or postgres."))
            })?;
            Wish::Among { product: Some(product), region }
        }
        (None, None, region) => Wish::Among { product: None, region },
    };
    Ok(wish.to_string())
}

/// Names the flag at each message, where a page would show it at the field.
fn with_flags(mut error: Error) -> Error {
    let flags: BTreeMap<&str, &str> = BTreeMap::from([
        ("name", "--name"),
        ("email", "--email"),
        ("note", "--note"),
        ("plan", "--plan"),
        ("template", "--template"),
        ("modules", "--module"),
        ("place", "--server, --engine, --region"),
    ]);
    if !error.fields.is_empty() {
        let lines: Vec<String> = error
            .fields
            .iter()
            .map(|(field, text)| format!("{}: {text}", flags.get(field).copied().unwrap_or(field)))
            .collect();
        error.message = lines.join("\n");
    }
    error
}

/// Works on the tenant's job, or waits where another process has it, and shows the steps.
pub(super) async fn wait(app: &App, tenant: Tenant, quiet: bool) -> Result<Tenant, Trouble> {
    let stop = CancellationToken::new();
    let on_terminal = std::io::stderr().is_terminal() && !quiet;
    let bar = if on_terminal { ProgressBar::new(0) } else { ProgressBar::hidden() };
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}") {
        bar.set_style(style);
    }
    let mut said = 0;
    loop {
        let (now, making) = tenants::making(app, &Actor::CommandLine, &tenant.slug).await?;
        let Some((job, steps)) = making else { return Ok(now) };
        let done =
            steps.iter().filter(|step| matches!(step.status, StepStatus::Done | StepStatus::Skipped)).count();
        bar.set_length(u64::try_from(steps.len()).unwrap_or_default());
        bar.set_position(u64::try_from(done).unwrap_or_default());
        if let Some(step) = steps.get(done) {
            bar.set_message(step.title.clone());
        }
        if !on_terminal && !quiet {
            for step in steps.iter().take(done).skip(said) {
                eprintln!("{}", step.title);
            }
            said = done.max(said);
        }
        match job.status {
            JobStatus::Done | JobStatus::Failed => {
                bar.finish_and_clear();
                if let (JobStatus::Failed, Some(problem)) = (job.status, &job.problem) {
                    eprintln!("{problem} (reference {})", job.reference.as_deref().unwrap_or("-"));
                    if let Some(detail) = &job.problem_detail {
                        eprintln!("{detail}");
                    }
                }
                return Ok(now);
            }
            JobStatus::Queued | JobStatus::Running => {}
        }
        let worked = worker::run_one(app, job.id, &stop).await.map_err(Error::from)?;
        if !worked {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

async fn run_list(app: &App, list: List) -> Result<End, Trouble> {
    let filter =
        Filter { search: list.search, status: list.status, template_type: list.template, plan: list.plan };
    let mut found = Vec::new();
    let mut cursor = None;
    let limit = usize::try_from(list.limit).unwrap_or(usize::MAX);
    while found.len() < limit {
        let part = u32::try_from((limit - found.len()).min(500)).unwrap_or(500);
        let page =
            tenants::list(app, &Actor::CommandLine, &filter, Sort::Newest, cursor.as_ref(), part).await?.page;
        found.extend(page.tenants);
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    if list.json {
        let items: Vec<_> = found.iter().map(view).collect();
        output::json(&serde_json::json!({ "items": items, "has_more": cursor.is_some() }));
    } else if found.is_empty() {
        output::line(
            "No tenants. Create one with: tenantry tenants create --name … --email … --template ngo",
        );
    } else {
        let rows: Vec<Vec<String>> = found
            .iter()
            .map(|tenant| {
                vec![
                    tenant.slug.clone(),
                    tenant.status.word().into(),
                    format!("{} {}", tenant.template_type, tenant.template_version),
                    tenant.plan.word().into(),
                    tenant.name.clone(),
                ]
            })
            .collect();
        output::table(&["SLUG", "STATE", "TEMPLATE", "PLAN", "NAME"], &rows);
    }
    Ok(End::Done)
}
