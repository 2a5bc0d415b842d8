//! The text of a run's `README.md`: what the model is and how to use it.
//!
//! Its program in Rust is this one, with the run's own constants:
#![doc = concat!(
    "```no_run\nuse std::path::Path;\n\nuse chainrule::Graph;\nuse chainrule::nn::Cx;\nuse chainrule_train::RunFolder;\n\n",
    "const RUN: &str = \"runs/mnist-1\";\nconst INPUTS: usize = 784;\nconst OUTPUTS: usize = 10;\n",
    include_str!("readme/predict.rs"),
    "```"
)]

use std::fmt::Write;

use chainrule_explain::{steers, visible};

const PREDICT: &str = include_str!("readme/predict.rs");

/// The names of classes that a sentence takes.
const NAMED: usize = 12;

/// What a README tells of a run.
///
/// ```
/// use chainrule_train::readme::Summary;
/// let summary = Summary { folder: "runs/iris-1".into(), inputs: 4, ..Summary::default() };
/// assert!(summary.classes.is_empty());
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// The run's folder, as commands name it.
    pub folder: String,
    /// The dataset's name or path.
    pub data: String,
    /// An input file as `predict` takes it: `new.csv`, `digit.png`.
    pub input: String,
    /// A program in Python that asks it, of what `export --format npz` writes.
    pub python: String,
    /// The number of features of an example, prepared.
    pub inputs: usize,
    /// The number of outputs.
    pub outputs: usize,
    /// The names of the classes; none for a regression.
    pub classes: Vec<String>,
    /// The layers in order, as words: `affine, 4 → 50`.
    pub layers: Vec<String>,
    /// The number of elements of all parameters.
    pub parameters: usize,
    /// Passes over the training part so far.
    pub epochs: u32,
    /// What it scores, in words: lines of which those that are indented go on with the one before.
    pub scores: Vec<String>,
    /// Whether there is a part that the model can be scored on and has not learnt from.
    pub held_out: bool,
    /// Whether it has stopped early, so that it is not gone on with.
    pub stopped: bool,
    /// The names of the files in its folder, of which those are told that a run has.
    pub files: Vec<String>,
}

/// The README in Markdown. Paths within are relative to the run's folder, but those of commands.
///
/// ```
/// use chainrule_train::readme::{Summary, text};
/// let readme = text(&Summary {
///     folder: "runs/iris-1".into(),
///     data: "iris".into(),
///     input: "new.csv".into(),
///     python: "import numpy".into(),
///     inputs: 4,
///     outputs: 3,
///     classes: ["setosa", "versicolor", "virginica"].map(String::from).into(),
///     layers: vec!["affine, 4 → 3".into()],
///     parameters: 15,
///     epochs: 50,
///     scores: vec!["test accuracy 1 (30 rows)".into()],
///     held_out: true,
///     stopped: false,
///     files: vec!["model.safetensors".into()],
/// });
/// assert!(readme.contains("one of 3 classes (setosa, versicolor, virginica) from 4 inputs"));
/// assert!(readme.contains("chainrule predict runs/iris-1 new.csv"));
/// ```
#[must_use]
pub fn text(summary: &Summary) -> String {
    let mut text = String::new();
    let _ = what_it_is(&mut text, summary);
    let _ = commands(&mut text, summary);
    let _ = programs(&mut text, summary);
    let _ = files(&mut text, summary);
    text
}

fn what_it_is(text: &mut String, of: &Summary) -> std::fmt::Result {
    let name = of.folder.trim_end_matches(['/', '\\']).rsplit(['/', '\\']).next();
    writeln!(text, "# {}\n", escaped(name.unwrap_or_default()))?;
    let version = env!("CARGO_PKG_VERSION");
    let epochs = counted(of.epochs as usize, "epoch");
    writeln!(
        text,
        "A network that predicts {} from {}, trained by chainrule {version} on {} for {epochs}. It has \
         {}:\n",
        output(of),
        counted(of.inputs, "input"),
        code(&of.data),
        counted(of.parameters, "parameter")
    )?;
    for (number, layer) in of.layers.iter().enumerate() {
        writeln!(text, "{}. {}", number + 1, escaped(layer))?;
    }
    let mut gap = "\n";
    for line in &of.scores {
        match line.strip_prefix("  ") {
            Some(more) => writeln!(text, "  {}", escaped(more))?,
            None => writeln!(text, "{gap}- {}", escaped(line))?,
        }
        gap = "";
    }
    writeln!(text, "\n![The loss and the score by epoch](curves.svg)")
}

