//! Forms about a tenant that were opened before somebody else did something to it, that are sent twice, or that are sent
//! once more from the browser's memory.

use crate::{
    files::narrow,
    pages::{Wanted, attributes, create, describe, location, texts, value},
    support::{ask, count, site::Site, tenant, work_off},
};
use reqwest::StatusCode;
use tenantry::{
    store::{
        tenants::{Plan, Status},
        users::Role,
    },
    usecases::{actor::Actor, templates},
};

const MANAGE: &str = "/tenants/acme/manage";
const STEPS: &str = "/tenants/acme/setup";

async fn site() -> Site {
    let site = Site::start().await;
    site.add("admin@example.org", Role::Admin).await;
    site.add("other@example.org", Role::Admin).await;
    ask(&site.app, "Acme", &[]).await;
    work_off(&site.app).await;
    site
}

/// The fields of a form as it was opened.
fn opened(page: &str) -> Vec<(String, String)> {
    let mut fields: Vec<(String, String)> = Vec::new();
    for name in ["name", "email", "note", "opened_name", "opened_plan", "request_id"] {
        let found = attributes(page, &format!("input[name={name}]"), "value");
        fields.extend(found.into_iter().map(|value| (name.to_owned(), value)));
    }
    let plan = attributes(page, "select[name=plan] option[selected]", "value");
    fields.extend(plan.into_iter().map(|value| ("plan".to_owned(), value)));
    fields
}

