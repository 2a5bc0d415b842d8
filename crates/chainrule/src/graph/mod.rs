//! Recording a computation: nodes, their types, and the first error.
//!
//! A value, [`Var`], belongs to a [`Graph`] of [`Node`]s; a node holds an operation; and the backward rule
//! of an operation answers with values. That circle is the library's idea and cannot be cut, so graph and
//! node stand in this file, which the parts of the folder share: `var` knows them, `op` knows `var`, and
//! neither `var` nor what is below it knows what an operation is.

mod identity;
mod handle;
mod ty;
mod operand;
mod var;
pub(crate) mod op;
mod pointwise;
mod contract;

use std::any::TypeId;
use std::cell::{Cell, Ref, RefCell};
use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

pub(crate) use contract::{Contract, Kernel, contract};
pub use handle::Handle;
pub use identity::Identity;
pub(crate) use op::MAX_OPERANDS;
pub(crate) use op::Passage;
pub use op::{AnyOp, AnyPointwise, Class, Fold, Gate, Loop, Notation, Op, Scalar};
pub use operand::{Operand, Output, Values, ValuesMut, View};
pub(crate) use pointwise::reals;
pub use pointwise::{Operands, Pointwise, pointwise as pointwise_type};
pub use ty::{Kind, Type};
pub use var::Var;

use crate::error::{Error, Result};
use crate::mixing::Mixing;
use crate::state::{Group, State, StateKey};
use crate::tensor::{Real, Shape, Tensor};

/// Where a node's value comes from.
///
/// ```
/// use chainrule::graph::Source;
/// let g = chainrule::Graph::new();
/// let x = g.input("x", []);
/// assert!(g.node(x.id(), |node| matches!(&node.source, Source::Input(name) if **name == *"x")));
/// ```
#[derive(Clone, Debug)]
pub enum Source {
    /// Fed by the caller before a run.
    Input(Arc<str>),
    /// Kept outside the graph, by name, so that every plan shares it.
    Parameter(Arc<str>),
    /// Kept outside the graph too, by an optimizer, in a [`State`].
    State(Arc<StateKey>),
    /// Fixed when the graph is built; labels as whole numbers.
    Constant(Arc<Tensor<f64>>),
    /// Computed from operands.
    Op(Arc<dyn AnyOp>),
}

/// One node of a graph: a value, and how it comes about.
#[derive(Clone, Debug)]
pub struct Node {
    /// Where the value comes from.
    pub source: Source,
    /// The nodes that an operation reads, by their numbers.
    pub operands: Box<[u32]>,
    /// The value's shape and kind of elements.
    pub ty: Type,
    /// The scope in which it was recorded, for [`Graph::scope_name`].
    pub scope: u32,
    /// Where the caller recorded it.
    pub place: &'static Location<'static>,
    /// The gate whose backward rule recorded it, on the way back; `None` for what is computed forward.
    pub gate: Option<u32>,
}

impl Source {
    /// The operation that computes the value, if one does.
    #[must_use]
    pub fn op(&self) -> Option<&Arc<dyn AnyOp>> {
        match self {
            Self::Op(op) => Some(op),
            _ => None,
        }
    }

    /// Whether the operation `O` computes the value, whatever its settings.
    ///
    /// ```
    /// use chainrule::ops::{Exp, Ln};
    /// let g = chainrule::Graph::new();
    /// let y = g.input("x", []).exp();
    /// assert!(g.node(y.id(), |node| node.source.is::<Exp>() && !node.source.is::<Ln>()));
    /// ```
    #[must_use]
    pub fn is<O: Op>(&self) -> bool {
        self.op().is_some_and(|op| op.is::<O>())
    }

    /// The operation's name, or the kind of source.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Input(_) => "input",
            Self::Parameter(_) => "parameter",
            Self::State(_) => "state",
            Self::Constant(_) => "constant",
            Self::Op(op) => op.name(),
        }
    }
}

