//! A tenant's name in addresses.

use uuid::Uuid;

/// Longest slug before a suffix is put on, in characters.
const LIMIT: usize = 60;

/// Words that addresses of ours or of servers need for themselves.
const RESERVED: [&str; 12] = [
    "new",
    "check-name",
    "admin",
    "api",
    "static",
    "login",
    "mysql",
    "sys",
    "information-schema",
    "performance-schema",
    "postgres",
    "template1",
];

/// The stem of the slugs that a name can get: small letters, digits and dashes, never empty unless nothing of the name
/// can be written so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slug(String);

impl Slug {
    /// Makes the stem from a name; other scripts are transliterated.
    pub fn from_name(name: &str) -> Slug {
        let latin = deunicode::deunicode_with_tofu(name, " ").to_lowercase();
        let mut stem = String::new();
        for c in latin.chars() {
            if c.is_ascii_alphanumeric() {
                stem.push(c);
            } else if !matches!(c, '\'' | '`' | '"' | '.') && !stem.ends_with('-') && !stem.is_empty() {
                stem.push('-');
            }
            if stem.len() >= LIMIT {
                break;
            }
        }
        Slug(stem.trim_end_matches('-').to_owned())
    }

    /// The stem, then the stem with -2, -3 and so on: at most `count` of them. None for a stem that is empty.
    pub fn candidates(&self, count: usize) -> impl Iterator<Item = String> + '_ {
        let usable = !self.0.is_empty();
        (1..=count).filter(move |_| usable).filter_map(|number| match number {
            1 if self.is_reserved() => None,
            1 => Some(self.0.clone()),
            number => Some(format!("{}-{number}", self.0)),
        })
    }

    /// The slug that nobody else can have: the stem and a part of the tenant's id.
    pub fn with_id(&self, id: Uuid) -> String {
        let hex = id.simple().to_string();
        let tail = hex.get(hex.len() - 8..).unwrap_or(&hex);
        if self.0.is_empty() { format!("tenant-{tail}") } else { format!("{}-{tail}", self.0) }
    }

    /// Whether the stem itself is not to be given. A stem that is a whole UUID would be taken for an id.
    fn is_reserved(&self) -> bool {
        RESERVED.contains(&self.0.as_str()) || Uuid::parse_str(&self.0).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(name: &str) -> Option<String> {
        Slug::from_name(name).candidates(5).next()
    }

    #[test]
    fn names_in_any_script_become_slugs_that_read_like_them() {
        for (name, slug) in [
            ("Acme Bakery", "acme-bakery"),
            ("  O'Hara & Sons, Ltd. ", "ohara-sons-ltd"),
            ("Ärzte für Übermorgen", "arzte-fur-ubermorgen"),
            ("Красный Крест", "krasnyi-krest"),
            ("红十字会", "hong-shi-zi-hui"),
        ] {
            assert_eq!(first(name).as_deref(), Some(slug), "{name}");
        }
    }

    #[test]
    fn a_name_with_nothing_to_write_falls_back_to_its_id() {
        for name in ["!!!", "—", "   "] {
            let slug = Slug::from_name(name);
            assert_eq!(slug.candidates(5).next(), None);
            assert!(slug.with_id(Uuid::now_v7()).starts_with("tenant-"), "{name}");
        }
    }

    #[test]
    fn reserved_words_get_a_number_at_once() {
        for name in ["New", "mysql", "Information Schema", "check name"] {
            assert!(first(name).unwrap().ends_with("-2"), "{name}");
        }
    }

    #[test]
    fn long_names_are_cut_without_a_dash_at_the_end() {
        let slug = first(&"ab ".repeat(100)).unwrap();
        assert!(slug.len() <= 60 && !slug.ends_with('-'), "{slug}");
    }

    proptest::proptest! {
        #[test]
        fn every_candidate_is_plain_ascii(name in ".{0,80}") {
            for candidate in Slug::from_name(&name).candidates(3) {
                proptest::prop_assert!(candidate.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'));
                proptest::prop_assert!(!candidate.starts_with('-') && !candidate.ends_with('-'));
            }
        }
    }
}
