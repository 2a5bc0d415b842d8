//! Runs side by side: a table of what their settings differ in and how they did, the best first.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use crate::score::smaller_is_better;
use chainrule::error::{Error, Result};
use chainrule_explain::{cut, digits, visible, width};

/// A run to compare.
///
/// ```
/// use chainrule_train::compare::Run;
/// let run = Run { name: "runs/iris-1".into(), ..Run::default() };
/// assert!(run.settings.is_empty());
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Run {
    /// The run's name.
    pub name: String,
    /// Its settings, by their keys, as text: `lr` → `0.1`.
    pub settings: BTreeMap<String, String>,
    /// Its last metrics, by their keys, in the order in which they are shown.
    pub metrics: Vec<(String, f64)>,
}

/// The widest that a cell may be, or a quarter of the table where that is more.
const WIDEST: usize = 24;

/// A table of the runs, the best by the metric `by` first, that fits so many columns of a terminal: a row
/// per run, with its metrics and the settings in which the runs differ, those with the most different
/// values first. Of what does not fit, a last line tells the names. Runs without the metric, or with NaN, come last; equal ones keep their order.
///
/// ```
/// use chainrule_train::compare::{Run, table};
/// let run = |name: &str, lr: &str, loss| Run {
///     name: name.into(),
///     settings: [("lr", lr), ("seed", "0")].map(|(k, v)| (k.into(), v.into())).into(),
///     metrics: vec![("test_loss".into(), loss)],
/// };
/// let text = table(&[run("a", "0.1", 0.5), run("b", "0.01", 0.25)], "test_loss", 80)?;
/// assert_eq!(text, "\
/// rank  run  test_loss    lr
///    1  b         0.25  0.01
///    2  a          0.5   0.1
/// ");
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// # Errors
/// No run has the metric; the message lists those that there are.
pub fn table(runs: &[Run], by: &str, width: usize) -> Result<String> {
    let all = columns(runs, by, WIDEST.max(width / 4))?;
    let (shown, left_out) = fitting(all, width);
    let mut text = String::new();
    for row in 0..=runs.len() {
        let mut line = String::new();
        for column in &shown {
            let cell = column.cells.get(row).map_or("", String::as_str);
            let gap = " ".repeat(column.width().saturating_sub(chainrule_explain::width(cell)));
            let _ = match column.is_name {
                true => write!(line, "{cell}{gap}  "),
                false => write!(line, "{gap}{cell}  "),
            };
        }
        let _ = writeln!(text, "{}", line.trim_end());
    }
    if !left_out.is_empty() {
        let list = format!("not shown: {}", left_out.join(", "));
        let _ = writeln!(text, "{}", cut(&list, width));
    }
    Ok(text)
}

/// The runs' places in a ranking by a metric, the best first: a metric called a loss or an error
/// (`…loss`, `…error`, `…rmse`, `…mse`, `…mae`) or time (`seconds`) is better small, any other is better
/// large. Runs without the metric, or with NaN, come last.
///
/// ```
/// use chainrule_train::compare::{Run, ranking};
/// let runs = [0.9, 0.97, f64::NAN].map(|accuracy| Run {
///     metrics: vec![("test_accuracy".into(), accuracy)],
///     ..Run::default()
/// });
/// assert_eq!(ranking(&runs, "test_accuracy"), [1, 0, 2]);
/// ```
#[must_use]
pub fn ranking(runs: &[Run], by: &str) -> Vec<usize> {
    let small = smaller_is_better(by);
    let cost = |at: &usize| match runs[*at].metric(by) {
        Some(value) if value.is_nan() => f64::INFINITY,
        Some(value) if small => value,
        Some(value) => -value,
        None => f64::INFINITY,
    };
    let mut places: Vec<usize> = (0..runs.len()).collect();
    places.sort_unstable_by(|a, b| cost(a).total_cmp(&cost(b)).then(a.cmp(b)));
    places
}

