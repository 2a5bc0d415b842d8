//! Files that are cut off, damaged or made to mislead: an error that names the file, never a panic,
//! and no more memory than the file's size warrants.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use chainrule_train::data::{DataSource, Keep, Preparation, idx};
use proptest::prelude::*;

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/data").join(name)
}

/// Reads `bytes` as a file of that name, in memory and streamed; the error, if it is one.
fn read(name: &str, bytes: &[u8]) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    let stream = [false, true].iter().filter(|&&stream| !stream || is_table(name));
    let mut result = Ok(());
    for &stream in stream {
        let path = path.display().to_string();
        let source = DataSource { path, stream, validation: Some(0.3), ..DataSource::default() };
        result = source.load(&|_| unreachable!()).map(drop).map_err(|error| error.to_string());
        if let Err(message) = &result {
            assert!(message.contains(name), "the file is not named: {message}");
        }
    }
    result
}

fn is_table(name: &str) -> bool {
    name.ends_with(".csv") || name.ends_with(".tsv") || name.ends_with(".parquet")
}

/// Reads `bytes` as an image in a folder of classes.
fn read_image(name: &str, bytes: &[u8]) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    for (class, bytes) in [("a", bytes), ("b", &std::fs::read(golden("grey/a/grey.png")).unwrap())]
    {
        std::fs::create_dir(folder.path().join(class)).unwrap();
        std::fs::write(folder.path().join(class).join(name), bytes).unwrap();
    }
    let source = DataSource { path: folder.path().display().to_string(), ..DataSource::default() };
    let result = source.load(&|_| unreachable!()).map(drop).map_err(|error| error.to_string());
    if let Err(message) = &result {
        assert!(message.contains(name), "the file is not named: {message}");
    }
    result
}

fn read_idx(bytes: &[u8]) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("labels-idx1-ubyte");
    std::fs::write(&path, bytes).unwrap();
    idx::read(&path).map(drop).map_err(|error| error.to_string())
}

/// The formats that tell when they are cut off, each with a small whole file.
fn closed_formats() -> Vec<(&'static str, Vec<u8>)> {
    let mut names = vec![
        ("little_f4.npz", "little_f4.npz"),
        ("big_u2.npz", "big_u2.npz"),
        ("grey.png", "grey/a/grey.png"),
        ("palette.png", "colour/a/palette.png"),
        ("baseline.jpg", "jpeg/a/baseline.jpg"),
        ("progressive.jpg", "jpeg/a/progressive.jpg"),
        ("24.bmp", "other/a/24.bmp"),
        ("palette.bmp", "other/a/palette.bmp"),
        ("interlaced.gif", "other/b/interlaced.gif"),
        ("lossless.webp", "other/b/lossless.webp"),
        ("lossy.webp", "other/b/lossy.webp"),
    ];
    if cfg!(feature = "parquet") {
        names.extend([("snappy.parquet", "snappy.parquet"), ("zstd.parquet", "zstd.parquet")]);
    }
    let read = |(name, path): (&'static str, &str)| (name, std::fs::read(golden(path)).unwrap());
    names.into_iter().map(read).collect()
}

fn read_any(name: &str, bytes: &[u8]) -> Result<(), String> {
    match name.rsplit_once('.') {
        Some((_, "png" | "jpg" | "bmp" | "gif" | "webp")) => read_image(name, bytes),
        Some(_) => read(name, bytes),
        None => read_idx(bytes),
    }
}

#[test]
fn every_truncation_of_a_file_is_an_error() {
    for (name, bytes) in closed_formats() {
        assert!(read_any(name, &bytes).is_ok(), "{name} is whole");
        for end in 0..bytes.len() {
            // The last bytes of an image may be no more than its end mark.
            let cut = read_any(name, &bytes[..end]);
            let is_image = !name.ends_with("npz") && !name.ends_with("parquet");
            assert!(
                cut.is_err() || (is_image && end + 16 > bytes.len()),
                "{name} cut to {end} bytes"
            );
        }
    }
    let labels = [0, 0, 8, 1, 0, 0, 0, 3, 7, 2, 1];
    for end in 0..labels.len() {
        assert!(read_idx(&labels[..end]).is_err());
    }
}

#[test]
fn every_truncation_of_a_text_table_is_an_error_or_a_smaller_table() {
    let bytes = std::fs::read(golden("mixed.csv")).unwrap();
    for end in 0..bytes.len() {
        let _ = read("mixed.csv", &bytes[..end]);
    }
}

/// The address space that the process has used, in bytes, where the system tells it.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kilobytes| kilobytes << 10)
}

