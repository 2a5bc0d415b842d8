//! A sweep as a plot of characters.

use crate::columns::{COLUMNS, cut, width};
use crate::model::{Sweep, SweepPoint};
use crate::value::number;

/// The plot's size in characters.
const PLOT: (usize, usize) = (64, 17);

/// A sweep as a plot of characters: `*` the curve, `·` its tangent, `o` where the tangent touches.
pub(super) fn plot(out: &mut String, sweep: &Sweep) {
    let finite = sweep.points.iter().map(SweepPoint::drawn).filter(|y| y.is_finite());
    let (low, high) =
        finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), y| (low.min(y), high.max(y)));
    let (Some(first), Some(last)) = (sweep.points.first(), sweep.points.last()) else { return };
    if low > high {
        return;
    }
    let (wide, tall) = PLOT;
    let span = if high > low { high - low } else { 1.0 };
    let row = |y: f64| {
        let part = (high - y) / span * (tall - 1) as f64;
        (part.is_finite() && part > -0.5 && part < tall as f64 - 0.5).then(|| part.round() as usize)
    };
    let column = |x: f64| {
        let part = (x - first.at) / (last.at - first.at) * (wide - 1) as f64;
        (part.is_finite() && part >= -0.5 && part < wide as f64 - 0.5)
            .then(|| part.round() as usize)
    };
    let mut cells = vec![vec![' '; wide]; tall];
    let mut put = |x: f64, y: f64, mark: char| {
        if let (Some(row), Some(column)) = (row(y), column(x)) {
            cells[row][column] = mark;
        }
    };
    for (mark, y) in [('·', tangent as fn(&SweepPoint) -> f64), ('*', SweepPoint::drawn)] {
        for point in &sweep.points {
            put(point.at, y(point), mark);
        }
        for pair in sweep.points.windows(2) {
            let [(x, y), (next, then)] = [(pair[0].at, y(&pair[0])), (pair[1].at, y(&pair[1]))];
            if !(y.is_finite() && then.is_finite()) {
                continue;
            }
            // Fewer points than columns leave none empty, but for a jump or a pole between two.
            let is_far = (then - y).abs() > span / 2.0;
            let columns = wide as f64 * (next - x) / (last.at - first.at);
            let between = if is_far { 1 } else { columns.ceil().clamp(1.0, wide as f64) as usize };
            for part in (0..=between).map(|at| at as f64 / between as f64) {
                put(x + part * (next - x), y + part * (then - y), mark);
            }
        }
    }
    if let Some(touch) = tangent_at(sweep) {
        put(sweep.at, touch, 'o');
    }
    let margin = [high, low].map(|y| width(&number(y))).into_iter().max().unwrap_or(0);
    for (at, line) in cells.iter().enumerate() {
        let label = match at {
            0 => number(high),
            _ if at + 1 == tall => number(low),
            _ => String::new(),
        };
        let line: String = line.iter().collect();
        let text = format!("  {}{label} │{line}", " ".repeat(margin.saturating_sub(width(&label))));
        out.push_str(cut(text.trim_end(), COLUMNS).as_str());
        out.push('\n');
    }
    let indent = " ".repeat(margin + 3);
    out.push_str(&format!("{indent}└{}\n", "─".repeat(wide)));
    let (left, right) = (number(first.at), number(last.at));
    let gap = wide.saturating_sub(width(&left) + width(&right));
    out.push_str(&format!("{indent} {left}{}{right}\n", " ".repeat(gap)));
}

fn tangent(point: &SweepPoint) -> f64 {
    point.tangent
}

/// The tangent's value where it touches.
fn tangent_at(sweep: &Sweep) -> Option<f64> {
    let [a, b] = [sweep.points.first()?, sweep.points.last()?];
    let slope = (b.tangent - a.tangent) / (b.at - a.at);
    Some(a.tangent + slope * (sweep.at - a.at))
}
