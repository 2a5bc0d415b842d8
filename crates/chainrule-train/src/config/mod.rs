//! What to train and how: the settings of a run, as its folder keeps them.

mod beside;
mod domain;
mod model;
mod rates;
mod reading;
mod template;
mod file;

pub(crate) use rates::fits;

pub(crate) use file::setting_meant;

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::data::{
    ColumnKind, DataSource, DatasetName, Decimal, Encoding, Loaded, Reading, Separator, Task,
    is_table,
};
use chainrule::nn::{Activation, Init, LayerSpec, Loss};
use chainrule::optim::{AdamW, Clip, Method, Optimizer, Schedule};
use chainrule::settings::{Domain, Field, Form, Value};

/// Examples evaluated at once; the memory for their values is checked with the settings.
pub(crate) const EVALUATION_BATCH: usize = 200;

/// The settings that describe data and model, and say nothing where code does.
pub(crate) const OF_DATA_AND_MODEL: [&str; 23] = [
    "dataset",
    "target",
    "task",
    "weight",
    "validation",
    "folds",
    "test",
    "raw",
    "stream",
    "separator",
    "encoding",
    "header",
    "na",
    "decimal",
    "drop",
    "columns",
    "types",
    "image_size",
    "hidden",
    "activation",
    "dropout",
    "init",
    "layers",
];

/// A whole number of at least 2.
const SEVERAL: Form = Form::Whole(Domain { wanted: "at least 2", holds: |x| x >= 2.0 });

