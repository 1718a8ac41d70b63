use super::*;
use crate::templates::{Source, files};
use zips::{Entry as Written, zip};

#[path = "../../tests/support/zips.rs"]
mod zips;

fn manifest() -> Written {
    Written::file("club/template.toml", b"name = \"Club\"\n")
}

fn paths(bytes: &[u8]) -> Vec<String> {
    open("club.zip", bytes).unwrap().files().unwrap()
}

fn refusal(bytes: &[u8]) -> String {
    open("club.zip", bytes).expect_err("it is taken").to_string()
}

#[test]
fn an_ordinary_zip_is_unpacked_whether_stored_or_deflated() {
    let text = "CREATE TABLE a (id INT);\n".repeat(100);
    let bytes = zip(&[manifest(), Written::deflated("club/schema.sql", text.as_bytes())]);
    let memory = open("club.zip", &bytes).unwrap();
    assert_eq!(memory.files().unwrap(), ["club/schema.sql", "club/template.toml"]);
    assert_eq!(memory.read("club/schema.sql", LARGEST_FILE).unwrap(), text.as_bytes());
}

#[test]
fn one_folder_around_everything_is_taken_away_and_what_systems_add_is_left_out() {
    let bytes = zip(&[
        Written { mode: 0o040_755, ..Written::file("templates/", b"") },
        Written::file("templates/club/template.toml", b""),
        Written::file("templates/club/.DS_Store", b"x"),
        Written::file("templates/migrations/club/2025_01_01_a.sql", b""),
        Written::file("__MACOSX/templates/club/._template.toml", b"x"),
    ]);
    assert_eq!(paths(&bytes), ["club/template.toml", "migrations/club/2025_01_01_a.sql"]);
    // A template's own folder is no folder around something.
    assert_eq!(paths(&zip(&[manifest()])), ["club/template.toml"]);
}

#[test]
fn names_that_leave_their_folder_or_mean_something_to_a_system_are_refused() {
    for name in [
        "../evil.sql",
        "club/../../evil.sql",
        "/etc/passwd",
        "\\\\server\\share\\x.sql",
        "club\\schema.sql",
        "C:/x.sql",
        "club/x.sql:stream",
        "club/a\0.sql",
        "club/NUL.sql",
        "club/com1",
        "club/./schema.sql",
        "club//schema.sql",
        "club/schema.sql.",
        "a/b/c/d/e/f.sql",
    ] {
        let said = refusal(&zip(&[manifest(), Written::file(name, b"x")]));
        assert!(!said.contains("no problems"), "{name:?}: {said}");
    }
    let said = refusal(&zip(&[manifest(), Written::named(b"club/\xff.sql", b"x")]));
    assert!(said.contains("not UTF-8"), "{said}");
    let said = refusal(&zip(&[manifest(), Written::named(b"", b"x")]));
    assert!(said.contains("no name"), "{said}");
}

#[test]
fn links_and_devices_are_refused() {
    let link = Written { mode: 0o120_777, ..Written::file("club/schema.sql", b"/etc/passwd") };
    assert!(refusal(&zip(&[manifest(), link])).contains("a link"));
    for mode in [0o020_644, 0o060_644, 0o010_644, 0o140_644] {
        let device = Written { mode, ..Written::file("club/schema.sql", b"") };
        assert!(refusal(&zip(&[manifest(), device])).contains("neither a file nor a folder"), "{mode:o}");
    }
}

#[test]
fn two_files_of_one_name_are_refused_in_any_case() {
    let twice = zip(&[manifest(), Written::file("club/a.sql", b"1"), Written::file("club/a.sql", b"2")]);
    assert!(refusal(&twice).contains("two files of one name"));
    let cases = zip(&[manifest(), Written::file("club/a.sql", b"1"), Written::file("club/A.sql", b"2")]);
    assert!(refusal(&cases).contains("large and small letters"), "{}", refusal(&cases));
    let both = zip(&[manifest(), Written::file("club/a", b"1"), Written::file("club/A/b.sql", b"2")]);
    assert!(refusal(&both).contains("which is a file"), "{}", refusal(&both));
}

#[test]
fn encrypted_and_oddly_packed_entries_are_refused() {
    let encrypted = Written { flags: 1, ..Written::file("club/schema.sql", b"xxxxxxxxxxxxxxxx") };
    assert!(refusal(&zip(&[manifest(), encrypted])).contains("without a password"));
    let odd = Written { method: 12, ..Written::file("club/schema.sql", b"x") };
    assert!(refusal(&zip(&[manifest(), odd])).contains("unusual way"));
}

