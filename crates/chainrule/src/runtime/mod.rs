//! Running a plan: memory, threads, kernels, random streams.

mod barrier;
mod chain;
mod crowd;
mod execute;
mod interpret;
mod memory;
mod pool;
mod random;
mod record;
mod simd;

pub(crate) use execute::{Executor, Run};
pub(crate) use memory::Memory;
pub use pool::Pool;
pub(crate) use random::{Stream, generator};
pub use record::Event;
pub(crate) use simd::{Level, prefetch, vectorized};
