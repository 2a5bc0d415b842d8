//! Tables as people have them: what is read, and what is said of it.

use std::path::Path;

use chainrule_train::data::{
    ColumnKind, DataSource, Decimal, Examples, Keep, Loaded, NewData, Preparation, Reading,
    Separator, Task,
};

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
    // Without names, too.
    let loaded = load_bytes("t.csv", b"1,47;-1,32;u\n-3,2;2,5;v\n", raw()).unwrap();
    assert_eq!(rows(&loaded), [[1.47, -1.32], [-3.2, 2.5]]);
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
    let parts = "year-month-day: days, month, weekday".to_owned();
    assert_eq!(loaded.summary.dates, [("when".to_owned(), parts)]);
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
    let preparation: Preparation = serde_json::from_str(&kept).unwrap();
    std::fs::write(path("o.csv"), "when;a;y\n1.2.2024;1,5;1,5\n").unwrap();
    let other = preparation.load(Path::new(&path("o.csv")), true).unwrap();
    let mut row = vec![0.0; other.width()];
    other.features(&[0], &mut row).unwrap();
    assert_eq!(row[0], -1.0);
    let mut value = [0.0];
    other.values(&[0], &mut value).unwrap();
    assert_eq!(value, [-1.0]);
}

#[test]
fn a_date_in_another_order_is_told_with_the_right_one() {
    let preparation = load("when,y\n2024-01-01,1\n2024-02-03,2\n").unwrap().preparation;
    let error = preparation.read_rows("3.2.2024\n".as_bytes(), &Keep::None).unwrap_err();
    let told = "line 1, column `when`: `3.2.2024` is not a date such as 2024-01-31";
    assert!(error.to_string().contains(told), "{error}");
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

/// A table as text, read for a model.
fn read_as(name: &str, bytes: &[u8], preparation: &Preparation, keep: &Keep) -> NewData {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    preparation.read(&path, false, keep).unwrap_or_else(|error| panic!("{error}"))
}

fn first_row(examples: &dyn Examples) -> Vec<f32> {
    let mut row = vec![0.0; examples.width()];
    examples.features(&[0], &mut row).unwrap();
    row
}

#[test]
fn columns_are_carried_as_they_stand() {
    let preparation = load("a,b,y\n1,u,0.5\n2,v,1.5\n").unwrap().preparation;
    let file = "id,b,a,note\n007,u,1,NA\n8,v,\"2\",\"a, b\"\n";
    let columns = Keep::Columns(vec!["note".into(), "id".into()]);
    let read = read_as("o.csv", file.as_bytes(), &preparation, &columns);
    let kept: Vec<_> = read.kept.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(kept, ["note", "id"]);
    assert_eq!((read.kept[0].cells[0].as_str(), read.kept[0].cells[1].as_str()), ("NA", "a, b"));
    assert_eq!(read.kept[1].cells, ["007", "8"]);
    let rows = preparation.read_rows(file.as_bytes(), &Keep::All).unwrap();
    assert_eq!(
        (rows.kept.len(), rows.kept[1].cells.as_slice()),
        (4, &["u".into(), "v".into()][..])
    );
    let wrong = Keep::Columns(vec!["nota".into()]);
    let error = preparation.read_rows(file.as_bytes(), &wrong).unwrap_err().to_string();
    assert!(error.contains("no column `nota`; did you mean `note`?"), "{error}");
}

#[test]
fn what_training_had_not_is_told_with_counts() {
    let table = "city,age,when,y\nBonn,1,2024-01-01,u\nKiel,2,2024-05-03,v\nBonn,3,2024-02-09,u\n";
    let preparation = load(table).unwrap().preparation;
    let new = "city,age,when\nUlm,,2024-01-01\n,4,\nJena,5,2024-01-02\nUlm,NA,2024-01-01\nGera,1,2024-01-01\nHof,1,2024-01-01\nBonn,1,2024-01-01\n";
    let told = [
        "`city`: 5 values not seen in training (`Ulm`, `Jena`, `Gera`, …), taken as none of its categories",
        "`city`: 1 gap, where training had none, taken as none of its categories",
        "`age`: 2 gaps, where training had none, taken as the mean",
        "`when`: 1 gap, where training had none, taken as the mean",
    ];
    let read = read_as("o.csv", new.as_bytes(), &preparation, &Keep::None);
    assert_eq!(read.unseen.to_string().lines().collect::<Vec<_>>(), told);
    let rows = preparation.read_rows(new.as_bytes(), &Keep::None).unwrap();
    assert_eq!(rows.unseen, read.unseen);
    assert!(
        read_as("o.csv", table.as_bytes(), &preparation, &Keep::None).unseen.columns.is_empty()
    );
    // Where the training part had gaps, they are nothing new.
    let table = "city,age,y\nBonn,1,u\n,2,v\nKiel,,u\n";
    let preparation = load(table).unwrap().preparation;
    let kept = serde_json::to_string(&preparation).unwrap();
    let preparation: Preparation = serde_json::from_str(&kept).unwrap();
    let read = preparation.read_rows("city,age\n,\n".as_bytes(), &Keep::None).unwrap();
    assert!(read.unseen.columns.is_empty(), "{}", read.unseen);
}

#[test]
fn rows_of_unknown_classes_are_left_out_of_a_test_part() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("t.csv"), "a,y\n1,u\n2,v\n3,u\n4,v\n").unwrap();
    std::fs::write(path("o.csv"), "a,y\n1,u\n2,w\n3,w\n4,v\n").unwrap();
    let source = DataSource {
        path: path("t.csv").display().to_string(),
        test: Some(path("o.csv")),
        ..DataSource::default()
    };
    let loaded = source.load(&|_| unreachable!()).unwrap();
    assert_eq!(loaded.test.unwrap().len(), 2);
    let told =
        "test part: `y`: 2 values not seen in training (`w`), left out, as no score can be given";
    assert_eq!(loaded.summary.notes, [told]);
}

