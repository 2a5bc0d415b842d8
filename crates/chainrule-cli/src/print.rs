//! Printing for people: errors, numbers, the progress bar.

use std::fs::{self, File, OpenOptions};
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use chainrule_explain::{cut, digits, visible, width};
use chainrule_train::RunFolder;
use chainrule_train::readme::counted;
use chainrule_train::system::{folder_of, is_open_file, staging_file};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use terminal_size::{Width, terminal_size_of};

const RED: anstyle::Style = anstyle::AnsiColor::Red.on_default().bold();
const YELLOW: anstyle::Style = anstyle::AnsiColor::Yellow.on_default().bold();

/// Prints an error, and for a text a caret under the place.
pub fn error(error: &anyhow::Error) {
    let text = format!("error: {error:#}");
    let excerpt = error.chain().find_map(|cause| match cause.downcast_ref::<crate::Pointed>() {
        Some(pointed) => Some(pointed.excerpt.as_str()),
        None => cause.downcast_ref::<chainrule::Error>()?.excerpt(),
    });
    // Any other end of a line is a name's.
    let said = excerpt.and_then(|excerpt| text.strip_suffix(excerpt));
    let said = said.map_or(&*text, |said| said.trim_end_matches('\n'));
    let (said, excerpt) = text.split_at(said.len());
    let said = fitted(&shortened(&visible(said)), notice_columns());
    let said = said.trim_start_matches("error");
    let _ =
        writeln!(anstream::stderr().lock(), "{RED}error{RED:#}{said}{}", visible_lines(excerpt));
}

/// A message in which no name goes on and on, whatever blanks it has, so that what would be right is seen.
fn shortened(message: &str) -> String {
    const LONGEST: usize = 1000;
    message.split('`').map(|part| cut(part, LONGEST)).collect::<Vec<_>>().join("`")
}

/// Prints progress on standard error. Where nobody can read it, the work goes on.
pub fn progress(text: &str) {
    let _ = writeln!(anstream::stderr().lock(), "{}", visible_lines(text));
}

/// As [`progress`], in lines that fit the terminal; names within are of files and cells.
pub fn notice(text: &str) {
    let _ =
        writeln!(anstream::stderr().lock(), "{}", fitted(&visible_lines(text), notice_columns()));
}

/// The text with what is no letter shown, but for the ends of its lines.
fn visible_lines(text: &str) -> String {
    text.split('\n').map(shown).collect::<Vec<_>>().join("\n")
}

/// A line with what is no letter shown. Of one that no person reads, as it has a name of a megabyte, the ends are.
fn shown(line: &str) -> String {
    const MOST: usize = 4000;
    let letters = line.chars().count();
    if letters <= MOST {
        return visible(line).into_owned();
    }
    let ends = |from: usize| line.chars().skip(from).take(MOST / 2).collect::<String>();
    visible(&format!("{} … {}", ends(0), ends(letters - MOST / 2))).into_owned()
}

/// The columns that notices may take, where that is known.
pub fn notice_columns() -> Option<usize> {
    columns(terminal_size_of(std::io::stderr()))
}

