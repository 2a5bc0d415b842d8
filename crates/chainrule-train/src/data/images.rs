//! Pictures in files, and folders of them by class.
//!
//! Every sub-folder is a class, in the order of their names. Images are grey if all are, else of
//! three colours, and are brought to one size; what is transparent lies on white, 16 bits become 8.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::extension::listed;
use super::fit::{fit, recoloured, resize};
use super::ink::{centred, inverted};
use super::picture::{Image, LONGEST};
use super::pictures::{decode, extensions, is_picture, pictures};
use super::pixels::{Pixels, Sizes};
use super::statistics::Moments;
use super::{Dataset, summary};
use crate::limits;
use chainrule::Pool;
use chainrule::error::{Error, Result};
use chainrule::nn::Scale;

/// The longest side of images that stay as they are, and the side of the square that others are fitted
/// into.
const USUAL: usize = 64;

/// How images come to one width and height.
#[derive(Clone, Copy)]
pub(super) enum Sizing {
    /// Equal sizes up to the usual one stay; else all are fitted into its square.
    Usual,
    /// They are fitted into this size.
    Fitted(usize, usize),
    /// Each side is stretched by itself: so were the images of older runs.
    Stretched(usize, usize),
    /// Ink is scaled and centred in this size; it is dark where the last says so.
    Centred(usize, usize, bool),
}

/// How images become inputs.
#[derive(Clone, Copy)]
pub(super) struct Making {
    pub(super) sizing: Sizing,
    pub(super) invert: bool,
}

impl From<Sizing> for Making {
    fn from(sizing: Sizing) -> Self {
        Self { sizing, invert: false }
    }
}

impl Making {
    fn apply(self, image: Image) -> Result<Image, String> {
        let image = if self.invert { inverted(image) } else { image };
        let Pixels { width, height, .. } = image.size;
        Ok(match self.sizing {
            Sizing::Usual if width.max(height) <= USUAL => image,
            Sizing::Usual => fit(image, (USUAL, USUAL)),
            Sizing::Fitted(width, height) => fit(image, (width, height)),
            Sizing::Stretched(width, height) => resize(image, (width, height)),
            Sizing::Centred(width, height, dark) => centred(image, (width, height), dark)
                .ok_or("nothing stands out from the ground, so that nothing can be centred")?,
        })
    }
}

/// The entries of a folder in the order of their names, and the hidden ones.
fn all_entries(folder: &Path) -> Result<(Vec<PathBuf>, Vec<PathBuf>)> {
    let fail = |error: std::io::Error| Error::file(folder, error);
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(fail)? {
        paths.push(entry.map_err(fail)?.path());
    }
    paths.sort_unstable();
    Ok(paths.into_iter().partition(|path| !name(path).starts_with('.')))
}

/// The entries of a folder in the order of their names, without hidden ones.
fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    Ok(all_entries(folder)?.0)
}

fn name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Whether the folder itself holds an image.
pub(super) fn has_images(folder: &Path) -> bool {
    folder.is_dir() && entries(folder).is_ok_and(|files| files.iter().any(|file| is_picture(file)))
}

/// Whether a sub-folder holds an image.
pub(super) fn has_classes(folder: &Path) -> bool {
    entries(folder).is_ok_and(|paths| paths.iter().any(|path| has_images(path)))
}

/// Every file of images at a path: itself, or those of the folder and of its folders, in order.
pub(super) fn files(path: &Path) -> Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.into()]);
    }
    let mut files = Vec::new();
    for entry in entries(path)? {
        let inner = if entry.is_dir() { entries(&entry)? } else { vec![entry] };
        files.extend(inner.into_iter().filter(|file| is_picture(file)));
    }
    Ok(files)
}

/// The files of a folder that are not read.
#[derive(Default)]
pub(super) struct LeftOut {
    /// Their names from the folder on, by the reason.
    by_reason: Vec<(String, Vec<String>)>,
}

