//! The reader of expressions.

mod calls;
mod places;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::functions::constant;
use super::library::mod_of;
use super::tokens::{COMPARISONS, Compare, Token, tokens};
use super::{Names, Span, Values, fail, hints};
use chainrule::error::{Error, Result};
use chainrule::graph::{Graph, Node, Source, Var};
use chainrule::ops::{AnyOp, Notation};
use chainrule::tensor::{Shape, Tensor};
use chainrule::term::Binding;

/// Parentheses, signs and powers may nest this deep.
const MAX_DEPTH: usize = 256;

/// The numbers of all values together: an explanation keeps each with its gradient, in all some 200 bytes.
const MOST_NUMBERS: usize = 1 << 23;

/// The words between conditions; no names.
pub(super) const WORDS: [&str; 3] = ["and", "or", "not"];

struct Variable<'g, 'v> {
    name: &'v str,
    var: Var<'g>,
    value: &'v Tensor<f64>,
    /// How often it is used, and how often of these as a class or a position.
    uses: usize,
    as_class: usize,
}

pub(super) struct Parser<'g, 'v> {
    g: &'g Graph,
    chars: Vec<char>,
    tokens: Vec<(Token, Span)>,
    at: usize,
    depth: usize,
    variables: Vec<Variable<'g, 'v>>,
    /// Where each variable stands among them.
    by_name: HashMap<&'v str, usize>,
    defined: BTreeMap<String, Var<'g>>,
    /// The values that `and`, `or` and `not` made: 1 or 0, as a comparison's are.
    conditions: HashSet<u32>,
    /// How many numbers the first nodes of the graph hold.
    numbers: usize,
    counted: u32,
}

impl<'g, 'v> Parser<'g, 'v> {
    pub(super) fn new(g: &'g Graph, text: &str, values: &'v Values, names: Names) -> Result<Self> {
        let variables = values.iter().map(|(name, value)| {
            let var = match names {
                Names::Inputs => g.input(name, value.shape()),
                Names::Parameters => g.parameter(name, value.shape()),
            };
            Variable { name, var, value, uses: 0, as_class: 0 }
        });
        let variables: Vec<Variable<'g, 'v>> = variables.collect();
        // Of values with one name the first counts.
        let by_name = variables.iter().enumerate().rev().map(|(at, v)| (v.name, at)).collect();
        let chars: Vec<char> = text.chars().collect();
        let tokens = tokens(&chars)?;
        Ok(Self {
            g,
            chars,
            tokens,
            at: 0,
            depth: 0,
            variables,
            by_name,
            defined: BTreeMap::new(),
            conditions: HashSet::new(),
            numbers: 0,
            counted: 0,
        })
    }

    /// The names that only ever said which class is right.
    pub(super) fn classes(self) -> Result<Vec<String>> {
        if let Some(unused) = self.variables.iter().find(|variable| variable.uses == 0) {
            return Err(Error::Unused { name: unused.name.to_owned() });
        }
        let classes = self.variables.into_iter().filter(|v| v.uses == v.as_class);
        Ok(classes.map(|variable| variable.name.to_owned()).collect())
    }

    fn peek(&self) -> &Token {
        self.peek_at(0)
    }

    fn peek_at(&self, ahead: usize) -> &Token {
        self.tokens.get(self.at + ahead).map_or(&Token::End, |(token, _)| token)
    }

    fn span(&self) -> Span {
        self.span_of(self.at)
    }

    fn span_of(&self, token: usize) -> Span {
        self.tokens.get(token).or(self.tokens.last()).map_or((0, 0), |(_, span)| *span)
    }

    fn take(&mut self, symbol: char) -> bool {
        let found = *self.peek() == Token::Symbol(symbol);
        self.at += usize::from(found);
        found
    }

