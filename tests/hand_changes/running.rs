//! One change after the other, in a tenant of the template `club`.

use crate::{
    corpus::{Entry, On},
    ground::{Application, Machine, Who},
    rows::{self, Rows},
    support::{Place, form, job_of, open_tenant, tenant, work_off},
};
use sqlx::{AssertSqlSafe, Connection, Executor, Row};
use std::path::Path;
use tenantry::{
    app::App,
    store::{drift::Noted, jobs::JobStatus},
    templates::Folder,
    usecases::{
        actor::Actor,
        drift::{self, Report, Target},
        templates,
        tenants::{self, CreateForm},
    },
};

const ACTOR: Actor = Actor::CommandLine;

/// An installation with the template, and a server where one is used.
pub struct Bench {
    machine: Option<Machine>,
    place: Place,
    app: App,
    number: u32,
    rows: Rows,
}

impl Bench {
    pub async fn open(machine: Option<Machine>) -> Bench {
        let place = Place::new();
        let app = place.open().await;
        if let Some(machine) = &machine {
            machine.add(&app, "s-1").await;
        }
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hand_changes/club");
        for imported in templates::import(&app, &ACTOR, Folder::open(&folder).unwrap()).await.unwrap() {
            assert!(imported.report.is_clean(), "{}", imported.report);
        }
        Bench { machine, place, app, number: 0, rows: Rows::new() }
    }

    pub fn on(&self) -> On {
        match &self.machine {
            None => On::Sqlite,
            Some(Machine::MariaDb(_)) => On::MariaDb,
            Some(Machine::Postgres(_)) => On::Postgres,
            Some(Machine::Schemas(_)) => On::Schemas,
        }
    }

    fn slug(&self) -> String {
        format!("acme-{}", self.number)
    }

    /// Goes on with a tenant that nobody has changed.
    pub async fn with_tenant(mut self) -> Bench {
        self.number += 1;
        let wish = form(&format!("Acme {}", self.number), &["events"]);
        tenants::create(&self.app, &ACTOR, CreateForm { template: "club".into(), ..wish }).await.unwrap();
        work_off(&self.app).await;
        let report = self.check().await;
        assert!(report.last.as_ref().unwrap().problem.is_none(), "{:?}", report.last);
        assert!(report.differences.is_empty(), "a new tenant differs: {:?}", report.differences);
        let (_, expected, _) = drift::schemas(&self.app, &ACTOR, &self.slug()).await.unwrap();
        self.rows = rows::all(&self, &expected).await;
        assert!(self.rows.len() >= 20, "{:?}", self.rows);
        self
    }

    /// The version of the server, where there are several.
    pub async fn version(&self) -> u32 {
        match self.on() {
            On::Sqlite | On::MariaDb => 0,
            On::Postgres | On::Schemas => {
                let said = self.ask("SELECT current_setting('server_version_num')").await.unwrap();
                said.first().unwrap().parse::<u32>().unwrap() / 10_000
            }
        }
    }

    async fn check(&self) -> Report {
        // What a job has done in this very millisecond, nothing can be said about.
        self.app.clock.advance(1);
        drift::check(&self.app, &ACTOR, &self.slug()).await.unwrap()
    }

    /// The first column of what a statement gives.
    pub async fn ask(&self, sql: &str) -> Option<Vec<String>> {
        let tenant = tenant(&self.app, &self.slug()).await;
        match &self.machine {
            Some(machine) => {
                let (database, before) = self.of_admin(&tenant.database_name);
                machine.ask(&Who::Admin, database, &format!("{before}{sql}")).await
            }
            None => {
                let mut file = open_tenant(&self.place, &tenant).await;
                let rows = file.fetch_all(AssertSqlSafe(sql.to_owned())).await.ok()?;
                file.close().await.unwrap();
                Some(rows.iter().map(|row| row.get(0)).collect())
            }
        }
    }

