//! What an example consists of.

use std::fmt;

use crate::graph::{Graph, Kind, Type, Var};
use crate::tensor::{MAX_RANK, Shape};

/// What the numbers of a field are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FieldKind {
    /// Real numbers.
    Real,
    /// Whole numbers from 0 up to, and without, `bound`: classes, tokens.
    Labels {
        /// The number of different labels.
        bound: usize,
    },
    /// Ones, and zeros for what does not count.
    Mask,
}

/// One input or target of an example: its name, its shape and what its numbers are. The batch axis,
/// which comes first, is not written.
///
/// ```
/// use chainrule::Graph;
/// use chainrule::nn::Field;
/// let image = Field::real("image", [28, 28, 1]);
/// let words = Field::labels("words", [40], 10_000);
/// let g = Graph::new();
/// assert_eq!(image.input(&g, 100).shape().dims(), [100, 28, 28, 1]);
/// assert_eq!(words.to_string(), "`words` [batch, 40] of labels below 10000");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    name: String,
    shape: Shape,
    kind: FieldKind,
    is_batched: bool,
}

impl Field {
    /// Real numbers, of this shape for each example.
    pub fn real(name: impl Into<String>, shape: impl Into<Shape>) -> Self {
        Self::of(name, shape, FieldKind::Real)
    }

    /// Labels below `bound`, of this shape for each example; `[]` is one label.
    pub fn labels(name: impl Into<String>, shape: impl Into<Shape>, bound: usize) -> Self {
        Self::of(name, shape, FieldKind::Labels { bound })
    }

    /// Ones for what counts and zeros for what does not, such as the end of a shorter sequence.
    pub fn mask(name: impl Into<String>, shape: impl Into<Shape>) -> Self {
        Self::of(name, shape, FieldKind::Mask)
    }

    fn of(name: impl Into<String>, shape: impl Into<Shape>, kind: FieldKind) -> Self {
        Self { name: name.into(), shape: shape.into(), kind, is_batched: true }
    }

    /// What a value is for each example, where its first axis is the batch, or else for the batch.
    pub(super) fn output(name: String, ty: Type, is_batched: bool) -> Self {
        let shape = if is_batched { ty.shape.without(|axis| axis == 0) } else { ty.shape };
        let kind = match ty.kind {
            Kind::Real => FieldKind::Real,
            Kind::Index { bound } => FieldKind::Labels { bound },
        };
        Self { name, shape, kind, is_batched }
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The shape for one example.
    #[must_use]
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// What the numbers are.
    #[must_use]
    pub fn kind(&self) -> FieldKind {
        self.kind
    }

    /// Whether each example of a batch has its own: so are all but some outputs, such as a mean.
    #[must_use]
    pub fn is_batched(&self) -> bool {
        self.is_batched
    }

    /// The shape and kind of a batch of so many examples.
    ///
    /// ```
    /// use chainrule::nn::Field;
    /// assert_eq!(Field::real("x", [784]).ty(100).shape.dims(), [100, 784]);
    /// ```
    #[must_use]
    pub fn ty(&self, batch: usize) -> Type {
        let shape = if self.is_batched { self.shape.stacked(batch) } else { self.shape };
        match self.kind {
            FieldKind::Real | FieldKind::Mask => Type::real(shape),
            FieldKind::Labels { bound } => Type::index(shape, bound),
        }
    }

    /// The graph's input of a batch of so many examples.
    #[track_caller]
    pub fn input<'g>(&self, graph: &'g Graph, batch: usize) -> Var<'g> {
        if self.is_batched && self.shape.rank() == MAX_RANK {
            let message = format!("`{}` has no axis left for the batch", self.name);
            return graph.fail("input", &message, &[]);
        }
        let Type { kind, shape } = self.ty(batch);
        match kind {
            Kind::Real => graph.input(&self.name, shape),
            Kind::Index { bound } => graph.labels(&self.name, shape, bound),
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let batch = self.is_batched.then(|| "batch".to_owned());
        let axes = batch.into_iter().chain(self.shape.dims().iter().map(usize::to_string));
        write!(f, "`{}` [{}]", self.name, axes.collect::<Vec<_>>().join(", "))?;
        match self.kind {
            FieldKind::Real => Ok(()),
            FieldKind::Labels { bound } => write!(f, " of labels below {bound}"),
            FieldKind::Mask => write!(f, " of ones and zeros"),
        }
    }
}
