//! Derivatives as formulas: backward rules read as data.

use std::sync::Arc;

use super::{AnyPointwise, Gate, Number};
use crate::graph::{Graph, Source, Var};
use crate::term::{Symbol, Term};

/// The derivative of a pointwise operation by an operand, as a formula of its operands and, after them,
/// of its value; `None` where the backward rule uses more than pointwise operations.
///
/// The rule is recorded once, on single numbers and with 1 in place of what arrives from above, in a graph
/// [with exact slopes](Graph::with_exact_slopes).
///
/// ```
/// use chainrule::ops::{all_pointwise, derivative};
/// let root = all_pointwise().into_iter().find(|op| op.name() == "sqrt").unwrap();
/// let slope = derivative(&root, 0).unwrap();
/// assert_eq!(slope.eval(&[9.0, 3.0]), Some(0.5 / 3.0));
/// ```
#[must_use]
pub fn derivative(op: &Arc<dyn AnyPointwise>, operand: usize) -> Option<Term> {
    let g = Graph::with_exact_slopes();
    let input = |at: usize| g.input(&at.to_string(), []);
    let mut given: Vec<Var<'_>> = (0..=op.arity()).map(input).collect();
    let output = given.pop()?;
    let gate = Gate::new(&given, output, g.constant(1.0));
    let end = op.backward(&gate, operand).map(|gradient| gradient.id());
    let nodes = g.nodes();
    let is_known = |source: &Source| match source {
        Source::Input(_) | Source::Parameter(_) | Source::State(_) => true,
        Source::Constant(tensor) => tensor.at(&[]).is_some(),
        Source::Op(op) => op.is_pointwise(),
    };
    if g.error().is_some() || !nodes.iter().all(|node| is_known(&node.source)) {
        return None;
    }
    Some(Term::record(op.arity() + 1, |given| {
        let Some(end) = end else { return given[0].like(0.0) };
        let mut found: Vec<Symbol<'_>> = given.to_vec();
        for node in nodes.iter().skip(given.len()) {
            let operands: Vec<Symbol<'_>> =
                node.operands.iter().map(|&operand| found[operand as usize]).collect();
            let pointwise = node.op().and_then(|op| op.clone().pointwise());
            found.push(match (&node.source, pointwise) {
                (_, Some(op)) => op.record(&operands),
                (Source::Constant(tensor), _) => given[0].like(tensor.at(&[]).unwrap_or(f64::NAN)),
                _ => unreachable!("the inputs come first, and all else was looked at before"),
            });
        }
        found[end as usize]
    }))
}
