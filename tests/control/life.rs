//! Everything that an installation does, on each engine.

use crate::support::{
    Place, ask,
    control::On,
    count, job_of,
    site::{PASSWORD, Site},
    tenant, work_off,
};
use tenantry::{
    app::App,
    error::Kind,
    store::{
        self, Scope,
        jobs::JobStatus,
        tenant_list::{Filter, Sort},
        tenants::Status,
        users::Role,
    },
    usecases::{
        accounts,
        actor::Actor,
        invitations,
        life::{self, LastSnapshot, NewName},
        people, tenants,
    },
};

const ACTOR: Actor = Actor::CommandLine;

async fn slugs(app: &App, filter: Filter, sort: Sort) -> Vec<String> {
    let found = tenants::list(app, &ACTOR, &filter, sort, None, 100).await.unwrap();
    found.page.tenants.into_iter().map(|tenant| tenant.slug).collect()
}

fn search(text: &str) -> Filter {
    Filter { search: Some(text.into()), ..Filter::default() }
}

#[tokio::test]
async fn the_first_administrator_comes_in_and_asks_for_tenants_that_are_made() {
    for on in On::ALL {
        let site = Site::start_in(Place::on(on)).await;
        let token = accounts::first_run_token(&site.app).await.unwrap().unwrap();
        let form = accounts::FirstAdmin {
            name: "Olga".into(),
            email: "olga@example.org".into(),
            password: PASSWORD.into(),
        };
        accounts::create_first_admin(&site.app, &token, form).await.unwrap();
        let olga = site.signed_in("olga@example.org").await;
        for name in ["Ännchen", "acme West", "Acme", "Zebra"] {
            ask(&site.app, name, &["events"]).await;
        }
        work_off(&site.app).await;
        assert!(olga.text("/tenants").await.contains("acme West"), "{on:?}");
        let page = olga.text("/tenants?q=ZEBR").await;
        assert!(page.contains("Zebra") && !page.contains("acme West"), "{on:?}");
        for path in ["/", "/people", "/templates", "/jobs", "/account", "/tenants/acme", "/servers"] {
            assert_eq!(olga.get(path).await.status(), 200, "{on:?}: {path}");
        }
    }
}

