//! The picture as SVG: operations as circles, values above the lines, gradients running back below.

use std::fmt::Write;

use super::layout::{Drawing, Layout, Place, Size, layout};
use super::{Picture, Role, Shape, View, Wire};
use crate::columns::{cut, width};
use crate::model::Explanation;
use crate::notation::escaped;
use crate::words::Words;

/// Text sizes in pixels.
const VALUE: f64 = 13.0;
const CAPTION: f64 = 12.0;
const SYMBOL: f64 = 17.0;

/// A circle's radius.
const RADIUS: f64 = 19.0;

/// The distance of the gradient's arrow below the line.
const BELOW: f64 = 6.0;

/// Free space around everything.
const MARGIN: f64 = 16.0;

/// The height of the legend.
const LEGEND: f64 = 26.0;

/// Colours for light and dark pages. Values and gradients keep a contrast of 4.5 or more.
const STYLE: &str = "text{font-family:Helvetica,Arial,'DejaVu Sans',sans-serif;fill:#1f2933}\
.paper{fill:#ffffff}.line{fill:none;stroke:#64748b;stroke-width:1.5}.head{fill:#64748b}.faint{stroke-dasharray:2 3}\
.value{fill:#1d4ed8}.gradient{fill:#c2410c}.back{fill:none;stroke:#c2410c;stroke-width:1.5}\
.backhead{fill:#c2410c}.gate{fill:#fef9e7;stroke:#334155;stroke-width:1.5}\
.fold{fill:#eef2ff;stroke:#334155;stroke-width:1.5}.input{fill:#f1f5f9;stroke:#94a3b8}\
.again{stroke-dasharray:4 3}.caption{fill:#475569}.muted{fill:#64748b}.now{stroke:#7c3aed;stroke-width:3}\
@media (prefers-color-scheme:dark){text{fill:#e5e7eb}.paper{fill:#0f172a}\
.line{stroke:#94a3b8}.head{fill:#94a3b8}.value{fill:#93c5fd}.gradient{fill:#fdba74}\
.back{stroke:#fdba74}.backhead{fill:#fdba74}.gate{fill:#1e293b;stroke:#cbd5e1}\
.fold{fill:#312e81;stroke:#cbd5e1}.input{fill:#1e293b;stroke:#64748b}\
.caption{fill:#cbd5e1}.muted{fill:#94a3b8}.now{stroke:#c4b5fd}}";

/// How an SVG is going to be used.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Look {
    pub(crate) view: View,
    /// Inside a page whose script shows and hides by step: every element says its step.
    pub(crate) page: bool,
}

impl Explanation {
    /// The graph as a textbook draws it, as SVG: operations as circles, values above the lines in one
    /// colour, gradients below them in another with arrows running back.
    ///
    /// ```
    /// use chainrule_explain::{Request, View, explain, values};
    /// let request = Request { expression: "x * m".into(), values: values("x=3,m=2")?, ..Request::default() };
    /// let picture = explain(&request)?.to_svg(View::default());
    /// assert!(picture.starts_with("<svg") && picture.contains(">×</text>"));
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn to_svg(&self, view: View) -> String {
        self.draw(Look { view, page: false })
    }

    pub(crate) fn draw(&self, look: Look) -> String {
        let picture = self.picture(look.view);
        let layout = layout(&drawing(&picture));
        let entries = entries(&picture, &layout);
        let (picture, layout, entries) = (&picture, &layout, entries.as_slice());
        Pen { e: self, picture, layout, look, entries, out: String::new() }.draw()
    }
}

/// A text's width: letters of most fonts are narrower than this.
fn wide(text: &str, size: f64) -> f64 {
    width(text) as f64 * size * 0.62
}

