//! `sweep`: one training for each choice of settings, ranked.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use chainrule::number::Number;
use chainrule::settings::{Form, Setting};
use chainrule_train::Config;
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};

use crate::arguments::{Sweep, threads, with};
use crate::train::{Job, base, go_on, is_interrupted};
use crate::{End, print, runs};

/// A setting and what it may be.
struct Axis {
    key: String,
    choices: Choices,
}

enum Choices {
    /// One of these, written as TOML.
    Values(Vec<String>),
    /// Any number between two, or any whole one, evenly or evenly in its logarithm.
    Range { low: f64, high: f64, log: bool, whole: bool },
}

pub fn sweep(options: &Sweep) -> Result<End> {
    let train = &options.train;
    if train.resume.is_some() {
        bail!(crate::Usage("--resume belongs to one run: chainrule train --resume DIR".into()));
    }
    let dataset = train.dataset.as_deref().unwrap_or_default();
    let config = train.over(base(dataset)?)?;
    let axes = axes(options)?;
    let trials = match options.trials {
        Some(count) => random(&axes, count, config.seed),
        None => whole(&axes)?,
    };
    // Every choice is looked at before the first one is trained.
    let configs: Vec<Config> =
        trials.iter().map(|trial| chosen(&config, trial)).collect::<Result<_>>()?;
    let parent = match &train.out {
        Some(path) => path.clone(),
        None => free(Path::new("runs"))?,
    };
    let threads = threads(train.settings.threads)?;
    let mut entries = Vec::new();
    for (number, (config, trial)) in configs.iter().zip(&trials).enumerate() {
        let out = parent.join((number + 1).to_string());
        let words: Vec<String> =
            trial.iter().map(|(key, value)| format!("{key}={value}")).collect();
        print::progress(&format!("{}/{}  {}", number + 1, trials.len(), words.join("  ")));
        let job = Job { options: train, config, threads, out: Some(&out), quiet: true };
        match job.run(Instant::now()) {
            Ok(report) if is_interrupted(&report) => {
                print::progress(&format!("interrupted; {}", go_on(&report)));
                return Ok(End::Interrupted);
            }
            Ok(_) => {}
            // One choice that diverges is a result of the sweep, not its end.
            Err(error) if diverged(&error) => {
                print::progress(&format!("     {error:#}"));
                continue;
            }
            Err(error) => return Err(error),
        }
        entries.push(runs::entry(&out)?);
        if entries.len() == 1 {
            // A metric that there is not is told of before the others are trained.
            runs::check_metric(&entries, options.by.as_deref())?;
        }
    }
    if entries.is_empty() {
        bail!("every training of the sweep diverged");
    }
    runs::print_table(&entries, options.by.as_deref(), train.json)?;
    Ok(End::Done)
}

/// What is varied.
fn axes(options: &Sweep) -> Result<Vec<Axis>> {
    let grids = options.grid.iter().map(|text| grid(text));
    let ranges = options.range.iter().map(|text| range(text));
    let axes: Vec<Axis> = grids.chain(ranges).collect::<Result<_>>()?;
    if axes.is_empty() {
        bail!(crate::Usage(
            "a sweep needs something to vary: --grid lr=0.1,0.01, or --range lr=1e-4:1e-1:log with --trials 10".into()
        ));
    }
    for (at, Axis { key, .. }) in axes.iter().enumerate() {
        if axes.iter().take(at).any(|before| before.key == *key) {
            bail!(crate::Usage(format!(
                "`{key}` is varied twice; give all its values in one --grid"
            )));
        }
    }
    Ok(axes)
}

/// The settings of a trial.
fn chosen(config: &Config, trial: &Trial) -> Result<Config> {
    let changes: Vec<(&str, &str)> =
        trial.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    Ok(with(config, "in the sweep:", &changes)?)
}

fn diverged(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(chainrule::Error::Diverged { .. }))
}

/// The first free folder `sweep-<number>`.
fn free(parent: &Path) -> Result<PathBuf> {
    let path = (1_u64..).map(|number| parent.join(format!("sweep-{number}")));
    path.into_iter().find(|path| !path.exists()).context("no name is free for the sweep")
}

