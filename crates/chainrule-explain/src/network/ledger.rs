//! The edge ledger of a network: what each layer or branch contributes to a gradient.

use std::collections::HashMap;

use serde::Serialize;

use crate::words::Words;
use chainrule::backward::Contribution;
use chainrule::error::Result;
use chainrule::graph::{Graph, Kind, Var};
use chainrule::ops::{Broadcast, MatMul};
use chainrule::plan::Plan;

/// The gradient of a value or a parameter, by the layers and branches that it comes from.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Ledger {
    /// The value: `x` for the example, a layer such as `affine1` for its output, or a parameter.
    pub name: String,
    /// The gradient's norm.
    pub norm: f64,
    /// What it is the sum of.
    pub branches: Vec<Branch>,
    /// |Σ| / Σ|·| over the branches: 1 where all agree, near 0 where they cancel.
    pub cancellation: f64,
}

/// What one layer or branch contributes to a gradient.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Branch {
    /// The layer that uses the value, such as `affine2` or `residual1/affine1`; `loss` outside of all.
    pub layer: String,
    /// By which rule it contributes, such as `Xᵀ · dY`, where the operation has one to name.
    pub rule: Option<String>,
    /// The norm of the contribution.
    pub norm: f64,
    /// Its size among the sizes of all, from 0 to 1.
    pub share: f64,
}

/// A branch whose numbers are not known yet.
struct Use<'g> {
    layer: String,
    rule: Option<String>,
    gradient: Var<'g>,
}

/// The ledgers of named values that the loss depends on.
pub(super) fn read<'g>(
    g: &'g Graph,
    loss: Var<'g>,
    named: &[(String, Var<'g>)],
    words: &Words,
    run: impl FnOnce(&mut Plan<f64>) -> Result<()>,
) -> Result<Vec<Ledger>> {
    let wanted: Vec<Var<'g>> = named.iter().map(|(_, v)| *v).collect();
    let contributions = g.sweep(loss, &wanted).contributions;
    let mut to: HashMap<u32, Vec<&Contribution<'g>>> = HashMap::new();
    for c in &contributions {
        let operand = g.node(c.gate, |gate| gate.operands.get(c.operand).copied());
        operand.into_iter().for_each(|operand| to.entry(operand).or_default().push(c));
    }
    let passed = |v: &Var<'g>| to.get(&v.id()).map_or(&[][..], Vec::as_slice);
    let uses: Vec<Vec<Use<'g>>> = wanted.iter().map(|v| uses(g, passed(v), *v, words)).collect();
    let all: Vec<Var<'g>> = uses.iter().flatten().map(|part| part.gradient).collect();
    let mut plan = g.compile::<f64>(&all)?;
    run(&mut plan)?;
    let mut ledgers = Vec::new();
    for ((name, _), uses) in named.iter().zip(uses).filter(|(_, uses)| !uses.is_empty()) {
        ledgers.push(ledger(name, uses, &plan)?);
    }
    Ok(ledgers)
}

/// What uses a value, each layer once with the sum of what it passes back, of what is passed to it.
fn uses<'g>(g: &'g Graph, passed: &[&Contribution<'g>], v: Var<'g>, words: &Words) -> Vec<Use<'g>> {
    let mut uses: Vec<Use<'g>> = Vec::new();
    for c in passed {
        let (scope, source) = g.node(c.gate, |gate| (gate.scope, gate.source.clone()));
        let scope = g.scope_name(scope);
        let layer = if scope.is_empty() { "loss".to_owned() } else { scope.to_string() };
        let rule = match c.operand {
            0 if source.is::<MatMul>() => Some("dY · Wᵀ".to_owned()),
            _ if source.is::<MatMul>() => Some("Xᵀ · dY".to_owned()),
            _ if source.is::<Broadcast>() && v.shape().rank() == 1 => {
                Some(words.say("rule-column-sums", &[("up", "dY")]))
            }
            _ => None,
        };
        match uses.iter_mut().find(|known| known.layer == layer) {
            Some(known) => {
                known.gradient += c.gradient;
                known.rule = known.rule.take().filter(|known| Some(known) == rule.as_ref());
            }
            None => uses.push(Use { layer, rule, gradient: c.gradient }),
        }
    }
    uses
}

