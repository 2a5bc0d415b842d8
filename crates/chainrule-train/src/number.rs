//! Numbers in JSON, which has neither NaN nor infinities: `null` stands for them, and is read as NaN.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

/// A number that may be none.
pub(super) fn read<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or(f64::NAN))
}

/// Numbers by name that may be none.
pub(super) fn read_map<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<BTreeMap<String, f64>, D::Error> {
    let numbers: BTreeMap<String, Option<f64>> = BTreeMap::deserialize(from)?;
    Ok(numbers.into_iter().map(|(name, number)| (name, number.unwrap_or(f64::NAN))).collect())
}
