//! What the cells of a table are taken for: numbers, words, weights.

use chainrule_train::data::{ColumnKind, DataSource, Loaded, Reading};

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
