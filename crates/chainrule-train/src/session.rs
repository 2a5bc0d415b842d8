//! A session: a training with its folder, its journal and its listeners, from its start to its end.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::baseline::for_linear;
use super::control::{Control, Next};
use super::folder::{First, JOURNAL};
use super::resumption::{identify, resume};
use super::{
    Action, Advance, Change, Config, Epoch, Event, FinalScores, Folds, Journal, Lock, MayChange,
    Outcome, Place, RunFolder, Saver, Size, Training, journal, products,
};
use crate::data::DataReport;
use chainrule::error::{Error, Result};
use chainrule::simd::Level;

/// Where a session keeps its run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// In a new folder; with `force` an earlier run's is taken.
    New {
        /// The folder's path.
        path: PathBuf,
        /// Whether an earlier run there goes.
        force: bool,
    },
    /// In the first free folder `<parent>/<name>-<number>`.
    Numbered {
        /// The folder of the runs.
        parent: PathBuf,
        /// The name.
        name: String,
    },
    /// In the folder of a run, from whose last checkpoint the training goes on.
    Resume(PathBuf),
    /// The same with what may have changed. `run.json` tells of it: no step before can be replayed, and the run
    /// has no longer the bits of an undisturbed one.
    Change {
        /// The folder's path.
        path: PathBuf,
        /// What may have changed.
        what: MayChange,
    },
}

impl Start {
    /// Checks that a run may begin there as things are now: for who has much to do before.
    ///
    /// # Errors
    /// As [`RunFolder::create`], of a new folder.
    pub fn check(&self) -> Result<()> {
        match self {
            Self::New { path, force } => RunFolder::check_free_at(path, *force),
            Self::Numbered { .. } | Self::Resume(_) | Self::Change { .. } => Ok(()),
        }
    }
}

/// How far a session goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// Until so many steps are done, counted over all epochs.
    Step(u64),
    /// Until so many epochs are done.
    Epoch(u32),
    /// To the end of the training.
    End,
}

/// What hears of each event.
type Listener = dyn FnMut(Place, &Event) -> Result<()> + Send;

/// What hears of each event but those that tell of actions, and may ask for one.
type Callback = dyn FnMut(&dyn Training, Place, &Event) -> Result<Option<Action>> + Send;

/// A training under way, whatever its model and data are: it is stepped, paused and stopped, keeps its
/// checkpoints and its journal in a folder, and tells its listeners what happens. It owns all that it
/// needs and can be sent to another thread.
///
/// ```
/// use std::sync::Arc;
/// use chainrule::Pool;
/// use chainrule_train::{Config, Event, Session, Start, Until, flat_training};
/// # let temporary = tempfile::tempdir().unwrap();
/// # let path = temporary.path().join("run");
/// # let data = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../data"));
/// let config = Config { epochs: 3, ..Config::for_dataset("iris") };
/// let loaded = config.source().load(&|name| Ok(data.join(name)))?;
/// let training = flat_training(&config, loaded, &Arc::new(Pool::new(1)))?;
/// let mut session = Session::start(training, &Start::New { path, force: false })?;
/// session.listen(|place, event| {
///     if let Event::Epoch { metrics, .. } = event {
///         println!("epoch {}: {}", place.epoch, metrics.train_loss);
///     }
///     Ok(())
/// });
/// session.step()?;
/// session.run(Until::Epoch(2))?;
/// session.run(Until::End)?;
/// let report = session.finish()?;
/// assert_eq!((report.outcome.as_str(), report.epochs.len()), ("finished", 3));
/// # Ok::<(), chainrule::Error>(())
/// ```
pub struct Session {
    training: Box<dyn Training>,
    config: Config,
    folder: RunFolder,
    journal: Journal,
    saver: Option<Saver>,
    /// After the saver, which writes while it is dropped.
    lock: Lock,
    listeners: Vec<Box<Listener>>,
    callbacks: Vec<Box<Callback>>,
    control: Control,
    size: Size,
    outcome: Option<Outcome>,
    /// The place of the last checkpoint that was given to the saver.
    kept: Option<Place>,
    /// The time that it has trained.
    time: Duration,
    change: Option<Change>,
}

