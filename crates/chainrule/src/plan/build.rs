//! From a graph to the steps of a plan.

use std::collections::HashMap;
use std::sync::Arc;

use super::memory::{Buffer, lay_out};
use super::{Layout, Slot, Update};
use crate::error::Result;
use crate::graph::{Graph, Kind, Node, Source, Type, Var};
use crate::ops::{AnyOp, Class, View, split};
use crate::tensor::Shape;

/// Where a value is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Storage {
    /// The plan's memory: a buffer of real numbers or of whole ones.
    Buffer(usize),
    /// A parameter, outside the plan.
    Parameter(usize),
}

/// A value as steps see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    pub storage: Storage,
    pub kind: Kind,
    pub shape: Shape,
    pub strides: crate::tensor::Strides,
    pub offset: usize,
}

impl Place {
    fn contiguous(storage: Storage, ty: Type) -> Self {
        let Type { kind, shape } = ty;
        Self { storage, kind, shape, strides: shape.strides(), offset: 0 }
    }

    fn view(&self) -> View {
        View { shape: self.shape, strides: self.strides, offset: self.offset }
    }

    /// One past the last element that the view can reach.
    pub fn end(&self) -> usize {
        if self.shape.is_empty() {
            return self.offset;
        }
        let dims = self.shape.dims().iter().zip(self.strides);
        self.offset + dims.map(|(&n, stride)| (n - 1) * stride).sum::<usize>() + 1
    }
}

/// An operand of one instruction of a pointwise step.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Argument {
    /// The result of an earlier instruction.
    Instruction(usize),
    /// The step's load of this number.
    Load(usize),
}

/// One operation of a pointwise step.
#[derive(Clone, Debug)]
pub(crate) struct Instruction {
    pub node: u32,
    pub op: Arc<dyn AnyOp>,
    pub operands: Vec<Argument>,
    /// The buffer that keeps the result; else it lives in a scratch block.
    pub store: Option<usize>,
    /// The scratch block, where there is no buffer.
    pub block: usize,
}

/// One step of a plan. The threads meet after each.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// A chain of pointwise operations over one shape, computed block by block.
    Pointwise { shape: Shape, loads: Vec<Place>, body: Vec<Instruction>, parts: usize },
    /// One operation's kernel.
    Kernel { op: Arc<dyn AnyOp>, operands: Vec<Place>, out: Place, parts: usize },
    /// A strided value made contiguous.
    Copy { from: Place, to: Place, parts: usize },
}

pub(super) struct Builder<'a> {
    nodes: &'a [Node],
    /// Uses of each node's value by needed nodes; 0 where it is not needed.
    uses: Vec<u32>,
    /// Whether the caller reads the node's value after a run.
    kept: Vec<bool>,
    places: Vec<Option<Place>>,
    buffers: Vec<Buffer>,
    steps: Vec<Step>,
    /// The open pointwise step and, for each of its nodes, its instruction.
    open: Option<Open>,
    inputs: Vec<Slot>,
    parameters: Vec<Slot>,
    constants: Vec<(usize, Arc<crate::tensor::Tensor<f64>>)>,
}

struct Open {
    shape: Shape,
    loads: Vec<Place>,
    load_of: HashMap<Place, usize>,
    body: Vec<Instruction>,
    instruction_of: HashMap<u32, usize>,
}

impl Graph {
    pub(super) fn lay_out(
        &self,
        outputs: &[Var<'_>],
        updates: &[(Var<'_>, Var<'_>)],
    ) -> Result<Layout> {
        self.ok()?;
        let nodes = self.nodes();
        let mut builder = Builder::new(&nodes, outputs, updates);
        for id in 0..nodes.len() as u32 {
            if builder.uses[id as usize] > 0 {
                builder.add(id);
            }
        }
        Ok(builder.finish(outputs, updates))
    }
}

impl<'a> Builder<'a> {
    fn new(nodes: &'a [Node], outputs: &[Var<'_>], updates: &[(Var<'_>, Var<'_>)]) -> Self {
        let mut uses = vec![0; nodes.len()];
        let mut kept = vec![false; nodes.len()];
        for v in outputs.iter().chain(updates.iter().flat_map(|(p, v)| [p, v])) {
            uses[v.id as usize] += 1;
            kept[v.id as usize] = true;
        }
        for id in (0..nodes.len()).rev() {
            if uses[id] > 0 {
                nodes[id].operands.iter().for_each(|&operand| uses[operand as usize] += 1);
            }
        }
        Self {
            nodes,
            uses,
            kept,
            places: vec![None; nodes.len()],
            buffers: Vec::new(),
            steps: Vec::new(),
            open: None,
            inputs: Vec::new(),
            parameters: Vec::new(),
            constants: Vec::new(),
        }
    }

