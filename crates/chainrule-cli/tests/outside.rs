//! What leaves the program for others: predictions, files of parameters, and what they are called.

mod common;

use std::fs;

use std::path::{Path, PathBuf};
use std::process::Command;

use common::{chainrule, fails, json, text};
use tempfile::{TempDir, tempdir};

/// What a command prints that succeeds.
fn said(arguments: &[&str]) -> String {
    let output = chainrule(arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn predictions_have_the_digits_that_their_deviation_gives_a_meaning() {
    let folder = tempdir().unwrap();
    let (table, run) = (folder.path().join("y.csv"), folder.path().join("run"));
    for (mean, raw) in [(1e6, false), (1.7e9, false), (1e-9, false), (0.0, true)] {
        let scale = if mean < 1e-3 { 1e-12 } else { 1.0 };
        let row = |i: u32| {
            let (a, b) = (i * 37 % 101, i * 61 % 89);
            let y = mean + scale * (f64::from(a) / 50.0 - f64::from(b) / 90.0);
            format!("{a},{b},{y}\n")
        };
        fs::write(&table, format!("a,b,y\n{}", (0..250).map(row).collect::<String>())).unwrap();
        let settings = ["--task", "regress", "--epochs", "3", "--force", "--json"];
        let train = [&["train", text(&table), "--out", text(&run)], &settings[..]].concat();
        json(&if raw { [&train[..], &["--raw", "--lr", "1e-5"]].concat() } else { train });
        let exact = json(&["predict", text(&run), text(&table), "--json"]);
        let exact: Vec<f64> = exact["predictions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["value"].as_f64().unwrap())
            .collect();
        let table = said(&["predict", text(&run), text(&table)]);
        let short: Vec<f64> = table
            .lines()
            .skip(1)
            .map(|line| line.split(',').nth(1).unwrap().parse().unwrap())
            .collect();
        let spread = exact.iter().fold(0.0_f64, |far, x| far.max((x - exact[0]).abs()));
        for (exact, short) in exact.iter().zip(&short) {
            assert!((exact - short).abs() < 1e-5 * spread, "{mean}: {short} is not {exact}");
        }
        let effect = said(&["explain", text(&run), "--effect", "a"]);
        let number = |text: &&str| text.parse::<f64>().is_ok();
        let cells = |line| str::split_whitespace(line).filter(number).collect::<Vec<&str>>();
        let rows = effect.lines().map(cells).filter(|cells| cells.len() == 2);
        let means: Vec<&str> = rows.map(|cells| cells[1]).collect();
        let mut different = means.clone();
        different.dedup();
        assert!(means.len() == 20 && different.len() > 10, "{effect}");
    }
}

/// A run of one epoch on a small table, `t.csv` beside it; of values, as `class` does not say otherwise.
fn trained(class: bool) -> (TempDir, PathBuf) {
    let folder = tempdir().unwrap();
    let (table, run) = (folder.path().join("t.csv"), folder.path().join("t"));
    let y = |i: u32| if class { (i % 3).to_string() } else { format!("{}.5", i * 7 % 50) };
    let row = |i: u32| format!("{},{},{}\n", i * 37 % 101, i * 61 % 89, y(i));
    fs::write(&table, format!("a,b,y\n{}", (0..250).map(row).collect::<String>())).unwrap();
    json(&["train", text(&table), "--epochs", "1", "--out", text(&run), "--json"]);
    (folder, run)
}

/// Runs in a folder.
fn within(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let mut program = Command::new(env!("CARGO_BIN_EXE_chainrule"));
    let output = program.args(arguments).current_dir(folder).output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn nothing_is_written_over_a_run_an_input_or_a_file_of_somebody() {
    let (folder, run) = trained(false);
    let table = folder.path().join("t.csv");
    let kept = |path: &Path| fs::read(path).unwrap();
    for name in ["model.safetensors", "config.toml", "run.json"] {
        let (file, before) = (run.join(name), kept(&run.join(name)));
        fails(&["export", text(&run), "--force", "-o", text(&file)], 2, &["file of the run"]);
        fails(&["predict", text(&run), text(&table), "-o", text(&file)], 2, &["file of the run"]);
        let effect = ["explain", text(&run), "--effect", "a", "-o", text(&file)];
        fails(&effect, 2, &["file of the run"]);
        assert_eq!(kept(&file), before);
    }
    let before = kept(&table);
    fails(
        &["predict", text(&run), text(&table), "-o", text(&table)],
        2,
        &["what the command reads"],
    );
    fails(&["new", text(&table), "--force", "-o", text(&table)], 2, &["what the command reads"]);
    fails(&["export", text(&run), "-o", text(&table)], 2, &["is no export", "--force"]);
    assert_eq!(kept(&table), before);
    // A dataset under the name that an export has where none is given.
    fs::write(folder.path().join("t.npz"), b"PK, or so").unwrap();
    let export = ["export", "t", "--format", "NPZ"];
    let (status, told) = within(folder.path(), &export);
    assert!(status == Some(2) && told.contains("t.npz exists already"), "{told}");
    assert_eq!(kept(&folder.path().join("t.npz")), b"PK, or so");
    fs::remove_file(folder.path().join("t.npz")).unwrap();
    for _ in 0..2 {
        assert_eq!(within(folder.path(), &export).0, Some(0), "an export may be made again");
        assert_eq!(within(folder.path(), &["export", "t"]).0, Some(0));
    }
    assert!(kept(&folder.path().join("t.npz")).starts_with(b"PK"));
    // Another run's checkpoint is no export.
    fs::copy(run.join("model.safetensors"), folder.path().join("other.safetensors")).unwrap();
    let other = folder.path().join("other.safetensors");
    fails(&["export", text(&run), "-o", text(&other)], 2, &["is no export"]);
    assert!(chainrule(&["export", text(&run), "-o", text(&other), "--force"]).status.success());
}

#[test]
fn the_ending_of_a_name_says_what_is_exported() {
    let (folder, run) = trained(false);
    let file = folder.path().join("out.npz");
    let told = said(&["export", text(&run), "-o", text(&file)]);
    assert!(fs::read(&file).unwrap().starts_with(b"PK") && told.contains("numpy.load"), "{told}");
    let clash = ["export", text(&run), "--format", "safetensors", "-o", text(&file)];
    fails(&clash, 2, &["safetensors", ".npz"]);
    let told = said(&["export", text(&run), "-o", text(&folder.path().join("w"))]);
    assert!(told.contains("weight.T") && told.contains("--format npz"), "{told}");
}

#[test]
fn a_row_of_predictions_names_its_picture() {
    let folder = tempdir().unwrap();
    let (data, run, new) =
        (folder.path().join("d"), folder.path().join("run"), folder.path().join("new"));
    // PGM is no format that is read; a bitmap has a header of 54 bytes and rows of four.
    let bitmap = |grey: u8| {
        let mut file = b"BM".to_vec();
        for number in [58_u32, 0, 54, 40, 1, 1, 1 | 24 << 16, 0, 4, 0, 0, 0, 0] {
            file.extend(number.to_le_bytes());
        }
        file.extend([grey, grey, grey, 0]);
        file
    };
    for (class, grey) in [("dark", 0_u8), ("light", 200)] {
        fs::create_dir_all(data.join(class)).unwrap();
        for i in 0..10 {
            fs::write(data.join(class).join(format!("{i}.bmp")), bitmap(grey + i)).unwrap();
        }
    }
    json(&["train", text(&data), "--epochs", "1", "--out", text(&run), "--json"]);
    fs::create_dir(&new).unwrap();
    for (name, grey) in [("b 1.bmp", 3), ("a.bmp", 220)] {
        fs::write(new.join(name), bitmap(grey)).unwrap();
    }
    let table = said(&["predict", text(&run), text(&new)]);
    let start: Vec<&str> = table.lines().map(|line| &line[..line.len().min(9)]).collect();
    assert_eq!((start[0], start[1], start[2]), ("row,file,", "0,a.bmp,l", "1,b 1.bmp"));
    let told = json(&["predict", text(&run), text(&new.join("a.bmp")), "--json"]);
    assert_eq!(told["predictions"][0]["file"], "a.bmp");
    let told = json(&["predict", text(&run), text(&data), "--json"]);
    assert_eq!(told["predictions"][10]["file"], "light/0.bmp");
    fs::write(new.join("c.tiff"), "II").unwrap();
    let tiff = new.join("c.tiff");
    fails(&["predict", text(&run), text(&tiff)], 1, &["c.tiff", "no picture", "BMP"]);
}
