//! Plans against the interpreter: the same bits on thousands of random graphs, whatever a plan fuses,
//! reorders, shares or reuses, and on any number of threads.

use std::sync::Arc;

use chainrule::graph::Source;
use chainrule::ops::{AnyPointwise, CumSum, RandomMask, Span, all_pointwise};
use chainrule::optim::{Optimizer, Rates, RmsProp, Sgd, all_updates};
use chainrule::{Graph, Parameters, Pool, Real, Shape, State, Tensor, Var};
use proptest::prelude::*;

/// One step of growing a graph: an operation, and which earlier values it takes.
type Growth = (u8, u8, u8);

/// The shapes of inputs and parameters: they broadcast, multiply and reduce in many ways. Large ones
/// make plans that are worth sharing among threads.
fn shapes(unit: usize) -> [Shape; 8] {
    let (long, short) = (5 * unit, 3 * unit);
    [
        Shape::from([]),
        Shape::from([1]),
        Shape::from([long]),
        Shape::from([long, long]),
        Shape::from([short, long]),
        Shape::from([long, short]),
        Shape::from([1, long]),
        Shape::from([2, short, long]),
    ]
}

/// Grows a graph from inputs and parameters; steps that do not fit are passed over.
fn grow<'g>(g: &'g Graph, growth: &[Growth], unit: usize) -> Vec<Var<'g>> {
    let mut values: Vec<Var<'g>> = Vec::new();
    for (i, shape) in shapes(unit).into_iter().enumerate() {
        values.push(g.input(&format!("x{i}"), shape));
        values.push(g.parameter(&format!("w{i}"), shape));
    }
    let pointwise: Vec<Arc<dyn AnyPointwise>> =
        all_pointwise().into_iter().chain(all_updates()).collect();
    for &(op, a, b) in growth {
        let value = |at: usize| values[at % values.len()];
        let (x, y) = (value(a.into()), value(b.into()));
        // Every other step is pointwise.
        let which = usize::from(op / 2);
        let found = match op % 2 {
            0 => {
                let op = &pointwise[which % pointwise.len()];
                let operands =
                    (0..op.arity()).map(|at| value(usize::from(a) + at * usize::from(b)));
                element_by_element(g, op, &operands.collect::<Vec<_>>())
            }
            _ => OTHERS[which % OTHERS.len()](g, x, y, b),
        };
        if let Some(v) = found.filter(|v| v.shape().len() <= 20_000) {
            values.push(v);
        }
    }
    values
}

/// A pointwise operation of values that broadcast.
fn element_by_element<'g>(
    g: &'g Graph,
    op: &Arc<dyn AnyPointwise>,
    operands: &[Var<'g>],
) -> Option<Var<'g>> {
    let mut shapes = operands.iter().map(Var::shape);
    let shape = shapes.try_fold(Shape::scalar(), |all, shape| all.broadcast(&shape))?;
    let within = |v: &Var<'g>| {
        let v = v.broadcast_to(shape);
        // NaN of most numbers would hide what comes after.
        if op.domain().is_some() { v.tanh().abs() } else { v }
    };
    let operands: Vec<Var<'g>> = operands.iter().map(within).collect();
    Some(g.apply_shared(op.clone(), &operands))
}

/// A step of growing, by two values and a number.
type Other = for<'g> fn(&'g Graph, Var<'g>, Var<'g>, u8) -> Option<Var<'g>>;

