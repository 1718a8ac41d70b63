//! People: roles, owners, invitations, passwords, sessions, and what a stranger cannot do to them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test ends where something is not as it should be"
)]

mod support;

use reqwest::{Client, Response, StatusCode, redirect::Policy};
use std::{
    net::IpAddr,
    sync::atomic::Ordering,
    time::{Duration, Instant},
};
use support::{
    ask,
    site::{PASSWORD, Site, Visitor},
    work_off,
};
use tenantry::{
    error::Kind,
    store::{
        self, Scope, events, sql, tenant_list,
        users::{self, Role},
    },
    usecases::{
        actor::Actor,
        people::{self, InviteForm},
        sign_in::{Attempt, sign_in},
    },
};
use uuid::Uuid;

const HOUR: i64 = 3_600_000;
const NEW_PASSWORD: &str = "walnut orbit cinder fog";

fn form<'a>(name: &'a str, email: &'a str, role: &'a str, tenants: &'a str) -> [(&'a str, &'a str); 4] {
    [("name", name), ("email", email), ("role", role), ("tenants", tenants)]
}

/// The path of the link that an answer shows.
async fn link(answer: Response) -> String {
    assert_eq!(answer.status(), StatusCode::OK);
    let page = answer.text().await.unwrap();
    let start = page.find("/password/").unwrap_or_else(|| panic!("no link in {page}"));
    page[start..].split(['"', '<', '&', ' ']).next().unwrap().to_owned()
}

async fn person(site: &Site, email: &str) -> users::User {
    users::by_email(&mut site.app.store.read().await.unwrap(), email).await.unwrap().unwrap()
}

/// The history of a person, newest first, as (action, who).
async fn history(site: &Site, id: Uuid) -> Vec<(String, String)> {
    let mut read = site.app.store.read().await.unwrap();
    let found = events::of_person(&mut read, id, 100).await.unwrap();
    found.into_iter().map(|event| (event.action, event.actor_name)).collect()
}

async fn said(answer: Response, status: StatusCode, part: &str) {
    let found = answer.status();
    let text = answer.text().await.unwrap();
    assert!(found == status && text.contains(part), "{found}, wanted {status} and {part}: {text}");
}

async fn with_admin() -> Site {
    let site = Site::start().await;
    site.add("admin@example.org", Role::Admin).await;
    site
}

async fn try_sign_in(visitor: &Visitor<'_>, email: &str, password: &str) -> Response {
    visitor.post("/login", &[("email", email), ("password", password)]).await
}

