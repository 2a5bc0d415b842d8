//! What the cells of a column look like, over all rows: numbers, dates, categories, or nothing to learn
//! from.

use std::collections::HashSet;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use serde::{Deserialize, Serialize};

use super::date::{Moment, Order};
use super::number::{Decimal, Evidence};
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
    first_text: Option<String>,
    first_not_date: Option<String>,
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
                return self.tell_apart(&number.to_bits().to_le_bytes());
            }
            Cell::Text(text) => text,
        };
        self.values += 1;
        self.tell_apart(text.as_bytes());
        self.first.get_or_insert_with(|| text.to_owned());
        match Evidence::of(text) {
            Evidence::Same => self.same += 1,
            Evidence::Only(decimal) => self.only[decimal as usize] += 1,
            Evidence::Either => {
                self.either[usize::from(!text.contains(','))] += 1;
                self.first_either.get_or_insert_with(|| at(text));
            }
            Evidence::None => {
                self.first_text.get_or_insert_with(|| at(text));
                let mut is_date = false;
                for (count, order) in self.dates.iter_mut().zip(Order::ALL) {
                    let found = Moment::read(text, order).is_some();
                    *count += u64::from(found);
                    is_date |= found;
                }
                if !is_date {
                    self.first_not_date.get_or_insert_with(|| at(text));
                }
            }
        }
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
        if let Some(text) = &self.first_text {
            return Err(format!(
                "{text} is not a number, as almost all others of the column are; mend it, or `--na WORD` names a word for a missing value, or `--as {name}=category`"
            ));
        }
        let [point, comma] = self.only;
        let decimal = match (given, point > 0, comma > 0) {
            (_, true, true) => {
                return Err(format!(
                    "column `{name}` has numbers with a decimal point and others with a decimal comma; mend it, or leave it out by `--drop {name}`"
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
        let all = |order: Order| self.dates[order as usize] == self.values;
        let order = match kind {
            ColumnKind::DayMonth => Some(Order::DayMonthYear),
            ColumnKind::MonthDay => Some(Order::MonthDayYear),
            _ if all(Order::YearMonthDay) => Some(Order::YearMonthDay),
            _ if all(Order::DayMonthYear) && all(Order::MonthDayYear) => {
                let first = self.first.as_deref().unwrap_or_default();
                return Err(format!(
                    "column `{name}`: `{first}` may have its day or its month first, and nothing in the column decides; `--as {name}=day-month` or `--as {name}=month-day` says it"
                ));
            }
            _ => Order::ALL.into_iter().find(|&order| all(order)),
        };
        match order.filter(|&order| all(order)) {
            Some(order) => Ok(Decision::Use(Kind::Date(order))),
            None => {
                let text = self.first_not_date.as_ref().or(self.first_text.as_ref());
                let text = text.map_or_else(|| format!("column `{name}`"), Clone::clone);
                Err(format!(
                    "{text} is no date, as others of the column are; mend it, or `--as {name}=category`, or `--drop {name}`"
                ))
            }
        }
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