fn with<'a>(fields: &'a [(String, String)], changed: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let kept = fields.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    kept.filter(|(name, _)| changed.iter().all(|(other, _)| other != name))
        .chain(changed.iter().copied())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_is_open_while_another_administrator_archives_says_what_is_and_changes_nothing() {
    let site = site().await;
    let admin = site.signed_in("admin@example.org").await;
    let other = site.signed_in("other@example.org").await;
    let pause = opened(&admin.text(&format!("{MANAGE}/pause")).await);
    let details = opened(&admin.text(&format!("{MANAGE}/details")).await);
    let another_tab = opened(&admin.text(&format!("{MANAGE}/details")).await);
    other.post(&format!("{MANAGE}/archive"), &[]).await;

    // While the other's act goes on, each form is refused and keeps what was typed.
    let events = count(&site.app, "events").await;
    for (act, fields) in [
        ("pause", with(&pause, &[])),
        ("details", with(&details, &[("name", "Acme Trust"), ("plan", "premium")])),
        ("snapshot", vec![("note", "before the import")]),
        ("clone", vec![("name", "Copy"), ("email", "olga@example.org")]),
        ("delete", vec![("confirm", "Acme")]),
    ] {
        let answer = admin.post(&format!("{MANAGE}/{act}"), &fields).await;
        assert_eq!(answer.status(), StatusCode::CONFLICT, "{act}");
        let page = answer.text().await.unwrap();
        let said = texts(&page, ".problems li").join(" ");
        assert!(said.starts_with("Archiving Acme has been going on for"), "{act}: {said}");
        assert!(said.contains("Nothing was changed"), "{act}: {said}");
        for (name, typed) in
            fields.iter().filter(|(name, _)| !matches!(*name, "plan" | "opened_name" | "request_id"))
        {
            assert!(
                attributes(&page, &format!("input[name={name}]"), "value").contains(&(*typed).to_owned()),
                "{act}"
            );
        }
    }
    assert_eq!(count(&site.app, "events").await, events, "nothing was done, so nothing is told");
    work_off(&site.app).await;

    // Afterwards what is still possible works, and what is not says why.
    let answer = admin.post(&format!("{MANAGE}/pause"), &with(&pause, &[])).await;
    assert_eq!(answer.status(), StatusCode::CONFLICT);
    let said = texts(&answer.text().await.unwrap(), ".problems li").join(" ");
    assert_eq!(said, "Acme is archived, so it cannot be paused. Nothing was changed.");
    let changed = with(&details, &[("name", "Acme Trust")]);
    assert_eq!(location(&admin.post(&format!("{MANAGE}/details"), &changed).await), STEPS);
    work_off(&site.app).await;
    let now = tenant(&site.app, "acme").await;
    assert_eq!((now.name.as_str(), now.status, now.plan), ("Acme Trust", Status::Archived, Plan::Basic));
    // The other types the name that the form showed.
    let answer = other.post(&format!("{MANAGE}/delete"), &[("confirm", "Acme")]).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.text().await.unwrap().contains("Nothing was deleted. The name is: Acme Trust"));
    other.post(&format!("{MANAGE}/delete"), &[("confirm", "Acme Trust")]).await;
    work_off(&site.app).await;
    for (act, fields, words) in [
        (
            "details",
            with(&another_tab, &[("name", "Acme Again")]),
            "Somebody has changed the name to Acme Trust since",
        ),
        (
            "details",
            with(&another_tab, &[("plan", "premium")]),
            "is about to be removed, so it cannot be changed",
        ),
        ("unarchive", Vec::new(), "is about to be removed, so it cannot be taken out of the archive"),
        ("delete", vec![("confirm", "Acme Trust")], "is about to be removed, so it cannot be deleted"),
        ("clone", vec![("name", "Copy"), ("email", "olga@example.org")], "so it cannot be cloned"),
    ] {
        let answer = admin.post(&format!("{MANAGE}/{act}"), &fields).await;
        assert_eq!(answer.status(), StatusCode::CONFLICT, "{act}");
        let said = texts(&answer.text().await.unwrap(), ".problems li").join(" ");
        assert!(said.contains(words) && said.contains("Nothing was changed."), "{act}: {said}");
    }
    assert_eq!(tenant(&site.app, "acme").await.status, Status::Deleting);
    assert_eq!(count(&site.app, "tenants").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_administrators_who_change_name_and_plan_neither_overwrites_what_they_have_not_seen() {
    let site = site().await;
    let admin = site.signed_in("admin@example.org").await;
    let other = site.signed_in("other@example.org").await;
    let details = format!("{MANAGE}/details");
    let page = admin.text(&details).await;
    assert!(page.contains("the setting app.name in its database"), "{page}");
    let first = opened(&page);
    let another_tab = opened(&admin.text(&details).await);
    let second = opened(&other.text(&details).await);
    other.post(&details, &with(&second, &[("name", "Acme Trust")])).await;
    work_off(&site.app).await;
    // The name in this form is the former one, and was not touched: only the plan is meant.
    admin.post(&details, &with(&first, &[("plan", "premium")])).await;
    work_off(&site.app).await;
    let now = tenant(&site.app, "acme").await;
    assert_eq!((now.name.as_str(), now.plan), ("Acme Trust", Plan::Premium));
    // Both changed the name: whoever comes second is told, and may insist.
    let answer = admin.post(&details, &with(&another_tab, &[("name", "Acme Fund")])).await;
    assert_eq!(answer.status(), StatusCode::CONFLICT);
    let page = answer.text().await.unwrap();
    let said = texts(&page, ".problems li").join(" ");
    assert!(
        said.starts_with("Somebody has changed the name to Acme Trust since you opened this page."),
        "{said}"
    );
    assert_eq!(
        (value(&page, "name"), value(&page, "opened_name")),
        ("Acme Fund".into(), "Acme Trust".into())
    );
    assert_eq!(
        attributes(&page, "option[selected]", "value"),
        ["premium"],
        "what was not changed is shown as it is"
    );
    assert_eq!(tenant(&site.app, "acme").await.name, "Acme Trust");
    let again = opened(&page);
    assert_eq!(location(&admin.post(&details, &with(&again, &[])).await), STEPS);
    work_off(&site.app).await;
    let now = tenant(&site.app, "acme").await;
    assert_eq!((now.name.as_str(), now.plan), ("Acme Fund", Plan::Premium));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_is_sent_twice_is_one_act_also_when_the_first_has_ended_already() {
    let site = site().await;
    let admin = site.signed_in("admin@example.org").await;
    for (act, changed, status) in [
        ("pause", &[][..], Status::Suspended),
        ("resume", &[], Status::Active),
        ("snapshot", &[("note", "once")], Status::Active),
        ("details", &[("plan", "premium")], Status::Active),
        ("details", &[("name", "Acme Trust")], Status::Active),
        ("details", &[("name", "Acme"), ("plan", "basic")], Status::Active),
        ("archive", &[], Status::Archived),
        ("unarchive", &[], Status::Active),
        ("delete", &[("confirm", "Acme")], Status::Deleting),
        ("keep", &[], Status::Active),
    ] {
        let jobs = count(&site.app, "jobs").await;
        let address = format!("{MANAGE}/{act}");
        let form = opened(&admin.text(&address).await);
        let form = with(&form, changed);
        let (first, second) = tokio::join!(admin.post(&address, &form), admin.post(&address, &form));
        assert_eq!((location(&first).as_str(), location(&second).as_str()), (STEPS, STEPS), "{act}");
        work_off(&site.app).await;
        assert_eq!(location(&admin.post(&address, &form).await), STEPS, "{act}: the third click");
        assert_eq!(work_off(&site.app).await, 0, "{act}: it is done once");
        assert_eq!(count(&site.app, "jobs").await, jobs + 1, "{act}");
        assert_eq!(tenant(&site.app, "acme").await.status, status, "{act}");
        assert_eq!(texts(&admin.text(STEPS).await, ".problems").len(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_of_a_failed_tenant_is_removed_once() {
    let site = site().await;
    let admin = site.signed_in("admin@example.org").await;
    templates::import(&site.app, &Actor::CommandLine, narrow()).await.unwrap();
    let wanted = Wanted { name: "Much too long a name", template: "narrow", ..Wanted::default() };
    let slug = create(&admin, &describe(&admin, &wanted).await).await;
    work_off(&site.app).await;
    assert_eq!(tenant(&site.app, &slug).await.status, Status::Failed);
    let address = &format!("/tenants/{slug}/manage/give-up");
    let form = opened(&admin.text(address).await);
    let form = with(&form, &[]);
    let (first, second) = tokio::join!(admin.post(address, &form), admin.post(address, &form));
    assert_eq!(location(&first), location(&second));
    work_off(&site.app).await;
    assert_eq!(location(&admin.post(address, &form).await), format!("/tenants/{slug}/setup"));
    assert_eq!(tenant(&site.app, &slug).await.status, Status::Deleted);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_from_the_browsers_memory_does_nothing_again_after_something_else_was_done() {
    let site = site().await;
    let admin = site.signed_in("admin@example.org").await;
    let address = format!("{MANAGE}/pause");
    let pause = opened(&admin.text(&address).await);
    location(&admin.post(&address, &with(&pause, &[])).await);
    work_off(&site.app).await;
    let resume = opened(&admin.text(&format!("{MANAGE}/resume")).await);
    location(&admin.post(&format!("{MANAGE}/resume"), &with(&resume, &[])).await);
    work_off(&site.app).await;
    // Somebody goes back to the first form and sends it again.
    let answer = admin.post(&address, &with(&pause, &[])).await;
    assert_eq!(answer.status(), StatusCode::CONFLICT);
    let page = answer.text().await.unwrap();
    let said = texts(&page, ".problems li").join(" ");
    assert!(said.contains("Nothing was done now. Press again if you still mean it."), "{said}");
    assert_eq!(work_off(&site.app).await, 0);
    assert_eq!(tenant(&site.app, "acme").await.status, Status::Active);
    // Pressed again, it is meant.
    location(&admin.post(&address, &with(&opened(&page), &[])).await);
    work_off(&site.app).await;
    assert_eq!(tenant(&site.app, "acme").await.status, Status::Suspended);
    // A form that was sent and is changed afterwards is another wish: it is not swallowed.
    let address = format!("{MANAGE}/details");
    let details = opened(&admin.text(&address).await);
    location(&admin.post(&address, &with(&details, &[("plan", "premium")])).await);
    work_off(&site.app).await;
    let answer = admin.post(&address, &with(&details, &[("plan", "enterprise")])).await;
    assert_eq!(answer.status(), StatusCode::CONFLICT);
    let page = answer.text().await.unwrap();
    assert_eq!(attributes(&page, "option[selected]", "value"), ["enterprise"]);
    location(&admin.post(&address, &with(&opened(&page), &[])).await);
    work_off(&site.app).await;
    assert_eq!(tenant(&site.app, "acme").await.plan, Plan::Enterprise);
    // The number of somebody else's form opens nothing.
    ask(&site.app, "Bravo", &[]).await;
    work_off(&site.app).await;
    let number = value(&admin.text("/tenants/bravo/manage/pause").await, "request_id");
    location(&admin.post("/tenants/bravo/manage/pause", &[("request_id", &number)]).await);
    let answer = admin.post(&format!("{MANAGE}/resume"), &[("request_id", &number)]).await;
    assert_eq!(answer.status(), StatusCode::CONFLICT);
}
