//! Importing templates when the program starts, and not reading them where nothing has changed.

use super::{
    actor::Actor,
    templates::{Fate, Imported, import_readings, read_all, unreadable},
};
use crate::{
    app::App,
    error::Result,
    store,
    templates::{Memory, Source, shelf::LARGEST_FILE},
};

/// Imports the built-in templates, and those of the settings' folder, at the start of the program. Each by itself: one that
/// is broken, or changed without a new number, does not keep the others out.
pub async fn import_at_start(app: &App) -> Result<Vec<Imported>> {
    let mut results = import_each(app, "built-in", crate::templates::Embedded).await?;
    if let Some(folder) = &app.settings.templates_dir {
        let source = crate::templates::Folder::open(folder).map_err(|cause| unreadable(&cause))?;
        results.extend(import_each(app, "folder", source).await?);
    }
    Ok(results)
}

/// Imports what a source has. Where all of it was imported at an earlier start, and no byte has changed since, nothing is
/// read any further: most starts find it so.
async fn import_each(app: &App, name: &str, source: impl Source + Send + 'static) -> Result<Vec<Imported>> {
    let copy = app.blocking(move || Memory::copy(&source, LARGEST_FILE + 1)).await?;
    let copy = copy.map_err(|cause| unreadable(&cause))?;
    let setting = format!("templates at start: {name}");
    let digest = copy.digest();
    if store::settings::find(&mut *app.store.read().await?, &setting).await?.as_ref() == Some(&digest) {
        return Ok(Vec::new());
    }
    let (copy, readings) = read_all(app, copy).await?;
    let mut results = Vec::new();
    for reading in &readings {
        let one = std::slice::from_ref(reading);
        results.extend(import_readings(app, &Actor::Program, &copy, one).await?);
    }
    if results.iter().all(|result| matches!(result.fate, Fate::Imported | Fate::Unchanged)) {
        let mut write = app.store.write().await?;
        store::settings::set(&mut write, &setting, &digest).await?;
        write.commit().await?;
    }
    Ok(results)
}
