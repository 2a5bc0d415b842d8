//! What every loop of one's own begins with.

use super::{Rates, Rule};
use crate::error::Result;
use crate::graph::Var;
use crate::nn::Cx;
use crate::plan::Plan;
use crate::tensor::Real;

impl<'g> Cx<'g> {
    /// A training step, compiled: the gradients of `loss` with respect to the parameters that have been
    /// made, their updates by one optimizer with this learning rate, and what layers keep of the batch.
    /// [`Plan::step_with`] does it. For clipping, rates that change or several optimizers, take its lines
    /// apart.
    ///
    /// ```
    /// use chainrule::nn::{Affine, Cx, Field, Init, Network};
    /// use chainrule::optim::Adam;
    /// use chainrule::{Graph, State};
    /// let line = Network::new(Affine::new(1, Init::Zeros), [Field::real("x", [1])])?;
    /// let g = Graph::new();
    /// let cx = Cx::predict(&g);
    /// let loss = (line.record(&cx, 3).one() - g.input("t", [3, 1])).square().mean(&[]);
    /// let mut step = cx.minimise::<f32>(loss, &Adam::default(), 0.1)?;
    ///
    /// step.feed("x", &[0.0, 1.0, 2.0])?;
    /// step.feed("t", &[1.0, 3.0, 5.0])?;
    /// let (mut parameters, mut state) = (line.initial(0)?, State::new());
    /// for _ in 0..300 {
    ///     step.step_with(&mut parameters, &mut state)?;
    /// }
    /// assert!((parameters.get("weight")?.values()[0] - 2.0).abs() < 0.01);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Graph::compile_step`](crate::Graph::compile_step).
    #[track_caller]
    pub fn minimise<T: Real>(
        &self,
        loss: Var<'g>,
        optimizer: &(impl Rule + ?Sized),
        rate: f64,
    ) -> Result<Plan<T>> {
        self.minimise_by(loss, &self.trained(), optimizer, rate)
    }

    /// [`Cx::minimise`] that changes these parameters alone.
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
    ) -> Result<Plan<T>> {
        let g = self.graph();
        let _place = g.pin();
        let gradients = g.backward(loss, parameters);
        let mut updates = self.updates();
        updates.extend(optimizer.updates(&Rates::constant(g, rate), parameters, &gradients));
        g.compile_step(loss, &updates)
    }
}
