//! `predict`.

use std::io::{BufReader, Write};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use chainrule::nn::{Answer, Sequential, Target};
use chainrule::{Parameters, Pool, Real};
use chainrule_train::data::Preparation;
use chainrule_train::{Precision, predict as say};
use serde_json::{Value, json};

use crate::arguments::{Predict, RowFormat};
use crate::run::{Run, pool};
use crate::{data, print};

/// Examples predicted at once.
const CHUNK: usize = 500;

pub fn predict(options: &Predict) -> Result<()> {
    let run = Run::open(&options.dir)?;
    match run.config.dtype {
        Precision::F64 => go::<f64>(&run, options),
        Precision::F32 => go::<f32>(&run, options),
    }
}

/// A model that answers.
struct Oracle<'a, T> {
    preparation: &'a Preparation,
    target: Target,
    model: Sequential,
    parameters: Parameters<T>,
    pool: Arc<Pool>,
}

fn go<T: Real>(run: &Run, options: &Predict) -> Result<()> {
    let preparation = run.preparation.as_ref().with_context(|| {
        format!("{} has no data.json, which tells how inputs are prepared", options.dir.display())
    })?;
    let target = match preparation.class_names() {
        [] => Target::Values { width: preparation.target_names().len() },
        names => Target::Class { classes: names.len() },
    };
    let (model, parameters) = run.model::<T>((preparation.width(), target), None, options.best)?;
    let pool = pool(options.threads)?;
    let oracle = Oracle { preparation, target, model, parameters, pool };
    let format = match options.format {
        _ if options.json => Format::Json,
        RowFormat::Csv => Format::Csv,
        RowFormat::Jsonl => Format::Jsonl,
    };
    let mut writer = Writer::new(format, preparation)?;
    match options.input.as_str() {
        "-" => {
            let mut features = Vec::new();
            let width = preparation.width().max(1);
            for row in preparation.rows(BufReader::new(std::io::stdin())) {
                features.extend(row?);
                if features.len() >= CHUNK * width {
                    writer.add(&oracle.answer(&features)?)?;
                    features.clear();
                }
            }
            writer.add(&oracle.answer(&features)?)?;
        }
        path => oracle.file(path, &mut writer)?,
    }
    writer.finish(options.output.as_deref())
}

impl<T: Real> Oracle<'_, T> {
    fn answer(&self, features: &[f32]) -> Result<Vec<Answer>> {
        let scales = self.preparation.scales();
        Ok(say(&self.model, self.target, scales, &self.parameters, features, &self.pool)?)
    }

    /// The answers for a file's or a shipped dataset's examples.
    fn file(&self, path: &str, writer: &mut Writer<'_>) -> Result<()> {
        if !data::is_dataset(path) {
            bail!(crate::Usage(format!(
                "there is no file `{path}`: give a table, an image, a folder of images, or - for rows on standard input"
            )));
        }
        let examples = self.preparation.load(&data::located(path)?, false)?;
        let width = examples.width();
        let all: Vec<u32> = (0..examples.len() as u32).collect();
        for chunk in all.chunks(CHUNK) {
            let mut features = vec![0.0; chunk.len() * width];
            examples.features(chunk, &mut features)?;
            writer.add(&self.answer(&features)?)?;
        }
        Ok(())
    }
}

/// How predictions are written: a line each, or as one document.
#[derive(Clone, Copy, PartialEq)]
enum Format {
    Csv,
    Jsonl,
    Json,
}

/// Collects predictions as text; nothing is printed before all of them are there, so that an error
/// leaves no half of an answer.
struct Writer<'a> {
    format: Format,
    preparation: &'a Preparation,
    text: Vec<u8>,
    all: Vec<Value>,
}

impl<'a> Writer<'a> {
    fn new(format: Format, preparation: &'a Preparation) -> Result<Self> {
        let mut text = Vec::new();
        if format == Format::Csv {
            let names = preparation.class_names().iter().map(String::as_str);
            let mut header = csv::Writer::from_writer(&mut text);
            match preparation.class_names() {
                [] => header.write_record(preparation.target_names())?,
                _ => header.write_record(["class"].into_iter().chain(names))?,
            }
            header.flush()?;
        }
        Ok(Self { format, preparation, text, all: Vec::new() })
    }

    fn add(&mut self, answers: &[Answer]) -> Result<()> {
        match self.format {
            Format::Csv => {
                let mut rows = csv::Writer::from_writer(&mut self.text);
                for answer in answers {
                    let record: Vec<String> = match answer {
                        Answer::Class { class, probabilities } => {
                            // No answer is an empty cell.
                            let class = class.map(|class| name(self.preparation, class));
                            let numbers = probabilities.iter().map(|p| format!("{p:.6}"));
                            std::iter::once(class.unwrap_or_default()).chain(numbers).collect()
                        }
                        Answer::Values(values) => values.iter().map(ToString::to_string).collect(),
                    };
                    rows.write_record(record)?;
                }
                rows.flush()?;
            }
            Format::Jsonl | Format::Json => {
                for answer in answers {
                    let mut value = serde_json::to_value(answer)?;
                    if let (Answer::Class { class, .. }, Some(fields)) =
                        (answer, value.as_object_mut())
                    {
                        let name = class.map(|class| name(self.preparation, class));
                        fields.insert("name".into(), name.into());
                    }
                    match self.format {
                        Format::Jsonl => writeln!(self.text, "{value}")?,
                        _ => self.all.push(value),
                    }
                }
            }
        }
        Ok(())
    }

    fn finish(mut self, output: Option<&Path>) -> Result<()> {
        if self.format == Format::Json {
            writeln!(self.text, "{}", json!({ "predictions": self.all }))?;
        }
        let text = String::from_utf8_lossy(&self.text);
        match output {
            Some(path) => print::write_file(path, &text),
            None => print::text(&text),
        }
    }
}

/// A class's name, or its number where it has none.
fn name(preparation: &Preparation, class: u32) -> String {
    let name = preparation.class_names().get(class as usize);
    name.cloned().unwrap_or_else(|| class.to_string())
}
