//! Printing for people: errors, numbers, the progress bar.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use chainrule_train::system::{is_open_file, staging_file};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

const RED: anstyle::Style = anstyle::AnsiColor::Red.on_default().bold();
const YELLOW: anstyle::Style = anstyle::AnsiColor::Yellow.on_default().bold();

/// Prints an error, and for an expression a caret under the place.
pub fn error(error: &anyhow::Error) {
    let mut err = anstream::stderr().lock();
    let _ = writeln!(err, "{RED}error{RED:#}: {error:#}");
}

/// Prints a line of progress on standard error. Where nobody can read it, the work goes on.
pub fn progress(line: &str) {
    let _ = writeln!(anstream::stderr().lock(), "{line}");
}

/// Prints what should be known of a work that goes on, a warning a line.
pub fn warnings(lines: impl IntoIterator<Item = String>) {
    for line in lines {
        let _ = writeln!(anstream::stderr().lock(), "{YELLOW}warning{YELLOW:#}: {line}");
    }
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
    // Some scripts take two columns a letter.
    let width = |part: &[char]| chainrule_explain::width(&part.iter().collect::<String>());
    let carets = width(&chars[start..end]).clamp(1, 2 * AROUND);
    let indent = width(&chars[from..start]) + chainrule_explain::width(lead);
    format!("\n  {lead}{shown}{tail}\n  {}{}", " ".repeat(indent), "^".repeat(carets))
}

/// A score as people read it: with four decimals, or a power of ten where those would say little.
pub fn score(value: f64) -> String {
    match value.abs() {
        size if size == 0.0 || !size.is_finite() || (1e-3..1e7).contains(&size) => {
            format!("{value:.4}")
        }
        _ => format!("{value:.3e}"),
    }
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

/// Writes a file whole or not at all. Pipes and devices are written into; a link leads to its file;
/// a file that exists keeps its mode.
pub fn write_file(path: &Path, text: &str) -> Result<()> {
    write_bytes(path, text.as_bytes())
}

/// As [`write_file`], for what is no text.
pub fn write_bytes(path: &Path, bytes: &[u8]) -> Result<()> {
    let write = || match fs::metadata(path) {
        Ok(there) if there.is_dir() => bail!("is a folder; give the name of a file"),
        Ok(there) if !there.is_file() || is_open_file(path) => {
            let mut file = OpenOptions::new().append(true).open(path)?;
            Ok(file.write_all(bytes)?)
        }
        Ok(there) => {
            let path = fs::canonicalize(path)?;
            // Asks for leave to change this very file, which replacing it would not.
            OpenOptions::new().write(true).open(&path)?;
            replace(&path, bytes, Some(there.permissions()))
        }
        Err(_) => replace(&end_of_links(path)?, bytes, None),
    };
    write().with_context(|| format!("{}", path.display()))
}

/// Where a chain of links leads whose last file does not exist yet.
fn end_of_links(path: &Path) -> Result<PathBuf> {
    const MOST: usize = 40;
    let mut path = path.to_owned();
    for _ in 0..MOST {
        match fs::read_link(&path) {
            Ok(target) => path = path.parent().unwrap_or(Path::new("")).join(target),
            Err(_) => return Ok(path),
        }
    }
    bail!("too many links lead on from here")
}

/// Puts a new file at `path` by renaming, with this mode or that of the user's umask.
fn replace(path: &Path, bytes: &[u8], mode: Option<fs::Permissions>) -> Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    if !folder.is_dir() {
        bail!("there is no folder {}", folder.display());
    }
    let mut file = staging_file(folder, ".tmp")?;
    file.write_all(bytes)?;
    if let Some(mode) = mode {
        File::set_permissions(file.as_file(), mode)?;
    }
    file.persist(path)?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_keep_digits_that_say_something() {
        let shown = [0.96667, 123_456.5, 0.0, 4.2e-7, -1.5e30, f64::NAN].map(score);
        assert_eq!(shown, ["0.9667", "123456.5000", "0.0000", "4.200e-7", "-1.500e30", "NaN"]);
    }
}
