//! Folders of runs: taken anew, gone on with, and kept from harm.

mod common;

use std::fs;
use std::path::Path;

use common::{chainrule, fails, json, text, wait_for};
use tempfile::tempdir;

fn train(out: &Path, more: &[&str]) -> serde_json::Value {
    let common = ["train", "iris", "--epochs", "2", "--quiet", "--json", "--out", text(out)];
    json(&[&common[..], more].concat())
}

#[test]
fn what_an_overwritten_run_left_goes() {
    let folder = tempdir().unwrap();
    let out = folder.path().join("run");
    train(&out, &["--validation", "0.2"]);
    let events = || {
        let names = fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().file_name());
        names.filter(|name| name.to_string_lossy().contains("tfevents")).count()
    };
    assert!(out.join("confusion.png").exists() && out.join("best.safetensors").exists());
    train(&out, &["--force", "--validation", "0", "--set", "dataset=\"iris:train\""]);
    for name in ["confusion.png", "confusion.svg", "best.safetensors"] {
        assert!(!out.join(name).exists(), "{name} is of the run of before");
    }
    assert_eq!(events(), 1);
    let readme = fs::read_to_string(out.join("README.md")).unwrap();
    assert!(!readme.contains("confusion"), "{readme}");
}

#[test]
fn force_takes_no_folder_that_is_no_run() {
    let folder = tempdir().unwrap();
    let readme = folder.path().join("README.md");
    fs::write(&readme, "mine").unwrap();
    let call = ["train", "iris", "--force", "--out"];
    // No settings are settings as well.
    for settings in ["title = \"mine\"", "", "lr = 0.5"] {
        fs::write(folder.path().join("config.toml"), settings).unwrap();
        let refused = [&call[..], &[text(folder.path())]].concat();
        fails(&refused, 1, &["no run's folder", "another path (--out)"]);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
        let kept = fs::read_to_string(folder.path().join("config.toml")).unwrap();
        assert_eq!(kept, settings);
    }
    // Nor is it one of a run that goes on, or after that was tried.
    let call_resume = ["train", "--resume", text(folder.path())];
    fails(&call_resume, 1, &["not a run's folder: it has no run.json"]);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    fs::write(folder.path().join("run.lock"), "").unwrap();
    fs::write(folder.path().join("config.toml"), "").unwrap();
    fails(&[&call[..], &[text(folder.path())]].concat(), 1, &["no run's folder"]);
    fails(&[&call[..], &[text(&readme)]].concat(), 1, &["README.md: is a file"]);
    assert_eq!(fs::read_to_string(&readme).unwrap(), "mine");
}

/// Files of others that have the names of a run's, one of which is told.
#[test]
fn force_takes_nothing_that_no_run_made() {
    let folder = tempdir().unwrap();
    let whole = folder.path().join("whole");
    train(&whole, &[]);
    let model = fs::read(whole.join("model.safetensors")).unwrap();
    let mine = b"mine".as_slice();
    type Files<'f> = &'f [(&'f str, &'f [u8])];
    let cases: [(Files<'_>, &str); 6] = [
        (&[("run.json", b"{}")], "its run.json is no run's"),
        (&[("run.json", b"{}"), ("run.lock", b"")], "its run.json is no run's"),
        (&[("run.lock", b"")], "its README.md is no run's"),
        (&[("model.safetensors", mine), ("optimizer.safetensors", mine)], "its model.safetensors"),
        (&[("model.safetensors", &model), ("optimizer.safetensors", mine)], "its optimizer.safet"),
        (&[], "it has no run.json"),
    ];
    for (number, (files, told)) in cases.iter().enumerate() {
        let out = folder.path().join(number.to_string());
        fs::create_dir(&out).unwrap();
        let others = [("config.toml", b"lr = 0.5".as_slice()), ("README.md", mine)];
        let files = [&others[..], files].concat();
        files.iter().for_each(|(name, bytes)| fs::write(out.join(name), bytes).unwrap());
        let call = ["train", "iris", "--force", "--out", text(&out)];
        fails(&call, 1, &["exists already and is no run's folder", told, "another path (--out)"]);
        assert_eq!(fs::read_dir(&out).unwrap().count(), files.len());
        files
            .iter()
            .for_each(|(name, bytes)| assert_eq!(fs::read(out.join(name)).unwrap(), *bytes));
    }
    // Beside a run's own files, those of another program that TensorBoard reads.
    let others = whole.join("events.out.tfevents.1795714922.host.1234.0");
    fs::write(&others, mine).unwrap();
    train(&whole, &["--force"]);
    assert_eq!(fs::read(&others).unwrap(), mine);
    // A run of version 1 has no run.json.
    let first = concat!(env!("CARGO_MANIFEST_DIR"), "/../chainrule-train/tests/golden/runs/v1");
    let out = folder.path().join("first");
    fs::create_dir(&out).unwrap();
    for file in fs::read_dir(first).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), out.join(file.file_name())).unwrap();
    }
    train(&out, &["--force"]);
    assert!(out.join("run.json").exists());
}

