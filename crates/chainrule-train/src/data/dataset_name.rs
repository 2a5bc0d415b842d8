//! Datasets as users name them.

use std::path::Path;

use super::DataPart;

/// A dataset's name or path, and the part that its end chooses.
///
/// ```
/// use chainrule_train::DataPart;
/// use chainrule_train::data::DatasetName;
/// let name = DatasetName::of("mnist:test");
/// assert_eq!((name.stem, name.part), ("mnist", Some(DataPart::Test)));
/// assert_eq!(DatasetName::of("rows.csv").part, None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DatasetName<'n> {
    /// The name or path without the part.
    pub stem: &'n str,
    /// The training or the test part, if one is chosen.
    pub part: Option<DataPart>,
}

impl<'n> DatasetName<'n> {
    /// The parts of what a user wrote; a file may be called so.
    #[must_use]
    pub fn of(name: &'n str) -> Self {
        let whole = Self { stem: name, part: None };
        if Path::new(name).exists() {
            return whole;
        }
        let ends = |part: &DataPart| name.strip_suffix(part.name())?.strip_suffix(':');
        let parts = [DataPart::Train, DataPart::Test];
        let chosen =
            parts.iter().find_map(|part| Some(Self { stem: ends(part)?, part: Some(*part) }));
        chosen.unwrap_or(whole)
    }

    /// The same part of what is called otherwise.
    #[must_use]
    pub fn at(self, stem: impl std::fmt::Display) -> String {
        match self.part {
            Some(part) => format!("{stem}:{part}"),
            None => stem.to_string(),
        }
    }
}
