//! Backpropagation against numerical differentiation.
//!
//! Central differences (L(w + h) − L(w − h)) / 2h run on a copy of the graph, the parameters and the
//! data in f64. The step begins at ∛ε·max(1, |w|), which balances truncation against rounding (Press
//! et al., *Numerical Recipes*, section 5.7). Where that estimate crosses a kink, is not finite or
//! disagrees, smaller steps follow down from it and down from ∛ε·|w|, which suits functions that
//! change on the scale of a small w, as ln does.
//!
//! A difference tells nothing where rounding of the loss is more than a tenth of it, as in 1e16 + x, unless
//! it is small beside the parameter's largest gradient; and nothing where it crosses a corner, where the loss
//! is no number beside the element, as that of √x is at 0, or where the differences of no two steps agree.
//!
//! What gradients do not pass, [`Var::stop_gradient`], is a constant for the differences too: it keeps
//! the value that it has at the parameters' own.

use std::ops::Range;

use crate::error::{Error, Result};
use crate::graph::{Graph, Var};
use crate::number::Number;
use crate::ops::StopGradient;
use crate::parameters::Parameters;
use crate::plan::Plan;
use crate::runtime::Pool;
use crate::tensor::{Real, Shape, Tensor};

/// What a comparison has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The gradients are those of the differences, as far as these tell.
    Agrees,
    /// An element is beyond the tolerance.
    Differs,
    /// There is no difference to compare with: at every step it crosses a corner, leaves where the loss is a
    /// number or is drowned by rounding of the loss, or no two steps agree.
    Unmeasured,
}

impl Verdict {
    /// Of several: one that differs decides, else one that was measured.
    fn of_all(parts: &[Self]) -> Self {
        let found = |verdict: &Self| parts.contains(verdict);
        let verdicts = [Self::Differs, Self::Agrees];
        verdicts.into_iter().find(found).unwrap_or(Self::Unmeasured)
    }
}

/// The comparison for one parameter.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct ParameterReport {
    /// The parameter's name.
    pub name: String,
    /// The lengths of its axes.
    pub shape: Vec<usize>,
    /// The elements compared.
    pub checked: usize,
    /// Elements whose difference crosses a kink at every step, or that stand on one: not compared, and no
    /// failure, if their gradient is finite.
    pub kinks: usize,
    /// Elements beside which the loss is no finite number, as √x is none below 0: not compared, unless their
    /// gradient is NaN.
    pub outside: usize,
    /// Elements for which the differences of no two steps agree, nor come nearer to each other: not compared.
    pub unsettled: usize,
    /// Elements whose difference rounding of the loss drowns: not compared either.
    pub drowned: usize,
    /// What it has come to: of nothing that was compared, [`Verdict::Unmeasured`].
    pub verdict: Verdict,
    /// The mean over the compared elements of |backpropagation − difference|.
    pub mean_abs_difference: f64,
    /// The largest such difference; NaN where one is.
    pub max_abs_difference: f64,
    /// The largest such difference relative to the larger of its two numbers. Rounding of the loss
    /// counts here, so that it is large for gradients near 0; the verdict makes allowance for it.
    pub max_relative_error: f64,
    /// The number of elements beyond the tolerance.
    pub failed: usize,
    /// The element that is furthest off, if any was compared.
    pub worst: Option<Worst>,
}

/// The element that is furthest off.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Worst {
    /// Its index, one number per axis.
    pub index: Vec<usize>,
    /// Its gradient by backpropagation.
    pub backpropagation: f64,
    /// Its gradient by central differences.
    pub difference: f64,
}

/// The outcome of a gradient check.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Report {
    /// Whether the verdict is that backpropagation agrees.
    pub passed: bool,
    /// What it has come to: [`Verdict::Agrees`] where something was compared and nothing is beyond the
    /// tolerance. Each parameter has a verdict of its own.
    pub verdict: Verdict,
    /// The relative error that is allowed.
    pub tolerance: f64,
    /// One entry per parameter.
    pub parameters: Vec<ParameterReport>,
}

