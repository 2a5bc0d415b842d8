//! The lesson's first graph: the price of two apples with tax, and what each number contributes.
//!
//! `cargo run --example apple -p chainrule-explain`

use chainrule::{Graph, Result};
use chainrule_explain::{Request, explain, values};

fn main() -> Result<()> {
    // By hand: record the gates, sweep back, run.
    let g = Graph::new();
    let (apple, number, tax) = (g.input("apple", []), g.input("number", []), g.input("tax", []));
    let price = apple * number * tax;
    let gradients = g.backward(price, &[apple, number, tax]);
    let mut plan = g.compile::<f64>(&[&[price], gradients.as_slice()].concat())?;
    for (name, value) in [("apple", 100.0), ("number", 2.0), ("tax", 1.1)] {
        plan.feed(name, &[value])?;
    }
    plan.run()?;
    println!("price {:.1}", plan.value(price)?[0]);
    for (name, &gradient) in ["apple", "number", "tax"].iter().zip(&gradients) {
        println!("d price / d {name} = {:.1}", plan.value(gradient)?[0]);
    }

    // Or let the library tell the whole story.
    let story = explain(&Request {
        expression: "apple * number * tax".into(),
        values: values("apple=100,number=2,tax=1.1")?,
        target: Some(219.0),
        ..Request::default()
    })?;
    println!("\n{}", story.to_text());
    Ok(())
}
