//! The affine layer, and the flattening before it.

use super::{Cx, Init, Module, Values};
use crate::graph::{Kind, Var};
use crate::settings::Form;
use crate::tensor::count;

crate::settings! {
    /// X·W + b, with a weight for each input and output and a bias for each output.
    ///
    /// The layer is [`Affine`].
    #[derive(Copy)]
    pub struct AffineSpec = "affine" | "linear" | "dense" {
        /// The number of outputs.
        units: usize [Form::SOME] => "64",
        /// How the weights begin, if not as the model's.
        init: Option<Init> = None => "\"he\"",
    }
}

/// X·W + b along the last axis: X of shape `[batch, …, inputs]`, W of `[inputs, outputs]` and b of
/// `[outputs]`. The number of inputs follows from X.
///
/// ```
/// use chainrule::nn::{Affine, Cx, Init};
/// # let g = chainrule::Graph::new();
/// let cx = Cx::predict(&g);
/// let y = cx.call("affine", &Affine::new(50, Init::He), g.input("x", [100, 7, 784])).one();
/// assert_eq!(y.shape().dims(), [100, 7, 50]);
/// assert_eq!(cx.parameters()[0].shape.dims(), [784, 50]);
/// ```
#[doc(alias("Linear", "Dense"))]
#[derive(Clone, Copy, Debug)]
pub struct Affine {
    outputs: usize,
    init: Init,
}

impl Affine {
    /// A layer whose weights begin as `init` says, its biases at zero.
    ///
    /// ```
    /// use chainrule::nn::{Affine, Init, Network, Sequential};
    /// let network = Network::flat(Sequential::new().with(Affine::new(1, Init::Zeros)), 2)?;
    /// assert_eq!(network.initial::<f32>(0)?.get("affine1.bias")?.values(), [0.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub const fn new(outputs: usize, init: Init) -> Self {
        Self { outputs, init }
    }
}

impl Module for Affine {
    fn kind(&self) -> &str {
        "affine"
    }
    #[track_caller]
    fn forward<'g>(&self, cx: &Cx<'g>, x: Values<'g>) -> Values<'g> {
        let _pin = cx.pin();
        let x = x.one();
        if x.is_poison() {
            return x.into();
        }
        let shape = x.shape();
        let (rows, inputs) = match *shape.dims() {
            [ref rows @ .., inputs] if x.is_real() && !rows.is_empty() => (count(rows), inputs),
            _ => return cx.fail("affine", "takes real numbers [batch, …, features]", &[x]),
        };
        let weight = cx.param("weight", [inputs, self.outputs], self.init);
        let bias = cx.param("bias", [self.outputs], Init::Zeros);
        if shape.rank() == 2 {
            return (x.matmul(weight) + bias).into();
        }
        let y = x.reshape([rows, inputs]).matmul(weight) + bias;
        y.reshape(shape.with(shape.rank() - 1, self.outputs)).into()
    }
}

impl<'g> Cx<'g> {
    /// X·W + b along the last axis of `x`: an [`Affine`] layer of this name whose weights begin by
    /// [`Init::Xavier`].
    ///
    /// ```
    /// # use chainrule::{Graph, nn::Cx};
    /// # let g = Graph::new();
    /// let cx = Cx::new(&g);
    /// let hidden = cx.affine("hidden", 50, g.input("x", [100, 784])).relu();
    /// assert_eq!(cx.affine("head", 10, hidden).shape().dims(), [100, 10]);
    /// assert_eq!(cx.parameters()[2].name, "head.weight");
    /// ```
    #[doc(alias("linear", "dense"))]
    #[track_caller]
    pub fn affine(&self, name: &str, outputs: usize, x: Var<'g>) -> Var<'g> {
        self.call(name, &Affine::new(outputs, Init::Xavier), x).one()
    }

    /// The rows that `labels` name of a table of this name, `[bound, width]`, where the labels are below
    /// `bound`; its numbers begin normal, with deviation 1.
    ///
    /// ```
    /// # use chainrule::{Graph, nn::Cx};
    /// # let g = Graph::new();
    /// let cx = Cx::new(&g);
    /// let words = cx.embedding("words", 16, g.labels("text", [5, 40], 10_000));
    /// assert_eq!(words.shape().dims(), [5, 40, 16]);
    /// assert_eq!(cx.parameters()[0].shape.dims(), [10_000, 16]);
    /// ```
    #[track_caller]
    pub fn embedding(&self, name: &str, width: usize, labels: Var<'g>) -> Var<'g> {
        let Kind::Index { bound } = labels.ty().kind else {
            return self.graph().fail("embedding", "takes labels, not real numbers", &[labels]);
        };
        self.param(name, [bound, width], Init::Normal { deviation: 1.0 }).gather(0, labels)
    }
}

crate::settings! {
    /// `[batch, …]` as `[batch, features]`: the axes of an example become one.
    ///
    /// ```
    /// use chainrule::nn::{Cx, Flatten};
    /// # let g = chainrule::Graph::new();
    /// let images = g.input("images", [100, 28, 28]);
    /// let pixels = Cx::predict(&g).call("flatten", &Flatten, images).one();
    /// assert_eq!(pixels.shape().dims(), [100, 784]);
    /// ```
    #[derive(Copy)]
    pub struct Flatten = "flatten";
}

impl Module for Flatten {
    fn kind(&self) -> &str {
        "flatten"
    }
    #[track_caller]
    fn forward<'g>(&self, cx: &Cx<'g>, x: Values<'g>) -> Values<'g> {
        let _pin = cx.pin();
        let x = x.one();
        match *x.shape().dims() {
            [] => cx.fail("flatten", "takes a batch [batch, …]", &[x]),
            [batch, ref rest @ ..] => x.reshape([batch, count(rest)]).into(),
        }
    }
}
