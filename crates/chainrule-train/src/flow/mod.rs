//! How the gradient flows through the layers: statistics of activations and gradients by epoch.

mod draw;

use serde::{Deserialize, Serialize};

pub use draw::{flow_svg, flow_text};

use super::Trainer;
use super::step::{feed, record};
use crate::data::Examples;
use chainrule::error::Result;
use chainrule::graph::{Graph, Var};
use chainrule::plan::Plan;
use chainrule::tensor::Real;
use chainrule_explain::{idle, op_name, outputs};

/// Examples that are looked at.
const EXAMPLES: usize = 100;

/// The layers' activations and gradients at the end of an epoch.
///
/// They are those of the mean loss of the first 100 examples of the training part, in the order of
/// epoch 0, with the model as it predicts: nothing dropped, running statistics in place of a batch's.
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
    /// The layer's name, such as `affine1`.
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
    pub mean: f64,
    /// The standard deviation, that of all numbers there are.
    pub deviation: f64,
    /// √Σx².
    pub norm: f64,
    /// The root of the mean square.
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
/// use chainrule_train::data::Dataset;
/// use chainrule_train::{Config, FlowRecorder, Trainer};
/// let data = Dataset::new(2, vec![0., 0., 0., 1., 1., 0., 1., 1.], vec![0, 1, 1, 0], 2)?;
/// let config = Config { hidden: vec![8; 3], init: "he".into(), ..Config::default() };
/// let model = config.model(2, 2)?;
/// let trainer = Trainer::<f32>::new(&model, &config, &data)?;
/// let flow = FlowRecorder::new(&trainer, &data)?.record(&trainer)?;
/// assert_eq!((flow.epoch, flow.examples, flow.layers.len()), (0, 4, 7));
/// assert!(flow.layers[0].gradient.rms > 0.0);
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Debug)]
pub struct FlowRecorder {
    graph: Graph,
    plan: Plan<f64>,
    examples: usize,
    layers: Vec<Watched>,
    /// Trained parameters, each with its gradient's node.
    parameters: Vec<(String, u32)>,
}

/// A layer with its output's node and that of its gradient.
#[derive(Debug)]
struct Watched {
    name: String,
    output: u32,
    gradient: u32,
}

impl FlowRecorder {
    /// Chooses the examples, and compiles what looks at them.
    ///
    /// # Errors
    /// Data that cannot be read or does not fit the model.
    pub fn new<T: Real>(trainer: &Trainer<'_, T>, train: &dyn Examples) -> Result<Self> {
        let mut examples = train.order(trainer.config.seed, 0);
        examples.truncate(EXAMPLES);
        let graph = Graph::new();
        let (output, loss) =
            record(&graph, trainer.model, &trainer.objective, train, examples.len());
        graph.ok()?;
        let named = outputs(&graph, output);
        let trained = trainer.trained()?;
        let layers = named.iter().map(|(_, v)| *v);
        let own = trained.iter().map(|(name, shape)| graph.parameter(name, *shape));
        let wanted: Vec<Var<'_>> = layers.chain(own).collect();
        let gradients = graph.backward(loss, &wanted);
        let kept = named.iter().map(|(_, v)| *v).chain(gradients.iter().copied());
        let mut plan = graph.compile::<f64>(&kept.collect::<Vec<_>>())?;
        feed(&mut plan, train, &examples)?;
        let (of_layers, of_parameters) = gradients.split_at(named.len());
        let layers = named.iter().zip(of_layers).map(|((name, output), gradient)| Watched {
            name: name.clone(),
            output: output.id(),
            gradient: gradient.id(),
        });
        let layers = layers.collect();
        let names = trained.iter().map(|(name, _)| name.clone());
        let parameters = names.zip(of_parameters.iter().map(Var::id)).collect();
        Ok(Self { graph, plan, examples: examples.len(), layers, parameters })
    }

    /// The flow through the training's layers as they are now.
    ///
    /// # Errors
    /// The training is of another model than the recorder.
    pub fn record<T: Real>(&mut self, trainer: &Trainer<'_, T>) -> Result<GradientFlow> {
        let parameters = trainer.model_parameters().cast::<f64>();
        self.plan.run_with(&parameters)?;
        let mut layers = Vec::new();
        for Watched { name, output, gradient } in &self.layers {
            let prefix = format!("{name}.");
            let mut own = Vec::new();
            for (parameter, id) in self.parameters.iter().filter(|(p, _)| p.starts_with(&prefix)) {
                own.push(ParameterFlow {
                    name: parameter.clone(),
                    value: Spread::of(parameters.get(parameter)?.values()),
                    gradient: Spread::of(self.value(*id)?),
                });
            }
            let (dead, saturated) = self.idle(*output)?;
            layers.push(LayerFlow {
                name: name.clone(),
                output: Spread::of(self.value(*output)?),
                gradient: Spread::of(self.value(*gradient)?),
                dead,
                saturated,
                parameters: own,
            });
        }
        Ok(GradientFlow { epoch: trainer.progress.epoch, examples: self.examples, layers })
    }

    fn value(&self, id: u32) -> Result<&[f64]> {
        self.plan.value(self.graph.var(id))
    }

    /// The share of dead units, and of saturated outputs.
    fn idle(&self, output: u32) -> Result<(Option<f64>, Option<f64>)> {
        let values = self.value(output)?;
        let (off, saturated) = idle(&op_name(&self.graph, self.graph.var(output)), values);
        let share = |count: usize, of: usize| count as f64 / of.max(1) as f64;
        let units = values.len() / self.examples.max(1);
        let is_dead = |unit: &usize| values.iter().skip(*unit).step_by(units).all(|y| *y == 0.0);
        let dead = off.map(|_| share((0..units).filter(is_dead).count(), units));
        Ok((dead, saturated.map(|count| share(count, values.len()))))
    }
}
