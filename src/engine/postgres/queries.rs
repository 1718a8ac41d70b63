//! Queries and views, tree to tree. Every field of the trees is named, so that a newer parser's new clause cannot be lost
//! without notice.

use super::{
    Refusal,
    expressions::Translator,
    names::{self, identifier},
    scope::{Kind, Relation, Scope, Sql, computed},
};
use crate::schema::View;
use sqlparser::{
    ast::{
        Cte, Distinct, Expr, GroupByExpr, Ident, LimitClause, ObjectName, ObjectNamePart, OrderBy,
        OrderByExpr, OrderByKind, OrderBySort, Query, Select, SelectItem, SelectItemQualifiedWildcardKind,
        SetExpr, SetOperator, SetQuantifier, Statement, Value, Values, With, visit_relations,
    },
    dialect::{MySqlDialect, PostgreSqlDialect},
    parser::Parser,
};
use std::{collections::BTreeSet, ops::ControlFlow};

/// What a query gives: names and kinds.
pub(super) type Results = Vec<(String, Kind)>;

/// CREATE VIEW.
pub(super) fn create_view(translator: &mut Translator, view: &View) -> Result<String, Refusal> {
    let within = |refusal: Refusal| Refusal::new(format!("The view {}: {}", view.name, refusal.reason));
    let query = parse(&view.query).map_err(within)?;
    let (sql, results) = translator.query(&query).map_err(within)?;
    if !view.columns.is_empty() && view.columns.len() != results.len() {
        return Err(Refusal::new(format!(
            "The view {} lists {} columns and its query gives {}.",
            view.name,
            view.columns.len(),
            results.len()
        )));
    }
    let columns = if view.columns.is_empty() {
        String::new()
    } else {
        format!(" ({})", names::identifiers(&view.columns))
    };
    Ok(format!("CREATE VIEW {}{columns} AS {}", identifier(&view.name), sql.text))
}

/// Reads the query of a view.
pub(super) fn parse(mysql: &str) -> Result<Query, Refusal> {
    let mut statements = Parser::parse_sql(&MySqlDialect {}, mysql)
        .map_err(|error| Refusal::new(format!("the query cannot be read: {error}.")))?;
    match (statements.pop(), statements.is_empty()) {
        (Some(Statement::Query(query)), true) => Ok(*query),
        _ => Err(Refusal::new("a view is made of one SELECT.")),
    }
}

/// The tables and views that a query in PostgreSQL's own words reads; nothing where it cannot be read here.
pub(super) fn relations_in_own_words(query: &str) -> Option<BTreeSet<String>> {
    let statements = Parser::parse_sql(&PostgreSqlDialect {}, query).ok()?;
    let mut names = BTreeSet::new();
    let _ = visit_relations(&statements, |relation| {
        names.extend(relation.0.last().and_then(|part| part.as_ident()).map(|name| name.value.clone()));
        ControlFlow::<()>::Continue(())
    });
    Some(names)
}

/// The one name that a table has here; another database's tables are out of reach.
pub(super) fn simple_name(name: &ObjectName) -> Result<&Ident, Refusal> {
    match name.0.as_slice() {
        [ObjectNamePart::Identifier(name)] => Ok(name),
        _ => Err(Refusal::new(format!("{name} names another database; name the table only."))),
    }
}

