//! Settings as a file in TOML.

use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;

use toml::de::DeTable;

use super::Config;
use super::reading::{Fault, Fields};
use crate::data::did_you_mean;
use crate::limits::{self, SETTINGS, is_pipe};
use chainrule::error::{Error, Result};
use chainrule::settings::{self, Described, Wrong};

/// The setting that a word of the command line means: in any case, and by names that other libraries have.
pub(crate) fn setting_meant(word: &str) -> String {
    const ALSO: [(&str, &str); 9] = [
        ("learning_rate", "lr"),
        ("learningrate", "lr"),
        ("learning_rate_init", "lr"),
        ("batchsize", "batch_size"),
        ("batch", "batch_size"),
        ("hidden_layer_sizes", "hidden"),
        ("max_iter", "epochs"),
        ("num_epochs", "epochs"),
        ("random_state", "seed"),
    ];
    let plain = word.trim().to_lowercase().replace('-', "_");
    let known = |name: &str| Config::ENTRY.settings.iter().any(|setting| setting.name == name);
    let also = ALSO.iter().find(|(other, _)| *other == plain).map(|(_, own)| (*own).to_owned());
    match known(&plain) {
        true => plain,
        false => also.unwrap_or_else(|| word.trim().to_owned()),
    }
}

impl Config {
    /// Reads settings from TOML.
    ///
    /// ```
    /// use chainrule_train::Config;
    /// assert_eq!(Config::from_toml("lr = 0.5\nhidden = [30, 20]")?.hidden, [30, 20]);
    /// let error = Config::from_toml("learning_rate = 1\nepoch = 3").unwrap_err().to_string();
    /// assert!(error.starts_with("line 1, column 1: there is no setting named `learning_rate`"));
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// Bad syntax, an unknown key, or a value out of its domain, with its line and, where one is
    /// near, the right word.
    pub fn from_toml(text: &str) -> Result<Self> {
        Self::parse(text).map(|(config, _)| config).map_err(|fault| fault.within(text))
    }

    /// The settings of a text, and the keys of those that it says.
    fn parse(text: &str) -> Result<(Self, Vec<&'static str>), Fault> {
        let table = DeTable::parse(text)?;
        let mut fields = Fields::of(table.get_ref());
        let (mut given, mut said) = (Vec::new(), Vec::new());
        for setting in Self::ENTRY.settings {
            if let Some(value) = fields.get(setting.name) {
                said.push(setting.name);
                given.push((setting.name.to_owned(), value.read(setting.name, &setting.form)?));
            }
        }
        let place = |key: &str| fields.place(key).unwrap_or(0..0);
        let at_its_place = |(key, error): Wrong| Fault::at(place(key), error.to_string());
        let config = Self::over_usual(&given).map_err(at_its_place)?;
        config.check().map_err(at_its_place)?;
        fields.end("setting")?;
        Ok((config, said))
    }

    /// The given settings, on top of those to begin with for their dataset.
    fn over_usual(given: &[(String, settings::Value)]) -> Result<Self, Wrong> {
        let usual = Self::default();
        let dataset = settings::field("settings", "dataset", given, Some(usual.dataset))?;
        let begin = Self::for_dataset(&dataset);
        let usual = Some(begin.optimizer);
        let optimizer = settings::field("settings", "optimizer", given, usual)?;
        let begin = begin.with_optimizer(optimizer, &[]);
        let begin = Self::ENTRY.settings.iter().zip(begin.values());
        let begin = begin.filter_map(|(setting, value)| Some((setting.name.to_owned(), value?)));
        // The first value of a key counts.
        let all: Vec<_> = given.iter().cloned().chain(begin).collect();
        let built = Self::build(Self::ENTRY.name, &all)?;
        Ok(built.unwrap_or_else(|| unreachable!("the entry is the settings' own")))
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
        Self::read_said(path).map(|(config, _)| config)
    }

