//! What to train and how: the settings of a run, as its folder keeps them.

mod domain;
mod file;
mod kinds;
mod rates;
mod reading;
mod template;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::EVALUATION_BATCH;
use crate::data::{Source, Target, Task};
use chainrule::error::{Error, Result};
use chainrule::nn::{LayerSpec, Loss, Sequential, check_memory};
use chainrule::optim::{Clip, Lbfgs, Optimizer, Schedule};
use serde::Serialize;

/// The settings of a training run.
///
/// A dataset's kind chooses the [defaults](Config::for_dataset): those of the lesson's network for
/// images, others for tables.
///
/// ```
/// use chainrule_train::Config;
/// let config: Config = Config::from_toml("dataset = \"mnist\"\nepochs = 3")?;
/// assert_eq!((config.hidden.as_slice(), config.epochs), ([50].as_slice(), 3));
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Config {
    /// The dataset's name, file or folder.
    pub dataset: String,
    /// The column that is to be predicted; the last one where none is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// `classify` or `regress`; by the target's type where it is not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// The column with the weight of each example.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight: Option<String>,
    /// The share of the training part that is held out for validation.
    pub validation: f64,
    /// A file to test on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test: Option<PathBuf>,
    /// Whether inputs stay as they are, neither standardised nor one-hot encoded.
    pub raw: bool,
    /// Whether rows are read from the disk as they are needed.
    pub stream: bool,
    /// Width and height that images are resized to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_size: Option<[usize; 2]>,
    /// The sizes of the hidden layers, where `layers` is empty.
    pub hidden: Vec<usize>,
    /// The activation after each hidden layer.
    pub activation: String,
    /// The rate of dropout after each hidden layer's activation.
    pub dropout: f64,
    /// How weights begin.
    pub init: String,
    /// Examples per step; an epoch's last batch may be smaller.
    pub batch_size: usize,
    /// Passes over the training part.
    pub epochs: u32,
    /// The learning rate.
    pub lr: f64,
    /// Steps over which the learning rate grows from 0 to what the schedule says.
    pub warmup: u64,
    /// Batches whose gradients are averaged for one update.
    pub accumulate: usize,
    /// The largest norm of all gradients together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clip_norm: Option<f64>,
    /// The largest size of any gradient's element.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clip_value: Option<f64>,
    /// Parameters that stay as they begin, by name; `*` stands for any letters.
    pub freeze: Vec<String>,
    /// The seed of initial values, shuffles and dropout.
    pub seed: u64,
    /// The precision: `f32` or `f64`.
    pub dtype: String,
    /// Steps between two checkpoints within an epoch; 0 for none.
    pub checkpoint_every: u64,
    /// The number of best classes among which the right one counts for the top-k accuracy; 0 for none.
    pub top_k: usize,
    /// Whether activations and gradients of each layer are recorded once an epoch.
    pub gradient_flow: bool,
    /// The loss; cross-entropy for classes and mean-squared for values where none is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loss: Option<Loss>,
    /// What each class weighs in the loss: nothing for 1, `balanced`, or a number a class.
    #[serde(skip_serializing_if = "ClassWeights::is_equal")]
    pub class_weights: ClassWeights,
    /// The optimizer.
    pub optimizer: Optimizer,
    /// How the learning rate changes.
    pub schedule: Schedule,
    /// When to stop before the last epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub early_stopping: Option<EarlyStopping>,
    /// Learning rates of single parameters as multiples of `lr`, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub rates: BTreeMap<String, f64>,
    /// The layers, the last one included.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub layers: Vec<LayerSpec>,
}

/// Training ends when the validation loss has not become smaller for some epochs (Prechelt, 1998).
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct EarlyStopping {
    /// Epochs without a better loss after which training ends.
    pub patience: u32,
    /// What counts as better: smaller by more than this.
    pub min_delta: f64,
}

/// What each class weighs in the loss.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(untagged)]
pub enum ClassWeights {
    /// The same.
    #[default]
    Equal,
    /// By a rule's name: `balanced` weighs each by examples/(classes·its examples).
    Rule(String),
    /// A weight each.
    Given(Vec<f64>),
}

