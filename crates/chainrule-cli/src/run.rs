//! `train` and `eval`.

use std::fmt::Write as _;
use std::io::IsTerminal;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, anyhow};
use chainrule::data::Dataset;
use chainrule::nn::Sequential;
use chainrule::train::{Config, Epoch, Evaluation, Event, RunFolder, Trainer, evaluate};
use chainrule::{Parameters, Pool, Real};
use serde::Serialize;

use crate::arguments::{Eval, Train, threads};
use crate::{data, print};

/// Seconds since the start of each part.
#[derive(Serialize)]
struct Seconds {
    load: f64,
    train: f64,
    total: f64,
}

#[derive(Serialize)]
struct Final {
    test_loss: f64,
    test_accuracy: f64,
}

#[derive(Serialize)]
struct Report {
    run: String,
    parameters: usize,
    steps: u64,
    seed: u64,
    threads: usize,
    epochs: Vec<Epoch>,
    #[serde(rename = "final")]
    last: Option<Final>,
    seconds: Seconds,
    parameters_sha256: String,
}

pub fn train(options: &Train) -> Result<()> {
    let start = Instant::now();
    let threads = threads(options.settings.threads)?;
    let config = settings(options)?;
    config.validate()?;
    let loaded = data::load(&config.dataset);
    let (train, test) = match &options.resume {
        Some(dir) => own_dataset(dir, loaded)?,
        None => loaded?,
    };
    let loaded = start.elapsed().as_secs_f64();
    let job = Job { options, config: &config, train: &train, test: &test, threads };
    let mut report = match config.dtype.as_str() {
        "f64" => job.run::<f64>()?,
        _ => job.run::<f32>()?,
    };
    report.seconds.load = loaded;
    report.seconds.total = start.elapsed().as_secs_f64();
    if options.json {
        return print::json(&report);
    }
    print::text(&summary(&report))
}

/// The run's settings: the configuration's, or the defaults, with the command line on top.
fn settings(options: &Train) -> Result<Config> {
    let base = match (&options.resume, &options.dataset) {
        (Some(dir), _) => RunFolder::open(dir)?.config()?,
        (None, Some(name)) if Path::new(name).extension().is_some_and(|e| e == "toml") => {
            Config::read(Path::new(name))?
        }
        (None, name) => Config { dataset: name.clone().unwrap_or_default(), ..Config::default() },
    };
    if options.resume.is_some() {
        let changed = options.over(base.clone())?;
        let allowed = Config { epochs: changed.epochs, ..base };
        if changed != allowed {
            anyhow::bail!(crate::Usage(
                "--resume goes on with the run's own settings; only --epochs, --threads, --quiet and --json may stand beside it".into()
            ));
        }
        return Ok(allowed);
    }
    Ok(options.over(base)?)
}

struct Job<'a> {
    options: &'a Train,
    config: &'a Config,
    train: &'a Dataset,
    test: &'a Dataset,
    threads: usize,
}

impl Job<'_> {
    fn run<T: Real>(&self) -> Result<Report> {
        let model = self.config.model(self.train.width(), self.train.classes())?;
        let fresh = || model.initial::<T>(self.config.seed);
        let (folder, parameters, epochs) = match &self.options.resume {
            Some(dir) => {
                let folder = RunFolder::open(dir)?;
                match folder.load::<T>()? {
                    Some((parameters, epochs)) => {
                        fits(&model, &parameters, &folder, &self.config.dataset)?;
                        (folder, parameters, epochs)
                    }
                    None => (folder, fresh()?, Vec::new()),
                }
            }
            // The folder comes last: a model that cannot be made leaves nothing behind.
            None => {
                let parameters = fresh()?;
                (self.folder()?, parameters, Vec::new())
            }
        };
        let mut trainer = Trainer {
            model: &model,
            config: self.config,
            pool: Arc::new(Pool::new(self.threads)),
            parameters,
            epochs,
        };
        self.show(&trainer)?;
        let start = Instant::now();
        let steps = self.train.len().div_ceil(self.config.batch_size) as u64;
        let total = steps * u64::from(self.config.epochs);
        let bar = (!self.options.quiet).then(|| print::bar(total));
        let say = !self.options.quiet && (self.options.json || !std::io::stderr().is_terminal());
        trainer.run(self.train, self.test, &mut |event, trainer| {
            match event {
                Event::Step { epoch, step, examples, loss, .. } => {
                    if let Some(bar) = bar.as_ref().filter(|_| step % 16 == 0 || step == 1) {
                        let done = u64::from(epoch - 1) * steps + step as u64;
                        let speed = done as f64 * examples as f64 / start.elapsed().as_secs_f64();
                        bar.set_message(format!(
                            "epoch {epoch}/{} loss {loss:.4} {speed:.0} samples/s",
                            self.config.epochs
                        ));
                        bar.set_position(done);
                    }
                }
                Event::Epoch(epoch) => {
                    folder.save(&trainer.parameters, &trainer.epochs)?;
                    let line = epoch_line(epoch);
                    match &bar {
                        Some(_) if say => print::progress(&line),
                        Some(bar) => bar.println(line),
                        None => {}
                    }
                }
            }
            Ok(())
        })?;
        if let Some(bar) = bar {
            bar.finish_and_clear();
        }
        let Trainer { parameters, epochs, .. } = trainer;
        Ok(Report {
            run: folder.path().display().to_string(),
            parameters: parameters.count(),
            steps: steps * epochs.len() as u64,
            seed: self.config.seed,
            threads: self.threads,
            last: epochs
                .last()
                .map(|e| Final { test_loss: e.test_loss, test_accuracy: e.test_accuracy }),
            epochs,
            seconds: Seconds { load: 0.0, train: start.elapsed().as_secs_f64(), total: 0.0 },
            parameters_sha256: parameters.sha256(),
        })
    }

    /// Shows the plan of a step and where its time goes, where that is asked for.
    fn show<T: Real>(&self, trainer: &Trainer<'_, T>) -> Result<()> {
        if let Some(path) = &self.options.profile {
            if let Some(profile) = trainer.profile(self.train)? {
                print::write_file(path, &profile.to_trace())?;
                print::progress(&profile.to_string());
            }
        } else if self.options.show_plan {
            print::progress(&trainer.plan(self.train)?.to_string());
        }
        Ok(())
    }

    fn folder(&self) -> Result<RunFolder> {
        if let Some(path) = &self.options.out {
            return Ok(RunFolder::create(path, self.config, self.options.force)?);
        }
        let dataset = Path::new(&self.config.dataset);
        let name = dataset.file_name().unwrap_or(dataset.as_os_str()).to_string_lossy();
        Ok(RunFolder::create_numbered(Path::new("runs"), &name, self.config)?)
    }
}

