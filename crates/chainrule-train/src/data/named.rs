//! Examples of any shape: named arrays, each of which has a part for every example.

use std::sync::Arc;

use super::examples::{shuffle, unwritten};
use super::{Examples, Target};
use chainrule::error::{Error, Result};
use chainrule::nn::{Field, FieldKind};
use chainrule::tensor::MAX_RANK;

/// What a model of any shape learns from: examples that consist of named [`Field`]s, such as an image, a
/// text and its class.
///
/// Examples are numbered from 0. The methods that fill a slice take the elements of one example after
/// another, in the order asked for, from several threads at once.
///
/// ```
/// use chainrule::Result;
/// use chainrule::nn::Field;
/// use chainrule_train::data::Data;
///
/// /// A hundred stretches of a sine, and what comes next.
/// struct Waves;
///
/// impl Data for Waves {
///     fn len(&self) -> usize { 100 }
///     fn fields(&self) -> Vec<Field> {
///         vec![Field::real("past", [20]), Field::real("next", [])]
///     }
///     fn reals(&self, field: &str, examples: &[u32], values: &mut [f32]) -> Result<()> {
///         let at = |example: u32, time: usize| (example as f32 + 0.1 * time as f32).sin();
///         match field {
///             "past" => {
///                 for (&example, row) in examples.iter().zip(values.chunks_exact_mut(20)) {
///                     row.iter_mut().enumerate().for_each(|(time, x)| *x = at(example, time));
///                 }
///             }
///             _ => values.iter_mut().zip(examples).for_each(|(x, &example)| *x = at(example, 20)),
///         }
///         Ok(())
///     }
/// }
///
/// let mut next = [0.0; 1];
/// Waves.reals("next", &[3], &mut next)?;
/// assert_eq!(next, [5.0_f32.sin()]);
/// # Ok::<(), chainrule::Error>(())
/// ```
pub trait Data: Send + Sync {
    /// The number of examples.
    fn len(&self) -> usize;

    /// Whether there are no examples.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What an example consists of.
    fn fields(&self) -> Vec<Field>;

    /// Writes the real numbers of a field, masks among them, of each of the `examples`.
    ///
    /// # Errors
    /// The data cannot be read, or has no such field of real numbers.
    fn reals(&self, field: &str, examples: &[u32], values: &mut [f32]) -> Result<()> {
        let _ = (examples, values);
        Err(unwritten(&format!("the field `{field}` holds real numbers"), "Data::reals"))
    }

    /// Writes the labels of a field of each of the `examples`.
    ///
    /// # Errors
    /// The data cannot be read, or has no such field of labels.
    fn labels(&self, field: &str, examples: &[u32], labels: &mut [u32]) -> Result<()> {
        let _ = (examples, labels);
        Err(unwritten(&format!("the field `{field}` holds labels"), "Data::labels"))
    }

    /// The order of the examples in an epoch (counted from 0): a shuffle that depends on seed and epoch
    /// alone. Cut it into chunks of the batch size; the last may be shorter.
    ///
    /// One of your own is as long as there are examples; some may come several times and others not at
    /// all, as where they are drawn by weights. Trainings are resumed and replayed to the same bits if it
    /// depends on seed and epoch alone.
    fn order(&self, seed: u64, epoch: u32) -> Vec<u32> {
        shuffle(self.len(), seed, epoch)
    }

    /// The same examples as rows of features with one target, where they are [`Flat`]: only these have
    /// a class or values of which scores and explanations tell.
    fn flat(&self) -> Option<&dyn Examples> {
        None
    }
}

/// The field of [`Flat`] examples that holds their features.
pub const FEATURES: &str = "x";
/// The field of [`Flat`] examples that holds their targets: a class, or values.
pub const TARGET: &str = "t";

/// Rows of features with one target as named fields: `x` and the target `t`.
///
/// ```
/// use chainrule_train::data::{Data, Dataset, Rows};
/// let data = Dataset::new(2, vec![0.0, 0.5, 1.0, 1.5], vec![0, 1], 2)?;
/// let fields: Vec<String> = Rows(&data).fields().iter().map(ToString::to_string).collect();
/// assert_eq!(fields, ["`x` [batch, 2]", "`t` [batch] of labels below 2"]);
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Clone, Copy)]
pub struct Rows<'d>(pub &'d dyn Examples);

