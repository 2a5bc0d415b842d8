//! What the library says to a request, as the bytes that are sent.

use chainrule_explain::{AllNumbers, Explanation, Function, NetworkExplanation, Screen, explain};
use serde::{Deserialize, Serialize};

use super::mistake::Mistake;
use super::network::Network;
use super::refusal::Refusal;
use super::request::{Asked, AskedExample, Shown};
use super::state::State;

/// Explains an expression: what the page shows of it.
pub fn explained(body: &[u8]) -> Result<Vec<u8>, Refusal> {
    let asked: Asked = serde_json::from_slice(body)?;
    let (e, shown) = explanation(asked)?;
    Ok(serde_json::to_vec(&AllNumbers(&e.screen(shown.view())))?)
}

fn explanation(mut asked: Asked) -> Result<(Explanation, Shown), Refusal> {
    let at = asked.fit();
    let explained = |asked: Asked| {
        let (request, shown) = asked.checked()?;
        Ok((explain(&request).map_err(Mistake::from)?, shown))
    };
    let plain = asked.plain();
    let refused = |refusal: Refusal| match plain.map(explained) {
        Some(Ok(found)) => Ok(found),
        _ => Err(refusal.with_values(at)),
    };
    explained(asked).or_else(refused)
}

/// Explains a run's network on an example: its graph, and what it makes of the example.
pub fn example(network: &Network, body: &[u8]) -> Result<Vec<u8>, Refusal> {
    #[derive(Serialize)]
    struct Example {
        screen: Screen,
        told: NetworkExplanation,
    }
    let asked: AskedExample = serde_json::from_slice(body)?;
    let shown = asked.shown()?;
    let (graph, told) = network.explain(asked.example, asked.language)?;
    Ok(serde_json::to_vec(&AllNumbers(&Example { screen: graph.screen(shown.view()), told }))?)
}

/// A request for a document: of an expression, or of the run's network on an example.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Export {
    request: Option<Asked>,
    example: Option<AskedExample>,
    format: Format,
    /// Where a page opens.
    state: Option<State>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Format {
    Svg,
    Latex,
    Html,
    Json,
    Dot,
    Mermaid,
}

/// A document to be kept.
#[derive(Serialize)]
struct Document {
    text: String,
    /// What its file may be called.
    name: &'static str,
    media: &'static str,
}

/// Writes an explanation in one of its formats.
pub fn exported(network: Option<&Network>, body: &[u8]) -> Result<Vec<u8>, Refusal> {
    let Export { request, example, format, state } = serde_json::from_slice(body)?;
    let (e, shown) = match (request, example) {
        (Some(request), None) => {
            if state.as_ref().is_some_and(|state| state.expression != request.expression) {
                let message = "the state is of another expression than the request: a page has one";
                return Err(Refusal::of_request(message));
            }
            explanation(request)?
        }
        (None, Some(_)) if state.is_some() => {
            let message = "a document of a network opens as it is: leave the `state` out";
            return Err(Refusal::of_request(message));
        }
        (None, Some(asked)) => {
            let network = network.ok_or_else(Refusal::without_run)?;
            let shown = asked.shown()?;
            (network.explain(asked.example, asked.language)?.0, shown)
        }
        _ => {
            let message = "a document is of a `request` or of an `example`: give one of them";
            return Err(Refusal::of_request(message));
        }
    };
    let view = shown.view();
    let (text, name, media) = match format {
        Format::Svg => (e.to_svg(view), "explanation.svg", "image/svg+xml"),
        Format::Latex => (e.to_latex(), "explanation.tex", "application/x-tex"),
        Format::Html => {
            let page = match state {
                Some(state) => e.to_html_at(view, &state),
                None => e.to_html(view),
            };
            (page, "explanation.html", "text/html")
        }
        Format::Json => {
            (serde_json::to_string(&AllNumbers(&e))?, "explanation.json", "application/json")
        }
        Format::Dot => (e.to_dot(view), "explanation.dot", "text/vnd.graphviz"),
        Format::Mermaid => (e.to_mermaid(view), "explanation.mmd", "text/vnd.mermaid"),
    };
    Ok(serde_json::to_vec(&Document { text, name, media })?)
}

/// What completion knows of a function.
#[derive(Serialize)]
struct Entry {
    name: &'static str,
    /// What stands between its parentheses.
    arguments: String,
    formula: String,
    derivative: String,
    example: String,
}

/// The functions that an expression can have.
pub fn functions() -> Result<Vec<u8>, Refusal> {
    let entry = |function: &Function| {
        let call = function.call();
        let arguments = call.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
        Entry {
            name: function.name,
            arguments: arguments.unwrap_or_default().to_owned(),
            formula: function.formula(),
            derivative: function.derivative(),
            example: function.example.call.clone(),
        }
    };
    Ok(serde_json::to_vec(&chainrule_explain::functions().iter().map(entry).collect::<Vec<_>>())?)
}
