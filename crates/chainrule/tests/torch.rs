//! Layers, losses, optimizers and schedules against `golden/training.json`, which
//! `golden/training.py` wrote with PyTorch in f64.

use std::collections::BTreeMap;

use chainrule::nn::{Cx, Field, Init, LayerSpec, Loss, Network, Sequential, Targets};
use chainrule::optim::{Clip, Method, Plateau, Rates, Schedule, Warmup};
use chainrule::{Graph, Parameters, Plan, Result, Shape, State, Tensor, Var};
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    network: Regression,
    models: Vec<Model>,
    optimizers: Vec<Run>,
    schedules: Vec<Scheduled>,
}

#[derive(Clone, Deserialize)]
struct Array {
    shape: Vec<usize>,
    values: Vec<f64>,
}

type Arrays = BTreeMap<String, Array>;

#[derive(Deserialize)]
struct Model {
    layers: Vec<LayerSpec>,
    loss: Loss,
    training: bool,
    x: Array,
    parameters: Arrays,
    labels: Option<Vec<u32>>,
    targets: Option<Array>,
    weights: Option<Vec<f64>>,
    output: Array,
    value: f64,
    gradients: Arrays,
    kept: Arrays,
}

#[derive(Deserialize)]
struct Regression {
    x: Array,
    t: Array,
    start: Arrays,
}

#[derive(Deserialize)]
struct Run {
    optimizer: Method,
    rate: f64,
    rates: Vec<f64>,
    clip: Option<Clip>,
    expected: Vec<Expected>,
}

#[derive(Deserialize)]
struct Expected {
    step: usize,
    loss: f64,
    parameters: Arrays,
}

#[derive(Deserialize)]
struct Scheduled {
    schedule: Schedule,
    base: f64,
    total: u64,
    warmup: Option<Warmup>,
    metrics: Option<Vec<f64>>,
    rates: Vec<f64>,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("golden/training.json")).unwrap()
}

impl Array {
    fn tensor(&self) -> Tensor<f64> {
        Tensor::new(Shape::new(&self.shape).unwrap(), self.values.clone()).unwrap()
    }

    /// Checks values to a relative error, of the largest expected one or of a thousandth.
    fn compare(&self, found: &[f64], relative: f64, what: &str) {
        assert_eq!(found.len(), self.values.len(), "{what}");
        let size = self.values.iter().fold(1e-3, |size: f64, x| size.max(x.abs()));
        for (i, (found, expected)) in found.iter().zip(&self.values).enumerate() {
            let close = (found - expected).abs() <= relative * size;
            assert!(close, "{what}, element {i}: {found:e}, but PyTorch has {expected:e}");
        }
    }
}

fn parameters(arrays: &Arrays) -> Parameters<f64> {
    let mut parameters = Parameters::new();
    for (name, array) in arrays {
        parameters.insert(name.clone(), array.tensor());
    }
    parameters
}

/// A model's output, loss, gradients and kept statistics.
#[test]
fn layers_and_losses() {
    let models = golden().models;
    assert!(models.len() > 50);
    for case in models {
        let what = format!("{:?} under {:?}, training {}", case.layers, case.loss, case.training);
        let inputs = [Field::real("x", Shape::new(&case.x.shape[1..]).unwrap())];
        let model = Sequential::build(&case.layers, Init::Zeros).unwrap();
        let model = Network::new(model, inputs).unwrap();
        let mut parameters = parameters(&case.parameters);
        model.check(&parameters).unwrap();
        let g = Graph::new();
        let x = g.input("x", Shape::new(&case.x.shape).unwrap());
        let step = g.labels("step", [], 10);
        let cx = if case.training { Cx::train(&g, 0, step) } else { Cx::predict(&g) };
        let output = model.forward(&cx, x).one();
        let targets = match (&case.labels, &case.targets) {
            (Some(labels), _) => {
                let binary = matches!(case.loss, Loss::BinaryCrossEntropy);
                let classes = if binary { 2 } else { output.size(-1) };
                Targets::Labels(g.labels("labels", [labels.len()], classes))
            }
            (None, Some(t)) => Targets::Values(g.constant_tensor(t.tensor())),
            (None, None) => panic!("{what}: no targets"),
        };
        let weights = case
            .weights
            .as_ref()
            .map(|w| g.constant_tensor(Tensor::new([w.len()], w.clone()).unwrap()));
        let loss = case.loss.record(output, targets, weights);
        let wanted: Vec<Var<'_>> = [&[x][..], &cx.trained()].concat();
        let gradients = g.backward(loss, &wanted);
        let names = ["x".to_owned()].into_iter().chain(model.trainable());

        let mut plan = g.compile::<f64>(&[&[output, loss][..], &gradients].concat()).unwrap();
        feed(&mut plan, &case);
        plan.run_with(&parameters).unwrap();
        case.output.compare(plan.value(output).unwrap(), 1e-13, &what);
        let value = plan.value(loss).unwrap()[0];
        assert!((value - case.value).abs() <= 1e-13 * case.value.abs(), "{what}: {value}");
        for (name, gradient) in names.zip(gradients) {
            let found = plan.value(gradient).unwrap();
            case.gradients[&name].compare(found, 1e-11, &format!("{what}, gradient of {name}"));
        }

        let updates = cx.updates();
        assert_eq!(updates.len(), if case.training { case.kept.len() } else { 0 }, "{what}");
        let mut plan = g.compile_step_with::<f64>(loss, &updates, &[]).unwrap();
        feed(&mut plan, &case);
        plan.step(&mut parameters).unwrap().finite().unwrap();
        for (name, expected) in &case.kept {
            let found = parameters.get(name).unwrap().values();
            expected.compare(found, 1e-13, &format!("{what}, {name}"));
        }
    }
}

