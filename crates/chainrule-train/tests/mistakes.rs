//! The likeliest mistakes in a training, and all that is said of each.

use chainrule::Var;
use chainrule::nn::{Affine, Field, Init, Loss, Network, Relu, Sequential, Tanh};
use chainrule::optim::{Adam, Each, Lbfgs, Rule, Schedule};
use chainrule_train::data::{Arrays, Data, Dataset, Flat};
use chainrule_train::{Action, Config, CustomTraining, DataParts, Objective, Trainer, Training};

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
    assert_eq!(
        told(sides(), |trainer| trainer.loss(|_, batch| batch["area"].square().mean(&[]))),
        "the loss depends on none of the parameters to train, so that a step would train nothing"
    );
    assert_eq!(
        told(sides(), |trainer| {
            let good = Objective::new("good")
                .loss(|answer, batch| answer.one().mean_squared_error(batch["area"]));
            let apart = Objective::new("apart").loss(|_, batch| batch["area"].square().mean(&[]));
            trainer.objective(good).objective(apart)
        }),
        "the loss of `apart` depends on none of the parameters to train, so that a step would train \
         nothing"
    );
}

#[test]
fn words_of_the_settings_stand_for_losses_and_schedules() {
    let parts = || {
        DataParts::train(Flat::new(Dataset::regression(2, vec![0.5; 40], vec![1.0; 20]).unwrap()))
    };
    let model = Network::flat(Affine::new(1, Init::He), 2).unwrap();
    let config = Config { loss: Some(Loss::L1), epochs: 2, ..Config::default() };
    let mut settings = Trainer::<f32>::new(&model, &config, parts()).unwrap();
    let config = Config { epochs: 2, ..Config::default() };
    let mut own = Trainer::<f32>::new(&model, &config, parts())
        .unwrap()
        .objective(Objective::new("loss").criterion("l1", 1.0, Loss::L1))
        .schedule(Schedule::Constant);
    settings.train().unwrap();
    own.train().unwrap();
    assert_eq!(own.parameters.sha256(), settings.parameters.sha256());

    let waits: Schedule = "reduce-on-plateau".parse().unwrap();
    assert_eq!(
        told(sides(), |trainer| right(trainer).schedule(waits)),
        "the schedule `reduce-on-plateau` looks at a metric, of which steps tell nothing: give it by \
         the settings"
    );
    let error = told(sides(), |trainer| {
        trainer.objective(Objective::new("loss").criterion("huber", 1.0, Loss::L1))
    });
    let wanted = "values: there is no value named `t`; there are: sides, area, large, at ";
    assert!(error.starts_with(wanted), "{error}");
    assert!(error.contains(file!()), "{error}");
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
    let adam =
        |trainer: Trainer<f32>, pattern: &str| trainer.optimizer(pattern, Adam::default(), 0.1);
    assert_eq!(
        told(sides(), |trainer| adam(adam(right(trainer), "*"), "affine2.*")),
        "the optimizer of `affine2.*` moves nothing: patterns before it take every parameter that it \
         fits, so put it before them"
    );
    let own = || Objective::new("own").loss(|answer, _| answer.one().mean(&[]));
    assert_eq!(
        told(sides(), |trainer| adam(trainer, "*").objective(own())),
        "the objective `loss` has no loss: give it one by `.loss(|answer, batch| …)`; its optimizer, \
         of `*`, stands before all objectives, and is none of theirs if it is meant for a later one"
    );
}

/// Forgets to move anything.
#[derive(Debug)]
struct Idle;

impl Rule for Idle {
    fn name(&self) -> &str {
        "idle"
    }
    fn steps<'g>(&self, _: &[Each<'g>]) -> Vec<(Var<'g>, Var<'g>)> {
        Vec::new()
    }
}

#[test]
fn optimizers_are_told_with_their_lines() {
    let here = format!("{}:{}", file!(), line!() + 1);
    let idle = told(sides(), |trainer| right(trainer).optimizer("*", Idle, 0.1));
    assert_eq!(idle, format!("idle: gives `affine1.weight` no new value, at {here}"));
    let here = format!("{}:{}", file!(), line!() + 3);
    let wrong = told(sides(), |trainer| {
        let adam = Adam { beta1: 2.0, ..Adam::default() };
        let own = Objective::new("own").optimizer("*", adam, 0.1);
        trainer.objective(own.loss(|answer, _| answer.one().mean(&[])))
    });
    let wanted = "beta1 is 2, but it must be at least 0 and below 1";
    assert_eq!(wrong, format!("adam: {wanted}, at {here}"));
}

