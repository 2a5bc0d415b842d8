//! A trained run: its folder, and what its model says.

mod place;
mod oracle;
mod example;

pub use example::RunExample;
pub use oracle::Oracle;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde::Serialize;

use super::baseline::Simple;
use super::{
    Baselines, Chosen, Config, Evaluation, FinalScores, Precision, RunFolder, StepExplanation,
    Trainer, Which, evaluate,
};
use crate::data::{
    DataPart, Examples, Keep, Loaded, NewData, Preparation, Unseen, is_many, is_shipped, is_table,
    located, shared,
};
use crate::readme::counted;
use crate::score::of_part;
use chainrule::Pool;
use chainrule::error::{Error, Result};
use chainrule::nn::{Network, Target};
use chainrule::tensor::Real;
use chainrule_explain::Language;

/// A trained run that is asked about its model.
///
/// ```
/// use std::sync::Arc;
/// use chainrule::Pool;
/// use chainrule_train::{
///     Asked, Config, DataPart, Run, Session, Start, Until, Which, flat_training,
/// };
/// # let temporary = tempfile::tempdir().unwrap();
/// # let path = temporary.path().join("run");
/// let (config, pool) = (Config::for_dataset("iris"), Arc::new(Pool::new(1)));
/// let training = flat_training(&config, config.load()?, &pool)?;
/// let start = Start::New { path: path.clone(), force: false };
/// let mut session = Session::start(training, &start)?;
/// session.run(Until::End)?;
/// session.finish()?;
///
/// let run = Run::open(&path)?;
/// let score = run.evaluate(&Asked::HeldOut, Which::Best, &pool)?;
/// assert_eq!((score.part, score.epoch), (Some(DataPart::Test), 200));
/// assert!(score.evaluation.loss < 0.3);
/// let flower = run.oracle(Which::Best, &pool)?.answer(&[0.1, -0.3, 0.2, 0.4])?;
/// assert_eq!(flower.len(), 1);
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Run {
    /// Its folder.
    pub folder: RunFolder,
    /// Its settings.
    pub config: Config,
    /// How its data was prepared.
    pub preparation: Option<Preparation>,
    /// Where its data is now, if that is said.
    pub place: Option<String>,
    /// Whether data that has changed since the run began is taken for its own.
    pub data_changed: bool,
}

impl Run {
    /// The run in a folder.
    ///
    /// # Errors
    /// It is no run's folder, code describes its model, it was trained with other settings than it tells
    /// now, or a file is bad.
    pub fn open(dir: &Path) -> Result<Self> {
        let run = Self::open_changed(dir)?;
        run.folder.check_config()?;
        Ok(run)
    }

    /// The run in a folder, whose settings may have changed since: to go on with those.
    ///
    /// # Errors
    /// As [`Run::open`].
    pub fn open_changed(dir: &Path) -> Result<Self> {
        let folder = RunFolder::open(dir)?;
        folder.check_settings()?;
        let (config, preparation) = (folder.config()?, folder.preparation()?);
        Ok(Self { folder, config, preparation, place: None, data_changed: false })
    }

    /// The examples that its model is asked about, with the part that they are of the run's own data: those
    /// of `name`, which may be a part such as `mnist:train`, or the run's own test part, else its validation
    /// part, else what it was trained on. Other data is prepared as the run's own was.
    ///
    /// # Errors
    /// The data cannot be read, or does not fit the run.
    pub fn examples(&self, name: Option<&str>) -> Result<(Option<DataPart>, Arc<dyn Examples>)> {
        match name {
            Some(name) => Ok((None, self.given(name)?.examples.into())),
            None => {
                let (part, data) = held_out(&self.data()?);
                Ok((Some(part), data))
            }
        }
    }

    /// The examples that its model is scored on, and what is new to it there.
    fn scored(&self, asked: &Asked) -> Result<Scored> {
        let mut loaded = match asked {
            Asked::Data(name) => {
                if let Some(own) = self.own_training_part(name) {
                    let (unseen, notes) = Default::default();
                    return Ok(Scored { part: Some(DataPart::Train), data: own, unseen, notes });
                }
                let NewData { examples, unseen, mut notes, .. } = self.given(name)?;
                notes.extend(self.learnt(name, &*examples)?);
                return Ok(Scored { part: None, data: examples.into(), unseen, notes });
            }
            Asked::HeldOut | Asked::Part(_) => self.data()?,
        };
        let run = self.folder.path().display();
        let unseen = std::mem::take(&mut loaded.unseen);
        let (part, data) = match asked {
            Asked::Part(part) => (*part, loaded.part(*part).cloned()),
            Asked::HeldOut | Asked::Data(_) => match held_out(&loaded) {
                (DataPart::Train, _) => {
                    let folds = self.folder.final_scores()?.filter(|all| !all.folds.is_empty());
                    let folds = folds.and_then(|all| all.lines().into_iter().next());
                    let folds = folds.map(|line| format!(" (its folds gave {line})"));
                    return Err(Error::Mismatch(format!(
                        "of the data of {run} nothing was held out{}: `--part train` scores it on what it was trained on, or name other data",
                        folds.unwrap_or_default()
                    )));
                }
                (part, data) => (part, Some(data)),
            },
        };
        let data = data.ok_or_else(|| {
            Error::Mismatch(format!("the data of {run} has no {} part", part.in_words()))
        })?;
        let unseen = if part == DataPart::Test { unseen } else { Unseen::default() };
        let learnt = self.folder.identity().is_some_and(|run| run.learnt().contains(&part));
        let notes = learnt.then(|| part.told_learnt()).into_iter().collect();
        Ok(Scored { part: Some(part), data, unseen, notes })
    }

