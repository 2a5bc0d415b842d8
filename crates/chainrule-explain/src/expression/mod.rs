//! Expressions as people write them, recorded straight into a graph.
//!
//! A precedence climber (Richards, 1979; also known as a Pratt parser) without a syntax tree: each
//! operator records its node as soon as its operands are read.

mod functions;
mod tokens;
mod values;

use chainrule::error::{Error, Result};
use chainrule::graph::{Graph, Var};
use functions::constant;
pub use functions::{CONSTANTS, Example, Function, functions};
pub(super) use functions::{CROSS_ENTROPY, is_in_language};
use tokens::{COMPARISONS, Token, tokens};
pub use values::{Values, literal, values};

/// Parentheses, signs and powers may nest this deep.
const MAX_DEPTH: usize = 256;

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
/// separated by `;` or line breaks, and `name = …` names a value.
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
/// value, shapes that do not fit. [`Error::Unused`] for a value without a name.
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
    let variables = values.iter().map(|(name, tensor)| {
        let var = match names {
            Names::Inputs => g.input(name, tensor.shape()),
            Names::Parameters => g.parameter(name, tensor.shape()),
        };
        Variable { name: name.clone(), var, value: tensor.at(&[]), uses: 0, as_class: 0 }
    });
    let mut parser = Parser {
        g,
        tokens: tokens(text)?,
        at: 0,
        depth: 0,
        variables: variables.collect(),
        defined: Vec::new(),
    };
    let output = parser.statements()?;
    if let Some(unused) = parser.variables.iter().find(|variable| variable.uses == 0) {
        return Err(Error::Unused { name: unused.name.clone() });
    }
    let classes = parser.variables.into_iter().filter(|v| v.uses == v.as_class);
    Ok((output, classes.map(|variable| variable.name).collect()))
}

struct Variable<'g> {
    name: String,
    var: Var<'g>,
    /// Its value, where it is a number.
    value: Option<f64>,
    /// How often it is used, and how often of these as a class.
    uses: usize,
    as_class: usize,
}

struct Parser<'g> {
    g: &'g Graph,
    tokens: Vec<(Token, Span)>,
    at: usize,
    depth: usize,
    variables: Vec<Variable<'g>>,
    defined: Vec<(String, Var<'g>)>,
}

impl<'g> Parser<'g> {
    fn peek(&self) -> &Token {
        self.tokens.get(self.at).map_or(&Token::End, |(token, _)| token)
    }

    fn span(&self) -> Span {
        self.tokens.get(self.at).or(self.tokens.last()).map_or((0, 0), |(_, span)| *span)
    }

    fn take(&mut self, symbol: char) -> bool {
        let found = *self.peek() == Token::Symbol(symbol);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, symbol: char) -> Result<()> {
        if self.take(symbol) {
            return Ok(());
        }
        fail(self.span(), format!("expected `{symbol}`, found {}", self.peek().describe()))
    }

