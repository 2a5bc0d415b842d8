//! Recording a computation: nodes, their types, and the first error.

mod var;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fmt;
use std::panic::Location;
use std::sync::Arc;

pub use var::Var;

use crate::error::{Error, Result};
use crate::ops::{AnyOp, Op};
use crate::runtime::MAX_OPERANDS;
use crate::tensor::{Shape, Tensor};

/// What a node's elements are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Real numbers, in the precision in which the graph is compiled.
    Real,
    /// Whole numbers from 0 up to, and without, `bound`: labels and positions.
    Index {
        /// The number of different values.
        bound: usize,
    },
}

/// A node's shape and kind of elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Type {
    /// What the elements are.
    pub kind: Kind,
    /// The lengths of the axes.
    pub shape: Shape,
}

impl Type {
    /// Real numbers of the given shape.
    pub fn real(shape: impl Into<Shape>) -> Self {
        Self { kind: Kind::Real, shape: shape.into() }
    }

    /// Whole numbers below `bound`.
    pub fn index(shape: impl Into<Shape>, bound: usize) -> Self {
        Self { kind: Kind::Index { bound }, shape: shape.into() }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Real => write!(f, "{}", self.shape),
            Kind::Index { bound } => write!(f, "{} of labels below {bound}", self.shape),
        }
    }
}

/// Where a node's value comes from.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// Fed by the caller before a run.
    Input(Arc<str>),
    /// Kept outside the graph, by name, so that every plan shares it.
    Parameter(Arc<str>),
    /// Fixed when the graph is built.
    Constant(Arc<Tensor<f64>>),
    /// Computed from operands.
    Op(Arc<dyn AnyOp>),
}

#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub source: Source,
    pub operands: Box<[u32]>,
    pub ty: Type,
    pub scope: u32,
}

impl Node {
    pub fn op(&self) -> Option<&Arc<dyn AnyOp>> {
        match &self.source {
            Source::Op(op) => Some(op),
            _ => None,
        }
    }

    /// The operation's name, or the kind of source.
    pub fn op_name(&self) -> &'static str {
        match &self.source {
            Source::Input(_) => "input",
            Source::Parameter(_) => "parameter",
            Source::Constant(_) => "constant",
            Source::Op(op) => op.name(),
        }
    }
}

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
    nodes: RefCell<Vec<Node>>,
    error: RefCell<Option<Error>>,
    scopes: RefCell<Vec<Arc<str>>>,
    scope: Cell<u32>,
    labels: RefCell<HashMap<u32, Arc<str>>>,
    /// Inputs and parameters by name, inputs first.
    names: [RefCell<HashMap<Arc<str>, u32>>; 2],
}

impl Graph {
    /// An empty graph.
    #[must_use]
    pub fn new() -> Self {
        let graph = Self::default();
        graph.scopes.borrow_mut().push("".into());
        graph
    }

