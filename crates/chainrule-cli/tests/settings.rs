//! What `--help` says of the settings, against their lists.

mod common;

use chainrule::settings::Form;
use chainrule_train::Config;
use common::{chainrule, fails};

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
