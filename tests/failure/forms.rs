//! Forms that cannot be taken as they are sent, and requests that nobody can take: a calm page, and nothing typed is lost.

use crate::{
    pages::{Wanted, attributes, describe, location, texts, value},
    support::{ask, count, site::Site, tenant, work_off},
};
use reqwest::StatusCode;
use tenantry::store::{tenants::Status, users::Role};

async fn site() -> Site {
    let site = Site::start().await;
    site.add("staff@example.org", Role::Staff).await;
    site.add("admin@example.org", Role::Admin).await;
    site
}

const LOGIN: [(&str, &str); 2] =
    [("email", "staff@example.org"), ("password", crate::support::site::PASSWORD)];

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ran_out_in_the_middle_of_a_form_loses_nothing_that_was_typed() {
    let site = site().await;
    let staff = site.signed_in("staff@example.org").await;
    let draft = value(&staff.text("/tenants/new").await, "draft");
    site.place.clock.advance(40 * 3_600_000);
    let typed = [
        ("draft", draft.as_str()),
        ("name", "Red <Cross> & Sons"),
        ("email", "dana@example.org"),
        ("note", "two\nlines"),
        ("password", "never kept"),
    ];
    let to = location(&staff.post("/tenants/new", &typed).await);
    assert_eq!(to, "/login?next=%2Fkept-form");
    assert_eq!((count(&site.app, "tenant_drafts").await, count(&site.app, "tenants").await), (0, 0));
    let page = staff.text(&to).await;
    let next = value(&page, "next");
    let again = location(&staff.post("/login", &[LOGIN[0], LOGIN[1], ("next", &next)]).await);
    assert_eq!(again, "/kept-form");
    let page = staff.text(&again).await;
    assert_eq!(texts(&page, "h1"), ["Send it now?"]);
    let shown = texts(&page, ".answer").join("\n");
    assert!(
        shown.contains("Red <Cross> & Sons")
            && shown.contains("dana@example.org")
            && shown.contains("two lines"),
        "{shown}"
    );
    assert!(!page.contains("never kept") && page.contains("Passwords are not kept"), "{page}");
    assert!(!shown.contains(&draft), "what nobody typed is not shown");
    // The button sends what was typed, to where it was going.
    let action = attributes(&page, "main form", "action");
    assert_eq!(action, ["/tenants/new"]);
    let fields: Vec<(String, String)> = ["draft", "name", "email", "note"]
        .iter()
        .map(|name| ((*name).to_owned(), value(&page, name)))
        .collect();
    let pairs: Vec<(&str, &str)> =
        fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(location(&staff.post(&action[0], &pairs).await), format!("/tenants/new/{draft}/template"));
    let who = staff.text(&format!("/tenants/new/{draft}/who")).await;
    assert_eq!(
        (value(&who, "name"), texts(&who, "textarea")),
        ("Red <Cross> & Sons".into(), vec!["two lines".into()])
    );
    // Somebody who was never signed out has nothing waiting.
    let admin = site.signed_in("admin@example.org").await;
    assert_eq!(texts(&admin.text("/kept-form").await, "h1"), ["Nothing is waiting to be sent"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_form_that_somebody_who_is_signed_out_sends_is_kept() {
    use tenantry::web::routes::{Access, table};
    let site = site().await;
    for route in
        table().iter().filter(|route| route.method == "POST" && matches!(route.access, Access::Needs(_)))
    {
        let path = route.path.replace(['{', '}'], "");
        let visitor = site.visitor();
        let to = location(&visitor.post(&path, &[("words", "as they were typed")]).await);
        assert_eq!(to, "/login?next=%2Fkept-form", "{path}");
        location(&visitor.post("/login", &LOGIN).await);
        let page = visitor.text("/kept-form").await;
        assert!(texts(&page, ".answer").join("").contains("as they were typed"), "{path}: {page}");
        assert_eq!(attributes(&page, "main form", "action"), [path]);
        site.place.clock.advance(61_000);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_nobody_can_take_are_answered_with_a_calm_page() {
    let site = site().await;
    let staff = site.signed_in("staff@example.org").await;
    let url = |path: &str| format!("{}{path}", site.base);
    let send = |path: &str, kind: &str, body: Vec<u8>| {
        staff
            .client
            .post(url(path))
            .header("Sec-Fetch-Site", "same-origin")
            .header("Content-Type", kind.to_owned())
            .body(body)
            .send()
    };
    let form = "application/x-www-form-urlencoded";
    let forms = [
        (staff.get("/nonsense").await, 404, "Page not found"),
        (staff.get("/tenants/nobody").await, 404, "Page not found"),
        (staff.get("/tenants/new/nonsense/who").await, 404, "Page not found"),
        (
            staff
                .client
                .delete(url("/tenants"))
                .header("Sec-Fetch-Site", "same-origin")
                .send()
                .await
                .unwrap(),
            405,
            "This address takes no such request",
        ),
        (send("/tenants/new", form, vec![b'a'; 300 * 1024]).await.unwrap(), 413, "That was too much at once"),
        (send("/tenants/new", form, b"name=%FF%FE&email=%".to_vec()).await.unwrap(), 422, "Who is it for?"),
        (
            send("/tenants/new", "application/json", b"{\"name\": 1}".to_vec()).await.unwrap(),
            415,
            "This cannot be used as it is",
        ),
        (
            staff
                .client
                .post(url("/tenants/new"))
                .header("Sec-Fetch-Site", "cross-site")
                .form(&[("name", "x")])
                .send()
                .await
                .unwrap(),
            403,
            "Your account cannot do this",
        ),
    ];
    for (answer, status, heading) in forms {
        let (path, found) = (answer.url().path().to_owned(), answer.status().as_u16());
        let kind = answer.headers()["content-type"].to_str().unwrap().to_owned();
        let page = answer.text().await.unwrap();
        assert_eq!((found, kind.as_str()), (status, "text/html; charset=utf-8"), "{path}: {page}");
        assert_eq!(texts(&page, "h1"), [heading], "{path}");
        assert!(!page.contains("SELECT") && !page.contains(".rs:"), "{path}: {page}");
    }
    assert_eq!(count(&site.app, "tenant_drafts").await, 0);
    assert_eq!(staff.get("/tenants").await.status(), StatusCode::OK, "and the program lives on");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_was_open_while_somebody_else_changed_the_thing_says_so_or_does_it_once() {
    let site = site().await;
    let staff = site.signed_in("staff@example.org").await;
    ask(&site.app, "Ready", &[]).await;
    work_off(&site.app).await;
    // A template that is gone by the time that it is chosen.
    let check = describe(&staff, &Wanted::default()).await;
    let seen = value(&staff.text(&check).await, "seen");
    let mut write = site.app.store.write().await.unwrap();
    let ngo = tenantry::store::templates::of_type(&mut write, "ngo").await.unwrap();
    for version in ngo {
        tenantry::store::templates::retire(&mut write, version.id, 0, "Somebody").await.unwrap();
    }
    write.commit().await.unwrap();
    assert_eq!(location(&staff.post(&check, &[("seen", &seen)]).await), check.replace("check", "template"));
    assert_eq!(location(&staff.get(&check).await), check.replace("check", "template"));
    assert_eq!(count(&site.app, "tenants").await, 1);
    assert_eq!(
        location(&staff.post(&check.replace("check", "template"), &[("template", "basic")]).await),
        check.replace("check", "extras")
    );
    // "Try again" on the page of a tenant that is ready by now.
    let events = count(&site.app, "events").await;
    staff.post("/tenants/ready/retry", &[]).await;
    work_off(&site.app).await;
    assert_eq!(tenant(&site.app, "ready").await.status, Status::Active);
    assert_eq!(count(&site.app, "events").await, events, "nothing was done, so nothing is told");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_control_database_that_somebody_holds_is_a_page_with_the_form_to_send_again() {
    use sqlx::{ConnectOptions, Connection};
    let site = site().await;
    let staff = site.signed_in("staff@example.org").await;
    let draft = value(&staff.text("/tenants/new").await, "draft");
    let file = site.place.folder.path().join("control.db");
    let mut holder = sqlx::sqlite::SqliteConnectOptions::new().filename(file).connect().await.unwrap();
    sqlx::query("BEGIN IMMEDIATE").execute(&mut holder).await.unwrap();
    let typed = [("draft", draft.as_str()), ("name", "Patient"), ("email", "dana@example.org")];
    let (answer, list) = tokio::join!(staff.post("/tenants/new", &typed), staff.get("/tenants"));
    assert_eq!(list.status(), StatusCode::OK, "reading goes on");
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.headers()["retry-after"], "10");
    let page = answer.text().await.unwrap();
    assert!(texts(&page, ".reference code")[0].len() == 9 && !page.contains("locked"), "{page}");
    assert_eq!((value(&page, "name"), value(&page, "draft")), ("Patient".into(), draft.clone()));
    sqlx::query("ROLLBACK").execute(&mut holder).await.unwrap();
    holder.close().await.unwrap();
    let action = attributes(&page, "main form", "action");
    assert_eq!(location(&staff.post(&action[0], &typed).await), format!("/tenants/new/{draft}/template"));
}

#[tokio::test(flavor = "multi_thread")]
async fn forms_of_strangers_are_kept_in_a_bounded_number_and_the_newest_is_not_lost() {
    let site = site().await;
    let signed_in = site.signed_in("staff@example.org").await;
    let most = i64::from(tenantry::web::session::MOST_ANONYMOUS);
    let typed = [("name", "Somebody"), ("email", "dana@example.org")];
    for _ in 0..most + 10 {
        site.place.clock.advance(1);
        assert_eq!(location(&site.visitor().post("/tenants/new", &typed).await), "/login?next=%2Fkept-form");
    }
    assert_eq!(count(&site.app, "sessions").await, most + 1, "those of strangers, and that of the staff");
    assert_eq!(signed_in.get("/tenants").await.status(), StatusCode::OK, "nobody is signed out by it");
    let newest = site.visitor();
    site.place.clock.advance(1);
    newest.post("/tenants/new", &[("name", "Newest"), typed[1]]).await;
    newest.post("/login", &[LOGIN[0], LOGIN[1], ("next", "/kept-form")]).await;
    assert!(newest.text("/kept-form").await.contains("Newest"));
}
