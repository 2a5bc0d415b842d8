//! What a kernel reads and writes: elements and where they lie.

use std::ops::Range;

use super::Type;
use crate::tensor::{Shape, Strides};

/// Where a value lies in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    /// The lengths of the axes.
    pub shape: Shape,
    /// The distance between neighbours along each axis, in elements.
    pub strides: Strides,
    /// The first element's distance from the buffer's start.
    pub offset: usize,
}

impl View {
    /// A contiguous row-major value at the start of its buffer.
    #[must_use]
    pub fn contiguous(shape: Shape) -> Self {
        Self { shape, strides: shape.strides(), offset: 0 }
    }

    /// One past the last element that the view can reach; the largest number where that is too far
    /// for any memory.
    pub(crate) fn end(&self) -> usize {
        if self.shape.is_empty() {
            return self.offset;
        }
        let dims = self.shape.dims().iter().zip(self.strides);
        let reach = dims.map(|(&n, stride)| (n - 1).saturating_mul(stride));
        reach.fold(self.offset, usize::saturating_add).saturating_add(1)
    }

    /// Whether the elements lie row by row without gaps.
    #[must_use]
    pub fn is_contiguous(&self) -> bool {
        let plain = self.shape.strides();
        let dims = self.shape.dims().iter();
        self.shape.is_empty()
            || dims.enumerate().all(|(axis, &n)| n == 1 || self.strides[axis] == plain[axis])
    }
}

/// What a kernel has done that asks for elements of another kind than there are.
const WRONG_KIND: &str = "an operation's kernel and shape rule disagree";

/// An operand as a kernel sees it.
#[derive(Clone, Copy, Debug)]
pub struct Operand<'a, T> {
    /// The operand's shape.
    pub shape: Shape,
    /// Its strides; those of a contiguous value unless the operation asked otherwise.
    pub strides: Strides,
    /// Its elements, from the first one on.
    pub values: Values<'a, T>,
}

/// A kernel's operand: real numbers or whole ones.
#[derive(Clone, Copy, Debug)]
pub enum Values<'a, T> {
    /// Real numbers.
    Real(&'a [T]),
    /// Whole numbers.
    Index(&'a [u32]),
}

impl<'a, T> Operand<'a, T> {
    /// The operand's type; the bound of whole numbers is not known here.
    pub(crate) fn ty(&self) -> Type {
        match self.values {
            Values::Real(_) => Type::real(self.shape),
            Values::Index(_) => Type::index(self.shape, usize::MAX),
        }
    }

    /// The real elements.
    ///
    /// # Panics
    /// The elements are whole numbers, which the shape rule of an operation that wants real ones refuses.
    #[must_use]
    pub fn real(&self) -> &'a [T] {
        match self.values {
            Values::Real(values) => values,
            Values::Index(_) => panic!("{WRONG_KIND}: real numbers wanted, labels found"),
        }
    }

    /// The whole numbers.
    ///
    /// # Panics
    /// The elements are real numbers, which the shape rule of an operation that wants whole ones refuses.
    #[must_use]
    pub fn index(&self) -> &'a [u32] {
        match self.values {
            Values::Index(values) => values,
            Values::Real(_) => panic!("{WRONG_KIND}: labels wanted, real numbers found"),
        }
    }
}

/// Where a kernel writes.
#[derive(Debug)]
pub struct Output<'a, T> {
    /// The output's shape: of all of it, or of the rows of this call where an operand is
    /// [by rows](super::Op::by_rows).
    pub shape: Shape,
    /// The elements of this shape to compute, in row-major order.
    pub range: Range<usize>,
    /// Memory for exactly these elements.
    pub values: ValuesMut<'a, T>,
}

/// A kernel's output: real numbers or whole ones.
#[derive(Debug)]
pub enum ValuesMut<'a, T> {
    /// Real numbers.
    Real(&'a mut [T]),
    /// Whole numbers.
    Index(&'a mut [u32]),
}

impl<'a, T> Output<'a, T> {
    /// The real elements to write.
    ///
    /// # Panics
    /// The shape rule promised whole numbers.
    #[must_use]
    pub fn real(self) -> &'a mut [T] {
        match self.values {
            ValuesMut::Real(values) => values,
            ValuesMut::Index(_) => panic!("{WRONG_KIND}: labels promised, real numbers written"),
        }
    }

    /// The whole numbers to write.
    ///
    /// # Panics
    /// The shape rule promised real numbers.
    #[must_use]
    pub fn index(self) -> &'a mut [u32] {
        match self.values {
            ValuesMut::Index(values) => values,
            ValuesMut::Real(_) => panic!("{WRONG_KIND}: real numbers promised, labels written"),
        }
    }
}
