//! What if: changes with their predictions, goals, sweeps, steps down.

use super::model::{Descent, DescentPoint, Goal, Sweep, SweepPoint, WhatIf};
use super::probe::{Probe, root};
use super::subject::Subject;
use super::value::Value;
use super::value::percent;
use super::walk::{Stop, Walk};
use super::words::Words;
use chainrule::error::{Error, Result};
use chainrule::graph::Graph;
use chainrule::tensor::Tensor;

/// Predictions this close, relative to the true change, are exact up to rounding.
const EXACT: f64 = 1e-9;

/// What is smaller has lost its digits, as e⁻⁷⁴⁰ has.
const UNDERFLOW: f64 = 1e-300;

/// A descent of more steps is a training.
const MOST_STEPS: usize = 10_000_000;

/// The points of a descent that are kept.
const MOST_POINTS: usize = 1000;

/// What is asked of more inputs, each of them anew for all values, takes minutes.
const MOST_WORK: usize = 1 << 21;

/// The numbers of all points of a descent.
const MOST_KEPT: usize = 1 << 22;

/// The inputs that are changed where nobody says which, and elements of arrays beside them.
const MOST_CHANGED: usize = 12;

/// The elements of arrays that are changed where nobody says which.
const MOST_ELEMENTS: usize = 5;

/// The true change beside the predictions, for each nudge, and how many inputs were left out as the less
/// important; `gradients` are those of the names.
pub(super) fn rows(subject: &Subject<'_, '_>, gradients: &[Value]) -> Result<(Vec<WhatIf>, usize)> {
    // Nobody asks it of weights by the thousand.
    if subject.is_network() {
        return Ok((Vec::new(), 0));
    }
    let words = Words::new(subject.request.language);
    let (changes, left_out) = changes(subject, gradients)?;
    let row = |change| row(subject, &words, change);
    Ok((changes.into_iter().map(row).collect::<Result<_>>()?, left_out))
}

fn row(subject: &Subject<'_, '_>, words: &Words, change: Change) -> Result<WhatIf> {
    // In a graph of its own, as second derivatives are many nodes, and nobody else needs them.
    let g = Graph::with_exact_slopes();
    let subject = &Subject::record(&g, subject.request)?;
    let mut walk = Walk::new(subject, &change.input, &change.by)?;
    let Stop { output, loss, slope, curvature } = walk.stop(0.0)?;
    let Stop { output: new_output, loss: new_loss, .. } = walk.stop(1.0)?;
    let has_target = subject.request.has_loss();
    let (first_order, second_order) = (slope, slope + curvature / 2.0);
    // Rounding of the difference itself: a few units in the last place of what is subtracted.
    let size = loss.abs().max(new_loss.abs()).max(output.unwrap_or(0.0).abs());
    let rounding = 8.0 * f64::EPSILON * size;
    let verdict = match walk.edge()? {
        Some(edge) => edge.in_words(words, &change.name, change.delta.as_number()),
        None => verdict(words, new_loss - loss, first_order, second_order, rounding),
    };
    Ok(WhatIf {
        name: change.name,
        delta: change.delta,
        output: new_output,
        output_change: new_output.zip(output).map(|(new, old)| new - old),
        loss: has_target.then_some(new_loss),
        loss_change: has_target.then_some(new_loss - loss),
        first_order,
        second_order,
        verdict,
    })
}

/// How good the two predictions are, in words.
fn verdict(words: &Words, change: f64, first: f64, second: f64, rounding: f64) -> String {
    if rounding > change.abs().max(first.abs()) && first != 0.0 {
        return words.get("verdict-drowned");
    }
    if !change.is_finite() {
        return words.get("verdict-not-finite");
    }
    if first == 0.0 && second == 0.0 && change != 0.0 {
        return words.get("verdict-flat");
    }
    if first.is_infinite() {
        return words.get("verdict-steep");
    }
    let gap = |prediction: f64| {
        let gap = (prediction - change).abs();
        if gap <= rounding + EXACT * change.abs() { 0.0 } else { gap / change.abs() }
    };
    // Of so small a change rounding may hide more than a prediction is off by.
    let is_hidden = [first, second].iter().any(|prediction| {
        let off = (prediction - change).abs();
        off > EXACT * change.abs() && off <= rounding
    });
    let (first, second) = (gap(first), gap(second));
    if is_hidden && first * second == 0.0 {
        let hidden = percent(rounding / change.abs());
        let id = if first == 0.0 { "verdict-linear-rounded" } else { "verdict-quadratic-rounded" };
        let values = [("first", &*percent(first)), ("hidden", &*hidden)];
        return words.say(id, &values);
    }
    if !first.is_finite() || !second.is_finite() {
        return words.get(if change == 0.0 { "verdict-no-change" } else { "verdict-not-finite" });
    }
    let (by_first, by_second) = (percent(first), percent(second));
    let values = [("first", by_first.as_str()), ("second", by_second.as_str())];
    let id = match () {
        () if first == 0.0 => "verdict-linear",
        () if second == 0.0 => "verdict-quadratic",
        () if second < first => "verdict-better",
        () => "verdict-worse",
    };
    words.say(id, &values)
}

