//! Keys, indexes and checks of a table: read from the syntax tree, and named as MySQL names those without a name.

use super::{
    columns::{self, Beside},
    expression,
    operations::{Taken, checked_name, no, plain_name},
};
use crate::schema::{Check, ForeignKey, Index, IndexPart};
use sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, FunctionArguments, IndexColumn, OrderBySort, TableConstraint, Value,
};
use std::collections::BTreeMap;

/// Gives unnamed keys and checks their names, as MySQL does, and collects them.
pub(super) struct Parts {
    pub table: String,
    pub indexes: BTreeMap<String, Index>,
    pub foreign_keys: BTreeMap<String, ForeignKey>,
    pub checks: BTreeMap<String, Check>,
    pub primary_key: Vec<String>,
}

impl Parts {
    pub fn new(table: &str) -> Self {
        Parts {
            table: table.to_owned(),
            indexes: BTreeMap::new(),
            foreign_keys: BTreeMap::new(),
            checks: BTreeMap::new(),
            primary_key: Vec::new(),
        }
    }

    pub fn index(&mut self, name: Option<String>, parts: Vec<IndexPart>, unique: bool) -> Taken<()> {
        let name = match name {
            Some(name) => checked_name(&name, "index")?,
            None => self.free_index_name(&parts),
        };
        if self.indexes.contains_key(&name) {
            return no(format!("there are two indexes named {name}"));
        }
        self.indexes.insert(name.clone(), Index { name, parts, unique, filter: None });
        Ok(())
    }

    fn free_index_name(&self, parts: &[IndexPart]) -> String {
        let base = parts
            .first()
            .filter(|part| !part.is_expression)
            .map_or("functional_index", |part| part.column.as_str());
        let numbered = (2..).map(|number| format!("{base}_{number}"));
        std::iter::once(base.to_owned())
            .chain(numbered)
            .find(|name| !self.indexes.contains_key(name))
            .unwrap_or_default()
    }

    fn foreign_key(&mut self, name: Option<String>, mut key: ForeignKey) -> Taken<()> {
        key.name = match name {
            Some(name) => checked_name(&name, "foreign key")?,
            None => cut_name(&format!("fk_{}_{}", self.table, key.columns.join("_"))),
        };
        if self.foreign_keys.contains_key(&key.name) {
            return no(format!("there are two foreign keys named {}", key.name));
        }
        self.foreign_keys.insert(key.name.clone(), key);
        Ok(())
    }

    fn check(&mut self, name: Option<String>, expression: String) -> Taken<()> {
        let name = match name {
            Some(name) => checked_name(&name, "check")?,
            None => (1..)
                .map(|number| cut_name(&format!("chk_{}_{number}", self.table)))
                .find(|name| !self.checks.contains_key(name))
                .unwrap_or_default(),
        };
        if self.checks.contains_key(&name) {
            return no(format!("there are two checks named {name}"));
        }
        self.checks.insert(name.clone(), Check { name, expression });
        Ok(())
    }

    pub fn beside(&mut self, column: &str, beside: Beside) -> Taken<()> {
        if beside.primary_key {
            self.primary_key.push(column.to_owned());
        }
        if beside.unique {
            self.index(None, vec![plain_part(column)], true)?;
        }
        for (name, expression) in beside.checks {
            self.check(name, expression)?;
        }
        if let Some(reference) = beside.reference {
            let key = ForeignKey {
                name: String::new(),
                columns: vec![column.to_owned()],
                foreign_table: reference.table,
                foreign_columns: reference.columns,
                on_delete: reference.on_delete,
                on_update: reference.on_update,
            };
            self.foreign_key(None, key)?;
        }
        Ok(())
    }

