//! Values of graphs as plain data.

/// A value of a graph, as plain data: it borrows nothing, so that it can lie in a struct beside a plan,
/// outlive the graph and be sent to other threads.
///
/// ```
/// use chainrule::Graph;
/// fn is_plain<T: Copy + Send + Sync + 'static>() {}
/// is_plain::<chainrule::graph::Handle>();
///
/// let g = Graph::new();
/// let handle = g.constant(2.0).handle();
/// assert_eq!((g.at(handle) * 3).eval()?.values(), [6.0]);
///
/// let other = Graph::new();
/// let _ = other.at(handle);
/// assert!(other.error().unwrap().to_string().contains("belongs to another graph"));
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Handle {
    /// The number of the graph.
    pub(crate) graph: u64,
    /// The number of the node in the graph.
    pub(crate) node: u32,
}
