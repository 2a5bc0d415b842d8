//! Windows over neighbouring axes, each a view, and the sums of what overlaps.

use super::tensordot::factors;
use super::{Class, Gate, Loop, Notation, Op, Operand, Output, Real, Type, ValuesMut, View, reals};
use crate::graph::Var;
use crate::tensor::{MAX_RANK, Shape, count};

/// How windows lie along an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Span {
    /// The elements of a window.
    pub length: usize,
    /// The places from one window to the next.
    pub stride: usize,
    /// The places from one element of a window to the next.
    pub dilation: usize,
}

impl Span {
    /// Windows of neighbouring elements, one place apart.
    #[must_use]
    pub fn new(length: usize) -> Self {
        Self { length, stride: 1, dilation: 1 }
    }

    /// The places that a window reaches over; none where that is no number.
    pub(super) fn reach(&self) -> Option<usize> {
        self.length.checked_sub(1)?.checked_mul(self.dilation)?.checked_add(1)
    }

    /// How many windows fit into an axis of this length.
    fn windows(&self, length: usize) -> Result<usize, String> {
        let Self { length: elements, stride, dilation } = *self;
        if elements == 0 || stride == 0 || dilation == 0 {
            return Err("a window's length, stride and dilation are at least 1".into());
        }
        let fits = self.reach().and_then(|reach| length.checked_sub(reach));
        fits.map(|rest| rest / stride + 1).ok_or_else(|| {
            let dilated =
                if dilation > 1 { format!(" {dilation} places apart") } else { String::new() };
            format!("a window of {elements} elements{dilated} does not fit into {length} places")
        })
    }
}

/// The windows over as many axes as there are spans, from one axis on: their places, then their elements, stand
/// where these axes did. Nothing is copied; windows overlap in memory.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Windows {
    /// The first axis.
    pub axis: usize,
    /// For each axis, how windows lie along it.
    pub spans: Vec<Span>,
}

/// The lengths of windows' shape: of the axes before, the windows, their elements, and the axes behind.
fn windowed(axis: usize, spans: &[Span], from: &Shape) -> Result<Shape, String> {
    let end = axis.saturating_add(spans.len());
    let Some(lengths) = from.dims().get(axis..end) else {
        return Err(from.no_axis(end.saturating_sub(1)));
    };
    let counts = spans.iter().zip(lengths).map(|(span, &length)| span.windows(length));
    let counts = counts.collect::<Result<Vec<_>, _>>()?;
    let elements: Vec<usize> = spans.iter().map(|span| span.length).collect();
    let all = [&from.dims()[..axis], &counts, &elements, &from.dims()[end..]].concat();
    Shape::new(&all).map_err(|error| error.to_string())
}

impl Op for Windows {
    fn name(&self) -> &'static str {
        "windows"
    }
    identity_by_fields!();
    fn infer(&self, operands: &[Type]) -> Result<Type, String> {
        let [ty] = operands else { return Err("takes one operand".into()) };
        Ok(Type { shape: windowed(self.axis, &self.spans, &ty.shape)?, ..*ty })
    }
    fn forward<T: Real>(&self, operands: &[Operand<'_, T>], output: Output<'_, T>) {
        let Operand { shape, strides, .. } = operands[0];
        let view = Op::view(self, &View { shape, strides, offset: 0 }, &output.shape);
        super::movement::copy_view(view, &operands[0], output);
    }
    fn class(&self) -> Class {
        Class::View
    }
    fn view(&self, operand: &View, output: &Shape) -> Option<View> {
        let (axis, count) = (self.axis, self.spans.len());
        let mut strides = [0; MAX_RANK];
        strides[..axis].copy_from_slice(&operand.strides[..axis]);
        for (at, span) in self.spans.iter().enumerate() {
            let stride = operand.strides[axis + at];
            strides[axis + at] = stride.saturating_mul(span.stride);
            strides[axis + count + at] = stride.saturating_mul(span.dilation);
        }
        let behind = output.rank() - axis - 2 * count;
        let (from, to) = (axis + count, axis + 2 * count);
        strides[to..to + behind].copy_from_slice(&operand.strides[from..from + behind]);
        // A window of one element, and a single window, take no step.
        for (stride, &length) in strides.iter_mut().zip(output.dims()) {
            *stride = if length == 1 { 1 } else { *stride };
        }
        Some(View { shape: *output, strides, offset: operand.offset })
    }
    /// What lies in no window gets a gradient of 0.
    fn is_router(&self) -> bool {
        true
    }
    fn backward<'g>(&self, gate: &Gate<'_, 'g>, _operand: usize) -> Option<Var<'g>> {
        let end = self.axis + self.spans.len();
        let from = gate.operands[0].shape();
        Some(folded(gate.upstream, self.axis, &self.spans, &from.dims()[self.axis..end]))
    }
    fn notation(&self) -> Notation {
        Notation::Function
    }
}

