//! Trained runs as they are found, compared and drawn together.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::curves::{Chart, Series};
use super::products::charts;
use super::{Epoch, RunFolder, compare};
use chainrule::error::{Error, Result};

/// A run as it is compared.
///
/// ```
/// use chainrule_train::Epoch;
/// use chainrule_train::runs::{Entry, ranked, table};
/// let run = |name: &str, loss| {
///     let scores = [("test_accuracy".to_owned(), 1.0 - loss)].into();
///     let epoch = Epoch { epoch: 1, train_loss: loss, scores, seconds: 0.5 };
///     Entry { name: name.into(), settings: serde_json::Map::new(), epochs: vec![epoch] }
/// };
/// let runs = [run("a", 0.5), run("b", 0.25)];
/// assert!(table(&runs, None)?.contains("   1  b"));
/// assert_eq!(ranked(&runs, None)?["runs"][0]["run"], "b");
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its name: the path of its folder.
    pub name: String,
    /// Its settings by their keys.
    pub settings: Map<String, Value>,
    /// The metrics of its epochs.
    pub epochs: Vec<Epoch>,
}

/// The folders of runs that `dir` stands for: itself, or for a sweep's folder those within it.
#[must_use]
pub fn within(dir: &Path) -> Vec<PathBuf> {
    let within = if RunFolder::open(dir).is_ok() { Vec::new() } else { found(dir) };
    if within.is_empty() { vec![dir.into()] } else { within }
}

/// The folders of runs within `parent`, by name and number.
#[must_use]
pub fn found(parent: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(parent) else { return Vec::new() };
    let mut folders: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| RunFolder::open(path).is_ok())
        .collect();
    let key = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let (stem, number) = name.rsplit_once('-').unwrap_or((&name, ""));
        (stem.to_owned(), number.parse::<u64>().unwrap_or(0), name.clone())
    };
    folders.sort_unstable_by_key(key);
    folders
}

/// The run in a folder.
///
/// # Errors
/// It is no run's folder, or a file is bad.
pub fn entry(dir: &Path) -> Result<Entry> {
    let folder = RunFolder::open(dir)?;
    let mut settings =
        match serde_json::to_value(folder.config()?).map_err(|error| Error::file(dir, error))? {
            Value::Object(settings) => settings,
            _ => Map::new(),
        };
    if let Some(model) = folder.model()? {
        let told = folder.told_settings()?;
        settings.retain(|key, _| told.contains_key(key));
        settings.insert("model".into(), model.name.into());
    }
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

/// A table of the runs, the best by the metric `by` first; see [`compare::table`]. Where none is named it
/// is one that all have.
///
/// # Errors
/// No run has the metric.
pub fn table(entries: &[Entry], by: Option<&str>) -> Result<String> {
    compare::table(&compared(entries), by.unwrap_or_else(|| ranked_by(entries)))
}

/// The runs, the best first, with metrics and settings: as JSON for scripts and pages.
///
/// # Errors
/// As [`table`].
pub fn ranked(entries: &[Entry], by: Option<&str>) -> Result<Value> {
    let by = by.unwrap_or_else(|| ranked_by(entries));
    let runs = compared(entries);
    let ranked: Vec<Value> = compare::ranking(&runs, by)
        .into_iter()
        .filter_map(|place| {
            let (run, entry) = (runs.get(place)?, entries.get(place)?);
            let metrics: Map<String, Value> =
                run.metrics.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
            Some(json!({ "run": run.name, "metrics": metrics, "settings": entry.settings }))
        })
        .collect();
    Ok(json!({ "by": by, "runs": ranked }))
}

/// The curves of all runs over the same axes: of each its last part, test before validation before
/// training.
#[must_use]
pub fn overlay(entries: &[Entry]) -> Vec<Chart> {
    let mut overlaid: Vec<Chart> = Vec::new();
    for entry in entries {
        for chart in charts(&entry.epochs) {
            let Some(series) = chart.series.last() else { continue };
            let series = Series {
                name: format!("{} ({})", entry.name, series.name),
                points: series.points.clone(),
            };
            match overlaid.iter_mut().find(|known| known.y == chart.y) {
                Some(known) => known.series.push(series),
                None => overlaid.push(Chart { series: vec![series], ..chart.clone() }),
            }
        }
    }
    overlaid
}
