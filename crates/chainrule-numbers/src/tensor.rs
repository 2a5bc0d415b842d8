//! Dense arrays outside a graph.

use crate::real::Real;
use crate::shape::Shape;
use chainrule_words::Error;

/// Whether so many bytes fit into memory: to be asked before any is written, as an allocation that fails
/// ends the process.
///
/// ```
/// use chainrule_numbers::tensor::fits_in_memory;
/// assert!(fits_in_memory(1 << 20) && !fits_in_memory(1 << 100));
/// ```
#[must_use]
pub fn fits_in_memory(bytes: u128) -> bool {
    usize::try_from(bytes).is_ok_and(|bytes| {
        let mut memory = Vec::<u8>::new();
        let reserved = memory.try_reserve_exact(bytes).is_ok();
        // Without this the compiler may leave out an allocation that nothing uses.
        std::hint::black_box(&mut memory);
        reserved
    })
}

/// A dense row-major array.
///
/// ```
/// use chainrule_numbers::tensor::Tensor;
/// let w = Tensor::new([2, 3], vec![1.0_f32, 2.0, 3.0, 4.0, 5.0, 6.0])?;
/// assert_eq!(w.at(&[1, 0]), Some(4.0));
/// # Ok::<(), chainrule_words::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor<T> {
    shape: Shape,
    values: Vec<T>,
}

impl<T: Copy> Tensor<T> {
    /// A tensor of the given shape, with its elements in row-major order.
    ///
    /// ```
    /// use chainrule_numbers::tensor::Tensor;
    /// let x = Tensor::new([2, 2], vec![1.0, 2.0, 3.0, 4.0])?;
    /// assert!(Tensor::new([2, 2], vec![1.0]).is_err());
    /// # Ok::<(), chainrule_words::Error>(())
    /// ```
    ///
    /// # Errors
    /// Another number of elements than the shape has.
    pub fn new(shape: impl Into<Shape>, values: Vec<T>) -> Result<Self, Error> {
        let shape = shape.into();
        if shape.len() != values.len() {
            let (expected, found) = (shape.len(), values.len());
            return Err(Error::ElementCount { shape: shape.dims().into(), expected, found });
        }
        Ok(Self { shape, values })
    }

    /// A tensor whose elements are all `value`.
    ///
    /// ```
    /// assert_eq!(chainrule_numbers::tensor::Tensor::full([3], 0.5).values(), [0.5; 3]);
    /// ```
    pub fn full(shape: impl Into<Shape>, value: T) -> Self {
        let shape = shape.into();
        Self { shape, values: vec![value; shape.len()] }
    }

    /// A tensor without axes.
    ///
    /// ```
    /// assert_eq!(chainrule_numbers::tensor::Tensor::scalar(2.0).at(&[]), Some(2.0));
    /// ```
    pub fn scalar(value: T) -> Self {
        Self { shape: Shape::scalar(), values: vec![value] }
    }

    /// The lengths of the axes.
    ///
    /// ```
    /// assert_eq!(chainrule_numbers::tensor::Tensor::full([2, 3], 0.0).shape().dims(), [2, 3]);
    /// ```
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// The elements in row-major order.
    ///
    /// ```
    /// assert_eq!(chainrule_numbers::tensor::Tensor::full([2, 1], 7.0).values(), [7.0, 7.0]);
    /// ```
    pub fn values(&self) -> &[T] {
        &self.values
    }

    /// The elements in row-major order, to be changed in place.
    ///
    /// ```
    /// let mut x = chainrule_numbers::tensor::Tensor::full([2], 1.0);
    /// x.values_mut()[1] = 5.0;
    /// assert_eq!(x.values(), [1.0, 5.0]);
    /// ```
    pub fn values_mut(&mut self) -> &mut [T] {
        &mut self.values
    }

    /// The element at `index`, one number per axis; `None` outside the tensor.
    ///
    /// ```
    /// let x = chainrule_numbers::tensor::Tensor::new([2, 2], vec![1, 2, 3, 4])?;
    /// assert_eq!(x.at(&[1, 0]), Some(3));
    /// assert_eq!(x.at(&[0, 2]), None);
    /// # Ok::<(), chainrule_words::Error>(())
    /// ```
    pub fn at(&self, index: &[usize]) -> Option<T> {
        if index.len() != self.shape.rank() {
            return None;
        }
        let inside = index.iter().zip(self.shape.dims()).all(|(i, n)| i < n);
        let flat = || index.iter().zip(self.shape.strides()).map(|(i, s)| i * s).sum::<usize>();
        inside.then(|| self.values[flat()])
    }