fn epoch_line(epoch: &Epoch) -> String {
    format!(
        "epoch {:>3}   train loss {:.4}   test loss {:.4}   test accuracy {:.4}   {:.2} s",
        epoch.epoch, epoch.train_loss, epoch.test_loss, epoch.test_accuracy, epoch.seconds
    )
}

fn summary(report: &Report) -> String {
    let mut out = String::new();
    if let Some(last) = &report.last {
        let _ = writeln!(
            out,
            "test accuracy {:.4}, test loss {:.4} after {} epochs ({} steps, {} parameters) in {:.2} s",
            last.test_accuracy,
            last.test_loss,
            report.epochs.len(),
            report.steps,
            report.parameters,
            report.seconds.total
        );
    }
    let _ = writeln!(out, "saved in {}; score it with: chainrule eval {}", report.run, report.run);
    out
}

pub fn eval(options: &Eval) -> Result<()> {
    let threads = threads(options.threads)?;
    let folder = RunFolder::open(&options.dir)?;
    let config = folder.config()?;
    let (dataset, data) = match &options.dataset {
        Some(name) => (name, data::load_part(name)?),
        None => (&config.dataset, own_dataset(&options.dir, data::load_part(&config.dataset))?),
    };
    let data = (&data, dataset.as_str());
    let score = match config.dtype.as_str() {
        "f64" => score::<f64>(&folder, &config, data, threads)?,
        _ => score::<f32>(&folder, &config, data, threads)?,
    };
    if options.json {
        return print::json(&score);
    }
    print::text(&table(&score))
}

/// Checks that a checkpoint belongs to the model that the configuration and the dataset ask for.
fn fits<T: Real>(
    model: &Sequential,
    parameters: &Parameters<T>,
    folder: &RunFolder,
    dataset: &str,
) -> Result<()> {
    let folder = folder.path().display();
    // Whatever the library calls it, here a file and not the call's words are at fault.
    model.check(parameters).map_err(|error| {
        anyhow!("the parameters in {folder} do not fit its configuration and the dataset `{dataset}`: {error}")
    })
}

/// A dataset that a run's own configuration names: an error speaks of that file.
fn own_dataset<D>(folder: &Path, loaded: Result<D>) -> Result<D> {
    loaded.map_err(|error| anyhow!("{}: {error:#}", folder.join("config.toml").display()))
}

fn score<T: Real>(
    folder: &RunFolder,
    config: &Config,
    (data, dataset): (&Dataset, &str),
    threads: usize,
) -> Result<Evaluation> {
    let (parameters, _): (Parameters<T>, _) = folder
        .load()?
        .with_context(|| format!("{} has no checkpoint yet", folder.path().display()))?;
    let model = config.model(data.width(), data.classes())?;
    fits(&model, &parameters, folder, dataset)?;
    Ok(evaluate(&model, &parameters, data, &Arc::new(Pool::new(threads)))?)
}

fn table(score: &Evaluation) -> String {
    let Evaluation { examples, loss, accuracy, confusion } = score;
    let mut out = format!("{examples} examples, accuracy {accuracy:.4}, loss {loss:.4}\n\n");
    let _ = writeln!(out, "true class (row) against predicted class (column):");
    let widest = confusion.iter().flatten().max().map_or(1, |n| n.to_string().len()).max(2);
    let _ = write!(out, "{:>4} ", "");
    for class in 0..confusion.len() {
        let _ = write!(out, " {class:>widest$}");
    }
    let _ = writeln!(out, "  recall");
    for (class, row) in confusion.iter().enumerate() {
        let _ = write!(out, "{class:>4}:");
        for count in row {
            let _ = write!(out, " {count:>widest$}");
        }
        let recall = row[class] as f64 / row.iter().sum::<u64>().max(1) as f64;
        let _ = writeln!(out, "  {recall:.3}");
    }
    out
}
