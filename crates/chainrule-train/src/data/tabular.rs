//! From a table's file to examples: its columns looked at, its rows split, its preparation fitted.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use super::dialect::Written;
use super::held::Held;
use super::input::Input;
use super::list::item;
use super::looks::{ColumnKind, Decision, Kind, Looks};
use super::number::Decimal;
use super::preparation::{Inputs, Outcome, TARGET_MISSING, WEIGHT};
use super::split::{Split, Splitter};
use super::statistics::{MOST_WORDS, Statistics, Words};
use super::summary::{Summary, listed};
use super::table::{Cell, Chunk, How, Names, TableFile};
use super::text::Text;
use super::{DataSource, Loaded, Preparation, Scale, Task, Unseen, class_counts, formats};
use chainrule::error::{Error, Result};

/// Which columns are what.
struct Roles {
    inputs: Vec<usize>,
    targets: Vec<usize>,
    weight: Option<usize>,
}

/// What was seen of a whole table.
struct Looked {
    /// Of the columns that have a role.
    columns: HashMap<usize, Looks>,
    /// Each row's word of the first target.
    words: Words,
}

impl Looked {
    fn of(&self, column: usize) -> &Looks {
        let found = self.columns.get(&column);
        found.unwrap_or_else(|| unreachable!("columns that have a role are looked at"))
    }
}

/// What the training part told, and where the chunks of a streamed file are.
struct Fitted {
    inputs: Vec<Input>,
    scales: Vec<Scale>,
    chunks: Vec<Chunk>,
    notes: Vec<String>,
}

impl DataSource {
    pub(super) fn table(&self, path: &Path, test: bool, splitter: &Splitter) -> Result<Loaded> {
        if self.image_size.is_some() {
            return Err(Error::file(path, "is a table, which has no size of images"));
        }
        let file = formats::open(path, &How { test, ..self.reading.how() })?;
        let mut summary = Summary { notes: file.notes.clone(), ..Summary::default() };
        let written = file.layout.written;
        let mut roles = self.roles(&file, &mut summary)?;
        let is_whole = matches!(file.layout.text, Text::Memory(..));
        let piped = file.layout.text.piped().map(str::to_owned);
        let held = Held::new(file, self.stream)?;
        if matches!(held, Held::Disk(_)) && is_whole {
            summary.notes.push(
                "the text stands in memory as a whole, as it is packed, no UTF-8, set apart by blanks or from a pipe"
                    .into(),
            );
        }
        let looked = look(&held, &roles)?;
        let (task, decimals) = self.task(&held, &roles, &looked, &mut summary)?;
        let kinds = self.kinds(&held, &mut roles, &looked, &mut summary)?;
        let weight = self.weight_decimal(&held, &roles, &looked)?;
        let inputs = roles.inputs.iter().zip(&kinds).filter_map(|(&column, kind)| match kind {
            Kind::Number(decimal) => Some((column, *decimal)),
            Kind::Category | Kind::Date(_) => None,
        });
        let targets = roles.targets.iter().copied().zip(decimals.iter().copied());
        let numbers: Vec<(usize, Decimal)> =
            inputs.chain(targets).chain(roles.weight.zip(weight)).collect();
        let written = written.map(|written| Written {
            decimal: decimal(&held, &numbers, &looked, &mut summary),
            ..written
        });
        let fail = |message: String| Error::file(path, message);
        let target = held.name(roles.targets[0]);
        summary.rows = looked.words.rows.len();
        let is_constant = roles.targets.len() == 1 && looked.words.different() == 1;
        let written_in = looked.of(roles.targets[0]).written();
        let (classes, rows) = match task {
            Task::Regress => (None, vec![0; looked.words.rows.len()]),
            Task::Classify => {
                let (names, rows) = looked.words.classes().ok_or_else(|| {
                    fail(format!(
                        "the target `{target}` has more than {MOST_WORDS} different values, too many for classes"
                    ))
                })?;
                if let [] | [_] = names.as_slice() {
                    return Err(fail(format!(
                        "every row has the same `{target}`, `{}`; to classify takes two classes or more",
                        names.first().map_or("", String::as_str)
                    )));
                }
                if let Some(written) = written_in.filter(|written| *written > names.len()) {
                    summary.notes.push(format!(
                        "`{target}` is written in {written} ways, which are {} classes: 1 and 1.0 are one",
                        names.len()
                    ));
                }
                summary.notes.extend(odd_classes(&target, &names, &rows));
                (Some(names), rows)
            }
        };
        let Split { train, validation, held_out, notes } = splitter.split(path, task, &rows)?;
        summary.notes.extend(notes);
        if task == Task::Regress && is_constant {
            summary.notes.push(format!(
                "the target `{target}` is the same in every row: there is nothing to learn"
            ));
        }
        let scaled = if task == Task::Regress { decimals.as_slice() } else { &[] };
        let Fitted { inputs, scales, chunks, notes } =
            self.fit(&held, &roles, &kinds, scaled, &train)?;
        summary.notes.extend(notes);
        summary.tell_inputs(&inputs);
        for input in &inputs {
            summary.notes.extend(spellings(&input.column, input.categories()));
        }
        let outcome = match classes {
            None => Outcome::Values {
                columns: roles.targets.iter().map(|&c| held.name(c)).collect(),
                means: if self.raw {
                    scales.iter().map(|scale| scale.mean).collect()
                } else {
                    Vec::new()
                },
                scales: if self.raw { Vec::new() } else { scales },
                decimals: decimals.into_iter().map(Into::into).collect(),
            },
            Some(names) => {
                let labels: Vec<u32> = train.iter().map(|&row| rows[row as usize]).collect();
                let counts = class_counts(&labels, names.len())?;
                Outcome::Classes { column: Some(target), names, counts }
            }
        };
        let preparation = Preparation {
            inputs: Inputs::Columns(inputs),
            outcome,
            weight: self.weight.clone(),
            weight_decimal: weight.map(Into::into).unwrap_or_default(),
            na: self.reading.na.clone(),
            written,
            seen: None,
            retouch: super::Retouch::default(),
        };
        let is_streamed = matches!(held, Held::Disk(_));
        let (train, validation) = held.parts(&preparation, &chunks, train, validation)?;
        let (train, validation) = (train.into(), validation.map(Arc::from));
        Ok(Loaded {
            train,
            validation,
            held_out,
            is_streamed,
            test: None,
            unseen: Unseen::default(),
            preparation,
            summary,
            sha256: piped,
        })
    }

