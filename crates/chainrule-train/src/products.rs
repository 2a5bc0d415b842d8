//! What a run's folder holds beside its checkpoints and its journal: metrics, curves, pictures, a README
//! and TensorBoard's events.

use std::path::Path;

use chainrule::error::Result;
use chainrule::nn::{AffineSpec, LayerSpec};
use chainrule::tensor::Real;

use super::curves::{self, Chart, Series};
use super::numpy;
use super::readme::{self, Summary};
use super::tensorboard::EventWriter;
use super::{
    Config, Epoch, Evaluation, Event, FinalScores, GradientFlow, Place, RunFolder, Score, Scores,
    Trainer,
};
use crate::data::{DataPart, Loaded, is_table};

/// Writes the scores of each epoch where TensorBoard reads them. The epochs before `done` are in
/// another file already.
pub(super) fn for_tensorboard(
    folder: &RunFolder,
    done: u32,
) -> Result<impl FnMut(Place, &Event) -> Result<()> + Send + use<>> {
    let mut writer = match done {
        0 => EventWriter::create(folder.path())?,
        done => EventWriter::append(folder.path(), u64::from(done) + 1)?,
    };
    Ok(move |_, event: &Event| {
        let Event::Epoch { metrics, .. } = event else { return Ok(()) };
        let step = u64::from(metrics.epoch);
        writer.scalar("loss/train", step, metrics.train_loss)?;
        for (name, score) in &metrics.scores {
            // Curves of one score stand in one chart: `loss/test` beside `loss/train`.
            let (part, score_name) = split(name);
            writer.scalar(&format!("{score_name}/{part}"), step, *score)?;
        }
        writer.flush()
    })
}

/// Writes the metrics of each epoch where people and tools read them, after those of the epochs `done`.
pub(super) fn for_metrics(
    folder: &RunFolder,
    done: &[Epoch],
) -> Result<impl FnMut(Place, &Event) -> Result<()> + Send + use<>> {
    folder.begin_epochs(done)?;
    let folder = folder.clone();
    Ok(move |_, event: &Event| match event {
        Event::Epoch { metrics, .. } => folder.add_epoch(metrics),
        _ => Ok(()),
    })
}

/// Keeps the gradient flow of each epoch, after the `flows` of those that are done.
pub(super) fn for_gradient_flow(
    folder: &RunFolder,
    flows: &[GradientFlow],
) -> Result<impl FnMut(Place, &Event) -> Result<()> + Send + use<>> {
    folder.save_gradient_flow(flows)?;
    let folder = folder.clone();
    Ok(move |_, event: &Event| match event {
        Event::GradientFlow { flow } => folder.add_gradient_flow(flow),
        _ => Ok(()),
    })
}

/// Writes what is made of a training that has ended or been interrupted, of whose epochs the metrics tell;
/// `scored` are the scores of the part that was held out, where there is one, by the epoch of the final
/// scores.
pub(super) fn write<T: Real>(
    folder: &RunFolder,
    trainer: &Trainer<T>,
    loaded: &Loaded,
    scored: Option<&Evaluation>,
    final_scores: &FinalScores,
) -> Result<()> {
    let epochs = folder.all_epochs()?;
    if epochs.is_empty() {
        return Ok(());
    }
    draw(folder, &epochs)?;
    let config = &trainer.config;
    if let Some(Scores::Classes(scores)) = scored.map(|scored| &scored.scores) {
        let names = class_names(loaded, scores.confusion.len());
        let svg = curves::confusion_svg(&names, &scores.confusion)?;
        folder.write_product("confusion.svg", svg.as_bytes())?;
        let png = curves::confusion_png(&names, &scores.confusion)?;
        folder.write_product("confusion.png", &png)?;
    }
    let inputs = loaded.train.width();
    let outputs = trainer.model.outputs().first().map_or(0, |y| y.shape().len());
    let (input, name) = (input(config), folder.name());
    let python = numpy::program(config, &loaded.preparation, outputs, &name, &input);
    let summary = Summary {
        folder: folder.path().display().to_string(),
        data: config.dataset.clone(),
        input,
        python,
        inputs,
        outputs,
        classes: loaded.preparation.class_names().to_vec(),
        layers: layers(config, inputs, outputs),
        parameters: trainer.parameters.count(),
        epochs: trainer.progress.epoch,
        scores: final_scores.lines(),
        held_out: final_scores.has_held_out(),
        stopped: trainer.progress.stopped,
        files: folder.files()?,
    };
    folder.write_product("README.md", readme::text(&summary).as_bytes())
}

/// Draws the curves of a training's epochs, where there are any.
pub(super) fn draw(folder: &RunFolder, epochs: &[Epoch]) -> Result<()> {
    if epochs.is_empty() {
        return Ok(());
    }
    let charts = charts(epochs);
    folder.write_product("curves.svg", curves::curves_svg(&charts)?.as_bytes())?;
    folder.write_product("curves.png", &curves::curves_png(&charts)?)
}

/// The layers in words.
fn layers(config: &Config, mut width: usize, outputs: usize) -> Vec<String> {
    let mut words = Vec::new();
    for layer in config.layer_specs(outputs) {
        if let LayerSpec::Affine(AffineSpec { units, .. }) = layer {
            words.push(format!("affine, {width} → {units}"));
            width = units;
        } else {
            words.push(layer.name().to_owned());
        }
    }
    words
}

/// The names of the classes, or their numbers.
fn class_names(loaded: &Loaded, classes: usize) -> Vec<String> {
    match loaded.preparation.class_names() {
        [] => (0..classes).map(|class| class.to_string()).collect(),
        names => names.to_vec(),
    }
}

/// What `predict` takes for such data.
fn input(config: &Config) -> String {
    let path = Path::new(&config.dataset);
    match path.extension().and_then(|extension| extension.to_str()) {
        Some(extension) => format!("new.{extension}"),
        None if is_table(&config.dataset) => "new.csv".into(),
        None => "image.png".into(),
    }
}

/// The part of a score's name, and the rest.
fn split(name: &str) -> (&'static str, &str) {
    DataPart::of_score(name).map_or(("", name), |(part, name)| (part.name(), name))
}

/// The charts of a training: the losses and, below them, the other scores, by epoch.
pub fn charts(epochs: &[Epoch]) -> Vec<Chart> {
    let x = |epoch: &Epoch| f64::from(epoch.epoch);
    let mut losses = vec![Series {
        name: "train".into(),
        points: epochs.iter().map(|epoch| (x(epoch), epoch.train_loss)).collect(),
    }];
    let mut others: Vec<Chart> = Vec::new();
    let names: Vec<&String> = epochs.last().map(|e| e.scores.keys().collect()).unwrap_or_default();
    for name in names {
        let points = epochs.iter().filter_map(|e| Some((x(e), *e.scores.get(name)?))).collect();
        let (part, score) = split(name);
        let series = Series { name: part.to_owned(), points };
        match Score::named(score) {
            Some(Score::Loss) => {
                losses.push(series);
                continue;
            }
            // Beside the RMSE it says the same once more.
            Some(Score::R2) => continue,
            _ => {}
        }
        let y = score.replace('_', " ");
        match others.iter_mut().find(|chart| chart.y == y) {
            Some(chart) => chart.series.push(series),
            None => others.push(Chart { x: "epoch".into(), y, series: vec![series] }),
        }
    }
    let mut charts = vec![Chart { x: "epoch".into(), y: "loss".into(), series: losses }];
    charts.append(&mut others);
    charts
}
