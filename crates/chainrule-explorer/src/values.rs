//! Values of names and arrays as JSON has them: an object in its own order, nested arrays.

use std::fmt;

use chainrule::Tensor;
use chainrule_explain::{Value, Values};
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A number or nested arrays of numbers. What the command line refuses is refused here, in its words.
fn array(json: &serde_json::Value) -> Result<Tensor<f64>, String> {
    chainrule_explain::literal(&json.to_string()).map_err(|error| error.to_string())
}

/// Names with values.
pub mod named {
    use super::*;

    struct Named;

    impl<'de> Visitor<'de> for Named {
        type Value = Values;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object of names with numbers or arrays")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Values, A::Error> {
            let mut found = Values::new();
            let mut known = std::collections::HashSet::new();
            while let Some((name, json)) = map.next_entry::<String, serde_json::Value>()? {
                if !known.insert(name.clone()) {
                    return Err(A::Error::custom(format!("`{name}` is given twice")));
                }
                let tensor = array(&json);
                let tensor = tensor.map_err(|why| A::Error::custom(format!("`{name}`: {why}")))?;
                if !is_name(&name) {
                    return Err(A::Error::custom(format!("`{name}` is not a name")));
                }
                found.push((name, tensor));
            }
            Ok(found)
        }
    }

    /// What expressions take for a name.
    fn is_name(name: &str) -> bool {
        let read = chainrule_explain::values(&format!("{name}=0"));
        matches!(read.as_deref(), Ok([(read, _)]) if read == name)
    }

    /// Reads them; there are some, or the field is left out.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Values, D::Error> {
        deserializer.deserialize_map(Named)
    }

    /// Writes them in their order.
    pub fn serialize<S: Serializer>(values: &Values, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(values.iter().map(|(name, tensor)| (name, Value::from(tensor))))
    }

    /// [`deserialize`], where it is another thing to have none than to have left them out.
    pub fn some<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Values>, D::Error> {
        deserialize(deserializer).map(Some)
    }
}

/// One array that may be left out.
pub mod one {
    use super::*;

    /// Reads it.
    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Tensor<f64>>, D::Error> {
        let json = serde_json::Value::deserialize(deserializer)?;
        array(&json).map(Some).map_err(D::Error::custom)
    }

    /// Writes it.
    pub fn serialize<S: Serializer>(
        tensor: &Option<Tensor<f64>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        tensor.as_ref().map(Value::from).serialize(serializer)
    }
}