    /// Which columns are inputs and targets.
    fn roles(&self, file: &TableFile, summary: &mut Summary) -> Result<Roles> {
        let names = Names::new(&file.path, &file.names);
        let find = |name: &String| names.find(name);
        let dropped = self.reading.drop.iter().map(find).collect::<Result<Vec<usize>>>()?;
        let chosen = self.reading.columns.iter().map(find).collect::<Result<HashSet<usize>>>()?;
        let is_dropped: HashSet<usize> = dropped.iter().copied().collect();
        self.reading.types.keys().try_for_each(|name| find(name).map(|_| ()))?;
        let targets = match &self.target {
            Some(name) => vec![find(name)?],
            None => file.targets.clone().collect(),
        };
        if targets.is_empty() {
            let message = "has no targets to train on; an .npz file with the arrays x and y has";
            return Err(Error::file(&file.path, message));
        }
        let weight = self.weight.as_ref().map(find).transpose()?;
        if weight.is_some_and(|weight| targets.contains(&weight)) {
            return Err(Error::file(&file.path, "the target and the weight are the same column"));
        }
        if let Some(&target) = targets.iter().find(|target| is_dropped.contains(target)) {
            let message = format!(
                "the target `{0}` is among the columns to leave out; `--target COLUMN` names another",
                file.names[target]
            );
            return Err(Error::file(&file.path, message));
        }
        let is_target: HashSet<usize> = targets.iter().copied().collect();
        let is_input = |column: &usize| {
            !is_target.contains(column)
                && Some(*column) != weight
                && !is_dropped.contains(column)
                && (chosen.is_empty() || chosen.contains(column))
        };
        let inputs: Vec<usize> = (0..file.names.len()).filter(is_input).collect();
        if inputs.is_empty() {
            return Err(Error::file(&file.path, self.why_nothing(file)));
        }
        let mut left = |columns: &[usize], why: &str| {
            let named = columns.iter().map(|&column| (file.names[column].clone(), why.to_owned()));
            summary.left_out.extend(named);
        };
        left(&dropped, "asked for");
        summary.weight = self.weight.clone();
        summary.target = targets.iter().map(|&column| file.names[column].clone()).collect();
        Ok(Roles { inputs, targets, weight })
    }

