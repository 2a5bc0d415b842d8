//! Bytes in letters that an address may have: base64url without padding (RFC 4648, section 5).

const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Writes three bytes as four letters; of the last group as many letters as its bytes fill.
pub fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let whole = group.iter().fold(0_u32, |whole, byte| whole << 8 | u32::from(*byte));
        let whole = whole << (8 * (3 - group.len()));
        for place in 0..=group.len() {
            let letter = (whole >> (18 - 6 * place)) as usize % LETTERS.len();
            text.push(char::from(LETTERS[letter]));
        }
    }
    text
}

/// Reads what [`encode`] writes; `None` where something else stands in it.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 2);
    for group in text.as_bytes().chunks(4) {
        if group.len() == 1 {
            return None;
        }
        let mut whole = 0_u32;
        for letter in group {
            let value = LETTERS.iter().position(|known| known == letter)?;
            whole = whole << 6 | u32::try_from(value).ok()?;
        }
        let [_, group_bytes @ ..] = (whole << (6 * (4 - group.len()))).to_be_bytes();
        let (kept, rest) = group_bytes.split_at(group.len() - 1);
        if rest.iter().any(|byte| *byte != 0) {
            return None;
        }
        bytes.extend_from_slice(kept);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_test_vectors_of_the_standard() {
        for (plain, text) in [
            ("", ""),
            ("f", "Zg"),
            ("fo", "Zm8"),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg"),
            ("fooba", "Zm9vYmE"),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(encode(plain.as_bytes()), text);
            assert_eq!(decode(text).as_deref(), Some(plain.as_bytes()));
        }
        assert_eq!(encode(&[0xfb, 0xff]), "-_8");
        for wrong in ["Z", "Zg==", "Zm9v Yg", "Zh", "Zm9", "+/8"] {
            assert_eq!(decode(wrong), None, "{wrong}");
        }
    }
}
