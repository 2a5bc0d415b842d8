//! Why a request is not answered: the one shape that all errors have.

use chainrule::Error;
use chainrule_explain::Values;
use hyper::StatusCode;
use serde::Serialize;

use super::mistake::Mistake;
use super::values;

/// What is wrong with a request, as a status and in words.
#[derive(Debug)]
pub struct Refusal {
    /// The status of the answer.
    pub status: StatusCode,
    /// The methods that there are, where the one asked for is not among them.
    pub allow: Option<&'static str>,
    mistake: Told,
}

#[derive(Debug, Serialize)]
struct Told {
    message: String,
    /// Where in the expression, in characters: the first, and the one behind the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    span: Option<(usize, usize)>,
    /// What a page can offer a remedy for.
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<Kind>,
    /// The values that were taken, of a request that leaves some of them open.
    #[serde(with = "values::named", skip_serializing_if = "Values::is_empty")]
    at: Values,
}

#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    /// The expression is an array, which has no gradient as it is.
    Array,
}

#[derive(Serialize)]
struct Document<'a> {
    error: &'a Told,
}

impl Refusal {
    /// One with this status.
    pub fn new(status: StatusCode, message: impl Into<String>) -> Self {
        let mistake = Told { message: message.into(), span: None, kind: None, at: Values::new() };
        Self { status, allow: None, mistake }
    }

    /// Of a request that can be read and asks for what cannot be.
    pub fn of_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, message)
    }

    /// Of a run's network, where the program was started without a run.
    pub fn without_run() -> Self {
        let message = "no run is shown here: start `chainrule explore DIR` with its folder";
        Self::new(StatusCode::NOT_FOUND, message)
    }

    /// One that says which values were taken.
    #[must_use]
    pub fn with_values(mut self, at: Values) -> Self {
        self.mistake.at = at;
        self
    }

    /// `{"error": {"message": …, "span": …}}`.
    pub fn document(&self) -> Vec<u8> {
        serde_json::to_vec(&Document { error: &self.mistake }).unwrap_or_default()
    }
}

impl From<Mistake> for Refusal {
    fn from(mistake: Mistake) -> Self {
        let span = match &mistake {
            Mistake::Explained(Error::Expression { span, .. })
            | Mistake::Array(Error::Expression { span, .. }) => Some(*span),
            _ => None,
        };
        let mut refusal = Self::of_request(mistake.to_string());
        refusal.mistake.span = span;
        refusal.mistake.kind = matches!(mistake, Mistake::Array(_)).then_some(Kind::Array);
        refusal
    }
}

impl From<serde_json::Error> for Refusal {
    fn from(error: serde_json::Error) -> Self {
        match error.classify() {
            serde_json::error::Category::Data => Self::of_request(error.to_string()),
            _ => Self::new(StatusCode::BAD_REQUEST, format!("the body is not JSON: {error}")),
        }
    }
}
