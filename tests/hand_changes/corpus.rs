//! Reads `corpus.txt`, whose form is written at its top.

use std::collections::BTreeMap;

/// An engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum On {
    Sqlite,
    MariaDb,
    Postgres,
    /// PostgreSQL where tenants are schemas: as on PostgreSQL, unless an entry says otherwise.
    Schemas,
}

impl On {
    pub const ALL: [On; 3] = [On::Sqlite, On::MariaDb, On::Postgres];

    /// What is said about it, or about what it is like.
    fn of<T>(self, said: &BTreeMap<On, T>) -> Option<&T> {
        let alike = if self == On::Schemas { On::Postgres } else { self };
        said.get(&self).or_else(|| said.get(&alike))
    }

    fn named(word: &str) -> Option<On> {
        match word {
            "sqlite" => Some(On::Sqlite),
            "mariadb" => Some(On::MariaDb),
            "postgres" => Some(On::Postgres),
            "schemas" => Some(On::Schemas),
            _ => None,
        }
    }
}

/// A change that somebody makes.
#[derive(Debug, Default)]
pub struct Entry {
    pub name: String,
    sql: BTreeMap<On, String>,
    not: BTreeMap<On, String>,
    finds: BTreeMap<On, Vec<String>>,
    refusals: BTreeMap<On, String>,
    problems: BTreeMap<On, String>,
    loses: BTreeMap<On, Vec<String>>,
    since: BTreeMap<On, u32>,
}

impl Entry {
    /// What is done on an engine.
    pub fn on(&self, on: On) -> Option<&str> {
        on.of(&self.sql).filter(|_| self.not(on).is_none()).map(String::as_str)
    }

    /// Why it is not done there.
    pub fn not(&self, on: On) -> Option<&str> {
        on.of(&self.not).map(String::as_str)
    }

    /// Whether a server of this version can do it.
    pub fn is_known_to(&self, on: On, version: u32) -> bool {
        on.of(&self.since).is_none_or(|since| *since <= version)
    }

    /// What the check finds, in the order of the alphabet: `change kind object severity`.
    pub fn finds(&self, on: On) -> Vec<String> {
        let mut all = on.of(&self.finds).cloned().unwrap_or_default();
        all.retain(|line| line != "nothing");
        all.sort();
        all
    }

    pub fn says_what_is_found(&self, on: On) -> bool {
        self.finds.contains_key(&on) || self.problems.contains_key(&on)
    }

    /// Words of the sentence with which it is not put back.
    pub fn refusal(&self, on: On) -> Option<&str> {
        on.of(&self.refusals).or_else(|| on.of(&self.problems)).map(String::as_str)
    }

    /// Words of the sentence with which the database cannot be looked at.
    pub fn problem(&self, on: On) -> Option<&str> {
        on.of(&self.problems).map(String::as_str)
    }

    /// Tables and columns whose rows and values are not there afterwards.
    pub fn loses(&self, on: On) -> &[String] {
        on.of(&self.loses).map(Vec::as_slice).unwrap_or_default()
    }
}

/// The whole corpus.
pub fn read() -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    // A line that begins with a blank goes on with the one before it.
    let mut lines: Vec<String> = Vec::new();
    for line in include_str!("corpus.txt").lines().filter(|line| !line.starts_with('#')) {
        match lines.last_mut() {
            Some(last) if line.starts_with(' ') => {
                last.push('\n');
                last.push_str(line.trim());
            }
            _ => lines.push(line.trim_end().to_owned()),
        }
    }
    for line in lines.iter().filter(|line| !line.is_empty()) {
        if let Some(name) = line.strip_prefix("= ") {
            entries.push(Entry { name: name.to_owned(), ..Entry::default() });
            continue;
        }
        let (head, value) = line.split_once(':').unwrap_or_else(|| panic!("no colon: {line}"));
        let entry = entries.last_mut().unwrap_or_else(|| panic!("no entry before: {line}"));
        let words: Vec<&str> = head.split([' ', ',']).filter(|word| !word.is_empty()).collect();
        let (what, named) = match words.split_first().unwrap() {
            (first, _) if On::named(first).is_some() => ("sql", words.as_slice()),
            (first, rest) => (*first, rest),
        };
        let named: Vec<On> =
            named.iter().map(|word| On::named(word).unwrap_or_else(|| panic!("{word}: {line}"))).collect();
        let is_for_all = named.is_empty();
        for on in if is_for_all { On::ALL.to_vec() } else { named } {
            let value = value.trim().to_owned();
            let before = match what {
                "sql" => entry.sql.insert(on, value),
                "not" => entry.not.insert(on, value),
                "refused" => entry.refusals.insert(on, value),
                "problem" => entry.problems.insert(on, value),
                "since" => {
                    let before = entry.since.insert(on, value.parse().unwrap());
                    before.map(|version| version.to_string())
                }
                "finds" => {
                    entry.finds.entry(on).or_default().push(value);
                    None
                }
                "loses" => {
                    entry.loses.entry(on).or_default().extend(value.split(' ').map(str::to_owned));
                    None
                }
                _ => panic!("{what} is not known: {line}"),
            };
            assert!(before.is_none(), "twice: {line}");
        }
    }
    entries
}
