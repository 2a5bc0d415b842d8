//! A preparation applied to other files than it was fitted on.

use std::path::Path;

use super::held::Held;
use super::locate::{Chosen, Contents, Located, locate};
use super::preparation::Inputs;
use super::table::How;
use super::{Examples, Preparation, Streamed, formats, images, mnist};
use chainrule::error::{Error, Result};

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
    /// A file that is missing or bad or has other columns, no rows to score, a class that the training part did not
    /// have, or images of another size in IDX files.
    pub fn load(&self, path: &Path, with_targets: bool) -> Result<Box<dyn Examples>> {
        let missing = |name: &str| Err(Error::file(name, "is a name, not a path"));
        self.located(&locate(&path.to_string_lossy(), &missing)?, with_targets)
    }

    pub(super) fn located(
        &self,
        located: &Located,
        with_targets: bool,
    ) -> Result<Box<dyn Examples>> {
        let (path, is_test) = match (&located.test, located.part) {
            (Some(test), Some(Chosen::Test) | None) => (test, true),
            _ => (&located.train, false),
        };
        if located.contents == Contents::Table {
            return self.table(path, with_targets);
        }
        let Inputs::Pixels(pixels) = self.inputs else {
            return Err(Error::file(path, format!("holds images, but {}", self.wanted())));
        };
        let data = match located.contents {
            Contents::Idx => {
                let (data, found) =
                    mnist::part(path, if is_test { mnist::TEST } else { mnist::TRAIN })?;
                if found != pixels {
                    let message = format!("holds images of {found}, but {}", self.wanted());
                    return Err(Error::file(path, message));
                }
                data
            }
            _ if !with_targets && path.is_dir() && !images::has_classes(path) => {
                images::unlabelled(path, pixels)?
            }
            _ if path.is_dir() => {
                let size = Some((pixels.width, pixels.height));
                images::folder(path, size, Some(pixels.colours), Some(self.class_names()))?.0
            }
            _ if with_targets => {
                return Err(Error::file(path, "is a single image, whose class is not known"));
            }
            _ => images::single(path, pixels)?,
        };
        Ok(Box::new(data))
    }

    fn table(&self, path: &Path, with_targets: bool) -> Result<Box<dyn Examples>> {
        let how = How { na: self.na.clone(), ..How::default() };
        let examples: Box<dyn Examples> = match Held::new(formats::open(path, &how)?, false)? {
            Held::Memory(table) => {
                let columns = self.columns(&table.path, &table.names, with_targets)?;
                Box::new(self.apply(&table, &columns, 0..table.len)?)
            }
            Held::Disk(file) => {
                let chunks = file.format.scan(&file, &mut |_| Ok(()))?;
                let rows = chunks.last().map_or(0, |last| last.first + last.rows);
                let rows = (0..rows).collect();
                Box::new(Streamed::new(&file, &chunks, rows, self, with_targets)?)
            }
        };
        // A score of nothing would read as a perfect loss.
        if with_targets && examples.is_empty() {
            return Err(Error::file(path, "has no rows"));
        }
        Ok(examples)
    }
}
