//! What can stand beside a value in arithmetic.

use chainrule::{Graph, Var};

fn value(v: Var<'_>) -> f64 {
    v.eval().unwrap().values()[0]
}

#[test]
fn numbers_stand_on_either_side() {
    let g = Graph::new();
    let x = g.constant(8.0);
    // With a method called on each, which needs to know its type.
    let right = [
        (x + 2).square(),
        (x - 2.0).square(),
        (x * 2_i64).square(),
        (x / 2_usize).square(),
        (x + 0.5_f32).square(),
        (x - 3_u32).square(),
        (x * 3_u64).square(),
    ];
    assert_eq!(right.map(value), [100.0, 36.0, 256.0, 16.0, 72.25, 25.0, 576.0]);
    let left = [(2 + x).square(), (2 - x).square(), (2.0 * x).square(), (2 / x).square()];
    assert_eq!(left.map(value), [100.0, 36.0, 256.0, 0.0625]);
}

#[test]
fn numbers_are_compared_and_chosen() {
    let g = Graph::new();
    let x = g.constant(8.0);
    let found = [x.maximum(9), x.minimum(2.5_f32), x.greater(7), x.less_equal(x), x.equal(7_u32)];
    assert_eq!(found.map(value), [9.0, 2.5, 1.0, 1.0, 0.0]);
    let found = [x.less(3).select(x, -1e9), x.select(1, x), x.select(x, 0), x.pow(2)];
    assert_eq!(found.map(value), [-1e9, 1.0, 8.0, 64.0]);
    // The gradient goes to what was chosen.
    let (w, zeros) = (g.parameter("w", [3]), g.constant_labels([3], &[0, 2, 0], 3));
    let loss = zeros.equal(0).select(w * 2, 5).sum(&[]);
    let slope = g.backward(loss, &[w])[0];
    assert_eq!(slope.eval().unwrap().values(), [2.0, 0.0, 2.0]);
}

#[test]
fn references_stand_for_what_they_name() {
    let g = Graph::new();
    let (x, y) = (&g.constant(8.0), &g.constant(2.0));
    let found = [x + y, x - *y, *x * y, x / y, -x, x + 1, 1 - x, 2.0 * x];
    assert_eq!(found.map(value), [10.0, 6.0, 16.0, 4.0, -8.0, 9.0, -7.0, 16.0]);
}

#[test]
fn values_are_changed_in_place() {
    let g = Graph::new();
    let (mut x, y) = (g.constant(8.0), g.constant(2.0));
    x += y;
    x -= &y;
    x *= 3;
    x /= 2.0;
    assert_eq!(value(x), 12.0);
}

#[test]
fn sums_are_those_of_additions_in_order() {
    let g = Graph::new();
    let terms = [g.constant(0.1), g.constant(0.2), g.constant(0.3)];
    let expected = 0.1 + 0.2 + 0.3;
    assert_eq!(value(terms.iter().sum()), expected);
    assert_eq!(value(terms.into_iter().sum::<Var>() * 1), expected);
    let rows = [g.constant(1.0).broadcast_to([2]), g.constant(2.0)];
    assert_eq!(rows.iter().sum::<Var>().eval().unwrap().values(), [3.0, 3.0]);
}

#[test]
#[should_panic(expected = "a sum of no values has no graph; begin with one")]
fn a_sum_of_nothing_says_what_to_do() {
    let _: Var = std::iter::empty::<Var>().sum();
}
