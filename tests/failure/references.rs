//! The reference on a page finds exactly one line in the log of the real program, with the cause that no page shows.

use crate::{pages::texts, program::Program};
use std::fs;

async fn every_reference_finds_its_line(format: &str) {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::start(folder.path(), format).await;
    program.create("Much too long a name", "narrow");
    program.create("Acme", "basic");
    let failed = program.wait("/tenants/much-too-long-a-name/setup", ".trouble-card .btn-primary").await;
    program.wait("/tenants/acme/setup", ".setup-links").await;
    let folder = folder.path().join("data/tenants");
    let file = fs::read_dir(&folder)
        .unwrap()
        .flatten()
        .map(|entry| entry.path())
        // The other tenant's may be there still.
        .find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("acme_")))
        .unwrap();
    fs::write(&file, b"garbage ".repeat(1000)).unwrap();
    let structure = program.get("/tenants/acme/structure").await;
    let overview = program.get("/tenants/acme").await;
    program.post("/tenants/acme/manage/pause", &[]).await;
    let stuck = program.wait("/tenants/acme/setup", ".trouble-card code").await;
    let of_structure = texts(&structure, ".blank p")[0].split("(reference ").nth(1).unwrap()[..9].to_owned();
    let of_notice = |page: &str| {
        texts(page, "main .alert p")[0].split("Reference ").nth(1).unwrap().get(..9).unwrap().to_owned()
    };
    for (what, reference, cause, outside) in [
        (
            "a step",
            texts(&failed, ".trouble-card code")[0].clone(),
            "statement 1",
            texts(&failed, ".trouble-card p").join(" "),
        ),
        (
            "an act",
            texts(&stuck, ".trouble-card code")[0].clone(),
            "no ownership marker",
            texts(&stuck, ".trouble-card p").join(" "),
        ),
        ("the structure", of_structure, "not marked as this tenant's", structure.clone()),
        (
            "the overview",
            of_notice(&overview),
            "not marked as this tenant's",
            texts(&overview, "main .alert p").join(" "),
        ),
    ] {
        let line = program.line(&reference).await;
        assert!(line.contains(cause), "{what}: {line}");
        assert!(
            !outside.contains(cause) && !outside.contains(&*folder.to_string_lossy()),
            "{what}: {outside}"
        );
        if format == "json" {
            let line: serde_json::Value = serde_json::from_str(&line).unwrap();
            assert_eq!(line["fields"]["reference"], reference.as_str(), "{what}");
            assert!(line["fields"]["cause"].as_str().unwrap().contains(cause), "{what}: {line}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_reference_finds_one_line_of_text() {
    every_reference_finds_its_line("text").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_reference_finds_one_line_of_json() {
    every_reference_finds_its_line("json").await;
}
