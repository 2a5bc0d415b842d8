//! What the cells of a column look like, over all rows: numbers, dates, categories, or nothing to learn
//! from.

use std::collections::hash_map::RandomState;
use std::collections::{BTreeMap, HashSet};
use std::hash::BuildHasher;

use serde::{Deserialize, Serialize};

use super::date::{Moment, Order, has_short_year};
use super::list::item;
use super::number::{Decimal, Evidence, PER_CENT, mark};
use super::table::Cell;

chainrule::kinds! {
    /// What the cells of a column are taken for.
    ///
    /// ```
    /// use chainrule_train::data::ColumnKind;
    /// assert_eq!("category".parse::<ColumnKind>()?, ColumnKind::Category);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[derive(Copy, Eq)]
    pub enum ColumnKind = "kind of column", ' ', short {
        /// Numbers.
        Number = "number" | "numeric",
        /// Categories, also where they are numbers.
        Category = "category" | "categorical",
        /// Dates, with times or without.
        Date = "date" | "datetime",
        /// Dates whose day stands before the month.
        DayMonth = "day-month",
        /// Dates whose month stands before the day.
        MonthDay = "month-day",
    }
}

impl From<Order> for ColumnKind {
    fn from(order: Order) -> Self {
        match order {
            Order::YearMonthDay => Self::Date,
            Order::DayMonthYear => Self::DayMonth,
            Order::MonthDayYear => Self::MonthDay,
        }
    }
}

/// How a column's cells are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Kind {
    Number(Decimal),
    Category,
    Date(Order),
}

/// What becomes of a column.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Decision {
    Use(Kind),
    /// It is left out, for this reason.
    Leave(String),
}

/// Different cells that are told apart; beyond, a column has many.
const MANY: usize = 2_000;
/// Texts of which nine in ten differ are names or ids, where there are as many at least.
const NAMES: u64 = 10;
/// So many texts among numbers may well stand for missing values.
const FEW_TEXTS: usize = 2;

/// What was seen of a column.
#[derive(Debug, Default)]
pub(super) struct Looks {
    pub(super) gaps: u64,
    pub(super) values: u64,
    same: u64,
    only: [u64; 2],
    /// Numbers that are others with a decimal comma: with a comma, and with a point.
    either: [u64; 2],
    dates: [u64; 3],
    /// Whether dates tell their year by two digits.
    have_short_years: bool,
    /// Texts that are no numbers, one more than are few.
    texts: Vec<String>,
    /// How many numbers have such a sign of currency or per cent, or such a code.
    marks: BTreeMap<String, u64>,
    /// The values that are the number of their row, counted from 0 and from 1.
    counts: [u64; 2],
    first_text: Option<String>,
    /// The first cell that is no date in each order.
    first_not: [Option<String>; 3],
    first_either: Option<String>,
    first: Option<String>,
    different: HashSet<u64>,
    hasher: RandomState,
    /// The values when the different ones became too many to be told apart.
    full: Option<u64>,
}

impl Looks {
    /// Takes in a cell; `at` makes a message of it that tells its place.
    pub(super) fn add(&mut self, cell: Cell<'_>, at: impl Fn(&str) -> String) {
        let text = match cell {
            Cell::Missing => return self.gaps += 1,
            Cell::Number(number) => {
                (self.values, self.same) = (self.values + 1, self.same + 1);
                self.count_on(number);
                if self.may_be_compact() {
                    self.add_date(&number.to_string(), &at);
                }
                return self.tell_apart(&number.to_bits().to_le_bytes());
            }
            Cell::Text(text) => text,
        };
        self.values += 1;
        self.tell_apart(text.as_bytes());
        self.first.get_or_insert_with(|| text.to_owned());
        let evidence = Evidence::of(text);
        match evidence {
            Evidence::Same => self.same += 1,
            Evidence::Only(decimal) => self.only[decimal as usize] += 1,
            Evidence::Either => {
                self.either[usize::from(!text.contains(','))] += 1;
                self.first_either.get_or_insert_with(|| at(text));
            }
            Evidence::None => {
                self.first_text.get_or_insert_with(|| at(text));
                if self.texts.len() <= FEW_TEXTS && self.texts.iter().all(|known| known != text) {
                    self.texts.push(text.to_owned());
                }
            }
        }
        if evidence == Evidence::None || self.may_be_compact() {
            self.add_date(text, &at);
        }
        if evidence != Evidence::None {
            if let Some(mark) = mark(text) {
                *self.marks.entry(mark.to_uppercase()).or_insert(0) += 1;
            }
            self.count_on(text.parse().unwrap_or(f64::NAN));
        }
    }

