//! A recurrent network (GRU) that learns a text letter by letter, and writes it again.

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
    let letters = Vec::from_iter(std::collections::BTreeSet::from_iter(text.chars()));
    let codes = Vec::from_iter(text.chars().map(|c| letters.partition_point(|&l| l < c) as u32));

    let (g, n) = (Graph::new(), letters.len());
    let cx = Cx::new(&g).shared("");
    let windows = Vec::from_iter(codes.windows(33).step_by(3).flatten().copied());
    let windows = g.constant_labels([40, 33], &windows, n);
    let (y, _) = read(&cx, n, windows.slice(1, 0, 32), g.zeros([40, 64]));
    let loss = y.softmax_with_loss(windows.slice(1, 1, 33));
    let mut descent = cx.minimise::<f32>(loss, &Adam::default(), 5e-3)?;
    let loss = descent.steps(300)?;

    let (mut y, mut h) = read(&cx, n, windows.slice(0, 0, 1).slice(1, 0, 16), g.zeros([1, 64]));
    let mut written = Vec::new();
    for _ in 0..50 {
        let x = y.index(1, -1).argmax(1).unsqueeze(1);
        written.push(x.to_real());
        (y, h) = read(&cx, n, x, h);
    }
    let written = descent.eval(g.concat(1, &written))?;
    let written = String::from_iter(written.values().iter().map(|&at| letters[at as usize]));
    println!("loss {loss:.3}: {written}");
    assert!(loss < 0.2 && written == text[16..66]);
    Ok(())
}
