//! `train`.

use std::fmt::Write as _;
use std::io::IsTerminal;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, Once, PoisonError};
use std::time::Instant;

use anyhow::Result;
use chainrule::Pool;
use chainrule_train::data::{DataSource, shipped_folder};
use chainrule_train::readme::{counted, shell};
use chainrule_train::{
    Config, DataPart, Epoch, Event, Folds, MayChange, Outcome, Place, Report, Run, Score, Seconds,
    Session, Size, Start, Training, Until, flat_training,
};
use indicatif::ProgressBar;

use crate::arguments::{Train, threads};
use crate::forecast::Forecast;
use crate::print::JOINED;
use crate::signals::interruption;
use crate::{End, data, print, run};

pub fn train(options: &Train) -> Result<End> {
    let start = Instant::now();
    let threads = threads(options.settings.threads)?;
    let config = settings(options)?;
    let (out, quiet) = (options.out.as_deref(), options.quiet);
    let job = Job { options, config: &config, threads, out, quiet };
    let report = job.run(start)?;
    match options.json {
        true => print::json(&report)?,
        false => print::prose(&summary(&report))?,
    }
    Ok(if is_interrupted(&report) { End::Interrupted } else { End::Done })
}

/// The run's settings: the configuration's, or the defaults, with the command line on top.
fn settings(options: &Train) -> Result<Config> {
    let Some(dir) = &options.resume else {
        // The dataset, which stands in the way of --resume, has clap forget what needs it.
        for (option, is_given) in [
            ("--change", options.change),
            ("--data-changed", options.data_changed),
            ("--data", options.place.is_some()),
        ] {
            if is_given {
                anyhow::bail!(crate::Usage(format!("{option} belongs to --resume DIR")));
            }
        }
        let (config, said) = begin(options.dataset.as_deref().unwrap_or_default())?;
        let config = options.over(config, &said)?;
        config.validate()?;
        return Ok(config);
    };
    if options.change {
        // A run's own file says all of them, whoever chose.
        let config = options.over(Run::open_changed(dir)?.config, &[])?;
        config.validate()?;
        return Ok(config);
    }
    let own = Run::open(dir)?.config;
    let changed = options.over(own.clone(), &[])?;
    let allowed = Config { epochs: changed.epochs, ..own };
    if changed != allowed {
        anyhow::bail!(crate::Usage(
            "--resume goes on with the run's own settings; only --epochs, --data, --threads, --quiet and --json may stand beside it, and others with --change".into()
        ));
    }
    allowed.validate()?;
    Ok(allowed)
}

/// The settings of a configuration file, or the defaults for a dataset.
pub fn base(subject: &str) -> Result<Config> {
    begin(subject).map(|(config, _)| config)
}