/// A change of one input, or of one element of it.
struct Change {
    /// The input, or the element.
    name: String,
    /// By how much.
    delta: Value,
    input: String,
    /// The same for each element of the input.
    by: Tensor<f64>,
}

impl Change {
    fn whole(input: &str, by: Tensor<f64>) -> Self {
        Self { name: input.into(), delta: Value::from(&by), input: input.into(), by }
    }

    /// 1 % of one element of an array.
    fn element(input: &str, values: &Tensor<f64>, at: usize) -> Option<Self> {
        let step = one_percent(*values.values().get(at)?);
        let place = values.shape().index_of(at).iter().map(ToString::to_string).collect::<Vec<_>>();
        let mut by = Tensor::full(values.shape(), 0.0);
        *by.values_mut().get_mut(at)? = step;
        let name = format!("{input}[{}]", place.join(","));
        Some(Self { name, delta: Value::Number(step), input: input.into(), by })
    }
}

fn one_percent(x: f64) -> f64 {
    if x == 0.0 { 0.01 } else { x / 100.0 }
}

/// What is changed, and how many inputs are not: what was asked for, else the most important inputs as a
/// whole, and of arrays the most important elements.
fn changes(subject: &Subject<'_, '_>, gradients: &[Value]) -> Result<(Vec<Change>, usize)> {
    let Some(nudges) = &subject.request.nudges else {
        return Ok(important(subject, gradients));
    };
    check_work(subject, "changes", nudges.len(), "--nudge")?;
    let mut changes = Vec::new();
    for (name, nudge) in nudges {
        let shape = subject.input(name).shape();
        let by = match nudge.at(&[]) {
            Some(step) => Tensor::full(shape, step),
            None if nudge.shape() == shape => nudge.clone(),
            None => {
                let name = format!("the change of `{name}`");
                return Err(Error::shape(name, nudge.shape().dims(), shape.dims()));
            }
        };
        changes.push(Change::whole(name, by));
    }
    Ok((changes, 0))
}

/// Refuses so many questions that each goes through all values of a large computation.
fn check_work(subject: &Subject<'_, '_>, what: &str, count: usize, by: &str) -> Result<()> {
    let values = subject.root.id() as usize + 1;
    let most = (MOST_WORK / values).max(MOST_CHANGED);
    match count <= most {
        true => Ok(()),
        false => Err(Error::Mismatch(format!(
            "{count} {what} are too many for a computation of {values} values: choose at most {most} with {by}"
        ))),
    }
}

/// The inputs, or elements of them, that change most by 1 % to first order.
fn important(subject: &Subject<'_, '_>, gradients: &[Value]) -> (Vec<Change>, usize) {
    let known = subject.names.iter().zip(gradients);
    let inputs: Vec<(&String, &Tensor<f64>, Vec<f64>)> = known
        .filter_map(|(name, gradient)| {
            let values = subject.value(name)?;
            let pairs = gradient.numbers().into_iter().zip(values.values());
            Some((name, values, pairs.map(|(g, x)| (g * one_percent(*x)).abs()).collect()))
        })
        .collect();
    let mut ranked: Vec<usize> = (0..inputs.len()).collect();
    let total = |at: &usize| inputs[*at].2.iter().sum::<f64>();
    ranked.sort_by(|a, b| total(b).total_cmp(&total(a)));
    let left_out = ranked.len().saturating_sub(MOST_CHANGED);
    ranked.truncate(MOST_CHANGED);
    ranked.sort_unstable();
    let whole = ranked.iter().map(|&at| Change::whole(inputs[at].0, inputs[at].1.map(one_percent)));
    let mut changes: Vec<Change> = whole.collect();
    let arrays = ranked.iter().filter(|&&at| inputs[at].2.len() > 1);
    let mut elements: Vec<(usize, usize)> =
        arrays.flat_map(|&at| (0..inputs[at].2.len()).map(move |place| (at, place))).collect();
    let effect = |&(at, place): &(usize, usize)| inputs[at].2[place];
    elements.sort_by(|a, b| effect(b).total_cmp(&effect(a)));
    elements.truncate(MOST_CHANGED.saturating_sub(changes.len()).min(MOST_ELEMENTS));
    let element = |(at, place): (usize, usize)| Change::element(inputs[at].0, inputs[at].1, place);
    changes.extend(elements.into_iter().filter_map(element));
    (changes, left_out)
}

