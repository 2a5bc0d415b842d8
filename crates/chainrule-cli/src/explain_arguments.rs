//! The words of `explain`: what is explained, and in which format.

use std::path::PathBuf;

use chainrule_explain::{Language, Topic};
use clap::{Args, ValueEnum};

use crate::Usage;
use crate::help::{language, topic};

#[derive(Debug, Args)]
pub struct Explain {
    /// The expression, such as 'x * m * t', - for standard input, or the folder of a run with
    /// --example, --importance, --effect, --step or --gradient-flow
    #[arg(
        value_name = "EXPRESSION|DIR",
        allow_hyphen_values = true,
        required_unless_present_any = ["functions", "topic"],
        default_value = "",
        hide_default_value = true
    )]
    pub expression: String,
    /// List what an expression can have: signs and functions, with formulas, derivatives, examples
    #[arg(long, conflicts_with_all = ["expression", "OfRun", "Given", "OfExpression", "format", "output"])]
    functions: bool,
    #[command(flatten)]
    pub run: OfRun,
    #[command(flatten)]
    pub given: Given,
    #[command(flatten)]
    pub options: OfExpression,
    #[command(flatten)]
    pub sheet: OfSheet,
    #[arg(
        long,
        help = language(),
        value_name = "LANGUAGE",
        default_value = "en",
        value_parser = str::parse::<Language>
    )]
    pub lang: Language,
    /// csv is for a sweep; a network, importance, an effect and the gradient flow have text, json
    /// and svg, a step text and json, an exercise text, latex and html
    #[arg(long, value_enum, default_value_t, ignore_case = true)]
    format: ExpressionFormat,
    /// One JSON document: the same as --format json
    #[arg(long, conflicts_with = "symbolic")]
    json: bool,
    /// Write to FILE instead of standard output; says so where it replaces one
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// What of a run is explained.
#[derive(Debug, Args)]
#[group(multiple = true, conflicts_with_all = ["Given", "OfExpression"])]
pub struct OfRun {
    /// Explain what the network in DIR makes of this example, counted from 0
    #[arg(long, value_name = "N")]
    pub example: Option<u32>,
    /// Explain the step N of the training in DIR, counted from 1: why the weights moved
    #[arg(long, value_name = "N", conflicts_with_all = ["example", "gradient_flow"])]
    pub step: Option<u64>,
    /// Show the activations and gradients of each layer that train --gradient-flow recorded in DIR
    #[arg(long, conflicts_with = "example")]
    pub gradient_flow: bool,
    /// Show how much the network in DIR needs each column: how far its score falls when one is shuffled
    #[arg(long, conflicts_with_all = ["example", "step", "gradient_flow"])]
    pub importance: bool,
    /// Show what the network in DIR says on average by the value of this column
    #[arg(long, value_name = "COLUMN", conflicts_with_all = ["example", "step", "gradient_flow", "importance"])]
    pub effect: Option<String>,
    /// The dataset of --example, --importance and --effect [default: what the run held out], NAME:train takes the training part; with --step where
    /// the run's own data is now
    #[arg(long, value_name = "DATASET", conflicts_with = "gradient_flow")]
    pub data: Option<String>,
    /// Have --step replay the training though its data has changed
    #[arg(long, requires = "step")]
    pub data_changed: bool,
    /// Take the parameters of the last epoch instead of those with the smallest validation loss
    #[arg(long, conflicts_with_all = ["step", "gradient_flow"])]
    pub last: bool,
}

/// What an expression is computed with.
#[derive(Debug, Args)]
#[group(multiple = true)]
pub struct Given {
    /// The values, such as x=100,m=2,t=1.1 or W=[[1,2],[3,4]]
    #[arg(long, value_name = "NAME=VALUE,…", allow_hyphen_values = true)]
    pub at: Option<String>,
    /// Put the loss against T on top: ½·(f − T)², or what --loss says
    #[arg(long, value_name = "T", allow_hyphen_values = true)]
    pub target: Option<String>,
    /// half-squared-error, or cross-entropy of an array against a class or a distribution T
    #[arg(long, requires = "target", value_parser = ["half-squared-error", "cross-entropy"])]
    pub loss: Option<String>,
}

