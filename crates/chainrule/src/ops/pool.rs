//! Pooling, composed: windows of a picture, of each of which one number is left. Channels stand last.

use super::Span;
use crate::graph::Var;
use crate::tensor::{Shape, Tensor};

/// How windows of `N` axes move over a picture.
///
/// ```
/// use chainrule::ops::Pooling;
/// # let g = chainrule::Graph::new();
/// let x = g.input("x", [32, 28, 28, 6]);
/// assert_eq!(x.max_pool(Pooling::of([2, 2])).shape().dims(), [32, 14, 14, 6]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pooling<const N: usize> {
    /// The elements of a window.
    pub size: [usize; N],
    /// The places from one window to the next.
    pub stride: [usize; N],
    /// Places before the first element along each axis, and behind the last.
    pub padding: [(usize, usize); N],
    /// The places from one element of a window to the next.
    pub dilation: [usize; N],
    /// Whether there is one window more where the last one reaches beyond the end: all begin before it.
    pub is_ceil: bool,
    /// Whether an average counts the places of the padding, as zeros.
    pub counts_padding: bool,
}

impl<const N: usize> Pooling<N> {
    /// Windows of this size side by side.
    #[must_use]
    pub fn of(size: [usize; N]) -> Self {
        Self {
            size,
            stride: size,
            padding: [(0, 0); N],
            dilation: [1; N],
            is_ceil: false,
            counts_padding: true,
        }
    }

    fn spans(&self) -> Vec<Span> {
        let span = |at: usize| Span {
            length: self.size[at],
            stride: self.stride[at],
            dilation: self.dilation[at],
        };
        (0..N).map(span).collect()
    }

    /// Why windows may see no element: the padding is as long as one.
    fn sees_nothing(&self) -> Option<String> {
        let mut both = self.spans().into_iter().zip(self.padding);
        let long = both.find(|(span, ends)| span.reach().is_some_and(|n| ends.0.max(ends.1) >= n));
        long.map(|(span, _)| format!("a window of {} elements fits into the padding", span.length))
    }

    /// The places that the last window reaches beyond the padding.
    fn beyond(&self, lengths: &[usize]) -> [usize; N] {
        let mut beyond = [0; N];
        if !self.is_ceil {
            return beyond;
        }
        for (at, span) in self.spans().iter().enumerate() {
            let (before, after) = self.padding[at];
            let padded = lengths[at].saturating_add(before).saturating_add(after);
            let rest = span.reach().and_then(|reach| padded.checked_sub(reach));
            let Some(over) = rest.and_then(|rest| rest.checked_rem(span.stride)) else { continue };
            // A window that began in the padding would see no element.
            let start = padded.saturating_sub(span.reach().unwrap_or(0)) - over + span.stride;
            if over > 0 && start < lengths[at].saturating_add(before) {
                beyond[at] = span.stride - over;
            }
        }
        beyond
    }
}

impl<'g> Var<'g> {
    /// The largest element of each window of pictures `[batch, …, channels]`. Padding is smaller than any element.
    ///
    /// Where several elements of a window share its maximum, the gradient is split evenly among them, as for
    /// [`Var::max`]; other libraries give all of it to the first.
    ///
    /// ```
    /// use chainrule::ops::Pooling;
    /// # let g = chainrule::Graph::new();
    /// let x = g.arange(6).to_real().reshape([1, 6, 1]);
    /// let overlapping = Pooling { stride: [1], ..Pooling::of([3]) };
    /// assert_eq!(x.max_pool(overlapping).eval()?.values(), [2.0, 3.0, 4.0, 5.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[doc(alias("MaxPool", "max_pool2d"))]
    #[track_caller]
    #[must_use]
    pub fn max_pool<const N: usize>(self, how: Pooling<N>) -> Self {
        let _block = self.graph().block("max_pool");
        let Some(lengths) = self.picture::<N>("max_pool") else { return Var::poison(self.graph()) };
        if let Some(message) = how.sees_nothing() {
            return self.graph().fail("max_pool", &message, &[self]);
        }
        let beyond = how.beyond(&lengths);
        let padded = (0..N).fold(self, |x, at| {
            let (before, after) = how.padding[at];
            x.padded_with(f64::NEG_INFINITY, at + 1, (before, after.saturating_add(beyond[at])))
        });
        padded.windows(1, &how.spans()).max(&elements::<N>())
    }