/// As a kill leaves it between the first files of a cross-validation's run.
#[test]
fn what_a_start_that_was_killed_left_is_in_nobodys_way() {
    let folder = tempdir().unwrap();
    let (out, whole) = (folder.path().join("run"), folder.path().join("whole"));
    let folds = ["--folds", "3", "--set", "dataset=\"iris:train\""];
    let wanted = train(&whole, &folds);
    let copied = |to: &str, from: &str| fs::copy(whole.join(from), out.join(to)).unwrap();
    for left in [&["run.lock"][..], &["run.lock", "folds.json", ".writing-abc"]] {
        fs::create_dir(&out).unwrap();
        left.iter().for_each(|name| _ = copied(name, "folds.json"));
        assert_eq!(train(&out, &folds)["parameters_sha256"], wanted["parameters_sha256"]);
        assert!(!out.join(".writing-abc").exists());
        fs::remove_dir_all(&out).unwrap();
    }
    // Before any fold is trained.
    let more = [&["train", "iris", "--epochs", "1", "--out", text(&whole)], &folds[..2]].concat();
    let output = chainrule(&more);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("exists already") && !told.contains("fold 1/3"), "{told}");
    // Without the lock of a run the file may be anybody's.
    fs::create_dir(&out).unwrap();
    copied("folds.json", "folds.json");
    fails(&["train", "iris", "--out", text(&out)], 1, &["no run's folder"]);
    assert_eq!(fs::read_dir(&out).unwrap().count(), 1);
}

#[cfg(unix)]
#[test]
fn a_run_that_is_removed_while_it_trains_ends_with_an_error() {
    use std::process::{Command, Stdio};
    let folder = tempdir().unwrap();
    // All at once, and only what is the run's own.
    for removed in ["all", "run.lock"] {
        let out = folder.path().join(removed);
        let mut program = Command::new(env!("CARGO_BIN_EXE_chainrule"));
        program.args(["train", "iris", "--quiet", "--epochs", "4000000", "--out", text(&out)]);
        let mut program = program.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        wait_for(&mut program, || out.join("model.safetensors").exists());
        match removed {
            "all" => fs::rename(&out, folder.path().join("elsewhere")).unwrap(),
            file => fs::remove_file(out.join(file)).unwrap(),
        }
        let output = program.wait_with_output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        let names = told.contains(text(&out)) && told.contains("removed, moved or replaced");
        assert!(output.status.code() == Some(1) && names && output.stdout.is_empty(), "{told}");
    }
}

#[test]
fn a_run_whose_settings_were_edited_is_neither_exported_nor_compared() {
    let folder = tempdir().unwrap();
    let (edited, other) = (folder.path().join("edited"), folder.path().join("other"));
    train(&edited, &[]);
    train(&other, &[]);
    let file = edited.join("config.toml");
    let own = fs::read_to_string(&file).unwrap();
    fs::write(&file, own.replace("dtype = \"f32\"", "dtype = \"f64\"")).unwrap();
    let out = folder.path().join("out.npz");
    let told = ["config.toml: has `dtype = \"f64\"`", "was trained with `dtype = \"f32\"`"];
    fails(&["export", text(&edited), "-o", text(&out)], 1, &told);
    assert!(!out.exists());
    fails(&["runs", text(&edited)], 1, &told);
    let both = chainrule(&["runs", text(&edited), text(&other)]);
    let [shown, notice] = [both.stdout, both.stderr].map(|text| String::from_utf8(text).unwrap());
    assert!(both.status.success() && shown.contains(text(&other)), "{notice}");
    assert!(!shown.contains(text(&edited)), "{shown}");
    assert!(
        notice.contains("left out: ") && told.iter().all(|told| notice.contains(told)),
        "{notice}"
    );
    fs::write(&file, own).unwrap();
    assert!(chainrule(&["export", text(&edited), "-o", text(&out)]).status.success());
}

