//! How the gradient flows through the layers: statistics of activations and gradients by epoch.

mod draw;

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

pub(super) use draw::VANISHES;
pub use draw::{flow_svg, flow_text};

use super::layers::{LayerStatistics, LayerValues};
use super::learner::Learner;
use super::number;
use chainrule::error::Result;
use chainrule::tensor::Real;

/// Examples that are looked at.
const EXAMPLES: usize = 100;

/// The layers' activations and gradients at the end of an epoch.
///
/// They are those of the loss of the first 100 examples of the training part, in the order of epoch 0, with
/// the model as it predicts: nothing dropped, running statistics in place of a batch's. Of several
/// objectives the loss is that of the first that takes its turn at every step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GradientFlow {
    /// The epochs that are done.
    pub epoch: u32,
    /// The examples that were looked at.
    pub examples: usize,
    /// The layers, input first.
    pub layers: Vec<LayerFlow>,
}

/// One layer's activations and gradients.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LayerFlow {
    /// The layer's path, such as `affine1` or `encoder/affine1`.
    pub name: String,
    /// Its outputs.
    pub output: Spread,
    /// The gradient of the loss with respect to them.
    pub gradient: Spread,
    /// For ReLU: the share of units that are off for every example.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub dead: Option<f64>,
    /// For sigmoid and tanh: the share of outputs where the slope is almost 0.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub saturated: Option<f64>,
    /// Its parameters that are trained.
    pub parameters: Vec<ParameterFlow>,
}

/// One parameter and its gradient.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ParameterFlow {
    /// The parameter's name, such as `affine1.weight`.
    pub name: String,
    /// Its elements.
    pub value: Spread,
    /// The gradient of the loss.
    pub gradient: Spread,
}

/// How numbers are spread.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// The mean.
    #[serde(deserialize_with = "number::read")]
    pub mean: f64,
    /// The standard deviation, that of all numbers there are.
    #[serde(deserialize_with = "number::read")]
    pub deviation: f64,
    /// √Σx².
    #[serde(deserialize_with = "number::read")]
    pub norm: f64,
    /// The root of the mean square.
    #[serde(deserialize_with = "number::read")]
    pub rms: f64,
}

impl Spread {
    /// The spread of some numbers.
    ///
    /// ```
    /// use chainrule_train::Spread;
    /// let few = Spread::of(&[7.0, 1.0]);
    /// assert_eq!((few.mean, few.deviation, few.rms), (4.0, 3.0, 5.0));
    /// ```
    #[must_use]
    pub fn of(values: &[f64]) -> Self {
        let count = values.len().max(1) as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares = values.iter().map(|x| x * x).sum::<f64>();
        let deviation = values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / count;
        Self {
            mean,
            deviation: deviation.sqrt(),
            norm: squares.sqrt(),
            rms: (squares / count).sqrt(),
        }
    }
}

/// Looks at a training's layers, on the same examples each time, in double precision.
///
/// ```
/// use chainrule_train::data::{Dataset, Flat};
/// use chainrule_train::{Config, DataParts, FlowRecorder, Trainer};
/// let data = Flat::new(Dataset::new(2, vec![0., 0., 0., 1., 1., 0., 1., 1.], vec![0, 1, 1, 0], 2)?);
/// let config = Config { hidden: vec![8; 3], init: chainrule::nn::Init::He, ..Config::default() };
/// let model = config.model(2, 2)?;
/// let trainer = Trainer::<f32>::new(&model, &config, DataParts::train(data))?;
/// let flow = FlowRecorder::new(&trainer)?.record(&trainer)?;
/// assert_eq!((flow.epoch, flow.examples, flow.layers.len()), (0, 4, 7));
/// assert!(flow.layers[0].gradient.rms > 0.0);
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Debug)]
pub struct FlowRecorder {
    layers: LayerStatistics,
}

impl FlowRecorder {
    /// Chooses the examples, and compiles what looks at them.
    ///
    /// # Errors
    /// Data that cannot be read or does not fit the model.
    pub fn new<T: Real>(learner: &Learner<T>) -> Result<Self> {
        learner.check_objectives()?;
        let mut examples = learner.order(0)?;
        examples.truncate(EXAMPLES);
        Ok(Self { layers: LayerStatistics::new(learner, learner.main(), &examples)? })
    }

    /// The flow through the training's layers as they are now.
    ///
    /// # Errors
    /// The training is of another model than the recorder.
    pub fn record<T: Real>(&mut self, learner: &Learner<T>) -> Result<GradientFlow> {
        let parameters = learner.parameters.cast::<f64>();
        self.layers.run(&parameters)?;
        let examples = self.layers.examples;
        let (mut layers, mut by_layer) = (Vec::new(), HashMap::<String, Vec<_>>::new());
        for (name, gradient) in self.layers.parameters()? {
            // A parameter is of a layer itself, and not of one around that.
            let Some((layer, _)) = name.rsplit_once('.') else { continue };
            by_layer.entry(layer.to_owned()).or_default().push((name, gradient));
        }
        for layer in self.layers.layers() {
            let layer = layer?;
            let mut own = Vec::new();
            let of_layer = by_layer.get(&layer.name.replace('/', "."));
            for &(name, gradient) in of_layer.into_iter().flatten() {
                own.push(ParameterFlow {
                    name: name.to_owned(),
                    value: Spread::of(parameters.get(name)?.values()),
                    gradient: Spread::of(gradient),
                });
            }
            let (dead, saturated) = idle(&layer, examples);
            layers.push(LayerFlow {
                name: layer.name.to_owned(),
                output: Spread::of(layer.output),
                gradient: Spread::of(layer.gradient),
                dead,
                saturated,
                parameters: own,
            });
        }
        Ok(GradientFlow { epoch: learner.progress.epoch, examples, layers })
    }
}

/// The share of units that are off for every example, and of saturated outputs.
fn idle(layer: &LayerValues<'_>, examples: usize) -> (Option<f64>, Option<f64>) {
    let values = layer.output;
    let part = |count: usize, of: usize| count as f64 / of.max(1) as f64;
    let units = values.len() / examples.max(1);
    let is_dead = |unit: &usize| values.iter().skip(*unit).step_by(units).all(|y| *y == 0.0);
    let dead = layer.off.map(|_| part((0..units).filter(is_dead).count(), units));
    (dead, layer.saturated.map(|count| part(count, values.len())))
}
