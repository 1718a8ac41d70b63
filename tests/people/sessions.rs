//! Sessions: how they begin, are listed and end.

use super::{HOUR, NEW_PASSWORD, history, link, person, said, try_sign_in, with_admin};
use crate::support::site::{PASSWORD, Visitor};
use reqwest::{Client, Response, StatusCode, redirect::Policy};
use tenantry::store::users::Role;

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
