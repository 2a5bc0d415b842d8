//! What a model says on average, by the value of one column.

use std::cmp::Reverse;
use std::sync::Arc;

use serde::Serialize;

use super::draw::{Bar, bars};
use super::{Asker, Ground, Tried, asked_about};
use crate::curves::{Chart, Series, curves_svg};
use crate::data::{DataPart, Source, SourceKind};
use crate::{Precision, Run, Which};
use chainrule::Pool;
use chainrule::error::{Error, Result};
use chainrule::nn::Answer;
use chainrule::tensor::Real;
use chainrule_explain::{Language, Page, Words, digits, to_step, told_apart};

/// The most values of a number that are tried, and the most categories.
const POINTS: usize = 20;

/// The most classes that a text or a picture shows; of two the second is enough.
const CLASSES: usize = 6;

/// What a model says on average when a column has the same value in all rows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Effect {
    /// The part of the run's data whose rows are taken; `None` for other data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part: Option<DataPart>,
    /// The rows.
    pub rows: usize,
    /// Of so many.
    pub of: usize,
    /// The column.
    pub column: String,
    /// What the answers are: the names of the classes, whose probabilities they are, or of the targets.
    pub answers: Vec<String>,
    /// Whether the answers are probabilities.
    #[serde(skip)]
    pub is_class: bool,
    /// The values that are tried: of many categories the most frequent.
    pub points: Vec<Point>,
    /// The other categories.
    #[serde(skip_serializing_if = "is_zero")]
    pub others: usize,
    /// The language that it speaks.
    #[serde(skip)]
    pub language: Language,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// The mean answers for a value of a column.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Point {
    /// The value, where it is a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// The category, where it is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Whether it is that there is no value.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub gap: bool,
    /// The means.
    pub mean: Vec<f64>,
}

impl Run {
    /// What the model says on average by the value of a column: over the rows of the held-out part, or of the
    /// data `named`. Numbers take their own quantiles there.
    ///
    /// # Errors
    /// There is no such column, or it is a date; or as [`Run::importance`].
    pub fn effect(
        &self,
        column: &str,
        named: Option<&str>,
        which: Which,
        pool: &Arc<Pool>,
    ) -> Result<Effect> {
        let ground = self.ground(named)?;
        let Some(source) = ground.sources.iter().find(|source| source.name == column) else {
            let names: Vec<&str> = ground.sources.iter().map(|source| &*source.name).collect();
            let near = chainrule::nearest(column, names.iter().copied())
                .map(|name| format!("; did you mean `{name}`?"));
            return Err(Error::Mismatch(format!(
                "the model reads no column `{column}`{}",
                near.unwrap_or_else(|| format!(", but `{}`", names.join("`, `")))
            )));
        };
        match self.config.dtype {
            Precision::F64 => self.asked::<f64, _>((&ground, named), which, pool, |asker| {
                self.effect_of(asker, &ground, source)
            }),
            Precision::F32 => self.asked::<f32, _>((&ground, named), which, pool, |asker| {
                self.effect_of(asker, &ground, source)
            }),
        }
    }

