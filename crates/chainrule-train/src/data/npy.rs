//! Arrays as NumPy writes them.
//!
//! Format: NumPy Enhancement Proposal 1 ("A Simple File Format for NumPy Arrays"). The header is read and held
//! against the file's length before any element is.

use std::collections::TryReserveError;
use std::io::{self, ErrorKind, Read};

use super::table::TOLD_APART;
use super::text::windows_1252;
use crate::limits::{self, NPY_HEADER};

/// How an array's file begins.
pub(super) const MAGIC: &[u8] = b"\x93NUMPY";

/// Bytes of elements that are read at once, unless a single one has more.
const PIECE: usize = 1 << 16;

/// The most bytes of an element: of a text.
const LONGEST: usize = 1 << 24;

/// Letters of a header that are shown.
const SHOWN: usize = 200;

/// What the header of an array tells.
#[derive(Debug, PartialEq)]
pub(super) struct Header {
    /// The lengths of the axes.
    pub(super) shape: Vec<usize>,
    /// The number of elements.
    pub(super) count: usize,
    kind: Kind,
    big_endian: bool,
    /// Whether the first axis is the fastest.
    fortran: bool,
}

/// What the elements are.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Half,
    Single,
    Double,
    Signed(usize),
    Unsigned(usize),
    /// Letters of one byte, so many.
    Narrow(usize),
    /// Letters of four bytes, so many.
    Wide(usize),
}

/// An element.
pub(super) enum Element<'e> {
    Number(f64),
    /// A whole number of more digits than others tell apart.
    Whole(i128),
    Text(&'e str),
}

impl Header {
    /// Reads the header of an array whose file has `length` bytes.
    pub(super) fn read(from: &mut dyn Read, length: u64) -> Result<Self, String> {
        let mut start = [0; MAGIC.len() + 2];
        let cut = |error: io::Error| failed(&error, "the file is cut off within its header");
        from.read_exact(&mut start).map_err(cut)?;
        let [magic @ .., major, _] = &start;
        if magic != MAGIC {
            return Err("is no NumPy array: its first bytes are not \\x93NUMPY".into());
        }
        let mut size = [0; 4];
        let of_size = match major {
            1 => 2,
            2 | 3 => 4,
            _ => return Err(format!("version {major} of the format is unknown")),
        };
        from.read_exact(&mut size[..of_size]).map_err(cut)?;
        let size = u32::from_le_bytes(size) as usize;
        if size > NPY_HEADER {
            return Err(format!(
                "its header has {size} bytes, and none has more than {NPY_HEADER}"
            ));
        }
        let mut text = vec![0; size];
        from.read_exact(&mut text).map_err(cut)?;
        let text = str::from_utf8(&text).map_err(|_| "the header is not text")?;
        let header = Self::of(text)?;
        header.check(length.saturating_sub((start.len() + of_size + size) as u64))?;
        Ok(header)
    }

    fn of(text: &str) -> Result<Self, String> {
        let shape = shape(text)?;
        let (kind, big_endian) = kind(value(text, "descr")?.trim_matches('\''))?;
        let fortran = match value(text, "fortran_order")? {
            "False" => false,
            "True" => true,
            other => return Err(format!("`fortran_order` is {other}, neither True nor False")),
        };
        let product = |product: usize, &axis: &usize| product.checked_mul(axis);
        let count = shape.iter().try_fold(1, product).ok_or_else(|| {
            format!("the header announces the shape {shape:?}, more elements than can exist")
        })?;
        Ok(Self { shape, count, kind, big_endian, fortran })
    }

    /// Checks that the elements have so many bytes as follow.
    fn check(&self, found: u64) -> Result<(), String> {
        let (of_one, shape) = (self.kind.bytes(), &self.shape);
        let wanted = u64::try_from(self.count as u128 * of_one as u128).ok();
        if wanted == Some(found) {
            return Ok(());
        }
        let cut = if wanted.is_none_or(|wanted| wanted > found) { "; is it cut off?" } else { "" };
        Err(format!(
            "the header announces the shape {shape:?} of {of_one} bytes each, but {found} bytes follow{cut}"
        ))
    }

