//! What is said of tables as people have them, in which something is odd.

use chainrule_train::data::{DataSource, Keep, Loaded, Reading};

fn load_with(text: &str, reading: Reading) -> Result<Loaded, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    std::fs::write(&path, text).unwrap();
    let path = path.display().to_string();
    let source = DataSource { path, reading, validation: Some(0.0), ..DataSource::default() };
    source.load(&|_| unreachable!()).map_err(|error| error.to_string())
}

fn load(text: &str) -> Loaded {
    load_with(text, Reading::default()).unwrap_or_else(|error| panic!("{error}"))
}

/// The column is taken as `kind`.
fn load_as(text: &str, column: &str, kind: &str) -> Result<Loaded, String> {
    let types = [(column.to_owned(), kind.parse().unwrap())].into_iter().collect();
    load_with(text, Reading { types, ..Reading::default() })
}

/// A table of such columns with a target of two classes; 40 rows.
fn table(names: &str, row: impl Fn(usize) -> String) -> String {
    let rows: String = (0..40).map(|at| format!("{},{}\n", row(at), ["u", "v"][at % 2])).collect();
    format!("{names},y\n{rows}")
}

fn notes(loaded: &Loaded) -> String {
    loaded.summary.notes.join("\n")
}

#[test]
fn dates_are_read_as_people_write_them_and_told_with_order_and_parts() {
    const MONTHS: [&str; 4] = ["Jan", "april", "SEP", "Oct"];
    let written = |at: usize| (1 + at % 28, at * 7 % 4, 2010 + at % 9);
    for (order, date) in [
        (
            "day-month-year",
            Box::new(|(d, m, y)| format!("{d}-{}-{y}", MONTHS[m])) as Box<dyn Fn(_) -> _>,
        ),
        ("month-day-year", Box::new(|(d, m, y)| format!("\"{} {d}, {y}\"", MONTHS[m]))),
        (
            "month-day-year",
            Box::new(|(d, m, y): (_, _, usize)| format!("{}/{d}/{}", m + 1, y - 1930)),
        ),
        (
            "day-month-year",
            Box::new(|(d, m, y): (_, _, usize)| format!("{d}/{}/{}", m + 1, y - 1930)),
        ),
    ] {
        let loaded = load(&table("when", |at| date(written(at))));
        let told = format!("{order}: days, year, month, weekday");
        assert_eq!(loaded.summary.dates, [("when".to_owned(), told.clone())]);
        let text = loaded.summary.to_string().replace("\n ", "");
        assert!(text.contains(&format!("dates: when ({told})")), "{text}");
    }
    let short = table("when", |at| format!("{}/27/87", 1 + at % 12));
    assert!(notes(&load(&short)).contains("`when`: years of two digits are 1930 to 2029"));
    // Eight digits are a number, unless somebody says that they are a date.
    let compact = table("when", |at| format!("20{:02}02{:02}", at % 20, 1 + at % 28));
    let loaded = load(&compact);
    assert_eq!(loaded.summary.numbers, ["when"]);
    assert!(notes(&loaded).contains("--as when=date"));
    let loaded = load_as(&compact, "when", "date").unwrap();
    assert_eq!(loaded.summary.dates[0].1, "year-month-day: days, year, weekday");
}

#[test]
fn a_kind_that_a_column_is_not_is_refused_in_right_words() {
    let text = table("id,city,mixed,when", |at| {
        let mixed = ["7", "seven"][usize::from(at > 20)];
        format!("{},{},{mixed},2024-01-{:02}", 1000 + at, ["Nice", "Lille"][at % 2], 1 + at % 28)
    });
    for (column, kind, wanted) in [
        (
            "city",
            "number",
            "`Nice` is not a number, nor is any other of the column; `--as city=category`",
        ),
        ("mixed", "number", "`seven` is not a number, as 21 others of the column are; mend it"),
        (
            "id",
            "date",
            "`1000` is no date such as 2024-01-31, nor is any other of the column; `--as id=number`",
        ),
        (
            "city",
            "date",
            "`Nice` is no date such as 2024-01-31, nor is any other of the column; `--as city=category`",
        ),
        (
            "when",
            "month-day",
            "`2024-01-01` is no date such as 1/31/2024, nor is any other of the column",
        ),
    ] {
        let error = load_as(&text, column, kind).unwrap_err();
        assert!(error.contains(wanted) && error.contains("line "), "{column}: {error}");
    }
    let text = table("when", |at| ["2024-01-31", "2024-02-30"][usize::from(at > 37)].to_owned());
    let error = load_as(&text, "when", "date").unwrap_err();
    assert!(
        error.contains(
            "line 40, column `when`: `2024-02-30` is no date such as 2024-01-31, as others"
        ),
        "{error}"
    );
}

