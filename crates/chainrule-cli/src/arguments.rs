//! The words of the command line.

use std::convert::Infallible;
use std::path::PathBuf;
use std::str::FromStr;

use chainrule::nn::{Activation, Init};
use chainrule::optim::{Method, Schedule};
use chainrule_explain::Language;
use chainrule_train::data::{ColumnKind, Decimal, Encoding, Keep, Separator, Task, list};
use chainrule_train::{Config, DataPart, EarlyStopping, Precision, Which};
use clap::{Args, Parser, Subcommand, ValueEnum};

pub use crate::explain_arguments::Explain;
#[cfg(feature = "explore")]
use crate::explore_arguments::Explore;
use crate::help::{functions, language, setting};

/// Backpropagation you can see, check and trust.
#[derive(Debug, Parser)]
#[command(name = "chainrule", version, about, max_term_width = 100)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Train a network: `chainrule train mnist` needs nothing else
    Train(Box<Train>),
    /// Write a commented settings file for a dataset
    New(New),
    /// Score a trained network on a dataset
    Eval(Eval),
    /// Ask a trained network about a table, images, or rows on standard input
    Predict(Predict),
    /// Train once for each choice of settings, and rank the runs
    Sweep(Box<Sweep>),
    /// Compare trained runs: a table of what differs, and their curves
    Runs(Runs),
    /// Write a network's parameters for PyTorch or NumPy
    Export(Export),
    /// Check backpropagation against numerical differentiation
    #[command(mut_arg("loss", |arg| arg.help(
        "The loss: of a network cross-entropy; of an expression with --target half-squared-error [default] or cross-entropy"
    )))]
    Gradcheck(Gradcheck),
    /// Explain an expression: its graph, values, gradients and what-ifs
    #[command(after_help = functions())]
    Explain(Box<Explain>),
    /// Watch, step through and change a computation in the browser; until Ctrl-C
    #[cfg(feature = "explore")]
    Explore(Box<Explore>),
    /// Look for what commonly goes wrong in a training; exit status 1 where something does
    Lint(Lint),
    /// Time one training step on random data
    Bench(Bench),
}

/// The settings of the data; each overrides the configuration's.
#[derive(Debug, Args)]
#[command(next_help_heading = "Data")]
pub struct Data {
    #[arg(long, help = setting("target", ""), value_name = "COLUMN")]
    pub target: Option<String>,
    #[arg(long, help = setting("task", ""), value_parser = str::parse::<Task>)]
    pub task: Option<Task>,
    #[arg(long, help = setting("validation", ""), value_name = "SHARE", allow_negative_numbers = true)]
    pub validation: Option<f64>,
    #[arg(long, help = setting("folds", ""), value_name = "N", conflicts_with = "validation", allow_negative_numbers = true, value_parser = count::<usize>)]
    pub folds: Option<usize>,
    #[arg(long, help = setting("test", ""), value_name = "FILE")]
    pub test: Option<PathBuf>,
    #[arg(long, help = setting("weight", ""), value_name = "COLUMN")]
    pub weight: Option<String>,
    #[arg(long, help = setting("raw", ""))]
    pub raw: bool,
    #[arg(long, help = setting("stream", ""))]
    pub stream: bool,
    #[arg(long, help = setting("separator", ""), value_parser = str::parse::<Separator>)]
    pub separator: Option<Separator>,
    #[arg(long, help = setting("encoding", ""), value_parser = str::parse::<Encoding>)]
    pub encoding: Option<Encoding>,
    #[arg(long, help = setting("header", "this option insists that it does"), overrides_with = "no_header")]
    pub header: bool,
    /// The first line of a table is a row
    #[arg(long)]
    pub no_header: bool,
    #[arg(long, help = setting("na", "more of them: --na again"), value_name = "WORD", allow_hyphen_values = true)]
    pub na: Vec<String>,
    #[arg(long, help = setting("decimal", ""), value_parser = str::parse::<Decimal>)]
    pub decimal: Option<Decimal>,
    #[arg(long, help = setting("drop", ""), value_name = "A,B")]
    pub drop: Vec<Names>,
    #[arg(long, help = setting("columns", ""), value_name = "A,B")]
    pub columns: Vec<Names>,
    #[arg(long = "as", help = setting("types", ""), value_name = "COLUMN=KIND,…")]
    pub types: Vec<ColumnKinds>,
    #[arg(long, help = setting("image_size", "such as 28x28, or 32 for a square"), value_name = "WxH", value_parser = size)]
    pub image_size: Option<[usize; 2]>,
}

