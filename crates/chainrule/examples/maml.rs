//! Learning to learn (MAML): from where a sine is fitted after one step; the gradient goes through that step.

use chainrule::nn::{Cx, Init};
use chainrule::optim::Adam;
use chainrule::{Graph, Result, State, Var};

const TASKS: usize = 4;

fn loss<'g>(w: &[Var<'g>], x: Var<'g>, y: Var<'g>) -> Var<'g> {
    let h = (x.matmul(w[0]) + w[1]).tanh();
    let h = (h.matmul(w[2]) + w[3]).tanh();
    (h.matmul(w[4]) + w[5] - y).square().mean(&[])
}

fn adapted<'g>(w: &[Var<'g>], x: Var<'g>, y: Var<'g>) -> Vec<Var<'g>> {
    let steps = x.graph().backward(loss(w, x, y), w);
    w.iter().zip(steps).map(|(w, g)| w - 0.02 * g).collect()
}

fn main() -> Result<()> {
    let g = Graph::new();
    let (step, cx) = (g.labels("step", [], 1 << 32), Cx::predict(&g));
    let he = |name, shape: [usize; 2]| cx.param(name, shape, Init::He);
    let bias = |name, width: usize| cx.param(name, [width], Init::Zeros);
    let w = [
        he("w1", [1, 40]),
        bias("b1", 40),
        he("w2", [40, 40]),
        bias("b2", 40),
        he("w3", [40, 1]),
        bias("b3", 1),
    ];

    let (mut before, mut after) = (g.constant(0.0), g.constant(0.0));
    for task in 0..TASKS as u16 {
        let uniform = |shape: &[usize], number| g.random_uniform(shape, 0, 4 * task + number, step);
        let (size, phase) = (1 + 4 * uniform(&[], 0), 3 * uniform(&[], 1));
        let [(x, y), (x2, y2)] = [2, 3].map(|number| {
            let x = uniform(&[10, 1], number) * 10 - 5;
            (x, size * (x + phase).sin())
        });
        before += loss(&w, x2, y2) / TASKS;
        after += loss(&adapted(&w, x, y), x2, y2) / TASKS;
    }
    let mut plan = cx.minimise::<f32>(after, &Adam::default(), 1e-3)?;
    let mut score = g.compile::<f32>(&[before, after])?;

    let (mut parameters, mut state) = (cx.initial(0)?, State::new());
    for number in 0..2000 {
        plan.feed_labels("step", &[number])?;
        plan.step_with(&mut parameters, &mut state)?;
    }
    let mut scores = [0.0; 2];
    for number in 2000..2025 {
        score.feed_labels("step", &[number])?;
        score.run_with(&parameters)?;
        scores =
            [scores[0] + score.value(before)?[0] / 25.0, scores[1] + score.value(after)?[0] / 25.0];
    }
    println!("loss on a new sine {:.2}, after one step {:.2}", scores[0], scores[1]);
    assert!(scores[1] < 0.6 * scores[0]);
    Ok(())
}
