//! The sequential model.

use std::sync::Arc;

use super::{Activation, Affine, Init, Layer, Pass, Spec};
use crate::error::{Error, Result};
use crate::graph::Var;
use crate::parameters::Parameters;
use crate::random::{Stream, generator};
use crate::tensor::{Real, Shape, fits_in_memory};

/// Checks that so many elements fit into memory, before any is written.
pub fn check_memory(what: &str, elements: u128, width: usize) -> Result<()> {
    let bytes = elements.saturating_mul(width as u128);
    let size = format!("{:.3} GB", bytes as f64 / 1e9);
    Error::check(
        fits_in_memory(bytes),
        what,
        size,
        "no more than this machine can give: choose smaller layers",
    )
}

/// Layers one after another. The parameters of the first affine layer are named `affine1.weight` and
/// `affine1.bias`, and so on.
///
/// ```
/// use chainrule::Graph;
/// use chainrule::nn::{Affine, Init, Relu, Sequential};
///
/// let model = Sequential::new()
///     .with(Affine::new(784, 50, Init::He))
///     .with(Relu)
///     .with(Affine::new(50, 10, Init::He));
/// let parameters = model.initial::<f32>(0)?;
/// assert_eq!(parameters.count(), 39760);
///
/// let g = Graph::new();
/// let logits = model.forward(g.input("x", [100, 784]));
/// assert_eq!(logits.shape().dims(), [100, 10]);
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Sequential {
    layers: Vec<(String, Arc<dyn Layer>)>,
    pub(super) inputs: usize,
}

impl Sequential {
    /// A model without layers.
    ///
    /// ```
    /// # use chainrule::nn::Sequential;
    /// assert_eq!(Sequential::new().parameters().count(), 0);
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// This model with one more layer.
    ///
    /// ```
    /// # use chainrule::nn::{Affine, Init, Sequential, Tanh};
    /// let model = Sequential::new().with(Affine::new(2, 3, Init::Xavier)).with(Tanh);
    /// assert_eq!(model.parameters().count(), 2);
    /// ```
    #[must_use]
    pub fn with(self, layer: impl Layer + 'static) -> Self {
        self.with_boxed(Box::new(layer))
    }

    /// This model with one more layer.
    ///
    /// ```
    /// # use chainrule::nn::{Relu, Sequential};
    /// let model = Sequential::new().with_boxed(Box::new(Relu));
    /// ```
    #[must_use]
    pub fn with_boxed(mut self, layer: Box<dyn Layer>) -> Self {
        let number = self.layers.iter().filter(|(_, l)| l.kind() == layer.kind()).count() + 1;
        self.layers.push((format!("{}{number}", layer.kind()), layer.into()));
        self
    }

    /// Fully connected layers of the given sizes, inputs first, with an activation between them.
    ///
    /// ```
    /// # use chainrule::nn::{Init, Relu, Sequential};
    /// let model = Sequential::fully_connected(&[784, 50, 10], Relu, Init::He)?;
    /// assert_eq!(model.initial::<f32>(0)?.count(), 39760);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// A size of 0.
    pub fn fully_connected(sizes: &[usize], activation: Activation, init: Init) -> Result<Self> {
        for &size in sizes {
            Error::check(size > 0, "a layer's size", size, "at least 1")?;
        }
        let inputs = sizes.first().copied().unwrap_or(0);
        let mut model = Self { inputs, ..Self::new() };
        for (at, pair) in sizes.windows(2).enumerate() {
            if at > 0 {
                model = model.with(activation);
            }
            model = model.with(Affine::new(pair[0], pair[1], init));
        }
        Ok(model)
    }

    /// The features per example of a model that was [built](Sequential::build); 0 for others.
    ///
    /// ```
    /// # use chainrule::nn::{Init, Relu, Sequential};
    /// let model = Sequential::build(&[Relu.into()], 3, Init::He)?;
    /// assert_eq!(model.inputs(), 3);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// The outputs per example; 0 where no layer and no number of inputs sets them.
    ///
    /// ```
    /// # use chainrule::nn::{Affine, Init, Relu, Sequential};
    /// let model = Sequential::new().with(Affine::new(784, 50, Init::He)).with(Relu);
    /// assert_eq!(model.outputs(), 50);
    /// ```
    #[must_use]
    pub fn outputs(&self) -> usize {
        let set = self.layers.iter().rev().find_map(|(_, layer)| layer.outputs());
        set.unwrap_or(self.inputs)
    }

