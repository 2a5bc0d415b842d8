//! Tables as delimited text: CSV and TSV (RFC 4180), with quotes, and what people call so.
//!
//! How a file is laid out is found out from its head: see [`Dialect`]. Cells are trimmed.

use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use csv::{Position, StringRecord};

use super::dialect::{Dialect, Given, Separator, Written, names, numbered, with_tabs};
use super::table::{Chunk, Column, Format, Head, How, Layout, Places, Table, TableFile, Visit};
use super::text::{Encoding, Reading, Text, ZERO};
use crate::limits::{self, COLUMNS, Rows};
use crate::readme::counted;
use chainrule::error::{Error, Result};

/// Files of values with such a letter between them, unless they look otherwise.
#[derive(Debug)]
pub(super) struct Delimited {
    extensions: &'static [&'static str],
    usual: Separator,
}

pub(super) static COMMAS: Delimited =
    Delimited { extensions: &["csv", "txt", "data"], usual: Separator::Comma };
pub(super) static TABS: Delimited =
    Delimited { extensions: &["tsv", "tab"], usual: Separator::Tab };

/// Bytes of a chunk of a streamed file.
const CHUNK_BYTES: u64 = 1 << 20;
/// Rows of a chunk of a streamed file.
const CHUNK_ROWS: u32 = 8192;
/// Rows that tell whether a column without a name has cells.
const ROWS_LOOKED_AT: usize = 100;
/// Bytes that are looked at to find the layout out.
const HEAD: u64 = 1 << 16;

/// Rows that come from no file, to be read for a model; `None` where there are none.
pub(super) fn rows(path: &Path, source: &mut dyn Read, how: &How) -> Result<Option<TableFile>> {
    let (text, encoding) = Text::of(path, source, None, how.usual_encoding())?;
    if text.in_memory().trim_ascii().is_empty() {
        return Ok(None);
    }
    Ok(Some(TableFile::new(path, None, &COMMAS, COMMAS.head(path, how, text, encoding)?)))
}

impl How {
    /// How such files are encoded, where that cannot be told from the file.
    fn usual_encoding(&self) -> Option<Encoding> {
        self.like.as_ref()?.written.map(|written| written.encoding)
    }
}

impl Delimited {
    /// Finds out how a text is laid out, as far as the user does not say it.
    fn layout(&self, path: &Path, how: &How, mut text: Text, encoding: Encoding) -> Result<Layout> {
        let mut head = Vec::new();
        let read = text.open(path)?.take(HEAD).read_to_end(&mut head);
        read.map_err(|error| Error::file(path, error))?;
        if head.len() as u64 == HEAD
            && let Some(end) = head.iter().rposition(|&byte| byte == b'\n')
        {
            head.truncate(end + 1);
        }
        let given = Given { separator: how.separator, header: how.header };
        let mut dialect = match &how.like {
            Some(like) => Dialect::find_like(&head, self.likely(how), like),
            None => Dialect::find(&head, self.usual, given),
        };
        let Dialect { separator, comments, title, header } = dialect;
        let written = Some(Written { separator, encoding, header, comments, title, decimal: None });
        if dialect.separator == Separator::Blanks {
            let all = text.whole(path, ", and blanks between its columns; put commas there")?;
            text = text.rewritten(with_tabs(&all));
            dialect.separator = Separator::Tab;
        }
        Ok(Layout { text, dialect, written, na: how.na.clone(), test: false })
    }

    /// The separators that are likelier than others: that of the training data, and that of the format.
    fn likely(&self, how: &How) -> [Separator; 2] {
        let written = how.like.as_ref().and_then(|like| like.written);
        [written.map_or(self.usual, |written| written.separator), self.usual]
    }

