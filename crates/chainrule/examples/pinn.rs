//! A damped oscillator u'' + 2u' + 10u = 0, u(0) = 1, u'(0) = 0, solved by a network that knows the equation.

use chainrule::prelude::*;

fn main() -> Result<()> {
    let net = Network::fully_connected(&[1, 32, 32, 1], Tanh, Init::Xavier)?;
    let g = Graph::new();
    let cx = Cx::new(&g);
    let t = (2 * g.arange(64).to_real() / 63).unsqueeze(1);
    let u = net.forward(&cx, t).one();
    let du = g.backward(u.sum(&[]), &[t])[0];
    let residual = g.backward(du.sum(&[]), &[t])[0] + 2 * du + 10 * u;
    let start = (u.index(0, 0) - 1).square() + du.index(0, 0).square();
    let loss = residual.square().mean(&[]) / 100 + start.sum(&[]);
    let mut descent = cx.minimise::<f32>(loss, &Adam::default(), 3e-3)?;
    descent.steps(4000)?;

    let exact = (-t).exp() * ((3 * t).cos() + (3 * t).sin() / 3);
    let error = descent.item((u - exact).abs().max(&[]))?;
    println!("largest error {error:.4}");
    assert!(error < 0.02);
    Ok(())
}
