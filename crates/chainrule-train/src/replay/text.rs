//! A step's explanation as text.

use super::explanation::{StepExample, StepExplanation};
use super::movement::{Cause, Movement};
use chainrule_explain::{Page, Words, digits, number, percent};

/// Examples that are listed.
const MOST_EXAMPLES: usize = 10;

/// Parameters that are listed one by one.
const MOST_PARAMETERS: usize = 40;

/// Rounding is told of where it is more than this share of an update.
const ROUNDING: f64 = 1e-3;

impl Cause {
    fn word(self) -> &'static str {
        match self {
            Self::Batch => "step-part-batch",
            Self::EarlierBatches => "step-part-earlier",
            Self::Clipping => "step-part-clipping",
            Self::Momentum => "step-part-momentum",
            Self::WeightDecay => "step-part-decay",
            Self::Rounding => "step-part-rounding",
        }
    }
}

impl StepExplanation {
    /// The explanation as text for a terminal of 80 columns.
    #[must_use]
    pub fn to_text(&self) -> String {
        self.to_text_within(80)
    }

    /// The explanation as text for a terminal of so many columns.
    #[must_use]
    pub fn to_text_within(&self, columns: usize) -> String {
        let words = Words::new(self.language);
        let mut out = Page { text: String::new(), columns };
        let (step, epoch) = (self.step.to_string(), self.epoch.to_string());
        let (of_epoch, rate) = (self.step_of_epoch.to_string(), number(self.learning_rate));
        let (loss, count) = (number(self.loss), self.batch_size.to_string());
        let values = [
            ("step", step.as_str()),
            ("epoch", &epoch),
            ("at", &of_epoch),
            ("rate", &rate),
            ("loss", &loss),
            ("count", &count),
        ];
        if self.other_data {
            out.wrapped(0, &words.get("step-other-data"));
        }
        out.wrapped(0, &words.say("step-title", &values));
        if let Some(objective) = &self.objective {
            out.wrapped(0, &words.say("step-objective", &[("name", objective)]));
        }
        if !self.examples.is_empty() {
            self.example_table(&mut out, &words);
        }
        self.movement_table(&mut out, &words);
        self.part_table(&mut out, &words);
        out.text
    }

    fn example_table(&self, out: &mut Page, words: &Words) {
        out.heading(&words.get("step-examples"));
        let head = [
            "step-row",
            "step-target",
            "step-predicted",
            "step-loss",
            "step-of-loss",
            "step-of-gradient",
            "step-of-update",
        ];
        let mut rows = vec![head.map(|id| words.get(id)).to_vec()];
        let row = |e: &StepExample| {
            let shares = [e.loss_share, e.gradient_share, e.update_share].map(percent);
            let [loss, gradient, update] = shares;
            let (target, predicted) = (e.target.clone(), e.predicted.clone());
            vec![e.row.to_string(), target, predicted, digits(e.loss, 4), loss, gradient, update]
        };
        rows.extend(self.examples.iter().take(MOST_EXAMPLES).map(row));
        let rest = self.examples.get(MOST_EXAMPLES..).unwrap_or_default();
        if !rest.is_empty() {
            let sum = |of: fn(&StepExample) -> f64| percent(rest.iter().map(of).sum());
            let mut row = vec![words.say("step-others", &[("count", &rest.len().to_string())])];
            row.extend(vec![String::new(); 3]);
            row.extend([sum(|e| e.loss_share), sum(|e| e.gradient_share), sum(|e| e.update_share)]);
            rows.push(row);
        }
        out.table(&rows);
    }

    /// The rows of the tables by parameter: those of each, or of layers where there are many, and all.
    fn listed(&self) -> impl Iterator<Item = &Movement> {
        let many = self.parameters.len() > MOST_PARAMETERS;
        let each = if many { &self.layers } else { &self.parameters };
        each.iter().chain([&self.update])
    }

    fn named(&self, movement: &Movement, words: &Words) -> String {
        match std::ptr::eq(movement, &self.update) {
            true => words.get("step-all"),
            false => movement.name.clone(),
        }
    }

    fn movement_table(&self, out: &mut Page, words: &Words) {
        out.heading(&words.get("step-movements"));
        let head =
            ["network-weight", "network-gradient", "step-weight", "step-update", "step-ratio"];
        let mut rows = vec![head.map(|id| words.get(id)).to_vec()];
        for movement in self.listed() {
            let Movement { gradient_norm, weight_norm, update_norm, ratio, .. } = movement;
            let numbers = [gradient_norm, weight_norm, update_norm, ratio];
            let mut row = vec![self.named(movement, words)];
            row.extend(numbers.map(|x| digits(*x, 4)));
            rows.push(row);
        }
        out.table(&rows);
    }

    fn part_table(&self, out: &mut Page, words: &Words) {
        if self.update.parts.is_empty() {
            out.wrapped(0, &format!("\n{}", words.get("step-no-update")));
            return;
        }
        out.heading(&words.get("step-parts"));
        let is_shown = |kind: &Cause| {
            let part = self.update.parts.iter().find(|part| part.kind == *kind);
            part.is_some_and(|part| *kind != Cause::Rounding || part.share.abs() > ROUNDING)
        };
        let kinds: Vec<Cause> = Cause::ALL.into_iter().filter(is_shown).collect();
        let mut head = vec![words.get("network-weight")];
        head.extend(kinds.iter().map(|kind| words.get(kind.word())));
        let mut rows = vec![head];
        for movement in self.listed() {
            let mut row = vec![self.named(movement, words)];
            row.extend(kinds.iter().map(|kind| {
                let part = movement.parts.iter().find(|part| part.kind == *kind);
                percent(part.map_or(0.0, |part| part.share))
            }));
            rows.push(row);
        }
        out.table(&rows);
        out.text.push('\n');
        out.wrapped(0, &words.get("step-note"));
    }
}
