//! Importing templates: what is wrong is told with file and line, and nothing of it is imported.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test ends where something is not as it should be"
)]

mod support;

use std::collections::BTreeMap;
use support::{Place, ask, count, work_off};
use tenantry::{
    app::App,
    templates::Memory,
    usecases::{
        actor::Actor,
        template_hazards,
        templates::{self, Fate, Imported},
        tenants::{self, CreateForm},
    },
};

const MANIFEST: &str = r#"name = "Club"
description = "A club."
version = "1.0.0"

[[modules]]
name = "core"
title = "Core"
description = "The core."
kind = "core"
file = "001_core.sql"
depends = []

[[modules]]
name = "games"
title = "Games"
description = "Games."
kind = "optional"
file = "002_games.sql"
depends = ["core"]
"#;

fn club() -> BTreeMap<String, String> {
    let files = [
        ("club/template.toml", MANIFEST),
        (
            "club/schema.sql",
            "CREATE TABLE users (id INT AUTO_INCREMENT PRIMARY KEY, email VARCHAR(255) NOT NULL UNIQUE);\n",
        ),
        ("club/seed.sql", "INSERT INTO users (email) VALUES ('{{OWNER_EMAIL}}');\n"),
        (
            "club/modules/001_core.sql",
            "CREATE TABLE notes (id INT AUTO_INCREMENT PRIMARY KEY, text VARCHAR(50));\n",
        ),
        (
            "club/modules/002_games.sql",
            "CREATE TABLE games (id INT AUTO_INCREMENT PRIMARY KEY, title VARCHAR(50));\n",
        ),
        (
            "migrations/club/2025_01_01_add_color.sql",
            "-- version: 1.1.0\n-- UP\nALTER TABLE notes ADD COLUMN color VARCHAR(9) AFTER id;\n-- DOWN\nALTER TABLE notes DROP COLUMN color;\n",
        ),
    ];
    files.into_iter().map(|(path, text)| (path.to_owned(), text.to_owned())).collect()
}

async fn import(app: &App, files: BTreeMap<String, String>) -> Vec<Imported> {
    templates::import(app, &Actor::CommandLine, Memory::of_texts(files)).await.unwrap()
}