/// The same, with the keys of the settings that the file says.
pub fn begin(subject: &str) -> Result<(Config, Vec<&'static str>)> {
    match Path::new(subject).extension().is_some_and(|extension| extension == "toml") {
        true => Ok(Config::read_said(Path::new(subject))?),
        false => Ok((Config::for_dataset(&data::named(subject)), Vec::new())),
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
        if self.config.folds.is_some() {
            data::not_piped(&self.config.dataset, "folds read it")?;
        }
        let loaded = match &self.options.resume {
            Some(dir) => {
                let open = if self.options.change { Run::open_changed } else { Run::open };
                let place = self.options.place.as_deref().map(data::known).transpose()?;
                let data_changed = self.options.data_changed;
                Run { config: self.config.clone(), place, data_changed, ..open(dir)? }.data()?
            }
            None => data::load(self.config)?,
        };
        let load = start.elapsed().as_secs_f64();
        let data = loaded.report();
        if !self.quiet {
            // The dataset's name stands before the first line.
            let told = data.within(print::notice_columns().unwrap_or(60));
            print::notice(&format!("{}: {told}", self.config.dataset));
        }
        if !self.quiet && (self.options.resume.is_none() || self.options.change) {
            self.config.told_rate().iter().for_each(|told| print::notice(told));
        }
        let pool = run::pool_of(self.threads);
        let folds = match self.options.resume {
            None if self.config.folds.is_some() => {
                // Folds take long.
                self.start().check()?;
                Some(self.folds(&pool, loaded.sha256.as_deref())?)
            }
            _ => None,
        };
        let whole = folds.as_ref().map(|folds| folds.whole(self.config));
        let training = flat_training(whole.as_ref().unwrap_or(self.config), loaded, &pool)?;
        self.show(&*training)?;
        // The folder comes last: a model that cannot be made leaves nothing behind.
        let mut session = match &folds {
            Some(folds) => Session::start_whole(training, &self.start(), folds)?,
            None => Session::start(training, &self.start())?,
        };
        Self::tell_change(&session);
        static TOLD: Once = Once::new();
        if let Some(told) = session.told_lock() {
            TOLD.call_once(|| print::warnings([told]));
        }
        let before = session.training().place();
        session.interrupt_by(interruption()?);
        let progress = Arc::new(Progress::new(self, session.training()));
        let bar = progress.clone();
        let mut forecast = (!self.quiet).then(|| Forecast::new(session.training().size()));
        session.listen(move |place, event| {
            bar.hear(place, event);
            if let (Event::Step { .. }, Some(forecast)) = (event, &mut forecast)
                && let Some(line) = forecast.hear(place)
            {
                bar.tell(&line);
            }
            Ok(())
        });
        let went = session.run(Until::End);
        progress.clear();
        went?;
        if self.options.resume.is_some() && session.training().place() == before {
            match session.outcome() {
                Some(Outcome::StoppedEarly) => {
                    print::notice("nothing was trained: early stopping had ended the training");
                }
                Some(Outcome::Finished) => {
                    print::notice("nothing was trained: its epochs were done; give more --epochs");
                }
                _ => {}
            }
        }
        let mut report = session.finish()?;
        report.data = Some(data);
        report.seconds = Seconds { load, total: start.elapsed().as_secs_f64(), ..report.seconds };
        Ok(report)
    }

    /// Trains on all folds but one, for each of them, of the data of this digest.
    fn folds(&self, pool: &Arc<Pool>, sha256: Option<&str>) -> Result<Folds> {
        let (count, interrupted) = (self.config.folds.unwrap_or(1), interruption()?);
        let load = |source: &DataSource| -> chainrule::Result<_> {
            let loaded = source.load(&shipped_folder)?;
            loaded.check_same(&source.path, sha256)?;
            Ok(loaded)
        };
        let folds = Folds::train(self.config, &load, pool, &mut |number, scores| {
            if !self.quiet {
                let done = scores.epochs_done;
                let best = scores.best.unwrap_or(done);
                let number = number + 1;
                print::notice(&format!(
                    "trained fold {number}/{count}: best is epoch {best} of {done}"
                ));
            }
            !interrupted.load(Ordering::Relaxed)
        })?;
        let folds = folds.ok_or(crate::Interrupted)?;
        if !self.quiet {
            folds.lines().iter().for_each(|line| print::notice(line));
        }
        Ok(folds)
    }

    /// Says what no longer holds where the training goes on with other settings or data.
    fn tell_change(session: &Session) {
        let Some(change) = session.change() else { return };
        print::notice(&format!("goes on with {}", change.what.join(", ")));
        print::notice("no longer the bits of an undisturbed run");
        for part in &change.learnt {
            print::notice(&part.told_learnt());
        }
        let chooses =
            session.training().sizes().iter().any(|(part, _)| *part == DataPart::Validation);
        if change.best_anew && chooses && change.steps > 0 {
            print::notice("the best epoch is looked for anew, as scores before cannot be compared");
        }
        if let Some(told) = change.told_replay() {
            print::notice(&told);
        }
    }

    /// Shows the plan of a step and where its time goes, where that is asked for.
    fn show(&self, training: &dyn Training) -> Result<()> {
        if let Some(path) = &self.options.profile {
            let test = self.config.test.as_deref();
            let read = [Some(Path::new(&self.config.dataset)), test];
            print::spare(path, None, &read.into_iter().flatten().collect::<Vec<_>>())?;
            if let Some(profile) = training.profile()? {
                print::write_file(path, &serde_json::to_string(&profile.trace())?)?;
                print::progress(&profile.to_text_within(print::progress_columns()));
            }
        } else if self.options.show_plan {
            print::progress(&training.plan()?.to_text_within(print::progress_columns()));
        }
        Ok(())
    }

    /// Where the run is kept.
    fn start(&self) -> Start {
        let may_change = match (self.options.change, self.options.data_changed) {
            (false, false) => None,
            (true, false) => Some(MayChange::Settings),
            (false, true) => Some(MayChange::Data),
            (true, true) => Some(MayChange::Both),
        };
        match (&self.options.resume, self.out) {
            (Some(path), _) => match may_change {
                None => Start::Resume(path.clone()),
                Some(what) => Start::Change { path: path.clone(), what },
            },
            (None, Some(path)) => Start::New { path: path.into(), force: self.options.force },
            (None, None) => {
                let dataset = Path::new(&self.config.dataset);
                let name = dataset.file_stem().unwrap_or(dataset.as_os_str()).to_string_lossy();
                Start::Numbered { parent: "runs".into(), name: name.replace(':', "-") }
            }
        }
    }
}

/// The most lines that a short training tells, and the seconds after which a line comes anyway.
const LINES: u32 = 20;
const SILENT: f64 = 30.0;

/// When the last epoch was told, and the line of one since, which comes if it was the last one.
#[derive(Default)]
struct Told {
    at: f64,
    last: Option<String>,
}

