//! PNG (ISO/IEC 15948).

use std::io::Cursor;

use png::{Decoder, DecodingError, Transformations};

use super::exif;
use super::picture::{Image, PictureFormat, check_size, on_white};
use super::pixels::Pixels;
use crate::limits;

pub(super) static PNG: PictureFormat =
    PictureFormat { name: "PNG", extensions: &["png"], begins: b"\x89PNG", decode };

fn decode(file: &[u8]) -> Result<Image, String> {
    let text = |error: DecodingError| format!("the image is damaged: {error}");
    let mut decoder = Decoder::new(Cursor::new(file));
    decoder.set_transformations(Transformations::normalize_to_color8());
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    let mut reader = decoder.read_info().map_err(text)?;
    let info = reader.info();
    let (width, height) = (info.width as usize, info.height as usize);
    if info.palette.as_ref().is_some_and(|palette| palette.is_empty() || palette.len() % 3 != 0) {
        return Err("the image is damaged: its palette is cut off".into());
    }
    let packed = info.raw_row_length().saturating_mul(height);
    check_size(width, height, packed, file.len())?;
    let size = reader.output_buffer_size().ok_or("the image is too large")?;
    let mut bytes = limits::zeros(size)?;
    let frame = reader.next_frame(&mut bytes).map_err(text)?;
    bytes.truncate(frame.buffer_size());
    let samples = frame.color_type.samples();
    let colours = if samples < 3 { 1 } else { 3 };
    let mut laid = false;
    if samples != colours {
        (bytes, laid) = on_white(&bytes, samples);
    }
    // Exif may follow the pixels.
    let _ = reader.finish();
    let exif = reader.info().exif_metadata.as_deref();
    let size = Pixels { width, height, colours };
    Ok(Image { size, bytes, laid }.upright(exif.map_or(1, exif::orientation)))
}
