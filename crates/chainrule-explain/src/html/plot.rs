//! A sweep as a plot: the curve, its tangent, and where they touch.

use std::fmt::Write;

use crate::model::{Sweep, SweepPoint};
use crate::notation::escaped;
use crate::value::number;

/// The plot's size, and the space around the axes for their numbers.
const SIZE: (f64, f64) = (640.0, 320.0);
const LEFT: f64 = 72.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 28.0;
const BOTTOM: f64 = 44.0;

/// About so many numbers stand along an axis.
const TICKS: f64 = 5.0;

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

    /// Round numbers within the range: multiples of 1, 2 or 5 times a power of ten.
    fn ticks(&self) -> Vec<f64> {
        let (low, high) = self.values;
        let rough = (high - low) / TICKS;
        let power = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|times| times * power);
        let Some(step) = step.into_iter().find(|step| *step >= rough * 0.99) else {
            return vec![low, high];
        };
        let (first, last) = ((low / step).ceil(), (high / step).floor());
        let count = (last - first).clamp(0.0, 4.0 * TICKS) as usize;
        // Rounded, so that 0.30000000000000004 is 0.3 and −0 is 0.
        (0..=count).map(|i| (first + i as f64) * step + 0.0).collect()
    }
}

/// The plot as SVG; nothing where no value of the curve is finite.
pub(super) fn svg(sweep: &Sweep, title: &str, root: &str, tangent: &str) -> String {
    let curve = |point: &SweepPoint| point.loss.unwrap_or(point.output);
    let finite = sweep.points.iter().map(curve).filter(|y| y.is_finite());
    let (low, high) =
        finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), y| (low.min(y), high.max(y)));
    let (Some(first), Some(last)) = (sweep.points.first(), sweep.points.last()) else {
        return String::new();
    };
    if low > high {
        return String::new();
    }
    let room = if high > low { (high - low) * 0.05 } else { low.abs().max(1.0) * 0.5 };
    let x = Axis { values: (first.at, last.at), pixels: (LEFT, SIZE.0 - RIGHT) };
    let y = Axis { values: (low - room, high + room), pixels: (SIZE.1 - BOTTOM, TOP) };
    let mut out = format!(
        "<div class=\"plot\"><svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {wide} {tall}\" \
         width=\"{wide}\" height=\"{tall}\" role=\"img\">\n<title>{title}</title>\n\
         <clipPath id=\"plot-area\"><rect x=\"{LEFT}\" y=\"{TOP}\" width=\"{}\" height=\"{}\"/></clipPath>\n",
        SIZE.0 - LEFT - RIGHT,
        SIZE.1 - TOP - BOTTOM,
        wide = SIZE.0,
        tall = SIZE.1,
    );
    axes(&mut out, x, y, &sweep.name, root, tangent);
    let place = |at: f64, value: f64| (x.at(at), y.at(value));
    let line = |point: &SweepPoint| place(point.at, point.tangent);
    path(&mut out, "tangent", [line(first), line(last)].into_iter());
    path(&mut out, "curve", sweep.points.iter().map(|point| place(point.at, curve(point))));
    let slope = (last.tangent - first.tangent) / (last.at - first.at);
    let (cx, cy) = place(sweep.at, first.tangent + slope * (sweep.at - first.at));
    if cx.is_finite() && cy.is_finite() {
        let _ = writeln!(
            out,
            "<circle clip-path=\"url(#plot-area)\" cx=\"{cx:.1}\" cy=\"{cy:.1}\" r=\"5\"/>"
        );
    }
    out + "</svg></div>\n"
}

fn axes(out: &mut String, x: Axis, y: Axis, name: &str, root: &str, tangent: &str) {
    let text = |out: &mut String, class: &str, x: f64, y: f64, anchor: &str, text: &str| {
        let text = escaped(&text.replace('-', "−"));
        let _ = writeln!(
            out,
            "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" font-size=\"13\" text-anchor=\"{anchor}\">{text}</text>"
        );
    };
    let (bottom, right) = (y.pixels.0, x.pixels.1);
    let _ = writeln!(out, "<path class=\"axis\" d=\"M{LEFT} {TOP}V{bottom}H{right}\"/>");
    for tick in x.ticks() {
        let at = x.at(tick);
        let _ = writeln!(out, "<path class=\"axis\" d=\"M{at:.1} {bottom}v5\"/>");
        text(out, "muted", at, bottom + 20.0, "middle", &number(tick));
    }
    for tick in y.ticks() {
        let at = y.at(tick);
        let _ = writeln!(out, "<path class=\"axis\" d=\"M{LEFT} {at:.1}h-5\"/>");
        text(out, "muted", LEFT - 9.0, at + 4.5, "end", &number(tick));
    }
    text(out, "symbol", right, bottom + 38.0, "end", name);
    text(out, "value", LEFT, TOP - 10.0, "middle", root);
    text(out, "gradient", LEFT + 24.0, TOP - 10.0, "start", tangent);
}

/// A line through points; it breaks where one is not finite.
fn path(out: &mut String, class: &str, points: impl Iterator<Item = (f64, f64)>) {
    let (mut d, mut pen) = (String::new(), 'M');
    for (x, y) in points {
        match x.is_finite() && y.is_finite() {
            true => {
                // So far outside of the plot even a steep line is cut.
                let y = y.clamp(-1e7, 1e7);
                let _ = write!(d, "{pen}{x:.1} {y:.1}");
                pen = 'L';
            }
            false => pen = 'M',
        }
    }
    if !d.is_empty() {
        let _ = writeln!(out, "<path class=\"{class}\" clip-path=\"url(#plot-area)\" d=\"{d}\"/>");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_numbers_within_the_range() {
        let ticks = |low, high| Axis { values: (low, high), pixels: (0.0, 1.0) }.ticks();
        assert_eq!(ticks(80.0, 120.0), [80.0, 90.0, 100.0, 110.0, 120.0]);
        assert_eq!(ticks(-0.31, 0.7).len(), 5);
        assert!(ticks(-1.0, 1.0).iter().any(|tick| number(*tick) == "0"));
    }
}
