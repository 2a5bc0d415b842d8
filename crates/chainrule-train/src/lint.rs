//! What commonly goes wrong with a training, found with numbers before it wastes an afternoon.

use serde::Serialize;

use crate::data::{Examples, Target, class_counts};
use crate::layers::LayerStatistics;
use crate::objective::Objective;
use crate::{Config, feed, loss_graph};
use chainrule::Parameters;
use chainrule::error::Result;
use chainrule::graph::{Graph, Var};
use chainrule::ops::{Notation, Softmax, SoftmaxWithLoss};
use chainrule::plan::Plan;
use chainrule::tensor::Tensor;
use chainrule_explain::{Language, Words, width, wrapped};

/// Features beyond this are better scaled.
const LARGE: f64 = 10.0;

/// The largest class so many times the smallest is imbalanced.
const IMBALANCE: f64 = 10.0;

/// A column that explains this share of the classes' variance gives the target away.
const LEAK: f64 = 0.99;

/// Units that are idle for this share of the examples.
const IDLE: f64 = 0.8;

/// Examples whose activations are looked at, and of the batch whose curvature is measured.
const EXAMPLES: usize = 64;
const BATCH: usize = 200;

/// Steps of the power iteration; the largest eigenvalue is known to a per cent long before.
const ITERATIONS: usize = 30;

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// What was looked at: `inputs`, `classes`, `leak`, `softmax`, `learning-rate` or `idle-units`.
    pub check: &'static str,
    /// Whether something should be done.
    pub warning: bool,
    /// What was found, with its numbers.
    pub message: String,
}

/// Looks at a configuration's data and its model at the given parameters, in words of a language.
///
/// ```
/// use chainrule_train::data::Dataset;
/// use chainrule_explain::Language;
/// use chainrule_train::lint::lint;
/// use chainrule_train::Config;
/// let data = Dataset::new(1, vec![0.0, 300.0, 0.5, 250.0], vec![0, 1, 0, 1], 2)?;
/// let config = Config { hidden: vec![3], ..Config::default() };
/// let parameters = config.model(1, 2)?.initial::<f64>(0)?;
/// let findings = lint(&config, &data, &parameters, Language::English)?;
/// assert!(findings.iter().any(|f| f.check == "inputs" && f.warning));
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// # Errors
/// Data or parameters that do not fit the model.
pub fn lint(
    config: &Config,
    data: &dyn Examples,
    parameters: &Parameters<f64>,
    language: Language,
) -> Result<Vec<Finding>> {
    let (rows, words) = (features(data)?, Words::new(language));
    let mut findings = vec![inputs(&words, &rows)];
    if let Target::Class { classes } = data.target() {
        let mut labels = vec![0; data.len()];
        data.labels(&(0..data.len() as u32).collect::<Vec<_>>(), &mut labels)?;
        findings.push(imbalance(&words, &class_counts(&labels, classes)?));
        labels.truncate(rows.len() / data.width().max(1));
        let counts = class_counts(&labels, classes)?;
        findings.push(leak(&words, &labels, &counts, &rows));
    }
    let g = Graph::new();
    let model = config.model_for(data.width(), data.target())?;
    findings.extend(lint_graph(loss_graph(&g, &model, config, data, 1)?, language));
    findings.push(learning_rate(&words, config, data, parameters)?);
    findings.extend(idle_units(&words, config, data, parameters)?);
    Ok(findings)
}

