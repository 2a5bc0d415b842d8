//! Elements written to positions that differ from place to place.

use super::{Beside, Op, TakeAlong};
use crate::graph::{OTHER_GRAPH, Var};

impl<'g> Var<'g> {
    /// This value with each of `values`, or one number, at the position along `axis` that the label at its place names;
    /// where several name one position, the last of them stands there, and it alone gets a gradient. The
    /// labels have this value's shape, but any length along the axis. To add instead,
    /// [`Var::scatter_add_along_axis`].
    ///
    /// ```
    /// use chainrule::{Graph, Tensor};
    /// let g = Graph::new();
    /// let values = g.constant_tensor(Tensor::new([3], vec![1.0, 2.0, 3.0])?);
    /// let labels = g.constant_labels([3], &[0, 2, 0], 4);
    /// assert_eq!(g.zeros([4]).put_along_axis(0, labels, values).eval()?.values(), [3.0, 0.0, 2.0, 0.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[doc(alias("scatter", "ScatterElements", "index_put"))]
    #[track_caller]
    #[must_use]
    pub fn put_along_axis(self, axis: isize, labels: Var<'g>, values: impl Beside<'g>) -> Self {
        const NAME: &str = "put_along_axis";
        let (g, shape) = (self.graph(), self.shape());
        let at = shape.axis(axis);
        let _block = g.block(NAME);
        // The rule of the labels is that of what takes, but they may be of another graph.
        let rule = Op::infer(&TakeAlong { axis: at }, &[self.ty(), labels.ty()]);
        let rule = rule.and(labels.belongs_to(g).then_some(()).ok_or_else(|| OTHER_GRAPH.into()));
        if let Err(message) = rule {
            return g.fail(NAME, &message, &[self, labels]);
        }
        // In the order of their labels, those of one position stand side by side.
        let (length, count) = (self.size(axis), labels.size(axis));
        let numbers = labels.to_real();
        let order = numbers.argsort(axis);
        let sorted = numbers.take_along_axis(axis, order);
        let before = sorted.slice(axis, 0, count.saturating_sub(1));
        let differs = before.not_equal(sorted.slice(axis, count.min(1), count));
        let ends = g.constant(1.0).broadcast_to(labels.shape().with(at, count.min(1)));
        let last = g.concat(axis, &[differs, ends]);
        let wins = last.scatter_add_along_axis(axis, order, count);
        let add = |v: Var<'g>| v.scatter_add_along_axis(axis, labels, length);
        add(wins).select(add(wins.select(values, 0.0)), self)
    }
}
