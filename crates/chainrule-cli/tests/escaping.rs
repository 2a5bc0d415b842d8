//! Names and cells of files that would steer a terminal, or break a picture, on every way out of the program.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{chainrule, text};
use tempfile::{TempDir, tempdir};

/// Names of columns: of numbers, of categories, and the target.
const COLUMNS: [&str; 9] = [
    "a\u{1b}[31m",
    "b\"&<>]]>",
    "c\nnewline",
    "d\ttab",
    "e\u{1}soh",
    "f\u{fffe}\u{ffff}",
    "g\u{202e}bidi\u{9b}31m\u{7f}",
    "h\u{2028}category",
    "y\u{1b}]0;title\u{7}",
];
const CATEGORIES: [&str; 3] = ["\u{1b}[2J", "x<y>&", "\u{202e}\t"];
const CLASSES: [&str; 3] =
    ["\u{1b}[31mred", "]]><script>&\"'", "\u{202e}abc\nline\u{1}\u{fffe}\u{85}"];

/// What no output has, and what XML has not.
fn steers(letter: char) -> bool {
    matches!(letter, '\0'..'\t' | '\u{b}'..' ' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}')
        || matches!(letter, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn table() -> (TempDir, PathBuf) {
    let folder = tempdir().unwrap();
    let path = folder.path().join("t.csv");
    let quoted = |cell: &&str| format!("\"{}\"", cell.replace('"', "\"\""));
    let mut rows = COLUMNS.iter().map(quoted).collect::<Vec<_>>().join(",") + "\n";
    for i in 0..90_usize {
        (0..7).for_each(|j| rows += &format!("{},", (i * (j * 10 + 7)) % 23 + i % 3));
        rows += &format!("{},{}\n", quoted(&CATEGORIES[i * 7 % 3]), quoted(&CLASSES[i % 3]));
    }
    fs::write(&path, rows).unwrap();
    (folder, path)
}

/// What a call prints, on both streams; none of it steers.
fn told(call: &[&str]) -> String {
    let output = chainrule(call);
    let told = [output.stdout, output.stderr].concat();
    let told = String::from_utf8(told).unwrap();
    assert!(!told.contains("panicked"), "{call:?}: {told}");
    assert!(!told.contains(steers), "{call:?}: {told:?}");
    told
}

/// Files of a folder that people or other programs look at.
fn looked_at(folder: &Path) -> impl Iterator<Item = (PathBuf, String)> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let is_text = |path: &PathBuf| {
        let extension = path.extension().and_then(|extension| extension.to_str());
        matches!(extension, Some("svg" | "md" | "toml"))
    };
    files.filter(is_text).map(|path| (path.clone(), fs::read_to_string(path).unwrap()))
}

#[test]
fn no_name_of_a_file_steers_a_terminal_or_breaks_a_picture() {
    let (folder, data) = table();
    let (run, other) = (folder.path().join("run"), folder.path().join("r\u{1b}[32m<&>\n"));
    let (dir, target) = (text(&run), COLUMNS[8]);
    let train = ["train", text(&data), "--target", target, "--epochs", "2", "--gradient-flow"];
    told(&[&train[..], &["--out", dir, "--show-plan"]].concat());
    told(&[&train[..], &["--out", text(&other)]].concat());
    let picture = |name: &str| text(&folder.path().join(name)).to_owned();
    let svg = ["--format", "svg", "-o"];
    let columns = [COLUMNS[0], COLUMNS[2], COLUMNS[5], COLUMNS[7]];
    for (at, column) in columns.into_iter().enumerate() {
        let effect = ["explain", dir, "--effect", column];
        let shown = told(&effect);
        assert!(shown.lines().count() > 3, "{shown}");
        told(&[&effect[..], &svg, &[picture(&format!("effect-{at}.svg")).as_str()]].concat());
    }
    told(&["eval", dir]);
    for (at, ask) in
        [&["--importance"][..], &["--gradient-flow"], &["--example", "0"]].iter().enumerate()
    {
        let call = [&["explain", dir], *ask].concat();
        told(&call);
        told(&[&call[..], &svg, &[picture(&format!("explain-{at}.svg")).as_str()]].concat());
    }
    told(&["explain", dir, "--step", "2"]);
    told(&["explain", dir, "--effect", "none"]);
    told(&["lint", dir]);
    told(&["lint", text(&data)]);
    told(&["train", text(&data), "--target", "none"]);
    told(&["gradcheck", text(&data), "--elements", "1"]);
    told(&["runs", dir, text(&other)]);
    told(&["runs", dir, text(&other), "--curves", picture("curves.svg").as_str()]);
    let sweep = ["sweep", text(&data), "--target", target, "--epochs", "1", "--grid", "lr=0.1,1"];
    told(&[&sweep[..], &["--out", picture("sweep").as_str()]].concat());
    told(&["new", text(&data), "-o", picture("new.toml").as_str()]);

    let mut pictures = 0;
    for (path, text) in looked_at(folder.path()).chain(looked_at(&run)).chain(looked_at(&other)) {
        assert!(!text.contains(steers), "{}: {text:?}", path.display());
        if path.extension().is_some_and(|extension| extension == "svg") {
            let read = roxmltree::Document::parse(&text);
            assert!(read.is_ok(), "{}: {read:?}", path.display());
            pictures += 1;
        }
    }
    assert!(pictures >= 4 + 3 + 1 + 4, "{pictures}");
    let drawn = fs::read_to_string(run.join("confusion.svg")).unwrap();
    assert!(drawn.contains(r"\u{1b}[31mred") && drawn.contains("]]&gt;&lt;script"), "{drawn}");
}

#[test]
fn predictions_are_data_and_keep_every_letter() {
    let (folder, data) = table();
    let run = folder.path().join("run");
    told(&["train", text(&data), "--target", COLUMNS[8], "--epochs", "1", "--out", text(&run)]);
    let output = chainrule(&["predict", text(&run), text(&data)]);
    let rows = String::from_utf8(output.stdout).unwrap();
    assert!(rows.contains(CLASSES[0]) && rows.contains("\u{202e}abc\nline\u{1}"), "{rows:?}");
}

#[test]
fn settings_that_are_wrong_are_shown_in_part_and_do_not_steer() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("c.toml");
    let long = "k ".repeat(100_000);
    for (settings, place) in [
        ("a\u{1b}[31m = 1".to_owned(), "line 1, column 3"),
        ("\"\\u001b[31m\" = 1".into(), r"\u{1b}[31m"),
        ("optimizer = \"\\u202esgd\\n\"".into(), r"\u{202e}sgd\n"),
        (format!("lr = 0.1 # {long}\nlr = 0.2 {long}"), "line 2, column 6"),
        (format!("\"{long}\" = 1"), "line 1, column 1"),
        (format!("activation = \"{long}\""), "line 1, column 14"),
        (format!("{}epochs = 0", "\t".repeat(100_000)), "line 1, column 1000"),
        ("q".repeat(200_000), "line 1"),
    ] {
        fs::write(&path, settings).unwrap();
        let told = told(&["train", text(&path)]);
        assert!(told.contains(place) && told.contains("c.toml"), "{told}");
        assert!(told.len() < 3000, "{} bytes: {}", told.len(), &told[..300]);
    }
}

/// A line of its own is what shows a place in a text, and nothing that a name makes.
#[test]
fn no_name_of_a_file_makes_a_line_of_an_error() {
    let folder = tempdir().unwrap();
    let said = |call: &[&str]| {
        let output = chainrule(call);
        assert!(!output.status.success(), "{call:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    let gone = folder.path().join("gone\n error: all is well");
    let told = said(&["eval", text(&gone)]);
    assert!(told.lines().count() == 1 && told.contains("there is no such run"), "{told}");
    let file = folder.path().join("s\n 1 | lr = 1\n   | ^.toml");
    fs::write(&file, "lr = 0.1\n\"a\\n b\" = 1\n").unwrap();
    let told = said(&["train", text(&file)]);
    let lines: Vec<&str> = told.lines().collect();
    let [what, line, carets] = lines[..] else { panic!("{told}") };
    assert!(what.contains("line 2, column 1: there is no setting named `a"), "{told}");
    assert_eq!((line, carets), (" 2 | \"a\\n b\" = 1", "   | ^^^^^^^"));
    let told = said(&["explain", "x +\n * y", "--at", "x=1,y=2"]);
    assert_eq!(told.lines().count(), 3, "{told}");
}
