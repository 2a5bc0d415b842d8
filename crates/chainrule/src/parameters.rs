//! Parameters: named tensors that live outside every graph.

use std::sync::atomic::{AtomicU64, Ordering};

use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::tensor::{Real, Tensor};

/// Named tensors, in the order of the layers, that every plan of a model shares.
///
/// ```
/// use chainrule::{Parameters, Tensor};
/// let mut p = Parameters::new();
/// p.insert("w", Tensor::full([2, 3], 0.5_f32));
/// assert_eq!(p.count(), 6);
/// assert_eq!(p.get("w")?.shape().dims(), [2, 3]);
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Parameters<T> {
    entries: Vec<(String, Tensor<T>)>,
    /// Another number whenever names, shapes or their order may have changed, so that a plan need not
    /// look the names up again for each run.
    version: u64,
}

/// The next version, never given twice.
static VERSION: AtomicU64 = AtomicU64::new(1);

impl<T: Real> Default for Parameters<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: PartialEq> PartialEq for Parameters<T> {
    fn eq(&self, other: &Self) -> bool {
        self.entries == other.entries
    }
}

impl<T: Real> Parameters<T> {
    /// No parameters yet.
    ///
    /// ```
    /// assert_eq!(chainrule::Parameters::<f32>::new().count(), 0);
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self { entries: Vec::new(), version: 0 }
    }

    /// Adds a parameter, or replaces the one of that name.
    ///
    /// ```
    /// use chainrule::{Parameters, Tensor};
    /// let mut p = Parameters::new();
    /// p.insert("w", Tensor::scalar(1.0));
    /// p.insert("w", Tensor::scalar(2.0));
    /// assert_eq!(p.get("w")?.values(), [2.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    pub fn insert(&mut self, name: impl Into<String>, tensor: Tensor<T>) {
        let name = name.into();
        self.version = VERSION.fetch_add(1, Ordering::Relaxed);
        match self.entries.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = tensor,
            None => self.entries.push((name, tensor)),
        }
    }

    /// The parameter named `name`.
    ///
    /// ```
    /// use chainrule::{Parameters, Tensor};
    /// let mut p = Parameters::new();
    /// p.insert("w", Tensor::new([2], vec![1.0_f32, 2.0])?);
    /// assert_eq!(p.get("w")?.values(), [1.0, 2.0]);
    /// assert!(p.get("v").unwrap_err().to_string().contains("there are: w"));
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// There is none; the message lists those that exist.
    pub fn get(&self, name: &str) -> Result<&Tensor<T>> {
        let found = self.entries.iter().find(|(known, _)| known == name);
        found.map(|(_, tensor)| tensor).ok_or_else(|| self.unknown(name))
    }

    /// The parameter named `name`, to be changed.
    ///
    /// ```
    /// use chainrule::{Parameters, Tensor};
    /// let mut p = Parameters::new();
    /// p.insert("w", Tensor::new([2], vec![1.0_f32, 2.0])?);
    /// p.get_mut("w")?.values_mut()[0] = 7.0;
    /// assert_eq!(p.get("w")?.values(), [7.0, 2.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// There is none; the message lists those that exist.
    pub fn get_mut(&mut self, name: &str) -> Result<&mut Tensor<T>> {
        match self.entries.iter().position(|(known, _)| known == name) {
            Some(at) => {
                // The caller may put another tensor there.
                self.version = VERSION.fetch_add(1, Ordering::Relaxed);
                Ok(&mut self.entries[at].1)
            }
            None => Err(self.unknown(name)),
        }
    }

    /// Names and tensors, in order.
    ///
    /// ```
    /// use chainrule::{Parameters, Tensor};
    /// let mut p = Parameters::new();
    /// p.insert("w", Tensor::new([2], vec![1.0_f32, 2.0])?);
    /// let names: Vec<&str> = p.iter().map(|(name, _)| name).collect();
    /// assert_eq!(names, ["w"]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Tensor<T>)> {
        self.entries.iter().map(|(name, tensor)| (name.as_str(), tensor))
    }

    /// The parameters of these names, and the others.
    pub fn split(&self, names: &[String]) -> (Self, Self) {
        let (mut named, mut others) = (Self::new(), Self::new());
        for (name, tensor) in self.iter() {
            let part = if names.iter().any(|n| n == name) { &mut named } else { &mut others };
            part.insert(name, tensor.clone());
        }
        (named, others)
    }

    /// The number of elements of all parameters.
    ///
    /// ```
    /// use chainrule::nn::{Affine, Init, Sequential};
    /// let model = Sequential::new().with(Affine::new(784, 10, Init::He));
    /// assert_eq!(model.initial::<f32>(0)?.count(), 784 * 10 + 10);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn count(&self) -> usize {
        self.entries.iter().map(|(_, tensor)| tensor.shape().len()).sum()
    }

    /// The same parameters in another precision.
    ///
    /// ```
    /// use chainrule::{Parameters, Tensor};
    /// let mut p = Parameters::new();
    /// p.insert("w", Tensor::new([2], vec![1.0_f32, 2.0])?);
    /// assert_eq!(p.cast::<f64>().get("w")?.values(), [1.0_f64, 2.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn cast<U: Real>(&self) -> Parameters<U> {
        let cast = |tensor: &Tensor<T>| tensor.map(|x| U::from_f64(x.to_f64()));
        let entries = self.entries.iter().map(|(name, t)| (name.clone(), cast(t))).collect();
        Parameters { entries, version: VERSION.fetch_add(1, Ordering::Relaxed) }
    }

    /// The SHA-256 of all elements' little-endian bytes, in order, in hexadecimal: equal for equal
    /// bits.
    ///
    /// ```
    /// let p = chainrule::Parameters::<f32>::new();
    /// assert!(p.sha256().starts_with("e3b0c44298fc1c14"));
    /// ```
    #[must_use]
    pub fn sha256(&self) -> String {
        let mut hash = Sha256::new();
        let mut bytes = Vec::new();
        for (_, tensor) in &self.entries {
            bytes.clear();
            tensor.values().iter().for_each(|x| x.extend_le_bytes(&mut bytes));
            hash.update(&bytes);
        }
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Whether no element is NaN or infinite.
    pub fn is_finite(&self) -> bool {
        self.entries.iter().all(|(_, tensor)| tensor.values().iter().all(|x| x.is_finite()))
    }

    /// Where `name` stands, looking at `hint` first.
    pub(crate) fn find(&self, name: &str, hint: usize) -> Result<(usize, &Tensor<T>)> {
        let at = match self.entries.get(hint) {
            Some((known, _)) if known == name => hint,
            _ => self
                .entries
                .iter()
                .position(|(known, _)| known == name)
                .ok_or_else(|| self.unknown(name))?,
        };
        Ok((at, &self.entries[at].1))
    }

    /// Changes whenever names, shapes or their order may have changed.
    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    /// The values at a place that [`Parameters::find`] gave.
    pub(crate) fn values_at(&self, at: usize) -> &[T] {
        self.entries[at].1.values()
    }

    /// The values at a place that [`Parameters::find`] gave, to be changed.
    pub(crate) fn values_at_mut(&mut self, at: usize) -> &mut [T] {
        self.entries[at].1.values_mut()
    }

    fn unknown(&self, name: &str) -> Error {
        let known: Vec<&str> = self.entries.iter().map(|(name, _)| name.as_str()).collect();
        Error::unknown("parameter", name, known)
    }
}
