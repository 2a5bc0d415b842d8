//! NumPy's arrays: `.npy`, and `.npz` with examples and targets.
//!
//! Format: NumPy Enhancement Proposal 1 ("A Simple File Format for NumPy Arrays"). An `.npz` file is
//! a ZIP archive of `.npy` files, stored or deflated.

use std::io::Read;
use std::path::Path;

use flate2::bufread::DeflateDecoder;
use rawzip::{CompressionMethod, ZipArchive};

use super::extension;
use super::table::{Column, Format, Head, How, Places, TOLD_APART, Table, TableFile};
use super::text::windows_1252;
use chainrule::error::{Error, Result};

const MAGIC: &[u8] = b"\x93NUMPY";

/// What the arrays of examples and of targets are called, in any case; the first that is there counts.
const EXAMPLES: [&str; 9] =
    ["x", "x_train", "train_x", "train_images", "features", "images", "data", "inputs", "arr_0"];
const TARGETS: [&str; 9] =
    ["y", "y_train", "train_y", "train_labels", "labels", "targets", "target", "label", "arr_1"];
/// Those of a test part.
const TEST_EXAMPLES: [&str; 3] = ["x_test", "test_x", "test_images"];
const TEST_TARGETS: [&str; 3] = ["y_test", "test_y", "test_labels"];

/// The axes and elements of an array, in row-major order.
#[derive(Debug, PartialEq)]
pub(crate) struct Array {
    pub(crate) shape: Vec<usize>,
    pub(crate) elements: Elements,
}

/// The elements of an array.
#[derive(Debug, PartialEq)]
pub(crate) enum Elements {
    Numbers(Vec<f64>),
    /// Whole numbers of which some have more digits than others tell apart.
    Whole(Vec<i128>),
    Texts(Vec<String>),
}

impl Elements {
    pub(crate) fn numbers(self) -> Result<Vec<f64>, String> {
        match self {
            Self::Numbers(numbers) => Ok(numbers),
            Self::Whole(numbers) => Ok(numbers.into_iter().map(|number| number as f64).collect()),
            Self::Texts(_) => Err("holds texts, and no numbers".into()),
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Numbers(numbers) => numbers.len(),
            Self::Whole(numbers) => numbers.len(),
            Self::Texts(texts) => texts.len(),
        }
    }
}

/// NumPy's files.
#[derive(Debug)]
pub(super) struct Numpy;

impl Format for Numpy {
    fn extensions(&self) -> &'static [&'static str] {
        &["npz", "npy"]
    }

    /// `x0`, `x1` … and, as targets, `y` or `y0`, `y1` ….
    fn header(&self, path: &Path, how: &How) -> Result<Head> {
        let (table, notes) = read(path, how.test)?;
        let targets = table.names.iter().position(|name| name.starts_with('y'));
        let end = table.names.len();
        let mut head = Head { targets: targets.unwrap_or(end)..end, ..Head::of(table.names) };
        head.layout.test = how.test;
        // Which arrays they are is told when a model is trained.
        head.notes = if how.like.is_none() { notes } else { Vec::new() };
        Ok(head)
    }

    fn read(&self, file: &TableFile) -> Result<Table> {
        Ok(read(&file.path, file.layout.test)?.0)
    }
}

/// Whether a file has a test part beside the one to train on.
pub(super) fn has_test(path: &Path) -> bool {
    if extension::of(path) != "npz" {
        return false;
    }
    let names = std::fs::read(path).map_err(|error| error.to_string());
    let names = names.and_then(|bytes| names_of(&bytes)).unwrap_or_default();
    find(&names, &EXAMPLES).is_some() && find(&names, &TEST_EXAMPLES).is_some()
}

/// The first of the `wanted` names that is there.
fn find<'n>(names: &'n [String], wanted: &[&str]) -> Option<&'n str> {
    let find = |wanted: &&str| names.iter().find(|name| name.eq_ignore_ascii_case(wanted));
    wanted.iter().find_map(find).map(String::as_str)
}

