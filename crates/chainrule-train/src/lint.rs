//! What commonly goes wrong with a training, found with numbers before it wastes an afternoon.

use serde::Serialize;

use crate::data::class_counts;
use crate::flow::VANISHES;
use crate::layers::LayerStatistics;
use crate::objective::{Answered, Objective, feed_fields};
use crate::{Learner, Spread};
use chainrule::Parameters;
use chainrule::error::Result;
use chainrule::graph::{Graph, Var};
use chainrule::nn::{Cx, Field, FieldKind};
use chainrule::ops::{Notation, Softmax, SoftmaxWithLoss};
use chainrule::plan::Plan;
use chainrule::tensor::{Real, Shape, Tensor};
use chainrule_explain::{Language, Words, digits, width, wrapped};

/// Features beyond this are better scaled.
const LARGE: f64 = 10.0;

/// The largest class so many times the smallest is imbalanced.
const IMBALANCE: f64 = 10.0;

/// A column that explains this share of the classes' variance gives the target away.
const LEAK: f64 = 0.99;

/// Units that are idle for this share of the examples.
const IDLE: f64 = 0.8;

/// Examples whose inputs are looked at, and so many of them at a time.
const ROWS: usize = 10_000;
const AT_ONCE: usize = 200;

/// Examples whose activations and gradients are looked at, and of the batch whose curvature is measured.
const EXAMPLES: usize = 64;
const BATCH: usize = 200;

/// Steps of the power iteration; the largest eigenvalue is known to a per cent long before.
const ITERATIONS: usize = 30;

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// What was looked at: `inputs`, `classes`, `leak`, `softmax`, `learning-rate`, `idle-units`,
    /// `gradient-flow` or `no-gradient`.
    pub check: &'static str,
    /// Whether something should be done.
    pub warning: bool,
    /// What was found, with its numbers.
    pub message: String,
}

impl<T: Real> Learner<T> {
    /// Looks at a training's data, and at its model as it is, in words of a language: what commonly goes
    /// wrong. Learning rates are judged where the settings' optimizer has them, or plain gradient descent.
    ///
    /// ```
    /// use chainrule_explain::Language;
    /// use chainrule_train::data::{Dataset, Flat};
    /// use chainrule_train::{Config, DataParts, Trainer};
    /// let data = Dataset::new(1, vec![0.0, 300.0, 0.5, 250.0], vec![0, 1, 0, 1], 2)?;
    /// let config = Config { hidden: vec![3], ..Config::default() };
    /// let parts = DataParts::train(Flat::new(data));
    /// let trainer = Trainer::<f32>::new(&config.model(1, 2)?, &config, parts)?;
    /// let findings = trainer.lint(Language::English)?;
    /// assert!(findings.iter().any(|f| f.check == "inputs" && f.warning));
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// The training has no loss, or data cannot be read or does not fit the model.
    pub fn lint(&self, language: Language) -> Result<Vec<Finding>> {
        self.check_objectives()?;
        let words = Words::new(language);
        let mut findings = inputs_and_classes(self, &words)?;
        for objective in &self.objectives {
            let g = Graph::new();
            let loss = recorded(self, objective, &g, 1);
            g.ok()?;
            findings.extend(lint_graph(loss, language));
        }
        let parameters = self.parameters.cast::<f64>();
        for at in 0..self.objectives.len() {
            findings.extend(learning_rates(self, at, &parameters, &words)?);
        }
        findings.extend(layers(self, &parameters, &words)?);
        Ok(findings)
    }
}

/// The loss of an objective on so many examples, with the model as it predicts.
fn recorded<'g, T: Real>(
    learner: &Learner<T>,
    objective: &Objective,
    g: &'g Graph,
    examples: usize,
) -> Var<'g> {
    let (model, data) = (&learner.model, &*learner.data.train);
    objective.record(&Answered::record(&Cx::predict(g), model, data, examples)).total
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

