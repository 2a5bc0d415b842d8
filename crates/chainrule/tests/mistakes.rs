//! The likeliest mistakes, and all that is said of each, as someone reads it who is new here: where it is,
//! what is wrong, what would be right.

use std::fmt::Debug;

use chainrule::nn::{
    Affine, Cx, Field, Init, Model, Network, Relu, Sequential, Values, from_fn, from_values,
};
use chainrule::optim::{Clip, Each, Optimizer, Rates, Rule, Sgd};
use chainrule::{Graph, Parameters, Plan, Result, State, Tensor, Var};

/// What is said. A line of this file is told apart from the rest, as `HERE`, and as how many lines it
/// stands below `from`.
fn told<T: Debug>(from: u32, result: Result<T>) -> String {
    let mut text = result.expect_err("this is a mistake").to_string();
    let here = format!("{}:", file!());
    while let Some(start) = text.find(&here) {
        let line = text[start + here.len()..].split(|c: char| !c.is_ascii_digit()).next().unwrap();
        let below = line.parse::<u32>().unwrap() - from;
        text.replace_range(start..start + here.len() + line.len(), &format!("HERE+{below}"));
    }
    text
}

/// What a graph in which `record` makes a mistake says when it is compiled.
#[track_caller]
fn recorded(record: impl for<'g> FnOnce(&'g Graph) -> Var<'g>) -> String {
    let (g, from) = (Graph::new(), std::panic::Location::caller().line());
    let y = record(&g);
    told(from, g.compile::<f32>(&[y]).map(|_| ()))
}

/// A plan of pixels `[5, 2]` by weight `[2, 3]`, and its parameters.
fn product() -> (Plan<f32>, Parameters<f32>) {
    let g = Graph::new();
    let y = g.input("pixels", [5, 2]).matmul(g.parameter("weight", [2, 3])).output("scores");
    let _ = g.input("unused", [5]);
    let mut parameters = Parameters::new();
    parameters.insert("weight", Tensor::full([2, 3], 1.0));
    (g.compile(&[y]).unwrap(), parameters)
}

/// A step of Adam on a scalar.
fn step() -> (Plan<f32>, Parameters<f32>) {
    let g = Graph::new();
    let w = g.parameter("w", []);
    let loss = (w - 3).square();
    let updates =
        Optimizer::adam().updates(&Rates::constant(&g, 0.1), &[w], &g.backward(loss, &[w]));
    let mut parameters = Parameters::new();
    parameters.insert("w", Tensor::scalar(1.0));
    (g.compile_step(loss, &updates).unwrap(), parameters)
}

#[test]
fn shapes() {
    assert_eq!(
        recorded(|g| g.input("x", [100, 50]) + g.input("y", [100])),
        "add: the shapes do not broadcast: aligned at the last axis, lengths must be equal or 1 \
         (operands [100, 50], [100]), at HERE+0"
    );
    assert_eq!(
        recorded(|g| g.input("x", [100, 784]).matmul(g.parameter("w", [50, 10]))),
        "matmul: the inner lengths differ: 784 columns against 50 rows (operands [100, 784], \
         [50, 10]), at HERE+0"
    );
    assert_eq!(
        recorded(|g| g.input("price", [3, 1]).mean_squared_error(g.input("wanted", [3]))),
        "mean_squared_error: the target must have the prediction's shape: reshape one of them \
         (operands [3, 1], [3]), at HERE+0"
    );
    assert_eq!(
        recorded(|g| g.parameter("w", [2]) + g.parameter("w", [3]).sum(&[])),
        "parameter: `w` is already [2], not [3], at HERE+0"
    );
}