/// Reads a part of an `.npz` file, or an `.npy` file as examples alone; with what is worth saying of it.
fn read(path: &Path, test: bool) -> Result<(Table, Vec<String>)> {
    let fail = |message: String| Error::file(path, message);
    let bytes = std::fs::read(path).map_err(|error| Error::file(path, error))?;
    if bytes.starts_with(MAGIC) {
        let x = parse(&bytes).map_err(fail)?;
        return Ok((table(path, ("x", x), None)?, Vec::new()));
    }
    let names = names_of(&bytes).map_err(fail)?;
    let x_of_test = find(&names, &TEST_EXAMPLES).filter(|_| test);
    let (x_name, y_name) = match x_of_test {
        Some(x) => (Some(x), find(&names, &TEST_TARGETS)),
        None => (find(&names, &EXAMPLES), find(&names, &TARGETS)),
    };
    let Some(x_name) = x_name else {
        return Err(fail(format!(
            "has no array `x`, nor `{}`; it has {}. numpy.savez(path, x=…, y=…) writes them",
            EXAMPLES[1..].join("`, `"),
            match names.as_slice() {
                [] => "none".to_owned(),
                names => format!("`{}`", names.join("`, `")),
            }
        )));
    };
    let array = |name: &str| -> Result<Array> {
        let array = members(&bytes, |known| known == name).map_err(fail)?.pop();
        array.map(|(_, array)| array).ok_or_else(|| fail(format!("has no array `{name}`")))
    };
    let y = y_name.map(|name| Ok::<_, Error>((name, array(name)?))).transpose()?;
    let mut notes = Vec::new();
    if (x_name, y_name.unwrap_or("y")) != ("x", "y") {
        let targets = y_name.map_or(String::new(), |name| format!(", and the targets `{name}`"));
        notes.push(format!("the examples are the array `{x_name}`{targets}"));
    }
    let of_both = [EXAMPLES.as_slice(), &TARGETS, &TEST_EXAMPLES, &TEST_TARGETS].concat();
    let is_known = |name: &str| of_both.iter().any(|known| name.eq_ignore_ascii_case(known));
    let others: Vec<&str> =
        names.iter().map(String::as_str).filter(|name| !is_known(name)).collect();
    if !others.is_empty() {
        notes.push(format!("arrays that are passed over: `{}`", others.join("`, `")));
    }
    Ok((table(path, (x_name, array(x_name)?), y)?, notes))
}

/// A table of examples and targets.
fn table(path: &Path, x: (&str, Array), y: Option<(&str, Array)>) -> Result<Table> {
    let (name, x) = x;
    let rows = *x.shape.first().ok_or_else(|| {
        let message =
            format!("`{name}` is a single number; its first axis should count the examples");
        Error::file(path, message)
    })?;
    if x.elements.len() == 0 {
        let message = format!("`{name}` has the shape {:?}, and so no numbers", x.shape);
        return Err(Error::file(path, message));
    }
    let mut table = Table {
        path: path.into(),
        names: Vec::new(),
        columns: Vec::new(),
        places: Places::Rows(0),
        len: rows,
        na: Vec::new(),
    };
    add(&mut table, "x", &x.elements);
    if let Some((target, y)) = y {
        if y.shape.first() != Some(&rows) {
            let message = format!(
                "`{name}` has {rows} rows and `{target}` the shape {:?}; their first axes should be equal",
                y.shape
            );
            return Err(Error::file(path, message));
        }
        add(&mut table, "y", &y.elements);
    }
    Ok(table)
}

/// Adds an array's columns; its further axes are flattened.
fn add(table: &mut Table, name: &str, elements: &Elements) {
    let width = elements.len().checked_div(table.len).unwrap_or(0);
    for column in 0..width {
        let single = width == 1 && name == "y";
        table.names.push(if single { name.into() } else { format!("{name}{column}") });
        table.columns.push(match elements {
            Elements::Numbers(numbers) => {
                Column::Numbers(numbers.iter().skip(column).step_by(width).copied().collect())
            }
            Elements::Whole(numbers) => {
                let of_column = numbers.iter().skip(column).step_by(width);
                Column::whole(&of_column.map(|&number| Some(number)).collect::<Vec<_>>())
            }
            Elements::Texts(texts) => {
                let mut cells = Column::texts();
                let of_column = texts.iter().skip(column).step_by(width);
                of_column.for_each(|text| cells.push_text(text.trim()));
                cells
            }
        });
    }
}

/// The names of an archive's arrays.
fn names_of(bytes: &[u8]) -> Result<Vec<String>, String> {
    let mut names = Vec::new();
    members(bytes, |name| {
        names.push(name.to_owned());
        false
    })?;
    Ok(names)
}

