//! A value in a graph, with its operators.

use std::fmt;

use super::{Graph, Handle, Kind, Node, Type};
use crate::tensor::Shape;

/// A value in a graph: a reference to the graph and the node's number. Copying one copies no data.
///
/// ```
/// use chainrule::Graph;
/// let g = Graph::new();
/// let (x, m, t) = (g.input("x", []), g.input("m", []), g.input("t", []));
/// let loss = (x * m * t - 219.0).square() * 0.5;
/// let mut plan = g.compile::<f64>(&[loss])?;
/// for (name, value) in [("x", 100.0), ("m", 2.0), ("t", 1.1)] {
///     plan.feed(name, &[value])?;
/// }
/// plan.run()?;
/// assert!((plan.value(loss)?[0] - 0.5).abs() < 1e-12);
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Clone, Copy)]
pub struct Var<'g> {
    graph: &'g Graph,
    pub(crate) id: u32,
}

/// The number that stands for "an error has been remembered".
const POISON: u32 = u32::MAX;

impl<'g> Var<'g> {
    pub(super) fn new(graph: &'g Graph, id: u32) -> Self {
        Self { graph, id }
    }

    pub(crate) fn poison(graph: &'g Graph) -> Self {
        Self { graph, id: POISON }
    }

    pub(crate) fn is_poison(&self) -> bool {
        self.id == POISON
    }

    pub(crate) fn belongs_to(&self, graph: &Graph) -> bool {
        std::ptr::eq(self.graph, graph)
    }

    /// The graph that this value belongs to.
    ///
    /// ```
    /// fn double(x: chainrule::Var<'_>) -> chainrule::Var<'_> {
    ///     x * x.graph().constant(2.0)
    /// }
    /// # let g = chainrule::Graph::new();
    /// assert_eq!(double(g.constant(4.0)).eval()?.values(), [8.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn graph(&self) -> &'g Graph {
        self.graph
    }

    /// The node's number in the graph.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// assert_eq!([g.constant(1.0).id(), g.constant(2.0).id()], [0, 1]);
    /// ```
    #[must_use]
    pub fn id(&self) -> u32 {
        self.id
    }

    /// This value as plain data, which borrows nothing: see [`Handle`].
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// let y = g.constant(1.0).exp();
    /// assert_eq!(g.at(y.handle()).id(), y.id());
    /// ```
    #[must_use]
    pub fn handle(&self) -> Handle {
        Handle { graph: self.graph.number(), node: self.id }
    }

    /// This value, which plans that compute it tell by this name too: see
    /// [`plan::Output`](crate::plan::Output).
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// let y = g.constant(0.0).exp().output("y");
    /// let mut plan = g.compile::<f64>(&[y])?;
    /// plan.run()?;
    /// assert_eq!(plan.value("y")?, [1.0]);
    /// let error = plan.value("z").unwrap_err().to_string();
    /// assert_eq!(error, "there is no output named `z`; there are: y");
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn output(self, name: &str) -> Self {
        if !self.is_poison() {
            self.graph.name_output(self.id, name);
        }
        self
    }

    /// The value's shape and kind; a scalar where an error has been remembered.
    ///
    /// ```
    /// use chainrule::graph::Kind;
    /// # let g = chainrule::Graph::new();
    /// assert_eq!(g.labels("t", [5], 10).ty().kind, Kind::Index { bound: 10 });
    /// ```
    #[must_use]
    pub fn ty(&self) -> Type {
        if self.is_poison() {
            return Type::real([]);
        }
        self.graph.node(self.id, |node| node.ty)
    }

    /// The value's shape.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// let x = g.input("x", [100, 784]);
    /// assert_eq!(x.matmul(g.input("w", [784, 50])).shape().dims(), [100, 50]);
    /// ```
    #[must_use]
    pub fn shape(&self) -> Shape {
        self.ty().shape
    }

    /// The length of an axis, counted from the end where it is negative; where there is none, the graph
    /// remembers a mistake.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// let x = g.input("x", [100, 784]);
    /// assert_eq!((x.size(0), x.size(-1)), (100, 784));
    /// x.size(2);
    /// assert!(g.error().unwrap().to_string().starts_with("size: there is no axis 2"));
    /// ```
    #[track_caller]
    #[must_use]
    pub fn size(&self, axis: isize) -> usize {
        let shape = self.shape();
        let at = if axis < 0 { axis + shape.rank() as isize } else { axis };
        let length = usize::try_from(at).ok().and_then(|at| shape.get(at));
        if length.is_none() && !self.is_poison() {
            self.graph.fail("size", &format!("there is no axis {axis}"), &[*self]);
        }
        length.unwrap_or(1)
    }

    /// The number that this value repeats, if it is a scalar constant or a broadcast of one.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// assert_eq!(g.constant(2.0).broadcast_to([3]).as_constant(), Some(2.0));
    /// assert_eq!(g.input("x", []).as_constant(), None);
    /// ```
    #[must_use]
    pub fn as_constant(&self) -> Option<f64> {
        if self.is_poison() {
            return None;
        }
        let (number, operand) =
            self.graph.node(self.id, |node| (node.constant_number(), node.repeated_operand()));
        number.or_else(|| self.graph.var(operand?).as_constant())
    }

    pub(crate) fn is_real(&self) -> bool {
        self.ty().kind == Kind::Real
    }
}

impl fmt::Debug for Var<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_poison() {
            return write!(f, "Var(error)");
        }
        let name = self.graph.node(self.id, Node::op_name);
        write!(f, "Var({} {name} {})", self.id, self.ty())
    }
}
