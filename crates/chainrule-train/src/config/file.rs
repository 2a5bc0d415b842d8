//! Settings as a file in TOML.

use std::path::{Path, PathBuf};

use toml::de::DeTable;

use super::reading::{Fault, Fields, Value};
use super::{Config, kinds};
use chainrule::error::{Error, Result};

impl Config {
    /// Reads settings from TOML.
    ///
    /// ```
    /// use chainrule_train::Config;
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
    /// use chainrule_train::Config;
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
    /// use chainrule_train::Config;
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
    /// use chainrule_train::Config;
    /// let config = Config::default().with("lr", "0.5")?.with("activation", "tanh")?;
    /// assert_eq!((config.lr, config.activation.as_str()), (0.5, "tanh"));
    /// assert!(Config::default().with("lrr", "1").unwrap_err().to_string().contains("`lr`"));
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// No setting has that key, or the value is out of its domain.
    pub fn with(&self, key: &str, value: &str) -> Result<Self> {
        self.with_all(&[(key, value)])
    }

    /// These settings with other values for several keys, which may need one another.
    ///
    /// ```
    /// use chainrule_train::Config;
    /// let changes = [("early_stopping", "{ patience = 3 }"), ("validation", "0.1")];
    /// assert_eq!(Config::default().with_all(&changes)?.validation, 0.1);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Config::with`].
    pub fn with_all(&self, changes: &[(&str, &str)]) -> Result<Self> {
        let bad = |error: &dyn std::fmt::Display| Error::Mismatch(error.to_string());
        let mut table = toml::Table::try_from(self).map_err(|error| bad(&error))?;
        for (key, value) in changes {
            let parsed = format!("value = {value}").parse::<toml::Table>().ok();
            let parsed = parsed.and_then(|mut table| table.remove("value"));
            table.insert((*key).into(), parsed.unwrap_or_else(|| (*value).into()));
        }
        let text = toml::to_string(&table).map_err(|error| bad(&error))?;
        Self::parse(&text).map_err(|fault| {
            let changes: Vec<String> = changes.iter().map(|(k, v)| format!("{k}={v}")).collect();
            Error::Mismatch(format!("{}: {}", changes.join(" "), fault.message()))
        })
    }
}
