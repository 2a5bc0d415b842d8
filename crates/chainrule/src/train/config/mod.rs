//! What to train and how: the settings of a run, as its folder keeps them.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::EVALUATION_BATCH;
use crate::error::{Error, Result};
use crate::nn::{Init, Sequential, activation, check_memory};

/// The settings of a training run. The defaults are the lesson's network.
///
/// ```
/// use chainrule::train::Config;
/// let config: Config = Config::from_toml("dataset = \"mnist\"\nepochs = 3")?;
/// assert_eq!((config.hidden.as_slice(), config.epochs), ([50].as_slice(), 3));
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The dataset's name or folder.
    pub dataset: String,
    /// The sizes of the hidden layers.
    pub hidden: Vec<usize>,
    /// The activation after each hidden layer.
    pub activation: String,
    /// How weights begin.
    pub init: String,
    /// The loss.
    pub loss: String,
    /// The optimizer.
    pub optimizer: String,
    /// The learning rate.
    pub lr: f64,
    /// Examples per step; an epoch's last batch may be smaller.
    pub batch_size: usize,
    /// Passes over the training part.
    pub epochs: u32,
    /// The seed of initial values and shuffles.
    pub seed: u64,
    /// The precision: `f32` or `f64`.
    pub dtype: String,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            dataset: "mnist".into(),
            hidden: vec![50],
            activation: "relu".into(),
            init: "normal:0.01".into(),
            loss: "cross-entropy".into(),
            optimizer: "sgd".into(),
            lr: 0.1,
            batch_size: 100,
            epochs: 17,
            seed: 0,
            dtype: "f32".into(),
        }
    }
}

impl Config {
    /// Reads settings from TOML.
    ///
    /// ```
    /// use chainrule::train::Config;
    /// assert_eq!(Config::from_toml("lr = 0.5\nhidden = [30, 20]")?.hidden, [30, 20]);
    /// assert!(Config::from_toml("lr = -1").is_err());
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// Bad syntax, an unknown key, or a value out of its domain.
    pub fn from_toml(text: &str) -> Result<Self> {
        let config: Self = toml::from_str(text).map_err(|e| Error::Mismatch(e.to_string()))?;
        config.validate()?;
        Ok(config)
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
        let lr_ok = self.lr > 0.0 && self.lr.is_finite();
        Error::check(lr_ok, "the learning rate", self.lr, "positive and finite")?;
        Error::check(self.batch_size > 0, "the batch size", self.batch_size, "at least 1")?;
        Error::check(self.epochs > 0, "the number of epochs", self.epochs, "at least 1")?;
        for &size in &self.hidden {
            Error::check(size > 0, "a hidden layer's size", size, "at least 1")?;
        }
        activation(&self.activation)?;
        self.init.parse::<Init>()?;
        let one_of = |name: &str, value: &str, known: &[&str], wanted| {
            Error::check(known.contains(&value), name, format!("`{value}`"), wanted)
        };
        one_of("the loss", &self.loss, &["cross-entropy"], "`cross-entropy`")?;
        one_of("the optimizer", &self.optimizer, &["sgd"], "`sgd`")?;
        one_of("the dtype", &self.dtype, &["f32", "f64"], "`f32` or `f64`")
    }

    /// The model for examples of `inputs` features and `outputs` classes.
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
        let sizes = [&[inputs], self.hidden.as_slice(), &[outputs]].concat();
        let model = Sequential::fully_connected(&sizes, &self.activation, self.init.parse()?)?;
        // Parameters, their gradients and the copy at an epoch's start; and each layer's values and
        // gradients for the examples that are evaluated at once.
        let width: u128 = sizes.iter().fold(0, |sum, &size| sum.saturating_add(size as u128));
        let elements = model.elements().saturating_mul(3);
        let elements = elements.saturating_add(width.saturating_mul(2 * EVALUATION_BATCH as u128));
        let bytes = if self.dtype == "f64" { 8 } else { 4 };
        check_memory(&format!("the memory for layers of sizes {sizes:?}"), elements, bytes)?;
        Ok(model)
    }
}