/// What is asked of an expression.
#[derive(Debug, Args)]
#[group(multiple = true)]
pub struct OfExpression {
    /// Gradients of these names only, such as x,t
    #[arg(long, value_name = "NAMES")]
    pub wrt: Option<String>,
    /// What-if changes, such as x=1,m=1 [default: +1 % of each value]
    #[arg(long, value_name = "NAME=CHANGE,…", allow_hyphen_values = true)]
    pub nudge: Option<String>,
    /// Every path to this name, with its share of the gradient
    #[arg(long, value_name = "NAME")]
    pub paths: Option<String>,
    /// The inverse question: which value of one name alone brings the loss (else f) to G
    #[arg(long, value_name = "G", allow_negative_numbers = true)]
    pub goal: Option<f64>,
    /// Plot over a range with the tangent, such as x=80:120:41
    #[arg(long, value_name = "NAME=FROM:TO:COUNT", allow_hyphen_values = true)]
    pub sweep: Option<String>,
    /// Learning rate of the gradient step [default: by the curvature]
    #[arg(long, allow_negative_numbers = true)]
    pub lr: Option<f64>,
    /// Take N gradient steps [default: 1 where there is a target]
    #[arg(long, value_name = "N")]
    pub descend: Option<usize>,
    /// Print the derivatives' formulas only
    #[arg(long, conflicts_with_all = ["format", "steps"])]
    pub symbolic: bool,
    /// 2 adds the second derivatives
    #[arg(long, value_name = "1|2", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=2))]
    pub order: u8,
    /// With --format svg and --output FILE: a picture per step, FILE-00, FILE-01 and so on
    #[arg(long, requires = "output")]
    pub steps: bool,
    /// Draw what the loss, a layer or another scope is made of
    #[arg(long)]
    pub unfold: bool,
}

/// The walk-through as a worksheet.
#[derive(Debug, Args)]
#[group(multiple = true, conflicts_with_all = ["OfRun", "functions"])]
pub struct OfSheet {
    /// Print the walk-through as an exercise, with a blank for every number that is to be found
    #[arg(long, conflicts_with_all = NOT_ON_A_SHEET)]
    pub exercise: bool,
    /// Print the same exercise with the answers in its blanks
    #[arg(long, conflicts_with_all = NOT_ON_A_SHEET, conflicts_with = "exercise")]
    pub solution: bool,
    #[arg(
        long,
        help = topic(),
        value_name = "TOPIC",
        conflicts_with_all = ["expression", "Given", "OfExpression"],
        value_parser = str::parse::<Topic>
    )]
    pub topic: Option<Topic>,
    /// The same seed gives the same exercises [default: 0]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// So many exercises on the topic [default: 5]
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u32).range(1..=100))]
    pub count: Option<u32>,
}

/// What a worksheet has no place for.
const NOT_ON_A_SHEET: [&str; 10] =
    ["nudge", "paths", "goal", "sweep", "lr", "descend", "symbolic", "order", "steps", "unfold"];

/// What an expression's explanation can be written as.
#[derive(Clone, Copy, Debug, Default, PartialEq, ValueEnum)]
pub enum ExpressionFormat {
    #[default]
    Text,
    Json,
    Dot,
    Svg,
    Mermaid,
    Latex,
    Html,
    Csv,
}

/// What a network's explanation of an example, and the gradient flow, can be written as.
#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
pub enum DrawnFormat {
    Text,
    Json,
    Svg,
}

/// What a step's explanation can be written as.
#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
pub enum StepFormat {
    Text,
    Json,
}

/// What a worksheet can be written as.
#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
pub enum SheetFormat {
    Text,
    Latex,
    Html,
}

/// What is explained, in a format that it has.
#[derive(Debug, PartialEq)]
pub enum Subject {
    /// What an expression can have; as JSON or as text.
    Language {
        json: bool,
    },
    Expression(ExpressionFormat),
    /// Exercises: without an expression, on a topic.
    Sheet(Option<Topic>, SheetFormat),
    Example(u32, DrawnFormat),
    Step(u64, StepFormat),
    Flow(DrawnFormat),
    Importance(DrawnFormat),
    Effect(String, DrawnFormat),
}

