//! A module with its inputs.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use super::{
    Activation, Affine, Cx, Field, Init, Module, Parameter, Sequential, Values, parameter,
};
use crate::error::{Error, Result};
use crate::graph::{Block, Graph, Type, Var};
use crate::parameters::Parameters;
use crate::tensor::{Real, Shape};

/// A module with its inputs: what parameters it has, what it answers and which hidden values it names is
/// known, and mistakes are found, before anything is trained. A clone shares all of it.
///
/// ```
/// use chainrule::Graph;
/// use chainrule::nn::{Affine, Cx, Field, Init, Network, Relu, Sequential};
/// let model = Sequential::new()
///     .with(Affine::new(50, Init::He))
///     .with(Relu)
///     .with(Affine::new(10, Init::He));
/// let network = Network::new(model, [Field::real("x", [784])])?;
/// assert_eq!(network.outputs()[0].shape().dims(), [10]);
/// let parameters = network.initial::<f32>(0)?;
/// assert_eq!(parameters.count(), 39760);
///
/// // A hidden value and its gradient are read by path.
/// let g = Graph::new();
/// let cx = Cx::predict(&g);
/// let loss = network.record(&cx, 2).one().square().mean(&[]);
/// let hidden = cx.tapped("relu1")?;
/// let gradient = g.backward(loss, &[hidden])[0];
/// let mut plan = g.compile::<f32>(&[hidden, gradient])?;
/// plan.feed("x", &[0.5; 2 * 784])?;
/// plan.run_with(&parameters)?;
/// assert_eq!(plan.value(gradient)?.len(), 2 * 50);
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Clone)]
pub struct Network(Arc<Inner>);

struct Inner {
    module: Box<dyn Module>,
    inputs: Vec<Field>,
    parameters: Vec<Parameter>,
    outputs: Vec<Field>,
    taps: Vec<String>,
    smallest_batch: usize,
    /// Where the network was made.
    place: &'static Location<'static>,
}

/// The examples of the batches that a network is tried with: what follows the batch is what differs.
const TRIED: [usize; 2] = [4, 8];

impl Network {
    /// A module with the inputs of an example, tried without data: recorded as it trains and as it
    /// predicts.
    ///
    /// ```
    /// use chainrule::nn::{Affine, BatchNorm, Field, Init, Network, Sequential};
    /// let model = Sequential::new()
    ///     .with(Affine::new(50, Init::He))
    ///     .with(BatchNorm::default());
    /// let error = Network::new(model, [Field::labels("x", [], 10)]).unwrap_err().to_string();
    /// assert!(error.starts_with("affine in `affine1`: takes real numbers [batch, …, features]"), "{error}");
    /// ```
    ///
    /// # Errors
    /// The first mistake that is made while recording; two inputs of one name.
    #[track_caller]
    pub fn new(
        module: impl Module + 'static,
        inputs: impl IntoIterator<Item = Field>,
    ) -> Result<Self> {
        let place = Location::caller();
        let inputs: Vec<Field> = inputs.into_iter().collect();
        for (at, field) in inputs.iter().enumerate() {
            if inputs.iter().take(at).any(|other| other.name() == field.name()) {
                let message = format!("two inputs of the model are named `{}`", field.name());
                return Err(Error::Mismatch(message));
            }
        }
        let mut inner = Inner {
            module: Box::new(module),
            inputs,
            parameters: Vec::new(),
            outputs: Vec::new(),
            taps: Vec::new(),
            smallest_batch: 1,
            place,
        };
        let trained = inner.try_out(TRIED[0], true)?;
        let predicted = inner.try_out(TRIED[1], false)?;
        let outputs = predicted.into_iter().enumerate().map(|(at, (name, ty))| {
            let first = trained.get(at).and_then(|(_, ty)| ty.shape.get(0));
            let is_batched = ty.shape.get(0) == Some(TRIED[1]) && first == Some(TRIED[0]);
            Field::output(name, ty, is_batched)
        });
        inner.outputs = outputs.collect();
        Ok(Self(Arc::new(inner)))
    }

    /// A module of one input named `x`, with so many features per example.
    ///
    /// # Errors
    /// As [`Network::new`].
    #[track_caller]
    pub fn flat(module: impl Module + 'static, features: usize) -> Result<Self> {
        Error::check(features > 0, "the number of inputs", features, "at least 1")?;
        Self::new(module, [Field::real("x", [features])])
    }

    /// Fully connected layers of the given sizes, inputs first, with an activation between them.
    ///
    /// ```
    /// # use chainrule::nn::{Init, Network, Relu};
    /// let network = Network::fully_connected(&[784, 50, 10], Relu, Init::He)?;
    /// assert_eq!(network.initial::<f32>(0)?.count(), 39760);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// A size of 0, or none.
    #[track_caller]
    pub fn fully_connected(sizes: &[usize], activation: Activation, init: Init) -> Result<Self> {
        for &size in sizes {
            Error::check(size > 0, "a layer's size", size, "at least 1")?;
        }
        let mut model = Sequential::new();
        for (at, &size) in sizes.iter().enumerate().skip(1) {
            model = if at > 1 { model.with(activation) } else { model };
            model = model.with(Affine::new(size, init));
        }
        Self::flat(model, sizes.first().copied().unwrap_or(0))
    }

