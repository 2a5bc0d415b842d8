//! What `--help` says of the settings, against their lists.

mod common;

use std::path::Path;

use chainrule::settings::Form;
use chainrule_train::Config;
use common::{chainrule, digits, fails, json, text};

/// The help of a command in one line, so that wraps do not count.
fn help(command: &str) -> String {
    let output = chainrule(&[command, "--help"]);
    let text = String::from_utf8(output.stdout).unwrap();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The options of `train` that stand for a setting.
fn options() -> Vec<(&'static chainrule::settings::Setting, String)> {
    let text = help("train");
    let all = Config::ENTRY.settings.iter();
    let named = all.map(|setting| (setting, format!("--{}", setting.name.replace('_', "-"))));
    named.filter(|(_, option)| text.contains(&format!("{option} "))).collect()
}

#[test]
fn the_help_of_an_option_is_that_of_its_setting() {
    for command in ["train", "sweep"] {
        let text = help(command);
        for (setting, option) in options() {
            let told = setting.told();
            assert!(text.contains(&told), "{command} {option}: `{told}` is not in its help");
        }
    }
    // Those that the program has no option for are set with --set.
    let options: Vec<&str> = options().iter().map(|(setting, _)| setting.name).collect();
    assert!(options.len() > 15, "{options:?}");
    for kind in ["task", "activation", "init", "loss", "optimizer", "schedule", "dtype"] {
        assert!(options.contains(&kind), "{kind}");
    }
}

#[test]
fn an_option_takes_every_kind_and_names_the_nearest() {
    let mut tried = 0;
    for (setting, option) in options() {
        let Form::Kind(kinds) = setting.form else { continue };
        for entry in (kinds.entries)() {
            let needed = entry.settings.first().filter(|setting| setting.usual.is_none());
            let word = match needed.and_then(|setting| setting.example) {
                Some(value) => format!("{}{}{value}", entry.name, kinds.separator),
                None => entry.name.to_owned(),
            };
            // The word is right, and so the missing dataset is what is told of.
            fails(&["train", "nothing", &option, &word], 2, &["no dataset `nothing`"]);
            let slip = format!("{}x", entry.name);
            let meant = format!("did you mean `{}`?", entry.name);
            fails(&["train", "nothing", &option, &slip], 2, &[&meant]);
            tried += 1;
        }
    }
    assert!(tried > 25, "{tried}");
}

/// The settings that a run keeps.
fn kept(run: &Path) -> Config {
    Config::read(&run.join("config.toml")).unwrap()
}

/// An option, `--set` and a file name the same optimizer, whatever else follows from it.
#[test]
fn an_optimizer_means_the_same_wherever_it_is_named() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["lbfgs", "adam"] {
        let file = folder.path().join(format!("{name}.toml"));
        let settings = format!("dataset = \"iris\"\noptimizer = \"{name}\"\nepochs = 3\n");
        std::fs::write(&file, settings).unwrap();
        let set = format!("optimizer={name}");
        let ways: [&[&str]; 3] = [
            &["iris", "--epochs", "3", "--optimizer", name],
            &["iris", "--epochs", "3", "--set", &set],
            &[text(&file)],
        ];
        let trained = ways.iter().zip(0..).map(|(way, number)| {
            let out = folder.path().join(format!("{name}-{number}"));
            let more = ["--out", text(&out), "--quiet", "--json"];
            let report = json(&[&["train"][..], way, &more].concat());
            (report["parameters_sha256"].clone(), kept(&out))
        });
        let trained: Vec<_> = trained.collect();
        assert!(trained.iter().all(|one| *one == trained[0]), "{name}: {trained:?}");
        let lr = if name == "lbfgs" { 1.0 } else { 0.001 };
        assert_eq!(trained[0].1.lr, lr);
    }
}

