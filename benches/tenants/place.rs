//! An installation in a folder of its own, which is gone afterwards.

use std::path::Path;
use tempfile::TempDir;
use tenantry::{
    app::App,
    clock::Clock,
    config::{Layer, Settings},
    faults::Faults,
    usecases::{actor::Actor, templates, templates::Offer, tenants::CreateForm},
};
use uuid::Uuid;

/// The template that is measured.
pub const TEMPLATE: &str = "ngo";

/// A temporary folder. It lies in `target`, on the disk of the project: in many systems `/tmp` is memory.
pub fn folder() -> TempDir {
    tempfile::Builder::new().prefix("bench-").tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

/// The program, opened in this process, with the built-in templates imported.
pub async fn open(folder: &Path, workers: usize) -> App {
    let app = open_empty(folder, workers).await;
    for result in templates::import_at_start(&app).await.unwrap() {
        assert!(result.report.is_clean(), "{}", result.report);
    }
    app
}

/// The program, opened in this process.
pub async fn open_empty(folder: &Path, workers: usize) -> App {
    let variables = [
        ("TENANTRY_DATA_DIR".to_owned(), folder.display().to_string()),
        ("TENANTRY_WORKERS".to_owned(), workers.to_string()),
    ];
    let settings = Settings::gather(Layer::default(), variables.into_iter()).unwrap();
    App::open(settings, Clock::System, Faults::none()).await.unwrap()
}

/// The template's offer.
pub async fn offer(app: &App) -> Offer {
    let offers = templates::offers(app, &Actor::CommandLine).await.unwrap();
    offers.into_iter().find(|offer| offer.version.template_type == TEMPLATE).unwrap()
}

/// The modules that the measured tenants have besides the core ones: the first two optional ones.
pub fn modules(offer: &Offer) -> Vec<String> {
    offer.modules.iter().filter(|module| !module.is_core).take(2).map(|module| module.name.clone()).collect()
}

/// What a person would fill in.
pub fn form(number: usize, modules: &[String]) -> CreateForm {
    CreateForm {
        name: format!("{} {number}", name(number)),
        email: format!("owner{number}@example.org"),
        plan: "basic".to_owned(),
        template: TEMPLATE.to_owned(),
        modules: modules.to_vec(),
        place: String::new(),
        request_id: Some(Uuid::new_v4()),
        ..CreateForm::default()
    }
}

/// A name as organisations have it.
pub fn name(number: usize) -> String {
    const FIRST: [&str; 12] = [
        "Green", "River", "Harbour", "Northern", "Silver", "Open", "Common", "Bright", "Village", "Coastal",
        "New", "United",
    ];
    const SECOND: [&str; 10] = [
        "Food Bank",
        "Shelter",
        "Trust",
        "Alliance",
        "Foundation",
        "Library",
        "Clinic",
        "Youth Club",
        "Choir",
        "Relief",
    ];
    format!("{} {}", FIRST[number % FIRST.len()], SECOND[(number / FIRST.len()) % SECOND.len()])
}