impl Translator<'_> {
    /// A query, and what it gives.
    pub fn query(&mut self, query: &Query) -> Result<(Sql, Results), Refusal> {
        let Query {
            with,
            body,
            order_by,
            limit_clause,
            fetch,
            locks,
            for_clause,
            settings,
            format_clause,
            pipe_operators,
        } = query;
        let strange =
            fetch.is_some() || for_clause.is_some() || settings.is_some() || format_clause.is_some();
        if strange || !pipe_operators.is_empty() || !locks.is_empty() {
            return Err(Refusal::unsupported(format!("This form of a query ({query})")));
        }
        let outer = self.named.len();
        let mut sql = match with {
            Some(with) => self.with(with)?,
            None => Sql::default(),
        };
        let depth = self.scopes.len();
        let (body_sql, results, is_single) = self.body(body, true)?;
        let is_distinct = matches!(body.as_ref(), SetExpr::Select(select) if select.distinct.is_some());
        sql.push(body_sql);
        if let Some(order) = order_by {
            let ordered = self.order_by(order, &results, is_single && !is_distinct)?;
            sql.push(Sql::fill(" ORDER BY {}", [ordered]));
        }
        self.scopes.truncate(depth);
        if let Some(limit) = limit_clause {
            sql.push(self.limit_clause(limit)?);
        }
        self.named.truncate(outer);
        Ok((sql, results))
    }

    fn with(&mut self, with: &With) -> Result<Sql, Refusal> {
        let mut pieces = Vec::new();
        for table in &with.cte_tables {
            let Cte { alias, query, from, materialized, closing_paren_token: _ } = table;
            if from.is_some() || materialized.is_some() {
                return Err(Refusal::unsupported(format!("This form of WITH ({table})")));
            }
            let given: Vec<String> = alias.columns.iter().map(|column| column.name.value.clone()).collect();
            if with.recursive {
                // Inside, its own rows are in sight; what kind they are is known from the query's first half.
                let mut first = query.as_ref().clone();
                if let SetExpr::SetOperation { left, .. } = query.body.as_ref() {
                    first =
                        Query { body: left.clone(), with: None, order_by: None, limit_clause: None, ..first };
                    let (_, results) = self.query(&first)?;
                    self.named.push(renamed(&alias.name.value, results, &given));
                }
            }
            let (sql, results) = self.query(query)?;
            self.named.push(renamed(&alias.name.value, results, &given));
            let columns =
                if given.is_empty() { String::new() } else { format!(" ({})", names::identifiers(&given)) };
            let mut piece = Sql::new(format!("{}{columns} AS (", identifier(&alias.name.value)));
            piece.push(sql);
            piece.push(Sql::new(")"));
            pieces.push(piece);
        }
        let word = if with.recursive { "WITH RECURSIVE {} " } else { "WITH {} " };
        Ok(Sql::fill(word, [Sql::join(pieces, ", ")]))
    }

    /// The body of a query. A single SELECT leaves its scope open where `open`, for ORDER BY.
    fn body(&mut self, body: &SetExpr, open: bool) -> Result<(Sql, Results, bool), Refusal> {
        match body {
            SetExpr::Select(select) => {
                let (sql, results) = self.select(select, open)?;
                Ok((sql, results, true))
            }
            SetExpr::Query(query) => {
                let (sql, results) = self.query(query)?;
                Ok((Sql::fill("({})", [sql]), results, false))
            }
            SetExpr::SetOperation { left, op, set_quantifier, right } => {
                let word = match (op, set_quantifier) {
                    (SetOperator::Union, SetQuantifier::All) => "UNION ALL",
                    (SetOperator::Union, SetQuantifier::None | SetQuantifier::Distinct) => "UNION",
                    (SetOperator::Except, SetQuantifier::None | SetQuantifier::Distinct) => "EXCEPT",
                    (SetOperator::Intersect, SetQuantifier::None | SetQuantifier::Distinct) => "INTERSECT",
                    _ => return Err(Refusal::unsupported(format!("{op} {set_quantifier}"))),
                };
                let outer = std::mem::replace(&mut self.keeps_collation, true);
                let (left, results, _) = self.body(left, false)?;
                let (right_sql, _, _) = self.body(right, false)?;
                self.keeps_collation = outer;
                let right_sql = if matches!(right.as_ref(), SetExpr::SetOperation { .. }) {
                    Sql::fill("({})", [right_sql])
                } else {
                    right_sql
                };
                let results = results.into_iter().map(|(name, kind)| (name, computed(kind))).collect();
                Ok((Sql::fill(&format!("{{}} {word} {{}}"), [left, right_sql]), results, false))
            }
            SetExpr::Values(Values { explicit_row: _, value_keyword: _, rows }) => {
                let mut pieces = Vec::new();
                for row in rows {
                    let items: Result<Vec<_>, _> = row.content.iter().map(|item| self.plain(item)).collect();
                    pieces.push(Sql::fill("({})", [Sql::join(items?, ", ")]));
                }
                Ok((Sql::fill("VALUES {}", [Sql::join(pieces, ", ")]), Vec::new(), false))
            }
            other => Err(Refusal::unsupported(format!("This form of a query ({other})"))),
        }
    }

    fn select(&mut self, select: &Select, open: bool) -> Result<(Sql, Results), Refusal> {
        let Select {
            select_token: _,
            optimizer_hints: _,
            distinct,
            select_modifiers,
            top,
            top_before_distinct: _,
            projection,
            exclude,
            into,
            from,
            lateral_views,
            prewhere,
            selection,
            connect_by,
            group_by,
            cluster_by,
            distribute_by,
            sort_by,
            having,
            named_window,
            qualify,
            window_before_qualify: _,
            value_table_mode,
            flavor: _,
        } = select;
        let strange = select_modifiers.as_ref().is_some_and(|modifiers| modifiers.sql_calc_found_rows)
            || top.is_some()
            || exclude.is_some()
            || into.is_some()
            || !lateral_views.is_empty()
            || prewhere.is_some()
            || !connect_by.is_empty()
            || !cluster_by.is_empty()
            || !distribute_by.is_empty()
            || !sort_by.is_empty()
            || !named_window.is_empty()
            || qualify.is_some()
            || value_table_mode.is_some();
        if strange {
            return Err(Refusal::unsupported(format!("This form of SELECT ({select})")));
        }
        let depth = self.scopes.len();
        self.scopes.push(Scope::default());
        let mut from_sql = Vec::new();
        for table in from {
            from_sql.push(self.table_with_joins(table)?);
        }
        let is_grouped = distinct.is_some()
            || !matches!(group_by, GroupByExpr::Expressions(expressions, _) if expressions.is_empty());
        let (projection_sql, results, sources) = self.projection(projection, is_grouped)?;
        let mut sql = Sql::new("SELECT ");
        match distinct {
            None | Some(Distinct::All) => {}
            Some(Distinct::Distinct) => sql.push(Sql::new("DISTINCT ")),
            Some(Distinct::On(_)) => return Err(Refusal::unsupported("DISTINCT ON")),
        }
        sql.push(projection_sql);
        if !from_sql.is_empty() {
            sql.push(Sql::fill(" FROM {}", [Sql::join(from_sql, ", ")]));
        }
        if let Some(condition) = selection {
            sql.push(Sql::fill(" WHERE {}", [self.condition(condition)?]));
        }
        if let Some(scope) = self.scopes.last_mut() {
            scope.results = results
                .iter()
                .zip(sources)
                .map(|((name, kind), sql)| (name.clone(), kind.clone(), sql))
                .collect();
        }
        match group_by {
            GroupByExpr::Expressions(expressions, modifiers) if modifiers.is_empty() => {
                if !expressions.is_empty() {
                    let pieces: Result<Vec<_>, _> = expressions.iter().map(|one| self.plain(one)).collect();
                    sql.push(Sql::fill(" GROUP BY {}", [Sql::join(pieces?, ", ")]));
                }
            }
            other => return Err(Refusal::unsupported(format!("{other}"))),
        }
        if let Some(condition) = having {
            sql.push(Sql::fill(" HAVING {}", [self.condition(condition)?]));
        }
        if !open {
            self.scopes.truncate(depth);
        }
        Ok((sql, results))
    }

    /// What a SELECT gives, and the expression behind each result. A text that nothing compares any more gets the database's
    /// own collation back, so that applications can search in a view.
    fn projection(
        &mut self,
        projection: &[SelectItem],
        is_grouped: bool,
    ) -> Result<(Sql, Results, Vec<Sql>), Refusal> {
        let keeps = is_grouped || self.keeps_collation;
        let mut pieces = Vec::new();
        let mut results = Vec::new();
        let mut sources = Vec::new();
        let relations = self.scopes.last().map(|scope| scope.relations.clone()).unwrap_or_default();
        for item in projection {
            let (expression, name) = match item {
                SelectItem::UnnamedExpr(expression) => {
                    let name = match expression {
                        Expr::Identifier(name) => name.value.clone(),
                        Expr::CompoundIdentifier(names) => {
                            names.last().map(|name| name.value.clone()).unwrap_or_default()
                        }
                        other => other.to_string(),
                    };
                    (expression, name)
                }
                SelectItem::ExprWithAlias { expr, alias } => (expr, alias.value.clone()),
                SelectItem::Wildcard(options) if options.to_string().is_empty() => {
                    let mut expanded = star(&relations, keeps);
                    pieces.append(&mut expanded.0);
                    results.append(&mut expanded.1);
                    sources.append(&mut expanded.2);
                    continue;
                }
                SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), options)
                    if options.to_string().is_empty() =>
                {
                    let name = simple_name(name)?;
                    let relation = relations.iter().find(|relation| names::same(&relation.name, &name.value));
                    let relation = relation.ok_or_else(|| {
                        Refusal::new(format!("There is no {name} that {name}.* could be of."))
                    })?;
                    let mut expanded = star(std::slice::from_ref(relation), keeps);
                    pieces.append(&mut expanded.0);
                    results.append(&mut expanded.1);
                    sources.append(&mut expanded.2);
                    continue;
                }
                other => return Err(Refusal::unsupported(format!("{other}"))),
            };
            let (sql, kind) = self.expression(expression)?;
            let shown = if keeps || !kind.is_text() {
                sql.clone()
            } else if matches!(expression, Expr::Identifier(_) | Expr::CompoundIdentifier(_)) {
                self.bare_column(expression)?
            } else {
                Sql::fill("{} COLLATE \"default\"", [sql.clone().operand()])
            };
            // A constant of no type yet is a text to whoever reads the result.
            let shown = if kind == Kind::Constant { Sql::fill("CAST({} AS text)", [shown]) } else { shown };
            pieces.push(Sql::fill("{} AS {}", [shown, Sql::new(identifier(&names::cut(&name)))]));
            results.push((names::cut(&name), kind));
            sources.push(sql.operand());
        }
        Ok((Sql::join(pieces, ", "), results, sources))
    }

    /// ORDER BY inside a function or a window, and of an UPDATE or DELETE.
    pub fn order(&mut self, order: &[OrderByExpr]) -> Result<Sql, Refusal> {
        let mut pieces = Vec::new();
        for item in order {
            let sql = self.sorted(&item.expr)?;
            pieces.push(directed(sql, item)?);
        }
        Ok(Sql::join(pieces, ", "))
    }

    fn order_by(&mut self, order: &OrderBy, results: &Results, is_single: bool) -> Result<Sql, Refusal> {
        let OrderBy { kind: OrderByKind::Expressions(items), interpolate: None } = order else {
            return Err(Refusal::unsupported(format!("ORDER BY {order}")));
        };
        let mut pieces = Vec::new();
        for item in items {
            let kind = match &item.expr {
                Expr::Value(value) => match &value.value {
                    Value::Number(place, _) => place
                        .parse::<usize>()
                        .ok()
                        .and_then(|place| results.get(place.checked_sub(1)?))
                        .map(|(_, kind)| kind.clone()),
                    _ => None,
                },
                Expr::Identifier(name) if !is_single => results
                    .iter()
                    .find(|(result, _)| names::same(result, &name.value))
                    .map(|(_, kind)| kind.clone()),
                _ if !is_single => {
                    return Err(Refusal::new(format!(
                        "After UNION, ORDER BY {} must be a result's name or place.",
                        item.expr
                    )));
                }
                _ => None,
            };
            let by_result = !is_single || matches!(item.expr, Expr::Value(_));
            let sql = match kind {
                Some(Kind::Enum(_)) => {
                    return Err(Refusal::new(format!(
                        "ORDER BY {} sorts an ENUM as text on PostgreSQL; sort by the column's name in a query of its own.",
                        item.expr
                    )));
                }
                Some(_) if !is_single => match &item.expr {
                    Expr::Identifier(name) => Sql::new(identifier(&name.value)),
                    other => Sql::new(other.to_string()),
                },
                None if by_result => {
                    return Err(Refusal::new(format!("ORDER BY {}: there is no such result.", item.expr)));
                }
                _ => self.sorted(&item.expr)?,
            };
            pieces.push(directed(sql, item)?);
        }
        Ok(Sql::join(pieces, ", "))
    }

    fn limit_clause(&mut self, limit: &LimitClause) -> Result<Sql, Refusal> {
        match limit {
            LimitClause::LimitOffset { limit, offset, limit_by } if limit_by.is_empty() => {
                let mut sql = match limit {
                    Some(limit) => Sql::fill(" LIMIT {}", [self.plain(limit)?]),
                    None => Sql::default(),
                };
                if let Some(offset) = offset {
                    sql.push(Sql::fill(" OFFSET {}", [self.plain(&offset.value)?]));
                }
                Ok(sql)
            }
            LimitClause::OffsetCommaLimit { offset, limit } => {
                let (offset, limit) = (self.plain(offset)?, self.plain(limit)?);
                Ok(Sql::fill(" LIMIT {} OFFSET {}", [limit, offset]))
            }
            other @ LimitClause::LimitOffset { .. } => Err(Refusal::unsupported(format!("{other}"))),
        }
    }
}