    fn add(&mut self, id: u32) {
        let node = &self.nodes[id as usize];
        match &node.source {
            Source::Input(name) => {
                let buffer = self.buffer(node.ty, true);
                self.place(id, Place::contiguous(Storage::Buffer(buffer), node.ty));
                self.inputs.push(Slot { name: name.clone(), ty: node.ty, at: buffer });
            }
            Source::Parameter(name) => {
                let at = self.parameters.len();
                self.place(id, Place::contiguous(Storage::Parameter(at), node.ty));
                self.parameters.push(Slot { name: name.clone(), ty: node.ty, at });
            }
            Source::Constant(tensor) => {
                let buffer = self.buffer(node.ty, true);
                self.place(id, Place::contiguous(Storage::Buffer(buffer), node.ty));
                self.constants.push((buffer, tensor.clone()));
            }
            Source::Op(op) => match op.class() {
                Class::Pointwise => self.add_pointwise(id, op),
                Class::View => self.add_view(id, op),
                Class::Kernel { strided } => self.add_kernel(id, op, strided),
            },
        }
    }

    fn add_pointwise(&mut self, id: u32, op: &Arc<dyn AnyOp>) {
        let node = &self.nodes[id as usize];
        // A load of something that the open step computes must wait for that step's end; the same
        // shape read element by element is no load.
        let fits = self.open.as_ref().is_some_and(|open| {
            open.shape == node.ty.shape
                && node.operands.iter().all(|operand| {
                    open.instruction_of.contains_key(operand) || self.is_ready(*operand)
                })
        });
        if !fits {
            self.close();
        }
        let ready: Vec<Option<Place>> =
            node.operands.iter().map(|&operand| self.places[operand as usize]).collect();
        let open = self.open.get_or_insert_with(|| Open {
            shape: node.ty.shape,
            loads: Vec::new(),
            load_of: HashMap::new(),
            body: Vec::new(),
            instruction_of: HashMap::new(),
        });
        let mut operands = Vec::with_capacity(node.operands.len());
        for (operand, place) in node.operands.iter().zip(ready) {
            if let Some(&instruction) = open.instruction_of.get(operand) {
                operands.push(Argument::Instruction(instruction));
            } else if let Some(place) = place {
                let next = open.loads.len();
                let load = *open.load_of.entry(place).or_insert(next);
                if load == next {
                    open.loads.push(place);
                }
                operands.push(Argument::Load(load));
            }
        }
        open.instruction_of.insert(id, open.body.len());
        open.body.push(Instruction { node: id, op: op.clone(), operands, store: None, block: 0 });
    }

    /// Whether a value lies in memory before the open step begins.
    fn is_ready(&self, id: u32) -> bool {
        let open = self.open.as_ref();
        self.places[id as usize].is_some()
            && !open.is_some_and(|open| open.instruction_of.contains_key(&id))
    }

    fn add_view(&mut self, id: u32, op: &Arc<dyn AnyOp>) {
        let node = &self.nodes[id as usize];
        let operand = self.ready(node.operands[0]);
        let view = |place: &Place| op.view(&place.view(), &node.ty.shape);
        let (base, found) = match view(&operand) {
            Some(found) => (operand, Some(found)),
            None => {
                let copy = self.copy(operand);
                (copy, view(&copy))
            }
        };
        let View { shape, strides, offset } = found.unwrap_or(base.view());
        let offset = if shape.is_empty() { 0 } else { offset };
        let place = Place { shape, strides, offset, ..base };
        let place = if self.kept[id as usize] { self.copy_if_strided(place) } else { place };
        self.place(id, place);
    }

    fn add_kernel(&mut self, id: u32, op: &Arc<dyn AnyOp>, strided: bool) {
        let node = &self.nodes[id as usize];
        let mut operands = Vec::with_capacity(node.operands.len());
        for &operand in &node.operands {
            let place = self.ready(operand);
            operands.push(if strided { place } else { self.copy_if_strided(place) });
        }
        self.close();
        let types: Vec<Type> =
            node.operands.iter().map(|&operand| self.nodes[operand as usize].ty).collect();
        let shape = node.ty.shape;
        let parts = op.parts(&types, &shape);
        let buffer = self.buffer(node.ty, false);
        let out = Place::contiguous(Storage::Buffer(buffer), node.ty);
        self.place(id, out);
        self.steps.push(Step::Kernel { op: op.clone(), operands, out, parts });
    }

