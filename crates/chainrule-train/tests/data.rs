//! Reads data files that other programs wrote, and compares with what those programs say.

use std::path::{Path, PathBuf};

use chainrule_train::data::{
    DataSource, Dataset, Encoding, Examples, Keep, Loaded, Preparation, Reading, Target, Task,
};
use serde_json::Value;

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/data").join(name)
}

fn expected() -> Value {
    serde_json::from_str(&std::fs::read_to_string(golden("data.json")).unwrap()).unwrap()
}

fn shipped(name: &str) -> chainrule::Result<PathBuf> {
    Ok(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data").join(name))
}

/// All rows of the path to train on.
fn source(path: &Path) -> DataSource {
    let path = path.display().to_string();
    DataSource { path, validation: Some(0.0), ..DataSource::default() }
}

fn load(source: &DataSource) -> Loaded {
    source.load(&shipped).unwrap()
}

fn error(source: &DataSource) -> String {
    source.load(&shipped).unwrap_err().to_string()
}

/// A table of the text in a temporary file.
fn table(name: &str, text: &str) -> (tempfile::TempDir, DataSource) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    let source = source(&path);
    (folder, source)
}

fn all(data: &dyn Examples) -> Vec<u32> {
    (0..data.len() as u32).collect()
}

fn features(data: &dyn Examples) -> Vec<f32> {
    let mut rows = vec![f32::NAN; data.len() * data.width()];
    data.features(&all(data), &mut rows).unwrap();
    rows
}

fn labels(data: &dyn Examples) -> Vec<u32> {
    let mut labels = vec![u32::MAX; data.len()];
    data.labels(&all(data), &mut labels).unwrap();
    labels
}

fn values(data: &dyn Examples, width: usize) -> Vec<f32> {
    let mut values = vec![f32::NAN; data.len() * width];
    data.values(&all(data), &mut values).unwrap();
    values
}

fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(items) => items.iter().flat_map(numbers).collect(),
        number => vec![number.as_f64().unwrap()],
    }
}

#[track_caller]
fn assert_close(found: &[f32], expected: &Value, bound: f64) {
    let expected = numbers(expected);
    assert_eq!(found.len(), expected.len());
    for (index, (&found, expected)) in found.iter().zip(expected).enumerate() {
        let difference = (f64::from(found) - expected).abs();
        assert!(difference <= bound, "element {index} is {found}, not {expected}");
    }
}

#[test]
fn shipped_tables_are_standardised_as_by_scikit_learn() {
    for name in ["iris", "wine"] {
        let loaded = load(&DataSource { path: name.into(), ..DataSource::default() });
        let expected = &expected()[name];
        let test = loaded.test.unwrap();
        assert_close(&features(&*loaded.train), &expected["train"], 2e-6);
        assert_close(&features(&*test), &expected["test"], 2e-6);
        assert_eq!(loaded.train.target(), Target::Class { classes: 3 });
        let labels: Vec<f64> = labels(&*loaded.train).into_iter().map(f64::from).collect();
        assert_eq!(labels, numbers(&expected["labels"]));
        assert_eq!(serde_json::json!(loaded.preparation.class_names()), expected["classes"]);
        let balanced = loaded.preparation.balanced_weights();
        for (found, expected) in balanced.iter().zip(numbers(&expected["balanced"])) {
            assert!((found - expected).abs() < 1e-12);
        }
    }
}

#[test]
fn parts_are_chosen_by_name() {
    let train = load(&source(Path::new("iris:train")));
    let test = load(&source(Path::new("iris:test")));
    assert_eq!((train.train.len(), train.test.is_none()), (120, true));
    assert_eq!((test.train.len(), test.test.is_none()), (30, true));
    let (_folder, source) = table("t.csv", "a,y\n1,u\n2,v\n");
    let source = DataSource { path: format!("{}:test", source.path), ..source };
    assert!(error(&source).contains("no test part"));
}