    /// What is worth saying of a layout.
    fn notes(&self, layout: &Layout, how: &How, columns: usize) -> Vec<String> {
        let Dialect { comments, title, header, .. } = layout.dialect;
        let Some(Written { separator, encoding, .. }) = layout.written else { return Vec::new() };
        let other = |option: &str| match how.like {
            Some(_) => ", unlike the training data".to_owned(),
            None => format!(" (`--{option}` says otherwise)"),
        };
        let mut notes = Vec::new();
        if encoding != how.usual_encoding().unwrap_or(Encoding::Utf8) {
            notes.push(format!("the text is {encoding}{}", other("encoding")));
        }
        if !self.likely(how).contains(&separator) {
            let between = match separator {
                Separator::Comma => "commas",
                Separator::Semicolon => "semicolons",
                Separator::Tab => "tabs or blanks",
                Separator::Bar => "bars",
                Separator::Blanks => "blanks",
            };
            notes.push(format!("columns stand apart by {between}{}", other("separator")));
        }
        if comments {
            notes.push("lines that begin with # are passed over".into());
        }
        if title > 0 {
            let lines = if title == 1 { "line stands" } else { "lines stand" };
            notes.push(format!("{title} {lines} before the table, as a title, and is passed over"));
        }
        match &how.like {
            _ if header => {}
            None => notes.push(format!(
                "the first line holds numbers, so it is a row: columns are called c1 to c{columns} (`--header` says otherwise)"
            )),
            Some(like) if like.are_rows || !like.written.is_none_or(|written| written.header) => {}
            Some(_) => notes.push(
                "no line names the columns: they are taken in the training data's order".into(),
            ),
        }
        notes
    }

    /// The names of a text's columns, and how it is laid out.
    fn head(&self, path: &Path, how: &How, text: Text, encoding: Encoding) -> Result<Head> {
        let layout = self.layout(path, how, text, encoding)?;
        let mut reader = layout.dialect.reader(Rows::new(layout.text.open(path)?));
        let mut record = StringRecord::new();
        for _ in 0..=layout.dialect.title {
            if !next(path, &mut reader, &mut record)? {
                return Err(Error::file(path, "is empty; its first line should name the columns"));
            }
        }
        if record.len() > COLUMNS {
            return Err(Error::file(path, limits::too_wide(record.len())));
        }
        let mut notes = self.notes(&layout, how, record.len());
        let numbered = || (1..=record.len()).map(numbered).collect::<Vec<String>>();
        let names = match (layout.dialect.header, &how.like) {
            (true, _) => {
                let names = names(&record);
                notes.extend(notes_on(&names, &record));
                names
            }
            (false, None) => numbered(),
            (false, Some(like)) if record.len() == like.inputs.len() => like.inputs.clone(),
            // The model was trained on a table without names, of which this has all columns.
            (false, Some(like)) if like.inputs.iter().all(|name| numbered().contains(name)) => {
                numbered()
            }
            (false, Some(like)) => {
                let line = Lines::of(&record, reader.position()).line(&record, reader.position());
                if let [target, ..] = like.targets.as_slice() {
                    let message = format!(
                        "line {line} names no columns: a file with the target `{target}` needs a line of names, as the training data has"
                    );
                    return Err(Error::file(path, message));
                }
                let (found, wanted) = (record.len(), like.inputs.len());
                let message = format!(
                    "line {line} has {found} fields, but {wanted} are wanted, in the training data's order or under a line of their names"
                );
                return Err(Error::file(path, message));
            }
        };
        // A separator at the end of each line makes a column of nothing.
        let mut nameless = record.iter().rev().take_while(|cell| cell.trim().is_empty()).count();
        for _ in 0..ROWS_LOOKED_AT {
            if nameless == 0 || !next(path, &mut reader, &mut record).unwrap_or(false) {
                break;
            }
            let nothing = |cell: &&str| cell.trim().is_empty();
            nameless = nameless.min(record.iter().rev().take_while(nothing).count());
        }
        let columns = names.len();
        let mut head = Head { layout, notes, ..Head::of(names) };
        if let (true, named @ 1..) = (head.layout.dialect.header, columns - nameless.min(columns)) {
            head.targets = named - 1..named;
        }
        Ok(head)
    }
}

