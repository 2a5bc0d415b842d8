//! The saliency of features with names: a bar each.

use std::fmt::Write;

use super::NetworkExplanation;
use super::draw::opened;
use crate::columns::cut;
use crate::notation::escaped;
use crate::value::digits;
use crate::words::Words;

/// The picture's width, and where its bars begin.
const WIDE: usize = 640;
const MIDDLE: f64 = 390.0;

/// The longest bar.
const LONGEST: f64 = 150.0;

/// The height of a row.
const ROW: usize = 24;

/// Letters of a name.
const LETTERS: usize = 29;

impl NetworkExplanation {
    /// A bar for each feature: to the right where more of it raises the loss.
    pub(super) fn bars(&self, words: &Words) -> String {
        let ranked = self.ranked();
        let tall = ranked.len() * ROW + 72;
        let mut out = opened(&words.get("network-features"), WIDE, tall);
        let _ = writeln!(out, "<text x=\"16\" y=\"24\">{}</text>", escaped(&self.title(words)));
        let most = ranked.iter().fold(0.0, |most: f64, (_, _, dx)| most.max(dx.abs()));
        for (at, (name, _, gradient)) in ranked.into_iter().enumerate() {
            let top = 40 + at * ROW;
            let name = cut(name, LETTERS);
            let long = if most > 0.0 { gradient.abs() / most * LONGEST } else { 0.0 };
            let raises = gradient > 0.0;
            let (class, left) = if raises { ("up", MIDDLE) } else { ("down", MIDDLE - long) };
            let (side, anchor) = match raises {
                true => (MIDDLE + long + 6.0, "start"),
                false => (MIDDLE - long - 6.0, "end"),
            };
            let (middle, number) = (top + 13, digits(gradient, 3));
            let _ = writeln!(
                out,
                "<text x=\"16\" y=\"{middle}\">{}</text>\n\
                 <rect class=\"{class}\" x=\"{left:.1}\" y=\"{top}\" width=\"{long:.1}\" height=\"{}\"/>\n\
                 <text x=\"{side:.1}\" y=\"{middle}\" text-anchor=\"{anchor}\">{number}</text>",
                escaped(&name),
                ROW - 8
            );
        }
        let legend = escaped(&words.get("network-legend"));
        let _ = writeln!(out, "<text x=\"16\" y=\"{}\">{legend}</text>", tall - 12);
        out + "</svg>\n"
    }
}
