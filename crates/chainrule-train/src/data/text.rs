//! The text of a file, whatever its letters are encoded in.
//!
//! A byte order mark decides; else every other byte being zero tells UTF-16, bytes that are no UTF-8 tell
//! Windows-1252 (of which Latin-1 is a part), and all else is UTF-8. The first megabyte is looked at.

use std::fs::File;
use std::io::{Cursor, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;

use flate2::read::MultiGzDecoder;

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

/// Bytes that are looked at to find the encoding out.
const SAMPLE: u64 = 1 << 20;

/// The most bytes that a compressed file may have unpacked, or that are read from a pipe, as they are held in
/// memory.
const MOST_HELD: u64 = 1 << 30;

/// Where a file's text is read from, as UTF-8.
#[derive(Clone, Debug, Default)]
pub(super) enum Text {
    /// The file itself.
    #[default]
    File,
    /// What was decoded or unpacked, or came through a pipe.
    Memory(Arc<[u8]>),
}

/// A text that is being read.
pub(super) enum Reading {
    File(File),
    Memory(Cursor<Arc<[u8]>>),
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
            return Self::of(path, once(path, File::open(path).map_err(fail)?)?, given, usual);
        }
        let mut sample = Vec::new();
        File::open(path)
            .and_then(|file| file.take(SAMPLE).read_to_end(&mut sample))
            .map_err(fail)?;
        let is_packed = sample.starts_with(&PACKED);
        if is_packed {
            sample = File::open(path).map_err(fail).and_then(|file| unpacked(path, file))?;
        }
        let encoding = given.unwrap_or_else(|| encoding(&sample, usual));
        if let (Encoding::Utf8, false) = (encoding, is_packed) {
            check_zeros(path, &sample)?;
            return Ok((Self::File, encoding));
        }
        if !is_packed {
            sample = std::fs::read(path).map_err(fail)?;
        }
        Ok((Self::decoded(path, sample, encoding)?, encoding))
    }

    /// As [`Text::find`], of bytes that come from no file; `path` is what messages call their place.
    pub(super) fn of(
        path: &Path,
        mut bytes: Vec<u8>,
        given: Option<Encoding>,
        usual: Option<Encoding>,
    ) -> Result<(Self, Encoding)> {
        if bytes.starts_with(&PACKED) {
            bytes = unpacked(path, bytes.as_slice())?;
        }
        let encoding = given.unwrap_or_else(|| encoding(&bytes, usual));
        Ok((Self::decoded(path, bytes, encoding)?, encoding))
    }

    fn decoded(path: &Path, bytes: Vec<u8>, encoding: Encoding) -> Result<Self> {
        let text = match encoding {
            Encoding::Utf8 => bytes,
            // `utf-16` may be meant of either, which a mark then tells.
            Encoding::Utf16Le if bytes.starts_with(&[0xfe, 0xff]) => {
                wide(&bytes, u16::from_be_bytes).into_bytes()
            }
            Encoding::Utf16Le => wide(&bytes, u16::from_le_bytes).into_bytes(),
            Encoding::Utf16Be => wide(&bytes, u16::from_be_bytes).into_bytes(),
            Encoding::Windows1252 => {
                bytes.iter().map(|&byte| windows_1252(byte)).collect::<String>().into_bytes()
            }
        };
        check_zeros(path, &text)?;
        Ok(Self::Memory(text.into()))
    }

    pub(super) fn open(&self, path: &Path) -> Result<Reading> {
        match self {
            Self::File => File::open(path).map(Reading::File).map_err(|e| Error::file(path, e)),
            Self::Memory(bytes) => Ok(Reading::Memory(Cursor::new(bytes.clone()))),
        }
    }
}

/// How a file begins that gzip packed.
const PACKED: [u8; 2] = [0x1f, 0x8b];

/// Whether a path is that of a pipe or a device, which are read but once.
///
/// ```
/// use chainrule_train::data::is_pipe;
/// assert!(!is_pipe("/".as_ref()) && !is_pipe("gone.csv".as_ref()));
/// ```
#[must_use]
pub fn is_pipe(path: &Path) -> bool {
    // Standard input may be a file.
    path == Path::new("/dev/stdin")
        || path.metadata().is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir())
}

/// What is read but once, as a whole.
///
/// # Errors
/// It cannot be read, or does not end.
pub(super) fn once(path: &Path, text: impl Read) -> Result<Vec<u8>> {
    bounded(
        text,
        MOST_HELD,
        path,
        "has more than 1 GiB; save it to a file, which is read in pieces",
    )
}

fn unpacked(path: &Path, packed: impl Read) -> Result<Vec<u8>> {
    let too_much = "has more than 1 GiB unpacked; unpack it first, then it is read in pieces";
    bounded(MultiGzDecoder::new(packed), MOST_HELD, path, too_much)
}

fn bounded(text: impl Read, most: u64, path: &Path, too_much: &str) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = text.take(most + 1).read_to_end(&mut bytes);
    read.map_err(|error| Error::file(path, error))?;
    match bytes.len() as u64 > most {
        true => Err(Error::file(path, too_much)),
        false => Ok(bytes),
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

fn wide(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let (pairs, _) = bytes.as_chunks();
    let letters = char::decode_utf16(pairs.iter().map(|&pair| unit(pair)));
    let letters = letters.map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER));
    letters.skip_while(|&letter| letter == '\u{feff}').collect()
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
            if packed.is_ok_and(|status| status.success()) {
                let path = folder.path().join("t.csv.gz");
                let (found, encoding) = Text::find(&path, None, None).unwrap();
                let mut read = String::new();
                found.open(&path).unwrap().read_to_string(&mut read).unwrap();
                assert_eq!((read.as_str(), encoding), (text, wanted));
            }
        }
    }

    #[test]
    fn what_does_not_end_is_refused() {
        let error = bounded(std::io::repeat(b'1'), 1000, "rows".as_ref(), "is endless");
        assert!(error.unwrap_err().to_string().contains("is endless"));
        assert_eq!(bounded(&[b'1'; 1000][..], 1000, "rows".as_ref(), "").unwrap().len(), 1000);
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
