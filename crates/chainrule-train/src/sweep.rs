//! Settings to try: every combination of some values, or random choices.

use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};

use super::Config;
use super::config::setting_meant;
use chainrule::error::{Error, Result};
use chainrule::number::Number;
use chainrule::settings::{Form, Setting};

/// A setting and what it may be.
///
/// ```
/// use chainrule_train::sweep::{Axis, every};
/// let axes = [Axis::grid("lr=0.1,0.01")?, Axis::grid("hidden=[50],[30, 20]")?];
/// assert_eq!(every(&axes)?.len(), 4);
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// The setting's key.
    pub key: String,
    choices: Choices,
}

#[derive(Clone, Debug, PartialEq)]
enum Choices {
    /// One of these, written as TOML.
    Values(Vec<String>),
    /// Any number between two, or any whole one, evenly or evenly in its logarithm.
    Range { low: f64, high: f64, log: bool, whole: bool },
}

impl Axis {
    /// `KEY=VALUE,VALUE`, where commas within brackets and quotes belong to a value.
    ///
    /// # Errors
    /// The text names no values.
    pub fn grid(text: &str) -> Result<Self> {
        let Some((key, values)) = text.split_once('=').filter(|(_, values)| !values.is_empty())
        else {
            return Err(Error::Mismatch(format!(
                "`{text}` names no values; write KEY=VALUE,VALUE, such as lr=0.1,0.01"
            )));
        };
        let (mut depth, mut quoted, mut found) = (0_i32, false, vec![String::new()]);
        for letter in values.chars() {
            match letter {
                '"' => quoted = !quoted,
                '[' | '{' if !quoted => depth += 1,
                ']' | '}' if !quoted => depth -= 1,
                ',' if !quoted && depth == 0 => {
                    found.push(String::new());
                    continue;
                }
                _ => {}
            }
            if let Some(value) = found.last_mut() {
                value.push(letter);
            }
        }
        let values = found.into_iter().map(|value| value.trim().to_owned()).collect();
        Ok(Self { key: setting_meant(key), choices: Choices::Values(values) })
    }

    /// `KEY=LOW:HIGH`, or `KEY=LOW:HIGH:log`; of whole numbers where the setting is one.
    ///
    /// # Errors
    /// The text is no range.
    pub fn range(text: &str) -> Result<Self> {
        let all = Config::ENTRY.settings;
        let parse = || {
            let (key, rest) = text.split_once('=')?;
            let key = setting_meant(key);
            let parts: Vec<&str> = rest.split(':').collect();
            let (low, high, log) = match parts[..] {
                [low, high] => (low, high, false),
                [low, high, "log"] => (low, high, true),
                _ => return None,
            };
            let (mut low, mut high): (f64, f64) = (low.parse().ok()?, high.parse().ok()?);
            let is_whole = |s: &Setting| s.name == key && matches!(s.form, Form::Whole(_));
            let whole = all.iter().any(is_whole);
            if whole {
                (low, high) = (low.ceil(), high.floor());
            }
            let ok = low.is_finite() && high.is_finite() && low < high && (!log || low > 0.0);
            ok.then_some(Self { key, choices: Choices::Range { low, high, log, whole } })
        };
        parse().ok_or_else(|| {
        Error::Mismatch(format!(
            "`{text}` is no range; write KEY=LOW:HIGH, or KEY=LOW:HIGH:log for one that is even in the logarithm, such as lr=1e-4:1e-1:log"
        ))
    })
    }
}

/// Settings with their values.
pub type Trial = Vec<(String, String)>;

/// Every combination of the values.
///
/// # Errors
/// One of them is a range, which has no end of values.
pub fn every(axes: &[Axis]) -> Result<Vec<Trial>> {
    let mut trials: Vec<Trial> = vec![Vec::new()];
    for Axis { key, choices } in axes {
        let Choices::Values(values) = choices else {
            return Err(Error::Mismatch(format!(
                "{key}: a range has no end of values; say how many to try"
            )));
        };
        let with = |trial: &Trial| {
            let with = values.iter().map(|value| {
                trial.iter().cloned().chain([(key.clone(), value.clone())]).collect::<Trial>()
            });
            with.collect::<Vec<_>>()
        };
        trials = trials.iter().flat_map(with).collect();
    }
    Ok(trials)
}

/// So many random choices; the same seed gives the same ones.
#[must_use]
pub fn random(axes: &[Axis], count: usize, seed: u64) -> Vec<Trial> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut choose = |Axis { key, choices }: &Axis| {
        let value = match choices {
            Choices::Values(values) => {
                let at = rng.random_range(0..values.len().max(1));
                values.get(at).cloned().unwrap_or_default()
            }
            Choices::Range { low, high, log, whole } => {
                let share: f64 = rng.random();
                let number = match log {
                    true => Number::exp(Number::ln(*low) + share * Number::ln(high / low)),
                    false => low + share * (high - low),
                };
                match whole {
                    true => format!("{number:.0}"),
                    // Four digits are read more easily, and bound nothing.
                    false => format!("{number:.3e}"),
                }
            }
        };
        (key.clone(), value)
    };
    (0..count).map(|_| axes.iter().map(&mut choose).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grid_is_every_combination() {
        let axes =
            [Axis::grid("lr=0.1,0.01").unwrap(), Axis::grid("hidden=[50],[30, 20]").unwrap()];
        let trials = every(&axes).unwrap();
        let texts: Vec<String> = trials.iter().map(|t| format!("{} {}", t[0].1, t[1].1)).collect();
        assert_eq!(texts, ["0.1 [50]", "0.1 [30, 20]", "0.01 [50]", "0.01 [30, 20]"]);
    }

    #[test]
    fn a_range_is_kept_and_needs_a_number_of_trials() {
        let axes = [Axis::range("lr=1e-4:1e-1:log").unwrap()];
        assert!(every(&axes).is_err());
        let trials = random(&axes, 50, 0);
        let rates: Vec<f64> = trials.iter().map(|t| t[0].1.parse().unwrap()).collect();
        assert!(rates.iter().all(|rate| (1e-4..=1e-1).contains(rate)));
        assert!(rates.iter().filter(|rate| **rate < 3e-3).count() > 10, "{rates:?}");
        assert!(Axis::range("lr=1:0").is_err() && Axis::range("lr=-1:1:log").is_err());
    }

    #[test]
    fn a_range_of_a_whole_setting_is_whole() {
        let trials = random(&[Axis::range("batch_size=3.5:64:log").unwrap()], 50, 0);
        let sizes: Vec<u64> = trials.iter().map(|t| t[0].1.parse().unwrap()).collect();
        assert!(sizes.iter().all(|size| (4..=64).contains(size)), "{sizes:?}");
        assert!(Axis::range("batch_size=3.2:3.8").is_err());
    }
}
