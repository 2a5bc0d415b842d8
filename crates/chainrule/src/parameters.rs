//! Parameters: named tensors that live outside every graph.

use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::store::Store;
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
    store: Store<String, T>,
}

impl<T: Real> Default for Parameters<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: PartialEq> PartialEq for Parameters<T> {
    fn eq(&self, other: &Self) -> bool {
        self.store == other.store
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
        Self { store: Store::new() }
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
        self.store.insert(name.into(), tensor);
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
        self.find(name, 0).map(|(_, tensor)| tensor)
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
        let (at, _) = self.find(name, 0)?;
        Ok(self.store.at_mut(at))
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
        self.store.iter().map(|(name, tensor)| (name.as_str(), tensor))
    }

    /// The number of elements of all parameters.
    ///
    /// ```
    /// use chainrule::nn::{Affine, Init, Network};
    /// let network = Network::flat(Affine::new(10, Init::He), 784)?;
    /// assert_eq!(network.initial::<f32>(0)?.count(), 784 * 10 + 10);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn count(&self) -> usize {
        self.store.iter().map(|(_, tensor)| tensor.shape().len()).sum()
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
        Parameters { store: self.store.cast() }
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
        for (_, tensor) in self.store.iter() {
            bytes.clear();
            tensor.values().iter().for_each(|x| x.extend_le_bytes(&mut bytes));
            hash.update(&bytes);
        }
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Whether no element is NaN or infinite.
    pub fn is_finite(&self) -> bool {
        self.store.is_finite()
    }

    /// Where `name` stands, looking at `hint` first.
    pub(crate) fn find(&self, name: &str, hint: usize) -> Result<(usize, &Tensor<T>)> {
        let Some(at) = self.store.find(name, hint) else {
            let known: Vec<&str> = self.iter().map(|(name, _)| name).collect();
            return Err(Error::unknown("parameter", name, known));
        };
        Ok((at, self.store.at(at)))
    }

    /// Changes whenever names, shapes or their order may have changed.
    pub(crate) fn version(&self) -> u64 {
        self.store.version()
    }

    /// The values at a place that [`Parameters::find`] gave, to be changed.
    pub(crate) fn values_at_mut(&mut self, at: usize) -> &mut [T] {
        self.store.values_at_mut(at)
    }

    /// The values at such a place.
    pub(crate) fn values_at(&self, at: usize) -> &[T] {
        self.store.at(at).values()
    }
}
