//! What a plan promises: the same bits on any number of threads, and errors that name their place.

use std::sync::Arc;

use chainrule::nn::{Cx, Init, Network, Relu};
use chainrule::optim::{Optimizer, Rates};
use chainrule::{Graph, Parameters, Plan, Pool, Tensor};

/// A training step of a two-layer network with its parameters.
fn step(pool: &Arc<Pool>, batch: usize) -> (Plan<f32>, Parameters<f32>) {
    let model = Network::fully_connected(&[784, 50, 10], Relu, Init::He).unwrap();
    let parameters = model.initial(7).unwrap();
    let g = Graph::new();
    let cx = Cx::predict(&g);
    let loss = model.record(&cx, batch).one().softmax_with_loss(g.labels("t", [batch], 10));
    let variables = cx.trained();
    let gradients = g.backward(loss, &variables);
    let updates = Optimizer::sgd().updates(&Rates::constant(&g, 0.1), &variables, &gradients);
    let mut plan = g.compile_step(loss, &updates).unwrap().with_pool(pool);
    let pixels: Vec<f32> = (0..batch * 784).map(|i| (i % 97) as f32 / 97.0).collect();
    plan.feed("x", &pixels).unwrap();
    plan.feed_labels("t", &(0..batch as u32).map(|i| i % 10).collect::<Vec<_>>()).unwrap();
    (plan, parameters)
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    let after = |threads: usize| {
        let (mut plan, mut parameters) = step(&Arc::new(Pool::new(threads)), 130);
        for _ in 0..5 {
            plan.step(&mut parameters).unwrap().finite().unwrap();
        }
        parameters.sha256()
    };
    let alone = after(1);
    for threads in [2, 3, 5, 8] {
        assert_eq!(after(threads), alone, "{threads} threads");
    }
}

#[test]
fn a_loss_that_is_not_finite_changes_no_parameter() {
    let (mut plan, mut parameters) = step(&Arc::new(Pool::new(2)), 10);
    plan.input_mut("x").unwrap()[3] = f32::INFINITY;
    let before = parameters.sha256();
    assert!(!plan.step(&mut parameters).unwrap().is_finite());
    assert_eq!(parameters.sha256(), before);
}

#[test]
fn memory_is_reused() {
    let bytes = |products: usize| {
        let g = Graph::new();
        let x = g.input("x", [64, 64]);
        let y = (0..products).fold(x, |y, _| y.matmul(y));
        g.compile::<f64>(&[y]).unwrap().bytes()
    };
    // The input, a product and the one that it is of.
    assert_eq!((bytes(2) - bytes(1), bytes(50)), (64 * 64 * 8, bytes(2)));
}

#[test]
fn the_first_mistake_is_the_one_that_is_told() {
    let g = Graph::new();
    let (a, b) = (g.input("a", [2, 3]), g.input("b", [4]));
    let line = line!() + 1;
    let wrong = a + b;
    let later = wrong.matmul(a).sum(&[7]);
    let error = g.compile::<f32>(&[later]).unwrap_err().to_string();
    for part in ["add", "[2, 3]", "[4]", file!(), &line.to_string()] {
        assert!(error.contains(part), "{error} lacks {part}");
    }
}

#[test]
fn wrong_feeds_are_told_by_name() {
    let g = Graph::new();
    let y = g.input("x", [3]).sum(&[]) + g.labels("t", [2], 10).one_hot(10).sum(&[]);
    let w = g.parameter("w", []);
    let mut plan = g.compile::<f64>(&[y * w]).unwrap();
    let message = |result: chainrule::Result<()>| result.unwrap_err().to_string();
    assert!(message(plan.feed("y", &[1.0])).contains("there are: x, t"));
    assert!(message(plan.feed("x", &[1.0])).contains("3 elements, but 1"));
    assert!(message(plan.feed_labels("t", &[3, 10])).contains("label 10 is out of range"));
    assert_eq!(
        message(plan.run()),
        "the inputs `x`, `t` were never fed: give them values before the plan runs"
    );
    // A feed that fails is none.
    plan.feed_labels("t", &[3, 9]).unwrap();
    assert_eq!(
        message(plan.run()),
        "the input `x` was never fed: give it values before the plan runs"
    );
    assert_eq!(message(plan.clone().run_with(&Parameters::new())), message(plan.run()));
    plan.input_mut("x").unwrap().fill(1.0);
    assert!(message(plan.clone().run()).contains("reads the parameter `w`"));
    let mut parameters = Parameters::new();
    parameters.insert("w", Tensor::full([2], 1.0));
    assert!(message(plan.run_with(&parameters)).contains("parameter `w` has shape [2]"));
}

