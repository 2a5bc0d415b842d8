//! Datasets and mini-batches.

pub mod idx;

use std::path::{Path, PathBuf};

use rand::seq::SliceRandom;

use crate::error::{Error, Result};
use crate::runtime::{Stream, generator, prefetch, vectorized};
use crate::tensor::Real;

/// The features of a dataset's examples, one row each.
#[derive(Clone, Debug, PartialEq)]
enum Features {
    /// Grey levels, kept as bytes until a batch is gathered; 255 becomes 1.
    Bytes(Vec<u8>),
    Reals(Vec<f32>),
}

/// Examples with labels.
///
/// ```
/// use chainrule::data::Dataset;
/// let data = Dataset::new(2, vec![0.0, 0.0, 0.0, 1.0, 1.0, 0.0], vec![0, 1, 1], 2)?;
/// assert_eq!((data.len(), data.width(), data.classes()), (3, 2, 2));
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    width: usize,
    features: Features,
    labels: Vec<u32>,
    classes: usize,
}

impl Dataset {
    /// A dataset of rows of `width` features with one label below `classes` each.
    ///
    /// ```
    /// use chainrule::data::Dataset;
    /// // Three points of the plane in two classes.
    /// let data = Dataset::new(2, vec![0.0, 0.0, 0.0, 1.0, 1.0, 0.0], vec![0, 1, 1], 2)?;
    /// assert_eq!(data.len(), 3);
    /// assert!(Dataset::new(2, vec![0.0; 5], vec![0, 1, 1], 2).is_err());
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// Numbers of features and labels that do not fit, or a label out of range.
    pub fn new(width: usize, features: Vec<f32>, labels: Vec<u32>, classes: usize) -> Result<Self> {
        if width * labels.len() != features.len() {
            return Err(Error::Mismatch(format!(
                "{} labels with {width} features each need {} features, not {}",
                labels.len(),
                width * labels.len(),
                features.len()
            )));
        }
        check_labels("the labels", &labels, classes)?;
        Ok(Self { width, features: Features::Reals(features), labels, classes })
    }

    /// The training and the test part of a folder of IDX files under MNIST's names, plain or `.gz`.
    /// Images are flattened, labels lie below 10.
    ///
    /// ```
    /// use chainrule::data::Dataset;
    /// # let folder = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/mnist"));
    /// let (train, test) = Dataset::mnist(folder)?;
    /// assert_eq!((train.len(), test.len(), train.width()), (60_000, 10_000, 784));
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// A file is missing or bad, images and labels differ in number, or a label is out of range.
    pub fn mnist(folder: &Path) -> Result<(Self, Self)> {
        let part =
            |name: &str| Self::idx(folder, &format!("{name}-images"), &format!("{name}-labels"));
        // The test part is read while the training part is.
        let (train, test) = std::thread::scope(|scope| {
            let test = scope.spawn(|| part("t10k"));
            let train = part("train");
            (train, test.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
        });
        let (train, test) = (train?, test?);
        if train.width != test.width {
            return Err(Error::file(
                folder,
                format!("training images have {} pixels, test images {}", train.width, test.width),
            ));
        }
        Ok((train, test))
    }

    fn idx(folder: &Path, images: &str, labels: &str) -> Result<Self> {
        let images_path = find(folder, images, "idx3-ubyte")?;
        let labels_path = find(folder, labels, "idx1-ubyte")?;
        let (images, labels) = (idx::read(&images_path)?, idx::read(&labels_path)?);
        let [count, ref pixels @ ..] = images.dims[..] else {
            return Err(Error::file(images_path, "holds a single number, not images"));
        };
        if pixels.is_empty() {
            let message = format!(
                "images have two axes or more, such as [60000, 28, 28], but this file has {:?}",
                images.dims
            );
            return Err(Error::file(images_path, message));
        }
        if labels.dims.len() != 1 {
            let message = format!("labels have one axis, but this file has {:?}", labels.dims);
            return Err(Error::file(labels_path, message));
        }
        if count != labels.dims[0] {
            let message = format!(
                "{} labels for the {count} images of {}",
                labels.dims[0],
                images_path.display()
            );
            return Err(Error::file(labels_path, message));
        }
        if images.bytes.is_empty() {
            return Err(Error::file(images_path, "holds no images"));
        }
        let width = pixels.iter().product();
        let labels: Vec<u32> = labels.bytes.iter().map(|&label| u32::from(label)).collect();
        check_labels(&labels_path.display().to_string(), &labels, 10)?;
        Ok(Self { width, features: Features::Bytes(images.bytes), labels, classes: 10 })
    }

    /// The number of examples.
    ///
    /// ```
    /// # use chainrule::data::Dataset;
    /// let data = Dataset::new(2, vec![0.0, 0.5, 1.0, 1.5], vec![0, 1], 3)?;
    /// assert_eq!(data.len(), 2);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are no examples.
    ///
    /// ```
    /// # use chainrule::data::Dataset;
    /// let data = Dataset::new(2, vec![0.0, 0.5, 1.0, 1.5], vec![0, 1], 3)?;
    /// assert!(!data.is_empty());
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The number of features of an example.
    ///
    /// ```
    /// # use chainrule::data::Dataset;
    /// let data = Dataset::new(2, vec![0.0, 0.5, 1.0, 1.5], vec![0, 1], 3)?;
    /// assert_eq!(data.width(), 2);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// The number of classes; every label lies below it.
    ///
    /// ```
    /// # use chainrule::data::Dataset;
    /// let data = Dataset::new(2, vec![0.0, 0.5, 1.0, 1.5], vec![0, 1], 3)?;
    /// assert_eq!(data.classes(), 3);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// The labels in order.
    ///
    /// ```
    /// # use chainrule::data::Dataset;
    /// let data = Dataset::new(2, vec![0.0, 0.5, 1.0, 1.5], vec![0, 1], 3)?;
    /// assert_eq!(data.labels(), [0, 1]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn labels(&self) -> &[u32] {
        &self.labels
    }