#[test]
fn gradients() {
    let many = recorded(|g| {
        let w = g.parameter("w", [3]);
        g.backward(w.square(), &[w])[0]
    });
    assert_eq!(
        many,
        "backward: the loss must be a scalar; reduce it with sum or mean (operands [3]), at HERE+2"
    );

    let of_input = recorded(|g| {
        let x = g.input("x", [2]);
        let loss = x.square().sum(&[]);
        let gradients = g.backward(loss, &[x]);
        let _ = Optimizer::sgd().updates(&Rates::constant(g, 0.1), &[x], &gradients);
        loss
    });
    assert_eq!(
        of_input,
        "sgd: trains what `Graph::parameter` or `Cx::param` made, not the input `x` (operands [2]), \
         at HERE+4"
    );

    let too_few = recorded(|g| {
        let [v, w] = ["v", "w"].map(|name| g.parameter(name, [2]));
        let loss = (v * w).sum(&[]);
        let gradients = g.backward(loss, &[v]);
        let _ = Optimizer::adam().updates(&Rates::constant(g, 0.1), &[v, w], &gradients);
        loss
    });
    assert_eq!(too_few, "adam: takes a gradient for each parameter: 2, not 1, at HERE+4");
}

#[test]
fn labels() {
    assert_eq!(
        recorded(|g| g.input("x", [2, 10]).softmax_with_loss(g.labels("digit", [2], 11))),
        "softmax_with_loss: labels go up to 10, but there are logits of 10 classes (operands \
         [2, 10], [2] of labels below 11), at HERE+0"
    );
    assert_eq!(
        recorded(|g| g.labels("digit", [2], 11) * 2),
        "mul: takes real numbers, not labels: `to_real` makes numbers of them (operands [2] of \
         labels below 11, [2]), at HERE+0"
    );
    let g = Graph::new();
    let loss = g.input("logits", [2, 10]).softmax_with_loss(g.labels("digit", [2], 10));
    let mut plan = g.compile::<f32>(&[loss]).unwrap();
    assert_eq!(
        told(0, plan.feed_labels("digit", &[9, 10])),
        "input `digit`: label 10 is out of range: the labels go from 0 to 9"
    );
    assert_eq!(
        told(0, plan.feed_labels("digit", &[9])),
        "the input `digit` is [2] of labels below 10: 2 elements, but 1 were given"
    );
}

#[test]
fn inputs() {
    let (mut plan, parameters) = product();
    assert_eq!(
        told(0, plan.feed("pixels", &[0.0; 9])),
        "the input `pixels` is [5, 2]: 10 elements, but 9 were given"
    );
    assert_eq!(
        told(0, plan.feed("pixel", &[0.0; 10])),
        "there is no input named `pixel`; did you mean `pixels`?"
    );
    assert_eq!(
        told(0, plan.feed("unused", &[0.0; 5])),
        "no output of the plan needs the input `unused`: leave it out"
    );
    assert_eq!(
        told(0, plan.feed_labels("pixels", &[0; 10])),
        "the input `pixels` holds real numbers, not labels"
    );
    assert_eq!(
        told(0, plan.run_with(&parameters)),
        "the input `pixels` was never fed: give it values before the plan runs"
    );
}

#[test]
fn outputs() {
    let (g, other) = (Graph::new(), Graph::new());
    let hidden = g.constant(1.0).exp();
    let plan = g.compile::<f32>(&[hidden.square()]).unwrap();
    assert_eq!(
        told(0, plan.value(hidden)),
        "node 1 is not an output of this plan: name it among the outputs when you compile"
    );
    let (plan, _) = product();
    assert_eq!(
        told(0, plan.value("score")),
        "there is no output named `score`; did you mean `scores`?"
    );
    assert_eq!(
        told(0, plan.value(other.input("x", [2]))),
        "Var(0 input [2]) belongs to another graph than the one asked"
    );
    let (sum, line) = (g.input("x", [2]) + other.input("y", [2]), line!());
    assert_eq!(
        told(line, g.compile::<f32>(&[sum]).map(|_| ())),
        "add: the operands belong to different graphs (operands [2], [2]), at HERE+0"
    );
}

