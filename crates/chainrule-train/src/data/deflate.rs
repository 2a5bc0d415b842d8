//! How much compressed data can stand for.

/// The most bytes that so many compressed ones can stand for: deflate's best is 258 bytes in two bits
/// (RFC 1951), 1032 to one.
pub(super) fn largest(compressed: u64) -> u64 {
    compressed.saturating_mul(1032)
}
