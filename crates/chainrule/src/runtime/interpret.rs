//! Evaluating a graph node by node, without a plan: the reference that plans are tested against.

use crate::error::{Error, Result};
use crate::graph::{Graph, Kind, Node, Source, Var, op};
use crate::ops::{AnyOp, Class, Operand, Output, Values, ValuesMut, View};
use crate::parameters::Parameters;
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
    /// The first mistake made while recording, or an input or parameter without a value.
    pub fn interpret<T: Real>(
        &self,
        outputs: &[Var<'_>],
        inputs: &[(&str, Tensor<T>)],
        labels: &[(&str, &[u32])],
        parameters: &Parameters<T>,
    ) -> Result<Vec<Tensor<T>>> {
        self.ok()?;
        let nodes = self.nodes();
        let mut values: Vec<Option<Elements<T>>> = Vec::with_capacity(nodes.len());
        let end = outputs.iter().map(|v| v.id() as usize + 1).max().unwrap_or(0);
        for node in &nodes[..end] {
            let missing = |what, name: &str| Error::Unknown {
                what,
                name: name.into(),
                known: "those that were given".into(),
            };
            let value = match &node.source {
                Source::Constant(tensor) => {
                    Elements::Real(tensor.values().iter().map(|&x| T::from_f64(x)).collect())
                }
                Source::Parameter(name) => Elements::Real(parameters.get(name)?.values().to_vec()),
                Source::Input(name) if node.ty.kind == Kind::Real => {
                    let found = inputs.iter().find(|(known, _)| **known == **name);
                    let (_, tensor) = found.ok_or_else(|| missing("input", name))?;
                    Elements::Real(tensor.values().to_vec())
                }
                Source::Input(name) => {
                    let found = labels.iter().find(|(known, _)| **known == **name);
                    let (_, given) = found.ok_or_else(|| missing("input", name))?;
                    Elements::Index(given.to_vec())
                }
                Source::Op(op) => evaluate(&**op, node, &nodes, &values),
            };
            values.push(Some(value));
        }
        let mut found = Vec::with_capacity(outputs.len());
        for v in outputs {
            match &values[v.id() as usize] {
                Some(Elements::Real(elements)) => {
                    found.push(Tensor::new(v.shape(), elements.clone())?);
                }
                _ => return Err(Error::Mismatch(format!("node {} holds labels", v.id()))),
            }
        }
        Ok(found)
    }
}

/// One operation on contiguous operands.
fn evaluate<T: Real>(
    op: &dyn AnyOp,
    node: &Node,
    nodes: &[Node],
    values: &[Option<Elements<T>>],
) -> Elements<T> {
    let operands: Vec<Operand<'_, T>> = node
        .operands
        .iter()
        .map(|&id| {
            let shape = nodes[id as usize].ty.shape;
            let values = match &values[id as usize] {
                Some(Elements::Real(elements)) => Values::Real(elements),
                Some(Elements::Index(elements)) => Values::Index(elements),
                None => Values::Index(&[]),
            };
            Operand { shape, strides: shape.strides(), values }
        })
        .collect();
    let shape = node.ty.shape;
    if op.class() == Class::View {
        let operand = &operands[0];
        let view = op.view(&View::contiguous(operand.shape), &shape);
        let view = view.unwrap_or(View::contiguous(shape));
        let mut walk = Offsets::new(&shape, &view.strides, 0);
        let places: Vec<usize> =
            (0..shape.len()).map(|_| view.offset + walk.next_offset()).collect();
        return match operand.values {
            Values::Real(from) => Elements::Real(places.iter().map(|&at| from[at]).collect()),
            Values::Index(from) => Elements::Index(places.iter().map(|&at| from[at]).collect()),
        };
    }
    let range = 0..shape.len();
    match node.ty.kind {
        Kind::Real => {
            let mut elements = vec![T::zero(); shape.len()];
            let values = ValuesMut::Real(&mut elements);
            op::forward(op, &operands, Output { shape, range, values });
            Elements::Real(elements)
        }
        Kind::Index { .. } => {
            let mut elements = vec![0; shape.len()];
            let values = ValuesMut::Index(&mut elements);
            op::forward(op, &operands, Output { shape, range, values });
            Elements::Index(elements)
        }
    }
}
