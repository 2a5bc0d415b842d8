//! How a camera was held, as Exif tells it.

/// The orientation in Exif data (CIPA DC-008, tag 274): 1 to 8, and 1, upright, where it tells none.
pub(super) fn orientation(exif: &[u8]) -> u8 {
    read(exif).unwrap_or(1)
}

fn read(exif: &[u8]) -> Option<u8> {
    const ORIENTATION: u16 = 274;
    let little = match exif.get(..2)? {
        b"II" => true,
        b"MM" => false,
        _ => return None,
    };
    let short = |at: usize| {
        let bytes = *exif.get(at..)?.first_chunk()?;
        Some(if little { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) })
    };
    let bytes = *exif.get(4..)?.first_chunk()?;
    let first = if little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) } as usize;
    // An entry is 12 bytes: tag, type, count and value; so small a value stands at its beginning.
    let mut entries = (0..usize::from(short(first)?)).map(|entry| first + 2 + 12 * entry);
    let entry = entries.find(|&entry| short(entry) == Some(ORIENTATION))?;
    u8::try_from(short(entry + 8)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_orders_of_bytes_are_read_and_what_is_cut_off_is_upright() {
        let little = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
        let big = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x08\0\0\0\0\0\0";
        assert_eq!((orientation(little), orientation(big)), (6, 8));
        for end in 0..20 {
            assert_eq!(orientation(&little[..end]), 1, "{end}");
        }
        assert_eq!(orientation(b"II*\0\xff\xff\xff\xff\x01\0"), 1);
    }
}
