//! What is wrong with a template, place by place, for a person at a terminal, a page or a program.

use serde::{Deserialize, Serialize};
use std::fmt;

/// One thing that was found, and where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Finding {
    /// The file, relative to the folder that holds the templates.
    pub file: String,
    /// The line, counted from 1, where the finding belongs to one.
    pub line: Option<usize>,
    /// What is wrong, and what to do about it.
    pub reason: String,
}

/// Everything that was found about one template. A template with problems is not imported; warnings let it pass.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// What must be mended before the template can be imported.
    pub problems: Vec<Finding>,
    /// What is probably not meant so, but harms nobody.
    pub warnings: Vec<Finding>,
}

impl Report {
    /// Whether the template may be imported: there is no problem. There may be warnings.
    pub fn is_clean(&self) -> bool {
        self.problems.is_empty()
    }

    /// Adds a problem.
    pub fn problem(&mut self, file: impl Into<String>, line: Option<usize>, reason: impl Into<String>) {
        self.problems.push(Finding { file: file.into(), line, reason: reason.into() });
    }

    /// Adds a warning.
    pub fn warning(&mut self, file: impl Into<String>, line: Option<usize>, reason: impl Into<String>) {
        self.warnings.push(Finding { file: file.into(), line, reason: reason.into() });
    }

    /// Takes over everything that another report found.
    pub fn append(&mut self, mut other: Report) {
        self.problems.append(&mut other.problems);
        self.warnings.append(&mut other.warnings);
    }

    /// Puts the findings in the order of files and lines, and leaves each only once.
    pub fn sort(&mut self) {
        for findings in [&mut self.problems, &mut self.warnings] {
            findings.sort();
            findings.dedup();
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, "")
    }
}

impl Finding {
    fn write(&self, f: &mut fmt::Formatter<'_>, severity: &str) -> fmt::Result {
        write!(f, "{}", printable(&self.file))?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {severity}{}", printable(&self.reason))
    }
}

impl fmt::Display for Report {
    /// One line for each finding, problems first, and a last line with their numbers.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.problems {
            finding.write(f, "")?;
            writeln!(f)?;
        }
        for finding in &self.warnings {
            finding.write(f, "warning: ")?;
            writeln!(f)?;
        }
        match (self.problems.len(), self.warnings.len()) {
            (0, 0) => f.write_str("no problems"),
            (problems, 0) => f.write_str(&counted(problems, "problem")),
            (0, warnings) => write!(f, "no problems, {}", counted(warnings, "warning")),
            (problems, warnings) => {
                write!(f, "{}, {}", counted(problems, "problem"), counted(warnings, "warning"))
            }
        }
    }
}

fn counted(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// File names and statements come from strangers' archives: what steers a terminal must not reach it.
pub fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_reads_as_one_line_for_each_finding_and_a_sum() {
        let mut report = Report::default();
        report.problem("ngo/template.toml", Some(7), "`kind` is missing");
        report.problem("ngo/schema.sql", None, "is missing");
        report.warning("ngo/notes.txt", None, "is not read");
        assert_eq!(
            report.to_string(),
            "ngo/template.toml:7: `kind` is missing\nngo/schema.sql: is missing\n\
             ngo/notes.txt: warning: is not read\n2 problems, 1 warning"
        );
        assert!(!report.is_clean());
    }

    #[test]
    fn a_report_without_findings_says_so() {
        assert_eq!(Report::default().to_string(), "no problems");
        assert!(Report::default().is_clean());
    }

    #[test]
    fn warnings_alone_leave_a_template_importable() {
        let mut report = Report::default();
        report.warning("a", None, "b");
        assert!(report.is_clean());
        assert_eq!(report.to_string(), "a: warning: b\nno problems, 1 warning");
    }

    #[test]
    fn a_file_name_cannot_steer_the_terminal() {
        let mut report = Report::default();
        report.problem("a\u{1b}[2Jb.sql", None, "bad");
        assert!(!report.to_string().contains('\u{1b}'));
    }

    #[test]
    fn sorting_goes_by_file_and_line_and_drops_what_is_said_twice() {
        let mut report = Report::default();
        report.problem("b", Some(1), "x");
        report.problem("a", Some(10), "x");
        report.problem("a", Some(2), "x");
        report.problem("a", Some(2), "x");
        report.sort();
        let places: Vec<_> = report.problems.iter().map(|f| (f.file.as_str(), f.line)).collect();
        assert_eq!(places, [("a", Some(2)), ("a", Some(10)), ("b", Some(1))]);
    }

    #[test]
    fn a_program_gets_the_report_as_json() {
        let mut report = Report::default();
        report.problem("a", Some(3), "x");
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(
            json,
            serde_json::json!({"problems": [{"file": "a", "line": 3, "reason": "x"}], "warnings": []})
        );
    }
}
