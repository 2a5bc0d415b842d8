//! `gradcheck`.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Result, bail};
use chainrule::check::{self, ParameterReport, Report, Verdict};
use chainrule::{Error, Graph};
use chainrule_explain::AllNumbers;
use chainrule_train::{Config, Precision, feed, loss_graph};

use crate::arguments::{Gradcheck, threads};
use crate::{data, print};

/// Checks and prints; `false` where an element is beyond the tolerance.
pub fn gradcheck(options: &Gradcheck) -> Result<bool> {
    let settings = check::Settings {
        tolerance: options.tolerance,
        elements: options.elements,
        threads: threads(options.settings.threads)?,
    };
    let is_config = Path::new(&options.subject).extension().is_some_and(|e| e == "toml");
    let report = if is_config || chainrule_train::data::is_dataset(&options.subject) {
        if options.at.is_some() || options.target.is_some() {
            bail!(crate::Usage(
                "--at and --target belong to an expression, not to a dataset".into()
            ));
        }
        network(options, &settings)?
    } else if let Some(option) = options.network_option() {
        bail!(crate::Usage(format!(
            "{option} belongs to a network, but `{}` is neither a dataset nor a configuration (.toml), and so is read as an expression",
            options.subject
        )));
    } else {
        crate::explain::gradcheck(options, &settings)?
    };
    if options.json {
        print::json(&AllNumbers(&report))?;
    } else {
        print::prose(&table(&report))?;
    }
    Ok(report.verdict != Verdict::Differs)
}

fn network(options: &Gradcheck, settings: &check::Settings) -> Result<Report> {
    let config = Config {
        batch_size: options.batch_size.unwrap_or(3),
        dtype: Precision::F64,
        ..options.settings.over(crate::train::base(&options.subject)?)?
    };
    config.validate()?;
    let train = data::load(&config)?.train;
    if config.batch_size > train.len() {
        bail!(Error::Mismatch(format!(
            "a batch of {} examples, but the training part has {}",
            config.batch_size,
            train.len()
        )));
    }
    let model = config.model_for(train.width(), train.target())?;
    let parameters = model.initial::<f64>(config.seed)?;
    let examples = train.order(config.seed, 0);
    let g = Graph::new();
    let loss = loss_graph(&g, &model, &config, &*train, config.batch_size)?;
    let batch = examples.get(..config.batch_size).unwrap_or(&examples);
    Ok(check::gradients(&g, loss, &parameters, |plan| feed(plan, &*train, batch), settings)?)
}

fn table(report: &Report) -> String {
    let mut out = String::new();
    let names = report.parameters.iter().map(|p| p.name.chars().count());
    let width = names.max().unwrap_or(0).max(9);
    // A narrow terminal goes without the mean: the largest difference judges.
    let mean = |text: &str| match print::table_columns() < width + 57 {
        true => String::new(),
        false => format!("  {text:>11}"),
    };
    let _ = writeln!(
        out,
        "{:width$}  {:>8}  {:>6}{}  {:>11}  {:>11}",
        "parameter",
        "checked",
        "kinks",
        mean("mean |diff|"),
        "max |diff|",
        "max rel err"
    );
    for p in &report.parameters {
        // Where nothing was compared, there is no difference to show.
        let [of_all, max, relative] =
            [p.mean_abs_difference, p.max_abs_difference, p.max_relative_error]
                .map(|number| if p.checked == 0 { "-".into() } else { format!("{number:.2e}") });
        let _ = writeln!(
            out,
            "{:width$}  {:>8}  {:>6}{}  {max:>11}  {relative:>11}",
            p.name,
            p.checked,
            p.kinks,
            mean(&of_all)
        );
        if let Some(worst) = &p.worst {
            let (by, diff) = (worst.backpropagation, worst.difference);
            let place = format!("worst {:?}", worst.index);
            let _ = writeln!(out, "  {place}: backpropagation {by:.9e}, differences {diff:.9e}");
        }
        if p.verdict == Verdict::Unmeasured && report.verdict != Verdict::Unmeasured {
            let _ = writeln!(out, "  could not be measured");
        }
        if p.failed > 0 {
            let _ =
                writeln!(out, "  {} of {} elements are beyond the tolerance", p.failed, p.checked);
        }
    }
    let tolerance = format!("at relative tolerance {:e}", report.tolerance);
    let _ = match report.verdict {
        Verdict::Agrees => writeln!(out, "passed {tolerance}"),
        Verdict::Differs => writeln!(out, "FAILED {tolerance}"),
        Verdict::Unmeasured => writeln!(out, "could not be measured {tolerance}"),
    };
    let parameters = || report.parameters.iter();
    let is_beyond = |p: &ParameterReport| p.max_relative_error > report.tolerance;
    if report.verdict == Verdict::Agrees && parameters().any(is_beyond) {
        let _ = writeln!(out, "where max rel err is larger, rounding of the loss allows it");
    }
    let count = |of: fn(&ParameterReport) -> usize| parameters().map(of).sum::<usize>();
    for (count, why) in [
        (count(|p| p.drowned), "rounding of the loss drowns what a small step changes"),
        (count(|p| p.outside), "the difference leaves the domain"),
        (count(|p| p.unsettled), "the differences of no two steps agree"),
    ] {
        if count > 0 {
            let _ = writeln!(out, "{count} not compared: {why}");
        }
    }
    if parameters().any(|p| p.kinks > 0) {
        let _ = writeln!(
            out,
            "kinks: elements on a corner or a jump, as of relu or floor, or whose difference crosses one; they are not compared"
        );
    }
    out
}