/// The classes of examples, the real numbers that the model takes, and whether these tell the classes.
fn inputs_and_classes<T: Real>(learner: &Learner<T>, words: &Words) -> Result<Vec<Finding>> {
    let (model, data) = (&learner.model, &*learner.data.train);
    let is_input = |field: &Field| model.inputs().iter().any(|input| input.name() == field.name());
    let all: Vec<u32> = (0..data.len() as u32).collect();
    let (mut findings, mut classes) = (Vec::new(), Vec::new());
    for field in data.fields() {
        let FieldKind::Labels { bound } = field.kind() else { continue };
        if !is_input(&field) && field.shape().dims().is_empty() {
            let mut labels = vec![0; all.len()];
            data.labels(field.name(), &all, &mut labels)?;
            findings.push(imbalance(words, field.name(), &class_counts(&labels, bound)?));
            classes.push((labels, bound));
        }
    }
    let mut leaks: Vec<Option<Leak<'_>>> = classes.iter().map(|_| None).collect();
    for field in model.inputs().iter().filter(|field| field.kind() == FieldKind::Real) {
        let (name, width) = (field.name(), field.shape().len());
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        let of = |(_, bound): &(Vec<u32>, usize)| Columns::new(width, *bound);
        let mut columns: Vec<Columns> = classes.iter().map(of).collect();
        for (number, examples) in all[..all.len().min(ROWS)].chunks(AT_ONCE).enumerate() {
            let mut rows = vec![0.0; examples.len() * width];
            data.reals(name, examples, &mut rows)?;
            for &x in &rows {
                (low, high) = (low.min(f64::from(x)), high.max(f64::from(x)));
            }
            for (columns, (labels, _)) in columns.iter_mut().zip(&classes) {
                columns.add(&rows, &labels[number * AT_ONCE..]);
            }
        }
        let large = low.abs().max(high.abs()) > LARGE;
        let (low, high) = (format!("{low:.3}"), format!("{high:.3}"));
        findings.push(advised(
            words,
            "inputs",
            large,
            &[("name", name), ("low", &low), ("high", &high)],
        ));
        for (best, columns) in leaks.iter_mut().zip(&columns) {
            let (column, share) = columns.most();
            if best.as_ref().is_none_or(|best| share > best.share) {
                *best = Some(Leak { name, column, share });
            }
        }
    }
    for Leak { name, column, share } in leaks.into_iter().flatten() {
        let gives_away = share > LEAK;
        let (share, column) = (format!("{:.1}", share * 100.0), column.to_string());
        let values = [("share", &*share), ("column", &column), ("name", name)];
        findings.push(advised(words, "leak", gives_away, &values));
    }
    Ok(findings)
}

/// The column of an input that tells most of some classes.
struct Leak<'a> {
    name: &'a str,
    column: usize,
    share: f64,
}

fn imbalance(words: &Words, name: &str, counts: &[u64]) -> Finding {
    let most = counts.iter().copied().max().unwrap_or(0);
    let least = counts.iter().copied().min().unwrap_or(0);
    let imbalanced = most as f64 > IMBALANCE * least.max(1) as f64 || (least == 0 && most > 0);
    let (least, most) = (least.to_string(), most.to_string());
    let values = [("name", name), ("least", &least), ("most", &most)];
    advised(words, "classes", imbalanced, &values)
}

/// Sums over the columns of an input, of all examples and of each class.
struct Columns {
    counts: Vec<f64>,
    /// Of each column, Σx and Σx².
    sums: Vec<(f64, f64)>,
    by_class: Vec<f64>,
}

impl Columns {
    fn new(width: usize, classes: usize) -> Self {
        let (counts, sums) = (vec![0.0; classes], vec![(0.0, 0.0); width]);
        Self { counts, sums, by_class: vec![0.0; width * classes] }
    }

    /// Adds rows, each with its label, which is a class.
    fn add(&mut self, rows: &[f32], labels: &[u32]) {
        let width = self.sums.len();
        for (row, &label) in rows.chunks(width.max(1)).zip(labels) {
            self.counts[label as usize] += 1.0;
            for (column, &x) in row.iter().enumerate() {
                let x = f64::from(x);
                self.sums[column].0 += x;
                self.sums[column].1 += x * x;
                self.by_class[label as usize * width + column] += x;
            }
        }
    }

    /// The column with the largest share of its variance between the classes (Fisher's η²), and that share.
    fn most(&self) -> (usize, f64) {
        let (count, width) = (self.counts.iter().sum::<f64>(), self.sums.len());
        let between = |column: usize| {
            let (sum, squares) = self.sums[column];
            let total = squares - sum * sum / count;
            let within = self.counts.iter().enumerate().filter(|(_, n)| **n > 0.0);
            let means: f64 =
                within.map(|(c, n)| self.by_class[c * width + column].powi(2) / n).sum();
            if total > 1e-9 * squares.max(f64::MIN_POSITIVE) {
                (means - sum * sum / count) / total
            } else {
                0.0
            }
        };
        let best = (0..width).map(|column| (column, between(column)));
        best.max_by(|(_, a), (_, b)| a.total_cmp(b)).unwrap_or((0, 0.0))
    }
}

