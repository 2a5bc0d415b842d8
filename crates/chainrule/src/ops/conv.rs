//! Convolutions, composed: windows of a padded picture, multiplied with kernels. Channels stand last.
//!
//! The gradient with respect to the picture is a convolution too, of what arrives with the kernels turned round;
//! written as windows that are folded, it would need room for each window's own.

use super::Span;
use super::windows::folded;
use crate::graph::Var;
use crate::tensor::Shape;

/// How kernels of `N` axes move over pictures.
///
/// ```
/// use chainrule::ops::Convolution;
/// # let g = chainrule::Graph::new();
/// let (pictures, kernels) = (g.input("x", [32, 28, 28, 1]), g.parameter("w", [5, 5, 1, 6]));
/// let how = Convolution { stride: [2, 2], ..Convolution::default().padded([2, 2]) };
/// assert_eq!(pictures.conv(kernels, how).shape().dims(), [32, 14, 14, 6]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Convolution<const N: usize> {
    /// The places from one window to the next.
    pub stride: [usize; N],
    /// Zeros before the first element along each axis, and behind the last.
    pub padding: [(usize, usize); N],
    /// The places from one element of a window to the next.
    pub dilation: [usize; N],
    /// So many groups of neighbouring channels go each with as many of the kernels.
    pub groups: usize,
}

impl<const N: usize> Default for Convolution<N> {
    fn default() -> Self {
        Self { stride: [1; N], padding: [(0, 0); N], dilation: [1; N], groups: 1 }
    }
}

impl<const N: usize> Convolution<N> {
    /// With so many zeros at both ends of each axis.
    #[must_use]
    pub fn padded(self, padding: [usize; N]) -> Self {
        Self { padding: padding.map(|zeros| (zeros, zeros)), ..self }
    }

    /// The windows of kernels of these lengths.
    fn spans(&self, lengths: &[usize]) -> Vec<Span> {
        let settings = self.stride.iter().zip(&self.dilation);
        let spans = lengths.iter().zip(settings);
        spans.map(|(&length, (&stride, &dilation))| Span { length, stride, dilation }).collect()
    }
}

impl<'g> Var<'g> {
    /// The cross-correlation with kernels, which networks call a convolution: pictures `[batch, …, channels]`
    /// with kernels `[…, channels / groups, kernels]` are `[batch, …, kernels]`, where `…` stands for `N` axes.
    ///
    /// As many groups as channels is a depthwise convolution.
    ///
    /// ```
    /// use chainrule::ops::Convolution;
    /// # let g = chainrule::Graph::new();
    /// // A moving sum of three.
    /// let x = g.arange(5).to_real().reshape([1, 5, 1]);
    /// let kernel = g.constant(1.0).broadcast_to([3, 1, 1]);
    /// let y = x.conv(kernel, Convolution::<1>::default());
    /// assert_eq!(y.eval()?.values(), [3.0, 6.0, 9.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[doc(alias("conv1d", "conv2d", "conv3d", "convolution"))]
    #[track_caller]
    #[must_use]
    pub fn conv<const N: usize>(self, kernels: Var<'g>, how: Convolution<N>) -> Self {
        let _block = self.graph().block("conv");
        let (x, w) = (self.shape(), kernels.shape());
        if let Some(message) = mistake(N, &x, &w, how.groups) {
            return self.fails("conv", &message, kernels);
        }
        let spans = how.spans(&w.dims()[..N]);
        let padding = how.padding.iter().enumerate();
        let padded = padding.fold(self, |x, (axis, &(before, after))| match (before, after) {
            (0, 0) => x,
            _ => x.pad(axis.cast_signed() + 1, before, after),
        });
        let (channels, per_group, count) = (x.dims()[N + 1], w.dims()[N], w.dims()[N + 1]);
        match how.groups {
            1 => padded.windows(1, &spans).tensordot(kernels, N + 1),
            groups if groups == channels => padded.depthwise(kernels, &spans),
            groups => {
                let part = |at: usize| {
                    let x = padded.slice(-1, at * per_group, (at + 1) * per_group);
                    let each = count / groups;
                    let w = kernels.slice(-1, at * each, (at + 1) * each);
                    x.windows(1, &spans).tensordot(w, N + 1)
                };
                let parts: Vec<Var<'g>> = (0..groups).map(part).collect();
                self.graph().concat(-1, &parts)
            }
        }
    }