    pub fn constraint(&mut self, constraint: &TableConstraint) -> Taken<()> {
        match constraint {
            TableConstraint::PrimaryKey(key) => {
                let parts = index_parts(&key.columns)?;
                if parts.iter().any(|part| part.is_expression || part.prefix.is_some() || part.descending) {
                    return no("a primary key takes whole columns");
                }
                if !self.primary_key.is_empty() {
                    return no("there are two primary keys");
                }
                self.primary_key = parts.into_iter().map(|part| part.column).collect();
                Ok(())
            }
            TableConstraint::Unique(key) => {
                let name = key.index_name.as_ref().or(key.name.as_ref()).map(|name| name.value.clone());
                self.index(name, index_parts(&key.columns)?, true)
            }
            TableConstraint::Index(index) => self.index(
                index.name.as_ref().map(|name| name.value.clone()),
                index_parts(&index.columns)?,
                false,
            ),
            TableConstraint::ForeignKey(key) => {
                if key.match_kind.is_some() {
                    return no("MATCH is not taken at a foreign key: MySQL ignores it");
                }
                let name = key.name.as_ref().or(key.index_name.as_ref()).map(|name| name.value.clone());
                let foreign = ForeignKey {
                    name: String::new(),
                    columns: key.columns.iter().map(|column| column.value.clone()).collect(),
                    foreign_table: plain_name(&key.foreign_table)?,
                    foreign_columns: key.referred_columns.iter().map(|column| column.value.clone()).collect(),
                    on_delete: columns::action(key.on_delete),
                    on_update: columns::action(key.on_update),
                };
                self.foreign_key(name, foreign)
            }
            TableConstraint::Check(check) => {
                if check.enforced == Some(false) {
                    return no("a check that is NOT ENFORCED checks nothing; leave it out");
                }
                self.check(
                    check.name.as_ref().map(|name| name.value.clone()),
                    expression::text(check.expr.as_ref()),
                )
            }
            TableConstraint::FulltextOrSpatial(_) => no(
                "FULLTEXT and SPATIAL indexes cannot be carried to other engines; write them in a file for one engine",
            ),
            other => no(format!("{other} is not taken")),
        }
    }
}

/// Made names keep within PostgreSQL's 63 bytes; a digest keeps cut ones apart.
fn cut_name(name: &str) -> String {
    if name.len() <= 63 {
        return name.to_owned();
    }
    let tail: String = crate::digest::sha256_hex(name).chars().take(8).collect();
    let stem: String = name
        .chars()
        .take_while({
            let mut bytes = 0;
            move |c| {
                bytes += c.len_utf8();
                bytes <= 54
            }
        })
        .collect();
    format!("{stem}_{tail}")
}

fn plain_part(column: &str) -> IndexPart {
    IndexPart { column: column.to_owned(), is_expression: false, prefix: None, descending: false }
}

/// The parts of an index.
pub(super) fn index_parts(columns: &[IndexColumn]) -> Taken<Vec<IndexPart>> {
    columns
        .iter()
        .map(|column| {
            let descending = matches!(column.column.options.sort, Some(OrderBySort::Desc));
            let part = match &column.column.expr {
                Expr::Identifier(name) => plain_part(&name.value),
                Expr::CompoundIdentifier(_) => return no("an index takes columns of its own table"),
                Expr::Function(function) if prefix(function).is_some() => {
                    IndexPart { prefix: prefix(function), ..plain_part(&plain_name(&function.name)?) }
                }
                Expr::Nested(inner) => {
                    IndexPart { is_expression: true, ..plain_part(&expression::text(inner.as_ref())) }
                }
                other => {
                    return no(format!("{other} is not taken in an index; put an expression in brackets"));
                }
            };
            Ok(IndexPart { descending, ..part })
        })
        .collect()
}

/// `name(10)` in an index is read as a call of a function.
fn prefix(function: &sqlparser::ast::Function) -> Option<u32> {
    let FunctionArguments::List(list) = &function.args else { return None };
    match list.args.as_slice() {
        [FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Value(value)))] => match &value.value {
            Value::Number(number, _) => number.parse().ok().filter(|length| *length > 0),
            _ => None,
        },
        _ => None,
    }
}
