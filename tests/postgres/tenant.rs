//! A database on the shared server, and the model of what is in it.

use crate::servers::Postgres;
use sqlx::{AssertSqlSafe, PgConnection, Row};
use std::sync::Arc;
use tenantry::{
    engine::{
        Statement,
        postgres::{CREATE_COLLATION, inspect, render},
    },
    schema::{Default, Schema, Type},
    sql::{
        evolve,
        operation::{Operation, TableChange},
        operations::operation,
        read::split,
        variables::Variables,
    },
};

pub struct Tenant {
    pub connection: PgConnection,
    pub schema: Schema,
    _server: Arc<Postgres>,
}

impl Tenant {
    pub async fn new() -> Tenant {
        let server = Postgres::shared();
        let mut connection = server.database().await;
        sqlx::query(CREATE_COLLATION).execute(&mut connection).await.unwrap();
        Tenant { connection, schema: Schema::default(), _server: server }
    }

    pub async fn with(mysql: &str) -> Tenant {
        let mut tenant = Tenant::new().await;
        tenant.apply(mysql).await;
        tenant
    }

    /// Runs a text of the template's dialect, which must work.
    pub async fn apply(&mut self, mysql: &str) {
        if let Err(error) = self.change(mysql).await {
            panic!("{error}");
        }
    }

    /// Runs a text of the template's dialect, one operation after the other, each in a transaction; or says why not.
    pub async fn change(&mut self, mysql: &str) -> Result<Vec<Statement>, String> {
        let mut all = Vec::new();
        for source in split(mysql, 1).map_err(|problems| format!("{problems:?}"))? {
            for operation in operation(&source).map_err(|problem| problem.message)? {
                all.extend(self.step(&operation).await?);
            }
        }
        Ok(all)
    }

    /// Runs changes of one table that the parser cannot read.
    pub async fn alter(&mut self, table: &str, changes: Vec<TableChange>) {
        let operation = Operation::AlterTable { table: table.to_owned(), changes };
        self.step(&operation).await.unwrap();
    }

    async fn step(&mut self, operation: &Operation) -> Result<Vec<Statement>, String> {
        let mut after = self.schema.clone();
        evolve::apply(&mut after, operation)?;
        let statements = render(&self.schema, operation, &after).map_err(|refusal| refusal.reason)?;
        self.run("BEGIN").await?;
        for statement in &statements {
            if let Err(error) = self.execute(statement).await {
                self.run("ROLLBACK").await?;
                return Err(format!("{error}\n{}", statement.sql));
            }
        }
        self.run("COMMIT").await?;
        self.schema = after;
        Ok(statements)
    }

    async fn execute(&mut self, statement: &Statement) -> Result<(), String> {
        let variables = Variables::from([
            ("TENANT_ID", "0190a5c0-0000-7000-8000-000000000001".to_owned()),
            ("TENANT_SLUG", "acme".to_owned()),
            ("TENANT_NAME", "O'Hara; DROP TABLE users".to_owned()),
            ("OWNER_EMAIL", "dana@example.org".to_owned()),
            ("CURRENT_TIMESTAMP", "2026-01-01 00:00:00".to_owned()),
            ("SET_ON_APP", "!".to_owned()),
            ("TEMPLATE_NAME", "basic".to_owned()),
            ("TEMPLATE_VERSION", "1.0.0".to_owned()),
        ]);
        let mut query = sqlx::query(AssertSqlSafe(statement.sql.clone()));
        for value in &statement.values {
            query = query.bind(variables.fill(value));
        }
        query
            .persistent(false)
            .execute(&mut self.connection)
            .await
            .map(|_| ())
            .map_err(|error| error.to_string())
    }

    /// Runs SQL of PostgreSQL.
    pub async fn run(&mut self, sql: &str) -> Result<(), String> {
        self.execute(&Statement { sql: sql.to_owned(), values: Vec::new() }).await
    }

    /// The rows of a query of PostgreSQL as texts, values with `|` between them.
    pub async fn rows(&mut self, sql: &str) -> Vec<String> {
        let whole = format!("SELECT replace(translate(r::text, '()\"', ''), ',', '|') FROM ({sql}) AS r");
        let rows = sqlx::query(AssertSqlSafe(whole)).fetch_all(&mut self.connection).await;
        let rows = rows.unwrap_or_else(|error| panic!("{error}: {sql}"));
        rows.iter().map(|row| row.try_get(0).unwrap()).collect()
    }

    /// Asserts that the live schema is the model, but for what the module's docs say.
    pub async fn assert_as_modelled(&mut self) {
        let live = inspect(&mut self.connection, "public").await.unwrap();
        assert_eq!(comparable(&live), comparable(&self.schema));
    }
}

/// What is equal on both sides: columns in no order, no expressions' texts, constants in one form.
fn comparable(schema: &Schema) -> Schema {
    let mut schema = schema.clone();
    for view in schema.views.values_mut() {
        view.query.clear();
    }
    for table in schema.tables.values_mut() {
        table.columns.sort_by(|a, b| a.name.cmp(&b.name));
        for check in table.checks.values_mut() {
            check.expression.clear();
        }
        for part in table.indexes.values_mut().flat_map(|index| index.parts.iter_mut()) {
            if part.is_expression {
                part.column.clear();
            }
        }
        let key = table.primary_key.clone();
        for column in &mut table.columns {
            column.nullable &= !key.contains(&column.name);
            if let Some(generated) = &mut column.generated {
                generated.expression.clear();
                generated.stored = true;
            }
            let counts =
                matches!(column.ty, Type::Integer { .. } | Type::Decimal { .. } | Type::Float | Type::Double);
            column.default = match column.default.take() {
                Some(Default::Expression(_)) => Some(Default::Expression(String::new())),
                Some(Default::Number(number)) if column.ty == Type::Boolean => {
                    Some(Default::Boolean(number != "0"))
                }
                Some(Default::Text(text)) if counts => Some(Default::Number(text)),
                other => other,
            };
        }
    }
    schema
}
