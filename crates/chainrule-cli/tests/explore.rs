//! `explore` as a program: its first line, what it serves, how it ends, and what it refuses.

#![cfg(feature = "explore")]

mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use common::fails;
use serde_json::Value;

/// A program that serves, and where.
struct Explorer {
    child: Child,
    host: String,
    token: String,
}

impl Explorer {
    fn start(arguments: &[&str]) -> Self {
        Self::with(Command::new(env!("CARGO_BIN_EXE_chainrule")).args(arguments))
    }

    fn with(command: &mut Command) -> Self {
        let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let url = line.strip_prefix("http://").unwrap_or_else(|| panic!("{line}"));
        let (host, token) = url.trim_end().split_once("/#token=").unwrap();
        Self { host: host.to_owned(), token: token.to_owned(), child }
    }

    fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.host).unwrap();
        let (host, token) = (&self.host, &self.token);
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        answer.split_once("\r\n\r\n").unwrap().1.to_owned()
    }

    fn post(&self, path: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(&self.host).unwrap();
        let (host, token, length) = (&self.host, &self.token, body.len());
        write!(
            stream,
            "POST {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nSec-Fetch-Site: same-origin\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split_once("\r\n\r\n").unwrap().1.to_owned()
    }

    fn state(&self) -> Value {
        serde_json::from_str(&self.get("/api/v1/start")).unwrap()
    }

    /// Ends it by a signal; its status, and what it said.
    fn end(mut self, name: &str) -> (Option<i32>, String) {
        let kill = format!("kill -{name} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
        let mut said = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        (self.child.wait().unwrap().code(), said)
    }
}

impl Drop for Explorer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_first_line_is_the_address_and_ctrl_c_ends_it() {
    let explorer = Explorer::start(&["explore", "--port", "0"]);
    assert!(explorer.host.starts_with("127.0.0.1:"), "{}", explorer.host);
    assert!(explorer.get("/").contains("<div id=\"app\">"));
    let start = explorer.state();
    assert_eq!(start["state"]["e"], "x * m * t");
    assert_eq!(start["state"]["target"], 219.0);
    let (status, said) = explorer.end("INT");
    assert_eq!(status, Some(130), "{said}");
    assert!(said.contains("Ctrl-C"), "{said}");
}

#[test]
fn an_expression_or_a_line_is_what_is_shown() {
    let words = ["explore", "relu(w*x)", "--at", "x=2,w=-1", "--target", "1", "--lang", "ko"];
    let explorer = Explorer::start(&[&words[..], &["--unfold", "--port", "0"]].concat());
    let start = explorer.state();
    assert_eq!(start["state"]["e"], "relu(w*x)");
    assert_eq!(start["state"]["at"]["w"], -1.0);
    assert_eq!((&start["state"]["lang"], &start["state"]["unfold"]), (&"ko".into(), &true.into()));

    let state = chainrule_explorer::State { step: Some(2), ..chainrule_explorer::State::apple() };
    let line = state.line().unwrap();
    let explorer = Explorer::start(&["explore", &line, "--port", "0"]);
    let start = explorer.state();
    assert_eq!((&start["line"], &start["state"]["step"]), (&line.into(), &2.into()));
    let (status, _) = explorer.end("TERM");
    assert_eq!(status, Some(130));
}

#[test]
fn a_taken_port_is_passed_over_and_said() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let explorer = Explorer::start(&["explore", "--port", &port.to_string()]);
    let own = explorer.host.rsplit_once(':').unwrap().1.to_owned();
    assert_ne!(own, port.to_string());
    let (_, said) = explorer.end("INT");
    assert!(said.contains(&format!("port {port} is taken: this one is {own}")), "{said}");
}

