//! The values that an expression takes, whatever values there are.

use std::collections::HashSet;

use super::functions::{constant, named};
use super::parser::WORDS;
use super::tokens::{Token, tokens};
use super::values::Values;
use chainrule::error::Result;
use chainrule::tensor::Tensor;

/// Those of the values that an expression takes, in their order, and 1 for each of its names that has none.
///
/// ```
/// use chainrule_explain::{fitting, values};
/// let found = fitting("h = x² * w; h + pi  # not y", values("x=2,y=3,h=4")?)?;
/// assert_eq!(found, values("x=2,w=1")?);
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// # Errors
/// [`Error::Expression`](chainrule::Error::Expression) for a sign that no expression has.
pub fn fitting(text: &str, given: Values) -> Result<Values> {
    let chars: Vec<char> = text.chars().collect();
    let tokens: Vec<Token> = tokens(&chars)?.into_iter().map(|(token, _)| token).collect();
    let Names { names, called } = names(&tokens);
    // What is called is a function; a value of such a name is a product without its sign, which the parser tells.
    let called = called.into_iter().filter(|name| named(name).next().is_none());
    let taken: HashSet<&str> = names.iter().copied().chain(called).collect();
    let mut found = given;
    found.retain(|(name, _)| taken.contains(name.as_str()));
    let known: HashSet<String> = found.iter().map(|(name, _)| name.clone()).collect();
    let lacking = names.into_iter().filter(|name| !known.contains(*name));
    let usual = lacking.filter(|name| constant(name).is_none());
    found.extend(usual.map(|name| (name.to_owned(), Tensor::scalar(1.0))));
    Ok(found)
}

/// The names of an expression, in order.
#[derive(Default)]
struct Names<'a> {
    /// Those that it takes a value of: all but those that its statements give.
    names: Vec<&'a str>,
    /// Those that a parenthesis follows.
    called: Vec<&'a str>,
}

fn names(tokens: &[Token]) -> Names<'_> {
    let is = |at: Option<usize>, symbol: char| {
        at.and_then(|at| tokens.get(at)) == Some(&Token::Symbol(symbol))
    };
    let (mut found, mut known) = (Names::default(), HashSet::new());
    // The name that a statement gives means something behind that statement.
    let (mut is_flag, mut given) = (false, None);
    for (at, token) in tokens.iter().enumerate() {
        if matches!(token, Token::Symbol(';')) {
            known.extend(given.take());
        }
        let Token::Name(name) = token else { continue };
        let (name, before) = (name.as_str(), at.checked_sub(1));
        let is_given = is(Some(at + 1), '=');
        // In a call that is an option, whose value is a word of its own.
        let is_option = is_given && before.is_some() && !is(before, ';');
        if std::mem::replace(&mut is_flag, is_option && is_word(tokens.get(at + 2))) || is_option {
            continue;
        }
        if is_given {
            given = Some(name);
        } else if is(Some(at + 1), '(') {
            found.called.push(name);
        } else if !is(before, '.') && !WORDS.contains(&name) && known.insert(name) {
            found.names.push(name);
        }
    }
    found
}

fn is_word(token: Option<&Token>) -> bool {
    matches!(token, Some(Token::Name(_)))
}

#[cfg(test)]
mod tests {
    use super::fitting;
    use crate::{Names, functions, record, values};
    use chainrule::Graph;

    #[test]
    fn a_value_that_is_called_is_kept_so_that_the_sign_that_lacks_is_told() {
        let found = fitting("x(m + 1) + sigmoid(2)", values("x=1,m=2,sigmoid=3").unwrap()).unwrap();
        assert_eq!(found, values("x=1,m=2").unwrap());
        // And one that is given anew from itself, which the parser refuses.
        assert_eq!(fitting("x = x + 1", values("x=1").unwrap()).unwrap(), values("x=1").unwrap());
    }

    /// The parser agrees: it lacks no value, and has a use for each.
    #[test]
    fn the_values_are_those_that_the_parser_takes() {
        let functions = functions().iter().map(|f| (f.example.call.as_str(), f.example.at));
        let others = [
            ("x² * m", "x=1,m=2,y=3"),
            ("½* x_1 - w³", ""),
            ("Aᵀ @ A.T * T", "A=[[1,2],[3,4]],T=2"),
            ("h = x * 2\nh += axis; sum(h, axis=0) * pi", "x=[1,2],axis=3,h=1,pi=2"),
            ("sum(mean([[1, 2], [3, 4]] * x, axis=0, keepdims=True))", "True=2"),
            ("sum(x, keepdims=false, axis=0)[0] * keepdims", "x=[[1,2],[3,4]]"),
            ("x += 1; x * e * π", "x=2,π=3"),
            ("x > 1 and not y == 2 or z <= x # w", "w=1"),
            ("mean(softmax(a,\naxis=0))\n", "a=[1,2]"),
            ("h = x; x", "h=2"),
        ];
        for (text, at) in functions.chain(others) {
            let found = fitting(text, values(at).unwrap()).unwrap();
            let recorded = record(&Graph::new(), text, &found, Names::Inputs).map(|_| ());
            recorded.unwrap_or_else(|error| panic!("{text} at {found:?}: {error}"));
        }
    }
}