#[test]
fn parameters() {
    let (mut plan, mut parameters) = product();
    plan.feed("pixels", &[0.0; 10]).unwrap();
    assert_eq!(
        told(0, plan.run()),
        "the plan reads the parameter `weight`: run it with `run_with(&parameters)`"
    );
    assert_eq!(
        told(0, plan.run_with(&Parameters::new())),
        "there is no parameter named `weight`; there are none"
    );
    assert_eq!(
        told(0, plan.run_with(&parameters.prefixed("encoder"))),
        "there is no parameter named `weight`; there are: encoder.weight"
    );
    parameters.insert("weight", Tensor::full([3, 2], 1.0));
    assert_eq!(
        told(0, plan.run_with(&parameters)),
        "parameter `weight` has shape [3, 2], but it must have [2, 3]"
    );
}

#[test]
fn steps() {
    let g = Graph::new();
    let cx = Cx::new(&g);
    let early = cx.trained();
    let loss = cx.param("w", [], Init::Ones).square();
    let rates = Rates::constant(&g, 0.1);
    let updates = Sgd::default().updates(&rates, &early, &g.backward(loss, &early));
    assert_eq!(
        told(0, g.compile_step::<f32>(loss, &updates)),
        "the step updates nothing: `Cx::trained` gives what has been made by then"
    );

    let (mut plan, mut parameters) = step();
    assert_eq!(
        told(0, plan.step(&mut parameters)),
        "`step` is state of the optimizer adam: give it beside the parameters, to a step as \
         `step_with(&mut parameters, &mut state)`, else as `(&parameters, &state)`"
    );
    let wanted = "this plan changes parameters: run it with `step` or `step_with`";
    assert_eq!(told(0, plan.run()), wanted);
    assert_eq!(told(0, plan.run_with((&parameters, &State::new()))), wanted);
}

#[test]
fn layers() {
    let within = recorded(|g| {
        let layer = from_fn(|cx, x| x.matmul(cx.param("weight", [3, 4], Init::He)));
        let encoder = Sequential::new().with(layer);
        Cx::predict(g).call("encoder", &encoder, g.input("x", [5, 2])).one()
    });
    assert_eq!(
        within,
        "matmul in `encoder/module1`: the inner lengths differ: 2 columns against 3 rows (operands \
         [5, 2], [3, 4]), at HERE+1"
    );

    let twice = recorded(|g| {
        let (cx, layer) = (Cx::predict(g), Affine::new(4, Init::He));
        let x = cx.call("layer", &layer, g.input("x", [5, 4]));
        cx.call("layer", &layer, x).one()
    });
    assert_eq!(
        twice,
        "parameter in `layer`: `layer.weight` is made twice, at HERE+2 and at HERE+3: give each \
         model a path by `cx.sub`, or share one by `cx.shared`, at HERE+3"
    );

    let unknown = recorded(|g| {
        let model = from_values(|_, x| Values::from(x["citi"]));
        let x = Values::named([("city", g.input("c", [4])), ("area", g.input("a", [4]))]);
        Cx::predict(g).call("house", &model, x).one()
    });
    assert_eq!(
        unknown,
        "values in `house`: there is no value named `citi`; did you mean `city`?, at HERE+1"
    );
}

#[test]
fn networks() {
    let line = line!() + 1;
    let model = || Sequential::new().with(Affine::new(3, Init::He)).with(Relu);
    let told = |fields: &[Field]| told(line, Network::new(model(), fields.to_vec()).map(|_| ()));
    assert_eq!(
        told(&[Field::real("left", [2]), Field::real("right", [2])]),
        "values in `affine1`: takes one value, but there are 2: left, right, at HERE+0"
    );
    assert_eq!(
        told(&[Field::real("x", [])]),
        "affine in `affine1`: takes real numbers [batch, …, features] (operands [4]), at HERE+0"
    );
}

