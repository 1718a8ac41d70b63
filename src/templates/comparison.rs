//! How the files of two versions of a template differ, line by line, for people to read.

use similar::{ChangeTag, TextDiff};
use std::{collections::BTreeMap, time::Duration};

/// Lines around a change that are shown with it.
const AROUND: usize = 3;
/// Lines of one file that are shown at most.
const MOST_LINES: usize = 2_000;
/// Two large files without anything in common are told apart roughly after so long.
const LONGEST: Duration = Duration::from_millis(300);

/// What happened to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileChange {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// Its text is another.
    Changed,
}

/// A line of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its number before; `None` for a new line.
    pub before: Option<usize>,
    /// Its number now; `None` for one that is gone.
    pub after: Option<usize>,
    /// Its text.
    pub text: String,
}

/// How a file differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileDifference {
    /// Its path.
    pub path: String,
    /// What happened to it.
    pub change: FileChange,
    /// Groups of lines: those that differ with some around them.
    pub groups: Vec<Vec<Line>>,
    /// How many lines are new.
    pub added: usize,
    /// How many lines are gone.
    pub removed: usize,
    /// Whether there is more than is shown.
    pub is_cut: bool,
}

/// Compares all files, by path; those that are the same are left out.
pub fn compare(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> Vec<FileDifference> {
    let mut paths: Vec<&String> = before.keys().chain(after.keys()).collect();
    paths.sort();
    paths.dedup();
    let one = |path: &String| {
        let (old, new) = (before.get(path), after.get(path));
        let change = match (old, new) {
            (None, _) => FileChange::Added,
            (_, None) => FileChange::Removed,
            (old, new) if old == new => return None,
            _ => FileChange::Changed,
        };
        let text = |text: Option<&String>| text.map(String::as_str).unwrap_or_default().to_owned();
        Some(difference(path, change, &text(old), &text(new)))
    };
    paths.into_iter().filter_map(one).collect()
}

/// Compares two texts.
pub fn difference(path: &str, change: FileChange, before: &str, after: &str) -> FileDifference {
    let diff = TextDiff::configure().timeout(LONGEST).diff_lines(before, after);
    let mut found = FileDifference {
        path: path.to_owned(),
        change,
        groups: Vec::new(),
        added: 0,
        removed: 0,
        is_cut: false,
    };
    let mut shown = 0;
    for operations in diff.grouped_ops(AROUND) {
        let mut group = Vec::new();
        for line in operations.iter().flat_map(|operation| diff.iter_changes(operation)) {
            match line.tag() {
                ChangeTag::Insert => found.added += 1,
                ChangeTag::Delete => found.removed += 1,
                ChangeTag::Equal => {}
            }
            if shown >= MOST_LINES {
                found.is_cut = true;
                continue;
            }
            shown += 1;
            group.push(Line {
                before: line.old_index().map(|index| index + 1),
                after: line.new_index().map(|index| index + 1),
                text: line.value().trim_end_matches(['\n', '\r']).to_owned(),
            });
        }
        if !group.is_empty() {
            found.groups.push(group);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn files_are_compared_by_path_and_lines_keep_both_numbers() {
        let before = files(&[("a", "1\n2\n3\n"), ("gone", "x\n"), ("same", "y\n")]);
        let after = files(&[("a", "1\nzwei\n3\n"), ("new", "z\n"), ("same", "y\n")]);
        let found = compare(&before, &after);
        let kinds: Vec<_> = found.iter().map(|file| (file.path.as_str(), file.change)).collect();
        assert_eq!(
            kinds,
            [("a", FileChange::Changed), ("gone", FileChange::Removed), ("new", FileChange::Added)]
        );
        let lines: Vec<_> =
            found[0].groups[0].iter().map(|line| (line.before, line.after, line.text.as_str())).collect();
        assert_eq!(
            lines,
            [(Some(1), Some(1), "1"), (Some(2), None, "2"), (None, Some(2), "zwei"), (Some(3), Some(3), "3")]
        );
        assert_eq!((found[0].added, found[0].removed), (1, 1));
    }

    #[test]
    fn far_apart_changes_are_groups_of_their_own_and_a_long_file_is_cut() {
        let numbers = |count: i32| (0..count).map(|number| number.to_string() + "\n").collect::<String>();
        let before = numbers(100);
        let after = before.replace("10\n", "x\n").replace("\n90\n", "\ny\n");
        assert_eq!(difference("a", FileChange::Changed, &before, &after).groups.len(), 2);
        let long = numbers(5_000);
        let found = difference("a", FileChange::Added, "", &long);
        assert!(found.is_cut);
        assert_eq!(found.added, 5_000);
        assert_eq!(found.groups.iter().map(Vec::len).sum::<usize>(), MOST_LINES);
    }
}