#[test]
fn columns_that_may_be_misread_are_told() {
    let text = table("age,share,price,sum,n", |at| {
        let age = if at % 5 == 0 { "missing".to_owned() } else { (at * 7 % 50).to_string() };
        let share = ["50%", "0.5"][usize::from(at % 4 == 3)];
        format!("{age},{share},{}{at},{at} {},{at}", ["$", "€"][at % 2], ["EUR", "usd"][at % 2])
    });
    let loaded = load(&text);
    let told = notes(&loaded);
    for wanted in [
        "`age`: 32 numbers and 8 times `missing`, so categories; `--na missing` if that is a gap",
        "`share`: numbers with `%` and no sign are all taken as they stand: 50% is 50",
        "`price`: numbers with `$` and `€` are all taken as they stand",
        "`sum`: numbers with `EUR` and `USD` are all taken as they stand",
    ] {
        assert!(told.contains(wanted), "`{wanted}` is not in: {told}");
    }
    let na = Reading { na: vec!["missing".into()], ..Reading::default() };
    let loaded = load_with(&text, na).unwrap();
    assert!(!notes(&loaded).contains("`age`") && loaded.summary.numbers.contains(&"age".into()));
}

#[test]
fn what_counts_the_rows_is_left_out_where_its_name_says_so() {
    let counting = |name: &str, first: usize| {
        load(&table(&format!("{name},x"), |at| format!("{},{}", at + first, at * 7 % 11)))
    };
    for (name, first) in [("", 0), ("Unnamed: 0", 0), ("id", 1), ("Row", 1)] {
        let left = &counting(name, first).summary.left_out;
        assert_eq!(left.len(), 1, "{name}");
        assert_eq!(left[0].1, "it counts the rows");
    }
    let day = counting("day", 1);
    assert_eq!(day.summary.numbers, ["day", "x"]);
    assert!(notes(&day).contains("`day` counts the rows; `--drop day`"));
    assert_eq!(notes(&counting("id", 1000)), "");
    // Nothing else is there to predict from.
    assert_eq!(load(&table("id", |at| at.to_string())).summary.numbers, ["id"]);
}

#[test]
fn classes_that_say_little_are_told() {
    let target = |name: &dyn Fn(usize) -> String| {
        let rows: String = (0..40).map(|at| format!("{at}.5,{}\n", name(at))).collect();
        notes(&load(&format!("x,y\n{rows}")))
    };
    let names = target(&|at| format!("Person {at}"));
    assert!(names.contains("nearly every row is a class of its own"), "{names}");
    let single = target(&|at| if at == 7 { "odd".into() } else { ["u", "v"][at % 2].to_owned() });
    assert!(single.contains("of the class `odd` there is one row each"), "{single}");
    let spelt = target(&|at| ["Yes", "no", "yes"][at % 3].to_owned());
    assert!(spelt.contains("`y`: `Yes` and `yes` are taken for different ones"), "{spelt}");
    assert_eq!(target(&|at| ["u", "v"][at % 2].to_owned()), "");
    let loaded = load(&table("city", |at| ["Nice", "nice", "Lille"][at % 3].to_owned()));
    assert!(notes(&loaded).contains("`city`: `Nice` and `nice` are taken for different ones"));
}

#[test]
fn a_last_column_without_a_name_is_the_target_where_it_has_cells() {
    let rows: String = (0..40).map(|at| format!("{at}.5,{}\n", ["u", "v"][at % 2])).collect();
    let loaded = load(&format!("a,\n{rows}"));
    assert_eq!(loaded.summary.target, ["c2"]);
    assert!(notes(&loaded).contains("column 2 has no name: it is called `c2`"));
}

