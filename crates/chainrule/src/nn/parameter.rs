//! A model's parameters before they have values.

use super::Init;
use crate::error::{Error, Result};
use crate::parameters::Parameters;
use crate::random::{Stream, generator};
use crate::tensor::{Real, Shape, fits_in_memory};

/// A parameter that a model makes: its name, its shape, and how its values begin.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Its name with its path, such as `encoder.affine1.weight`.
    pub name: String,
    /// Its shape.
    pub shape: Shape,
    /// How its values begin.
    pub init: Init,
    /// Whether an optimizer changes it; what a layer keeps is changed by that layer alone.
    pub trainable: bool,
}

/// The number of elements of all parameters, even where memory cannot count so many.
pub(super) fn elements(of: &[Parameter]) -> u128 {
    let product = |shape: &Shape| {
        shape.dims().iter().fold(1, |n: u128, &length| n.saturating_mul(length as u128))
    };
    of.iter().fold(0, |sum, parameter| sum.saturating_add(product(&parameter.shape)))
}

/// Fresh values, each from a stream of random numbers of its own.
pub(super) fn initial<T: Real>(of: &[Parameter], seed: u64) -> Result<Parameters<T>> {
    check_memory("the parameters' memory", elements(of), size_of::<T>())?;
    let mut parameters = Parameters::new();
    for (number, Parameter { name, shape, init, .. }) in of.iter().enumerate() {
        let mut rng = generator(seed, Stream::Parameter(number as u32));
        parameters.insert(name, init.values(*shape, &mut rng)?);
    }
    Ok(parameters)
}

/// Checks that so many elements fit into memory, before any is written.
///
/// # Errors
/// They do not.
pub fn check_memory(what: &str, elements: u128, width: usize) -> Result<()> {
    let bytes = elements.saturating_mul(width as u128);
    let size = format!("{:.3} GB", bytes as f64 / 1e9);
    let wanted = "no more than this machine can give: choose smaller layers";
    Error::check(fits_in_memory(bytes), what, size, wanted)
}