/// What a training has come to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The run's folder.
    pub run: String,
    /// The elements of all parameters.
    pub parameters: usize,
    /// What the data was taken for, as far as whoever started the session tells it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<DataReport>,
    /// The steps that are done, over all epochs.
    pub steps: u64,
    /// The seed.
    pub seed: u64,
    /// The threads.
    pub threads: usize,
    /// The vector instructions that its kernels ran with: see [`chainrule::simd`].
    pub instructions: &'static str,
    /// The metrics of each epoch.
    pub epochs: Vec<Epoch>,
    /// What the training has come to.
    #[serde(flatten)]
    pub result: FinalScores,
    /// How it ended: `finished`, `stopped early` or `interrupted`.
    pub outcome: String,
    /// How long it took.
    pub seconds: Seconds,
    /// The digest of the parameters' bytes.
    pub parameters_sha256: String,
}

/// How long the parts of a training took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Seconds {
    /// Reading the data, as far as whoever started the session tells it.
    pub load: f64,
    /// Training and writing.
    pub train: f64,
    /// All of it.
    pub total: f64,
}

impl Session {
    /// Starts a training, or goes on with one: takes the folder, and writes down how the data is
    /// prepared. `training` is fresh, and its own settings are the run's.
    ///
    /// # Errors
    /// The folder cannot be had: it exists, another training is under way in it, or it cannot be
    /// written; or its files are bad, or of other settings (but for the epochs) or data.
    pub fn start(training: Box<dyn Training>, start: &Start) -> Result<Self> {
        Self::started(training, start, None)
    }

    /// Starts the training that learns from all examples after a cross-validation, which is kept with it.
    ///
    /// # Errors
    /// As [`Session::start`].
    pub fn start_whole(training: Box<dyn Training>, start: &Start, folds: &Folds) -> Result<Self> {
        Self::started(training, start, Some(folds))
    }

    fn started(training: Box<dyn Training>, start: &Start, folds: Option<&Folds>) -> Result<Self> {
        let (config, idle) = (training.settings().clone(), training.idle_settings());
        let first = First { config: &config, idle: &idle, folds };
        let (mut folder, lock) = match start {
            Start::New { path, force } => RunFolder::create_with(path, &first, *force)?,
            Start::Numbered { parent, name } => {
                RunFolder::create_numbered_with(parent, name, &first)?
            }
            Start::Resume(path) | Start::Change { path, .. } => RunFolder::open_locked(path)?,
        };
        let mut training = training;
        let resumes = !matches!(start, Start::New { .. } | Start::Numbered { .. });
        let change = match start {
            Start::New { .. } | Start::Numbered { .. } => None,
            Start::Resume(_) => resume(&mut *training, &mut folder, None, &idle)?,
            Start::Change { what, .. } => resume(&mut *training, &mut folder, Some(*what), &idle)?,
        };
        // First, as the other files tell it.
        identify(&*training, &mut folder, &idle)?;
        training.describe(&folder)?;
        let id = folder.identity().map(|identity| identity.id.clone()).unwrap_or_default();
        let told = folder.journal()?;
        let journal = Journal::open(&folder.path().join(JOURNAL), &id)?;
        let saver = Saver::new(folder.clone(), Some(journal.handle()?));
        let done = training.epochs().len() as u32;
        let mut session = Self {
            size: training.size(),
            training,
            config,
            lock,
            journal,
            saver: Some(saver),
            listeners: Vec::new(),
            callbacks: Vec::new(),
            control: Control::default(),
            outcome: None,
            kept: None,
            time: Duration::ZERO,
            change,
            folder,
        };
        session.listen(products::for_metrics(&session.folder, session.training.epochs())?);
        session.listen(products::for_tensorboard(&session.folder, done)?);
        session.begin(resumes, &told)?;
        Ok(session)
    }

    /// Goes on with the run in a folder, from its last checkpoint; `training` is fresh, and of the run's
    /// model and settings, but for the epochs. See [`CustomTraining`](super::CustomTraining), which has an
    /// example.
    ///
    /// # Errors
    /// The run is of another model: the error names the first parameter that differs, and nothing is
    /// written. Else as [`Session::start`].
    pub fn open(dir: &Path, training: impl Training + 'static) -> Result<Self> {
        Self::start(Box::new(training), &Start::Resume(dir.into()))
    }