    /// Why a table has nothing to predict from.
    fn why_nothing(&self, file: &TableFile) -> String {
        let (name, written) = match (file.names.as_slice(), file.layout.written) {
            ([name], Some(written)) if name.contains([',', ';', '\t', '|', '"']) => (name, written),
            _ => {
                return "has no columns beside the target; there is nothing to predict from".into();
            }
        };
        // Some of a long line is enough to know it by.
        let name = chainrule_explain::cut(name, 40);
        match self.reading.separator {
            Some(_) => format!(
                "`{}` stands nowhere between columns: there is a single one, `{name}`; without `--separator` it is found out",
                written.separator
            ),
            None => format!(
                "is a single column, `{name}`: no separator cuts most lines into as many fields, as quotes hinder that do not enclose whole cells; `--separator ,` tells the first line that does not fit"
            ),
        }
    }

    /// The task that the settings ask for, by itself or by the kind of the targets' columns, and who says so.
    fn asked_task(&self, held: &Held, roles: &Roles) -> Result<Option<(Task, String)>> {
        let mut asked = self.task.map(|task| (task, "the task".to_owned()));
        for name in roles.targets.iter().map(|&column| held.name(column)) {
            let Some(&kind) = self.reading.types.get(&name) else { continue };
            let (told, fail) = (format!("`--as {name}={}`", kind.name()), |message: String| {
                Err(Error::file(held.path(), message))
            });
            let task = match kind {
                ColumnKind::Number => Task::Regress,
                ColumnKind::Category => Task::Classify,
                ColumnKind::Date | ColumnKind::DayMonth | ColumnKind::MonthDay => {
                    return fail(format!(
                        "{told}, but `{name}` is the target, and a date is not predicted; `number` is for values, `category` for classes"
                    ));
                }
            };
            match &asked {
                Some((other, who)) if *other != task => {
                    return fail(format!("{told}, but {who} is to {}", other.name()));
                }
                _ => asked = Some((task, told)),
            }
        }
        Ok(asked)
    }

    /// What the task is, and how the targets' numbers are written.
    fn task(
        &self,
        held: &Held,
        roles: &Roles,
        looked: &Looked,
        summary: &mut Summary,
    ) -> Result<(Task, Vec<Decimal>)> {
        let fail = |message: String| Error::file(held.path(), message);
        if looked.words.rows.is_empty() {
            return Err(fail("has no rows".into()));
        }
        let single = roles.targets.len() == 1;
        let looks = looked.of(roles.targets[0]);
        let different = looked.words.different();
        let asked = self.asked_task(held, roles)?;
        let (task, reason) = match &asked {
            Some((Task::Classify, _)) if !single => {
                return Err(fail(
                    "has several targets, which cannot be classes; one column can".into(),
                ));
            }
            Some((Task::Classify, who)) => (Task::Classify, format!("classes, as {who} says")),
            Some((Task::Regress, who)) => (Task::Regress, format!("values, as {who} says")),
            None if single && !looks.are_almost_numbers() => {
                (Task::Classify, format!("{different} different texts, so classes"))
            }
            None if single && looked.words.few_integers() => (
                Task::Classify,
                format!("{different} whole numbers, so classes; `--task regress` for values"),
            ),
            None => (Task::Regress, "numbers, so values; `--task classify` for classes".to_owned()),
        };
        (summary.task, summary.reason) = (Some(task), reason);
        if task == Task::Classify && !(asked.is_none() && looks.are_almost_numbers()) {
            return Ok((task, Vec::new()));
        }
        let text = roles.targets.iter().find_map(|&column| looked.of(column).first_text());
        if let (Some((Task::Regress, _)), Some(text)) = (&asked, text) {
            return Err(fail(format!("{text} is not a number; `--task classify` is for classes")));
        }
        let notation = |&column: &usize| {
            looked.of(column).notation(&held.name(column), self.reading.decimal).map_err(fail)
        };
        Ok((task, roles.targets.iter().map(notation).collect::<Result<_>>()?))
    }

