//! Running a plan: memory, threads, kernels, random streams.

mod barrier;
mod crowd;
mod interpret;
mod memory;
mod record;
mod pool;
mod chain;
mod execute;

pub(crate) use execute::{Executor, Run};
pub(crate) use memory::Memory;
pub use pool::Pool;
pub use record::Event;
