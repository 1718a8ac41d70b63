//! The web application through its door: every route with every role, sessions, forms from elsewhere, and the way from the
//! first-run link to an owner's password.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test ends where something is not as it should be"
)]

mod support;

use reqwest::{Client, Response, StatusCode, redirect::Policy};
use sqlx::{Connection, Row};
use std::collections::BTreeMap;
use support::{
    ask, open_tenant,
    site::{PASSWORD, Site, Visitor},
    tenant, work_off,
};
use tenantry::{
    apply::export::archive::Contents,
    engine::server::{Isolation, Product, TlsMode},
    store::{
        drift::runs::{self, Act, Run, Tally},
        servers::{self, Access, Room, Server},
        users::Role,
    },
    usecases::{
        accounts::first_run_token,
        actor::Actor,
        exports::{self, Asked},
        permissions::{Reach, reach},
        template_drafts::{self, Step},
    },
    web::routes::{self, table},
};

fn location(answer: &Response) -> String {
    answer.headers()["location"].to_str().unwrap().to_owned()
}

/// Where a path has a draft: nobody's.
const NO_DRAFT: &str = "00000000-0000-7000-8000-000000000000";

/// The path with a draft of the visitor's own, for those who may have one.
async fn with_draft(visitor: &Visitor<'_>, path: String) -> String {
    if !path.contains(NO_DRAFT) {
        return path;
    }
    if path.starts_with("/template-drafts/") {
        let app = &visitor.site.app;
        let begun = template_drafts::begin(app, &Actor::CommandLine, "ngo", "1.0.0", Step::Patch).await;
        return path.replace(NO_DRAFT, &begun.unwrap().to_string());
    }
    let begun = visitor.post("/tenants/new", &[("name", "Begun"), ("email", "b@example.org")]).await;
    match begun.status() {
        StatusCode::SEE_OTHER => {
            path.replace(NO_DRAFT, location(&begun).trim_end_matches("/template").rsplit('/').next().unwrap())
        }
        _ => path,
    }
}

/// A path of the table with real names in it. A route with a name that is not known here fails the test, so that no new
/// route is left out of the walk.
fn real(path: &str, slug: &str, person: &str, server: &str) -> String {
    let path = path
        .replace("{slug}", slug)
        .replace("{person}", person)
        .replace("{server}", server)
        .replace("{draft}", NO_DRAFT)
        .replace("{step}", "who")
        .replace("{template_draft}", NO_DRAFT)
        .replace("{type}", "ngo")
        .replace("{version}", "1.0.0")
        .replace("{token}", "wrong")
        .replace("{file}", "nothing.css")
        .replace("{export}", EXPORT)
        .replace("{run}", RUN)
        .replace("{difference}", DIFFERENCE);
    assert!(!path.contains('{'), "say here what stands for the name in {path}");
    path
}

/// A server in the list that answers nobody; a new one each time, because one of the routes removes it.
async fn a_server(site: &Site) -> String {
    let app = &site.app;
    let id = app.new_id();
    let server = Server {
        id,
        name: format!("s-{}", &id.simple().to_string()[20..]),
        product: Product::MariaDb,
        access: Access {
            host: "127.0.0.1".into(),
            port: 1,
            admin_name: "admin".into(),
            admin_password: app.engines.seal_for_server(id, "secret").unwrap(),
            admin_database: None,
            tls_mode: TlsMode::Off,
            tls_authority: None,
        },
        room: Room { region: None, capacity: None, weight: 100, connections: 4 },
        isolation: Isolation::Database,
        is_draining: false,
        tried: None,
        changed_ms: app.now_ms(),
        created_ms: app.now_ms(),
        tenants: 0,
    };
    let mut write = app.store.write().await.unwrap();
    servers::add(&mut write, &server).await.unwrap();
    write.commit().await.unwrap();
    server.name
}