    /// How the weights are written, where there are some.
    fn weight_decimal(
        &self,
        held: &Held,
        roles: &Roles,
        looked: &Looked,
    ) -> Result<Option<Decimal>> {
        let Some(column) = roles.weight else { return Ok(None) };
        let looks = looked.of(column);
        let decimal = match looks.first_text() {
            Some(text) => Err(format!("{text}: {WEIGHT}")),
            None => looks.notation(&held.name(column), self.reading.decimal),
        };
        decimal.map(Some).map_err(|message| Error::file(held.path(), message))
    }

    /// What the inputs' cells are taken for; columns that tell nothing are no inputs any more.
    fn kinds(
        &self,
        held: &Held,
        roles: &mut Roles,
        looked: &Looked,
        summary: &mut Summary,
    ) -> Result<Vec<Kind>> {
        let mut kinds = Vec::new();
        let columns = std::mem::take(&mut roles.inputs);
        for &column in &columns {
            let (name, looks) = (held.name(column), looked.of(column));
            if looks.gaps > 0 && looks.values > 0 {
                summary.gaps.push((name.clone(), looks.gaps));
            }
            let given = self.reading.types.get(&name).copied();
            let is_chosen = given.is_some() || !self.reading.columns.is_empty();
            if column == 0 && !is_chosen && columns.len() > 1 && looks.count_rows() {
                match is_name_of_rows(&name) && !self.raw {
                    true => {
                        summary.left_out.push((name, "it counts the rows".into()));
                        continue;
                    }
                    false => summary.notes.push(format!(
                        "`{name}` counts the rows; `--drop {}` if that is all it tells",
                        item(&name)
                    )),
                }
            }
            let decision = looks.decide(&name, given, self.reading.decimal);
            match decision.map_err(|message| Error::file(held.path(), message))? {
                // Raw inputs are what they are; numbers from an array have their places.
                Decision::Leave(_) if self.raw && looks.are_numbers() => {
                    let decimal = looks.notation(&name, self.reading.decimal);
                    let decimal = decimal.map_err(|message| Error::file(held.path(), message))?;
                    kinds.push(Kind::Number(decimal));
                    roles.inputs.push(column);
                }
                Decision::Leave(why) => summary.left_out.push((name, why)),
                Decision::Use(kind) => {
                    if given.is_none() {
                        summary.notes.extend(looks.odd(&name, kind));
                    }
                    kinds.push(kind);
                    roles.inputs.push(column);
                }
            }
        }
        if roles.inputs.is_empty() {
            let left: Vec<String> =
                summary.left_out.iter().map(|(name, why)| format!("`{name}`: {why}")).collect();
            let message =
                format!("has no column to predict from; left out are {}", left.join(", "));
            return Err(Error::file(held.path(), message));
        }
        Ok(kinds)
    }

    /// Fits the input columns, and the targets that are values, on the rows of the training part; and
    /// tells where a streamed file's chunks are.
    fn fit(
        &self,
        held: &Held,
        roles: &Roles,
        kinds: &[Kind],
        scaled: &[Decimal],
        train: &[u32],
    ) -> Result<Fitted> {
        let inputs = roles.inputs.iter().copied().zip(kinds.iter().copied());
        let targets = roles.targets.iter().copied().zip(scaled.iter().map(|&d| Kind::Number(d)));
        let mut statistics: Vec<(usize, Statistics)> =
            inputs.chain(targets).map(|(column, kind)| (column, Statistics::new(kind))).collect();
        let mut rows = train.iter().copied().peekable();
        let chunks = held.each(&mut |table, first| {
            let end = first + table.len as u32;
            while let Some(row) = rows.next_if(|&row| row < end) {
                for (column, values) in &mut statistics {
                    values.add(table, (row - first) as usize, *column)?;
                }
            }
            Ok(())
        })?;
        let (of_inputs, of_targets) = statistics.split_at(roles.inputs.len());
        let mut inputs = Vec::new();
        for (column, values) in of_inputs {
            let input = Input::fit(&held.name(*column), values, self.raw);
            inputs.extend(input.map_err(|message| Error::file(held.path(), message))?);
        }
        let scale = |(_, values): &(usize, Statistics)| Scale {
            mean: values.numbers.mean,
            deviation: values.numbers.deviation(),
        };
        let scales = of_targets.iter().map(scale).collect();
        let raw = statistics.iter().filter(|_| self.raw);
        let notes = raw.filter_map(|(column, values)| values.told_rounding(&held.name(*column)));
        Ok(Fitted { inputs, scales, chunks, notes: notes.collect() })
    }
}