/// `KEY=VALUE,VALUE`, where commas within brackets and quotes belong to a value.
fn grid(text: &str) -> Result<Axis> {
    let Some((key, values)) = text.split_once('=').filter(|(_, values)| !values.is_empty()) else {
        bail!(crate::Usage(format!(
            "--grid: `{text}` names no values; write KEY=VALUE,VALUE, such as lr=0.1,0.01"
        )));
    };
    let (mut depth, mut quoted, mut found) = (0_i32, false, vec![String::new()]);
    for letter in values.chars() {
        match letter {
            '"' => quoted = !quoted,
            '[' | '{' if !quoted => depth += 1,
            ']' | '}' if !quoted => depth -= 1,
            ',' if !quoted && depth == 0 => {
                found.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(value) = found.last_mut() {
            value.push(letter);
        }
    }
    let values = found.into_iter().map(|value| value.trim().to_owned()).collect();
    Ok(Axis { key: key.trim().into(), choices: Choices::Values(values) })
}

/// `KEY=LOW:HIGH`, or `KEY=LOW:HIGH:log`; of whole numbers where the setting is one.
fn range(text: &str) -> Result<Axis> {
    let all = Config::ENTRY.settings;
    let parse = || {
        let (key, rest) = text.split_once('=')?;
        let parts: Vec<&str> = rest.split(':').collect();
        let (low, high, log) = match parts[..] {
            [low, high] => (low, high, false),
            [low, high, "log"] => (low, high, true),
            _ => return None,
        };
        let (mut low, mut high): (f64, f64) = (low.parse().ok()?, high.parse().ok()?);
        let is_whole = |s: &Setting| s.name == key.trim() && matches!(s.form, Form::Whole(_));
        let whole = all.iter().any(is_whole);
        if whole {
            (low, high) = (low.ceil(), high.floor());
        }
        let ok = low.is_finite() && high.is_finite() && low < high && (!log || low > 0.0);
        ok.then(|| Axis {
            key: key.trim().into(),
            choices: Choices::Range { low, high, log, whole },
        })
    };
    parse().with_context(|| {
        crate::Usage(format!(
            "--range: `{text}` is no range; write KEY=LOW:HIGH, or KEY=LOW:HIGH:log for one that is even in the logarithm, such as lr=1e-4:1e-1:log"
        ))
    })
}

/// Settings with their values.
type Trial = Vec<(String, String)>;

/// Every combination of the values.
fn whole(axes: &[Axis]) -> Result<Vec<Trial>> {
    let mut trials: Vec<Trial> = vec![Vec::new()];
    for Axis { key, choices } in axes {
        let Choices::Values(values) = choices else {
            bail!(crate::Usage(format!(
                "--range {key}: a range has no end of values; say with --trials N how many to try"
            )));
        };
        let with = |trial: &Trial| {
            let with = values.iter().map(|value| {
                trial.iter().cloned().chain([(key.clone(), value.clone())]).collect::<Trial>()
            });
            with.collect::<Vec<_>>()
        };
        trials = trials.iter().flat_map(with).collect();
    }
    Ok(trials)
}

/// So many random choices; the same seed gives the same ones.
fn random(axes: &[Axis], count: usize, seed: u64) -> Vec<Trial> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut choose = |Axis { key, choices }: &Axis| {
        let value = match choices {
            Choices::Values(values) => {
                let at = rng.random_range(0..values.len().max(1));
                values.get(at).cloned().unwrap_or_default()
            }
            Choices::Range { low, high, log, whole } => {
                let share: f64 = rng.random();
                let number = match log {
                    true => Number::exp(Number::ln(*low) + share * Number::ln(high / low)),
                    false => low + share * (high - low),
                };
                match whole {
                    true => format!("{number:.0}"),
                    // Four digits are read more easily, and bound nothing.
                    false => format!("{number:.3e}"),
                }
            }
        };
        (key.clone(), value)
    };
    (0..count).map(|_| axes.iter().map(&mut choose).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grid_is_every_combination() {
        let axes = [grid("lr=0.1,0.01").unwrap(), grid("hidden=[50],[30, 20]").unwrap()];
        let trials = whole(&axes).unwrap();
        let texts: Vec<String> = trials.iter().map(|t| format!("{} {}", t[0].1, t[1].1)).collect();
        assert_eq!(texts, ["0.1 [50]", "0.1 [30, 20]", "0.01 [50]", "0.01 [30, 20]"]);
    }

    #[test]
    fn a_range_is_kept_and_needs_a_number_of_trials() {
        let axes = [range("lr=1e-4:1e-1:log").unwrap()];
        assert!(whole(&axes).is_err());
        let trials = random(&axes, 50, 0);
        let rates: Vec<f64> = trials.iter().map(|t| t[0].1.parse().unwrap()).collect();
        assert!(rates.iter().all(|rate| (1e-4..=1e-1).contains(rate)));
        assert!(rates.iter().filter(|rate| **rate < 3e-3).count() > 10, "{rates:?}");
        assert!(range("lr=1:0").is_err() && range("lr=-1:1:log").is_err());
    }

    #[test]
    fn a_range_of_a_whole_setting_is_whole() {
        let trials = random(&[range("batch_size=3.5:64:log").unwrap()], 50, 0);
        let sizes: Vec<u64> = trials.iter().map(|t| t[0].1.parse().unwrap()).collect();
        assert!(sizes.iter().all(|size| (4..=64).contains(size)), "{sizes:?}");
        assert!(range("batch_size=3.2:3.8").is_err());
    }
}
