//! A run's model as a program in Python that needs NumPy alone.

use std::collections::HashMap;
use std::fmt::Write;

use super::Config;
use crate::data::{Encoding, FeatureKind, Preparation, Separator, USUAL_GAPS, Written};
use chainrule::nn::{Activation, BatchNorm, LayerNorm, LayerSpec, ResidualSpec};

/// The program: it reads what `export --format npz` writes of the run `name`, and rows of the file `input`.
pub(super) fn program(
    config: &Config,
    preparation: &Preparation,
    outputs: usize,
    name: &str,
    input: &str,
) -> String {
    let (mut text, mut imports) = (String::new(), vec!["numpy as np"]);
    let (is_table, dates) = (preparation.is_of_table(), preparation.has_kind(is_date));
    let mut layers = Layers::default();
    layers.add(&config.layer_specs(outputs), "");
    let used = [
        (is_table, "csv"),
        (dates, "datetime"),
        (layers.math, "math"),
        (dates || preparation.has_kind(is_number), "re"),
    ];
    imports.splice(0..0, used.into_iter().filter(|(used, _)| *used).map(|(_, name)| name));
    for name in imports {
        let gap = if name.starts_with("numpy") && is_table { "\n" } else { "" };
        let _ = writeln!(text, "{gap}import {name}");
    }
    let _ = write!(text, "\nmodel = np.load({})\n", quoted(&format!("{name}.npz")));
    if is_table {
        text += "gaps = model[\"input.gaps\"].tolist()\n";
        let _ = writeln!(text, "usual = gaps[:{USUAL_GAPS}]  # In any case.");
        text += &table(preparation);
    }
    let _ = write!(text, "\n\ndef network(x):\n{}    return x\n", layers.text);
    text += match preparation.class_names() {
        [] => VALUES,
        [_, _] if outputs == 1 => ONE_LOGIT,
        _ => CLASSES,
    };
    text += "\n\n";
    match preparation.pixels() {
        None => {
            text += &rows(preparation, input);
            text += "predicted = answer(network(features(rows)))\n";
        }
        Some([height, width, colours]) => {
            let shape = match colours {
                1 => format!("[images, {height}, {width}]"),
                _ => format!("[images, {height}, {width}, {colours}]"),
            };
            let (sides, colours) = match colours {
                1 => (format!("{height} x {width}"), "grey: 0.299 red + 0.587 green + 0.114 blue"),
                _ => (format!("{height} x {width}"), "in red, green, blue"),
            };
            let _ = write!(
                text,
                "# A picture is turned upright as its Exif says, laid on white where it is transparent, and is\n\
                 # {colours}. One of another size than {sides} is scaled into that,\n\
                 # its sides in proportion, and centred; the mean of its border fills the rest.\n\
                 images = np.load(\"images.npy\")  # Of shape {shape}, from 0 to 255.\n\
                 predicted = answer(network(images.reshape(len(images), -1) / 255))\n"
            );
        }
    }
    text += "for line in predicted:\n    print(line)\n";
    text
}

/// A text as Python writes it.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The lines that read `rows` from text that is written as the training part's was.
fn rows(preparation: &Preparation, input: &str) -> String {
    let Written { separator, encoding, header, comments, title, .. } = preparation.text();
    let encoding = match encoding {
        Encoding::Utf8 => "utf-8-sig",
        Encoding::Utf16Le | Encoding::Utf16Be => "utf-16",
        Encoding::Windows1252 => "cp1252",
    };
    let (lines, separator) = match separator {
        Separator::Comma => ("file", ""),
        Separator::Semicolon => ("file", ", delimiter=\";\""),
        Separator::Tab => ("file", ", delimiter=\"\\t\""),
        Separator::Bar => ("file", ", delimiter=\"|\""),
        Separator::Blanks => ("map(str.strip, file)", ", delimiter=\" \", skipinitialspace=True"),
    };
    let lines = match comments {
        true => format!("(line for line in {lines} if not line.startswith(\"#\"))"),
        false => lines.to_owned(),
    };
    let is_text = [".csv", ".tsv", ".tab", ".txt", ".data"].iter().any(|end| input.ends_with(end));
    let input = quoted(if is_text { input } else { "new.csv" });
    let table = format!("[row for row in csv.reader({lines}{separator}) if row]");
    let table = if title > 0 { format!("{table}[{title}:]") } else { table };
    let open = format!("with open({input}, newline=\"\", encoding=\"{encoding}\") as file:\n");
    let rows = match header {
        true => format!(
            "    head, *table = {table}\nrows = [dict(zip(names(head), row)) for row in table]\n"
        ),
        false => format!(
            "    table = {table}\nrows = [{{f\"c{{n}}\": cell for n, cell in enumerate(row, 1)}} for row in table]\n"
        ),
    };
    open + &rows
}

fn is_number(kind: FeatureKind) -> bool {
    kind == FeatureKind::Number
}

fn is_date(kind: FeatureKind) -> bool {
    matches!(kind, FeatureKind::Date(_))
}

const VALUES: &str = "\n\ndef answer(x):\n    \
     return x * model[\"output.deviation\"] + model[\"output.mean\"]\n";