impl Data for Rows<'_> {
    fn len(&self) -> usize {
        self.0.len()
    }
    fn fields(&self) -> Vec<Field> {
        let t = match self.0.target() {
            Target::Class { classes } => Field::labels(TARGET, [], classes),
            Target::Values { width } => Field::real(TARGET, [width]),
        };
        vec![Field::real(FEATURES, [self.0.width()]), t]
    }
    fn reals(&self, field: &str, examples: &[u32], values: &mut [f32]) -> Result<()> {
        match field {
            FEATURES => self.0.features(examples, values),
            _ => self.0.values(examples, values),
        }
    }
    fn labels(&self, _field: &str, examples: &[u32], labels: &mut [u32]) -> Result<()> {
        self.0.labels(examples, labels)
    }
    fn order(&self, seed: u64, epoch: u32) -> Vec<u32> {
        self.0.order(seed, epoch)
    }
    fn flat(&self) -> Option<&dyn Examples> {
        Some(self.0)
    }
}

/// [`Rows`] that own their examples.
#[derive(Clone)]
pub struct Flat(Arc<dyn Examples>);

impl Flat {
    /// These examples.
    pub fn new(examples: impl Examples + 'static) -> Self {
        Self(Arc::new(examples))
    }
}

impl From<Arc<dyn Examples>> for Flat {
    fn from(examples: Arc<dyn Examples>) -> Self {
        Self(examples)
    }
}

impl Data for Flat {
    fn len(&self) -> usize {
        self.0.len()
    }
    fn fields(&self) -> Vec<Field> {
        Rows(&*self.0).fields()
    }
    fn reals(&self, field: &str, examples: &[u32], values: &mut [f32]) -> Result<()> {
        Rows(&*self.0).reals(field, examples, values)
    }
    fn labels(&self, field: &str, examples: &[u32], labels: &mut [u32]) -> Result<()> {
        Rows(&*self.0).labels(field, examples, labels)
    }
    fn order(&self, seed: u64, epoch: u32) -> Vec<u32> {
        self.0.order(seed, epoch)
    }
    fn flat(&self) -> Option<&dyn Examples> {
        Some(&*self.0)
    }
}

/// Examples in memory, as named arrays with one part for each example.
///
/// ```
/// use chainrule_train::data::{Arrays, Data};
/// let data = Arrays::new()
///     .labels("city", [], 3, vec![0, 2])?
///     .real("size", [2], vec![50.0, 2.0, 80.0, 3.0])?
///     .real("price", [], vec![100.0, 240.0])?;
/// assert_eq!(data.len(), 2);
/// let error = data.real("rooms", [], vec![2.0]).unwrap_err().to_string();
/// assert!(error.contains("`rooms`") && error.contains("2"), "{error}");
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Arrays {
    len: usize,
    fields: Vec<(Field, Array)>,
}

#[derive(Clone, Debug)]
enum Array {
    Reals(Vec<f32>),
    Labels(Vec<u32>),
}

impl Arrays {
    /// No arrays yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// These arrays and one of real numbers, of this shape for each example.
    ///
    /// # Errors
    /// The name is taken, or the values are no whole number of examples, or not as many as before.
    pub fn real(
        self,
        name: &str,
        shape: impl Into<chainrule::Shape>,
        values: Vec<f32>,
    ) -> Result<Self> {
        self.add(Field::real(name, shape), Array::Reals(values))
    }

    /// These arrays and one of ones and zeros, of this shape for each example.
    ///
    /// # Errors
    /// As [`Arrays::real`], or another number than 0 and 1.
    pub fn mask(
        self,
        name: &str,
        shape: impl Into<chainrule::Shape>,
        values: Vec<f32>,
    ) -> Result<Self> {
        if let Some(other) = values.iter().find(|&&x| x != 0.0 && x != 1.0) {
            let (name, value) = (format!("an element of the mask `{name}`"), other.to_string());
            return Err(Error::Setting { name, value, wanted: "0 or 1".into() });
        }
        self.add(Field::mask(name, shape), Array::Reals(values))
    }

    /// These arrays and one of labels below `bound`, of this shape for each example.
    ///
    /// # Errors
    /// As [`Arrays::real`], or a label that is not below `bound`.
    pub fn labels(
        self,
        name: &str,
        shape: impl Into<chainrule::Shape>,
        bound: usize,
        labels: Vec<u32>,
    ) -> Result<Self> {
        let field = Field::labels(name, shape, bound);
        if let Some(label) = labels.iter().find(|&&label| label as usize >= bound) {
            let (name, value) = (format!("a label of `{name}`"), label.to_string());
            return Err(Error::Setting { name, value, wanted: format!("below {bound}").into() });
        }
        self.add(field, Array::Labels(labels))
    }

