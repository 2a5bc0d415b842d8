//! Running a plan: memory, threads, kernels, random streams.

mod barrier;
mod chain;
mod crowd;
mod execute;
mod interpret;
mod memory;
mod pool;
mod record;

pub(crate) use execute::{Executor, Run};
pub(crate) use memory::Memory;
pub use pool::Pool;
pub use record::Event;
