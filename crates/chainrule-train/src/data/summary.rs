//! What is said of how data was read.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Task;
use super::input::{Input, Told};

/// How a table was read: what its columns were taken for, and what was odd.
///
/// ```
/// use chainrule_train::data::DataSource;
/// # let folder = tempfile::tempdir().unwrap();
/// let path = folder.path().join("t.csv");
/// std::fs::write(&path, "kg;coat;id;pet\n4,5;short;7;cat\n6;long;7;cat\n10,5;short;7;dog\n").unwrap();
/// let source = DataSource { path: path.display().to_string(), ..DataSource::default() };
/// let summary = source.load(&|_| unreachable!())?.summary;
/// assert_eq!(summary.rows, 3);
/// assert_eq!(summary.categories, [("coat".to_owned(), 2)]);
/// assert_eq!(summary.left_out, [("id".to_owned(), "the same value everywhere".to_owned())]);
/// let text = summary.to_string();
/// assert!(text.contains("2 different texts, so classes"), "{text}");
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    /// The rows of the table, or the images.
    pub rows: usize,
    /// What is predicted.
    pub target: Vec<String>,
    /// Whether classes or values are predicted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<Task>,
    /// Why.
    pub reason: String,
    /// The columns of numbers.
    pub numbers: Vec<String>,
    /// The columns of categories, and how many there are of each.
    pub categories: Vec<(String, usize)>,
    /// The columns of dates.
    pub dates: Vec<String>,
    /// Columns with cells without a value, and how many.
    pub gaps: Vec<(String, u64)>,
    /// The columns that are left out, and why.
    pub left_out: Vec<(String, String)>,
    /// What was odd.
    pub notes: Vec<String>,
}

impl Summary {
    /// Tells what columns became.
    pub(super) fn tell_inputs(&mut self, inputs: &[Input]) {
        for input in inputs {
            let name = input.column.clone();
            match input.told() {
                Told::Number => self.numbers.push(name),
                Told::Categories(count) => self.categories.push((name, count)),
                Told::Date => self.dates.push(name),
            }
        }
    }
}

/// What a report says of the data.
///
/// It is plain data for serde: a report of a training has it as JSON.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct DataReport {
    /// How it was read.
    #[serde(flatten)]
    pub summary: Summary,
    /// The examples of each part: `train`, `validation`, `test`.
    pub parts: BTreeMap<String, usize>,
}

/// The most names that a line lists.
const LISTED: usize = 8;

/// Names with commas between, and how many more there are.
fn listed(names: &[String]) -> String {
    let shown = names.iter().take(LISTED).map(String::as_str).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(LISTED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

impl std::fmt::Display for Summary {
    /// Some lines, without an end of line after the last.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut lines = vec![format!("{} rows", self.rows)];
        if !self.target.is_empty() {
            lines.push(format!("predicts {}: {}", listed(&self.target), self.reason));
        }
        if !self.numbers.is_empty() {
            lines.push(format!("numbers: {}", listed(&self.numbers)));
        }
        let counted = |(name, count): &(String, usize)| format!("{name} ({count})");
        let categories: Vec<String> = self.categories.iter().map(counted).collect();
        if !categories.is_empty() {
            lines.push(format!("categories: {}", listed(&categories)));
        }
        if !self.dates.is_empty() {
            lines.push(format!("dates: {}", listed(&self.dates)));
        }
        let gaps: Vec<String> =
            self.gaps.iter().map(|(name, count)| format!("{name} ({count})")).collect();
        if !gaps.is_empty() {
            lines.push(format!("gaps, filled with the mean or a category: {}", listed(&gaps)));
        }
        let left: Vec<String> =
            self.left_out.iter().map(|(name, why)| format!("{name} ({why})")).collect();
        if !left.is_empty() {
            lines.push(format!("left out: {}", listed(&left)));
        }
        lines.extend(self.notes.iter().cloned());
        f.write_str(&lines.join("\n"))
    }
}
