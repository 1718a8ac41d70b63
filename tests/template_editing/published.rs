//! What comes in and is published never changes.

use super::{MANIFEST, SCHEMA, club, club_draft, element, location, publish, save, site, upload};
use crate::support::{Place, count, site::Site, work_off};
use crate::zips::{Entry, zip};
use reqwest::StatusCode;
use std::{collections::BTreeMap, path::Path};
use tenantry::{
    store::{self, Scope, sql_of},
    templates::{Memory, archive},
    usecases::{
        actor::Actor,
        template_publishing,
        templates::{self, Fate},
        tenants::{self, CreateForm},
    },
};

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

#[tokio::test(flavor = "multi_thread")]
async fn a_templates_page_says_what_can_go_wrong_with_each_migration_and_what_to_do() {
    let site = site().await;
    let staff = site.signed_in("staff@example.org").await;
    let page = staff.text("/templates/ngo/1.0.0").await;
    let told = |number: usize| {
        let html = scraper::Html::parse_document(&page);
        let wanted = format!(".migrations > li:nth-child({number})");
        let migration = html.select(&scraper::Selector::parse(&wanted).unwrap()).next().unwrap();
        let hazard = scraper::Selector::parse("details.hazard").unwrap();
        migration
            .select(&hazard)
            .map(|found| found.text().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" "))
            .collect::<Vec<_>>()
    };
    // The first one only adds a column between others; the last one asks for what may be missing.
    let first = told(1);
    assert_eq!(first.len(), 1, "{first:?}");
    assert!(first[0].starts_with("Slow") && first[0].contains("between others"), "{first:?}");
    let last = told(4);
    assert!(last[0].starts_with("Breaking"), "{last:?}");
    assert!(last[0].contains("members.membership_number"), "{last:?}");
    assert!(last[0].contains("What to do:"), "{last:?}");
    assert!(element(&page, ".migrations > li:nth-child(1) .pill-warn").is_none());
    assert!(element(&page, ".migrations > li:nth-child(4) h3 .pill-warn").is_some());
}
