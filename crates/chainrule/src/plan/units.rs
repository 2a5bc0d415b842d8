//! From nodes to units of work: a kernel, a product, or a chain of pointwise operations.
//!
//! A pointwise node joins the unit that computes its operand, where shapes allow it, so that a bias,
//! an activation or an optimizer's update runs while the product's rows are still in the cache. Units
//! are kept in an order in which each comes after those whose results it reads.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Place, Slot, Storage};
use crate::error::Result;
use crate::graph::{Contract, Kernel, Node, Source, Type, contract};
use crate::ops::product::fits_scratch;
use crate::ops::{
    AnyOp, AnyPointwise, LeafTotal, MatMul, MeanOfAll, Op, RowLosses, SoftmaxWithLoss, Sum, View,
    matmul_lengths, matrix,
};
use crate::tensor::{Shape, Tensor};

/// An operand of one instruction of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Argument {
    /// The product that the chain follows.
    Leader,
    /// The result of an earlier instruction.
    Instruction(usize),
    /// The chain's load of this number.
    Load(usize),
}

/// One pointwise operation of a chain.
#[derive(Clone, Debug)]
pub(crate) struct Instruction {
    pub op: Arc<dyn AnyPointwise>,
    pub operands: Vec<Argument>,
    /// Where the result is kept; else it lives in a scratch block.
    pub store: Option<Storage>,
}

impl Instruction {
    /// Whether an operand is a load that `wanted` names.
    pub(super) fn reads(&self, wanted: impl Fn(usize) -> bool) -> bool {
        self.operands.iter().any(|operand| match *operand {
            Argument::Load(load) => wanted(load),
            Argument::Leader | Argument::Instruction(_) => false,
        })
    }
}

/// Pointwise operations over one shape, computed together, block by block.
#[derive(Clone, Debug)]
pub(crate) struct Chain {
    pub shape: Shape,
    pub loads: Vec<Place>,
    pub body: Vec<Instruction>,
    load_of: HashMap<Place, usize>,
}

impl Chain {
    fn new(shape: Shape) -> Self {
        Self { shape, loads: Vec::new(), body: Vec::new(), load_of: HashMap::new() }
    }

    fn load(&mut self, place: Place) -> Argument {
        let next = self.loads.len();
        let load = *self.load_of.entry(place).or_insert(next);
        if load == next {
            self.loads.push(place);
        }
        Argument::Load(load)
    }
}

/// What a unit computes.
#[derive(Clone, Debug)]
pub(crate) enum Work {
    /// Pointwise operations alone.
    Chain(Chain),
    /// A matrix product and the pointwise operations that follow it; `out` keeps the product itself
    /// where something else reads it.
    Product { a: Place, b: Place, out: Option<usize>, chain: Chain },
    /// One operation's kernel.
    Kernel { op: Arc<dyn AnyOp>, operands: Vec<Place>, out: Place, contract: Kernel },
    /// A strided value made contiguous.
    Copy { from: Place, to: Place },
    /// The run ends here if this scalar, the loss, is not finite.
    Guard(Place),
}

impl Work {
    /// Whether nothing is computed.
    pub(super) fn is_empty(&self) -> bool {
        matches!(self, Self::Chain(chain) if chain.body.is_empty())
    }

    /// The pointwise operations.
    pub(crate) fn chain(&self) -> Option<&Chain> {
        match self {
            Self::Chain(chain) | Self::Product { chain, .. } => Some(chain),
            Self::Kernel { .. } | Self::Copy { .. } | Self::Guard(_) => None,
        }
    }

    pub(super) fn chain_mut(&mut self) -> Option<&mut Chain> {
        match self {
            Self::Chain(chain) | Self::Product { chain, .. } => Some(chain),
            Self::Kernel { .. } | Self::Copy { .. } | Self::Guard(_) => None,
        }
    }

    /// The shape over which the unit computes; none for a guard.
    pub(super) fn output(&self) -> Option<&Shape> {
        match self {
            Self::Chain(chain) | Self::Product { chain, .. } => Some(&chain.shape),
            Self::Kernel { out: to, .. } | Self::Copy { to, .. } => Some(&to.shape),
            Self::Guard(_) => None,
        }
    }

    /// What the unit reads from memory.
    pub(crate) fn reads(&self) -> Vec<Place> {
        let mut places = match self {
            Self::Chain(_) => Vec::new(),
            Self::Product { a, b, .. } => vec![*a, *b],
            Self::Kernel { operands, .. } => operands.clone(),
            Self::Copy { from, .. } | Self::Guard(from) => vec![*from],
        };
        places.extend(self.chain().iter().flat_map(|chain| &chain.loads));
        places
    }

