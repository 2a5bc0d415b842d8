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
        let at = self.subject.place(name).and_then(|at| values.get_mut(at));
        at.into_iter().for_each(|(_, tensor)| tensor.values_mut().fill(x));
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

/// How many times the search widens: by √2 each time from a thousandth of the start to 2³⁰ times it, then
/// by 4, as what is that far changes little.
const WIDENINGS: i32 = 80;
const LEAPS: i32 = 30;

/// Halvings until two neighbouring floats are left.
const HALVINGS: usize = 200;

/// What is as near to 0 as this, beside the numbers that it is made of, touches it.
const TOUCHES: f64 = 64.0 * f64::EPSILON;

/// What a search for a root found.
pub(super) struct Root {
    pub(super) at: Option<f64>,
    pub(super) searched: (f64, f64),
    /// Whether every value that was seen is the first.
    pub(super) is_flat: bool,
}

/// A place of a search, the value there and its slope.
#[derive(Clone, Copy)]
struct Place {
    x: f64,
    h: f64,
    slope: f64,
}

/// A value and its slope by the place.
pub(super) trait Sloped: FnMut(f64) -> Result<(f64, f64)> {}

impl<F: FnMut(f64) -> Result<(f64, f64)>> Sloped for F {}

/// The root of `h`, given with its slope, that is nearest to `start`: widening steps to both sides until
/// the sign changes, then bisection; or until the slope turns, or the values end, where `h` only touches
/// 0. `size` is that of the numbers whose difference `h` is.
pub(super) fn root(start: f64, size: f64, mut h: impl Sloped) -> Result<Root> {
    let here = place(start, &mut h)?;
    let found = |at, searched| Root { at: Some(at), searched, is_flat: false };
    if here.h == 0.0 {
        return Ok(found(start, (start, start)));
    }
    let touches = TOUCHES * size.max(here.h.abs());
    let unit = if start == 0.0 { 1.0 } else { start.abs() };
    // Upwards and downwards side by side: the last places.
    let mut fronts = [(1.0, here), (-1.0, here)];
    let mut is_flat = true;
    for widening in 0..WIDENINGS + LEAPS {
        let doublings = f64::from(widening.min(WIDENINGS)) / 2.0
            + 2.0 * f64::from((widening - WIDENINGS).max(0));
        let reach = unit * 1e-3 * 2f64.powf(doublings);
        for (side, last) in &mut fronts {
            let (before, now) = (*last, place(start + *side * reach, &mut h)?);
            *last = now;
            is_flat &= now.h == here.h;
            if let Some(mut at) = between(before, now, touches, &mut h)? {
                // Halving comes near to 0, and never there.
                if at.abs() < f64::EPSILON * unit && h(0.0)?.0.abs() <= touches {
                    at = 0.0;
                }
                return Ok(found(at, (at.min(start), at.max(start))));
            }
        }
    }
    let [(_, high), (_, low)] = fronts;
    Ok(Root { at: None, searched: (low.x, high.x), is_flat })
}

fn place(x: f64, h: &mut impl Sloped) -> Result<Place> {
    let (value, slope) = h(x)?;
    Ok(Place { x, h: value, slope })
}

/// The root between two places, where there is one by the signs at them.
fn between(a: Place, b: Place, touches: f64, h: &mut impl Sloped) -> Result<Option<f64>> {
    if !a.h.is_finite() {
        return Ok(None);
    }
    if b.h == 0.0 || !b.h.is_nan() && (b.h < 0.0) != (a.h < 0.0) {
        return crossing(a, b, h);
    }
    // Towards 0 at the one, and away from it, or nowhere, at the other.
    let nears = |place: Place| place.slope * (b.x - a.x) * a.h < 0.0;
    if !nears(a) || nears(b) && b.h.is_finite() {
        return Ok(None);
    }
    let (mut low, mut high) = (a, b);
    halve(a.x, b.x, |x| {
        let middle = place(x, h)?;
        let goes_on = middle.h.is_finite() && nears(middle);
        *(if goes_on { &mut low } else { &mut high }) = middle;
        Ok(goes_on)
    })?;
    let nearer = if high.h.abs() <= low.h.abs() { high } else { low };
    match nearer.h.abs() <= touches {
        true => Ok(Some(nearer.x)),
        // It crossed 0 and came back.
        false if (nearer.h < 0.0) != (a.h < 0.0) => crossing(a, nearer, h),
        false => Ok(None),
    }
}