#[test]
fn what_has_not_been_computed_has_no_value() {
    let g = Graph::new();
    let (x, w) = (g.input("x", [3]), g.parameter("w", []));
    let (y, best) = ((x * w).output("y"), x.argmax(0));
    let mut plan = g.compile::<f64>(&[y, best]).unwrap();
    let unread = |plan: &chainrule::Plan<f64>| {
        let errors = [plan.value(y).err(), plan.tensor("y").err(), plan.labels(best).err()];
        errors.map(|error| error.map(|error| error.to_string()))
    };
    let [value, tensor, labels] = unread(&plan);
    let wanted = "the output `y` has no value yet: run the plan before you read it";
    assert_eq!((value.as_deref(), tensor.as_deref()), (Some(wanted), Some(wanted)));
    assert!(labels.unwrap().contains("has no value yet"));
    assert!(plan.run().is_err());
    assert!(unread(&plan).iter().all(Option::is_some));
    plan.feed("x", &[1.0, 2.0, 0.0]).unwrap();
    plan.run_with(&Parameters::from_iter([("w", Tensor::scalar(3.0))])).unwrap();
    assert_eq!(unread(&plan.clone()), [None, None, None]);
    assert_eq!(plan.value(y).unwrap(), [3.0, 6.0, 0.0]);
}

#[test]
fn an_input_that_no_output_needs_is_told_so() {
    let g = Graph::new();
    let (x, _) = (g.input("x", [3]), g.input("scale", []));
    let mut plan = g.compile::<f64>(&[x.exp()]).unwrap();
    let message = |result: chainrule::Result<()>| result.unwrap_err().to_string();
    assert_eq!(
        message(plan.feed("scale", &[1.0])),
        "no output of the plan needs the input `scale`: leave it out"
    );
    assert!(message(plan.feed("scales", &[1.0])).contains("did you mean `scale`?"));
    plan.fill_rows("x", |_, rows| rows.fill(0.0)).unwrap();
    plan.run().unwrap();
}

#[test]
fn values_of_another_graph_are_refused() {
    let (g, h) = (Graph::new(), Graph::new());
    let (x, y) = (g.constant(7.0), h.constant(8.0));
    let mut plan = g.compile::<f64>(&[x]).unwrap();
    plan.run().unwrap();
    assert!(plan.value(y).unwrap_err().to_string().contains("another graph"));
    assert!(g.compile::<f64>(&[y]).unwrap_err().to_string().contains("another graph"));
}

#[test]
fn updates_may_exchange_parameters_and_cut_them() {
    let g = Graph::new();
    let (a, b, c) = (g.parameter("a", [2]), g.parameter("b", [2]), g.parameter("c", [4]));
    let loss = (a + b).sum(&[]) + c.sum(&[]);
    let updates = [(a, b), (b, a), (c, c.slice(0, 1, 4).pad(0, 0, 1))];
    let mut plan = g.compile_step::<f64>(loss, &updates).unwrap();
    let mut parameters = Parameters::new();
    let tensor = |values: &[f64]| Tensor::new([values.len()], values.to_vec()).unwrap();
    for (name, values) in [("a", &[1.0, 2.0][..]), ("b", &[3.0, 4.0]), ("c", &[5.0, 6.0, 7.0, 8.0])]
    {
        parameters.insert(name, tensor(values));
    }
    assert!(plan.step(&mut parameters).unwrap().is_finite());
    let values = |name| parameters.get(name).unwrap().values().to_vec();
    assert_eq!((values("a"), values("b")), (vec![3.0, 4.0], vec![1.0, 2.0]));
    assert_eq!(values("c"), [6.0, 7.0, 8.0, 0.0]);
    assert!(plan.run_with(&parameters).unwrap_err().to_string().contains("`step`"));
}

#[test]
fn an_optimizers_update_runs_within_the_product_that_feeds_it() {
    let g = Graph::new();
    let x = g.input("x", [64, 784]);
    let w = g.parameter("w", [784, 50]);
    let loss = x.matmul(w).softmax_with_loss(g.labels("t", [64], 50));
    let dw = g.backward(loss, &[w]);
    let updates = Optimizer::adam().updates(&Rates::constant(&g, 0.1), &[w], &dw);
    let info = g.compile_step::<f32>(loss, &updates).unwrap().info();
    let product = info.steps.iter().find(|step| step.kernel == "product 784×64×50").unwrap();
    assert_eq!(product.fused, ["running_mean", "running_square", "adam_step"], "{info}");
}
