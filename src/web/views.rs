//! What pages share: the frame around them, and small pieces that are ready to show. Values only: nothing here asks a
//! store, reads a clock or knows a request.

use super::urls;

/// The people's side of a number: `12,400`.
pub fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if number < 0 {
        text.push('-');
    }
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number with its noun: `1 table`, `12,400 tenants`.
pub fn counted(number: i64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(number), if number == 1 { one } else { many })
}

/// The same for the length of a list.
pub fn counted_len(number: usize, one: &str, many: &str) -> String {
    counted(i64::try_from(number).unwrap_or(i64::MAX), one, many)
}

/// A size in words: `44 KB`, `1.2 GB`.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["KB", "MB", "GB", "TB", "PB"];
    if bytes < 1000 {
        return format!("{bytes} bytes");
    }
    let (mut whole, mut rest, mut unit) = (bytes / 1000, bytes % 1000, "KB");
    for bigger in UNITS.into_iter().skip(1) {
        if whole < 1000 {
            break;
        }
        (rest, whole, unit) = (whole % 1000, whole / 1000, bigger);
    }
    if whole < 10 { format!("{whole}.{} {unit}", rest / 100) } else { format!("{whole} {unit}") }
}

/// A length of time: `under 0.1 s`, `0.4 s`, `12 s`, `3 min 5 s`.
pub fn duration(milliseconds: i64) -> String {
    let milliseconds = milliseconds.max(0);
    let seconds = milliseconds / 1000;
    match seconds {
        0 if milliseconds < 100 => "under 0.1 s".into(),
        0..10 => format!("{}.{} s", seconds, milliseconds % 1000 / 100),
        10..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

/// How serious a pill looks. The words say it too, so colour is never the only sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// All is well.
    Good,
    /// Something is going on.
    Busy,
    /// A person should look.
    Warn,
    /// Something is broken.
    Bad,
    /// Nothing to say about it.
    Quiet,
}

/// A word in a coloured frame, with an icon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pill {
    /// The word.
    pub text: String,
    /// Its colour.
    pub tone: Tone,
    /// An icon of the sprite.
    pub icon: &'static str,
}

impl Pill {
    /// A pill with the icon that goes with its tone.
    pub fn new(text: impl Into<String>, tone: Tone) -> Self {
        let icon = match tone {
            Tone::Good => "circle-check",
            Tone::Busy => "refresh",
            Tone::Warn => "alert-triangle",
            Tone::Bad => "alert-circle",
            Tone::Quiet => "circle-minus",
        };
        Self { text: text.into(), tone, icon }
    }

    /// The same with another icon.
    #[must_use]
    pub fn with_icon(self, icon: &'static str) -> Self {
        Self { icon, ..self }
    }

    /// The class of its colour.
    pub fn class(&self) -> &'static str {
        match self.tone {
            Tone::Good => "pill-good",
            Tone::Busy => "pill-busy",
            Tone::Warn => "pill-warn",
            Tone::Bad => "pill-bad",
            Tone::Quiet => "pill-quiet",
        }
    }
}

/// A moment, as people write it and as machines do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeView {
    /// RFC 3339, for `<time datetime>`.
    pub datetime: String,
    /// Such as `23 Nov 2026, 10:00`.
    pub text: String,
    /// Such as `4 minutes ago`.
    pub ago: String,
}

/// Such as `4 minutes ago` or `in 20 seconds`.
fn distance(milliseconds: i64) -> String {
    let seconds = milliseconds.abs() / 1000;
    let (count, unit) = match seconds {
        0..5 => return "just now".into(),
        5..60 => (seconds, "second"),
        60..3600 => (seconds / 60, "minute"),
        3600..86_400 => (seconds / 3600, "hour"),
        86_400..2_592_000 => (seconds / 86_400, "day"),
        2_592_000..31_536_000 => (seconds / 2_592_000, "month"),
        _ => (seconds / 31_536_000, "year"),
    };
    let many = if count == 1 { "" } else { "s" };
    if milliseconds < 0 { format!("in {count} {unit}{many}") } else { format!("{count} {unit}{many} ago") }
}

impl TimeView {
    /// A moment in milliseconds since 1970, seen from another.
    pub fn new(at_ms: i64, now_ms: i64) -> Self {
        let moment = jiff::Timestamp::from_millisecond(at_ms).unwrap_or_default();
        Self {
            datetime: moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            text: moment.strftime("%-d %b %Y, %H:%M").to_string(),
            ago: distance(now_ms.saturating_sub(at_ms)),
        }
    }
}

/// One step of the way from the start page to here; the page itself has no address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crumb {
    /// The page's name.
    pub title: String,
    /// Its address.
    pub href: String,
}

