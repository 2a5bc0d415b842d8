//! The functions that are composed of operations, and those of whole arrays.

use std::collections::BTreeSet;

use super::function::Function;
use super::options::{ALONG, REDUCES, VARIES, no_axis, place};
use crate::loss;
use chainrule::graph::{Source, Var};
use chainrule::ops::{
    AnyOp, Argmax, Concat, CumSum, LogSoftmax, Maximum, Minimum, Reshape, Softmax, Sum, Transpose,
};
use chainrule::tensor::{MAX_RANK, Shape, Tensor};

/// The function that a softmax with loss is written as: its second argument may be a class.
pub(crate) const CROSS_ENTROPY: &str = "cross_entropy";

const CONCAT: Concat = Concat { axis: 0 };
const CUMSUM: CumSum = CumSum { axis: 0, exclusive: false, reverse: false };
const STACK: &str = "stack";

/// Whether a function's arguments may stand in one list.
pub(super) fn takes_list(name: &str) -> bool {
    [AnyOp::name(&CONCAT), STACK].contains(&name)
}

/// The slope of a leaky ReLU below 0, where none is given.
const LEAK: f64 = 0.01;

const ONE: &[&str] = &["x"];
const TWO: &[&str] = &["a", "b"];

/// Functions that work number by number.
pub(super) fn of_numbers() -> Vec<Function> {
    let with = Function::composed;
    vec![
        with("log2", ONE, "ln x / ln 2; derivative 1/(x·ln 2).", ("log2(8)", "", 3.0), |x, _| {
            x[0].ln() / std::f64::consts::LN_2
        }),
        with(
            "log10",
            ONE,
            "ln x / ln 10; derivative 1/(x·ln 10).",
            ("log10(100)", "", 2.0),
            |x, _| x[0].ln() / std::f64::consts::LN_10,
        ),
        with(
            "mod",
            TWO,
            "a − b·⌊a/b⌋, also written a % b: the rest of a division, its quotient rounded as the machine does, with the sign of b; derivatives 1 and −⌊a/b⌋.",
            ("mod(-7, 3)", "", 2.0),
            |x, _| mod_of(x[0], x[1]),
        ),
        with("sec", ONE, "1/cos x; derivative sec x·tan x.", ("sec(0)", "", 1.0), |x, _| {
            1.0 / x[0].cos()
        }),
        with(
            "csc",
            ONE,
            "1/sin x; derivative −csc x·cot x.",
            ("csc(pi / 2)", "", 1.0),
            |x, _| 1.0 / x[0].sin(),
        ),
        with(
            "cot",
            ONE,
            "cos x / sin x; derivative −1/sin² x.",
            ("cot(1)", "", COT_1),
            |x, _| x[0].cos() / x[0].sin(),
        ),
        with(
            "gelu",
            ONE,
            "x·Φ(x) with the normal distribution Φ (Hendrycks and Gimpel, 2016); derivative Φ(x) + x·φ(x).",
            ("gelu(0)", "", 0.0),
            |x, _| x[0].gelu(),
        ),
        with(
            "silu",
            ONE,
            "x·σ(x) (Elfwing et al., 2017); derivative σ(x)·(1 + x·σ(−x)).",
            ("silu(0)", "", 0.0),
            |x, _| x[0].silu(),
        ),
        with(
            "leaky_relu",
            ONE,
            "x where it is positive, else x/100; derivative 1 or 0.01, also at 0.",
            ("leaky_relu(-2)", "", -0.02),
            |x, _| leaky_relu(x[0], x[0].like(LEAK)),
        ),
        with(
            "leaky_relu",
            &["x", "slope"],
            "x where it is positive, else slope·x (Maas et al., 2013); derivative 1 or the slope, also at 0.",
            ("leaky_relu(-2, 0.5)", "", -1.0),
            |x, _| leaky_relu(x[0], x[1]),
        ),
        with(
            "elu",
            ONE,
            "x where it is positive, else eˣ − 1; derivative 1 or eˣ.",
            ("elu(-ln(2))", "", -0.5),
            |x, _| elu(x[0], x[0].like(1.0)),
        ),
        with(
            "elu",
            &["x", "alpha"],
            "x where it is positive, else α·(eˣ − 1) (Clevert et al., 2016); derivative 1 or α·eˣ, also at 0.",
            ("elu(-ln(2), 3)", "", -1.5),
            |x, _| elu(x[0], x[1]),
        ),
        with("clip", &["x", "low", "high"], CLAMP, ("clip(7, 0, 1)", "", 1.0), |x, _| {
            clip(x[0], x[1], x[2])
        }),
        with("clamp", &["x", "low", "high"], CLAMP, ("clamp(-7, 0, 1)", "", 0.0), |x, _| {
            clip(x[0], x[1], x[2])
        }),
    ]
}