    /// Where the unit's results are kept.
    pub(crate) fn writes(&self) -> Vec<Storage> {
        let mut found = match self {
            Self::Chain(_) | Self::Guard(_) => Vec::new(),
            Self::Product { out, .. } => out.map(Storage::Buffer).into_iter().collect(),
            Self::Kernel { out: to, .. } | Self::Copy { to, .. } => vec![to.storage],
        };
        let body = self.chain().into_iter().flat_map(|chain| &chain.body);
        found.extend(body.filter_map(|instruction| instruction.store));
        found
    }
}

/// Where a node's value is.
#[derive(Clone, Copy, Debug)]
enum Home {
    /// Not yet computed, or not needed.
    Nowhere,
    /// In memory.
    Memory(Place),
    /// The result of an instruction of a unit's chain.
    Instruction(usize, usize),
    /// The product of a unit.
    Product(usize),
    /// Pointwise operations on sources, put where their first reader is.
    Floating,
}

/// The units of a plan, while nodes are added in order.
pub(super) struct Units<'a> {
    nodes: &'a [Node],
    homes: Vec<Home>,
    /// Pointwise nodes' operations, as their contracts have them, until they are put into a chain.
    pointwise: Vec<Option<Arc<dyn AnyPointwise>>>,
    pub work: Vec<Work>,
    /// The types of the plan's own buffers, and the unit that writes each; none for sources.
    pub buffers: Vec<(Type, Option<usize>)>,
    /// The latest unit whose chain has this shape.
    latest: HashMap<Shape, usize>,
    pub inputs: Vec<Slot>,
    pub parameters: Vec<Slot>,
    pub constants: Vec<(usize, Arc<Tensor<f64>>)>,
}

impl<'a> Units<'a> {
    pub fn new(nodes: &'a [Node]) -> Self {
        Self {
            nodes,
            homes: vec![Home::Nowhere; nodes.len()],
            pointwise: vec![None; nodes.len()],
            // A place before everything else for single numbers that depend on sources alone, such as
            // a learning rate: whatever reads them can then join any unit.
            work: vec![Work::Chain(Chain::new(Shape::scalar()))],
            buffers: Vec::new(),
            latest: HashMap::new(),
            inputs: Vec::new(),
            parameters: Vec::new(),
            constants: Vec::new(),
        }
    }

    /// Ends the run after what has been added so far if the scalar `id` is not finite.
    pub fn guard(&mut self, id: u32) {
        let place = self.place(id);
        self.work.push(Work::Guard(place));
    }

    /// Adds a node, whose operands have been added.
    ///
    /// # Errors
    /// The node's operation breaks its contract.
    pub fn add(&mut self, id: u32) -> Result<()> {
        let node = &self.nodes[id as usize];
        let home = match &node.source {
            Source::Input(name) => {
                let at = self.buffer(node.ty, None);
                self.inputs.push(Slot { name: name.clone(), ty: node.ty, at });
                Home::Memory(Place::contiguous(Storage::Buffer(at), node.ty))
            }
            Source::Parameter(name) => {
                let at = self.parameters.len();
                self.parameters.push(Slot { name: name.clone(), ty: node.ty, at });
                Home::Memory(Place::contiguous(Storage::Parameter(at), node.ty))
            }
            Source::Constant(tensor) => Home::Memory(self.constant(node, tensor)),
            Source::Op(op) => match node.contract(op, self.nodes)? {
                Contract::Pointwise(op) => {
                    self.pointwise[id as usize] = Some(op);
                    if !self.floats(node) {
                        self.add_pointwise(id, None);
                        return Ok(());
                    }
                    Home::Floating
                }
                Contract::View => Home::Memory(self.view(node, &**op)?),
                Contract::Kernel(_) if op.is::<MatMul>() => self.product(id),
                Contract::Kernel(_) if op.is::<SoftmaxWithLoss>() => self.row_losses(node),
                Contract::Kernel(contract) => match self.tall_sum(node, &**op) {
                    Some(home) => home,
                    None => self.kernel(node, op, contract),
                },
            },
        };
        self.homes[id as usize] = home;
        Ok(())
    }