/// How the training data is written is how other data is expected, unless it looks otherwise.
#[test]
fn other_data_is_read_as_the_training_data_was() {
    let german = "größe;art;y\n1,5;süß;1,5\n2,5;salzig;2,5\n3,5;süß;4,5\n";
    let latin: Vec<u8> = german.chars().map(|letter| u8::try_from(letter).unwrap()).collect();
    let preparation = load_bytes("t.csv", &latin, DataSource::default()).unwrap().preparation;
    let kept = serde_json::to_string(&preparation).unwrap();
    let preparation: Preparation = serde_json::from_str(&kept).unwrap();
    let middle = [0.0, 0.0, 1.0];
    for rows in ["2,5;süß\n", "art;größe\nsüß;2,5\n", "art\tgröße\nsüß\t2,5\n", "\"2,5\"|süß\n"]
    {
        let read = preparation.read_rows(rows.as_bytes(), &Keep::None).unwrap();
        assert_eq!(first_row(&*read.examples), middle, "{rows}");
        let is_other = !rows.contains(';') || rows.contains('ü');
        assert_eq!(read.notes.is_empty(), !is_other, "{rows}: {:?}", read.notes);
        let bytes: Vec<u8> = rows.chars().map(|letter| u8::try_from(letter).unwrap()).collect();
        let read = preparation.read_rows(bytes.as_slice(), &Keep::None).unwrap();
        assert_eq!(first_row(&*read.examples), middle, "{rows}");
        let read = read_as("o.csv", &bytes, &preparation, &Keep::None);
        assert_eq!(first_row(&*read.examples), middle, "{rows}");
    }
    // A file of another kind, and one without names.
    let commas = load("a,b,y\n1,u,1\n3,v,2\n5,u,3\n").unwrap().preparation;
    for (name, text) in
        [("o.csv", "b;a\nu;3\n"), ("o.tsv", "b\ta\nu\t3\n"), ("o.csv", "3,u\n5,v\n")]
    {
        let read = read_as(name, text.as_bytes(), &commas, &Keep::None);
        assert_eq!(first_row(&*read.examples), [0.0, 1.0, 0.0], "{text}");
        assert_eq!(read.notes.len(), usize::from(name == "o.csv"), "{text}: {:?}", read.notes);
    }
    // A model of a table without names takes rows with the target and without.
    let plain = load("1,u,10\n3,v,20\n5,u,30\n").unwrap().preparation;
    for text in ["3,u,7\n", "3,u\n"] {
        for read in [
            read_as("o.csv", text.as_bytes(), &plain, &Keep::None),
            plain.read_rows(text.as_bytes(), &Keep::None).unwrap(),
        ] {
            assert_eq!(first_row(&*read.examples), [0.0, 1.0, 0.0], "{text}");
            assert!(read.notes.is_empty(), "{:?}", read.notes);
        }
    }
    // A single column needs no separator, and may hold blanks.
    let single = load("city,y\nNew York,1\nLos Angeles,2\nNew York,3\n").unwrap().preparation;
    for text in ["city\nNew York\n", "New York\n", "Los Angeles\nNew York\n"] {
        let read = single.read_rows(text.as_bytes(), &Keep::None).unwrap();
        assert!(read.unseen.columns.is_empty(), "{text}: {}", read.unseen);
    }
}