/// The usual rate is told where it comes unasked, and a rate that was given stays.
#[test]
fn a_rate_that_was_given_stays_with_another_optimizer() {
    let (data, folder) = (digits(), tempfile::tempdir().unwrap());
    let out = folder.path().join("run");
    let train = |more: &[&str]| {
        let call = ["train", text(data.path()), "--out", text(&out), "--force", "--epochs", "1"];
        let output = chainrule(&[&call[..], more].concat());
        assert!(output.status.success(), "{more:?}");
        (kept(&out).lr, String::from_utf8(output.stderr).unwrap())
    };
    let told = "lbfgs: learning rate 1, as is usual for it";
    let (lr, said) = train(&["--optimizer", "lbfgs"]);
    assert!(lr == 1.0 && said.contains(told), "{said}");
    for given in [
        &["--lr", "0.001", "--set", "optimizer=lbfgs"][..],
        &["--set", "learning_rate=0.001", "--optimizer", "lbfgs"],
    ] {
        let (lr, said) = train(given);
        assert!(lr == 0.001 && !said.contains("as is usual"), "{given:?}: {said}");
    }
    // A run that goes on with another optimizer, and the trainings of a sweep.
    train(&["--optimizer", "sgd"]);
    assert_eq!(kept(&out).lr, 0.01);
    let change = ["--change", "--optimizer", "lbfgs", "--epochs", "2", "--json"];
    json(&[&["train", "--resume", text(&out)][..], &change].concat());
    assert_eq!((kept(&out).lr, kept(&out).batch_size), (1.0, u32::MAX as usize));
    let sweep = |name: &str, more: &[&str]| {
        let out = folder.path().join(name);
        let call =
            ["sweep", text(data.path()), "--grid", "optimizer=adam,sgd,lbfgs", "--epochs", "1"];
        let output = chainrule(&[&call[..], &["--out", text(&out), "--quiet"], more].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let table = String::from_utf8(output.stdout).unwrap();
        assert!([" adam ", " sgd ", " lbfgs "].iter().all(|kind| table.contains(kind)), "{table}");
        ["1", "2", "3"].map(|number| kept(&out.join(number)).lr)
    };
    assert_eq!(sweep("usual", &[]), [0.001, 0.01, 1.0]);
    assert_eq!(sweep("given", &["--lr", "0.001"]), [0.001; 3]);
}

/// What a file says was chosen, even where it is what is usual.
#[test]
fn a_rate_that_a_file_says_stays_with_another_optimizer() {
    let folder = tempfile::tempdir().unwrap();
    let (file, out) = (folder.path().join("s.toml"), folder.path().join("run"));
    let common = "dataset = \"iris\"\noptimizer = \"sgd\"\nepochs = 1\n";
    let trained = |settings: &str, more: &[&str]| {
        std::fs::write(&file, format!("{common}{settings}")).unwrap();
        let call = ["train", text(&file), "--out", text(&out), "--force", "--quiet", "--json"];
        json(&[&call[..], more].concat());
        let Config { lr, batch_size, .. } = kept(&out);
        (lr, batch_size)
    };
    let usual = "lr = 0.01\nbatch_size = 32\n";
    for adam in [&["--optimizer", "adam"][..], &["--set", "optimizer=adam"]] {
        assert_eq!(trained("", adam), (0.001, 32), "{adam:?}");
        assert_eq!(trained(usual, adam), (0.01, 32), "{adam:?}");
        assert_eq!(trained(usual, &[adam, &["--lr", "0.5"]].concat()), (0.5, 32), "{adam:?}");
    }
    let lbfgs = ["--optimizer", "lbfgs"];
    assert_eq!(trained("", &lbfgs), (1.0, u32::MAX as usize));
    // It knows no other batch, unless that is asked for beside it.
    assert_eq!(trained(usual, &lbfgs), (0.01, u32::MAX as usize));
    let call = ["train", text(&file), "--optimizer", "lbfgs", "--batch-size", "32"];
    fails(&call, 2, &["batch_size is 32", "whole training part"]);
    std::fs::write(&file, format!("{common}{usual}")).unwrap();
    let sweep = folder.path().join("sweep");
    let call = ["sweep", text(&file), "--grid", "optimizer=adam,sgd", "--quiet", "--out"];
    assert!(chainrule(&[&call[..], &[text(&sweep)]].concat()).status.success());
    assert_eq!(["1", "2"].map(|number| kept(&sweep.join(number)).lr), [0.01; 2]);
}
