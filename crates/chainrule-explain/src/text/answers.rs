//! The sections that answer a question: who wants what, what if, which way to move.

use std::collections::HashMap;

use super::plot::plot;
use super::{LONGEST, Page};
use crate::columns::{COLUMNS, cut, short, table, width, wrapped};
use crate::formula::Formula;
use crate::model::{Descent, DescentPoint, Explanation, Extreme, Goal, Partial, Path};
use crate::value::{Value, digits, number, percent, signed};
use crate::what_if::thinned;
use crate::words::Words;

/// Rows of a table that is not the main thing.
const MOST_ROWS: usize = 12;

/// Steps down that are shown; the others are in JSON.
const MOST_STEPS: usize = 40;

/// Inputs whose way down is shown; the others are in JSON.
const MOST_INPUTS: usize = 5;

impl Page<'_> {
    /// Values used in several places: what each use contributes, and how much cancels.
    pub(super) fn ledgers(&mut self) {
        let e = self.e;
        let shared = e.nodes.iter().rev().filter(|node| node.ledger.len() > 1);
        let shared: Vec<_> = shared.collect();
        if shared.is_empty() {
            return;
        }
        self.title("ledger-title", &[("root", e.root())]);
        for node in shared.iter().take(MOST_ROWS) {
            self.line("");
            let total = node.gradient.as_ref().map_or_else(String::new, |v| short(v, LONGEST));
            let label = cut(&node.label, LONGEST);
            let values = [("name", label.as_str()), ("root", e.root()), ("total", &total)];
            let head = self.words.say("ledger-node", &values);
            self.line(&cut(&format!("  {head}"), COLUMNS));
            let mut rows = Vec::new();
            for entry in node.ledger.iter().take(MOST_ROWS) {
                let gate = e.user(entry.gate).map_or_else(String::new, |gate| self.gate(gate));
                rows.push(vec![
                    format!("   {}", self.words.say("ledger-from", &[("gate", &gate)])),
                    match entry.gradient.as_number() {
                        Some(gradient) => signed(gradient),
                        None => short(&entry.gradient, LONGEST),
                    },
                    percent(entry.share),
                ]);
            }
            if node.ledger.len() > MOST_ROWS {
                let count = (node.ledger.len() - MOST_ROWS).to_string();
                rows.push(vec![format!("   {}", self.words.say("more", &[("count", &count)]))]);
            }
            table(&mut self.out, &rows);
            let shares = node.ledger.iter().map(|entry| entry.share);
            if let Some(verdict) = verdict(&self.words, node.cancellation, shares) {
                wrapped(&mut self.out, 5, &verdict);
            }
        }
    }

    pub(super) fn partials(&mut self) {
        let e = self.e;
        if e.partials.is_empty() {
            return;
        }
        self.title("partials-title", &[]);
        self.line("");
        let row = |((name, partial), formula): (&(String, Partial), &Option<Formula>)| {
            let value = short(&partial.value, LONGEST);
            // A number stands there as the value already.
            let formula = formula.as_ref().filter(|formula| formula.as_number().is_none());
            let formula = formula.map_or_else(String::new, |formula| format!("= {formula}"));
            vec![format!("d{}/d{name}", e.output_name()), formula, format!("= {value}")]
        };
        let shared = e.shared.shared();
        let rows: Vec<Vec<String>> = e.partials.iter().zip(&shared.formulas).map(row).collect();
        self.formulas(rows);
        for (name, part) in &shared.parts {
            let text = self.words.say("where", &[("name", name), ("formula", &part.to_string())]);
            wrapped(&mut self.out, 4, &text);
        }
    }

    /// A table whose middle column holds formulas: what does not fit beside its value stands below it.
    fn formulas(&mut self, mut rows: Vec<Vec<String>>) {
        let widest = |rows: &[Vec<String>], column: usize| {
            rows.iter().filter_map(|row| row.get(column)).map(|cell| width(cell) + 2).max()
        };
        let total = |rows: &[Vec<String>]| (0..3).filter_map(|at| widest(rows, at)).sum::<usize>();
        if total(&rows) <= COLUMNS {
            return table(&mut self.out, &rows);
        }
        for row in &mut rows {
            if let [name, formula, value] = row.as_mut_slice() {
                self.line(&cut(&format!("  {name} {value}"), COLUMNS));
                if !formula.is_empty() {
                    wrapped(&mut self.out, 6, formula);
                }
            }
        }
    }

    pub(super) fn hessian(&mut self) {
        let Some(hessian) = &self.e.hessian else { return };
        self.title("hessian-title", &[]);
        self.line("");
        let head = std::iter::once(format!("d²{}/d·d·", self.e.output_name()))
            .chain(hessian.names.iter().cloned());
        let mut values = vec![head.collect::<Vec<String>>()];
        let mut formulas = values.clone();
        for ((name, row), written) in
            hessian.names.iter().zip(&hessian.values).zip(&hessian.formulas)
        {
            let first = std::iter::once(name.clone());
            values.push(first.clone().chain(row.iter().map(|x| number(*x))).collect());
            let text = |f: &Option<Formula>| {
                f.as_ref().map_or_else(|| "…".into(), |f| cut(&f.to_string(), LONGEST))
            };
            formulas.push(first.chain(written.iter().map(text)).collect());
        }
        table(&mut self.out, &values);
        if formulas != values {
            self.line("");
            table(&mut self.out, &formulas);
        }
    }

    /// Why a gradient is very small or very large: the factors on its way.
    pub(super) fn extreme(&mut self) {
        let e = self.e;
        let Some(Extreme { name, path }) = &e.extreme else { return };
        let id = if path.product.abs() < 1.0 { "extreme-small" } else { "extreme-large" };
        self.title(id, &[("root", e.root()), ("name", name)]);
        self.line("");
        for text in extreme(path, &self.words, |id| e.node(id).map(|gate| self.gate(gate))) {
            wrapped(&mut self.out, 2, &text);
        }
    }

    pub(super) fn paths(&mut self) {
        let e = self.e;
        let Some(paths) = &e.paths else { return };
        let (name, root) = (paths.name.as_str(), e.root());
        let arrays = !e.is_scalar();
        let id = |plain: &str| if arrays { format!("{plain}-arrays") } else { plain.into() };
        self.title(
            &id("paths-title"),
            &[("root", root), ("name", name), ("count", &number(paths.count))],
        );
        // Paths through the two operands of a square read alike.
        let mut told: Vec<(&Path, Vec<String>, usize)> = Vec::new();
        for path in &paths.largest {
            let names: Vec<String> = path.nodes.iter().map(|&id| self.stop(id)).collect();
            let alike = |(known, stops, _): &&mut (&Path, Vec<String>, usize)| {
                (&known.locals, stops) == (&path.locals, &names)
            };
            match told.iter_mut().find(alike) {
                Some((.., count)) => *count += 1,
                None => told.push((path, names, 1)),
            }
        }
        for (path, names, count) in told {
            let locals: Vec<String> = path.locals.iter().map(|x| number(*x)).collect();
            let locals = if locals.is_empty() { "1".into() } else { locals.join(" × ") };
            self.line("");
            wrapped(&mut self.out, 2, &names.join(" ← "));
            let share = percent(path.share);
            let times = self.words.say("paths-times", &[("count", &count.to_string())]);
            let times = if count > 1 { format!(", {times}") } else { String::new() };
            let text = format!("{locals} = {}  ({share}){times}", number(path.product));
            wrapped(&mut self.out, 5, &text);
        }
        let rest = number(paths.count - paths.largest.len() as f64);
        let shown = |part: fn(&Path) -> f64| paths.largest.iter().map(part).sum::<f64>();
        let others = match arrays {
            true => percent(1.0 - shown(|path| path.share)),
            false => {
                let rest = paths.sum - shown(|path| path.product);
                // What rounding leaves of a difference of equals is nothing.
                let noise = 1e-13 * paths.sizes.unwrap_or_default();
                number(if rest.abs() <= noise { 0.0 } else { rest })
            }
        };
        self.line("");
        if paths.count > paths.largest.len() as f64 {
            let text = self.words.say(&id("paths-rest"), &[("count", &rest), ("sum", &others)]);
            wrapped(&mut self.out, 2, &text);
        }
        let values = [("root", root), ("name", name), ("sum", &number(paths.sum))];
        let text = self.words.say(&id("paths-sum"), &values);
        wrapped(&mut self.out, 2, &text);
    }

    /// A node on a path.
    fn stop(&self, id: u32) -> String {
        let e = self.e;
        match e.node(id) {
            _ if e.nodes.last().is_some_and(|root| root.id == id) => e.root().into(),
            _ if id == e.output_node => e.output_name().into(),
            Some(node) => cut(&e.face(node).label, LONGEST),
            None => "?".into(),
        }
    }

    pub(super) fn what_if(&mut self) {
        let e = self.e;
        if e.what_if.is_empty() {
            return;
        }
        self.title("what-if-title", &[("root", e.root())]);
        self.line("");
        let is_scalar = e.output.as_number().is_some();
        let names = [("output", e.output_name()), ("loss", e.loss_name())];
        let mut head = vec!["change"];
        head.extend(is_scalar.then_some("f-then"));
        if e.target.is_some() {
            head.push("l-then");
        }
        head.extend(["true-change", "by-gradient", "by-curvature"]);
        let mut rows =
            vec![head.into_iter().map(|id| self.words.say(id, &names)).collect::<Vec<_>>()];
        for row in &e.what_if {
            let mut cells = vec![change(&row.name, &row.delta)];
            cells.extend(row.output.map(number));
            cells.extend(row.loss.map(number));
            cells.extend([row.change(), row.first_order, row.second_order].map(signed));
            rows.push(cells);
        }
        table(&mut self.out, &rows);
        self.line("");
        for row in &e.what_if {
            let text = format!("{}: {}", change(&row.name, &row.delta), row.verdict);
            wrapped(&mut self.out, 2, &text);
        }
        if e.what_if_left_out > 0 {
            let count = e.what_if_left_out.to_string();
            let text = self.words.say("what-if-others", &[("count", &count)]);
            wrapped(&mut self.out, 2, &text);
        }
    }

    pub(super) fn goals(&mut self) {
        let e = self.e;
        let Some(first) = e.goals.first() else { return };
        let goal = number(first.goal);
        self.title("goals-title", &[("root", e.root()), ("goal", &goal)]);
        self.line("");
        let rows: Vec<Vec<String>> = e.goals.iter().map(|goal| self.goal(goal)).collect();
        table(&mut self.out, &rows);
        if e.goals.iter().any(|goal| goal.by_rounding) {
            let text = self.words.say("goal-by-rounding", &[("f", e.output_name())]);
            wrapped(&mut self.out, 2, &text);
        }
        if e.goals_left_out > 0 {
            let count = e.goals_left_out.to_string();
            let text = self.words.say("goals-others", &[("count", &count)]);
            wrapped(&mut self.out, 2, &text);
        }
    }

    fn goal(&self, goal: &Goal) -> Vec<String> {
        match (goal.value, goal.change) {
            (Some(value), Some(change)) => vec![
                format!("{} = {}", goal.name, number(value)),
                format!("({})", signed(change)),
                goal.output.map_or_else(String::new, |output| {
                    let sign = if goal.by_rounding { "→" } else { "=" };
                    format!("{} {sign} {}", self.e.output_name(), number(output))
                }),
            ],
            _ if goal.is_flat => {
                vec![self.words.say("goal-flat", &[("name", &goal.name)])]
            }
            _ => {
                let (low, high) = (digits(goal.searched.0, 2), digits(goal.searched.1, 2));
                let values = [("name", goal.name.as_str()), ("low", &low), ("high", &high)];
                vec![self.words.say("goal-none", &values)]
            }
        }
    }

    /// Gradients in their units, and gradient × value, which has none.
    pub(super) fn ranked(&mut self) {
        let e = self.e;
        if e.ranking.is_empty() {
            return;
        }
        self.title("ranking-title", &[("root", e.root())]);
        self.line("");
        let head = ["rank-name", "rank-gradient", "rank-value", "rank-effect"];
        let mut rows = vec![head.map(|id| self.words.get(id)).to_vec()];
        let (gradients, inputs) = (by_name(&e.gradients), by_name(&e.inputs));
        let by_effect = by_name(&e.elasticities);
        let mut effects = Vec::new();
        for (place, name) in e.ranking.iter().enumerate() {
            let of = |pairs: &HashMap<&str, &Value>| {
                pairs.get(name.as_str()).map_or_else(String::new, |value| short(value, 28))
            };
            let effect = by_effect.get(name.as_str()).map(|effect| **effect);
            effects.extend(effect);
            rows.push(vec![
                format!("{}. {name}", place + 1),
                of(&gradients),
                of(&inputs),
                effect.map_or_else(String::new, signed),
            ]);
        }
        table(&mut self.out, &rows);
        let size = |effect: f64| effect.abs();
        let most = effects.iter().copied().map(size).fold(0.0, f64::max);
        let near = |effect: f64| most - size(effect) <= 1e-9 * most;
        let largest = e.elasticities.iter().filter(|(_, effect)| near(*effect));
        let largest: Vec<&str> = largest.map(|(name, _)| name.as_str()).collect();
        let text = match largest.len() {
            // None is nearest to one that is not finite.
            0 => return,
            _ if effects.len() < 2 || most == 0.0 => return,
            count if count == effects.len() => self.words.get("ranking-same"),
            _ => self.words.say("ranking-most", &[("names", &largest.join(", "))]),
        };
        self.line("");
        wrapped(&mut self.out, 2, &text);
    }

    pub(super) fn descent(&mut self) {
        let e = self.e;
        let Some(descent) = &e.descent else { return };
        let [before, after, ..] = descent.points.as_slice() else { return };
        let lr = number(descent.lr);
        self.title("descent-title", &[("lr", &lr), ("root", e.root())]);
        self.line("");
        let root = e.root();
        let head = ["step".to_owned(), root.into(), "|∇|".into()];
        let names = before.inputs.iter().map(|(name, _)| name.clone()).take(MOST_INPUTS);
        let mut rows = vec![head.into_iter().chain(names).collect::<Vec<String>>()];
        rows[0][0] = self.words.get("step");
        let same = |a: &DescentPoint, b: &DescentPoint| (a.loss, &a.inputs) == (b.loss, &b.inputs);
        let still = descent.points.windows(2).rposition(|pair| !same(&pair[0], &pair[1]));
        // The first point from which on nothing changes, if that is not the last.
        let still = descent.points.get(still.map_or(0, |at| at + 1));
        let last = descent.points.last().map_or(0, |point| point.step);
        let every = thinned(last, MOST_STEPS);
        let shown = |point: &&DescentPoint| point.step.is_multiple_of(every) || point.step == last;
        for point in descent.points.iter().filter(shown) {
            let head = [point.step.to_string(), number(point.loss), number(point.gradient_norm)];
            let values = point.inputs.iter().map(|(_, value)| short(value, 16)).take(MOST_INPUTS);
            if still.is_none_or(|still| point.step <= still.step) {
                rows.push(head.into_iter().chain(values).collect());
            }
        }
        table(&mut self.out, &rows);
        self.line("");
        if every > 1 {
            let text = self.words.say("descent-every", &[("every", &every.to_string())]);
            wrapped(&mut self.out, 2, &text);
        }
        if let Some(still) = still.filter(|still| still.step < last && before.gradient_norm > 0.0) {
            let text = self.words.say("descent-still", &[("step", &still.step.to_string())]);
            wrapped(&mut self.out, 2, &text);
        }
        if before.gradient_norm == 0.0 {
            let text = self.words.get("descent-still-here");
            wrapped(&mut self.out, 2, &text);
            return;
        }
        let change = signed(after.loss - before.loss);
        let predicted = signed(descent.predicted);
        let values = [("change", change.as_str()), ("predicted", predicted.as_str())];
        let text = self.words.say("descent-change", &values);
        wrapped(&mut self.out, 2, &text);
        self.descent_limit(descent);
    }

    fn descent_limit(&mut self, descent: &Descent) {
        let lr = number(descent.lr);
        let limit = descent.limit.map_or_else(String::new, |limit| digits(limit, 3));
        let (Some(first), Some(last)) = (descent.points.first(), descent.points.last()) else {
            return;
        };
        let bottom = descent.limit.map_or_else(String::new, |limit| digits(limit / 2.0, 3));
        let values = [("lr", lr.as_str()), ("limit", limit.as_str()), ("bottom", &bottom)];
        let id = match descent.limit {
            _ if !last.loss.is_finite() => "descent-diverged",
            Some(limit) if descent.lr > limit && last.loss > first.loss => "descent-beyond",
            Some(_) => "descent-limit",
            None => return,
        };
        let text = self.words.say(id, &values);
        wrapped(&mut self.out, 2, &text);
    }

    pub(super) fn sweep(&mut self) {
        let e = self.e;
        let Some(sweep) = &e.sweep else { return };
        self.title("sweep-title", &[("root", e.root()), ("name", &sweep.name)]);
        self.line("");
        plot(&mut self.out, sweep);
    }
}

