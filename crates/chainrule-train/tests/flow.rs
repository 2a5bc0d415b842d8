//! The gradient flow: numbers against those of the definition, and what it is for.

use chainrule::{Graph, Parameters};
use chainrule_explain::Language;
use chainrule_train::data::{Dataset, Flat};
use chainrule_train::{
    Config, DataParts, FlowRecorder, GradientFlow, Trainer, feed, flow_text, loss_graph,
};

fn data() -> Dataset {
    let at = |i: usize, step: f32| ((i as f32 * step).sin() * 7.0).fract();
    let rows: Vec<[f32; 2]> = (0..120).map(|i| [at(i, 1.3), at(i, 2.7)]).collect();
    let labels = rows.iter().map(|[x, y]| u32::from((*x > 0.0) != (*y > 0.0))).collect();
    Dataset::new(2, rows.concat(), labels, 2).unwrap()
}

/// The flow before the first step of a training.
fn flow(settings: &str, change: impl Fn(&mut Parameters<f64>)) -> GradientFlow {
    let config = Config::from_toml(settings).unwrap();
    let (data, model) = (data(), config.model(2, 2).unwrap());
    let mut trainer =
        Trainer::<f64>::new(&model, &config, DataParts::train(Flat::new(data))).unwrap();
    change(trainer.parameters_mut());
    FlowRecorder::new(&trainer).unwrap().record(&trainer).unwrap()
}

#[test]
fn gradients_of_weights_are_those_of_the_loss() {
    let settings = "hidden = [5]\nactivation = \"tanh\"\ninit = \"he\"\nseed = 3";
    let config = Config::from_toml(settings).unwrap();
    let (data, model) = (data(), config.model(2, 2).unwrap());
    let flow = flow(settings, |_| {});
    let names: Vec<&str> = flow.layers.iter().map(|layer| layer.name.as_str()).collect();
    assert_eq!((flow.examples, names), (100, vec!["affine1", "tanh1", "affine2"]));

    let examples = chainrule_train::data::Examples::order(&data, 3, 0)[..100].to_vec();
    let parameters = model.initial::<f64>(3).unwrap();
    let loss_at = |parameters: &Parameters<f64>| {
        let g = Graph::new();
        let loss = loss_graph(&g, &model, &config, &data, 100).unwrap();
        let mut plan = g.compile::<f64>(&[loss]).unwrap();
        feed(&mut plan, &data, &examples).unwrap();
        plan.run_with(parameters).unwrap();
        plan.value(loss).unwrap()[0]
    };
    for (layer, name) in [(0, "affine1.bias"), (0, "affine1.weight"), (2, "affine2.weight")] {
        let found = flow.layers[layer].parameters.iter().find(|p| p.name == name).unwrap();
        let count = parameters.get(name).unwrap().shape().len();
        let mut squares = 0.0;
        for at in 0..count {
            let nudged = |by: f64| {
                let mut nudged = parameters.clone();
                nudged.get_mut(name).unwrap().values_mut()[at] += by;
                loss_at(&nudged)
            };
            squares += ((nudged(1e-5) - nudged(-1e-5)) / 2e-5).powi(2);
        }
        let (norm, wanted) = (found.gradient.norm, squares.sqrt());
        assert!((norm - wanted).abs() < 1e-8 * wanted, "{name}: {norm} and {wanted}");
        assert!((found.gradient.rms - wanted / (count as f64).sqrt()).abs() < 1e-8 * wanted);
    }
}

#[test]
fn dead_and_saturated_units_are_counted() {
    // Biases far below 0 switch off two of five ReLUs; far above 0 they saturate two of five sigmoids.
    let relu = flow("hidden = [5]\ninit = \"he\"", |parameters| {
        parameters.get_mut("affine1.bias").unwrap().values_mut()[..2].fill(-1e3);
    });
    assert_eq!((relu.layers[1].dead, relu.layers[1].saturated), (Some(0.4), None));
    let sigmoid = flow("hidden = [5]\nactivation = \"sigmoid\"", |parameters| {
        parameters.get_mut("affine1.bias").unwrap().values_mut()[..2].fill(1e3);
    });
    assert_eq!((sigmoid.layers[1].dead, sigmoid.layers[1].saturated), (None, Some(0.4)));
}

#[test]
fn eight_sigmoids_lose_the_gradient_that_eight_relus_keep() {
    let share = |activation: &str| {
        let settings = format!(
            "hidden = [20, 20, 20, 20, 20, 20, 20, 20]\ninit = \"he\"\nactivation = \"{activation}\""
        );
        let flow = flow(&settings, |_| {});
        let rms = |at: usize| flow.layers[at].gradient.rms;
        let text = flow_text(std::slice::from_ref(&flow), Language::English);
        assert!(text.lines().all(|line| chainrule_explain::width(line) <= 80), "{text}");
        assert_eq!(text.contains("vanishes"), activation == "sigmoid", "{text}");
        assert!(!text.contains('…'), "{text}");
        rms(0) / rms(flow.layers.len() - 1)
    };
    let (sigmoid, relu) = (share("sigmoid"), share("relu"));
    assert!(sigmoid < 1e-3 && relu > 0.05, "{sigmoid} and {relu}");
}
