//! Names in a list, as options have them.

use csv::ReaderBuilder;

use crate::readme::shell;

/// The items of a list with commas between. One that has a comma itself stands in quotes, as in CSV.
///
/// ```
/// use chainrule_train::data::list;
/// assert_eq!(list("id, name"), ["id", "name"]);
/// assert_eq!(list(r#"id,"price, net""#), ["id", "price, net"]);
/// ```
#[must_use]
pub fn list(text: &str) -> Vec<String> {
    let mut reader =
        ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let records = reader.records().map_while(Result::ok);
    let items = records
        .flat_map(|record| record.iter().map(|item| item.trim().to_owned()).collect::<Vec<_>>());
    items.filter(|item| !item.is_empty()).collect()
}

/// A name as an item of a list that a shell reads.
pub(super) fn item(name: &str) -> String {
    match name.contains([',', '"']) {
        true => shell(&format!("\"{}\"", name.replace('"', "\"\""))),
        false => shell(name),
    }
}
