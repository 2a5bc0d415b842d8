//! Which rows a model learns from, and which are held out to validate.

use std::collections::BTreeMap;
use std::path::Path;

use rand::seq::SliceRandom;

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
    /// Splits rows of these classes.
    pub(super) fn split(&self, path: &Path, classes: &[u32]) -> Result<Split> {
        let rows = classes.len();
        if let Some(fold) = self.fold {
            if !(2..=rows).contains(&fold.of) {
                let message = format!(
                    "{} folds of {rows} rows: there must be 2 or more, and a row in each",
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
        if validation.is_empty() && self.share.is_some_and(|share| share > 0.0) {
            let message = format!(
                "the validation part would be empty, as {share} of each class's examples ({rows} in all) rounds to none; give a larger share, or 0"
            );
            return Err(Error::file(path, message));
        }
        let share = if validation.is_empty() { 0.0 } else { share };
        let held_out = HeldOut { share, is_usual: self.share.is_none() && share > 0.0 };
        let undecided = self.by_default && self.share.is_none();
        let notes = held_out.notes(rows, validation.len(), undecided);
        Ok(Split { train, validation, held_out, notes })
    }
}

impl HeldOut {
    fn notes(self, rows: usize, held: usize, is_undecided: bool) -> Vec<String> {
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
            notes.push(format!(
                "{rows} rows are too few to hold some out: there is no score of rows that the model has not seen"
            ));
        }
        notes
    }
}

/// The rows of all folds but one, and those of that one: each class is shuffled by the seed and dealt out in
/// turn, the next one from where it ended, so that folds differ by one row at most. Both parts keep the rows'
/// order.
fn deal(classes: &[u32], fold: Fold, seed: u64) -> (Vec<u32>, Vec<u32>) {
    let shuffled = shuffled(classes, seed);
    let rows = shuffled.into_iter().flatten().enumerate();
    let (held, kept): (Vec<_>, Vec<_>) = rows.partition(|(at, _)| at % fold.of == fold.number);
    let sorted = |part: Vec<(usize, u32)>| {
        let mut rows: Vec<u32> = part.into_iter().map(|(_, row)| row).collect();
        rows.sort_unstable();
        rows
    };
    (sorted(kept), sorted(held))
}

/// The rows of each class in an order that the seed chooses.
fn shuffled(classes: &[u32], seed: u64) -> Vec<Vec<u32>> {
    let mut members: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (row, &class) in classes.iter().enumerate() {
        members.entry(class).or_default().push(row as u32);
    }
    let mut random = generator(seed, Stream::Split);
    let mut members: Vec<Vec<u32>> = members.into_values().collect();
    members.iter_mut().for_each(|rows| rows.shuffle(&mut random));
    members
}

/// Deals rows to the training and the validation part: of each class the same share, chosen by the
/// seed. A class keeps at least one row in the training part. Both parts keep the rows' order.
pub(super) fn split(classes: &[u32], share: f64, seed: u64) -> (Vec<u32>, Vec<u32>) {
    let (mut train, mut validation) = (Vec::new(), Vec::new());
    for rows in shuffled(classes, seed) {
        let wanted = (rows.len() as f64 * share).round() as usize;
        let (taken, kept) = rows.split_at(wanted.min(rows.len() - 1));
        validation.extend_from_slice(taken);
        train.extend_from_slice(kept);
    }
    train.sort_unstable();
    validation.sort_unstable();
    (train, validation)
}
