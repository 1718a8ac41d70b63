//! The limit: the same questions over as many connections by the same driver, and the rows of the answers thrown away.

use crate::{
    CONNECTIONS, Kind,
    fleet::{Fleet, Server, TENANTS},
    per_second,
};
use futures_util::{StreamExt, TryStreamExt, stream};
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, mysql::MySqlConnectOptions, postgres::PgConnectOptions,
    sqlite::SqliteConnectOptions,
};
use std::{path::Path, path::PathBuf, time::Instant};
use tenantry::{
    engine::{DatabaseName, mariadb, postgres, sqlite},
    store::tenant_accounts,
};
use uuid::Uuid;

/// Connections over which the engine asks about many at once.
const LANES: usize = 4;

/// What is read, and how.
pub enum Reading {
    Sqlite(Vec<PathBuf>),
    MariaDb(MySqlConnectOptions, Vec<DatabaseName>),
    Schemas(PgConnectOptions, Vec<String>),
    Postgres(Vec<(PgConnectOptions, DatabaseName, Uuid)>),
}

impl Reading {
    /// What there is to be read of a fleet.
    pub async fn of(fleet: &Fleet, folder: &Path) -> Reading {
        let names: Vec<DatabaseName> =
            fleet.tenants.iter().map(|tenant| tenant.database_name.parse().unwrap()).collect();
        match &fleet.server {
            Server::Files => {
                Reading::Sqlite(names.iter().map(|name| folder.join(format!("{name}.db"))).collect())
            }
            Server::MariaDb(server) => Reading::MariaDb(server.options(), names),
            Server::Postgres(server) if fleet.kind == Kind::Schemas => {
                let options = server.options().database(TENANTS).options([("search_path", "pg_catalog")]);
                Reading::Schemas(options, names.iter().map(ToString::to_string).collect())
            }
            Server::Postgres(server) => {
                let mut all = Vec::new();
                let mut read = fleet.app.store.read().await.unwrap();
                for (tenant, name) in fleet.tenants.iter().zip(names) {
                    let account = tenant_accounts::find(&mut read, tenant.id).await.unwrap().unwrap();
                    let password = fleet.app.engines.open_password(tenant.id, &account.password).unwrap();
                    let options =
                        server.options().username(name.as_str()).password(&password).database(name.as_str());
                    all.push((options, name, tenant.id));
                }
                Reading::Postgres(all)
            }
        }
    }

    /// Tenants per second.
    pub async fn rate(&self) -> f64 {
        let begun = Instant::now();
        let number = match self {
            Reading::Sqlite(files) => {
                let at_once = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
                let reads: Vec<_> = files.iter().map(|file| file_alone(file)).collect();
                stream::iter(reads).buffered(at_once).collect::<Vec<()>>().await;
                files.len()
            }
            Reading::MariaDb(options, names) => {
                lanes(names, |some| databases(options.clone(), some)).await;
                names.len()
            }
            Reading::Schemas(options, names) => {
                lanes(names, |some| schemas(options.clone(), some)).await;
                names.len()
            }
            Reading::Postgres(all) => {
                let at_once = usize::try_from(CONNECTIONS / 2).unwrap();
                let reads: Vec<_> =
                    all.iter().map(|(options, name, tenant)| database(options, name, *tenant)).collect();
                stream::iter(reads).buffered(at_once).collect::<Vec<()>>().await;
                all.len()
            }
        };
        per_second(number, begun)
    }
}

async fn lanes<T: Clone + Send + 'static, F: Future<Output = ()> + Send + 'static>(
    all: &[T],
    read: impl Fn(Vec<T>) -> F,
) {
    let lanes: Vec<_> =
        all.chunks(all.len().div_ceil(LANES)).map(|some| tokio::spawn(read(some.to_vec()))).collect();
    for lane in lanes {
        lane.await.unwrap();
    }
}

async fn file_alone(file: &Path) {
    let options = SqliteConnectOptions::new().filename(file).read_only(true).foreign_keys(false);
    let mut connection = options.connect().await.unwrap();
    assert!(sqlx::query(sqlite::TOLD).fetch_all(&mut connection).await.unwrap().len() > 15);
    connection.close().await.unwrap();
}

async fn databases(options: MySqlConnectOptions, names: Vec<DatabaseName>) {
    let mut connection = options.connect().await.unwrap();
    for some in names.chunks(mariadb::many::TOGETHER) {
        for place in [0, 1] {
            let text = some
                .iter()
                .map(|name| mariadb::many::questions(true, name)[place].clone())
                .collect::<String>();
            let mut answers = sqlx::raw_sql(AssertSqlSafe(text)).fetch_many(&mut connection);
            while answers.try_next().await.unwrap().is_some() {}
        }
    }
    let _ = connection.close().await;
}

async fn schemas(options: PgConnectOptions, names: Vec<String>) {
    let mut connection = options.connect().await.unwrap();
    for some in names.chunks(postgres::many::TOGETHER) {
        let some = some.to_vec();
        let names: Vec<&str> = some.iter().map(String::as_str).collect();
        let (markers, questions) = postgres::many::schema_questions(&names);
        let mut answers = sqlx::raw_sql(AssertSqlSafe(markers)).fetch_many(&mut connection);
        while answers.try_next().await.unwrap().is_some() {}
        drop(answers);
        for question in questions {
            // Some of them find nothing where nothing is odd.
            sqlx::query(question).bind(&some).fetch_all(&mut connection).await.unwrap();
        }
    }
    let _ = connection.close().await;
}

async fn database(options: &PgConnectOptions, name: &DatabaseName, tenant: Uuid) {
    let mut connection = options.connect().await.unwrap();
    let text = postgres::many::database_questions(name, tenant);
    let mut answers = sqlx::raw_sql(AssertSqlSafe(text)).fetch_many(&mut connection);
    while answers.try_next().await.unwrap().is_some() {}
    drop(answers);
    let _ = connection.close().await;
}
