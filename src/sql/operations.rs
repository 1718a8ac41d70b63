//! What a statement does, from its syntax tree. What is not listed here is refused: a template may shape its own tables
//! and fill them, and nothing else.

use super::{
    columns::{self, Beside},
    expression,
    keys::{Parts, index_parts},
    operation::{Operation, Position, TableChange},
    read::{Problem, SourceStatement},
    variables,
};
use crate::schema::{Column, Table, View};
use sqlparser::ast::{
    AlterColumnOperation, AlterTable, AlterTableOperation, CommentDef, CreateIndex, CreateTable,
    CreateTableOptions, CreateView, FromTable, MySQLColumnPosition, ObjectName, ObjectType,
    RenameTableNameKind, SqlOption, Statement, TableFactor, TableObject, TableWithJoins,
};

/// Why something is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused(pub String);

/// What was read, or why it is not taken.
pub(super) type Taken<T> = Result<T, Refused>;

pub(super) fn no<T>(reason: impl Into<String>) -> Taken<T> {
    Err(Refused(reason.into()))
}

/// Says what a statement does: one operation, or several (`DROP TABLE a, b`), or why it is not taken.
pub fn operation(source: &SourceStatement) -> Result<Vec<Operation>, Problem> {
    read(source).map_err(|Refused(message)| Problem { line: source.line, column: source.column, message })
}

fn read(source: &SourceStatement) -> Taken<Vec<Operation>> {
    let is_rows = matches!(source.ast, Statement::Insert(_) | Statement::Update(_) | Statement::Delete(_));
    if !is_rows && variables::has_variable(&source.text) {
        return no("variables are for rows (INSERT, UPDATE, DELETE), not for structure");
    }
    match &source.ast {
        Statement::CreateTable(parsed) => Ok(vec![create_table(parsed)?]),
        Statement::AlterTable(parsed) => Ok(vec![alter_table(parsed)?]),
        Statement::CreateIndex(parsed) => Ok(vec![create_index(parsed)?]),
        Statement::CreateView(parsed) => Ok(vec![create_view(parsed)?]),
        Statement::RenameTable(pairs) => pairs
            .iter()
            .map(|pair| {
                let after = checked_name(&plain_name(&pair.new_name)?, "table")?;
                Ok(Operation::AlterTable {
                    table: plain_name(&pair.old_name)?,
                    changes: vec![TableChange::RenameTable(after)],
                })
            })
            .collect(),
        Statement::Drop { object_type, if_exists, names, table, temporary: false, .. } => {
            drop_objects(*object_type, *if_exists, names, table.as_ref())
        }
        Statement::Insert(_) | Statement::Update(_) | Statement::Delete(_) => {
            own_tables_only(&source.ast)?;
            Ok(vec![Operation::Rows(Box::new(source.ast.clone()))])
        }
        other => {
            let text = other.to_string();
            let words: Vec<&str> = text.split_whitespace().take(2).collect();
            no(format!("{} is not allowed in a template", words.join(" ")))
        }
    }
}

/// A name without a database in front.
pub(super) fn plain_name(name: &ObjectName) -> Taken<String> {
    match name.0.as_slice() {
        [part] => part
            .as_ident()
            .map(|ident| ident.value.clone())
            .ok_or_else(|| Refused(format!("{name} is no name"))),
        _ => no(format!("{name} names another database; a template uses its own tables only")),
    }
}

/// A new name that every engine takes.
pub(super) fn checked_name(name: &str, what: &str) -> Taken<String> {
    let lower = name.to_lowercase();
    if name.trim().is_empty() || name.trim() != name || name.contains(['\0', '`', '"']) {
        no(format!("{name:?} is no name for a {what}"))
    } else if name.chars().count() > 63 {
        no(format!("the name {name} is longer than 63 characters, which PostgreSQL would cut"))
    } else if lower.starts_with("tenantry_") || lower.starts_with("sqlite_") {
        no(format!("names that begin with tenantry_ or sqlite_ are taken: {name}"))
    } else {
        Ok(name.to_owned())
    }
}

/// Only one character set is there.
pub(super) fn charset(name: &str) -> Taken<()> {
    match name.to_lowercase().as_str() {
        "utf8mb4" => Ok(()),
        other => no(format!("the character set {other} is not taken; everything is utf8mb4")),
    }
}