fn feed(plan: &mut Plan<f64>, case: &Model) {
    plan.feed("x", &case.x.values).unwrap();
    if let Some(labels) = &case.labels {
        plan.feed_labels("labels", labels).unwrap();
    }
}

/// The loss of the network on which optimizers are compared, and its variables.
fn network<'g>(g: &'g Graph, network: &Regression) -> (Var<'g>, Vec<Var<'g>>) {
    let constant = |array: &Array| g.constant_tensor(array.tensor());
    let variable = |name: &str| g.parameter(name, Shape::new(&network.start[name].shape).unwrap());
    let [w, b, v] = ["w", "b", "v"].map(variable);
    let y = (constant(&network.x).matmul(w) + b).tanh().matmul(v);
    (y.mean_squared_error(constant(&network.t)), vec![w, b, v])
}

/// Optimizers of a plan agree over 100 steps, with the learning rate fed for each.
#[test]
fn optimizers() {
    let Golden { network: data, optimizers, .. } = golden();
    assert!(optimizers.len() > 20);
    for run in optimizers {
        let what = format!("{:?}, rate {}, clip {:?}", run.optimizer, run.rate, run.clip);
        let names = ["w", "b", "v"].map(String::from);
        let mut parameters = parameters(&data.start);
        let optimizer = match run.optimizer {
            Method::Step(optimizer) => optimizer,
            Method::Lbfgs(lbfgs) => {
                let mut state = State::new();
                let mut ask = |at: &Parameters<f64>| loss_and_gradient(&data, at);
                for expected in run.expected {
                    let before = lbfgs
                        .step(&mut parameters, &names, &mut state, run.rate, &mut ask)
                        .unwrap();
                    expected.compare(before, &parameters, &what);
                }
                continue;
            }
        };
        let g = Graph::new();
        let (loss, variables) = network(&g, &data);
        let mut gradients = g.backward(loss, &variables);
        if let Some(clip) = run.clip {
            gradients = clip.clip(&gradients);
        }
        let rates = Rates { rate: g.input("rate", []), of: run.rates };
        let updates = optimizer.updates(&rates, &variables, &gradients);
        let mut plan = g.compile_step::<f64>(loss, &updates).unwrap();
        plan.feed("rate", &[run.rate]).unwrap();
        let (mut done, mut state) = (0, State::new());
        for expected in run.expected {
            while done < expected.step {
                assert!(plan.step_with(&mut parameters, &mut state).unwrap().is_finite());
                done += 1;
            }
            expected.compare(plan.value(loss).unwrap()[0], &parameters, &what);
        }
        assert_eq!(done, 100, "{what}");
    }
}

impl Expected {
    fn compare(&self, loss: f64, parameters: &Parameters<f64>, what: &str) {
        let Self { step, loss: expected, .. } = self;
        let close = (loss - expected).abs() <= 1e-6 * expected.abs();
        assert!(close, "{what}, step {step}: the loss is {loss}, but PyTorch has {expected}");
        for (name, array) in &self.parameters {
            let found = parameters.get(name).unwrap().values();
            array.compare(found, 1e-6, &format!("{what}, step {step}, {name}"));
        }
    }
}

/// The loss and its gradient as L-BFGS asks for them.
fn loss_and_gradient(data: &Regression, at: &Parameters<f64>) -> Result<(f64, Parameters<f64>)> {
    let g = Graph::new();
    let (loss, variables) = network(&g, data);
    let gradients = g.backward(loss, &variables);
    let mut plan = g.compile::<f64>(&[&[loss][..], &gradients].concat())?;
    plan.run_with(at)?;
    let mut found = Parameters::new();
    for (name, gradient) in ["w", "b", "v"].into_iter().zip(gradients) {
        found.insert(name, plan.tensor(gradient)?);
    }
    Ok((plan.value(loss)?[0], found))
}

/// The rates of 100 steps.
#[test]
fn schedules() {
    for case in golden().schedules {
        let Scheduled { schedule, base, total, warmup, metrics, rates } = case;
        let mut plateau = Plateau::default();
        let warmup = warmup.unwrap_or_default();
        for (at, expected) in rates.into_iter().enumerate() {
            let found = warmup.rate(&schedule, base, at as u64, total, &plateau);
            let close = (found - expected).abs() <= 1e-9 * expected + 1e-15;
            assert!(close, "{schedule:?} after {warmup:?} at {at}: {found}, but {expected}");
            if let Some(metrics) = &metrics {
                schedule.observe(metrics[at], &mut plateau);
            }
        }
    }
}
