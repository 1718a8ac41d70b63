//! Reading the schemas of many databases in few trips.
//!
//! The administrator asks the catalog, about several databases in one text. What is asked about one comes together: the server
//! keeps only so many tables in mind, and opening each of them is most of its work. Whatever is not plainly a tenant's open
//! database in good order is looked at by itself, as everywhere else.

use super::{
    MariaDb,
    catalog::{Answers, Catalog, is_mariadb},
    inspect::read,
    words::identifier,
};
use crate::engine::{
    DatabaseName, EngineError, Inspected,
    together::{all_out_of_reach, with_the_rest},
};
use futures_util::{TryStreamExt, future::join_all};
use sqlx::{AssertSqlSafe, Either, Executor, MySqlConnection, Row, mysql::MySqlRow};
use std::collections::BTreeSet;
use uuid::Uuid;

/// Databases that are asked about in one text.
pub const TOGETHER: usize = 8;

/// A tenant's database, and its place among those that were asked for.
type Asked<'a> = (usize, &'a str, Uuid);

impl MariaDb {
    /// The schemas of tenants' databases, in their order.
    pub(super) async fn inspect_many(
        &self,
        tenants: &[(DatabaseName, Uuid)],
    ) -> Vec<Result<Inspected, EngineError>> {
        let all: Vec<Asked> =
            (0..).zip(tenants).map(|(place, (name, tenant))| (place, name.as_str(), *tenant)).collect();
        let plain = match self.plainly_ours(&all).await {
            Ok(plain) => plain,
            // For each of them: the server need not be asked again so many times.
            Err(cause) => return all_out_of_reach(tenants, &cause),
        };
        let lanes = plain.chunks(plain.len().div_ceil(self.lanes).max(1)).map(|some| self.read_some(some));
        let found = join_all(lanes).await.into_iter().flatten().collect();
        with_the_rest(self, tenants, found).await
    }

    /// Those that are listed as the tenant's and open, and have no functions and procedures, which only their owner can read,
    /// and no events.
    async fn plainly_ours<'a>(&self, all: &[Asked<'a>]) -> Result<Vec<Asked<'a>>, EngineError> {
        let mut admin = self.admin().await?;
        let marks = vec!["?"; all.len()].join(", ");
        let listed = format!(
            "SELECT name, tenant_id FROM tenantry_server.made_databases WHERE is_shut = 0 AND name IN ({marks})"
        );
        let mut question = sqlx::query(AssertSqlSafe(listed)).persistent(false);
        for (_, name, _) in all {
            question = question.bind(*name);
        }
        // Without a list nothing was made here.
        let Ok(rows) = question.fetch_all(&mut *admin).await else { return Ok(Vec::new()) };
        let mut ours = BTreeSet::new();
        for row in rows {
            let pair = (row.try_get::<String, _>(0), row.try_get::<String, _>(1));
            if let (Ok(name), Ok(tenant)) = pair {
                ours.insert((name, tenant));
            }
        }
        let with_programs = format!(
            "SELECT CONVERT(routine_schema USING utf8mb4) FROM information_schema.routines WHERE routine_schema IN ({marks})
             UNION SELECT CONVERT(event_schema USING utf8mb4) FROM information_schema.events WHERE event_schema IN ({marks})"
        );
        let mut question = sqlx::query(AssertSqlSafe(with_programs)).persistent(false);
        for (_, name, _) in all.iter().chain(all) {
            question = question.bind(*name);
        }
        let Ok(rows) = question.fetch_all(&mut *admin).await else { return Ok(Vec::new()) };
        let Ok(programs) =
            rows.iter().map(|row| row.try_get::<String, _>(0)).collect::<Result<BTreeSet<_>, _>>()
        else {
            return Ok(Vec::new());
        };
        let is_plain = |(_, name, tenant): &&Asked| {
            ours.contains(&((*name).to_owned(), tenant.to_string())) && !programs.contains(*name)
        };
        Ok(all.iter().filter(is_plain).copied().collect())
    }

    /// Reads databases over one connection; those that cannot be read like that are missing in the end.
    async fn read_some(&self, some: &[Asked<'_>]) -> Vec<(usize, Inspected)> {
        let mut found = Vec::with_capacity(some.len());
        let Ok(mut admin) = self.admin().await else { return found };
        let Ok(is_mariadb) = is_mariadb(&mut admin).await else { return found };
        for together in some.chunks(TOGETHER) {
            let mut left = together;
            while !left.is_empty() {
                let (marked, looked_at) = marked(&mut admin, is_mariadb, left).await;
                left = left.get(looked_at..).unwrap_or_default();
                for (place, answers) in answered(&mut admin, marked).await {
                    match answers.said().and_then(|said| self.known.or_read(said, || read(&answers))) {
                        Ok(inspected) => found.push((place, inspected)),
                        Err(cause) => {
                            tracing::debug!(%cause, "What the catalog says of a database makes no sense")
                        }
                    }
                }
            }
        }
        found
    }
}

