//! A crate's modules as a tree: whose name a path is, and which way it points.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};

use super::source::{Module, Use, code_lines, literals};

/// Names from the crate's root down: `["ops", "reduce"]`; the root itself is empty.
pub type Place = Vec<String>;

/// One crate.
pub struct House {
    rooms: BTreeMap<Place, Room>,
    /// How many lines of code its files hold.
    pub code_lines: usize,
    /// The literals of each file, as they are written.
    pub literals: BTreeMap<PathBuf, BTreeSet<String>>,
}

struct Room {
    file: PathBuf,
    module: Module,
}

/// One module of a folder uses another.
pub struct Arrow {
    /// The folder in which both stand.
    pub folder: Place,
    /// Who uses.
    pub from: String,
    /// Who is used.
    pub to: String,
    /// Whether the user stands below what it uses.
    pub upward: bool,
    /// Where it is written.
    pub file: PathBuf,
    /// In which line.
    pub line: usize,
}

impl House {
    /// Reads a crate whose root file this is.
    pub fn read(root: &Path) -> Result<Self> {
        let mut house = Self { rooms: BTreeMap::new(), code_lines: 0, literals: BTreeMap::new() };
        house.file(root, Vec::new(), root.parent().unwrap_or(root))?;
        Ok(house)
    }

