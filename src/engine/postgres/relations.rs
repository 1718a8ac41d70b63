//! What stands in FROM: tables, views, queries in brackets, and their joins.

use super::{
    Refusal,
    expressions::Translator,
    names::{self, identifier},
    queries::{parse, renamed, simple_name},
    scope::{Relation, Sql},
    tables,
};
use sqlparser::ast::{Join, JoinConstraint, JoinOperator, TableFactor, TableWithJoins};

/// Views that read views, at most so deep.
const DEEPEST: usize = 32;

impl Translator<'_> {
    /// A table and what is joined to it; the relations come into the innermost scope.
    pub fn table_with_joins(&mut self, table: &TableWithJoins) -> Result<Sql, Refusal> {
        let mut sql = self.table_factor(&table.relation)?;
        for join in &table.joins {
            let Join { relation, global: false, join_operator } = join else {
                return Err(Refusal::unsupported(format!("{join}")));
            };
            let (word, constraint) = match join_operator {
                JoinOperator::Join(constraint)
                | JoinOperator::Inner(constraint)
                | JoinOperator::CrossJoin(constraint) => ("JOIN", constraint),
                JoinOperator::Left(constraint) | JoinOperator::LeftOuter(constraint) => {
                    ("LEFT JOIN", constraint)
                }
                JoinOperator::Right(constraint) | JoinOperator::RightOuter(constraint) => {
                    ("RIGHT JOIN", constraint)
                }
                other => return Err(Refusal::unsupported(format!("{other:?}"))),
            };
            let relation = self.table_factor(relation)?;
            sql.push(match constraint {
                JoinConstraint::On(condition) => {
                    let condition = self.condition(condition)?;
                    Sql::fill(&format!(" {word} {{}} ON {{}}"), [relation, condition])
                }
                JoinConstraint::Using(_) if word == "RIGHT JOIN" => {
                    return Err(Refusal::unsupported("RIGHT JOIN … USING (write ON)"));
                }
                JoinConstraint::Using(columns) => {
                    let columns: Result<Vec<_>, _> =
                        columns.iter().map(|name| simple_name(name).map(|name| name.value.clone())).collect();
                    Sql::fill(
                        &format!(" {word} {{}} USING ({{}})"),
                        [relation, Sql::new(names::identifiers(columns?))],
                    )
                }
                JoinConstraint::None if word == "JOIN" => Sql::fill(" CROSS JOIN {}", [relation]),
                JoinConstraint::None => return Err(Refusal::unsupported("An outer join without ON")),
                JoinConstraint::Natural => return Err(Refusal::unsupported("NATURAL JOIN")),
            });
        }
        Ok(sql)
    }

    fn table_factor(&mut self, factor: &TableFactor) -> Result<Sql, Refusal> {
        match factor {
            TableFactor::Table {
                name,
                alias,
                args: None,
                with_hints,
                version: None,
                with_ordinality: false,
                partitions,
                json_path: None,
                sample: None,
                index_hints: _,
            } if with_hints.is_empty() && partitions.is_empty() => {
                let name = simple_name(name)?;
                let shown = match alias {
                    Some(alias) if alias.columns.is_empty() => Some(alias.name.value.clone()),
                    Some(alias) => return Err(Refusal::unsupported(format!("The alias {alias}"))),
                    None => None,
                };
                let relation = self.relation(&name.value, shown.as_deref())?;
                if let Some(scope) = self.scopes.last_mut() {
                    scope.relations.push(relation);
                }
                let alias = shown.map(|alias| format!(" AS {}", identifier(&alias))).unwrap_or_default();
                let live = self.live_name(&name.value);
                Ok(Sql::new(format!("{}{alias}", identifier(&live))))
            }
            TableFactor::Derived { lateral: false, subquery, alias: Some(alias), sample: None }
                if alias.columns.is_empty() =>
            {
                // Its query cannot see the tables beside it.
                let beside = self.scopes.pop();
                let query = self.query(subquery);
                self.scopes.extend(beside);
                let (sql, columns) = query?;
                if let Some(scope) = self.scopes.last_mut() {
                    scope.relations.push(Relation { name: alias.name.value.clone(), columns });
                }
                Ok(Sql::fill("({}) AS {}", [sql, Sql::new(identifier(&alias.name.value))]))
            }
            TableFactor::NestedJoin { table_with_joins, alias: None } => {
                Ok(Sql::fill("({})", [self.table_with_joins(table_with_joins)?]))
            }
            other => Err(Refusal::unsupported(format!("{other} in FROM"))),
        }
    }

    /// A table's or view's name as it was created: PostgreSQL tells case apart.
    fn live_name(&self, name: &str) -> String {
        let is_it = |found: &&String| names::same(found, name);
        let known = self.named.iter().rev().find(|relation| names::same(&relation.name, name));
        let of_schema = |schema: &crate::schema::Schema| {
            schema.tables.keys().find(is_it).or_else(|| schema.views.keys().find(is_it)).cloned()
        };
        known
            .map(|relation| relation.name.clone())
            .or_else(|| self.schema.and_then(of_schema))
            .unwrap_or_else(|| name.to_owned())
    }

    /// What a name in FROM stands for: a WITH query, a table or a view.
    pub fn relation(&mut self, name: &str, alias: Option<&str>) -> Result<Relation, Refusal> {
        let shown = alias.unwrap_or(name);
        if let Some(found) = self.named.iter().rev().find(|relation| names::same(&relation.name, name)) {
            return Ok(Relation { name: shown.to_owned(), columns: found.columns.clone() });
        }
        if names::same(name, "dual") {
            return Err(Refusal::new("DUAL is not known on PostgreSQL; leave FROM DUAL out."));
        }
        let missing = || Refusal::new(format!("There is no table or view {name}."));
        let schema = self.schema.ok_or_else(missing)?;
        if let Some(table) = tables::find_table(schema, name) {
            return Ok(Relation::of_table(schema, table, shown));
        }
        let view = schema.views.values().find(|view| names::same(&view.name, name)).ok_or_else(missing)?;
        if self.depth >= DEEPEST {
            return Err(Refusal::new(format!("The view {name} reads itself.")));
        }
        let mut inner = Translator { depth: self.depth + 1, ..Translator::over_schema(schema) };
        let (_, results) = inner.query(&parse(&view.query)?)?;
        Ok(renamed(shown, results, &view.columns))
    }
}