    /// The inputs of an example.
    #[must_use]
    pub fn inputs(&self) -> &[Field] {
        &self.0.inputs
    }

    /// What the model answers for an example; outputs without a name are called by their places, from
    /// `0`.
    #[must_use]
    pub fn outputs(&self) -> &[Field] {
        &self.0.outputs
    }

    /// The parameters, in the order in which they are made.
    ///
    /// ```
    /// # use chainrule::nn::{Init, Network, Tanh};
    /// let network = Network::fully_connected(&[2, 3, 1], Tanh, Init::He)?;
    /// let names: Vec<&str> = network.parameters().iter().map(|p| &*p.name).collect();
    /// assert_eq!(names, ["affine1.weight", "affine1.bias", "affine2.weight", "affine2.bias"]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    #[doc(alias = "named_parameters")]
    pub fn parameters(&self) -> &[Parameter] {
        &self.0.parameters
    }

    /// The parameters that an optimizer changes, in order.
    pub fn trained(&self) -> impl Iterator<Item = &Parameter> {
        self.parameters().iter().filter(|parameter| parameter.trainable)
    }

    /// The names of the parameters that an optimizer changes, in the order of [`Cx::trained`].
    ///
    /// ```
    /// # use chainrule::nn::{BatchNorm, Network};
    /// let network = Network::flat(BatchNorm::default(), 3)?;
    /// assert_eq!(network.trainable(), ["weight", "bias"]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn trainable(&self) -> Vec<String> {
        self.trained().map(|parameter| parameter.name.clone()).collect()
    }

    /// The paths of the hidden values that can be read, for [`Cx::tapped`].
    ///
    /// ```
    /// # use chainrule::nn::{Init, Network, Tanh};
    /// let network = Network::fully_connected(&[2, 3, 1], Tanh, Init::He)?;
    /// assert_eq!(network.taps(), ["affine1", "tanh1", "affine2"]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn taps(&self) -> &[String] {
        &self.0.taps
    }

    /// The fewest examples of a batch that every layer can train on.
    ///
    /// ```
    /// # use chainrule::nn::{BatchNorm, Network, Relu, Residual, Sequential};
    /// let inner = Sequential::new().with(BatchNorm::default()).with(Relu);
    /// assert_eq!(Network::flat(Residual::new(inner), 3)?.smallest_batch(), 2);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn smallest_batch(&self) -> usize {
        self.0.smallest_batch
    }

    /// The number of elements of all parameters, even where memory cannot count so many.
    #[must_use]
    pub fn elements(&self) -> u128 {
        parameter::elements(self.parameters())
    }

    /// Fresh parameters: the same seed gives the same bits.
    ///
    /// ```
    /// # use chainrule::nn::{Init, Network, Tanh};
    /// let network = Network::fully_connected(&[2, 3, 1], Tanh, Init::He)?;
    /// assert_eq!(network.initial::<f32>(7)?, network.initial::<f32>(7)?);
    /// assert_ne!(network.initial::<f32>(7)?, network.initial::<f32>(8)?);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// An initialiser's setting is out of its domain, or the parameters do not fit into memory.
    pub fn initial<T: Real>(&self, seed: u64) -> Result<Parameters<T>> {
        parameter::initial(self.parameters(), seed)
    }

    /// Checks that `parameters` are this model's, in names and shapes.
    ///
    /// ```
    /// # use chainrule::nn::{Init, Network, Tanh};
    /// let network = |hidden| Network::fully_connected(&[2, hidden, 1], Tanh, Init::He);
    /// let parameters = network(3)?.initial::<f32>(0)?;
    /// assert!(network(3)?.check(&parameters).is_ok());
    /// assert!(network(4)?.check(&parameters).is_err());
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// The first parameter that is missing, of another shape, or none of this model's.
    #[doc(alias = "load_state_dict")]
    pub fn check<T: Real>(&self, parameters: &Parameters<T>) -> Result<()> {
        for Parameter { name, shape: wanted, .. } in self.parameters() {
            let shape = parameters.get(name)?.shape();
            if shape != *wanted {
                let name = format!("the model's parameter `{name}`");
                return Err(Error::shape(name, shape.dims(), wanted.dims()));
            }
        }
        let names = || self.parameters().iter().map(|parameter| parameter.name.as_str());
        let known: HashSet<&str> = names().collect();
        match parameters.iter().find(|(name, _)| !known.contains(name)) {
            None => Ok(()),
            Some((name, _)) => Err(Error::unknown("parameter of the model", name, names())),
        }
    }

    /// The line that made this network as the place of errors, until the guard is dropped: for what
    /// others record on its behalf, such as its loss.
    pub fn pin<'g>(&self, graph: &'g Graph) -> Block<'g> {
        graph.pin_at(self.0.place)
    }

    /// Records the model for a batch of so many examples, with inputs of the graph by the fields' names.
    ///
    /// ```
    /// # use chainrule::{Graph, nn::{Cx, Init, Network, Tanh}};
    /// let network = Network::fully_connected(&[2, 3, 1], Tanh, Init::He)?;
    /// let g = Graph::new();
    /// let y = network.record(&Cx::predict(&g), 5).one();
    /// let mut plan = g.compile::<f32>(&[y])?;
    /// plan.feed("x", &[0.1; 10])?;
    /// plan.run_with(&network.initial(0)?)?;
    /// assert_eq!(plan.value(y)?.len(), 5);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[track_caller]
    pub fn record<'g>(&self, cx: &Cx<'g>, batch: usize) -> Values<'g> {
        self.0.record(cx, batch)
    }

    /// Records the model on values that there are, by name or in the order of the fields.
    ///
    /// ```
    /// # use chainrule::{Graph, nn::{Cx, Init, Network, Tanh}};
    /// let network = Network::fully_connected(&[2, 3, 1], Tanh, Init::He)?;
    /// let g = Graph::new();
    /// network.forward(&Cx::predict(&g), g.input("pixels", [5, 4]));
    /// let error = g.error().unwrap().to_string();
    /// assert!(error.starts_with("network: the model's input `x` [batch, 2] is [5, 4]"), "{error}");
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[track_caller]
    pub fn forward<'g>(&self, cx: &Cx<'g>, x: impl Into<Values<'g>>) -> Values<'g> {
        self.0.forward(cx, &x.into())
    }
}

