//! What the cells of a table are taken for: numbers, words, weights.

use std::path::Path;

use chainrule_train::data::{ColumnKind, DataSource, Decimal, Examples, Keep, Loaded, Reading};
use chainrule_train::{Config, Trainer};

/// Loads a table, all rows of which are trained on.
fn load(text: &str, source: DataSource) -> Result<Loaded, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    std::fs::write(&path, text).unwrap();
    let path = path.display().to_string();
    let source = DataSource { path, validation: Some(0.0), ..source };
    source.load(&|_| unreachable!()).map_err(|error| error.to_string())
}

/// A class may be called as what is no number to count with; there are more classes than a small sort
/// compares one by one.
#[test]
fn classes_that_are_not_numbers_have_an_order() {
    let rows: String = (0..200).map(|at| format!("{at},{}\n", at % 50)).collect();
    let text = format!("a,y\n{rows}1,-nan\n2,-NaN\n3,inf\n4,1e400\n");
    let source = DataSource { task: Some("classify".parse().unwrap()), ..DataSource::default() };
    let first = load(&text, source.clone()).unwrap();
    let names = first.preparation.class_names();
    assert_eq!(names.len(), 54);
    assert!(names.is_sorted(), "{names:?}");
    for _ in 0..5 {
        assert_eq!(load(&text, source.clone()).unwrap().preparation, first.preparation);
    }
    let numbers = load("a,y\n1,10\n2,9\n3,9.0\n4,-0\n5,0\n6,1e1\n", source).unwrap();
    assert_eq!(numbers.preparation.class_names(), ["0", "9", "10"]);
}

#[test]
fn long_ids_stay_different_categories() {
    let ids = ["9007199254740992", "9007199254740993", "9007199254740994"];
    let rows: String = (0..30).map(|at| format!("{},{}.5\n", ids[at % 3], at)).collect();
    let types = [("id".to_owned(), ColumnKind::Category)].into_iter().collect();
    let reading = Reading { types, ..Reading::default() };
    let loaded = load(&format!("id,y\n{rows}"), DataSource { reading, ..DataSource::default() });
    let names = loaded.unwrap().preparation.feature_names();
    assert_eq!(names, ids.map(|id| format!("id={id}")));
}

#[test]
fn amounts_with_a_currency_are_numbers() {
    let amounts = ["12 EUR", "EUR 13", "14 usd", "-3.50 CHF", "15"];
    let rows: String = (0..20).map(|at| format!("{},{at}\n", amounts[at % 5])).collect();
    let loaded = load(&format!("price,y\n{rows}"), DataSource::default()).unwrap();
    assert_eq!(loaded.preparation.feature_names(), ["price"]);
}

fn weighted(text: &str, decimal: Option<Decimal>) -> Result<Loaded, String> {
    let reading = Reading { decimal, ..Reading::default() };
    load(text, DataSource { weight: Some("w".into()), reading, ..DataSource::default() })
}

fn weights(data: &dyn Examples) -> Vec<f32> {
    let mut weights = vec![0.0; data.len()];
    let all: Vec<u32> = (0..data.len() as u32).collect();
    assert!(data.weights(&all, &mut weights).unwrap());
    weights
}

