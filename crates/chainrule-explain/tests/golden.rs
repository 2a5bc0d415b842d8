//! Values against `golden/golden.json`, which `golden/make.py` wrote with Python's own math and NumPy.

use std::collections::BTreeMap;

use chainrule::ops::{CumSum, Kind};
use chainrule::{Graph, Real, Shape, Var};
use chainrule_explain::{Names, record, values};
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    expressions: Vec<Case>,
    operations: Vec<Operation>,
}

#[derive(Deserialize)]
struct Case {
    expression: String,
    values: serde_json::Map<String, serde_json::Value>,
    expected: f64,
}

#[derive(Deserialize)]
struct Operation {
    call: String,
    operands: BTreeMap<String, Array>,
    labels: Option<Labels>,
    expected: Array,
}

#[derive(Deserialize)]
struct Array {
    shape: Vec<usize>,
    values: Vec<f64>,
}

#[derive(Deserialize)]
struct Labels {
    shape: Vec<usize>,
    values: Vec<u32>,
    classes: usize,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("golden/golden.json")).unwrap()
}

/// Within so many units in the last place of the value, or of 1 where the value is smaller and comes
/// from a cancelling sum; `size` is the largest operand, whose own rounding counts.
fn is_close<T: Real>(found: f64, expected: f64, size: f64) -> bool {
    const ULPS: f64 = 4.0;
    let epsilon = T::epsilon().to_f64();
    (found - expected).abs() <= ULPS * epsilon * expected.abs().max(1.0) * size.clamp(1.0, 8.0)
}

fn compare_expressions<T: Real>() {
    let cases = golden().expressions;
    assert!(cases.len() > 200);
    for Case { expression, values: given, expected } in cases {
        let at: Vec<String> = given.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let given = values(&at.join(",")).unwrap();
        let g = Graph::new();
        let y = record(&g, &expression, &given, Names::Inputs).unwrap();
        let mut plan = g.compile::<T>(&[y]).unwrap();
        for (name, tensor) in &given {
            let numbers: Vec<T> = tensor.values().iter().map(|&x| T::from_f64(x)).collect();
            // A list of classes is no number to compute with.
            if plan.has_input(name) {
                plan.feed(name, &numbers).unwrap();
            }
        }
        plan.run().unwrap();
        let found = Real::to_f64(plan.value(y).unwrap()[0]);
        let size = given.iter().flat_map(|(_, t)| t.values()).fold(1.0, |m: f64, x| m.max(x.abs()));
        assert!(
            is_close::<T>(found, expected, size),
            "{expression} at {}: {found:e} in {}, {expected:e} expected",
            at.join(", "),
            T::NAME
        );
    }
}

