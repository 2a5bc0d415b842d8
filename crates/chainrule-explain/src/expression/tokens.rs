//! The tokens of an expression.

use super::{Span, fail};
use chainrule::error::Result;
use chainrule::graph::Var;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Number(f64),
    Name(String),
    Symbol(char),
    End,
}

impl Token {
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Number(number) => format!("the number {number}"),
            Self::Name(name) => format!("`{name}`"),
            Self::Symbol(symbol) => format!("`{symbol}`"),
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

/// Cuts the text into tokens with their places, counted in characters.
pub(super) fn tokens(text: &str) -> Result<Vec<(Token, Span)>> {
    let chars: Vec<char> = text.chars().collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let start = at;
        let c = chars[at];
        let token = if c.is_ascii_digit() || c == '.' {
            at = number_end(&chars, at);
            let digits: String = chars[start..at].iter().collect();
            match digits.parse() {
                Ok(number) if f64::is_infinite(number) => {
                    return fail((start, at), format!("`{digits}` is too large a number"));
                }
                Ok(number) => Token::Number(number),
                Err(_) => return fail((start, at), format!("`{digits}` is not a number")),
            }
        } else if c.is_alphabetic() || c == '_' {
            while at < chars.len() && (chars[at].is_alphanumeric() || chars[at] == '_') {
                at += 1;
            }
            Token::Name(chars[start..at].iter().collect())
        } else {
            at += 1;
            let pair = [Some(&c), chars.get(at)];
            let comparison = COMPARISONS
                .iter()
                .find(|(text, ..)| text.chars().map(Some).eq(pair.map(Option::<&char>::copied)));
            if let Some((_, symbol, _)) = comparison {
                at += 1;
                found.push((Token::Symbol(*symbol), (start, at)));
                continue;
            }
            match c {
                '\n' | ';' => Token::Symbol(';'),
                c if c.is_whitespace() => continue,
                '+' | '-' | '*' | '/' | '^' | '@' | '(' | ')' | ',' | '=' | '<' | '>' => {
                    Token::Symbol(c)
                }
                _ => return fail((start, at), format!("`{c}` has no meaning here")),
            }
        };
        found.push((token, (start, at)));
    }
    found.push((Token::End, (chars.len(), chars.len())));
    Ok(found)
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