/// How to check.
///
/// ```
/// use chainrule::check::Settings;
/// // A sample of ten elements per parameter, on two threads.
/// let settings = Settings { elements: Some(10), threads: 2, ..Settings::default() };
/// assert_eq!(settings.tolerance, 1e-5);
/// ```
#[derive(Clone, Debug)]
pub struct Settings {
    /// The relative error that is allowed.
    pub tolerance: f64,
    /// Elements to check per parameter, spread evenly; all where `None`.
    pub elements: Option<usize>,
    /// Threads to use.
    pub threads: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { tolerance: 1e-5, elements: None, threads: 1 }
    }
}

impl Settings {
    /// Checks every setting's domain. No elements or an infinite tolerance would pass whatever the
    /// gradients are.
    fn validate(&self) -> Result<()> {
        let tolerance_ok = self.tolerance > 0.0 && self.tolerance.is_finite();
        Error::check(tolerance_ok, "the tolerance", self.tolerance, "positive and finite")?;
        let wanted = "at least 1";
        Error::check(self.elements != Some(0), "the number of elements to check", 0, wanted)
    }
}

/// Checks the gradients of `loss` with respect to every parameter. `feed` gives the inputs.
///
/// ```
/// use chainrule::{Graph, Parameters, Tensor, check};
/// let g = Graph::new();
/// let w = g.parameter("w", [3]);
/// let mut parameters = Parameters::new();
/// parameters.insert("w", Tensor::new([3], vec![0.1_f32, 0.5, 2.0])?);
/// let report = check::gradients(&g, w.ln().sum(&[]), &parameters, |_| Ok(()), &check::Settings::default())?;
/// assert!(report.passed);
/// assert_eq!(report.parameters[0].checked, 3);
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// # Errors
/// The graph has an error, a parameter is missing, there is nothing to check, a setting is out of its
/// domain, or `feed` fails.
pub fn gradients<T: Real>(
    graph: &Graph,
    loss: Var<'_>,
    parameters: &Parameters<T>,
    feed: impl Fn(&mut Plan<f64>) -> Result<()>,
    settings: &Settings,
) -> Result<Report> {
    let all: Vec<&str> = parameters.iter().map(|(name, _)| name).collect();
    gradients_of(graph, loss, parameters, &all, feed, settings)
}

