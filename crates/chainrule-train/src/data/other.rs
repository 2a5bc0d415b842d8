//! A preparation applied to other data than it was fitted on.

use std::io::Read;
use std::path::Path;

use super::held::Held;
use super::kept::{Kept, check_none};
use super::locate::{Contents, Located, locate};
use super::notations::Notations;
use super::number::{Decimal, single};
use super::pixels::Pixels;
use super::preparation::Inputs;
use super::table::{How, Table, TableFile, number};
use super::unseen::Watch;
use super::{
    DataPart, Dataset, Examples, Keep, KeptColumn, Preparation, Retouch, Streamed, Unseen,
    delimited, extension, formats, images, mnist, pictures,
};
use crate::limits::is_pipe;
use crate::readme::counted;
use chainrule::error::{Error, Result};

/// What messages call the place of rows that come from no file.
const STANDARD_INPUT: &str = "standard input";

/// New data, read as the training data was.
pub struct NewData {
    /// The examples.
    pub examples: Box<dyn Examples>,
    /// The columns that are to be kept, with a cell for each row.
    pub kept: Vec<KeptColumn>,
    /// What the training part had not.
    pub unseen: Unseen,
    /// In what else the data differs from the training data, a line each.
    pub notes: Vec<String>,
    /// The SHA-256 of what came through a pipe.
    pub(super) piped: Option<String>,
}

impl NewData {
    fn plain(examples: impl Examples + 'static) -> Self {
        let (kept, unseen, notes, piped) = Default::default();
        Self { examples: Box::new(examples), kept, unseen, notes, piped }
    }
}

impl std::fmt::Debug for NewData {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewData")
            .field("examples", &self.examples.len())
            .field("kept", &self.kept)
            .field("unseen", &self.unseen)
            .field("notes", &self.notes)
            .finish()
    }
}

impl Preparation {
    /// Reads another file or folder in the same way: to score it, with its targets, or to predict
    /// from it. Without targets, [`Examples::target`] is `Target::Values { width: 0 }`; a single image
    /// is one example then, and images may lie in a folder without classes. Where there are two parts
    /// the test part is taken, unless the path ends in `:train`.
    ///
    /// ```
    /// use chainrule_train::data::DataSource;
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("t.csv");
    /// # std::fs::write(&path, "a,b,y\n0,u,0.5\n2,v,1.5\n").unwrap();
    /// # let source = DataSource { path: path.display().to_string(), ..DataSource::default() };
    /// let preparation = source.load(&|_| unreachable!())?.preparation;
    /// let other = folder.path().join("other.csv");
    /// std::fs::write(&other, "b,a\nv,1\n").unwrap();
    /// let mut row = [0.0; 3];
    /// preparation.load(&other, false)?.features(&[0], &mut row)?;
    /// assert_eq!(row, [0.0, 0.0, 1.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// A file that is missing or bad or has other columns, no rows to score, or images of another size in IDX
    /// files.
    pub fn load(&self, path: &Path, with_targets: bool) -> Result<Box<dyn Examples>> {
        Ok(self.read(path, with_targets, &Keep::None)?.examples)
    }

    /// As [`Preparation::load`], with what else is known of the data: the columns to `keep`, and what it
    /// has that the training part had not. Rows of classes that the model does not know are left out.
    ///
    /// ```
    /// use chainrule_train::data::{DataSource, Keep};
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("t.csv");
    /// # std::fs::write(&path, "a,b,y\n0,u,0.5\n2,v,1.5\n").unwrap();
    /// # let source = DataSource { path: path.display().to_string(), ..DataSource::default() };
    /// let preparation = source.load(&|_| unreachable!())?.preparation;
    /// let other = folder.path().join("other.csv");
    /// std::fs::write(&other, "id,b,a\n007,v,\n").unwrap();
    /// let read = preparation.read(&other, false, &Keep::Columns(vec!["id".into()]))?;
    /// assert_eq!(read.kept[0].cells, ["007"]);
    /// assert_eq!(read.unseen.columns[0].gaps, 1);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Preparation::load`], or a column to keep that is not there.
    pub fn read(&self, path: &Path, with_targets: bool, keep: &Keep) -> Result<NewData> {
        let missing = |name: &str| Err(Error::file(name, "is a name, not a path"));
        self.located(&locate(&path.to_string_lossy(), &missing)?, with_targets, keep)
    }

    /// Reads rows without targets, as they come on standard input: text as that of the training data.
    ///
    /// A first line that names every column of the inputs is a header: the columns may then come in
    /// any order, and there may be others. Without one, the columns are those of the training part in
    /// their order; rows of pixels are numbers from 0 to 1.
    ///
    /// ```
    /// use chainrule_train::data::{DataSource, Keep};
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("t.csv");
    /// # std::fs::write(&path, "a,b,y\n0,u,0.5\n2,v,1.5\n").unwrap();
    /// # let source = DataSource { path: path.display().to_string(), ..DataSource::default() };
    /// # let preparation = source.load(&|_| unreachable!())?.preparation;
    /// for rows in ["b,a\nv,2\n", "2,v\n", "2;v\n"] {
    ///     let mut row = [0.0; 3];
    ///     let read = preparation.read_rows(rows.as_bytes(), &Keep::None)?;
    ///     read.examples.features(&[0], &mut row)?;
    ///     assert_eq!(row, [1.0, 0.0, 1.0]);
    /// }
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// A row that is bad or has other columns, or a column to keep that is not there.
    pub fn read_rows(&self, mut rows: impl Read, keep: &Keep) -> Result<NewData> {
        let path = Path::new(STANDARD_INPUT);
        let Some(file) = delimited::rows(path, &mut rows, &self.how(true))? else {
            return Ok(NewData::plain(Dataset::unlabelled(self.width(), 0, Vec::new())));
        };
        match self.inputs {
            Inputs::Columns(_) => self.table(file, false, keep),
            Inputs::Pixels(pixels) => {
                check_none(keep, path)?;
                rows_of_pixels(&file.format.read(&file)?, pixels).map(NewData::plain)
            }
        }
    }

