//! Pictures, whatever file they stand in.

use super::deflate;
use super::pixels::Pixels;
use crate::limits::{PIXELS, PIXELS_OF_A_BYTE};

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

/// So many pixels are believed of any file in a format that needs next to no bits for a single colour.
pub(super) const BELIEVED: usize = 1 << 20;

/// A decoded image: rows of pixels of 1 or 3 bytes.
#[derive(Debug, PartialEq)]
pub(super) struct Image {
    pub(super) size: Pixels,
    pub(super) bytes: Vec<u8>,
    /// Whether it was laid on white, as it lets something through.
    pub(super) laid: bool,
}

/// Pixels without the last of their samples, which tells how much of each is seen, as they look on white
/// paper; and whether any lets something through.
pub(super) fn on_white(bytes: &[u8], samples: usize) -> (Vec<u8>, bool) {
    let mut laid = false;
    let mut out = Vec::with_capacity(bytes.len() / samples.max(1) * samples.saturating_sub(1));
    for pixel in bytes.chunks_exact(samples) {
        let Some((&seen, colours)) = pixel.split_last() else { continue };
        laid |= seen < u8::MAX;
        let (most, seen) = (u32::from(u8::MAX), u32::from(seen));
        let mix =
            |&colour: &u8| (u32::from(colour) * seen + most * (most - seen) + most / 2) / most;
        out.extend(colours.iter().map(|colour| mix(colour) as u8));
    }
    (out, laid)
}

/// Refuses sizes that a file of so many bytes cannot hold, of `bytes` in its own samples, and pictures of next to nothing
/// that would fill the memory.
pub(super) fn check_size(
    width: usize,
    height: usize,
    bytes: usize,
    file: usize,
) -> Result<(), String> {
    // JPEG stays below deflate's limit.
    let (bytes, file) = (bytes as u64, file as u64);
    let announces = format!("the header announces {width}×{height} pixels");
    if width.max(height) > LONGEST {
        return Err(format!("{announces}, more than {LONGEST} in a row"));
    }
    match bytes <= deflate::largest(file) && width > 0 && height > 0 {
        false => Err(format!("{announces}, which a file of {file} bytes cannot hold")),
        true if bytes > PIXELS && bytes / PIXELS_OF_A_BYTE > file => Err(format!(
            "{announces} in a file of {file} bytes, which is next to nothing; save it smaller"
        )),
        true => Ok(()),
    }
}

impl Image {
    /// The image of pixels of three bytes; grey, where all of them are.
    pub(super) fn coloured(width: usize, height: usize, mut bytes: Vec<u8>) -> Self {
        let (pixels, _) = bytes.as_chunks::<3>();
        let is_grey = pixels.iter().all(|[red, green, blue]| red == green && green == blue);
        if is_grey {
            // In their place, as there may be no memory for more.
            let mut at = 0;
            bytes.retain(|_| {
                at += 1;
                at % 3 == 1
            });
            bytes.shrink_to_fit();
        }
        Self {
            size: Pixels { width, height, colours: if is_grey { 1 } else { 3 } },
            bytes,
            laid: false,
        }
    }

    /// The image as it is to be seen, where a camera was held as Exif's `orientation` says: 2 is mirrored,
    /// 3 upside down, 6 and 8 lie on a side, 4, 5 and 7 are those mirrored.
    pub(super) fn upright(self, orientation: u8) -> Self {
        // Whether rows are the picture's columns, and in which direction columns and rows go.
        let (lies, leftwards, upwards) = match orientation {
            2 => (false, true, false),
            3 => (false, true, true),
            4 => (false, false, true),
            5 => (true, false, false),
            6 => (true, false, true),
            7 => (true, true, true),
            8 => (true, true, false),
            _ => return self,
        };
        let Pixels { width, height, colours } = self.size;
        let (to_width, to_height) = if lies { (height, width) } else { (width, height) };
        let mut bytes = Vec::with_capacity(self.bytes.len());
        for y in 0..to_height {
            for x in 0..to_width {
                let (column, row) = if lies { (y, x) } else { (x, y) };
                let column = if leftwards { width - 1 - column } else { column };
                let row = if upwards { height - 1 - row } else { row };
                let at = (row * width + column) * colours;
                bytes.extend_from_slice(&self.bytes[at..at + colours]);
            }
        }
        Self { size: Pixels { width: to_width, height: to_height, colours }, bytes, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_that_are_refused_say_why() {
        let why = |width, height, bytes, file| check_size(width, height, bytes, file).unwrap_err();
        assert!(why(LONGEST + 1, 1, 1, 1).ends_with("16385×1 pixels, more than 16384 in a row"));
        assert!(why(100, 100, 10_000, 1).ends_with("which a file of 1 bytes cannot hold"));
        assert!(check_size(LONGEST, 1, LONGEST, LONGEST).is_ok());
    }

    #[test]
    fn what_lets_something_through_lies_on_white() {
        let (bytes, laid) = on_white(&[0, 255, 0, 0, 100, 128, 9, 255], 2);
        assert_eq!((bytes, laid), (vec![0, 255, 177, 9], true));
        assert_eq!(on_white(&[7, 8, 9, 255], 4), (vec![7, 8, 9], false));
    }

    #[test]
    fn every_orientation_shows_the_same_picture() {
        // Rows of two: ab, cd, ef.
        let upright = b"abcdef";
        let stored: [(u8, usize, &[u8]); 8] = [
            (1, 2, b"abcdef"),
            (2, 2, b"badcfe"),
            (3, 2, b"fedcba"),
            (4, 2, b"efcdab"),
            (5, 3, b"acebdf"),
            (6, 3, b"bdface"),
            (7, 3, b"fdbeca"),
            (8, 3, b"ecafdb"),
        ];
        for (orientation, width, bytes) in stored {
            let size = Pixels { width, height: 6 / width, colours: 1 };
            let image = Image { size, bytes: bytes.to_vec(), laid: false }.upright(orientation);
            let size = Pixels { width: 2, height: 3, colours: 1 };
            assert_eq!(
                image,
                Image { size, bytes: upright.to_vec(), laid: false },
                "{orientation}"
            );
        }
    }
}