/// An `.npy` file of a header alone.
fn npy(header: &str) -> Vec<u8> {
    let length = (header.len() as u16).to_le_bytes();
    [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes()].concat()
}

/// The file with the 32-bit numbers at these places replaced.
fn with_numbers(mut bytes: Vec<u8>, numbers: &[(usize, u32)]) -> Vec<u8> {
    for &(at, number) in numbers {
        bytes[at..at + 4].copy_from_slice(&number.to_be_bytes());
    }
    bytes
}

#[test]
fn headers_that_announce_too_much_are_errors_and_take_no_memory() {
    let before = peak();
    let huge = u32::MAX.to_be_bytes();
    for axes in 1..=5 {
        let header = [&[0, 0, 8, axes][..], &huge.repeat(usize::from(axes)), &[1, 2, 3]].concat();
        let message = read_idx(&header).unwrap_err();
        assert!(message.contains("announces"), "{message}");
    }
    let shapes = [
        "(1000000000000,)",
        "(4294967296, 4294967296, 4294967296)",
        "(18446744073709551615, 2)",
        "(99999999999999999999,)",
        "(0, 1000000000000)",
        "(1000000000000, 0)",
        "(-1,)",
        "()",
        "(",
    ];
    for shape in shapes {
        for order in ["False", "True", "Maybe"] {
            let header =
                format!("{{'descr': '<f8', 'fortran_order': {order}, 'shape': {shape}, }}");
            assert!(read("x.npy", &npy(&header)).is_err(), "{header}");
        }
    }
    for header in
        ["", "{", "{'descr': '<f8'}", "{'descr': '<U5', 'shape': (1,)}", "'descr':'shape':"]
    {
        assert!(read("x.npy", &npy(header)).is_err(), "{header}");
    }
    let png = std::fs::read(golden("grey/a/grey.png")).unwrap();
    for (width, height) in [(1 << 30, 1 << 30), (16_000, 16_000), (1, 1 << 31), (0, 5)] {
        // The sum that guards the header is not mended: the reader may refuse for that alone.
        assert!(
            read_image("grey.png", &with_numbers(png.clone(), &[(16, width), (20, height)]))
                .is_err()
        );
    }
    let mut jpeg = std::fs::read(golden("jpeg/a/baseline.jpg")).unwrap();
    let frame = jpeg.windows(2).position(|marker| marker == [0xff, 0xc0]).unwrap();
    jpeg[frame + 5..frame + 9].fill(0xff);
    let message = read_image("baseline.jpg", &jpeg).unwrap_err();
    assert!(message.contains("65535") || message.contains("16384"), "{message}");
    if let (Some(before), Some(after)) = (before, peak()) {
        assert!(after - before < 48 << 20, "{} bytes were taken", after - before);
    }
}

/// An `.npz` file with these members as they are.
fn npz(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut archive = rawzip::ZipArchiveWriter::new(Vec::new());
    for (name, bytes) in members {
        let (mut entry, config) = archive.new_file(format!("{name}.npy")).start().unwrap();
        let mut file = config.wrap(&mut entry);
        std::io::Write::write_all(&mut file, bytes).unwrap();
        let (_, descriptor) = file.finish().unwrap();
        entry.finish(descriptor).unwrap();
    }
    archive.finish().unwrap()
}

