//! What a training learns from: the scale of inputs, how many examples classes have, and columns that give
//! the class away.

use super::{Finding, advised, with_advice};
use crate::Learner;
use crate::data::{FEATURES, TARGET, class_counts, digests, is_many, repeated};
use chainrule::error::Result;
use chainrule::nn::{Field, FieldKind};
use chainrule::tensor::Real;
use chainrule_explain::{Words, digits};

/// Features beyond this are better scaled.
const LARGE: f64 = 10.0;

/// The root of a column's mean square, up to which it counts as scaled.
const SCALED: f64 = 3.0;

/// The largest class so many times the smallest is imbalanced.
const IMBALANCE: f64 = 10.0;

/// A column that explains this share of the classes' variance gives the target away.
const LEAK: f64 = 0.99;

/// Examples whose inputs are looked at, and so many of them at a time.
const ROWS: usize = 10_000;
const AT_ONCE: usize = 200;

/// The classes of examples, the real numbers that the model takes, and whether these tell the classes.
/// Features and the target are called by their columns, where these are given.
pub(super) fn inputs_and_classes<T: Real>(
    learner: &Learner<T>,
    words: &Words,
    columns: &[String],
    target: Option<&str>,
) -> Result<Vec<Finding>> {
    let named = |field: &str, column: usize| match field {
        FEATURES => columns.get(column).map(String::as_str),
        _ => None,
    };
    let (model, data) = (&learner.model, &*learner.data.train);
    let is_input = |field: &Field| model.inputs().iter().any(|input| input.name() == field.name());
    let all: Vec<u32> = (0..data.len() as u32).collect();
    let (mut findings, mut classes) = (Vec::new(), Vec::new());
    if let Some(rows) = data.flat()
        && let Some(digests) = digests(rows)?
    {
        let (repeated, all) = (repeated(&digests), digests.len());
        let values = [("repeated", &*repeated.to_string()), ("all", &all.to_string())];
        findings.push(advised(words, "rows", is_many(repeated, all), &values));
    }
    for field in data.fields() {
        let FieldKind::Labels { bound } = field.kind() else { continue };
        if !is_input(&field) && field.shape().dims().is_empty() {
            let mut labels = vec![0; all.len()];
            data.labels(field.name(), &all, &mut labels)?;
            // Pictures have classes, but no column of them.
            let name = if field.name() == TARGET { target } else { Some(field.name()) };
            findings.push(imbalance(words, name, &class_counts(&labels, bound)?));
            classes.push((labels, bound));
        }
    }
    let mut leaks: Vec<Option<Leak<'_>>> = classes.iter().map(|_| None).collect();
    for field in model.inputs().iter().filter(|field| field.kind() == FieldKind::Real) {
        let (name, width) = (field.name(), field.shape().len());
        let (mut low, mut high) = ((f64::INFINITY, 0), (f64::NEG_INFINITY, 0));
        let of = |(_, bound): &(Vec<u32>, usize)| Columns::new(width, *bound);
        let mut columns: Vec<Columns> = classes.iter().map(of).collect();
        let (mut squares, mut seen) = (vec![0.0; width], 0.0_f64);
        for (number, examples) in all[..all.len().min(ROWS)].chunks(AT_ONCE).enumerate() {
            let mut rows = vec![0.0; examples.len() * width];
            data.reals(name, examples, &mut rows)?;
            seen += examples.len() as f64;
            for (at, x) in rows.iter().map(|&x| f64::from(x)).enumerate() {
                squares[at % width] += x * x;
                if x < low.0 {
                    low = (x, at % width);
                }
                if x > high.0 {
                    high = (x, at % width);
                }
            }
            for (columns, (labels, _)) in columns.iter_mut().zip(&classes) {
                columns.add(&rows, &labels[number * AT_ONCE..]);
            }
        }
        // What is rare may lie far out of a column that is scaled.
        let is_large = |(x, column): (f64, usize)| {
            let usual = squares.get(column).map_or(0.0, |sum| (sum / seen.max(1.0)).sqrt());
            x.abs() > LARGE && usual > SCALED
        };
        let large = is_large(low) || is_large(high);
        let (least, most) = (digits(low.0, 4), digits(high.0, 4));
        let found = match (named(name, low.1), named(name, high.1)) {
            (Some(lowest), Some(highest)) => {
                let of =
                    [("low", &*least), ("high", &most), ("lowest", lowest), ("highest", highest)];
                words.say("lint-inputs-named", &of)
            }
            _ => words.say("lint-inputs", &[("name", name), ("low", &least), ("high", &most)]),
        };
        findings.push(with_advice(words, "inputs", large, found));
        for (best, columns) in leaks.iter_mut().zip(&columns) {
            let (column, share) = columns.most();
            if best.as_ref().is_none_or(|best| share > best.share) {
                *best = Some(Leak { name, column, share });
            }
        }
    }
    for Leak { name, column, share } in leaks.into_iter().flatten() {
        let gives_away = share > LEAK;
        let (share, number) = (format!("{:.1}", share * 100.0), column.to_string());
        let found = match named(name, column) {
            Some(column) => words.say("lint-leak-named", &[("share", &share), ("column", column)]),
            None => {
                let values = [("share", &*share), ("column", &number), ("name", name)];
                words.say("lint-leak", &values)
            }
        };
        findings.push(with_advice(words, "leak", gives_away, found));
    }
    Ok(findings)
}