impl Node {
    /// The operation that computes the value, if one does.
    #[must_use]
    pub fn op(&self) -> Option<&Arc<dyn AnyOp>> {
        self.source.op()
    }

    /// The operation's name, or the kind of source.
    #[must_use]
    pub fn op_name(&self) -> &'static str {
        self.source.name()
    }

    /// The number that a constant repeats in all its elements.
    pub(crate) fn constant_number(&self) -> Option<f64> {
        match &self.source {
            Source::Constant(tensor) => tensor.at(&[]),
            _ => None,
        }
    }

    /// The operand whose elements the value only repeats, as a broadcast does, which no formula shows.
    fn repeated_operand(&self) -> Option<u32> {
        let op = self.op()?;
        let repeats = op.class() == Class::View && op.notation() == Notation::Silent;
        self.operands.first().copied().filter(|_| repeats)
    }

    /// The types of the operands, which are among `nodes`.
    pub(crate) fn operand_types(&self, nodes: &[Node]) -> Vec<Type> {
        self.operands.iter().map(|&operand| nodes[operand as usize].ty).collect()
    }

    /// A mistake of this node's operation.
    pub(crate) fn mistake(&self, nodes: &[Node], message: &str) -> Error {
        mistake("", self.op_name(), message, &self.operand_types(nodes), self.place)
    }
}

/// The error of an operation that was recorded in `scope` at `place`.
fn mistake(
    scope: &str,
    op: &str,
    message: &str,
    operands: &[Type],
    place: &'static Location<'_>,
) -> Error {
    let operands: Vec<String> = operands.iter().map(Type::to_string).collect();
    // A block of the operation's own name says nothing more.
    let (outer, block) = scope.rsplit_once('/').unwrap_or(("", scope));
    Error::Operation {
        op: op.into(),
        scope: if block == op { outer } else { scope }.into(),
        message: message.into(),
        operands: operands.join(", ").into(),
        file: place.file(),
        line: place.line(),
    }
}

/// What is wrong with a value of another graph: its number means another node here.
pub(crate) const OTHER_GRAPH: &str = "the operands belong to different graphs";

/// A computation as it is recorded: an append-only list of nodes, each after its operands.
///
/// The first mistake is remembered, with the operation, its operands' shapes and the caller's file
/// and line; [`Graph::compile`](crate::plan) returns it.
///
/// ```
/// use chainrule::Graph;
/// let g = Graph::new();
/// let x = g.input("x", [2, 3]);
/// let w = g.parameter("w", [4, 5]);
/// let y = x.matmul(w);
/// let error = g.compile::<f32>(&[y]).unwrap_err().to_string();
/// assert!(error.contains("matmul") && error.contains("[2, 3]") && error.contains("[4, 5]"));
/// ```
#[derive(Debug, Default)]
pub struct Graph {
    /// Tells graphs apart, wherever they are moved.
    number: u64,
    /// Whether backward rules take the form that keeps all digits, where it costs time.
    exact_slopes: bool,
    nodes: RefCell<Vec<Node>>,
    error: RefCell<Option<Error>>,
    /// Where errors are placed, while the library records on a caller's behalf.
    place: Cell<Option<&'static Location<'static>>>,
    scopes: RefCell<Vec<Arc<str>>>,
    scope: Cell<u32>,
    gate: Cell<Option<u32>>,
    labels: RefCell<HashMap<u32, Arc<str>>>,
    /// The values that have a name as a plan's outputs.
    outputs: RefCell<HashMap<Arc<str>, u32>>,
    inputs: RefCell<HashMap<Arc<str>, u32>>,
    parameters: RefCell<HashMap<Arc<str>, u32>>,
    /// The parameters that models have made, with the places where and the recordings by which.
    made: RefCell<HashMap<u32, [&'static Location<'static>; 2]>>,
    states: RefCell<HashMap<Arc<StateKey>, u32>>,
    /// How often each optimizer has been used so far.
    groups: RefCell<HashMap<Arc<str>, u32>>,
    /// The operations that have no settings, by their types.
    plain: RefCell<HashMap<TypeId, Arc<dyn AnyOp>, Mixing>>,
    /// Memory for the types of the operands of the operation that is being recorded.
    types: RefCell<Vec<Type>>,
}

