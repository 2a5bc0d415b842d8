//! Pictures of runs: SVG against snapshots that were looked at before they were accepted
//! (`UPDATE_SNAPSHOTS=1 cargo test --test curves` writes them anew, with the PNG files beside them in
//! the temporary folder that it prints), and PNG against the SVG's own numbers.

use std::path::Path;

use chainrule_train::curves::{
    Chart, Series, confusion_png, confusion_svg, curves_png, curves_svg,
};
use proptest::prelude::*;

fn chart(y: &str, series: &[(&str, &[f64])]) -> Chart {
    let series = series.iter().map(|(name, values)| {
        let points = (1..).zip(*values).map(|(epoch, &value)| (f64::from(epoch), value));
        Series { name: (*name).into(), points: points.collect() }
    });
    Chart { x: "epoch".into(), y: y.into(), series: series.collect() }
}

/// A run's two charts.
fn run() -> Vec<Chart> {
    let falling = |from: f64, rate: f64, floor: f64| -> Vec<f64> {
        (0..17).map(|epoch| floor + from * (-rate * f64::from(epoch)).exp()).collect()
    };
    let (train, validation, test) =
        (falling(0.7, 0.4, 0.02), falling(0.5, 0.3, 0.11), falling(0.45, 0.35, 0.13));
    let accuracy =
        |losses: &[f64]| -> Vec<f64> { losses.iter().map(|loss| 1.0 - loss / 4.0).collect() };
    vec![
        chart("loss", &[("train", &train), ("validation", &validation), ("test", &test)]),
        chart("accuracy", &[("validation", &accuracy(&validation)), ("test", &accuracy(&test))]),
    ]
}

/// Many runs overlaid, with names that take room, gaps, and one point alone.
fn several() -> Vec<Chart> {
    let values: Vec<Vec<f64>> = (0..15_i32)
        .map(|number| {
            let wave = |step: i32| (f64::from(step * (number + 3)) * 0.37).sin() / 40.0;
            (0..60).map(|step| 20.0 / f64::from(step + number + 4) + wave(step)).collect()
        })
        .collect();
    let names: Vec<String> =
        (0..15).map(|number| format!("runs/wine-{} lr=0.{}", number, 1 + number % 7)).collect();
    let mut series: Vec<(&str, &[f64])> = names
        .iter()
        .zip(&values)
        .map(|(name, values)| (name.as_str(), values.as_slice()))
        .collect();
    let gaps = [5.0, 4.5, f64::NAN, 3.5, f64::INFINITY, 3.0, 2.9];
    (series[1].1, series[2].1) = (&gaps, &[4.2]);
    vec![chart("test RMSE", &series)]
}

fn digits() -> (Vec<String>, Vec<Vec<u64>>) {
    let names = (0..10).map(|digit| digit.to_string()).collect();
    let counts = (0..10_u64).map(|row| {
        (0..10_u64)
            .map(|column| match row == column {
                true => 900 + 11 * row,
                false => (row * 7 + column * 3) % 11 * u64::from((row + column) % 3 == 0),
            })
            .collect()
    });
    (names, counts.collect())
}

fn flowers() -> (Vec<String>, Vec<Vec<u64>>) {
    let names = ["setosa", "versicolor <b>", "virginica, the third"].map(String::from);
    (names.into(), vec![vec![10, 0, 0], vec![0, 9, 1], vec![0, 2, 8]])
}

fn snapshot(name: &str, svg: &str, png: &[u8]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots").join(name);
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&path, svg).unwrap();
        let png_path = std::env::temp_dir().join(name).with_extension("png");
        std::fs::write(&png_path, png).unwrap();
        println!("{}", png_path.display());
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        expected == svg,
        "{name} differs from its snapshot; if that is right, run with UPDATE_SNAPSHOTS=1 and look at it"
    );
}

