//! Optimizers, gradient clipping and schedules of the learning rate: functions that build the nodes of
//! the parameters' new values.

mod adagrad;
mod adam;
mod clip;
mod lbfgs;
mod line_search;
mod parts;
mod rmsprop;
mod schedule;
mod sgd;
mod update;

use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use clip::Clip;
pub use lbfgs::Lbfgs;
pub use parts::no_parts;
pub use schedule::{Plateau, Schedule, Warmup};

use crate::error::{Error, Result};
use crate::graph::{Graph, Source, Var};
use crate::parameters::Parameters;
use crate::tensor::{Real, Tensor};

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
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum Optimizer {
    /// Stochastic gradient descent (Robbins and Monro, 1951): w ← w − η·g. With momentum μ the step is
    /// along v ← μ·v + g in place of g (Polyak, 1964), with Nesterov's along g + μ·v (Sutskever et al.,
    /// 2013).
    Sgd {
        /// μ; 0 where none is given.
        #[serde(default)]
        momentum: f64,
        /// Whether the momentum is Nesterov's.
        #[serde(default)]
        nesterov: bool,
        /// λ; 0 where none is given.
        #[serde(default)]
        weight_decay: f64,
    },
    /// AdaGrad (Duchi, Hazan and Singer, 2011, figure 1): s ← s + g²; w ← w − η·g/(√s + ε).
    AdaGrad {
        /// ε; 10⁻¹⁰ where none is given.
        #[serde(default = "tiny")]
        epsilon: f64,
        /// λ; 0 where none is given.
        #[serde(default)]
        weight_decay: f64,
    },
    /// RMSProp (Hinton, 2012, lecture 6e): s ← ρ·s + (1 − ρ)·g²; w ← w − η·g/(√s + ε). With momentum μ
    /// the step is along v ← μ·v + g/(√s + ε).
    RmsProp {
        /// ρ; 0.99 where none is given.
        #[serde(default = "decay")]
        decay: f64,
        /// ε; 10⁻⁸ where none is given.
        #[serde(default = "small")]
        epsilon: f64,
        /// μ; 0 where none is given.
        #[serde(default)]
        momentum: f64,
        /// λ; 0 where none is given.
        #[serde(default)]
        weight_decay: f64,
    },
    /// Adam (Kingma and Ba, 2015, algorithm 1): steps along a running mean of the gradients, divided by
    /// the root of a running mean of their squares, both corrected for their start at zero.
    Adam {
        /// β₁; 0.9 where none is given.
        #[serde(default = "beta1")]
        beta1: f64,
        /// β₂; 0.999 where none is given.
        #[serde(default = "beta2")]
        beta2: f64,
        /// ε; 10⁻⁸ where none is given.
        #[serde(default = "small")]
        epsilon: f64,
    },
    /// Adam with weight decay (Loshchilov and Hutter, 2019, algorithm 2).
    AdamW {
        /// β₁; 0.9 where none is given.
        #[serde(default = "beta1")]
        beta1: f64,
        /// β₂; 0.999 where none is given.
        #[serde(default = "beta2")]
        beta2: f64,
        /// ε; 10⁻⁸ where none is given.
        #[serde(default = "small")]
        epsilon: f64,
        /// λ; 0.01 where none is given.
        #[serde(default = "hundredth")]
        weight_decay: f64,
    },
    /// L-BFGS, which works on the whole loss and outside a plan: see [`Lbfgs::step`].
    Lbfgs(Lbfgs),
}

fn tiny() -> f64 {
    1e-10
}

fn small() -> f64 {
    1e-8
}

fn decay() -> f64 {
    0.99
}

fn beta1() -> f64 {
    0.9
}

fn beta2() -> f64 {
    0.999
}

fn hundredth() -> f64 {
    0.01
}