/// The inputs that are single numbers, with their values, and how many of them are left out: where nobody
/// says which are wanted, those that change less by 1 % to first order.
fn scalars(subject: &Subject<'_, '_>, gradients: &[Value]) -> (Vec<(String, f64)>, usize) {
    let known = subject.names.iter().zip(gradients);
    let mut scalars: Vec<(String, f64, f64)> = known
        .filter_map(|(name, gradient)| {
            let x = subject.value(name)?.at(&[])?;
            Some((name.clone(), x, (gradient.as_number()? * one_percent(x)).abs()))
        })
        .collect();
    let left_out = match subject.request.wrt {
        None => scalars.len().saturating_sub(MOST_CHANGED),
        Some(_) => 0,
    };
    if left_out > 0 {
        scalars.sort_by(|(.., a), (.., b)| b.total_cmp(a));
        scalars.truncate(MOST_CHANGED);
        scalars.sort_by_key(|(name, ..)| subject.place(name));
    }
    (scalars.into_iter().map(|(name, x, _)| (name, x)).collect(), left_out)
}

/// For each scalar input, the value of it alone that reaches the goal, and how many inputs were left out as
/// the less important; `gradients` are those of the names.
pub(super) fn goals(subject: &Subject<'_, '_>, gradients: &[Value]) -> Result<(Vec<Goal>, usize)> {
    let (target, goal) = (subject.request.target, subject.request.goal);
    let goal = match (target, goal) {
        (Some(_), None) => 0.0,
        _ if goal.is_some_and(|goal| goal < 0.0) && subject.request.has_loss() => {
            return Err(Error::Setting {
                name: "the goal".into(),
                value: goal.unwrap_or_default().to_string(),
                wanted: "at least 0, for a loss is never negative".into(),
            });
        }
        (_, Some(goal)) => goal,
        (None, None) => return Ok((Vec::new(), 0)),
    };
    let (scalars, left_out) = scalars(subject, gradients);
    check_work(subject, "inputs to reach the goal by", scalars.len(), "--wrt")?;
    // ½·(f − T)² touches 0 without crossing it; f − T crosses.
    let (of, wanted) = match target {
        Some(target) if goal == 0.0 => (subject.output, target),
        _ => (subject.root, goal),
    };
    let inputs: Vec<_> = scalars.iter().map(|(name, _)| subject.input(name)).collect();
    let slopes = subject.g.backward(of, &inputs);
    let mut probe = Probe::new(subject, &slopes)?;
    let mut goals = Vec::new();
    for ((name, start), slope) in scalars.into_iter().zip(slopes) {
        let away = |x: f64, probe: &mut Probe<'_, '_, '_>| {
            probe.with(&name, x)?;
            let scalar =
                |v| Ok::<f64, Error>(probe.values(v)?.first().copied().unwrap_or(f64::NAN));
            Ok::<_, Error>((scalar(of)? - wanted, scalar(slope)?))
        };
        let found = root(start, wanted.abs(), |x| away(x, &mut probe))?;
        let change = found.at.map(|x| x - start);
        let by_rounding = match change {
            Some(change) if change != 0.0 => {
                // As flat before it as after it: a relu's 0 is no such place, a sigmoid's 1 is one.
                let mut at =
                    |share: f64| Ok::<_, Error>(away(start + share * change, &mut probe)?.0);
                at(2.0)? == 0.0
                    && at(0.99)?.abs() <= (4.0 * f64::EPSILON * wanted.abs()).max(UNDERFLOW)
            }
            _ => false,
        };
        let output = match found.at {
            Some(x) => probe.with(&name, x)?.0,
            None => None,
        };
        let (value, searched, is_flat) = (found.at, found.searched, found.is_flat);
        goals.push(Goal { name, goal, value, change, output, by_rounding, is_flat, searched });
    }
    Ok((goals, left_out))
}

/// One input over a range, with the tangent at the explained point.
pub(super) fn sweep(subject: &Subject<'_, '_>) -> Result<Option<Sweep>> {
    let Some(range) = &subject.request.sweep else { return Ok(None) };
    let Some(at) = subject.value(&range.name).and_then(|tensor| tensor.at(&[])) else {
        return Err(Error::Mismatch(format!(
            "`{}` is an array; a sweep takes a single number",
            range.name
        )));
    };
    let slope = subject.g.backward(subject.root, &[subject.input(&range.name)])[0];
    let mut probe = Probe::new(subject, &[slope])?;
    let (_, base) = probe.with(&range.name, at)?;
    let slope = probe.values(slope)?.first().copied().unwrap_or(f64::NAN);
    let points = (0..range.points).map(|i| {
        let part = i as f64 / (range.points.max(2) - 1) as f64;
        let x = range.from + part * (range.to - range.from);
        let (output, loss) = probe.with(&range.name, x)?;
        let loss = subject.request.has_loss().then_some(loss);
        Ok(SweepPoint { at: x, output, loss, tangent: base + slope * (x - at) })
    });
    Ok(Some(Sweep { name: range.name.clone(), at, points: points.collect::<Result<_>>()? }))
}

