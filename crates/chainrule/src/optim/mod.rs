//! Optimizers, gradient clipping and schedules of the learning rate: functions that build the nodes of
//! the parameters' new values.

mod clip;
mod line_search;
mod parts;
mod schedule;
mod update;
mod adagrad;
mod adam;
mod lbfgs;
mod rmsprop;
mod sgd;

use std::sync::Arc;

pub use adagrad::AdaGrad;
pub use adam::{Adam, AdamW};
pub use clip::Clip;
pub use lbfgs::Lbfgs;
pub use parts::Parts;
pub use rmsprop::RmsProp;
pub use schedule::{Plateau, Schedule, Warmup};
pub use sgd::Sgd;
pub use update::all_updates;

use crate::error::Result;
use crate::graph::{Graph, Source, Var};
use crate::parameters::Parameters;
use crate::settings;
use crate::tensor::{Real, Shape, Tensor};
use parts::Before;

crate::kinds! {
    /// How parameters follow their gradients, with the settings of PyTorch's optimizers of the same names.
    ///
    /// Weight decay is decoupled, for each optimizer as for AdamW: before its step a parameter is
    /// multiplied by 1 − η·λ (Loshchilov and Hutter, 2019, algorithms 1 and 2). For plain gradient descent
    /// that is the gradient of ½·λ‖w‖².
    ///
    /// An optimizer's state lies beside the parameters, under their names: see [`Optimizer::prepare`].
    ///
    /// ```
    /// use chainrule::optim::{Optimizer, Rates};
    /// use chainrule::{Graph, Parameters, Tensor};
    /// let g = Graph::new();
    /// let w = g.parameter("w", []);
    /// let loss = (w - 3.0).square();
    /// let gradients = g.backward(loss, &[w]);
    /// let adam = Optimizer::adam();
    /// let updates = adam.updates(&Rates::constant(&g, 0.1), &[w], &gradients);
    /// let mut plan = g.compile_step::<f64>(loss, &updates)?;
    /// let mut parameters = Parameters::new();
    /// parameters.insert("w", Tensor::scalar(1.0));
    /// adam.prepare(&mut parameters, &["w".into()]);
    /// plan.step(&mut parameters)?;
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

/// How one optimizer makes its steps.
pub(crate) trait Rule {
    /// What is kept for each parameter, beside it.
    fn kept(&self) -> &'static [&'static str];

    /// The numbers that are kept once for all parameters.
    fn shared(&self) -> &'static [&'static str] {
        &[]
    }

    /// Each parameter and each part of the state with its new value.
    fn updates<'g>(&self, all: &[Each<'g>]) -> Vec<(Var<'g>, Var<'g>)>;

    /// What the update of a parameter by the gradient `dw` is the sum of.
    fn parts(&self, before: &Before<'_>, dw: &[f64], rate: f64) -> Result<Parts>;

    /// Checks what one setting asks of another.
    fn check(&self) -> Result<()> {
        Ok(())
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
        settings::check(self)?;
        self.part().check()
    }

    /// Adds the state that steps keep, all zero: `NAME.adam.mean` and `NAME.adam.square` for each
    /// trainable parameter and `adam.step`, for example. What is there already stays.
    ///
    /// ```
    /// use chainrule::{Parameters, Tensor, optim::Optimizer};
    /// let mut p = Parameters::<f32>::new();
    /// p.insert("w", Tensor::full([2], 1.0));
    /// Optimizer::adam().prepare(&mut p, &["w".into()]);
    /// let names: Vec<&str> = p.iter().map(|(name, _)| name).collect();
    /// assert_eq!(names, ["w", "w.adam.mean", "w.adam.square", "adam.step"]);
    /// ```
    pub fn prepare<T: Real>(&self, parameters: &mut Parameters<T>, trainable: &[String]) {
        let shared = self.part().shared().iter().map(|&name| (name.to_owned(), None));
        let each = trainable.iter().flat_map(|name| {
            let kept = self.part().kept().iter();
            kept.map(move |state| (format!("{name}.{state}"), Some(name)))
        });
        for (name, of) in each.chain(shared).collect::<Vec<_>>() {
            let shape = of.map_or(Ok(Shape::from([])), |of| parameters.get(of).map(Tensor::shape));
            if let (Ok(shape), Err(_)) = (shape, parameters.get(&name)) {
                parameters.insert(name, Tensor::full(shape, T::zero()));
            }
        }
    }

    /// The parts of the state that are kept for each parameter.
    ///
    /// ```
    /// use chainrule::optim::Optimizer;
    /// assert_eq!(Optimizer::adam().kept(), ["adam.mean", "adam.square"]);
    /// ```
    #[must_use]
    pub fn kept(&self) -> &'static [&'static str] {
        self.part().kept()
    }

    /// Each parameter and each part of the state with its new value.
    #[track_caller]
    #[must_use]
    pub fn updates<'g>(
        &self,
        rates: &Rates<'g>,
        parameters: &[Var<'g>],
        gradients: &[Var<'g>],
    ) -> Vec<(Var<'g>, Var<'g>)> {
        let g = rates.rate.graph();
        let _pin = g.pin();
        let mut each = Vec::with_capacity(parameters.len());
        for (at, (&w, &dw)) in parameters.iter().zip(gradients).enumerate() {
            let named = (!w.is_poison() && w.belongs_to(g))
                .then(|| g.node(w.id, |node| node.source.clone()));
            let Some(Source::Parameter(name)) = named else {
                g.fail(self.name(), "takes parameters, whose state it keeps by name", &[w]);
                continue;
            };
            let rate = match rates.of.get(at) {
                None | Some(1.0) => rates.rate,
                Some(&of) => rates.rate * of,
            };
            each.push(Each { name, w, dw, rate });
        }
        self.part().updates(&each)
    }
}

/// The learning rates of a step.
#[derive(Clone, Debug)]
pub struct Rates<'g> {
    /// The learning rate η, a scalar: a constant, or an input that is fed for each step.
    pub rate: Var<'g>,
    /// What the rate is multiplied by for each parameter, in their order; 1 where none is given.
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
}

/// One parameter as its optimizer sees it.
#[derive(Debug)]
pub(crate) struct Each<'g> {
    name: Arc<str>,
    w: Var<'g>,
    dw: Var<'g>,
    /// The learning rate, a scalar.
    rate: Var<'g>,
}

impl<'g> Each<'g> {
    /// A part of the state that is kept beside the parameter.
    fn state(&self, name: &str) -> Var<'g> {
        self.w.graph().parameter(&format!("{}.{name}", self.name), self.w.shape())
    }

    /// A scalar in the shape of the parameter.
    fn spread(&self, scalar: Var<'g>) -> Var<'g> {
        scalar.broadcast_to(self.w.shape())
    }

    /// What the weight decay λ leaves of the parameter, 1 − η·λ, in its shape.
    fn kept(&self, weight_decay: f64) -> Var<'g> {
        match weight_decay {
            0.0 => self.w.like(1.0),
            decay => self.spread(1.0 - self.rate * decay),
        }
    }

    /// The parameter after the weight decay and a step of −η·`along`.
    fn moved(&self, along: Var<'g>, weight_decay: f64) -> (Var<'g>, Var<'g>) {
        let operands = [self.w, along, self.spread(self.rate), self.kept(weight_decay)];
        (self.w, self.w.graph().apply(update::Step, &operands))
    }
}
