//! The confusion matrix as a picture.

use super::png;
use chainrule::error::{Error, Result};
use chainrule_explain::chart::{Align, Drawing, Ink, Mark, text_width};
use chainrule_explain::told_apart;

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
    let names = told_apart(names, LETTERS);
    Ok(Layout::new(&names, confusion)?.draw(&names, confusion).svg(""))
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
    let names = told_apart(names, LETTERS);
    png(&Layout::new(&names, confusion)?.draw(&names, confusion))
}

/// Classes that a picture holds.
const CLASSES: usize = 1000;

/// Letters of a class's name.
const LETTERS: usize = 18;

/// The height of a line of text.
const LINE: f64 = 20.0;

const MARGIN: f64 = 10.0;

/// Sizes and places in pixels.
struct Layout {
    size: (f64, f64),
    /// The side of a cell.
    cell: f64,
    /// The upper left corner of the cells.
    corner: (f64, f64),
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
        let cell = (480 / classes).clamp(2, 56) as f64;
        let named = cell >= LINE - 4.0;
        let longest = names.iter().map(|name| text_width(name)).fold(0.0, f64::max);
        let upright = longest > cell - 4.0;
        let (left, top) = match (named, upright) {
            (false, _) => (0.0, 0.0),
            (true, false) => (longest + 8.0, LINE),
            (true, true) => (longest + 8.0, longest + 8.0),
        };
        // Whole pixels, so that the edges of cells are sharp.
        let corner = ((MARGIN + left).ceil(), (MARGIN + 2.0 * LINE + top).ceil());
        let side = cell * classes as f64;
        let right = (corner.0 + side).max(MARGIN + text_width(HEADING).ceil()) + MARGIN;
        let size = (right, corner.1 + side + MARGIN);
        Ok(Self { size, cell, corner, named, upright })
    }

    fn draw(&self, names: &[String], confusion: &[Vec<u64>]) -> Drawing {
        let mut drawing = Drawing::new(self.size.0, self.size.1);
        drawing.text((MARGIN, MARGIN + LINE / 2.0), Align::Start, HEADING);
        let (left, top) = self.corner;
        for (number, (name, counts)) in names.iter().zip(confusion).enumerate() {
            let (name, along) = (name.clone(), number as f64 * self.cell);
            if self.named {
                let middle = along + self.cell / 2.0;
                drawing.text((left - 6.0, top + middle), Align::End, name.clone());
                self.column_name(&mut drawing, left + middle, name);
            }
            let row: u64 = counts.iter().sum();
            for (column, &count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
                let corner = (left + column as f64 * self.cell, top + along);
                self.cell(&mut drawing, corner, count, count as f64 / row.max(1) as f64);
            }
        }
        let side = self.cell * confusion.len() as f64;
        let corners = [(0.0, 0.0), (side, 0.0), (side, side), (0.0, side), (0.0, 0.0)];
        let points = corners.map(|(x, y)| (left + x - 0.5, top + y - 0.5)).to_vec();
        drawing.marks.push(Mark::Line { points, ink: Ink::Text, width: 1.0 });
        drawing
    }

    fn column_name(&self, drawing: &mut Drawing, x: f64, text: String) {
        let y = self.corner.1;
        let (at, align) = match self.upright {
            true => ((x, y - 6.0), Align::Start),
            false => ((x, y - LINE / 2.0), Align::Middle),
        };
        drawing.marks.push(Mark::Text { at, text, ink: Ink::Text, align, upright: self.upright });
    }

    fn cell(&self, drawing: &mut Drawing, (x, y): (f64, f64), count: u64, of_row: f64) {
        let (opacity, side) = (of_row.sqrt(), self.cell);
        let ink = Ink::Series(0);
        drawing.marks.push(Mark::Area { corner: (x, y), size: (side, side), ink, opacity });
        let text = count.to_string();
        if self.named && text_width(&text) + 2.0 <= side {
            let ink = if opacity > 0.6 { Ink::Paper } else { Ink::Text };
            let (at, align) = ((x + side / 2.0, y + side / 2.0), Align::Middle);
            drawing.marks.push(Mark::Text { at, text, ink, align, upright: false });
        }
    }
}

const HEADING: &str = "rows: true class, columns: predicted class";
