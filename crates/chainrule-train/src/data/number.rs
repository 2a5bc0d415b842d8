//! Numbers as people write them, and the words for a value that is not there.

use std::borrow::Cow;

chainrule::kinds! {
    /// What stands before the fraction of a number.
    ///
    /// ```
    /// use chainrule_train::data::Decimal;
    /// assert_eq!(",".parse::<Decimal>()?, Decimal::Comma);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[derive(Copy, Eq)]
    pub enum Decimal = "decimal separator", ' ', short {
        /// A point: 1,234.5.
        Point = "." | "point",
        /// A comma: 1.234,5.
        Comma = "," | "comma",
    }
}

impl Decimal {
    /// The other notation.
    pub(super) fn other(self) -> Self {
        match self {
            Self::Point => Self::Comma,
            Self::Comma => Self::Point,
        }
    }

    /// What stands between groups of three digits.
    pub(super) fn group(self) -> char {
        match self {
            Self::Point => ',',
            Self::Comma => '.',
        }
    }

    /// The number that a text is in this notation: with groups of three digits, a sign, an exponent, a
    /// currency or a percent sign, or none of them. It may not be finite.
    pub(super) fn number(self, text: &str) -> Option<f64> {
        let text = bare(text);
        if let (Self::Point, Ok(number)) = (self, text.parse()) {
            return Some(number);
        }
        let (point, group) = (self.other().group(), self.group());
        let digits_end = text.find(['e', 'E']).unwrap_or(text.len());
        let (mantissa, exponent) = text.split_at(digits_end);
        let (whole, fraction) = mantissa.split_once(point).unwrap_or((mantissa, ""));
        let is_plain = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
        if !is_plain(fraction) {
            return None;
        }
        let sign_end = whole.len() - whole.trim_start_matches(['-', '+']).len();
        let (sign, whole) = whole.split_at(sign_end);
        let mut groups = whole.split([group, '\'', '’']);
        let first = groups.next().unwrap_or_default();
        let rest: Vec<&str> = groups.collect();
        // A group before others begins with no zero: 0,100 has a fraction.
        let in_threes = (1..=3).contains(&first.len())
            && !first.starts_with('0')
            && rest.iter().all(|digits| digits.len() == 3);
        let ok = is_plain(first) && rest.iter().all(|digits| is_plain(digits));
        if !ok || !(rest.is_empty() || in_threes) || (first.len() + fraction.len() == 0) {
            return None;
        }
        format!("{sign}{first}{}.{fraction}0{exponent}", rest.concat()).parse().ok()
    }
}

/// What a text tells of the notation of its column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Evidence {
    /// It is no number in either.
    None,
    /// It is the same number in both.
    Same,
    /// It is a number in this one alone.
    Only(Decimal),
    /// It is another number in each, as `1,234` is.
    Either,
}

impl Evidence {
    pub(super) fn of(text: &str) -> Self {
        // The usual cell, without two tries.
        if text.parse::<f64>().is_ok() {
            let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
            let digits = whole.strip_prefix(['-', '+']).unwrap_or(whole);
            let is_group = (1..=3).contains(&digits.len()) && !digits.starts_with('0');
            return match fraction.len() {
                0 if whole.len() == text.len() => Self::Same,
                3 if is_group && !fraction.contains(['e', 'E']) => Self::Either,
                _ => Self::Only(Decimal::Point),
            };
        }
        match (Decimal::Point.number(text), Decimal::Comma.number(text)) {
            (None, None) => Self::None,
            (Some(_), None) => Self::Only(Decimal::Point),
            (None, Some(_)) => Self::Only(Decimal::Comma),
            (Some(a), Some(b)) if a == b || (a.is_nan() && b.is_nan()) => Self::Same,
            (Some(_), Some(_)) => Self::Either,
        }
    }
}

/// Whether a cell is a number in some notation.
pub(super) fn could_be_number(cell: &str) -> bool {
    Evidence::of(cell) != Evidence::None
}

/// The codes of currencies (ISO 4217) that stand beside amounts, in any case.
const CURRENCIES: [&str; 32] = [
    "AED", "ARS", "AUD", "BRL", "CAD", "CHF", "CLP", "CNY", "COP", "CZK", "DKK", "EUR", "GBP",
    "HKD", "HUF", "IDR", "ILS", "INR", "JPY", "KRW", "MXN", "NOK", "NZD", "PLN", "RON", "RUB",
    "SEK", "SGD", "THB", "TRY", "USD", "ZAR",
];

/// The code of a currency at a text's beginning or end, and the rest.
fn currency(text: &str) -> Option<(&str, &str)> {
    let is_code = |code: &str| CURRENCIES.iter().any(|known| known.eq_ignore_ascii_case(code));
    let end = text.len().saturating_sub(3);
    match (text.split_at_checked(3), text.split_at_checked(end)) {
        (Some((code, rest)), _) | (_, Some((rest, code))) if is_code(code) => Some((code, rest)),
        _ => None,
    }
}

/// A text without the code of a currency at its beginning or end.
fn without_currency(text: &str) -> &str {
    currency(text).map_or(text, |(_, rest)| rest)
}

