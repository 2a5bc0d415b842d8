//! The text of a file, whatever its letters are encoded in.
//!
//! A byte order mark decides; else every other byte being zero tells UTF-16, bytes that are no UTF-8 tell
//! Windows-1252 (of which Latin-1 is a part), and all else is UTF-8. The first megabyte is looked at.

use std::collections::TryReserveError;
use std::fs::File;
use std::io::{Cursor, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;

use flate2::read::MultiGzDecoder;

use super::fingerprint::Hashed;
use crate::limits::{self, HELD, ROW, is_pipe};
use chainrule::error::{Error, Result};

chainrule::kinds! {
    /// How the letters of a text file are encoded.
    ///
    /// ```
    /// use chainrule_train::data::Encoding;
    /// assert_eq!("windows-1252".parse::<Encoding>()?, Encoding::Windows1252);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[derive(Copy, Eq)]
    pub enum Encoding = "encoding", ' ', short {
        /// UTF-8.
        Utf8 = "utf-8" | "utf8",
        /// UTF-16, the byte that counts less first.
        Utf16Le = "utf-16le" | "utf-16" | "utf16" | "utf16le",
        /// UTF-16, the byte that counts more first.
        Utf16Be = "utf-16be" | "utf16be",
        /// Windows-1252: Latin-1 with more letters.
        Windows1252 = "windows-1252" | "windows1252" | "latin-1" | "latin1" | "iso-8859-1" | "cp1252",
    }
}

/// Bytes that are looked at to find the encoding out, and that are read at once.
const SAMPLE: u64 = 1 << 20;

/// Where a file's text is read from, as UTF-8.
#[derive(Clone, Debug, Default)]
pub(super) enum Text {
    /// The file itself.
    #[default]
    File,
    /// What was decoded or unpacked, or came through a pipe; of that the SHA-256, as it came.
    Memory(Bytes, Option<Arc<str>>),
}

/// Bytes that several readers share.
#[derive(Clone, Debug)]
pub(super) struct Bytes(Arc<Vec<u8>>);

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Arc::new(bytes))
    }
}

impl AsRef<[u8]> for Bytes {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// A text that is being read.
pub(super) enum Reading {
    File(File),
    Memory(Cursor<Bytes>),
}

impl Read for Reading {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Self::File(file) => file.read(buffer),
            Self::Memory(bytes) => bytes.read(buffer),
        }
    }
}

impl Seek for Reading {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        match self {
            Self::File(file) => file.seek(to),
            Self::Memory(bytes) => bytes.seek(to),
        }
    }
}

impl Text {
    /// Finds out how a file is encoded, unless it is `given`; such files are `usual`ly so.
    ///
    /// # Errors
    /// A file that cannot be read, holds zeros, or is too large to be unpacked.
    pub(super) fn find(
        path: &Path,
        given: Option<Encoding>,
        usual: Option<Encoding>,
    ) -> Result<(Self, Encoding)> {
        let fail = |error: std::io::Error| Error::file(path, error);
        // A pipe is read but once.
        if is_pipe(path) {
            let mut source = Hashed::new(limits::open_once(path)?);
            let (text, encoding) = Self::of(path, &mut source, given, usual)?;
            let sha256 = Some(source.sha256().into());
            let text = match text {
                Self::Memory(bytes, _) => Self::Memory(bytes, sha256),
                Self::File => text,
            };
            return Ok((text, encoding));
        }
        let (mut file, _) = limits::open(path)?;
        let mut sample = Vec::new();
        (&mut file).take(SAMPLE).read_to_end(&mut sample).map_err(fail)?;
        if !sample.starts_with(&PACKED) {
            let encoding = given.unwrap_or_else(|| encoding(&sample, usual));
            if encoding == Encoding::Utf8 {
                check_zeros(path, &sample)?;
                return Ok((Self::File, encoding));
            }
        }
        file.rewind().map_err(fail)?;
        Self::of(path, &mut file, given, usual)
    }

    /// As [`Text::find`], of what comes from no file, or is to be held in memory; `path` is what messages call its
    /// place.
    pub(super) fn of(
        path: &Path,
        source: &mut dyn Read,
        given: Option<Encoding>,
        usual: Option<Encoding>,
    ) -> Result<(Self, Encoding)> {
        let mut start = Vec::new();
        let read = source.take(PACKED.len() as u64).read_to_end(&mut start);
        read.map_err(|error| Error::file(path, error))?;
        let is_packed = start.starts_with(&PACKED);
        let source = start.chain(source);
        let (bytes, encoding) = match is_packed {
            true => held(path, &mut MultiGzDecoder::new(source), given, usual, UNPACKED)?,
            false => {
                let mut source = source;
                held(path, &mut source, given, usual, PLAIN)?
            }
        };
        let full = |error| Error::file(path, limits::full(&error));
        let text = match encoding {
            Encoding::Utf8 => bytes,
            // `utf-16` may be meant of either, which a mark then tells.
            Encoding::Utf16Le if bytes.starts_with(&[0xfe, 0xff]) => {
                wide(&bytes, u16::from_be_bytes).map_err(full)?
            }
            Encoding::Utf16Le => wide(&bytes, u16::from_le_bytes).map_err(full)?,
            Encoding::Utf16Be => wide(&bytes, u16::from_be_bytes).map_err(full)?,
            Encoding::Windows1252 => {
                letters(bytes.iter().map(|&byte| windows_1252(byte))).map_err(full)?
            }
        };
        check_zeros(path, &text)?;
        Ok((Self::Memory(text.into(), None), encoding))
    }

