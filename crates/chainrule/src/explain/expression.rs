//! Expressions as people write them, recorded straight into a graph.
//!
//! A precedence climber (Richards, 1979; also known as a Pratt parser) without a syntax tree: each
//! operator records its node as soon as its operands are read.

use crate::error::{Error, Result};
use crate::graph::{Graph, Var};
use crate::tensor::{MAX_RANK, Shape, Tensor};

/// Parentheses, signs and powers may nest this deep.
const MAX_DEPTH: usize = 256;

/// Names with their values, in the order given.
pub type Values = Vec<(String, Tensor<f64>)>;

type Span = (usize, usize);

fn fail<R>(span: Span, message: impl Into<String>) -> Result<R> {
    Err(Error::Expression { message: message.into(), span })
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Number(f64),
    Name(String),
    Symbol(char),
    End,
}

impl Token {
    fn describe(&self) -> String {
        match self {
            Self::Number(number) => format!("the number {number}"),
            Self::Name(name) => format!("`{name}`"),
            Self::Symbol(symbol) => format!("`{symbol}`"),
            Self::End => "the end".into(),
        }
    }
}

/// How a comparison is recorded.
type Compare = for<'g> fn(Var<'g>, Var<'g>) -> Var<'g>;

/// Comparisons as they are written, with the single character that stands for each token.
const COMPARISONS: &[(&str, char, Compare)] = &[
    (">=", '≥', |a, b| a.greater_equal(b)),
    ("<=", '≤', |a, b| a.less_equal(b)),
    ("==", '≡', |a, b| a.equal(b)),
    ("!=", '≠', |a, b| a.not_equal(b)),
    (">", '>', |a, b| a.greater(b)),
    ("<", '<', |a, b| a.less(b)),
];

