//! Larger pieces that pages share, ready to show: lists of facts, questions before something that cannot be taken back,
//! links shown once, meters and charts. Values only, as in [`super::views`]; their HTML is in `templates_html/parts`, and
//! `/styleguide` shows each in every state.

use super::views::{Choice, Crumb, Field, FormError, TimeView, Tone, grouped};

/// A line of a list of facts.
#[derive(Debug, Clone)]
pub struct Fact {
    /// What it is.
    pub label: String,
    /// What it says.
    pub value: String,
    /// Whether it is a name for machines, shown in their letters and easy to copy.
    pub is_code: bool,
    /// The same as a moment.
    pub time: Option<TimeView>,
    /// Where it leads.
    pub href: Option<String>,
}

impl Fact {
    /// Words.
    pub fn text(label: impl Into<String>, value: impl Into<String>) -> Self {
        Self { label: label.into(), value: value.into(), is_code: false, time: None, href: None }
    }

    /// A name for machines.
    pub fn code(label: impl Into<String>, value: impl Into<String>) -> Self {
        Self { is_code: true, ..Self::text(label, value) }
    }

    /// A moment.
    pub fn time(label: impl Into<String>, time: TimeView) -> Self {
        Self { time: Some(time), ..Self::text(label, "") }
    }

    /// Words with a link.
    pub fn link(label: impl Into<String>, value: impl Into<String>, href: impl Into<String>) -> Self {
        Self { href: Some(href.into()), ..Self::text(label, value) }
    }
}

/// The question before something is done that people may regret. The page around it brings the heading and the token.
#[derive(Debug, Clone)]
pub struct Confirm {
    /// Where the form is sent.
    pub action: String,
    /// What was wrong with the answer.
    pub errors: Vec<FormError>,
    /// What it does, in a sentence or two.
    pub sentence: String,
    /// What goes with it, one line each.
    pub goes: Vec<String>,
    /// What stays as it is, one line each.
    pub stays: Vec<String>,
    /// A name to type first, for what is gone for good.
    pub typed: Option<Field>,
    /// What the button says: the act itself.
    pub button: String,
    /// Whether something is lost, so that the button looks like it.
    pub is_danger: bool,
    /// Where one goes who does not want to.
    pub cancel: Crumb,
}

/// A link or a password that is shown once, right after it was made.
#[derive(Debug, Clone)]
pub struct Secret {
    /// What it is, such as "Invitation link".
    pub label: String,
    /// What to do with it, in bold.
    pub todo: String,
    /// What to know about it.
    pub note: String,
    /// The secret itself.
    pub value: String,
}

/// How much of something is used.
#[derive(Debug, Clone)]
pub struct Usage {
    /// What is used, such as "Disk".
    pub label: String,
    /// In words, such as "212 of 500 places".
    pub text: String,
    /// How much is used, in the unit of `most`.
    pub used: i64,
    /// How much there is.
    pub most: i64,
}

impl Usage {
    /// The colour: quiet, then a warning from four fifths on, then bad when it is full.
    pub fn class(&self) -> &'static str {
        match self.used.saturating_mul(100).checked_div(self.most).unwrap_or(100) {
            ..80 => "is-fine",
            80..100 => "is-near",
            _ => "is-full",
        }
    }
}

/// One part of a bar.
#[derive(Debug, Clone)]
pub struct Share {
    /// What it is, such as "Ready" or "1.1.0".
    pub label: String,
    /// What that means; empty where everybody knows.
    pub note: &'static str,
    /// How many.
    pub count: i64,
    /// Where these are listed.
    pub href: Option<String>,
    /// The class of its colour; see [`Share::of_tone`] and [`Share::in_series`].
    pub class: &'static str,
}

impl Share {
    /// A part whose colour says how things are.
    pub fn of_tone(label: impl Into<String>, count: i64, href: Option<String>, tone: Tone) -> Self {
        let class = match tone {
            Tone::Good => "chart-good",
            Tone::Busy => "chart-busy",
            Tone::Warn => "chart-warn",
            Tone::Bad => "chart-bad",
            Tone::Quiet => "chart-quiet",
        };
        Self { label: label.into(), note: "", count, href, class }
    }

    /// A part whose colour only tells it from its neighbours, by its place.
    pub fn in_series(label: impl Into<String>, count: i64, href: Option<String>, place: usize) -> Self {
        const CLASSES: [&str; 6] = ["chart-1", "chart-2", "chart-3", "chart-4", "chart-5", "chart-6"];
        let class = CLASSES.get(place % CLASSES.len()).copied().unwrap_or("chart-1");
        Self { label: label.into(), note: "", count, href, class }
    }