#[test]
fn other_machines_come_in_only_by_a_name_that_was_allowed() {
    fails(&["explore", "--host", "0.0.0.0"], 2, &["--allow-host"]);
    fails(&["explore", "--allow-host", "http://pi:80"], 2, &["without http:// and port"]);
    fails(&["explore", "--host", "no such machine"], 2, &["an address of this machine"]);
    let words = ["explore", "--host", "0.0.0.0", "--allow-host", "localhost", "--port", "0"];
    let explorer = Explorer::start(&words);
    assert!(explorer.host.starts_with("localhost:"), "{}", explorer.host);
    assert!(explorer.get("/").contains("app.js"));
    let (_, said) = explorer.end("INT");
    assert!(said.contains("warning:") && said.contains("not encrypted"), "{said}");
}

#[test]
fn a_browser_that_cannot_be_opened_is_said() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chainrule"));
    let explorer =
        Explorer::with(command.args(["explore", "--open", "--port", "0"]).env("PATH", ""));
    assert!(explorer.get("/").contains("app.js"));
    let (status, said) = explorer.end("INT");
    assert_eq!(status, Some(130));
    assert!(said.contains("open the address yourself"), "{said}");
}

#[test]
fn a_run_is_shown_on_its_examples() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    let run = common::text(&run);
    let train = ["train", "iris", "--epochs", "2", "--seed", "1", "--quiet", "--out", run];
    assert!(Command::new(env!("CARGO_BIN_EXE_chainrule")).args(train).status().unwrap().success());
    fails(&["explore", run, "--example", "150"], 2, &["has the examples 0 to 29"]);
    let explorer = Explorer::start(&["explore", run, "--example", "3", "--port", "0"]);
    let start = explorer.state();
    assert_eq!(
        (&start["state"]["example"], &start["network"]["examples"]),
        (&3.into(), &30.into())
    );
    assert_eq!(
        (&start["network"]["part"], &start["network"]["run"]),
        (&"test".into(), &run.into())
    );
    let answer = explorer.post("/api/v1/example", r#"{"example": 3, "open": ["affine1"]}"#);
    let answer: Value = serde_json::from_str(&answer).unwrap();
    let blocks = answer["screen"]["drawing"]["blocks"].as_array().unwrap();
    let symbols: Vec<&str> = blocks.iter().map(|block| block["symbol"].as_str().unwrap()).collect();
    assert!(symbols.contains(&"@") && symbols.contains(&"affine2"), "{symbols:?}");
    let close = answer["screen"]["root"]["value"].as_f64().unwrap()
        - answer["told"]["loss"].as_f64().unwrap();
    assert!(close.abs() < 1e-9, "{close}");
    assert!(explorer.post("/api/v1/example", r#"{"example": 30}"#).contains("those from 0 to 29"));
}

#[test]
fn what_cannot_be_shown_is_refused_as_explain_refuses_it() {
    fails(&["explore", "x * (", "--at", "x=1"], 2, &["expected a number", "^"]);
    fails(&["explore", "x * y", "--at", "x=1"], 2, &["y"]);
    fails(&["explore", "x", "--at", "x=1,z=2"], 2, &["--at", "does not occur", "^"]);
    fails(&["explore", "x", "--at", "x=[1,2]"], 2, &["only a scalar has gradients"]);
    fails(&["explore", "--at", "x=1"], 2, &["give one before them"]);
    fails(&["explore", "c1.AAAA"], 2, &["copy all of it"]);
    fails(&["explore", "c1.AAAA", "--at", "x=1"], 2, &["a line holds its values"]);
    fails(&["explore", &format!("x{}", "+x".repeat(6000)), "--at", "x=1"], 2, &["10000"]);
    fails(&["explore", "mnist"], 2, &["mnist is no expression"]);
    let folder = tempfile::tempdir().unwrap();
    fails(&["explore", common::text(folder.path())], 1, &["not a run's folder"]);
    fails(&["explore", "c2.AAAA"], 2, &["a line begins with `c1.`"]);
    fails(&["explore", "../nodir"], 2, &["there is no folder ../nodir"]);
    fails(&["explore", "x", "--at", "x=1", "--example", "3"], 2, &["--example"]);
    fails(&["explore", "--last"], 2, &["are for a run"]);
}
