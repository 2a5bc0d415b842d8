//! A network whose every number is a node, as micrograd builds it: 3-16-16-1, each neuron
//! tanh(b + Σ w·x).

use std::hint::black_box;
use std::sync::Arc;

use anyhow::Result;
use chainrule::{Graph, Parameters, Pool, Tensor, Var};

use super::{Times, measure};

const SIZES: [usize; 4] = [3, 16, 16, 1];

/// Times a forward and backward pass, and counts the nodes of the forward graph.
///
/// In double precision, as micrograd computes. Weights are fed like any parameter; gradients are
/// those of every weight, bias and input, all of them kept to be read.
pub fn time(pool: &Arc<Pool>) -> Result<(Times, usize)> {
    let g = Graph::new();
    let mut parameters = Parameters::<f64>::new();
    let inputs: Vec<Var<'_>> = (0..SIZES[0]).map(|i| g.input(&format!("x{i}"), [])).collect();
    let mut leaves = inputs.clone();
    let mut parameter = |name: String, value: f64| {
        let v = g.parameter(&name, []);
        parameters.insert(name, Tensor::scalar(value));
        leaves.push(v);
        v
    };
    let mut values = inputs;
    for (layer, &size) in SIZES.iter().enumerate().skip(1) {
        values = (0..size)
            .map(|neuron| {
                let bias = parameter(format!("b{layer}.{neuron}"), 0.0);
                let sum = values.iter().enumerate().fold(bias, |sum, (i, &x)| {
                    // Any weights of both signs do: they spread over (-0.5, 0.5).
                    let value = ((7 * i + 3 * neuron + layer) % 16) as f64 / 16.0 - 0.46875;
                    sum + parameter(format!("w{layer}.{neuron}.{i}"), value) * x
                });
                sum.tanh()
            })
            .collect();
    }
    let nodes = g.len();
    let output = values[0];
    let gradients = g.backward(output, &leaves);
    let mut plan = g.compile::<f64>(&[&[output], &gradients[..]].concat())?.with_pool(pool);
    for (i, value) in [2.0, 3.0, -1.0].into_iter().enumerate() {
        plan.feed(&format!("x{i}"), &[value])?;
    }
    let times = measure(nodes as f64, || {
        plan.run_with(&parameters)?;
        black_box(plan.value(output)?);
        Ok(())
    })?;
    Ok((times, nodes))
}