impl Inner {
    /// Records the module for a batch without data: the outputs' names and types.
    fn try_out(&mut self, batch: usize, train: bool) -> Result<Vec<(String, Type)>> {
        let g = Graph::new();
        let cx = if train { Cx::train(&g, 0, g.constant(0.0)) } else { Cx::predict(&g) };
        let outputs = self.record(&cx, batch);
        g.ok()?;
        let known = self.parameters.iter().map(|known| (known.name.clone(), known.shape));
        let known: HashMap<String, Shape> = known.collect();
        for new in cx.parameters() {
            match known.get(&new.name) {
                None => self.parameters.push(new),
                Some(shape) if *shape == new.shape => {}
                Some(shape) => {
                    let Parameter { name, shape: other, .. } = new;
                    return Err(Error::Mismatch(format!(
                        "the parameter `{name}` is {shape} for a batch of {}, but {other} for one of {batch}: \
                         its shape must not follow the batch",
                        TRIED[0]
                    )));
                }
            }
        }
        self.taps = cx.taps().into_iter().map(|(path, _)| path).collect();
        self.smallest_batch = self.smallest_batch.max(cx.smallest_batch());
        let name = |(at, (name, v)): (usize, (Option<&str>, Var<'_>))| {
            (name.map_or(at.to_string(), str::to_owned), v.ty())
        };
        Ok(outputs.iter().enumerate().map(name).collect())
    }

    #[track_caller]
    fn record<'g>(&self, cx: &Cx<'g>, batch: usize) -> Values<'g> {
        let g = cx.graph();
        let inputs = self.inputs.iter();
        let x = inputs.fold(Values::new(g), |x, field| x.with(field.name(), field.input(g, batch)));
        self.forward(cx, &x)
    }

    #[track_caller]
    fn forward<'g>(&self, cx: &Cx<'g>, x: &Values<'g>) -> Values<'g> {
        let g = cx.graph();
        if x.len() != self.inputs.len() {
            let message = format!("the model has {} inputs, not {}", self.inputs.len(), x.len());
            return g.fail("network", &message, &[]).into();
        }
        let mut named = Values::new(g);
        for (at, field) in self.inputs.iter().enumerate() {
            let is_named = x.iter().any(|(name, _)| name.is_some());
            let v = if is_named { x[field.name()] } else { x[at] };
            let wanted = field.ty(v.shape().get(0).unwrap_or(0));
            if !v.is_poison() && v.ty() != wanted {
                let message = format!("the model's input {field} is {}", v.ty());
                return g.fail("network", &message, &[]).into();
            }
            named = named.with(field.name(), v);
        }
        cx.placed(self.place).record(|cx| self.module.forward(cx, named))
    }
}

impl Module for Network {
    fn kind(&self) -> &str {
        "network"
    }
    #[track_caller]
    fn forward<'g>(&self, cx: &Cx<'g>, x: Values<'g>) -> Values<'g> {
        self.0.forward(cx, &x)
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { inputs, parameters, outputs, .. } = &*self.0;
        let mut shown = f.debug_struct("Network");
        shown.field("inputs", inputs).field("parameters", parameters).field("outputs", outputs);
        shown.finish_non_exhaustive()
    }
}