/// [`gradients`] with respect to the parameters `of` alone: others may be needed, such as those of a model
/// beside the one that learns.
///
/// ```
/// use chainrule::{Graph, Parameters, Tensor, check};
/// let g = Graph::new();
/// let loss = g.parameter("w", []).ln() * g.parameter("judge", []).abs().sqrt();
/// let mut parameters = Parameters::new();
/// parameters.insert("w", Tensor::scalar(2.0));
/// // At 0 the root of |x| has no slope, which is of no concern here.
/// parameters.insert("judge", Tensor::scalar(0.0));
/// let settings = check::Settings::default();
/// let of = |names: &[&str]| check::gradients_of(&g, loss, &parameters, names, |_| Ok(()), &settings);
/// assert!(of(&["w"])?.passed && !of(&["w", "judge"])?.passed);
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// # Errors
/// As [`gradients`], or one of the names is no parameter's.
pub fn gradients_of<T: Real>(
    graph: &Graph,
    loss: Var<'_>,
    parameters: &Parameters<T>,
    of: &[&str],
    feed: impl Fn(&mut Plan<f64>) -> Result<()>,
    settings: &Settings,
) -> Result<Report> {
    settings.validate()?;
    graph.ok()?;
    if !loss.belongs_to(graph) {
        return Err(Error::Foreign { node: "the loss".into() });
    }
    let parameters = parameters.cast::<f64>();
    let (mut checked, mut count) = (Vec::new(), 0);
    for name in of {
        let tensor = parameters.get(name)?;
        count += tensor.shape().len();
        checked.push((name, tensor));
    }
    let wanted = "at least 1: without one there is no gradient to check";
    Error::check(count > 0, "the number of parameter elements", 0, wanted)?;
    let loss = graph.var(loss.id);
    let wrt: Vec<Var<'_>> =
        checked.iter().map(|(name, tensor)| graph.parameter(name, tensor.shape())).collect();
    let [kinks, stopped] = branches(graph, loss);
    let slopes = graph.backward(loss, &wrt);
    // With the loss among the outputs, the plan has every input that `feed` may give: a gradient can
    // do without some, as that of a sum does.
    let outputs = [&[loss], slopes.as_slice(), &stopped].concat();
    let mut backpropagation = graph.compile::<f64>(&outputs)?;
    feed(&mut backpropagation)?;
    backpropagation.run_with(&parameters)?;

    let held: Vec<u32> =
        stopped.iter().map(|v| graph.node(v.id, |node| node.operands[0])).collect();
    let frozen;
    let graph = match stopped.is_empty() {
        true => graph,
        false => {
            let value = |v: &Var<'_>| -> Result<_> {
                Ok((v.id, Tensor::new(v.shape(), backpropagation.value(*v)?.to_vec())?))
            };
            frozen = graph.with_constants(stopped.iter().map(value).collect::<Result<_>>()?);
            &frozen
        }
    };
    let output_ids: Vec<u32> = [&[loss], kinks.as_slice()].concat().iter().map(Var::id).collect();
    let mut outputs: Vec<Var<'_>> = output_ids.iter().map(|&id| graph.var(id)).collect();
    // So that the plan has the inputs of constants, too, which `feed` gives.
    outputs.extend(held.iter().map(|&id| graph.var(id)));
    let mut plan = graph.compile::<f64>(&outputs)?;
    feed(&mut plan)?;
    let mut reports = Vec::new();
    for ((name, tensor), &slope) in checked.into_iter().zip(&slopes) {
        let total = tensor.shape().len();
        let count = settings.elements.map_or(total, |n| n.min(total));
        let elements: Vec<usize> = (0..count).map(|i| i * total / count.max(1)).collect();
        let slopes = backpropagation.value(slope)?;
        let probe = |range: Range<usize>| -> Result<Vec<Element>> {
            let mut prober = Prober {
                plan: plan.clone(),
                parameters: parameters.clone(),
                outputs: &output_ids,
                tolerance: settings.tolerance,
                here: (f64::NAN, 0),
            };
            prober.here = prober.run()?;
            elements[range].iter().map(|&i| prober.compare(name, i, slopes[i])).collect()
        };
        let parts = Pool::new(settings.threads.min(count)).map(count, probe);
        let parts: Vec<Vec<Element>> = parts.into_iter().collect::<Result<_>>()?;
        let found: Vec<Element> = parts.into_iter().flatten().collect();
        reports.push(summarise(name, tensor.shape(), &found, settings.tolerance));
    }
    let verdicts: Vec<Verdict> = reports.iter().map(|report| report.verdict).collect();
    let verdict = Verdict::of_all(&verdicts);
    let passed = verdict == Verdict::Agrees;
    Ok(Report { passed, verdict, tolerance: settings.tolerance, parameters: reports })
}

/// The values whose signs choose a branch of a piecewise operation anywhere below the loss.
///
/// ```
/// let g = chainrule::Graph::new();
/// let x = g.input("x", []);
/// let kinks = chainrule::check::kinks(&g, (x - 3.0).relu().square());
/// assert_eq!(kinks.len(), 1);
/// ```
pub fn kinks<'g>(graph: &'g Graph, loss: Var<'g>) -> Vec<Var<'g>> {
    let [kinks, _] = branches(graph, loss);
    kinks
}

