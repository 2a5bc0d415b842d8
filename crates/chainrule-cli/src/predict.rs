//! `predict`.

use std::io::{BufReader, Write};
use std::path::Path;

use anyhow::{Result, bail};
use chainrule::nn::Answer;
use chainrule_train::Run;
use chainrule_train::data::{Preparation, is_dataset};
use serde_json::{Value, json};

use crate::arguments::{Predict, RowFormat};
use crate::print;
use crate::run::pool;

pub fn predict(options: &Predict) -> Result<()> {
    let run = Run::open(&options.dir)?;
    let pool = pool(options.threads)?;
    let oracle = run.oracle(options.of.which(), &pool)?;
    let format = match options.format {
        _ if options.json => Format::Json,
        RowFormat::Csv => Format::Csv,
        RowFormat::Jsonl => Format::Jsonl,
    };
    let mut writer = Writer::new(format, oracle.preparation())?;
    let mut add = |answers: &[Answer]| writer.add(answers);
    match options.input.as_str() {
        "-" => oracle.answer_rows(BufReader::new(std::io::stdin()), &mut add)?,
        path if !is_dataset(path) => bail!(crate::Usage(format!(
            "there is no file `{path}`: give a table, an image, a folder of images, or - for rows on standard input"
        ))),
        path => oracle.answer_file(path, &mut add)?,
    }
    writer.finish(options.output.as_deref())
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
