//! `explore`: the explorer's server, until Ctrl-C.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use chainrule_explorer::{Handle, Mistake, Network, Options, State, serve};
use chainrule_train::Which;
use chainrule_train::data::shipped;

use crate::data::known;
use crate::explain::{given_loss, recorded, values, written};
use crate::explore_arguments::Explore;
use crate::{End, Usage, print, signals};

pub fn explore(explore: &Explore) -> Result<End> {
    let subject = subject(explore)?;
    if subject.network.is_none() {
        subject.state.check().map_err(|mistake| match mistake {
            Mistake::Explained(error) | Mistake::Array(error) => {
                recorded(error, &subject.state.expression, explore.given.at.as_deref())
            }
            Mistake::Refused(message) => Usage(message).into(),
        })?;
    }
    let interrupted = signals::interruption()?;
    let server = start(explore, &subject)?;
    print::data(&(server.url() + "\n"))?;
    print::notice("Ctrl-C ends the explorer");
    if explore.open {
        open(&server.url());
    }
    while !interrupted.load(Ordering::Relaxed) {
        // A signal wakes no thread; nobody sees a twentieth of a second.
        std::thread::sleep(Duration::from_millis(50));
    }
    server.stop();
    Ok(End::Interrupted)
}

/// What is shown first.
struct Subject {
    state: State,
    /// The line that held it.
    line: Option<String>,
    network: Option<Arc<Network>>,
}

fn subject(explore: &Explore) -> Result<Subject> {
    let given = &explore.given;
    let (target, cross_entropy) = given_loss(given)?;
    let is_given = given.at.is_some() || given.target.is_some();
    if let Some(folder) = explore.subject.as_deref().map(Path::new).filter(|path| path.is_dir()) {
        if is_given || given.loss.is_some() {
            bail!(Usage("--at, --target and --loss are for an expression, and this is the folder of a run: leave them out".into()));
        }
        return of_run(explore, folder);
    }
    if explore.example.is_some() || explore.data.is_some() || explore.last {
        bail!(Usage("--example, --data and --last are for a run: give its folder".into()));
    }
    let (mut state, line) = match explore.subject.as_deref() {
        None if is_given => {
            bail!(Usage("--at and --target are for an expression: give one before them".into()))
        }
        None => (State::apple(), None),
        Some(line) if State::is_line(line) && is_given => {
            bail!(Usage("a line holds its values: leave --at and --target out".into()))
        }
        Some(line) if State::is_line(line) => {
            let state = State::from_line(line).map_err(|mistake| Usage(mistake.to_string()))?;
            (state, Some(line.trim().to_owned()))
        }
        Some(name) if Path::new(name).exists() || !is_given && shipped().any(|it| it == name) => {
            bail!(Usage(format!(
                "{name} is no expression, and explore opens the folders of runs, expressions and states so far: train on it first, and give the run's folder"
            )))
        }
        Some(path) if is_path(path) => {
            bail!(Usage(format!("there is no folder {path}")))
        }
        Some(expression) => {
            let at = values("--at", given.at.as_deref())?;
            let expression = written(expression)?;
            (State { expression, at, target, cross_entropy, ..State::default() }, None)
        }
    };
    state.unfold |= explore.unfold;
    state.lang = explore.lang.or(state.lang);
    Ok(Subject { state, line, network: None })
}

/// Whether a text can be no expression but a path: it begins as one, or in a folder that is there.
fn is_path(text: &str) -> bool {
    let parent = Path::new(text).parent().filter(|parent| *parent != Path::new(""));
    let is_there = parent.is_some_and(Path::is_dir);
    text.starts_with("./") || text.contains("../") || text.starts_with('/') || is_there
}

/// A run's network on one of its examples.
fn of_run(explore: &Explore, folder: &Path) -> Result<Subject> {
    let which = if explore.last { Which::Last } else { Which::Best };
    let data = explore.data.as_deref().map(known).transpose()?;
    let network = Network::open(folder, data.as_deref(), which)?;
    let (example, examples) = (explore.example.unwrap_or(0), network.about().examples);
    if example as usize >= examples {
        let last = examples.saturating_sub(1);
        bail!(Usage(format!(
            "--example is {example}, but the dataset has the examples 0 to {last}"
        )));
    }
    // What is wrong with its files is said here rather than on the page.
    network.explain(example, explore.lang.unwrap_or_default())?;
    let state = State {
        example: Some(example),
        unfold: explore.unfold,
        lang: explore.lang,
        ..State::default()
    };
    Ok(Subject { state, line: None, network: Some(Arc::new(network)) })
}

/// Starts the server, at the next port that is free.
fn start(explore: &Explore, subject: &Subject) -> Result<Handle> {
    /// Where so many ports in a row are taken, something else is wrong.
    const MOST_TRIED: u16 = 100;
    let Explore { host, port: wanted, allow_host, .. } = explore;
    if !host.is_loopback() {
        if allow_host.is_empty() {
            bail!(Usage(format!(
                "--host {host} lets other machines in: say with --allow-host by which name they call this one"
            )));
        }
        print::warnings([format!(
            "the explorer can be reached at {host} by every machine of this network that knows the token; what is sent is not encrypted"
        )]);
    }
    let last = if *wanted == 0 { 0 } else { wanted.saturating_add(MOST_TRIED) };
    for port in *wanted..=last {
        let options = Options {
            address: *host,
            port,
            names: allow_host.clone(),
            state: subject.state.clone(),
            line: subject.line.clone(),
            network: subject.network.clone(),
        };
        match serve(options) {
            Ok(server) => {
                if port != *wanted {
                    print::notice(&format!("port {wanted} is taken: this one is {port}"));
                }
                return Ok(server);
            }
            // Port 0 is any that is free.
            Err(error) if error.kind() == std::io::ErrorKind::AddrInUse && port > 0 => {}
            Err(error) => return Err(error).with_context(|| format!("{host}, port {port}")),
        }
    }
    bail!("the ports {wanted} to {last} are taken; give another with --port")
}

/// Has the system open an address. Where it cannot, the address is on the screen.
fn open(url: &str) {
    let opener = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let mut command = Command::new(opener);
    command.arg(url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let failed =
        |why: &str| print::notice(&format!("--open: {opener} {why}; open the address yourself"));
    match command.spawn() {
        Err(error) => failed(&format!("cannot be started ({error})")),
        // Some openers stay as long as the browser does.
        Ok(mut child) => drop(std::thread::spawn(move || match child.wait() {
            Ok(status) if !status.success() => {
                print::notice(&format!(
                    "--open: {opener} failed ({status}); open the address yourself"
                ));
            }
            _ => {}
        })),
    }
}
