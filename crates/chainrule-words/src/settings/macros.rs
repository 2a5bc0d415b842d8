//! The macros that write a type together with its entry.

/// Writes a type with settings and its entry: the documentation, names, forms and usual values stand
/// once. A field is `name: type [form] = usual value => "an example"`; without a form it has its type's,
/// without a usual value it must be given. Where all have one, the type has a default. Behind the name
/// may stand synonyms: `"spring" | "coil"`.
///
/// ```
/// use chainrule_words::settings::{self, Described, Form};
///
/// chainrule_words::settings! {
///     /// A spring.
///     #[derive(Copy)]
///     pub struct Spring = "spring" {
///         /// Newtons per metre.
///         stiffness: f64 [Form::POSITIVE] = 10.0,
///     }
/// }
///
/// assert_eq!(Spring::default().stiffness, 10.0);
/// assert_eq!(Spring::ENTRY.settings[0].about(), "Newtons per metre");
/// let spring: Spring = serde_json::from_str(r#"{"stiffness": -1}"#).unwrap();
/// assert!(settings::check(&spring).is_err());
/// ```
#[macro_export]
macro_rules! settings {
    ($(#[doc = $doc:literal])* $(#[derive($($derive:ident),+)])?
    pub struct $type:ident = $name:literal $(| $synonym:literal)* { $(
        $(#[doc = $about:literal])*
        $field:ident: $ty:ty $([$form:expr])? = $usual:expr $(=> $example:literal)?
    ),* $(,)? }) => {
        $crate::settings! { @type
            $(#[doc = $doc])* $(#[derive($($derive),+)])?
            pub struct $type = $name $(| $synonym)* { $(
                $(#[doc = $about])*
                $field: $ty $([$form])? = $usual $(=> $example)?
            ),* }
        }

        impl Default for $type {
            fn default() -> Self {
                Self { $($field: $usual),* }
            }
        }
    };
    ($(#[doc = $doc:literal])* $(#[derive($($derive:ident),+)])?
    pub struct $type:ident = $name:literal $(| $synonym:literal)* { $(
        $(#[doc = $about:literal])*
        $field:ident: $ty:ty $([$form:expr])? $(= $usual:expr)? $(=> $example:literal)?
    ),* $(,)? }) => {
        $crate::settings! { @type
            $(#[doc = $doc])* $(#[derive($($derive),+)])?
            pub struct $type = $name $(| $synonym)* { $(
                $(#[doc = $about])*
                $field: $ty $([$form])? $(= $usual)? $(=> $example)?
            ),* }
        }
    };
    ($(#[doc = $doc:literal])* $(#[derive($($derive:ident),+)])? pub struct $type:ident = $name:literal $(| $synonym:literal)*;) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug, Default, PartialEq, $($($derive),+)?)]
        pub struct $type;

        $crate::settings! { @traits $type, $name, [$($synonym),*], [$($doc),*], }
    };
    (@type $(#[doc = $doc:literal])* $(#[derive($($derive:ident),+)])?
    pub struct $type:ident = $name:literal $(| $synonym:literal)* { $(
        $(#[doc = $about:literal])*
        $field:ident: $ty:ty $([$form:expr])? $(= $usual:expr)? $(=> $example:literal)?
    ),* }) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug, PartialEq, $($($derive),+)?)]
        pub struct $type { $(
            $(#[doc = $about])*
            pub $field: $ty,
        )* }

        $crate::settings! {
            @traits $type, $name, [$($synonym),*], [$($doc),*],
            $([$($about),*] $field: $ty, [$($form)?], [$($usual)?], [$($example)?];)*
        }
    };
    (@traits $type:ident, $name:literal, [$($synonym:literal),*], [$($doc:literal),*], $(
        [$($about:literal),*] $field:ident: $ty:ty, [$($form:expr)?], [$($usual:expr)?], [$($example:literal)?];
    )*) => {
        impl $type {
            /// The entry: name, settings and documentation.
            pub const ENTRY: &'static $crate::settings::Entry = &$crate::settings! {
                @entry $name, [$($synonym),*], &[$($doc),*], $([$($about),*] $field: $ty, [$($form)?], [$($usual)?], [$($example)?];)*
            };
        }

        impl $crate::settings::Described for $type {
            fn entries() -> Vec<&'static $crate::settings::Entry> {
                vec![Self::ENTRY]
            }
            fn entry(&self) -> &'static $crate::settings::Entry {
                Self::ENTRY
            }
            fn values(&self) -> Vec<Option<$crate::settings::Value>> {
                vec![$($crate::settings::Field::write(&self.$field)),*]
            }
            fn build(
                name: &str,
                _given: &[(String, $crate::settings::Value)],
            ) -> Result<Option<Self>, $crate::settings::Wrong> {
                if name != $name {
                    return Ok(None);
                }
                Ok(Some(Self { $(
                    $field: $crate::settings::field(
                        $name, stringify!($field), _given, $crate::settings!(@some $($usual)?),
                    )?,
                )* }))
            }
        }

        impl $crate::settings::Field for $type {
            const FORM: $crate::settings::Form = $crate::settings::Form::Table($type::ENTRY);

            fn read(_: &str, value: &$crate::settings::Value) -> $crate::Result<Self> {
                $crate::settings::read_table(Self::ENTRY, value)
            }
            fn write(&self) -> Option<$crate::settings::Value> {
                Some($crate::settings::write_table(self))
            }
        }

        $crate::settings! { @serde $type }
    };
    (@entry $name:literal, [$($synonym:literal),*], $doc:expr, $(
        [$($about:literal),*] $field:ident: $ty:ty, [$($form:expr)?], [$($usual:expr)?], [$($example:literal)?];
    )*) => {
        $crate::settings::Entry {
            name: $name,
            synonyms: &[$($synonym),*],
            settings: &[$($crate::settings::Setting {
                name: stringify!($field),
                form: $crate::settings!(@form $ty, $($form)?),
                usual: $crate::settings!(@usual $ty, $($usual)?),
                example: $crate::settings!(@some $($example)?),
                doc: &[$($about),*],
            }),*],
            doc: $doc,
        }
    };
    (@form $ty:ty,) => { <$ty as $crate::settings::Field>::FORM };
    (@form $ty:ty, $form:expr) => { $form };
    (@usual $ty:ty,) => { None };
    (@usual $ty:ty, $usual:expr) => {
        Some(|| {
            let usual: $ty = $usual;
            $crate::settings::Field::write(&usual)
        })
    };
    (@some) => { None };
    (@some $value:expr) => { Some($value) };
    (@serde $type:ident) => {
        impl $crate::settings::serde::Serialize for $type {
            fn serialize<S: $crate::settings::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $crate::settings::serde::Serialize::serialize(&$crate::settings::Field::write(self), serializer)
            }
        }

        impl<'de> $crate::settings::serde::Deserialize<'de> for $type {
            fn deserialize<D: $crate::settings::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let value = <$crate::settings::Value as $crate::settings::serde::Deserialize>::deserialize(deserializer)?;
                $crate::settings::Field::read(stringify!($type), &value)
                    .map_err(<D::Error as $crate::settings::serde::de::Error>::custom)
            }
        }
    };
}

/// Writes an enum of which each variant is an entry, with its settings or held in a type of its own
/// that [`settings!`](crate::settings!) or this macro wrote. Before the variants stand what they are,
/// what separates a name from its first setting in one word, and whether one word is written where it
/// says all. With `as Trait` the enum lends what a variant holds as that trait.
///
/// ```
/// chainrule_words::kinds! {
///     /// What pulls.
///     pub enum Force = "force", ':', short {
///         /// Nothing.
///         None = "none",
///         /// A constant force.
///         Constant = "constant" {
///             /// Newtons.
///             newtons: f64,
///         },
///     }
/// }
///
/// assert_eq!("constant:9.8".parse::<Force>()?, Force::Constant { newtons: 9.8 });
/// assert_eq!(Force::Constant { newtons: 9.8 }.to_string(), "constant:9.8");
/// let error = "constnat:1".parse::<Force>().unwrap_err().to_string();
/// assert_eq!(error, "there is no force named `constnat`; did you mean `constant`?");
/// # Ok::<(), chainrule_words::Error>(())
/// ```
#[macro_export]
macro_rules! kinds {
    ($(#[doc = $doc:literal])* $(#[derive($($derive:ident),+)])?
    pub enum $type:ident $(as $part:path)? = $what:literal, $separator:literal $(, $short:ident)? { $(
        $(#[doc = $variant_doc:literal])*
        $variant:ident $(($held:ty))? $(= $name:literal $(| $synonym:literal)* $({ $(
            $(#[doc = $about:literal])*
            $field:ident: $ty:ty $([$form:expr])? $(= $usual:expr)? $(=> $example:literal)?
        ),* $(,)? })?)?
    ),* $(,)? }) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug, PartialEq, $($($derive),+)?)]
        pub enum $type { $(
            $(#[doc = $variant_doc])*
            $variant $(($held))? $($({ $(
                $(#[doc = $about])*
                $field: $ty,
            )* })?)?,
        )* }

        impl $crate::settings::Described for $type {
            fn entries() -> Vec<&'static $crate::settings::Entry> {
                let mut all = Vec::new();
                $({
                    const _DOC: &[&str] = &[$($variant_doc),*];
                    $(all.extend(<$held as $crate::settings::Described>::entries());)?
                    $(
                        const ENTRY: &$crate::settings::Entry = &$crate::settings! {
                            @entry $name, [$($synonym),*], _DOC,
                            $($([$($about),*] $field: $ty, [$($form)?], [$($usual)?], [$($example)?];)*)?
                        };
                        all.push(ENTRY);
                    )?
                })*
                all
            }
            fn entry(&self) -> &'static $crate::settings::Entry {
                match self { $(
                    $(Self::$variant(held) => <$held as $crate::settings::Described>::entry(held),)?
                    $(Self::$variant { .. } => $crate::settings::entry_of::<Self>($name),)?
                )* }
            }
            fn values(&self) -> Vec<Option<$crate::settings::Value>> {
                match self { $(
                    $(Self::$variant(held) => <$held as $crate::settings::Described>::values(held),)?
                    $(Self::$variant { $($($field),*)? } => {
                        let _ = $name;
                        vec![$($($crate::settings::Field::write($field)),*)?]
                    })?
                )* }
            }
            fn build(
                name: &str,
                given: &[(String, $crate::settings::Value)],
            ) -> Result<Option<Self>, $crate::settings::Wrong> {
                $(
                    $(if let Some(held) = <$held as $crate::settings::Described>::build(name, given)? {
                        return Ok(Some(Self::$variant(held)));
                    })?
                    $(if name == $name {
                        return Ok(Some(Self::$variant { $($(
                            $field: $crate::settings::field(
                                $name, stringify!($field), given, $crate::settings!(@some $($usual)?),
                            )?,
                        )*)? }));
                    })?
                )*
                Ok(None)
            }
        }

        impl $crate::settings::Field for $type {
            const FORM: $crate::settings::Form = $crate::settings::Form::Kind($type::KINDS);

            fn read(_: &str, value: &$crate::settings::Value) -> $crate::Result<Self> {
                $crate::settings::read_kind(&Self::KINDS, value)
            }
            fn write(&self) -> Option<$crate::settings::Value> {
                Some($crate::settings::write_kind(&Self::KINDS, self))
            }
            fn write_list(list: &[Self]) -> Option<$crate::settings::Value> {
                let all = list.iter().filter_map($crate::settings::Field::write);
                (!list.is_empty()).then(|| $crate::settings::Value::List(all.collect()))
            }
        }

        impl $type {
            /// The list of what there is.
            pub const KINDS: $crate::settings::Kinds = $crate::settings::Kinds {
                what: $what,
                entries: <Self as $crate::settings::Described>::entries,
                separator: $separator,
                short: $crate::kinds!(@flag $($short)?),
            };

            /// Its name, as a settings file has it.
            #[must_use]
            pub fn name(&self) -> &'static str {
                $crate::settings::Described::entry(self).name
            }
        }

        impl std::str::FromStr for $type {
            type Err = $crate::Error;

            fn from_str(word: &str) -> $crate::Result<Self> {
                let word = $crate::settings::Value::Text(word.into());
                let read = $crate::settings::read_kind(&Self::KINDS, &word)?;
                $crate::settings::check(&read)?;
                Ok(read)
            }
        }

        $($(
            impl From<$held> for $type {
                fn from(held: $held) -> Self {
                    Self::$variant(held)
                }
            }
        )?)*

        $crate::settings! { @serde $type }
        $crate::kinds! { @part $type, [$($part)?], $($variant)* }
        $($crate::kinds! { @display $type, $short })?
    };
    (@flag) => { false };
    (@flag short) => { true };
    (@part $type:ident, [], $($variant:ident)*) => {};
    (@part $type:ident, [$part:path], $($variant:ident)*) => {
        impl $type {
            /// What the variant holds.
            pub(crate) fn part(&self) -> &dyn $part {
                match self { $(Self::$variant(held) => held,)* }
            }
        }
    };
    (@display $type:ident, short) => {
        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match $crate::settings::write_kind(&Self::KINDS, self) {
                    $crate::settings::Value::Text(word) => f.write_str(&word),
                    _ => f.write_str(self.name()),
                }
            }
        }
    };
}
