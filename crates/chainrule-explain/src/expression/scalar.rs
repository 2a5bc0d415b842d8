//! Whether an expression is a number, which alone has gradients.

use super::tokens::{Token, tokens};
use super::{Span, fail};
use chainrule::error::Result;
use chainrule::tensor::Shape;

/// Whether an expression of this shape has gradients: as it is, a number alone; of an array the cross-entropy
/// has.
///
/// # Errors
/// It has none; the message says what would help, and points at what the last statement computes.
pub fn differentiable(expression: &str, shape: Shape, has_cross_entropy: bool) -> Result<()> {
    match shape.rank() == 0 || has_cross_entropy {
        true => Ok(()),
        false => fail(
            value(expression),
            format!(
                "the expression has shape {shape}, but only a scalar has gradients: reduce it with sum(…) or mean(…)"
            ),
        ),
    }
}

/// Where what the last statement computes stands: behind the sign where it gives a name.
fn value(expression: &str) -> Span {
    let chars: Vec<char> = expression.chars().collect();
    let tokens = tokens(&chars).unwrap_or_default();
    let is_end = |(token, _): &(Token, Span)| matches!(token, Token::Symbol(';') | Token::End);
    let last = tokens.split(is_end).rfind(|statement| !statement.is_empty());
    let value = match last.unwrap_or_default() {
        [(Token::Name(_), _), (Token::Symbol('='), _), value @ ..] => value,
        all => all,
    };
    match (value.first(), value.last()) {
        (Some((_, (start, _))), Some((_, (_, end)))) => (*start, *end),
        _ => (0, chars.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::value;

    #[test]
    fn the_value_of_the_last_statement_is_found() {
        for (expression, expected) in [
            ("x * m", "x * m"),
            ("h = x\nh * 2  # twice", "h * 2"),
            ("h = x; y = h + 1;", "h + 1"),
            ("é * x;\n", "é * x"),
            ("", ""),
        ] {
            let (start, end) = value(expression);
            let found: String = expression.chars().skip(start).take(end - start).collect();
            assert_eq!(found, expected, "{expression}");
        }
    }
}
