//! L-BFGS.

use super::line_search::{Line, Point, strong_wolfe};
use crate::error::{Error, Result};
use crate::parameters::Parameters;
use crate::settings::Form;
use crate::state::{Group, State, StateKey};
use crate::tensor::{Real, Shape, Tensor};

crate::settings! {
    /// L-BFGS (Nocedal and Wright, *Numerical Optimization*, algorithms 7.4 and 7.5): Newton's method with
    /// a Hessian that is known from the last steps alone. It wants the loss and gradient of all examples.
    ///
    /// Iterations end where the gradient or a step is within the tolerances, whose names and usual values
    /// are PyTorch's: a loss whose best value is small, such as 10⁻¹⁰, wants smaller ones, or is multiplied.
    ///
    /// Its [`State`] holds `steps` and `changes`, `[pairs, elements]`, and `step` and `gradient`,
    /// `[elements]`.
    ///
    /// ```
    /// use chainrule::optim::Lbfgs;
    /// use chainrule::{Parameters, State, Tensor};
    ///
    /// // (w − 3)⁴, whose slope is 4·(w − 3)³.
    /// let mut loss_and_gradient = |parameters: &Parameters<f64>| {
    ///     let d = parameters.get("w")?.values()[0] - 3.0;
    ///     let mut gradient = Parameters::new();
    ///     gradient.insert("w", Tensor::scalar(4.0 * d.powi(3)));
    ///     Ok((d.powi(4), gradient))
    /// };
    /// let (mut parameters, mut state) = (Parameters::new(), State::new());
    /// parameters.insert("w", Tensor::scalar(1.0));
    /// Lbfgs::default().step(&mut parameters, &["w".into()], &mut state, 1.0, &mut loss_and_gradient)?;
    /// assert!((parameters.get("w")?.values()[0] - 3.0).abs() < 0.01);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[derive(Copy)]
    pub struct Lbfgs = "lbfgs" {
        /// The pairs of steps and changes of the gradient that are kept.
        history: usize [Form::SOME] = 100,
        /// The most iterations of one step.
        iterations: usize [Form::SOME] = 20,
        /// Whether each iteration searches along its direction for a point that fulfils the strong Wolfe
        /// conditions; else it goes as far as the learning rate says, as PyTorch's does by itself.
        line_search: bool = true,
        /// Where no element of the gradient is larger is a minimum.
        tolerance_grad: f64 [Form::NOT_NEGATIVE] = 1e-7,
        /// Steps of which no element is larger, changes of the loss that are smaller, and directions along
        /// which it falls by less end the iterations.
        tolerance_change: f64 [Form::NOT_NEGATIVE] = 1e-9,
    }
}

/// A step and the change of the gradient must agree by more than this to tell of the curvature.
const CURVED: f64 = 1e-10;

/// The parts of the state.
const STEPS: &str = "steps";
const CHANGES: &str = "changes";
const STEP: &str = "step";
const GRADIENT: &str = "gradient";

/// The key of a part of the state, which is kept once for all parameters.
fn key(slot: &str) -> StateKey {
    let group = Group { rule: "lbfgs".into(), number: 0 };
    StateKey { group, slot: slot.into(), of: None }
}

/// Computes the loss and its gradient, by the parameters' names.
type LossAndGradient<'a, T> = dyn FnMut(&Parameters<T>) -> Result<(f64, Parameters<T>)> + 'a;

