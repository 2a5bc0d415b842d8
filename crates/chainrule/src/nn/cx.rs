//! What records values from values, and the recording of it into a graph.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::panic::Location;
use std::rc::Rc;
use std::sync::Arc;

use super::{Init, Parameter, Values, parameter};
use crate::error::{Error, Result};
use crate::graph::{Block, Graph, Var};
use crate::ops::RandomMask;
use crate::parameters::Parameters;
use crate::tensor::{Real, Shape};

/// What records values from values: a layer, a whole model, a closure.
///
/// Parameters are made where they are used, and their shapes follow from the values:
///
/// ```
/// use chainrule::Result;
/// use chainrule::nn::{Cx, Field, Init, Module, Network, Relu, Sequential, Values};
///
/// /// x·W, where W begins as the initialiser says.
/// struct Linear(usize);
///
/// impl Module for Linear {
///     fn kind(&self) -> &str {
///         "linear"
///     }
///     fn forward<'g>(&self, cx: &Cx<'g>, x: Values<'g>) -> Values<'g> {
///         let x = x.one();
///         let inputs = x.size(1);
///         x.matmul(cx.param("weight", [inputs, self.0], Init::He)).into()
///     }
/// }
///
/// let model = Sequential::new().with(Linear(50)).with(Relu).with(Linear(10));
/// let network = Network::new(model, [Field::real("x", [784])])?;
/// assert_eq!(network.parameters()[1].name, "linear2.weight");
/// assert_eq!(network.parameters()[1].shape.dims(), [50, 10]);
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// A closure is a module through [`from_fn`](super::from_fn), or [`from_values`](super::from_values) where it takes or gives several.
#[doc(alias("nn.Module", "Layer"))]
pub trait Module: Send + Sync {
    /// The kind of module, in lower case, by which [`Sequential`](super::Sequential) numbers it:
    /// `affine1`, `affine2`.
    fn kind(&self) -> &str {
        "module"
    }

    /// Records the outputs.
    ///
    /// A mistake, such as a shape that does not fit, is remembered by the graph, with the line here that
    /// made it; a layer of the library is told with the line that added or called it.
    fn forward<'g>(&self, cx: &Cx<'g>, x: Values<'g>) -> Values<'g>;
}

macro_rules! pointers_to_modules {
    ($($pointer:ty),*) => {$(
        impl<M: Module + ?Sized> Module for $pointer {
            fn kind(&self) -> &str {
                (**self).kind()
            }
            #[track_caller]
            fn forward<'g>(&self, cx: &Cx<'g>, x: Values<'g>) -> Values<'g> {
                (**self).forward(&cx.placed_here(), x)
            }
        }
    )*};
}

pointers_to_modules!(&M, Box<M>, Arc<M>);

/// The recording of a model into a graph: where in the model it is, whether the model trains, and what
/// has been made so far.
///
/// A parameter's name is the path of the modules around it and its own, `encoder.affine1.weight`; nodes
/// are recorded in the scope `encoder/affine1`, which errors and explanations name.
///
/// ```
/// use chainrule::{Graph, Result};
/// use chainrule::nn::{Affine, Cx, Init};
/// let g = Graph::new();
/// let (x, t) = (g.input("x", [100, 784]), g.labels("t", [100], 10));
/// let cx = Cx::predict(&g);
/// let hidden = cx.call("hidden", &Affine::new(50, Init::He), x).one().relu();
/// let logits = cx.call("head", &Affine::new(10, Init::He), hidden).one();
/// let loss = logits.softmax_with_loss(t);
/// let gradients = g.backward(loss, &cx.trained());
/// assert_eq!(gradients.len(), 4);
/// let parameters = cx.initial::<f32>(0)?;
/// assert_eq!(parameters.get("head.weight")?.shape().dims(), [50, 10]);
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Cx<'g> {
    recording: Rc<Recording<'g>>,
    /// The modules around, outermost first: `encoder/affine1`.
    path: String,
    /// How much of the path is the graph's scope already.
    entered: usize,
    /// Whether what has been made at this path may be used again.
    shared: bool,
    /// Whether what is recorded here does as it does in a model that predicts.
    predicts: bool,
    /// Where the module that records was added or called.
    place: Option<&'static Location<'static>>,
}

