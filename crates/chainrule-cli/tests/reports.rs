//! What tables for people show in the corners.

mod common;

use common::chainrule;

fn shown(arguments: &[&str]) -> String {
    String::from_utf8(chainrule(arguments).stdout).unwrap()
}

#[test]
fn a_check_shows_nan_and_shows_no_number_of_nothing() {
    let table = shown(&["gradcheck", "sqrt(x) + y", "--at", "x=-1,y=1"]);
    let line = table.lines().find(|line| line.starts_with('x')).unwrap();
    assert_eq!(line.matches("NaN").count(), 3, "{table}");

    let table = shown(&["gradcheck", "relu(x) + y", "--at", "x=0,y=1"]);
    let line = table.lines().find(|line| line.starts_with('x')).unwrap();
    let words: Vec<&str> = line.split_whitespace().collect();
    assert_eq!(words, ["x", "0", "1", "-", "-", "-"], "{table}");
}
