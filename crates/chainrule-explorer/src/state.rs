//! What can be looked at, as data and as a line that is passed on.

use std::io::{Read, Write};

use chainrule::Tensor;
use chainrule_explain::{Language, Request, Values};
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use serde::{Deserialize, Serialize};

use super::limits;
use super::mistake::Mistake;
use super::{base64, values};

/// What a line begins with: the version of what follows.
const MARK: &str = "c1.";

/// The longest line: addresses of this length are taken everywhere.
const MOST_LETTERS: usize = 8 << 10;

/// What a line may hold when it is unpacked.
const MOST_BYTES: u64 = 64 << 10;

/// What can be looked at: an expression with its values, and what of it is shown.
///
/// ```
/// use chainrule_explorer::State;
/// let apple = State::apple();
/// let line = apple.line()?;
/// assert!(line.starts_with("c1.") && State::from_line(&line)? == apple);
/// # Ok::<(), chainrule_explorer::Mistake>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// The expression.
    #[serde(rename = "e")]
    pub expression: String,
    /// Its names' values.
    #[serde(default, with = "values::named", skip_serializing_if = "Vec::is_empty")]
    pub at: Values,
    /// The target, which puts half the squared error on top.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<f64>,
    /// In its place a class or a distribution, which puts the cross-entropy on top.
    #[serde(default, with = "values::one", skip_serializing_if = "Option::is_none")]
    pub cross_entropy: Option<Tensor<f64>>,
    /// The example on which a run's network is shown, in place of an expression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub example: Option<u32>,
    /// The step of the picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<u32>,
    /// What is shown beside the picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tab: Option<Tab>,
    /// The input whose curve is drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sweep: Option<String>,
    /// Whether gradients are asked for instead of shown.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub quiz: bool,
    /// The chapter of the course.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lesson: Option<String>,
    /// The language of the page; the browser's own where `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lang: Option<Language>,
    /// Whether every box shows what it is made of.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unfold: bool,
    /// The boxes that do, by the words that the drawing has for them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub open: Vec<String>,
}

/// What is shown beside the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tab {
    /// Changes with their predictions.
    WhatIf,
    /// The curve of an input with its tangent.
    Curve,
    /// The paths of a gradient.
    Paths,
    /// The second derivatives.
    Hessian,
    /// The way down.
    Down,
}

fn refused(message: impl Into<String>) -> Mistake {
    Mistake::Refused(message.into())
}

impl State {
    /// The example with which the course begins: two apples of 100 with a tax of 10 %, for which 219 were
    /// expected.
    #[must_use]
    pub fn apple() -> Self {
        let at = [("x", 100.0), ("m", 2.0), ("t", 1.1)];
        let at = at.into_iter().map(|(name, x)| (name.into(), Tensor::scalar(x)));
        Self {
            expression: "x * m * t".into(),
            at: at.collect(),
            target: Some(219.0),
            ..Self::default()
        }
    }

    /// Whether a text is meant as a line that holds a state, of this version or another.
    #[must_use]
    pub fn is_line(text: &str) -> bool {
        let version = text.trim_start().strip_prefix('c').and_then(|rest| rest.split_once('.'));
        version.is_some_and(|(version, rest)| {
            let is_number = !version.is_empty() && version.bytes().all(|c| c.is_ascii_digit());
            let is_expression = |c: char| c.is_whitespace() || "*+/^(),;@=".contains(c);
            let is_fraction = rest.bytes().all(|c| c.is_ascii_digit());
            is_number && !is_fraction && !rest.trim_end().contains(is_expression)
        })
    }

    /// The state as a line: packed, and in letters that an address may have.
    ///
    /// # Errors
    /// A state that no line of 8 kB holds.
    pub fn line(&self) -> Result<String, Mistake> {
        let unwritten = |error: &dyn std::error::Error| refused(format!("a state: {error}"));
        let json = serde_json::to_vec(self).map_err(|error| unwritten(&error))?;
        let mut packed = DeflateEncoder::new(Vec::new(), Compression::best());
        packed.write_all(&json).map_err(|error| unwritten(&error))?;
        let packed = packed.finish().map_err(|error| unwritten(&error))?;
        let line = format!("{MARK}{}", base64::encode(&packed));
        match line.len() <= MOST_LETTERS && json.len() as u64 <= MOST_BYTES {
            true => Ok(line),
            false => Err(refused(format!(
                "the state takes {} letters, and a line has at most {MOST_LETTERS}",
                line.len()
            ))),
        }
    }

