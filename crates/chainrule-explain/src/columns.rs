//! Text in columns, as terminals show it: cut to fit, wrapped, in tables.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use unicode_width::UnicodeWidthStr;

use super::value::{Value, digits, number};

/// Every line of a text explanation fits in this many columns.
pub(super) const COLUMNS: usize = 80;

/// The width on a terminal, where some scripts take two columns a letter.
///
/// ```
/// assert_eq!(chainrule_explain::width("aß한"), 4);
/// ```
#[must_use]
pub fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// A name as one line of a terminal or of a comment shows it: letters that would end the line, or steer the
/// terminal, as Rust writes them.
///
/// ```
/// assert_eq!(chainrule_explain::visible("line\nbreak"), r"line\nbreak");
/// assert_eq!(chainrule_explain::visible("naïve"), "naïve");
/// ```
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(steers) {
        return Cow::Borrowed(text);
    }
    let mut out = String::new();
    for letter in text.chars() {
        match steers(letter) {
            true => out.extend(letter.escape_default()),
            false => out.push(letter),
        }
    }
    Cow::Owned(out)
}

/// Whether a letter steers what shows it: controls, separators of lines and paragraphs, and what turns the
/// direction of writing; whether nobody sees it, so that two names with and without it look the same; or whether
/// it is none, as XML has it. What joins letters, as Persian and emoji need it, is none of these.
///
/// ```
/// assert!("\u{1b}\n\u{202e}\u{200b}\u{ffff}".chars().all(chainrule_explain::steers));
/// assert!(!"a b–한👩\u{200d}🏫".contains(chainrule_explain::steers));
/// ```
#[must_use]
pub fn steers(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fffe}'..='\u{ffff}')
        || matches!(letter, '\u{ad}' | '\u{200b}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

/// The text, cut to so many columns.
///
/// ```
/// assert_eq!(chainrule_explain::cut("gradient", 5), "grad…");
/// ```
#[must_use]
pub fn cut(text: &str, longest: usize) -> String {
    if width(text) <= longest {
        return text.into();
    }
    let mut out = String::new();
    for c in text.chars() {
        if width(&out) + width(c.encode_utf8(&mut [0; 4])) > longest.saturating_sub(1) {
            break;
        }
        out.push(c);
    }
    out + "…"
}

/// Names of at most so many columns each, none of which reads like another: of long ones the beginning
/// and the end are kept, where these are the same what differs, and else a number.
///
/// ```
/// let told_apart = |names: [&str; 3]| chainrule_explain::told_apart(&names.map(str::to_owned), 10);
/// let ends = ["a rather long name 1", "a rather long name 2", "b"];
/// assert_eq!(told_apart(ends), ["a rath…e 1", "a rath…e 2", "b"]);
/// let middles = ["a rather long 1 of all", "a rather long 2 of all", "b"];
/// assert_eq!(told_apart(middles), ["a r…1 of …", "a r…2 of …", "b"]);
/// ```
#[must_use]
pub fn told_apart(names: &[String], longest: usize) -> Vec<String> {
    let mut taken: HashSet<String> = HashSet::new();
    let mut alike: BTreeMap<String, BTreeSet<&String>> = BTreeMap::new();
    for name in names {
        match width(name) <= longest {
            true => _ = taken.insert(name.clone()),
            false => _ = alike.entry(shortened(name, longest)).or_default().insert(name),
        }
    }
    let (mut told, mut number) = (HashMap::new(), 1_usize);
    for (text, group) in alike {
        let same = common_start(&group);
        for name in &group {
            let differing = || from_the_middle(name, same, longest);
            let mut text = if group.len() > 1 { differing() } else { text.clone() };
            while !taken.insert(text.clone()) {
                let end = format!("…{number}");
                let start = cut(name, longest.saturating_sub(width(&end)).max(1));
                text = format!("{}{end}", start.trim_end_matches('…'));
                number += 1;
            }
            told.insert(name.as_str(), text);
        }
    }
    names.iter().map(|name| told.get(name.as_str()).unwrap_or(name).clone()).collect()
}

/// How many bytes all texts begin with, up to the word that differs.
fn common_start(texts: &BTreeSet<&String>) -> usize {
    let (Some(first), Some(last)) = (texts.first(), texts.last()) else { return 0 };
    let same = first.char_indices().zip(last.chars()).find(|((_, a), b)| a != b);
    let same = same.map_or(first.len().min(last.len()), |((at, _), _)| at);
    let start = first.get(..same).unwrap_or_default();
    start.rfind(' ').map_or(same, |at| at + 1)
}

/// The beginning of a text, and what stands from a place on.
fn from_the_middle(text: &str, place: usize, longest: usize) -> String {
    let piece = cut(text.get(place..).unwrap_or_default(), longest * 3 / 5);
    format!("{}{piece}", cut(text, longest.saturating_sub(width(&piece)).max(1)))
}

/// A long text without its middle.
fn shortened(text: &str, longest: usize) -> String {
    const LEAST: usize = 5;
    if width(text) <= longest || longest < LEAST {
        return cut(text, longest);
    }
    let tail = (longest - 1) * 2 / 5;
    let mut end = text.len();
    for (at, _) in text.char_indices().rev() {
        if width(text.get(at..).unwrap_or_default()) > tail {
            break;
        }
        end = at;
    }
    let end = text.get(end..).unwrap_or_default();
    format!("{}{end}", cut(text, longest - width(end)))
}

/// Writes rows with aligned columns: the first to the left, the others to the right. Where a row would
/// be wider than the page, its widest cell is cut.
///
/// ```
/// let mut text = String::new();
/// let row = |a: &str, b: &str| vec![a.to_owned(), b.to_owned()];
/// chainrule_explain::table(&mut text, &[row("layer", "norm"), row("affine1", "0.25")]);
/// assert_eq!(text, "  layer    norm\n  affine1  0.25\n");
/// ```
pub fn table(out: &mut String, rows: &[Vec<String>]) {
    table_within(out, rows, COLUMNS);
}

/// As [`table`], on a page of so many columns.
pub fn table_within(out: &mut String, rows: &[Vec<String>], page: usize) {
    let rows: Vec<Vec<Cow<'_, str>>> =
        rows.iter().map(|row| row.iter().map(|cell| visible(cell)).collect()).collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widest = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| width(cell)).max().unwrap_or(0)
    };
    let mut widths: Vec<usize> = (0..columns).map(widest).collect();
    while widths.iter().map(|w| w + 2).sum::<usize>() > page {
        match widths.iter_mut().max() {
            Some(most) if *most > 4 => *most -= 1,
            _ => break,
        }
    }
    let shown: Vec<Vec<String>> = widths
        .iter()
        .enumerate()
        .map(|(column, &wide)| {
            let cells =
                rows.iter().map(|row| row.get(column).map(ToString::to_string).unwrap_or_default());
            let cells: Vec<String> = cells.collect();
            let cut: Vec<String> = cells.iter().map(|cell| cut(cell, wide)).collect();
            // An end is worth more than the middle only where beginnings are alike.
            let different = |texts: &[String]| texts.iter().collect::<HashSet<_>>().len();
            if different(&cut) == different(&cells) { cut } else { told_apart(&cells, wide) }
        })
        .collect();
    for (number, row) in rows.iter().enumerate() {
        let mut line = String::new();
        for (column, &wide) in widths.iter().enumerate().take(row.len()) {
            let cell = shown.get(column).and_then(|cells| cells.get(number));
            let cell = cell.map_or("", String::as_str);
            let space = " ".repeat(wide.saturating_sub(width(cell)));
            line += &match column {
                0 => format!("  {cell}{space}"),
                _ => format!("  {space}{cell}"),
            };
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
}

/// Breaks words into lines that fit, each with the same indent.
///
/// ```
/// let mut text = String::new();
/// chainrule_explain::wrapped(&mut text, 2, "a few words");
/// assert_eq!(text, "  a few words\n");
/// ```
pub fn wrapped(out: &mut String, indent: usize, text: &str) {
    wrapped_within(out, indent, text, COLUMNS);
}

/// As [`wrapped`], on a page of so many columns.
pub fn wrapped_within(out: &mut String, indent: usize, text: &str, page: usize) {
    let mut line = " ".repeat(indent);
    // A per cent sign stays with its number.
    let text = text.replace(" %", "\u{a0}%");
    for word in text.split([' ', '\n']).filter(|word| !word.is_empty()).map(visible) {
        if width(&line) > indent && width(&line) + 1 + width(&word) > page {
            out.push_str(&line);
            out.push('\n');
            line = " ".repeat(indent);
        }
        if width(&line) > indent {
            line.push(' ');
        }
        line += &cut(&word.replace('\u{a0}', " "), page.saturating_sub(indent));
    }
    out.push_str(&line);
    out.push('\n');
}

/// An array of few numbers on one line, whose rows stay whole where the line is wrapped.
pub(super) fn unbroken(array: &str) -> String {
    // Longer rows would not fit on a narrow page.
    let is_short = |row: &str| width(row) <= COLUMNS / 2;
    match is_short(array) {
        true => array.replace(' ', "\u{a0}"),
        false if array.split("], ").all(is_short) => {
            array.replace(' ', "\u{a0}").replace("],\u{a0}", "], ")
        }
        false => array.to_owned(),
    }
}

/// A text that is written for so many columns.
pub struct Page {
    /// What is written.
    pub text: String,
    /// Its width.
    pub columns: usize,
}

impl Page {
    /// Words in lines that fit.
    pub fn wrapped(&mut self, indent: usize, words: &str) {
        wrapped_within(&mut self.text, indent, words, self.columns);
    }

    /// A line above a table, and an empty one around it.
    pub fn heading(&mut self, words: &str) {
        self.text.push('\n');
        self.wrapped(0, words);
        self.text.push('\n');
    }

    /// A table.
    pub fn table(&mut self, rows: &[Vec<String>]) {
        table_within(&mut self.text, rows, self.columns);
    }
}

/// Rows and columns up to these are printed, larger arrays summarised.
const MOST_ROWS: usize = 8;
const MOST_COLUMNS: usize = 8;

/// A value on one line of at most `longest` columns: the number, the array, or a summary of it.
pub(super) fn short(value: &Value, longest: usize) -> String {
    let text = value.to_string();
    if width(&text) <= longest {
        return text;
    }
    match value {
        Value::Number(_) => cut(&text, longest),
        Value::Array(_) if width(&summary(value)) <= longest => summary(value),
        Value::Array(_) => {
            cut(&format!("{} ‖{}‖", value.dims("×"), digits(value.norm(), 3)), longest)
        }
    }
}

/// Arrays of more numbers are shown by what they are and their first rows.
pub(super) const MOST_NUMBERS: usize = 12;

/// Of these so many rows are shown, and so many numbers of each.
const FIRST_ROWS: usize = 2;
const FIRST_NUMBERS: usize = 6;

/// The range and the first rows of an array that is not shown whole, for [`wrapped`]: lines break
/// between rows alone.
pub(super) fn first_rows(value: &Value) -> Option<String> {
    let numbers = value.numbers();
    if numbers.len() <= MOST_NUMBERS {
        return None;
    }
    let wide = value.shape().last().copied().unwrap_or_default().max(1);
    let (low, high) = range(&numbers);
    let row = |row: &[f64]| {
        let cells = row.iter().take(FIRST_NUMBERS).map(|x| digits(*x, 3));
        let rest = (row.len() > FIRST_NUMBERS).then(|| "…".into());
        format!("[{}]", cells.chain(rest).collect::<Vec<String>>().join(",\u{a0}"))
    };
    let rest = (numbers.len() > FIRST_ROWS * wide).then(|| "…".into());
    let rows: Vec<String> = numbers.chunks(wide).take(FIRST_ROWS).map(row).chain(rest).collect();
    Some(format!("{}…{}: {}", digits(low, 3), digits(high, 3), rows.join(", ")))
}

fn range(numbers: &[f64]) -> (f64, f64) {
    let widened = |(low, high): (f64, f64), x: &f64| (low.min(*x), high.max(*x));
    numbers.iter().fold((f64::INFINITY, f64::NEG_INFINITY), widened)
}

/// A value on as many lines as it needs.
pub(super) fn lines(value: &Value, indent: usize) -> Vec<String> {
    let text = value.to_string();
    let shape = value.shape();
    if width(&text) + indent <= COLUMNS && (shape.len() < 2 || shape.first() == Some(&1)) {
        return vec![text];
    }
    let rows: &[Value] = match value {
        Value::Array(rows) if shape.len() == 2 => rows,
        _ => return summarised(value, indent),
    };
    let cells: Vec<Vec<String>> =
        rows.iter().map(|row| row.numbers().iter().map(|x| number(*x)).collect()).collect();
    let wide = cells.iter().flatten().map(|cell| width(cell)).max().unwrap_or(0);
    let columns = cells.first().map_or(0, Vec::len);
    if rows.len() > MOST_ROWS || columns > MOST_COLUMNS || columns * (wide + 2) + indent > COLUMNS {
        return summarised(value, indent);
    }
    let line = |row: &Vec<String>| {
        row.iter().map(|cell| format!("{}{cell}", " ".repeat(wide - width(cell) + 2))).collect()
    };
    cells.iter().map(line).collect()
}

/// What an array is, and its first rows.
fn summarised(value: &Value, indent: usize) -> Vec<String> {
    let mut rows = String::new();
    if let Some(text) = first_rows(value) {
        wrapped_within(&mut rows, 0, &text, COLUMNS - indent);
    }
    let summary = cut(&summary(value), COLUMNS - indent);
    std::iter::once(summary).chain(rows.lines().map(Into::into)).collect()
}

/// Shape, mean, range and norm.
fn summary(value: &Value) -> String {
    let numbers = value.numbers();
    let (low, high) = range(&numbers);
    let mean = numbers.iter().sum::<f64>() / numbers.len().max(1) as f64;
    let digits = |x| digits(x, 3);
    format!(
        "{:?} mean {} range {}…{} norm {}",
        value.shape(),
        digits(mean),
        digits(low),
        digits(high),
        digits(value.norm())
    )
}
