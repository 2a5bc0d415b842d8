//! What an optimizer is.

use std::collections::HashSet;
use std::sync::Arc;

use super::parts::{Before, Parts};
use super::{Optimizer, Rates, update};
use crate::error::{Error, Result};
use crate::graph::{Graph, Source, Var};
use crate::state::{Group, StateKey};

/// An optimizer: how parameters follow their gradients. One of your own is used as the built-in ones are.
///
/// ```
/// use chainrule::optim::{Each, Rates, Rule};
/// use chainrule::{Graph, Parameters, State, Tensor, Var};
///
/// /// Lion (Chen et al., 2023, algorithm 2): steps along the sign of an interpolated momentum.
/// #[derive(Debug)]
/// struct Lion {
///     beta1: f64,
///     beta2: f64,
/// }
///
/// impl Rule for Lion {
///     fn name(&self) -> &str {
///         "lion"
///     }
///     fn steps<'g>(&self, all: &[Each<'g>]) -> Vec<(Var<'g>, Var<'g>)> {
///         let step = |each: &Each<'g>| {
///             let momentum = each.state("momentum");
///             let along = (momentum * self.beta1 + each.dw * (1.0 - self.beta1)).sign();
///             let kept = momentum * self.beta2 + each.dw * (1.0 - self.beta2);
///             [(momentum, kept), (each.w, each.w - along * each.rate)]
///         };
///         all.iter().flat_map(step).collect()
///     }
/// }
///
/// let g = Graph::new();
/// let w = g.parameter("w", []);
/// let loss = (w - 3.0).square();
/// let gradients = g.backward(loss, &[w]);
/// let lion = Lion { beta1: 0.9, beta2: 0.99 };
/// let updates = lion.updates(&Rates::constant(&g, 0.25), &[w], &gradients);
/// let mut plan = g.compile_step::<f64>(loss, &updates)?;
/// let (mut parameters, mut state) = (Parameters::new(), State::new());
/// parameters.insert("w", Tensor::scalar(1.0));
/// for _ in 0..8 {
///     plan.step_with(&mut parameters, &mut state)?.finite()?;
/// }
/// assert_eq!(parameters.get("w")?.values(), [3.0]);
/// # Ok::<(), chainrule::Error>(())
/// ```
pub trait Rule: std::fmt::Debug + Send + Sync {
    /// Its name, under which its state is kept.
    fn name(&self) -> &str;

    /// Each parameter and each part of the state with its new value. What is kept begins at zeros.
    fn steps<'g>(&self, all: &[Each<'g>]) -> Vec<(Var<'g>, Var<'g>)>;

    /// What the update of a parameter by the gradient `dw` is the sum of, for explanations.
    ///
    /// # Errors
    /// Updates of this optimizer cannot be taken apart, as long as it does not say how; or a part of the
    /// state is missing.
    fn parts(&self, before: &Before<'_>, dw: &[f64], rate: f64) -> Result<Parts> {
        let _ = (before, dw, rate);
        let message = "cannot take its updates apart: it has no `Rule::parts` of its own";
        Err(Error::Mismatch(format!("the optimizer `{}` {message}", self.name())))
    }

    /// Checks what one setting asks of another.
    ///
    /// # Errors
    /// The first setting that does not fit.
    fn check(&self) -> Result<()> {
        Ok(())
    }

    /// [`Rule::steps`] of one use of the optimizer in a graph, as [`Optimizer::updates`]. A setting or a
    /// rate out of its domain is a mistake, as is a parameter or a part of the state without a new value.
    #[track_caller]
    #[must_use]
    fn updates<'g>(
        &self,
        rates: &Rates<'g>,
        parameters: &[Var<'g>],
        gradients: &[Var<'g>],
    ) -> Vec<(Var<'g>, Var<'g>)> {
        let g = rates.rate.graph();
        let _pin = g.pin();
        let (wanted, found) = (parameters.len(), gradients.len());
        let unfit = match self.check() {
            _ if wanted != found => {
                Some(format!("takes a gradient for each parameter: {wanted}, not {found}"))
            }
            Ok(()) => rates.unfit(wanted),
            Err(error) => Some(error.to_string()),
        };
        if let Some(message) = unfit {
            g.fail(self.name(), &message, &[]);
            return Vec::new();
        }
        let (group, start) = (g.group(self.name()), g.len());
        let mut each = Vec::with_capacity(parameters.len());
        for (at, (&w, &dw)) in parameters.iter().zip(gradients).enumerate() {
            let named = (!w.is_poison() && w.belongs_to(g))
                .then(|| g.node(w.id(), |node| node.source.clone()));
            let Some(Source::Parameter(name)) = named else {
                let what = match named {
                    Some(Source::Input(name)) => format!("the input `{name}`"),
                    Some(_) => "a value that is no parameter".into(),
                    None => "a value of another graph".into(),
                };
                let message =
                    format!("trains what `Graph::parameter` or `Cx::param` made, not {what}");
                g.fail(self.name(), &message, &[w]);
                continue;
            };
            if !dw.is_poison() && dw.belongs_to(g) && dw.ty() != w.ty() {
                let (found, wanted) = (dw.ty(), w.ty());
                let message = format!("the gradient of `{name}` is {found}, but must be {wanted}");
                g.fail(self.name(), &message, &[w, dw]);
                continue;
            }
            let rate = match rates.of.get(at) {
                None | Some(1.0) => rates.rate,
                Some(&of) => rates.rate * of,
            };
            each.push(Each { w, dw, rate, name, group: group.clone() });
        }
        let updates = self.steps(&each);
        if let Some(forgotten) = forgotten(g, start, &group, &each, &updates) {
            g.fail(self.name(), &format!("gives {forgotten} no new value"), &[]);
        }
        updates
    }
}

