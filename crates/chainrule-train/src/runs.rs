//! Trained runs as they are found, compared and drawn together.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::curves::{Chart, Series};
use super::products::charts;
use super::readme::counted;
use super::{Epoch, FinalScores, RunFolder, compare};
use crate::data::DataPart;
use chainrule::error::{Error, Result};
use chainrule_explain::cut;

/// A run as it is compared.
///
/// ```
/// use chainrule_train::Epoch;
/// use chainrule_train::runs::{Entry, ranked, table};
/// let run = |name: &str, loss| {
///     let scores = [("test_accuracy".to_owned(), 1.0 - loss)].into();
///     let epoch = Epoch { epoch: 1, train_loss: loss, scores, seconds: 0.5 };
///     Entry { name: name.into(), epochs: vec![epoch], ..Entry::default() }
/// };
/// let runs = [run("a", 0.5), run("b", 0.25)];
/// assert!(table(&runs, None, 80)?.contains("   1  b"));
/// assert_eq!(ranked(&runs, None)?["runs"][0]["run"], "b");
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Entry {
    /// Its name: the path of its folder.
    pub name: String,
    /// Its settings by their keys.
    pub settings: Map<String, Value>,
    /// The metrics of its epochs.
    pub epochs: Vec<Epoch>,
    /// What it has come to, if it has ended.
    pub result: Option<FinalScores>,
    /// The digest of its data, where it is known.
    pub data: Option<String>,
}

/// Runs whose scores can be compared: of the same data, task and part.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Group {
    /// The data's name.
    pub data: String,
    /// The part that is scored: the validation part where there is one, as the test part is not to choose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part: Option<DataPart>,
    /// Its rows, where they are known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<usize>,
    /// The metric that ranks the runs.
    pub by: String,
    /// The runs, by their places in the list that was grouped, the best first.
    #[serde(skip)]
    pub entries: Vec<usize>,
}

impl Group {
    /// What the runs are scored on, in words.
    #[must_use]
    pub fn heading(&self) -> String {
        let rows = self.rows.map(|rows| format!(", {}", counted(rows, "row"))).unwrap_or_default();
        match self.part {
            Some(part) => format!("{}: {} part{rows}", self.data, part.in_words()),
            None => format!("{}: nothing held out", self.data),
        }
    }
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
    let (epochs, result) = (folder.all_epochs()?, folder.final_scores()?);
    let data = folder.identity().and_then(|identity| identity.data.clone());
    Ok(Entry { name: dir.display().to_string(), settings, epochs, result, data })
}

impl Entry {
    /// The scores of the epoch that counts; of the last one in a run that has not ended.
    fn scores(&self) -> BTreeMap<String, f64> {
        let last = self.epochs.last();
        let is_whole = |result: &&FinalScores| Some(result.epochs_done) == last.map(|e| e.epoch);
        match self.result.as_ref().filter(is_whole) {
            Some(result) => result.scores.clone(),
            None => last.map(|epoch| epoch.scores.clone()).unwrap_or_default(),
        }
    }

    /// The part that it is compared by.
    fn part(&self) -> Option<DataPart> {
        let scores = self.scores();
        let is_scored = |part: &DataPart| {
            let prefix = format!("{part}_");
            scores.keys().any(|name| name.starts_with(&prefix))
        };
        [DataPart::Validation, DataPart::Test].into_iter().find(is_scored)
    }

    /// What it is compared within: its data, what is predicted of it and how that is scored, and the part's
    /// rows.
    fn comparable(&self) -> (String, Vec<String>, Option<DataPart>, Option<usize>) {
        let text = |key: &str| self.settings.get(key).map(Value::to_string).unwrap_or_default();
        let (part, data) = (self.part(), self.data.clone().unwrap_or_else(|| text("dataset")));
        let names = part.map(|part| {
            let scores = self.scores();
            scores.keys().filter(|name| name.starts_with(part.name())).cloned().collect()
        });
        (data + &text("target") + &text("model"), names.unwrap_or_default(), part, self.rows(part))
    }

