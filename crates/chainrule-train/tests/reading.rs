//! Tables as people have them: what is read, and what is said of it.

use chainrule_train::data::{ColumnKind, DataSource, Decimal, Loaded, Reading, Separator, Task};

fn load_bytes(name: &str, bytes: &[u8], source: DataSource) -> Result<Loaded, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    let source = DataSource { path: path.display().to_string(), ..source };
    source.load(&|_| unreachable!()).map_err(|error| error.to_string())
}

/// All rows to train on.
fn whole() -> DataSource {
    DataSource { validation: Some(0.0), ..DataSource::default() }
}

fn load(text: &str) -> Result<Loaded, String> {
    load_bytes("t.csv", text.as_bytes(), whole())
}

fn load_with(text: &str, reading: Reading) -> Result<Loaded, String> {
    load_bytes("t.csv", text.as_bytes(), DataSource { reading, ..whole() })
}

fn features(loaded: &Loaded) -> Vec<String> {
    loaded.preparation.feature_names()
}

/// The features of all rows.
fn rows(loaded: &Loaded) -> Vec<Vec<f32>> {
    let width = loaded.train.width();
    let row = |at: usize| {
        let mut row = vec![0.0; width];
        loaded.train.features(&[at as u32], &mut row).unwrap();
        row
    };
    (0..loaded.train.len()).map(row).collect()
}

fn raw() -> DataSource {
    DataSource { raw: true, ..whole() }
}

/// A German spreadsheet, as the wine quality data of UCI is one too.
#[test]
fn separators_and_decimal_commas_are_found_out() {
    let table = "a;b;y\n1,5;2;u\n-3,25;1.234,5;v\n";
    let loaded = load_bytes("t.csv", table.as_bytes(), raw()).unwrap();
    assert_eq!(rows(&loaded), [[1.5, 2.0], [-3.25, 1234.5]]);
    assert!(loaded.summary.notes[0].contains("semicolons"), "{:?}", loaded.summary.notes);
    for (text, separator) in [
        ("a|b|y\n1|2|u\n3|4|v\n", "|"),
        ("a\tb\ty\n1\t2\tu\n3\t4\tv\n", "tab"),
        ("a   b  y\n1   2  u\n  3 4  v\n", "blanks"),
        ("# made by hand\n# in 2024\na,b,y\n1,2,u\n3,4,v\n", ","),
        ("The best table\na,b,y\n1,2,u\n3,4,v\n", ","),
    ] {
        let loaded = load_bytes("t.csv", text.as_bytes(), raw());
        let loaded = loaded.unwrap_or_else(|error| panic!("{separator}: {error}"));
        assert_eq!(rows(&loaded), [[1.0, 2.0], [3.0, 4.0]], "{separator}");
        assert_eq!(loaded.summary.notes.len(), 1, "{separator}: {:?}", loaded.summary.notes);
        let given = Reading { separator: separator.parse().ok(), ..Reading::default() };
        let source = DataSource { reading: given, ..raw() };
        assert_eq!(rows(&load_bytes("t.txt", text.as_bytes(), source).unwrap())[1], [3.0, 4.0]);
    }
    // A broken line is told, and not read with another separator.
    let rows: String = (0..30).map(|row| format!("{row} x,{row},u v\n")).collect();
    let error = load(&format!("a,b,y\n{rows}1,2\n")).unwrap_err();
    assert!(error.contains("line 32 has 2 fields"), "{error}");
    let blanks = Reading { separator: Some(Separator::Blanks), ..Reading::default() };
    assert!(load_with("a b y\n1 2 u\n3 4 v\n", blanks).is_ok());
}

