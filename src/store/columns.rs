//! How an engine holds the columns of the control database, where that is not how it would hold a tenant's. Queries bind
//! and read whole numbers and texts only, and PostgreSQL puts neither into anything else by itself.

use super::db::Backend;
use crate::{
    schema::{Column, Default, Type, model::TextSize},
    sql::operation::{Operation, TableChange},
};

/// Texts in which case does not count; in all others of the control database there are words and digests of its own, and
/// what people only read.
const WITHOUT_CASE: [(&str, &str); 5] = [
    ("tenants", "name"),
    ("users", "name"),
    ("users", "email"),
    ("invitations", "email"),
    ("template_draft_files", "path"),
];

/// The collation that compares texts byte by byte, in the plan's words.
const BY_BYTES: &str = "utf8mb4_bin";

/// An operation with the columns that the engine is to have.
pub(super) fn fitted(mut operation: Operation, backend: Backend) -> Operation {
    match &mut operation {
        Operation::CreateTable { table, .. } => {
            for column in &mut table.columns {
                fit(&table.name, column, backend);
            }
        }
        Operation::AlterTable { table, changes } => {
            for change in changes {
                if let TableChange::AddColumn { column, .. } | TableChange::ChangeColumn { column, .. } =
                    change
                {
                    fit(table, column, backend);
                }
            }
        }
        Operation::DropTable { .. }
        | Operation::CreateView { .. }
        | Operation::DropView { .. }
        | Operation::Rows(_) => {}
    }
    operation
}

fn fit(table: &str, column: &mut Column, backend: Backend) {
    match backend {
        Backend::Sqlite => {}
        Backend::MariaDb => {
            // A module's SQL, and what a browser's session keeps, may be longer than 64 KB, as in a file.
            if column.ty == Type::Text(TextSize::Normal) {
                column.ty = Type::Text(TextSize::Medium);
            }
        }
        Backend::Postgres => fit_for_postgres(table, column),
    }
}

fn fit_for_postgres(table: &str, column: &mut Column) {
    match &column.ty {
        Type::Integer { .. } | Type::Boolean => {
            if let Some(Default::Boolean(value)) = column.default {
                column.default = Some(Default::Number(i32::from(value).to_string()));
            }
            column.ty = Type::Integer { bits: 64, unsigned: false };
        }
        // `migrate` gives them their defaults.
        Type::Timestamp(_) | Type::Datetime(_) => {
            column.ty = Type::Varchar(30);
            column.default = None;
            column.on_update_now = false;
        }
        Type::Json | Type::Text(_) => column.ty = Type::Text(TextSize::Long),
        _ => {}
    }
    let is_text = matches!(column.ty, Type::Char(_) | Type::Varchar(_) | Type::Text(_) | Type::Enum(_));
    if is_text && !WITHOUT_CASE.contains(&(table, column.name.as_str())) {
        column.collation = Some(BY_BYTES.to_owned());
    }
}