const CLAMP: &str = "x where it lies between the two, else the nearer of them; derivative 1 within and on the bounds, else 0.";

/// cot 1.
const COT_1: f64 = 0.642_092_615_934_330_7;

/// Functions of whole arrays.
pub(super) fn of_arrays() -> Vec<Function> {
    [reductions(), along_axes(), of_matrices()].into_iter().flatten().collect()
}

fn reductions() -> Vec<Function> {
    let with = |name, doc, example, record| Function {
        keywords: REDUCES,
        ..Function::composed(name, ONE, doc, example, record)
    };
    let two = "x=[1,2]";
    let varies = |function| Function { keywords: VARIES, ..function };
    vec![
        with(
            AnyOp::name(&Sum { axes: [true; MAX_RANK] }),
            "Σ x, the sum of all elements or along axes; derivative 1.",
            ("sum(x)", two, 3.0),
            |x, options| options.reduce(x[0], Var::sum),
        ),
        with("mean", "Σ x / N; derivative 1/N.", ("mean(x)", two, 1.5), |x, options| {
            options.reduce(x[0], Var::mean)
        }),
        with(
            AnyOp::name(&Maximum),
            "The largest element, of all or along axes; derivative 1 for it, shared evenly by those that share it, else 0.",
            ("max(x)", two, 2.0),
            |x, options| options.reduce(x[0], Var::max),
        ),
        with(
            AnyOp::name(&Minimum),
            "The smallest element, of all or along axes; derivative 1 for it, shared evenly by those that share it, else 0.",
            ("min(x)", two, 1.0),
            |x, options| options.reduce(x[0], Var::min),
        ),
        with(
            "prod",
            "Π x, the product of the elements, of halves; derivative the product of the others.",
            ("prod(x)", "x=[2,3,4]", 24.0),
            |x, options| options.reduce(x[0], product),
        ),
        varies(with(
            "var",
            "Σ (x − mean)² / N; derivative 2·(x − mean)/N. With correction=1 it divides by N − 1, as PyTorch does.",
            ("var(x)", "x=[1,3]", 1.0),
            |x, options| options.reduce(x[0], |x, axes| x.var(axes, options.correction)),
        )),
        varies(with(
            "std",
            "√var(x); derivative (x − mean)/(N·y) of the value y, taken as 0 where y is 0. With correction=1 it divides by N − 1, as PyTorch does.",
            ("std(x)", "x=[1,3]", 1.0),
            |x, options| options.reduce(x[0], |x, axes| x.std(axes, options.correction)),
        )),
        with(
            "norm",
            "√Σ x², the length; derivative x/y of the value y, taken as 0 where y is 0.",
            ("norm(x)", "x=[3,4]", 5.0),
            |x, options| options.reduce(x[0], norm),
        ),
        with(
            "logsumexp",
            "ln Σ eˣ, without overflow; derivative softmax(x).",
            ("logsumexp(x)", "x=[0,0]", std::f64::consts::LN_2),
            |x, options| options.reduce(x[0], Var::logsumexp),
        ),
    ]
}