impl Run {
    fn metric(&self, name: &str) -> Option<f64> {
        self.metrics.iter().find(|(known, _)| known == name).map(|(_, value)| *value)
    }
}

struct Column {
    /// The heading, then a cell per run.
    cells: Vec<String>,
    /// Names stand to the left, numbers and settings to the right.
    is_name: bool,
}

impl Column {
    fn new(heading: &str, widest: usize, cells: impl Iterator<Item = String>) -> Self {
        let cells = std::iter::once(heading.to_owned()).chain(cells);
        Self { cells: cells.map(|cell| cut(&visible(&cell), widest)).collect(), is_name: false }
    }

    fn width(&self) -> usize {
        self.cells.iter().map(|cell| width(cell)).max().unwrap_or(0)
    }
}

/// All columns, the most wanted first: rank, name, the metric, what differs, the other metrics.
fn columns(runs: &[Run], by: &str, widest: usize) -> Result<Vec<Column>> {
    let names = metrics(runs);
    if !runs.is_empty() && !names.contains(&by) {
        return Err(Error::unknown("metric", by, names));
    }
    let order = ranking(runs, by);
    let ranked = || order.iter().map(|&at| &runs[at]);
    let metric = |name: &str| {
        let value = |run: &Run| run.metric(name).map_or_else(|| "-".into(), short);
        Column::new(name, widest, ranked().map(value))
    };
    let rank = Column::new("rank", widest, (1..=runs.len()).map(|rank| rank.to_string()));
    let mut name = Column::new("run", widest, ranked().map(|run| run.name.clone()));
    name.is_name = true;
    let mut columns = vec![rank, name, metric(by)];
    for key in differing(runs) {
        let value = |run: &Run| run.settings.get(key).map_or("-", String::as_str).to_owned();
        columns.push(Column::new(key, widest, ranked().map(value)));
    }
    columns.extend(names.into_iter().filter(|name| *name != by).map(metric));
    Ok(columns)
}

/// The metrics of all runs, in the order in which they come.
fn metrics(runs: &[Run]) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in runs.iter().flat_map(|run| &run.metrics) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    names
}

/// The settings that are not the same in all runs, those with the most different values first.
fn differing(runs: &[Run]) -> Vec<&str> {
    let Some(first) = runs.first() else { return Vec::new() };
    let mut keys: Vec<&str> =
        runs.iter().flat_map(|run| run.settings.keys()).map(String::as_str).collect();
    keys.sort_unstable();
    keys.dedup();
    keys.retain(|key| runs.iter().any(|run| run.settings.get(*key) != first.settings.get(*key)));
    let values = |key: &&str| {
        let values: BTreeSet<_> = runs.iter().map(|run| run.settings.get(*key)).collect();
        Reverse(values.len())
    };
    keys.sort_by_cached_key(values);
    keys
}

/// As many columns as fit, and the headings of the others.
fn fitting(columns: Vec<Column>, width: usize) -> (Vec<Column>, Vec<String>) {
    let (mut shown, mut left_out, mut room) = (Vec::new(), Vec::new(), width + 2);
    for column in columns {
        match room.checked_sub(column.width() + 2) {
            Some(rest) => {
                room = rest;
                shown.push(column);
            }
            None => left_out.extend(column.cells.into_iter().next()),
        }
    }
    (shown, left_out)
}

