//! Dense arrays outside a graph, as `chainrule-numbers` has them.

mod compiled;

pub use chainrule_numbers::real::{ByPrecision, Real};
pub use chainrule_numbers::shape::{MAX_RANK, Shape, Strides};
pub(crate) use chainrule_numbers::shape::{Offsets, count};
pub use chainrule_numbers::tensor::{Tensor, fits_in_memory};
pub(crate) use compiled::compiled_here;
