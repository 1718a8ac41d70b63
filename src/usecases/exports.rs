//! Taking a tenant's data out of the house. That is for administrators, and whoever runs the command line.

use super::{actor::Actor, permissions::Permission, tenants};
use crate::{
    app::App,
    apply::export::{
        archive::{About, Contents, Written},
        csv::CsvFor,
        pouring::{self, Form, Progress},
    },
    engine::{
        EngineError, Reading,
        reading::{ReadError, ReadTable},
    },
    error::{Error, Result},
    store::{self, tenants::Tenant},
};
use std::{collections::BTreeMap, fs::File, io, io::Write, sync::Arc};

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

async fn open(app: &App, actor: &Actor, slug: &str) -> Result<(Tenant, Box<dyn Reading>, About)> {
    actor.must(Permission::ExportTenants)?;
    let tenant = tenants::find(app, actor, slug).await?;
    if tenant.active_ms.is_none() {
        return Err(Error::conflict("This tenant has no database yet. It can be exported once it is ready."));
    }
    let about = About::new(&tenant, app.now_ms());
    let session = app.engine.look(&tenants::database_name(&tenant)?, tenant.id).await.map_err(unreadable)?;
    let reading = session.read().await.map_err(unreadable)?;
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

fn unreadable(cause: EngineError) -> Error {
    Error::unavailable(
        "The tenant's database cannot be read at the moment, or there is no room for a copy of it. Nothing was changed. Try again later.",
        &cause,
    )
}

fn trouble(cause: ReadError) -> Error {
    match cause {
        ReadError::Engine(cause) => unreadable(cause),
        ReadError::Sink(cause) if cause.kind() == io::ErrorKind::StorageFull => Error::unavailable(
            "The disk is full, so the export could not be written. Make room, then try again.",
            &cause,
        ),
        ReadError::Sink(cause) => Error::unavailable("The export could not be written.", &cause),
    }
}
