//! Pictures of a run: curves by epoch, and the confusion matrix, as SVG and as PNG.
//!
//! One function draws each picture, on an SVG document or on pixels. The letters of PNG files are
//! Latin alone; `?` stands for any other.

mod bitmap;
mod confusion;

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

pub use confusion::{confusion_png, confusion_svg};

use bitmap::Bitmap;
use chainrule::error::{Error, Result};

/// A curve: its name in the legend and its points, by rising x. Where a coordinate is NaN or beyond
/// ±10³⁰ the curve has a gap.
///
/// ```
/// use chainrule_train::curves::Series;
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
/// use chainrule_train::curves::{Chart, Series};
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

/// The charts, one below the other, as an SVG document. Each is 640 × 400 pixels.
///
/// ```
/// use chainrule_train::curves::{Chart, Series, curves_svg};
/// let train = Series { name: "train".into(), points: vec![(1.0, 0.7), (2.0, 0.4)] };
/// let chart = Chart { x: "epoch".into(), y: "loss".into(), series: vec![train] };
/// let picture = curves_svg(&[chart])?;
/// assert!(picture.starts_with("<svg") && picture.contains("train"));
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// # Errors
/// There is no chart, or there are more than a picture holds.
pub fn curves_svg(charts: &[Chart]) -> Result<String> {
    let size = size(charts)?;
    svg(size, |backend| draw(charts, tick, backend))
}

/// The charts of [`curves_svg`] with logarithmic vertical axes. Where y is not positive a curve has a
/// gap.
///
/// ```
/// use chainrule_train::curves::{Chart, Series, log_curves_svg};
/// let first = Series { name: "affine1".into(), points: vec![(1.0, 1e-9), (2.0, 1e-5)] };
/// let chart = Chart { x: "epoch".into(), y: "gradient".into(), series: vec![first] };
/// assert!(log_curves_svg(&[chart])?.contains("1e-7"));
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// # Errors
/// As [`curves_svg`].
pub fn log_curves_svg(charts: &[Chart]) -> Result<String> {
    let mut charts = charts.to_vec();
    let series = charts.iter_mut().flat_map(|chart| &mut chart.series);
    series.flat_map(|series| &mut series.points).for_each(|(_, y)| *y = y.log10());
    let size = size(&charts)?;
    svg(size, |backend| draw(&charts, power, backend))
}

/// The same picture as a PNG file's bytes.
///
/// ```
/// use chainrule_train::curves::{Chart, Series, curves_png};
/// let train = Series { name: "train".into(), points: vec![(1.0, 0.7), (2.0, 0.4)] };
/// let chart = Chart { x: "epoch".into(), y: "loss".into(), series: vec![train] };
/// assert!(curves_png(&[chart])?.starts_with(b"\x89PNG"));
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// # Errors
/// As [`curves_svg`].
pub fn curves_png(charts: &[Chart]) -> Result<Vec<u8>> {
    let size = size(charts)?;
    png(size, |backend| draw(charts, tick, backend))
}

/// A chart's width and height in pixels.
const WIDTH: u32 = 640;
const HEIGHT: u32 = 400;

/// Charts that a picture holds.
const CHARTS: usize = 12;

/// Curves that a legend names.
const NAMED: usize = 12;

/// The palette of Okabe and Ito ("Color universal design", 2008) without its yellow, then five of
/// Tol's muted scheme ("Colour schemes", 2021): people with any colour vision can tell them apart.
const PALETTE: [RGBColor; NAMED] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(86, 180, 233),
    RGBColor(230, 159, 0),
    RGBColor(0, 0, 0),
    RGBColor(136, 34, 85),
    RGBColor(153, 153, 51),
    RGBColor(68, 170, 153),
    RGBColor(51, 34, 136),
    RGBColor(204, 102, 119),
];
const INK: RGBColor = RGBColor(31, 41, 51);
const FAINT: RGBColor = RGBColor(226, 232, 240);

/// Drawn, or why not.
type Drawn<B> = Result<(), DrawingAreaErrorKind<<B as DrawingBackend>::ErrorType>>;

