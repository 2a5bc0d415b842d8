//! Does the gradient vanish? Eight sigmoid layers beside eight ReLU layers, on a circle in the plane.
//!
//! `cargo run --release -p chainrule-train --example vanishing -- docs/vanishing.svg` made the picture there.

use chainrule::nn::{Activation, Init, Relu, Sigmoid};
use chainrule_explain::Language;
use chainrule_train::data::{Dataset, Flat};
use chainrule_train::{
    Advance, Config, DataParts, Flow, FlowRecorder, GradientFlow, Trainer, flow_svg, flow_text,
};

/// Points of a square, by whether they lie within a circle of half its area.
fn circle(side: usize) -> chainrule::Result<Dataset> {
    let at = |i: usize| 2.0 * i as f32 / (side - 1) as f32 - 1.0;
    let points = (0..side * side).map(|i| [at(i % side), at(i / side)]);
    let points: Vec<[f32; 2]> = points.collect();
    let labels = points.iter().map(|[x, y]| u32::from(x * x + y * y < 0.64)).collect();
    Dataset::new(2, points.concat(), labels, 2)
}

/// Trains eight hidden layers with this activation, looking at the gradient after every epoch.
fn flow(activation: Activation, data: &Flat) -> chainrule::Result<Vec<GradientFlow>> {
    let config = Config {
        hidden: vec![20; 8],
        activation,
        init: Init::He,
        batch_size: 32,
        epochs: 30,
        ..Config::default()
    };
    let model = config.model(2, 2)?;
    let parts = DataParts::train(data.clone()).test(data.clone());
    let mut trainer = Trainer::<f32>::new(&model, &config, parts)?;
    let mut recorder = FlowRecorder::new(&trainer)?;
    let mut epochs = vec![recorder.record(&trainer)?];
    trainer.run(&mut |event, trainer| {
        if let Advance::Epoch { .. } = event {
            epochs.push(recorder.record(trainer)?);
        }
        Ok(Flow::Continue)
    })?;
    let accuracy = trainer.epochs.last().and_then(|epoch| epoch.scores.get("test_accuracy"));
    println!("{activation}: accuracy {:.3}\n", accuracy.copied().unwrap_or(f64::NAN));
    println!("{}", flow_text(&epochs, Language::English));
    Ok(epochs)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let data = Flat::new(circle(32)?);
    let (sigmoid, relu) = (flow(Sigmoid, &data)?, flow(Relu, &data)?);
    if let Some(path) = std::env::args_os().nth(1) {
        let trainings = [("sigmoid", &sigmoid[..]), ("ReLU", &relu[..])];
        std::fs::write(path, flow_svg(&trainings, Language::English)?)?;
    }
    Ok(())
}
