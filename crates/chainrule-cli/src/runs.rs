//! `runs`: trained runs side by side.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use chainrule_train::curves::{self, Chart, Series};
use chainrule_train::{Epoch, RunFolder, compare};
use serde_json::{Map, Value, json};

use crate::arguments::Runs;
use crate::print;

/// A run as it is compared.
pub struct Entry {
    pub name: String,
    pub settings: Map<String, Value>,
    pub epochs: Vec<Epoch>,
}

pub fn runs(options: &Runs) -> Result<()> {
    let entries = match options.dirs.as_slice() {
        [] => all()?,
        dirs => named(dirs)?,
    };
    if let Some(path) = &options.curves {
        print::write_bytes(path, &overlay(&entries, path)?)?;
    }
    print_table(&entries, options.by.as_deref(), options.json)
}

/// The runs in these folders; a sweep's folder stands for its runs.
fn named(dirs: &[PathBuf]) -> Result<Vec<Entry>> {
    let mut folders = Vec::new();
    for dir in dirs {
        let within = if RunFolder::open(dir).is_ok() { Vec::new() } else { found(dir)? };
        folders.extend(if within.is_empty() { vec![dir.clone()] } else { within });
    }
    folders.iter().map(|dir| entry(dir)).collect()
}

/// The runs in `runs/`, without those that are damaged.
fn all() -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for dir in found(Path::new("runs"))? {
        match entry(&dir) {
            Ok(entry) => entries.push(entry),
            Err(error) => print::progress(&format!("left out: {error:#}")),
        }
    }
    if entries.is_empty() {
        bail!(crate::Usage(
            "there are no runs here: name their folders, or train one with chainrule train".into()
        ));
    }
    Ok(entries)
}

/// The folders of runs within `parent`, by name and number.
fn found(parent: &Path) -> Result<Vec<PathBuf>> {
    let Ok(entries) = std::fs::read_dir(parent) else { return Ok(Vec::new()) };
    let mut folders: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| RunFolder::open(path).is_ok())
        .collect();
    let key = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let (stem, number) = name.rsplit_once('-').unwrap_or((&name, ""));
        (stem.to_owned(), number.parse::<u64>().unwrap_or(0), name.clone())
    };
    folders.sort_by_key(key);
    Ok(folders)
}

pub fn entry(dir: &Path) -> Result<Entry> {
    let folder = RunFolder::open(dir)?;
    let settings = match serde_json::to_value(folder.config()?)? {
        Value::Object(settings) => settings,
        _ => Map::new(),
    };
    let epochs = folder.all_epochs()?;
    Ok(Entry { name: dir.display().to_string(), settings, epochs })
}

/// A run's last metrics by name.
fn metrics(entry: &Entry) -> Vec<(String, f64)> {
    let Some(last) = entry.epochs.last() else { return Vec::new() };
    let seconds = entry.epochs.iter().map(|epoch| epoch.seconds).sum();
    let scores = last.scores.iter().map(|(name, score)| (name.clone(), *score));
    let whole =
        [("train_loss", last.train_loss), ("epochs_done", last.epoch.into()), ("seconds", seconds)];
    scores.chain(whole.map(|(name, value)| (name.to_owned(), value))).collect()
}

/// The metric that runs are ranked by: one that all have, the validation's before the test's.
fn ranked_by(entries: &[Entry]) -> &'static str {
    let has = |name: &str| {
        entries.iter().all(|entry| metrics(entry).iter().any(|(known, _)| known == name))
    };
    let order =
        ["validation_accuracy", "validation_rmse", "validation_loss", "test_accuracy", "test_rmse"];
    order.into_iter().find(|name| has(name)).unwrap_or("train_loss")
}

/// Checks that the runs have the metric.
pub fn check_metric(entries: &[Entry], by: Option<&str>) -> Result<()> {
    compare::table(&compared(entries), by.unwrap_or_else(|| ranked_by(entries)))?;
    Ok(())
}

/// The runs as they are compared.
fn compared(entries: &[Entry]) -> Vec<compare::Run> {
    let flat = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let run = |entry: &Entry| compare::Run {
        name: entry.name.clone(),
        settings: entry.settings.iter().map(|(key, value)| (key.clone(), flat(value))).collect(),
        metrics: metrics(entry),
    };
    entries.iter().map(run).collect()
}

/// Prints the runs, the best first.
pub fn print_table(entries: &[Entry], by: Option<&str>, as_json: bool) -> Result<()> {
    let by = by.unwrap_or_else(|| ranked_by(entries));
    let runs = compared(entries);
    if !as_json {
        return print::text(&compare::table(&runs, by)?);
    }
    let ranked: Vec<Value> = compare::ranking(&runs, by)
        .into_iter()
        .filter_map(|place| {
            let (run, entry) = (runs.get(place)?, entries.get(place)?);
            let metrics: Map<String, Value> =
                run.metrics.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
            Some(json!({ "run": run.name, "metrics": metrics, "settings": entry.settings }))
        })
        .collect();
    print::json(&json!({ "by": by, "runs": ranked }))
}

/// The curves of all runs in one picture, by the ending of its name.
fn overlay(entries: &[Entry], path: &Path) -> Result<Vec<u8>> {
    let mut charts: Vec<Chart> = Vec::new();
    for entry in entries {
        for chart in chainrule_train::charts(&entry.epochs) {
            // One line a run: that of its last part, test before validation before train.
            let Some(series) = chart.series.last() else { continue };
            let series = Series {
                name: format!("{} ({})", entry.name, series.name),
                points: series.points.clone(),
            };
            match charts.iter_mut().find(|known| known.y == chart.y) {
                Some(known) => known.series.push(series),
                None => charts.push(Chart { series: vec![series], ..chart.clone() }),
            }
        }
    }
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("png") => Ok(curves::curves_png(&charts)?),
        Some("svg") => Ok(curves::curves_svg(&charts)?.into_bytes()),
        _ => bail!(crate::Usage(format!(
            "--curves {}: give a file that ends in .svg or .png",
            path.display()
        ))),
    }
}