#[test]
fn objectives() {
    let own = |name: &str| Objective::new(name).loss(|answer, _| answer.one().mean(&[]));
    let config = Config { accumulate: 4, ..Config::default() };
    let trainer = Trainer::<f32>::new(&model(sides()), &config, DataParts::train(data())).unwrap();
    let error = trainer.objective(own("now")).objective(own("then").every(2)).advance();
    assert_eq!(
        error.unwrap_err().to_string(),
        "the objective `then` takes a turn at every 2 steps alone, so that no update can average the \
         gradients of 4 batches: leave out `every` or the setting accumulate"
    );
    for weight in [-1.0, f64::NAN] {
        let error = told(sides(), move |trainer| {
            trainer.part("far", weight, |answer, _| answer.one().mean(&[]))
        });
        let wanted = "finite and not negative: to make something large, negate it in the loss";
        assert_eq!(error, format!("the weight of `far` is {weight}, but it must be {wanted}"));
    }
}

#[test]
fn names_that_are_taken() {
    let twice = |what: &str, name: &str| {
        format!("two {what} are told by the name `{name}`: give one of them another")
    };
    let scored = |trainer: Trainer<f32>, name: &str| {
        trainer.metric(name, |answer, _| answer.one().mean(&[]))
    };
    let part = |trainer: Trainer<f32>, name: &str| {
        trainer.part(name, 1.0, |answer, _| answer.one().mean(&[]))
    };
    let own = |name: &str| Objective::new(name).loss(|answer, _| answer.one().mean(&[]));
    let metric = |name: &'static str| told(sides(), move |trainer| scored(right(trainer), name));
    assert_eq!(metric("loss"), twice("scores", "loss"));
    let parts = |trainer| part(part(trainer, "p"), "q");
    assert_eq!(told(sides(), |t| part(part(t, "p"), "p")), twice("losses", "p"));
    assert_eq!(told(sides(), |t| scored(parts(t), "loss_q")), twice("scores", "loss_q"));
    assert_eq!(told(sides(), |t| scored(scored(right(t), "m"), "m")), twice("scores", "m"));
    let objectives = |names: [&'static str; 2]| {
        told(sides(), move |t| t.objective(own(names[0])).objective(own(names[1])))
    };
    assert_eq!(objectives(["g", "g"]), twice("losses", "g"));

    let rows = Flat::new(Dataset::new(1, vec![0.0, 1.0], vec![0, 1], 2).unwrap());
    let config = Config::default();
    let parts = DataParts::train(rows);
    let trainer = Trainer::<f32>::new(&config.model(1, 2).unwrap(), &config, parts).unwrap();
    let error = trainer.with_metric("accuracy", |_, _| 1.0).advance().unwrap_err();
    assert_eq!(error.to_string(), twice("scores", "accuracy"));
}

