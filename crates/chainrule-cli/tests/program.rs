//! The program run as a program: what it prints, what it leaves behind, and how it fails.

mod common;

use std::io::Write;
use std::process::{Command, Stdio};

use common::{chainrule, digits, fails, idx, json, text};
use serde_json::Value;
use tempfile::tempdir;

const APPLE: [&str; 8] = [
    "explain",
    "x * m * t",
    "--at",
    "x=100,m=2,t=1.1",
    "--target",
    "219",
    "--nudge",
    "x=1,m=1,t=0.01",
];

#[test]
fn the_apple_in_json() {
    let apple = json(&[&APPLE[..], &["--format", "json"]].concat());
    assert_eq!(apple["output"], 220.000_000_000_000_03);
    let close = |found: &Value, expected: f64| {
        let found = found.as_f64().unwrap();
        assert!((found - expected).abs() < 1e-9 * expected.abs().max(1.0), "{found} {expected}");
    };
    close(&apple["loss"], 0.5);
    for (name, gradient, formula) in
        [("x", 2.2, "m * t"), ("m", 110.0, "x * t"), ("t", 200.0, "x * m")]
    {
        close(&apple["gradients"][name], gradient);
        close(&apple["partials"][name]["value"], gradient);
        assert_eq!(apple["partials"][name]["formula"], formula);
    }
    assert_eq!(apple["ranking"], serde_json::json!(["t", "m", "x"]));
    let rows = [
        ("x", 222.2, 5.12, 4.62, 2.2, 4.62),
        ("m", 330.0, 6160.5, 6160.0, 110.0, 6160.0),
        ("t", 222.0, 4.5, 4.0, 2.0, 4.0),
    ];
    for (row, (name, output, loss, change, first, second)) in
        apple["what_if"].as_array().unwrap().iter().zip(rows)
    {
        assert_eq!(row["name"], name);
        for (key, expected) in [
            ("output", output),
            ("loss", loss),
            ("loss_change", change),
            ("first_order", first),
            ("second_order", second),
        ] {
            close(&row[key], expected);
        }
    }
    // The two gates: z = x·m gets 1.1 and passes 2.2 and 110; f = z·t passes 1.1 and 200.
    let gates: Vec<&Value> = apple["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|node| node["label"] == "x * m" || node["label"] == "x * m * t")
        .collect();
    close(&gates[0]["gradient"], 1.1);
    for (gate, products, formulas) in
        [(gates[0], [2.2, 110.0], ["m", "x"]), (gates[1], [1.1, 200.0], ["t", "x * m"])]
    {
        for i in 0..2 {
            close(&gate["backward"][i]["product"], products[i]);
            assert_eq!(gate["backward"][i]["local_formula"], formulas[i]);
        }
    }
}

#[test]
fn the_apple_in_text_fits_a_terminal() {
    let output = chainrule(&APPLE);
    let shown = String::from_utf8(output.stdout).unwrap();
    for part in
        ["L = ½·(f − target)²", "dL/df = 1", "1 × 200", "1.1 × 2 ", "+6160", "+4.62", "1. t"]
    {
        assert!(shown.contains(part), "`{part}` is not in:\n{shown}");
    }
    assert!(shown.lines().all(|line| line.chars().count() <= 80), "{shown}");
    assert!(!shown.contains('\u{1b}'), "colours in a pipe");
}

#[test]
fn the_apple_answers_questions() {
    let more = ["--paths", "x", "--sweep", "x=80:120:5", "--order", "2", "--format", "json"];
    let apple = json(&[&APPLE[..], &more].concat());
    let close = |found: &Value, expected: f64| {
        let found = found.as_f64().unwrap();
        assert!((found - expected).abs() < 1e-9 * expected.abs().max(1.0), "{found} {expected}");
    };
    for name in ["x", "m", "t"] {
        close(&apple["elasticities"][name], 220.0);
    }
    let verdict = apple["what_if"][0]["verdict"].as_str().unwrap();
    assert_eq!(verdict, "the gradient alone is off by 52 %; with curvature it is exact.");
    close(&apple["goals"][0]["value"], 219.0 / 2.2);
    close(&apple["paths"]["largest"][0]["product"], 2.2);
    close(&apple["hessian"]["values"][0][1], 1.1);
    assert_eq!(apple["hessian"]["formulas"][0][2], "m");
    let sweep = apple["sweep"]["points"].as_array().unwrap();
    close(&sweep[0]["loss"], 0.5 * (176.0 - 219.0_f64).powi(2));
    close(&sweep[0]["tangent"], 0.5 - 2.2 * 20.0);
    let steps = apple["descent"]["points"].as_array().unwrap();
    assert!(steps[1]["loss"].as_f64() < steps[0]["loss"].as_f64());
    let csv = chainrule(&[&APPLE[..], &["--sweep", "x=80:120:3", "--format", "csv"]].concat());
    let csv = String::from_utf8(csv.stdout).unwrap();
    assert_eq!(csv.lines().next(), Some("x,f,L,tangent"));
    assert_eq!(csv.lines().count(), 4);
}

#[test]
fn the_apple_in_korean() {
    let output = chainrule(&[&APPLE[..], &["--lang", "ko"]].concat());
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(shown.contains("기울기만으로는 52 % 빗나가고, 곡률까지 쓰면 정확하다"), "{shown}");
    // Keys and formulas are the same in every language.
    let apple = json(&[&APPLE[..], &["--lang", "ko", "--json"]].concat());
    assert_eq!(apple["partials"]["x"]["formula"], "m * t");
    let page = chainrule(&[&APPLE[..], &["--lang", "ko", "--format", "html"]].concat());
    assert!(String::from_utf8(page.stdout).unwrap().contains("<html lang=\"ko\">"));
}

#[test]
fn derivatives_alone_are_printed() {
    for (expression, at, formula) in [
        ("x * m * t", "x=100,m=2,t=1.1", "df/dx = m * t\n"),
        ("sigmoid(x)", "x=0.5", "df/dx = sigmoid(x) * (1 - sigmoid(x))\n"),
        ("x ^ 3", "x=2", "df/dx = 3 * x^2\n"),
    ] {
        let output = chainrule(&["explain", expression, "--at", at, "--symbolic", "--wrt", "x"]);
        assert_eq!(String::from_utf8(output.stdout).unwrap(), formula);
    }
}

#[test]
fn a_value_used_twice_shows_what_cancels() {
    let explained = json(&["explain", "3 * x - 2 * x", "--at", "x=1", "--json"]);
    let x = &explained["nodes"].as_array().unwrap().iter().find(|n| n["label"] == "x").unwrap();
    assert_eq!(x["gradient"], 1.0);
    assert_eq!(x["cancellation"], 0.2);
    let entries: Vec<f64> =
        x["ledger"].as_array().unwrap().iter().map(|e| e["gradient"].as_f64().unwrap()).collect();
    assert_eq!(entries, [-2.0, 3.0]);
}

#[test]
fn paths_are_found_to_a_name_that_wrt_leaves_out() {
    let explained =
        json(&["explain", "x * m", "--at", "x=1,m=2", "--wrt", "m", "--paths", "x", "--json"]);
    assert_eq!(explained["paths"]["sum"], 2.0);
}

#[test]
fn an_affine_layer_explains_itself() {
    let layer = "Y = X @ W + B; L = cross_entropy(Y, 1)";
    let at = "X=[[1,2]],W=[[0.1,0.2],[0.3,0.4]],B=[0,0]";
    let output = chainrule(&["explain", layer, "--at", at]);
    let shown = String::from_utf8(output.stdout).unwrap();
    for part in ["dX = dY · Wᵀ  [1, 2]", "dW = Xᵀ · dY  [2, 2]", "dB = column sums of dY", "y − t"]
    {
        assert!(shown.contains(part), "`{part}` is not in:\n{shown}");
    }
    assert!(shown.lines().all(|line| line.chars().count() <= 80), "{shown}");
}

#[test]
fn bad_questions_say_what_would_be_right() {
    let ask = |more: &[&str], parts: &[&str]| {
        fails(&[&["explain", "x * y", "--at", "x=1,y=2"][..], more].concat(), 2, parts);
    };
    ask(&["--sweep", "x=1"], &["`x=1`", "x=80:120:41"]);
    ask(&["--sweep", "x=2:1:3"], &["`x=2:1:3`", "rising"]);
    ask(&["--sweep", "z=1:2:3"], &["no input named `z`"]);
    ask(&["--paths", "z"], &["no input named `z`", "x, y"]);
    ask(&["--lr", "-1"], &["the learning rate is -1"]);
    ask(&["--target", "0", "--goal", "-1"], &["the goal is -1"]);
    ask(&["--format", "csv"], &["--sweep"]);
    ask(&["--lang", "xx"], &["no language named `xx`", "en, ko"]);
    ask(&["--order", "3"], &["3"]);
}

#[test]
fn formulas_read_back_to_the_gradient() {
    for (expression, at) in [
        ("x * m * t", "x=100,m=2,t=1.1"),
        ("a / (b - a) ^ 3 + exp(-a * b)", "a=0.7,b=1.9"),
        ("sqrt(x * y) / ln(x + 2) - sin(y) * cos(x) * 2", "x=1.5,y=0.4"),
        ("sigmoid(w * x + b) * tanh(b) + softplus(w)", "w=0.3,x=2,b=-1"),
        ("-x ^ 2 * y ^ -1.5 + (x - 3) ^ y", "x=4.5,y=0.8"),
        ("erf(x) * gelu(y) + max(x, y) + abs(x - y)", "x=0.3,y=1.2"),
        ("h = x ^ 2; h * h + h / y", "x=1.1,y=0.6"),
    ] {
        let explained = json(&["explain", expression, "--at", at, "--json"]);
        for (name, partial) in explained["partials"].as_object().unwrap() {
            let formula = partial["formula"].as_str().unwrap();
            // A name that the formula no longer has must not be given a value.
            let used = |pair: &&str| {
                let name = pair.split('=').next().unwrap();
                formula.split(|c: char| !c.is_alphanumeric()).any(|word| word == name)
            };
            let given: Vec<&str> = at.split(',').filter(used).collect();
            let again = json(&["explain", formula, "--at", &given.join(","), "--json"]);
            let (found, expected) = (again["output"].as_f64(), partial["value"].as_f64());
            let (found, expected) = (found.unwrap(), expected.unwrap());
            let gap = (found - expected).abs();
            assert!(gap < 1e-9 * expected.abs().max(1.0), "d/d{name} of {expression}: {formula}");
        }
    }
}

#[test]
fn the_help_lists_every_function() {
    let help = chainrule(&["explain", "--help"]);
    let help = String::from_utf8(help.stdout).unwrap();
    let (_, listed) = help.split_once("Functions:\n").unwrap();
    let words: Vec<&str> = listed.split_whitespace().collect();
    let listed = words.join(" ");
    for function in chainrule_explain::functions() {
        assert!(listed.contains(&function.call()), "{} is not in:\n{listed}", function.call());
    }
}

#[test]
fn every_function_is_told_with_its_derivative() {
    let told = chainrule(&["explain", "--functions"]);
    let told = String::from_utf8(told.stdout).unwrap();
    assert!(told.lines().all(|line| line.chars().count() <= 80), "{told}");
    assert!(
        told.contains(
            "  sin(x)\n     sin x, x in radians\n     derivative cos x\n     sin(0) = 0\n"
        )
    );
    let listed = json(&["explain", "--functions", "--json"]);
    let named =
        |name: &str| listed.as_array().unwrap().iter().find(|f| f["name"] == name).unwrap().clone();
    assert_eq!(named("sum")["keywords"], serde_json::json!(["axis", "keepdims"]));
    assert_eq!(named("cbrt")["derivative"], "derivative 1/(3·∛x²), infinite at 0");
    fails(&["explain"], 2, &["<EXPRESSION|DIR>"]);
    fails(&["explain", "x", "--functions"], 2, &["cannot be used with"]);
}

#[test]
fn an_expression_may_come_by_standard_input() {
    let terms = vec!["x"; 20_000].join(" +\n") + "# all of them\n";
    let sum = |text: &str| {
        let mut child = Command::new(env!("CARGO_BIN_EXE_chainrule"))
            .args(["gradcheck", "-", "--at", "x=2", "--json"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    };
    let output = sum(&format!("({terms})"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["verdict"], "agrees");
    let output = sum("2 * y");
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("`y` has no value") && error.contains("\n      ^"), "{error}");
}

#[test]
fn bad_expressions_point_at_the_place() {
    fails(&["explain", "x * (m +", "--at", "x=1,m=2"], 2, &["found the end", "\n          ^"]);
    fails(&["explain", "x * foo(m)", "--at", "x=1,m=2"], 2, &["no function `foo`", "      ^^^"]);
    fails(&["explain", "x * q", "--at", "x=1"], 2, &["`q` has no value", "--at q="]);
    fails(&["explain", "x", "--at", "x=1,q=2"], 2, &["`q` has a value but does not occur"]);
    fails(&["explain", "x x", "--at", "x=1"], 2, &["expected an operator or the end"]);
    fails(&["explain", "x $ 2", "--at", "x=1"], 2, &["`$` has no meaning"]);
    fails(&["explain", "", "--at", "x=1"], 2, &["the expression is empty"]);
    fails(&["explain", "max()"], 2, &["takes 1 or 2 and more arguments, not 0"]);
    fails(&["explain", "x", "--at", "x=one"], 2, &["--at", "neither a number nor an array"]);
    fails(&["explain", "x", "--at", "x=[[1,2],[3]]"], 2, &["rows differ in length"]);
    fails(&["explain", "x", "--at", "x=1", "--wrt", "y"], 2, &["no input named `y`"]);
    fails(&["explain", "x + y", "--at", "x=[1,2],y=[1,2,3]"], 2, &["do not broadcast", "^"]);
    fails(&["explain", "x + x", "--at", "x=[1,2]"], 2, &["shape [2]", "sum"]);
    let deep = format!("{}x{}", "(".repeat(20_000), ")".repeat(20_000));
    fails(&["explain", &deep, "--at", "x=1"], 2, &["nested more than 256 deep"]);
    fails(&["explain", &format!("{}x", "-".repeat(20_000)), "--at", "x=1"], 2, &["nested"]);
}

#[test]
fn a_run_is_saved_scored_and_resumed_with_the_same_bits() {
    let (data, runs) = (digits(), tempdir().unwrap());
    let data = text(data.path()).to_owned();
    let path = |name: &str| text(&runs.path().join(name)).to_owned();
    let common = ["--hidden", "7", "--init", "he", "--lr", "0.5", "--batch-size", "7", "--json"];
    let train = |out: &str, more: &[&str]| {
        json(&[&["train", &data, "--out", out][..], &common, more].concat())
    };
    let whole = train(&path("a"), &["--epochs", "6", "--threads", "1"]);
    let threads = train(&path("b"), &["--epochs", "6", "--threads", "2"]);
    assert_eq!(whole["parameters_sha256"], threads["parameters_sha256"]);
    assert_eq!(whole["steps"], 9 * 6);
    assert_eq!(whole["parameters"], 20 * 7 + 7 + 7 * 10 + 10);

    train(&path("c"), &["--epochs", "2"]);
    let resumed = json(&["train", "--resume", &path("c"), "--epochs", "6", "--json"]);
    assert_eq!(resumed["parameters_sha256"], whole["parameters_sha256"]);
    assert_eq!(resumed["epochs"].as_array().unwrap().len(), 6);

    let score = json(&["eval", &path("a"), "--json"]);
    assert_eq!(score["examples"], 20);
    assert_eq!(score["accuracy"], whole["final"]["test_accuracy"]);
    let rows = score["confusion"].as_array().unwrap();
    let counts = rows.iter().flat_map(|row| row.as_array().unwrap()).map(|n| n.as_u64().unwrap());
    assert_eq!(counts.sum::<u64>(), 20);

    let other = train(&path("d"), &["--epochs", "6", "--seed", "1"]);
    assert_ne!(other["parameters_sha256"], whole["parameters_sha256"]);
    fails(&["train", &data, "--out", &path("a")], 1, &["exists already", "--force"]);
}

#[test]
fn a_trained_network_explains_an_example() {
    let (data, runs) = (digits(), tempdir().unwrap());
    let (data, out) = (text(data.path()).to_owned(), text(&runs.path().join("run")).to_owned());
    json(&["train", &data, "--out", &out, "--hidden", "7", "--epochs", "2", "--json"]);
    let explained = json(&["explain", &out, "--example", "3", "--json"]);
    let sum: f64 =
        explained["probabilities"].as_array().unwrap().iter().map(|p| p.as_f64().unwrap()).sum();
    assert!((sum - 1.0).abs() < 1e-12);
    assert_eq!(explained["label"], 3);
    assert_eq!(explained["saliency"].as_array().unwrap().len(), 20);
    let layers: Vec<&str> = explained["layers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|layer| layer["name"].as_str().unwrap())
        .collect();
    assert_eq!(layers, ["affine1", "relu1", "affine2"]);
    // The gradient of the logits is y − t, and of the last bias the same.
    let bias = explained["layers"][2]["parameters"][1][1].as_f64().unwrap();
    let logits = explained["layers"][2]["gradient"]["norm"].as_f64().unwrap();
    assert!((bias - logits).abs() < 1e-12);
    let shown = chainrule(&["explain", &out, "--example", "3", "--data", &format!("{data}:train")]);
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.contains("relu1") && shown.lines().all(|line| line.chars().count() <= 80));
    fails(&["explain", &out, "--example", "20"], 2, &["--example is 20", "0 to 19"]);
    fails(&["explain", &out, "--example", "1", "--format", "dot"], 2, &["text, json, svg"]);
}

#[test]
fn lint_finds_what_goes_wrong_with_numbers() {
    let (data, folder) = (digits(), tempdir().unwrap());
    let config = folder.path().join("wild.toml");
    let write = |lr: f64| {
        let settings = format!("dataset = {:?}\nhidden = [5]\nlr = {lr}\n", text(data.path()));
        std::fs::write(&config, settings).unwrap();
    };
    let warnings = |lr: f64| -> Vec<String> {
        write(lr);
        let found = chainrule(&["lint", text(&config), "--json"]);
        assert_eq!(found.status.code(), Some(1));
        let findings: Value = serde_json::from_slice(&found.stdout).unwrap();
        let warnings = findings.as_array().unwrap().iter().filter(|f| f["warning"] == true);
        warnings.map(|f| f["check"].as_str().unwrap().to_owned()).collect()
    };
    // Each class of these digits has a column of its own, which gives it away, and one picture.
    assert_eq!(warnings(0.1), ["rows", "leak"]);
    assert_eq!(warnings(1e6), ["rows", "leak", "learning-rate"]);
    fails(&["lint", "x * y"], 2, &["there is no dataset `x * y`"]);
}

#[test]
fn settings_out_of_their_domain_leave_nothing_behind() {
    let (data, runs) = (digits(), tempdir().unwrap());
    let out = runs.path().join("run");
    for (option, value, status, part) in [
        ("--lr", "0", 2, "lr is 0"),
        ("--lr", "-0.1", 2, "lr is -0.1"),
        ("--lr", "nan", 2, "lr is NaN"),
        ("--batch-size", "0", 2, "batch_size is 0"),
        ("--batch-size", "-5", 2, "-5"),
        ("--epochs", "0", 2, "epochs is 0"),
        ("--hidden", "5,0", 2, "hidden is 0"),
        ("--hidden", "five", 2, "`five` is not a size"),
        ("--threads", "0", 2, "--threads is 0"),
        ("--activation", "step", 2, "no activation named `step`"),
        ("--init", "normal:-1", 2, "deviation is -1"),
        ("--dtype", "f16", 2, "no precision named `f16`"),
    ] {
        fails(&["train", text(data.path()), "--out", text(&out), option, value], status, &[part]);
        assert!(!out.exists(), "{option} {value} left a folder");
    }
    fails(&["train", "nothing"], 2, &["no dataset `nothing`"]);
    fails(&["train"], 2, &["DATASET"]);
    fails(&["eval", text(runs.path())], 1, &["not a run's folder"]);
}

#[test]
fn bad_data_files_are_told_by_name() {
    let images = "train-images-idx3-ubyte";
    let labels = "train-labels-idx1-ubyte";
    let good = idx(8, &[60, 4, 5], &[7; 1200]);
    for (name, bytes, parts) in [
        (images, Some(good[..700].to_vec()), vec![images, "only 684 follow"]),
        (images, Some(good[..9].to_vec()), vec![images, "cut off"]),
        (images, Some([good.clone(), vec![1]].concat()), vec![images, "more follow"]),
        (images, Some(idx(0x0d, &[60, 4, 5], &[7; 4800])), vec![images, "0x0d", "0x08"]),
        (images, Some(b"hello, this is text".to_vec()), vec![images, "not an IDX file"]),
        (images, Some(idx(8, &[u32::MAX; 3], &[7; 99])), vec![images, "header announces"]),
        (
            images,
            Some(idx(8, &[59, 4, 5], &[7; 1180])),
            vec![labels, "60 labels for the 59 images"],
        ),
        (
            labels,
            Some(idx(8, &[60], &[12; 60])),
            vec![labels, "label 12 is out of range", "0 to 9"],
        ),
        (labels, Some(idx(8, &[30, 2], &[1; 60])), vec![labels, "labels have one axis"]),
        (images, Some(vec![0x1f, 0x8b, 8, 0, 0]), vec![images, "cut off"]),
        (labels, None, vec![labels, "no such file"]),
    ] {
        let data = digits();
        let path = data.path().join(name);
        match bytes {
            Some(bytes) => std::fs::File::create(&path).unwrap().write_all(&bytes).unwrap(),
            None => std::fs::remove_file(&path).unwrap(),
        }
        let out = data.path().join("run");
        fails(&["train", text(data.path()), "--out", text(&out)], 1, &parts);
        assert!(!out.exists());
    }
}

#[test]
fn a_diverging_loss_stops_with_its_origin() {
    let (data, runs) = (digits(), tempdir().unwrap());
    let out = runs.path().join("run");
    let arguments = [
        "train",
        text(data.path()),
        "--out",
        text(&out),
        "--lr",
        "1e30",
        "--init",
        "he",
        "--quiet",
    ];
    fails(&arguments, 1, &["diverged at step", "first node", "operation `"]);
}

#[test]
fn gradients_of_a_network_and_of_expressions() {
    let data = digits();
    let report = json(&[
        "gradcheck",
        text(data.path()),
        "--hidden",
        "6,5",
        "--activation",
        "tanh",
        "--json",
    ]);
    assert_eq!(report["passed"], true);
    let first = &report["parameters"][0];
    assert_eq!(
        (first["name"].as_str(), first["checked"].as_u64()),
        (Some("affine1.weight"), Some(120))
    );
    assert!(first["mean_abs_difference"].as_f64().unwrap() < 1e-9);

    let report = json(&["gradcheck", "relu(x) * y + ln(z)", "--at", "x=0,y=2,z=1e-7", "--json"]);
    assert_eq!(report["passed"], true);
    assert_eq!(report["parameters"][0]["kinks"], 1, "relu at 0 is a kink");
    assert_eq!(report["parameters"][0]["verdict"], "unmeasured");
    for (expression, at, verdict) in [
        ("x^3 * y", "x=0,y=2", "agrees"),
        ("-x * 2", "x=1", "agrees"),
        ("1e16+x", "x=1", "unmeasured"),
    ] {
        let report = json(&["gradcheck", expression, "--at", at, "--json"]);
        assert_eq!(report["verdict"], verdict, "{expression}");
        assert_eq!(report["passed"], verdict == "agrees", "{expression}");
    }
    let out = chainrule(&["gradcheck", "1e16 + x", "--at", "x=1"]);
    let drowned = String::from_utf8(out.stdout).unwrap();
    assert!(drowned.contains("could not be measured") && drowned.contains("rounding"), "{drowned}");
    fails(&["gradcheck", "x +", "--at", "x=1"], 2, &["found the end"]);
}

/// Root is not bound by permissions, so that this can only be seen as another user.
#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_written_is_told() {
    let data = digits();
    let file = data.path().join("file");
    std::fs::write(&file, "in the way").unwrap();
    let out = file.join("run");
    fails(&["train", text(data.path()), "--out", text(&out)], 1, &[text(&out)]);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "in the way");
}

/// /dev/full takes no byte: every write says that no space is left.
#[cfg(target_os = "linux")]
#[test]
fn no_space_on_standard_output_is_told() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output =
        Command::new(env!("CARGO_BIN_EXE_chainrule")).args(APPLE).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("No space left"));
}

#[test]
fn what_depends_most_is_not_told_where_every_effect_is_infinite() {
    let far = ["explain", "x * m * t", "--at", "x=1e300,m=2,t=1.1", "--target", "219"];
    let said = String::from_utf8(chainrule(&far).stdout).unwrap();
    assert!(said.contains("by gradient") && !said.contains("most depends on"), "{said}");
}

#[test]
fn a_file_with_the_name_of_a_shipped_dataset_is_told() {
    let folder = tempdir().unwrap();
    let train = || {
        let mut program = Command::new(env!("CARGO_BIN_EXE_chainrule"));
        let train = ["train", "iris", "--epochs", "1", "--out", "run", "--force", "--quiet"];
        let output = program.args(train).current_dir(&folder).output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    let word = "iris is the shipped dataset; what is here is ./iris";
    assert!(!train().contains(word));
    std::fs::write(folder.path().join("iris"), "a,y\n1,2\n").unwrap();
    assert!(train().contains(word));
}
