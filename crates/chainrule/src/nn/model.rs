//! A network with its parameters, that answers from any number of threads.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Cx, Field, FieldKind, Network};
use crate::error::{Error, Result};
use crate::graph::{Graph, Handle, Var};
use crate::parameters::Parameters;
use crate::plan::Plan;
use crate::runtime::Pool;
use crate::tensor::{Real, Shape, Tensor};

/// A network with its parameters, that answers batches of any size from any number of threads. A clone
/// shares all of it.
///
/// The size of a batch follows from the values that are given. A plan is compiled for each size when it is
/// first asked for, and kept; threads that ask at the same time run copies of it, which share layout and
/// parameters and have memory of their own.
///
/// ```
/// use chainrule::nn::{Init, Model, Network, Relu};
/// let network = Network::fully_connected(&[784, 50, 10], Relu, Init::He)?;
/// let parameters = network.initial::<f32>(0)?;
/// let model = Model::new(&network, parameters)?;
/// let servers: Vec<_> = (1..=4)
///     .map(|rows| {
///         let model = model.clone();
///         std::thread::spawn(move || model.predict(&vec![0.5; rows * 784]))
///     })
///     .collect();
/// for (server, rows) in servers.into_iter().zip(1..) {
///     assert_eq!(server.join().unwrap()?.len(), rows * 10);
/// }
/// # Ok::<(), chainrule::Error>(())
/// ```
pub struct Model<T>(Arc<Inner<T>>);

struct Inner<T> {
    network: Network,
    parameters: Parameters<T>,
    pool: Option<Arc<Pool>>,
    sizes: Mutex<Vec<Size<T>>>,
}

/// A plan that one thread runs, with what it was copied from.
type Lease<T> = (Arc<Compiled<T>>, Box<Plan<T>>);

/// The plans for batches of one size, those used last at the end of the list.
struct Size<T> {
    batch: usize,
    compiled: Arc<Compiled<T>>,
    /// Copies that no thread is running.
    #[expect(clippy::vec_box, reason = "a plan is long, and each question moves it out and back")]
    idle: Vec<Box<Plan<T>>>,
}

/// A plan as it is copied, and what it answers.
struct Compiled<T> {
    plan: Plan<T>,
    outputs: Vec<Handle>,
}

/// The sizes of batches whose plans are kept, and the copies of each.
const KEPT: usize = 16;

/// What a model is asked: an input's elements, of one example after another.
#[derive(Clone, Copy, Debug)]
pub enum Given<'a, T> {
    /// Real numbers.
    Reals(&'a [T]),
    /// Labels.
    Labels(&'a [u32]),
}

impl<T> Given<'_, T> {
    fn len(&self) -> usize {
        match self {
            Self::Reals(values) => values.len(),
            Self::Labels(labels) => labels.len(),
        }
    }
}

macro_rules! given {
    ($number:ty, $kind:ident, $of:ty $(, $t:ident)?) => {
        impl<'a, $($t)?> From<&'a [$number]> for Given<'a, $of> {
            fn from(values: &'a [$number]) -> Self {
                Self::$kind(values)
            }
        }
        impl<'a, $($t)?> From<&'a Vec<$number>> for Given<'a, $of> {
            fn from(values: &'a Vec<$number>) -> Self {
                Self::$kind(values)
            }
        }
        impl<'a, $($t,)? const N: usize> From<&'a [$number; N]> for Given<'a, $of> {
            fn from(values: &'a [$number; N]) -> Self {
                Self::$kind(values)
            }
        }
    };
}
given!(f32, Reals, f32);
given!(f64, Reals, f64);
given!(u32, Labels, T, T);

impl<T> Clone for Model<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: Real> Model<T> {
    /// A network with its parameters, on the thread of whoever asks.
    ///
    /// # Errors
    /// The parameters are not the network's: see [`Network::check`].
    pub fn new(network: &Network, parameters: Parameters<T>) -> Result<Self> {
        network.check(&parameters)?;
        let (network, sizes) = (network.clone(), Mutex::default());
        Ok(Self(Arc::new(Inner { network, parameters, pool: None, sizes })))
    }

    /// This model with each batch on the threads of `pool`, which then run one batch at a time: for large
    /// batches that are asked for one after another. Plans that were made are made anew.
    #[must_use]
    pub fn with_pool(self, pool: &Arc<Pool>) -> Self {
        let Inner { network, parameters, .. } = &*self.0;
        let (network, parameters) = (network.clone(), parameters.clone());
        let pool = Some(pool.clone());
        Self(Arc::new(Inner { network, parameters, pool, sizes: Mutex::default() }))
    }

    /// The network.
    #[must_use]
    pub fn network(&self) -> &Network {
        &self.0.network
    }

    /// The parameters.
    #[must_use]
    pub fn parameters(&self) -> &Parameters<T> {
        &self.0.parameters
    }