fn ledger(name: &str, uses: Vec<Use<'_>>, plan: &Plan<f64>) -> Result<Ledger> {
    let sizes = |values: &[f64]| values.iter().map(|x| x.abs()).sum::<f64>();
    let norm = |values: &[f64]| values.iter().map(|x| x * x).sum::<f64>().sqrt();
    let mut branches = Vec::new();
    let mut sum: Vec<f64> = Vec::new();
    for part in uses {
        let values = plan.value(part.gradient)?;
        sum.resize(values.len(), 0.0);
        sum.iter_mut().zip(values).for_each(|(sum, x)| *sum += x);
        let (norm, share) = (norm(values), sizes(values));
        branches.push(Branch { layer: part.layer, rule: part.rule, norm, share });
    }
    let total: f64 = branches.iter().map(|branch| branch.share).sum();
    let part = |size: f64| if total > 0.0 { size / total } else { 0.0 };
    branches.iter_mut().for_each(|branch| branch.share = part(branch.share));
    let cancellation = if total > 0.0 { sizes(&sum) / total } else { 1.0 };
    Ok(Ledger { name: name.into(), norm: norm(&sum), branches, cancellation })
}

/// The output of every layer, and of every branch within one, on the way to `last`.
pub(super) fn scope_outputs<'g>(g: &'g Graph, last: Var<'g>) -> Vec<(String, Var<'g>)> {
    let mut found: Vec<(String, Var<'g>)> = Vec::new();
    // Where each layer stands.
    let mut known: HashMap<String, usize> = HashMap::new();
    for id in 0..=last.id() {
        let (scope, kind) = g.node(id, |node| (node.scope, node.ty.kind));
        let scope = g.scope_name(scope);
        if scope.is_empty() || kind != Kind::Real {
            continue;
        }
        let ends = scope.match_indices('/').map(|(at, _)| at).chain([scope.len()]);
        for layer in ends.filter_map(|end| scope.get(..end)) {
            let at = *known.entry(layer.to_owned()).or_insert(found.len());
            match found.get_mut(at) {
                Some((_, v)) => *v = g.var(id),
                None => found.push((layer.to_owned(), g.var(id))),
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Language;
    use chainrule::tensor::Tensor;

    #[test]
    fn both_sides_of_a_residual_sum_are_told_apart_and_may_cancel() {
        let g = Graph::new();
        let x = g.input("x", [1, 2]);
        let w = g.constant_tensor(Tensor::new([2, 2], vec![-0.5, 0.0, 0.0, -0.5]).unwrap());
        let y = g.scope("residual1", || {
            let inner = g.scope("affine1", || x.matmul(w));
            x + inner
        });
        let words = Words::new(Language::English);
        let named =
            [("x".to_owned(), x)].into_iter().chain(scope_outputs(&g, y)).collect::<Vec<_>>();
        let ledgers = read(&g, y.sum(&[]), &named, &words, Plan::run).unwrap();
        let of = |name: &str| ledgers.iter().find(|ledger| ledger.name == name).unwrap();
        let mut parts: Vec<(&str, f64)> =
            of("x").branches.iter().map(|b| (b.layer.as_str(), b.norm)).collect();
        parts.sort_by(|a, b| a.0.cmp(b.0));
        assert_eq!(parts, [("residual1", 2f64.sqrt()), ("residual1/affine1", 0.5f64.sqrt())]);
        // 1 − ½ of 1 + ½ is left.
        assert_eq!(of("x").cancellation, 1.0 / 3.0);
        assert_eq!(of("residual1/affine1").branches.len(), 1);
        assert_eq!(of("residual1").branches[0].layer, "loss");
    }
}
