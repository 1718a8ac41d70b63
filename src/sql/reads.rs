//! Which tables and columns a statement over rows, a view's query or an expression reads. Where a name could be a column of
//! several tables it counts for each of them: this may say too much, never too little.

use super::{
    expression,
    objects::{ObjectRef, column_name, table_name},
    operations::plain_name,
};
use crate::schema::Schema;
use sqlparser::{
    ast::{
        Expr, FromTable, Ident, Insert, Join, JoinConstraint, JoinOperator, ObjectName, Query, Select,
        SelectItem, SelectItemQualifiedWildcardKind, SetExpr, Statement, TableFactor, TableObject,
        TableWithJoins, UpdateTableFromKind, Visit, Visitor,
    },
    dialect::MySqlDialect,
    parser::Parser,
};
use std::{collections::BTreeSet, ops::ControlFlow};

/// What a name in a query stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Source {
    /// A table of the schema, or one that the schema does not have.
    Table(String),
    View(String),
    /// A sub-query; what it reads is found inside it.
    Derived,
}

/// The names that one query gives to what it reads from.
#[derive(Debug, Default)]
struct Scope {
    sources: Vec<(String, Source)>,
    /// Names of the query's own WITH.
    with: Vec<String>,
}

struct Reader<'a> {
    schema: &'a Schema,
    scopes: Vec<Scope>,
    /// Views that are being read, from the outermost in: a view that reads itself ends here.
    within: Vec<String>,
    reads: BTreeSet<ObjectRef>,
}

/// What a statement over rows reads. The table that it changes is among it where a condition or a value needs it.
pub(super) fn of_statement(schema: &Schema, statement: &Statement) -> BTreeSet<ObjectRef> {
    let mut reader = Reader::new(schema);
    let mut scope = Scope::default();
    match statement {
        Statement::Insert(Insert { table: TableObject::TableName(name), .. }) => {
            if let Ok(name) = plain_name(name) {
                scope.sources.push((name.clone(), reader.source(&name)));
            }
        }
        Statement::Update(update) => {
            reader.add(&mut scope, &update.table);
            if let Some(UpdateTableFromKind::BeforeSet(more) | UpdateTableFromKind::AfterSet(more)) =
                &update.from
            {
                for table in more {
                    reader.add(&mut scope, table);
                }
            }
        }
        Statement::Delete(delete) => {
            let (FromTable::WithFromKeyword(tables) | FromTable::WithoutKeyword(tables)) = &delete.from;
            for table in tables.iter().chain(delete.using.iter().flatten()) {
                reader.add(&mut scope, table);
            }
        }
        _ => {}
    }
    reader.scopes.push(scope);
    let _ = statement.visit(&mut reader);
    reader.reads
}

/// What a view reads: the query of a view that it reads is followed. `Err` where the text is no query.
pub(super) fn of_query(schema: &Schema, text: &str) -> Result<BTreeSet<ObjectRef>, String> {
    let mut reader = Reader::new(schema);
    reader.query_text(text)?;
    Ok(reader.reads)
}

/// The columns of `table` that an expression of it reads.
pub(super) fn of_expression(schema: &Schema, table: &str, text: &str) -> Result<BTreeSet<ObjectRef>, String> {
    let names = expression::columns(text)?;
    Ok(names.iter().map(|name| ObjectRef::column(table, column_name(schema, table, name))).collect())
}

impl<'a> Reader<'a> {
    fn new(schema: &'a Schema) -> Self {
        Reader { schema, scopes: Vec::new(), within: Vec::new(), reads: BTreeSet::new() }
    }

    fn query_text(&mut self, text: &str) -> Result<(), String> {
        let dialect = MySqlDialect {};
        let mut parser = Parser::new(&dialect).try_with_sql(text).map_err(|error| error.to_string())?;
        let query = parser.parse_query().map_err(|error| error.to_string())?;
        let outer = std::mem::take(&mut self.scopes);
        let _ = query.visit(self);
        self.scopes = outer;
        Ok(())
    }

