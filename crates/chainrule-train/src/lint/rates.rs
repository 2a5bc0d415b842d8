//! Learning rates beside the curvature of the loss.

use super::{Finding, finding, recorded};
use crate::Learner;
use crate::objective::{Objective, feed_fields};
use chainrule::Parameters;
use chainrule::error::Result;
use chainrule::graph::{Graph, Var};
use chainrule::plan::Plan;
use chainrule::tensor::{Real, Shape, Tensor};
use chainrule_explain::{Words, digits, number};

/// Examples of the batch whose curvature is measured.
const BATCH: usize = 200;

/// Steps of the power iteration; the largest eigenvalue is known to a per cent long before.
const ITERATIONS: usize = 30;

/// The learning rates of an objective beside 2/λmax, beyond which gradient descent on a quadratic diverges.
pub(super) fn learning_rates<T: Real>(
    learner: &Learner<T>,
    at: usize,
    parameters: &Parameters<f64>,
    words: &Words,
) -> Result<Vec<Finding>> {
    let objective = &learner.objectives[at];
    let groups: Vec<Option<usize>> = match objective.groups().len() {
        0 => vec![None],
        count => (0..count).map(Some).collect(),
    };
    let mut findings = Vec::new();
    for group in groups {
        let own = group.map(|group| &objective.groups()[group]);
        let mut of = learner.trained_by(at)?;
        of.retain(|(name, _)| objective.group_of(name) == Ok(group));
        if of.is_empty() || own.is_some_and(|own| own.rule.name() != "sgd") {
            continue;
        }
        let lr = own.map_or(learner.config.lr, |own| own.rate);
        let largest = curvature(learner, objective, &of, parameters)?;
        let limit = 2.0 / largest;
        let beyond = largest > 0.0 && lr > limit;
        let id = match (largest > 0.0, beyond) {
            (false, _) => "lint-lr-flat",
            (true, false) => "lint-lr-below",
            (true, true) => "lint-lr-beyond",
        };
        let (lr, limit) = (number(lr), digits(limit, 4));
        let mut message = words.say(id, &[("lr", &lr), ("limit", &limit)]);
        if let Some(own) = own {
            message = format!("{}, `{}`: {message}", objective.name(), own.pattern);
        }
        findings.push(finding("learning-rate", beyond, message));
    }
    Ok(findings)
}

/// The largest eigenvalue of the Hessian of an objective's loss with respect to some parameters.
fn curvature<T: Real>(
    learner: &Learner<T>,
    objective: &Objective,
    of: &[(String, Shape)],
    parameters: &Parameters<f64>,
) -> Result<f64> {
    let data = &*learner.data.train;
    let batch = data.len().clamp(1, BATCH);
    let g = Graph::new();
    let loss = recorded(learner, objective, &g, batch);
    let variables: Vec<Var<'_>> =
        of.iter().map(|(name, shape)| g.parameter(name, *shape)).collect();
    let gradients = g.backward(loss, &variables);
    // H·v is the gradient of ∇L·v (Pearlmutter, 1994).
    let directions: Vec<Var<'_>> =
        variables.iter().enumerate().map(|(i, v)| g.input(&format!("v{i}"), v.shape())).collect();
    let pairs = gradients.iter().zip(&directions).map(|(&a, &b)| (a * b).sum(&[]));
    let along = pairs.reduce(|a, b| a + b).unwrap_or(loss);
    let products = g.backward(along, &variables);
    let mut plan = g.compile::<f64>(&products)?;
    let order = learner.order(0)?;
    feed_fields(&mut plan, data, order.get(..batch).unwrap_or(&order))?;
    let largest = power_iteration(&mut plan, parameters, &products, 0.0)?;
    match largest < 0.0 {
        // The strongest curvature is downward; shifted by it, the strongest upward one is found.
        true => power_iteration(&mut plan, parameters, &products, -largest),
        false => Ok(largest),
    }
}

/// The eigenvalue λ of the Hessian with the largest |λ + shift|.
fn power_iteration(
    plan: &mut Plan<f64>,
    parameters: &Parameters<f64>,
    products: &[Var<'_>],
    shift: f64,
) -> Result<f64> {
    // A fixed irregular start, so that the same question has the same answer.
    let start = |i: usize| ((i as f64 + 1.0) * 0.7).sin();
    let mut v: Vec<Tensor<f64>> = Vec::new();
    for product in products {
        let values = (0..product.shape().len()).map(start).collect();
        v.push(Tensor::new(product.shape(), values)?);
    }
    let mut largest = 0.0;
    for _ in 0..ITERATIONS {
        let norm = v.iter().flat_map(Tensor::values).map(|x| x * x).sum::<f64>().sqrt();
        if norm == 0.0 || !norm.is_finite() {
            break;
        }
        for (i, tensor) in v.iter_mut().enumerate() {
            tensor.values_mut().iter_mut().for_each(|x| *x /= norm);
            // A direction that no product depends on is not an input of the plan.
            let name = format!("v{i}");
            if plan.has_input(&name) {
                plan.feed(&name, tensor.values())?;
            }
        }
        plan.run_with(parameters)?;
        let mut quotient = 0.0;
        for (tensor, product) in v.iter_mut().zip(products) {
            let values = plan.value(*product)?;
            quotient += tensor.values().iter().zip(values).map(|(a, b)| a * b).sum::<f64>();
            let next = tensor.values_mut().iter_mut().zip(values);
            next.for_each(|(v, product)| *v = product + shift * *v);
        }
        largest = quotient;
    }
    Ok(largest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_eigenvalue_of_a_known_quadratic() {
        // L = x² + 5·y²: the Hessian is diag(2, 10).
        let g = Graph::new();
        let (x, y) = (g.parameter("x", []), g.parameter("y", []));
        let loss = x.square() + y.square() * 5.0;
        let gradients = g.backward(loss, &[x, y]);
        let along = gradients[0] * g.input("v0", []) + gradients[1] * g.input("v1", []);
        let products = g.backward(along, &[x, y]);
        let mut plan = g.compile::<f64>(&products).unwrap();
        let mut parameters = Parameters::new();
        parameters.insert("x", Tensor::scalar(1.0));
        parameters.insert("y", Tensor::scalar(1.0));
        for shift in [0.0, 3.0] {
            let found = power_iteration(&mut plan, &parameters, &products, shift).unwrap();
            assert!((found - 10.0).abs() < 1e-6, "{found}");
        }
    }
}