/// Cuts the text into tokens with their places, counted in characters.
fn tokens(text: &str) -> Result<Vec<(Token, Span)>> {
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
/// use chainrule::explain::{Names, record};
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
    let variables = values.iter().map(|(name, tensor)| {
        let var = match names {
            Names::Inputs => g.input(name, tensor.shape()),
            Names::Parameters => g.parameter(name, tensor.shape()),
        };
        Variable { name: name.clone(), var, used: false }
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
    match parser.variables.iter().find(|variable| !variable.used) {
        Some(unused) => Err(Error::Unused { name: unused.name.clone() }),
        None => Ok(output),
    }
}

struct Variable<'g> {
    name: String,
    var: Var<'g>,
    used: bool,
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
        let is_input = self.variables.iter().any(|variable| variable.var.id == value.id);
        if !is_input && self.g.label(value.id).is_none() {
            self.g.set_label(value.id, &name);
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
            variable.used = true;
            return Ok(variable.var);
        }
        match constant(name) {
            Some(value) => Ok(self.g.constant(value)),
            None => fail(span, format!("`{name}` has no value; give it one with --at {name}=…")),
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
        let Some((_, function)) = FUNCTIONS.iter().find(|(known, _)| *known == name) else {
            let known: Vec<&str> = FUNCTIONS.iter().map(|(name, _)| *name).collect();
            return fail(
                span,
                format!("there is no function `{name}`; there are: {}", known.join(", ")),
            );
        };
        let value = match (function, arguments.as_slice()) {
            (Function::One(f), [x]) => f(*x),
            (Function::Two(f), [a, b]) | (Function::OneOrTwo(_, f), [a, b]) => f(*a, *b),
            (Function::OneOrTwo(f, _), [x]) => f(*x),
            (Function::Three(f), [a, b, c]) => f(*a, *b, *c),
            (function, given) => {
                let wanted = match function {
                    Function::One(_) => "1 argument",
                    Function::Two(_) => "2 arguments",
                    Function::OneOrTwo(..) => "1 or 2 arguments",
                    Function::Three(_) => "3 arguments",
                };
                return fail(span, format!("`{name}` takes {wanted}, not {}", given.len()));
            }
        };
        self.checked(span, value)
    }
}

fn constant(name: &str) -> Option<f64> {
    match name {
        "pi" => Some(std::f64::consts::PI),
        "e" => Some(std::f64::consts::E),
        _ => None,
    }
}

/// How a function of the expression language is recorded.
enum Function {
    One(for<'g> fn(Var<'g>) -> Var<'g>),
    Two(for<'g> fn(Var<'g>, Var<'g>) -> Var<'g>),
    OneOrTwo(for<'g> fn(Var<'g>) -> Var<'g>, for<'g> fn(Var<'g>, Var<'g>) -> Var<'g>),
    Three(for<'g> fn(Var<'g>, Var<'g>, Var<'g>) -> Var<'g>),
}

const FUNCTIONS: &[(&str, Function)] = &[
    ("exp", Function::One(|x| x.exp())),
    ("ln", Function::One(|x| x.ln())),
    ("log", Function::One(|x| x.ln())),
    ("log2", Function::One(|x| x.ln() / std::f64::consts::LN_2)),
    ("log10", Function::One(|x| x.ln() / std::f64::consts::LN_10)),
    ("sqrt", Function::One(|x| x.sqrt())),
    ("square", Function::One(|x| x.square())),
    ("abs", Function::One(|x| x.abs())),
    ("sign", Function::One(|x| x.sign())),
    ("sin", Function::One(|x| x.sin())),
    ("cos", Function::One(|x| x.cos())),
    ("tan", Function::One(|x| x.tan())),
    ("asin", Function::One(|x| x.asin())),
    ("acos", Function::One(|x| x.acos())),
    ("atan", Function::One(|x| x.atan())),
    ("sinh", Function::One(|x| x.sinh())),
    ("cosh", Function::One(|x| x.cosh())),
    ("tanh", Function::One(|x| x.tanh())),
    ("sigmoid", Function::One(|x| x.sigmoid())),
    ("relu", Function::One(|x| x.relu())),
    ("softplus", Function::One(|x| x.softplus())),
    ("gelu", Function::One(|x| x.gelu())),
    ("silu", Function::One(|x| x.silu())),
    ("erf", Function::One(|x| x.erf())),
    ("pow", Function::Two(|a, b| a.powv(b))),
    ("max", Function::OneOrTwo(|x| x.max(&[]), |a, b| a.maximum(b))),
    ("min", Function::OneOrTwo(|x| x.min(&[]), |a, b| a.minimum(b))),
    ("select", Function::Three(|c, a, b| c.select(a, b))),
    ("sum", Function::One(|x| x.sum(&[]))),
    ("mean", Function::One(|x| x.mean(&[]))),
    ("softmax", Function::One(|x| x.softmax())),
    ("log_softmax", Function::One(|x| x.log_softmax())),
    ("transpose", Function::One(|x| x.t())),
    ("cross_entropy", Function::Two(cross_entropy)),
];

/// Whether an expression can call a function of this name.
pub(super) fn is_function(name: &str) -> bool {
    FUNCTIONS.iter().any(|(known, _)| *known == name)
}

/// Logits of one example against a class number or a distribution.
fn cross_entropy<'g>(logits: Var<'g>, target: Var<'g>) -> Var<'g> {
    let (g, classes) = (logits.graph(), logits.shape().len());
    let rows = match logits.shape().rank() {
        1 => logits.reshape([1, classes]),
        _ => logits,
    };
    if target.shape().rank() > 0 {
        return rows.softmax_with_loss(target.reshape(rows.shape()));
    }
    match target.as_constant() {
        Some(class) if class >= 0.0 && class.fract() == 0.0 && class < classes as f64 => {
            let hot = (0..classes).map(|i| f64::from(i as f64 == class)).collect();
            match Tensor::new([1, classes], hot) {
                Ok(hot) => rows.softmax_with_loss(g.constant_tensor(hot)),
                Err(_) => rows,
            }
        }
        _ => g.fail(
            "cross_entropy",
            "the target is a class written as a number, such as cross_entropy(x, 1), below the number of classes, or a distribution",
            &[logits, target],
        ),
    }
}

/// Reads `x=100,W=[[1,2],[3,4]]`: names with numbers or array literals.
///
/// ```
/// let values = chainrule::explain::values("x=100,W=[[1,2],[3,4]]")?;
/// assert_eq!(values[1].1.shape().dims(), [2, 2]);
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// # Errors
/// [`Error::Expression`] with the place of the mistake.
pub fn values(text: &str) -> Result<Values> {
    let chars: Vec<char> = text.chars().collect();
    let mut found: Values = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let start = at;
        let end = chars[at..].iter().position(|&c| c == '=').map(|length| at + length);
        let Some(equals) = end else {
            return fail((start, chars.len()), "expected name=value");
        };
        let name: String = chars[start..equals].iter().collect::<String>().trim().into();
        let valid = name.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_alphanumeric() || c == '_');
        if !valid {
            return fail((start, equals), format!("`{name}` is not a name"));
        }
        if found.iter().any(|(known, _)| *known == name) {
            return fail((start, equals), format!("`{name}` is given twice"));
        }
        let mut depth = 0;
        at = equals + 1;
        while at < chars.len() && (depth > 0 || chars[at] != ',') {
            depth += i32::from(chars[at] == '[') - i32::from(chars[at] == ']');
            at += 1;
        }
        let literal: String = chars[equals + 1..at].iter().collect();
        match literal_value(&literal) {
            Ok(tensor) => found.push((name, tensor)),
            Err(message) => {
                return fail((equals + 1, at.max(equals + 2)), format!("`{name}`: {message}"));
            }
        }
        at += 1;
    }
    Ok(found)
}

