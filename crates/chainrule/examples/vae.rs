//! A variational autoencoder finds the one number behind points on a curve.

use chainrule::prelude::*;

fn coder<'g>(cx: &Cx<'g>, x: Var<'g>, outputs: usize) -> Var<'g> {
    cx.affine("out", outputs, cx.affine("hidden", 32, x).tanh())
}

fn main() -> Result<()> {
    let g = Graph::new();
    let cx = Cx::new(&g).shared("");
    let angle = (3 * g.random_uniform([1000, 1], 0, 0, 0)).to_constant()?;
    let curve = angle.cos().concat(1, &[angle.sin(), angle / 3]);
    let points = (curve + 0.02 * g.random_normal([1000, 3], 0, 1, 0)).to_constant()?;
    let x = points.gather(0, g.labels("batch", [50], 1000));
    let [mean, log_variance] = coder(&cx.sub("encoder"), x, 2).chunk(1);
    let z = mean + (log_variance / 2).exp() * g.random_normal([50, 1], 0, 2, cx.step());
    let error = (coder(&cx.sub("decoder"), z, 3) - x).square().sum(&[1]) / (2.0 * 0.05 * 0.05);
    let divergence = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(&[1]);
    let mut descent = cx.minimise::<f32>((error + divergence).mean(&[]), &Adam::default(), 5e-3)?;
    descent.steps_on("batch", random::batches(0..1000, 50, 0).take(60 * 20))?;

    let [mean, _] = coder(&cx.sub("encoder"), points, 2).chunk(1);
    let error = (coder(&cx.sub("decoder"), mean, 3) - points).square().mean(&[]).sqrt();
    let [m, a] = [mean, angle].map(|v| (v - v.mean(&[])) / v.std(&[], 0));
    let (rmse, related) = (descent.item(error)?, descent.item((m * a).mean(&[]).abs())?);
    println!("RMSE {rmse:.3}, correlation of the code with the angle {related:.3}");
    assert!(rmse < 0.06 && related > 0.97);
    Ok(())
}
