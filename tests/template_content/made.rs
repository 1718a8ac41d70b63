//! A database made from a template of the program, as a tenant's is.

use sqlx::{AssertSqlSafe, Connection, Row, SqliteConnection};
use std::collections::BTreeMap;
use tenantry::{
    engine::{Statement, sqlite::Sqlite},
    schema::Schema,
    sql::variables::Variables,
    templates::{
        Embedded, ModuleKind, TemplateFiles,
        compile::{CompiledMigration, Compiler},
        prove, read,
    },
};

pub const TEMPLATES: [&str; 4] = ["basic", "corporate", "ngo", "political_party"];

/// A template of the program.
pub fn files(template: &str) -> TemplateFiles {
    read(&Embedded, template).unwrap().template.unwrap()
}

pub struct Made {
    pub connection: SqliteConnection,
    pub migrations: Vec<CompiledMigration>,
    /// As the template says it, before any migration.
    pub schema: Schema,
    /// After all migrations.
    pub migrated: Schema,
}

impl Made {
    /// With all optional modules, or with none.
    pub async fn new(template: &str, optional: bool) -> Made {
        let files = files(template);
        let chosen: Vec<String> = files
            .modules
            .iter()
            .filter(|module| optional && module.kind == ModuleKind::Optional)
            .map(|module| module.name.clone())
            .collect();
        let modules = prove::resolve(&files.module_order().unwrap(), &chosen).unwrap();
        let engine = Sqlite::new(std::env::temp_dir());
        let mut compiler = Compiler::new(&engine);
        let units = compiler.template(&files, &modules);
        let schema = compiler.schema().clone();
        let migrations = files.migrations.iter().map(|file| compiler.migration(file)).collect();
        let migrated = compiler.schema().clone();
        let report = compiler.into_report();
        assert!(report.is_clean(), "{report}");
        let connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        let mut made = Made { connection, migrations, schema, migrated };
        for unit in &units {
            made.change(&unit.statements).await;
        }
        made
    }

    /// Runs statements as the program does, and leaves the connection as an application has it.
    async fn change(&mut self, statements: &[Statement]) {
        let variables = Variables::from([
            ("TENANT_ID", "0190a5c0-0000-7000-8000-000000000001".to_owned()),
            ("TENANT_SLUG", "acme".to_owned()),
            ("TENANT_NAME", "Acme".to_owned()),
            ("OWNER_EMAIL", "dana@example.org".to_owned()),
            ("CURRENT_TIMESTAMP", "2026-01-01 00:00:00".to_owned()),
            ("SET_ON_APP", "!".to_owned()),
            ("TEMPLATE_NAME", "Acme".to_owned()),
            ("TEMPLATE_VERSION", "1.0.0".to_owned()),
        ]);
        self.run("PRAGMA foreign_keys = OFF").await;
        self.run("PRAGMA legacy_alter_table = ON").await;
        for statement in statements {
            let mut query = sqlx::query(AssertSqlSafe(statement.sql.clone()));
            for value in &statement.values {
                query = query.bind(variables.fill(value));
            }
            query
                .execute(&mut self.connection)
                .await
                .unwrap_or_else(|error| panic!("{error}: {}", statement.sql));
        }
        self.run("PRAGMA foreign_keys = ON").await;
        assert_eq!(self.texts("SELECT \"table\" FROM pragma_foreign_key_check").await, [""; 0]);
    }

    pub async fn up(&mut self, migration: &str) {
        let statements = self.migration(migration).up.statements.clone();
        self.change(&statements).await;
    }

    pub async fn down(&mut self, migration: &str) {
        let statements = self.migration(migration).down.statements.clone();
        self.change(&statements).await;
    }

    fn migration(&self, part: &str) -> &CompiledMigration {
        self.migrations.iter().find(|migration| migration.name.contains(part)).unwrap()
    }

    pub async fn run(&mut self, sql: &str) {
        let refused = self.refusal(sql).await;
        assert_eq!(refused, None, "{sql}");
    }

    /// Why a statement is refused; `None` where it is not.
    pub async fn refusal(&mut self, sql: &str) -> Option<String> {
        let done = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut self.connection).await;
        done.err().map(|error| error.to_string())
    }

    /// The first column of a query's rows.
    pub async fn texts(&mut self, sql: &str) -> Vec<String> {
        let rows = sqlx::query(AssertSqlSafe(sql.to_owned())).fetch_all(&mut self.connection).await;
        let rows = rows.unwrap_or_else(|error| panic!("{error}: {sql}"));
        rows.iter()
            .map(|row| match row.try_get_unchecked::<Option<String>, _>(0).unwrap() {
                Some(text) => text,
                None => "NULL".to_owned(),
            })
            .collect()
    }

    pub async fn text(&mut self, sql: &str) -> String {
        self.texts(sql).await.into_iter().next().unwrap_or_else(|| "nothing".to_owned())
    }

    /// All rows of all tables, without the moments of changes.
    pub async fn rows(&mut self) -> BTreeMap<String, Vec<String>> {
        let mut rows = BTreeMap::new();
        for table in self.schema.tables.clone().into_values() {
            let pairs: Vec<String> = table
                .columns
                .iter()
                .filter(|column| column.name != "updated_at")
                .map(|column| format!("'{0}', \"{0}\"", column.name))
                .collect();
            let sql = format!("SELECT json_object({}) FROM \"{}\" ORDER BY 1", pairs.join(", "), table.name);
            rows.insert(table.name, self.texts(&sql).await);
        }
        rows
    }
}
