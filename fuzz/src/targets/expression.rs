//! Expressions.

use chainrule::Graph;
use chainrule_explain::{Names, record, values};

pub fn run(bytes: &[u8]) {
    let text = crate::files::text(bytes);
    let known = values("x=2,y=-0.5,W=[[1,2],[3,4]],v=[1,2]").expect("good values");
    let graph = Graph::new();
    let _ = record(&graph, text, &known, Names::Inputs);
    let _ = values(text);
}
