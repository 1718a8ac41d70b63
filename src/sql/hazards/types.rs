//! What becomes of the values of a column whose type changes.

use crate::schema::{Type, model::TextSize};

/// What a new type means for the values that are there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fit {
    /// It is the same type.
    Same,
    /// Every value fits.
    Wider,
    /// Some values may not fit.
    Narrower,
    /// Choices of a list that there are no more.
    Without(Vec<String>),
    /// Values become something else: a number becomes a text, a moment a day.
    Another,
}

/// What a change of type means. What is not listed is another kind of value: never taken for harmless.
pub(super) fn fit(before: &Type, after: &Type) -> Fit {
    if before == after {
        return Fit::Same;
    }
    if let (Type::Enum(had), Type::Enum(has)) = (before, after) {
        let gone: Vec<String> = had.iter().filter(|choice| !has.contains(choice)).cloned().collect();
        return if gone.is_empty() { Fit::Wider } else { Fit::Without(gone) };
    }
    numbers(before, after)
        .or_else(|| texts(before, after))
        .or_else(|| bytes(before, after))
        .or_else(|| times(before, after))
        .map_or(Fit::Another, |fits| if fits { Fit::Wider } else { Fit::Narrower })
}

/// The smallest and the largest whole number of a type.
fn range(ty: &Type) -> Option<(i128, i128)> {
    match ty {
        Type::Integer { bits, unsigned: true } => Some((0, (1_i128 << u32::from(*bits).min(100)) - 1)),
        Type::Integer { bits, unsigned: false } => {
            let half = 1_i128 << (u32::from(*bits).clamp(1, 100) - 1);
            Some((-half, half - 1))
        }
        Type::Boolean => Some((0, 1)),
        Type::Year => Some((0, 2155)),
        _ => None,
    }
}

/// Digits before the point, digits after it, and whether there is a sign.
fn digits(ty: &Type) -> Option<(u16, u16, bool)> {
    if let Type::Decimal { precision, scale, unsigned } = ty {
        return Some((precision.saturating_sub(*scale), *scale, !unsigned));
    }
    let (least, most) = range(ty)?;
    let length = u16::try_from(most.to_string().len()).unwrap_or(u16::MAX);
    Some((length, 0, least < 0))
}

/// Whether every number of one type is one of the other; `None` where one of them holds no numbers.
fn numbers(before: &Type, after: &Type) -> Option<bool> {
    // Whole numbers that a type with a floating point holds exactly.
    let exact = |ty: &Type| match ty {
        Type::Float => Some(1_i128 << 24),
        Type::Double => Some(1_i128 << 53),
        _ => None,
    };
    match (exact(before), exact(after)) {
        (Some(had), Some(has)) => return Some(had <= has),
        (Some(_), None) => return digits(after).map(|_| false),
        (None, Some(has)) => {
            let (_, scale, _) = digits(before)?;
            return Some(
                scale == 0 && range(before).is_some_and(|(least, most)| -has <= least && most <= has),
            );
        }
        (None, None) => {}
    }
    if let (Some((least, most)), Some((lowest, highest))) = (range(before), range(after)) {
        return Some(lowest <= least && most <= highest);
    }
    let (whole, scale, signed) = digits(before)?;
    let (more_whole, more_scale, more_signed) = digits(after)?;
    // A whole number of three digits is no TINYINT: only what a type surely holds counts.
    let surely = if range(after).is_some() { more_whole.saturating_sub(1) } else { more_whole };
    Some(whole <= surely && scale <= more_scale && (!signed || more_signed))
}

fn size(size: TextSize) -> u64 {
    match size {
        TextSize::Tiny => 255,
        TextSize::Normal => 65_535,
        TextSize::Medium => 16_777_215,
        TextSize::Long => 4_294_967_295,
    }
}

/// Whether every text of one type fits into the other; `None` where one of them holds no texts.
fn texts(before: &Type, after: &Type) -> Option<bool> {
    let characters = match before {
        Type::Char(length) | Type::Varchar(length) => u64::from(*length),
        // As many characters as bytes, where each is a letter of ASCII.
        Type::Text(bytes) => size(*bytes),
        Type::Enum(choices) => {
            choices.iter().map(|choice| choice.chars().count()).max().unwrap_or(0).try_into().ok()?
        }
        _ => return None,
    };
    match after {
        // CHAR takes the blanks at the end away.
        Type::Char(length) => {
            Some(matches!(before, Type::Char(_) | Type::Enum(_)) && characters <= u64::from(*length))
        }
        Type::Varchar(length) => Some(characters <= u64::from(*length)),
        Type::Text(bytes) => {
            let needed =
                if let Type::Text(bytes) = before { size(*bytes) } else { characters.saturating_mul(4) };
            Some(needed <= size(*bytes))
        }
        Type::Enum(_) => Some(false),
        _ => None,
    }
}

