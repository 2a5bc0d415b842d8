//! Charts as data: what is drawn, for an SVG document or for pixels.
//!
//! A [`Drawing`] is a list of marks with places in pixels, in a few inks that light and dark pages show
//! in colours of their own. [`curves`] draws lines over axes; others put their own marks.

mod svg;
mod axes;
mod curves;

pub use curves::{Chart, Series, Spacing, curves};

pub(crate) use axes::Frame;

use super::columns::width;

/// A picture: its size in pixels, and what stands on it, the lowest first.
///
/// ```
/// use chainrule_explain::chart::{Drawing, Ink, Mark};
/// let mut drawing = Drawing::new(40.0, 20.0);
/// drawing.marks.push(Mark::Line { points: vec![(0.0, 0.0), (40.0, 20.0)], ink: Ink::Text, width: 2.0 });
/// assert!(drawing.svg("A diagonal").contains("<title>A diagonal</title>"));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Drawing {
    /// The width.
    pub wide: f64,
    /// The height.
    pub tall: f64,
    /// What stands on the paper.
    pub marks: Vec<Mark>,
}

/// A part of a drawing. Places go from the upper left corner, to the right and down.
#[derive(Clone, Debug, PartialEq)]
pub enum Mark {
    /// A line through points, with round ends.
    Line {
        /// The points.
        points: Vec<(f64, f64)>,
        /// Its colour.
        ink: Ink,
        /// Its width.
        width: f64,
    },
    /// A filled rectangle.
    Area {
        /// The upper left corner.
        corner: (f64, f64),
        /// Width and height.
        size: (f64, f64),
        /// Its colour.
        ink: Ink,
        /// How much of what lies below it hides, from 0 to 1.
        opacity: f64,
    },
    /// A disk.
    Disk {
        /// Its centre.
        at: (f64, f64),
        /// Its radius.
        radius: f64,
        /// Its colour.
        ink: Ink,
    },
    /// A line of text.
    Text {
        /// The middle of its height, at the side that `align` says.
        at: (f64, f64),
        /// The text.
        text: String,
        /// Its colour.
        ink: Ink,
        /// Which part of it stands there.
        align: Align,
        /// Whether it runs upwards.
        upright: bool,
    },
}

/// Which part of a text stands at its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Its beginning.
    Start,
    /// Its middle.
    Middle,
    /// Its end.
    End,
}

/// A colour by what it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ink {
    /// The ground of the picture.
    Paper,
    /// Texts and axes.
    Text,
    /// Frames.
    Muted,
    /// Lines of a grid.
    Grid,
    /// Values, in the explanations' blue.
    Value,
    /// Gradients, in the explanations' orange.
    Gradient,
    /// One of many curves; every [`Ink::SERIES`] numbers the colours begin again.
    Series(usize),
}

/// The colours of curves on light and on dark paper. The light ones are the palette of Okabe and Ito
/// ("Color universal design", 2008) without its yellow, then five of Tol's muted scheme ("Colour
/// schemes", 2021): people with any colour vision can tell them apart.
const SERIES: [[[u8; 3]; 2]; Ink::SERIES] = [
    [[0, 114, 178], [76, 155, 232]],
    [[213, 94, 0], [240, 132, 60]],
    [[0, 158, 115], [47, 199, 154]],
    [[204, 121, 167], [214, 140, 180]],
    [[86, 180, 233], [154, 216, 255]],
    [[230, 159, 0], [240, 190, 70]],
    [[0, 0, 0], [229, 231, 235]],
    [[136, 34, 85], [208, 110, 150]],
    [[153, 153, 51], [184, 184, 77]],
    [[68, 170, 153], [99, 205, 187]],
    [[51, 34, 136], [146, 134, 232]],
    [[204, 102, 119], [226, 138, 152]],
];

impl Ink {
    /// The colours that curves have.
    pub const SERIES: usize = 12;

    /// Red, green and blue on light and on dark paper.
    fn colours(self) -> [[u8; 3]; 2] {
        match self {
            Self::Paper => [[255; 3], [15, 23, 42]],
            Self::Text => [[31, 41, 51], [229, 231, 235]],
            Self::Muted => [[148, 163, 184], [148, 163, 184]],
            Self::Grid => [[226, 232, 240], [51, 65, 85]],
            Self::Value => [[29, 78, 216], [147, 197, 253]],
            Self::Gradient => [[194, 65, 12], [253, 186, 116]],
            Self::Series(number) => SERIES[number % Self::SERIES],
        }
    }

    /// Red, green and blue on light paper.
    ///
    /// ```
    /// assert_eq!(chainrule_explain::chart::Ink::Paper.rgb(), [255, 255, 255]);
    /// ```
    #[must_use]
    pub fn rgb(self) -> [u8; 3] {
        self.colours()[0]
    }
}

/// The height of letters in pixels, from the top of the highest to the line they stand on.
const FONT: f64 = 13.0;

/// The width in pixels that a text takes at most, about: letters of most fonts are narrower.
///
/// ```
/// use chainrule_explain::chart::text_width;
/// assert!(text_width("한글") > text_width("abc"));
/// ```
#[must_use]
pub fn text_width(text: &str) -> f64 {
    width(text) as f64 * FONT * 0.58
}

impl Drawing {
    /// Empty paper.
    ///
    /// ```
    /// assert!(chainrule_explain::chart::Drawing::new(9.0, 9.0).marks.is_empty());
    /// ```
    #[must_use]
    pub fn new(wide: f64, tall: f64) -> Self {
        Self { wide, tall, marks: Vec::new() }
    }

    /// Writes a text, from left to right.
    ///
    /// ```
    /// use chainrule_explain::chart::{Align, Drawing};
    /// let mut drawing = Drawing::new(90.0, 20.0);
    /// drawing.text((45.0, 10.0), Align::Middle, "loss");
    /// assert!(drawing.svg("").contains(">loss</text>"));
    /// ```
    pub fn text(&mut self, at: (f64, f64), align: Align, text: impl Into<String>) {
        let text = text.into();
        self.marks.push(Mark::Text { at, text, ink: Ink::Text, align, upright: false });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The contrast of two colours by WCAG 2.2.
    fn contrast(a: [u8; 3], b: [u8; 3]) -> f64 {
        let light = |colour: [u8; 3]| {
            let [red, green, blue] = colour.map(|part| {
                let part = f64::from(part) / 255.0;
                if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
            });
            0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05
        };
        let (a, b) = (light(a), light(b));
        a.max(b) / a.min(b)
    }

    #[test]
    fn what_is_read_stands_out_on_light_and_dark_paper() {
        let papers = Ink::Paper.colours();
        for ink in [Ink::Text, Ink::Value, Ink::Gradient] {
            for (colour, paper) in ink.colours().into_iter().zip(papers) {
                assert!(contrast(colour, paper) >= 4.5, "{ink:?} {colour:?} on {paper:?}");
            }
        }
        for number in 0..Ink::SERIES {
            let [light, dark] = Ink::Series(number).colours();
            assert!(contrast(light, papers[0]) >= 2.0, "curve {number} on light paper");
            assert!(contrast(dark, papers[1]) >= 4.5, "curve {number} on dark paper");
        }
    }
}