/// The arrays of an archive that are wanted, by name and in its order: names, axes, elements in row-major
/// order.
pub(crate) fn members(
    bytes: &[u8],
    mut wanted: impl FnMut(&str) -> bool,
) -> Result<Vec<(String, Array)>, String> {
    let zip = |error: rawzip::Error| format!("is no NumPy archive: {error}");
    let archive = ZipArchive::from_slice(bytes).map_err(zip)?;
    let (mut entries, mut found) = (archive.entries(), Vec::new());
    while let Some(entry) = entries.next_entry().map_err(zip)? {
        let path = String::from_utf8_lossy(entry.file_path().as_ref()).into_owned();
        let Some(name) = path.strip_suffix(".npy").filter(|name| wanted(name)) else { continue };
        let stored = archive.get_entry(entry.wayfinder()).map_err(zip)?;
        let mut content = Vec::new();
        let read = match entry.compression_method() {
            CompressionMethod::STORE => {
                stored.verifying_reader(stored.data()).read_to_end(&mut content)
            }
            CompressionMethod::DEFLATE => {
                let inflated = DeflateDecoder::new(stored.data());
                stored.verifying_reader(inflated).read_to_end(&mut content)
            }
            other => return Err(format!("`{name}` is compressed by {other:?}, not deflated")),
        };
        read.map_err(|error| format!("`{name}` is damaged: {error}"))?;
        let array = parse(&content).map_err(|message| format!("`{name}`: {message}"))?;
        found.push((name.to_owned(), array));
    }
    Ok(found)
}

/// Reads an array from the bytes of an `.npy` file.
fn parse(bytes: &[u8]) -> Result<Array, String> {
    let cut = || "the file is cut off within its header".to_owned();
    let rest =
        bytes.strip_prefix(MAGIC).ok_or("is no NumPy array: its first bytes are not \\x93NUMPY")?;
    let (&[major, _], rest) = rest.split_first_chunk().ok_or_else(cut)?;
    let (length, rest) = match major {
        1 => {
            let (length, rest) = rest.split_first_chunk().ok_or_else(cut)?;
            (usize::from(u16::from_le_bytes(*length)), rest)
        }
        2 | 3 => {
            let (length, rest) = rest.split_first_chunk().ok_or_else(cut)?;
            (u32::from_le_bytes(*length) as usize, rest)
        }
        _ => return Err(format!("version {major} of the format is unknown")),
    };
    let (header, data) = rest.split_at_checked(length).ok_or_else(cut)?;
    let header = str::from_utf8(header).map_err(|_| "the header is not text")?;
    let shape = shape(header)?;
    let kind = value(header, "descr")?.trim_matches('\'');
    let count = shape.iter().try_fold(1_usize, |product, &axis| product.checked_mul(axis));
    let elements = elements(data, kind)?;
    if count != Some(elements.len()) {
        let found = elements.len();
        return Err(format!(
            "the header announces the shape {shape:?}, but {found} elements follow"
        ));
    }
    match value(header, "fortran_order")? {
        "False" => Ok(Array { elements, shape }),
        "True" => {
            let elements = match elements {
                Elements::Numbers(numbers) => Elements::Numbers(row_major(&numbers, &shape)),
                Elements::Whole(numbers) => Elements::Whole(row_major(&numbers, &shape)),
                Elements::Texts(texts) => Elements::Texts(row_major(&texts, &shape)),
            };
            Ok(Array { elements, shape })
        }
        other => Err(format!("`fortran_order` is {other}, neither True nor False")),
    }
}

/// The text after a key of the header, up to the comma that ends it.
fn value<'a>(header: &'a str, key: &str) -> Result<&'a str, String> {
    let missing = || format!("the header has no `{key}`: {}", header.trim());
    let (_, rest) = header.split_once(&format!("'{key}':")).ok_or_else(missing)?;
    let rest = rest.trim_start();
    let end = match rest.starts_with('(') {
        true => rest.find(')').map(|end| end + 1),
        false => rest.find([',', '}']),
    };
    Ok(rest.get(..end.ok_or_else(missing)?).unwrap_or_default().trim_end())
}

fn shape(header: &str) -> Result<Vec<usize>, String> {
    let text = value(header, "shape")?;
    let axes = text.trim_start_matches('(').trim_end_matches(')').split(',').map(str::trim);
    let axes = axes.filter(|axis| !axis.is_empty()).map(str::parse);
    axes.collect::<Result<_, _>>()
        .map_err(|_| format!("the shape {text} is not a tuple of numbers"))
}