/// The bar on a terminal, and lines of epochs.
struct Progress {
    start: Instant,
    bar: Option<ProgressBar>,
    /// Whether epochs are told as lines rather than above the bar.
    lines: bool,
    /// The first epoch and each so many of them are told.
    every: u32,
    told: Mutex<Told>,
    before: u64,
    epochs: u32,
    per_epoch: u64,
}

impl Progress {
    fn new(job: &Job<'_>, training: &dyn Training) -> Self {
        let Size { epochs, steps, .. } = training.size();
        Self {
            start: Instant::now(),
            bar: (!job.quiet).then(|| print::bar(steps * u64::from(epochs))),
            lines: job.options.json || !std::io::stderr().is_terminal(),
            // The first and the last come beside.
            every: if job.options.verbose { 1 } else { epochs.div_ceil(LINES - 2).max(1) },
            told: Mutex::default(),
            before: u64::from(training.place().epoch) * steps,
            epochs,
            per_epoch: steps,
        }
    }

    fn hear(&self, place: Place, event: &Event) {
        match event {
            Event::Step { examples, loss, .. } => self.step(place, *examples, *loss),
            Event::Epoch { metrics, .. } => self.epoch(metrics),
            _ => {}
        }
    }

    fn step(&self, Place { epoch, step }: Place, examples: usize, loss: f64) {
        let Some(bar) = self.bar.as_ref().filter(|_| step % 16 == 0 || step == 1) else { return };
        let done = u64::from(epoch) * self.per_epoch + step;
        let seconds = self.start.elapsed().as_secs_f64();
        let speed = done.saturating_sub(self.before) as f64 * examples as f64 / seconds;
        let (epoch, epochs, loss) = (epoch + 1, self.epochs, print::score(loss));
        let speed = print::rate(speed, "rows");
        bar.set_message(format!("epoch {epoch}/{epochs} loss {loss} {speed}"));
        bar.set_position(done);
    }

    fn epoch(&self, epoch: &Epoch) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let (number, now) = (epoch.epoch, self.start.elapsed().as_secs_f64());
        let line = epoch_line(epoch);
        if number == 1 || number.is_multiple_of(self.every) || now - told.at > SILENT {
            *told = Told { at: now, last: None };
            self.tell(&line);
        } else {
            told.last = Some(line);
        }
    }

    fn tell(&self, line: &str) {
        match &self.bar {
            Some(_) if self.lines => print::notice(line),
            Some(bar) => bar.suspend(|| print::notice(line)),
            None => {}
        }
    }

    fn clear(&self) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(line) = told.last.take() {
            self.tell(&line);
        }
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// An epoch's scores in a line: of each part its name once, and the loss before the others.
fn epoch_line(epoch: &Epoch) -> String {
    let mut line =
        format!("epoch {:>3}  train loss {:<7}", epoch.epoch, print::score(epoch.train_loss));
    for part in DataPart::CHOOSING {
        let of = epoch.scores.iter().filter_map(|(name, x)| match DataPart::of_score(name)? {
            (of, name) if of == part => Some((name, x)),
            _ => None,
        });
        let loss = Score::Loss.name();
        let (losses, others): (Vec<_>, Vec<_>) = of.partition(|(name, _)| *name == loss);
        for (at, (name, score)) in losses.into_iter().chain(others).enumerate() {
            let part = if at == 0 { format!("{part} ") } else { String::new() };
            let _ = write!(line, " {part}{} {:<7}", name.replace('_', " "), print::score(*score));
        }
    }
    if epoch.seconds >= 0.1 {
        let _ = write!(line, " {}", print::time(epoch.seconds));
    }
    line.truncate(line.trim_end().len());
    line
}

/// Whether Ctrl-C stopped the training.
pub fn is_interrupted(report: &Report) -> bool {
    report.outcome == Outcome::Interrupted.to_string()
}

/// Where an interrupted run is, and what goes on with it.
pub fn go_on(report: &Report) -> String {
    let run = shell(&report.run);
    format!("saved in {run}; go on with: chainrule{JOINED}train{JOINED}--resume{JOINED}{run}")
}

fn summary(report: &Report) -> String {
    let mut out = String::new();
    let run = shell(&report.run);
    if !report.epochs.is_empty() {
        out.extend(report.result.lines().into_iter().map(|line| line + "\n"));
    }
    let epochs = report.epochs.len();
    let of = match report.outcome.as_str() {
        "stopped early" => "; stopped early",
        _ => "",
    };
    let _ = writeln!(
        out,
        "after {} ({}, {}) in {}{of}",
        counted(epochs, "epoch"),
        counted(report.steps as usize, "step"),
        counted(report.parameters, "parameter"),
        print::time(report.seconds.total)
    );
    let _ = match is_interrupted(report) {
        true => writeln!(out, "interrupted; {}", go_on(report)),
        false if !report.result.has_held_out() => writeln!(out, "saved in {run}"),
        false => writeln!(out, "saved in {run}; score it with: chainrule{JOINED}eval{JOINED}{run}"),
    };
    out
}
