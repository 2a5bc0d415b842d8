//! WebP (RFC 9649): the first picture of what may be a film.

use std::io::Cursor;

use image_webp::{DecodingError, WebPDecoder};

use super::exif;
use super::picture::{BELIEVED, Image, PictureFormat, check_size, on_white};
use crate::limits;

pub(super) static WEBP: PictureFormat =
    PictureFormat { name: "WebP", extensions: &["webp"], begins: b"RIFF", decode };

fn decode(file: &[u8]) -> Result<Image, String> {
    let text = |error: DecodingError| format!("the image is damaged: {error}");
    let mut decoder = WebPDecoder::new(Cursor::new(file)).map_err(text)?;
    let (width, height) = decoder.dimensions();
    let (width, height) = (width as usize, height as usize);
    let beyond = width.saturating_mul(height).saturating_sub(BELIEVED);
    check_size(width, height, beyond, file.len())?;
    let mut bytes = limits::zeros(decoder.output_buffer_size().ok_or("the image is too large")?)?;
    decoder.read_image(&mut bytes).map_err(text)?;
    let mut laid = false;
    if decoder.has_alpha() {
        (bytes, laid) = on_white(&bytes, 4);
    }
    let exif = decoder.exif_metadata().ok().flatten();
    let orientation = exif.map_or(1, |exif| exif::orientation(&exif));
    let image = Image { laid, ..Image::coloured(width, height, bytes) };
    Ok(image.upright(orientation))
}
