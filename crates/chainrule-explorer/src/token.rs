//! The secret that tells the user's own page and programs from everybody else's.

use std::io;

use super::base64;

/// A random text that whoever may ask for work shows with each request.
pub struct Token(String);

impl Token {
    /// A new one, of the system's random numbers.
    pub fn fresh() -> io::Result<Self> {
        random::<32>().map(Self)
    }

    /// Whether this text is it. The time that takes tells nothing of where they differ.
    pub fn is(&self, told: &[u8]) -> bool {
        let own = self.0.as_bytes();
        let differing = own.iter().zip(told).fold(0, |all, (a, b)| all | (a ^ b));
        own.len() == told.len() && std::hint::black_box(differing) == 0
    }

    /// Its text.
    pub fn text(&self) -> &str {
        &self.0
    }
}

/// So many random bytes in letters.
pub fn random<const BYTES: usize>() -> io::Result<String> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes).map_err(|error| {
        io::Error::other(format!("the system gives no random numbers for a token: {error}"))
    })?;
    Ok(base64::encode(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_token_is_another_or_a_part_of_one() {
        let (one, other) = (Token::fresh().unwrap(), Token::fresh().unwrap());
        assert!(one.is(one.text().as_bytes()));
        assert!(!one.is(other.text().as_bytes()) && !one.is(b""));
        assert!(!one.is(&one.text().as_bytes()[1..]));
        assert!(!one.is(format!("{} ", one.text()).as_bytes()));
        assert_eq!(one.text().len(), 43);
    }
}
