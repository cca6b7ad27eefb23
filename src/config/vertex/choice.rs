//! A value that is one of a few words.

/// Declares such a value: its documentation, what it must be, and its words.
macro_rules! choice {
    (
        $(#[$meta:meta])* $name:ident, must: $must:expr,
        $(#[$first_meta:meta])* $first:ident = $first_word:literal
        $(, $(#[$rest_meta:meta])* $rest:ident = $rest_word:literal)* $(,)?
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $(#[$first_meta])* $first,
            $($(#[$rest_meta])* $rest,)*
        }

        impl $name {
            /// As it is written.
            pub fn as_str(self) -> &'static str {
                match self {
                    Self::$first => $first_word,
                    $(Self::$rest => $rest_word,)*
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl $crate::config::newtype::Checked for $name {
            const MUST: &'static str = $must;
        }

        impl std::str::FromStr for $name {
            type Err = $crate::config::newtype::Invalid;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                const ALL: &[$name] = &[$name::$first $(, $name::$rest)*];
                let is = |one: &&Self| one.as_str() == text;
                if let Some(one) = ALL.iter().find(is) {
                    return Ok(*one);
                }
                let invalid = $crate::config::newtype::Invalid::new($must);
                let bare = |text: &str| text.to_ascii_lowercase().replace(['-', ' '], "_");
                let near = |one: &&Self| bare(one.as_str()) == bare(text);
                Err(match ALL.iter().find(near) {
                    Some(one) => invalid.did_you_mean(one.as_str()),
                    None => invalid,
                })
            }
        }

        $crate::config::newtype::readable!(
            $name,
            concat!("^(", $first_word $(, "|", $rest_word)*, ")$")
        );
    };
}

pub(in crate::config) use choice;
