//! Sums of products in Einstein's notation, composed of transposes, reshapes and products.

use super::reals;
use crate::graph::{Graph, OTHER_GRAPH, Type, Var};
use crate::tensor::MAX_RANK;

/// The name of the operation, and of the steps that it is made in.
const EINSUM: &str = "einsum";

/// An axis by its letter. Those that an ellipsis stands for are numbers below [`MAX_RANK`], of which the last
/// axis has the largest.
type Axis = u8;

/// Whether an ellipsis stands for the axis.
fn is_hidden(axis: Axis) -> bool {
    usize::from(axis) < MAX_RANK
}

/// An axis as it is written.
fn written(axis: Axis) -> String {
    if is_hidden(axis) { "...".into() } else { char::from(axis).into() }
}

/// The axes of a part such as `b...ij`; `hidden` says for how many an ellipsis stands beside so many letters.
fn axes(part: &str, hidden: impl FnOnce(usize) -> usize) -> Result<Vec<Axis>, String> {
    let (before, after) = part.split_once("...").unwrap_or((part, ""));
    let letters = before.len() + after.len();
    if let Some(other) = before.chars().chain(after.chars()).find(|c| !c.is_ascii_alphabetic()) {
        return Err(format!("`{other}` stands where a letter should"));
    }
    let hidden = if letters < part.len() { hidden(letters) } else { 0 };
    let ellipsis = (0..MAX_RANK as Axis).skip(MAX_RANK.saturating_sub(hidden));
    Ok(before.bytes().chain(ellipsis).chain(after.bytes()).collect())
}

/// How often an axis is in a list.
fn times(list: &[Axis], axis: Axis) -> usize {
    list.iter().filter(|&&other| other == axis).count()
}

/// The axes of the result: those that are written, or else those that the operands have once, in order.
fn result(written_as: Option<&str>, factors: &[Factor<'_>]) -> Result<Vec<Axis>, String> {
    let mut all: Vec<Axis> = factors.iter().flat_map(|factor| &factor.axes).copied().collect();
    all.sort_unstable();
    let Some(part) = written_as else {
        let mut once = all.clone();
        once.retain(|&axis| is_hidden(axis) || times(&all, axis) == 1);
        once.dedup();
        return Ok(once);
    };
    let first = all.first().map_or(MAX_RANK, |&axis| axis.into());
    let output = axes(part, |_| MAX_RANK.saturating_sub(first))?;
    let hidden = all.iter().filter(|&&axis| is_hidden(axis));
    let is_wrong = |axis: &&Axis| times(&output, **axis) != 1 || !all.contains(axis);
    match output.iter().chain(hidden).find(is_wrong) {
        Some(&axis) if is_hidden(axis) => Err("`...` must stand after `->` too".into()),
        Some(&axis) => {
            let axis = char::from(axis);
            Err(format!("`{axis}` must stand once after `->`, and before it too"))
        }
        None => Ok(output),
    }
}

/// The operands that a text speaks of, each axis as long as its letter says, and the axes of the result.
fn read<'g>(text: &str, operands: &[Var<'g>]) -> Result<(Vec<Factor<'g>>, Vec<Axis>), String> {
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let (inputs, output) =
        text.split_once("->").map_or((&*text, None), |(inputs, output)| (inputs, Some(output)));
    let (parts, given) = (inputs.split(',').count(), operands.len());
    if parts != given {
        return Err(format!("takes as many operands as `{text}` has parts: {parts}, not {given}"));
    }
    reals(&operands.iter().map(Var::ty).collect::<Vec<Type>>())?;
    let factors = inputs.split(',').zip(operands).map(|(part, &value)| {
        let shape = value.shape();
        let axes = axes(part, |letters| shape.rank().saturating_sub(letters))?;
        match axes.len() == shape.rank() {
            true => Ok(Factor { value, axes }),
            false => Err(format!("`{part}` has {} letters for the axes of {shape}", axes.len())),
        }
    });
    let factors: Vec<Factor<'g>> = factors.collect::<Result<_, String>>()?;
    let lengths = factors
        .iter()
        .flat_map(|factor| factor.axes.iter().copied().zip(factor.value.shape().dims().to_vec()));
    let lengths: Vec<(Axis, usize)> = lengths.collect();
    let longest = |axis| {
        lengths.iter().find(|&&(own, length)| own == axis && length != 1).map_or(1, |&(_, n)| n)
    };
    if let Some(&(axis, length)) =
        lengths.iter().find(|&&(axis, length)| length != 1 && length != longest(axis))
    {
        return Err(format!("`{}` has lengths {} and {length}", written(axis), longest(axis)));
    }
    let output = result(output, &factors)?;
    Ok((factors.into_iter().map(|factor| factor.plain(longest)).collect(), output))
}