/// The elements in the file's order.
fn elements(data: &[u8], kind: &str) -> Result<Elements, String> {
    let (order, kind) = kind.split_at_checked(1).unwrap_or_default();
    let big = match order {
        "<" | "|" | "=" => false,
        ">" => true,
        _ => return Err(unknown(&format!("{order}{kind}"))),
    };
    if let Some(texts) = texts(data, kind, big) {
        return texts.map(Elements::Texts);
    }
    macro_rules! of {
        ($type:ty) => {
            of!($type, |number: $type| number as f64)
        };
        ($type:ty, $to:expr) => {{
            let (chunks, rest) = data.as_chunks();
            let number = |&bytes| match big {
                true => $to(<$type>::from_be_bytes(bytes)),
                false => $to(<$type>::from_le_bytes(bytes)),
            };
            (chunks.iter().map(number).collect::<Vec<_>>(), rest)
        }};
    }
    macro_rules! whole {
        ($type:ty) => {{
            let (numbers, rest): (Vec<f64>, _) = of!($type);
            if numbers.iter().any(|number| number.abs() >= TOLD_APART) && rest.is_empty() {
                return Ok(Elements::Whole(of!($type, i128::from).0));
            }
            (numbers, rest)
        }};
    }
    let (elements, rest) = match kind {
        "f2" => of!(u16, half),
        "f4" => of!(f32),
        "f8" => of!(f64),
        "i1" => of!(i8),
        "i2" => of!(i16),
        "i4" => of!(i32),
        "i8" => whole!(i64),
        "u1" | "b1" => of!(u8),
        "u2" => of!(u16),
        "u4" => of!(u32),
        "u8" => whole!(u64),
        _ => return Err(unknown(&format!("{order}{kind}"))),
    };
    match rest {
        [] => Ok(Elements::Numbers(elements)),
        _ => Err(cut_off(rest.len())),
    }
}

/// The number in 16 bits, as IEEE 754 lays them out: a sign, 5 bits of exponent, 10 of fraction.
fn half(bits: u16) -> f64 {
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f64::from(bits & 1023));
    let size = match exponent {
        0 => fraction * 2_f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1024.0 + fraction) * 2_f64.powi(exponent - 25),
    };
    if bits >> 15 == 0 { size } else { -size }
}

/// Elements of text, if they are: each as long as the longest, filled up with zeros.
fn texts(data: &[u8], kind: &str, big: bool) -> Option<Result<Vec<String>, String>> {
    let (of_letters, length) = kind.split_at_checked(1)?;
    let letter = match of_letters {
        "S" => 1,
        "U" => 4,
        _ => return None,
    };
    let bytes = length.parse::<usize>().ok()?.checked_mul(letter)?;
    if bytes == 0 {
        return Some(Err("the texts have no letters".into()));
    }
    let elements = data.chunks_exact(bytes);
    if !elements.remainder().is_empty() {
        return Some(Err(cut_off(elements.remainder().len())));
    }
    let wide = |element: &[u8]| {
        let (letters, _) = element.as_chunks();
        let letters = letters.iter().map(|&bytes| {
            let code = if big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) };
            char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
        });
        letters.collect::<String>().trim_end_matches('\0').to_owned()
    };
    let narrow = |element: &[u8]| {
        let end = element.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
        let text = element.get(..end).unwrap_or_default();
        match str::from_utf8(text) {
            Ok(text) => text.to_owned(),
            Err(_) => text.iter().map(|&byte| windows_1252(byte)).collect(),
        }
    };
    Some(Ok(match letter {
        1 => elements.map(narrow).collect(),
        _ => elements.map(wide).collect(),
    }))
}

fn cut_off(bytes: usize) -> String {
    format!("the file is cut off: {bytes} bytes follow its last whole element")
}

fn unknown(kind: &str) -> String {
    if kind.ends_with('O') {
        return "holds Python objects (dtype `O`), which only pickle reads; save `array.astype(str)` or `array.astype(float)`".into();
    }
    format!(
        "elements of type `{kind}`; f2, f4, f8, i1 to i8, u1 to u8, b1 and the texts U and S can be read"
    )
}

/// The elements of a Fortran-ordered array, its first axis the fastest, in row-major order.
fn row_major<T: Clone>(elements: &[T], shape: &[usize]) -> Vec<T> {
    let mut strides = Vec::with_capacity(shape.len());
    shape.iter().fold(1, |stride, &axis| {
        strides.push(stride);
        stride * axis
    });
    let at = |mut index: usize| {
        let axes = shape.iter().zip(&strides).rev();
        axes.fold(0, |sum, (&axis, &stride)| {
            let place = index % axis;
            index /= axis;
            sum + place * stride
        })
    };
    (0..elements.len()).filter_map(|index| elements.get(at(index)).cloned()).collect()
}