    /// The only element.
    ///
    /// ```
    /// use chainrule_numbers::tensor::Tensor;
    /// assert_eq!(Tensor::full([1, 1], 2.5).item()?, 2.5);
    /// assert!(Tensor::full([2], 2.5).item().is_err());
    /// # Ok::<(), chainrule_words::Error>(())
    /// ```
    ///
    /// # Errors
    /// There is none, or there are several.
    pub fn item(&self) -> Result<T, Error> {
        match self.values[..] {
            [value] => Ok(value),
            _ => Err(Error::Mismatch(format!("a tensor {} is not one number", self.shape))),
        }
    }

    /// A tensor of the same shape with `f` applied to each element.
    ///
    /// ```
    /// let x = chainrule_numbers::tensor::Tensor::new([2], vec![1.0, -2.0])?;
    /// assert_eq!(x.map(|x: f64| x > 0.0).values(), [true, false]);
    /// # Ok::<(), chainrule_words::Error>(())
    /// ```
    pub fn map<U>(&self, f: impl FnMut(T) -> U) -> Tensor<U> {
        Tensor { shape: self.shape, values: self.values.iter().copied().map(f).collect() }
    }
}

impl<T: Real> Tensor<T> {
    /// The same numbers in double precision.
    ///
    /// ```
    /// assert_eq!(chainrule_numbers::tensor::Tensor::scalar(0.5_f32).to_f64().values(), [0.5_f64]);
    /// ```
    pub fn to_f64(&self) -> Tensor<f64> {
        self.map(Real::to_f64)
    }

    /// The matrix with rows and columns exchanged.
    ///
    /// ```
    /// use chainrule_numbers::tensor::Tensor;
    /// let x = Tensor::new([2, 3], vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0])?;
    /// assert_eq!(x.transposed()?.values(), [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
    /// # Ok::<(), chainrule_words::Error>(())
    /// ```
    ///
    /// # Errors
    /// It is no matrix.
    pub fn transposed(&self) -> Result<Self, Error> {
        let &[rows, columns] = self.shape.dims() else {
            let message = format!("a tensor {} is no matrix that could be transposed", self.shape);
            return Err(Error::Mismatch(message));
        };
        let column = |c: usize| (0..rows).map(move |r| r * columns + c);
        let values = (0..columns).flat_map(column).map(|at| self.values[at]).collect();
        Self::new([columns, rows], values)
    }

    /// The elements' bytes in row-major order, each the least significant first, as file formats keep
    /// them.
    ///
    /// ```
    /// let x = chainrule_numbers::tensor::Tensor::new([2], vec![1.0_f32, -0.5])?;
    /// assert_eq!(x.to_le_bytes(), [0, 0, 128, 63, 0, 0, 0, 191]);
    /// # Ok::<(), chainrule_words::Error>(())
    /// ```
    pub fn to_le_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(size_of_val(self.values()));
        self.values.iter().for_each(|x| x.extend_le_bytes(&mut bytes));
        bytes
    }

    /// The tensor of these bytes, as [`Tensor::to_le_bytes`] writes them.
    ///
    /// ```
    /// use chainrule_numbers::tensor::Tensor;
    /// let x = Tensor::new([2], vec![1.0, -0.5])?;
    /// assert_eq!(Tensor::<f64>::from_le_bytes([2], &x.to_le_bytes())?, x);
    /// # Ok::<(), chainrule_words::Error>(())
    /// ```
    ///
    /// # Errors
    /// There are too few bytes for the shape, or too many.
    pub fn from_le_bytes(shape: impl Into<Shape>, bytes: &[u8]) -> Result<Self, Error> {
        let each = size_of::<T>();
        if !bytes.len().is_multiple_of(each) {
            let message = format!("{} bytes are no whole number of {}", bytes.len(), T::NAME);
            return Err(Error::Mismatch(message));
        }
        Self::new(shape, bytes.chunks_exact(each).map(T::from_le_slice).collect())
    }

    /// Double-precision numbers rounded to this precision.
    ///
    /// ```
    /// use chainrule_numbers::tensor::Tensor;
    /// assert_eq!(Tensor::<f32>::from_f64(&Tensor::scalar(0.1)).values(), [0.1_f32]);
    /// ```
    pub fn from_f64(tensor: &Tensor<f64>) -> Self {
        tensor.map(T::from_f64)
    }
}
