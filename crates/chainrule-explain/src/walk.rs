//! One input on its way: values and slopes along a change, and where no slope can tell what happens.

use super::probe::Probe;
use super::subject::Subject;
use super::value::{number, percent};
use super::words::Words;
use chainrule::check;
use chainrule::error::Result;
use chainrule::graph::Var;
use chainrule::tensor::Tensor;

/// The first stretch of a change, in which only a corner or a jump changes the slope.
const NEAR: f64 = 1e-6;

/// Halvings until a place on the way is known to its last digits.
const HALVINGS: usize = 60;

/// What is found at a place on the way.
#[derive(Clone, Copy)]
pub(super) struct Stop {
    /// The output, if it is a number.
    pub(super) output: Option<f64>,
    /// The loss, else the output.
    pub(super) loss: f64,
    /// The first derivative along the change, d·∇L.
    pub(super) slope: f64,
    /// The second, dᵀ·H·d.
    pub(super) curvature: f64,
}

/// Where no slope can tell what a change does.
pub(super) enum Edge {
    /// Here: any slope between the two is one, and `taken` is taken.
    Corner { low: f64, high: f64, taken: f64 },
    /// Here: the value changes at once.
    Jump,
    /// After a share of the change.
    Crossed { share: f64, jumps: bool },
}

/// A change of one input, walked from 0, where the explanation stands, to 1.
pub(super) struct Walk<'s, 'a, 'g> {
    probe: Probe<'s, 'a, 'g>,
    subject: &'s Subject<'a, 'g>,
    name: &'s str,
    change: &'s Tensor<f64>,
    slope: Var<'g>,
    curvature: Var<'g>,
    /// The values whose signs choose branches.
    kinks: Vec<Var<'g>>,
}

impl<'s, 'a, 'g> Walk<'s, 'a, 'g> {
    pub(super) fn new(
        subject: &'s Subject<'a, 'g>,
        name: &'s str,
        change: &'s Tensor<f64>,
    ) -> Result<Self> {
        let (x, d) = (subject.input(name), subject.g.constant_tensor(change.clone()));
        let total = |v: Var<'g>| if v.shape().rank() > 0 { v.sum(&[]) } else { v };
        let kinks = check::kinks(subject.g, subject.root);
        let slope = total(subject.g.backward(subject.root, &[x])[0] * d);
        let curvature = total(subject.g.backward(slope, &[x])[0] * d);
        let probe = Probe::new(subject, &[&[slope, curvature], &kinks[..]].concat())?;
        Ok(Self { probe, subject, name, change, slope, curvature, kinks })
    }

    /// What is found after this share of the change.
    pub(super) fn stop(&mut self, share: f64) -> Result<Stop> {
        let mut values = self.subject.request.values.clone();
        if let Some((_, tensor)) = self.subject.place(self.name).and_then(|at| values.get_mut(at)) {
            let elements = tensor.values_mut().iter_mut().zip(self.change.values());
            elements.for_each(|(x, d)| *x += share * d);
        }
        let (output, loss) = self.probe.at(&values)?;
        let read =
            |v| -> Result<f64> { Ok(self.probe.values(v)?.first().copied().unwrap_or(f64::NAN)) };
        Ok(Stop { output, loss, slope: read(self.slope)?, curvature: read(self.curvature)? })
    }

    /// The signs of what chooses branches, where the last stop was.
    fn signs(&self) -> Result<Vec<bool>> {
        let mut signs = Vec::new();
        for &kink in &self.kinks {
            signs.extend(self.probe.values(kink)?.iter().flat_map(|x| [*x > 0.0, *x < 0.0]));
        }
        Ok(signs)
    }

    /// The first place without a slope, if there is one.
    pub(super) fn edge(&mut self) -> Result<Option<Edge>> {
        let here = self.stop(0.0)?;
        if let Some(edge) = self.edge_at(0.0, here)? {
            return Ok(Some(edge));
        }
        self.stop(NEAR)?;
        let near = self.signs()?;
        self.stop(1.0)?;
        if self.signs()? == near {
            return Ok(None);
        }
        let (mut low, mut high) = (NEAR, 1.0);
        for _ in 0..HALVINGS {
            let middle = (low + high) / 2.0;
            self.stop(middle)?;
            match self.signs()? == near {
                true => low = middle,
                false => high = middle,
            }
        }
        let middle = self.stop(high)?;
        Ok(self
            .edge_at(high, middle)?
            .map(|edge| Edge::Crossed { share: high, jumps: matches!(edge, Edge::Jump) }))
    }

    /// Whether there is a corner or a jump at a place: by what is found a little to both sides.
    fn edge_at(&mut self, share: f64, here: Stop) -> Result<Option<Edge>> {
        let (before, after) = (self.stop(share - NEAR)?, self.stop(share + NEAR)?);
        let slopes = [before.slope, after.slope];
        let (low, high) = (slopes[0].min(slopes[1]), slopes[0].max(slopes[1]));
        let steepest = low.abs().max(high.abs()).max(here.slope.abs());
        let size = [before, here, after].iter().map(|at| at.loss.abs()).fold(0.0, f64::max);
        let rounding = 32.0 * f64::EPSILON * size;
        if !steepest.is_finite() || !size.is_finite() {
            // Of one side alone no corner is told, but a jump.
            let far = (after.loss - here.loss).abs();
            let is_jump =
                here.slope.is_finite() && far.is_finite() && far > NEAR.sqrt() * here.loss.abs();
            return Ok(is_jump.then_some(Edge::Jump));
        }
        let bend = here.curvature.abs().max(after.curvature.abs()).max(before.curvature.abs());
        let bend = if bend.is_finite() { bend * NEAR } else { 0.0 };
        let smooth = 8.0 * NEAR * (steepest + bend) + rounding;
        if [before, after].iter().any(|at| (at.loss - here.loss).abs() > smooth) {
            return Ok(Some(Edge::Jump));
        }
        let turned = (high - low) - 2.0 * bend;
        let is_corner = turned > 1e-3 * steepest && turned * NEAR > rounding;
        Ok(is_corner.then_some(Edge::Corner { low, high, taken: here.slope }))
    }
}

impl Edge {
    /// In words; slopes as those of the input where one number changes.
    pub(super) fn in_words(&self, words: &Words, name: &str, step: Option<f64>) -> String {
        match (self, step) {
            (Self::Corner { low, high, taken }, Some(step)) => {
                let [low, high, taken] = [low, high, taken].map(|slope| slope / step);
                let (low, high) = (number(low.min(high)), number(low.max(high)));
                let values = [("low", low.as_str()), ("high", &high), ("taken", &number(taken))];
                words.say("verdict-corner", &values)
            }
            (Self::Corner { .. }, None) => words.get("verdict-corner-array"),
            (Self::Jump, _) => words.get("verdict-jump"),
            (Self::Crossed { share, jumps }, _) => {
                let place = match step {
                    Some(step) => format!("{name} {}", super::value::signed(share * step)),
                    None => percent(*share),
                };
                let id = if *jumps { "verdict-crosses-jump" } else { "verdict-crosses-corner" };
                words.say(id, &[("place", &place)])
            }
        }
    }
}
