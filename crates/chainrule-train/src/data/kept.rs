//! Columns of new data that are carried beside its predictions.

use std::path::Path;
use std::str::FromStr;

use super::list;
use super::table::{Names, Table};
use chainrule::error::{Error, Result};

/// Which columns of new data are carried beside its predictions.
///
/// ```
/// use chainrule_train::data::Keep;
/// assert_eq!("all".parse(), Ok(Keep::All));
/// assert_eq!("id, name".parse(), Ok(Keep::Columns(vec!["id".into(), "name".into()])));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Keep {
    /// None.
    #[default]
    None,
    /// All, in their order.
    All,
    /// These, in this order.
    Columns(Vec<String>),
}

impl FromStr for Keep {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text.trim() {
            "" => Self::None,
            "all" => Self::All,
            _ => Self::Columns(list(text)),
        })
    }
}

/// A column that is carried beside predictions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptColumn {
    /// Its name.
    pub name: String,
    /// Its cells, as they stand in the file.
    pub cells: Vec<String>,
}

/// The columns of a table that are kept, and their places.
pub(super) struct Kept(Vec<(usize, KeptColumn)>);

impl Kept {
    /// # Errors
    /// A column that the table has not.
    pub(super) fn new(keep: &Keep, path: &Path, names: &[String]) -> Result<Self> {
        let places: Vec<usize> = match keep {
            Keep::None => Vec::new(),
            Keep::All => (0..names.len()).collect(),
            Keep::Columns(wanted) => {
                let names = Names::new(path, names);
                wanted.iter().map(|name| names.find(name)).collect::<Result<_>>()?
            }
        };
        let kept = |place: usize| {
            let name = names.get(place).cloned().unwrap_or_default();
            (place, KeptColumn { name, cells: Vec::new() })
        };
        Ok(Self(places.into_iter().map(kept).collect()))
    }

    pub(super) fn add(&mut self, table: &Table, row: usize) {
        for (place, column) in &mut self.0 {
            column.cells.push(table.text(row, *place));
        }
    }

    pub(super) fn columns(self) -> Vec<KeptColumn> {
        self.0.into_iter().map(|(_, column)| column).collect()
    }
}

/// Refuses to keep columns of what has none.
pub(super) fn check_none(keep: &Keep, path: &Path) -> Result<()> {
    match keep {
        Keep::None => Ok(()),
        _ => Err(Error::file(path, "holds images, which have no columns to keep")),
    }
}
