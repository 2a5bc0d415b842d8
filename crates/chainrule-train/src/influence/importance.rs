//! How much a model needs each column.

use std::sync::Arc;

use rand::seq::SliceRandom;
use serde::Serialize;

use super::behind::Behind;
use super::draw::{Bar, bars};
use super::{Asker, Ground, Tried, asked_about, objective};
use crate::config::EVALUATION_BATCH;
use crate::data::{DataPart, FEATURES, Rows, Source};
use crate::evaluation::Meter;
use crate::objective::{Answered, Losses, feed_fields};
use crate::{Config, Precision, Run, Score, Which};
use chainrule::error::Result;
use chainrule::nn::Cx;
use chainrule::random::{Stream, generator};
use chainrule::tensor::Real;
use chainrule::{Graph, Pool};
use chainrule_explain::{Language, Page, Words, digits};

/// How often each column is dealt anew, and how often at least where there are many.
const SHUFFLES: u32 = 10;
const FEW_SHUFFLES: u32 = 3;

/// So many batches are asked in all, unless that is too few.
const MANY: usize = 25_000;

/// A model of so many parameters or more is asked by all threads.
const SHARED: u128 = 50_000;

/// Of more columns these so many are dealt anew: those with the largest |gradient × value|.
const COLUMNS: usize = 1000;

/// The most columns that a text or a picture shows.
const SHOWN: usize = 40;

/// Examples whose gradients are computed at once.
const BATCH: usize = 200;

/// How much a model needs each column of a table, the most needed first.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Importance {
    /// The part of the run's data that is scored; `None` for other data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part: Option<DataPart>,
    /// The rows that are scored.
    pub rows: usize,
    /// Of so many.
    pub of: usize,
    /// What is scored: accuracy or R², or of a target that is the same everywhere the error.
    pub score: Score,
    /// The score with every column as it is.
    pub base: f64,
    /// How often each column was dealt anew.
    pub shuffles: u32,
    /// The columns.
    pub columns: Vec<ColumnImportance>,
    /// The columns of less |gradient × value| that were not dealt anew.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub others: Option<usize>,
    /// The language that it speaks.
    #[serde(skip)]
    pub language: Language,
}

/// How much a model needs a column.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ColumnImportance {
    /// Its name.
    pub column: String,
    /// By how much the score falls, or the error rises, when the column's values are dealt to other rows: the
    /// mean.
    pub drop: f64,
    /// The standard deviation of the falls.
    pub spread: f64,
    /// The mean over the rows of |gradient of the loss × value|, of all features of the column together.
    pub gradient: f64,
}

impl Run {
    /// How much the model needs each column: of the held-out part, or of the data `named`.
    ///
    /// # Errors
    /// The data cannot be read or is of images, or as [`Run::model`].
    pub fn importance(
        &self,
        named: Option<&str>,
        which: Which,
        pool: &Arc<Pool>,
    ) -> Result<Importance> {
        let ground = self.ground(named)?;
        match self.config.dtype {
            Precision::F64 => self.asked::<f64, _>((&ground, named), which, pool, |asker| {
                importance(asker, &ground, &self.config)
            }),
            Precision::F32 => self.asked::<f32, _>((&ground, named), which, pool, |asker| {
                importance(asker, &ground, &self.config)
            }),
        }
    }
}

