//! What stands beside a value in arithmetic.

use crate::graph::{Graph, Var};

/// What can stand beside a [`Var`] in arithmetic: a value of its graph, a reference to one, or a number,
/// which becomes a constant: rounded to f64, and broadcast like any scalar. So do [`Var::maximum`],
/// [`Var::less`] and their like, and [`Var::select`].
///
/// On the left a number is an f64 or an i32, so that the types of literals are known.
///
/// ```
/// let g = chainrule::Graph::new();
/// let (x, count) = (g.constant(3.0), 2_usize);
/// let y = 2 * &x - 1.5_f32 + x / count;
/// assert_eq!(y.eval()?.values(), [6.0]);
/// # Ok::<(), chainrule::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot stand beside a `Var` in arithmetic",
    label = "neither a `Var` nor a number",
    note = "what can are `Var`, `&Var`, f64, f32, i32, i64, u32, u64 and usize; a constant array becomes a `Var` by `Graph::constant_tensor`"
)]
pub trait Beside<'g> {
    /// The value, as one of this graph if it is a number.
    #[doc(hidden)]
    fn in_graph(self, graph: &'g Graph) -> Var<'g>;
}

impl<'g> Beside<'g> for Var<'g> {
    fn in_graph(self, _graph: &'g Graph) -> Var<'g> {
        self
    }
}

impl<'g> Beside<'g> for &Var<'g> {
    fn in_graph(self, _graph: &'g Graph) -> Var<'g> {
        *self
    }
}

macro_rules! numbers {
    ($($type:ty)*) => {$(
        impl<'g> Beside<'g> for $type {
            #[track_caller]
            fn in_graph(self, graph: &'g Graph) -> Var<'g> {
                graph.constant(self as f64)
            }
        }
    )*};
}
numbers!(f64 f32 i32 i64 u32 u64 usize);
