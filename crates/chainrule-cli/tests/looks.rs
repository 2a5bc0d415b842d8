//! How what is printed looks: it fits the terminal, and tells no more than it must.

use std::path::Path;
use std::process::{Command, Output};

use tempfile::{TempDir, tempdir};

/// Runs in a folder with a terminal of so many columns.
fn wide(folder: &Path, columns: usize, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_chainrule"))
        .args(arguments)
        .current_dir(folder)
        .env("COLUMNS", columns.to_string())
        .output()
        .unwrap()
}

/// What it printed for people, on both streams. Paths stay whole, and everything else fits.
fn fits(folder: &Path, columns: usize, arguments: &[&str]) -> String {
    let output = wide(folder, columns, arguments);
    let [out, err] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    assert!(output.status.success(), "{arguments:?}: {err}");
    let both = out + &err;
    for line in both.lines() {
        let width = chainrule_explain::width(line);
        assert!(width <= columns, "{arguments:?}: {width} of {columns} columns: {line}");
    }
    both
}

/// A table of three kinds with long names, and of values.
fn tables() -> TempDir {
    let folder = tempdir().unwrap();
    let names = ["common_wolfsbane", "creeping_thistle", "wood_anemone"];
    let (mut kinds, mut values) = ("length,width,plant\n".to_owned(), "a,b,price\n".to_owned());
    for i in 0..90_usize {
        let (a, b) = (i % 3 + i * 7 % 5, i * 11 % 13);
        kinds += &format!("{a}.5,{b},{}\n", names[i % 3]);
        values += &format!("{a},{b},{}\n", 200_000.5 + (1000 * a + 30 * b) as f64);
    }
    std::fs::write(folder.path().join("plants.csv"), kinds).unwrap();
    std::fs::write(folder.path().join("houses.csv"), values).unwrap();
    folder
}

#[test]
fn what_is_printed_fits_60_80_and_200_columns() {
    let folder = tables();
    let at = folder.path();
    for columns in [60, 80, 200] {
        for (data, more) in
            [("plants.csv", ["--lr", "0.01"]), ("houses.csv", ["--hidden", "9,8,7,6,5,4,3"])]
        {
            let run = format!("{}-{columns}", data.trim_end_matches(".csv"));
            let train = [&["train", data, "--epochs", "3", "--out", &run][..], &more].concat();
            fits(at, columns, &train);
            fits(at, columns, &["eval", &run]);
        }
        let all: Vec<String> = ["plants", "houses"].map(|name| format!("{name}-{columns}")).into();
        let runs = fits(at, columns, &["runs", &all[0], &all[1]]);
        assert!(runs.contains("rank"), "{runs}");
        fits(at, columns, &["gradcheck", "iris", "--hidden", "3"]);
        fits(at, columns, &["lint", "plants.csv"]);
    }
}