fn drawing(picture: &Picture) -> Drawing {
    let size = |shape: &Shape| {
        let inside = body(shape);
        let caption = wide(&shape.caption, CAPTION);
        let below = if shape.caption.is_empty() { 0.0 } else { 2.0 * (CAPTION + 6.0) };
        Size { wide: inside.wide.max(caption), tall: inside.tall + below }
    };
    let label = |wire: &Wire| {
        let gradient = wire.gradient.as_ref().map_or(0.0, |text| wide(text, VALUE));
        let wide = wide(&wire.value, VALUE).max(gradient).max(24.0);
        if wire.value.is_empty() && wire.gradient.is_none() {
            return Size { wide: 0.0, tall: VALUE };
        }
        Size { wide: wide + 16.0, tall: 2.0 * (VALUE + 12.0) }
    };
    Drawing {
        shapes: picture.shapes.iter().map(size).collect(),
        movable: picture.shapes.iter().map(Shape::is_movable).collect(),
        wires: picture.wires.iter().map(|wire| (wire.from, wire.to, label(wire))).collect(),
    }
}

/// The size of a shape without its caption.
fn body(shape: &Shape) -> Size {
    let name = wide(&shape.symbol, symbol_size(shape));
    match shape.role {
        Role::Gate if name <= RADIUS * 1.5 => Size { wide: RADIUS * 2.0, tall: RADIUS * 2.0 },
        Role::Gate | Role::Fold => Size { wide: name + 24.0, tall: RADIUS * 2.0 },
        Role::Input | Role::Repeat => Size { wide: name + 20.0, tall: 28.0 },
        Role::Constant | Role::Result => Size { wide: name + 8.0, tall: 24.0 },
    }
}

fn symbol_size(shape: &Shape) -> f64 {
    match shape.role {
        Role::Gate if shape.symbol.chars().count() <= 2 => SYMBOL,
        Role::Gate | Role::Fold => 14.0,
        Role::Input | Role::Repeat | Role::Result => 15.0,
        Role::Constant => VALUE,
    }
}

/// For each shape the wires that enter it, from above.
fn entries(picture: &Picture, layout: &Layout) -> Vec<Vec<usize>> {
    let mut entries = vec![Vec::new(); picture.shapes.len()];
    for (at, wire) in picture.wires.iter().enumerate() {
        entries[wire.to].push(at);
    }
    let height = |at: &usize| layout.wires[*at].0.last().map_or(0.0, |place: &Place| place.y);
    for wires in &mut entries {
        wires.sort_unstable_by(|a, b| height(a).total_cmp(&height(b)).then(a.cmp(b)));
    }
    entries
}

struct Pen<'a> {
    e: &'a Explanation,
    picture: &'a Picture,
    layout: &'a Layout,
    look: Look,
    /// For each shape the wires that enter it, from above.
    entries: &'a [Vec<usize>],
    out: String,
}

