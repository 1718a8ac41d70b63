//! Reading templates from maps, from real folders and from the program.

use super::*;
use crate::engine::SqlDialect;
use crate::templates::shelf::LARGEST_FILE;
use crate::templates::source::{Embedded, Folder};
use std::fs;

type Files = BTreeMap<String, Vec<u8>>;

const MANIFEST: &str = "name = \"Club\"\ndescription = \"For clubs.\"\nversion = \"1.2.0\"\n";

fn listed(number: u16, name: &str, kind: &str, depends: &str) -> String {
    format!(
        "\n[[modules]]\nname = \"{name}\"\ntitle = \"T\"\ndescription = \"D.\"\nkind = \"{kind}\"\n\
         file = \"{number:03}_{name}.sql\"\ndepends = [{depends}]\n"
    )
}

fn club() -> Files {
    let manifest = [
        MANIFEST.to_owned(),
        listed(20, "dues", "optional", "\"members\""),
        listed(1, "members", "core", ""),
    ]
    .concat();
    files(&[
        ("club/template.toml", &manifest),
        ("club/schema.sql", "CREATE TABLE users (id INT);\n"),
        ("club/seed.sql", "INSERT INTO users VALUES (1);\n"),
        ("club/modules/001_members.sql", "CREATE TABLE members (id INT);\n"),
        ("club/modules/020_dues.sql", "CREATE TABLE dues (id INT);\n"),
        ("club/modules/020_dues.seed.sql", "INSERT INTO dues VALUES (1);\n"),
        ("migrations/club/2025_02_01_b.sql", "-- UP\n-- DOWN\n"),
        ("migrations/club/2025_01_01_a.sql", "-- UP\n-- DOWN\n"),
    ])
}

fn files(list: &[(&str, &str)]) -> Files {
    list.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect()
}

fn with(path: &str, bytes: impl AsRef<[u8]>) -> Files {
    let mut files = club();
    files.insert(path.to_owned(), bytes.as_ref().to_vec());
    files
}

fn without(path: &str) -> Files {
    let mut files = club();
    files.remove(path).unwrap();
    files
}

fn good(files: &Files) -> TemplateFiles {
    let reading = read(files, "club").unwrap();
    assert!(reading.report.is_clean(), "{}", reading.report);
    reading.template.unwrap()
}

/// The only problem of a template, as the terminal shows it.
fn problem(files: &Files) -> String {
    let reading = read(files, "club").unwrap();
    assert_eq!(reading.report.problems.len(), 1, "{}", reading.report);
    assert_eq!(reading.template, None);
    reading.report.problems[0].to_string()
}

#[test]
fn a_good_template_is_read_whole_and_in_order() {
    let template = good(&club());
    assert_eq!(template.template_type.as_str(), "club");
    assert_eq!(template.version, semver::Version::new(1, 2, 0));
    assert_eq!(template.schema_sql.base.path, "club/schema.sql");
    assert!(template.seed_sql.is_some());
    let modules: Vec<_> =
        template.modules.iter().map(|module| (module.name.as_str(), module.seed_sql.is_some())).collect();
    assert_eq!(modules, [("members", false), ("dues", true)]);
    let migrations: Vec<_> = template.migrations.iter().map(|migration| migration.name.as_str()).collect();
    assert_eq!(migrations, ["2025_01_01_a", "2025_02_01_b"]);
    assert_eq!(template.module_order().unwrap().resolve(&["dues"]).unwrap().len(), 2);
}

#[test]
fn the_templates_of_the_program_read_without_a_finding() {
    let readings = read_all(&Embedded).unwrap();
    for folder in ["basic", "corporate", "ngo", "political_party"] {
        let reading = readings.iter().find(|reading| reading.folder == folder).unwrap();
        assert_eq!(reading.report, Report::default(), "{}", reading.report);
        let template = reading.template.as_ref().unwrap();
        let optional = template.modules.iter().filter(|module| module.kind == ModuleKind::Optional);
        assert!(optional.count() >= 3, "{folder}");
        assert!(template.migrations.len() >= 4, "{folder}");
        assert_eq!(template.version, semver::Version::new(1, 0, 0));
    }
}

#[test]
fn the_programs_own_templates_have_optional_modules_that_need_optional_ones() {
    for (folder, chosen, expected) in [
        ("basic", "tasks", vec!["core", "teams", "tasks"]),
        ("ngo", "event_shifts", vec!["core", "members", "donations", "events", "volunteers", "event_shifts"]),
        (
            "political_party",
            "elections",
            vec!["core", "branches", "members", "committees", "dues", "nominations", "elections"],
        ),
        (
            "corporate",
            "asset_contracts",
            vec!["core", "departments", "employees", "terms", "assets", "contracts", "asset_contracts"],
        ),
    ] {
        let template = read(&Embedded, folder).unwrap().template.unwrap();
        let resolved = template.module_order().unwrap().resolve(&[chosen]).unwrap();
        let names: Vec<_> = resolved.into_iter().map(|module| module.name).collect();
        assert_eq!(names, expected);
    }
}