fn output(of: &Summary) -> String {
    match of.classes.len() {
        0 => counted(of.outputs, "value"),
        count => {
            let mut names: Vec<String> =
                of.classes.iter().take(NAMED).map(|name| escaped(name)).collect();
            if count > NAMED {
                names.push(format!("and {} more", count - NAMED));
            }
            format!("one of {count} classes ({})", names.join(", "))
        }
    }
}

fn commands(text: &mut String, of: &Summary) -> std::fmt::Result {
    let run = shell(&of.folder);
    let more = of.epochs.saturating_mul(2).max(1);
    let score = match of.held_out {
        true => (format!("chainrule eval {run}"), "scores it"),
        false => (format!("chainrule eval {run} --part train"), "scores it on what it learnt from"),
    };
    let go_on =
        (format!("chainrule train --resume {run} --epochs {more}"), "trains on, up to that epoch");
    let lines = [
        Some(score),
        Some((
            format!("chainrule predict {run} {}", shell(&of.input)),
            "what it makes of new examples",
        )),
        (!of.stopped).then_some(go_on),
        Some((format!("chainrule explain {run} --example 0"), "why it says so, for one example")),
        Some((
            format!("chainrule export {run} --format npz"),
            "its parameters and preparation for NumPy",
        )),
    ];
    let lines: Vec<(String, &str)> = lines.into_iter().flatten().collect();
    let width = lines.iter().map(|(command, _)| command.chars().count()).max().unwrap_or(0);
    writeln!(text, "\n## Use it\n\n```sh")?;
    for (command, what) in lines {
        writeln!(text, "{command:width$}  # {what}")?;
    }
    writeln!(text, "```")
}

fn programs(text: &mut String, of: &Summary) -> std::fmt::Result {
    writeln!(
        text,
        "\nIn Python, with NumPy alone, after the `export` above:\n\n```python\n{}```\n\n\
         In Rust, with the crate `chainrule`:\n\n\
         ```rust\n\
         use std::path::Path;\n\n\
         use chainrule::Graph;\n\
         use chainrule::nn::Cx;\n\
         use chainrule_train::RunFolder;\n\n\
         const RUN: &str = {:?};\n\
         const INPUTS: usize = {};\n\
         const OUTPUTS: usize = {};\n\
         {PREDICT}```",
        of.python, of.folder, of.inputs, of.outputs
    )
}

fn files(text: &mut String, of: &Summary) -> std::fmt::Result {
    writeln!(text, "\n## Files\n\n| file | what it holds |\n|---|---|")?;
    let files = [
        ("model.safetensors", "the parameters"),
        (
            "best.safetensors",
            "those of the epoch with the smallest validation loss, which are asked",
        ),
        ("optimizer.safetensors", "what else a checkpoint needs to go on"),
        ("config.toml", "the settings: `chainrule train config.toml` repeats the run"),
        (
            "data.json",
            "how inputs are prepared and answers told: means, deviations, categories, classes",
        ),
        ("model.json", "the layers of a model that a program made"),
        ("scores.json", "the final scores, and what they stand beside"),
        ("folds.json", "the scores of each fold"),
        ("metrics.jsonl", "the metrics, a line of JSON per epoch"),
        ("gradient_flow.jsonl", "activations and gradients by layer, a line of JSON per epoch"),
        ("events.jsonl", "what happened, a line of JSON per event"),
        (
            "run.json",
            "the version of these files, the run's id, and the digests of its settings and its data",
        ),
        ("run.lock", "nothing; who trains here has it locked"),
        ("events.out.tfevents.…", "the metrics for `tensorboard --logdir`"),
        ("curves.svg, curves.png", "the loss and the score by epoch"),
        ("confusion.svg, confusion.png", "true and predicted classes, counted"),
    ];
    let is_there = |name: &str| {
        let first = name.split([',', '…']).next().unwrap_or(name);
        of.files.iter().any(|file| file.starts_with(first))
    };
    let mut there = files.iter().filter(|(name, _)| is_there(name));
    there.try_for_each(|(name, what)| writeln!(text, "| {} | {what} |", code(name)))
}

