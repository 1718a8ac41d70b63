//! Everything here runs on a real SQLite. The builders make models as the template reader would; [`evolve`] applies an
//! operation to a model for these tests.

mod alter;
mod create;
mod evolve;
mod hand_made;
mod queries;
mod random;
mod rows;

use super::{MIGRATION_PRAGMAS, Refusal, Seen, inspect, inspect_again, render};
use crate::{
    engine::statement::Statement,
    schema::{
        Check, Column, Default, ForeignKey, Index, IndexPart, ReferentialAction, Schema, Table, Type, View,
    },
    sql::operation::{Operation, TableChange},
};
use sqlx::{AssertSqlSafe, Connection, Row, SqliteConnection};
use std::collections::BTreeMap;

/// A database, and the model of what is in it.
pub struct Tenant {
    pub connection: SqliteConnection,
    pub schema: Schema,
    seen: Seen,
}

impl Tenant {
    pub async fn new() -> Self {
        Self::at("sqlite::memory:").await
    }

    pub async fn at(place: &str) -> Self {
        let mut connection = SqliteConnection::connect(place).await.unwrap();
        for pragma in MIGRATION_PRAGMAS {
            sqlx::query(*pragma).execute(&mut connection).await.unwrap();
        }
        Self { connection, schema: Schema::default(), seen: Seen::default() }
    }

    /// Renders an operation and runs it in a transaction, as a session does.
    pub async fn apply(&mut self, operation: Operation) -> Vec<Statement> {
        match self.try_apply(operation).await {
            Ok(statements) => statements,
            Err(error) => panic!("{error}"),
        }
    }

    pub async fn try_apply(&mut self, operation: Operation) -> Result<Vec<Statement>, String> {
        let after = evolve::applied(&self.schema, &operation)?;
        let statements = render(&self.schema, &operation, &after).map_err(|refusal| refusal.reason)?;
        self.execute("BEGIN").await?;
        for statement in &statements {
            if let Err(error) = self.run(statement).await {
                self.execute("ROLLBACK").await?;
                return Err(format!("{error}\n{}", statement.sql));
            }
        }
        let broken = sqlx::query("PRAGMA foreign_key_check").fetch_all(&mut self.connection).await.unwrap();
        if !broken.is_empty() {
            self.execute("ROLLBACK").await?;
            return Err("a foreign key is broken".to_owned());
        }
        self.execute("COMMIT").await?;
        self.schema = after;
        Ok(statements)
    }

    pub async fn run(&mut self, statement: &Statement) -> Result<(), String> {
        let mut query = sqlx::query(AssertSqlSafe(statement.sql.clone()));
        for value in &statement.values {
            query = query.bind(value.clone());
        }
        query.execute(&mut self.connection).await.map(|_| ()).map_err(|error| error.to_string())
    }

    pub async fn execute(&mut self, sql: &str) -> Result<(), String> {
        self.run(&Statement { sql: sql.to_owned(), values: Vec::new() }).await
    }

    /// The rows of a query as texts, values with `|` between them.
    pub async fn rows(&mut self, sql: &str) -> Vec<String> {
        let rows = sqlx::query(AssertSqlSafe(sql.to_owned())).fetch_all(&mut self.connection).await.unwrap();
        rows.iter()
            .map(|row| {
                let values: Vec<String> = (0..row.len())
                    .map(|place| {
                        row.try_get_unchecked::<Option<String>, _>(place)
                            .unwrap()
                            .unwrap_or_else(|| "NULL".into())
                    })
                    .collect();
                values.join("|")
            })
            .collect()
    }

    /// The live schema, which is the same to a reader that has seen the database before.
    pub async fn inspected(&mut self) -> Schema {
        let fresh = inspect(&mut self.connection).await.unwrap();
        assert_eq!(inspect_again(&mut self.connection, &mut self.seen).await.unwrap(), fresh);
        fresh
    }

    /// Reads a statement over rows and applies it.
    pub async fn change(&mut self, mysql: &str) -> Result<Vec<Statement>, String> {
        self.try_apply(rows_of(mysql)).await
    }
}

pub fn rows_of(mysql: &str) -> Operation {
    let dialect = sqlparser::dialect::MySqlDialect {};
    let statement = sqlparser::parser::Parser::parse_sql(&dialect, mysql).unwrap().remove(0);
    Operation::Rows(Box::new(statement))
}

pub fn column(name: &str, ty: Type) -> Column {
    Column {
        name: name.to_owned(),
        ty,
        nullable: true,
        default: None,
        auto_increment: false,
        on_update_now: false,
        generated: None,
        collation: None,
        comment: None,
    }
}

pub fn required(name: &str, ty: Type) -> Column {
    Column { nullable: false, ..column(name, ty) }
}

pub fn key(name: &str) -> Column {
    Column { auto_increment: true, ..required(name, BIG) }
}

pub const BIG: Type = Type::Integer { bits: 64, unsigned: true };
pub const MONEY: Type = Type::Decimal { precision: 10, scale: 2, unsigned: false };

