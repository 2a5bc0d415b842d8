//! How a file of delimited text is laid out: what separates its columns, and which lines are its head.

use std::collections::{HashMap, HashSet};

use csv::{Reader, ReaderBuilder, StringRecord};
use serde::{Deserialize, Serialize};

use super::number::{Decimal, could_be_number, is_gap};
use super::text::Encoding;

chainrule::kinds! {
    /// What stands between the columns of a text file.
    ///
    /// ```
    /// use chainrule_train::data::Separator;
    /// assert_eq!(";".parse::<Separator>()?, Separator::Semicolon);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[derive(Copy, Eq)]
    pub enum Separator = "separator", ' ', short {
        /// A comma.
        Comma = "," | "comma",
        /// A semicolon.
        Semicolon = ";" | "semicolon",
        /// A tab.
        Tab = "tab" | "tabs" | "\t",
        /// A bar.
        Bar = "|" | "bar" | "pipe",
        /// One blank or more.
        Blanks = "blanks" | "blank" | "spaces" | "space" | " ",
    }
}

impl Separator {
    const ALL: [Self; 5] = [Self::Comma, Self::Semicolon, Self::Tab, Self::Bar, Self::Blanks];

    fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Semicolon => b';',
            Self::Tab => b'\t',
            Self::Bar => b'|',
            Self::Blanks => b' ',
        }
    }
}

/// How the text of a table is written, as it is kept with a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Written {
    pub(crate) separator: Separator,
    pub(crate) encoding: Encoding,
    /// Whether a line names the columns.
    pub(crate) header: bool,
    /// Whether lines that begin with `#` are passed over.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub(crate) comments: bool,
    /// Records before the names or the first row.
    #[serde(skip_serializing_if = "is_zero", default)]
    pub(crate) title: usize,
    /// How numbers are written, where one notation reads all columns as they were read.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) decimal: Option<Decimal>,
}

impl Default for Written {
    fn default() -> Self {
        Self {
            separator: Separator::Comma,
            encoding: Encoding::Utf8,
            header: true,
            comments: false,
            title: 0,
            decimal: None,
        }
    }
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// What is known of the data that a model was trained on, where other data is read for it.
#[derive(Clone, Debug)]
pub(super) struct Like {
    pub(super) written: Option<Written>,
    /// The names of the columns that the model reads.
    pub(super) inputs: Vec<String>,
    /// Those of the targets, where they are read as well.
    pub(super) targets: Vec<String>,
    /// Whether rows are read that need no line of names.
    pub(super) are_rows: bool,
}

/// The layout of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dialect {
    pub(super) separator: Separator,
    /// Whether lines that begin with `#` are passed over.
    pub(super) comments: bool,
    /// Records before the names or the first row: a title.
    pub(super) title: usize,
    /// Whether the first record after them names the columns.
    pub(super) header: bool,
}

impl Default for Dialect {
    fn default() -> Self {
        Self { separator: Separator::Comma, comments: false, title: 0, header: true }
    }
}

/// Records that are looked at.
const LOOKED_AT: usize = 200;
/// The most records that a title has.
const LONGEST_TITLE: usize = 5;

impl Dialect {
    /// Finds out how a text that begins with `head` is laid out; `usual` separates the columns of such
    /// files.
    pub(super) fn find(head: &[u8], usual: Separator, given: Given) -> Self {
        let comments = has_comments(head);
        let sheet = |separator| Sheet::read(head, separator, comments);
        let sheet = match given.separator {
            Some(separator) => sheet(separator),
            None => best(Separator::ALL.map(sheet).into(), usual),
        };
        let header = given.header.unwrap_or_else(|| !sheet.begins_with_data());
        Self { separator: sheet.separator, comments, title: sheet.title, header }
    }