impl Crumb {
    /// A page on the way.
    pub fn new(title: impl Into<String>, href: impl Into<String>) -> Self {
        Self { title: title.into(), href: href.into() }
    }
}

/// A link in the navigation or in a row of tabs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NavLink {
    /// What it says.
    pub title: &'static str,
    /// An icon of the sprite.
    pub icon: &'static str,
    /// Where it goes.
    pub href: String,
    /// Whether it is the page that is being looked at.
    pub is_current: bool,
}

/// The part of the program that a page belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The start page.
    Dashboard,
    /// Tenants.
    Tenants,
    /// Templates.
    Templates,
    /// Jobs.
    Jobs,
    /// Unexpected changes.
    Drift,
    /// People who sign in.
    People,
    /// Database servers.
    Servers,
    /// One's own account.
    Account,
    /// None of them, such as an error.
    Nowhere,
}

/// Who is signed in, as the frame shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The person's name.
    pub name: String,
    /// The person's e-mail.
    pub email: String,
    /// The role in words, such as `Administrator`.
    pub role: String,
}

/// A message about what was just done, shown once at the top of the next page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flash {
    /// A sentence.
    pub text: String,
    /// How it went.
    pub tone: Tone,
}

impl Flash {
    /// The class of its colour.
    pub fn class(&self) -> &'static str {
        match self.tone {
            Tone::Good => "alert-success",
            Tone::Busy | Tone::Quiet => "alert-info",
            Tone::Warn => "alert-warning",
            Tone::Bad => "alert-danger",
        }
    }

    /// The icon that goes with it.
    pub fn icon(&self) -> &'static str {
        match self.tone {
            Tone::Good => "circle-check",
            Tone::Busy | Tone::Quiet => "info-circle",
            Tone::Warn | Tone::Bad => "alert-triangle",
        }
    }
}

/// The frame around every page. Without a person it is the frame of the pages outside: signing in, first run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Shell {
    /// The token for the page's forms.
    pub csrf: String,
    /// Who is signed in.
    pub person: Option<Person>,
    /// The navigation.
    pub nav: Vec<NavLink>,
    /// What was just done.
    pub flash: Option<Flash>,
}

impl Shell {
    /// The frame for nobody in particular.
    pub fn outside(csrf: impl Into<String>) -> Self {
        Self { csrf: csrf.into(), ..Self::default() }
    }

    /// The frame for a person of the staff, with the whole navigation.
    pub fn inside(csrf: impl Into<String>, person: Person, place: Place) -> Self {
        let link = |title, icon, href, at| NavLink { title, icon, href, is_current: at == place };
        Self {
            csrf: csrf.into(),
            person: Some(person),
            nav: vec![
                link("Dashboard", "home", urls::home(), Place::Dashboard),
                link("Tenants", "building-community", urls::tenants(), Place::Tenants),
                link("Templates", "stack-2", urls::templates(), Place::Templates),
                link("Jobs", "list-check", urls::jobs(), Place::Jobs),
            ],
            flash: None,
        }
    }

    /// The frame for an owner, who sees the own tenants and nothing else.
    pub fn owner(csrf: impl Into<String>, person: Person, place: Place) -> Self {
        let mut shell = Self::inside(csrf, person, place);
        shell.nav = vec![NavLink {
            title: "My tenants",
            icon: "building-community",
            href: urls::tenants(),
            is_current: place == Place::Tenants,
        }];
        shell
    }

    /// The same with the way to unexpected changes.
    #[must_use]
    pub fn with_drift(mut self, place: Place) -> Self {
        self.nav.push(NavLink {
            title: "Unexpected changes",
            icon: "search",
            href: urls::drift(),
            is_current: place == Place::Drift,
        });
        self
    }

    /// The same with the way to the people who sign in.
    #[must_use]
    pub fn with_people(mut self, place: Place) -> Self {
        self.nav.push(NavLink {
            title: "People",
            icon: "user-circle",
            href: urls::people(),
            is_current: place == Place::People,
        });
        self
    }

    /// The same with the way to the database servers.
    #[must_use]
    pub fn with_servers(mut self, place: Place) -> Self {
        self.nav.push(NavLink {
            title: "Servers",
            icon: "database",
            href: urls::servers(),
            is_current: place == Place::Servers,
        });
        self
    }

    /// The same with a message.
    #[must_use]
    pub fn with_flash(self, text: impl Into<String>, tone: Tone) -> Self {
        Self { flash: Some(Flash { text: text.into(), tone }), ..self }
    }
}

