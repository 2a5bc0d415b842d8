//! Trained runs as they are found, compared and drawn together.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::curves::{Chart, Series};
use super::products::charts;
use super::readme::counted;
use super::{Epoch, FinalScores, Identity, RunFolder, compare};
use crate::data::DataPart;
use crate::score::{Score, of_part};
use chainrule::error::{Error, Result};
use chainrule_explain::cut;

/// The setting that tells of folds.
const FOLDS: &str = "folds";

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
    /// What it predicts: the names of the columns, where its data has some.
    pub target: Vec<String>,
    /// The parts of which rows may have been learnt from; see [`Identity::learnt`](super::Identity::learnt).
    pub learnt: Vec<DataPart>,
}

/// What runs share whose scores can be compared.
#[derive(PartialEq)]
struct Key {
    data: Data,
    /// The name of a model that is code.
    model: Option<String>,
    target: Vec<String>,
    part: Option<DataPart>,
    rows: Rows,
    /// Whether rows of the part may have been learnt from.
    learnt: bool,
    /// How the part is scored.
    score: Option<Score>,
}

/// The data of runs.
#[derive(PartialEq)]
enum Data {
    /// By its digest.
    Known(String),
    /// By its name and, as that may stand for any, the rows of the part.
    Named(Option<Value>, Option<usize>),
}

/// Which rows a part has.
#[derive(PartialEq)]
enum Rows {
    /// Those that the data says, or all.
    Whole,
    /// A share that a seed chose.
    Split { seed: u64, share: Option<f64> },
}

/// Runs whose scores can be compared: of the same data, task, part and rows.
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
    /// The seed that chose them, where one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Whether rows of the part may have been learnt from, so that the scores are no fair ones.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub learnt: bool,
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
        let seed = self.seed.map(|seed| format!(", seed {seed}")).unwrap_or_default();
        match self.part {
            Some(part) => {
                let learnt = if self.learnt { "; may have been learnt from" } else { "" };
                format!("{}: {} part{rows}{seed}{learnt}", self.data, part.in_words())
            }
            None => format!("{}: nothing held out", self.data),
        }
    }
}

/// The folders of runs that `dir` stands for: itself, or for a sweep's folder those within it.
#[must_use]
pub fn within(dir: &Path) -> Vec<PathBuf> {
    let within = if RunFolder::is_at(dir) { Vec::new() } else { found(dir) };
    if within.is_empty() { vec![dir.into()] } else { within }
}

/// The folders of runs within `parent`, by name and number, those of damaged runs included.
#[must_use]
pub fn found(parent: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(parent) else { return Vec::new() };
    let mut folders: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| RunFolder::is_at(path))
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
/// It is no run's folder, its settings were edited by hand, or a file is bad.
pub fn entry(dir: &Path) -> Result<Entry> {
    let folder = RunFolder::open(dir)?;
    folder.check_config()?;
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
    // The run that learns from all rows knows nothing of folds.
    if let Some(folds) = folder.folds()? {
        settings.insert(FOLDS.into(), folds.folds.len().into());
    }
    let (epochs, result) = (folder.all_epochs()?, folder.final_scores()?);
    let data = folder.identity().and_then(|identity| identity.data.clone());
    let learnt = folder.identity().map(Identity::learnt).unwrap_or_default();
    let preparation = folder.preparation()?;
    let target = preparation.map(|known| known.target_names().to_vec()).unwrap_or_default();
    let name = dir.display().to_string();
    Ok(Entry { name, settings, epochs, result, data, target, learnt })
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
        DataPart::CHOOSING.into_iter().find(|part| of_part(&scores, *part).next().is_some())
    }

    /// What it is compared within.
    fn key(&self) -> Key {
        let (part, scores) = (self.part(), self.scores());
        let data = match &self.data {
            Some(digest) => Data::Known(digest.clone()),
            None => Data::Named(self.settings.get("dataset").cloned(), self.rows(part)),
        };
        let model = self.settings.get("model").and_then(Value::as_str).map(str::to_owned);
        let number = |key: &str| self.settings.get(key);
        // The parts of a model that is code are code too; folds score every row.
        let is_split = part == Some(DataPart::Validation)
            && model.is_none()
            && !self.settings.get(FOLDS).is_some_and(Value::is_number);
        let rows = match number("seed").and_then(Value::as_u64).filter(|_| is_split) {
            Some(seed) => Rows::Split { seed, share: number("validation").and_then(Value::as_f64) },
            None => Rows::Whole,
        };
        let names = |part| Score::first(of_part(&scores, part).map(|(name, _)| name));
        let learnt = part.is_some_and(|part| self.learnt.contains(&part));
        let (target, score) = (self.target.clone(), part.and_then(names));
        Key { data, model, target, part, rows, learnt, score }
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
        let key = entry.key();
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
    let by = by.map(|by| meant(by, entries)).transpose()?;
    let by = by.as_deref();
    let group = |(key, members): (Key, Vec<usize>)| {
        let own: Vec<Entry> = members.iter().map(|&at| entries[at].clone()).collect();
        let by = by.filter(|by| members.iter().any(|at| has(at, by)));
        let by = by.map_or_else(|| ranked_by(&own, key.part), str::to_owned);
        let ranking = compare::ranking(&compared(&own), &by);
        let first = own.first().map(|entry| &entry.settings);
        let named = |key: &str| first.and_then(|settings| settings.get(key)?.as_str());
        let data = named("dataset").or(named("model")).unwrap_or_default().to_owned();
        let entries = ranking.into_iter().map(|place| members[place]).collect();
        let rows = own.iter().find_map(|entry| entry.rows(key.part));
        let seed = match key.rows {
            Rows::Split { seed, .. } => Some(seed),
            Rows::Whole => None,
        };
        Group { data, part: key.part, rows, seed, learnt: key.learnt, by, entries }
    };
    Ok(keys.into_iter().zip(members).map(group).collect())
}