    /// Reads the file of a module, and those of the modules in it, which lie in `folder`.
    fn file(&mut self, file: &Path, place: Place, folder: &Path) -> Result<()> {
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("{} cannot be read", file.display()))?;
        let tokens: proc_macro2::TokenStream =
            text.parse().map_err(|error| anyhow!("{} is not Rust: {error}", file.display()))?;
        self.code_lines += code_lines(tokens.clone());
        self.literals.insert(file.to_path_buf(), literals(tokens.clone()));
        self.module(Module::read(tokens), file, place, folder)
    }

    fn module(&mut self, module: Module, file: &Path, place: Place, folder: &Path) -> Result<()> {
        for (name, text) in &module.parts {
            let (inner, below) =
                ([&place[..], std::slice::from_ref(name)].concat(), folder.join(name));
            if let Some(text) = text {
                self.module(Module::read(text.clone()), file, inner, &below)?;
                continue;
            }
            let files = [folder.join(format!("{name}.rs")), below.join("mod.rs")];
            let Some(found) = files.iter().find(|file| file.exists()) else {
                bail!("{}: `mod {name}` has no file", file.display());
            };
            self.file(found, inner, &below)?;
        }
        self.rooms.insert(place, Room { file: file.to_path_buf(), module });
        Ok(())
    }

    /// Every use of one module by another that does not stand within it.
    pub fn arrows(&self) -> Vec<Arrow> {
        let mut arrows = Vec::new();
        for (place, room) in &self.rooms {
            for used in &room.module.uses {
                let Some(target) = self.target(place, used) else { continue };
                arrows.extend(self.arrow(place, &target, &room.file, used.line));
            }
        }
        arrows
    }

    /// The arrow in the folder where two places part. A folder and what is in it are one to others, and
    /// free to use each other.
    fn arrow(&self, from: &Place, to: &Place, file: &Path, line: usize) -> Option<Arrow> {
        let common = from.iter().zip(to).take_while(|(a, b)| a == b).count();
        let (user, used) = (from.get(common)?, to.get(common)?);
        let folder = from[..common].to_vec();
        let parts = &self.rooms[&folder].module.parts;
        let floor = |name: &String| parts.iter().position(|(part, _)| part == name);
        Some(Arrow {
            upward: floor(user) < floor(used),
            folder,
            from: user.clone(),
            to: used.clone(),
            file: file.to_path_buf(),
            line,
        })
    }

    /// The module that holds what a path means, unless that is another crate's.
    fn target(&self, place: &Place, used: &Use) -> Option<Place> {
        let mut found = self.whole(place, &used.path)?;
        // A name that was handed on is followed to where it is at home.
        for _ in 0..16 {
            match self.follow(&found) {
                Ok(home) => return Some(home),
                Err(next) => found = next,
            }
        }
        None
    }

    /// A path from the crate's root on.
    fn whole(&self, place: &Place, path: &[String]) -> Option<Place> {
        let mut start = place.clone();
        let mut rest = path;
        match rest.first()?.as_str() {
            "crate" => start.clear(),
            "self" | "super" => {}
            first if self.rooms.get(place)?.module.has(first) => {
                return Some([&place[..], path].concat());
            }
            _ => return None,
        }
        while let Some(first) = rest.first() {
            match first.as_str() {
                "crate" | "self" => {}
                "super" => drop(start.pop()?),
                _ => break,
            }
            rest = &rest[1..];
        }
        start.extend_from_slice(rest);
        Some(start)
    }

    /// The place of the module in which a path ends, or the path to look at instead.
    fn follow(&self, path: &Place) -> Result<Place, Place> {
        let mut place = Vec::new();
        for (depth, name) in path.iter().enumerate() {
            let Some(Room { module, .. }) = self.rooms.get(&place) else { break };
            if module.has(name) {
                place.push(name.clone());
                continue;
            }
            if module.defined.contains(name) {
                break;
            }
            let import = |alias: &str| {
                let mut imports =
                    module.uses.iter().filter(|used| used.alias.as_deref() == Some(alias));
                imports.find_map(|used| self.whole(&place, &used.path))
            };
            if let Some(home) = import(name) {
                return Err([home, path[depth + 1..].to_vec()].concat());
            }
            if let Some(home) = import("*") {
                return Err([home, path[depth..].to_vec()].concat());
            }
            break;
        }
        Ok(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_code_are_counted() {
        let folder = tempfile::tempdir().unwrap();
        let text = "//! A crate.\n\n/* long\ncomment */\nmod part;\n/// A function.\n#[inline]\nfn f(\n    \
                    a: u8, // why\n) {\n\n    g(\"a\nb\");\n}\n#[cfg(test)]\nmod tests {\n    fn t() {}\n}\n";
        std::fs::write(folder.path().join("lib.rs"), text).unwrap();
        std::fs::write(folder.path().join("part.rs"), "struct S;\n").unwrap();
        let house = House::read(&folder.path().join("lib.rs")).unwrap();
        // mod, inline, fn, a, ), g and its second line, } and the other file's.
        assert_eq!(house.code_lines, 8 + 1);
    }

    /// The arrows of a crate with these files, as `folder: from -> to line`, those upward with `!`.
    fn arrows(files: &[(&str, &str)]) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let house = House::read(&folder.path().join("lib.rs")).unwrap();
        let shown = house.arrows().into_iter().map(|arrow| {
            let Arrow { from, to, line, upward, .. } = &arrow;
            format!(
                "{}: {from} -> {to} {line}{}",
                arrow.folder.join("::"),
                if *upward { "!" } else { "" }
            )
        });
        shown.collect()
    }

    #[test]
    fn what_points_up_is_found_in_imports_paths_and_macros() {
        let found = arrows(&[
            ("lib.rs", "mod low;\nmod middle;\nmod high;\npub use high::Roof;\n"),
            (
                "low.rs",
                "//! crate::high in a comment\nuse crate::middle::{\n    M,\n    N as _,\n};\n\
                 const TEXT: &str = \"crate::high\";\nfn f() -> crate::high::H { g!(super::high::h()) }\n",
            ),
            (
                "middle.rs",
                "use crate::low::L;\npub(in crate::middle) struct M;\nuse super::Roof;\nfn f(_: crate::high::H) {}\n",
            ),
            ("high.rs", "macro_rules! m { () => { $crate::low::L } }\npub struct Roof;\n"),
        ]);
        assert_eq!(
            found,
            [
                ": high -> low 1",
                ": low -> middle 3!",
                ": low -> middle 4!",
                ": low -> high 7!",
                ": low -> high 7!",
                ": middle -> low 1",
                ": middle -> high 3!",
                ": middle -> high 4!",
            ]
        );
    }

    #[test]
    fn what_tests_use_does_not_count() {
        let test = "use crate::high::H;";
        let low = format!(
            "#[cfg(test)]\n{test}\n#[cfg(all(test, unix))]\nmod tests {{ {test} }}\n\
             #[test]\nfn f() {{ crate::high::h(); }}\n#[cfg(not(test))]\n{test}\n"
        );
        let found = arrows(&[("lib.rs", "mod low; mod high;"), ("low.rs", &low), ("high.rs", "")]);
        assert_eq!(found, [": low -> high 8!"]);
    }

    #[test]
    fn a_folder_and_its_parts_are_one() {
        let found = arrows(&[
            (
                "lib.rs",
                "mod plan;\nmod run { pub use self::fast::Go; mod fast { pub struct Go; } }",
            ),
            ("plan/mod.rs", "mod pass;\nmod unit;\npub use unit::Unit;\npub trait Part {}\n"),
            ("plan/pass.rs", "use super::{Part, Unit};\nuse crate::run::Go;\n"),
            ("plan/unit/mod.rs", "mod join;\nuse super::super::plan::pass::P;\n"),
            ("plan/unit/join.rs", "use crate::plan::pass::*;\n"),
        ]);
        assert_eq!(
            found,
            [
                "plan: pass -> unit 1!",
                ": plan -> run 2!",
                "plan: unit -> pass 2",
                "plan: unit -> pass 1",
            ]
        );
    }

    #[test]
    fn names_are_followed_home_through_everything() {
        let found = arrows(&[
            ("lib.rs", "mod a;\nmod b;\npub mod prelude { pub use crate::b::*; }\n"),
            ("a.rs", "use crate::prelude::B;\nfn f() { let _ = b::nothing(); }\n"),
            ("b.rs", "use std::fmt;\nuse super::a;\npub fn g(_: a::A) {}\n"),
        ]);
        assert_eq!(found, [": a -> b 1!", ": b -> a 2", ": prelude -> b 3"]);
    }
}