fn importance<T: Real>(
    asker: &mut Asker<'_, T>,
    ground: &Ground,
    config: &Config,
) -> Result<Importance> {
    let tried = Tried::new(&*ground.data, config.seed)?;
    let gradients = gradients(asker, &tried, &ground.sources)?;
    let (score, base) = scored(asker, &tried)?;
    let sign = if score.larger_is_better() { 1.0 } else { -1.0 };
    let mut sources: Vec<(&Source, f64)> = ground.sources.iter().zip(gradients).collect();
    let others = sources.len().checked_sub(COLUMNS).filter(|&others| others > 0);
    if others.is_some() {
        sources.sort_by(|a, b| b.1.total_cmp(&a.1));
        sources.truncate(COLUMNS);
    }
    let (model, pool, alone) = (asker.subject.model, asker.subject.pool, Arc::new(Pool::new(1)));
    let mut columns = Vec::new();
    let shuffles = match Behind::of(config, model, asker.parameters, &tried)? {
        Some(behind) => {
            let objective = objective(&behind.rest, config.loss_for(ground.data.target())?);
            // Threads that meet again and again cost more than so little work.
            let pool = if behind.rest.elements() < SHARED { &alone } else { pool };
            let mut rest = Asker::new(&behind.rest, &objective, &behind.parameters, pool);
            let shuffles = shuffles(sources.len() * batches(&tried));
            let mut rows = behind.rows(&tried);
            // Of sums in the same order, so that a column without weights is told to change nothing.
            let base = scored(&mut rest, &rows)?.1;
            for (source, gradient) in sources {
                let falls = (0..shuffles).map(|shuffle| {
                    let put = |(row, from): (usize, usize)| {
                        let cells = (tried.cells(row, source), tried.cells(from, source));
                        behind.put(&mut rows, row, source, cells);
                    };
                    dealt(&tried, config.seed, shuffle).into_iter().enumerate().for_each(put);
                    Ok(sign * (base - scored(&mut rest, &rows)?.1))
                });
                columns.push(column(source, gradient, &falls.collect::<Result<Vec<f64>>>()?));
            }
            shuffles
        }
        None => {
            // Each time costs as much as the features are many.
            let cost = tried.width.div_ceil(BATCH).max(1);
            let shuffles = shuffles(sources.len().saturating_mul(batches(&tried) * cost));
            let mut rows = tried.clone();
            for (source, gradient) in sources {
                let mut falls = Vec::new();
                for shuffle in 0..shuffles {
                    let dealt = dealt(&tried, config.seed, shuffle).into_iter().enumerate();
                    dealt.for_each(|(row, from)| rows.put(row, source, tried.cells(from, source)));
                    falls.push(sign * (base - scored(asker, &rows)?.1));
                }
                let own = 0..tried.rows.len();
                own.for_each(|row| rows.put(row, source, tried.cells(row, source)));
                columns.push(column(source, gradient, &falls));
            }
            shuffles
        }
    };
    columns.sort_by(|a, b| b.drop.total_cmp(&a.drop));
    Ok(Importance {
        part: ground.part,
        rows: tried.rows.len(),
        of: ground.data.len(),
        score,
        base,
        shuffles,
        columns,
        others,
        language: Language::default(),
    })
}

/// How often each column is dealt anew, where dealing all once takes so many batches.
fn shuffles(batches: usize) -> u32 {
    ((MANY / batches.max(1)) as u32).clamp(FEW_SHUFFLES, SHUFFLES)
}

fn batches(rows: &Tried<'_>) -> usize {
    rows.rows.len().div_ceil(EVALUATION_BATCH)
}

/// The row whose cells each row gets: the same rows change places in every column.
fn dealt(rows: &Tried<'_>, seed: u64, shuffle: u32) -> Vec<usize> {
    let mut dealt: Vec<usize> = (0..rows.rows.len()).collect();
    dealt.shuffle(&mut generator(seed, Stream::Shuffle(shuffle)));
    dealt
}

/// A column by how far the score fell each time.
fn column(source: &Source, gradient: f64, falls: &[f64]) -> ColumnImportance {
    let count = falls.len().max(1) as f64;
    let drop = falls.iter().sum::<f64>() / count;
    // What rounding leaves of nothing is nothing.
    let drop = if drop.abs() < 1e-12 { 0.0 } else { drop };
    let spread = (falls.iter().map(|x| (x - drop).powi(2)).sum::<f64>() / count).sqrt();
    ColumnImportance { column: source.name.clone(), drop, spread, gradient }
}

/// The score that people look at first.
fn scored<T: Real>(asker: &mut Asker<'_, T>, rows: &Tried<'_>) -> Result<(Score, f64)> {
    let mut meter = Meter::new(rows, 1, false);
    asker.ask(rows, &mut |examples, outputs| meter.add(rows, examples, outputs))?;
    Ok(meter.finish().first())
}

