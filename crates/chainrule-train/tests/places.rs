//! Mistakes in a training name the user's line and the layer's path.

use chainrule::Var;
use chainrule::nn::{Affine, Cx, Init, Module, Network, Sequential, Values, from_fn};
use chainrule_train::data::{Dataset, Flat};
use chainrule_train::{Config, Criterion, DataParts, Flow, Objective, Trainer};

fn data() -> Dataset {
    Dataset::regression(2, vec![0.5; 20], vec![1.0; 10]).unwrap()
}

/// What the training of a model ends with.
fn trained(model: &Network) -> String {
    let parts = DataParts::train(Flat::new(data()));
    let run = Trainer::<f32>::new(model, &Config::default(), parts)
        .and_then(|mut trainer| trainer.run(&mut |_, _| Ok(Flow::Continue)).map(|_| ()));
    run.unwrap_err().to_string()
}

#[test]
fn the_datas_width_is_told_beside_the_models() {
    let model = Network::flat(Affine::new(1, Init::He), 3).unwrap();
    let error = trained(&model);
    let wanted = "the model takes `x` [batch, 3], but the data has `x` [batch, 2]";
    assert_eq!(error, wanted);
}

#[test]
fn a_loss_that_does_not_fit_names_the_line_of_the_model() {
    let (model, line) = (Network::flat(Affine::new(3, Init::He), 2).unwrap(), line!());
    let error = trained(&model);
    assert!(error.starts_with("mean-squared: the targets must have the shape"), "{error}");
    assert!(error.ends_with(&format!("{}:{line}", file!())), "line {line}: {error}");
}

#[test]
fn a_batch_that_does_not_fit_names_the_users_line_and_the_layer() {
    // Right for the batches with which a network is tried, and wrong for those of ten.
    const LINE: u32 = line!() + 2;
    let fours = from_fn(|_, x| {
        let fours = x.reshape([x.size(0) / 4, 4, 2]);
        fours.mean(&[1])
    });
    let model = Sequential::new().named("fours", fours).with(Affine::new(1, Init::He));
    let error = trained(&Network::flat(model, 2).unwrap());
    assert!(error.starts_with("reshape in `fours`: "), "{error}");
    assert!(error.ends_with(&format!("{}:{LINE}", file!())), "line {LINE}: {error}");
}

/// Right for the batches with which a network is tried, and wrong for those of ten.
struct Fours;

const FOURS: u32 = line!() + 5;

impl Module for Fours {
    fn forward<'g>(&self, _cx: &Cx<'g>, x: Values<'g>) -> Values<'g> {
        let x = x.one();
        x.reshape([x.size(0) / 4, 4, 2]).mean(&[1]).into()
    }
}

/// A loss whose shapes do not fit.
struct Crooked;

const CROOKED: u32 = line!() + 4;

impl Criterion for Crooked {
    fn record<'g>(&self, answer: &Values<'g>, _batch: &Values<'g>) -> Var<'g> {
        answer.one().reshape([7]).mean(&[])
    }
}

#[test]
fn modules_and_losses_of_ones_own_name_their_own_lines() {
    let error = trained(&Network::flat(Fours, 2).unwrap());
    assert!(error.ends_with(&format!("{}:{FOURS}", file!())), "line {FOURS}: {error}");

    let model = Network::flat(Affine::new(1, Init::He), 2).unwrap();
    let trainer =
        || Trainer::<f32>::new(&model, &Config::default(), DataParts::train(Flat::new(data())));
    let mut with_struct =
        trainer().unwrap().objective(Objective::new("fit").criterion("crooked", 1.0, Crooked));
    let error = with_struct.train().unwrap_err().to_string();
    assert!(error.ends_with(&format!("{}:{CROOKED}", file!())), "line {CROOKED}: {error}");

    const LINE: u32 = line!() + 1;
    let mut with_closure = trainer().unwrap().loss(|answer, _| answer.one().reshape([7]).mean(&[]));
    let error = with_closure.train().unwrap_err().to_string();
    assert!(error.ends_with(&format!("{}:{LINE}", file!())), "line {LINE}: {error}");
}