/// A line to type in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name in the form, and its id in the page.
    pub name: &'static str,
    /// What it asks for.
    pub label: &'static str,
    /// How to answer.
    pub hint: Option<String>,
    /// What was typed.
    pub value: String,
    /// What is wrong with it.
    pub error: Option<String>,
    /// `text`, `email` or `password`.
    pub kind: &'static str,
    /// What the browser may fill in, in the words of HTML.
    pub autocomplete: &'static str,
}

impl Field {
    /// An empty line for text.
    pub fn text(name: &'static str, label: &'static str) -> Self {
        Self { name, label, hint: None, value: String::new(), error: None, kind: "text", autocomplete: "off" }
    }

    /// An empty line for an e-mail address.
    pub fn email(name: &'static str, label: &'static str) -> Self {
        Self { kind: "email", autocomplete: "email", ..Self::text(name, label) }
    }

    /// An empty line for a password; `autocomplete` is `current-password` or `new-password`.
    pub fn password(name: &'static str, label: &'static str, autocomplete: &'static str) -> Self {
        Self { kind: "password", autocomplete, ..Self::text(name, label) }
    }

    /// The same with a hint.
    #[must_use]
    pub fn with_hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// The same as it was filled in.
    #[must_use]
    pub fn filled(self, value: impl Into<String>, error: Option<String>) -> Self {
        Self { value: value.into(), error, ..self }
    }

    /// The ids of the elements that describe it, for `aria-describedby`; empty where there are none.
    pub fn described_by(&self) -> String {
        let hint = self.hint.as_ref().map(|_| format!("{}-hint", self.name));
        let error = self.error.as_ref().map(|_| format!("{}-error", self.name));
        hint.into_iter().chain(error).collect::<Vec<_>>().join(" ")
    }
}

/// A line of the summary above a form that could not be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormError {
    /// The id of the field.
    pub field: String,
    /// The same words as at the field.
    pub text: String,
}

impl FormError {
    /// What is wrong with a field.
    pub fn new(field: impl Into<String>, text: impl Into<String>) -> Self {
        Self { field: field.into(), text: text.into() }
    }

    /// The lines for the fields that have an error, in the form's order.
    pub fn of(fields: &[&Field]) -> Vec<Self> {
        fields
            .iter()
            .filter_map(|field| field.error.as_ref().map(|text| Self::new(field.name, text)))
            .collect()
    }
}

/// A choice of a list to open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// What the form sends.
    pub value: String,
    /// What people read.
    pub text: String,
    /// Whether it is chosen.
    pub is_chosen: bool,
}

/// The way to the pages before and after this one of a list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pager {
    /// The address of the page before.
    pub previous: Option<String>,
    /// The address of the page after.
    pub next: Option<String>,
}

/// A row of a history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventView {
    /// When.
    pub at: TimeView,
    /// Who.
    pub who: String,
    /// A whole sentence.
    pub sentence: String,
    /// An icon of the sprite.
    pub icon: &'static str,
    /// The tenant that it was done to, with its address, where the page is not about one.
    pub tenant: Option<Crumb>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_in_groups_of_three() {
        let texts = [0, 7, 999, 1_000, 12_400, 1_234_567, -1_000].map(grouped);
        assert_eq!(texts, ["0", "7", "999", "1,000", "12,400", "1,234,567", "-1,000"]);
        assert_eq!(counted(1, "table", "tables"), "1 table");
    }

    #[test]
    fn sizes_and_lengths_of_time_are_short() {
        assert_eq!([999, 1_000, 43_900, 1_250_000_000].map(size), ["999 bytes", "1.0 KB", "43 KB", "1.2 GB"]);
        assert_eq!(
            [4, 380, 12_000, 185_000, 7_260_000].map(duration),
            ["under 0.1 s", "0.3 s", "12 s", "3 min 5 s", "2 h 1 min"]
        );
    }

    #[test]
    fn a_moment_is_written_for_people_and_for_machines() {
        let at = 1_795_428_000_000;
        let time = TimeView::new(at, at + 240_000);
        assert_eq!(
            (time.datetime.as_str(), time.text.as_str()),
            ("2026-11-23T10:00:00Z", "23 Nov 2026, 10:00")
        );
        assert_eq!(time.ago, "4 minutes ago");
        assert_eq!(TimeView::new(at + 20_500, at).ago, "in 20 seconds");
        assert_eq!(TimeView::new(at, at).ago, "just now");
    }

    #[test]
    fn a_field_is_described_by_its_hint_and_its_error() {
        let field = Field::text("name", "Name")
            .with_hint("As people say it")
            .filled("", Some("Enter a name.".into()));
        assert_eq!(field.described_by(), "name-hint name-error");
        assert_eq!(FormError::of(&[&field]), [FormError::new("name", "Enter a name.")]);
    }
}
