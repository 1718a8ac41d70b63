//! Template versions from a zip and from the browser: what is published never changes, and what strangers send harms nobody.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test ends where something is not as it should be"
)]

mod command;
mod drafts;
mod published;
#[path = "../support/mod.rs"]
mod support;
#[path = "../support/zips.rs"]
mod zips;

use reqwest::{Response, StatusCode};
use std::{collections::BTreeMap, path::Path, process::Command};
use support::site::{Site, Visitor};
use tenantry::{store::users::Role, templates::archive};

const MANIFEST: &str = r#"name = "Club"
description = "A club."
version = "1.0.0"

# Everybody has it.
[[modules]]
name = "core"
title = "Core"
description = "The core."
kind = "core"
file = "001_core.sql"
"#;

const SCHEMA: &str =
    "CREATE TABLE users (id INT AUTO_INCREMENT PRIMARY KEY, email VARCHAR(255) NOT NULL UNIQUE);\n";

fn club() -> BTreeMap<String, String> {
    let files = [
        ("club/template.toml", MANIFEST),
        ("club/schema.sql", SCHEMA),
        ("club/seed.sql", "INSERT INTO users (email) VALUES ('{{OWNER_EMAIL}}');\n"),
        (
            "club/modules/001_core.sql",
            "CREATE TABLE notes (id INT AUTO_INCREMENT PRIMARY KEY, text VARCHAR(50));\n",
        ),
        (
            "migrations/club/2025_01_01_add_color.sql",
            "-- UP\nALTER TABLE notes ADD COLUMN color VARCHAR(9);\n-- DOWN\nALTER TABLE notes DROP COLUMN color;\n",
        ),
    ];
    files.into_iter().map(|(path, text)| (path.to_owned(), text.to_owned())).collect()
}

fn run(data: &Path, arguments: &[&str]) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_tenantry"))
        .args(arguments)
        .env("TENANTRY_DATA_DIR", data)
        .env_remove("RUST_LOG")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    (output.status.code().unwrap(), text)
}

/// A site with an administrator and one of the staff, who are signed in.
async fn site() -> Site {
    let site = Site::start().await;
    for (email, role) in [
        ("admin@example.org", Role::Admin),
        ("other@example.org", Role::Admin),
        ("staff@example.org", Role::Staff),
    ] {
        site.add(email, role).await;
    }
    site
}

fn location(answer: &Response) -> String {
    answer.headers()["location"].to_str().unwrap().to_owned()
}

fn element(page: &str, selector: &str) -> Option<scraper::Html> {
    let html = scraper::Html::parse_document(page);
    let wanted = scraper::Selector::parse(selector).unwrap();
    html.select(&wanted).next().map(|found| scraper::Html::parse_fragment(&found.html()))
}

fn attribute(page: &str, selector: &str, name: &str) -> String {
    let html = scraper::Html::parse_document(page);
    let wanted = scraper::Selector::parse(selector).unwrap();
    let found = html.select(&wanted).next().unwrap_or_else(|| panic!("no {selector} in {page}"));
    found.attr(name).unwrap_or_default().to_owned()
}

/// Brings the club in, and begins a draft of it; gives its address.
async fn club_draft(admin: &Visitor<'_>, step: &str) -> String {
    let sent = upload(admin, "club.zip", &archive::pack(&club()).unwrap()).await;
    assert_eq!((sent.status(), location(&sent).as_str()), (StatusCode::SEE_OTHER, "/templates/club/1.0.0"));
    let begun = admin.post("/templates/club/1.0.0/change", &[("step", step)]).await;
    assert_eq!(begun.status(), StatusCode::SEE_OTHER);
    location(&begun)
}

/// Saves a file as it is open now.
async fn save(visitor: &Visitor<'_>, draft: &str, path: &str, text: &str, act: &str) -> Response {
    let page = visitor.text(&format!("{draft}/file?path={path}")).await;
    let edition = attribute(&page, "form.code-form input[name=edition]", "value");
    visitor
        .post(
            &format!("{draft}/file"),
            &[("path", path), ("edition", &edition), ("text", text), ("act", act)],
        )
        .await
}

async fn publish(visitor: &Visitor<'_>, draft: &str, note: &str) -> Response {
    let page = visitor.text(draft).await;
    let digest = match element(&page, "input[name=digest]") {
        Some(_) => attribute(&page, "input[name=digest]", "value"),
        None => "none".into(),
    };
    visitor.post(&format!("{draft}/publish"), &[("digest", &digest), ("note", note)]).await
}

fn multipart(name: &str, bytes: &[u8]) -> (String, Vec<u8>) {
    const BOUNDARY: &str = "----between-parts";
    let mut body = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\nx\r\n--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: application/zip\r\n\r\n"
    )
    .into_bytes();
    body.extend(bytes);
    body.extend(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
    (format!("multipart/form-data; boundary={BOUNDARY}"), body)
}

async fn upload(visitor: &Visitor<'_>, name: &str, bytes: &[u8]) -> Response {
    let (kind, body) = multipart(name, bytes);
    visitor
        .client
        .post(format!("{}/templates/import", visitor.site.base))
        .header("Sec-Fetch-Site", "same-origin")
        .header("Content-Type", kind)
        .body(body)
        .send()
        .await
        .unwrap()
}