/// A number of things, in words.
///
/// ```
/// use chainrule_train::readme::counted;
/// assert_eq!((counted(1, "row"), counted(3, "row")), ("1 row".into(), "3 rows".into()));
/// ```
#[must_use]
pub fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// Text that Markdown shows as it is.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for letter in visible(text).chars() {
        match letter {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '&' => {
                out.extend(['\\', letter]);
            }
            _ => out.push(letter),
        }
    }
    out
}

/// Text in the letters of a program; what would end it or a table's cell is left out.
fn code(text: &str) -> String {
    format!("`{}`", visible(text).replace(['`', '|'], ""))
}

/// A word of a shell's command, quoted where it needs to be.
///
/// ```
/// use chainrule_train::readme::shell;
/// assert_eq!(shell("runs/iris-1"), "runs/iris-1");
/// assert_eq!(shell("it's new.csv"), "'it'\\''s new.csv'");
/// assert_eq!(shell("a\u{1b}[2J"), r"$'a\u001b[2J'");
/// ```
#[must_use]
pub fn shell(word: &str) -> String {
    if word.contains(steers) {
        let shown = |letter: char| match letter {
            '\'' | '\\' => format!("\\{letter}"),
            _ if steers(letter) => format!("\\u{:04x}", letter as u32),
            _ => letter.into(),
        };
        return format!("$'{}'", word.chars().map(shown).collect::<String>());
    }
    let plain = |letter: char| letter.is_alphanumeric() || "/._-+:,@%=".contains(letter);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.into(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary() -> Summary {
        Summary {
            folder: "my runs/wine-3".into(),
            data: "wine.csv".into(),
            input: "it's new.csv".into(),
            inputs: 13,
            outputs: 1,
            layers: vec!["affine, 13 → 8".into(), "leaky_relu".into()],
            parameters: 121,
            epochs: 20,
            scores: vec![
                "test R² 0.9, rmse 0.25 (9 rows)".into(),
                "  always saying the mean gives -0.1".into(),
            ],
            ..Summary::default()
        }
    }

    #[test]
    fn a_regression_is_told_as_one_and_has_no_confusion() {
        let text = text(&summary());
        assert!(text.starts_with("# wine-3\n\nA network that predicts 1 value from 13 inputs, "));
        assert!(text.contains("on `wine.csv` for 20 epochs. It has 121 parameters:"));
        assert!(text.contains("2. leaky\\_relu\n"));
        let scores = "\n- test R² 0.9, rmse 0.25 (9 rows)\n  always saying the mean gives -0.1\n\n";
        assert!(text.contains(scores), "{text}");
        assert!(!text.contains("confusion"));
    }

    #[test]
    fn commands_are_those_that_work() {
        let scored = text(&Summary { held_out: true, stopped: true, ..summary() });
        assert!(
            scored.contains("chainrule eval 'my runs/wine-3'  ") && !scored.contains("--resume")
        );
        assert!(text(&summary()).contains("chainrule eval 'my runs/wine-3' --part train  "));
    }

    #[test]
    fn commands_quote_what_a_shell_would_split() {
        let text = text(&summary());
        assert!(text.contains("chainrule predict 'my runs/wine-3' 'it'\\''s new.csv' "));
        assert!(text.contains("--resume 'my runs/wine-3' --epochs 40 "));
        assert!(text.contains("const RUN: &str = \"my runs/wine-3\";\nconst INPUTS: usize = 13;"));
    }

    #[test]
    fn names_of_classes_cannot_break_the_page() {
        let classes = (0..100).map(|n| format!("a|b\n*{n}*")).collect();
        let files = vec!["confusion.svg".into()];
        let text = text(&Summary { classes, files, ..summary() });
        assert!(
            text.contains("one of 100 classes (a\\|b\\\\n\\*0\\*, ")
                && text.contains(", and 88 more)")
        );
        assert!(text.contains("confusion.png"));
    }
}
