//! Reads a live database into the model, with one question for each kind of object. All of them name the database in
//! `table_schema`: other conditions make the server open every table that it has.

use super::{
    routines::routines,
    tables::{COLLATION, own_keys},
    words::{read_type, same},
};
use crate::schema::{
    Check, Column, Default, ForeignKey, Function, Generated, Index, IndexPart, ReferentialAction, Schema,
    Table, Trigger, Type, View, model::TextSize,
};
use sqlx::{AssertSqlSafe, MySqlConnection, Row, mysql::MySqlRow};
use std::collections::{BTreeMap, BTreeSet};

/// A row whose columns are all texts or NULL.
struct Texts(MySqlRow);

impl Texts {
    fn maybe(&self, place: usize) -> Result<Option<String>, sqlx::Error> {
        self.0.try_get(place)
    }

    fn text(&self, place: usize) -> Result<String, sqlx::Error> {
        Ok(self.maybe(place)?.unwrap_or_default())
    }

    fn is(&self, place: usize, word: &str) -> Result<bool, sqlx::Error> {
        Ok(self.text(place)?.eq_ignore_ascii_case(word))
    }
}

/// Asks for columns of a catalog as texts, whatever they are there.
async fn ask(
    connection: &mut MySqlConnection,
    columns: &[&str],
    rest: &str,
    database: &str,
) -> Result<Vec<Texts>, sqlx::Error> {
    let columns: Vec<String> =
        columns.iter().map(|column| format!("CONVERT({column} USING utf8mb4)")).collect();
    let query = format!("SELECT {} {rest}", columns.join(", "));
    let rows = sqlx::query(AssertSqlSafe(query)).bind(database).fetch_all(connection).await?;
    Ok(rows.into_iter().map(Texts).collect())
}

fn is_internal(name: &str) -> bool {
    name.to_ascii_lowercase().starts_with("tenantry_")
}

/// The schema of a database as it is now. Tables that begin with `tenantry_` are the program's own and left out.
pub async fn inspect(connection: &mut MySqlConnection, database: &str) -> Result<Schema, sqlx::Error> {
    let is_mariadb: String = sqlx::query("SELECT VERSION()").fetch_one(&mut *connection).await?.try_get(0)?;
    let is_mariadb = is_mariadb.to_ascii_lowercase().contains("mariadb");
    let mut schema = Schema::default();
    let tables = ask(
        connection,
        &["table_name", "table_comment"],
        "FROM information_schema.tables WHERE table_schema = ? AND table_type = 'BASE TABLE' ORDER BY table_name",
        database,
    )
    .await?;
    for row in tables {
        let name = row.text(0)?;
        if !is_internal(&name) {
            let comment = Some(row.text(1)?).filter(|comment| !comment.is_empty());
            schema.tables.insert(
                name.clone(),
                Table {
                    name,
                    columns: Vec::new(),
                    primary_key: Vec::new(),
                    indexes: BTreeMap::new(),
                    foreign_keys: BTreeMap::new(),
                    checks: BTreeMap::new(),
                    comment,
                },
            );
        }
    }
    read_columns(connection, database, is_mariadb, &mut schema).await?;
    read_indexes(connection, database, is_mariadb, &mut schema).await?;
    read_foreign_keys(connection, database, &mut schema).await?;
    read_checks(connection, database, is_mariadb, &mut schema).await?;
    read_views(connection, database, &mut schema).await?;
    read_triggers(connection, database, &mut schema).await?;
    read_functions(connection, database, &mut schema).await?;
    schema.tables.values_mut().for_each(leave_own_keys_out);
    Ok(schema)
}

