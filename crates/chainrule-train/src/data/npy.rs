//! NumPy's arrays: `.npy`, and `.npz` with the arrays `x` and `y`.
//!
//! Format: NumPy Enhancement Proposal 1 ("A Simple File Format for NumPy Arrays"). An `.npz` file is
//! a ZIP archive of `.npy` files, stored or deflated.

use std::io::Read;
use std::path::Path;

use flate2::bufread::DeflateDecoder;
use rawzip::{CompressionMethod, ZipArchive};

use super::table::{Column, Format, Head, How, Places, Table, TableFile};
use chainrule::error::{Error, Result};

const MAGIC: &[u8] = b"\x93NUMPY";

/// The axes and elements of an array, in row-major order.
#[derive(Debug, PartialEq)]
pub(crate) struct Array {
    pub(crate) shape: Vec<usize>,
    pub(crate) elements: Vec<f64>,
}

/// NumPy's files.
#[derive(Debug)]
pub(super) struct Numpy;

impl Format for Numpy {
    fn extensions(&self) -> &'static [&'static str] {
        &["npz", "npy"]
    }

    /// `x0`, `x1` … and, as targets, `y` or `y0`, `y1` ….
    fn header(&self, path: &Path, _how: &How) -> Result<Head> {
        let table = read(path)?;
        let targets = table.names.iter().position(|name| name.starts_with('y'));
        let end = table.names.len();
        Ok(Head { targets: targets.unwrap_or(end)..end, ..Head::of(table.names) })
    }

    fn read(&self, file: &TableFile) -> Result<Table> {
        read(&file.path)
    }
}

/// Reads `.npz`, or `.npy` as the array `x` alone.
fn read(path: &Path) -> Result<Table> {
    let bytes = std::fs::read(path).map_err(|error| Error::file(path, error))?;
    let (x, y) = if bytes.starts_with(MAGIC) {
        (parse(&bytes).map_err(|message| Error::file(path, message))?, None)
    } else {
        let x = member(&bytes, "x").map_err(|message| Error::file(path, message))?;
        let y = member(&bytes, "y").map_err(|message| Error::file(path, message))?;
        let x = x.ok_or_else(|| {
            Error::file(path, "has no array `x`; numpy.savez(path, x=..., y=...) writes it")
        })?;
        (x, y)
    };
    let rows = *x.shape.first().ok_or_else(|| {
        Error::file(path, "`x` is a single number; its first axis should count the examples")
    })?;
    if x.elements.is_empty() {
        return Err(Error::file(
            path,
            format!("`x` has the shape {:?}, and so no numbers", x.shape),
        ));
    }
    let mut table = Table {
        path: path.into(),
        names: Vec::new(),
        columns: Vec::new(),
        places: Places::Rows(0),
        len: rows,
        na: Vec::new(),
    };
    add(&mut table, "x", &x);
    if let Some(y) = y {
        if y.shape.first() != Some(&rows) {
            let message = format!(
                "`x` has {rows} rows and `y` the shape {:?}; their first axes should be equal",
                y.shape
            );
            return Err(Error::file(path, message));
        }
        add(&mut table, "y", &y);
    }
    Ok(table)
}

/// Adds an array's columns; its further axes are flattened.
fn add(table: &mut Table, name: &str, array: &Array) {
    let width = array.elements.len().checked_div(table.len).unwrap_or(0);
    for column in 0..width {
        let single = width == 1 && name == "y";
        table.names.push(if single { name.into() } else { format!("{name}{column}") });
        let numbers = array.elements.iter().skip(column).step_by(width).copied().collect();
        table.columns.push(Column::Numbers(numbers));
    }
}

/// The array of an archive, if it is there.
fn member(bytes: &[u8], name: &str) -> Result<Option<Array>, String> {
    Ok(members(bytes, |known| known == name)?.pop().map(|(_, array)| array))
}

/// All arrays of an archive in its order: names, axes, elements in row-major order.
pub(crate) fn arrays(bytes: &[u8]) -> Result<Vec<(String, Array)>, String> {
    members(bytes, |_| true)
}

/// The arrays of an archive that are wanted, by name.
fn members(bytes: &[u8], wanted: impl Fn(&str) -> bool) -> Result<Vec<(String, Array)>, String> {
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
        "True" => Ok(Array { elements: row_major(&elements, &shape), shape }),
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
fn elements(data: &[u8], kind: &str) -> Result<Vec<f64>, String> {
    let (order, kind) = kind.split_at_checked(1).unwrap_or_default();
    let big = match order {
        "<" | "|" | "=" => false,
        ">" => true,
        _ => return Err(unknown(&format!("{order}{kind}"))),
    };
    macro_rules! of {
        ($type:ty) => {{
            let (chunks, rest) = data.as_chunks();
            let number = |&bytes| match big {
                true => <$type>::from_be_bytes(bytes) as f64,
                false => <$type>::from_le_bytes(bytes) as f64,
            };
            (chunks.iter().map(number).collect(), rest)
        }};
    }
    let (elements, rest) = match kind {
        "f4" => of!(f32),
        "f8" => of!(f64),
        "i1" => of!(i8),
        "i2" => of!(i16),
        "i4" => of!(i32),
        "i8" => of!(i64),
        "u1" | "b1" => of!(u8),
        "u2" => of!(u16),
        "u4" => of!(u32),
        "u8" => of!(u64),
        _ => return Err(unknown(&format!("{order}{kind}"))),
    };
    match rest {
        [] => Ok(elements),
        _ => {
            Err(format!("the file is cut off: {} bytes follow its last whole element", rest.len()))
        }
    }
}

fn unknown(kind: &str) -> String {
    format!("elements of type `{kind}`; f4, f8, i1 to i8, u1 to u8 and b1 can be read")
}

/// The elements of a Fortran-ordered array, its first axis the fastest, in row-major order.
fn row_major(elements: &[f64], shape: &[usize]) -> Vec<f64> {
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
    (0..elements.len()).filter_map(|index| elements.get(at(index)).copied()).collect()
}