    /// The run's training part, where it is asked for by the name of a table that was split for the run.
    fn own_training_part(&self, name: &str) -> Option<Arc<dyn Examples>> {
        let stem = name.strip_suffix(":train").filter(|_| !Path::new(name).exists())?;
        if !Path::new(stem).is_file() {
            return None;
        }
        let own = Self { place: Some(stem.to_owned()), ..self.clone() }.data().ok()?;
        (own.test.is_none() || self.config.test.is_some()).then_some(own.train)
    }

    /// That the model has learnt from some of these rows; nothing where its training data is not at hand, or
    /// is larger than what is read in passing.
    fn learnt(&self, name: &str, data: &dyn Examples) -> Result<Option<String>> {
        const IN_PASSING: u64 = 32 << 20;
        let is_small = |place: &str| {
            let table = std::fs::metadata(place).is_ok_and(|file| file.len() <= IN_PASSING);
            is_table(place) && (table || is_shipped(place))
        };
        let named = Some(name.strip_suffix(":train").unwrap_or(name).to_owned());
        let own = [self.place.clone(), named].into_iter().find_map(|place| {
            let at = place.as_deref().unwrap_or(&self.config.dataset);
            is_small(at).then(|| Self { place, ..self.clone() }.data().ok())?
        });
        let Some(own) = own.filter(|own| !own.is_streamed) else { return Ok(None) };
        let shared = shared(data, &*own.train)?.filter(|&count| is_many(count, data.len()));
        Ok(shared.map(|count| {
            format!(
                "{count} of these {} are in the training part, which the model has learnt from",
                counted(data.len(), "row")
            )
        }))
    }

    /// Other data, prepared as the run's own was.
    fn given(&self, name: &str) -> Result<NewData> {
        self.prepared()?.read(&located(name)?, true, &Keep::None)
    }

    fn prepared(&self) -> Result<&Preparation> {
        self.preparation.as_ref().ok_or_else(|| {
            let message = "has no data.json, which tells how inputs are prepared";
            Error::Mismatch(format!("{} {message}", self.folder.path().display()))
        })
    }

    /// The model for examples of such width and target, of the dataset `data`, and its parameters.
    ///
    /// # Errors
    /// The parameters are missing or bad, or do not fit the settings and the data.
    pub fn model<T: Real>(
        &self,
        (width, target): (usize, Target),
        data: Option<&str>,
        which: Which,
    ) -> Result<(Network, Chosen<T>)> {
        let data = data.or(self.place.as_deref()).unwrap_or(&self.config.dataset);
        let model = self.config.model_for(width, target)?;
        let chosen = self.folder.chosen(which)?;
        model.check(&chosen.parameters).map_err(|error| {
            Error::Mismatch(format!(
                "the parameters in {} do not fit its configuration and the dataset `{data}`: {error}",
                self.folder.path().display()
            ))
        })?;
        Ok((model, chosen))
    }

    /// Scores parameters of the run on what is asked for.
    ///
    /// # Errors
    /// There is no such part, or nothing was held out; the data cannot be read; or as [`Run::model`].
    pub fn evaluate(&self, asked: &Asked, which: Which, pool: &Arc<Pool>) -> Result<RunScore> {
        match self.config.dtype {
            Precision::F64 => self.score::<f64>(asked, which, pool),
            Precision::F32 => self.score::<f32>(asked, which, pool),
        }
    }

    fn score<T: Real>(&self, asked: &Asked, which: Which, pool: &Arc<Pool>) -> Result<RunScore> {
        let Scored { part, data, unseen, notes } = self.scored(asked)?;
        let name = match asked {
            Asked::Data(name) => Some(name.clone()),
            Asked::HeldOut | Asked::Part(_) => None,
        };
        let measures = (data.width(), data.target());
        let (model, Chosen { parameters, epoch, best_of }) =
            self.model::<T>(measures, name.as_deref(), which)?;
        let (loss, top_k) = (self.config.loss_for(data.target())?, self.config.top_k);
        let evaluation = evaluate(&model, loss, &parameters, &*data, pool, top_k)?;
        let (mut baseline, mut always) = (BTreeMap::new(), String::new());
        if let Some(preparation) = &self.preparation
            && let Some((constant, answer)) = Simple::constant(&self.config, preparation, &*data)?
        {
            baseline = constant.score(&*data, pool)?.named().collect();
            always = answer;
        }
        let ((linear, linear_left_out), data) = (self.linear(part)?, name);
        let classes = self.preparation.as_ref().map(|known| known.class_names().to_vec());
        let classes = classes.unwrap_or_default();
        Ok(RunScore {
            part,
            data,
            epoch,
            best_of,
            classes,
            evaluation,
            baseline,
            always,
            linear,
            linear_left_out,
            unseen,
            notes,
        })
    }