/// The values whose signs choose a branch anywhere below the loss, and those that gradients do not pass,
/// below which there is nothing to choose.
fn branches<'g>(graph: &'g Graph, loss: Var<'g>) -> [Vec<Var<'g>>; 2] {
    let mut needed = vec![false; loss.id as usize + 1];
    needed[loss.id as usize] = true;
    let (mut kinks, mut stopped) = (Vec::new(), Vec::new());
    for id in (0..=loss.id).rev() {
        if !needed[id as usize] {
            continue;
        }
        let (op, ids) = graph.node(id, |node| (node.op().cloned(), node.operands.clone()));
        let Some(op) = op else { continue };
        if op.is::<StopGradient>() {
            stopped.push(graph.var(id));
            continue;
        }
        ids.iter().for_each(|&operand| needed[operand as usize] = true);
        let operands: Vec<Var<'g>> = ids.iter().map(|&id| graph.var(id)).collect();
        kinks.extend(op.kinks(&operands));
    }
    [kinks, stopped]
}

/// One element's comparison.
struct Element {
    index: usize,
    backpropagation: f64,
    difference: f64,
    /// How far the difference may be off by itself.
    uncertainty: f64,
    /// How much the loss changes over the first step, as a slope: what a slope of 0 is held against.
    unit: f64,
    crosses: bool,
    /// Whether the loss is a number at the element, and none beside it.
    leaves: bool,
    is_unsettled: bool,
}

impl Element {
    fn gap(&self) -> f64 {
        (self.backpropagation - self.difference).abs()
    }

    fn relative(&self) -> f64 {
        let scale = self.backpropagation.abs().max(self.difference.abs());
        share(self.gap(), scale)
    }

    /// The gap in units of what is allowed: 1 is the limit.
    fn excess(&self, tolerance: f64) -> f64 {
        let scale = self.backpropagation.abs().max(self.difference.abs());
        share(self.gap(), tolerance * scale + self.uncertainty)
    }

    /// What is said of it beside a largest gradient of its parameter. A difference whose own uncertainty is
    /// more than a tenth of it tells nothing, unless it is small beside that gradient or is to be 0.
    fn verdict(&self, tolerance: f64, largest: f64) -> Verdict {
        let scale = self.backpropagation.abs().max(self.difference.abs());
        let unit = if self.backpropagation == 0.0 { self.unit } else { 0.0 };
        let told = 0.1 * scale;
        let is_finite = self.backpropagation.is_finite();
        match () {
            () if self.backpropagation.is_nan() => Verdict::Differs,
            // At a corner any slope between both sides is one.
            () if self.crosses && is_finite || self.leaves => Verdict::Unmeasured,
            () if self.crosses || !self.difference.is_finite() => Verdict::Differs,
            () if !is_finite || self.gap() > tolerance * scale + self.uncertainty => {
                match self.is_unsettled {
                    true => Verdict::Unmeasured,
                    false => Verdict::Differs,
                }
            }
            () if self.gap() == 0.0 => Verdict::Agrees,
            () if self.uncertainty <= told.max(tolerance * largest.max(unit)) => Verdict::Agrees,
            () => Verdict::Unmeasured,
        }
    }
}

/// `part` of `whole`; no part of nothing is none, and a NaN has no sign, which would change its order.
fn share(part: f64, whole: f64) -> f64 {
    if part == 0.0 { 0.0 } else { (part / whole).abs() }
}

/// One estimate of a derivative.
#[derive(Clone, Copy)]
struct Estimate {
    slope: f64,
    /// What rounding of the loss alone may add to it.
    rounding: f64,
    /// What the length of the step may, as far as two steps tell.
    truncation: f64,
    crosses: bool,
}

impl Estimate {
    fn is_usable(&self) -> bool {
        !self.crosses && self.slope.is_finite()
    }

    /// Whether another step's estimate is the same, as far as a tenth and rounding tell.
    fn is_near(&self, other: &Self) -> bool {
        let size = self.slope.abs().max(other.slope.abs());
        (self.slope - other.slope).abs() <= 0.1 * size + self.rounding + other.rounding
    }
}

/// ∛ε·max(1, |w|).
fn first_step(original: f64) -> f64 {
    Number::cbrt(f64::EPSILON) * original.abs().max(1.0)
}

