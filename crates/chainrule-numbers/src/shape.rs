//! Shapes, strides and NumPy broadcasting.

use std::fmt;
use std::hash::{Hash, Hasher};

use chainrule_words::Error;

/// The highest number of axes that a tensor can have.
pub const MAX_RANK: usize = 8;

/// The most elements that memory can hold in double precision.
const MAX_LEN: usize = isize::MAX as usize / size_of::<f64>();

/// The number of elements of axes of these lengths; the largest number where there are more.
#[doc(hidden)]
pub fn count(lengths: &[usize]) -> usize {
    lengths.iter().fold(1, |count, &length| count.saturating_mul(length))
}

/// The lengths of a tensor's axes, outermost first. A scalar has no axes.
///
/// ```
/// use chainrule_numbers::shape::Shape;
/// let shape = Shape::from([100, 784]);
/// assert_eq!((shape.rank(), shape.len()), (2, 78400));
/// assert_eq!(shape.to_string(), "[100, 784]");
/// assert_eq!([Shape::from((100, 784)), vec![100, 784].into()], [shape; 2]);
/// ```
#[derive(Clone, Copy, Eq)]
pub struct Shape {
    dims: [usize; MAX_RANK],
    rank: u8,
}

/// Of the axes that there are, which are few: whole arrays are compared by a call of the C library.
impl PartialEq for Shape {
    fn eq(&self, other: &Self) -> bool {
        self.rank == other.rank && self.dims().iter().eq(other.dims())
    }
}

impl Hash for Shape {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.dims().iter().for_each(|&length| state.write_usize(length));
        state.write_u8(self.rank);
    }
}

/// The distance in elements between neighbours along each axis; 0 repeats one element.
pub type Strides = [usize; MAX_RANK];

impl Shape {
    /// The shape of a scalar.
    ///
    /// ```
    /// use chainrule_numbers::shape::Shape;
    /// assert_eq!(Shape::scalar(), Shape::from([]));
    /// assert_eq!(Shape::scalar().len(), 1);
    /// ```
    #[must_use]
    pub const fn scalar() -> Self {
        Self { dims: [0; MAX_RANK], rank: 0 }
    }

    /// What stands for more axes than a tensor can have: its elements fit into no memory, so that
    /// whatever is made of this shape is refused.
    const TOO_MANY_AXES: Self = Self { dims: [usize::MAX; MAX_RANK], rank: MAX_RANK as u8 };

    /// A shape with the axis lengths `dims`.
    ///
    /// ```
    /// use chainrule_numbers::shape::Shape;
    /// assert_eq!(Shape::new(&[2, 3])?, Shape::from([2, 3]));
    /// assert!(Shape::new(&[1; 9]).is_err());
    /// # Ok::<(), chainrule_words::Error>(())
    /// ```
    ///
    /// # Errors
    /// More than [`MAX_RANK`] axes, or more elements than memory can hold.
    pub fn new(dims: &[usize]) -> Result<Self, Error> {
        if dims.len() > MAX_RANK {
            return Err(Error::Rank { most: MAX_RANK, rank: dims.len() });
        }
        let mut shape = Self { rank: dims.len() as u8, ..Self::scalar() };
        shape.dims[..dims.len()].copy_from_slice(dims);
        shape.fits().then_some(shape).ok_or_else(|| Error::Size { shape: dims.into() })
    }

    /// Whether memory can hold so many elements; the conversion from an array takes any lengths.
    #[doc(hidden)]
    pub fn fits(&self) -> bool {
        self.len() <= MAX_LEN
    }

    /// What is wrong with a shape that does not fit.
    #[doc(hidden)]
    pub fn too_large(&self) -> String {
        match *self == Self::TOO_MANY_AXES {
            true => format!("a tensor has at most {MAX_RANK} axes"),
            false => format!("{self} has more elements than any memory can hold"),
        }
    }

    /// The lengths of the axes.
    ///
    /// ```
    /// assert_eq!(chainrule_numbers::shape::Shape::from([2, 3]).dims(), [2, 3]);
    /// ```
    #[must_use]
    pub fn dims(&self) -> &[usize] {
        &self.dims[..self.rank()]
    }

    /// The number of axes.
    ///
    /// ```
    /// assert_eq!(chainrule_numbers::shape::Shape::from([2, 3]).rank(), 2);
    /// ```
    #[must_use]
    pub const fn rank(&self) -> usize {
        self.rank as usize
    }