/// The settings of a model and its training; each overrides the configuration's.
#[derive(Debug, Args)]
pub struct Settings {
    #[arg(
        long,
        help = setting("hidden", "such as 50,30; empty for none"),
        value_name = "SIZES",
        allow_hyphen_values = true
    )]
    pub hidden: Option<String>,
    #[arg(long, help = setting("activation", ""), value_parser = str::parse::<Activation>)]
    pub activation: Option<Activation>,
    #[arg(long, help = setting("init", ""), value_parser = str::parse::<Init>)]
    pub init: Option<Init>,
    #[arg(long, help = setting("loss", ""))]
    pub loss: Option<String>,
    #[arg(long, help = setting("seed", ""), allow_negative_numbers = true, value_parser = seed)]
    pub seed: Option<u64>,
    /// Threads [default: all cores]; results do not depend on it
    #[arg(long, allow_negative_numbers = true, value_parser = count::<usize>)]
    pub threads: Option<usize>,
}

/// The settings of a training; each overrides the configuration's.
#[derive(Debug, Args)]
pub struct Changes {
    #[arg(
        long,
        help = setting("optimizer", "each brings its usual --lr, and lbfgs the whole training part as one batch"),
        value_parser = str::parse::<Method>
    )]
    pub optimizer: Option<Method>,
    #[arg(long, help = setting("lr", ""), allow_negative_numbers = true)]
    pub lr: Option<f64>,
    #[arg(long, help = setting("schedule", ""), value_parser = str::parse::<Schedule>)]
    pub schedule: Option<Schedule>,
    #[arg(
        long,
        help = setting("batch_size", ""),
        allow_negative_numbers = true,
        value_parser = count::<usize>
    )]
    pub batch_size: Option<usize>,
    #[arg(
        long,
        help = setting("epochs", ""),
        allow_negative_numbers = true,
        value_parser = count::<u32>
    )]
    pub epochs: Option<u32>,
    #[arg(long, help = setting("dropout", ""), value_name = "RATE", allow_negative_numbers = true)]
    pub dropout: Option<f64>,
    /// Stop after so many epochs without a smaller validation loss
    #[arg(long, value_name = "EPOCHS", allow_negative_numbers = true, value_parser = count::<u32>)]
    pub patience: Option<u32>,
    #[arg(
        long,
        help = setting("checkpoint_every", ""),
        value_name = "STEPS",
        allow_negative_numbers = true,
        value_parser = count::<u64>
    )]
    pub checkpoint_every: Option<u64>,
    #[arg(long, help = setting("gradient_flow", "see explain DIR --gradient-flow"))]
    pub gradient_flow: bool,
    #[arg(long, help = setting("dtype", ""), value_parser = str::parse::<Precision>)]
    pub dtype: Option<Precision>,
    /// Any setting of the configuration file, such as clip_norm=1 or
    /// 'optimizer={kind="sgd",momentum=0.9}'; `chainrule new` writes them all
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
}

#[derive(Debug, Args)]
pub struct Sweep {
    #[command(flatten)]
    pub train: Train,
    /// A setting and its values, such as lr=0.1,0.01; every combination is trained
    #[arg(long, value_name = "KEY=VALUE,…")]
    pub grid: Vec<String>,
    /// A setting and its range, such as lr=1e-4:1e-1:log, for --trials
    #[arg(long, value_name = "KEY=LOW:HIGH[:log]")]
    pub range: Vec<String>,
    /// Train so many random choices instead of every combination
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = count::<usize>)]
    pub trials: Option<usize>,
    /// Rank by this metric, such as validation_accuracy
    #[arg(long, value_name = "METRIC")]
    pub by: Option<String>,
}

