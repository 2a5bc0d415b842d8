//! Graphs whose every number is a node: a network as micrograd builds it, 3-16-16-1, each neuron
//! tanh(b + Σ w·x); and a graph of any size, from nothing to its gradients.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;
use chainrule::{Graph, Parameters, Pool, Tensor, Var};

use super::{SAMPLES, Times, measure};

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

/// The inputs of a graph of any size.
const INPUTS: usize = 100;

/// Times everything that a new graph of so many nodes costs: recording it, differentiating it with
/// respect to its inputs, compiling and one run.
pub fn time_whole(pool: &Arc<Pool>, nodes: usize) -> Result<Times> {
    let mut samples = Vec::with_capacity(SAMPLES);
    // The first run warms up.
    for sample in 0..=SAMPLES {
        let start = Instant::now();
        whole(pool, nodes)?;
        if sample > 0 {
            samples.push(start.elapsed().as_secs_f64());
        }
    }
    samples.sort_unstable_by(f64::total_cmp);
    Ok(Times { median: samples[SAMPLES / 2], min: samples[0] })
}

/// v ← v·a + b over and over, a and b in turn among the inputs.
fn whole(pool: &Arc<Pool>, nodes: usize) -> Result<()> {
    let g = Graph::new();
    let inputs: Vec<Var<'_>> = (0..INPUTS).map(|i| g.input(&format!("x{i}"), [])).collect();
    let (mut v, mut step) = (inputs[0], 0);
    while g.len() < nodes {
        v = v * inputs[step % INPUTS] + inputs[(7 * step + 1) % INPUTS];
        step += 1;
    }
    let gradients = g.backward(v, &inputs);
    let mut plan = g.compile::<f64>(&[&[v], &gradients[..]].concat())?.with_pool(pool);
    for i in 0..INPUTS {
        plan.feed(&format!("x{i}"), &[i as f64 / INPUTS as f64 - 0.5])?;
    }
    plan.run()?;
    black_box(plan.value(v)?);
    Ok(())
}