impl Explain {
    /// What is asked for.
    pub fn subject(&self) -> Result<Subject, Usage> {
        if self.functions {
            return Ok(Subject::Language { json: self.json });
        }
        if let Some(example) = self.run.example {
            return Ok(Subject::Example(example, self.format("a network")?));
        }
        if let Some(step) = self.run.step {
            return Ok(Subject::Step(step, self.format("a step")?));
        }
        if self.run.gradient_flow {
            return Ok(Subject::Flow(self.format("the gradient flow")?));
        }
        if self.run.importance {
            return Ok(Subject::Importance(self.format("the importance")?));
        }
        if let Some(column) = &self.run.effect {
            return Ok(Subject::Effect(column.clone(), self.format("an effect")?));
        }
        if let Some(topic) = self.sheet.topic {
            return Ok(Subject::Sheet(Some(topic), self.format("an exercise")?));
        }
        if self.sheet.seed.is_some() || self.sheet.count.is_some() {
            return Err(Usage(
                "--seed and --count are for random exercises; say on what with --topic".into(),
            ));
        }
        if std::path::Path::new(&self.expression).is_dir() {
            return Err(Usage(format!(
                "{} is a folder: say what of the run to explain, with --example N, --importance, --effect COLUMN, --step N or --gradient-flow",
                self.expression
            )));
        }
        if self.sheet.exercise || self.sheet.solution {
            return Ok(Subject::Sheet(None, self.format("an exercise")?));
        }
        let format = self.format("an expression")?;
        if format == ExpressionFormat::Csv && self.options.sweep.is_none() {
            return Err(Usage("--format csv writes a sweep; give one with --sweep".into()));
        }
        if self.options.steps && format != ExpressionFormat::Svg {
            return Err(Usage("--steps needs --format svg".into()));
        }
        Ok(Subject::Expression(format))
    }

    /// The format that is asked for, if `what` has it.
    fn format<F: ValueEnum>(&self, what: &str) -> Result<F, Usage> {
        let name = |format: clap::builder::PossibleValue| format.get_name().to_owned();
        let asked = if self.json { ExpressionFormat::Json } else { self.format };
        let asked = asked.to_possible_value().map(name).unwrap_or_default();
        F::from_str(&asked, false).map_err(|_| {
            let known = F::value_variants().iter().filter_map(ValueEnum::to_possible_value);
            let known: Vec<String> = known.map(name).collect();
            let known = known.join(", ");
            Usage(format!("--format {asked} is for expressions; {what} has {known}"))
        })
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::arguments::{Arguments, Command};

    fn subject(words: &str) -> Result<Subject, String> {
        let words = ["chainrule", "explain"].into_iter().chain(words.split(' '));
        let parsed = Arguments::try_parse_from(words).map_err(|error| error.to_string())?;
        let Command::Explain(explain) = parsed.command else { unreachable!() };
        explain.subject().map_err(|error| error.0)
    }

    #[test]
    fn a_format_is_known_before_anything_runs() {
        assert_eq!(subject("--functions --json"), Ok(Subject::Language { json: true }));
        assert!(subject("x --functions").unwrap_err().contains("cannot be used with"));
        assert_eq!(subject("x --format dot"), Ok(Subject::Expression(ExpressionFormat::Dot)));
        assert_eq!(subject("run --step 3 --json"), Ok(Subject::Step(3, StepFormat::Json)));
        assert_eq!(subject("run --example 3"), Ok(Subject::Example(3, DrawnFormat::Text)));
        let error = subject("run --step 3 --format svg").unwrap_err();
        assert_eq!(error, "--format svg is for expressions; a step has text, json");
        assert!(subject("x --format csv").unwrap_err().contains("--sweep"));
        assert!(
            subject("x --format svg --exercise")
                .unwrap_err()
                .contains("an exercise has text, latex, html")
        );
        assert!(subject("x --steps --output a.svg").unwrap_err().contains("--format svg"));
    }

    #[test]
    fn a_topic_is_an_exercise_without_an_expression() {
        let sheet = Subject::Sheet(Some(Topic::Matrix), SheetFormat::Text);
        assert_eq!(subject("--topic matrix --seed 3 --solution"), Ok(sheet));
        assert_eq!(subject("x --exercise"), Ok(Subject::Sheet(None, SheetFormat::Text)));
        assert!(subject("--topic sotfmax").unwrap_err().contains("did you mean `softmax`?"));
        for wrong in
            ["x --topic matrix", "--topic matrix --at x=1", "x --seed 1", "x --exercise --solution"]
        {
            assert!(subject(wrong).is_err(), "{wrong}");
        }
        assert!(subject("run --step 3 --exercise").unwrap_err().contains("cannot be used with"));
    }

    #[test]
    fn what_is_asked_of_an_expression_is_not_asked_of_a_run() {
        for option in ["--at x=1", "--order 2", "--unfold", "--sweep x=1:2:3", "--lr 1"] {
            for of_run in ["--example 3", "--step 3", "--gradient-flow"] {
                let error = subject(&format!("run {of_run} {option}")).unwrap_err();
                assert!(error.contains("cannot be used with"), "{error}");
            }
        }
    }
}