#[derive(Debug, Args)]
pub struct Runs {
    /// The folders of runs, or of sweeps [default: all in runs/]
    pub dirs: Vec<PathBuf>,
    /// Rank by this metric, such as test_accuracy
    #[arg(long, value_name = "METRIC")]
    pub by: Option<String>,
    /// Draw the curves of all runs into FILE (.svg or .png)
    #[arg(long, value_name = "FILE")]
    pub curves: Option<PathBuf>,
    /// One JSON document on standard output
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Export {
    /// The folder of a run
    pub dir: PathBuf,
    /// What the file is [default: as --output ends, else safetensors]
    #[arg(long, value_enum, ignore_case = true)]
    pub format: Option<ParameterFormat>,
    #[command(flatten)]
    pub of: Parameters,
    /// The file to write [default: <run>.<format>]
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Overwrite a file
    #[arg(long)]
    pub force: bool,
}

/// Which of a run's parameters are used.
#[derive(Debug, Args)]
#[group(multiple = true)]
pub struct Parameters {
    /// Use the parameters of the last epoch instead of those with the smallest validation loss
    #[arg(long)]
    last: bool,
    /// Use the parameters with the smallest validation loss, as is done anyway where there are some
    #[arg(long, conflicts_with = "last")]
    best: bool,
}

impl Parameters {
    pub fn which(&self) -> Which {
        if self.last { Which::Last } else { Which::Best }
    }
}

/// What a file of parameters can be.
#[derive(Clone, Copy, Debug, Default, PartialEq, ValueEnum)]
pub enum ParameterFormat {
    #[default]
    Safetensors,
    Npz,
}

impl ParameterFormat {
    /// The format of files that end so.
    pub fn of(extension: &str) -> Option<Self> {
        let known = Self::value_variants().iter().copied();
        known.into_iter().find(|format| format.extension().eq_ignore_ascii_case(extension))
    }

    /// The extension of such a file.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Safetensors => "safetensors",
            Self::Npz => "npz",
        }
    }
}

#[derive(Debug, Args)]
pub struct New {
    /// A dataset, a table or a folder of images
    pub dataset: String,
    /// The file to write; - for standard output [default: <name>.toml]
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Overwrite the file
    #[arg(long)]
    pub force: bool,
}

/// How predictions are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, ValueEnum)]
pub enum RowFormat {
    #[default]
    Csv,
    Jsonl,
}