/// A collation that differs from the usual one.
pub(super) fn collation(name: &str) -> Taken<Option<String>> {
    match name.to_lowercase().as_str() {
        "utf8mb4_unicode_ci" | "utf8mb4_general_ci" | "utf8mb4_0900_ai_ci" | "utf8mb4_unicode_520_ci" => {
            Ok(None)
        }
        bin @ ("utf8mb4_bin" | "utf8mb4_0900_bin") => Ok(Some(bin.to_owned())),
        other => {
            no(format!("the collation {other} is not taken; there are utf8mb4_unicode_ci and utf8mb4_bin"))
        }
    }
}

/// Rows may be changed in tables of the template's own database only.
fn own_tables_only(statement: &Statement) -> Taken<()> {
    use sqlparser::ast::visit_relations;
    let mut bad = None;
    let _: std::ops::ControlFlow<()> = visit_relations(statement, |name| {
        if let Err(refused) = plain_name(name) {
            bad.get_or_insert(refused);
        }
        if let Some(last) = name.0.last().and_then(|part| part.as_ident())
            && last.value.to_lowercase().starts_with("tenantry_")
        {
            bad.get_or_insert(Refused("tables that begin with tenantry_ are the program's own".into()));
        }
        std::ops::ControlFlow::Continue(())
    });
    match bad {
        Some(refused) => Err(refused),
        None => Ok(()),
    }
}

fn table_comment(options: &CreateTableOptions) -> Taken<Option<String>> {
    let options = match options {
        CreateTableOptions::None => return Ok(None),
        CreateTableOptions::Plain(options) => options,
        other => return no(format!("{other} is not MySQL")),
    };
    let mut comment = None;
    for option in options {
        match option {
            SqlOption::Comment(CommentDef::WithEq(text) | CommentDef::WithoutEq(text)) => {
                comment = Some(text.clone())
            }
            SqlOption::KeyValue { key, value } => table_option(&key.value, &value.to_string())?,
            SqlOption::NamedParenthesizedList(list) if list.key.value.eq_ignore_ascii_case("ENGINE") => {
                table_option(
                    "ENGINE",
                    &list.name.as_ref().map(|name| name.value.clone()).unwrap_or_default(),
                )?;
            }
            other => return no(format!("the table option {other} is not taken")),
        }
    }
    Ok(comment.filter(|text| !text.is_empty()))
}

fn table_option(key: &str, value: &str) -> Taken<()> {
    let value = value.trim_matches(['\'', '"', '`']);
    match key.to_uppercase().as_str() {
        "ENGINE" if value.eq_ignore_ascii_case("InnoDB") => Ok(()),
        "CHARSET" | "CHARACTER SET" | "DEFAULT CHARSET" | "DEFAULT CHARACTER SET" => charset(value),
        "COLLATE" | "DEFAULT COLLATE" => match collation(value)? {
            None => Ok(()),
            Some(other) => {
                no(format!("a table's own collation is not taken; say COLLATE {other} at its columns"))
            }
        },
        "ROW_FORMAT" if value.eq_ignore_ascii_case("DYNAMIC") => Ok(()),
        other => no(format!("the table option {other}={value} cannot be carried to every engine")),
    }
}

fn create_table(parsed: &CreateTable) -> Taken<Operation> {
    if parsed.temporary || parsed.or_replace {
        return no("CREATE TEMPORARY TABLE and CREATE OR REPLACE TABLE are not taken");
    }
    if parsed.like.is_some() || parsed.query.is_some() {
        return no("CREATE TABLE … LIKE and … AS SELECT are not taken; write the columns");
    }
    if parsed.partition_by.is_some() {
        return no("partitions cannot be carried to every engine");
    }
    let name = checked_name(&plain_name(&parsed.name)?, "table")?;
    let mut parts = Parts::new(&name);
    let mut columns = Vec::new();
    for definition in &parsed.columns {
        let (column, beside) = columns::column(
            &definition.name.value,
            &definition.data_type,
            columns::named(&definition.options),
        )
        .map_err(|Refused(reason)| Refused(format!("column {}: {reason}", definition.name.value)))?;
        parts.beside(&column.name, beside)?;
        columns.push(column);
    }
    for constraint in &parsed.constraints {
        parts.constraint(constraint)?;
    }
    if columns.is_empty() {
        return no(format!("the table {name} has no columns"));
    }
    for column in &mut columns {
        if parts.primary_key.iter().any(|key| key.eq_ignore_ascii_case(&column.name)) {
            column.nullable = false;
        }
    }
    let comment = match &parsed.comment {
        Some(CommentDef::WithEq(text) | CommentDef::WithoutEq(text)) => Some(text.clone()),
        None => table_comment(&parsed.table_options)?,
    };
    let table = Table {
        name,
        columns,
        primary_key: parts.primary_key,
        indexes: parts.indexes,
        foreign_keys: parts.foreign_keys,
        checks: parts.checks,
        comment,
    };
    Ok(Operation::CreateTable { table, if_not_exists: parsed.if_not_exists })
}