async fn read_columns(
    connection: &mut MySqlConnection,
    database: &str,
    is_mariadb: bool,
    schema: &mut Schema,
) -> Result<(), sqlx::Error> {
    let rows = ask(
        connection,
        &[
            "table_name",
            "column_name",
            "column_type",
            "is_nullable",
            "column_default",
            "extra",
            "generation_expression",
            "collation_name",
            "column_comment",
        ],
        "FROM information_schema.columns WHERE table_schema = ? ORDER BY table_name, ordinal_position",
        database,
    )
    .await?;
    for row in rows {
        let Some(table) = schema.tables.get_mut(&row.text(0)?) else { continue };
        let extra = row.text(5)?.to_ascii_lowercase();
        let expression = row.maybe(6)?.filter(|text| !text.is_empty());
        let generated = expression.map(|expression| Generated {
            expression,
            stored: extra.contains("stored") || extra.contains("persistent"),
        });
        let ty = read_type(&row.text(2)?);
        let default = match row.maybe(4)? {
            _ if generated.is_some() => None,
            Some(written) if is_mariadb => read_default(&written),
            Some(written) if extra.contains("default_generated") => read_default(&written),
            Some(written) => Some(read_plain_default(&ty, written)),
            None => None,
        };
        let default = match (&ty, default) {
            (Type::Boolean, Some(Default::Number(number))) if number == "0" || number == "1" => {
                Some(Default::Boolean(number == "1"))
            }
            (_, default) => default,
        };
        table.columns.push(Column {
            name: row.text(1)?,
            ty,
            nullable: row.is(3, "YES")?,
            default,
            auto_increment: extra.contains("auto_increment"),
            on_update_now: extra.contains("on update"),
            generated,
            collation: row.maybe(7)?.filter(|collation| collation != COLLATION),
            comment: Some(row.text(8)?).filter(|comment| !comment.is_empty()),
        });
    }
    Ok(())
}

/// A default as MariaDB writes all of them, and MySQL those that are expressions.
fn read_default(written: &str) -> Option<Default> {
    let lower = written.to_ascii_lowercase();
    if lower == "null" {
        return None;
    }
    let whole = written.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
    if let Some(text) = whole.and_then(unescaped) {
        return Some(Default::Text(text));
    }
    if is_number(written) {
        return Some(Default::Number(written.to_owned()));
    }
    if let Some(rest) = lower.strip_prefix("current_timestamp") {
        let digits = rest.trim_matches(['(', ')']);
        return Some(Default::Now(digits.parse().unwrap_or(0)));
    }
    if lower == "uuid()" {
        return Some(Default::Uuid);
    }
    Some(Default::Expression(written.to_owned()))
}

/// A constant default as MySQL writes it: without quotes.
fn read_plain_default(ty: &Type, written: String) -> Default {
    let is_numeric = matches!(
        ty,
        Type::Integer { .. } | Type::Boolean | Type::Decimal { .. } | Type::Float | Type::Double | Type::Year
    );
    match read_default(&written) {
        Some(now @ Default::Now(_)) => now,
        _ if is_numeric && is_number(&written) => Default::Number(written),
        _ => Default::Text(written),
    }
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    digits.starts_with(|sign: char| sign.is_ascii_digit())
        && digits.chars().all(|sign| sign.is_ascii_digit() || sign == '.')
}

/// The inside of a literal; `None` where its quotes are not those of one literal.
fn unescaped(inside: &str) -> Option<String> {
    let mut text = String::new();
    let mut signs = inside.chars().peekable();
    while let Some(sign) = signs.next() {
        match sign {
            '\'' if signs.peek() == Some(&'\'') => {
                signs.next();
                text.push('\'');
            }
            '\'' => return None,
            '\\' => text.push(match signs.next()? {
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                '0' => '\0',
                other => other,
            }),
            other => text.push(other),
        }
    }
    Some(text)
}

async fn read_indexes(
    connection: &mut MySqlConnection,
    database: &str,
    is_mariadb: bool,
    schema: &mut Schema,
) -> Result<(), sqlx::Error> {
    let expression = if is_mariadb { "NULL" } else { "expression" };
    let rows = ask(
        connection,
        &["table_name", "index_name", "non_unique", "column_name", "sub_part", "collation", expression],
        "FROM information_schema.statistics WHERE table_schema = ? ORDER BY table_name, index_name, seq_in_index",
        database,
    )
    .await?;
    for row in rows {
        let Some(table) = schema.tables.get_mut(&row.text(0)?) else { continue };
        let name = row.text(1)?;
        if name == "PRIMARY" {
            table.primary_key.push(row.text(3)?);
            continue;
        }
        let unique = row.is(2, "0")?;
        let expression = row.maybe(6)?;
        let part = IndexPart {
            is_expression: expression.is_some(),
            column: expression.map_or_else(|| row.text(3), Ok)?,
            prefix: row.maybe(4)?.and_then(|length| length.parse().ok()),
            descending: row.is(5, "D")?,
        };
        let index = table.indexes.entry(name.clone()).or_insert_with(|| Index {
            name,
            parts: Vec::new(),
            unique,
            filter: None,
        });
        index.parts.push(part);
    }
    Ok(())
}