/// Runs the loss at shifted parameters.
struct Prober<'a> {
    plan: Plan<f64>,
    parameters: Parameters<f64>,
    outputs: &'a [u32],
    tolerance: f64,
    /// The loss and the branches at the parameters' own values.
    here: (f64, u64),
}

impl Prober<'_> {
    fn compare(&mut self, name: &str, index: usize, backpropagation: f64) -> Result<Element> {
        let original = self.parameters.get(name)?.values()[index];
        let first = self.estimate(name, index, first_step(original))?;
        let (best, is_unsettled) = match self.agrees(&first, backpropagation) {
            true => (first, false),
            false => self.settle(name, index, first)?,
        };
        let (here, _) = self.here;
        Ok(Element {
            index,
            backpropagation,
            difference: best.slope,
            uncertainty: best.rounding + best.truncation,
            unit: first.slope.abs() * first_step(original) / original.abs().max(1.0),
            crosses: best.crosses,
            leaves: here.is_finite() && !best.slope.is_finite(),
            is_unsettled: is_unsettled && here.is_finite(),
        })
    }

    fn agrees(&self, estimate: &Estimate, backpropagation: f64) -> bool {
        let scale = backpropagation.abs().max(estimate.slope.abs());
        let gap = (backpropagation - estimate.slope).abs();
        // An infinite scale would allow any gap: numbers that are not finite agree with nothing.
        let finite = scale.is_finite() && gap.is_finite();
        !estimate.crosses && finite && gap <= self.tolerance * scale + estimate.rounding
    }

    /// Smaller and smaller steps, from the first one and from one relative to the element: the usable
    /// estimate that differs least from the one before it, and whether none is near the one before it, nor
    /// do they come nearer. Backpropagation has no say in it.
    fn settle(&mut self, name: &str, index: usize, first: Estimate) -> Result<(Estimate, bool)> {
        let original = self.parameters.get(name)?.values()[index];
        let (absolute, relative) =
            (first_step(original), Number::cbrt(f64::EPSILON) * original.abs());
        let (mut best, mut least) = (first, f64::INFINITY);
        let (mut is_settled, mut pairs) = (false, 0);
        let ladders = [(absolute, 1..=7), (relative, 0..=6)];
        // For elements of 1 and more both are the same steps.
        for (start, exponents) in ladders.into_iter().take(if original.abs() < 1.0 { 2 } else { 1 })
        {
            let mut before = (start == absolute).then_some(first).filter(Estimate::is_usable);
            let mut changes = Vec::new();
            for exponent in exponents {
                let step = start * 0.1_f64.powi(exponent);
                // Below the spacing of numbers at the element, both sides are the element itself.
                if original + step == original {
                    break;
                }
                let now = Some(self.estimate(name, index, step)?).filter(Estimate::is_usable);
                if let Some((now, before)) = now.zip(before) {
                    is_settled |= now.is_near(&before);
                    changes.push((now.slope - before.slope).abs());
                }
                if let Some(now) = now {
                    let change = before.map_or(f64::INFINITY, |before| {
                        (now.slope - before.slope).abs() + now.rounding
                    });
                    if !best.is_usable() || change < least {
                        // The error falls with the square of the step, to a hundredth; a tenth
                        // leaves room for functions that are not as smooth.
                        let truncation = before.map_or(0.0, |b| (now.slope - b.slope).abs() / 10.0);
                        (best, least) = (Estimate { truncation, ..now }, change);
                    }
                }
                before = now;
            }
            // As those of x³ at 0 do, each a hundredth of the one before.
            is_settled |= changes.last() < changes.first();
            pairs += changes.len();
        }
        // One pair that disagrees tells too little to excuse a gradient.
        Ok((best, pairs > 1 && !is_settled))
    }

    fn estimate(&mut self, name: &str, index: usize, step: f64) -> Result<Estimate> {
        let original = self.parameters.get(name)?.values()[index];
        let (above, below) = (original + step, original - step);
        let (high, high_branches) = self.loss_at(name, index, above)?;
        let (low, low_branches) = self.loss_at(name, index, below)?;
        self.parameters.get_mut(name)?.values_mut()[index] = original;
        let (width, (_, here)) = (above - below, self.here);
        Ok(Estimate {
            slope: (high - low) / width,
            rounding: 16.0 * f64::EPSILON * high.abs().max(low.abs()).max(f64::MIN_POSITIVE)
                / width,
            truncation: 0.0,
            // At the tip of a cone, as that of a length, both sides are alike, and the tip is not.
            crosses: [high_branches, low_branches].iter().any(|branches| *branches != here),
        })
    }

    /// The loss, and a digest of which branches were taken.
    fn run(&mut self) -> Result<(f64, u64)> {
        self.plan.run_with(&self.parameters)?;
        let mut signs = 0xcbf2_9ce4_8422_2325_u64;
        for &kink in &self.outputs[1..] {
            for &x in self.plan.value_of(kink)? {
                let sign = if x > 0.0 { 2 } else { u64::from(x < 0.0) };
                signs = (signs ^ sign).wrapping_mul(0x0100_0000_01b3);
            }
        }
        let loss = self.plan.value_of(self.outputs[0])?.first().copied().unwrap_or(f64::NAN);
        Ok((loss, signs))
    }

    /// The same with one element changed.
    fn loss_at(&mut self, name: &str, index: usize, value: f64) -> Result<(f64, u64)> {
        self.parameters.get_mut(name)?.values_mut()[index] = value;
        self.run()
    }
}

