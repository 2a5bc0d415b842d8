//! A variational autoencoder finds the one number behind points on a curve.

use chainrule::prelude::*;

fn main() -> Result<()> {
    let encoder = Network::fully_connected(&[3, 32, 2], Tanh, Init::Xavier)?;
    let decoder = Network::fully_connected(&[1, 32, 3], Tanh, Init::Xavier)?;
    let g = Graph::new();
    let cx = Cx::new(&g).shared("");
    let angle = (3 * g.random_uniform([1000, 1], 0, 0, 0)).to_constant()?;
    let curve = angle.cos().concat(1, &[angle.sin(), angle / 3]);
    let points = (curve + 0.02 * g.random_normal([1000, 3], 0, 1, 0)).to_constant()?;
    let x = points.gather(0, g.labels("batch", [50], 1000));
    let [mean, log_variance] = cx.call("encoder", &encoder, x).one().chunk(1);
    let z = mean + (log_variance / 2).exp() * g.random_normal([50, 1], 0, 2, cx.step());
    // 2σ² of a noise of σ = 0.05.
    let error = (cx.call("decoder", &decoder, z).one() - x).square().sum(&[1]) / 0.005;
    let divergence = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(&[1]);
    let mut descent = cx.minimise::<f32>((error + divergence).mean(&[]), &Adam::default(), 5e-3)?;
    descent.steps_on("batch", random::batches(0..1000, 50, 0).take(60 * 20))?;

    let [mean, _] = cx.call("encoder", &encoder, points).one().chunk(1);
    let error = (cx.call("decoder", &decoder, mean).one() - points).square().mean(&[]);
    let [m, a] = [mean, angle].map(|v| (v - v.mean(&[])) / v.std(&[], 0));
    let (rmse, related) = (descent.item(error.sqrt())?, descent.item((m * a).mean(&[]).abs())?);
    println!("RMSE {rmse:.3}, correlation of the code with the angle {related:.3}");
    assert!(rmse < 0.06 && related > 0.97);
    Ok(())
}
