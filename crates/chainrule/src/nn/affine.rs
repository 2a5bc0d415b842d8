//! The affine layer, and the flattening before it.

use super::build::Build;
use super::{Init, Layer, Pass, Spec};
use crate::error::Result;
use crate::graph::Var;
use crate::settings::{self, Form};
use crate::tensor::count;

crate::settings! {
    /// X·W + b, with a weight for each input and output and a bias for each output.
    ///
    /// The layer is [`Affine`].
    #[derive(Copy)]
    pub struct AffineSpec = "affine" {
        /// The number of outputs.
        units: usize [Form::SOME] => "64",
        /// How the weights begin, if not as the model's.
        init: Option<Init> = None => "\"he\"",
    }
}

impl Build for AffineSpec {
    fn build(&self, inputs: usize, init: Init) -> Result<Box<dyn Layer>> {
        settings::check(self)?;
        Ok(Box::new(Affine::new(inputs, self.units, self.init.unwrap_or(init))))
    }
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
        vec![
            Spec::new("weight", [self.inputs, self.outputs], self.init),
            Spec::new("bias", [self.outputs], Init::Zeros),
        ]
    }
    fn outputs(&self) -> Option<usize> {
        Some(self.outputs)
    }
    fn forward<'g>(&self, x: Var<'g>, parameters: &[Var<'g>], _pass: &Pass<'g>) -> Var<'g> {
        match parameters {
            [weight, bias] => x.matmul(*weight) + *bias,
            _ => x.graph().fail("affine", "takes a weight and a bias", parameters),
        }
    }
}

crate::settings! {
    /// `[batch, …]` as `[batch, features]`: the axes of an example become one.
    ///
    /// ```
    /// use chainrule::{Graph, nn::{Flatten, Sequential}};
    /// let g = Graph::new();
    /// let pixels = Sequential::new().with(Flatten).forward(g.input("images", [100, 28, 28]));
    /// assert_eq!(pixels.shape().dims(), [100, 784]);
    /// ```
    #[derive(Copy)]
    pub struct Flatten = "flatten";
}

impl Build for Flatten {
    fn build(&self, _inputs: usize, _init: Init) -> Result<Box<dyn Layer>> {
        Ok(Box::new(*self))
    }
}

impl Layer for Flatten {
    fn kind(&self) -> &'static str {
        "flatten"
    }
    fn forward<'g>(&self, x: Var<'g>, _parameters: &[Var<'g>], _pass: &Pass<'g>) -> Var<'g> {
        match x.shape().dims() {
            [] => x.graph().fail("flatten", "takes a batch [batch, …]", &[x]),
            [batch, rest @ ..] => x.reshape([*batch, count(rest)]),
        }
    }
}