    fn add(mut self, field: Field, array: Array) -> Result<Self> {
        let name = field.name();
        if self.fields.iter().any(|(known, _)| known.name() == name) {
            return Err(Error::Mismatch(format!("there are two arrays named `{name}`")));
        }
        let (each, found) = (field.shape().len(), array.len());
        if each == 0 || !found.is_multiple_of(each) {
            return Err(Error::Mismatch(format!(
                "`{name}` has {found} elements, no whole number of examples of {each}"
            )));
        }
        if !self.fields.is_empty() && found / each != self.len {
            return Err(Error::Mismatch(format!(
                "`{name}` has {} examples, but the arrays before it have {}",
                found / each,
                self.len
            )));
        }
        self.len = found / each;
        self.fields.push((field, array));
        Ok(self)
    }

    fn array(&self, field: &str) -> Result<(&Field, &Array)> {
        let found = self.fields.iter().find(|(known, _)| known.name() == field);
        found.map(|(field, array)| (field, array)).ok_or_else(|| {
            Error::unknown("field", field, self.fields.iter().map(|(field, _)| field.name()))
        })
    }
}

impl Array {
    fn len(&self) -> usize {
        match self {
            Self::Reals(values) => values.len(),
            Self::Labels(labels) => labels.len(),
        }
    }
}

/// Copies the parts of the examples, of `each` elements, one after another.
fn gather<E: Copy>(all: &[E], each: usize, examples: &[u32], into: &mut [E]) -> Result<()> {
    for (&example, part) in examples.iter().zip(into.chunks_exact_mut(each)) {
        let start = example as usize * each;
        let Some(found) = all.get(start..start + each) else {
            let last = (all.len() / each).saturating_sub(1) as u64;
            return Err(Error::Absent { what: "example", number: example.into(), first: 0, last });
        };
        part.copy_from_slice(found);
    }
    Ok(())
}

impl Data for Arrays {
    fn len(&self) -> usize {
        self.len
    }
    fn fields(&self) -> Vec<Field> {
        self.fields.iter().map(|(field, _)| field.clone()).collect()
    }
    fn reals(&self, field: &str, examples: &[u32], values: &mut [f32]) -> Result<()> {
        match self.array(field)? {
            (field, Array::Reals(all)) => gather(all, field.shape().len(), examples, values),
            (field, _) => Err(Error::Content { name: field.to_string(), labels: true }),
        }
    }
    fn labels(&self, field: &str, examples: &[u32], labels: &mut [u32]) -> Result<()> {
        match self.array(field)? {
            (field, Array::Labels(all)) => gather(all, field.shape().len(), examples, labels),
            (field, _) => Err(Error::Content { name: field.to_string(), labels: false }),
        }
    }
}

/// Checks that the data has every input of a model, in its shape and kind, and no two fields of one name.
///
/// # Errors
/// The first input that it lacks or has otherwise, with both; or a field that it has twice, or that has
/// as many axes as a tensor can have.
pub(crate) fn check_inputs(data: &dyn Data, inputs: &[Field]) -> Result<()> {
    let fields = data.fields();
    for (at, field) in fields.iter().enumerate() {
        let name = field.name();
        if fields[..at].iter().any(|other| other.name() == name) {
            let message = format!("the data has two fields named `{name}`: rename one of them");
            return Err(Error::Mismatch(message));
        }
        let rank = field.shape().rank();
        if rank == MAX_RANK {
            let message =
                format!("the field `{name}` has {rank} axes, and none is left for the batch");
            return Err(Error::Mismatch(message));
        }
    }
    for input in inputs {
        let Some(field) = fields.iter().find(|field| field.name() == input.name()) else {
            let known = fields.iter().map(Field::name);
            return Err(Error::unknown("field of the data", input.name(), known));
        };
        let is_same_kind = match (input.kind(), field.kind()) {
            (FieldKind::Labels { bound: most }, FieldKind::Labels { bound }) => bound <= most,
            (FieldKind::Labels { .. }, _) | (_, FieldKind::Labels { .. }) => false,
            _ => true,
        };
        if field.shape() != input.shape() || !is_same_kind {
            return Err(Error::Mismatch(format!(
                "the model takes {input}, but the data has {field}"
            )));
        }
    }
    Ok(())
}
