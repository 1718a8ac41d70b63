//! Walking through statements: each is read, split into single changes, and asked about by every rule.

use super::{
    Class, Find, Hazard, Look, RULES,
    step::{Fresh, Step},
};
use crate::{
    schema::{Schema, difference::differences},
    sql::{
        effects::{Effects, Touched, effects},
        evolve, migration,
        operation::{Operation, TableChange},
        operations::operation,
        read,
    },
};

/// A statement and what it touches.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Seen {
    /// The line of the file that it begins on.
    pub line: usize,
    /// What it touches.
    pub effects: Effects,
}

/// What statements do, and what can go wrong with them.
#[derive(Debug, Clone, PartialEq)]
pub struct Analysis {
    /// The statements in their order.
    pub statements: Vec<Seen>,
    /// Their hazards: what is breaking first, then in the order of the lines.
    pub hazards: Vec<Hazard>,
    /// The schema afterwards; what was not understood has left no mark in it.
    pub after: Schema,
}

impl Analysis {
    /// Whether one of the hazards is breaking: then whoever wrote the statements cannot say otherwise.
    pub fn is_breaking(&self) -> bool {
        is_breaking(&self.hazards)
    }

    /// Whether a statement was not understood.
    pub fn is_unknown(&self) -> bool {
        self.statements.iter().any(|seen| matches!(seen.effects, Effects::Unknown(_)))
    }

    /// Everything that the statements touch, those left out that were not understood.
    pub fn touched(&self) -> Touched {
        let mut all = Touched::default();
        for seen in &self.statements {
            if let Effects::Known(touched) = &seen.effects {
                all.append(touched.clone());
            }
        }
        all
    }
}

/// Whether one of these hazards is breaking.
pub fn is_breaking(hazards: &[Hazard]) -> bool {
    hazards.iter().any(|hazard| hazard.class == Class::Breaking)
}

/// The schema after a text whose hazards nobody asks for: what does not fit or is not understood leaves no mark.
pub fn schema_after(before: &Schema, text: &str) -> Schema {
    let mut schema = before.clone();
    for source in read::each(text, 1).unwrap_or_default().into_iter().flatten() {
        for operation in operation(&source).unwrap_or_default() {
            let _ = evolve::apply(&mut schema, &operation);
        }
    }
    schema
}

/// A single change as it was read, with what it was read on.
struct Taken {
    line: usize,
    operation: Operation,
    before: Schema,
    touched: Touched,
    fresh: Fresh,
}

/// What a walk has seen so far.
struct Walk {
    schema: Schema,
    fresh: Fresh,
    statements: Vec<Seen>,
    taken: Vec<Taken>,
    hazards: Vec<Hazard>,
}

/// Analyses statements in the plan's dialect on a database that has this schema. `first_line` is the number of the text's first
/// line in its file.
pub fn statements(before: &Schema, text: &str, first_line: usize) -> Analysis {
    let mut walk = Walk {
        schema: before.clone(),
        fresh: Fresh::default(),
        statements: Vec::new(),
        taken: Vec::new(),
        hazards: Vec::new(),
    };
    match read::each(text, first_line) {
        Ok(all) => {
            for source in all {
                walk.take(source);
            }
        }
        Err(problem) => walk.unknown(problem.line, &problem.message),
    }
    walk.end(before)
}

/// Analyses the file of a migration: what its `-- UP` does, and whether its `-- DOWN` leads back.
pub fn migration(before: &Schema, text: &str) -> Analysis {
    let parts = match migration::read(text) {
        Ok(parts) => parts,
        Err(problems) => {
            let mut analysis = statements(before, "", 1);
            for problem in problems {
                let effects = Effects::Unknown(problem.message.clone());
                analysis.statements.push(Seen { line: problem.line, effects });
                analysis.found(
                    Some(problem.line),
                    |look| matches!(look, Look::Unknown),
                    &unknown(&problem.message),
                );
            }
            if !text.lines().any(migration::is_down) {
                analysis.no_way_back("Cannot be taken back: there is no `-- DOWN`.".to_owned());
            }
            analysis.sort();
            return analysis;
        }
    };
    let mut up = statements(before, &parts.up.text, parts.up.first_line);
    let down = statements(&up.after, &parts.down.text, parts.down.first_line);
    if down.statements.is_empty() {
        up.no_way_back("Cannot be taken back: its `-- DOWN` has no statement.".to_owned());
    } else if down.is_unknown() {
        up.no_way_back("Its `-- DOWN` has a statement of which nobody knows what it does.".to_owned());
    } else if let Some(difference) = differences(before, &down.after).into_iter().next() {
        up.no_way_back(format!("Its `-- DOWN` does not lead back: {}", difference.sentence));
    }
    up.sort();
    up
}

