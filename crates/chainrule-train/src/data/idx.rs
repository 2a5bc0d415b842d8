//! The IDX format of the MNIST files, plain or compressed with gzip.
//!
//! A file begins with two zero bytes, the element type (0x08: unsigned bytes), the number of axes,
//! and each axis' length as a big-endian 32-bit number; the elements follow (LeCun, "The MNIST
//! database of handwritten digits").

use std::io::{self, BufRead, BufReader, ErrorKind, Read};
use std::path::Path;

use flate2::bufread::GzDecoder;

use super::deflate;
use crate::limits;
use chainrule::error::{Error, Result};

/// An array of unsigned bytes from an IDX file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idx {
    /// The lengths of the axes.
    pub dims: Vec<usize>,
    /// The elements in row-major order.
    pub bytes: Vec<u8>,
}

/// The two bytes with which compressed data begins.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Decompresses one member of a gzip file after another, and tells what follows the last from a member
/// that is cut off.
struct Gzip<R>(Option<GzDecoder<R>>);

impl<R: BufRead> Read for Gzip<R> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.0 {
            let count = member.read(target)?;
            if count > 0 || target.is_empty() {
                return Ok(count);
            }
            let next = member.get_mut().fill_buf()?;
            if !next.is_empty() && !next.starts_with(&GZIP) {
                let message = "the compressed data is followed by bytes that are not gzip";
                return Err(io::Error::new(ErrorKind::InvalidData, message));
            }
            let more = !next.is_empty();
            self.0 = self.0.take().filter(|_| more).map(|done| GzDecoder::new(done.into_inner()));
        }
        Ok(0)
    }
}

/// Reads an IDX file of unsigned bytes, plain or gzip by its first two bytes.
///
/// ```
/// use chainrule_train::data::idx;
/// # let folder = tempfile::tempdir().unwrap();
/// let path = folder.path().join("labels-idx1-ubyte");
/// std::fs::write(&path, [0, 0, 8, 1, 0, 0, 0, 3, 7, 2, 1]).unwrap();
/// let labels = idx::read(&path)?;
/// assert_eq!((labels.dims, labels.bytes), (vec![3], vec![7, 2, 1]));
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// # Errors
/// The file is missing, of another format or element type, or its length contradicts its header.
pub fn read(path: &Path) -> Result<Idx> {
    let fail = |message: String| Error::file(path, message);
    let io = |error: io::Error| match error.kind() {
        ErrorKind::UnexpectedEof => {
            fail("the file is cut off: it ends before what its header announces".into())
        }
        _ => fail(error.to_string()),
    };
    let (file, size) = limits::open(path)?;
    let mut file = BufReader::with_capacity(1 << 16, file);
    let gzip = file.fill_buf().map_err(io)?.starts_with(&GZIP);
    let mut input: Box<dyn Read> =
        if gzip { Box::new(Gzip(Some(GzDecoder::new(file)))) } else { Box::new(file) };

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
    let most = if gzip { deflate::largest(size) } else { size };
    let mut bytes = Vec::new();
    // With a byte more, by which too long a file is told.
    let reserved = bytes.try_reserve_exact(expected.min(most as usize).saturating_add(1));
    reserved.map_err(|error| fail(limits::full(&error)))?;
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
