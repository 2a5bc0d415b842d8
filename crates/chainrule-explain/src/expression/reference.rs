//! What can be written in an expression, told as text, as a page and as data.

use std::fmt::Write as _;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use super::function::Function;
use super::functions::{CONSTANTS, functions};
use crate::columns::wrapped_within;

/// The signs with what they mean.
const SIGNS: &[(&str, &str)] = &[
    ("a + b, a - b, a * b, a / b", "sums, products, quotients; also − · × ÷"),
    ("a ^ b, a ** b, x²", "powers, from right to left; √x is a root"),
    ("a % b", "the rest of a division"),
    ("A @ B, A.T, Aᵀ", "the product of matrices, the transpose"),
    ("a < b, a >= b, a == b, a != b", "1 where it holds, else 0; also ≤ ≥ ≠"),
    ("a and b, a or b, not a", "between conditions"),
    ("[1, x], [[1, 2], [3, 4]]", "arrays, of values too"),
    ("A[0], A[-1], A[0, 1], A[:, 1], A[1:3]", "parts of arrays, counted from 0, or from the end"),
    ("h = x * y; h + 1", "names; a `;` or a new line ends a statement"),
    ("h += 1", "h goes on from its value; also -= *= /="),
    ("# words", "a comment, to the end of the line"),
    ("f(x, axis=0, keepdims=True)", "what a function takes by name; axis=(0, 1) names several"),
];

impl Function {
    /// What it computes, and its derivative with remarks.
    fn parts(&self) -> (String, String) {
        let doc = self.doc.split_whitespace().collect::<Vec<_>>().join(" ");
        let doc = doc.strip_suffix('.').unwrap_or(&doc);
        let begins = ["; derivative", "; no derivative"].iter().filter_map(|word| doc.find(word));
        match begins.min() {
            Some(at) => (doc[..at].into(), doc[at + 2..].into()),
            None => (doc.into(), String::new()),
        }
    }

    /// What it computes, such as `sin x, x in radians`.
    #[must_use]
    pub fn formula(&self) -> String {
        self.parts().0
    }

    /// Its derivative, with remarks, such as `derivative cos x`.
    #[must_use]
    pub fn derivative(&self) -> String {
        self.parts().1
    }

    /// Its call with what it takes by name.
    fn whole_call(&self) -> String {
        let call = self.call();
        let open = call.strip_suffix(')').unwrap_or(&call);
        let keywords: Vec<String> =
            self.keywords.iter().map(|keyword| format!(", {keyword}=")).collect();
        format!("{open}{})", keywords.concat())
    }

    fn example(&self) -> String {
        let example = &self.example;
        let at = match example.at {
            "" => String::new(),
            at => format!(" at {at}"),
        };
        // Twelve digits tell a constant from a rounded one.
        let value = (example.value * 1e12).round() / 1e12;
        format!("{} = {value}{at}", example.call)
    }
}

/// Its name, its arguments, its formula, its derivative and an example.
impl Serialize for Function {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("Function", 9)?;
        let (formula, derivative) = self.parts();
        out.serialize_field("name", self.name)?;
        out.serialize_field("arguments", self.arguments)?;
        out.serialize_field("takes_more", &self.more)?;
        out.serialize_field("keywords", self.keywords)?;
        out.serialize_field("formula", &formula)?;
        out.serialize_field("derivative", &derivative)?;
        out.serialize_field("example", &self.example.call)?;
        out.serialize_field("at", self.example.at)?;
        out.serialize_field("value", &self.example.value)?;
        out.end()
    }
}

fn constants() -> String {
    let constants = CONSTANTS.iter().map(|(name, value)| format!("{name} = {value}"));
    constants.collect::<Vec<_>>().join(", ")
}

/// Every sign, constant and function of expressions, with formulas, derivatives and examples, in lines of
/// so many columns.
///
/// ```
/// let text = chainrule_explain::reference(60);
/// assert!(text.contains("\n  cbrt(x)\n     ∛x, with the sign of x\n     derivative 1/(3·∛x²), infinite at 0\n"));
/// ```
#[must_use]
pub fn reference(page: usize) -> String {
    let mut out = String::from("Signs\n\n");
    for (sign, meaning) in SIGNS {
        wrapped_within(&mut out, 2, sign, page);
        wrapped_within(&mut out, 5, meaning, page);
    }
    out += "\nConstants\n\n";
    wrapped_within(&mut out, 2, &constants(), page);
    out += "\nFunctions: formula, derivative, example\n";
    for function in functions() {
        out.push('\n');
        wrapped_within(&mut out, 2, &function.whole_call(), page);
        for line in [function.formula(), function.derivative(), function.example()] {
            wrapped_within(&mut out, 5, &line, page);
        }
    }
    out
}

/// [`reference()`] as a page in Markdown, with tables.
///
/// ```
/// let page = chainrule_explain::reference_page();
/// assert!(page.contains("| `sin(x)` | sin x, x in radians | derivative cos x | `sin(0)` = 0 |"));
/// ```
#[must_use]
pub fn reference_page() -> String {
    let cell = |text: &str| text.replace('|', r"\|");
    let mut out = String::from(
        "# The language of expressions\n\nWhat `chainrule explain` and `chainrule gradcheck` read; `chainrule explain --functions` prints the same.\n\n| sign | meaning |\n|---|---|\n",
    );
    for (sign, meaning) in SIGNS {
        let _ = writeln!(out, "| `{}` | {} |", cell(sign), cell(meaning));
    }
    let _ = writeln!(out, "\nConstants: {}.\n", constants());
    out += "| function | formula | derivative | example |\n|---|---|---|---|\n";
    for function in functions() {
        let (formula, derivative) = function.parts();
        let example = function.example();
        let (call, rest) = example.split_once(" = ").unwrap_or((&example, ""));
        let _ = writeln!(
            out,
            "| `{}` | {} | {} | `{}` = {} |",
            cell(&function.whole_call()),
            cell(&formula),
            cell(&derivative),
            cell(call),
            cell(rest)
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{functions, reference, reference_page};
    use crate::columns::width;

    #[test]
    fn every_function_has_a_formula_and_a_derivative() {
        for function in functions() {
            let (formula, derivative) = function.parts();
            assert!(!formula.is_empty() && !formula.contains("derivative"), "{function:?}");
            let begins = ["derivative", "no derivative"].iter().any(|w| derivative.starts_with(w));
            assert!(begins, "{}: {derivative}", function.name);
        }
    }

    #[test]
    fn the_text_fits() {
        for page in [60, 80] {
            for line in reference(page).lines() {
                assert!(width(line) <= page, "{line}");
            }
        }
    }

    #[test]
    fn the_page_in_docs_is_this() {
        let place = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/functions.md");
        if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
            std::fs::write(place, reference_page()).unwrap();
        }
        // A package has no docs beside it.
        let Ok(text) = std::fs::read_to_string(place) else { return };
        let hint = "write it with UPDATE_SNAPSHOTS=1 cargo test -p chainrule-explain --lib";
        assert!(text == reference_page(), "docs/functions.md is stale: {hint}");
    }
}
