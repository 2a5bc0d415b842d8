//! Where everything stands: a layered drawing, from the inputs on the left to the result on the right.
//!
//! The method is that of Sugiyama, Tagawa and Toda, "Methods for visual understanding of hierarchical
//! system structures" (1981), with labels as nodes of their own as in Gansner, Koutsofios, North and
//! Vo, "A technique for drawing directed graphs" (1993): every shape gets a layer; a wire gets a
//! waypoint in each layer that it crosses, and its numbers a place in a layer between; each layer is
//! ordered so that few wires cross; then heights are chosen. For a given order the heights closest to
//! where the neighbours stand are an isotonic regression, which pooling adjacent violators solves
//! exactly (Best and Chakravarti, 1990). A line crosses a layer only through a place of its own, so
//! that nothing overlaps.

/// A size in pixels.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Size {
    pub(super) wide: f64,
    pub(super) tall: f64,
}

/// What is to be drawn: the shapes' sizes, and for each wire its ends and the size of its numbers.
#[derive(Debug, Default)]
pub(super) struct Sizes {
    pub(super) shapes: Vec<Size>,
    /// Shapes that move next to what uses them, as inputs do.
    pub(super) movable: Vec<bool>,
    pub(super) wires: Vec<(usize, usize, Size)>,
}

/// A place in the picture: its left edge, its width, and its middle's height.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Place {
    pub(super) left: f64,
    pub(super) wide: f64,
    pub(super) y: f64,
}

/// The finished layout.
#[derive(Debug, Default)]
pub(super) struct Layout {
    pub(super) size: Size,
    /// The place of each shape.
    pub(super) shapes: Vec<Place>,
    /// For each wire its places from left to right, and which of them holds its numbers.
    pub(super) wires: Vec<(Vec<Place>, usize)>,
}

/// Free space between neighbours in a layer, and between layers, where lines bend.
const GAP: f64 = 12.0;
pub(super) const BEND: f64 = 30.0;

/// A line's own height where it passes a layer.
const LINE: f64 = 10.0;

/// Rounds of ordering and of placing; more change nothing that one sees.
const ORDER_ROUNDS: usize = 12;
const PLACE_ROUNDS: usize = 16;

/// One thing in a layer: a shape, a wire's numbers or a waypoint.
#[derive(Clone, Debug, Default)]
struct Item {
    layer: usize,
    size: Size,
    y: f64,
    /// Neighbours in the layers before and after, with how much they pull.
    before: Vec<(usize, f64)>,
    after: Vec<(usize, f64)>,
}

struct Work {
    items: Vec<Item>,
    layers: Vec<Vec<usize>>,
    /// For each wire its items between the ends, and the one with its numbers.
    chains: Vec<(Vec<usize>, usize)>,
}

/// Lays out a drawing whose shapes stand after what they depend on.
pub(super) fn layout(drawing: &Sizes) -> Layout {
    let mut work = Work::new(drawing);
    work.order();
    work.place();
    work.straighten();
    work.finish(drawing)
}

/// The layer of each shape: as far left as what it depends on allows; movable ones as far right as
/// what uses them does.
pub(super) fn layers(movable: &[bool], mut wires: Vec<(usize, usize)>) -> Vec<usize> {
    let mut layer = vec![0usize; movable.len()];
    wires.sort_unstable_by_key(|&(_, to)| to);
    for &(from, to) in &wires {
        layer[to] = layer[to].max(layer[from] + 1);
    }
    let mut first_use = vec![usize::MAX; layer.len()];
    for &(from, to) in &wires {
        first_use[from] = first_use[from].min(layer[to]);
    }
    for (shape, _) in movable.iter().enumerate().filter(|(_, movable)| **movable) {
        if first_use[shape] != usize::MAX {
            layer[shape] = first_use[shape].saturating_sub(1);
        }
    }
    layer
}

/// Each item's place in its layer, from 0 to 1.
fn number(layer: &[usize], position: &mut [f64]) {
    for (at, &item) in layer.iter().enumerate() {
        position[item] = (at as f64 + 0.5) / layer.len() as f64;
    }
}

