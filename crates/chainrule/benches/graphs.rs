//! What a new graph of 20,000 nodes costs before its first run: recording it, differentiating it and
//! compiling a plan. `cargo bench -p chainrule --bench graphs`

use chainrule::{Graph, Var};
use divan::Bencher;

fn main() {
    divan::main();
}

const NODES: usize = 20_000;

/// Records a scalar in so many nodes, and what to differentiate it by.
type Record = for<'g> fn(&'g Graph) -> (Var<'g>, Vec<Var<'g>>);

fn whole(bencher: Bencher<'_, '_>, record: Record) {
    bencher.bench(|| {
        let g = Graph::new();
        let (loss, wrt) = record(&g);
        let gradients = g.backward(loss, &wrt);
        g.compile::<f32>(&[&[loss], &gradients[..]].concat()).expect("the graph has no mistake")
    });
}

/// v ← v·a + b of numbers, a and b in turn among a hundred inputs.
#[divan::bench]
fn scalar(bencher: Bencher<'_, '_>) {
    whole(bencher, |g| {
        let inputs: Vec<Var<'_>> = (0..100).map(|i| g.input(&format!("x{i}"), [])).collect();
        let mut v = inputs[0];
        for step in 0.. {
            if g.len() >= NODES {
                break;
            }
            v = v * inputs[step % 100] + inputs[(7 * step + 1) % 100];
        }
        (v, inputs)
    });
}

/// A recurrent network over a long sequence.
#[divan::bench]
fn recurrent(bencher: Bencher<'_, '_>) {
    whole(bencher, |g| {
        let x = g.input("x", [4, 8]);
        let wrt = vec![g.parameter("w", [8, 8]), g.parameter("u", [8, 8]), g.parameter("b", [8])];
        let mut h = x;
        while g.len() < NODES {
            h = (h.matmul(wrt[0]) + x.matmul(wrt[1]) + wrt[2]).tanh();
        }
        (h.square().sum(&[]), wrt)
    });
}

/// Branches beside one another, each of parameters of its own, and their sum.
#[divan::bench]
fn wide(bencher: Bencher<'_, '_>) {
    whole(bencher, |g| {
        let x = g.input("x", [4, 8]);
        let (mut wrt, mut sum) = (Vec::new(), x);
        while g.len() < NODES {
            let name = |what: &str| format!("{what}{}", wrt.len());
            let [w, b] = [g.parameter(&name("w"), [8, 8]), g.parameter(&name("b"), [8])];
            sum = (x.matmul(w) + b).tanh() + sum;
            wrt.extend([w, b]);
        }
        (sum.square().sum(&[]), wrt)
    });
}