impl Lbfgs {
    /// Up to `iterations` iterations with the learning rate `rate`, of which the first is shorter;
    /// `loss_and_gradient` is asked at most 1.25 times as often, save for the last line search. Returns
    /// the loss before. Where the loss becomes NaN or infinite the parameters stay as they were before
    /// that, and the answer is not finite.
    ///
    /// # Errors
    /// A setting or the rate is out of its domain; a parameter, a gradient or a part of the state is
    /// missing or of another shape; or an error of `loss_and_gradient`.
    pub fn step<T: Real>(
        &self,
        parameters: &mut Parameters<T>,
        trainable: &[String],
        state: &mut State<T>,
        rate: f64,
        loss_and_gradient: &mut LossAndGradient<'_, T>,
    ) -> Result<f64> {
        crate::settings::check(self)?;
        let is_rate = rate >= 0.0 && rate.is_finite();
        Error::check(is_rate, "the learning rate", rate, "finite and not negative")?;
        let mut problem = Problem { parameters, trainable, loss_and_gradient };
        let mut memory = Memory::load(state, problem.len()?)?;
        let mut x = problem.position()?;
        let (before, mut gradient) = problem.at(&x)?;
        let (mut loss, mut calls) = (before, 1);
        let most = self.iterations.saturating_mul(5) / 4;
        for iteration in 1..=self.iterations {
            if !loss.is_finite() || largest(&gradient) <= self.tolerance_grad {
                break;
            }
            let (direction, length) = memory.direction(&gradient, self.history, rate);
            let slope = dot(&gradient, &direction);
            if slope > -self.tolerance_change {
                memory.gradient = gradient;
                break;
            }
            let from = Point { at: 0.0, loss, slope, gradient: gradient.clone() };
            let last = iteration == self.iterations;
            let evaluate = &mut |at| problem.at(&along(&x, at, &direction));
            let mut line = Line { direction: &direction, calls: 0, evaluate };
            let to = match (self.line_search, last) {
                (true, _) => strong_wolfe(&mut line, &from, length, most - calls)?,
                (false, false) => line.point(length)?,
                // The next step asks for the loss there.
                (false, true) => Point { at: length, ..from },
            };
            calls += line.calls;
            if !to.loss.is_finite() {
                problem.go_to(&x)?;
                memory.gradient = gradient;
                memory.save(state)?;
                return Ok(to.loss);
            }
            x = along(&x, to.at, &direction);
            problem.go_to(&x)?;
            memory.gradient = std::mem::replace(&mut gradient, to.gradient);
            memory.step = direction.iter().map(|d| d * to.at).collect();
            let change = (to.loss - loss).abs();
            loss = to.loss;
            let is_small =
                largest(&memory.step) <= self.tolerance_change || change < self.tolerance_change;
            if last || calls >= most || is_small {
                break;
            }
        }
        memory.save(state)?;
        Ok(before)
    }
}

/// The loss as a function of one vector.
struct Problem<'a, 'f, T> {
    parameters: &'a mut Parameters<T>,
    trainable: &'a [String],
    loss_and_gradient: &'a mut LossAndGradient<'f, T>,
}

impl<T: Real> Problem<'_, '_, T> {
    fn len(&self) -> Result<usize> {
        let mut len = 0;
        for name in self.trainable {
            len += self.parameters.get(name)?.values().len();
        }
        Ok(len)
    }

    /// The trainable parameters as one vector.
    fn position(&self) -> Result<Vec<f64>> {
        flattened(self.parameters, self.trainable)
    }

    fn go_to(&mut self, x: &[f64]) -> Result<()> {
        let mut rest = x.iter();
        for name in self.trainable {
            let values = self.parameters.get_mut(name)?.values_mut();
            values.iter_mut().zip(&mut rest).for_each(|(value, &x)| *value = T::from_f64(x));
        }
        Ok(())
    }

    /// The loss and its gradient at `x`; NaN for a loss whose gradient is not finite, as there is no way on.
    fn at(&mut self, x: &[f64]) -> Result<(f64, Vec<f64>)> {
        self.go_to(x)?;
        let (loss, gradient) = (self.loss_and_gradient)(self.parameters)?;
        let gradient = flattened(&gradient, self.trainable)?;
        Error::count("elements of gradients", gradient.len(), x.len())?;
        let ok = gradient.iter().all(|g| g.is_finite());
        Ok((if ok { loss } else { f64::NAN }, gradient))
    }
}

fn flattened<T: Real>(parameters: &Parameters<T>, names: &[String]) -> Result<Vec<f64>> {
    let mut all = Vec::new();
    for name in names {
        all.extend(parameters.get(name)?.values().iter().map(|&x| Real::to_f64(x)));
    }
    Ok(all)
}

/// What L-BFGS knows of the way so far.
struct Memory {
    /// Steps, the newest last.
    steps: Vec<Vec<f64>>,
    /// How the gradient changed in each of them.
    changes: Vec<Vec<f64>>,
    /// The last step; empty before the first.
    step: Vec<f64>,
    /// The gradient before it; empty before the first.
    gradient: Vec<f64>,
}

