//! Images as cameras and people leave them: held sideways, of any size, in any format.

use std::path::{Path, PathBuf};

use chainrule_train::data::{DataSource, Examples, Keep, Loaded, Preparation};
use tempfile::TempDir;

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/data").join(name)
}

fn load(folder: &Path) -> Loaded {
    let source = DataSource { path: folder.display().to_string(), ..DataSource::default() };
    source.load(&|_| unreachable!()).unwrap()
}

/// The examples' pixels, from 0 to 255.
fn levels(data: &dyn Examples) -> Vec<f32> {
    let all: Vec<u32> = (0..data.len() as u32).collect();
    let mut features = vec![0.0; all.len() * data.width()];
    data.features(&all, &mut features).unwrap();
    features.iter().map(|feature| (feature * 255.0).round()).collect()
}

/// A folder with the files, each named with its class.
fn folder(files: &[(&str, Vec<u8>)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    folder
}

/// Exif data that says how the camera was held, and nothing else.
fn exif(orientation: u8) -> Vec<u8> {
    [b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0", &[orientation, 0, 0, 0, 0, 0, 0, 0][..]]
        .concat()
}

/// A JPEG file with Exif data after its first mark.
fn held_jpeg(jpeg: &[u8], orientation: u8) -> Vec<u8> {
    let exif = [b"Exif\0\0", &exif(orientation)[..]].concat();
    let length = (exif.len() as u16 + 2).to_be_bytes();
    [&jpeg[..2], b"\xff\xe1", &length, &exif, &jpeg[2..]].concat()
}

/// A PNG file with Exif data before its end.
fn held_png(png: &[u8], orientation: u8) -> Vec<u8> {
    let exif = exif(orientation);
    let mut sum = flate2::Crc::new();
    sum.update(b"eXIf");
    sum.update(&exif);
    let length = (exif.len() as u32).to_be_bytes();
    let end = png.len() - 12;
    [&png[..end], &length, b"eXIf", &exif, &sum.sum().to_be_bytes(), &png[end..]].concat()
}

#[test]
fn a_picture_from_a_camera_on_its_side_is_set_upright() {
    let read = |name: &str| std::fs::read(golden(name)).unwrap();
    let files = [
        (read("jpeg/a/baseline.jpg"), "x.jpg", held_jpeg as fn(&[u8], u8) -> Vec<u8>),
        (read("colour/a/colour.png"), "x.png", held_png),
    ];
    for (bytes, name, held) in files {
        let pixels = |orientation: u8| {
            let file = held(&bytes, orientation);
            let [a, b] = ["a", "b"].map(|class| format!("{class}/{name}"));
            let folder = folder(&[(&a, file.clone()), (&b, file)]);
            levels(&*load(folder.path()).train)
        };
        let plain = pixels(1);
        let (width, height) = if name == "x.jpg" { (24, 16) } else { (12, 9) };
        assert_eq!(plain.len(), 2 * width * height * 3);
        // Of 6, the first row is seen on the right, from the top down.
        let turned = pixels(6);
        for x in 0..height {
            for y in 0..width {
                let (from, to) = (((height - 1 - x) * width + y) * 3, (y * height + x) * 3);
                assert_eq!(plain[from..from + 3], turned[to..to + 3], "{name} {x},{y}");
            }
        }
        let half: Vec<&[f32]> = plain[..plain.len() / 2].chunks(3).rev().collect();
        assert_eq!(half.concat(), pixels(3)[..plain.len() / 2], "{name}");
    }
}

/// A PNG file of grey pixels, of which a function of column and row tells the brightness.
fn grey(width: usize, height: usize, level: impl Fn(usize, usize) -> u8) -> Vec<u8> {
    let pixels: Vec<u8> = (0..width * height).map(|at| level(at % width, at / width)).collect();
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width as u32, height as u32);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
    file
}

#[test]
fn equal_sizes_up_to_64_stay_and_others_are_fitted_into_a_square() {
    let of = |sizes: [(usize, usize); 2]| {
        let [a, b] = sizes.map(|(width, height)| grey(width, height, |_, _| 100));
        let loaded = load(folder(&[("a/1.png", a), ("b/1.png", b)]).path());
        assert!(levels(&*loaded.train).iter().all(|&level| level == 100.0));
        (loaded.train.width(), loaded.summary.images)
    };
    let told = |size, text: &str| (size, text.to_owned());
    assert_eq!(of([(28, 20); 2]), told(28 * 20, "28 × 20 pixels, grey"));
    assert_eq!(of([(64, 64); 2]), told(64 * 64, "64 × 64 pixels, grey"));
    let fitted = |text: &str| told(64 * 64, &format!("{text} pixels, fitted into 64 × 64, grey"));
    assert_eq!(of([(65, 64); 2]), fitted("65 × 64"));
    assert_eq!(of([(1200, 900); 2]), fitted("1200 × 900"));
    assert_eq!(of([(28, 20), (20, 28)]), fitted("20 × 20 to 28 × 28"));
}

/// A picture of 120 × 60 whose left half is dark: fitted into a square of 64, it is 64 × 32 with 16 rows
/// of its border's mean above and below.
fn wide() -> Vec<u8> {
    grey(120, 60, |x, _| if x < 60 { 40 } else { 200 })
}

#[test]
fn a_fitted_picture_keeps_its_proportion_on_the_mean_of_its_border() {
    let pictures = folder(&[("a/1.png", wide()), ("b/1.png", wide())]);
    let loaded = load(pictures.path());
    let levels = levels(&*loaded.train);
    for (y, row) in levels[..64 * 64].chunks(64).enumerate() {
        let right = if (16..48).contains(&y) { [40.0, 200.0] } else { [120.0; 2] };
        assert_eq!([row[0], row[63]], right, "row {y}");
        assert_eq!([row[30], row[33]], right, "row {y}");
    }
    // What is predicted from is made in the same way, also after the preparation was kept.
    let kept = serde_json::to_string(&loaded.preparation).unwrap();
    let preparation: Preparation = serde_json::from_str(&kept).unwrap();
    let single = preparation.load(&pictures.path().join("a/1.png"), false).unwrap();
    assert_eq!(crate::levels(&*single), levels[..64 * 64]);
    let scored = preparation.load(pictures.path(), true).unwrap();
    assert_eq!(crate::levels(&*scored), levels);
}

#[test]
fn what_is_no_picture_is_counted_and_named() {
    let picture = || grey(4, 4, |x, _| x as u8);
    let files = [
        ("a/1.png", picture()),
        ("b/2.png", picture()),
        ("a/.DS_Store", vec![0]),
        ("b/._2.png", vec![0]),
        ("b/Thumbs.db", vec![0]),
        ("b/3.tif", vec![0]),
        ("b/deeper/4.png", picture()),
        ("notes.txt", vec![0]),
    ];
    let loaded = load(folder(&files).path());
    assert_eq!((loaded.train.len(), loaded.summary.rows), (2, 2));
    let [hidden, others, ..] = &loaded.summary.notes[..] else { panic!("{:?}", loaded.summary) };
    assert_eq!(hidden, "left out, hidden: 2 (a/.DS_Store, b/._2.png)");
    let right = "4 (b/3.tif, b/Thumbs.db, b/deeper, notes.txt)";
    assert!(others.starts_with("left out, no PNG") && others.ends_with(right), "{others}");
    let text = loaded.summary.to_string();
    let right = "2 images\n4 × 4 pixels, grey\n2 classes: a, b\nleft out, hidden: 2";
    assert!(text.starts_with(right), "{text}");
    let clean = folder(&[("a/1.png", picture()), ("b/2.png", picture())]);
    let notes = load(clean.path()).summary.notes;
    assert!(!notes.iter().any(|note| note.starts_with("left out")), "{notes:?}");
}

/// Only a score asks for the classes of pictures: to predict, they may lie in any folders.
#[test]
fn pictures_to_predict_from_may_lie_in_folders_that_are_no_classes() {
    let flat = |level: u8| grey(4, 4, move |_, _| level);
    let loaded = load(folder(&[("a/1.png", flat(0)), ("b/2.png", flat(9))]).path());
    let albums = folder(&[
        ("2023/1.png", flat(1)),
        ("2024/2.png", flat(2)),
        ("2024/notes.txt", vec![0]),
        ("3.png", flat(3)),
    ]);
    let read = loaded.preparation.read(albums.path(), false, &Keep::None).unwrap();
    let firsts: Vec<f32> = levels(&*read.examples).chunks(16).map(|image| image[0]).collect();
    assert_eq!(firsts, [1.0, 2.0, 3.0]);
    assert!(read.notes[0].ends_with("1 (2024/notes.txt)"), "{:?}", read.notes);
    let error = loaded.preparation.read(albums.path(), true, &Keep::None).unwrap_err();
    assert!(error.to_string().contains("the model has no such class"), "{error}");
}

#[test]
fn other_formats_have_the_pixels_that_pillow_reads() {
    let text = std::fs::read_to_string(golden("data.json")).unwrap();
    let expected: serde_json::Value = serde_json::from_str(&text).unwrap();
    let mut read = 0;
    for (name, image) in expected["images"].as_object().unwrap() {
        let Some(file) = name.strip_prefix("other/") else { continue };
        let bytes = std::fs::read(golden(name)).unwrap();
        // Beside a picture in colour, so that grey ones have three numbers too.
        let colour = std::fs::read(golden("other/a/24.bmp")).unwrap();
        let other = if file.contains("held") { bytes.clone() } else { colour };
        let files =
            folder(&[(&format!("a/{}", file.replace('/', "-")), bytes), ("b/1.bmp", other)]);
        let levels = levels(&*load(files.path()).train);
        let right: Vec<f32> = serde_json::from_value(image["pixels"].clone()).unwrap();
        // Decoders of lossy pictures may round in different ways.
        let bound = if file.contains("lossy") { 2.0 } else { 0.0 };
        let most = right.iter().zip(&levels).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(most <= bound && right.len() == 9 * 13 * 3, "{name}: {most}");
        read += 1;
    }
    assert_eq!(read, 12);
}

#[test]
fn grey_pictures_are_grey_in_any_format() {
    let read = |name: &str| std::fs::read(golden(name)).unwrap();
    let files = [("a/1.bmp", read("other/a/grey.bmp")), ("b/1.bmp", read("other/a/bits.bmp"))];
    assert_eq!(load(folder(&files).path()).train.width(), 9 * 13);
}