#[test]
fn a_folder_on_disk_reads_like_the_same_files_in_memory() {
    let dir = tempfile::tempdir().unwrap();
    for (path, bytes) in club() {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    for folder in [dir.path().to_owned(), dir.path().join("club")] {
        let readings = read_all(&Folder::open(&folder).unwrap()).unwrap();
        assert_eq!(readings.len(), 1);
        assert_eq!(readings[0].template.as_ref(), Some(&good(&club())), "{}", readings[0].report);
    }
}

#[test]
fn ends_of_lines_and_byte_order_marks_change_nothing() {
    let windows: Files = club()
        .into_iter()
        .map(|(path, bytes)| {
            let text = String::from_utf8(bytes).unwrap().replace('\n', "\r\n");
            (path, format!("\u{feff}{text}").into_bytes())
        })
        .collect();
    assert_eq!(good(&windows), good(&club()));
}

#[test]
fn the_hash_moves_with_every_file_of_the_template_and_with_no_other() {
    let hash = good(&club()).source_hash;
    assert_eq!(hash.len(), 64);
    for (path, mut bytes) in club() {
        bytes.extend(b"\n");
        assert_ne!(good(&with(&path, bytes)).source_hash, hash, "{path}");
    }
    for path in ["club/README.md", "basic/schema.sql", "migrations/basic/2025_01_01_a.sql"] {
        assert_eq!(good(&with(path, "x")).source_hash, hash, "{path}");
    }
}

#[test]
fn files_for_one_engine_are_carried_beside_their_file() {
    let mut files = with("club/modules/020_dues.sqlite.sql", "CREATE TABLE dues (id INTEGER);\n");
    files.insert("club/modules/020_dues.seed.postgres.sql".into(), b"x".to_vec());
    files.insert("club/schema.mysql.sql".into(), b"y".to_vec());
    files.insert("migrations/club/2025_01_01_a.sqlite.sql".into(), b"z".to_vec());
    let template = good(&files);
    let dues = &template.modules[1];
    assert_eq!(
        dues.schema_sql.override_for(SqlDialect::Sqlite).unwrap().path,
        "club/modules/020_dues.sqlite.sql"
    );
    assert_eq!(dues.schema_sql.override_for(SqlDialect::Postgres), None);
    assert_eq!(dues.seed_sql.as_ref().unwrap().override_for(SqlDialect::Postgres).unwrap().text, "x");
    assert_eq!(template.schema_sql.override_for(SqlDialect::Mysql).unwrap().text, "y");
    assert_eq!(template.migrations[0].sql.override_for(SqlDialect::Sqlite).unwrap().text, "z");
    assert_eq!(template.migrations.len(), 2);
}

#[test]
fn a_file_for_one_engine_needs_the_file_that_it_replaces() {
    assert_eq!(
        problem(&with("migrations/club/2025_03_01_c.sqlite.sql", "")),
        "migrations/club/2025_03_01_c.sqlite.sql: replaces `migrations/club/2025_03_01_c.sql`, which is missing"
    );
}

#[test]
fn what_is_missing_is_said() {
    assert!(problem(&without("club/schema.sql")).starts_with("club/schema.sql: is missing"));
    assert!(problem(&without("club/template.toml")).starts_with("club/template.toml: is missing"));
    let missing = problem(&without("club/modules/001_members.sql"));
    assert_eq!(
        missing,
        "club/template.toml:13: the module `members` has no file: `modules/001_members.sql` is missing"
    );
}

#[test]
fn a_template_needs_no_seed_and_no_migrations() {
    assert_eq!(good(&without("club/seed.sql")).seed_sql, None);
    let files = files(&[("club/template.toml", MANIFEST), ("club/schema.sql", "")]);
    let template = good(&files);
    assert!(template.modules.is_empty() && template.migrations.is_empty());
}

#[test]
fn a_file_that_nobody_lists_is_a_problem() {
    for path in ["club/modules/030_extra.sql", "club/modules/030_extra.seed.sql"] {
        assert!(problem(&with(path, "")).contains("belongs to no module"), "{path}");
    }
}

#[test]
fn sql_in_a_place_that_is_not_read_is_a_problem_and_other_files_are_a_warning() {
    for path in
        ["club/old/001_members.sql", "club/extra.sql", "club/SCHEMA.SQL", "migrations/2025_01_01_a.sql"]
    {
        assert!(problem(&with(path, "")).starts_with(path), "{path}");
    }
    let reading = read(&with("club/modules/notes.txt", ""), "club").unwrap();
    assert!(reading.template.is_some());
    assert_eq!(reading.report.warnings[0].file, "club/modules/notes.txt");
}

#[test]
fn migrations_are_named_with_a_date() {
    for name in [
        "add_phone",
        "2025_1_1_a",
        "2025_01_01",
        "2025_01_01_",
        "2025_01_01_A",
        "2025-01-01_a",
        "2025_01_01_1",
    ] {
        let found = problem(&with(&format!("migrations/club/{name}.sql"), ""));
        assert!(found.contains("such as `2025_01_31"), "{found}");
    }
    for name in ["2025_02_30_a", "2025_13_01_a", "2025_00_01_a"] {
        assert!(problem(&with(&format!("migrations/club/{name}.sql"), "")).contains("calendar"), "{name}");
    }
    assert!(problem(&with("migrations/club/2025_01_01_a.seed.sql", "")).contains("no seed"));
}

#[test]
fn a_file_that_is_not_utf8_is_refused_with_its_place() {
    assert_eq!(
        problem(&with("club/seed.sql", b"one\ntwo \xe9\n")),
        "club/seed.sql:2: is not UTF-8: byte 5 of this line is no character; save the file as UTF-8"
    );
    assert!(problem(&with("club/seed.sql", b"\xff\xfea\0")).contains("UTF-16"));
    assert!(problem(&with("club/seed.sql", b"a\nb\0")).starts_with("club/seed.sql:2: has a NUL"));
    assert!(problem(&with("club/template.toml", b"\xe9")).starts_with("club/template.toml:1: is not UTF-8"));
    assert!(problem(&with("club/modules/020_dues.sql", b"\xe9")).contains("not UTF-8"));
}

#[test]
fn a_file_of_one_mebibyte_is_read_and_one_byte_more_is_not() {
    assert!(good(&with("club/seed.sql", vec![b' '; LARGEST_FILE])).seed_sql.is_some());
    let found = problem(&with("club/seed.sql", vec![b' '; LARGEST_FILE + 1]));
    assert_eq!(found, "club/seed.sql: is larger than 1 MiB");
}

#[test]
fn a_template_that_is_too_large_in_sum_is_refused_once() {
    let mut files = club();
    for day in 1..=20 {
        files.insert(format!("migrations/club/2025_03_{day:02}_a.sql"), vec![b' '; LARGEST_FILE]);
    }
    assert!(problem(&files).contains("larger than 16 MiB"));
}

#[test]
fn an_order_that_cannot_be_is_reported_at_the_line_of_the_dependency() {
    let manifest = [
        MANIFEST.to_owned(),
        listed(20, "dues", "optional", "\"members\""),
        listed(1, "members", "core", "\"dues\""),
    ]
    .concat();
    let reading = read(&with("club/template.toml", manifest), "club").unwrap();
    let found: Vec<String> = reading.report.problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        found,
        [
            "club/template.toml:11: the modules depend on each other in a circle: dues → members → dues",
            "club/template.toml:19: the core module `members` depends on the optional `dues`; make both core, or both optional",
        ]
    );
}

