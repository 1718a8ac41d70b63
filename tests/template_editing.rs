//! Template versions from a zip and from the browser: what is published never changes, and what strangers send harms nobody.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test ends where something is not as it should be"
)]

mod support;
#[path = "support/zips.rs"]
mod zips;

use reqwest::{Response, StatusCode};
use std::{collections::BTreeMap, path::Path, process::Command};
use support::{
    Place, count,
    site::{Site, Visitor},
    work_off,
};
use tenantry::{
    store::{self, Scope, sql_of, users::Role},
    templates::{Memory, Source, archive},
    usecases::{
        actor::Actor,
        template_publishing,
        templates::{self, Fate},
        tenants::{self, CreateForm},
    },
};
use zips::{Entry, zip};

const MANIFEST: &str = r#"name = "Club"
description = "A club."
version = "1.0.0"

# Everybody has it.
[[modules]]
name = "core"
title = "Core"
description = "The core."
kind = "core"
file = "001_core.sql"
"#;

const SCHEMA: &str =
    "CREATE TABLE users (id INT AUTO_INCREMENT PRIMARY KEY, email VARCHAR(255) NOT NULL UNIQUE);\n";

fn club() -> BTreeMap<String, String> {
    let files = [
        ("club/template.toml", MANIFEST),
        ("club/schema.sql", SCHEMA),
        ("club/seed.sql", "INSERT INTO users (email) VALUES ('{{OWNER_EMAIL}}');\n"),
        (
            "club/modules/001_core.sql",
            "CREATE TABLE notes (id INT AUTO_INCREMENT PRIMARY KEY, text VARCHAR(50));\n",
        ),
        (
            "migrations/club/2025_01_01_add_color.sql",
            "-- UP\nALTER TABLE notes ADD COLUMN color VARCHAR(9);\n-- DOWN\nALTER TABLE notes DROP COLUMN color;\n",
        ),
    ];
    files.into_iter().map(|(path, text)| (path.to_owned(), text.to_owned())).collect()
}

fn run(data: &Path, arguments: &[&str]) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_tenantry"))
        .args(arguments)
        .env("TENANTRY_DATA_DIR", data)
        .env_remove("RUST_LOG")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    (output.status.code().unwrap(), text)
}

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

/// A site with an administrator and one of the staff, who are signed in.
async fn site() -> Site {
    let site = Site::start().await;
    for (email, role) in [
        ("admin@example.org", Role::Admin),
        ("other@example.org", Role::Admin),
        ("staff@example.org", Role::Staff),
    ] {
        site.add(email, role).await;
    }
    site
}

fn location(answer: &Response) -> String {
    answer.headers()["location"].to_str().unwrap().to_owned()
}

fn multipart(name: &str, bytes: &[u8]) -> (String, Vec<u8>) {
    const BOUNDARY: &str = "----between-parts";
    let mut body = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\nx\r\n--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: application/zip\r\n\r\n"
    )
    .into_bytes();
    body.extend(bytes);
    body.extend(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
    (format!("multipart/form-data; boundary={BOUNDARY}"), body)
}

async fn upload(visitor: &Visitor<'_>, name: &str, bytes: &[u8]) -> Response {
    let (kind, body) = multipart(name, bytes);
    visitor
        .client
        .post(format!("{}/templates/import", visitor.site.base))
        .header("Sec-Fetch-Site", "same-origin")
        .header("Content-Type", kind)
        .body(body)
        .send()
        .await
        .unwrap()
}

fn element(page: &str, selector: &str) -> Option<scraper::Html> {
    let html = scraper::Html::parse_document(page);
    let wanted = scraper::Selector::parse(selector).unwrap();
    html.select(&wanted).next().map(|found| scraper::Html::parse_fragment(&found.html()))
}

fn attribute(page: &str, selector: &str, name: &str) -> String {
    let html = scraper::Html::parse_document(page);
    let wanted = scraper::Selector::parse(selector).unwrap();
    let found = html.select(&wanted).next().unwrap_or_else(|| panic!("no {selector} in {page}"));
    found.attr(name).unwrap_or_default().to_owned()
}

