//! Pictures that a model is asked about, and a hint where they are unlike those of its training.

use std::path::Path;

use super::images::{self, Making, Sizing};
use super::pixels::{Pixels, Seen, Sizes};
use super::{Dataset, Preparation};
use chainrule::error::{Error, Result};

impl Preparation {
    /// Pictures made as those of the training part were, and what is odd of them, a line each.
    pub(super) fn pictures(
        &self,
        path: &Path,
        with_targets: bool,
        pixels: Pixels,
    ) -> Result<(Dataset, Vec<String>)> {
        let Pixels { width, height, colours } = pixels;
        // Where training's pictures are bright, so is their ground.
        let is_dark = self.seen.is_some_and(|seen| seen.brightness.mean > 0.5);
        let sizing = match (self.retouch.centre, self.stretches()) {
            (true, _) => Sizing::Centred(width, height, is_dark),
            (false, true) => Sizing::Stretched(width, height),
            (false, false) => Sizing::Fitted(width, height),
        };
        let making = Making { sizing, invert: self.retouch.invert };
        let mut notes = match path.is_dir() {
            true => images::left_out(path, with_targets)?.lines(),
            false => Vec::new(),
        };
        let (data, sizes) = match (with_targets, path.is_dir()) {
            (false, _) => images::unlabelled(path, making, pixels)?,
            (true, true) => {
                let classes = Some(self.class_names());
                let (data, _, sizes) = images::folder(path, making, Some(colours), classes)?;
                (data, sizes)
            }
            (true, false) => {
                return Err(Error::file(path, "is a single image, whose class is not known"));
            }
        };
        if let Some(seen) = self.seen {
            notes.extend(self.unlike_in_brightness(&seen, &data, colours));
            notes.extend(self.unlike_in_size(&seen, sizes, colours));
        }
        Ok((data, notes))
    }

    fn unlike_in_brightness(&self, seen: &Seen, data: &Dataset, colours: usize) -> Option<String> {
        let usual = seen.brightness.mean;
        let away = |brightness: f64| (brightness - usual).abs();
        let bound = (4.0 * seen.brightness.deviation).max(0.15);
        let far: Vec<f64> =
            data.bytes().map(images::mean).filter(|&image| away(image) > bound).collect();
        if far.is_empty() {
            return None;
        }
        let mean = far.iter().sum::<f64>() / far.len() as f64;
        let advice = match (away(1.0 - mean) < away(mean), self.retouch.invert) {
            (true, false) => ": try --invert",
            (true, true) => ": try without --invert",
            (false, _) => self.centring(colours),
        };
        let of = match data.len() {
            all if all == far.len() => String::new(),
            all => format!("{} of {all} pictures: ", far.len()),
        };
        Some(format!("{of}brightness {mean:.2}, but {usual:.2} in training{advice}"))
    }

    fn unlike_in_size(&self, seen: &Seen, sizes: Sizes, colours: usize) -> Option<String> {
        // More than twice as large as any of training's, or less than half as large.
        let is_far = |side: usize| {
            sizes.most[side] > 2 * seen.sizes.most[side]
                || 2 * sizes.least[side] < seen.sizes.least[side]
        };
        let advice = self.centring(colours);
        let far = !self.retouch.centre && (is_far(0) || is_far(1));
        far.then(|| format!("{sizes} pixels, but {} in training{advice}", seen.sizes))
    }

    fn centring(&self, colours: usize) -> &'static str {
        if colours == 1 && !self.retouch.centre { ": try --centre" } else { "" }
    }
}
