//! Layers, initialisers and the sequential model: functions that build graph nodes.

use rand::rngs::ChaCha8Rng;
use rand_distr::{Distribution, Normal};

use crate::error::{Error, Result};
use crate::graph::Var;
use crate::parameters::Parameters;
use crate::runtime::{Stream, generator};
use crate::tensor::{Real, Shape, Tensor};

/// How a parameter's values begin.
///
/// ```
/// use chainrule::nn::Init;
/// assert_eq!("normal:0.01".parse::<Init>()?, Init::Normal(0.01));
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Init {
    /// All zero.
    Zeros,
    /// Normal with mean 0 and this standard deviation.
    Normal(f64),
    /// Normal with standard deviation √(2/inputs), for ReLU (He et al., 2015, equation 10).
    He,
    /// Normal with standard deviation √(2/(inputs + outputs)) (Glorot and Bengio, 2010, equation 12).
    Xavier,
}

impl Init {
    /// Values for a parameter of shape `[inputs, outputs]`.
    fn values<T: Real>(self, shape: Shape, rng: &mut ChaCha8Rng) -> Result<Tensor<T>> {
        let inputs = shape.get(0).unwrap_or(1) as f64;
        let outputs = shape.get(1).unwrap_or(1) as f64;
        let deviation = match self {
            Self::Zeros => return Ok(Tensor::full(shape, T::zero())),
            Self::Normal(deviation) => deviation,
            Self::He => (2.0 / inputs).sqrt(),
            Self::Xavier => (2.0 / (inputs + outputs)).sqrt(),
        };
        let wanted = "a standard deviation of at least 0";
        Error::check(deviation >= 0.0 && deviation.is_finite(), "init", deviation, wanted)?;
        let normal = Normal::new(0.0, deviation)
            .map_err(|error| Error::Mismatch(format!("init: {error}")))?;
        let values = (0..shape.len()).map(|_| T::from_f64(normal.sample(rng))).collect();
        Tensor::new(shape, values)
    }
}

/// Checks that so many elements fit into memory, before any is written: an allocation that fails
/// would end the process.
pub(crate) fn check_memory(what: &str, elements: u128, width: usize) -> Result<()> {
    let bytes = elements.saturating_mul(width as u128);
    let fits = usize::try_from(bytes).is_ok_and(|bytes| {
        let mut memory = Vec::<u8>::new();
        let reserved = memory.try_reserve_exact(bytes).is_ok();
        // Without this the compiler may leave out an allocation that nothing uses.
        std::hint::black_box(&mut memory);
        reserved
    });
    let size = format!("{:.3} GB", bytes as f64 / 1e9);
    Error::check(fits, what, size, "no more than this machine can give: choose smaller layers")
}

impl std::str::FromStr for Init {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let normal = text.strip_prefix("normal:").and_then(|number| number.parse::<f64>().ok());
        match (text, normal) {
            ("he", _) => Ok(Self::He),
            ("xavier", _) => Ok(Self::Xavier),
            ("zeros", _) => Ok(Self::Zeros),
            (_, Some(deviation)) if deviation >= 0.0 && deviation.is_finite() => {
                Ok(Self::Normal(deviation))
            }
            _ => Err(Error::Setting {
                name: "init".into(),
                value: format!("`{text}`"),
                wanted: "`he`, `xavier`, `zeros` or `normal:` and a standard deviation, such as `normal:0.01`",
            }),
        }
    }
}

/// A parameter that a layer needs.
///
/// ```
/// use chainrule::nn::{Affine, Init, Layer};
/// let weight = &Affine::new(784, 50, Init::He).parameters()[0];
/// assert_eq!((weight.name, weight.init), ("weight", Init::He));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    /// Its name within the layer, such as `weight`.
    pub name: &'static str,
    /// Its shape.
    pub shape: Shape,
    /// How its values begin.
    pub init: Init,
}

/// A part of a model: parameters, and how the output follows from the input.
///
/// ```
/// use chainrule::nn::{Layer, Sequential};
/// use chainrule::{Graph, Var};
///
/// /// x², as a layer without parameters.
/// #[derive(Debug)]
/// struct Square;
///
/// impl Layer for Square {
///     fn kind(&self) -> &'static str {
///         "square"
///     }
///     fn forward<'g>(&self, x: Var<'g>, _parameters: &[Var<'g>]) -> Var<'g> {
///         x.square()
///     }
/// }
///
/// let g = Graph::new();
/// let y = Sequential::new().with(Square).with(Square).forward(g.constant(2.0));
/// assert_eq!(y.eval()?.values(), [16.0]);
/// # Ok::<(), chainrule::Error>(())
/// ```
pub trait Layer: std::fmt::Debug + Send + Sync {
    /// The kind of layer, in lower case; models number their layers by it.
    fn kind(&self) -> &'static str;

