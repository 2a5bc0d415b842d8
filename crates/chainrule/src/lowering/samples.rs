//! Graphs to test the passes and their executors on.

use crate::graph::{Graph, Source, Var};
use crate::parameters::Parameters;
use crate::tensor::{Shape, Tensor};

/// A training step: a loss, what is read after a run, and each parameter with its new value.
pub(crate) struct Sample {
    pub graph: Graph,
    pub loss: u32,
    pub outputs: Vec<u32>,
    pub updates: Vec<(u32, u32)>,
    rows: usize,
}

/// The width of a sample's layers.
const WIDTH: usize = 12;

impl Sample {
    /// A step whose operations are drawn by `seed`, over a batch of `rows`.
    pub fn new(seed: u64, rows: usize) -> Self {
        let graph = Graph::new();
        let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        let mut draw = |below: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 33) as usize % below
        };
        let square = ["a", "b", "c"].map(|name| graph.parameter(name, [WIDTH, WIDTH]));
        let (row, scale) = (graph.parameter("row", [WIDTH]), graph.parameter("scale", []));
        let mut values = vec![graph.input("x", [rows, WIDTH])];
        for _ in 0..10 {
            let mut pick = |from: &[Var<'_>]| draw(from.len());
            let (x, y) = (values[pick(&values)], values[pick(&values)]);
            let w = square[pick(&square)];
            values.push(match draw(12) {
                0 | 1 => x.matmul(w) + row,
                2 => x.matmul(w.t()).relu(),
                3 => x.matmul(w) * y,
                4 => (x + y).tanh(),
                5 => x - x.mean(&[0]),
                6 => x.softmax(),
                7 => x * scale + row,
                8 => x.matmul(x.t().matmul(y)).tanh(),
                9 => x * x.sum(&[1]).reshape([rows, 1]).tanh(),
                10 => (x.t() * y.t().tanh()).t(),
                _ => (x.slice(0, 0, rows / 2)).concat(0, &[y.slice(0, rows / 2, rows)]),
            });
        }
        let last = values[values.len() - 1].tanh();
        let loss = (last.square().mean(&[]) + row.square().sum(&[]) * 0.1).sqrt();
        let parameters = [&square[..], &[row, scale]].concat();
        let gradients = graph.backward(loss, &parameters);
        let mut updates = Vec::new();
        for (&p, dp) in parameters.iter().zip(gradients) {
            let value = match draw(6) {
                0 => p - dp * 0.1 + p * 0.01,
                1 if p.shape().rank() == 2 => p - dp.t() * 0.1,
                2 if p.shape().rank() == 2 => p - dp.matmul(p) * 0.1,
                3 if p.shape().rank() == 2 => dp - p.t() * 0.1,
                4 => dp.tanh() * p.square() * 0.5,
                _ => p - dp * 0.1,
            };
            updates.push((p, value));
        }
        let kept = [values[draw(values.len())], square[0], updates[1].1.exp(), square[2] * 2.0];
        Self {
            loss: loss.id(),
            outputs: kept[..draw(5)].iter().map(Var::id).chain([loss.id()]).collect(),
            updates: updates.iter().map(|(p, v)| (p.id(), v.id())).collect(),
            rows,
            graph,
        }
    }

    /// The values to read.
    pub fn outputs(&self) -> Vec<Var<'_>> {
        self.outputs.iter().map(|&id| self.graph.var(id)).collect()
    }

    /// Parameters and their new values.
    pub fn updates(&self) -> Vec<(Var<'_>, Var<'_>)> {
        self.updates.iter().map(|&(p, v)| (self.graph.var(p), self.graph.var(v))).collect()
    }

    /// What to feed to the input `x`.
    pub fn input(&self) -> Tensor<f64> {
        numbers(Shape::from([self.rows, WIDTH]), 0.3)
    }

    /// The parameters' values before the step.
    pub fn parameters(&self) -> Parameters<f64> {
        let mut parameters = Parameters::new();
        for (at, (p, _)) in self.updates().into_iter().enumerate() {
            let name = self.graph.node(p.id(), |node| match &node.source {
                Source::Parameter(name) => name.clone(),
                source => unreachable!("{source:?} is updated"),
            });
            parameters.insert(&*name, numbers(p.shape(), 0.7 + at as f64));
        }
        parameters
    }

    /// The outputs and the new values, node by node.
    pub fn expected(&self) -> (Vec<Tensor<f64>>, Vec<Tensor<f64>>) {
        let values: Vec<Var<'_>> = self.updates().into_iter().map(|(_, value)| value).collect();
        let all = [self.outputs(), values].concat();
        let inputs = [("x", self.input())];
        let mut found = self.graph.interpret(&all, &inputs, &[], &self.parameters()).unwrap();
        let new = found.split_off(self.outputs.len());
        (found, new)
    }
}

/// Numbers between −1 and 1.
fn numbers(shape: Shape, start: f64) -> Tensor<f64> {
    let values = (0..shape.len()).map(|i| (start + i as f64 * 1.7).sin()).collect();
    Tensor::new(shape, values).unwrap()
}
