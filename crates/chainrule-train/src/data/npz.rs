//! NumPy's files as tables: `.npy`, and `.npz` with examples and targets.
//!
//! An `.npz` file is a ZIP archive of `.npy` files, stored or deflated. Nothing is read of arrays that are not wanted,
//! and of those that are the elements go from the file into the columns.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::Path;

use flate2::read::DeflateDecoder;
use rawzip::{CompressionMethod, FileReader, ZipArchive, ZipArchiveEntryWayfinder};

use super::deflate;
use super::extension;
use super::npy::{Element, Header, MAGIC};
use super::table::{Column, Format, Head, How, Places, Table, TableFile};
use crate::limits::{self, COLUMNS};
use chainrule::error::{Error, Result};

/// What the arrays of examples and of targets are called, in any case; the first that is there counts.
const EXAMPLES: [&str; 9] =
    ["x", "x_train", "train_x", "train_images", "features", "images", "data", "inputs", "arr_0"];
const TARGETS: [&str; 9] =
    ["y", "y_train", "train_y", "train_labels", "labels", "targets", "target", "label", "arr_1"];
/// Those of a test part.
const TEST_EXAMPLES: [&str; 3] = ["x_test", "test_x", "test_images"];
const TEST_TARGETS: [&str; 3] = ["y_test", "test_y", "test_labels"];

/// What a single array is called.
const ALONE: &str = "x";

/// NumPy's files.
#[derive(Debug)]
pub(super) struct Numpy;

impl Format for Numpy {
    fn extensions(&self) -> &'static [&'static str] {
        &["npz", "npy"]
    }

    /// `x0`, `x1` … and, as targets, `y` or `y0`, `y1` ….
    fn header(&self, path: &Path, how: &How) -> Result<Head> {
        let file = Numbers::open(path)?;
        let chosen = Chosen::of(&file, path, how.test)?;
        let mut names = Vec::new();
        chosen.arrays(&file, path, &mut |role, header, _| {
            names.extend(role.names(header));
            Ok(())
        })?;
        let targets = names.iter().position(|name| name.starts_with('y'));
        let end = names.len();
        let mut head = Head { targets: targets.unwrap_or(end)..end, ..Head::of(names) };
        head.layout.test = how.test;
        // Which arrays they are is told when a model is trained.
        head.notes = if how.like.is_none() { chosen.notes } else { Vec::new() };
        Ok(head)
    }

    fn read(&self, file: &TableFile) -> Result<Table> {
        let path = &file.path;
        let numbers = Numbers::open(path)?;
        let mut table = Table {
            path: path.clone(),
            names: Vec::new(),
            columns: Vec::new(),
            places: Places::Rows(0),
            len: 0,
            na: Vec::new(),
        };
        let chosen = Chosen::of(&numbers, path, file.layout.test)?;
        chosen.arrays(&numbers, path, &mut |role, header, content| {
            table.len = header.shape.first().copied().unwrap_or_default();
            table.names.extend(role.names(header));
            table.columns.append(&mut columns(header, content)?);
            Ok(())
        })?;
        Ok(table)
    }
}

/// Whether a file has a test part beside the one to train on.
pub(super) fn has_test(path: &Path) -> bool {
    if extension::of(path) != "npz" {
        return false;
    }
    // What is wrong with the file is told when it is read.
    let names = Numbers::open(path).map(|file| file.names()).unwrap_or_default();
    find(&names, &EXAMPLES).is_some() && find(&names, &TEST_EXAMPLES).is_some()
}

/// The first of the `wanted` names that is there.
fn find<'n>(names: &'n [String], wanted: &[&str]) -> Option<&'n str> {
    let find = |wanted: &&str| names.iter().find(|name| name.eq_ignore_ascii_case(wanted));
    wanted.iter().find_map(find).map(String::as_str)
}

/// Names in a message, of which there may be any number.
fn listed<'n>(names: impl ExactSizeIterator<Item = &'n str>) -> String {
    const SHOWN: usize = 20;
    let more = if names.len() > SHOWN { " and more" } else { "" };
    format!("`{}`{more}", names.take(SHOWN).collect::<Vec<_>>().join("`, `"))
}

/// What an array is for.
#[derive(Clone, Copy, PartialEq)]
enum Role {
    Examples,
    Targets,
}

impl Role {
    /// The names of an array's columns.
    fn names(self, header: &Header) -> Vec<String> {
        let name = if self == Self::Examples { "x" } else { "y" };
        match width(header) {
            1 if self == Self::Targets => vec![name.into()],
            width => (0..width).map(|column| format!("{name}{column}")).collect(),
        }
    }
}

/// The columns of an array, whose further axes are flattened.
fn width(header: &Header) -> usize {
    header.shape.first().and_then(|&rows| header.count.checked_div(rows)).unwrap_or_default()
}

/// Which arrays of a file are its table.
struct Chosen {
    examples: String,
    targets: Option<String>,
    /// What is worth saying of them.
    notes: Vec<String>,
}