#[derive(Debug, Args)]
pub struct Predict {
    /// The folder of a run
    pub dir: PathBuf,
    /// A table, an image, a folder of images, a shipped dataset, or - for rows on standard input
    pub input: String,
    /// A line an example
    #[arg(long, value_enum, default_value_t, ignore_case = true)]
    pub format: RowFormat,
    /// Exchange dark and bright in pictures: for ink on paper where the training had white on black
    #[arg(long)]
    pub invert: bool,
    /// Cut out, scale and centre what stands out in a picture, as MNIST's digits are
    #[arg(long)]
    pub centre: bool,
    #[command(flatten)]
    pub of: Parameters,
    /// Columns of the input to write beside its predictions; `all` for all of them
    #[arg(long, value_name = "A,B|all", default_value = "", hide_default_value = true)]
    pub keep: Keep,
    /// Threads [default: all cores]
    #[arg(long, allow_negative_numbers = true, value_parser = count::<usize>)]
    pub threads: Option<usize>,
    /// One JSON document
    #[arg(long)]
    pub json: bool,
    /// Write to FILE instead of standard output; says so where it replaces one
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Train {
    /// A dataset (mnist, iris, wine), a table, a folder of images, or a configuration file (.toml)
    #[arg(value_name = "DATASET|CONFIG.toml", required_unless_present = "resume")]
    pub dataset: Option<String>,
    #[command(flatten)]
    pub settings: Settings,
    #[command(flatten)]
    pub changes: Changes,
    #[command(flatten)]
    pub data: Data,
    /// Folder of the run [default: runs/<name>-<number>]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Go on with the run in DIR
    #[arg(long, value_name = "DIR", conflicts_with_all = ["dataset", "out", "force"])]
    pub resume: Option<PathBuf>,
    /// Where the data of the run is now that --resume goes on with
    #[arg(long = "data", value_name = "PATH", requires = "resume")]
    pub place: Option<String>,
    /// Have --resume go on with other settings, given here or in the run's config.toml
    #[arg(long, requires = "resume")]
    pub change: bool,
    /// Have --resume go on though the data has changed
    #[arg(long, requires = "resume")]
    pub data_changed: bool,
    /// Overwrite the folder of an earlier run
    #[arg(long)]
    pub force: bool,
    /// Print the plan of a step first: its kernels, what each fused, operations and bytes
    #[arg(long)]
    pub show_plan: bool,
    /// Print the time of each part of a step first, and write a trace for Perfetto or Chrome to FILE
    #[arg(long, value_name = "FILE")]
    pub profile: Option<PathBuf>,
    /// No progress
    #[arg(long, short)]
    pub quiet: bool,
    /// A line for every epoch, rather than for 20 of them
    #[arg(long, short, conflicts_with = "quiet")]
    pub verbose: bool,
    /// One JSON document on standard output
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Eval {
    /// The folder of a run
    pub dir: PathBuf,
    /// Another dataset than the run's; NAME:train scores its training part
    pub dataset: Option<String>,
    /// Score this part of the run's data, train, validation or test [default: test, else validation]
    #[arg(long, value_name = "PART", conflicts_with = "dataset", value_parser = str::parse::<DataPart>)]
    pub part: Option<DataPart>,
    /// Where the run's own data is now [default: where it was, else beside the run]
    #[arg(long, value_name = "PATH", conflicts_with = "dataset")]
    pub data: Option<String>,
    #[command(flatten)]
    pub of: Parameters,
    /// Threads [default: all cores]
    #[arg(long, allow_negative_numbers = true, value_parser = count::<usize>)]
    pub threads: Option<usize>,
    /// One JSON document on standard output
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Gradcheck {
    /// A network, by its dataset or configuration file (.toml), or an expression
    #[arg(value_name = "NETWORK|EXPRESSION", allow_hyphen_values = true)]
    pub subject: String,
    #[command(flatten)]
    pub settings: Settings,
    /// Examples of the batch [default: 3]
    #[arg(long, allow_negative_numbers = true, value_parser = count::<usize>)]
    pub batch_size: Option<usize>,
    /// Check only N elements of each parameter [default: all]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = count::<usize>)]
    pub elements: Option<usize>,
    /// The relative error that is allowed
    #[arg(long, default_value_t = 1e-5, allow_negative_numbers = true)]
    pub tolerance: f64,
    /// The expression's values, such as x=100,m=2
    #[arg(long, value_name = "NAME=VALUE,…", allow_hyphen_values = true)]
    pub at: Option<String>,
    /// Put the loss against this target on top of the expression: ½·(f − T)², or what --loss says
    #[arg(long, value_name = "T", allow_hyphen_values = true)]
    pub target: Option<String>,
    /// One JSON document on standard output
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Lint {
    /// A dataset, a table, a folder of images, a configuration file (.toml) or the folder of a run
    #[arg(value_name = "DATA|CONFIG.toml|DIR")]
    pub subject: String,
    /// Where the data of the run in DIR is now [default: where it was, else beside the run]
    #[arg(long = "data", value_name = "PATH")]
    pub place: Option<String>,
    #[command(flatten)]
    pub data: Data,
    #[arg(
        long,
        help = language(),
        value_name = "LANGUAGE",
        default_value = "en",
        value_parser = str::parse::<Language>
    )]
    pub lang: Language,
    /// One JSON document on standard output
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Bench {
    /// book, medium, large, huge, gru, scalar, sizes, optimizer and batch such as 784-50-10:sgd:100, or
    /// scalar:N: a graph of N scalar nodes, recorded, differentiated, compiled and run
    pub network: String,
    /// Threads [default: all cores]
    #[arg(long, allow_negative_numbers = true, value_parser = count::<usize>)]
    pub threads: Option<usize>,
    /// Time a forward pass of a batch instead of a training step
    #[arg(long)]
    pub inference: bool,
    /// Time what a server does for a batch, by a model that any number of threads may ask
    #[arg(long, conflicts_with_all = ["inference", "show_plan", "profile"])]
    pub serve: bool,
    /// Print the plan: its kernels, what each fused, operations and bytes
    #[arg(long)]
    pub show_plan: bool,
    /// Print the time of each step, and write a trace for Perfetto or Chrome to FILE
    #[arg(long, value_name = "FILE")]
    pub profile: Option<PathBuf>,
    /// One JSON document on standard output
    #[arg(long)]
    pub json: bool,
}

impl Gradcheck {
    /// The first option given that belongs to a network rather than to an expression.
    pub fn network_option(&self) -> Option<&'static str> {
        let Settings { hidden, activation, init, loss: _, seed, threads: _ } = &self.settings;
        let given = [
            ("--hidden", hidden.is_some()),
            ("--activation", activation.is_some()),
            ("--init", init.is_some()),
            ("--seed", seed.is_some()),
            ("--batch-size", self.batch_size.is_some()),
        ];
        given.iter().find(|(_, given)| *given).map(|(option, _)| *option)
    }
}

impl Settings {
    /// These settings on top of `config`'s.
    pub fn over(&self, mut config: Config) -> anyhow::Result<Config> {
        if let Some(text) = &self.hidden {
            config.hidden = sizes(text)?;
            config.layers.clear();
        }
        replace(&mut config.activation, self.activation.as_ref());
        replace(&mut config.init, self.init.as_ref());
        if let Some(name) = &self.loss {
            config.loss = Some(name.parse()?);
        }
        replace(&mut config.seed, self.seed.as_ref());
        Ok(config)
    }
}

impl Data {
    /// These settings on top of `config`'s.
    pub fn over(&self, mut config: Config) -> Config {
        let Self { target, task, validation, test, weight, raw, stream, image_size, .. } = self;
        config.target = target.clone().or(config.target);
        config.task = task.or(config.task);
        config.validation = validation.or(config.validation);
        config.folds = self.folds.or(config.folds);
        config.test = test.clone().or(config.test);
        config.weight = weight.clone().or(config.weight);
        config.raw |= raw;
        config.stream |= stream;
        config.image_size = image_size.or(config.image_size);
        config.separator = self.separator.or(config.separator);
        config.encoding = self.encoding.or(config.encoding);
        let header = (self.header || self.no_header).then_some(self.header);
        config.header = header.or(config.header);
        config.na.extend_from_slice(&self.na);
        config.decimal = self.decimal.or(config.decimal);
        config.drop.extend(self.drop.iter().flat_map(|Names(names)| names.clone()));
        if !self.columns.is_empty() {
            config.columns = self.columns.iter().flat_map(|Names(names)| names.clone()).collect();
        }
        config.types.extend(self.types.iter().flat_map(|ColumnKinds(kinds)| kinds.clone()));
        config
    }
}

impl Changes {
    /// These settings on top of `config`'s, of which a file says those of the keys `said`.
    fn over(&self, mut config: Config, said: &[&str]) -> anyhow::Result<Config> {
        if let Some(method) = self.optimizer {
            config = config.with_optimizer(method, &Config::said_beside(&method, said));
        }
        replace(&mut config.schedule, self.schedule.as_ref());
        replace(&mut config.lr, self.lr.as_ref());
        replace(&mut config.batch_size, self.batch_size.as_ref());
        replace(&mut config.epochs, self.epochs.as_ref());
        replace(&mut config.dropout, self.dropout.as_ref());
        if let Some(patience) = self.patience {
            config.early_stopping = Some(EarlyStopping { patience, min_delta: 0.0 });
        }
        replace(&mut config.checkpoint_every, self.checkpoint_every.as_ref());
        config.gradient_flow |= self.gradient_flow;
        replace(&mut config.dtype, self.dtype.as_ref());
        let mut changes = Vec::new();
        for change in &self.set {
            let Some((key, value)) = change.split_once('=') else {
                anyhow::bail!(crate::Usage(format!(
                    "--set: `{change}` is no setting; write KEY=VALUE, such as clip_norm=1"
                )));
            };
            changes.push((key.trim(), value.trim()));
        }
        let kept = self.beside_optimizer();
        Ok(match changes.is_empty() {
            true => config,
            false => with(&config, "--set", &changes, &kept, said)?,
        })
    }

    /// The settings given that another optimizer does not change.
    pub fn beside_optimizer(&self) -> Vec<&str> {
        let lr = self.lr.map(|_| "lr");
        let batch_size = self.batch_size.map(|_| "batch_size");
        let set = self.set.iter().filter_map(|change| change.split_once('='));
        lr.into_iter().chain(batch_size).chain(set.map(|(key, _)| key.trim())).collect()
    }
}

impl Train {
    /// The command line on top of `config`, of which a file says the settings of the keys `said`.
    pub fn over(&self, config: Config, said: &[&str]) -> anyhow::Result<Config> {
        self.changes.over(self.data.over(self.settings.over(config)?), said)
    }
}

/// The configuration with the values of some keys from the command line's `option`, which for another
/// optimizer changes none of `kept`, nor of what a file has `said`.
pub fn with(
    config: &Config,
    option: &str,
    changes: &[(&str, &str)],
    kept: &[&str],
    said: &[&str],
) -> Result<Config, crate::Usage> {
    let with = config.with_all_but(changes, kept, said);
    with.map_err(|error| crate::Usage(format!("{option} {error}")))
}

fn replace<T: Clone>(setting: &mut T, given: Option<&T>) {
    if let Some(value) = given {
        *setting = value.clone();
    }
}

/// Names of columns, with commas between.
#[derive(Clone, Debug)]
pub struct Names(Vec<String>);

impl FromStr for Names {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(list(text)))
    }
}

