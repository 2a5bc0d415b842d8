//! Pictures of a run: curves by epoch, and the confusion matrix, as SVG and as PNG.
//!
//! Each picture is one [`Drawing`], an SVG document or pixels. The letters of PNG files are Latin alone;
//! `?` stands for any other.

mod bitmap;
mod confusion;

pub use chainrule_explain::chart::{Chart, Series};
pub use confusion::{confusion_png, confusion_svg};

use chainrule::error::{Error, Result};
use chainrule_explain::chart::{Drawing, Spacing, curves};

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
    Ok(curves(charts, Spacing::Linear)?.svg(""))
}

/// The charts of [`curves_svg`] with logarithmic vertical axes. Where y is not positive a curve has a
/// gap.
///
/// ```
/// use chainrule_train::curves::{Chart, Series, log_curves_svg};
/// let first = Series { name: "affine1".into(), points: vec![(1.0, 1e-9), (2.0, 1e-5)] };
/// let chart = Chart { x: "epoch".into(), y: "gradient".into(), series: vec![first] };
/// assert!(log_curves_svg(&[chart])?.contains("1e−7"));
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// # Errors
/// As [`curves_svg`].
pub fn log_curves_svg(charts: &[Chart]) -> Result<String> {
    Ok(curves(charts, Spacing::Logarithmic)?.svg(""))
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
    png(&curves(charts, Spacing::Linear)?)
}

fn png(drawing: &Drawing) -> Result<Vec<u8>> {
    bitmap::png(drawing)
        .map_err(|error| Error::Mismatch(format!("the picture cannot be drawn: {error}")))
}
