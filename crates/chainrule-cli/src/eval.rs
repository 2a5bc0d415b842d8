//! `eval`.

use std::fmt::Write as _;

use anyhow::Result;
use chainrule_train::metrics::{ClassScores, ValueScores};
use chainrule_train::{Asked, DataPart, Evaluation, Run, RunScore, Scores};

use crate::arguments::Eval;
use crate::run::pool;
use crate::{data, print};

pub fn eval(options: &Eval) -> Result<()> {
    let run = Run::open(&options.dir)?;
    let asked = match (&options.dataset, options.part) {
        (Some(name), _) => {
            data::known(name)?;
            Asked::Data(name.clone())
        }
        (None, Some(part)) => Asked::Part(part),
        (None, None) => Asked::HeldOut,
    };
    let score = run.evaluate(&asked, options.of.which(), &pool(options.threads)?)?;
    print::warnings(score.notes.iter().cloned().chain(score.unseen.lines()));
    let names = run.preparation.as_ref().map(|p| p.class_names().to_vec()).unwrap_or_default();
    match options.json {
        true => print::json(&score),
        false => print::text(&table(&score, &names)),
    }
}

fn table(score: &RunScore, names: &[String]) -> String {
    let RunScore { evaluation: Evaluation { loss, scores }, .. } = score;
    let table = match scores {
        Scores::Classes(scores) => classes(&usual(score), *loss, scores, names),
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
        (Some(DataPart::Train), _) => "training part, which it has learnt from".to_owned(),
        (Some(part), _) => format!("{} part", part.in_words()),
        (None, Some(name)) => name.clone(),
        (None, None) => "data".to_owned(),
    };
    let epoch = match score.best_of {
        Some(epochs) => format!("the best of {epochs} epochs ({})", score.epoch),
        None => format!("after epoch {}", score.epoch),
    };
    format!("{data}: {rows} examples, {epoch}")
}

/// What always the same answer scores, to stand behind what the model does.
fn usual(score: &RunScore) -> String {
    let usual = ["accuracy", "r2"].into_iter().find_map(|name| score.baseline.get(name));
    let told = |usual: &f64| format!(", where {} gives {usual:.4}", score.always);
    usual.map(told).unwrap_or_default()
}

fn values(usual: &str, loss: f64, scores: &ValueScores) -> String {
    let ValueScores { mse, rmse, mae, r2, .. } = scores;
    let [loss, rmse, mae, mse] = [loss, *rmse, *mae, *mse].map(print::score);
    format!("R² {r2:.4}{usual}\nRMSE {rmse}   MAE {mae}   MSE {mse}   loss {loss}\n")
}

fn classes(usual: &str, loss: f64, scores: &ClassScores, names: &[String]) -> String {
    let confusion = &scores.confusion;
    let mut out = format!("accuracy {:.4}{usual}; loss {}\n", scores.accuracy, print::score(loss));
    let _ = write!(
        out,
        "precision {:.4}   recall {:.4}   F1 {:.4} (means over the classes)",
        scores.precision, scores.recall, scores.f1
    );
    if let Some(area) = scores.roc_auc {
        let _ = write!(out, "   ROC-AUC {area:.4}");
    }
    if scores.top_k.k > 1 {
        let _ = write!(out, "   top {} accuracy {:.4}", scores.top_k.k, scores.top_k.share);
    }
    if scores.unanswered > 0 {
        let none = scores.unanswered;
        let _ = write!(out, "\n{none} without an answer, as an output is NaN: counted as wrong");
    }
    let _ = writeln!(out, "\n\ntrue class (row) against predicted class (column):");
    let counts = confusion.iter().flatten().max().map_or(1, |n| n.to_string().len()).max(2);
    let name = |class: usize| match names.get(class) {
        Some(name) => name.chars().take(12).collect(),
        None => class.to_string(),
    };
    let widest = (0..confusion.len()).map(|class| name(class).chars().count()).max().unwrap_or(1);
    let widest = widest.max(4);
    let _ = write!(out, "{:>widest$} ", "");
    for class in 0..confusion.len() {
        let _ = write!(out, " {class:>counts$}");
    }
    let _ = writeln!(out, "  precision  recall");
    for (class, row) in confusion.iter().enumerate() {
        let _ = write!(out, "{:>widest$}:", name(class));
        for count in row {
            let _ = write!(out, " {count:>counts$}");
        }
        if let Some(of) = scores.per_class.get(class) {
            let _ = write!(out, "  {:>9.3}  {:>6.3}", of.precision, of.recall);
        }
        out.push('\n');
    }
    out
}
