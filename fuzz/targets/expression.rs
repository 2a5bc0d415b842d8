//! Expressions.
#![no_main]

use chainrule::Graph;
use chainrule_explain::{Names, record, values};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let known = values("x=2,y=-0.5,W=[[1,2],[3,4]],v=[1,2]").expect("good values");
    let graph = Graph::new();
    let _ = record(&graph, text, &known, Names::Inputs);
    let _ = values(text);
});