    fn effect_of<T: Real>(
        &self,
        asker: &mut Asker<'_, T>,
        ground: &Ground,
        source: &Source,
    ) -> Result<Effect> {
        let mut tried = Tried::new(&*ground.data, self.config.seed)?;
        let (target, scales) = (ground.data.target(), ground.data.scales());
        let mut points = Vec::new();
        let (grid, others) = grid(&tried, source)?;
        for (cells, mut point) in grid {
            (0..tried.rows.len()).for_each(|row| tried.put(row, source, &cells));
            asker.ask(&tried, &mut |examples, outputs| {
                for row in outputs.chunks_exact((outputs.len() / examples.len().max(1)).max(1)) {
                    let said = match Answer::of(target, &scales, row)? {
                        Answer::Class { probabilities, .. } => probabilities,
                        Answer::Values(values) => values,
                    };
                    point.mean.resize(said.len(), 0.0);
                    point.mean.iter_mut().zip(said).for_each(|(sum, x)| *sum += x);
                }
                Ok(())
            })?;
            point.mean.iter_mut().for_each(|sum| *sum /= tried.rows.len().max(1) as f64);
            points.push(point);
        }
        let preparation = self.preparation.as_ref();
        let classes = preparation.map(|p| p.class_names().to_vec()).unwrap_or_default();
        let targets = preparation.map(|p| p.target_names().to_vec()).unwrap_or_default();
        Ok(Effect {
            part: ground.part,
            rows: tried.rows.len(),
            of: ground.data.len(),
            column: source.name.clone(),
            is_class: !classes.is_empty(),
            answers: if classes.is_empty() { targets } else { classes },
            points,
            others,
            language: Language::default(),
        })
    }
}

/// The features that are tried, and the value that they are.
type Attempt = (Vec<f32>, Point);

/// The features that are tried with the value that they are, and how many categories are not.
fn grid(tried: &Tried<'_>, source: &Source) -> Result<(Vec<Attempt>, usize)> {
    let point = |value| Point { value, category: None, gap: false, mean: Vec::new() };
    match &source.kind {
        SourceKind::Number { mean, deviation } => {
            let mut all: Vec<f32> = (0..tried.rows.len())
                .filter_map(|row| tried.cells(row, source).first().copied())
                .collect();
            all.sort_unstable_by(f32::total_cmp);
            let last = all.len().saturating_sub(1);
            let quantile = |at: usize| all.get(at * last / (POINTS - 1)).copied();
            let mut values: Vec<f32> = (0..POINTS).filter_map(quantile).collect();
            values.dedup();
            let own = |x: f32| Some(f64::from(x) * deviation + mean);
            Ok((values.into_iter().map(|x| (vec![x], point(own(x)))).collect(), 0))
        }
        SourceKind::Categories(names) => {
            let one = |at: usize| (0..names.len()).map(|i| f32::from(u8::from(i == at))).collect();
            let mut counts = vec![0_usize; names.len()];
            for row in 0..tried.rows.len() {
                let at = tried.cells(row, source).iter().position(|&cell| cell > 0.5);
                if let Some(count) = at.and_then(|at| counts.get_mut(at)) {
                    *count += 1;
                }
            }
            let mut named: Vec<(usize, &Option<String>)> = names.iter().enumerate().collect();
            if named.len() > POINTS {
                named.sort_by_key(|(at, _)| Reverse(counts.get(*at).copied()));
                named.truncate(POINTS);
            }
            let others = names.len() - named.len();
            let tried = named.into_iter().map(|(at, name)| {
                (one(at), Point { category: name.clone(), gap: name.is_none(), ..point(None) })
            });
            Ok((tried.collect(), others))
        }
        SourceKind::Date => Err(Error::Mismatch(format!(
            "column `{}` is a date, whose parts change together; an effect is told of a number or a category",
            source.name
        ))),
    }
}

impl Effect {
    /// The answers that are shown, by their places.
    fn shown(&self) -> Vec<usize> {
        match self.answers.len() {
            2 if self.is_class => vec![1],
            count => (0..count.min(CLASSES)).collect(),
        }
    }

    /// What the means are of.
    fn what(&self, words: &Words) -> String {
        words.get(if self.is_class { "effect-probability" } else { "effect-prediction" })
    }

    fn title(&self, words: &Words) -> String {
        let about = asked_about(words, self.part, self.rows, self.of);
        let values = [("what", &*self.what(words)), ("column", &self.column), ("about", &about)];
        words.say("effect-title", &values)
    }

    /// As text for a terminal of 80 columns.
    #[must_use]
    pub fn to_text(&self) -> String {
        self.to_text_within(80)
    }

