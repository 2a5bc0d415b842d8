//! The state of optimizers: what their steps keep from one to the next, beside the parameters.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::parameters::Parameters;
use crate::store::Store;
use crate::tensor::{Real, Shape, Tensor};

/// One use of an optimizer in a graph.
///
/// ```
/// let g = chainrule::Graph::new();
/// let numbers = [g.group("adam"), g.group("sgd"), g.group("adam")].map(|group| group.number);
/// assert_eq!(numbers, [0, 0, 1]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Group {
    /// The optimizer, as [`Rule::name`](crate::optim::Rule::name) has it.
    pub rule: Arc<str>,
    /// Which of its uses in the graph this is, from 0.
    pub number: u32,
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.number {
            0 => f.write_str(&self.rule),
            number => write!(f, "{}, use {} in its graph", self.rule, number + 1),
        }
    }
}

/// What tells one part of a [`State`] from others.
///
/// ```
/// use chainrule::state::{Group, StateKey};
/// let group = Group { rule: "adam".into(), number: 0 };
/// let mean = StateKey { group, slot: "mean".into(), of: Some("w".into()) };
/// assert_eq!(mean.to_string(), "`mean` of `w`");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StateKey {
    /// The use of an optimizer that keeps it.
    pub group: Group,
    /// What it is, such as `mean`.
    pub slot: Arc<str>,
    /// The parameter that it is kept for; `None` for what is kept once for the group.
    pub of: Option<Arc<str>>,
}

impl fmt::Display for StateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.of {
            Some(of) => write!(f, "`{}` of `{of}`", self.slot),
            None => write!(f, "`{}`", self.slot),
        }
    }
}

/// The state of the optimizers of a training, owned by the caller as the parameters are: a state for
/// each training, which its plans (for other sizes of a batch, say) share.
///
/// A group of which the state knows nothing begins at zeros with the first step. A plan that updates only
/// some of a group's parameters, as when the others are frozen, goes on with what is kept for these; one
/// that wants more than is kept belongs to another training, and is an error.
///
/// ```
/// use chainrule::optim::{Optimizer, Rates};
/// use chainrule::{Graph, Parameters, State, Tensor};
/// let mut parameters = Parameters::new();
/// for name in ["encoder", "head"] {
///     parameters.insert(name, Tensor::scalar(1.0));
/// }
/// let g = Graph::new();
/// let [encoder, head] = ["encoder", "head"].map(|name| g.parameter(name, []));
/// let loss = (encoder * head - 3.0).square();
/// let gradients = g.backward(loss, &[encoder, head]);
/// // Two groups of one graph, whose state lies side by side.
/// let mut updates =
///     Optimizer::adam().updates(&Rates::constant(&g, 0.1), &[encoder], &gradients[..1]);
/// updates.extend(Optimizer::sgd().updates(&Rates::constant(&g, 0.01), &[head], &gradients[1..]));
/// let mut plan = g.compile_step::<f64>(loss, &updates)?;
///
/// let mut state = State::new();
/// plan.step_with(&mut parameters, &mut state)?.finite()?;
/// let kept: Vec<String> = state.iter().map(|(key, _)| key.to_string()).collect();
/// assert_eq!(kept, ["`step`", "`mean` of `encoder`", "`square` of `encoder`"]);
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct State<T> {
    store: Store<StateKey, T>,
}

impl<T: Real> Default for State<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: PartialEq> PartialEq for State<T> {
    fn eq(&self, other: &Self) -> bool {
        self.store == other.store
    }
}

impl<T: Real> State<T> {
    /// The state before the first step.
    ///
    /// ```
    /// assert_eq!(chainrule::State::<f32>::new().iter().count(), 0);
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self { store: Store::new() }
    }

    /// Adds a part, or replaces the one of that key: how a state comes from a file.
    pub fn insert(&mut self, key: StateKey, tensor: Tensor<T>) {
        self.store.insert(key, tensor);
    }

    /// The part under `key`.
    ///
    /// # Errors
    /// There is none.
    pub fn get(&self, key: &StateKey) -> Result<&Tensor<T>> {
        self.find(key, 0).map(|(_, tensor)| tensor)
    }

    /// The part under `key`, to be changed.
    ///
    /// # Errors
    /// There is none.
    pub fn get_mut(&mut self, key: &StateKey) -> Result<&mut Tensor<T>> {
        let (at, _) = self.find(key, 0)?;
        Ok(self.store.at_mut(at))
    }

    /// Keys and tensors, in the order in which steps first asked for them.
    pub fn iter(&self) -> impl Iterator<Item = (&StateKey, &Tensor<T>)> {
        self.store.iter()
    }

    /// The same state in another precision.
    #[must_use]
    pub fn cast<U: Real>(&self) -> State<U> {
        State { store: self.store.cast() }
    }

    /// Whether no element is NaN or infinite.
    pub fn is_finite(&self) -> bool {
        self.store.is_finite()
    }

    /// Begins the groups that are new with zeros.
    ///
    /// # Errors
    /// A group lacks some of `wanted`, or has them in other shapes; then nothing changes.
    pub(crate) fn begin<'k>(
        &mut self,
        wanted: impl Iterator<Item = (&'k StateKey, Shape)>,
    ) -> Result<()> {
        let known: HashSet<Group> = self.iter().map(|(key, _)| key.group.clone()).collect();
        let mut new = Vec::new();
        for (at, (key, shape)) in wanted.enumerate() {
            if known.contains(&key.group) {
                checked(key, self.find(key, at)?.1, shape)?;
            } else {
                new.push((key.clone(), Tensor::full(shape, T::zero())));
            }
        }
        new.into_iter().for_each(|(key, zeros)| self.store.push(key, zeros));
        Ok(())
    }

    /// Where `key` stands, looking at `hint` first.
    fn find(&self, key: &StateKey, hint: usize) -> Result<(usize, &Tensor<T>)> {
        let missing = || {
            let StateKey { group, .. } = key;
            Error::Mismatch(format!(
                "this state belongs to another use of {}: it has no {key}; each training has a state of its own",
                group.rule
            ))
        };
        let at = self.store.find(key, hint).ok_or_else(missing)?;
        Ok((at, self.store.at(at)))
    }

    /// The values at a place that [`Bindings::find`] gave, to be changed.
    pub(crate) fn values_at_mut(&mut self, at: usize) -> &mut [T] {
        self.store.values_at_mut(at)
    }

    /// Changes whenever keys, shapes or their order may have changed.
    pub(crate) fn version(&self) -> u64 {
        self.store.version()
    }
}

