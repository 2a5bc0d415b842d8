//! `predict`.

use std::collections::HashSet;
use std::path::Path;

use anyhow::{Result, bail};
use chainrule::nn::Answer;
use chainrule_explain::to_step;
use chainrule_train::Run;
use chainrule_train::data::{KeptColumn, Preparation, Retouch, did_you_mean, is_dataset};
use serde_json::{Map, Number, Value, json};

use crate::arguments::{Predict, RowFormat};
use crate::print;
use crate::run::pool;

pub fn predict(options: &Predict) -> Result<()> {
    let mut run = Run::open(&options.dir)?;
    if let Some(path) = &options.output {
        let stem = options.input.strip_suffix(":train").or(options.input.strip_suffix(":test"));
        let inputs = [Some(options.input.as_str()), stem];
        let own = run.data_places();
        let inputs = inputs.into_iter().flatten().map(Path::new);
        let inputs: Vec<&Path> = inputs.chain(own.iter().map(AsRef::as_ref)).collect();
        print::spare(path, Some(&run.folder), &inputs)?;
    }
    let retouch = Retouch { invert: options.invert, centre: options.centre };
    if retouch != Retouch::default() {
        run.preparation = run.preparation.map(|own| own.retouched(retouch)).transpose()?;
    }
    let pool = pool(options.threads)?;
    let oracle = run.oracle(options.of.which(), &pool)?;
    let data = match options.input.as_str() {
        "-" if retouch != Retouch::default() => bail!(crate::Usage(
            "--invert and --centre change picture files, not rows on standard input".into()
        )),
        "-" => oracle.preparation().read_rows(std::io::stdin().lock(), &options.keep)?,
        path if !is_dataset(path) => bail!(crate::Usage(format!(
            "there is no file `{path}`: give a table, an image, a folder of images, or - for rows on standard input{}",
            did_you_mean(path)
        ))),
        path => oracle.read(path, &options.keep)?,
    };
    print::warnings(data.notes.iter().cloned().chain(data.unseen.lines()));
    let mut answers = Vec::new();
    oracle.answer_all(&*data.examples, &mut |some| {
        answers.extend_from_slice(some);
        anyhow::Ok(())
    })?;
    // Nothing is printed before all are there, so that an error leaves no half of an answer.
    let predictions = Predictions { preparation: oracle.preparation(), kept: data.kept, answers };
    let text = match options.format {
        _ if options.json => format!("{}\n", json!({ "predictions": predictions.objects()? })),
        RowFormat::Csv => predictions.csv()?,
        RowFormat::Jsonl => predictions.objects()?.iter().map(|row| format!("{row}\n")).collect(),
    };
    match &options.output {
        Some(path) => print::write_file(path, &text),
        None => print::data(&text),
    }
}

/// What a model says of some rows, and the columns of the rows that are carried beside it.
struct Predictions<'a> {
    preparation: &'a Preparation,
    kept: Vec<KeptColumn>,
    answers: Vec<Answer>,
}