/// Templates are tried out on every server in the list, which the walk's do not answer.
async fn forget_servers(site: &Site) {
    let mut write = site.app.store.write().await.unwrap();
    tenantry::store::sql("DELETE FROM servers").run(&mut write).await.unwrap();
    write.commit().await.unwrap();
}

/// Something that differs in the tenant that is walked about, as far as is known.
async fn a_difference(site: &Site, is_left_alone: bool) {
    let app = &site.app;
    let tenant = support::tenant(app, "acme").await;
    let difference = tenantry::store::drift::Difference {
        id: DIFFERENCE.into(),
        kind: "index".into(),
        object: "members.idx_full_name".into(),
        change: "removed".into(),
        severity: tenantry::store::drift::Level::Medium,
        expected: Some("(last_name, first_name)".into()),
        found: None,
        sentence: "The index members.idx_full_name is missing.".into(),
        cause: None,
    };
    let found = tenantry::store::drift::Found {
        schema_hash: "0".repeat(64),
        expected_hash: "1".repeat(64),
        differences: vec![difference],
    };
    let outcome = tenantry::store::drift::Outcome { tenant_id: tenant.id, found: Ok(found) };
    let mut write = app.store.write().await.unwrap();
    tenantry::store::drift::record(&mut write, &[outcome], app.now_ms()).await.unwrap();
    let ignored = tenantry::store::drift::Ignored {
        until_ms: app.now_ms() + 60_000,
        reason: "For the walk.".into(),
        by: "Maria".into(),
    };
    let ignored = is_left_alone.then_some(&ignored);
    tenantry::store::drift::set_ignored(&mut write, tenant.id, DIFFERENCE, ignored).await.unwrap();
    write.commit().await.unwrap();
}

/// A check of many tenants.
const RUN: &str = "0199c2f4-7a31-7cc0-9a54-2b1f0e6c8d12";

async fn a_run(site: &Site) {
    let now = site.app.now_ms();
    let run = Run {
        id: RUN.parse().unwrap(),
        act: Act::Check,
        decided: None,
        scope: Some(Vec::new()),
        asked_by: "Maria".into(),
        total: 0,
        tally: Tally::default(),
        position: None,
        created_ms: now,
        ended_ms: None,
    };
    let mut write = site.app.store.write().await.unwrap();
    runs::add(&mut write, &run, None).await.unwrap();
    write.commit().await.unwrap();
}

const DIFFERENCE: &str = "0123456789abcdef";

/// An export of the tenant that is walked about.
const EXPORT: &str = "0199c2f4-7a31-7cc0-9a54-2b1f0e6c8d11";

