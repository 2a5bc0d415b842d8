//! What leaves the program for others: predictions, files of parameters, and what they are called.

mod common;

use std::fs;

use std::path::{Path, PathBuf};
use std::process::Command;

use common::{bitmap, chainrule, digits, fails, json, text};
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
    // What the run was trained on, which the command reads or not.
    let other = folder.path().join("rows.csv");
    fs::copy(&table, &other).unwrap();
    let effect = ["explain", text(&run), "--effect", "a", "-o", text(&table)];
    fails(&effect, 2, &["what the command reads"]);
    let predict = ["predict", text(&run), text(&other), "-o", text(&table)];
    fails(&predict, 2, &["what the command reads"]);
    fails(&["new", text(&table), "--force", "-o", text(&table)], 2, &["what the command reads"]);
    fails(&["export", text(&run), "-o", text(&table)], 2, &["exists already", "--force"]);
    assert_eq!(kept(&table), before);
    // A dataset under the name that an export has where none is given.
    fs::write(folder.path().join("t.npz"), b"PK, or so").unwrap();
    let export = ["export", "t", "--format", "NPZ"];
    let (status, told) = within(folder.path(), &export);
    assert!(status == Some(2) && told.contains("t.npz exists already"), "{told}");
    assert_eq!(kept(&folder.path().join("t.npz")), b"PK, or so");
    fs::remove_file(folder.path().join("t.npz")).unwrap();
    for export in [&export[..], &["export", "t"]] {
        assert_eq!(within(folder.path(), export).0, Some(0));
        // An export is somebody's file as any other.
        let (status, told) = within(folder.path(), export);
        assert!(status == Some(2) && told.contains("exists already") && told.contains("--force"));
        assert_eq!(within(folder.path(), &[export, &["--force"]].concat()).0, Some(0));
    }
    assert!(kept(&folder.path().join("t.npz")).starts_with(b"PK"));
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
    fs::write(data.join("light/c.tiff"), "II").unwrap();
    let told =
        json(&["train", text(&data), "--epochs", "1", "--out", text(&run), "--force", "--json"]);
    assert_eq!(told["data"]["left_out"][0][0], "light/c.tiff");
    fs::write(new.join("c.tiff"), "II").unwrap();
    let tiff = new.join("c.tiff");
    fails(&["predict", text(&run), text(&tiff)], 1, &["c.tiff", "no picture", "BMP"]);
}