chainrule::settings! {
    /// The settings of a training run.
    ///
    /// A dataset's kind chooses the [defaults](Config::for_dataset): those of the lesson's network for
    /// images, others for tables.
    ///
    /// ```
    /// use chainrule_train::Config;
    /// let config: Config = Config::from_toml("dataset = \"mnist\"\nepochs = 3")?;
    /// assert_eq!((config.hidden.as_slice(), config.epochs), ([50].as_slice(), 3));
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    pub struct Config = "settings" {
        /// The dataset's name, file or folder.
        dataset: String = "mnist".into(),
        /// The column to predict; the last one where none is named.
        target: Option<String> = None => "\"COLUMN\"",
        /// What is predicted; by the target's type where it is not given.
        task: Option<Task> = None => "\"classify\"",
        /// The column with the weight of each example.
        weight: Option<String> = None => "\"COLUMN\"",
        /// The share of the training part that is held out, seeded and stratified; 0 for none. Where it is
        /// not given, 0.2 of data without a test part, and training stops early.
        validation: Option<f64> [Form::SHARE] = None => "0.2",
        /// The parts of which each is held out once, by as many trainings; their mean is the score of one
        /// that then learns from all, for the median of their best epochs.
        folds: Option<usize> [SEVERAL] = None => "5",
        /// A file to test on.
        test: Option<PathBuf> = None => "\"FILE\"",
        /// Leave inputs as they are: no standardisation, no one-hot encoding.
        raw: bool = false => "true",
        /// Read rows from the disk as they are needed, for data larger than memory.
        stream: bool = false => "true",
        /// What stands between the columns of text; found out from the file where it is not given.
        separator: Option<Separator> = None => "\";\"",
        /// How the letters of text are encoded; found out from the file where it is not given.
        encoding: Option<Encoding> = None => "\"windows-1252\"",
        /// Whether the first line names the columns; found out from the file where it is not given.
        header: Option<bool> = None => "false",
        /// Words for a missing value, beside NA, null, none, nan, ?, - and the like.
        na: Vec<String> = Vec::new() => "[\"unknown\"]",
        /// What stands before the fraction of numbers, in columns that leave it open.
        decimal: Option<Decimal> = None => "\",\"",
        /// Columns to leave out.
        drop: Vec<String> = Vec::new() => "[\"id\"]",
        /// The only columns to predict from; all where none is given.
        columns: Vec<String> = Vec::new() => "[\"age\", \"sex\"]",
        /// What the cells of columns are taken for: number, category, date, day-month or month-day.
        types: BTreeMap<String, ColumnKind> = BTreeMap::new() => "{ zip = \"category\" }",
        /// The width and height that images are fitted into; equal sizes up to 64 stay where none is given, else it is 64.
        image_size: Option<[usize; 2]> [Form::List(&Form::SOME)] = None => "[28, 28]",
        /// The sizes of the hidden layers, where no layers are given.
        hidden: Vec<usize> [Form::List(&Form::SOME)] = vec![50],
        /// The activation after each hidden layer.
        activation: Activation = Activation::Relu,
        /// The share of a hidden layer's outputs that a step leaves out.
        dropout: f64 [Form::SHARE] = 0.0 => "0.2",
        /// How weights begin.
        init: Init = Init::Normal { deviation: 0.01 },
        /// The examples of a step; an epoch's last batch may be smaller.
        batch_size: usize [Form::SOME] = 100,
        /// The passes over the training part.
        epochs: u32 [Form::SOME] = 17,
        /// The learning rate; where none is given, the one that is usual beside the optimizer.
        lr: f64 [Form::POSITIVE] = 0.1,
        /// The steps over which the learning rate grows to what the schedule says.
        warmup: u64 = 0 => "100",
        /// The batches whose gradients are averaged for one update.
        accumulate: usize [Form::SOME] = 1 => "4",
        /// The largest norm of all gradients together.
        clip_norm: Option<f64> [Form::POSITIVE] = None => "1.0",
        /// The largest size of any element of a gradient.
        clip_value: Option<f64> [Form::POSITIVE] = None => "1.0",
        /// The parameters that stay as they begin, by name; `*` stands for any letters.
        freeze: Vec<String> = Vec::new() => "[\"affine1.*\"]",
        /// The seed of initial weights, shuffles and dropout.
        seed: u64 = 0,
        /// The precision.
        dtype: Precision = Precision::F32,
        /// The steps between two checkpoints within an epoch; 0 for none.
        checkpoint_every: u64 = 0 => "1000",
        /// The number of best classes among which the right one counts for the top-k accuracy; 0 for
        /// none.
        top_k: usize = 0 => "5",
        /// Record activations and gradients of each layer once an epoch.
        gradient_flow: bool = false => "true",
        /// The loss; cross-entropy for classes and mean-squared for values where none is given.
        loss: Option<Loss> = None => "\"cross-entropy\"",
        /// What each class weighs in the loss; else a number for each class.
        class_weights: ClassWeights = ClassWeights::Equal => "\"balanced\"",
        /// The optimizer.
        optimizer: Method = Method::Step(Optimizer::sgd()),
        /// How the learning rate changes.
        schedule: Schedule = Schedule::Constant => "\"cosine\"",
        /// The epochs over which the schedule runs, where training ends before; epochs where none are given.
        schedule_epochs: Option<u32> [Form::SOME] = None => "200",
        /// When training ends before the last epoch; it needs a validation part.
        early_stopping: Option<EarlyStopping> = None => "{ patience = 10, min_delta = 0.0 }",
        /// The learning rates of single parameters as multiples of lr, by name.
        rates: BTreeMap<String, f64> [Form::Map(&Form::NOT_NEGATIVE)] = BTreeMap::new()
            => "{ \"affine2.*\" = 0.1 }",
        /// The layers in place of hidden ones, the last with as many units as there are classes or values.
        layers: Vec<LayerSpec> = Vec::new() => "[\"affine 64\", \"batch-norm\", \"relu\", \"affine 3\"]",
    }
}

chainrule::settings! {
    /// Training ends when the validation loss has not become smaller for some epochs (Prechelt, 1998).
    #[derive(Copy)]
    pub struct EarlyStopping = "early_stopping" {
        /// The epochs without a better loss after which training ends.
        patience: u32 [Form::SOME] = 20,
        /// What counts as better: smaller by more than this.
        min_delta: f64 = 0.0,
    }
}

chainrule::kinds! {
    /// The precision of a training's numbers.
    ///
    /// ```
    /// use chainrule_train::Precision;
    /// assert_eq!("f64".parse::<Precision>()?, Precision::F64);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[derive(Copy, Eq)]
    pub enum Precision = "precision", ' ', short {
        /// 32 bits a number.
        F32 = "f32" | "float32" | "float" | "single",
        /// 64 bits a number.
        F64 = "f64" | "float64" | "double",
    }
}

chainrule::kinds! {
    /// A rule by which classes weigh.
    #[derive(Copy, Eq)]
    pub enum ClassRule = "rule of class weights", ' ', short {
        /// Each class by the number of examples, divided by that of classes and by that of its own
        /// examples.
        Balanced = "balanced",
    }
}

/// What each class weighs in the loss.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum ClassWeights {
    /// The same.
    #[default]
    Equal,
    /// By a rule.
    Rule(ClassRule),
    /// A weight each.
    Given(Vec<f64>),
}

impl Field for ClassWeights {
    const FORM: Form = Form::WordOrList(ClassRule::KINDS, &Form::POSITIVE);

