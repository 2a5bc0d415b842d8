//! From the words of a user to examples: what the training data is and how it is split.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::held::Held;
use super::input::Input;
use super::locate::{Chosen, Contents, Located, locate};
use super::preparation::{Inputs, Outcome, TARGET_MISSING};
use super::statistics::{MOST_WORDS, Statistics, Words, split};
use super::table::{Cell, Chunk, TableFile, no_column};
use super::{Examples, Preparation, Scale, class_counts, digest, formats, images, mnist};
use chainrule::error::{Error, Result};

chainrule::kinds! {
    /// Whether classes or numbers are predicted.
    ///
    /// ```
    /// use chainrule_train::data::Task;
    /// assert_eq!("regress".parse::<Task>()?, Task::Regress);
    /// assert!("regres".parse::<Task>().unwrap_err().to_string().contains("did you mean `regress`?"));
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[derive(Copy, Eq)]
    pub enum Task = "task", ' ', short {
        /// Each example belongs to a class.
        Classify = "classify",
        /// Each example has a number, or several.
        Regress = "regress",
    }
}

/// What to train on.
///
/// ```
/// use chainrule_train::data::{DataSource, Target};
/// # let folder = tempfile::tempdir().unwrap();
/// let path = folder.path().join("houses.csv");
/// std::fs::write(&path, "area,heated,price\n50,yes,100.5\n80,no,140\n120,yes,260\n").unwrap();
/// let source = DataSource { path: path.display().to_string(), ..DataSource::default() };
/// let loaded = source.load(&|_| unreachable!())?;
/// assert_eq!((loaded.train.len(), loaded.train.width()), (3, 3));
/// assert_eq!(loaded.train.target(), Target::Values { width: 1 });
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DataSource {
    /// The name of a shipped dataset or a path: a `.csv`, `.tsv`, `.parquet` or `.npz` file, a
    /// folder of IDX files under MNIST's names, a folder with one folder of images for each class,
    /// or a folder with parts `train` and `test` (folders of classes, or files such as
    /// `train.csv`). A `:train` or `:test` at the end chooses one part alone.
    pub path: String,
    /// The column to predict; the last, or the array `y`, if none is named.
    pub target: Option<String>,
    /// What the target is. If it is not said: text makes classes, and so do whole numbers of at
    /// most 20 different values that occur twice or more on average; other numbers are values.
    pub task: Option<Task>,
    /// The share of the training examples, from 0 to below 1, that is kept apart to validate: of each
    /// class the same.
    pub validation: f64,
    /// Test examples in another file or folder.
    pub test: Option<PathBuf>,
    /// Whether numbers stay as they are and texts are refused.
    pub raw: bool,
    /// Chooses the validation part.
    pub seed: u64,
    /// A column that says how much each example counts.
    pub weight: Option<String>,
    /// The width and height to which images are resized; those of the first one if not given.
    pub image_size: Option<(usize, usize)>,
    /// Whether a table stays on disk, to be read while training; one above 256 MiB always does.
    pub stream: bool,
}

/// The parts of a dataset, and how to prepare other data in the same way.
pub struct Loaded {
    /// The examples to train on.
    pub train: Arc<dyn Examples>,
    /// The examples kept apart by [`DataSource::validation`].
    pub validation: Option<Arc<dyn Examples>>,
    /// The test part, where there is one.
    pub test: Option<Arc<dyn Examples>>,
    /// What was fitted on the training part.
    pub preparation: Preparation,
    /// The SHA-256 of the files' bytes and their names within the data; `None` where some came from a
    /// pipe.
    pub sha256: Option<String>,
}

impl std::fmt::Debug for Loaded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let len = |part: &Option<Arc<dyn Examples>>| part.as_ref().map(|part| part.len());
        f.debug_struct("Loaded")
            .field("train", &self.train.len())
            .field("validation", &len(&self.validation))
            .field("test", &len(&self.test))
            .field("preparation", &self.preparation)
            .finish()
    }
}

impl DataSource {
    /// Reads the data, splits it, and fits the preparation on the training part alone. `shipped`
    /// gives the folder of a dataset of the project by its name.
    ///
    /// ```
    /// use chainrule_train::data::DataSource;
    /// # let data = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../data"));
    /// let source = DataSource { path: "iris".into(), validation: 0.1, ..DataSource::default() };
    /// let loaded = source.load(&|name| Ok(data.join(name)))?;
    /// assert_eq!((loaded.train.len(), loaded.train.width()), (108, 4));
    /// assert_eq!(loaded.validation.map(|part| part.len()), Some(12));
    /// assert_eq!(loaded.test.map(|part| part.len()), Some(30));
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// A file that is missing or bad, with the line and column; a column that does not exist; a share
    /// outside 0 to 1; a target that does not suit the task.
    pub fn load(&self, shipped: &dyn Fn(&str) -> Result<PathBuf>) -> Result<Loaded> {
        let share_ok = (0.0..1.0).contains(&self.validation);
        Error::check(share_ok, "the validation share", self.validation, "from 0 to below 1")?;
        let mut located = locate(&self.path, shipped)?;
        if located.part == Some(Chosen::Test)
            && let Some(test) = &located.test
        {
            located.train.clone_from(test);
        }
        if located.part.is_some() {
            located.test = None;
        }
        let test = match (&self.test, &located.test) {
            (Some(test), _) => Some(locate(&test.to_string_lossy(), shipped)?),
            (None, Some(_)) => Some(Located { part: Some(Chosen::Test), ..located.clone() }),
            (None, None) => None,
        };
        // The files are hashed while they are read: most readers leave a core idle.
        std::thread::scope(|scope| {
            let digest = scope.spawn(|| digest::of(&located, test.as_ref()));
            let mut loaded = self.parts(&located, test.as_ref())?;
            loaded.sha256 = digest.join().unwrap_or_else(|p| std::panic::resume_unwind(p))?;
            Ok(loaded)
        })
    }