impl Optimizer {
    /// The optimizers' names.
    pub const NAMES: [&str; 6] = ["sgd", "adagrad", "rmsprop", "adam", "adamw", "lbfgs"];

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
        Self::Sgd { momentum: 0.0, nesterov: false, weight_decay: 0.0 }
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
        Self::Adam { beta1: beta1(), beta2: beta2(), epsilon: small() }
    }

    /// The optimizer's name, such as `adam`.
    ///
    /// ```
    /// assert_eq!(chainrule::optim::Optimizer::sgd().name(), "sgd");
    /// ```
    #[must_use]
    pub fn name(&self) -> &'static str {
        let [sgd, adagrad, rmsprop, adam, adamw, lbfgs] = Self::NAMES;
        match self {
            Self::Sgd { .. } => sgd,
            Self::AdaGrad { .. } => adagrad,
            Self::RmsProp { .. } => rmsprop,
            Self::Adam { .. } => adam,
            Self::AdamW { .. } => adamw,
            Self::Lbfgs(_) => lbfgs,
        }
    }

    /// Checks the settings' domains.
    ///
    /// ```
    /// use chainrule::optim::Optimizer;
    /// let sgd = |momentum, nesterov| Optimizer::Sgd { momentum, nesterov, weight_decay: 0.0 };
    /// assert!(sgd(0.9, true).check().is_ok() && sgd(1.5, false).check().is_err());
    /// ```
    ///
    /// # Errors
    /// The first setting that is out of its domain.
    pub fn check(&self) -> Result<()> {
        let share = |name: &str, value: f64| {
            Error::check((0.0..1.0).contains(&value), name, value, "at least 0 and below 1")
        };
        let positive = |name: &str, value: f64| {
            Error::check(value > 0.0 && value.is_finite(), name, value, "positive and finite")
        };
        let not_negative = |name: &str, value: f64| {
            let ok = value >= 0.0 && value.is_finite();
            Error::check(ok, name, value, "at least 0 and finite")
        };
        match *self {
            Self::Sgd { momentum, nesterov, weight_decay } => {
                share("momentum", momentum)?;
                let ok = !nesterov || momentum > 0.0;
                Error::check(ok, "momentum", momentum, "above 0 for Nesterov's")?;
                not_negative("weight_decay", weight_decay)
            }
            Self::AdaGrad { epsilon, weight_decay } => {
                positive("epsilon", epsilon)?;
                not_negative("weight_decay", weight_decay)
            }
            Self::RmsProp { decay, epsilon, momentum, weight_decay } => {
                share("decay", decay)?;
                positive("epsilon", epsilon)?;
                share("momentum", momentum)?;
                not_negative("weight_decay", weight_decay)
            }
            Self::Adam { beta1, beta2, epsilon } => {
                share("beta1", beta1)?;
                share("beta2", beta2)?;
                positive("epsilon", epsilon)
            }
            Self::AdamW { beta1, beta2, epsilon, weight_decay } => {
                share("beta1", beta1)?;
                share("beta2", beta2)?;
                positive("epsilon", epsilon)?;
                not_negative("weight_decay", weight_decay)
            }
            Self::Lbfgs(Lbfgs { history, iterations, .. }) => {
                Error::check(history > 0, "history", history, "at least 1")?;
                Error::check(iterations > 0, "iterations", iterations, "at least 1")
            }
        }
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
        let of_each = self.state();
        let mut add = |name: String, like: &str| {
            let shape = match parameters.get(like) {
                Ok(tensor) => tensor.shape(),
                Err(_) => return,
            };
            if parameters.get(&name).is_err() {
                parameters.insert(name, Tensor::full(shape, T::zero()));
            }
        };
        for name in trainable {
            of_each.iter().for_each(|state| add(format!("{name}.{state}"), name));
        }
        let counts = matches!(self, Self::Adam { .. } | Self::AdamW { .. });
        if counts && parameters.get(adam::STEP).is_err() {
            parameters.insert(adam::STEP, Tensor::scalar(T::zero()));
        }
    }

    /// What is kept for each parameter, beside it.
    fn state(&self) -> &'static [&'static str] {
        match *self {
            Self::Sgd { momentum: 0.0, .. } | Self::Lbfgs(_) => &[],
            Self::Sgd { .. } => &[sgd::VELOCITY],
            Self::AdaGrad { .. } => &[adagrad::SQUARE],
            Self::RmsProp { momentum: 0.0, .. } => &[rmsprop::SQUARE],
            Self::RmsProp { .. } => &[rmsprop::SQUARE, rmsprop::VELOCITY],
            Self::Adam { .. } | Self::AdamW { .. } => &[adam::MEAN, adam::SQUARE],
        }
    }

    /// Whether a parameter's name is that of an optimizer's state.
    ///
    /// ```
    /// use chainrule::optim::Optimizer;
    /// assert!(Optimizer::is_state("affine1.weight.adam.mean") && Optimizer::is_state("adam.step"));
    /// assert!(!Optimizer::is_state("affine1.weight"));
    /// ```
    #[must_use]
    pub fn is_state(name: &str) -> bool {
        name.split('.').any(|part| Self::NAMES.contains(&part))
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
        match *self {
            Self::Sgd { momentum, nesterov, weight_decay } => {
                each.iter().flat_map(|e| sgd::step(e, momentum, nesterov, weight_decay)).collect()
            }
            Self::AdaGrad { epsilon, weight_decay } => {
                each.iter().flat_map(|e| adagrad::step(e, epsilon, weight_decay)).collect()
            }
            Self::RmsProp { decay, epsilon, momentum, weight_decay } => {
                let step = |e| rmsprop::step(e, decay, epsilon, momentum, weight_decay);
                each.iter().flat_map(step).collect()
            }
            Self::Adam { beta1, beta2, epsilon } => adam::steps(&each, beta1, beta2, epsilon, 0.0),
            Self::AdamW { beta1, beta2, epsilon, weight_decay } => {
                adam::steps(&each, beta1, beta2, epsilon, weight_decay)
            }
            Self::Lbfgs(_) => {
                let message = "works outside a plan, on the loss and gradients of all examples";
                g.fail(self.name(), message, parameters);
                Vec::new()
            }
        }
    }
}

impl FromStr for Optimizer {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let (beta1, beta2, epsilon) = (beta1(), beta2(), small());
        Ok(match name {
            "sgd" => Self::sgd(),
            "adagrad" => Self::AdaGrad { epsilon: tiny(), weight_decay: 0.0 },
            "rmsprop" => {
                Self::RmsProp { decay: decay(), epsilon, momentum: 0.0, weight_decay: 0.0 }
            }
            "adam" => Self::adam(),
            "adamw" => Self::AdamW { beta1, beta2, epsilon, weight_decay: hundredth() },
            "lbfgs" => Self::Lbfgs(Lbfgs::default()),
            _ => {
                let known = Self::NAMES.join(", ");
                return Err(Error::Unknown { what: "optimizer", name: name.into(), known });
            }
        })
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
struct Each<'g> {
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
