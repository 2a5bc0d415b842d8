//! Equations in LaTeX, in lines that fit the page.

use super::tex::is_greek_command;

/// What stands between a page's margins, in points, with a little to spare.
const WIDEST: f64 = 470.0;

/// Of what is equal, what stands to the left of all signs is narrower, so that the signs can be aligned.
const WIDEST_LEFT: f64 = WIDEST / 2.0;

/// A sign of equality with its spaces, and `\quad`.
const SIGN: f64 = 13.5;
const QUAD: f64 = 10.0;

/// The space between two pairs of aligned columns.
const APART: f64 = 14.0;

/// What is equal, from left to right.
pub(super) struct Equation {
    /// What stands to the left of all signs; nothing where the equation goes on.
    pub(super) left: String,
    /// What follows a sign each, with places where a line may break: before each piece.
    pub(super) parts: Vec<Vec<String>>,
}

impl Equation {
    pub(super) fn new(left: String, parts: Vec<Vec<String>>) -> Self {
        Self { left, parts }
    }

    /// As a half of a row: what stands left and right of the first sign.
    fn halves(&self) -> (String, String) {
        let parts: Vec<String> = self.parts.iter().map(|pieces| pieces.concat()).collect();
        (self.left.clone(), parts.join(" = "))
    }
}

/// Rows of aligned equations: of two side by side where every row is narrow enough.
pub(super) fn rows(rows: &[[Option<Equation>; 2]]) -> Vec<String> {
    let halves = |row: &[Option<Equation>; 2]| {
        [0, 1].map(|side| row[side].as_ref().map(Equation::halves).unwrap_or_default())
    };
    let written: Vec<_> = rows.iter().map(halves).collect();
    let widest = |side: usize| {
        let left = written.iter().map(|row| wide(&row[side].0)).fold(0.0, f64::max);
        left + SIGN + written.iter().map(|row| wide(&row[side].1)).fold(0.0, f64::max)
    };
    if widest(0) + widest(1) + APART > WIDEST {
        return lines(rows.iter().flatten().flatten());
    }
    let row = |[(a, b), (c, d)]: [(String, String); 2]| match d.is_empty() {
        true => format!("{a} &= {b}"),
        false if b.is_empty() => format!("& & {c} &= {d}"),
        false => format!("{a} &= {b}, & {c} &= {d}"),
    };
    written.into_iter().map(row).collect()
}

/// Equations below each other with their signs aligned, in as many lines as they need.
pub(super) fn lines<'a>(equations: impl Iterator<Item = &'a Equation>) -> Vec<String> {
    let equations: Vec<&Equation> = equations.collect();
    let lefts = equations.iter().map(|equation| wide(&equation.left));
    let left = lefts.filter(|wide| *wide <= WIDEST_LEFT).fold(0.0, f64::max);
    let mut page =
        Page { room: WIDEST - left - SIGN, used: 0.0, line: String::new(), lines: vec![] };
    for Equation { left, parts } in equations {
        page.line = format!("{left} ");
        if wide(left) > WIDEST_LEFT {
            page.line = format!("&{left}");
            page.next("");
        }
        for (at, pieces) in parts.iter().enumerate() {
            let whole: f64 = pieces.iter().map(|piece| wide(piece)).sum();
            match at > 0 && page.used + SIGN + whole > page.room {
                true => page.next("&= "),
                false if at > 0 => page.write(" = ", SIGN),
                false => page.write("&= ", 0.0),
            }
            for piece in pieces {
                let wide = wide(piece);
                if page.used > QUAD && page.used + wide > page.room {
                    page.next(r"&\quad ");
                    page.used = QUAD;
                }
                page.write(piece, wide);
            }
        }
        page.next("");
    }
    page.lines
}

/// Lines on their way.
struct Page {
    room: f64,
    used: f64,
    line: String,
    lines: Vec<String>,
}

impl Page {
    fn write(&mut self, text: &str, wide: f64) {
        self.line += text;
        self.used += wide;
    }

    /// Ends the line; the next one begins like this.
    fn next(&mut self, start: &str) {
        let line = std::mem::replace(&mut self.line, start.into());
        self.lines.push(line.trim().into());
        self.used = 0.0;
    }
}

/// About how wide LaTeX sets a formula, in points; rather more than less.
pub(super) fn wide(source: &str) -> f64 {
    group(&mut &*source, 0.0)
}

