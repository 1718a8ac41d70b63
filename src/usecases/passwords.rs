//! Passwords: what may be one, and how it is kept. The rules follow NIST SP 800-63B: length counts, composition does not;
//! what is common, easy to guess or made of words that stand on the page is refused; spaces and every letter of the world
//! are welcome.

use crate::{
    app::App,
    error::{Error, Result},
};
use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use std::sync::atomic::Ordering;
use unicode_normalization::UnicodeNormalization;
use zxcvbn::{Score, feedback::Warning, zxcvbn};

/// Shortest password that a person may choose, in characters (ux.md, 7.1).
pub const SHORTEST_CHOSEN: usize = 12;
/// Shortest password that the settings may give: NIST 800-63B's floor, since who sets it is the operator.
pub const SHORTEST_SET: usize = 8;
/// Longest password looked at, in bytes: hashing must not be made to take for ever.
pub const LONGEST: usize = 1024;
/// Characters of a password whose strength is measured: measuring grows with the square of the length.
const MEASURED: usize = 72;
/// Letters and digits that a password must have besides words that others know.
const OWN_LETTERS: usize = 8;
/// Words that stand on the page, and those that everybody thinks of when a password has to be changed.
const EVERYBODYS: [&str; 8] =
    ["tenantry", "tenant", "password", "spring", "summer", "autumn", "winter", "welcome"];
/// A hash that no password matches, of the same cost as real ones: signing in takes as long for unknown people.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5LW5vYm9keQ$5Lw1BCGMEmc5lkU2pTHGE1HB4TxXk6TP4RKZC0Yd3sA";

/// A password as it is hashed: in Unicode's form NFKC, so that it is the same from every keyboard.
fn normal(password: &str) -> String {
    password.nfkc().collect()
}

/// Hashes the password of a person of this program with argon2id, off the async threads.
pub async fn hash_password(app: &App, password: &str) -> Result<String> {
    hash_as_typed(app, normal(password)).await
}

/// The same without changing what was typed, for a tenant's own application: it compares what it is sent.
pub async fn hash_as_typed(app: &App, password: String) -> Result<String> {
    let _turn = app.hashing.acquire().await.map_err(|cause| Error::internal(&cause))?;
    app.hashed.fetch_add(1, Ordering::Relaxed);
    app.blocking(move || Argon2::default().hash_password(password.as_bytes()).map(|hash| hash.to_string()))
        .await?
        .map_err(|cause| Error::internal(&cause))
}

/// Whether a password is the one of a hash. Where there is no hash (nobody of that e-mail, or somebody who has not chosen
/// a password yet) the answer is no, after the same work.
pub async fn matches(app: &App, password: &str, hash: Option<&str>) -> Result<bool> {
    let hash = hash.filter(|hash| !hash.is_empty()).unwrap_or(NOBODY).to_owned();
    let password = normal(password);
    let _turn = app.hashing.acquire().await.map_err(|cause| Error::internal(&cause))?;
    app.hashed.fetch_add(1, Ordering::Relaxed);
    app.blocking(move || {
        PasswordHash::new(&hash)
            .is_ok_and(|parsed| Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok())
    })
    .await
}

/// What is wrong with a chosen password, where something is. `about` are texts that others know of the person: name,
/// e-mail, tenant.
pub fn problem(password: &str, about: &[&str]) -> Option<String> {
    let password = normal(password);
    let letters = password.chars().count();
    if password.is_empty() {
        return Some("Choose a password.".into());
    }
    if letters < SHORTEST_CHOSEN {
        return Some(format!(
            "The password has {letters} characters. Use {SHORTEST_CHOSEN} or more; a few words in a row are easy to remember."
        ));
    }
    if password.len() > LONGEST {
        return Some("The password is too long. Use at most 1,000 characters.".into());
    }
    let known = known_words(about);
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    if left_of(&password, &known) < OWN_LETTERS {
        return Some(
            "The password is made of words that others know of you or would think of, such as your name or a season. Choose other words."
                .into(),
        );
    }
    let start: String = password.chars().take(MEASURED).collect();
    let found = zxcvbn(&start, &known);
    if found.score() >= Score::Three {
        let is_repeated = repeats(&password).is_some_and(|piece| piece < SHORTEST_CHOSEN);
        return is_repeated.then(|| {
            "The password is one short piece over and over. Use a few words that do not belong together."
                .into()
        });
    }
    Some(match found.feedback().and_then(zxcvbn::feedback::Feedback::warning) {
        Some(
            Warning::ThisIsATop10Password
            | Warning::ThisIsATop100Password
            | Warning::ThisIsACommonPassword
            | Warning::ThisIsSimilarToACommonlyUsedPassword,
        ) => "The password is one of the most common ones, or close to one. Choose something that only you would think of.".into(),
        _ => "The password is easy to guess. Use a few words that do not belong together.".into(),
    })
}

