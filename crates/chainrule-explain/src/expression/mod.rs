//! Expressions as people write them, recorded straight into a graph.
//!
//! A precedence climber (Richards, 1979; also known as a Pratt parser) without a syntax tree: each
//! operator records its node as soon as its operands are read.

mod tokens;
mod values;
mod options;
mod function;
mod library;
mod functions;
mod reference;
mod hints;
mod parser;
mod names;
mod scalar;

use chainrule::error::{Error, Result};
use chainrule::graph::{Graph, Var};
pub use function::{Example, Function};
pub(super) use functions::is_in_language;
pub use functions::{CONSTANTS, functions};
pub(super) use library::CROSS_ENTROPY;
pub use names::fitting;
use parser::Parser;
pub use reference::{reference, reference_page};
pub use scalar::differentiable;
use tokens::Token;
pub use values::{Values, literal, values};

type Span = (usize, usize);

fn fail<R>(span: Span, message: impl Into<String>) -> Result<R> {
    Err(Error::Expression { message: message.into(), span })
}

/// Whether the names become inputs or parameters of the graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// Inputs, to be fed.
    Inputs,
    /// Parameters, whose gradients can be checked.
    Parameters,
}

/// Records `text` into the graph and returns its value: that of its last statement. Statements are
/// separated by `;` or line breaks, `name = …` names a value, `name += …` goes on from it, and what
/// follows `#` on a line is a comment.
///
/// ```
/// use chainrule::{Graph, Tensor};
/// use chainrule_explain::{Names, record};
/// let g = Graph::new();
/// let values = vec![("x".to_owned(), Tensor::scalar(3.0))];
/// let y = record(&g, "h = x ^ 2; h + 1", &values, Names::Inputs)?;
/// let mut plan = g.compile::<f64>(&[y])?;
/// plan.feed("x", &[3.0])?;
/// plan.run()?;
/// assert_eq!(plan.value(y)?, [10.0]);
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// # Errors
/// [`Error::Expression`] with the place: a mistake of syntax, an unknown function, a name without a
/// value, shapes that do not fit, arrays beyond what an explanation holds. [`Error::Unused`] for a value
/// without a name.
pub fn record<'g>(g: &'g Graph, text: &str, values: &Values, names: Names) -> Result<Var<'g>> {
    read(g, text, values, names).map(|(output, _)| output)
}

/// [`record`], and the names that only ever say which class is right: no number to differentiate by.
pub(super) fn read<'g>(
    g: &'g Graph,
    text: &str,
    values: &Values,
    names: Names,
) -> Result<(Var<'g>, Vec<String>)> {
    let mut parser = Parser::new(g, text, values, names)?;
    let output = parser.statements()?;
    Ok((output, parser.classes()?))
}

/// A statement of an expression as it was written.
pub(super) struct Statement {
    /// The name that it gives, and whether by `+=` or its kin.
    pub(super) gives: Option<(String, bool)>,
    /// Its text on one line, without a comment behind it.
    pub(super) text: String,
}

/// The statements of an expression; none of one that cannot be read.
pub(super) fn statements(text: &str) -> Vec<Statement> {
    let chars: Vec<char> = text.chars().collect();
    let Ok(tokens) = tokens::tokens(&chars) else { return Vec::new() };
    let is_end = |token: &Token| matches!(token, Token::Symbol(';') | Token::End);
    let parts = tokens.split(|(token, _)| is_end(token)).filter(|part| !part.is_empty());
    let statement = |part: &[(Token, Span)]| {
        let gives = match part {
            [(Token::Name(name), _), (Token::Symbol('='), _), ..] => Some((name.clone(), false)),
            [(Token::Name(name), _), (Token::Update(_), _), ..] => Some((name.clone(), true)),
            _ => None,
        };
        let (start, end) = (part[0].1.0, part[part.len() - 1].1.1);
        let words: String = chars.get(start..end).unwrap_or_default().iter().collect();
        Statement { gives, text: words.split_whitespace().collect::<Vec<_>>().join(" ") }
    };
    parts.map(statement).collect()
}
