//! Files that do not fit: each error names the file and the right cause.

mod common;

use std::fs;
use std::path::Path;
use std::process::Command;

use chainrule::Tensor;
use chainrule_train::RunFolder;
use common::{digits, fails, idx, json, text};
use tempfile::tempdir;

fn gzip(path: &Path) {
    assert!(Command::new("gzip").arg("--force").arg(path).status().unwrap().success());
}

#[test]
fn images_have_two_axes() {
    let data = digits();
    fs::write(data.path().join("train-images-idx3-ubyte"), idx(8, &[60], &[7; 60])).unwrap();
    fails(&["train", text(data.path())], 1, &["train-images-idx3-ubyte", "two axes", "[60]"]);
}

#[test]
fn compressed_files_are_told_apart_from_what_follows_them() {
    let data = digits();
    let (plain, packed) = ("t10k-labels-idx1-ubyte", "t10k-labels-idx1-ubyte.gz");
    gzip(&data.path().join(plain));
    let packed = data.path().join(packed);
    let good = fs::read(&packed).unwrap();
    let run = |epochs: &str| ["train", text(data.path()), "--epochs", epochs].map(str::to_owned);
    let told = |bytes: &[u8], part: &str| {
        fs::write(&packed, bytes).unwrap();
        let run = run("1");
        let run: Vec<&str> = run.iter().map(String::as_str).collect();
        fails(&run, 1, &["t10k-labels-idx1-ubyte.gz", part]);
    };
    told(&[&good[..], b"x"].concat(), "followed by bytes that are not gzip");
    told(&[&good[..], &[7; 99]].concat(), "followed by bytes that are not gzip");
    told(&good[..good.len() - 1], "cut off");
    told(&[&good[..], &good].concat(), "more follow");
    // Members one after another are one file, as gzip has it.
    let members: Vec<Vec<u8>> = [0, 1]
        .map(|half| {
            let bytes = idx(8, &[20], &(0..20).map(|i| i % 10).collect::<Vec<u8>>());
            let path = data.path().join("member");
            fs::write(&path, &bytes[half * 13..if half == 0 { 13 } else { bytes.len() }]).unwrap();
            gzip(&path);
            fs::read(data.path().join("member.gz")).unwrap()
        })
        .into();
    fs::write(&packed, members.concat()).unwrap();
    let out = data.path().join("run");
    json(&["train", text(data.path()), "--epochs", "1", "--out", text(&out), "--json"]);
}

#[test]
fn parameters_of_nan_are_told_by_whatever_reads_them() {
    let runs = tempdir().unwrap();
    let (run, table) = (runs.path().join("run"), "iris");
    json(&["train", table, "--epochs", "1", "--out", text(&run), "--json"]);
    let folder = RunFolder::open(&run).unwrap();
    let mut checkpoint = folder.load::<f32>().unwrap().unwrap();
    checkpoint.parameters.insert("affine1.bias", Tensor::new([100], vec![f32::NAN; 100]).unwrap());
    folder.save(&checkpoint).unwrap();
    folder.save_best(&checkpoint).unwrap();
    let dir = text(&run);
    for call in [
        &["eval", dir][..],
        &["eval", dir, "--last"],
        &["predict", dir, table],
        &["explain", dir, "--example", "0"],
        &["explain", dir, "--importance"],
        &["lint", dir],
        &["export", dir, "-o", text(&runs.path().join("out.npz"))],
        &["train", "--resume", dir, "--epochs", "2"],
    ] {
        fails(call, 1, &[dir, ".safetensors: `affine1.bias` has NaN or infinite numbers"]);
    }
}

#[test]
fn a_run_that_does_not_fit_its_data_names_both() {
    let (data, runs) = (digits(), tempdir().unwrap());
    let run = runs.path().join("run");
    let train = ["train", text(data.path()), "--epochs", "1", "--out", text(&run), "--quiet"];
    json(&[&train[..], &["--json"]].concat());
    fails(&["eval", text(&run), "mnist"], 1, &["data/mnist", "28×28", "5×4"]);

    let config = run.join("config.toml");
    let settings = fs::read_to_string(&config).unwrap();
    fs::write(&config, settings.replace("hidden = [256]", "hidden = [7]")).unwrap();
    let resume = ["train", "--resume", text(&run), "--epochs", "2"];
    for call in [&["eval", text(&run)][..], &resume] {
        fails(call, 1, &[text(&config), "`hidden = [7]`", "`hidden = [256]`"]);
    }
    let change = [&resume[..], &["--change"]].concat();
    fails(&change, 1, &[text(&run), "`affine1.weight`", "[20, 256]", "[20, 7]"]);
    fs::write(&config, settings.replace("hidden = [256]", "hidden = []")).unwrap();
    fails(&change, 1, &[text(&run), "[20, 10]"]);
    fs::write(&config, settings.replace(text(data.path()), "gone")).unwrap();
    fails(&["eval", text(&run)], 1, &[text(&config), "no dataset `gone` here", "--data"]);
    fails(&["train", "--resume", text(&run), "--epochs", "2"], 1, &[text(&config), "`gone`"]);
}

/// The table in a run's README tells every file beside it, and no other.
#[test]
fn the_readme_of_a_run_tells_its_files() {
    let runs = tempdir().unwrap();
    let out = runs.path().join("run");
    let ways: [&[&str]; 3] = [&["--gradient-flow"], &["--validation", "0"], &["--folds", "2"]];
    for way in ways {
        let call = ["train", "iris:train", "--epochs", "2", "--out", text(&out), "--force"];
        json(&[&call[..], &["--quiet", "--json"], way].concat());
        let readme = fs::read_to_string(out.join("README.md")).unwrap();
        let rows = readme.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
        let told: Vec<&str> = rows.flat_map(|row| row.split(", ")).collect();
        let there: Vec<String> = fs::read_dir(&out)
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .filter(|name| name != "README.md")
            .collect();
        let is = |told: &str, name: &str| name.starts_with(told.trim_end_matches('…'));
        for name in &there {
            assert!(
                told.iter().any(|told| is(told, name)),
                "{way:?}: {name} is not told: {told:?}"
            );
        }
        for told in told {
            assert!(there.iter().any(|name| is(told, name)), "{way:?}: there is no {told}");
        }
    }
}
