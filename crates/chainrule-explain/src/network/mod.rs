//! A trained network on one example: what each layer computes, what comes back, what mattered.

mod ledger;
mod graph;
mod text;
mod picture;

use std::collections::HashMap;

use serde::Serialize;

use super::rules;
use super::subject::feed;
use super::words::{Language, Words};
use chainrule::Parameters;
use chainrule::error::{Error, Result};
use chainrule::graph::{Graph, Kind, Source, Var};
use chainrule::nn::{Cx, Logits, Loss, Network, Scale, Targets, Truth};
use chainrule::tensor::{Real, Tensor};
pub use graph::network_graph;
pub use ledger::{Branch, Ledger};

/// Weights that are listed.
const MOST_WEIGHTS: usize = 10;

/// What one layer did with the example.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Layer {
    /// The layer's name, such as `affine1`.
    pub name: String,
    /// The shape of its output.
    pub shape: Vec<usize>,
    /// Statistics of its output.
    pub output: Statistics,
    /// Statistics of the loss's gradient with respect to its output.
    pub gradient: Statistics,
    /// For ReLU: units whose output is 0, so that no gradient passes.
    pub off: Option<usize>,
    /// For sigmoid and tanh: units whose slope is almost 0.
    pub saturated: Option<usize>,
    /// The norms of the gradients of its parameters, by name.
    pub parameters: Vec<(String, f64)>,
}

impl Layer {
    /// What a layer whose last operation is `op` did: its output and the gradient there, and the
    /// gradients of its own parameters by their names, `slopes`.
    fn new(
        name: &str,
        v: Var<'_>,
        source: &Source,
        (output, gradient): (&[f64], &[f64]),
        slopes: &[(&str, &[f64])],
    ) -> Self {
        let (off, saturated) = rules::idle(source, output);
        Self {
            name: name.into(),
            shape: v.shape().dims().to_vec(),
            output: Statistics::of(output),
            gradient: Statistics::of(gradient),
            off,
            saturated,
            parameters: slopes.iter().map(|&(p, x)| (p.into(), Statistics::of(x).norm)).collect(),
        }
    }
}

/// A few numbers that stand for many.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Statistics {
    /// The mean.
    pub mean: f64,
    /// The smallest.
    pub min: f64,
    /// The largest.
    pub max: f64,
    /// √Σx².
    pub norm: f64,
}

impl Statistics {
    /// The statistics of some numbers.
    ///
    /// ```
    /// use chainrule_explain::Statistics;
    /// let few = Statistics::of(&[3.0, -4.0]);
    /// assert_eq!((few.mean, few.min, few.max, few.norm), (-0.5, -4.0, 3.0, 5.0));
    /// ```
    #[must_use]
    pub fn of(values: &[f64]) -> Self {
        let fold = |start: f64, f: fn(f64, f64) -> f64| values.iter().copied().fold(start, f);
        Self {
            mean: values.iter().sum::<f64>() / values.len().max(1) as f64,
            min: fold(f64::INFINITY, f64::min),
            max: fold(f64::NEG_INFINITY, f64::max),
            norm: values.iter().map(|x| x * x).sum::<f64>().sqrt(),
        }
    }
}

/// A weight that mattered for the loss of the example.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Weight {
    /// The parameter's name.
    pub parameter: String,
    /// The element's place.
    pub index: Vec<usize>,
    /// Its value.
    pub value: f64,
    /// The gradient of the loss.
    pub gradient: f64,
    /// Gradient × value: the effect of +100 % on the loss, to first order.
    pub effect: f64,
}

/// What a network says of an example, beside what it should say.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Said {
    /// A class.
    Class {
        /// The true class.
        label: u32,
        /// The class that the network predicts; `None` where its outputs are no answer.
        predicted: Option<u32>,
        /// The probability of each class.
        probabilities: Vec<f64>,
    },
    /// Values.
    Values {
        /// The true values.
        wanted: Vec<f64>,
        /// The network's values.
        predicted: Vec<f64>,
    },
}

/// A trained network on one example.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NetworkExplanation {
    /// What it says of the example.
    #[serde(flatten)]
    pub said: Said,
    /// The loss.
    pub loss: f64,
    /// The layers, input first.
    pub layers: Vec<Layer>,
    /// The gradients of the example, the layers' outputs and the parameters, by the layers and
    /// branches that they come from.
    pub ledgers: Vec<Ledger>,
    /// The weights with the largest effect on this loss.
    pub weights: Vec<Weight>,
    /// The example's features.
    pub input: Vec<f64>,
    /// The gradient of the loss with respect to each feature: where the network looked.
    pub saliency: Vec<f64>,
    /// The names of the classes; none where they are called by their numbers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<String>,
    /// The names of the features; none for pictures.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub features: Vec<String>,
    /// The language of the words.
    #[serde(skip)]
    pub language: Language,
}

