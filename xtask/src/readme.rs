//! What the READMEs show is what happens, and the help fits a narrow terminal.
//!
//! Every command in a block that is marked as `console` (behind `$ `, with what it prints) or `sh` (one
//! a line), and every call of `chainrule` in the text that names no argument in capitals, is run, in
//! order, in an empty folder, with the built program in place of `cargo run --release --`. It must
//! succeed, and print what is shown below it, if anything is. There `…` stands for any text, alone on a
//! line for any lines, and a time may be another one. Programs in Rust are compiled and run.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::report::Report;
use super::workspace::{Package, packages};
use super::{cargo, output_of, program, root, run};

/// The files that are read, each in a folder of its own.
const READMES: [&str; 2] = ["README.md", "README.ko.md"];

/// What runs this check.
const OURSELVES: &str = "cargo xtask test";

/// Runs the commands of the READMEs.
pub fn check(_: &mut Report) -> Result<()> {
    let program = program()?;
    let packages = packages()?;
    programs(&packages)?;
    for name in READMES {
        let text = std::fs::read_to_string(root().join(name))?;
        missing_examples(&text, &packages).with_context(|| name.to_owned())?;
        let folder = root().join("target").join("xtask-readme").join(name);
        if folder.exists() {
            std::fs::remove_dir_all(&folder)?;
        }
        std::fs::create_dir_all(&folder)?;
        let examples = examples(&text);
        if examples.is_empty() {
            bail!("{name} shows no command");
        }
        for example in examples {
            println!("$ {}", example.command);
            if !example.command.starts_with(OURSELVES) {
                example
                    .run(&program, &folder)
                    .with_context(|| format!("{name}:{}", example.line))?;
            }
        }
    }
    Ok(())
}

/// Runs the Rust programs of the READMEs, as `cargo test --doc` runs those of the documentation.
fn programs(packages: &[Package]) -> Result<()> {
    cargo(&["build", "--workspace", "--lib", "--locked", "--quiet"], &[])?;
    let folder = root().join("target").join("debug");
    let mut dependencies = OsString::from("dependency=");
    dependencies.push(folder.join("deps"));
    for name in READMES {
        let mut command = Command::new("rustdoc");
        command.args(["--test", "--edition", "2024", name, "-L"]).arg(&dependencies);
        for package in packages.iter().filter(|package| package.library) {
            let crate_name = package.name.replace('-', "_");
            let mut library = OsString::from(format!("{crate_name}="));
            library.push(folder.join(format!("lib{crate_name}.rlib")));
            command.arg("--extern").arg(library);
        }
        run(&mut command)?;
    }
    Ok(())
}

/// Holds the examples that a text names (`-p CRATE --example NAME`) against those that there are: the
/// part `examples` runs them.
fn missing_examples(text: &str, packages: &[Package]) -> Result<()> {
    for call in text.split("-p ").skip(1) {
        let words: Vec<&str> = call.split([' ', '`', '\n']).take(3).collect();
        let [package, "--example", example] = words[..] else { continue };
        let of_it = packages.iter().filter(|found| found.name == package);
        if !of_it.flat_map(|found| &found.examples).any(|found| found == example) {
            bail!("there is no example {example} of {package}");
        }
    }
    Ok(())
}

/// Has every page of the help fit 60 columns.
pub fn help(_: &mut Report) -> Result<()> {
    const COLUMNS: usize = 60;
    let program = program()?;
    let page = |words: &[&str]| {
        output_of(Command::new(&program).args(words).env("COLUMNS", COLUMNS.to_string()))
    };
    let whole = page(&["--help"])?;
    let commands = whole.lines().skip_while(|line| *line != "Commands:").skip(1);
    let commands: Vec<&str> = commands
        .take_while(|line| !line.is_empty())
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|command| *command != "help")
        .collect();
    if commands.is_empty() {
        bail!("chainrule --help names no commands");
    }
    let mut wide = Vec::new();
    for words in std::iter::once(vec!["--help"]).chain(commands.iter().map(|c| vec![*c, "--help"]))
    {
        let text = page(&words)?;
        let found = text.lines().filter(|line| line.chars().count() > COLUMNS);
        wide.extend(found.map(|line| format!("chainrule {}: {line}", words.join(" "))));
    }
    if !wide.is_empty() {
        bail!("wider than {COLUMNS} columns:\n{}", wide.join("\n"));
    }
    println!("the help of {} commands fits {COLUMNS} columns", commands.len());
    Ok(())
}

