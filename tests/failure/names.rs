//! Names that people type, and names that somebody tries: each is a ready tenant, or a sentence at the field.

use crate::{
    pages::{Wanted, attributes, create, describe, location, slug, texts, value},
    support::{open_tenant, site::Site, tenant, work_off},
};
use reqwest::StatusCode;
use sqlx::{Connection, Row};
use std::collections::BTreeSet;
use tenantry::store::{tenants::Status, users::Role};
use tokio::task::JoinSet;

#[tokio::test(flavor = "multi_thread")]
async fn many_who_create_acme_at_once_get_tenants_with_addresses_of_their_own() {
    const AT_ONCE: usize = 12;
    let site = Site::start().await;
    site.add("staff@example.org", Role::Staff).await;
    let staff = site.signed_in("staff@example.org").await;
    let mut described = Vec::new();
    for _ in 0..AT_ONCE {
        let check = describe(&staff, &Wanted { template: "basic", ..Wanted::default() }).await;
        let page = staff.text(&check).await;
        assert_eq!(texts(&page, "strong.tenant-slug"), ["acme"], "nobody has the address yet");
        described.push((check, value(&page, "seen")));
    }
    let mut sendings = JoinSet::new();
    for (check, seen) in described {
        let form = staff.client.post(format!("{}{check}", site.base)).form(&[("seen", &seen)]);
        sendings.spawn(form.header("Sec-Fetch-Site", "same-origin").send());
    }
    let mut slugs = BTreeSet::new();
    for answer in sendings.join_all().await {
        slugs.insert(slug(&location(&answer.unwrap())));
    }
    let expected = (1..=AT_ONCE).map(|n| if n == 1 { "acme".into() } else { format!("acme-{n}") });
    assert_eq!(slugs, expected.collect());
    tokio::join!(work_off(&site.app), work_off(&site.app), work_off(&site.app));
    work_off(&site.app).await;
    let mut databases = BTreeSet::new();
    for slug in &slugs {
        let made = tenant(&site.app, slug).await;
        assert_eq!((made.name.as_str(), made.status), ("Acme", Status::Active), "{slug}");
        databases.insert(made.database_name);
        let page = staff.text(&format!("/tenants/{slug}/setup")).await;
        assert!(texts(&page, ".setup-note").contains(&format!("Its address is {slug}.")), "{page}");
    }
    assert_eq!((databases.len(), site.place.files().len()), (AT_ONCE, AT_ONCE));
    // Whoever types the name now is told so before.
    let check = staff.text("/tenants/check-name?name=Acme").await;
    assert!(check.contains("acme-13") && check.contains("There is a tenant of this name already"), "{check}");
}

#[tokio::test(flavor = "multi_thread")]
async fn names_of_every_kind_become_tenants_that_are_called_so() {
    let long = "ü".repeat(200);
    let marks = format!("Z{}algo", "\u{301}\u{325}".repeat(20));
    let names = [
        "上海社区志愿者协会",
        "جمعية الهلال الأخضر",
        "שלום עולם",
        "🦊🌍👩‍👩‍👧",
        "می‌خواهم",
        &long,
        "mysql",
        "information_schema",
        "new",
        "'; DROP TABLE tenants; --",
        "<script>alert(1)</script>",
        "{{TENANT_ID}}",
        "%s %n {} ${x} `id`",
        "e\u{301}clair",
        &marks,
    ];
    let site = Site::start().await;
    site.add("staff@example.org", Role::Staff).await;
    let staff = site.signed_in("staff@example.org").await;
    let mut slugs = BTreeSet::new();
    for name in names {
        let check = describe(&staff, &Wanted { name, template: "basic", ..Wanted::default() }).await;
        let slug = create(&staff, &check).await;
        work_off(&site.app).await;
        let made = tenant(&site.app, &slug).await;
        assert_eq!((made.name.as_str(), made.status), (name, Status::Active), "{name}");
        assert!(slug.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-'), "{slug}");
        assert!(!["mysql", "information-schema", "new"].contains(&slug.as_str()));
        // Its application reads the same name in the tenant's own database.
        let mut file = open_tenant(&site.place, &made).await;
        let told: String = sqlx::query("SELECT \"value\" FROM settings WHERE \"key\" = 'app.name'")
            .fetch_one(&mut file)
            .await
            .unwrap()
            .get(0);
        file.close().await.unwrap();
        assert_eq!(told, name);
        let page = staff.text(&format!("/tenants/{slug}/setup")).await;
        let text = name.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            texts(&page, "h1 bdi").contains(&text),
            "the name keeps its own direction of writing: {page}"
        );
        assert!(!page.contains("<script>alert"), "{name}");
        slugs.insert(slug);
    }
    assert_eq!(slugs.len(), names.len());
    assert_eq!(attributes(&staff.text("/tenants/new").await, "#name", "dir"), ["auto"]);
    assert_eq!(staff.get("/tenants").await.status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_cannot_be_are_answered_with_a_sentence_at_the_field() {
    let site = Site::start().await;
    site.add("staff@example.org", Role::Staff).await;
    let staff = site.signed_in("staff@example.org").await;
    let too_long = "x".repeat(201);
    let enter = "Enter the tenant's name.";
    for (name, sentence) in [
        ("   ", enter),
        ("\u{200b}\u{feff}\u{2060}", enter),
        ("\u{200d}\u{fe0f}\u{3164}\u{2800}", enter),
        (too_long.as_str(), "The name has 201 characters. Use at most 200."),
        (
            "Acme\u{202e}moc.live",
            "The name has invisible signs in it that turn the direction of writing. Type it again by hand.",
        ),
        (
            "\u{2066}Acme\u{2069}",
            "The name has invisible signs in it that turn the direction of writing. Type it again by hand.",
        ),
        (
            "Ac\u{7}me",
            "The name has a line break or another invisible sign in it. Type it again on one line.",
        ),
    ] {
        let answer = staff.post("/tenants/new", &[("name", name), ("email", "dana@example.org")]).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY, "{name:?}");
        let page = answer.text().await.unwrap();
        assert_eq!(texts(&page, ".problems a"), [sentence], "{name:?}");
        assert!(texts(&page, "#name-error")[0].ends_with(sentence));
        assert_eq!(value(&page, "email"), "dana@example.org");
    }
    // What nobody can see is no part of a name.
    let who = [("name", " Ac\u{200b}me\u{ad} \u{a0} Foundation\u{feff} "), ("email", "dana@example.org")];
    let next = location(&staff.post("/tenants/new", &who).await);
    let page = staff.text(&next.replace("/template", "/who")).await;
    assert_eq!(value(&page, "name"), "Acme Foundation");
}
