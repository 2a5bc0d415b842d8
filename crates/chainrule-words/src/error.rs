//! The library's one error type.

use std::borrow::Cow;
use std::path::PathBuf;

use crate::nearest::nearest;

/// What can go wrong, with what a person needs to mend it.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An operation was given operands that it cannot take. The graph keeps the first one.
    #[error("{op}{}: {message}{}, at {file}:{line}", within(scope), of(operands))]
    Operation {
        /// The operation's name.
        op: Box<str>,
        /// The path of the layer that it belongs to, such as `encoder/affine1`; empty outside of all.
        scope: Box<str>,
        /// What is wrong and what would be right.
        message: String,
        /// The operands' types, in order.
        operands: Box<str>,
        /// The caller's source file.
        file: &'static str,
        /// The line in that file.
        line: u32,
    },
    /// More axes than a tensor can have.
    #[error("a tensor has at most {most} axes, not {rank}")]
    Rank {
        /// The most axes that there can be.
        most: usize,
        /// The axes asked for.
        rank: usize,
    },
    /// More elements than memory can hold.
    #[error("shape {shape:?} has more elements than any memory can hold")]
    Size {
        /// The lengths of the axes.
        shape: Vec<usize>,
    },
    /// A plan that needs more memory than there is.
    #[error("the plan needs at least {bytes} bytes of memory, which this machine does not give")]
    Memory {
        /// Bytes that it needs, of which there may be more.
        bytes: u128,
    },
    /// A number of elements that the shape contradicts.
    #[error("shape {shape:?} has {expected} elements, but {found} were given")]
    ElementCount {
        /// The lengths of the axes.
        shape: Vec<usize>,
        /// The number of its elements.
        expected: usize,
        /// The number of elements given.
        found: usize,
    },
    /// A tensor of another shape than there should be.
    #[error("{name} has shape {found:?}, but it must have {wanted:?}")]
    Shape {
        /// What has it, such as a parameter.
        name: String,
        /// The lengths of its axes.
        found: Vec<usize>,
        /// Those that would be right.
        wanted: Vec<usize>,
    },
    /// Another number of things than there should be.
    #[error("{found} {what}, but there must be {wanted}")]
    Count {
        /// What they are, in the plural.
        what: String,
        /// How many there are.
        found: usize,
        /// How many would be right.
        wanted: usize,
    },
    /// Classes where there should be numbers, or the other way round.
    #[error("{name} holds {}", if *labels { "labels, not real numbers" } else { "real numbers, not labels" })]
    Content {
        /// What holds them: an input, an output, targets.
        name: String,
        /// Whether it holds labels.
        labels: bool,
    },
    /// A node of another graph than the one asked.
    #[error("{node} belongs to another graph than the one asked")]
    Foreign {
        /// The node.
        node: String,
    },
    /// A number that no example, step or other numbered thing has.
    #[error("there is no {what} {number}: they are numbered from {first} to {last}")]
    Absent {
        /// What is numbered.
        what: &'static str,
        /// The number asked for.
        number: u64,
        /// The first one.
        first: u64,
        /// The last one.
        last: u64,
    },
    /// A text, such as that of a settings file, that cannot be read.
    #[error("line {line}, column {column}: {message}\n{excerpt}")]
    Text {
        /// What is wrong and what would be right.
        message: String,
        /// The place's line, from 1.
        line: usize,
        /// The place's column in characters, from 1.
        column: usize,
        /// The line, with carets under the place.
        excerpt: String,
    },
    /// A name that a plan, a model or a file does not have.
    #[error("there is no {what} named `{name}`; {}", meant(name, known))]
    Unknown {
        /// The kind of thing: input, parameter, function.
        what: String,
        /// The name asked for.
        name: String,
        /// The names that exist.
        known: Vec<String>,
    },
    /// A label that is not below the number of classes.
    #[error("{place}: label {label} is out of range: the labels go from 0 to {}", classes.saturating_sub(1))]
    Label {
        /// The input or file that holds it.
        place: String,
        /// The label found.
        label: usize,
        /// The number of classes.
        classes: usize,
    },
    /// A setting outside its domain.
    #[error("{name} is {value}, but it must be {wanted}")]
    Setting {
        /// The setting's name.
        name: String,
        /// The value given.
        value: String,
        /// What would be right.
        wanted: Cow<'static, str>,
    },
    /// A file that cannot be read or written.
    #[error("{}: {message}{}", path.display(), below(excerpt))]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong with it and what would be right.
        message: String,
        /// The line, with carets under the place, where it is a text that cannot be read; else empty.
        excerpt: String,
    },
    /// An expression that cannot be read.
    #[error("{message}")]
    Expression {
        /// What is wrong and what would be right.
        message: String,
        /// The text's place in characters: start and end.
        span: (usize, usize),
    },
    /// A value for a name that the expression does not have.
    #[error("`{name}` has a value but does not occur in the expression")]
    Unused {
        /// The name.
        name: String,
    },
    /// The loss or a parameter became NaN or infinite.
    #[error("training diverged at step {step}: the loss is {}; {origin}", short(*loss))]
    Diverged {
        /// The step, counted from 1 over all epochs.
        step: u64,
        /// The loss of that step, before its update, or of the test part.
        loss: f64,
        /// The first node that is not finite.
        origin: String,
    },
    /// A model, dataset or call that does not fit together.
    #[error("{0}")]
    Mismatch(String),
}