/// What `timeout` answers when it has ended a command.
const ENDED: i32 = 124;

/// A command that a text shows.
#[derive(Debug, PartialEq)]
struct Example {
    line: usize,
    command: String,
    /// What it is shown to print; nothing where that is left out.
    shown: Vec<String>,
}

/// All commands of a text, in order.
fn examples(text: &str) -> Vec<Example> {
    let mut examples: Vec<Example> = Vec::new();
    let mut block = "";
    for (number, line) in text.lines().enumerate() {
        if let Some(mark) = line.strip_prefix("```") {
            block = if block.is_empty() { mark } else { "" };
            continue;
        }
        let commands: Vec<&str> = match block {
            "console" => line.strip_prefix("$ ").into_iter().collect(),
            "sh" => vec![line],
            "" => line.split('`').skip(1).step_by(2).filter(|code| is_whole_call(code)).collect(),
            _ => continue,
        };
        if let (true, "console", Some(last)) = (commands.is_empty(), block, examples.last_mut()) {
            last.shown.push(line.to_owned());
        }
        for command in commands {
            let command = command.replace("cargo run --release -- ", "chainrule ");
            examples.push(Example { line: number + 1, command, shown: Vec::new() });
        }
    }
    for example in &mut examples {
        while example.shown.last().is_some_and(String::is_empty) {
            example.shown.pop();
        }
    }
    examples
}

/// Whether this calls the program, with nothing to put in its place first.
fn is_whole_call(code: &str) -> bool {
    let to_replace = |word: &str| word.len() > 1 && word.chars().all(char::is_uppercase);
    let mut words = code.split([' ', '|', '.']);
    code.starts_with("chainrule ") && !code.contains('…') && !words.any(to_replace)
}

impl Example {
    /// Runs it in a folder, and compares what it prints.
    fn run(&self, program: &Path, folder: &Path) -> Result<()> {
        let mut path = OsString::from(program.parent().context("no folder")?);
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap_or_default());
        // A server runs until somebody ends it.
        let serves = self.command.contains(" explore");
        let ended = if serves { "timeout --signal=INT 10 " } else { "" };
        let output = Command::new("sh")
            .args(["-c", &format!("exec 2>&1\n{ended}{}", self.command)])
            .current_dir(folder)
            .env("PATH", path)
            .env_remove("COLUMNS")
            .output()?;
        let printed = String::from_utf8_lossy(&output.stdout);
        let is_ended = serves && output.status.code() == Some(ENDED);
        if !output.status.success() && !is_ended {
            bail!("`{}` failed ({})\n{printed}", self.command, output.status);
        }
        let printed: Vec<&str> = printed.trim_end().lines().collect();
        if !self.shown.is_empty() && !lines_match(&self.shown, &printed) {
            let missed = first_missed(&self.shown, &printed);
            bail!("`{}` prints\n{}\n\nbut not {missed}", self.command, printed.join("\n"));
        }
        Ok(())
    }
}

/// Whether lines are as shown, where `…` alone stands for any lines.
fn lines_match(shown: &[String], printed: &[&str]) -> bool {
    match shown.split_first() {
        None => printed.is_empty(),
        Some((first, rest)) if first == "…" => {
            (0..=printed.len()).any(|skipped| lines_match(rest, &printed[skipped..]))
        }
        Some((first, rest)) => printed.split_first().is_some_and(|(line, others)| {
            line_matches(&without_times(first), &without_times(line)) && lines_match(rest, others)
        }),
    }
}

/// What is shown and does not come, in words.
fn first_missed(shown: &[String], printed: &[&str]) -> String {
    let comes = |count: &usize| {
        let begun = [&shown[..*count], &["…".to_owned()]].concat();
        lines_match(&begun, printed)
    };
    let matched = (0..=shown.len()).rev().find(comes).unwrap_or_default();
    match shown.get(matched) {
        Some(line) => format!("what is shown as `{line}`"),
        None => "the end that is shown: add `…` if more may follow".to_owned(),
    }
}

/// Whether a line is as shown, where `…` stands for any text.
fn line_matches(shown: &str, printed: &str) -> bool {
    let Some((start, rest)) = shown.split_once('…') else { return shown == printed };
    let Some(printed) = printed.strip_prefix(start) else { return false };
    let mut ends = printed.char_indices().map(|(at, _)| at).chain([printed.len()]);
    ends.any(|at| line_matches(rest, &printed[at..]))
}

