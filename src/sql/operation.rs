//! What one statement of a template does, engine-neutral. `sql::read` makes these from the syntax tree;
//! `schema` applies them to a model; each engine's dialect renders them.

use crate::schema::{Check, Column, Default, ForeignKey, Index, Table, View};

/// One change, or one statement over rows. A single `ALTER TABLE` with several clauses is one [`Operation::AlterTable`].
#[derive(Debug, Clone, PartialEq)]
pub enum Operation {
    /// CREATE TABLE, its inline indexes and keys included.
    CreateTable {
        /// The table.
        table: Table,
        /// IF NOT EXISTS.
        if_not_exists: bool,
    },
    /// DROP TABLE.
    DropTable {
        /// Its name.
        table: String,
        /// IF EXISTS.
        if_exists: bool,
    },
    /// ALTER TABLE (CREATE INDEX … ON, DROP INDEX … ON and RENAME TABLE come as this too).
    AlterTable {
        /// The table altered.
        table: String,
        /// The clauses, in order.
        changes: Vec<TableChange>,
    },
    /// CREATE VIEW.
    CreateView {
        /// The view; its query is MySQL text.
        view: View,
        /// OR REPLACE.
        or_replace: bool,
    },
    /// DROP VIEW.
    DropView {
        /// Its name.
        view: String,
        /// IF EXISTS.
        if_exists: bool,
    },
    /// INSERT, UPDATE, DELETE (REPLACE too): rows, not structure.
    Rows(Box<sqlparser::ast::Statement>),
}

/// One clause of an ALTER TABLE.
#[derive(Debug, Clone, PartialEq)]
pub enum TableChange {
    /// ADD COLUMN.
    AddColumn {
        /// The column.
        column: Column,
        /// Where it goes.
        position: Position,
    },
    /// DROP COLUMN.
    DropColumn(String),
    /// MODIFY COLUMN (same name) and CHANGE COLUMN (may rename): the definition is whole.
    ChangeColumn {
        /// The name so far.
        before: String,
        /// The definition from now on.
        column: Column,
        /// Where it goes; `None` leaves it where it is.
        position: Option<Position>,
    },
    /// RENAME COLUMN a TO b.
    RenameColumn {
        /// The name so far.
        before: String,
        /// The name from now on.
        after: String,
    },
    /// ALTER COLUMN … SET DEFAULT (Some) / DROP DEFAULT (None).
    SetDefault {
        /// The column.
        column: String,
        /// The default.
        default: Option<Default>,
    },
    /// ADD INDEX / ADD UNIQUE.
    AddIndex(Index),
    /// DROP INDEX.
    DropIndex(String),
    /// RENAME INDEX a TO b.
    RenameIndex {
        /// The name so far.
        before: String,
        /// The name from now on.
        after: String,
    },
    /// ADD PRIMARY KEY.
    AddPrimaryKey(Vec<String>),
    /// DROP PRIMARY KEY.
    DropPrimaryKey,
    /// ADD FOREIGN KEY.
    AddForeignKey(ForeignKey),
    /// DROP FOREIGN KEY.
    DropForeignKey(String),
    /// ADD CHECK.
    AddCheck(Check),
    /// DROP CHECK / DROP CONSTRAINT of a check.
    DropCheck(String),
    /// DROP CONSTRAINT where only the model tells which kind it is.
    DropConstraint(String),
    /// RENAME TO.
    RenameTable(String),
    /// COMMENT = '…'.
    SetComment(String),
}

/// Where a column goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Position {
    /// After the last.
    Last,
    /// FIRST.
    First,
    /// AFTER another.
    After(String),
}
