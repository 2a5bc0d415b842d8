//! Tables and plots of characters.

use unicode_width::UnicodeWidthStr;

use super::super::value::{digits, number, signed};
use super::super::{Sweep, Value};

/// Every line of a text explanation fits in this many columns.
pub(super) const COLUMNS: usize = 80;

/// The width on a terminal, where some scripts take two columns a letter.
pub(super) fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// The text, cut to so many columns.
pub(crate) fn cut(text: &str, longest: usize) -> String {
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
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widest = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| width(cell)).max().unwrap_or(0)
    };
    let mut widths: Vec<usize> = (0..columns).map(widest).collect();
    while widths.iter().map(|w| w + 2).sum::<usize>() > COLUMNS {
        match widths.iter_mut().max() {
            Some(most) if *most > 4 => *most -= 1,
            _ => break,
        }
    }
    for row in rows {
        let mut line = String::new();
        for (column, (cell, &wide)) in row.iter().zip(&widths).enumerate() {
            let cell = cut(cell, wide);
            let space = " ".repeat(wide - width(&cell));
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
    let mut line = " ".repeat(indent);
    // A per cent sign stays with its number.
    let text = text.replace(" %", "\u{a0}%");
    for word in text.split([' ', '\n']).filter(|word| !word.is_empty()) {
        if width(&line) > indent && width(&line) + 1 + width(word) > COLUMNS {
            out.push_str(&line);
            out.push('\n');
            line = " ".repeat(indent);
        }
        if width(&line) > indent {
            line.push(' ');
        }
        line += &cut(&word.replace('\u{a0}', " "), COLUMNS - indent);
    }
    out.push_str(&line);
    out.push('\n');
}

/// Rows and columns up to these are printed, larger arrays summarised.
const MOST_ROWS: usize = 8;
const MOST_COLUMNS: usize = 8;

/// A value on one line of at most `longest` columns: the number, the array, or a summary of it.
pub(crate) fn short(value: &Value, longest: usize) -> String {
    let text = value.to_string();
    if width(&text) <= longest {
        return text;
    }
    match value {
        Value::Number(_) => cut(&text, longest),
        Value::Array(_) if width(&summary(value)) <= longest => summary(value),
        Value::Array(_) => {
            let dims: Vec<String> = value.shape().iter().map(ToString::to_string).collect();
            cut(&format!("{} ‖{}‖", dims.join("×"), digits(norm(value), 3)), longest)
        }
    }
}

fn norm(value: &Value) -> f64 {
    value.numbers().iter().map(|x| x * x).sum::<f64>().sqrt()
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
        _ => return vec![cut(&summary(value), COLUMNS - indent)],
    };
    let cells: Vec<Vec<String>> =
        rows.iter().map(|row| row.numbers().iter().map(|x| number(*x)).collect()).collect();
    let wide = cells.iter().flatten().map(|cell| width(cell)).max().unwrap_or(0);
    let columns = cells.first().map_or(0, Vec::len);
    if rows.len() > MOST_ROWS || columns > MOST_COLUMNS || columns * (wide + 2) + indent > COLUMNS {
        return vec![cut(&summary(value), COLUMNS - indent)];
    }
    let line = |row: &Vec<String>| {
        row.iter().map(|cell| format!("{}{cell}", " ".repeat(wide - width(cell) + 2))).collect()
    };
    cells.iter().map(line).collect()
}

/// Shape, mean, range and norm.
pub(super) fn summary(value: &Value) -> String {
    let numbers = value.numbers();
    let (low, high) = numbers
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &x| (low.min(x), high.max(x)));
    let mean = numbers.iter().sum::<f64>() / numbers.len().max(1) as f64;
    let digits = |x| digits(x, 3);
    format!(
        "{:?} mean {} range {}…{} norm {}",
        value.shape(),
        digits(mean),
        digits(low),
        digits(high),
        digits(norm(value))
    )
}

/// The plot's size in characters.
const PLOT: (usize, usize) = (64, 17);

/// A sweep as a plot of characters: `*` the curve, `·` its tangent, `o` where the tangent touches.
pub(super) fn plot(out: &mut String, sweep: &Sweep) {
    let curve = |point: &super::super::SweepPoint| point.loss.unwrap_or(point.output);
    let finite = sweep.points.iter().map(curve).filter(|y| y.is_finite());
    let (low, high) =
        finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), y| (low.min(y), high.max(y)));
    let (Some(first), Some(last)) = (sweep.points.first(), sweep.points.last()) else { return };
    if low > high {
        return;
    }
    let (wide, tall) = PLOT;
    let span = if high > low { high - low } else { 1.0 };
    let row = |y: f64| {
        let part = (high - y) / span * (tall - 1) as f64;
        (part.is_finite() && part > -0.5 && part < tall as f64 - 0.5).then(|| part.round() as usize)
    };
    let column = |x: f64| {
        let part = (x - first.at) / (last.at - first.at) * (wide - 1) as f64;
        (part.is_finite() && part >= -0.5 && part < wide as f64 - 0.5)
            .then(|| part.round() as usize)
    };
    let mut cells = vec![vec![' '; wide]; tall];
    let mut put = |x: f64, y: f64, mark: char| {
        if let (Some(row), Some(column)) = (row(y), column(x)) {
            cells[row][column] = mark;
        }
    };
    for point in &sweep.points {
        put(point.at, point.tangent, '·');
    }
    for point in &sweep.points {
        put(point.at, curve(point), '*');
    }
    if let Some(touch) = tangent_at(sweep) {
        put(sweep.at, touch, 'o');
    }
    let margin = [high, low].map(|y| width(&number(y))).into_iter().max().unwrap_or(0);
    for (at, line) in cells.iter().enumerate() {
        let label = match at {
            0 => number(high),
            _ if at + 1 == tall => number(low),
            _ => String::new(),
        };
        let line: String = line.iter().collect();
        let text = format!("  {}{label} │{line}", " ".repeat(margin.saturating_sub(width(&label))));
        out.push_str(cut(text.trim_end(), COLUMNS).as_str());
        out.push('\n');
    }
    let indent = " ".repeat(margin + 3);
    out.push_str(&format!("{indent}└{}\n", "─".repeat(wide)));
    let (left, right) = (number(first.at), number(last.at));
    let gap = wide.saturating_sub(width(&left) + width(&right));
    out.push_str(&format!("{indent} {left}{}{right}\n", " ".repeat(gap)));
}

/// The tangent's value where it touches.
fn tangent_at(sweep: &Sweep) -> Option<f64> {
    let [a, b] = [sweep.points.first()?, sweep.points.last()?];
    let slope = (b.tangent - a.tangent) / (b.at - a.at);
    Some(a.tangent + slope * (sweep.at - a.at))
}

/// A change such as `x +1`.
pub(super) fn change(name: &str, delta: &Value) -> String {
    match delta {
        Value::Number(delta) => format!("{name} {}", signed(*delta)),
        Value::Array(_) => format!("{name} + {}", short(delta, 18)),
    }
}