/// What comes up to the end of a group, where a space takes so much.
fn group(rest: &mut &str, space: f64) -> f64 {
    let mut sum = 0.0;
    while let Some(c) = next(rest) {
        sum += match c {
            '}' => break,
            '{' => group(rest, space),
            '_' | '^' => 0.75 * argument(rest, space),
            '\\' => command(rest, space),
            ' ' => space,
            '=' | '<' | '>' => SIGN,
            '+' | '-' => 12.2,
            'm' | 'w' => 8.8,
            'a'..='z' => 5.7,
            'A'..='Z' => 8.0,
            '(' | ')' | ',' | '\'' | '|' | '[' | ']' => 4.0,
            '0'..='9' | '.' => 5.0,
            _ => 10.0,
        };
    }
    sum
}

/// A group, or one character.
fn argument(rest: &mut &str, space: f64) -> f64 {
    match rest.starts_with('{') {
        true => {
            next(rest);
            group(rest, space)
        }
        false => {
            let one = next(rest).map_or(0, char::len_utf8);
            if one > 0 { 6.0 } else { 0.0 }
        }
    }
}

/// A command, with what it takes where that does not stand in the line.
fn command(rest: &mut &str, space: f64) -> f64 {
    let end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
    let (name, after) = rest.split_at(end);
    *rest = after;
    match name {
        "" => next(rest).map_or(0.0, |c| if c == ',' { 1.7 } else { 5.0 }),
        "frac" => argument(rest, space).max(argument(rest, space)) + 2.5,
        "tfrac" => 0.7 * argument(rest, space).max(argument(rest, space)) + 2.5,
        "begin" => {
            argument(rest, space);
            let (inside, after) = rest.split_once(r"\end{pmatrix}").unwrap_or((*rest, ""));
            *rest = after;
            matrix(inside)
        }
        "text" => argument(rest, 3.4),
        // The blanks of worksheets: a number in a frame, and a line of 14 mm.
        "blankno" => argument(rest, space) + 4.0,
        "blank" => argument(rest, space) + 6.0 + argument(rest, space).max(40.0),
        "mathrm" | "mathsf" | "otherscript" | "textstyle" => 0.0,
        "operatorname" | "left" | "right" => 2.0,
        "cdot" => 8.0,
        "odot" | "le" | "ge" | "ne" | "times" => 14.0,
        "quad" => QUAD,
        "partial" | "infty" | "dots" => 9.0,
        _ if is_greek_command(name) => 7.5,
        // Functions are written in upright letters.
        _ => 5.7 * name.len() as f64 + 2.0,
    }
}

/// The widest cells of all columns, the space between them, the parentheses.
fn matrix(inside: &str) -> f64 {
    let mut columns: Vec<f64> = Vec::new();
    for row in inside.split(r"\\") {
        for (at, cell) in row.split('&').enumerate() {
            let cell = wide(cell);
            match columns.get_mut(at) {
                Some(widest) => *widest = widest.max(cell),
                None => columns.push(cell),
            }
        }
    }
    columns.iter().map(|cell| cell + QUAD).sum::<f64>() + QUAD
}

fn next(rest: &mut &str) -> Option<char> {
    let c = rest.chars().next()?;
    *rest = rest.get(c.len_utf8()..).unwrap_or_default();
    Some(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_near_those_of_the_page() {
        // As pdflatex sets them in 10 points, by \settowidth.
        for (source, points) in [
            (r"\frac{\partial L}{\partial \mathrm{weight}}", 36.6),
            (r"u_{1} \cdot 0.5 = -0.268941", 89.1),
            (r"\begin{pmatrix}0.1 & 0.2 \\ -1.3 & 4\end{pmatrix}", 58.1),
        ] {
            let found = wide(source);
            assert!(found >= points && found < 1.4 * points, "{source}: {found} for {points}");
        }
    }

    #[test]
    fn what_is_too_wide_breaks_before_a_sign() {
        let long = |name: &str| vec![format!(r"\mathrm{{{}}}", name.repeat(50))];
        let equation = Equation::new("x".into(), vec![long("a"), long("b"), vec!["1".into()]]);
        let lines = lines([&equation].into_iter());
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(
            lines[0].starts_with(r"x &= \mathrm{aaa") && lines[1].starts_with(r"&= \mathrm{bbb")
        );
        assert!(lines[1].ends_with(" = 1"));
    }
}