/// Who walks: what they may do is in the permission table, and whether the tenant is theirs.
struct Walker<'a> {
    name: &'static str,
    role: Role,
    owns_it: bool,
    visitor: Visitor<'a>,
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_lets_through_whom_the_table_lets_through_and_nobody_else() {
    let site = Site::start().await;
    ask(&site.app, "Acme", &[]).await;
    ask(&site.app, "Elsewhere", &[]).await;
    work_off(&site.app).await;
    let contents = Contents { sql: true, csv: false, for_spreadsheets: false };
    let asked = Asked { contents, request_id: EXPORT.parse().unwrap() };
    exports::ask(&site.app, &Actor::CommandLine, "acme", &asked).await.unwrap();
    work_off(&site.app).await;
    a_run(&site).await;
    for (email, role, owns) in [
        ("staff@example.org", Role::Staff, None),
        ("admin@example.org", Role::Admin, None),
        ("olga@example.org", Role::Owner, Some("acme")),
        ("felix@example.org", Role::Owner, Some("elsewhere")),
        // The e-mail with which the tenant was asked for opens nothing: ownership does.
        ("dana@example.org", Role::Owner, None),
    ] {
        let person = site.add(email, role).await;
        if let Some(slug) = owns {
            site.own(person, slug).await;
        }
    }
    let nobody = site.visitor();
    let mut walkers = Vec::new();
    for (name, email, role, owns_it) in [
        ("staff", "staff@example.org", Role::Staff, false),
        ("admin", "admin@example.org", Role::Admin, false),
        ("owner", "olga@example.org", Role::Owner, true),
        ("foreign owner", "felix@example.org", Role::Owner, false),
        ("owner of nothing", "dana@example.org", Role::Owner, false),
    ] {
        walkers.push(Walker { name, role, owns_it, visitor: site.signed_in(email).await });
    }
    let mut walked = 0;
    // Signing out comes last: it ends the walk of whoever does it.
    let mut routes = table();
    routes.sort_by_key(|route| route.path == "/logout");
    for route in routes {
        let fetch = |visitor: &Client, path: &str| match route.method {
            "GET" => visitor.get(format!("{}{path}", site.base)),
            _ => visitor
                .post(format!("{}{path}", site.base))
                .header("Sec-Fetch-Site", "same-origin")
                .form(&[("a", "b")]),
        };
        let somebody = site.somebody().await;
        let path = real(route.path, "acme", &somebody, "nowhere");
        let answer = fetch(&nobody.client, &path).send().await.unwrap();
        let routes::Access::Needs(permission) = route.access else {
            assert!(!answer.status().is_server_error(), "{} {path}: {}", route.method, answer.status());
            continue;
        };
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "nobody at {} {path}", route.method);
        assert!(location(&answer).starts_with("/login"), "nobody at {} {path}", route.method);
        for walker in &walkers {
            // Somebody new each time: one of the routes removes them.
            let server = if route.path.contains("{server}") { a_server(&site).await } else { String::new() };
            if route.path.contains("/changes") || route.path.contains("{difference}") {
                a_difference(&site, route.path.ends_with("/count")).await;
            }
            let path = real(route.path, "acme", &site.somebody().await, &server);
            let path = with_draft(&walker.visitor, path).await;
            let answer = fetch(&walker.visitor.client, &path).send().await.unwrap();
            forget_servers(&site).await;
            let status = answer.status();
            let place = format!("{} at {} {path}: {status}", walker.name, route.method);
            walked += 1;
            match reach(walker.role, permission) {
                Reach::None => {
                    assert_eq!(status, StatusCode::FORBIDDEN, "{place}");
                    assert!(answer.text().await.unwrap().contains("<h1>"), "{place}: a page says so");
                }
                // Others than a tenant's owners are told that there is no such tenant.
                Reach::Own if route.path.contains("{slug}") && !walker.owns_it => {
                    assert_eq!(status, StatusCode::NOT_FOUND, "{place}");
                }
                Reach::Own | Reach::All => assert!(
                    !matches!(status, StatusCode::FORBIDDEN | StatusCode::NOT_FOUND)
                        && !status.is_server_error(),
                    "{place}"
                ),
            }
        }
    }
    assert!(walked >= 70, "{walked}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_carries_the_security_headers_errors_and_redirects_too() {
    let site = Site::start().await;
    site.add("admin@example.org", Role::Admin).await;
    let admin = site.signed_in("admin@example.org").await;
    let mut paths: Vec<String> = table()
        .iter()
        .filter(|route| route.method == "GET")
        .map(|route| real(route.path, "acme", "nobody", "nowhere"))
        .collect();
    paths.extend(["/nonsense".into(), "/tenants/%ff".into(), "/tenants?at=broken".into()]);
    for path in paths {
        for visitor in [&admin, &site.visitor()] {
            let answer = visitor.get(&path).await;
            let headers = answer.headers().clone();
            let text = |name: &str| {
                headers.get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
            };
            let policy = text("content-security-policy");
            assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{path}: {policy}");
            assert_eq!(text("x-content-type-options"), "nosniff", "{path}");
            assert_eq!(text("referrer-policy"), "same-origin", "{path}");
            assert!(!text("cache-control").is_empty(), "{path}");
            for cookie in headers.get_all("set-cookie") {
                let cookie = cookie.to_str().unwrap();
                assert!(
                    cookie.contains("HttpOnly")
                        && cookie.contains("SameSite=Lax")
                        && cookie.contains("Path=/"),
                    "{cookie}"
                );
            }
            let body = answer.text().await.unwrap();
            assert!(
                !body.contains(" style=\"") && !body.contains("<script>") && !body.contains(" onclick="),
                "{path}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_from_elsewhere_is_refused_at_every_route_that_takes_one() {
    let site = Site::start().await;
    site.add("admin@example.org", Role::Admin).await;
    let admin = site.signed_in("admin@example.org").await;
    for route in table().iter().filter(|route| route.method == "POST") {
        let url = format!("{}{}", site.base, real(route.path, "acme", "nobody", "nowhere"));
        let send = |headers: &[(&str, &str)]| {
            let mut request = admin.client.post(&url).form(&[("name", "x")]);
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            request.send()
        };
        for headers in [
            &[("Sec-Fetch-Site", "cross-site")][..],
            &[("Sec-Fetch-Site", "same-site")],
            &[("Origin", "https://evil.example")],
            &[("Origin", "null")],
            &[],
        ] {
            assert_eq!(
                send(headers).await.unwrap().status(),
                StatusCode::FORBIDDEN,
                "{} {headers:?}",
                route.path
            );
        }
    }
    // Without any header of a browser, the token of the page is what counts.
    let page = admin.text("/tenants/new").await;
    let token = hidden(&page, "csrf");
    let form = |token: &str| {
        let fields = [("csrf", token), ("name", "Acme"), ("email", "a@example.org")];
        admin.client.post(format!("{}/tenants/new", site.base)).form(&fields).send()
    };
    assert_eq!(form("wrong").await.unwrap().status(), StatusCode::FORBIDDEN);
    assert_eq!(form(&token).await.unwrap().status(), StatusCode::SEE_OTHER);
}

/// The value of a hidden field.
fn hidden(page: &str, name: &str) -> String {
    let html = scraper::Html::parse_document(page);
    let selector = scraper::Selector::parse(&format!("input[name={name}]")).unwrap();
    html.select(&selector)
        .next()
        .unwrap_or_else(|| panic!("no {name} in {page}"))
        .attr("value")
        .unwrap()
        .to_owned()
}

fn cookie_of(answer: &Response) -> Option<String> {
    let cookies: BTreeMap<String, String> = answer
        .headers()
        .get_all("set-cookie")
        .iter()
        .filter_map(|value| value.to_str().ok()?.split(';').next()?.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    cookies.get("tenantry_session").cloned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_begins_anew_at_sign_in_and_ends_on_the_server() {
    let site = Site::start().await;
    site.add("admin@example.org", Role::Admin).await;
    let visitor = site.visitor();
    let first = visitor.post("/login", &[("email", "Admin@Example.org "), ("password", PASSWORD)]).await;
    let session = cookie_of(&first).unwrap();
    let second = visitor.post("/login", &[("email", "admin@example.org"), ("password", PASSWORD)]).await;
    assert_ne!(cookie_of(&second).unwrap(), session, "signing in again gives a new token");
    // The old token is worth nothing any more; nor is the new one after signing out.
    let with = |cookie: String| {
        Client::builder()
            .redirect(Policy::none())
            .build()
            .unwrap()
            .get(format!("{}/tenants", site.base))
            .header("Cookie", format!("tenantry_session={cookie}"))
            .send()
    };
    assert_eq!(with(session).await.unwrap().status(), StatusCode::SEE_OTHER);
    let current = cookie_of(&second).unwrap();
    assert_eq!(with(current.clone()).await.unwrap().status(), StatusCode::OK);
    visitor.post("/logout", &[]).await;
    assert_eq!(with(current).await.unwrap().status(), StatusCode::SEE_OTHER);
    // And a session ends by itself.
    let third = visitor.post("/login", &[("email", "admin@example.org"), ("password", PASSWORD)]).await;
    let kept = cookie_of(&third).unwrap();
    site.place.clock.advance(13 * 3_600_000);
    assert_eq!(with(kept).await.unwrap().status(), StatusCode::SEE_OTHER);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_person_and_a_wrong_password_look_the_same_and_many_tries_have_to_wait() {
    let site = Site::start().await;
    site.add("admin@example.org", Role::Admin).await;
    let visitor = site.visitor();
    let wrong = visitor.post("/login", &[("email", "admin@example.org"), ("password", "wrong")]).await;
    let unknown = visitor.post("/login", &[("email", "nobody@example.org"), ("password", "wrong")]).await;
    assert_eq!(
        (wrong.status(), unknown.status()),
        (StatusCode::UNPROCESSABLE_ENTITY, StatusCode::UNPROCESSABLE_ENTITY)
    );
    let (wrong, unknown) = (wrong.text().await.unwrap(), unknown.text().await.unwrap());
    assert!(wrong.contains("do not fit together"));
    let strip = |page: &str| {
        page.replace("admin@example.org", "X")
            .replace("nobody@example.org", "X")
            .replace(&hidden(page, "csrf"), "T")
    };
    assert_eq!(strip(&wrong), strip(&unknown));
    // Unknown people have to wait as known ones do, after as many tries and with the same words.
    let mut answers = Vec::new();
    for email in ["admin@example.org", "nobody@example.org"] {
        let mut statuses = Vec::new();
        let mut last = String::new();
        for _ in 0..8 {
            let answer = visitor.post("/login", &[("email", email), ("password", "wrong")]).await;
            statuses.push(answer.status().as_u16());
            last = answer.text().await.unwrap();
        }
        assert!(
            statuses.contains(&429) && last.contains("too many wrong passwords"),
            "{email}: {statuses:?}"
        );
        answers.push((statuses, strip(&last)));
    }
    assert_eq!(answers[0], answers[1]);
    // Never for ever: a minute later the right password is taken.
    site.place.clock.advance(61_000);
    site.signed_in("admin@example.org").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn from_the_first_run_link_to_the_owners_password() {
    let site = Site::start().await;
    let token = first_run_token(&site.app).await.unwrap().unwrap();
    let visitor = site.visitor();
    assert_eq!(visitor.get("/setup/nonsense").await.status(), StatusCode::NOT_FOUND);
    let short = visitor
        .post(
            &format!("/setup/{token}"),
            &[("name", "Ada"), ("email", "ada@example.org"), ("password", "short")],
        )
        .await;
    assert_eq!(short.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(short.text().await.unwrap().contains("value=\"ada@example.org\""), "what was typed stays");
    let form = [("name", "Ada"), ("email", "ada@example.org"), ("password", PASSWORD)];
    assert_eq!(visitor.post(&format!("/setup/{token}"), &form).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(
        site.visitor().post(&format!("/setup/{token}"), &form).await.status(),
        StatusCode::NOT_FOUND,
        "the link is good once"
    );
    assert!(visitor.text("/").await.contains("Welcome"));

    // A form with a mistake keeps everything, then the tenant is made.
    let draft = hidden(&visitor.text("/tenants/new?template=ngo").await, "draft");
    let send = async |email: &'static str| {
        let name = ("name", "Red <Cross>");
        visitor.post("/tenants/new", &[("draft", &draft), ("template", "ngo"), name, ("email", email)]).await
    };
    let wrong = send("nonsense").await;
    assert_eq!(wrong.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let kept = wrong.text().await.unwrap();
    assert!(kept.contains("Red &#60;Cross&#62;") || kept.contains("Red &lt;Cross&gt;"), "{kept}");
    assert_eq!((hidden(&kept, "draft"), hidden(&kept, "template")), (draft.clone(), "ngo".into()));
    let extras = location(&send("owner@example.org").await);
    assert_eq!(extras, format!("/tenants/new/{draft}/extras"), "the template is chosen already");
    let plan = location(&visitor.post(&extras, &[("module", "event_shifts")]).await);
    let check = location(&visitor.post(&plan, &[("plan", "premium")]).await);
    let seen = hidden(&visitor.text(&check).await, "seen");
    let made = visitor.post(&check, &[("seen", &seen)]).await;
    assert_eq!(
        (made.status(), location(&made).as_str()),
        (StatusCode::SEE_OTHER, "/tenants/red-cross/setup")
    );
    let again = visitor.post(&check, &[("seen", &seen)]).await;
    assert_eq!(location(&again), "/tenants/red-cross/setup", "a double click makes one tenant");
    let setting_up = visitor.text("/tenants/red-cross/setup").await;
    assert!(setting_up.contains(", every 1s\"") && setting_up.contains("http-equiv=\"refresh\""));
    work_off(&site.app).await;
    let ready = visitor.text("/tenants/red-cross/setup").await;
    assert!(ready.contains("is ready") && !ready.contains("hx-trigger=\"every"), "the poll ends");
    assert!(visitor.text("/tenants?q=red").await.contains("/tenants/red-cross"));
    assert!(visitor.text("/tenants/red-cross/structure").await.contains("<svg"));

    // The owner's link: shown once, good once.
    let invited = visitor.post("/tenants/red-cross/invitation", &[]).await.text().await.unwrap();
    let link = invited
        .split("/invitations/")
        .nth(1)
        .unwrap()
        .split(['"', '<', '&'])
        .next()
        .unwrap()
        .trim()
        .to_owned();
    assert!(!visitor.text("/tenants/red-cross").await.contains(&link));
    let owner = site.visitor();
    assert!(owner.text(&format!("/invitations/{link}")).await.contains("owner@example.org"));
    let weak = owner.post(&format!("/invitations/{link}"), &[("password", "short")]).await;
    assert_eq!(weak.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let chosen = owner.post(&format!("/invitations/{link}"), &[("password", "a fine long password")]).await;
    assert_eq!(chosen.status(), StatusCode::OK);
    let late = owner.post(&format!("/invitations/{link}"), &[("password", "another long password")]).await;
    assert_eq!(late.status(), StatusCode::NOT_FOUND);
    let made = tenant(&site.app, "red-cross").await;
    let mut file = open_tenant(&site.place, &made).await;
    let hash: String = sqlx::query("SELECT password_hash FROM users WHERE email = 'owner@example.org'")
        .fetch_one(&mut file)
        .await
        .unwrap()
        .get(0);
    assert!(hash.starts_with("$argon2id$"), "{hash}");
    file.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_goes_through_all_tenants_page_by_page_in_every_order() {
    let site = Site::start().await;
    site.add("admin@example.org", Role::Admin).await;
    let admin = site.signed_in("admin@example.org").await;
    for number in 0..120 {
        ask(&site.app, &format!("Tenant {number:03}"), &[]).await;
        site.place.clock.advance(1);
    }
    for sort in ["newest", "oldest", "name", "name-desc", "template", "template-desc"] {
        let mut seen = Vec::new();
        let mut path = format!("/tenants?sort={sort}");
        loop {
            let page = admin.text(&path).await;
            let html = scraper::Html::parse_document(&page);
            let cells = scraper::Selector::parse("th .cell-sub").unwrap();
            seen.extend(html.select(&cells).map(|cell| cell.text().collect::<String>()));
            let next = scraper::Selector::parse("a[rel=next]").unwrap();
            match html.select(&next).next() {
                Some(link) => path = link.attr("href").unwrap().to_owned(),
                None => break,
            }
        }
        let mut once = seen.clone();
        once.sort();
        once.dedup();
        assert_eq!((seen.len(), once.len()), (120, 120), "{sort}");
        let first = if matches!(sort, "newest" | "name-desc" | "template-desc") {
            "tenant-119"
        } else {
            "tenant-000"
        };
        assert_eq!(seen[0], first, "{sort}");
    }
    assert!(admin.text("/tenants?q=100%25").await.contains("No tenant matches"), "a per cent sign is a sign");
    assert!(admin.text("/tenants?state=failed").await.contains("No tenant matches"));
}