#[tokio::test]
async fn every_kind_of_mistake_is_told_with_its_file_and_line_and_imports_nothing() {
    let place = Place::new();
    let app = place.open().await;
    let before = count(&app, "tenant_templates").await;
    for (file, text, line, part) in [
        (
            "club/schema.sql",
            "CREATE TABLE users (id INT PRIMARY KEY);\nCREATE TABLE x (a GEOMETRY);\n",
            2,
            "not taken",
        ),
        (
            "club/schema.sql",
            "CREATE TABLE users (id INT PRIMARY KEY);\n\nCREATE TABEL x (a INT);\n",
            3,
            "not understood",
        ),
        (
            "club/schema.sql",
            "CREATE TABLE users (id INT PRIMARY KEY, email TEXT, INDEX i (missing));\n",
            1,
            "missing",
        ),
        ("club/seed.sql", "\nINSERT INTO users (email) VALUES ('{{OWNER_MAIL}}');\n", 2, "no variable"),
        ("club/seed.sql", "INSERT INTO users (email) VALUES ({{OWNER_EMAIL}});\n", 1, "in quotes"),
        (
            "club/seed.sql",
            "INSERT INTO users (email) VALUES ('a');\nINSERT INTO users (email) VALUES ('a');\n",
            2,
            "refused",
        ),
        ("club/seed.sql", "DROP DATABASE x;\n", 1, "not allowed"),
        ("club/modules/002_games.sql", "CREATE TABLE notes (id INT PRIMARY KEY);\n", 1, "already"),
        (
            "club/modules/001_core.sql",
            "CREATE TABLE notes (id INT PRIMARY KEY, n INT, FOREIGN KEY (n) REFERENCES games(id));\n",
            1,
            "games",
        ),
        (
            "migrations/club/2025_01_01_add_color.sql",
            "-- UP\nALTER TABLE notes ADD COLUMN color VARCHAR(9);\n",
            2,
            "DOWN",
        ),
        (
            "migrations/club/2025_01_01_add_color.sql",
            "-- UP\nALTER TABLE notes ADD COLUMN color VARCHAR(9) AFTER id;\n-- DOWN\nALTER TABLE notes DROP COLUMN text;\n",
            4,
            "does not restore",
        ),
        (
            "migrations/club/2025_01_01_add_color.sql",
            "-- UP\nALTER TABLE notes MODIFY COLUMN text VARCHAR(50) FIRST;\n-- DOWN\nALTER TABLE notes MODIFY COLUMN text VARCHAR(60) AFTER id;\n",
            4,
            "does not restore",
        ),
        (
            "migrations/club/2025_01_01_add_color.sql",
            "-- UP\n\nALTER TABLE games ADD COLUMN color VARCHAR(9);\n-- DOWN\nALTER TABLE games DROP COLUMN color;\n",
            3,
            "no table games",
        ),
        (
            "migrations/club/2025_01_01_add_color.sql",
            "-- version: new\n-- UP\nX\n-- DOWN\nY\n",
            1,
            "no version",
        ),
        ("club/modules/002_games.sqlite.sql", "ATTACH DATABASE 'x' AS y;\n", 1, "not allowed"),
    ] {
        let mut files = club();
        files.insert(file.to_owned(), text.to_owned());
        let results = import(&app, files).await;
        assert_eq!(results[0].fate, Fate::Refused, "{file}: {text}");
        let problems = &results[0].report.problems;
        assert!(
            problems
                .iter()
                .any(|found| found.file == file && found.line == Some(line) && found.reason.contains(part)),
            "{file}:{line} {part}: {problems:?}"
        );
        assert_eq!(count(&app, "tenant_templates").await, before, "{text}");
    }
    for (from, to, part) in [
        ("depends = [\"core\"]", "depends = [\"games\"]", "games"),
        ("depends = [\"core\"]", "depends = [\"ghosts\"]", "ghosts"),
        ("depends = []", "depends = [\"games\"]", "games"),
    ] {
        let mut files = club();
        files.insert("club/template.toml".into(), MANIFEST.replacen(from, to, 1));
        let results = import(&app, files).await;
        let problems = &results[0].report.problems;
        assert!(
            problems.iter().any(|found| found.file == "club/template.toml"
                && found.line.is_some()
                && found.reason.contains(part)),
            "{to}: {problems:?}"
        );
    }
    assert_eq!(count(&app, "tenant_templates").await, before);
}

#[tokio::test]
async fn one_broken_template_keeps_the_others_of_its_source_out() {
    let place = Place::new();
    let app = place.open().await;
    let mut files = club();
    for (path, text) in club() {
        files.insert(path.replacen("club/", "guild/", 1), text);
    }
    files.insert("guild/schema.sql".into(), "nonsense;".into());
    let results = import(&app, files).await;
    assert_eq!(
        results.iter().map(|result| result.fate.clone()).collect::<Vec<_>>(),
        [Fate::Proven, Fate::Refused]
    );
    assert_eq!(count(&app, "tenant_templates WHERE template_type IN ('club', 'guild')").await, 0);
}

