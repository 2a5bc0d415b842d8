//! Logistic regression by Newton's method: each step solves H·d = −g by conjugate gradients, from products H·v alone.

use chainrule::prelude::*;

fn main() -> Result<()> {
    let g = Graph::new();
    let x = g.random_normal([500, 20], 0, 0, 0).to_constant()?;
    let score = x.matmul(g.random_normal([20], 0, 1, 0)) + 0.5 * g.random_normal([500], 0, 2, 0);
    let t = score.greater(g.zeros([500])).to_constant()?;
    let w = g.parameter("w", [20]);
    let z = x.matmul(w);
    let loss = (z.softplus() - z * t).mean(&[]) + 0.5e-2 * w.matmul(w);
    let gradient = g.backward(loss, &[w])[0];

    // A step of Newton's method is one plan: as many steps of conjugate gradients as there are weights.
    let (mut d, mut r, mut p) = (g.zeros([20]), -gradient, -gradient);
    for _ in 0..20 {
        let hp = g.hvp(loss, &[w], &[p])[0];
        let alpha = r.matmul(r) / p.matmul(hp);
        let new = r - alpha * hp;
        (d, p, r) = (d + alpha * p, new + new.matmul(new) / r.matmul(r) * p, new);
    }
    let size = gradient.matmul(gradient).sqrt();
    let mut newton = g.compile_step_with::<f64>(loss, &[(w, w + d)], &[size])?;
    let (mut parameters, mut steps) = (Parameters::from_iter([("w", Tensor::full([20], 0.0))]), 0);
    while newton.step(&mut parameters)?.is_finite() && newton.value(size)?[0] > 1e-10 {
        steps += 1;
    }
    let (size, loss) = (newton.value(size)?[0], newton.value(loss)?[0]);
    println!("{steps} steps, |g| = {size:.1e}, loss {loss:.6}");
    assert!(size < 1e-10 && steps < 10);
    Ok(())
}