    /// What the model answers to some examples: `inputs` are the network's, by name and in any order.
    ///
    /// ```
    /// use chainrule::nn::{Affine, Cx, Field, Init, Model, Network, Values, from_values};
    /// let house = from_values(|cx, x| {
    ///     let city = cx.param("city", [3, 4], Init::Ones).gather(0, x["city"]);
    ///     let price = cx.call("price", &Affine::new(1, Init::Ones), city.concat(1, &[x["area"]]));
    ///     Values::named([("price", price.one())])
    /// });
    /// let inputs = [Field::labels("city", [], 3), Field::real("area", [1])];
    /// let network = Network::new(house, inputs)?;
    /// let model = Model::<f64>::new(&network, network.initial(0)?)?;
    /// let answer = model.run(&[("area", (&[0.5, 2.0]).into()), ("city", (&[2, 0]).into())])?;
    /// assert_eq!(answer.reals("price")?, [4.5, 6.0]);
    ///
    /// let error = model.run(&[("city", (&[2, 0]).into())]).unwrap_err().to_string();
    /// assert!(error.contains("`area`"), "{error}");
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// An input is missing, not the network's, of the other kind, or no whole number of examples, or not as
    /// many as the others; a label is out of range; the plan does not fit into memory.
    pub fn run(&self, inputs: &[(&str, Given<'_, T>)]) -> Result<Answers<T>> {
        let batch = self.batch(inputs)?;
        let fields = self.network().outputs().to_vec();
        if batch == 0 {
            return Ok(Answers { fields, batch, values: Vec::new() });
        }
        let (compiled, mut plan) = self.lease(batch)?;
        let values = self.answer(&compiled, &mut plan, inputs);
        self.give_back(&compiled, plan);
        Ok(Answers { fields, batch, values: values? })
    }

    /// What a model of one input of real numbers answers, the elements of one example after another: its
    /// first output.
    ///
    /// # Errors
    /// As [`Model::run`].
    pub fn predict(&self, x: &[T]) -> Result<Vec<T>> {
        let Some(field) = self.network().inputs().first() else {
            return Err(Error::Mismatch("the model has no input".into()));
        };
        let inputs = [(field.name(), Given::Reals(x))];
        let batch = self.batch(&inputs)?;
        if batch == 0 {
            return Ok(Vec::new());
        }
        let (compiled, mut plan) = self.lease(batch)?;
        let answer = self.fed(&mut plan, &inputs).and_then(|()| {
            let first = compiled.outputs.first().copied();
            let first = first.ok_or_else(|| Error::Mismatch("the model has no output".into()))?;
            Ok(plan.value(first)?.to_vec())
        });
        self.give_back(&compiled, plan);
        answer
    }

    /// The number of examples that the inputs are of.
    fn batch(&self, inputs: &[(&str, Given<'_, T>)]) -> Result<usize> {
        let fields = self.network().inputs();
        let names = || fields.iter().map(Field::name);
        let is_known = |name: &str| names().any(|known| known == name);
        if let Some(&(name, _)) = inputs.iter().find(|(name, _)| !is_known(name)) {
            return Err(Error::unknown("input of the model", name, names()));
        }
        let mut batch = None;
        for field in fields {
            let mut given = inputs.iter().filter(|(name, _)| *name == field.name());
            let (name, values) = match (given.next(), given.next()) {
                (Some(given), None) => given,
                (first, _) => {
                    let wrong = if first.is_none() { "missing" } else { "given twice" };
                    return Err(Error::Mismatch(format!("the model's input {field} is {wrong}")));
                }
            };
            let wants_labels = matches!(field.kind(), FieldKind::Labels { .. });
            if wants_labels != matches!(values, Given::Labels(_)) {
                let name = format!("the input `{name}`");
                return Err(Error::Content { name, labels: wants_labels });
            }
            let (found, each) = (values.len(), field.shape().len());
            if each == 0 || !found.is_multiple_of(each) {
                return Err(Error::Mismatch(format!(
                    "`{name}` has {found} elements, no whole number of examples of {each}: {field}"
                )));
            }
            let rows = found / each;
            if *batch.get_or_insert(rows) != rows {
                return Err(Error::Mismatch(format!(
                    "`{name}` has {rows} examples, but the inputs before it have {}",
                    batch.unwrap_or(rows)
                )));
            }
        }
        batch.ok_or_else(|| Error::Mismatch("the model has no input".into()))
    }

    fn answer(
        &self,
        compiled: &Compiled<T>,
        plan: &mut Plan<T>,
        inputs: &[(&str, Given<'_, T>)],
    ) -> Result<Vec<Value<T>>> {
        self.fed(plan, inputs)?;
        let mut values = Vec::with_capacity(compiled.outputs.len());
        for (&output, field) in compiled.outputs.iter().zip(self.network().outputs()) {
            values.push(match field.kind() {
                FieldKind::Labels { .. } => Value::Labels(plan.labels(output)?.to_vec()),
                _ => Value::Reals(plan.value(output)?.to_vec()),
            });
        }
        Ok(values)
    }

    /// Runs a plan on these inputs.
    fn fed(&self, plan: &mut Plan<T>, inputs: &[(&str, Given<'_, T>)]) -> Result<()> {
        for (name, values) in inputs {
            // An answer can do without some of the inputs.
            if !plan.has_input(name) {
                continue;
            }
            match values {
                Given::Reals(values) => plan.feed(name, values)?,
                Given::Labels(labels) => plan.feed_labels(name, labels)?,
            }
        }
        plan.run_with(&self.0.parameters)
    }

    /// A plan for this thread alone.
    fn lease(&self, batch: usize) -> Result<Lease<T>> {
        if let Some(found) = self.find(batch) {
            return Ok(found);
        }
        // Outside the lock: others go on meanwhile, and compile the same at worst.
        let compiled = Arc::new(self.compile(batch)?);
        let plan = Box::new(compiled.plan.clone());
        let mut sizes = self.0.sizes.lock().unwrap_or_else(PoisonError::into_inner);
        if sizes.iter().all(|size| size.batch != batch) {
            if sizes.len() == KEPT {
                sizes.remove(0);
            }
            sizes.push(Size { batch, compiled: compiled.clone(), idle: Vec::new() });
        }
        Ok((compiled, plan))
    }

    fn find(&self, batch: usize) -> Option<Lease<T>> {
        let mut sizes = self.0.sizes.lock().unwrap_or_else(PoisonError::into_inner);
        let at = sizes.iter().position(|size| size.batch == batch)?;
        if at + 1 < sizes.len() {
            let used = sizes.remove(at);
            sizes.push(used);
        }
        let size = sizes.last_mut()?;
        let (compiled, idle) = (size.compiled.clone(), size.idle.pop());
        drop(sizes);
        let plan = idle.unwrap_or_else(|| Box::new(compiled.plan.clone()));
        Some((compiled, plan))
    }

    /// Keeps a plan for who asks next. One of a size that is no longer kept, or that another thread
    /// compiled as well, has no place to lie.
    fn give_back(&self, compiled: &Arc<Compiled<T>>, plan: Box<Plan<T>>) {
        let mut sizes = self.0.sizes.lock().unwrap_or_else(PoisonError::into_inner);
        let size = sizes.iter_mut().find(|size| Arc::ptr_eq(&size.compiled, compiled));
        if let Some(size) = size.filter(|size| size.idle.len() < KEPT) {
            size.idle.push(plan);
        }
    }

    fn compile(&self, batch: usize) -> Result<Compiled<T>> {
        let g = Graph::new();
        let outputs = self.network().record(&Cx::predict(&g), batch);
        let outputs: Vec<_> = outputs.iter().map(|(_, output)| output).collect();
        let plan = g.compile(&outputs)?;
        let plan = match &self.0.pool {
            Some(pool) => plan.with_pool(pool),
            None => plan,
        };
        Ok(Compiled { plan, outputs: outputs.iter().map(Var::handle).collect() })
    }
}

impl<T> fmt::Debug for Model<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Model({:?})", self.0.network)
    }
}

/// What a model answers to some examples, by the names of the network's outputs.
///
/// See [`Model::run`].
#[derive(Clone, Debug)]
pub struct Answers<T> {
    fields: Vec<Field>,
    batch: usize,
    values: Vec<Value<T>>,
}

#[derive(Clone, Debug)]
enum Value<T> {
    Reals(Vec<T>),
    Labels(Vec<u32>),
}

impl<T: Real> Answers<T> {
    /// The examples that were asked about.
    #[must_use]
    pub fn batch(&self) -> usize {
        self.batch
    }

    /// The real numbers of an output, of one example after another.
    ///
    /// # Errors
    /// There is no such output, or it holds labels.
    pub fn reals(&self, name: &str) -> Result<&[T]> {
        match self.value(name)? {
            (_, None) => Ok(&[]),
            (_, Some(Value::Reals(values))) => Ok(values),
            (field, _) => Err(Error::Content { name: format!("the output {field}"), labels: true }),
        }
    }

    /// The labels of an output, of one example after another.
    ///
    /// # Errors
    /// There is no such output, or it holds real numbers.
    pub fn labels(&self, name: &str) -> Result<&[u32]> {
        match self.value(name)? {
            (_, None) => Ok(&[]),
            (_, Some(Value::Labels(labels))) => Ok(labels),
            (field, _) => {
                Err(Error::Content { name: format!("the output {field}"), labels: false })
            }
        }
    }

    /// The real numbers of an output in their shape, the batch first.
    ///
    /// # Errors
    /// As [`Answers::reals`].
    pub fn tensor(&self, name: &str) -> Result<Tensor<T>> {
        let (field, _) = self.value(name)?;
        let shape: Shape = field.ty(self.batch).shape;
        Tensor::new(shape, self.reals(name)?.to_vec())
    }

    fn value(&self, name: &str) -> Result<(&Field, Option<&Value<T>>)> {
        let at = self.fields.iter().position(|field| field.name() == name).ok_or_else(|| {
            Error::unknown("output of the model", name, self.fields.iter().map(Field::name))
        })?;
        Ok((&self.fields[at], self.values.get(at)))
    }
}
