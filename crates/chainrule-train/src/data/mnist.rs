//! Folders of IDX files under MNIST's names.

use std::path::{Path, PathBuf};

use super::dataset::check_labels;
use super::pixels::Pixels;
use super::{Dataset, idx};
use crate::system::beside;
use chainrule::error::{Error, Result};

/// How the names of a part's files begin.
pub(super) const TRAIN: &str = "train";
pub(super) const TEST: &str = "t10k";

/// The classes of a folder without other word of them: the digits.
const CLASSES: usize = 10;

impl Dataset {
    /// The training and the test part of a folder of IDX files under MNIST's names, plain or `.gz`.
    /// Images are flattened, labels lie below 10.
    ///
    /// ```
    /// use chainrule_train::data::Dataset;
    /// # let folder = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/mnist"));
    /// let (train, test) = Dataset::mnist(folder)?;
    /// assert_eq!((train.len(), test.len(), train.width()), (60_000, 10_000, 784));
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// A file is missing or bad, images and labels differ in number, or a label is out of range.
    pub fn mnist(folder: &Path) -> Result<(Self, Self)> {
        // The test part is read while the training part is.
        let (train, test) = beside(|| part(folder, TRAIN), || part(folder, TEST));
        let ((train, pixels), (test, test_pixels)) = (train?, test?);
        if pixels != test_pixels {
            let message = format!("training images have {pixels}, test images {test_pixels}");
            return Err(Error::file(folder, message));
        }
        Ok((train, test))
    }
}

/// Whether the folder holds the images of a part.
pub(super) fn has(folder: &Path, name: &str) -> bool {
    find(folder, &format!("{name}-images"), "idx3-ubyte").is_ok()
}

/// The files of a part: its images and its labels.
pub(super) fn files(folder: &Path, name: &str) -> Result<[PathBuf; 2]> {
    let images = find(folder, &format!("{name}-images"), "idx3-ubyte")?;
    let labels = find(folder, &format!("{name}-labels"), "idx1-ubyte")?;
    Ok([images, labels])
}

/// One part, and the size of its images.
pub(super) fn part(folder: &Path, name: &str) -> Result<(Dataset, Pixels)> {
    let [images_path, labels_path] = files(folder, name)?;
    let (images, labels) = (idx::read(&images_path)?, idx::read(&labels_path)?);
    let [count, ref axes @ ..] = images.dims[..] else {
        return Err(Error::file(images_path, "holds a single number, not images"));
    };
    let [height, widths @ ..] = axes else {
        let message = format!(
            "images have two axes or more, such as [60000, 28, 28], but this file has {:?}",
            images.dims
        );
        return Err(Error::file(images_path, message));
    };
    let [labelled] = labels.dims[..] else {
        let message = format!("labels have one axis, but this file has {:?}", labels.dims);
        return Err(Error::file(labels_path, message));
    };
    if count != labelled {
        let message =
            format!("{labelled} labels for the {count} images of {}", images_path.display());
        return Err(Error::file(labels_path, message));
    }
    if images.bytes.is_empty() {
        return Err(Error::file(images_path, "holds no images"));
    }
    let pixels = Pixels { height: *height, width: widths.iter().product(), colours: 1 };
    let labels: Vec<u32> = labels.bytes.iter().map(|&label| u32::from(label)).collect();
    check_labels(&labels_path.display().to_string(), &labels, CLASSES)?;
    Ok((Dataset::images(pixels.count(), images.bytes, labels, CLASSES), pixels))
}

/// The file of a part: `train-images-idx3-ubyte`, or with a dot before `idx`, plain or `.gz`.
fn find(folder: &Path, stem: &str, suffix: &str) -> Result<PathBuf> {
    let names = ["-", "."].map(|dot| format!("{stem}{dot}{suffix}"));
    let candidates = names.iter().flat_map(|name| [name.clone(), format!("{name}.gz")]);
    let found = candidates.map(|name| folder.join(name)).find(|path| path.exists());
    found.ok_or_else(|| {
        Error::file(folder.join(&names[0]), "no such file, neither plain nor with .gz")
    })
}