/// Reads a number or an array literal such as `[0.2, 0.8]`.
///
/// ```
/// assert_eq!(chainrule::explain::literal("[0.2, 0.8]")?.values(), [0.2, 0.8]);
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// # Errors
/// [`Error::Expression`] that says what is wrong with the text.
pub fn literal(text: &str) -> Result<Tensor<f64>> {
    literal_value(text).or_else(|message| fail((0, text.chars().count()), message))
}

/// A number or a nested array literal.
fn literal_value(text: &str) -> Result<Tensor<f64>, String> {
    let json: serde_json::Value = serde_json::from_str(text.trim())
        .or_else(|_| {
            let number = text.trim().parse::<f64>().ok().filter(|x| x.is_finite());
            number.map(serde_json::Value::from).ok_or(())
        })
        .map_err(|()| format!("`{}` is neither a number nor an array like [1,2]", text.trim()))?;
    let (mut dims, mut numbers) = (Vec::new(), Vec::new());
    flatten(&json, 0, &mut dims, &mut numbers)?;
    let shape = Shape::new(&dims).map_err(|error| error.to_string())?;
    Tensor::new(shape, numbers).map_err(|error| error.to_string())
}

fn flatten(
    value: &serde_json::Value,
    depth: usize,
    dims: &mut Vec<usize>,
    numbers: &mut Vec<f64>,
) -> Result<(), String> {
    match value {
        serde_json::Value::Array(items) if depth < MAX_RANK => {
            if dims.len() == depth && numbers.is_empty() {
                dims.push(items.len());
            }
            if dims.get(depth) != Some(&items.len()) {
                return Err("the array's rows differ in length".into());
            }
            items.iter().try_for_each(|item| flatten(item, depth + 1, dims, numbers))
        }
        serde_json::Value::Number(number) if depth == dims.len() => {
            numbers.push(number.as_f64().ok_or("a number is out of range")?);
            Ok(())
        }
        serde_json::Value::Number(_) => Err("the array's rows differ in depth".into()),
        _ => Err(format!("arrays hold numbers, at most {MAX_RANK} levels deep")),
    }
}