/// The sums of all elements of windows that are of one place: what [`Windows`] took apart, put together. They
/// are added in the order of the windows' elements.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FoldWindows {
    /// The first axis.
    pub axis: usize,
    /// For each axis, how windows lie along it.
    pub spans: Vec<Span>,
    /// The lengths of the axes.
    pub lengths: Vec<usize>,
}

impl FoldWindows {
    /// The shape of what was taken apart.
    fn whole(&self, windows: &Shape) -> Result<Shape, String> {
        let (axis, count) = (self.axis, self.spans.len());
        let end = axis.saturating_add(2 * count);
        let Some(behind) = windows.dims().get(end..) else {
            return Err(windows.no_axis(end.saturating_sub(1)));
        };
        if self.lengths.len() != count {
            return Err(format!("{count} axes have as many lengths, not {}", self.lengths.len()));
        }
        let all = [&windows.dims()[..axis], &self.lengths, behind].concat();
        Shape::new(&all).map_err(|error| error.to_string())
    }
}

impl Op for FoldWindows {
    fn name(&self) -> &'static str {
        "fold_windows"
    }
    identity_by_fields!();
    fn infer(&self, operands: &[Type]) -> Result<Type, String> {
        reals(operands)?;
        let [ty] = operands else { return Err("takes one operand".into()) };
        let whole = self.whole(&ty.shape)?;
        let expected = windowed(self.axis, &self.spans, &whole)?;
        match expected == ty.shape {
            true => Ok(Type::real(whole)),
            false => Err(format!("{whole} has windows of shape {expected}, not {}", ty.shape)),
        }
    }
    fn forward<T: Real>(&self, operands: &[Operand<'_, T>], output: Output<'_, T>) {
        let (axis, count) = (self.axis, self.spans.len());
        let (from, windows) = (operands[0].real(), operands[0].shape);
        let row = Op::grain(self, &output.shape);
        let strides = windows.strides();
        let places = output.shape.dims()[..axis + count].to_vec();
        let elements = Shape::from(&windows.dims()[axis + count..axis + 2 * count]);
        let first = output.range.start / row.max(1);
        for (at, target) in output.real().chunks_mut(row.max(1)).enumerate() {
            target.fill(T::zero());
            let place = unravel(first + at, &places);
            let before: usize = (0..axis).map(|axis| place[axis] * strides[axis]).sum();
            for element in 0..elements.len() {
                let element = unravel(element, elements.dims());
                let offset = self.window(&place[axis..], &element, &windows).map(|window| {
                    let along = |at: usize| {
                        window[at] * strides[axis + at] + element[at] * strides[axis + count + at]
                    };
                    before + (0..count).map(along).sum::<usize>()
                });
                if let Some(start) = offset {
                    let part = &from[start..start + row];
                    target.iter_mut().zip(part).for_each(|(sum, &x)| *sum += x);
                }
            }
        }
    }
    fn grain(&self, output: &Shape) -> usize {
        count(&output.dims()[self.axis + self.spans.len()..])
    }
    fn by_rows(&self, _operand: usize) -> bool {
        self.axis > 0
    }
    fn cost(&self, operands: &[Type]) -> usize {
        let end = self.axis + self.spans.len();
        count(&operands[0].shape.dims()[end..end + self.spans.len()])
    }
    fn backward<'g>(&self, gate: &Gate<'_, 'g>, _operand: usize) -> Option<Var<'g>> {
        let Self { axis, spans, .. } = self.clone();
        Some(gate.graph().apply(Windows { axis, spans }, &[gate.upstream]))
    }
}

