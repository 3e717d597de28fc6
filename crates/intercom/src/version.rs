//! The versions of Intercom's REST API.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A version of the API, sent as `Intercom-Version` with every request. The header decides, whatever version
/// the app is set to in the Developer Hub ("Update your API version" in Intercom's guides).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ApiVersion {
    major: u8,
    minor: u8,
}

impl ApiVersion {
    /// The oldest version this client reads and writes.
    pub const V2_10: Self = Self::new(2, 10);
    /// Parts carry their tags, ticket states are objects. The default.
    pub const V2_14: Self = Self::new(2, 14);
    /// Conversations carry their company.
    pub const V2_15: Self = Self::new(2, 15);
    /// A merged contact answers 410 and names the one that remains.
    pub const V2_16: Self = Self::new(2, 16);

    /// A version by its numbers, newer ones than this crate knows included.
    #[must_use]
    pub const fn new(major: u8, minor: u8) -> Self {
        Self { major, minor }
    }
}

impl Default for ApiVersion {
    fn default() -> Self {
        Self::V2_14
    }
}

impl fmt::Display for ApiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// A text that is no version this client can speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an Intercom API version is written like 2.14, and must be 2.10 or newer")]
pub struct VersionError;

impl std::str::FromStr for ApiVersion {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        let (major, minor) = text.trim().split_once('.').ok_or(VersionError)?;
        let number = |text: &str| {
            let digits = text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse().ok().filter(|_| digits).ok_or(VersionError)
        };
        let version = Self::new(number(major)?, number(minor)?);
        (version >= Self::V2_10)
            .then_some(version)
            .ok_or(VersionError)
    }
}

impl Serialize for ApiVersion {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ApiVersion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_numbers_and_not_fractions() {
        assert!("2.9".parse::<ApiVersion>().is_err());
        assert_eq!(" 2.16 ".parse(), Ok(ApiVersion::V2_16));
        assert!(ApiVersion::new(2, 100) > ApiVersion::V2_16);
        for bad in ["", "2", "2.", "2.14.1", "+2.14", "Unstable", "2.14\n\nX"] {
            assert_eq!(bad.parse::<ApiVersion>(), Err(VersionError), "{bad}");
        }
        let text = serde_json::to_string(&ApiVersion::V2_14).unwrap();
        assert_eq!(text, "\"2.14\"");
        assert_eq!(
            serde_json::from_str::<ApiVersion>(&text).unwrap(),
            ApiVersion::V2_14
        );
    }
}