#[tokio::test]
async fn tenants_asked_for_at_once_are_all_made_and_are_found_sorted_and_counted() {
    for on in On::ALL {
        let place = Place::on(on);
        let app = place.open().await;
        let names = ["Ber", "acme", "Acme", "ACME", "100%", "a_b", "Zoo", "zebra", "Mid", "Other"];
        let asked = names.map(|name| ask(&app, name, if name == "Zoo" { &["events"] } else { &[] }));
        futures_util::future::join_all(asked).await;
        assert_eq!(count(&app, "tenants WHERE status = 'pending'").await, 10, "{on:?}");
        let stop = tokio_util::sync::CancellationToken::new();
        let workers = tokio::spawn(tenantry::worker::run(app.clone(), stop.clone()));
        while count(&app, "jobs WHERE status <> 'done'").await > 0 {
            tokio::task::yield_now().await;
        }
        stop.cancel();
        workers.await.unwrap();

        let by_name = slugs(&app, Filter::default(), Sort::Name).await;
        let at = |slug: &str| by_name.iter().position(|found| found == slug).unwrap();
        // Case does not count: all the Acmes stand together, before Ber.
        assert!(at("acme").max(at("acme-2")).max(at("acme-3")) < at("ber"), "{on:?}: {by_name:?}");
        assert!(at("zebra") < at("zoo") && at("other") < at("zebra"), "{on:?}: {by_name:?}");
        assert_eq!(slugs(&app, search("CME"), Sort::Name).await.len(), 3, "{on:?}");
        assert_eq!(slugs(&app, search("0%"), Sort::Name).await, ["100"], "{on:?}");
        assert_eq!(slugs(&app, search("a_"), Sort::Name).await, ["a-b"], "{on:?}");
        assert_eq!(slugs(&app, search("Dana@"), Sort::Name).await.len(), 10, "{on:?}");
        let id = tenant(&app, "zoo").await.id.to_string();
        assert_eq!(slugs(&app, search(&id), Sort::Name).await, ["zoo"], "{on:?}");
        for odd in ["'", "\"", "!", "%", "_x", "\\", "\0\0\0", "$1", "?"] {
            let found = slugs(&app, search(odd), Sort::Newest).await;
            assert_eq!(found.len(), usize::from(odd == "%"), "{on:?}: {odd:?}: {found:?}");
        }
        let mut known = app.store.read().await.unwrap();
        assert!(store::tenants::name_is_known(&mut known, "zEBRA").await.unwrap(), "{on:?}");
        drop(known);

        // Page by page, forwards and backwards.
        for sort in Sort::ALL {
            let all = slugs(&app, Filter::default(), sort).await;
            let mut cursor = None;
            let mut seen = Vec::new();
            loop {
                let page = tenants::list(&app, &ACTOR, &Filter::default(), sort, cursor.as_ref(), 3)
                    .await
                    .unwrap()
                    .page;
                seen.extend(page.tenants.iter().map(|tenant| tenant.slug.clone()));
                match page.next {
                    Some(next) => cursor = Some(next),
                    None => break,
                }
            }
            assert_eq!(seen, all, "{on:?}: {}", sort.word());
        }
        let mut read = app.store.read().await.unwrap();
        let counts = store::tenants::count_by_status(&mut read, Scope::All).await.unwrap();
        let counted: Vec<_> = counts.into_iter().filter(|(_, n)| *n > 0).collect();
        assert_eq!(counted, [(Status::Active, 10)], "{on:?}");
        assert_eq!(
            store::tenant_list::count(&mut read, Scope::All, &search("cme"), 100).await.unwrap(),
            3,
            "{on:?}"
        );
        let uses = store::templates::uses_by_version(&mut read, Scope::All).await.unwrap();
        assert_eq!(uses.iter().map(|of| of.tenants).sum::<i64>(), 10, "{on:?}");
    }
}

#[tokio::test]
async fn a_tenant_lives_its_whole_life() {
    for on in On::ALL {
        let place = Place::on(on);
        let app = place.open().await;
        ask(&app, "Acme", &["events"]).await;
        work_off(&app).await;
        let done = async || {
            work_off(&app).await;
            count(&app, "jobs WHERE status <> 'done'").await == 0
        };
        life::suspend(&app, &ACTOR, "acme").await.unwrap();
        // One job at a time: what is asked for meanwhile is refused, and the refusal breaks nothing.
        assert_eq!(life::suspend(&app, &ACTOR, "acme").await.unwrap_err().kind, Kind::Conflict, "{on:?}");
        assert!(done().await, "{on:?}");
        assert_eq!(tenant(&app, "acme").await.status, Status::Suspended, "{on:?}");
        life::resume(&app, &ACTOR, "acme").await.unwrap();
        assert!(done().await, "{on:?}");
        life::take_snapshot(&app, &ACTOR, "acme", "as it is").await.unwrap();
        assert!(done().await, "{on:?}");
        let snapshot = life::snapshots(&app, &ACTOR, "acme").await.unwrap().1.remove(0);
        let named =
            |name: &str| NewName { name: name.into(), email: "o@example.org".into(), request_id: None };
        life::restore_as_new(&app, &ACTOR, "acme", snapshot.id, named("As it was")).await.unwrap();
        assert!(done().await, "{on:?}");
        life::clone_tenant(&app, &ACTOR, "acme", named("Acme East")).await.unwrap();
        assert!(done().await, "{on:?}");
        assert_eq!(job_of(&app, "acme-east").await.0.status, JobStatus::Done, "{on:?}");
        let (first, copy) = (tenant(&app, "acme").await, tenant(&app, "acme-east").await);
        assert_eq!(first.schema_hash, copy.schema_hash, "{on:?}");
        life::delete(&app, &ACTOR, "acme", "Acme", LastSnapshot::Needed).await.unwrap();
        assert!(done().await, "{on:?}");
        place.clock.advance(8 * 86_400_000);
        assert_eq!(life::sweep(&app).await.unwrap().tenants, 1, "{on:?}");
        assert!(done().await, "{on:?}");
        assert_eq!(tenant(&app, "acme").await.status, Status::Deleted, "{on:?}");
        assert_eq!(slugs(&app, Filter::default(), Sort::Oldest).await, ["as-it-was", "acme-east"], "{on:?}");
        place.clock.advance(40 * 86_400_000);
        assert_eq!(life::sweep(&app).await.unwrap().snapshots, 2, "{on:?}");
    }
}