/// Steps against the gradient.
pub(super) fn descent(subject: &Subject<'_, '_>) -> Result<Option<Descent>> {
    let request = subject.request;
    let wanted = request.descend.is_some() || request.lr.is_some() || request.has_loss();
    if !wanted || subject.names.is_empty() {
        return Ok(None);
    }
    if let Some(lr) = request.lr {
        Error::check(lr > 0.0 && lr.is_finite(), "the learning rate", lr, "above 0")?;
    }
    let inputs: Vec<_> = subject.names.iter().map(|name| subject.input(name)).collect();
    let gradients = subject.g.backward(subject.root, &inputs);
    let dot = |v: chainrule::Var<'_>| v.shape().rank() > 0;
    let squares = gradients.iter().map(|&v| if dot(v) { v.square().sum(&[]) } else { v.square() });
    let Some(norm) = squares.reduce(|a, b| a + b) else { return Ok(None) };
    // ∇(|∇L|²) = 2·H·∇L, so that the curvature along the gradient needs no Hessian.
    let products = subject.g.backward(norm, &inputs);
    let pairs = products.iter().zip(&gradients).map(
        |(&p, &v)| {
            if dot(v) { (p * v).sum(&[]) } else { p * v }
        },
    );
    let Some(bend) = pairs.reduce(|a, b| a + b) else { return Ok(None) };
    let mut probe = Probe::new(subject, &[&gradients[..], &[norm, bend]].concat())?;

    let mut values = request.values.clone();
    let places = subject.names.iter().zip(&gradients);
    let places = places.filter_map(|(name, &gradient)| Some((subject.place(name)?, gradient)));
    let mut places: Vec<_> = places.collect();
    places.sort_by_key(|(at, _)| *at);
    places.dedup_by_key(|(at, _)| *at);
    let (mut points, mut lr, mut predicted, mut limit) = (Vec::new(), 0.0, 0.0, None);
    let steps = request.descend.unwrap_or(1);
    Error::check(steps <= MOST_STEPS, "the number of steps", steps, "at most 10,000,000")?;
    let numbers: usize = places.iter().map(|(_, slope)| slope.shape().len()).sum();
    let every = thinned(steps, (MOST_KEPT / numbers.max(1)).clamp(1, MOST_POINTS));
    for step in 0..=steps {
        let (_, loss) = probe.at(&values)?;
        let scalar = |v| Ok::<f64, Error>(probe.values(v)?.first().copied().unwrap_or(f64::NAN));
        let (square, bend) = (scalar(norm)?, scalar(bend)? / 2.0);
        if step == 0 {
            limit = (bend > 0.0).then(|| 2.0 * square / bend).filter(|limit| limit.is_finite());
            lr = request.lr.unwrap_or_else(|| rounded(limit.map_or(0.01, |limit| limit / 2.0)));
            predicted = -lr * square;
        }
        let has_ended = step == steps || !loss.is_finite() || !square.is_finite();
        if step <= 1 || step.is_multiple_of(every) || has_ended {
            let named = places.iter().map(|&(at, _)| &values[at]);
            let inputs = named.map(|(name, tensor)| (name.clone(), Value::from(tensor))).collect();
            points.push(DescentPoint { step, inputs, loss, gradient_norm: square.sqrt() });
        }
        if has_ended {
            break;
        }
        for &(at, gradient) in &places {
            let (slopes, x) = (probe.values(gradient)?, values[at].1.values_mut());
            x.iter_mut().zip(slopes).for_each(|(x, g)| *x -= lr * g);
        }
    }
    Ok(Some(Descent { lr, chosen: request.lr.is_none(), predicted, limit, points }))
}

/// Of how many steps one is kept, so that about `most` are: 1, 2, 5, 10, 20 and so on.
pub(super) fn thinned(steps: usize, most: usize) -> usize {
    let mut every = 1;
    while steps / every > most {
        every = match every.to_string().as_bytes().first() {
            Some(b'2') => every / 2 * 5,
            _ => every * 2,
        };
    }
    every
}

/// Down to one significant digit, so that a person can type it again.
fn rounded(x: f64) -> f64 {
    let scale = 10f64.powf(x.log10().floor());
    // Through text, for 3 · 10⁻⁵ in floats is not the number that one types.
    let lr = format!("{:.0}e{:.0}", (x / scale).floor(), x.log10().floor()).parse();
    lr.ok().filter(|lr: &f64| lr.is_normal()).unwrap_or(0.01)
}
