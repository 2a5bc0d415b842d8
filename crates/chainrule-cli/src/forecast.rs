//! How large a network is and how long its training will take, told once, where either matters.

use std::time::{Duration, Instant};

use chainrule_train::system::peak_memory;
use chainrule_train::{Place, Size};

/// A training that lasts longer is worth a word.
const LONG: f64 = 60.0;
/// Parameters that are worth a word, however fast they are.
const LARGE: usize = 10_000_000;
/// The first steps are watched for so long.
const WATCHED: Duration = Duration::from_secs(1);

/// Watches the first steps of a training.
pub struct Forecast {
    size: Size,
    /// When the first step was done, and how many were done then.
    first: Option<(Instant, u64)>,
    told: bool,
}

impl Forecast {
    pub fn new(size: Size) -> Self {
        Self { size, first: None, told: false }
    }

    /// Hears that a step is done. Once enough are, a line, if the training is long or the network large.
    pub fn hear(&mut self, place: Place) -> Option<String> {
        self.hear_at(place, Instant::now, peak_memory)
    }

    fn hear_at(
        &mut self,
        place: Place,
        now: impl FnOnce() -> Instant,
        memory: impl FnOnce() -> Option<u64>,
    ) -> Option<String> {
        if self.told {
            return None;
        }
        let now = now();
        let done = u64::from(place.epoch) * self.size.steps + place.step;
        let &mut (start, before) = self.first.get_or_insert((now, done));
        let (time, steps) = (now.duration_since(start), done.saturating_sub(before));
        if time < WATCHED || steps == 0 {
            return None;
        }
        self.told = true;
        let left = (u64::from(self.size.epochs) * self.size.steps).saturating_sub(done);
        let seconds = time.as_secs_f64() / steps as f64 * left as f64;
        let parameters = self.size.parameters;
        if seconds < LONG && parameters < LARGE {
            return None;
        }
        let memory = memory().map_or(String::new(), |bytes| format!(", {}", memory_of(bytes)));
        // To keep many takes a while of its own, of which nothing is known before it is done once.
        let writing = if parameters < LARGE { "" } else { " of steps and writing" };
        let (parameters, time) = (count(parameters), duration(seconds));
        Some(format!("{parameters} parameters{memory}, {time}{writing} to go"))
    }
}

fn count(parameters: usize) -> String {
    match parameters {
        LARGE.. => format!("{:.0} million", parameters as f64 / 1e6),
        _ => parameters.to_string(),
    }
}

fn memory_of(bytes: u64) -> String {
    match bytes as f64 {
        bytes if bytes < 1e9 => format!("{:.0} MB of memory", bytes / 1e6),
        bytes => format!("{:.1} GB of memory", bytes / 1e9),
    }
}

/// A time as people say it.
fn duration(seconds: f64) -> String {
    let (number, unit) = match seconds {
        s if s < 99.0 => (s, "second"),
        s if s < 99.0 * 60.0 => (s / 60.0, "minute"),
        s if s < 48.0 * 3600.0 => (s / 3600.0, "hour"),
        s => (s / 86_400.0, "day"),
    };
    let number = number.ceil();
    format!("about {number} {unit}{}", if number == 1.0 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is told, the steps being done at these seconds.
    fn told(parameters: usize, epochs: u32, steps: &[f64]) -> Vec<String> {
        let size = Size { epochs, steps: 100, examples: 10_000, parameters };
        let (mut forecast, start) = (Forecast::new(size), Instant::now());
        let hear = |(step, seconds): (usize, &f64)| {
            let place = Place { epoch: 0, step: step as u64 + 1 };
            let now = || start + Duration::from_secs_f64(*seconds);
            forecast.hear_at(place, now, || Some(2_640_000_000))
        };
        steps.iter().enumerate().filter_map(hear).collect()
    }

    #[test]
    fn a_long_training_is_told_once_and_a_short_one_not() {
        // Half a second a step, after a slow first one: 197 steps of 200 are left after three.
        let line = "1234 parameters, 2.6 GB of memory, about 99 seconds to go";
        assert_eq!(told(1234, 2, &[9.0, 9.5, 10.0, 10.5]), [line]);
        let line = "1234 parameters, 2.6 GB of memory, about 9 minutes to go";
        assert_eq!(told(1234, 10, &[9.0, 9.5, 10.0, 10.5]), [line]);
        assert!(told(1234, 1, &[9.0, 9.5, 10.0, 10.5]).is_empty());
        let line =
            "162 million parameters, 2.6 GB of memory, about 49 seconds of steps and writing to go";
        assert_eq!(told(162_000_000, 1, &[9.0, 9.5, 10.0, 10.5]), [line]);
        assert!(told(162_000_000, 1, &[9.0]).is_empty());
    }

    #[test]
    fn times_are_in_the_unit_that_people_say() {
        let shown = [61.0, 150.0, 7200.0, 300_000.0].map(duration);
        assert_eq!(shown, ["about 61 seconds", "about 3 minutes", "about 2 hours", "about 4 days"]);
    }
}