#[test]
fn a_module_listed_twice_is_reported_at_the_second() {
    let manifest = String::from_utf8(club()["club/template.toml"].clone()).unwrap();
    let manifest = [manifest, listed(20, "dues", "optional", "")].concat();
    let found = problem(&with("club/template.toml", manifest));
    assert_eq!(found, "club/template.toml:21: there are two modules named `dues`; names must differ");
}

#[test]
fn two_modules_with_one_number_are_a_warning() {
    let manifest = String::from_utf8(club()["club/template.toml"].clone()).unwrap();
    let manifest = [manifest, listed(20, "fees", "optional", "")].concat();
    let mut files = with("club/template.toml", manifest);
    files.insert("club/modules/020_fees.sql".into(), Vec::new());
    let reading = read(&files, "club").unwrap();
    assert!(reading.template.is_some());
    assert!(reading.report.warnings[0].reason.contains("share the number 020"), "{}", reading.report);
}

#[test]
fn a_folder_with_a_bad_name_is_a_problem_and_leaves_the_others_alone() {
    let mut files = club();
    files.insert("My-Club/template.toml".into(), Vec::new());
    let readings = read_all(&files).unwrap();
    let folders: Vec<_> =
        readings.iter().map(|reading| (reading.folder.as_str(), reading.template.is_some())).collect();
    assert_eq!(folders, [("My-Club", false), ("club", true)]);
}

#[test]
fn migrations_of_a_template_that_is_not_there_are_a_problem() {
    let mut files = club();
    files.insert("migrations/clubs/2025_01_01_a.sql".into(), Vec::new());
    let readings = read_all(&files).unwrap();
    assert_eq!(readings[1].folder, "clubs");
    assert!(readings[1].report.problems[0].reason.contains("is missing"));
}

#[test]
fn a_source_without_templates_says_what_a_template_is() {
    let error = read_all(&files(&[("README.md", "")])).unwrap_err();
    assert!(error.to_string().contains("template.toml"));
}
