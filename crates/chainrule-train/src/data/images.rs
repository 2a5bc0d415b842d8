//! Images: PNG and JPEG files, and folders of them by class.
//!
//! Every sub-folder is a class, in the order of their names. Images are grey if all are, else of
//! three colours, and are resized to one size; transparency is left out, 16 bits become 8.

use std::path::{Path, PathBuf};

use super::Dataset;
use super::extension::listed;
use super::picture::{Image, LONGEST};
use super::pictures::{decode, extensions, is_picture};
use super::preparation::Pixels;
use chainrule::error::{Error, Result};

/// The entries of a folder in the order of their names, without hidden ones.
fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let fail = |error: std::io::Error| Error::file(folder, error);
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        if !entry.file_name().to_string_lossy().starts_with('.') {
            paths.push(entry.path());
        }
    }
    paths.sort_unstable();
    Ok(paths)
}

fn class_name(folder: &Path) -> String {
    folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
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

/// The images of a folder by class, of the given width and height or the first one's.
pub(super) fn folder(
    path: &Path,
    size: Option<(usize, usize)>,
    colours: Option<usize>,
    classes: Option<&[String]>,
) -> Result<(Dataset, Pixels)> {
    let folders: Vec<PathBuf> = entries(path)?.into_iter().filter(|path| path.is_dir()).collect();
    let names = classes
        .map_or_else(|| folders.iter().map(|path| class_name(path)).collect(), <[String]>::to_vec);
    if names.len() < 2 && classes.is_none() {
        let message = "has fewer than two folders; there should be one of images for each class";
        return Err(Error::file(path, message));
    }
    let (mut files, mut labels) = (Vec::new(), Vec::new());
    for folder in folders {
        let Some(label) = names.iter().position(|name| *name == class_name(&folder)) else {
            let message = format!("the model has no such class; it has `{}`", names.join("`, `"));
            return Err(Error::file(folder, message));
        };
        let images: Vec<PathBuf> =
            entries(&folder)?.into_iter().filter(|file| is_picture(file)).collect();
        if images.is_empty() {
            let message = format!("holds no {} image", listed(extensions(), "or"));
            return Err(Error::file(folder, message));
        }
        labels.resize(labels.len() + images.len(), label as u32);
        files.extend(images);
    }
    let Some(first) = files.first() else {
        return Err(Error::file(path, "holds no folder of images for each class"));
    };
    let size = match size {
        Some(size) => size,
        None => decode(first).map(|image| (image.size.width, image.size.height))?,
    };
    let ok = |side: usize| (1..=LONGEST).contains(&side);
    let shown = format!("{}x{}", size.0, size.1);
    Error::check(ok(size.0) && ok(size.1), "the image size", shown, "from 1x1 to 16384x16384")?;
    let images = resized(&files, size)?;
    let colours =
        colours.unwrap_or_else(|| images.iter().map(|image| image.size.colours).max().unwrap_or(1));
    let pixels = Pixels { width: size.0, height: size.1, colours };
    let data = Dataset::images(pixels.count(), together(images, pixels), labels, names.len());
    Ok((data.with_class_names(names)?, pixels))
}

/// The images that lie in a folder itself, by their names, made like those that the model was trained
/// on.
pub(super) fn unlabelled(path: &Path, pixels: Pixels) -> Result<Dataset> {
    let files: Vec<PathBuf> = entries(path)?.into_iter().filter(|file| is_picture(file)).collect();
    let images = resized(&files, (pixels.width, pixels.height))?;
    Ok(Dataset::unlabelled_images(pixels.count(), together(images, pixels)))
}

/// The bytes of all images, in as many colours as `pixels` have.
fn together(images: Vec<Image>, pixels: Pixels) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(pixels.count().saturating_mul(images.len()));
    for image in images {
        bytes.extend(recoloured(image, pixels.colours).bytes);
    }
    bytes
}

/// One image, made like those that the model was trained on.
pub(super) fn single(path: &Path, pixels: Pixels) -> Result<Dataset> {
    let image = resize(decode(path)?, (pixels.width, pixels.height));
    Ok(Dataset::unlabelled_images(pixels.count(), recoloured(image, pixels.colours).bytes))
}