#[tokio::test]
async fn a_template_is_stored_in_the_plans_tables_and_a_published_version_never_changes() {
    let place = Place::new();
    let app = place.open().await;
    assert_eq!(import(&app, club()).await[0].fate, Fate::Imported);
    assert_eq!(
        count(&app, "tenant_templates WHERE template_type = 'club' AND version = '1.0.0' AND is_locked = 0")
            .await,
        1
    );
    assert_eq!(
        count(
            &app,
            "template_modules WHERE module_name = 'games' AND module_type = 'optional' AND display_order = 1"
        )
        .await,
        1
    );
    assert_eq!(
        count(&app, "template_migrations WHERE migration_name = '2025_01_01_add_color' AND sql_up LIKE 'ALTER%' AND sql_down LIKE '%DROP%'").await,
        1
    );
    let mut changed = club();
    changed.insert(
        "club/modules/002_games.sql".into(),
        "CREATE TABLE games (id INT AUTO_INCREMENT PRIMARY KEY);\n".into(),
    );
    // Nobody uses it yet, and it does not change all the same.
    let refused = import(&app, changed.clone()).await;
    assert_eq!(refused[0].fate, Fate::Refused);
    let found = &refused[0].report.problems[0];
    assert_eq!((found.file.as_str(), found.line), ("club/template.toml", Some(3)));
    assert!(found.reason.contains("published") && found.reason.contains("higher version, such as \"1.0.1\""));
    changed.insert("club/template.toml".into(), MANIFEST.replace("1.0.0", "1.0.1"));
    assert_eq!(import(&app, changed.clone()).await[0].fate, Fate::Imported);
    assert_eq!(import(&app, club()).await[0].fate, Fate::Unchanged, "the one before is there as it was");
    let form = CreateForm {
        name: "Chess".into(),
        email: "a@example.org".into(),
        note: String::new(),
        plan: "basic".into(),
        template: "club".into(),
        modules: vec!["games".into()],
        place: String::new(),
        request_id: None,
    };
    tenants::create(&app, &Actor::CommandLine, form).await.unwrap();
    changed.insert("club/schema.sql".into(), "CREATE TABLE users (id INT PRIMARY KEY);\n".into());
    let refused = import(&app, changed).await;
    assert_eq!(refused[0].fate, Fate::Refused);
    assert!(refused[0].report.to_string().contains("higher version"));
    // What the tenant was asked for is what it gets, though the files have changed since.
    work_off(&app).await;
    let schema = tenants::schema(&app, &Actor::CommandLine, "chess").await.unwrap().1;
    assert_eq!(schema.tables["games"].columns.len(), 1);
}

#[tokio::test]
async fn migrations_go_by_name_whatever_the_order_of_their_arrival() {
    let place = Place::new();
    let app = place.open().await;
    let mut files = club();
    let migration = |column: &str| {
        format!(
            "-- UP\nALTER TABLE notes ADD COLUMN {column} INT;\n-- DOWN\nALTER TABLE notes DROP COLUMN {column};\n"
        )
    };
    files.insert("migrations/club/2024_12_31_older.sql".into(), migration("older"));
    files.insert("migrations/club/2025_02_01_newer.sql".into(), migration("newer"));
    assert_eq!(import(&app, files).await[0].fate, Fate::Imported);
    let detail = templates::show(&app, &Actor::CommandLine, "club", "1.0.0").await.unwrap();
    let names: Vec<&str> = detail.migrations.iter().map(|migration| migration.name.as_str()).collect();
    assert_eq!(names, ["2024_12_31_older", "2025_01_01_add_color", "2025_02_01_newer"]);
}

#[tokio::test]
async fn a_file_for_sqlite_replaces_the_common_one_there() {
    let place = Place::new();
    let app = place.open().await;
    let mut files = club();
    files.insert(
        "club/modules/001_core.sqlite.sql".into(),
        "CREATE TABLE notes (id INTEGER PRIMARY KEY AUTOINCREMENT, text TEXT);\nCREATE TRIGGER shout AFTER INSERT ON notes BEGIN UPDATE notes SET text = upper(text) WHERE id = NEW.id; END;\n".into(),
    );
    files.remove("migrations/club/2025_01_01_add_color.sql");
    let results = import(&app, files).await;
    assert_eq!(results[0].fate, Fate::Imported, "{}", results[0].report);
    let form = CreateForm {
        name: "Loud".into(),
        email: "a@example.org".into(),
        note: String::new(),
        plan: "basic".into(),
        template: "club".into(),
        modules: vec![],
        place: String::new(),
        request_id: None,
    };
    tenants::create(&app, &Actor::CommandLine, form).await.unwrap();
    work_off(&app).await;
    let schema = tenants::schema(&app, &Actor::CommandLine, "loud").await.unwrap().1;
    assert!(schema.triggers.contains_key("shout"), "{:?}", schema.triggers);
}

