//! What to train and how: the settings of a run, as its folder keeps them.

mod kinds;
mod rates;
mod reading;
mod template;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;
use toml::de::DeTable;

use super::EVALUATION_BATCH;
use crate::data::{Source, Target, Task};
use crate::error::{Error, Result};
use crate::nn::{Init, LayerSpec, Loss, Sequential, activation, check_memory};
use crate::optim::{Clip, Lbfgs, Optimizer, Schedule};
use reading::{Fault, Fields, Value};

/// The settings of a training run.
///
/// A dataset's kind chooses the [defaults](Config::for_dataset): those of the lesson's network for
/// images, others for tables.
///
/// ```
/// use chainrule::train::Config;
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

/// A setting's key with what is wrong about it.
type Wrong = (&'static str, Error);

impl Config {
    /// The settings to begin with for a dataset: for images the lesson's network (784-50-10, trained
    /// by gradient descent in batches of 100); for tables, which are small and whose columns differ,
    /// He's initial weights and Adam in batches of 32.
    ///
    /// ```
    /// use chainrule::train::Config;
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

    /// Reads settings from TOML.
    ///
    /// ```
    /// use chainrule::train::Config;
    /// assert_eq!(Config::from_toml("lr = 0.5\nhidden = [30, 20]")?.hidden, [30, 20]);
    /// let error = Config::from_toml("learning_rate = 1\nepoch = 3").unwrap_err().to_string();
    /// assert!(error.starts_with("line 1, column 1: there is no setting `learning_rate`"));
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// Bad syntax, an unknown key, or a value out of its domain, with its line and, where one is
    /// near, the right word.
    pub fn from_toml(text: &str) -> Result<Self> {
        Self::parse(text).map_err(|fault| Error::Mismatch(fault.show(text)))
    }

    fn parse(text: &str) -> Result<Self, Fault> {
        let table = DeTable::parse(text)?;
        let mut fields = Fields::of(table.get_ref());
        let mut dataset = Self::default().dataset;
        fields.read("dataset", &mut dataset, |value| value.text().map(str::to_owned))?;
        let mut config = Self::for_dataset(&dataset);
        config.read_data(&mut fields)?;
        config.read_model(&mut fields)?;
        config.read_training(&mut fields)?;
        let place = |key: &str| fields.place(key).unwrap_or(0..0);
        config.check().map_err(|(key, error)| Fault::at(place(key), error.to_string()))?;
        fields.end("setting")?;
        Ok(config)
    }

    fn read_data(&mut self, fields: &mut Fields<'_>) -> Result<(), Fault> {
        let owned = |value: &Value<'_>| value.text().map(str::to_owned);
        fields.read_some("target", &mut self.target, owned)?;
        fields.read_some("task", &mut self.task, |value| {
            value.word("task", &["classify", "regress"]).map(str::to_owned)
        })?;
        fields.read_some("weight", &mut self.weight, owned)?;
        fields.read("validation", &mut self.validation, Value::real)?;
        fields.read_some("test", &mut self.test, |value| value.text().map(PathBuf::from))?;
        fields.read("raw", &mut self.raw, Value::flag)?;
        fields.read("stream", &mut self.stream, Value::flag)?;
        fields.read_some("image_size", &mut self.image_size, |value| {
            let sides = value.list(Value::count)?;
            <[usize; 2]>::try_from(sides).map_err(|_| value.fault("give [width, height] in pixels"))
        })
    }

    fn read_model(&mut self, fields: &mut Fields<'_>) -> Result<(), Fault> {
        let word =
            |what, known| move |value: &Value<'_>| value.word(what, known).map(str::to_owned);
        fields.read("hidden", &mut self.hidden, |value| value.list(Value::count))?;
        fields.read("activation", &mut self.activation, word("activation", kinds::ACTIVATIONS))?;
        fields.read("dropout", &mut self.dropout, Value::real)?;
        fields.read("init", &mut self.init, |value| value.text().map(str::to_owned))?;
        fields.read("layers", &mut self.layers, |value| value.list(kinds::layer))?;
        fields.read_some("loss", &mut self.loss, kinds::loss)?;
        fields.read("class_weights", &mut self.class_weights, kinds::class_weights)?;
        fields.read("dtype", &mut self.dtype, word("dtype", &["f32", "f64"]))
    }

    fn read_training(&mut self, fields: &mut Fields<'_>) -> Result<(), Fault> {
        fields.read("batch_size", &mut self.batch_size, Value::count)?;
        fields.read("epochs", &mut self.epochs, Value::count)?;
        fields.read("lr", &mut self.lr, Value::real)?;
        fields.read("warmup", &mut self.warmup, Value::count)?;
        fields.read("accumulate", &mut self.accumulate, Value::count)?;
        fields.read_some("clip_norm", &mut self.clip_norm, Value::real)?;
        fields.read_some("clip_value", &mut self.clip_value, Value::real)?;
        fields.read("freeze", &mut self.freeze, |value| {
            value.list(|name| name.text().map(str::to_owned))
        })?;
        fields.read("seed", &mut self.seed, Value::count)?;
        fields.read("checkpoint_every", &mut self.checkpoint_every, Value::count)?;
        fields.read("top_k", &mut self.top_k, Value::count)?;
        fields.read("gradient_flow", &mut self.gradient_flow, Value::flag)?;
        fields.read("optimizer", &mut self.optimizer, kinds::optimizer)?;
        fields.read("schedule", &mut self.schedule, kinds::schedule)?;
        fields.read_some("early_stopping", &mut self.early_stopping, kinds::early_stopping)?;
        fields.read("rates", &mut self.rates, |value| {
            let fields = value.fields()?;
            fields.entries().map(|(name, rate)| Ok((name.to_owned(), rate.real()?))).collect()
        })
    }

    /// Reads settings from a TOML file.
    ///
    /// ```
    /// use chainrule::train::Config;
    /// # let folder = tempfile::tempdir().unwrap();
    /// let path = folder.path().join("config.toml");
    /// std::fs::write(&path, "batch_size = 0").unwrap();
    /// let error = Config::read(&path).unwrap_err().to_string();
    /// assert!(error.contains("config.toml") && error.contains("at least 1"));
    /// ```
    ///
    /// # Errors
    /// As [`Config::from_toml`], naming the file.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|error| Error::file(path, error))?;
        Self::from_toml(&text).map_err(|error| Error::file(path, error))
    }

    /// These settings as TOML.
    ///
    /// ```
    /// use chainrule::train::Config;
    /// let config = Config { lr: 0.5, ..Config::default() };
    /// assert_eq!(Config::from_toml(&config.to_toml()?)?, config);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// A number that TOML cannot hold: a count beyond 2⁶³ − 1.
    pub fn to_toml(&self) -> Result<String> {
        toml::to_string(self).map_err(|error| Error::Mismatch(error.to_string()))
    }

    /// These settings with another value, written as TOML, for a key. A value that is no TOML, such as
    /// a word without quotes, is taken for a word.
    ///
    /// ```
    /// use chainrule::train::Config;
    /// let config = Config::default().with("lr", "0.5")?.with("activation", "tanh")?;
    /// assert_eq!((config.lr, config.activation.as_str()), (0.5, "tanh"));
    /// assert!(Config::default().with("lrr", "1").unwrap_err().to_string().contains("`lr`"));
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// No setting has that key, or the value is out of its domain.
    pub fn with(&self, key: &str, value: &str) -> Result<Self> {
        let bad = |error: &dyn std::fmt::Display| Error::Mismatch(error.to_string());
        let parsed = format!("value = {value}").parse::<toml::Table>().ok();
        let parsed = parsed.and_then(|mut table| table.remove("value"));
        let mut table = toml::Table::try_from(self).map_err(|error| bad(&error))?;
        table.insert(key.into(), parsed.unwrap_or_else(|| value.into()));
        let text = toml::to_string(&table).map_err(|error| bad(&error))?;
        Self::parse(&text)
            .map_err(|fault| Error::Mismatch(format!("{key}={value}: {}", fault.message())))
    }

    /// Checks every setting's domain.
    ///
    /// ```
    /// use chainrule::train::Config;
    /// assert!(Config::default().validate().is_ok());
    /// assert!(Config { epochs: 0, ..Config::default() }.validate().is_err());
    /// ```
    ///
    /// # Errors
    /// The first setting that is out of its domain.
    pub fn validate(&self) -> Result<()> {
        self.check().map_err(|(_, error)| error)
    }

    fn check(&self) -> Result<(), Wrong> {
        let at = |key| move |error| (key, error);
        let positive = |key, name: &str, value: f64| {
            let ok = value > 0.0 && value.is_finite();
            Error::check(ok, name, value, "positive and finite").map_err(at(key))
        };
        let some = |key, name, value: u64| {
            Error::check(value > 0, name, value, "at least 1").map_err(at(key))
        };
        let share = |key, name: &str, value: f64| {
            let ok = (0.0..1.0).contains(&value);
            Error::check(ok, name, value, "at least 0 and below 1").map_err(at(key))
        };
        positive("lr", "the learning rate", self.lr)?;
        some("batch_size", "the batch size", self.batch_size as u64)?;
        some("epochs", "the number of epochs", u64::from(self.epochs))?;
        some("accumulate", "the number of batches of an update", self.accumulate as u64)?;
        share("validation", "the validation part", self.validation)?;
        share("dropout", "the rate of dropout", self.dropout)?;
        for &size in &self.hidden {
            some("hidden", "a hidden layer's size", size as u64)?;
        }
        for &side in self.image_size.iter().flatten() {
            some("image_size", "an image's side", side as u64)?;
        }
        for (key, name, limit) in [
            ("clip_norm", "the largest norm of the gradients", self.clip_norm),
            ("clip_value", "the largest gradient", self.clip_value),
        ] {
            limit.map_or(Ok(()), |limit| positive(key, name, limit))?;
        }
        for (name, &rate) in &self.rates {
            let ok = rate >= 0.0 && rate.is_finite();
            let what = format!("the rate of `{name}`");
            Error::check(ok, &what, rate, "at least 0 and finite").map_err(at("rates"))?;
        }
        if let Some(stopping) = self.early_stopping {
            some("early_stopping", "the patience of early stopping", stopping.patience.into())?;
            let needs = "above 0, as early stopping needs a validation part: set it to 0.1, say";
            Error::check(self.validation > 0.0, "the validation part", self.validation, needs)
                .map_err(at("early_stopping"))?;
        }
        if let ClassWeights::Given(weights) = &self.class_weights {
            let ok = weights.iter().all(|&weight| weight > 0.0 && weight.is_finite());
            let text = format!("{weights:?}");
            Error::check(ok, "the weights of the classes", text, "positive and finite")
                .map_err(at("class_weights"))?;
        }
        if let Optimizer::Lbfgs(_) = self.optimizer {
            let wanted = "1 with the optimizer lbfgs, which takes each batch as a whole problem";
            Error::check(self.accumulate == 1, "accumulate", self.accumulate, wanted)
                .map_err(at("accumulate"))?;
            for (key, limit) in [("clip_norm", self.clip_norm), ("clip_value", self.clip_value)] {
                let wanted = "left out with the optimizer lbfgs, which searches along a line";
                Error::check(limit.is_none(), key, limit.unwrap_or(0.0), wanted)
                    .map_err(at(key))?;
            }
        }
        activation(&self.activation).map_err(at("activation"))?;
        self.init.parse::<Init>().map_err(at("init"))?;
        self.optimizer.check().map_err(at("optimizer"))?;
        self.schedule.check().map_err(at("schedule"))?;
        self.loss.map_or(Ok(()), |loss| loss.check()).map_err(at("loss"))?;
        let ok = ["f32", "f64"].contains(&self.dtype.as_str());
        let dtype = format!("`{}`", self.dtype);
        Error::check(ok, "the dtype", dtype, "`f32` or `f64`").map_err(at("dtype"))
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
    /// let model = chainrule::train::Config::default().model(784, 10)?;
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

    /// The outputs that the model needs for such targets: one a class or value, and one alone for the
    /// binary cross-entropy of two classes.
    ///
    /// # Errors
    /// As [`Config::loss_for`].
    pub fn outputs(&self, target: Target) -> Result<usize> {
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
    /// use chainrule::train::Config;
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
