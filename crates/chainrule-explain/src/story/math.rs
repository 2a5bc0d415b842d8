//! Formulas as MathML.

use crate::notation::escaped;
use crate::value::{Value, digits, with_minus};

/// ∂above/∂below.
pub(crate) fn fraction(above: &str, below: &str) -> String {
    format!("<mfrac><mrow><mi>∂</mi>{above}</mrow><mrow><mi>∂</mi>{below}</mrow></mfrac>")
}

/// A name or expression as it stands.
pub(crate) fn text(text: &str) -> String {
    let tag = if text.chars().count() == 1 { "mi" } else { "mtext" };
    format!("<{tag}>{}</{tag}>", escaped(text))
}

/// Arrays up to these many rows and columns are shown whole.
const MOST_SIDE: usize = 6;

/// A number, a small vector or matrix, or the shape and norm of a large one.
pub(crate) fn number(value: &Value) -> String {
    array(value, &mut |x| format!("<mn>{}</mn>", scalar(x)))
}

/// The same with each number, row by row, as `one` writes it.
pub(crate) fn array(value: &Value, one: &mut dyn FnMut(f64) -> String) -> String {
    let mut row = |row: &Value| {
        let cells = row.numbers().into_iter().map(|x| format!("<mtd>{}</mtd>", one(x)));
        format!("<mtr>{}</mtr>", cells.collect::<String>())
    };
    let rows = match (value, value.shape().as_slice()) {
        (Value::Number(x), _) => return one(*x),
        (_, [1..=MOST_SIDE]) => row(value),
        (Value::Array(rows), [1..=MOST_SIDE, 1..=MOST_SIDE]) => rows.iter().map(&mut row).collect(),
        _ => return text(&crate::picture::short(value)),
    };
    format!("<mrow><mo>[</mo><mtable>{rows}</mtable><mo>]</mo></mrow>")
}

/// A number as formulas show it.
pub(crate) fn scalar(x: f64) -> String {
    with_minus(&digits(x, 6))
}
