//! Running a plan: memory, threads, kernels, random streams.

mod execute;
mod memory;
mod pool;
mod random;

pub(crate) use execute::{Executor, MAX_OPERANDS, Run};
pub(crate) use memory::Memory;
pub use pool::Pool;
pub(crate) use random::{Stream, generator};