/// What has a test part, or few rows, is trained on whole; and what somebody says counts.
#[test]
fn a_part_is_held_out_where_nobody_says_otherwise() {
    let usual = |path: &str| load(&DataSource { path: path.into(), ..DataSource::default() });
    let held = |loaded: &Loaded| {
        let validation = loaded.validation.as_ref().map_or(0, |part| part.len());
        (loaded.train.len(), validation, loaded.held_out.is_usual)
    };
    assert_eq!(held(&usual("iris")), (120, 0, false));
    // Early stopping takes a part by itself, and that is said.
    let path = "iris".to_owned();
    let stopped = load(&DataSource { path, stops_early: true, ..DataSource::default() });
    assert_eq!(held(&stopped), (96, 24, true));
    assert!(stopped.summary.notes[0].contains("held out to validate and to stop early"));
    let part = usual("iris:train");
    assert_eq!(held(&part), (96, 24, true));
    assert!(part.summary.notes[0].contains("`--validation 0` trains on all"));
    // Of each class the same share.
    let labels = labels(&**part.validation.as_ref().unwrap());
    let of = |class| labels.iter().filter(|&&label| label == class).count();
    assert_eq!([of(0), of(1), of(2)], [8, 8, 8]);
    let rows = |count: usize| (0..count).map(|row| format!("{row},{row}.5\n")).collect::<String>();
    let (_folder, source) = table("t.csv", &format!("a,y\n{}", rows(19)));
    assert_eq!(held(&load(&source)), (19, 0, false));
    let few = usual(&source.path);
    assert_eq!(held(&few), (19, 0, false));
    assert!(few.summary.notes[0].contains("19 rows are too few"), "{:?}", few.summary.notes);
    let (_folder, source) = table("t.csv", &format!("a,y\n{}", rows(20)));
    assert_eq!(held(&usual(&source.path)), (16, 4, true));
    let asked = DataSource { validation: Some(0.1), ..source.clone() };
    assert_eq!(held(&load(&asked)), (18, 2, false));
    let tested = DataSource { validation: None, test: Some(source.path.clone().into()), ..source };
    assert_eq!(held(&load(&tested)), (20, 0, false));
}

#[test]
fn mnist_is_the_dataset_of_the_same_name() {
    let loaded = load(&DataSource { path: "mnist".into(), ..DataSource::default() });
    let (_, test) = Dataset::mnist(&shipped("mnist").unwrap()).unwrap();
    let part = loaded.test.unwrap();
    assert_eq!((loaded.train.len(), part.len()), (60_000, 10_000));
    let (mut found, mut expected) = ([0.0; 784], [0.0; 784]);
    part.features(&[77], &mut found).unwrap();
    test.features(&[77], &mut expected).unwrap();
    assert_eq!(found, expected);
    let again = loaded.preparation.load(&shipped("mnist").unwrap(), true).unwrap();
    assert_eq!(again.len(), 10_000);
}

#[test]
fn numbers_texts_and_missing_values_become_what_scikit_learn_makes_of_them() {
    let source = DataSource { weight: Some("count".into()), ..source(&golden("mixed.csv")) };
    let loaded = load(&source);
    let expected = &expected()["mixed"];
    assert_close(&features(&*loaded.train), &expected["features"], 1e-6);
    assert_eq!(labels(&*loaded.train), [0, 0, 1, 1, 1, 1]);
    let mut weights = [0.0; 6];
    assert!(loaded.train.weights(&all(&*loaded.train), &mut weights).unwrap());
    assert_close(&weights, &expected["weights"], 0.0);
    let names = loaded.preparation.feature_names();
    let coat = |word: &str| format!("coat, outside={word}");
    let coats = [coat("long \"silk\""), coat("short"), coat("two\nlines"), coat("wire")];
    assert_eq!(names[1..5], coats);
    assert_eq!((names[5].as_str(), names[6].as_str()), ("coat, outside missing", "age"));
}