/// The factors on a gradient's main way, and which of them does most.
pub(crate) fn extreme(
    path: &Path,
    words: &Words,
    gate: impl Fn(u32) -> Option<String>,
) -> Vec<String> {
    let is_small = path.product.abs() < 1.0;
    let most = |a: &f64| if is_small { a.abs() } else { -a.abs() };
    let shown: Vec<String> = path.locals.iter().map(|x| digits(*x, 3)).collect();
    let product = format!("{} = {}", shown.join(" × "), number(path.product));
    let worst = path.locals.iter().zip(&path.nodes);
    let worst = worst.min_by(|(a, _), (b, _)| most(a).total_cmp(&most(b)));
    let beyond = |x: &&f64| (x.abs() < 1.0) == is_small && x.abs() != 1.0;
    let count = path.locals.iter().filter(beyond).count().to_string();
    let of = path.locals.len().to_string();
    let id = if is_small { "extreme-shrinks" } else { "extreme-grows" };
    let values = [("product", product.as_str()), ("count", &count), ("of", &of)];
    let worst = worst.map(|(factor, id)| {
        let (factor, gate) = (digits(*factor, 3), gate(*id).unwrap_or_default());
        words.say("extreme-most", &[("factor", &factor), ("gate", &gate)])
    });
    [words.say(id, &values)].into_iter().chain(worst).collect()
}

