//! `eval`.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::Result;
use chainrule_explain::{table_within, told_apart, visible, width};
use chainrule_train::data::{DataPart, is_dataset};
use chainrule_train::metrics::{ClassScores, ValueScores};
use chainrule_train::{Asked, Evaluation, RunScore, Scores};

use crate::arguments::Eval;
use crate::run::{moved, pool};
use crate::{data, print};

pub fn eval(options: &Eval) -> Result<()> {
    let run = moved(&options.dir, options.data.as_deref())?;
    let asked = match (&options.dataset, options.part) {
        (Some(name), _) => Asked::Data(other(name)?),
        (None, Some(part)) => Asked::Part(part),
        (None, None) => Asked::HeldOut,
    };
    let score = run.evaluate(&asked, options.of.which(), &pool(options.threads)?)?;
    print::warnings(score.notes.iter().cloned().chain(score.unseen.lines()));
    let names = run.preparation.as_ref().map(|p| p.class_names().to_vec()).unwrap_or_default();
    match options.json {
        true => print::json(&score),
        false => print::prose(&table(&score, &names)),
    }
}

/// The name of other data. A part of the run's own is asked for by an option.
fn other(name: &str) -> Result<String> {
    data::known(name).map_err(|error| {
        let (stem, part) = name.rsplit_once(':').unwrap_or(("", name));
        match part.parse::<DataPart>() {
            Ok(part) if stem.is_empty() || is_dataset(stem) => crate::Usage(format!(
                "`{name}` is no data of its own: `--part {part}` scores the {} part of the run's data",
                part.in_words()
            ))
            .into(),
            _ => error,
        }
    })
}

fn table(score: &RunScore, names: &[String]) -> String {
    let RunScore { evaluation: Evaluation { loss, scores }, .. } = score;
    let table = match scores {
        Scores::Classes(scores) => {
            classes(&usual(score), *loss, scores, names, print::table_columns())
        }
        Scores::Values(scores) => values(&usual(score), *loss, scores),
    };
    format!("{}\n{table}", of(score))
}

/// What is scored, in words.
fn of(score: &RunScore) -> String {
    let rows = match &score.evaluation.scores {
        Scores::Classes(scores) => scores.examples,
        Scores::Values(scores) => scores.examples,
    };
    let data = match (score.part, &score.data) {
        (Some(part), _) => part.described().to_owned(),
        (None, Some(name)) => name.clone(),
        (None, None) => "data".to_owned(),
    };
    let epoch = match score.best_of {
        Some(epochs) if epochs > 1 => format!("the best of {epochs} epochs ({})", score.epoch),
        _ => format!("after epoch {}", score.epoch),
    };
    format!("{data}: {rows} examples, {epoch}")
}

/// What always the same answer scores, to stand behind what the model does.
fn usual(score: &RunScore) -> String {
    let name = score.evaluation.scores.first().0.name();
    let first = |of: &BTreeMap<String, f64>| of.get(&*name).map(|&x| print::score(x));
    let Some(usual) = first(&score.baseline) else { return String::new() };
    let linear = first(&score.linear)
        .map(|x| format!(" and a linear model {x}"))
        .or_else(|| score.linear_left_out.as_ref().map(|why| format!("; {why}")));
    format!(", where {} gives {usual}{}", score.always, linear.unwrap_or_default())
}

fn values(usual: &str, loss: f64, scores: &ValueScores) -> String {
    let ValueScores { mse, rmse, mae, r2, .. } = scores;
    let [loss, rmse, mae, mse] = [loss, *rmse, *mae, *mse].map(print::score);
    let rest = format!("MAE {mae}   MSE {mse}   loss {loss}");
    match r2.map(print::score) {
        Some(r2) => format!("R² {r2}{usual}\nRMSE {rmse}   {rest}\n"),
        None => {
            format!("RMSE {rmse}{usual}\n{rest}; no R², as the target is the same in every row\n")
        }
    }
}

