//! A recurrent network (GRU) that learns a text letter by letter, and writes it again.

use std::collections::BTreeSet;

use chainrule::prelude::*;

/// A cell with gates z and r (Cho et al., 2014): h' = z·h + (1 − z)·tanh(W·[x, r·h]).
fn cell<'g>(cx: &Cx<'g>, h: Var<'g>, x: Var<'g>) -> Var<'g> {
    let [z, r] = cx.affine("gates", 128, x.concat(1, &[h])).sigmoid().chunk(1);
    z * h + (1 - z) * cx.affine("new", 64, x.concat(1, &[r * h])).tanh()
}

/// The logits of what follows each of the letters, of which there are `n`, and the state after them.
fn read<'g>(cx: &Cx<'g>, n: usize, letters: Var<'g>, h: Var<'g>) -> (Var<'g>, Var<'g>) {
    let states = cx.embedding("embed", 16, letters).scan(1, h, |h, x| cell(cx, h, x));
    (cx.affine("head", n, states), states.index(1, -1))
}

fn main() -> Result<()> {
    let text =
        "a long chain of small factors, each of them simple: here is our whole rule. ".repeat(2);
    let letters = Vec::from_iter(BTreeSet::from_iter(text.chars()));
    let codes = text.chars().flat_map(|c| letters.binary_search(&c)).map(|at| at as u32);
    let (codes, n) = (Vec::from_iter(codes), letters.len());

    let g = Graph::new();
    let cx = Cx::new(&g).shared("");
    let windows = Vec::from_iter(codes.windows(33).step_by(3).flatten().copied());
    let windows = g.constant_labels([40, 33], &windows, n);
    let (logits, _) = read(&cx, n, windows.slice(1, 0, 32), g.zeros([40, 64]));
    let loss = logits.softmax_with_loss(windows.slice(1, 1, 33));
    let mut descent = cx.minimise::<f32>(loss, &Adam::default(), 5e-3)?;
    let loss = descent.steps(300)?;

    let given = g.constant_labels([1, 16], &codes[..16], n);
    let (mut logits, mut h) = read(&cx, n, given, g.zeros([1, 64]));
    let mut written = Vec::new();
    for _ in 0..50 {
        let x = logits.index(1, -1).argmax(1).unsqueeze(1);
        written.push(x.to_real());
        (logits, h) = read(&cx, n, x, h);
    }
    let written = descent.eval(g.concat(1, &written))?;
    let written = String::from_iter(written.values().iter().map(|&at| letters[at as usize]));
    println!("loss {loss:.3}: {written}");
    assert!(loss < 0.2 && written == text[16..66]);
    Ok(())
}
