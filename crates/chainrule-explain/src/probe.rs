//! The output and the loss at other inputs, and roots of them along one input.

use super::expression::Values;
use super::subject::{Subject, feed};
use chainrule::error::Result;
use chainrule::graph::Var;
use chainrule::plan::Plan;

/// A compiled computation to be asked at many points.
pub(super) struct Probe<'s, 'a, 'g> {
    subject: &'s Subject<'a, 'g>,
    plan: Plan<f64>,
}

impl<'s, 'a, 'g> Probe<'s, 'a, 'g> {
    /// Computes output and loss, and `more` beside them.
    pub(super) fn new(subject: &'s Subject<'a, 'g>, more: &[Var<'g>]) -> Result<Self> {
        let outputs = [&[subject.output, subject.root], more].concat();
        Ok(Self { subject, plan: subject.g.compile::<f64>(&outputs)? })
    }

    /// The output, if it is a number, and the loss (the output again where there is no target) at
    /// `values`.
    pub(super) fn at(&mut self, values: &Values) -> Result<(Option<f64>, f64)> {
        for (name, tensor) in values {
            feed(&mut self.plan, name, tensor.values())?;
        }
        self.plan.run()?;
        let root = self.scalar(self.subject.root)?.unwrap_or(f64::NAN);
        Ok((self.scalar(self.subject.output)?, root))
    }

    /// The output and the loss where one scalar input has another value.
    pub(super) fn with(&mut self, name: &str, x: f64) -> Result<(Option<f64>, f64)> {
        let mut values = self.subject.request.values.clone();
        for (known, tensor) in &mut values {
            if known == name {
                tensor.values_mut().fill(x);
            }
        }
        self.at(&values)
    }

    /// What a value that was asked for beside them is at the last point.
    pub(super) fn values(&self, v: Var<'g>) -> Result<&[f64]> {
        self.plan.value(v)
    }

    fn scalar(&self, v: Var<'g>) -> Result<Option<f64>> {
        let values = self.plan.value(v)?;
        Ok(values.first().copied().filter(|_| v.shape().rank() == 0))
    }
}

/// How many times the search widens: by √2 each time, from a thousandth of the start to 2³⁰ times it.
const WIDENINGS: i32 = 80;

/// Halvings until two neighbouring floats are left.
const HALVINGS: usize = 200;

/// What a search for a root found.
pub(super) struct Root {
    pub(super) at: Option<f64>,
    pub(super) searched: (f64, f64),
}

/// The root of `h` that is nearest to `start`: widening steps to both sides until the sign changes,
/// then bisection.
pub(super) fn root(start: f64, mut h: impl FnMut(f64) -> Result<f64>) -> Result<Root> {
    let here = h(start)?;
    if here == 0.0 {
        return Ok(Root { at: Some(start), searched: (start, start) });
    }
    let unit = if start == 0.0 { 1.0 } else { start.abs() };
    // Upwards and downwards side by side: the last point and its value.
    let mut fronts = [(1.0, start, here), (-1.0, start, here)];
    for widening in 0..WIDENINGS {
        let reach = unit * 1e-3 * 2f64.powf(f64::from(widening) / 2.0);
        for (side, last, value) in &mut fronts {
            let (x, before, old) = (start + *side * reach, *last, *value);
            let now = h(x)?;
            (*last, *value) = (x, now);
            let crosses = now == 0.0 || now.is_finite() && (now < 0.0) != (old < 0.0);
            let found = match crosses && old.is_finite() {
                true => bisect((before, old), (x, now), &mut h)?,
                false => None,
            };
            if let Some(mut found) = found {
                // Halving comes near to 0, and never there.
                if found.abs() < f64::EPSILON * unit && h(0.0)? == 0.0 {
                    found = 0.0;
                }
                let searched = (found.min(start), found.max(start));
                return Ok(Root { at: Some(found), searched });
            }
        }
    }
    let [(_, high, _), (_, low, _)] = fronts;
    Ok(Root { at: None, searched: (low, high) })
}

/// Halves until the floats are exhausted; `None` where the sign changes at a pole or a jump.
fn bisect(
    (mut a, mut at_a): (f64, f64),
    (mut b, at_b): (f64, f64),
    h: &mut impl FnMut(f64) -> Result<f64>,
) -> Result<Option<f64>> {
    let size = at_a.abs().max(at_b.abs());
    let (mut best, mut smallest) =
        if at_a.abs() < at_b.abs() { (a, at_a.abs()) } else { (b, at_b.abs()) };
    for _ in 0..HALVINGS {
        let middle = a + (b - a) / 2.0;
        if middle == a || middle == b {
            break;
        }
        let value = h(middle)?;
        if value.abs() <= smallest {
            (best, smallest) = (middle, value.abs());
        }
        // A value of 0 is beyond: where it stays 0, as a relu does, the first place is wanted.
        match value != 0.0 && (value < 0.0) == (at_a < 0.0) {
            true => (a, at_a) = (middle, value),
            false => b = middle,
        }
    }
    Ok((smallest <= 1e-6 * size).then_some(best))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_are_the_nearest_and_poles_are_none() {
        let nearest = root(0.5, |x| Ok((x - 1.0) * (x + 3.0))).unwrap();
        assert_eq!(nearest.at, Some(1.0));
        // Where a whole stretch is 0, it is where that begins.
        assert_eq!(root(3.0, |x| Ok(x.max(0.0))).unwrap().at, Some(0.0));
        assert_eq!(root(-3.0, |x| Ok((x - 1.0).min(0.0))).unwrap().at, Some(1.0));
        let cosine = root(1.0, |x| Ok(x.cos())).unwrap().at.unwrap();
        assert!((cosine - std::f64::consts::FRAC_PI_2).abs() < 1e-15);
        assert_eq!(root(1.0, |x| Ok(1.0 / (x - 3.0))).unwrap().at, None);
        assert_eq!(root(1.0, |x| Ok(x * x + 1.0)).unwrap().at, None);
    }
}