#[test]
fn servers() {
    let of = |inputs| Network::fully_connected(&[inputs, 3], Relu, Init::He).unwrap();
    let (network, other) = (of(4), of(5));
    assert_eq!(
        told(0, Model::<f32>::new(&network, other.initial(0).unwrap()).map(|_| ())),
        "the model's parameter `affine1.weight` has shape [5, 3], but it must have [4, 3]"
    );
    let model = Model::<f32>::new(&network, network.initial(0).unwrap()).unwrap();
    assert_eq!(
        told(0, model.predict(&[0.0; 6])),
        "`x` has 6 elements, no whole number of examples of 4: `x` [batch, 4]"
    );
}

#[test]
fn recurrences_and_tables_say_what_they_take() {
    let wrong = recorded(|g| g.input("x", [5]).scan(1, g.zeros([5]), |h, x| h + x));
    assert_eq!(wrong, "scan: there is no axis 1 in [5] (operands [5]), at HERE+0");
    let wrong = recorded(|g| g.input("x", [5]).scan(0, g.zeros([2]), |h, _| h.concat(0, &[h])));
    let wanted = "scan: the step turned a state [4] into [8]: keep its shape (operands [5]), at";
    assert_eq!(wrong, format!("{wanted} HERE+0"));
    let wrong = recorded(|g| Cx::new(g).embedding("words", 16, g.input("x", [5])));
    let wanted = "embedding: takes labels, not real numbers (operands [5]), at HERE+0";
    assert_eq!(wrong, wanted);
}

#[test]
fn parameters_in_the_wrong_place() {
    let (mut plan, _) = product();
    let fed = told(0, plan.feed("weight", &[1.0; 6]));
    assert_eq!(
        fed,
        "`weight` is a parameter, no input: give its value to the run, `run_with(&parameters)`"
    );

    let of_batch = from_fn(|cx, x| x * cx.param("w", x.shape(), Init::Ones));
    let wrong = told(0, Network::flat(of_batch, 3).map(|_| ()));
    assert_eq!(
        wrong,
        "the parameter `w` is [4, 3] for a batch of 4, but [8, 3] for one of 8: its shape must not \
         follow the batch"
    );
}

/// What minimising `loss` of a weight says.
fn minimised(
    loss: impl for<'g> Fn(Var<'g>) -> Var<'g>,
    optimizer: &(impl Rule + ?Sized),
    rate: f64,
) -> String {
    let g = Graph::new();
    let cx = Cx::new(&g);
    let loss = loss(cx.param("w", [2], Init::Ones));
    let from = line!() + 1;
    let descent = cx.minimise::<f32>(loss, optimizer, rate);
    told(from, descent.map(|_| ())).replace(", at HERE+0", "")
}

