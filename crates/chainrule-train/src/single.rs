//! Data in single precision, written where a plan of either precision keeps it.

use chainrule::tensor::{ByPrecision, Real};

/// A slice of single-precision numbers as what it is, where it is that.
struct AsSingle;

impl ByPrecision for AsSingle {
    type Answer<T: Real> = for<'a> fn(&'a mut [T]) -> Option<&'a mut [f32]>;

    fn single(self) -> Self::Answer<f32> {
        |values| Some(values)
    }

    fn double(self) -> Self::Answer<f64> {
        |_| None
    }
}

/// Lets `fill` write single-precision values to `target`.
pub(super) fn fill_f32<T: Real, R>(target: &mut [T], fill: impl FnOnce(&mut [f32]) -> R) -> R {
    if let Some(values) = T::by_precision(AsSingle)(target) {
        return fill(values);
    }
    let mut values = vec![0.0; target.len()];
    let result = fill(&mut values);
    for (to, from) in target.iter_mut().zip(values) {
        *to = T::from_f64(f64::from(from));
    }
    result
}
