//! Tables: named columns of numbers or text with missing values, whatever file they stand in.

use std::borrow::Cow;
use std::collections::{HashMap, TryReserveError};
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::date::{Moment, Order};
use super::dialect::{Dialect, Like, Separator, Written};
use super::fingerprint::{self, Stamp};
use super::list::item;
use super::number::{Decimal, is_gap, is_sure_gap};
use super::text::{Encoding, Text};
use chainrule::error::{Error, Result};
use chainrule::nearest;

/// Whole numbers of this size and above are not all told apart.
pub(super) const TOLD_APART: f64 = (1_u64 << f64::MANTISSA_DIGITS) as f64;

/// One value of a table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Cell<'a> {
    Missing,
    Number(f64),
    /// Text as it stands in the file; it may be a number still.
    Text(&'a str),
}

impl<'a> Cell<'a> {
    /// The number, if it is one.
    pub(super) fn number(self) -> Option<f64> {
        let number = match self {
            Self::Missing => None,
            Self::Number(number) => Some(number),
            Self::Text(text) => text.parse().ok(),
        };
        number.filter(|number| number.is_finite())
    }

    /// As it stands in the file; a missing one is an empty text.
    pub(super) fn written(self) -> String {
        match self {
            Self::Missing => String::new(),
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text.to_owned(),
        }
    }

    /// The name as a class or category: a number is written in one way, so that `1`, `1.0` and 1
    /// from another format are the same. A text of more digits than a number tells apart stays as it is.
    pub(super) fn word(self) -> Option<Cow<'a, str>> {
        // Of both zeros there is one.
        let written = |number: f64| Cow::Owned((number + 0.0).to_string());
        match (self, self.number()) {
            (Self::Missing, _) => None,
            (Self::Text(_), Some(number)) if number.abs() < TOLD_APART => Some(written(number)),
            (Self::Text(text), _) => Some(Cow::Borrowed(text)),
            (Self::Number(number), _) => Some(written(number)),
        }
    }
}

/// The number of a cell; `None` if it is missing.
pub(super) fn number(cell: Cell<'_>, decimal: Decimal) -> Result<Option<f64>, String> {
    let number = match cell {
        Cell::Missing => return Ok(None),
        Cell::Number(number) => number,
        Cell::Text(text) => {
            decimal.number(text).ok_or_else(|| format!("`{text}` is not a number"))?
        }
    };
    match number.is_finite() {
        true => Ok(Some(number)),
        false => Err(format!("{number} is not a finite number")),
    }
}

/// The date of a cell; `None` if it is missing.
pub(super) fn moment(cell: Cell<'_>, order: Order) -> Result<Option<Moment>, String> {
    match cell {
        Cell::Missing => Ok(None),
        Cell::Number(number) => Moment::read(&number.to_string(), order)
            .map(Some)
            .ok_or_else(|| format!("{number} is not a date such as 20240131")),
        Cell::Text(text) => {
            let wrong = || format!("`{text}` is not a date such as {}", order.example());
            Moment::read(text, order).map(Some).ok_or_else(wrong)
        }
    }
}

/// The values of one column.
#[derive(Debug)]
pub(super) enum Column {
    /// NaN is a missing value.
    Numbers(Vec<f64>),
    /// The cells' texts one after the other, and where each ends.
    Texts { text: String, ends: Vec<usize> },
}

impl Column {
    pub(super) fn texts() -> Self {
        Self::Texts { text: String::new(), ends: Vec::new() }
    }

    /// Appends a cell, which is trimmed.
    pub(super) fn push_text(&mut self, cell: &str) {
        if let Self::Texts { text, ends } = self {
            text.push_str(cell);
            ends.push(text.len());
        }
    }

    /// As [`Column::push_text`], where there is memory for it.
    pub(super) fn try_push(&mut self, cell: &str) -> Result<(), TryReserveError> {
        if let Self::Texts { text, ends } = self {
            text.try_reserve(cell.len())?;
            ends.try_reserve(1)?;
        }
        self.push_text(cell);
        Ok(())
    }

