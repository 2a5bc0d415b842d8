//! Each crate and each module uses only what stands below it.
//!
//! The order stands where a reader meets it: the workspace's `members` name the crates from the bottom
//! up, and the `mod` lines of a folder's file (`lib.rs`, `main.rs`, `mod.rs`) the modules in it. Every
//! path that the code names is held against these lines; what is handed on by `pub use` is followed to
//! where it is at home. To the rest of the house a folder's file and what is in the folder are one: the
//! file may define what its parts share, and use them.

mod source;
mod house;

use anyhow::{Result, bail};

use house::Arrow;
pub use house::House;

use super::report::Report;
use super::root;
use super::workspace::{Package, packages};

/// Holds all crates against their order.
pub fn check(_: &mut Report) -> Result<()> {
    let packages = packages()?;
    let mut wrong = dependencies(&packages);
    let mut count = 0;
    for package in &packages {
        for file in &package.roots {
            let arrows = House::read(file)?.arrows();
            count += arrows.len();
            let upward = arrows.iter().filter(|arrow| arrow.upward);
            wrong.extend(upward.map(|arrow| told(&package.name, arrow)));
        }
    }
    if !wrong.is_empty() {
        bail!("\n{}", wrong.join("\n"));
    }
    println!("{count} uses of other modules point down");
    Ok(())
}

/// Where an arrow points up, and between which modules of a folder.
fn told(package: &str, arrow: &Arrow) -> String {
    let file = arrow.file.strip_prefix(root()).unwrap_or(&arrow.file).display();
    let folder = [&[package.to_owned()], &arrow.folder[..]].concat().join("::");
    let Arrow { from, to, line, .. } = arrow;
    format!("{file}:{line}: points up ({folder}: {from} -> {to}): the `mod` lines give the order")
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
    fn what_points_up_is_told_with_its_place() {
        let arrow = Arrow {
            folder: vec!["a".to_owned()],
            from: "b".to_owned(),
            to: "c".to_owned(),
            upward: true,
            file: root().join("src/a/b.rs"),
            line: 7,
        };
        let wanted = "src/a/b.rs:7: points up (x::a: b -> c): the `mod` lines give the order";
        assert_eq!(told("x", &arrow), wanted);
    }
}