    fn parts(&self, located: &Located, test: Option<&Located>) -> Result<Loaded> {
        let mut loaded = match located.contents {
            Contents::Table => self.table(&located.train)?,
            Contents::Idx | Contents::Images => self.pictures(located)?,
        };
        if let Some(test) = test {
            loaded.test = Some(loaded.preparation.located(test, true)?.into());
        }
        Ok(loaded)
    }

    /// A folder of images, or IDX files.
    fn pictures(&self, located: &Located) -> Result<Loaded> {
        let foreign = [
            (self.target.is_some(), "a target column"),
            (self.weight.is_some(), "a column of weights"),
            (self.task == Some(Task::Regress), "the task regress"),
            (self.stream, "streaming"),
            (
                self.image_size.is_some() && located.contents == Contents::Idx,
                "another size of images",
            ),
        ];
        if let Some((_, what)) = foreign.iter().find(|(asked, _)| *asked) {
            let message = format!("{what} does not go with images in classes");
            return Err(Error::file(&located.train, message));
        }
        let (data, pixels) = match located.contents {
            Contents::Idx => {
                let test = located.part == Some(Chosen::Test);
                mnist::part(&located.train, if test { mnist::TEST } else { mnist::TRAIN })?
            }
            _ => images::folder(&located.train, self.image_size, None, None)?,
        };
        let (train, validation) = self.split(&located.train, data.labels())?;
        let validation = (!validation.is_empty()).then(|| data.select(&validation));
        let names = data.class_names().to_vec();
        let train = if validation.is_some() { data.select(&train) } else { data };
        let counts = class_counts(train.labels(), names.len())?;
        let preparation = Preparation {
            inputs: Inputs::Pixels(pixels),
            outcome: Outcome::Classes { column: None, names, counts },
            weight: None,
        };
        let validation = validation.map(|part| Arc::new(part) as Arc<dyn Examples>);
        Ok(Loaded { train: Arc::new(train), validation, test: None, preparation, sha256: None })
    }

    fn table(&self, path: &Path) -> Result<Loaded> {
        if self.image_size.is_some() {
            return Err(Error::file(path, "is a table, which has no size of images"));
        }
        let file = formats::open(path)?;
        let roles = self.roles(&file)?;
        let held = Held::new(file, self.stream)?;
        let (task, words) = self.task(&held, &roles)?;
        let (classes, rows) = match task {
            Task::Regress => (None, vec![0; words.rows.len()]),
            Task::Classify => {
                let (names, rows) = words.classes().ok_or_else(|| {
                    let message = format!(
                        "the target `{}` has more than {MOST_WORDS} different values, too many for classes",
                        held.name(roles.targets[0])
                    );
                    Error::file(path, message)
                })?;
                (Some(names), rows)
            }
        };
        let (train, validation) = self.split(path, &rows)?;
        let fail = |message: String| Error::file(path, message);
        let Fitted { inputs, scales, chunks } = self.fit(&held, &roles, &train, task)?;
        let outcome = match classes {
            None => Outcome::Values {
                columns: roles.targets.iter().map(|&c| held.name(c)).collect(),
                scales,
            },
            Some(names) => {
                if names.len() < 2 {
                    let target = held.name(roles.targets[0]);
                    return Err(fail(format!(
                        "every row has the same `{target}`, `{}`; to classify takes two classes or more",
                        names.first().map_or("", String::as_str)
                    )));
                }
                let labels: Vec<u32> = train.iter().map(|&row| rows[row as usize]).collect();
                let counts = class_counts(&labels, names.len())?;
                Outcome::Classes { column: Some(held.name(roles.targets[0])), names, counts }
            }
        };
        let inputs = Inputs::Columns(inputs);
        let preparation = Preparation { inputs, outcome, weight: self.weight.clone() };
        let (train, validation) = held.parts(&preparation, &chunks, train, validation)?;
        let (train, validation) = (train.into(), validation.map(Arc::from));
        Ok(Loaded { train, validation, test: None, preparation, sha256: None })
    }