    pub(super) fn cell(&self, row: usize, is_gap: fn(&str) -> bool) -> Cell<'_> {
        match self {
            Self::Numbers(numbers) => match numbers.get(row) {
                Some(number) if !number.is_nan() => Cell::Number(*number),
                _ => Cell::Missing,
            },
            Self::Texts { text, ends } => {
                let start = row.checked_sub(1).and_then(|before| ends.get(before)).copied();
                let end = ends.get(row).copied().unwrap_or_default();
                let text = text.get(start.unwrap_or(0)..end).unwrap_or_default();
                if is_gap(text) { Cell::Missing } else { Cell::Text(text) }
            }
        }
    }
}

/// Where the rows of a table stand in their file.
#[derive(Debug)]
pub(super) enum Places {
    /// Each row's line.
    Lines(Vec<u64>),
    /// The number of the first row; the others follow.
    Rows(u64),
}

/// A table, or some rows of one.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) path: PathBuf,
    pub(super) names: Vec<String>,
    pub(super) columns: Vec<Column>,
    pub(super) places: Places,
    pub(super) len: usize,
    /// More words for a missing value.
    pub(super) na: Vec<String>,
}

/// Whether two words are the same in any case.
fn is_same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
        || (!one.is_ascii() && one.to_lowercase() == other.to_lowercase())
}

impl Table {
    pub(super) fn cell(&self, row: usize, column: usize) -> Cell<'_> {
        self.read(row, column, is_gap)
    }

    /// A cell of a target, which may well be called `-` or `none`.
    pub(super) fn target(&self, row: usize, column: usize) -> Cell<'_> {
        self.read(row, column, is_sure_gap)
    }

    fn read(&self, row: usize, column: usize, is_gap: fn(&str) -> bool) -> Cell<'_> {
        match self.columns.get(column).map_or(Cell::Missing, |column| column.cell(row, is_gap)) {
            Cell::Text(text) if self.na.iter().any(|gap| is_same(gap, text)) => Cell::Missing,
            cell => cell,
        }
    }

    /// A cell as it stands in the file; a missing number is an empty text.
    pub(super) fn text(&self, row: usize, column: usize) -> String {
        let cell = self.columns.get(column).map(|column| column.cell(row, |_| false));
        cell.unwrap_or(Cell::Missing).written()
    }

    /// An error that names the file, the row and the column.
    pub(super) fn fail(&self, row: usize, column: usize, message: impl std::fmt::Display) -> Error {
        Error::file(&self.path, self.at(row, column, message))
    }

    /// A message that names the row and the column.
    pub(super) fn at(&self, row: usize, column: usize, message: impl std::fmt::Display) -> String {
        let name = self.names.get(column).map_or("", String::as_str);
        format!("{}, column `{name}`: {message}", self.place(row))
    }

    fn place(&self, row: usize) -> String {
        match &self.places {
            Places::Lines(lines) => format!("line {}", lines.get(row).copied().unwrap_or_default()),
            Places::Rows(first) => format!("row {}", first + row as u64 + 1),
        }
    }
}

/// The columns of a table by their names, of which there may be a million.
pub(super) struct Names<'n> {
    path: &'n Path,
    names: &'n [String],
    places: HashMap<&'n str, usize>,
}

impl<'n> Names<'n> {
    pub(super) fn new(path: &'n Path, names: &'n [String]) -> Self {
        let places = names.iter().enumerate().map(|(place, name)| (name.as_str(), place));
        Self { path, names, places: places.collect() }
    }

    /// The place of a column that somebody names.
    ///
    /// # Errors
    /// No column has the name: the nearest is told where one is near, else all.
    pub(super) fn find(&self, name: &str) -> Result<usize> {
        self.places.get(name).copied().ok_or_else(|| no_column(self.path, name, self.names))
    }
}

fn no_column(path: &Path, name: &str, names: &[String]) -> Error {
    const SHOWN: usize = 50;
    let known = names.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join("`, `");
    let more = if names.len() > SHOWN { " and more" } else { "" };
    let torn = names.iter().find(|known| known.split(',').any(|part| part.trim() == name));
    let meant = match (torn, nearest(name, names.iter().map(String::as_str))) {
        (Some(whole), _) => format!("a name with a comma stands in quotes: {}. It", item(whole)),
        (None, Some(near)) => format!("did you mean `{near}`? It"),
        (None, None) => "it".into(),
    };
    Error::file(path, format!("has no column `{name}`; {meant} has `{known}`{more}"))
}

/// Some rows that follow one another in a file, to be read again.
#[derive(Clone, Debug)]
pub(super) struct Chunk {
    /// The number of the first row in the file, from 0.
    pub(super) first: u32,
    pub(super) rows: u32,
    /// Where it begins: a byte and a line, or a group of rows and a row within.
    pub(super) start: (u64, u64),
}