/// Signs that stand beside numbers.
const MARKS: [char; 7] = ['$', '€', '£', '¥', '₩', '%', '‰'];
/// Those of them that tell a share.
pub(super) const PER_CENT: [&str; 2] = ["%", "‰"];

/// The sign of currency or per cent of a number, or the code of its currency.
pub(super) fn mark(text: &str) -> Option<&str> {
    let mut signs = text.matches(|letter| MARKS.contains(&letter));
    signs.next().or_else(|| currency(text).map(|(code, _)| code))
}

/// A number without its signs and codes of currency or per cent, and without blanks.
fn bare(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| byte.is_ascii_digit() || b".-".contains(&byte)) {
        return Cow::Borrowed(text);
    }
    let is_blank = |letter: char| letter.is_whitespace();
    let (mut text, mut sign) = (text.trim(), "");
    // A sign stands before or behind the currency.
    for _ in 0..2 {
        if let Some(rest) = text.strip_prefix(['-', '−']) {
            (text, sign) = (rest.trim_start(), "-");
        }
        text = text.trim_matches(|letter| MARKS.contains(&letter) || is_blank(letter));
        text = without_currency(text).trim_matches(is_blank);
    }
    match sign.is_empty() && !text.contains(is_blank) {
        true => Cow::Borrowed(text),
        false => Cow::Owned(sign.chars().chain(text.chars().filter(|&c| !is_blank(c))).collect()),
    }
}

/// Rounding numbers by less than this share of their deviation takes little of what differs.
pub(super) const LITTLE: f64 = 1e-5;

/// The number in 32 bits.
pub(super) fn single(number: f64) -> Result<f32, String> {
    let single = number as f32;
    if single.is_finite() { Ok(single) } else { Err(too_large(number)) }
}

pub(super) fn too_large(number: f64) -> String {
    format!(
        "{number:e} is too large: data is held in 32 bits, up to 3.4e38, whatever the `--dtype`"
    )
}

/// The words that stand for a missing value in any case, beside the empty cell.
pub(super) const GAPS: [&str; 13] =
    ["na", "n/a", "#n/a", "<na>", "nan", "null", "none", "nil", ".", "-", "--", "?", "\\n"];
/// Those that stand for it where a class is expected, which may well be called `-` or `none`.
const SURE: [&str; 7] = ["na", "n/a", "#n/a", "<na>", "nan", "null", "?"];

/// Whether a cell stands for a missing value.
pub(super) fn is_gap(cell: &str) -> bool {
    is_one_of(cell, &GAPS)
}

/// Whether a target's cell does.
pub(super) fn is_sure_gap(cell: &str) -> bool {
    is_one_of(cell, &SURE)
}

fn is_one_of(cell: &str, words: &[&str]) -> bool {
    let longest = 4;
    cell.is_empty()
        || (cell.len() <= longest && words.iter().any(|gap| gap.eq_ignore_ascii_case(cell)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_people_write_them() {
        let both =
            |text: &str| [Decimal::Point, Decimal::Comma].map(|notation| notation.number(text));
        for (text, point, comma) in [
            ("12", Some(12.0), Some(12.0)),
            ("-1.5", Some(-1.5), None),
            ("3,15", None, Some(3.15)),
            ("1,234", Some(1234.0), Some(1.234)),
            ("1.234", Some(1.234), Some(1234.0)),
            ("$1,234.50", Some(1234.5), None),
            ("-$5", Some(-5.0), Some(-5.0)),
            ("$-5", Some(-5.0), Some(-5.0)),
            ("12 %", Some(12.0), Some(12.0)),
            ("1 234,5 €", None, Some(1234.5)),
            ("1\u{202f}234\u{a0}567", Some(1_234_567.0), Some(1_234_567.0)),
            ("1'234.5", Some(1234.5), None),
            ("1.234.567,8", None, Some(1_234_567.8)),
            ("1,5e3", None, Some(1500.0)),
            ("1e-3", Some(1e-3), Some(1e-3)),
            ("12 EUR", Some(12.0), Some(12.0)),
            ("EUR 12", Some(12.0), Some(12.0)),
            ("-usd 1,234.50", Some(-1234.5), None),
            ("CHF -1'234.50", Some(-1234.5), None),
            ("12 EURO", None, None),
            ("EUR", None, None),
            ("0,100", None, Some(0.1)),
            ("-0.100", Some(-0.1), None),
            ("0,100,000", None, None),
            ("12,34,56", None, None),
            ("10.0.0.1", None, None),
            ("3/4", None, None),
            ("12a", None, None),
            ("", None, None),
            ("%", None, None),
        ] {
            assert_eq!(both(text), [point, comma], "{text}");
        }
        assert_eq!(Evidence::of("1,234"), Evidence::Either);
        assert_eq!(Evidence::of("3,15"), Evidence::Only(Decimal::Comma));
        assert_eq!(Evidence::of("0,100"), Evidence::Only(Decimal::Comma));
        assert_eq!(Evidence::of("-0.100"), Evidence::Only(Decimal::Point));
    }
}