    /// The database that the administrator enters for a tenant, and what he says first there.
    fn of_admin<'a>(&self, name: &'a str) -> (&'a str, String) {
        match self.on() {
            On::Schemas => ("tenants", format!("SET search_path = \"{name}\"; ")),
            On::Sqlite | On::MariaDb | On::Postgres => (name, String::new()),
        }
    }

    async fn by_hand(&self, sql: &str) -> Result<(), String> {
        let tenant = tenant(&self.app, &self.slug()).await;
        let sql = sql.replace("{database}", &tenant.database_name);
        if let Some(machine) = &self.machine {
            let done = match sql.strip_prefix("admin: ") {
                Some(sql) => {
                    let (database, before) = self.of_admin(&tenant.database_name);
                    // Tenantry's own tables are among the tenant's in a schema.
                    let own =
                        if before.is_empty() { sql.to_owned() } else { sql.replace("tenantry_own.", "") };
                    machine.run(database, &format!("{before}{own}")).await
                }
                None => Application::of(machine, &self.app, &self.slug()).await.run(&sql).await,
            };
            return done.map_err(|cause| format!("{sql}: {cause}"));
        }
        let mut file = open_tenant(&self.place, &tenant).await;
        for part in sql.lines() {
            match part.strip_prefix("rewrite ") {
                Some(rest) => rewrite(&mut file, rest).await?,
                None => {
                    let done = sqlx::raw_sql(AssertSqlSafe(part.to_owned())).execute(&mut file).await;
                    done.map_err(|cause| format!("{part}: {cause}"))?;
                }
            }
        }
        file.close().await.map_err(|cause| cause.to_string())
    }

    /// What somebody does is found, and put back; or what is not as the corpus says.
    pub async fn try_out(&self, entry: &Entry, sql: &str) -> Result<(), String> {
        let on = self.on();
        self.by_hand(sql).await?;
        let report = self.check().await;
        let problem = report.last.as_ref().and_then(|last| last.problem.clone());
        if let Some(words) = entry.problem(on) {
            let problem = problem.ok_or_else(|| format!("it could be looked at: {:?}", found(&report)))?;
            return if problem.contains(words) { Ok(()) } else { Err(problem) };
        }
        if let Some(problem) = problem {
            return Err(problem);
        }
        if found(&report) != entry.finds(on) {
            return Err(format!(
                "it should find\n  {}\nand finds\n  {}\n{}",
                entry.finds(on).join("\n  "),
                found(&report).join("\n  "),
                sentences(&report)
            ));
        }
        for noted in &report.differences {
            let difference = &noted.difference;
            let cause = difference.cause.as_deref().unwrap_or_default();
            if !cause.contains("probably changed directly") {
                return Err(format!("the cause is {cause:?}"));
            }
            if let Some(mark) = ["sqlite:", "mariadb:", "postgres:"]
                .iter()
                .find(|mark| difference.sentence.contains(**mark) || difference.object.contains(**mark))
            {
                return Err(format!("{mark} is shown: {}", difference.sentence));
            }
        }
        if report.differences.is_empty() {
            return Ok(());
        }
        self.put_back(entry, &report).await
    }

    async fn put_back(&self, entry: &Entry, report: &Report) -> Result<(), String> {
        let (on, slug) = (self.on(), self.slug());
        let target = Target::Tenant(&slug);
        let ids: Vec<String> = report.differences.iter().map(|noted| noted.difference.id.clone()).collect();
        let (plans, refused) = drift::plans(&self.app, &ACTOR, target, &ids).await.unwrap();
        let Some(planned) = plans.first() else {
            let why = format!("{refused:?}");
            return match entry.refusal(on) {
                Some(words) if why.contains(words) => Ok(()),
                _ => Err(format!("there is no plan: {why}")),
            };
        };
        let sql = planned.plan.statements.join(";\n");
        let losses = &planned.plan.losses;
        drift::repair(&self.app, &ACTOR, &slug, &ids, (planned.hash.as_str(), !losses.is_empty()))
            .await
            .unwrap();
        work_off(&self.app).await;
        let (job, _) = job_of(&self.app, &slug).await;
        if let Some(words) = entry.refusal(on) {
            let said = format!("{:?} {:?}", job.problem, job.problem_detail);
            let is_it = job.status == JobStatus::Failed && said.contains(words);
            return if is_it { Ok(()) } else { Err(format!("{:?}: {said}\n{sql}", job.status)) };
        }
        if job.status != JobStatus::Done {
            return Err(format!("the repair has failed: {:?} {:?}\n{sql}", job.problem, job.problem_detail));
        }
        let after = self.check().await;
        if !after.differences.is_empty() {
            return Err(format!("still there: {}\n{sql}", sentences(&after)));
        }
        let (_, expected, _) = drift::schemas(&self.app, &ACTOR, &slug).await.unwrap();
        let changed = rows::changed(&self.rows, &rows::all(self, &expected).await, entry.loses(on));
        if !changed.is_empty() {
            return Err(format!("the rows are not as they were: {}\n{sql}", changed.join("\n  ")));
        }
        Ok(())
    }
}

/// Writes a table's stored definition anew, as somebody may on SQLite: `table: what it says => what it shall say`.
async fn rewrite(file: &mut sqlx::SqliteConnection, rest: &str) -> Result<(), String> {
    let (table, change) = rest.split_once(": ").ok_or("no colon")?;
    let (before, after) = change.split_once(" =>").ok_or("no arrow")?;
    let (before, after) = (before.replace("\\n", "\n"), after.trim_start());
    sqlx::raw_sql("PRAGMA writable_schema = ON").execute(&mut *file).await.unwrap();
    let done =
        sqlx::query("UPDATE sqlite_schema SET sql = replace(sql, ?, ?) WHERE name = ? AND instr(sql, ?) > 0")
            .bind(&before)
            .bind(after)
            .bind(table)
            .bind(&before)
            .execute(file)
            .await
            .unwrap();
    if done.rows_affected() == 1 { Ok(()) } else { Err(format!("{before} is not in {table}")) }
}

/// What differs, as `change kind object severity`, in the order of the alphabet.
fn found(report: &Report) -> Vec<String> {
    let words = |noted: &Noted| {
        let one = &noted.difference;
        format!("{} {} {} {}", one.change, one.kind, one.object, one.severity.word())
    };
    let mut all: Vec<String> = report.differences.iter().map(words).collect();
    all.sort();
    all
}

fn sentences(report: &Report) -> String {
    report.differences.iter().map(|noted| noted.difference.sentence.clone()).collect::<Vec<_>>().join("\n  ")
}
