//! Which rows a model learns from, and which are held out to validate.

use std::collections::BTreeMap;
use std::path::Path;

use rand::rngs::ChaCha8Rng;
use rand::seq::SliceRandom;

use super::Task;
use crate::readme::counted;
use chainrule::error::{Error, Result};
use chainrule::random::{Stream, generator};

/// The share of the examples that is held out where nobody says otherwise.
pub const HELD_OUT: f64 = 0.2;

/// Of fewer examples than these none are held out unless somebody asks for it.
pub const FEW: usize = 20;

/// Of fewer examples than these the score of a single split is rough.
const ROUGH: usize = 200;

/// What part of the examples is held out to validate.
///
/// ```
/// use chainrule_train::data::DataSource;
/// # let folder = tempfile::tempdir().unwrap();
/// let path = folder.path().join("t.csv");
/// let rows: String = (0..100).map(|row| format!("{row},{}.5\n", row * row)).collect();
/// std::fs::write(&path, format!("x,y\n{rows}")).unwrap();
/// let source = DataSource { path: path.display().to_string(), ..DataSource::default() };
/// let loaded = source.load(&|_| unreachable!())?;
/// assert_eq!((loaded.train.len(), loaded.validation.unwrap().len()), (80, 20));
/// assert!(loaded.held_out.is_usual);
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct HeldOut {
    /// The share of the examples.
    pub share: f64,
    /// Whether it is held out because nobody said otherwise.
    pub is_usual: bool,
}

/// One of the parts into which examples are dealt, that each is held out once.
///
/// ```
/// use chainrule_train::data::{DataSource, Fold};
/// # let data = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../data"));
/// let source = DataSource { path: "iris".into(), ..DataSource::default() };
/// let source = DataSource { fold: Some(Fold { number: 2, of: 5 }), ..source };
/// let loaded = source.load(&|name| Ok(data.join(name)))?;
/// assert_eq!((loaded.train.len(), loaded.validation.unwrap().len()), (96, 24));
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fold {
    /// Its number, from 0.
    pub number: usize,
    /// How many there are.
    pub of: usize,
}

/// The rows of the two parts.
pub(super) struct Split {
    pub(super) train: Vec<u32>,
    pub(super) validation: Vec<u32>,
    pub(super) held_out: HeldOut,
    /// What is worth saying of it.
    pub(super) notes: Vec<String>,
}

/// How rows are to be split.
pub(super) struct Splitter {
    /// The share that is held out, where somebody says it.
    pub(super) share: Option<f64>,
    /// Whether a part is held out where nobody does: of data that has no test part.
    pub(super) by_default: bool,
    /// Whether one is held out in any case, as training stops early by it.
    pub(super) stops_early: bool,
    /// The fold that is held out in place of a share.
    pub(super) fold: Option<Fold>,
    pub(super) seed: u64,
}

impl Splitter {
    /// Splits rows of these classes, of one class where the task is values.
    pub(super) fn split(&self, path: &Path, task: Task, classes: &[u32]) -> Result<Split> {
        let rows = classes.len();
        if let Some(fold) = self.fold {
            let wanted = match task {
                Task::Classify => "a row",
                Task::Regress => "five rows, as R² of fewer says little,",
            };
            if !(2..=most_folds(task, rows)).contains(&fold.of) {
                let message = format!(
                    "{} folds of {rows} rows: there must be 2 or more, and {wanted} in each",
                    fold.of
                );
                return Err(Error::file(path, message));
            }
            let (train, validation) = deal(classes, fold, self.seed);
            let held_out = HeldOut { share: 1.0 / fold.of as f64, is_usual: false };
            return Ok(Split { train, validation, held_out, notes: Vec::new() });
        }
        let is_usual = self.stops_early || (self.by_default && rows >= FEW);
        let usual = if is_usual { HELD_OUT } else { 0.0 };
        let share = self.share.unwrap_or(usual);
        let (train, validation) = match share > 0.0 {
            true => split(classes, share, self.seed),
            false => ((0..rows as u32).collect(), Vec::new()),
        };
        if validation.is_empty() && share > 0.0 && (self.share.is_some() || self.stops_early) {
            let (why, or) = match self.share {
                Some(_) => ("the validation part would be empty", "0"),
                None => ("there is no validation part to stop early by", "no patience"),
            };
            let message = format!(
                "{why}: {share} of {}, of which one of each class is for training, is none; give a larger share (--validation), or {or}",
                counted(rows, "row")
            );
            return Err(Error::file(path, message));
        }
        let share = if validation.is_empty() { 0.0 } else { share };
        let held_out = HeldOut { share, is_usual: self.share.is_none() && share > 0.0 };
        let undecided = self.by_default && self.share.is_none();
        let notes = held_out.notes(task, rows, validation.len(), undecided);
        Ok(Split { train, validation, held_out, notes })
    }
}

