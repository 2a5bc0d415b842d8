//! Tables as delimited text: CSV and TSV (RFC 4180), with quotes.
//!
//! The first line names the columns. Cells are trimmed; an empty cell, `?`, `NA`, `N/A`, `NaN`,
//! `nan` and `null` are missing values.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;

use csv::{Position, ReaderBuilder, StringRecord};

use super::table::{
    Chunk, Column, Format, Places, Table, TableFile, Visit, check_names, last_target,
};
use chainrule::error::{Error, Result};

/// Files of values with such a letter between them.
#[derive(Debug)]
pub(super) struct Delimited {
    extensions: &'static [&'static str],
    delimiter: u8,
}

pub(super) static COMMAS: Delimited = Delimited { extensions: &["csv"], delimiter: b',' };
pub(super) static TABS: Delimited = Delimited { extensions: &["tsv"], delimiter: b'\t' };

/// Bytes of a chunk of a streamed file.
const CHUNK_BYTES: u64 = 1 << 20;
/// Rows of a chunk of a streamed file.
const CHUNK_ROWS: u32 = 8192;

fn open(path: &Path, delimiter: u8) -> Result<csv::Reader<File>> {
    let file = File::open(path).map_err(|error| Error::file(path, error))?;
    let mut builder = ReaderBuilder::new();
    Ok(builder.delimiter(delimiter).has_headers(false).flexible(true).from_reader(file))
}

/// The names of the columns.
fn header(path: &Path, delimiter: u8) -> Result<Vec<String>> {
    let mut record = StringRecord::new();
    let found = open(path, delimiter)?.read_record(&mut record);
    if !found.map_err(|error| fail(path, &error))? {
        return Err(Error::file(path, "is empty; its first line should name the columns"));
    }
    let names: Vec<String> = record.iter().map(|name| name.trim().to_owned()).collect();
    let is_number = |name: &String| name.parse::<f64>().is_ok();
    let is_data = names.iter().all(is_number)
        || names.iter().any(|name| name.contains('.') && is_number(name));
    if is_data {
        let message = format!(
            "line 1 holds numbers, beginning with `{}`; a line that names the columns should stand above it",
            names.first().map_or("", String::as_str)
        );
        return Err(Error::file(path, message));
    }
    if let [name] = names.as_slice()
        && name.contains([';', '\t'])
    {
        let message = "has one column only, though its first line has other separators; \
                       a .csv file separates columns by commas, a .tsv file by tabs";
        return Err(Error::file(path, message));
    }
    check_names(path, &names)?;
    Ok(names)
}

/// The message of the CSV reader, with its place.
fn fail(path: &Path, error: &csv::Error) -> Error {
    let message = match error.kind() {
        csv::ErrorKind::Utf8 { pos, err } => {
            let line = pos.as_ref().map_or(0, Position::line);
            let field = err.field() + 1;
            format!("line {line}, field {field}: the text is not UTF-8")
        }
        csv::ErrorKind::Io(error) => error.to_string(),
        _ => error.to_string(),
    };
    Error::file(path, message)
}

/// Tells the lines that records stand on, which the CSV reader's own places are beside where blank
/// lines come first, or where lines end in two letters (it takes the second with the next record).
#[derive(Clone, Copy)]
pub(super) struct Lines {
    /// Whether lines end in a carriage return and a line feed.
    two_letters: bool,
}

impl Lines {
    /// As the first record shows it, the reader standing at `after`.
    pub(super) fn of(first: &StringRecord, after: &Position) -> Self {
        let start = first.position().map_or(1, Position::line);
        Self { two_letters: after.line() == start + within(first) }
    }

    /// The line on which a record begins, the reader standing at `after`.
    pub(super) fn line(self, record: &StringRecord, after: &Position) -> u64 {
        let start = record.position().map_or(1, Position::line);
        let inner = if after.line() > start + 1 { within(record) } else { 0 };
        match self.two_letters {
            true => after.line() - inner,
            false => start.max(after.line() - inner - 1),
        }
    }
}

/// The ends of lines within a record's cells.
fn within(record: &StringRecord) -> u64 {
    record.as_slice().bytes().filter(|&letter| letter == b'\n').count() as u64
}

/// Reads the rows of a file.
struct Reader<'a> {
    file: &'a TableFile,
    reader: csv::Reader<File>,
    record: StringRecord,
    lines: Lines,
    rows: u32,
    /// The last row's line, and whether its last cell has several lines.
    last: (u64, bool),
}