/// A file that holds a table.
#[derive(Clone, Debug)]
pub(super) struct TableFile {
    pub(super) path: PathBuf,
    /// The file as it was before it was opened; `None` of what is no file.
    stamp: Option<Stamp>,
    pub(super) format: &'static dyn Format,
    pub(super) names: Vec<String>,
    /// The columns that are targets unless the user names one.
    pub(super) targets: Range<usize>,
    pub(super) layout: Layout,
    /// What is worth saying of how it is read.
    pub(super) notes: Vec<String>,
}

/// What a file says before its rows.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) names: Vec<String>,
    pub(super) targets: Range<usize>,
    pub(super) layout: Layout,
    pub(super) notes: Vec<String>,
}

impl TableFile {
    /// A file with this head, and the stamp that it had before that was read.
    pub(super) fn new(
        path: &Path,
        stamp: Option<Stamp>,
        format: &'static dyn Format,
        head: Head,
    ) -> Self {
        let Head { names, targets, layout, notes } = head;
        Self { path: path.into(), stamp, format, names, targets, layout, notes }
    }

    /// Checks that the file, which is read again and again, is what it was when it was opened: its bytes
    /// decide where those of then are known, else whether anybody seems to have written to it.
    ///
    /// # Errors
    /// It has changed.
    pub(super) fn check_same(&self) -> Result<()> {
        // What stands in memory is not read again.
        if matches!(self.layout.text, Text::Memory(..))
            || fingerprint::stamp(&self.path) == self.stamp
        {
            return Ok(());
        }
        let was = self.stamp.as_ref().and_then(|stamp| fingerprint::known(&self.path, stamp));
        match was.is_some() && fingerprint::kept(&self.path)? == was {
            true => Ok(()),
            false => {
                let message = "has changed since it was opened, and its rows are other ones";
                Err(Error::file(&self.path, message))
            }
        }
    }
}

impl Head {
    /// Of columns of which the last is the target.
    pub(super) fn of(names: Vec<String>) -> Self {
        let last = names.len().saturating_sub(1);
        let targets = last..names.len();
        Self { names, targets, layout: Layout::default(), notes: Vec::new() }
    }
}

/// How a file of text is laid out; nothing for others.
#[derive(Clone, Debug, Default)]
pub(super) struct Layout {
    pub(super) text: Text,
    pub(super) dialect: Dialect,
    /// How the text is written, for the files that come after.
    pub(super) written: Option<Written>,
    /// More words for a missing value.
    pub(super) na: Vec<String>,
    /// Whether the file's test part is read, where it has one of its own.
    pub(super) test: bool,
}

/// What the user says of how a file is laid out.
#[derive(Clone, Debug, Default)]
pub(super) struct How {
    pub(super) separator: Option<Separator>,
    pub(super) encoding: Option<Encoding>,
    pub(super) header: Option<bool>,
    pub(super) na: Vec<String>,
    /// Whether the file's test part is wanted, where it has one of its own.
    pub(super) test: bool,
    /// What other data is read for.
    pub(super) like: Option<Like>,
}

/// What reads the tables of one format.
pub(super) trait Format: std::fmt::Debug + Sync {
    /// How the names of such files end.
    fn extensions(&self) -> &'static [&'static str];

    /// The columns of a file, and how it is laid out.
    fn header(&self, path: &Path, how: &How) -> Result<Head>;

    /// The whole table.
    fn read(&self, file: &TableFile) -> Result<Table>;

    /// Whether a file can be read in chunks.
    fn can_stream(&self) -> bool {
        false
    }

    /// Shows the table to `visit` chunk by chunk, and tells where the chunks are.
    fn scan(&self, file: &TableFile, visit: Visit<'_>) -> Result<Vec<Chunk>> {
        let _ = visit;
        Err(Error::file(&file.path, "cannot be streamed"))
    }

    /// Reads a chunk again.
    fn chunk(&self, file: &TableFile, chunk: &Chunk) -> Result<Table> {
        let _ = chunk;
        Err(Error::file(&file.path, "cannot be streamed"))
    }
}

/// Hears of some rows.
pub(super) type Visit<'v> = &'v mut dyn FnMut(&Table) -> Result<()>;
