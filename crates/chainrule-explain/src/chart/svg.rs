//! A drawing as an SVG document.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::{Align, Drawing, FONT, Ink, Mark};
use crate::notation::escaped;

impl Drawing {
    /// The drawing as an SVG document, which may stand in a page; the title is told to those who do not
    /// see it.
    ///
    /// ```
    /// use chainrule_explain::chart::Drawing;
    /// assert!(Drawing::new(8.0, 8.0).svg("").starts_with("<svg"));
    /// ```
    #[must_use]
    pub fn svg(&self, title: &str) -> String {
        let (wide, tall) = (short(self.wide), short(self.tall));
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {wide} {tall}\" width=\"{wide}\" \
             height=\"{tall}\" role=\"img\" font-family=\"Helvetica,Arial,sans-serif\" font-size=\"{FONT}\">\n"
        );
        if !title.is_empty() {
            let _ = writeln!(out, "<title>{}</title>", escaped(title));
        }
        let _ =
            writeln!(out, "<style>@media (prefers-color-scheme:dark){{{}}}</style>", self.dark());
        let paper = Mark::Area {
            corner: (0.0, 0.0),
            size: (self.wide, self.tall),
            ink: Ink::Paper,
            opacity: 1.0,
        };
        [&paper].into_iter().chain(&self.marks).for_each(|mark| write(&mut out, mark));
        out + "</svg>\n"
    }

    /// The rules for dark pages. The colours for light ones stand at the marks, where programs without
    /// style sheets find them too.
    fn dark(&self) -> String {
        let inks: BTreeSet<Ink> = self.marks.iter().map(Mark::ink).chain([Ink::Paper]).collect();
        let rule = |ink: Ink| {
            let (name, colour) = (name(ink), hex(ink.colours()[1]));
            format!(".line-{name}{{stroke:{colour}}}.fill-{name}{{fill:{colour}}}")
        };
        inks.into_iter().map(rule).collect()
    }
}

impl Mark {
    fn ink(&self) -> Ink {
        let (Self::Line { ink, .. }
        | Self::Area { ink, .. }
        | Self::Disk { ink, .. }
        | Self::Text { ink, .. }) = self;
        match ink {
            Ink::Series(number) => Ink::Series(number % Ink::SERIES),
            ink => *ink,
        }
    }
}

fn write(out: &mut String, mark: &Mark) {
    let (name, colour) = (name(mark.ink()), hex(mark.ink().rgb()));
    let fill = format!("class=\"fill-{name}\" fill=\"{colour}\"");
    let _ = match mark {
        Mark::Line { points, width, .. } => {
            let points: Vec<String> =
                points.iter().map(|(x, y)| format!("{},{}", short(*x), short(*y))).collect();
            writeln!(
                out,
                "<polyline class=\"line-{name}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{}\" \
                 stroke-linecap=\"round\" stroke-linejoin=\"round\" points=\"{}\"/>",
                short(*width),
                points.join(" ")
            )
        }
        Mark::Area { corner, size, opacity, .. } => {
            let [x, y, wide, tall] = [corner.0, corner.1, size.0, size.1].map(short);
            let see = match *opacity {
                1.0 => String::new(),
                opacity => format!(" opacity=\"{opacity:.2}\""),
            };
            writeln!(
                out,
                "<rect {fill} x=\"{x}\" y=\"{y}\" width=\"{wide}\" height=\"{tall}\"{see}/>"
            )
        }
        Mark::Disk { at, radius, .. } => {
            let [x, y, radius] = [at.0, at.1, *radius].map(short);
            writeln!(out, "<circle {fill} cx=\"{x}\" cy=\"{y}\" r=\"{radius}\"/>")
        }
        Mark::Text { at, text, align, upright, .. } => {
            // Letters stand on a line about a third of the font's size below their middle.
            let (x, y) = (short(at.0), short(at.1 + FONT * 0.35));
            let place = match upright {
                true => format!(
                    "transform=\"translate({} {}) rotate(-90)\"",
                    short(at.0 + FONT * 0.35),
                    short(at.1)
                ),
                false => format!("x=\"{x}\" y=\"{y}\""),
            };
            let anchor = match align {
                Align::Start => "",
                Align::Middle => " text-anchor=\"middle\"",
                Align::End => " text-anchor=\"end\"",
            };
            writeln!(out, "<text {fill} {place}{anchor}>{}</text>", escaped(text))
        }
    };
}

fn name(ink: Ink) -> String {
    match ink {
        Ink::Paper => "paper".into(),
        Ink::Text => "text".into(),
        Ink::Muted => "muted".into(),
        Ink::Grid => "grid".into(),
        Ink::Value => "value".into(),
        Ink::Gradient => "gradient".into(),
        Ink::Series(number) => (number + 1).to_string(),
    }
}

fn hex([red, green, blue]: [u8; 3]) -> String {
    format!("#{red:02X}{green:02X}{blue:02X}")
}

/// A place to a tenth of a pixel.
fn short(x: f64) -> String {
    let text = format!("{x:.1}");
    text.strip_suffix(".0").map_or(text.clone(), ToOwned::to_owned)
}
