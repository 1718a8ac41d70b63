//! What the pages' security policy and the small set of icons and files ask of every piece of HTML.

#![allow(clippy::unwrap_used)]

use std::{
    fs,
    path::{Path, PathBuf},
};
use tenantry::web::assets;

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            found.extend(files(&entry, extension));
        } else if entry.extension().is_some_and(|end| end == extension) {
            found.push(entry);
        }
    }
    found
}

fn html() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates_html");
    let found: Vec<_> = files(&folder, "html")
        .into_iter()
        .map(|path| (path.display().to_string(), fs::read_to_string(&path).unwrap()))
        .collect();
    assert!(found.len() > 15, "the pages are not where this test looks");
    found
}

/// The texts between `before` and the next `after`.
fn between<'a>(text: &'a str, before: &str, after: char) -> Vec<&'a str> {
    text.split(before).skip(1).filter_map(|rest| rest.split(after).next()).collect()
}

#[test]
fn no_page_holds_what_its_security_policy_forbids() {
    for (path, text) in html() {
        for banned in [
            " style=",
            "<style",
            "hx-on",
            "javascript:",
            "js:",
            "hx-vals='js",
            "hx-boost",
            " onclick",
            " onchange",
            " onsubmit",
            " onload",
        ] {
            assert!(!text.contains(banned), "{path} has {banned}");
        }
        for script in between(&text, "<script", '>') {
            assert!(script.contains("src="), "{path} has a script inside");
        }
        for trigger in between(&text, "hx-trigger=\"", '"') {
            assert!(!trigger.contains('['), "{path}: the trigger {trigger} needs eval");
        }
    }
}

#[test]
fn every_form_that_changes_something_carries_the_token() {
    for (path, text) in html() {
        for form in text.split("<form").skip(1) {
            let form = form.split("</form>").next().unwrap();
            if form.contains("method=\"post\"") {
                assert!(
                    form.contains("name=\"csrf\" value=\"{{ shell.csrf }}\""),
                    "{path} has a form without token"
                );
            }
        }
    }
}

#[test]
fn every_file_that_a_page_names_is_there() {
    for (path, text) in html() {
        for name in between(&text, "assets::url(\"", '"') {
            assert_ne!(assets::url(name), format!("/static/{name}"), "{path} names {name}");
        }
    }
}

#[test]
fn every_icon_is_in_the_sprite() {
    let sprite = assets::url("tabler-icons.svg");
    let sprite = assets::find(sprite.strip_prefix("/static/").unwrap()).unwrap();
    let sprite = String::from_utf8(sprite.plain.clone()).unwrap();
    let known = between(&sprite, "<symbol id=\"", '"');
    let mut used = Vec::new();
    for (path, text) in html() {
        for name in between(&text, "icon(\"", '"').into_iter().chain(between(&text, "empty(\"", '"')) {
            used.push((path.clone(), name.to_owned()));
        }
    }
    for path in files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web"), "rs") {
        let text = fs::read_to_string(&path).unwrap();
        for name in between(&text, "icon: \"", '"').into_iter().chain(between(&text, "with_icon(\"", '"')) {
            used.push((path.display().to_string(), name.to_owned()));
        }
    }
    assert!(used.len() > 25, "the icons are not written as this test reads them");
    for (path, name) in used {
        assert!(known.contains(&name.as_str()), "{path} uses {name}");
    }
}

/// askama renders a block to nothing as a fragment where the block stands inside an `if` of the page.
#[test]
fn no_block_stands_inside_a_condition() {
    for (path, text) in html() {
        let mut depth = 0;
        for tag in between(&text, "{%", '%') {
            match tag.trim_matches(['-', ' ']).split([' ', '(']).next().unwrap_or_default() {
                "if" | "for" | "match" | "call" => depth += 1,
                "endif" | "endfor" | "endmatch" | "endcall" => depth -= 1,
                "block" => assert_eq!(depth, 0, "{path}: {tag}"),
                _ => {}
            }
        }
        assert_eq!(depth, 0, "{path} is not read as this test expects");
    }
}