    /// Looks on whether the values count the rows, from 0 or from 1.
    fn count_on(&mut self, value: f64) {
        let place = self.values as f64 - 1.0;
        self.counts[0] += u64::from(value == place);
        self.counts[1] += u64::from(value == place + 1.0);
    }

    /// Whether the values count the rows.
    pub(super) fn count_rows(&self) -> bool {
        self.gaps == 0 && self.values >= NAMES && self.counts.contains(&self.values)
    }

    /// Whether all numbers so far may be dates of eight digits.
    fn may_be_compact(&self) -> bool {
        self.first_not[Order::YearMonthDay as usize].is_none()
    }

    fn add_date(&mut self, text: &str, at: &impl Fn(&str) -> String) {
        let mut is_date = false;
        for order in Order::ALL {
            if Moment::read(text, order).is_some() {
                self.dates[order as usize] += 1;
                is_date = true;
            } else {
                self.first_not[order as usize].get_or_insert_with(|| at(text));
            }
        }
        self.have_short_years |= is_date && has_short_year(text);
    }

    fn tell_apart(&mut self, cell: &[u8]) {
        if self.full.is_none() {
            self.different.insert(self.hasher.hash_one(cell));
            self.full = (self.different.len() > MANY).then_some(self.values);
        }
    }

    fn numbers(&self) -> u64 {
        self.same + self.only.iter().sum::<u64>() + self.either.iter().sum::<u64>()
    }

    /// Whether all cells are numbers, in whatever notation.
    pub(super) fn are_numbers(&self) -> bool {
        self.values > 0 && self.numbers() == self.values
    }

    /// How many cells differ as they are written, where they are not too many to be told apart.
    pub(super) fn written(&self) -> Option<usize> {
        self.full.is_none().then_some(self.different.len())
    }

    /// The first cell that is no number, with its place.
    pub(super) fn first_text(&self) -> Option<&str> {
        self.first_text.as_deref()
    }

    /// Whether almost all cells are numbers, and the others a slip.
    pub(super) fn are_almost_numbers(&self) -> bool {
        (self.values - self.numbers()) * 10 < self.numbers()
    }

    /// What becomes of the column, as the user says or as its cells look.
    ///
    /// # Errors
    /// A message, where cells contradict each other or what the user says.
    pub(super) fn decide(
        &self,
        name: &str,
        given: Option<ColumnKind>,
        decimal: Option<Decimal>,
    ) -> Result<Decision, String> {
        let leave = |reason: &str| Ok(Decision::Leave(reason.to_owned()));
        match given {
            Some(ColumnKind::Category) => return Ok(Decision::Use(Kind::Category)),
            Some(ColumnKind::Number) => return self.as_numbers(name, decimal),
            Some(kind) => return self.as_dates(name, kind),
            None => {}
        }
        let different = self.different.len() as u64;
        if self.values == 0 {
            return leave("no value");
        }
        if different == 1 && self.values > 1 && (self.gaps == 0 || self.are_numbers()) {
            return leave("the same value everywhere");
        }
        if self.are_almost_numbers() {
            return self.as_numbers(name, decimal);
        }
        if self.dates.iter().any(|&dates| (self.values - dates) * 10 < self.values) {
            return self.as_dates(name, ColumnKind::Date);
        }
        if self.values >= NAMES && different * 10 >= self.full.unwrap_or(self.values) * 9 {
            return leave("nearly every row has another text: names or ids");
        }
        Ok(Decision::Use(Kind::Category))
    }

