//! What a run's folder holds beside its checkpoints: curves, pictures, a README, TensorBoard's events.

use std::cell::RefCell;
use std::sync::Arc;

use anyhow::Result;
use chainrule::Real;
use chainrule::nn::{AffineSpec, LayerSpec};
use chainrule_train::curves::{self, Chart, Series};
use chainrule_train::data::Loaded;
use chainrule_train::readme::{self, Summary};
use chainrule_train::tensorboard::EventWriter;
use chainrule_train::{Config, Epoch, RunFolder, Scores, Trainer, evaluate};

/// The file that TensorBoard reads, written as the training goes.
pub struct Events(RefCell<EventWriter>);

impl Events {
    /// A new file; the epochs that are done are in one of before.
    pub fn create(folder: &RunFolder, epochs: &[Epoch]) -> chainrule::Result<Self> {
        let writer = match epochs.last() {
            None => EventWriter::create(folder.path())?,
            Some(last) => EventWriter::append(folder.path(), u64::from(last.epoch) + 1)?,
        };
        Ok(Self(RefCell::new(writer)))
    }

    pub fn add(&self, epoch: &Epoch) -> chainrule::Result<()> {
        let mut writer = self.0.borrow_mut();
        let step = u64::from(epoch.epoch);
        writer.scalar("loss/train", step, epoch.train_loss)?;
        for (name, score) in &epoch.scores {
            // Curves of one score stand in one chart: `loss/test` beside `loss/train`.
            let (part, score_name) = name.split_once('_').unwrap_or(("", name));
            writer.scalar(&format!("{score_name}/{part}"), step, *score)?;
        }
        writer.flush()
    }
}

/// Writes what is made of a training that has ended or been interrupted.
pub fn write<T: Real>(
    folder: &RunFolder,
    config: &Config,
    trainer: &Trainer<T>,
    loaded: &Loaded,
) -> Result<()> {
    if trainer.epochs.is_empty() {
        return Ok(());
    }
    let charts = charts(&trainer.epochs);
    folder.write_product("curves.svg", curves::curves_svg(&charts)?.as_bytes())?;
    folder.write_product("curves.png", &curves::curves_png(&charts)?)?;
    let parameters = trainer.model_parameters();
    let mut confusion = false;
    if let Some(data) = loaded.test.as_deref().or(loaded.validation.as_deref()) {
        let loss = config.loss_for(data.target())?;
        let pool = Arc::clone(&trainer.pool);
        let scored = evaluate(&trainer.model, loss, &parameters, data, &pool, config.top_k)?;
        if let Scores::Classes(scores) = scored.scores {
            let names = class_names(loaded, scores.confusion.len());
            let svg = curves::confusion_svg(&names, &scores.confusion)?;
            folder.write_product("confusion.svg", svg.as_bytes())?;
            let png = curves::confusion_png(&names, &scores.confusion)?;
            folder.write_product("confusion.png", &png)?;
            confusion = true;
        }
    }
    let summary = Summary {
        folder: folder.path().display().to_string(),
        data: config.dataset.clone(),
        input: input(config),
        inputs: loaded.train.width(),
        outputs: trainer.model.outputs(),
        classes: loaded.preparation.class_names().to_vec(),
        layers: layers(config, loaded.train.width(), trainer.model.outputs()),
        parameters: parameters.count(),
        epochs: trainer.progress.epoch,
        scores: trainer
            .epochs
            .last()
            .map(|e| e.scores.clone().into_iter().collect())
            .unwrap_or_default(),
        confusion,
    };
    folder.write_product("README.md", readme::text(&summary).as_bytes())?;
    Ok(())
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
    let path = std::path::Path::new(&config.dataset);
    match path.extension().and_then(|extension| extension.to_str()) {
        Some(extension) => format!("new.{extension}"),
        None if ["iris", "wine"].contains(&config.dataset.as_str()) => "new.csv".into(),
        None => "image.png".into(),
    }
}

/// The losses and, below them, the other scores by epoch.
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
        let (part, score) = name.split_once('_').unwrap_or(("", name));
        let series = Series { name: part.to_owned(), points };
        if score == "loss" {
            losses.push(series);
            continue;
        }
        // R² beside the RMSE says the same once more.
        if score == "r2" {
            continue;
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