    /// What a name after FROM stands for.
    fn source(&self, name: &str) -> Source {
        let is_with =
            self.scopes.iter().any(|scope| scope.with.iter().any(|with| with.eq_ignore_ascii_case(name)));
        let view = self.schema.views.keys().find(|view| view.eq_ignore_ascii_case(name));
        match view {
            _ if is_with => Source::Derived,
            Some(view) => Source::View(view.clone()),
            None => Source::Table(table_name(self.schema, name).to_owned()),
        }
    }

    fn add(&mut self, scope: &mut Scope, table: &TableWithJoins) {
        self.add_factor(scope, &table.relation);
        for join in &table.joins {
            self.add_factor(scope, &join.relation);
        }
        // What a USING or a NATURAL names is no expression, so that the visit does not come by.
        for join in &table.joins {
            self.joined(scope, join);
        }
    }

    fn add_factor(&mut self, scope: &mut Scope, factor: &TableFactor) {
        match factor {
            TableFactor::Table { name, alias, .. } => {
                let Ok(name) = plain_name(name) else { return };
                let is_with = scope.with.iter().any(|with| with.eq_ignore_ascii_case(&name));
                let source = if is_with { Source::Derived } else { self.source(&name) };
                match &source {
                    Source::Table(table) => drop(self.reads.insert(ObjectRef::table(table))),
                    Source::View(view) => self.view(&view.clone()),
                    Source::Derived => {}
                }
                let called = alias.as_ref().map_or(name, |alias| alias.name.value.clone());
                scope.sources.push((called, source));
            }
            TableFactor::NestedJoin { table_with_joins, .. } => self.add(scope, table_with_joins),
            TableFactor::Derived { alias, .. } => {
                let called = alias.as_ref().map(|alias| alias.name.value.clone()).unwrap_or_default();
                scope.sources.push((called, Source::Derived));
            }
            _ => {}
        }
    }

    fn view(&mut self, name: &str) {
        self.reads.insert(ObjectRef::view(name));
        if self.within.iter().any(|outer| outer == name) {
            return;
        }
        if let Some(view) = self.schema.views.get(name) {
            self.within.push(name.to_owned());
            // A view's query was read when it was made, or comes from an engine in its own words: then it says nothing.
            let _ = self.query_text(&view.query);
            self.within.pop();
        }
    }

    fn joined(&mut self, scope: &Scope, join: &Join) {
        let (JoinOperator::Join(constraint)
        | JoinOperator::Inner(constraint)
        | JoinOperator::Left(constraint)
        | JoinOperator::LeftOuter(constraint)
        | JoinOperator::Right(constraint)
        | JoinOperator::RightOuter(constraint)
        | JoinOperator::FullOuter(constraint)
        | JoinOperator::CrossJoin(constraint)
        | JoinOperator::StraightJoin(constraint)) = &join.join_operator
        else {
            return;
        };
        match constraint {
            JoinConstraint::Using(names) => {
                for name in names.iter().filter_map(|name| plain_name(name).ok()) {
                    self.unqualified(scope, &name);
                }
            }
            JoinConstraint::Natural => self.all_columns(scope, None),
            JoinConstraint::On(_) | JoinConstraint::None => {}
        }
    }

    /// Every column of every source, or of the one that is called so.
    fn all_columns(&mut self, scope: &Scope, of: Option<&str>) {
        for (called, source) in &scope.sources {
            if of.is_some_and(|of| !of.eq_ignore_ascii_case(called)) {
                continue;
            }
            if let Source::Table(name) = source
                && let Some(table) = self.schema.tables.get(name)
            {
                self.reads.extend(table.columns.iter().map(|column| ObjectRef::column(name, &column.name)));
            }
        }
    }

