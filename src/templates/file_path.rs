//! Where a file of a template may lie: paths that strangers give (in a zip, in a form) are checked here before anything
//! is kept under them. They are names in memory and in the control database only; nothing is ever written to a disk under
//! them, and the rules hold all the same, so that a download is as harmless as an upload.

use super::template_type::MIGRATIONS_FOLDER;

/// The longest path, in bytes.
const LONGEST: usize = 255;

/// Names that are devices on Windows, whatever follows their first dot.
const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "clock$", "conin$"];

/// Checks a path; the error is the reason, for a report. `deepest` is the number of folders that a file may lie in.
pub fn check(path: &str, deepest: usize) -> Result<(), String> {
    if path.is_empty() {
        return Err("has no name".into());
    }
    if path.len() > LONGEST {
        return Err(format!("has a path of more than {LONGEST} bytes"));
    }
    if path.chars().any(char::is_control) {
        return Err("has an invisible sign in its name".into());
    }
    if path.contains('\\') {
        return Err("has a backslash in its name; folders are parted by `/`".into());
    }
    if path.contains(':') {
        return Err("has a colon in its name, as a drive has".into());
    }
    if path.starts_with('/') {
        return Err(
            "begins at the root of a disk; a template's files lie in the template's own folder".into()
        );
    }
    let parts: Vec<&str> = path.split('/').collect();
    if let Some(reason) = parts.iter().find_map(|part| wrong_part(part)) {
        return Err(reason.into());
    }
    if parts.len() > deepest + 1 {
        return Err(format!("lies too deep: a file may lie in at most {deepest} folders"));
    }
    Ok(())
}

fn wrong_part(part: &str) -> Option<&'static str> {
    match part {
        "" => Some("has an empty folder name in its path"),
        "." | ".." => Some("leads out of its folder; `.` and `..` have no place in a path"),
        _ if part.ends_with(['.', ' ']) || part.starts_with(' ') => {
            Some("has a name that begins or ends with a space, or ends with a dot")
        }
        _ if is_device(part) => Some("has the name of a device"),
        _ => None,
    }
}

fn is_device(part: &str) -> bool {
    let stem = part.split('.').next().unwrap_or(part).trim_end().to_lowercase();
    let numbered = |word: &str| {
        stem.strip_prefix(word).is_some_and(|rest| {
            let mut signs = rest.chars();
            signs.next().is_some_and(|sign| sign.is_ascii_digit() || "¹²³".contains(sign))
                && signs.next().is_none()
        })
    };
    DEVICES.contains(&stem.as_str()) || numbered("com") || numbered("lpt")
}

/// A path as people write it inside one template (`modules/020_shop.sql`, `migrations/2026_01_31_add_phone.sql`), as it is
/// stored beside other templates' files (`ngo/modules/…`, `migrations/ngo/…`).
pub fn stored(template_type: &str, shown: &str) -> String {
    match shown.strip_prefix(MIGRATIONS_FOLDER).and_then(|rest| rest.strip_prefix('/')) {
        Some(name) => format!("{MIGRATIONS_FOLDER}/{template_type}/{name}"),
        None => format!("{template_type}/{shown}"),
    }
}

/// The other way round of [`stored`]; a path of another template stays as it is.
pub fn shown(template_type: &str, stored: &str) -> String {
    let inside = |path: &str| {
        path.strip_prefix(template_type).and_then(|rest| rest.strip_prefix('/')).map(str::to_owned)
    };
    let migration = stored.strip_prefix(MIGRATIONS_FOLDER).and_then(|rest| rest.strip_prefix('/'));
    match migration.and_then(inside) {
        Some(name) => format!("{MIGRATIONS_FOLDER}/{name}"),
        None => inside(stored).unwrap_or_else(|| stored.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_templates_are_taken() {
        for path in [
            "ngo/template.toml",
            "ngo/modules/010_events.seed.sqlite.sql",
            "migrations/ngo/2025_01_01_a.sql",
            "ngo/COMMENTS.md",
            "ngo/console.sql",
            "ngo/common.sql",
        ] {
            assert_eq!(check(path, 4), Ok(()), "{path}");
        }
    }

    #[test]
    fn paths_that_leave_their_folder_or_mean_something_to_a_system_are_not() {
        for path in [
            "",
            "/etc/passwd",
            "../x.sql",
            "ngo/../../x.sql",
            "ngo/./x.sql",
            "ngo//x.sql",
            "ngo/",
            "ngo\\x.sql",
            "C:/x.sql",
            "c:x.sql",
            "ngo/x.sql:stream",
            "ngo/a\0b.sql",
            "ngo/a\nb.sql",
            "ngo/NUL",
            "ngo/nul.sql",
            "ngo/Con.toml",
            "ngo/COM1.sql",
            "ngo/lpt9",
            "aux/template.toml",
            "ngo/x.sql.",
            "ngo/x.sql ",
            " ngo/x.sql",
            "a/b/c/d/e/f.sql",
        ] {
            assert!(check(path, 4).is_err(), "{path:?}");
        }
        assert!(check(&"a".repeat(256), 4).is_err());
    }

    #[test]
    fn a_path_inside_a_template_is_stored_beside_those_of_others_and_comes_back() {
        for (inside, beside) in [
            ("template.toml", "ngo/template.toml"),
            ("modules/010_events.sql", "ngo/modules/010_events.sql"),
            ("migrations/2025_01_01_a.sql", "migrations/ngo/2025_01_01_a.sql"),
        ] {
            assert_eq!(stored("ngo", inside), beside);
            assert_eq!(shown("ngo", beside), inside);
        }
        assert_eq!(shown("ngo", "basic/schema.sql"), "basic/schema.sql");
    }
}