    /// As text for a terminal of so many columns.
    #[must_use]
    pub fn to_text_within(&self, columns: usize) -> String {
        // What a number and the space before it take.
        const LEAST: usize = 10;
        let words = Words::new(self.language);
        let mut shown = self.shown();
        let room = columns.saturating_sub(columns / 4);
        shown.truncate((room / LEAST).max(1));
        let mut head = vec![self.column.clone()];
        let names = shown.iter().filter_map(|&at| self.answers.get(at).cloned());
        let names: Vec<String> = names.collect();
        let wide = (room / names.len().max(1)).max(LEAST) - 2;
        head.extend(told_apart(&names, wide));
        let mut rows = vec![head];
        let means = |at: usize| self.points.iter().filter_map(move |point| point.mean.get(at));
        let steps: Vec<f64> = shown.iter().map(|&at| step(means(at).copied())).collect();
        let step = step(self.points.iter().filter_map(|point| point.value));
        for point in &self.points {
            let mut row = vec![point.label(step, &words)];
            let mean = |at: usize| point.mean.get(at).copied().unwrap_or(f64::NAN);
            row.extend(shown.iter().zip(&steps).map(|(&at, &step)| apart(mean(at), step)));
            rows.push(row);
        }
        let mut out = Page { text: String::new(), columns };
        out.wrapped(0, &self.title(&words));
        out.text.push('\n');
        out.table(&rows);
        if self.others > 0 {
            let (most, others) = (POINTS.to_string(), self.others.to_string());
            out.text.push('\n');
            out.wrapped(0, &words.say("effect-others", &[("most", &most), ("count", &others)]));
        }
        let hidden = self.answers.len() - shown.len();
        if hidden > 0 && self.answers.len() > 2 {
            out.text.push('\n');
            let id = if self.is_class { "effect-classes" } else { "effect-targets" };
            out.wrapped(0, &words.say(id, &[("count", &hidden.to_string())]));
        }
        out.text
    }

    /// As a picture: curves over a number, bars for categories.
    ///
    /// # Errors
    /// The picture has more than it holds.
    pub fn to_svg(&self) -> Result<String> {
        let (shown, words) = (self.shown(), Words::new(self.language));
        let names: Vec<&str> =
            shown.iter().filter_map(|&at| self.answers.get(at).map(String::as_str)).collect();
        let mean = |point: &Point, at: usize| point.mean.get(at).copied().unwrap_or(f64::NAN);
        if self.points.iter().any(|point| point.category.is_some()) {
            let row = |point: &Point| {
                let bar = |&at: &usize| Bar { value: mean(point, at), spread: 0.0 };
                (point.label(0.0, &words), shown.iter().map(bar).collect())
            };
            let rows: Vec<_> = self.points.iter().map(row).collect();
            let title = self.title(&words);
            return Ok(bars(&title, &names, &rows).svg(&title));
        }
        let series = shown.iter().zip(&names).map(|(&at, name)| Series {
            name: (*name).to_owned(),
            points: self.points.iter().filter_map(|p| Some((p.value?, mean(p, at)))).collect(),
        });
        let chart =
            Chart { x: self.column.clone(), y: self.what(&words), series: series.collect() };
        curves_svg(&[chart])
    }
}

impl Point {
    fn label(&self, step: f64, words: &Words) -> String {
        match (&self.category, self.value) {
            (Some(category), _) => category.clone(),
            (None, _) if self.gap => words.get("effect-gap"),
            (None, value) => apart(value.unwrap_or(f64::NAN), step),
        }
    }
}

/// What numbers are told apart by: a hundredth of their range.
fn step(values: impl Iterator<Item = f64>) -> f64 {
    let ends = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), x| (l.min(x), h.max(x)));
    (ends.1 - ends.0) / 100.0
}

/// A number with four digits, or as many as tell it apart from others.
fn apart(value: f64, step: f64) -> String {
    match step > 0.0 && step < value.abs() / 1e3 {
        true => to_step(value, step),
        false => digits(value, 4),
    }
}
