//! With what a run was trained: settings and data, which are not to change unnoticed.

use super::{CONFIG, DATA, RUN, RunFolder};
use crate::Config;
use crate::data::Preparation;
use crate::identity::{Differences, Identity, changed, split};
use chainrule::error::{Error, Result};

impl RunFolder {
    /// Checks that the settings here are those that the run was trained with, but for those that change no
    /// step, such as the epochs, and for the places of the data. Runs of earlier programs do not tell.
    ///
    /// # Errors
    /// They were changed by hand, or a file is bad.
    pub fn check_config(&self) -> Result<()> {
        let changed = changed(&self.trained_config()?, &self.config()?);
        if changed.is_empty() {
            return Ok(());
        }
        let (was, is): (Vec<_>, Vec<_>) = changed.into_iter().map(|(_, was, is)| (was, is)).unzip();
        let [was, is] = [was, is].map(|lines| format!("`{}`", lines.join("`, `")));
        Err(Error::file(
            self.path.join(CONFIG),
            format!(
                "has {is}, but the run was trained with {was}: put it back, or go on with it by `chainrule train --resume {} --change`",
                self.path.display()
            ),
        ))
    }

    /// The settings that the run was trained with; those of its file where it does not tell.
    fn trained_config(&self) -> Result<Config> {
        let trained = self.identity.as_ref().map_or(Ok(None), Identity::config);
        let trained = trained.map_err(|error| Error::within(self.path.join(RUN), error))?;
        trained.map_or_else(|| self.config(), Ok)
    }

    /// Checks that the data of such a digest is what the run was trained on.
    pub(in super::super) fn check_digest(&self, data: Option<&str>) -> Result<()> {
        match self.other_digest(data).filter(|_| !self.takes_other_data) {
            None => Ok(()),
            Some((there, here)) => {
                let why = match here {
                    Some(here) => format!("and not {here}: it has changed since"),
                    None => "and of what is there now none can be told".into(),
                };
                Err(Error::file(
                    &self.path,
                    format!(
                        "was trained on data of the digest {there}, {why}; --data-changed goes on with it"
                    ),
                ))
            }
        }
    }

    /// The digests of the data of the training and of other data, which may have none.
    pub(in super::super) fn other_digest<'d>(
        &'d self,
        data: Option<&'d str>,
    ) -> Option<(&'d str, Option<&'d str>)> {
        let there = self.identity.as_ref()?.data.as_deref()?;
        (data != Some(there)).then_some((there, data))
    }

    /// Checks that data from which the run is to go on is prepared as its own was: that it has the same
    /// columns, classes, counts and means.
    ///
    /// # Errors
    /// The data has changed since the run began, or the file is missing or bad.
    pub fn check_preparation(&self, preparation: &Preparation) -> Result<()> {
        let path = self.path.join(DATA);
        let bad = |error: serde_json::Error| Error::file(&path, error);
        let text = serde_json::to_string(preparation).map_err(bad)?;
        // Read back as the file is, so that both are rounded alike.
        let now: Preparation = serde_json::from_str(&text).map_err(bad)?;
        let Some(before) = self.preparation()? else {
            let message =
                "is missing, which tells how the model's inputs are prepared: put it back";
            return Err(Error::file(path, message));
        };
        let names = |of: &Preparation| {
            let (inputs, targets) = (of.feature_names(), of.target_names().to_vec());
            (inputs, targets, of.class_names().to_vec())
        };
        let message = match self.takes_other_rows {
            false if before.prepares_as(&now) => return Ok(()),
            true if names(&before) == names(&now) => return Ok(()),
            false => {
                "tells of other data than is there now: it has changed since the run began, and the model would not understand it; train a new run"
            }
            true => {
                "tells of other columns or classes than the data has now, which the model would not understand; train a new run"
            }
        };
        Err(Error::file(path, message))
    }

    /// Whether such settings have the training part be of other rows than those of the training do.
    pub(in super::super) fn is_split_anew(&self, config: &Config) -> Result<bool> {
        Ok(split(&self.trained_config()?) != split(config))
    }

    /// What is changed where the training goes on with other settings or data.
    pub(in super::super) fn changes(
        &self,
        config: &Config,
        data: Option<&str>,
    ) -> Result<Differences> {
        let was = self.trained_config()?;
        Ok(Differences::of(&was, config, self.other_digest(data).is_some()))
    }

    /// Keeps the settings with which a training goes on, as the file of settings tells them from now on.
    pub(in super::super) fn save_config(&self, text: &str) -> Result<()> {
        self.write(CONFIG, text.as_bytes())
    }
}
