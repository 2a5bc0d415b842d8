//! k-fold cross-validation: every example is scored once, by a training that has not learnt from it.

use std::sync::Arc;
use std::time::Instant;

use super::baseline::for_linear;
use super::{Advance, Config, EarlyStopping, FinalScores, Folds, flat_training};
use crate::data::{DataSource, Fold, Loaded, is_many, shared};
use chainrule::Pool;
use chainrule::error::Result;

/// Reads the data that a source names.
pub type Load<'l> = dyn Fn(&DataSource) -> Result<Loaded> + 'l;

/// Hears of each fold that is done; `false` ends it all.
pub type HearFold<'l> = dyn FnMut(usize, &FinalScores) -> bool + 'l;

impl Folds {
    /// Trains on all folds but one, for each of them, and scores that one: as many trainings as the setting
    /// `folds` says, each with a preparation of its own, stopped early. All are judged by one epoch, the
    /// median of their best ones, which the model of all examples has too: by its own best epoch each
    /// would be judged by what chose it. `hear` hears the best of each meanwhile. `None` where it ended it.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use chainrule::Pool;
    /// use chainrule_train::{Config, Folds};
    /// # let data = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../data"));
    /// let config = Config { folds: Some(3), epochs: 20, ..Config::for_dataset("iris") };
    /// let load = |source: &chainrule_train::data::DataSource| source.load(&|name| Ok(data.join(name)));
    /// let folds = Folds::train(&config, &load, &Arc::new(Pool::new(1)), &mut |_, _| true)?.unwrap();
    /// assert_eq!(folds.folds.len(), 3);
    /// assert!(folds.mean()["validation_accuracy"] > 0.8);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// The data cannot be read, changes meanwhile, does not fit the settings, or a training diverges.
    pub fn train(
        config: &Config,
        load: &Load<'_>,
        pool: &Arc<Pool>,
        hear: &mut HearFold<'_>,
    ) -> Result<Option<Self>> {
        let of = config.folds.unwrap_or(1);
        let early_stopping = config.early_stopping.or(Some(EarlyStopping::default()));
        let config = Config { early_stopping, validation: None, folds: None, ..config.clone() };
        let (mut folds, mut histories) = (Vec::new(), Vec::new());
        let (mut repeated, mut rows, mut first) = (0, 0, None);
        for number in 0..of {
            let fold = Some(Fold { number, of });
            let loaded = load(&DataSource { fold, ..config.source() })?;
            let first = first.get_or_insert_with(|| loaded.sha256.clone());
            loaded.check_same(&config.dataset, first.as_deref())?;
            if let Some(held_out) = loaded.validation.as_ref().filter(|_| !loaded.is_streamed) {
                repeated += shared(&**held_out, &*loaded.train)?.unwrap_or(0);
                rows += held_out.len();
            }
            let mut training = flat_training(&config, loaded, pool)?;
            let start = Instant::now();
            while !matches!(training.advance()?, Advance::Nothing(_)) {}
            let baselines = training.baselines(for_linear(start.elapsed()))?;
            let (epochs, best, sizes) = (training.epochs(), training.best(), training.sizes());
            let scores = FinalScores::of(epochs, best, &sizes, baselines);
            let goes_on = hear(number, &scores);
            histories.push((epochs.to_vec(), sizes));
            folds.push(scores);
            if !goes_on {
                return Ok(None);
            }
        }
        let mut best: Vec<u32> = folds.iter().filter_map(|fold| fold.best).collect();
        best.sort_unstable();
        let epochs = best.get(best.len() / 2).copied().unwrap_or(config.epochs);
        let judged = folds.into_iter().zip(histories).map(|(scores, (history, sizes))| {
            // One that stopped before has not become worse by as much as another chance was worth.
            let last = history.last().map_or(0, |epoch| epoch.epoch);
            let judged =
                FinalScores::of(&history, Some(epochs.min(last)), &sizes, scores.baselines);
            FinalScores { best: scores.best, ..judged }
        });
        let repeated = Some(repeated).filter(|&count| is_many(count, rows));
        Ok(Some(Self { folds: judged.collect(), epochs, repeated }))
    }
}