impl Graph {
    /// An empty graph.
    ///
    /// ```
    /// let g = chainrule::Graph::new();
    /// assert!(g.is_empty());
    /// ```
    #[must_use]
    pub fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let graph = Self { number: NEXT.fetch_add(1, Ordering::Relaxed), ..Self::default() };
        graph.scopes.borrow_mut().push("".into());
        graph
    }

    /// An empty graph whose backward rules keep all digits, also where that costs a training time: tanh′
    /// is sech², not 1 − tanh². Explanations record in such a graph.
    ///
    /// ```
    /// use chainrule::Graph;
    /// let slope = |g: &Graph| {
    ///     let x = g.constant(20.0);
    ///     g.backward(x.tanh(), &[x])[0].eval().map(|slope| slope.values()[0])
    /// };
    /// assert_eq!(slope(&Graph::new())?, 0.0);
    /// assert!((slope(&Graph::with_exact_slopes())? / 1.699_341_702_116_56e-17 - 1.0).abs() < 1e-12);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn with_exact_slopes() -> Self {
        Self { exact_slopes: true, ..Self::new() }
    }

    /// Whether the graph was made [with exact slopes](Graph::with_exact_slopes).
    pub(crate) fn has_exact_slopes(&self) -> bool {
        self.exact_slopes
    }

    /// Real numbers that are fed before each run.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// let x = g.input("x", [2]);
    /// let y = x * 10.0;
    /// let mut plan = g.compile::<f32>(&[y])?;
    /// for batch in [[1.0, 2.0], [3.0, 4.0]] {
    ///     plan.feed("x", &batch)?;
    ///     plan.run()?;
    ///     assert_eq!(plan.value(y)?, [batch[0] * 10.0, batch[1] * 10.0]);
    /// }
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[track_caller]
    pub fn input(&self, name: &str, shape: impl Into<Shape>) -> Var<'_> {
        self.input_of("input", name, Type::real(shape))
    }

    /// Whole numbers below `classes`, such as labels, that are fed before each run.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// let digits = g.labels("digits", [2], 10);
    /// let rows = digits.one_hot(10);
    /// let mut plan = g.compile::<f32>(&[rows])?;
    /// plan.feed_labels("digits", &[7, 2])?;
    /// assert!(plan.feed_labels("digits", &[7, 10]).is_err());
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[track_caller]
    pub fn labels(&self, name: &str, shape: impl Into<Shape>, classes: usize) -> Var<'_> {
        self.input_of("labels", name, Type::index(shape, classes))
    }

    /// A parameter. Its values live outside the graph, in [`Parameters`](crate::Parameters).
    ///
    /// ```
    /// use chainrule::{Graph, Parameters, Tensor};
    /// let mut parameters = Parameters::new();
    /// parameters.insert("w", Tensor::scalar(3.0));
    ///
    /// let g = Graph::new();
    /// let y = g.parameter("w", []) * 2.0;
    /// let mut plan = g.compile::<f64>(&[y])?;
    /// plan.run_with(&parameters)?;
    /// assert_eq!(plan.value(y)?, [6.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[track_caller]
    pub fn parameter(&self, name: &str, shape: impl Into<Shape>) -> Var<'_> {
        let (key, shown) = (Arc::<str>::from(name), format_args!("`{name}`"));
        let source = Source::Parameter(key.clone());
        self.once(&self.parameters, key, ("parameter", shown), source, Type::real(shape))
    }

    /// One more use of an optimizer, whose state is apart from that of its other uses.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// assert_ne!(g.group("adam"), g.group("adam"));
    /// ```
    pub fn group(&self, rule: &str) -> Group {
        let (mut groups, rule) = (self.groups.borrow_mut(), Arc::<str>::from(rule));
        let next = groups.entry(rule.clone()).or_insert(0);
        *next += 1;
        Group { rule, number: *next - 1 }
    }

    /// A part of an optimizer's state. Its values live outside the graph, in a [`State`], and are zeros
    /// before the first step. Optimizers make theirs with [`Each::state`](crate::optim::Each::state).
    ///
    /// ```
    /// use chainrule::state::StateKey;
    /// use chainrule::{Graph, Parameters, State};
    /// let g = Graph::new();
    /// let key = StateKey { group: g.group("counter"), slot: "steps".into(), of: None };
    /// let steps = g.state(&key, []);
    /// let mut plan = g.compile_step::<f64>(g.constant(0.0), &[(steps, steps + 1.0)])?;
    /// let (mut parameters, mut state) = (Parameters::new(), State::new());
    /// for _ in 0..3 {
    ///     plan.step_with(&mut parameters, &mut state)?.finite()?;
    /// }
    /// assert_eq!(state.get(&key)?.values(), [3.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[track_caller]
    pub fn state(&self, key: &StateKey, shape: impl Into<Shape>) -> Var<'_> {
        let key = Arc::new(key.clone());
        let (shown, source) = (format_args!("{key}"), Source::State(key.clone()));
        self.once(&self.states, key.clone(), ("state", shown), source, Type::real(shape))
    }

    /// The state of all optimizers in this graph before the first step: zeros.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// assert_eq!(g.initial_state::<f32>().iter().count(), 0);
    /// ```
    pub fn initial_state<T: Real>(&self) -> State<T> {
        let mut state = State::new();
        for node in self.nodes.borrow().iter() {
            if let Source::State(key) = &node.source {
                state.insert((**key).clone(), Tensor::full(node.ty.shape, T::zero()));
            }
        }
        state
    }

    /// [`Graph::parameter`] for a model that was recorded at `recorded`: the same name again is a mistake
    /// unless it is `shared`.
    #[track_caller]
    pub(crate) fn make_parameter(
        &self,
        name: &str,
        shape: Shape,
        shared: bool,
        recorded: &'static Location<'static>,
    ) -> Var<'_> {
        let parameter = self.parameter(name, shape);
        let here = self.place.get().unwrap_or(Location::caller());
        if parameter.is_poison() {
            return parameter;
        }
        let before = self.made.borrow_mut().insert(parameter.id, [here, recorded]);
        match before.filter(|_| !shared) {
            None => parameter,
            Some([there, first]) => {
                // One model recorded twice makes it at one place.
                let [a, b] = if there == here { [first, recorded] } else { [there, here] };
                let message = format!(
                    "`{name}` is made twice, at {}:{} and at {}:{}: give each model a path by `cx.sub`, or \
                     share one by `cx.shared`",
                    a.file(),
                    a.line(),
                    b.file(),
                    b.line()
                );
                self.fail("parameter", &message, &[])
            }
        }
    }

    /// A scalar constant.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// assert_eq!((g.constant(2.0) * 3.0).eval()?.values(), [6.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[track_caller]
    pub fn constant(&self, value: f64) -> Var<'_> {
        self.constant_tensor(Tensor::scalar(value))
    }

    /// A constant array.
    ///
    /// ```
    /// use chainrule::{Graph, Tensor};
    /// let g = Graph::new();
    /// let x = g.constant_tensor(Tensor::new([3], vec![1.0, 2.0, 3.0])?);
    /// assert_eq!(x.sum(&[]).eval()?.values(), [6.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[track_caller]
    pub fn constant_tensor(&self, tensor: Tensor<f64>) -> Var<'_> {
        let ty = Type::real(tensor.shape());
        self.push(Source::Constant(Arc::new(tensor)), Box::default(), ty)
    }

    /// Constant labels, which are below `classes`.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// let targets = g.constant_labels([3], &[7, 2, 7], 10);
    /// assert_eq!(targets.one_hot(10).sum(&[]).eval()?.values(), [3.0]);
    ///
    /// g.constant_labels([2], &[0, 10], 10);
    /// assert!(g.ok().unwrap_err().to_string().contains("label 10"));
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[track_caller]
    pub fn constant_labels(
        &self,
        shape: impl Into<Shape>,
        labels: &[u32],
        classes: usize,
    ) -> Var<'_> {
        let ty = Type::index(shape, classes);
        let outside = labels.iter().find(|&&label| label as usize >= classes);
        let message = match (outside, ty.shape.len(), labels.len()) {
            (Some(label), ..) => format!("label {label} is not below {classes}"),
            (_, places, given) if places != given => {
                format!("{} has {places} places, but there are {given} labels", ty.shape)
            }
            _ => String::new(),
        };
        let values = labels.iter().map(|&label| label.into()).collect();
        match Tensor::new(ty.shape, values) {
            Ok(tensor) if message.is_empty() => {
                self.push(Source::Constant(Arc::new(tensor)), Box::default(), ty)
            }
            _ => self.fail("constant labels", &message, &[]),
        }
    }

    /// The labels 0, 1, … below `count`, which are all below it: places, for example. As real numbers
    /// they are `g.arange(count).to_real()`.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// assert_eq!((g.arange(3).to_real() * 0.5).eval()?.values(), [0.0, 0.5, 1.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[doc(alias("linspace", "iota"))]
    #[track_caller]
    pub fn arange(&self, count: usize) -> Var<'_> {
        let Ok(end) = u32::try_from(count) else {
            return self.fail("arange", &format!("{count} labels are more than there are"), &[]);
        };
        let labels: Vec<u32> = (0..end).collect();
        self.constant_labels([count], &labels, count)
    }

    /// Records an operation; this is how a user's crate adds its own [`Op`].
    ///
    /// ```
    /// use chainrule::{Graph, ops::Exp};
    /// let g = Graph::new();
    /// // What `g.constant(0.0).exp()` does.
    /// let y = g.apply(Exp, &[g.constant(0.0)]);
    /// assert_eq!(y.eval()?.values(), [1.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[track_caller]
    pub fn apply<'g>(&'g self, op: impl Op, operands: &[Var<'g>]) -> Var<'g> {
        self.apply_shared(self.shared(op), operands)
    }

    /// An operation as nodes hold it. One without settings is any of its type, so that a graph has it once.
    pub(crate) fn shared<O: Op>(&self, op: O) -> Arc<dyn AnyOp> {
        if size_of::<O>() > 0 {
            return Arc::new(op);
        }
        let mut plain = self.plain.borrow_mut();
        plain.entry(TypeId::of::<O>()).or_insert_with(|| Arc::new(op)).clone()
    }

    /// [`Graph::apply`] of an operation that is only known at run time.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// for op in chainrule::ops::all_pointwise() {
    ///     let (at, value) = op.example().unwrap();
    ///     let operands: Vec<_> = at.into_iter().map(|x| g.constant(x)).collect();
    ///     assert_eq!(g.apply_shared(op, &operands).eval()?.values(), [value]);
    /// }
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[track_caller]
    pub fn apply_shared<'g>(&'g self, op: Arc<dyn AnyOp>, operands: &[Var<'g>]) -> Var<'g> {
        // Before poison: a mistake of another graph is no mistake that this one has remembered.
        if operands.iter().any(|v| !v.belongs_to(self)) {
            return self.fail(op.name(), OTHER_GRAPH, operands);
        }
        if operands.iter().any(Var::is_poison) {
            return Var::poison(self);
        }
        let mut types = self.types.borrow_mut();
        types.clear();
        types.extend(operands.iter().map(Var::ty));
        match op.infer(&types) {
            Ok(ty) if !ty.shape.fits() => self.fail(op.name(), &ty.shape.too_large(), operands),
            Ok(ty) => self.push(Source::Op(op), operands.iter().map(|v| v.id).collect(), ty),
            Err(message) => self.fail(op.name(), &message, operands),
        }
    }

    /// Records nodes under a name, so that a picture can fold them into one box.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// let x = g.input("x", [3]);
    /// let norm = g.scope("norm", || x.square().sum(&[]).sqrt());
    /// assert_eq!(norm.shape().rank(), 0);
    /// ```
    pub fn scope<R>(&self, name: &str, body: impl FnOnce() -> R) -> R {
        let _scope = self.enter(name);
        body()
    }

    /// [`Graph::scope`] until the guard is dropped, with the caller as the place of errors: within a
    /// closure or behind a `dyn` trait, the caller of a function is lost.
    #[track_caller]
    pub fn block(&self, name: &str) -> Block<'_> {
        let block = self.enter(name);
        self.place.set(self.place.get().or(Some(Location::caller())));
        block
    }

    /// The caller as the place of errors until the guard is dropped.
    #[track_caller]
    pub fn pin(&self) -> Block<'_> {
        self.pin_at(Location::caller())
    }

    /// [`Graph::pin`] with this place: of what was given to a builder, the line that gave it.
    pub fn pin_at(&self, place: &'static Location<'static>) -> Block<'_> {
        let block = self.hold();
        self.place.set(self.place.get().or(Some(place)));
        block
    }

    /// The place where a value was recorded as the place of errors until the guard is dropped.
    ///
    /// ```
    /// let g = chainrule::Graph::new();
    /// let (wrong, line) = (g.input("x", [2]), line!());
    /// let pin = g.pin_where(wrong);
    /// g.fail("loss", "it must be one number", &[wrong]);
    /// drop(pin);
    /// let error = g.error().unwrap().to_string();
    /// assert!(error.starts_with("loss: it must be one number (operands [2]), at "));
    /// assert!(error.ends_with(&format!(":{line}")));
    /// ```
    pub fn pin_where(&self, v: Var<'_>) -> Block<'_> {
        let block = self.hold();
        let place = (!v.is_poison()).then(|| v.graph().node(v.id, |node| node.place));
        self.place.set(self.place.get().or(place));
        block
    }

    fn enter(&self, name: &str) -> Block<'_> {
        let block = self.hold();
        let path = match self.scope_name(block.scope) {
            parent if parent.is_empty() => name.to_owned(),
            parent => format!("{parent}/{name}"),
        };
        let mut scopes = self.scopes.borrow_mut();
        scopes.push(path.into());
        self.scope.set((scopes.len() - 1) as u32);
        block
    }

    fn hold(&self) -> Block<'_> {
        Block {
            graph: self,
            scope: self.scope.get(),
            place: self.place.get(),
            gate: self.gate.get(),
        }
    }

    /// Records nodes as of the backward rule of the gate `id`, for [`Node::gate`].
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// let y = g.input("x", []).exp();
    /// let slope = g.as_gate(y.id(), || y * 1.0);
    /// assert_eq!(g.node(slope.id(), |node| node.gate), Some(y.id()));
    /// ```
    pub fn as_gate<R>(&self, id: u32, rule: impl FnOnce() -> R) -> R {
        let _block = self.hold();
        self.gate.set(Some(id));
        rule()
    }

    /// The first mistake made while recording, if any.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// let wrong = g.input("a", [2]) + g.input("b", [3]);
    /// let later = wrong * 2.0;
    /// assert!(g.error().unwrap().to_string().starts_with("add: the shapes do not broadcast"));
    /// ```
    pub fn error(&self) -> Option<Error> {
        self.error.borrow().clone()
    }

    /// The number of nodes recorded so far.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// let _ = g.constant(1.0) + g.constant(2.0);
    /// assert_eq!(g.len(), 3);
    /// ```
    pub fn len(&self) -> usize {
        self.nodes.borrow().len()
    }

    /// Whether nothing has been recorded.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// assert!(g.is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Checks that values are of this graph.
    pub(crate) fn own<'v, 'g: 'v>(
        &self,
        values: impl IntoIterator<Item = &'v Var<'g>>,
    ) -> Result<()> {
        let is_own = |v: &Var<'_>| v.belongs_to(self) && (v.id() as usize) < self.len();
        match values.into_iter().find(|v| !is_own(v)) {
            None => Ok(()),
            Some(stranger) => Err(Error::Foreign { node: format!("node {}", stranger.id()) }),
        }
    }

    /// The number by which plans know this graph.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// The list of nodes as it stands, to which none can be added meanwhile.
    pub(crate) fn nodes(&self) -> Ref<'_, Vec<Node>> {
        self.nodes.borrow()
    }

    /// The nodes that `outputs` depend on, and they themselves, in order.
    pub(crate) fn below(&self, outputs: &[Var<'_>]) -> Vec<u32> {
        let nodes = self.nodes();
        let end = outputs.iter().map(|v| v.id as usize + 1).max().unwrap_or(0);
        let mut needed = vec![false; end];
        outputs.iter().for_each(|v| needed[v.id as usize] = true);
        for id in (0..end).rev() {
            if needed[id] {
                nodes[id].operands.iter().for_each(|&operand| needed[operand as usize] = true);
            }
        }
        (0..end as u32).filter(|&id| needed[id as usize]).collect()
    }

    /// A copy in which some nodes, by their numbers, are constants.
    pub(crate) fn with_constants(&self, constants: Vec<(u32, Tensor<f64>)>) -> Self {
        let (copy, mut nodes) = (Self::new(), self.nodes().clone());
        for (id, tensor) in constants {
            let node = &mut nodes[id as usize];
            (node.source, node.operands) = (Source::Constant(Arc::new(tensor)), Box::default());
        }
        copy.nodes.replace(nodes);
        copy
    }

    /// Reads the node with this number.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// let y = g.constant(2.0).exp();
    /// assert_eq!(g.node(y.id(), |node| node.op_name()), "exp");
    /// ```
    ///
    /// # Panics
    /// There is no such node.
    pub fn node<R>(&self, id: u32, read: impl FnOnce(&Node) -> R) -> R {
        read(&self.nodes.borrow()[id as usize])
    }

    /// The value of the node with this number.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// let y = g.constant(2.0);
    /// assert_eq!(g.var(y.id()).eval()?.values(), [2.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Panics
    /// There is no such node.
    pub fn var(&self, id: u32) -> Var<'_> {
        Var::new(self, id)
    }

    /// The value behind a handle; a mistake where it is of another graph.
    #[track_caller]
    pub fn at(&self, handle: Handle) -> Var<'_> {
        match handle.graph == self.number && (handle.node as usize) < self.len() {
            true => self.var(handle.node),
            false => self.fail("at", "the handle belongs to another graph", &[]),
        }
    }

    /// Names a value for the plans that compute it.
    #[track_caller]
    pub(crate) fn name_output(&self, id: u32, name: &str) {
        let before = self.outputs.borrow_mut().insert(name.into(), id);
        if before.is_some_and(|before| before != id) {
            self.fail("output", &format!("two values are named `{name}`"), &[]);
        }
    }

    /// The values that have a name as outputs.
    pub(crate) fn named_outputs(&self) -> Vec<(Arc<str>, u32)> {
        self.outputs.borrow().iter().map(|(name, &id)| (name.clone(), id)).collect()
    }

    /// The path of a scope, such as `residual1/affine1`; empty outside of all.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// let y = g.scope("outer", || g.scope("inner", || g.constant(2.0)));
    /// assert_eq!(&*g.scope_name(g.node(y.id(), |node| node.scope)), "outer/inner");
    /// ```
    pub fn scope_name(&self, scope: u32) -> Arc<str> {
        self.scopes.borrow().get(scope as usize).cloned().unwrap_or_default()
    }

    /// Gives a node a name under which explanations show it; the first name stays.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// let y = g.constant(2.0).exp();
    /// g.set_label(y.id(), "y");
    /// assert_eq!(g.label(y.id()).as_deref(), Some("y"));
    /// ```
    pub fn set_label(&self, id: u32, label: &str) {
        self.labels.borrow_mut().entry(id).or_insert_with(|| label.into());
    }

    /// The name that [`Graph::set_label`] gave.
    pub fn label(&self, id: u32) -> Option<Arc<str>> {
        self.labels.borrow().get(&id).cloned()
    }

    /// Remembers a mistake, unless there was one before, as an operation's own do that cannot be
    /// recorded: `message` says what is wrong and what would be right.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// let x = g.input("x", [3]);
    /// let y = g.fail("first", "takes a matrix", &[x]);
    /// assert!(g.error().unwrap().to_string().starts_with("first: takes a matrix"));
    /// ```
    #[track_caller]
    pub fn fail<'g>(&'g self, op: &str, message: &str, operands: &[Var<'g>]) -> Var<'g> {
        let place = self.place.get().unwrap_or(Location::caller());
        let operands: Vec<Type> = operands.iter().map(Var::ty).collect();
        let scope = self.scope_name(self.scope.get());
        let error = || mistake(&scope, op, message, &operands, place);
        self.error.borrow_mut().get_or_insert_with(error);
        Var::poison(self)
    }

    #[track_caller]
    fn input_of(&self, what: &str, name: &str, ty: Type) -> Var<'_> {
        let key = Arc::<str>::from(name);
        let shown = format_args!("`{name}`");
        self.once(&self.inputs, key.clone(), (what, shown), Source::Input(key), ty)
    }

    /// The source under `key`, recorded if it was not before; errors show the name.
    #[track_caller]
    fn once<K: Eq + Hash>(
        &self,
        known: &RefCell<HashMap<K, u32>>,
        key: K,
        (what, name): (&str, fmt::Arguments<'_>),
        source: Source,
        ty: Type,
    ) -> Var<'_> {
        let found = known.borrow().get(&key).copied();
        match found {
            None if !ty.shape.fits() => {
                self.fail(what, &format!("{name}: {}", ty.shape.too_large()), &[])
            }
            None => {
                known.borrow_mut().insert(key, self.len() as u32);
                self.push(source, Box::default(), ty)
            }
            Some(id) if self.node(id, |node| node.ty) == ty => self.var(id),
            Some(id) => {
                let other = self.node(id, |node| node.ty);
                self.fail(what, &format!("{name} is already {other}, not {ty}"), &[])
            }
        }
    }

    #[track_caller]
    fn push(&self, source: Source, operands: Box<[u32]>, ty: Type) -> Var<'_> {
        let mut nodes = self.nodes.borrow_mut();
        let id = nodes.len() as u32;
        let place = self.place.get().unwrap_or(Location::caller());
        let (scope, gate) = (self.scope.get(), self.gate.get());
        nodes.push(Node { source, operands, ty, scope, place, gate });
        Var::new(self, id)
    }
}

/// Gives the graph its outer scope, place and gate back when it is dropped.
#[must_use]
pub struct Block<'g> {
    graph: &'g Graph,
    scope: u32,
    place: Option<&'static Location<'static>>,
    gate: Option<u32>,
}

impl Drop for Block<'_> {
    fn drop(&mut self) {
        self.graph.scope.set(self.scope);
        self.graph.place.set(self.place);
        self.graph.gate.set(self.gate);
    }
}

/// Graph errors are found while recording; this turns the first one into a `Result`.
impl Graph {
    /// `Ok` when nothing has gone wrong so far.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// g.input("x", [2]);
    /// assert!(g.ok().is_ok());
    /// g.input("x", [3]);
    /// assert!(g.ok().is_err());
    /// ```
    ///
    /// # Errors
    /// The first mistake made while recording.
    pub fn ok(&self) -> Result<()> {
        self.error().map_or(Ok(()), Err)
    }
}