impl FoldWindows {
    /// The window of which this element is of this place, if there is one.
    fn window(
        &self,
        place: &[usize],
        element: &[usize; MAX_RANK],
        windows: &Shape,
    ) -> Option<[usize; MAX_RANK]> {
        let mut window = [0; MAX_RANK];
        for (at, span) in self.spans.iter().enumerate() {
            let from = place[at].checked_sub(element[at] * span.dilation)?;
            window[at] = from / span.stride;
            if from % span.stride != 0 || window[at] >= windows.dims()[self.axis + at] {
                return None;
            }
        }
        Some(window)
    }
}

/// The place along each axis of an element that is counted row by row.
fn unravel(mut at: usize, lengths: &[usize]) -> [usize; MAX_RANK] {
    let mut place = [0; MAX_RANK];
    for (place, &length) in place.iter_mut().zip(lengths).rev() {
        *place = at % length;
        at /= length;
    }
    place
}

/// The elements in reversed order along some axes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Flip {
    /// Whether each axis is reversed.
    pub axes: [bool; MAX_RANK],
}

impl Op for Flip {
    fn name(&self) -> &'static str {
        "flip"
    }
    identity_by_fields!();
    fn infer(&self, operands: &[Type]) -> Result<Type, String> {
        let [ty] = operands else { return Err("takes one operand".into()) };
        match (ty.shape.rank()..MAX_RANK).find(|&axis| self.axes[axis]) {
            Some(axis) => Err(ty.shape.no_axis(axis)),
            None => Ok(*ty),
        }
    }
    fn forward<T: Real>(&self, operands: &[Operand<'_, T>], output: Output<'_, T>) {
        fn copy<E: Copy>(flip: &Flip, operand: (&[E], &Shape), from: usize, to: &mut [E]) {
            let strides = operand.1.strides();
            for (at, to) in to.iter_mut().enumerate() {
                let place = unravel(from + at, operand.1.dims());
                let along = |(axis, &length): (usize, &usize)| {
                    strides[axis]
                        * if flip.axes[axis] { length - 1 - place[axis] } else { place[axis] }
                };
                *to = operand.0[operand.1.dims().iter().enumerate().map(along).sum::<usize>()];
            }
        }
        let (shape, start) = (operands[0].shape, output.range.start);
        match output.values {
            ValuesMut::Real(to) => copy(self, (operands[0].real(), &shape), start, to),
            ValuesMut::Index(to) => copy(self, (operands[0].index(), &shape), start, to),
        }
    }
    fn as_loop(&self) -> Loop {
        Loop::Flip { axes: self.axes }
    }
    fn backward<'g>(&self, gate: &Gate<'_, 'g>, _operand: usize) -> Option<Var<'g>> {
        Some(gate.graph().apply(*self, &[gate.upstream]))
    }
}

/// The gradient that arrives at windows, put together: folded, or where it is a product with kernels that stand one
/// place apart, convolved with these turned round.
pub(super) fn folded<'g>(
    upstream: Var<'g>,
    axis: usize,
    spans: &[Span],
    lengths: &[usize],
) -> Var<'g> {
    if spans.iter().all(|span| span.stride == 1)
        && let Some(found) = turned_round(upstream, axis, spans, lengths)
    {
        return found;
    }
    let fold = FoldWindows { axis, spans: spans.to_vec(), lengths: lengths.to_vec() };
    upstream.graph().apply(fold, &[upstream])
}