/// Prints what should be known of a work that goes on, a warning a line.
pub fn warnings(lines: impl IntoIterator<Item = String>) {
    for line in lines {
        let line = fitted(
            &format!("warning: {}", shown(&line)),
            columns(terminal_size_of(std::io::stderr())),
        );
        let said = line.trim_start_matches("warning");
        let _ = writeln!(anstream::stderr().lock(), "{YELLOW}warning{YELLOW:#}{said}");
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
    let width_of = |part: &[char]| width(&part.iter().collect::<String>());
    let carets = width_of(&chars[start..end]).clamp(1, 2 * AROUND);
    let indent = width_of(&chars[from..start]) + width(lead);
    format!("\n  {lead}{shown}{tail}\n  {}{}", " ".repeat(indent), "^".repeat(carets))
}

/// A score as people read it.
pub fn score(value: f64) -> String {
    digits(value, 4)
}

/// A time as people read it: `0.3 ms`, `1.2 s`, `1 min 20 s`, `2 h 5 min`.
pub fn time(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    match seconds {
        _ if seconds < 0.995e-3 => format!("{} ms", digits(seconds * 1e3, 1)),
        _ if seconds < 0.995 => format!("{} ms", digits(seconds * 1e3, 2)),
        _ if whole < 60 => format!("{} s", digits(seconds, 2)),
        _ if whole < 3600 => format!("{} min {} s", whole / 60, whole % 60),
        _ => format!("{} h {} min", whole / 3600, whole % 3600 / 60),
    }
}

/// How many a second, as people read it: `4.4 k rows/s`.
pub fn rate(per_second: f64, what: &str) -> String {
    let (scale, unit) = match per_second {
        ..999.5 => (1.0, ""),
        ..999.5e3 => (1e3, "k "),
        ..999.5e6 => (1e6, "M "),
        _ => (1e9, "G "),
    };
    format!("{} {unit}{what}/s", digits(per_second / scale, 2))
}

/// The columns that tables on standard output may take.
pub fn table_columns() -> usize {
    columns(terminal_size_of(std::io::stdout())).unwrap_or(80)
}

/// The columns of what is printed whole into pipes: any.
pub fn prose_columns() -> usize {
    columns(terminal_size_of(std::io::stdout())).unwrap_or(usize::MAX)
}

/// As [`prose_columns`], on standard error.
pub fn progress_columns() -> usize {
    columns(terminal_size_of(std::io::stderr())).unwrap_or(usize::MAX)
}

/// The columns of a terminal, or what `COLUMNS` says. Into pipes and files sentences go whole, so that
/// they can be searched.
fn columns<H>(terminal: Option<(Width, H)>) -> Option<usize> {
    let told = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
    let own = || terminal.map(|(Width(columns), _)| usize::from(columns));
    told.or_else(own).filter(|columns| *columns > 0)
}

/// The text with lines broken between words where they are wider than `columns`. No word is broken: a
/// path or a command is there to be copied.
fn fitted(text: &str, columns: Option<usize>) -> String {
    let Some(columns) = columns else { return text.replace(JOINED, " ") };
    let mut out = String::new();
    for line in text.split_inclusive('\n') {
        let squeezed = squeezed(line);
        let fitting = [line, &squeezed].into_iter().find(|line| width(line.trim_end()) <= columns);
        if let Some(line) = fitting {
            out += line;
            continue;
        }
        let own = line.len() - line.trim_start().len();
        let (mut at, mut indent) = (0, &line[..own]);
        for word in line.trim_start().split_inclusive(' ') {
            if at > 0 && at + width(word.trim_end()) > columns {
                out.truncate(out.trim_end().len());
                out.push('\n');
                (at, indent) = (0, &"                "[..(own + 2).min(16)]);
            }
            if at == 0 {
                out += indent;
                at = indent.len();
            }
            out += word;
            at += width(word.trim_end_matches('\n'));
        }
    }
    out.replace(JOINED, " ")
}

/// A blank at which no line is broken.
pub const JOINED: char = '\u{a0}';

/// A line with single blanks between its words.
fn squeezed(line: &str) -> String {
    let words = line.trim_start();
    let mut out = line[..line.len() - words.len()].to_owned();
    for c in words.chars() {
        if c != ' ' || !out.ends_with(' ') {
            out.push(c);
        }
    }
    out
}

/// Prints one JSON document.
pub fn json(document: &impl Serialize) -> Result<()> {
    data(&(serde_json::to_string(document)? + "\n"))
}

/// Prints sentences for people, in lines that fit the terminal.
pub fn prose(sentences: &str) -> Result<()> {
    text(&fitted(&visible_lines(sentences), columns(terminal_size_of(std::io::stdout()))))
}

/// Prints text for people.
pub fn text(text: &str) -> Result<()> {
    write_out(&visible_lines(text))
}

/// Prints what programs read: as it is, but on a terminal, which letters of a file's may not steer.
pub fn data(text: &str) -> Result<()> {
    match std::io::stdout().is_terminal() {
        true => write_out(&visible_lines(text)),
        false => write_out(text),
    }
}

fn write_out(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).context("standard output")
}