/// Everything but pointwise operations: what has axes, and what plans treat in a way of its own.
const OTHERS: &[Other] = &[
    |_, x, y, _| broadcast(x, y).map(|(x, y)| x / y),
    |_, x, y, _| broadcast(x, y).map(|(x, y)| x.greater(y).select(x, y * 0.5)),
    |_, x, _, number| Some(x * constant(number)),
    |_, x, _, number| Some(x + constant(number)),
    |_, x, _, number| Some(x / constant(number)),
    |_, x, _, number| Some(x.pow(constant(number))),
    |g, x, _, _| Some(x * g.constant(1.0) / g.constant(1.0)),
    |_, x, _, number| axis(x, number).map(|axis| x.sum(&[axis])),
    |_, x, _, number| axis(x, number).map(|axis| x.max(&[axis])),
    |_, x, _, number| axis(x, number).map(|axis| x.mean(&[axis])),
    |_, x, _, _| Some(x.sum(&[])),
    |_, x, _, _| (x.shape().rank() >= 2).then(|| x.t()),
    |_, x, _, _| (x.shape().rank() >= 1).then(|| x.softmax()),
    |_, x, _, _| (x.shape().rank() >= 1).then(|| x.log_softmax()),
    |_, x, _, number| axis(x, number).map(|axis| x.slice(axis, 0, length(x, axis).div_ceil(2))),
    |_, x, _, number| axis(x, number).map(|axis| x.pad(axis, 1, 0)),
    |_, x, y, _| (x.shape().rank() >= 1 && x.shape() == y.shape()).then(|| x.concat(0, &[y])),
    |g, x, y, number| {
        let fits = (x.shape().rank() >= 1 && x.shape() == y.shape()).then_some(g)?;
        let parts: Vec<Var<'_>> =
            [x, y].into_iter().cycle().take(usize::from(number % 12) + 1).collect();
        axis(x, number).map(|axis| fits.concat(axis, &parts))
    },
    |_, x, y, _| (x.shape().rank() < 8 && x.shape() == y.shape()).then(|| x.stack(-1, &[y, x])),
    |_, x, _, number| axis(x, number).map(|axis| x.index(axis, (length(x, axis) / 2) as isize)),
    |_, x, _, number| axis(x, number).map(|axis| x.index(axis, -1).unsqueeze(axis)),
    |_, x, _, number| axis(x, number).map(|axis| x - x.mean_keep(&[axis])),
    |_, x, _, number| axis(x, number).map(|axis| x.max_keep(&[axis]).squeeze(axis)),
    |_, x, _, number| {
        let axis = axis(x, number)?;
        let parts = x.split(axis, &[1, length(x, axis) - 1]);
        Some(parts[1].concat(axis, &[parts[0]]))
    },
    |_, x, _, number| {
        let axis = axis(x, number).filter(|&axis| length(x, axis).is_multiple_of(2))?;
        let [a, b] = x.chunk(axis);
        Some(a * b)
    },
    |_, x, _, number| {
        let axis = axis(x, number)?;
        let labels = (x * 3.0).to_labels(length(x, axis));
        Some(x.take_along_axis(axis, labels))
    },
    |_, x, y, number| {
        let axis = axis(x, number).filter(|_| x.shape() == y.shape())?;
        Some(x.scatter_add_along_axis(axis, y.to_labels(3), 3))
    },
    |_, x, _, number| axis(x, number).map(|axis| x.argmax(axis).to_real()),
    |g, x, _, number| {
        let axis = x.shape().rank().checked_sub(1)?.min(usize::from(number / 4 % 3));
        let (exclusive, reverse) = (number & 1 > 0, number & 2 > 0);
        Some(g.apply(CumSum { axis, exclusive, reverse }, &[x]))
    },
    |_, x, _, number| axis(x, number).map(|axis| x.prod_keep(&[axis])),
    |_, x, _, number| {
        axis(x, number).map(|axis| x.sort(axis) - x.argsort_descending(axis).to_real())
    },
    |_, x, _, number| axis(x, number).map(|axis| x.top_k(axis, length(x, axis).div_ceil(2)).0),
    |_, x, y, number| {
        let axis = axis(x, number).filter(|_| x.shape() == y.shape())?;
        Some(x.put_along_axis(axis, y.to_labels(length(x, axis)), y))
    },
    |_, x, _, number| {
        let offset = isize::from(number % 5) - 2;
        (x.shape().rank() >= 2).then(|| x.tril(offset) + x.triu(-offset).exp())
    },
    |g, x, y, number| {
        let text = ["ij,kj->ik", "ij,ij->j", "...j,...j", "ij,il,kl->jk"][usize::from(number % 4)];
        (x.shape().rank() == 2 && x.shape() == y.shape())
            .then(|| g.einsum(text, &[x, y, x][..text.matches(',').count() + 1]))
    },
    // Labels that are moved before they are read.
    |_, x, _, _| {
        let labels = (x.shape().rank() == 2).then(|| x.to_labels(4).t())?;
        Some(labels.concat(0, &[labels]).greater(labels.index(0, -1)))
    },
    |_, x, _, number| axis(x, number).map(|axis| x.index(axis, 0).to_labels(3).one_hot(3)),
    |_, x, _, _| Some(x.reshape([x.shape().len()])),
    |_, x, y, _| products(x, y),
    |_, x, y, _| products(x, y),
    // Products over several axes, of which the left operand lies as it may.
    |_, x, y, number| {
        let axes = usize::from(number) % (x.shape().rank().min(y.shape().rank()) + 1);
        let own = x.shape().rank() - axes;
        let fits = x.shape().dims()[own..] == y.shape().dims()[..axes];
        (fits && own + y.shape().rank() - axes <= 8).then(|| x.tensordot(y, axes))
    },
    |_, x, _, number| {
        let axis = axis(x, number)?;
        let span = Span { length: 2, stride: 1 + usize::from(number % 2), dilation: 1 };
        let fits = length(x, axis) >= 2 && x.shape().rank() < 8;
        let windows = fits.then(|| x.windows(axis, &[span]))?;
        Some(windows.tensordot(windows.index(0, 0), windows.shape().rank() - 1))
    },
    |_, x, _, number| {
        let axis = axis(x, number)?;
        let (span, length) = (Span::new(3), length(x, axis));
        let fits = length >= 3 && x.shape().rank() < 8;
        fits.then(|| (x.windows(axis, &[span]) * 0.5).fold_windows(axis, &[span], &[length]))
    },
    |_, x, _, number| axis(x, number).map(|axis| x.flip(&[axis]) - x),
    |_, x, _, _| (x.shape().rank() == 2).then(|| x.gather(1, x.argmax(1))),
    |_, x, y, _| broadcast(x, y).map(|(x, y)| x.stop_gradient() * y),
    |_, x, _, number| Some(x.clamp(-constant(number).abs(), 0.5)),
    |_, x, _, number| axis(x, number).map(|axis| x.softmax_over(axis) - x.log_softmax_over(axis)),
    |_, x, _, number| axis(x, number).map(|axis| x.logsumexp(&[axis]) * x.std(&[axis], 0)),
    |_, x, _, number| {
        axis(x, number).filter(|&axis| length(x, axis) > 1).map(|axis| x.var(&[axis], 1))
    },
    |g, x, y, number| {
        (y.shape().rank() == 0).then(|| {
            let shape = x.shape();
            x * g.random_uniform(shape, 1, number.into(), y)
                + g.random_normal(shape, 1, number.into(), y)
        })
    },
    |g, x, y, number| {
        (y.shape().rank() == 0).then(|| {
            let mask = RandomMask { seed: 1, number: number.into(), rate: 0.3, shape: x.shape() };
            x * g.apply(mask, &[y])
        })
    },
];

