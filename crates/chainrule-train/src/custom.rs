//! Trainings that code describes.

use super::checkpoint::check_named;
use super::config::OF_DATA_AND_MODEL;
use super::record::ModelRecord;
use super::steered::{Origin, Steered, same_settings};
use super::{Config, FinalScores, RunFolder, Trainer, products};
use chainrule::error::{Error, Result};
use chainrule::nn::Network;
use chainrule::tensor::Real;

/// A training that code describes, of any model and data: a [`Trainer`] with a name, by which the folder
/// of its run knows the model.
///
/// The folder keeps what tells this model from others, in `model.json`, but cannot make it: the program
/// shows, compares and exports such a run, and [`Session::open`](super::Session::open) goes on with it.
///
/// ```
/// use chainrule::nn::{Affine, Field, Init, Network};
/// use chainrule::optim::Adam;
/// use chainrule_train::data::Arrays;
/// use chainrule_train::{Config, CustomTraining, DataParts, Session, Start, Trainer, Until};
/// # let temporary = tempfile::tempdir().unwrap();
/// # let path = temporary.path().join("run");
/// let config = Config { batch_size: 2, epochs: 3, ..Config::default() };
/// let training = || {
///     let data = Arrays::new().real("x", [1], vec![0.0, 1.0, 2.0, 3.0])?;
///     let data = data.real("y", [1], vec![1.0, 3.0, 5.0, 7.0])?;
///     let model = Network::new(Affine::new(1, Init::He), [Field::real("x", [1])])?;
///     let trainer = Trainer::<f32>::new(&model, &config, DataParts::train(data))?
///         .loss(|answer, batch| (answer.one() - batch["y"]).square().mean(&[]))
///         .optimizer("*", Adam::default(), 0.1);
///     CustomTraining::new("line", trainer)
/// };
/// let start = Start::New { path: path.clone(), force: false };
/// let mut session = Session::start(Box::new(training()?), &start)?;
/// session.run(Until::Epoch(1))?;
/// session.finish()?;
///
/// let mut session = Session::open(&path, training()?)?;
/// session.run(Until::End)?;
/// assert_eq!(session.finish()?.epochs.len(), 3);
/// # Ok::<(), chainrule::Error>(())
/// ```
pub type CustomTraining<T> = Steered<T, Custom>;

/// That a model comes from code: the name that its user gave it, and what is known of its data.
#[derive(Clone, Debug)]
pub struct Custom {
    name: String,
    data_sha256: Option<String>,
}

impl<T: Real> CustomTraining<T> {
    /// A training by `trainer`, fresh, of a model of this name.
    ///
    /// # Errors
    /// The name is empty, the trainer has no loss, or its settings name another precision or describe
    /// another model, a pattern of its optimizers names no parameter, or an optimizer has a name that files
    /// cannot keep.
    pub fn new(name: &str, mut trainer: Trainer<T>) -> Result<Self> {
        Error::check(!name.trim().is_empty(), "the model's name", "``", "one that tells it")?;
        let dtype = trainer.config.dtype.to_string();
        if dtype != T::NAME {
            let (name, value) = ("the setting dtype".into(), format!("`{dtype}`"));
            let wanted = format!("`{0}`, as the training is a `Trainer<{0}>`", T::NAME).into();
            return Err(Error::Setting { name, value, wanted });
        }
        if let Some(setting) = of_another_model(&trainer.config, &trainer.model) {
            return Err(Error::Mismatch(format!(
                "the setting {setting} describes a model, but `{name}` is one of your own: leave it out, or \
                 make the model by `Config::model`"
            )));
        }
        trainer.learner_mut().prepare()?;
        check_named(&trainer.states)?;
        Ok(Self::of(trainer, Custom { name: name.into(), data_sha256: None }))
    }

    /// This training on data whose bytes have such a digest, which the run's `run.json` then tells.
    #[must_use]
    pub fn data_sha256(mut self, digest: impl Into<String>) -> Self {
        self.origin.data_sha256 = Some(digest.into());
        self
    }
}

/// A setting that describes a model and was given, though `model` is not the one of these settings.
fn of_another_model(config: &Config, model: &Network) -> Option<&'static str> {
    let usual = Config::for_dataset(&config.dataset);
    let given = [
        ("hidden", config.hidden != usual.hidden),
        ("activation", config.activation != usual.activation),
        ("dropout", config.dropout != usual.dropout),
        ("init", config.init != usual.init),
        ("layers", config.layers != usual.layers),
    ];
    let (setting, _) = given.into_iter().find(|(_, given)| *given)?;
    let is_theirs = match (model.inputs(), model.outputs()) {
        ([x], [y]) => config
            .model(x.shape().len(), y.shape().len())
            .is_ok_and(|theirs| theirs.parameters() == model.parameters()),
        _ => false,
    };
    (!is_theirs).then_some(setting)
}

impl<T: Real> Origin<T> for Custom {
    fn data_sha256(&self) -> Option<&str> {
        self.data_sha256.as_deref()
    }

    fn idle_settings(&self, trainer: &Trainer<T>) -> Vec<&'static str> {
        let mut idle = OF_DATA_AND_MODEL.to_vec();
        // It warrants that there is a validation part.
        idle.retain(|key| *key != "validation" || trainer.config.early_stopping.is_none());
        let is_flat = trainer.data.train.flat().is_some();
        let has_own = trainer.objectives.iter().all(|objective| !objective.groups().is_empty());
        let unless = [
            (is_flat, &["class_weights", "top_k"][..]),
            (trainer.is_configured, &["loss"]),
            (!has_own, &["optimizer"]),
            (trainer.schedule.is_none(), &["schedule", "schedule_epochs", "warmup"]),
        ];
        idle.extend(unless.iter().filter(|(applies, _)| !applies).flat_map(|(_, keys)| *keys));
        idle
    }

    fn subject(&self, _: &Config) -> String {
        format!("the model `{}`", self.name)
    }

    fn check(&self, trainer: &Trainer<T>, folder: &RunFolder) -> Result<()> {
        let refused = |why: String| Err(Error::file(folder.path(), why));
        match folder.model()? {
            Some(there) => match there.difference(&ModelRecord::of(&self.name, trainer)?) {
                None => Ok(()),
                Some(difference) => {
                    // Another seed or batch size is what they are told by.
                    same_settings(folder, &trainer.config, &self.idle_settings(trainer))?;
                    refused(format!("is a run of another training: {difference}"))
                }
            },
            // A run that was killed as it began may have told nothing of its model yet.
            None if folder.journal()?.is_empty() && folder.preparation()?.is_none() => Ok(()),
            None => refused(format!(
                "is a run of a model that settings describe, and not of `{}`, which is code",
                self.name
            )),
        }
    }

    fn describe(&self, trainer: &Trainer<T>, folder: &RunFolder) -> Result<()> {
        // One that is there has been found to be of this training, to which nothing had been done yet.
        if folder.model()?.is_some() {
            return Ok(());
        }
        folder.save_model(&ModelRecord::of(&self.name, trainer)?)
    }

    fn report(&self, _: &Trainer<T>, folder: &RunFolder, _: &FinalScores) -> Result<()> {
        products::draw(folder, &folder.all_epochs()?)
    }
}