fn total(w: Var<'_>) -> Var<'_> {
    w.sum(&[])
}

#[test]
fn descents_that_would_move_nothing() {
    let g = Graph::new();
    let (model, other) = (Cx::new(&g), Cx::new(&g));
    let loss = model.param("w", [], Init::Ones).square();
    let from = line!() + 1;
    let wrong = told(from, other.minimise::<f32>(loss, &Sgd::default(), 0.1).map(|_| ()));
    let wanted =
        "minimise: there is no parameter to train: call it on the `Cx` that recorded the model";
    assert_eq!(wrong, format!("{wanted}, at HERE+0"));

    let wrong = minimised(|w| w.stop_gradient().sum(&[]), &Sgd::default(), 0.1);
    assert_eq!(wrong, "minimise: the loss depends on none of the parameters");
}

#[test]
fn what_was_fed_is_asked_of_the_plan() {
    let g = Graph::new();
    let cx = Cx::new(&g);
    let loss = (cx.param("w", [], Init::Ones) - g.input("x", [])).square();
    let mut descent = cx.minimise::<f32>(loss, &Sgd::default(), 0.1).unwrap();
    descent.plan.feed("x", &[3.0]).unwrap();
    descent.step().unwrap();
    assert_eq!(
        told(0, descent.item(loss)),
        "`x` needs a value: `descent.plan.value` reads the loss of what was fed; for more, compile a plan"
    );
    assert_eq!(descent.plan.value(loss).unwrap(), [4.0]);
    assert_eq!(told(0, loss.eval()), "`x` needs a value: compile a plan and feed it");
}

#[test]
fn a_parameter_that_the_loss_does_not_reach_stays() {
    let g = Graph::new();
    let cx = Cx::new(&g);
    let [used, unused] = ["used", "unused"].map(|name| cx.param(name, [], Init::Ones));
    let decaying = Sgd { weight_decay: 0.5, ..Sgd::default() };
    let mut descent = cx.minimise::<f64>(used.square(), &decaying, 0.1).unwrap();
    descent.step().unwrap();
    let now = |v: Var<'_>| descent.item(v).unwrap();
    assert_eq!(now(unused), 1.0);
    assert!((now(used) - 0.75).abs() < 1e-15);
}

#[test]
fn rates_and_settings_out_of_their_domains() {
    for rate in [-0.1, f64::NAN] {
        assert_eq!(
            minimised(total, &Sgd::default(), rate),
            format!("sgd: a learning rate is {rate}, but must be finite and not negative")
        );
    }
    let momentum = Sgd { momentum: 2.0, ..Sgd::default() };
    let wanted = "sgd: momentum is 2, but it must be at least 0 and below 1";
    assert_eq!(minimised(total, &momentum, 0.1), wanted);
    assert_eq!(minimised(total, &Optimizer::from(momentum), 0.1), wanted);

    let wrong = recorded(|g| Clip::Norm(-1.0).clip(&[g.constant(3.0)])[0]);
    let wanted = "clip: the limit of the gradients is -1, but it must be positive and finite";
    assert_eq!(wrong, format!("{wanted}, at HERE+0"));

    let (g, from) = (Graph::new(), line!() + 3);
    let w = g.parameter("w", []);
    let rates = Rates { of: vec![1.0; 3], ..Rates::constant(&g, 0.1) };
    let updates = Optimizer::sgd().updates(&rates, &[w], &[g.constant(1.0)]);
    let wrong = told(from, g.compile_step::<f32>(w, &updates).map(|_| ()));
    assert_eq!(wrong, "sgd: takes a rate for each parameter or none: 1, not 3, at HERE+0");
}

/// An optimizer that updates what it names alone.
#[derive(Debug)]
struct Forgets(&'static str);

impl Rule for Forgets {
    fn name(&self) -> &str {
        "forgets"
    }
    fn steps<'g>(&self, all: &[Each<'g>]) -> Vec<(Var<'g>, Var<'g>)> {
        let step = |each: &Each<'g>| {
            let mean = each.state("mean");
            match self.0 {
                "mean" => (each.w, each.w - mean * each.rate),
                _ => (mean, mean + each.dw),
            }
        };
        all.iter().map(step).collect()
    }
}

#[test]
fn optimizers_that_forget() {
    assert_eq!(minimised(total, &Forgets("w"), 0.1), "forgets: gives `w` no new value");
    assert_eq!(
        minimised(total, &Forgets("mean"), 0.1),
        "forgets: gives `mean` of `w` no new value"
    );
}

#[test]
fn axes_and_paths_that_name_nothing_new() {
    let wrong = recorded(|g| g.input("x", [2, 3]).sum(&[1, -1]));
    assert_eq!(wrong, "sum: names the axis 1 twice: [1, -1] (operands [2, 3]), at HERE+0");

    let mut parameters = Parameters::from_iter([("encoder.w", Tensor::scalar(1.0))]);
    let wrong = told(0, parameters.assign(&parameters.clone().within("encodr").prefixed("target")));
    assert_eq!(
        wrong,
        "there are no parameters to take over: is the path or pattern right that chose them?"
    );

    let (g, other) = (Graph::new(), Graph::new());
    let (x, from) = (other.input("x", []), line!() + 1);
    let moved = g.jvp(&[g.constant(1.0)], &[x], &[]);
    let wrong = told(from, g.compile::<f32>(&moved).map(|_| ()));
    assert_eq!(wrong, "jvp: takes a direction for each value: 1, not 0, at HERE+0");
}
