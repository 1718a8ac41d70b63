//! Reading pages as people do, and walking through the questions about a new tenant.

use crate::support::site::Visitor;
use reqwest::{Response, StatusCode};
use scraper::{Html, Selector};

/// The text of everything that a selector finds, without runs of white space.
pub fn texts(page: &str, selector: &str) -> Vec<String> {
    let html = Html::parse_document(page);
    let selector = Selector::parse(selector).unwrap();
    html.select(&selector)
        .map(|found| found.text().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" "))
        .collect()
}

/// An attribute of everything that a selector finds.
pub fn attributes(page: &str, selector: &str, name: &str) -> Vec<String> {
    let html = Html::parse_document(page);
    let selector = Selector::parse(selector).unwrap();
    html.select(&selector).filter_map(|found| found.attr(name)).map(ToOwned::to_owned).collect()
}

/// The value of the only field of a name.
pub fn value(page: &str, name: &str) -> String {
    let found = attributes(page, &format!("input[name={name}]"), "value");
    assert_eq!(found.len(), 1, "{name} in {page}");
    found.into_iter().next().unwrap()
}

pub fn location(answer: &Response) -> String {
    assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{answer:?}");
    answer.headers()["location"].to_str().unwrap().to_owned()
}

/// What is asked about a new tenant.
#[derive(Clone)]
pub struct Wanted<'a> {
    pub name: &'a str,
    pub email: &'a str,
    pub template: &'a str,
    pub extras: &'a [&'a str],
    pub plan: &'a str,
}

impl Default for Wanted<'_> {
    fn default() -> Self {
        Wanted { name: "Acme", email: "dana@example.org", template: "ngo", extras: &[], plan: "basic" }
    }
}

/// Answers the questions up to the page with all answers; gives its address.
pub async fn describe(visitor: &Visitor<'_>, wanted: &Wanted<'_>) -> String {
    let first = visitor.text("/tenants/new").await;
    let draft = value(&first, "draft");
    let who = [("draft", draft.as_str()), ("name", wanted.name), ("email", wanted.email)];
    let mut at = location(&visitor.post("/tenants/new", &who).await);
    for _ in 0..5 {
        let step = at.rsplit('/').next().unwrap().to_owned();
        let fields: Vec<(&str, &str)> = match step.as_str() {
            "template" => vec![("template", wanted.template)],
            "extras" => wanted.extras.iter().map(|name| ("module", *name)).collect(),
            "plan" => vec![("plan", wanted.plan)],
            "check" => return at,
            other => panic!("an unknown question: {other}"),
        };
        at = location(&visitor.post(&at, &fields).await);
    }
    panic!("the questions do not end: {at}");
}

/// Presses "Create tenant" on the page with all answers; gives the tenant's slug.
pub async fn create(visitor: &Visitor<'_>, check: &str) -> String {
    let page = visitor.text(check).await;
    let seen = value(&page, "seen");
    slug(&location(&visitor.post(check, &[("seen", &seen)]).await))
}

/// The slug in the address of the page that shows a tenant's steps.
pub fn slug(address: &str) -> String {
    let mut parts = address.split('/').skip(1);
    assert_eq!(parts.next(), Some("tenants"), "{address}");
    let slug = parts.next().unwrap().to_owned();
    assert_eq!(parts.next(), Some("setup"), "{address}");
    slug
}
