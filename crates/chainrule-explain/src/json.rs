//! JSON in which infinity and NaN, for which JSON has no numbers, are the texts `inf`, `-inf` and `nan`:
//! `null` says that there is nothing to tell.

use serde::ser::{
    Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

/// A value whose numbers that are not finite serialise as the texts `inf`, `-inf` and `nan`.
///
/// ```
/// use chainrule_explain::AllNumbers;
/// let told = serde_json::to_string(&AllNumbers(&[1.5, f64::INFINITY, -f64::INFINITY, f64::NAN]))?;
/// assert_eq!(told, r#"[1.5,"inf","-inf","nan"]"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug)]
pub struct AllNumbers<'a, T: ?Sized>(pub &'a T);

impl<T: Serialize + ?Sized> Serialize for AllNumbers<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(Telling(serializer))
    }
}

/// What another serializer writes, but for numbers that are not finite; all parts within go through it.
struct Telling<S>(S);

/// Methods that hand a value on as it is.
macro_rules! hand_on {
    ($($method:ident($($name:ident: $type:ty),*);)*) => {$(
        fn $method(self, $($name: $type),*) -> Result<S::Ok, S::Error> {
            self.0.$method($($name),*)
        }
    )*};
}

/// Methods that begin a value of several parts.
macro_rules! begin {
    ($($method:ident -> $parts:ident($($name:ident: $type:ty),*);)*) => {$(
        fn $method(self, $($name: $type),*) -> Result<Telling<S::$parts>, S::Error> {
            self.0.$method($($name),*).map(Telling)
        }
    )*};
}

impl<S: Serializer> Serializer for Telling<S> {
    type Ok = S::Ok;
    type Error = S::Error;
    type SerializeSeq = Telling<S::SerializeSeq>;
    type SerializeTuple = Telling<S::SerializeTuple>;
    type SerializeTupleStruct = Telling<S::SerializeTupleStruct>;
    type SerializeTupleVariant = Telling<S::SerializeTupleVariant>;
    type SerializeMap = Telling<S::SerializeMap>;
    type SerializeStruct = Telling<S::SerializeStruct>;
    type SerializeStructVariant = Telling<S::SerializeStructVariant>;

    hand_on! {
        serialize_bool(v: bool);
        serialize_i8(v: i8);
        serialize_i16(v: i16);
        serialize_i32(v: i32);
        serialize_i64(v: i64);
        serialize_u8(v: u8);
        serialize_u16(v: u16);
        serialize_u32(v: u32);
        serialize_u64(v: u64);
        serialize_char(v: char);
        serialize_str(v: &str);
        serialize_bytes(v: &[u8]);
        serialize_none();
        serialize_unit();
        serialize_unit_struct(name: &'static str);
        serialize_unit_variant(name: &'static str, index: u32, variant: &'static str);
    }

    begin! {
        serialize_seq -> SerializeSeq(length: Option<usize>);
        serialize_tuple -> SerializeTuple(length: usize);
        serialize_tuple_struct -> SerializeTupleStruct(name: &'static str, length: usize);
        serialize_tuple_variant -> SerializeTupleVariant(
            name: &'static str, index: u32, variant: &'static str, length: usize);
        serialize_map -> SerializeMap(length: Option<usize>);
        serialize_struct -> SerializeStruct(name: &'static str, length: usize);
        serialize_struct_variant -> SerializeStructVariant(
            name: &'static str, index: u32, variant: &'static str, length: usize);
    }

    fn serialize_f32(self, number: f32) -> Result<S::Ok, S::Error> {
        match number.is_finite() {
            true => self.0.serialize_f32(number),
            false => self.serialize_f64(number.into()),
        }
    }

    fn serialize_f64(self, number: f64) -> Result<S::Ok, S::Error> {
        match number {
            _ if number.is_finite() => self.0.serialize_f64(number),
            _ if number.is_nan() => self.0.serialize_str("nan"),
            _ => self.0.serialize_str(if number > 0.0 { "inf" } else { "-inf" }),
        }
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        self.0.serialize_some(&AllNumbers(value))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        self.0.serialize_newtype_struct(name, &AllNumbers(value))
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        self.0.serialize_newtype_variant(name, index, variant, &AllNumbers(value))
    }
}

/// The parts of a value of several: each goes through [`AllNumbers`].
macro_rules! parts {
    ($($trait:ident: $($method:ident($($name:ident: $type:ty),*)),*;)*) => {$(
        impl<S: $trait> $trait for Telling<S> {
            type Ok = S::Ok;
            type Error = S::Error;
            $(fn $method<T: Serialize + ?Sized>(
                &mut self,
                $($name: $type,)*
                value: &T,
            ) -> Result<(), S::Error> {
                self.0.$method($($name,)* &AllNumbers(value))
            })*
            fn end(self) -> Result<S::Ok, S::Error> {
                self.0.end()
            }
        }
    )*};
}

parts! {
    SerializeSeq: serialize_element();
    SerializeTuple: serialize_element();
    SerializeTupleStruct: serialize_field();
    SerializeTupleVariant: serialize_field();
    SerializeMap: serialize_key(), serialize_value();
    SerializeStruct: serialize_field(name: &'static str);
    SerializeStructVariant: serialize_field(name: &'static str);
}
