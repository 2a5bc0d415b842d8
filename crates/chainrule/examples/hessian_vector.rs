//! Logistic regression by Newton's method: each step solves H·d = −g by conjugate gradients, from products H·v alone.

use chainrule::{Graph, Parameters, Result, Tensor};

const N: usize = 20;

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// a + k·b.
fn along(a: &[f64], k: f64, b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a + k * b).collect()
}

fn main() -> Result<()> {
    let data = Graph::new();
    let x = data.random_normal([500, N], 0, 0, 0);
    let noisy =
        x.matmul(data.random_normal([N], 0, 1, 0)) + 0.5 * data.random_normal([500], 0, 2, 0);
    let (x, t) = (x.eval()?, noisy.greater(noisy.like(0.0)).eval()?);

    let g = Graph::new();
    let (w, v) = (g.parameter("w", [N]), g.input("v", [N]));
    let z = g.constant_tensor(x).matmul(w);
    let loss = (z.softplus() - z * g.constant_tensor(t)).mean(&[]) + 0.5e-2 * w.square().sum(&[]);
    let (gradient, product) = (g.backward(loss, &[w])[0], g.hvp(loss, &[w], &[v])[0]);
    let mut slope = g.compile::<f64>(&[loss, gradient])?;
    let mut curve = g.compile::<f64>(&[product])?;

    let mut parameters = Parameters::new();
    parameters.insert("w", Tensor::full([N], 0.0));
    for steps in 0.. {
        slope.run_with(&parameters)?;
        let mut r: Vec<f64> = slope.value(gradient)?.iter().map(|g| -g).collect();
        let size = dot(&r, &r).sqrt();
        if size < 1e-10 {
            println!("{steps} steps, |g| = {size:.1e}, loss {:.6}", slope.value(loss)?[0]);
            assert!(steps < 10);
            return Ok(());
        }
        let (mut d, mut p) = (vec![0.0; N], r.clone());
        while dot(&r, &r).sqrt() > 1e-12 {
            curve.feed("v", &p)?;
            curve.run_with(&parameters)?;
            let hp = curve.value(product)?;
            let (before, alpha) = (dot(&r, &r), dot(&r, &p) / dot(&p, hp));
            (d, r) = (along(&d, alpha, &p), along(&r, -alpha, hp));
            p = along(&r, dot(&r, &r) / before, &p);
        }
        let moved = along(parameters.get("w")?.values(), 1.0, &d);
        parameters.insert("w", Tensor::new([N], moved)?);
    }
    Ok(())
}
