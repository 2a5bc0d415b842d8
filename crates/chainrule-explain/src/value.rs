//! Numbers and arrays as an explanation holds and writes them.

use serde::Serialize;

use chainrule::tensor::Tensor;

/// A number or nested arrays of numbers.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// A scalar.
    Number(f64),
    /// The slices along the first axis.
    Array(Vec<Value>),
}

impl From<&Tensor<f64>> for Value {
    fn from(tensor: &Tensor<f64>) -> Self {
        fn nested(dims: &[usize], values: &[f64]) -> Value {
            match dims {
                [] => Value::Number(values.first().copied().unwrap_or(f64::NAN)),
                [length, rest @ ..] => {
                    let step = rest.iter().product::<usize>();
                    let slices = (0..*length).map(|i| &values[i * step..(i + 1) * step]);
                    Value::Array(slices.map(|slice| nested(rest, slice)).collect())
                }
            }
        }
        nested(tensor.shape().dims(), tensor.values())
    }
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.written(&mut number))
    }
}

impl Value {
    /// With each number, row by row, as `one` writes it.
    pub(super) fn written(&self, one: &mut dyn FnMut(f64) -> String) -> String {
        match self {
            Self::Number(value) => one(*value),
            Self::Array(items) => {
                let items: Vec<String> = items.iter().map(|item| item.written(one)).collect();
                format!("[{}]", items.join(", "))
            }
        }
    }

    /// The number, where this is a scalar.
    ///
    /// ```
    /// use chainrule_explain::Value;
    /// assert_eq!(Value::Number(2.0).as_number(), Some(2.0));
    /// assert_eq!(Value::Array(vec![]).as_number(), None);
    /// ```
    #[must_use]
    pub fn as_number(&self) -> Option<f64> {
        match self {
            Self::Number(value) => Some(*value),
            Self::Array(_) => None,
        }
    }

    /// All numbers, row by row.
    ///
    /// ```
    /// use chainrule_explain::Value;
    /// let row = Value::Array(vec![Value::Number(1.0), Value::Number(2.0)]);
    /// assert_eq!(row.numbers(), [1.0, 2.0]);
    /// ```
    #[must_use]
    pub fn numbers(&self) -> Vec<f64> {
        match self {
            Self::Number(value) => vec![*value],
            Self::Array(items) => items.iter().flat_map(Self::numbers).collect(),
        }
    }

    /// The lengths of the axes.
    ///
    /// ```
    /// use chainrule_explain::Value;
    /// let row = Value::Array(vec![Value::Number(1.0), Value::Number(2.0)]);
    /// assert_eq!(row.shape(), [2]);
    /// ```
    #[must_use]
    pub fn shape(&self) -> Vec<usize> {
        match self {
            Self::Number(_) => Vec::new(),
            Self::Array(items) => {
                let inner = items.first().map_or_else(Vec::new, Self::shape);
                [&[items.len()], inner.as_slice()].concat()
            }
        }
    }

    /// The lengths of the axes with a sign between them, such as `2×3`.
    pub(super) fn dims(&self, sign: &str) -> String {
        self.shape().iter().map(ToString::to_string).collect::<Vec<_>>().join(sign)
    }

    /// The sum, element by element, with an array of the same shape.
    pub(super) fn plus(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Array(a), Self::Array(b)) => {
                Self::Array(a.iter().zip(b).map(|(a, b)| a.plus(b)).collect())
            }
            (Self::Number(a), Self::Number(b)) => Self::Number(a + b),
            _ => Self::Number(f64::NAN),
        }
    }

    /// √Σx².
    pub(super) fn norm(&self) -> f64 {
        self.numbers().iter().map(|x| x * x).sum::<f64>().sqrt()
    }

    /// The largest magnitude; NaN counts as the largest of all.
    pub(super) fn size(&self) -> f64 {
        let larger = |top: f64, x: f64| if x.is_nan() || x.abs() > top { x.abs() } else { top };
        self.numbers().into_iter().fold(0.0, larger)
    }
}

