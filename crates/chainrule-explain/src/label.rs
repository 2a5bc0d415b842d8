//! What a gate computes, as it was written: the labels of nodes.

use std::collections::HashMap;
use std::sync::Arc;

use super::expression::CROSS_ENTROPY;
use super::formula::{Formula, Term};
use super::value::Value;
use chainrule::graph::{Graph, Source};
use chainrule::ops::{AnyOp, Loop, Notation, Slice, SoftmaxWithLoss};

/// Labels with more parts than this are not shown.
const MAX_SIZE: usize = 300;

/// The expressions that nodes compute, in the order in which they were written and unsimplified.
pub(super) struct Labels<'g> {
    graph: &'g Graph,
    /// Each node as it appears in the expressions above it.
    known: HashMap<u32, Option<Formula>>,
}

impl<'g> Labels<'g> {
    pub(super) fn new(graph: &'g Graph) -> Self {
        Self { graph, known: HashMap::new() }
    }

    /// What a node computes from its operands, which were asked for before; `None` where it is too
    /// long to show.
    pub(super) fn of(&mut self, id: u32) -> Option<Formula> {
        let formula = self.operation(id).filter(|formula| formula.size <= MAX_SIZE);
        let name = self.graph.label(id);
        let above = name.map_or_else(|| formula.clone(), |name| Some(symbol(&name, id)));
        self.known.insert(id, above);
        formula
    }

    /// A node that was asked for before, as it appears in the expressions above it.
    pub(super) fn known(&self, id: u32) -> Option<Formula> {
        self.known.get(&id).cloned().flatten()
    }

    fn operation(&self, id: u32) -> Option<Formula> {
        let node = self.graph.node(id, Clone::clone);
        let op = match &node.source {
            Source::Input(name) | Source::Parameter(name) => return Some(symbol(name, id)),
            Source::State(key) => return Some(symbol(&key.to_string(), id)),
            Source::Constant(tensor) => {
                let array = || symbol(&Value::from(&**tensor).to_string(), id);
                return Some(tensor.at(&[]).map_or_else(array, Formula::number));
            }
            Source::Op(op) => op,
        };
        let operand = |operand: &u32| self.known.get(operand).cloned().flatten();
        let mut operands: Vec<Formula> =
            node.operands.iter().map(operand).collect::<Option<_>>()?;
        if let (Loop::Reduce { axes, .. }, Some(&from)) = (op.as_loop(), node.operands.first()) {
            let rank = self.graph.node(from, |node| node.ty.shape.rank());
            operands.extend(axes.get(..rank).and_then(Formula::of_axes));
        }
        Some(written(op, operands))
    }
}

/// A range of positions along an axis, as it is written.
fn range(of: &Formula, slice: &Slice) -> Formula {
    let whole = ":, ".repeat(slice.axis);
    let place = match slice.end - slice.start {
        1 => slice.start.to_string(),
        _ => format!("{}:{}", slice.start, slice.end),
    };
    let of = match &*of.term {
        Term::Symbol(..) | Term::Call(..) => of.to_string(),
        _ => format!("({of})"),
    };
    symbol(&format!("{of}[{whole}{place}]"), 0)
}

fn symbol(name: &str, id: u32) -> Formula {
    Formula::new(Term::Symbol(name.into(), id))
}

fn written(op: &Arc<dyn AnyOp>, operands: Vec<Formula>) -> Formula {
    if let (Some(slice), [a]) = (op.as_any().downcast_ref::<Slice>(), operands.as_slice()) {
        return range(a, slice);
    }
    Formula::new(match (op.notation(), operands.as_slice()) {
        (Notation::Silent, [a]) => return a.clone(),
        (Notation::Power(n), [a]) => Term::Infix("^", a.clone(), Formula::number(n.into())),
        (Notation::Root, [a]) => Term::Product(1.0, vec![(a.clone(), 0.5)]),
        (Notation::Prefix(sign), [a]) => Term::Prefix(sign, a.clone()),
        (Notation::Infix(sign, _), [a, b]) => Term::Infix(sign, a.clone(), b.clone()),
        _ if op.is::<SoftmaxWithLoss>() => Term::Call(CROSS_ENTROPY, operands),
        _ => Term::Call(op.name(), operands),
    })
}
