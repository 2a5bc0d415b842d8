//! A variational autoencoder finds the one number behind points on a curve.

use chainrule::nn::{Affine, Cx, Init, Sequential, Tanh};
use chainrule::optim::Adam;
use chainrule::random::{Stream, generator};
use chainrule::{Graph, Result, State, Var};
use rand::seq::SliceRandom;

const POINTS: usize = 1000;

fn coder<'g>(cx: &Cx<'g>, name: &str, x: Var<'g>, outputs: usize) -> Var<'g> {
    let affine = |outputs| Affine::new(outputs, Init::Xavier);
    let layers = Sequential::new().with(affine(32)).with(Tanh).with(affine(outputs));
    cx.shared(name).call("", &layers, x).one()
}

fn main() -> Result<()> {
    let data = Graph::new();
    let angle = 3 * data.random_uniform([POINTS, 1], 0, 0, 0);
    let points = angle.cos().concat(1, &[angle.sin(), angle / 3]);
    let points = points + 0.02 * data.random_normal([POINTS, 3], 0, 1, 0);
    let (angle, points) = (angle.eval()?, points.eval()?);

    let g = Graph::new();
    let (cx, x) = (Cx::predict(&g), g.input("x", [50, 3]));
    let [mean, log_variance] = coder(&cx, "encoder", x, 2).chunk(1);
    let noise = g.random_normal([50, 1], 0, 0, g.labels("step", [], 1 << 32));
    let y = coder(&cx, "decoder", mean + (log_variance / 2).exp() * noise, 3);
    let error = (y - x).square().sum(&[1]) / (2.0 * 0.05 * 0.05);
    let divergence = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(&[1]);
    let mut step = cx.minimise::<f64>((error + divergence).mean(&[]), &Adam::default(), 5e-3)?;

    let (mut parameters, mut state) = (cx.initial(0)?, State::new());
    let mut order: Vec<usize> = (0..POINTS).collect();
    for epoch in 0..60 {
        order.shuffle(&mut generator(0, Stream::Shuffle(epoch)));
        for (number, batch) in order.chunks(50).enumerate() {
            step.feed_labels("step", &[20 * epoch + number as u32])?;
            let rows: Vec<f64> =
                batch.iter().flat_map(|&i| &points.values()[3 * i..][..3]).copied().collect();
            step.feed("x", &rows)?;
            step.step_with(&mut parameters, &mut state)?;
        }
    }

    let x = g.constant_tensor(points);
    let [mean, _] = coder(&cx, "encoder", x, 2).chunk(1);
    let rmse = (coder(&cx, "decoder", mean, 3) - x).square().mean(&[]).sqrt();
    let [m, a] = [mean, g.constant_tensor(angle)].map(|v| v - v.mean(&[]));
    let related = ((m * a).sum(&[]) / (m.square().sum(&[]) * a.square().sum(&[])).sqrt()).abs();
    let mut score = g.compile::<f64>(&[rmse, related])?;
    score.run_with(&parameters)?;
    let (rmse, related) = (score.value(rmse)?[0], score.value(related)?[0]);
    println!("RMSE {rmse:.3}, correlation of the code with the angle {related:.3}");
    assert!(rmse < 0.06 && related > 0.97);
    Ok(())
}