fn alter_table(parsed: &AlterTable) -> Taken<Operation> {
    if parsed.if_exists || parsed.only {
        return no("ALTER TABLE IF EXISTS is not taken: a template knows its tables");
    }
    let table = plain_name(&parsed.name)?;
    let mut changes = Vec::new();
    for operation in &parsed.operations {
        changes.extend(change(&table, operation)?);
    }
    Ok(Operation::AlterTable { table, changes })
}

fn position(parsed: Option<&MySQLColumnPosition>) -> Option<Position> {
    parsed.map(|position| match position {
        MySQLColumnPosition::First => Position::First,
        MySQLColumnPosition::After(name) => Position::After(name.value.clone()),
    })
}

fn added(table: &str, column: Column, beside: Beside, position: Position) -> Taken<Vec<TableChange>> {
    let mut parts = Parts::new(table);
    let name = column.name.clone();
    parts.beside(&name, beside)?;
    let mut changes = vec![TableChange::AddColumn { column, position }];
    changes.extend(collected(parts));
    Ok(changes)
}

fn collected(parts: Parts) -> Vec<TableChange> {
    let mut changes = Vec::new();
    if !parts.primary_key.is_empty() {
        changes.push(TableChange::AddPrimaryKey(parts.primary_key));
    }
    changes.extend(parts.indexes.into_values().map(TableChange::AddIndex));
    changes.extend(parts.checks.into_values().map(TableChange::AddCheck));
    changes.extend(parts.foreign_keys.into_values().map(TableChange::AddForeignKey));
    changes
}

fn change(table: &str, operation: &AlterTableOperation) -> Taken<Vec<TableChange>> {
    match operation {
        AlterTableOperation::AddColumn { if_not_exists: false, column_def, column_position, .. } => {
            let (column, beside) = columns::column(
                &column_def.name.value,
                &column_def.data_type,
                columns::named(&column_def.options),
            )?;
            added(table, column, beside, position(column_position.as_ref()).unwrap_or(Position::Last))
        }
        AlterTableOperation::DropColumn { column_names, if_exists: false, .. } => {
            Ok(column_names.iter().map(|name| TableChange::DropColumn(name.value.clone())).collect())
        }
        AlterTableOperation::ModifyColumn { col_name, data_type, options, column_position } => {
            redefined(table, &col_name.value, &col_name.value, data_type, options, column_position.as_ref())
        }
        AlterTableOperation::ChangeColumn { old_name, new_name, data_type, options, column_position } => {
            redefined(table, &old_name.value, &new_name.value, data_type, options, column_position.as_ref())
        }
        AlterTableOperation::RenameColumn { old_column_name, new_column_name } => {
            Ok(vec![TableChange::RenameColumn {
                before: old_column_name.value.clone(),
                after: checked_name(&new_column_name.value, "column")?,
            }])
        }
        AlterTableOperation::AlterColumn { column_name, op } => {
            let column = column_name.value.clone();
            match op {
                AlterColumnOperation::SetDefault { value } => {
                    Ok(vec![TableChange::SetDefault { column, default: columns::default_of(value)? }])
                }
                AlterColumnOperation::DropDefault => {
                    Ok(vec![TableChange::SetDefault { column, default: None }])
                }
                other => no(format!(
                    "ALTER COLUMN {other} is not MySQL; use MODIFY COLUMN with the whole definition"
                )),
            }
        }
        AlterTableOperation::AddConstraint { constraint, .. } => {
            let mut parts = Parts::new(table);
            parts.constraint(constraint)?;
            Ok(collected(parts))
        }
        AlterTableOperation::DropConstraint { if_exists: false, name, .. } => {
            Ok(vec![TableChange::DropConstraint(name.value.clone())])
        }
        AlterTableOperation::DropPrimaryKey { .. } => Ok(vec![TableChange::DropPrimaryKey]),
        AlterTableOperation::DropForeignKey { name, .. } => {
            Ok(vec![TableChange::DropForeignKey(name.value.clone())])
        }
        AlterTableOperation::DropIndex { name } => Ok(vec![TableChange::DropIndex(name.value.clone())]),
        AlterTableOperation::RenameTable { table_name } => {
            let (RenameTableNameKind::As(name) | RenameTableNameKind::To(name)) = table_name;
            Ok(vec![TableChange::RenameTable(checked_name(&plain_name(name)?, "table")?)])
        }
        // How to lock is MySQL's own affair, and changes nothing about the result.
        AlterTableOperation::Algorithm { .. } | AlterTableOperation::Lock { .. } => Ok(Vec::new()),
        AlterTableOperation::AddColumn { .. }
        | AlterTableOperation::DropColumn { .. }
        | AlterTableOperation::DropConstraint { .. } => {
            no("IF EXISTS and IF NOT EXISTS are not taken in ALTER TABLE: a template knows its columns")
        }
        other => no(format!("ALTER TABLE … {other} cannot be carried to every engine")),
    }
}