    /// What the linear model scored that the training was told beside, on a part of the run's data, or why
    /// that is not known.
    fn linear(&self, part: Option<DataPart>) -> Result<(BTreeMap<String, f64>, Option<String>)> {
        let none = (BTreeMap::new(), None);
        let Some(FinalScores { baselines, .. }) = self.folder.final_scores()? else {
            return Ok(none);
        };
        let Baselines { linear, linear_left_out, .. } = baselines;
        if linear.is_empty() && linear_left_out.is_none() {
            return Ok(none);
        }
        let own = part.into_iter().flat_map(|part| of_part(&linear, part));
        let own: BTreeMap<String, f64> = own.map(|(name, x)| (name.to_owned(), x)).collect();
        let why = match part {
            _ if !own.is_empty() => None,
            None => Some("no linear model of other data".to_owned()),
            Some(DataPart::Train) => Some("no linear model of the training part".to_owned()),
            Some(_) => linear_left_out,
        };
        Ok((own, why))
    }

    /// Why the weights moved in the step `number` of the training, counted from 1: the training is
    /// replayed up to it.
    ///
    /// # Errors
    /// As [`Trainer::replay`] and [`Trainer::explain_step`].
    pub fn explain_step(
        &self,
        number: u64,
        language: Language,
        pool: &Arc<Pool>,
    ) -> Result<StepExplanation> {
        match self.config.dtype {
            Precision::F64 => self.replayed::<f64>(number, language, pool),
            Precision::F32 => self.replayed::<f32>(number, language, pool),
        }
    }

    fn replayed<T: Real>(
        &self,
        number: u64,
        language: Language,
        pool: &Arc<Pool>,
    ) -> Result<StepExplanation> {
        // A run may have been resumed to more epochs than it began with.
        let done = self.folder.all_epochs()?.len() as u32;
        let config = Config { epochs: self.config.epochs.max(done), ..self.config.clone() };
        let loaded = self.data()?;
        let train = &*loaded.train;
        let model = config.model_for(train.width(), train.target())?;
        let mut trainer = Trainer::<T>::new(&model, &config, loaded.parts())?.with_pool(pool);
        match self.data_changed {
            true => trainer.replay_on(&self.folder, number)?,
            false => trainer.replay(&self.folder, number)?,
        }
        let preparation = self.preparation.as_ref().unwrap_or(&loaded.preparation);
        let told = trainer.explain_step(preparation.class_names(), language)?;
        let other_data = self.folder.other_digest(loaded.sha256.as_deref()).is_some();
        // Epochs before a change may have had another length than the trainer knows.
        Ok(StepExplanation { step: number, other_data, ..told })
    }
}

/// What a run's model is scored on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Asked {
    /// What was held out of its data: the test part, else the validation part.
    #[default]
    HeldOut,
    /// A part of its data.
    Part(DataPart),
    /// Other data, by the name of a shipped dataset or a part of one, or by a path.
    Data(String),
}

/// What a run's model scores, and on what.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunScore {
    /// The part of the run's data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part: Option<DataPart>,
    /// The other data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
    /// The epoch after which its parameters were as they are here.
    pub epoch: u32,
    /// The number of epochs of which that one has the smallest validation loss, where it was chosen so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub best_of: Option<u32>,
    /// The names of the classes, in the order of `confusion` and `per_class`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<String>,
    /// The scores.
    #[serde(flatten)]
    pub evaluation: Evaluation,
    /// Those of always the same answer.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub baseline: BTreeMap<String, f64>,
    /// That answer, in words.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub always: String,
    /// Those of the linear model beside the training, on the same part.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub linear: BTreeMap<String, f64>,
    /// Why there are none, where one was wanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub linear_left_out: Option<String>,
    /// What the examples have that the training part had not.
    #[serde(skip_serializing_if = "Unseen::is_empty")]
    pub unseen: Unseen,
    /// In what else other data differs from the training data, a line each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// Examples to score a model on.
struct Scored {
    part: Option<DataPart>,
    data: Arc<dyn Examples>,
    unseen: Unseen,
    notes: Vec<String>,
}

/// The part that was held out, else the training part.
fn held_out(loaded: &Loaded) -> (DataPart, Arc<dyn Examples>) {
    let (part, data) = loaded.judge().unwrap_or((DataPart::Train, &loaded.train));
    (part, data.clone())
}