    fn take_word(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(), Token::Name(name) if name == word);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, symbol: char) -> Result<()> {
        if self.take(symbol) {
            return Ok(());
        }
        fail(self.span(), format!("expected `{symbol}`, found {}", self.peek().describe()))
    }

    /// The text from one token up to another.
    fn text(&self, from: usize, to: usize) -> String {
        let (start, _) = self.span_of(from);
        let (_, end) = self.span_of(to.saturating_sub(1).max(from));
        self.chars.get(start..end).unwrap_or_default().iter().collect()
    }

    pub(super) fn statements(&mut self) -> Result<Var<'g>> {
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
        let Token::Name(name) = self.peek().clone() else { return self.condition() };
        match *self.peek_at(1) {
            Token::Symbol('=') => self.definition(name),
            Token::Update(sign) => self.update(name, sign),
            _ => self.condition(),
        }
    }

    fn definition(&mut self, name: String) -> Result<Var<'g>> {
        let span = self.span();
        if WORDS.contains(&name.as_str()) || self.has(&name) {
            return fail(span, format!("`{name}` already has a meaning; choose another name"));
        }
        self.at += 2;
        let value = self.condition()?;
        // Another name for what has one leaves it its own.
        let is_given = |node: &Node| matches!(node.source, Source::Input(_) | Source::Parameter(_));
        if !self.g.node(value.id(), is_given) && self.g.label(value.id()).is_none() {
            self.g.set_label(value.id(), &name);
        }
        self.defined.insert(name, value);
        Ok(value)
    }

    /// `h += x`: from here on the name means the sum, which goes by what it is, as two values of one name
    /// would be taken for one.
    fn update(&mut self, name: String, sign: char) -> Result<Var<'g>> {
        let span = self.span();
        self.at += 1;
        let before = self.name(&name, span)?;
        let span = self.span();
        self.at += 1;
        let by = self.condition()?;
        let value = self.arithmetic(span, sign, before, by)?;
        self.defined.insert(name, value);
        Ok(value)
    }

    /// Whether a name means a value.
    fn has(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
            || self.defined.contains_key(name)
            || constant(name).is_some()
    }

    /// What was recorded, unless a shape is wrong, which becomes an error that points at the expression,
    /// or too large.
    fn checked(&mut self, span: Span, value: Var<'g>) -> Result<Var<'g>> {
        match self.g.error() {
            Some(Error::Operation { op, message, operands, .. }) => {
                return fail(span, format!("{op}: {message} (operands {operands})"));
            }
            Some(error) => return Err(error),
            None => {}
        }
        while (self.counted as usize) < self.g.len() {
            let shape = self.g.var(self.counted).shape();
            self.numbers = self.numbers.saturating_add(shape.len());
            if self.numbers > MOST_NUMBERS {
                return fail(span, too_large(&shape, self.numbers));
            }
            self.counted += 1;
        }
        Ok(value)
    }

    fn deeper<R>(&mut self, read: impl FnOnce(&mut Self) -> Result<R>) -> Result<R> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return fail(self.span(), format!("nested more than {MAX_DEPTH} deep"));
        }
        let found = read(self)?;
        self.depth -= 1;
        Ok(found)
    }

    /// Conditions with `or` between them: the largest is 1 where one holds.
    fn condition(&mut self) -> Result<Var<'g>> {
        let mut left = self.all_of()?;
        loop {
            let span = self.span();
            if !self.take_word("or") {
                return Ok(left);
            }
            let right = self.all_of()?;
            left = self.joined(span, self.truth(left).maximum(self.truth(right)))?;
        }
    }

    /// Conditions with `and` between them: the product is 1 where all hold.
    fn all_of(&mut self) -> Result<Var<'g>> {
        let mut left = self.negated()?;
        loop {
            let span = self.span();
            if !self.take_word("and") {
                return Ok(left);
            }
            let right = self.negated()?;
            left = self.joined(span, self.truth(left) * self.truth(right))?;
        }
    }

    fn negated(&mut self) -> Result<Var<'g>> {
        let span = self.span();
        let mut count = 0;
        while self.take_word("not") {
            count += 1;
        }
        let value = self.comparison()?;
        match count {
            0 => Ok(value),
            even if even % 2 == 0 => self.joined(span, self.truth(value)),
            _ => self.joined(span, 1.0 - self.truth(value)),
        }
    }

    fn joined(&mut self, span: Span, condition: Var<'g>) -> Result<Var<'g>> {
        self.conditions.insert(condition.id());
        self.checked(span, condition)
    }

    /// 1 where a value is not 0; of a condition, itself.
    fn truth(&self, value: Var<'g>) -> Var<'g> {
        let compares =
            |op: &Arc<dyn AnyOp>| matches!(op.notation(), Notation::Infix(_, Binding::Comparison));
        let is_comparison = self.g.node(value.id(), |node| node.source.op().is_some_and(compares));
        match is_comparison || self.conditions.contains(&value.id()) {
            true => value,
            false => value.not_equal(0.0),
        }
    }

    /// A comparison is 1 or 0; comparisons do not chain.
    fn comparison(&mut self) -> Result<Var<'g>> {
        let start = self.at;
        let left = self.sum()?;
        let sign = self.at;
        let Some(compare) = self.take_comparison() else { return Ok(left) };
        let right = self.sum()?;
        let end = self.at;
        if self.take_comparison().is_some() {
            let [first, middle] = [self.text(start, end), self.text(sign + 1, end)];
            let message = format!("comparisons do not chain; write `{first} and {middle} …`");
            return fail(self.span_of(end), message);
        }
        self.checked(self.span_of(sign), compare(left, right))
    }

    fn take_comparison(&mut self) -> Option<Compare> {
        let Token::Symbol(symbol) = *self.peek() else { return None };
        let (.., compare) = COMPARISONS.iter().find(|(_, known, _)| *known == symbol)?;
        self.at += 1;
        Some(*compare)
    }

    fn sum(&mut self) -> Result<Var<'g>> {
        let mut left = self.product()?;
        loop {
            let (span, token) = (self.span(), self.peek());
            let Token::Symbol(sign @ ('+' | '-')) = *token else { return Ok(left) };
            self.at += 1;
            let right = self.product()?;
            left = self.arithmetic(span, sign, left, right)?;
        }
    }

    fn product(&mut self) -> Result<Var<'g>> {
        let mut left = self.factor()?;
        loop {
            let (span, token) = (self.span(), self.peek());
            let Token::Symbol(sign @ ('*' | '/' | '@' | '%')) = *token else { return Ok(left) };
            self.at += 1;
            let right = self.factor()?;
            left = self.arithmetic(span, sign, left, right)?;
        }
    }

    fn arithmetic(&mut self, span: Span, sign: char, a: Var<'g>, b: Var<'g>) -> Result<Var<'g>> {
        let value = match sign {
            '+' => a + b,
            '-' => a - b,
            '*' => a * b,
            '/' => a / b,
            '@' => a.matmul(b),
            '%' => mod_of(a, b),
            other => unreachable!("`{other}` is no sign between two operands"),
        };
        self.checked(span, value)
    }

    /// A factor, after which no other may stand without a sign.
    fn factor(&mut self) -> Result<Var<'g>> {
        let start = self.at;
        let value = self.signed()?;
        let begins = match self.peek() {
            Token::Number(_) | Token::Symbol('(' | '√') => true,
            Token::Name(name) => !WORDS.contains(&name.as_str()),
            _ => false,
        };
        if !begins {
            return Ok(value);
        }
        let right = self.text(self.at, self.end_of_factor());
        let product = hints::product(&self.text(start, self.at), &right);
        let found = self.peek().describe();
        fail(
            self.span(),
            format!(
                "expected an operator or the end, found {found}; for a product write {product}"
            ),
        )
    }

    /// Where the factor that begins here ends: a name or a number, with what follows in parentheses.
    fn end_of_factor(&self) -> usize {
        let opens = |ahead| *self.peek_at(ahead) == Token::Symbol('(');
        let first = usize::from(!opens(0));
        if !opens(first) {
            return self.at + first;
        }
        let mut open = 0;
        for (at, (token, _)) in self.tokens.iter().enumerate().skip(self.at + first) {
            match token {
                Token::Symbol('(') => open += 1,
                Token::Symbol(')') => open -= 1,
                _ => {}
            }
            if open == 0 {
                return at + 1;
            }
        }
        self.at + first
    }

    fn signed(&mut self) -> Result<Var<'g>> {
        self.deeper(|parser| {
            if parser.take('-') {
                let operand = parser.signed()?;
                return Ok(match operand.as_constant().filter(|_| operand.shape().rank() == 0) {
                    Some(number) => parser.g.constant(-number),
                    None => -operand,
                });
            }
            if parser.take('+') {
                return parser.signed();
            }
            parser.power()
        })
    }

    /// A power binds tighter than a sign on its left, and from right to left: −x^2 is −(x^2).
    fn power(&mut self) -> Result<Var<'g>> {
        let base = self.postfix()?;
        let span = self.span();
        if !self.take('^') {
            return Ok(base);
        }
        let exponent = self.signed()?;
        self.checked(span, base.powv(exponent))
    }

    /// A value with what follows it: places in brackets, raised numbers and a transposition.
    fn postfix(&mut self) -> Result<Var<'g>> {
        let mut value = self.primary()?;
        loop {
            let span = self.span();
            value = match *self.peek() {
                Token::Symbol('[') => {
                    self.at += 1;
                    self.part_of(value)?
                }
                Token::Raised(exponent) => {
                    self.at += 1;
                    value.powv(self.g.constant(exponent))
                }
                Token::Symbol('ᵀ') => {
                    self.at += 1;
                    value.t()
                }
                Token::Symbol('.') => {
                    self.at += 1;
                    self.attribute(value)?
                }
                _ => return Ok(value),
            };
            value = self.checked(span, value)?;
        }
    }

    /// What follows a dot: `.T` alone.
    fn attribute(&mut self, value: Var<'g>) -> Result<Var<'g>> {
        if self.take_word("T") {
            return Ok(value.t());
        }
        let span = self.span();
        let message = match self.peek() {
            Token::Name(name) if hints::is_function(name) => {
                format!("there is no `.{name}`; write {name}(…)")
            }
            other => format!("expected `T` after the dot, found {}", other.describe()),
        };
        fail(span, message)
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
                let value = self.condition()?;
                self.expect(')')?;
                Ok(value)
            }
            Token::Symbol('[') => {
                self.at += 1;
                self.deeper(Self::array)
            }
            Token::Symbol('√') => {
                self.at += 1;
                let operand = self.deeper(Self::postfix)?;
                self.checked(span, operand.sqrt())
            }
            Token::Name(name) => {
                self.at += 1;
                match *self.peek() == Token::Symbol('(') {
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
        if let Some(value) = self.defined.get(name) {
            return Ok(*value);
        }
        let variable = self.by_name.get(name).and_then(|&at| self.variables.get_mut(at));
        if let Some(variable) = variable {
            variable.uses += 1;
            return Ok(variable.var);
        }
        if let Some(value) = constant(name) {
            return Ok(self.g.constant(value));
        }
        let known = self.variables.iter().map(|variable| variable.name);
        let known = known.chain(self.defined.keys().map(String::as_str));
        fail(span, hints::no_name(name, known))
    }

    /// The value of a name that says which class or position is meant: of a list, whatever its gradient.
    fn meant(&mut self, target: Var<'g>) -> Var<'g> {
        let at = self.g.node(target.id(), |node| match &node.source {
            Source::Input(name) | Source::Parameter(name) => self.by_name.get(&**name).copied(),
            _ => None,
        });
        match at.and_then(|at| self.variables.get_mut(at)) {
            Some(variable) => {
                variable.as_class += 1;
                self.g.constant_tensor(variable.value.clone())
            }
            None => target,
        }
    }
}

/// That values are more numbers than an expression may have, of which these came last.
fn too_large(last: &Shape, numbers: usize) -> String {
    match last.len() > MOST_NUMBERS {
        true => format!(
            "this makes an array of shape {last}, {} numbers; an expression may have {MOST_NUMBERS}",
            last.len()
        ),
        false => format!(
            "with this array of shape {last} there are {numbers} numbers; an expression may have {MOST_NUMBERS}"
        ),
    }
}
