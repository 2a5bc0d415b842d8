//! Calls of functions.

use super::Parser;
use crate::expression::functions::function;
use crate::expression::library::{CROSS_ENTROPY, takes_list};
use crate::expression::options::{Options, keyword};
use crate::expression::tokens::Token;
use crate::expression::{Span, fail, hints};
use chainrule::error::Result;
use chainrule::graph::Var;

/// A keyword of a call with its place.
type Keyword = (String, Span);

impl<'g> Parser<'g, '_> {
    /// A name with `(` behind it.
    pub(super) fn call(&mut self, name: &str, span: Span) -> Result<Var<'g>> {
        if !hints::is_function(name) && self.has(name) {
            let product = hints::product(name, &self.text(self.at, self.end_of_factor()));
            let message =
                format!("`{name}` is a value, not a function; for a product write {product}");
            return fail(span, message);
        }
        self.expect('(')?;
        let (mut options, mut keywords) = (Options::default(), Vec::new());
        let is_listed = takes_list(name) && self.is_one_list();
        let mut arguments = match is_listed {
            true => self.list()?,
            false => Vec::new(),
        };
        if is_listed && !self.take(',') || !is_listed && *self.peek() == Token::Symbol(')') {
            self.expect(')')?;
        } else {
            loop {
                match (self.peek(), self.peek_at(1)) {
                    (Token::Name(_), Token::Symbol('=')) => {
                        keywords.push(self.keyword(&mut options)?);
                    }
                    _ => arguments.push(self.condition()?),
                }
                if !self.take(',') {
                    break;
                }
            }
            self.expect(')')?;
        }
        self.recorded(name, span, arguments, &options, &keywords)
    }

    fn recorded(
        &mut self,
        name: &str,
        span: Span,
        mut arguments: Vec<Var<'g>>,
        options: &Options,
        keywords: &[Keyword],
    ) -> Result<Var<'g>> {
        let Some(function) = function(name, arguments.len()) else {
            return fail(span, hints::no_function(name, arguments.len()));
        };
        if let Some((wrong, place)) =
            keywords.iter().find(|(word, _)| !function.keywords.contains(&word.as_str()))
        {
            return fail(*place, hints::no_keyword(function, wrong));
        }
        if let (CROSS_ENTROPY, [logits, target]) = (function.name, arguments.as_mut_slice()) {
            let (logits, shape) = (logits.shape(), target.shape());
            let is_list = logits.rank() == 2 && shape.rank() == 1 && shape.len() != logits.len();
            if shape.rank() == 0 || is_list {
                *target = self.meant(*target);
            }
        }
        let value = function.record(&arguments, options);
        self.checked(span, value)
    }

    /// Whether one list in brackets is all that a call has, keywords aside.
    fn is_one_list(&self) -> bool {
        let (mut open, mut ahead) = (0, 0);
        loop {
            match self.peek_at(ahead) {
                Token::Symbol('[') => open += 1,
                Token::Symbol(']') => open -= 1,
                Token::End => return false,
                _ => {}
            }
            ahead += 1;
            if open == 0 {
                break;
            }
        }
        match (self.peek(), self.peek_at(ahead)) {
            (Token::Symbol('['), Token::Symbol(')')) => true,
            (Token::Symbol('['), Token::Symbol(',')) => {
                *self.peek_at(ahead + 2) == Token::Symbol('=')
            }
            _ => false,
        }
    }

    /// The values of a list in brackets.
    fn list(&mut self) -> Result<Vec<Var<'g>>> {
        self.expect('[')?;
        let mut items = Vec::new();
        while !self.take(']') {
            items.push(self.condition()?);
            if !self.take(',') {
                self.expect(']')?;
                break;
            }
        }
        Ok(items)
    }

    /// `axis=0` and its like.
    fn keyword(&mut self, options: &mut Options) -> Result<Keyword> {
        let (token, place) = (self.peek().clone(), self.span());
        let Token::Name(word) = token else { unreachable!("a keyword is a name") };
        self.at += 2;
        let word = keyword(&word).to_owned();
        match word.as_str() {
            "axis" => options.axes = Some(self.axes()?),
            "keepdims" => options.keep = self.flag()?,
            "correction" => {
                let span = self.span();
                let found = usize::try_from(self.whole("a correction is a whole number")?);
                match found {
                    Ok(found) => options.correction = found,
                    Err(_) => return fail(span, "a correction is a whole number from 0 on"),
                }
            }
            // Which keywords there are depends on the function.
            _ => drop(self.condition()?),
        }
        Ok((word, place))
    }

    /// An axis, or several in brackets or parentheses.
    fn axes(&mut self) -> Result<Vec<isize>> {
        const WHOLE: &str = "an axis is a whole number, such as axis=0 or axis=-1";
        let end = match self.peek() {
            Token::Symbol('[') => ']',
            Token::Symbol('(') => ')',
            _ => return Ok(vec![self.whole(WHOLE)?]),
        };
        self.at += 1;
        let mut axes = Vec::new();
        while !self.take(end) {
            axes.push(self.whole(WHOLE)?);
            if !self.take(',') {
                self.expect(end)?;
                break;
            }
        }
        Ok(axes)
    }

    fn flag(&mut self) -> Result<bool> {
        let (token, place) = (self.peek().clone(), self.span());
        self.at += 1;
        match token {
            Token::Name(word) if word.eq_ignore_ascii_case("true") => Ok(true),
            Token::Name(word) if word.eq_ignore_ascii_case("false") => Ok(false),
            Token::Number(1.0) => Ok(true),
            Token::Number(0.0) => Ok(false),
            other => fail(place, format!("keepdims is True or False, not {}", other.describe())),
        }
    }
}
