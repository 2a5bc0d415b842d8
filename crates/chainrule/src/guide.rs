//! Pages for who writes programs with this library: documentation alone.

#[cfg(doc)]
use crate::{
    Graph, Parameters, Plan, Pool, Shape, State, Tensor, Var, check, graph, nn, ops, optim, plan,
    random,
};

#[doc = include_str!("../docs/your_own_loop.md")]
pub mod your_own_loop {}

#[doc = include_str!("../docs/serving.md")]
pub mod serving {}

#[doc = include_str!("../docs/sequences.md")]
pub mod sequences {}

#[doc = include_str!("../docs/mistakes.md")]
pub mod mistakes {}

#[doc = include_str!("../docs/names.md")]
pub mod names {}