    /// Whether a source of the scope has the column; each that has it is read.
    fn unqualified(&mut self, scope: &Scope, name: &str) -> bool {
        let mut found = false;
        for (_, source) in &scope.sources {
            match source {
                Source::Table(table) => {
                    let Some(known) = self.schema.tables.get(table) else { continue };
                    let column = known.columns.iter().find(|known| known.name.eq_ignore_ascii_case(name));
                    if let Some(column) = column {
                        self.reads.insert(ObjectRef::column(table, &column.name));
                        found = true;
                    }
                }
                Source::View(view) => {
                    let listed = self.schema.views.get(view).map(|view| view.columns.as_slice());
                    let is_listed = |names: &[String]| names.iter().any(|own| own.eq_ignore_ascii_case(name));
                    if listed.is_some_and(is_listed) {
                        self.reads.insert(ObjectRef::column(view, name));
                        found = true;
                    }
                }
                Source::Derived => {}
            }
        }
        found
    }

    fn qualified(&mut self, qualifier: &str, column: &str) {
        let found = self.scopes.iter().rev().find_map(|scope| {
            scope.sources.iter().find(|(called, _)| called.eq_ignore_ascii_case(qualifier))
        });
        match found.map(|(_, source)| source.clone()) {
            Some(Source::Table(table)) => {
                let column = column_name(self.schema, &table, column);
                self.reads.insert(ObjectRef::column(&table, column));
            }
            Some(Source::View(view)) => drop(self.reads.insert(ObjectRef::column(&view, column))),
            Some(Source::Derived) | None => {}
        }
    }

    /// A name in an expression: the innermost query that knows it has it.
    fn name(&mut self, name: &Ident) {
        let scopes = std::mem::take(&mut self.scopes);
        for scope in scopes.iter().rev() {
            if self.unqualified(scope, &name.value) {
                break;
            }
        }
        self.scopes = scopes;
    }
}

/// The SELECTs of a query's body, those of its UNIONs included, but not those of its sub-queries.
fn selects(body: &SetExpr) -> Vec<&Select> {
    let mut found = Vec::new();
    let mut open = vec![body];
    while let Some(next) = open.pop() {
        match next {
            SetExpr::Select(select) => found.push(select.as_ref()),
            SetExpr::SetOperation { left, right, .. } => open.extend([left.as_ref(), right.as_ref()]),
            _ => {}
        }
    }
    found
}

impl Visitor for Reader<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        let with = query.with.iter().flat_map(|with| &with.cte_tables);
        let mut scope =
            Scope { with: with.map(|cte| cte.alias.name.value.clone()).collect(), ..Scope::default() };
        for select in selects(&query.body) {
            // A scope of its own, so that `*` means the tables of this SELECT only.
            let mut own = Scope { with: scope.with.clone(), ..Scope::default() };
            for table in &select.from {
                self.add(&mut own, table);
            }
            for item in &select.projection {
                match item {
                    SelectItem::Wildcard(_) => self.all_columns(&own, None),
                    SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), _) => {
                        let last = name.0.last().and_then(|part| part.as_ident());
                        self.all_columns(&own, last.map(|last| last.value.as_str()));
                    }
                    _ => {}
                }
            }
            scope.sources.append(&mut own.sources);
        }
        if let SetExpr::Table(table) = query.body.as_ref()
            && let Some(name) = &table.table_name
        {
            let source = self.source(name);
            if let Source::Table(table) = &source {
                self.reads.insert(ObjectRef::table(table));
            }
            let own = Scope { sources: vec![(name.clone(), source)], ..Scope::default() };
            self.all_columns(&own, None);
        }
        self.scopes.push(scope);
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _query: &Query) -> ControlFlow<()> {
        self.scopes.pop();
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expression: &Expr) -> ControlFlow<()> {
        match expression {
            Expr::Identifier(name) => self.name(name),
            Expr::CompoundIdentifier(parts) => {
                if let [.., qualifier, column] = parts.as_slice() {
                    self.qualified(&qualifier.value, &column.value);
                }
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

/// The last part of a name: the column in `members.email`.
pub(super) fn last_part(name: &ObjectName) -> Option<&str> {
    name.0.last().and_then(|part| part.as_ident()).map(|ident| ident.value.as_str())
}