impl ClassWeights {
    fn is_equal(&self) -> bool {
        *self == Self::Equal
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            dataset: "mnist".into(),
            target: None,
            task: None,
            weight: None,
            validation: 0.0,
            test: None,
            raw: false,
            stream: false,
            image_size: None,
            hidden: vec![50],
            activation: "relu".into(),
            dropout: 0.0,
            init: "normal:0.01".into(),
            batch_size: 100,
            epochs: 17,
            lr: 0.1,
            warmup: 0,
            accumulate: 1,
            clip_norm: None,
            clip_value: None,
            freeze: Vec::new(),
            seed: 0,
            dtype: "f32".into(),
            checkpoint_every: 0,
            top_k: 0,
            gradient_flow: false,
            loss: None,
            class_weights: ClassWeights::Equal,
            optimizer: Optimizer::sgd(),
            schedule: Schedule::Constant,
            early_stopping: None,
            rates: BTreeMap::new(),
            layers: Vec::new(),
        }
    }
}

impl Config {
    /// The settings to begin with for a dataset: for images the lesson's network (784-50-10, trained
    /// by gradient descent in batches of 100); for tables, which are small and whose columns differ,
    /// He's initial weights and Adam in batches of 32.
    ///
    /// ```
    /// use chainrule_train::Config;
    /// assert_eq!(Config::for_dataset("mnist").batch_size, 100);
    /// assert_eq!(Config::for_dataset("iris").batch_size, 32);
    /// ```
    #[must_use]
    pub fn for_dataset(name: &str) -> Self {
        let plain = Self { dataset: name.into(), ..Self::default() };
        match is_table(name) {
            false => plain,
            true => Self {
                init: "he".into(),
                optimizer: Optimizer::adam(),
                lr: 0.01,
                batch_size: 32,
                epochs: 100,
                ..plain
            },
        }
    }

    /// Where the data comes from.
    #[must_use]
    pub fn source(&self) -> Source {
        Source {
            path: self.dataset.clone(),
            target: self.target.clone(),
            task: self.task.as_deref().map(|task| match task {
                "regress" => Task::Regress,
                _ => Task::Classify,
            }),
            validation: self.validation,
            test: self.test.clone(),
            raw: self.raw,
            seed: self.seed,
            weight: self.weight.clone(),
            image_size: self.image_size.map(|[width, height]| (width, height)),
            stream: self.stream,
        }
    }

    /// The loss against such targets: as given, else cross-entropy for classes and the mean squared
    /// error for values.
    ///
    /// # Errors
    /// The loss cannot take such targets.
    pub fn loss_for(&self, target: Target) -> Result<Loss> {
        let usual = match target {
            Target::Class { .. } => Loss::CrossEntropy { label_smoothing: 0.0 },
            Target::Values { .. } => Loss::MeanSquared,
        };
        let loss = self.loss.unwrap_or(usual);
        let fits = match target {
            Target::Class { classes: 2 } => loss.takes_labels(),
            Target::Class { .. } => matches!(loss, Loss::CrossEntropy { .. }),
            Target::Values { .. } => !matches!(loss, Loss::CrossEntropy { .. }),
        };
        let wanted = match target {
            Target::Class { .. } => {
                "`cross-entropy`, or for two classes `binary-cross-entropy`, as the target is a class (`task = \"regress\"` makes it a number)"
            }
            Target::Values { .. } => {
                "one of `mean-squared`, `half-squared`, `l1`, `huber` and `binary-cross-entropy`, as the target is a number (`task = \"classify\"` makes it a class)"
            }
        };
        Error::check(fits, "the loss", format!("`{}`", loss.name()), wanted)?;
        Ok(loss)
    }

    /// The limit of the gradients, where there is one.
    #[must_use]
    pub fn clips(&self) -> Vec<Clip> {
        let value = self.clip_value.map(Clip::Value);
        value.into_iter().chain(self.clip_norm.map(Clip::Norm)).collect()
    }

