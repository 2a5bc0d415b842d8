//! What commonly goes wrong with a training, found with numbers before it wastes an afternoon.

use serde::Serialize;

use crate::data::{Examples, Target};
use crate::error::Result;
use crate::explain::{Language, network};
use crate::graph::{Graph, Var};
use crate::parameters::Parameters;
use crate::plan::Plan;
use crate::tensor::Tensor;
use crate::train::{Config, feed, loss_graph};

/// Features beyond this are better scaled.
const LARGE: f64 = 10.0;

/// The largest class so many times the smallest is imbalanced.
const IMBALANCE: f64 = 10.0;

/// A column that explains this share of the classes' variance gives the target away.
const LEAK: f64 = 0.99;

/// Units that are idle for this share of the examples.
const IDLE: f64 = 0.5;

/// Examples whose activations are looked at, and of the batch whose curvature is measured.
const EXAMPLES: usize = 64;
const BATCH: usize = 200;

/// Steps of the power iteration; the largest eigenvalue is known to a per cent long before.
const ITERATIONS: usize = 30;

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// What was looked at: `inputs`, `classes`, `leak`, `learning-rate` or `idle-units`.
    pub check: &'static str,
    /// Whether something should be done.
    pub warning: bool,
    /// What was found, with its numbers.
    pub message: String,
}

/// Looks at a configuration's data and its model at the given parameters.
///
/// ```
/// use chainrule::data::Dataset;
/// use chainrule::lint::lint;
/// use chainrule::train::Config;
/// let data = Dataset::new(1, vec![0.0, 300.0, 0.5, 250.0], vec![0, 1, 0, 1], 2)?;
/// let config = Config { hidden: vec![3], ..Config::default() };
/// let parameters = config.model(1, 2)?.initial::<f64>(0)?;
/// let findings = lint(&config, &data, &parameters)?;
/// assert!(findings.iter().any(|f| f.check == "inputs" && f.warning));
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// # Errors
/// Data or parameters that do not fit the model.
pub fn lint(config: &Config, data: &dyn Examples, parameters: &Parameters<f64>) -> Result<Vec<Finding>> {
    let rows = features(data)?;
    let mut findings = vec![inputs(&rows)];
    if let Target::Class { classes } = data.target() {
        let mut labels = vec![0; data.len()];
        data.labels(&(0..data.len() as u32).collect::<Vec<_>>(), &mut labels)?;
        findings.extend([imbalance(&labels, classes), leak(&labels, classes, data.width(), &rows)]);
    }
    findings.push(learning_rate(config, data, parameters)?);
    if let Target::Class { .. } = data.target() {
        findings.extend(idle_units(config, data, parameters)?);
    }
    Ok(findings)
}

fn finding(check: &'static str, warning: bool, message: String) -> Finding {
    Finding { check, warning, message }
}

/// The features of up to ten thousand examples, row by row.
fn features(data: &dyn Examples) -> Result<Vec<f64>> {
    let examples: Vec<u32> = (0..data.len().min(10_000) as u32).collect();
    let mut rows = vec![0.0; examples.len() * data.width()];
    data.features(&examples, &mut rows)?;
    Ok(rows.into_iter().map(f64::from).collect())
}

fn inputs(rows: &[f64]) -> Finding {
    let low = rows.iter().copied().fold(f64::INFINITY, f64::min);
    let high = rows.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let large = low.abs().max(high.abs()) > LARGE;
    let advice =
        if large { "; scale them to about 1, or gradients of the first layer explode" } else { "" };
    finding("inputs", large, format!("the inputs go from {low:.3} to {high:.3}{advice}"))
}

fn imbalance(labels: &[u32], classes: usize) -> Finding {
    let mut counts = vec![0u64; classes];
    for &label in labels {
        counts[label as usize] += 1;
    }
    let most = counts.iter().copied().max().unwrap_or(0);
    let least = counts.iter().copied().min().unwrap_or(0);
    let imbalanced = most as f64 > IMBALANCE * least.max(1) as f64 || (least == 0 && most > 0);
    let advice =
        if imbalanced { "; accuracy hides the rare ones, look at the confusion" } else { "" };
    let message = format!("the classes have {least} to {most} examples{advice}");
    finding("classes", imbalanced, message)
}

/// The share of each column's variance that lies between the classes (Fisher's η²).
fn leak(labels: &[u32], classes: usize, width: usize, rows: &[f64]) -> Finding {
    let mut sums = vec![(0.0, 0.0); width];
    let mut by_class = vec![0.0; width * classes];
    let mut counts = vec![0.0; classes];
    for (row, &label) in rows.chunks(width.max(1)).zip(labels) {
        counts[label as usize] += 1.0;
        for (column, &x) in row.iter().enumerate() {
            sums[column].0 += x;
            sums[column].1 += x * x;
            by_class[label as usize * width + column] += x;
        }
    }
    let count: f64 = counts.iter().sum();
    let share = |column: usize| {
        let (sum, squares) = sums[column];
        let total = squares - sum * sum / count;
        let within = counts.iter().enumerate().filter(|(_, n)| **n > 0.0);
        let means: f64 = within.map(|(c, n)| by_class[c * width + column].powi(2) / n).sum();
        if total > 1e-9 * squares.max(f64::MIN_POSITIVE) {
            (means - sum * sum / count) / total
        } else {
            0.0
        }
    };
    let best = (0..width).map(|column| (column, share(column)));
    let (column, share) = best.max_by(|(_, a), (_, b)| a.total_cmp(b)).unwrap_or((0, 0.0));
    let gives_away = share > LEAK;
    let advice =
        if gives_away { "; it gives the target away: would it be known in use?" } else { "" };
    let message = format!(
        "{:.1} % of the variance of column {column} lies between the classes{advice}",
        share * 100.0
    );
    finding("leak", gives_away, message)
}

