//! From nodes to units of work: a kernel, a product, or a chain of pointwise operations.
//!
//! A pointwise node joins the unit that computes its operand, where it can, so that a bias, an activation
//! or an optimizer's update runs while the product's rows are still in the cache. What holds of the units:
//!
//! 1. A unit reads from memory only what units before it write, and sources. A new unit comes last, when its
//!    operands are in memory. An instruction joins no unit before the one that follows the writers of its
//!    operands in memory, and none before the one that computes an operand: if it joins a later one, the
//!    operand is kept in memory, which its own unit does where it stands.
//! 2. An instruction reads loads, its unit's product, and instructions before it: it is added at the end of
//!    a chain, after its operands.
//! 3. All of a chain have one shape, as a pointwise operation's contract has it: an element of an
//!    instruction needs the element at its place, of what it reads, and no other. So a chain can be computed
//!    in blocks of any size, and behind each row of a product.
//! 4. A value has one home. An operation on sources alone gets its own when it is first read: it can be
//!    computed anywhere, and there it needs no memory.

use std::collections::HashMap;
use std::sync::Arc;

use super::simplify::Rewritten;
use super::{Argument, Chain, Instruction, Lowered, Outside, Place, Slot, Storage, Work};
use crate::error::Result;
use crate::graph::{Contract, Kernel, Node, Source, Type, contract};
use crate::mixing::Mixing;
use crate::ops::{
    AnyOp, AnyPointwise, Factors, LeafTotal, MeanOfAll, Op, RowLosses, SoftmaxWithLoss, Sum, View,
};
use crate::state::Owner;
use crate::tensor::{Shape, Tensor};

/// Where a node's value is.
#[derive(Clone, Copy, Debug)]
enum Home {
    /// Not yet computed, or not needed.
    Nowhere,
    /// In memory, at the place of this number.
    Memory(usize),
    /// The result of an instruction of a unit's chain.
    Instruction(usize, usize),
    /// The product of a unit.
    Product(usize),
    /// Pointwise operations on sources, put where their first reader is.
    Floating,
}

/// Units, while nodes are added in order.
pub(super) struct Units<'a> {
    graph: &'a Rewritten<'a>,
    homes: Vec<Home>,
    /// Places, which are large, by the numbers that homes have.
    places: Vec<Place>,
    /// Pointwise nodes' operations, as their contracts have them, until they are put into a chain.
    pointwise: Vec<Option<Arc<dyn AnyPointwise>>>,
    /// The latest unit whose chain has this shape.
    latest: HashMap<Shape, usize, Mixing>,
    /// The loads of all chains, by their unit and node.
    loads: HashMap<(usize, u32), usize, Mixing>,
    /// What has been made.
    pub lowered: Lowered,
}

impl<'a> Units<'a> {
    pub fn new(graph: &'a Rewritten<'a>) -> Self {
        // A place before everything else for single numbers that depend on sources alone, such as a
        // learning rate: whatever reads them can then join any unit.
        let first = Work::Chain(Chain::new(Shape::scalar()));
        Self {
            graph,
            homes: vec![Home::Nowhere; graph.nodes.len()],
            places: Vec::new(),
            pointwise: vec![None; graph.nodes.len()],
            latest: HashMap::default(),
            loads: HashMap::default(),
            lowered: Lowered { units: vec![first], ..Lowered::default() },
        }
    }

    /// Ends the run after what has been added so far if the scalar `id` is not finite. Returns the unit.
    pub fn guard(&mut self, id: u32) -> usize {
        let place = self.place(id);
        self.lowered.units.push(Work::Guard(place));
        self.lowered.units.len() - 1
    }

