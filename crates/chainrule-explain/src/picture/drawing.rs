//! The picture with its places: data that the SVG is written from, and that others can draw.

use serde::{Serialize, Serializer};

use super::layout::{BEND, Layout, Place, Size, Sizes, layout};
use super::{Fold, Picture, Role, Shape, Total, View};
use crate::columns::width;
use crate::model::Explanation;

/// Text sizes in pixels.
pub(super) const VALUE: f64 = 13.0;
pub(super) const CAPTION: f64 = 12.0;
const SYMBOL: f64 = 17.0;

/// A circle's radius.
const RADIUS: f64 = 19.0;

/// The distance of a box's outermost wires from its edges, that of its wires from each other where they
/// are not too many.
const EDGE: f64 = 8.0;
const APART: f64 = 7.0;
const MOST_APART: usize = 30;

/// The length of an arrow's head.
pub(super) const HEAD: f64 = 8.0;

/// The graph as a textbook draws it: what stands where, in pixels from the upper left corner of what is
/// drawn, to the right and down. The title and a legend are for whoever draws it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Drawing {
    /// The width.
    #[serde(serialize_with = "hundredths")]
    pub wide: f64,
    /// The height.
    #[serde(serialize_with = "hundredths")]
    pub tall: f64,
    /// What the gradients are of.
    pub root: String,
    /// The number of the last step, for [`View::step`].
    pub steps: usize,
    /// The blocks, each after those that it depends on.
    pub blocks: Vec<Block>,
    /// The wires between them.
    pub wires: Vec<Wire>,
}

/// One block of a drawing: an input, a gate, several gates in one box, a name.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Block {
    /// What it stands for.
    pub role: Role,
    /// The sign or name inside.
    pub symbol: String,
    /// The name or expression below it; may be empty.
    pub caption: String,
    /// What it is, for a tooltip.
    pub tip: String,
    /// The value that a tooltip tells after it: that of `node`.
    pub value: Option<String>,
    /// The node of the explanation; the last one inside a box of several.
    pub node: u32,
    /// The gates inside, in order, where it stands for several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub inside: Vec<u32>,
    /// How the box is opened, where it can be: what to give to [`View::open`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fold: Option<Fold>,
    /// What its uses pass back together, where they are several.
    pub total: Option<String>,
    /// The step at which the last of its uses has passed its part.
    pub total_step: Option<usize>,
    /// The step at which its value is computed; 0 where it is given.
    pub forward: usize,
    /// The step at which it passes its gradient on; `None` where it passes none.
    pub backward: Option<usize>,
    /// Its middle.
    #[serde(serialize_with = "hundredths")]
    pub x: f64,
    /// Its middle.
    #[serde(serialize_with = "hundredths")]
    pub y: f64,
    /// Its width, without the caption.
    #[serde(serialize_with = "hundredths")]
    pub wide: f64,
    /// Its height, without the caption.
    #[serde(serialize_with = "hundredths")]
    pub tall: f64,
}

/// One use of a value: a line from where it comes to where it goes, with its numbers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Wire {
    /// The place among the blocks of the one that it leaves.
    pub from: usize,
    /// The place among the blocks of the one that it enters.
    pub to: usize,
    /// The node whose value it carries.
    pub node: u32,
    /// The gates of the explanation that it enters, each with the operand's place.
    pub uses: Vec<(u32, usize)>,
    /// The nodes of whose numbers it shows the range, where it stands for several wires.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub several: Vec<u32>,
    /// Whether what it carries is a constant.
    pub is_constant: bool,
    /// The value, to stand above the line; may be empty.
    pub value: String,
    /// The gradient that comes back, to stand below it.
    pub gradient: Option<String>,
    /// The step at which the value is known.
    pub forward: usize,
    /// The step at which the gradient comes back.
    pub backward: Option<usize>,
    /// The left end of the level part with the numbers.
    #[serde(serialize_with = "hundredths")]
    pub left: f64,
    /// The right end of that part.
    #[serde(serialize_with = "hundredths")]
    pub right: f64,
    /// The height of that part.
    #[serde(serialize_with = "hundredths")]
    pub y: f64,
    /// Where the line begins.
    #[serde(serialize_with = "point")]
    pub start: (f64, f64),
    /// Where it leaves its height for another; in between it is level.
    pub bends: Vec<Bend>,
    /// The tip of the arrow at its end.
    #[serde(serialize_with = "point")]
    pub end: (f64, f64),
}

