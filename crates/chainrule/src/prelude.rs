//! What most programs use, in one line: `use chainrule::prelude::*`.
//!
//! ```
//! use chainrule::prelude::*;
//!
//! let g = Graph::new();
//! let cx = Cx::new(&g);
//! let (x, t) = (g.arange(8).to_real().unsqueeze(1), g.arange(8).to_real() * 2 + 1);
//! let loss = cx.affine("line", 1, x).squeeze(1).mean_squared_error(t);
//! let mut line = cx.minimise::<f32>(loss, &Adam::default(), 0.1)?;
//! assert!(line.steps(500)? < 1e-3);
//!
//! // The same, its gradients clipped and its rate on a schedule.
//! let (w, rate) = (cx.trained(), g.input("rate", []));
//! let gradients = Clip::Norm(1.0).clip(&g.backward(loss, &w));
//! let updates = AdamW::default().updates(&Rates { rate, of: vec![] }, &w, &gradients);
//! let mut step = g.compile_step::<f32>(loss, &updates)?;
//! let (mut parameters, mut state) = (cx.initial(0)?, State::new());
//! for number in 0..500 {
//!     let rate = Schedule::Cosine { min: 0.0 }.rate(0.1, number, 500, &Default::default());
//!     step.feed("rate", &[rate as f32])?;
//!     step.step_with(&mut parameters, &mut state)?.finite()?;
//! }
//! assert!(step.value(loss)?[0] < 0.1);
//! # Ok::<(), chainrule::Error>(())
//! ```

pub use crate::nn::{
    Affine, BatchNorm, Cx, Dropout, Elu, Field, Flatten, Gelu, Init, LayerNorm, LeakyRelu, Loss,
    Model, Module, Network, Relu, Residual, Sequential, Sigmoid, Silu, Softplus, Tanh, Values,
    from_fn, from_values,
};
pub use crate::optim::{
    AdaGrad, Adam, AdamW, Clip, Descent, Optimizer, Rates, RmsProp, Rule, Schedule, Sgd,
};
pub use crate::random;
pub use crate::{Error, Graph, Parameters, Plan, Pool, Real, Result, Shape, State, Tensor, Var};
