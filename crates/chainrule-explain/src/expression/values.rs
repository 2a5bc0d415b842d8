//! The values of names: numbers and array literals.

use std::collections::HashSet;

use super::fail;
use super::tokens::{continues_name, starts_name};
use chainrule::error::Result;
use chainrule::tensor::{MAX_RANK, Shape, Tensor};

/// Names with their values, in the order given.
pub type Values = Vec<(String, Tensor<f64>)>;

/// Reads `x=100,W=[[1,2],[3,4]]`: names with numbers or array literals.
///
/// ```
/// let values = chainrule_explain::values("x=100,W=[[1,2],[3,4]]")?;
/// assert_eq!(values[1].1.shape().dims(), [2, 2]);
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// # Errors
/// [`Error::Expression`](chainrule::Error::Expression) with the place of the mistake.
pub fn values(text: &str) -> Result<Values> {
    let chars: Vec<char> = text.chars().collect();
    let (mut found, mut known) = (Values::new(), HashSet::new());
    let mut at = 0;
    while at < chars.len() {
        let start = at;
        let end = chars[at..].iter().position(|&c| c == '=').map(|length| at + length);
        let Some(equals) = end else {
            return fail((start, chars.len()), "expected name=value");
        };
        let name: String = chars[start..equals].iter().collect::<String>().trim().into();
        let valid =
            name.chars().next().is_some_and(starts_name) && name.chars().all(continues_name);
        if !valid {
            return fail((start, equals), format!("`{name}` is not a name"));
        }
        if !known.insert(name.clone()) {
            return fail((start, equals), format!("`{name}` is given twice"));
        }
        let mut depth = 0;
        at = equals + 1;
        while at < chars.len() && (depth > 0 || chars[at] != ',') {
            depth += i32::from(chars[at] == '[') - i32::from(chars[at] == ']');
            at += 1;
        }
        let literal: String = chars[equals + 1..at].iter().collect();
        match literal_value(&literal) {
            Ok(tensor) => found.push((name, tensor)),
            Err(message) => {
                return fail((equals + 1, at.max(equals + 2)), format!("`{name}`: {message}"));
            }
        }
        at += 1;
    }
    Ok(found)
}

/// Reads a number or an array literal such as `[0.2, 0.8]`.
///
/// ```
/// assert_eq!(chainrule_explain::literal("[0.2, 0.8]")?.values(), [0.2, 0.8]);
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// # Errors
/// [`Error::Expression`](chainrule::Error::Expression) that says what is wrong with the text.
pub fn literal(text: &str) -> Result<Tensor<f64>> {
    literal_value(text).or_else(|message| fail((0, text.chars().count()), message))
}

/// A number or a nested array literal.
fn literal_value(text: &str) -> Result<Tensor<f64>, String> {
    // As pages print it.
    let text = &text.replace('−', "-");
    let json: serde_json::Value = serde_json::from_str(text.trim())
        .or_else(|_| {
            let number = text.trim().parse::<f64>().ok().filter(|x| x.is_finite());
            number.map(serde_json::Value::from).ok_or(())
        })
        .map_err(|()| format!("`{}` is neither a number nor an array like [1,2]", text.trim()))?;
    let (mut dims, mut numbers) = (Vec::new(), Vec::new());
    flatten(&json, 0, &mut dims, &mut numbers)?;
    let shape = Shape::new(&dims).map_err(|error| error.to_string())?;
    Tensor::new(shape, numbers).map_err(|error| error.to_string())
}

fn flatten(
    value: &serde_json::Value,
    depth: usize,
    dims: &mut Vec<usize>,
    numbers: &mut Vec<f64>,
) -> Result<(), String> {
    match value {
        serde_json::Value::Array(items) if depth < MAX_RANK => {
            if dims.len() == depth && numbers.is_empty() {
                dims.push(items.len());
            }
            if dims.get(depth) != Some(&items.len()) {
                return Err("the array's rows differ in length".into());
            }
            items.iter().try_for_each(|item| flatten(item, depth + 1, dims, numbers))
        }
        serde_json::Value::Number(number) if depth == dims.len() => {
            numbers.push(number.as_f64().ok_or("a number is out of range")?);
            Ok(())
        }
        serde_json::Value::Number(_) => Err("the array's rows differ in depth".into()),
        _ => Err(format!("arrays hold numbers, at most {MAX_RANK} levels deep")),
    }
}