    /// Finds out how a text is laid out that is read for a model: by the names of the columns that the
    /// model wants, else by their number, else as any text. The likelier separators come first.
    pub(super) fn find_like(head: &[u8], likely: [Separator; 2], like: &Like) -> Self {
        let comments = has_comments(head);
        let separators = likely.into_iter().chain(Separator::ALL);
        let sheets: Vec<Sheet> =
            separators.map(|separator| Sheet::read(head, separator, comments)).collect();
        let names = |record: &StringRecord| HashSet::<String>::from_iter(names(record));
        let has_all = |record: &StringRecord| {
            let names = names(record);
            like.inputs.iter().all(|input| names.contains(input))
        };
        for sheet in &sheets {
            if let Some(title) = sheet.records.iter().take(LONGEST_TITLE + 1).position(has_all) {
                return Self { separator: sheet.separator, comments, title, header: true };
            }
        }
        let fits = |sheet: &Sheet| {
            sheet.records.first().is_some_and(|record| record.len() == like.inputs.len())
        };
        let sheet = match sheets.iter().position(fits) {
            Some(at) => sheets.into_iter().nth(at),
            None => Some(best(sheets, likely[0])),
        };
        let sheet = sheet.unwrap_or_else(|| unreachable!("a position is within"));
        let title = if like.are_rows { 0 } else { sheet.title };
        let had_header = like.written.is_none_or(|written| written.header);
        // A header has some of the names, or at least no number.
        let header = sheet.records.get(title).is_some_and(|record| {
            let names = names(record);
            like.inputs.iter().any(|input| names.contains(input))
                || (!like.are_rows && had_header && !record.iter().any(could_be_number))
        });
        Self { separator: sheet.separator, comments, title, header }
    }

    /// A reader of all records of such a text, the title and the names too.
    pub(super) fn reader<R: std::io::Read>(&self, text: R) -> Reader<R> {
        reader(text, self.separator, self.comments)
    }
}

/// What the user says of a layout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Given {
    pub(super) separator: Option<Separator>,
    pub(super) header: Option<bool>,
}

fn reader<R: std::io::Read>(text: R, separator: Separator, comments: bool) -> Reader<R> {
    let mut builder = ReaderBuilder::new();
    builder.delimiter(separator.byte()).has_headers(false).flexible(true);
    builder.comment(comments.then_some(b'#')).from_reader(text)
}

/// The names that a record gives the columns; one without a name is called by its number, and one of
/// a name that an earlier one has by another.
pub(super) fn names(record: &StringRecord) -> Vec<String> {
    let name = |(number, cell): (usize, &str)| {
        let cell = if number == 1 { cell.trim().trim_start_matches('#') } else { cell }.trim();
        if cell.is_empty() { numbered(number) } else { cell.to_owned() }
    };
    let mut names: Vec<String> = (1..).zip(record).map(name).collect();
    make_distinct(&mut names);
    names
}

/// Adds a number to each name that an earlier column has.
pub(super) fn make_distinct(names: &mut [String]) {
    let mut taken: HashSet<String> = names.iter().cloned().collect();
    let mut uses: HashMap<String, usize> = HashMap::new();
    for name in names {
        let used = uses.entry(name.clone()).or_insert(0);
        if *used > 0 {
            let another = (*used..).map(|number| (number + 1, format!("{name}.{number}")));
            let free = another.into_iter().find(|(_, another)| !taken.contains(another));
            let (next, another) = free.unwrap_or_else(|| unreachable!("numbers do not end"));
            *used = next;
            taken.insert(another.clone());
            *name = another;
        } else {
            *used = 1;
        }
    }
}

/// What a column without a name is called.
pub(super) fn numbered(number: usize) -> String {
    format!("c{number}")
}

/// A text whose columns stand apart by runs of blanks, with one tab for each run.
pub(super) fn with_tabs(text: &[u8]) -> Vec<u8> {
    let mut tabbed = Vec::with_capacity(text.len());
    for line in text.split_inclusive(|&byte| byte == b'\n') {
        let (mut quoted, mut gap) = (false, false);
        for &byte in line.trim_ascii() {
            if byte == b' ' && !quoted {
                gap = true;
                continue;
            }
            if std::mem::take(&mut gap) {
                tabbed.push(b'\t');
            }
            quoted ^= byte == b'"';
            tabbed.push(byte);
        }
        tabbed.push(b'\n');
    }
    tabbed
}

/// Whether lines that begin with `#` are comments: there are several before the first other one, or one
/// that has not as many separators, as `#id,name` would have.
fn has_comments(head: &[u8]) -> bool {
    let lines = head.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
    let mut lines = lines.filter(|line| !line.is_empty()).take(2);
    let separators = |line: &[u8]| line.iter().filter(|byte| b",;\t|".contains(byte)).count();
    match (lines.next(), lines.next()) {
        (Some(first), Some(second)) if first.starts_with(b"#") => {
            second.starts_with(b"#") || separators(first) != separators(second)
        }
        _ => false,
    }
}