/// A part of a line in the form of an S, level at both ends.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Bend {
    /// Where it begins.
    #[serde(serialize_with = "point")]
    pub from: (f64, f64),
    /// Where it ends.
    #[serde(serialize_with = "point")]
    pub to: (f64, f64),
}

/// Nobody sees less than a hundredth of a pixel, and large drawings are sent at each change.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn hundredths<S: Serializer>(pixels: &f64, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_f64((pixels * 100.0).round() / 100.0)
}

fn point<S: Serializer>(&(x, y): &(f64, f64), to: S) -> Result<S::Ok, S::Error> {
    [x, y].map(|pixels| (pixels * 100.0).round() / 100.0).serialize(to)
}

impl Explanation {
    /// The graph as it is drawn, as data. Every part tells the step at which it appears, so that the view's
    /// own step changes nothing here.
    ///
    /// ```
    /// use chainrule_explain::{Request, View, explain, values};
    /// let request = Request { expression: "x * m".into(), values: values("x=3,m=2")?, ..Request::default() };
    /// let drawing = explain(&request)?.drawing(View::default());
    /// let symbols: Vec<&str> = drawing.blocks.iter().map(|block| block.symbol.as_str()).collect();
    /// assert_eq!(symbols, ["x", "m", "×", "f"]);
    /// let wire = &drawing.wires[0];
    /// assert_eq!((wire.from, wire.to, wire.value.as_str()), (0, 2, "3"));
    /// assert_eq!(wire.gradient.as_deref(), Some("2"));
    /// // Inputs stand to the left of what uses them.
    /// assert!(drawing.blocks[0].x < drawing.blocks[2].x);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn drawing(&self, view: View<'_>) -> Drawing {
        let picture = self.picture(view);
        let layout = layout(&sizes(&picture));
        let entries = entries(&picture, &layout);
        let blocks = picture.shapes.iter().zip(&layout.shapes).map(block).collect();
        let wires = (0..picture.wires.len()).map(|at| wire(&picture, &layout, &entries, at));
        Drawing {
            wide: layout.size.wide,
            tall: layout.size.tall,
            root: picture.root.clone(),
            steps: picture.steps,
            blocks,
            wires: wires.collect(),
        }
    }
}

fn block((shape, place): (&Shape, &Place)) -> Block {
    let Shape {
        role,
        symbol,
        caption,
        tip,
        value,
        node,
        inside,
        fold,
        total,
        forward,
        backward,
        ..
    } = shape.clone();
    let (total_step, total) = (total.as_ref().map(|total| total.step), total.map(|t| t.text()));
    let Size { wide, tall } = body(shape);
    let (x, y) = (place.left + place.wide / 2.0, place.y);
    Block {
        role,
        symbol,
        caption,
        tip,
        value,
        node,
        inside,
        fold,
        total,
        total_step,
        forward,
        backward,
        x,
        y,
        wide,
        tall,
    }
}

/// A wire: level through every place of its own, bending in the space between two layers.
fn wire(picture: &Picture, layout: &Layout, entries: &[(usize, usize)], at: usize) -> Wire {
    let (wire, (chain, label)) = (&picture.wires[at], &layout.wires[at]);
    let (from, to) = (&picture.shapes[wire.from], &picture.shapes[wire.to]);
    let target = &layout.shapes[wire.to];
    let (start, end) = (exit(from, &layout.shapes[wire.from]), entry(to, target, entries[at]));
    let (mut bends, mut here) = (Vec::new(), start);
    for place in chain {
        bends.push(bend(here, (place.left, place.y), place.left));
        here = (place.left + place.wide, place.y);
    }
    // The last bend ends where the gate's layer begins; from there it runs to the gate itself.
    bends.push(bend(here, (end.0 - HEAD + 1.0, end.1), target.left));
    // Between neighbouring layers there is a place for the numbers, so that there is always one.
    let numbers = chain.get(*label).copied().unwrap_or(*target);
    Wire {
        from: wire.from,
        to: wire.to,
        node: wire.node,
        uses: wire.uses.clone(),
        several: wire.several.clone(),
        is_constant: from.role == Role::Constant,
        value: wire.value.clone(),
        gradient: wire.gradient.clone(),
        forward: from.forward,
        backward: to.backward,
        left: numbers.left,
        right: numbers.left + numbers.wide,
        y: numbers.y,
        start,
        bends,
        end,
    }
}

/// Where a wire leaves a shape.
fn exit(shape: &Shape, place: &Place) -> (f64, f64) {
    (place.left + (place.wide + body(shape).wide) / 2.0, place.y)
}