#[test]
fn a_missing_half_of_a_checkpoint_is_named() {
    let folder = tempdir().unwrap();
    let out = folder.path().join("run");
    train(&out, &[]);
    fs::remove_file(out.join("optimizer.safetensors")).unwrap();
    let resume = ["train", "--resume", text(&out), "--epochs", "3"];
    fails(&resume, 1, &["optimizer.safetensors: is missing"]);
    assert!(json(&["eval", text(&out), "--json"])["accuracy"].is_number());
}

#[test]
fn commands_that_are_told_can_be_pasted() {
    let folder = tempdir().unwrap();
    let out = folder.path().join("my run");
    let train = ["train", "iris:train", "--epochs", "1", "--quiet", "--out", text(&out)];
    let whole = [&train[..], &["--validation", "0"]].concat();
    let said = String::from_utf8(chainrule(&whole).stdout).unwrap();
    assert!(said.ends_with(&format!("saved in '{}'\n", out.display())), "{said}");
    let train = [&train[..], &["--force"]].concat();
    let said = String::from_utf8(chainrule(&train).stdout).unwrap();
    assert!(
        said.starts_with("validation accuracy ") && said.contains("\nafter 1 epoch (3 steps, "),
        "{said}"
    );
    assert!(said.contains(&format!("chainrule eval '{}'", out.display())), "{said}");
}

#[test]
fn a_run_does_not_go_on_with_data_that_has_changed() {
    let folder = tempdir().unwrap();
    let (data, out) = (folder.path().join("data.csv"), folder.path().join("run"));
    let row = |i: i32| format!("{},{}\n", i * 7 % 5, ["u", "v"][i as usize % 2]);
    let rows: String = (0..20).map(row).collect();
    fs::write(&data, format!("a,y\n{rows}")).unwrap();
    json(&["train", text(&data), "--epochs", "1", "--json", "--out", text(&out)]);
    let resume = ["train", "--resume", text(&out), "--json", "--epochs"];
    json(&[&resume[..], &["2"]].concat());
    fs::write(&data, format!("a,y\n{rows}9,u\n")).unwrap();
    let before = fs::read(out.join("data.json")).unwrap();
    fails(&[&resume[..], &["3"]].concat(), 1, &["data.csv", "has changed since the run began"]);
    assert_eq!(fs::read(out.join("data.json")).unwrap(), before);
    // Nothing but the last cell, or the order of the rows; and a copy is the same data.
    for (at, other) in [format!("a,y\n{}9,u\n", &rows[..rows.len() - 4]), {
        let reversed: Vec<&str> = rows.lines().rev().collect();
        format!("a,y\n{}\n", reversed.join("\n"))
    }]
    .into_iter()
    .enumerate()
    {
        fs::write(&data, other).unwrap();
        let epochs = ["3", "4"][at];
        fails(&[&resume[..], &[epochs]].concat(), 1, &["data.csv", "`--data-changed`"]);
        let replay = ["explain", text(&out), "--step", "1"];
        fails(&replay, 1, &["data.csv", "`--data-changed`"]);
        if at == 0 {
            let on_it = chainrule(&[&replay[..], &["--data-changed"]].concat()).stdout;
            let on_it = String::from_utf8(on_it).unwrap();
            assert!(on_it.starts_with("Not the step that ran"), "{on_it}");
        }
        let going_on = [&resume[..], &[epochs, "--data-changed"]].concat();
        let output = chainrule(&going_on);
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && told.contains("goes on with other data"), "{told}");
        assert!(told.contains("cannot be replayed"), "{told}");
        fails(&replay, 1, &["went on with other data after step", "cannot be replayed"]);
    }
    let copy = folder.path().join("copy.csv");
    fs::copy(&data, &copy).unwrap();
    fs::rename(&copy, &data).unwrap();
    json(&[&resume[..], &["5"]].concat());
    // Other columns are another model's.
    fs::write(&data, rows.lines().fold("b,y\n".to_owned(), |all, row| all + row + "\n")).unwrap();
    fails(&[&resume[..], &["6", "--data-changed"]].concat(), 1, &["other columns or classes"]);
}