/// What is asked about a database first: its marker, and what tables there are.
fn first_questions(is_mariadb: bool, name: &str) -> String {
    let owner = identifier(name);
    let tables = Catalog::Tables.question_about(is_mariadb, name);
    format!(
        "HANDLER {owner}.tenantry_owner OPEN AS tenantry_look; HANDLER tenantry_look READ FIRST; HANDLER tenantry_look CLOSE; {tables};"
    )
}

/// What is asked about a database without views, in two texts. For the benchmark, which asks the same and reads nothing of it.
#[doc(hidden)]
pub fn questions(is_mariadb: bool, name: &DatabaseName) -> [String; 2] {
    let mut more = String::new();
    for catalog in Catalog::ALL {
        if !matches!(catalog, Catalog::Tables | Catalog::Views) {
            more.push_str(&catalog.question_about(is_mariadb, name.as_str()));
            more.push(';');
        }
    }
    [first_questions(is_mariadb, name.as_str()), more]
}

/// Databases whose marker is the tenant's, with their tables, and how many were looked at: up to the first that has none, which
/// is looked at by itself.
///
/// A tenant can put anything in the marker's place, and what a view there calls would run with the administrator's rights:
/// HANDLER reads nothing but tables.
async fn marked<'a>(
    admin: &mut MySqlConnection,
    is_mariadb: bool,
    asked: &[Asked<'a>],
) -> (Vec<(Asked<'a>, Answers)>, usize) {
    let text = asked.iter().map(|(_, name, _)| first_questions(is_mariadb, name)).collect();
    let (answers, ended) = run(admin, text).await;
    if ended.is_err() {
        let _ = admin.execute("HANDLER tenantry_look CLOSE").await;
    }
    let mut answers = answers.into_iter();
    let mut marked = Vec::with_capacity(asked.len());
    for (number, one) in (0..).zip(asked) {
        let (Some(_), Some(owner), Some(_), Some(tables)) =
            (answers.next(), answers.next(), answers.next(), answers.next())
        else {
            return (marked, number + 1);
        };
        let (_, name, tenant) = one;
        let is_tenants = owner.first().is_some_and(|row| {
            row.try_get::<String, _>("tenant_id").is_ok_and(|id| id == tenant.to_string())
        });
        if is_tenants {
            let mut said = Answers::new(is_mariadb, name);
            for row in tables {
                said.add(Catalog::Tables, row);
            }
            marked.push((*one, said));
        }
    }
    (marked, asked.len())
}

/// Everything else that the catalog says of databases; those that it could not be asked about are missing.
async fn answered(admin: &mut MySqlConnection, marked: Vec<(Asked<'_>, Answers)>) -> Vec<(usize, Answers)> {
    let mut text = String::new();
    let mut each = Vec::with_capacity(marked.len());
    for (one, answers) in marked {
        let (place, name, _) = one;
        let Ok(has_views) = answers.has_views() else { continue };
        let catalogs: Vec<Catalog> = Catalog::ALL
            .into_iter()
            .filter(|catalog| match catalog {
                Catalog::Tables => false,
                Catalog::Views => has_views,
                _ => true,
            })
            .collect();
        for catalog in &catalogs {
            text.push_str(&catalog.question_about(answers.is_mariadb, name));
            text.push(';');
        }
        each.push((place, answers, catalogs));
    }
    let (rows, ended) = run(admin, text).await;
    if let Err(cause) = ended {
        tracing::debug!(%cause, "The catalog does not tell of several databases at once");
    }
    let mut rows = rows.into_iter();
    let mut answered = Vec::with_capacity(each.len());
    for (place, mut answers, catalogs) in each {
        for catalog in catalogs {
            let Some(rows) = rows.next() else { return answered };
            for row in rows {
                answers.add(catalog, row);
            }
        }
        answered.push((place, answers));
    }
    answered
}

/// Runs the statements of one text: the rows of each that ran, and what the first said that did not.
async fn run(admin: &mut MySqlConnection, text: String) -> (Vec<Vec<MySqlRow>>, Result<(), sqlx::Error>) {
    let mut all = Vec::new();
    if text.is_empty() {
        return (all, Ok(()));
    }
    let mut rows = Vec::new();
    let mut answers = sqlx::raw_sql(AssertSqlSafe(text)).fetch_many(admin);
    loop {
        match answers.try_next().await {
            Ok(Some(Either::Right(row))) => rows.push(row),
            Ok(Some(Either::Left(_))) => all.push(std::mem::take(&mut rows)),
            Ok(None) => return (all, Ok(())),
            Err(cause) => return (all, Err(cause)),
        }
    }
}