#[test]
fn metrics() {
    let here = format!("{}:{}", file!(), line!() + 2);
    let many = |trainer: Trainer<f32>| {
        trainer.metric("sides", |answer, batch| answer.one() * batch["sides"].sum(&[]))
    };
    let parts = DataParts::train(data()).test(data());
    let trainer = Trainer::<f32>::new(&model(sides()), &Config::default(), parts).unwrap();
    assert_eq!(
        many(right(trainer)).train().unwrap_err().to_string(),
        format!(
            "on the test part, metric: `sides` must be one number: reduce it with mean or sum (operands [100, 1]), at \
             {here}"
        )
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

/// Examples in an order that is given.
struct Ordered(Vec<u32>);

impl Data for Ordered {
    fn len(&self) -> usize {
        data().len()
    }
    fn fields(&self) -> Vec<Field> {
        data().fields()
    }
    fn reals(&self, field: &str, examples: &[u32], values: &mut [f32]) -> chainrule::Result<()> {
        data().reals(field, examples, values)
    }
    fn order(&self, _: u64, _: u32) -> Vec<u32> {
        self.0.clone()
    }
}

#[test]
fn an_order_of_other_examples() {
    let first = |order: Vec<u32>| {
        let parts = DataParts::train(Ordered(order));
        let trainer = Trainer::<f32>::new(&model(sides()), &Config::default(), parts);
        right(trainer.unwrap()).advance().map_err(|error| error.to_string())
    };
    // Drawn by weights, some may come again.
    assert!(first(vec![7; 100]).is_ok());
    let told = first(vec![0, 1, 99]).unwrap_err();
    assert_eq!(told, "3 examples in the order of an epoch, but there must be 100");
    let told = first((1..101).collect()).unwrap_err();
    assert_eq!(
        told,
        "the order of an epoch names the example 100, but they are numbered from 0 to 99"
    );
}

#[test]
fn a_part_without_the_target_and_a_score_of_a_field_that_is_not_there() {
    let few = Arrays::new().real("sides", [2], vec![0.5; 4]).unwrap();
    let parts = DataParts::train(data()).validation(few);
    let trainer = Trainer::<f32>::new(&model(sides()), &Config::default(), parts).unwrap();
    let told = right(trainer).advance().unwrap_err().to_string();
    assert!(
        told.starts_with("on the validation part, values: there is no value named `area`"),
        "{told}"
    );
    let parts = DataParts::train(data()).test(data());
    let trainer = Trainer::<f32>::new(&model(sides()), &Config::default(), parts).unwrap();
    let trainer = right(trainer).metric("volume", |_, batch| batch["volume"].mean(&[]));
    let told = { trainer }.advance().unwrap_err().to_string();
    assert!(
        told.starts_with("on the test part, values: there is no value named `volume`"),
        "{told}"
    );
}

#[test]
fn batches_on_which_lbfgs_goes_astray() {
    let config = Config { optimizer: Lbfgs::default().into(), batch_size: 99, ..Config::default() };
    let trainer = Trainer::<f32>::new(&model(sides()), &config, DataParts::train(data()));
    let told = right(trainer.unwrap()).advance().unwrap_err().to_string();
    let wanted =
        "the whole training part with the optimizer lbfgs, which goes astray on a part of it";
    assert_eq!(told, format!("batch_size is 99 of 100 examples, but it must be {wanted}"));
}

#[test]
fn settings_of_a_model_beside_one_of_ones_own() {
    let named = |config: &Config, network: &Network| {
        let trainer = Trainer::<f32>::new(network, config, DataParts::train(data())).unwrap();
        CustomTraining::new("areas", right(trainer)).map(|_| ()).map_err(|error| error.to_string())
    };
    let config = Config { hidden: vec![8], activation: Tanh, ..Config::default() };
    assert_eq!(
        named(&config, &model(sides())).unwrap_err(),
        "the setting hidden describes a model, but `areas` is one of your own: leave it out, or make the \
         model by `Config::model`"
    );
    named(&Config::default(), &model(sides())).unwrap();
}

#[test]
fn actions_that_lbfgs_cannot_do() {
    let config = Config { optimizer: Lbfgs::default().into(), ..Config::default() };
    let trainer = Trainer::<f32>::new(&model(sides()), &config, DataParts::train(data()));
    let mut training = CustomTraining::new("areas", right(trainer.unwrap())).unwrap();
    training.advance().unwrap();
    let parameters = "affine1.*".to_owned();
    for (action, wanted) in [
        (Action::Freeze { parameters: parameters.clone() }, "freeze by the setting `freeze`"),
        (Action::Unfreeze { parameters: parameters.clone() }, "freeze by the setting `freeze`"),
        (Action::RateOf { parameters, times: 0.5 }, "none with the optimizer lbfgs"),
    ] {
        let told = training.act(&action).unwrap_err().to_string();
        assert!(told.contains(wanted), "{told}");
    }
    training.advance().unwrap();
}

/// An optimizer with a name that a file takes apart.
#[derive(Debug)]
struct Dotted;

impl Rule for Dotted {
    fn name(&self) -> &str {
        "my.own"
    }
    fn steps<'g>(&self, all: &[Each<'g>]) -> Vec<(Var<'g>, Var<'g>)> {
        let kept = |each: &Each<'g>| (each.state("last"), each.dw);
        all.iter().flat_map(|each| [kept(each), (each.w, each.w - each.dw * each.rate)]).collect()
    }
}

#[test]
fn an_optimizer_of_which_a_file_cannot_tell() {
    let trainer =
        Trainer::<f32>::new(&model(sides()), &Config::default(), DataParts::train(data()));
    let trainer = right(trainer.unwrap()).optimizer("*", Dotted, 0.1);
    let told = CustomTraining::new("areas", trainer).err().unwrap().to_string();
    assert!(told.contains("my.own") && told.contains("use names without `.`"), "{told}");
}

#[test]
fn what_data_and_settings_of_ones_own_leave_out() {
    struct Bare;
    impl Data for Bare {
        fn len(&self) -> usize {
            4
        }
        fn fields(&self) -> Vec<Field> {
            vec![sides()]
        }
    }
    struct Twice;
    impl Data for Twice {
        fn len(&self) -> usize {
            4
        }
        fn fields(&self) -> Vec<Field> {
            vec![sides(), sides()]
        }
    }
    let (network, config) = (model(sides()), Config::default());
    let twice = DataParts::train(data()).validation(Twice);
    let error = Trainer::<f32>::new(&network, &config, twice).map(|_| ()).unwrap_err();
    let wanted = "the data has two fields named `sides`: rename one of them";
    assert_eq!(error.to_string(), wanted);

    let trainer = Trainer::<f64>::new(&network, &config, DataParts::train(Bare));
    let mut trainer = trainer.unwrap().loss(|answer, _| answer.one().mean(&[]));
    assert_eq!(
        trainer.advance().unwrap_err().to_string(),
        "the field `sides` holds real numbers, but the data implements no `Data::reals`"
    );
    let told = CustomTraining::new("bare", trainer).err().unwrap().to_string();
    assert_eq!(
        told,
        "the setting dtype is `f32`, but it must be `f64`, as the training is a `Trainer<f64>`"
    );
}
