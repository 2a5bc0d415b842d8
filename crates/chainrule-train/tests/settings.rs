//! The lists of what can be set, against everything that speaks of them: files, the settings file of
//! `new`, messages, and the recipes for adding to them.

use chainrule::nn::{Activation, Init, LayerSpec, Loss};
use chainrule::optim::{Method, Schedule};
use chainrule::settings::{Entry, Form, Kinds, Setting, Value};
use chainrule_train::data::{Decimal, Encoding, Separator, Task, pictures, tables};
use chainrule_train::{ClassRule, Config, Precision};

/// Every list of kinds, with the key of the settings file at which a kind of it stands.
fn lists() -> [(&'static str, Kinds); 12] {
    [
        ("task", Task::KINDS),
        ("separator", Separator::KINDS),
        ("encoding", Encoding::KINDS),
        ("decimal", Decimal::KINDS),
        ("activation", Activation::KINDS),
        ("init", Init::KINDS),
        ("dtype", Precision::KINDS),
        ("loss", Loss::KINDS),
        ("class_weights", ClassRule::KINDS),
        ("optimizer", Method::KINDS),
        ("schedule", Schedule::KINDS),
        ("layers", LayerSpec::KINDS),
    ]
}

#[test]
fn kinds_are_taken_in_any_case_and_by_the_fields_synonyms() {
    let named = |kinds: Kinds, words: &[&str], name: &str| {
        for word in words {
            assert_eq!(kinds.entry(word).unwrap().name, name, "{word}");
        }
    };
    named(Activation::KINDS, &["ReLU", "RELU"], "relu");
    named(Activation::KINDS, &["LeakyReLU", "leaky_relu"], "leaky-relu");
    named(Activation::KINDS, &["swish", "SiLU"], "silu");
    named(Activation::KINDS, &["Logistic"], "sigmoid");
    named(Loss::KINDS, &["mse", "MSE", "mean_squared_error"], "mean-squared");
    named(Loss::KINDS, &["cross_entropy", "crossentropy", "CrossEntropy"], "cross-entropy");
    named(Loss::KINDS, &["BCE"], "binary-cross-entropy");
    named(Loss::KINDS, &["mae"], "l1");
    // As PyTorch calls them.
    named(Loss::KINDS, &["CrossEntropyLoss"], "cross-entropy");
    named(Loss::KINDS, &["BCEWithLogitsLoss"], "binary-cross-entropy");
    named(Loss::KINDS, &["MSELoss"], "mean-squared");
    named(Loss::KINDS, &["L1Loss"], "l1");
    named(Loss::KINDS, &["HuberLoss", "SmoothL1Loss"], "huber");
    named(Schedule::KINDS, &["CosineAnnealingLR"], "cosine");
    named(Schedule::KINDS, &["StepLR"], "step");
    named(Schedule::KINDS, &["ExponentialLR"], "exponential");
    named(Schedule::KINDS, &["OneCycleLR"], "one-cycle");
    named(Schedule::KINDS, &["ReduceLROnPlateau"], "reduce-on-plateau");
    named(Method::KINDS, &["Adam"], "adam");
    named(Method::KINDS, &["SGD"], "sgd");
    named(Method::KINDS, &["L-BFGS"], "lbfgs");
    named(LayerSpec::KINDS, &["Linear", "dense"], "affine");
    named(LayerSpec::KINDS, &["BatchNorm"], "batch-norm");
    named(Init::KINDS, &["Kaiming", "He"], "he");
    named(Precision::KINDS, &["float64", "double"], "f64");
    named(Encoding::KINDS, &["UTF8", "utf-8"], "utf-8");
    let written = "activation = \"ReLU\"\nloss = \"mse\"\noptimizer = { kind = \"SGD\" }";
    let config = Config::from_toml(written).unwrap();
    assert_eq!(config.activation, Activation::Relu);
    assert_eq!(config.loss, Some(Loss::MeanSquared));
    assert!(config.to_toml().unwrap().contains("\"relu\""));
}

#[test]
fn no_word_names_two_kinds() {
    for (key, kinds) in lists() {
        for entry in (kinds.entries)() {
            for word in entry.synonyms.iter().chain([&entry.name]) {
                assert_eq!(kinds.entry(word).unwrap().name, entry.name, "{key}: {word}");
            }
        }
    }
}

/// The kinds of a form.
fn kinds_of(form: &Form) -> Option<Kinds> {
    match form {
        Form::Kind(kinds) | Form::WordOrList(kinds, _) => Some(*kinds),
        Form::List(form) => kinds_of(form),
        _ => None,
    }
}

/// A value that a setting may have, as TOML.
fn value(setting: &Setting) -> String {
    let usual = || setting.usual.and_then(|usual| usual()).and_then(|value| toml(&value));
    setting.example.map(str::to_owned).or_else(usual).expect("a value or an example")
}

fn toml(value: &Value) -> Option<String> {
    toml::Value::try_from(value).ok().map(|value| value.to_string())
}

/// An entry as a table with a value for each setting.
fn table(entry: &Entry) -> String {
    let settings = entry.settings.iter().map(|s| format!(", {} = {}", s.name, value(s)));
    format!("{{ kind = \"{}\"{} }}", entry.name, settings.collect::<String>())
}

/// A file in which one kind is set.
fn file(key: &str, kind: &str) -> String {
    if key == "layers" { format!("layers = [{kind}]") } else { format!("{key} = {kind}") }
}

#[test]
fn the_lists_here_are_those_of_the_settings() {
    let of_settings = Config::ENTRY.settings.iter().filter_map(|s| kinds_of(&s.form));
    let mut of_settings: Vec<&str> = of_settings.map(|kinds| kinds.what).collect();
    let mut here: Vec<&str> = lists().iter().map(|(_, kinds)| kinds.what).collect();
    of_settings.sort_unstable();
    here.sort_unstable();
    assert_eq!(of_settings, here);
}

/// However an optimizer is named, its usual rate comes with it, and L-BFGS takes all examples at once.
#[test]
fn an_optimizer_brings_what_is_usual_beside_it() {
    let rates = [
        ("sgd", 0.1),
        ("adagrad", 0.01),
        ("rmsprop", 0.001),
        ("adam", 0.001),
        ("adamw", 0.001),
        ("lbfgs", 1.0),
    ];
    let mut names = rates.map(|(name, _)| name);
    let mut all = Method::KINDS.names();
    all.sort_unstable();
    names.sort_unstable();
    assert_eq!(all, names);
    for (name, rate) in rates {
        let lesson = Config::default();
        let of_file = Config::from_toml(&format!("optimizer = \"{name}\"")).unwrap();
        let set = lesson.with("optimizer", name).unwrap();
        let batch = if name == "lbfgs" { u32::MAX as usize } else { 100 };
        assert_eq!((of_file.lr, of_file.batch_size), (rate, batch), "{name}");
        assert_eq!(of_file, set);
        assert_eq!(of_file, lesson.clone().with_optimizer(name.parse().unwrap(), &[]));
        // What is chosen stays, beside it or before.
        let file = format!("optimizer = \"{name}\"\nlr = 0.1\nbatch_size = 7");
        let chosen = Config::from_toml(&file).unwrap();
        assert_eq!((chosen.lr, chosen.batch_size), (0.1, 7), "{name}");
        let before = Config { lr: 0.03, ..lesson.clone() };
        assert_eq!(before.with("optimizer", name).unwrap().lr, 0.03, "{name}");
        let beside = lesson.with_all(&[("optimizer", name), ("learning_rate", "0.1")]);
        assert_eq!(beside.unwrap().lr, 0.1, "{name}");
        // It goes again with the optimizer.
        assert_eq!(set.with("optimizer", "sgd").unwrap(), lesson, "{name}");
    }
    // The one that tables begin with keeps the rate that suits them.
    let table = Config::for_dataset("iris");
    let decayed = table.with("optimizer", "{ kind = \"adamw\", weight_decay = 0.1 }").unwrap();
    assert_eq!((decayed.lr, decayed.batch_size), (table.lr, table.batch_size));
    let adam = Config::from_toml("dataset = \"iris\"\noptimizer = \"adam\"").unwrap();
    assert_eq!((adam.lr, adam.batch_size), (0.001, table.batch_size));
}

#[test]
fn every_kind_is_read_written_and_found_by_a_slip() {
    let mut tried = 0;
    for (key, kinds) in lists() {
        for entry in (kinds.entries)() {
            let text = file(key, &table(entry));
            let config = Config::from_toml(&text).unwrap_or_else(|e| panic!("{text}\n{e}"));
            let written = config.to_toml().unwrap();
            assert_eq!(Config::from_toml(&written).unwrap(), config, "{written}");
            assert!(written.contains(entry.name), "{text}\n{written}");
            if let Some(first) = entry.settings.first().filter(|first| first.usual.is_none()) {
                let word = format!("{}{}{}", entry.name, kinds.separator, value(first));
                let in_one_word = Config::from_toml(&file(key, &format!("{word:?}")));
                assert_eq!(in_one_word.is_ok(), first.name != "layers", "{word}");
            }
            let slip = format!("{}x", entry.name);
            let error = Config::from_toml(&file(key, &format!("{slip:?}"))).unwrap_err();
            let meant = format!("named `{slip}`; did you mean `{}`?", entry.name);
            assert!(error.to_string().contains(&meant), "{error}");
            tried += 1;
        }
    }
    assert!(tried > 40, "{tried}");
}

#[test]
fn every_setting_is_told_of_in_plain_words() {
    let told = |place: &str, about: String| {
        assert!(!about.is_empty() && !about.ends_with('.'), "{place}: `{about}`");
        assert!(!about.contains("](") && !about.contains("[`"), "{place}: `{about}`");
    };
    let all = lists().into_iter().flat_map(|(_, kinds)| (kinds.entries)());
    for entry in all.chain([Config::ENTRY]) {
        told(entry.name, entry.about());
        for setting in entry.settings {
            told(&format!("{} {}", entry.name, setting.name), setting.about());
        }
    }
}

#[test]
fn every_value_out_of_its_domain_is_told_with_its_place() {
    let mut tried = 0;
    for setting in Config::ENTRY.settings {
        let (Form::Number(domain) | Form::Whole(domain)) = setting.form else { continue };
        for number in ["0", "-1.5", "1e300"] {
            let of: f64 = number.parse().unwrap();
            if (domain.holds)(of) || matches!(setting.form, Form::Whole(_)) && of != 0.0 {
                continue;
            }
            let error = Config::from_toml(&format!("\n{} = {number}", setting.name)).unwrap_err();
            let error = error.to_string();
            let wanted = format!("{} is {number}, but it must be {}", setting.name, domain.wanted);
            assert!(error.starts_with("line 2, column") && error.contains(&wanted), "{error}");
            tried += 1;
        }
    }
    assert!(tried > 10, "{tried}");
}

#[test]
fn the_settings_file_of_new_has_every_setting() {
    for dataset in ["mnist", "iris"] {
        let text = Config::for_dataset(dataset).template(&[]);
        assert_eq!(Config::from_toml(&text).unwrap(), Config::for_dataset(dataset));
        for setting in Config::ENTRY.settings {
            let begins = |line: &&str| {
                let line = line.strip_prefix("# ").unwrap_or(line);
                line.starts_with(&format!("{} = ", setting.name))
            };
            let line = text.lines().find(begins).unwrap_or_else(|| panic!("{}", setting.name));
            assert!(line.contains(&setting.told()), "{line}");
            for entry in kinds_of(&setting.form).iter().flat_map(|kinds| (kinds.entries)()) {
                assert!(text.contains(entry.name), "{}: {}", setting.name, entry.name);
                let of_entry = format!("kind = \"{}\"", entry.name);
                // What each can be is off.
                let is_list = |line: &&str| line.starts_with('#') && line.contains(&of_entry);
                let whole = text.lines().find(is_list);
                for inner in entry.settings.iter().filter(|_| whole.is_some()) {
                    let inner = format!("{} = ", inner.name);
                    assert!(whole.unwrap().contains(&inner), "{}: {inner}", entry.name);
                }
            }
        }
    }
}

#[test]
fn every_line_that_is_off_can_be_turned_on() {
    let text = Config::for_dataset("iris").template(&[]);
    let mut tried = 0;
    for line in text.lines().filter_map(|line| line.strip_prefix("# ")) {
        let Some((key, _)) = line.split_once(" = ").filter(|(key, _)| !key.contains(' ')) else {
            continue;
        };
        let starts = format!("{key} = ");
        let others: Vec<&str> = text.lines().filter(|line| !line.starts_with(&starts)).collect();
        let needs = if key == "early_stopping" { "validation = 0.1" } else { "" };
        let on = format!("{}\n{line}\n{needs}\n", others.join("\n"));
        Config::from_toml(&on).unwrap_or_else(|error| panic!("{line}\n{error}"));
        tried += 1;
    }
    let off = Config::ENTRY.settings.iter().filter(|setting| setting.example.is_some()).count();
    assert!(tried > off, "{tried} of {off}");
}

#[test]
fn all_settings_at_once_survive_the_file() {
    let on = Config::ENTRY.settings.iter().map(|s| format!("{} = {}\n", s.name, value(s)));
    let kinds = "loss = { kind = \"huber\", delta = 0.5 }\nclass_weights = [1.0, 2.0]\n";
    // Folds go without a validation part.
    let others = |line: &String| {
        !line.starts_with("folds ") && !kinds.contains(line.split(' ').next().unwrap())
    };
    let text: String = on.filter(others).collect();
    let config = Config::from_toml(&format!("{text}{kinds}")).unwrap();
    let written = config.to_toml().unwrap();
    assert_eq!(Config::from_toml(&written).unwrap(), config, "{written}");
    for setting in Config::ENTRY.settings.iter().filter(|setting| setting.name != "folds") {
        assert!(written.contains(setting.name), "{}: {written}", setting.name);
    }
}

#[test]
fn the_readme_names_what_there_is() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let text = std::fs::read_to_string(root.join("README.md")).unwrap();
    for extension in tables().replace(" or ", ", ").split(", ") {
        // A .npy file is one array, which has no targets to train on.
        assert!(text.contains(&format!("`{extension}`")) || extension == ".npy", "{extension}");
    }
    assert!(text.replace('\n', " ").contains(&pictures()), "{}", pictures());
    let text =
        text.to_lowercase().replace('-', "").split_whitespace().collect::<Vec<_>>().join(" ");
    for name in Method::KINDS.names() {
        assert!(text.contains(&format!(" {name}")) || text.contains(&format!("({name}")), "{name}");
    }
    let count = Activation::KINDS.names().len();
    let count =
        ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"][count];
    assert!(text.contains(&format!("{count} activations")), "{count}");
}

#[test]
fn the_recipes_name_files_that_there_are() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let text = std::fs::read_to_string(root.join("CONTRIBUTING.md")).unwrap();
    for thing in [
        "A pointwise operation",
        "An operation of whole arrays",
        "A layer",
        "An activation",
        "An initialiser",
        "A loss",
        "An optimizer",
        "A schedule",
        "A setting",
        "A table format",
        "A picture format",
    ] {
        let begins = format!("**{thing}**");
        let recipe = text.split("\n- ").find(|part| part.starts_with(&begins));
        let recipe = recipe.unwrap_or_else(|| panic!("no recipe for: {thing}"));
        let paths = recipe.split('`').filter(|word| word.starts_with("crates/"));
        let paths: Vec<&str> = paths.collect();
        assert!(!paths.is_empty(), "{thing}: no file is named");
        for path in paths {
            assert!(root.join(path).exists(), "{thing}: there is no {path}");
        }
    }
}