#[test]
fn settings_are_changed_only_when_that_is_asked_for() {
    let folder = tempdir().unwrap();
    let out = folder.path().join("run");
    train(&out, &[]);
    let resume = ["train", "--resume", text(&out), "--json", "--epochs", "3"];
    fails(&[&resume[..], &["--lr", "0.5"]].concat(), 2, &["own settings", "--change"]);
    let file = out.join("config.toml");
    let own = fs::read_to_string(&file).unwrap();
    fs::write(&file, own.replace("activation = \"relu\"", "activation = \"tanh\"")).unwrap();
    for call in [&resume[..], &["eval", text(&out)], &["explain", text(&out), "--step", "1"]] {
        fails(call, 1, &["config.toml", "`activation = \"tanh\"`", "`activation = \"relu\"`"]);
    }
    let output = chainrule(&[&resume[..], &["--change", "--lr", "0.5"]].concat());
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    for phrase in ["`activation = \"tanh\"`", "`lr = 0.5` in place of", "cannot be replayed"] {
        assert!(told.contains(phrase), "{phrase}: {told}");
    }
    assert!(fs::read_to_string(&file).unwrap().contains("lr = 0.5"));
    json(&["eval", text(&out), "--json"]);
    let four = ["train", "--resume", text(&out), "--json", "--epochs", "4"];
    json(&four);
    let again = String::from_utf8(chainrule(&four).stderr).unwrap();
    assert!(again.contains("nothing was trained"), "{again}");
    fails(&["train", "iris", "--change"], 2, &["--resume"]);
    fails(&["train", "iris", "--data", "elsewhere"], 2, &["--data belongs to --resume"]);
}

#[test]
fn a_change_after_which_the_best_epoch_is_looked_for_anew_says_so() {
    let folder = tempdir().unwrap();
    let word = "the best epoch is looked for anew";
    for (name, held_out) in [("with", "0.2"), ("without", "0")] {
        let out = folder.path().join(name);
        train(&out, &["--validation", held_out]);
        let change = ["--change", "--activation", "tanh", "--epochs", "9"];
        let output = chainrule(&[&["train", "--resume", text(&out)][..], &change].concat());
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{told}");
        assert_eq!(told.contains(word), name == "with", "{told}");
    }
}

#[test]
fn a_run_without_an_epoch_does_not_hide_the_others() {
    let folder = tempdir().unwrap();
    let [over, begun] = ["over", "begun"].map(|name| folder.path().join("runs").join(name));
    train(&over, &[]);
    fs::create_dir(&begun).unwrap();
    fs::copy(over.join("config.toml"), begun.join("config.toml")).unwrap();
    let none = "begun: none of its epochs is over, so it has no scores yet";
    for more in [&[][..], &["--json"], &["--by", "train_loss"]] {
        let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_chainrule"));
        let listed = program.arg("runs").args(more).current_dir(&folder).output().unwrap();
        let told = String::from_utf8_lossy(&listed.stderr).into_owned();
        assert!(listed.status.success() && told.replace('\n', " ").contains(none), "{told}");
        let listed = String::from_utf8(listed.stdout).unwrap();
        assert!(listed.contains("runs/over") && !listed.contains("runs/begun"), "{listed}");
    }
    fails(&["runs", text(&begun)], 1, &[none]);
}

#[test]
fn a_damaged_run_does_not_hide_the_others() {
    let folder = tempdir().unwrap();
    for name in ["a", "b"] {
        train(&folder.path().join("runs").join(name), &[]);
    }
    fs::write(folder.path().join("runs/a/events.jsonl"), "{\n").unwrap();
    let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_chainrule"));
    let listed = program.arg("runs").current_dir(&folder).output().unwrap();
    let (table, told) =
        [listed.stdout, listed.stderr].map(|text| String::from_utf8(text).unwrap()).into();
    assert!(listed.status.success() && table.contains("runs/b"), "{table}{told}");
    assert!(told.contains("left out: runs/a/events.jsonl: line 1"), "{told}");
    let [named, other] = ["a", "b"].map(|name| folder.path().join("runs").join(name));
    fs::write(named.join("run.json"), "{").unwrap();
    for dirs in [&[&named, &other][..], &[&folder.path().join("runs")]] {
        let words = ["runs"].into_iter().chain(dirs.iter().map(|dir| text(dir)));
        let listed = chainrule(&words.collect::<Vec<_>>());
        let told = String::from_utf8_lossy(&listed.stderr).into_owned();
        assert!(listed.status.success() && told.contains("left out: "), "{told}");
        assert!(told.replace('\n', " ").contains("run.json"), "{told}");
    }
    fs::copy(other.join("run.json"), named.join("run.json")).unwrap();
    fails(&["runs", text(&named)], 1, &["events.jsonl: line 1"]);
}
