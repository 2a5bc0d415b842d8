//! The values that an expression takes, whatever values there are.

use std::collections::HashSet;

use super::functions::constant;
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
    let names = names(&tokens);
    let taken: HashSet<&str> = names.iter().copied().collect();
    let mut found = given;
    found.retain(|(name, _)| taken.contains(name.as_str()));
    let known: HashSet<String> = found.iter().map(|(name, _)| name.clone()).collect();
    let lacking = names.into_iter().filter(|name| !known.contains(*name));
    let usual = lacking.filter(|name| constant(name).is_none());
    found.extend(usual.map(|name| (name.to_owned(), Tensor::scalar(1.0))));
    Ok(found)
}

/// The names that an expression takes a value of, in order: all but those that its statements give.
fn names(tokens: &[Token]) -> Vec<&str> {
    let is = |at: Option<usize>, symbol: char| {
        at.and_then(|at| tokens.get(at)) == Some(&Token::Symbol(symbol))
    };
    let (mut found, mut known) = (Vec::new(), HashSet::new());
    for (at, token) in tokens.iter().enumerate() {
        let Token::Name(name) = token else { continue };
        let before = at.checked_sub(1);
        let is_set = is(Some(at + 1), '=');
        // In a call that is an option, at the beginning of a statement it gives the name a value.
        if is_set && before.is_some() && !is(before, ';') {
            continue;
        }
        let is_word = is(Some(at + 1), '(') || is(before, '.') || WORDS.contains(&name.as_str());
        if !is_word && known.insert(name.as_str()) && !is_set {
            found.push(name.as_str());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::fitting;
    use crate::{Names, functions, record, values};
    use chainrule::Graph;

    /// The parser agrees: it lacks no value, and has a use for each.
    #[test]
    fn the_values_are_those_that_the_parser_takes() {
        let functions = functions().iter().map(|f| (f.example.call.as_str(), f.example.at));
        let others = [
            ("x² * m", "x=1,m=2,y=3"),
            ("½* x_1 - w³", ""),
            ("Aᵀ @ A.T * T", "A=[[1,2],[3,4]],T=2"),
            ("h = x * 2\nh += axis; sum(h, axis=0) * pi", "x=[1,2],axis=3,h=1,pi=2"),
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
