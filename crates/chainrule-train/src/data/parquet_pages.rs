//! The headers of Parquet's pages, looked at before the crate believes what they announce.
//!
//! A page's header is a Thrift struct in the compact protocol; its fields 2 and 3 are the sizes of
//! the page, decompressed and as stored (Apache Parquet, `parquet.thrift`; Apache Thrift, "Thrift
//! compact protocol encoding").

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use super::deflate;

/// A page of more decompressed bytes must be stored in as many as deflate's limit leaves it.
const LARGE: u64 = 64 << 20;
/// The most bytes of a page's header.
const HEADER: u64 = 1 << 16;
/// The deepest nesting of a header's structs.
const DEPTH: usize = 8;

/// Checks the pages of `length` bytes from `start` on.
pub(super) fn check(file: &mut File, start: u64, length: u64) -> Result<(), String> {
    let (mut at, end) = (start, start.saturating_add(length));
    while at < end {
        file.seek(SeekFrom::Start(at)).map_err(|error| error.to_string())?;
        let mut bytes = Vec::new();
        let mut window = file.by_ref().take(HEADER.min(end - at));
        window.read_to_end(&mut bytes).map_err(|error| error.to_string())?;
        let bad = || format!("the header of the page at byte {at} is damaged");
        let (size, decompressed, stored) = header(&bytes).ok_or_else(bad)?;
        if decompressed > LARGE.max(deflate::largest(stored)) {
            return Err(format!(
                "the page at byte {at} announces {decompressed} bytes in {stored} compressed ones"
            ));
        }
        at = at.saturating_add(size).saturating_add(stored);
    }
    Ok(())
}

/// The size of a header, and the sizes of its page.
fn header(bytes: &[u8]) -> Option<(u64, u64, u64)> {
    let mut reader = Reader { rest: bytes };
    let (mut field, mut sizes) = (0, [None; 2]);
    while let Some(kind) = reader.field(&mut field)? {
        match (field, kind) {
            (2 | 3, 5) => sizes[field as usize - 2] = u64::try_from(reader.integer()?).ok(),
            _ => reader.skip(kind, DEPTH)?,
        }
    }
    let [decompressed, stored] = sizes;
    Some(((bytes.len() - reader.rest.len()) as u64, decompressed?, stored?))
}

/// Reads Thrift's compact protocol; `None` where the bytes end or mean nothing.
struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (&byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(byte)
    }

    fn advance(&mut self, count: u64) -> Option<()> {
        self.rest = self.rest.get(usize::try_from(count).ok()?..)?;
        Some(())
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    /// A signed integer, whose sign is its lowest bit.
    fn integer(&mut self) -> Option<i64> {
        let value = self.varint()?;
        Some((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    /// The kind of the next field, whose number is counted on from the last one's; `Some(None)` at
    /// the end of the struct.
    fn field(&mut self, number: &mut i64) -> Option<Option<u8>> {
        let byte = self.byte()?;
        if byte == 0 {
            return Some(None);
        }
        *number = match byte >> 4 {
            0 => self.integer()?,
            step => number.checked_add(i64::from(step))?,
        };
        Some(Some(byte & 0x0f))
    }

    /// Passes over a value. A boolean field has its value in its kind.
    fn skip(&mut self, kind: u8, depth: usize) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        match kind {
            1 | 2 => Some(()),
            3 => self.advance(1),
            4..=6 => self.varint().map(drop),
            7 => self.advance(8),
            8 => self.varint().and_then(|length| self.advance(length)),
            9 | 10 => self.skip_list(depth),
            12 => {
                let mut number = 0;
                while let Some(kind) = self.field(&mut number)? {
                    self.skip(kind, depth)?;
                }
                Some(())
            }
            _ => None,
        }
    }

    fn skip_list(&mut self, depth: usize) -> Option<()> {
        let byte = self.byte()?;
        let count = if byte >> 4 == 15 { self.varint()? } else { u64::from(byte >> 4) };
        // Every element takes a byte or more, so that the bytes end a count that is too large.
        for _ in 0..count {
            match byte & 0x0f {
                1 | 2 => self.advance(1)?,
                kind => self.skip(kind, depth)?,
            }
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_give_their_size_and_the_pages_sizes() {
        // Fields 1 to 3 as integers, field 5 a struct of a number and a text.
        let bytes = [0x15, 4, 0x15, 16, 0x15, 50, 0x2c, 0x15, 6, 0x18, 2, b'a', b'b', 0, 0, 99];
        assert_eq!(header(&bytes), Some((15, 8, 25)));
        for end in 0..15 {
            assert_eq!(header(&bytes[..end]), None);
        }
        // A size below 0, a list that never ends, structs within structs.
        assert_eq!(header(&[0x15, 4, 0x15, 1, 0x15, 50, 0]), None);
        assert_eq!(header(&[0x19, 0xf5, 0xff, 0xff, 0xff, 0xff, 0x0f, 0]), None);
        assert_eq!(header(&[0x1c; 100]), None);
    }

    #[test]
    fn a_page_that_announces_too_much_is_refused() {
        let mut file = tempfile::tempfile().unwrap();
        std::io::Write::write_all(&mut file, &[0x15, 4, 0x15, 16, 0x15, 4, 0, 1, 2]).unwrap();
        assert_eq!(check(&mut file, 0, 9), Ok(()));
        let mut file = tempfile::tempfile().unwrap();
        let huge = [0x15, 4, 0x15, 0xfe, 0xff, 0xff, 0xff, 0x0f, 0x15, 4, 0, 1, 2];
        std::io::Write::write_all(&mut file, &huge).unwrap();
        let message = check(&mut file, 0, 13).unwrap_err();
        assert_eq!(message, "the page at byte 0 announces 2147483647 bytes in 2 compressed ones");
    }
}
