//! What a stranger can find out or hold up by trying.

use super::{HOUR, NEW_PASSWORD, from_address, try_sign_in, with_admin};
use crate::support::site::PASSWORD;
use reqwest::StatusCode;
use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};
use tenantry::{
    store::users::Role,
    usecases::{
        actor::Actor,
        people::{self, InviteForm},
        sign_in::{Attempt, sign_in},
    },
};

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
