//! Reading the schemas of many tenants in few trips.
//!
//! Where tenants are schemas of one database, the administrator asks the catalog about many at once. Where each has a database,
//! there is a connection for each, and one trip over it for everything. Whatever is not plainly a tenant's and in use is looked at by
//! itself, as everywhere else.

use super::{
    catalog::{Answers, Catalog, Texts},
    home::Home,
    inspect::read,
    marks::{Mark, shut},
    names::{identifier, text},
    server::Postgres,
};
use crate::engine::{
    DatabaseName, EngineError, Inspected,
    together::{all_out_of_reach, with_the_rest},
};
use futures_util::{StreamExt, TryStreamExt, future::join_all, stream};
use sqlx::{AssertSqlSafe, Either, PgConnection, Row, postgres::PgRow};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Schemas that are asked about in the same questions.
pub const TOGETHER: usize = 16;

/// A tenant, and its place among those that were asked for.
type Asked<'a> = (usize, &'a DatabaseName, Uuid);

impl Postgres {
    /// The schemas of tenants, in their order.
    pub(super) async fn inspect_many(
        &self,
        tenants: &[(DatabaseName, Uuid)],
    ) -> Vec<Result<Inspected, EngineError>> {
        let plain = match self.plainly_ours(tenants).await {
            Ok(plain) => plain,
            // For each of them: the server need not be asked again so many times.
            Err(cause) => return all_out_of_reach(tenants, &cause),
        };
        let found = if self.has_schemas() {
            let lanes = plain.chunks(plain.len().div_ceil(self.lanes).max(1));
            let lanes = join_all(lanes.map(|some| self.read_schemas(some))).await;
            lanes.into_iter().flatten().collect()
        } else {
            let looks: Vec<_> = plain.iter().map(|one| self.read_database(*one)).collect();
            stream::iter(looks).buffered(self.for_tenants).filter_map(async |found| found).collect().await
        };
        with_the_rest(self, tenants, found).await
    }

    /// Those whose mark is the tenant's and that are not shut away.
    async fn plainly_ours<'a>(
        &self,
        tenants: &'a [(DatabaseName, Uuid)],
    ) -> Result<Vec<Asked<'a>>, EngineError> {
        let shut: Vec<String> = tenants.iter().map(|(name, _)| shut(name)).collect();
        let names: Vec<&str> =
            tenants.iter().map(|(name, _)| name.as_str()).chain(shut.iter().map(String::as_str)).collect();
        let commented = self.commented(&mut *self.admin().await?, &names).await?;
        let mut marks: BTreeMap<String, Mark> = BTreeMap::new();
        for (name, comment) in commented {
            if let Some(mark) = comment.as_deref().and_then(Mark::read) {
                marks.insert(name, mark);
            }
        }
        let is_plain = |(_, name, tenant): &Asked| {
            marks.get(name.as_str()).is_some_and(|mark| mark.name == name.as_str() && mark.tenant == *tenant)
        };
        let all = (0..).zip(tenants).map(|(place, (name, tenant))| (place, name, *tenant));
        Ok(all.filter(is_plain).collect())
    }

    /// Reads schemas over one connection of the administrator's; those that cannot be read like that are missing in the end.
    async fn read_schemas(&self, some: &[Asked<'_>]) -> Vec<(usize, Inspected)> {
        let mut found = Vec::with_capacity(some.len());
        let Ok(mut admin) = self.admin().await else { return found };
        for together in some.chunks(TOGETHER) {
            let marked = marked(&mut admin, together).await;
            let schemas: Vec<&str> = marked.iter().map(|(_, name, _)| name.as_str()).collect();
            let mut answers = match Answers::ask(&mut admin, &schemas).await {
                Ok(answers) => answers,
                Err(cause) => {
                    tracing::debug!(%cause, "The catalog does not tell of several schemas at once");
                    continue;
                }
            };
            for (place, name, _) in marked {
                let answers = answers.remove(name.as_str()).unwrap_or_default();
                found.extend(self.made_of(&answers).map(|inspected| (place, inspected)));
            }
        }
        found
    }

    /// Reads a database over a connection of its own, in one trip; `None` where that is not all there is to it.
    async fn read_database(&self, (place, name, tenant): Asked<'_>) -> Option<(usize, Inspected)> {
        let permit = self.place().await.ok()?;
        let mut held = self.enter_as_tenant(name, tenant, permit).await.ok()?;
        let whole = questions(&held.home, tenant);
        let (rows, ended) = run(&mut held.connection, whole).await;
        held.close().await;
        ended.ok()?;
        let mut rows = rows.into_iter();
        let (_, owner) = (rows.next()?, rows.next()?);
        owner.first()?;
        let mut answers = Answers::default();
        for catalog in Catalog::ALL {
            for row in rows.next()? {
                answers.add(catalog, Texts::new(row));
            }
        }
        Some((place, self.made_of(&answers)?))
    }

    fn made_of(&self, answers: &Answers) -> Option<Inspected> {
        let inspected = answers.said().and_then(|said| self.known.or_read(said, || read(answers)));
        inspected
            .inspect_err(|cause| tracing::debug!(%cause, "What the catalog says of a schema makes no sense"))
            .ok()
    }
}