impl LeftOut {
    /// A line for each reason.
    pub(super) fn lines(&self) -> Vec<String> {
        let line = |(why, names): &(String, Vec<String>)| {
            format!("left out, {why}: {} ({})", names.len(), summary::listed(names))
        };
        self.by_reason.iter().map(line).collect()
    }

    /// Each file with the reason.
    pub(super) fn files(self) -> Vec<(String, String)> {
        let each = |(why, names): (String, Vec<String>)| {
            names.into_iter().map(move |name| (name, why.clone()))
        };
        self.by_reason.into_iter().flat_map(each).collect()
    }
}

/// What a folder holds that is not read: hidden files, and others. Only pictures within a folder are of a
/// class.
pub(super) fn left_out(path: &Path, with_classes: bool) -> Result<LeftOut> {
    let is_deep = has_classes(path);
    let by_class = is_deep && with_classes;
    let (entries, mut hidden) = all_entries(path)?;
    let mut others = Vec::new();
    for entry in entries {
        if is_deep && entry.is_dir() {
            let (inner, inner_hidden) = all_entries(&entry)?;
            hidden.extend(inner_hidden);
            others.extend(inner.into_iter().filter(|file| !is_picture(file)));
        } else if by_class || !is_picture(&entry) {
            others.push(entry);
        }
    }
    let formats = pictures();
    let named = |files: Vec<PathBuf>| -> Vec<String> {
        let within = |file: &PathBuf| file.strip_prefix(path).unwrap_or(file).display().to_string();
        files.iter().map(within).collect()
    };
    let others_are =
        if by_class { format!("no {formats} in a class") } else { format!("no {formats}") };
    let all = [("hidden".to_owned(), named(hidden)), (others_are, named(others))];
    Ok(LeftOut { by_reason: all.into_iter().filter(|(_, names)| !names.is_empty()).collect() })
}

/// The size of the first image of a folder's classes.
pub(super) fn as_the_first(path: &Path) -> Result<Sizing> {
    for folder in entries(path)?.into_iter().filter(|path| path.is_dir()) {
        if let Some(file) = entries(&folder)?.into_iter().find(|file| is_picture(file)) {
            let Pixels { width, height, .. } = decode(&file)?.size;
            return Ok(Sizing::Stretched(width, height));
        }
    }
    Err(Error::file(path, "holds no folder of images for each class"))
}

/// The images of a folder by class, and the sizes that they had.
pub(super) fn folder(
    path: &Path,
    making: Making,
    colours: Option<usize>,
    classes: Option<&[String]>,
) -> Result<(Dataset, Pixels, Sizes)> {
    let folders: Vec<PathBuf> = entries(path)?.into_iter().filter(|path| path.is_dir()).collect();
    let names =
        classes.map_or_else(|| folders.iter().map(|path| name(path)).collect(), <[String]>::to_vec);
    if names.len() < 2 && classes.is_none() {
        let message = "has fewer than two folders; there should be one of images for each class";
        return Err(Error::file(path, message));
    }
    let mut of_class = HashMap::new();
    for (class, label) in names.iter().zip(0_u32..) {
        of_class.entry(class.as_str()).or_insert(label);
    }
    let (mut files, mut labels) = (Vec::new(), Vec::new());
    for folder in folders {
        let Some(&label) = of_class.get(&*name(&folder)) else {
            let message = format!("the model has no such class; it has `{}`", names.join("`, `"));
            return Err(Error::file(folder, message));
        };
        let images: Vec<PathBuf> =
            entries(&folder)?.into_iter().filter(|file| is_picture(file)).collect();
        if images.is_empty() {
            let message = format!("holds no {} image", listed(extensions(), "or"));
            return Err(Error::file(folder, message));
        }
        labels.resize(labels.len() + images.len(), label);
        files.extend(images);
    }
    if let Sizing::Fitted(width, height) | Sizing::Stretched(width, height) = making.sizing {
        let ok = [width, height].iter().all(|side| (1..=LONGEST).contains(side));
        let shown = format!("{width}x{height}");
        Error::check(ok, "the image size", shown, "from 1x1 to 16384x16384")?;
    }
    let (images, sizes) = read(&files, making)?;
    let Some(first) = images.first() else {
        return Err(Error::file(path, "holds no folder of images for each class"));
    };
    let most = images.iter().map(|image| image.size.colours).max();
    let pixels = Pixels { colours: colours.or(most).unwrap_or(1), ..first.size };
    let data =
        Dataset::images(pixels.count(), together(path, images, pixels)?, labels, names.len());
    Ok((data.with_class_names(names)?, pixels, sizes))
}

