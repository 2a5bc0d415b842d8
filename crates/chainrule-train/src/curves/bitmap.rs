//! A drawing as pixels: smooth lines, letters of a bitmap font, PNG.

use std::ops::Range;

use chainrule_explain::chart::{Align, Drawing, Mark};
use noto_sans_mono_bitmap::{FontWeight, RasterHeight, get_raster, get_raster_width};

/// The width of a letter and the height of a line in pixels.
const LETTER: i32 = get_raster_width(FontWeight::Regular, RasterHeight::Size16) as i32;
const LINE: i32 = RasterHeight::Size16.val() as i32;

/// A PNG file's bytes, with the colours for light paper.
pub(super) fn png(drawing: &Drawing) -> Result<Vec<u8>, png::EncodingError> {
    let mut bitmap = Bitmap::new(drawing.wide.ceil() as i32, drawing.tall.ceil() as i32);
    drawing.marks.iter().for_each(|mark| bitmap.draw(mark));
    bitmap.encode()
}

/// A place, x and y. The middle of the first pixel is at ½, ½.
type Point = (f64, f64);

/// Pixels row by row, three bytes each: red, green, blue.
struct Bitmap {
    wide: i32,
    tall: i32,
    pixels: Vec<[u8; 3]>,
}

impl Bitmap {
    fn new(wide: i32, tall: i32) -> Self {
        Self { wide, tall, pixels: vec![[255; 3]; wide as usize * tall as usize] }
    }

    fn encode(&self) -> Result<Vec<u8>, png::EncodingError> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, self.wide as u32, self.tall as u32);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_filter(png::Filter::NoFilter);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(self.pixels.as_flattened())?;
        writer.finish()?;
        Ok(bytes)
    }

    fn draw(&mut self, mark: &Mark) {
        match mark {
            Mark::Line { points, ink, width } => self.stroke(points, ink.rgb(), *width),
            // A line from a point to itself with round ends is a disk.
            Mark::Disk { at, radius, ink } => self.stroke(&[*at, *at], ink.rgb(), 2.0 * radius),
            Mark::Area { corner, size, ink, opacity } => {
                self.fill(*corner, *size, ink.rgb(), *opacity);
            }
            Mark::Text { at, text, ink, align, upright } => {
                self.text(*at, text, ink.rgb(), (*align, *upright));
            }
        }
    }

    /// Covers a part of a pixel; what lies outside the picture is left out.
    fn cover(&mut self, (x, y): (i32, i32), colour: [u8; 3], part: f64) {
        if part == 0.0 || !(0..self.wide).contains(&x) || !(0..self.tall).contains(&y) {
            return;
        }
        let at = y as usize * self.wide as usize + x as usize;
        for (old, new) in self.pixels[at].iter_mut().zip(colour) {
            *old = (f64::from(*old) * (1.0 - part) + f64::from(new) * part).round() as u8;
        }
    }

    /// A line with round ends: a pixel is covered as far as its centre lies inside. Joints are covered
    /// once, as each pixel counts for the segment that is nearest.
    fn stroke(&mut self, points: &[Point], colour: [u8; 3], width: f64) {
        let reach = width / 2.0 + 0.5;
        let columns = around(points.iter().map(|point| point.0), reach, self.wide);
        let rows = around(points.iter().map(|point| point.1), reach, self.tall);
        let mut covered = vec![0.0_f64; columns.len() * rows.len()];
        for ends in points.windows(2) {
            let [from, to] = [ends[0], ends[1]];
            for x in around([from.0, to.0].into_iter(), reach, self.wide) {
                let (low, high) = crossed(from, to, f64::from(x) + 0.5, reach);
                for y in low.max(rows.start)..=high.min(rows.end - 1) {
                    let centre = (f64::from(x) + 0.5, f64::from(y) + 0.5);
                    let part = (reach - distance(centre, from, to)).clamp(0.0, 1.0);
                    let at =
                        (y - rows.start) as usize * columns.len() + (x - columns.start) as usize;
                    covered[at] = part.max(covered[at]);
                }
            }
        }
        let places = rows.flat_map(|y| columns.clone().map(move |x| (x, y)));
        places.zip(covered).for_each(|(place, part)| self.cover(place, colour, part));
    }

    /// A rectangle; a pixel at its edge is covered by its part inside.
    fn fill(&mut self, (left, top): Point, (wide, tall): Point, colour: [u8; 3], opacity: f64) {
        let inside = |pixel: i32, low: f64, length: f64| {
            let (from, to) = (f64::from(pixel).max(low), f64::from(pixel + 1).min(low + length));
            (to - from).clamp(0.0, 1.0)
        };
        for y in around([top, top + tall].into_iter(), 0.0, self.tall) {
            for x in around([left, left + wide].into_iter(), 0.0, self.wide) {
                let part = inside(x, left, wide) * inside(y, top, tall);
                self.cover((x, y), colour, part * opacity);
            }
        }
    }

    /// A line of text, upwards where it is `upright`.
    fn text(&mut self, at: Point, text: &str, colour: [u8; 3], (align, upright): (Align, bool)) {
        // Signs beyond Latin that our pictures have.
        let text = text.replace('−', "-").replace('…', "..");
        let wide = text.chars().count() as i32 * LETTER;
        let left = match align {
            Align::Start => 0,
            Align::Middle => -wide / 2,
            Align::End => -wide,
        };
        let at = (at.0.floor() as i32, at.1.floor() as i32);
        for (number, letter) in (0..).zip(text.chars()) {
            let raster = |letter| get_raster(letter, FontWeight::Regular, RasterHeight::Size16);
            let Some(raster) = raster(letter).or_else(|| raster('?')) else { continue };
            for (row, line) in (0..).zip(raster.rows()) {
                for (column, &part) in (0..).zip(line) {
                    let (x, y) = (left + number * LETTER + column, row - LINE / 2);
                    let (x, y) = if upright { (y, -x) } else { (x, y) };
                    self.cover((at.0 + x, at.1 + y), colour, f64::from(part) / 255.0);
                }
            }
        }
    }
}

/// The pixels in reach of some coordinates, within a picture of this size.
fn around(values: impl Iterator<Item = f64> + Clone, reach: f64, size: i32) -> Range<i32> {
    let low = values.clone().fold(f64::INFINITY, f64::min) - reach;
    let high = values.fold(f64::NEG_INFINITY, f64::max) + reach;
    (low.floor() as i32).clamp(0, size)..(high.ceil() as i32).clamp(0, size)
}

/// The rows of pixels near which a segment passes the column x.
fn crossed(from: Point, to: Point, x: f64, reach: f64) -> (i32, i32) {
    let run = to.0 - from.0;
    let at = |x: f64| {
        let along = if run == 0.0 { 0.0 } else { ((x - from.0) / run).clamp(0.0, 1.0) };
        from.1 + along * (to.1 - from.1)
    };
    let ends = match run == 0.0 {
        true => [from.1, to.1],
        false => [at(x - reach), at(x + reach)],
    };
    let (low, high) = (ends[0].min(ends[1]), ends[0].max(ends[1]));
    ((low - reach).floor() as i32, (high + reach).ceil() as i32)
}

/// The distance of a point from a segment.
fn distance((x, y): Point, from: Point, to: Point) -> f64 {
    let (run, rise) = (to.0 - from.0, to.1 - from.1);
    let (x, y) = (x - from.0, y - from.1);
    let length = run * run + rise * rise;
    let along = if length == 0.0 { 0.0 } else { ((x * run + y * rise) / length).clamp(0.0, 1.0) };
    (x - along * run).hypot(y - along * rise)
}
