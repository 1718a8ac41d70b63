//! The rooms of the house: imports point one way only (see src/lib.rs), and nothing left of the doors knows a web
//! framework, a page renderer or a command line.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test ends where something is not as it should be"
)]

use std::path::{Path, PathBuf};
use std::{fs, io};

/// Rooms from left to right; a room may name those on its left, those in its own place, and itself. Rooms of one place
/// that must not know each other have their own line in [`STRANGERS`].
const ROOMS: &[&[&str]] = &[
    &["clock", "config", "digest", "disk", "disk_trouble", "error", "faults", "slug", "telemetry", "vault"],
    &["schema", "sql", "picture"],
    &["engine"],
    &["plan"],
    &["templates"],
    &["store"],
    &["engines"],
    &["app"],
    &["apply"],
    &["usecases"],
    &["web", "cli", "worker"],
];

/// Rooms that may not name each other though they stand in one place, or though the place would allow it.
const STRANGERS: &[(&str, &str)] =
    &[("schema", "sql"), ("schema", "picture"), ("sql", "picture"), ("picture", "sql")];

/// Crates that only the doors may name, and the rooms that are an exception with their reason in the text beside it.
const DOORS_ONLY: &[&str] = &["actix_web", "actix_session", "askama", "clap"];
/// `config` reads flags as well as variables and files, so it alone may name clap.
const EXCEPTIONS: &[(&str, &str)] = &[("config", "clap")];

const DOORS: &[&str] = &["web", "cli", "worker"];

/// The door that starts the other doors: `tenantry serve`.
const STARTER: &str = "cli";

fn place(room: &str) -> Option<usize> {
    ROOMS.iter().position(|rooms| rooms.contains(&room))
}

/// Everything that is wrong with one file, as `file:line: reason`.
fn faults(file: &Path, room: &str, text: &str) -> Vec<String> {
    let code = without_comments_and_texts(text);
    let Some(own_place) = place(room) else {
        return vec![format!(
            "{}:1: the room `{room}` is not in the list of tests/layers.rs",
            file.display()
        )];
    };
    let mut faults = Vec::new();
    for (start, name) in named_rooms(&code) {
        let report = |reason: &str| format!("{}:{}: {reason}", file.display(), line_of(&code, start));
        match place(&name) {
            None if name.chars().next().is_some_and(char::is_lowercase) => {
                faults.push(report(&format!("`crate::{name}` is not a room")));
            }
            None => faults.push(report(&format!("`crate::{name}`: name the room that it lives in"))),
            Some(there) if there > own_place => {
                faults.push(report(&format!("`{room}` must not know `{name}`, which is on its right")));
            }
            Some(_)
                if room != name
                    && DOORS.contains(&room)
                    && room != STARTER
                    && DOORS.contains(&name.as_str()) =>
            {
                faults.push(report(&format!("the door `{room}` must not know the door `{name}`")));
            }
            Some(_) if STRANGERS.contains(&(room, name.as_str())) => {
                faults.push(report(&format!("`{room}` must not know `{name}`")));
            }
            Some(_) => {}
        }
    }
    if !DOORS.contains(&room) {
        for (at, line) in code.lines().enumerate() {
            for name in DOORS_ONLY.iter().filter(|name| words(line).any(|word| word == **name)) {
                if !EXCEPTIONS.contains(&(room, name)) {
                    faults.push(format!("{}:{}: `{room}` must not name {name}", file.display(), at + 1));
                }
            }
        }
    }
    faults
}

fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|character: char| !character.is_alphanumeric() && character != '_')
        .filter(|word| !word.is_empty())
}

fn line_of(code: &str, at: usize) -> usize {
    code.get(..at).map_or(1, |before| before.matches('\n').count() + 1)
}