const CLASSES: &str = "\n\ndef answer(x):\n    \
     powers = np.exp(x - x.max(axis=1, keepdims=True))\n    \
     probabilities = powers / powers.sum(axis=1, keepdims=True)\n    \
     return [dict(zip(model[\"output.name\"].tolist(), row)) for row in probabilities.tolist()]\n";

const ONE_LOGIT: &str = "\n\ndef answer(x):\n    \
     second = 1 / (1 + np.exp(-x))\n    \
     probabilities = np.hstack([1 - second, second])\n    \
     return [dict(zip(model[\"output.name\"].tolist(), row)) for row in probabilities.tolist()]\n";

/// The functions that make features of rows, as far as these need them.
fn table(preparation: &Preparation) -> String {
    let parts = [
        (
            preparation.has_kind(is_number),
            include_str!("numpy/number.py"),
            "            elif kind == \"number\":\n                \
             x[i, j] = (number(cell, form) - mean) / deviation\n",
        ),
        (
            preparation.has_kind(|kind| kind == FeatureKind::Category),
            include_str!("numpy/category.py"),
            "            elif kind == \"category\":\n                \
             x[i, j] = word(cell) == word(category)\n",
        ),
        (
            preparation.has_kind(is_date),
            include_str!("numpy/date.py"),
            "            else:\n                \
             x[i, j] = (date(cell, kind, form) - mean) / deviation\n",
        ),
    ];
    let used = || parts.iter().filter(|(used, ..)| *used);
    let mut functions: String = used().map(|(_, function, _)| *function).collect();
    if preparation.text().header {
        functions += include_str!("numpy/names.py");
    }
    let cases: String = used().map(|(_, _, case)| *case).collect();
    functions + include_str!("numpy/features.py") + &cases + "    return x\n"
}

/// The lines that compute layers of `x`.
#[derive(Default)]
struct Layers {
    text: String,
    /// How many layers keep their input so far.
    kept: usize,
    /// Whether they need Python's own functions.
    math: bool,
}

impl Layers {
    /// Adds layers whose parameters' names begin as `path` says. Of each kind they are counted, as by
    /// [`Sequential`](chainrule::nn::Sequential).
    fn add(&mut self, layers: &[LayerSpec], path: &str) {
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for layer in layers {
            let number = counts.entry(layer.name()).or_default();
            *number += 1;
            let path = format!("{path}{}{number}", layer.name().replace('-', "_"));
            let of = |name: &str| format!("model[\"{path}.{name}\"]");
            let (weight, bias) = (of("weight"), of("bias"));
            let line = match layer {
                LayerSpec::Affine(_) => format!("x @ {weight} + {bias}"),
                LayerSpec::Activation(activation) => {
                    self.math |= *activation == Activation::Gelu;
                    numpy(*activation)
                }
                LayerSpec::Softmax(_) => {
                    self.line("x = np.exp(x - x.max(axis=1, keepdims=True))");
                    "x / x.sum(axis=1, keepdims=True)".into()
                }
                LayerSpec::BatchNorm(BatchNorm { epsilon, .. }) => {
                    let (mean, variance) = (of("running_mean"), of("running_var"));
                    self.line(&format!("x = (x - {mean}) / np.sqrt({variance} + {epsilon:?})"));
                    format!("x * {weight} + {bias}")
                }
                LayerSpec::LayerNorm(LayerNorm { epsilon }) => {
                    self.line("x = x - x.mean(axis=1, keepdims=True)");
                    let variance = "np.mean(x**2, axis=1, keepdims=True)";
                    self.line(&format!("x = x / np.sqrt({variance} + {epsilon:?})"));
                    format!("x * {weight} + {bias}")
                }
                LayerSpec::Residual(ResidualSpec { layers }) => {
                    self.kept += 1;
                    let kept = format!("kept{}", self.kept);
                    self.line(&format!("{kept} = x"));
                    self.add(layers, &format!("{path}."));
                    format!("{kept} + x")
                }
                // Rows are flat, and nothing is dropped when a model predicts.
                LayerSpec::Flatten(_) | LayerSpec::Dropout(_) => continue,
            };
            self.line(&format!("x = {line}"));
        }
    }

    fn line(&mut self, line: &str) {
        let _ = writeln!(self.text, "    {line}");
    }
}

/// An activation of `x`.
fn numpy(activation: Activation) -> String {
    match activation {
        Activation::Relu => "np.maximum(x, 0)".into(),
        Activation::Sigmoid => "1 / (1 + np.exp(-x))".into(),
        Activation::Tanh => "np.tanh(x)".into(),
        Activation::LeakyRelu { slope } => format!("np.where(x > 0, x, {slope:?} * x)"),
        Activation::Elu { alpha } => {
            format!("np.where(x > 0, x, {alpha:?} * np.expm1(np.minimum(x, 0)))")
        }
        Activation::Silu => "x / (1 + np.exp(-x))".into(),
        Activation::Gelu => "x * (1 + np.vectorize(math.erf)(x / np.sqrt(2))) / 2".into(),
        Activation::Softplus => "np.logaddexp(0, x)".into(),
    }
}
