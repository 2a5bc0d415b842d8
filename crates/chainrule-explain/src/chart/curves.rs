//! Curves over axes, with a legend.

pub use super::axes::Spacing;
use super::axes::range;
use super::{Align, Drawing, Frame, Ink, Mark, text_width};
use crate::columns::cut;
use chainrule::error::{Error, Result};

/// A curve: its name in the legend and its points, by rising x. Where a coordinate is NaN or beyond
/// ±10³⁰ the curve has a gap.
///
/// ```
/// use chainrule_explain::chart::Series;
/// let series = Series { name: "train".into(), points: vec![(1.0, 0.7), (2.0, 0.4)] };
/// assert_eq!(series.points.len(), 2);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// The name.
    pub name: String,
    /// The points (x, y).
    pub points: Vec<(f64, f64)>,
}

/// Curves over the same axes.
///
/// ```
/// use chainrule_explain::chart::{Chart, Series};
/// let train = Series { name: "train".into(), points: vec![(1.0, 0.7), (2.0, 0.4)] };
/// let chart = Chart { x: "epoch".into(), y: "loss".into(), series: vec![train] };
/// assert_eq!(chart.series.len(), 1);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    /// What the horizontal axis shows.
    pub x: String,
    /// What the vertical axis shows.
    pub y: String,
    /// The curves, at most twelve of which the legend names.
    pub series: Vec<Series>,
}

/// A chart's width and height in pixels.
const WIDE: f64 = 640.0;
const TALL: f64 = 400.0;

/// Charts that a picture holds.
const CHARTS: usize = 12;

/// The height of a row of the legend.
const ROW: f64 = 20.0;

/// The charts, one below the other, each 640 × 400 pixels.
///
/// ```
/// use chainrule_explain::chart::{Chart, Spacing, Series, curves};
/// let train = Series { name: "train".into(), points: vec![(1.0, 0.7), (2.0, 0.4)] };
/// let chart = Chart { x: "epoch".into(), y: "loss".into(), series: vec![train] };
/// assert!(curves(&[chart], Spacing::Linear)?.svg("").contains("train"));
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// # Errors
/// There is no chart, or there are more than a picture holds.
pub fn curves(charts: &[Chart], spacing: Spacing) -> Result<Drawing> {
    let count = charts.len();
    Error::check((1..=CHARTS).contains(&count), "the number of charts", count, "from 1 to 12")?;
    let mut drawing = Drawing::new(WIDE, TALL * count as f64);
    let names = names(charts);
    for (number, chart) in charts.iter().enumerate() {
        chart.draw(&mut drawing, TALL * number as f64, &names, spacing);
    }
    Ok(drawing)
}

/// The names of all curves. Those of one name have one colour in all charts.
fn names(charts: &[Chart]) -> Vec<&str> {
    let mut names = Vec::new();
    for series in charts.iter().flat_map(|chart| &chart.series) {
        if !names.contains(&series.name.as_str()) {
            names.push(&series.name);
        }
    }
    names
}

impl Chart {
    fn draw(&self, drawing: &mut Drawing, top: f64, names: &[&str], spacing: Spacing) {
        let ink = |series: &Series| {
            Ink::Series(names.iter().position(|name| *name == series.name).unwrap_or(0))
        };
        let named = self.series.iter().take(Ink::SERIES);
        let entries: Vec<(&str, Ink)> =
            named.map(|series| (series.name.as_str(), ink(series))).collect();
        let more = self.series.len() - entries.len();
        let below = legend(drawing, top + 8.0, &self.y, &entries, more);
        let placed: Vec<Vec<(f64, f64)>> = self
            .series
            .iter()
            .map(|series| series.points.iter().map(|&(x, y)| (x, spacing.place(y))).collect())
            .collect();
        let all = || placed.iter().flatten();
        let ranges = (range(all().map(|point| point.0), 0.0), range(all().map(|p| p.1), 0.05));
        let frame = Frame::draw(drawing, (below, top + TALL), ranges, &self.x, spacing);
        for (series, points) in self.series.iter().zip(&placed) {
            frame.curve(drawing, points, ink(series));
        }
    }
}

/// What a chart shows and the curves' names, in rows; where these end.
pub(crate) fn legend(
    drawing: &mut Drawing,
    top: f64,
    title: &str,
    entries: &[(&str, Ink)],
    more: usize,
) -> f64 {
    const LEFT: f64 = 12.0;
    const SAMPLE: f64 = 16.0;
    const GAP: f64 = 18.0;
    let (mut x, mut y) = (LEFT, top + ROW / 2.0);
    if !title.is_empty() {
        drawing.text((x, y), Align::Start, title);
        x += text_width(title) + GAP;
    }
    let named = entries.iter().map(|(name, ink)| (cut(name, 40), Some(*ink)));
    let rest = (more > 0).then(|| (format!("and {more} more"), None));
    for (name, ink) in named.chain(rest) {
        let sample = if ink.is_some() { SAMPLE + 6.0 } else { 0.0 };
        let needs = sample + text_width(&name);
        if x + needs > drawing.wide - LEFT && x > LEFT {
            (x, y) = (LEFT, y + ROW);
        }
        if let Some(ink) = ink {
            let points = vec![(x, y.floor()), (x + SAMPLE, y.floor())];
            drawing.marks.push(Mark::Line { points, ink, width: 2.0 });
        }
        drawing.text((x + sample, y), Align::Start, name);
        x += needs + GAP;
    }
    y + ROW / 2.0
}