#[test]
fn a_preparation_kept_as_json_prepares_other_rows_in_the_same_way() {
    let source = DataSource { weight: Some("count".into()), ..source(&golden("mixed.csv")) };
    let loaded = load(&source);
    let json = serde_json::to_string(&loaded.preparation).unwrap();
    let kept: Preparation = serde_json::from_str(&json).unwrap();
    let again = kept.load(&golden("mixed.csv"), true).unwrap();
    assert_eq!(features(&*again), features(&*loaded.train));
    // Other columns in another order, an unknown category, no targets.
    let other = "age,extra,kg,\"coat, outside\"\n12,0,6,smooth\n";
    let rows = |text: &str| kept.read_rows(text.as_bytes(), &Keep::None);
    let read = rows(other).unwrap();
    assert_eq!(read.examples.len(), 1);
    assert_eq!(features(&*read.examples)[1..6], [0.0; 5]);
    let (_folder, file) = table("other.csv", other);
    let data = kept.load(Path::new(&file.path), false).unwrap();
    assert_eq!(features(&*data), features(&*read.examples));
    assert_eq!(data.target(), Target::Values { width: 0 });
    let wrong = rows("1,2\n").unwrap_err().to_string();
    assert!(wrong.contains("line 1 has 2 fields") && wrong.contains("3 are wanted"), "{wrong}");
    let wrong = rows("4,short,old\n").unwrap_err().to_string();
    assert!(wrong.contains("line 1, column `age`: `old` is not a number"), "{wrong}");
}

#[test]
fn the_task_follows_the_target() {
    let task = |text: &str, task| {
        let name = if text.contains('\t') { "t.tsv" } else { "t.csv" };
        let (_folder, source) = table(name, text);
        load(&DataSource { task, ..source }).train.target()
    };
    let few = "x,y\n1,0\n2,1\n3,0\n4,1\n";
    assert_eq!(task(few, None), Target::Class { classes: 2 });
    assert_eq!(task(few, Some(Task::Regress)), Target::Values { width: 1 });
    let many = "x,y\n1,10\n2,20\n3,30\n4,40\n";
    assert_eq!(task(many, None), Target::Values { width: 1 });
    assert_eq!(task(many, Some(Task::Classify)), Target::Class { classes: 4 });
    assert_eq!(task("x,y\n1,u\n2,v\n", None), Target::Class { classes: 2 });
    assert_eq!(task("x\ty\n1\t0.5\n2\t1\n", None), Target::Values { width: 1 });
}

#[test]
fn the_validation_part_is_stratified_and_chosen_by_the_seed() {
    let split = |seed| {
        let source = DataSource {
            path: "iris".into(),
            validation: Some(0.25),
            seed,
            ..DataSource::default()
        };
        let loaded = load(&source);
        (labels(&*loaded.train), features(&*loaded.validation.unwrap()), loaded.preparation)
    };
    let (train, validation, preparation) = split(1);
    let count = |class| train.iter().filter(|&&label| label == class).count();
    assert_eq!([count(0), count(1), count(2)], [30, 30, 30]);
    assert_eq!(validation.len(), 30 * 4);
    assert_eq!(split(1).1, validation);
    assert_ne!(split(2).1, validation);
    // The means are those of the training part alone.
    let whole = load(&DataSource { path: "iris".into(), ..DataSource::default() }).preparation;
    assert_ne!(preparation, whole);
}

