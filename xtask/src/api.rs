//! The explorer's API against its own description: schemathesis makes up requests of all kinds, right and
//! wrong, and holds the answers to what the description says of them.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};

use super::report::Report;
use super::{program, python, root, run_in};

/// What is held, of every answer: no 5xx, no status, kind or shape that is not described, no other method,
/// and nothing without the token.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_schema_conformance,unsupported_method,allow_header_conformance,ignored_auth";

/// Installs schemathesis below `target`, starts the program and has it asked.
pub fn check(report: &mut Report) -> Result<()> {
    let venv = root().join("target").join("venv-api");
    let requirements = root().join("xtask").join("api").join("requirements.txt");
    if let Err(error) = python::install(&venv, &requirements) {
        return report.skip("schemathesis", &format!("{error:#}"));
    }
    let explorer = Explorer::start(&[])?;
    let Explorer { origin, token, .. } = &explorer;
    let mut command = Command::new(venv.join("bin").join("schemathesis"));
    command.args(["run", &format!("{origin}/api/v1/openapi.json"), "--no-color"]);
    command.args(["-H", &format!("Authorization: Bearer {token}")]);
    command.args(["-H", &format!("Origin: {origin}")]);
    // That one has no end: the tests of the crate read it.
    command.args(["--exclude-path", "/api/v1/events"]);
    // The same requests each time; of an expression most words are no expressions, which it warns of.
    command.args(["--checks", CHECKS, "--seed", "1", "-n", "60", "--warnings", "off"]);
    command.args(["--request-timeout", "20", "--max-response-time", "20"]);
    // Where it keeps what it found.
    let folder = root().join("target").join("xtask-api");
    std::fs::create_dir_all(&folder)?;
    run_in(&mut command, &folder)
}

/// The program, serving until this is dropped.
pub struct Explorer {
    child: Child,
    origin: String,
    token: String,
}

impl Explorer {
    /// Starts it at any port.
    pub fn start(more: &[&Path]) -> Result<Self> {
        let mut command = Command::new(program()?);
        command.args(["explore", "--port", "0"]).args(more).stdout(Stdio::piped());
        let mut child = command.spawn().context("the explorer cannot be started")?;
        let mut line = String::new();
        if let Some(out) = child.stdout.as_mut() {
            BufReader::new(out).read_line(&mut line)?;
        }
        let Some((origin, token)) = line.trim_end().split_once("/#token=") else {
            let _ = child.kill();
            bail!("explore begins with `{line}`, which is no address with a token");
        };
        Ok(Self { origin: origin.to_owned(), token: token.to_owned(), child })
    }

    /// What a browser opens.
    pub fn address(&self) -> String {
        format!("{}/#token={}", self.origin, self.token)
    }
}

impl Drop for Explorer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
