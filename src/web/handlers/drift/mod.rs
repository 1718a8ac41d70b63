//! Unexpected changes: all tenants and those with the same difference, one tenant, and deciding about what differs.

mod decide;
mod fleet;
mod run;
mod tenant;

pub use decide::{
    ask_all_of, ask_group, ask_one, count_again, count_again_group, do_all_of, do_group, do_one,
};
pub use fleet::{check_all, check_group, fleet, group};
pub use run::run;
pub use tenant::{check, tenant};

use crate::{
    schema::ObjectKind,
    store::{
        customizations::KINDS,
        drift::{Difference, Level},
    },
    usecases::{actor::Actor, permissions::Permission},
    web::{
        pages::drift::DifferenceView,
        urls,
        views::{Pill, Tone},
    },
};
use similar::{ChangeTag, TextDiff};

/// The words of a level.
fn level_words(level: Option<Level>) -> (&'static str, Tone) {
    match level {
        Some(Level::None) => ("As it should be", Tone::Good),
        Some(Level::Low) => ("Low", Tone::Quiet),
        Some(Level::Medium) => ("Medium", Tone::Warn),
        Some(Level::High) => ("High", Tone::Bad),
        None => ("Not checked yet", Tone::Quiet),
    }
}

fn pill(level: Option<Level>) -> Pill {
    let (text, tone) = level_words(level);
    Pill::new(text, tone)
}

/// A text in pieces: each with whether it is other than in the text beside it.
type Pieces = Vec<(String, bool)>;

/// Two texts in pieces that are the same in both or not.
fn sides(expected: Option<&str>, found: Option<&str>) -> (Pieces, Pieces) {
    let (Some(expected), Some(found)) = (expected, found) else {
        let whole = |text: Option<&str>| text.map(|text| (text.to_owned(), false)).into_iter().collect();
        return (whole(expected), whole(found));
    };
    let diff = TextDiff::from_words(expected, found);
    let (mut one, mut other) = (Pieces::new(), Pieces::new());
    let add = |side: &mut Pieces, text: &str, is_other: bool| match side.last_mut() {
        Some((before, was_other)) if *was_other == is_other => before.push_str(text),
        _ => side.push((text.to_owned(), is_other)),
    };
    for change in diff.iter_all_changes() {
        match change.tag() {
            ChangeTag::Equal => {
                add(&mut one, change.value(), false);
                add(&mut other, change.value(), false);
            }
            ChangeTag::Delete => add(&mut one, change.value(), true),
            ChangeTag::Insert => add(&mut other, change.value(), true),
        }
    }
    (one, other)
}

fn kind_of(difference: &Difference) -> Option<ObjectKind> {
    KINDS.into_iter().find(|kind| kind.as_str() == difference.kind)
}

fn view(difference: &Difference, actor: &Actor, slug: Option<&str>) -> DifferenceView {
    let (expected, found) = sides(difference.expected.as_deref(), difference.found.as_deref());
    let may_decide = actor.must(Permission::RepairDrift).is_ok();
    let can_be_kept = kind_of(difference).is_some() && difference.change != "removed";
    let act = |act: &str| match slug {
        Some(slug) => urls::tenant_drift_act(slug, &difference.id, act),
        None => urls::drift_act(&difference.id, act),
    };
    let mut acts = Vec::new();
    if may_decide {
        acts.push(("Put it back…", act("repair")));
        if can_be_kept {
            acts.push(("Keep it…", act("keep")));
        }
        acts.push(("Leave it alone…", act("ignore")));
    }
    DifferenceView {
        id: difference.id.clone(),
        sentence: difference.sentence.clone(),
        severity: pill(Some(difference.severity)),
        expected,
        found,
        cause: difference.cause.clone(),
        since: None,
        acts,
        form: None,
        note: None,
        ignored: None,
    }
}