    pub(super) fn are_texts(&self) -> bool {
        matches!(self.kind, Kind::Narrow(_) | Kind::Wide(_))
    }

    /// Shows the elements to `visit` as they lie in the file, which `from` is, behind the header.
    pub(super) fn each(
        &self,
        from: &mut dyn Read,
        visit: &mut dyn FnMut(Element<'_>) -> Result<(), TryReserveError>,
    ) -> Result<(), String> {
        let of_one = self.kind.bytes();
        let (at_once, mut left) = ((PIECE / of_one).max(1), self.count);
        let mut piece = limits::zeros(at_once.min(left) * of_one)?;
        let cut = |error: io::Error| failed(&error, "is cut off");
        while left > 0 {
            let now = at_once.min(left);
            let bytes = &mut piece[..now * of_one];
            from.read_exact(bytes).map_err(cut)?;
            for element in bytes.chunks_exact_mut(of_one) {
                if self.big_endian && !matches!(self.kind, Kind::Narrow(_)) {
                    element.chunks_exact_mut(self.kind.word()).for_each(<[u8]>::reverse);
                }
                self.kind.element(element, visit).map_err(|error| limits::full(&error))?;
            }
            left -= now;
        }
        // What checks an archive's sums looks at them where the content ends.
        match from.read(&mut [0]).map_err(cut)? {
            0 => Ok(()),
            _ => Err("has more bytes than the archive tells".into()),
        }
    }

    /// Tells of the elements as they lie in the file, one after the other, row and column: the first axis counts the
    /// rows, and the others are flattened. In either order each column's come by rows.
    pub(super) fn places(&self) -> impl FnMut() -> (usize, usize) {
        let (rows, axes) = match self.shape.as_slice() {
            [] => (1, Vec::new()),
            [rows, axes @ ..] => ((*rows).max(1), axes.to_vec()),
        };
        let width = (self.count / rows).max(1);
        let (fortran, mut at, mut column) = (self.fortran, 0_usize, 0);
        move || {
            let row = if fortran { at % rows } else { at / width };
            match fortran {
                false => column = at % width,
                true if row == 0 => column = row_major(at / rows, &axes),
                true => {}
            }
            at += 1;
            (row, column)
        }
    }
}

/// The place in row-major order of what has the place `index` where the first axis is the fastest.
fn row_major(mut index: usize, axes: &[usize]) -> usize {
    let (mut place, mut each) = (0, axes.iter().product::<usize>());
    for &axis in axes {
        each /= axis.max(1);
        place += index % axis.max(1) * each;
        index /= axis.max(1);
    }
    place
}

/// What is said where a file ends too early, or cannot be read.
fn failed(error: &io::Error, cut: &str) -> String {
    match error.kind() {
        ErrorKind::UnexpectedEof => cut.to_owned(),
        _ => format!("is damaged: {error}"),
    }
}

/// The text after a key of the header, up to the comma that ends it.
fn value<'a>(header: &'a str, key: &str) -> Result<&'a str, String> {
    let missing = || {
        let shown: String = header.trim().chars().take(SHOWN).collect();
        format!("the header has no `{key}`: {shown}")
    };
    let (_, rest) = header.split_once(&format!("'{key}':")).ok_or_else(missing)?;
    let rest = rest.trim_start();
    let end = match rest.starts_with('(') {
        true => rest.find(')').map(|end| end + 1),
        false => rest.find([',', '}']),
    };
    Ok(rest.get(..end.ok_or_else(missing)?).unwrap_or_default().trim_end())
}

fn shape(header: &str) -> Result<Vec<usize>, String> {
    // As many as NumPy has.
    const MOST_AXES: usize = 64;
    let text = value(header, "shape")?;
    let axes = text.trim_start_matches('(').trim_end_matches(')').split(',').map(str::trim);
    let axes: Vec<&str> = axes.filter(|axis| !axis.is_empty()).collect();
    let parsed = axes.iter().map(|axis| axis.parse()).collect::<Result<_, _>>();
    parsed.ok().filter(|_| axes.len() <= MOST_AXES).ok_or_else(|| {
        let shown: String = text.chars().take(SHOWN).collect();
        format!("the shape {shown} is not a tuple of at most {MOST_AXES} numbers")
    })
}