/// A change such as `x +1`.
fn change(name: &str, delta: &Value) -> String {
    match delta {
        Value::Number(delta) => format!("{name} {}", signed(*delta)),
        Value::Array(_) => format!("{name} + {}", short(delta, 18)),
    }
}

/// How much of what several uses want cancels; `None` where there is nothing to compare.
pub(crate) fn verdict(
    words: &Words,
    cancellation: Option<f64>,
    shares: impl Iterator<Item = f64>,
) -> Option<String> {
    let cancellation = cancellation.filter(|ratio| ratio.is_finite())?;
    let (survives, lost) = (digits(cancellation, 3), percent(1.0 - cancellation));
    let id = match shares.filter(|share| *share > 0.0).count() {
        0 => return None,
        1 => "ledger-one",
        _ if cancellation > 1.0 - 1e-12 => "ledger-agree",
        _ => "ledger-cancel",
    };
    Some(words.say(id, &[("ratio", &survives), ("lost", &lost)]))
}

impl Explanation {
    /// The sweep as comma-separated values; empty where none was asked for.
    ///
    /// ```
    /// use chainrule_explain::{Request, explain, values};
    /// let request = Request {
    ///     expression: "x ^ 2".into(),
    ///     values: values("x=1")?,
    ///     sweep: Some("x=0:2:3".parse()?),
    ///     ..Request::default()
    /// };
    /// assert_eq!(explain(&request)?.to_csv(), "x,f,tangent\n0,0,-1\n1,1,1\n2,4,3\n");
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn to_csv(&self) -> String {
        let Some(sweep) = &self.sweep else { return String::new() };
        let loss = if self.target.is_some() { ",L" } else { "" };
        let mut out = format!("{},f{loss},tangent\n", sweep.name);
        for point in &sweep.points {
            let output = point.output.map_or_else(String::new, |output| output.to_string());
            out += &format!("{},{output}", point.at);
            out += &point.loss.map_or_else(String::new, |loss| format!(",{loss}"));
            out += &format!(",{}\n", point.tangent);
        }
        out
    }
}

/// Pairs by their names.
fn by_name<T>(pairs: &[(String, T)]) -> HashMap<&str, &T> {
    pairs.iter().map(|(name, value)| (name.as_str(), value)).collect()
}