/// Where the wire of this rank among all that enter a shape does so: those that come from higher up enter
/// higher up.
fn entry(to: &Shape, place: &Place, (rank, count): (usize, usize)) -> (f64, f64) {
    let size = body(to);
    let part = if count < 2 { 0.0 } else { rank as f64 / (count - 1) as f64 * 2.0 - 1.0 };
    let y = part * (size.tall / 2.0 - EDGE);
    let middle = place.left + place.wide / 2.0;
    let round = to.role == Role::Gate && size.wide <= 2.0 * RADIUS;
    let x = match round {
        true => middle - (RADIUS * RADIUS - y * y).sqrt(),
        false => middle - size.wide / 2.0,
    };
    (x - 1.0, place.y + y)
}

/// A line goes straight on until the space between two layers, and bends there.
fn bend(from: (f64, f64), to: (f64, f64), edge: f64) -> Bend {
    Bend { from: ((edge - BEND).max(from.0), from.1), to: (edge.min(to.0), to.1) }
}

/// A text's width: letters of most fonts are narrower than this.
pub(super) fn wide(text: &str, size: f64) -> f64 {
    width(text) as f64 * size * 0.62
}

fn sizes(picture: &Picture) -> Sizes {
    let size = |shape: &Shape| {
        let inside = body(shape);
        let total = shape.total.as_ref().map(Total::text).unwrap_or_default();
        let caption = wide(&shape.caption, CAPTION).max(wide(&total, VALUE));
        let lines = [&shape.caption, &total].iter().filter(|text| !text.is_empty()).count();
        let below = 2.0 * (CAPTION + 6.0) * lines as f64;
        Size { wide: inside.wide.max(caption), tall: inside.tall + below }
    };
    let label = |wire: &super::Wire| {
        let gradient = wire.gradient.as_ref().map_or(0.0, |text| wide(text, VALUE));
        let wide = wide(&wire.value, VALUE).max(gradient).max(24.0);
        if wire.value.is_empty() && wire.gradient.is_none() {
            return Size { wide: 0.0, tall: VALUE };
        }
        Size { wide: wide + 16.0, tall: 2.0 * (VALUE + 12.0) }
    };
    Sizes {
        shapes: picture.shapes.iter().map(size).collect(),
        movable: picture.shapes.iter().map(Shape::is_movable).collect(),
        wires: picture.wires.iter().map(|wire| (wire.from, wire.to, label(wire))).collect(),
    }
}

/// The size of a shape without its caption.
fn body(shape: &Shape) -> Size {
    let name = wide(&shape.symbol, symbol_size(shape.role, &shape.symbol));
    match shape.role {
        Role::Gate if name <= RADIUS * 1.5 => Size { wide: RADIUS * 2.0, tall: RADIUS * 2.0 },
        Role::Gate | Role::Fold => {
            // Room for the heads of many wires.
            let wires = shape.entering.clamp(1, MOST_APART) - 1;
            let tall = 2.0 * EDGE + APART * wires as f64;
            Size { wide: name + 24.0, tall: tall.max(RADIUS * 2.0) }
        }
        Role::Input | Role::Repeat => Size { wide: name + 20.0, tall: 28.0 },
        Role::Constant | Role::Result => Size { wide: name + 8.0, tall: 24.0 },
    }
}

pub(super) fn symbol_size(role: Role, symbol: &str) -> f64 {
    match role {
        Role::Gate if symbol.chars().count() <= 2 => SYMBOL,
        Role::Gate | Role::Fold => 14.0,
        Role::Input | Role::Repeat | Role::Result => 15.0,
        Role::Constant => VALUE,
    }
}

/// For each wire its place among those that enter its shape, from above, and their number.
fn entries(picture: &Picture, layout: &Layout) -> Vec<(usize, usize)> {
    let mut entries = vec![Vec::new(); picture.shapes.len()];
    for (at, wire) in picture.wires.iter().enumerate() {
        entries[wire.to].push(at);
    }
    let height = |at: &usize| layout.wires[*at].0.last().map_or(0.0, |place: &Place| place.y);
    for wires in &mut entries {
        wires.sort_unstable_by(|a, b| height(a).total_cmp(&height(b)).then(a.cmp(b)));
    }
    let mut ranks = vec![(0, 0); picture.wires.len()];
    for wires in &entries {
        wires.iter().enumerate().for_each(|(rank, &at)| ranks[at] = (rank, wires.len()));
    }
    ranks
}
