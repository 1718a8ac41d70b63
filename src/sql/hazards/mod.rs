//! What can go wrong with a change of a schema or of rows, told before it runs.
//!
//! [`RULES`] is the one table of hazards; `docs/hazards.md` is written from it. [`analysis`] walks a migration and asks each rule
//! about each change. The rules themselves stand by what they are about: [`structure`] for what goes or gets another name,
//! [`values`] for what the rows that are there have to bear, [`rows`] for what happens to rows, [`duration`] for what takes long.
//! Pure: no database is asked, so a rule says what can happen, never what will.

pub mod analysis;
mod duration;
mod rows;
mod rules;
mod step;
mod structure;
pub mod trial;
mod types;
mod values;
mod views;

pub use analysis::{Analysis, Seen};
pub use rules::RULES;

use crate::sql::objects::ObjectRef;
use serde::Serialize;
use step::Step;

/// How much a hazard weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Values can be lost, it can fail on tenants' rows, or programs of the version before stop working. It needs an approval.
    Breaking,
    /// It can take long or keep others waiting where there are many rows.
    Slow,
    /// Worth knowing; nobody has to do anything.
    Notice,
}

impl Class {
    /// A word for it.
    pub fn word(self) -> &'static str {
        match self {
            Class::Breaking => "Breaking",
            Class::Slow => "Slow",
            Class::Notice => "Notice",
        }
    }
}

/// What a rule found: the object, where there is one, and a sentence that names it.
type Find = (Option<ObjectRef>, String);

/// What a rule looks at.
enum Look {
    /// Each change that is understood.
    Step(fn(&Step<'_>) -> Vec<Find>),
    /// Each statement that is not.
    Unknown,
    /// What a migration has in the words of one engine.
    OwnWords,
    /// A migration's way back.
    WayBack,
}

/// A kind of hazard.
pub struct Rule {
    /// Its name in JSON and in the documents.
    pub id: &'static str,
    /// How much it weighs.
    pub class: Class,
    /// What it is about, in a few words.
    pub title: &'static str,
    /// Why it is a hazard.
    pub reason: &'static str,
    /// What to do about it.
    pub advice: &'static str,
    look: Look,
}

/// A hazard of a statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hazard {
    /// The rule's name.
    pub rule: &'static str,
    /// How much it weighs.
    pub class: Class,
    /// What is about to happen, with the object's name.
    pub sentence: String,
    /// Why that is a hazard.
    pub reason: &'static str,
    /// What to do about it.
    pub advice: &'static str,
    /// The line of the file that the statement begins on, where it belongs to one.
    pub line: Option<usize>,
    /// What it is about, where that is one object.
    pub object: Option<ObjectRef>,
}

impl Rule {
    fn hazard(&self, line: Option<usize>, (object, sentence): Find) -> Hazard {
        let &Rule { id, class, reason, advice, .. } = self;
        Hazard { rule: id, class, sentence, reason, advice, line, object }
    }
}

/// The hazard of a file that replaces a migration on one engine: what it does is not read.
pub fn own_words(engine: &str) -> Vec<Hazard> {
    let sentence = format!("Runs statements that are written for {engine} only, and that nobody here reads.");
    RULES
        .iter()
        .filter(|rule| matches!(rule.look, Look::OwnWords))
        .map(|rule| rule.hazard(None, (None, sentence.clone())))
        .collect()
}

#[cfg(test)]
mod document_tests;
#[cfg(test)]
mod examples;
