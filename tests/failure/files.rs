//! Tenants' files that were deleted, damaged or exchanged behind our back, and a template that fails for one tenant only.

use crate::{
    pages::{Wanted, create, describe, location, texts},
    support::{ask, site::Site, tenant, work_off},
};
use reqwest::StatusCode;
use std::{fs, path::PathBuf};
use tenantry::{
    store::{tenants::Status, users::Role},
    templates::Memory,
    usecases::{actor::Actor, templates},
};

async fn file(site: &Site, slug: &str) -> PathBuf {
    site.place.tenants_folder().join(format!("{}.db", tenant(&site.app, slug).await.database_name))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenants_file_that_is_gone_damaged_or_somebody_elses_is_told_and_left_as_it_is() {
    let site = Site::start().await;
    site.add("staff@example.org", Role::Staff).await;
    for name in ["Acme", "Other"] {
        ask(&site.app, name, &["events"]).await;
    }
    work_off(&site.app).await;
    let staff = site.signed_in("staff@example.org").await;
    let (acme, other) = (file(&site, "acme").await, file(&site, "other").await);
    let (good, others) = (fs::read(&acme).unwrap(), fs::read(&other).unwrap());
    let half = good.get(..good.len() / 2).unwrap().to_vec();
    let foreign = "What lies in the place of this tenant's database is damaged, or belongs to somebody else.";
    for (what, content, words) in [
        ("deleted", None, "The file of this tenant's database is gone"),
        ("emptied", Some(Vec::new()), foreign),
        ("cut in half", Some(half), foreign),
        ("garbage", Some(b"not a database at all ".repeat(500)), foreign),
        ("another tenant's", Some(others.clone()), foreign),
    ] {
        match &content {
            Some(bytes) => fs::write(&acme, bytes).unwrap(),
            None => fs::remove_file(&acme).unwrap(),
        }
        let overview = staff.get("/tenants/acme").await;
        assert_eq!(overview.status(), StatusCode::OK, "{what}");
        let notice = texts(&overview.text().await.unwrap(), "main .alert").join(" ");
        assert!(notice.contains(words) && notice.contains("Reference"), "{what}: {notice}");
        let page = staff.text("/tenants/acme/structure").await;
        let said = texts(&page, ".blank p").join(" ");
        assert!(said.contains(words) && said.contains("(reference "), "{what}: {page}");
        assert!(!page.contains(&*acme.to_string_lossy()) && !page.contains("sqlite"), "{what}: {page}");
        for path in ["/tenants/acme/activity", "/tenants/acme/setup", "/tenants", "/tenants/other/structure"]
        {
            assert_eq!(staff.get(path).await.status(), StatusCode::OK, "{what}: {path}");
        }
        // A second try of what made it is no reason to touch what is there.
        staff.post("/tenants/acme/retry", &[]).await;
        work_off(&site.app).await;
        assert_eq!(fs::read(&acme).ok(), content, "{what}: it was left as it is");
        assert_eq!(fs::read(&other).unwrap(), others, "{what}: nothing of another tenant's was touched");
        assert_eq!(tenant(&site.app, "acme").await.status, Status::Active);
        // The way on: the file is put back.
        fs::write(&acme, &good).unwrap();
        assert!(staff.text("/tenants/acme/structure").await.contains("<svg"), "{what}");
        assert!(texts(&staff.text("/tenants/acme").await, "main .alert").is_empty(), "{what}");
    }
}

/// A template that was proven, and whose third statement fails for a tenant with a long name: its column is too narrow.
pub fn narrow() -> Memory {
    let seed = "INSERT INTO users (slug) VALUES ('first');\nINSERT INTO users (slug) VALUES ('second');\nINSERT INTO users (slug) VALUES ('{{TENANT_SLUG}}');\n";
    let files = [
        ("narrow/template.toml", "name = \"Narrow\"\ndescription = \"Narrow.\"\nversion = \"1.0.0\"\n"),
        (
            "narrow/schema.sql",
            "CREATE TABLE users (id INT AUTO_INCREMENT PRIMARY KEY, slug VARCHAR(10) NOT NULL);\n",
        ),
        ("narrow/seed.sql", seed),
    ];
    Memory::of_texts(files.map(|(path, text)| (path.to_owned(), text.to_owned())).into_iter().collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_third_statement_that_fails_is_told_in_plain_words_and_nothing_is_left_of_the_tenant() {
    let site = Site::start().await;
    templates::import(&site.app, &Actor::CommandLine, narrow()).await.unwrap();
    site.add("staff@example.org", Role::Staff).await;
    let owner = site.add("olga@example.org", Role::Owner).await;
    let staff = site.signed_in("staff@example.org").await;
    let wanted = Wanted { name: "Much too long a name", template: "narrow", ..Wanted::default() };
    let slug = create(&staff, &describe(&staff, &wanted).await).await;
    site.own(owner, &slug).await;
    work_off(&site.app).await;
    for _ in 0..2 {
        assert_eq!(tenant(&site.app, &slug).await.status, Status::Failed);
        assert!(site.place.files().is_empty(), "{:?}", site.place.files());
        let page = staff.text(&format!("/tenants/{slug}/setup")).await;
        let said = texts(&page, ".trouble-card p").join(" ");
        assert!(said.contains("The template's SQL was refused by the database."), "{said}");
        assert!(said.contains("It stopped at the step \u{201c}Fill in the first rows\u{201d}."), "{said}");
        assert!(said.contains("Nothing is left behind") && !said.contains("INSERT"), "{said}");
        let folded = texts(&page, "details.fold pre").join(" ");
        assert!(folded.contains("statement 3") && folded.contains("INSERT"), "{folded}");
        // An owner reads the same words, and never the SQL.
        let owners = site.signed_in("olga@example.org").await.text(&format!("/tenants/{slug}/setup")).await;
        assert!(owners.contains("was refused by the database") && !owners.contains("INSERT"), "{owners}");
        // Another try runs, and ends in the same way, as long as nobody mends the template.
        assert_eq!(
            location(&staff.post(&format!("/tenants/{slug}/retry"), &[]).await),
            format!("/tenants/{slug}/setup")
        );
        work_off(&site.app).await;
    }
    let short = Wanted { name: "Short", template: "narrow", ..Wanted::default() };
    let slug = create(&staff, &describe(&staff, &short).await).await;
    work_off(&site.app).await;
    assert_eq!(tenant(&site.app, &slug).await.status, Status::Active);
}