/// The learning rate beside 2/λmax, beyond which gradient descent on a quadratic diverges.
fn learning_rate(config: &Config, data: &dyn Examples, parameters: &Parameters<f64>) -> Result<Finding> {
    let batch = data.len().clamp(1, BATCH);
    let model = config.model(data.width(), config.outputs(data.target())?)?;
    let g = Graph::new();
    let loss = loss_graph(&g, &model, config, data, batch)?;
    let variables = model.variables(loss);
    let gradients = g.backward(loss, &variables);
    // H·v is the gradient of ∇L·v (Pearlmutter, 1994).
    let directions: Vec<Var<'_>> =
        variables.iter().enumerate().map(|(i, v)| g.input(&format!("v{i}"), v.shape())).collect();
    let pairs = gradients.iter().zip(&directions).map(|(&a, &b)| (a * b).sum(&[]));
    let along = pairs.reduce(|a, b| a + b).unwrap_or(loss);
    let products = g.backward(along, &variables);
    let mut plan = g.compile::<f64>(&products)?;
    let order = data.order(config.seed, 0);
    feed(&mut plan, data, order.get(..batch).unwrap_or(&order))?;
    let mut largest = power_iteration(&mut plan, parameters, &products, 0.0)?;
    if largest < 0.0 {
        // The strongest curvature is downward; shifted by it, the strongest upward one is found.
        largest = power_iteration(&mut plan, parameters, &products, -largest)?;
    }
    let (lr, limit) = (config.lr, 2.0 / largest);
    let beyond = largest > 0.0 && lr > limit;
    let message = match (largest > 0.0, beyond) {
        (false, _) => format!("the learning rate is {lr}; the loss has no upward curvature here"),
        (true, false) => format!("the learning rate {lr} is below 2/λmax = {limit:.3}"),
        (true, true) => format!(
            "the learning rate {lr} is beyond 2/λmax = {limit:.3}: steps along the steepest valley climb its other side"
        ),
    };
    Ok(finding("learning-rate", beyond, message))
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
            match plan.feed(&format!("v{i}"), tensor.values()) {
                // A direction that no product depends on is not an input of the plan.
                Ok(()) | Err(crate::Error::Unknown { .. }) => {}
                Err(error) => return Err(error),
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

/// Layers most of whose units are idle, averaged over some examples.
fn idle_units(
    config: &Config,
    data: &dyn Examples,
    parameters: &Parameters<f64>,
) -> Result<Vec<Finding>> {
    let model = config.model(data.width(), config.outputs(data.target())?)?;
    let examples = data.len().min(EXAMPLES);
    let mut idle: Vec<(String, f64)> = Vec::new();
    let (mut row, mut label) = (vec![0.0; data.width()], [0]);
    for example in 0..examples {
        data.features(&[example as u32], &mut row)?;
        data.labels(&[example as u32], &mut label)?;
        let features: Vec<f64> = row.iter().copied().map(f64::from).collect();
        let explained = network(&model, parameters, &features, label[0], Language::default())?;
        let activations = explained.layers.into_iter().filter_map(|layer| {
            let count = layer.off.or(layer.saturated)?;
            Some((layer.name, count as f64 / layer.shape.iter().product::<usize>().max(1) as f64))
        });
        for (at, (name, share)) in activations.enumerate() {
            match idle.get_mut(at) {
                Some((_, sum)) => *sum += share,
                None => idle.push((name, share)),
            }
        }
    }
    let report = |(name, sum): (String, f64)| {
        let share = sum / examples.max(1) as f64;
        let many = share > IDLE;
        let advice = if many {
            "; try smaller weights, a smaller learning rate or another activation"
        } else {
            ""
        };
        let message = format!(
            "{:.0} % of {name}'s units pass no gradient, on average{advice}",
            share * 100.0
        );
        finding("idle-units", many, message)
    };
    Ok(idle.into_iter().map(report).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Dataset;

    /// Two columns: noise, and the label itself.
    fn data(scale: f32) -> Dataset {
        let rows = (0..40).flat_map(|i| [((i * 7 % 11) as f32 / 11.0) * scale, (i % 2) as f32]);
        Dataset::new(2, rows.collect(), (0..40).map(|i| i % 2).collect(), 2).unwrap()
    }

    fn warnings(config: &Config, data: &Dataset) -> Vec<&'static str> {
        let parameters = config.model(2, 2).unwrap().initial(0).unwrap();
        let findings = lint(config, data, &parameters).unwrap();
        findings.iter().filter(|f| f.warning).map(|f| f.check).collect()
    }

    #[test]
    fn a_column_that_is_the_label_and_a_wild_learning_rate_are_found() {
        let calm = Config { hidden: vec![4], init: "he".into(), lr: 0.1, ..Config::default() };
        assert_eq!(warnings(&calm, &data(1.0)), ["leak"]);
        let wild = Config { lr: 1000.0, ..calm.clone() };
        assert_eq!(warnings(&wild, &data(1.0)), ["leak", "learning-rate"]);
        assert!(warnings(&calm, &data(300.0)).contains(&"inputs"));
    }

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
