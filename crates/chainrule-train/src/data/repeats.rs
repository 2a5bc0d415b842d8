//! Rows that stand in data several times: a score of rows that a model has learnt from is too good.

use std::collections::HashSet;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use super::{Examples, Target};
use crate::readme::counted;
use chainrule::error::Result;

/// Rows are looked at of so many features in all; more would take time.
const MOST: usize = 20_000_000;
/// Rows that are read at once.
const CHUNK: usize = 10_000;
/// One row in so many that is the same as another is chance, as in tables of few categories it comes about.
const CHANCE: usize = 20;
/// Of fewer rows nothing is said.
const FEW: usize = 10;

/// A digest of each row's features and target; `None` of more data than is looked at in passing.
pub(crate) fn digests(data: &dyn Examples) -> Result<Option<Vec<u64>>> {
    let (rows, width) = (data.len(), data.width());
    if rows.saturating_mul(width) > MOST {
        return Ok(None);
    }
    let (all, mut digests) = ((0..rows as u32).collect::<Vec<u32>>(), Vec::with_capacity(rows));
    for examples in all.chunks(CHUNK) {
        let mut features = vec![0.0; examples.len() * width];
        data.features(examples, &mut features)?;
        let targets = targets(data, examples)?;
        let of_each = targets.len() / examples.len().max(1);
        for row in 0..examples.len() {
            let mut hasher = DefaultHasher::new();
            let features = features.iter().skip(row * width).take(width);
            features.for_each(|x| x.to_bits().hash(&mut hasher));
            targets.iter().skip(row * of_each).take(of_each).for_each(|t| t.hash(&mut hasher));
            digests.push(hasher.finish());
        }
    }
    Ok(Some(digests))
}

/// The bits of the targets.
fn targets(data: &dyn Examples, examples: &[u32]) -> Result<Vec<u32>> {
    match data.target() {
        Target::Class { .. } => {
            let mut labels = vec![0; examples.len()];
            data.labels(examples, &mut labels)?;
            Ok(labels)
        }
        Target::Values { width } => {
            let mut values = vec![0.0_f32; examples.len() * width];
            data.values(examples, &mut values)?;
            Ok(values.into_iter().map(f32::to_bits).collect())
        }
    }
}

/// How many rows are the same as an earlier one.
pub(crate) fn repeated(digests: &[u64]) -> usize {
    digests.len() - digests.iter().collect::<HashSet<_>>().len()
}

/// Whether so many rows of all are more than chance makes the same as others.
pub(crate) fn is_many(same: usize, all: usize) -> bool {
    all >= FEW && same * CHANCE >= all
}

/// How many of the rows of one part stand in another; `None` of more data than is looked at in passing.
pub(crate) fn shared(part: &dyn Examples, other: &dyn Examples) -> Result<Option<usize>> {
    let (Some(part), Some(other)) = (digests(part)?, digests(other)?) else { return Ok(None) };
    let other: HashSet<u64> = other.into_iter().collect();
    Ok(Some(part.iter().filter(|digest| other.contains(digest)).count()))
}

/// What is to be said of rows that repeat others, within and across the parts.
pub(super) fn told(
    train: &dyn Examples,
    validation: Option<&dyn Examples>,
    test: Option<&dyn Examples>,
) -> Result<Vec<String>> {
    let mut told = Vec::new();
    let Some(mut all) = digests(train)? else { return Ok(told) };
    let learnt: HashSet<u64> = all.iter().copied().collect();
    let among = |part: &[u64]| part.iter().filter(|digest| learnt.contains(digest)).count();
    let read = |part: Option<&dyn Examples>| part.map_or(Ok(None), digests);
    let (mut across, mut is_across) = (String::new(), false);
    if let Some(part) = read(validation)? {
        if let count @ 1.. = among(&part) {
            is_across = is_many(count, part.len());
            let of = counted(part.len(), "row");
            across = format!(
                ", also across the split: {count} of the {of} held out are learnt from, so that their score is too good"
            );
        }
        all.extend(part);
    }
    let count = repeated(&all);
    if is_across || is_many(count, all.len()) {
        let verb = if count == 1 { "repeats" } else { "repeat" };
        told.push(format!("{} {verb} others{across}", counted(count, "row")));
    }
    if let Some(part) = read(test)?
        && let count = among(&part)
        && is_many(count, part.len())
    {
        told.push(format!(
            "test part: {count} of its {} are in the training part, so that its score is too good",
            counted(part.len(), "row")
        ));
    }
    Ok(told)
}
