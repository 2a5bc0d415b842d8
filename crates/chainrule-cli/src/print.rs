//! Printing for people: errors, numbers, the progress bar.

use std::io::Write;

use anyhow::Result;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

const RED: anstyle::Style = anstyle::AnsiColor::Red.on_default().bold();

/// Prints an error, and for an expression a caret under the place.
pub fn error(error: &anyhow::Error) {
    let mut err = anstream::stderr().lock();
    let _ = writeln!(err, "{RED}error{RED:#}: {error:#}");
}

/// Prints a line of progress on standard error. Where nobody can read it, the work goes on.
pub fn progress(line: &str) {
    let _ = writeln!(anstream::stderr().lock(), "{line}");
}

/// The text with a caret under the characters `span`.
pub fn under_caret(text: &str, span: (usize, usize)) -> String {
    // Long expressions show the place's neighbourhood only.
    const AROUND: usize = 30;
    let chars: Vec<char> = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let start = span.0.min(chars.len());
    let end = span.1.clamp(start, chars.len());
    let from = start.saturating_sub(AROUND);
    let to = (end.min(start + AROUND) + AROUND).min(chars.len());
    let lead = if from > 0 { "…" } else { "" };
    let tail = if to < chars.len() { "…" } else { "" };
    let shown: String = chars[from..to].iter().collect();
    let carets = (end - start).clamp(1, 2 * AROUND);
    let indent = start - from + lead.chars().count();
    format!("\n  {lead}{shown}{tail}\n  {}{}", " ".repeat(indent), "^".repeat(carets))
}

/// Prints one JSON document.
pub fn json(document: &impl Serialize) -> Result<()> {
    let mut out = std::io::stdout().lock();
    serde_json::to_writer(&mut out, document)?;
    out.write_all(b"\n")?;
    out.flush()?;
    Ok(())
}

/// Prints text for people.
pub fn text(text: &str) -> Result<()> {
    let mut out = anstream::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(())
}

/// A bar on the terminal; nothing where standard error is no terminal.
pub fn bar(steps: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(steps), ProgressDrawTarget::stderr_with_hz(10));
    let template = "{msg} [{bar:20}] {pos}/{len} {per_sec} left {eta}";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("━╸ "));
    }
    bar
}