/// Refuses to write over a file of the run that is asked, or over what a command reads.
pub fn spare(path: &Path, run: Option<&RunFolder>, inputs: &[&Path]) -> Result<()> {
    let same = |input: &&Path| match (fs::canonicalize(input), fs::canonicalize(path)) {
        (Ok(one), Ok(other)) => one == other && one.is_file(),
        _ => false,
    };
    let what = match run {
        Some(run) if run.owns(path) => "is a file of the run",
        _ if inputs.iter().any(same) => "is what the command reads",
        _ => return Ok(()),
    };
    bail!(crate::Usage(format!("{} {what}; write to another file", path.display())))
}

/// Writes a file whole or not at all. Pipes and devices are written into; a link leads to its file;
/// a file that exists keeps its mode, and that it was replaced is said.
pub fn write_file(path: &Path, text: &str) -> Result<()> {
    write_bytes(path, text.as_bytes())
}

/// As [`write_file`], for what is no text.
pub fn write_bytes(path: &Path, bytes: &[u8]) -> Result<()> {
    let before = fs::metadata(path).ok().filter(|there| there.is_file() && there.len() > 0);
    let before = before.filter(|_| !is_open_file(path));
    write(path, bytes)?;
    if let Some(before) = before {
        let bytes = counted(before.len() as usize, "byte");
        notice(&format!("replaced {} ({bytes})", path.display()));
    }
    Ok(())
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
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
    let folder = folder_of(path);
    if !folder.is_dir() {
        bail!("there is no folder {}", folder.display());
    }
    let file = staging_file(folder, ".tmp")?;
    file.as_file().write_all(bytes)?;
    if let Some(mode) = mode {
        File::set_permissions(file.as_file(), mode)?;
    }
    file.persist(path).map_err(|failed| failed.error)?;
    Ok(())
}

/// A bar on the terminal; nothing where standard error is no terminal.
pub fn bar(steps: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(steps), ProgressDrawTarget::stderr_with_hz(10));
    let template = "{msg} {wide_bar} {eta} left";
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
        assert_eq!(shown, ["0.9667", "123456", "0", "4.2e-7", "-1.5e30", "NaN"]);
    }

    #[test]
    fn times_and_rates_are_rounded_as_people_read_them() {
        let shown = [0.000_096_6, 0.0123, 0.999, 1.234, 12.4, 59.6, 80.2, 3600.0, 7534.0].map(time);
        let wanted = ["0.1 ms", "12 ms", "1 s", "1.2 s", "12 s", "1 min 0 s", "1 min 20 s"];
        assert_eq!(shown[..7], wanted);
        assert_eq!(shown[7..], ["1 h 0 min", "2 h 5 min"]);
        let shown = [0.25, 98.76, 4440.4538, 999_600.0, 2.34e9].map(|x| rate(x, "rows"));
        let wanted = ["0.25 rows/s", "99 rows/s", "4.4 k rows/s", "1 M rows/s", "2.3 G rows/s"];
        assert_eq!(shown, wanted);
    }

    #[test]
    fn sentences_fit_and_words_stay_whole() {
        let text = "  a few words, and /a/path/that/is/long\nshort\n";
        assert_eq!(fitted("as many   blanks", Some(14)), "as many blanks");
        assert_eq!(fitted("run a\u{a0}call", Some(9)), "run\n  a call");
        assert_eq!(fitted(text, None), text);
        let narrow = "  a few\n    words,\n    and\n    /a/path/that/is/long\nshort\n";
        assert_eq!(fitted(text, Some(10)), narrow);
        assert_eq!(fitted(text, Some(60)), text);
    }
}
