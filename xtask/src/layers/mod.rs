//! Each crate and each module uses only what stands below it.
//!
//! The order stands where a reader meets it: the workspace's `members` name the crates from the bottom
//! up, and the `mod` lines of a folder's file (`lib.rs`, `main.rs`, `mod.rs`) the modules in it. Every
//! path that the code names is held against these lines; what is handed on by `pub use` is followed to
//! where it is at home. To the rest of the house a folder's file and what is in the folder are one: the
//! file may define what its parts share, and use them.

mod source;
mod house;

use std::collections::BTreeMap;

use anyhow::{Result, bail};

pub use house::House;

use super::report::Report;
use super::root;
use super::workspace::{Package, packages};

/// Arrows that still point up, one a line: the list only shrinks.
const EXCEPTIONS: &str = include_str!("../../layers.txt");

/// Holds all crates against their order.
pub fn check(_: &mut Report) -> Result<()> {
    let packages = packages()?;
    let mut wrong = dependencies(&packages);
    let mut upward = BTreeMap::new();
    let mut count = 0;
    for package in &packages {
        for file in &package.roots {
            for arrow in House::read(file)?.arrows() {
                count += 1;
                if arrow.upward {
                    let folder = [vec![package.name.clone()], arrow.folder].concat().join("::");
                    let name = format!("{folder}: {} -> {}", arrow.from, arrow.to);
                    let file = arrow.file.strip_prefix(root()).unwrap_or(&arrow.file).display();
                    let place = format!("{file}:{}", arrow.line);
                    upward.entry(name).or_insert_with(Vec::new).push(place);
                }
            }
        }
    }
    wrong.extend(against(&upward, EXCEPTIONS));
    if !wrong.is_empty() {
        bail!("\n{}", wrong.join("\n"));
    }
    println!("{count} uses of other modules point down, but for {} exceptions", upward.len());
    Ok(())
}

/// Crates that depend on what is named after them.
fn dependencies(packages: &[Package]) -> Vec<String> {
    let mut wrong = Vec::new();
    for (floor, package) in packages.iter().enumerate() {
        for above in &packages[floor..] {
            if package.dependencies.contains(&above.name) {
                wrong.push(format!(
                    "Cargo.toml: {} depends on {}, which the workspace's members name above it",
                    package.name, above.name
                ));
            }
        }
    }
    wrong
}

/// Arrows that point up and are no exceptions, and exceptions that are none any more.
fn against(upward: &BTreeMap<String, Vec<String>>, exceptions: &str) -> Vec<String> {
    let exceptions: Vec<&str> = exceptions.lines().filter(|line| !line.is_empty()).collect();
    let mut wrong = Vec::new();
    for (name, places) in upward {
        if !exceptions.contains(&name.as_str()) {
            for place in places {
                wrong.push(format!("{place}: points up ({name}): the `mod` lines give the order"));
            }
        }
    }
    for exception in exceptions {
        if !upward.contains_key(exception) {
            wrong.push(format!("xtask/layers.txt: take out `{exception}`, which is mended"));
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, dependencies: &[&str]) -> Package {
        Package {
            name: name.to_owned(),
            dependencies: dependencies.iter().map(ToString::to_string).collect(),
            ..Package::default()
        }
    }

    #[test]
    fn a_crate_depends_on_those_before_it() {
        let (engine, train) = (package("engine", &["serde"]), package("train", &["engine"]));
        assert!(dependencies(&[package("engine", &[]), package("train", &["engine"])]).is_empty());
        let wrong = dependencies(&[train, engine]);
        assert_eq!(
            wrong,
            ["Cargo.toml: train depends on engine, which the workspace's members name above it"]
        );
    }

    #[test]
    fn exceptions_are_needed_and_enough() {
        let mut upward = BTreeMap::new();
        upward.insert("a: b -> c".to_owned(), vec!["src/b.rs:7".to_owned()]);
        assert!(against(&upward, "a: b -> c\n").is_empty());
        assert_eq!(
            against(&upward, "a: c -> b\n"),
            [
                "src/b.rs:7: points up (a: b -> c): the `mod` lines give the order",
                "xtask/layers.txt: take out `a: c -> b`, which is mended",
            ]
        );
    }
}