pub fn touched(name: &str) -> Column {
    Column { on_update_now: true, default: Some(Default::Now(0)), ..column(name, Type::Timestamp(0)) }
}

pub fn table(name: &str, columns: Vec<Column>) -> Table {
    let primary_key =
        columns.iter().filter(|column| column.auto_increment).map(|column| column.name.clone()).collect();
    Table {
        name: name.to_owned(),
        columns,
        primary_key,
        indexes: BTreeMap::new(),
        foreign_keys: BTreeMap::new(),
        checks: BTreeMap::new(),
        comment: None,
    }
}

pub fn part(column: &str) -> IndexPart {
    IndexPart { column: column.to_owned(), is_expression: false, prefix: None, descending: false }
}

pub fn index(name: &str, columns: &[&str], unique: bool) -> Index {
    Index {
        name: name.to_owned(),
        parts: columns.iter().map(|name| part(name)).collect(),
        unique,
        filter: None,
    }
}

pub fn foreign_key(table: &str, column: &str, parent: &str, on_delete: ReferentialAction) -> ForeignKey {
    ForeignKey {
        name: format!("fk_{table}_{column}"),
        columns: vec![column.to_owned()],
        foreign_table: parent.to_owned(),
        foreign_columns: vec!["id".to_owned()],
        on_delete,
        on_update: ReferentialAction::NoAction,
    }
}

pub fn check(name: &str, expression: &str) -> Check {
    Check { name: name.to_owned(), expression: expression.to_owned() }
}

pub fn with_indexes(mut table: Table, indexes: Vec<Index>) -> Table {
    table.indexes = indexes.into_iter().map(|index| (index.name.clone(), index)).collect();
    table
}

pub fn with_key(mut table: Table, key: ForeignKey) -> Table {
    table.foreign_keys.insert(key.name.clone(), key);
    table
}

pub fn create(table: Table) -> Operation {
    Operation::CreateTable { table, if_not_exists: false }
}

pub fn alter(table: &str, changes: Vec<TableChange>) -> Operation {
    Operation::AlterTable { table: table.to_owned(), changes }
}

pub fn view(name: &str, query: &str) -> Operation {
    let view = View { name: name.to_owned(), columns: Vec::new(), query: query.to_owned() };
    Operation::CreateView { view, or_replace: false }
}

/// The plan's `members` and `donations`, with some rows and a child whose rows would vanish with its parent.
pub async fn ngo() -> Tenant {
    ngo_in(Tenant::new().await).await
}

pub async fn ngo_in(mut tenant: Tenant) -> Tenant {
    let members = with_indexes(
        table(
            "members",
            vec![
                key("id"),
                Column { default: Some(Default::Uuid), ..required("uuid", Type::Char(36)) },
                required("first_name", Type::Varchar(100)),
                Column {
                    comment: Some("where news goes */ -- 'x'".into()),
                    ..required("email", Type::Varchar(255))
                },
                column("phone", Type::Varchar(20)),
                Column {
                    default: Some(Default::Text("active".into())),
                    ..column("status", Type::Enum(vec!["active".into(), "pending".into()]))
                },
                column("metadata", Type::Json),
                Column { default: Some(Default::Now(0)), ..column("created_at", Type::Timestamp(0)) },
                touched("updated_at"),
            ],
        ),
        vec![
            index("uuid", &["uuid"], true),
            index("email", &["email"], true),
            index("idx_status", &["status"], false),
        ],
    );
    let members = Table { comment: Some("people */".into()), ..members };
    tenant.apply(create(members)).await;
    let donations = with_indexes(
        table(
            "donations",
            vec![
                key("id"),
                required("member_id", BIG),
                required("amount", MONEY),
                column("notes", Type::Text(crate::schema::model::TextSize::Normal)),
            ],
        ),
        vec![index("idx_status", &["notes"], false)],
    );
    let donations =
        with_key(donations, foreign_key("donations", "member_id", "members", ReferentialAction::Cascade));
    let donations = Table {
        checks: BTreeMap::from([("positive".to_owned(), check("positive", "`amount` > 0"))]),
        ..donations
    };
    let donations = Table {
        indexes: donations
            .indexes
            .into_iter()
            .map(|(name, mut index)| {
                index.parts[0].prefix = Some(10);
                (name, index)
            })
            .collect(),
        ..donations
    };
    tenant.apply(create(donations)).await;
    tenant
        .change("INSERT INTO members (first_name, email, phone) VALUES ('Ada', 'ada@x.org', '1'), ('Bo', 'bo@x.org', NULL)")
        .await
        .unwrap();
    tenant.change("INSERT INTO donations (member_id, amount, notes) VALUES (1, 10, 'a'), (1, 2.5, NULL), (2, '7.25', 'b')").await.unwrap();
    tenant
}

pub fn refused(result: Result<Vec<Statement>, Refusal>) -> String {
    result.unwrap_err().reason
}