/// The same as a convolution, where each window's gradient is a product of what arrived at it, and of kernels.
fn turned_round<'g>(
    upstream: Var<'g>,
    axis: usize,
    spans: &[Span],
    lengths: &[usize],
) -> Option<Var<'g>> {
    let (left, right, axes) = factors(upstream)?;
    let n = spans.len();
    // Rows of the product are places of windows; its terms are summed; its columns are elements and channels.
    let own = left.shape().rank() - axes;
    if own != axis + n || right.shape().rank() < axes + n {
        return None;
    }
    let mut picture = left;
    for (at, span) in spans.iter().enumerate() {
        let before = span.reach()? - 1;
        let after = lengths[at].checked_sub(left.shape().dims()[axis + at])?;
        picture = picture.pad((axis + at).cast_signed(), before, after);
    }
    let rank = right.shape().rank();
    let order = (axes..axes + n).chain(0..axes).chain(axes + n..rank).map(usize::cast_signed);
    let kernels = right.transpose(&order.collect::<Vec<_>>());
    let mut reversed = [false; MAX_RANK];
    reversed[..n].fill(true);
    let kernels = kernels.graph().apply(Flip { axes: reversed }, &[kernels]);
    Some(picture.windows(axis.cast_signed(), spans).tensordot(kernels, n + axes))
}

impl<'g> Var<'g> {
    /// Windows over as many axes as there are `spans`, from `axis` on: where these axes were stand the windows'
    /// places, then their elements. Nothing is copied.
    ///
    /// ```
    /// use chainrule::ops::Span;
    /// # let g = chainrule::Graph::new();
    /// let x = g.arange(5).to_real().windows(0, &[Span::new(2)]);
    /// assert_eq!(x.shape().dims(), [4, 2]);
    /// assert_eq!(x.eval()?.values(), [0.0, 1.0, 1.0, 2.0, 2.0, 3.0, 3.0, 4.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[doc(alias("unfold", "sliding_window_view", "im2col"))]
    #[track_caller]
    #[must_use]
    pub fn windows(self, axis: isize, spans: &[Span]) -> Self {
        let axis = self.shape().axis(axis);
        self.graph().apply(Windows { axis, spans: spans.to_vec() }, &[self])
    }

    /// The sums of all elements of windows that are of one place, for axes of these `lengths`: the counterpart of
    /// [`Var::windows`]. A negative `axis` counts from the end of the result's axes.
    ///
    /// ```
    /// use chainrule::ops::Span;
    /// # let g = chainrule::Graph::new();
    /// let windows = g.constant(1.0).broadcast_to([4, 2]);
    /// let x = windows.fold_windows(0, &[Span::new(2)], &[5]);
    /// assert_eq!(x.eval()?.values(), [1.0, 2.0, 2.0, 2.0, 1.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[doc(alias("fold", "col2im"))]
    #[track_caller]
    #[must_use]
    pub fn fold_windows(self, axis: isize, spans: &[Span], lengths: &[usize]) -> Self {
        // From the end of the result, which has no axes of elements.
        let rank = self.shape().rank().saturating_sub(spans.len());
        let axis = match axis {
            ..0 => rank.checked_add_signed(axis).unwrap_or(axis.cast_unsigned()),
            _ => axis.cast_unsigned(),
        };
        let fold = FoldWindows { axis, spans: spans.to_vec(), lengths: lengths.to_vec() };
        self.graph().apply(fold, &[self])
    }

    /// The elements in reversed order along `axes`; along all of them where none is named.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// assert_eq!(g.arange(3).flip(&[0]).to_real().eval()?.values(), [2.0, 1.0, 0.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[doc(alias = "reverse")]
    #[track_caller]
    #[must_use]
    pub fn flip(self, axes: &[isize]) -> Self {
        match self.axes("flip", axes) {
            Some(axes) => self.graph().apply(Flip { axes }, &[self]),
            None => Var::poison(self.graph()),
        }
    }
}