/// The parameter, or the part of the state recorded from node `start` on, that the updates of a use leave
/// out.
fn forgotten<'g>(
    g: &Graph,
    start: usize,
    group: &Group,
    all: &[Each<'g>],
    updates: &[(Var<'g>, Var<'g>)],
) -> Option<String> {
    let new: HashSet<u32> = updates.iter().map(|(v, _)| v.id()).collect();
    let parameter = all.iter().find(|each| !new.contains(&each.w.id()));
    let state = |id| {
        g.node(id, |node| match &node.source {
            Source::State(key) if key.group == *group && !new.contains(&id) => {
                Some(key.to_string())
            }
            _ => None,
        })
    };
    let parameter = parameter.map(|each| format!("`{}`", each.name));
    parameter.or_else(|| (start as u32..g.len() as u32).find_map(state))
}

/// One of the words of the settings is the optimizer that it names.
impl Rule for Optimizer {
    fn name(&self) -> &str {
        self.part().name()
    }
    fn steps<'g>(&self, all: &[Each<'g>]) -> Vec<(Var<'g>, Var<'g>)> {
        self.part().steps(all)
    }
    fn parts(&self, before: &Before<'_>, dw: &[f64], rate: f64) -> Result<Parts> {
        self.part().parts(before, dw, rate)
    }
    fn check(&self) -> Result<()> {
        Optimizer::check(self)
    }
}

/// One parameter as its optimizer sees it.
#[derive(Debug)]
pub struct Each<'g> {
    /// The parameter.
    pub w: Var<'g>,
    /// Its gradient, in the same shape.
    pub dw: Var<'g>,
    /// Its learning rate, a scalar.
    pub rate: Var<'g>,
    /// Its name.
    pub name: Arc<str>,
    group: Group,
}

impl<'g> Each<'g> {
    /// A part of the state that is kept for the parameter, in its shape.
    #[track_caller]
    #[must_use]
    pub fn state(&self, slot: &str) -> Var<'g> {
        let of = Some(self.name.clone());
        let key = StateKey { group: self.group.clone(), slot: slot.into(), of };
        self.w.graph().state(&key, self.w.shape())
    }

    /// A number that is kept once for all parameters of this use, such as a count of the steps: the same
    /// from each of them, and updated once.
    #[track_caller]
    #[must_use]
    pub fn shared(&self, slot: &str) -> Var<'g> {
        let key = StateKey { group: self.group.clone(), slot: slot.into(), of: None };
        self.w.graph().state(&key, [])
    }

    /// A scalar in the shape of the parameter.
    pub(super) fn spread(&self, scalar: Var<'g>) -> Var<'g> {
        scalar.broadcast_to(self.w.shape())
    }

    /// What the weight decay λ leaves of the parameter, 1 − η·λ, in its shape.
    pub(super) fn kept(&self, weight_decay: f64) -> Var<'g> {
        match weight_decay {
            0.0 => self.w.like(1.0),
            decay => self.spread(1.0 - self.rate * decay),
        }
    }

    /// The parameter after the weight decay and a step of −η·`along`.
    pub(super) fn moved(&self, along: Var<'g>, weight_decay: f64) -> (Var<'g>, Var<'g>) {
        let operands = [self.w, along, self.spread(self.rate), self.kept(weight_decay)];
        (self.w, self.w.graph().apply(update::Step, &operands))
    }
}
