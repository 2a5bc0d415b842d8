//! Axes with round numbers at their ticks.

use super::{Align, Drawing, Ink, Mark};
use crate::value::{digits, with_minus};

/// The space around a chart's lines for the numbers of its axes.
const LEFT: f64 = 68.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 8.0;
const BOTTOM: f64 = 44.0;

/// About so many pixels lie between two ticks of either axis.
const APART: (f64, f64) = (55.0, 40.0);

/// Numbers beyond it, and axes that are shorter, are beyond what ticks are found for.
const LARGEST: f64 = 1e30;
const SHORTEST: f64 = 1e-30;

/// Whether a coordinate is a place on an axis.
pub(super) fn is_drawn(value: f64) -> bool {
    value.abs() <= LARGEST
}

/// The range of some numbers, with a margin as a share of it. A range of positive numbers that comes
/// near 0 begins there.
pub(crate) fn range(values: impl Iterator<Item = f64>, margin: f64) -> (f64, f64) {
    let (low, high) = values
        .filter(|value| is_drawn(*value))
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
    if low > high {
        return (0.0, 1.0);
    }
    let length = high - low;
    // Ticks of a shorter axis would all have one number.
    if length <= SHORTEST.max(low.abs().max(high.abs()) * 1e-9) {
        let room = low.abs().max(1.0) / 2.0;
        return (low - room, high + room);
    }
    let room = margin * length;
    let begins_at_zero = margin > 0.0 && low >= 0.0 && low < 0.3 * high;
    (if begins_at_zero { 0.0 } else { low - room }, high + room)
}

/// An axis: its range in values and in pixels.
#[derive(Clone, Copy)]
struct Axis {
    values: (f64, f64),
    pixels: (f64, f64),
}

impl Axis {
    fn at(&self, value: f64) -> f64 {
        let part = (value - self.values.0) / (self.values.1 - self.values.0);
        self.pixels.0 + part * (self.pixels.1 - self.pixels.0)
    }

    /// Round numbers within the range, about `apart` pixels from each other: multiples of 1, 2 or 5 times
    /// a power of ten.
    fn ticks(&self, apart: f64) -> Vec<f64> {
        let (low, high) = self.values;
        let count = ((self.pixels.1 - self.pixels.0).abs() / apart).max(1.0);
        let rough = (high - low) / count;
        let power = 10f64.powf(rough.log10().floor());
        let steps = [1.0, 2.0, 5.0, 10.0].map(|times| times * power);
        let Some(step) = steps.into_iter().find(|step| *step >= rough * 0.99) else {
            return vec![low, high];
        };
        let (first, last) = ((low / step).ceil(), (high / step).floor());
        let between = (last - first).clamp(0.0, 4.0 * count) as usize;
        // Added to 0, for −0 is 0.
        (0..=between).map(|i| (first + i as f64) * step + 0.0).collect()
    }
}

/// How the numbers of a vertical axis are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spacing {
    /// As they are.
    Linear,
    /// As powers of ten, at distances of their logarithms. Where a number is not positive a curve has a
    /// gap.
    Logarithmic,
}

impl Spacing {
    /// Where a number stands on the axis, in its own unit.
    pub(super) fn place(self, y: f64) -> f64 {
        match self {
            Self::Linear => y,
            Self::Logarithmic => y.log10(),
        }
    }

    fn label(self, tick: f64, length: f64) -> String {
        match self {
            Self::Linear => number(tick, length),
            Self::Logarithmic => power(tick),
        }
    }
}

/// The rectangle that axes span, in which lines are drawn.
pub(crate) struct Frame {
    x: Axis,
    y: Axis,
}

impl Frame {
    /// Draws axes between `top` and `bottom` of a drawing, over these ranges.
    pub(crate) fn draw(
        drawing: &mut Drawing,
        (top, bottom): (f64, f64),
        (xs, ys): ((f64, f64), (f64, f64)),
        name: &str,
        spacing: Spacing,
    ) -> Self {
        let x = Axis { values: xs, pixels: (LEFT, drawing.wide - RIGHT) };
        let y = Axis { values: ys, pixels: (bottom - BOTTOM, top + TOP) };
        let ((left, right), (floor, ceiling)) = (x.pixels, y.pixels);
        let line = |drawing: &mut Drawing, points: [(f64, f64); 2], ink: Ink| {
            let points = points.map(|(x, y)| (crisp(x), crisp(y))).to_vec();
            drawing.marks.push(Mark::Line { points, ink, width: 1.0 });
        };
        for tick in y.ticks(APART.1) {
            let at = y.at(tick);
            line(drawing, [(left, at), (right, at)], Ink::Grid);
            let text = with_minus(&spacing.label(tick, ys.1 - ys.0));
            drawing.text((left - 8.0, at), Align::End, text);
        }
        for tick in x.ticks(APART.0) {
            let at = x.at(tick);
            line(drawing, [(at, floor), (at, floor + 5.0)], Ink::Text);
            let text = with_minus(&number(tick, xs.1 - xs.0));
            drawing.text((at, floor + 14.0), Align::Middle, text);
        }
        line(drawing, [(left, ceiling), (left, floor)], Ink::Text);
        line(drawing, [(left, floor), (right, floor)], Ink::Text);
        drawing.text(((left + right) / 2.0, floor + 32.0), Align::Middle, name);
        Self { x, y }
    }

