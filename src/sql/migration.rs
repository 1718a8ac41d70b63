//! A migration's file: its head, its `-- UP` part and its `-- DOWN` part.

use super::read::Problem;
use semver::Version;

/// What the head says, in lines such as `-- version: 1.1.0`. Other comment lines are left alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Head {
    /// Only for tenants at this version or later.
    pub min_version: Option<Version>,
    /// Only for tenants at this version or earlier.
    pub max_version: Option<Version>,
    /// Only for these template types; empty for all.
    pub applies_to: Vec<String>,
    /// Whether its author calls it breaking.
    pub breaking: bool,
    /// The template version that it completes.
    pub version: Option<Version>,
}

/// A part of the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Part {
    /// Its text.
    pub text: String,
    /// The number of its first line in the file.
    pub first_line: usize,
}

/// A migration's file, split.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Migration {
    /// Its head.
    pub head: Head,
    /// What it does.
    pub up: Part,
    /// What takes it back.
    pub down: Part,
}

/// Where in the file a line is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Head,
    Up,
    Down,
}

fn marker(line: &str) -> Option<Place> {
    let word = line.trim().strip_prefix("--")?.trim();
    match word.to_ascii_uppercase().as_str() {
        "UP" => Some(Place::Up),
        "DOWN" => Some(Place::Down),
        _ => None,
    }
}

/// Whether a line begins the way back.
pub fn is_down(line: &str) -> bool {
    marker(line) == Some(Place::Down)
}

/// Splits a migration's file.
pub fn read(text: &str) -> Result<Migration, Vec<Problem>> {
    let mut migration = Migration::default();
    let mut problems = Vec::new();
    let mut place = Place::Head;
    let (mut has_up, mut has_down) = (false, false);
    let problem = |line: usize, message: String| Problem { line, column: 1, message };
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        match marker(line) {
            Some(Place::Up) if has_up => problems.push(problem(number, "there is a second `-- UP`".into())),
            Some(Place::Down) if has_down => {
                problems.push(problem(number, "there is a second `-- DOWN`".into()))
            }
            Some(Place::Down) if !has_up => {
                problems.push(problem(number, "`-- DOWN` comes before `-- UP`".into()))
            }
            Some(Place::Up) => {
                (place, has_up) = (Place::Up, true);
                migration.up.first_line = number + 1;
            }
            Some(Place::Down) => {
                (place, has_down) = (Place::Down, true);
                migration.down.first_line = number + 1;
            }
            Some(Place::Head) | None => match place {
                Place::Head => {
                    if let Err(message) = head_line(&mut migration.head, line) {
                        problems.push(problem(number, message));
                    }
                }
                Place::Up => push(&mut migration.up.text, line),
                Place::Down => push(&mut migration.down.text, line),
            },
        }
    }
    let last = text.lines().count().max(1);
    if !has_up {
        problems.push(problem(1, "a line `-- UP` is missing; what the migration does comes after it".into()));
    }
    if !has_down {
        problems.push(problem(
            last,
            "a line `-- DOWN` is missing; what takes the migration back comes after it".into(),
        ));
    }
    for (part, there, word) in [(&migration.up, has_up, "UP"), (&migration.down, has_down, "DOWN")] {
        if there && !has_statement(&part.text) {
            problems.push(problem(
                part.first_line.saturating_sub(1),
                format!("`-- {word}` has no statement after it"),
            ));
        }
    }
    if problems.is_empty() { Ok(migration) } else { Err(problems) }
}

fn push(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

fn has_statement(text: &str) -> bool {
    text.lines()
        .map(str::trim)
        .any(|line| !line.is_empty() && !line.starts_with("--") && !line.starts_with('#'))
}

fn head_line(head: &mut Head, line: &str) -> Result<(), String> {
    let line = line.trim();
    if line.is_empty() {
        return Ok(());
    }
    let Some(comment) = line.strip_prefix("--") else {
        return Err("a statement stands before `-- UP`".into());
    };
    // A setting is one word and a colon; anything else is a remark.
    let Some((name, value)) = comment.trim().split_once(':') else { return Ok(()) };
    let (name, value) = (name.trim().to_ascii_lowercase(), value.trim());
    if name.contains(char::is_whitespace) {
        return Ok(());
    }
    let version =
        || Version::parse(value).map_err(|error| format!("{value:?} is no version such as 1.2.0: {error}"));
    match name.as_str() {
        "min-version" => head.min_version = Some(version()?),
        "max-version" => head.max_version = Some(version()?),
        "version" => head.version = Some(version()?),
        "applies-to" => {
            head.applies_to = value
                .split(',')
                .map(|part| part.trim().to_owned())
                .filter(|part| !part.is_empty() && part != "all")
                .collect();
        }
        "breaking" => {
            head.breaking = match value.to_ascii_lowercase().as_str() {
                "true" | "yes" => true,
                "false" | "no" => false,
                other => return Err(format!("breaking is {other:?}; it takes true or false")),
            };
        }
        other => {
            return Err(format!(
                "{other:?} is not known; there are min-version, max-version, applies-to, breaking and version"
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plans_own_example_is_read() {
        let read = read(
            "-- UP\nALTER TABLE members ADD COLUMN c INT;\n\n-- DOWN\nALTER TABLE members DROP COLUMN c;\n",
        )
        .unwrap();
        assert_eq!((read.up.first_line, read.down.first_line), (2, 5));
        assert!(read.up.text.starts_with("ALTER") && read.down.text.contains("DROP"));
        assert_eq!(read.head, Head::default());
    }

    #[test]
    fn the_head_is_read() {
        let text = "-- Remarks stay remarks.\n-- version: 1.1.0\n-- min-version: 1.0.0\n-- breaking: true\n-- applies-to: ngo, basic\n-- up\nx\n--down\ny";
        let head = read(text).unwrap().head;
        assert_eq!(head.version, Some(Version::new(1, 1, 0)));
        assert!(head.breaking);
        assert_eq!(head.applies_to, ["ngo", "basic"]);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (text, line, part) in [
            ("ALTER TABLE a;\n-- UP\nx\n-- DOWN\ny", 1, "before `-- UP`"),
            ("-- UP\nx\n", 2, "`-- DOWN` is missing"),
            ("x", 1, "`-- UP` is missing"),
            ("-- UP\n-- nothing\n-- DOWN\ny", 1, "no statement"),
            ("-- UP\nx\n-- UP\nx\n-- DOWN\ny", 3, "second"),
            ("-- version: one\n-- UP\nx\n-- DOWN\ny", 1, "no version"),
            ("-- verzion: 1.0.0\n-- UP\nx\n-- DOWN\ny", 1, "not known"),
        ] {
            let problems = read(text).unwrap_err();
            assert!(
                problems.iter().any(|problem| problem.line == line && problem.message.contains(part)),
                "{text}: {problems:?}"
            );
        }
    }
}