#[test]
fn arrays_are_held_against_their_headers_before_they_are_read() {
    let array = |shape: &str, kind: &str, order: &str, bytes: usize| {
        let header = format!("{{'descr': '{kind}', 'fortran_order': {order}, 'shape': {shape}, }}");
        [npy(&header), vec![0; bytes]].concat()
    };
    let cases = [
        (array("(4, 2)", "<f8", "False", 63), "shape [4, 2] of 8 bytes each, but 63 bytes follow"),
        (array("(4, 2)", "<f8", "True", 72), "shape [4, 2] of 8 bytes each, but 72 bytes follow"),
        (array("(18446744073709551615, 2)", "<f8", "False", 8), "more elements than can exist"),
        (array("(1, 1)", "|O", "False", 8), "holds Python objects"),
        (array("(1, 1)", "<U99999999999", "False", 8), "elements of type"),
        (array("(1, 1)", "<U0", "False", 8), "the texts have no letters"),
        (array("()", "<f8", "False", 8), "is a single number"),
        (array("(0, 3)", "<f8", "False", 0), "and so no numbers"),
    ];
    for (bytes, part) in cases {
        let alone = read("x.npy", &bytes).unwrap_err();
        assert!(alone.contains(part), "`{part}` is not in: {alone}");
        let packed = read("t.npz", &npz(&[("x", bytes), ("y", Vec::new())])).unwrap_err();
        assert!(packed.contains("t.npz: `x`: ") && packed.contains(part), "{packed}");
    }
    let rows = |shape: &str| array(shape, "<f8", "False", 40 * 8);
    let uneven = npz(&[("x", rows("(20, 2)")), ("y", rows("(40,)"))]);
    let message = read("t.npz", &uneven).unwrap_err();
    assert!(message.contains("`y`: has the shape [40], but `x` has 20 rows"), "{message}");
}

/// The features of the first array, `x`, beside targets.
fn features(x: Vec<u8>, rows: u32, width: usize) -> Vec<f32> {
    let targets = (0..rows).flat_map(|row| (f64::from(row) * 1.5).to_le_bytes());
    let header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({rows},), }}");
    let y = npy(&header).into_iter().chain(targets).collect();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.npz");
    // What is damaged but not wanted is nobody's concern.
    std::fs::write(&path, npz(&[("x", x), ("z", vec![1, 2, 3]), ("y", y)])).unwrap();
    let path = path.display().to_string();
    let source = DataSource { path, validation: Some(0.0), raw: true, ..DataSource::default() };
    let loaded = source.load(&|_| unreachable!()).unwrap();
    let examples: Vec<u32> = (0..rows).collect();
    let mut features = vec![0.0; width * examples.len()];
    loaded.train.features(&examples, &mut features).unwrap();
    features
}

#[test]
fn either_order_of_axes_makes_the_same_rows() {
    let (rows, axes) = (20, [2, 3]);
    let number = |row: usize, i: usize, j: usize| ((row * 7 + i * 31 + j * 5) % 11) as f64;
    let (mut by_rows, mut by_columns) = (Vec::new(), Vec::new());
    for row in 0..rows {
        for i in 0..axes[0] {
            (0..axes[1]).for_each(|j| by_rows.extend(number(row, i, j).to_le_bytes()));
        }
    }
    for j in 0..axes[1] {
        for i in 0..axes[0] {
            (0..rows).for_each(|row| by_columns.extend(number(row, i, j).to_le_bytes()));
        }
    }
    let of = |order: &str, content: Vec<u8>| {
        let header = format!("{{'descr': '<f8', 'fortran_order': {order}, 'shape': (20, 2, 3), }}");
        features([npy(&header), content].concat(), 20, 6)
    };
    let by_rows = of("False", by_rows);
    let wanted = |at: usize| number(at / 6, at % 6 / 3, at % 3) as f32;
    assert_eq!(by_rows, (0..120).map(wanted).collect::<Vec<_>>());
    assert_eq!(of("True", by_columns), by_rows);
}

