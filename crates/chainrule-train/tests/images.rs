//! Images as cameras and people leave them: held sideways, of any size, in any format.

use std::path::{Path, PathBuf};

use chainrule_train::data::{DataSource, Examples, Loaded};
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