    /// Reads a line.
    ///
    /// # Errors
    /// A text that is no such line, that is too long, or that unpacks to too much.
    pub fn from_line(line: &str) -> Result<Self, Mistake> {
        let line = line.trim();
        if line.len() > MOST_LETTERS {
            return Err(refused(format!(
                "a line of {} letters holds no state: it has at most {MOST_LETTERS}",
                line.len()
            )));
        }
        let packed = line.strip_prefix(MARK).and_then(base64::decode);
        let packed = packed.ok_or_else(|| {
            refused(format!(
                "this is no state: a line begins with `{MARK}`, and letters, digits, - and _ follow; copy all of it"
            ))
        })?;
        let mut json = Vec::new();
        let unpacked = DeflateDecoder::new(&packed[..]).take(MOST_BYTES + 1).read_to_end(&mut json);
        unpacked.map_err(|_| refused("the line does not unpack to a state: copy all of it"))?;
        if json.len() as u64 > MOST_BYTES {
            return Err(refused(format!("the line unpacks to more than {MOST_BYTES} bytes")));
        }
        serde_json::from_slice(&json)
            .map_err(|error| refused(format!("the line holds no state of this version: {error}")))
    }

    /// What explains it.
    #[must_use]
    pub fn request(&self) -> Request {
        Request {
            expression: self.expression.clone(),
            values: self.at.clone(),
            target: self.target,
            cross_entropy: self.cross_entropy.clone(),
            language: self.lang.unwrap_or_default(),
            ..Request::default()
        }
    }

    /// Explains it, to see that it can be.
    ///
    /// # Errors
    /// A mistake of the expression or its values; more than the explorer takes.
    pub fn check(&self) -> Result<(), Mistake> {
        if let Some(example) = self.example {
            let message = format!(
                "the line shows example {example} of a run: give the run's folder, and --example {example}"
            );
            return Err(refused(message));
        }
        let request = self.request();
        limits::check(&request)?;
        chainrule_explain::explain(&request)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(bytes: &[u8]) -> String {
        let mut packed = DeflateEncoder::new(Vec::new(), Compression::best());
        packed.write_all(bytes).unwrap();
        format!("{MARK}{}", base64::encode(&packed.finish().unwrap()))
    }

    #[test]
    fn a_line_holds_all_of_a_state() {
        let state = State {
            expression: "softmax(x)[0]".into(),
            at: chainrule_explain::values("x=[1,2,3]").unwrap(),
            cross_entropy: Some(Tensor::scalar(1.0)),
            step: Some(3),
            tab: Some(Tab::WhatIf),
            sweep: Some("x".into()),
            quiz: true,
            lesson: Some("softmax".into()),
            lang: Some(Language::Korean),
            unfold: true,
            open: vec!["half_squared_error".into()],
            ..State::default()
        };
        let line = state.line().unwrap();
        assert_eq!(State::from_line(&format!(" {line}\n")).unwrap(), state);
        let written = serde_json::to_string(&state).unwrap();
        for part in
            [r#""e":"#, r#""at":{"x":[1.0,2.0,3.0]}"#, r#""tab":"what-if""#, r#""lang":"ko""#]
        {
            assert!(written.contains(part), "{written}");
        }
        // What is as usual is not told.
        let apple = serde_json::to_string(&State::apple()).unwrap();
        assert_eq!(apple, r#"{"e":"x * m * t","at":{"x":100.0,"m":2.0,"t":1.1},"target":219.0}"#);
    }

    #[test]
    fn what_holds_no_state_is_refused() {
        for line in ["c1.AAAA", "  c1.%%%", "c2.AAAA"] {
            assert!(State::is_line(line), "{line}");
        }
        for expression in ["c1 * 2", "c1.5", "cos(x)", "c * x.y"] {
            assert!(!State::is_line(expression), "{expression}");
        }
        let bomb = packed(&vec![b' '; 4 << 20]);
        assert!(bomb.len() < MOST_LETTERS, "a bomb is small: {}", bomb.len());
        let long = format!("{MARK}{}", "A".repeat(MOST_LETTERS));
        for (line, part) in [
            (bomb.as_str(), "unpacks to more than"),
            (&long, "at most 8192"),
            ("c1.", "does not unpack"),
            ("c1.%%%", "copy all of it"),
            ("c2.AAAA", "begins with `c1.`"),
            (&packed(b"{}"), "missing field `e`"),
            (&packed(br#"{"e":"x","more":1}"#), "unknown field `more`"),
            (&packed(br#"{"e":"x","at":{"x":1,"x":2}}"#), "given twice"),
            (&packed(br#"{"e":"x","at":{"x=1,y":2}}"#), "is not a name"),
            (&packed(br#"{"e":"x","at":{"x":[[1],[1,2]]}}"#), "differ in length"),
        ] {
            let message = State::from_line(line).unwrap_err().to_string();
            assert!(message.contains(part), "{message}");
        }
    }

    #[test]
    fn a_state_is_checked_before_it_is_shown() {
        State::apple().check().unwrap();
        let wrong = State { expression: "x * (".into(), ..State::apple() };
        let error = wrong.check().unwrap_err();
        assert!(
            matches!(error, Mistake::Explained(chainrule::Error::Expression { .. })),
            "{error:?}"
        );
        let long = State { expression: "x+".repeat(6000), ..State::apple() };
        assert!(
            matches!(long.check(), Err(Mistake::Refused(message)) if message.contains("10000"))
        );
    }
}
