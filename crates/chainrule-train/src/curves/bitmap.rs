//! A picture of pixels that `plotters` draws on: smooth lines, letters of a bitmap font, PNG.

use std::convert::Infallible;
use std::ops::Range;

use noto_sans_mono_bitmap::{FontWeight, RasterHeight, get_raster, get_raster_width};
use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
};

/// The width of a letter and the height of a line in pixels.
pub(super) const LETTER: i32 = get_raster_width(FontWeight::Regular, RasterHeight::Size16) as i32;
const LINE: i32 = RasterHeight::Size16.val() as i32;

/// Pixels row by row, three bytes each: red, green, blue.
pub(super) struct Bitmap {
    size: (u32, u32),
    pixels: Vec<[u8; 3]>,
}

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

impl Bitmap {
    pub(super) fn new(size: (u32, u32)) -> Self {
        Self { size, pixels: vec![[255; 3]; size.0 as usize * size.1 as usize] }
    }

    /// A PNG file's bytes.
    pub(super) fn encode(&self) -> Result<Vec<u8>, png::EncodingError> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, self.size.0, self.size.1);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_filter(png::Filter::NoFilter);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(self.pixels.as_flattened())?;
        writer.finish()?;
        Ok(bytes)
    }

    /// Covers a share of a pixel; what lies outside the picture is left out.
    fn cover(&mut self, (x, y): BackendCoord, color: BackendColor, share: f64) {
        let (wide, tall) = (self.size.0 as i32, self.size.1 as i32);
        if share == 0.0 || !(0..wide).contains(&x) || !(0..tall).contains(&y) {
            return;
        }
        let Some(pixel) = self.pixels.get_mut(y as usize * wide as usize + x as usize) else {
            return;
        };
        let (share, (red, green, blue)) = (color.alpha * share, color.rgb);
        for (old, new) in pixel.iter_mut().zip([red, green, blue]) {
            *old = (f64::from(*old) * (1.0 - share) + f64::from(new) * share).round() as u8;
        }
    }

    /// A line with round ends: a pixel is covered as far as its centre lies inside. Joints are covered
    /// once, as each pixel counts for the segment that is nearest.
    fn stroke(&mut self, points: &[BackendCoord], color: BackendColor, width: f64) {
        let reach = width / 2.0 + 0.5;
        let (xs, ys) = (points.iter().map(|point| point.0), points.iter().map(|point| point.1));
        let columns = around(xs, reach, self.size.0);
        let rows = around(ys, reach, self.size.1);
        let mut covered = vec![0.0_f64; columns.len() * rows.len()];
        for ends in points.windows(2) {
            let [from, to] = [ends[0], ends[1]];
            for x in around([from.0, to.0].into_iter(), reach, self.size.0) {
                let (low, high) = crossed(from, to, f64::from(x), reach);
                for y in low.max(rows.start)..=high.min(rows.end - 1) {
                    let share = (reach - distance((x, y), from, to)).clamp(0.0, 1.0);
                    let at =
                        (y - rows.start) as usize * columns.len() + (x - columns.start) as usize;
                    covered[at] = share.max(covered[at]);
                }
            }
        }
        let places = rows.flat_map(|y| columns.clone().map(move |x| (x, y)));
        places.zip(covered).for_each(|(place, share)| self.cover(place, color, share));
    }
}

/// The pixels in reach of some coordinates, within a picture of this size.
fn around(values: impl Iterator<Item = i32> + Clone, reach: f64, size: u32) -> Range<i32> {
    let reach = reach.ceil() as i32;
    let low = values.clone().min().map_or(0, |low| low - reach);
    let high = values.max().map_or(0, |high| high + reach + 1);
    low.clamp(0, size as i32)..high.clamp(0, size as i32)
}

/// The rows near which a segment passes the column x.
fn crossed(from: BackendCoord, to: BackendCoord, x: f64, reach: f64) -> (i32, i32) {
    let run = f64::from(to.0 - from.0);
    let at = |x: f64| {
        let along = if run == 0.0 { 0.0 } else { ((x - f64::from(from.0)) / run).clamp(0.0, 1.0) };
        f64::from(from.1) + along * f64::from(to.1 - from.1)
    };
    let ends = match run == 0.0 {
        true => [f64::from(from.1), f64::from(to.1)],
        false => [at(x - reach), at(x + reach)],
    };
    let (low, high) = (ends[0].min(ends[1]), ends[0].max(ends[1]));
    ((low - reach).floor() as i32, (high + reach).ceil() as i32)
}

/// The distance of a point from a segment.
fn distance(point: BackendCoord, from: BackendCoord, to: BackendCoord) -> f64 {
    let less = |a: BackendCoord, b: BackendCoord| (f64::from(a.0 - b.0), f64::from(a.1 - b.1));
    let ((x, y), (run, rise)) = (less(point, from), less(to, from));
    let length = run * run + rise * rise;
    let along = if length == 0.0 { 0.0 } else { ((x * run + y * rise) / length).clamp(0.0, 1.0) };
    (x - along * run).hypot(y - along * rise)
}

impl DrawingBackend for &mut Bitmap {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, point: BackendCoord, color: BackendColor) -> Drawn {
        self.cover(point, color, 1.0);
        Ok(())
    }

    fn draw_line<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
    ) -> Drawn {
        self.draw_path([from, to], style)
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Drawn {
        let points: Vec<BackendCoord> = path.into_iter().collect();
        self.stroke(&points, style.color(), f64::from(style.stroke_width()));
        Ok(())
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        (left, top): BackendCoord,
        (right, bottom): BackendCoord,
        style: &S,
        fill: bool,
    ) -> Drawn {
        if !fill {
            let corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)];
            return self.draw_path(corners, style);
        }
        for y in top.max(0)..bottom.min(self.size.1 as i32) {
            for x in left.max(0)..right.min(self.size.0 as i32) {
                self.cover((x, y), style.color(), 1.0);
            }
        }
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        center: BackendCoord,
        radius: u32,
        style: &S,
        _: bool,
    ) -> Drawn {
        // A line from a point to itself with round ends is a disk.
        self.stroke(&[center, center], style.color(), f64::from(2 * radius));
        Ok(())
    }

    fn draw_text<S: BackendTextStyle>(&mut self, text: &str, style: &S, at: BackendCoord) -> Drawn {
        let (wide, tall) = (text.chars().count() as i32 * LETTER, LINE);
        let left = match style.anchor().h_pos {
            HPos::Left => 0,
            HPos::Center => -wide / 2,
            HPos::Right => -wide,
        };
        let top = match style.anchor().v_pos {
            VPos::Top => 0,
            VPos::Center => -tall / 2,
            VPos::Bottom => -tall,
        };
        for (number, letter) in (0..).zip(text.chars()) {
            let raster = |letter| get_raster(letter, FontWeight::Regular, RasterHeight::Size16);
            let Some(raster) = raster(letter).or_else(|| raster('?')) else { continue };
            for (row, line) in (0..).zip(raster.rows()) {
                for (column, &share) in (0..).zip(line) {
                    let place = (left + number * LETTER + column, top + row);
                    let (x, y) = style.transform().transform(place.0, place.1);
                    self.cover((at.0 + x, at.1 + y), style.color(), f64::from(share) / 255.0);
                }
            }
        }
        Ok(())
    }

    fn estimate_text_size<S: BackendTextStyle>(
        &self,
        text: &str,
        _: &S,
    ) -> Result<(u32, u32), DrawingErrorKind<Infallible>> {
        Ok((text.chars().count() as u32 * LETTER as u32, LINE as u32))
    }
}