impl Work {
    fn new(drawing: &Sizes) -> Self {
        let ends = drawing.wires.iter().map(|&(from, to, _)| (from, to));
        let layer = layers(&drawing.movable, ends.collect());
        let mut items: Vec<Item> = drawing
            .shapes
            .iter()
            .zip(&layer)
            .map(|(&size, &layer)| Item { layer: 2 * layer, size, ..Item::default() })
            .collect();
        let mut chains = Vec::new();
        for &(from, to, label) in &drawing.wires {
            let (first, last) = (items[from].layer + 1, items[to].layer);
            let (mut chain, mut previous) = (Vec::new(), from);
            for layer in first..last {
                // The numbers stand beside the gate that they enter.
                let size = if layer + 1 == last { label } else { Size { wide: 0.0, tall: LINE } };
                let item = items.len();
                items.push(Item { layer, size, ..Item::default() });
                // A long line wants to be straight more than it wants to be short.
                let pull = if previous == from { 1.0 } else { 8.0 };
                items[previous].after.push((item, pull));
                items[item].before.push((previous, pull));
                chain.push(item);
                previous = item;
            }
            items[previous].after.push((to, 1.0));
            items[to].before.push((previous, 1.0));
            let label = chain.len().saturating_sub(1);
            chains.push((chain, label));
        }
        let count = items.iter().map(|item| item.layer + 1).max().unwrap_or(0);
        Self { layers: vec![Vec::new(); count], items, chains }
    }

    /// Orders every layer: first as a walk back from the results meets the items, then by the mean
    /// place of the neighbours, left and right in turn; the order with the fewest crossings wins.
    fn order(&mut self) {
        let mut seen = vec![false; self.items.len()];
        let ends = (0..self.items.len()).filter(|&item| self.items[item].after.is_empty());
        let mut stack: Vec<usize> = ends.collect();
        while let Some(item) = stack.pop() {
            if std::mem::replace(&mut seen[item], true) {
                continue;
            }
            let layer = self.items[item].layer;
            self.layers[layer].push(item);
            stack.extend(self.items[item].before.iter().rev().map(|&(before, _)| before));
        }
        let mut position = vec![0.0; self.items.len()];
        self.layers.iter().for_each(|layer| number(layer, &mut position));
        let (mut best, mut fewest) = (self.layers.clone(), self.crossings());
        for round in 0..ORDER_ROUNDS {
            if fewest == 0 {
                break;
            }
            let count = self.layers.len();
            for step in 0..count {
                let layer = if round % 2 == 0 { count - 1 - step } else { step };
                self.order_layer(layer, round % 2 == 0, &position);
                number(&self.layers[layer], &mut position);
            }
            let crossings = self.crossings();
            if crossings < fewest {
                (best, fewest) = (self.layers.clone(), crossings);
            }
        }
        self.layers = best;
    }

    /// Orders a layer by the places of the neighbours on one side, each from 0 to 1 in its layer.
    fn order_layer(&mut self, layer: usize, from_after: bool, position: &[f64]) {
        let key = |&item: &usize| {
            let item_ = &self.items[item];
            let neighbours = if from_after { &item_.after } else { &item_.before };
            let sum: f64 = neighbours.iter().map(|&(other, _)| position[other]).sum();
            match neighbours.is_empty() {
                true => position[item],
                false => sum / neighbours.len() as f64,
            }
        };
        let mut keyed: Vec<(f64, usize)> =
            self.layers[layer].iter().map(|item| (key(item), *item)).collect();
        keyed.sort_by(|(a, _), (b, _)| a.total_cmp(b));
        self.layers[layer] = keyed.into_iter().map(|(_, item)| item).collect();
    }

