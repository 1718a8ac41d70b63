//! What the integration tests share: an installation of the program in a folder of its own, with a clock that the test moves.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test ends where something is not as it should be"
)]
#![allow(dead_code)]

pub mod control;
pub mod site;

use control::{Database, On};
use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
};
use tempfile::TempDir;
use tenantry::{
    app::App,
    clock::Clock,
    config::{Layer, Settings},
    faults::Faults,
    store::{self, jobs::Job, jobs::Step, tenants::Tenant},
    usecases::{
        actor::Actor,
        templates,
        tenants::{self, CreateForm, Created},
    },
    worker,
};
use tokio_util::sync::CancellationToken;

/// A data folder with a clock; the program may be opened on it any number of times.
pub struct Place {
    pub folder: TempDir,
    pub clock: Clock,
    on: On,
    /// The control database, once it is there and where it is on a server.
    database: Mutex<Option<Database>>,
}

/// The control database with the built-in templates imported, made once for all tests of a process.
static IMPORTED: tokio::sync::OnceCell<Vec<u8>> = tokio::sync::OnceCell::const_new();

impl Place {
    pub fn new() -> Place {
        Place::on(On::asked_for())
    }

    /// A place whose control database is on a server of the tests' own, or in a file.
    pub fn on(on: On) -> Place {
        let start = Arc::new(AtomicI64::new(1_764_000_000_000));
        let folder = tempfile::tempdir().unwrap();
        Place { folder, clock: Clock::Manual(start), on, database: Mutex::new(None) }
    }

    /// A place whose control database is this one, or in a file.
    pub fn with(database: Option<Database>) -> Place {
        let place = Place::on(On::File);
        *place.lock() = database;
        place
    }

    /// The same place on the machine's own clock, for processes of their own.
    pub fn of_today(self) -> Place {
        Place { clock: Clock::System, ..self }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Database>> {
        self.database.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The control database, where it is on a server.
    pub fn database(&self) -> Option<Database> {
        self.lock().clone()
    }

    /// A copy of this place, as it is on the disk now and at the same time of day.
    pub fn copy(&self) -> Place {
        fn walk(from: &std::path::Path, to: &std::path::Path) {
            std::fs::create_dir_all(to).unwrap();
            for entry in std::fs::read_dir(from).unwrap().flatten() {
                let target = to.join(entry.file_name());
                if entry.path().is_dir() {
                    walk(&entry.path(), &target);
                } else {
                    std::fs::copy(entry.path(), target).unwrap();
                }
            }
        }
        let place = Place::new();
        place.clock.advance(now(&self.clock) - now(&place.clock));
        walk(self.folder.path(), place.folder.path());
        if let Some(database) = self.database() {
            // The test's own runtime cannot be waited for from within it.
            let copy = std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(database.copy())
            });
            *place.lock() = Some(copy.join().unwrap());
        }
        place
    }

    pub fn settings(&self) -> Settings {
        let data = self.folder.path().display().to_string();
        let control = self.database().map(|database| database.url()).unwrap_or_default();
        let variables = [
            ("TENANTRY_DATA_DIR".to_owned(), data),
            ("TENANTRY_CONFIG".to_owned(), String::new()),
            ("TENANTRY_DATABASE_URL".to_owned(), control),
        ];
        Settings::gather(Layer::default(), variables.into_iter()).unwrap()
    }

    /// Opens the program, with the built-in templates imported.
    pub async fn open(&self) -> App {
        self.open_with(Faults::none()).await
    }

    /// Opens the program with armed faults.
    pub async fn open_with(&self, faults: Faults) -> App {
        // Proving the templates takes seconds, so a new folder begins with what the first import of this process left.
        if self.on != On::File {
            if self.database().is_none() {
                let database = control::imported(self.on).await;
                *self.lock() = database;
            }
            return self.start(faults).await;
        }
        let control = self.folder.path().join("control.db");
        if !control.exists() && self.database().is_none() {
            let imported = IMPORTED
                .get_or_init(|| async {
                    let place = Place::on(On::File);
                    place.start(Faults::none()).await.store.close().await;
                    std::fs::read(place.folder.path().join("control.db")).unwrap()
                })
                .await;
            std::fs::write(control, imported).unwrap();
        }
        self.start(faults).await
    }

    /// Opens the program on what there is, and imports the built-in templates.
    pub async fn import(&self) -> App {
        self.start(Faults::none()).await
    }

    async fn start(&self, faults: Faults) -> App {
        let app = App::open(self.settings(), self.clock.clone(), faults).await.unwrap();
        for result in templates::import_at_start(&app).await.unwrap() {
            assert!(result.report.is_clean(), "{}", result.report);
        }
        app
    }

    pub fn tenants_folder(&self) -> PathBuf {
        self.folder.path().join("tenants")
    }

    /// Names of the files of tenants, those in the making included.
    pub fn files(&self) -> Vec<String> {
        fn walk(folder: &std::path::Path, found: &mut Vec<String>) {
            for entry in std::fs::read_dir(folder).unwrap().flatten() {
                if entry.path().is_dir() {
                    walk(&entry.path(), found);
                } else {
                    found.push(entry.file_name().to_string_lossy().into_owned());
                }
            }
        }
        let mut found = Vec::new();
        walk(&self.tenants_folder(), &mut found);
        found.sort();
        found
    }

    /// Lets every lease and every waiting time run out.
    pub fn wait_long(&self) {
        self.clock.advance(3_600_000);
    }
}

/// Milliseconds of a test's clock.
pub fn now(clock: &Clock) -> i64 {
    match clock {
        Clock::Manual(moment) => moment.load(Ordering::SeqCst),
        Clock::System => clock.now_ms(),
    }
}

pub fn form(name: &str, modules: &[&str]) -> CreateForm {
    CreateForm {
        name: name.to_owned(),
        email: "dana@example.org".to_owned(),
        note: String::new(),
        plan: "basic".to_owned(),
        template: "ngo".to_owned(),
        modules: modules.iter().map(|name| (*name).to_owned()).collect(),
        place: String::new(),
        request_id: None,
    }
}

pub async fn ask(app: &App, name: &str, modules: &[&str]) -> Created {
    tenants::create(app, &Actor::CommandLine, form(name, modules)).await.unwrap()
}

/// Claims and works on jobs until none is due any more; gives how many times a job was worked on.
pub async fn work_off(app: &App) -> usize {
    let stop = CancellationToken::new();
    let mut worked = 0;
    while worker::run_next(app, &stop).await.unwrap() {
        worked += 1;
        assert!(worked < 1_000, "the jobs do not come to an end");
    }
    worked
}

pub async fn tenant(app: &App, slug: &str) -> Tenant {
    tenants::find(app, &Actor::CommandLine, slug).await.unwrap()
}

pub async fn job_of(app: &App, slug: &str) -> (Job, Vec<Step>) {
    tenants::making(app, &Actor::CommandLine, slug).await.unwrap().1.unwrap()
}

/// How many rows a table of the control database has.
pub async fn count(app: &App, table: &str) -> i64 {
    let mut read = app.store.read().await.unwrap();
    store::sql_of(format!("SELECT COUNT(*) AS n FROM {table}"))
        .one(&mut read)
        .await
        .unwrap()
        .int("n")
        .unwrap()
}

/// Opens a tenant's file as its application would.
pub async fn open_tenant(place: &Place, tenant: &Tenant) -> sqlx::SqliteConnection {
    use sqlx::ConnectOptions;
    sqlx::sqlite::SqliteConnectOptions::new()
        .filename(place.tenants_folder().join(format!("{}.db", tenant.database_name)))
        .connect()
        .await
        .unwrap()
}