#[test]
fn numbers_as_people_write_them_are_numbers() {
    let table = "a,b,c,d,y\n\"3,15\",\"$1,234.50\",12 %,1 000,u\n\"2,75\",$7.00,7 %,2 500,v\n";
    let loaded = load_bytes("t.csv", table.as_bytes(), raw()).unwrap();
    assert_eq!(rows(&loaded), [[3.15, 1234.5, 12.0, 1000.0], [2.75, 7.0, 7.0, 2500.0]]);
    // Nothing in the column decides.
    let table = "a,y\n\"1,234\",u\n\"5,678\",v\n";
    let error = load(table).unwrap_err();
    assert!(
        error.contains("line 2, column `a`: `1,234`") && error.contains("--decimal"),
        "{error}"
    );
    for (decimal, first) in [(Decimal::Point, 1234.0), (Decimal::Comma, 1.234)] {
        let reading = Reading { decimal: Some(decimal), ..Reading::default() };
        let loaded =
            load_bytes("t.csv", table.as_bytes(), DataSource { reading, ..raw() }).unwrap();
        assert_eq!(rows(&loaded)[0], [first]);
    }
}

#[test]
fn gaps_are_known_by_their_words_in_any_case() {
    let words = ["NULL", "None", "n/a", "na", "#N/A", ".", "-", "\\N", "", "?", "NaN", "nil"];
    let row = |at: usize| match at % 2 {
        0 => format!("{},{},u\n", words[at / 2 % words.len()], at),
        _ => format!("{at},{},v\n", at * 3 % 7),
    };
    let table: String = (0..48).map(row).collect();
    let loaded = load(&format!("a,b,y\n{table}")).unwrap();
    assert_eq!(features(&loaded), ["a", "b"]);
    assert_eq!(loaded.summary.gaps, [("a".to_owned(), 24)]);
    // Words of one's own; and a class may be called as a gap is.
    let table = "a,b,y\n1,2,+\nunknown,3,-\n4,unknown,+\n5,6,-\n";
    let na = Reading { na: vec!["unknown".into()], ..Reading::default() };
    let loaded = load_with(table, na).unwrap();
    assert_eq!(features(&loaded), ["a", "b"]);
    assert_eq!(loaded.preparation.class_names(), ["+", "-"]);
}

#[test]
fn dates_become_numbers_and_names_are_left_out() {
    let row = |at: usize| {
        let (month, day) = (1 + at % 12, 1 + at % 28);
        format!("{at},2024-{month:02}-{day:02},Mr {at} Smith,{}\n", ["u", "v"][at % 2])
    };
    let table: String = (0..40).map(row).collect();
    let loaded = load(&format!("age,when,who,y\n{table}")).unwrap();
    assert_eq!(features(&loaded), ["age", "when days", "when month", "when weekday"]);
    assert_eq!(loaded.summary.dates, ["when"]);
    assert_eq!(loaded.summary.left_out[0].0, "who");
    assert!(loaded.summary.left_out[0].1.contains("names or ids"));
    // Asked for, it is taken.
    let types = [("who".to_owned(), ColumnKind::Category)].into_iter().collect();
    let loaded =
        load_with(&format!("age,when,who,y\n{table}"), Reading { types, ..Reading::default() });
    assert_eq!(features(&loaded.unwrap()).len(), 4 + 40);
    // Day or month first: the column decides, or the user.
    let error = load("when,y\n01/02/2024,1.5\n03/04/2024,2\n").unwrap_err();
    assert!(error.contains("--as when=day-month"), "{error}");
    assert!(load("when,y\n01/02/2024,1.5\n23/04/2024,2\n").is_ok());
}

#[test]
fn a_first_line_of_numbers_is_a_row() {
    let loaded = load("58,Private,>50K\n39,State,<=50K\n50,Private,>50K\n").unwrap();
    assert_eq!(loaded.train.len(), 3);
    assert_eq!(features(&loaded), ["c1", "c2=Private", "c2=State"]);
    assert!(loaded.summary.notes[0].contains("c1 to c3"), "{:?}", loaded.summary.notes);
    let header = Reading { header: Some(true), ..Reading::default() };
    let loaded = load_with("2019,2020,y\n1,2,u\n3,4,v\n", header).unwrap();
    assert_eq!(features(&loaded), ["2019", "2020"]);
    // What pandas writes of its index.
    let loaded = load(",a,y\n0,1.5,u\n1,2.5,v\n").unwrap();
    assert_eq!(features(&loaded), ["c1", "a"]);
}

