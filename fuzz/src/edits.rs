//! Changes of JSON: a file that was right is changed in some places, so that most of it is still read.

use arbitrary::Arbitrary;
use serde_json::{Map, Value};

/// A change at a place.
#[derive(Arbitrary, Debug)]
pub struct Edit {
    /// Where: of each object and list, from the outermost, the entry of this number, modulo their count.
    path: Vec<u8>,
    change: Change,
}

#[derive(Arbitrary, Debug)]
enum Change {
    Null,
    Flag(bool),
    Whole(i64),
    Number(f64),
    Text(String),
    List(Vec<i64>),
    Empty,
    Remove,
    Rename(String),
    Twice,
}

/// Makes all the changes.
pub fn edit(value: &mut Value, edits: &[Edit]) {
    for Edit { path, change } in edits {
        at(value, path, change);
    }
}

fn at(value: &mut Value, path: &[u8], change: &Change) {
    match (path, &mut *value) {
        ([first, rest @ ..], Value::Object(object)) if !object.is_empty() => {
            let key = object.keys().nth(usize::from(*first) % object.len());
            let key = key.expect("an object that is not empty").clone();
            match (rest, change) {
                ([], Change::Remove) => drop(object.remove(&key)),
                ([], Change::Rename(name)) => {
                    let moved = object.remove(&key).unwrap_or_default();
                    object.insert(name.clone(), moved);
                }
                _ => at(&mut object[&key], rest, change),
            }
        }
        ([first, rest @ ..], Value::Array(list)) if !list.is_empty() => {
            let index = usize::from(*first) % list.len();
            match (rest, change) {
                ([], Change::Remove) => drop(list.remove(index)),
                ([], Change::Twice) => list.push(list[index].clone()),
                _ => at(&mut list[index], rest, change),
            }
        }
        _ => replace(value, change),
    }
}

fn replace(value: &mut Value, change: &Change) {
    *value = match change {
        Change::Null | Change::Remove => Value::Null,
        Change::Flag(flag) => (*flag).into(),
        Change::Whole(number) => (*number).into(),
        Change::Number(number) => (*number).into(),
        Change::Text(text) | Change::Rename(text) => text.clone().into(),
        Change::List(list) => list.clone().into(),
        Change::Empty => Value::Object(Map::new()),
        Change::Twice => Value::Array(vec![value.clone(), value.take()]),
    };
}
