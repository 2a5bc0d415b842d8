//! The formats of pictures.

use std::io::Read;
use std::panic::catch_unwind;
use std::path::Path;

use super::picture::{Image, PictureFormat};
use super::{bmp, extension, gif, jpeg, png, webp};
use crate::limits::{self, HELD};
use chainrule::error::{Error, Result};

/// Every format that is read.
static FORMATS: [&PictureFormat; 5] = [&png::PNG, &jpeg::JPEG, &webp::WEBP, &gif::GIF, &bmp::BMP];

/// The formats of pictures that are read, in words.
///
/// ```
/// assert_eq!(chainrule_train::data::pictures(), "PNG, JPEG, WebP, GIF or BMP");
/// ```
#[must_use]
pub fn pictures() -> String {
    match FORMATS.map(|format| format.name) {
        [others @ .., last] => format!("{} or {last}", others.join(", ")),
    }
}

/// How the names of pictures end.
pub(super) fn extensions() -> impl Iterator<Item = &'static str> {
    FORMATS.iter().flat_map(|format| format.extensions).copied()
}

/// Whether the file's name is that of a picture.
pub(super) fn is_picture(path: &Path) -> bool {
    let extension = extension::of(path);
    extensions().any(|known| known == extension)
}

/// Decodes a file by its first bytes.
pub(super) fn decode(path: &Path) -> Result<Image> {
    let (mut file, length) = limits::open(path)?;
    let longest = FORMATS.map(|format| format.begins.len()).into_iter().max().unwrap_or(0);
    let mut bytes = Vec::new();
    let read = (&mut file).take(longest as u64).read_to_end(&mut bytes);
    read.map_err(|error| Error::file(path, error))?;
    let Some(format) = FORMATS.iter().find(|format| bytes.starts_with(format.begins)) else {
        return Err(Error::file(path, format!("is no image in the format {}", pictures())));
    };
    if length > HELD {
        return Err(limits::too_long(path, HELD, ", and so is no picture"));
    }
    let read = file.take(HELD).read_to_end(&mut bytes);
    read.map_err(|error| limits::unreadable(path, &error))?;
    // A decoder that meets what it did not expect should not end the program.
    let image = catch_unwind(|| (format.decode)(&bytes));
    let image = image.unwrap_or_else(|_| Err("the image is damaged: its decoder gave up".into()));
    image.map_err(|message| Error::file(path, message))
}