async fn read_foreign_keys(
    connection: &mut MySqlConnection,
    database: &str,
    schema: &mut Schema,
) -> Result<(), sqlx::Error> {
    let rules = ask(
        connection,
        &["table_name", "constraint_name", "delete_rule", "update_rule"],
        "FROM information_schema.referential_constraints WHERE constraint_schema = ?",
        database,
    )
    .await?;
    let action = |word: &str| match word {
        "CASCADE" => ReferentialAction::Cascade,
        "SET NULL" => ReferentialAction::SetNull,
        "SET DEFAULT" => ReferentialAction::SetDefault,
        _ => ReferentialAction::NoAction,
    };
    let mut actions = BTreeMap::new();
    for row in rules {
        actions.insert((row.text(0)?, row.text(1)?), (action(&row.text(2)?), action(&row.text(3)?)));
    }
    let rows = ask(
        connection,
        &["table_name", "constraint_name", "column_name", "referenced_table_name", "referenced_column_name"],
        "FROM information_schema.key_column_usage WHERE table_schema = ? AND referenced_table_name IS NOT NULL
         ORDER BY table_name, constraint_name, ordinal_position",
        database,
    )
    .await?;
    for row in rows {
        let (table, name) = (row.text(0)?, row.text(1)?);
        let (on_delete, on_update) = actions.get(&(table.clone(), name.clone())).copied().unwrap_or_default();
        let Some(table) = schema.tables.get_mut(&table) else { continue };
        let foreign_table = row.text(3)?;
        let key = table.foreign_keys.entry(name.clone()).or_insert_with(|| ForeignKey {
            name,
            columns: Vec::new(),
            foreign_table,
            foreign_columns: Vec::new(),
            on_delete,
            on_update,
        });
        key.columns.push(row.text(2)?);
        key.foreign_columns.push(row.text(4)?);
    }
    Ok(())
}

async fn read_checks(
    connection: &mut MySqlConnection,
    database: &str,
    is_mariadb: bool,
    schema: &mut Schema,
) -> Result<(), sqlx::Error> {
    let rest = if is_mariadb {
        "FROM information_schema.check_constraints c WHERE c.constraint_schema = ?"
    } else {
        "FROM information_schema.check_constraints c JOIN information_schema.table_constraints t
         ON t.constraint_schema = c.constraint_schema AND t.constraint_name = c.constraint_name
         WHERE t.table_schema = ? AND t.constraint_type = 'CHECK'"
    };
    let table = if is_mariadb { "c.table_name" } else { "t.table_name" };
    let rows = ask(connection, &[table, "c.constraint_name", "c.check_clause"], rest, database).await?;
    for row in rows {
        let Some(table) = schema.tables.get_mut(&row.text(0)?) else { continue };
        let (name, expression) = (row.text(1)?, row.text(2)?);
        // MariaDB keeps JSON as a long text with a check that it adds by itself, called as the column.
        let of_json = format!("json_valid(`{}`)", name.replace('`', "``"));
        let column = table.columns.iter_mut().find(|column| column.name == name);
        if expression == of_json
            && let Some(column) = column
            && matches!(column.ty, Type::Text(TextSize::Long))
        {
            column.ty = Type::Json;
            column.collation = None;
            continue;
        }
        table.checks.insert(name.clone(), Check { name, expression });
    }
    Ok(())
}

async fn read_views(
    connection: &mut MySqlConnection,
    database: &str,
    schema: &mut Schema,
) -> Result<(), sqlx::Error> {
    let rows = ask(
        connection,
        &["table_name", "view_definition"],
        "FROM information_schema.views WHERE table_schema = ?",
        database,
    )
    .await?;
    // The server writes the database's name before each table: a copy of the database would seem another.
    let qualifier = format!("`{}`.", database.replace('`', "``"));
    for row in rows {
        let name = row.text(0)?;
        let query = row.text(1)?.replace(&qualifier, "");
        schema.views.insert(name.clone(), View { name, columns: Vec::new(), query });
    }
    Ok(())
}