#[test]
fn arrays_of_every_type_and_order_are_read() {
    for (name, expected) in expected()["numpy"].as_object().unwrap() {
        let source = DataSource { raw: true, ..source(&golden(name)) };
        let loaded = load(&source);
        assert_close(&features(&*loaded.train), expected, 0.0);
        assert_eq!(values(&*loaded.train, 1), [0.5, -1.5], "{name}");
    }
    let two = load(&source(&golden("two_targets.npz")));
    assert_eq!(two.train.target(), Target::Values { width: 2 });
    // Standardised, each by its column: 0, 2, 4 and 1, 3, 5.
    let root = 1.5_f32.sqrt();
    let wanted = [-root, -root, 0.0, 0.0, root, root];
    for (value, wanted) in values(&*two.train, 2).into_iter().zip(wanted) {
        assert!((value - wanted).abs() < 1e-6, "{value} {wanted}");
    }
    let scales = two.train.scales();
    assert_eq!([scales[0].mean, scales[1].mean], [2.0, 3.0]);
    assert_eq!(scales[1].value(-1.5_f64.sqrt()).round(), 1.0);
    assert_eq!(two.preparation.target_names(), ["y0", "y1"]);
    let alone = error(&source(&golden("x.npy")));
    assert!(alone.contains("no targets"), "{alone}");
}

#[test]
fn an_array_without_targets_can_be_predicted_from() {
    let (_folder, table) = table("t.csv", "x0,x1,y\n1,2,u\n3,4,v\n");
    let loaded = load(&DataSource { raw: true, ..table });
    let data = loaded.preparation.load(&golden("x.npy"), false).unwrap();
    assert_eq!(features(&*data), [1.5, 2.5, 3.5, -4.5]);
}

fn levels(data: &dyn Examples) -> Vec<f32> {
    features(data).iter().map(|pixel| pixel * 255.0).collect()
}

#[test]
fn images_have_the_pixels_that_pillow_reads() {
    let expected = &expected()["images"];
    let order = |names: &[&str]| {
        Value::Array(names.iter().map(|name| expected[*name]["pixels"].clone()).collect())
    };
    let grey = load(&source(&golden("grey")));
    let names = ["grey/a/bits.png", "grey/a/grey.png", "grey/b/grey_alpha.png"];
    assert_close(&levels(&*grey.train), &order(&names), 0.01);
    assert_eq!(labels(&*grey.train), [0, 0, 1]);
    assert_eq!(grey.preparation.class_names(), ["a", "b"]);
    let colour = load(&source(&golden("colour")));
    let names =
        ["colour/a/colour.png", "colour/a/palette.png", "colour/b/alpha.png", "colour/b/grey.png"];
    assert_eq!(colour.train.width(), 12 * 9 * 3);
    assert_close(&levels(&*colour.train), &order(&names), 0.01);
    // Decoders of JPEG may round in different ways.
    let jpeg = load(&source(&golden("jpeg")));
    let names = ["jpeg/a/baseline.jpg", "jpeg/a/progressive.jpg", "jpeg/b/grey.jpeg"];
    assert_close(&levels(&*jpeg.train), &order(&names), 3.01);
}

#[test]
fn images_without_classes_are_predicted_from_and_not_scored() {
    let preparation = source(&golden("grey")).load(&|_| unreachable!()).unwrap().preparation;
    let loose = preparation.load(&golden("grey/a"), false).unwrap();
    assert_eq!((loose.len(), loose.target()), (2, Target::Values { width: 0 }));
    let single = preparation.load(&golden("grey/a/grey.png"), false).unwrap();
    let features = |data: &dyn Examples, row| {
        let mut features = vec![0.0; preparation.width()];
        data.features(&[row], &mut features).unwrap();
        features
    };
    assert_eq!(features(&*loose, 1), features(&*single, 0));
    let scored = preparation.load(&golden("grey/a"), true).err().unwrap().to_string();
    assert!(scored.contains("no folder of images for each class"), "{scored}");
}

/// The preparation as runs kept it that stretched images to their size.
fn stretching(preparation: &Preparation) -> Preparation {
    let mut kept = serde_json::to_value(preparation).unwrap();
    kept.as_object_mut().unwrap().remove("seen").unwrap();
    serde_json::from_value(kept).unwrap()
}

