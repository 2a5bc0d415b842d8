//! Layers, initialisers, losses and the sequential model: functions that build graph nodes.

mod answer;
mod init;
mod loss;
mod pass;
mod build;
mod activation;
mod affine;
mod dropout;
mod norm;
mod sequential;
mod residual;
mod spec;

pub use activation::Activation::{self, Elu, Gelu, LeakyRelu, Relu, Sigmoid, Silu, Softplus, Tanh};
pub use activation::Softmax;
pub use affine::{Affine, AffineSpec, Flatten};
pub use answer::{Answer, Logits, Scale, Target, Truth};
pub use dropout::{Dropout, DropoutSpec};
pub use init::Init;
pub use loss::{Loss, Targets, class_weights};
pub use norm::{BatchNorm, BatchNormSpec, LayerNorm, LayerNormSpec};
pub use pass::Pass;
pub use residual::Residual;
pub use sequential::Sequential;
pub use sequential::check_memory;
pub use spec::{LayerSpec, ResidualSpec};

use crate::graph::Var;
use crate::tensor::Shape;

/// A parameter that a layer needs.
///
/// ```
/// use chainrule::nn::{Affine, Init, Layer};
/// let weight = &Affine::new(784, 50, Init::He).parameters()[0];
/// assert_eq!((weight.name.as_str(), weight.init), ("weight", Init::He));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    /// Its name within the layer, such as `weight`.
    pub name: String,
    /// Its shape.
    pub shape: Shape,
    /// How its values begin.
    pub init: Init,
    /// Whether an optimizer changes it; running statistics are changed by their layer alone.
    pub trainable: bool,
}

impl Spec {
    /// A parameter that an optimizer trains.
    ///
    /// ```
    /// use chainrule::nn::{Init, Spec};
    /// assert!(Spec::new("weight", [784, 50], Init::He).trainable);
    /// ```
    pub fn new(name: impl Into<String>, shape: impl Into<Shape>, init: Init) -> Self {
        Self { name: name.into(), shape: shape.into(), init, trainable: true }
    }

    /// A parameter that its layer keeps up to date by [`Pass::update`], such as a running mean.
    ///
    /// ```
    /// use chainrule::nn::{Init, Spec};
    /// assert!(!Spec::kept("running_mean", [50], Init::Zeros).trainable);
    /// ```
    pub fn kept(name: impl Into<String>, shape: impl Into<Shape>, init: Init) -> Self {
        Self { trainable: false, ..Self::new(name, shape, init) }
    }
}

/// A part of a model: parameters, and how the output follows from the input.
///
/// ```
/// use chainrule::nn::{Layer, Pass, Sequential};
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
///     fn forward<'g>(&self, x: Var<'g>, _parameters: &[Var<'g>], _pass: &Pass<'g>) -> Var<'g> {
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

    /// The outputs per example, where the layer sets their number; else it keeps that of its input.
    fn outputs(&self) -> Option<usize> {
        None
    }

    /// The outputs of every layer within that sets their number.
    fn widths(&self) -> Vec<usize> {
        self.outputs().into_iter().collect()
    }

    /// The fewest examples of a batch that the layer can train on.
    fn smallest_batch(&self) -> usize {
        1
    }

    /// Builds the output's nodes; `parameters` are in the order of [`Layer::parameters`], and `pass`
    /// tells whether the model trains.
    #[track_caller]
    fn forward<'g>(&self, x: Var<'g>, parameters: &[Var<'g>], pass: &Pass<'g>) -> Var<'g>;
}
