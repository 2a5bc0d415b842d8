//! What the environment says of plans.

use crate::error::{Error, Result};
use crate::simd::{self, Level};

/// Checks what the environment says of plans: that `CHAINRULE_SIMD`, where it is set, is one of the words
/// that [`simd`] knows. [`Graph::compile`](crate::Graph::compile) does so as well; a program that would
/// rather know when it begins calls this at its start.
///
/// ```
/// chainrule::plan::check_environment()?;
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// # Errors
/// Another word.
pub fn check_environment() -> Result<()> {
    let wanted = "`portable`, `avx2` or `avx512`";
    let name = simd::VARIABLE.into();
    let unknown = |value| Error::Setting { name, value, wanted: wanted.into() };
    Level::allowed().map(|_| ()).map_err(unknown)
}
