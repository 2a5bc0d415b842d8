//! From the words of a user to examples: what the training data is and how it is split.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::dialect::Separator;
use super::images::{LeftOut, Sizing};
use super::input::Notation;
use super::locate::{Contents, Located, locate};
use super::looks::ColumnKind;
use super::number::Decimal;
use super::pixels::{Pixels, Retouch, Seen, Sizes};
use super::preparation::{Inputs, Outcome};
use super::split::{Fold, HELD_OUT, HeldOut, Split, Splitter};
use super::summary::{DataReport, Summary};
use super::table::How;
use super::text::Encoding;
use super::{
    DataPart, Dataset, Examples, Keep, NewData, Preparation, Task, Unseen, class_counts, digest,
    images, mnist, repeats, summary,
};
use crate::system::beside;
use chainrule::error::{Error, Result};

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
    /// The share of the training examples, from 0 to below 1, that is held out to validate: of each
    /// class the same. Where it is not said, of tables and folders of images without a test part it is
    /// [`HELD_OUT`], if they have at least [`FEW`](super::FEW) examples.
    pub validation: Option<f64>,
    /// Whether a part is held out of any data where its share is not said, as a training that stops early
    /// looks at it.
    pub stops_early: bool,
    /// The fold that is held out, in place of a share.
    pub fold: Option<Fold>,
    /// Test examples in another file or folder.
    pub test: Option<PathBuf>,
    /// Whether numbers stay as they are and texts are refused.
    pub raw: bool,
    /// Chooses the validation part.
    pub seed: u64,
    /// A column that says how much each example counts.
    pub weight: Option<String>,
    /// The width and height that images are fitted into. If it is not given, equal sizes of at most 64
    /// × 64 stay, and others are fitted into that.
    pub image_size: Option<(usize, usize)>,
    /// Whether images are stretched to their size, or the first one's, each side by itself, as those of
    /// runs were that do not tell otherwise.
    pub stretch: bool,
    /// Whether a table stays on disk, to be read while training; one above 256 MiB always does.
    pub stream: bool,
    /// How a table is to be read.
    pub reading: Reading,
}

/// How a table is to be read, as far as it is said; the rest is found out from the file.
///
/// ```
/// use chainrule_train::data::{DataSource, Reading};
/// # let folder = tempfile::tempdir().unwrap();
/// let path = folder.path().join("t.csv");
/// std::fs::write(&path, "a,b,y\n0,7,0.5\n.,8,1.5\n9,unknown,2.5\n").unwrap();
/// let reading = Reading { na: vec!["unknown".into()], ..Reading::default() };
/// let path = path.display().to_string();
/// let loaded = DataSource { path, reading, ..DataSource::default() }.load(&|_| unreachable!())?;
/// assert_eq!(loaded.preparation.feature_names(), ["a", "b"]);
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// What stands between columns of text.
    pub separator: Option<Separator>,
    /// How the letters of text are encoded.
    pub encoding: Option<Encoding>,
    /// Whether the first line names the columns.
    pub header: Option<bool>,
    /// Words for a missing value beside the usual ones.
    pub na: Vec<String>,
    /// What stands before the fraction of numbers, in columns that leave it open: `1,234`.
    pub decimal: Option<Decimal>,
    /// Columns that are left out.
    pub drop: Vec<String>,
    /// The only columns that are inputs; all if there are none.
    pub columns: Vec<String>,
    /// What the cells of single columns are taken for.
    pub types: BTreeMap<String, ColumnKind>,
}

impl Reading {
    pub(super) fn how(&self) -> How {
        let Self { separator, encoding, header, na, .. } = self.clone();
        How { separator, encoding, header, na, ..How::default() }
    }
}

/// The parts of a dataset, and how to prepare other data in the same way.
pub struct Loaded {
    /// The examples to train on.
    pub train: Arc<dyn Examples>,
    /// The examples held out by [`DataSource::validation`].
    pub validation: Option<Arc<dyn Examples>>,
    /// What part that is.
    pub held_out: HeldOut,
    /// Whether the training part stays on disk, to be read while training.
    pub is_streamed: bool,
    /// The test part, where there is one.
    pub test: Option<Arc<dyn Examples>>,
    /// What the test part has that the training part had not.
    pub unseen: Unseen,
    /// What was fitted on the training part.
    pub preparation: Preparation,
    /// How the data was read.
    pub summary: Summary,
    /// The SHA-256 of the files' bytes and their names within the data. What came through a pipe has that of a file
    /// with the same bytes.
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

impl Loaded {
    /// What a report says of the data.
    ///
    /// ```
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("t.csv");
    /// # std::fs::write(&path, "a,y\n1,0.5\n2,1.5\n3,2.5\n4,3\n").unwrap();
    /// # let path = path.display().to_string();
    /// let source = chainrule_train::data::DataSource { path, validation: Some(0.5), ..Default::default() };
    /// let report = source.load(&|_| unreachable!())?.report();
    /// assert_eq!((report.summary.rows, report.parts["validation"]), (4, 2));
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn report(&self) -> DataReport {
        let size = |part: DataPart| Some((part.name().to_owned(), self.part(part)?.len()));
        let parts = DataPart::ALL.into_iter().filter_map(size).collect();
        DataReport { summary: self.summary.clone(), parts }
    }