    /// The operand's place, after closing the open step if that computes it.
    fn ready(&mut self, id: u32) -> Place {
        if self.places[id as usize].is_none() {
            self.close();
        }
        let ty = self.nodes[id as usize].ty;
        self.places[id as usize].unwrap_or(Place::contiguous(Storage::Buffer(0), ty))
    }

    fn copy_if_strided(&mut self, place: Place) -> Place {
        if place.view().is_contiguous() { place } else { self.copy(place) }
    }

    fn copy(&mut self, from: Place) -> Place {
        self.close();
        let ty = Type { kind: from.kind, shape: from.shape };
        let buffer = self.buffer(ty, false);
        let to = Place::contiguous(Storage::Buffer(buffer), ty);
        let parts = split(from.shape.len(), 2, 1);
        self.steps.push(Step::Copy { from, to, parts });
        to
    }

    /// Ends the open pointwise step: decides which results go to memory, which to scratch blocks.
    fn close(&mut self) {
        let Some(mut open) = self.open.take() else { return };
        let mut inside: HashMap<u32, u32> = HashMap::new();
        for instruction in &open.body {
            for operand in &self.nodes[instruction.node as usize].operands {
                *inside.entry(*operand).or_default() += 1;
            }
        }
        for at in 0..open.body.len() {
            let id = open.body[at].node;
            let used_inside = inside.get(&id).copied().unwrap_or(0);
            if self.kept[id as usize] || self.uses[id as usize] > used_inside {
                let ty = self.nodes[id as usize].ty;
                let buffer = self.buffer(ty, false);
                open.body[at].store = Some(buffer);
                self.place(id, Place::contiguous(Storage::Buffer(buffer), ty));
            }
        }
        assign_blocks(&mut open.body, open.loads.len());
        let parts = split(open.shape.len(), 4 * open.body.len(), 64);
        let Open { shape, loads, body, .. } = open;
        self.steps.push(Step::Pointwise { shape, loads, body, parts });
    }

    fn place(&mut self, id: u32, place: Place) {
        self.places[id as usize] = Some(place);
    }

    fn buffer(&mut self, ty: Type, persistent: bool) -> usize {
        let real = ty.kind == Kind::Real;
        self.buffers.push(Buffer { len: ty.shape.len(), real, persistent, offset: 0 });
        self.buffers.len() - 1
    }

    fn finish(mut self, outputs: &[Var<'_>], updates: &[(Var<'_>, Var<'_>)]) -> Layout {
        self.close();
        let mut kept = HashMap::new();
        for v in outputs {
            let place = self.ready(v.id);
            // A parameter changes after the run; what the caller reads is its value during it.
            let place = match place.storage {
                Storage::Parameter(_) => self.copy(place),
                Storage::Buffer(_) => place,
            };
            kept.insert(v.id, place);
        }
        let mut changes = Vec::new();
        for (parameter, value) in updates {
            let from = self.ready(value.id);
            let from = self.copy_if_strided(from);
            if let Storage::Parameter(parameter) = self.ready(parameter.id).storage {
                changes.push(Update { parameter, from });
            }
        }
        let last_reads: Vec<Place> =
            kept.values().copied().chain(changes.iter().map(|change| change.from)).collect();
        let (reals, indices) = lay_out(&mut self.buffers, &self.steps, &last_reads);
        Layout {
            steps: self.steps,
            buffers: self.buffers,
            reals,
            indices,
            inputs: self.inputs,
            parameters: self.parameters,
            constants: self.constants,
            kept,
            updates: changes,
        }
    }
}

/// Gives each result without a buffer a scratch block, and frees blocks after their last use.
/// The first blocks belong to the loads.
fn assign_blocks(body: &mut [Instruction], loads: usize) {
    let mut last_use = vec![0; body.len()];
    for (at, instruction) in body.iter().enumerate() {
        for operand in &instruction.operands {
            if let Argument::Instruction(source) = operand {
                last_use[*source] = at;
            }
        }
    }
    let mut free = Vec::new();
    let mut next = loads;
    for at in 0..body.len() {
        if body[at].store.is_none() {
            body[at].block = free.pop().unwrap_or_else(|| {
                next += 1;
                next - 1
            });
        }
        let mut sources: Vec<usize> = body[at]
            .operands
            .iter()
            .filter_map(|operand| match operand {
                Argument::Instruction(source) => Some(*source),
                Argument::Load(_) => None,
            })
            .collect();
        sources.sort_unstable();
        sources.dedup();
        for source in sources {
            if last_use[source] == at && body[source].store.is_none() {
                free.push(body[source].block);
            }
        }
    }
}