/// The text in the editor as a browser shows it.
fn typed(page: &str) -> String {
    let html = scraper::Html::parse_document(page);
    let wanted = scraper::Selector::parse("textarea[name=text]").unwrap();
    html.select(&wanted).next().unwrap().text().collect()
}

/// Brings the club in, and begins a draft of it; gives its address.
async fn club_draft(admin: &Visitor<'_>, step: &str) -> String {
    let sent = upload(admin, "club.zip", &archive::pack(&club()).unwrap()).await;
    assert_eq!((sent.status(), location(&sent).as_str()), (StatusCode::SEE_OTHER, "/templates/club/1.0.0"));
    let begun = admin.post("/templates/club/1.0.0/change", &[("step", step)]).await;
    assert_eq!(begun.status(), StatusCode::SEE_OTHER);
    location(&begun)
}

/// Saves a file as it is open now.
async fn save(visitor: &Visitor<'_>, draft: &str, path: &str, text: &str, act: &str) -> Response {
    let page = visitor.text(&format!("{draft}/file?path={path}")).await;
    let edition = attribute(&page, "form.code-form input[name=edition]", "value");
    visitor
        .post(
            &format!("{draft}/file"),
            &[("path", path), ("edition", &edition), ("text", text), ("act", act)],
        )
        .await
}