    /// The outputs of every layer that sets their number, those of inner layers among them.
    ///
    /// ```
    /// # use chainrule::nn::{Init, Sequential, Tanh};
    /// assert_eq!(Sequential::fully_connected(&[2, 3, 1], Tanh, Init::He)?.widths(), [3, 1]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn widths(&self) -> Vec<usize> {
        self.layers.iter().flat_map(|(_, layer)| layer.widths()).collect()
    }

    /// The fewest examples of a batch that every layer can train on.
    ///
    /// ```
    /// # use chainrule::nn::{BatchNorm, Relu, Residual, Sequential};
    /// let inner = Sequential::new().with(BatchNorm::new(3)).with(Relu);
    /// assert_eq!(Sequential::new().with(Residual::new(inner)).smallest_batch(), 2);
    /// ```
    #[must_use]
    pub fn smallest_batch(&self) -> usize {
        self.layers.iter().map(|(_, layer)| layer.smallest_batch()).max().unwrap_or(1)
    }

    /// The parameters' names, shapes and initialisers, in the order of the layers.
    ///
    /// ```
    /// # use chainrule::nn::{Init, Sequential, Tanh};
    /// let model = Sequential::fully_connected(&[2, 3, 1], Tanh, Init::He)?;
    /// let names: Vec<String> = model.parameters().map(|(name, _)| name).collect();
    /// assert_eq!(names, ["affine1.weight", "affine1.bias", "affine2.weight", "affine2.bias"]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    pub fn parameters(&self) -> impl Iterator<Item = (String, Spec)> {
        self.layers.iter().flat_map(|(name, layer)| {
            layer.parameters().into_iter().map(move |spec| (format!("{name}.{}", spec.name), spec))
        })
    }

    /// The names of the parameters that an optimizer changes, in the order of [`Sequential::variables`].
    ///
    /// ```
    /// # use chainrule::nn::{BatchNorm, Sequential};
    /// let model = Sequential::new().with(BatchNorm::new(3));
    /// assert_eq!(model.trainable(), ["batch_norm1.weight", "batch_norm1.bias"]);
    /// ```
    #[must_use]
    pub fn trainable(&self) -> Vec<String> {
        let trainable = self.parameters().filter(|(_, spec)| spec.trainable);
        trainable.map(|(name, _)| name).collect()
    }

    /// Fresh parameters: the same seed gives the same bits.
    ///
    /// ```
    /// # use chainrule::nn::{Init, Sequential, Tanh};
    /// let model = Sequential::fully_connected(&[2, 3, 1], Tanh, Init::He)?;
    /// assert_eq!(model.initial::<f32>(7)?, model.initial::<f32>(7)?);
    /// assert_ne!(model.initial::<f32>(7)?, model.initial::<f32>(8)?);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// An initialiser's setting is out of its domain, or the parameters do not fit into memory.
    pub fn initial<T: Real>(&self, seed: u64) -> Result<Parameters<T>> {
        check_memory("the parameters' memory", self.elements(), size_of::<T>())?;
        let mut parameters = Parameters::new();
        for (number, (name, spec)) in self.parameters().enumerate() {
            let mut rng = generator(seed, Stream::Parameter(number as u32));
            parameters.insert(name, spec.init.values(spec.shape, &mut rng)?);
        }
        Ok(parameters)
    }

    /// Checks that `parameters` are this model's, in names and shapes.
    ///
    /// ```
    /// # use chainrule::nn::{Init, Sequential, Tanh};
    /// let model = |hidden| Sequential::fully_connected(&[2, hidden, 1], Tanh, Init::He);
    /// let parameters = model(3)?.initial::<f32>(0)?;
    /// assert!(model(3)?.check(&parameters).is_ok());
    /// assert!(model(4)?.check(&parameters).is_err());
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// The first parameter that is missing, of another shape, or none of this model's.
    pub fn check<T: Real>(&self, parameters: &Parameters<T>) -> Result<()> {
        let mut known = Vec::new();
        for (name, spec) in self.parameters() {
            let shape = parameters.get(&name)?.shape();
            if shape != spec.shape {
                let name = format!("the model's parameter `{name}`");
                return Err(Error::shape(name, shape.dims(), spec.shape.dims()));
            }
            known.push(name);
        }
        match parameters.iter().find(|(name, _)| known.iter().all(|known| known != name)) {
            None => Ok(()),
            Some((name, _)) => Err(Error::unknown("parameter of the model", name, known)),
        }
    }

    /// The number of elements of all parameters, even where memory cannot count so many.
    pub fn elements(&self) -> u128 {
        let product = |shape: Shape| {
            shape.dims().iter().fold(1, |n: u128, &length| n.saturating_mul(length as u128))
        };
        self.parameters().fold(0, |sum, (_, spec)| sum.saturating_add(product(spec.shape)))
    }

    /// Builds the output's nodes of a model that predicts, each layer under its name.
    ///
    /// ```
    /// # use chainrule::{Graph, nn::{Init, Sequential, Tanh}};
    /// let model = Sequential::fully_connected(&[2, 3, 1], Tanh, Init::He)?;
    /// let g = Graph::new();
    /// let y = model.forward(g.input("x", [5, 2]));
    /// let mut plan = g.compile::<f32>(&[y])?;
    /// plan.run_with(&model.initial(0)?)?;
    /// assert_eq!(plan.value(y)?.len(), 5);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[track_caller]
    pub fn forward<'g>(&self, x: Var<'g>) -> Var<'g> {
        self.forward_in(x, &Pass::predict())
    }

    /// Builds the output's nodes of a model that trains or predicts, as `pass` says.
    ///
    /// ```
    /// use chainrule::{Graph, nn::{Dropout, Pass, Sequential}};
    /// let model = Sequential::new().with(Dropout::new(0.5)?);
    /// let g = Graph::new();
    /// let x = g.input("x", [5, 2]);
    /// let y = model.forward_in(x, &Pass::train(0, g.labels("step", [], 1000)));
    /// assert_ne!(y.id(), x.id());
    /// assert_eq!(model.forward(x).id(), x.id());
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[track_caller]
    pub fn forward_in<'g>(&self, x: Var<'g>, pass: &Pass<'g>) -> Var<'g> {
        let g = x.graph();
        let _pin = g.pin();
        let parameters: Vec<Var<'g>> =
            self.parameters().map(|(name, spec)| g.parameter(&name, spec.shape)).collect();
        self.record(x, &parameters, pass)
    }

    /// The layers one after another; `parameters` are those of all of them, in order.
    #[track_caller]
    pub(super) fn record<'g>(
        &self,
        x: Var<'g>,
        mut parameters: &[Var<'g>],
        pass: &Pass<'g>,
    ) -> Var<'g> {
        self.layers.iter().fold(x, |x, (name, layer)| {
            let count = layer.parameters().len().min(parameters.len());
            let (own, rest) = parameters.split_at(count);
            parameters = rest;
            x.graph().scope(name, || layer.forward(x, own, pass))
        })
    }

    /// The trainable parameters as values of the graph of `x`, in order.
    ///
    /// ```
    /// # use chainrule::{Graph, nn::{Init, Sequential, Tanh}};
    /// let model = Sequential::fully_connected(&[2, 1], Tanh, Init::He)?;
    /// let g = Graph::new();
    /// let loss = model.forward(g.input("x", [5, 2])).square().mean(&[]);
    /// let gradients = g.backward(loss, &model.variables(loss));
    /// assert_eq!(gradients[0].shape().dims(), [2, 1]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[track_caller]
    pub fn variables<'g>(&self, x: Var<'g>) -> Vec<Var<'g>> {
        let _pin = x.graph().pin();
        let trainable = self.parameters().filter(|(_, spec)| spec.trainable);
        trainable.map(|(name, spec)| x.graph().parameter(&name, spec.shape)).collect()
    }
}
