//! The tokens of an expression.

use super::{Span, fail};
use chainrule::error::Result;
use chainrule::graph::Var;

/// Longer texts are not read.
const MAX_LENGTH: usize = 1 << 22;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Number(f64),
    Name(String),
    Symbol(char),
    /// `+=` and its kin, with the sign.
    Update(char),
    /// A raised number, such as ².
    Raised(f64),
    End,
}

impl Token {
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Number(number) => format!("the number {number}"),
            Self::Name(name) => format!("`{name}`"),
            Self::Symbol(symbol) => {
                let known = COMPARISONS.iter().find(|(_, known, _)| known == symbol);
                known.map_or_else(|| format!("`{symbol}`"), |(text, ..)| format!("`{text}`"))
            }
            Self::Update(sign) => format!("`{sign}=`"),
            Self::Raised(number) => format!("a raised {number}"),
            Self::End => "the end".into(),
        }
    }
}

/// How a comparison is recorded.
pub(super) type Compare = for<'g> fn(Var<'g>, Var<'g>) -> Var<'g>;

/// Comparisons as they are written, with the single character that stands for each token.
pub(super) const COMPARISONS: &[(&str, char, Compare)] = &[
    (">=", '≥', |a, b| a.greater_equal(b)),
    ("<=", '≤', |a, b| a.less_equal(b)),
    ("==", '≡', |a, b| a.equal(b)),
    ("!=", '≠', |a, b| a.not_equal(b)),
    (">", '>', |a, b| a.greater(b)),
    ("<", '<', |a, b| a.less(b)),
];

/// Fractions of one letter.
const FRACTIONS: &[(char, f64)] = &[('½', 0.5), ('¼', 0.25), ('¾', 0.75)];

/// The raised digits, 0 first.
const RAISED: &str = "⁰¹²³⁴⁵⁶⁷⁸⁹";

fn raised(c: char) -> Option<usize> {
    RAISED.chars().position(|digit| digit == c)
}

fn fraction(c: char) -> Option<f64> {
    FRACTIONS.iter().find(|(letter, _)| *letter == c).map(|(_, value)| *value)
}

/// Whether a name may begin so.
pub(super) fn starts_name(c: char) -> bool {
    c == '_' || c.is_alphabetic() && c != 'ᵀ'
}

/// Whether a name may go on so. A raised digit is a power, not part of a name.
pub(super) fn continues_name(c: char) -> bool {
    starts_name(c) || c.is_numeric() && raised(c).is_none() && fraction(c).is_none()
}

/// Cuts the text into tokens with their places, counted in characters. What explanations print can be
/// typed: ·, ×, −, ², ½, √ and their like.
pub(super) fn tokens(chars: &[char]) -> Result<Vec<(Token, Span)>> {
    if chars.len() > MAX_LENGTH {
        let length = chars.len();
        let message = format!("{length} characters are too many to read: at most {MAX_LENGTH}");
        return fail((0, 1), message);
    }
    let (mut found, mut at, mut open) = (Vec::new(), 0, 0_usize);
    while let Some(&c) = chars.get(at) {
        let start = at;
        let next = chars.get(at + 1).copied();
        at += 1;
        let token = if c.is_ascii_digit() || c == '.' && next.is_some_and(|c| c.is_ascii_digit()) {
            at = number_end(chars, start);
            let digits: String = chars[start..at].iter().collect();
            match digits.parse() {
                Ok(number) if f64::is_infinite(number) => {
                    return fail((start, at), format!("`{digits}` is too large a number"));
                }
                Ok(0.0) if digits.split(['e', 'E']).next().is_some_and(has_digit) => {
                    return fail((start, at), format!("`{digits}` is too small a number"));
                }
                Ok(number) => Token::Number(number),
                Err(_) => return fail((start, at), format!("`{digits}` is not a number")),
            }
        } else if let Some(value) = fraction(c) {
            Token::Number(value)
        } else if starts_name(c) {
            while chars.get(at).is_some_and(|&c| continues_name(c)) {
                at += 1;
            }
            Token::Name(chars[start..at].iter().collect())
        } else if raised(c).is_some() || c == '⁻' {
            let mut digits = String::from(if c == '⁻' { "-" } else { "" });
            at = if c == '⁻' { at } else { start };
            while let Some(digit) = chars.get(at).and_then(|&c| raised(c)) {
                digits += &digit.to_string();
                at += 1;
            }
            match digits.parse() {
                Ok(number) => Token::Raised(number),
                Err(_) => return fail((start, at), format!("`{c}` is no power of its own")),
            }
        } else if let Some(symbol) = next.and_then(|next| pair(c, next)) {
            at += 1;
            symbol
        } else {
            match c {
                '#' => {
                    while chars.get(at).is_some_and(|&c| c != '\n') {
                        at += 1;
                    }
                    continue;
                }
                '\n' if open == 0 => Token::Symbol(';'),
                c if c.is_whitespace() => continue,
                '·' | '×' | '⋅' | '∗' | '⊙' => Token::Symbol('*'),
                '−' => Token::Symbol('-'),
                '÷' => Token::Symbol('/'),
                '(' | ')' | '[' | ']' => {
                    open = match c {
                        '(' | '[' => open + 1,
                        _ => open.saturating_sub(1),
                    };
                    Token::Symbol(c)
                }
                '+' | '-' | '*' | '/' | '%' | '^' | '@' | ',' | ';' | ':' | '=' | '<' | '>'
                | '.' | '≥' | '≤' | '≠' | '√' | 'ᵀ' => Token::Symbol(c),
                _ => return fail((start, at), format!("`{c}` has no meaning here{}", instead(c))),
            }
        };
        found.push((token, (start, at)));
    }
    found.push((Token::End, (chars.len(), chars.len())));
    Ok(found)
}

/// The token of two signs.
fn pair(first: char, second: char) -> Option<Token> {
    let is_pair = |text: &str| text.chars().eq([first, second]);
    match (first, second) {
        ('*', '*') => Some(Token::Symbol('^')),
        ('+' | '-' | '*' | '/', '=') => Some(Token::Update(first)),
        _ => COMPARISONS
            .iter()
            .find(|(text, ..)| is_pair(text))
            .map(|(_, symbol, _)| Token::Symbol(*symbol)),
    }
}

/// What to write in place of a sign of other languages.
fn instead(c: char) -> &'static str {
    match c {
        '&' | '∧' => "; write `and`",
        '|' | '∨' => "; write `or` between conditions, and abs(x) for |x|",
        '!' | '¬' => "; write `not`",
        '{' | '}' => "; group with ( and )",
        '?' => "; write where(condition, a, b)",
        _ => "",
    }
}

/// Whether there is a digit other than 0.
fn has_digit(digits: &str) -> bool {
    digits.contains(|c: char| c.is_ascii_digit() && c != '0')
}

fn number_end(chars: &[char], mut at: usize) -> usize {
    let digits = |mut at: usize| {
        while at < chars.len() && (chars[at].is_ascii_digit() || chars[at] == '.') {
            at += 1;
        }
        at
    };
    at = digits(at);
    if at < chars.len() && matches!(chars[at], 'e' | 'E') {
        let sign = usize::from(matches!(chars.get(at + 1), Some('+' | '-')));
        if chars.get(at + 1 + sign).is_some_and(char::is_ascii_digit) {
            at = digits(at + 1 + sign);
        }
    }
    at
}