fn along_axes() -> Vec<Function> {
    let with = |name, doc, example, record| Function {
        keywords: ALONG,
        ..Function::composed(name, ONE, doc, example, record)
    };
    let many = |name, doc, example, record| Function {
        more: true,
        arguments: TWO,
        ..with(name, doc, example, record)
    };
    let two = "x=[1,2]";
    vec![
        with(
            AnyOp::name(&Softmax),
            "eˣ / Σ eˣ along the last axis or the one named: probabilities; derivative y·(v − Σ v·y) of the value y where v arrives.",
            ("sum(softmax(x))", two, 1.0),
            |x, options| options.along(x[0], AnyOp::name(&Softmax), Some(-1), Var::softmax_over),
        ),
        with(
            AnyOp::name(&LogSoftmax),
            "ln softmax(x), without loss of small probabilities; derivative v − softmax(x)·Σ v where v arrives.",
            ("max(log_softmax(x))", "x=[0,0]", -std::f64::consts::LN_2),
            |x, options| {
                options.along(x[0], AnyOp::name(&LogSoftmax), Some(-1), Var::log_softmax_over)
            },
        ),
        with(
            AnyOp::name(&CUMSUM),
            "The sums up to each place along an axis; derivative 1 for all up to there.",
            ("sum(cumsum(x))", "x=[1,2,3]", 10.0),
            |x, options| {
                let usual = (x[0].shape().rank() == 1).then_some(0);
                options.along(x[0], AnyOp::name(&CUMSUM), usual, cumsum)
            },
        ),
        with(
            AnyOp::name(&Argmax { axis: 0 }),
            "The place of the largest element, of equals the first, counted from 0; no derivative.",
            ("argmax(x)", two, 1.0),
            |x, options| match options.axes {
                None => x[0].reshape([x[0].shape().len()]).argmax(0).to_real(),
                Some(_) => {
                    let name = AnyOp::name(&Argmax { axis: 0 });
                    options.along(x[0], name, None, |x, axis| x.argmax(axis).to_real())
                }
            },
        ),
        many(
            AnyOp::name(&CONCAT),
            "Arrays one after another along an axis, at first the first; derivative 1 for each element.",
            ("sum(concat(x, x))", two, 6.0),
            |x, options| {
                options.join(
                    &x.iter().map(|&v| with_axis(v)).collect::<Vec<_>>(),
                    AnyOp::name(&CONCAT),
                    |g, axis, x| g.concat(axis, x),
                )
            },
        ),
        many(
            STACK,
            "Arrays of one shape side by side along a new axis, at first the first; derivative 1 for each element.",
            ("sum(stack(x, x)[1])", two, 3.0),
            |x, options| options.join(x, STACK, |g, axis, x| g.stack(axis, x)),
        ),
    ]
}