#[test]
fn what_cannot_be_read_says_what_to_do() {
    let text = table("a,b", |at| format!("{at}.5,{}", at * 7 % 11));
    let given = Reading { separator: Some(";".parse().unwrap()), ..Reading::default() };
    let error = load_with(&text, given).unwrap_err();
    let wanted =
        "`;` stands nowhere between columns: there is a single one, `a,b,y`; without `--separator`";
    assert!(error.contains(wanted), "{error}");
    let error = load_with(&text.replace(",v\n", ",\n"), Reading::default()).unwrap_err();
    assert!(
        error.contains("line 3, column `y`: the target is missing; delete such rows"),
        "{error}"
    );
    // A table to score without a line of names.
    let loaded = load(&text);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.csv");
    std::fs::write(&path, text.split_once('\n').unwrap().1).unwrap();
    let error = loaded.preparation.load(&path, true).err().unwrap().to_string();
    assert!(error.contains("line 1 names no columns: a file with the target `y` needs"), "{error}");
    assert!(loaded.preparation.load(&path, false).is_err());
}

#[test]
fn the_column_of_weights_is_told() {
    let text = table("a,w", |at| format!("{at}.5,{}", 1 + at % 3));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    std::fs::write(&path, text).unwrap();
    let path = path.display().to_string();
    let source = DataSource { path, weight: Some("w".into()), ..DataSource::default() };
    let text = source.load(&|_| unreachable!()).unwrap().summary.to_string();
    assert!(text.contains("\nweights: w\n"), "{text}");
}

#[test]
fn rows_that_repeat_others_are_counted_within_and_across_the_parts() {
    let row = |at: usize| format!("{}.5,{},{}\n", at * at, at * 3 % 17, ["u", "v"][at * 5 % 7 % 2]);
    let each: Vec<String> = (0..50).map(row).collect();
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, rows: &[String]| {
        let path = folder.path().join(name);
        std::fs::write(&path, format!("a,b,y\n{}", rows.concat())).unwrap();
        path.display().to_string()
    };
    let once = write("once.csv", &each);
    let six = write("six.csv", &[&each[..]; 6].concat());
    let load = |path: &str, test: Option<&str>| {
        let test = test.map(Into::into);
        let source = DataSource { path: path.to_owned(), test, ..DataSource::default() };
        notes(&source.load(&|_| unreachable!()).unwrap())
    };
    assert!(!load(&once, None).contains("repeat"));
    let told = load(&six, None);
    assert!(told.contains("250 rows repeat others, also across the split: 6"), "{told}");
    // Few of all rows may be many of those held out.
    let many: Vec<String> = (0..400).map(row).collect();
    let path = write("few.csv", &[&many[..], &many[..19]].concat());
    let source = DataSource { path, validation: Some(0.1), ..DataSource::default() };
    let told = notes(&source.load(&|_| unreachable!()).unwrap());
    assert!(told.contains("19 rows repeat others, also across the split: "), "{told}");
    let told = load(&once, Some(&six));
    assert!(told.contains("test part: 300 of its 300 rows are in the training part"), "{told}");
    let new = write("new.csv", &(50..70).map(row).collect::<Vec<_>>());
    assert!(!load(&once, Some(&new)).contains("test part"));
    let some = write("some.csv", &(45..65).map(row).collect::<Vec<_>>());
    assert!(load(&once, Some(&some)).contains("5 of its 20 rows"));
}

/// Of two parts in a file, that of the test alone is asked.
#[test]
fn a_part_that_is_not_read_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let text = table("a,b", |at| format!("{at}.5,{}", at * 7 % 11));
    for part in ["train", "test"] {
        std::fs::write(folder.path().join(format!("{part}.csv")), &text).unwrap();
    }
    let preparation = load(&text).preparation;
    let read = |end: &str| {
        let path = format!("{}{end}", folder.path().display());
        preparation.read(path.as_ref(), false, &Keep::None).unwrap().notes.join("\n")
    };
    assert!(read("").contains("the test part alone is read, 40 rows: `:train` after the name"));
    assert_eq!((read(":train"), read(":test")), (String::new(), String::new()));
}