impl Memory {
    fn load<T: Real>(state: &State<T>, len: usize) -> Result<Self> {
        let rows = |slot: &str| match state.get(&key(slot)) {
            Err(_) => Ok(Vec::new()),
            Ok(tensor) if tensor.shape().dims().last() == Some(&len) => {
                let values: Vec<f64> = tensor.values().iter().map(|&x| Real::to_f64(x)).collect();
                Ok(values.chunks_exact(len.max(1)).map(<[f64]>::to_vec).collect::<Vec<_>>())
            }
            Ok(tensor) => {
                let last = tensor.shape().dims().last().copied().unwrap_or(1);
                let what = format!("columns of `{slot}` in the state of lbfgs");
                Err(Error::Count { what, found: last, wanted: len })
            }
        };
        let (steps, changes) = (rows(STEPS)?, rows(CHANGES)?);
        Error::count(&format!("rows of `{CHANGES}`"), changes.len(), steps.len())?;
        let one = |slot| rows(slot).map(|mut rows| rows.pop().unwrap_or_default());
        Ok(Self { steps, changes, step: one(STEP)?, gradient: one(GRADIENT)? })
    }

    fn save<T: Real>(&self, state: &mut State<T>) -> Result<()> {
        let len = self.gradient.len();
        let mut keep = |slot: &str, shape: &[usize], values: &[Vec<f64>]| -> Result<()> {
            if values.iter().any(|row| !row.is_empty()) {
                let values = values.iter().flatten().map(|&x| T::from_f64(x)).collect();
                state.insert(key(slot), Tensor::new(Shape::new(shape)?, values)?);
            }
            Ok(())
        };
        let pairs = [self.steps.len(), len];
        keep(STEPS, &pairs, &self.steps)?;
        keep(CHANGES, &pairs, &self.changes)?;
        keep(STEP, &[len], std::slice::from_ref(&self.step))?;
        keep(GRADIENT, &[len], std::slice::from_ref(&self.gradient))
    }

    /// Learns of the curvature from the last step; then the direction from here, and how far to go.
    fn direction(&mut self, gradient: &[f64], history: usize, rate: f64) -> (Vec<f64>, f64) {
        if self.gradient.is_empty() {
            let size: f64 = gradient.iter().map(|g| g.abs()).sum();
            return (gradient.iter().map(|g| -g).collect(), rate * (1.0 / size).min(1.0));
        }
        let change: Vec<f64> =
            gradient.iter().zip(&self.gradient).map(|(new, old)| new - old).collect();
        if dot(&change, &self.step) > CURVED {
            if self.steps.len() >= history {
                self.steps.remove(0);
                self.changes.remove(0);
            }
            self.steps.push(self.step.clone());
            self.changes.push(change);
        }
        (self.newton(gradient), rate)
    }

    /// −H·g with the inverse Hessian H of the pairs, by the two loops of algorithm 7.4.
    fn newton(&self, gradient: &[f64]) -> Vec<f64> {
        let mut d: Vec<f64> = gradient.iter().map(|g| -g).collect();
        let pairs = || self.steps.iter().zip(&self.changes);
        let mut shares = Vec::with_capacity(self.steps.len());
        for (step, change) in pairs().rev() {
            let share = dot(step, &d) / dot(change, step);
            add(&mut d, -share, change);
            shares.push(share);
        }
        if let Some((step, change)) = pairs().next_back() {
            let scale = dot(change, step) / dot(change, change);
            d.iter_mut().for_each(|d| *d *= scale);
        }
        for ((step, change), share) in pairs().zip(shares.into_iter().rev()) {
            let back = dot(change, &d) / dot(change, step);
            add(&mut d, share - back, step);
        }
        d
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn add(to: &mut [f64], scale: f64, other: &[f64]) {
    to.iter_mut().zip(other).for_each(|(to, x)| *to += scale * x);
}

fn along(x: &[f64], at: f64, direction: &[f64]) -> Vec<f64> {
    x.iter().zip(direction).map(|(x, d)| x + at * d).collect()
}

fn largest(values: &[f64]) -> f64 {
    values
        .iter()
        .fold(0.0, |largest, x| if x.abs() > largest || x.is_nan() { x.abs() } else { largest })
}
