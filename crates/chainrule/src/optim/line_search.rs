//! A search along a line for the strong Wolfe conditions.

use crate::error::Result;

/// A place on the line.
#[derive(Clone, Debug)]
pub(super) struct Point {
    /// Its distance, in lengths of the direction.
    pub at: f64,
    pub loss: f64,
    /// The gradient along the direction.
    pub slope: f64,
    pub gradient: Vec<f64>,
}

/// A line through the parameters.
pub(super) struct Line<'a> {
    pub direction: &'a [f64],
    /// How often the loss has been computed.
    pub calls: usize,
    /// The loss and its gradient at a distance.
    pub evaluate: &'a mut dyn FnMut(f64) -> Result<(f64, Vec<f64>)>,
}

impl Line<'_> {
    /// The loss and its slope at a distance.
    pub fn point(&mut self, at: f64) -> Result<Point> {
        self.calls += 1;
        let (loss, gradient) = (self.evaluate)(at)?;
        // Not a number is no less than any loss.
        let loss = if loss.is_nan() { f64::INFINITY } else { loss };
        let slope = gradient.iter().zip(self.direction).map(|(g, d)| g * d).sum();
        Ok(Point { at, loss, slope, gradient })
    }

    fn size(&self) -> f64 {
        self.direction.iter().fold(0.0, |largest, d| d.abs().max(largest))
    }
}

/// The share of the decrease that the slope promises which must be reached.
const ENOUGH: f64 = 1e-4;

/// The share of the slope that may be left.
const LEFT: f64 = 0.9;

/// Intervals in which no element moves further are not searched.
const SMALL: f64 = 1e-9;

/// A point with enough less loss than `from`, and little slope left (Nocedal and Wright, *Numerical
/// Optimization*, algorithms 3.5 and 3.6), or the best one found where `most` more points than the first
/// distance, or an interval too short end the search.
pub(super) fn strong_wolfe(
    line: &mut Line<'_>,
    from: &Point,
    first: f64,
    most: usize,
) -> Result<Point> {
    let too_high = |point: &Point| point.loss > from.loss + ENOUGH * point.at * from.slope;
    let is_flat = |point: &Point| point.slope.abs() <= -LEFT * from.slope;
    let mut before = from.clone();
    let mut now = line.point(first)?;
    let mut tries = 0;
    while tries < most {
        if too_high(&now) || tries > 1 && now.loss >= before.loss {
            break;
        }
        if is_flat(&now) {
            return Ok(now);
        }
        if now.slope >= 0.0 {
            break;
        }
        // Further on, by at least a hundredth of the last stretch and at most tenfold.
        let bounds = (now.at + 0.01 * (now.at - before.at), now.at * 10.0);
        let next = lowest(&before, &now, bounds);
        before = std::mem::replace(&mut now, line.point(next)?);
        tries += 1;
    }
    if tries == most {
        before = from.clone();
    }
    // The interval between the two holds a point; `low` is the end with less loss.
    let (mut low, mut high) = sorted(before, now);
    let mut was_near = false;
    while tries < most && (high.at - low.at).abs() * line.size() >= SMALL {
        let (start, end) = (low.at.min(high.at), low.at.max(high.at));
        let mut at = lowest(&low, &high, (start, end));
        // Near an end the interval hardly shrinks: once is let pass.
        let margin = 0.1 * (end - start);
        let is_near = (end - at).min(at - start) < margin;
        if is_near && (was_near || at >= end || at <= start) {
            at = if (at - end).abs() < (at - start).abs() { end - margin } else { start + margin };
            was_near = false;
        } else {
            was_near = is_near;
        }
        let point = line.point(at)?;
        tries += 1;
        if too_high(&point) || point.loss >= low.loss {
            (low, high) = sorted(low, point);
            continue;
        }
        if is_flat(&point) {
            return Ok(point);
        }
        if point.slope * (high.at - low.at) >= 0.0 {
            high = low;
        }
        low = point;
    }
    Ok(low)
}

/// The one with less loss first.
fn sorted(a: Point, b: Point) -> (Point, Point) {
    if a.loss <= b.loss { (a, b) } else { (b, a) }
}

/// Where the cubic through two points with their slopes is lowest, within bounds (equation 3.59); their
/// middle where it has no lowest point.
fn lowest(a: &Point, b: &Point, (start, end): (f64, f64)) -> f64 {
    let (a, b) = if a.at <= b.at { (a, b) } else { (b, a) };
    let d1 = a.slope + b.slope - 3.0 * (a.loss - b.loss) / (a.at - b.at);
    let square = d1 * d1 - a.slope * b.slope;
    if square < 0.0 || square.is_nan() {
        return (start + end) / 2.0;
    }
    let d2 = square.sqrt();
    let at = b.at - (b.at - a.at) * ((b.slope + d2 - d1) / (b.slope - a.slope + 2.0 * d2));
    at.max(start).min(end)
}
