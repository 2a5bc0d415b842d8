//! Learning to learn (MAML): from where a sine is fitted after one step; the gradient goes through that step.

use chainrule::prelude::*;

fn loss<'g>(w: &[Var<'g>], [x, y]: [Var<'g>; 2]) -> Var<'g> {
    let h = (x.matmul(w[0]) + w[1]).tanh();
    let h = (h.matmul(w[2]) + w[3]).tanh();
    (h.matmul(w[4]) + w[5] - y).square().mean(&[])
}

/// Two samples of the sine of this number, another one in each step.
fn task(step: Var<'_>, number: u16) -> [[Var<'_>; 2]; 2] {
    let uniform = |dims: &[usize], at| step.graph().random_uniform(dims, 0, 4 * number + at, step);
    let (size, phase) = (1 + 4 * uniform(&[], 0), 3 * uniform(&[], 1));
    [2, 3].map(|at| 10 * uniform(&[10, 1], at) - 5).map(|x| [x, size * (x + phase).sin()])
}

fn adapted<'g>(w: &[Var<'g>], sample: [Var<'g>; 2]) -> Vec<Var<'g>> {
    let steps = w[0].graph().backward(loss(w, sample), w);
    w.iter().zip(steps).map(|(w, g)| w - 0.02 * g).collect()
}

fn main() -> Result<()> {
    let g = Graph::new();
    let cx = Cx::new(&g);
    let weight = |name, inputs, outputs| cx.param(name, [inputs, outputs], Init::He);
    let bias = |name, outputs: usize| cx.param(name, [outputs], Init::Zeros);
    let (w1, w2, w3) = (weight("w1", 1, 40), weight("w2", 40, 40), weight("w3", 40, 1));
    let w = [w1, bias("b1", 40), w2, bias("b2", 40), w3, bias("b3", 1)];

    let after = |[sample, new]: [_; 2]| loss(&adapted(&w, sample), new);
    let total: Var<'_> = (0..4).map(|number| after(task(cx.step(), number))).sum();
    let mut descent = cx.minimise::<f32>(total / 4, &Adam::default(), 1e-3)?;
    descent.steps(2000)?;

    let tasks = || (4..104).map(|number| task(g.constant(0.0), number));
    let before = descent.item(tasks().map(|[_, new]| loss(&w, new)).sum::<Var<'_>>() / 100)?;
    let after = descent.item(tasks().map(after).sum::<Var<'_>>() / 100)?;
    println!("loss on a new sine {before:.2}, after one step {after:.2}");
    assert!(after < 0.6 * before);
    Ok(())
}
