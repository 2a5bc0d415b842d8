//! Sequences of different lengths: for each token, whether the tokens so far hold an odd number of ones;
//! padding is masked.

use chainrule::nn::{Affine, Field, Init, Network, from_fn};
use chainrule::{Result, optim::Adam, random};
use chainrule_train::{Config, DataParts, Trainer, data::Arrays};

const LONGEST: usize = 12;

fn main() -> Result<()> {
    let (tokens, paddings) = (random::labels(512 * LONGEST, 2, 0), random::labels(512, 9, 1));
    let (mut odd, mut mask) = (Vec::new(), Vec::new());
    for (row, &padding) in tokens.chunks(LONGEST).zip(&paddings) {
        odd.extend((0..LONGEST).map(|at| row[..=at].iter().sum::<u32>() % 2));
        mask.extend((0..LONGEST).map(|at| f32::from(at + (padding as usize) < LONGEST)));
    }
    let data = Arrays::new().labels("tokens", [LONGEST], 2, tokens)?;
    let data = data.labels("odd", [LONGEST], 2, odd)?.mask("mask", [LONGEST], mask)?;

    let tagger = from_fn(|cx, tokens| {
        let embedding = cx.param("embed", [2, 8], Init::Normal { deviation: 1.0 });
        let mut state = cx.graph().constant(0.0).broadcast_to([tokens.size(0), 32]);
        let step = |token| {
            let x = state.concat(1, &[embedding.gather(0, tokens.index(1, token))]);
            state = cx.shared("rnn").call("", &Affine::new(32, Init::Xavier), x).one().tanh();
            state
        };
        let states: Vec<_> = (0..LONGEST as isize).map(step).collect();
        cx.call("head", &Affine::new(2, Init::Xavier), cx.graph().stack(1, &states)).one()
    });
    let model = Network::new(tagger, [Field::labels("tokens", [LONGEST], 2)])?;
    let config = Config { batch_size: 64, epochs: 60, ..Config::default() };
    let mut trainer =
        Trainer::<f32>::new(&model, &config, DataParts::train(data.clone()).test(data))?
            .loss(|y, t| {
                let each =
                    -y.one().log_softmax().take_along_axis(2, t["odd"].unsqueeze(2)).squeeze(2);
                (each * t["mask"]).sum(&[]) / t["mask"].sum(&[])
            })
            .optimizer("*", Adam::default(), 5e-3)
            .metric("right", |y, t| {
                (y.one().argmax(2).equal(t["odd"]) * t["mask"]).sum(&[]) / t["mask"].sum(&[])
            });
    trainer.train()?;

    let right = trainer.score("test_right")?;
    println!("accuracy on real tokens {right:.4}");
    assert!(right > 0.99);
    Ok(())
}
