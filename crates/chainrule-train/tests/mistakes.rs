//! The likeliest mistakes in a training, and all that is said of each.

use chainrule::nn::{Affine, Field, Init, Network, Relu, Sequential};
use chainrule::optim::Adam;
use chainrule_train::data::{Arrays, Dataset, Flat};
use chainrule_train::{Config, DataParts, Trainer};

/// A hundred lengths and widths, areas of the one by the other, and whether they are large.
fn data() -> Arrays {
    let sides: Vec<f32> = (0..200).map(|i| (i * 7 % 11) as f32 * 0.1).collect();
    let areas: Vec<f32> = sides.chunks(2).map(|side| side[0] * side[1]).collect();
    let large = areas.iter().map(|&area| u32::from(area > 0.25)).collect();
    let data = Arrays::new().real("sides", [2], sides).unwrap();
    data.real("area", [1], areas).unwrap().labels("large", [], 2, large).unwrap()
}

fn model(input: Field) -> Network {
    let layers = Sequential::new().with(Affine::new(8, Init::He)).with(Relu);
    Network::new(layers.with(Affine::new(1, Init::He)), [input]).unwrap()
}

/// What the first step of a training says, which `change` makes wrong.
fn told(input: Field, change: impl Fn(Trainer<f32>) -> Trainer<f32>) -> String {
    let trainer = Trainer::new(&model(input), &Config::default(), DataParts::train(data()));
    match trainer.and_then(|trainer| change(trainer).advance()) {
        Ok(_) => panic!("this is a mistake"),
        Err(error) => error.to_string(),
    }
}

fn sides() -> Field {
    Field::real("sides", [2])
}

/// A training with the loss that is right.
fn right(trainer: Trainer<f32>) -> Trainer<f32> {
    trainer.loss(|answer, batch| answer.one().mean_squared_error(batch["area"]))
}

#[test]
fn nothing_is_wrong_with_what_the_others_change() {
    let parts = DataParts::train(data());
    let trainer = Trainer::<f32>::new(&model(sides()), &Config::default(), parts).unwrap();
    right(trainer).advance().unwrap();
}

#[test]
fn data_that_does_not_fit_the_model() {
    assert_eq!(
        told(Field::real("size", [2]), right),
        "there is no field of the data named `size`; there are: sides, area, large"
    );
    assert_eq!(
        told(Field::real("sides", [3]), right),
        "the model takes `sides` [batch, 3], but the data has `sides` [batch, 2]"
    );
    let rows = Dataset::new(3, vec![0.0; 6], vec![0, 1], 2).unwrap();
    let network = Config::default().model(4, 2).unwrap();
    let parts = DataParts::train(Flat::new(rows));
    let trainer = Trainer::<f32>::new(&network, &Config::default(), parts).map(|_| ());
    assert_eq!(
        trainer.unwrap_err().to_string(),
        "the model takes `x` [batch, 4], but the data has `x` [batch, 3]"
    );
}

#[test]
fn losses() {
    assert_eq!(
        told(sides(), |trainer| trainer),
        "the training has no loss: give it one by `.loss(|answer, batch| …)`"
    );
    let here = format!("{}:{}", file!(), line!() + 2);
    let other_shape = told(sides(), |trainer| {
        trainer.loss(|answer, batch| answer.one().mean_squared_error(batch["sides"]))
    });
    assert_eq!(
        other_shape,
        format!(
            "mean_squared_error: the target must have the prediction's shape: reshape one of them \
             (operands [100, 1], [100, 2]), at {here}"
        )
    );
    let here = format!("{}:{}", file!(), line!() + 2);
    let unknown = told(sides(), |trainer| {
        trainer.loss(|answer, batch| answer.one().mean_squared_error(batch["aera"]))
    });
    assert_eq!(
        unknown,
        format!("values: there is no value named `aera`; did you mean `area`?, at {here}")
    );
    let here = format!("{}:{}", file!(), line!() + 2);
    let many = told(sides(), |trainer| {
        trainer.loss(|answer, batch| (answer.one() - batch["area"]).square())
    });
    assert_eq!(
        many,
        format!(
            "loss: `loss1` must be one number: reduce it with mean or sum (operands [100, 1]), at \
             {here}"
        )
    );
}

#[test]
fn optimizers() {
    let moved = |pattern: &'static str, rate| {
        told(sides(), move |trainer| right(trainer).optimizer(pattern, Adam::default(), rate))
    };
    assert_eq!(
        moved("head.*", 1e-3),
        "the pattern `head.*` fits none of the parameters: affine1.weight, affine1.bias, \
         affine2.weight, affine2.bias"
    );
    assert_eq!(
        moved("affine2.*", -0.1),
        "the learning rate of `affine2.*` is -0.1, but it must be positive and finite"
    );
}

#[test]
fn hidden_values() {
    let parts = DataParts::train(data());
    let mut trainer = Trainer::<f32>::new(&model(sides()), &Config::default(), parts).unwrap();
    assert_eq!(
        trainer.watch("rleu1").unwrap_err().to_string(),
        "there is no hidden value named `rleu1`; did you mean `relu1`?"
    );
}