/// The metric that is meant by a word: in any case, `val_acc` for `validation_accuracy`, and without a part
/// that of the part which judges.
fn meant(word: &str, entries: &[Entry]) -> Result<String> {
    let mut known: Vec<String> = entries.iter().flat_map(metrics).map(|(name, _)| name).collect();
    known.sort_unstable();
    known.dedup();
    let plain = word.trim().to_lowercase().replace(['-', ' '], "_");
    let plain = match plain.strip_prefix("val_") {
        Some(name) => format!("{}_{name}", DataPart::Validation),
        None => plain,
    };
    let plain = match plain.strip_suffix("acc") {
        Some(start) if start.is_empty() || start.ends_with('_') => format!("{start}accuracy"),
        _ => plain,
    };
    let parts = DataPart::CHOOSING.into_iter().chain([DataPart::Train]);
    let names = [plain.clone()].into_iter().chain(parts.map(|part| format!("{part}_{plain}")));
    let found = names.into_iter().find(|name| known.contains(name));
    found.ok_or_else(|| Error::unknown("metric", word, known.iter().map(String::as_str)))
}

/// A run's metrics by name: the scores of the epoch that counts, and what is of the whole training.
fn metrics(entry: &Entry) -> Vec<(String, f64)> {
    let Some(last) = entry.epochs.last() else { return Vec::new() };
    let seconds = entry.epochs.iter().map(|epoch| epoch.seconds).sum();
    let scores = entry.scores().into_iter();
    let whole =
        [("epochs_done", last.epoch.into()), ("seconds", seconds)].map(|(n, x)| (n.to_owned(), x));
    let train = (Score::Loss.on(DataPart::Train), last.train_loss);
    scores.chain([train]).chain(whole).collect()
}

/// The metric that runs are ranked by: what people look at first of those that all have of the part.
fn ranked_by(entries: &[Entry], part: Option<DataPart>) -> String {
    let all_have = |name: &str| {
        entries.iter().all(|entry| metrics(entry).iter().any(|(known, _)| known == name))
    };
    let of = |part: DataPart| {
        let scores = entries.first()?.scores();
        let names = of_part(&scores, part).map(|(name, _)| name);
        Some(Score::first(names.filter(|name| all_have(&part.score(name))))?.on(part))
    };
    part.and_then(of).unwrap_or_else(|| Score::Loss.on(DataPart::Train))
}