/// Decodes and resizes the files, on every core.
fn resized(files: &[PathBuf], size: (usize, usize)) -> Result<Vec<Image>> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let each = files.len().div_ceil(cores).max(1);
    let read = |files: &[PathBuf]| -> Result<Vec<Image>> {
        files.iter().map(|file| Ok(resize(decode(file)?, size))).collect()
    };
    let parts: Vec<Result<Vec<Image>>> = std::thread::scope(|scope| {
        let threads: Vec<_> =
            files.chunks(each).map(|files| scope.spawn(move || read(files))).collect();
        let join = |thread: std::thread::ScopedJoinHandle<'_, _>| {
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        threads.into_iter().map(join).collect()
    });
    let parts: Vec<Vec<Image>> = parts.into_iter().collect::<Result<_>>()?;
    Ok(parts.into_iter().flatten().collect())
}

/// The image with another number of bytes a pixel. Grey is the luma of ITU-R BT.601.
fn recoloured(image: Image, colours: usize) -> Image {
    let size = Pixels { colours, ..image.size };
    let bytes = match (image.size.colours, colours) {
        (3, 1) => {
            let (pixels, _) = image.bytes.as_chunks();
            let grey = |&[red, green, blue]: &[u8; 3]| {
                let [red, green, blue] = [red, green, blue].map(u32::from);
                ((299 * red + 587 * green + 114 * blue + 500) / 1000) as u8
            };
            pixels.iter().map(grey).collect()
        }
        (1, 3) => image.bytes.iter().flat_map(|&grey| [grey; 3]).collect(),
        _ => return image,
    };
    Image { size, bytes }
}

/// The image in another size: each new pixel is a weighted mean of those around its place, the
/// weights falling linearly over one pixel of the coarser of both grids (a triangle filter).
fn resize(image: Image, (width, height): (usize, usize)) -> Image {
    let Pixels { width: from_width, height: from_height, colours } = image.size;
    if (from_width, from_height) == (width, height) {
        return image;
    }
    let across = weights(from_width, width);
    let mut narrow = vec![0.0; from_height * width * colours];
    let rows = image.bytes.chunks_exact(from_width * colours);
    for (to, from) in narrow.chunks_exact_mut(width * colours).zip(rows) {
        for (pixel, (first, weights)) in to.chunks_exact_mut(colours).zip(&across) {
            for (source, weight) in from.chunks_exact(colours).skip(*first).zip(weights) {
                pixel
                    .iter_mut()
                    .zip(source)
                    .for_each(|(to, &from)| *to += f32::from(from) * weight);
            }
        }
    }
    let mut bytes = Vec::with_capacity(height * width * colours);
    let mut row = vec![0.0_f32; width * colours];
    for (first, weights) in weights(from_height, height) {
        row.fill(0.0);
        for (source, weight) in narrow.chunks_exact(width * colours).skip(first).zip(weights) {
            row.iter_mut().zip(source).for_each(|(to, from)| *to += from * weight);
        }
        bytes.extend(row.iter().map(|value| value.round() as u8));
    }
    Image { size: Pixels { width, height, colours }, bytes }
}

/// For each place of the new grid the first place of the old one that counts, and the weights from
/// there on.
fn weights(from: usize, to: usize) -> Vec<(usize, Vec<f32>)> {
    let scale = from as f64 / to as f64;
    let reach = scale.max(1.0);
    let at = |place: usize| {
        let centre = (place as f64 + 0.5) * scale;
        let first = (centre - reach).floor().max(0.0) as usize;
        let last = ((centre + reach).ceil() as usize).min(from);
        let weight = |old: usize| (1.0 - ((old as f64 + 0.5 - centre) / reach).abs()).max(0.0);
        let sum: f64 = (first..last).map(weight).sum();
        (first, (first..last).map(|old| (weight(old) / sum) as f32).collect())
    };
    (0..to).map(at).collect()
}
