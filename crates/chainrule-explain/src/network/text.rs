//! A network's explanation as text.

use std::collections::HashMap;
use std::fmt::Write;

use super::{Branch, Ledger, NetworkExplanation, Said};
use crate::columns::{COLUMNS, Page};
use crate::text::verdict;
use crate::value::{digits, number, percent, signed};
use crate::words::Words;

/// Darkness in characters, from nothing to all.
const SHADES: &[char] = &[' ', '.', ':', '-', '=', '+', '*', '#', '%', '@'];

/// Pictures wider than this do not fit a terminal beside each other.
const WIDEST: usize = 36;

/// Features that are listed.
const MOST_FEATURES: usize = 15;

impl NetworkExplanation {
    /// The sides of the input, where it is a square picture.
    pub(super) fn side(&self) -> Option<usize> {
        let side = (self.input.len() as f64).sqrt().round() as usize;
        (side > 1 && side * side == self.input.len()).then_some(side)
    }

    /// The explanation as text for a terminal of 80 columns.
    #[must_use]
    pub fn to_text(&self) -> String {
        self.to_text_within(COLUMNS)
    }

    /// The explanation as text for a terminal of so many columns.
    #[must_use]
    pub fn to_text_within(&self, columns: usize) -> String {
        let words = Words::new(self.language);
        let mut page = Page { text: String::new(), columns };
        page.wrapped(0, &self.verdict(&words));
        page.text.push('\n');
        self.layer_table(&mut page, &words);
        self.shared(&mut page, &words);
        self.parameter_table(&mut page, &words);
        self.weight_table(&mut page, &words);
        match self.features.is_empty() {
            true => self.pictures(&mut page, &words),
            false => self.feature_table(&mut page, &words),
        }
        page.text
    }

    pub(super) fn class(&self, class: u32) -> String {
        self.classes.get(class as usize).cloned().unwrap_or_else(|| class.to_string())
    }

    /// What the network says, and whether that is right.
    pub(super) fn verdict(&self, words: &Words) -> String {
        let loss = number(self.loss);
        let (label, predicted, probabilities) = match &self.said {
            Said::Class { label, predicted, probabilities } => (*label, *predicted, probabilities),
            Said::Values { wanted, predicted } => {
                let (wanted, predicted) = (numbers(wanted), numbers(predicted));
                let values =
                    [("wanted", wanted.as_str()), ("predicted", &predicted), ("loss", &loss)];
                return words.say("network-values", &values);
            }
        };
        let right = predicted == Some(label);
        let label = self.class(label);
        let Some(predicted) = predicted else {
            return words.say("network-no-answer", &[("label", &label), ("loss", &loss)]);
        };
        let certain = probabilities.get(predicted as usize).copied().unwrap_or(f64::NAN);
        let certain = percent(certain);
        let id = if right { "network-right" } else { "network-wrong" };
        let predicted = self.class(predicted);
        let values = [
            ("label", label.as_str()),
            ("predicted", &predicted),
            ("certain", &certain),
            ("loss", &loss),
        ];
        words.say(id, &values)
    }

    fn layer_table(&self, out: &mut Page, words: &Words) {
        out.wrapped(0, &words.get("network-layers"));
        out.text.push('\n');
        let head = [
            "network-layer",
            "network-output",
            "network-range",
            "network-gradient",
            "network-idle",
        ];
        let mut rows = vec![head.map(|id| words.get(id)).to_vec()];
        for layer in &self.layers {
            let units: usize = layer.shape.iter().product();
            let count = |id: &str, count: usize| {
                let share = percent(count as f64 / units.max(1) as f64);
                let count = count.to_string();
                words.say(id, &[("count", &count), ("share", &share)])
            };
            let idle = match (layer.off, layer.saturated) {
                (Some(off), _) => count("network-off", off),
                (_, Some(saturated)) => count("network-saturated", saturated),
                _ => String::new(),
            };
            rows.push(vec![
                layer.name.clone(),
                digits(layer.output.norm, 4),
                format!("{}…{}", digits(layer.output.min, 3), digits(layer.output.max, 3)),
                digits(layer.gradient.norm, 4),
                idle,
            ]);
        }
        out.table(&rows);
    }

    /// Values that several layers or branches use: what each contributes, and how much cancels.
    fn shared(&self, out: &mut Page, words: &Words) {
        let shared = self.ledgers.iter().filter(|ledger| ledger.branches.len() > 1);
        for (at, ledger) in shared.enumerate() {
            if at == 0 {
                out.text.push('\n');
                out.wrapped(0, &words.get("network-ledger"));
            }
            let total = digits(ledger.norm, 4);
            let values = [("name", ledger.name.as_str()), ("total", &total)];
            out.text.push('\n');
            out.wrapped(2, &words.say("network-ledger-node", &values));
            let row = |branch: &Branch| {
                let from = words.say("ledger-from", &[("gate", &branch.layer)]);
                let rule = branch.rule.clone().unwrap_or_default();
                vec![format!("   {from}"), rule, digits(branch.norm, 4), percent(branch.share)]
            };
            out.table(&ledger.branches.iter().map(row).collect::<Vec<_>>());
            let shares = ledger.branches.iter().map(|branch| branch.share);
            let verdict = verdict(words, Some(ledger.cancellation), shares).unwrap_or_default();
            out.wrapped(5, &verdict);
        }
    }