/// A star, written out, so that the order of columns is the template's.
fn star(relations: &[Relation], keeps: bool) -> (Vec<Sql>, Results, Vec<Sql>) {
    let (mut pieces, mut results, mut sources) = (Vec::new(), Vec::new(), Vec::new());
    for relation in relations {
        for (name, kind) in &relation.columns {
            let bare = Sql::new(format!("{}.{}", identifier(&relation.name), identifier(name)));
            let compared = super::expressions::compared_column(bare.clone(), kind);
            let shown = if keeps { compared.clone() } else { bare };
            pieces.push(Sql::fill("{} AS {}", [shown, Sql::new(identifier(name))]));
            results.push((name.clone(), kind.clone()));
            sources.push(compared.operand());
        }
    }
    (pieces, results, sources)
}

fn directed(sql: Sql, item: &OrderByExpr) -> Result<Sql, Refusal> {
    if item.with_fill.is_some() || item.options.nulls_first.is_some() {
        return Err(Refusal::unsupported(format!("ORDER BY {item}")));
    }
    match item.options.sort {
        // NULL is less than anything to MySQL.
        None | Some(OrderBySort::Asc) => Ok(Sql::fill("{} NULLS FIRST", [sql])),
        Some(OrderBySort::Desc) => Ok(Sql::fill("{} DESC NULLS LAST", [sql])),
        Some(OrderBySort::Using(_)) => Err(Refusal::unsupported(format!("ORDER BY {item}"))),
    }
}

pub(super) fn renamed(name: &str, results: Results, given: &[String]) -> Relation {
    let columns = results
        .into_iter()
        .enumerate()
        .map(|(place, (found, kind))| (given.get(place).cloned().unwrap_or(found), kind))
        .collect();
    Relation { name: name.to_owned(), columns }
}