fn of_matrices() -> Vec<Function> {
    let with = Function::composed;
    vec![
        with(
            AnyOp::name(&Transpose { order: Vec::new() }),
            ONE,
            "xᵀ, also written x.T: the last two axes exchanged; derivative 1 for each element.",
            ("sum(transpose(x) @ x)", "x=[[3,4]]", 49.0),
            |x, _| x[0].t(),
        ),
        Function {
            more: true,
            ..with(
                AnyOp::name(&Reshape(Shape::scalar())),
                &["x", "length"],
                "The same elements under another shape, of which one length may be -1: what is left; derivative 1 for each element.",
                ("sum(reshape(x, 2, -1)[1])", "x=[1,2,3,4]", 7.0),
                |x, _| reshape(x[0], &x[1..]),
            )
        },
        with(
            "dot",
            TWO,
            "Σ a·b of two vectors, else a @ b; derivatives b and a.",
            ("dot(x, x)", "x=[3,4]", 25.0),
            |x, _| match x.iter().any(|v| v.shape().rank() == 0) {
                true => x[0] * x[1],
                false => x[0].matmul(x[1]),
            },
        ),
        with(
            "trace",
            ONE,
            "Σ xᵢᵢ, the sum of the diagonal of a square matrix; derivative 1 on it, else 0.",
            ("trace(x)", "x=[[1,2],[3,4]]", 5.0),
            |x, _| trace(x[0]),
        ),
        with(
            "mse",
            &["y", "t"],
            "Σ (y − t)² / N, the mean squared error; derivative 2·(y − t)/N.",
            ("mse(x, [1, 0])", "x=[1,2]", 2.0),
            |x, _| match x[1].shape().rank() {
                0 => x[0].mean_squared_error(x[1].broadcast_to(x[0].shape())),
                _ => x[0].mean_squared_error(x[1]),
            },
        ),
        with(
            CROSS_ENTROPY,
            &["logits", "target"],
            "−Σ t·ln softmax(x), the mean over the rows of a batch; the target is a class, a list of classes for a batch, or a distribution; derivative (softmax(x) − t)/N of a distribution t and N rows.",
            ("cross_entropy(x, 1)", "x=[0,0]", std::f64::consts::LN_2),
            |x, _| cross_entropy(x[0], x[1]),
        ),
    ]
}

/// a − b·⌊a/b⌋, with the sign of b.
pub(super) fn mod_of<'g>(a: Var<'g>, b: Var<'g>) -> Var<'g> {
    a - b * (a / b).floor()
}

fn leaky_relu<'g>(x: Var<'g>, slope: Var<'g>) -> Var<'g> {
    x.greater(0.0).select(x, x * slope)
}

fn elu<'g>(x: Var<'g>, alpha: Var<'g>) -> Var<'g> {
    x.greater(0.0).select(x, x.expm1() * alpha)
}

fn clip<'g>(x: Var<'g>, low: Var<'g>, high: Var<'g>) -> Var<'g> {
    match (low.as_constant(), high.as_constant()) {
        (Some(low), Some(high)) => x.clamp(low, high),
        _ => x.less(low).select(low, x.greater(high).select(high, x)),
    }
}

/// The product of halves, until one element is left: few gates, and right where elements are 0.
fn product<'g>(x: Var<'g>, axes: &[isize]) -> Var<'g> {
    let shape = x.shape();
    if axes.is_empty() {
        return product_along(x.reshape([shape.len()]), 0);
    }
    if let Some(&axis) = axes.iter().find(|&&axis| place(&shape, axis).is_none()) {
        return x.graph().fail("prod", &no_axis(&shape, axis), &[x]);
    }
    // From the last one on, so that the others keep their numbers.
    let places: BTreeSet<usize> = axes.iter().filter_map(|&axis| place(&shape, axis)).collect();
    places.into_iter().rev().fold(x, |x, place| product_along(x, place.cast_signed()))
}

fn product_along(mut x: Var<'_>, axis: isize) -> Var<'_> {
    loop {
        let length = x.size(axis);
        if length < 2 {
            return x.index(axis, 0);
        }
        let half = length / 2;
        let halves = x.slice(axis, 0, half) * x.slice(axis, half, 2 * half);
        x = match length % 2 {
            0 => halves,
            _ => halves.concat(axis, &[x.slice(axis, length - 1, length)]),
        };
    }
}

/// The sums up to each place: those of one, two, four … elements, each of which can be shown.
fn cumsum(mut x: Var<'_>, axis: isize) -> Var<'_> {
    let (length, mut width) = (x.size(axis), 1);
    while width < length {
        x += x.slice(axis, 0, length - width).pad(axis, width, 0);
        width *= 2;
    }
    x
}

fn norm<'g>(x: Var<'g>, axes: &[isize]) -> Var<'g> {
    let _block = x.graph().block("norm");
    let squares = x.square().sum(axes);
    // Below the selection nothing comes of the root's infinite slope at 0.
    squares.equal(0.0).select(0.0, squares.sqrt())
}

