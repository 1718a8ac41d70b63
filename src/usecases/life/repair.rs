//! Asking for the job that puts a tenant's structure right.

use super::{Asked, Started, Wish, ask};
use crate::{
    app::App,
    apply::drift::repair,
    error::Result,
    store::tenants::Status,
    usecases::{actor::Actor, permissions::Permission},
};

/// Asks for the SQL that was approved to be run in a tenant's database.
pub async fn ask_for_repair(
    app: &App,
    actor: &Actor,
    asked: Asked<'_>,
    wish: &repair::Wish,
) -> Result<Started> {
    actor.must(Permission::RepairDrift)?;
    let number = wish.differences.len();
    let what =
        if number == 1 { "an unexpected change".to_owned() } else { format!("{number} unexpected changes") };
    let wish = Wish {
        kind: repair::KIND,
        steps: repair::repair_steps(),
        params: serde_json::json!(wish),
        from: &[Status::Active],
        what: "be put right",
        action: "tenant_change_asked",
        sentence: format!("Approved the SQL that puts back {what} in the database."),
    };
    ask(app, actor, asked, wish).await
}
