//! A training with a layer, a loss, a metric and data of your own:
//! `cargo run --release -p chainrule-train --example custom_training`

use chainrule::Result;
use chainrule::nn::{Affine, Init, Network, Sequential, Targets, Truth, from_fn};
use chainrule_train::data::{Examples, Target};
use chainrule_train::{Advance, Config, DataParts, Flow, Trainer};

/// Data that is computed as it is asked for: a sine.
struct Wave(usize);

impl Examples for Wave {
    fn len(&self) -> usize {
        self.0
    }
    fn width(&self) -> usize {
        1
    }
    fn target(&self) -> Target {
        Target::Values { width: 1 }
    }
    fn features(&self, examples: &[u32], rows: &mut [f32]) -> Result<()> {
        rows.iter_mut().zip(examples).for_each(|(x, &i)| *x = i as f32 / self.0 as f32 * 6.0 - 3.0);
        Ok(())
    }
    fn values(&self, examples: &[u32], values: &mut [f32]) -> Result<()> {
        self.features(examples, values)?;
        values.iter_mut().for_each(|y| *y = y.sin());
        Ok(())
    }
}

fn main() -> Result<()> {
    let model = Sequential::new()
        .with(Affine::new(20, Init::He))
        // A layer of your own: x·sin(a·x), with a slope a for each feature.
        .named("snake", from_fn(|cx, x| x * (x * cx.param("a", [x.size(1)], Init::Ones)).sin()))
        .with(Affine::new(1, Init::He));
    let model = Network::flat(model, 1)?;
    let config = Config { lr: 0.02, batch_size: 20, epochs: 40, ..Config::default() };
    let (train, test) = (Wave(400), Wave(97));
    let mut trainer = Trainer::<f32>::new(&model, &config, &train)?
        // ln cosh, which is square near 0 and straight far away.
        .with_loss(|output, targets| match targets {
            Targets::Values(wanted) => (output - wanted).cosh().ln().mean(&[]),
            Targets::Labels(_) => output.sum(&[]),
        })
        .with_metric("largest_error", |outputs, truths| {
            let error = |(y, truth): (&f64, &Truth)| match truth {
                Truth::Values(wanted) => (y - wanted[0]).abs(),
                Truth::Class(_) => f64::NAN,
            };
            outputs.iter().zip(truths).map(error).fold(0.0, f64::max)
        });
    let parts = DataParts { train: &train, validation: None, test: Some(&test) };
    trainer.run(parts, &mut |event, _trainer| {
        if let Advance::Epoch { epoch, .. } = event
            && epoch.epoch % 10 == 0
        {
            println!("epoch {:2}: {:?}", epoch.epoch, epoch.scores);
        }
        Ok(Flow::Continue)
    })?;
    Ok(())
}
