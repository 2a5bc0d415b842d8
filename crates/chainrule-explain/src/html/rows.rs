//! The lines of a story as HTML.

use std::fmt::Write;

use crate::notation::escaped;
use crate::story::math::scalar;
use crate::story::{Part, Row};

/// The lines of a story.
pub(super) fn written(rows: &[Row]) -> String {
    rows.iter().map(row).collect()
}

fn row(row: &Row) -> String {
    match row {
        Row::Words { parts } => format!("<p>{}</p>", words(parts)),
        Row::Equation { sides } => equation(sides),
        Row::Note { text } => format!("<p class=\"note\">{}</p>", escaped(text)),
        Row::Legend { text } => format!("<p class=\"legend\">{}</p>", escaped(text)),
        Row::Table { title, rows, more } => table(title, rows, more.as_deref()),
    }
}

fn words(parts: &[Part]) -> String {
    let word = |part: &Part| match part {
        Part::Text { text } => escaped(text),
        Part::Math { math } => format!("<math>{math}</math>"),
        Part::Number { value, .. } => scalar(*value),
    };
    parts.iter().map(word).collect()
}

/// Lines break before a sign: each side is an element of its own, as no browser breaks a line within
/// one.
fn equation(sides: &[Vec<Part>]) -> String {
    let side = |(at, side): (usize, &Vec<Part>)| {
        let (sign, side) = (if at == 0 { "" } else { "<mo>=</mo>" }, math(side));
        format!("<span><math displaystyle=\"true\">{sign}<mrow>{side}</mrow></math></span>")
    };
    let sides: Vec<String> = sides.iter().enumerate().map(side).collect();
    format!("<p class=\"equation\">{}</p>", sides.join(" "))
}

fn math(parts: &[Part]) -> String {
    let symbol = |part: &Part| match part {
        Part::Text { text } => format!("<mtext>{}</mtext>", escaped(text)),
        Part::Math { math } => math.clone(),
        Part::Number { value, factor, .. } => {
            let shown = scalar(*value);
            let is_negative = *factor && *value < 0.0;
            if is_negative { format!("<mn>({shown})</mn>") } else { format!("<mn>{shown}</mn>") }
        }
    };
    parts.iter().map(symbol).collect()
}

fn table(title: &str, rows: &[Vec<Vec<Part>>], more: Option<&str>) -> String {
    let mut out = format!("<details><summary>{}</summary><table>", escaped(title));
    for row in rows {
        out += "<tr>";
        for cell in row {
            let cell = match &cell[..] {
                [Part::Text { text }] => escaped(text),
                symbols => format!("<math>{}</math>", math(symbols)),
            };
            let _ = write!(out, "<td>{cell}</td>");
        }
        out += "</tr>";
    }
    out += "</table>";
    if let Some(more) = more {
        let _ = write!(out, "<p>{}</p>", escaped(more));
    }
    out + "</details>"
}
