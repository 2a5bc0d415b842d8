//! Settings with data: they are read, fitted to a table, and train for a step.

use chainrule::nn::LayerSpec;
use crate::trained::{POOL, RUN};
use chainrule_train::{Config, Run, flat_training};

/// Wider and deeper networks take time for nothing but their size.
const WIDEST: usize = 64;
const DEEPEST: usize = 8;

fn is_small(layers: &[LayerSpec]) -> bool {
    layers.len() <= DEEPEST
        && layers.iter().all(|layer| match layer {
            LayerSpec::Affine(affine) => affine.units <= WIDEST,
            LayerSpec::Residual(residual) => is_small(&residual.layers),
            _ => true,
        })
}

pub fn run(bytes: &[u8]) {
    let text = crate::files::text(bytes);
    let Ok(config) = Config::from_toml(text) else { return };
    let deep = config.hidden.len() > DEEPEST || config.hidden.iter().any(|&units| units > WIDEST);
    if deep || !is_small(&config.layers) {
        return;
    }
    let table = Run::open(&RUN).expect("a good run").config.dataset;
    let config = Config { dataset: table, test: None, ..config };
    if config.validate().is_err() {
        return;
    }
    let Ok(loaded) = config.load() else { return };
    if let Ok(mut training) = flat_training(&config, loaded, &POOL) {
        for _ in 0..3 {
            let _ = training.advance();
        }
    }
}