    /// Reads settings from a TOML file, with the keys of those that it says: they were chosen, even where they
    /// are as usual, and stay with another optimizer; see [`Config::with_optimizer`].
    ///
    /// # Errors
    /// As [`Config::read`].
    pub fn read_said(path: &Path) -> Result<(Self, Vec<&'static str>)> {
        if is_pipe(path) {
            return Self::read_from(path, limits::open_once(path)?);
        }
        let file = File::open(path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => {
                Error::file(path, format!("{error}{}", did_you_mean(&path.to_string_lossy())))
            }
            _ => Error::file(path, error),
        })?;
        Self::read_from(path, file)
    }

    fn read_from(path: &Path, file: File) -> Result<(Self, Vec<&'static str>)> {
        let text = limits::bounded(path, file, SETTINGS, "; is it a file of settings?")?;
        let text = limits::utf8(path, text)?;
        Self::parse(&text).map_err(|fault| Error::within(path, fault.within(&text)))
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

    /// These settings as TOML, but for those that are `idle`, by their keys.
    pub(crate) fn to_toml_but(&self, idle: &[&str]) -> Result<String> {
        let all = Self::ENTRY.settings.iter().zip(self.values());
        let told = all.filter(|(setting, _)| !idle.contains(&setting.name));
        let told = told.filter_map(|(setting, value)| Some((setting.name.to_owned(), value?)));
        toml::to_string(&settings::Value::Table(told.collect()))
            .map_err(|error| Error::Mismatch(error.to_string()))
    }

    /// These settings with another value, written as TOML, for a key. A value that is no TOML, such as
    /// a word without quotes, is taken for a word. Another optimizer brings what is usual beside it, as
    /// [`Config::with_optimizer`] says.
    ///
    /// ```
    /// use chainrule_train::Config;
    /// use chainrule::nn::Tanh;
    /// let config = Config::default().with("lr", "0.5")?.with("activation", "tanh")?;
    /// assert_eq!((config.lr, config.activation), (0.5, Tanh));
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
    /// assert_eq!(Config::default().with_all(&changes)?.validation, Some(0.1));
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Config::with`].
    pub fn with_all(&self, changes: &[(&str, &str)]) -> Result<Self> {
        self.with_all_but(changes, &[], &[])
    }

    /// The same, where another optimizer changes none of the settings that `kept` names, either, nor, as far as
    /// [`Config::said_beside`] it, of those that a file has `said`.
    ///
    /// # Errors
    /// As [`Config::with`].
    pub fn with_all_but(
        &self,
        changes: &[(&str, &str)],
        kept: &[&str],
        said: &[&str],
    ) -> Result<Self> {
        let bad = |error: &dyn std::fmt::Display| Error::Mismatch(error.to_string());
        let mut table = toml::Table::try_from(self).map_err(|error| bad(&error))?;
        for (key, value) in changes {
            let key = setting_meant(key);
            let parsed = format!("value = {value}").parse::<toml::Table>().ok();
            let parsed = parsed.and_then(|mut table| table.remove("value"));
            table.insert(key, parsed.unwrap_or_else(|| (*value).into()));
        }
        let text = toml::to_string(&table).map_err(|error| bad(&error))?;
        let (config, _) = Self::parse(&text).map_err(|fault| {
            let changes: Vec<String> = changes.iter().map(|(k, v)| format!("{k}={v}")).collect();
            Error::Mismatch(format!("{}: {}", changes.join(" "), fault.message()))
        })?;
        let optimizer = config.optimizer;
        let before = Self { optimizer: self.optimizer, ..config };
        let said = Self::said_beside(&optimizer, said);
        let kept = changes.iter().map(|(key, _)| key).chain(kept).chain(&said);
        let kept: Vec<String> = kept.map(|key| setting_meant(key)).collect();
        let kept: Vec<&str> = kept.iter().map(String::as_str).collect();
        Ok(before.with_optimizer(optimizer, &kept))
    }
}