/// The usual separator where nine of ten lines suit it, as a broken line should be told and not read in
/// another way; else the one that suits most lines, with the most columns.
fn best(sheets: Vec<Sheet>, usual: Separator) -> Sheet {
    const ALMOST_ALL: f64 = 0.9;
    let is_usual = |sheet: &Sheet| sheet.separator == usual;
    let key = |sheet: &Sheet| {
        let share = if sheet.share >= ALMOST_ALL { sheet.share } else { 0.0 };
        let is_whole = !sheet.tears_numbers();
        let sure = is_usual(sheet) && share > 0.0 && sheet.title == 0 && is_whole;
        let no_title = std::cmp::Reverse(sheet.title);
        let is_letter = sheet.separator != Separator::Blanks;
        (sure, share, no_title, is_letter, is_whole, is_usual(sheet), sheet.width)
    };
    let best = sheets
        .into_iter()
        .max_by(|a, b| key(a).partial_cmp(&key(b)).unwrap_or(std::cmp::Ordering::Equal));
    best.unwrap_or_else(|| unreachable!("there are several separators"))
}

/// The first records of a text, read with some separator.
struct Sheet {
    separator: Separator,
    records: Vec<StringRecord>,
    /// Columns of most records.
    width: usize,
    title: usize,
    /// The share of the records after the title that have as many columns; 0 of a single column.
    share: f64,
}

impl Sheet {
    fn read(head: &[u8], separator: Separator, comments: bool) -> Self {
        let tabbed = (separator == Separator::Blanks).then(|| with_tabs(head));
        let records = match &tabbed {
            Some(head) => reader(head.as_slice(), Separator::Tab, comments).into_records(),
            None => reader(head, separator, comments).into_records(),
        };
        let records: Vec<StringRecord> = records.map_while(Result::ok).take(LOOKED_AT).collect();
        let width = most_frequent(records.iter().map(StringRecord::len).collect());
        let is_title = |record: &&StringRecord| record.len() < width || is_alone(record);
        let title = records.iter().take(LONGEST_TITLE).take_while(is_title).count();
        let rows = records.get(title..).unwrap_or_default();
        let fitting = rows.iter().filter(|record| record.len() == width).count();
        let share = if width < 2 { 0.0 } else { fitting as f64 / rows.len().max(1) as f64 };
        Self { separator, records, width, title, share }
    }

    /// Whether commas stand within numbers here, between which are semicolons: cells of the first record are
    /// several numbers each.
    fn tears_numbers(&self) -> bool {
        let is_torn = |cell: &str| cell.contains(';') && cell.split(';').all(could_be_number);
        let first = self.records.get(self.title);
        self.separator == Separator::Comma && first.is_some_and(|first| first.iter().any(is_torn))
    }

    /// Whether a number stands in the first record above numbers.
    fn begins_with_data(&self) -> bool {
        let Some((first, rows)) = self.records.get(self.title..).and_then(<[_]>::split_first)
        else {
            return false;
        };
        first.iter().enumerate().any(|(column, name)| {
            let cells = rows.iter().filter_map(|row| row.get(column)).filter(|cell| !is_gap(cell));
            let (numbers, all) = cells.fold((0, 0), |(numbers, all), cell| {
                (numbers + usize::from(could_be_number(cell)), all + 1)
            });
            could_be_number(name) && all > 0 && numbers * 10 >= all * 9
        })
    }
}

/// Whether all of three cells or more are empty but for the first, as spreadsheets write a title.
fn is_alone(record: &StringRecord) -> bool {
    let mut cells = record.iter();
    record.len() > 2
        && !cells.next().is_some_and(could_be_number)
        && cells.all(|cell| cell.trim().is_empty())
}

fn most_frequent(mut widths: Vec<usize>) -> usize {
    widths.sort_unstable();
    let runs = widths.chunk_by(|a, b| a == b);
    runs.max_by_key(|run| run.len()).map_or(0, |run| run[0])
}