impl HeldOut {
    fn notes(self, task: Task, rows: usize, held: usize, is_undecided: bool) -> Vec<String> {
        let mut notes = Vec::new();
        if self.is_usual {
            notes.push(format!(
                "{:.0} % held out to validate and to stop early; `--validation 0` trains on all",
                // Whole rows of each class are some more, or some fewer, than the share.
                100.0 * held as f64 / rows.max(1) as f64
            ));
            if rows < ROUGH {
                notes.push(format!(
                    "a score of so few rows is rough: `--folds 5` scores all {rows}"
                ));
            }
        } else if is_undecided {
            let folds = match most_folds(task, rows).min(rows / 2) {
                folds @ 2.. if rows < FEW => format!(": `--folds {}` gives one", folds.min(5)),
                _ => String::new(),
            };
            notes.push(format!(
                "{}: there is no score of rows that the model has not seen{folds}",
                match rows < FEW {
                    true if rows == 1 => "1 row is too few to hold some out".to_owned(),
                    true => format!("{rows} rows are too few to hold some out"),
                    false => "no class has two rows, of which one could be held out".to_owned(),
                }
            ));
        }
        notes
    }
}

/// As many folds as so many rows can be dealt out to. R² of one row is 0 whatever the model says, and of a few
/// far from that of all: a fold of values has five.
fn most_folds(task: Task, rows: usize) -> usize {
    match task {
        Task::Classify => rows,
        Task::Regress => rows / 5,
    }
}

/// The rows of all folds but one, and those of that one: each class is shuffled by the seed and dealt out in
/// turn, the next one from where it ended, so that folds differ by one row at most. Both parts keep the rows'
/// order.
fn deal(classes: &[u32], fold: Fold, seed: u64) -> (Vec<u32>, Vec<u32>) {
    let shuffled = shuffled(classes, &mut generator(seed, Stream::Split));
    let rows = shuffled.into_iter().flatten().enumerate();
    let (held, kept): (Vec<_>, Vec<_>) = rows.partition(|(at, _)| at % fold.of == fold.number);
    let sorted = |part: Vec<(usize, u32)>| {
        let mut rows: Vec<u32> = part.into_iter().map(|(_, row)| row).collect();
        rows.sort_unstable();
        rows
    };
    (sorted(kept), sorted(held))
}

/// The rows of each class in an order that `random` chooses.
fn shuffled(classes: &[u32], random: &mut ChaCha8Rng) -> Vec<Vec<u32>> {
    let mut members: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (row, &class) in classes.iter().enumerate() {
        members.entry(class).or_default().push(row as u32);
    }
    let mut members: Vec<Vec<u32>> = members.into_values().collect();
    members.iter_mut().for_each(|rows| rows.shuffle(random));
    members
}

