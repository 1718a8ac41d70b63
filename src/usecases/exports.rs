//! Taking a tenant's data out of the house. That is for administrators, and whoever runs the command line.

use super::{actor::Actor, permissions::Permission, tenant_trouble::no_engine, tenants};
use crate::{
    app::App,
    apply::export::{
        self,
        archive::{About, Contents, Written},
        csv::CsvFor,
        files::Files,
        pouring::{self, Form, Progress},
    },
    clock::timestamp,
    engine::{
        EngineError, Reading,
        reading::{ReadError, ReadTable},
    },
    error::{Error, Result},
    store::{
        self,
        exports::{Export, ExportState},
        jobs::{Job, NewJob},
        tenants::{Status, Tenant},
    },
};
use std::{collections::BTreeMap, fs::File, io, io::Write, sync::Arc};
use uuid::Uuid;

/// Exports in a tenant's list.
const LISTED: u32 = 100;

/// A text to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// A dump of everything, or of the table of this name.
    Sql(Option<String>),
    /// The table of this name.
    Csv(String, CsvFor),
}

/// Writes a tenant's data to `out` as it is now, with as little memory for a large tenant as for a small one.
pub async fn stream(
    app: &App,
    actor: &Actor,
    slug: &str,
    wanted: Wanted,
    out: Box<dyn Write + Send>,
    progress: Arc<Progress>,
) -> Result<Written> {
    let (tenant, reading, about) = open(app, actor, slug).await?;
    let tables = reading.tables();
    let (form, what) = match &wanted {
        Wanted::Sql(None) => (Form::Sql(None), "all tables as SQL".to_owned()),
        Wanted::Sql(Some(name)) => (Form::Sql(Some(find(tables, name)?)), format!("the table {name} as SQL")),
        Wanted::Csv(name, csv_for) => {
            (Form::Csv(find(tables, name)?, *csv_for), format!("the table {name} as CSV"))
        }
    };
    let written = pouring::pour(reading, about, form, out, progress).await.map_err(trouble)?;
    record(app, actor, &tenant, &what).await?;
    Ok(written)
}

/// Writes the whole zip to a file, as it is now.
pub async fn stream_archive(
    app: &App,
    actor: &Actor,
    slug: &str,
    contents: Contents,
    file: File,
    progress: Arc<Progress>,
) -> Result<Written> {
    let (tenant, reading, about) = open(app, actor, slug).await?;
    let written = pouring::pour_archive(reading, about, contents, file, progress).await.map_err(trouble)?;
    record(app, actor, &tenant, "all tables as a zip").await?;
    Ok(written)
}

fn find(tables: &[ReadTable], name: &str) -> Result<ReadTable> {
    tables.iter().find(|table| table.name == name).cloned().ok_or_else(|| {
        let known: Vec<&str> = tables.iter().map(|table| table.name.as_str()).collect();
        let text = format!("There is no table {name}. The tables are: {}.", known.join(", "));
        Error::invalid(BTreeMap::from([("table", text)]))
    })
}

/// What an export is asked for with.
#[derive(Debug, Clone)]
pub struct Asked {
    /// What is to be in the file.
    pub contents: Contents,
    /// Makes sending the form twice the same as sending it once.
    pub request_id: Uuid,
}

/// Asks for an export that a worker writes and that can then be downloaded for a while.
pub async fn ask(app: &App, actor: &Actor, slug: &str, asked: &Asked) -> Result<Tenant> {
    let tenant = find_exportable(app, actor, slug).await?;
    if !asked.contents.sql && !asked.contents.csv {
        let text = "Choose at least one form in which the data is to be written.";
        return Err(Error::invalid(BTreeMap::from([("form", text.to_owned())])));
    }
    let now = app.now_ms();
    let contents = serde_json::to_value(asked.contents).map_err(|cause| Error::internal(&cause))?;
    let steps = export::steps();
    let job = NewJob {
        id: asked.request_id,
        kind: export::KIND,
        tenant_id: Some(tenant.id),
        other_tenant_id: None,
        params: serde_json::Value::Null,
        steps: &steps,
        created_by: actor.id(),
        created_ms: now,
    };
    let doer = actor.doer();
    let mut write = app.store.write().await?;
    if store::exports::find(&mut write, job.id).await?.is_some_and(|known| known.tenant_id == tenant.id) {
        return Ok(tenant);
    }
    match store::jobs::add(&mut write, &job).await {
        Err(cause) if cause.is_duplicate() => {
            return Err(Error::conflict(
                "Something else is being done to this tenant at the moment. Wait until it has ended, then ask again.",
            ));
        }
        other => other?,
    }
    store::exports::add(&mut write, job.id, tenant.id, &contents, &doer.name, now).await?;
    let sentence = "Asked for an export of all data.";
    store::events::record(&mut write, Some(tenant.id), now, &doer, "export_asked", sentence).await?;
    write.commit().await?;
    app.wake.notify_one();
    Ok(tenant)
}

