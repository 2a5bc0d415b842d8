//! Pages of `explain` in browsers, at the widths of a phone, a tablet and a desk; a browser that is not
//! installed is skipped aloud. Screenshots stay in `target/xtask-page`.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::report::Report;
use super::{installed, program, root, run, run_in};

/// The names under which systems install each browser.
const BROWSERS: [(&str, &[&str]); 2] = [
    ("Chromium", &["chromium", "chromium-browser", "google-chrome"]),
    ("Firefox", &["firefox-esr", "firefox"]),
];

/// The program that is Chromium, where one is installed.
pub fn chromium() -> Option<&'static str> {
    let [(_, names), _] = BROWSERS;
    names.iter().copied().find(|name| installed(name, "--version"))
}

/// The terms of the long sum.
const TERMS: usize = 200;

/// Writes the pages, installs what drives browsers, and has the pages looked at.
pub fn check(report: &mut Report) -> Result<()> {
    let folder = root().join("target").join("xtask-page");
    std::fs::create_dir_all(&folder)?;
    let pages = pages(&program()?, &folder)?;
    if !installed("node", "--version") || !installed("npm", "--version") {
        return report.skip("Chromium and Firefox", "`node` and `npm` are not installed");
    }
    let mut found = Vec::new();
    for (browser, names) in BROWSERS {
        match names.iter().find(|name| installed(name, "--version")) {
            Some(name) => found.push(*name),
            None => report.skip(browser, &format!("`{}` is not installed", names[0]))?,
        }
    }
    let source = root().join("xtask").join("page");
    for file in ["package.json", "package-lock.json"] {
        std::fs::copy(source.join(file), folder.join(file))?;
    }
    let mut install = Command::new("npm");
    install.args(["ci", "--silent", "--no-audit", "--no-fund", "--prefix"]).arg(&folder);
    if let Err(error) = run(&mut install) {
        return report.skip("Chromium and Firefox", &format!("{error:#}"));
    }
    let mut look = Command::new("node");
    look.arg(source.join("page.mjs")).arg(&folder).args(found).arg("--").args(pages);
    run_in(&mut look, &folder)
}

/// The apple with a second page to which its slider moves, a layer with its loss, and a long sum.
fn pages(program: &Path, folder: &Path) -> Result<Vec<String>> {
    let write = |name: &str, expression: &str, more: &[&str]| -> Result<PathBuf> {
        let page = folder.join(name).with_extension("html");
        let mut explain = Command::new(program);
        explain.args(["explain", expression, "--format", "html"]).args(more);
        run(explain.arg("--output").arg(&page))?;
        Ok(page)
    };
    let apple = |name, at| {
        let more = ["--at", at, "--target", "219", "--sweep", "m=1:4:31"];
        write(name, "x * m * t", &more)
    };
    let (first, second) =
        (apple("apple", "x=100,m=2,t=1.1")?, apple("apple-moved", "x=100,m=3,t=1.1")?);
    std::fs::write(second.with_extension("html.json"), r#"{"m": 3}"#)?;
    let layer = "Y = X @ W + B; L = cross_entropy(Y, 1)";
    let layer = write("layer", layer, &["--at", "X=[[1,2]],W=[[0.1,0.2],[0.3,0.4]],B=[0,0]"])?;
    let term = |at: usize| match at % 2 {
        0 => format!("x^{} / {}", 2 + at % 4, at + 1),
        _ => format!("sin(x * {at}) * y"),
    };
    let sum = (0..TERMS).map(term).collect::<Vec<String>>().join(" + ");
    let sum = write("sum", &sum, &["--at", "x=0.7,y=2"])?;
    let shown = |path: &PathBuf| path.to_string_lossy().into_owned();
    Ok(vec![format!("{}={}", shown(&first), shown(&second)), shown(&layer), shown(&sum)])
}
