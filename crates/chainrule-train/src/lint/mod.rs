//! What commonly goes wrong with a training, found with numbers before it wastes an afternoon.

mod inputs;
mod rates;

use std::collections::HashSet;

use serde::Serialize;

use inputs::inputs_and_classes;
use rates::learning_rates;

use crate::flow::VANISHES;
use crate::layers::LayerStatistics;
use crate::objective::{Answered, Objective};
use crate::{Learner, Spread};
use chainrule::Parameters;
use chainrule::error::Result;
use chainrule::graph::{Graph, Var};
use chainrule::nn::Cx;
use chainrule::ops::{Notation, Softmax, SoftmaxWithLoss};
use chainrule::tensor::Real;
use chainrule_explain::{Language, Words, digits, width, wrapped_within};

/// Units that are idle for this share of the examples.
const IDLE: f64 = 0.8;

/// Examples whose activations and gradients are looked at.
const EXAMPLES: usize = 64;

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// What was looked at: `rows`, `inputs`, `classes`, `leak`, `softmax`, `learning-rate`, `idle-units`,
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
        self.lint_columns(language, &[], None)
    }

    /// As [`Learner::lint`], calling features and the target by the names of their columns, such as
    /// [`Preparation::feature_names`](crate::data::Preparation::feature_names) has them.
    ///
    /// # Errors
    /// As [`Learner::lint`].
    pub fn lint_columns(
        &self,
        language: Language,
        columns: &[String],
        target: Option<&str>,
    ) -> Result<Vec<Finding>> {
        self.check_objectives()?;
        let words = Words::new(language);
        let mut findings = inputs_and_classes(self, &words, columns, target)?;
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

/// Findings as text for a terminal of so many columns.
///
/// ```
/// use chainrule_explain::Language;
/// use chainrule_train::lint::{Finding, to_text};
/// let found = Finding { check: "inputs", warning: true, message: "they reach 300".into() };
/// assert_eq!(to_text(&[found], Language::English, 80), "warning  inputs\n         they reach 300\n");
/// ```
#[must_use]
pub fn to_text(findings: &[Finding], language: Language, columns: usize) -> String {
    let words = Words::new(language);
    let (mut out, [warning, fine]) = (String::new(), ["lint-warning", "lint-fine"]);
    for finding in findings {
        let mark = words.get(if finding.warning { warning } else { fine });
        // Some scripts take two columns a letter.
        let space = " ".repeat(9usize.saturating_sub(width(&mark)));
        out += &format!("{mark}{space}{}\n", finding.check);
        wrapped_within(&mut out, 9, &finding.message, columns);
    }
    out
}

fn finding(check: &'static str, warning: bool, message: String) -> Finding {
    Finding { check, warning, message }
}

/// What was found, and advice where it is a warning.
fn advised(words: &Words, check: &'static str, warning: bool, values: &[(&str, &str)]) -> Finding {
    with_advice(words, check, warning, words.say(&format!("lint-{check}"), values))
}

fn with_advice(words: &Words, check: &'static str, warning: bool, found: String) -> Finding {
    let message = match warning {
        true => format!("{found} {}", words.get(&format!("lint-{check}-advice"))),
        false => found,
    };
    finding(check, warning, message)
}

/// Layers most of whose units are idle, a gradient that vanishes or explodes on its way back, and parameters
/// that no loss reaches, on some examples.
fn layers<T: Real>(
    learner: &Learner<T>,
    parameters: &Parameters<f64>,
    words: &Words,
) -> Result<Vec<Finding>> {
    let examples: Vec<u32> = (0..learner.data.train.len().min(EXAMPLES) as u32).collect();
    let (mut findings, mut moved) = (Vec::new(), HashSet::new());
    if examples.is_empty() {
        return Ok(findings);
    }
    for at in 0..learner.objectives.len() {
        let mut statistics = LayerStatistics::new(learner, at, &examples)?;
        statistics.run(parameters)?;
        let of_each = statistics.parameters()?.into_iter();
        let reached = of_each.filter(|(_, gradient)| gradient.iter().any(|x| *x != 0.0));
        moved.extend(reached.map(|(name, _)| name.to_owned()));
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
    let mut unmoved = learner.trained()?;
    unmoved.retain(|(name, _)| !moved.contains(name));
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
    use chainrule::Tensor;

    /// Two columns: noise, and the label itself; after 22 rows they come again.
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
        assert_eq!(warnings(&calm, data(1.0)), ["rows", "leak"]);
        let wild = Config { lr: 1000.0, ..calm.clone() };
        assert_eq!(warnings(&wild, data(1.0)), ["rows", "leak", "learning-rate"]);
        assert!(warnings(&calm, data(300.0)).contains(&"inputs"));
    }

    #[test]
    fn units_that_are_off_are_counted_over_the_examples() {
        let config = Config { hidden: vec![4], ..Config::default() };
        let mut trainer = trainer(&config, data(1.0));
        // The second feature is the label: the first unit is off where that is 0.
        let weights = vec![0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0];
        let bias = vec![0.0, -1.0, -1.0, 1.0];
        trainer.parameters_mut().insert("affine1.weight", Tensor::new([2, 4], weights).unwrap());
        trainer.parameters_mut().insert("affine1.bias", Tensor::new([4], bias).unwrap());
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
    fn texts_fit_in_every_language() {
        for language in [Language::English, Language::Korean] {
            let config = Config { hidden: vec![4], lr: 1000.0, ..Config::default() };
            let findings = trainer(&config, data(300.0)).lint(language).unwrap();
            for columns in [60, 80, 200] {
                let text = to_text(&findings, language, columns);
                assert!(text.lines().all(|line| width(line) <= columns), "{text}");
            }
        }
    }
}
