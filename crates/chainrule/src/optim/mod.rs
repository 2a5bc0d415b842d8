//! Optimizers, gradient clipping and schedules of the learning rate: functions that build the nodes of
//! the parameters' new values.

mod clip;
mod line_search;
mod parts;
mod schedule;
mod update;
mod rule;
mod adagrad;
mod adam;
mod lbfgs;
mod rmsprop;
mod sgd;
mod minimise;

pub use adagrad::AdaGrad;
pub use adam::{Adam, AdamW};
pub use clip::Clip;
pub use lbfgs::Lbfgs;
pub use minimise::Descent;
pub use parts::{Before, Parts};
pub use rmsprop::RmsProp;
pub use rule::{Each, Rule};
pub use schedule::{Plateau, RateSchedule, Schedule, Warmup};
pub use sgd::Sgd;
pub use update::all_updates;

use crate::error::Result;
use crate::graph::{Graph, Var};
use crate::settings;

crate::kinds! {
    /// How parameters follow their gradients, with the settings of PyTorch's optimizers of the same names.
    ///
    /// Weight decay is decoupled, for each optimizer as for AdamW: before its step a parameter is
    /// multiplied by 1 − η·λ (Loshchilov and Hutter, 2019, algorithms 1 and 2). For plain gradient descent
    /// that is the gradient of ½·λ‖w‖².
    ///
    /// What an optimizer keeps from step to step lies in a [`State`](crate::State), apart for each use.
    ///
    /// ```
    /// use chainrule::optim::{Optimizer, Rates};
    /// use chainrule::{Graph, Parameters, State, Tensor};
    /// let g = Graph::new();
    /// let w = g.parameter("w", []);
    /// let loss = (w - 3.0).square();
    /// let gradients = g.backward(loss, &[w]);
    /// let updates = Optimizer::adam().updates(&Rates::constant(&g, 0.1), &[w], &gradients);
    /// let mut plan = g.compile_step::<f64>(loss, &updates)?;
    /// let (mut parameters, mut state) = (Parameters::new(), State::new());
    /// parameters.insert("w", Tensor::scalar(1.0));
    /// plan.step_with(&mut parameters, &mut state)?.finite()?;
    /// // The first step has the size of the learning rate.
    /// assert!((parameters.get("w")?.values()[0] - 1.1).abs() < 1e-8);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[derive(Copy)]
    pub enum Optimizer as Rule = "optimizer", ' ' {
        /// Gradient descent.
        Sgd(Sgd),
        /// AdaGrad.
        AdaGrad(AdaGrad),
        /// RMSProp.
        RmsProp(RmsProp),
        /// Adam.
        Adam(Adam),
        /// Adam with weight decay.
        AdamW(AdamW),
    }
}

crate::kinds! {
    /// What trains: an optimizer, whose steps are a part of a plan, or L-BFGS, which asks for the loss of
    /// all examples at several places and works outside a plan.
    ///
    /// ```
    /// use chainrule::optim::{Lbfgs, Method, Optimizer};
    /// assert_eq!("adam".parse::<Method>()?, Optimizer::adam().into());
    /// assert_eq!("lbfgs".parse::<Method>()?, Lbfgs::default().into());
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[derive(Copy)]
    pub enum Method = "optimizer", ' ' {
        /// Steps of a plan.
        Step(Optimizer),
        /// See [`Lbfgs::step`].
        Lbfgs(Lbfgs),
    }
}

impl Method {
    /// Checks the settings' domains.
    ///
    /// ```
    /// use chainrule::optim::{Lbfgs, Method};
    /// assert!(Method::Lbfgs(Lbfgs { history: 0, ..Lbfgs::default() }).check().is_err());
    /// ```
    ///
    /// # Errors
    /// The first setting that is out of its domain.
    pub fn check(&self) -> Result<()> {
        match self {
            Self::Step(optimizer) => optimizer.check(),
            Self::Lbfgs(lbfgs) => settings::check(lbfgs),
        }
    }
}

impl Optimizer {
    /// Gradient descent without momentum.
    ///
    /// ```
    /// use chainrule::{Graph, optim::{Optimizer, Rates}};
    /// let g = Graph::new();
    /// let w = g.parameter("w", [3]);
    /// let gradients = g.backward(w.square().sum(&[]), &[w]);
    /// let updates = Optimizer::sgd().updates(&Rates::constant(&g, 0.1), &[w], &gradients);
    /// assert_eq!(updates[0].1.shape(), w.shape());
    /// ```
    #[must_use]
    pub fn sgd() -> Self {
        Sgd::default().into()
    }

    /// Adam with the paper's settings: β₁ = 0.9, β₂ = 0.999, ε = 10⁻⁸.
    ///
    /// ```
    /// use chainrule::optim::Optimizer;
    /// assert_eq!("adam".parse::<Optimizer>()?, Optimizer::adam());
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn adam() -> Self {
        Adam::default().into()
    }

    /// Checks the settings' domains.
    ///
    /// ```
    /// use chainrule::optim::{Optimizer, Sgd};
    /// let sgd = |momentum| Optimizer::Sgd(Sgd { momentum, nesterov: true, weight_decay: 0.0 });
    /// assert!(sgd(0.9).check().is_ok() && sgd(1.5).check().is_err() && sgd(0.0).check().is_err());
    /// ```
    ///
    /// # Errors
    /// The first setting that is out of its domain.
    pub fn check(&self) -> Result<()> {
        self.part().check()
    }

    /// Each parameter and each part of the state with its new value, for
    /// [`Graph::compile_step`](crate::Graph::compile_step).
    ///
    /// What is wrong with parameters or gradients is the graph's first mistake, which compiling returns.
    #[track_caller]
    #[must_use]
    pub fn updates<'g>(
        &self,
        rates: &Rates<'g>,
        parameters: &[Var<'g>],
        gradients: &[Var<'g>],
    ) -> Vec<(Var<'g>, Var<'g>)> {
        self.part().updates(rates, parameters, gradients)
    }
}

/// The learning rates of a step.
#[derive(Clone, Debug)]
pub struct Rates<'g> {
    /// The learning rate η, a scalar: a constant, or an input that is fed for each step.
    pub rate: Var<'g>,
    /// What the rate is multiplied by for each parameter, in their order; nothing for 1 each.
    pub of: Vec<f64>,
}

impl<'g> Rates<'g> {
    /// One learning rate for all steps and parameters.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// let rates = chainrule::optim::Rates::constant(&g, 0.1);
    /// assert_eq!(rates.rate.as_constant(), Some(0.1));
    /// ```
    #[must_use]
    pub fn constant(g: &'g Graph, rate: f64) -> Self {
        Self { rate: g.constant(rate), of: Vec::new() }
    }

    /// What is wrong with them for so many parameters.
    fn unfit(&self, parameters: usize) -> Option<String> {
        let wrong = |rate: &f64| !(*rate >= 0.0 && rate.is_finite());
        if let Some(rate) = self.rate.as_constant().iter().chain(&self.of).find(|rate| wrong(rate))
        {
            return Some(format!("a learning rate is {rate}, but must be finite and not negative"));
        }
        let found = self.of.len();
        let message =
            || format!("takes a rate for each parameter or none: {parameters}, not {found}");
        (found > 0 && found != parameters).then(message)
    }
}
