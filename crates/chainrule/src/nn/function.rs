//! Closures as modules.

use super::{Cx, Module, Values};
use crate::graph::Var;

/// A module from a closure of one value, see [`from_fn`].
#[derive(Clone, Copy, Debug)]
pub struct FromFn<F>(F);

/// The closure as a module of one value in and one out.
///
/// ```
/// use chainrule::nn::{Affine, Field, Init, Network, Sequential, from_fn};
/// let snake = from_fn(|cx, x| x * (x * cx.param("slope", [x.size(1)], Init::Ones)).sin());
/// let model = Sequential::new().with(Affine::new(20, Init::He)).with(snake);
/// let network = Network::new(model, [Field::real("x", [3])])?;
/// assert_eq!(network.parameters()[2].shape.dims(), [20]);
/// # Ok::<(), chainrule::Error>(())
/// ```
pub fn from_fn<F>(forward: F) -> FromFn<F>
where
    F: for<'g> Fn(&Cx<'g>, Var<'g>) -> Var<'g> + Send + Sync,
{
    FromFn(forward)
}

impl<F> Module for FromFn<F>
where
    F: for<'g> Fn(&Cx<'g>, Var<'g>) -> Var<'g> + Send + Sync,
{
    #[track_caller]
    fn forward<'g>(&self, cx: &Cx<'g>, x: Values<'g>) -> Values<'g> {
        let pin = cx.pin();
        let x = x.one();
        drop(pin);
        (self.0)(cx, x).into()
    }
}

/// A module from a closure of any values, see [`from_values`].
#[derive(Clone, Copy, Debug)]
pub struct FromValues<F>(F);

/// The closure as a module of any values in and out.
///
/// ```
/// use chainrule::nn::{Affine, Field, Init, Network, Values, from_values};
/// let model = from_values(|cx, x| {
///     let city = x["city"].one_hot(30).concat(1, &[x["area"]]);
///     let hidden = cx.call("hidden", &Affine::new(16, Init::He), city).one().tanh();
///     let head = |name, outputs| cx.call(name, &Affine::new(outputs, Init::Xavier), hidden).one();
///     Values::named([("price", head("price", 1)), ("class", head("class", 3))])
/// });
/// let inputs = [Field::labels("city", [], 30), Field::real("area", [1])];
/// let network = Network::new(model, inputs)?;
/// assert_eq!(network.outputs()[1], Field::real("class", [3]));
/// # Ok::<(), chainrule::Error>(())
/// ```
pub fn from_values<F>(forward: F) -> FromValues<F>
where
    F: for<'g> Fn(&Cx<'g>, Values<'g>) -> Values<'g> + Send + Sync,
{
    FromValues(forward)
}

impl<F> Module for FromValues<F>
where
    F: for<'g> Fn(&Cx<'g>, Values<'g>) -> Values<'g> + Send + Sync,
{
    fn forward<'g>(&self, cx: &Cx<'g>, x: Values<'g>) -> Values<'g> {
        (self.0)(cx, x)
    }
}