/// Cumulative sums along the axis 1.
fn cumulative(x: Var<'_>, exclusive: bool, reverse: bool) -> Var<'_> {
    x.graph().apply(CumSum { axis: 1, exclusive, reverse }, &[x])
}

/// The call of a golden case, by its text.
fn call<'g>(g: &'g Graph, text: &str, [x, y, t]: [Var<'g>; 3]) -> Var<'g> {
    match text {
        "x.less(y)" => x.less(y),
        "x.less_equal(y)" => x.less_equal(y),
        "x.greater(y)" => x.greater(y),
        "x.greater_equal(y)" => x.greater_equal(y),
        "x.equal(y)" => x.equal(y),
        "x.not_equal(y)" => x.not_equal(y),
        "x.greater(y).select(x, y)" => x.greater(y).select(x, y),
        "x.argmax(0)" => x.argmax(0),
        "x.argmax(1)" => x.argmax(1),
        "x.argmax(2)" => x.argmax(2),
        "x.sum(&[0])" => x.sum(&[0]),
        "x.sum(&[1])" => x.sum(&[1]),
        "x.sum(&[2])" => x.sum(&[2]),
        "x.sum(&[0, 2])" => x.sum(&[0, 2]),
        "x.mean(&[0])" => x.mean(&[0]),
        "x.mean(&[1])" => x.mean(&[1]),
        "x.mean(&[2])" => x.mean(&[2]),
        "x.mean(&[1, 2])" => x.mean(&[1, 2]),
        "x.max(&[0])" => x.max(&[0]),
        "x.max(&[1])" => x.max(&[1]),
        "x.max(&[2])" => x.max(&[2]),
        "x.max(&[0, 1])" => x.max(&[0, 1]),
        "x.min(&[0])" => x.min(&[0]),
        "x.min(&[1])" => x.min(&[1]),
        "x.min(&[2])" => x.min(&[2]),
        "x.softmax_over(0)" => x.softmax_over(0),
        "x.softmax_over(1)" => x.softmax_over(1),
        "x.softmax_over(2)" => x.softmax_over(2),
        "x.log_softmax_over(0)" => x.log_softmax_over(0),
        "x.log_softmax_over(1)" => x.log_softmax_over(1),
        "x.log_softmax_over(2)" => x.log_softmax_over(2),
        "x.logsumexp(&[0])" => x.logsumexp(&[0]),
        "x.logsumexp(&[1])" => x.logsumexp(&[1]),
        "x.logsumexp(&[2])" => x.logsumexp(&[2]),
        "x.logsumexp(&[])" => x.logsumexp(&[]),
        "x.var(&[0], 0)" => x.var(&[0], 0),
        "x.var(&[1], 1)" => x.var(&[1], 1),
        "x.var(&[0, 2], 1)" => x.var(&[0, 2], 1),
        "x.std(&[2], 0)" => x.std(&[2], 0),
        "x.std(&[1], 1)" => x.std(&[1], 1),
        "x.std(&[], 1)" => x.std(&[], 1),
        "x.clamp(-1.5, 0.5)" => x.clamp(-1.5, 0.5),
        "x.slice(1, 1, 3)" => x.slice(1, 1, 3),
        "x.slice(2, 0, 1)" => x.slice(2, 0, 1),
        "x.concat(1, &[y])" => x.concat(1, &[y]),
        "x.concat(0, &[y, x])" => x.concat(0, &[y, x]),
        "x.pad(1, 2, 1)" => x.pad(1, 2, 1),
        "x.pad(2, 0, 3)" => x.pad(2, 0, 3),
        "x.reshape([4, 6])" => x.reshape([4, 6]),
        "x.transpose(&[2, 0, 1])" => x.transpose(&[2, 0, 1]),
        "x.transpose(&[2, 0, 1]).reshape([4, 6])" => x.transpose(&[2, 0, 1]).reshape([4, 6]),
        "x.t()" => x.t(),
        "x.broadcast_to([3, 2, 4])" => x.broadcast_to([3, 2, 4]),
        "x.gather(1, t)" => x.gather(1, t),
        "x.gather(0, t)" => x.gather(0, t),
        "x.scatter_add(1, t, 3)" => x.scatter_add(1, t, 3),
        "t.to_real()" => t.to_real(),
        "t.transpose(&[1, 0])" => t.transpose(&[1, 0]),
        "t.equal(t.t())" => t.equal(t.t()),
        "t.less(t.index(0, 0))" => t.less(t.index(0, 0)),
        "x.take_along_axis(1, t)" => x.take_along_axis(1, t),
        "x.take_along_axis(-1, t)" => x.take_along_axis(-1, t),
        "x.take_along_axis(0, t)" => x.take_along_axis(0, t),
        "x.scatter_add_along_axis(1, t, 3)" => x.scatter_add_along_axis(1, t, 3),
        "x.scatter_add_along_axis(0, t, 5)" => x.scatter_add_along_axis(0, t, 5),
        "x.cumsum(-1)" => x.cumsum(-1),
        "x.prod(&[-1])" => x.prod(&[-1]),
        "x.argsort(-1)" => x.argsort(-1),
        "x.sort(-1)" => x.sort(-1),
        "x.argsort_descending(-1)" => x.argsort_descending(-1),
        "x.sort_descending(-1)" => x.sort_descending(-1),
        "x.top_k(-1, 2).0" => x.top_k(-1, 2).0,
        "x.top_k(-1, 2).1" => x.top_k(-1, 2).1,
        "x.cumsum(0)" => x.cumsum(0),
        "x.prod(&[0])" => x.prod(&[0]),
        "x.argsort(0)" => x.argsort(0),
        "x.sort(0)" => x.sort(0),
        "x.argsort_descending(0)" => x.argsort_descending(0),
        "x.sort_descending(0)" => x.sort_descending(0),
        "x.top_k(0, 2).0" => x.top_k(0, 2).0,
        "x.top_k(0, 2).1" => x.top_k(0, 2).1,
        "x.cumsum(1)" => x.cumsum(1),
        "x.prod(&[1])" => x.prod(&[1]),
        "x.argsort(1)" => x.argsort(1),
        "x.sort(1)" => x.sort(1),
        "x.argsort_descending(1)" => x.argsort_descending(1),
        "x.sort_descending(1)" => x.sort_descending(1),
        "x.top_k(1, 2).0" => x.top_k(1, 2).0,
        "x.top_k(1, 2).1" => x.top_k(1, 2).1,
        "x.prod(&[])" => x.prod(&[]),
        "x.prod_keep(&[0, 2])" => x.prod_keep(&[0, 2]),
        "x.tril(-2)" => x.tril(-2),
        "x.triu(-2)" => x.triu(-2),
        "x.tril(-1)" => x.tril(-1),
        "x.triu(-1)" => x.triu(-1),
        "x.tril(0)" => x.tril(0),
        "x.triu(0)" => x.triu(0),
        "x.tril(1)" => x.tril(1),
        "x.triu(1)" => x.triu(1),
        "x.tril(5)" => x.tril(5),
        "x.triu(5)" => x.triu(5),
        "x.put_along_axis(1, t, y)" => x.put_along_axis(1, t, y),
        "x.put_along_axis(-1, t, 7.5)" => x.put_along_axis(-1, t, 7.5),
        "cumulative sums of x along 1, in reverse" => cumulative(x, false, true),
        "cumulative sums of x along 1, exclusive" => cumulative(x, true, false),
        "cumulative sums of x along 1, exclusive and in reverse" => cumulative(x, true, true),
        einsum if einsum.starts_with("g.einsum(") => {
            let (_, text) = einsum.split_once('"').unwrap();
            let (text, operands) = text.split_once('"').unwrap();
            match operands {
                ", &[x])" => g.einsum(text, &[x]),
                ", &[x, y])" => g.einsum(text, &[x, y]),
                ", &[x, y, x])" => g.einsum(text, &[x, y, x]),
                other => panic!("no operands `{other}`: add them here"),
            }
        }
        "x.to_labels(3)" => x.to_labels(3),
        "g.arange(5)" => g.arange(5),
        "x.index(1, -1)" => x.index(1, -1),
        "x.index(-1, 2)" => x.index(-1, 2),
        "x.index(2, 1).t()" => x.index(2, 1).t(),
        "x.squeeze(1)" => x.squeeze(1),
        "x.unsqueeze(0)" => x.unsqueeze(0),
        "x.unsqueeze(-1)" => x.unsqueeze(-1),
        "x.t().unsqueeze(1)" => x.t().unsqueeze(1),
        "g.concat(-1, &[x, y, x, y, x, y, x, y, x, y, x])" => {
            g.concat(-1, &[x, y, x, y, x, y, x, y, x, y, x])
        }
        "x.split(1, &[1, 2])[1]" => x.split(1, &[1, 2])[1],
        "x.chunk::<2>(-1)[1]" => x.chunk::<2>(-1)[1],
        "x.sum_keep(&[-2])" => x.sum_keep(&[-2]),
        "x.mean_keep(&[0, -1])" => x.mean_keep(&[0, -1]),
        "x.max_keep(&[])" => x.max_keep(&[]),
        "x.min_keep(&[1])" => x.min_keep(&[1]),
        "x.sum(&[-1])" => x.sum(&[-1]),
        "x.argmax(-2)" => x.argmax(-2),
        "x.transpose(&[-1, 0, -2])" => x.transpose(&[-1, 0, -2]),
        "x.stack(0, &[y, x])" => x.stack(0, &[y, x]),
        "x.stack(1, &[y, x])" => x.stack(1, &[y, x]),
        "x.stack(-1, &[y, x])" => x.stack(-1, &[y, x]),
        "t.one_hot(3)" => t.one_hot(3),
        "x.matmul(y)" => x.matmul(y),
        "x.t().matmul(y)" => x.t().matmul(y),
        "x.matmul(y.t())" => x.matmul(y.t()),
        "x.t().matmul(y.t())" => x.t().matmul(y.t()),
        "x.half_squared_error(y)" => x.half_squared_error(y),
        "x.mean_squared_error(y)" => x.mean_squared_error(y),
        "x.softmax_with_loss(y)" => x.softmax_with_loss(y),
        "x.softmax_with_loss(t)" => x.softmax_with_loss(t),
        "gradient of x.softmax_with_loss(y)" => g.backward(x.softmax_with_loss(y), &[x])[0],
        "gradient of x.softmax_with_loss(t)" => g.backward(x.softmax_with_loss(t), &[x])[0],
        other => panic!("no call `{other}`: add it here"),
    }
}

fn compare_operations<T: Real>() {
    let cases = golden().operations;
    assert!(cases.len() > 60);
    for Operation { call: text, operands, labels, expected } in cases {
        let g = Graph::new();
        let input = |name: &str| match operands.get(name) {
            Some(array) => g.input(name, Shape::new(&array.shape).unwrap()),
            None => g.constant(0.0),
        };
        let (x, y) = (input("x"), input("y"));
        let t = match &labels {
            Some(t) => g.labels("t", Shape::new(&t.shape).unwrap(), t.classes),
            None => g.constant(0.0),
        };
        let f = call(&g, &text, [x, y, t]);
        let mut plan = g.compile::<T>(&[f]).unwrap();
        for (name, array) in &operands {
            let numbers: Vec<T> = array.values.iter().map(|&x| T::from_f64(x)).collect();
            plan.feed(name, &numbers).unwrap();
        }
        if let Some(labels) = &labels {
            plan.feed_labels("t", &labels.values).unwrap();
        }
        plan.run().unwrap();
        let found: Vec<f64> = match f.ty().kind {
            Kind::Real => plan.value(f).unwrap().iter().map(|&x| Real::to_f64(x)).collect(),
            Kind::Index { .. } => plan.labels(f).unwrap().iter().map(|&i| f64::from(i)).collect(),
        };
        assert_eq!(f.shape().dims(), expected.shape, "{text}");
        let sizes = operands.values().flat_map(|array| &array.values);
        let size = sizes.fold(1.0, |m: f64, x| m.max(x.abs()));
        for (i, (&found, &expected)) in found.iter().zip(&expected.values).enumerate() {
            assert!(
                is_close::<T>(found, expected, size),
                "{text}, element {i}: {found:e} in {}, {expected:e} expected",
                T::NAME
            );
        }
    }
}

#[test]
fn expressions_in_f64() {
    compare_expressions::<f64>();
}

#[test]
fn expressions_in_f32() {
    compare_expressions::<f32>();
}

#[test]
fn operations_in_f64() {
    compare_operations::<f64>();
}

#[test]
fn operations_in_f32() {
    compare_operations::<f32>();
}