/// The bytes of an `.npy` file.
fn npy(kind: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}\n");
    let length = u16::try_from(header.len()).unwrap().to_le_bytes();
    [b"\x93NUMPY\x01\0".as_slice(), &length, header.as_bytes(), data].concat()
}

fn npz(arrays: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut archive = rawzip::ZipArchiveWriter::new(Vec::new());
    for (name, array) in arrays {
        let path = rawzip::path::EntryPath::verbatim(format!("{name}.npy").into_bytes());
        let (mut entry, config) = archive.new_file(path).start().unwrap();
        let mut file = config.wrap(&mut entry);
        std::io::Write::write_all(&mut file, array).unwrap();
        let (_, described) = file.finish().unwrap();
        entry.finish(described).unwrap();
    }
    archive.finish().unwrap()
}

fn little(numbers: &[u16]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

/// What NumPy writes of `np.float16([1, -2.5, 65504, 2**-24, 0.1, -0.0])` and of texts.
#[test]
fn arrays_of_half_precision_and_of_texts_are_read() {
    let halves = little(&[0x3c00, 0xc100, 0x7bff, 0x0001, 0x2e66, 0x8000]);
    let wide: Vec<u8> =
        "süßab\0".chars().flat_map(|letter| u32::from(letter).to_le_bytes()).collect();
    let big: Vec<u8> =
        "süßab\0".chars().flat_map(|letter| u32::from(letter).to_be_bytes()).collect();
    for (kind, texts) in [
        ("<U3", wide.as_slice()),
        (">U3", &big),
        ("|S4", b"s\xfc\xdf\0ab\0\0"),
        ("|S5", "süßab\0\0\0".as_bytes()),
    ] {
        let x = npy("<f2", "(2, 3)", &halves);
        let bytes = npz(&[("x", x), ("y", npy(kind, "(2,)", texts))]);
        let loaded = load_bytes("t.npz", &bytes, raw()).unwrap();
        let wanted = [[1.0, -2.5, 65504.0], [2_f32.powi(-24), 0.099_975_586, 0.0]];
        assert_eq!(rows(&loaded), wanted);
        assert_eq!(loaded.preparation.class_names(), ["ab", "süß"], "{kind}");
        assert!(loaded.summary.notes.is_empty());
    }
    // Texts to predict from are categories.
    let bytes = npz(&[("x", npy("|S1", "(2, 1)", b"ab")), ("y", npy("|b1", "(2,)", b"\0\x01"))]);
    let loaded = load_bytes("t.npz", &bytes, DataSource::default()).unwrap();
    assert_eq!(features(&loaded), ["x0=a", "x0=b"]);
    let bytes = npz(&[("x", npy("<f2", "(3, 1)", &halves[..6])), ("y", npy("|O", "(3,)", b"abc"))]);
    let error = load_bytes("t.npz", &bytes, DataSource::default()).unwrap_err();
    assert!(error.contains("`y`: holds Python objects") && error.contains("astype"), "{error}");
}

/// From 2⁵³ on a number of 64 bits does not hold every whole one: such names stay apart.
#[test]
fn whole_numbers_of_many_digits_stay_apart() {
    let first = (1_i64 << 53) + 1;
    let numbers = |all: [i64; 4]| all.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>();
    let y = npy("<i8", "(4,)", &numbers([first, first - 1, first, first - 1]));
    let x = npy("<i8", "(4, 1)", &numbers([-first, 3, 1 - first, 4]));
    let loaded = load_bytes("t.npz", &npz(&[("x", x), ("y", y)]), raw()).unwrap();
    let names = [(first - 1).to_string(), first.to_string()];
    assert_eq!(loaded.preparation.class_names(), names);
    assert_eq!(rows(&loaded), [[-first as f32], [3.0], [1.0 - first as f32], [4.0]]);
    let y = npy(">u8", "(2,)", &[[0xff; 8], [0xfe; 8]].concat());
    let x = npy("|u1", "(2, 1)", &[1, 2]);
    let task = Some(chainrule_train::data::Task::Classify);
    let bytes = npz(&[("x", x), ("y", y)]);
    let loaded = load_bytes("t.npz", &bytes, DataSource { task, ..raw() }).unwrap();
    let names = loaded.preparation.class_names();
    assert!(names.contains(&u64::MAX.to_string()), "{names:?}");
}

#[test]
fn arrays_are_found_by_the_names_that_people_give_them() {
    let x = |rows: &[u16]| npy("<u2", &format!("({}, 1)", rows.len()), &little(rows));
    let y = |rows: &[u16]| npy("<u2", &format!("({},)", rows.len()), &little(rows));
    for (examples, targets) in [("X", "Y"), ("X", "y"), ("features", "labels"), ("arr_0", "arr_1")]
    {
        let bytes = npz(&[(targets, y(&[5, 6])), (examples, x(&[1, 2])), ("meta", y(&[0]))]);
        let loaded = load_bytes("t.npz", &bytes, raw()).unwrap();
        assert_eq!(rows(&loaded), [[1.0], [2.0]], "{examples}");
        let told = format!("the examples are the array `{examples}`, and the targets `{targets}`");
        assert_eq!(loaded.summary.notes, [&told, "arrays that are passed over: `meta`"]);
        assert!(loaded.test.is_none());
    }
    // As Keras keeps MNIST.
    let bytes = npz(&[
        ("x_test", x(&[7, 8, 9])),
        ("x_train", x(&[1, 2, 1, 2])),
        ("y_train", y(&[0, 1, 0, 1])),
        ("y_test", y(&[1, 1, 0])),
    ]);
    let loaded = load_bytes("t.npz", &bytes, raw()).unwrap();
    assert_eq!((loaded.train.len(), loaded.test.as_ref().map(|test| test.len())), (4, Some(3)));
    assert_eq!(first_row(&*loaded.test.unwrap()), [7.0]);
    assert_eq!(
        first_row(&*read_as("t.npz", &bytes, &loaded.preparation, &Keep::None).examples),
        [7.0]
    );
    let bytes = npz(&[("foo", x(&[1, 2])), ("y", y(&[5, 6]))]);
    let error = load_bytes("t.npz", &bytes, raw()).unwrap_err();
    assert!(error.contains("has no array `x`") && error.contains("it has `foo`, `y`"), "{error}");
}

#[test]
fn a_zero_byte_is_told_with_its_place() {
    let error = load("a,b,y\n1,2,u\n3,\0,v\n").unwrap_err();
    assert!(error.contains("line 3, column 3: a zero byte (NUL)"), "{error}");
    // Beyond what is looked at to find the encoding out.
    let rows = "1,2,u\n3,4,v\n".repeat(100_000);
    let error = load(&format!("a,b,y\n{rows}3,\0,v\n")).unwrap_err();
    assert!(error.contains("line 200002, column `b`: a zero byte (NUL)"), "{error}");
}

#[test]
fn what_is_said_of_a_reading_fits_sixty_columns() {
    let row = |at: usize| {
        format!(
            "{at};{};Mr {at};{},5;7;2024-01-{:02};{}\n",
            at % 9,
            at % 5,
            1 + at % 28,
            ["u", "v"][at % 2]
        )
    };
    let rows: String = (0..50).map(row).collect();
    let source = DataSource { validation: Some(0.2), ..DataSource::default() };
    let table = format!("the first number;another;who;decimal;same;when;y\n{rows}");
    let report = load_bytes("t.csv", table.as_bytes(), source).unwrap().report();
    let told = report.to_string();
    assert!(
        told.starts_with("50 rows: 40 train, 10 validation\npredicts y: 2 different texts"),
        "{told}"
    );
    assert!(told.contains("numbers with a decimal comma (`--decimal`): decimal"), "{told}");
    assert!(
        told.lines().count() > 6 && told.lines().all(|line| line.chars().count() <= 60),
        "{told}"
    );
}

#[test]
fn marks_and_ends_of_lines_are_no_part_of_cells() {
    let table = "größe,b,y\n1,2,u\n3,4,v\n";
    let wide = |to: fn(u16) -> [u8; 2], text: &str| -> Vec<u8> {
        text.encode_utf16().flat_map(to).collect()
    };
    let (bom, ends) = (format!("\u{feff}{table}"), table.replace('\n', "\r\n"));
    for bytes in [
        bom.clone().into_bytes(),
        ends.clone().into_bytes(),
        format!("\u{feff}{ends}").into_bytes(),
        wide(u16::to_le_bytes, &bom),
        wide(u16::to_be_bytes, &format!("\u{feff}{ends}")),
        wide(u16::to_le_bytes, table),
    ] {
        let loaded = load_bytes("t.csv", &bytes, raw()).unwrap();
        assert_eq!(rows(&loaded), [[1.0, 2.0], [3.0, 4.0]]);
        assert_eq!(features(&loaded), ["größe", "b"]);
        assert_eq!(loaded.preparation.class_names(), ["u", "v"]);
        let read = loaded.preparation.read_rows(bytes.as_slice(), &Keep::All).unwrap();
        assert_eq!(first_row(&*read.examples), [1.0, 2.0]);
        assert_eq!((read.kept[0].name.as_str(), read.kept[2].cells[0].as_str()), ("größe", "u"));
    }
}

/// What spreadsheets make of tables: titles with separators, separators at the ends of lines.
#[test]
fn separators_without_cells_make_neither_names_nor_targets() {
    let titled =
        load_bytes("t.csv", b"Report 2024;;\n;;\n\na;b;y\n1,5;2;u\n2,5;4;v\n", raw()).unwrap();
    assert_eq!(rows(&titled), [[1.5, 2.0], [2.5, 4.0]]);
    let trailing = load("a,b,y,\n1,2,u,\n3,4,v,\n").unwrap();
    assert_eq!(
        (features(&trailing), trailing.summary.target),
        (vec!["a".into(), "b".into()], vec!["y".into()])
    );
    assert_eq!(trailing.summary.left_out, [("c4".to_owned(), "no value".to_owned())]);
}

/// Each of these could only be mended in the file once.
#[test]
fn columns_that_are_no_good_can_be_left_out_by_name() {
    let row = |at: usize| format!("k{},,{at},{},{}\n", at % 1500, at % 7, ["u", "v"][at % 2]);
    let rows: String = (0..3000).map(row).collect();
    let table = format!("code,none,a,a,y\n{rows}");
    let error = load(&table).unwrap_err();
    assert!(error.contains("`--drop code`"), "{error}");
    let drop = Reading { drop: vec!["code".into(), "a.1".into()], ..Reading::default() };
    let loaded = load_with(&table, drop).unwrap();
    assert_eq!(features(&loaded), ["a"]);
    assert_eq!(loaded.summary.notes, ["column 4 is another `a`: it is called `a.1`"]);
    let rows = loaded.preparation.read_rows("a,a\n1,2\n".as_bytes(), &Keep::All).unwrap();
    assert_eq!(rows.kept[1].name, "a.1");
}

#[test]
fn each_column_decides_its_own_notation_before_the_option_does() {
    let table = "a,b,c,y\n\"3,15\",\"1,234\",1.5,u\n\"2,75\",\"5,678\",2.5,v\n";
    for (decimal, b) in [(Decimal::Point, 1234.0), (Decimal::Comma, 1.234)] {
        let reading = Reading { decimal: Some(decimal), ..Reading::default() };
        let loaded = load_bytes("t.csv", table.as_bytes(), DataSource { reading, ..raw() });
        assert_eq!(rows(&loaded.unwrap())[0], [3.15, b, 1.5]);
    }
}

#[test]
fn times_alone_are_hours() {
    let row = |at: usize| format!("{}:{:02},{}:{}\n", at % 24, at % 60, at % 4, at % 3);
    let rows: String = (0..60).map(row).collect();
    let loaded = load(&format!("at,y\n{rows}")).unwrap();
    assert_eq!(
        (features(&loaded), loaded.preparation.class_names().len()),
        (vec!["at hour".into()], 12)
    );
}

#[test]
fn numbers_beyond_32_bits_are_told_in_right_words() {
    for (a, y, place) in
        [("4.7e299", "1.5", "line 4, column `a`"), ("3", "4.7e299", "line 4, column `y`")]
    {
        let error = load(&format!("a,y\n1,0.5\n2,2.5\n{a},{y}\n")).unwrap_err();
        let told = "4.7e299 is too large: data is held in 32 bits";
        assert!(error.contains(place) && error.contains(told), "{error}");
    }
}

#[test]
fn other_data_may_have_the_other_notation() {
    let preparation = load("a,b,y\n1.5,7,0.5\n2.5,8,1.5\n3.5,9,2.5\n").unwrap().preparation;
    let read = preparation.read_rows("a;b;y\n2,5;8;1,5\n1.234,5;8;1,5\n".as_bytes(), &Keep::None);
    let read = read.unwrap();
    assert_eq!(first_row(&*read.examples), [0.0, 0.0]);
    let told = [
        "columns stand apart by semicolons, unlike the training data",
        "`a`: numbers have a decimal comma, unlike the training data",
    ];
    assert_eq!(read.notes, told);
    // A slip among others is told with its place.
    let error = preparation.read_rows("a,b\n2.5,8\n\"3,5\",8\n".as_bytes(), &Keep::None);
    let error = error.unwrap_err().to_string();
    assert!(error.contains("line 3, column `a`: `3,5` is not a number"), "{error}");
}