    /// Checks that it is what was read of `dataset` before, which had this digest.
    ///
    /// # Errors
    /// A file has changed in between.
    pub fn check_same(&self, dataset: &str, before: Option<&str>) -> Result<()> {
        match self.sha256.as_deref() == before {
            true => Ok(()),
            false => Err(Error::file(
                dataset,
                "has changed since it was first read, and is read several times: begin anew once it is whole",
            )),
        }
    }

    /// The examples of a part, where there is one.
    #[must_use]
    pub fn part(&self, part: DataPart) -> Option<&Arc<dyn Examples>> {
        match part {
            DataPart::Train => Some(&self.train),
            DataPart::Validation => self.validation.as_ref(),
            DataPart::Test => self.test.as_ref(),
        }
    }

    /// What judges a model of this data: the part that was held out, test before validation, where one was.
    #[must_use]
    pub fn judge(&self) -> Option<(DataPart, &Arc<dyn Examples>)> {
        DataPart::JUDGING.into_iter().find_map(|part| Some((part, self.part(part)?)))
    }
}

/// How often data is read that changes meanwhile. A change of its time alone, or of its name, need not stop anybody.
const READINGS: u32 = 2;

impl DataSource {
    /// Reads the data, splits it, and fits the preparation on the training part alone. `shipped`
    /// gives the folder of a dataset of the project by its name.
    ///
    /// ```
    /// use chainrule_train::data::DataSource;
    /// # let data = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../data"));
    /// let source = DataSource { path: "iris".into(), validation: Some(0.1), ..DataSource::default() };
    /// let loaded = source.load(&|name| Ok(data.join(name)))?;
    /// assert_eq!((loaded.train.len(), loaded.train.width()), (108, 4));
    /// assert_eq!(loaded.validation.map(|part| part.len()), Some(12));
    /// assert_eq!(loaded.test.map(|part| part.len()), Some(30));
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// A file that is missing or bad, with the line and column; a column that does not exist; a share
    /// outside 0 to 1; a target that does not suit the task; a file that changes while it is read.
    pub fn load(&self, shipped: &dyn Fn(&str) -> Result<PathBuf>) -> Result<Loaded> {
        let share = self.validation.unwrap_or(HELD_OUT);
        let share_ok = (0.0..1.0).contains(&share);
        Error::check(share_ok, "the validation share", share, "from 0 to below 1")?;
        let mut located = locate(&self.path, shipped)?;
        if located.part == Some(DataPart::Test)
            && let Some(test) = &located.test
        {
            located.train.clone_from(test);
        }
        if located.part.is_some() {
            located.test = None;
        }
        let test = match (&self.test, &located.test) {
            (Some(test), _) => Some(locate(&test.to_string_lossy(), shipped)?),
            (None, Some(_)) => Some(Located { part: Some(DataPart::Test), ..located.clone() }),
            (None, None) => None,
        };
        let mut left = READINGS;
        loop {
            let before = digest::stamps(&located, test.as_ref());
            let loaded = self.read(&located, test.as_ref());
            let after = digest::stamps(&located, test.as_ref());
            // Else what was read and what was hashed may be different bytes, neither of which ever stood together.
            let changed = before.symmetric_difference(&after).map(|(file, _)| file).min();
            let Some(changed) = changed else { return loaded };
            left -= 1;
            // What came through a pipe is gone.
            if left == 0 || before.iter().any(|(_, stamp)| stamp.is_none()) {
                let message = "has changed while it was read: wait until it is whole, or copy it and name the copy";
                return Err(Error::file(changed, message));
            }
        }
    }

    /// Reads the parts, and hashes their files meanwhile: most readers leave a core idle.
    fn read(&self, located: &Located, test: Option<&Located>) -> Result<Loaded> {
        let stopped = AtomicBool::new(false);
        let read = || {
            let loaded = self.parts(located, test);
            // Nobody waits for the digest of what is no data.
            stopped.store(loaded.is_err(), Ordering::Relaxed);
            loaded
        };
        let (loaded, digests) = beside(read, || digest::of(located, test, &stopped));
        let (mut loaded, piped) = loaded?;
        let piped = [loaded.sha256.take(), piped];
        loaded.sha256 = digest::whole(digests?.into_iter().zip(piped).collect());
        Ok(loaded)
    }