/// What reads the records of a text.
type Records = csv::Reader<Rows<Reading>>;

/// The next record, and whether there is one.
fn next(path: &Path, reader: &mut Records, record: &mut StringRecord) -> Result<bool> {
    reader.get_mut().begin();
    let line = reader.position().line();
    reader.read_record(record).map_err(|error| fail(path, line, &error))
}

/// The message of the CSV reader, with its place; it stood at `line`.
fn fail(path: &Path, line: u64, error: &csv::Error) -> Error {
    let message = match error.kind() {
        csv::ErrorKind::Utf8 { pos, err } => {
            let line = pos.as_ref().map_or(0, Position::line);
            let field = err.field() + 1;
            format!(
                "line {line}, field {field}: the text is not UTF-8; `--encoding windows-1252` reads Western European letters"
            )
        }
        csv::ErrorKind::Io(error) => format!("line {line}: {error}"),
        _ => error.to_string(),
    };
    Error::file(path, message)
}

/// Tells the lines that records stand on, which the CSV reader's own places are beside where blank
/// lines come first, or where lines end in two letters (it takes the second with the next record).
#[derive(Clone, Copy)]
struct Lines {
    /// Whether lines end in a carriage return and a line feed.
    two_letters: bool,
}

impl Lines {
    /// As the first record shows it, the reader standing at `after`.
    fn of(first: &StringRecord, after: &Position) -> Self {
        let start = first.position().map_or(1, Position::line);
        Self { two_letters: after.line() == start + within(first) }
    }

    /// The line on which a record begins, the reader standing at `after`.
    fn line(self, record: &StringRecord, after: &Position) -> u64 {
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
    reader: Records,
    record: StringRecord,
    lines: Lines,
    rows: u32,
    /// The last row's line, and whether its last cell has several lines.
    last: (u64, bool),
}

impl<'a> Reader<'a> {
    /// Stands at the first row.
    fn open(file: &'a TableFile) -> Result<Self> {
        let Layout { text, dialect, .. } = &file.layout;
        let open = || text.open(&file.path).map(|text| dialect.reader(Rows::new(text)));
        let (mut reader, mut record) = (open()?, StringRecord::new());
        next(&file.path, &mut reader, &mut record)?;
        let lines = Lines::of(&record, reader.position());
        let before = dialect.title + usize::from(dialect.header);
        if before == 0 {
            reader = open()?;
        }
        for _ in 1..before {
            next(&file.path, &mut reader, &mut record)?;
        }
        Ok(Self { file, reader, record, lines, rows: 0, last: (0, false) })
    }

    fn seek(&mut self, (byte, line): (u64, u64)) -> Result<()> {
        let mut position = Position::new();
        position.set_byte(byte).set_line(line);
        self.reader.seek(position).map_err(|error| fail(&self.file.path, line, &error))
    }

    /// The next rows: so many, or those of so many bytes.
    fn chunk(&mut self, bytes: u64, rows: u32) -> Result<Table> {
        let names = self.file.names.clone();
        let mut columns: Vec<Column> = names.iter().map(|_| Column::texts()).collect();
        let mut lines = Vec::new();
        let end = self.reader.position().byte().saturating_add(bytes);
        while (lines.len() as u32) < rows && self.reader.position().byte() < end {
            if !next(&self.file.path, &mut self.reader, &mut self.record)? {
                self.check_end()?;
                break;
            }
            // An empty line is none; nor is one of blanks, where a row has several fields.
            if names.len() > 1 && self.record.len() == 1 && self.record[0].trim().is_empty() {
                continue;
            }
            let line = self.lines.line(&self.record, self.reader.position());
            self.check(line)?;
            self.last =
                (line, self.record.iter().next_back().is_some_and(|cell| cell.contains('\n')));
            let mut cells = columns.iter_mut().zip(&self.record);
            let held = cells.try_for_each(|(column, cell)| column.try_push(cell.trim()));
            held.and_then(|()| lines.try_reserve(1)).map_err(|error| {
                let message = format!("line {line}: {}", limits::full(&error));
                Error::file(&self.file.path, message)
            })?;
            lines.push(line);
        }
        let len = lines.len();
        self.rows = self
            .rows
            .checked_add(len as u32)
            .ok_or_else(|| Error::file(&self.file.path, "has more than 4,294,967,295 rows"))?;
        let path = self.file.path.clone();
        let (places, na) = (Places::Lines(lines), self.file.layout.na.clone());
        Ok(Table { path, names, columns, places, len, na })
    }