fn checked<'t, T: Real>(
    key: &StateKey,
    found: &'t Tensor<T>,
    shape: Shape,
) -> Result<&'t Tensor<T>> {
    match found.shape() == shape {
        true => Ok(found),
        false => {
            let name = format!("{key} in the state of {}", key.group);
            Err(Error::shape(name, found.shape().dims(), shape.dims()))
        }
    }
}

fn not_given(key: &StateKey) -> Error {
    Error::Mismatch(format!(
        "{key} is state of the optimizer {}: give it beside the parameters, to a step as `step_with(&mut parameters, &mut state)`, else as `(&parameters, &state)`",
        key.group
    ))
}

/// What tells a value that lies outside graphs and plans from others.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Owner {
    /// A parameter's name.
    Parameter(Arc<str>),
    /// A part of an optimizer's state.
    State(Arc<StateKey>),
}

/// What a run reads that lies outside its plan: parameters, and perhaps the state of optimizers.
///
/// ```
/// use chainrule::state::Bindings;
/// use chainrule::{Parameters, State};
/// let (parameters, state) = (Parameters::<f32>::new(), State::new());
/// let alone: Bindings<'_, f32> = (&parameters).into();
/// assert!(alone.state.is_none());
/// let both: Bindings<'_, f32> = (&parameters, &state).into();
/// assert!(both.state.is_some());
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Bindings<'a, T> {
    /// The parameters.
    pub parameters: &'a Parameters<T>,
    /// The state of optimizers, for graphs and plans that read it.
    pub state: Option<&'a State<T>>,
}

impl<'a, T> From<&'a Parameters<T>> for Bindings<'a, T> {
    fn from(parameters: &'a Parameters<T>) -> Self {
        Self { parameters, state: None }
    }
}

impl<'a, T> From<(&'a Parameters<T>, &'a State<T>)> for Bindings<'a, T> {
    fn from((parameters, state): (&'a Parameters<T>, &'a State<T>)) -> Self {
        Self { parameters, state: Some(state) }
    }
}

impl<'a, T: Real> Bindings<'a, T> {
    /// A part of an optimizer's state.
    ///
    /// # Errors
    /// There is none.
    pub fn kept(&self, key: &StateKey) -> Result<&'a Tensor<T>> {
        match self.state {
            Some(state) => state.get(key),
            None => Err(not_given(key)),
        }
    }

    /// Where a value of that shape stands, looking at `hint` first.
    ///
    /// # Errors
    /// There is none, or one of another shape.
    pub(crate) fn find(
        &self,
        owner: &Owner,
        shape: Shape,
        hint: usize,
    ) -> Result<(usize, &'a Tensor<T>)> {
        match (owner, self.state) {
            (Owner::Parameter(name), _) => {
                let (at, tensor) = self.parameters.find(name, hint)?;
                if tensor.shape() != shape {
                    let name = format!("parameter `{name}`");
                    return Err(Error::shape(name, tensor.shape().dims(), shape.dims()));
                }
                Ok((at, tensor))
            }
            (Owner::State(key), Some(state)) => {
                let (at, tensor) = state.find(key, hint)?;
                Ok((at, checked(key, tensor, shape)?))
            }
            (Owner::State(key), None) => Err(not_given(key)),
        }
    }

    /// The values at a place that [`Bindings::find`] gave.
    pub(crate) fn values_at(&self, owner: &Owner, at: usize) -> &'a [T] {
        match (owner, self.state) {
            (Owner::Parameter(_), _) => self.parameters.values_at(at),
            (Owner::State(_), Some(state)) => state.store.at(at).values(),
            (Owner::State(key), None) => unreachable!("{key} was found in a state"),
        }
    }

    /// Change whenever something may stand elsewhere.
    pub(crate) fn versions(&self) -> (u64, Option<u64>) {
        (self.parameters.version(), self.state.map(State::version))
    }
}