#[tokio::test]
async fn people_are_invited_and_see_their_own() {
    for on in On::ALL {
        let site = Site::start_in(Place::on(on)).await;
        site.add("Root@example.org", Role::Admin).await;
        for name in ["Acme", "Beta"] {
            ask(&site.app, name, &[]).await;
        }
        work_off(&site.app).await;
        let link = invitations::make_link(&site.app, &ACTOR, "acme").await.unwrap();
        invitations::look(&site.app, &link.token).await.unwrap();
        invitations::take_up(&site.app, &link.token, PASSWORD.into()).await.unwrap();
        assert_eq!(
            invitations::look(&site.app, &link.token).await.unwrap_err().kind,
            Kind::NotFound,
            "{on:?}"
        );
        let owner = site.add("dana@example.org", Role::Owner).await;
        site.own(owner, "acme").await;
        let dana = site.signed_in("dana@example.org").await;
        let page = dana.text("/tenants").await;
        assert!(page.contains("Acme") && !page.contains("Beta"), "{on:?}");
        assert_eq!(dana.get("/tenants/beta").await.status(), 404, "{on:?}");
        // E-mail addresses and names are found whatever their case.
        let found = people::list(&site.app, &ACTOR, "DANA", None).await.unwrap();
        assert_eq!(found.len(), 1, "{on:?}");
        assert_eq!(found[0].tenants, 1, "{on:?}");
        // A zero character in a form is no such person, and no trouble.
        let odd = site.visitor().post("/login", &[("email", "a\0b@example.org"), ("password", "x")]).await;
        assert_eq!(odd.status(), 422, "{on:?}");
    }
}

#[tokio::test]
async fn what_failed_in_a_transaction_leaves_nothing_behind() {
    for on in On::ALL {
        let place = Place::on(on);
        let app = place.open().await;
        let add =
            |name: &'static str| store::sql("INSERT INTO settings (name, value) VALUES (?, 'x')").bind(name);
        // Not committed.
        let mut write = app.store.write().await.unwrap();
        add("lost").run(&mut write).await.unwrap();
        drop(write);
        // A failure that is left aside does not take along what was there before it.
        let mut write = app.store.write().await.unwrap();
        add("kept").run(&mut write).await.unwrap();
        assert!(add("kept").run_or_leave(&mut write).await.unwrap_err().is_duplicate(), "{on:?}");
        add("also kept").later(&mut write).await.unwrap();
        write.commit().await.unwrap();
        // Another one: either the transaction stands without the statement, or its commit says that it does not.
        let mut write = app.store.write().await.unwrap();
        add("maybe").run(&mut write).await.unwrap();
        assert!(add("kept").run(&mut write).await.unwrap_err().is_duplicate(), "{on:?}");
        let stands = write.commit().await.is_ok();
        assert_eq!(stands, on != On::Postgres, "{on:?}");
        assert_eq!(count(&app, "settings WHERE name = 'maybe'").await, i64::from(stands), "{on:?}");
        assert_eq!(count(&app, "settings WHERE name IN ('kept', 'also kept')").await, 2, "{on:?}");
        assert_eq!(count(&app, "settings WHERE name = 'lost'").await, 0, "{on:?}");
    }
}