fn unknown(reason: &str) -> Find {
    (None, format!("Nobody knows what this does: {reason}."))
}

/// An operation as single changes: the clauses of an ALTER TABLE one by one. A renamed table goes on under its new name.
fn single(operation: Operation) -> Vec<Operation> {
    let Operation::AlterTable { mut table, changes } = operation else { return vec![operation] };
    let mut found = Vec::new();
    for change in changes {
        let now = table.clone();
        if let TableChange::RenameTable(after) = &change {
            table.clone_from(after);
        }
        found.push(Operation::AlterTable { table: now, changes: vec![change] });
    }
    found
}

impl Walk {
    fn unknown(&mut self, line: usize, reason: &str) {
        self.statements.push(Seen { line, effects: Effects::Unknown(reason.to_owned()) });
        for rule in RULES.iter().filter(|rule| matches!(rule.look, Look::Unknown)) {
            self.hazards.push(rule.hazard(Some(line), unknown(reason)));
        }
    }

    fn take(&mut self, source: Result<read::SourceStatement, read::Problem>) {
        let operations = source.and_then(|source| operation(&source).map(|found| (source.line, found)));
        let (line, operations) = match operations {
            Ok(found) => found,
            Err(problem) => return self.unknown(problem.line, &problem.message),
        };
        let mut all = Touched::default();
        for operation in operations.into_iter().flat_map(single) {
            let before = self.schema.clone();
            let touched = match effects(&operation, &before) {
                Effects::Known(touched) => touched,
                Effects::Unknown(reason) => {
                    self.unknown(line, &reason);
                    continue;
                }
            };
            let fits = evolve::apply(&mut self.schema, &operation);
            let fresh = self.fresh.clone();
            match fits {
                Ok(()) => self.fresh.follow(&operation, &touched),
                // It is asked about all the same: what stands in the way may be a hazard with a name.
                Err(reason) => self.unknown(line, &reason),
            }
            all.append(touched.clone());
            self.taken.push(Taken { line, operation, before, touched, fresh });
        }
        self.statements.push(Seen { line, effects: Effects::Known(all) });
    }

    fn end(self, start: &Schema) -> Analysis {
        let Walk { schema: end, statements, taken, mut hazards, .. } = self;
        for Taken { line, operation, before, touched, fresh } in &taken {
            let step = Step { operation, start, before, end: &end, touched, fresh };
            for rule in RULES {
                if let Look::Step(look) = rule.look {
                    hazards.extend(look(&step).into_iter().map(|find| rule.hazard(Some(*line), find)));
                }
            }
        }
        let mut analysis = Analysis { statements, hazards, after: end };
        analysis.sort();
        analysis
    }
}

impl Analysis {
    fn found(&mut self, line: Option<usize>, is_it: fn(&Look) -> bool, find: &Find) {
        let rules = RULES.iter().filter(|rule| is_it(&rule.look));
        self.hazards.extend(rules.map(|rule| rule.hazard(line, find.clone())));
    }

    fn no_way_back(&mut self, sentence: String) {
        self.found(None, |look| matches!(look, Look::WayBack), &(None, sentence));
    }

    /// What weighs most first, and each hazard once.
    fn sort(&mut self) {
        self.hazards.sort_by_key(|hazard| (hazard.class, hazard.line));
        self.hazards.dedup();
    }
}
