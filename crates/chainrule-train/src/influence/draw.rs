//! Bars beside names.

use chainrule_explain::chart::{Align, Drawing, Ink, Mark, text_width};
use chainrule_explain::{digits, told_apart};

const MARGIN: f64 = 16.0;
/// The height of a row, and that of its bar.
const ROW: f64 = 24.0;
const BAR: f64 = 14.0;
/// The widths of the names, of a panel, and of its longest bar.
const NAMES: f64 = 190.0;
const PANEL: f64 = 210.0;
const LONGEST: f64 = 130.0;

/// A bar, and how far it reaches to both sides of its end.
pub(super) struct Bar {
    pub(super) value: f64,
    pub(super) spread: f64,
}

/// Named rows of bars, a panel for each of their columns with a scale of its own that begins at 0.
pub(super) fn bars(title: &str, panels: &[&str], rows: &[(String, Vec<Bar>)]) -> Drawing {
    let wide = 2.0 * MARGIN + NAMES + panels.len() as f64 * PANEL;
    let wide = wide.max(text_width(title) + 2.0 * MARGIN);
    let mut drawing = Drawing::new(wide, 64.0 + rows.len() as f64 * ROW + MARGIN);
    drawing.text((MARGIN, 20.0), Align::Start, title);
    let panels: Vec<String> = panels.iter().map(|&panel| panel.to_owned()).collect();
    for (number, panel) in told_apart(&panels, 26).into_iter().enumerate() {
        let left = MARGIN + NAMES + number as f64 * PANEL;
        drawing.text((left, 46.0), Align::Start, panel);
        let of = |row: &(String, Vec<Bar>)| {
            row.1.get(number).map_or((0.0, 0.0), |bar| (bar.value, bar.spread))
        };
        let finite = |x: f64| if x.is_finite() { x } else { 0.0 };
        let ends = rows.iter().map(of).map(|(x, s)| (finite(x - s), finite(x + s)));
        let (low, high) = ends.fold((0.0_f64, 0.0_f64), |(l, h), (a, b)| (l.min(a), h.max(b)));
        let scale = if high > low { LONGEST / (high - low) } else { 0.0 };
        let zero = left - low * scale;
        for (at, row) in rows.iter().enumerate() {
            let (value, spread) = of(row);
            let middle = 64.0 + at as f64 * ROW + ROW / 2.0;
            let end = zero + finite(value) * scale;
            drawing.marks.push(Mark::Area {
                corner: (zero.min(end), middle - BAR / 2.0),
                size: ((end - zero).abs(), BAR),
                ink: Ink::Series(number),
                opacity: 0.85,
            });
            let reach = finite(spread) * scale;
            if reach > 0.5 {
                let points = vec![(end - reach, middle), (end + reach, middle)];
                drawing.marks.push(Mark::Line { points, ink: Ink::Text, width: 1.5 });
            }
            let beside = end.max(zero) + reach + 6.0;
            drawing.text((beside, middle), Align::Start, digits(value, 3));
        }
        let bottom = 64.0 + rows.len() as f64 * ROW;
        let points = vec![(zero, 60.0), (zero, bottom)];
        drawing.marks.push(Mark::Line { points, ink: Ink::Muted, width: 1.0 });
    }
    let names: Vec<String> = rows.iter().map(|(name, _)| name.clone()).collect();
    for (at, name) in told_apart(&names, 22).into_iter().enumerate() {
        let middle = 64.0 + at as f64 * ROW + ROW / 2.0;
        drawing.text((MARGIN, middle), Align::Start, name);
    }
    drawing
}
