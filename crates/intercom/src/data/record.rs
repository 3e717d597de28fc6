//! Types whose fields are each one field of the JSON.

/// Declares a type and how it is read: `field: Type = reader "key"`, with a reader of [`crate::json::Fields`]. The
/// key field is required; `other` keeps every field that has none here.
macro_rules! record {
    (
        $(#[$doc:meta])*
        $name:ident by $(#[$key_doc:meta])* $key:ident = $key_reader:ident $key_json:literal,
        $($(#[$field_doc:meta])* $field:ident: $type:ty = $reader:ident $json:literal,)*
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name {
            $(#[$key_doc])*
            pub $key: String,
            $($(#[$field_doc])* pub $field: $type,)*
            /// Every field that has none here, as it came.
            pub other: serde_json::Map<String, serde_json::Value>,
        }

        impl $name {
            pub(crate) fn read(from: &$crate::json::Object) -> Result<Self, $crate::Unreadable> {
                use $crate::json::Fields as _;
                let missing = || $crate::Unreadable::new(concat!("the object has no ", $key_json));
                Ok(Self {
                    $key: from.$key_reader($key_json).ok_or_else(missing)?,
                    $($field: from.$reader($json),)*
                    other: $crate::json::rest(from, &["type", $key_json, $($json),*]),
                })
            }
        }
    };
}

pub(super) use record;