/// What the elements are, and whether the byte that counts most comes first.
fn kind(text: &str) -> Result<(Kind, bool), String> {
    let wrong = || {
        if text.ends_with('O') {
            return "holds Python objects (dtype `O`), which only pickle reads; save `array.astype(str)` or `array.astype(float)`".into();
        }
        format!(
            "elements of type `{text}`; f2, f4, f8, i1 to i8, u1 to u8, b1 and the texts U and S can be read"
        )
    };
    let (order, name) = text.split_at_checked(1).unwrap_or_default();
    let big_endian = match order {
        "<" | "|" | "=" => false,
        ">" => true,
        _ => return Err(wrong()),
    };
    let letters = |kind: fn(usize) -> Kind, length: &str| {
        let length = length.parse().ok().filter(|length| (0..=LONGEST / 4).contains(length));
        match length.ok_or_else(wrong)? {
            0 => Err("the texts have no letters".to_owned()),
            length => Ok(kind(length)),
        }
    };
    let kind = match name {
        "f2" => Kind::Half,
        "f4" => Kind::Single,
        "f8" => Kind::Double,
        "i1" | "i2" | "i4" | "i8" => Kind::Signed(usize::from(name.as_bytes()[1] - b'0')),
        "u1" | "u2" | "u4" | "u8" => Kind::Unsigned(usize::from(name.as_bytes()[1] - b'0')),
        "b1" => Kind::Unsigned(1),
        _ => match name.split_at_checked(1) {
            Some(("S", length)) => letters(Kind::Narrow, length)?,
            Some(("U", length)) => letters(Kind::Wide, length)?,
            _ => return Err(wrong()),
        },
    };
    Ok((kind, big_endian))
}

impl Kind {
    /// The bytes of an element.
    fn bytes(self) -> usize {
        match self {
            Self::Half => 2,
            Self::Single => 4,
            Self::Double => 8,
            Self::Signed(bytes) | Self::Unsigned(bytes) | Self::Narrow(bytes) => bytes,
            Self::Wide(letters) => 4 * letters,
        }
    }

    /// The bytes of what has an order of bytes.
    fn word(self) -> usize {
        if let Self::Wide(_) = self { 4 } else { self.bytes() }
    }

    /// Shows an element whose bytes these are, the one that counts least first.
    fn element(
        self,
        bytes: &[u8],
        visit: &mut dyn FnMut(Element<'_>) -> Result<(), TryReserveError>,
    ) -> Result<(), TryReserveError> {
        let mut eight = [0; 8];
        if let Some(own) = eight.get_mut(..bytes.len()) {
            own.copy_from_slice(bytes);
        }
        let bits = u64::from_le_bytes(eight);
        let number = match self {
            Self::Half => half(bits as u16),
            Self::Single => f64::from(f32::from_bits(bits as u32)),
            Self::Double => f64::from_bits(bits),
            Self::Signed(of) => {
                // The sign is that of the highest byte.
                let unused = 64 - 8 * of;
                return visit(whole(i128::from((bits << unused).cast_signed() >> unused)));
            }
            Self::Unsigned(_) => return visit(whole(i128::from(bits))),
            Self::Narrow(_) => {
                let end = bytes.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
                let text = &bytes[..end];
                return match str::from_utf8(text) {
                    Ok(text) => visit(Element::Text(text)),
                    Err(_) => {
                        let text: String = text.iter().map(|&byte| windows_1252(byte)).collect();
                        visit(Element::Text(&text))
                    }
                };
            }
            Self::Wide(_) => {
                let letters = bytes.as_chunks().0.iter().map(|&letter| {
                    char::from_u32(u32::from_le_bytes(letter))
                        .unwrap_or(char::REPLACEMENT_CHARACTER)
                });
                let text: String = letters.collect();
                return visit(Element::Text(text.trim_end_matches('\0')));
            }
        };
        visit(Element::Number(number))
    }
}

fn whole(number: i128) -> Element<'static> {
    match (number.unsigned_abs() as f64) < TOLD_APART {
        true => Element::Number(number as f64),
        false => Element::Whole(number),
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