/// The exports of a tenant, newest first, each with its job.
pub async fn list(app: &App, actor: &Actor, slug: &str) -> Result<(Tenant, Vec<(Export, Option<Job>)>)> {
    actor.must(Permission::ExportTenants)?;
    let tenant = tenants::find(app, actor, slug).await?;
    let mut read = app.store.read().await?;
    let mut found = Vec::new();
    for export in store::exports::of_tenant(&mut read, tenant.id, LISTED).await? {
        let job = store::jobs::find(&mut read, export.id).await?;
        found.push((export, job));
    }
    Ok((tenant, found))
}

/// The file of an export that is ready, and the name that it is to have for whoever downloads it.
#[derive(Debug)]
pub struct Download {
    /// The open file.
    pub file: File,
    /// Its size.
    pub bytes: u64,
    /// A name with the tenant's own, in its own letters.
    pub name: String,
    /// The same in plain letters.
    pub plain_name: String,
    /// Tells this file from every other one.
    pub tag: String,
}

/// Opens an export for downloading. The history tells who did so, once for each beginning.
pub async fn download(app: &App, actor: &Actor, slug: &str, id: &str, begins: bool) -> Result<Download> {
    let (tenant, export) = find_export(app, actor, slug, id).await?;
    let Some(written) = export.file.filter(|_| export.state == ExportState::Ready) else {
        return Err(no_such_export());
    };
    let path = Files::new(&app.settings).path(&written.file);
    let opened = File::open(path).and_then(|file| Ok((file.metadata()?.len(), file)));
    let (bytes, file) = opened.map_err(|cause| {
        Error::unavailable(
            "The file of this export is not there. Remove it from the list and ask for a new one.",
            &cause,
        )
    })?;
    if begins {
        let mut write = app.store.write().await?;
        let sentence = "Downloaded an export of all data.";
        let (now, doer) = (app.now_ms(), actor.doer());
        store::events::record(&mut write, Some(tenant.id), now, &doer, "export_downloaded", sentence).await?;
        write.commit().await?;
    }
    let day = timestamp(written.moment_ms).get(..10).unwrap_or_default().to_owned();
    Ok(Download {
        file,
        bytes,
        name: format!("{} {day}.zip", file_name(&tenant.name)),
        plain_name: format!("{}-{day}.zip", tenant.slug),
        tag: written.file.trim_end_matches(".zip").to_owned(),
    })
}

/// A tenant's name without the signs that some system does not take in the name of a file.
fn file_name(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|letter| if letter.is_control() || r#"/\:*?"<>|"#.contains(letter) { ' ' } else { letter })
        .take(80)
        .collect();
    let plain = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    let plain = plain.trim_matches('.').trim();
    if plain.is_empty() { "export".into() } else { plain.to_owned() }
}

/// Takes an export out of the list and removes its file; done twice, it is done once.
pub async fn remove(app: &App, actor: &Actor, slug: &str, id: &str) -> Result<Tenant> {
    let (tenant, export) = find_export(app, actor, slug, id).await?;
    let mut write = app.store.write().await?;
    let from = [ExportState::Ready, ExportState::Failed];
    let removed = store::exports::set_state(&mut write, export.id, &from, ExportState::Removed, None).await?;
    if removed {
        let (now, doer) = (app.now_ms(), actor.doer());
        store::events::record(
            &mut write,
            Some(tenant.id),
            now,
            &doer,
            "export_removed",
            "Removed an export.",
        )
        .await?;
    }
    write.commit().await?;
    if !removed && export.state == ExportState::Waiting {
        return Err(Error::conflict(
            "This export is being written. It can be removed as soon as that has ended.",
        ));
    }
    Files::new(&app.settings).remove(export.id).map_err(|cause| {
        Error::unavailable("The export is out of the list, but its file could not be removed yet. That is tried again every hour.", &cause)
    })?;
    Ok(tenant)
}