/// Deals rows to the training and the validation part: of all rows the share, rounded once, and of each class
/// its own, rounded up where the remainder is largest (Hamilton's method; of equal ones the seed chooses). A
/// class keeps at least one row in the training part. Both parts keep the rows' order.
pub(super) fn split(classes: &[u32], share: f64, seed: u64) -> (Vec<u32>, Vec<u32>) {
    let mut random = generator(seed, Stream::Split);
    let shuffled = shuffled(classes, &mut random);
    let ideal = |rows: &Vec<u32>| rows.len() as f64 * share;
    let mut counts: Vec<usize> =
        shuffled.iter().map(|rows| (ideal(rows).floor() as usize).min(rows.len() - 1)).collect();
    let mut order: Vec<usize> = (0..shuffled.len()).collect();
    order.shuffle(&mut random);
    let remainder = |&class: &usize| ideal(&shuffled[class]) - counts[class] as f64;
    order.sort_by(|a, b| remainder(b).total_cmp(&remainder(a)));
    order.retain(|&class| counts[class] + 1 < shuffled[class].len());
    let wanted = (classes.len() as f64 * share).round() as usize;
    let missing = wanted.saturating_sub(counts.iter().sum());
    order.into_iter().take(missing).for_each(|class| counts[class] += 1);
    let (mut train, mut validation) = (Vec::new(), Vec::new());
    for (rows, count) in shuffled.into_iter().zip(counts) {
        let (taken, kept) = rows.split_at(count);
        validation.extend_from_slice(taken);
        train.extend_from_slice(kept);
    }
    train.sort_unstable();
    validation.sort_unstable();
    (train, validation)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Classes of so many rows each.
    fn classes(sizes: &[usize]) -> Vec<u32> {
        let rows = |(class, &size): (usize, &usize)| std::iter::repeat_n(class as u32, size);
        sizes.iter().enumerate().flat_map(rows).collect()
    }

    fn held(sizes: &[usize], share: f64) -> (usize, Vec<usize>) {
        let classes = classes(sizes);
        let (train, validation) = split(&classes, share, 0);
        let mut all = [train.clone(), validation.clone()].concat();
        all.sort_unstable();
        assert!(all.iter().copied().eq(0..classes.len() as u32), "each row in one part");
        let of = |class: usize| {
            validation.iter().filter(|&&row| classes[row as usize] as usize == class).count()
        };
        (validation.len(), (0..sizes.len()).map(of).collect())
    }

    #[test]
    fn the_share_is_of_all_rows_where_that_of_each_class_rounds_to_none() {
        let (count, of_each) = held(&[2; 150], 0.2);
        assert_eq!((count, of_each.iter().max()), (60, Some(&1)));
        assert!(of_each[..75].contains(&1) && of_each[75..].contains(&1), "not the first classes");
        // 3.6 and 2.8 of 6.4: what remains goes to the second.
        assert_eq!(held(&[18, 14], 0.2), (6, vec![3, 3]));
    }

    #[test]
    fn a_class_keeps_a_row_to_learn_from() {
        assert_eq!(held(&[1, 1, 8], 0.2), (2, vec![0, 0, 2]));
        assert_eq!(held(&[1; 30], 0.2), (0, vec![0; 30]));
        assert_eq!(held(&[2, 10], 0.9), (10, vec![1, 9]));
    }

    fn split_of(
        splitter: &Splitter,
        task: Task,
        sizes: &[usize],
    ) -> std::result::Result<Split, String> {
        let split = splitter.split(Path::new("t.csv"), task, &classes(sizes));
        split.map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_held_out_of_nothing_is_told_as_it_came_to_be() {
        let asked =
            Splitter { share: None, by_default: true, stops_early: false, fold: None, seed: 0 };
        let notes =
            |sizes: &[usize]| split_of(&asked, Task::Classify, sizes).unwrap().notes.concat();
        assert!(notes(&[9, 9]).starts_with("18 rows are too few"), "{}", notes(&[9, 9]));
        assert!(notes(&[1; 30]).starts_with("no class has two rows"), "{}", notes(&[1; 30]));
        assert!(notes(&[2; 150]).starts_with("20 % held out"), "{}", notes(&[2; 150]));
        // Nobody wrote a share here.
        let stops = Splitter { stops_early: true, ..asked };
        let error = split_of(&stops, Task::Classify, &[1; 30]).err().unwrap();
        assert!(error.contains("no validation part to stop early by: 0.2 of 30 rows"), "{error}");
    }

    #[test]
    fn a_fold_of_values_has_five_rows() {
        let fold = |of| {
            let fold = Some(Fold { number: 0, of });
            Splitter { share: None, by_default: true, stops_early: false, fold, seed: 0 }
        };
        assert!(split_of(&fold(30), Task::Classify, &[30, 30]).is_ok());
        assert!(split_of(&fold(12), Task::Regress, &[60]).is_ok());
        let error = split_of(&fold(13), Task::Regress, &[60]).err().unwrap();
        assert!(error.contains("13 folds of 60 rows") && error.contains("five rows"), "{error}");
    }
}
