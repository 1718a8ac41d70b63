//! The few statements that the program itself has for tenants' rows: said once in the plan's dialect, and carried to the
//! engine like those of a template.

use crate::{
    engine::{Engine, EngineError, Statement},
    schema::Schema,
    sql::{operations::operation, read::split},
};

/// Statements for an engine, over a schema as it was found. Values stand in them as variables.
pub(super) fn carried(
    engine: &dyn Engine,
    found: &Schema,
    text: &str,
) -> Result<Vec<Statement>, EngineError> {
    let refused = |reason: String| EngineError::Dangling(format!("{reason} ({text})"));
    let mut carried = Vec::new();
    let statements = split(text, 1)
        .map_err(|problems| refused(problems.into_iter().map(|problem| problem.message).collect()))?;
    for statement in statements {
        for operation in operation(&statement).map_err(|problem| refused(problem.message))? {
            carried.extend(engine.render(found, &operation, found).map_err(refused)?);
        }
    }
    Ok(carried)
}
