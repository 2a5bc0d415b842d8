//! A network's explanation as a picture: what mattered of the example.

use super::text::darkness;
use super::{NetworkExplanation, Said};
use crate::chart::{Align, Drawing, Ink, Mark};
use crate::columns::told_apart;
use crate::value::digits;
use crate::words::Words;

/// Space around everything.
const MARGIN: f64 = 16.0;

/// A pixel's side.
const PIXEL: f64 = 8.0;

/// The width of a picture of bars, where these begin, the longest one, and the height of a row.
const WIDE: f64 = 640.0;
const MIDDLE: f64 = 390.0;
const LONGEST: f64 = 150.0;
const ROW: f64 = 24.0;

/// Letters of a name.
const LETTERS: usize = 29;

impl NetworkExplanation {
    /// The input and its saliency as SVG: where more of a feature raises the loss in one colour, where
    /// it lowers it in another. Features with names are bars, those on which the loss depends most first.
    #[must_use]
    pub fn to_svg(&self) -> String {
        let words = Words::new(self.language);
        let (title, mut drawing) = match self.features.is_empty() {
            true => ("network-saliency", self.saliency()),
            false => ("network-features", self.bars()),
        };
        drawing.text((MARGIN, 20.0), Align::Start, self.title(&words));
        let below = drawing.tall - 16.0;
        drawing.text((MARGIN, below), Align::Start, words.get("network-legend"));
        drawing.svg(&words.get(title))
    }

    fn title(&self, words: &Words) -> String {
        match &self.said {
            Said::Class { label, .. } => {
                words.say("network-example", &[("label", &self.class(*label))])
            }
            Said::Values { .. } => self.verdict(words),
        }
    }

    /// The input and its saliency side by side, pixel by pixel.
    fn saliency(&self) -> Drawing {
        let side = self.side().unwrap_or(self.input.len()).max(1);
        let rows = self.input.len().div_ceil(side);
        let (wide, tall) = (side as f64 * PIXEL, rows as f64 * PIXEL);
        let mut drawing = Drawing::new(2.0 * wide + 3.0 * MARGIN, tall + 64.0);
        for (number, values) in [&self.input, &self.saliency].into_iter().enumerate() {
            let ink = |value: f64| match (number, value > 0.0) {
                (0, _) => Ink::Text,
                (_, true) => Ink::Gradient,
                (_, false) => Ink::Value,
            };
            let (left, top) = (MARGIN + number as f64 * (wide + MARGIN), 32.0);
            let corners = [(0.0, 0.0), (wide, 0.0), (wide, tall), (0.0, tall), (0.0, 0.0)];
            let points = corners.map(|(x, y)| (left + x, top + y)).to_vec();
            drawing.marks.push(Mark::Line { points, ink: Ink::Muted, width: 1.0 });
            for (at, (opacity, value)) in darkness(values).into_iter().zip(values).enumerate() {
                let (column, row) = ((at % side) as f64, (at / side) as f64);
                let corner = (left + column * PIXEL, top + row * PIXEL);
                if opacity >= 0.01 {
                    let (size, ink) = ((PIXEL, PIXEL), ink(*value));
                    drawing.marks.push(Mark::Area { corner, size, ink, opacity });
                }
            }
        }
        drawing
    }

    /// A bar for each feature: to the right where more of it raises the loss.
    fn bars(&self) -> Drawing {
        let ranked = self.ranked();
        let mut drawing = Drawing::new(WIDE, ranked.len() as f64 * ROW + 72.0);
        let most = ranked.iter().fold(0.0, |most: f64, (_, _, dx)| most.max(dx.abs()));
        let names: Vec<String> = ranked.iter().map(|(name, ..)| (*name).to_owned()).collect();
        let names = told_apart(&names, LETTERS);
        for (at, ((_, _, gradient), name)) in ranked.into_iter().zip(names).enumerate() {
            let top = 40.0 + at as f64 * ROW;
            let middle = top + (ROW - 8.0) / 2.0;
            let long = if most > 0.0 { gradient.abs() / most * LONGEST } else { 0.0 };
            let (ink, left, end, align) = match gradient > 0.0 {
                true => (Ink::Gradient, MIDDLE, MIDDLE + long + 6.0, Align::Start),
                false => (Ink::Value, MIDDLE - long, MIDDLE - long - 6.0, Align::End),
            };
            let (corner, size) = ((left, top), (long, ROW - 8.0));
            drawing.marks.push(Mark::Area { corner, size, ink, opacity: 1.0 });
            drawing.text((MARGIN, middle), Align::Start, name);
            drawing.text((end, middle), align, digits(gradient, 3));
        }
        drawing
    }
}
