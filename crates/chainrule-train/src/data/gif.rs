//! GIF: the first picture of what may be a film.

use gif::{ColorOutput, DecodeOptions, DecodingError, MemoryLimit};

use super::picture::{BELIEVED, Image, PictureFormat, check_size, on_white};

pub(super) static GIF: PictureFormat =
    PictureFormat { name: "GIF", extensions: &["gif"], begins: b"GIF8", decode };

fn decode(file: &[u8]) -> Result<Image, String> {
    let text = |error: DecodingError| format!("the image is damaged: {error}");
    let mut options = DecodeOptions::new();
    options.set_color_output(ColorOutput::RGBA);
    // A frame is no larger than the whole, whose size is checked.
    options.check_frame_consistency(true);
    options.set_memory_limit(MemoryLimit::Unlimited);
    let mut decoder = options.read_info(file).map_err(text)?;
    let (width, height) = (usize::from(decoder.width()), usize::from(decoder.height()));
    check_size(width, height, (width * height).saturating_sub(BELIEVED), file.len())?;
    let back = decoder.bg_color().unwrap_or(0);
    let palette = decoder.global_palette().unwrap_or_default();
    let back = *palette.as_chunks().0.get(back).unwrap_or(&[0; 3]);
    let frame = decoder.read_next_frame().map_err(text)?.ok_or("the image is cut off")?;
    let mut bytes = back.repeat(width * height);
    let (left, top) = (usize::from(frame.left), usize::from(frame.top));
    let (pixels, laid) = on_white(&frame.buffer, 4);
    let rows = pixels.chunks_exact(3 * usize::from(frame.width).max(1));
    for (to, from) in bytes.chunks_exact_mut(3 * width).skip(top).zip(rows) {
        for (to, from) in to.chunks_exact_mut(3).skip(left).zip(from.chunks_exact(3)) {
            to.copy_from_slice(from);
        }
    }
    Ok(Image { laid, ..Image::coloured(width, height, bytes) })
}
