//! Layers, losses, optimizers and schedules as a settings file writes them: a word, or a table with
//! the key `kind` and settings.

use serde::Serialize;
use serde::de::DeserializeOwned;
use toml::Table;

use super::reading::{Fault, Value, unknown};
use super::{ClassWeights, EarlyStopping};
use chainrule::error::{Error, Result};
use chainrule::nn::{LayerSpec, Loss};
use chainrule::optim::{Optimizer, Schedule};

/// The activations that may follow a hidden layer.
pub(super) const ACTIVATIONS: &[&str] =
    &["relu", "sigmoid", "tanh", "leaky-relu", "elu", "silu", "gelu", "softplus"];

/// The kinds of layers with the settings that each has.
const LAYERS: &[(&str, &[&str])] = &[
    ("affine", &["units", "init"]),
    ("relu", &[]),
    ("sigmoid", &[]),
    ("tanh", &[]),
    ("leaky-relu", &["slope"]),
    ("elu", &["alpha"]),
    ("silu", &[]),
    ("gelu", &[]),
    ("softplus", &[]),
    ("softmax", &[]),
    ("dropout", &["rate"]),
    ("batch-norm", &["momentum", "epsilon"]),
    ("layer-norm", &["epsilon"]),
    ("flatten", &[]),
    ("residual", &["layers"]),
];

/// A layer: its word, with its first setting after it where it has one (`affine 50`), or a table.
pub(super) fn layer(value: &Value<'_>) -> Result<LayerSpec, Fault> {
    let kinds: Vec<&'static str> = LAYERS.iter().map(|(kind, _)| *kind).collect();
    if value.is_text() {
        let mut words = value.text()?.split_whitespace();
        let kind = words.next().unwrap_or_default();
        let Some((kind, settings)) = LAYERS.iter().find(|(known, _)| *known == kind) else {
            return Err(value.fault(unknown("layer", kind, &kinds)));
        };
        let mut table = Table::from_iter([("kind".to_owned(), (*kind).into())]);
        if let Some(word) = words.next() {
            let number = word.parse().map(toml::Value::Integer);
            let number = number.or_else(|_| word.parse().map(toml::Value::Float));
            let (Some(setting), Ok(number), None) = (settings.first(), number, words.next()) else {
                let message = format!(
                    "a layer is a word such as `relu`, with a number where it has one, such as `affine 50`; give other settings as {{ kind = \"{kind}\", … }}"
                );
                return Err(value.fault(message));
            };
            table.insert((*setting).to_owned(), number);
        }
        return whole(value, "layer", table);
    }
    let (kind, mut fields) = value.kind("layer", &kinds)?;
    let settings = LAYERS.iter().find(|(known, _)| *known == kind).map_or(&[][..], |(_, s)| s);
    let mut table = Table::from_iter([("kind".to_owned(), kind.into())]);
    for setting in settings {
        match fields.get(setting) {
            // Inner layers have their own words and places.
            Some(inner) if *setting == "layers" => {
                fields.end("setting of the layer `residual`")?;
                return Ok(LayerSpec::Residual { layers: inner.list(layer)? });
            }
            Some(value) => {
                table.insert((*setting).to_owned(), value.plain()?);
            }
            None => {}
        }
    }
    fields.end(&format!("setting of the layer `{kind}`"))?;
    whole(value, "layer", table)
}

/// A thing from its table, in which nothing may be missing.
fn whole<R: DeserializeOwned>(value: &Value<'_>, what: &str, table: Table) -> Result<R, Fault> {
    table.try_into().map_err(|error: toml::de::Error| {
        value.fault(format!("this {what} is not right: {}", error.message()))
    })
}

pub(super) fn loss(value: &Value<'_>) -> Result<Loss, Fault> {
    of_kind(value, "loss", &Loss::NAMES, str::parse)
}

pub(super) fn optimizer(value: &Value<'_>) -> Result<Optimizer, Fault> {
    of_kind(value, "optimizer", &Optimizer::NAMES, str::parse)
}

pub(super) fn schedule(value: &Value<'_>) -> Result<Schedule, Fault> {
    of_kind(value, "schedule", &Schedule::NAMES, |kind| {
        // What has no usual value in the schedule itself.
        let mut table = Table::from_iter([("kind".to_owned(), kind.into())]);
        let rest = match kind {
            "step" => Some(("every", 10_i64.into())),
            "exponential" => Some(("gamma", 0.95.into())),
            _ => None,
        };
        table.extend(rest.map(|(key, value): (&str, toml::Value)| (key.to_owned(), value)));
        table.try_into().map_err(|error: toml::de::Error| Error::Mismatch(error.message().into()))
    })
}

/// The layer of an activation's name.
pub(super) fn activation_layer(name: &str) -> Result<LayerSpec> {
    let table = Table::from_iter([("kind".to_owned(), name.into())]);
    table.try_into().map_err(|error: toml::de::Error| Error::Mismatch(error.message().into()))
}

/// A thing of one of the `kinds`: its default, with the table's settings in place of its own.
fn of_kind<R: Serialize + DeserializeOwned>(
    value: &Value<'_>,
    what: &'static str,
    kinds: &[&'static str],
    default: impl Fn(&str) -> Result<R>,
) -> Result<R, Fault> {
    let (kind, fields) = value.kind(what, kinds)?;
    let usual = default(kind).map_err(|error| value.fault(error.to_string()))?;
    let mut table = Table::try_from(&usual).map_err(|error| value.fault(error.to_string()))?;
    let known: Vec<String> = table.keys().filter(|key| *key != "kind").cloned().collect();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    for (key, setting) in fields.entries().filter(|(key, _)| *key != "kind") {
        if !known.contains(&key) {
            return Err(setting.fault(match known.is_empty() {
                true => format!("the {what} `{kind}` has no settings"),
                false => unknown(&format!("setting of the {what} `{kind}`"), key, &known),
            }));
        }
        // Whole numbers are real ones too.
        let given = match (table.get(key), setting.plain()?) {
            (Some(toml::Value::Float(_)), toml::Value::Integer(whole)) => (whole as f64).into(),
            (_, given) => given,
        };
        table.insert(key.to_owned(), given);
        let so_far: Result<R, _> = table.clone().try_into();
        if let Err(error) = so_far {
            return Err(setting.fault(error.message()));
        }
    }
    whole(value, what, table)
}

pub(super) fn class_weights(value: &Value<'_>) -> Result<ClassWeights, Fault> {
    match value.is_text() {
        true => Ok(ClassWeights::Rule(value.word("rule of class weights", &["balanced"])?.into())),
        false => Ok(ClassWeights::Given(value.list(Value::real)?)),
    }
}

pub(super) fn early_stopping(value: &Value<'_>) -> Result<EarlyStopping, Fault> {
    let mut fields = value.fields()?;
    let mut stopping = EarlyStopping { patience: 10, min_delta: 0.0 };
    fields.read("patience", &mut stopping.patience, Value::count)?;
    fields.read("min_delta", &mut stopping.min_delta, Value::real)?;
    fields.end("setting of `early_stopping`")?;
    Ok(stopping)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_those_that_layers_have() {
        let mut words: Vec<&str> = LAYERS.iter().map(|(kind, _)| *kind).collect();
        let mut known = LayerSpec::NAMES;
        words.sort_unstable();
        known.sort_unstable();
        assert_eq!(words, known);
        for name in ACTIVATIONS {
            assert!(
                chainrule::nn::activation(name).is_ok() && activation_layer(name).is_ok(),
                "{name}"
            );
        }
    }
}
