//! Graphs of many scalars: no depth overflows the stack, and no cost grows with the square of their
//! number, which would keep this test from ending.

use chainrule::nn::{Cx, Init};
use chainrule::optim::Adam;
use chainrule::{Graph, Var};

#[test]
fn a_chain_of_a_million_additions_is_built_differentiated_and_run() {
    const COUNT: usize = 1_000_000;
    let g = Graph::new();
    let x = g.input("x", []);
    let mut sum = x;
    for _ in 0..COUNT {
        sum += x;
    }
    let dx = g.backward(sum, &[x])[0];
    let mut plan = g.compile::<f64>(&[sum, dx]).unwrap();
    plan.feed("x", &[0.5]).unwrap();
    plan.run().unwrap();
    assert_eq!(plan.value(sum).unwrap(), [(COUNT + 1) as f64 / 2.0]);
    assert_eq!(plan.value(dx).unwrap(), [(COUNT + 1) as f64]);
}

#[test]
fn a_hundred_thousand_parameters_are_made_trained_and_compared() {
    const COUNT: usize = 100_000;
    let g = Graph::new();
    let cx = Cx::new(&g);
    let square = |at| cx.param(&format!("layer{at}.weight"), [], Init::Ones).square();
    let loss = (0..COUNT).map(square).sum::<Var>();
    let mut descent = cx.minimise::<f32>(loss, &Adam::default(), 0.5).unwrap();
    let before = descent.parameters.clone();
    assert_eq!(descent.step().unwrap(), COUNT as f32);
    let (_, by) = before.compare(&descent.parameters).furthest.unwrap();
    assert!((by - 0.5).abs() < 1e-5, "{by}");
    let other = before.prefixed("other");
    assert_eq!(before.compare(&other).only_first.len(), COUNT);
    assert_eq!(before.merged(&other).unwrap().count(), 2 * COUNT);
}

#[test]
fn a_hundred_thousand_parts_are_put_together_and_taken_apart() {
    const COUNT: usize = 100_000;
    let g = Graph::new();
    let x = g.input("x", [1]);
    let parts: Vec<Var<'_>> = (0..COUNT).map(|at| x * (at % 3) as f64).collect();
    let loss = g.concat(0, &parts).square().sum(&[]);
    let dx = g.backward(loss, &[x])[0];
    let mut plan = g.compile::<f64>(&[dx]).unwrap();
    plan.feed("x", &[0.5]).unwrap();
    plan.run().unwrap();
    // A third of them has the slope 1, a third 2.
    assert_eq!(plan.value(dx).unwrap(), [(COUNT / 3 * 5) as f64]);
}

#[test]
fn a_hundred_thousand_inputs_and_outputs_are_fed_and_read_by_name() {
    const COUNT: usize = 100_000;
    let (g, names) = (Graph::new(), |at| (format!("x{at}"), format!("y{at}")));
    let output = |at| (g.input(&names(at).0, []) * 2).output(&names(at).1);
    let outputs: Vec<Var<'_>> = (0..COUNT).map(output).collect();
    let mut plan = g.compile::<f64>(&outputs).unwrap();
    (0..COUNT).for_each(|at| plan.feed(&names(at).0, &[at as f64]).unwrap());
    plan.run().unwrap();
    for at in 0..COUNT {
        assert_eq!(plan.value(&*names(at).1).unwrap(), [2.0 * at as f64]);
    }
}

#[test]
fn a_cell_of_a_sequence_names_its_values_over_a_long_time() {
    let g = Graph::new();
    let (cx, x) = (Cx::new(&g), g.input("x", []));
    for _ in 0..100_000 {
        cx.shared("cell").tap("h", x);
    }
    assert_eq!(cx.taps().len(), 100_000);
    assert_eq!(cx.taps()[99_999].0, "cell/h@100000");
}
