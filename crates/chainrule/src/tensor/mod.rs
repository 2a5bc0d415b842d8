//! Dense arrays outside a graph.

mod real;
mod shape;

pub use real::Real;
pub(crate) use shape::Offsets;
pub use shape::{MAX_RANK, Shape, Strides};

use crate::error::Error;

/// A dense row-major array.
///
/// ```
/// use chainrule::Tensor;
/// let w = Tensor::new([2, 3], vec![1.0_f32, 2.0, 3.0, 4.0, 5.0, 6.0])?;
/// assert_eq!(w.at(&[1, 0]), Some(4.0));
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor<T> {
    shape: Shape,
    values: Vec<T>,
}

impl<T: Copy> Tensor<T> {
    /// A tensor of the given shape, with its elements in row-major order.
    ///
    /// # Errors
    /// Another number of elements than the shape has.
    pub fn new(shape: impl Into<Shape>, values: Vec<T>) -> Result<Self, Error> {
        let shape = shape.into();
        if shape.len() != values.len() {
            return Err(Error::ElementCount { shape, expected: shape.len(), found: values.len() });
        }
        Ok(Self { shape, values })
    }

    /// A tensor whose elements are all `value`.
    pub fn full(shape: impl Into<Shape>, value: T) -> Self {
        let shape = shape.into();
        Self { shape, values: vec![value; shape.len()] }
    }

    /// A tensor without axes.
    pub fn scalar(value: T) -> Self {
        Self { shape: Shape::scalar(), values: vec![value] }
    }

    /// The lengths of the axes.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// The elements in row-major order.
    pub fn values(&self) -> &[T] {
        &self.values
    }

    /// The elements in row-major order, to be changed in place.
    pub fn values_mut(&mut self) -> &mut [T] {
        &mut self.values
    }

    /// The element at `index`, one number per axis; `None` outside the tensor.
    pub fn at(&self, index: &[usize]) -> Option<T> {
        if index.len() != self.shape.rank() {
            return None;
        }
        let inside = index.iter().zip(self.shape.dims()).all(|(i, n)| i < n);
        let flat: usize = index.iter().zip(self.shape.strides()).map(|(i, s)| i * s).sum();
        inside.then(|| self.values[flat])
    }

    /// A tensor of the same shape with `f` applied to each element.
    pub fn map<U>(&self, f: impl FnMut(T) -> U) -> Tensor<U> {
        Tensor { shape: self.shape, values: self.values.iter().copied().map(f).collect() }
    }
}

impl<T: Real> Tensor<T> {
    /// The same numbers in double precision.
    pub fn to_f64(&self) -> Tensor<f64> {
        self.map(Real::to_f64)
    }

    /// Double-precision numbers rounded to this precision.
    pub fn from_f64(tensor: &Tensor<f64>) -> Self {
        tensor.map(T::from_f64)
    }
}
