//! Training on pictures of one's own, and asking about others.

mod common;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use common::{chainrule, json, text};
use tempfile::{TempDir, tempdir};

/// A PNG file of grey pixels, of which a function of column and row tells the brightness.
fn grey(path: &Path, width: usize, height: usize, level: impl Fn(usize, usize) -> u8) {
    let pixels: Vec<u8> = (0..width * height).map(|at| level(at % width, at / width)).collect();
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let file = std::fs::File::create(path).unwrap();
    let mut encoder = png::Encoder::new(file, width as u32, height as u32);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
}

/// Two classes of pictures: bright on the left, and on the right.
fn sides(width: usize, height: usize) -> TempDir {
    let folder = tempdir().unwrap();
    for i in 0..6 {
        for (class, right) in [("left", false), ("right", true)] {
            let path = folder.path().join(class).join(format!("{i}.png"));
            grey(&path, width, height, |x, _| if (x >= width / 2) == right { 200 + i } else { i });
        }
    }
    folder
}

#[test]
fn photographs_make_a_network_of_usual_size_and_train_says_so() {
    let (data, runs) = (sides(300, 200), tempdir().unwrap());
    std::fs::write(data.path().join("left/.DS_Store"), "").unwrap();
    let out = runs.path().join("run");
    let output = chainrule(&["train", text(data.path()), "--out", text(&out), "--json"]);
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("12 images\n300 × 200 pixels, fitted into 64 × 64, grey\n"), "{told}");
    assert!(told.contains("2 classes: left, right\n"), "{told}");
    assert!(told.contains("left out, hidden: 1 (left/.DS_Store)\n"), "{told}");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["parameters"], 64 * 64 * 256 + 256 + 256 * 2 + 2);
    assert_eq!(report["data"]["notes"][0], "left out, hidden: 1 (left/.DS_Store)");
    let one = ["train", text(data.path()), "--out", text(&out), "--force", "--json", "--quiet"];
    let report = json(&[&one[..], &["--image-size", "8"]].concat());
    assert_eq!(report["parameters"], 8 * 8 * 256 + 256 + 256 * 2 + 2);
    let report = json(&[&one[..], &["--image-size", "6x4"]].concat());
    assert_eq!(report["parameters"], 6 * 4 * 256 + 256 + 256 * 2 + 2);
}

#[test]
fn a_run_from_before_pictures_were_fitted_goes_on() {
    let (data, runs) = (sides(9, 5), tempdir().unwrap());
    let out = runs.path().join("run");
    let settings = ["--image-size", "9x5", "--epochs", "2", "--json", "--quiet"];
    json(&[&["train", text(data.path()), "--out", text(&out)], &settings[..]].concat());
    let kept = std::fs::read_to_string(out.join("data.json")).unwrap();
    let mut kept: serde_json::Value = serde_json::from_str(&kept).unwrap();
    // Nor did files tell their run and their digest then.
    for key in ["seen", "run", "sha256"] {
        assert!(kept.as_object_mut().unwrap().remove(key).is_some(), "{key}");
    }
    std::fs::write(out.join("data.json"), kept.to_string()).unwrap();
    let run = std::fs::read_to_string(out.join("run.json")).unwrap();
    let mut run: serde_json::Value = serde_json::from_str(&run).unwrap();
    assert!(run.as_object_mut().unwrap().remove("named").is_some());
    std::fs::write(out.join("run.json"), run.to_string()).unwrap();
    let resumed = json(&["train", "--resume", text(&out), "--epochs", "3", "--json", "--quiet"]);
    assert_eq!(resumed["epochs"].as_array().unwrap().len(), 3);
    let picture = data.path().join("right/0.png");
    let said = json(&["predict", text(&out), text(&picture), "--json"]);
    assert_eq!(said["predictions"].as_array().unwrap().len(), 1);
}

#[test]
fn a_long_training_tells_its_size_and_time_at_its_beginning() {
    let (data, runs) = (sides(28, 28), tempdir().unwrap());
    let out = runs.path().join("run");
    let mut command = Command::new(env!("CARGO_BIN_EXE_chainrule"));
    command.args(["train", text(data.path()), "--epochs", "400000000", "--out", text(&out)]);
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    let told = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    let line = told.take(2_000_000).find(|line| line.contains("to go"));
    child.kill().unwrap();
    child.wait().unwrap();
    let line = line.unwrap();
    assert!(line.starts_with("201474 parameters, ") && line.contains("about "), "{line}");
}

/// The class that a run says of a picture, and what it says on standard error.
fn asked(run: &Path, picture: &Path, options: &[&str]) -> (String, String) {
    let output = chainrule(&[&["predict", text(run), text(picture), "--json"], options].concat());
    let told = String::from_utf8(output.stderr).unwrap();
    let said: serde_json::Value = serde_json::from_slice(&output.stdout).expect(&told);
    (said["predictions"][0]["name"].as_str().unwrap().to_owned(), told)
}

/// Writes a picture of 280 × 280 pixels with dark strokes along lines on bright paper.
fn written(path: &Path, lines: &[[(f64, f64); 2]], light: impl Fn(f64) -> f64) {
    grey(path, 280, 280, |x, y| {
        let (x, y) = (x as f64, y as f64);
        let distance = |&[(ax, ay), (bx, by)]: &[(f64, f64); 2]| {
            let (dx, dy) = (bx - ax, by - ay);
            let along = ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy);
            let along = along.clamp(0.0, 1.0);
            (x - ax - along * dx).hypot(y - ay - along * dy)
        };
        let is_ink = lines.iter().any(|line| distance(line) < 7.0);
        (light(x) * if is_ink { 0.2 } else { 1.0 }) as u8
    });
}

#[test]
fn digits_in_ink_on_paper_get_hints_that_lead_to_their_classes() {
    let runs = tempdir().unwrap();
    let out = runs.path().join("run");
    let settings = ["--epochs", "2", "--json", "--quiet"];
    json(&[&["train", "mnist", "--out", text(&out)], &settings[..]].concat());
    let ring: Vec<[(f64, f64); 2]> = (0..24)
        .map(|part| {
            [part, part + 1].map(|part| {
                let angle = f64::from(part) * std::f64::consts::TAU / 24.0;
                (80.0 + 35.0 * angle.cos(), 170.0 + 55.0 * angle.sin())
            })
        })
        .collect();
    let (one, seven) = (
        [[(200.0, 40.0), (190.0, 160.0)]],
        [[(60.0, 60.0), (130.0, 60.0)], [(130.0, 60.0), (85.0, 170.0)]],
    );
    for (name, lines) in [("0", &ring[..]), ("1", &one), ("7", &seven)] {
        // Evenly lit, and in the shadow of whoever took the photograph.
        for light in [|_| 250.0, |x: f64| 250.0 - x * 0.4] {
            let picture = runs.path().join("digit.png");
            written(&picture, lines, light);
            let (_, told) = asked(&out, &picture, &[]);
            let hints: Vec<&str> = told.lines().collect();
            assert!(hints[0].contains("but 0.13 in training: try --invert"), "{told}");
            assert!(
                hints[1].contains("280 × 280 pixels, but 28 × 28 in training: try --centre"),
                "{told}"
            );
            let right = (name.to_owned(), String::new());
            assert_eq!(asked(&out, &picture, &["--invert", "--centre"]), right);
        }
    }
    let rows = chainrule(&["predict", text(&out), "-", "--invert"]);
    assert_eq!(rows.status.code(), Some(2));
    let pixels = chainrule(&["predict", text(&out), "mnist", "--centre"]);
    assert!(String::from_utf8_lossy(&pixels.stderr).contains("is no picture file"));
}