    /// The parameters, weight before bias.
    fn parameters(&self) -> Vec<Spec> {
        Vec::new()
    }

    /// Builds the output's nodes; `parameters` are in the order of [`Layer::parameters`].
    #[track_caller]
    fn forward<'g>(&self, x: Var<'g>, parameters: &[Var<'g>]) -> Var<'g>;
}

/// X·W + b, with X of shape `[batch, inputs]`, W of shape `[inputs, outputs]` and b of `[outputs]`.
///
/// ```
/// use chainrule::nn::{Affine, Init, Layer};
/// let layer = Affine::new(784, 50, Init::He);
/// assert_eq!(layer.parameters()[0].shape.dims(), [784, 50]);
/// ```
#[derive(Clone, Debug)]
pub struct Affine {
    inputs: usize,
    outputs: usize,
    init: Init,
}

impl Affine {
    /// A layer whose weights begin as `init` says, its biases at zero.
    ///
    /// ```
    /// use chainrule::nn::{Affine, Init, Sequential};
    /// let model = Sequential::new().with(Affine::new(2, 1, Init::Zeros));
    /// assert_eq!(model.initial::<f32>(0)?.get("affine1.bias")?.values(), [0.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn new(inputs: usize, outputs: usize, init: Init) -> Self {
        Self { inputs, outputs, init }
    }
}

impl Layer for Affine {
    fn kind(&self) -> &'static str {
        "affine"
    }
    fn parameters(&self) -> Vec<Spec> {
        let weight = Shape::from([self.inputs, self.outputs]);
        vec![
            Spec { name: "weight", shape: weight, init: self.init },
            Spec { name: "bias", shape: Shape::from([self.outputs]), init: Init::Zeros },
        ]
    }
    fn forward<'g>(&self, x: Var<'g>, parameters: &[Var<'g>]) -> Var<'g> {
        match parameters {
            [weight, bias] => x.matmul(*weight) + *bias,
            _ => x.graph().fail("affine", "takes a weight and a bias", parameters),
        }
    }
}