fn redefined(
    table: &str,
    before: &str,
    after: &str,
    data_type: &sqlparser::ast::DataType,
    options: &[sqlparser::ast::ColumnOption],
    place: Option<&MySQLColumnPosition>,
) -> Taken<Vec<TableChange>> {
    let (column, beside) = columns::column(after, data_type, options.iter().map(|option| (None, option)))?;
    let mut parts = Parts::new(table);
    parts.beside(after, beside)?;
    let mut changes =
        vec![TableChange::ChangeColumn { before: before.to_owned(), column, position: position(place) }];
    changes.extend(collected(parts));
    Ok(changes)
}

fn create_index(parsed: &CreateIndex) -> Taken<Operation> {
    if parsed.if_not_exists || parsed.predicate.is_some() || !parsed.include.is_empty() || parsed.concurrently
    {
        return no("CREATE INDEX takes a name, a table and columns only");
    }
    let Some(name) = &parsed.name else { return no("the index has no name") };
    let mut parts = Parts::new("");
    parts.index(Some(plain_name(name)?), index_parts(&parsed.columns)?, parsed.unique)?;
    Ok(Operation::AlterTable { table: plain_name(&parsed.table_name)?, changes: collected(parts) })
}

fn create_view(parsed: &CreateView) -> Taken<Operation> {
    if parsed.materialized || parsed.temporary || parsed.if_not_exists || parsed.or_alter {
        return no("CREATE VIEW takes OR REPLACE, a name, columns and a query only");
    }
    if parsed.params.is_some() {
        return no("ALGORITHM, DEFINER and SQL SECURITY are not taken at a view");
    }
    let view = View {
        name: checked_name(&plain_name(&parsed.name)?, "view")?,
        columns: parsed.columns.iter().map(|column| column.name.value.clone()).collect(),
        query: expression::text(parsed.query.as_ref()),
    };
    Ok(Operation::CreateView { view, or_replace: parsed.or_replace })
}

fn drop_objects(
    kind: ObjectType,
    if_exists: bool,
    names: &[ObjectName],
    table: Option<&ObjectName>,
) -> Taken<Vec<Operation>> {
    let each = names.iter().map(plain_name);
    match kind {
        ObjectType::Table => each.map(|name| Ok(Operation::DropTable { table: name?, if_exists })).collect(),
        ObjectType::View => each.map(|name| Ok(Operation::DropView { view: name?, if_exists })).collect(),
        ObjectType::Index => {
            let Some(table) = table else {
                return no("DROP INDEX needs its table: DROP INDEX name ON table");
            };
            let table = plain_name(table)?;
            each.map(|name| {
                Ok(Operation::AlterTable {
                    table: table.clone(),
                    changes: vec![TableChange::DropIndex(name?)],
                })
            })
            .collect()
        }
        other => no(format!("DROP {other} is not allowed in a template")),
    }
}

/// The table that a statement over rows changes.
pub fn target(statement: &Statement) -> Option<String> {
    let of = |table: &TableWithJoins| match &table.relation {
        TableFactor::Table { name, .. } => plain_name(name).ok(),
        _ => None,
    };
    match statement {
        Statement::Insert(insert) => match &insert.table {
            TableObject::TableName(name) => plain_name(name).ok(),
            _ => None,
        },
        Statement::Update(update) => of(&update.table),
        Statement::Delete(delete) => {
            let (FromTable::WithFromKeyword(tables) | FromTable::WithoutKeyword(tables)) = &delete.from;
            tables.first().and_then(of)
        }
        _ => None,
    }
}