    /// Adds a node, whose operands have been added.
    ///
    /// # Errors
    /// The node's operation breaks its contract.
    pub fn add(&mut self, id: u32) -> Result<()> {
        let node = self.node(id);
        let place = match &node.source {
            Source::Input(name) => {
                let at = self.lowered.buffer(node.ty, None);
                self.lowered.inputs.push(Slot { name: name.clone(), ty: node.ty, at });
                Place::contiguous(Storage::Buffer(at), node.ty)
            }
            Source::Parameter(name) => self.outside(node, Owner::Parameter(name.clone())),
            Source::State(key) => self.outside(node, Owner::State(key.clone())),
            Source::Constant(tensor) => self.constant(node, tensor.clone()),
            Source::Op(op) => {
                if let Some(factors) = Factors::of(&**op) {
                    self.homes[id as usize] = self.product(id, factors);
                    return Ok(());
                }
                if let Some(number) = self.graph.folded_number(id) {
                    self.constant(node, Arc::new(Tensor::scalar(number)))
                } else {
                    match node.contract(op, self.graph.nodes)? {
                        Contract::Pointwise(op) => {
                            self.pointwise[id as usize] = Some(op);
                            match self.floats(id) {
                                true => self.homes[id as usize] = Home::Floating,
                                false => self.add_pointwise(id, None),
                            }
                            return Ok(());
                        }
                        Contract::View => self.view(id, &**op)?,
                        Contract::Kernel(_) if op.is::<SoftmaxWithLoss>() => self.row_losses(id),
                        Contract::Kernel(contract) => match self.tall_sum(id, &**op) {
                            Some(place) => place,
                            None => self.kernel(id, op, contract),
                        },
                    }
                }
            }
        };
        self.homes[id as usize] = Home::Memory(self.places.len());
        self.places.push(place);
        Ok(())
    }

