//! `runs`: trained runs side by side.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use chainrule_train::curves;
use chainrule_train::runs::{Entry, entry, found, overlay, ranked, table, within};

use crate::arguments::Runs;
use crate::print;

pub fn runs(options: &Runs) -> Result<()> {
    let entries = match options.dirs.as_slice() {
        [] => all()?,
        dirs => named(dirs)?,
    };
    if let Some(path) = &options.curves {
        print::write_bytes(path, &drawn(&entries, path)?)?;
    }
    print_table(&entries, options.by.as_deref(), options.json)
}

/// The runs in these folders; a sweep's folder stands for its runs.
fn named(dirs: &[PathBuf]) -> Result<Vec<Entry>> {
    match dirs.iter().flat_map(|dir| within(dir)).collect::<Vec<_>>().as_slice() {
        [dir] => Ok(vec![scored(dir)?]),
        dirs => whole(dirs),
    }
}

/// The runs in `runs/`.
fn all() -> Result<Vec<Entry>> {
    match found(Path::new("runs")) {
        none if none.is_empty() => bail!(crate::Usage(
            "there are no runs here: name their folders, or train one with chainrule train".into()
        )),
        dirs => whole(&dirs),
    }
}

/// The runs in these folders without those that are damaged or have no scores, which are told.
fn whole(dirs: &[PathBuf]) -> Result<Vec<Entry>> {
    let read = |dir: &PathBuf| {
        let left_out = |error| print::notice(&format!("left out: {error}"));
        scored(dir).map_err(left_out).ok()
    };
    match dirs.iter().filter_map(read).collect() {
        none if Vec::is_empty(&none) => bail!("none of these runs can be compared"),
        entries => Ok(entries),
    }
}

/// The run in a folder, of which an epoch is over.
fn scored(dir: &Path) -> Result<Entry> {
    let entry = entry(dir)?;
    if entry.epochs.is_empty() {
        bail!("{}: none of its epochs is over, so it has no scores yet", dir.display());
    }
    Ok(entry)
}

/// Prints the runs, the best first.
pub fn print_table(entries: &[Entry], by: Option<&str>, as_json: bool) -> Result<()> {
    match as_json {
        true => print::json(&ranked(entries, by)?),
        false => print::text(&table(entries, by, print::table_columns())?),
    }
}

/// The curves of all runs in one picture, by the ending of its name.
fn drawn(entries: &[Entry], path: &Path) -> Result<Vec<u8>> {
    let charts = overlay(entries);
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("png") => Ok(curves::curves_png(&charts)?),
        Some("svg") => Ok(curves::curves_svg(&charts)?.into_bytes()),
        _ => bail!(crate::Usage(format!(
            "--curves {}: give a file that ends in .svg or .png",
            path.display()
        ))),
    }
}
