//! Examples held in memory.

use super::{Examples, Scale, Target};
use chainrule::error::{Error, Result};
use chainrule::simd::{prefetch, vectorized};
use chainrule::tensor::Real;

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
    Values { values: Vec<f32>, width: usize, scales: Vec<Scale> },
}

/// Examples in memory, with a class or with target values each.
///
/// ```
/// use chainrule_train::data::Dataset;
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
    /// use chainrule_train::data::Dataset;
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
        Error::count("features", features.len(), width * labels.len())?;
        check_labels("the labels", &labels, classes)?;
        Ok(Self::classified(width, Features::Reals(features), labels, classes))
    }

    /// A dataset of rows of `width` features with target values: as many for each row as
    /// the number of `values` gives.
    ///
    /// ```
    /// use chainrule_train::data::{Dataset, Examples, Target};
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
        let targets = Targets::Values { values, width: targets, scales: Vec::new() };
        Ok(Self { width, len, features: Features::Reals(features), targets, weights: None })
    }

    /// Rows of features alone, to predict from: their targets are rows of no values.
    pub(super) fn unlabelled(width: usize, len: usize, features: Vec<f32>) -> Self {
        let targets = Targets::Values { values: Vec::new(), width: 0, scales: Vec::new() };
        Self { width, len, features: Features::Reals(features), targets, weights: None }
    }

    /// Images as bytes, with labels that lie below the number of classes.
    pub(super) fn images(width: usize, bytes: Vec<u8>, labels: Vec<u32>, classes: usize) -> Self {
        Self::classified(width, Features::Bytes(bytes), labels, classes)
    }

    /// Images as bytes, to predict from.
    pub(super) fn unlabelled_images(width: usize, bytes: Vec<u8>) -> Self {
        let len = bytes.len().checked_div(width).unwrap_or(0);
        Self { features: Features::Bytes(bytes), ..Self::unlabelled(width, len, Vec::new()) }
    }

    /// The bytes of each example, where they are bytes.
    pub(super) fn bytes(&self) -> impl Iterator<Item = &[u8]> {
        let bytes = match &self.features {
            Features::Bytes(bytes) => bytes.as_slice(),
            Features::Reals(_) => &[],
        };
        bytes.chunks_exact(self.width.max(1))
    }

    /// The `examples` alone, which exist.
    pub(super) fn select(&self, examples: &[u32]) -> Self {
        let features = match &self.features {
            Features::Bytes(all) => Features::Bytes(picked(all, self.width, examples)),
            Features::Reals(all) => Features::Reals(picked(all, self.width, examples)),
        };
        let targets = match &self.targets {
            Targets::Classes { labels, names } => {
                Targets::Classes { labels: picked(labels, 1, examples), names: names.clone() }
            }
            Targets::Values { values, width, scales } => {
                let values = picked(values, *width, examples);
                Targets::Values { values, width: *width, scales: scales.clone() }
            }
        };
        let weights = self.weights.as_ref().map(|weights| picked(weights, 1, examples));
        Self { width: self.width, len: examples.len(), features, targets, weights }
    }

    /// The first examples, so many; all where there are no more.
    ///
    /// ```
    /// use chainrule_train::data::Dataset;
    /// let data = Dataset::new(1, vec![0.0, 1.0, 2.0], vec![0, 1, 1], 2)?;
    /// assert_eq!(data.first(2).labels(), [0, 1]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn first(&self, count: usize) -> Self {
        self.select(&(0..count.min(self.len) as u32).collect::<Vec<_>>())
    }

    /// The same whose values were standardised, each column by its scale.
    pub(super) fn scaled(mut self, scales: &[Scale]) -> Self {
        if let Targets::Values { scales: own, .. } = &mut self.targets {
            *own = scales.to_vec();
        }
        self
    }

    fn classified(width: usize, features: Features, labels: Vec<u32>, classes: usize) -> Self {
        let names = (0..classes).map(|class| class.to_string()).collect();
        let (len, targets) = (labels.len(), Targets::Classes { labels, names });
        Self { width, len, features, targets, weights: None }
    }

    /// Names the classes, which are called by their numbers otherwise.
    ///
    /// ```
    /// use chainrule_train::data::Dataset;
    /// let data = Dataset::new(1, vec![0.0, 1.0], vec![0, 1], 2)?;
    /// let named = data.with_class_names(vec!["cat".into(), "dog".into()])?;
    /// assert_eq!(named.class_names(), ["cat", "dog"]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// Another number of names than of classes.
    pub fn with_class_names(mut self, names: Vec<String>) -> Result<Self> {
        Error::count("names of classes", names.len(), self.classes())?;
        if let Targets::Classes { names: known, .. } = &mut self.targets {
            *known = names;
        }
        Ok(self)
    }

    /// Lets every example count as much as its weight says.
    ///
    /// ```
    /// use chainrule_train::data::{Dataset, Examples};
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
        Error::count("weights of examples", weights.len(), self.len)?;
        for (example, &weight) in weights.iter().enumerate() {
            let ok = weight >= 0.0 && weight.is_finite();
            let name = format!("the weight of example {example}");
            Error::check(ok, &name, weight, "finite and not negative")?;
        }
        self.weights = Some(weights);
        Ok(self)
    }

    /// The number of examples.
    ///
    /// ```
    /// # use chainrule_train::data::Dataset;
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
    /// # use chainrule_train::data::Dataset;
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
    /// # use chainrule_train::data::Dataset;
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
    /// # use chainrule_train::data::Dataset;
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
    /// # use chainrule_train::data::Dataset;
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
    /// # use chainrule_train::data::Dataset;
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
    /// # use chainrule_train::data::Dataset;
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
}

impl Examples for Dataset {
    fn scales(&self) -> Vec<Scale> {
        match &self.targets {
            Targets::Classes { .. } => Vec::new(),
            Targets::Values { scales, .. } => scales.clone(),
        }
    }

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
                return Err(Error::Content { name: "the target".into(), labels: false });
            }
        }
        Ok(())
    }

    fn values(&self, examples: &[u32], values: &mut [f32]) -> Result<()> {
        self.check(examples)?;
        match &self.targets {
            Targets::Values { values: all, width, .. } => pick(all, *width, examples, values),
            Targets::Classes { .. } => {
                return Err(Error::Content { name: "the target".into(), labels: true });
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
        let beyond = examples.iter().find(|&&example| example as usize >= self.len);
        beyond.map_or(Ok(()), |&example| Err(no_example(example, self.len)))
    }
}

/// The rows of the `examples`.
fn picked<T: Copy + Default>(all: &[T], width: usize, examples: &[u32]) -> Vec<T> {
    let mut rows = vec![T::default(); width * examples.len()];
    pick(all, width, examples, &mut rows);
    rows
}

/// Copies the rows of the `examples`.
fn pick<T: Copy>(all: &[T], width: usize, examples: &[u32], rows: &mut [T]) {
    for (to, &example) in rows.chunks_exact_mut(width.max(1)).zip(examples) {
        let start = example as usize * width;
        to.copy_from_slice(&all[start..start + width]);
    }
}

pub(super) fn check_labels(place: &str, labels: &[u32], classes: usize) -> Result<()> {
    match labels.iter().find(|&&label| label as usize >= classes) {
        Some(&label) => Err(Error::Label { place: place.into(), label: label as usize, classes }),
        None => Ok(()),
    }
}

/// The error of an example that is asked for beyond the last of `len`.
pub(super) fn no_example(example: u32, len: usize) -> Error {
    let last = (len as u64).saturating_sub(1);
    Error::Absent { what: "example", number: example.into(), first: 0, last }
}