    fn rows(&self, part: Option<DataPart>) -> Option<usize> {
        self.result.as_ref()?.rows.get(part?.name()).copied()
    }
}

/// The runs in groups of those that can be compared, each group's best first. `by` names the metric that
/// ranks them where a group has it; else it is one that all of the group have.
///
/// # Errors
/// No run has the metric.
pub fn groups(entries: &[Entry], by: Option<&str>) -> Result<Vec<Group>> {
    let mut keys = Vec::new();
    let mut members: Vec<Vec<usize>> = Vec::new();
    for (at, entry) in entries.iter().enumerate() {
        let key = entry.comparable();
        match keys.iter().position(|known| *known == key) {
            Some(group) => members[group].push(at),
            None => {
                keys.push(key);
                members.push(vec![at]);
            }
        }
    }
    let has =
        |at: &usize, name: &str| metrics(&entries[*at]).iter().any(|(known, _)| known == name);
    if let Some(by) = by
        && !(0..entries.len()).any(|at| has(&at, by))
    {
        let mut known: Vec<String> =
            entries.iter().flat_map(metrics).map(|(name, _)| name).collect();
        known.sort_unstable();
        known.dedup();
        return Err(Error::unknown("metric", by, known.iter().map(String::as_str)));
    }
    let group = |(key, members): ((_, _, Option<DataPart>, Option<usize>), Vec<usize>)| {
        let own: Vec<Entry> = members.iter().map(|&at| entries[at].clone()).collect();
        let by = by.filter(|by| members.iter().any(|at| has(at, by)));
        let by = by.unwrap_or_else(|| ranked_by(&own)).to_owned();
        let ranking = compare::ranking(&compared(&own), &by);
        let first = own.first().map(|entry| &entry.settings);
        let named = |key: &str| first.and_then(|settings| settings.get(key)?.as_str());
        let data = named("dataset").or(named("model")).unwrap_or_default().to_owned();
        let entries = ranking.into_iter().map(|place| members[place]).collect();
        Group { data, part: key.2, rows: key.3, by, entries }
    };
    Ok(keys.into_iter().zip(members).map(group).collect())
}

/// A run's metrics by name: the scores of the epoch that counts, and what is of the whole training.
fn metrics(entry: &Entry) -> Vec<(String, f64)> {
    let Some(last) = entry.epochs.last() else { return Vec::new() };
    let seconds = entry.epochs.iter().map(|epoch| epoch.seconds).sum();
    let scores = entry.scores().into_iter();
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

/// A table of each group of runs that can be compared, under what they are scored on, in so many columns of
/// a terminal; see [`groups`] and [`compare::table`].
///
/// # Errors
/// As [`groups`].
pub fn table(entries: &[Entry], by: Option<&str>, columns: usize) -> Result<String> {
    let mut tables = Vec::new();
    for group in groups(entries, by)? {
        let own: Vec<Entry> = group.entries.iter().map(|&at| entries[at].clone()).collect();
        let table = compare::table(&compared(&own), &group.by, columns)?;
        tables.push(format!("{}\n{table}", cut(&group.heading(), columns)));
    }
    Ok(tables.join("\n"))
}

/// The runs in groups of those that can be compared, each group's best first, with metrics and settings: as
/// JSON for scripts and pages. `by` is that of the first group.
///
/// # Errors
/// As [`groups`].
pub fn ranked(entries: &[Entry], by: Option<&str>) -> Result<Value> {
    let groups = groups(entries, by)?;
    let mut runs = Vec::new();
    for (number, group) in groups.iter().enumerate() {
        for entry in group.entries.iter().map(|&at| &entries[at]) {
            let metrics: Map<String, Value> =
                metrics(entry).iter().map(|(name, value)| (name.clone(), json!(value))).collect();
            let (run, settings) = (&entry.name, &entry.settings);
            runs.push(
                json!({ "run": run, "group": number, "metrics": metrics, "settings": settings }),
            );
        }
    }
    let by = groups.first().map(|group| &group.by);
    Ok(json!({ "by": by, "groups": groups, "runs": runs }))
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
