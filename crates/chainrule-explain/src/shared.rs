//! Formulas whose repeated parts stand aside: `s · (1 − s)` where `s = sigmoid(w · x + b)`.

use std::collections::{HashMap, HashSet};

use super::formula::{Formula, Term};

/// Formulas with what they share, each part after those that it is made of.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Shared {
    /// `None` where the language cannot say what is computed.
    pub(super) formulas: Vec<Option<Formula>>,
    /// The names of the parts, and what they stand for.
    pub(super) parts: Vec<(String, Formula)>,
}

/// Formulas that have not been searched for what they share yet, which takes longer than to make them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Unshared {
    pub(super) formulas: Vec<Option<Formula>>,
    /// The parts that have got names already.
    pub(super) parts: Vec<(String, Formula)>,
    /// Parts that have a name of their own.
    pub(super) known: Vec<(String, Formula)>,
    /// Names that no part may get.
    pub(super) taken: HashSet<String>,
}

impl Unshared {
    /// Takes repeated parts out.
    pub(super) fn shared(&self) -> Shared {
        let Self { formulas, parts, known, taken } = self.clone();
        let mut names = free_names(taken).skip(parts.len());
        Shared::of(formulas, parts, &mut names, known)
    }
}

/// Names for parts: s, s1, s2, …, but for those that are taken.
pub(super) fn free_names(taken: HashSet<String>) -> impl Iterator<Item = String> {
    let counted = (1..).map(|count| format!("s{count}"));
    std::iter::once("s".to_owned()).chain(counted).filter(move |name| !taken.contains(name))
}

/// Formulas that are shorter, written, are read as they are.
const SHORT: usize = 60;

/// A part of fewer symbols and signs is no longer than its name is new.
const LEAST: usize = 4;

/// Parts that are taken out where they only repeat.
const MOST: usize = 12;

/// Of formulas that have got more parts than this, what repeats is not looked for: nobody reads them as a
/// whole, and looking goes through all parts again for each that is found.
const MOST_SEARCHED: usize = 100;

impl Shared {
    /// Takes repeated parts out of long formulas. A part that is one of the `known` goes by the name that it
    /// has, the others by `names` in turn.
    fn of(
        formulas: Vec<Option<Formula>>,
        parts: Vec<(String, Formula)>,
        names: &mut impl Iterator<Item = String>,
        mut known: Vec<(String, Formula)>,
    ) -> Self {
        let mut shared = Self { formulas, parts };
        let own: HashSet<String> = known.iter().map(|(name, _)| name.clone()).collect();
        for _ in 0..MOST {
            if shared.parts.len() > MOST_SEARCHED {
                break;
            }
            let long = |f: &Formula| f.size >= SHORT / 8 && f.to_string().len() > SHORT;
            let parts = shared.parts.iter().map(|(_, part)| part);
            if !shared.formulas.iter().flatten().chain(parts.clone()).any(long) {
                break;
            }
            let mut counts: HashMap<String, (usize, Formula)> = HashMap::new();
            shared.formulas.iter().flatten().chain(parts).for_each(|f| count(f, &mut counts));
            let repeated = counts.into_iter().filter(|(_, (count, _))| *count > 1);
            let saved = |(count, f): &(usize, Formula)| (count - 1) * (f.size - 1);
            let most = repeated.max_by(|(a, of_a), (b, of_b)| {
                saved(of_a).cmp(&saved(of_b)).then_with(|| b.cmp(a))
            });
            let Some((_, (_, part))) = most else { break };
            let has_one = known.iter().find(|(_, of)| *of == part).map(|(name, _)| name.clone());
            let Some(name) = has_one.or_else(|| names.next()) else { break };
            shared.take_out(&part, &name);
            let symbol = Formula::symbol(&name, u32::MAX).shaped(part.shape());
            known.iter_mut().for_each(|(_, of)| *of = of.replaced(&part, &symbol));
        }
        shared.number(&own, names);
        shared
    }

    /// Numbers the parts in the order in which they stand, but those that have names of their `own`.
    fn number(&mut self, own: &HashSet<String>, names: &mut impl Iterator<Item = String>) {
        let old = self.parts.iter().map(|(name, _)| name);
        let old: Vec<String> = old.filter(|name| !own.contains(*name)).cloned().collect();
        if old.len() < 2 {
            return;
        }
        // The first name has no number.
        let mut new = old.clone();
        new.sort_by_key(|name| (name.len(), name.clone()));
        if !new[0].ends_with(char::is_numeric) {
            new.remove(0);
            new.extend(names.next());
        }
        let renamed: HashMap<String, String> = old.into_iter().zip(new).collect();
        let other = |f: &Formula| f.renamed(&|name, _| renamed.get(name).cloned());
        self.formulas.iter_mut().flatten().for_each(|f| *f = other(f));
        for (name, part) in &mut self.parts {
            *part = other(part);
            *name = renamed.get(name).unwrap_or(name).clone();
        }
    }

