//! The learning rate of a step and of a parameter.

use super::Config;
use chainrule::error::{Error, Result};
use chainrule::nn::Parameter;
use chainrule::optim::{Plateau, Schedule, Warmup};

impl Config {
    /// Whether every step has the same learning rate.
    pub(crate) fn has_constant_rate(&self) -> bool {
        self.schedule == Schedule::Constant && self.warmup == 0
    }

    /// The epochs over which the schedule runs: more than are trained in a run that ends before, but never
    /// fewer, as when it is gone on with.
    pub(crate) fn schedule_length(&self) -> u32 {
        self.schedule_epochs.map_or(self.epochs, |epochs| epochs.max(self.epochs))
    }

    /// The learning rate of the step `at` (counted from 0 over all epochs) of `total`, `per_epoch` of
    /// them in an epoch, from the rate `base`. Schedules that follow a curve go step by step, the others
    /// by epochs.
    pub(crate) fn rate(
        &self,
        base: f64,
        at: u64,
        per_epoch: u64,
        total: u64,
        plateau: &Plateau,
    ) -> f64 {
        let (schedule, warmup) =
            (&self.schedule, Warmup { length: self.warmup, ..Warmup::default() });
        match schedule {
            Schedule::Cosine { .. } | Schedule::OneCycle { .. } => {
                warmup.rate(schedule, base, at, total, plateau)
            }
            _ if at < self.warmup => warmup.rate(schedule, base, at, total, plateau),
            _ => schedule.rate(base, at / per_epoch.max(1), total / per_epoch.max(1), plateau),
        }
    }

    /// The multiple of the learning rate that the parameter `name` has: the last of `rates` that fits.
    pub(crate) fn rate_of(&self, name: &str) -> f64 {
        let mut rates = self.rates.iter().rev();
        rates.find(|(pattern, _)| fits(pattern, name)).map_or(1.0, |(_, &rate)| rate)
    }

    /// Whether the parameter `name` stays as it begins.
    pub(crate) fn is_frozen(&self, name: &str) -> bool {
        self.freeze.iter().any(|pattern| fits(pattern, name))
    }

    /// Checks that every pattern of `freeze` names one of these parameters, and of `rates` one that an
    /// optimizer changes.
    pub(crate) fn check_patterns(&self, parameters: &[Parameter]) -> Result<()> {
        let frozen = self.freeze.iter().map(|pattern| (pattern, true));
        for (pattern, kept) in frozen.chain(self.rates.keys().map(|pattern| (pattern, false))) {
            let names =
                parameters.iter().filter(|of| kept || of.trainable).map(|of| of.name.as_str());
            if !names.clone().any(|name| fits(pattern, name)) {
                return Err(Error::unknown("parameter", pattern, names));
            }
        }
        Ok(())
    }
}

/// Whether `name` has the form of `pattern`, in which `*` stands for any letters.
pub(crate) fn fits(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, rest)) => name.strip_prefix(start).is_some_and(|name| {
            let ends = name.char_indices().map(|(at, _)| at).chain([name.len()]);
            ends.into_iter().any(|at| fits(rest, &name[at..]))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_letters() {
        assert!(fits("affine1.*", "affine1.weight"));
        assert!(fits("*.bias", "affine12.bias"));
        assert!(fits("*", ""));
        assert!(!fits("affine1.*", "affine12.weight"));
        assert!(!fits("bias", "affine1.bias"));
        assert!(fits("a*b*c", "a-b-b-c") && !fits("a*b*c", "a-c-b"));
    }
}