    fn as_numbers(&self, name: &str, given: Option<Decimal>) -> Result<Decision, String> {
        self.notation(name, given).map(|decimal| Decision::Use(Kind::Number(decimal)))
    }

    /// How the numbers of the column are written.
    ///
    /// # Errors
    /// A message, where a cell is no number, or nothing decides.
    pub(super) fn notation(&self, name: &str, given: Option<Decimal>) -> Result<Decimal, String> {
        let item = item(name);
        if let Some(text) = &self.first_text {
            let (others, mend) = match self.numbers() {
                0 => ("nor is any other of the column".to_owned(), ""),
                numbers => {
                    let most = match self.are_almost_numbers() {
                        true => "almost all".to_owned(),
                        false => numbers.to_string(),
                    };
                    (
                        format!("as {most} others of the column are"),
                        "mend it, or `--na WORD` names a word for a missing value, or ",
                    )
                }
            };
            return Err(format!("{text} is not a number, {others}; {mend}`--as {item}=category`"));
        }
        let [point, comma] = self.only;
        let decimal = match (given, point > 0, comma > 0) {
            (_, true, true) => {
                return Err(format!(
                    "column `{name}` has numbers with a decimal point and others with a decimal comma; mend it, or leave it out by `--drop {item}`"
                ));
            }
            (_, false, true) => Decimal::Comma,
            (Some(given), false, false) => given,
            (None, false, false) if self.either[0] > 0 => {
                let first = self.first_either.as_deref().unwrap_or_default();
                return Err(format!(
                    "{first} may have a decimal comma or groups of three digits, and nothing in the column decides; `--decimal ,` or `--decimal .` says it"
                ));
            }
            (_, _, false) => Decimal::Point,
        };
        Ok(decimal)
    }

    /// Whether all numbers are the same with a decimal comma and with a point.
    pub(super) fn has_no_notation(&self) -> bool {
        self.only == [0, 0] && self.either == [0, 0]
    }

    fn as_dates(&self, name: &str, kind: ColumnKind) -> Result<Decision, String> {
        let item = item(name);
        let all = |order: Order| self.dates[order as usize] == self.values;
        let order = match kind {
            ColumnKind::DayMonth => Some(Order::DayMonthYear),
            ColumnKind::MonthDay => Some(Order::MonthDayYear),
            _ if all(Order::YearMonthDay) => Some(Order::YearMonthDay),
            _ if all(Order::DayMonthYear) && all(Order::MonthDayYear) => {
                let first = self.first.as_deref().unwrap_or_default();
                return Err(format!(
                    "column `{name}`: `{first}` may have its day or its month first, and nothing in the column decides; `--as {item}=day-month` or `--as {item}=month-day` says it"
                ));
            }
            _ => Order::ALL.into_iter().find(|&order| all(order)),
        };
        // Where none suits all, that of the most cells tells which one does not.
        let order =
            order.or_else(|| Order::ALL.into_iter().rev().max_by_key(|&o| self.dates[o as usize]));
        let order = order.unwrap_or(Order::YearMonthDay);
        if all(order) {
            return Ok(Decision::Use(Kind::Date(order)));
        }
        let text = self.first_not[order as usize].as_deref().unwrap_or(name);
        let example = order.example();
        let otherwise = if self.are_numbers() { "number" } else { "category" };
        Err(match self.dates[order as usize] {
            0 => format!(
                "{text} is no date such as {example}, nor is any other of the column; `--as {item}={otherwise}`"
            ),
            _ => format!(
                "{text} is no date such as {example}, as others of the column are; mend it, or `--as {item}={otherwise}`, or `--drop {item}`"
            ),
        })
    }
}

