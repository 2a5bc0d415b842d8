//! `train`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::IsTerminal;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use anyhow::{Context, Result};
use chainrule::{Pool, Real};
use chainrule_train::data::{Loaded, Preparation};
use chainrule_train::readme::shell;
use chainrule_train::{
    Advance, Config, Epoch, Flow, Outcome, Parts, Precision, RunFolder, Saver, Trainer,
};
use indicatif::ProgressBar;
use serde::Serialize;

use crate::arguments::{Train, threads};
use crate::flow::FlowLog;
use crate::{End, data, print, products};

/// The outcome of a training that Ctrl-C stopped.
const INTERRUPTED: &str = "interrupted";

/// Seconds since the start of each part.
#[derive(Serialize)]
struct Seconds {
    load: f64,
    train: f64,
    total: f64,
}

/// What a training reports.
#[derive(Serialize)]
pub struct Report {
    pub run: String,
    pub parameters: usize,
    pub steps: u64,
    pub seed: u64,
    pub threads: usize,
    pub epochs: Vec<Epoch>,
    #[serde(rename = "final")]
    pub last: BTreeMap<String, f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub best: Option<u32>,
    pub outcome: &'static str,
    seconds: Seconds,
    pub parameters_sha256: String,
}

impl Report {
    pub fn is_interrupted(&self) -> bool {
        self.outcome == INTERRUPTED
    }

    /// Where an interrupted run is, and what goes on with it.
    pub fn go_on(&self) -> String {
        let run = shell(&self.run);
        format!("saved in {run}; go on with: chainrule train --resume {run}")
    }
}

pub fn train(options: &Train) -> Result<End> {
    let start = Instant::now();
    let threads = threads(options.settings.threads)?;
    let config = settings(options)?;
    let (out, quiet) = (options.out.as_deref(), options.quiet);
    let job = Job { options, config: &config, threads, out, quiet };
    let report = job.run(start)?;
    match options.json {
        true => print::json(&report)?,
        false => print::text(&summary(&report))?,
    }
    Ok(if report.is_interrupted() { End::Interrupted } else { End::Done })
}

/// The run's settings: the configuration's, or the defaults, with the command line on top.
fn settings(options: &Train) -> Result<Config> {
    let Some(dir) = &options.resume else {
        let config = options.over(base(options.dataset.as_deref().unwrap_or_default())?)?;
        config.validate()?;
        return Ok(config);
    };
    let own = RunFolder::open(dir)?.config()?;
    let changed = options.over(own.clone())?;
    let allowed = Config { epochs: changed.epochs, ..own };
    if changed != allowed {
        anyhow::bail!(crate::Usage(
            "--resume goes on with the run's own settings; only --epochs, --threads, --quiet and --json may stand beside it".into()
        ));
    }
    allowed.validate()?;
    Ok(allowed)
}

/// The settings of a configuration file, or the defaults for a dataset.
pub fn base(subject: &str) -> Result<Config> {
    match Path::new(subject).extension().is_some_and(|extension| extension == "toml") {
        true => Ok(Config::read(Path::new(subject))?),
        false => Ok(Config::for_dataset(subject)),
    }
}

/// A training that the words of the command line describe.
pub struct Job<'a> {
    pub options: &'a Train,
    pub config: &'a Config,
    pub threads: usize,
    /// The run's folder, if it is to have a name of its own.
    pub out: Option<&'a Path>,
    /// Whether no progress is told.
    pub quiet: bool,
}

