//! Which settings make sense.

use super::{ClassWeights, Config};
use chainrule::error::{Error, Result};
use chainrule::nn::{Init, activation};
use chainrule::optim::Optimizer;

/// A setting's key with what is wrong about it.
type Wrong = (&'static str, Error);

impl Config {
    /// Checks every setting's domain.
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

    pub(super) fn check(&self) -> Result<(), Wrong> {
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
}
