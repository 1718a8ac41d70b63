//! What the start page and the picture of a schema say, through the web door.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test ends where something is not as it should be"
)]

mod support;

use scraper::{Html, Selector};
use support::{
    ask, open_tenant,
    site::{Site, Visitor},
    tenant, work_off,
};
use tenantry::{
    store::{self, users::Role},
    usecases::{
        actor::Actor,
        drift, invitations,
        life::{self, LastSnapshot},
        template_drafts::{self, Step},
    },
};
use tokio_util::sync::CancellationToken;

async fn staff(site: &Site) -> Visitor<'_> {
    site.add("staff@example.org", Role::Staff).await;
    site.signed_in("staff@example.org").await
}

async fn run(site: &Site, statement: &str) {
    let mut write = site.app.store.write().await.unwrap();
    store::sql_of(statement.to_owned()).run(&mut write).await.unwrap();
    write.commit().await.unwrap();
}

/// The texts of all elements that a selector finds.
fn texts(html: &str, selector: &str) -> Vec<String> {
    let page = Html::parse_document(html);
    let words = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
    page.select(&Selector::parse(selector).unwrap()).map(|found| words(found.text().collect())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_start_page_answers_first_whether_anything_needs_a_person() {
    let site = Site::start().await;
    let staff = staff(&site).await;
    assert_eq!(texts(&staff.text("/").await, "h1"), ["Welcome to Tenantry"]);
    for name in ["Acme", "Blue Harbour"] {
        ask(&site.app, name, &[]).await;
    }
    work_off(&site.app).await;
    let page = staff.text("/").await;
    assert_eq!(texts(&page, "h1"), ["Nothing needs you."]);
    assert!(page.contains("2 tenants are ready."));

    run(&site, "UPDATE tenants SET status = 'failed' WHERE slug = 'acme'").await;
    run(&site, "UPDATE jobs SET status = 'failed', problem = 'The disk is full.' WHERE tenant_id = (SELECT id FROM tenants WHERE slug = 'acme')").await;
    invitations::make_link(&site.app, &Actor::CommandLine, "blue-harbour").await.unwrap();
    site.place.clock.advance(73 * 3_600_000);
    let staff = site.signed_in("staff@example.org").await;
    let page = staff.text("/").await;
    assert_eq!(texts(&page, "h1"), ["2 things need you."]);
    let lines = texts(&page, ".todo > li");
    assert!(lines[0].starts_with("Acme could not be set up."), "{lines:?}");
    assert!(lines[0].contains("The disk is full.") && lines[0].contains("See what happened"), "{lines:?}");
    assert!(lines[1].starts_with("Blue Harbour has an owner whose invitation ran out."), "{lines:?}");
    assert_eq!(texts(&page, ".todo .btn").len(), 2, "each line has one button");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_start_page_says_when_tenants_are_not_what_they_should_be() {
    let site = Site::start().await;
    let staff = staff(&site).await;
    for name in ["Acme", "Blue Harbour", "Corner Shop"] {
        ask(&site.app, name, &[]).await;
    }
    work_off(&site.app).await;
    for (slug, statement) in
        [("acme", "DROP TABLE donations"), ("blue-harbour", "CREATE INDEX by_hand ON members (email)")]
    {
        let mut file = open_tenant(&site.place, &tenant(&site.app, slug).await).await;
        sqlx::raw_sql(statement).execute(&mut file).await.unwrap();
    }
    let check = async || {
        site.place.clock.advance(1);
        drift::runs::ask_for_all(&site.app, &Actor::CommandLine).await.unwrap();
        drift::runs::work(&site.app, &CancellationToken::new()).await.unwrap();
        staff.text("/").await
    };
    let page = check().await;
    assert_eq!(texts(&page, "h1"), ["1 thing needs you."]);
    assert!(page.contains("They were last looked at"), "{page}");
    let lines = texts(&page, ".todo > li");
    assert!(lines[0].starts_with("2 tenants differ from what they should be."), "{lines:?}");
    assert!(lines[0].contains("In 1 of them, something that the template needs is gone or narrower."));
    assert!(lines[0].contains("See what differs"), "{lines:?}");
    // What is left alone does not count, and what cannot be looked at does.
    let form = drift::Ignore { reason: "The board wants it.".into(), days: "7".into() };
    for slug in ["acme", "blue-harbour"] {
        let report = drift::of_tenant(&site.app, &Actor::CommandLine, slug).await.unwrap();
        for noted in report.differences {
            drift::ignore(&site.app, &Actor::CommandLine, slug, &noted.difference.id, &form).await.unwrap();
        }
    }
    assert_eq!(texts(&staff.text("/").await, "h1"), ["Nothing needs you."]);
    let file = format!("{}.db", tenant(&site.app, "corner-shop").await.database_name);
    std::fs::remove_file(site.place.tenants_folder().join(file)).unwrap();
    let lines = texts(&check().await, ".todo > li");
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].starts_with("1 tenant could not be looked at."), "{lines:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_start_page_lists_what_somebody_began_and_who_is_about_to_go() {
    let site = Site::start().await;
    site.add("adam@example.org", Role::Admin).await;
    site.add("staff@example.org", Role::Staff).await;
    ask(&site.app, "Acme", &[]).await;
    work_off(&site.app).await;
    let adam = site.signed_in("adam@example.org").await;
    // A tenant that he has begun to describe, a draft of a template, and a tenant that is to be deleted.
    let page = adam.text("/tenants/new").await;
    let page = Html::parse_document(&page);
    let draft = page.select(&Selector::parse("input[name=draft]").unwrap()).next().unwrap();
    let typed = [("draft", draft.attr("value").unwrap()), ("name", "Blue"), ("email", "dana@example.org")];
    adam.post("/tenants/new", &typed).await;
    template_drafts::begin(&site.app, &Actor::CommandLine, "ngo", "1.0.0", Step::Minor).await.unwrap();
    life::delete(&site.app, &Actor::CommandLine, "acme", "Acme", LastSnapshot::Needed).await.unwrap();
    work_off(&site.app).await;
    let lines = texts(&adam.text("/").await, ".todo > li");
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].starts_with("Blue is not asked for yet.") && lines[0].contains("Go on"), "{lines:?}");
    assert!(lines[1].starts_with("ngo has a draft that is not published yet."), "{lines:?}");
    // Others have their own.
    let staff = site.signed_in("staff@example.org").await;
    assert_eq!(texts(&staff.text("/").await, "h1"), ["Nothing needs you."]);
    // A day before the tenant goes, everybody is told.
    site.place.clock.advance(6 * 86_400_000 + 3_600_000);
    let staff = site.signed_in("staff@example.org").await;
    let lines = texts(&staff.text("/").await, ".todo > li");
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].starts_with("Acme is removed for good on ") && lines[0].contains("Keep it after all?"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_was_given_up_and_left_its_tenant_well_needs_nobody() {
    let site = Site::start().await;
    let staff = staff(&site).await;
    ask(&site.app, "Acme", &[]).await;
    work_off(&site.app).await;
    run(&site, "UPDATE jobs SET status = 'failed'").await;
    assert_eq!(texts(&staff.text("/").await, "h1"), ["Nothing needs you."]);
    run(&site, "UPDATE jobs SET needs_person = 1").await;
    assert_eq!(texts(&staff.text("/").await, "h1"), ["1 thing needs you."]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_fleet_is_shown_by_state_and_by_version_as_a_bar_and_as_a_table() {
    let site = Site::start().await;
    let staff = staff(&site).await;
    for name in ["One", "Two", "Three"] {
        ask(&site.app, name, &[]).await;
    }
    work_off(&site.app).await;
    run(&site, "UPDATE tenants SET status = 'suspended' WHERE slug = 'two'").await;
    let page = staff.text("/").await;
    assert_eq!(texts(&page, ".stacked-table tbody tr"), ["Ready267 %", "Paused133 %", "NGO 1.0.03100 %"]);
    assert_eq!(texts(&page, ".stacked-bar rect").len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_of_the_start_page_that_cannot_be_loaded_leaves_the_others() {
    let site = Site::start().await;
    let staff = staff(&site).await;
    ask(&site.app, "Acme", &[]).await;
    work_off(&site.app).await;
    run(&site, "ALTER TABLE events RENAME TO events_gone").await;
    let page = staff.text("/").await;
    assert_eq!(texts(&page, "h1"), ["Nothing needs you."]);
    assert_eq!(texts(&page, ".not-loaded").len(), 1);
    assert!(page.contains("1 tenant is ready."));
    run(&site, "ALTER TABLE invitations RENAME TO invitations_gone").await;
    let page = staff.text("/").await;
    assert_eq!(texts(&page, "h1"), ["Not everything could be looked at."]);
    assert_eq!(texts(&page, ".not-loaded").len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_a_tenant_in_the_making_waits_a_moment_and_shows_the_end_at_once() {
    let site = Site::start().await;
    let staff = staff(&site).await;
    ask(&site.app, "Acme", &[]).await;
    let end = run(&site, "UPDATE jobs SET status = 'done'");
    let (page, ()) = tokio::join!(staff.text("/tenants/acme/setup"), end);
    assert_eq!(texts(&page, "h1"), ["Acme is ready"]);
    assert!(!page.contains("hx-trigger"), "there is nothing left to ask for");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_picture_shows_what_its_address_asks_for() {
    let site = Site::start().await;
    let staff = staff(&site).await;
    ask(&site.app, "Acme", &["events"]).await;
    work_off(&site.app).await;
    let boxes = |page: &str| texts(page, ".er-name");
    let all = staff.text("/tenants/acme/structure").await;
    let module = staff.text("/tenants/acme/structure?module=Events").await;
    let table = staff.text("/tenants/acme/structure?table=members").await;
    assert!(boxes(&module).len() > 1 && boxes(&module).len() < boxes(&all).len());
    assert!(boxes(&table).contains(&"members".to_owned()) && boxes(&table).len() < boxes(&all).len());
    assert!(texts(&table, "#picture-title")[0].starts_with("members"));
    let keys = texts(&all, ".er-field").len();
    let every = texts(&staff.text("/tenants/acme/structure?columns=all").await, ".er-field").len();
    assert!(keys < every, "at a glance there are only keys: {keys} of {every}");
    assert!(all.contains("picture is-fit"));
    assert!(!staff.text("/tenants/acme/structure?size=full").await.contains("picture is-fit"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_development_build_has_a_styleguide() {
    let site = Site::start().await;
    let staff = staff(&site).await;
    assert_eq!(texts(&staff.text("/styleguide").await, "h1"), ["Styleguide"]);
}
