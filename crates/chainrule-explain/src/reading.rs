//! Reading formulas off a graph's nodes.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::expression::is_in_language;
use super::formula::{Formula, Term};
use chainrule::graph::{Graph, Node, Source};
use chainrule::ops::{
    AnyOp, Broadcast, Exp, Fold, Gaussian, Guarded, Ln, LogSoftmax, Loop, MatMul, Notation,
    OneMinusSquare, Op, Pow, Reshape, SechSquared, Select, Sigmoid, Softmax, Transpose,
};
use chainrule::tensor::{Shape, Tensor};

/// Formulas with more parts than this are not shown.
const MAX_SIZE: usize = 300;

/// Arrays of more numbers than this have no place in a formula.
const MAX_ARRAY: usize = 12;

/// Reads formulas off a graph. One that is given has the node's value when the program reads it back;
/// where the expression language cannot say what a node computes, there is none.
pub(super) struct Formulas<'g> {
    graph: &'g Graph,
    known: HashMap<u32, Option<Formula>>,
    /// Whether named values stand for themselves, rather than for what defines them.
    keep_names: bool,
    /// The user's own nodes end here; derivatives come after.
    last: u32,
    /// Names for what is long, and what has got one.
    names: Option<Names>,
    named: Vec<(String, Formula)>,
}

/// Names that nothing has yet.
pub(super) type Names = Box<dyn Iterator<Item = String>>;

/// Where long parts get names, a formula of more parts gets one.
const NAMED_SIZE: usize = 24;

impl<'g> Formulas<'g> {
    pub(super) fn new(graph: &'g Graph, last: u32, keep_names: bool) -> Self {
        Self { graph, known: HashMap::new(), keep_names, last, names: None, named: Vec::new() }
    }

    /// That gives names to long parts, so that no formula is too long.
    pub(super) fn naming(graph: &'g Graph, last: u32, names: Names) -> Self {
        Self { names: Some(names), ..Self::new(graph, last, false) }
    }

    /// The parts that have got names, each after those that it is made of.
    pub(super) fn into_named(self) -> Vec<(String, Formula)> {
        self.named
    }

    /// Has a node stand for itself by this formula.
    pub(super) fn bind(&mut self, id: u32, formula: Formula) {
        let shape = self.shape(id);
        self.known.insert(id, Some(formula.shaped(shape)));
    }

    /// The formula of a node; `None` where it is too long to show.
    pub(super) fn of(&mut self, id: u32) -> Option<Formula> {
        // Nodes come after their operands, so that one pass in order needs no recursion.
        let mut needed = vec![id];
        let mut order = Vec::new();
        let mut seen = HashSet::new();
        while let Some(id) = needed.pop() {
            if self.known.contains_key(&id) || !seen.insert(id) {
                continue;
            }
            order.push(id);
            self.graph.node(id, |node| needed.extend(&node.operands));
            needed.extend(self.complement(id));
        }
        order.sort_unstable();
        for id in order {
            let formula = self.build(id).filter(|formula| formula.size <= MAX_SIZE);
            let formula = formula.map(|formula| self.in_a_name(id, formula));
            self.known.insert(id, formula);
        }
        self.known.get(&id).cloned().flatten()
    }

    /// A long formula's new name, where such are given.
    fn in_a_name(&mut self, id: u32, formula: Formula) -> Formula {
        let long = formula.size > NAMED_SIZE;
        let name = self.names.as_mut().filter(|_| long).and_then(Iterator::next);
        let Some(name) = name else { return formula };
        let symbol = Formula::symbol(&name, id).shaped(formula.shape());
        self.named.push((name, formula));
        symbol
    }

    fn shape(&self, id: u32) -> Shape {
        self.graph.node(id, |node| node.ty.shape)
    }

    fn build(&self, id: u32) -> Option<Formula> {
        match self.graph.label(id).filter(|_| self.keep_names) {
            Some(name) => Some(self.symbol(&name, id)),
            None => self.operation(id),
        }
    }

    fn symbol(&self, name: &str, id: u32) -> Formula {
        Formula::new(Term::Symbol(name.into(), id)).shaped(self.shape(id))
    }

