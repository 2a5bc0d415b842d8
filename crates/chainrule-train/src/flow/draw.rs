//! The gradient flow as text and as a picture.

use std::fmt::Write;

use super::super::curves::{Chart, Series, log_curves_svg};
use super::{GradientFlow, LayerFlow};
use chainrule::error::Result;
use chainrule_explain::{Language, Words, digits, percent, table, wrapped};

/// Epochs that a table has columns for.
const COLUMNS: usize = 6;

/// A gradient vanishes where it becomes smaller than this on the way back, and explodes where it
/// becomes larger than the inverse.
pub(in super::super) const VANISHES: f64 = 1e-3;

/// The flow by epochs as text for a terminal of 80 columns.
///
/// ```
/// use chainrule_explain::Language;
/// assert_eq!(chainrule_train::flow_text(&[], Language::English), "");
/// ```
#[must_use]
pub fn flow_text(epochs: &[GradientFlow], language: Language) -> String {
    let words = Words::new(language);
    let mut out = String::new();
    let (Some(first), Some(last)) = (epochs.first(), epochs.last()) else { return out };
    let count = last.examples.to_string();
    let _ = writeln!(out, "{}\n", words.say("flow-title", &[("count", &count)]));
    let _ = writeln!(out, "{}\n", words.get("flow-gradients"));
    gradient_table(&mut out, epochs, &words);
    out.push('\n');
    for epoch in if first.epoch == last.epoch { vec![last] } else { vec![first, last] } {
        verdict(&mut out, epoch, &words);
    }
    let number = last.epoch.to_string();
    let _ = writeln!(out, "\n{}\n", words.say("flow-layers", &[("epoch", &number)]));
    layer_table(&mut out, last, &words);
    out
}

fn gradient_table(out: &mut String, epochs: &[GradientFlow], words: &Words) {
    let shown = spaced(epochs);
    let mut head = vec![words.get("network-layer")];
    let number = |epoch: &&GradientFlow| epoch.epoch.to_string();
    head.extend(shown.iter().map(|e| words.say("flow-epoch", &[("epoch", &number(e))])));
    let mut rows = vec![head];
    for (at, layer) in shown[0].layers.iter().enumerate() {
        let mut row = vec![layer.name.clone()];
        let rms = |epoch: &&GradientFlow| epoch.layers.get(at).map(|layer| layer.gradient.rms);
        row.extend(shown.iter().map(|e| rms(e).map_or(String::new(), |x| digits(x, 3))));
        rows.push(row);
    }
    table(out, &rows);
}

/// The first, the last and some epochs between them.
fn spaced(epochs: &[GradientFlow]) -> Vec<&GradientFlow> {
    let last = epochs.len().saturating_sub(1);
    let count = COLUMNS.min(epochs.len());
    let place = |at: usize| if count > 1 { at * last / (count - 1) } else { 0 };
    (0..count).filter_map(|at| epochs.get(place(at))).collect()
}

/// What comes back to the first layer of what the last one got, in words.
fn verdict(out: &mut String, epoch: &GradientFlow, words: &Words) {
    let (Some(first), Some(last)) = (epoch.layers.first(), epoch.layers.last()) else { return };
    let factor = first.gradient.rms / last.gradient.rms;
    if !factor.is_finite() {
        return;
    }
    let (id, factor) = match factor {
        factor if factor < VANISHES => ("flow-vanishes", 1.0 / factor),
        factor if factor > 1.0 / VANISHES => ("flow-explodes", factor),
        factor => ("flow-passes", factor),
    };
    let (number, factor) = (epoch.epoch.to_string(), digits(factor, 3));
    let values = [
        ("epoch", number.as_str()),
        ("factor", &factor),
        ("first", &first.name),
        ("last", &last.name),
    ];
    wrapped(out, 0, &words.say(id, &values));
}

fn layer_table(out: &mut String, epoch: &GradientFlow, words: &Words) {
    let head = [
        "network-layer",
        "flow-mean",
        "flow-deviation",
        "network-idle",
        "network-gradient",
        "flow-weights",
        "flow-weight-gradient",
    ];
    let mut rows = vec![head.map(|id| words.get(id)).to_vec()];
    for layer in &epoch.layers {
        let told = |id: &str, share: f64| words.say(id, &[("share", &percent(share))]);
        let idle = match (layer.dead, layer.saturated) {
            (Some(dead), _) => told("flow-dead", dead),
            (_, Some(saturated)) => told("flow-saturated", saturated),
            _ => String::new(),
        };
        let weights = match layer.parameters.is_empty() {
            true => [String::new(), String::new()],
            false => [
                norm(layer.parameters.iter().map(|p| p.value.norm)),
                norm(layer.parameters.iter().map(|p| p.gradient.norm)),
            ],
        };
        let [value, gradient] = weights;
        rows.push(vec![
            layer.name.clone(),
            digits(layer.output.mean, 3),
            digits(layer.output.deviation, 3),
            idle,
            digits(layer.gradient.norm, 3),
            value,
            gradient,
        ]);
    }
    table(out, &rows);
}

/// The norm of several vectors as one.
fn norm(norms: impl Iterator<Item = f64>) -> String {
    digits(norms.map(|x| x * x).sum::<f64>().sqrt(), 3)
}

/// The root mean square of the gradient of each layer's output, by epoch, on a logarithmic axis as an
/// SVG document: a chart for each training, with its title. Layers without parameters are left out.
///
/// ```
/// use chainrule_explain::Language;
/// use chainrule_train::flow_svg;
/// assert!(flow_svg(&[("", &[])], Language::English)?.starts_with("<svg"));
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// # Errors
/// There is no training, or there are more than a picture holds.
pub fn flow_svg(trainings: &[(&str, &[GradientFlow])], language: Language) -> Result<String> {
    let words = Words::new(language);
    let chart = |(title, epochs): &(&str, &[GradientFlow])| {
        let about = words.get("flow-chart");
        let y = if title.is_empty() { about } else { format!("{title}: {about}") };
        let x = words.say("flow-epoch", &[("epoch", "")]).trim().to_owned();
        Chart { x, y, series: series(epochs) }
    };
    log_curves_svg(&trainings.iter().map(chart).collect::<Vec<_>>())
}

fn series(epochs: &[GradientFlow]) -> Vec<Series> {
    let all: &[LayerFlow] = epochs.first().map_or(&[], |epoch| &epoch.layers);
    let layers = all.iter().filter(|layer| !layer.parameters.is_empty());
    let point = |epoch: &GradientFlow, name: &str| {
        let layer = epoch.layers.iter().find(|layer| layer.name == name)?;
        Some((f64::from(epoch.epoch), layer.gradient.rms))
    };
    let curve = |layer: &LayerFlow| Series {
        name: layer.name.clone(),
        points: epochs.iter().filter_map(|epoch| point(epoch, &layer.name)).collect(),
    };
    layers.map(curve).collect()
}