impl Looks {
    /// What is odd of a column that is used so, where nobody says what it is.
    pub(super) fn odd(&self, name: &str, kind: Kind) -> Vec<String> {
        let item = item(name);
        let mut odd = Vec::new();
        match kind {
            Kind::Category if 2 * self.numbers() > self.values && self.texts.len() <= FEW_TEXTS => {
                let (numbers, texts) = (self.numbers(), self.texts.join("` and `"));
                let na: Vec<String> =
                    self.texts.iter().map(|text| format!("--na {text}")).collect();
                odd.push(format!(
                    "`{name}`: {numbers} numbers and {} times `{texts}`, so categories; `{}` if that is a gap",
                    self.values - numbers,
                    na.join(" ")
                ));
            }
            Kind::Number(_) => {
                odd.extend(self.mixed_marks(name));
                let compact = self.dates[Order::YearMonthDay as usize];
                if compact == self.values && self.values >= NAMES {
                    odd.push(format!("`{name}` may be dates: `--as {item}=date` takes them so"));
                }
            }
            Kind::Date(_) if self.have_short_years => {
                odd.push(format!("`{name}`: years of two digits are 1930 to 2029"));
            }
            Kind::Category | Kind::Date(_) => {}
        }
        odd
    }

    /// That numbers are taken for alike which may not be.
    fn mixed_marks(&self, name: &str) -> Option<String> {
        let marked: u64 = self.marks.values().sum();
        let mut told: Vec<String> = self.marks.keys().map(|mark| format!("`{mark}`")).collect();
        if marked < self.values && self.marks.keys().any(|mark| PER_CENT.contains(&mark.as_str())) {
            told.push("no sign".into());
        }
        let told = (told.len() > 1).then(|| told.join(" and "))?;
        let so = if self.marks.contains_key("%") { ": 50% is 50" } else { "" };
        Some(format!("`{name}`: numbers with {told} are all taken as they stand{so}"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::number::is_gap;
    use super::*;

    fn decide(cells: &[&str]) -> Result<Decision, String> {
        let mut looks = Looks::default();
        for cell in cells {
            let cell = if is_gap(cell) { Cell::Missing } else { Cell::Text(cell) };
            looks.add(cell, |text| format!("`{text}`"));
        }
        looks.decide("c", None, None)
    }

    #[test]
    fn a_column_is_what_its_cells_look_like() {
        use Decision::Use;
        let number = |decimal| Ok(Use(Kind::Number(decimal)));
        assert_eq!(decide(&["1", "2.5", "NA"]), number(Decimal::Point));
        assert_eq!(decide(&["1,5", "2", "1.234,5"]), number(Decimal::Comma));
        assert_eq!(decide(&["$1,234.50", "$7"]), number(Decimal::Point));
        assert_eq!(decide(&["12 %", "7 %", ""]), number(Decimal::Point));
        assert_eq!(decide(&["1.234", "1.235"]), number(Decimal::Point));
        assert!(decide(&["1,234", "1,235"]).unwrap_err().contains("--decimal"));
        assert!(decide(&["1,5", "2.5"]).unwrap_err().contains("decimal comma"));
        assert_eq!(decide(&["2024-01-31", "2024-02-01"]), Ok(Use(Kind::Date(Order::YearMonthDay))));
        assert_eq!(decide(&["31/01/2024", "01/02/2024"]), Ok(Use(Kind::Date(Order::DayMonthYear))));
        assert!(decide(&["01/02/2024", "03/04/2024"]).unwrap_err().contains("day-month"));
        assert_eq!(decide(&["red", "blue", "red"]), Ok(Use(Kind::Category)));
        let names: Vec<String> = (0..20).map(|i| format!("Mr {i}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        assert!(matches!(decide(&names), Ok(Decision::Leave(_))));
        assert!(matches!(decide(&["5", "5", "5"]), Ok(Decision::Leave(_))));
        assert!(matches!(decide(&["", "n/a", "-"]), Ok(Decision::Leave(_))));
        let slip: Vec<&str> = std::iter::repeat_n("1", 20).chain(["2", "x7"]).collect();
        assert!(decide(&slip).unwrap_err().contains("--na"));
    }
}