#[test]
fn pictures_are_as_accepted() {
    for (name, charts) in [("run.svg", run()), ("several.svg", several())] {
        snapshot(name, &curves_svg(&charts).unwrap(), &curves_png(&charts).unwrap());
    }
    for (name, (classes, counts)) in [("digits.svg", digits()), ("flowers.svg", flowers())] {
        let png = confusion_png(&classes, &counts).unwrap();
        snapshot(name, &confusion_svg(&classes, &counts).unwrap(), &png);
    }
}

/// A PNG file's width and its pixels.
fn decoded(file: &[u8]) -> (usize, Vec<[u8; 3]>) {
    let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
    let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut bytes).unwrap();
    (info.width as usize, bytes.as_chunks().0.to_vec())
}

/// The points of the first colour's curve in a chart, without its sample in the legend.
fn points(svg: &str) -> Vec<(f64, f64)> {
    let document = roxmltree::Document::parse(svg).unwrap();
    let mut found = Vec::new();
    let mut is_sample = true;
    for node in document.descendants() {
        let number = |name: &str| node.attribute(name).unwrap().parse::<f64>().unwrap();
        match (node.tag_name().name(), node.attribute("class")) {
            ("polyline", Some("line-1")) => {
                let pairs = node.attribute("points").unwrap().split(' ');
                let pairs = pairs.map(|pair| pair.split_once(',').unwrap());
                let read = |text: &str| text.parse::<f64>().unwrap();
                let line = pairs.map(|(x, y)| (read(x), read(y)));
                if !std::mem::take(&mut is_sample) {
                    found.extend(line);
                }
            }
            ("circle", Some("fill-1")) => found.push((number("cx"), number("cy"))),
            _ => {}
        }
    }
    found
}

/// Whether a pixel is of the first curve's colour, `#0072B2`.
fn is_blue([red, _, blue]: [u8; 3]) -> bool {
    red < 80 && blue > 150
}

#[test]
fn the_bitmap_has_the_curve_where_the_document_has_it() {
    let chart = [chart("loss", &[("train", &[3.0, 0.5, 2.0, 2.5, 0.25, 1.0])])];
    let points = points(&curves_svg(&chart).unwrap());
    assert_eq!(points.len(), 6);
    let (width, pixels) = decoded(&curves_png(&chart).unwrap());
    assert_eq!((width, pixels.len()), (640, 640 * 400));
    for ends in points.windows(2) {
        for step in 0..=10 {
            let along = |from: f64, to: f64| from + (to - from) * f64::from(step) / 10.0;
            let (x, y) = (along(ends[0].0, ends[1].0), along(ends[0].1, ends[1].1));
            let pixel = pixels[y.floor() as usize * width + x.floor() as usize];
            assert!(is_blue(pixel), "no blue line at {x}, {y}: {pixel:?}");
        }
    }
    let blue = pixels.iter().filter(|pixel| is_blue(**pixel)).count();
    let length: f64 = points.windows(2).map(|e| (e[1].0 - e[0].0).hypot(e[1].1 - e[0].1)).sum();
    // Two pixels wide, its edges lighter, and the sample in the legend.
    assert!((0.8..2.2).contains(&(blue as f64 / length)), "{blue} pixels, {length} long");
}

#[test]
fn curves_of_one_name_have_one_colour() {
    let svg = curves_svg(&run()).unwrap();
    let document = roxmltree::Document::parse(&svg).unwrap();
    let curves = |colour: &str| {
        let nodes = document.descendants().filter(|n| n.attribute("stroke") == Some(colour));
        nodes.filter(|n| n.attribute("points").is_some_and(|p| p.len() > 60)).count()
    };
    assert_eq!([curves("#0072B2"), curves("#D55E00"), curves("#009E73")], [1, 2, 2]);
}