/// A value whose axes have letters.
#[derive(Clone)]
struct Factor<'g> {
    value: Var<'g>,
    axes: Vec<Axis>,
}

impl<'g> Factor<'g> {
    fn has(&self, axis: Axis) -> bool {
        self.axes.contains(&axis)
    }

    /// The length of an axis; 1 where there is none.
    fn length(&self, axis: Axis) -> usize {
        let at = self.axes.iter().position(|&other| other == axis);
        at.and_then(|at| self.value.shape().get(at)).unwrap_or(1)
    }

    /// The value with the axes of this list, of length 1 where it has none.
    fn spread(&self, list: &[Axis]) -> Var<'g> {
        let at = |axis: &Axis| self.axes.iter().position(|other| other == axis);
        let order: Vec<isize> = list.iter().filter_map(at).map(usize::cast_signed).collect();
        let lengths: Vec<usize> = list.iter().map(|&axis| self.length(axis)).collect();
        let turned = if order.is_sorted() { self.value } else { self.value.transpose(&order) };
        turned.reshape(lengths)
    }

    /// The value as matrices, one for all of `batch`, whose rows and columns are those axes together.
    fn matrices(&self, batch: &[Axis], rows: &[Axis], columns: &[Axis]) -> Var<'g> {
        let multiply = |product: usize, &axis: &Axis| product.saturating_mul(self.length(axis));
        let together = |axes: &[Axis]| axes.iter().fold(1, multiply);
        let shape = |rows: &[Axis], columns: &[Axis]| -> Vec<usize> {
            let batch = (!batch.is_empty()).then(|| together(batch));
            batch.into_iter().chain([together(rows), together(columns)]).collect()
        };
        let [order, turned] = [[batch, rows, columns].concat(), [batch, columns, rows].concat()];
        // The product reads a transpose where it lies.
        match self.axes != order && self.axes == turned {
            true => self.value.reshape(shape(columns, rows)).t(),
            false => self.spread(&order).reshape(shape(rows, columns)),
        }
    }

    /// The sum over the axes that are not kept.
    fn sum_unless(mut self, kept: impl Fn(Axis) -> bool) -> Self {
        let gone = (0..).zip(&self.axes).filter(|&(_, &axis)| !kept(axis));
        let gone: Vec<isize> = gone.map(|(at, _)| at).collect();
        if !gone.is_empty() {
            self.value = self.value.sum(&gone);
            self.axes.retain(|&axis| kept(axis));
        }
        self
    }

    /// Without the axes that are to be repeated, and of axes with one letter the diagonal.
    fn plain(mut self, longest: impl Fn(Axis) -> usize) -> Self {
        let shape = self.value.shape();
        for at in (0..shape.rank()).rev() {
            if self.axes.get(at).map(|&axis| longest(axis)) != shape.get(at) {
                self.axes.remove(at);
                self.value = self.value.squeeze(at.cast_signed());
            }
        }
        let twins = |axes: &[Axis]| {
            let place = |axis: Axis, below: usize| axes[..below].iter().position(|&a| a == axis);
            (0..).zip(axes).find_map(|(at, &axis)| Some((place(axis, at)?, at)))
        };
        while let Some((first, second)) = twins(&self.axes) {
            let others = (0..self.axes.len()).filter(|&at| at != first && at != second);
            let order: Vec<isize> = others.chain([first, second]).map(usize::cast_signed).collect();
            self.value = self.value.transpose(&order).tril(0).triu(0).sum(&[-1]);
            let axis = self.axes.remove(second);
            self.axes.remove(first);
            self.axes.push(axis);
        }
        self
    }

    /// The product with another, summed over what both have and nothing keeps.
    fn times(&self, other: &Self, kept: impl Fn(Axis) -> bool) -> Self {
        let (shared, rows): (Vec<Axis>, Vec<Axis>) =
            self.axes.iter().partition(|&&axis| other.has(axis));
        let (batch, inner): (Vec<Axis>, Vec<Axis>) = shared.iter().partition(|&&axis| kept(axis));
        let columns = other.axes.iter().copied().filter(|&axis| !self.has(axis));
        let columns: Vec<Axis> = columns.collect();
        let mut axes = [&batch[..], &rows, &columns].concat();
        if inner.is_empty() || rows.is_empty() && columns.is_empty() {
            axes.extend(&inner);
            let value = self.spread(&axes) * other.spread(&axes);
            return Self { value, axes }.sum_unless(|axis| !inner.contains(&axis));
        }
        let left = self.matrices(&batch, &rows, &inner);
        let product = left.matmul(other.matrices(&batch, &inner, &columns));
        let of = |&axis: &Axis| if self.has(axis) { self } else { other }.length(axis);
        let lengths: Vec<usize> = axes.iter().map(of).collect();
        Self { value: product.reshape(lengths), axes }
    }
}

