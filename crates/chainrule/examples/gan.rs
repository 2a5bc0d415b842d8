//! A generative adversarial network that learns the normal distribution N(4, 1).

use chainrule::prelude::*;

fn main() -> Result<()> {
    let generator = Network::fully_connected(&[1, 16, 1], Tanh, Init::Xavier)?;
    let critic = Network::fully_connected(&[1, 16, 16, 1], Tanh, Init::Xavier)?;
    let (g, adam) = (Graph::new(), Adam { beta1: 0.5, ..Adam::default() });
    let cx = Cx::new(&g).shared("");
    let real = 4 + g.random_normal([128, 1], 0, 0, cx.step());
    let fake = cx.call("generator", &generator, g.random_normal([128, 1], 0, 1, cx.step())).one();
    let [real, fake] = [real, fake].map(|x| cx.call("critic", &critic, x).one());
    let judged = ((-real).softplus() + fake.softplus()).mean(&[]);

    // The second one moves other parameters of the same set.
    let mut first = cx.sub("critic").minimise::<f32>(judged, &adam, 2e-3)?;
    let mut second = cx.sub("generator").minimise((-fake).softplus().mean(&[]), &adam, 2e-3)?;
    for _ in 0..3000 {
        first.step()?;
        second.plan.step_with(&mut first.parameters, &mut second.state)?.finite()?;
    }

    let made = cx.call("generator", &generator, g.random_normal([10_000, 1], 0, 2, 0)).one();
    let (mean, deviation) = (first.item(made.mean(&[]))?, first.item(made.std(&[], 1))?);
    println!("mean {mean:.2}, deviation {deviation:.2}");
    assert!((mean - 4.0).abs() < 0.3 && (deviation - 1.0).abs() < 0.3);
    Ok(())
}