#[derive(Debug)]
struct Recording<'g> {
    graph: &'g Graph,
    training: Option<Training<'g>>,
    /// Where the recording began.
    place: &'static Location<'static>,
    made: RefCell<Vec<(Parameter, Var<'g>)>>,
    /// The numbers of their nodes.
    known: RefCell<HashSet<u32>>,
    updates: RefCell<Vec<(Var<'g>, Var<'g>)>>,
    /// Where the last update of each parameter stands, by its node.
    places: RefCell<HashMap<u32, usize>>,
    taps: RefCell<Vec<(String, Var<'g>)>>,
    /// The last number of the values of each path.
    tapped: RefCell<HashMap<String, usize>>,
    /// Random masks so far.
    masks: Cell<u16>,
    smallest_batch: Cell<usize>,
}

#[derive(Clone, Copy, Debug)]
struct Training<'g> {
    seed: u64,
    step: Var<'g>,
}

impl<'g> Cx<'g> {
    #[track_caller]
    fn with(graph: &'g Graph, training: Option<Training<'g>>) -> Self {
        let recording = Recording {
            graph,
            training,
            place: Location::caller(),
            made: RefCell::default(),
            known: RefCell::default(),
            updates: RefCell::default(),
            places: RefCell::default(),
            taps: RefCell::default(),
            tapped: RefCell::default(),
            masks: Cell::new(0),
            smallest_batch: Cell::new(1),
        };
        let recording = Rc::new(recording);
        Self {
            recording,
            path: String::new(),
            entered: 0,
            shared: false,
            predicts: false,
            place: None,
        }
    }

    /// A recording for a loop of one's own; layers that differ by pass, such as dropout, do as they do in
    /// a model that predicts.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// use chainrule::nn::Cx;
    /// let logits = Cx::new(&g).affine("head", 10, g.input("x", [5, 2]));
    /// assert_eq!(logits.shape().dims(), [5, 10]);
    /// ```
    #[track_caller]
    #[must_use]
    pub fn new(graph: &'g Graph) -> Self {
        Self::with(graph, None)
    }

    /// The model predicts: nothing is random, and layers keep nothing of the batch.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// assert!(!chainrule::nn::Cx::predict(&g).is_training());
    /// ```
    #[track_caller]
    #[must_use]
    #[doc(alias("eval", "no_grad", "inference"))]
    pub fn predict(graph: &'g Graph) -> Self {
        Self::with(graph, None)
    }

    /// The model trains. What is random depends on `seed` and `step` alone: a scalar of labels, or of
    /// real numbers, which are exact up to 2²⁴ in `f32`. It is fed another number for each batch, such
    /// as the number of steps so far.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// let cx = chainrule::nn::Cx::train(&g, 0, g.labels("step", [], 1 << 32));
    /// assert!(cx.is_training());
    /// ```
    #[track_caller]
    #[must_use]
    pub fn train(graph: &'g Graph, seed: u64, step: Var<'g>) -> Self {
        Self::with(graph, Some(Training { seed, step }))
    }