    fn statements(&mut self) -> Result<Var<'g>> {
        let mut last = None;
        loop {
            while self.take(';') {}
            if *self.peek() == Token::End {
                break;
            }
            last = Some(self.statement()?);
            if !matches!(self.peek(), Token::End | Token::Symbol(';')) {
                return fail(
                    self.span(),
                    format!("expected an operator or the end, found {}", self.peek().describe()),
                );
            }
        }
        last.map_or_else(|| fail(self.span(), "the expression is empty"), Ok)
    }

    fn statement(&mut self) -> Result<Var<'g>> {
        let next = self.tokens.get(self.at + 1).map(|(token, _)| token);
        let (Token::Name(name), Some(Token::Symbol('='))) = (self.peek().clone(), next) else {
            return self.comparison();
        };
        let span = self.span();
        let taken = self.variables.iter().any(|variable| variable.name == name)
            || self.defined.iter().any(|(known, _)| *known == name)
            || constant(&name).is_some();
        if taken {
            return fail(span, format!("`{name}` already has a meaning; choose another name"));
        }
        self.at += 2;
        let value = self.comparison()?;
        // Another name for what has one leaves it its own.
        let is_input = self.variables.iter().any(|variable| variable.var.id() == value.id());
        if !is_input && self.g.label(value.id()).is_none() {
            self.g.set_label(value.id(), &name);
        }
        self.defined.push((name, value));
        Ok(value)
    }

    /// Records an operation and turns a shape error into one that points at the expression.
    fn checked(&self, span: Span, value: Var<'g>) -> Result<Var<'g>> {
        match self.g.error() {
            Some(Error::Operation { op, message, operands, .. }) => {
                fail(span, format!("{op}: {message} (operands {operands})"))
            }
            Some(error) => Err(error),
            None => Ok(value),
        }
    }

    /// A comparison is 1 or 0; comparisons do not chain.
    fn comparison(&mut self) -> Result<Var<'g>> {
        let left = self.sum()?;
        let span = self.span();
        let Token::Symbol(symbol) = *self.peek() else { return Ok(left) };
        let Some((.., compare)) = COMPARISONS.iter().find(|(_, known, _)| *known == symbol) else {
            return Ok(left);
        };
        self.at += 1;
        let right = self.sum()?;
        self.checked(span, compare(left, right))
    }

    fn sum(&mut self) -> Result<Var<'g>> {
        let mut left = self.product()?;
        loop {
            let span = self.span();
            if self.take('+') {
                let right = self.product()?;
                left = self.checked(span, left + right)?;
            } else if self.take('-') {
                let right = self.product()?;
                left = self.checked(span, left - right)?;
            } else {
                return Ok(left);
            }
        }
    }

    fn product(&mut self) -> Result<Var<'g>> {
        let mut left = self.signed()?;
        loop {
            let span = self.span();
            if self.take('*') {
                let right = self.signed()?;
                left = self.checked(span, left * right)?;
            } else if self.take('/') {
                let right = self.signed()?;
                left = self.checked(span, left / right)?;
            } else if self.take('@') {
                let right = self.signed()?;
                left = self.checked(span, left.matmul(right))?;
            } else {
                return Ok(left);
            }
        }
    }

    fn signed(&mut self) -> Result<Var<'g>> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return fail(self.span(), format!("nested more than {MAX_DEPTH} deep"));
        }
        let value = if self.take('-') {
            let operand = self.signed()?;
            match operand.as_constant().filter(|_| operand.shape().rank() == 0) {
                Some(number) => self.g.constant(-number),
                None => -operand,
            }
        } else if self.take('+') {
            self.signed()?
        } else {
            self.power()?
        };
        self.depth -= 1;
        Ok(value)
    }

    /// A power binds tighter than a sign on its left, and from right to left: −x^2 is −(x^2).
    fn power(&mut self) -> Result<Var<'g>> {
        let base = self.primary()?;
        let span = self.span();
        if !self.take('^') {
            return Ok(base);
        }
        let exponent = self.signed()?;
        self.checked(span, base.powv(exponent))
    }

    fn primary(&mut self) -> Result<Var<'g>> {
        let (token, span) = (self.peek().clone(), self.span());
        match token {
            Token::Number(number) => {
                self.at += 1;
                Ok(self.g.constant(number))
            }
            Token::Symbol('(') => {
                self.at += 1;
                let value = self.comparison()?;
                self.expect(')')?;
                Ok(value)
            }
            Token::Name(name) => {
                self.at += 1;
                match self.take('(') {
                    true => self.call(&name, span),
                    false => self.name(&name, span),
                }
            }
            other => {
                fail(span, format!("expected a number, a name or `(`, found {}", other.describe()))
            }
        }
    }

    fn name(&mut self, name: &str, span: Span) -> Result<Var<'g>> {
        if let Some((_, value)) = self.defined.iter().find(|(known, _)| known == name) {
            return Ok(*value);
        }
        if let Some(variable) = self.variables.iter_mut().find(|variable| variable.name == name) {
            variable.uses += 1;
            return Ok(variable.var);
        }
        match constant(name) {
            Some(value) => Ok(self.g.constant(value)),
            None => fail(span, format!("`{name}` has no value; give it one with --at {name}=…")),
        }
    }

    /// The value of a name that is a single number: a class is one of a list, whatever its gradient.
    fn class(&mut self, target: Var<'g>) -> Var<'g> {
        let variable = self.variables.iter_mut().find(|variable| variable.var.id() == target.id());
        match variable.and_then(|variable| Some((variable.value?, variable))) {
            Some((value, variable)) => {
                variable.as_class += 1;
                self.g.constant(value)
            }
            None => target,
        }
    }

    fn call(&mut self, name: &str, span: Span) -> Result<Var<'g>> {
        let mut arguments = Vec::new();
        if !self.take(')') {
            loop {
                arguments.push(self.comparison()?);
                if !self.take(',') {
                    break;
                }
            }
            self.expect(')')?;
        }
        let Some(function) = function(name, arguments.len()) else {
            return fail(span, no_function(name, arguments.len()));
        };
        if let (CROSS_ENTROPY, [_, target]) = (name, arguments.as_mut_slice()) {
            *target = self.class(*target);
        }
        self.checked(span, function.record(&arguments))
    }
}

/// The function of this name that takes so many arguments.
fn function(name: &str, arguments: usize) -> Option<&'static Function> {
    functions().iter().find(|known| known.name == name && known.arguments.len() == arguments)
}

/// Why there is no function of this name that takes so many arguments.
fn no_function(name: &str, arguments: usize) -> String {
    let named = functions().iter().filter(|known| known.name == name);
    let mut counts: Vec<usize> = named.map(|known| known.arguments.len()).collect();
    if counts.is_empty() {
        let mut known: Vec<&str> = functions().iter().map(|known| known.name).collect();
        known.sort_unstable();
        known.dedup();
        return format!("there is no function `{name}`; there are: {}", known.join(", "));
    }
    counts.sort_unstable();
    let noun = if counts == [1] { "argument" } else { "arguments" };
    let counts: Vec<String> = counts.iter().map(usize::to_string).collect();
    format!("`{name}` takes {} {noun}, not {arguments}", counts.join(" or "))
}
