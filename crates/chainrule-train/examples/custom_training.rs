//! A training with a layer, a loss, a metric and data of your own:
//! `cargo run --release -p chainrule-train --example custom_training`

use chainrule::Result;
use chainrule::nn::{Affine, Field, Init, Network, Sequential, from_fn};
use chainrule_train::data::Data;
use chainrule_train::{Advance, Config, DataParts, Flow, Trainer};

/// Data that is computed as it is asked for: a sine.
struct Wave(usize);

impl Data for Wave {
    fn len(&self) -> usize {
        self.0
    }
    fn fields(&self) -> Vec<Field> {
        vec![Field::real("time", [1]), Field::real("height", [1])]
    }
    fn reals(&self, field: &str, examples: &[u32], values: &mut [f32]) -> Result<()> {
        for (value, &example) in values.iter_mut().zip(examples) {
            let time = example as f32 / self.0 as f32 * 6.0 - 3.0;
            *value = if field == "time" { time } else { time.sin() };
        }
        Ok(())
    }
}

fn main() -> Result<()> {
    let layers = Sequential::new()
        .with(Affine::new(20, Init::He))
        .named("snake", from_fn(|_, x| x * x.sin()))
        .with(Affine::new(1, Init::He));
    let model = Network::new(layers, [Field::real("time", [1])])?;

    let config = Config { lr: 0.02, batch_size: 20, epochs: 40, ..Config::default() };
    let parts = DataParts::train(Wave(400)).test(Wave(97));
    let mut trainer = Trainer::<f32>::new(&model, &config, parts)?
        // ln cosh, which is square near 0 and straight far away.
        .loss(|answer, batch| (answer.one() - batch["height"]).cosh().ln().mean(&[]))
        .metric("error", |answer, batch| (answer.one() - batch["height"]).abs().mean(&[]));
    trainer.run(&mut |event, _trainer| {
        if let Advance::Epoch { epoch, .. } = event
            && epoch.epoch % 10 == 0
        {
            println!("epoch {:2}: {:?}", epoch.epoch, epoch.scores);
        }
        Ok(Flow::Continue)
    })?;
    let error = trainer.epochs.last().map_or(1.0, |epoch| epoch.scores["test_error"]);
    assert!(error < 0.1, "the error is {error}");
    Ok(())
}
