//! People: roles, owners, invitations, passwords, sessions, and what a stranger cannot do to them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test ends where something is not as it should be"
)]

mod links;
mod rights;
mod sessions;
mod strangers;
#[path = "../support/mod.rs"]
mod support;

use reqwest::{Client, Response, StatusCode, redirect::Policy};
use std::net::IpAddr;
use support::site::{Site, Visitor};
use tenantry::store::{
    events,
    users::{self, Role},
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
