//! Drafts in the browser: files, modules, two people at once, the check.

use super::{attribute, club_draft, element, location, publish, save, site};
use crate::support::{count, site::Visitor};
use reqwest::StatusCode;

/// The text in the editor as a browser shows it.
fn typed(page: &str) -> String {
    let html = scraper::Html::parse_document(page);
    let wanted = scraper::Selector::parse("textarea[name=text]").unwrap();
    html.select(&wanted).next().unwrap().text().collect()
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
