//! Which settings make sense together.

use super::{Config, Precision};
use crate::data::HELD_OUT;
use chainrule::error::{Error, Result};
use chainrule::optim::{Method, Schedule};
use chainrule::settings::{Wrong, check_each};

impl Config {
    /// Checks every setting's domain, and what one asks of another.
    ///
    /// ```
    /// use chainrule_train::Config;
    /// assert!(Config::default().validate().is_ok());
    /// assert!(Config { epochs: 0, ..Config::default() }.validate().is_err());
    /// ```
    ///
    /// # Errors
    /// The first setting that is out of its domain.
    pub fn validate(&self) -> Result<()> {
        self.check().map_err(|(_, error)| error)
    }

    /// As [`Config::validate`], telling the setting's key.
    pub(super) fn check(&self) -> Result<(), Wrong> {
        check_each(self)?;
        let at = |key| move |error| (key, error);
        let is_single = self.dtype == Precision::F32;
        let wanted = "from 1.2e-38 to 3.4e38 in single precision; or set dtype to \"f64\"";
        let is_normal = !is_single || (self.lr as f32).is_normal();
        Error::check(is_normal, "lr", format_args!("{:e}", self.lr), wanted).map_err(at("lr"))?;
        if self.early_stopping.is_some() {
            let needs = "above 0, as early stopping needs a validation part: leave it out, or set it to 0.2, say";
            let share = self.validation.unwrap_or(HELD_OUT);
            Error::check(share > 0.0, "validation", share, needs).map_err(at("early_stopping"))?;
        }
        if self.folds.is_some() {
            let wanted = "left out with `folds`, which hold a part out each";
            if let Some(share) = self.validation {
                Error::check(false, "validation", share, wanted).map_err(at("validation"))?;
            }
            let wanted = "another one with `folds`, as the model that learns from all has no validation loss to wait for";
            let waits = matches!(self.schedule, Schedule::ReduceOnPlateau { .. });
            Error::check(!waits, "schedule", self.schedule.name(), wanted)
                .map_err(at("schedule"))?;
        }
        if let Method::Lbfgs(_) = self.optimizer {
            let wanted = "1 with the optimizer lbfgs, which takes each batch as a whole problem";
            Error::check(self.accumulate == 1, "accumulate", self.accumulate, wanted)
                .map_err(at("accumulate"))?;
            let (count, wanted) =
                (self.rates.len(), "none with the optimizer lbfgs, which has one");
            Error::check(count == 0, "the rates of single parameters", count, wanted)
                .map_err(at("rates"))?;
            for (key, limit) in [("clip_norm", self.clip_norm), ("clip_value", self.clip_value)] {
                let wanted = "left out with the optimizer lbfgs, which searches along a line";
                Error::check(limit.is_none(), key, limit.unwrap_or(0.0), wanted)
                    .map_err(at(key))?;
            }
        }
        self.optimizer.check().map_err(at("optimizer"))
    }
}
