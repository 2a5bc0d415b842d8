//! A network's explanation of one example, for every kind of target and layer.

use chainrule::nn::Truth;
use chainrule::{Graph, Parameters};
use chainrule_explain::{Language, NetworkExplanation, Said, network};
use chainrule_train::data::{Dataset, Flat, truth};
use chainrule_train::{Config, DataParts, Flow, Trainer, feed, loss_graph};

/// Trains a few steps and explains the third example.
fn explained(settings: &str, data: &Dataset) -> (NetworkExplanation, Config, Parameters<f64>) {
    let config = Config::from_toml(&format!("epochs = 3\nbatch_size = 4\nlr = 0.05\n{settings}"));
    let config = config.unwrap();
    let target = chainrule_train::data::Examples::target(data);
    let model = config.model_for(2, target).unwrap();
    let parts = DataParts::train(Flat::new(data.clone()));
    let mut trainer = Trainer::<f64>::new(&model, &config, parts).unwrap();
    trainer.run(&mut |_, _| Ok(Flow::Continue)).unwrap();
    let (loss, truth) = (config.loss_for(target).unwrap(), truth(data, 2).unwrap());
    let parameters = trainer.parameters.clone();
    let features = FEATURES.map(f64::from);
    let told = network(&model, &parameters, loss, &features[4..6], &truth, Language::English);
    (told.unwrap(), config, parameters)
}

const FEATURES: [f32; 16] =
    [0.5, -1.0, 0.25, 0.75, -0.5, 1.5, 0.0, 2.0, 1.0, 1.0, -1.25, 0.5, 0.75, -0.25, 2.0, -2.0];

fn classes() -> Dataset {
    Dataset::new(2, FEATURES.to_vec(), vec![0, 1, 1, 0, 1, 0, 0, 1], 2).unwrap()
}

fn values() -> Dataset {
    let values = FEATURES.chunks(2).map(|row| row[0] - 2.0 * row[1]).collect();
    Dataset::regression(2, FEATURES.to_vec(), values).unwrap()
}

/// The loss is that of the training's own graph when it predicts, and the saliency its slope.
fn holds(settings: &str, data: &Dataset) -> NetworkExplanation {
    let (told, config, parameters) = explained(settings, data);
    let model = config.model_for(2, chainrule_train::data::Examples::target(data)).unwrap();
    let loss_at = |features: [f64; 2]| {
        let g = Graph::new();
        let loss = loss_graph(&g, &model, &config, data, 1).unwrap();
        let mut plan = g.compile::<f64>(&[loss]).unwrap();
        feed(&mut plan, data, &[2]).unwrap();
        plan.feed("x", &features).unwrap();
        plan.run_with(&parameters).unwrap();
        plan.value(loss).unwrap()[0]
    };
    let at = [f64::from(FEATURES[4]), f64::from(FEATURES[5])];
    assert!((told.loss - loss_at(at)).abs() < 1e-12, "{settings}: {}", told.loss);
    for (axis, slope) in told.saliency.iter().enumerate() {
        let nudged = |by: f64| {
            let mut nudged = at;
            nudged[axis] += by;
            loss_at(nudged)
        };
        let wanted = (nudged(1e-6) - nudged(-1e-6)) / 2e-6;
        assert!(
            (slope - wanted).abs() < 1e-6 * wanted.abs().max(1.0),
            "{settings}: {slope}, {wanted}"
        );
    }
    let text = told.to_text();
    assert!(text.lines().all(|line| chainrule_explain::width(line) <= 80), "{text}");
    assert!(roxmltree::Document::parse(&told.to_svg()).is_ok(), "{settings}");
    told
}

#[test]
fn classes_values_and_a_single_logit() {
    let two = holds("hidden = [4]\ninit = \"he\"\nactivation = \"tanh\"", &classes());
    let Said::Class { label: 1, probabilities, .. } = &two.said else { panic!("{:?}", two.said) };
    assert_eq!(probabilities.len(), 2);

    let one = holds("hidden = [4]\ninit = \"he\"\nloss = \"binary-cross-entropy\"", &classes());
    let Said::Class { label: 1, probabilities, .. } = &one.said else { panic!("{:?}", one.said) };
    assert!((probabilities[1].ln() + one.loss).abs() < 1e-12, "−ln of the second class's");

    for loss in ["mean-squared", "half-squared", "l1", "huber"] {
        let settings =
            format!("hidden = [4]\ninit = \"he\"\nactivation = \"tanh\"\nloss = \"{loss}\"");
        let told = holds(&settings, &values());
        let Said::Values { wanted, predicted } = &told.said else { panic!("{:?}", told.said) };
        assert_eq!((wanted.as_slice(), predicted.len()), (&[-3.5][..], 1));
        assert!(told.to_text().contains("where -3.5 is right"));
    }
}

#[test]
fn layers_that_behave_otherwise_in_training() {
    for layers in [
        "\"affine 4\", \"batch-norm\", \"tanh\", \"affine 2\"",
        "\"affine 4\", \"tanh\", \"dropout 0.5\", \"affine 2\"",
        "\"affine 4\", { kind = \"residual\", layers = [\"affine 4\", \"tanh\"] }, \"affine 2\"",
        "\"affine 4\", \"layer-norm\", \"gelu\", \"affine 2\"",
    ] {
        let told = holds(&format!("init = \"he\"\nlayers = [{layers}]"), &classes());
        let names: Vec<&str> = told.layers.iter().map(|layer| layer.name.as_str()).collect();
        assert!(names.contains(&"affine1") && names.contains(&"affine2"), "{names:?}");
    }
}

#[test]
fn names_of_classes_and_features_are_used() {
    let (mut told, ..) = explained("hidden = [4]\ninit = \"he\"", &classes());
    told.classes = vec!["cat".into(), "dog".into()];
    told.features = vec!["weight".into(), "age".into()];
    let text = told.to_text();
    for part in ["dog", "age", "weight", "depends most"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains('│'), "no picture of a table: {text}");
    let picture = told.to_svg();
    let read = roxmltree::Document::parse(&picture).unwrap();
    let texts: Vec<&str> = read.descendants().filter_map(|node| node.text()).collect();
    assert!(texts.contains(&"age") && texts.contains(&"weight"), "{texts:?}");
}

#[test]
fn a_target_that_does_not_fit_is_refused() {
    let (_, config, parameters) = explained("hidden = [4]", &classes());
    let model = config.model(2, 2).unwrap();
    let refused = |truth: Truth| {
        let loss = config.loss_for(chainrule_train::data::Target::Class { classes: 2 }).unwrap();
        let told = network(&model, &parameters, loss, &[0.0, 1.0], &truth, Language::English);
        told.unwrap_err().to_string()
    };
    assert!(refused(Truth::Class(2)).contains("label 2 is out of range"));
    assert!(refused(Truth::Values(vec![1.0; 3])).contains("[1, 3]"));
}
