//! Evaluating a graph node by node, without a plan: the reference that plans are tested against.

use std::collections::HashMap;
use std::sync::Arc;

use super::environment::check_environment;
use crate::error::{Error, Result};
use crate::graph::{Contract, Graph, Kind, Node, Source, Var, op};
use crate::ops::{AnyOp, Operand, Output, Values, ValuesMut, View};
use crate::state::{Bindings, Owner};
use crate::tensor::{Offsets, Real, Tensor};

/// A node's elements, row by row.
enum Elements<T> {
    Real(Vec<T>),
    Index(Vec<u32>),
}

impl Graph {
    /// The values of real `outputs`, computed one node after another with nothing fused, shared or
    /// reused: slow, and plain enough to be believed. A plan gives the same bits.
    ///
    /// ```
    /// use chainrule::{Graph, Parameters, Tensor};
    /// let g = Graph::new();
    /// let y = g.input("x", [2]).exp() * 2.0;
    /// let x = vec![("x", Tensor::new([2], vec![0.0, 1.0])?)];
    /// let plain = g.interpret::<f64>(&[y], &x, &[], &Parameters::new())?;
    /// let mut plan = g.compile::<f64>(&[y])?;
    /// plan.feed("x", x[0].1.values())?;
    /// plan.run()?;
    /// assert_eq!(plain[0].values(), plan.value(y)?);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// The first mistake made while recording, an operation that breaks its contract, an input or
    /// parameter without a value or of another shape, or an unknown word in `CHAINRULE_SIMD`.
    pub fn interpret<'a, T: Real>(
        &self,
        outputs: &[Var<'_>],
        inputs: &[(&str, Tensor<T>)],
        labels: &[(&str, &[u32])],
        given: impl Into<Bindings<'a, T>>,
    ) -> Result<Vec<Tensor<T>>> {
        let given = given.into();
        check_environment()?;
        self.ok()?;
        self.own(outputs)?;
        let nodes = self.nodes();
        let reals: HashMap<&str, &Tensor<T>> = inputs.iter().map(|(name, t)| (*name, t)).collect();
        let mut values: Vec<Elements<T>> = Vec::with_capacity(nodes.len());
        let end = outputs.iter().map(|v| v.id() as usize + 1).max().unwrap_or(0);
        for node in &nodes[..end] {
            let value = match &node.source {
                Source::Constant(tensor) if node.ty.kind != Kind::Real => {
                    Elements::Index(tensor.values().iter().map(|&x| x as u32).collect())
                }
                Source::Constant(tensor) => {
                    Elements::Real(tensor.values().iter().map(|&x| T::from_f64(x)).collect())
                }
                Source::Parameter(name) => outside(&given, &Owner::Parameter(name.clone()), node)?,
                Source::State(key) => outside(&given, &Owner::State(key.clone()), node)?,
                Source::Input(name) if node.ty.kind == Kind::Real => {
                    let tensor = reals.get(&**name).ok_or_else(|| {
                        Error::unknown("input", &**name, inputs.iter().map(|(known, _)| *known))
                    })?;
                    if tensor.shape() != node.ty.shape {
                        let (found, wanted) = (tensor.shape(), node.ty.shape);
                        let name = format!("input `{name}`");
                        return Err(Error::shape(name, found.dims(), wanted.dims()));
                    }
                    Elements::Real(tensor.values().to_vec())
                }
                Source::Input(name) => {
                    let found = labels.iter().find(|(known, _)| **known == **name);
                    let (_, given) = found.ok_or_else(|| {
                        Error::unknown("input", &**name, labels.iter().map(|(known, _)| *known))
                    })?;
                    node.ty.check_labels(name, given)?;
                    Elements::Index(given.to_vec())
                }
                Source::Op(op) => evaluate(op, node, &nodes, &values)?,
            };
            values.push(value);
        }
        let mut found = Vec::with_capacity(outputs.len());
        for v in outputs {
            match &values[v.id() as usize] {
                Elements::Real(elements) => {
                    found.push(Tensor::new(v.shape(), elements.clone())?);
                }
                Elements::Index(_) => {
                    return Err(Error::Content { name: format!("node {}", v.id()), labels: true });
                }
            }
        }
        Ok(found)
    }
}

/// The elements of a parameter, or of a part of an optimizer's state.
fn outside<T: Real>(given: &Bindings<'_, T>, owner: &Owner, node: &Node) -> Result<Elements<T>> {
    let (_, tensor) = given.find(owner, node.ty.shape, 0)?;
    Ok(Elements::Real(tensor.values().to_vec()))
}

/// One operation on contiguous operands.
fn evaluate<T: Real>(
    op: &Arc<dyn AnyOp>,
    node: &Node,
    nodes: &[Node],
    values: &[Elements<T>],
) -> Result<Elements<T>> {
    let contract = node.contract(op, nodes)?;
    let operands: Vec<Operand<'_, T>> = node
        .operands
        .iter()
        .map(|&id| {
            let shape = nodes[id as usize].ty.shape;
            let values = match &values[id as usize] {
                Elements::Real(elements) => Values::Real(elements),
                Elements::Index(elements) => Values::Index(elements),
            };
            Operand { shape, strides: shape.strides(), values }
        })
        .collect();
    let shape = node.ty.shape;
    if matches!(contract, Contract::View) {
        let operand = &operands[0];
        let Some(view) = node.view(&**op, nodes, &View::contiguous(operand.shape))? else {
            return Err(node.no_view(nodes));
        };
        let mut walk = Offsets::new(&shape, &view.strides, 0);
        let places: Vec<usize> =
            (0..shape.len()).map(|_| view.offset + walk.next_offset()).collect();
        return Ok(match operand.values {
            Values::Real(from) => Elements::Real(places.iter().map(|&at| from[at]).collect()),
            Values::Index(from) => Elements::Index(places.iter().map(|&at| from[at]).collect()),
        });
    }
    let op: &dyn AnyOp = match &contract {
        Contract::Pointwise(op) => &**op,
        Contract::View | Contract::Kernel(_) => &**op,
    };
    let range = 0..shape.len();
    Ok(match node.ty.kind {
        Kind::Real => {
            let mut elements = vec![T::zero(); shape.len()];
            let values = ValuesMut::Real(&mut elements);
            if !range.is_empty() {
                op::forward(op, &operands, Output { shape, range, values });
            }
            Elements::Real(elements)
        }
        Kind::Index { .. } => {
            let mut elements = vec![0; shape.len()];
            let values = ValuesMut::Index(&mut elements);
            if !range.is_empty() {
                op::forward(op, &operands, Output { shape, range, values });
            }
            Elements::Index(elements)
        }
    })
}