/// All that a command prints on so many columns.
fn printed(arguments: &[&str], columns: usize) -> String {
    let mut program = Command::new(env!("CARGO_BIN_EXE_chainrule"));
    let output = program.args(arguments).env("COLUMNS", columns.to_string()).output().unwrap();
    let [told, progress] =
        [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    assert!(output.status.success(), "{progress}");
    told + &progress
}

#[test]
fn long_names_fit_and_none_reads_like_another() {
    let folder = tempdir().unwrap();
    let (table, run) = (folder.path().join("t.csv"), folder.path().join("run"));
    let name = |i: usize| format!("a rather long column name with many words and number {i}");
    let mut rows = (0..8).map(name).collect::<Vec<_>>().join(",") + ",city,y\n";
    for i in 0..200_u32 {
        (0..8).for_each(|j| rows += &format!("{},", (i * (j * 10 + 7)) % 23));
        rows +=
            &format!("a town by the sea called {},a long class name {} of all\n", i % 4, i * 7 % 3);
    }
    fs::write(&table, rows).unwrap();
    let dir = text(&run);
    let train = ["train", text(&table), "--epochs", "2", "--out", dir, "--show-plan", "--quiet"];
    let trace = folder.path().join("trace.json");
    let more = ["--profile", text(&trace), "--force"];
    let calls: [&[&str]; 7] = [
        &train,
        &[&train[..], &more].concat(),
        &["explain", dir, "--importance"],
        &["explain", dir, "--effect", &name(3)],
        &["explain", dir, "--effect", "city"],
        &["explain", dir, "--example", "3"],
        &["explain", dir, "--step", "2"],
    ];
    for call in calls {
        let told = printed(call, 60);
        for line in told.lines().filter(|line| !line.contains(dir)) {
            assert!(line.chars().count() <= 60, "{call:?}: {line}\n{told}");
        }
    }
    let told = printed(&["explain", dir, "--importance"], 60);
    let rows: Vec<&str> = told.lines().filter(|line| line.contains('…')).collect();
    let names: Vec<&str> = rows.iter().filter_map(|row| row.trim().split("  ").next()).collect();
    let mut different = names.clone();
    different.sort_unstable();
    different.dedup();
    assert_eq!((names.len(), different.len()), (8, 8), "{told}");
    assert!(different[3].ends_with("umber 3"), "{told}");
    // Numbers are never cut.
    let told = printed(&["explain", dir, "--effect", &name(3)], 60);
    let numbers = told.lines().skip(4).flat_map(|line| line.split_whitespace().skip(1));
    assert!(numbers.clone().count() >= 40 && !numbers.clone().any(|x| x.contains('…')), "{told}");
    let told = printed(&["explain", dir, "--importance"], 200);
    assert!((0..8).all(|i| told.contains(&name(i))), "{told}");
    let told = printed(&["eval", dir], 60);
    let head: Vec<&str> = told.lines().filter(|line| line.contains("precision  recall")).collect();
    assert!(
        head.len() == 1 && ["0", "1", "2"].iter().all(|n| head[0].contains(&format!("{n} o"))),
        "{told}"
    );
}

#[test]
fn of_many_categories_the_most_frequent_are_tried() {
    let folder = tempdir().unwrap();
    let (table, run) = (folder.path().join("t.csv"), folder.path().join("run"));
    let sort =
        |i: u32| if i.is_multiple_of(3) { "often".into() } else { format!("c{}", i * 7 % 60) };
    let row = |i: u32| format!("{},{},{}\n", i * 37 % 101, sort(i), i % 50);
    fs::write(&table, format!("a,c,y\n{}", (0..900).map(row).collect::<String>())).unwrap();
    let train = ["train", text(&table), "--task", "regress", "--epochs", "1", "--json"];
    json(&[&train[..], &["--out", text(&run)]].concat());
    let told = json(&["explain", text(&run), "--effect", "c", "--json"]);
    assert_eq!(told["points"].as_array().unwrap().len(), 20);
    assert_eq!(told["points"][0]["category"], "often");
    let others = told["others"].as_u64().unwrap();
    assert!(others > 10, "{others}");
    let told = said(&["explain", text(&run), "--effect", "c"]);
    assert!(told.contains(&format!("{others} others")) && told.lines().count() < 30, "{told}");
}

#[test]
fn the_target_is_what_as_says() {
    let folder = tempdir().unwrap();
    let (table, run) = (folder.path().join("t.csv"), folder.path().join("run"));
    let row = |i: u32| format!("{},{},{}\n", i * 37 % 101, i * 61 % 89, 2001 + i % 5);
    fs::write(&table, format!("a,b,y\n{}", (0..100).map(row).collect::<String>())).unwrap();
    let start = ["train", text(&table), "--epochs", "1", "--out", text(&run), "--force", "--json"];
    let task = |words: &[&str]| json(&[&start[..], words].concat())["data"]["task"].clone();
    assert_eq!(task(&[]), "classify");
    assert_eq!(task(&["--as", "y=number"]), "regress");
    assert_eq!(task(&["--as", "y=category"]), "classify");
    let refused = |words: &[&str], parts: &[&str]| fails(&[&start[..], words].concat(), 1, parts);
    refused(&["--as", "y=date"], &["`--as y=date`", "`y` is the target"]);
    refused(&["--as", "y=number", "--task", "classify"], &["`--as y=number`", "classify"]);
    let bce = ["--as", "y=number", "--loss", "bce"];
    refused(&bce, &["binary-cross-entropy", "from 0 to 1", "200"]);
    let shares = fs::read_to_string(&table).unwrap().replace("200", "0.");
    fs::write(&table, shares).unwrap();
    refused(&bce, &["--raw"]);
    task(&[&bce[..], &["--raw"]].concat());
    let gap = fs::read_to_string(&table).unwrap().replacen("37,61", "MISSING,61", 1);
    fs::write(&table, gap).unwrap();
    let read = json(&[&start[..], &["--na", "missing"]].concat());
    assert_eq!(read["data"]["gaps"][0][1], 1);
}

#[test]
fn classes_are_named_and_told_where_spellings_are_one() {
    let (_folder, run) = trained(true);
    assert_eq!(
        json(&["eval", text(&run), "--json"])["classes"],
        serde_json::json!(["0", "1", "2"])
    );
    let folder = tempdir().unwrap();
    let table = folder.path().join("t.csv");
    let row = |i: u32| format!("{},{}\n", i * 37 % 101, ["1", "1.0", "2"][i as usize % 3]);
    fs::write(&table, format!("a,y\n{}", (0..90).map(row).collect::<String>())).unwrap();
    let out = folder.path().join("run");
    let told = json(&["train", text(&table), "--epochs", "1", "--out", text(&out), "--json"]);
    let notes = told["data"]["notes"].to_string();
    assert!(notes.contains("`y` is written in 3 ways, which are 2 classes"), "{notes}");
}

#[test]
fn words_are_taken_in_any_case_and_by_their_synonyms() {
    let (folder, run) = trained(true);
    let told = within(folder.path(), &["eval", "T"]).1;
    assert!(told.contains("did you mean `t`?"), "{told}");
    fs::create_dir(folder.path().join("runs")).unwrap();
    fs::rename(&run, folder.path().join("runs/t-1")).unwrap();
    let told = within(folder.path(), &["eval", "t-1"]).1;
    assert!(told.contains("did you mean `runs/t-1`?"), "{told}");
    let start = ["train", "Iris", "--set", "Epochs=1", "--set", "learning_rate=0.01", "--quiet"];
    let (status, told) = within(folder.path(), &start);
    assert_eq!(status, Some(0), "{told}");
    let settings = fs::read_to_string(folder.path().join("runs/iris-1/config.toml")).unwrap();
    for line in ["dataset = \"iris\"", "epochs = 1", "lr = 0.01"] {
        assert!(settings.contains(line), "{settings}");
    }
    let sweep = ["sweep", "iris", "--set", "epochs=1", "--grid", "LR=0.1,0.01", "--by", "accuracy"];
    let (status, told) = within(folder.path(), &sweep);
    assert_eq!(status, Some(0), "{told}");
    for by in ["test_acc", "Test-Accuracy", "acc", "loss"] {
        let (status, told) = within(folder.path(), &["runs", "--by", by]);
        assert_eq!(status, Some(0), "{told}");
    }
    assert!(within(folder.path(), &["runs", "--by", "accurate"]).1.contains("test_accuracy"));
    for words in [["--separator", "comma"], ["--separator", "Comma"], ["--encoding", "utf8"]] {
        let train = [&["train", "t.csv", "--epochs", "1", "--quiet"], &words[..]].concat();
        let (status, told) = within(folder.path(), &train);
        assert_eq!(status, Some(0), "{told}");
    }
    let table = fs::File::open(folder.path().join("t.csv")).unwrap();
    for (words, input) in [("train - --epochs 1", table.try_clone().unwrap()), ("lint -", table)] {
        std::io::Seek::rewind(&mut &input).unwrap();
        let mut program = Command::new(env!("CARGO_BIN_EXE_chainrule"));
        program.args(words.split(' ')).current_dir(folder.path()).stdin(input);
        let output = program.output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(!told.contains("error"), "{words}: {told}");
    }
    assert!(folder.path().join("runs/stdin-1").is_dir());
}

#[test]
fn lint_says_of_which_rows_and_knows_what_is_scaled() {
    let folder = tempdir().unwrap();
    let (table, data) = (folder.path().join("t.csv"), digits());
    // A pixel that is inked in one row of three hundred.
    let row = |i: u32| format!("{},{},{}\n", i * 37 % 101, u32::from(i % 300 == 7), i * 7 % 3);
    fs::write(&table, format!("a,b,y\n{}", (0..600).map(row).collect::<String>())).unwrap();
    let told = |subject: &str| {
        let output = chainrule(&["lint", subject, "--json"]);
        let all: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout).unwrap();
        move |check: &str| {
            let found = all.iter().find(|finding| finding["check"] == check).unwrap();
            (found["warning"] == true, found["message"].as_str().unwrap().to_owned())
        }
    };
    let of_table = told(text(&table));
    let (warning, message) = of_table("inputs");
    assert!(!warning && message.contains("`b`"), "{message}");
    assert!(of_table("classes").1.starts_with("In the training part the classes of `y` have "));
    let message = told(text(data.path()))("classes").1;
    assert!(message.starts_with("In the training part the classes have "), "{message}");
}