#[test]
fn columns_are_left_out_and_chosen_by_name() {
    let table = "id,a,b,y\n1,2,3,u\n2,3,5,v\n";
    let drop = Reading { drop: vec!["id".into()], ..Reading::default() };
    assert_eq!(features(&load_with(table, drop).unwrap()), ["a", "b"]);
    let columns = Reading { columns: vec!["b".into()], ..Reading::default() };
    assert_eq!(features(&load_with(table, columns).unwrap()), ["b"]);
    let target = Reading { drop: vec!["y".into()], ..Reading::default() };
    let error = load_with(table, target).unwrap_err();
    assert!(error.contains("--target"), "{error}");
    let zip = [("id".to_owned(), ColumnKind::Category)].into_iter().collect();
    let zip = load_with(table, Reading { types: zip, ..Reading::default() }).unwrap();
    assert_eq!(features(&zip), ["id=1", "id=2", "a", "b"]);
}

#[test]
fn the_task_is_told_with_its_reason() {
    let rows: String = (0..60).map(|at| format!("{at},{}\n", at % 11)).collect();
    let loaded = load(&format!("a,y\n{rows}")).unwrap();
    assert_eq!(loaded.summary.task, Some(Task::Classify));
    assert_eq!(loaded.summary.reason, "11 whole numbers, so classes; `--task regress` for values");
    assert_eq!(loaded.summary.rows, 60);
}

#[test]
fn what_was_learnt_of_notation_holds_for_other_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let dates: String = (1..15).map(|day| format!("{day},5;{day}.2.2024;1,5\n")).collect();
    std::fs::write(path("t.csv"), format!("a;when;y\n{dates}2,5;30.2.2025;4,5\n")).unwrap();
    let source = DataSource { path: path("t.csv"), ..DataSource::default() };
    let error = source.load(&|_| unreachable!()).unwrap_err().to_string();
    assert!(error.contains("line 16, column `when`: `30.2.2025` is no date"), "{error}");
    std::fs::write(path("t.csv"), "a;when;y\n1,5;1.2.2024;1,5\n2,5;28.2.2025;4,5\n").unwrap();
    let preparation = source.load(&|_| unreachable!()).unwrap().preparation;
    let kept = serde_json::to_string(&preparation).unwrap();
    let preparation: chainrule_train::data::Preparation = serde_json::from_str(&kept).unwrap();
    std::fs::write(path("o.csv"), "when;a;y\n1.2.2024;1,5;1,5\n").unwrap();
    let other = preparation.load(std::path::Path::new(&path("o.csv")), true).unwrap();
    let mut row = vec![0.0; other.width()];
    other.features(&[0], &mut row).unwrap();
    assert_eq!(row[0], -1.0);
    let mut value = [0.0];
    other.values(&[0], &mut value).unwrap();
    assert_eq!(value, [-1.0]);
}

/// Wherever a column is named, the nearest name is told.
#[test]
fn the_nearest_column_is_told() {
    let table = "ident,area,heating,price\n1,2,gas,3.5\n2,3,oil,5.5\n";
    let wrong = || vec!["haeting".to_owned()];
    let types = [("haeting".to_owned(), ColumnKind::Category)].into_iter().collect();
    let reading = |reading| DataSource { reading, ..DataSource::default() };
    for source in [
        reading(Reading { drop: wrong(), ..Reading::default() }),
        reading(Reading { columns: wrong(), ..Reading::default() }),
        reading(Reading { types, ..Reading::default() }),
        DataSource { target: wrong().pop(), ..DataSource::default() },
        DataSource { weight: wrong().pop(), ..DataSource::default() },
    ] {
        let error = load_bytes("t.csv", table.as_bytes(), source).unwrap_err();
        let told = "has no column `haeting`; did you mean `heating`? It has `ident`, `area`, ";
        assert!(error.contains(told), "{error}");
    }
}
