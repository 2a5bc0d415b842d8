//! From a recorded graph to its explanation.

use std::collections::{HashMap, HashSet};

use super::formula::Formula;
use super::label::Labels;
use super::model::{Entry, Explanation, Extreme, Hessian, Node, Origin, Partial, Passed};
use super::reading::Formulas;
use super::request::Request;
use super::shared::{Unshared, free_names};
use super::subject::Subject;
use super::value::Value;
use super::{paths, rules, what_if};
use chainrule::backward::{Contribution, Sweep};
use chainrule::error::{Error, Result};
use chainrule::graph::{Graph, Var};
use chainrule::ops::{Gate, Notation};
use chainrule::plan::Plan;

/// Of larger graphs no path is followed unasked.
const MOST_FOLLOWED: usize = 2000;

/// Labels up to this length stand in a local derivative as they are.
const SHORT: usize = 16;

/// A Hessian of more rows than this is not a table that anyone reads.
const MOST_SECOND: usize = 24;

/// The numbers of all that gates pass back: some 30 bytes each.
const MOST_PASSED: usize = 1 << 25;

/// Curvature for sliders is computed for so many inputs, in graphs of so many nodes.
const MOST_CURVED: usize = 12;
const MOST_CURVED_NODES: u32 = 500;

/// Explains an expression.
///
/// ```
/// use chainrule_explain::{Request, explain, values};
/// let apple = explain(&Request {
///     expression: "x * m * t".into(),
///     values: values("x=100,m=2,t=1.1")?,
///     target: Some(219.0),
///     ..Request::default()
/// })?;
/// let formula = apple.partials[0].1.formula.as_ref().map(ToString::to_string);
/// assert_eq!(formula.as_deref(), Some("m * t"));
/// assert_eq!(apple.ranking, ["t", "m", "x"]);
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// # Errors
/// A mistake in the expression, an unknown name, or an output that is not a scalar.
pub fn explain(request: &Request) -> Result<Explanation> {
    let g = Graph::with_exact_slopes();
    Subject::record(&g, request)?.explain()
}

/// The nodes of values and derivatives, and the plan that computed them.
struct Computed<'g> {
    sweep: Sweep<'g>,
    /// For each contribution, the local derivative.
    locals: Vec<Option<Var<'g>>>,
    /// Each node's contributions as a gate, and as a value that is used.
    by_gate: HashMap<u32, Vec<usize>>,
    by_operand: HashMap<u32, Vec<usize>>,
    plan: Plan<f64>,
}

impl Computed<'_> {
    fn value(&self, v: Var<'_>) -> Result<Value> {
        self.plan.tensor(v).map(|tensor| Value::from(&tensor))
    }
}