/// Looks at the header of an array, and may read its elements.
type Visit<'v> = dyn FnMut(Role, &Header, &mut dyn Read) -> Result<(), String> + 'v;

impl Chosen {
    fn of(file: &Numbers, path: &Path, test: bool) -> Result<Self> {
        let names = file.names();
        let x_of_test = find(&names, &TEST_EXAMPLES).filter(|_| test);
        let (x, y) = match x_of_test {
            Some(x) => (Some(x), find(&names, &TEST_TARGETS)),
            None => (find(&names, &EXAMPLES), find(&names, &TARGETS)),
        };
        let Some(x) = x else {
            let found = match names.as_slice() {
                [] => "none".to_owned(),
                names => listed(names.iter().map(String::as_str)),
            };
            let message = format!(
                "has no array `x`, nor `{}`; it has {found}. numpy.savez(path, x=…, y=…) writes them",
                EXAMPLES[1..].join("`, `")
            );
            return Err(Error::file(path, message));
        };
        let mut notes = Vec::new();
        if (x, y.unwrap_or("y")) != ("x", "y") {
            let targets = y.map_or(String::new(), |name| format!(", and the targets `{name}`"));
            notes.push(format!("the examples are the array `{x}`{targets}"));
        }
        let of_both = [EXAMPLES.as_slice(), &TARGETS, &TEST_EXAMPLES, &TEST_TARGETS].concat();
        let is_known = |name: &str| of_both.iter().any(|known| name.eq_ignore_ascii_case(known));
        let others: Vec<&str> =
            names.iter().map(String::as_str).filter(|name| !is_known(name)).collect();
        if !others.is_empty() {
            let others = listed(others.into_iter());
            notes.push(format!("arrays that are passed over: {others}"));
        }
        Ok(Self { examples: x.to_owned(), targets: y.map(str::to_owned), notes })
    }

    /// Shows the headers of the arrays to `visit`, which can read their elements; the examples come first.
    fn arrays(&self, file: &Numbers, path: &Path, visit: &mut Visit<'_>) -> Result<()> {
        let mut rows = None;
        let targets = self.targets.as_ref().map(|name| (Role::Targets, name));
        for (role, name) in [(Role::Examples, &self.examples)].into_iter().chain(targets) {
            let fail = |message| match file {
                Numbers::Single(_) => Error::file(path, message),
                Numbers::Archive { .. } => Error::file(path, format!("`{name}`: {message}")),
            };
            let (header, mut content) = file.array(path, name).map_err(fail)?;
            check(&header, rows.as_ref()).map_err(fail)?;
            visit(role, &header, &mut content).map_err(fail)?;
            rows = Some((name.clone(), header.shape.first().copied()));
        }
        Ok(())
    }
}

/// Checks that an array is a part of a table, beside one with so many rows.
fn check(header: &Header, other: Option<&(String, Option<usize>)>) -> Result<(), String> {
    let (shape, width) = (&header.shape, width(header));
    match other {
        None if shape.is_empty() => {
            Err("is a single number; its first axis should count the examples".into())
        }
        None if header.count == 0 => Err(format!("has the shape {shape:?}, and so no numbers")),
        Some((name, rows)) if *rows != shape.first().copied() => Err(format!(
            "has the shape {shape:?}, but `{name}` has {} rows; their first axes should be equal",
            rows.unwrap_or_default()
        )),
        _ if width > COLUMNS => Err(limits::too_wide(width)),
        _ => Ok(()),
    }
}

/// The columns of an array.
fn columns(header: &Header, content: &mut dyn Read) -> Result<Vec<Column>, String> {
    let rows = header.shape.first().copied().unwrap_or_default();
    let mut columns = Vec::new();
    for _ in 0..width(header) {
        let mut numbers = Vec::new();
        columns.push(match header.are_texts() {
            true => Column::texts(),
            false => {
                numbers.try_reserve_exact(rows).map_err(|error| limits::full(&error))?;
                Column::Numbers(numbers)
            }
        });
    }
    let mut places = header.places();
    header.each(content, &mut |element| {
        let Some(column) = columns.get_mut(places().1) else { return Ok(()) };
        match (&mut *column, element) {
            (Column::Numbers(numbers), Element::Number(number)) => {
                numbers.push(number);
                Ok(())
            }
            (_, Element::Number(number)) => column.try_push(&number.to_string()),
            (Column::Numbers(numbers), Element::Whole(number)) => {
                // They may be names.
                let mut texts = Column::texts();
                numbers.iter().try_for_each(|number| texts.try_push(&number.to_string()))?;
                *column = texts;
                column.try_push(&number.to_string())
            }
            (_, Element::Whole(number)) => column.try_push(&number.to_string()),
            (_, Element::Text(text)) => column.try_push(text.trim()),
        }
    })?;
    Ok(columns)
}

/// A file of NumPy's.
enum Numbers {
    /// A single array, at this length.
    Single(u64),
    Archive {
        archive: ZipArchive<FileReader>,
        /// The names of the arrays in their order.
        names: Vec<String>,
        /// Each by its name; the last of equal names counts.
        members: HashMap<String, Member>,
    },
}