fn svg(
    size: (u32, u32),
    draw: impl FnOnce(SVGBackend<'_>) -> Drawn<SVGBackend<'_>>,
) -> Result<String> {
    let mut text = String::new();
    draw(SVGBackend::with_string(&mut text, size)).map_err(|error| failed(&error))?;
    Ok(text)
}

fn png(size: (u32, u32), draw: impl FnOnce(&mut Bitmap) -> Drawn<&mut Bitmap>) -> Result<Vec<u8>> {
    let mut bitmap = Bitmap::new(size);
    draw(&mut bitmap).map_err(|error| failed(&error))?;
    bitmap.encode().map_err(|error| failed(&error))
}

fn failed(error: &impl std::error::Error) -> Error {
    Error::Mismatch(format!("the picture cannot be drawn: {error}"))
}

fn size(charts: &[Chart]) -> Result<(u32, u32)> {
    let count = charts.len();
    Error::check((1..=CHARTS).contains(&count), "the number of charts", count, "from 1 to 12")?;
    Ok((WIDTH, HEIGHT * count as u32))
}

/// Text of the pictures, about 12 pixels high.
fn ink<'a>(horizontal: HPos, vertical: VPos) -> TextStyle<'a> {
    TextStyle::from(("sans-serif", 15).into_font()).color(&INK).pos(Pos::new(horizontal, vertical))
}

/// Writes a number at a tick of an axis of such length.
type Tick = fn(f64, f64) -> String;

fn draw<B: DrawingBackend>(charts: &[Chart], y_tick: Tick, backend: B) -> Drawn<B> {
    let paper = backend.into_drawing_area();
    paper.fill(&WHITE)?;
    let areas = paper.split_evenly((charts.len(), 1));
    let names = names(charts);
    charts.iter().zip(&areas).try_for_each(|(chart, area)| chart.draw(area, y_tick, &names))?;
    paper.present()
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

fn colour(series: &Series, names: &[&str]) -> RGBColor {
    let number = names.iter().position(|name| *name == series.name).unwrap_or(0);
    PALETTE[number % PALETTE.len()]
}

impl Chart {
    fn draw<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        y_tick: Tick,
        names: &[&str],
    ) -> Drawn<B> {
        let area = area.margin(8, 8, 8, 20);
        let top = self.legend(&area, names)?;
        let (_, area) = area.split_vertically(top);
        let (xs, ys) = (self.range(|point| point.0, 0.0), self.range(|point| point.1, 0.05));
        let mut plot = ChartBuilder::on(&area)
            .x_label_area_size(40)
            .y_label_area_size(60)
            .build_cartesian_2d(xs.0..xs.1, ys.0..ys.1)?;
        plot.configure_mesh()
            .disable_x_mesh()
            .bold_line_style(FAINT)
            .light_line_style(TRANSPARENT)
            .axis_style(INK)
            .x_labels(10)
            .y_labels(8)
            .x_label_style(ink(HPos::Center, VPos::Top))
            .y_label_style(ink(HPos::Right, VPos::Center))
            .axis_desc_style(ink(HPos::Center, VPos::Top))
            .x_desc(&self.x)
            .x_label_formatter(&|x| tick(*x, xs.1 - xs.0))
            .y_label_formatter(&|y| y_tick(*y, ys.1 - ys.0))
            .draw()?;
        for series in &self.series {
            let style = colour(series, names).stroke_width(2);
            for points in series.points.split(|(x, y)| !is_drawn(*x) || !is_drawn(*y)) {
                plot.draw_series(LineSeries::new(points.iter().copied(), style))?;
                // A line of one point is not to be seen.
                if let [point] = *points {
                    plot.draw_series([Circle::new(point, 3, style.filled())])?;
                }
            }
        }
        Ok(())
    }

    /// What the chart shows and the curves' names, in rows; their height in pixels.
    fn legend<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        names: &[&str],
    ) -> Result<i32, DrawError<B>> {
        const ROW: i32 = 20;
        const SAMPLE: i32 = 22;
        const GAP: i32 = 18;
        let wide = area.dim_in_pixel().0 as i32;
        let style = ink(HPos::Left, VPos::Center);
        area.draw_text(&self.y, &style, (4, ROW / 2))?;
        let (mut x, mut y) = (4 + width(&self.y) + GAP, ROW / 2);
        let named = self.series.iter().take(NAMED);
        let mut entries: Vec<(String, Option<RGBColor>)> =
            named.map(|series| (cut(&series.name, 40), Some(colour(series, names)))).collect();
        if let Some(more) = self.series.len().checked_sub(NAMED).filter(|more| *more > 0) {
            entries.push((format!("and {more} more"), None));
        }
        for (name, colour) in entries {
            let needs = SAMPLE + width(&name);
            if x + needs > wide {
                (x, y) = (4, y + ROW);
            }
            if let Some(colour) = colour {
                let ends = vec![(x, y), (x + SAMPLE - 6, y)];
                area.draw(&PathElement::new(ends, colour.stroke_width(2)))?;
            }
            area.draw_text(&name, &style, (x + SAMPLE, y))?;
            x += needs + GAP;
        }
        Ok(y + ROW)
    }

    /// The range of a coordinate over all points, with a margin as a share of it. A range of positive
    /// numbers that comes near 0 begins there.
    fn range(&self, of: fn(&(f64, f64)) -> f64, margin: f64) -> (f64, f64) {
        let values = self.series.iter().flat_map(|series| &series.points).map(of);
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
}

/// Numbers beyond it, and axes that are shorter, are beyond what ticks are found for.
const LARGEST: f64 = 1e30;
const SHORTEST: f64 = 1e-30;

fn is_drawn(value: f64) -> bool {
    value.abs() <= LARGEST
}

type DrawError<B> = DrawingAreaErrorKind<<B as DrawingBackend>::ErrorType>;

/// The width in pixels that a text takes at most, about.
fn width(text: &str) -> i32 {
    unicode_width::UnicodeWidthStr::width(text) as i32 * bitmap::LETTER
}

/// A text of at most so many letters; two dots stand for what is cut off its end.
fn cut(text: &str, letters: usize) -> String {
    match text.char_indices().nth(letters) {
        Some(_) => text.chars().take(letters - 2).chain(['.', '.']).collect(),
        None => text.into(),
    }
}

/// A tick's power of ten.
fn power(exponent: f64, _length: f64) -> String {
    let digits = usize::from(exponent.fract() != 0.0);
    format!("{:.digits$e}", 10_f64.powf(exponent))
}

/// A tick's number in the digits that an axis of this length needs.
fn tick(value: f64, length: f64) -> String {
    if value != 0.0 && !(1e-3..1e6).contains(&value.abs().max(length.abs())) {
        return format!("{value:.2e}");
    }
    let digits = (2.0 - length.abs().log10().floor()).clamp(0.0, 9.0) as usize;
    let text = format!("{value:.digits$}");
    let short = match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.'),
        false => &text,
    };
    (if short == "-0" { "0" } else { short }).into()
}
