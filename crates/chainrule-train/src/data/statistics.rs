//! What the columns of a table hold, gathered row by row, and how rows are split.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use rand::seq::SliceRandom;

use super::table::{Cell, Table};
use chainrule::error::Result;
use chainrule::random::{Stream, generator};

/// The most classes of a target, or categories of a column.
pub(super) const MOST_WORDS: usize = 1000;

/// The values of one column.
#[derive(Debug, Default)]
pub(super) struct Statistics {
    pub(super) numbers: u64,
    pub(super) mean: f64,
    /// The sum of the squared deviations from the mean.
    squares: f64,
    pub(super) missing: u64,
    texts: u64,
    /// The first cell that is no number, as a message with its place.
    first_text: Option<String>,
    /// The different numbers, in order, and the different texts; none once they are too many.
    different: Vec<f64>,
    words: BTreeSet<String>,
    many: bool,
}

impl Statistics {
    pub(super) fn add(&mut self, table: &Table, row: usize, column: usize) -> Result<()> {
        let cell = table.cell(row, column);
        match (cell, cell.number()) {
            (_, Some(number)) if number.is_finite() => self.add_number(number),
            (_, Some(number)) => {
                return Err(table.fail(row, column, format!("{number} is not a finite number")));
            }
            (Cell::Text(text), None) => {
                self.add_text(text, || table.at(row, column, format!("`{text}` is not a number")));
            }
            (Cell::Missing | Cell::Number(_), None) => self.missing += 1,
        }
        if self.different.len() + self.words.len() > MOST_WORDS {
            (self.different, self.words, self.many) = (Vec::new(), BTreeSet::new(), true);
        }
        Ok(())
    }

    /// Takes in a number; mean and squares are Welford's running ones (Technometrics 4, 1962).
    fn add_number(&mut self, number: f64) {
        self.numbers += 1;
        let before = number - self.mean;
        self.mean += before / self.numbers as f64;
        self.squares += before * (number - self.mean);
        if !self.many
            && let Err(place) = self.different.binary_search_by(|known| known.total_cmp(&number))
        {
            self.different.insert(place, number);
        }
    }

    fn add_text(&mut self, text: &str, message: impl FnOnce() -> String) {
        self.texts += 1;
        self.first_text.get_or_insert_with(message);
        if !self.many && !self.words.contains(text) {
            self.words.insert(text.to_owned());
        }
    }

    /// The first cell that is no number, where almost all others are: a slip, not a category.
    pub(super) fn slip(&self) -> Option<&str> {
        self.first_text().filter(|_| self.texts * 10 < self.numbers)
    }

    pub(super) fn first_text(&self) -> Option<&str> {
        self.first_text.as_deref()
    }

    /// The standard deviation over all values, as scikit-learn's `StandardScaler` takes it; 1 where
    /// all are equal.
    pub(super) fn deviation(&self) -> f64 {
        let deviation = (self.squares / self.numbers.max(1) as f64).sqrt();
        // What remains of equal values is rounding.
        let rounding = 10.0 * f64::EPSILON * self.mean.abs();
        if deviation > rounding && deviation.is_finite() { deviation } else { 1.0 }
    }

    /// The words that occur, in order; `None` if they are too many.
    pub(super) fn words(&self) -> Option<Vec<String>> {
        let numbers = self.different.iter().filter_map(|&number| Cell::Number(number).word());
        let words = numbers.map(Cow::into_owned).chain(self.words.iter().cloned());
        (!self.many).then(|| ordered(words.collect()))
    }
}

/// Words in the order of the alphabet, or of their numbers if all are numbers.
pub(super) fn ordered(mut words: Vec<String>) -> Vec<String> {
    let number = |word: &String| word.parse::<f64>().ok();
    if words.iter().all(|word| number(word).is_some()) {
        words
            .sort_by(|a, b| number(a).partial_cmp(&number(b)).unwrap_or(std::cmp::Ordering::Equal));
    } else {
        words.sort_unstable();
    }
    words
}

/// The words of a target, row by row.
#[derive(Debug, Default)]
pub(super) struct Words {
    numbers: HashMap<String, u32>,
    /// Each row's word by its number, in the order of their appearance.
    pub(super) rows: Vec<u32>,
    whole: bool,
}

impl Words {
    pub(super) fn new() -> Self {
        Self { whole: true, ..Self::default() }
    }

    pub(super) fn add(&mut self, cell: Cell<'_>) {
        self.whole &= cell.number().is_some_and(|number| number.fract() == 0.0);
        let Some(word) = cell.word() else { return };
        let next = self.numbers.len() as u32;
        let number = match self.numbers.get(word.as_ref()) {
            Some(&number) => number,
            None if next as usize <= MOST_WORDS => {
                *self.numbers.entry(word.into_owned()).or_insert(next)
            }
            None => next,
        };
        self.rows.push(number);
    }

    /// Whether the words are few whole numbers, each twice or more on average.
    pub(super) fn few_integers(&self) -> bool {
        const FEW: usize = 20;
        let count = self.numbers.len();
        self.whole && count <= FEW && 2 * count <= self.rows.len()
    }

    /// The words in order, and each row's number among them; `None` if they are too many.
    pub(super) fn classes(self) -> Option<(Vec<String>, Vec<u32>)> {
        if self.numbers.len() > MOST_WORDS {
            return None;
        }
        let names = ordered(self.numbers.keys().cloned().collect());
        let mut places = vec![0; names.len()];
        for (place, name) in names.iter().enumerate() {
            if let Some(&number) = self.numbers.get(name) {
                places[number as usize] = place as u32;
            }
        }
        let rows = self.rows.iter().map(|&number| places[number as usize]).collect();
        Some((names, rows))
    }
}

/// Deals rows to the training and the validation part: of each class the same share, chosen by the
/// seed. A class keeps at least one row in the training part. Both parts keep the rows' order.
pub(super) fn split(classes: &[u32], share: f64, seed: u64) -> (Vec<u32>, Vec<u32>) {
    let mut members: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (row, &class) in classes.iter().enumerate() {
        members.entry(class).or_default().push(row as u32);
    }
    let mut random = generator(seed, Stream::Split);
    let (mut train, mut validation) = (Vec::new(), Vec::new());
    for rows in members.values_mut() {
        rows.shuffle(&mut random);
        let wanted = (rows.len() as f64 * share).round() as usize;
        let (taken, kept) = rows.split_at(wanted.min(rows.len() - 1));
        validation.extend_from_slice(taken);
        train.extend_from_slice(kept);
    }
    train.sort_unstable();
    validation.sort_unstable();
    (train, validation)
}