    /// The parts, with the digests of what came through pipes: that of the training part, and beside it that of the
    /// test part.
    fn parts(&self, located: &Located, test: Option<&Located>) -> Result<(Loaded, Option<String>)> {
        // The parts of files of MNIST's form are what its book says they are.
        let by_default = test.is_none() && located.contents != Contents::Idx;
        let splitter = Splitter {
            share: self.validation,
            by_default,
            stops_early: self.stops_early,
            fold: self.fold,
            seed: self.seed,
        };
        let mut loaded = match located.contents {
            Contents::Table => {
                let test = located.part == Some(DataPart::Test);
                self.table(&located.train, test, &splitter)?
            }
            Contents::Idx | Contents::Images => self.pictures(located, &splitter)?,
        };
        let mut piped_test = None;
        if let Some(test) = test {
            let NewData { examples, unseen, notes, piped, .. } =
                loaded.preparation.located(test, true, &Keep::None)?;
            piped_test = piped;
            let notes = notes.into_iter().chain(unseen.lines());
            loaded.summary.notes.extend(notes.map(|line| format!("test part: {line}")));
            (loaded.test, loaded.unseen) = (Some(examples.into()), unseen);
        }
        if located.contents == Contents::Table && !loaded.is_streamed {
            let (validation, test) = (loaded.validation.as_deref(), loaded.test.as_deref());
            let told = repeats::told(&*loaded.train, validation, test)?;
            loaded.summary.notes.extend(told);
        }
        Ok((loaded, piped_test))
    }

    /// A folder of images, or IDX files.
    fn pictures(&self, located: &Located, splitter: &Splitter) -> Result<Loaded> {
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
        let (data, pixels, sizes, left_out) = match located.contents {
            Contents::Idx => {
                let test = located.part == Some(DataPart::Test);
                let name = if test { mnist::TEST } else { mnist::TRAIN };
                let (data, pixels) = mnist::part(&located.train, name)?;
                (data, pixels, Sizes::of(pixels), LeftOut::default())
            }
            _ => {
                let sizing = match (self.image_size, self.stretch) {
                    (Some((width, height)), false) => Sizing::Fitted(width, height),
                    (Some((width, height)), true) => Sizing::Stretched(width, height),
                    (None, false) => Sizing::Usual,
                    (None, true) => images::as_the_first(&located.train)?,
                };
                let (data, pixels, sizes) =
                    images::folder(&located.train, sizing.into(), None, None)?;
                (data, pixels, sizes, images::left_out(&located.train, true)?)
            }
        };
        let Split { train, validation, held_out, notes: of_split } =
            splitter.split(&located.train, Task::Classify, data.labels())?;
        let mut notes = left_out.lines();
        notes.extend(of_split);
        let validation = (!validation.is_empty()).then(|| data.select(&validation));
        let names = data.class_names().to_vec();
        let train = if validation.is_some() { data.select(&train) } else { data };
        let counts = class_counts(train.labels(), names.len())?;
        let rows = train.len() + validation.as_ref().map_or(0, Dataset::len);
        let summary = Summary {
            rows,
            images: told(sizes, pixels),
            task: Some(Task::Classify),
            reason: format!("{} classes: {}", names.len(), summary::listed(&names)),
            left_out: left_out.files(),
            notes,
            ..Summary::default()
        };
        let preparation = Preparation {
            inputs: Inputs::Pixels(pixels),
            outcome: Outcome::Classes { column: None, names, counts },
            weight: None,
            weight_decimal: Notation::default(),
            na: Vec::new(),
            written: None,
            retouch: Retouch::default(),
            seen: (!self.stretch).then(|| Seen { sizes, brightness: images::brightness(&train) }),
        };
        let validation = validation.map(|part| Arc::new(part) as Arc<dyn Examples>);
        let train = Arc::new(train);
        Ok(Loaded {
            train,
            validation,
            held_out,
            is_streamed: false,
            test: None,
            unseen: Unseen::default(),
            preparation,
            summary,
            sha256: None,
        })
    }
}

/// The sizes of images, and what they became.
fn told(sizes: Sizes, pixels: Pixels) -> String {
    let became = match (Sizes { laid: 0, ..sizes }) == Sizes::of(pixels) {
        true => String::new(),
        false => format!(", fitted into {} × {}", pixels.width, pixels.height),
    };
    let colour = if pixels.colours == 1 { "grey" } else { "in colour" };
    let laid = match sizes.laid {
        0 => String::new(),
        laid => format!("; what is transparent, in {laid}, lies on white"),
    };
    format!("{sizes} pixels{became}, {colour}{laid}")
}
