//! What an operation promises, asked once and held against its types.
//!
//! [`Op`](super::Op) is a safe trait that anybody implements: what an operation says of itself can be
//! wrong, and another time it can say something else. Code that is `unsafe` depends on none of that. It
//! depends on the answers kept here, which plans and the interpreter take in place of asking again.

use std::sync::Arc;

use super::{AnyOp, AnyPointwise, Class, Kind, MAX_OPERANDS, Node, Type, View};
use crate::error::{Error, Result};
use crate::tensor::Shape;

/// How an operation is computed, with the answers that an executor relies on.
#[derive(Clone, Debug)]
pub(crate) enum Contract {
    /// The output and all operands are real numbers of one shape; there are as many as this takes.
    Pointwise(Arc<dyn AnyPointwise>),
    /// The output's elements are elements of the one operand, of its kind; see [`Node::view`].
    View,
    /// A kernel writes the output.
    Kernel(Kernel),
}

/// What to know about a kernel in order to call it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kernel {
    /// Whether operands can have any strides.
    pub strided: bool,
    /// Divides the number of output elements, and is at least 1.
    pub grain: usize,
    /// A rough count of arithmetic operations per output element.
    pub cost: usize,
    /// For each operand, whether a row of the output needs no more than its row: both have equally
    /// many rows, more than none.
    pub by_rows: Vec<bool>,
}

impl Node {
    /// Asks this node's operation how it is computed.
    ///
    /// # Errors
    /// An answer that does not agree with the types.
    pub(crate) fn contract(&self, op: &Arc<dyn AnyOp>, nodes: &[Node]) -> Result<Contract> {
        let answer = match op.clone().pointwise() {
            Some(op) => {
                let operands = self.operands.iter().map(|&operand| nodes[operand as usize].ty);
                pointwise(op, operands, self.ty)
            }
            None => match (&*self.operands, op.class()) {
                // Asked for most often, and its types need no list.
                (&[operand], Class::View) => view(&nodes[operand as usize].ty, &self.ty),
                (_, class) => strided(&**op, class, &self.operand_types(nodes), self.ty),
            },
        };
        answer.map_err(|message| self.mistake(nodes, &message))
    }

    /// Asks this node's operation, a [`Contract::View`], for the output's place in the memory that
    /// holds the operand; `None` where the operand must be made contiguous first.
    ///
    /// # Errors
    /// A place that is not within the operand's.
    pub(crate) fn view(
        &self,
        op: &dyn AnyOp,
        nodes: &[Node],
        operand: &View,
    ) -> Result<Option<View>> {
        let answer = place(op, operand, &self.ty.shape);
        answer.map_err(|message| self.mistake(nodes, &message))
    }

    /// That this node's operation finds no view even of a contiguous operand.
    pub(crate) fn no_view(&self, nodes: &[Node]) -> Error {
        self.mistake(nodes, "is a view, but finds none of a contiguous operand")
    }
}

/// [`Node::contract`] for an operation that is no node's.
///
/// # Errors
/// What is wrong with the answer and what would be right.
pub(crate) fn contract(
    op: &Arc<dyn AnyOp>,
    operands: &[Type],
    output: Type,
) -> Result<Contract, String> {
    match op.clone().pointwise() {
        Some(op) => pointwise(op, operands.iter().copied(), output),
        None => strided(&**op, op.class(), operands, output),
    }
}

/// The contract of a view or kernel.
fn strided(
    op: &dyn AnyOp,
    class: Class,
    operands: &[Type],
    output: Type,
) -> Result<Contract, String> {
    match class {
        Class::View => match operands {
            [operand] => view(operand, &output),
            _ => Err(format!("is a view of one operand, but there are {}", operands.len())),
        },
        Class::Kernel { strided } => {
            let shape = output.shape;
            let grain = if shape.is_empty() { 1 } else { op.grain(&shape) };
            if grain == 0 || !shape.len().is_multiple_of(grain) {
                return Err(format!(
                    "its grain is {grain}, but it must divide the {} elements of {shape}",
                    shape.len()
                ));
            }
            let rows = shape.get(0).filter(|_| !shape.is_empty());
            let has_rows = |operand: &Type| rows.is_some() && operand.shape.get(0) == rows;
            let by_rows = operands.iter().enumerate();
            let by_rows = by_rows.map(|(at, operand)| has_rows(operand) && op.by_rows(at));
            let (by_rows, cost) = (by_rows.collect(), op.cost(operands));
            Ok(Contract::Kernel(Kernel { strided, grain, cost, by_rows }))
        }
    }
}

/// The contract of a view.
fn view(operand: &Type, output: &Type) -> Result<Contract, String> {
    match operand.kind == output.kind {
        true => Ok(Contract::View),
        false => Err(format!("is a view of {operand}, but its output is {output}")),
    }
}

/// The contract of a pointwise operation.
fn pointwise(
    op: Arc<dyn AnyPointwise>,
    mut operands: impl ExactSizeIterator<Item = Type>,
    output: Type,
) -> Result<Contract, String> {
    let given = operands.len();
    if given > MAX_OPERANDS {
        return Err(format!("is pointwise and has at most {MAX_OPERANDS} operands, not {given}"));
    }
    if output.kind != Kind::Real {
        return Err(format!("is pointwise, which gives real numbers, but its output is {output}"));
    }
    if let Some(other) = operands.find(|&operand| operand != output) {
        return Err(format!("is pointwise, but its output is {output} and an operand {other}"));
    }
    if op.arity() != given {
        let takes = op.arity();
        return Err(format!("is pointwise and takes {takes} operands, not {given}"));
    }
    Ok(Contract::Pointwise(op))
}

fn place(op: &dyn AnyOp, operand: &View, output: &Shape) -> Result<Option<View>, String> {
    let Some(mut view) = op.view(operand, output) else { return Ok(None) };
    if view.shape != *output {
        return Err(format!("its view is {}, but its output {output}", view.shape));
    }
    if output.is_empty() {
        // Nothing is read, wherever that may be.
        return Ok(Some(View::contiguous(*output)));
    }
    view.strides[output.rank()..].fill(0);
    let (within, found) = (operand.offset..operand.end(), view.offset..view.end());
    if found.start < within.start || found.end > within.end {
        return Err(format!(
            "its view reads elements {found:?} of memory, but the operand lies in {within:?}"
        ));
    }
    Ok(Some(view))
}