    fn read(name: &str, value: &Value) -> chainrule::Result<Self> {
        match value {
            Value::List(_) => Vec::read(name, value).map(Self::Given),
            other => ClassRule::read(name, other).map(Self::Rule),
        }
    }
    fn write(&self) -> Option<Value> {
        match self {
            Self::Equal => None,
            Self::Rule(rule) => rule.write(),
            Self::Given(weights) => weights.write(),
        }
    }
}

impl Config {
    /// The settings to begin with for a dataset: for `mnist` the lesson's network (784-50-10, trained by
    /// gradient descent in batches of 100); for tables, which are small and whose columns differ, and for
    /// other images a wider one with He's initial weights, trained by AdamW, whose decay keeps it from
    /// learning the training part by heart. `bench/scores.md` measures them.
    ///
    /// ```
    /// use chainrule_train::Config;
    /// assert_eq!(Config::for_dataset("mnist").hidden, [50]);
    /// assert_eq!(Config::for_dataset("iris").hidden, [100]);
    /// assert_eq!(Config::for_dataset("my pictures").hidden, [256]);
    /// ```
    #[must_use]
    pub fn for_dataset(name: &str) -> Self {
        let lesson = Self { dataset: name.into(), ..Self::default() };
        let decayed = |weight_decay| {
            Method::from(Optimizer::AdamW(AdamW { weight_decay, ..AdamW::default() }))
        };
        if is_table(name) {
            return Self {
                hidden: vec![100],
                init: Init::He,
                optimizer: decayed(1.0),
                lr: 0.002,
                batch_size: 32,
                epochs: 200,
                ..lesson
            };
        }
        match DatasetName::of(name).stem {
            "mnist" => lesson,
            _ => Self {
                hidden: vec![256],
                init: Init::He,
                dropout: 0.2,
                optimizer: decayed(0.1),
                lr: 0.001,
                epochs: 20,
                ..lesson
            },
        }
    }

    /// Where the data comes from.
    #[must_use]
    pub fn source(&self) -> DataSource {
        DataSource {
            path: self.dataset.clone(),
            target: self.target.clone(),
            task: self.task,
            validation: if self.folds.is_some() { Some(0.0) } else { self.validation },
            stops_early: self.early_stopping.is_some(),
            fold: None,
            test: self.test.clone(),
            raw: self.raw,
            seed: self.seed,
            weight: self.weight.clone(),
            image_size: self.image_size.map(|[width, height]| (width, height)),
            stretch: false,
            stream: self.stream,
            reading: Reading {
                separator: self.separator,
                encoding: self.encoding,
                header: self.header,
                na: self.na.clone(),
                decimal: self.decimal,
                drop: self.drop.clone(),
                columns: self.columns.clone(),
                types: self.types.clone(),
            },
        }
    }

    /// These settings with what the data decides: the share that is held out and, where nobody asked for
    /// it, that training stops early. A run keeps them so; it is no cross-validation.
    #[must_use]
    pub fn settled(&self, loaded: &Loaded) -> Self {
        let usual = loaded.held_out.is_usual.then(EarlyStopping::default);
        let early_stopping = self.early_stopping.or(usual);
        let validation = Some(loaded.held_out.share);
        Self { validation, folds: None, early_stopping, ..self.clone() }
    }

    /// These settings with how the data was read that they name: what was found out, as settings.
    ///
    /// ```
    /// use chainrule_train::Config;
    /// let config = Config::for_dataset("iris");
    /// let told = config.as_read(&config.load()?);
    /// assert_eq!(told.target.as_deref(), Some("species"));
    /// assert_eq!(told.load()?.preparation, config.load()?.preparation);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn as_read(&self, loaded: &Loaded) -> Self {
        let Reading { separator, encoding, header, na, decimal, drop, columns, types } =
            loaded.reading();
        let target = match loaded.preparation.target_names() {
            [name] => Some(name.clone()),
            _ => None,
        };
        let task = loaded.summary.task.filter(|_| target.is_some());
        Self {
            separator,
            encoding,
            header,
            na,
            decimal,
            drop,
            columns,
            types,
            target,
            task,
            ..self.clone()
        }
    }

    /// The limit of the gradients, where there is one.
    #[must_use]
    pub fn clips(&self) -> Vec<Clip> {
        let value = self.clip_value.map(Clip::Value);
        value.into_iter().chain(self.clip_norm.map(Clip::Norm)).collect()
    }
}
