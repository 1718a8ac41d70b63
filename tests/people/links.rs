//! Invitations and reset links: for one time, one person and one use.

use super::{HOUR, NEW_PASSWORD, form, history, link, person, try_sign_in, with_admin};
use crate::support::{ask, site::PASSWORD, work_off};
use reqwest::StatusCode;
use tenantry::store::users::Role;

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
