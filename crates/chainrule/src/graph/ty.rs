//! What a node's elements are and how many.

use std::fmt;

use crate::error::{Error, Result};
use crate::tensor::Shape;

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
    ///
    /// ```
    /// use chainrule::graph::Type;
    /// assert_eq!(chainrule::Graph::new().input("x", [2]).ty(), Type::real([2]));
    /// ```
    pub fn real(shape: impl Into<Shape>) -> Self {
        Self { kind: Kind::Real, shape: shape.into() }
    }

    /// Whole numbers below `bound`.
    ///
    /// ```
    /// use chainrule::graph::Type;
    /// assert_eq!(chainrule::Graph::new().labels("t", [2], 10).ty(), Type::index([2], 10));
    /// ```
    pub fn index(shape: impl Into<Shape>, bound: usize) -> Self {
        Self { kind: Kind::Index { bound }, shape: shape.into() }
    }

    /// Checks the number of elements given for the input `name` of this type.
    pub(crate) fn check_count(&self, name: &str, found: usize) -> Result<()> {
        let wanted = self.shape.len();
        if found == wanted {
            return Ok(());
        }
        Err(Error::Mismatch(format!(
            "the input `{name}` is {self}: {wanted} elements, but {found} were given"
        )))
    }

    /// Checks the labels given for the input `name` of this type.
    pub(crate) fn check_labels(&self, name: &str, labels: &[u32]) -> Result<()> {
        self.check_count(name, labels.len())?;
        let Kind::Index { bound } = self.kind else { return Ok(()) };
        match labels.iter().map(|&label| label as usize).find(|&label| label >= bound) {
            Some(label) => {
                Err(Error::Label { place: format!("input `{name}`"), label, classes: bound })
            }
            None => Ok(()),
        }
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