    fn at(&self, (x, y): (f64, f64)) -> (f64, f64) {
        (self.x.at(x), self.y.at(y))
    }

    /// Draws a curve. It has a gap where a coordinate is NaN or beyond ±10³⁰, a point alone is a disk,
    /// and what lies above or below the frame is cut off.
    pub(crate) fn curve(&self, drawing: &mut Drawing, points: &[(f64, f64)], ink: Ink) {
        for points in points.split(|(x, y)| !is_drawn(*x) || !is_drawn(*y)) {
            if let [point] = points {
                self.point(drawing, *point, 3.0, ink);
                continue;
            }
            let mut line: Vec<(f64, f64)> = Vec::new();
            for ends in points.windows(2) {
                let Some((from, to)) = self.within(self.at(ends[0]), self.at(ends[1])) else {
                    continue;
                };
                if line.last() != Some(&from) {
                    self.finish(drawing, &mut line, ink);
                    line.push(from);
                }
                line.push(to);
            }
            self.finish(drawing, &mut line, ink);
        }
    }

    fn finish(&self, drawing: &mut Drawing, line: &mut Vec<(f64, f64)>, ink: Ink) {
        let points = std::mem::take(line);
        if !points.is_empty() {
            drawing.marks.push(Mark::Line { points, ink, width: 2.0 });
        }
    }

    /// Draws a point, unless it lies outside.
    pub(crate) fn point(&self, drawing: &mut Drawing, at: (f64, f64), radius: f64, ink: Ink) {
        let at = self.at(at);
        if self.within(at, at).is_some() {
            drawing.marks.push(Mark::Disk { at, radius, ink });
        }
    }

    /// The part of a segment between floor and ceiling, ends in pixels.
    fn within(&self, from: (f64, f64), to: (f64, f64)) -> Option<((f64, f64), (f64, f64))> {
        let (low, high) = (self.y.pixels.1, self.y.pixels.0);
        // A hair's breadth, so that rounding cuts nothing off.
        let inside = |y: f64| (low - 0.01..=high + 0.01).contains(&y);
        let cut = |inner: (f64, f64), outer: (f64, f64)| {
            if inside(outer.1) {
                return outer;
            }
            let edge = if outer.1 < low { low } else { high };
            let part = (edge - inner.1) / (outer.1 - inner.1);
            (inner.0 + part * (outer.0 - inner.0), edge)
        };
        let apart = from.1.max(to.1) < low || from.1.min(to.1) > high;
        let drawn = [from.0, from.1, to.0, to.1].iter().all(|x| x.is_finite());
        (drawn && (!apart || inside(from.1) || inside(to.1)))
            .then(|| (cut(to, from), cut(from, to)))
    }
}

/// The middle of a pixel, where a line one pixel wide is sharp.
fn crisp(at: f64) -> f64 {
    at.floor() + 0.5
}

/// A tick's power of ten.
fn power(exponent: f64) -> String {
    let digits = usize::from(exponent.fract() != 0.0);
    format!("{:.digits$e}", 10_f64.powf(exponent))
}

/// A tick's number in the digits that tell it from the next on an axis of this length.
fn number(value: f64, length: f64) -> String {
    let magnitudes = (value.abs() / length).max(1.0).log10().ceil();
    digits(value, 3 + magnitudes as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_numbers_within_the_range() {
        let ticks = |low, high| Axis { values: (low, high), pixels: (0.0, 500.0) }.ticks(100.0);
        assert_eq!(ticks(80.0, 120.0), [80.0, 90.0, 100.0, 110.0, 120.0]);
        assert_eq!(ticks(-0.31, 0.7).len(), 5);
        assert!(ticks(-1.0, 1.0).iter().any(|tick| number(*tick, 2.0) == "0"));
    }

    #[test]
    fn ticks_have_as_many_digits_as_tell_them_apart() {
        for (value, length, text) in [
            (0.1 + 0.2, 1.0, "0.3"),
            (1000.0, 2000.0, "1000"),
            (2.5e-7, 1e-6, "2.5e-7"),
            (1e9 + 10.0, 40.0, "1.00000001e9"),
            (-0.0, 1.0, "0"),
            (1.0002, 0.0005, "1.0002"),
        ] {
            assert_eq!(number(value, length), text);
        }
        assert_eq!((power(-3.0), power(0.5)), ("1e-3".into(), "3.2e0".into()));
    }

    #[test]
    fn a_line_is_cut_at_the_edges_of_the_frame() {
        let mut drawing = Drawing::new(640.0, 320.0);
        let ranges = ((0.0, 1.0), (0.0, 1.0));
        let frame = Frame::draw(&mut drawing, (0.0, 320.0), ranges, "x", Spacing::Linear);
        drawing.marks.clear();
        frame.curve(&mut drawing, &[(0.0, -1.0), (1.0, 2.0)], Ink::Value);
        frame.curve(&mut drawing, &[(0.0, 2.0), (1.0, 3.0)], Ink::Value);
        let [Mark::Line { points, .. }] = drawing.marks.as_slice() else { panic!("{drawing:?}") };
        let wanted = [(LEFT + 552.0 / 3.0, 276.0), (LEFT + 552.0 * 2.0 / 3.0, 8.0)];
        for (point, wanted) in points.iter().zip(wanted) {
            assert!((point.0 - wanted.0).hypot(point.1 - wanted.1) < 1e-9, "{points:?}");
        }
    }
}
