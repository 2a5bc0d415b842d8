//! A generative adversarial network that learns the normal distribution N(4, 1).

use chainrule::nn::{Field, Init, Model, Network, Tanh, Values, from_values};
use chainrule::{Result, optim::Adam, random};
use chainrule_train::{Config, DataParts, Objective, Trainer, data::Arrays};

fn main() -> Result<()> {
    let generator = Network::fully_connected(&[1, 16, 1], Tanh, Init::Xavier)?;
    let critic = Network::fully_connected(&[1, 16, 16, 1], Tanh, Init::Xavier)?;
    let maker = generator.clone();
    let both = from_values(move |cx, x| {
        let judge = |x| cx.shared("critic").call("", &critic, x).one();
        let fake = cx.call("generator", &maker, x["noise"]).one();
        Values::named([("real", judge(x["real"])), ("fake", judge(fake))])
    });
    let both = Network::new(both, [Field::real("noise", [1]), Field::real("real", [1])])?;

    let (noise, real) = (random::normal(12_800, 0), random::normal(12_800, 1));
    let real = real.iter().map(|x: &f32| 4.0 + x).collect();
    let data = Arrays::new().real("noise", [1], noise)?.real("real", [1], real)?;
    let config = Config { batch_size: 128, epochs: 30, ..Config::default() };
    let adam = Adam { beta1: 0.5, ..Adam::default() };
    let judge = Objective::new("critic")
        .loss(|y, _| ((-y["real"]).softplus() + y["fake"].softplus()).mean(&[]))
        .optimizer("critic.*", adam, 2e-3);
    let maker = Objective::new("generator")
        .loss(|y, _| (-y["fake"]).softplus().mean(&[]))
        .optimizer("generator.*", adam, 2e-3);
    let trainer = Trainer::<f32>::new(&both, &config, DataParts::train(data))?;
    let mut trainer = trainer.objective(judge).objective(maker);
    trainer.train()?;

    let made = Model::new(&generator, trainer.parameters.within("generator"))?;
    let made = made.predict(&random::normal(10_000, 2))?;
    let mean = made.iter().sum::<f32>() / 1e4;
    let deviation = (made.iter().map(|x| (x - mean).powi(2)).sum::<f32>() / 1e4).sqrt();
    println!("mean {mean:.2}, deviation {deviation:.2}");
    assert!((mean - 4.0).abs() < 0.3 && (deviation - 1.0).abs() < 0.3);
    Ok(())
}