/// The image with the content of one chunk changed, its length and check sum made right.
fn with_chunk(png: &[u8], name: &[u8; 4], change: impl FnOnce(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let at = png.windows(4).position(|window| window == name).unwrap();
    let length = u32::from_be_bytes(png[at - 4..at].try_into().unwrap()) as usize;
    let content = change(&png[at + 4..at + 4 + length]);
    let mut sum = flate2::Crc::new();
    sum.update(name);
    sum.update(&content);
    let length_bytes = (content.len() as u32).to_be_bytes();
    let sum = sum.sum().to_be_bytes();
    [&png[..at - 4], &length_bytes, name, &content, &sum, &png[at + 8 + length..]].concat()
}

#[test]
fn chunks_that_are_sound_but_wrong_are_errors() {
    let png = std::fs::read(golden("colour/a/palette.png")).unwrap();
    assert_eq!(with_chunk(&png, b"PLTE", <[u8]>::to_vec), png);
    for missing in [1, 2] {
        let cut = with_chunk(&png, b"PLTE", |colours| colours[missing..].to_vec());
        let message = read_image("palette.png", &cut).unwrap_err();
        assert!(message.contains("palette"), "{message}");
    }
    let huge = with_chunk(&png, b"IHDR", |header| {
        [&16_000_u32.to_be_bytes(), &16_000_u32.to_be_bytes(), &header[8..]].concat()
    });
    let message = read_image("palette.png", &huge).unwrap_err();
    assert!(message.contains("16000×16000 pixels, which a file of"), "{message}");
}

#[test]
fn a_kept_preparation_of_impossible_images_is_refused() {
    let source = DataSource { path: golden("grey").display().to_string(), ..DataSource::default() };
    let kept = source.load(&|_| unreachable!()).unwrap().preparation;
    let json = serde_json::to_string(&kept).unwrap();
    assert!(serde_json::from_str::<Preparation>(&json).is_ok());
    for wrong in ["0", "99999999999"] {
        let json = json.replace("\"width\":12", &format!("\"width\":{wrong}"));
        let message = serde_json::from_str::<Preparation>(&json).unwrap_err().to_string();
        assert!(message.contains("are no images"), "{message}");
    }
}

/// A preparation for rows of a number, a date and a category.
static FITTED: LazyLock<Preparation> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    std::fs::write(&path, "a,b,c,y\n1,2024-01-31,u,1\n2,2024-02-01,v,2\n").unwrap();
    let path = path.display().to_string();
    let source = DataSource { path, validation: Some(0.0), ..DataSource::default() };
    source.load(&|_| unreachable!()).unwrap().preparation
});

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Each case damages every format at the same places.
    #[test]
    fn damaged_files_are_read_or_refused(
        flips in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let mut files = closed_formats();
        files.push(("mixed.csv", std::fs::read(golden("mixed.csv")).unwrap()));
        files.push(("labels", vec![0, 0, 8, 1, 0, 0, 0, 3, 7, 2, 1]));
        for (name, mut bytes) in files {
            for (at, value) in &flips {
                let at = at.index(bytes.len());
                bytes[at] = *value;
            }
            let _ = read_any(name, &bytes);
        }
    }

    #[test]
    fn any_text_is_a_table_or_refused(text in "[a-c,\"\t\r\n0-9.?;]{0,60}") {
        let _ = read("t.csv", text.as_bytes());
        let _ = read("t.tsv", text.as_bytes());
        let _ = FITTED.read_rows(text.as_bytes(), &Keep::All);
    }

    /// In one of the encodings, or in none.
    #[test]
    fn any_bytes_are_rows_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
        let _ = FITTED.read_rows(bytes.as_slice(), &Keep::All);
        let marked = [&[0xff, 0xfe][..], &bytes].concat();
        let _ = FITTED.read_rows(marked.as_slice(), &Keep::All);
        let _ = FITTED.read_rows([&[0x1f, 0x8b][..], &bytes].concat().as_slice(), &Keep::All);
    }
}