/// An array in an archive.
struct Member {
    place: ZipArchiveEntryWayfinder,
    method: CompressionMethod,
}

/// What can be read of an array, and its length.
type Content<'a> = Box<dyn Read + 'a>;

fn no_archive(error: &rawzip::Error) -> String {
    format!("is no NumPy archive: {error}")
}

impl Numbers {
    fn open(path: &Path) -> Result<Self> {
        let (mut file, length) = limits::open(path)?;
        let mut start = Vec::new();
        let read = (&mut file).take(MAGIC.len() as u64).read_to_end(&mut start);
        read.and_then(|_| file.rewind()).map_err(|error| Error::file(path, error))?;
        match start.starts_with(MAGIC) {
            true => Ok(Self::Single(length)),
            false => Self::archive(file).map_err(|message| Error::file(path, message)),
        }
    }

    fn archive(file: File) -> Result<Self, String> {
        // A name and what follows it have at most 64 KiB each.
        let mut buffer = vec![0; 1 << 18];
        let archive = ZipArchive::from_file(file, &mut buffer).map_err(|e| no_archive(&e))?;
        let mut entries = archive.entries(&mut buffer);
        let (mut names, mut members) = (Vec::new(), HashMap::new());
        while let Some(entry) = entries.next_entry().map_err(|e| no_archive(&e))? {
            let path = String::from_utf8_lossy(entry.file_path().as_ref()).into_owned();
            let Some(name) = path.strip_suffix(".npy") else { continue };
            let member = Member { place: entry.wayfinder(), method: entry.compression_method() };
            names.push(name.to_owned());
            members.insert(name.to_owned(), member);
        }
        Ok(Self::Archive { archive, names, members })
    }

    /// The names of the arrays.
    fn names(&self) -> Vec<String> {
        match self {
            Self::Single(_) => vec![ALONE.into()],
            Self::Archive { names, .. } => names.clone(),
        }
    }

    /// The header of an array, and what its elements are read from.
    fn array(&self, path: &Path, name: &str) -> Result<(Header, Content<'_>), String> {
        let (length, mut content): (u64, Content<'_>) = match self {
            Self::Single(length) => {
                let file = limits::open(path).map_err(|error| error.to_string())?.0;
                (*length, Box::new(BufReader::new(file)))
            }
            Self::Archive { archive, members, .. } => {
                members.get(name).ok_or("is not there")?.open(archive)?
            }
        };
        let header = Header::read(&mut content, length)?;
        Ok((header, content))
    }
}

impl Member {
    /// What the array is read from, and the length that the archive tells of it.
    fn open<'a>(&self, archive: &'a ZipArchive<FileReader>) -> Result<(u64, Content<'a>), String> {
        let entry = archive.get_entry(self.place).map_err(|e| no_archive(&e))?;
        let (packed, length) =
            (self.place.compressed_size_hint(), self.place.uncompressed_size_hint());
        if length > deflate::largest(packed) {
            return Err(format!("{packed} bytes cannot hold the {length} that the archive tells"));
        }
        let content: Content<'_> = match self.method {
            CompressionMethod::STORE => Box::new(entry.verifying_reader(entry.reader())),
            CompressionMethod::DEFLATE => {
                Box::new(entry.verifying_reader(DeflateDecoder::new(entry.reader())))
            }
            other => return Err(format!("is compressed by {other:?}, not deflated")),
        };
        Ok((length, content))
    }
}

/// The name, the axes and the elements of an array, in row-major order.
type Array = (String, Vec<usize>, Vec<f64>);

/// The arrays of an archive of numbers that are wanted, in their order.
pub(crate) fn arrays(path: &Path, wanted: impl Fn(&str) -> bool) -> Result<Vec<Array>> {
    let file = Numbers::open(path)?;
    let mut found = Vec::new();
    for name in file.names().into_iter().filter(|name| wanted(name)) {
        let numbers = || -> Result<_, String> {
            let (header, mut content) = file.array(path, &name)?;
            if header.are_texts() {
                return Err("holds texts, and no numbers".into());
            }
            let numbers = in_rows(&header, &mut content)?;
            Ok((header.shape, numbers))
        };
        let (shape, numbers) =
            numbers().map_err(|message| Error::file(path, format!("`{name}`: {message}")))?;
        found.push((name, shape, numbers));
    }
    Ok(found)
}

/// The numbers of an array in row-major order.
fn in_rows(header: &Header, content: &mut dyn Read) -> Result<Vec<f64>, String> {
    let mut numbers = Vec::new();
    numbers.try_reserve_exact(header.count).map_err(|error| limits::full(&error))?;
    numbers.resize(header.count, 0.0);
    let width = width(header).max(1);
    let mut places = header.places();
    header.each(content, &mut |element| {
        let (row, column) = places();
        if let Some(number) = numbers.get_mut(row * width + column) {
            *number = match element {
                Element::Number(number) => number,
                Element::Whole(number) => number as f64,
                Element::Text(_) => f64::NAN,
            };
        }
        Ok(())
    })?;
    Ok(numbers)
}