    /// The number of elements; 1 for a scalar, the largest number where there are more than that.
    ///
    /// ```
    /// assert_eq!(chainrule_numbers::shape::Shape::from([2, 3]).len(), 6);
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        count(self.dims())
    }

    /// Whether there are no elements at all.
    ///
    /// ```
    /// assert!(chainrule_numbers::shape::Shape::from([2, 0]).is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.dims().contains(&0)
    }

    /// The length of `axis`, or `None` where there is no such axis.
    ///
    /// ```
    /// let shape = chainrule_numbers::shape::Shape::from([2, 3]);
    /// assert_eq!((shape.get(1), shape.get(2)), (Some(3), None));
    /// ```
    #[must_use]
    pub fn get(&self, axis: usize) -> Option<usize> {
        self.dims().get(axis).copied()
    }

    /// The strides of a contiguous row-major tensor of this shape; without a meaning where it has no
    /// elements.
    ///
    /// ```
    /// // The next row is 3 elements away, the next column 1.
    /// assert_eq!(chainrule_numbers::shape::Shape::from([2, 3]).strides()[..2], [3, 1]);
    /// ```
    #[must_use]
    pub fn strides(&self) -> Strides {
        let mut strides = [0; MAX_RANK];
        let mut step: usize = 1;
        for axis in (0..self.rank()).rev() {
            strides[axis] = step;
            step = step.saturating_mul(self.dims[axis]);
        }
        strides
    }

    /// The place along each axis of the element with this number in row-major order.
    ///
    /// ```
    /// assert_eq!(chainrule_numbers::shape::Shape::from([2, 3]).index_of(5), [1, 2]);
    /// ```
    #[must_use]
    pub fn index_of(&self, element: usize) -> Vec<usize> {
        let (strides, dims) = (self.strides(), self.dims().iter().enumerate());
        dims.map(|(axis, &length)| element / strides[axis].max(1) % length.max(1)).collect()
    }

    /// The shape that two operands have after NumPy broadcasting: aligned at the last axis, equal
    /// lengths stay and a length of 1 stretches. `None` where they do not fit.
    ///
    /// ```
    /// use chainrule_numbers::shape::Shape;
    /// let (a, b) = (Shape::from([5, 1, 3]), Shape::from([4, 3]));
    /// assert_eq!(a.broadcast(&b), Some(Shape::from([5, 4, 3])));
    /// assert_eq!(a.broadcast(&Shape::from([2])), None);
    /// ```
    #[must_use]
    pub fn broadcast(&self, other: &Self) -> Option<Self> {
        let rank = self.rank().max(other.rank());
        let mut out = Self { rank: rank as u8, ..Self::scalar() };
        for back in 1..=rank {
            let length = |s: &Self| if back <= s.rank() { s.dims[s.rank() - back] } else { 1 };
            out.dims[rank - back] = match (length(self), length(other)) {
                (a, b) if a == b => a,
                (1, n) | (n, 1) => n,
                _ => return None,
            };
        }
        Some(out)
    }

    /// The axis that `axis` names: from the end where it is negative, so that −1 is the last one. Where
    /// there is none, a number beyond all axes, which [`Shape::no_axis`] shows as it was written.
    #[doc(hidden)]
    pub fn axis(&self, axis: isize) -> usize {
        match axis {
            ..0 => self.rank().checked_add_signed(axis).unwrap_or(axis.cast_unsigned()),
            _ => axis.cast_unsigned(),
        }
    }

    /// That [`Shape::axis`] found none.
    #[doc(hidden)]
    pub fn no_axis(&self, axis: usize) -> String {
        format!("there is no axis {} in {self}", axis.cast_signed())
    }

    /// This shape with `axis` set to `length`.
    #[must_use]
    #[doc(hidden)]
    pub fn with(mut self, axis: usize, length: usize) -> Self {
        self.dims[axis] = length;
        self
    }

    /// This shape with one more axis before all others, where there is room for it.
    #[must_use]
    #[doc(hidden)]
    pub fn stacked(mut self, length: usize) -> Self {
        if self.rank() < MAX_RANK {
            self.dims.rotate_right(1);
            self.dims[0] = length;
            self.rank += 1;
        }
        self
    }

    /// This shape without the axes for which `drop` holds.
    ///
    /// ```
    /// use chainrule_numbers::shape::Shape;
    /// assert_eq!(Shape::from([2, 1, 3]).without(|axis| axis == 1), Shape::from([2, 3]));
    /// ```
    #[must_use]
    pub fn without(&self, drop: impl Fn(usize) -> bool) -> Self {
        let mut out = Self::scalar();
        for (axis, &length) in self.dims().iter().enumerate() {
            if !drop(axis) {
                out.dims[out.rank()] = length;
                out.rank += 1;
            }
        }
        out
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self == Self::TOO_MANY_AXES {
            true => write!(f, "a shape of more than {MAX_RANK} axes"),
            false => write!(f, "{:?}", self.dims()),
        }
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<const N: usize> From<[usize; N]> for Shape {
    fn from(lengths: [usize; N]) -> Self {
        const { assert!(N <= MAX_RANK, "a tensor has at most 8 axes") };
        let mut shape = Self { rank: N as u8, ..Self::scalar() };
        shape.dims[..N].copy_from_slice(&lengths);
        shape
    }
}

/// The first operation that takes a shape of more than [`MAX_RANK`] axes refuses it.
///
/// ```
/// use chainrule_numbers::shape::Shape;
/// let lengths = vec![2, 3];
/// assert_eq!(Shape::from(&lengths[..]), Shape::from([2, 3]));
/// ```
impl From<&[usize]> for Shape {
    fn from(lengths: &[usize]) -> Self {
        if lengths.len() > MAX_RANK {
            return Self::TOO_MANY_AXES;
        }
        let mut shape = Self { rank: lengths.len() as u8, ..Self::scalar() };
        shape.dims[..lengths.len()].copy_from_slice(lengths);
        shape
    }
}

impl<const N: usize> From<&[usize; N]> for Shape {
    fn from(lengths: &[usize; N]) -> Self {
        (*lengths).into()
    }
}

impl From<Vec<usize>> for Shape {
    fn from(lengths: Vec<usize>) -> Self {
        lengths.as_slice().into()
    }
}

impl From<&Vec<usize>> for Shape {
    fn from(lengths: &Vec<usize>) -> Self {
        lengths.as_slice().into()
    }
}

/// Writes the conversion from a tuple with these fields.
macro_rules! from_tuple {
    ($($number:ident: $field:tt),*) => {
        impl From<($(from_tuple!(@ $number),)*)> for Shape {
            fn from(lengths: ($(from_tuple!(@ $number),)*)) -> Self {
                [$(lengths.$field),*].into()
            }
        }
    };
    (@ $number:ident) => { usize };
}
from_tuple!(a: 0);
from_tuple!(a: 0, b: 1);
from_tuple!(a: 0, b: 1, c: 2);
from_tuple!(a: 0, b: 1, c: 2, d: 3);
from_tuple!(a: 0, b: 1, c: 2, d: 3, e: 4);
from_tuple!(a: 0, b: 1, c: 2, d: 3, e: 4, f: 5);
from_tuple!(a: 0, b: 1, c: 2, d: 3, e: 4, f: 5, g: 6);
from_tuple!(a: 0, b: 1, c: 2, d: 3, e: 4, f: 5, g: 6, h: 7);

/// Walks the offsets of a strided view in row-major order, starting at any element.
#[derive(Clone, Debug)]
#[doc(hidden)]
pub struct Offsets {
    shape: Shape,
    strides: Strides,
    index: [usize; MAX_RANK],
    offset: usize,
}

impl Offsets {
    #[doc(hidden)]
    pub fn new(shape: &Shape, strides: &Strides, start: usize) -> Self {
        let mut walk = Self { shape: *shape, strides: *strides, index: [0; MAX_RANK], offset: 0 };
        let mut rest = start;
        for axis in (0..shape.rank()).rev() {
            let length = shape.dims[axis].max(1);
            walk.index[axis] = rest % length;
            walk.offset += walk.index[axis] * strides[axis];
            rest /= length;
        }
        walk
    }

    /// The current element's offset; then steps on.
    #[doc(hidden)]
    pub fn next_offset(&mut self) -> usize {
        let here = self.offset;
        for axis in (0..self.shape.rank()).rev() {
            // Never past an axis' end: the stride of an axis of one element may be any number.
            if self.index[axis] + 1 < self.shape.dims[axis] {
                self.index[axis] += 1;
                self.offset += self.strides[axis];
                return here;
            }
            self.offset -= self.index[axis] * self.strides[axis];
            self.index[axis] = 0;
        }
        here
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_walk_a_transposed_view_from_the_middle() {
        // The transpose of a 2×3 matrix, read row by row: 0 3 1 4 2 5.
        let mut walk = Offsets::new(&Shape::from([3, 2]), &[1, 3, 0, 0, 0, 0, 0, 0], 2);
        let seen: Vec<_> = (0..4).map(|_| walk.next_offset()).collect();
        assert_eq!(seen, [1, 4, 2, 5]);
    }

    #[test]
    fn the_stride_of_an_axis_of_one_element_is_never_taken() {
        let mut walk = Offsets::new(&Shape::from([2, 1]), &[3, usize::MAX, 0, 0, 0, 0, 0, 0], 0);
        let seen: Vec<_> = (0..2).map(|_| walk.next_offset()).collect();
        assert_eq!(seen, [0, 3]);
    }

    #[test]
    fn too_many_axes_is_an_error() {
        assert!(Shape::new(&[1; 9]).is_err());
        assert_eq!(Shape::new(&[2, 3]).ok(), Some(Shape::from([2, 3])));
    }
}