/// Writes a layer without parameters around a pointwise operation.
macro_rules! activation {
    ($($(#[$doc:meta])* $layer:ident $kind:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $layer;

        impl Layer for $layer {
            fn kind(&self) -> &'static str {
                stringify!($kind)
            }
            fn forward<'g>(&self, x: Var<'g>, _parameters: &[Var<'g>]) -> Var<'g> {
                x.$kind()
            }
        }
    )*};
}

activation! {
    /// The logistic function as a layer; see [`Var::sigmoid`].
    Sigmoid sigmoid;
    /// max(x, 0) as a layer; see [`Var::relu`].
    Relu relu;
    /// The hyperbolic tangent as a layer; see [`Var::tanh`].
    Tanh tanh;
}

/// The activation layer of a name: `sigmoid`, `relu` or `tanh`.
///
/// ```
/// use chainrule::nn::activation;
/// assert_eq!(activation("tanh")?.kind(), "tanh");
/// assert!(activation("step").unwrap_err().to_string().contains("relu, sigmoid, tanh"));
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// # Errors
/// No activation has that name.
pub fn activation(name: &str) -> Result<Box<dyn Layer>> {
    match name {
        "relu" => Ok(Box::new(Relu)),
        "sigmoid" => Ok(Box::new(Sigmoid)),
        "tanh" => Ok(Box::new(Tanh)),
        _ => Err(Error::Unknown {
            what: "activation",
            name: name.into(),
            known: "relu, sigmoid, tanh".into(),
        }),
    }
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
#[derive(Debug, Default)]
pub struct Sequential {
    layers: Vec<(String, Box<dyn Layer>)>,
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
    /// # use chainrule::nn::{Sequential, activation};
    /// let model = Sequential::new().with_boxed(activation("relu")?);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn with_boxed(mut self, layer: Box<dyn Layer>) -> Self {
        let number = self.layers.iter().filter(|(_, l)| l.kind() == layer.kind()).count() + 1;
        self.layers.push((format!("{}{number}", layer.kind()), layer));
        self
    }

    /// Fully connected layers of the given sizes, inputs first, with an activation between them.
    ///
    /// ```
    /// # use chainrule::nn::{Init, Sequential};
    /// let model = Sequential::fully_connected(&[784, 50, 10], "relu", Init::Normal(0.01))?;
    /// assert_eq!(model.initial::<f32>(0)?.count(), 39760);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// A size of 0 or an unknown activation.
    pub fn fully_connected(sizes: &[usize], activation_name: &str, init: Init) -> Result<Self> {
        for &size in sizes {
            Error::check(size > 0, "a layer's size", size, "at least 1")?;
        }
        let mut model = Self::new();
        for (at, pair) in sizes.windows(2).enumerate() {
            if at > 0 {
                model = model.with_boxed(activation(activation_name)?);
            }
            model = model.with(Affine::new(pair[0], pair[1], init));
        }
        Ok(model)
    }

    /// The parameters' names, shapes and initialisers, in the order of the layers.
    ///
    /// ```
    /// # use chainrule::nn::{Init, Sequential};
    /// let model = Sequential::fully_connected(&[2, 3, 1], "tanh", Init::He)?;
    /// let names: Vec<String> = model.parameters().map(|(name, _)| name).collect();
    /// assert_eq!(names, ["affine1.weight", "affine1.bias", "affine2.weight", "affine2.bias"]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    pub fn parameters(&self) -> impl Iterator<Item = (String, Spec)> {
        self.layers.iter().flat_map(|(name, layer)| {
            layer.parameters().into_iter().map(move |spec| (format!("{name}.{}", spec.name), spec))
        })
    }

    /// Fresh parameters: the same seed gives the same bits.
    ///
    /// ```
    /// # use chainrule::nn::{Init, Sequential};
    /// let model = Sequential::fully_connected(&[2, 3, 1], "tanh", Init::He)?;
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
    /// # use chainrule::nn::{Init, Sequential};
    /// let model = |hidden| Sequential::fully_connected(&[2, hidden, 1], "tanh", Init::He);
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
                return Err(Error::Mismatch(format!(
                    "`{name}` has shape {shape}, but the model needs {}",
                    spec.shape
                )));
            }
            known.push(name);
        }
        match parameters.iter().find(|(name, _)| known.iter().all(|known| known != name)) {
            None => Ok(()),
            Some((name, _)) => {
                let (name, known) = (name.into(), known.join(", "));
                Err(Error::Unknown { what: "parameter of the model", name, known })
            }
        }
    }

    /// The number of elements of all parameters, even where memory cannot count so many.
    pub(crate) fn elements(&self) -> u128 {
        let product = |shape: Shape| {
            shape.dims().iter().fold(1, |n: u128, &length| n.saturating_mul(length as u128))
        };
        self.parameters().fold(0, |sum, (_, spec)| sum.saturating_add(product(spec.shape)))
    }

    /// Builds the output's nodes, each layer under its name.
    ///
    /// ```
    /// # use chainrule::{Graph, nn::{Init, Sequential}};
    /// let model = Sequential::fully_connected(&[2, 3, 1], "tanh", Init::He)?;
    /// let g = Graph::new();
    /// let y = model.forward(g.input("x", [5, 2]));
    /// let mut plan = g.compile::<f32>(&[y])?;
    /// plan.run_with(&model.initial(0)?)?;
    /// assert_eq!(plan.value(y)?.len(), 5);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[track_caller]
    pub fn forward<'g>(&self, x: Var<'g>) -> Var<'g> {
        let g = x.graph();
        let _pin = g.pin();
        self.layers.iter().fold(x, |x, (name, layer)| {
            let parameters: Vec<Var<'g>> = layer
                .parameters()
                .iter()
                .map(|spec| g.parameter(&format!("{name}.{}", spec.name), spec.shape))
                .collect();
            g.scope(name, || layer.forward(x, &parameters))
        })
    }

    /// The parameters as values of the graph of `x`, in order.
    ///
    /// ```
    /// # use chainrule::{Graph, nn::{Init, Sequential}};
    /// let model = Sequential::fully_connected(&[2, 1], "tanh", Init::He)?;
    /// let g = Graph::new();
    /// let loss = model.forward(g.input("x", [5, 2])).square().mean(&[]);
    /// let gradients = g.backward(loss, &model.variables(loss));
    /// assert_eq!(gradients[0].shape().dims(), [2, 1]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[track_caller]
    pub fn variables<'g>(&self, x: Var<'g>) -> Vec<Var<'g>> {
        let _pin = x.graph().pin();
        self.parameters().map(|(name, spec)| x.graph().parameter(&name, spec.shape)).collect()
    }
}
