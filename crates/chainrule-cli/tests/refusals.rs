//! Calls whose words are wrong: each ends in one clear error that says what would be right.

mod common;

use common::{digits, fails, text};
use tempfile::tempdir;

#[test]
fn a_check_of_nothing_is_refused() {
    fails(&["gradcheck", "1 + 2"], 2, &["parameter elements is 0"]);
    let element = ["gradcheck", "x", "--at", "x=1", "--elements", "0"];
    fails(&element, 2, &["elements to check is 0", "at least 1"]);
    fails(&["gradcheck", text(digits().path()), "--elements", "0"], 2, &["elements to check is 0"]);
}

#[test]
fn a_network_beyond_memory_is_refused() {
    let (data, runs) = (digits(), tempdir().unwrap());
    let out = runs.path().join("run");
    for hidden in ["99999999999", "18446744073709551615", "999999999,999999999", "50,99999999999"] {
        let sizes = ["--hidden", hidden, "--threads", "1"];
        let train = [&["train", text(data.path()), "--out", text(&out)][..], &sizes].concat();
        fails(&train, 2, &["layers of sizes [20, ", "GB", "smaller layers"]);
        assert!(!out.exists(), "--hidden {hidden} left a folder");
        let check = [&["gradcheck", text(data.path())][..], &sizes].concat();
        fails(&check, 2, &["layers of sizes [20, "]);
    }
}
