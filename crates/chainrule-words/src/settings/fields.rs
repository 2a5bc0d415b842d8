//! The types that a setting can have.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::{Form, Value};
use crate::error::Result;

/// A type that a setting can have.
pub trait Field: Sized {
    /// What its values may be, where the setting does not say it more closely.
    const FORM: Form;

    /// The value read; `name` is what messages call the setting.
    ///
    /// # Errors
    /// The value has another form.
    fn read(name: &str, value: &Value) -> Result<Self>;

    /// The value written; none where there is nothing to write.
    fn write(&self) -> Option<Value>;

    /// Several of them written.
    fn write_list(list: &[Self]) -> Option<Value> {
        Some(Value::List(list.iter().filter_map(Self::write).collect()))
    }
}

impl Field for bool {
    const FORM: Form = Form::Flag;

    fn read(name: &str, value: &Value) -> Result<Self> {
        match value {
            Value::Flag(flag) => Ok(*flag),
            other => Err(other.wants(name, "true or false")),
        }
    }
    fn write(&self) -> Option<Value> {
        Some(Value::Flag(*self))
    }
}

impl Field for f64 {
    const FORM: Form = Form::ANY;

    fn read(name: &str, value: &Value) -> Result<Self> {
        value.number().ok_or_else(|| value.wants(name, "a number"))
    }
    fn write(&self) -> Option<Value> {
        Some(Value::Number(*self))
    }
}

/// Writes the field of an unsigned integer's type.
macro_rules! whole {
    ($($type:ty)*) => {$(
        impl Field for $type {
            const FORM: Form = Form::COUNT;

            fn read(name: &str, value: &Value) -> Result<Self> {
                let number = match *value {
                    Value::Whole(number) => Self::try_from(number).ok(),
                    _ => None,
                };
                let wanted = || format!("a whole number from 0 to {}", Self::MAX);
                number.ok_or_else(|| value.wants(name, &wanted()))
            }
            fn write(&self) -> Option<Value> {
                Some(Value::Whole(*self as u64))
            }
        }
    )*};
}

whole! { u32 u64 usize }

impl Field for String {
    const FORM: Form = Form::Text;

    fn read(name: &str, value: &Value) -> Result<Self> {
        match value {
            Value::Text(text) => Ok(text.clone()),
            other => Err(other.wants(name, "a text")),
        }
    }
    fn write(&self) -> Option<Value> {
        Some(Value::Text(self.clone()))
    }
}

impl Field for PathBuf {
    const FORM: Form = Form::Text;

    fn read(name: &str, value: &Value) -> Result<Self> {
        String::read(name, value).map(Self::from)
    }
    fn write(&self) -> Option<Value> {
        Some(Value::Text(self.to_string_lossy().into_owned()))
    }
}

impl<F: Field> Field for Option<F> {
    const FORM: Form = F::FORM;

    fn read(name: &str, value: &Value) -> Result<Self> {
        F::read(name, value).map(Some)
    }
    fn write(&self) -> Option<Value> {
        self.as_ref().and_then(F::write)
    }
}

impl<F: Field> Field for Vec<F> {
    const FORM: Form = Form::List(&F::FORM);

    fn read(name: &str, value: &Value) -> Result<Self> {
        match value {
            Value::List(values) => values.iter().map(|value| F::read(name, value)).collect(),
            other => Err(other.wants(name, "a list")),
        }
    }
    fn write(&self) -> Option<Value> {
        F::write_list(self)
    }
}

impl<F: Field, const N: usize> Field for [F; N] {
    const FORM: Form = Form::List(&F::FORM);

    fn read(name: &str, value: &Value) -> Result<Self> {
        let values = Vec::read(name, value)?;
        values.try_into().map_err(|_| value.wants(name, &format!("a list of {N} values")))
    }
    fn write(&self) -> Option<Value> {
        F::write_list(self)
    }
}

impl<F: Field> Field for BTreeMap<String, F> {
    const FORM: Form = Form::Map(&F::FORM);

    fn read(name: &str, value: &Value) -> Result<Self> {
        match value {
            Value::Table(entries) => {
                let read = |(key, value): &(String, Value)| Ok((key.clone(), F::read(key, value)?));
                entries.iter().map(read).collect()
            }
            other => Err(other.wants(name, "a table such as { name = value }")),
        }
    }
    fn write(&self) -> Option<Value> {
        let entries = self.iter().filter_map(|(key, value)| Some((key.clone(), value.write()?)));
        (!self.is_empty()).then(|| Value::Table(entries.collect()))
    }
}