/// Looks at a recorded loss: whether a softmax stands before softmax-with-loss, which has one of its
/// own. Probabilities as logits differ by at most 1, so that the loss stays far above 0.
///
/// ```
/// use chainrule::Graph;
/// use chainrule_explain::Language;
/// use chainrule_train::lint::lint_graph;
/// let g = Graph::new();
/// let logits = g.input("x", [5, 10]);
/// let loss = logits.softmax().softmax_with_loss(g.labels("t", [5], 10));
/// let findings = lint_graph(loss, Language::English);
/// assert!(findings[0].warning && findings[0].message.contains("1.46"));
/// ```
#[must_use]
pub fn lint_graph(loss: Var<'_>, language: Language) -> Vec<Finding> {
    let (g, words) = (loss.graph(), Words::new(language));
    let ids = 0..g.len().min(loss.id() as usize + 1) as u32;
    let logits = ids.filter_map(|id| {
        g.node(id, |node| match *node.operands {
            [logits, _] if node.source.is::<SoftmaxWithLoss>() => Some(logits),
            _ => None,
        })
    });
    logits.map(|logits| softmax(g, logits, &words)).collect()
}

/// A softmax whose output, reshaped or not, is taken for logits.
fn softmax(g: &Graph, logits: u32, words: &Words) -> Finding {
    let mut id = logits;
    let silent = |id: u32| {
        g.node(id, |node| {
            let silent = node.op().is_some_and(|op| op.notation() == Notation::Silent);
            node.operands.first().copied().filter(|_| silent)
        })
    };
    while let Some(below) = silent(id) {
        id = below;
    }
    if !g.node(id, |node| node.source.is::<Softmax>()) {
        return finding("softmax", false, words.get("lint-softmax-once"));
    }
    let scope = g.scope_name(g.node(id, |node| node.scope));
    let layer = if scope.is_empty() { "softmax".into() } else { scope };
    let classes = g.node(id, |node| node.ty.shape.dims().last().copied().unwrap_or(1));
    // The right class at 1 and the others at 0: −ln(e / (e + n − 1)).
    let least = (1.0 + (classes as f64 - 1.0) / std::f64::consts::E).ln();
    let (least, classes) = (format!("{least:.3}"), classes.to_string());
    let values = [("layer", &*layer), ("least", &least), ("classes", &classes)];
    finding("softmax", true, words.say("lint-softmax-twice", &values))
}

/// Findings as text for a terminal of 80 columns.
///
/// ```
/// use chainrule_explain::Language;
/// use chainrule_train::lint::{Finding, to_text};
/// let found = Finding { check: "inputs", warning: true, message: "they reach 300".into() };
/// assert_eq!(to_text(&[found], Language::English), "warning  inputs\n         they reach 300\n");
/// ```
#[must_use]
pub fn to_text(findings: &[Finding], language: Language) -> String {
    let words = Words::new(language);
    let (mut out, [warning, fine]) = (String::new(), ["lint-warning", "lint-fine"]);
    for finding in findings {
        let mark = words.get(if finding.warning { warning } else { fine });
        // Some scripts take two columns a letter.
        let space = " ".repeat(9usize.saturating_sub(width(&mark)));
        out += &format!("{mark}{space}{}\n", finding.check);
        wrapped(&mut out, 9, &finding.message);
    }
    out
}

fn finding(check: &'static str, warning: bool, message: String) -> Finding {
    Finding { check, warning, message }
}

/// What was found, and advice where it is a warning.
fn advised(words: &Words, check: &'static str, warning: bool, values: &[(&str, &str)]) -> Finding {
    let id = format!("lint-{check}");
    let found = words.say(&id, values);
    let message = match warning {
        true => format!("{found} {}", words.get(&format!("{id}-advice"))),
        false => found,
    };
    finding(check, warning, message)
}

/// The features of up to ten thousand examples, row by row.
fn features(data: &dyn Examples) -> Result<Vec<f64>> {
    let examples: Vec<u32> = (0..data.len().min(10_000) as u32).collect();
    let mut rows = vec![0.0; examples.len() * data.width()];
    data.features(&examples, &mut rows)?;
    Ok(rows.into_iter().map(f64::from).collect())
}

fn inputs(words: &Words, rows: &[f64]) -> Finding {
    let low = rows.iter().copied().fold(f64::INFINITY, f64::min);
    let high = rows.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let large = low.abs().max(high.abs()) > LARGE;
    let (low, high) = (format!("{low:.3}"), format!("{high:.3}"));
    advised(words, "inputs", large, &[("low", &low), ("high", &high)])
}

