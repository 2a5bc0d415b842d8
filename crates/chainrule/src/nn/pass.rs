//! What a model is run for.

use std::cell::{Cell, RefCell};

use crate::graph::Var;
use crate::ops::RandomMask;

/// Whether the model trains or only predicts; and what its layers want to keep.
///
/// ```
/// use chainrule::nn::{BatchNorm, Pass, Sequential};
/// # let g = chainrule::Graph::new();
/// let model = Sequential::new().with(BatchNorm::new(3));
/// let pass = Pass::train(0, g.labels("step", [], 1000));
/// let y = model.forward_in(g.input("x", [20, 3]), &pass);
/// // The running mean and variance, with their new values.
/// assert_eq!(pass.into_updates().len(), 2);
/// ```
#[derive(Debug)]
pub struct Pass<'g> {
    training: Option<Training<'g>>,
    updates: RefCell<Vec<(Var<'g>, Var<'g>)>>,
    /// Random masks so far.
    masks: Cell<u16>,
}

#[derive(Clone, Copy, Debug)]
struct Training<'g> {
    seed: u64,
    step: Var<'g>,
}

impl<'g> Pass<'g> {
    /// The model predicts: nothing is random, nothing is kept.
    ///
    /// ```
    /// assert!(!chainrule::nn::Pass::predict().is_training());
    /// ```
    #[must_use]
    pub fn predict() -> Self {
        Self { training: None, updates: RefCell::default(), masks: Cell::new(0) }
    }

    /// The model trains. What is random depends on `seed` and `step` alone: a scalar of labels, or of
    /// real numbers, which are exact up to 2²⁴ in `f32`. It is fed another number for each batch, such
    /// as the number of steps so far.
    ///
    /// ```
    /// use chainrule::nn::Pass;
    /// # let g = chainrule::Graph::new();
    /// assert!(Pass::train(0, g.labels("step", [], 1 << 32)).is_training());
    /// ```
    #[must_use]
    pub fn train(seed: u64, step: Var<'g>) -> Self {
        Self { training: Some(Training { seed, step }), ..Self::predict() }
    }

    /// Whether the model trains.
    ///
    /// ```
    /// assert!(!chainrule::nn::Pass::predict().is_training());
    /// ```
    #[must_use]
    pub fn is_training(&self) -> bool {
        self.training.is_some()
    }

    /// Has the training step give `parameter`, which no optimizer changes, the value `new`.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// let pass = chainrule::nn::Pass::train(0, g.labels("step", [], 1000));
    /// let seen = g.parameter("seen", []);
    /// pass.update(seen, seen + 1.0);
    /// ```
    pub fn update(&self, parameter: Var<'g>, new: Var<'g>) {
        self.updates.borrow_mut().push((parameter, new));
    }

    /// What the layers want to keep: parameters and their new values, for
    /// [`Graph::compile_step`](crate::Graph::compile_step).
    ///
    /// ```
    /// assert!(chainrule::nn::Pass::predict().into_updates().is_empty());
    /// ```
    #[must_use]
    pub fn into_updates(self) -> Vec<(Var<'g>, Var<'g>)> {
        self.updates.into_inner()
    }

    /// A random mask in the shape of `x` when the model trains, see [`RandomMask`]; each of a pass has
    /// random numbers of its own.
    ///
    /// ```
    /// use chainrule::nn::Pass;
    /// # let g = chainrule::Graph::new();
    /// let x = g.input("x", [100, 50]);
    /// assert!(Pass::predict().mask(x, 0.5).is_none());
    /// let mask = Pass::train(0, g.labels("step", [], 1000)).mask(x, 0.5).unwrap();
    /// assert_eq!(mask.shape(), x.shape());
    /// ```
    #[track_caller]
    #[must_use]
    pub fn mask(&self, x: Var<'g>, rate: f64) -> Option<Var<'g>> {
        let Training { seed, step } = self.training?;
        let number = self.masks.replace(self.masks.get().wrapping_add(1));
        Some(x.graph().apply(RandomMask { seed, number, rate, shape: x.shape() }, &[step]))
    }
}
