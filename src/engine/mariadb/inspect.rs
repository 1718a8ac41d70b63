//! Reads a live database into the model, from what the catalog says of it.

use super::{
    catalog::{Answers, Catalog},
    oddities, others,
    routines::routines,
    tables::{COLLATION, own_keys},
    words::{identifier, read_type, same},
};
use crate::schema::{
    Check, Column, Default, ForeignKey, Function, Generated, Index, IndexPart, ReferentialAction, Schema,
    Table, Trigger, Type, View, model::TextSize,
};
use sqlx::MySqlConnection;
use std::collections::{BTreeMap, BTreeSet};

fn is_internal(name: &str) -> bool {
    name.to_ascii_lowercase().starts_with("tenantry_")
}

/// The schema of a database as it is now. Tables that begin with `tenantry_` are the program's own and left out.
pub async fn inspect(connection: &mut MySqlConnection, database: &str) -> Result<Schema, sqlx::Error> {
    let answers = Answers::ask(connection, database).await?;
    let mut schema = read(&answers)?;
    read_functions(connection, database, &mut schema).await?;
    Ok(schema)
}

/// The schema that the catalog tells of, without functions and procedures.
pub(super) fn read(answers: &Answers) -> Result<Schema, sqlx::Error> {
    let mut schema = Schema::default();
    for row in answers.of(Catalog::Tables) {
        let name = row.text(0)?;
        if (row.is(2, "BASE TABLE")? || row.is(2, oddities::WITH_HISTORY)?) && !is_internal(&name) {
            let comment = Some(row.text(1)?).filter(|comment| !comment.is_empty());
            let mut table = Table {
                name: name.clone(),
                columns: Vec::new(),
                primary_key: Vec::new(),
                indexes: BTreeMap::new(),
                foreign_keys: BTreeMap::new(),
                checks: BTreeMap::new(),
                comment,
            };
            oddities::read_table(row, &mut table)?;
            schema.tables.insert(name, table);
        } else if row.is(2, "SEQUENCE")? {
            let sequence = others::sequence(&name);
            schema.others.insert(sequence.name.clone(), sequence);
        }
    }
    read_columns(answers, &mut schema)?;
    read_indexes(answers, &mut schema)?;
    read_foreign_keys(answers, &mut schema)?;
    read_checks(answers, &mut schema)?;
    for row in answers.of(Catalog::Views) {
        let (name, query) = (row.text(0)?, answers.view(row)?);
        schema.views.insert(name.clone(), View { name, columns: Vec::new(), query });
    }
    read_triggers(answers, &mut schema)?;
    schema.tables.values_mut().for_each(leave_own_keys_out);
    Ok(schema)
}

fn read_columns(answers: &Answers, schema: &mut Schema) -> Result<(), sqlx::Error> {
    for row in answers.of(Catalog::Columns) {
        let Some(table) = schema.tables.get_mut(&row.text(0)?) else { continue };
        let extra = row.text(5)?.to_ascii_lowercase();
        oddities::read_column(&extra, &row.text(1)?, table);
        let expression = row.maybe(6)?.filter(|text| !text.is_empty());
        let generated = expression.map(|expression| Generated {
            expression: answers.expression(expression),
            stored: extra.contains("stored") || extra.contains("persistent"),
        });
        let ty = read_type(&row.text(2)?);
        let default = match row.maybe(4)? {
            _ if generated.is_some() => None,
            Some(written) if answers.is_mariadb => read_default(&written),
            Some(written) if extra.contains("default_generated") => read_default(&answers.default(written)),
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
    // MariaDB 11.8 writes bytes like that.
    let digits = written.strip_prefix("x'").and_then(|rest| rest.strip_suffix('\''));
    if let Some(text) = digits.and_then(text_of_digits) {
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
    let has_time = matches!(ty, Type::Datetime(_) | Type::Timestamp(_));
    let bytes = || written.strip_prefix("0x").and_then(text_of_digits);
    match read_default(&written) {
        Some(now @ Default::Now(_)) if has_time => now,
        _ if is_numeric && is_number(&written) => Default::Number(written),
        _ if matches!(ty, Type::Binary(_) | Type::Varbinary(_)) => Default::Text(bytes().unwrap_or(written)),
        _ => Default::Text(written),
    }
}

/// The text whose bytes are given by two hexadecimal digits each.
fn text_of_digits(digits: &str) -> Option<String> {
    let pairs =
        digits.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
    String::from_utf8(pairs.collect::<Option<Vec<u8>>>()?).ok()
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

fn read_indexes(answers: &Answers, schema: &mut Schema) -> Result<(), sqlx::Error> {
    for row in answers.of(Catalog::Indexes) {
        let Some(table) = schema.tables.get_mut(&row.text(0)?) else { continue };
        let name = row.text(1)?;
        if name == "PRIMARY" {
            table.primary_key.push(row.text(3)?);
            continue;
        }
        oddities::read_index(row, &name, table)?;
        let unique = row.is(2, "0")?;
        let expression = row.maybe(6)?.map(|expression| answers.expression(expression));
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

fn read_foreign_keys(answers: &Answers, schema: &mut Schema) -> Result<(), sqlx::Error> {
    let action = |word: &str| match word {
        "CASCADE" => ReferentialAction::Cascade,
        "SET NULL" => ReferentialAction::SetNull,
        "SET DEFAULT" => ReferentialAction::SetDefault,
        _ => ReferentialAction::NoAction,
    };
    let mut actions = BTreeMap::new();
    for row in answers.of(Catalog::Rules) {
        actions.insert((row.text(0)?, row.text(1)?), (action(&row.text(2)?), action(&row.text(3)?)));
    }
    for row in answers.of(Catalog::Keys) {
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

fn read_checks(answers: &Answers, schema: &mut Schema) -> Result<(), sqlx::Error> {
    for row in answers.of(Catalog::Checks) {
        let Some(table) = schema.tables.get_mut(&row.text(0)?) else { continue };
        let (name, expression) = (row.text(1)?, answers.expression(row.text(2)?));
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

fn read_triggers(answers: &Answers, schema: &mut Schema) -> Result<(), sqlx::Error> {
    for row in answers.of(Catalog::Triggers) {
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
        let definition = match &routine.made_by {
            Some(made_by) => without_definer(made_by),
            None => format!(
                "CREATE {} {} /* of another account, which keeps it to itself */",
                routine.kind,
                identifier(&routine.name)
            ),
        };
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
        assert_eq!(read_default("x'616263'"), text("abc"));
        assert_eq!(read_default("-1.50"), Some(Default::Number("-1.50".into())));
        assert_eq!(read_default("current_timestamp(3)"), Some(Default::Now(3)));
        assert_eq!(read_default("uuid()"), Some(Default::Uuid));
        let both = "'a' + 'b'";
        assert_eq!(read_default(both), Some(Default::Expression(both.into())));
        let number = Type::Integer { bits: 32, unsigned: false };
        assert_eq!(read_plain_default(&number, "5".into()), Default::Number("5".into()));
        assert_eq!(read_plain_default(&Type::Varchar(9), "5".into()), Default::Text("5".into()));
        assert_eq!(read_plain_default(&Type::Datetime(0), "CURRENT_TIMESTAMP".into()), Default::Now(0));
        let word = "current_timestamp";
        assert_eq!(read_plain_default(&Type::Varchar(20), word.into()), Default::Text(word.into()));
        assert_eq!(read_plain_default(&Type::Varbinary(9), "0x61c3bc".into()), Default::Text("aü".into()));
    }
}
