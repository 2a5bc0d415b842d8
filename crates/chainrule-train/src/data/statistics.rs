//! What the columns of a table hold, gathered row by row.

use std::collections::{BTreeSet, HashMap};

use super::date::DatePart;
use super::looks::Kind;
use super::number::{LITTLE, too_large};
use super::table::{Cell, Table, moment, number};
use chainrule::error::Result;
use chainrule_explain::digits;

/// The most classes of a target, or categories of a column.
pub(super) const MOST_WORDS: usize = 1000;

/// The mean and the deviation of numbers, by Welford's running ones (Technometrics 4, 1962).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Moments {
    pub(super) count: u64,
    pub(super) mean: f64,
    /// The sum of the squared deviations from the mean.
    squares: f64,
}

impl Moments {
    pub(super) fn add(&mut self, number: f64) {
        self.count += 1;
        let before = number - self.mean;
        self.mean += before / self.count as f64;
        self.squares += before * (number - self.mean);
    }

    /// The standard deviation over all values, as scikit-learn's `StandardScaler` takes it; 1 where
    /// all are equal.
    pub(super) fn deviation(&self) -> f64 {
        let deviation = (self.squares / self.count.max(1) as f64).sqrt();
        // What remains of equal values is rounding.
        let rounding = 10.0 * f64::EPSILON * self.mean.abs();
        if deviation > rounding && deviation.is_finite() { deviation } else { 1.0 }
    }

    /// Whether the numbers differ.
    pub(super) fn varies(&self) -> bool {
        self.deviation() != 1.0 || self.squares > 0.5
    }
}

/// The values of one column in the training part.
#[derive(Debug)]
pub(super) struct Statistics {
    pub(super) kind: Kind,
    pub(super) numbers: Moments,
    pub(super) dates: [Moments; DatePart::ALL.len()],
    pub(super) missing: u64,
    /// By how much 32 bits round the numbers at most.
    rounding: f64,
    /// The different words; none once they are too many.
    words: BTreeSet<String>,
    many: bool,
}

impl Statistics {
    pub(super) fn new(kind: Kind) -> Self {
        let (numbers, dates) = (Moments::default(), Default::default());
        let words = BTreeSet::new();
        Self { kind, numbers, dates, missing: 0, rounding: 0.0, words, many: false }
    }

    /// That 32 bits lose much of what differs, where the numbers stay as they are.
    pub(super) fn told_rounding(&self, column: &str) -> Option<String> {
        let deviation = self.numbers.deviation();
        let is_much = self.numbers.varies() && self.rounding > LITTLE * deviation;
        let [rounding, deviation] = [self.rounding, deviation].map(|x| digits(x, 2));
        is_much.then(|| {
            format!(
                "`{column}` is rounded by up to {rounding} in 32 bits, where its deviation is {deviation}: without `--raw` what differs is kept"
            )
        })
    }

    pub(super) fn add(&mut self, table: &Table, row: usize, column: usize) -> Result<()> {
        let cell = table.cell(row, column);
        let fail = |message: String| table.fail(row, column, message);
        match self.kind {
            Kind::Number(decimal) => match number(cell, decimal).map_err(fail)? {
                // The squares of larger ones have no finite sum.
                Some(number) if number.abs() > 1e150 => return Err(fail(too_large(number))),
                Some(number) => {
                    self.numbers.add(number);
                    self.rounding = self.rounding.max((number - f64::from(number as f32)).abs());
                }
                None => self.missing += 1,
            },
            Kind::Date(order) => match moment(cell, order).map_err(fail)? {
                Some(moment) => {
                    for (moments, part) in self.dates.iter_mut().zip(DatePart::ALL) {
                        moments.add(part.of(&moment));
                    }
                }
                None => self.missing += 1,
            },
            Kind::Category => match cell.word() {
                Some(word) => self.add_word(&word),
                None => self.missing += 1,
            },
        }
        Ok(())
    }

    fn add_word(&mut self, word: &str) {
        if !self.many && !self.words.contains(word) {
            self.words.insert(word.to_owned());
            self.many = self.words.len() > MOST_WORDS;
        }
    }

    /// The words that occur, in order; `None` if they are too many.
    pub(super) fn words(&self) -> Option<Vec<String>> {
        (!self.many).then(|| ordered(self.words.iter().cloned().collect()))
    }
}

/// Words in the order of the alphabet, or of their numbers if all are numbers.
pub(super) fn ordered(mut words: Vec<String>) -> Vec<String> {
    words.sort_unstable();
    let number = |word: &String| Cell::Text(word).number();
    let Some(numbers) = words.iter().map(number).collect::<Option<Vec<f64>>>() else {
        return words;
    };
    let mut numbered: Vec<(f64, String)> = numbers.into_iter().zip(words).collect();
    numbered.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    numbered.into_iter().map(|(_, word)| word).collect()
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

    /// How many different words there are, at most one more than can be told apart.
    pub(super) fn different(&self) -> usize {
        self.numbers.len()
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