    fn node(&self, id: u32) -> &'a Node {
        &self.graph.nodes[id as usize]
    }

    fn outside(&mut self, node: &Node, owner: Owner) -> Place {
        let storage = Storage::Parameter(self.lowered.parameters.len());
        self.lowered.parameters.push(Outside { owner, shape: node.ty.shape });
        Place::contiguous(storage, node.ty)
    }

    fn constant(&mut self, node: &Node, tensor: Arc<Tensor<f64>>) -> Place {
        // Of a number that repeats, memory holds one.
        let ty = Type { shape: tensor.shape(), ..node.ty };
        let repeats = tensor.at(&[]).is_some();
        let at = self.lowered.buffer(ty, None);
        self.lowered.constants.push((at, tensor));
        let place = Place::contiguous(Storage::Buffer(at), node.ty);
        match repeats {
            true => Place { strides: [0; crate::tensor::MAX_RANK], ..place },
            false => place,
        }
    }

    /// Whether a pointwise node reads nothing but sources.
    fn floats(&self, id: u32) -> bool {
        self.graph.operands(id).all(|operand| match self.homes[operand as usize] {
            Home::Memory(at) => self.lowered.writer(&self.places[at]).is_none(),
            _ => false,
        })
    }

    /// Adds a pointwise node to the unit `target`, or where it fits best.
    fn add_pointwise(&mut self, id: u32, target: Option<usize>) {
        let target = target.unwrap_or_else(|| self.target(id));
        let graph = self.graph;
        for operand in graph.operands(id) {
            if matches!(self.homes[operand as usize], Home::Floating) {
                self.add_pointwise(operand, Some(target));
            }
        }
        let operands = graph.operands(id).map(|operand| match self.homes[operand as usize] {
            Home::Instruction(unit, at) if unit == target => Argument::Instruction(at),
            Home::Product(unit) if unit == target => Argument::Leader,
            _ => self.load(target, operand),
        });
        let operands = operands.collect();
        let Some(op) = self.pointwise[id as usize].take() else {
            unreachable!("a pointwise node is added once, with its operation")
        };
        let body = &mut self.lowered.chain_mut(target).body;
        let home = Home::Instruction(target, body.len());
        body.push(Instruction { op, operands, store: None });
        self.homes[id as usize] = home;
    }

    /// A chain's load of a node, which it may have already.
    fn load(&mut self, unit: usize, id: u32) -> Argument {
        if let Some(&load) = self.loads.get(&(unit, id)) {
            return Argument::Load(load);
        }
        let place = self.place(id);
        let loads = &mut self.lowered.chain_mut(unit).loads;
        let load = loads.len();
        loads.push(place);
        self.loads.insert((unit, id), load);
        Argument::Load(load)
    }

    /// The unit that a pointwise node joins: the one that computes its operand, else the latest of its
    /// shape that comes late enough, else a new one.
    fn target(&mut self, id: u32) -> usize {
        let shape = self.node(id).ty.shape;
        let (mut direct, mut after) = (None, 0);
        for operand in self.graph.operands(id) {
            match self.homes[operand as usize] {
                Home::Instruction(unit, _) | Home::Product(unit) => {
                    direct = direct.max(Some(unit));
                }
                Home::Memory(at) => {
                    let writer = self.lowered.writer(&self.places[at]);
                    after = after.max(writer.map_or(0, |unit| unit + 1));
                }
                Home::Nowhere | Home::Floating => {}
            }
        }
        if let Some(unit) = direct.filter(|&unit| unit >= after) {
            return unit;
        }
        let earliest = after.max(direct.unwrap_or(0));
        match self.latest.get(&shape) {
            _ if earliest == 0 && shape.rank() == 0 => 0,
            Some(&unit) if unit >= earliest => unit,
            _ => self.push(Work::Chain(Chain::new(shape)), shape),
        }
    }

    fn view(&mut self, id: u32, op: &dyn AnyOp) -> Result<Place> {
        let (node, nodes) = (self.node(id), self.graph.nodes);
        let mut base = self.operands(id, true)[0];
        let mut found = node.view(op, nodes, &base.view())?;
        if found.is_none() {
            base = self.lowered.copy(base);
            found = node.view(op, nodes, &base.view())?;
        }
        let Some(View { shape, strides, offset }) = found else {
            return Err(node.no_view(nodes));
        };
        Ok(Place { shape, strides, offset, ..base })
    }

    fn product(&mut self, id: u32, factors: Factors) -> Home {
        let shape = self.node(id).ty.shape;
        let operands = self.operands(id, true);
        let (a, mut b, out, chain) = (operands[0], operands[1], None, Chain::new(shape));
        if !factors.takes_right(&b.view()) {
            b = self.lowered.copy(b);
        }
        Home::Product(self.push(Work::Product { factors, a, b, out, chain }, shape))
    }

    fn kernel(&mut self, id: u32, op: &Arc<dyn AnyOp>, contract: Kernel) -> Place {
        let operands = self.operands(id, contract.strided);
        self.push_kernel(op.clone(), operands, self.node(id).ty, contract)
    }

    fn operands(&mut self, id: u32, strided: bool) -> Vec<Place> {
        let graph = self.graph;
        let operands = graph.operands(id).map(|operand| {
            let place = self.place(operand);
            if strided { place } else { self.copy_if_strided(place) }
        });
        operands.collect()
    }

    /// The mean of rows' losses: threads share the rows, and one of them takes the mean.
    fn row_losses(&mut self, id: u32) -> Place {
        let node = self.node(id);
        let operands = self.operands(id, false);
        let types = node.operand_types(self.graph.nodes);
        let ty = match Op::infer(&RowLosses, &types) {
            Ok(ty) => ty,
            Err(message) => unreachable!("a loss of rows is a mean of each one's, but: {message}"),
        };
        let losses = self.own_kernel(Arc::new(RowLosses), operands, &types, ty);
        self.own_kernel(Arc::new(MeanOfAll), vec![losses], &[ty], node.ty)
    }

    /// A sum of many rows: threads share its leaves, and one of them adds those.
    fn tall_sum(&mut self, id: u32, op: &dyn AnyOp) -> Option<Place> {
        let sum = op.as_any().downcast_ref::<Sum>()?;
        let node = self.node(id);
        let types = node.operand_types(self.graph.nodes);
        let leaves = sum.leaves(&types[0].shape)?;
        let ty = match Op::infer(&leaves, &types) {
            Ok(ty) => ty,
            Err(message) => unreachable!("a sum has leaves of a shape, but: {message}"),
        };
        let operands = self.operands(id, true);
        let sums = self.own_kernel(Arc::new(leaves), operands, &types, ty);
        Some(self.own_kernel(Arc::new(LeafTotal), vec![sums], &[ty], node.ty))
    }

    /// A kernel of the library that is no node's.
    fn own_kernel(
        &mut self,
        op: Arc<dyn AnyOp>,
        operands: Vec<Place>,
        types: &[Type],
        ty: Type,
    ) -> Place {
        match contract(&op, types, ty) {
            Ok(Contract::Kernel(contract)) => self.push_kernel(op, operands, ty, contract),
            other => unreachable!("{op:?} is a kernel of these types, but answers {other:?}"),
        }
    }

    fn push_kernel(
        &mut self,
        op: Arc<dyn AnyOp>,
        operands: Vec<Place>,
        ty: Type,
        contract: Kernel,
    ) -> Place {
        let buffer = self.lowered.buffer(ty, Some(self.lowered.units.len()));
        let out = Place::contiguous(Storage::Buffer(buffer), ty);
        self.lowered.units.push(Work::Kernel { op, operands, out, contract });
        out
    }

    /// The value of a node in memory; a chain or product that computes it keeps it from now on.
    pub fn place(&mut self, id: u32) -> Place {
        if matches!(self.homes[id as usize], Home::Floating) {
            self.add_pointwise(id, None);
        }
        match self.homes[id as usize] {
            Home::Memory(at) => self.places[at],
            Home::Instruction(unit, at) => self.lowered.keep(unit, at),
            Home::Product(unit) => self.lowered.keep_product(unit),
            home => unreachable!("node {id} is read while its value is {home:?}"),
        }
    }

    /// The unit and instruction that compute a node, where it is read by its own chain alone.
    pub fn instruction(&self, id: u32) -> Option<(usize, usize)> {
        match self.homes[id as usize] {
            Home::Instruction(unit, at) => {
                let chain = self.lowered.units[unit].chain();
                let instruction = chain.map(|chain| &chain.body[at]);
                let Some(instruction) = instruction else {
                    unreachable!("unit {unit} computes node {id}, but has no instructions")
                };
                instruction.store.is_none().then_some((unit, at))
            }
            _ => None,
        }
    }

    pub fn copy_if_strided(&mut self, place: Place) -> Place {
        if place.view().is_contiguous() { place } else { self.lowered.copy(place) }
    }

    /// A place that lies row by row and that no update changes.
    pub fn settled(&mut self, place: Place) -> Place {
        match place.storage {
            Storage::Parameter(_) => self.lowered.copy(place),
            Storage::Buffer(_) => self.copy_if_strided(place),
        }
    }

    fn push(&mut self, work: Work, shape: Shape) -> usize {
        self.lowered.units.push(work);
        self.latest.insert(shape, self.lowered.units.len() - 1);
        self.lowered.units.len() - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::{Graph, Var};
    use crate::lowering::samples::Sample;

    fn lowered(outputs: &[Var<'_>]) -> Lowered {
        outputs[0].graph().lower::<f64>(outputs, &[], None).unwrap()
    }

    /// The units that compute anything, as words: `chain`, `product`, `copy` or the kernel's name, with the
    /// names of their instructions, those that are kept with a `!`.
    fn words(outputs: &[Var<'_>]) -> Vec<String> {
        let lowered = lowered(outputs);
        let units = lowered.units.iter().filter(|unit| !unit.is_empty());
        let word = |unit: &Work| {
            let first = match unit {
                Work::Chain(_) => "chain",
                Work::Product { out: None, .. } => "product",
                Work::Product { out: Some(_), .. } => "product!",
                Work::Kernel { op, .. } => op.name(),
                Work::Copy { .. } => "copy",
                Work::Guard(_) => "guard",
            };
            let body = unit.chain().into_iter().flat_map(|chain| &chain.body);
            let names = body.map(|instruction| {
                let kept = if instruction.store.is_some() { "!" } else { "" };
                format!(" {}{kept}", instruction.op.name())
            });
            first.to_owned() + &names.collect::<String>()
        };
        units.map(word).collect()
    }

    #[test]
    fn units_read_what_units_before_them_write() {
        for seed in 0..100 {
            let sample = Sample::new(seed, 6);
            let loss = sample.graph.var(sample.loss);
            let (outputs, updates) = (sample.outputs(), sample.updates());
            let lowered = sample.graph.lower::<f64>(&outputs, &updates, Some(loss)).unwrap();
            for (unit, work) in lowered.units.iter().enumerate() {
                for place in work.reads() {
                    assert!(
                        lowered.writer(place) < Some(unit),
                        "seed {seed}, unit {unit}: {place:?}"
                    );
                }
                let Some(chain) = work.chain() else { continue };
                assert!(chain.loads.iter().all(|load| load.shape == chain.shape));
                for (at, instruction) in chain.body.iter().enumerate() {
                    let is_there = |operand: &Argument| match *operand {
                        Argument::Leader => matches!(work, Work::Product { .. }),
                        Argument::Instruction(other) => other < at,
                        Argument::Load(load) => load < chain.loads.len(),
                    };
                    assert!(instruction.operands.iter().all(is_there), "seed {seed}, unit {unit}");
                }
            }
            for (at, buffer) in lowered.buffers.iter().enumerate() {
                let writes =
                    |work: &Work| work.writes().any(|storage| storage == Storage::Buffer(at));
                let writers: Vec<usize> =
                    (0..lowered.units.len()).filter(|&unit| writes(&lowered.units[unit])).collect();
                assert_eq!(writers, Vec::from_iter(buffer.writer), "seed {seed}, buffer {at}");
            }
        }
    }

    #[test]
    fn pointwise_work_joins_the_product_before_it() {
        let g = Graph::new();
        let (x, w, b) = (g.input("x", [5, 3]), g.parameter("w", [3, 2]), g.parameter("b", [2]));
        let y = (x.matmul(w) + b).relu();
        assert_eq!(words(&[y]), ["product add relu!"]);
        // What is read outside of the unit is kept by it.
        let z = x.matmul(w);
        assert_eq!(words(&[z.exp(), z]), ["product! exp!"]);
    }

    #[test]
    fn an_instruction_waits_for_the_units_that_it_reads() {
        let g = Graph::new();
        let (x, w) = (g.input("x", [5, 3]), g.parameter("w", [3, 2]));
        let y = x.matmul(w);
        assert_eq!(words(&[y - y.max(&[0])]), ["product!", "max", "chain sub!"]);
        // Two products: the later one takes it, and the earlier one is kept for it.
        assert_eq!(
            words(&[(y + x.exp().matmul(w)).tanh()]),
            ["product!", "chain exp!", "product add tanh!"]
        );
    }

    #[test]
    fn what_depends_on_sources_alone_is_computed_where_it_is_read() {
        let g = Graph::new();
        let (x, w) = (g.input("x", [5, 3]), g.parameter("w", [3, 2]));
        let (v, rate) = (g.input("v", [5, 2]), g.input("rate", []));
        assert_eq!(words(&[v.square() + x.matmul(w)]), ["product square add!"]);
        // Single numbers come before everything else, so that whatever reads them can join any unit.
        assert_eq!(words(&[x.matmul(w) * rate.exp()]), ["chain exp!", "product mul!"]);
        assert_eq!(words(&[x.matmul(w) * x.sum(&[]).exp()]).len(), 4);
    }
}
