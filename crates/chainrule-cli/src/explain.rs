//! `explain`, and `gradcheck` of an expression.

use anyhow::{Result, bail};
use chainrule::check::{self, Report};
use chainrule::explain::{self, Names, Request, Values};
use chainrule::{Error, Graph, Parameters};

use crate::arguments::{Explain, Gradcheck};
use crate::print;

pub fn explain(options: &Explain) -> Result<()> {
    let request = Request {
        expression: options.expression.clone(),
        values: values("--at", options.at.as_deref())?,
        target: finite(options.target)?,
        wrt: options.wrt.as_deref().map(names),
        nudges: match &options.nudge {
            Some(text) => Some(values("--nudge", Some(text))?),
            None => None,
        },
    };
    let explanation =
        explain::explain(&request).map_err(|error| pointed(error, "", &options.expression))?;
    let text = match options.json || options.format == "json" {
        true => serde_json::to_string(&explanation)? + "\n",
        false => explanation.to_text(),
    };
    match &options.output {
        None => print::text(&text),
        Some(path) => print::write_file(path, &text),
    }
}

pub fn gradcheck(options: &Gradcheck, settings: &check::Settings) -> Result<Report> {
    let values = values("--at", options.at.as_deref())?;
    let (g, text) = (Graph::new(), &options.subject);
    let output = explain::record(&g, text, &values, Names::Parameters)
        .map_err(|error| pointed(error, "", text))?;
    if output.shape().rank() != 0 {
        bail!(crate::Usage(format!(
            "the expression has shape {}, but only a scalar has gradients: reduce it with sum(…) or mean(…)",
            output.shape()
        )));
    }
    let root = match finite(options.target)? {
        Some(target) => output.half_squared_error(g.constant(target)),
        None => output,
    };
    let mut parameters = Parameters::new();
    for (name, tensor) in values {
        parameters.insert(name, tensor);
    }
    Ok(check::gradients(&g, root, &parameters, |_| Ok(()), settings)?)
}

fn finite(target: Option<f64>) -> Result<Option<f64>> {
    match target {
        Some(target) if !target.is_finite() => {
            bail!(crate::Usage(format!("--target is {target}, but it must be a finite number")))
        }
        target => Ok(target),
    }
}

fn names(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(Into::into).collect()
}

fn values(option: &str, text: Option<&str>) -> Result<Values> {
    let text = text.unwrap_or_default();
    explain::values(text).map_err(|error| pointed(error, &format!("{option}: "), text))
}

/// An expression's error with a caret under the place.
fn pointed(error: Error, prefix: &str, text: &str) -> anyhow::Error {
    match error {
        Error::Expression { message, span } => {
            let caret = print::under_caret(text, span);
            crate::Usage(format!("{prefix}{message}{caret}")).into()
        }
        other => other.into(),
    }
}