    /// A last cell of several lines was quoted, so that its quote must be the end of the file.
    fn check_end(&self) -> Result<()> {
        let (line, true) = self.last else { return Ok(()) };
        let io = |error: std::io::Error| Error::file(&self.file.path, error);
        let mut text = self.file.layout.text.open(&self.file.path)?;
        let end = text.seek(SeekFrom::End(0)).map_err(io)?;
        text.seek(SeekFrom::Start(end.saturating_sub(4))).map_err(io)?;
        let mut tail = Vec::new();
        text.take(4).read_to_end(&mut tail).map_err(io)?;
        if tail.trim_ascii_end().ends_with(b"\"") {
            return Ok(());
        }
        let message = format!("line {line}: a quote opens here and never closes");
        Err(Error::file(&self.file.path, message))
    }

    fn check(&self, line: u64) -> Result<()> {
        let (found, wanted) = (self.record.len(), self.file.names.len());
        if found == wanted {
            let Some(at) = self.record.iter().position(|cell| cell.contains('\0')) else {
                return Ok(());
            };
            let name = self.file.names.get(at).map_or("", String::as_str);
            let message = format!("line {line}, column `{name}`: {ZERO}");
            return Err(Error::file(&self.file.path, message));
        }
        let quote = match self.record.iter().any(|cell| cell.contains('\n')) {
            true => "; is a quote not closed?",
            false => "",
        };
        let wanted = match self.file.layout.dialect.header {
            true => format!("the header names {wanted}"),
            false => format!("the first row has {wanted}"),
        };
        let found = counted(found, "field");
        let message = format!("line {line} has {found}, but {wanted}{quote}");
        Err(Error::file(&self.file.path, message))
    }
}

/// What is worth saying of the names that columns got from a record.
fn notes_on(names: &[String], record: &StringRecord) -> Vec<String> {
    let note = |((name, cell), number): ((&String, &str), usize)| match cell.trim() {
        "" => Some(format!("column {number} has no name: it is called `{name}`")),
        cell if cell != name && number > 1 => {
            Some(format!("column {number} is another `{cell}`: it is called `{name}`"))
        }
        _ => None,
    };
    names.iter().zip(record).zip(1..).filter_map(note).collect()
}

impl Format for Delimited {
    fn extensions(&self) -> &'static [&'static str] {
        self.extensions
    }

    fn header(&self, path: &Path, how: &How) -> Result<Head> {
        let (text, encoding) = Text::find(path, how.encoding, how.usual_encoding())?;
        self.head(path, how, text, encoding)
    }

    fn read(&self, file: &TableFile) -> Result<Table> {
        Reader::open(file)?.chunk(u64::MAX, u32::MAX)
    }

    fn can_stream(&self) -> bool {
        true
    }

    fn scan(&self, file: &TableFile, visit: Visit<'_>) -> Result<Vec<Chunk>> {
        let mut reader = Reader::open(file)?;
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
        let mut reader = Reader::open(file)?;
        reader.seek(chunk.start)?;
        reader.chunk(u64::MAX, chunk.rows)
    }
}