    pub(super) fn open(&self, path: &Path) -> Result<Reading> {
        match self {
            Self::File => Ok(Reading::File(limits::open(path)?.0)),
            Self::Memory(bytes, _) => Ok(Reading::Memory(Cursor::new(bytes.clone()))),
        }
    }

    /// Its bytes, which have to be held in memory for a reason that `why` tells.
    pub(super) fn whole(&self, path: &Path, why: &str) -> Result<Vec<u8>> {
        match self {
            Self::File => limits::whole(path, HELD, why),
            Self::Memory(bytes, _) => limits::bounded(path, bytes.as_ref(), HELD, why),
        }
    }

    /// The bytes that it has in memory.
    pub(super) fn in_memory(&self) -> &[u8] {
        match self {
            Self::File => &[],
            Self::Memory(bytes, _) => bytes.as_ref(),
        }
    }

    /// The same text written otherwise, in memory.
    pub(super) fn rewritten(&self, bytes: Vec<u8>) -> Self {
        Self::Memory(bytes.into(), self.piped().map(Into::into))
    }

    /// The SHA-256 of what came through a pipe.
    pub(super) fn piped(&self) -> Option<&str> {
        match self {
            Self::File => None,
            Self::Memory(_, sha256) => sha256.as_deref(),
        }
    }
}

/// How a file begins that gzip packed.
const PACKED: [u8; 2] = [0x1f, 0x8b];

/// What to do about too large a text.
const UNPACKED: &str = " unpacked; unpack it, then it is read in pieces";
const PLAIN: &str = "; save it to a file in UTF-8, which is read in pieces";

/// Reads a text that is held as a whole, and finds out how it is encoded. What its first megabyte tells to be no text, or
/// what has a line without end, is read no further.
fn held(
    path: &Path,
    source: &mut dyn Read,
    given: Option<Encoding>,
    usual: Option<Encoding>,
    remedy: &str,
) -> Result<(Vec<u8>, Encoding)> {
    let (mut bytes, mut line, mut found) = (Vec::new(), 0, None);
    loop {
        let before = bytes.len();
        // What reads to the end asks for some memory in a way that cannot be refused.
        let reserved = bytes.try_reserve(SAMPLE as usize);
        reserved.map_err(|error| Error::file(path, limits::full(&error)))?;
        let read = source.take(SAMPLE).read_to_end(&mut bytes);
        let read = read.map_err(|error| limits::unreadable(path, &error))?;
        if found.is_none() {
            let encoding = given.unwrap_or_else(|| encoding(&bytes, usual));
            if matches!(encoding, Encoding::Utf8 | Encoding::Windows1252) {
                check_zeros(path, &bytes)?;
            }
            found = Some(encoding);
        }
        let new = bytes.get(before..).unwrap_or_default();
        if let Some(end) = new.iter().rposition(|byte| b"\r\n".contains(byte)) {
            line = before + end + 1;
        }
        if (bytes.len() - line) as u64 > ROW {
            let number = 1 + bytes.iter().take(line).filter(|&&byte| byte == b'\n').count();
            return Err(Error::file(path, limits::long_line(number)));
        }
        match found {
            _ if bytes.len() as u64 > HELD => {
                return Err(limits::too_long(path, HELD, remedy));
            }
            Some(encoding) if read == 0 => return Ok((bytes, encoding)),
            _ => {}
        }
    }
}

fn encoding(sample: &[u8], usual: Option<Encoding>) -> Encoding {
    let zeros = |odd: usize| sample.iter().skip(odd).step_by(2).filter(|&&b| b == 0).count();
    // Of letters below 256 every other byte is zero; a third leaves room for others.
    let many = sample.len() / 6 + 1;
    match sample {
        [0xef, 0xbb, 0xbf, ..] => Encoding::Utf8,
        [0xff, 0xfe, ..] => Encoding::Utf16Le,
        [0xfe, 0xff, ..] => Encoding::Utf16Be,
        _ if zeros(1) >= many && zeros(0) < many => Encoding::Utf16Le,
        _ if zeros(0) >= many && zeros(1) < many => Encoding::Utf16Be,
        _ => match std::str::from_utf8(sample) {
            // The sample may end within a letter.
            Err(error) if error.error_len().is_some() => usual.unwrap_or(Encoding::Windows1252),
            Ok(text) if text.contains('\0') => usual.unwrap_or(Encoding::Utf8),
            _ => Encoding::Utf8,
        },
    }
}

