//! What every loop of one's own begins with.

use super::{Rates, Rule};
use crate::error::Result;
use crate::graph::{Handle, Var};
use crate::nn::Cx;
use crate::parameters::Parameters;
use crate::plan::Plan;
use crate::state::State;
use crate::tensor::{Real, Tensor};

/// A loss on its way down: the training step, compiled, and what it changes. [`Cx::minimise`] makes it.
///
/// ```
/// use chainrule::prelude::*;
/// let g = Graph::new();
/// let cx = Cx::new(&g);
/// let table = g.arange(100).to_real() / 100;
/// let (x, t) = (table.unsqueeze(1), table.exp());
/// let rows = g.labels("rows", [20], 100);
/// let line = |x| cx.shared("").affine("line", 1, x).squeeze(1);
/// let loss = line(x.gather(0, rows)).mean_squared_error(t.gather(0, rows));
///
/// let mut descent = cx.minimise::<f32>(loss, &Adam::default(), 0.05)?;
/// descent.steps_on("rows", random::batches(0..100, 20, 0).take(500))?;
/// assert!(descent.item((line(x) - t).abs().max(&[]))? < 0.2);
/// # Ok::<(), chainrule::Error>(())
/// ```
#[doc(alias("backward", "zero_grad"))]
#[derive(Clone, Debug)]
pub struct Descent<T> {
    /// The training step, whose inputs are fed.
    pub plan: Plan<T>,
    /// The parameters, at first those of seed 0; others may take their place. Each descent has its own: a
    /// second one on the same model steps the first one's by [`Plan::step_with`].
    pub parameters: Parameters<T>,
    /// The state of the optimizer.
    pub state: State<T>,
    loss: Handle,
}

impl<T: Real> Descent<T> {
    /// Changes the parameters once. The answer is the loss before. To go on where it is not finite, take the
    /// step by [`Plan::step_with`].
    ///
    /// # Errors
    /// As [`Plan::step_with`]; the loss or a gradient is not finite: then what would become NaN or infinite
    /// has stayed, and [`Graph::first_not_finite`](crate::Graph::first_not_finite) tells where it was born.
    pub fn step(&mut self) -> Result<T> {
        self.plan.step_with(&mut self.parameters, &mut self.state)?.finite()?;
        Ok(self.plan.value(self.loss)?[0])
    }

    /// So many steps on what has been fed. The answer is that of the last, NaN where there is none.
    ///
    /// # Errors
    /// As [`Descent::step`], at the first that fails.
    pub fn steps(&mut self, count: usize) -> Result<T> {
        (0..count).try_fold(T::nan(), |_, _| self.step())
    }

    /// A step for each batch of labels, such as the numbers of its examples, that is fed to the input
    /// `name`. The answer is that of the last, NaN where there is none.
    ///
    /// # Errors
    /// As [`Plan::feed_labels`] and [`Descent::step`], at the first that fails.
    pub fn steps_on(
        &mut self,
        name: &str,
        batches: impl IntoIterator<Item = Vec<u32>>,
    ) -> Result<T> {
        batches.into_iter().try_fold(T::nan(), |_, batch| {
            self.plan.feed_labels(name, &batch)?;
            self.step()
        })
    }

    /// One number with the parameters as they are now, as [`Var::eval_with`]: of what needs no input. The loss
    /// of the last step's batch is read from the plan, by [`Plan::value`].
    ///
    /// # Errors
    /// As [`Var::eval_with`]; the value is more than one number.
    pub fn item(&self, value: Var<'_>) -> Result<T> {
        self.eval(value)?.item()
    }

    /// A value with the parameters as they are now, as [`Var::eval_with`].
    ///
    /// # Errors
    /// As [`Var::eval_with`].
    pub fn eval(&self, value: Var<'_>) -> Result<Tensor<T>> {
        let instead =
            "`descent.plan.value` reads the loss of what was fed; for more, compile a plan";
        value.eval_or(&self.parameters, instead)
    }
}

impl<'g> Cx<'g> {
    /// A training step, compiled: the gradients of `loss` with respect to the parameters that have been
    /// made, of a [part](Cx::sub) with respect to its own, their updates by one optimizer with this learning rate, and what layers keep of the batch;
    /// with fresh parameters. Layers do what the [`Cx`] says: under [`Cx::new`] they predict, so that dropout
    /// leaves nothing out and batch normalisation keeps nothing; [`Cx::train`] is for them. For clipping, rates that change or several optimizers, take its lines apart.
    ///
    /// ```
    /// use chainrule::prelude::*;
    /// let g = Graph::new();
    /// let cx = Cx::new(&g);
    /// let y = cx.affine("line", 1, g.input("x", [3, 1]));
    /// let loss = y.mean_squared_error(g.input("t", [3, 1]));
    /// let mut descent = cx.minimise::<f32>(loss, &Adam::default(), 0.1)?;
    ///
    /// descent.plan.feed("x", &[0.0, 1.0, 2.0])?;
    /// descent.plan.feed("t", &[1.0, 3.0, 5.0])?;
    /// descent.steps(300)?;
    /// assert!((descent.parameters.get("line.weight")?.item()? - 2.0).abs() < 0.01);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Graph::compile_step`](crate::Graph::compile_step) and [`Cx::initial`]; no parameters, or none on
    /// which the loss depends; a setting of the optimizer or a rate out of its domain.
    #[track_caller]
    pub fn minimise<T: Real>(
        &self,
        loss: Var<'g>,
        optimizer: &(impl Rule + ?Sized),
        rate: f64,
    ) -> Result<Descent<T>> {
        self.minimise_by(loss, &self.trained_within(), optimizer, rate)
    }

    /// [`Cx::minimise`] that changes these parameters alone, those of them on which the loss depends.
    ///
    /// # Errors
    /// As [`Cx::minimise`].
    #[track_caller]
    pub fn minimise_by<T: Real>(
        &self,
        loss: Var<'g>,
        parameters: &[Var<'g>],
        optimizer: &(impl Rule + ?Sized),
        rate: f64,
    ) -> Result<Descent<T>> {
        let g = self.graph();
        let _place = g.pin();
        let gradients = g.backward(loss, parameters);
        let both = parameters.iter().copied().zip(gradients);
        // As in PyTorch, what the loss does not reach is not decayed either.
        let (reached, gradients): (Vec<_>, Vec<_>) =
            both.filter(|(_, dw)| dw.as_constant() != Some(0.0)).unzip();
        if reached.is_empty() {
            let message = match parameters.is_empty() {
                true => {
                    "there is no parameter to train: call it on the `Cx` that recorded the model"
                }
                false => "the loss depends on none of the parameters",
            };
            g.fail("minimise", message, &[]);
        }
        let mut updates = self.updates();
        updates.extend(optimizer.updates(&Rates::constant(g, rate), &reached, &gradients));
        let plan = g.compile_step(loss, &updates)?;
        let (parameters, state) = (self.initial(0)?, State::new());
        Ok(Descent { plan, parameters, state, loss: loss.handle() })
    }
}