/// The rooms after each `crate::`, also in `crate::{a, b::c}`, with their places in the text.
fn named_rooms(code: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (start, _) in code.match_indices("crate::") {
        let is_path = code
            .get(..start)
            .is_none_or(|before| !before.ends_with(|c: char| c.is_alphanumeric() || c == '_'));
        let after = start + "crate::".len();
        let Some(rest) = code.get(after..).filter(|_| is_path) else {
            continue;
        };
        if !rest.starts_with('{') {
            found.extend(words(rest).next().map(|word| (start, word.to_owned())));
            continue;
        }
        let mut depth = 0;
        let mut expects_name = true;
        let mut name = String::new();
        for (offset, character) in rest.char_indices() {
            let is_part = character.is_alphanumeric() || character == '_';
            if is_part && depth == 1 && expects_name {
                name.push(character);
                continue;
            }
            if !name.is_empty() {
                found.push((after + offset - name.len(), std::mem::take(&mut name)));
                expects_name = false;
            }
            match character {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 1 => expects_name = true,
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
    }
    found
}

/// The code with comments and texts blanked out, line breaks kept.
fn without_comments_and_texts(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let Some(length) = raw_text(rest, &code) {
            length
        } else if first == '"' {
            quoted(rest)
        } else if let Some(length) = character_literal(rest) {
            length
        } else {
            code.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        };
        let (skipped, after) = rest.split_at(length);
        code.extend(skipped.chars().map(|character| if character == '\n' { '\n' } else { ' ' }));
        rest = after;
    }
    code
}

fn raw_text(rest: &str, before: &str) -> Option<usize> {
    if before.ends_with(|character: char| character.is_alphanumeric() || character == '_') {
        return None;
    }
    let hashes = rest.strip_prefix('r')?.bytes().take_while(|byte| *byte == b'#').count();
    let start = 1 + hashes;
    if !rest[start..].starts_with('"') {
        return None;
    }
    let end = format!("\"{}", "#".repeat(hashes));
    Some(rest[start + 1..].find(&end).map_or(rest.len(), |at| start + 1 + at + end.len()))
}

fn quoted(rest: &str) -> usize {
    let mut escaped = false;
    for (at, character) in rest.char_indices().skip(1) {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// `'x'` or `'\…'`, not a lifetime.
fn character_literal(rest: &str) -> Option<usize> {
    let inner = rest.strip_prefix('\'')?;
    if let Some(escape) = inner.strip_prefix('\\') {
        return escape.char_indices().skip(1).find(|(_, c)| *c == '\'').map(|(at, _)| at + 3);
    }
    let first = inner.chars().next()?;
    inner[first.len_utf8()..].starts_with('\'').then(|| first.len_utf8() + 2)
}

fn source_files(folder: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    let mut entries =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<PathBuf>>>()?;
    entries.sort();
    for path in entries {
        if path.is_dir() {
            source_files(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    Ok(())
}

#[test]
fn imports_point_left_only_and_only_the_doors_know_the_web_and_the_terminal() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    source_files(&source, &mut files).unwrap();
    assert!(!files.is_empty());
    let mut found = Vec::new();
    for file in files {
        let inside = file.strip_prefix(&source).unwrap();
        let first = inside.components().next().unwrap().as_os_str().to_str().unwrap();
        let room = first.trim_end_matches(".rs");
        if room == "main" || room == "lib" {
            continue;
        }
        let text = fs::read_to_string(&file).unwrap();
        found.extend(faults(&Path::new("src").join(inside), room, &text));
    }
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

#[test]
fn an_import_to_the_right_is_reported_with_its_file_and_line() {
    let text =
        "use crate::schema::Schema;\n\nuse crate::{\n    sql::{split, usecases},\n    store::tenants,\n};\n";
    let found = faults(Path::new("src/engine/mod.rs"), "engine", text);
    assert_eq!(found, ["src/engine/mod.rs:5: `engine` must not know `store`, which is on its right"]);
    let found = faults(Path::new("src/plan/build.rs"), "plan", "fn f() { crate::web::routes(); }");
    assert_eq!(found, ["src/plan/build.rs:1: `plan` must not know `web`, which is on its right"]);
    assert_eq!(faults(Path::new("src/web/mod.rs"), "web", "use crate::cli::Command;").len(), 1);
    assert!(faults(Path::new("src/cli/serve.rs"), "cli", "use crate::{web, worker};").is_empty());
    assert_eq!(faults(Path::new("src/schema/mod.rs"), "schema", "use crate::sql::split;").len(), 1);
    assert_eq!(faults(Path::new("src/attic.rs"), "attic", "").len(), 1);
}

#[test]
fn naming_a_door_crate_outside_the_doors_is_reported() {
    let text = "use actix_web::web;\n#[derive(askama::Template)]\nstruct Page;\n";
    let found = faults(Path::new("src/usecases/tenants.rs"), "usecases", text);
    assert_eq!(found.len(), 2);
    assert!(found[1].starts_with("src/usecases/tenants.rs:2:"));
    assert!(faults(Path::new("src/web/mod.rs"), "web", text).is_empty());
    assert!(faults(Path::new("src/config.rs"), "config", "use clap::Parser;").is_empty());
}

#[test]
fn comments_and_texts_are_no_imports() {
    let text = "//! crate::web and askama\n/* crate::cli */\nconst A: &str = \"crate::web\"; const B: &str = r#\"clap \"x\" \"#;\nconst C: char = '\"'; fn f<'a>(x: &'a str) {} // clap\n";
    assert!(faults(Path::new("src/schema/model.rs"), "schema", text).is_empty());
    let text = "const C: char = '\"';\nuse crate::web::x;\nconst D: char = '\\'';\n";
    assert_eq!(faults(Path::new("src/schema/model.rs"), "schema", text).len(), 1);
}