/// The length of the piece that a password's letters and digits are made of, over and over; signs between them do not count.
fn repeats(password: &str) -> Option<usize> {
    let letters: Vec<char> = password.chars().filter(|c| c.is_alphanumeric()).collect();
    let rest = |piece: usize| letters.get(piece..).unwrap_or_default();
    (1..=letters.len() / 2)
        .find(|&piece| letters.iter().zip(rest(piece)).all(|(before, after)| before == after))
}

/// How many letters and digits are left of a password without the known words.
fn left_of(password: &str, known: &[&str]) -> usize {
    let mut left = password.to_lowercase();
    let mut longest_first: Vec<&&str> = known.iter().filter(|word| word.chars().count() > 2).collect();
    longest_first.sort_by_key(|word| std::cmp::Reverse(word.len()));
    for word in longest_first {
        left = left.replace(*word, "");
    }
    // Signs alone, or one sign over and over, count as what they are: little.
    left.chars().filter(|c| !c.is_ascii_punctuation() && !c.is_whitespace()).count()
}

/// The texts, and the words in them, with those of the program.
fn known_words(about: &[&str]) -> Vec<String> {
    let mut words: Vec<String> = EVERYBODYS.iter().map(|word| (*word).to_owned()).collect();
    for text in about {
        let text = normal(text).to_lowercase();
        words.extend(
            text.split(|c: char| !c.is_alphanumeric())
                .filter(|word| word.chars().count() > 2)
                .map(Into::into),
        );
        words.push(text.chars().filter(|c| c.is_alphanumeric()).collect());
        words.push(text);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_for_unknown_people_can_be_read_and_matches_nothing_obvious() {
        let parsed = PasswordHash::new(NOBODY).unwrap();
        assert!(Argon2::default().verify_password(b"nobody", &parsed).is_err());
    }

    /// Refused, whatever else they hold: common ones and their disguises, keyboard rows, repetitions, dates, words of the
    /// page. Each is long enough, so that length is not the reason.
    const WEAK: &[&str] = &[
        "passwordpassword",
        "password1234",
        "Password1234!",
        "P@ssw0rd1234",
        "passw0rd2026",
        "password123456",
        "123456789012",
        "1234567890123456",
        "111111111111",
        "000000000000",
        "123123123123",
        "987654321098",
        "121212121212",
        "112233445566",
        "qwertyuiopas",
        "qwertyqwerty",
        "qwerty123456",
        "qwertyuiop123",
        "asdfghjklasdf",
        "asdfasdfasdf",
        "zxcvbnmzxcvbnm",
        "1q2w3e4r5t6y",
        "1qaz2wsx3edc",
        "qazwsxedcrfv",
        "1990-01-01 1990-01-01",
        "19901990199019901990",
        "17.3.1985-17.3.1985-17.3.1985",
        "xk7-xk7-xk7-xk7-xk7",
        "aaaaaaaaaaaa",
        "abababababab",
        "abcabcabcabc",
        "abcdefghijkl",
        "abcdefghijklmnop",
        "abcd1234abcd1234",
        "letmeinletmein",
        "iloveyou1234",
        "iloveyouiloveyou",
        "monkeymonkey",
        "dragondragon",
        "football1234",
        "baseball2026",
        "superman1234",
        "sunshine1234",
        "princess1234",
        "welcome12345",
        "welcomewelcome",
        "administrator",
        "administrator1",
        "adminadminadmin",
        "changemechangeme",
        "trustno1trustno1",
        "Summer2026!!!",
        "january2026!",
        "computer1234",
        "internet1234",
        "michael12345",
        "jennifer1234",
        "charlie12345",
        "liverpool1234",
        "starwars1234",
        "whatever1234",
        "tenantrytenantry",
        "tenantry1234",
        "Tenantry2026!",
        "tenanttenant12",
        "dana.okafor@example.org",
        "danaokafor12",
        "DanaOkafor2026",
        "okaforokafor",
        "okafor123456",
        "example.org1",
        "riverside1234",
        "RiversideFoodBank",
        "riversidefoodbank",
        "foodbankfoodbank",
        "            ",
        "............",
        "!!!!!!!!!!!!",
        "ааааааааааааа",
    ];

    /// Taken: words in a row in many languages, random letters, long sentences.
    const STRONG: &[&str] = &[
        "seven-lazy-llamas",
        "a fine long password",
        "another long password",
        "correct horse battery staple",
        "green kettle sings softly",
        "umbrella trombone glacier",
        "seven blue herons at noon",
        "quiet library of maps",
        "walnut-orbit-cinder-fog",
        "trapezoid marmalade hinge",
        "kaleidoscope under snow",
        "my aunt collects anvils",
        "zwölf grüne Teekessel",
        "les hiboux mangent tard",
        "el faro duerme de día",
        "наш кот любит дождь",
        "三只蓝色的乌鸦在屋顶上唱歌",
        "ثلاثة غربان زرقاء",
        "חתולים כחולים על הגג",
        "🦙🦙 seven lazy 🦙 llamas",
        "k7#vQ2!mZp9x",
        "Xq9vB2rT7mLk",
        "9f8a7c6e5d4b3a21f0",
        "mG4-tY8-qL2-zR6",
        "hunter gatherer biscuit",
        "paper lantern diplomacy",
        "The ferry leaves at half past nine, unless it rains.",
        "when in doubt, water the ferns",
        "copper violin thursday",
        "n0t-4-dictionary-w0rd-xq",
        "pickle jar of small regrets",
        "seventeen oboes",
        "brass monkey avalanche tea",
        "velvet stapler uprising",
        "sour cherry algorithm",
        "a b c walks into a bar",
        "ostrich ledger moonbeam",
        "0123 marzipan tractor",
        "tangerine-submarine-hat",
        "wool socks for octopuses",
    ];

    const ABOUT: &[&str] = &["Dana Okafor", "dana.okafor@example.org", "Riverside Food Bank"];

    #[test]
    fn common_and_guessable_passwords_are_refused_and_words_in_a_row_are_taken() {
        assert!(WEAK.len() + STRONG.len() >= 110);
        let taken: Vec<_> = WEAK.iter().filter(|password| problem(password, ABOUT).is_none()).collect();
        assert!(taken.is_empty(), "taken: {taken:?}");
        let refused: Vec<_> =
            STRONG.iter().filter_map(|password| Some((password, problem(password, ABOUT)?))).collect();
        assert!(refused.is_empty(), "refused: {refused:#?}");
        let short: Vec<_> =
            WEAK.iter().filter(|password| password.chars().count() < SHORTEST_CHOSEN).collect();
        assert!(short.is_empty(), "refused for their length alone: {short:?}");
    }

    #[test]
    fn each_refusal_says_why() {
        for (password, part) in [
            ("", "Choose a password"),
            ("short", "has 5 characters"),
            ("elevenchars", "has 11 characters"),
            ("password1234", "words that others"),
            ("danaokafor riverside", "words that others know"),
            ("qwertyuiopas", "easy to guess"),
            ("monkeymonkey", "easy to guess"),
            (&"long ".repeat(300), "too long"),
        ] {
            let said = problem(password, ABOUT).unwrap_or_else(|| panic!("{password} is taken"));
            assert!(
                said.contains(part) || (part == "easy to guess" && said.contains("common")),
                "{password}: {said}"
            );
        }
    }

    #[test]
    fn long_passwords_with_spaces_and_letters_of_the_world_are_taken_and_mean_the_same_from_every_keyboard() {
        let long = "the quick onyx goblin jumps over the lazy dwarf, and again at ten: ünïcödé 木".to_owned();
        assert!(long.chars().count() > 64 && problem(&long, ABOUT).is_none());
        assert!(problem(&format!("{long} {}", "x y z ".repeat(100)), ABOUT).is_none());
        // é as one letter or as two; wide letters as a Japanese keyboard types them.
        assert_eq!(normal("caf\u{e9} au lait"), normal("cafe\u{301} au lait"));
        assert_eq!(normal("ｗｉｄｅ　ｌｅｔｔｅｒｓ"), "wide letters");
        assert_eq!(normal("  spaces stay  "), "  spaces stay  ");
    }
}
