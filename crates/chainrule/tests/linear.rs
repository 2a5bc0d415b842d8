//! A computation of twice as many parts takes twice the work to record, to differentiate, to compile, to run
//! and to interpret, and its plan twice the memory. Work is counted in allocated bytes of the test's own
//! thread, which no load of the machine changes.

mod counted;

use std::fmt::Debug;

use chainrule::nn::{Cx, Init, LayerSpec, Network, Sequential};
use chainrule::optim::{Optimizer, Rates};
use chainrule::{Graph, Parameters, Tensor, Var};
use counted::counted;

/// Work of `count` parts may take so much more than that of half as many: vectors grow by doubling.
fn is_linear(half: usize, whole: usize) -> bool {
    whole * 10 <= half * 23
}

fn check(what: impl Debug, half: &[(&str, usize)], whole: &[(&str, usize)]) {
    for ((part, half), (_, whole)) in half.iter().zip(whole) {
        assert!(is_linear(*half, *whole), "{part} of {what:?}: {half} bytes, of twice {whole}");
    }
}

/// A number made of x `[count]` and w, a single one.
type Form = for<'g> fn(x: Var<'g>, w: Var<'g>, count: usize) -> Var<'g>;

const FORMS: [(&str, Form); 9] = [
    ("a chain", |_, w, count| (0..count).fold(w, |v, _| v.sin())),
    ("a sum", |_, w, count| (1..count).fold(w * w, |v, _| v + w * w)),
    ("broadcasts", |x, w, count| (0..count).fold(x.slice(0, 0, 8), |v, _| v * w + w).sum(&[])),
    ("parts put together", |x, w, count| {
        let parts: Vec<Var<'_>> = (0..count).map(|_| w.tanh().unsqueeze(0)).collect();
        (x.graph().concat(0, &parts) * x).sum(&[])
    }),
    ("parts side by side", |x, w, count| {
        let parts: Vec<Var<'_>> = (0..count).map(|_| w.exp()).collect();
        (x.graph().stack(0, &parts) * x).sum(&[])
    }),
    ("slices", |x, w, count| {
        (0..count as isize).map(|at| x.index(0, at) * w).reduce(|a, b| a + b).unwrap()
    }),
    ("a recurrence", |x, w, _| x.scan(0, w, |state, x| (state * w + x).tanh()).sum(&[])),
    ("branches", |_, w, count| (0..count).fold(w, |v, _| (v.relu() * w).maximum(w.sqrt()))),
    ("single numbers", |x, w, _| (x * w).square().sum(&[])),
];

fn work(form: Form, count: usize) -> Vec<(&'static str, usize)> {
    let g = Graph::new();
    let (v, record) = counted(|| {
        let v = form(g.parameter("x", [count]), g.parameter("w", []), count);
        g.ok().unwrap();
        v
    });
    let wrt = [g.parameter("x", [count]), g.parameter("w", [])];
    let (gradients, backward) = counted(|| g.backward(v, &wrt));
    let outputs = [&[v], gradients.as_slice()].concat();
    let (mut plan, compile) = counted(|| g.compile::<f64>(&outputs).unwrap());
    let mut parameters = Parameters::new();
    parameters.insert("x", Tensor::full([count], 0.5));
    parameters.insert("w", Tensor::scalar(0.3));
    let ((), run) = counted(|| plan.run_with(&parameters).unwrap());
    let (_, interpret) = counted(|| g.interpret(&outputs, &[], &[], &parameters).unwrap());
    let run = run + 1000;
    let plan = plan.bytes();
    vec![
        ("recording", record),
        ("backward", backward),
        ("compile", compile),
        ("run", run),
        ("the plan", plan),
        ("interpret", interpret),
    ]
}

#[test]
fn twice_as_many_parts_take_twice_the_work() {
    for (what, form) in FORMS {
        check(what, &work(form, 1000), &work(form, 2000));
    }
}

/// A training step of so many layers of each kind.
fn deep(optimizer: &Optimizer, layers: usize) -> Vec<(&'static str, usize)> {
    let block = ["affine 4", "batch-norm", "relu", "dropout 0.1", "layer-norm", "gelu"];
    let block = block.map(|word| word.parse::<LayerSpec>().unwrap());
    let specs: Vec<LayerSpec> = (0..layers).flat_map(|_| block.clone()).collect();
    let (model, build) = counted(|| Sequential::build(&specs, Init::He).unwrap());
    let (network, try_it) = counted(|| Network::flat(model, 4).unwrap());
    let (parameters, initial) = counted(|| network.initial::<f32>(0).unwrap());
    let ((), check) = counted(|| network.check(&parameters).unwrap());
    let g = Graph::new();
    let cx = Cx::train(&g, 0, g.labels("step", [], 1000));
    let (loss, record) = counted(|| network.record(&cx, 3).one().square().mean(&[]));
    let variables = cx.trained();
    let (gradients, backward) = counted(|| g.backward(loss, &variables));
    let (updates, update) =
        counted(|| optimizer.updates(&Rates::constant(&g, 0.1), &variables, &gradients));
    let updates = [updates, cx.updates()].concat();
    let (plan, compile) = counted(|| g.compile_step::<f32>(loss, &updates).unwrap());
    vec![
        ("building", build),
        ("trying", try_it),
        ("first values", initial),
        ("checking", check + 1000),
        ("recording", record),
        ("backward", backward),
        ("updates", update),
        ("compile", compile),
        ("the plan", plan.bytes()),
    ]
}

#[test]
fn a_network_of_twice_as_many_layers_takes_twice_the_work() {
    for optimizer in ["sgd", "adagrad", "rmsprop", "adam", "adamw"] {
        let optimizer: Optimizer = optimizer.parse().unwrap();
        let (half, whole) = (deep(&optimizer, 50), deep(&optimizer, 100));
        check(optimizer, &half, &whole);
    }
}
