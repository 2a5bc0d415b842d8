//! Parts run one after the other, their times, and what was skipped.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// One thing that `cargo xtask` does, alone or as a part of the whole.
pub struct Part {
    /// The word that asks for it.
    pub name: &'static str,
    /// What it holds.
    pub says: &'static str,
    /// Does it.
    pub run: fn(&mut Report) -> Result<()>,
}

/// What has been done so far.
#[derive(Default)]
pub struct Report {
    complete: bool,
    part: &'static str,
    done: Vec<(&'static str, Duration)>,
    skipped: Vec<String>,
}

impl Report {
    /// A report of nothing; where it is to be complete, what would be skipped is an error.
    pub fn new(complete: bool) -> Self {
        Self { complete, ..Self::default() }
    }

    /// Whether nothing may be skipped.
    pub fn complete(&self) -> bool {
        self.complete
    }

    /// Notes what is not checked for want of something that no program that is installed would bring, such as a
    /// way to a host, or other fonts: it is left out of a complete report as well.
    pub fn unreachable(&mut self, what: &str, why: &str) {
        self.leave_out(what, why);
    }

    /// Notes what is not checked here, and why.
    pub fn skip(&mut self, what: &str, why: &str) -> Result<()> {
        if self.complete {
            bail!("{what} would be skipped, as {why}");
        }
        self.leave_out(what, why);
        Ok(())
    }

    fn leave_out(&mut self, what: &str, why: &str) {
        println!("skipped: {what}, as {why}");
        self.skipped.push(format!("{}: {what}, as {why}", self.part));
    }

    /// Runs parts up to the first that fails, and tells the time of each.
    pub fn run<'a>(mut self, parts: impl Iterator<Item = &'a Part>) -> ExitCode {
        let mut failure = None;
        for part in parts {
            println!("\n== {}: {}", part.name, part.says);
            self.part = part.name;
            let start = Instant::now();
            let result = (part.run)(&mut self);
            self.done.push((part.name, start.elapsed()));
            if let Err(error) = result {
                failure = Some(error);
                break;
            }
        }
        println!("\n{}", self.table());
        match failure {
            None => ExitCode::SUCCESS,
            Some(error) => {
                eprintln!("error: {}: {error:#}", self.part);
                ExitCode::FAILURE
            }
        }
    }

    /// Seconds by part, their sum, and what was skipped.
    fn table(&self) -> String {
        let mut lines: Vec<String> = Vec::new();
        for (name, time) in &self.done {
            lines.push(format!("{name:<12}{:>8.1} s", time.as_secs_f64()));
        }
        let total: Duration = self.done.iter().map(|(_, time)| *time).sum();
        lines.push(format!("{:<12}{:>8.1} s", "together", total.as_secs_f64()));
        lines.push(String::new());
        if self.skipped.is_empty() {
            lines.push("nothing was skipped".to_owned());
        } else {
            lines.push("skipped:".to_owned());
            lines.extend(self.skipped.iter().map(|skipped| format!("  {skipped}")));
        }
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_skipped_is_told_or_an_error() {
        let mut report = Report { part: "formats", ..Report::new(false) };
        report.skip("Graphviz", "`dot` is not installed").unwrap();
        report.done.push(("formats", Duration::from_millis(1540)));
        report.done.push(("deny", Duration::from_secs(2)));
        let table = report.table();
        assert_eq!(
            table.lines().collect::<Vec<_>>(),
            [
                "formats          1.5 s",
                "deny             2.0 s",
                "together         3.5 s",
                "",
                "skipped:",
                "  formats: Graphviz, as `dot` is not installed",
            ]
        );
        let error = Report::new(true).skip("Graphviz", "`dot` is not installed").unwrap_err();
        assert_eq!(error.to_string(), "Graphviz would be skipped, as `dot` is not installed");
        let mut report = Report::new(true);
        assert!(report.table().ends_with("nothing was skipped"));
        report.unreachable("advisories", "the network ends here");
        assert!(report.table().ends_with(": advisories, as the network ends here"));
    }
}
