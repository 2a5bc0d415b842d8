//! `explain`, and `gradcheck` of an expression.

use std::io::Read as _;
use std::path::Path;

use anyhow::{Result, bail};
use chainrule::check::{self, Report};
use chainrule::nn;
use chainrule::{Error, Graph, Parameters, Tensor};
use chainrule_explain::{AllNumbers, Explanation, Names, Request, Topic, Values, View, Worksheet};
use chainrule_train::{Run, RunExample, RunFolder, Which};

use crate::arguments::Gradcheck;
use crate::explain_arguments::{
    DrawnFormat, Explain, ExpressionFormat, Given, SheetFormat, Subject,
};
use crate::run::examples;
use crate::{explain_run, print};

pub fn explain(options: &Explain) -> Result<()> {
    match options.subject()? {
        Subject::Language { json: true } => print::json(&chainrule_explain::functions()),
        Subject::Language { json: false } => {
            print::text(&chainrule_explain::reference(print::table_columns()))
        }
        Subject::Expression(format) => expression(options, format),
        Subject::Sheet(topic, format) => sheet(options, topic, format),
        Subject::Example(example, format) => network(options, example, format),
        Subject::Step(number, format) => {
            emit(options, &explain_run::step(options, number, format)?)
        }
        Subject::Importance(format) => emit(options, &explain_run::importance(options, format)?),
        Subject::Effect(column, format) => {
            emit(options, &explain_run::effect(options, &column, format)?)
        }
        Subject::Flow(format) => emit(options, &explain_run::flow(options, format)?),
    }
}

fn expression(explain: &Explain, format: ExpressionFormat) -> Result<()> {
    let options = &explain.options;
    let request = request(explain)?;
    let explanation = chainrule_explain::explain(&request)
        .map_err(|error| recorded(error, &request.expression, explain.given.at.as_deref()))?;
    let view = View { unfold: options.unfold, ..View::default() };
    let text = match format {
        _ if options.symbolic => explanation.symbolic(),
        ExpressionFormat::Text => explanation.to_text(),
        ExpressionFormat::Json => serde_json::to_string(&AllNumbers(&explanation))? + "\n",
        ExpressionFormat::Csv => explanation.to_csv(),
        ExpressionFormat::Svg if options.steps => return steps(explain, &explanation, view),
        ExpressionFormat::Svg => explanation.to_svg(view),
        ExpressionFormat::Dot => explanation.to_dot(view),
        ExpressionFormat::Mermaid => explanation.to_mermaid(view),
        ExpressionFormat::Latex => explanation.to_latex(),
        ExpressionFormat::Html => explanation.to_html(view),
    };
    emit(explain, &text)
}

/// A worksheet, of an expression or on a topic.
fn sheet(explain: &Explain, topic: Option<Topic>, format: SheetFormat) -> Result<()> {
    let options = &explain.sheet;
    let sheet = match topic {
        Some(topic) => Worksheet::on(
            topic,
            options.seed.unwrap_or(0),
            options.count.unwrap_or(5) as usize,
            options.solution,
            explain.lang,
        )?,
        None => {
            let request = request(explain)?;
            Worksheet::of(&request, options.solution).map_err(|error| {
                recorded(error, &request.expression, explain.given.at.as_deref())
            })?
        }
    };
    let text = match format {
        SheetFormat::Text => sheet.to_text(),
        SheetFormat::Latex => sheet.to_latex(),
        SheetFormat::Html => sheet.to_html(),
    };
    emit(explain, &text)
}

