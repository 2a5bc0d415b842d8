//! An explanation as one page that needs no network: the explorer's own, with all that it shows inside, and
//! what it computes with when a slider moves.

mod local;
mod rows;
mod sheet;

use serde::Serialize;

use super::json::AllNumbers;
use super::model::Explanation;
use super::notation::escaped;
use super::picture::View;
use super::words::Words;
use local::Local;
pub(super) use sheet::sheet;

/// What draws an explanation in a browser and lets one step through it and change it, built from `web/`.
pub const PAGE_SCRIPT: &str = include_str!("bundle/app.js");

/// How it looks.
pub const PAGE_STYLE: &str = include_str!("bundle/app.css");

impl Explanation {
    /// The explanation as one self-contained HTML page.
    ///
    /// ```
    /// use chainrule_explain::{Request, View, explain, values};
    /// let request = Request { expression: "x * m".into(), values: values("x=3,m=2")?, ..Request::default() };
    /// assert!(explain(&request)?.to_html(View::default()).contains("<svg"));
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn to_html(&self, view: View<'_>) -> String {
        self.document(view, "")
    }

    /// The same page, which opens at a state of the explorer: at a chapter of the lessons, with the quiz, at a
    /// step. What serialises to no JSON opens it as it is.
    ///
    /// ```
    /// use chainrule_explain::{Request, View, explain, values};
    /// let request = Request { expression: "x * m".into(), values: values("x=3,m=2")?, ..Request::default() };
    /// let state = serde_json::json!({ "e": "x * m", "quiz": true });
    /// assert!(explain(&request)?.to_html_at(View::default(), &state).contains("id=\"state\""));
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn to_html_at(&self, view: View<'_>, state: &impl Serialize) -> String {
        let state = data(state);
        self.document(
            view,
            &format!("<script id=\"state\" type=\"application/json\">{state}</script>\n"),
        )
    }

    fn document(&self, view: View<'_>, state: &str) -> String {
        let view = View { step: None, ..view };
        let screen = self.screen(view).trimmed(&Words::new(self.language));
        let expression = escaped(self.expression.trim());
        // For whoever runs no scripts, and until the script has drawn its own.
        let picture = self.to_svg(view);
        let (data, local) = (data(&screen), Local::of(self).map(|local| local.script()));
        format!(
            "<!DOCTYPE html>\n<html lang=\"{language}\">\n<head>\n<meta charset=\"utf-8\"/>\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
             <meta name=\"color-scheme\" content=\"light dark\"/>\n\
             <title>{expression}</title>\n<style>/*<![CDATA[*/\n{PAGE_STYLE}/*]]>*/</style>\n</head>\n<body>\n\
             <div id=\"app\"><h1>{expression}</h1>\n{picture}</div>\n\
             <script id=\"data\" type=\"application/json\">{data}</script>\n\
             {state}{local}<script>\n//<![CDATA[\n{PAGE_SCRIPT}\n//]]>\n</script>\n</body>\n</html>\n",
            language = screen.language,
            local = local.unwrap_or_default(),
        )
    }
}

/// What the script shows, as JSON that ends no element and reads alike as HTML and as XML.
fn data(shown: &impl Serialize) -> String {
    let told = serde_json::to_string(&AllNumbers(shown)).unwrap_or_else(|_| "null".into());
    told.replace('<', "\\u003c").replace('&', "\\u0026")
}
