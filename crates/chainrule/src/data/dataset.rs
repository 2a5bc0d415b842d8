//! Examples held in memory.

use std::path::{Path, PathBuf};

use super::{Examples, Target, idx};
use crate::error::{Error, Result};
use crate::runtime::{prefetch, vectorized};
use crate::tensor::Real;

/// The features of a dataset's examples, one row each.
#[derive(Clone, Debug, PartialEq)]
enum Features {
    /// Grey levels, kept as bytes until a batch is gathered; 255 becomes 1.
    Bytes(Vec<u8>),
    Reals(Vec<f32>),
}

/// The targets of a dataset's examples.
#[derive(Clone, Debug, PartialEq)]
enum Targets {
    Classes { labels: Vec<u32>, names: Vec<String> },
    Values { values: Vec<f32>, width: usize },
}

/// Examples in memory, with a class or with target values each.
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
    len: usize,
    features: Features,
    targets: Targets,
    weights: Option<Vec<f32>>,
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
        Ok(Self::classified(width, Features::Reals(features), labels, classes))
    }

    /// A dataset of rows of `width` features with target values: as many for each row as
    /// the number of `values` gives.
    ///
    /// ```
    /// use chainrule::data::{Dataset, Examples, Target};
    /// // Three points of the line y = 2x.
    /// let data = Dataset::regression(1, vec![0.0, 1.0, 2.0], vec![0.0, 2.0, 4.0])?;
    /// assert_eq!((data.len(), data.target()), (3, Target::Values { width: 1 }));
    /// assert!(Dataset::regression(2, vec![0.0; 4], vec![1.0; 3]).is_err());
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// Numbers of features and values that do not make whole rows.
    pub fn regression(width: usize, features: Vec<f32>, values: Vec<f32>) -> Result<Self> {
        let len = features.len().checked_div(width).unwrap_or(0);
        let targets = values.len().checked_div(len).unwrap_or(1);
        if len * width != features.len() || targets == 0 || targets * len != values.len() {
            return Err(Error::Mismatch(format!(
                "{} features and {} values do not make rows of {width} features with as many values each",
                features.len(),
                values.len(),
            )));
        }
        let targets = Targets::Values { values, width: targets };
        Ok(Self { width, len, features: Features::Reals(features), targets, weights: None })
    }

    fn classified(width: usize, features: Features, labels: Vec<u32>, classes: usize) -> Self {
        let names = (0..classes).map(|class| class.to_string()).collect();
        let (len, targets) = (labels.len(), Targets::Classes { labels, names });
        Self { width, len, features, targets, weights: None }
    }

    /// Names the classes, which are called by their numbers otherwise.
    ///
    /// ```
    /// use chainrule::data::Dataset;
    /// let data = Dataset::new(1, vec![0.0, 1.0], vec![0, 1], 2)?;
    /// let named = data.with_class_names(vec!["cat".into(), "dog".into()])?;
    /// assert_eq!(named.class_names(), ["cat", "dog"]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// Another number of names than of classes.
    pub fn with_class_names(mut self, names: Vec<String>) -> Result<Self> {
        if names.len() != self.classes() {
            let (names, classes) = (names.len(), self.classes());
            return Err(Error::Mismatch(format!("{names} names for {classes} classes")));
        }
        if let Targets::Classes { names: known, .. } = &mut self.targets {
            *known = names;
        }
        Ok(self)
    }

    /// Lets every example count as much as its weight says.
    ///
    /// ```
    /// use chainrule::data::{Dataset, Examples};
    /// let data = Dataset::new(1, vec![0.0, 1.0], vec![0, 1], 2)?.with_weights(vec![1.0, 0.5])?;
    /// let mut weights = [0.0];
    /// assert!(data.weights(&[1], &mut weights)?);
    /// assert_eq!(weights, [0.5]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// Another number of weights than of examples, or a weight that is negative or not finite.
    pub fn with_weights(mut self, weights: Vec<f32>) -> Result<Self> {
        if weights.len() != self.len {
            let message = format!("{} weights for {} examples", weights.len(), self.len);
            return Err(Error::Mismatch(message));
        }
        for (example, &weight) in weights.iter().enumerate() {
            let ok = weight >= 0.0 && weight.is_finite();
            let name = format!("the weight of example {example}");
            Error::check(ok, &name, weight, "finite and not negative")?;
        }
        self.weights = Some(weights);
        Ok(self)
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
        Ok(Self::classified(width, Features::Bytes(images.bytes), labels, 10))
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
        self.len
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
        self.len == 0
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

    /// The number of classes; every label lies below it. 0 where the targets are values.
    ///
    /// ```
    /// # use chainrule::data::Dataset;
    /// let data = Dataset::new(2, vec![0.0, 0.5, 1.0, 1.5], vec![0, 1], 3)?;
    /// assert_eq!(data.classes(), 3);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn classes(&self) -> usize {
        self.class_names().len()
    }

    /// The names of the classes, in the order of the labels; none where the targets are values.
    ///
    /// ```
    /// # use chainrule::data::Dataset;
    /// let data = Dataset::new(2, vec![0.0, 0.5, 1.0, 1.5], vec![0, 1], 3)?;
    /// assert_eq!(data.class_names(), ["0", "1", "2"]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn class_names(&self) -> &[String] {
        match &self.targets {
            Targets::Classes { names, .. } => names,
            Targets::Values { .. } => &[],
        }
    }

    /// The labels in order; none where the targets are values.
    ///
    /// ```
    /// # use chainrule::data::Dataset;
    /// let data = Dataset::new(2, vec![0.0, 0.5, 1.0, 1.5], vec![0, 1], 3)?;
    /// assert_eq!(data.labels(), [0, 1]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn labels(&self) -> &[u32] {
        match &self.targets {
            Targets::Classes { labels, .. } => labels,
            Targets::Values { .. } => &[],
        }
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
        self.order(seed, epoch)
    }
}