async fn publish(visitor: &Visitor<'_>, draft: &str, note: &str) -> Response {
    let page = visitor.text(draft).await;
    let digest = match element(&page, "input[name=digest]") {
        Some(_) => attribute(&page, "input[name=digest]", "value"),
        None => "none".into(),
    };
    visitor.post(&format!("{draft}/publish"), &[("digest", &digest), ("note", note)]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_zip_comes_in_through_the_browser_and_a_hostile_one_leaves_nothing() {
    let site = site().await;
    let admin = site.signed_in("admin@example.org").await;
    let before = count(&site.app, "tenant_templates").await;
    for (name, bytes, part) in [
        ("evil.zip", zip(&[Entry::file("../../evil.sql", b"x")]), "leads out of its folder"),
        (
            "link.zip",
            zip(&[Entry { mode: 0o120_777, ..Entry::file("club/a.sql", b"/etc/passwd") }]),
            "a link",
        ),
        (
            "bomb.zip",
            zip(&[Entry { size: 3, ..Entry::deflated("club/a.sql", &vec![0; 3 << 20]) }]),
            "club/a.sql",
        ),
        ("text.zip", b"CREATE TABLE a (id INT);".to_vec(), "is no zip"),
        ("huge.zip", vec![b'P'; archive::LARGEST_ARCHIVE + 5], "larger than 8 MiB"),
        ("none.zip", Vec::new(), "Choose a zip"),
        ("<b>.zip", b"x".to_vec(), "is no zip"),
    ] {
        let answer = upload(&admin, name, &bytes).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY, "{name}");
        let page = answer.text().await.unwrap();
        assert!(page.contains(part), "{name}: {page}");
        assert!(!page.contains("<b>.zip"), "names of files are text");
    }
    // One broken file keeps everything out, and is told with its line.
    let mut broken = club();
    broken
        .insert("club/schema.sql".into(), "CREATE TABLE a (id INT PRIMARY KEY);\n\nCREATE TABEL b;\n".into());
    let page = upload(&admin, "club.zip", &archive::pack(&broken).unwrap()).await.text().await.unwrap();
    assert!(page.contains("club/schema.sql, line 3") && page.contains("Nothing was brought in"), "{page}");
    assert_eq!(count(&site.app, "tenant_templates").await, before);

    // A good one in a folder of its own; downloaded and sent again, it is unchanged.
    let inside: BTreeMap<String, String> =
        club().into_iter().map(|(path, text)| (format!("my templates/{path}"), text)).collect();
    let sent = upload(&admin, "club.zip", &archive::pack(&inside).unwrap()).await;
    assert_eq!((sent.status(), location(&sent).as_str()), (StatusCode::SEE_OTHER, "/templates/club/1.0.0"));
    let page = admin.text("/templates/club/1.0.0").await;
    assert!(page.contains("Brought in: club 1.0.0.") && page.contains("by <bdi>admin@example.org</bdi>"));
    let staff = site.signed_in("staff@example.org").await;
    let answer = staff.get("/templates/club/1.0.0/files.zip").await;
    assert_eq!(answer.headers()["content-type"], "application/zip");
    assert!(answer.headers()["content-disposition"].to_str().unwrap().contains("club-1.0.0.zip"));
    let files = answer.bytes().await.unwrap();
    let again = upload(&admin, "club-1.0.0.zip", &files).await;
    assert_eq!(again.status(), StatusCode::SEE_OTHER);
    assert!(admin.text("/templates/club/1.0.0").await.contains("Was there already, unchanged: club 1.0.0."));
    // Staff may look, not bring in.
    assert_eq!(upload(&staff, "club.zip", &files).await.status(), StatusCode::FORBIDDEN);
    assert!(!staff.text("/templates").await.contains("Bring in a template"));
    assert!(!staff.text("/templates/club/1.0.0").await.contains("Change it"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_is_broken_checked_mended_and_published() {
    let site = site().await;
    let admin = site.signed_in("admin@example.org").await;
    let draft = club_draft(&admin, "minor").await;
    let twice = admin.post("/templates/club/1.0.0/change", &[("step", "minor")]).await;
    assert_eq!(location(&twice), draft, "a double click begins one draft");
    let page = admin.text(&draft).await;
    assert!(
        page.contains("1.1.0")
            && page.contains("not checked")
            && page.contains("1 file is different from 1.0.0.")
    );
    assert_eq!(publish(&admin, &draft, "x").await.status(), StatusCode::CONFLICT, "never checked");

    // Wrong SQL is kept, whatever is wrong with it; the check names the line, with the way to it.
    let wrong = "CREATE TABLE notes (id INT AUTO_INCREMENT PRIMARY KEY, text VARCHAR(50));\r\n\r\nCREATE TABEL <x> (a INT);\r\n";
    let saved = save(&admin, &draft, "modules/001_core.sql", wrong, "check").await;
    assert_eq!(saved.status(), StatusCode::SEE_OTHER);
    let page = admin.text(&location(&saved)).await;
    // What fails only because of it is no news.
    assert!(page.contains("Saved. Checked: 1 problem."), "{page}");
    assert!(page.contains("alert-warning notice") && !page.contains("alert-success notice"), "{page}");
    assert_eq!(typed(&page).replace("\r\n", "\n").trim_start_matches('\n'), wrong.replace("\r\n", "\n"));
    let line = attribute(&page, ".findings a", "href");
    assert_eq!(line, format!("{draft}/file?path=modules%2F001_core.sql#L3"));
    assert!(element(&page, "li#L3.is-wrong").is_some() && element(&page, "li#L2.is-wrong").is_none());
    assert!(page.contains("modules/001_core.sql, line 3"));
    assert!(admin.text(&draft).await.contains(&line), "the start page leads to the line, too");
    assert_eq!(publish(&admin, &draft, "x").await.status(), StatusCode::CONFLICT, "it has problems");

    // Mended: different from where it came from, file by file.
    let right = "CREATE TABLE notes (id INT AUTO_INCREMENT PRIMARY KEY, text VARCHAR(50));\nCREATE TABLE badges (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(20) NOT NULL);\n";
    save(&admin, &draft, "modules/001_core.sql", right, "check").await;
    let page = admin.text(&draft).await;
    assert!(page.contains("everything in it works") && page.contains("2 files are different"), "{page}");
    let changes = admin.text(&format!("{draft}/changes")).await;
    assert!(element(&changes, "tr.is-new").is_some() && changes.contains("CREATE TABLE badges"));
    assert!(changes.contains("1.1.0"), "the number is in template.toml");

    // A check holds for exactly what was checked.
    let digest = attribute(&page, "input[name=digest]", "value");
    save(&admin, &draft, "seed.sql", "-- another\n", "save").await;
    let stale = admin.post(&format!("{draft}/publish"), &[("digest", &digest), ("note", "x")]).await;
    assert_eq!(stale.status(), StatusCode::CONFLICT);
    admin.post(&format!("{draft}/check"), &[]).await;
    let stale = admin.post(&format!("{draft}/publish"), &[("digest", &digest), ("note", "x")]).await;
    assert_eq!(stale.status(), StatusCode::CONFLICT, "the person looked at other files");
    let empty = publish(&admin, &draft, "  ").await;
    assert_eq!(empty.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(empty.text().await.unwrap().contains("Say in a sentence what is new."));
    let done = publish(&admin, &draft, "Badges for <members>.").await;
    assert_eq!((done.status(), location(&done).as_str()), (StatusCode::SEE_OTHER, "/templates/club/1.1.0"));
    let page = admin.text("/templates/club/1.1.0").await;
    for part in [
        "Adds the table badges with 2 columns.",
        "Changes the rows that a new tenant begins with.",
        "by <bdi>admin@example.org</bdi>",
        "New since",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(!page.contains("<members>"));
    assert_eq!(admin.get(&draft).await.status(), StatusCode::NOT_FOUND, "a draft that is published is gone");
    assert_eq!(count(&site.app, "template_drafts").await, 0);
    assert_eq!(count(&site.app, "template_draft_files").await, 0);
    assert!(
        admin.text("/templates").await.contains("/templates/club/1.1.0"),
        "the newest stands in the list"
    );

    // Any earlier version can be compared with, not only the one before.
    let actor = tenantry::usecases::actor::Actor::CommandLine;
    let step = tenantry::usecases::template_drafts::Step::Patch;
    let next = tenantry::usecases::template_drafts::begin(&site.app, &actor, "club", "1.1.0", step).await;
    let draft = format!("/template-drafts/{}", next.unwrap());
    save(&admin, &draft, "seed.sql", "-- other words\n", "check").await;
    assert_eq!(publish(&admin, &draft, "Words.").await.status(), StatusCode::SEE_OTHER);
    let page = admin.text("/templates/club/1.1.1").await;
    assert!(!page.contains("Adds the table badges"), "that was new in the version before: {page}");
    assert!(page.contains("/templates/club/1.1.1?since=1.0.0#news-title"), "{page}");
    let page = admin.text("/templates/club/1.1.1?since=1.0.0").await;
    assert!(page.contains("Adds the table badges") && page.contains("/templates/club/1.0.0"), "{page}");
    let page = admin.text("/templates/club/1.1.1?since=nonsense").await;
    assert!(!page.contains("Adds the table badges"), "what is not there is not compared with");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_people_who_edit_one_file_the_second_sees_both_texts_and_nothing_is_lost() {
    let site = site().await;
    let (maria, paul) =
        (site.signed_in("admin@example.org").await, site.signed_in("other@example.org").await);
    let draft = club_draft(&maria, "patch").await;
    let address = format!("{draft}/file?path=schema.sql");
    let edition = attribute(&maria.text(&address).await, "form.code-form input[name=edition]", "value");
    let send = async |who: &Visitor<'_>, edition: &str, text: &str| {
        let fields = [("path", "schema.sql"), ("edition", edition), ("text", text), ("act", "save")];
        who.post(&format!("{draft}/file"), &fields).await
    };
    assert_eq!(send(&maria, &edition, "-- Maria's\n").await.status(), StatusCode::SEE_OTHER);
    assert_eq!(
        send(&maria, &edition, "-- Maria's\n").await.status(),
        StatusCode::SEE_OTHER,
        "a double click"
    );
    let late = send(&paul, &edition, "-- Paul's\n").await;
    assert_eq!(late.status(), StatusCode::CONFLICT);
    let page = late.text().await.unwrap();
    assert!(page.contains("admin@example.org saved this file"), "{page}");
    assert_eq!(typed(&page).trim(), "-- Paul's", "what was typed stays in the editor");
    assert!(page.matches("-- Maria&#39;s").count() >= 2, "theirs is there, in the comparison and as a whole");
    assert_eq!(typed(&paul.text(&address).await).trim(), "-- Maria's", "nothing was saved");
    // Another file is nobody's business.
    assert_eq!(save(&paul, &draft, "seed.sql", "-- Paul\n", "save").await.status(), StatusCode::SEE_OTHER);
    // Knowing both, Paul saves his.
    let edition = attribute(&page, "form.code-form input[name=edition]", "value");
    assert_eq!(send(&paul, &edition, "-- both\n").await.status(), StatusCode::SEE_OTHER);

    // A file that somebody took away comes back only when its editor says so.
    let page = paul.text(&address).await;
    let edition = attribute(&page, "form.code-form input[name=edition]", "value");
    let old = [("path", "schema.sql"), ("edition", "1")];
    assert_eq!(maria.post(&format!("{draft}/remove"), &old).await.status(), StatusCode::CONFLICT);
    let fields = [("path", "schema.sql"), ("edition", edition.as_str())];
    assert_eq!(maria.post(&format!("{draft}/remove"), &fields).await.status(), StatusCode::SEE_OTHER);
    let late = send(&paul, &edition, "-- mine\n").await;
    assert_eq!(late.status(), StatusCode::CONFLICT);
    let page = late.text().await.unwrap();
    assert!(page.contains("took this file away") && typed(&page).trim() == "-- mine");
    assert_eq!(send(&paul, "0", "-- mine\n").await.status(), StatusCode::SEE_OTHER);

    // The same for the description.
    let form = maria.text(&format!("{draft}/details")).await;
    let edition = attribute(&form, "form.create input[name=edition]", "value");
    let describe = async |who: &Visitor<'_>, text: &str| {
        let fields = [
            ("edition", edition.as_str()),
            ("name", "Club"),
            ("description", text),
            ("version", "1.0.1"),
            ("module", "core"),
            ("title", "Core"),
            ("text", "The core."),
            ("kind", "core"),
            ("depends", ""),
        ];
        who.post(&format!("{draft}/details"), &fields).await
    };
    assert_eq!(describe(&maria, "Maria's words.").await.status(), StatusCode::SEE_OTHER);
    let late = describe(&paul, "Paul's words.").await;
    assert_eq!(late.status(), StatusCode::CONFLICT);
    let page = late.text().await.unwrap();
    assert!(page.contains("Maria&#39;s words.") && page.contains("Paul&#39;s words."));
}

#[tokio::test(flavor = "multi_thread")]
async fn files_and_modules_are_added_renamed_and_taken_away_and_no_name_leaves_the_template() {
    let site = site().await;
    let admin = site.signed_in("admin@example.org").await;
    let draft = club_draft(&admin, "minor").await;
    let add = async |path: &str| admin.post(&format!("{draft}/files"), &[("path", path)]).await;
    for bad in
        ["", "../x.sql", "/x.sql", "a\\b.sql", "C:x.sql", "nul.sql", ".hidden", "a/b/c/d.sql", "SCHEMA.sql"]
    {
        let answer = add(bad).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY, "{bad:?}");
    }
    let added = add("migrations/2026_01_31_add_shape.sql").await;
    assert_eq!(added.status(), StatusCode::SEE_OTHER);
    let page = admin.text(&location(&added)).await;
    assert!(typed(&page).contains("-- UP") && typed(&page).contains("-- DOWN"));
    let edition = attribute(&page, "form.code-form input[name=edition]", "value");
    let rename = async |to: &str| {
        let fields = [("path", "migrations/2026_01_31_add_shape.sql"), ("edition", &edition), ("to", to)];
        admin.post(&format!("{draft}/move"), &fields).await
    };
    assert_eq!(rename("../away.sql").await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(rename("seed.sql").await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let moved = rename("migrations/2026_02_01_add_shape.sql").await;
    assert!(location(&moved).ends_with("path=migrations%2F2026_02_01_add_shape.sql"));
    let up = "-- version: 1.2.0\n-- UP\nALTER TABLE notes ADD COLUMN shape VARCHAR(9);\n-- DOWN\nALTER TABLE notes DROP COLUMN shape;\n";
    save(&admin, &draft, "migrations/2026_02_01_add_shape.sql", up, "save").await;

    // An extra: an entry in template.toml, comments kept, and a file.
    let extra = admin.post(&format!("{draft}/modules"), &[("module", "games"), ("title", "Games")]).await;
    assert!(location(&extra).ends_with("path=modules%2F002_games.sql"), "{}", location(&extra));
    let again = admin.post(&format!("{draft}/modules"), &[("module", "games"), ("title", "Games")]).await;
    assert_eq!(again.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let bad = admin.post(&format!("{draft}/modules"), &[("module", "Big Games"), ("title", "x")]).await;
    assert_eq!(bad.status(), StatusCode::UNPROCESSABLE_ENTITY);
    save(&admin, &draft, "modules/002_games.sql", "CREATE TABLE games (id INT PRIMARY KEY);\n", "check")
        .await;
    let manifest = typed(&admin.text(&format!("{draft}/file?path=template.toml")).await);
    assert!(manifest.contains("# Everybody has it.") && manifest.contains("002_games.sql"), "{manifest}");
    let page = admin.text(&draft).await;
    assert!(page.contains("everything in it works"), "{page}");
    assert_eq!(location(&publish(&admin, &draft, "Games.").await), "/templates/club/1.1.0");
    let page = admin.text("/templates/club/1.1.0").await;
    for part in ["Adds the extra Games.", "Adds the migration 2026_02_01_add_shape.", "Adds the table games"]
    {
        assert!(page.contains(part), "{part}");
    }
    // Taken out again in the next one.
    let next = location(&admin.post("/templates/club/1.1.0/change", &[("step", "major")]).await);
    admin.post(&format!("{next}/modules"), &[("act", "remove"), ("module", "games")]).await;
    let files = admin.text(&format!("{next}/file")).await;
    assert!(!files.contains("002_games.sql"));
    admin.post(&format!("{next}/check"), &[]).await;
    assert_eq!(location(&publish(&admin, &next, "No games.").await), "/templates/club/2.0.0");
    assert!(admin.text("/templates/club/2.0.0").await.contains("Takes Games out."));
}

/// Everything that a published version is made of.
async fn content(site: &Site, version: &str) -> Vec<(String, Option<String>)> {
    let mut read = site.app.store.read().await.unwrap();
    let mut content = Vec::new();
    for (table, columns, filter) in [
        (
            "tenant_templates",
            "source || source_hash || schema_snapshot || seed_data || name || description || version || proof",
            "id",
        ),
        (
            "template_modules",
            "module_name || module_type || schema_sql || COALESCE(seed_sql, '') || dependencies || metadata",
            "template_id",
        ),
        (
            "template_migrations",
            "migration_name || sql_up || sql_down || is_breaking || summary",
            "template_id",
        ),
    ] {
        let text = format!(
            "SELECT {columns} AS t FROM {table} WHERE {filter} = (SELECT id FROM tenant_templates WHERE template_type = 'club' AND version = ?) ORDER BY id"
        );
        let rows = sql_of(text).bind(version).all(&mut read).await.unwrap();
        content.extend(rows.iter().map(|row| (table.to_owned(), row.maybe_text("t").unwrap())));
    }
    assert!(content.len() >= 3, "{content:?}");
    content
}

#[tokio::test(flavor = "multi_thread")]
async fn a_published_version_never_changes_whatever_is_tried() {
    let site = site().await;
    let admin = site.signed_in("admin@example.org").await;
    let draft = club_draft(&admin, "patch").await;
    let before = content(&site, "1.0.0").await;

    // An import with its number and other files, by zip and by folder.
    let mut other = club();
    other.insert("club/seed.sql".into(), "-- nothing\n".into());
    let answer = upload(&admin, "club.zip", &archive::pack(&other).unwrap()).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.text().await.unwrap().contains("a published version never changes"));
    let results = templates::import(&site.app, &Actor::CommandLine, Memory::of_texts(other)).await.unwrap();
    assert_eq!(results[0].fate, Fate::Refused);

    // A draft that takes its number.
    let manifest = club()["club/template.toml"].clone();
    save(&admin, &draft, "template.toml", &manifest, "check").await;
    let page = admin.text(&draft).await;
    assert!(page.contains("template.toml, line 3") && page.contains("is published"), "{page}");
    assert_eq!(publish(&admin, &draft, "x").await.status(), StatusCode::CONFLICT);
    // The draft's own files are copies.
    save(&admin, &draft, "schema.sql", "-- gone\n", "save").await;
    // Two drafts with one number: the first is published, the second is not.
    let number = manifest.replace("1.0.0", "1.0.9");
    let second = location(&admin.post("/templates/club/1.0.0/change", &[("step", "minor")]).await);
    save(&admin, &draft, "schema.sql", SCHEMA, "save").await;
    for draft in [&draft, &second] {
        save(&admin, draft, "template.toml", &number, "check").await;
        assert!(admin.text(draft).await.contains("everything in it works"));
    }
    save(&admin, &second, "seed.sql", "-- other\n", "check").await;
    assert_eq!(location(&publish(&admin, &draft, "First.").await), "/templates/club/1.0.9");
    let first = content(&site, "1.0.9").await;
    assert_eq!(publish(&admin, &second, "Second.").await.status(), StatusCode::CONFLICT);

    // The addresses of the editor with a version in the place of a draft, and verbs that there are not.
    for path in ["/template-drafts/club/file", "/template-drafts/1/file", "/template-drafts/1.0.0/publish"] {
        let answer = admin.post(path, &[("path", "schema.sql"), ("text", "x"), ("edition", "1")]).await;
        assert!(matches!(answer.status(), StatusCode::NOT_FOUND), "{path}: {}", answer.status());
    }
    for path in ["/templates/club/1.0.0", "/templates/club/1.0.0/files.zip"] {
        assert_eq!(admin.post(path, &[("a", "b")]).await.status(), StatusCode::METHOD_NOT_ALLOWED, "{path}");
    }
    // Retiring it and bringing it back, and a tenant that uses it.
    admin.post("/templates/club/1.0.0/retire", &[]).await;
    admin.post("/templates/club/1.0.0/bring-back", &[]).await;
    assert_eq!(content(&site, "1.0.0").await, before);
    assert_eq!(content(&site, "1.0.9").await, first);
}

/// No function of the program says UPDATE or DELETE to what a version is made of.
#[test]
fn the_store_has_no_statement_that_changes_what_a_version_is_made_of() {
    fn walk(folder: &Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                walk(&entry, found);
            } else {
                let text = std::fs::read_to_string(&entry).unwrap_or_default();
                let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
                for table in ["tenant_templates", "template_modules", "template_migrations"] {
                    for verb in ["UPDATE ", "DELETE FROM ", "REPLACE INTO "] {
                        found.extend(words.match_indices(&format!("{verb}{table}")).map(|(at, _)| {
                            words.get(at..).unwrap().split(" WHERE ").next().unwrap().to_owned()
                        }));
                    }
                }
            }
        }
    }
    let mut found = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    assert!(!found.is_empty());
    for statement in found {
        let sets = statement.split(" SET ").nth(1).unwrap_or_else(|| panic!("{statement}"));
        for set in sets.split(',') {
            let column = set.trim().split(' ').next().unwrap();
            assert!(
                ["is_active", "is_locked", "retired_ms", "retired_by"].contains(&column),
                "{statement} changes {column}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retired_version_makes_no_new_tenants_and_those_on_it_stay() {
    let site = site().await;
    let admin = site.signed_in("admin@example.org").await;
    club_draft(&admin, "patch").await;
    let ask = async |name: &str| {
        let form = CreateForm {
            name: name.into(),
            email: "a@example.org".into(),
            plan: "basic".into(),
            template: "club".into(),
            modules: vec![],
            ..CreateForm::default()
        };
        tenants::create(&site.app, &Actor::CommandLine, form).await
    };
    ask("Chess").await.unwrap();
    work_off(&site.app).await;
    let page = admin.text("/templates/club/1.0.0").await;
    assert!(page.contains("In use by 1 tenant"), "{page}");
    let question = admin.text("/templates/club/1.0.0/retire").await;
    assert!(question.contains("1 tenant stays") && question.contains("is offered no more"), "{question}");
    let retired = admin.post("/templates/club/1.0.0/retire", &[]).await;
    assert_eq!(location(&retired), "/templates/club/1.0.0");
    let page = admin.text("/templates/club/1.0.0").await;
    assert!(page.contains("retired this version") && page.contains("1 tenant stays on it"), "{page}");
    assert!(!page.contains("Create tenant"));
    let refused = ask("Bridge").await.unwrap_err();
    assert!(refused.fields["template"].contains("Choose a template"), "{refused}");
    let staff = site.signed_in("staff@example.org").await;
    assert!(staff.text("/tenants/chess").await.contains("Chess"), "the tenant is there as before");
    admin.post("/templates/club/1.0.0/bring-back", &[]).await;
    assert!(ask("Bridge").await.is_ok());
    // The history says who did what.
    let events = store::events::list(&mut site.app.store.read().await.unwrap(), Scope::All, None, None, 50)
        .await
        .unwrap();
    for action in ["template_imported", "template_draft_begun", "template_retired", "template_brought_back"] {
        assert!(events.iter().any(|event| event.action == action), "{action}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_read_drafts_and_change_nothing_and_a_draft_is_thrown_away() {
    let site = site().await;
    let admin = site.signed_in("admin@example.org").await;
    let staff = site.signed_in("staff@example.org").await;
    let draft = club_draft(&admin, "patch").await;
    assert!(staff.text("/templates").await.contains(&draft));
    for page in ["", "/file", "/details", "/changes"] {
        let answer = staff.get(&format!("{draft}{page}")).await;
        assert_eq!(answer.status(), StatusCode::OK, "{page}");
        let text = answer.text().await.unwrap();
        let main = text.split("<main").nth(1).unwrap();
        assert!(!main.contains("type=\"submit\""), "{page} offers staff a button");
    }
    for act in ["file", "files", "move", "remove", "details", "modules", "check", "publish", "discard"] {
        let answer = staff.post(&format!("{draft}/{act}"), &[]).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{act}");
    }
    assert!(admin.text(&format!("{draft}/discard")).await.contains("cannot be brought back"));
    let gone = admin.post(&format!("{draft}/discard"), &[]).await;
    assert_eq!(location(&gone), "/templates");
    assert_eq!(admin.get(&draft).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(admin.post(&format!("{draft}/discard"), &[]).await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_a_mebibyte_can_be_saved_and_a_larger_one_is_refused_with_its_text_kept() {
    let site = site().await;
    let admin = site.signed_in("admin@example.org").await;
    let draft = club_draft(&admin, "patch").await;
    let line = "-- äöü <&>\n";
    let fits = line.repeat((1 << 20) / line.len());
    assert_eq!(save(&admin, &draft, "seed.sql", &fits, "save").await.status(), StatusCode::SEE_OTHER);
    let page = admin.text(&format!("{draft}/file?path=seed.sql")).await;
    assert_eq!(typed(&page).trim(), fits.trim());
    let large = "x".repeat((1 << 20) + 1);
    let refused = save(&admin, &draft, "seed.sql", &large, "save").await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let page = refused.text().await.unwrap();
    assert!(page.contains("larger than 1 MiB") && typed(&page).trim() == large);
    let huge = save(&admin, &draft, "seed.sql", &"x".repeat(5 << 20), "save").await;
    assert_eq!(huge.status(), StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn with_many_versions_the_list_stays_quick_and_the_newest_by_number_is_offered() {
    let place = Place::new();
    let app = place.open().await;
    let first = templates::import(&app, &Actor::CommandLine, Memory::of_texts(club())).await.unwrap();
    assert_eq!(first[0].fate, Fate::Imported);
    for number in [9, 10, 2] {
        let mut files = club();
        files.insert("club/template.toml".into(), MANIFEST.replace("1.0.0", &format!("1.{number}.0")));
        let results = templates::import(&app, &Actor::CommandLine, Memory::of_texts(files)).await.unwrap();
        assert_eq!(results[0].fate, Fate::Imported, "{}", results[0].report);
    }
    let choice = templates::choose(&app, "club", &[]).await.unwrap();
    assert_eq!(choice.version, "1.10.0", "ten is more than nine, and a late 1.2.0 is not the newest");
    template_publishing::retire(&app, &Actor::CommandLine, "club", "1.10.0").await.unwrap();
    assert_eq!(templates::choose(&app, "club", &[]).await.unwrap().version, "1.9.0");
}