fn broadcast<'g>(x: Var<'g>, y: Var<'g>) -> Option<(Var<'g>, Var<'g>)> {
    x.shape().broadcast(&y.shape()).map(|_| (x, y))
}

/// An axis, by its number from the start or from the end.
fn axis(x: Var<'_>, number: u8) -> Option<isize> {
    let rank = x.shape().rank() as isize;
    (rank > 0).then(|| isize::from(number) % (2 * rank.max(1)) - rank)
}

fn length(x: Var<'_>, axis: isize) -> usize {
    let dims = x.shape().dims().to_vec();
    dims[axis.rem_euclid(dims.len() as isize) as usize]
}

fn constant(number: u8) -> f64 {
    f64::from(number % 5) - 1.0
}

/// A matrix product, if one of the ways to turn the operands fits.
fn products<'g>(x: Var<'g>, y: Var<'g>) -> Option<Var<'g>> {
    let (s, t) = (x.shape(), y.shape());
    if s.rank() < 2 || t.rank() != 2 {
        return None;
    }
    let last = s.dims()[s.rank() - 1];
    match t.dims() {
        [rows, _] if *rows == last => Some(x.matmul(y)),
        [_, columns] if *columns == last => Some(x.matmul(y.t())),
        _ => None,
    }
}

/// Irregular numbers, zeros among them.
fn numbers<T: Real>(shape: Shape, seed: usize) -> Tensor<T> {
    let number = |i: usize| (((i + 3) * (seed + 7) * 37 % 101) as f64 - 50.0) / 25.0;
    Tensor::new(shape, (0..shape.len()).map(|i| T::from_f64(number(i))).collect()).unwrap()
}