    fn constant(&mut self, node: &Node, tensor: &Arc<Tensor<f64>>) -> Place {
        let ty = Type::real(tensor.shape());
        let at = self.buffer(ty, None);
        self.constants.push((at, tensor.clone()));
        let place = Place::contiguous(Storage::Buffer(at), node.ty);
        match node.constant_number() {
            Some(_) => Place { strides: [0; crate::tensor::MAX_RANK], ..place },
            None => place,
        }
    }

    /// Whether a pointwise node reads nothing but sources.
    fn floats(&self, node: &Node) -> bool {
        node.operands.iter().all(|&operand| match self.homes[operand as usize] {
            Home::Memory(place) => self.writer(&place).is_none(),
            _ => false,
        })
    }

    /// The unit that writes a place; none for sources.
    pub fn writer(&self, place: &Place) -> Option<usize> {
        match place.storage {
            Storage::Buffer(at) => self.buffers[at].1,
            Storage::Parameter(_) => None,
        }
    }

    /// Adds a pointwise node to the unit `target`, or where it fits best.
    fn add_pointwise(&mut self, id: u32, target: Option<usize>) {
        let node = &self.nodes[id as usize];
        let target = target.unwrap_or_else(|| self.target(node));
        for &operand in &node.operands {
            if matches!(self.homes[operand as usize], Home::Floating) {
                self.add_pointwise(operand, Some(target));
            }
        }
        let mut operands = Vec::with_capacity(node.operands.len());
        for &operand in &node.operands {
            operands.push(match self.homes[operand as usize] {
                Home::Instruction(unit, at) if unit == target => Argument::Instruction(at),
                Home::Product(unit) if unit == target => Argument::Leader,
                _ => {
                    let place = self.place(operand);
                    self.chain_mut(target).load(place)
                }
            });
        }
        let Some(op) = self.pointwise[id as usize].take() else {
            unreachable!("a pointwise node is added once, with its operation")
        };
        let body = &mut self.chain_mut(target).body;
        let home = Home::Instruction(target, body.len());
        body.push(Instruction { op, operands, store: None });
        self.homes[id as usize] = home;
    }

    /// The chain of a unit that pointwise nodes join.
    fn chain_mut(&mut self, unit: usize) -> &mut Chain {
        match self.work[unit].chain_mut() {
            Some(chain) => chain,
            None => unreachable!("unit {unit} has instructions, but is no chain and no product"),
        }
    }

