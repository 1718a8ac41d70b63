//! What each role allows, and that a change of it counts at once.

use super::{NEW_PASSWORD, form, history, link, person, said, try_sign_in, with_admin};
use crate::support::{
    ask,
    site::{PASSWORD, Site},
    work_off,
};
use reqwest::StatusCode;
use tenantry::{
    error::Kind,
    store::{
        self, Scope, events, sql, tenant_list,
        users::{self, Role},
    },
    usecases::{
        actor::Actor,
        people::{self},
    },
};

#[tokio::test(flavor = "multi_thread")]
async fn an_invited_colleague_chooses_a_password_and_sees_what_the_role_allows() {
    let site = with_admin().await;
    let admin = site.signed_in("admin@example.org").await;
    said(
        admin.post("/people/invite", &form("", "nonsense", "chief", "")).await,
        StatusCode::UNPROCESSABLE_ENTITY,
        "Enter the e-mail in full",
    )
    .await;
    let path =
        link(admin.post("/people/invite", &form("Sam  Staff", " Sam@Example.org ", "staff", "")).await).await;
    let sam = person(&site, "sam@example.org").await;
    assert_eq!((sam.name.as_str(), sam.role, sam.is_invited()), ("Sam Staff", Role::Staff, true));
    let page = admin.text(&format!("/people/{}", sam.id)).await;
    assert!(!page.contains(&path) && page.contains("works until"), "the link is shown once");
    assert!(admin.text("/people").await.contains("Invited"));
    // Nothing of the token is in the database but its hash.
    let token = path.trim_start_matches("/password/").to_owned();
    let folder = site.place.folder.path();
    for file in ["control.db", "control.db-wal"] {
        let bytes = std::fs::read(folder.join(file)).unwrap_or_default();
        assert!(!bytes.windows(token.len()).any(|part| part == token.as_bytes()), "{file} holds the token");
    }
    // Invited is not in: no password fits.
    let visitor = site.visitor();
    assert_eq!(try_sign_in(&visitor, "sam@example.org", "").await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(
        try_sign_in(&visitor, "sam@example.org", NEW_PASSWORD).await.status(),
        StatusCode::UNPROCESSABLE_ENTITY
    );
    assert!(visitor.text(&path).await.contains("Welcome, Sam Staff"));
    said(
        visitor.post(&path, &[("password", "sam staff 2026")]).await,
        StatusCode::UNPROCESSABLE_ENTITY,
        "words that others know",
    )
    .await;
    assert_eq!(visitor.post(&path, &[("password", NEW_PASSWORD)]).await.status(), StatusCode::SEE_OTHER);
    assert!(visitor.text("/login").await.contains("Your password is set"));
    for used in
        [visitor.get(&path).await, visitor.post(&path, &[("password", "another fine password")]).await]
    {
        said(used, StatusCode::NOT_FOUND, "has been used, or its time is over").await;
    }
    assert_eq!(try_sign_in(&visitor, "sam@example.org", NEW_PASSWORD).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(visitor.get("/tenants").await.status(), StatusCode::OK);
    assert_eq!(visitor.get("/people").await.status(), StatusCode::FORBIDDEN);
    assert!(!visitor.text("/").await.contains("href=\"/people\""));
    assert!(admin.text("/").await.contains("href=\"/people\""));
    let history = history(&site, sam.id).await;
    assert_eq!(history[0], ("person_joined".into(), "Sam Staff".into()));
    assert_eq!(history[1], ("person_invited".into(), "admin@example.org".into()));
    // Somebody who is here cannot be invited anew.
    said(
        admin.post("/people/invite", &form("Sam", "sam@example.org", "staff", "")).await,
        StatusCode::UNPROCESSABLE_ENTITY,
        "among the people already",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn switching_off_and_other_rights_count_at_once() {
    let site = with_admin().await;
    let sam = site.add("sam@example.org", Role::Staff).await;
    let admin = site.signed_in("admin@example.org").await;
    let browser = site.signed_in("sam@example.org").await;
    assert_eq!(browser.get("/people").await.status(), StatusCode::FORBIDDEN);
    assert_eq!(
        admin.post(&format!("/people/{sam}/role"), &[("role", "admin")]).await.status(),
        StatusCode::SEE_OTHER
    );
    assert_eq!(browser.get("/people").await.status(), StatusCode::OK);
    admin.post(&format!("/people/{sam}/role"), &[("role", "owner")]).await;
    assert_eq!(browser.get("/people").await.status(), StatusCode::FORBIDDEN);
    assert_eq!(browser.get("/templates").await.status(), StatusCode::FORBIDDEN);
    let reset = link(admin.post(&format!("/people/{sam}/link"), &[]).await).await;
    admin.post(&format!("/people/{sam}/switch-off"), &[]).await;
    assert_eq!(browser.get("/account").await.status(), StatusCode::SEE_OTHER);
    assert_eq!(
        try_sign_in(&browser, "sam@example.org", PASSWORD).await.status(),
        StatusCode::UNPROCESSABLE_ENTITY
    );
    assert_eq!(browser.get(&reset).await.status(), StatusCode::NOT_FOUND, "the link is off, too");
    assert_eq!(admin.post(&format!("/people/{sam}/link"), &[]).await.status(), StatusCode::CONFLICT);
    admin.post(&format!("/people/{sam}/switch-on"), &[]).await;
    assert_eq!(browser.get("/account").await.status(), StatusCode::SEE_OTHER, "old sessions stay ended");
    assert_eq!(try_sign_in(&browser, "sam@example.org", PASSWORD).await.status(), StatusCode::SEE_OTHER);
    admin.post(&format!("/people/{sam}/end-sessions"), &[]).await;
    assert_eq!(browser.get("/account").await.status(), StatusCode::SEE_OTHER);
    assert_eq!(try_sign_in(&browser, "sam@example.org", PASSWORD).await.status(), StatusCode::SEE_OTHER);
    assert!(admin.text(&format!("/people/{sam}/remove")).await.contains("at once and for good"));
    admin.post(&format!("/people/{sam}/remove"), &[]).await;
    assert_eq!(browser.get("/account").await.status(), StatusCode::SEE_OTHER);
    assert_eq!(admin.get(&format!("/people/{sam}")).await.status(), StatusCode::NOT_FOUND);
    let done: Vec<String> = history(&site, sam)
        .await
        .into_iter()
        .map(|(action, who)| {
            assert_eq!(who, "admin@example.org", "{action}");
            action
        })
        .collect();
    assert_eq!(
        done,
        [
            "person_removed",
            "sessions_ended",
            "person_switched_on",
            "person_switched_off",
            "link_made",
            "role_changed",
            "role_changed"
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_administrator_stays_also_where_two_try_at_once() {
    let site = with_admin().await;
    let ada = person(&site, "admin@example.org").await.id;
    let admin = site.signed_in("admin@example.org").await;
    // Invited and switched-off administrators are no help.
    link(admin.post("/people/invite", &form("Ina", "ina@example.org", "admin", "")).await).await;
    for (act, fields) in [("role", &[("role", "staff")][..]), ("switch-off", &[]), ("remove", &[])] {
        for actor in [
            Actor::CommandLine,
            Actor::Person {
                id: ada,
                name: "Ada".into(),
                email: "admin@example.org".into(),
                role: Role::Admin,
            },
        ] {
            let refused = match act {
                "role" => people::set_role(&site.app, &actor, ada, "staff").await,
                "switch-off" => people::set_active(&site.app, &actor, ada, false).await,
                _ => people::remove(&site.app, &actor, ada).await.map(|_| ()),
            };
            assert_eq!(refused.unwrap_err().kind, Kind::Conflict, "{act}");
        }
        said(
            admin.post(&format!("/people/{ada}/{act}"), fields).await,
            StatusCode::CONFLICT,
            "only administrator",
        )
        .await;
    }
    assert!(admin.text(&format!("/people/{ada}")).await.contains("the only administrator"));
    // Two administrators remove, switch off or demote each other at the same moment: one of them is left each time.
    for round in 0..6 {
        let email = format!("bea{round}@example.org");
        let bea = site.add(&email, Role::Admin).await;
        let beas = site.signed_in(&email).await;
        let act = ["role", "switch-off", "remove"][round % 3];
        let fields = [("role", "staff")];
        let (to_bea, to_ada) = (format!("/people/{bea}/{act}"), format!("/people/{ada}/{act}"));
        let (one, other) = tokio::join!(admin.post(&to_bea, &fields), beas.post(&to_ada, &fields));
        let mut read = site.app.store.read().await.unwrap();
        let left = sql(
            "SELECT COUNT(*) AS n FROM users WHERE role = 'admin' AND is_active = 1 AND password_hash <> ''",
        )
        .one(&mut read)
        .await
        .unwrap()
        .int("n")
        .unwrap();
        assert_eq!(left, 1, "{act}: {} and {}", one.status(), other.status());
        drop(read);
        if person_is_gone_or_weak(&site, "admin@example.org").await {
            return; // Ada lost; what was to be shown is shown.
        }
    }
}

async fn person_is_gone_or_weak(site: &Site, email: &str) -> bool {
    let found = users::by_email(&mut site.app.store.read().await.unwrap(), email).await.unwrap();
    found.is_none_or(|user| user.role != Role::Admin || !user.is_active)
}

#[tokio::test(flavor = "multi_thread")]
async fn owners_see_their_tenants_in_every_query_and_no_others() {
    let site = with_admin().await;
    for name in ["Acme", "Birch", "Cedar"] {
        ask(&site.app, name, &[]).await;
    }
    work_off(&site.app).await;
    let admin = site.signed_in("admin@example.org").await;
    said(
        admin.post("/people/invite", &form("Olga", "olga@example.org", "owner", "")).await,
        StatusCode::UNPROCESSABLE_ENTITY,
        "at least one tenant",
    )
    .await;
    said(
        admin.post("/people/invite", &form("Olga", "olga@example.org", "owner", "acme, zebra")).await,
        StatusCode::UNPROCESSABLE_ENTITY,
        "There is no tenant zebra",
    )
    .await;
    let path =
        link(admin.post("/people/invite", &form("Olga", "olga@example.org", "owner", "acme\r\nbirch")).await)
            .await;
    // A tenant may have several owners: this one is invited from the tenant's page, by staff.
    site.add("staff@example.org", Role::Staff).await;
    let staff = site.signed_in("staff@example.org").await;
    let other =
        link(staff.post("/tenants/acme/owners", &[("name", "Otto"), ("email", "otto@example.org")]).await)
            .await;
    let olga = site.visitor();
    olga.post(&path, &[("password", NEW_PASSWORD)]).await;
    assert_eq!(try_sign_in(&olga, "olga@example.org", NEW_PASSWORD).await.status(), StatusCode::SEE_OTHER);
    let otto = site.visitor();
    otto.post(&other, &[("password", NEW_PASSWORD)]).await;
    try_sign_in(&otto, "otto@example.org", NEW_PASSWORD).await;

    assert_eq!(olga.get("/").await.headers()["location"], "/tenants");
    let mine = olga.text("/tenants").await;
    assert!(
        mine.contains("My tenants")
            && mine.contains("Acme")
            && mine.contains("Birch")
            && !mine.contains("Cedar")
    );
    let searched = olga.text("/tenants?q=Cedar").await;
    assert!(!searched.contains("/tenants/cedar"), "a search finds no others");
    let ottos = otto.text("/tenants").await;
    assert!(ottos.contains("Acme") && !ottos.contains("Birch"));
    for page in ["", "/structure", "/activity", "/setup"] {
        assert_eq!(olga.get(&format!("/tenants/birch{page}")).await.status(), StatusCode::OK, "{page}");
        assert_eq!(
            otto.get(&format!("/tenants/birch{page}")).await.status(),
            StatusCode::NOT_FOUND,
            "{page}"
        );
        let id = crate::support::tenant(&site.app, "birch").await.id;
        assert_eq!(
            otto.get(&format!("/tenants/{id}{page}")).await.status(),
            StatusCode::NOT_FOUND,
            "by id {page}"
        );
    }
    assert!(
        !olga.text("/tenants/acme").await.contains("href=\"/templates"),
        "no way to where an owner may not go"
    );

    // The queries themselves: what is out of scope does not leave the database.
    let scope = Scope::OwnedBy(person(&site, "otto@example.org").await.id);
    let birch = crate::support::tenant(&site.app, "birch").await.id;
    let mut read = site.app.store.read().await.unwrap();
    assert!(store::tenants::by_id(&mut read, scope, birch).await.unwrap().is_none());
    assert!(store::tenants::by_slug(&mut read, scope, "birch").await.unwrap().is_none());
    let page = tenant_list::list(
        &mut read,
        scope,
        &tenant_list::Filter::default(),
        tenant_list::Sort::Name,
        None,
        50,
    )
    .await
    .unwrap();
    assert_eq!(page.tenants.iter().map(|tenant| tenant.slug.as_str()).collect::<Vec<_>>(), ["acme"]);
    assert_eq!(tenant_list::count(&mut read, scope, &tenant_list::Filter::default(), 50).await.unwrap(), 1);
    assert_eq!(
        store::tenants::count_by_status(&mut read, scope)
            .await
            .unwrap()
            .iter()
            .map(|(_, count)| count)
            .sum::<i64>(),
        1
    );
    assert!(store::jobs::newest_of_tenant(&mut read, scope, birch).await.unwrap().is_none());
    let jobs = store::jobs::newest(&mut read, scope, 50).await.unwrap();
    assert!(!jobs.is_empty() && jobs.iter().all(|(_, tenant)| tenant.as_ref().unwrap().1 == "acme"));
    assert!(events::list(&mut read, scope, Some(birch), None, 50).await.unwrap().is_empty());
    let seen = events::list(&mut read, scope, None, None, 50).await.unwrap();
    assert!(!seen.is_empty() && seen.iter().all(|event| event.tenant.as_ref().unwrap().1 == "acme"));
    drop(read);

    // Taken away, it is gone at once; given again, it is there at once.
    let id = person(&site, "olga@example.org").await.id;
    admin.post(&format!("/people/{id}/tenants/take"), &[("tenant", "birch")]).await;
    assert_eq!(olga.get("/tenants/birch").await.status(), StatusCode::NOT_FOUND);
    said(
        admin.post(&format!("/people/{id}/tenants"), &[("tenants", "zebra")]).await,
        StatusCode::UNPROCESSABLE_ENTITY,
        "There is no tenant zebra",
    )
    .await;
    admin.post(&format!("/people/{id}/tenants"), &[("tenants", "cedar")]).await;
    assert_eq!(olga.get("/tenants/cedar").await.status(), StatusCode::OK);
    assert!(olga.text("/tenants/cedar/activity").await.contains("may see the tenant as its owner"));
    // Somebody who is an owner already just sees one tenant more; somebody who works here is no owner.
    said(
        staff.post("/tenants/birch/owners", &[("email", "otto@example.org")]).await,
        StatusCode::OK,
        "can see this tenant now",
    )
    .await;
    assert_eq!(otto.get("/tenants/birch").await.status(), StatusCode::OK);
    said(
        staff.post("/tenants/birch/owners", &[("email", "admin@example.org")]).await,
        StatusCode::UNPROCESSABLE_ENTITY,
        "works here",
    )
    .await;
    // What was done to people is not for everybody who sees tenants.
    assert!(!staff.text("/").await.contains("Invited Olga"));
}
