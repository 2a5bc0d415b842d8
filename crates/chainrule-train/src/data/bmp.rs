//! BMP, as Windows and Paint write it: without compression, in 1 to 32 bits a pixel.

use super::picture::{Image, PictureFormat, check_size};
use crate::limits;

pub(super) static BMP: PictureFormat =
    PictureFormat { name: "BMP", extensions: &["bmp", "dib"], begins: b"BM", decode };

fn decode(file: &[u8]) -> Result<Image, String> {
    read(file).unwrap_or_else(|| Err("the image is cut off".into()))
}

fn short(file: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*file.get(at..)?.first_chunk()?))
}

fn long(file: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*file.get(at..)?.first_chunk()?))
}

/// `None` where the file ends too early.
fn read(file: &[u8]) -> Option<Result<Image, String>> {
    const MASKED: [u32; 2] = [3, 6];
    let (pixels, header) = (long(file, 10)? as usize, long(file, 14)? as usize);
    // The header of OS/2 has shorter numbers, and colours of three bytes.
    let old = header == 12;
    let side = |at| long(file, at).map(u32::cast_signed);
    let (width, height, bits, packing) = match old {
        true => (short(file, 18)?.into(), short(file, 20)?.into(), short(file, 24)?, 0),
        false => (side(18)?, side(22)?, short(file, 28)?, long(file, 30)?),
    };
    if packing != 0 && !MASKED.contains(&packing) {
        return Some(Err("the image is compressed, as few BMP files are; save it as PNG".into()));
    }
    if !matches!(bits, 1 | 4 | 8 | 16 | 24 | 32) {
        return Some(Err(format!("the image is damaged: it has {bits} bits a pixel")));
    }
    let (upwards, height) = (height > 0, height.unsigned_abs() as usize);
    let (width, bits) = (usize::try_from(width).unwrap_or(0), usize::from(bits));
    // A row fills whole words of 32 bits.
    let row = width.saturating_mul(bits).div_ceil(32).saturating_mul(4);
    if let Err(message) = check_size(width, height, row.saturating_mul(height), file.len()) {
        return Some(Err(message));
    }
    let masks = match (MASKED.contains(&packing), bits) {
        (true, _) => [long(file, 54)?, long(file, 58)?, long(file, 62)?],
        (false, 16) => [0x7c00, 0x03e0, 0x001f],
        (false, _) => [0x00ff_0000, 0x0000_ff00, 0x0000_00ff],
    };
    let palette = file.get(14 + header..)?;
    let colour = |row: &[u8], x: usize| -> Option<[u8; 3]> {
        let number = match bits {
            16 => u32::from(short(row, 2 * x)?),
            24 => {
                return row
                    .get(3 * x..)?
                    .first_chunk()
                    .map(|&[blue, green, red]| [red, green, blue]);
            }
            32 => long(row, 4 * x)?,
            _ => {
                let each = 8 / bits;
                let shift = 8 - bits * (1 + x % each);
                let index = (row.get(x / each)? >> shift) as usize & ((1 << bits) - 1);
                let size = if old { 3 } else { 4 };
                let &[blue, green, red] = palette.get(size * index..)?.first_chunk()?;
                return Some([red, green, blue]);
            }
        };
        Some(masks.map(|mask| part(number, mask)))
    };
    // Of a bit in the file there are three bytes.
    let mut bytes = Vec::new();
    let size = width.saturating_mul(height).saturating_mul(3);
    if let Err(error) = bytes.try_reserve_exact(size) {
        return Some(Err(limits::full(&error)));
    }
    for y in 0..height {
        let line = if upwards { height - 1 - y } else { y };
        let line = file.get(pixels + line * row..)?.get(..row)?;
        for x in 0..width {
            bytes.extend_from_slice(&colour(line, x)?);
        }
    }
    Some(Ok(Image::coloured(width, height, bytes)))
}

/// What stands below a mask, from 0 to 255.
fn part(number: u32, mask: u32) -> u8 {
    let below = |number: u32| u64::from(number & mask) >> mask.trailing_zeros().min(31);
    (below(number) * 255 / below(u32::MAX).max(1)) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of 3 × 2 pixels, with what follows its header of 40 bytes, colours included.
    fn file(height: i32, bits: u16, packing: u32, colours: usize, rest: &[u8]) -> Vec<u8> {
        let pixels = 54 + colours as u32;
        let mut file = [b"BM", &[0; 8][..], &pixels.to_le_bytes(), &40_u32.to_le_bytes()].concat();
        file.extend([3_i32.to_le_bytes(), height.to_le_bytes()].concat());
        file.extend([[1, 0], bits.to_le_bytes()].concat());
        file.extend(packing.to_le_bytes());
        file.resize(54, 0);
        [&file, rest].concat()
    }

    #[test]
    fn few_bits_and_masks_are_read_upwards_and_downwards() {
        // Four bits a pixel: black, red and white, as blue, green, red and a byte for nothing.
        let colours = [0, 0, 0, 0, 0, 0, 255, 0, 255, 255, 255, 0];
        let (lower, upper) = ([0x01, 0x20, 0, 0], [0x22, 0x10, 0, 0]);
        let rest = [&colours[..], &lower, &upper].concat();
        let (black, red, white) = ([0; 3], [255, 0, 0], [255; 3]);
        let right = [white, white, red, black, red, white].concat();
        let image = decode(&file(2, 4, 0, 12, &rest)).unwrap();
        assert_eq!((image.size.width, image.size.height, image.bytes), (3, 2, right.clone()));
        let upside_down = decode(&file(-2, 4, 0, 12, &rest)).unwrap();
        assert_eq!(upside_down.bytes, [&right[9..], &right[..9]].concat());
        // Sixteen bits: five for each colour, or six for green by masks. Rows are filled to eight bytes.
        let row = |numbers: [u16; 3]| [numbers.map(u16::to_le_bytes).concat(), vec![0; 2]].concat();
        let image = decode(&file(-1, 16, 0, 0, &row([0x7c00, 0x03e0, 0x7fff]))).unwrap();
        assert_eq!(image.bytes, [255, 0, 0, 0, 255, 0, 255, 255, 255]);
        let masks = [0xf800_u32, 0x07e0, 0x001f].map(u32::to_le_bytes).concat();
        let pixels = [&masks[..], &row([0xf800, 0x07e0, 0x0010])].concat();
        let image = decode(&file(-1, 16, 3, 12, &pixels)).unwrap();
        assert_eq!(image.bytes, [255, 0, 0, 0, 255, 0, 0, 0, 131]);
        assert!(decode(&file(2, 8, 1, 0, &[0; 99])).unwrap_err().contains("save it as PNG"));
        assert!(decode(&file(2, 7, 0, 0, &[0; 99])).unwrap_err().contains("7 bits a pixel"));
    }
}