/// Whether all bytes of one type fit into the other; `None` where one of them holds no bytes.
fn bytes(before: &Type, after: &Type) -> Option<bool> {
    let length = |ty: &Type| match ty {
        Type::Binary(length) | Type::Varbinary(length) => Some(u64::from(*length)),
        Type::Blob(bytes) => Some(size(*bytes)),
        _ => None,
    };
    let fits = length(before)? <= length(after)?;
    // BINARY fills up with zero bytes, so that a shorter value is another one.
    Some(fits && !matches!(after, Type::Binary(_)))
}

/// Whether a moment or a length of time stays what it is; `None` where it becomes another kind of value.
fn times(before: &Type, after: &Type) -> Option<bool> {
    match (before, after) {
        (Type::Time(had), Type::Time(has))
        | (Type::Datetime(had), Type::Datetime(has))
        | (Type::Timestamp(had), Type::Timestamp(has)) => Some(had <= has),
        (Type::Date, Type::Datetime(_)) => Some(true),
        (Type::Datetime(_), Type::Date) => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn integer(bits: u8, unsigned: bool) -> Type {
        Type::Integer { bits, unsigned }
    }

    fn decimal(precision: u16, scale: u16) -> Type {
        Type::Decimal { precision, scale, unsigned: false }
    }

    #[test]
    fn every_value_of_a_wider_type_fits() {
        let cases = [
            (integer(32, false), integer(64, false)),
            (integer(32, true), integer(64, false)),
            (Type::Boolean, integer(8, false)),
            (integer(16, false), decimal(5, 0)),
            (decimal(5, 2), decimal(7, 3)),
            (decimal(2, 0), integer(8, false)),
            (integer(32, true), Type::Double),
            (Type::Float, Type::Double),
            (Type::Varchar(10), Type::Varchar(20)),
            (Type::Varchar(63), Type::Text(TextSize::Tiny)),
            (Type::Text(TextSize::Tiny), Type::Varchar(255)),
            (Type::Enum(vec!["a".into(), "bcd".into()]), Type::Varchar(3)),
            (Type::Enum(vec!["a".into()]), Type::Enum(vec!["b".into(), "a".into()])),
            (Type::Binary(4), Type::Varbinary(4)),
            (Type::Date, Type::Datetime(0)),
            (Type::Timestamp(0), Type::Timestamp(6)),
        ];
        for (before, after) in cases {
            assert_eq!(fit(&before, &after), Fit::Wider, "{before:?} to {after:?}");
        }
    }

    #[test]
    fn a_type_that_some_values_do_not_fit_into_is_narrower() {
        let cases = [
            (integer(64, false), integer(32, false)),
            (integer(32, false), integer(32, true)),
            (integer(32, true), integer(32, false)),
            (integer(8, false), Type::Boolean),
            (integer(16, false), decimal(4, 0)),
            (decimal(7, 3), decimal(7, 2)),
            (decimal(7, 2), decimal(7, 3)),
            (decimal(3, 0), integer(8, false)),
            (integer(64, false), Type::Double),
            (decimal(7, 2), Type::Double),
            (Type::Double, decimal(30, 10)),
            (Type::Varchar(20), Type::Varchar(10)),
            (Type::Varchar(64), Type::Text(TextSize::Tiny)),
            (Type::Text(TextSize::Normal), Type::Varchar(255)),
            (Type::Varchar(5), Type::Char(9)),
            (Type::Varchar(5), Type::Enum(vec!["a".into()])),
            (Type::Enum(vec!["a".into(), "bcd".into()]), Type::Varchar(2)),
            (Type::Varbinary(4), Type::Binary(4)),
            (Type::Datetime(0), Type::Date),
            (Type::Time(3), Type::Time(0)),
        ];
        for (before, after) in cases {
            assert_eq!(fit(&before, &after), Fit::Narrower, "{before:?} to {after:?}");
        }
    }

    #[test]
    fn what_becomes_another_kind_of_value_is_never_harmless() {
        let cases = [
            (integer(32, false), Type::Varchar(20)),
            (Type::Varchar(20), integer(32, false)),
            (Type::Json, Type::Text(TextSize::Long)),
            (Type::Timestamp(0), Type::Datetime(0)),
            (Type::Date, Type::Time(0)),
            (Type::Varchar(9), Type::Varbinary(90)),
            (Type::Other("box".into()), Type::Varchar(9)),
        ];
        for (before, after) in cases {
            assert_eq!(fit(&before, &after), Fit::Another, "{before:?} to {after:?}");
        }
        assert_eq!(
            fit(&Type::Enum(vec!["a".into(), "b".into()]), &Type::Enum(vec!["b".into()])),
            Fit::Without(vec!["a".into()])
        );
    }
}
