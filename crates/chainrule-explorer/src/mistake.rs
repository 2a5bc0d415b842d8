//! What is wrong with a state, a line or a request for an explanation.

/// Why a computation is not shown.
#[derive(Debug)]
pub enum Mistake {
    /// The library's own word: a mistake of the expression with its place, a value without a name.
    Explained(chainrule::Error),
    /// That the expression is an array, which has no gradient as it is; in the library's words.
    Array(chainrule::Error),
    /// A line that holds no state, or more than the explorer takes.
    Refused(String),
}

impl std::fmt::Display for Mistake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Explained(error) | Self::Array(error) => error.fmt(f),
            Self::Refused(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for Mistake {}

impl From<chainrule::Error> for Mistake {
    fn from(error: chainrule::Error) -> Self {
        Self::Explained(error)
    }
}
