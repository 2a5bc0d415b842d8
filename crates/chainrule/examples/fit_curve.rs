//! Fits a·sin(b·x) + c to noisy points by gradient descent: any graph can be trained, not only networks.
//!
//! `cargo run --release --example fit_curve -p chainrule`

use chainrule::optim::{Optimizer, Rates};
use chainrule::{Graph, Parameters, Result, Tensor};

fn main() -> Result<()> {
    let xs: Vec<f64> = (0..50).map(|i| f64::from(i) * 0.1).collect();
    let noise = |i: usize| ((i * 7919 % 101) as f64 / 101.0 - 0.5) * 0.1;
    let ys: Vec<f64> =
        xs.iter().enumerate().map(|(i, x)| 2.0 * (1.5 * x).sin() + 0.5 + noise(i)).collect();

    let g = Graph::new();
    let (x, y) = (g.input("x", [xs.len()]), g.input("y", [ys.len()]));
    let (a, b, c) = (g.parameter("a", []), g.parameter("b", []), g.parameter("c", []));
    let loss = (a * (b * x).sin() + c).mean_squared_error(y);
    let gradients = g.backward(loss, &[a, b, c]);
    let rates = Rates::constant(&g, 0.05);
    let updates = Optimizer::sgd().updates(&rates, &[a, b, c], &gradients);

    let mut plan = g.compile_step::<f64>(loss, &updates)?;
    plan.feed("x", &xs)?;
    plan.feed("y", &ys)?;
    let mut parameters = Parameters::new();
    for (name, start) in [("a", 1.0), ("b", 1.2), ("c", 0.0)] {
        parameters.insert(name, Tensor::scalar(start));
    }
    for step in 0..=2000 {
        plan.step(&mut parameters)?.finite()?;
        if step % 500 == 0 {
            println!("step {step:>4}  loss {:.6}", plan.value(loss)?[0]);
        }
    }
    for (name, tensor) in parameters.iter() {
        println!("{name} = {:.3}", tensor.values()[0]);
    }
    assert!((parameters.get("b")?.values()[0] - 1.5).abs() < 0.02);
    Ok(())
}