impl Examples for Dataset {
    fn len(&self) -> usize {
        self.len
    }

    fn width(&self) -> usize {
        self.width
    }

    fn target(&self) -> Target {
        match &self.targets {
            Targets::Classes { names, .. } => Target::Class { classes: names.len() },
            Targets::Values { width, .. } => Target::Values { width: *width },
        }
    }

    fn features(&self, examples: &[u32], rows: &mut [f32]) -> Result<()> {
        self.check(examples)?;
        self.gather(examples, rows);
        Ok(())
    }

    fn labels(&self, examples: &[u32], labels: &mut [u32]) -> Result<()> {
        self.check(examples)?;
        match &self.targets {
            Targets::Classes { labels: all, .. } => pick(all, 1, examples, labels),
            Targets::Values { .. } => {
                return Err(Error::Mismatch("the dataset has no classes".into()));
            }
        }
        Ok(())
    }

    fn values(&self, examples: &[u32], values: &mut [f32]) -> Result<()> {
        self.check(examples)?;
        match &self.targets {
            Targets::Values { values: all, width } => pick(all, *width, examples, values),
            Targets::Classes { .. } => {
                return Err(Error::Mismatch("the dataset has no values".into()));
            }
        }
        Ok(())
    }

    fn weights(&self, examples: &[u32], weights: &mut [f32]) -> Result<bool> {
        self.check(examples)?;
        let Some(all) = &self.weights else { return Ok(false) };
        pick(all, 1, examples, weights);
        Ok(true)
    }
}

impl Dataset {
    fn check(&self, examples: &[u32]) -> Result<()> {
        match examples.iter().find(|&&example| example as usize >= self.len) {
            Some(&example) => {
                Err(Error::Mismatch(format!("there is no example {example} among {}", self.len)))
            }
            None => Ok(()),
        }
    }
}

/// Copies the rows of the `examples`.
fn pick<T: Copy>(all: &[T], width: usize, examples: &[u32], rows: &mut [T]) {
    for (to, &example) in rows.chunks_exact_mut(width).zip(examples) {
        let start = example as usize * width;
        to.copy_from_slice(&all[start..start + width]);
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
