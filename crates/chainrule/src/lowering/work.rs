//! A unit of work: a kernel, a product, or a chain of pointwise operations.

use std::sync::Arc;

use super::place::{Place, Storage};
use crate::graph::Kernel;
use crate::ops::{AnyOp, AnyPointwise, Factors};
use crate::tensor::Shape;

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
    /// Where the result is kept; else only the instructions behind see it.
    pub store: Option<Storage>,
}

/// Pointwise operations over one shape, computed together.
#[derive(Clone, Debug)]
pub(crate) struct Chain {
    pub shape: Shape,
    /// What the instructions read from memory: all of this shape.
    pub loads: Vec<Place>,
    pub body: Vec<Instruction>,
}

impl Chain {
    pub(super) fn new(shape: Shape) -> Self {
        Self { shape, loads: Vec::new(), body: Vec::new() }
    }
}

/// What a unit computes.
#[derive(Clone, Debug)]
pub(crate) enum Work {
    /// Pointwise operations alone.
    Chain(Chain),
    /// A product and the pointwise operations that follow it; `out` keeps the product itself where
    /// something else reads it.
    Product { factors: Factors, a: Place, b: Place, out: Option<usize>, chain: Chain },
    /// One operation's kernel.
    Kernel { op: Arc<dyn AnyOp>, operands: Vec<Place>, out: Place, contract: Kernel },
    /// A strided value made contiguous.
    Copy { from: Place, to: Place },
    /// The run ends here if this scalar, the loss, is not finite.
    Guard(Place),
}

impl Work {
    /// Whether nothing is computed.
    pub(crate) fn is_empty(&self) -> bool {
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
    pub(crate) fn output(&self) -> Option<&Shape> {
        match self {
            Self::Chain(chain) | Self::Product { chain, .. } => Some(&chain.shape),
            Self::Kernel { out: to, .. } | Self::Copy { to, .. } => Some(&to.shape),
            Self::Guard(_) => None,
        }
    }

    /// What the unit reads from memory: operands, then the loads of its chain.
    pub(crate) fn reads(&self) -> impl Iterator<Item = &Place> {
        let (one, other, all): (Option<&Place>, Option<&Place>, &[Place]) = match self {
            Self::Chain(_) => (None, None, &[]),
            Self::Product { a, b, .. } => (Some(a), Some(b), &[]),
            Self::Kernel { operands, .. } => (None, None, operands),
            Self::Copy { from, .. } | Self::Guard(from) => (Some(from), None, &[]),
        };
        let loads = self.chain().map_or(&[][..], |chain| &chain.loads);
        one.into_iter().chain(other).chain(all).chain(loads)
    }

    /// Where the unit's results are kept.
    pub(crate) fn writes(&self) -> impl Iterator<Item = Storage> {
        let own = match self {
            Self::Chain(_) | Self::Guard(_) => None,
            Self::Product { out, .. } => out.map(Storage::Buffer),
            Self::Kernel { out: to, .. } | Self::Copy { to, .. } => Some(to.storage),
        };
        let body = self.chain().map_or(&[][..], |chain| &chain.body);
        own.into_iter().chain(body.iter().filter_map(|instruction| instruction.store))
    }
}
