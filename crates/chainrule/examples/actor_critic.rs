//! An actor and a critic on one trunk learn to walk to the right end of a corridor of eight places.

use chainrule::prelude::*;

/// The chances' logarithms to go left and right from each place, and its value.
fn think<'g>(cx: &Cx<'g>, place: Var<'g>) -> ([Var<'g>; 2], Var<'g>) {
    let hidden = cx.affine("trunk", 32, place.to_labels(8).one_hot(8)).tanh();
    let actor = cx.affine("actor", 2, hidden).log_softmax();
    ([0, 1].map(|action| actor.index(1, action)), cx.affine("critic", 1, hidden).squeeze(1))
}

fn main() -> Result<()> {
    let g = Graph::new();
    let cx = Cx::new(&g).shared("");
    // Where the walkers are is kept from step to step, as a parameter that no optimizer changes.
    let place = cx.kept("place", [32], Init::Zeros);
    let ([left, right], value) = think(&cx, place);
    let action = g.random_uniform([32], 0, 0, cx.step()).less(right.exp());
    let after = (place + 2 * action - 1).clamp(0.0, 7.0);
    let reward = after.equal(after.like(7.0));
    cx.keep(place, (1 - reward) * after);
    let target = reward + 0.9 * think(&cx, after).1 * (1 - reward);
    let advantage = target.stop_gradient() - value;
    let chosen = action.select(right, left);
    let loss = (advantage.square() - advantage.stop_gradient() * chosen).mean(&[]);
    let mut descent = cx.minimise::<f32>(loss, &Adam::default(), 0.01)?;
    descent.steps(60 * 16)?;

    let ([_, right], value) = think(&cx, g.arange(7).to_real());
    let exact = (0.9_f64.ln() * (6 - g.arange(7).to_real())).exp();
    let least = descent.item(right.exp().min(&[]))?;
    let error = descent.item((value - exact).abs().max(&[]))?;
    println!("least chance to go right {least:.2}, largest error of a value {error:.2}");
    assert!(least > 0.9 && error < 0.15);
    Ok(())
}
