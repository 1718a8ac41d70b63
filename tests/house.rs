//! What README and docs say about the house is true: the places that they name are there, every command and setting is
//! written down, and everything that goes into the program has a licence that we may pass on.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test ends where something is not as it should be"
)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Licences that may be in the program or stand beside it.
const LICENCES: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "MIT",
    "MPL-2.0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// The htmx file as its package has it; a newer one is a decision, not an accident.
const HTMX: (&str, &str) =
    ("htmx-4.0.1.min.js", "a0abb04f2f45a1f89d1d4844023245537e5e6014c87b144553e0607b4cc32130");

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|cause| panic!("{path}: {cause}"))
}

/// README and everything in docs, as (path, text).
fn pages() -> Vec<(String, String)> {
    let mut pages = vec![("README.md".to_owned(), read("README.md"))];
    for entry in fs::read_dir(root().join("docs")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|end| end == "md") {
            let name = format!("docs/{}", path.file_name().unwrap().to_str().unwrap());
            pages.push((name.clone(), read(&name)));
        }
    }
    pages
}

/// The addresses of Markdown links and pictures.
fn links(text: &str) -> Vec<&str> {
    text.split("](").skip(1).filter_map(|rest| rest.split(')').next()).collect()
}

/// What stands between single back quotes.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).filter(|part| !part.contains('\n')).collect()
}

#[test]
fn every_place_that_readme_and_docs_name_is_there() {
    let rooms =
        ["src/", "tests/", "docs/", "static/", "templates_html/", "sql_templates/", "examples/", "benches/"];
    let mut missing = Vec::new();
    let mut seen = 0;
    for (page, text) in pages() {
        let folder = root().join(&page).parent().unwrap().to_owned();
        for link in links(&text).into_iter().filter(|link| !link.contains("://") && !link.starts_with('#')) {
            seen += 1;
            let path = link.split('#').next().unwrap_or_default();
            if !folder.join(path).exists() {
                missing.push(format!("{page}: the link to {link}"));
            }
        }
        for place in quoted(&text) {
            let is_place = rooms.iter().any(|room| place.starts_with(room))
                && !place.contains(['<', '*', '…', ' ', '{'])
                && !place.contains("NNN");
            if is_place {
                seen += 1;
                if !root().join(place).exists() {
                    missing.push(format!("{page}: `{place}`"));
                }
            }
        }
    }
    assert!(seen > 15, "only {seen} places were found: the test no longer reads the pages");
    assert!(missing.is_empty(), "not there:\n{}", missing.join("\n"));
}

fn help(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_tenantry")).args(arguments).arg("--help").output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// The commands below a command, as `--help` lists them.
fn commands(arguments: &[&str]) -> Vec<String> {
    help(arguments)
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| line.starts_with("  "))
        .filter_map(|line| line.strip_prefix("  "))
        .filter(|line| !line.starts_with(' '))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_command_is_in_the_readme() {
    let readme = read("README.md");
    // The words of all lines of the table that are about one first word: `tenantry tenants rename|suspend …`.
    let mut words: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for line in readme.lines().filter(|line| line.starts_with("| `tenantry ")) {
        let mut found =
            line.split(|c: char| !c.is_alphanumeric() && c != '-').filter(|word| !word.is_empty());
        let first = found.nth(1).unwrap();
        words.entry(first).or_default().extend(found);
    }
    let mut missing = Vec::new();
    for first in commands(&[]) {
        let Some(known) = words.get(first.as_str()) else {
            missing.push(first);
            continue;
        };
        for second in commands(&[&first]) {
            if !known.contains(second.as_str()) {
                missing.push(format!("{first} {second}"));
            }
        }
    }
    assert!(words.len() > 3, "the table of commands is not where this test looks");
    assert!(missing.is_empty(), "the README's table of commands lacks: {}", missing.join(", "));
}

#[test]
fn every_setting_is_in_the_readme_and_every_one_there_is_known() {
    let readme = read("README.md");
    let source = read("src/config.rs");
    let list = source.split("const VARIABLES").nth(1).and_then(|rest| rest.split("];").next()).unwrap();
    let known: BTreeSet<&str> = list.split('"').skip(1).step_by(2).collect();
    let said: BTreeSet<&str> =
        quoted(&readme).into_iter().filter_map(|name| name.strip_prefix("TENANTRY_")).collect();
    assert!(known.len() > 10, "the list of settings is not where this test looks");
    assert_eq!(known.difference(&said).collect::<Vec<_>>(), Vec::<&&str>::new(), "not in the README");
    assert_eq!(said.difference(&known).collect::<Vec<_>>(), Vec::<&&str>::new(), "no setting");
}

#[test]
fn every_crate_in_the_program_may_be_passed_on() {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--locked", "--format-version", "1"])
        .args(["--filter-platform", "x86_64-unknown-linux-gnu"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    assert!(packages.len() > 100);
    let mut refused = Vec::new();
    for package in packages {
        let (name, licence) = (&package["name"], package["license"].as_str().unwrap_or_default());
        let allowed = spdx::Expression::parse_mode(licence, spdx::ParseMode::LAX).is_ok_and(|expression| {
            expression.evaluate(|requirement| {
                requirement.license.id().is_some_and(|id| LICENCES.contains(&id.name))
            })
        });
        if !allowed {
            refused.push(format!("{name}: {licence:?}"));
        }
    }
    assert!(refused.is_empty(), "licences that are not on the list:\n{}", refused.join("\n"));
}

#[test]
fn what_is_taken_over_stands_there_unchanged_with_its_licence_beside_it() {
    let folder = root().join("static/vendor");
    let names: Vec<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    for name in names.iter().filter(|name| !name.ends_with("LICENSE.txt")) {
        let project = name.split(['-', '.']).next().unwrap();
        let has_licence =
            names.iter().any(|other| other.starts_with(project) && other.ends_with("LICENSE.txt"));
        assert!(has_licence, "{name} has no licence beside it");
    }
    let (name, digest) = HTMX;
    let bytes = fs::read(folder.join(name)).unwrap();
    assert_eq!(tenantry::digest::sha256_hex(&bytes), digest, "{name} is not the file of its package");
}

#[test]
fn no_page_names_the_machine_that_it_was_written_on() {
    let output = Command::new("git").args(["ls-files", "-z"]).current_dir(root()).output().unwrap();
    let listed = String::from_utf8(output.stdout).unwrap();
    let homes = [["/ro", "ot/"].concat(), ["/ho", "me/"].concat(), ["/wo", "rk/"].concat()];
    let mut found = Vec::new();
    for path in listed.split('\0').filter(|path| !path.is_empty()) {
        let is_text = ["rs", "md", "toml", "html", "css", "mjs", "sql", "js"]
            .iter()
            .any(|end| Path::new(path).extension().is_some_and(|found| found == *end));
        if !is_text || path.starts_with("static/vendor/") {
            continue;
        }
        let Ok(text) = fs::read_to_string(root().join(path)) else { continue };
        found.extend(
            homes.iter().filter(|home| text.contains(home.as_str())).map(|home| format!("{path}: {home}")),
        );
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}