/// Everything that is asked in a tenant's own database.
fn questions(home: &Home, tenant: Uuid) -> String {
    let own = home.own();
    let mut whole = format!(
        "SET default_transaction_read_only = on; SELECT 1 FROM {own}.tenantry_owner WHERE tenant_id = {};",
        text(&tenant.to_string())
    );
    for catalog in Catalog::ALL {
        whole.push_str(&catalog.question_about(&home.schema));
        whole.push(';');
    }
    whole
}

/// The same, for the benchmark, which asks it and reads nothing of the answers.
#[doc(hidden)]
pub fn database_questions(name: &DatabaseName, tenant: Uuid) -> String {
    questions(&Home::of_database(name.as_str()), tenant)
}

/// What is asked about many schemas, likewise: their markers in one text, and then questions whose value are their names.
#[doc(hidden)]
pub fn schema_questions(names: &[&str]) -> (String, Vec<&'static str>) {
    (marker_questions(names.iter().copied()), Catalog::ALL.map(Catalog::question).to_vec())
}

fn marker_questions<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut whole = "SET LOCAL row_security = off; SET LOCAL lock_timeout = '1s';".to_owned();
    for name in names {
        let schema = identifier(name);
        whole.push_str("SELECT tenant_id FROM ONLY ");
        whole.push_str(&schema);
        whole.push_str(".tenantry_owner TABLESAMPLE pg_catalog.system (100);");
    }
    whole
}

/// Schemas in which a marker says that they are the tenant's.
///
/// A tenant can put anything in the marker's place, and what a view there calls, or a policy, would run with the administrator's
/// rights: a sample is taken of tables only, and without `row_security` a policy is an error.
async fn marked<'a>(admin: &mut PgConnection, asked: &[Asked<'a>]) -> Vec<Asked<'a>> {
    let mut marked = Vec::with_capacity(asked.len());
    let mut left = asked;
    while !left.is_empty() {
        let whole = marker_questions(left.iter().map(|(_, name, _)| name.as_str()));
        let (rows, ended) = run(admin, whole).await;
        let rows = rows.get(2..).unwrap_or_default();
        for (one, rows) in left.iter().zip(rows) {
            let is =
                |row: &PgRow| row.try_get_unchecked::<&str, _>(0).is_ok_and(|id| id == one.2.to_string());
            if rows.iter().any(is) {
                marked.push(*one);
            }
        }
        // Whatever ended it is looked at by itself.
        let looked_at = if ended.is_ok() { left.len() } else { rows.len() + 1 };
        left = left.get(looked_at..).unwrap_or_default();
    }
    marked
}

/// Runs the statements of one text: the rows of each that ran, and what the first said that did not.
async fn run(connection: &mut PgConnection, text: String) -> (Vec<Vec<PgRow>>, Result<(), sqlx::Error>) {
    let mut all = Vec::new();
    let mut rows = Vec::new();
    let mut answers = sqlx::raw_sql(AssertSqlSafe(text)).fetch_many(connection);
    loop {
        match answers.try_next().await {
            Ok(Some(Either::Right(row))) => rows.push(row),
            Ok(Some(Either::Left(_))) => all.push(std::mem::take(&mut rows)),
            Ok(None) => return (all, Ok(())),
            Err(cause) => return (all, Err(cause)),
        }
    }
}