#[test]
fn images_are_resized_as_by_pillow() {
    let expected = &expected()["images"];
    for (width, height) in [(5, 4), (20, 17)] {
        let source = DataSource { image_size: Some((width, height)), ..source(&golden("grey")) };
        let preparation = stretching(&load(&source).preparation);
        let images = preparation.load(&golden("grey"), true).unwrap();
        let size = format!("{width}x{height}");
        let names = ["grey/a/bits.png", "grey/a/grey.png", "grey/b/grey_alpha.png"];
        let pixels = names.iter().map(|name| expected[*name][&size].clone()).collect();
        // Pillow rounds between its two passes.
        assert_close(&levels(&*images), &Value::Array(pixels), 1.01);
        // A colour image is made grey and of the same size.
        let single = golden("colour/a/colour.png");
        let single = preparation.load(&single, false).unwrap();
        assert_eq!((single.len(), single.width()), (1, width * height));
    }
}

#[cfg(feature = "parquet")]
#[test]
fn parquet_tables_of_every_compression_are_read() {
    for name in ["none", "snappy", "zstd", "gzip"] {
        for stream in [false, true] {
            let source = DataSource { stream, ..source(&golden(&format!("{name}.parquet"))) };
            let loaded = load(&source);
            assert_close(&features(&*loaded.train), &expected()["parquet"], 1e-6);
            let scale = loaded.train.scales()[0];
            let prices = values(&*loaded.train, 1).into_iter();
            let prices: Vec<f32> = prices.map(|x| scale.value(f64::from(x)) as f32).collect();
            assert_eq!(prices, [10.25, 20.5, 30.75, 40.0, 50.5]);
        }
    }
}

#[cfg(not(feature = "parquet"))]
#[test]
fn without_parquet_the_error_says_how_to_get_it() {
    let message = error(&source(&golden("snappy.parquet")));
    assert!(message.contains("--features parquet"), "{message}");
}

#[test]
fn errors_name_the_line_and_the_column_and_what_would_be_right() {
    let cases = [
        ("t.csv", "", &["is empty", "name the columns"][..]),
        ("t.csv", "a,y\n", &["no rows"]),
        ("t.csv", "a,y\n1,u\n2\n", &["line 3 has 1 field", "2"]),
        ("t.csv", "a,y\n1,\"u\n2,v\n", &["line 2", "never closes"]),
        ("t.csv", "a,y\n1,u\n2,\n", &["line 3, column `y`", "missing"]),
        ("t.csv", "a,y\n1,u\ninf,v\n", &["line 3, column `a`", "finite"]),
        ("t.csv", "a,y\n\n1,u\n\n\ninf,v\n", &["line 6, column `a`"]),
        ("t.csv", "a,y\n1,u\ninf,v", &["line 3, column `a`"]),
        ("t.csv", "a,y\r\n1,u\r\ninf,v\r\n", &["line 3, column `a`"]),
        ("t.csv", "a,y\r\n1,\"u\r\nv\"\r\n\r\ninf,v", &["line 5, column `a`"]),
        ("t.csv", "a,y\n1,u\n2,u\n", &["the same `y`", "two classes"]),
        ("t.csv", "y\n1\n", &["no columns beside the target"]),
        ("t.csv", "a,y\n?,u\n?,v\n", &["no column to predict from", "`a`: no value"]),
        ("t.doc", "a,y\n1,u\n", &["its format is unknown", ".csv"]),
    ];
    for (name, text, wanted) in cases {
        let (_folder, source) = table(name, text);
        let message = error(&source);
        assert!(message.contains(name), "{message}");
        for part in wanted {
            assert!(message.contains(part), "{text:?}: {message}");
        }
    }
    let rows: String = (0..20).map(|x| format!("{x},{}\n", ["u", "v"][x % 2])).collect();
    let (_folder, source) = table("t.csv", &format!("a,y\n{rows}12a,u\n"));
    let message = error(&source);
    assert!(message.contains("line 22, column `a`: `12a` is not a number"), "{message}");
    let message = error(&DataSource { target: Some("z".into()), ..source.clone() });
    assert!(message.contains("no column `z`; it has `a`, `y`"), "{message}");
    let message = error(&DataSource { task: Some(Task::Regress), ..source.clone() });
    assert!(message.contains("line 2, column `y`: `u` is not a number"), "{message}");
    let (_folder, source) = table("t.csv", &format!("a,y\n{rows}"));
    let message = error(&DataSource { validation: Some(0.01), ..source.clone() });
    assert!(message.contains("part would be empty: 0.01 of 20 rows"), "{message}");
    let message = error(&DataSource { validation: Some(1.0), ..source });
    assert!(message.contains("below 1"), "{message}");
    let message = error(&DataSource { path: "nowhere".into(), ..DataSource::default() });
    assert!(message.contains("no such file") && message.contains("iris"), "{message}");
}

