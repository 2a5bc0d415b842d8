//! Parameters: named tensors that live outside every graph.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::store::Store;
use crate::tensor::{Real, Shape, Tensor};

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
#[doc(alias("state_dict", "VarMap"))]
#[derive(Clone, Debug)]
pub struct Parameters<T> {
    store: Store<String, T>,
}

impl<T: Real> Default for Parameters<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// Parameters by name.
///
/// ```
/// use chainrule::{Parameters, Tensor};
/// let p = Parameters::from_iter([("w", Tensor::full([2], 1.0)), ("b", Tensor::scalar(0.0))]);
/// assert_eq!(p.count(), 3);
/// ```
impl<N: Into<String>, T: Real> FromIterator<(N, Tensor<T>)> for Parameters<T> {
    fn from_iter<I: IntoIterator<Item = (N, Tensor<T>)>>(named: I) -> Self {
        let mut all = Self::new();
        named.into_iter().for_each(|(name, tensor)| all.insert(name, tensor));
        all
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

    /// These parameters under longer names: `weight` becomes `encoder.weight`, as modules name those of
    /// their parts.
    ///
    /// ```
    /// use chainrule::{Parameters, Tensor};
    /// let mut p = Parameters::new();
    /// p.insert("weight", Tensor::scalar(1.0));
    /// assert!(p.prefixed("encoder").get("encoder.weight").is_ok());
    /// ```
    #[must_use]
    pub fn prefixed(&self, path: &str) -> Self {
        let mut all = Self::new();
        self.iter().for_each(|(name, tensor)| all.insert(format!("{path}.{name}"), tensor.clone()));
        all
    }

    /// The parameters whose names begin with this path, without it: what [`Parameters::prefixed`] makes
    /// undone.
    ///
    /// ```
    /// use chainrule::{Parameters, Tensor};
    /// let mut p = Parameters::new();
    /// p.insert("encoder.weight", Tensor::scalar(1.0));
    /// p.insert("head.weight", Tensor::scalar(2.0));
    /// assert_eq!(p.within("encoder").get("weight")?.values(), [1.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn within(&self, path: &str) -> Self {
        let mut own = Self::new();
        for (name, tensor) in self.iter() {
            let rest = name.strip_prefix(path).and_then(|rest| rest.strip_prefix('.'));
            rest.into_iter().for_each(|rest| own.insert(rest, tensor.clone()));
        }
        own
    }

    /// The parameters whose names are as asked for.
    ///
    /// ```
    /// use chainrule::{Parameters, Tensor};
    /// let mut p = Parameters::new();
    /// p.insert("weight", Tensor::scalar(1.0));
    /// p.insert("bias", Tensor::scalar(2.0));
    /// assert_eq!(p.filter(|name| name != "bias").count(), 1);
    /// ```
    #[must_use]
    pub fn filter(&self, keep: impl Fn(&str) -> bool) -> Self {
        let mut kept = Self::new();
        let all = self.iter().filter(|(name, _)| keep(name));
        all.for_each(|(name, tensor)| kept.insert(name, tensor.clone()));
        kept
    }

    /// These parameters and others.
    ///
    /// ```
    /// use chainrule::{Parameters, Tensor};
    /// let mut p = Parameters::new();
    /// p.insert("weight", Tensor::scalar(1.0));
    /// let both = p.prefixed("encoder").merged(&p.prefixed("head"))?;
    /// assert_eq!(both.count(), 2);
    /// assert!(both.merged(&p.prefixed("head")).unwrap_err().to_string().contains("`head.weight`"));
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// A name is among both.
    pub fn merged(&self, others: &Self) -> Result<Self> {
        let mut all = self.clone();
        for (name, tensor) in others.iter() {
            all.insert_new(name.to_owned(), tensor.clone())?;
        }
        Ok(all)
    }

    /// These parameters under other names, and perhaps in another form: `rename` gives the new name, or
    /// `None` for one that is left out.
    ///
    /// For what another library calls its parameters. PyTorch's `Linear` keeps its weight as `[outputs,
    /// inputs]`, an affine layer here as `[inputs, outputs]`; see [`Tensor::transposed`]:
    ///
    /// ```
    /// use chainrule::{Parameters, Tensor};
    /// let mut torch = Parameters::new();
    /// torch.insert("fc1.weight", Tensor::new([2, 3], vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0])?);
    /// torch.insert("fc1.bias", Tensor::new([2], vec![0.0, 0.5])?);
    /// let mut own = torch.renamed(|name| Some(name.replace("fc", "affine")))?;
    /// let weight = own.get_mut("affine1.weight")?;
    /// *weight = weight.transposed()?;
    /// assert_eq!(own.get("affine1.weight")?.values(), [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// Two parameters get one name.
    pub fn renamed(&self, rename: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let mut all = Self::new();
        for (name, tensor) in self.iter() {
            if let Some(name) = rename(name) {
                all.insert_new(name, tensor.clone())?;
            }
        }
        Ok(all)
    }

