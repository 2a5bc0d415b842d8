//! The program `chainrule`: argument parsing and printing.

// println! and eprintln! panic where nothing can be written: see `print`.
#![warn(clippy::print_stdout, clippy::print_stderr)]

mod help;
mod signals;
mod print;
mod data;
mod explain_arguments;
#[cfg(feature = "explore")]
mod explore_arguments;
mod arguments;
mod run;
mod bench;
mod export;
mod new;
mod runs;
mod forecast;
mod train;
mod lint;
mod eval;
mod explain_run;
mod predict;
mod sweep;
mod explain;
#[cfg(feature = "explore")]
mod explore;
mod gradcheck;

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::Result;
use clap::Parser;

use arguments::{Arguments, Command};

/// The exit status of a call whose words are wrong.
const USAGE: u8 = 2;

/// The exit status of a program that Ctrl-C ended, as shells write it: 128 and the signal's number.
const INTERRUPTED: u8 = 130;

/// How a call ended that met no error.
enum End {
    Done,
    /// The work was done and its result is a failure, as that of a gradient check that does not pass.
    Failed,
    Interrupted,
}

impl End {
    fn of(passed: bool) -> Self {
        if passed { Self::Done } else { Self::Failed }
    }
}

/// An error in the call's words rather than in the work.
#[derive(Debug)]
pub struct Usage(pub String);

impl std::fmt::Display for Usage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

/// An error at a place in the call's words, with the lines that show it.
#[derive(Debug)]
pub struct Pointed {
    /// What is wrong.
    pub message: String,
    /// The lines.
    pub excerpt: String,
}

impl std::fmt::Display for Pointed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", self.message, self.excerpt)
    }
}

impl std::error::Error for Pointed {}

/// That Ctrl-C ended what has nothing to keep yet.
#[derive(Debug)]
pub struct Interrupted;

impl std::fmt::Display for Interrupted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("interrupted among the folds; nothing was saved")
    }
}

impl std::error::Error for Interrupted {}

/// Ends the program with an error's status where it would abort: the standard library does where there is no memory,
/// after a line that says so.
fn end_aborts() {
    const FAILED: i32 = 1;
    let abort = signal_hook::consts::SIGABRT;
    // Where it cannot be, an abort stays one.
    let _ = signal_hook::flag::register_conditional_shutdown(
        abort,
        FAILED,
        Arc::new(AtomicBool::new(true)),
    );
}

fn main() -> ExitCode {
    end_aborts();
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let status = if error.use_stderr() { USAGE } else { 0 };
            let _ = error.print();
            return ExitCode::from(status);
        }
    };
    match dispatch(&arguments.command) {
        Ok(End::Done) => ExitCode::SUCCESS,
        Ok(End::Failed) => ExitCode::FAILURE,
        Ok(End::Interrupted) => ExitCode::from(INTERRUPTED),
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            print::error(&error);
            match error.is::<Interrupted>() {
                true => ExitCode::from(INTERRUPTED),
                false => ExitCode::from(status_of(&error, &arguments.command)),
            }
        }
    }
}

fn dispatch(command: &Command) -> Result<End> {
    chainrule::plan::check_environment()?;
    signals::outlive_limits_of_files()?;
    let done = |()| End::Done;
    match command {
        Command::Train(options) => train::train(options),
        Command::New(options) => new::new(options).map(done),
        Command::Eval(options) => eval::eval(options).map(done),
        Command::Predict(options) => predict::predict(options).map(done),
        Command::Sweep(options) => sweep::sweep(options),
        Command::Runs(options) => runs::runs(options).map(done),
        Command::Export(options) => export::export(options).map(done),
        Command::Gradcheck(options) => gradcheck::gradcheck(options).map(End::of),
        Command::Explain(options) => explain::explain(options).map(done),
        #[cfg(feature = "explore")]
        Command::Explore(options) => explore::explore(options),
        Command::Bench(options) => bench::bench(options).map(done),
        Command::Lint(options) => lint::lint(options).map(End::of),
    }
}

/// Whether whoever read the output has gone away, as `head` does: no error of ours.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let io = error.chain().find_map(|cause| cause.downcast_ref::<std::io::Error>());
    io.is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}

/// 2 where the call's words are wrong, 1 where the work failed.
fn status_of(error: &anyhow::Error, command: &Command) -> u8 {
    // An explanation reads no file: whatever does not fit stands in the call's words.
    let words_alone = match command {
        Command::Explain(_) => true,
        #[cfg(feature = "explore")]
        Command::Explore(_) => true,
        _ => false,
    };
    let of_words = match error.downcast_ref() {
        Some(chainrule::Error::File { .. }) => false,
        Some(
            chainrule::Error::Expression { .. }
            | chainrule::Error::Setting { .. }
            | chainrule::Error::Unused { .. }
            | chainrule::Error::Unknown { .. },
        ) => true,
        Some(_) => words_alone,
        None => error.is::<Usage>() || error.is::<Pointed>(),
    };
    if of_words { USAGE } else { 1 }
}
