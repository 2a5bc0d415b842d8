//! What was found out of a table's text, as settings.

use super::input::Told;
use super::preparation::Inputs;
use super::{ColumnKind, Loaded, Reading};

impl Loaded {
    /// How the data was read, as settings: a source that says all this reads it in the same way. Columns
    /// of numbers are not named, as they look like nothing else.
    ///
    /// ```
    /// use chainrule_train::data::{ColumnKind, DataSource, Separator};
    /// # let folder = tempfile::tempdir().unwrap();
    /// let path = folder.path().join("t.csv");
    /// std::fs::write(&path, "kg;coat;id;pet\n4,5;short;7;cat\n6;long;7;cat\n10,5;short;7;dog\n").unwrap();
    /// let source = DataSource { path: path.display().to_string(), ..DataSource::default() };
    /// let loaded = source.load(&|_| unreachable!())?;
    /// let reading = loaded.reading();
    /// assert_eq!(reading.separator, Some(Separator::Semicolon));
    /// assert_eq!(reading.drop, ["id"]);
    /// assert_eq!(reading.types["coat"], ColumnKind::Category);
    /// let again = DataSource { reading, ..source }.load(&|_| unreachable!())?;
    /// assert_eq!(again.preparation, loaded.preparation);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn reading(&self) -> Reading {
        let preparation = &self.preparation;
        let inputs = match &preparation.inputs {
            Inputs::Columns(inputs) => inputs.as_slice(),
            Inputs::Pixels(_) => &[],
        };
        let types = inputs.iter().filter_map(|input| {
            let kind = match input.told() {
                Told::Number => return None,
                Told::Categories(_) => ColumnKind::Category,
                Told::Date(order, _) => order.into(),
            };
            Some((input.column.clone(), kind))
        });
        Reading {
            separator: preparation.written.map(|written| written.separator),
            encoding: preparation.written.map(|written| written.encoding),
            header: preparation.written.map(|written| written.header),
            na: preparation.na.clone(),
            decimal: preparation.written.and_then(|written| written.decimal),
            drop: self
                .summary
                .left_out
                .iter()
                .filter(|_| self.summary.images.is_empty())
                .map(|(name, _)| name.clone())
                .collect(),
            columns: Vec::new(),
            types: types.collect(),
        }
    }
}
