//! A damped oscillator u'' + 2u' + 10u = 0, u(0) = 1, u'(0) = 0, solved by a network that knows the equation.

use chainrule::nn::{Affine, Cx, Field, Init, Network, Sequential, Tanh};
use chainrule::optim::Adam;
use chainrule::{Graph, Result, State};

const POINTS: usize = 64;

fn main() -> Result<()> {
    let affine = |outputs| Affine::new(outputs, Init::Xavier);
    let layers = Sequential::new().with(affine(32)).with(Tanh).with(affine(32)).with(Tanh);
    let net = Network::new(layers.with(affine(1)), [Field::real("t", [1])])?;

    let g = Graph::new();
    let cx = Cx::predict(&g);
    let u = net.record(&cx, POINTS).one().output("u");
    let t = g.input("t", [POINTS, 1]);
    let du = g.backward(u.sum(&[]), &[t])[0];
    let residual = g.backward(du.sum(&[]), &[t])[0] + 2 * du + 10 * u;
    let start = (u.index(0, 0) - 1).square() + du.index(0, 0).square();
    let loss = residual.square().mean(&[]) / 100 + start.sum(&[]);
    let mut step = cx.minimise::<f32>(loss, &Adam::default(), 3e-3)?;

    let times: Vec<f32> = (0..POINTS).map(|i| 2.0 * i as f32 / (POINTS - 1) as f32).collect();
    step.feed("t", &times)?;
    let (mut parameters, mut state) = (net.initial(0)?, State::new());
    for _ in 0..4000 {
        step.step_with(&mut parameters, &mut state)?;
    }

    let mut solution = g.compile::<f32>(&[u])?;
    solution.feed("t", &times)?;
    solution.run_with(&parameters)?;
    let exact = |t: f32| (-t).exp() * ((3.0 * t).cos() + (3.0 * t).sin() / 3.0);
    let errors = solution.value("u")?.iter().zip(&times).map(|(u, &t)| (u - exact(t)).abs());
    let error = errors.fold(0.0, f32::max);
    println!("largest error {error:.4}");
    assert!(error < 0.02);
    Ok(())
}
