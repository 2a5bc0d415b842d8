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
//! # Ok::<(), chainrule::Error>(())
//! ```

pub use crate::nn::{
    Affine, BatchNorm, Cx, Dropout, Elu, Field, Flatten, Gelu, Init, LayerNorm, LeakyRelu, Loss,
    Model, Module, Network, Relu, Residual, Sequential, Sigmoid, Silu, Softplus, Tanh, Values,
    from_fn, from_values,
};
pub use crate::optim::{AdaGrad, Adam, Descent, Optimizer, Rates, RmsProp, Rule, Sgd};
pub use crate::random;
pub use crate::{Error, Graph, Parameters, Plan, Pool, Real, Result, Shape, State, Tensor, Var};