fn refused(folder: &Path, arguments: &[&str]) -> String {
    let output = wide(folder, 80, arguments);
    assert!(!output.status.success(), "{arguments:?}");
    // However it is broken into lines.
    let told = String::from_utf8(output.stderr).unwrap();
    told.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn confusion_tables_carry_the_names_or_give_way_to_the_largest_confusions() {
    let folder = tables();
    let at = folder.path();
    fits(at, 80, &["train", "plants.csv", "--epochs", "3", "--out", "run"]);
    let table = fits(at, 120, &["eval", "run"]);
    let head = table.lines().find(|line| line.contains("precision  recall")).unwrap();
    for name in ["common_wolfsbane", "creeping_thistle", "wood_anemone"] {
        assert!(head.contains(name), "{table}");
    }
    assert!(fits(at, 60, &["eval", "run"]).contains(" wood"));
    // Classes that no input tells: there are confusions to list.
    let many: String = (0..400).map(|i| format!("{}.5,kind{:02}\n", i % 3, i % 40)).collect();
    std::fs::write(at.join("many.csv"), format!("a,kind\n{many}")).unwrap();
    fits(at, 80, &["train", "many.csv", "--epochs", "1", "--out", "many"]);
    let listed = fits(at, 80, &["eval", "many"]);
    assert!(listed.contains("the largest confusions:"), "{listed}");
    let last = listed.lines().last().unwrap();
    assert_eq!(last.matches("kind").count(), 2, "{listed}");
}

#[test]
fn predictions_print_the_digits_that_mean_something() {
    let folder = tables();
    let at = folder.path();
    fits(at, 80, &["train", "houses.csv", "--epochs", "3", "--out", "run"]);
    let printed = fits(at, 80, &["predict", "run", "houses.csv"]);
    let rows = printed.lines().skip(1);
    let numbers: Vec<&str> = rows.map(|row| row.rsplit(',').next().unwrap()).collect();
    // A millionth of their deviation, which is some hundreds.
    let decimals = |text: &&str| text.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    assert!(numbers.len() == 90 && numbers.iter().all(|x| decimals(x) <= 4), "{numbers:?}");
    assert!(numbers.iter().any(|x| decimals(x) > 2), "{numbers:?}");
}

#[test]
fn a_slip_of_the_pen_gets_the_nearest_dataset_or_file() {
    let folder = tables();
    let at = folder.path();
    assert!(refused(at, &["train", "minst"]).contains("did you mean `mnist`?"));
    assert!(refused(at, &["train", "Houses.csv"]).contains("did you mean `houses.csv`?"));
    assert!(refused(at, &["lint", "plant.csv"]).contains("did you mean `plants.csv`?"));
    assert!(!refused(at, &["train", "nothing-like-it"]).contains("did you mean"));
    fits(at, 200, &["new", "houses.csv"]);
    assert!(refused(at, &["train", "house.toml"]).contains("did you mean `houses.toml`?"));
    fits(at, 80, &["train", "houses.toml", "--epochs", "1", "--out", "run"]);
    assert!(refused(at, &["predict", "run", "huoses.csv"]).contains("did you mean `houses.csv`?"));
}

#[test]
fn lint_takes_a_table_and_names_its_columns() {
    let folder = tables();
    let at = folder.path();
    let mut leak = "size,secret,kind\n".to_owned();
    for i in 0..60 {
        leak += &format!("{},{}.5,{}\n", i * 7 % 11, i % 2, ["no", "yes"][i % 2]);
    }
    std::fs::write(at.join("leak.csv"), leak).unwrap();
    let printed = String::from_utf8(wide(at, 80, &["lint", "leak.csv"]).stdout).unwrap();
    assert!(printed.contains("`secret`") && printed.contains("the target away"), "{printed}");
    assert!(printed.contains("the classes of `kind`"), "{printed}");
    let other = ["lint", "leak.csv", "--target", "size", "--drop", "secret"];
    let printed = String::from_utf8(wide(at, 80, &other).stdout).unwrap();
    assert!(printed.contains("inputs") && !printed.contains("secret"), "{printed}");
}

#[test]
fn names_are_taken_in_any_case() {
    let folder = tables();
    let train = ["train", "plants.csv", "--epochs", "1", "--out", "run"];
    let words = ["--activation", "ReLU", "--optimizer", "Adam", "--init", "Kaiming"];
    fits(folder.path(), 80, &[&train[..], &words, &["--loss", "cross_entropy"]].concat());
    let written = std::fs::read_to_string(folder.path().join("run/config.toml")).unwrap();
    assert!(written.contains("\"relu\"") && written.contains("\"adam\""), "{written}");
}

fn epochs(printed: &str) -> Vec<u32> {
    let lines = printed.lines().filter(|line| line.starts_with("epoch "));
    lines.map(|line| line.split_whitespace().nth(1).unwrap().parse().unwrap()).collect()
}

#[test]
fn a_short_training_tells_at_most_twenty_epochs_the_first_and_last_among_them() {
    let folder = tables();
    let train = ["train", "plants.csv", "--validation", "0", "--epochs", "100", "--out"];
    let told = fits(folder.path(), 200, &[&train[..], &["run"]].concat());
    assert!(!told.contains("0.00 s"), "{told}");
    let told = epochs(&told);
    assert!(told.len() <= 20 && told.len() > 15, "{told:?}");
    assert_eq!((told[0], told[told.len() - 1]), (1, 100));
    let all = fits(folder.path(), 200, &[&train[..], &["every", "--verbose"]].concat());
    assert_eq!(epochs(&all), (1..=100).collect::<Vec<u32>>());
    let few = ["train", "plants.csv", "--epochs", "5", "--out", "few"];
    assert_eq!(epochs(&fits(folder.path(), 200, &few)), [1, 2, 3, 4, 5]);
}