    fn take_out(&mut self, part: &Formula, name: &str) {
        let symbol = Formula::symbol(name, u32::MAX).shaped(part.shape());
        for formula in self.formulas.iter_mut().flatten() {
            *formula = formula.replaced(part, &symbol);
        }
        let first = self.parts.iter().position(|(_, of)| of.replaced(part, &symbol) != *of);
        for (_, of) in &mut self.parts {
            *of = of.replaced(part, &symbol);
        }
        self.parts.insert(first.unwrap_or(self.parts.len()), (name.into(), part.clone()));
        // What a later part is made of stands before it.
        self.sort();
    }

    /// Each part after those that it names.
    fn sort(&mut self) {
        let mut left = std::mem::take(&mut self.parts);
        while !left.is_empty() {
            let names: Vec<String> = left.iter().map(|(name, _)| name.clone()).collect();
            let is_free = |(_, of): &(String, Formula)| !names.iter().any(|name| of.names(name));
            let at = left.iter().position(is_free).unwrap_or(0);
            self.parts.push(left.remove(at));
        }
    }
}

/// Counts the parts of a formula that are worth a name.
fn count(formula: &Formula, counts: &mut HashMap<String, (usize, Formula)>) {
    // 1 − s reads better as it is.
    let is_rest = matches!(&*formula.term, Term::Sum(_)) && formula.size == LEAST;
    if formula.size >= LEAST && !is_rest {
        counts.entry(formula.to_string()).or_insert_with(|| (0, formula.clone())).0 += 1;
    }
    formula.parts().into_iter().for_each(|part| count(part, counts));
}

impl Formula {
    /// What it is made of.
    fn parts(&self) -> Vec<&Self> {
        match &*self.term {
            Term::Number(_) | Term::Symbol(..) => Vec::new(),
            Term::Sum(terms) | Term::Call(_, terms) => terms.iter().collect(),
            Term::Product(_, factors) => factors.iter().map(|(factor, _)| factor).collect(),
            Term::Prefix(_, a) => vec![a],
            Term::Infix(_, a, b) => vec![a, b],
        }
    }

    /// Whether a symbol of this name stands in it.
    pub(super) fn names(&self, name: &str) -> bool {
        match &*self.term {
            Term::Symbol(known, _) => **known == *name,
            _ => self.parts().into_iter().any(|part| part.names(name)),
        }
    }

    /// With another formula in place of each part that equals `part`.
    fn replaced(&self, part: &Self, by: &Self) -> Self {
        if self.size < part.size {
            return self.clone();
        }
        if self == part {
            return by.clone();
        }
        self.with_parts(|f| f.replaced(part, by))
    }

    /// With other names for some symbols.
    pub(super) fn renamed(&self, name: &impl Fn(&str, u32) -> Option<String>) -> Self {
        match &*self.term {
            Term::Symbol(known, id) => {
                let symbol = |name: String| Self::symbol(&name, *id).shaped(self.shape());
                name(known, *id).map_or_else(|| self.clone(), symbol)
            }
            _ => self.with_parts(|f| f.renamed(name)),
        }
    }

    /// With another formula in place of each that it is made of.
    fn with_parts(&self, other: impl Fn(&Self) -> Self) -> Self {
        let all = |terms: &[Self]| terms.iter().map(&other).collect();
        let term = match &*self.term {
            Term::Number(_) | Term::Symbol(..) => return self.clone(),
            Term::Sum(terms) => Term::Sum(all(terms)),
            Term::Call(name, terms) => Term::Call(name, all(terms)),
            Term::Product(coefficient, factors) => {
                let factors = factors.iter().map(|(f, e)| (other(f), *e)).collect();
                Term::Product(*coefficient, factors)
            }
            Term::Prefix(sign, a) => Term::Prefix(sign, other(a)),
            Term::Infix(sign, a, b) => Term::Infix(sign, other(a), other(b)),
        };
        Self::new(term).shaped(self.shape())
    }
}