impl Graph {
    /// Sums of products in Einstein's notation: a letter for each axis of each operand and, after `->`,
    /// of the result. Axes of one letter have one length, or 1, which is repeated. What the result lacks is
    /// summed over; a letter that an operand has twice takes its diagonal; `...` stands for all other axes.
    /// Without `->` the result has the letters that stand once, in alphabetical order. Operands are
    /// multiplied from left to right, by matrix products where something is summed.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// let (q, k) = (g.input("q", [2, 4, 7, 16]), g.input("k", [2, 4, 9, 16]));
    /// let scores = g.einsum("bhqd,bhkd->bhqk", &[q, k]);
    /// assert_eq!(scores.shape().dims(), [2, 4, 7, 9]);
    ///
    /// let a = g.arange(4).reshape([2, 2]).to_real();
    /// assert_eq!(g.einsum("ii", &[a]).eval()?.values(), [3.0]);
    /// assert_eq!(g.einsum("ij,kj->ik", &[a, a]).eval()?.values(), [1.0, 3.0, 3.0, 13.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[doc(alias("tensordot", "inner", "outer", "trace", "diagonal", "contract"))]
    #[track_caller]
    pub fn einsum<'g>(&'g self, text: &str, operands: &[Var<'g>]) -> Var<'g> {
        if operands.iter().any(|v| !v.belongs_to(self)) {
            return self.fail(EINSUM, OTHER_GRAPH, operands);
        }
        let _block = self.block(EINSUM);
        let (factors, output) = match read(text, operands) {
            Ok(read) => read,
            Err(message) => return self.fail(EINSUM, &message, operands),
        };
        let mut product: Option<Factor<'g>> = None;
        for (at, factor) in (1..).zip(&factors) {
            let later = || factors.iter().skip(at);
            let kept = |axis| output.contains(&axis) || later().any(|factor| factor.has(axis));
            let meets = |axis| product.as_ref().is_some_and(|before| before.has(axis));
            let factor = factor.clone().sum_unless(|axis| kept(axis) || meets(axis));
            product = Some(match &product {
                None => factor,
                Some(before) => before.times(&factor, kept),
            });
        }
        product.map_or_else(|| Var::poison(self), |product| product.spread(&output))
    }
}