    /// Tells the beginning.
    fn begin(&mut self, resumes: bool, told: &[journal::Record]) -> Result<()> {
        let place = self.training.place();
        if told.is_empty() {
            // A run of version 1 kept no journal: what it knows of its epochs is told now.
            for metrics in self.training.epochs() {
                let place = Place { epoch: metrics.epoch, step: 0 };
                let event = Event::Epoch { metrics: metrics.clone(), best: false };
                self.journal.tell(place, &event)?;
            }
        }
        let size = self.size.clone();
        self.tell(&if resumes { Event::Resumed(size) } else { Event::Began(size) })?;
        if self.config.gradient_flow {
            let mut flows = self.folder.gradient_flow()?;
            flows.retain(|flow| flow.epoch <= place.epoch);
            let fresh = flows.is_empty() && place.step == 0;
            self.listen(products::for_gradient_flow(&self.folder, &flows)?);
            if fresh {
                self.tell_gradient_flow()?;
            }
        }
        Ok(())
    }

    /// Has `listener` hear of every event from here on, each with its place.
    pub fn listen(&mut self, listener: impl FnMut(Place, &Event) -> Result<()> + Send + 'static) {
        self.listeners.push(Box::new(listener));
    }

    /// Has `callback` hear of every event from here on, look at the training, and change its course:
    /// what it asks for is done before the next step, and is in the journal. Of what was asked for
    /// ([`Event::Acted`], [`Event::Refused`]) listeners alone hear, lest callbacks answer one another for
    /// ever; what is asked for once the training has come to an end is not done.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use chainrule::Pool;
    /// use chainrule_train::{Action, Config, Event, Session, Start, Until, flat_training};
    /// # let temporary = tempfile::tempdir().unwrap();
    /// # let path = temporary.path().join("run");
    /// # let data = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../data"));
    /// # let config = Config { epochs: 3, ..Config::for_dataset("iris") };
    /// # let loaded = config.source().load(&|name| Ok(data.join(name)))?;
    /// # let training = flat_training(&config, loaded, &Arc::new(Pool::new(1)))?;
    /// let mut session = Session::start(training, &Start::New { path, force: false })?;
    /// session.callback(|_, _, event| match event {
    ///     Event::Epoch { metrics, .. } if metrics.train_loss < 10.0 => Ok(Some(Action::Stop)),
    ///     _ => Ok(None),
    /// });
    /// session.run(Until::End)?;
    /// assert_eq!(session.finish()?.epochs.len(), 1);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    pub fn callback(
        &mut self,
        callback: impl FnMut(&dyn Training, Place, &Event) -> Result<Option<Action>> + Send + 'static,
    ) {
        self.callbacks.push(Box::new(callback));
    }

    /// Stops the training, as [`Control::stop`], once `flag` is set; a handler of signals can set it.
    pub fn interrupt_by(&mut self, flag: Arc<AtomicBool>) {
        self.control.watch(flag);
    }

    /// What pauses and stops the session, from any thread.
    #[must_use]
    pub fn control(&self) -> Control {
        self.control.clone()
    }

    /// The training.
    #[must_use]
    pub fn training(&self) -> &dyn Training {
        &*self.training
    }

    /// The folder of the run.
    #[must_use]
    pub fn folder(&self) -> &RunFolder {
        &self.folder
    }

    /// What it went on with that the training before had not, where there is something.
    #[must_use]
    pub fn change(&self) -> Option<&Change> {
        self.change.as_ref()
    }

    /// In words, that no other training is kept out of its folder, where the system locks no files there.
    #[must_use]
    pub fn told_lock(&self) -> Option<String> {
        self.lock.told()
    }

    /// How the session ended, once it has.
    #[must_use]
    pub fn outcome(&self) -> Option<Outcome> {
        self.outcome
    }

    /// Changes the course of the training from here on.
    ///
    /// # Errors
    /// As [`Training::act`]; or the journal cannot be written, without which nobody could do it again: the
    /// session is then over.
    pub fn act(&mut self, action: Action) -> Result<()> {
        self.training.act(&action)?;
        self.acted(action).map_err(|error| self.fail(error))
    }

    fn acted(&mut self, action: Action) -> Result<()> {
        if action == Action::Stop {
            self.control.stop();
        }
        self.tell(&Event::Acted { action })
    }

    /// Does one step and, after the last one of an epoch, scores it; `false` where the training is
    /// over. Nobody is asked whether it may.
    ///
    /// # Errors
    /// The training diverges, its data cannot be read, a file cannot be written, or a listener fails:
    /// the session is then over.
    pub fn step(&mut self) -> Result<bool> {
        if self.outcome.is_some() {
            return Ok(false);
        }
        let start = Instant::now();
        let went = self.advance();
        self.time += start.elapsed();
        went.map_err(|error| self.fail(error))
    }

    fn advance(&mut self) -> Result<bool> {
        let Some(saver) = &self.saver else { return Err(over()) };
        for (place, best) in saver.written() {
            self.tell_at(place, &Event::Checkpoint { best })?;
        }
        for action in self.control.actions() {
            // Who wished it is on another thread, and may have misspelt a name: no reason to end a training.
            if let Err(error) = self.training.act(&action) {
                self.tell(&Event::Refused { action, message: error.to_string() })?;
                continue;
            }
            self.acted(action)?;
        }
        match self.training.advance()? {
            Advance::Nothing(outcome) => self.outcome = Some(outcome),
            Advance::Epoch { epoch, best } => self.end_epoch(epoch, best)?,
            Advance::Step { examples, loss, losses, rate } => {
                self.tell(&Event::Step { examples, loss, losses, rate })?;
                let step = self.training.place().step;
                let every = self.config.checkpoint_every;
                if step == self.size.steps {
                    if let Advance::Epoch { epoch, best } = self.training.advance()? {
                        self.end_epoch(epoch, best)?;
                    }
                } else if every > 0 && step.is_multiple_of(every) {
                    self.keep(false)?;
                }
            }
        }
        Ok(self.outcome.is_none())
    }

    /// Tells an epoch and keeps a checkpoint after it. What a resumed training needs to know of it, and
    /// what was done then, is in the journal before.
    fn end_epoch(&mut self, metrics: Epoch, best: bool) -> Result<()> {
        if self.config.gradient_flow {
            self.tell_gradient_flow()?;
        }
        self.tell(&Event::Epoch { metrics, best })?;
        self.keep(best)
    }

    fn tell_gradient_flow(&mut self) -> Result<()> {
        let flow = self.training.gradient_flow()?;
        self.tell(&Event::GradientFlow { flow })
    }

    /// Has a checkpoint written.
    fn keep(&mut self, best: bool) -> Result<()> {
        self.kept = Some(self.training.place());
        match &self.saver {
            Some(saver) => saver.save(self.training.snapshot(), best),
            None => Err(over()),
        }
    }

    fn tell(&mut self, event: &Event) -> Result<()> {
        self.tell_at(self.training.place(), event)
    }

    fn tell_at(&mut self, place: Place, event: &Event) -> Result<()> {
        self.journal.tell(place, event)?;
        self.listeners.iter_mut().try_for_each(|listener| listener(place, event))?;
        if let Event::Acted { .. } | Event::Refused { .. } = event {
            return Ok(());
        }
        let mut wanted = Vec::new();
        for callback in &mut self.callbacks {
            wanted.extend(callback(&*self.training, place, event)?);
        }
        if self.outcome.is_some() {
            return Ok(());
        }
        // Done at once, so that the journal tells of it before a checkpoint that follows is written.
        wanted.into_iter().try_for_each(|action| self.act(action))
    }

    /// Goes on until a place is reached, the training is over, or it is stopped; waits where it is
    /// paused.
    ///
    /// # Errors
    /// As [`Session::step`].
    pub fn run(&mut self, until: Until) -> Result<Option<Outcome>> {
        while self.outcome.is_none() && !self.reached(until) {
            match self.control.next() {
                Next::Step => {
                    self.step()?;
                }
                Next::Stop => self.stop()?,
            }
        }
        Ok(self.outcome)
    }

    fn reached(&self, until: Until) -> bool {
        match until {
            Until::Step(number) => self.steps() >= number,
            Until::Epoch(number) => self.training.place().epoch >= number,
            Until::End => false,
        }
    }

    /// The steps that are done, over all epochs.
    fn steps(&self) -> u64 {
        self.folder.steps(self.training.place(), self.size.steps)
    }

    /// Ends the session where it is, with a checkpoint from which it can be resumed.
    ///
    /// # Errors
    /// As [`Session::step`].
    pub fn stop(&mut self) -> Result<()> {
        if self.outcome.is_none() {
            self.outcome = Some(Outcome::Interrupted);
            if self.kept != Some(self.training.place()) {
                self.keep(false).map_err(|error| self.fail(error))?;
            }
        }
        Ok(())
    }

    /// Waits until everything is written, makes curves, pictures and a README, and reports. A training
    /// that is not over is stopped.
    ///
    /// # Errors
    /// The session has failed, a file cannot be written, or the data cannot be read.
    pub fn finish(mut self) -> Result<Report> {
        if self.saver.is_none() {
            return Err(over());
        }
        self.stop()?;
        self.folder.check_there()?;
        let start = Instant::now();
        let written = self.saver.take().map_or(Ok(Vec::new()), Saver::finish)?;
        for (place, best) in written {
            self.tell_at(place, &Event::Checkpoint { best })?;
        }
        let baselines = self.training.baselines(for_linear(self.time))?;
        let training = &self.training;
        let sizes = training.sizes();
        let result = FinalScores::of(training.epochs(), training.best(), &sizes, baselines);
        let result = match self.folder.identity() {
            Some(identity) => result.after_changes(identity.best_after(), identity.learnt()),
            None => result,
        };
        let result = match self.folder.folds()? {
            Some(folds) => folds.over(result, training.usual()?.as_ref()),
            None => result,
        };
        self.folder.save_final_scores(&result)?;
        self.training.report(&self.folder, &result)?;
        let outcome = self.outcome.unwrap_or(Outcome::Interrupted);
        self.tell(&Event::Ended { outcome })?;
        self.folder.check_there()?;
        let seconds = (self.time + start.elapsed()).as_secs_f64();
        let epochs = self.training.epochs().to_vec();
        Ok(Report {
            run: self.folder.path().display().to_string(),
            parameters: self.size.parameters,
            data: None,
            steps: self.steps(),
            seed: self.config.seed,
            threads: self.training.threads(),
            instructions: Level::current().name(),
            result,
            outcome: outcome.to_string(),
            epochs,
            seconds: Seconds { train: seconds, ..Seconds::default() },
            parameters_sha256: self.training.parameters_sha256(),
        })
    }

    /// Ends the session with an error: what went wrong in writing is the cause of what went wrong in
    /// training, and a folder that is gone that of all.
    fn fail(&mut self, error: Error) -> Error {
        let Some(saver) = self.saver.take() else { return error };
        let error = saver.finish().err().unwrap_or(error);
        let diverged = match error {
            Error::Diverged { step, .. } => Some(step),
            _ => None,
        };
        let gone = if diverged.is_none() { self.folder.check_there().err() } else { None };
        let error = gone.unwrap_or(error);
        let failed = Event::Failed { diverged, message: error.to_string() };
        // Where not even this can be written, the first error is the one to tell.
        let _ = self.journal.tell(self.training.place(), &failed);
        error
    }

    /// Runs the session to its end on a thread of its own.
    ///
    /// # Errors
    /// There is no thread to be had.
    pub fn spawn(mut self) -> Result<Running> {
        let control = self.control();
        let thread = std::thread::Builder::new().name("training".into());
        let thread = thread.spawn(move || {
            self.run(Until::End)?;
            self.finish()
        });
        let thread = thread.map_err(|error| {
            Error::Mismatch(format!("no thread can be had for the training: {error}"))
        })?;
        Ok(Running { control, thread })
    }
}

/// That a session which has failed does no more.
fn over() -> Error {
    Error::Mismatch("the session has failed and cannot go on".into())
}

/// A session on a thread of its own.
///
/// ```
/// # use std::sync::Arc;
/// # use chainrule::Pool;
/// use chainrule_train::{Config, Session, Start, flat_training};
/// # let temporary = tempfile::tempdir().unwrap();
/// # let path = temporary.path().join("run");
/// # let data = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../data"));
/// # let config = Config { epochs: u32::MAX, ..Config::for_dataset("iris") };
/// # let loaded = config.source().load(&|name| Ok(data.join(name)))?;
/// # let training = flat_training(&config, loaded, &Arc::new(Pool::new(1)))?;
/// let running = Session::start(training, &Start::New { path, force: false })?.spawn()?;
/// running.control.pause();
/// running.control.step();
/// running.control.stop();
/// assert_eq!(running.join()?.outcome, "interrupted");
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Debug)]
pub struct Running {
    /// Pauses and stops it.
    pub control: Control,
    thread: JoinHandle<Result<Report>>,
}

impl Running {
    /// Whether it has ended.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.thread.is_finished()
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// As [`Session::step`] and [`Session::finish`].
    pub fn join(self) -> Result<Report> {
        self.thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}