impl Pen<'_> {
    fn draw(mut self) -> String {
        let words = Words::new(self.e.language);
        let root = self.picture.root;
        let legend =
            [words.get("picture-values"), words.say("picture-gradients", &[("root", root)])];
        let needs = wide(&legend[0], CAPTION) + wide(&legend[1], CAPTION) + 24.0;
        let width = self.layout.size.wide.max(needs) + 2.0 * MARGIN;
        let height = self.layout.size.tall + 2.0 * MARGIN + LEGEND;
        let expression = cut(self.e.expression.trim(), 120);
        let title = words.say("picture-title", &[("expression", &expression)]);
        let _ = write!(
            self.out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" \
             width=\"{width:.0}\" height=\"{height:.0}\" role=\"img\">\n<title>{}</title>\n\
             <style>{STYLE}</style>\n<rect class=\"paper\" width=\"100%\" height=\"100%\"/>\n",
            escaped(&title)
        );
        let y = height - MARGIN / 2.0;
        self.text("value", MARGIN, y, CAPTION, "start", &legend[0], (None, ""));
        let x = MARGIN + wide(&legend[0], CAPTION) + 24.0;
        self.text("gradient", x, y, CAPTION, "start", &legend[1], (None, ""));
        let _ = writeln!(self.out, "<g transform=\"translate({MARGIN} {MARGIN})\">");
        for at in 0..self.picture.wires.len() {
            self.wire(at);
        }
        for at in 0..self.picture.shapes.len() {
            self.shape(at);
        }
        self.out.push_str("</g>\n</svg>\n");
        self.out
    }

    /// Whether something that appears at `step` is to be seen.
    fn visible(&self, step: usize) -> bool {
        self.look.view.step.is_none_or(|now| step <= now)
    }

    /// What tells a page's script when an element appears.
    fn mark(&self, step: Option<usize>) -> String {
        match step {
            Some(step) if self.look.page => format!(" data-step=\"{step}\""),
            _ => String::new(),
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn text(
        &mut self,
        class: &str,
        x: f64,
        y: f64,
        size: f64,
        anchor: &str,
        text: &str,
        (step, live): (Option<usize>, &str),
    ) {
        if step.is_some_and(|step| !self.visible(step)) {
            return;
        }
        let mark = if self.look.page { self.mark(step) + live } else { String::new() };
        let _ = writeln!(
            self.out,
            "<text class=\"{class}\"{mark} x=\"{x:.1}\" y=\"{y:.1}\" font-size=\"{size}\" text-anchor=\"{anchor}\">{}</text>",
            escaped(text)
        );
    }

    fn wire(&mut self, at: usize) {
        let (wire, (chain, label)) = (&self.picture.wires[at], &self.layout.wires[at]);
        let (from, to) = (&self.picture.shapes[wire.from], &self.picture.shapes[wire.to]);
        let start = exit(from, &self.layout.shapes[wire.from]);
        let end = self.entry(at, to);
        let mut path = format!("M{:.1} {:.1}", start.0, start.1);
        let mut here = start;
        for place in chain {
            bend(&mut path, here, (place.left, place.y), place.left);
            here = (place.left + place.wide, place.y);
            let _ = write!(path, "H{:.1}", here.0);
        }
        // The last bend ends where the gate's layer begins; from there it runs to the gate itself.
        bend(&mut path, here, (end.0 - 7.0, end.1), self.layout.shapes[wire.to].left);
        let muted = if from.role == Role::Constant { " faint" } else { "" };
        let _ = writeln!(self.out, "<path class=\"line{muted}\" d=\"{path}\"/>");
        let (x, y) = end;
        let _ = writeln!(self.out, "<path class=\"head\" d=\"M{x:.1} {y:.1}l-8 -4v8z\"/>");
        let Some(place) = chain.get(*label) else { return };
        let middle = place.left + place.wide / 2.0;
        let value = wire.value.clone();
        let above = place.y - 6.0;
        if !value.is_empty() {
            let live = match wire.several.as_slice() {
                [] => format!(" data-digits=\"5\" data-x=\"v:{}\"", wire.node),
                nodes => range("v", nodes),
            };
            let shown = (Some(from.forward), live.as_str());
            self.text("value", middle, above, VALUE, "middle", &value, shown);
        }
        let (Some(gradient), Some(step)) = (wire.gradient.clone(), to.backward) else { return };
        let uses: Vec<String> =
            wire.uses.iter().map(|(gate, at)| format!("p:{gate}:{at}")).collect();
        let live = match (uses.as_slice(), wire.several.as_slice()) {
            ([], _) => String::new(),
            (uses, []) => format!(" data-digits=\"5\" data-x=\"{}\"", uses.join(" ")),
            (_, nodes) => range("g", nodes),
        };
        self.text(
            "gradient",
            middle,
            place.y + BELOW + 15.0,
            VALUE,
            "middle",
            &gradient,
            (Some(step), live.as_str()),
        );
        if self.visible(step) {
            let mark = self.mark(Some(step));
            let (left, right) = (place.left + 2.0, place.left + place.wide - 2.0);
            let y = place.y + BELOW;
            let _ = writeln!(
                self.out,
                "<path class=\"back\"{mark} d=\"M{right:.1} {y:.1}H{:.1}\"/><path class=\"backhead\"{mark} d=\"M{left:.1} {y:.1}l7 -3.5v7z\"/>",
                left + 6.0
            );
        }
    }

    /// Where a wire enters a shape: those that come from higher up enter higher up.
    fn entry(&self, at: usize, to: &Shape) -> (f64, f64) {
        let wire = &self.picture.wires[at];
        let place = &self.layout.shapes[wire.to];
        let entries = &self.entries[wire.to];
        let rank = entries.iter().position(|other| *other == at).unwrap_or(0);
        let (size, count) = (body(to), entries.len());
        let part = if count < 2 { 0.0 } else { rank as f64 / (count - 1) as f64 * 2.0 - 1.0 };
        let y = part * (size.tall / 2.0 - 8.0);
        let middle = place.left + place.wide / 2.0;
        let round = to.role == Role::Gate && size.wide <= 2.0 * RADIUS;
        let x = match round {
            true => middle - (RADIUS * RADIUS - y * y).sqrt(),
            false => middle - size.wide / 2.0,
        };
        (x - 1.0, place.y + y)
    }

    fn shape(&mut self, at: usize) {
        let (shape, place) = (&self.picture.shapes[at], self.layout.shapes[at]);
        let (size, x, y) = (body(shape), place.left + place.wide / 2.0, place.y);
        let now = self.look.view.step.is_some_and(|step| {
            step > 0 && (shape.forward == step || shape.backward == Some(step))
        });
        let class = match shape.role {
            Role::Gate => "gate",
            Role::Fold => "fold",
            Role::Input => "input",
            Role::Repeat => "input again",
            Role::Constant | Role::Result => "",
        };
        let now = if now { " now" } else { "" };
        let mark = match (self.look.page, class.is_empty()) {
            (true, false) => format!(
                " data-node=\"{}\" data-forward=\"{}\" data-backward=\"{}\"",
                shape.node,
                shape.forward,
                shape.backward.map_or_else(String::new, |step| step.to_string())
            ),
            _ => String::new(),
        };
        let live = match self.look.page && shape.value.is_some() {
            true => {
                let before = escaped(&shape.tip);
                format!(" data-before=\"{before} = \" data-x=\"v:{}\"", shape.node)
            }
            false => String::new(),
        };
        let tip = escaped(&shape.told());
        let _ = writeln!(self.out, "<g><title{live}>{tip}</title>");
        if !class.is_empty() {
            let round = if shape.role == Role::Gate { size.tall / 2.0 } else { 6.0 };
            let _ = writeln!(
                self.out,
                "<rect class=\"{class}{now}\"{mark} x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"{round:.1}\"/>",
                x - size.wide / 2.0,
                y - size.tall / 2.0,
                size.wide,
                size.tall
            );
        }
        let text_size = symbol_size(shape);
        let class = if shape.role == Role::Constant { "muted" } else { "symbol" };
        let (symbol, caption) = (shape.symbol.clone(), shape.caption.clone());
        self.text(class, x, y + text_size * 0.35, text_size, "middle", &symbol, (None, ""));
        if !caption.is_empty() {
            let below = y + size.tall / 2.0 + CAPTION + 2.0;
            self.text("caption", x, below, CAPTION, "middle", &caption, (None, ""));
        }
        self.out.push_str("</g>\n");
    }
}

/// What tells a page's script of which nodes a text shows the least and the largest number.
fn range(what: &str, nodes: &[u32]) -> String {
    let keys: Vec<String> = nodes.iter().map(|id| format!("{what}:{id}")).collect();
    format!(" data-digits=\"3\" data-range=\"{}\"", keys.join(" "))
}

/// Where a wire leaves a shape.
fn exit(shape: &Shape, place: &Place) -> (f64, f64) {
    (place.left + (place.wide + body(shape).wide) / 2.0, place.y)
}

/// A line that goes straight on until the space between two layers, and bends there.
fn bend(path: &mut String, from: (f64, f64), to: (f64, f64), edge: f64) {
    let start = (edge - super::layout::BEND).max(from.0);
    let end = edge.min(to.0);
    let middle = (start + end) / 2.0;
    let _ = write!(
        path,
        "H{start:.1}C{middle:.1} {:.1} {middle:.1} {:.1} {end:.1} {:.1}H{:.1}",
        from.1, to.1, to.1, to.0
    );
}
