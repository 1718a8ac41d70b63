//! Zips and changed files at the command line and at the start of the program.

use super::{MANIFEST, club, run};
use crate::support::{Place, count};
use crate::zips::{Entry, zip};
use std::path::Path;
use tenantry::{
    templates::{Memory, Source, archive},
    usecases::{
        actor::Actor,
        templates::{self, Fate},
    },
};

#[test]
fn a_zip_is_checked_and_imported_at_the_command_line_and_a_hostile_one_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let good = folder.path().join("club.zip");
    std::fs::write(&good, archive::pack(&club()).unwrap()).unwrap();
    let good = good.to_str().unwrap();
    let (code, said) = run(&data, &["templates", "check", good]);
    assert!(code == 0 && said.contains("club 1.0.0: works"), "{said}");
    let (code, said) = run(&data, &["templates", "import", good]);
    assert!(code == 0 && said.contains("club 1.0.0: imported"), "{said}");
    let (code, said) = run(&data, &["templates", "import", good]);
    assert!(code == 0 && said.contains("is there already, unchanged"), "{said}");

    let bad = folder.path().join("bad.zip");
    std::fs::write(&bad, zip(&[Entry::file("../../evil.sql", b"x")])).unwrap();
    let bad = bad.to_str().unwrap();
    for verb in ["check", "import"] {
        let (code, said) = run(&data, &["templates", verb, bad]);
        assert_eq!(code, 1, "{said}");
        assert!(
            said.contains("../../evil.sql: leads out of its folder") && said.contains("bad.zip"),
            "{said}"
        );
    }
    // What can go wrong with a migration is told with its line and the advice.
    let mut losing = club();
    losing.insert(
        "migrations/club/2030_01_01_gone.sql".into(),
        "-- UP\nDELETE FROM users;\n-- DOWN\nUPDATE users SET email = email WHERE id = 0;\n".into(),
    );
    losing.insert("club/template.toml".into(), MANIFEST.replace("1.0.0", "1.5.0"));
    let path = folder.path().join("losing.zip");
    std::fs::write(&path, archive::pack(&losing).unwrap()).unwrap();
    let (code, said) = run(&data, &["templates", "check", path.to_str().unwrap()]);
    assert!(
        code == 0
            && said.contains("2030_01_01_gone.sql:2: breaking: Deletes every row of users.")
            && said.contains("    Say in a WHERE which rows are meant.")
            && said.contains("warning: migrations/club/2030_01_01_gone.sql:2: this needs an approval"),
        "{said}"
    );
    let (_, json) = run(&data, &["templates", "check", "--json", path.to_str().unwrap()]);
    assert!(
        json.contains("\"rule\": \"deletes-all-rows\"") && json.contains("\"is_breaking\": true"),
        "{json}"
    );
    let (code, said) = run(&data, &["templates", "import", "/nowhere.zip"]);
    assert_eq!(code, 2, "{said}");

    // What it brings in is proven like anything else, with file and line.
    let mut broken = club();
    broken.insert("club/schema.sql".into(), "CREATE TABLE a (id INT PRIMARY KEY);\nCREATE TABEL b;\n".into());
    broken.insert("club/template.toml".into(), MANIFEST.replace("1.0.0", "2.0.0"));
    let path = folder.path().join("broken.zip");
    std::fs::write(&path, archive::pack(&broken).unwrap()).unwrap();
    let (code, said) = run(&data, &["templates", "import", path.to_str().unwrap()]);
    assert!(code == 1 && said.contains("club/schema.sql:2"), "{said}");
}

#[tokio::test]
async fn the_built_in_templates_downloaded_and_brought_in_again_are_unchanged() {
    let place = Place::new();
    let app = place.open().await;
    let before = count(&app, "tenant_templates").await;
    for (version, _) in templates::list(&app, &Actor::CommandLine).await.unwrap() {
        let (name, bytes) =
            templates::download(&app, &Actor::CommandLine, &version.template_type, &version.version)
                .await
                .unwrap();
        assert_eq!(name, format!("{}-{}.zip", version.template_type, version.version));
        let results = templates::import_zip(&app, &Actor::CommandLine, &name, bytes).await.unwrap();
        assert_eq!(results.len(), 1);
        assert_eq!(results[0].fate, Fate::Unchanged, "{}", results[0].report);
    }
    assert_eq!(count(&app, "tenant_templates").await, before);
}

/// The files of a built-in template, with one of them changed.
fn changed_built_in(data: &Path) -> std::path::PathBuf {
    let folder = data.join("mine");
    let copy = Memory::copy(&tenantry::templates::Embedded, 1 << 20).unwrap();
    for path in copy.files().unwrap().iter().filter(|path| path.contains("basic/")) {
        let target = folder.join(path);
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        let mut bytes = copy.read(path, 1 << 20).unwrap();
        if path.ends_with("basic/seed.sql") {
            bytes.extend(b"\n-- changed\n");
        }
        std::fs::write(target, bytes).unwrap();
    }
    for (path, text) in club() {
        let target = folder.join(path);
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        std::fs::write(target, text).unwrap();
    }
    folder
}

#[tokio::test]
async fn a_changed_template_without_a_new_number_keeps_neither_the_program_nor_the_others_from_starting() {
    let place = Place::new();
    let app = place.open().await;
    app.store.close().await;
    let mut settings = place.settings();
    settings.templates_dir = Some(changed_built_in(place.folder.path()));
    let app = tenantry::app::App::open(settings, place.clock.clone(), tenantry::faults::Faults::none())
        .await
        .unwrap();
    let results = templates::import_at_start(&app).await.unwrap();
    let fate = |template: &str| {
        results.iter().rfind(|result| result.template == template).map(|result| result.fate.clone()).unwrap()
    };
    assert_eq!(fate("basic"), Fate::Refused);
    assert_eq!(fate("club"), Fate::Imported);
    let refused = results.iter().find(|result| result.fate == Fate::Refused).unwrap();
    assert_eq!(refused.report.problems.len(), 1);
    assert!(refused.report.problems[0].to_string().lines().count() == 1);
}

#[tokio::test]
async fn a_template_that_makes_rows_without_end_is_stopped_and_reported_with_its_line() {
    let place = Place::new();
    let app = place.open().await;
    let mut files = club();
    files.insert(
        "club/modules/001_core.sqlite.sql".into(),
        "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT);\n\nINSERT INTO notes (text) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT hex(zeroblob(50000)) FROM n;\n".into(),
    );
    let results = templates::import(&app, &Actor::CommandLine, Memory::of_texts(files)).await.unwrap();
    let problems = &results[0].report.problems;
    assert!(
        problems
            .iter()
            .any(|found| found.file == "club/modules/001_core.sqlite.sql" && found.line == Some(3)),
        "{problems:?}"
    );
}
