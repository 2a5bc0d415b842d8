//! A sweep as a chart: the curve, its tangent, and where they touch.

use crate::chart::{Drawing, Frame, Ink, Spacing, legend, range};
use crate::model::Sweep;

/// The chart's size in pixels.
const SIZE: (f64, f64) = (640.0, 340.0);

/// The chart, and its frame's left, right, lower and upper edge in pixels; `None` where no value of the
/// curve is finite.
pub(super) fn plot(sweep: &Sweep, root: &str, tangent: &str) -> Option<(Drawing, [f64; 4])> {
    let curve: Vec<(f64, f64)> =
        sweep.points.iter().map(|point| (point.at, point.drawn())).collect();
    let (first, last) = (sweep.points.first()?, sweep.points.last()?);
    curve.iter().find(|(_, y)| y.is_finite())?;
    let mut drawing = Drawing::new(SIZE.0, SIZE.1);
    let entries = [(root, Ink::Value), (tangent, Ink::Gradient)];
    let top = legend(&mut drawing, 8.0, "", &entries, 0);
    let (low, high) = range(curve.iter().map(|point| point.1), 0.0);
    let room = (high - low) * 0.05;
    let ranges = (range(curve.iter().map(|point| point.0), 0.0), (low - room, high + room));
    let frame = Frame::draw(&mut drawing, (top, SIZE.1), ranges, &sweep.name, Spacing::Linear);
    let ends = [first, last].map(|point| (point.at, point.tangent));
    frame.curve(&mut drawing, &ends, Ink::Gradient);
    frame.curve(&mut drawing, &curve, Ink::Value);
    let slope = (last.tangent - first.tangent) / (last.at - first.at);
    let touch = first.tangent + slope * (sweep.at - first.at);
    frame.point(&mut drawing, (sweep.at, touch), 5.0, Ink::Gradient);
    Some((drawing, frame.edges()))
}