    /// Takes the values of others over, such as those of a part that was trained before; what they do
    /// not name stays.
    ///
    /// ```
    /// use chainrule::{Parameters, Tensor};
    /// let (mut model, mut encoder) = (Parameters::new(), Parameters::new());
    /// model.insert("encoder.weight", Tensor::scalar(0.0));
    /// model.insert("head.weight", Tensor::scalar(1.0));
    /// encoder.insert("weight", Tensor::scalar(2.0));
    /// model.assign(&encoder.prefixed("encoder"))?;
    /// assert_eq!(model.get("encoder.weight")?.values(), [2.0]);
    /// assert_eq!(model.get("head.weight")?.values(), [1.0]);
    ///
    /// let error = model.assign(&encoder).unwrap_err().to_string();
    /// assert!(error.contains("no parameter named `weight`"), "{error}");
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// There are none, or one of them is not among these or has another shape here; nothing is changed then.
    #[doc(alias("load_state_dict"))]
    pub fn assign(&mut self, others: &Self) -> Result<()> {
        if others.iter().next().is_none() {
            let message = "there are no parameters to take over: is the path or pattern right that chose them?";
            return Err(Error::Mismatch(message.into()));
        }
        for (name, new) in others.iter() {
            let (old, new) = (self.get(name)?.shape(), new.shape());
            if old != new {
                return Err(Error::Mismatch(format!("`{name}` is {old} here and {new} there")));
            }
        }
        others.iter().try_for_each(|(name, new)| self.get_mut(name).map(|old| *old = new.clone()))
    }

    fn insert_new(&mut self, name: String, tensor: Tensor<T>) -> Result<()> {
        if self.store.find(name.as_str(), usize::MAX).is_some() {
            return Err(Error::Mismatch(format!("two parameters are named `{name}`")));
        }
        self.store.push(name, tensor);
        Ok(())
    }

    /// How others differ from these.
    ///
    /// ```
    /// use chainrule::{Parameters, Tensor};
    /// let (mut a, mut b) = (Parameters::new(), Parameters::new());
    /// a.insert("weight", Tensor::new([2], vec![1.0, 2.0])?);
    /// b.insert("weight", Tensor::new([2], vec![1.0, 2.5])?);
    /// b.insert("bias", Tensor::scalar(0.0));
    /// let difference = a.compare(&b);
    /// assert_eq!(difference.furthest, Some(("weight".into(), 0.5)));
    /// assert_eq!(difference.to_string(), "not in the first: bias; furthest apart: `weight`, by 0.5");
    /// assert!(!difference.is_equal() && a.compare(&a).is_equal());
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn compare(&self, others: &Self) -> Difference {
        let names = |from: &Self, beside: &Self| -> Vec<String> {
            let only = from.iter().filter(|(name, _)| beside.store.find(*name, 0).is_none());
            only.map(|(name, _)| name.to_owned()).collect()
        };
        let mut difference = Difference {
            only_first: names(self, others),
            only_second: names(others, self),
            shapes: Vec::new(),
            furthest: None,
        };
        for (name, a) in self.iter() {
            let Some(at) = others.store.find(name, 0) else { continue };
            let b = others.store.at(at);
            if a.shape() != b.shape() {
                difference.shapes.push((name.to_owned(), a.shape(), b.shape()));
                continue;
            }
            let pairs = a.values().iter().zip(b.values());
            for by in pairs.map(|(a, b)| apart(a.to_f64(), b.to_f64())) {
                if by > difference.furthest.as_ref().map_or(0.0, |&(_, most)| most) {
                    difference.furthest = Some((name.to_owned(), by));
                }
            }
        }
        difference
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

/// How far two numbers are apart: 0 where both are NaN, infinitely far where one is.
fn apart(a: f64, b: f64) -> f64 {
    match (a.is_nan(), b.is_nan()) {
        (true, true) => 0.0,
        (false, false) if a == b => 0.0,
        (false, false) => (a - b).abs(),
        _ => f64::INFINITY,
    }
}

/// How two lots of parameters differ, by [`Parameters::compare`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Difference {
    /// The names that only the first has.
    pub only_first: Vec<String>,
    /// The names that only the second has.
    pub only_second: Vec<String>,
    /// The names of different shapes, with both.
    pub shapes: Vec<(String, Shape, Shape)>,
    /// The parameter with the two elements that are furthest apart, and how far; `None` where all that can
    /// be compared are equal.
    pub furthest: Option<(String, f64)>,
}

impl Difference {
    /// Whether there is none.
    #[must_use]
    pub fn is_equal(&self) -> bool {
        *self == Self::default()
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut told = Vec::new();
        for (which, names) in [("second", &self.only_first), ("first", &self.only_second)] {
            if !names.is_empty() {
                told.push(format!("not in the {which}: {}", names.join(", ")));
            }
        }
        told.extend(self.shapes.iter().map(|(name, a, b)| format!("`{name}` is {a} and {b}")));
        if let Some((name, by)) = &self.furthest {
            told.push(format!("furthest apart: `{name}`, by {by}"));
        }
        match told.is_empty() {
            true => f.write_str("no difference"),
            false => f.write_str(&told.join("; ")),
        }
    }
}