/// A trained network on one example.
fn network(options: &Explain, example: u32, format: DrawnFormat) -> Result<()> {
    let run = Run::open(std::path::Path::new(&options.expression))?;
    let name = options.run.data.as_deref();
    let (part, data) = examples(&run, name)?;
    if example as usize >= data.len() {
        bail!(crate::Usage(format!(
            "--example is {example}, but the dataset has the examples 0 to {}",
            data.len().saturating_sub(1)
        )));
    }
    let which = if options.run.last { Which::Last } else { Which::Best };
    let of = RunExample { data: &*data, named: name, index: example, which };
    let explained = run.explain_example(of, options.lang)?;
    if let Some(part) = part {
        print::progress(&format!("example {example} of the {} part", part.in_words()));
    }
    let text = match format {
        DrawnFormat::Text => explained.to_text_within(explain_run::columns(options)),
        DrawnFormat::Json => serde_json::to_string(&AllNumbers(&explained))? + "\n",
        DrawnFormat::Svg => explained.to_svg(),
    };
    emit(options, &text)
}

/// Prints, or writes to the file that was asked for.
fn emit(options: &Explain, text: &str) -> Result<()> {
    match &options.output {
        None => print::data(text),
        Some(path) => {
            let named = Path::new(&options.expression);
            let own = Run::open(named).map(|run| run.data_places()).unwrap_or_default();
            let read: Vec<&Path> = own
                .iter()
                .map(AsRef::as_ref)
                .chain(options.run.data.as_ref().map(Path::new))
                .collect();
            print::spare(path, RunFolder::open(named).ok().as_ref(), &read)?;
            print::write_file(path, text)
        }
    }
}

/// Writes a picture per step, numbered beside the file's name.
fn steps(options: &Explain, explanation: &Explanation, view: View) -> Result<()> {
    let Some(path) = &options.output else { bail!(crate::Usage("--steps needs --output".into())) };
    let last = explanation.steps(view);
    let digits = last.to_string().len().max(2);
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    for step in 0..=last {
        let path = path.with_file_name(format!("{name}-{step:0digits$}.svg"));
        let picture = explanation.to_svg(View { step: Some(step), ..view });
        print::write_file(&path, &picture)?;
    }
    Ok(())
}

/// An expression as it was given, or from standard input. Only a little more is read than can be
/// explained.
pub fn written(expression: &str) -> Result<String> {
    const MOST_BYTES: u64 = 1 << 25;
    if expression != "-" {
        return Ok(expression.into());
    }
    let mut text = String::new();
    std::io::stdin().lock().take(MOST_BYTES).read_to_string(&mut text)?;
    Ok(text)
}

fn request(explain: &Explain) -> Result<Request> {
    let (given, options) = (&explain.given, &explain.options);
    let (target, cross_entropy) = given_loss(given)?;
    Ok(Request {
        expression: written(&explain.expression)?,
        values: values("--at", given.at.as_deref())?,
        target,
        cross_entropy,
        wrt: options.wrt.as_deref().map(names),
        nudges: match &options.nudge {
            Some(text) => Some(values("--nudge", Some(text))?),
            None => None,
        },
        paths: options.paths.clone(),
        goal: finite("--goal", options.goal)?,
        sweep: options.sweep.as_deref().map(str::parse).transpose()?,
        lr: options.lr,
        descend: options.descend,
        hessian: options.order == 2,
        language: explain.lang,
    })
}

/// What stands on top of an expression, as requests have it: the target of half the squared error, or
/// that of the cross-entropy.
pub fn given_loss(given: &Given) -> Result<(Option<f64>, Option<Tensor<f64>>)> {
    Ok(match loss(given.loss.as_deref(), given.target.as_deref())? {
        Loss::None => (None, None),
        Loss::HalfSquaredError(target) => (Some(target), None),
        Loss::CrossEntropy(target) => (None, Some(target)),
    })
}

