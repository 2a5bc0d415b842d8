//! Modules, initialisers, losses: functions that build graph nodes.
//!
//! A [`Module`] records values from values: a layer, a struct of layers, a closure. It makes its parameters
//! where it uses them, so that no shape is written twice, and [`Cx`] keeps what was made. A [`Network`] is a
//! module with the [`Field`]s of an example, tried before anything is trained. A model of your own:
//!
//! ```
//! use chainrule::nn::{Affine, Cx, Field, Init, Module, Network, Values};
//! use chainrule::optim::{Optimizer, Rates};
//! use chainrule::{Graph, State};
//!
//! /// A price and a kind of house from its city and its area.
//! struct House {
//!     cities: usize,
//!     hidden: Affine,
//! }
//!
//! impl Module for House {
//!     fn forward<'g>(&self, cx: &Cx<'g>, x: Values<'g>) -> Values<'g> {
//!         let cities = cx.param("cities", [self.cities, 8], Init::Normal { deviation: 0.1 });
//!         let city = cities.gather(0, x["city"]);
//!         let joined = city.concat(1, &[x["area"]]);
//!         let hidden = cx.tap("hidden", cx.call("body", &self.hidden, joined).one().relu());
//!         let price = cx.call("price", &Affine::new(1, Init::He), hidden).one();
//!         let kind = cx.call("kind", &Affine::new(3, Init::He), hidden).one();
//!         Values::named([("price", price), ("kind", kind)])
//!     }
//! }
//!
//! let house = House { cities: 30, hidden: Affine::new(16, Init::He) };
//! let inputs = [Field::labels("city", [], 30), Field::real("area", [1])];
//! let network = Network::new(house, inputs)?;
//! assert_eq!(network.outputs(), [Field::real("price", [1]), Field::real("kind", [3])]);
//!
//! let (g, batch) = (Graph::new(), 2);
//! let cx = Cx::train(&g, 0, g.labels("step", [], 1 << 20));
//! let y = network.record(&cx, batch);
//! let price = y["price"].mean_squared_error(g.input("wanted", [batch, 1]));
//! let loss = price + 0.3 * y["kind"].softmax_with_loss(g.labels("is", [batch], 3));
//! let trained = cx.trained();
//! let gradients = g.backward(loss, &trained);
//! let updates = Optimizer::adam().updates(&Rates::constant(&g, 0.01), &trained, &gradients);
//! let mut plan = g.compile_step::<f32>(loss, &updates)?;
//! plan.feed_labels("city", &[7, 29])?;
//! plan.feed("area", &[0.4, 1.3])?;
//! plan.feed("wanted", &[0.5, 2.0])?;
//! plan.feed_labels("is", &[0, 2])?;
//! let (mut parameters, mut state) = (network.initial(0)?, State::new());
//! plan.step_with(&mut parameters, &mut state)?.finite()?;
//! let before = plan.value(loss)?[0];
//! for _ in 0..100 {
//!     plan.step_with(&mut parameters, &mut state)?.finite()?;
//! }
//! assert!(plan.value(loss)?[0] < 0.1 * before);
//! # Ok::<(), chainrule::Error>(())
//! ```
//!
//! [`from_fn`] and [`from_values`] make modules of closures, [`Sequential`] puts modules one after another,
//! [`Cx::shared`] uses one module's parameters many times, over time for example.

mod answer;
mod init;
mod loss;
mod field;
mod values;
mod parameter;
mod cx;
mod function;
mod activation;
mod affine;
mod dropout;
mod norm;
mod sequential;
mod residual;
mod spec;
mod network;
mod model;

pub use activation::Activation::{self, Elu, Gelu, LeakyRelu, Relu, Sigmoid, Silu, Softplus, Tanh};
pub use activation::Softmax;
pub use affine::{Affine, AffineSpec, Flatten};
pub use answer::{Answer, Logits, Scale, Target, Truth};
pub use cx::{Cx, Module};
pub use dropout::Dropout;
pub use field::{Field, FieldKind};
pub use function::{FromFn, FromValues, from_fn, from_values};
pub use init::Init;
pub use loss::{Loss, Targets, class_weights};
pub use model::{Answers, Given, Model};
pub use network::Network;
pub use norm::{BatchNorm, LayerNorm};
pub use parameter::{Parameter, check_memory};
pub use residual::Residual;
pub use sequential::Sequential;
pub use spec::{LayerSpec, ResidualSpec};
pub use values::Values;
