//! Larger pictures, composed. Channels stand last.

use crate::graph::Var;
use crate::tensor::Tensor;

impl<'g> Var<'g> {
    /// Pictures `[batch, …, channels]` with each element repeated so many times along each axis.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// let x = g.arange(2).to_real().reshape([1, 2, 1]);
    /// assert_eq!(x.upsample_nearest([3]).eval()?.values(), [0.0, 0.0, 0.0, 1.0, 1.0, 1.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[doc(alias("Upsample", "interpolate", "repeat_interleave"))]
    #[track_caller]
    #[must_use]
    pub fn upsample_nearest<const N: usize>(self, times: [usize; N]) -> Self {
        let _block = self.graph().block("upsample_nearest");
        if self.picture::<N>("upsample_nearest").is_none() {
            return Var::poison(self.graph());
        }
        (0..N).fold(self, |x, at| {
            let mut shape = x.shape().dims().to_vec();
            shape.insert(at + 2, times[at]);
            let repeated = x.unsqueeze(at.cast_signed() + 2).broadcast_to(shape);
            let length = x.shape().dims()[at + 1].saturating_mul(times[at]);
            repeated.reshape(x.shape().with(at + 1, length))
        })
    }

    /// Pictures `[batch, …, channels]` of these sizes, between whose neighbours numbers go straight.
    ///
    /// Output number i of n stands at (i + ½)·L/n − ½ of L places, as PyTorch has it without `align_corners` and
    /// ONNX as `half_pixel`; beyond the ends, the first and the last element go on.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// let x = g.arange(2).to_real().reshape([1, 2, 1]);
    /// assert_eq!(x.resize_linear([4]).eval()?.values(), [0.0, 0.25, 0.75, 1.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[doc(alias("bilinear", "interpolate"))]
    #[track_caller]
    #[must_use]
    pub fn resize_linear<const N: usize>(self, sizes: [usize; N]) -> Self {
        let _block = self.graph().block("resize_linear");
        if self.picture::<N>("resize_linear").is_none() {
            return Var::poison(self.graph());
        }
        if self.shape().is_empty() {
            let message = "takes pictures of at least one element";
            return self.graph().fail("resize_linear", message, &[self]);
        }
        (0..N).fold(self, |x, at| {
            let shape = x.shape();
            let (length, behind) = (shape.dims()[at + 1], shape.dims()[at + 2..].iter().product());
            let Ok(weights) = Tensor::new([sizes[at], length], weights(sizes[at], length)) else {
                return x;
            };
            // Each picture is a matrix here: what lies behind the axis moves along.
            let rows: usize = shape.dims()[..=at].iter().product();
            let matrices = x.reshape([rows, length, behind]);
            let resized = x.graph().constant_tensor(weights).matmul(matrices);
            resized.reshape(shape.with(at + 1, sizes[at]))
        })
    }
}

/// For each place of an axis that is made anew, how much it takes of each element.
fn weights(size: usize, length: usize) -> Vec<f64> {
    let mut weights = vec![0.0; size * length];
    for (i, row) in weights.chunks_mut(length).enumerate() {
        let place = (i as f64 + 0.5) * length as f64 / size as f64 - 0.5;
        let place = place.clamp(0.0, (length - 1) as f64);
        let (below, part) = (place as usize, place.fract());
        row[below] += 1.0 - part;
        if part > 0.0 {
            row[below + 1] += part;
        }
    }
    weights
}