async fn read_triggers(
    connection: &mut MySqlConnection,
    database: &str,
    schema: &mut Schema,
) -> Result<(), sqlx::Error> {
    let rows = ask(
        connection,
        &["trigger_name", "event_object_table", "action_timing", "event_manipulation", "action_statement"],
        "FROM information_schema.triggers WHERE trigger_schema = ?",
        database,
    )
    .await?;
    for row in rows {
        let (name, table) = (row.text(0)?, row.text(1)?);
        if is_internal(&table) {
            continue;
        }
        let definition = format!("{} {} {}", row.text(2)?, row.text(3)?, row.text(4)?);
        schema.triggers.insert(name.clone(), Trigger { name, table, definition });
    }
    Ok(())
}

async fn read_functions(
    connection: &mut MySqlConnection,
    database: &str,
    schema: &mut Schema,
) -> Result<(), sqlx::Error> {
    for routine in routines(connection, database).await? {
        let definition = without_definer(&routine.made_by);
        // A function and a procedure may have one name.
        let is_procedure = routine.kind == "PROCEDURE";
        let key = if is_procedure { format!("{} (procedure)", routine.name) } else { routine.name.clone() };
        schema.functions.insert(key, Function { name: routine.name, definition });
    }
    Ok(())
}

/// The statement without whom it belongs to, which is another in each database.
fn without_definer(made_by: &str) -> String {
    let rest = made_by.strip_prefix("CREATE DEFINER=").and_then(|rest| rest.split_once("`@`"));
    match rest.and_then(|(_, host)| host.split_once("` ")) {
        Some((_, rest)) => format!("CREATE {rest}"),
        None => made_by.to_owned(),
    }
}

/// The indexes that are there for a foreign key only belong to the key. Two keys over the same columns have one each.
fn leave_own_keys_out(table: &mut Table) {
    let is_like = |index: &Index, key: &ForeignKey| {
        !index.unique
            && key.columns.len() == index.parts.len()
            && key.columns.iter().zip(&index.parts).all(|(one, part)| same(one, &part.column))
    };
    let mut alone = table.clone();
    alone.indexes.retain(|name, index| !table.foreign_keys.get(name).is_some_and(|key| is_like(index, key)));
    let own: BTreeSet<String> = own_keys(&alone).into_keys().collect();
    table.indexes.retain(|name, _| alone.indexes.contains_key(name) || !own.contains(name));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whose_a_function_is_does_not_matter() {
        let body = "FUNCTION `f`(a INT) RETURNS int(11)\nRETURN a";
        assert_eq!(without_definer(&format!("CREATE DEFINER=`t_1`@`%` {body}")), format!("CREATE {body}"));
        assert_eq!(without_definer(&format!("CREATE {body}")), format!("CREATE {body}"));
    }

    #[test]
    fn defaults_are_read_as_each_server_writes_them() {
        let text = |text: &str| Some(Default::Text(text.into()));
        assert_eq!(read_default(r"'it\'s \\ here'"), text(r"it's \ here"));
        assert_eq!(read_default("NULL"), None);
        assert_eq!(read_default("'NULL'"), text("NULL"));
        assert_eq!(read_default("-1.50"), Some(Default::Number("-1.50".into())));
        assert_eq!(read_default("current_timestamp(3)"), Some(Default::Now(3)));
        assert_eq!(read_default("uuid()"), Some(Default::Uuid));
        let both = "'a' + 'b'";
        assert_eq!(read_default(both), Some(Default::Expression(both.into())));
        let number = Type::Integer { bits: 32, unsigned: false };
        assert_eq!(read_plain_default(&number, "5".into()), Default::Number("5".into()));
        assert_eq!(read_plain_default(&Type::Varchar(9), "5".into()), Default::Text("5".into()));
        assert_eq!(read_plain_default(&Type::Datetime(0), "CURRENT_TIMESTAMP".into()), Default::Now(0));
    }
}