/// A column of weights is read in its own notation, here and in other data.
#[test]
fn weights_are_read_as_inputs_are() {
    let commas = weighted("x;w;y\n1;0,500;1\n2;12;2\n3;2,25;4\n", None).unwrap();
    assert_eq!(weights(&*commas.train), [0.5, 12.0, 2.25]);
    let noted = "numbers with a decimal comma (`--decimal`): w";
    assert!(commas.summary.notes.iter().any(|note| note == noted), "{:?}", commas.summary.notes);
    let open = "x;w;y\n1;1,500;1\n2;12;2\n3;2,250;4\n";
    let error = weighted(open, None).unwrap_err();
    assert!(
        error.contains("line 2, column `w`: `1,500`") && error.contains("--decimal"),
        "{error}"
    );
    let points = weighted(open, Some(Decimal::Point)).unwrap();
    assert_eq!(weights(&*points.train), [1500.0, 12.0, 2250.0]);
    let error = weighted("x,w,y\n1,2,1\n2,heavy,2\n", None).unwrap_err();
    assert!(error.contains("line 3, column `w`: `heavy`: a weight must be a number"), "{error}");

    // What is kept reads other data alike, or in that data's own notation.
    let kept = serde_json::to_string(&commas.preparation).unwrap();
    let preparation = serde_json::from_str(&kept).unwrap();
    assert_eq!(commas.preparation, preparation);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("o.csv");
    let read = |text: &str| {
        std::fs::write(&path, text).unwrap();
        preparation.read(&path, true, &Keep::None).unwrap()
    };
    let same = read("x;w;y\n1;0,75;1\n2;3;2\n");
    assert_eq!((weights(&*same.examples), same.notes.len()), (vec![0.75, 3.0], 0));
    let other = read("x;w;y\n1;0.75;1\n2;3;2\n");
    assert_eq!(weights(&*other.examples), [0.75, 3.0]);
    assert_eq!(other.notes, ["`w`: numbers have a decimal point, unlike the training data"]);
    let none = read("x;y\n1;1\n2;2\n");
    assert_eq!(none.notes, ["it has no weights `w`: all rows count the same"]);
}

#[test]
fn weights_that_are_all_zero_are_refused() {
    let loaded = weighted("x,w,y\n1,0,1\n2,0,2\n3,0,4\n", None).unwrap();
    let config = Config { hidden: vec![], ..Config::default() };
    let model = config.model(1, 1).unwrap();
    let error = Trainer::<f32>::new(&model, &config, loaded.parts()).map(|_| ()).unwrap_err();
    assert!(error.to_string().contains("every example's weight is 0"), "{error}");
}

/// The feature of each row of a table of one column.
fn raw_numbers(source: &DataSource, path: &Path, text: &str) -> (Vec<f32>, Vec<String>) {
    let preparation = source.load(&|_| unreachable!()).unwrap().preparation;
    std::fs::write(path, text).unwrap();
    let read = preparation.read(path, false, &Keep::None).unwrap();
    let all: Vec<u32> = (0..read.examples.len() as u32).collect();
    let mut numbers = vec![0.0; all.len()];
    read.examples.features(&all, &mut numbers).unwrap();
    (numbers, read.notes)
}

/// Numbers of other data that are something else in the training data's notation are read in their own, or
/// told where nothing decides.
#[test]
fn other_data_decides_its_own_notation() {
    let folder = tempfile::tempdir().unwrap();
    let (path, other) = (folder.path().join("t.csv"), folder.path().join("o.csv"));
    std::fs::write(&path, "x,y\n0.5,1\n1.5,2\n2.5,3.5\n").unwrap();
    let path = path.display().to_string();
    let source = DataSource { path, raw: true, validation: Some(0.0), ..DataSource::default() };
    let read = |text: &str| raw_numbers(&source, &other, text);
    let turned = ["`x`: numbers have a decimal comma, unlike the training data"];
    assert_eq!(
        read("x\n\"0,100\"\n\"1,250\"\n"),
        (vec![0.1, 1.25], turned.map(String::from).into())
    );
    let open = "`x`: `1,234` is read as 1234, by the training data's decimal point; nothing in the column decides";
    assert_eq!(read("x\n7\n\"1,234\"\n"), (vec![7.0, 1234.0], vec![open.into()]));
    for (text, numbers) in [
        ("x\n\"1,234\"\n1.5\n", [1234.0, 1.5]),
        ("x\n1.234\n2.5\n", [1.234, 2.5]),
        ("x\n1.234\n5.678\n", [1.234, 5.678]),
    ] {
        assert_eq!(read(text), (numbers.into(), vec![]), "{text}");
    }
}

/// What cannot be read in pieces is told where a table is to stay on disk.
#[test]
fn a_streamed_text_that_stands_in_memory_is_told() {
    for (text, is_told) in
        [("x,y\n1,2\n2,3.5\n3,4\n", false), ("x   y\n1   2\n2   3.5\n3   4\n", true)]
    {
        let loaded = load(text, DataSource { stream: true, ..DataSource::default() }).unwrap();
        assert!(loaded.is_streamed);
        let notes = loaded.summary.notes;
        assert_eq!(
            notes.iter().any(|note| note.contains("in memory as a whole")),
            is_told,
            "{notes:?}"
        );
    }
}
