//! Which notation the numbers of other data are in, as its own cells tell.

use super::Preparation;
use super::input::Notation;
use super::number::{Decimal, Evidence};
use super::preparation::Columns;
use super::table::{Cell, Table};

/// What the cells of a column tell of its notation.
struct InColumn {
    column: usize,
    /// The training data's notation.
    decimal: Decimal,
    own: bool,
    other: bool,
    /// A cell that is a number in both, with groups of digits in the training data's.
    either: Option<String>,
}

impl InColumn {
    fn add(&mut self, table: &Table, row: usize) {
        let Cell::Text(text) = table.cell(row, self.column) else { return };
        // Of the rest a cell in the other notation is no number.
        if self.own {
            return;
        }
        match Evidence::of(text) {
            Evidence::Only(decimal) if decimal == self.decimal => self.own = true,
            Evidence::Only(_) => self.other = true,
            Evidence::Either if text.contains(self.decimal.group()) => {
                self.either.get_or_insert_with(|| text.to_owned());
            }
            Evidence::Either | Evidence::Same | Evidence::None => {}
        }
    }

    /// Takes the column's own notation, and tells what is not as in the training data, or is open.
    fn settle(&self, notation: &mut Notation, name: &str) -> Option<String> {
        match (&self.either, self.own, self.other) {
            (_, false, true) => {
                *notation = self.decimal.other().into();
                let other = notation.in_words();
                Some(format!("`{name}`: numbers have a {other}, unlike the training data"))
            }
            (Some(text), false, false) => {
                let (number, own) = (self.decimal.number(text)?, notation.in_words());
                Some(format!(
                    "`{name}`: `{text}` is read as {number}, by the training data's {own}; nothing in the column decides"
                ))
            }
            _ => None,
        }
    }
}

/// What a table's columns of numbers tell of their notations.
pub(super) struct Notations<'p> {
    preparation: &'p Preparation,
    columns: &'p Columns,
    told: Vec<InColumn>,
}

impl<'p> Notations<'p> {
    pub(super) fn new(preparation: &'p Preparation, columns: &'p Columns) -> Self {
        let told = |(column, notation): (usize, &mut Notation)| {
            let decimal = notation.decimal();
            InColumn { column, decimal, own: false, other: false, either: None }
        };
        let told = preparation.clone().notations(columns).into_iter().map(told).collect();
        Self { preparation, columns, told }
    }

    pub(super) fn add(&mut self, table: &Table, row: usize) {
        self.told.iter_mut().for_each(|told| told.add(table, row));
    }

    /// The same preparation with the table's own notations, and what is said of them, a line each.
    pub(super) fn settle(self, names: &[String]) -> (Preparation, Vec<String>) {
        let mut own = self.preparation.clone();
        let settle = |((column, notation), told): ((usize, &mut Notation), &InColumn)| {
            told.settle(notation, names.get(column).map_or("", String::as_str))
        };
        let lines = own.notations(self.columns).into_iter().zip(&self.told).filter_map(settle);
        let lines = lines.collect();
        (own, lines)
    }
}
