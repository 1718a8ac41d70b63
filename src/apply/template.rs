//! A tenant's template version, compiled for the engine that it lives on.

use super::work::{NO_SCRATCH, StepError};
use crate::{
    app::App,
    engine::Engine,
    store,
    templates::{
        Memory,
        compile::Compiled,
        files,
        prove::{self, CompileError},
    },
};
use std::sync::Arc;

const UNREADABLE: &str = "The template of this tenant could not be read.";

/// A stored version with optional modules, compiled for an engine; kept after the first time.
pub async fn compiled(
    app: &App,
    engine: &dyn Engine,
    template_id: i64,
    modules: &[String],
) -> Result<Arc<Compiled>, StepError> {
    let gone = |detail: &str| StepError::lasting(UNREADABLE, detail);
    let version = store::templates::by_id(&mut *app.store.read().await?, template_id).await?;
    let hash = version.ok_or_else(|| gone("the template version is gone"))?.source_hash;
    let key = (engine.name(), hash, modules.to_vec());
    if let Some(compiled) = app.catalog.find(&key) {
        return Ok(compiled);
    }
    let _alone = app.catalog.alone(&key).await;
    if let Some(compiled) = app.catalog.find(&key) {
        return Ok(compiled);
    }
    let source = store::templates::source(&mut *app.store.read().await?, template_id)
        .await?
        .ok_or_else(|| gone("the files of the template version are gone"))?;
    let readings = app
        .blocking(move || files::read_all(&Memory::of_texts(source)))
        .await
        .map_err(|cause| gone(&cause.to_string()))?
        .map_err(|cause| gone(&cause.to_string()))?;
    let files = readings
        .into_iter()
        .find_map(|reading| reading.template)
        .ok_or_else(|| gone("the files of the template version are no template"))?;
    let order = files.module_order().map_err(|_| gone("the modules of the template have no order"))?;
    let all = prove::resolve(&order, modules).map_err(|_| gone("the template lacks a module"))?;
    let compiled = match prove::compile(engine, &files, &all).await {
        Ok(compiled) => Arc::new(compiled),
        Err(CompileError::Template(report)) => {
            return Err(gone(&format!("The template version no longer works: {report}")));
        }
        Err(CompileError::Machine(cause)) => {
            return Err(StepError::Failed {
                may_pass: true,
                plain: NO_SCRATCH.into(),
                detail: cause.to_string(),
            });
        }
    };
    app.catalog.keep(key, Arc::clone(&compiled));
    Ok(compiled)
}