    /// Each channel with kernels of its own.
    #[track_caller]
    fn depthwise(self, kernels: Var<'g>, spans: &[Span]) -> Self {
        let n = spans.len();
        let windows = self.windows(1, spans);
        let (lengths, channels) =
            (&windows.shape().dims()[..=2 * n].to_vec(), windows.shape().dims()[2 * n + 1]);
        let each = kernels.shape().dims()[n + 1] / channels;
        let with = |tail: &[usize]| [&lengths[..], tail].concat();
        let weights = kernels.reshape([&lengths[n + 1..], &[channels, each]].concat());
        let axes: Vec<isize> = (n + 1..=2 * n).map(usize::cast_signed).collect();
        let sums = match each {
            1 => (windows * weights.reshape([&lengths[n + 1..], &[channels]].concat())).sum(&axes),
            _ => (windows.reshape(with(&[channels, 1])) * weights).sum(&axes),
        };
        sums.reshape([&lengths[..=n], &[channels * each]].concat())
    }

    /// The gradient of [`Var::conv`] with respect to the pictures, as an operation of its own: `[batch, …, kernels]`
    /// with kernels `[…, channels / groups, kernels]` are `[batch, …, channels]`. The padding is taken off the
    /// result, to which `more` zeros are added behind along each axis.
    ///
    /// ```
    /// use chainrule::ops::Convolution;
    /// # let g = chainrule::Graph::new();
    /// let (small, kernels) = (g.input("x", [1, 7, 7, 8]), g.parameter("w", [3, 3, 4, 8]));
    /// let how = Convolution { stride: [2, 2], ..Convolution::default().padded([1, 1]) };
    /// assert_eq!(small.conv_transpose(kernels, how, [1, 1]).shape().dims(), [1, 14, 14, 4]);
    /// ```
    #[doc(alias("conv_transpose2d", "deconvolution", "ConvTranspose2d"))]
    #[track_caller]
    #[must_use]
    pub fn conv_transpose<const N: usize>(
        self,
        kernels: Var<'g>,
        how: Convolution<N>,
        more: [usize; N],
    ) -> Self {
        let _block = self.graph().block("conv_transpose");
        let (x, w) = (self.shape(), kernels.shape());
        let fits = x.rank() == N + 2 && w.rank() == N + 2 && x.dims()[N + 1] == w.dims()[N + 1];
        if !fits || how.groups == 0 || !w.dims()[N + 1].is_multiple_of(how.groups) {
            let message = format!(
                "takes [batch, {N} axes, kernels] and [{N} axes, channels, kernels], of which there are as many for each of {} groups",
                how.groups
            );
            return self.fails("conv_transpose", &message, kernels);
        }
        let spans = how.spans(&w.dims()[..N]);
        let each = w.dims()[N + 1] / how.groups;
        let part = |at: usize| {
            let cut = |v: Var<'g>| match how.groups {
                1 => v,
                _ => v.slice(-1, at * each, (at + 1) * each),
            };
            let mut order: Vec<isize> = (0..=N).map(usize::cast_signed).collect();
            order.insert(0, N.cast_signed() + 1);
            let turned = cut(kernels).transpose(&order);
            cut(self).tensordot(turned, 1)
        };
        let parts: Vec<Var<'g>> = (0..how.groups).map(part).collect();
        let windows = match *parts {
            [one] => one,
            _ => self.graph().concat(-1, &parts),
        };
        let whole = |at: usize| {
            let places = x.dims()[1 + at].saturating_sub(1).saturating_mul(how.stride[at]);
            places.saturating_add(spans[at].reach().unwrap_or(usize::MAX))
        };
        let lengths: Vec<usize> = (0..N).map(whole).collect();
        let whole = folded(windows, 1, &spans, &lengths);
        (0..N).fold(whole, |whole, at| {
            let (before, after) = how.padding[at];
            let length = lengths[at].saturating_add(more[at]);
            let more =
                if more[at] > 0 { whole.pad(1 + at.cast_signed(), 0, more[at]) } else { whole };
            match (before, after) {
                (0, 0) => more,
                _ => more.slice(1 + at.cast_signed(), before, length.saturating_sub(after)),
            }
        })
    }

    #[track_caller]
    fn fails(self, name: &str, message: &str, other: Var<'g>) -> Self {
        match self.is_poison() || other.is_poison() {
            true => Var::poison(self.graph()),
            false => self.graph().fail(name, message, &[self, other]),
        }
    }
}

/// What keeps pictures and kernels from each other.
fn mistake(axes: usize, x: &Shape, w: &Shape, groups: usize) -> Option<String> {
    let rank = x.rank();
    if rank != axes + 2 || w.rank() != rank {
        return Some(format!(
            "takes pictures [batch, {axes} axes, channels] and kernels [{axes} axes, channels, kernels], not {x} and {w}"
        ));
    }
    let (channels, [per_group, kernels]) =
        (x.dims()[rank - 1], [w.dims()[rank - 2], w.dims()[rank - 1]]);
    if groups == 0 || per_group.checked_mul(groups) != Some(channels) {
        return Some(format!(
            "{channels} channels are not {groups} groups of {per_group}, which the kernels take"
        ));
    }
    let message = || format!("{kernels} kernels are not {groups} groups of as many");
    (!kernels.is_multiple_of(groups)).then(message)
}
