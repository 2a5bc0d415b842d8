//! The IDX format of the MNIST files, plain or compressed with gzip.
//!
//! A file begins with two zero bytes, the element type (0x08: unsigned bytes), the number of axes,
//! and each axis' length as a big-endian 32-bit number; the elements follow (LeCun, "The MNIST
//! database of handwritten digits").

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

use crate::error::{Error, Result};

/// An array of unsigned bytes from an IDX file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idx {
    /// The lengths of the axes.
    pub dims: Vec<usize>,
    /// The elements in row-major order.
    pub bytes: Vec<u8>,
}

/// Memory to reserve on the word of a header alone.
const TRUSTED: usize = 64 << 20;

/// Reads an IDX file of unsigned bytes, plain or gzip by its first two bytes.
///
/// # Errors
/// The file is missing, of another format or element type, or its length contradicts its header.
pub fn read(path: &Path) -> Result<Idx> {
    let fail = |message: String| Error::file(path, message);
    let io = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::UnexpectedEof => {
            fail("the file is cut off: it ends before what its header announces".into())
        }
        _ => fail(error.to_string()),
    };
    let mut file = BufReader::with_capacity(1 << 16, File::open(path).map_err(io)?);
    let gzip = std::io::BufRead::fill_buf(&mut file).map_err(io)?.starts_with(&[0x1f, 0x8b]);
    let mut input: Box<dyn Read> =
        if gzip { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };

    let mut magic = [0; 4];
    input.read_exact(&mut magic).map_err(io)?;
    let [0, 0, kind, rank] = magic else {
        return Err(fail(format!("not an IDX file: it begins with {magic:02x?}, not with 00 00")));
    };
    if kind != 0x08 {
        return Err(fail(format!(
            "elements of type 0x{kind:02x}; only unsigned bytes (0x08) can be read"
        )));
    }
    let mut dims = Vec::new();
    for _ in 0..rank {
        let mut length = [0; 4];
        input.read_exact(&mut length).map_err(io)?;
        dims.push(u32::from_be_bytes(length) as usize);
    }
    let expected = dims.iter().try_fold(1usize, |n, &d| n.checked_mul(d));
    let Some(expected) = expected.filter(|&n| n < isize::MAX as usize) else {
        return Err(fail(format!("the header announces {dims:?} elements, more than can exist")));
    };
    let mut bytes = Vec::with_capacity(expected.min(TRUSTED));
    input.take(expected as u64 + 1).read_to_end(&mut bytes).map_err(io)?;
    if bytes.len() != expected {
        let found = if bytes.len() > expected {
            "more follow".into()
        } else {
            format!("only {} follow", bytes.len())
        };
        return Err(fail(format!("the header announces {dims:?} = {expected} bytes, but {found}")));
    }
    Ok(Idx { dims, bytes })
}