    /// The model for examples of `inputs` features and `outputs` classes or values.
    ///
    /// ```
    /// let model = chainrule_train::Config::default().model(784, 10)?;
    /// assert_eq!(model.initial::<f32>(0)?.count(), 39760);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// A setting out of its domain, or a model whose training does not fit into memory.
    pub fn model(&self, inputs: usize, outputs: usize) -> Result<Sequential> {
        let layers = self.layer_specs(outputs)?;
        let model = Sequential::build(&layers, inputs, self.init.parse()?)?;
        let wanted = "the number of classes or values that the data asks for: mend the last layer";
        if model.outputs() != outputs {
            return Err(Error::Setting {
                name: "the number of the last layer's outputs".into(),
                value: format!("{} in place of {outputs}", model.outputs()),
                wanted,
            });
        }
        // Parameters, their gradients, the optimizer's state and the copy at an epoch's start; and
        // each layer's values and gradients for the examples that are evaluated at once.
        let state = match self.optimizer {
            Optimizer::Sgd { .. } | Optimizer::AdaGrad { .. } => 1,
            Optimizer::RmsProp { .. } | Optimizer::Adam { .. } | Optimizer::AdamW { .. } => 2,
            Optimizer::Lbfgs(Lbfgs { history, .. }) => 2 * history as u128,
        };
        let mut sizes = vec![inputs];
        sizes.extend(widths(&layers));
        let width = sizes.iter().fold(0, |sum: u128, &size| sum.saturating_add(size as u128));
        let elements = model.elements().saturating_mul(3 + state);
        // An activation after each.
        let elements = elements.saturating_add(width.saturating_mul(4 * EVALUATION_BATCH as u128));
        let bytes = if self.dtype == "f64" { 8 } else { 4 };
        check_memory(&format!("the memory for layers of sizes {sizes:?}"), elements, bytes)?;
        Ok(model)
    }

    /// The model for examples of `inputs` features with such targets.
    ///
    /// ```
    /// use chainrule_train::{Config, data::Target};
    /// let model = Config::default().model_for(784, Target::Class { classes: 10 })?;
    /// assert_eq!((model.inputs(), model.outputs()), (784, 10));
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Config::loss_for`] and [`Config::model`].
    pub fn model_for(&self, inputs: usize, target: Target) -> Result<Sequential> {
        self.model(inputs, self.outputs(target)?)
    }

    /// The outputs that the model needs for such targets: one a class or value, and one alone for the
    /// binary cross-entropy of two classes.
    ///
    /// # Errors
    /// As [`Config::loss_for`].
    fn outputs(&self, target: Target) -> Result<usize> {
        Ok(match (target, self.loss_for(target)?) {
            (Target::Class { .. }, Loss::BinaryCrossEntropy) => 1,
            (Target::Class { classes }, _) => classes,
            (Target::Values { width }, _) => width,
        })
    }

    /// The layers: those of `layers`, or affine layers of the hidden sizes with the activation and one
    /// for the outputs.
    ///
    /// ```
    /// use chainrule_train::Config;
    /// let kinds = Config::default().layer_specs(10)?.iter().map(|l| l.kind()).collect::<Vec<_>>();
    /// assert_eq!(kinds, ["affine", "relu", "affine"]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// No activation has the name that is set.
    pub fn layer_specs(&self, outputs: usize) -> Result<Vec<LayerSpec>> {
        if !self.layers.is_empty() {
            return Ok(self.layers.clone());
        }
        let mut layers = Vec::new();
        for &units in &self.hidden {
            layers.push(LayerSpec::Affine { units, init: None });
            layers.push(kinds::activation_layer(&self.activation)?);
            if self.dropout > 0.0 {
                layers.push(LayerSpec::Dropout { rate: self.dropout });
            }
        }
        layers.push(LayerSpec::Affine { units: outputs, init: None });
        Ok(layers)
    }
}

/// Whether a dataset's name is that of a table rather than of images.
fn is_table(name: &str) -> bool {
    let stem = name.strip_suffix(":train").or(name.strip_suffix(":test")).unwrap_or(name);
    let has = |extension: &str| Path::new(stem).extension().is_some_and(|found| found == extension);
    let folder_has = |extension| Path::new(stem).join(format!("train.{extension}")).is_file();
    let extensions = ["csv", "tsv", "parquet", "npz"];
    ["iris", "wine"].contains(&stem) || extensions.iter().any(|e| has(e) || folder_has(e))
}

/// The widths of all layers that have one of their own.
fn widths(layers: &[LayerSpec]) -> Vec<usize> {
    let width = |layer: &LayerSpec| match layer {
        LayerSpec::Affine { units, .. } => vec![*units],
        LayerSpec::Residual { layers } => widths(layers),
        _ => Vec::new(),
    };
    layers.iter().flat_map(width).collect()
}