/// An array, or a number as an array of one.
fn with_axis(v: Var<'_>) -> Var<'_> {
    if v.shape().rank() == 0 { v.reshape([1]) } else { v }
}

fn trace(x: Var<'_>) -> Var<'_> {
    let shape = x.shape();
    let &[rows, columns] = shape.dims() else {
        return x.graph().fail("trace", "takes a matrix", &[x]);
    };
    if rows != columns || rows == 0 {
        return x.graph().fail("trace", "takes a square matrix", &[x]);
    }
    // The diagonal is the first column of rows that are one longer.
    let flat = x.reshape([rows * columns]).pad(0, 0, rows);
    flat.reshape([rows, columns + 1]).index(1, 0).sum(&[])
}

/// An array under the shape of these constants: lengths, or one list of them.
fn reshape<'g>(x: Var<'g>, lengths: &[Var<'g>]) -> Var<'g> {
    let name = AnyOp::name(&Reshape(Shape::scalar()));
    let fail = |message: &str| x.graph().fail(name, message, &[x]);
    let numbers: Option<Vec<Tensor<f64>>> = lengths.iter().map(|&v| constant_tensor(v)).collect();
    let Some(numbers) = numbers else { return fail("takes whole numbers as lengths") };
    let numbers: Vec<f64> = numbers.iter().flat_map(Tensor::values).copied().collect();
    let given: f64 = numbers.iter().filter(|n| **n > 0.0).product();
    let left = if given > 0.0 { (x.shape().len() as f64 / given) as usize } else { 0 };
    let length = |n: &f64| match *n {
        -1.0 => Some(left),
        n => (n >= 0.0 && n.fract() == 0.0 && n < f64::from(u32::MAX)).then_some(n as usize),
    };
    if numbers.iter().filter(|n| **n == -1.0).count() > 1 {
        return fail("takes one length of -1");
    }
    let found: Option<Vec<usize>> = numbers.iter().map(length).collect();
    match found.as_deref().map(Shape::new) {
        Some(Ok(shape)) => x.reshape(shape),
        Some(Err(error)) => fail(&error.to_string()),
        None => fail("takes whole numbers as lengths"),
    }
}

/// The value of a constant.
pub(super) fn constant_tensor(v: Var<'_>) -> Option<Tensor<f64>> {
    v.graph().node(v.id(), |node| match &node.source {
        Source::Constant(tensor) => Some((**tensor).clone()),
        _ => None,
    })
}

/// Logits of one example, or of a batch, against a class, a list of classes or a distribution.
fn cross_entropy<'g>(logits: Var<'g>, target: Var<'g>) -> Var<'g> {
    let (g, classes) = (logits.graph(), logits.shape().len());
    let is_listed = matches!(
        (logits.shape().dims(), target.shape().dims()),
        ([rows, _], [listed]) if rows == listed && *listed != classes
    );
    let given = constant_tensor(target).filter(|_| target.shape().rank() == 0 || is_listed);
    match given {
        Some(given) => match loss::cross_entropy(logits, &given) {
            Ok(loss) => loss,
            Err(error) => g.fail(CROSS_ENTROPY, &error.to_string(), &[logits, target]),
        },
        None if target.shape().rank() > 0 && target.shape().len() != classes => {
            let message = format!(
                "the target has shape {}, but it must be a class or a distribution of shape {}",
                target.shape(),
                logits.shape()
            );
            g.fail(CROSS_ENTROPY, &message, &[logits, target])
        }
        None if target.shape().rank() > 0 => {
            let rows = match logits.shape().rank() {
                1 => logits.reshape([1, classes]),
                _ => logits,
            };
            rows.softmax_with_loss(target.reshape(rows.shape()))
        }
        None => g.fail(
            CROSS_ENTROPY,
            "the target is a class, such as cross_entropy(x, 1) or a name with such a value, or a distribution",
            &[logits, target],
        ),
    }
}
