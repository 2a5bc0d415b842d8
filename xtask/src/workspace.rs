//! The workspace's crates, as Cargo knows them.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::{cargo_program, root};

/// One crate of the workspace.
#[derive(Default)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// The root files of its library and its programs.
    pub roots: Vec<PathBuf>,
    /// Whether it has a library.
    pub library: bool,
    /// Its examples.
    pub examples: Vec<String>,
    /// What it depends on, for whatever purpose.
    pub dependencies: Vec<String>,
}

/// All crates, in the order of the `members` of the workspace's manifest.
pub fn packages() -> Result<Vec<Package>> {
    let mut command = Command::new(cargo_program());
    command.args(["metadata", "--no-deps", "--locked", "--format-version", "1"]);
    let output = command.current_dir(root()).output()?;
    if !output.status.success() {
        bail!("cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    }
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let packages = metadata["packages"].as_array().context("cargo metadata names no packages")?;
    let manifest = std::fs::read_to_string(root().join("Cargo.toml"))?;
    let members = members(&manifest)?;
    let find = |member: &String| {
        let path = root().join(member).join("Cargo.toml");
        let is_it =
            |package: &&Value| package["manifest_path"].as_str().is_some_and(|p| path == *p);
        let found = packages.iter().find(is_it);
        found.map(package).with_context(|| {
            format!("Cargo.toml: name each of the members by itself, not by a pattern ({member})")
        })
    };
    members.iter().map(find).collect()
}

/// The strings in `members = […]`.
fn members(manifest: &str) -> Result<Vec<String>> {
    let list = manifest.split("members = [").nth(1).and_then(|rest| rest.split(']').next());
    let list = list.context("Cargo.toml names no members")?;
    Ok(list.split('"').skip(1).step_by(2).map(str::to_owned).collect())
}

fn package(package: &Value) -> Package {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let targets = list(&package["targets"]);
    let of_kind = |wanted: &[&str]| -> Vec<&Value> {
        let is_it = |target: &&Value| {
            list(&target["kind"]).iter().any(|kind| wanted.contains(&kind.as_str().unwrap_or("")))
        };
        targets.iter().filter(is_it).collect()
    };
    Package {
        name: text(&package["name"]),
        roots: of_kind(&["lib", "rlib", "cdylib", "staticlib", "proc-macro", "bin"])
            .into_iter()
            .map(|target| PathBuf::from(text(&target["src_path"])))
            .collect(),
        library: !of_kind(&["lib"]).is_empty(),
        examples: of_kind(&["example"]).iter().map(|target| text(&target["name"])).collect(),
        dependencies: list(&package["dependencies"]).iter().map(|d| text(&d["name"])).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_read_in_their_order() {
        let manifest =
            "[workspace]\nmembers = [\n  \"crates/b\",\n  \"crates/a\",\n]\nresolver = \"3\"\n";
        assert_eq!(members(manifest).unwrap(), ["crates/b", "crates/a"]);
        assert!(members("[package]\n").is_err());
    }
}