fn classes(
    usual: &str,
    loss: f64,
    scores: &ClassScores,
    names: &[String],
    columns: usize,
) -> String {
    let confusion = &scores.confusion;
    let ClassScores { accuracy, precision, recall, f1, .. } = scores;
    let shown = [*accuracy, loss, *precision, *recall, *f1].map(print::score);
    let [accuracy, loss, precision, recall, f1] = shown;
    let mut out = format!("accuracy {accuracy}{usual}; loss {loss}\n");
    let _ =
        write!(out, "precision {precision}   recall {recall}   F1 {f1} (means over the classes)");
    if let Some(area) = scores.roc_auc {
        let _ = write!(out, "   ROC-AUC {}", print::score(area));
    }
    if scores.top_k.k > 1 {
        let (k, share) = (scores.top_k.k, print::score(scores.top_k.share));
        let _ = write!(out, "   top {k} accuracy {share}");
    }
    if scores.unanswered > 0 {
        let none = scores.unanswered;
        let _ = write!(out, "\n{none} without an answer, as an output is NaN: counted as wrong");
    }
    out += "\n\n";
    let names: Vec<String> = (0..confusion.len())
        .map(|class| names.get(class).map_or_else(|| class.to_string(), |n| visible(n).into()))
        .collect();
    match counts(scores, &names, columns) {
        Some(table) => out += &table,
        None => largest(&mut out, scores, &names, columns),
    }
    out
}

/// The columns of precision and recall behind a class.
const MEASURES: usize = 19;

/// The table of counts, if it fits: names over the columns, cut to what there is room for.
fn counts(scores: &ClassScores, names: &[String], columns: usize) -> Option<String> {
    let confusion = &scores.confusion;
    let digits = confusion.iter().flatten().max().map_or(1, |n| n.to_string().len()).max(2);
    let longest = names.iter().map(|name| width(name)).max().unwrap_or(0).max(4);
    let side = longest.min(columns / 4);
    let room = columns.checked_sub(side + 1 + MEASURES)? / names.len().max(1);
    let wide = longest.min(room.checked_sub(1)?).max(digits);
    if wide >= room {
        return None;
    }
    let left = |text: &str, wide: usize| " ".repeat(wide.saturating_sub(width(text))) + text;
    let mut out = "true class (row) against predicted class (column):\n".to_owned();
    let shown = told_apart(names, wide);
    let head: String = shown.iter().map(|name| format!(" {}", left(name, wide))).collect();
    let _ = writeln!(out, "{}{head}  precision  recall", " ".repeat(side + 1));
    let names = told_apart(names, side);
    for ((row, name), of) in confusion.iter().zip(&names).zip(&scores.per_class) {
        let cells: String = row.iter().map(|count| format!(" {count:>wide$}")).collect();
        let name = left(name, side);
        let _ = writeln!(out, "{name}:{cells}  {:>9.3}  {:>6.3}", of.precision, of.recall);
    }
    Some(out)
}

/// The most confusions that are listed.
const LISTED: usize = 10;

/// The classes, and the confusions of the most examples, where the whole table is too wide to read.
fn largest(out: &mut String, scores: &ClassScores, names: &[String], columns: usize) {
    let mut rows = vec![["class", "precision", "recall"].map(str::to_owned).to_vec()];
    let of = names.iter().zip(&scores.per_class);
    rows.extend(of.map(|(name, of)| {
        vec![name.clone(), format!("{:.3}", of.precision), format!("{:.3}", of.recall)]
    }));
    let cells = scores.confusion.iter().enumerate().flat_map(|(class, row)| {
        row.iter().enumerate().map(move |(predicted, count)| (*count, class, predicted))
    });
    let mut wrong: Vec<_> =
        cells.filter(|(count, class, predicted)| *count > 0 && class != predicted).collect();
    wrong.sort_by_key(|&(count, class, predicted)| (Reverse(count), class, predicted));
    table_within(out, &rows, columns);
    if wrong.is_empty() {
        return;
    }
    let _ = writeln!(out, "\nthe largest confusions:");
    let mut rows = vec![["true class", "predicted", "examples"].map(str::to_owned).to_vec()];
    rows.extend(wrong.iter().take(LISTED).map(|&(count, class, predicted)| {
        vec![names[class].clone(), names[predicted].clone(), count.to_string()]
    }));
    table_within(out, &rows, columns);
}