impl Predictions<'_> {
    /// A table with a line for each row.
    fn csv(mut self) -> Result<String> {
        let (first, names, prefix) = match self.preparation.class_names() {
            [] => (&[][..], self.preparation.target_names(), "predicted_"),
            names => (&["class"][..], names, "probability_"),
        };
        let mut names = names.to_vec();
        rename(names.iter_mut().collect(), &[&["row"], first].concat(), prefix);
        let said = first.iter().copied().chain(names.iter().map(String::as_str));
        let own: Vec<&str> = ["row"].into_iter().chain(said.clone()).collect();
        rename(self.kept.iter_mut().map(|column| &mut column.name).collect(), &own, "input_");
        let mut table = csv::Writer::from_writer(Vec::new());
        let kept = self.kept.iter().map(|column| column.name.as_str());
        table.write_record(["row"].into_iter().chain(kept).chain(said))?;
        for (row, answer) in self.answers.iter().enumerate() {
            table.write_field(row.to_string())?;
            for column in &self.kept {
                table.write_field(column.cells.get(row).map_or("", String::as_str))?;
            }
            let said: Vec<String> = match answer {
                Answer::Class { class, probabilities } => {
                    // No answer is an empty cell.
                    let class = class.map(|class| self.name(class)).unwrap_or_default();
                    let numbers = probabilities.iter().map(|p| format!("{p:.6}"));
                    std::iter::once(class).chain(numbers).collect()
                }
                Answer::Values(values) => {
                    (0..).zip(values).map(|(at, &x)| self.value(at, x)).collect()
                }
            };
            table.write_record(said)?;
        }
        table.flush()?;
        Ok(String::from_utf8(table.into_inner()?)?)
    }

    /// An object for each row.
    fn objects(mut self) -> Result<Vec<Value>> {
        let own = ["row", "class", "name", "probabilities", "value", "values"];
        rename(self.kept.iter_mut().map(|column| &mut column.name).collect(), &own, "input_");
        let kept: Vec<(&str, Vec<Value>)> =
            self.kept.iter().map(|column| (column.name.as_str(), values(&column.cells))).collect();
        let object = |(row, answer): (usize, &Answer)| {
            let mut object = Map::new();
            object.insert("row".into(), row.into());
            for (name, values) in &kept {
                object.insert((*name).into(), values.get(row).cloned().unwrap_or_default());
            }
            if let Answer::Class { class, .. } = answer {
                object.insert("name".into(), class.map(|class| self.name(class)).into());
            }
            if let Value::Object(said) = serde_json::to_value(answer)? {
                object.extend(said);
            }
            Ok(Value::Object(object))
        };
        self.answers.iter().enumerate().map(object).collect()
    }

    /// A value with the digits that its column's deviation gives a meaning.
    fn value(&self, at: usize, value: f64) -> String {
        const OF_DEVIATION: f64 = 1e-6;
        match self.preparation.scales().get(at) {
            Some(scale) => to_step(value, scale.deviation * OF_DEVIATION),
            // Of f32 the shortest text that is this number.
            None if f64::from(value as f32) == value => shortest(value as f32),
            None => shortest(value),
        }
    }

    /// A class's name, or its number where it has none.
    fn name(&self, class: u32) -> String {
        let name = self.preparation.class_names().get(class as usize);
        name.cloned().unwrap_or_else(|| class.to_string())
    }
}

/// The fewest digits that are this number, with an exponent where it is very large or small.
fn shortest(number: impl std::fmt::Debug) -> String {
    let text = format!("{number:?}");
    text.strip_suffix(".0").map(Into::into).unwrap_or(text)
}

/// Puts a word before the names of columns that a prediction's own have, and says so.
fn rename(columns: Vec<&mut String>, own: &[&str], prefix: &str) {
    let mut taken: HashSet<String> = own.iter().map(|&name| name.to_owned()).collect();
    taken.extend(columns.iter().map(|column| (*column).clone()));
    for column in columns.into_iter().filter(|column| own.contains(&column.as_str())) {
        let mut name = column.clone();
        while taken.contains(&name) {
            name.insert_str(0, prefix);
        }
        print::warnings([format!(
            "the column `{column}` is written as `{name}`, as predictions have one of that name"
        )]);
        taken.insert(name.clone());
        *column = name;
    }
}

/// The cells of a column as JSON: numbers where all are, and else texts.
fn values(cells: &[String]) -> Vec<Value> {
    // `007` is none, nor is a whole number that would be rounded.
    let number = |cell: &String| {
        let is_whole = cell.trim_start_matches('-').bytes().all(|byte| byte.is_ascii_digit());
        let number = cell.parse::<Number>().ok().filter(|number| !(is_whole && number.is_f64()));
        if cell.is_empty() { Some(Value::Null) } else { number.map(Value::Number) }
    };
    let numbers: Option<Vec<Value>> = cells.iter().map(number).collect();
    numbers.unwrap_or_else(|| cells.iter().map(|cell| cell.as_str().into()).collect())
}
