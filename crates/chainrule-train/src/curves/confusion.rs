//! The confusion matrix as a picture.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};

use super::{Drawn, INK, PALETTE, cut, ink, png, svg, width};
use chainrule::error::{Error, Result};

/// The confusion matrix as an SVG document: a row per true class, a column per predicted class. A
/// cell is the darker the larger its share of its row, by the share's square root, so that rare
/// mistakes are seen as well; it holds the count where there is room.
///
/// ```
/// use chainrule_train::curves::confusion_svg;
/// let names = ["cat", "dog"].map(String::from);
/// let picture = confusion_svg(&names, &[vec![9, 1], vec![0, 10]])?;
/// assert!(picture.contains("cat") && picture.contains("10"));
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// # Errors
/// Another number of names than of rows, a row of another length, no class, or more than 1000.
pub fn confusion_svg(names: &[String], confusion: &[Vec<u64>]) -> Result<String> {
    let layout = Layout::new(names, confusion)?;
    svg(layout.size, |backend| layout.draw(names, confusion, backend))
}

/// The same picture as a PNG file's bytes.
///
/// ```
/// use chainrule_train::curves::confusion_png;
/// let names = ["cat", "dog"].map(String::from);
/// assert!(confusion_png(&names, &[vec![9, 1], vec![0, 10]])?.starts_with(b"\x89PNG"));
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// # Errors
/// As [`confusion_svg`].
pub fn confusion_png(names: &[String], confusion: &[Vec<u64>]) -> Result<Vec<u8>> {
    let layout = Layout::new(names, confusion)?;
    png(layout.size, |backend| layout.draw(names, confusion, backend))
}

/// Classes that a picture holds.
const CLASSES: usize = 1000;

/// Letters of a class's name.
const LETTERS: usize = 18;

/// The height of a line of text.
const LINE: i32 = 20;

const MARGIN: i32 = 10;

/// Sizes and places in pixels.
struct Layout {
    size: (u32, u32),
    /// The side of a cell.
    cell: i32,
    /// The upper left corner of the cells.
    corner: (i32, i32),
    /// Whether cells are large enough for the classes' names beside them.
    named: bool,
    /// Whether the columns' names stand upright.
    upright: bool,
}

impl Layout {
    fn new(names: &[String], confusion: &[Vec<u64>]) -> Result<Self> {
        let classes = confusion.len();
        let known = (1..=CLASSES).contains(&classes);
        Error::check(known, "the number of classes of a picture", classes, "from 1 to 1000")?;
        if names.len() != classes || confusion.iter().any(|row| row.len() != classes) {
            return Err(Error::Mismatch(format!(
                "a confusion matrix of {classes} rows needs as many columns and names ({} names)",
                names.len()
            )));
        }
        let cell = (480 / classes as i32).clamp(2, 56);
        let named = cell >= LINE - 4;
        let longest = names.iter().map(|name| width(&cut(name, LETTERS))).max().unwrap_or(0);
        let upright = longest > cell - 4;
        let (left, top) = match (named, upright) {
            (false, _) => (0, 0),
            (true, false) => (longest + 8, LINE),
            (true, true) => (longest + 8, longest + 8),
        };
        let corner = (MARGIN + left, MARGIN + 2 * LINE + top);
        let side = cell * classes as i32;
        let right = (corner.0 + side).max(MARGIN + width(HEADING)) + MARGIN;
        let size = (right as u32, (corner.1 + side + MARGIN) as u32);
        Ok(Self { size, cell, corner, named, upright })
    }

    fn draw<B: DrawingBackend>(
        &self,
        names: &[String],
        confusion: &[Vec<u64>],
        backend: B,
    ) -> Drawn<B> {
        let paper = backend.into_drawing_area();
        paper.fill(&WHITE)?;
        let heading = ink(HPos::Left, VPos::Top);
        paper.draw_text(HEADING, &heading, (MARGIN, MARGIN))?;
        let (left, top) = self.corner;
        for (number, (name, counts)) in (0..).zip(names.iter().zip(confusion)) {
            let (name, along) = (cut(name, LETTERS), number * self.cell);
            if self.named {
                let row = ink(HPos::Right, VPos::Center);
                paper.draw_text(&name, &row, (left - 6, top + along + self.cell / 2))?;
                let (style, place) = self.column_name(along);
                paper.draw_text(&name, &style, place)?;
            }
            let row: u64 = counts.iter().sum();
            for (column, &count) in (0..).zip(counts).filter(|(_, count)| **count > 0) {
                let corner = (left + column * self.cell, top + along);
                self.cell(&paper, corner, count, count as f64 / row.max(1) as f64)?;
            }
        }
        let side = self.cell * confusion.len() as i32;
        paper.draw(&Rectangle::new([(left, top), (left + side, top + side)], INK))?;
        paper.present()
    }

    fn column_name<'a>(&self, along: i32) -> (TextStyle<'a>, (i32, i32)) {
        let (x, y) = (self.corner.0 + along + self.cell / 2, self.corner.1);
        match self.upright {
            true => (ink(HPos::Left, VPos::Center).transform(FontTransform::Rotate270), (x, y - 6)),
            false => (ink(HPos::Center, VPos::Bottom), (x, y - 4)),
        }
    }

    fn cell<B: DrawingBackend>(
        &self,
        paper: &DrawingArea<B, plotters::coord::Shift>,
        (x, y): (i32, i32),
        count: u64,
        share: f64,
    ) -> Drawn<B> {
        let depth = share.sqrt();
        let tint = |full: u8| (255.0 - depth * (255.0 - f64::from(full))) as u8;
        let RGBColor(red, green, blue) = PALETTE[0];
        let fill = RGBColor(tint(red), tint(green), tint(blue)).filled();
        paper.draw(&Rectangle::new([(x, y), (x + self.cell, y + self.cell)], fill))?;
        let text = count.to_string();
        if !self.named || width(&text) + 2 > self.cell {
            return Ok(());
        }
        let colour = if depth > 0.6 { WHITE } else { INK };
        let style = ink(HPos::Center, VPos::Center).color(&colour);
        paper.draw_text(&text, &style, (x + self.cell / 2, y + self.cell / 2))
    }
}

const HEADING: &str = "rows: true class, columns: predicted class";
