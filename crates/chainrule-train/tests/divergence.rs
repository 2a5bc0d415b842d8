//! A NaN or an infinity in training is traced to the operation, the layer and the row that made it.

use chainrule::{Real, Result, Var};
use chainrule_train::data::{Data, Dataset, Examples, Flat, Target};
use chainrule_train::{Advance, Config, DataParts, Flow, Trainer};

/// Ten examples of one feature, of which the seventh has another size; the targets are values.
#[derive(Clone, Copy)]
struct Rows {
    seventh: f32,
}

impl Examples for Rows {
    fn len(&self) -> usize {
        10
    }
    fn width(&self) -> usize {
        1
    }
    fn target(&self) -> Target {
        Target::Values { width: 2 }
    }
    fn features(&self, examples: &[u32], rows: &mut [f32]) -> Result<()> {
        let of = |example: u32| if example == 7 { self.seventh } else { 0.1 };
        rows.iter_mut().zip(examples).for_each(|(x, &example)| *x = of(example));
        Ok(())
    }
    fn values(&self, examples: &[u32], values: &mut [f32]) -> Result<()> {
        let rows = values.chunks_exact_mut(2).zip(examples);
        rows.for_each(|(row, &example)| row.copy_from_slice(&[(example % 2) as f32, 1.0]));
        Ok(())
    }
}

type OwnLoss = for<'g> fn(Var<'g>, Var<'g>) -> Var<'g>;

/// Trains in batches of five with a loss of one's own, in both precisions; the message.
fn diverges(data: impl Examples + 'static, settings: &str, loss: Option<OwnLoss>, parts: &[&str]) {
    let data = Flat::new(data);
    diverges_in::<f32>(&data, settings, loss, parts);
    diverges_in::<f64>(&data, settings, loss, parts);
}

fn diverges_in<T: Real>(data: &Flat, settings: &str, loss: Option<OwnLoss>, parts: &[&str]) {
    let usual = "hidden = []\nbatch_size = 5\nepochs = 2\nlr = 0.001\ninit = \"he\"\nseed = 1";
    let keys = |line: &&str| !settings.contains(&line[..line.find('=').unwrap()]);
    let usual: Vec<&str> = usual.lines().filter(keys).collect();
    let config = Config::from_toml(&format!("{settings}\n{}", usual.join("\n"))).unwrap();
    let target = data.flat().unwrap().target();
    let model = config.model_for(1, target).unwrap();
    let data = DataParts::train(data.clone());
    let mut trainer = Trainer::<T>::new(&model, &config, data).unwrap();
    if let Some(loss) = loss {
        trainer = trainer.loss(move |answer, batch| {
            let output = answer.one();
            output.graph().scope("own-loss", || loss(output, batch["t"]))
        });
    }
    let error = trainer.run(&mut |_, _| Ok(Flow::Continue)).unwrap_err().to_string();
    for part in parts {
        assert!(error.contains(part), "{}: `{part}` is not in: {error}", T::NAME);
    }
}

#[test]
fn the_logarithm_of_a_softmax_that_underflows() {
    diverges(
        Rows { seventh: 1e5 },
        "",
        Some(|output, wanted| -(wanted * output.softmax().ln()).sum(&[])),
        &["-inf", "operation `ln`", "`own-loss`", "made from 0,", "row 7", "cross-entropy"],
    );
}

#[test]
fn a_number_missing_in_the_data() {
    diverges(
        Rows { seventh: f32::NAN },
        "",
        None,
        &["step", "`x` holds NaN", "row 7", "Mend the data"],
    );
}

#[test]
fn a_number_missing_in_the_data_of_an_optimizer_that_asks_for_gradients() {
    diverges(
        Rows { seventh: f32::NAN },
        "optimizer = \"lbfgs\"\nbatch_size = 10\nlr = 1.0",
        None,
        &["step 1", "the loss is NaN", "`x` holds NaN", "row 7"],
    );
}