    /// Pairs of lines that cross between neighbouring layers: inversions, counted with a tree of
    /// partial sums (Barth, Mutzel and Jünger, 2004).
    fn crossings(&self) -> usize {
        let mut place = vec![0; self.items.len()];
        for layer in &self.layers {
            layer.iter().enumerate().for_each(|(at, &item)| place[item] = at);
        }
        let mut crossings = 0;
        for layer in &self.layers {
            let mut ends: Vec<usize> = Vec::new();
            for &item in layer {
                let mut targets: Vec<usize> =
                    self.items[item].after.iter().map(|&(after, _)| place[after]).collect();
                targets.sort_unstable();
                ends.extend(targets);
            }
            let size = ends.iter().max().map_or(0, |top| top + 1);
            let mut tree = vec![0usize; size + 1];
            for (met, &end) in ends.iter().enumerate() {
                // Those met before that end no further down do not cross this one.
                let (mut at, mut not_below) = (end + 1, 0);
                while at > 0 {
                    not_below += tree[at];
                    at &= at - 1;
                }
                crossings += met - not_below;
                let mut at = end + 1;
                while at <= size {
                    tree[at] += 1;
                    at += at & at.wrapping_neg();
                }
            }
        }
        crossings
    }

    fn place(&mut self) {
        for layer in self.layers.clone() {
            self.settle(&layer, |_| Some(0.0));
        }
        let count = self.layers.len();
        for round in 0..PLACE_ROUNDS {
            for step in 0..count {
                let layer = if round % 2 == 0 { step } else { count - 1 - step };
                let order = self.layers[layer].clone();
                // At first the neighbours on one side count, which carries far; later both.
                let both = round + 4 >= PLACE_ROUNDS;
                let wish: Vec<Option<f64>> = order
                    .iter()
                    .map(|&item| {
                        let item = &self.items[item];
                        let before = both || round % 2 == 0 || item.after.is_empty();
                        let after = both || round % 2 == 1 || item.before.is_empty();
                        let sides = [before.then_some(&item.before), after.then_some(&item.after)];
                        let pulls = sides.into_iter().flatten().flatten();
                        let (sum, pull) = pulls.fold((0.0, 0.0), |(sum, total), &(other, pull)| {
                            (sum + self.items[other].y * pull, total + pull)
                        });
                        (pull > 0.0).then(|| sum / pull)
                    })
                    .collect();
                let mut wishes = wish.into_iter();
                self.settle(&order, |_| wishes.next().flatten());
            }
        }
    }

    /// Moves the items of a layer as close to their wishes as their order and sizes allow.
    fn settle(&mut self, order: &[usize], mut wish: impl FnMut(usize) -> Option<f64>) {
        // Offsets that make touching neighbours equal turn the distances into a mere order.
        let mut offset = 0.0;
        let mut blocks: Vec<(f64, f64, usize)> = Vec::new();
        let mut offsets = Vec::new();
        for (at, &item) in order.iter().enumerate() {
            if at > 0 {
                let above = &self.items[order[at - 1]].size;
                offset += (above.tall + self.items[item].size.tall) / 2.0 + GAP;
            }
            offsets.push(offset);
            let wanted = wish(item).unwrap_or(self.items[item].y) - offset;
            blocks.push((wanted, 1.0, 1));
            while let [.., (a, n, count), (b, m, more)] = blocks.as_slice() {
                if a <= b {
                    break;
                }
                let joined = ((a * n + b * m) / (n + m), n + m, count + more);
                blocks.truncate(blocks.len() - 2);
                blocks.push(joined);
            }
        }
        let heights = blocks.iter().flat_map(|&(y, _, count)| std::iter::repeat_n(y, count));
        for ((&item, height), offset) in order.iter().zip(heights).zip(offsets) {
            self.items[item].y = height + offset;
        }
    }

    /// Takes steps out of long lines: back from its numbers, each waypoint moves to the height of the
    /// next where its neighbours leave room.
    fn straighten(&mut self) {
        let mut place = vec![0; self.items.len()];
        for layer in &self.layers {
            layer.iter().enumerate().for_each(|(at, &item)| place[item] = at);
        }
        for (chain, _) in self.chains.clone() {
            for pair in chain.windows(2).rev() {
                let [item, next] = [pair[0], pair[1]];
                let (layer, at) = (&self.layers[self.items[item].layer], place[item]);
                let half = self.items[item].size.tall / 2.0;
                let edge = |other: usize, side: f64| {
                    let other = &self.items[other];
                    other.y + side * (other.size.tall / 2.0 + GAP + half)
                };
                let above = at.checked_sub(1).and_then(|at| layer.get(at));
                let low = above.map_or(f64::NEG_INFINITY, |&other| edge(other, 1.0));
                let high = layer.get(at + 1).map_or(f64::INFINITY, |&other| edge(other, -1.0));
                let wish = self.items[next].y;
                if (low..=high).contains(&wish) {
                    self.items[item].y = wish;
                }
            }
        }
    }