/// A number in few digits.
fn short(value: f64) -> String {
    digits(value, 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(name: &str, settings: &[(&str, &str)], metrics: &[(&str, f64)]) -> Run {
        let settings = settings.iter().map(|&(key, value)| (key.into(), value.into())).collect();
        let metrics = metrics.iter().map(|&(key, value)| (key.into(), value)).collect();
        Run { name: name.into(), settings, metrics }
    }

    #[test]
    fn only_what_differs_is_shown_and_what_is_missing_differs() {
        let runs = [
            run("runs/wine-1", &[("lr", "0.1"), ("seed", "0")], &[("test_accuracy", 0.9)]),
            run("runs/wine-2", &[("dropout", "0.5"), ("lr", "0.1"), ("seed", "0")], &[]),
            run("runs/wine-3", &[("lr", "0.1"), ("seed", "0")], &[("test_accuracy", 0.95)]),
        ];
        assert_eq!(
            table(&runs, "test_accuracy", 80).unwrap(),
            "\
rank  run          test_accuracy  dropout
   1  runs/wine-3           0.95        -
   2  runs/wine-1            0.9        -
   3  runs/wine-2              -      0.5
"
        );
    }

    #[test]
    fn a_table_fits_and_names_what_does_not() {
        let keys: Vec<String> = (0..30).map(|number| format!("setting_{number}")).collect();
        let with =
            |value| -> Vec<(&str, &str)> { keys.iter().map(|k| (k.as_str(), value)).collect() };
        let long = "a-name-that-is-much-longer-than-any-column-may-be";
        let metrics = [("loss", 1.0 / 3.0), ("오차", 2e-9)];
        let runs = [run(long, &with("1"), &metrics), run("가나다", &with("이"), &metrics)];
        let mut shown = Vec::new();
        for columns in [60, 80, 200] {
            let text = table(&runs, "loss", columns).unwrap();
            let lines: Vec<&str> = text.lines().collect();
            assert_eq!(lines.len(), 4);
            assert!(lines.iter().all(|line| width(line) <= columns), "{text}");
            assert!(lines[3].starts_with("not shown: setting_"));
            assert!(lines[1].contains("0.3333"));
            shown.push(lines[0].split_whitespace().count());
            assert_eq!(lines[1].contains(long), columns == 200, "{text}");
        }
        assert!(shown.is_sorted_by(|a, b| a < b), "{shown:?}");
    }

    #[test]
    fn what_differs_most_is_shown_first() {
        let of = |at: usize| {
            let (lr, hidden) = (["0.1", "0.2", "0.3"][at], ["50", "30", "50"][at]);
            run("r", &[("hidden", hidden), ("lr", lr)], &[("loss", 0.5)])
        };
        let text = table(&[of(0), of(1), of(2)], "loss", 80).unwrap();
        assert!(text.starts_with("rank  run  loss   lr  hidden\n"), "{text}");
        let narrow = table(&[of(0), of(1), of(2)], "loss", 22).unwrap();
        assert!(narrow.starts_with("rank  run  loss   lr\n"), "{narrow}");
        assert!(narrow.ends_with("not shown: hidden\n"), "{narrow}");
    }

    #[test]
    fn losses_rank_from_below_and_nan_last() {
        let of = |values: [f64; 4]| {
            values.map(|value| run("", &[], &[("x_loss", value), ("r2", value)]))
        };
        let runs = of([0.5, f64::NAN, -1.0, 0.5]);
        assert_eq!(ranking(&runs, "x_loss"), [2, 0, 3, 1]);
        assert_eq!(ranking(&runs, "r2"), [0, 3, 2, 1]);
    }

    #[test]
    fn an_unknown_metric_is_an_error_that_lists_the_known() {
        let error =
            table(&[run("a", &[], &[("loss", 1.0)])], "accuracy", 80).unwrap_err().to_string();
        assert_eq!(error, "there is no metric named `accuracy`; there are: loss");
        assert_eq!(table(&[], "loss", 80).unwrap(), "rank  run  loss\n");
    }

    #[test]
    fn numbers_keep_four_digits() {
        let of = |values: &[f64]| values.iter().map(|&x| short(x)).collect::<Vec<_>>().join(" ");
        assert_eq!(of(&[0.971_234, 12.3456, 123_456.0, -0.25]), "0.9712 12.35 123456 -0.25");
        assert_eq!(of(&[0.001_234, 0.000_1, 0.0, 7200.0]), "0.001234 0.0001 0 7200");
        assert_eq!(of(&[f64::NAN, f64::INFINITY]), "NaN inf");
    }
}