pub fn gradcheck(options: &Gradcheck, settings: &check::Settings) -> Result<Report> {
    let values = values("--at", options.at.as_deref())?;
    let (g, text) = (Graph::with_exact_slopes(), &written(&options.subject)?);
    let output = chainrule_explain::record(&g, text, &values, Names::Parameters)
        .map_err(|error| recorded(error, text, options.at.as_deref()))?;
    let loss = loss(options.settings.loss.as_deref(), options.target.as_deref())?;
    let has_cross_entropy = matches!(loss, Loss::CrossEntropy(_));
    chainrule_explain::differentiable(text, output.shape(), has_cross_entropy)
        .map_err(|error| pointed(error, "", text))?;
    let root = match loss {
        Loss::HalfSquaredError(target) => output.half_squared_error(g.constant(target)),
        Loss::CrossEntropy(target) => chainrule_explain::cross_entropy(output, &target)
            .map_err(|error| crate::Usage(error.to_string()))?,
        Loss::None => output,
    };
    let mut parameters = Parameters::new();
    for (name, tensor) in values {
        parameters.insert(name, tensor);
    }
    Ok(check::gradients(&g, root, &parameters, |_| Ok(()), settings)?)
}

/// What stands on top of an expression.
enum Loss {
    None,
    HalfSquaredError(f64),
    CrossEntropy(Tensor<f64>),
}

/// Reads `--loss` and `--target`.
fn loss(name: Option<&str>, target: Option<&str>) -> Result<Loss> {
    let Some(text) = target else {
        return match name {
            Some(_) => bail!(crate::Usage("--loss needs a --target".into())),
            None => Ok(Loss::None),
        };
    };
    let value = chainrule_explain::literal(text)
        .map_err(|error| crate::Usage(format!("--target: {error}")))?;
    let of = name.map_or(Ok(nn::Loss::HalfSquared), str::parse);
    match (of, value.at(&[])) {
        (Ok(nn::Loss::CrossEntropy { label_smoothing: 0.0 }), _) => Ok(Loss::CrossEntropy(value)),
        (Ok(nn::Loss::HalfSquared), Some(number)) => Ok(Loss::HalfSquaredError(number)),
        (Ok(nn::Loss::HalfSquared), None) => bail!(crate::Usage(format!(
            "--target is {text}, but half the squared error takes a number; a distribution goes with --loss cross-entropy"
        ))),
        _ => bail!(crate::Usage(format!(
            "--loss is `{}`, but an expression has half-squared-error and cross-entropy",
            name.unwrap_or_default()
        ))),
    }
}

fn finite(option: &str, number: Option<f64>) -> Result<Option<f64>> {
    match number {
        Some(number) if !number.is_finite() => {
            bail!(crate::Usage(format!("{option} is {number}, but it must be a finite number")))
        }
        number => Ok(number),
    }
}

fn names(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(Into::into).collect()
}

/// The values that an option gives.
pub fn values(option: &str, text: Option<&str>) -> Result<Values> {
    let text = text.unwrap_or_default();
    chainrule_explain::values(text).map_err(|error| pointed(error, &format!("{option}: "), text))
}

/// An expression's error, or that of a value which it does not use: then the caret is under the value.
pub fn recorded(error: Error, expression: &str, at: Option<&str>) -> anyhow::Error {
    let Error::Unused { name } = &error else { return pointed(error, "", expression) };
    let at: Vec<char> = at.unwrap_or_default().chars().collect();
    let wanted: Vec<char> = name.chars().collect();
    // A name ends where its value or a space begins, and starts after a comma, a space or nothing.
    let starts = |place: &usize| {
        let alone = |c: Option<&char>| c.is_none_or(|c| !c.is_alphanumeric() && *c != '_');
        let before = place.checked_sub(1).and_then(|before| at.get(before));
        at[*place..].starts_with(&wanted) && alone(before) && alone(at.get(place + wanted.len()))
    };
    let start = (0..at.len()).find(starts).unwrap_or(0);
    let span = (start, start + wanted.len());
    let message = error.to_string();
    pointed(Error::Expression { message, span }, "--at: ", &at.iter().collect::<String>())
}

/// An expression's error with a caret under the place.
fn pointed(error: Error, prefix: &str, text: &str) -> anyhow::Error {
    match error {
        Error::Expression { message, span } => {
            let caret = print::under_caret(text, span);
            crate::Pointed { message: format!("{prefix}{message}"), excerpt: caret }.into()
        }
        other => other.into(),
    }
}