impl<'g> Subject<'_, 'g> {
    pub(super) fn explain(&self) -> Result<Explanation> {
        let inputs: Vec<Var<'g>> = self.names.iter().map(|name| self.input(name)).collect();
        let needed = self.needed(self.root.id());
        let gradients = self.g.backward(self.root, &inputs);
        let is_scalar = self.output.shape().rank() == 0;
        let partials = match is_scalar {
            true => self.g.backward(self.output, &inputs),
            false => Vec::new(),
        };
        let computed = self.compute(&inputs, &needed, &[&gradients[..], &partials[..]].concat())?;
        let values = |vars: &[Var<'g>]| {
            vars.iter().map(|&v| computed.value(v)).collect::<Result<Vec<Value>>>()
        };
        let (gradients, partial_values) = (values(&gradients)?, values(&partials)?);
        // While there are no formulas yet, which take as much memory as its graphs.
        let (what_if, what_if_left_out) = what_if::rows(self, &gradients)?;
        let (goals, goals_left_out) = what_if::goals(self, &gradients)?;

        let places = self.places();
        let mut labels = Labels::new(self.g);
        let mut locals = Formulas::new(self.g, self.root.id(), true);
        let nodes = needed
            .iter()
            .map(|&id| self.node(&computed, (&mut labels, &mut locals), &places, id))
            .collect::<Result<Vec<Node>>>()?;
        let shared = self.shared(&partials);
        let mut formulas = Formulas::new(self.g, self.root.id(), false);
        let partials = self.names.iter().zip(&partials).zip(partial_values);
        let partials = partials.map(|((name, v), value)| {
            let formula = formulas.of(v.id());
            let latex = formula.as_ref().map(Formula::latex);
            (name.clone(), Partial { formula, latex, value })
        });
        let partials = partials.collect();
        let mut explanation = Explanation {
            expression: self.request.expression.clone(),
            inputs: self.request.values.iter().map(|(n, t)| (n.clone(), t.into())).collect(),
            output: computed.value(self.output)?,
            output_node: self.output.id(),
            target: self.target.clone(),
            loss: match self.target.is_some() {
                true => computed.value(self.root)?.as_number(),
                false => None,
            },
            nodes,
            ranking: self.ranking(&gradients),
            elasticities: self.elasticities(&gradients),
            gradients: self.names.iter().cloned().zip(gradients).collect(),
            partials,
            shared,
            places,
            results: Default::default(),
            what_if,
            what_if_left_out,
            not_finite: None,
            extreme: None,
            paths: None,
            goals,
            goals_left_out,
            descent: what_if::descent(self)?,
            sweep: what_if::sweep(self)?,
            hessian: self.hessian(&inputs)?,
            curvature: self.curvature(&inputs)?,
            language: self.request.language,
        };
        explanation.name_results();
        rules::annotate(&mut explanation);
        explanation.not_finite = self.not_finite(&computed, &explanation)?;
        explanation.extreme = self.extreme(&explanation)?;
        if let Some(name) = &self.request.paths {
            explanation.paths = Some(paths::to(self.g, &explanation, name)?);
        }
        Ok(explanation)
    }

    /// The gradient that is farthest from 1 beyond a thousand times, by the path that gives most of it.
    fn extreme(&self, e: &Explanation) -> Result<Option<Extreme>> {
        if e.nodes.len() > MOST_FOLLOWED || !e.is_scalar() {
            return Ok(None);
        }
        let distance = |x: f64| x.abs().log10().abs();
        let sizes = e.gradients.iter().filter_map(|(name, value)| Some((name, value.as_number()?)));
        let beyond = sizes.filter(|(_, x)| *x != 0.0 && x.is_finite() && distance(*x) > 3.0);
        let most = beyond.max_by(|(_, a), (_, b)| distance(*a).total_cmp(&distance(*b)));
        let Some((name, _)) = most else { return Ok(None) };
        let path = paths::to(self.g, e, name)?.largest.into_iter().next();
        // One factor, or two, show themselves.
        let path = path.filter(|path| path.locals.len() > 2 && distance(path.product) > 3.0);
        Ok(path.map(|path| Extreme { name: name.clone(), path }))
    }

    /// The first number that is not finite among the values and what the gates pass down.
    fn not_finite(&self, computed: &Computed<'g>, e: &Explanation) -> Result<Option<Origin>> {
        let is_finite = |value: &Value| value.numbers().iter().all(|x| x.is_finite());
        let passed = |node: &Node| node.backward.iter().all(|passed| is_finite(&passed.product));
        if e.nodes.iter().all(|node| is_finite(&node.value) && passed(node)) {
            return Ok(None);
        }
        let values = e.nodes.iter().map(|node| self.g.var(node.id));
        let passed = computed.sweep.contributions.iter().map(|c| c.gradient);
        let all: Vec<Var<'g>> = values.chain(passed).collect();
        let mut plan = self.g.compile::<f64>(&all)?;
        self.feed(&mut plan)?;
        let found = self.first_not_finite(&plan)?;
        Ok(found.and_then(|found| Origin::of_expression(e, &found)))
    }

    /// Runs one plan with every value and derivative kept.
    fn compute(
        &self,
        inputs: &[Var<'g>],
        needed: &[u32],
        more: &[Var<'g>],
    ) -> Result<Computed<'g>> {
        let sweep = self.g.sweep(self.root, inputs);
        check_passed(&sweep)?;
        let locals: Vec<Option<Var<'g>>> =
            sweep.contributions.iter().map(|c| self.local(c)).collect();
        let (mut by_gate, mut by_operand) = (HashMap::new(), HashMap::new());
        for (at, c) in sweep.contributions.iter().enumerate() {
            by_gate.entry(c.gate).or_insert_with(Vec::new).push(at);
            let operand = self.g.node(c.gate, |node| node.operands.get(c.operand).copied());
            if let Some(operand) = operand {
                by_operand.entry(operand).or_insert_with(Vec::new).push(at);
            }
        }
        let kept = needed.iter().map(|&id| self.g.var(id));
        let arrived = needed.iter().filter_map(|&id| sweep.gradients[id as usize]);
        let passed = sweep.contributions.iter().map(|c| c.gradient);
        let all: Vec<Var<'g>> = kept
            .chain(arrived)
            .chain(passed)
            .chain(locals.iter().copied().flatten())
            .chain(more.iter().copied())
            .collect();
        let mut plan = self.g.compile::<f64>(&all)?;
        self.run(&mut plan)?;
        Ok(Computed { sweep, locals, by_gate, by_operand, plan })
    }

    fn node(
        &self,
        computed: &Computed<'g>,
        (labels, locals): (&mut Labels<'g>, &mut Formulas<'g>),
        places: &[String; 2],
        id: u32,
    ) -> Result<Node> {
        let v = self.g.var(id);
        let passes = computed.by_gate.get(&id).map_or(&[][..], Vec::as_slice);
        let mut backward = Vec::with_capacity(passes.len());
        for &at in passes {
            let (c, local) = (&computed.sweep.contributions[at], computed.locals[at]);
            let Some(upstream) = computed.sweep.gradients[c.gate as usize] else { continue };
            backward.push(Passed {
                operand: c.operand,
                upstream: computed.value(upstream)?,
                local: local.map(|v| computed.value(v)).transpose()?,
                local_formula: local.and_then(|local| locals.of(local.id())),
                local_in_place: local.and_then(|local| self.in_place(id, local, labels, places)),
                rule: None,
                product: computed.value(c.gradient)?,
            });
        }
        backward.sort_by_key(|passed| passed.operand);
        let gradient = computed.sweep.gradients[id as usize];
        let gradient = gradient.map(|v| computed.value(v)).transpose()?;
        let (ledger, cancellation) = self.ledger(computed, id)?;
        let (source, operands, scope) =
            self.g.node(id, |node| (node.source.clone(), node.operands.clone(), node.scope));
        let name = self.g.label(id).map(|name| name.to_string());
        let formula = labels.of(id);
        let text = || formula.as_ref().map_or_else(|| "…".into(), ToString::to_string);
        Ok(Node {
            id,
            source,
            named: name.is_some(),
            label: name.unwrap_or_else(text),
            scope: self.g.scope_name(scope).to_string(),
            operands: operands.into(),
            shape: v.shape().dims().to_vec(),
            value: computed.value(v)?,
            gradient,
            backward,
            ledger,
            cancellation,
            formula,
            notes: Vec::new(),
            gradient_of: id,
        })
    }

    /// A local derivative of a gate by its own value and what it takes: by their names where these are
    /// short, else by their places.
    fn in_place(
        &self,
        gate: u32,
        local: Var<'g>,
        labels: &Labels<'g>,
        [own, takes]: &[String; 2],
    ) -> Option<Formula> {
        let operands = self.g.node(gate, |node| node.operands.clone());
        let mut formulas = Formulas::new(self.g, self.root.id(), true);
        let is_short = |f: &Formula| f.is_atom() || f.size <= 8 && f.to_string().len() <= SHORT;
        for (at, &operand) in operands.iter().enumerate() {
            let below = labels.known(operand).filter(is_short);
            let of_several = || format!("{takes}{}", at + 1);
            let name = if operands.len() > 1 { of_several() } else { takes.clone() };
            formulas.bind(operand, below.unwrap_or_else(|| Formula::symbol(&name, operand)));
        }
        let name = self.g.label(gate).map_or_else(|| own.clone(), |name| name.to_string());
        formulas.bind(gate, Formula::symbol(&name, gate));
        formulas.of(local.id())
    }

    /// Every name that a value has.
    fn taken_names(&self) -> HashSet<String> {
        let named = (0..=self.root.id()).filter_map(|id| self.g.label(id));
        let inputs = self.request.values.iter().map(|(name, _)| name.clone());
        named.map(|name| name.to_string()).chain(inputs).collect()
    }

    /// What a gate's own value is called where it has no name, and what it takes.
    fn places(&self) -> [String; 2] {
        let taken = self.taken_names();
        ["y", "u"].map(|name| {
            let marked = (0..).map(|marks| format!("{name}{}", "'".repeat(marks)));
            marked.into_iter().find(|name| !taken.contains(name)).unwrap_or_default()
        })
    }

    /// What each use of a value contributes to its gradient, in the order in which the sweep adds
    /// them, and how much of it survives the sum.
    fn ledger(&self, computed: &Computed<'g>, id: u32) -> Result<(Vec<Entry>, Option<f64>)> {
        let mut entries = Vec::new();
        let norm = |value: &Value| value.numbers().iter().map(|x| x.abs()).sum::<f64>();
        for &at in computed.by_operand.get(&id).into_iter().flatten() {
            let c = &computed.sweep.contributions[at];
            let gradient = computed.value(c.gradient)?;
            entries.push(Entry {
                gate: c.gate,
                operand: c.operand,
                share: norm(&gradient),
                gradient,
            });
        }
        let total: f64 = entries.iter().map(|entry| entry.share).sum();
        for entry in &mut entries {
            entry.share = if total > 0.0 { entry.share / total } else { 0.0 };
        }
        let sum = computed.sweep.gradients[id as usize].map(|v| computed.value(v)).transpose()?;
        let cancellation = match sum {
            Some(sum) if !entries.is_empty() && total > 0.0 => Some(norm(&sum) / total),
            _ => None,
        };
        Ok((entries, cancellation))
    }

    fn ranking(&self, gradients: &[Value]) -> Vec<String> {
        let mut ranked: Vec<(&String, f64)> =
            self.names.iter().zip(gradients.iter().map(Value::size)).collect();
        ranked.sort_by(|(_, a), (_, b)| b.total_cmp(a));
        ranked.into_iter().map(|(name, _)| name.clone()).collect()
    }

    fn elasticities(&self, gradients: &[Value]) -> Vec<(String, f64)> {
        let effect = |(name, gradient): (&String, &Value)| {
            let tensor = self.value(name)?;
            let pairs = gradient.numbers().into_iter().zip(tensor.values());
            Some((name.clone(), pairs.map(|(g, x)| g * x).sum()))
        };
        self.names.iter().zip(gradients).filter_map(effect).collect()
    }

    /// The second derivatives of the output with respect to the scalars among the inputs.
    fn hessian(&self, inputs: &[Var<'g>]) -> Result<Option<Hessian>> {
        if !self.request.hessian {
            return Ok(None);
        }
        if self.output.shape().rank() != 0 {
            let shape = self.output.shape();
            let message = format!("second derivatives are of a number, not of shape {shape}");
            return Err(Error::Mismatch(message));
        }
        let scalars = self.names.iter().zip(inputs).filter(|(_, v)| v.shape().rank() == 0);
        let (names, inputs): (Vec<String>, Vec<Var<'g>>) =
            scalars.map(|(name, &v)| (name.clone(), v)).unzip();
        if !fits_table(names.len()) {
            return Err(Error::Mismatch(format!(
                "the table of second derivatives takes 1 to {MOST_SECOND} scalar inputs, not {}; choose them with --wrt",
                names.len()
            )));
        }
        let rows = self.second(self.output, &inputs);
        let mut plan = self.g.compile::<f64>(&rows.concat())?;
        self.run(&mut plan)?;
        let mut formulas = Formulas::new(self.g, self.root.id(), false);
        Ok(Some(Hessian {
            names,
            values: numbers(&plan, &rows)?,
            shared: {
                let upper = rows.iter().enumerate().flat_map(|(at, row)| row.iter().skip(at));
                self.shared(&upper.copied().collect::<Vec<_>>())
            },
            formulas: rows
                .iter()
                .map(|row| row.iter().map(|v| formulas.of(v.id())).collect())
                .collect(),
        }))
    }

    /// The formulas of these values, whatever their length: what repeats, or is long, gets a name.
    fn shared(&self, values: &[Var<'g>]) -> Unshared {
        let taken = self.taken_names();
        let mut plain = Formulas::new(self.g, self.root.id(), false);
        let formulas: Vec<_> = values.iter().map(|v| plain.of(v.id())).collect();
        if formulas.iter().all(Option::is_some) {
            let known = self.named(&mut plain);
            return Unshared { formulas, parts: Vec::new(), known, taken };
        }
        let names = Box::new(free_names(taken.clone()));
        let mut naming = Formulas::naming(self.g, self.root.id(), names);
        let formulas = values.iter().map(|v| naming.of(v.id())).collect();
        Unshared { formulas, parts: naming.into_named(), known: Vec::new(), taken }
    }

    /// The values that have a name, by their formulas.
    fn named(&self, formulas: &mut Formulas<'_>) -> Vec<(String, Formula)> {
        let labelled = (0..=self.root.id()).filter_map(|id| Some((id, self.g.label(id)?)));
        let labelled: Vec<_> = labelled.collect();
        let mut counts: HashMap<&str, usize> = HashMap::new();
        labelled.iter().for_each(|(_, name)| *counts.entry(name).or_default() += 1);
        // One that was given to several values, as by `h += x`, says nothing.
        let once = labelled.iter().filter(|(_, name)| counts.get(&**name) == Some(&1));
        let named = once.filter_map(|(id, name)| Some((name.to_string(), formulas.of(*id)?)));
        named.filter(|(_, formula)| !formula.is_atom()).collect()
    }

    /// The second derivatives of the root, where that is little work.
    fn curvature(&self, inputs: &[Var<'g>]) -> Result<Option<Vec<Vec<f64>>>> {
        let scalar = inputs.iter().all(|v| v.shape().rank() == 0);
        if !scalar || inputs.len() > MOST_CURVED || self.root.id() > MOST_CURVED_NODES {
            return Ok(None);
        }
        let rows = self.second(self.root, inputs);
        let mut plan = self.g.compile::<f64>(&rows.concat())?;
        self.run(&mut plan)?;
        numbers(&plan, &rows).map(Some)
    }

    /// The second derivatives of `v`, as nodes.
    fn second(&self, v: Var<'g>, inputs: &[Var<'g>]) -> Vec<Vec<Var<'g>>> {
        let first = self.g.backward(v, inputs);
        first.iter().map(|&slope| self.g.backward(slope, inputs)).collect()
    }

    /// The nodes that the root depends on, in order.
    fn needed(&self, root: u32) -> Vec<u32> {
        let mut needed = vec![false; root as usize + 1];
        needed[root as usize] = true;
        for id in (0..=root).rev() {
            if needed[id as usize] {
                self.g.node(id, |node| {
                    node.operands.iter().for_each(|&operand| needed[operand as usize] = true);
                });
            }
        }
        (0..=root).filter(|&id| needed[id as usize]).collect()
    }

    /// The derivative of a gate that works number by number: its backward rule with an upstream
    /// gradient of 1.
    fn local(&self, c: &Contribution<'g>) -> Option<Var<'g>> {
        let gate = self.g.var(c.gate);
        let op = self.g.node(c.gate, |node| node.op().cloned());
        let op = op.filter(|op| op.notation() != Notation::Silent)?;
        // Of a gate of many operands, each would list them all.
        if gate.shape().rank() > 0 && !op.is_pointwise() {
            return None;
        }
        let ids = self.g.node(c.gate, |node| node.operands.clone());
        let operands: Vec<Var<'g>> = ids.iter().map(|&id| self.g.var(id)).collect();
        let scalar = gate.shape().rank() == 0 && operands[c.operand].shape().rank() == 0;
        if !scalar && !op.is_pointwise() {
            return None;
        }
        let upstream = self.g.constant(1.0).broadcast_to(gate.shape());
        let gate = Gate::new(&operands, gate, upstream);
        self.g.as_gate(c.gate, || op.backward(&gate, c.operand))
    }
}

/// Refuses what would fill the memory: each operand of a gate keeps what arrives at the gate and what the
/// gate passes on, which are arrays in place of an array where parts of one are taken one by one.
fn check_passed(sweep: &Sweep<'_>) -> Result<()> {
    let arrives = |gate: u32| sweep.gradients[gate as usize].map_or(0, |v| v.shape().len());
    let numbers = sweep.contributions.iter().map(|c| arrives(c.gate) + c.gradient.shape().len());
    let numbers = numbers.fold(0, usize::saturating_add);
    match numbers <= MOST_PASSED {
        true => Ok(()),
        false => Err(Error::Mismatch(format!(
            "the gates pass back {numbers} numbers, but an explanation holds {MOST_PASSED}: put together, or take apart, arrays of fewer elements"
        ))),
    }
}

/// Whether second derivatives by so many scalars are a table that anyone reads.
fn fits_table(count: usize) -> bool {
    (1..=MOST_SECOND).contains(&count)
}

impl Explanation {
    /// Whether the table of second derivatives can be asked for.
    pub(super) fn has_second(&self) -> bool {
        let scalars = self.gradients.iter().filter(|(_, value)| value.as_number().is_some());
        self.output.as_number().is_some() && fits_table(scalars.count())
    }
}

/// The values of a table of scalars.
fn numbers(plan: &Plan<f64>, rows: &[Vec<Var<'_>>]) -> Result<Vec<Vec<f64>>> {
    let read = |v: &Var<'_>| Ok(plan.value(*v)?.first().copied().unwrap_or(f64::NAN));
    rows.iter().map(|row| row.iter().map(read).collect()).collect()
}
