//! Calls whose words are wrong: each ends in one clear error that says what would be right.

mod common;

use common::{digits, fails, text};

#[test]
fn a_check_of_nothing_is_refused() {
    fails(&["gradcheck", "1 + 2"], 2, &["parameter elements is 0"]);
    let element = ["gradcheck", "x", "--at", "x=1", "--elements", "0"];
    fails(&element, 2, &["elements to check is 0", "at least 1"]);
    fails(&["gradcheck", text(digits().path()), "--elements", "0"], 2, &["elements to check is 0"]);
}
