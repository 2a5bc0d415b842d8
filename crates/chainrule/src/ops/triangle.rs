//! Triangles of matrices.

use crate::graph::Var;

impl<'g> Var<'g> {
    /// The lower triangle of the matrices that the last two axes hold: what stands on the diagonal and
    /// below it, and 0 above. The diagonal is the one `offset` places above the main one, or below it where
    /// that is negative.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// // Each of three times sees itself and those before it.
    /// let sees = g.constant(1.0).broadcast_to([3, 3]).tril(0);
    /// assert_eq!(sees.eval()?.values(), [1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0, 1.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[doc(alias("causal_mask", "band_part"))]
    #[track_caller]
    #[must_use]
    pub fn tril(self, offset: isize) -> Self {
        self.triangle("tril", |row, column| column.less_equal(row + offset as f64))
    }

    /// The upper triangle of the matrices that the last two axes hold: what stands on the diagonal and
    /// above it, and 0 below. The diagonal is the one `offset` places above the main one, or below it where
    /// that is negative.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// let future = g.constant(1.0).broadcast_to([2, 3]).triu(1);
    /// assert_eq!(future.eval()?.values(), [0.0, 1.0, 1.0, 0.0, 0.0, 1.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[doc(alias("causal_mask", "band_part"))]
    #[track_caller]
    #[must_use]
    pub fn triu(self, offset: isize) -> Self {
        self.triangle("triu", |row, column| column.greater_equal(row + offset as f64))
    }

    /// This value where `holds` is 1 of the numbers of row and column, else 0.
    #[track_caller]
    fn triangle(self, name: &str, holds: impl FnOnce(Self, Self) -> Self) -> Self {
        let g = self.graph();
        let &[.., rows, columns] = self.shape().dims() else {
            return g.fail(name, "takes matrices: at least two axes", &[self]);
        };
        let _block = g.block(name);
        let row = g.arange(rows).to_real().reshape([rows, 1]);
        holds(row, g.arange(columns).to_real()).select(self, 0.0)
    }
}