impl Job<'_> {
    /// Trains; `start` is when the program began.
    pub fn run(&self, start: Instant) -> Result<Report> {
        let loaded = match &self.options.resume {
            Some(dir) => data::own(dir, self.config)?,
            None => data::load(self.config)?,
        };
        let seconds = start.elapsed().as_secs_f64();
        let mut report = match self.config.dtype {
            Precision::F64 => self.train::<f64>(&loaded)?,
            Precision::F32 => self.train::<f32>(&loaded)?,
        };
        report.seconds.load = seconds;
        report.seconds.total = start.elapsed().as_secs_f64();
        Ok(report)
    }

    fn train<T: Real>(&self, loaded: &Loaded) -> Result<Report> {
        let train = &*loaded.train;
        let target = train.target();
        let model = self.config.model_for(train.width(), target)?;
        let pool = Arc::new(Pool::new(self.threads));
        let mut trainer = Trainer::<T>::new(&model, self.config, train)?.with_pool(&pool);
        self.show(&trainer, loaded)?;
        // The folder comes last: a model that cannot be made leaves nothing behind.
        let folder = match &self.options.resume {
            Some(dir) => RunFolder::open(dir)?,
            None => self.folder()?,
        };
        let _lock = folder.lock()?;
        if self.options.resume.is_some() {
            folder.tidy()?;
            self.restore(&mut trainer, &folder, &loaded.preparation)?;
        }
        folder.save_preparation(&loaded.preparation)?;
        let start = Instant::now();
        let outcome = self.follow(&mut trainer, loaded, &folder)?;
        let steps = train.len().div_ceil(self.config.batch_size.min(train.len().max(1))) as u64;
        let done = u64::from(trainer.progress.epoch) * steps + trainer.progress.step;
        products::write(&folder, self.config, &trainer, loaded)?;
        let parameters = trainer.model_parameters();
        Ok(Report {
            run: folder.path().display().to_string(),
            parameters: parameters.count(),
            steps: done,
            seed: self.config.seed,
            threads: self.threads,
            last: trainer.epochs.last().map(|epoch| epoch.scores.clone()).unwrap_or_default(),
            best: trainer.progress.best.map(|(epoch, _)| epoch),
            outcome: match outcome {
                Outcome::Finished => "finished",
                Outcome::StoppedEarly => "stopped early",
                Outcome::Interrupted => INTERRUPTED,
            },
            epochs: trainer.epochs,
            seconds: Seconds { load: 0.0, train: start.elapsed().as_secs_f64(), total: 0.0 },
            parameters_sha256: parameters.sha256(),
        })
    }

    /// Goes on from the folder's last checkpoint, where it has one.
    fn restore<T: Real>(
        &self,
        trainer: &mut Trainer<T>,
        folder: &RunFolder,
        preparation: &Preparation,
    ) -> Result<()> {
        let Some(checkpoint) = folder.load()? else { return Ok(()) };
        let place = || {
            format!(
                "the checkpoint in {} does not fit its configuration and the dataset `{}`",
                folder.path().display(),
                self.config.dataset
            )
        };
        trainer.restore(checkpoint).map_err(|error| data::of_file(&error)).with_context(place)?;
        Ok(folder.check_preparation(preparation)?)
    }

    /// Trains with a bar, checkpoints and an ear for Ctrl-C.
    fn follow<T: Real>(
        &self,
        trainer: &mut Trainer<T>,
        loaded: &Loaded,
        folder: &RunFolder,
    ) -> Result<Outcome> {
        let interrupted = interruption()?;
        let events = products::Events::create(folder, &trainer.epochs)?;
        let mut flow = match self.config.gradient_flow {
            true => Some(FlowLog::begin(folder, trainer, &*loaded.train)?),
            false => None,
        };
        let saver = Saver::new(folder.clone());
        let progress = Progress::new(self, trainer.epochs.len(), loaded.train.len());
        let every = self.config.checkpoint_every;
        let parts = Parts {
            train: &*loaded.train,
            validation: loaded.validation.as_deref(),
            test: loaded.test.as_deref(),
        };
        let outcome = trainer.run(parts, &mut |event, trainer| {
            let stop = interrupted.load(Ordering::Relaxed);
            match event {
                Advance::Nothing(_) => {}
                Advance::Step { examples, loss, .. } => {
                    let (epoch, step) = (trainer.progress.epoch + 1, trainer.progress.step);
                    progress.step(epoch, step, *examples, *loss);
                    let wanted = every > 0 && step.is_multiple_of(every) || stop;
                    if wanted && step < progress.per_epoch {
                        saver.save(trainer.checkpoint(), false)?;
                    }
                }
                Advance::Epoch { epoch, best } => {
                    // Before the checkpoint, so that nothing is missing where it goes on.
                    flow.as_mut().map_or(Ok(()), |flow| flow.add(trainer))?;
                    saver.save(trainer.checkpoint(), *best)?;
                    events.add(epoch)?;
                    progress.epoch(epoch);
                }
            }
            Ok(if stop { Flow::Stop } else { Flow::Continue })
        });
        // What went wrong in writing is the cause of what went wrong in training.
        let written = saver.finish();
        progress.clear();
        written?;
        Ok(outcome?)
    }

    /// Shows the plan of a step and where its time goes, where that is asked for.
    fn show<T: Real>(&self, trainer: &Trainer<T>, loaded: &Loaded) -> Result<()> {
        if let Some(path) = &self.options.profile {
            if let Some(profile) = trainer.profile(&*loaded.train)? {
                print::write_file(path, &serde_json::to_string(&profile.trace())?)?;
                print::progress(&profile.to_string());
            }
        } else if self.options.show_plan {
            print::progress(&trainer.plan(&*loaded.train)?.to_string());
        }
        Ok(())
    }

    fn folder(&self) -> Result<RunFolder> {
        if let Some(path) = self.out {
            return Ok(RunFolder::create(path, self.config, self.options.force)?);
        }
        let dataset = Path::new(&self.config.dataset);
        let name = dataset.file_stem().unwrap_or(dataset.as_os_str()).to_string_lossy();
        Ok(RunFolder::create_numbered(Path::new("runs"), &name.replace(':', "-"), self.config)?)
    }
}

