//! Whose data and whose model: the digest of a training's data is of the bytes that it read, and no model is taken
//! of another step or of a copy of the run that went on otherwise.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chainrule::Pool;
use chainrule_train::data::{DataSource, Loaded};
use chainrule_train::{Config, Folds};
use tempfile::tempdir;

fn source(path: &Path) -> DataSource {
    DataSource {
        path: path.display().to_string(),
        raw: true,
        validation: Some(0.0),
        task: Some(chainrule_train::data::Task::Regress),
        ..DataSource::default()
    }
}

fn load(path: &Path) -> chainrule::Result<Loaded> {
    source(path).load(&|_| unreachable!())
}

fn values(loaded: &Loaded) -> Vec<f32> {
    let all: Vec<u32> = (0..loaded.train.len() as u32).collect();
    let mut values = vec![0.0; all.len()];
    loaded.train.values(&all, &mut values).unwrap();
    values
}

#[test]
fn the_digest_is_of_the_bytes_that_were_read() {
    let folder = tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let rows = |value: &str| -> String {
        let rows = (0..40_000).map(|row| format!("{},{value}\n", row % 1000));
        format!("a,y\n{}", rows.collect::<String>())
    };
    let (before, after) = (rows("0.25"), rows("0.75"));
    let known = [(0.25, &before), (0.75, &after)].map(|(value, text)| {
        let copy = path(&format!("{value}.csv"));
        fs::write(&copy, text).unwrap();
        let start = Instant::now();
        (value, load(&copy).unwrap().sha256, start.elapsed())
    });
    let file = path("t.csv");
    for twentieth in [1, 2, 3, 5, 8] {
        fs::write(&file, &before).unwrap();
        std::thread::sleep(Duration::from_millis(20));
        let loaded = std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(known[0].2 * twentieth / 20);
                // In place: whoever reads has some of both.
                let mut file = File::options().write(true).open(&file).unwrap();
                after.as_bytes().chunks(4096).for_each(|part| file.write_all(part).unwrap());
            });
            load(&file)
        });
        match loaded {
            Ok(loaded) => {
                let values = values(&loaded);
                let first = values[0];
                assert!(values.iter().all(|value| *value == first), "rows of both files");
                let (_, sha256, _) = known.iter().find(|(value, ..)| *value == first).unwrap();
                assert_eq!(
                    loaded.sha256, *sha256,
                    "the digest of other rows, after {twentieth}/20"
                );
            }
            Err(error) => {
                let error = error.to_string();
                assert!(error.contains("t.csv: has changed while it was read"), "{error}");
            }
        }
    }
}

#[test]
fn folds_of_data_that_changes_in_between_are_refused() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("t.csv");
    let rows = |add: u32| -> String {
        let row = |row: u32| format!("{},{}\n", row % 7, (row + add) % 5);
        format!("a,y\n{}", (0..60).map(row).collect::<String>())
    };
    fs::write(&file, rows(0)).unwrap();
    let dataset = file.display().to_string();
    let task = Some(chainrule_train::data::Task::Regress);
    let config = Config {
        folds: Some(3),
        epochs: 2,
        hidden: vec![2],
        task,
        ..Config::for_dataset(&dataset)
    };
    let pool = Arc::new(Pool::new(1));
    let plain = |source: &DataSource| source.load(&|_| unreachable!());
    assert!(Folds::train(&config, &plain, &pool, &mut |_, _| true).is_ok());
    let changing = |source: &DataSource| {
        if source.fold.is_some_and(|fold| fold.number == 2) {
            fs::write(&file, rows(1)).unwrap();
        }
        plain(source)
    };
    let error = Folds::train(&config, &changing, &pool, &mut |_, _| true).unwrap_err().to_string();
    assert!(error.contains("t.csv: has changed since it was first read"), "{error}");
}

#[cfg(unix)]
#[test]
fn what_comes_through_a_pipe_has_the_digest_of_a_file() {
    let folder = tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let text = "a,größe\n1,0.5\n2,1.5\n3,2.5\n";
    let wide = text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let blanks = text.replace(',', "   ").into_bytes();
    for (number, bytes) in [text.as_bytes().to_vec(), wide, blanks].into_iter().enumerate() {
        let (file, fifo) = (path(&format!("{number}.csv")), path(&format!("fifo-{number}")));
        fs::write(&file, &bytes).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        let piped = |source: DataSource| {
            std::thread::scope(|scope| {
                scope.spawn(|| fs::write(&fifo, &bytes).unwrap());
                source.load(&|_| unreachable!()).unwrap().sha256
            })
        };
        let wanted = load(&file).unwrap().sha256;
        assert!(wanted.is_some());
        assert_eq!(piped(source(&fifo)), wanted, "{number}");
        let with_test =
            |train: &Path, test: &Path| DataSource { test: Some(test.into()), ..source(train) };
        let wanted = with_test(&file, &file).load(&|_| unreachable!()).unwrap().sha256;
        assert_eq!(piped(with_test(&fifo, &file)), wanted, "{number}");
        assert_eq!(piped(with_test(&file, &fifo)), wanted, "{number}");
    }
}