fn bits<T: Real>(values: &[T]) -> Vec<u64> {
    // Which NaN an operation gives is not promised.
    let bits = |x: f64| if x.is_nan() { f64::NAN.to_bits() } else { x.to_bits() };
    values.iter().map(|&x| bits(Real::to_f64(x))).collect()
}

#[derive(Clone)]
struct Given<T> {
    inputs: Vec<(String, Tensor<T>)>,
    parameters: Parameters<T>,
    state: State<T>,
}

impl<T: Real> Given<T> {
    fn new(unit: usize) -> Self {
        let (inputs, parameters, state) = (Vec::new(), Parameters::new(), State::new());
        let mut given = Self { inputs, parameters, state };
        for (i, shape) in shapes(unit).into_iter().enumerate() {
            given.inputs.push((format!("x{i}"), numbers(shape, 2 * i)));
            given.parameters.insert(format!("w{i}"), numbers(shape, 2 * i + 1));
        }
        given
    }

    fn interpret(&self, g: &Graph, outputs: &[Var<'_>]) -> Vec<Tensor<T>> {
        let inputs: Vec<(&str, Tensor<T>)> =
            self.inputs.iter().map(|(name, tensor)| (name.as_str(), tensor.clone())).collect();
        g.interpret(outputs, &inputs, &[], (&self.parameters, &self.state)).unwrap()
    }

    fn feed(&self, plan: &mut chainrule::Plan<T>) {
        for (name, tensor) in &self.inputs {
            // A plan has only the inputs that its outputs need.
            let _ = plan.feed(name, tensor.values());
        }
    }
}

/// All values and the gradients of their sum.
fn values_and_gradients<T: Real>(growth: &[Growth], unit: usize, threads: usize) {
    let g = Graph::new();
    let values = grow(&g, growth, unit);
    let loss = values.iter().skip(16).fold(g.constant(0.0), |sum, v| sum + v.mean(&[]));
    let gradients = g.backward(loss, &values[..16]);
    let outputs: Vec<Var<'_>> = [values.as_slice(), &gradients, &[loss]].concat();
    let given = Given::<T>::new(unit);
    let expected = given.interpret(&g, &outputs);
    // Everything kept, and only the end, so that the rest can be fused.
    for wanted in [outputs.clone(), [gradients.as_slice(), &[loss]].concat()] {
        let pool = Arc::new(Pool::new(threads));
        let mut plan = g.compile::<T>(&wanted).unwrap().with_pool(&pool);
        given.feed(&mut plan);
        for _ in 0..2 {
            plan.run_with(&given.parameters).unwrap();
            for v in &wanted {
                let at = outputs.iter().position(|other| other.id() == v.id()).unwrap();
                let (found, expected) = (plan.value(*v).unwrap(), expected[at].values());
                assert_eq!(bits(found), bits(expected), "{v:?} in {}", T::NAME);
            }
        }
    }
}

/// A training step: updates are written where the parameters are, as the interpreter computes them.
fn training_step<T: Real>(growth: &[Growth], unit: usize, optimizer: Optimizer, threads: usize) {
    let g = Graph::new();
    let values = grow(&g, growth, unit);
    let loss = values.iter().skip(16).fold(g.constant(0.0), |sum, v| sum + v.tanh().mean(&[]));
    let weights: Vec<Var<'_>> = values[..16].iter().skip(1).step_by(2).copied().collect();
    let gradients = g.backward(loss, &weights);
    let mut given = Given::<T>::new(unit);
    let updates = optimizer.updates(&Rates::constant(&g, 0.01), &weights, &gradients);
    let news: Vec<Var<'_>> = updates.iter().map(|(_, new)| *new).chain([loss]).collect();
    given.state = g.initial_state();
    let expected = given.interpret(&g, &news);
    let loss_is_finite = Real::to_f64(expected[updates.len()].values()[0]).is_finite();
    let pool = Arc::new(Pool::new(threads));
    let mut plan = g.compile_step::<T>(loss, &updates).unwrap().with_pool(&pool);
    given.feed(&mut plan);
    let before = given.clone();
    let Given { parameters, state, .. } = &mut given;
    let answer = plan.step_with(parameters, state).unwrap().is_finite();
    if !loss_is_finite {
        assert!(!answer);
        assert_eq!(parameters.sha256(), before.parameters.sha256());
        return assert!(*state == before.state);
    }
    let mut refused = false;
    for ((target, _), expected) in updates.iter().zip(&expected) {
        let of = |parameters: &Parameters<T>, state: &State<T>| {
            g.node(target.id(), |node| match &node.source {
                Source::Parameter(name) => parameters.get(name).unwrap().clone(),
                Source::State(key) => state.get(key).unwrap().clone(),
                source => panic!("{source:?} is updated"),
            })
        };
        let (found, old) = (of(parameters, state), of(&before.parameters, &before.state));
        let bits = [&found, expected, &old].map(|tensor| bits(tensor.values()));
        for (at, x) in expected.values().iter().enumerate() {
            let [found, expected, old] = [0, 1, 2].map(|of| bits[of][at]);
            // A gradient without a value leaves the old one.
            let is_refused = !Real::to_f64(*x).is_finite() && found == old && old != expected;
            refused |= is_refused;
            assert!(is_refused || found == expected, "{target:?} in {}, element {at}", T::NAME);
        }
    }
    assert_eq!(answer, !refused);
}

/// The optimizers of a plan, with momentum and weight decay where they have them.
fn optimizers() -> impl Strategy<Value = Optimizer> {
    let weight_decay = 0.1;
    let named = |name: &str| name.parse::<Optimizer>().unwrap();
    prop::sample::select(vec![
        Optimizer::sgd(),
        Sgd { momentum: 0.9, nesterov: true, weight_decay }.into(),
        named("adagrad"),
        RmsProp { decay: 0.9, epsilon: 1e-8, momentum: 0.9, weight_decay }.into(),
        named("adam"),
        named("adamw"),
    ])
}

fn growths() -> impl Strategy<Value = Vec<Growth>> {
    prop::collection::vec(any::<Growth>(), 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn values_and_gradients_have_the_interpreters_bits(growth in growths()) {
        values_and_gradients::<f32>(&growth, 1, 1);
        values_and_gradients::<f64>(&growth, 1, 1);
    }

    #[test]
    fn training_steps_have_the_interpreters_bits(growth in growths(), optimizer in optimizers()) {
        training_step::<f32>(&growth, 1, optimizer, 1);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn threads_share_a_plan_with_the_interpreters_bits(
        growth in growths(), optimizer in optimizers(), threads in 2usize..4,
    ) {
        values_and_gradients::<f32>(&growth, 19, threads);
        training_step::<f32>(&growth, 19, optimizer, threads);
    }
}
