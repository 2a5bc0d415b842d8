//! The page of the explorer: its bundle is what its sources build, and people can use it in Chromium.
//! Screenshots stay in `target/xtask-explorer`.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use super::api::Explorer;
use super::report::Report;
use super::{installed, page, program, root, run_in};

/// The files that the program carries.
const BUNDLE: [&str; 2] = ["app.js", "app.css"];

/// Checks the types of the sources, and builds them anew.
pub fn bundle(report: &mut Report) -> Result<()> {
    let web = root().join("web");
    if let Err(why) = install(&web) {
        return report.skip("the page's bundle", &format!("{why:#}"));
    }
    run_in(Command::new("npm").args(["run", "--silent", "check"]), &web)?;
    let built = root().join("target").join("xtask-web");
    run_in(Command::new("node").arg("build.mjs").arg(&built), &web)?;
    let kept = root().join("crates/chainrule-explain/src/html/bundle");
    for name in BUNDLE {
        if std::fs::read(built.join(name))? != std::fs::read(kept.join(name))? {
            bail!("{} is not what web/ builds: `npm run build` there", kept.join(name).display());
        }
    }
    Ok(())
}

/// Starts the program, and has its page used.
pub fn explorer(report: &mut Report) -> Result<()> {
    let Some(chromium) = page::chromium() else {
        return report.skip("the explorer in Chromium", "`chromium` is not installed");
    };
    let tests = root().join("web").join("test");
    if let Err(why) = install(&tests) {
        return report.skip("the explorer in Chromium", &format!("{why:#}"));
    }
    let folder = root().join("target").join("xtask-explorer");
    std::fs::create_dir_all(&folder)?;
    let mut train = Command::new(program()?);
    train.args([
        "train", "iris", "--epochs", "20", "--seed", "1", "--force", "--quiet", "--out", "run",
    ]);
    run_in(&mut train, &folder)?;
    let (apple, run) = (Explorer::start(&[])?, Explorer::start(&[&folder.join("run")])?);
    let mut uses = Command::new("node");
    uses.args(["explorer.mjs", chromium, &apple.address()]).arg(&folder).arg(run.address());
    let told = folder.join("not-compared.txt");
    if told.exists() {
        std::fs::remove_file(&told)?;
    }
    run_in(&mut uses, &tests)?;
    if told.exists() {
        report.unreachable("the explorer's pictures", std::fs::read_to_string(told)?.trim());
    }
    Ok(())
}

/// Installs what a folder's lock file names.
fn install(folder: &Path) -> Result<()> {
    if !installed("node", "--version") || !installed("npm", "--version") {
        bail!("`node` and `npm` are not installed");
    }
    run_in(Command::new("npm").args(["ci", "--silent", "--no-audit", "--no-fund"]), folder)
}
