//! Numbers that a pupil shall find, and those found before.

use super::math::{array, scalar};
use super::{Part, Teller};
use crate::blanks::{Cell, DIGITS, Key};
use crate::value::{Value, digits, with_minus};

/// A number on a worksheet. HTML within a formula stands in a text of its own.
fn cell(cell: Cell) -> String {
    let shown = |x: f64| with_minus(&digits(x, DIGITS));
    match cell {
        Cell::Given(x) => format!("<mn>{}</mn>", scalar(x)),
        Cell::Asked(at, answer) => {
            let answer = answer.map_or_else(String::new, shown);
            // A space holds the line open.
            let blank = format!("<span class=\"blank\">{answer}&#160;</span>");
            format!("<mtext><span class=\"cell\">{}{blank}</span></mtext>", mark(at))
        }
        Cell::Found(at, None) => format!("<mtext>{}</mtext>", mark(at)),
        Cell::Found(_, Some(x)) => format!("<mn>{}</mn>", shown(x)),
    }
}

/// The number of a blank.
pub(crate) fn mark(at: usize) -> String {
    format!("<span class=\"number\">{at}</span>")
}

impl Teller<'_> {
    /// A value, as blanks where it is to be found.
    pub(crate) fn asked(&self, key: Key, value: &Value) -> Option<Part> {
        let mut cells = self.blanks?.asked(key);
        Some(Part::math(array(value, &mut |x| cell(cells(x)))))
    }

    /// A value that is given or was found before.
    pub(crate) fn found(&self, key: Key, value: &Value) -> Option<Part> {
        self.found_symbols(key, value).map(Part::math)
    }

    /// The same as a factor or an addend: in parentheses where it is negative.
    pub(crate) fn found_part(&self, key: Key, value: &Value) -> Option<Part> {
        let shown = self.found_symbols(key, value)?;
        let is_negative = shown.starts_with("<mn>−");
        Some(Part::math(match is_negative {
            true => format!("<mo>(</mo>{shown}<mo>)</mo>"),
            false => shown,
        }))
    }

    fn found_symbols(&self, key: Key, value: &Value) -> Option<String> {
        let mut cells = self.blanks?.found(key);
        Some(array(value, &mut |x| cell(cells(x))))
    }
}
