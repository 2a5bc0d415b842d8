//! The terms of pointwise operations: data that computes what the operations compute.

use std::sync::Arc;

use chainrule::ops::{AnyPointwise, Gate, Number, Pointwise, all_pointwise, derivative};
use chainrule::optim::all_updates;
use chainrule::{Graph, Real, Var};

/// Every operation that a new entry joins.
fn all() -> Vec<Arc<dyn AnyPointwise>> {
    all_pointwise().into_iter().chain(all_updates()).collect()
}

/// Numbers of all sizes, zeros, infinities and NaN among them, as many for each operand as `count`.
fn arguments(operands: usize, count: usize) -> Vec<Vec<f64>> {
    let special =
        [0.0, -0.0, 1.0, -1.0, 0.5, 2.0, -3.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN];
    let number = |i: usize| match i % 7 {
        0 => special[i / 7 % special.len()],
        1 => (i as f64 * 0.618).fract() * 2e-30 - 1e-30,
        2 => (i as f64 * 0.618).fract() * 2e6 - 1e6,
        _ => (i as f64 * 0.618).fract() * 8.0 - 4.0,
    };
    (0..operands).map(|at| (0..count).map(|i| number(i * (2 * at + 3) + at)).collect()).collect()
}

/// NaN is NaN, whichever.
fn bits(x: f64) -> u64 {
    if x.is_nan() { f64::NAN.to_bits() } else { x.to_bits() }
}

/// What plans compute of an operation and of its gradients by all operands, element by element.
fn by_plan<T: Real>(op: &Arc<dyn AnyPointwise>, given: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let (g, count) = (Graph::with_exact_slopes(), given[0].len());
    let operands: Vec<Var<'_>> =
        (0..op.arity()).map(|at| g.input(&at.to_string(), [count])).collect();
    let y = g.apply_shared(op.clone(), &operands);
    let gradients = g.backward(y.sum(&[]), &operands);
    let outputs: Vec<Var<'_>> = [&[y], &gradients[..]].concat();
    let mut plan = g.compile::<T>(&[&outputs[..], &operands].concat()).unwrap();
    for (at, numbers) in given.iter().enumerate() {
        let numbers: Vec<T> = numbers.iter().map(|&x| T::from_f64(x)).collect();
        plan.feed(&at.to_string(), &numbers).unwrap();
    }
    plan.run().unwrap();
    let read = |v: &Var<'_>| plan.value(*v).unwrap().iter().map(|&x| Real::to_f64(x)).collect();
    outputs.iter().map(read).collect()
}

/// Terms against the loops of plans, in many elements and in one.
fn values<T: Real>() {
    for op in all() {
        let (term, count) = (op.term(), 700);
        let given = arguments(op.arity(), count);
        let found = by_plan::<T>(&op, &given);
        for i in 0..count {
            let at: Vec<T> = given.iter().map(|numbers| T::from_f64(numbers[i])).collect();
            let by_term = Real::to_f64(term.eval(&at).unwrap());
            assert_eq!(bits(by_term), bits(found[0][i]), "{} at {at:?} in {}", op.name(), T::NAME);
            if i % 10 == 0 {
                let one: Vec<Vec<f64>> = given.iter().map(|numbers| vec![numbers[i]]).collect();
                assert_eq!(bits(by_plan::<T>(&op, &one)[0][0]), bits(by_term), "{}", op.name());
            }
        }
    }
}

#[test]
fn terms_compute_the_bits_of_operations() {
    values::<f32>();
    values::<f64>();
}

#[test]
fn derivatives_compute_the_bits_of_gradients() {
    for op in all_pointwise() {
        let (value, count) = (op.term(), 700);
        let given = arguments(op.arity(), count);
        let found = by_plan::<f64>(&op, &given);
        for operand in 0..op.arity() {
            let slope = derivative(&op, operand).expect("rules of pointwise operations");
            for i in 0..count {
                let mut at: Vec<f64> = given.iter().map(|numbers| numbers[i]).collect();
                at.push(value.eval(&at).unwrap());
                let by_term = slope.eval(&at).unwrap();
                let by_plan = found[1 + operand][i];
                // A gradient that is not there is written as 0, and as −0 by no sum of others.
                let same = bits(by_term) == bits(by_plan) || (by_term == 0.0 && by_plan == 0.0);
                assert!(same, "{} by {operand} at {at:?}: {by_term:e}, {by_plan:e}", op.name());
            }
        }
    }
}

#[test]
fn examples_hold_and_have_words() {
    for op in all() {
        assert!(
            op.doc().ends_with(".\n") || op.doc().ends_with('.'),
            "{}: {}",
            op.name(),
            op.doc()
        );
        let Some((at, expected)) = op.example() else { continue };
        assert_eq!(op.term().eval(&at), Some(expected), "{} at {at:?}", op.name());
        if let Some(domain) = op.domain() {
            assert_eq!(domain.holds(&at), Some(true), "{} at {at:?}", op.name());
        }
    }
}

#[test]
fn a_domain_is_where_the_value_is_no_nan() {
    for op in all_pointwise() {
        let given = arguments(op.arity(), 2000);
        for i in 0..2000 {
            let at: Vec<f64> = given.iter().map(|numbers| numbers[i]).collect();
            if at.iter().any(|x| !x.is_finite()) {
                continue;
            }
            let value = op.term().eval(&at).unwrap();
            match op.domain().map(|domain| domain.holds(&at).unwrap()) {
                Some(false) => assert!(!value.is_finite(), "{} at {at:?}: {value}", op.name()),
                Some(true) | None => assert!(!value.is_nan(), "{} at {at:?}", op.name()),
            }
        }
    }
}

/// An operation with a setting.
#[derive(Debug)]
struct Scale {
    factor: f64,
}

impl Pointwise for Scale {
    type Operands<T: Copy> = [T; 1];

    fn name(&self) -> &'static str {
        "scale"
    }
    fn value<T: Number>(&self, [x]: [T; 1]) -> T {
        x * x.like(self.factor)
    }
    fn backward<'g>(&self, gate: &Gate<'_, 'g>, _operand: usize) -> Option<Var<'g>> {
        Some(gate.upstream * self.factor)
    }
}

#[test]
fn an_operation_of_ones_own_has_all_that_the_librarys_have() {
    let op: Arc<dyn AnyPointwise> = Arc::new(Scale { factor: 0.1 });
    assert_eq!(op.term().eval(&[3.0_f32]), Some(3.0 * 0.1));
    assert_eq!(derivative(&op, 0).unwrap().eval(&[3.0, 0.3]), Some(0.1));
    let found = by_plan::<f32>(&op, &[vec![3.0, -1.0]]);
    assert_eq!(found, [[0.3f32.into(), (-0.1f32).into()], [0.1f32.into(); 2]]);
    // One number, and two of it that are not joined although they print alike.
    assert_eq!(by_plan::<f64>(&op, &[vec![3.0]])[0], [0.1 * 3.0]);
    let g = Graph::new();
    let x = g.constant(2.0);
    let [a, b] = [3.0, 4.0].map(|factor| g.apply(Scale { factor }, &[x]));
    assert_eq!((a + b).eval().unwrap().values(), [14.0]);
}