fn wide(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<Vec<u8>, TryReserveError> {
    let (pairs, _) = bytes.as_chunks();
    let decoded = char::decode_utf16(pairs.iter().map(|&pair| unit(pair)));
    let decoded = decoded.map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER));
    letters(decoded.skip_while(|&letter| letter == '\u{feff}'))
}

/// Letters in UTF-8.
fn letters(letters: impl Iterator<Item = char>) -> Result<Vec<u8>, TryReserveError> {
    let mut bytes = Vec::new();
    for letter in letters {
        bytes.try_reserve(char::MAX_LEN_UTF8)?;
        bytes.extend_from_slice(letter.encode_utf8(&mut [0; char::MAX_LEN_UTF8]).as_bytes());
    }
    Ok(bytes)
}

/// A letter of Windows-1252, as the WHATWG's Encoding Standard maps its bytes.
pub(super) fn windows_1252(byte: u8) -> char {
    const BEYOND_LATIN_1: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž',
        '\u{8f}', '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}',
        'ž', 'Ÿ',
    ];
    match byte {
        0x80..=0x9f => BEYOND_LATIN_1[usize::from(byte - 0x80)],
        _ => char::from(byte),
    }
}

/// What is said of a zero byte.
pub(super) const ZERO: &str = "a zero byte (NUL), which no text has";

fn check_zeros(path: &Path, text: &[u8]) -> Result<()> {
    let Some(at) = text.iter().position(|&byte| byte == 0) else { return Ok(()) };
    let (line, start) = text[..at].iter().zip(1..).fold((1, 0), |(line, start), (&byte, next)| {
        if byte == b'\n' { (line + 1, next) } else { (line, start) }
    });
    let column = 1 + String::from_utf8_lossy(&text[start..at]).chars().count();
    let message = format!("line {line}, column {column}: {ZERO}");
    Err(Error::file(path, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_tell_the_encoding() {
        let text = "größe,n\nklein,1\nÜ€,2\n";
        let utf16: Vec<u16> = text.encode_utf16().collect();
        let bytes =
            |to: fn(u16) -> [u8; 2]| utf16.iter().copied().flat_map(to).collect::<Vec<u8>>();
        let latin: Vec<u8> =
            text.chars().map(|c| (0..=255).find(|&b| windows_1252(b) == c).unwrap()).collect();
        let marked = |mark: &[u8], text: Vec<u8>| [mark, &text].concat();
        let cases = [
            (text.as_bytes().to_vec(), Encoding::Utf8),
            (bytes(u16::to_le_bytes), Encoding::Utf16Le),
            (bytes(u16::to_be_bytes), Encoding::Utf16Be),
            (marked(&[0xff, 0xfe], bytes(u16::to_le_bytes)), Encoding::Utf16Le),
            (marked(&[0xfe, 0xff], bytes(u16::to_be_bytes)), Encoding::Utf16Be),
            (latin, Encoding::Windows1252),
        ];
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        for (bytes, wanted) in cases {
            std::fs::write(&path, &bytes).unwrap();
            let (found, encoding) = Text::find(&path, None, None).unwrap();
            assert_eq!(encoding, wanted);
            let mut read = String::new();
            found.open(&path).unwrap().read_to_string(&mut read).unwrap();
            assert_eq!(read, text, "{wanted:?}");
            let packed = std::process::Command::new("gzip").arg("-kf").arg(&path).status();
            assert!(packed.unwrap().success());
            let path = folder.path().join("t.csv.gz");
            let (found, encoding) = Text::find(&path, None, None).unwrap();
            let mut read = String::new();
            found.open(&path).unwrap().read_to_string(&mut read).unwrap();
            assert_eq!((read.as_str(), encoding), (text, wanted));
        }
    }

    #[test]
    fn what_does_not_end_is_refused() {
        let refused = |byte: &[u8], line: &str| {
            let mut endless = byte.chain(std::io::repeat(b'1'));
            let error = Text::of("rows".as_ref(), &mut endless, None, None).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("rows: line {line} has more than 16 MiB; is it text with ends of lines?")
            );
        };
        refused(b"", "1");
        refused(b"a,y\n1,2\n", "3");
        let mut zeros = std::io::repeat(0);
        let error = Text::of("rows".as_ref(), &mut zeros, None, None).unwrap_err();
        assert!(error.to_string().contains("line 1, column 1: a zero byte"), "{error}");
    }

    #[test]
    fn a_zero_byte_is_told_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        std::fs::write(&path, "a,b\n1,2\n3,\0\n").unwrap();
        let error = Text::find(&path, None, None).unwrap_err().to_string();
        assert!(error.contains("line 3, column 3: a zero byte"), "{error}");
    }
}