/// Becomes true with the first Ctrl-C; a second one ends the program at once. One for all trainings of
/// the program, so that none of a sweep goes on after it.
fn interruption() -> Result<Arc<AtomicBool>> {
    static INTERRUPTED: OnceLock<Arc<AtomicBool>> = OnceLock::new();
    // The status of a program that the signal ended, as shells write it.
    const ENDED: i32 = 128 + signal_hook::consts::SIGINT;
    if let Some(interrupted) = INTERRUPTED.get() {
        return Ok(interrupted.clone());
    }
    let interrupted = INTERRUPTED.get_or_init(Arc::default);
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register_conditional_shutdown(signal, ENDED, interrupted.clone())?;
        signal_hook::flag::register(signal, interrupted.clone())?;
    }
    Ok(interrupted.clone())
}

/// The bar on a terminal, or a line an epoch.
struct Progress {
    start: Instant,
    bar: Option<ProgressBar>,
    /// Whether epochs are told as lines rather than above the bar.
    lines: bool,
    before: u64,
    epochs: u32,
    per_epoch: u64,
}

impl Progress {
    fn new(job: &Job<'_>, before: usize, examples: usize) -> Self {
        let per_epoch = examples.div_ceil(job.config.batch_size.min(examples.max(1))) as u64;
        let total = per_epoch * u64::from(job.config.epochs);
        Self {
            start: Instant::now(),
            bar: (!job.quiet).then(|| print::bar(total)),
            lines: job.options.json || !std::io::stderr().is_terminal(),
            before: before as u64 * per_epoch,
            epochs: job.config.epochs,
            per_epoch,
        }
    }

    fn step(&self, epoch: u32, step: u64, examples: usize, loss: f64) {
        let Some(bar) = self.bar.as_ref().filter(|_| step % 16 == 0 || step == 1) else { return };
        let done = u64::from(epoch - 1) * self.per_epoch + step;
        let seconds = self.start.elapsed().as_secs_f64();
        let speed = done.saturating_sub(self.before) as f64 * examples as f64 / seconds;
        bar.set_message(format!(
            "epoch {epoch}/{} loss {loss:.4} {speed:.0} samples/s",
            self.epochs
        ));
        bar.set_position(done);
    }

    fn epoch(&self, epoch: &Epoch) {
        let line = epoch_line(epoch);
        match &self.bar {
            Some(_) if self.lines => print::progress(&line),
            Some(bar) => bar.println(line),
            None => {}
        }
    }

    fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// An epoch's scores in a line, losses before the others.
fn epoch_line(epoch: &Epoch) -> String {
    let mut line =
        format!("epoch {:>3}   train loss {}", epoch.epoch, print::score(epoch.train_loss));
    let is_loss = |name: &str| name.ends_with("_loss");
    let losses = epoch.scores.iter().filter(|(name, _)| is_loss(name));
    let others = epoch.scores.iter().filter(|(name, _)| !is_loss(name));
    for (name, score) in losses.chain(others) {
        let _ = write!(line, "   {} {}", name.replace('_', " "), print::score(*score));
    }
    let _ = write!(line, "   {:.2} s", epoch.seconds);
    line
}

/// A number of things, in words.
fn counted(count: impl TryInto<u64>, what: &str) -> String {
    let count = count.try_into().unwrap_or(u64::MAX);
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn summary(report: &Report) -> String {
    let mut out = String::new();
    let run = shell(&report.run);
    let score = |(name, score): (&str, &f64)| {
        format!("{} {}", name.replace('_', " "), print::score(*score))
    };
    let mut scores: Vec<String> =
        report.last.iter().map(|(name, value)| score((name, value))).collect();
    if let (true, Some(last)) = (scores.is_empty(), report.epochs.last()) {
        scores.push(score(("train_loss", &last.train_loss)));
    }
    let scores = if scores.is_empty() { String::new() } else { scores.join(", ") + " " };
    let epochs = report.epochs.len();
    let of = match report.outcome {
        "stopped early" => format!(
            "; stopped early, as the validation loss was best in epoch {}",
            report.best.unwrap_or(0)
        ),
        _ => String::new(),
    };
    let _ = writeln!(
        out,
        "{scores}after {} ({}, {}) in {:.2} s{of}",
        counted(epochs, "epoch"),
        counted(report.steps, "step"),
        counted(report.parameters, "parameter"),
        report.seconds.total
    );
    let _ = match report.outcome {
        INTERRUPTED => writeln!(out, "interrupted; {}", report.go_on()),
        _ => writeln!(out, "saved in {run}; score it with: chainrule eval {run}"),
    };
    out
}
