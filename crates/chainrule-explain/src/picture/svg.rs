//! The picture as SVG: operations as circles, values above the lines, gradients running back below.

use std::fmt::Write;

use super::drawing::{Bend, Block, CAPTION, Drawing, HEAD, VALUE, Wire, symbol_size, wide};
use super::{Role, View};
use crate::columns::cut;
use crate::model::Explanation;
use crate::notation::escaped;
use crate::words::Words;

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
    pub fn to_svg(&self, view: View<'_>) -> String {
        let drawing = &self.drawing(view);
        Pen { e: self, drawing, step: view.step, out: String::new() }.draw()
    }
}

struct Pen<'a> {
    e: &'a Explanation,
    drawing: &'a Drawing,
    /// What is known after this step is drawn; everything where `None`.
    step: Option<usize>,
    out: String,
}

impl Pen<'_> {
    fn draw(mut self) -> String {
        let words = Words::new(self.e.language);
        let Drawing { root, wide: drawn, tall, .. } = self.drawing;
        let is_shared = self.drawing.blocks.iter().any(|block| block.total.is_some());
        let id = if is_shared { "picture-gradients-sums" } else { "picture-gradients" };
        let legend = [words.get("picture-values"), words.say(id, &[("root", root)])];
        let needs = wide(&legend[0], CAPTION) + wide(&legend[1], CAPTION) + 24.0;
        let width = drawn.max(needs) + 2.0 * MARGIN;
        let height = tall + 2.0 * MARGIN + LEGEND;
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
        self.text("value", (MARGIN, y), CAPTION, "start", &legend[0]);
        let x = MARGIN + wide(&legend[0], CAPTION) + 24.0;
        self.text("gradient", (x, y), CAPTION, "start", &legend[1]);
        let _ = writeln!(self.out, "<g transform=\"translate({MARGIN} {MARGIN})\">");
        self.drawing.wires.iter().for_each(|wire| self.wire(wire));
        self.drawing.blocks.iter().for_each(|block| self.block(block));
        self.out.push_str("</g>\n</svg>\n");
        self.out
    }

    /// Whether something that appears at `step` is to be seen.
    fn visible(&self, step: usize) -> bool {
        self.step.is_none_or(|now| step <= now)
    }

    #[allow(clippy::too_many_arguments)]
    fn text(&mut self, class: &str, (x, y): (f64, f64), size: f64, anchor: &str, text: &str) {
        let _ = writeln!(
            self.out,
            "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" font-size=\"{size}\" text-anchor=\"{anchor}\">{}</text>",
            escaped(text)
        );
    }

    fn wire(&mut self, wire: &Wire) {
        let (x, y) = wire.end;
        let mut path = format!("M{:.1} {:.1}", wire.start.0, wire.start.1);
        for Bend { from, to } in &wire.bends {
            let middle = (from.0 + to.0) / 2.0;
            let _ = write!(
                path,
                "H{:.1}C{middle:.1} {:.1} {middle:.1} {:.1} {:.1} {:.1}",
                from.0, from.1, to.1, to.0, to.1
            );
        }
        let _ = write!(path, "H{:.1}", x - HEAD + 1.0);
        let muted = if wire.is_constant { " faint" } else { "" };
        let _ = writeln!(self.out, "<path class=\"line{muted}\" d=\"{path}\"/>");
        let _ = writeln!(self.out, "<path class=\"head\" d=\"M{x:.1} {y:.1}l-{HEAD} -4v8z\"/>");
        let (left, right, y) = (wire.left, wire.right, wire.y);
        let middle = (left + right) / 2.0;
        if !wire.value.is_empty() && self.visible(wire.forward) {
            self.text("value", (middle, y - 6.0), VALUE, "middle", &wire.value);
        }
        let known = wire.backward.filter(|&step| self.visible(step));
        let (Some(gradient), Some(_)) = (&wire.gradient, known) else { return };
        self.text("gradient", (middle, y + BELOW + 15.0), VALUE, "middle", gradient);
        let (left, right, y) = (left + 2.0, right - 2.0, y + BELOW);
        let _ = writeln!(
            self.out,
            "<path class=\"back\" d=\"M{right:.1} {y:.1}H{:.1}\"/><path class=\"backhead\" d=\"M{left:.1} {y:.1}l7 -3.5v7z\"/>",
            left + 6.0
        );
    }

    fn block(&mut self, shape: &Block) {
        let Block { x, y, wide, tall, .. } = *shape;
        let now = self.step.is_some_and(|step| {
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
        let tip = escaped(&super::told(&shape.tip, shape.value.as_ref()));
        let _ = writeln!(self.out, "<g><title>{tip}</title>");
        if !class.is_empty() {
            let round = if shape.role == Role::Gate { tall / 2.0 } else { 6.0 };
            let _ = writeln!(
                self.out,
                "<rect class=\"{class}{now}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"{round:.1}\"/>",
                x - wide / 2.0,
                y - tall / 2.0,
                wide,
                tall
            );
        }
        let text_size = symbol_size(shape.role, &shape.symbol);
        let class = if shape.role == Role::Constant { "muted" } else { "symbol" };
        let at = (x, y + text_size * 0.35);
        self.text(class, at, text_size, "middle", &shape.symbol);
        if !shape.caption.is_empty() {
            let below = y + tall / 2.0 + CAPTION + 2.0;
            self.text("caption", (x, below), CAPTION, "middle", &shape.caption);
        }
        let known = shape.total_step.filter(|&step| self.visible(step));
        if let (Some(total), Some(_)) = (&shape.total, known) {
            let above = if shape.caption.is_empty() { 0.0 } else { CAPTION + 5.0 };
            let below = y + tall / 2.0 + above + VALUE + 1.0;
            self.text("gradient", (x, below), VALUE, "middle", total);
        }
        self.out.push_str("</g>\n");
    }
}