/// Columns and what each is taken for, with commas between.
#[derive(Clone, Debug)]
pub struct ColumnKinds(Vec<(String, ColumnKind)>);

impl FromStr for ColumnKinds {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let items = list(text);
        let is_cut = items.len() > 1 && items.iter().any(|item| !item.contains('='));
        let kinds = items.iter().map(|item| column_kind(item)).collect::<Result<_, _>>();
        kinds.map(Self).map_err(|error: String| match is_cut {
            true => format!("{error}; a name with a comma stands in quotes: '\"x,y\"=category'"),
            false => error,
        })
    }
}

/// Reads a column and what it is taken for.
fn column_kind(text: &str) -> Result<(String, ColumnKind), String> {
    let Some((column, kind)) = text.rsplit_once('=') else {
        return Err(format!("`{text}` is no COLUMN=KIND, such as zip=category"));
    };
    let kind = kind.parse().map_err(|error: chainrule::Error| error.to_string())?;
    Ok((column.to_owned(), kind))
}

/// Reads an image's size.
fn size(text: &str) -> Result<[usize; 2], String> {
    let sides = text.split_once('x').or(Some((text, text)));
    let sides = sides.and_then(|(w, h)| Some([w.parse().ok()?, h.parse().ok()?]));
    sides.ok_or_else(|| "give width and height in pixels, such as 28x28, or 32 for a square".into())
}