impl NetworkExplanation {
    /// This explanation with values in their own unit, where the network was trained on standardised
    /// ones. Loss and gradients stay those of the training.
    #[must_use]
    pub fn in_unit(mut self, scales: &[Scale]) -> Self {
        if let Said::Values { wanted, predicted } = &mut self.said {
            for values in [wanted, predicted] {
                *values = Scale::row(scales, values);
            }
        }
        self
    }
}

/// Explains what a network that predicts makes of one example: no dropout, running statistics. What it
/// says is computed in the precision of its parameters, what explains it in f64.
///
/// ```
/// use chainrule_explain::{Language, network};
/// use chainrule::nn::{Init, Loss, Network, Relu, Truth};
/// let model = Network::fully_connected(&[2, 4, 3], Relu, Init::He)?;
/// let parameters = model.initial::<f64>(0)?;
/// let loss = Loss::CrossEntropy { label_smoothing: 0.0 };
/// let truth = Truth::Class(2);
/// let explained = network(&model, &parameters, loss, &[0.5, -1.0], &truth, Language::English)?;
/// assert_eq!(explained.layers.len(), 3);
/// assert_eq!(explained.saliency.len(), 2);
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// # Errors
/// Features, a target or parameters that do not fit the model and the loss.
pub fn network<T: Real>(
    model: &Network,
    parameters: &Parameters<T>,
    loss: Loss,
    features: &[f64],
    truth: &Truth,
    language: Language,
) -> Result<NetworkExplanation> {
    let said = said(model, parameters, loss, features, truth)?;
    let parameters = &parameters.cast::<f64>();
    let g = Graph::with_exact_slopes();
    let Recorded { x, output, loss, layers, parameters: own, .. } =
        Recorded::new(&g, model, loss, features.len(), truth)?;
    let forward: Vec<Var<'_>> = layers.iter().map(|(_, v)| *v).collect();
    let weights: Vec<Var<'_>> = own.iter().map(|(_, v)| *v).collect();
    let gradients = g.backward(loss, &[&forward[..], &weights, &[x]].concat());
    let mut plan = g.compile::<f64>(&[&forward[..], &gradients, &[loss]].concat())?;
    plan.feed("x", features)?;
    plan.run_with(parameters)?;

    let named: Vec<(String, Var<'_>)> = std::iter::once(("x".to_owned(), x))
        .chain(ledger::scope_outputs(&g, output))
        .chain(own.iter().cloned())
        .collect();
    let ledgers = ledger::read(&g, loss, &named, &Words::new(language), |plan| {
        // A network without parameters on the way may not need the example.
        feed(plan, "x", features)?;
        plan.run_with(parameters)
    })?;

    let (of_layers, rest) = gradients.split_at(layers.len());
    let (of_parameters, of_example) = rest.split_at(own.len());
    let mut slopes: Vec<(&str, &[f64])> = Vec::new();
    for ((name, _), gradient) in own.iter().zip(of_parameters) {
        slopes.push((name, plan.value(*gradient)?));
    }
    // A parameter is of its layer, and of each layer around that.
    let mut of_layer: HashMap<&str, Vec<(&str, &[f64])>> = HashMap::new();
    for &(name, slope) in &slopes {
        for (dot, _) in name.match_indices('.') {
            of_layer.entry(&name[..dot]).or_default().push((name, slope));
        }
    }
    let layers = layers.iter().zip(of_layers).map(|((name, v), gradient)| {
        let values = (plan.value(*v)?, plan.value(*gradient)?);
        let source = g.node(v.id(), |node| node.source.clone());
        let own = of_layer.get(name.as_str()).map_or(&[][..], Vec::as_slice);
        Ok(Layer::new(name, *v, &source, values, own))
    });
    let saliency = of_example.iter().map(|v| plan.value(*v)).collect::<Result<Vec<_>>>()?.concat();
    Ok(NetworkExplanation {
        said,
        loss: plan.value(loss)?.first().copied().unwrap_or(f64::NAN),
        layers: layers.collect::<Result<_>>()?,
        ledgers,
        weights: largest(&slopes, parameters)?,
        input: features.to_vec(),
        saliency,
        classes: Vec::new(),
        features: Vec::new(),
        language,
    })
}

/// A model and its loss on one example, as nodes.
struct Recorded<'g> {
    x: Var<'g>,
    output: Var<'g>,
    loss: Var<'g>,
    target: Var<'g>,
    layers: Vec<(String, Var<'g>)>,
    parameters: Vec<(String, Var<'g>)>,
}

impl<'g> Recorded<'g> {
    fn new(g: &'g Graph, model: &Network, loss: Loss, width: usize, truth: &Truth) -> Result<Self> {
        let x = g.input("x", [1, width]);
        let cx = Cx::predict(g);
        let output = model.forward(&cx, x).one();
        g.ok()?;
        let target = targets(truth, loss, output.shape().dims().last().copied().unwrap_or(0))?;
        let layers = layer_outputs(g, output);
        let target = g.constant_tensor(Tensor::new([1, target.len()], target)?);
        let loss = loss.record(output, Targets::Values(target), None);
        let variables = cx.trained().into_iter();
        let parameters = variables.filter_map(|v| Some((parameter(g, v)?, v))).collect();
        Ok(Self { x, output, loss, target, layers, parameters })
    }
}

/// What the network says of the example, in the precision of its parameters: a training, a score and a
/// prediction compute it so.
fn said<T: Real>(
    model: &Network,
    parameters: &Parameters<T>,
    loss: Loss,
    features: &[f64],
    truth: &Truth,
) -> Result<Said> {
    let g = Graph::new();
    let x = g.input("x", [1, features.len()]);
    let output = model.forward(&Cx::predict(&g), x).one();
    let mut plan = g.compile::<T>(&[output])?;
    let features: Vec<T> = features.iter().map(|&x| T::from_f64(x)).collect();
    feed(&mut plan, "x", &features)?;
    plan.run_with(parameters)?;
    let outputs: Vec<f64> = plan.value(output)?.iter().map(|&y| Real::to_f64(y)).collect();
    Ok(match truth {
        Truth::Class(label) => {
            let logits = Logits::of(classes(loss, outputs.len()), &outputs)?;
            let (predicted, probabilities) = (logits.best(), logits.probabilities());
            Said::Class { label: *label, predicted, probabilities }
        }
        Truth::Values(wanted) => Said::Values { wanted: wanted.clone(), predicted: outputs },
    })
}

/// The classes of a network with so many outputs: under the binary cross-entropy one stands for two.
fn classes(loss: Loss, outputs: usize) -> usize {
    if loss == Loss::BinaryCrossEntropy { 2 } else { outputs }
}

/// The targets of the loss for so many outputs: 1 for the class that is right and 0 for the others, of
/// two classes with one output the class itself, or the values.
fn targets(truth: &Truth, loss: Loss, outputs: usize) -> Result<Vec<f64>> {
    let class = match truth {
        Truth::Values(values) => return Ok(values.clone()),
        Truth::Class(class) => *class as usize,
    };
    let classes = classes(loss, outputs);
    if class >= classes {
        let place = "the example's class".into();
        return Err(Error::Label { place, label: class, classes });
    }
    Ok((classes.saturating_sub(outputs)..classes).map(|at| f64::from(at == class)).collect())
}

/// The output of each outermost scope on the way to `last`: a model's layers.
///
/// ```
/// use chainrule::nn::{Cx, Init, Network, Relu};
/// let g = chainrule::Graph::new();
/// let model = Network::fully_connected(&[2, 4, 3], Relu, Init::He)?;
/// let y = model.record(&Cx::predict(&g), 1).one();
/// let layers = chainrule_explain::layer_outputs(&g, y);
/// let names: Vec<&str> = layers.iter().map(|(name, _)| name.as_str()).collect();
/// assert_eq!(names, ["affine1", "relu1", "affine2"]);
/// # Ok::<(), chainrule::Error>(())
/// ```
pub fn layer_outputs<'g>(g: &'g Graph, last: Var<'g>) -> Vec<(String, Var<'g>)> {
    let mut found: Vec<(String, Var<'g>)> = Vec::new();
    for id in 0..=last.id() {
        let (scope, kind) = g.node(id, |node| (node.scope, node.ty.kind));
        let scope = g.scope_name(scope);
        let layer = scope.split('/').next().unwrap_or_default();
        if layer.is_empty() || kind != Kind::Real {
            continue;
        }
        match found.last_mut().filter(|(name, _)| name == layer) {
            Some((_, v)) => *v = g.var(id),
            None => found.push((layer.to_owned(), g.var(id))),
        }
    }
    found
}

fn parameter(g: &Graph, v: Var<'_>) -> Option<String> {
    g.node(v.id(), |node| match &node.source {
        Source::Parameter(name) => Some(name.to_string()),
        _ => None,
    })
}

/// The elements with the largest |gradient × value|.
fn largest(gradients: &[(&str, &[f64])], parameters: &Parameters<f64>) -> Result<Vec<Weight>> {
    let mut largest: Vec<Weight> = Vec::new();
    for &(name, gradient) in gradients {
        let tensor = parameters.get(name)?;
        let mut order: Vec<(usize, f64)> =
            tensor.values().iter().zip(gradient).map(|(w, g)| w * g).enumerate().collect();
        order.sort_unstable_by(|(i, a), (j, b)| b.abs().total_cmp(&a.abs()).then(i.cmp(j)));
        for &(flat, effect) in order.iter().take(MOST_WEIGHTS) {
            let index = tensor.shape().index_of(flat);
            let value = tensor.values().get(flat).copied().unwrap_or(f64::NAN);
            let gradient = gradient.get(flat).copied().unwrap_or(f64::NAN);
            largest.push(Weight { parameter: name.into(), index, value, gradient, effect });
        }
    }
    largest.sort_by(|a, b| b.effect.abs().total_cmp(&a.effect.abs()));
    largest.truncate(MOST_WEIGHTS);
    Ok(largest)
}
