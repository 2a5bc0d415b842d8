//! A table larger than the memory that reading it takes, read from disk while training.

use std::io::Write;
use std::path::Path;

use chainrule_train::data::{DataSource, Target};

const COLUMNS: usize = 20;
const ROWS: u32 = 600_000;

/// A feature of a row; the first one is the row's number.
fn number(row: u32, column: usize) -> u32 {
    if column == 0 { row } else { row.wrapping_mul(2_654_435_761) % (100_000 + column as u32) }
}

fn write_table(path: &Path) -> u64 {
    let mut file = std::io::BufWriter::new(std::fs::File::create(path).unwrap());
    let names: Vec<String> = (0..COLUMNS).map(|column| format!("feature_{column}")).collect();
    writeln!(file, "{},kind", names.join(",")).unwrap();
    for row in 0..ROWS {
        for column in 0..COLUMNS {
            write!(file, "{}.25,", number(row, column)).unwrap();
        }
        writeln!(file, "{}", ["one", "two", "three"][row as usize % 3]).unwrap();
    }
    file.into_inner().unwrap().metadata().unwrap().len()
}

/// The most memory that the process has held, in bytes, where the system tells it.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kilobytes| kilobytes << 10)
}

#[test]
fn a_streamed_table_has_the_rows_of_the_file_in_bounded_memory() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.csv");
    let size = write_table(&path);
    let before = peak();
    let source = DataSource {
        path: path.display().to_string(),
        raw: true,
        validation: Some(0.1),
        stream: true,
        ..DataSource::default()
    };
    let loaded = source.load(&|_| unreachable!()).unwrap();
    let data = loaded.train;
    assert_eq!(data.target(), Target::Class { classes: 3 });
    assert_eq!((data.len(), data.width()), (540_000, COLUMNS));
    assert_eq!(loaded.validation.unwrap().len(), 60_000);

    let order = data.order(3, 1);
    assert_ne!(order, data.order(3, 2));
    assert_eq!(order, data.order(3, 1));
    let mut seen = vec![false; ROWS as usize];
    for batch in order.chunks(500) {
        let mut rows = vec![0.0; batch.len() * COLUMNS];
        let mut labels = vec![0; batch.len()];
        data.features(batch, &mut rows).unwrap();
        data.labels(batch, &mut labels).unwrap();
        for (features, &label) in rows.chunks(COLUMNS).zip(&labels) {
            let row = features[0] as u32;
            let expected = (0..COLUMNS).map(|column| number(row, column) as f32 + 0.25);
            assert!(features.iter().copied().eq(expected), "row {row} is {features:?}");
            // The classes go by their names: one, three, two.
            assert_eq!(label, [0, 2, 1][row as usize % 3]);
            assert!(!std::mem::replace(&mut seen[row as usize], true), "row {row} comes twice");
        }
    }
    assert_eq!(seen.iter().filter(|&&seen| seen).count(), 540_000);
    if let (Some(before), Some(after)) = (before, peak()) {
        let taken = after - before;
        assert!(taken < size / 2, "{taken} bytes of memory for a file of {size}");
    }
}
