//! `sweep`: one training for each choice of settings, ranked.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use chainrule_train::Config;
use chainrule_train::runs::{entry, groups};
use chainrule_train::sweep::{Axis, Trial, every, random};
use chainrule_train::system::make_folder;

use crate::arguments::{Sweep, Train, threads, with};
use crate::train::{Job, begin, go_on, is_interrupted};
use crate::{End, data, print, runs};

pub fn sweep(options: &Sweep) -> Result<End> {
    let train = &options.train;
    if train.resume.is_some() {
        bail!(crate::Usage("--resume belongs to one run: chainrule train --resume DIR".into()));
    }
    let dataset = train.dataset.as_deref().unwrap_or_default();
    let (config, said) = begin(dataset)?;
    let config = train.over(config, &said)?;
    data::not_piped(&config.dataset, "a sweep reads it")?;
    let axes = axes(options)?;
    let trials = match options.trials {
        Some(count) => random(&axes, count, config.seed),
        None => every(&axes)
            .map_err(|error| crate::Usage(format!("--range {error} with --trials N")))?,
    };
    // Every choice is looked at before the first one is trained.
    let configs: Vec<Config> =
        trials.iter().map(|trial| chosen(train, &said, &config, trial)).collect::<Result<_>>()?;
    let parent = match &train.out {
        Some(path) => path.clone(),
        None => free(Path::new("runs"))?,
    };
    let done = train_each(options, (&configs, &trials), &parent);
    if train.out.is_none() {
        // Nothing was trained where it is empty, and it stays where it is not.
        let _ = std::fs::remove_dir(&parent);
    }
    done
}

/// Trains each choice, and ranks them.
fn train_each(
    options: &Sweep,
    (configs, trials): (&[Config], &[Trial]),
    parent: &Path,
) -> Result<End> {
    let train = &options.train;
    let threads = threads(train.settings.threads)?;
    let mut entries = Vec::new();
    for (number, (config, trial)) in configs.iter().zip(trials).enumerate() {
        let out = parent.join((number + 1).to_string());
        let words: Vec<String> =
            trial.iter().map(|(key, value)| format!("{key}={value}")).collect();
        print::notice(&format!("{}/{}  {}", number + 1, trials.len(), words.join("  ")));
        let job = Job { options: train, config, threads, out: Some(&out), quiet: true };
        match job.run(Instant::now()) {
            Ok(report) if is_interrupted(&report) => {
                print::notice(&format!("interrupted; {}", go_on(&report)));
                return Ok(End::Interrupted);
            }
            Ok(_) => {}
            // One choice that diverges is a result of the sweep, not its end.
            Err(error) if diverged(&error) => {
                print::notice(&format!("     {error:#}"));
                continue;
            }
            Err(error) => return Err(error),
        }
        entries.push(entry(&out)?);
        if entries.len() == 1 {
            // A metric that there is not is told of before the others are trained.
            let found = groups(&entries, options.by.as_deref())?;
            if options.by.is_none() && found.iter().any(|group| group.part.is_none()) {
                bail!(crate::Usage(
                    "nothing is held out to rank the trainings by: leave out --validation 0, or name a metric of the training part by --by train_loss".into()
                ));
            }
        }
    }
    if entries.is_empty() {
        bail!("every training of the sweep diverged");
    }
    runs::print_table(&entries, options.by.as_deref(), train.json)?;
    let of = groups(&entries, options.by.as_deref())?.iter().map(|g| g.entries.len()).max();
    if let Some(of) = of.filter(|&of| !train.json && of > 1) {
        print::notice(&format!(
            "the best score is the best of {of} trainings: on rows that none of them saw, expect less"
        ));
    }
    Ok(End::Done)
}

/// What is varied.
fn axes(options: &Sweep) -> Result<Vec<Axis>> {
    let words = |option| move |error| crate::Usage(format!("{option}: {error}"));
    let grids = options.grid.iter().map(|text| Axis::grid(text).map_err(words("--grid")));
    let ranges = options.range.iter().map(|text| Axis::range(text).map_err(words("--range")));
    let axes: Vec<Axis> = grids.chain(ranges).collect::<Result<_, _>>()?;
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

/// The settings of a trial, over those of the command line and those that a file says.
fn chosen(train: &Train, said: &[&str], config: &Config, trial: &Trial) -> Result<Config> {
    let changes: Vec<(&str, &str)> =
        trial.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    Ok(with(config, "in the sweep:", &changes, &train.changes.beside_optimizer(), said)?)
}

fn diverged(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(chainrule::Error::Diverged { .. }))
}

/// Makes the first free folder `sweep-<number>`. Of two sweeps that begin at once, each gets its own.
fn free(parent: &Path) -> Result<PathBuf> {
    match make_folder(parent) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            return Err(error).with_context(|| parent.display().to_string());
        }
        _ => {}
    }
    for path in (1_u64..).map(|number| parent.join(format!("sweep-{number}"))) {
        match make_folder(&path) {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error).with_context(|| path.display().to_string()),
        }
    }
    bail!("no name is free for the sweep")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sweeps_that_begin_at_once_get_a_folder_each() {
        let folder = tempfile::tempdir().unwrap();
        let runs = folder.path().join("runs");
        let begin = || {
            std::thread::scope(|scope| {
                let begun: Vec<_> = (0..8).map(|_| scope.spawn(|| free(&runs).unwrap())).collect();
                begun.into_iter().map(|one| one.join().unwrap()).collect::<Vec<PathBuf>>()
            })
        };
        let mut paths = begin();
        paths.sort_unstable();
        paths.dedup();
        assert_eq!(paths.len(), 8);
        assert!(paths.contains(&runs.join("sweep-8")));
    }
}