/// A line with every time ("0.07 s", "70 ms") as the same word, and single spaces.
fn without_times(line: &str) -> String {
    let mut words: Vec<&str> = line.split(' ').collect();
    for at in 1..words.len() {
        let unit = words[at].trim_end_matches(|sign: char| sign.is_ascii_punctuation());
        if matches!(unit, "s" | "ms" | "µs") && words[at - 1].parse::<f64>().is_ok() {
            // A slower machine takes seconds where another takes milliseconds.
            (words[at - 1], words[at]) = ("<time>", &words[at][unit.len()..]);
        }
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_found_with_what_they_print() {
        let text = "# t\n```sh\ncargo run --release -- a  # why\nb\n```\n$ not this\n```rust\n$ nor this\n\
                    ```\n`chainrule A.toml|DIR`, `chainrule x --n 3`, `chainrule y …`\n```console\n$ echo x | cargo run --release -- c -\nx\n\ny\n\n$ d\n```\n";
        let example = |line, command: &str, shown: &[&str]| Example {
            line,
            command: command.to_owned(),
            shown: shown.iter().map(ToString::to_string).collect(),
        };
        assert_eq!(
            examples(text),
            [
                example(3, "chainrule a  # why", &[]),
                example(4, "b", &[]),
                example(10, "chainrule x --n 3", &[]),
                example(12, "echo x | chainrule c -", &["x", "", "y"]),
                example(17, "d", &[]),
            ]
        );
    }

    #[test]
    fn examples_that_are_named_exist() {
        let packages = [Package {
            name: "engine".to_owned(),
            examples: vec!["apple".to_owned()],
            ..Package::default()
        }];
        let missing = |text| missing_examples(text, &packages).map_err(|error| error.to_string());
        assert_eq!(missing("`cargo run -p engine --example apple`. `cargo doc -p engine`"), Ok(()));
        let wrong = missing("`cargo run -p engine --example pear`").unwrap_err();
        assert_eq!(wrong, "there is no example pear of engine");
        assert!(missing("`cargo run -p train --example apple`").is_err());
    }

    fn matches(shown: &str, printed: &str) -> bool {
        let shown: Vec<String> = shown.lines().map(str::to_owned).collect();
        lines_match(&shown, &printed.lines().collect::<Vec<_>>())
    }

    #[test]
    fn an_ellipsis_stands_for_anything_and_nothing_else_does() {
        assert!(matches("a\n…\nd", "a\nb\nc\nd"));
        assert!(matches("…\na\n…", "a"));
        assert!(matches("loss … of …", "loss 0.1 of 3 of 4"));
        assert!(!matches("a\n…\nd", "a\nb"));
        assert!(!matches("a", "a\nb"));
        assert!(!matches("a\nb", "a"));
        assert!(!matches("loss 0.1", "loss 0.2"));
        assert!(!matches("  a", "a"));
    }

    #[test]
    fn times_differ_and_other_numbers_do_not() {
        assert!(matches("400 steps in 0.07 s", "400 steps in 1 s"));
        assert!(matches("median 12 ms, min 3 µs", "median 1 ms, min 4.5 µs"));
        assert!(matches("12 ms, then", "1.2 s, then"));
        assert!(!matches("12 ms, then", "1.2 s. then"));
        assert!(!matches("4 steps", "5 steps"));
    }

    #[test]
    fn an_example_fails_by_its_status_or_by_what_it_prints() {
        let folder = tempfile::tempdir().unwrap();
        let run = |command: &str, shown: &str| {
            let shown = shown.lines().map(str::to_owned).collect();
            let example = Example { line: 1, command: command.to_owned(), shown };
            example.run(&folder.path().join("program"), folder.path()).map_err(|e| e.to_string())
        };
        assert_eq!(run("echo a; echo b >&2 # c", "a\nb"), Ok(()));
        assert_eq!(run("echo a", ""), Ok(()));
        let wrong = |printed: &str, shown| run(printed, shown).unwrap_err();
        assert!(
            wrong("echo a; echo c", "a\nb\nc")
                .contains("prints\na\nc\n\nbut not what is shown as `b`")
        );
        assert!(wrong("echo a; echo b", "a").contains("add `…`"));
        assert!(run("echo a; exit 3", "a").unwrap_err().contains("failed (exit status: 3)"));
    }
}