    /// The mean of each window of pictures `[batch, …, channels]`.
    ///
    /// ```
    /// use chainrule::ops::Pooling;
    /// # let g = chainrule::Graph::new();
    /// let x = g.arange(4).to_real().reshape([1, 4, 1]);
    /// let padded = Pooling { padding: [(1, 1)], ..Pooling::of([3]) };
    /// assert_eq!(x.average_pool(padded).eval()?.values(), [1.0 / 3.0, 5.0 / 3.0]);
    /// let without = Pooling { counts_padding: false, ..padded };
    /// assert_eq!(x.average_pool(without).eval()?.values(), [0.5, 2.5]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[doc(alias("AvgPool", "avg_pool2d"))]
    #[track_caller]
    #[must_use]
    pub fn average_pool<const N: usize>(self, how: Pooling<N>) -> Self {
        let _block = self.graph().block("average_pool");
        let Some(lengths) = self.picture::<N>("average_pool") else {
            return Var::poison(self.graph());
        };
        if let Some(message) = how.sees_nothing().filter(|_| !how.counts_padding) {
            return self.graph().fail("average_pool", &message, &[self]);
        }
        let beyond = how.beyond(&lengths);
        let sums = |x: Var<'g>, padding: [(usize, usize); N]| {
            let padded = (0..N).fold(x, |x, at| x.padded_with(0.0, at + 1, padding[at]));
            padded.windows(1, &how.spans()).sum(&elements::<N>())
        };
        let mut padding = how.padding;
        padding
            .iter_mut()
            .zip(beyond)
            .for_each(|(ends, more)| ends.1 = ends.1.saturating_add(more));
        let is_even = beyond == [0; N] && (how.counts_padding || how.padding == [(0, 0); N]);
        let total = sums(self, padding);
        if is_even {
            return total / how.size.iter().product::<usize>() as f64;
        }
        // How many elements each window has: the places beyond all padding never count.
        let ones = self.graph().constant(1.0);
        let one = |lengths: &[usize]| ones.broadcast_to([&[1], lengths, &[1]].concat());
        let counts = match how.counts_padding {
            true => {
                let (add, ends) = (usize::saturating_add, how.padding.iter());
                let whole = lengths.iter().zip(ends).map(|(&n, ends)| add(add(n, ends.0), ends.1));
                let whole: Vec<usize> = whole.collect();
                sums(one(&whole), beyond.map(|more| (0, more)))
            }
            false => sums(one(&lengths), padding),
        };
        total / counts
    }

    /// The mean over all places of pictures `[batch, …, channels]`: `[batch, channels]`.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// assert_eq!(g.input("x", [32, 8, 8, 64]).global_average_pool().shape().dims(), [32, 64]);
    /// ```
    #[doc(alias = "GlobalAveragePool")]
    #[track_caller]
    #[must_use]
    pub fn global_average_pool(self) -> Self {
        let _block = self.graph().block("global_average_pool");
        self.mean(&places(&self.shape()))
    }

    /// The largest element over all places of pictures `[batch, …, channels]`: `[batch, channels]`.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// assert_eq!(g.input("x", [32, 8, 8, 64]).global_max_pool().shape().dims(), [32, 64]);
    /// ```
    #[doc(alias = "GlobalMaxPool")]
    #[track_caller]
    #[must_use]
    pub fn global_max_pool(self) -> Self {
        let _block = self.graph().block("global_max_pool");
        self.max(&places(&self.shape()))
    }

    /// Means over so many stretches along each of the axes between batch and channels, as PyTorch cuts them: number i
    /// of n goes from ⌊i·L/n⌋ up to ⌈(i + 1)·L/n⌉ of L places.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// let x = g.arange(5).to_real().reshape([1, 5, 1]);
    /// assert_eq!(x.adaptive_average_pool([2]).eval()?.values(), [1.0, 3.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[doc(alias = "AdaptiveAvgPool2d")]
    #[track_caller]
    #[must_use]
    pub fn adaptive_average_pool<const N: usize>(self, sizes: [usize; N]) -> Self {
        self.adaptive("adaptive_average_pool", sizes, |stretch, axis| stretch.mean_keep(&[axis]))
    }

    /// Maxima over so many stretches along each axis, cut as [`Var::adaptive_average_pool`] does.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// let x = g.arange(5).to_real().reshape([1, 5, 1]);
    /// assert_eq!(x.adaptive_max_pool([2]).eval()?.values(), [2.0, 4.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[doc(alias = "AdaptiveMaxPool2d")]
    #[track_caller]
    #[must_use]
    pub fn adaptive_max_pool<const N: usize>(self, sizes: [usize; N]) -> Self {
        self.adaptive("adaptive_max_pool", sizes, |stretch, axis| stretch.max_keep(&[axis]))
    }

    /// Axis by axis: a window is the product of a stretch along each.
    #[track_caller]
    fn adaptive<const N: usize>(
        self,
        name: &'static str,
        sizes: [usize; N],
        reduce: impl Fn(Var<'g>, isize) -> Var<'g>,
    ) -> Self {
        let _block = self.graph().block(name);
        let Some(lengths) = self.picture::<N>(name) else { return Var::poison(self.graph()) };
        if sizes.contains(&0) || lengths.contains(&0) {
            return self.graph().fail(
                name,
                "has at least one place, and one stretch, along each axis",
                &[self],
            );
        }
        (0..N).fold(self, |x, at| {
            let (length, size, axis) = (lengths[at], sizes[at], at.cast_signed() + 1);
            let stretch = |i: usize| {
                let (start, end) = (i * length / size, ((i + 1) * length).div_ceil(size));
                reduce(x.slice(axis, start, end), axis)
            };
            let stretches: Vec<Var<'g>> = (0..size).map(stretch).collect();
            x.graph().concat(axis, &stretches)
        })
    }

    /// This value with a number before and behind it along an axis.
    #[track_caller]
    fn padded_with(self, number: f64, axis: usize, (before, after): (usize, usize)) -> Self {
        if (before, after) == (0, 0) {
            return self;
        }
        if number == 0.0 {
            return self.pad(axis.cast_signed(), before, after);
        }
        let part = |length: usize| {
            let shape = self.shape().with(axis, length);
            let number = self.graph().constant_tensor(Tensor::scalar(number)).broadcast_to(shape);
            (length > 0).then_some(number)
        };
        let parts: Vec<Var<'g>> =
            part(before).into_iter().chain([self]).chain(part(after)).collect();
        self.graph().concat(axis.cast_signed(), &parts)
    }

    /// The lengths of a picture's axes between batch and channels.
    #[track_caller]
    pub(super) fn picture<const N: usize>(self, name: &str) -> Option<Vec<usize>> {
        let shape = self.shape();
        if self.is_poison() {
            return None;
        }
        if shape.rank() != N + 2 {
            let message = format!("takes pictures [batch, {N} axes, channels], not {shape}");
            self.graph().fail(name, &message, &[self]);
            return None;
        }
        Some(shape.dims()[1..=N].to_vec())
    }
}

/// The axes of windows' elements.
fn elements<const N: usize>() -> Vec<isize> {
    (N + 1..2 * N + 1).map(usize::cast_signed).collect()
}

/// The axes between batch and channels.
fn places(shape: &Shape) -> Vec<isize> {
    (1..shape.rank().saturating_sub(1)).map(usize::cast_signed).collect()
}