/// A browser whose requests come from another address of this machine.
fn from_address<'a>(site: &'a Site, address: &str) -> Visitor<'a> {
    let client = Client::builder()
        .cookie_store(true)
        .redirect(Policy::none())
        .local_address(address.parse::<IpAddr>().unwrap())
        .build()
        .unwrap();
    Visitor { site, client }
}

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
async fn a_link_ends_with_its_time_with_a_newer_one_and_with_the_first_who_uses_it() {
    let site = with_admin().await;
    let admin = site.signed_in("admin@example.org").await;
    let first = link(admin.post("/people/invite", &form("Sam", "sam@example.org", "staff", "")).await).await;
    let sam = person(&site, "sam@example.org").await;
    // The same form sent twice is one person and one good link.
    let second = link(admin.post("/people/invite", &form("Sam", "sam@example.org", "staff", "")).await).await;
    let visitor = site.visitor();
    assert_eq!(
        visitor.get(&first).await.status(),
        StatusCode::NOT_FOUND,
        "the older one dies with a newer one"
    );
    site.place.clock.advance(72 * HOUR - 1);
    assert_eq!(visitor.get(&second).await.status(), StatusCode::OK);
    site.place.clock.advance(1);
    assert_eq!(visitor.get(&second).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(visitor.post(&second, &[("password", NEW_PASSWORD)]).await.status(), StatusCode::NOT_FOUND);
    let admin = site.signed_in("admin@example.org").await;
    assert!(admin.text("/people").await.contains("Invitation too old"));
    let third = link(admin.post(&format!("/people/{}/link", sam.id), &[]).await).await;
    // Two at once: one is first, and the other is told that the link was used.
    let (one, other) = (site.visitor(), site.visitor());
    let (a, b) = ([("password", NEW_PASSWORD)], [("password", "another fine password")]);
    let (one, other) = tokio::join!(one.post(&third, &a), other.post(&third, &b));
    let mut statuses = [one.status().as_u16(), other.status().as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 404]);
    // A reset is good for half an hour.
    let reset = link(admin.post(&format!("/people/{}/link", sam.id), &[]).await).await;
    site.place.clock.advance(HOUR / 2 - 1);
    assert_eq!(visitor.get(&reset).await.status(), StatusCode::OK);
    site.place.clock.advance(1);
    assert_eq!(visitor.get(&reset).await.status(), StatusCode::NOT_FOUND);
    // An unknown link, a used one and one that is too old get one and the same answer.
    let strip = async |path: &str| {
        let page = site.visitor().text(path).await;
        let token = page
            .split("name=\"csrf\" value=\"")
            .nth(1)
            .map(|rest| rest.split('"').next().unwrap().to_owned());
        page.replace(token.as_deref().unwrap_or("-"), "T")
    };
    let unknown = strip("/password/never-was").await;
    assert_eq!(strip(&third).await, unknown);
    assert_eq!(strip(&reset).await, unknown);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_ends_every_session_and_is_the_persons_own_choice() {
    let site = with_admin().await;
    let sam = site.add("sam@example.org", Role::Staff).await;
    let admin = site.signed_in("admin@example.org").await;
    let at_work = site.signed_in("sam@example.org").await;
    let at_home = site.signed_in("sam@example.org").await;
    let page = admin.text(&format!("/people/{sam}")).await;
    assert!(
        page.contains("With 2 browsers") && !page.contains("type=\"password\""),
        "no field for another's password"
    );
    let reset = link(admin.post(&format!("/people/{sam}/link"), &[]).await).await;
    assert_eq!(at_work.get("/tenants").await.status(), StatusCode::OK, "asking for a link ends nothing");
    assert_eq!(at_home.post(&reset, &[("password", NEW_PASSWORD)]).await.status(), StatusCode::SEE_OTHER);
    for browser in [&at_work, &at_home] {
        assert_eq!(browser.get("/tenants").await.status(), StatusCode::SEE_OTHER);
    }
    assert_eq!(
        try_sign_in(&at_work, "sam@example.org", PASSWORD).await.status(),
        StatusCode::UNPROCESSABLE_ENTITY
    );
    assert_eq!(try_sign_in(&at_work, "sam@example.org", NEW_PASSWORD).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(history(&site, sam).await[0].0, "password_reset");
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
        let id = support::tenant(&site.app, "birch").await.id;
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
    let birch = support::tenant(&site.app, "birch").await.id;
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

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_changed_with_the_current_one_and_ends_the_other_sessions() {
    let site = with_admin().await;
    let here = site.signed_in("admin@example.org").await;
    let there = site.signed_in("admin@example.org").await;
    let change = |current: &'static str, new: &'static str| {
        let fields = [("current_password", current), ("password", new)];
        let here = &here;
        async move { here.post("/account/password", &fields).await }
    };
    said(
        change("", NEW_PASSWORD).await,
        StatusCode::UNPROCESSABLE_ENTITY,
        "Enter the password that you have now",
    )
    .await;
    said(
        change("not my password", NEW_PASSWORD).await,
        StatusCode::UNPROCESSABLE_ENTITY,
        "This is not your password",
    )
    .await;
    said(change(PASSWORD, "short").await, StatusCode::UNPROCESSABLE_ENTITY, "has 5 characters").await;
    said(change(PASSWORD, PASSWORD).await, StatusCode::UNPROCESSABLE_ENTITY, "the password that you have")
        .await;
    assert_eq!(there.get("/account").await.status(), StatusCode::OK);
    let before = session_cookie(&change_headers(&here).await);
    let changed = change(PASSWORD, NEW_PASSWORD).await;
    assert_eq!(changed.status(), StatusCode::SEE_OTHER);
    let after = session_cookie(&changed).unwrap();
    assert_ne!(before, Some(after.clone()), "a new token");
    assert_eq!(here.get("/account").await.status(), StatusCode::OK, "this session goes on");
    assert_eq!(there.get("/account").await.status(), StatusCode::SEE_OTHER, "the others end");
    assert_eq!(
        try_sign_in(&there, "admin@example.org", PASSWORD).await.status(),
        StatusCode::UNPROCESSABLE_ENTITY
    );
    assert_eq!(try_sign_in(&there, "admin@example.org", NEW_PASSWORD).await.status(), StatusCode::SEE_OTHER);
    // A session that was taken over is no place to guess the password at leisure.
    let mut waits = 0;
    for _ in 0..9 {
        waits += usize::from(
            change("guess", "another fine password").await.status() == StatusCode::TOO_MANY_REQUESTS,
        );
    }
    assert!(waits >= 3, "{waits}");
    // The name is changed, and says so in the frame.
    assert_eq!(here.post("/account/name", &[("name", " ")]).await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    here.post("/account/name", &[("name", "Ada <Lovelace>")]).await;
    let page = here.text("/account").await;
    assert!(page.contains("Ada &#60;Lovelace&#62;"), "{page}");
    let id = person(&site, "admin@example.org").await.id;
    let done = history(&site, id).await;
    assert_eq!((done[0].0.as_str(), done[1].0.as_str()), ("name_changed", "password_changed"));
}

/// Any answer of a visit, for its cookies.
async fn change_headers(visitor: &Visitor<'_>) -> Response {
    visitor.get("/account").await
}

fn session_cookie(answer: &Response) -> Option<String> {
    let cookies = answer.headers().get_all("set-cookie").iter();
    cookies
        .filter_map(|value| value.to_str().ok()?.strip_prefix("tenantry_session="))
        .map(|rest| rest.split(';').next().unwrap().to_owned())
        .next()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planted_session_is_worth_nothing_after_signing_in() {
    let site = with_admin().await;
    // A session that the attacker got for themselves, with a message in it, as one before signing in may have.
    let sam = site.add("sam@example.org", Role::Staff).await;
    let admin = site.signed_in("admin@example.org").await;
    let reset = link(admin.post(&format!("/people/{sam}/link"), &[]).await).await;
    let planted = site.visitor().post(&reset, &[("password", NEW_PASSWORD)]).await;
    let planted = session_cookie(&planted).expect("the message made a session");
    let send = |cookie: &str, path: &'static str| {
        let client = Client::builder().redirect(Policy::none()).build().unwrap();
        client
            .get(format!("{}{path}", site.base))
            .header("Cookie", format!("tenantry_session={cookie}"))
            .send()
    };
    let client = Client::builder().redirect(Policy::none()).build().unwrap();
    let entered = client
        .post(format!("{}/login", site.base))
        .header("Cookie", format!("tenantry_session={planted}"))
        .header("Sec-Fetch-Site", "same-origin")
        .form(&[("email", "admin@example.org"), ("password", PASSWORD)])
        .send()
        .await
        .unwrap();
    assert_eq!(entered.status(), StatusCode::SEE_OTHER);
    let real = session_cookie(&entered).unwrap();
    assert_ne!(real, planted);
    assert_eq!(send(&planted, "/account").await.unwrap().status(), StatusCode::SEE_OTHER);
    assert_eq!(send(&real, "/account").await.unwrap().status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_listed_in_plain_words_and_ended_one_by_one_or_all_but_this() {
    let site = with_admin().await;
    site.add("sam@example.org", Role::Staff).await;
    let sams = site.signed_in("sam@example.org").await;
    let browser = |agent: &str| {
        let client =
            Client::builder().cookie_store(true).redirect(Policy::none()).user_agent(agent).build().unwrap();
        Visitor { site: &site, client }
    };
    let laptop = browser("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0");
    let phone = browser(
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Version/17.5 Mobile/15E148 Safari/604.1",
    );
    let tablet = browser("Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/130.0.0.0 Safari/537.36");
    for visitor in [&laptop, &phone, &tablet] {
        assert_eq!(try_sign_in(visitor, "admin@example.org", PASSWORD).await.status(), StatusCode::SEE_OTHER);
    }
    let page = laptop.text("/account").await;
    for part in ["Firefox on Linux", "Safari on an iPhone", "Chrome on Android", "From 127.0.0.1", "This one"]
    {
        assert!(page.contains(part), "{part}: {page}");
    }
    let html = scraper::Html::parse_document(&page);
    let marks: Vec<(String, String)> = html
        .select(&scraper::Selector::parse(".lines li").unwrap())
        .filter_map(|row| {
            let field = row.select(&scraper::Selector::parse("input[name=session]").unwrap()).next()?;
            Some((row.text().collect::<String>(), field.attr("value").unwrap().to_owned()))
        })
        .collect();
    assert_eq!(marks.len(), 2, "this one has no button");
    let phones = &marks.iter().find(|(text, _)| text.contains("iPhone")).unwrap().1;
    // Nobody ends somebody else's.
    sams.post("/account/sessions/end", &[("session", phones)]).await;
    assert_eq!(phone.get("/account").await.status(), StatusCode::OK);
    laptop.post("/account/sessions/end", &[("session", phones)]).await;
    assert_eq!(phone.get("/account").await.status(), StatusCode::SEE_OTHER);
    assert_eq!(tablet.get("/account").await.status(), StatusCode::OK);
    said(tablet.get("/account").await, StatusCode::OK, "End all others").await;
    laptop.post("/account/sessions/end-others", &[]).await;
    assert_eq!(tablet.get("/account").await.status(), StatusCode::SEE_OTHER);
    assert_eq!(laptop.get("/account").await.status(), StatusCode::OK);
    assert_eq!(sams.get("/account").await.status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_idle_and_after_a_day_and_owners_may_rest_longer() {
    let site = with_admin().await;
    site.add("olga@example.org", Role::Owner).await;
    let admin = site.signed_in("admin@example.org").await;
    let owner = site.signed_in("olga@example.org").await;
    site.place.clock.advance(HOUR - 1);
    assert_eq!(admin.get("/account").await.status(), StatusCode::OK);
    site.place.clock.advance(HOUR - 60_000);
    assert_eq!(admin.get("/account").await.status(), StatusCode::OK, "used, it goes on");
    site.place.clock.advance(HOUR);
    assert_eq!(admin.get("/account").await.status(), StatusCode::SEE_OTHER, "an hour without use");
    assert_eq!(owner.get("/account").await.status(), StatusCode::OK, "owners have twelve hours");
    site.place.clock.advance(12 * HOUR);
    assert_eq!(owner.get("/account").await.status(), StatusCode::SEE_OTHER);
    // A day is the end, however much it is used.
    let admin = site.signed_in("admin@example.org").await;
    let mut hours = 0;
    while admin.get("/account").await.status() == StatusCode::OK {
        site.place.clock.advance(HOUR / 2);
        hours += 1;
        assert!(hours < 60, "it never ends");
    }
    assert_eq!(hours, 48);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_who_hammers_an_account_keeps_its_owner_out_of_nothing() {
    let site = with_admin().await;
    site.add("sam@example.org", Role::Staff).await;
    // Signed in here before, and out again.
    let known = site.signed_in("admin@example.org").await;
    known.post("/logout", &[]).await;
    let stranger = site.visitor();
    let mut waits = 0;
    for _ in 0..30 {
        waits += usize::from(
            try_sign_in(&stranger, "admin@example.org", "wrong").await.status()
                == StatusCode::TOO_MANY_REQUESTS,
        );
    }
    assert!(waits >= 20, "{waits}");
    // From the very same address at the very same moment: the known browser is not held up.
    assert_eq!(try_sign_in(&known, "admin@example.org", PASSWORD).await.status(), StatusCode::SEE_OTHER);
    // It is known for the person who signed in there, and for nobody else.
    for _ in 0..7 {
        try_sign_in(&known, "sam@example.org", "wrong").await;
    }
    assert_eq!(
        try_sign_in(&known, "sam@example.org", PASSWORD).await.status(),
        StatusCode::TOO_MANY_REQUESTS
    );
    // A known browser has a count of its own: it is no way round the waiting.
    let mut waits = 0;
    for _ in 0..12 {
        waits += usize::from(
            try_sign_in(&known, "admin@example.org", "wrong").await.status() == StatusCode::TOO_MANY_REQUESTS,
        );
    }
    assert!(waits >= 5, "{waits}");
    // From another address one waits for nobody, known or not.
    let elsewhere = from_address(&site, "127.0.0.9");
    assert_eq!(try_sign_in(&elsewhere, "admin@example.org", PASSWORD).await.status(), StatusCode::SEE_OTHER);
    // Where even that is used up, a link of an administrator lets one in, in a browser that is known from then on.
    let bea = site.add("bea@example.org", Role::Admin).await;
    for place in 10..70 {
        let attempt = Attempt {
            email: "bea@example.org".into(),
            password: "wrong".into(),
            address: format!("10.0.0.{place}"),
            browser: None,
        };
        let _ = sign_in(&site.app, attempt).await;
    }
    let new = from_address(&site, "127.0.0.10");
    assert_eq!(try_sign_in(&new, "bea@example.org", PASSWORD).await.status(), StatusCode::TOO_MANY_REQUESTS);
    let (_, reset) = people::make_link(&site.app, &Actor::CommandLine, bea).await.unwrap();
    new.post(&format!("/password/{}", reset.token), &[("password", NEW_PASSWORD)]).await;
    assert_eq!(try_sign_in(&new, "bea@example.org", NEW_PASSWORD).await.status(), StatusCode::SEE_OTHER);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_five_hundred_guesses_in_an_hour_at_most_a_hundred_are_looked_at() {
    let site = with_admin().await;
    {
        let email = "admin@example.org";
        let before = site.app.hashed.load(Ordering::Relaxed);
        for place in 0..500 {
            let address = format!("10.1.{}.{}", place / 250, place % 250);
            let attempt = Attempt {
                email: email.into(),
                password: "wrong".into(),
                address,
                browser: Some("made up".into()),
            };
            assert!(sign_in(&site.app, attempt).await.is_err());
            site.place.clock.advance(HOUR / 500);
        }
        let looked = site.app.hashed.load(Ordering::Relaxed) - before;
        assert!((90..=100).contains(&looked), "{email}: {looked}");
        site.place.clock.advance(3 * HOUR);
    }
    // Nor from one address over many accounts: 20 at once, 20 more a minute.
    let before = site.app.hashed.load(Ordering::Relaxed);
    for place in 0..100 {
        let attempt = Attempt {
            email: format!("p{place}@example.org"),
            password: "wrong".into(),
            address: "10.9.9.9".into(),
            browser: None,
        };
        let _ = sign_in(&site.app, attempt).await;
    }
    assert_eq!(site.app.hashed.load(Ordering::Relaxed) - before, 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_can_tell_by_text_status_work_or_time_who_has_an_account() {
    let site = with_admin().await;
    let off = site.add("off@example.org", Role::Staff).await;
    site.add("sam@example.org", Role::Staff).await;
    people::set_active(&site.app, &Actor::CommandLine, off, false).await.unwrap();
    let form = InviteForm {
        name: "Ina".into(),
        email: "ina@example.org".into(),
        role: "staff".into(),
        tenants: Vec::new(),
    };
    people::invite(&site.app, &Actor::CommandLine, form).await.unwrap();
    let kinds = ["sam@example.org", "nobody@example.org", "off@example.org", "ina@example.org"];
    let mut answers = Vec::new();
    for email in kinds {
        let before = site.app.hashed.load(Ordering::Relaxed);
        let answer = try_sign_in(&site.visitor(), email, "some wrong password").await;
        assert_eq!(site.app.hashed.load(Ordering::Relaxed) - before, 1, "{email}: one password is looked at");
        assert!(
            answer
                .headers()
                .get("set-cookie")
                .is_none_or(|cookie| !cookie.to_str().unwrap().contains("browser")),
            "{email}"
        );
        let status = answer.status();
        let page = answer.text().await.unwrap();
        let token =
            page.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        answers.push((status, page.replace(&token, "T").replace(email, "X")));
    }
    for answer in &answers[1..] {
        assert_eq!(answer, &answers[0]);
    }
    // The right password of somebody who was switched off is as wrong as any other.
    let answer = try_sign_in(&site.visitor(), "off@example.org", PASSWORD).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    // By time, in a wide band: a path that hashed nothing would be ten times as fast.
    let mut medians = Vec::new();
    for email in kinds {
        let mut times: Vec<Duration> = Vec::new();
        for place in 0..15 {
            let attempt = Attempt {
                email: email.into(),
                password: "wrong".into(),
                address: format!("10.2.0.{place}"),
                browser: None,
            };
            let start = Instant::now();
            let _ = sign_in(&site.app, attempt).await;
            times.push(start.elapsed());
        }
        times.sort();
        medians.push(times[7]);
    }
    let (least, most) = (medians.iter().min().unwrap(), medians.iter().max().unwrap());
    assert!(*most < *least * 4, "{medians:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_means_the_same_from_every_keyboard_and_is_not_cut() {
    let site = with_admin().await;
    let sam = site.add("sam@example.org", Role::Staff).await;
    let (_, reset) = people::make_link(&site.app, &Actor::CommandLine, sam).await.unwrap();
    let long = format!("  caf\u{e9} 木 {} ends here ", "velvet stapler uprising ".repeat(6));
    assert!(long.chars().count() > 150);
    let visitor = site.visitor();
    assert_eq!(
        visitor.post(&format!("/password/{}", reset.token), &[("password", &long)]).await.status(),
        StatusCode::SEE_OTHER
    );
    for wrong in [long.trim().to_owned(), long.replace("ends here", "ends there"), long.to_uppercase()] {
        assert_eq!(
            try_sign_in(&visitor, "sam@example.org", &wrong).await.status(),
            StatusCode::UNPROCESSABLE_ENTITY
        );
    }
    let decomposed = long.replace('\u{e9}', "e\u{301}");
    assert_ne!(decomposed, long);
    assert_eq!(try_sign_in(&visitor, "sam@example.org", &decomposed).await.status(), StatusCode::SEE_OTHER);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_two_invitations_of_a_tenant_are_told_apart() {
    let site = with_admin().await;
    ask(&site.app, "Acme", &[]).await;
    work_off(&site.app).await;
    let admin = site.signed_in("admin@example.org").await;
    let here = admin.text("/tenants/acme/owners").await;
    assert!(
        here.contains("Owners who sign in here") && here.contains("not the tenant's own application")
            || here.contains("not the tenant&#39;s own application"),
        "{here}"
    );
    let overview = admin.text("/tenants/acme").await;
    assert!(overview.contains("First sign-in to its application"), "{overview}");
    // The link of the one opens nothing of the other.
    let mine =
        link(admin.post("/tenants/acme/owners", &[("name", "Olga"), ("email", "olga@example.org")]).await)
            .await;
    let token = mine.trim_start_matches("/password/");
    assert_eq!(admin.get(&format!("/invitations/{token}")).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(admin.get(&mine).await.status(), StatusCode::OK);
}
