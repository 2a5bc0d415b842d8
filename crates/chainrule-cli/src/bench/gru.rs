//! A recurrent network: a GRU (Cho et al., 2014) that reads texts letter by letter and says which letter follows.

use std::sync::Arc;

use anyhow::{Result, bail};
use chainrule::nn::{Cx, Init};
use chainrule::optim::{Optimizer, Rates};
use chainrule::{Graph, Plan, Pool, State, Var};

use super::network::{Look, Random};
use super::{Times, measure};

const LETTERS: usize = 32;
const EMBEDDING: usize = 16;
const HIDDEN: usize = 64;
const STEPS: usize = 32;
const BATCH: usize = 32;

/// Operations of a step's products, forward and twice as many back.
pub fn flops() -> f64 {
    let weights = EMBEDDING * 3 * HIDDEN + HIDDEN * 3 * HIDDEN + HIDDEN * LETTERS;
    (6 * BATCH * STEPS * weights) as f64
}

/// Times training steps, with Adam, on one batch of random letters, fed once.
pub fn time_step(pool: &Arc<Pool>, look: &mut Look<'_>) -> Result<Times> {
    let g = Graph::new();
    let cx = Cx::predict(&g);
    // The letters at one place of all texts stand together.
    let [letters, next] = ["letters", "next"].map(|name| g.labels(name, [STEPS * BATCH], LETTERS));
    let loss = logits(&cx, letters).softmax_with_loss(next);
    let variables = cx.trained();
    let gradients = g.backward(loss, &variables);
    let updates = Optimizer::adam().updates(&Rates::constant(&g, 1e-3), &variables, &gradients);
    let mut plan = g.compile_step::<f32>(loss, &updates)?.with_pool(pool);
    let mut random = Random(1);
    for name in ["letters", "next"] {
        plan.feed_labels(name, &random.labels(STEPS * BATCH, LETTERS))?;
    }
    let (mut parameters, mut state) = (cx.initial(0)?, State::new());
    let mut step =
        |plan: &mut Plan<f32>| match plan.step_with(&mut parameters, &mut state)?.is_finite() {
            true => Ok(()),
            false => bail!("the loss is no longer finite, so that steps write nothing"),
        };
    let times = measure(flops(), || step(&mut plan))?;
    look(&mut plan, &mut step)?;
    Ok(times)
}

/// The logits [`STEPS`] · [`BATCH`] × [`LETTERS`] of what follows each letter.
fn logits<'g>(cx: &Cx<'g>, letters: Var<'g>) -> Var<'g> {
    let weight = |name, shape: [usize; 2]| cx.param(name, shape, Init::Xavier);
    let bias = |name, width: usize| cx.param(name, [width], Init::Zeros);
    let x = weight("embedding", [LETTERS, EMBEDDING]).gather(0, letters);
    // What the letters give to the gates needs no memory: one product for all places.
    let given =
        x.matmul(weight("input.weight", [EMBEDDING, 3 * HIDDEN])) + bias("input.bias", 3 * HIDDEN);
    let given = given.reshape([STEPS, BATCH, 3 * HIDDEN]);
    let (w, b) = (weight("memory.weight", [HIDDEN, 3 * HIDDEN]), bias("memory.bias", 3 * HIDDEN));
    let mut h = cx.graph().constant(0.0).broadcast_to([BATCH, HIDDEN]);
    let mut memories = Vec::with_capacity(STEPS);
    for at in 0..STEPS {
        let [reset, update, new] = given.index(0, at as isize).chunk(-1);
        let [h_reset, h_update, h_new] = (h.matmul(w) + b).chunk(-1);
        let (reset, update) = ((reset + h_reset).sigmoid(), (update + h_update).sigmoid());
        let new = (new + reset * h_new).tanh();
        h = new + update * (h - new);
        memories.push(h);
    }
    let memories = cx.graph().concat(0, &memories);
    memories.matmul(weight("output.weight", [HIDDEN, LETTERS])) + bias("output.bias", LETTERS)
}