    fn operation(&self, id: u32) -> Option<Formula> {
        let node = self.graph.node(id, Clone::clone);
        let op = match &node.source {
            Source::Input(name) | Source::Parameter(name) => return Some(self.symbol(name, id)),
            Source::State(key) => return Some(self.symbol(&key.to_string(), id)),
            Source::Constant(tensor) => {
                let array = || literal(tensor).map(|text| self.symbol(&text, id));
                return tensor.at(&[]).map(Formula::number).or_else(array);
            }
            Source::Op(op) => op,
        };
        if let Some(product) = self.product_of_vectors(&node) {
            return Some(product);
        }
        if let Some(gate) = self.complement(id) {
            let minus = Formula::number(-1.0).times(&self.part(gate)?);
            return Some(Formula::number(1.0).plus(&minus));
        }
        if let Some(number) = self.total(&node, op) {
            return Some(Formula::number(number));
        }
        let operands: Vec<Formula> =
            node.operands.iter().map(|&operand| self.part(operand)).collect::<Option<_>>()?;
        if op.is_pointwise() {
            let guarded = (id > self.last).then(|| guarded(op, &operands)).flatten();
            let outside = || self.is_of_power(id).then(|| off_zero(op, &operands)).flatten();
            return guarded.or_else(outside).or_else(|| pointwise(op, operands));
        }
        let shapes: Vec<Shape> = node.operands.iter().map(|&operand| self.shape(operand)).collect();
        of_arrays(op, &operands, &shapes, node.ty.shape)
    }

    /// What a reduction of a small constant gives, where it gives one number everywhere: the shares of a
    /// class's one-hot row are 1.
    fn total(&self, node: &Node, op: &Arc<dyn AnyOp>) -> Option<f64> {
        let (Loop::Reduce { .. }, [operand]) = (op.as_loop(), &*node.operands) else { return None };
        let constant = self.graph.node(*operand, |node| match &node.source {
            Source::Constant(tensor) => {
                (tensor.values().len() <= MAX_ARRAY).then(|| tensor.clone())
            }
            _ => None,
        })?;
        let g = Graph::new();
        let total = g.apply_shared(op.clone(), &[g.constant_tensor((*constant).clone())]).eval();
        let total = total.ok()?;
        let first = *total.values().first()?;
        total.values().iter().all(|x| *x == first).then_some(first)
    }

    fn part(&self, id: u32) -> Option<Formula> {
        self.known.get(&id).cloned().flatten()
    }

    /// Whether a power's backward rule recorded the node, or the backward rule of what it recorded.
    fn is_of_power(&self, mut id: u32) -> bool {
        while id > self.last {
            let Some(gate) = self.graph.node(id, |node| node.gate) else { return false };
            if self.graph.node(gate, |node| node.source.is::<Pow>()) {
                return true;
            }
            id = gate;
        }
        false
    }

    /// The sigmoid in whose backward rule σ(−x) stands for 1 − y, and keeps its digits where y is almost 1.
    fn complement(&self, id: u32) -> Option<u32> {
        let is_sigmoid = |id| self.graph.node(id, |node| node.source.is::<Sigmoid>());
        let gate = self.graph.node(id, |node| node.gate)?;
        (id > self.last && is_sigmoid(id) && is_sigmoid(gate)).then_some(gate)
    }

    /// `W @ x` with a vector: a product of matrices of which one is a column or a row, made into a
    /// vector again.
    fn product_of_vectors(&self, node: &Node) -> Option<Formula> {
        let [inner] = *node.operands else { return None };
        let inner = self.graph.node(inner, Clone::clone);
        let &[a, b] = &*inner.operands else { return None };
        if !node.source.is::<Reshape>() || !inner.source.is::<MatMul>() {
            return None;
        }
        let vector = |id: u32| {
            self.graph.node(id, |node| match *node.operands {
                [below] if node.source.is::<Reshape>() && self.shape(below).rank() == 1 => {
                    Some(below)
                }
                _ => None,
            })
        };
        let ([row, column], rank) = ([vector(a), vector(b)], inner.ty.shape.rank());
        let gone = |axis| row.is_some() && axis + 2 == rank || column.is_some() && axis + 1 == rank;
        if row.or(column).is_none() || inner.ty.shape.without(gone) != node.ty.shape {
            return None;
        }
        let whole = |id: u32| self.part(id).filter(|formula| formula.shape() == self.shape(id));
        let (a, b) = (whole(row.unwrap_or(a))?, whole(column.unwrap_or(b))?);
        Some(Formula::new(Term::Infix("@", a, b)).shaped(node.ty.shape))
    }
}