/// The runs as they are compared.
fn compared(entries: &[Entry]) -> Vec<compare::Run> {
    let flat = |value: &Value| match value {
        Value::String(text) => text.clone(),
        // What it is comes before its settings, of which there is seldom room for all.
        Value::Object(all) if all.contains_key("kind") => {
            let mut rest = all.clone();
            let kind = rest.remove("kind").unwrap_or_default();
            format!("{} {}", kind.as_str().unwrap_or_default(), Value::Object(rest))
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A run of a table with such settings and scores of its one epoch.
    fn run(name: &str, settings: &Value, scores: &[(&str, f64)]) -> Entry {
        let scores = scores.iter().map(|&(name, score)| (name.to_owned(), score)).collect();
        Entry {
            name: name.into(),
            settings: settings.as_object().unwrap().clone(),
            epochs: vec![Epoch { epoch: 1, train_loss: 0.5, scores, seconds: 0.1 }],
            data: Some("digest".into()),
            target: vec!["y".into()],
            ..Entry::default()
        }
    }

    fn members(entries: &[Entry]) -> Vec<Vec<usize>> {
        groups(entries, None).unwrap().into_iter().map(|group| group.entries).collect()
    }

    #[test]
    fn runs_are_compared_where_the_same_rows_are_scored() {
        let validated = |seed: u64, share: f64, loss| {
            let settings = json!({ "dataset": "t.csv", "seed": seed, "validation": share });
            run("r", &settings, &[("validation_loss", loss)])
        };
        let runs = [validated(0, 0.2, 0.5), validated(1, 0.2, 0.25), validated(0, 0.2, 0.25)];
        assert_eq!(members(&runs), [vec![2, 0], vec![1]]);
        assert_eq!(members(&[validated(0, 0.2, 0.5), validated(0, 0.1, 0.25)]).len(), 2);
        let headings: Vec<String> =
            groups(&runs, None).unwrap().iter().map(Group::heading).collect();
        assert_eq!(headings, ["t.csv: validation part, seed 0", "t.csv: validation part, seed 1"]);
        // Of the test part, and of folds, all rows are scored whatever the seed.
        let tested = |seed: u64, loss| {
            let settings = json!({ "dataset": "t.csv", "seed": seed, "validation": 0.0 });
            run("r", &settings, &[("test_loss", loss)])
        };
        assert_eq!(members(&[tested(0, 0.5), tested(1, 0.25)]), [[1, 0]]);
        assert_eq!(groups(&[tested(0, 0.5)], None).unwrap()[0].by, "test_loss");
        let folds = |count: u64, seed: u64| Entry {
            settings: json!({ "folds": count, "seed": seed }).as_object().unwrap().clone(),
            ..validated(seed, 0.0, 0.5)
        };
        assert_eq!(members(&[folds(2, 0), folds(3, 1)]), [[0, 1]]);
    }

    #[test]
    fn what_changes_no_score_parts_no_runs() {
        let scores = [("test_accuracy", 0.5), ("test_loss", 0.5)];
        let plain = run("a", &json!({ "dataset": "t.csv" }), &scores);
        let named = run("b", &json!({ "dataset": "t.csv", "target": "y" }), &scores);
        let more = [scores.as_slice(), &[("test_top_3_accuracy", 0.75)]].concat();
        let top = run("c", &json!({ "dataset": "t.csv", "top_k": 3 }), &more);
        let rows = [("test".to_owned(), 30)].into();
        let scored = FinalScores { scores: plain.scores(), rows, ..FinalScores::default() };
        let ended = Entry { result: Some(scored), ..plain.clone() };
        let found = groups(&[plain, named, top, ended], None).unwrap();
        assert_eq!((found.len(), found[0].rows), (1, Some(30)));
        assert_eq!(found[0].by, "test_accuracy");
    }

    #[test]
    fn another_target_or_task_parts_runs() {
        let of = |settings: Value, target: &str, score: &str| Entry {
            target: vec![target.into()],
            ..run("r", &settings, &[(score, 0.5)])
        };
        let runs = [
            of(json!({}), "ab", "test_loss"),
            of(json!({}), "a", "test_loss"),
            of(json!({ "model": "b" }), "a", "test_loss"),
            of(json!({}), "a", "test_r2"),
            of(json!({}), "a", "testing_r2"),
        ];
        assert_eq!(members(&runs).len(), 5);
    }
}