#[test]
fn what_does_not_go_with_the_data_is_refused() {
    let size = Some((3, 3));
    let iris = DataSource { path: "iris".into(), image_size: size, ..DataSource::default() };
    assert!(error(&iris).contains("is a table"), "{}", error(&iris));
    let mnist = DataSource { path: "mnist".into(), image_size: size, ..DataSource::default() };
    assert!(error(&mnist).contains("size of images does not go"), "{}", error(&mnist));
    let target =
        DataSource { path: "mnist".into(), target: Some("y".into()), ..DataSource::default() };
    assert!(error(&target).contains("a target column does not go"), "{}", error(&target));
    let arrays = DataSource { stream: true, ..source(&golden("little_f4.npz")) };
    assert!(error(&arrays).contains("cannot be streamed"), "{}", error(&arrays));
}

#[test]
fn a_folder_of_images_may_have_a_test_part() {
    let folder = tempfile::tempdir().unwrap();
    for (part, image) in [("train", "grey/a/grey.png"), ("test", "colour/a/colour.png")] {
        for class in ["a", "b"] {
            let class = folder.path().join(part).join(class);
            std::fs::create_dir_all(&class).unwrap();
            std::fs::copy(golden(image), class.join("image.png")).unwrap();
        }
    }
    let loaded = load(&source(folder.path()));
    // The training part is grey, and so the test part becomes so.
    assert_eq!((loaded.train.len(), loaded.train.width()), (2, 12 * 9));
    assert_eq!(features(&*loaded.test.unwrap()).len(), 2 * 12 * 9);
}

#[test]
fn a_wide_header_is_read_in_no_time() {
    let names: Vec<String> = (0..50_000).map(|column| format!("c{column}")).collect();
    let rows = ["1,", "2,"].map(|cell| cell.repeat(49_999));
    let text = format!("{}\n{}0.5\n{}0.25\n", names.join(","), rows[0], rows[1]);
    let (_folder, source) = table("wide.csv", &text);
    let start = std::time::Instant::now();
    assert_eq!(load(&source).train.width(), 49_999);
    assert!(start.elapsed().as_secs() < 5, "{:?}", start.elapsed());
}

#[test]
fn columns_of_numbers_and_texts_are_categories_in_order() {
    let rows: String = ["10", "9", "b", "9.0", "a"]
        .iter()
        .cycle()
        .take(20)
        .enumerate()
        .map(|(row, word)| format!("{word},{}\n", ["u", "v"][row % 2]))
        .collect();
    let (_folder, source) = table("t.csv", &format!("c,y\n{rows}"));
    let names = load(&source).preparation.feature_names();
    assert_eq!(names, ["c=10", "c=9", "c=a", "c=b"]);
    // More than a thousand different texts are no categories.
    let row = |row: usize| format!("w{},{}\n", row % 1050, ["u", "v"][row % 2]);
    let rows: String = (0..1200).map(row).collect();
    let (_folder, source) = table("t.csv", &format!("c,y\n{rows}"));
    let message = error(&source);
    assert!(message.contains("more than 1000 different texts"), "{message}");
    assert!(message.contains("--drop c"), "{message}");
}

