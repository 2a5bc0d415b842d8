//! Trainings that settings describe, on rows of features.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::baseline::Simple;
use super::final_scores::is_far;
use super::steered::{Origin, Steered, scored};
use super::{
    Baselines, Config, Evaluation, FinalScores, Learner, Precision, RunFolder, Score, Trainer,
    Training, Which, evaluate, products,
};
use crate::data::{DataPart, Examples, Loaded};
use chainrule::Pool;
use chainrule::error::Result;
use chainrule::tensor::Real;

/// A training that settings describe: a [`Sequential`](chainrule::nn::Network) model, and data of
/// one row and one target an example.
pub type FlatTraining<T> = Steered<T, Loaded>;

/// A fresh training with these settings on this data, in the precision that the settings name.
///
/// ```
/// use std::sync::Arc;
/// use chainrule::Pool;
/// use chainrule_train::{Config, Place, flat_training};
/// # let data = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../data"));
/// let config = Config::for_dataset("iris");
/// let loaded = config.source().load(&|name| Ok(data.join(name)))?;
/// let mut training = flat_training(&config, loaded, &Arc::new(Pool::new(1)))?;
/// training.advance()?;
/// assert_eq!(training.place(), Place { epoch: 0, step: 1 });
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// # Errors
/// Settings that do not fit the data.
pub fn flat_training(
    config: &Config,
    loaded: Loaded,
    pool: &Arc<Pool>,
) -> Result<Box<dyn Training>> {
    Ok(match config.dtype {
        Precision::F64 => Box::new(FlatTraining::<f64>::new(config, loaded, pool)?),
        Precision::F32 => Box::new(FlatTraining::<f32>::new(config, loaded, pool)?),
    })
}

impl<T: Real> FlatTraining<T> {
    /// A fresh training on the threads of `pool`.
    ///
    /// # Errors
    /// Settings that do not fit the data.
    pub fn new(config: &Config, loaded: Loaded, pool: &Arc<Pool>) -> Result<Self> {
        let config = config.settled(&loaded);
        let train = &*loaded.train;
        let model = config.model_for(train.width(), train.target())?;
        let trainer = Trainer::new(&model, &config, loaded.parts())?.with_pool(pool);
        Ok(Self::of(trainer, loaded))
    }
}

/// The losses before training of those parts whose loss has come to be far from the usual one.
fn untrained<'d, T: Real>(
    trainer: &Trainer<T>,
    usual: &BTreeMap<String, f64>,
    parts: impl Iterator<Item = (DataPart, &'d dyn Examples)>,
) -> Result<BTreeMap<String, f64>> {
    let Learner { model, config, pool, progress, epochs, .. } = &**trainer;
    let best = progress.best.map(|(epoch, _)| epoch);
    let (Some(counts), Some(last)) = (FinalScores::counted(epochs, best), epochs.last()) else {
        return Ok(BTreeMap::new());
    };
    let mut before = BTreeMap::new();
    for (part, data) in parts {
        let name = Score::Loss.on(part);
        let of_steps = (part == DataPart::Train).then_some(last.train_loss);
        let loss = counts.scores.get(&name).copied().or(of_steps);
        if loss.zip(usual.get(&name)).is_some_and(|(loss, &usual)| is_far(loss, usual)) {
            let (loss, fresh) = (config.loss_for(data.target())?, model.initial::<T>(config.seed)?);
            before.insert(name, evaluate(model, loss, &fresh, data, pool, config.top_k)?.loss);
        }
    }
    Ok(before)
}

impl<T: Real> Origin<T> for Loaded {
    fn data_sha256(&self) -> Option<&str> {
        self.sha256.as_deref()
    }

    fn class_names(&self) -> &[String] {
        self.preparation.class_names()
    }

    fn subject(&self, settings: &Config) -> String {
        format!("its configuration and the dataset `{}`", settings.dataset)
    }

    fn check(&self, _: &Trainer<T>, folder: &RunFolder) -> Result<()> {
        folder.check_settings()
    }

    fn check_data(&self, folder: &RunFolder) -> Result<()> {
        folder.check_preparation(&self.preparation)
    }

    fn describe(&self, _: &Trainer<T>, folder: &RunFolder) -> Result<()> {
        folder.save_preparation(&self.preparation)
    }

    fn baselines(&self, trainer: &Trainer<T>, time: Duration) -> Result<Baselines> {
        let (config, pool) = (&trainer.config, &trainer.pool);
        let held_out: Vec<(DataPart, &dyn Examples)> = DataPart::JUDGING
            .into_iter()
            .filter_map(|part| Some((part, &**self.part(part)?)))
            .collect();
        let mut baselines = Baselines { weighted: trainer.is_weighted()?, ..Baselines::default() };
        if let Some((constant, always)) = Simple::constant(config, &self.preparation, &*self.train)?
        {
            baselines.always = always;
            baselines.baseline = constant.scores(&held_out, pool)?;
            let of_train = held_out.is_empty() && !self.is_streamed;
            if of_train {
                let loss = constant.score(&*self.train, pool)?.loss;
                baselines.baseline.insert(Score::Loss.on(DataPart::Train), loss);
            }
            let judged =
                held_out.iter().copied().chain(of_train.then_some((DataPart::Train, &*self.train)));
            baselines.untrained = untrained(trainer, &baselines.baseline, judged)?;
        }
        if !self.preparation.is_of_table() {
            return Ok(baselines);
        }
        let why = if held_out.is_empty() {
            "no linear model without a held-out part"
        } else if self.is_streamed {
            "no linear model, as the rows stay on disk"
        } else if let Some(linear) = Simple::linear(config, &self.train, pool, time)? {
            baselines.linear = linear.scores(&held_out, pool)?;
            return Ok(baselines);
        } else {
            "no linear model, as it takes more than a tenth of the training's time"
        };
        baselines.linear_left_out = Some(why.into());
        Ok(baselines)
    }

    fn usual(&self, trainer: &Trainer<T>) -> Result<Option<Evaluation>> {
        let constant = Simple::constant(&trainer.config, &self.preparation, &*self.train)?;
        constant.map(|(constant, _)| constant.score(&*self.train, &trainer.pool)).transpose()
    }

    fn report(
        &self,
        trainer: &Trainer<T>,
        folder: &RunFolder,
        final_scores: &FinalScores,
    ) -> Result<()> {
        // Of the epoch whose scores are told.
        let scores = match self.judge().filter(|_| !trainer.epochs.is_empty()) {
            Some((part, _)) => scored(trainer, &folder.chosen(Which::Best)?.parameters, part)?,
            None => None,
        };
        products::write(folder, trainer, self, scores.as_ref(), final_scores)
    }
}