/// Reads a whole number that must be at least 1; for 0 itself, the setting's own check speaks.
fn count<T: TryFrom<u64>>(text: &str) -> Result<T, String> {
    let number = text.parse::<u64>().ok().and_then(|number| T::try_from(number).ok());
    let most = u64::MAX >> (64 - 8 * size_of::<T>());
    number.ok_or_else(|| format!("give a whole number from 1 to {most}"))
}

fn seed(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("give a whole number from 0 to {}", u64::MAX))
}

fn sizes(text: &str) -> Result<Vec<usize>, crate::Usage> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts
        .map(|part| {
            part.parse().map_err(|_| {
                crate::Usage(format!(
                    "--hidden: `{part}` is not a size; give whole numbers such as 50,30"
                ))
            })
        })
        .collect()
}

/// More threads than any machine has cores for are a slip of the pen, and cost memory each.
const MOST_THREADS: usize = 1024;

/// The number of threads: as asked for, else all cores.
pub fn threads(asked: Option<usize>) -> Result<usize, crate::Usage> {
    let refuse =
        |count, wanted| Err(crate::Usage(format!("--threads is {count}, but it must be {wanted}")));
    match asked {
        Some(0) => refuse(0, "at least 1".to_owned()),
        Some(count) if count > MOST_THREADS => refuse(count, format!("at most {MOST_THREADS}")),
        Some(count) => Ok(count),
        None => {
            let cores = std::thread::available_parallelism();
            Ok(cores.map_or(1, std::num::NonZero::get).min(MOST_THREADS))
        }
    }
}
