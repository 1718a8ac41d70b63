//! SQLite: files in a folder.

use crate::ground::{Address, Application, Passwords, Place, value};
use async_trait::async_trait;
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, Executor, Row, SqliteConnection, sqlite::SqliteConnectOptions,
};
use std::{fs, sync::Arc, time::Duration};
use tenantry::engine::{DatabaseName, Engine, sqlite::Sqlite};

pub struct Folder(tempfile::TempDir);

struct File(SqliteConnection);

#[async_trait]
impl Place for Folder {
    async fn make(_: Arc<Passwords>) -> Folder {
        Folder(tempfile::tempdir().unwrap())
    }

    fn engine(&self) -> Arc<dyn Engine> {
        Arc::new(Sqlite::new(self.0.path().to_owned()))
    }

    async fn enter(&self, address: &Address, _: &str) -> Result<Box<dyn Application>, String> {
        let options =
            SqliteConnectOptions::new().filename(value(address, "File")).busy_timeout(Duration::from_secs(5));
        let connection = options.connect().await.map_err(|cause| cause.to_string())?;
        Ok(Box::new(File(connection)))
    }

    async fn put_foreign(&self, name: &DatabaseName) {
        fs::write(self.0.path().join(format!("{name}.db")), "SQLite format 3\0 but cut off").unwrap();
    }

    async fn foreign(&self, name: &DatabaseName) -> String {
        fs::read_to_string(self.0.path().join(format!("{name}.db"))).unwrap()
    }

    async fn has_table(&self, name: &str) -> bool {
        // Scratch databases are in memory; what would be left of one is a file.
        let mut folders = vec![self.0.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if String::from_utf8_lossy(&fs::read(path).unwrap()).contains(name) {
                    return true;
                }
            }
        }
        false
    }
}

#[async_trait]
impl Application for File {
    async fn run(&mut self, sql: &str) -> Result<(), String> {
        let done = self.0.execute(AssertSqlSafe(sql.to_owned())).await;
        done.map(|_| ()).map_err(|cause| cause.to_string())
    }

    async fn number(&mut self, sql: &str) -> Result<i64, String> {
        let row = sqlx::query(AssertSqlSafe(sql.to_owned())).fetch_one(&mut self.0).await;
        row.and_then(|row| row.try_get(0)).map_err(|cause| cause.to_string())
    }

    async fn close(self: Box<Self>) {
        self.0.close().await.unwrap();
    }
}
