//! Sequences of different lengths: for each token, whether the tokens so far hold an odd number of ones;
//! padding is masked.

use chainrule::prelude::*;

fn tag<'g>(cx: &Cx<'g>, tokens: Var<'g>) -> Var<'g> {
    let (x, start) = (cx.embedding("embed", 8, tokens), cx.graph().zeros([tokens.size(0), 32]));
    let states = x.scan(1, start, |h, x| cx.affine("rnn", 32, h.concat(1, &[x])).tanh());
    cx.affine("head", 2, states)
}

fn main() -> Result<()> {
    let g = Graph::new();
    let cx = Cx::new(&g).shared("");
    let tokens = (2 * g.random_uniform([512, 12], 0, 0, 0)).to_labels(2).to_real().to_constant()?;
    let lengths = 4 + (9 * g.random_uniform([512, 1], 0, 1, 0)).to_labels(9).to_real();
    let mask = g.arange(12).to_real().less(lengths).to_constant()?;
    let odd = tokens.scan(1, g.zeros([512]), |odd, token| odd.not_equal(token)).to_constant()?;

    let rows = g.labels("rows", [64], 512);
    let [x, t, m] = [tokens, odd, mask].map(|all| all.gather(0, rows));
    let each = -(tag(&cx, x.to_labels(2)).log_softmax() * t.to_labels(2).one_hot(2)).sum(&[2]);
    let loss = (each * m).sum(&[]) / m.sum(&[]);
    let mut descent = cx.minimise::<f32>(loss, &Adam::default(), 5e-3)?;
    descent.steps_on("rows", random::batches(0..512, 64, 0).take(60 * 8))?;

    let right = tag(&cx, tokens.to_labels(2)).argmax(2).to_real().equal(odd) * mask;
    let right = descent.item(right.sum(&[]) / mask.sum(&[]))?;
    println!("accuracy on real tokens {right:.4}");
    assert!(right > 0.99);
    Ok(())
}