/// A small array of finite numbers as an expression has it, with all digits.
fn literal(tensor: &Tensor<f64>) -> Option<String> {
    let is_shown =
        tensor.values().len() <= MAX_ARRAY && tensor.values().iter().all(|x| x.is_finite());
    let mut parts: Vec<String> = tensor.values().iter().map(|x| format!("{x:?}")).collect();
    parts.iter_mut().for_each(|part| *part = part.strip_suffix(".0").unwrap_or(part).to_owned());
    for &length in tensor.shape().dims().iter().rev() {
        if length == 0 {
            return None;
        }
        parts = parts.chunks(length).map(|row| format!("[{}]", row.join(", "))).collect();
    }
    parts.pop().filter(|_| is_shown)
}

/// An operation that works number by number. The signs are those of the expression language.
fn pointwise(op: &Arc<dyn AnyOp>, operands: Vec<Formula>) -> Option<Formula> {
    // Its guard matters at single points: the formula of all others is shown.
    if let ([a, b], true) = (operands.as_slice(), op.is::<Guarded>()) {
        return Some(a.times(b));
    }
    let minus = |f: &Formula| Formula::number(-1.0).times(f);
    // The textbook's forms of what keeps more digits than they do.
    match operands.as_slice() {
        [x] if op.is::<Gaussian>() => {
            return Some(Formula::new(Term::Call(Op::name(&Exp), vec![minus(&x.power(2.0))])));
        }
        [x] | [_, x] if op.is::<OneMinusSquare>() || op.is::<SechSquared>() => {
            return Some(Formula::number(1.0).plus(&minus(&x.power(2.0))));
        }
        _ if !is_in_language(&**op) => return None,
        _ => {}
    }
    Some(match (op.notation(), operands.as_slice()) {
        (Notation::Infix("+", _), [a, b]) => a.plus(b),
        (Notation::Infix("-", _), [a, b]) => a.plus(&minus(b)),
        (Notation::Infix("*", _), [a, b]) => a.times(b),
        (Notation::Infix("/", _), [a, b]) => a.times(&b.power(-1.0)),
        (Notation::Prefix("-"), [a]) => minus(a),
        (Notation::Infix("==", _), [a, b]) if a.as_number().zip(b.as_number()).is_some() => {
            Formula::number(f64::from(u8::from(a.as_number() == b.as_number())))
        }
        (_, [condition, a, b]) if op.is::<Select>() && condition.as_number().is_some() => {
            if condition.as_number() == Some(0.0) {
                b.clone()
            } else {
                a.clone()
            }
        }
        (Notation::Power(n), [a]) => a.power(n.into()),
        (Notation::Root, [a]) => a.power(0.5),
        (Notation::Infix(sign, _), [a, b]) => match b.as_number().filter(|_| sign == "^") {
            Some(exponent) => a.power(exponent),
            None => Formula::new(Term::Infix(sign, a.clone(), b.clone())),
        },
        (_, [a]) if op.is::<Ln>() && a.as_number() == Some(std::f64::consts::E) => {
            Formula::number(1.0)
        }
        _ => Formula::new(Term::Call(op.name(), operands)),
    })
}

/// What a selection by `a == 0` gives everywhere else, in a power's derivatives.
fn off_zero(op: &Arc<dyn AnyOp>, operands: &[Formula]) -> Option<Formula> {
    let [condition, _, other] = operands else { return None };
    let by_zero =
        matches!(&*condition.term, Term::Infix("==", _, zero) if zero.as_number() == Some(0.0));
    (by_zero && op.is::<Select>()).then(|| other.clone())
}

