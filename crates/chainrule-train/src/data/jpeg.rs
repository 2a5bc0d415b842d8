//! JPEG (ISO/IEC 10918).

use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::exif;
use super::picture::{Image, LONGEST, PictureFormat, check_size};
use super::pixels::Pixels;

pub(super) static JPEG: PictureFormat =
    PictureFormat { name: "JPEG", extensions: &["jpg", "jpeg"], begins: &[0xff, 0xd8], decode };

/// Whether the mark of the end follows the last scan. Neither mark can occur within a scan.
fn is_whole_jpeg(file: &[u8]) -> bool {
    let mut marks = file.windows(2).rev().take_while(|mark| *mark != [0xff, 0xda]);
    marks.any(|mark| mark == [0xff, 0xd9])
}

fn decode(file: &[u8]) -> Result<Image, String> {
    if !is_whole_jpeg(file) {
        return Err("the image is cut off: the mark of its end is missing".into());
    }
    let text = |error: zune_jpeg::errors::DecodeErrors| format!("the image is damaged: {error}");
    let options = DecoderOptions::default()
        .set_strict_mode(true)
        .set_max_width(LONGEST)
        .set_max_height(LONGEST);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(file), options);
    decoder.decode_headers().map_err(text)?;
    let info = decoder.info().ok_or("the image has no header")?;
    let (width, height) = (usize::from(info.width), usize::from(info.height));
    check_size(width, height, width.saturating_mul(height).saturating_mul(3), file.len())?;
    let (space, colours) = match decoder.input_colorspace() {
        Some(ColorSpace::Luma) => (ColorSpace::Luma, 1),
        _ => (ColorSpace::RGB, 3),
    };
    decoder.set_options(options.jpeg_set_out_colorspace(space));
    let bytes = decoder.decode().map_err(text)?;
    let orientation = decoder.exif().map_or(1, |exif| exif::orientation(exif));
    let size = Pixels { width, height, colours };
    if bytes.len() != size.count() {
        return Err(format!("the image has {} bytes of pixels, not {}", bytes.len(), size.count()));
    }
    Ok(Image { size, bytes, laid: false }.upright(orientation))
}