    fn how(&self, are_rows: bool) -> How {
        How { na: self.na.clone(), like: Some(self.like(are_rows)), ..How::default() }
    }

    pub(super) fn located(
        &self,
        located: &Located,
        with_targets: bool,
        keep: &Keep,
    ) -> Result<NewData> {
        let mut data = self.part(located, with_targets, keep)?;
        if let (Some(_), None, false) = (&located.test, located.part, with_targets) {
            data.notes.push(format!(
                "the test part alone is read, {}: `:train` after the name reads the training part",
                counted(data.examples.len(), "row")
            ));
        }
        Ok(data)
    }

    fn part(&self, located: &Located, with_targets: bool, keep: &Keep) -> Result<NewData> {
        let (path, is_test) = match (&located.test, located.part) {
            (Some(test), Some(DataPart::Test) | None) => (test, true),
            _ => (&located.train, false),
        };
        if located.contents == Contents::Table {
            if let Inputs::Pixels(_) = self.inputs
                && !formats::extensions().any(|known| known == extension::of(path))
                && !is_pipe(path)
            {
                return Err(Error::file(
                    path,
                    format!("is no picture in the format {}", pictures()),
                ));
            }
            let mut how = How { test: is_test, ..self.how(false) };
            if let (true, Some(like)) = (with_targets, &mut how.like) {
                like.targets = self.target_names().to_vec();
            }
            return self.table(formats::open(path, &how)?, with_targets, keep);
        }
        check_none(keep, path)?;
        let Inputs::Pixels(pixels) = self.inputs else {
            return Err(Error::file(path, format!("holds images, but {}", self.wanted())));
        };
        let data = match located.contents {
            Contents::Idx if self.retouch != Retouch::default() => {
                let message = "is no picture file, and only those are inverted or centred";
                return Err(Error::file(path, message));
            }
            Contents::Idx => {
                let (data, found) =
                    mnist::part(path, if is_test { mnist::TEST } else { mnist::TRAIN })?;
                if found != pixels {
                    let message = format!("holds images of {found}, but {}", self.wanted());
                    return Err(Error::file(path, message));
                }
                data
            }
            _ => {
                let (data, notes) = self.pictures(path, with_targets, pixels)?;
                // Without targets, whoever asks wants to know of which picture a row is.
                let names = if with_targets { Vec::new() } else { images::names(path)? };
                let file = KeptColumn { name: "file".into(), cells: names };
                let kept = if file.cells.len() == data.len() { vec![file] } else { Vec::new() };
                return Ok(NewData { notes, kept, ..NewData::plain(data) });
            }
        };
        Ok(NewData::plain(data))
    }

    fn table(&self, file: TableFile, with_targets: bool, keep: &Keep) -> Result<NewData> {
        let TableFile { path, names, mut notes, .. } = file.clone();
        let columns = self.columns(&path, &names, with_targets)?;
        let mut kept = Kept::new(keep, &path, &names)?;
        let (mut watch, mut rows) = (Watch::new(self, &columns), Vec::new());
        let mut notations = Notations::new(self, &columns);
        if let (Some(weight), None, true) = (&self.weight, columns.weight, with_targets) {
            notes.push(format!("it has no weights `{weight}`: all rows count the same"));
        }
        let piped = file.layout.text.piped().map(str::to_owned);
        let held = Held::new(file, false)?;
        let chunks = held.each(&mut |table, first| {
            for row in 0..table.len {
                kept.add(table, row);
                notations.add(table, row);
                if watch.add(table, row) {
                    rows.push(first + row as u32);
                }
            }
            Ok(())
        })?;
        let (unseen, len) = (watch.unseen(), rows.len());
        let (own, told) = notations.settle(&names);
        notes.extend(told);
        let examples: Box<dyn Examples> = match held {
            Held::Memory(table) => {
                let rows = rows.iter().map(|&row| row as usize);
                Box::new(own.apply(&table, &columns, rows)?)
            }
            Held::Disk(file) => Box::new(Streamed::new(&file, &chunks, rows, &own, with_targets)?),
        };
        // A score of nothing would read as a perfect loss.
        if with_targets && len == 0 {
            let message = match unseen.columns.last() {
                None => "has no rows".to_owned(),
                Some(target) => format!(
                    "has no rows of a class that the model has, which are `{}`, but `{}`",
                    self.shown_classes(),
                    target.examples.join("`, `")
                ),
            };
            return Err(Error::file(path, message));
        }
        Ok(NewData { examples, kept: kept.columns(), unseen, notes, piped })
    }
}

/// Rows of numbers from 0 to 1 as images.
fn rows_of_pixels(table: &Table, pixels: Pixels) -> Result<Dataset> {
    let mut features = Vec::with_capacity(table.len.saturating_mul(pixels.count()));
    for row in 0..table.len {
        for column in 0..pixels.count() {
            let pixel = number(table.cell(row, column), Decimal::Point)
                .and_then(|number| single(number.ok_or("a pixel is missing")?));
            features.push(pixel.map_err(|message| table.fail(row, column, message))?);
        }
    }
    Ok(Dataset::unlabelled(pixels.count(), table.len, features))
}
