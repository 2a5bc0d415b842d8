//! What is said of how data was read.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Task;
use super::input::{Input, Told};

/// How a table or images were read: what columns were taken for, and what was odd.
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
    /// The images' sizes, and what became of them.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub images: String,
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
    /// The columns of dates, with the order of their parts and what is taken of them.
    pub dates: Vec<(String, String)>,
    /// The column that says how much each row counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight: Option<String>,
    /// Columns with cells without a value, and how many.
    pub gaps: Vec<(String, u64)>,
    /// The columns, or the files of a folder of images, that are left out, and why.
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
                Told::Date(order, parts) => {
                    self.dates.push((name, format!("{}: {}", order.name(), parts.join(", "))));
                }
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
pub(super) fn listed(names: &[String]) -> String {
    let shown = names.iter().take(LISTED).map(String::as_str).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(LISTED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

impl Summary {
    fn unit(&self) -> &'static str {
        if self.images.is_empty() { "rows" } else { "images" }
    }

    /// What is said beside the number of rows, a line each.
    fn lines(&self) -> Vec<String> {
        let counted = |(name, count): (&String, u64)| format!("{name} ({count})");
        let categories: Vec<String> =
            self.categories.iter().map(|(name, count)| counted((name, *count as u64))).collect();
        let gaps: Vec<String> =
            self.gaps.iter().map(|(name, count)| counted((name, *count))).collect();
        // Of files a line tells already.
        let columns = if self.images.is_empty() { self.left_out.as_slice() } else { &[] };
        let told = |told: &[(String, String)]| -> Vec<String> {
            told.iter().map(|(name, why)| format!("{name} ({why})")).collect()
        };
        let (dates, left_out) = (told(&self.dates), told(columns));
        let weight: Vec<String> = self.weight.iter().cloned().collect();
        let lists = [
            ("numbers", &self.numbers),
            ("categories", &categories),
            ("dates", &dates),
            ("weights", &weight),
            ("gaps, filled with the mean or a category", &gaps),
            ("left out", &left_out),
        ];
        let mut lines = Vec::new();
        if !self.images.is_empty() {
            lines.extend([self.images.clone(), self.reason.clone()]);
        }
        if !self.target.is_empty() {
            lines.push(format!("predicts {}: {}", listed(&self.target), self.reason));
        }
        let told = lists.into_iter().filter(|(_, names)| !names.is_empty());
        lines.extend(told.map(|(what, names)| format!("{what}: {}", listed(names))));
        lines.extend(self.notes.iter().cloned());
        lines
    }
}

impl std::fmt::Display for Summary {
    /// Some lines of at most 60 letters, without an end of line after the last.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&lines(format!("{} {}", self.rows, self.unit()), self, WIDTH))
    }
}

impl std::fmt::Display for DataReport {
    /// As of its [`Summary`], with the rows of each part.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.within(WIDTH))
    }
}

/// The columns that lines take where nobody says how many there are.
const WIDTH: usize = 60;

impl DataReport {
    /// The same in lines of at most so many columns.
    ///
    /// ```
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("t.csv");
    /// # std::fs::write(&path, "a,y\n1,0.5\n2,1.5\n3,2.5\n4,3\n").unwrap();
    /// # let path = path.display().to_string();
    /// let source = chainrule_train::data::DataSource { path, ..Default::default() };
    /// let report = source.load(&|_| unreachable!())?.report();
    /// assert!(report.within(40).lines().all(|line| line.len() <= 40));
    /// assert!(report.within(200).lines().any(|line| line.len() > 60));
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn within(&self, columns: usize) -> String {
        let part = |name: &str| Some(format!("{} {name}", self.parts.get(name)?));
        let parts: Vec<String> =
            ["train", "validation", "test"].into_iter().filter_map(part).collect();
        let (rows, unit) = (self.parts.values().sum::<usize>(), self.summary.unit());
        let rows = match parts.as_slice() {
            [] | [_] => format!("{} {unit}", self.summary.rows),
            parts => format!("{rows} {unit}: {}", parts.join(", ")),
        };
        lines(rows, &self.summary, columns)
    }
}

fn lines(first: String, summary: &Summary, columns: usize) -> String {
    let lines = [first].into_iter().chain(summary.lines());
    let wrapped = |line: String| wrapped(&chainrule_explain::visible(&line), columns);
    lines.map(wrapped).collect::<Vec<_>>().join("\n")
}

/// A line as several ones that fit a narrow terminal, all but the first indented.
fn wrapped(line: &str, columns: usize) -> String {
    const INDENT: &str = "  ";
    let (mut out, mut used, mut quoted) = (String::new(), 0, false);
    let words = line.split(|letter: char| {
        quoted ^= letter == '`';
        letter == ' ' && !quoted
    });
    for word in words {
        let width = chainrule_explain::width(word);
        if used > 0 && used + 1 + width > columns {
            out.push('\n');
            out.push_str(INDENT);
            used = INDENT.len();
        } else if used > 0 {
            out.push(' ');
            used += 1;
        }
        out.push_str(word);
        used += width;
    }
    out
}
