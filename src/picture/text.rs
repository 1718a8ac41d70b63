//! How wide a text will be, what is cut off where there is no room, and how text is made safe for markup.

use std::fmt::Write as _;

/// Widths of the printable ASCII characters from space to `~`, in thousandths of the font size. They are those of a wide
/// sans-serif (DejaVu Sans), so that the narrower fonts that most people have never overflow.
const ASCII: [i64; 95] = [
    318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337, 636, 636, 636, 636, 636,
    636, 636, 636, 636, 636, 337, 337, 838, 838, 838, 531, 1000, 684, 686, 698, 770, 632, 575, 775, 752, 295,
    295, 656, 557, 863, 748, 787, 603, 787, 695, 635, 611, 732, 684, 989, 685, 611, 685, 390, 337, 390, 838,
    500, 500, 613, 635, 550, 635, 615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612, 635, 635, 411, 521,
    392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838,
];

/// Sizes of the texts in the diagram, in thousandths of a pixel; `static/picture.css` has the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Font {
    /// Table names: 13 px, semi-bold.
    Head,
    /// Column names: 12.5 px.
    Name,
    /// Types and the legend: 11.5 px.
    Small,
}

impl Font {
    fn size(self) -> i64 {
        match self {
            Self::Head => 14_600, // 13 px and an eighth for the weight
            Self::Name => 12_500,
            Self::Small => 11_500,
        }
    }
}

/// The width of a text in pixels, rounded up; an estimate on the wide side.
pub(super) fn width(text: &str, font: Font) -> i64 {
    let thousandths: i64 = text.chars().map(advance).sum();
    (thousandths * font.size()).div_euclid(1_000_000) + 1
}

/// The text itself where it fits into `room` pixels, else as much of its start as fits before a `…`.
pub(super) fn fit(text: &str, font: Font, room: i64) -> String {
    if width(text, font) <= room {
        return text.to_owned();
    }
    let mut kept = String::new();
    for character in text.chars() {
        kept.push(character);
        if width(&kept, font) + width("…", font) > room {
            kept.pop();
            break;
        }
    }
    format!("{}…", kept.trim_end())
}

fn advance(character: char) -> i64 {
    match u32::from(character) {
        code @ 0x20..=0x7e => {
            usize::try_from(code - 0x20).ok().and_then(|at| ASCII.get(at)).copied().unwrap_or(1000)
        }
        0x300..=0x36f | 0x200b..=0x200d | 0xfe00..=0xfe0f => 0,
        0xa0..=0x10ff | 0x1200..=0x24ff => 800,
        0x1100..=0x11ff | 0x2500..=0xd7ff | 0xf900..=0xffff => 1050,
        0x1_0000.. => 1400,
        _ => 1000,
    }
}

/// Makes text safe between tags and inside double quotes. Characters that markup cannot carry, and those that turn the
/// reading direction around, become a visible `�`.
pub(super) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fffe}' | '\u{ffff}' => {
                safe.push('\u{fffd}');
            }
            character if character.is_control() => safe.push('\u{fffd}'),
            character => safe.push(character),
        }
    }
    safe
}

/// Writes a name so that it can stand in the fragment of an address.
pub(super) fn percent(name: &str) -> String {
    let mut written = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            written.push(char::from(byte));
        } else {
            add(&mut written, format_args!("%{byte:02X}"));
        }
    }
    written
}

/// Adds formatted words to a text.
pub(super) fn add(text: &mut String, words: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = text.write_fmt(words);
}

/// A count with its noun: `1 column`, `2 columns`.
pub(super) fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_fits_is_kept_and_a_longer_one_ends_in_dots() {
        assert_eq!(fit("id", Font::Name, 100), "id");
        let cut = fit("a_name_that_goes_on_and_on_and_on", Font::Name, 100);
        assert!(cut.ends_with('…') && cut.starts_with("a_name"));
        assert!(width(&cut, Font::Name) <= 100);
        assert_eq!(fit("wide", Font::Name, 0), "…");
    }

    #[test]
    fn wide_and_combining_characters_are_counted_as_such() {
        assert!(width("会员会员", Font::Name) > width("abcd", Font::Name));
        assert_eq!(width("e\u{301}", Font::Name), width("e", Font::Name));
    }

    #[test]
    fn markup_control_and_direction_characters_are_made_harmless() {
        assert_eq!(
            escape("</svg><script>\"'&\0\u{202e}"),
            "&lt;/svg&gt;&lt;script&gt;&quot;&#39;&amp;\u{fffd}\u{fffd}"
        );
        assert_eq!(percent("a b\"#é"), "a%20b%22%23%C3%A9");
    }
}