/// Where the sign changes; `None` at a pole or a jump.
fn crossing(a: Place, b: Place, h: &mut impl Sloped) -> Result<Option<f64>> {
    let far = if b.h.is_finite() { b.h.abs() } else { 0.0 };
    let size = a.h.abs().max(far);
    let (mut best, mut smallest) =
        if b.h.is_finite() && far <= a.h.abs() { (b.x, far) } else { (a.x, a.h.abs()) };
    halve(a.x, b.x, |x| {
        let value = h(x)?.0;
        if value.abs() <= smallest {
            (best, smallest) = (x, value.abs());
        }
        // A value of 0 is beyond: where it stays 0, as a relu does, the first place is wanted.
        Ok(value != 0.0 && (value < 0.0) == (a.h < 0.0))
    })?;
    Ok((smallest <= 1e-6 * size).then_some(best))
}

/// Halves a stretch until the floats are exhausted, towards the place up to which it goes on.
fn halve(mut a: f64, mut b: f64, mut goes_on: impl FnMut(f64) -> Result<bool>) -> Result<()> {
    for _ in 0..HALVINGS {
        let middle = a + (b - a) / 2.0;
        if middle == a || middle == b {
            break;
        }
        *(if goes_on(middle)? { &mut a } else { &mut b }) = middle;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_are_the_nearest_and_poles_are_none() {
        type Line = fn(f64) -> (f64, f64);
        let at = |start, h: Line| root(start, 0.0, |x| Ok(h(x))).unwrap().at;
        assert_eq!(at(0.5, |x| ((x - 1.0) * (x + 3.0), 2.0 * x + 2.0)), Some(1.0));
        // Where a whole stretch is 0, it is where that begins.
        assert_eq!(at(3.0, |x| (x.max(0.0), f64::from(u8::from(x > 0.0)))), Some(0.0));
        assert_eq!(at(-3.0, |x| ((x - 1.0).min(0.0), f64::from(u8::from(x < 1.0)))), Some(1.0));
        let cosine = at(1.0, |x| (x.cos(), -x.sin())).unwrap();
        assert!((cosine - std::f64::consts::FRAC_PI_2).abs() < 1e-15);
        assert_eq!(at(1.0, |x| (1.0 / (x - 3.0), -(x - 3.0).powi(-2))), None);
        assert_eq!(at(1.0, |x| (x * x + 1.0, 2.0 * x)), None);
        assert_eq!(at(1.0, |x| (x * x + 1e-9, 2.0 * x)), None);
    }

    #[test]
    fn what_touches_0_is_a_root() {
        type Line = fn(f64) -> (f64, f64);
        let at = |start, size, h: Line| root(start, size, |x| Ok(h(x))).unwrap().at;
        assert_eq!(at(1.0, 0.0, |x| ((2.0 * x - 3.0).powi(2), 4.0 * (2.0 * x - 3.0))), Some(1.5));
        assert_eq!(at(4.0, 0.0, |x| ((x - 2.0).abs(), (x - 2.0).signum())), Some(2.0));
        assert_eq!(at(0.5, 1.0, |x| (x.cos() - 1.0, -x.sin())), Some(0.0));
        assert_eq!(at(1.0, 1.0, |x| (x.cosh() - 1.0, x.sinh())), Some(0.0));
        // Twice between two steps, which crosses.
        let twice: Line = |x| ((x - 1.0) * (x - 1.01), 2.0 * x - 2.01);
        assert!((at(0.7, 0.0, twice).unwrap() - 1.0).abs() < 1e-15);
        // At the edge of what has values.
        assert_eq!(at(4.0, 0.0, |x| (x.sqrt(), 0.5 / x.sqrt())), Some(0.0));
        let far = at(1.0, 1e300, |x| (x.exp() - 1e300, x.exp())).unwrap();
        assert!((far - 690.775_527_898_213_7).abs() < 1e-10);
    }
}
