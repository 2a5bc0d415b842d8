//! The lines of a story as HTML.

use std::fmt::Write;

use crate::notation::escaped;
use crate::story::math::scalar;
use crate::story::{Part, Row};

/// The lines of a story; with the keys of their numbers, where a script keeps these right.
pub(super) fn written(rows: &[Row], live: bool) -> String {
    rows.iter().map(|row| Rows { live }.row(row)).collect()
}

struct Rows {
    live: bool,
}

impl Rows {
    fn row(&self, row: &Row) -> String {
        match row {
            Row::Words { parts } => format!("<p>{}</p>", self.words(parts)),
            Row::Equation { sides } => self.equation(sides),
            Row::Note { text } => format!("<p class=\"note\">{}</p>", escaped(text)),
            Row::Legend { text } => format!("<p class=\"legend\">{}</p>", escaped(text)),
            Row::Table { title, rows, more } => self.table(title, rows, more.as_deref()),
        }
    }

    fn words(&self, parts: &[Part]) -> String {
        let word = |part: &Part| match part {
            Part::Text { text } => escaped(text),
            Part::Math { math } => format!("<math>{math}</math>"),
            Part::Number { key, value, .. } => match self.live {
                true => format!("<span data-x=\"{key}\">{}</span>", scalar(*value)),
                false => scalar(*value),
            },
        };
        parts.iter().map(word).collect()
    }

    /// Lines break before a sign: each side is an element of its own, as no browser breaks a line within
    /// one.
    fn equation(&self, sides: &[Vec<Part>]) -> String {
        let side = |(at, side): (usize, &Vec<Part>)| {
            let (sign, side) = (if at == 0 { "" } else { "<mo>=</mo>" }, self.math(side));
            format!("<span><math displaystyle=\"true\">{sign}<mrow>{side}</mrow></math></span>")
        };
        let sides: Vec<String> = sides.iter().enumerate().map(side).collect();
        format!("<p class=\"equation\">{}</p>", sides.join(" "))
    }

    fn math(&self, parts: &[Part]) -> String {
        let symbol = |part: &Part| match part {
            Part::Text { text } => format!("<mtext>{}</mtext>", escaped(text)),
            Part::Math { math } => math.clone(),
            Part::Number { key, value, factor } => {
                let mut shown = scalar(*value);
                if *factor && *value < 0.0 {
                    shown = format!("({shown})");
                }
                let factor = if *factor { " data-factor=\"\"" } else { "" };
                match self.live {
                    true => format!("<mn data-x=\"{key}\"{factor}>{shown}</mn>"),
                    false => format!("<mn>{shown}</mn>"),
                }
            }
        };
        parts.iter().map(symbol).collect()
    }

    fn table(&self, title: &str, rows: &[Vec<Vec<Part>>], more: Option<&str>) -> String {
        let mut out = format!("<details><summary>{}</summary><table>", escaped(title));
        for row in rows {
            out += "<tr>";
            for cell in row {
                let cell = match &cell[..] {
                    [Part::Text { text }] => escaped(text),
                    symbols => format!("<math>{}</math>", self.math(symbols)),
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
}
