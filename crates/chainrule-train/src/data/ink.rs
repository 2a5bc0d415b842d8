//! Ink found on paper and centred, as the digits of MNIST are.

use super::fit::{recoloured, resize};
use super::picture::Image;
use super::pixels::Pixels;

/// The longest side at which ink is looked for: smaller than a photograph, so that its noise is averaged
/// away.
const LOOKED_AT: usize = 160;

/// The image with dark and bright exchanged.
pub(super) fn inverted(mut image: Image) -> Image {
    image.bytes.iter_mut().for_each(|byte| *byte = 255 - *byte);
    image
}

/// What is bright on dark (or dark on bright, where `dark`), black and white alone, scaled into a box of 20/28
/// of the sides in their proportion, and moved so that its centre of mass is the picture's: so were the
/// 28 × 28 pixels of MNIST made from black and white ones (LeCun, Cortes and Burges, "The MNIST database of
/// handwritten digits"). `None` where nothing stands out.
pub(super) fn centred(image: Image, (width, height): (usize, usize), dark: bool) -> Option<Image> {
    if dark {
        return centred(inverted(image), (width, height), false).map(inverted);
    }
    let longest = image.size.width.max(image.size.height);
    let side = |side: usize| (side * LOOKED_AT / longest).max(1);
    let small = match longest > LOOKED_AT {
        true => (side(image.size.width), side(image.size.height)),
        false => (image.size.width, image.size.height),
    };
    let grey = resize(recoloured(image, 1), small);
    let ink = cropped(&main_parts(found(&grey)?, small.0), small.0)?;
    let scale = |side: usize, whole: usize| whole as f64 * 20.0 / 28.0 / side as f64;
    let scale = scale(ink.size.width, width).min(scale(ink.size.height, height));
    let side = |side: usize, whole| ((side as f64 * scale).round() as usize).clamp(1, whole);
    let size = (side(ink.size.width, width), side(ink.size.height, height));
    let ink = resize(ink, size);
    // Thin strokes fade where they are made small; those of MNIST are white.
    let most = ink.bytes.iter().copied().max().filter(|&most| most > 0)?;
    let mut bytes = vec![0; width * height];
    let (left, top) = (shift(&ink, width, |x, _| x), shift(&ink, height, |_, y| y));
    for (line, from) in bytes.chunks_mut(width).skip(top).zip(ink.bytes.chunks(ink.size.width)) {
        for (to, &from) in line[left..].iter_mut().zip(from) {
            *to = (u32::from(from) * 255 / u32::from(most)) as u8;
        }
    }
    Some(Image { size: Pixels { width, height, colours: 1 }, bytes, laid: false })
}

/// Where an image begins in a whole whose middle is to be its centre of mass, along one axis.
fn shift(image: &Image, whole: usize, axis: impl Fn(usize, usize) -> usize) -> usize {
    let width = image.size.width;
    let (mut mass, mut sum) = (0.0, 0.0);
    for (at, &byte) in image.bytes.iter().enumerate() {
        mass += f64::from(byte);
        sum += f64::from(byte) * (axis(at % width, at / width) as f64 + 0.5);
    }
    let room = whole - axis(image.size.width, image.size.height);
    (whole as f64 / 2.0 - sum / mass).round().clamp(0.0, room as f64) as usize
}

/// Which pixels are brighter than the paper around them, the paper being lit evenly or from a side.
fn found(image: &Image) -> Option<Vec<bool>> {
    // Fewer levels between paper and ink are noise.
    const LEAST: f64 = 16.0;
    let values: Vec<f64> = image.bytes.iter().map(|&byte| f64::from(byte)).collect();
    let mut paper = plane(&values, image.size.width);
    let mut ink = Vec::new();
    // Ink pulls the plane towards itself; each pass leaves out what the last one found.
    for _ in 0..5 {
        let above: Vec<f64> =
            values.iter().zip(&paper).map(|(value, paper)| value - paper).collect();
        let threshold = otsu(&above, LEAST)?;
        ink = above.iter().map(|&above| above > threshold).collect();
        let bare = values.iter().zip(&paper).zip(&ink);
        let bare: Vec<f64> =
            bare.map(|((&value, &paper), &ink)| if ink { paper } else { value }).collect();
        paper = plane(&bare, image.size.width);
    }
    Some(ink)
}

/// The plane through values on a grid, by least squares.
fn plane(values: &[f64], width: usize) -> Vec<f64> {
    let height = values.len() / width;
    // About the middle of the grid, both axes and the mean are independent of one another.
    let at = |index: usize| {
        let middle = |side: usize| (side as f64 - 1.0) / 2.0;
        ((index % width) as f64 - middle(width), (index / width) as f64 - middle(height))
    };
    let (mut mean, mut across, mut down) = (0.0, [0.0; 2], [0.0; 2]);
    for (index, value) in values.iter().enumerate() {
        let (x, y) = at(index);
        mean += value / values.len() as f64;
        across = [across[0] + x * value, across[1] + x * x];
        down = [down[0] + y * value, down[1] + y * y];
    }
    let slope = |[product, square]: [f64; 2]| if square > 0.0 { product / square } else { 0.0 };
    let (across, down) = (slope(across), slope(down));
    let value = |index| {
        let (x, y) = at(index);
        mean + across * x + down * y
    };
    (0..values.len()).map(value).collect()
}

