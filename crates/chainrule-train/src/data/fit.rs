//! Images brought to a size and a number of colours.

use super::picture::Image;
use super::pixels::Pixels;

/// The image with another number of bytes a pixel. Grey is the luma of ITU-R BT.601.
pub(super) fn recoloured(image: Image, colours: usize) -> Image {
    let size = Pixels { colours, ..image.size };
    let bytes = match (image.size.colours, colours) {
        (3, 1) => {
            let (pixels, _) = image.bytes.as_chunks();
            let grey = |&[red, green, blue]: &[u8; 3]| {
                let [red, green, blue] = [red, green, blue].map(u32::from);
                ((299 * red + 587 * green + 114 * blue + 500) / 1000) as u8
            };
            pixels.iter().map(grey).collect()
        }
        (1, 3) => image.bytes.iter().flat_map(|&grey| [grey; 3]).collect(),
        _ => return image,
    };
    Image { size, bytes, laid: false }
}

/// The image in another size: each new pixel is a weighted mean of those around its place, the
/// weights falling linearly over one pixel of the coarser of both grids (a triangle filter).
pub(super) fn resize(image: Image, (width, height): (usize, usize)) -> Image {
    let Pixels { width: from_width, height: from_height, colours } = image.size;
    if (from_width, from_height) == (width, height) {
        return image;
    }
    let across = weights(from_width, width);
    let mut narrow = vec![0.0; from_height * width * colours];
    let rows = image.bytes.chunks_exact(from_width * colours);
    for (to, from) in narrow.chunks_exact_mut(width * colours).zip(rows) {
        for (pixel, (first, weights)) in to.chunks_exact_mut(colours).zip(&across) {
            for (source, weight) in from.chunks_exact(colours).skip(*first).zip(weights) {
                pixel
                    .iter_mut()
                    .zip(source)
                    .for_each(|(to, &from)| *to += f32::from(from) * weight);
            }
        }
    }
    let mut bytes = Vec::with_capacity(height * width * colours);
    let mut row = vec![0.0_f32; width * colours];
    for (first, weights) in weights(from_height, height) {
        row.fill(0.0);
        for (source, weight) in narrow.chunks_exact(width * colours).skip(first).zip(weights) {
            row.iter_mut().zip(source).for_each(|(to, from)| *to += from * weight);
        }
        bytes.extend(row.iter().map(|value| value.round() as u8));
    }
    Image { size: Pixels { width, height, colours }, bytes, laid: false }
}

/// The image in another size, its sides in their proportion, and what is missing on two sides filled
/// with the mean of its border.
pub(super) fn fit(image: Image, (width, height): (usize, usize)) -> Image {
    let Pixels { width: from_width, height: from_height, colours } = image.size;
    let scale = (width as f64 / from_width as f64).min(height as f64 / from_height as f64);
    let side = |from: usize, most| ((from as f64 * scale).round() as usize).clamp(1, most);
    let inner = resize(image, (side(from_width, width), side(from_height, height)));
    let Pixels { width: inner_width, height: inner_height, .. } = inner.size;
    if (inner_width, inner_height) == (width, height) {
        return inner;
    }
    let (left, top) = ((width - inner_width) / 2, (height - inner_height) / 2);
    let mut bytes = border(&inner).repeat(width * height);
    let lines = bytes.chunks_exact_mut(width * colours).skip(top);
    for (line, from) in lines.zip(inner.bytes.chunks_exact(inner_width * colours)) {
        line[left * colours..][..from.len()].copy_from_slice(from);
    }
    Image { size: Pixels { width, height, colours }, bytes, laid: false }
}

/// The mean of the outermost pixels.
fn border(image: &Image) -> Vec<u8> {
    let Pixels { width, height, colours } = image.size;
    let is_border = |at: usize| {
        let (x, y) = (at % width, at / width);
        x == 0 || y == 0 || x == width - 1 || y == height - 1
    };
    let (mut sums, mut count) = (vec![0_u64; colours], 0);
    for (_, pixel) in image.bytes.chunks_exact(colours).enumerate().filter(|(at, _)| is_border(*at))
    {
        sums.iter_mut().zip(pixel).for_each(|(sum, &byte)| *sum += u64::from(byte));
        count += 1;
    }
    sums.iter().map(|sum| ((sum + count / 2) / count) as u8).collect()
}

/// For each place of the new grid the first place of the old one that counts, and the weights from
/// there on.
fn weights(from: usize, to: usize) -> Vec<(usize, Vec<f32>)> {
    let scale = from as f64 / to as f64;
    let reach = scale.max(1.0);
    let at = |place: usize| {
        let centre = (place as f64 + 0.5) * scale;
        let first = (centre - reach).floor().max(0.0) as usize;
        let last = ((centre + reach).ceil() as usize).min(from);
        let weight = |old: usize| (1.0 - ((old as f64 + 0.5 - centre) / reach).abs()).max(0.0);
        let sum: f64 = (first..last).map(weight).sum();
        (first, (first..last).map(|old| (weight(old) / sum) as f32).collect())
    };
    (0..to).map(at).collect()
}