/// The column of an input that tells most of some classes.
struct Leak<'a> {
    name: &'a str,
    column: usize,
    share: f64,
}

fn imbalance(words: &Words, name: Option<&str>, counts: &[u64]) -> Finding {
    let most = counts.iter().copied().max().unwrap_or(0);
    let least = counts.iter().copied().min().unwrap_or(0);
    let imbalanced = most as f64 > IMBALANCE * least.max(1) as f64 || (least == 0 && most > 0);
    let (least, most) = (least.to_string(), most.to_string());
    let found = match name {
        Some(name) => {
            let values = [("name", name), ("least", &least), ("most", &most)];
            words.say("lint-classes", &values)
        }
        None => words.say("lint-classes-unnamed", &[("least", &least), ("most", &most)]),
    };
    with_advice(words, "classes", imbalanced, found)
}

/// Sums over the columns of an input, of all examples and of each class.
struct Columns {
    counts: Vec<f64>,
    /// Of each column, Σx and Σx².
    sums: Vec<(f64, f64)>,
    by_class: Vec<f64>,
}

impl Columns {
    fn new(width: usize, classes: usize) -> Self {
        let (counts, sums) = (vec![0.0; classes], vec![(0.0, 0.0); width]);
        Self { counts, sums, by_class: vec![0.0; width * classes] }
    }

    /// Adds rows, each with its label, which is a class.
    fn add(&mut self, rows: &[f32], labels: &[u32]) {
        let width = self.sums.len();
        for (row, &label) in rows.chunks(width.max(1)).zip(labels) {
            self.counts[label as usize] += 1.0;
            for (column, &x) in row.iter().enumerate() {
                let x = f64::from(x);
                self.sums[column].0 += x;
                self.sums[column].1 += x * x;
                self.by_class[label as usize * width + column] += x;
            }
        }
    }

    /// The column with the largest share of its variance between the classes (Fisher's η²), and that share.
    fn most(&self) -> (usize, f64) {
        let (count, width) = (self.counts.iter().sum::<f64>(), self.sums.len());
        let between = |column: usize| {
            let (sum, squares) = self.sums[column];
            let total = squares - sum * sum / count;
            let within = self.counts.iter().enumerate().filter(|(_, n)| **n > 0.0);
            let means: f64 =
                within.map(|(c, n)| self.by_class[c * width + column].powi(2) / n).sum();
            if total > 1e-9 * squares.max(f64::MIN_POSITIVE) {
                (means - sum * sum / count) / total
            } else {
                0.0
            }
        };
        let best = (0..width).map(|column| (column, between(column)));
        best.max_by(|(_, a), (_, b)| a.total_cmp(b)).unwrap_or((0, 0.0))
    }
}