/// What is odd of classes: that they are names, that some have one row alone, or that one may be written
/// in several ways.
fn odd_classes(target: &str, names: &[String], rows: &[u32]) -> Vec<String> {
    const NAMES: usize = 10;
    let mut counts = vec![0_u32; names.len()];
    rows.iter().for_each(|&row| counts[row as usize] += 1);
    let mut odd: Vec<String> = spellings(target, names).into_iter().collect();
    let single = names.iter().zip(&counts).filter(|(_, count)| **count == 1);
    let single: Vec<String> = single.map(|(name, _)| format!("`{name}`")).collect();
    if rows.len() < NAMES {
        return odd;
    }
    if names.len() * 10 >= rows.len() * 9 {
        odd.push(format!(
            "`{target}`: nearly every row is a class of its own, as names or ids are; of such nothing is learnt that holds for other rows: `--target COLUMN` names another"
        ));
    } else if !single.is_empty() {
        let (class, is) = if single.len() == 1 { ("class", "is") } else { ("classes", "are") };
        odd.push(format!(
            "`{target}`: of the {class} {} there {is} one row each: too few to learn from and to be scored on",
            listed(&single)
        ));
    }
    odd
}

/// That categories differ in capitals alone.
fn spellings(column: &str, names: &[String]) -> Option<String> {
    let mut alike: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    names.iter().for_each(|name| alike.entry(name.to_lowercase()).or_default().push(name));
    let alike = alike.into_values().find(|alike| alike.len() > 1)?;
    Some(format!("`{column}`: `{}` are taken for different ones", alike.join("` and `")))
}

/// Whether a column is called as those are that number rows.
fn is_name_of_rows(name: &str) -> bool {
    const NAMES: [&str; 8] = ["c1", "unnamed0", "index", "idx", "no", "nr", "row", "rownames"];
    let letters = name.chars().filter(|letter| letter.is_alphanumeric());
    let name: String = letters.flat_map(char::to_lowercase).collect();
    NAMES.contains(&name.as_str()) || name.ends_with("id")
}

/// The decimal comma, where columns have one and none has a decimal point; says so.
fn decimal(
    held: &Held,
    numbers: &[(usize, Decimal)],
    looked: &Looked,
    summary: &mut Summary,
) -> Option<Decimal> {
    let commas = numbers.iter().filter(|(_, decimal)| *decimal == Decimal::Comma);
    let names: Vec<String> = commas.map(|&(column, _)| held.name(column)).collect();
    if names.is_empty() {
        return None;
    }
    let listed = listed(&names);
    summary.notes.push(format!("numbers with a decimal comma (`--decimal`): {listed}"));
    let suits = |&(column, decimal): &(usize, Decimal)| {
        decimal == Decimal::Comma || looked.of(column).has_no_notation()
    };
    numbers.iter().all(suits).then_some(Decimal::Comma)
}

/// Looks at all cells of the inputs and the targets.
fn look(held: &Held, roles: &Roles) -> Result<Looked> {
    let mut words = Words::new();
    let looks = |&column: &usize| (column, Looks::default());
    let inputs = roles.inputs.iter().chain(&roles.weight);
    let mut inputs: Vec<(usize, Looks)> = inputs.map(looks).collect();
    let mut targets: Vec<(usize, Looks)> = roles.targets.iter().map(looks).collect();
    held.each(&mut |table, _| {
        for row in 0..table.len {
            for (column, looks) in &mut inputs {
                let at = |text: &str| table.at(row, *column, format!("`{text}`"));
                looks.add(table.cell(row, *column), at);
            }
            for (index, (column, looks)) in targets.iter_mut().enumerate() {
                let cell = table.target(row, *column);
                if cell == Cell::Missing {
                    return Err(table.fail(row, *column, TARGET_MISSING));
                }
                if index == 0 {
                    words.add(cell);
                }
                looks.add(cell, |text| table.at(row, *column, format!("`{text}`")));
            }
        }
        Ok(())
    })?;
    inputs.extend(targets);
    Ok(Looked { columns: inputs.into_iter().collect(), words })
}