/// The learning rates of an objective beside 2/λmax, beyond which gradient descent on a quadratic diverges.
fn learning_rates<T: Real>(
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
        let (lr, limit) = (lr.to_string(), format!("{limit:.3}"));
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
    let order = data.order(learner.config.seed, 0);
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

/// Layers most of whose units are idle, a gradient that vanishes or explodes on its way back, and parameters
/// that no loss reaches, on some examples.
fn layers<T: Real>(
    learner: &Learner<T>,
    parameters: &Parameters<f64>,
    words: &Words,
) -> Result<Vec<Finding>> {
    let examples: Vec<u32> = (0..learner.data.train.len().min(EXAMPLES) as u32).collect();
    let (mut findings, mut unmoved) = (Vec::new(), learner.trained()?);
    if examples.is_empty() {
        return Ok(findings);
    }
    for at in 0..learner.objectives.len() {
        let mut statistics = LayerStatistics::new(learner, at, &examples)?;
        statistics.run(parameters)?;
        for (name, gradient) in statistics.parameters()? {
            if gradient.iter().any(|x| *x != 0.0) {
                unmoved.retain(|(known, _)| known != name);
            }
        }
        if at != learner.main() {
            continue;
        }
        let mut gradients = Vec::new();
        for layer in statistics.layers() {
            let layer = layer?;
            gradients.push((layer.name.to_owned(), Spread::of(layer.gradient).rms));
            let Some(count) = layer.off.or(layer.saturated) else { continue };
            let idle = count as f64 / layer.output.len().max(1) as f64;
            let per_cent = format!("{:.0}", idle * 100.0);
            let values = [("share", per_cent.as_str()), ("layer", layer.name)];
            findings.push(advised(words, "idle-units", idle > IDLE, &values));
        }
        findings.extend(gradient_flow(words, &gradients));
    }
    let names: Vec<String> = unmoved.iter().map(|(name, _)| format!("`{name}`")).collect();
    findings.push(match names.is_empty() {
        true => finding("no-gradient", false, words.get("lint-every-gradient")),
        false => advised(words, "no-gradient", true, &[("names", &names.join(", "))]),
    });
    Ok(findings)
}

/// What comes back to the first layer of the gradient of the last one that has any.
fn gradient_flow(words: &Words, gradients: &[(String, f64)]) -> Option<Finding> {
    let (last, at_last) = gradients.iter().rev().find(|(_, rms)| *rms > 0.0)?;
    let (first, at_first) = gradients.first()?;
    let factor = at_first / at_last;
    let is_bad = !(VANISHES..=1.0 / VANISHES).contains(&factor);
    let factor = digits(factor, 3);
    let values = [("factor", factor.as_str()), ("first", first), ("last", last)];
    Some(advised(words, "gradient-flow", is_bad, &values))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Dataset, Examples, Flat, Target};
    use crate::{Config, DataParts, Trainer};

    /// Two columns: noise, and the label itself.
    fn data(scale: f32) -> Dataset {
        let rows = (0..40).flat_map(|i| [((i * 7 % 11) as f32 / 11.0) * scale, (i % 2) as f32]);
        Dataset::new(2, rows.collect(), (0..40).map(|i| i % 2).collect(), 2).unwrap()
    }

    fn trainer(config: &Config, data: impl Examples + 'static) -> Trainer<f64> {
        let parts = DataParts::train(Flat::new(data));
        Trainer::new(&config.model(2, 2).unwrap(), config, parts).unwrap()
    }

    fn warnings(config: &Config, data: Dataset) -> Vec<&'static str> {
        let findings = trainer(config, data).lint(Language::English).unwrap();
        findings.iter().filter(|f| f.warning).map(|f| f.check).collect()
    }

    #[test]
    fn a_column_that_is_the_label_and_a_wild_learning_rate_are_found() {
        let calm =
            Config { hidden: vec![4], init: chainrule::nn::Init::He, lr: 0.1, ..Config::default() };
        assert_eq!(warnings(&calm, data(1.0)), ["leak"]);
        let wild = Config { lr: 1000.0, ..calm.clone() };
        assert_eq!(warnings(&wild, data(1.0)), ["leak", "learning-rate"]);
        assert!(warnings(&calm, data(300.0)).contains(&"inputs"));
    }

    #[test]
    fn units_that_are_off_are_counted_over_the_examples() {
        let config = Config { hidden: vec![4], ..Config::default() };
        let mut trainer = trainer(&config, data(1.0));
        // The second feature is the label: the first unit is off where that is 0.
        let weights = vec![0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0];
        let bias = vec![0.0, -1.0, -1.0, 1.0];
        trainer.parameters.insert("affine1.weight", Tensor::new([2, 4], weights).unwrap());
        trainer.parameters.insert("affine1.bias", Tensor::new([4], bias).unwrap());
        let findings = trainer.lint(Language::English).unwrap();
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
        let error = trainer(&Config::default(), Wrong).lint(Language::English).unwrap_err();
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
            let findings = trainer(&config, data(300.0)).lint(language).unwrap();
            let text = to_text(&findings, language);
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