#[test]
fn text_that_is_not_utf_8_is_an_error_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    std::fs::write(&path, b"a,y\n1,u\n2,\xff\n").unwrap();
    let reading = Reading { encoding: Some(Encoding::Utf8), ..Reading::default() };
    let message = error(&DataSource { reading, ..source(&path) });
    assert!(message.contains("line 3, field 2: the text is not UTF-8"), "{message}");
}

#[test]
fn other_data_must_have_the_columns_and_classes_of_the_training_part() {
    let (_folder, source) = table("t.csv", "a,b,y\n1,2,u\n2,3,v\n");
    let preparation = load(&source).preparation;
    let load = |text: &str, targets| {
        let (_folder, other) = table("other.csv", text);
        preparation.load(Path::new(&other.path), targets).map_err(|error| error.to_string())
    };
    assert!(load("a,y\n1,u\n", true).err().unwrap().contains("no column `b`"));
    assert_eq!(load("a,b,y\n1,2,u\n1,2,w\n", true).unwrap().len(), 1);
    let message = load("a,b,y\n1,2,w\n", true).err().unwrap();
    assert!(message.contains("no rows of a class that the model has"), "{message}");
    for (rows, part) in [
        ("1,2\r\n1,2\r\nx,2\r\n", "line 3, column `a`: `x`"),
        ("b,a\n\n2,1\n2,x\n", "line 4, column `a`: `x`"),
        ("1e300,2", "line 1, column `a`: 1e300 is too large"),
        ("b,aa\n2,1\n", "has no column `a`"),
    ] {
        let read = preparation.read_rows(rows.as_bytes(), &Keep::None);
        let message = read.unwrap_err().to_string();
        assert!(message.contains(part), "{rows:?}: {message}");
    }
    let image = preparation.load(&golden("grey/a/grey.png"), false).err().unwrap().to_string();
    assert!(image.contains("the model reads tables"), "{image}");
}

#[test]
fn a_digest_tells_data_from_other_data_and_not_from_its_copy() {
    let folder = tempfile::tempdir().unwrap();
    let digest = |name: &str, text: &str, test: Option<&str>| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        let test = test.map(|text| {
            let test = folder.path().join("held-out.csv");
            std::fs::write(&test, text).unwrap();
            test
        });
        let source = DataSource { path: path.display().to_string(), test, ..DataSource::default() };
        load(&source).sha256.unwrap()
    };
    let rows = "a,y\n1,u\n2,v\n3,u\n4,v\n";
    let whole = digest("one.csv", rows, None);
    assert_eq!((whole.len(), &digest("copy.csv", rows, None)), (64, &whole));
    let swapped = digest("one.csv", "a,y\n2,v\n1,u\n3,u\n4,v\n", None);
    assert_ne!(swapped, whole);
    let tested = digest("one.csv", rows, Some("a,y\n5,u\n"));
    assert_ne!(tested, whole);
    assert_ne!(digest("one.csv", rows, Some("a,y\n5,v\n")), tested);
}

#[test]
fn a_part_to_be_scored_has_rows() {
    let (folder, mut source) = table("t.csv", "a,y\n0,0.5\n1,1.5\n2,2.5\n");
    let empty = folder.path().join("empty.csv");
    std::fs::write(&empty, "a,y\n").unwrap();
    let preparation = load(&source).preparation;
    assert!(preparation.load(&empty, true).err().unwrap().to_string().ends_with("has no rows"));
    assert_eq!(preparation.load(&empty, false).unwrap().len(), 0, "nothing to predict");
    source.test = Some(empty);
    assert!(error(&source).ends_with("empty.csv: has no rows"), "{}", error(&source));
}