    /// Writes the features of the `examples` into `rows`, one row each. Examples beyond the dataset
    /// are skipped.
    ///
    /// ```
    /// # use chainrule::data::Dataset;
    /// let data = Dataset::new(2, vec![0.0, 0.5, 1.0, 1.5], vec![0, 1], 3)?;
    /// let mut rows = [0.0_f32; 4];
    /// data.gather(&[1, 0], &mut rows);
    /// assert_eq!(rows, [1.0, 1.5, 0.0, 0.5]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    pub fn gather<T: Real>(&self, examples: &[u32], rows: &mut [T]) {
        let scale = T::one() / T::from_f64(255.0);
        match &self.features {
            Features::Bytes(bytes) => {
                self.gather_from(bytes, examples, rows, move |byte| T::from_byte(byte) * scale);
            }
            Features::Reals(reals) => {
                self.gather_from(reals, examples, rows, |real| T::from_f64(f64::from(real)));
            }
        }
    }

    /// Writes the converted features of the `examples`, which lie anywhere in memory: the rows after
    /// the current one are fetched meanwhile.
    fn gather_from<F: Copy, T>(
        &self,
        features: &[F],
        examples: &[u32],
        rows: &mut [T],
        convert: impl Fn(F) -> T + Copy,
    ) {
        const AHEAD: usize = 4;
        let width = self.width.max(1);
        let row = |example: u32| {
            let start = example as usize * width;
            features.get(start..start + width).unwrap_or_default()
        };
        for (at, (to, &example)) in rows.chunks_mut(width).zip(examples).enumerate() {
            if let Some(&later) = examples.get(at + AHEAD) {
                prefetch(row(later));
            }
            let from = row(example);
            vectorized(
                #[inline(always)]
                move || to.iter_mut().zip(from).for_each(move |(to, &from)| *to = convert(from)),
            );
        }
    }

    /// The order of the examples in an epoch (counted from 0): a shuffle that depends on seed and
    /// epoch alone. Cut it into chunks of the batch size; the last may be shorter.
    ///
    /// ```
    /// use chainrule::data::Dataset;
    /// let data = Dataset::new(1, vec![0.0; 5], vec![0; 5], 1)?;
    /// let order = data.shuffled(0, 0);
    /// assert_eq!(order, data.shuffled(0, 0));
    /// let batches: Vec<usize> = order.chunks(2).map(|batch| batch.len()).collect();
    /// assert_eq!(batches, [2, 2, 1]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn shuffled(&self, seed: u64, epoch: u32) -> Vec<u32> {
        let mut order: Vec<u32> = (0..self.len() as u32).collect();
        order.shuffle(&mut generator(seed, Stream::Shuffle(epoch)));
        order
    }
}

fn check_labels(place: &str, labels: &[u32], classes: usize) -> Result<()> {
    match labels.iter().find(|&&label| label as usize >= classes) {
        Some(&label) => Err(Error::Label { place: place.into(), label: label as usize, classes }),
        None => Ok(()),
    }
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
