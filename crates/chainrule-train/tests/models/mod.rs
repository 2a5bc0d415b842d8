//! Models of any shape, to be trained.

// Each file of tests takes what it needs.
#![allow(dead_code)]

use chainrule::nn::{Affine, Cx, Field, Init, Module, Network, Relu, Sequential, Tanh, Values};
use chainrule::optim::{Adam, Sgd};
use chainrule_train::data::Arrays;
use chainrule_train::{Config, DataParts, Objective, Trainer};

/// Numbers that look random, from −1 to 1.
pub fn noise(count: usize, step: f32) -> Vec<f32> {
    (0..count).map(|i| ((i as f32 + 1.0) * step).sin() * 43.7).map(f32::fract).collect()
}

/// A city and an area in; a price and a class out.
pub struct House;

impl Module for House {
    fn forward<'g>(&self, cx: &Cx<'g>, x: Values<'g>) -> Values<'g> {
        let cities = cx.param("city", [3, 4], Init::Normal { deviation: 0.5 });
        let city = cities.gather(0, x["city"]);
        let body = Sequential::new().with(Affine::new(16, Init::He)).with(Relu);
        let hidden = cx.call("body", &body, city.concat(1, &[x["area"]])).one();
        let price = cx.call("price", &Affine::new(1, Init::He), hidden).one();
        let dear = cx.call("dear", &Affine::new(2, Init::He), hidden).one();
        Values::named([("price", price.squeeze(1)), ("dear", dear)])
    }
}

pub fn houses(count: usize) -> Arrays {
    let city: Vec<u32> = (0..count as u32).map(|i| i * 7 % 3).collect();
    let area = noise(count, 1.3);
    let price: Vec<f32> =
        city.iter().zip(&area).map(|(&city, area)| city as f32 * 0.5 + area * 0.3).collect();
    let dear = price.iter().map(|&price| u32::from(price > 0.5)).collect();
    let data = Arrays::new().labels("city", [], 3, city).unwrap();
    let data = data.real("area", [1], area).unwrap().real("price", [], price).unwrap();
    data.labels("dear", [], 2, dear).unwrap()
}

pub fn house() -> Network {
    Network::new(House, [Field::labels("city", [], 3), Field::real("area", [1])]).unwrap()
}

pub fn house_trainer(model: &Network, config: &Config) -> Trainer<f32> {
    let parts = DataParts::train(houses(300)).test(houses(60));
    Trainer::new(model, config, parts)
        .unwrap()
        .part("price", 1.0, |answer, batch| (answer["price"] - batch["price"]).square().mean(&[]))
        .part("dear", 0.3, |answer, batch| answer["dear"].softmax_with_loss(batch["dear"]))
        .optimizer("body.*", Adam::default(), 0.02)
        .optimizer("*", Sgd::default(), 0.1)
        .metric("right", |answer, batch| answer["dear"].argmax(1).equal(batch["dear"]).mean(&[]))
}

/// A generator of one number from noise, and a judge of real and made ones.
pub struct Adversaries;

impl Module for Adversaries {
    fn forward<'g>(&self, cx: &Cx<'g>, x: Values<'g>) -> Values<'g> {
        let generator = Sequential::new().with(Affine::new(8, Init::Xavier)).with(Tanh);
        let generator = generator.with(Affine::new(1, Init::Xavier));
        let judge = Sequential::new().with(Affine::new(8, Init::Xavier)).with(Tanh);
        let judge = judge.with(Affine::new(1, Init::Xavier));
        let made = cx.call("generator", &generator, x["noise"]).one();
        let judged = |v| cx.shared("judge").call("", &judge, v).one();
        Values::named([("real", judged(x["real"])), ("fake", judged(made)), ("made", made)])
    }
}

pub fn adversaries(steps: usize) -> Trainer<f32> {
    let data = Arrays::new().real("noise", [1], noise(64, 1.9)).unwrap();
    let real = noise(64, 0.7).iter().map(|x| 3.0 + 0.5 * x).collect();
    let data = data.real("real", [1], real).unwrap();
    let inputs = [Field::real("noise", [1]), Field::real("real", [1])];
    let model = Network::new(Adversaries, inputs).unwrap();
    let config = Config { batch_size: 64, epochs: steps as u32, ..Config::default() };
    Trainer::new(&model, &config, DataParts::train(data))
        .unwrap()
        .objective(
            Objective::new("judge")
                .loss(|answer, _| {
                    ((-answer["real"]).softplus() + answer["fake"].softplus()).mean(&[])
                })
                .optimizer("judge.*", Adam::default(), 0.01),
        )
        .objective(
            Objective::new("generator")
                .loss(|answer, _| (-answer["fake"]).softplus().mean(&[]))
                .optimizer("generator.*", Adam::default(), 0.01)
                .every(2),
        )
}