    /// The same with a line that says what it means.
    #[must_use]
    pub fn with_note(self, note: &'static str) -> Self {
        Self { note, ..self }
    }

    /// The count as people write it.
    pub fn number(&self) -> String {
        grouped(self.count)
    }
}

/// A whole of which each part has a share: a bar, and the same as a table beneath it.
#[derive(Debug, Clone)]
pub struct StackedBar {
    /// What is counted, such as "Tenants by state".
    pub title: String,
    /// What the rows of the table are, such as "State".
    pub kind: &'static str,
    /// The parts, in order.
    pub shares: Vec<Share>,
}

/// The width of a whole bar, in units of its picture.
const WHOLE: i64 = 1000;
/// What the smallest part still gets, so that one in ten thousand can be seen.
const LEAST: i64 = 8;

impl StackedBar {
    fn total(&self) -> i64 {
        self.shares.iter().map(|share| share.count).sum()
    }

    /// Start, width and class of each part that there is. Parts too small to be seen are widened at the others' cost.
    pub fn pieces(&self) -> Vec<(i64, i64, &'static str)> {
        let total = self.total().max(1);
        let shown: Vec<_> = self.shares.iter().filter(|share| share.count > 0).collect();
        let widths: Vec<i64> =
            shown.iter().map(|share| (share.count.saturating_mul(WHOLE) / total).max(LEAST)).collect();
        let sum: i64 = widths.iter().sum::<i64>().max(1);
        let mut before = 0;
        let mut pieces = Vec::with_capacity(shown.len());
        for (share, width) in shown.iter().zip(&widths) {
            let start = before * WHOLE / sum;
            before += width;
            pieces.push((start, before * WHOLE / sum - start, share.class));
        }
        pieces
    }

    /// A part's share in words: `84 %`, `under 1 %`, `over 99 %`.
    pub fn percent(&self, share: &Share) -> String {
        let total = self.total();
        // To the nearest: 8 of 11 are 73 %.
        match share.count.saturating_mul(100).saturating_add(total / 2).checked_div(total) {
            None => "0 %".into(),
            Some(0) if share.count > 0 => "under 1 %".into(),
            Some(100) if share.count < total => "over 99 %".into(),
            Some(percent) => format!("{percent} %"),
        }
    }
}

/// A list to choose one value from.
#[derive(Debug, Clone)]
pub struct Select {
    /// Its name in the form, and its id in the page.
    pub name: &'static str,
    /// What it asks for.
    pub label: &'static str,
    /// How to answer.
    pub hint: Option<String>,
    /// What there is to choose from.
    pub choices: Vec<Choice>,
    /// What is wrong with it.
    pub error: Option<String>,
}

impl Select {
    /// The ids of the elements that describe it, for `aria-describedby`; empty where there are none.
    pub fn described_by(&self) -> String {
        let hint = self.hint.as_ref().map(|_| format!("{}-hint", self.name));
        let error = self.error.as_ref().map(|_| format!("{}-error", self.name));
        hint.into_iter().chain(error).collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(counts: &[i64]) -> StackedBar {
        let shares = counts.iter().map(|count| Share::in_series("x", *count, None, 0)).collect();
        StackedBar { title: String::new(), kind: "Part", shares }
    }

    #[test]
    fn the_parts_of_a_bar_fill_it_and_the_smallest_can_be_seen() {
        let pieces = bar(&[10_000, 1, 0, 3]).pieces();
        assert_eq!(pieces.len(), 3, "nothing is drawn for none");
        assert_eq!(pieces[0].0, 0);
        assert_eq!(pieces.iter().map(|(_, width, _)| width).sum::<i64>(), WHOLE);
        assert!(pieces.iter().all(|(_, width, _)| *width >= LEAST - 1));
        assert!(bar(&[]).pieces().is_empty());
    }

    #[test]
    fn shares_are_told_in_whole_percent() {
        let bar = bar(&[9_999, 1]);
        assert_eq!(bar.percent(&bar.shares[0]), "over 99 %");
        assert_eq!(bar.percent(&bar.shares[1]), "under 1 %");
        let bar = self::bar(&[8, 3]);
        assert_eq!(bar.percent(&bar.shares[0]), "73 %");
        assert_eq!(bar.percent(&bar.shares[1]), "27 %");
    }

    #[test]
    fn a_meter_warns_before_it_is_full() {
        let usage = |used| Usage { label: String::new(), text: String::new(), used, most: 500 }.class();
        assert_eq!((usage(399), usage(400), usage(500)), ("is-fine", "is-near", "is-full"));
    }
}