#[tokio::test]
async fn the_built_in_templates_have_what_the_plan_asks_of_them() {
    let place = Place::new();
    let app = place.open().await;
    for (template, tables) in [
        ("basic", &["users", "roles", "permissions", "settings", "audit_logs"][..]),
        ("ngo", &["users", "members", "donations", "campaigns", "events", "volunteers", "grants"]),
        (
            "political_party",
            &[
                "branches",
                "members",
                "committees",
                "dues_payments",
                "nominations",
                "elections",
                "ballots",
                "campaigns",
            ],
        ),
        (
            "corporate",
            &["departments", "employees", "leave_requests", "assets", "expense_reports", "contracts"],
        ),
    ] {
        let detail = templates::show(&app, &Actor::CommandLine, template, "1.0.0").await.unwrap();
        for table in tables {
            assert!(detail.schema.tables.contains_key(*table), "{template} has no {table}");
        }
        assert!(detail.modules.iter().filter(|module| !module.is_core).count() >= 3);
        assert!(detail.migrations.len() >= 4);
        assert!(detail.migrations.iter().any(|migration| migration.is_breaking));
    }
    ask(&app, "Acme", &["event_shifts"]).await;
}

/// The club with a migration that loses values, and with one that only adds.
fn losing(says: &str) -> BTreeMap<String, String> {
    let mut files = club();
    files.insert(
        "migrations/club/2025_02_01_drop_text.sql".into(),
        format!("{says}-- UP\nALTER TABLE notes DROP COLUMN text;\n-- DOWN\nALTER TABLE notes ADD COLUMN text VARCHAR(50) AFTER color;\n"),
    );
    files
}

#[tokio::test]
async fn a_migration_that_loses_values_is_breaking_whatever_its_author_says_and_is_imported_with_a_warning() {
    for says in ["", "-- breaking: false\n"] {
        let place = Place::new();
        let app = place.open().await;
        let imported = import(&app, losing(says)).await;
        let [one] = imported.as_slice() else { panic!("{imported:?}") };
        assert_eq!(one.fate, Fate::Imported, "{}", one.report);
        let told: Vec<_> =
            one.report.warnings.iter().map(|found| (found.file.as_str(), found.line)).collect();
        let line = says.lines().count() + 2;
        assert_eq!(told, [("migrations/club/2025_02_01_drop_text.sql", Some(line))], "{}", one.report);
        let reason = &one.report.warnings[0].reason;
        assert!(reason.contains("Drops the column notes.text and every value in it."), "{reason}");
        let detail = templates::show(&app, &Actor::CommandLine, "club", "1.0.0").await.unwrap();
        let breaking: Vec<_> = detail.migrations.iter().map(|migration| migration.is_breaking).collect();
        assert_eq!(breaking, [false, true]);
    }
    // Where the author says so, there is nothing to warn of.
    let place = Place::new();
    let app = place.open().await;
    let imported = import(&app, losing("-- breaking: true\n")).await;
    assert!(imported.iter().all(|one| one.fate == Fate::Imported && one.report.warnings.is_empty()));
}

#[tokio::test]
async fn the_hazards_of_a_version_are_told_though_nothing_was_noted_when_it_was_published() {
    let place = Place::new();
    let app = place.open().await;
    import(&app, losing("")).await;
    // As an earlier version of the program left it.
    let mut write = app.store.write().await.unwrap();
    tenantry::store::db::sql("UPDATE template_migrations SET is_breaking = 0").run(&mut write).await.unwrap();
    write.commit().await.unwrap();
    let detail = templates::show(&app, &Actor::CommandLine, "club", "1.0.0").await.unwrap();
    assert!(detail.migrations.iter().all(|migration| !migration.is_breaking));
    let hazards = template_hazards::of_version(&app, &Actor::CommandLine, &detail).await.unwrap();
    let told: Vec<_> = hazards
        .values()
        .map(|found| (found.is_breaking, found.hazards.iter().map(|hazard| hazard.rule).collect::<Vec<_>>()))
        .collect();
    assert_eq!(told, [(false, vec!["places-column"]), (true, vec!["drops-column"])]);
}