    /// Gives layers their places from left to right and moves everything to positive heights.
    fn finish(self, drawing: &Sizes) -> Layout {
        let (mut left, mut columns) = (0.0, Vec::new());
        for layer in &self.layers {
            let wide = layer.iter().map(|&item| self.items[item].size.wide).fold(0.0, f64::max);
            columns.push((left, wide));
            left += wide + BEND;
        }
        let top = |item: &Item| item.y - item.size.tall / 2.0;
        let bottom = |item: &Item| item.y + item.size.tall / 2.0;
        let first = self.items.iter().map(top).fold(f64::INFINITY, f64::min);
        let last = self.items.iter().map(bottom).fold(f64::NEG_INFINITY, f64::max);
        let place = |item: usize| {
            let item = &self.items[item];
            let (left, wide) = columns.get(item.layer).copied().unwrap_or_default();
            Place { left, wide, y: item.y - first }
        };
        let wires = self
            .chains
            .iter()
            .map(|(chain, label)| (chain.iter().map(|&item| place(item)).collect(), *label));
        let tall = if last > first { last - first } else { 0.0 };
        Layout {
            size: Size { wide: (left - BEND).max(0.0), tall },
            shapes: (0..drawing.shapes.len()).map(place).collect(),
            wires: wires.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A graph of so many shapes, each using one to three earlier ones, by a fixed rule.
    fn random(count: usize, seed: u64) -> Sizes {
        let mut state = seed;
        let mut next = |below: usize| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % below
        };
        let mut drawing = Sizes::default();
        for at in 0..count {
            drawing
                .shapes
                .push(Size { wide: 20.0 + next(80) as f64, tall: 20.0 + next(40) as f64 });
            drawing.movable.push(at < count / 3);
            if at >= count / 3 && at > 0 {
                for _ in 0..=next(3) {
                    let label = Size { wide: 30.0 + next(60) as f64, tall: 50.0 };
                    // Mostly near neighbours, sometimes far ones.
                    let from = if next(4) > 0 { at - 1 - next(at.min(9)) } else { next(at) };
                    drawing.wires.push((from, at, label));
                }
            }
        }
        drawing
    }

    #[test]
    fn nothing_overlaps_from_3_to_200_shapes() {
        for count in [3, 5, 9, 17, 40, 90, 200] {
            for seed in 0..4 {
                let drawing = random(count, seed);
                let mut work = Work::new(&drawing);
                work.order();
                work.place();
                work.straighten();
                for layer in &work.layers {
                    for pair in layer.windows(2) {
                        let [a, b] = [&work.items[pair[0]], &work.items[pair[1]]];
                        let free = (b.y - b.size.tall / 2.0) - (a.y + a.size.tall / 2.0);
                        assert!(free >= GAP - 1e-6, "{count} shapes, seed {seed}: {free}");
                    }
                }
                let layout = work.finish(&drawing);
                // Layers do not overlap either, and everything stands on the paper.
                for (chain, _) in &layout.wires {
                    for pair in chain.windows(2) {
                        assert!(pair[1].left >= pair[0].left + pair[0].wide + BEND - 1e-9);
                    }
                }
                for (place, size) in layout.shapes.iter().zip(&drawing.shapes) {
                    assert!(place.y - size.tall / 2.0 >= -1e-9);
                    assert!(place.y + size.tall / 2.0 <= layout.size.tall + 1e-9);
                }
            }
        }
    }

    #[test]
    fn an_order_without_crossings_is_found() {
        // Two chains that the given order would cross.
        let size = Size { wide: 20.0, tall: 20.0 };
        let drawing = Sizes {
            shapes: vec![size; 6],
            movable: vec![false; 6],
            wires: vec![(0, 3, size), (1, 2, size), (2, 4, size), (3, 5, size), (4, 5, size)],
        };
        let mut work = Work::new(&drawing);
        work.order();
        assert_eq!(work.crossings(), 0);
    }
}