fn summarise(name: &str, shape: Shape, elements: &[Element], tolerance: f64) -> ParameterReport {
    // What is infinite or NaN makes nothing small.
    let sizes = elements.iter().map(|e| e.backpropagation.abs()).filter(|size| size.is_finite());
    let greatest = sizes.fold(0.0, f64::max);
    let verdicts: Vec<Verdict> =
        elements.iter().map(|element| element.verdict(tolerance, greatest)).collect();
    let with = |wanted: bool| {
        let pairs = elements.iter().zip(&verdicts);
        pairs.filter(move |(_, v)| (**v == Verdict::Unmeasured) != wanted).map(|(e, _)| e)
    };
    let compared: Vec<&Element> = with(true).collect();
    let hidden: Vec<&Element> = with(false).collect();
    let count = |of: fn(&Element) -> bool| hidden.iter().filter(|e| of(e)).count();
    let kinks = count(|e| e.crosses);
    let outside = count(|e| !e.crosses && e.leaves);
    let unsettled = count(|e| !e.crosses && !e.leaves && e.is_unsettled);
    // The order of `total_cmp` puts NaN above every number, so that none is lost.
    let largest = |f: fn(&Element) -> f64| {
        compared.iter().map(|e| f(e)).max_by(f64::total_cmp).unwrap_or(0.0)
    };
    let worst = compared.iter().max_by(|a, b| {
        let by_excess = a.excess(tolerance).total_cmp(&b.excess(tolerance));
        by_excess.then(a.gap().total_cmp(&b.gap()))
    });
    let total = compared.iter().fold(0.0, |sum, e| sum + e.gap());
    ParameterReport {
        name: name.into(),
        shape: shape.dims().to_vec(),
        checked: compared.len(),
        kinks,
        outside,
        unsettled,
        drowned: hidden.len() - kinks - outside - unsettled,
        verdict: Verdict::of_all(&verdicts),
        mean_abs_difference: total / compared.len().max(1) as f64,
        max_abs_difference: largest(Element::gap),
        max_relative_error: largest(Element::relative),
        failed: verdicts.iter().filter(|verdict| **verdict == Verdict::Differs).count(),
        worst: worst.map(|e| Worst {
            index: shape.index_of(e.index),
            backpropagation: e.backpropagation,
            difference: e.difference,
        }),
    }
}