/// The names of the files whose images are read at a path, in that order: from the folder on.
pub(super) fn names(path: &Path) -> Result<Vec<String>> {
    if !path.is_dir() {
        return Ok(vec![name(path)]);
    }
    let files = files(path)?.into_iter();
    Ok(files.map(|file| file.strip_prefix(path).unwrap_or(&file).display().to_string()).collect())
}

/// One image, or those that lie in a folder, be it in folders within, by their names.
pub(super) fn unlabelled(path: &Path, making: Making, pixels: Pixels) -> Result<(Dataset, Sizes)> {
    let (images, sizes) = read(&files(path)?, making)?;
    Ok((Dataset::unlabelled_images(pixels.count(), together(path, images, pixels)?), sizes))
}

/// The bytes of all images of `path`, in as many colours as `pixels` have.
fn together(path: &Path, images: Vec<Image>, pixels: Pixels) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let reserved = bytes.try_reserve_exact(pixels.count().saturating_mul(images.len()));
    reserved.map_err(|error| {
        let message =
            format!("holds {} images of {pixels}: {}", images.len(), limits::full(&error));
        Error::file(path, message)
    })?;
    for image in images {
        bytes.extend(recoloured(image, pixels.colours).bytes);
    }
    Ok(bytes)
}

/// Reads the files on every core, to one size.
fn read(files: &[PathBuf], making: Making) -> Result<(Vec<Image>, Sizes)> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    // Each becomes small before the next is read: photographs together would fill the memory.
    let read = |files: &[PathBuf]| -> Result<Vec<(Image, Sizes)>> {
        let one = |file: &PathBuf| {
            let image = decode(file)?;
            let size = Sizes { laid: usize::from(image.laid), ..Sizes::of(image.size) };
            let image = making.apply(image).map_err(|message| Error::file(file, message))?;
            Ok((image, size))
        };
        files.iter().map(one).collect()
    };
    let pool = Pool::new(cores.min(files.len()));
    let parts = pool.map(files.len(), |part| read(files.get(part).unwrap_or_default()));
    let parts: Vec<Vec<(Image, Sizes)>> = parts.into_iter().collect::<Result<_>>()?;
    let (mut images, sizes): (Vec<Image>, Vec<Sizes>) = parts.into_iter().flatten().unzip();
    let sizes = sizes.into_iter().reduce(Sizes::and).unwrap_or_default();
    if matches!(making.sizing, Sizing::Usual) && !sizes.are_equal() {
        images = images.into_iter().map(|image| fit(image, (USUAL, USUAL))).collect();
    }
    Ok((images, sizes))
}

/// The brightness of the images of a dataset: its mean, and how much they differ.
pub(super) fn brightness(data: &Dataset) -> Scale {
    let mut moments = Moments::default();
    data.bytes().map(mean).for_each(|mean| moments.add(mean));
    Scale {
        mean: moments.mean,
        deviation: if moments.varies() { moments.deviation() } else { 0.0 },
    }
}

/// The mean of an image's bytes, from 0 to 1.
pub(super) fn mean(bytes: &[u8]) -> f64 {
    let sum: u64 = bytes.iter().map(|&byte| u64::from(byte)).sum();
    sum as f64 / (255 * bytes.len().max(1)) as f64
}