/// It asks for the loss at several places, and goes to the last one unseen.
#[test]
fn a_step_too_long_of_an_optimizer_that_asks_for_gradients() {
    for iterations in [1, 2, 5] {
        let kind = format!("kind = \"lbfgs\", iterations = {iterations}, line_search = false");
        let settings =
            format!("optimizer = {{ {kind} }}\nlr = 1e200\ndtype = \"f64\"\nbatch_size = 10");
        // An infinite parameter, or the first node that is so.
        diverges(
            Rows { seventh: 1.0 },
            &settings,
            None,
            &["diverged at step", "inf", "smaller steps"],
        );
    }
}

/// With a loss of one's own it is told as with any other optimizer.
#[test]
fn an_exponential_that_overflows_under_an_optimizer_that_asks_for_gradients() {
    diverges(
        Rows { seventh: 1e5 },
        "optimizer = \"lbfgs\"\nbatch_size = 10\nlr = 1.0",
        Some(|output, _| output.square().exp().mean(&[])),
        &["diverged at step 1", "operation `exp`", "`own-loss`", "row 7", "exponential overflows"],
    );
}

#[test]
fn a_division_by_zero() {
    diverges(
        Rows { seventh: 0.0 },
        "freeze = [\"affine1.bias\"]",
        Some(|output, wanted| (wanted / output).mean(&[])),
        &["operation `div`", "`own-loss`", ", 0, row 7", "row 7", "divides by 0"],
    );
}

#[test]
fn an_exponential_that_overflows() {
    diverges(
        Rows { seventh: 1e5 },
        "",
        Some(|output, _| output.square().exp().mean(&[])),
        &["inf", "operation `exp`", "`own-loss`", "row 7", "The exponential overflows"],
    );
}

#[test]
fn a_learning_rate_that_is_far_too_large() {
    for rate in ["1e18", "1e30"] {
        let settings = format!("lr = {rate}\nhidden = [4]\nepochs = 30");
        diverges(Rows { seventh: 1.0 }, &settings, None, &["diverged", "smaller learning rate"]);
    }
}

#[test]
fn a_gradient_that_is_infinite_where_the_loss_is_not() {
    // √0 = 0, but its slope is infinite.
    diverges(
        Rows { seventh: 0.0 },
        "freeze = [\"affine1.bias\"]",
        Some(|output, _| output.abs().sqrt().mean(&[])),
        &["in the gradient of `sqrt`", "`own-loss`", "row 7", "value of `affine1.weight`"],
    );
}

#[test]
fn a_gradient_that_overflows_behind_a_layer() {
    // A finite slope of a root near 0, times a large input.
    diverges(
        Rows { seventh: 1.0 },
        "hidden = [3]\nactivation = \"sigmoid\"",
        Some(|output, _| (output - output).abs().sqrt().sum(&[])),
        &["in the gradient of `sqrt` in `own-loss`", "row"],
    );
}

#[test]
fn a_dataset_in_memory_with_a_bad_row() {
    let data = Dataset::regression(1, vec![0.0, 1.0, f32::INFINITY, 2.0], vec![0.0; 4]);
    match data {
        Err(error) => assert!(error.to_string().contains("inf"), "{error}"),
        Ok(data) => diverges(data, "", None, &["`x` holds inf", "row 2"]),
    }
}

#[test]
fn what_was_heard_before_the_divergence_is_what_is_known_after_it() {
    let config = Config { hidden: vec![], batch_size: 1, lr: 0.001, ..Config::default() };
    let model = config.model_for(1, Target::Values { width: 2 }).unwrap();
    let data = DataParts::train(Flat::new(Rows { seventh: f32::INFINITY }));
    let mut trainer = Trainer::<f64>::new(&model, &config, data).unwrap();
    let (mut sum, mut steps) = (0.0, 0);
    let listen = &mut |event: &Advance, _: &Trainer<f64>| {
        if let Advance::Step { loss, .. } = event {
            (sum, steps) = (sum + loss, steps + 1);
        }
        Ok(Flow::Continue)
    };
    trainer.run(listen).unwrap_err();
    assert!(steps > 0 && trainer.progress.step == steps);
    assert_eq!(trainer.progress.loss_sum, sum);
}
