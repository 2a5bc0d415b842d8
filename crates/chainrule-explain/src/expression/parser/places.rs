//! Arrays written out, and parts of arrays.

use super::Parser;
use crate::expression::fail;
use crate::expression::library::constant_tensor;
use crate::expression::tokens::Token;
use chainrule::error::Result;
use chainrule::graph::Var;
use chainrule::tensor::{Shape, Tensor};

/// What a position must be.
const POSITION: &str = "a position is a whole number, such as A[0], A[-1] or A[1:3]";

impl<'g> Parser<'g, '_> {
    /// What follows `[` where a value may begin: an array of numbers, or of values of one shape.
    pub(super) fn array(&mut self) -> Result<Var<'g>> {
        let start = self.at.saturating_sub(1);
        let mut items: Vec<Var<'g>> = Vec::new();
        while !self.take(']') {
            let span = self.span();
            let item = self.condition()?;
            if let Some(first) = items.first().filter(|first| first.shape() != item.shape()) {
                let shapes = (item.shape(), first.shape());
                let message =
                    format!("this has shape {}, but the first of the list {}", shapes.0, shapes.1);
                return fail(span, message);
            }
            items.push(item);
            if !self.take(',') {
                self.expect(']')?;
                break;
            }
        }
        let span = self.span_of(start);
        let Some(first) = items.first() else { return fail(span, "an array has elements") };
        let shape = first.shape();
        let constants: Option<Vec<Tensor<f64>>> =
            items.iter().map(|&item| constant_tensor(item)).collect();
        let Some(constants) = constants else {
            let stacked = self.g.stack(0, &items);
            return self.checked(span, stacked);
        };
        let numbers: Vec<f64> = constants.iter().flat_map(Tensor::values).copied().collect();
        let shape = Shape::new(&[&[items.len()], shape.dims()].concat())?;
        let array = self.g.constant_tensor(Tensor::new(shape, numbers)?);
        self.checked(span, array)
    }

    /// What follows `[` behind a value: positions and ranges, an axis each.
    pub(super) fn part_of(&mut self, mut value: Var<'g>) -> Result<Var<'g>> {
        // An axis with a position goes, so that the next has its number.
        let mut axis = 0;
        loop {
            let span = self.span();
            let Some(&length) = value.shape().dims().get(axis as usize) else {
                let message = format!("there is no axis left of shape {} for this", value.shape());
                return fail(span, message);
            };
            let from = match self.peek() {
                Token::Symbol(':') => None,
                _ => Some(self.whole(POSITION)?),
            };
            if self.take(':') {
                let to = match self.peek() {
                    Token::Symbol(',' | ']' | ':') => None,
                    _ => Some(self.whole(POSITION)?),
                };
                if *self.peek() == Token::Symbol(':') {
                    return fail(self.span(), "a range has no step: write A[1:3]");
                }
                let bound = |at: isize| match at {
                    ..0 => length.saturating_add_signed(at),
                    _ => length.min(at.cast_unsigned()),
                };
                let (from, to) = (from.map_or(0, bound), to.map_or(length, bound));
                if from >= to {
                    let message = format!(
                        "from {from} up to {to} there is nothing along an axis of {length}"
                    );
                    return fail(span, message);
                }
                if (from, to) != (0, length) {
                    let part = value.slice(axis, from, to);
                    value = self.checked(span, part)?;
                }
                axis += 1;
            } else if let Some(at) = from {
                let part = value.index(axis, at);
                value = self.checked(span, part)?;
            }
            if !self.take(',') {
                self.expect(']')?;
                return Ok(value);
            }
        }
    }

    /// A whole number that is known: a constant, or a name with such a value.
    pub(super) fn whole(&mut self, message: &str) -> Result<isize> {
        let span = self.span();
        let value = self.sum()?;
        let value = if value.shape().rank() == 0 { self.meant(value) } else { value };
        match value.as_constant().filter(|n| n.fract() == 0.0 && n.abs() < f64::from(i32::MAX)) {
            Some(number) => Ok(number as isize),
            None => fail(span, message),
        }
    }
}