impl<'a> Reader<'a> {
    /// Stands behind the header.
    fn open(file: &'a TableFile, delimiter: u8) -> Result<Self> {
        let mut reader = open(&file.path, delimiter)?;
        let mut record = StringRecord::new();
        reader.read_record(&mut record).map_err(|error| fail(&file.path, &error))?;
        let lines = Lines::of(&record, reader.position());
        Ok(Self { file, reader, record, lines, rows: 0, last: (0, false) })
    }

    fn seek(&mut self, (byte, line): (u64, u64)) -> Result<()> {
        let mut position = Position::new();
        position.set_byte(byte).set_line(line);
        self.reader.seek(position).map_err(|error| fail(&self.file.path, &error))
    }

    /// The next rows: so many, or those of so many bytes.
    fn chunk(&mut self, bytes: u64, rows: u32) -> Result<Table> {
        let names = self.file.names.clone();
        let mut columns: Vec<Column> = names.iter().map(|_| Column::texts()).collect();
        let mut lines = Vec::new();
        let end = self.reader.position().byte().saturating_add(bytes);
        while (lines.len() as u32) < rows && self.reader.position().byte() < end {
            let found = self.reader.read_record(&mut self.record);
            if !found.map_err(|error| fail(&self.file.path, &error))? {
                self.check_end()?;
                break;
            }
            let line = self.lines.line(&self.record, self.reader.position());
            self.check(line)?;
            self.last =
                (line, self.record.iter().next_back().is_some_and(|cell| cell.contains('\n')));
            for (column, cell) in columns.iter_mut().zip(&self.record) {
                column.push_text(cell);
            }
            lines.push(line);
        }
        let len = lines.len();
        self.rows = self
            .rows
            .checked_add(len as u32)
            .ok_or_else(|| Error::file(&self.file.path, "has more than 4,294,967,295 rows"))?;
        let path = self.file.path.clone();
        Ok(Table { path, names, columns, places: Places::Lines(lines), len })
    }

    /// A last cell of several lines was quoted, so that its quote must be the end of the file.
    fn check_end(&self) -> Result<()> {
        let (line, true) = self.last else { return Ok(()) };
        let io = |error: std::io::Error| Error::file(&self.file.path, error);
        let mut file = File::open(&self.file.path).map_err(io)?;
        let end = file.metadata().map_err(io)?.len();
        file.seek(SeekFrom::Start(end.saturating_sub(4))).map_err(io)?;
        let mut tail = Vec::new();
        file.take(4).read_to_end(&mut tail).map_err(io)?;
        if tail.trim_ascii_end().ends_with(b"\"") {
            return Ok(());
        }
        let message = format!("line {line}: a quote opens here and never closes");
        Err(Error::file(&self.file.path, message))
    }

    fn check(&self, line: u64) -> Result<()> {
        let (found, wanted) = (self.record.len(), self.file.names.len());
        if found == wanted {
            return Ok(());
        }
        let quote = match self.record.iter().any(|cell| cell.contains('\n')) {
            true => "; is a quote not closed?",
            false => "",
        };
        let message =
            format!("line {line} has {found} fields, but the header names {wanted}{quote}");
        Err(Error::file(&self.file.path, message))
    }
}

impl Format for Delimited {
    fn extensions(&self) -> &'static [&'static str] {
        self.extensions
    }

    fn header(&self, path: &Path) -> Result<(Vec<String>, Range<usize>)> {
        header(path, self.delimiter).map(last_target)
    }

    fn read(&self, file: &TableFile) -> Result<Table> {
        Reader::open(file, self.delimiter)?.chunk(u64::MAX, u32::MAX)
    }

    fn can_stream(&self) -> bool {
        true
    }

    fn scan(&self, file: &TableFile, visit: Visit<'_>) -> Result<Vec<Chunk>> {
        let mut reader = Reader::open(file, self.delimiter)?;
        let mut chunks = Vec::new();
        loop {
            let position = reader.reader.position();
            let (start, first) = ((position.byte(), position.line()), reader.rows);
            let table = reader.chunk(CHUNK_BYTES, CHUNK_ROWS)?;
            if table.len == 0 {
                return Ok(chunks);
            }
            visit(&table)?;
            chunks.push(Chunk { first, rows: table.len as u32, start });
        }
    }

    fn chunk(&self, file: &TableFile, chunk: &Chunk) -> Result<Table> {
        let mut reader = Reader::open(file, self.delimiter)?;
        reader.seek(chunk.start)?;
        reader.chunk(u64::MAX, chunk.rows)
    }
}