fn imbalance(words: &Words, counts: &[u64]) -> Finding {
    let most = counts.iter().copied().max().unwrap_or(0);
    let least = counts.iter().copied().min().unwrap_or(0);
    let imbalanced = most as f64 > IMBALANCE * least.max(1) as f64 || (least == 0 && most > 0);
    let (least, most) = (least.to_string(), most.to_string());
    advised(words, "classes", imbalanced, &[("least", &least), ("most", &most)])
}

/// The share of each column's variance that lies between the classes (Fisher's η²); a label a row.
fn leak(words: &Words, labels: &[u32], counts: &[u64], rows: &[f64]) -> Finding {
    let width = rows.len() / labels.len().max(1);
    let counts: Vec<f64> = counts.iter().map(|&count| count as f64).collect();
    let mut sums = vec![(0.0, 0.0); width];
    let mut by_class = vec![0.0; width * counts.len()];
    for (row, &label) in rows.chunks(width.max(1)).zip(labels) {
        for (column, &x) in row.iter().enumerate() {
            sums[column].0 += x;
            sums[column].1 += x * x;
            by_class[label as usize * width + column] += x;
        }
    }
    let count: f64 = counts.iter().sum();
    let between = |column: usize| {
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
    let best = (0..width).map(|column| (column, between(column)));
    let (column, share) = best.max_by(|(_, a), (_, b)| a.total_cmp(b)).unwrap_or((0, 0.0));
    let gives_away = share > LEAK;
    let (share, column) = (format!("{:.1}", share * 100.0), column.to_string());
    advised(words, "leak", gives_away, &[("share", &share), ("column", &column)])
}

/// The learning rate beside 2/λmax, beyond which gradient descent on a quadratic diverges.
fn learning_rate(
    words: &Words,
    config: &Config,
    data: &dyn Examples,
    parameters: &Parameters<f64>,
) -> Result<Finding> {
    let batch = data.len().clamp(1, BATCH);
    let model = config.model_for(data.width(), data.target())?;
    let g = Graph::new();
    let loss = loss_graph(&g, &model, config, data, batch)?;
    let variables: Vec<Var<'_>> = model.trained().map(|p| g.parameter(&p.name, p.shape)).collect();
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
    let id = match (largest > 0.0, beyond) {
        (false, _) => "lint-lr-flat",
        (true, false) => "lint-lr-below",
        (true, true) => "lint-lr-beyond",
    };
    let (lr, limit) = (lr.to_string(), format!("{limit:.3}"));
    let message = words.say(id, &[("lr", &lr), ("limit", &limit)]);
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

/// Layers most of whose units are idle, averaged over some examples.
fn idle_units(
    words: &Words,
    config: &Config,
    data: &dyn Examples,
    parameters: &Parameters<f64>,
) -> Result<Vec<Finding>> {
    let examples: Vec<u32> = (0..data.len().min(EXAMPLES) as u32).collect();
    if examples.is_empty() {
        return Ok(Vec::new());
    }
    let model = config.model_for(data.width(), data.target())?;
    let objective = Objective::of_settings(config, data, &model)?;
    let mut layers = LayerStatistics::new(&model, &objective, &[], data, &examples)?;
    layers.run(parameters)?;
    let mut findings = Vec::new();
    for layer in layers.layers() {
        let layer = layer?;
        let Some(count) = layer.off.or(layer.saturated) else { continue };
        let idle = count as f64 / layer.output.len().max(1) as f64;
        let per_cent = format!("{:.0}", idle * 100.0);
        let values = [("share", per_cent.as_str()), ("layer", layer.name)];
        findings.push(advised(words, "idle-units", idle > IDLE, &values));
    }
    Ok(findings)
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
        let findings = lint(config, data, &parameters, Language::English).unwrap();
        findings.iter().filter(|f| f.warning).map(|f| f.check).collect()
    }

    #[test]
    fn a_column_that_is_the_label_and_a_wild_learning_rate_are_found() {
        let calm =
            Config { hidden: vec![4], init: chainrule::nn::Init::He, lr: 0.1, ..Config::default() };
        assert_eq!(warnings(&calm, &data(1.0)), ["leak"]);
        let wild = Config { lr: 1000.0, ..calm.clone() };
        assert_eq!(warnings(&wild, &data(1.0)), ["leak", "learning-rate"]);
        assert!(warnings(&calm, &data(300.0)).contains(&"inputs"));
    }

    #[test]
    fn units_that_are_off_are_counted_over_the_examples() {
        let config = Config { hidden: vec![4], ..Config::default() };
        let mut parameters: Parameters<f64> = config.model(2, 2).unwrap().initial(0).unwrap();
        // The second feature is the label: the first unit is off where that is 0.
        let weights = vec![0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0];
        parameters.insert("affine1.weight", Tensor::new([2, 4], weights).unwrap());
        parameters.insert("affine1.bias", Tensor::new([4], vec![0.0, -1.0, -1.0, 1.0]).unwrap());
        let findings = lint(&config, &data(1.0), &parameters, Language::English).unwrap();
        let idle: Vec<&Finding> = findings.iter().filter(|f| f.check == "idle-units").collect();
        // (½ + 1 + 1 + 0) / 4, rounded to the even one of 62 and 63.
        assert_eq!(idle.len(), 1);
        assert!(!idle[0].warning && idle[0].message.starts_with("62 % of relu1's"), "{idle:?}");
    }

    /// Examples of a user's own, one of whose labels is no class.
    struct Wrong;

    impl Examples for Wrong {
        fn len(&self) -> usize {
            4
        }

        fn width(&self) -> usize {
            2
        }

        fn target(&self) -> Target {
            Target::Class { classes: 2 }
        }

        fn features(&self, _: &[u32], rows: &mut [f32]) -> Result<()> {
            rows.fill(1.0);
            Ok(())
        }

        fn labels(&self, examples: &[u32], labels: &mut [u32]) -> Result<()> {
            labels.iter_mut().zip(examples).for_each(|(label, &at)| *label = at);
            Ok(())
        }
    }

    #[test]
    fn a_label_that_is_no_class_is_an_error() {
        let config = Config::default();
        let parameters = config.model(2, 2).unwrap().initial(0).unwrap();
        let error = lint(&config, &Wrong, &parameters, Language::English).unwrap_err();
        assert!(error.to_string().contains('2'), "{error}");
    }

    #[test]
    fn a_softmax_before_the_loss_is_found_in_any_graph() {
        let g = Graph::new();
        let t = g.labels("t", [4], 3);
        let warned = |logits: Var<'_>| {
            let findings = lint_graph(logits.softmax_with_loss(t), Language::English);
            findings.last().is_some_and(|finding| finding.warning)
        };
        let x = g.input("x", [4, 3]);
        assert!(!warned(x) && !warned(x.softmax() * 2.0) && !warned(x.log_softmax()));
        assert!(warned(x.softmax()));
        assert!(warned(g.input("y", [12]).reshape([2, 6]).softmax().reshape([4, 3])));
        let scoped = g.scope("softmax1", || (x * 2.0).softmax()).softmax_with_loss(t);
        let korean = lint_graph(scoped, Language::Korean);
        assert!(korean.last().unwrap().message.contains("softmax1"));
    }

    #[test]
    fn texts_fit_80_columns_in_every_language() {
        for language in [Language::English, Language::Korean] {
            let config = Config { hidden: vec![4], lr: 1000.0, ..Config::default() };
            let parameters = config.model(2, 2).unwrap().initial(0).unwrap();
            let text =
                to_text(&lint(&config, &data(300.0), &parameters, language).unwrap(), language);
            assert!(text.lines().all(|line| width(line) <= 80), "{text}");
        }
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