/// The mean over the rows of |gradient × value|, of each source.
fn gradients<T: Real>(
    asker: &Asker<'_, T>,
    rows: &Tried<'_>,
    sources: &[Source],
) -> Result<Vec<f64>> {
    let (subject, width) = (&asker.subject, rows.data.width());
    let all: Vec<u32> = (0..rows.rows.len() as u32).collect();
    let mut sums = vec![0.0; sources.len()];
    for batch in all.chunks(BATCH) {
        let g = Graph::new();
        let answered = Answered::record(&Cx::predict(&g), subject.model, &Rows(rows), batch.len());
        let Losses { total, .. } = subject.objective.record(&answered);
        let slopes = g.backward(total, &[g.input(FEATURES, [batch.len(), width])]);
        let mut plan = g.compile::<T>(&slopes)?.with_pool(subject.pool);
        feed_fields(&mut plan, &Rows(rows), batch)?;
        plan.run_with(asker.parameters)?;
        let slopes = slopes.iter().map(|slope| plan.value(*slope)).collect::<Result<Vec<_>>>()?;
        for (slopes, &row) in slopes.concat().chunks_exact(width.max(1)).zip(batch) {
            for (sum, source) in sums.iter_mut().zip(sources) {
                let slopes = slopes.get(source.features.clone()).unwrap_or_default();
                let values = rows.cells(row as usize, source);
                let effect: f64 =
                    slopes.iter().zip(values).map(|(s, x)| Real::to_f64(*s) * f64::from(*x)).sum();
                // The loss is a mean over the batch.
                *sum += effect.abs() * batch.len() as f64;
            }
        }
    }
    Ok(sums.into_iter().map(|sum| sum / all.len().max(1) as f64).collect())
}

impl Importance {
    /// As text for a terminal of 80 columns.
    #[must_use]
    pub fn to_text(&self) -> String {
        self.to_text_within(80)
    }

    /// As text for a terminal of so many columns.
    #[must_use]
    pub fn to_text_within(&self, columns: usize) -> String {
        let words = Words::new(self.language);
        let say = |id: &str, count: usize| {
            let change = words.get(self.fall_or_rise());
            let all = [("count", count.to_string()), ("change", change)];
            words.say(id, &all.each_ref().map(|(name, value)| (*name, value.as_str())))
        };
        let mut out = Page { text: String::new(), columns };
        out.wrapped(0, &self.title(&words));
        out.wrapped(0, &words.get(&format!("{}s", self.fall_or_rise())));
        out.wrapped(0, &say("importance-shuffles", self.shuffles as usize));
        out.text.push('\n');
        let head =
            ["importance-column", self.fall_or_rise(), "importance-spread", "importance-gradient"];
        let mut rows = vec![head.map(|id| words.get(id)).to_vec()];
        for column in self.columns.iter().take(SHOWN) {
            let numbers = [column.drop, column.spread, column.gradient].map(|x| digits(x, 3));
            rows.push([column.column.clone()].into_iter().chain(numbers).collect());
        }
        out.table(&rows);
        let least = self.columns.iter().filter(|c| c.drop <= 2.0 * c.spread).count();
        if least > 0 && self.columns.len() > 1 {
            out.text.push('\n');
            out.wrapped(0, &say("importance-nothing", least));
        }
        let hidden = self.columns.len().saturating_sub(SHOWN);
        if hidden > 0 {
            out.wrapped(0, &say("importance-hidden", hidden));
        }
        if let Some(others) = self.others {
            out.wrapped(0, &say("importance-others", others));
        }
        out.text
    }

    /// As a picture: a bar for each column, with its spread, beside that of gradient × value.
    #[must_use]
    pub fn to_svg(&self) -> String {
        let words = Words::new(self.language);
        let row = |column: &ColumnImportance| {
            let fall = Bar { value: column.drop, spread: column.spread };
            (column.column.clone(), vec![fall, Bar { value: column.gradient, spread: 0.0 }])
        };
        let rows: Vec<_> = self.columns.iter().take(SHOWN).map(row).collect();
        let change = words.get(self.fall_or_rise());
        let when = words.say("importance-when", &[("change", &change)]);
        let title = self.title(&words);
        bars(&title, &[&when, &words.get("importance-gradient")], &rows).svg(&title)
    }

    /// The message of what the score does when a column is missed.
    fn fall_or_rise(&self) -> &'static str {
        if self.score.larger_is_better() { "importance-fall" } else { "importance-rise" }
    }

    fn title(&self, words: &Words) -> String {
        let score = match self.score {
            Score::Accuracy => words.get("importance-accuracy"),
            other => other.in_words().into_owned(),
        };
        let about = asked_about(words, self.part, self.rows, self.of);
        let value = digits(self.base, 4);
        words.say("importance-title", &[("score", &score), ("value", &value), ("about", &about)])
    }
}
