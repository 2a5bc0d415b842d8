//! What may be set by name in a call, such as `sum(x, axis=0)`.

use chainrule::graph::{Graph, Var};
use chainrule::tensor::Shape;

/// The keywords of a reduction: which axes go, and whether they stay with length 1.
pub(super) const REDUCES: &[&str] = &["axis", "keepdims"];
/// Of a function along one axis.
pub(super) const ALONG: &[&str] = &["axis"];
/// Of a variance: what is taken off the count by which it divides.
pub(super) const VARIES: &[&str] = &["axis", "keepdims", "correction"];

/// A keyword by PyTorch's and NumPy's other names.
pub(super) fn keyword(name: &str) -> &str {
    match name {
        "dim" | "axes" => "axis",
        "keepdim" => "keepdims",
        "ddof" => "correction",
        name => name,
    }
}

const ONE_AXIS: &str = "goes along one axis, such as axis=0";

/// What a call sets.
#[derive(Debug, Default)]
pub(super) struct Options {
    pub axes: Option<Vec<isize>>,
    pub keep: bool,
    pub correction: usize,
}

impl Options {
    /// A reduction over the axes named, or over all.
    pub(super) fn reduce<'g>(
        &self,
        x: Var<'g>,
        reduce: impl FnOnce(Var<'g>, &[isize]) -> Var<'g>,
    ) -> Var<'g> {
        let axes = self.axes.as_deref().unwrap_or_default();
        let (shape, found) = (x.shape(), reduce(x, axes));
        match self.keep {
            true => found.reshape(ones_along(&shape, axes)),
            false => found,
        }
    }

    /// Arrays joined along the axis named, or along the first.
    pub(super) fn join<'g>(
        &self,
        parts: &[Var<'g>],
        name: &str,
        record: impl FnOnce(&'g Graph, isize, &[Var<'g>]) -> Var<'g>,
    ) -> Var<'g> {
        let g = parts[0].graph();
        match self.axes.as_deref() {
            None => record(g, 0, parts),
            Some(&[axis]) => record(g, axis, parts),
            Some(_) => g.fail(name, ONE_AXIS, parts),
        }
    }

    /// Something along the one axis named, or along `usual`.
    pub(super) fn along<'g>(
        &self,
        x: Var<'g>,
        name: &str,
        usual: Option<isize>,
        record: impl FnOnce(Var<'g>, isize) -> Var<'g>,
    ) -> Var<'g> {
        let fail = |message: &str| x.graph().fail(name, message, &[x]);
        match (self.axes.as_deref(), usual) {
            (Some(&[axis]), _) | (None, Some(axis)) => match place(&x.shape(), axis) {
                Some(_) => record(x, axis),
                None => fail(&no_axis(&x.shape(), axis)),
            },
            (Some(_), _) => fail(ONE_AXIS),
            (None, None) => fail("say along which axis, such as axis=0"),
        }
    }
}

/// Which axis this is, which counts from the end where it is negative.
pub(super) fn place(shape: &Shape, axis: isize) -> Option<usize> {
    let rank = shape.rank();
    let place = if axis < 0 { rank.checked_add_signed(axis) } else { Some(axis.cast_unsigned()) };
    place.filter(|&place| place < rank)
}

pub(super) fn no_axis(shape: &Shape, axis: isize) -> String {
    format!("there is no axis {axis} in {shape}")
}

/// The shape with these axes, or with all where none is named, of length 1.
fn ones_along(shape: &Shape, axes: &[isize]) -> Shape {
    let mut lengths = shape.dims().to_vec();
    for (at, length) in lengths.iter_mut().enumerate() {
        if axes.is_empty() || axes.iter().any(|&axis| place(shape, axis) == Some(at)) {
            *length = 1;
        }
    }
    Shape::from(&*lengths)
}
