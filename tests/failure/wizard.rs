//! Describing a tenant, one question a page: answers are kept on every path, and a draft makes one tenant.

use crate::{
    pages::{Wanted, attributes, create, describe, location, slug, texts, value},
    support::{self, count, site::Site, tenant, work_off},
};
use reqwest::StatusCode;
use tenantry::{store::users::Role, usecases::tenant_drafts};
use tokio::task::JoinSet;

async fn site() -> Site {
    let site = Site::start().await;
    site.add("staff@example.org", Role::Staff).await;
    site.add("other@example.org", Role::Staff).await;
    site
}

#[tokio::test(flavor = "multi_thread")]
async fn one_question_a_page_leads_to_the_answers_and_from_there_to_the_tenant() {
    let site = site().await;
    let staff = site.signed_in("staff@example.org").await;
    let first = staff.text("/tenants/new").await;
    assert_eq!(texts(&first, "h1"), ["Who is it for?"]);
    assert!(texts(&first, ".wizard-where")[0].contains("Step 1 of 5"));
    assert_eq!(count(&site.app, "tenant_drafts").await, 0, "looking at the first page begins nothing");
    let draft = value(&first, "draft");
    let wrong = staff.post("/tenants/new", &[("draft", &draft), ("name", "  "), ("email", "dana")]).await;
    assert_eq!(wrong.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let wrong = wrong.text().await.unwrap();
    assert!(texts(&wrong, "title")[0].starts_with("Error: Who is it for?"));
    let summary = texts(&wrong, ".problems a");
    assert_eq!(
        summary,
        ["Enter the tenant's name.", "Enter the owner's e-mail in full, such as dana@example.org."]
    );
    assert_eq!(attributes(&wrong, ".problems a", "href"), ["#name", "#email"]);
    assert_eq!(
        attributes(&wrong, ".problems[autofocus]", "role"),
        ["alert"],
        "the focus goes to the summary"
    );
    assert!(texts(&wrong, "#name-error")[0].contains(&summary[0]), "the same words stand at the field");
    assert_eq!((value(&wrong, "email"), value(&wrong, "draft")), ("dana".into(), draft.clone()));

    let who = [
        ("draft", draft.as_str()),
        ("name", "Red <Cross>"),
        ("email", "owner@example.org"),
        ("note", "Old\r\nfriends"),
    ];
    let template = location(&staff.post("/tenants/new", &who).await);
    assert_eq!(template, format!("/tenants/new/{draft}/template"));
    let page = staff.text(&template).await;
    assert!(texts(&page, ".wizard-where")[0].contains("Step 2 of 5"));
    assert_eq!(attributes(&page, ".back-link", "href"), [format!("/tenants/new/{draft}/who")]);
    assert!(
        texts(&page, ".pick").iter().any(|card| card.contains("NGO") && card.contains("Members")),
        "{page}"
    );
    let nothing = staff.post(&template, &[]).await;
    assert_eq!(nothing.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(texts(&nothing.text().await.unwrap(), ".problems a"), ["Choose a template."]);

    let extras = location(&staff.post(&template, &[("template", "ngo")]).await);
    let page = staff.text(&extras).await;
    let rule = "Helpers at events needs Events and Volunteers (added for you).";
    assert!(
        texts(&page, ".extra-line em").iter().any(|text| text == rule),
        "{:?}",
        texts(&page, ".extra-line em")
    );
    let plan = location(&staff.post(&extras, &[("module", "event_shifts")]).await);
    assert_eq!(plan, format!("/tenants/new/{draft}/plan"));
    let check = location(&staff.post(&plan, &[("plan", "premium")]).await);
    let page = staff.text(&check).await;
    assert!(texts(&page, ".wizard-where")[0].contains("Step 5 of 5"));
    let answers = texts(&page, ".answer").join("\n");
    for part in [
        "Red <Cross>",
        "owner@example.org",
        "Old friends",
        "Helpers at events",
        "Events (added for you)",
        "Premium",
    ] {
        assert!(answers.contains(part), "{part} in {answers}");
    }
    assert!(page.contains("red-cross") && texts(&page, ".next-steps li").len() > 5, "{page}");
    assert_eq!(attributes(&page, ".answer a", "href").len(), 6, "each answer can be changed");
    assert_eq!(count(&site.app, "tenants").await, 0, "nothing is made before the button");

    assert_eq!(create(&staff, &check).await, "red-cross");
    work_off(&site.app).await;
    let made = tenant(&site.app, "red-cross").await;
    assert_eq!(made.modules, ["events", "volunteers", "event_shifts"]);
    assert!(texts(&staff.text("/tenants/red-cross").await, "main").join("").contains("Old friends"));
    assert_eq!(count(&site.app, "tenant_drafts").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn steps_cannot_be_skipped_and_answers_are_kept_on_every_path() {
    let site = site().await;
    let staff = site.signed_in("staff@example.org").await;
    let draft = value(&staff.text("/tenants/new").await, "draft");
    let at = |step: &str| format!("/tenants/new/{draft}/{step}");
    for step in ["template", "plan", "check"] {
        assert_eq!(staff.get(&at(step)).await.status(), StatusCode::NOT_FOUND, "there is no draft yet");
    }
    staff.post("/tenants/new", &[("draft", &draft), ("name", "Acme"), ("email", "dana@example.org")]).await;
    for step in ["extras", "plan", "check"] {
        assert_eq!(location(&staff.get(&at(step)).await), at("template"), "looking at {step}");
        let posted = [("plan", "basic"), ("module", "events"), ("seen", "x")];
        assert_eq!(location(&staff.post(&at(step), &posted).await), at("template"), "posting to {step}");
    }
    assert_eq!(count(&site.app, "tenants").await, 0);
    staff.post(&at("template"), &[("template", "ngo")]).await;
    staff.post(&at("extras"), &[("module", "events")]).await;
    // Another template and back again: the ticks of the first are still there.
    assert_eq!(location(&staff.post(&at("template"), &[("template", "basic")]).await), at("extras"));
    staff.post(&at("extras"), &[("module", "teams")]).await;
    assert_eq!(location(&staff.post(&at("template"), &[("template", "ngo")]).await), at("plan"));
    let extras = staff.text(&at("extras")).await;
    assert_eq!(attributes(&extras, "input[name=module][checked]", "value"), ["events"]);
    // A wrong answer to a later question loses nothing either.
    assert_eq!(staff.post(&at("plan"), &[("plan", "gold")]).await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(location(&staff.post(&at("plan"), &[("plan", "enterprise")]).await), at("check"));
    // Changed from the page with all answers, one answer leads back to it.
    let change = attributes(&staff.text(&at("check")).await, ".answer a", "href");
    assert!(change.contains(&format!("{}?from=check", at("plan"))), "{change:?}");
    let page = staff.text(&format!("{}?from=check", at("who"))).await;
    assert_eq!(
        (value(&page, "name"), texts(&page, "button.btn-primary")),
        ("Acme".into(), vec!["Save".into()])
    );
    assert_eq!(attributes(&page, ".back-link", "href"), [at("check")]);
    let changed = [("from", "check"), ("name", "Acme & Sons"), ("email", "dana@example.org")];
    assert_eq!(location(&staff.post(&at("who"), &changed).await), at("check"));
    let answers = texts(&staff.text(&at("check")).await, ".answer").join("\n");
    assert!(answers.contains("Acme & Sons") && answers.contains("Events") && answers.contains("Enterprise"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_belongs_to_its_maker_can_be_thrown_away_and_lives_for_two_weeks() {
    let site = site().await;
    let staff = site.signed_in("staff@example.org").await;
    let other = site.signed_in("other@example.org").await;
    let check = describe(&staff, &Wanted { name: "Acme", ..Wanted::default() }).await;
    let draft = check.rsplit('/').nth(1).unwrap().to_owned();
    for path in [check.clone(), format!("/tenants/new/{draft}")] {
        assert_eq!(other.get(&path).await.status(), StatusCode::NOT_FOUND, "{path}");
        assert_eq!(
            other.post(&format!("/tenants/new/{draft}/plan"), &[("plan", "basic")]).await.status(),
            StatusCode::NOT_FOUND
        );
    }
    let stolen = [("draft", draft.as_str()), ("name", "Mine now"), ("email", "me@example.org")];
    assert_eq!(other.post("/tenants/new", &stolen).await.status(), StatusCode::NOT_FOUND);
    other.post(&format!("/tenants/new/{draft}"), &[]).await;
    assert!(texts(&other.text("/tenants/new").await, ".unfinished h2").is_empty());
    let page = staff.text("/tenants/new").await;
    assert_eq!(texts(&page, ".unfinished h2"), ["You have 1 unfinished tenant"]);
    let go_on = attributes(&page, ".unfinished a", "href");
    assert_eq!(location(&staff.get(&go_on[0]).await), check, "going on leads to the open question");
    assert!(staff.text("/tenants").await.contains(&go_on[0]), "the list says so, too");

    staff.post(&go_on[0], &[]).await;
    assert_eq!(staff.get(&check).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(location(&staff.post(&go_on[0], &[]).await), "/tenants", "throwing away twice is no error");

    let kept = describe(&staff, &Wanted::default()).await;
    site.place.clock.advance(13 * 86_400_000);
    let staff = site.signed_in("staff@example.org").await;
    assert_eq!(staff.get(&kept).await.status(), StatusCode::OK);
    assert_eq!(tenant_drafts::sweep(&site.app).await.unwrap(), 0);
    site.place.clock.advance(2 * 86_400_000);
    let staff = site.signed_in("staff@example.org").await;
    assert_eq!(staff.get(&kept).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(tenant_drafts::sweep(&site.app).await.unwrap(), 1);
    assert_eq!(count(&site.app, "tenant_drafts").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_sendings_of_one_draft_make_one_tenant_and_all_of_them_show_it() {
    let site = site().await;
    let staff = site.signed_in("staff@example.org").await;
    let check = describe(&staff, &Wanted { name: "Only Once", ..Wanted::default() }).await;
    let seen = value(&staff.text(&check).await, "seen");
    let mut sendings = JoinSet::new();
    for _ in 0..50 {
        let form = staff.client.post(format!("{}{check}", site.base)).form(&[("seen", &seen)]);
        sendings.spawn(form.header("Sec-Fetch-Site", "same-origin").send());
    }
    for answer in sendings.join_all().await {
        assert_eq!(location(&answer.unwrap()), "/tenants/only-once/setup");
    }
    assert_eq!((count(&site.app, "tenants").await, count(&site.app, "jobs").await), (1, 1));
    // The back button, and a question that is sent again later, lead to the same tenant; nothing of it changes.
    for step in ["who", "template", "extras", "plan", "check"] {
        let path = check.replace("check", step);
        assert_eq!(location(&staff.get(&path).await), "/tenants/only-once/setup");
        let page = staff.text("/tenants/only-once/setup").await;
        assert!(page.contains("These answers have made Only Once. It is made once."), "{step}");
        let again =
            [("name", "Another"), ("email", "b@example.org"), ("plan", "premium"), ("template", "basic")];
        assert_eq!(location(&staff.post(&path, &again).await), "/tenants/only-once/setup");
    }
    let draft = check.rsplit('/').nth(1).unwrap();
    let first = [("draft", draft), ("name", "Another"), ("email", "b@example.org")];
    assert_eq!(slug(&location(&staff.post("/tenants/new", &first).await)), "only-once");
    work_off(&site.app).await;
    let made = tenant(&site.app, "only-once").await;
    assert_eq!((made.name.as_str(), made.plan.word(), made.status.word()), ("Only Once", "basic", "active"));
    assert_eq!(count(&site.app, "tenants").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_created_is_what_was_seen() {
    let site = site().await;
    let staff = site.signed_in("staff@example.org").await;
    let check = describe(&staff, &Wanted::default()).await;
    let seen = value(&staff.text(&check).await, "seen");
    // Another window changes the plan in between.
    staff.post(&check.replace("check", "plan"), &[("plan", "enterprise")]).await;
    let answer = staff.post(&check, &[("seen", &seen)]).await;
    assert_eq!(answer.status(), StatusCode::CONFLICT);
    let page = answer.text().await.unwrap();
    assert!(
        texts(&page, ".problems a")[0].starts_with("The answers have changed since this page was opened")
    );
    assert!(texts(&page, ".answer").join("\n").contains("Enterprise"));
    assert_eq!(count(&site.app, "tenants").await, 0);
    let now = value(&page, "seen");
    assert_eq!(slug(&location(&staff.post(&check, &[("seen", &now)]).await)), "acme");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_like_another_one_needs_a_name_and_an_owner_only() {
    let site = site().await;
    let staff = site.signed_in("staff@example.org").await;
    support::ask(&site.app, "Model", &["event_shifts"]).await;
    let first = staff.text("/tenants/new?like=model").await;
    assert!(
        texts(&first, "form .page-text")[0].contains("Like Model: NGO with 3 extras, Basic plan"),
        "{first}"
    );
    let draft = value(&first, "draft");
    let fields = [("draft", draft.as_str()), ("like", "model"), ("name", "Copy"), ("email", "c@example.org")];
    let check = location(&staff.post("/tenants/new", &fields).await);
    assert_eq!(check, format!("/tenants/new/{draft}/check"));
    create(&staff, &check).await;
    assert_eq!(tenant(&site.app, "copy").await.modules, tenant(&site.app, "model").await.modules);
    assert_eq!(staff.get("/tenants/new?like=nobody").await.status(), StatusCode::NOT_FOUND);
    // A template that is chosen beforehand is not asked for again.
    let draft = value(&staff.text("/tenants/new?template=basic").await, "draft");
    let fields =
        [("draft", draft.as_str()), ("template", "basic"), ("name", "Plain"), ("email", "p@example.org")];
    assert_eq!(location(&staff.post("/tenants/new", &fields).await), format!("/tenants/new/{draft}/extras"));
}