/// A result with the library's error.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A number in few letters, however large it is.
fn short(number: f64) -> String {
    if number.abs() < 1e9 { number.to_string() } else { format!("{number:.3e}") }
}

impl Error {
    /// An error that speaks of a file.
    ///
    /// ```
    /// let error = chainrule_words::Error::file("a.csv", "the file is empty");
    /// assert_eq!(error.to_string(), "a.csv: the file is empty");
    /// ```
    pub fn file(path: impl Into<PathBuf>, message: impl std::fmt::Display) -> Self {
        Self::File { path: path.into(), message: format!("{message}"), excerpt: String::new() }
    }

    /// An error that speaks of a place in a file's text.
    ///
    /// ```
    /// use chainrule_words::Error;
    /// let excerpt = " 3 | lr = x\n   |      ^".to_owned();
    /// let text = Error::Text { message: "no number".into(), line: 3, column: 6, excerpt };
    /// let error = Error::within("a.toml", text);
    /// assert!(error.to_string().starts_with("a.toml: line 3, column 6: no number\n 3 | lr = x"));
    /// assert!(error.excerpt().is_some_and(|excerpt| excerpt.ends_with('^')));
    /// ```
    pub fn within(path: impl Into<PathBuf>, text: Self) -> Self {
        match text {
            Self::Text { message, line, column, excerpt } => Self::File {
                path: path.into(),
                message: format!("line {line}, column {column}: {message}"),
                excerpt,
            },
            other => Self::file(path, other),
        }
    }

    /// The lines at the end of what it says that show the place in a text, where it has some.
    #[must_use]
    pub fn excerpt(&self) -> Option<&str> {
        match self {
            Self::Text { excerpt, .. } | Self::File { excerpt, .. } => Some(excerpt),
            _ => None,
        }
        .filter(|excerpt| !excerpt.is_empty())
        .map(String::as_str)
    }

    /// An error that speaks of a shape.
    ///
    /// ```
    /// let error = chainrule_words::Error::shape("parameter `w`", &[2, 3], &[3, 2]);
    /// assert_eq!(error.to_string(), "parameter `w` has shape [2, 3], but it must have [3, 2]");
    /// ```
    pub fn shape(name: impl Into<String>, found: &[usize], wanted: &[usize]) -> Self {
        Self::Shape { name: name.into(), found: found.into(), wanted: wanted.into() }
    }

    /// Checks that there are so many of something.
    ///
    /// ```
    /// let error = chainrule_words::Error::count("labels", 3, 4).unwrap_err();
    /// assert_eq!(error.to_string(), "3 labels, but there must be 4");
    /// ```
    ///
    /// # Errors
    /// There are not.
    pub fn count(what: &str, found: usize, wanted: usize) -> Result<()> {
        if found == wanted {
            return Ok(());
        }
        Err(Self::Count { what: what.into(), found, wanted })
    }

    /// An error that tells the name that was meant, or those that exist.
    ///
    /// ```
    /// let error = chainrule_words::Error::unknown("task", "clasify", ["classify", "regress"]);
    /// assert!(error.to_string().ends_with("did you mean `classify`?"));
    /// let error = chainrule_words::Error::unknown("input", "y", ["x", "m"]);
    /// assert_eq!(error.to_string(), "there is no input named `y`; there are: x, m");
    /// ```
    pub fn unknown(
        what: impl Into<String>,
        name: impl Into<String>,
        known: impl IntoIterator<Item: Into<String>>,
    ) -> Self {
        let known = known.into_iter().map(Into::into).collect();
        Self::Unknown { what: what.into(), name: name.into(), known }
    }

    /// Checks that a setting lies in its domain.
    ///
    /// ```
    /// let rate = -1.0;
    /// let error = chainrule_words::Error::check(rate > 0.0, "lr", rate, "positive").unwrap_err();
    /// assert_eq!(error.to_string(), "lr is -1, but it must be positive");
    /// ```
    ///
    /// # Errors
    /// It does not.
    pub fn check(
        ok: bool,
        name: &str,
        value: impl std::fmt::Display,
        wanted: &'static str,
    ) -> Result<()> {
        if ok {
            return Ok(());
        }
        let value = in_few_digits(value.to_string());
        Err(Self::Setting { name: name.into(), value, wanted: wanted.into() })
    }
}

/// A number of hundreds of digits with an exponent in their place.
fn in_few_digits(text: String) -> String {
    const LONGEST: usize = 24;
    match text.parse::<f64>() {
        Ok(number) if text.len() > LONGEST => format!("{number:e}"),
        _ => text,
    }
}

/// On a line of its own, where there is something.
fn below(excerpt: &str) -> String {
    if excerpt.is_empty() { String::new() } else { format!("\n{excerpt}") }
}

fn within(scope: &str) -> String {
    if scope.is_empty() { String::new() } else { format!(" in `{scope}`") }
}

fn of(operands: &str) -> String {
    if operands.is_empty() { String::new() } else { format!(" (operands {operands})") }
}

/// The known name that was meant, or all of them.
fn meant(name: &str, known: &[String]) -> String {
    match nearest(name, known.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.is_empty() => "there are none".into(),
        None => format!("there are: {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_is_told_in_few_letters() {
        let told = |loss| Error::Diverged { step: 4, loss, origin: "here".into() }.to_string();
        assert_eq!(told(2.267_993e28), "training diverged at step 4: the loss is 2.268e28; here");
        assert!(told(1234.5).contains("is 1234.5;") && told(f64::NAN).contains("is NaN;"));
        assert!(told(f64::INFINITY).contains("is inf;"));
    }
}