    /// Real numbers that are fed before each run.
    #[track_caller]
    pub fn input(&self, name: &str, shape: impl Into<Shape>) -> Var<'_> {
        self.named("input", name, Source::Input(name.into()), Type::real(shape))
    }

    /// Whole numbers below `classes`, such as labels, that are fed before each run.
    #[track_caller]
    pub fn labels(&self, name: &str, shape: impl Into<Shape>, classes: usize) -> Var<'_> {
        self.named("labels", name, Source::Input(name.into()), Type::index(shape, classes))
    }

    /// A parameter. Its values live outside the graph, in [`Parameters`](crate::Parameters).
    #[track_caller]
    pub fn parameter(&self, name: &str, shape: impl Into<Shape>) -> Var<'_> {
        self.named("parameter", name, Source::Parameter(name.into()), Type::real(shape))
    }

    /// A scalar constant.
    pub fn constant(&self, value: f64) -> Var<'_> {
        self.constant_tensor(Tensor::scalar(value))
    }

    /// A constant array.
    pub fn constant_tensor(&self, tensor: Tensor<f64>) -> Var<'_> {
        let ty = Type::real(tensor.shape());
        self.push(Source::Constant(Arc::new(tensor)), &[], ty)
    }

    /// Records an operation; this is how a user's crate adds its own [`Op`].
    #[track_caller]
    pub fn apply<'g>(&'g self, op: impl Op, operands: &[Var<'g>]) -> Var<'g> {
        self.apply_shared(Arc::new(op), operands)
    }

    #[track_caller]
    pub(crate) fn apply_shared<'g>(&'g self, op: Arc<dyn AnyOp>, operands: &[Var<'g>]) -> Var<'g> {
        if operands.iter().any(Var::is_poison) {
            return Var::poison(self);
        }
        if operands.iter().any(|v| !std::ptr::eq(v.graph(), self)) {
            return self.fail(op.name(), "the operands belong to different graphs", operands);
        }
        if operands.len() > MAX_OPERANDS {
            let message = format!("an operation takes at most {MAX_OPERANDS} operands");
            return self.fail(op.name(), &message, operands);
        }
        let types: Vec<Type> = operands.iter().map(Var::ty).collect();
        match op.infer(&types) {
            Ok(ty) => {
                let ids: Vec<u32> = operands.iter().map(|v| v.id).collect();
                self.push(Source::Op(op), &ids, ty)
            }
            Err(message) => self.fail(op.name(), &message, operands),
        }
    }

    /// Records nodes under a name, so that a picture can fold them into one box.
    pub fn scope<R>(&self, name: &str, body: impl FnOnce() -> R) -> R {
        let outer = self.scope.get();
        let path = match self.scope_name(outer) {
            parent if parent.is_empty() => name.to_owned(),
            parent => format!("{parent}/{name}"),
        };
        let mut scopes = self.scopes.borrow_mut();
        scopes.push(path.into());
        self.scope.set((scopes.len() - 1) as u32);
        drop(scopes);
        let result = body();
        self.scope.set(outer);
        result
    }

    /// The first mistake made while recording, if any.
    pub fn error(&self) -> Option<Error> {
        self.error.borrow().clone()
    }

    /// The number of nodes recorded so far.
    pub fn len(&self) -> usize {
        self.nodes.borrow().len()
    }

    /// Whether nothing has been recorded.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A copy of the list of nodes as it stands.
    pub(crate) fn nodes(&self) -> Vec<Node> {
        self.nodes.borrow().clone()
    }

    pub(crate) fn node<R>(&self, id: u32, read: impl FnOnce(&Node) -> R) -> R {
        read(&self.nodes.borrow()[id as usize])
    }

    pub(crate) fn var(&self, id: u32) -> Var<'_> {
        Var::new(self, id)
    }

    pub(crate) fn scope_name(&self, scope: u32) -> Arc<str> {
        self.scopes.borrow().get(scope as usize).cloned().unwrap_or_default()
    }

    pub(crate) fn set_label(&self, id: u32, label: &str) {
        self.labels.borrow_mut().entry(id).or_insert_with(|| label.into());
    }

    pub(crate) fn label(&self, id: u32) -> Option<Arc<str>> {
        self.labels.borrow().get(&id).cloned()
    }

    #[track_caller]
    pub(crate) fn fail<'g>(&'g self, op: &str, message: &str, operands: &[Var<'g>]) -> Var<'g> {
        let place = Location::caller();
        let operands: Vec<String> = operands.iter().map(|v| v.ty().to_string()).collect();
        self.error.borrow_mut().get_or_insert_with(|| Error::Operation {
            op: op.into(),
            message: message.into(),
            operands: operands.join(", "),
            file: place.file(),
            line: place.line(),
        });
        Var::poison(self)
    }

    #[track_caller]
    fn named(&self, what: &str, name: &str, source: Source, ty: Type) -> Var<'_> {
        let names = match &source {
            Source::Parameter(_) => &self.names[1],
            _ => &self.names[0],
        };
        let found = names.borrow().get(name).copied();
        match found {
            None => {
                let var = self.push(source, &[], ty);
                names.borrow_mut().insert(name.into(), var.id);
                var
            }
            Some(id) if self.node(id, |node| node.ty) == ty => self.var(id),
            Some(id) => {
                let other = self.node(id, |node| node.ty);
                self.fail(what, &format!("`{name}` is already {other}, not {ty}"), &[])
            }
        }
    }

    fn push(&self, source: Source, operands: &[u32], ty: Type) -> Var<'_> {
        let mut nodes = self.nodes.borrow_mut();
        let id = nodes.len() as u32;
        nodes.push(Node { source, operands: operands.into(), ty, scope: self.scope.get() });
        Var::new(self, id)
    }
}

/// Graph errors are found while recording; this turns the first one into a `Result`.
impl Graph {
    /// `Ok` when nothing has gone wrong so far.
    ///
    /// # Errors
    /// The first mistake made while recording.
    pub fn ok(&self) -> Result<()> {
        self.error().map_or(Ok(()), Err)
    }
}