/// Draws points as one curve, and holds the picture against them: one place for each that can be drawn,
/// within the axes and in their order, blue in the bitmap.
fn check_drawn(values: &[(f64, f64)]) {
    let series = vec![Series { name: "a".into(), points: values.to_vec() }];
    let chart = [Chart { x: "x".into(), y: "y".into(), series }];
    let places = points(&curves_svg(&chart).unwrap());
    let drawn: Vec<(f64, f64)> =
        values.iter().copied().filter(|(x, y)| x.abs() <= 1e30 && y.abs() <= 1e30).collect();
    assert_eq!(places.len(), drawn.len(), "{values:?} at {places:?}");
    for (at, (place, value)) in places.iter().zip(&drawn).enumerate() {
        assert!((68.0..=620.0).contains(&place.0), "{values:?} at {places:?}");
        assert!((28.0..=356.0).contains(&place.1), "{values:?} at {places:?}");
        for (other, wanted) in places.iter().zip(&drawn).skip(at + 1) {
            // A tenth of a pixel is what the document writes.
            let rises = |value: f64, from: f64, to: f64| value * (to - from) >= -0.11;
            let (across, up) = ((wanted.0 - value.0).signum(), (wanted.1 - value.1).signum());
            assert!(rises(across, place.0, other.0), "{values:?} at {places:?}");
            assert!(rises(-up, place.1, other.1), "{values:?} at {places:?}");
        }
    }
    let (width, pixels) = decoded(&curves_png(&chart).unwrap());
    for (x, y) in places {
        let pixel = pixels[y.floor() as usize * width + x.floor() as usize];
        assert!(is_blue(pixel), "{values:?}: {pixel:?} at {x}, {y}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn numbers_of_any_size_and_distance_can_be_drawn(
        first in -9.9..9.9_f64,
        size in -40..40_i32,
        steps in prop::collection::vec((-9.9..9.9_f64, -20..3_i32), 0..4),
    ) {
        let scale = 10_f64.powi(size);
        let mut values = vec![first * scale];
        values.extend(steps.iter().map(|(step, smaller)| (first + step * 10_f64.powi(*smaller)) * scale));
        check_drawn(&values.iter().map(|&value| (value, value)).collect::<Vec<_>>());
    }
}

#[test]
fn any_numbers_can_be_drawn() {
    let odd: &[&[f64]] = &[
        &[],
        &[f64::NAN, f64::INFINITY],
        &[0.0],
        &[2.5, 2.5, 2.5],
        &[f64::MAX, -f64::MAX],
        &[f64::MAX],
        &[-1e300, 1e300, 1e-300],
        &[5e-324, 1e-320],
        &[1e16, 1e16 + 2.0],
        &[-3.0, -2.9999999999],
        &[1e-30, 1e30],
        &[1.0, 2.0, f64::NAN, 3.0, f64::NAN, 2.0, 1.5],
    ];
    for values in odd {
        check_drawn(&(1..).map(f64::from).zip(values.iter().copied()).collect::<Vec<_>>());
        // The same numbers across.
        check_drawn(&values.iter().map(|&value| (value, 1.0)).collect::<Vec<_>>());
    }
}

#[test]
fn what_does_not_fit_a_picture_is_an_error() {
    assert!(curves_svg(&[]).unwrap_err().to_string().contains("from 1 to 12"));
    let name = ["a".to_owned()];
    let message = |confusion: &[Vec<u64>]| confusion_svg(&name, confusion).unwrap_err().to_string();
    assert!(message(&[]).contains("from 1 to 1000"));
    assert!(message(&[vec![1, 2]]).contains("needs as many columns and names"));
    assert!(message(&[vec![1, 2], vec![3, 4]]).contains("1 names"));
}

#[test]
fn many_classes_leave_names_and_counts_out() {
    for classes in [40, 300] {
        let names: Vec<String> = (0..classes).map(|class| format!("class {class}")).collect();
        let counts: Vec<Vec<u64>> = (0..classes)
            .map(|row| (0..classes).map(|column| u64::from(row == column)).collect())
            .collect();
        let svg = confusion_svg(&names, &counts).unwrap();
        assert!(!svg.contains(">class 1<") && svg.contains("true class"));
        let (width, _) = decoded(&confusion_png(&names, &counts).unwrap());
        assert!((400..800).contains(&width));
    }
}