#[test]
fn what_a_zip_says_of_its_sizes_is_not_believed() {
    // A bomb: two megabytes that claim to be ten bytes.
    let bomb = Written { size: 10, ..Written::deflated("club/schema.sql", &vec![0; 2 << 20]) };
    let said = refusal(&zip(&[manifest(), bomb]));
    assert!(said.contains("club/schema.sql"), "{said}");
    let honest = Written::deflated("club/schema.sql", &vec![0; 2 << 20]);
    assert!(refusal(&zip(&[manifest(), honest])).contains("larger than 1 MiB"));
    // Forty files that are small enough, each by itself.
    let many: Vec<Written> = (0..40)
        .map(|number| Written::deflated(&format!("club/modules/{number:03}_a.sql"), &vec![b' '; 1 << 20]))
        .collect();
    let packed = zip(&many);
    assert!(packed.len() < 100_000, "the zip itself is small");
    assert!(refusal(&packed).contains("larger than 32 MiB when unpacked"));
}

#[test]
fn a_zip_with_too_much_in_it_or_too_large_itself_is_refused() {
    let many: Vec<Written> =
        (0..=MOST_ENTRIES).map(|number| Written::file(&format!("club/{number}.sql"), b"")).collect();
    assert!(refusal(&zip(&many)).contains("at most 2000"));
    let noise: Vec<u8> = (0..LARGEST_ARCHIVE).map(|at| u8::try_from(at % 251).unwrap()).collect();
    assert!(refusal(&zip(&[Written::file("club/a.sql", &noise)])).contains("larger than 8 MiB"));
}

#[test]
fn a_zip_in_a_zip_is_refused() {
    let inner = zip(&[manifest()]);
    assert!(refusal(&zip(&[manifest(), Written::file("club/more.sql", &inner)])).contains("a zip in a zip"));
}

#[test]
fn only_a_whole_zip_with_nothing_around_it_is_taken() {
    let good = zip(&[manifest()]);
    assert!(refusal(b"").contains("no zip"));
    assert!(refusal(b"CREATE TABLE a (id INT);").contains("no zip"));
    assert!(refusal(&good[..good.len() - 30]).contains("its end is missing"));
    assert!(refusal(&[good.clone(), b"more".to_vec()].concat()).contains("after its end"));
    assert!(refusal(&[b"#!/bin/sh\n".to_vec(), good.clone()].concat()).contains("no zip"));
    assert!(
        refusal(&[b"PK\x03\x04 before".to_vec(), good.clone()].concat()).contains("before its beginning")
    );
    let mut damaged = zip(&[manifest(), Written::file("club/schema.sql", b"SELECT 1")]);
    let at = damaged.windows(8).position(|window| window == b"SELECT 1").unwrap();
    damaged[at] = b'X';
    assert!(refusal(&damaged).contains("damaged"));
    assert!(refusal(&zip(&[])).contains("holds no files"));
    let mut parts = good.clone();
    let end = parts.len() - 22;
    parts[end + 4] = 1;
    assert!(refusal(&parts).contains("several parts"));
    let mut large = good;
    let end = large.len() - 22;
    large[end + 8..end + 12].fill(0xff);
    assert!(refusal(&large).contains("zip64"));
}

#[test]
fn a_hostile_zip_makes_a_short_report() {
    let bad: Vec<Written> = (0..500).map(|number| Written::file(&format!("../{number}.sql"), b"")).collect();
    let report = open("club.zip", &zip(&bad)).unwrap_err();
    assert_eq!(report.problems.len(), MOST_PROBLEMS);
}

#[test]
fn no_bytes_whatever_make_it_panic() {
    let good = zip(&[manifest(), Written::deflated("club/schema.sql", b"CREATE TABLE a (id INT);")]);
    for at in 0..good.len() {
        for value in [0, 1, 0x7f, 0x80, 0xff] {
            let mut bytes = good.clone();
            bytes[at] = value;
            let _ = open("club.zip", &bytes);
        }
        let _ = open("club.zip", &good[..at]);
    }
}

#[test]
fn what_is_packed_comes_back_byte_by_byte_and_packing_twice_gives_the_same() {
    let texts = BTreeMap::from([
        ("club/template.toml".to_owned(), "name = \"Klüb\"\r\n".to_owned()),
        ("migrations/club/2025_01_01_a.sql".to_owned(), String::new()),
    ]);
    let packed = pack(&texts).unwrap();
    assert_eq!(packed, pack(&texts).unwrap());
    assert_eq!(open("club.zip", &packed).unwrap(), Memory::of_texts(texts));
    assert!(files::read_all(&open("club.zip", &packed).unwrap()).is_ok());
}
