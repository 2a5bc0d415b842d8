//! Backpropagation you can see, check and trust.
//!
//! A computation is recorded as a [`Graph`]. The graph can be *run* (compiled once into a [`Plan`]
//! and executed many times), *differentiated* ([`Graph::backward`] adds the nodes that compute the
//! gradients) and *explained*.
//!
//! ```
//! use chainrule::Graph;
//!
//! let g = Graph::new();
//! let (x, m, t) = (g.input("x", []), g.input("m", []), g.input("t", []));
//! let price = x * m * t;
//! let gradients = g.backward(price, &[x, m, t]);
//!
//! let mut plan = g.compile::<f64>(&[price, gradients[0]])?;
//! for (name, value) in [("x", 100.0), ("m", 2.0), ("t", 1.1)] {
//!     plan.feed(name, &[value])?;
//! }
//! plan.run()?;
//! assert_eq!(plan.value(price)?, [220.00000000000003]);
//! assert_eq!(plan.value(gradients[0])?, [2.2]);
//! # Ok::<(), chainrule::Error>(())
//! ```
//!
//! Pages to read: [how to write a training loop](guide::your_own_loop), [how to serve a
//! network](guide::serving), [sequences](guide::sequences), [what the compiler says of likely
//! mistakes](guide::mistakes), and [the names of PyTorch, Candle, Burn and NumPy](guide::names) beside
//! those of this library.

pub mod tensor;
mod mixing;
mod store;
mod parameters;
pub mod state;
pub mod graph;
pub mod ops;
mod guards;
pub mod backward;
mod directional;
mod lowering;
mod runtime;
pub mod plan;
pub mod check;
pub mod finite;
pub mod nn;
pub mod optim;
pub mod prelude;
pub mod guide;

pub use chainrule_numbers::{number, random, simd, term};
pub use chainrule_words::{Error, Result, error, kinds, nearest, settings};
pub use graph::{Graph, Var};
pub use parameters::Parameters;
pub use plan::Plan;
pub use runtime::Pool;
pub use state::State;
pub use tensor::{Real, Shape, Tensor};