/// Removes exports whose time is over, and files that no export in the list needs; answers how many files.
pub async fn sweep(app: &App) -> Result<u64> {
    let files = Files::new(&app.settings);
    let mut write = app.store.write().await?;
    store::exports::expire(&mut write, app.now_ms()).await?;
    let mut known = BTreeMap::new();
    for id in files.ids().map_err(|cause| Error::internal(&cause))? {
        known.insert(id, store::exports::find(&mut write, id).await?);
    }
    write.commit().await?;
    let keep = |id: Uuid, name: &str, is_finished: bool| match known.get(&id).and_then(Option::as_ref) {
        None => false,
        // Its job may be about to name it, or to write on.
        Some(export) if export.state == ExportState::Waiting => true,
        Some(export) => {
            is_finished
                && export.state == ExportState::Ready
                && export.file.as_ref().is_some_and(|written| written.file == name)
        }
    };
    files.sweep(keep).map_err(|cause| Error::internal(&cause))
}

async fn find_export(app: &App, actor: &Actor, slug: &str, id: &str) -> Result<(Tenant, Export)> {
    actor.must(Permission::ExportTenants)?;
    let tenant = tenants::find(app, actor, slug).await?;
    let id: Uuid = id.parse().map_err(|_| no_such_export())?;
    let found = store::exports::find(&mut *app.store.read().await?, id).await?;
    match found.filter(|export| export.tenant_id == tenant.id) {
        Some(export) => Ok((tenant, export)),
        None => Err(no_such_export()),
    }
}

fn no_such_export() -> Error {
    Error::not_found(
        "There is no such export any more. It may have been removed, or its time was over. Ask for a new one.",
    )
}

async fn find_exportable(app: &App, actor: &Actor, slug: &str) -> Result<Tenant> {
    actor.must(Permission::ExportTenants)?;
    let tenant = tenants::find(app, actor, slug).await?;
    match tenant.status {
        Status::Active | Status::Suspended | Status::Archived | Status::Deleting
            if tenant.active_ms.is_some() =>
        {
            Ok(tenant)
        }
        Status::Deleted => Err(Error::conflict("This tenant was deleted, and its data with it.")),
        _ => Err(Error::conflict("This tenant has no database yet. It can be exported once it is ready.")),
    }
}

async fn open(app: &App, actor: &Actor, slug: &str) -> Result<(Tenant, Box<dyn Reading>, About)> {
    let tenant = find_exportable(app, actor, slug).await?;
    let about = About::new(&tenant, app.now_ms());
    let engine = app.engines.of(&tenant).await.map_err(|cause| no_engine(&cause))?;
    let session = engine
        .look(&tenants::database_name(&tenant)?, tenant.id)
        .await
        .map_err(|cause| unreadable(&cause))?;
    let reading = session.read().await.map_err(|cause| unreadable(&cause))?;
    Ok((tenant, reading, about))
}

async fn record(app: &App, actor: &Actor, tenant: &Tenant, what: &str) -> Result<()> {
    let mut write = app.store.write().await?;
    let sentence = format!("Exported {what}.");
    store::events::record(
        &mut write,
        Some(tenant.id),
        app.now_ms(),
        &actor.doer(),
        "tenant_exported",
        &sentence,
    )
    .await?;
    Ok(write.commit().await?)
}

fn unreadable(cause: &EngineError) -> Error {
    Error::unavailable(
        "The tenant's database cannot be read at the moment, or there is no room for a copy of it. Nothing was changed. Try again later.",
        cause,
    )
}

fn trouble(cause: ReadError) -> Error {
    match cause {
        ReadError::Engine(cause) => unreadable(&cause),
        ReadError::Sink(cause) if cause.kind() == io::ErrorKind::StorageFull => Error::unavailable(
            "The disk is full, so the export could not be written. Make room, then try again.",
            &cause,
        ),
        ReadError::Sink(cause) => Error::unavailable("The export could not be written.", &cause),
    }
}