/// A number as people read it: six significant digits.
///
/// ```
/// assert_eq!(chainrule_explain::number(220.00000000000003), "220");
/// ```
#[must_use]
pub fn number(value: f64) -> String {
    digits(value, 6)
}

/// A number with so many significant digits, without zeros that say nothing.
///
/// ```
/// assert_eq!(chainrule_explain::digits(0.123456, 3), "0.123");
/// ```
#[must_use]
pub fn digits(value: f64, count: i32) -> String {
    let size = value.abs();
    if value == 0.0 || !value.is_finite() {
        return if value == 0.0 { "0".into() } else { value.to_string() };
    }
    if (1e-4..1e7).contains(&size) {
        let decimals = (count - 1 - size.log10().floor() as i32).max(0) as usize;
        return trim(format!("{value:.decimals$}"));
    }
    let text = format!("{value:.*e}", (count - 1).max(0) as usize);
    match text.split_once('e') {
        Some((digits, exponent)) => format!("{}e{exponent}", trim(digits.to_owned())),
        None => text,
    }
}

/// Without zeros at the end of its decimals.
fn trim(text: String) -> String {
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

/// A number with its digits down to those that tell `step` apart: what is known so far says no more.
///
/// ```
/// assert_eq!(chainrule_explain::to_step(1_000_000.123_456, 1e-3), "1000000.123");
/// assert_eq!(chainrule_explain::to_step(1e-9, 1e-3), "0");
/// ```
#[must_use]
pub fn to_step(value: f64, step: f64) -> String {
    // What f64 tells apart at all.
    const MOST: i32 = 17;
    let size = value.abs();
    if !(step > 0.0 && step.is_finite() && value.is_finite()) || size < step / 2.0 {
        return if size < step / 2.0 { "0".into() } else { number(value) };
    }
    let place = |x: f64| x.log10().floor() as i32;
    let count = (place(size) - place(step) + 1).clamp(1, MOST);
    match (1e7..1e15).contains(&size) && count > place(size) {
        true => {
            let decimals = (count - 1 - place(size)).max(0) as usize;
            trim(format!("{value:.decimals$}"))
        }
        false => digits(value, count),
    }
}

/// A number with its sign.
pub(crate) fn signed(value: f64) -> String {
    if value >= 0.0 { format!("+{}", number(value)) } else { number(value) }
}

/// Numbers as print writes them, with a minus sign in place of a hyphen.
pub(super) fn with_minus(numbers: &str) -> String {
    numbers.replace('-', "−")
}

/// A share in whole per cents, with two digits where it is small.
///
/// ```
/// assert_eq!(chainrule_explain::percent(0.25), "25 %");
/// ```
#[must_use]
pub fn percent(share: f64) -> String {
    let percents = share * 100.0;
    // Less than all is not told as all, unless only rounding is missing.
    let missing = 100.0 - percents;
    if (1e-7..0.5).contains(&missing) {
        let decimals = (-missing.log10()).ceil().max(1.0) as usize;
        return format!("{percents:.decimals$} %");
    }
    match percents.abs() >= 10.0 {
        true if percents.abs() < 1e6 => format!("{percents:.0} %"),
        _ => format!("{} %", digits(percents, 2)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_six_digits_and_no_idle_zeros() {
        for (value, text) in [
            (220.00000000000003, "220"),
            (0.1, "0.1"),
            (1.0 / 3.0, "0.333333"),
            (-1234567.8, "-1234568"),
            (1.5e-7, "1.5e-7"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(number(value), text);
        }
        assert_eq!(percent(0.5238), "52 %");
        assert_eq!(percent(0.00123), "0.12 %");
        for (share, text) in
            [(0.999_93, "99.993 %"), (0.997, "99.7 %"), (0.99, "99 %"), (1.0 - 1e-15, "100 %")]
        {
            assert_eq!(percent(share), text);
        }
    }

    #[test]
    fn nan_is_larger_than_any_number() {
        let row = Value::Array(vec![Value::Number(f64::NAN), Value::Number(3.0)]);
        assert!(row.size().is_nan());
    }
}
