//! Running a plan on the threads of a CPU: phases, memory, chains, the executor; and the interpreter.

mod barrier;
mod crowd;
mod environment;
mod interpret;
mod memory;
mod record;
mod pool;
mod reuse;
mod schedule;
mod layout;
mod chain;
mod execute;

pub use environment::check_environment;
pub(crate) use execute::{Executor, Run};
pub(crate) use layout::{Layout, Step};
pub(crate) use memory::Memory;
pub use pool::Pool;
pub use record::Event;
pub(crate) use reuse::Extent;