    /// The rows of the training and the validation part.
    fn split(&self, path: &Path, classes: &[u32]) -> Result<(Vec<u32>, Vec<u32>)> {
        if self.validation == 0.0 {
            return Ok(((0..classes.len() as u32).collect(), Vec::new()));
        }
        let (train, validation) = split(classes, self.validation, self.seed);
        if validation.is_empty() {
            let message = format!(
                "the validation part would be empty, as {} of each class's examples ({} in all) rounds to none; give a larger share, or 0",
                self.validation,
                classes.len()
            );
            return Err(Error::file(path, message));
        }
        Ok((train, validation))
    }

    /// Which columns are inputs, targets and the weight.
    fn roles(&self, file: &TableFile) -> Result<Roles> {
        let find = |name: &String| {
            let found = file.names.iter().position(|known| known == name);
            found.ok_or_else(|| no_column(&file.path, name, &file.names))
        };
        let targets = match &self.target {
            Some(name) => find(name).map(|column| column..column + 1)?,
            None => file.targets.clone(),
        };
        if targets.is_empty() {
            let message = "has no targets to train on; an .npz file with the arrays x and y has";
            return Err(Error::file(&file.path, message));
        }
        let weight = self.weight.as_ref().map(find).transpose()?;
        let other = |column: &usize| !targets.contains(column) && Some(*column) != weight;
        let inputs: Vec<usize> = (0..file.names.len()).filter(other).collect();
        if inputs.is_empty() {
            let message = "has no columns beside the target; there is nothing to predict from";
            return Err(Error::file(&file.path, message));
        }
        if weight.is_some_and(|weight| targets.contains(&weight)) {
            return Err(Error::file(&file.path, "the target and the weight are the same column"));
        }
        Ok(Roles { inputs, targets: targets.collect() })
    }

    /// Looks at every target: what the task is, and each row's class.
    fn task(&self, held: &Held, roles: &Roles) -> Result<(Task, Words)> {
        let mut words = Words::new();
        let mut values = Statistics::default();
        held.each(&mut |table, _| {
            for row in 0..table.len {
                for (index, &column) in roles.targets.iter().enumerate() {
                    let cell = table.cell(row, column);
                    if cell == Cell::Missing {
                        return Err(table.fail(row, column, TARGET_MISSING));
                    }
                    if index == 0 {
                        words.add(cell);
                    }
                    values.add(table, row, column)?;
                }
            }
            Ok(())
        })?;
        if words.rows.is_empty() {
            return Err(Error::file(held.path(), "has no rows"));
        }
        let single = roles.targets.len() == 1;
        let task = match self.task {
            Some(Task::Classify) if !single => {
                let message = "has several targets, which cannot be classes; one column can";
                return Err(Error::file(held.path(), message));
            }
            Some(task) => task,
            None if single && (values.first_text().is_some() || words.few_integers()) => {
                Task::Classify
            }
            None => Task::Regress,
        };
        let text = values.first_text().filter(|_| task == Task::Regress);
        let slip = values.slip().filter(|_| self.task.is_none());
        match text.or(slip) {
            Some(text) => Err(Error::file(held.path(), text)),
            None => Ok((task, words)),
        }
    }

    /// Fits the input columns, and the targets that are values, on the rows of the training part; and
    /// tells where a streamed file's chunks are.
    fn fit(&self, held: &Held, roles: &Roles, train: &[u32], task: Task) -> Result<Fitted> {
        let scaled = if task == Task::Regress && !self.raw { &roles.targets[..] } else { &[] };
        let columns: Vec<usize> = roles.inputs.iter().chain(scaled).copied().collect();
        let mut statistics: Vec<Statistics> =
            columns.iter().map(|_| Statistics::default()).collect();
        let mut rows = train.iter().copied().peekable();
        let chunks = held.each(&mut |table, first| {
            let end = first + table.len as u32;
            while let Some(row) = rows.next_if(|&row| row < end) {
                for (values, &column) in statistics.iter_mut().zip(&columns) {
                    values.add(table, (row - first) as usize, column)?;
                }
            }
            Ok(())
        })?;
        let fit = |(values, &column): (&Statistics, &usize)| {
            Input::fit(&held.name(column), values, self.raw)
                .map_err(|message| Error::file(held.path(), message))
        };
        let inputs = statistics.iter().zip(&roles.inputs).map(fit).collect::<Result<_>>()?;
        let scale =
            |values: &Statistics| Scale { mean: values.mean, deviation: values.deviation() };
        let scales = statistics.iter().skip(roles.inputs.len()).map(scale).collect();
        Ok(Fitted { inputs, scales, chunks })
    }
}

/// What the training part told, and where the chunks of a streamed file are.
struct Fitted {
    inputs: Vec<Input>,
    scales: Vec<Scale>,
    chunks: Vec<Chunk>,
}

struct Roles {
    inputs: Vec<usize>,
    targets: Vec<usize>,
}