    /// What each weight and bias gets, by which rule.
    fn parameter_table(&self, out: &mut Page, words: &Words) {
        let ledgers: HashMap<&str, &Ledger> =
            self.ledgers.iter().map(|ledger| (ledger.name.as_str(), ledger)).collect();
        let names = self.layers.iter().flat_map(|layer| &layer.parameters);
        let rule = |name: &String| {
            let branch = ledgers.get(name.as_str()).and_then(|ledger| ledger.branches.first());
            branch.and_then(|branch| branch.rule.clone()).unwrap_or_default()
        };
        let rows: Vec<Vec<String>> =
            names.map(|(name, norm)| vec![name.clone(), rule(name), digits(*norm, 4)]).collect();
        if !rows.is_empty() {
            out.heading(&words.get("network-parameters"));
            let head = ["network-weight", "network-rule", "network-gradient"];
            let head = head.map(|id| words.get(id)).to_vec();
            out.table(&[vec![head], rows].concat());
        }
    }

    fn weight_table(&self, out: &mut Page, words: &Words) {
        out.heading(&words.get("network-weights"));
        let head = ["network-weight", "rank-value", "rank-gradient", "rank-effect"];
        let mut rows = vec![head.map(|id| words.get(id)).to_vec()];
        for weight in &self.weights {
            rows.push(vec![
                format!("{}{:?}", weight.parameter, weight.index),
                number(weight.value),
                number(weight.gradient),
                signed(weight.effect),
            ]);
        }
        out.table(&rows);
    }

    /// The features on which the loss depends most, with value and gradient.
    pub(super) fn ranked(&self) -> Vec<(&str, f64, f64)> {
        let numbers = self.input.iter().zip(&self.saliency);
        let names = self.features.iter().map(String::as_str).zip(numbers);
        let mut features: Vec<(&str, f64, f64)> =
            names.map(|(name, (x, dx))| (name, *x, *dx)).collect();
        features.sort_by(|a, b| b.2.abs().total_cmp(&a.2.abs()));
        features.truncate(MOST_FEATURES);
        features
    }

    /// The features on which the loss depends most.
    fn feature_table(&self, out: &mut Page, words: &Words) {
        out.heading(&words.get("network-features"));
        let head = ["network-feature", "rank-value", "rank-gradient", "rank-effect"];
        let mut rows = vec![head.map(|id| words.get(id)).to_vec()];
        for (name, value, gradient) in self.ranked() {
            let (effect, gradient_text) = (signed(value * gradient), number(gradient));
            rows.push(vec![name.to_owned(), number(value), gradient_text, effect]);
        }
        out.table(&rows);
    }

    /// The input and its saliency, side by side.
    fn pictures(&self, out: &mut Page, words: &Words) {
        // Two pictures, and what stands around them.
        let fits = |side: &usize| *side <= WIDEST && 2 * side + 7 <= out.columns;
        let Some(side) = self.side().filter(fits) else { return };
        out.heading(&words.get("network-saliency"));
        let (input, saliency) = (darkness(&self.input), darkness(&self.saliency));
        for (left, right) in input.chunks(side).zip(saliency.chunks(side)) {
            let row = |cells: &[f64]| -> String { cells.iter().map(|&part| shade(part)).collect() };
            let _ =
                writeln!(out.text, "{}", format!("  {}  │  {}", row(left), row(right)).trim_end());
        }
    }
}

fn numbers(values: &[f64]) -> String {
    values.iter().map(|x| number(*x)).collect::<Vec<_>>().join(", ")
}

/// Each value's share of the largest magnitude.
pub(super) fn darkness(values: &[f64]) -> Vec<f64> {
    let most = values.iter().fold(0.0, |top: f64, x| top.max(x.abs()));
    values.iter().map(|x| if most > 0.0 { x.abs() / most } else { 0.0 }).collect()
}

fn shade(part: f64) -> char {
    let at = (part * (SHADES.len() - 1) as f64).round() as usize;
    SHADES.get(at).copied().unwrap_or('?')
}

#[cfg(test)]
mod tests {
    use super::super::{Branch, Ledger, network};
    use crate::Language;
    use chainrule::nn::{Init, Loss, Network, Tanh, Truth};

    #[test]
    fn texts_tell_branches_and_rules_in_80_columns() {
        let model = Network::fully_connected(&[4, 6, 3], Tanh, Init::He).unwrap();
        let parameters = model.initial::<f64>(0).unwrap();
        let branch = |layer: &str, share: f64| {
            let (layer, rule) = (layer.to_owned(), Some("dY · Wᵀ".to_owned()));
            Branch { layer, rule, norm: 10.0 * share, share }
        };
        for (language, part) in [
            (Language::English, "from residual1/affine1"),
            (Language::Korean, "residual1/affine1에서"),
        ] {
            let features = [0.1, 0.2, 0.3, 0.4];
            let loss = Loss::CrossEntropy { label_smoothing: 0.0 };
            let mut explained =
                network(&model, &parameters, loss, &features, &Truth::Class(1), language).unwrap();
            explained.ledgers.push(Ledger {
                name: "affine9".into(),
                norm: 2.0,
                branches: vec![branch("residual1", 0.6), branch("residual1/affine1", 0.4)],
                cancellation: 0.2,
            });
            let text = explained.to_text();
            let width = unicode_width::UnicodeWidthStr::width;
            assert!(text.lines().all(|line| width(line) <= 80), "{text}");
            for part in [part, "0.2", "affine1.weight", "Xᵀ · dY"] {
                assert!(text.contains(part), "{part}: {text}");
            }
        }
    }
}
