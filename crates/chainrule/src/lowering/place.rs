//! Where values are kept.

use std::ops::Range;
use std::sync::Arc;

use crate::graph::{Kind, Type};
use crate::ops::View;
use crate::state::{Owner, StateKey};
use crate::tensor::{Shape, Strides};

/// An input: its name, its type and its buffer.
#[derive(Clone, Debug)]
pub(crate) struct Slot {
    pub name: Arc<str>,
    pub ty: Type,
    pub at: usize,
}

/// A parameter, or a part of an optimizer's state, which is bound and written as parameters are.
#[derive(Clone, Debug)]
pub(crate) struct Outside {
    pub owner: Owner,
    pub shape: Shape,
}

impl Outside {
    /// The part of a state that this is, with its shape.
    pub fn state(&self) -> Option<(&StateKey, Shape)> {
        match &self.owner {
            Owner::State(key) => Some((key, self.shape)),
            Owner::Parameter(_) => None,
        }
    }
}

/// Where a value is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Storage {
    /// The plan itself: a buffer of real numbers or of whole ones.
    Buffer(usize),
    /// A parameter or a part of an optimizer's state, outside the plan.
    Parameter(usize),
}

/// A value as steps see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub storage: Storage,
    pub kind: Kind,
    pub shape: Shape,
    pub strides: Strides,
    pub offset: usize,
}

impl Place {
    pub fn contiguous(storage: Storage, ty: Type) -> Self {
        let Type { kind, shape } = ty;
        Self { storage, kind, shape, strides: shape.strides(), offset: 0 }
    }

    pub fn view(&self) -> View {
        View { shape: self.shape, strides: self.strides, offset: self.offset }
    }

    /// Some rows along the first axis.
    pub fn rows(&self, rows: &Range<usize>) -> Self {
        let shape = self.shape.with(0, rows.len());
        Self { shape, offset: self.offset + rows.start * self.strides[0], ..*self }
    }

    /// Whether the elements lie in row-major order without gaps, so that they can be read in place.
    pub fn is_plain(&self) -> bool {
        self.strides == self.shape.strides()
    }
}