    /// The graph that is recorded into.
    #[must_use]
    pub fn graph(&self) -> &'g Graph {
        self.recording.graph
    }

    /// Whether the model trains.
    #[must_use]
    pub fn is_training(&self) -> bool {
        self.training().is_some()
    }

    fn training(&self) -> Option<Training<'g>> {
        self.recording.training.filter(|_| !self.predicts)
    }

    /// This place of the model, where layers that differ by pass do as they do in a model that predicts, in
    /// a training too: nothing is dropped, and running statistics are used and stay as they are. For a
    /// part that is trained already, whose parameters are to be frozen.
    ///
    /// ```
    /// use chainrule::nn::{Affine, BatchNorm, Cx, Dropout, Init, Relu, Sequential, from_fn};
    /// let trunk = Sequential::new().with(BatchNorm::default()).with(Dropout::new(0.5)?);
    /// let model = from_fn(move |cx, x| {
    ///     let known = cx.as_predicting().call("trunk", &trunk, x).one();
    ///     cx.call("head", &Affine::new(2, Init::He), known).one()
    /// });
    /// # let g = chainrule::Graph::new();
    /// let cx = Cx::train(&g, 0, g.labels("step", [], 1000));
    /// cx.call("", &model, g.input("x", [1, 3]));
    /// assert!(g.error().is_none() && cx.is_training() && cx.updates().is_empty());
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[doc(alias("eval", "train(False)"))]
    #[must_use]
    pub fn as_predicting(&self) -> Self {
        Self { predicts: true, ..self.clone() }
    }

    /// The modules around, outermost first, such as `encoder/affine1`; empty outside of all.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// let cx = chainrule::nn::Cx::predict(&g).sub("encoder").sub("affine1");
    /// assert_eq!(cx.path(), "encoder/affine1");
    /// ```
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    fn at(&self, name: &str) -> String {
        match (self.path.is_empty(), name.is_empty()) {
            (_, true) => self.path.clone(),
            (true, _) => name.to_owned(),
            _ => format!("{}/{name}", self.path),
        }
    }

    /// The path of a part of this module, so that two models in one graph keep their parameters apart.
    /// Making a parameter of the same path twice is a mistake; see [`Cx::shared`].
    ///
    /// ```
    /// use chainrule::Graph;
    /// use chainrule::nn::{Affine, Cx, Init, Module};
    /// let g = Graph::new();
    /// let (cx, noise) = (Cx::predict(&g), g.input("noise", [64, 8]));
    /// let (generator, judge) = (Affine::new(2, Init::He), Affine::new(1, Init::He));
    /// let fake = generator.forward(&cx.sub("generator"), noise.into());
    /// let said = judge.forward(&cx.sub("judge"), fake).one();
    /// assert_eq!(cx.initial::<f32>(0)?.get("judge.weight")?.shape().dims(), [2, 1]);
    ///
    /// // Without a path of its own, a second model would take the first one's parameters.
    /// let once = generator.forward(&cx, noise.into());
    /// assert!(g.error().is_none());
    /// let twice = generator.forward(&cx, noise.into());
    /// let error = g.error().unwrap().to_string();
    /// assert!(error.contains("`weight` is made twice"), "{error}");
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[doc(alias("ModuleList", "ModuleDict", "pp"))]
    #[must_use]
    pub fn sub(&self, name: &str) -> Self {
        Self { path: self.at(name), ..self.clone() }
    }

    /// As [`Cx::sub`], but the parameters of this path may have been made before, and are then the same:
    /// a cell over time, one encoder for two inputs. An empty name shares what is at this very path.
    ///
    /// ```
    /// use chainrule::Graph;
    /// use chainrule::nn::{Affine, Cx, Init};
    /// let g = Graph::new();
    /// let cx = Cx::predict(&g);
    /// let cell = Affine::new(16, Init::Xavier);
    /// let mut state = g.constant(0.0).broadcast_to([5, 16]);
    /// for time in 0..10 {
    ///     let x = g.input(&format!("x{time}"), [5, 3]);
    ///     state = cx.shared("cell").call("", &cell, state.concat(1, &[x])).one().tanh();
    /// }
    /// assert!(g.error().is_none());
    /// assert_eq!(cx.trained().len(), 2);
    /// ```
    #[must_use]
    pub fn shared(&self, name: &str) -> Self {
        Self { shared: true, ..self.sub(name) }
    }

    /// What `module` makes of `x`, at the path `name` within this one: its parameters are named
    /// `NAME.weight`, its nodes and its errors stand in the scope `NAME`.
    ///
    /// ```
    /// use chainrule::Graph;
    /// use chainrule::nn::{Affine, Cx, Init};
    /// let g = Graph::new();
    /// let cx = Cx::predict(&g);
    /// let y = cx.call("encoder", &Affine::new(3, Init::He), g.input("x", [5, 2])).one();
    /// assert_eq!(cx.parameters()[1].name, "encoder.bias");
    /// assert_eq!(&*g.scope_name(g.node(y.id(), |node| node.scope)), "encoder");
    /// ```
    #[track_caller]
    pub fn call(
        &self,
        name: &str,
        module: &(impl Module + ?Sized),
        x: impl Into<Values<'g>>,
    ) -> Values<'g> {
        let cx = Self { place: Some(Location::caller()), ..self.sub(name) };
        cx.record(|cx| module.forward(cx, x.into()))
    }

    /// Records in the scope of this path.
    pub(super) fn record<R>(&self, body: impl FnOnce(&Self) -> R) -> R {
        match self.path.get(self.entered..).unwrap_or_default().trim_start_matches('/') {
            "" => body(self),
            scope => {
                let cx = Self { entered: self.path.len(), ..self.clone() };
                self.graph().scope(scope, || body(&cx))
            }
        }
    }

    /// This place in the model, for a module that was added or called at `place`.
    pub(super) fn placed(&self, place: &'static Location<'static>) -> Self {
        Self { place: Some(place), ..self.clone() }
    }

    /// This place in the model; a module that was neither added nor called is the caller's.
    #[track_caller]
    pub(super) fn placed_here(&self) -> Self {
        self.placed(self.place.unwrap_or(Location::caller()))
    }

    /// Where a layer of the library was added or called as the place of errors, until the guard is
    /// dropped.
    #[track_caller]
    pub(super) fn pin(&self) -> Block<'g> {
        self.graph().pin_at(self.place.unwrap_or(Location::caller()))
    }

    /// A mistake of the module, as [`Graph::fail`] remembers it.
    #[track_caller]
    pub(super) fn fail(&self, op: &str, message: &str, operands: &[Var<'g>]) -> Values<'g> {
        self.graph().fail(op, message, operands).into()
    }

    /// A parameter that an optimizer trains, made here: `init` says how its values begin.
    ///
    /// ```
    /// use chainrule::nn::{Cx, Init};
    /// # let g = chainrule::Graph::new();
    /// let cx = Cx::predict(&g).sub("scale");
    /// let weight = cx.param("weight", [50], Init::Ones);
    /// assert_eq!(cx.parameters()[0].name, "scale.weight");
    /// ```
    #[track_caller]
    pub fn param(&self, name: &str, shape: impl Into<Shape>, init: Init) -> Var<'g> {
        self.make(name, shape.into(), init, true)
    }

    /// A parameter that no optimizer changes, but [`Cx::keep`], such as a running mean.
    #[track_caller]
    #[doc(alias = "register_buffer")]
    pub fn kept(&self, name: &str, shape: impl Into<Shape>, init: Init) -> Var<'g> {
        self.make(name, shape.into(), init, false)
    }

    #[track_caller]
    fn make(&self, name: &str, shape: Shape, init: Init, trainable: bool) -> Var<'g> {
        let name = self.at(name).replace('/', ".");
        let _pin = self.graph().pin();
        let var = self.record(|_| {
            self.graph().make_parameter(&name, shape, self.shared, self.recording.place)
        });
        if !var.is_poison() && self.recording.known.borrow_mut().insert(var.id()) {
            let parameter = Parameter { name, shape, init, trainable };
            self.recording.made.borrow_mut().push((parameter, var));
        }
        var
    }

    /// Has the training step give `parameter`, which is [kept](Cx::kept), the value `new`.
    ///
    /// ```
    /// use chainrule::nn::{Cx, Init};
    /// # let g = chainrule::Graph::new();
    /// let cx = Cx::train(&g, 0, g.labels("step", [], 1000));
    /// let seen = cx.kept("seen", [], Init::Zeros);
    /// cx.keep(seen, seen + 1.0);
    /// assert_eq!(cx.updates().len(), 1);
    /// ```
    pub fn keep(&self, parameter: Var<'g>, new: Var<'g>) {
        let mut updates = self.recording.updates.borrow_mut();
        self.recording.places.borrow_mut().insert(parameter.id(), updates.len());
        updates.push((parameter, new));
    }

    /// [`Cx::keep`] of what `new` makes of the value that `parameter` has after what was kept of the batch
    /// before: where a module is used several times, each use goes on from the one before.
    ///
    /// ```
    /// use chainrule::nn::{Cx, Init};
    /// # let g = chainrule::Graph::new();
    /// let cx = Cx::train(&g, 0, g.labels("step", [], 1000));
    /// for _ in 0..2 {
    ///     let uses = cx.shared("").kept("uses", [], Init::Zeros);
    ///     cx.keep_from(uses, |now| now + 1.0);
    /// }
    /// assert_eq!(cx.updates().len(), 1);
    /// ```
    pub fn keep_from(&self, parameter: Var<'g>, new: impl FnOnce(Var<'g>) -> Var<'g>) {
        let Some(at) = self.recording.places.borrow().get(&parameter.id()).copied() else {
            return self.keep(parameter, new(parameter));
        };
        let before = self.recording.updates.borrow()[at].1;
        let new = new(before);
        self.recording.updates.borrow_mut()[at].1 = new;
    }

    /// The number of training steps so far: what [`Cx::train`] was given, or a count that is kept as the
    /// parameter `step`, in `f32` exact up to 2²⁴.
    ///
    /// ```
    /// use chainrule::prelude::*;
    /// let g = Graph::new();
    /// let cx = Cx::new(&g);
    /// // Other numbers for each step.
    /// let noise = g.random_normal([], 0, 0, cx.step());
    /// let loss = (cx.param("mean", [], Init::Zeros) - noise).square();
    /// let mut descent = cx.minimise::<f32>(loss, &Sgd::default(), 0.1)?;
    /// assert_ne!(descent.step()?, descent.step()?);
    /// assert_eq!(descent.parameters.get("step")?.values(), [2.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[track_caller]
    pub fn step(&self) -> Var<'g> {
        if let Some(training) = self.recording.training {
            return training.step;
        }
        let top = Self { path: String::new(), shared: true, ..self.clone() };
        let step = top.kept("step", [], Init::Zeros);
        if !self.recording.places.borrow().contains_key(&step.id()) {
            self.keep(step, step + 1);
        }
        step
    }

    /// A random mask in the shape of `x` when the model trains, see [`RandomMask`]; each of a recording
    /// has random numbers of its own.
    ///
    /// ```
    /// use chainrule::nn::Cx;
    /// # let g = chainrule::Graph::new();
    /// let x = g.input("x", [100, 50]);
    /// assert!(Cx::predict(&g).mask(x, 0.5).is_none());
    /// let mask = Cx::train(&g, 0, g.labels("step", [], 1000)).mask(x, 0.5).unwrap();
    /// assert_eq!(mask.shape(), x.shape());
    /// ```
    #[track_caller]
    #[must_use]
    pub fn mask(&self, x: Var<'g>, rate: f64) -> Option<Var<'g>> {
        let Training { seed, step } = self.training()?;
        let number = self.recording.masks.get();
        self.recording.masks.set(number.wrapping_add(1));
        Some(self.graph().apply(RandomMask { seed, number, rate, shape: x.shape() }, &[step]))
    }

    /// Says that the module needs so many examples to train on.
    pub fn needs_batch(&self, examples: usize) {
        let smallest = &self.recording.smallest_batch;
        smallest.set(smallest.get().max(if self.predicts { 1 } else { examples }));
    }

    /// Names a hidden value, so that it and its gradient can be read by its path; where the path is
    /// shared, the second value of the name is called `NAME@2`. The answer is the value.
    ///
    /// ```
    /// use chainrule::nn::Cx;
    /// # let g = chainrule::Graph::new();
    /// let cx = Cx::predict(&g);
    /// let hidden = cx.sub("encoder").tap("hidden", g.input("x", [5, 2]).tanh());
    /// assert_eq!(cx.tapped("encoder/hidden")?.id(), hidden.id());
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[doc(alias = "register_forward_hook")]
    pub fn tap(&self, name: &str, value: Var<'g>) -> Var<'g> {
        if !value.is_poison() {
            let mut tapped = self.recording.tapped.borrow_mut();
            let path = self.at(name);
            let mut free = path.clone();
            if let Some(mut number) = tapped.get(&path).copied() {
                while tapped.contains_key(&free) {
                    number += 1;
                    free = format!("{path}@{number}");
                }
                tapped.insert(path, number);
            }
            tapped.insert(free.clone(), 1);
            self.recording.taps.borrow_mut().push((free, value));
        }
        value
    }

    /// The parameters that have been made, in order.
    #[must_use]
    pub fn parameters(&self) -> Vec<Parameter> {
        self.recording.made.borrow().iter().map(|(parameter, _)| parameter.clone()).collect()
    }

    /// The parameters that have been made by now and that an optimizer changes, as values of the graph, in
    /// order: it is asked once the model is recorded.
    #[must_use]
    pub fn trained(&self) -> Vec<Var<'g>> {
        let made = self.recording.made.borrow();
        made.iter().filter(|(parameter, _)| parameter.trainable).map(|&(_, var)| var).collect()
    }

    /// Those of [`Cx::trained`] that are of this path.
    pub(crate) fn trained_within(&self) -> Vec<Var<'g>> {
        let path = self.at("").replace('/', ".");
        let is_within = |name: &str| {
            let rest = name.strip_prefix(&path);
            rest.is_some_and(|rest| path.is_empty() || rest.starts_with('.'))
        };
        let made = self.recording.made.borrow();
        let trained = made.iter().filter(|(made, _)| made.trainable && is_within(&made.name));
        trained.map(|&(_, var)| var).collect()
    }

    /// What modules keep of a batch: parameters and their new values, for
    /// [`Graph::compile_step`](crate::Graph::compile_step).
    #[must_use]
    pub fn updates(&self) -> Vec<(Var<'g>, Var<'g>)> {
        self.recording.updates.borrow().clone()
    }

    /// The hidden values that have been named, by their paths.
    #[must_use]
    pub fn taps(&self) -> Vec<(String, Var<'g>)> {
        self.recording.taps.borrow().clone()
    }

    /// The hidden value of this path.
    ///
    /// # Errors
    /// There is none.
    pub fn tapped(&self, path: &str) -> Result<Var<'g>> {
        let taps = self.recording.taps.borrow();
        let found = taps.iter().find(|(known, _)| known == path).map(|&(_, value)| value);
        found.ok_or_else(|| {
            Error::unknown("hidden value", path, taps.iter().map(|(known, _)| known.as_str()))
        })
    }

    /// Fresh values for the parameters that have been made: the same seed gives the same bits.
    ///
    /// # Errors
    /// An initialiser's setting is out of its domain, or the parameters do not fit into memory.
    pub fn initial<T: Real>(&self, seed: u64) -> Result<Parameters<T>> {
        parameter::initial(&self.parameters(), seed)
    }

    /// The fewest examples that every module recorded so far can train on.
    #[must_use]
    pub fn smallest_batch(&self) -> usize {
        self.recording.smallest_batch.get()
    }
}
