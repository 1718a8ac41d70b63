//! Templates: from files in a folder, in a zip or in the program itself to values that the rest can rely on.
//!
//! A template is a folder of its own name with `template.toml`, `schema.sql`, `seed.sql` and `modules/`, and its
//! migrations in `migrations/<name>/` beside it. A tenant is built from it in this order: `schema.sql`, the modules
//! in the order of [`order::ModuleOrder`], `seed.sql`, then each module's own seed, in the same order.
//!
//! Nothing here opens a connection to a tenant. Start at
//! [`files::read_all`]; what it finds wrong is a [`report::Report`] with file and line. [`compile`] turns the files into an
//! engine's statements, [`prove`] tries them out.

pub mod archive;
pub mod catalog;
pub mod changes;
pub mod comparison;
pub mod compile;
pub mod file_path;
pub mod files;
pub mod hazards;
pub mod manifest;
pub mod manifest_edit;
pub mod order;
pub mod prove;
pub mod report;
pub mod shelf;
pub mod source;
pub mod sql_file;
pub mod template_type;

pub use crate::engine::SqlDialect;
pub use files::{MigrationFile, ModuleFiles, Reading, TemplateFiles, read, read_all};
pub use manifest::ModuleKind;
pub use order::{ModuleOrder, Reason};
pub use report::{Finding, Report};
pub use source::{Embedded, Folder, Memory, Source, SourceError};
pub use sql_file::{SqlFile, SqlText};
pub use template_type::TemplateType;