/// The level that parts values into two groups whose means differ most, weighted by their sizes (Otsu,
/// IEEE Transactions on Systems, Man, and Cybernetics 9, 1979). `None` where all lie within `least`.
fn otsu(values: &[f64], least: f64) -> Option<f64> {
    const BINS: usize = 256;
    let (low, high) = values
        .iter()
        .fold((f64::MAX, f64::MIN), |(low, high), &value| (low.min(value), high.max(value)));
    if high - low < least {
        return None;
    }
    let step = (high - low) / BINS as f64;
    let mut counts = [0.0; BINS];
    for value in values {
        counts[(((value - low) / step) as usize).min(BINS - 1)] += 1.0;
    }
    let all = values.len() as f64;
    let sum: f64 = counts.iter().enumerate().map(|(bin, count)| bin as f64 * count).sum();
    let (mut below, mut sum_below, mut best) = (0.0, 0.0, (0.0, 0));
    for (bin, count) in counts.iter().enumerate() {
        below += count;
        sum_below += bin as f64 * count;
        let above = all - below;
        if below > 0.0 && above > 0.0 {
            let apart = sum_below / below - (sum - sum_below) / above;
            let between = below * above * apart * apart;
            if between > best.0 {
                best = (between, bin + 1);
            }
        }
    }
    Some(low + best.1 as f64 * step)
}

/// The parts that hang together, without those that are small beside the largest: specks.
fn main_parts(ink: Vec<bool>, width: usize) -> Vec<bool> {
    const SMALL: usize = 20;
    let (mut parts, mut left): (Vec<Vec<usize>>, _) = (Vec::new(), ink);
    for start in 0..left.len() {
        let (mut part, mut next) = (Vec::new(), vec![start]);
        while let Some(at) = next.pop() {
            if !std::mem::take(&mut left[at]) {
                continue;
            }
            part.push(at);
            let (x, y) = (at % width, at / width);
            for y in y.saturating_sub(1)..=(y + 1).min(left.len() / width - 1) {
                next.extend((x.saturating_sub(1)..=(x + 1).min(width - 1)).map(|x| y * width + x));
            }
        }
        if !part.is_empty() {
            parts.push(part);
        }
    }
    let largest = parts.iter().map(Vec::len).max().unwrap_or(0);
    for at in parts.iter().filter(|part| part.len() * SMALL >= largest).flatten() {
        left[*at] = true;
    }
    left
}

/// The ink in the smallest box that holds all of it.
fn cropped(ink: &[bool], width: usize) -> Option<Image> {
    let places = || (0..ink.len()).filter(|&at| ink[at]).map(|at| (at % width, at / width));
    let (left, right) = (places().map(|(x, _)| x).min()?, places().map(|(x, _)| x).max()?);
    let (top, bottom) = (places().map(|(_, y)| y).min()?, places().map(|(_, y)| y).max()?);
    let row = |y: usize| &ink[y * width + left..=y * width + right];
    let bytes = (top..=bottom).flat_map(row).map(|&ink| if ink { 255 } else { 0 }).collect();
    let size = Pixels { width: right - left + 1, height: bottom - top + 1, colours: 1 };
    Some(Image { size, bytes, laid: false })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ink_is_scaled_into_the_box_and_its_centre_of_mass_is_the_middle() {
        // A stroke of 10 × 40 with a foot of 20 × 20 on dark paper that is lit from the left, and a speck.
        let is_ink = |x: usize, y: usize| {
            let stroke = (20..30).contains(&x) && (30..70).contains(&y);
            let foot = (20..40).contains(&x) && (50..70).contains(&y);
            stroke || foot || (x, y) == (100, 5)
        };
        let level = |at: usize| {
            let (x, y) = (at % 120, at / 120);
            (100 - x * 3 / 4) as u8 + if is_ink(x, y) { 120 } else { 0 }
        };
        let size = Pixels { width: 120, height: 90, colours: 1 };
        let image = || Image { size, bytes: (0..120 * 90).map(level).collect(), laid: false };
        let centred = centred(image(), (28, 28), false).unwrap();
        // 20 × 40 becomes 10 × 20. Of the mass, 400 are at (5, 20) and 200 of the foot at (15, 30): their
        // centre is (8.3, 23.3), in the box (4.2, 11.7).
        let (left, top) = (14 - 4, 14 - 12);
        for (at, &byte) in centred.bytes.iter().enumerate() {
            let (x, y) = ((at % 28).wrapping_sub(left), (at / 28).wrapping_sub(top));
            let right = (x < 5 && y < 20) || (x < 10 && (10..20).contains(&y));
            assert_eq!(byte > 127, right, "{x}, {y}: {byte}");
        }
        // Dark ink on bright paper is the same in the negative.
        let dark = super::centred(inverted(image()), (28, 28), true).unwrap();
        assert_eq!(inverted(dark), centred);
        let blank = Image { size, bytes: vec![90; 120 * 90], laid: false };
        assert_eq!(super::centred(blank, (28, 28), false), None);
    }
}