    /// The unit that a pointwise node joins: the one that computes its operand, else the latest of its
    /// shape that comes late enough, else a new one.
    fn target(&mut self, node: &Node) -> usize {
        let shape = node.ty.shape;
        let (mut direct, mut after) = (None, 0);
        for &operand in &node.operands {
            match self.homes[operand as usize] {
                Home::Instruction(unit, _) | Home::Product(unit) => {
                    direct = direct.max(Some(unit));
                }
                Home::Memory(place) => {
                    after = after.max(self.writer(&place).map_or(0, |unit| unit + 1));
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

    fn view(&mut self, node: &Node, op: &dyn AnyOp) -> Result<Place> {
        let mut base = self.place(node.operands[0]);
        let mut found = node.view(op, self.nodes, &base.view())?;
        if found.is_none() {
            base = self.copy(base);
            found = node.view(op, self.nodes, &base.view())?;
        }
        let Some(View { shape, strides, offset }) = found else {
            return Err(node.no_view(self.nodes));
        };
        Ok(Place { shape, strides, offset, ..base })
    }

    fn product(&mut self, id: u32) -> Home {
        let node = &self.nodes[id as usize];
        let [a, b] = [0, 1].map(|i| self.place(node.operands[i]));
        let (out, chain) = (None, Chain::new(node.ty.shape));
        let unit = self.push(Work::Product { a, b, out, chain }, node.ty.shape);
        Home::Product(unit)
    }

    fn kernel(&mut self, node: &Node, op: &Arc<dyn AnyOp>, contract: Kernel) -> Home {
        let operands = self.operands(node, contract.strided);
        Home::Memory(self.push_kernel(op.clone(), operands, node.ty, contract))
    }

    fn operands(&mut self, node: &Node, strided: bool) -> Vec<Place> {
        let mut operands = Vec::with_capacity(node.operands.len());
        for &operand in &node.operands {
            let place = self.place(operand);
            operands.push(if strided { place } else { self.copy_if_strided(place) });
        }
        operands
    }

    /// The mean of rows' losses: threads share the rows, and one of them takes the mean.
    fn row_losses(&mut self, node: &Node) -> Home {
        let operands = self.operands(node, false);
        let types = node.operand_types(self.nodes);
        let losses = Type::real([types[0].shape.dims()[0]]);
        let losses = self.own_kernel(Arc::new(RowLosses), operands, &types, losses);
        let ty = Type::real(losses.shape);
        Home::Memory(self.own_kernel(Arc::new(MeanOfAll), vec![losses], &[ty], node.ty))
    }

    /// A sum of many rows: threads share its leaves, and one of them adds those.
    fn tall_sum(&mut self, node: &Node, op: &dyn AnyOp) -> Option<Home> {
        let types = node.operand_types(self.nodes);
        let leaves = op.as_any().downcast_ref::<Sum>()?.leaves(&types[0].shape)?;
        let ty = match Op::infer(&leaves, &types) {
            Ok(ty) => ty,
            Err(message) => unreachable!("a sum has leaves of a shape, but: {message}"),
        };
        let operands = self.operands(node, true);
        let sums = self.own_kernel(Arc::new(leaves), operands, &types, ty);
        Some(Home::Memory(self.own_kernel(Arc::new(LeafTotal), vec![sums], &[ty], node.ty)))
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
        let buffer = self.buffer(ty, Some(self.work.len()));
        let out = Place::contiguous(Storage::Buffer(buffer), ty);
        self.work.push(Work::Kernel { op, operands, out, contract });
        out
    }

    /// The value of a node in memory; a chain or product that computes it keeps it from now on.
    pub fn place(&mut self, id: u32) -> Place {
        let ty = self.nodes[id as usize].ty;
        if matches!(self.homes[id as usize], Home::Floating) {
            self.add_pointwise(id, None);
        }
        let unit = match self.homes[id as usize] {
            Home::Memory(place) => return place,
            Home::Instruction(unit, _) | Home::Product(unit) => unit,
            home => unreachable!("node {id} is read while its value is {home:?}"),
        };
        let next = self.buffers.len();
        let kept = match (self.homes[id as usize], &mut self.work[unit]) {
            (Home::Product(_), Work::Product { out, .. }) => {
                Storage::Buffer(*out.get_or_insert(next))
            }
            (Home::Instruction(_, at), Work::Chain(chain) | Work::Product { chain, .. }) => {
                *chain.body[at].store.get_or_insert(Storage::Buffer(next))
            }
            (home, work) => unreachable!("node {id} is {home:?} of {work:?}"),
        };
        if kept == Storage::Buffer(next) {
            self.buffer(ty, Some(unit));
        }
        Place::contiguous(kept, ty)
    }

    /// Gives memory to products whose sums take more than one pass.
    pub fn keep_large_products(&mut self) {
        for unit in 0..self.work.len() {
            let next = self.buffers.len();
            let Work::Product { a, b, out: out @ None, chain } = &mut self.work[unit] else {
                continue;
            };
            let lengths = matmul_lengths(&a.shape, &b.shape);
            let right = matrix::<()>(std::ptr::null(), &b.view(), 0);
            if !fits_scratch(lengths, &right) {
                *out = Some(next);
                self.buffers.push((Type::real(chain.shape), Some(unit)));
            }
        }
    }

    /// Has an instruction of a chain write its result to memory.
    pub fn store(&mut self, unit: usize, at: usize, storage: Storage) {
        self.chain_mut(unit).body[at].store = Some(storage);
    }

    /// The unit and instruction that compute a node, where it is read by its own chain alone.
    pub fn instruction(&self, id: u32) -> Option<(usize, usize)> {
        match self.homes[id as usize] {
            Home::Instruction(unit, at) => {
                let chain = self.work[unit].chain();
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
        if place.view().is_contiguous() { place } else { self.copy(place) }
    }

    pub fn copy(&mut self, from: Place) -> Place {
        let ty = Type { kind: from.kind, shape: from.shape };
        let buffer = self.buffer(ty, Some(self.work.len()));
        let to = Place::contiguous(Storage::Buffer(buffer), ty);
        self.work.push(Work::Copy { from, to });
        to
    }

    fn push(&mut self, work: Work, shape: Shape) -> usize {
        self.work.push(work);
        self.latest.insert(shape, self.work.len() - 1);
        self.work.len() - 1
    }

    fn buffer(&mut self, ty: Type, writer: Option<usize>) -> usize {
        self.buffers.push((ty, writer));
        self.buffers.len() - 1
    }
}
