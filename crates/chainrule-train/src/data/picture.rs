//! Pictures, whatever file they stand in.

use super::deflate;
use super::preparation::Pixels;

/// A format of pictures.
pub(super) struct PictureFormat {
    /// What it is called.
    pub(super) name: &'static str,
    /// How the names of such files end.
    pub(super) extensions: &'static [&'static str],
    /// The bytes with which such a file begins.
    pub(super) begins: &'static [u8],
    /// Its pixels, or what is wrong with the file.
    pub(super) decode: fn(&[u8]) -> Result<Image, String>,
}

/// The longest side of an image.
pub(super) const LONGEST: usize = 16_384;

/// A decoded image: rows of pixels of 1 or 3 bytes.
#[derive(Debug, PartialEq)]
pub(super) struct Image {
    pub(super) size: Pixels,
    pub(super) bytes: Vec<u8>,
}

/// Refuses sizes that a file of so many bytes cannot hold.
pub(super) fn check_size(
    width: usize,
    height: usize,
    bytes: usize,
    file: usize,
) -> Result<(), String> {
    // JPEG stays below deflate's limit.
    let ok = width.max(height) <= LONGEST && bytes as u64 <= deflate::largest(file as u64);
    if ok && width > 0 && height > 0 {
        return Ok(());
    }
    Err(format!(
        "the header announces {width}×{height} pixels, which a file of {file} bytes cannot hold"
    ))
}