/// The guard of a single point in a power's derivative, such as 1 in place of a where a is 0: the
/// formula of all other points is shown.
fn guarded(op: &Arc<dyn AnyOp>, operands: &[Formula]) -> Option<Formula> {
    let [condition, chosen, other] = operands else { return None };
    if !op.is::<Select>() {
        return None;
    }
    let zero_of = |condition: &Formula| match &*condition.term {
        Term::Infix("==", a, zero) if zero.as_number() == Some(0.0) => Some(a.clone()),
        _ => None,
    };
    let is_one = |formula: &Formula| formula.as_number() == Some(1.0);
    let chosen_is_guard = match &*chosen.term {
        Term::Call(name, parts) if *name == op.name() => {
            matches!(&parts[..], [c, one, a] if zero_of(c).is_some() && is_one(one) && a == other)
        }
        _ => is_one(chosen) || chosen == other,
    };
    (chosen_is_guard && zero_of(condition).as_ref() == Some(other)).then(|| other.clone())
}

/// An operation on arrays with these shapes. A formula may evaluate to less than its array, which
/// broadcasting makes up for in the end, but not under a sum or a product.
fn of_arrays(
    op: &Arc<dyn AnyOp>,
    operands: &[Formula],
    shapes: &[Shape],
    out: Shape,
) -> Option<Formula> {
    let is_whole = operands.iter().zip(shapes).all(|(formula, shape)| formula.shape() == *shape);
    let call = || Formula::new(Term::Call(op.name(), operands.to_vec())).shaped(out);
    let many = |number: usize, f: &Formula| Formula::number(number as f64).times(f);
    match (op.as_loop(), operands, shapes) {
        (Loop::Product, [a, b], _) if is_whole => {
            Some(Formula::new(Term::Infix("@", a.clone(), b.clone())).shaped(out))
        }
        (Loop::Reduce { fold, axes }, [f], [from]) => match fold {
            Fold::Sum if f.shape().rank() == 0 && !out.is_empty() => {
                Some(many(from.len() / out.len(), f))
            }
            Fold::Sum if out.rank() == 0 && !f.shape().is_empty() => {
                Some(many(from.len() / f.shape().len(), &call()))
            }
            Fold::Max if f.shape().rank() == 0 => Some(f.clone()),
            Fold::Max if out.rank() == 0 => Some(call()),
            _ if is_whole => {
                let along = axes.get(..from.rank()).and_then(Formula::of_axes);
                let arguments = std::iter::once(f.clone()).chain(along).collect();
                Some(Formula::new(Term::Call(op.name(), arguments)).shaped(out))
            }
            _ => None,
        },
        (_, [f], [from]) if op.is::<Transpose>() => match f.shape().rank() {
            0 => Some(f.clone()),
            _ => (is_whole && from.rank() == 2).then(call),
        },
        (_, [f], _) if op.is::<Broadcast>() => Some(f.clone()),
        (_, [f], [from]) if op.is::<Reshape>() => keeps_its_axes(f, from, &out).then(|| f.clone()),
        _ if op.is::<Softmax>() || op.is::<LogSoftmax>() => is_whole.then(call),
        _ => None,
    }
}

/// Whether what the formula evaluates to broadcasts to the reshaped array as to the one before: only
/// axes of length 1 come or go in front.
fn keeps_its_axes(formula: &Formula, from: &Shape, to: &Shape) -> bool {
    let inner = |shape: &Shape| -> Vec<usize> {
        shape.dims().iter().copied().skip_while(|&length| length == 1).collect()
    };
    formula.shape().rank() <= to.rank() && (formula.shape().len() == 1 || inner(from) == inner(to))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chainrule::graph::Var;
    use chainrule::number::Number;
    use chainrule::ops::{Gate, Pointwise};

    /// x³, by the name of another.
    #[derive(Debug)]
    struct Cube;

    impl Pointwise for Cube {
        type Operands<T: Copy> = [T; 1];
        fn name(&self) -> &'static str {
            "exp"
        }
        fn value<T: Number>(&self, [x]: [T; 1]) -> T {
            x * x * x
        }
        fn backward<'g>(&self, gate: &Gate<'_, 'g>, _operand: usize) -> Option<Var<'g>> {
            Some(gate.upstream * gate.operands[0].square() * 3.0)
        }
    }

    #[test]
    fn an_operation_with_the_name_of_another_has_not_its_formula() {
        let g = Graph::new();
        let x = g.input("x", []);
        let (own, exp) = (g.apply(Cube, &[x]), x.exp());
        let mut formulas = Formulas::new(&g, exp.id(), true);
        assert!(formulas.of(own.id()).is_none());
        assert_eq!(formulas.of(exp.id()).unwrap().to_string(), "exp(x)");
    }
}
