//! An AWS region, by its shape.
//!
//! Not by a list: AWS adds regions, and a list would refuse a new one until we are released again.
//! The list here only suggests.

use super::newtype::{Invalid, newtype};

const REGION: &str = "an AWS region such as `us-east-1`";

/// For suggestions alone.
const KNOWN: &[&str] = &[
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
    "us-gov-east-1",
    "us-gov-west-1",
    "ca-central-1",
    "ca-west-1",
    "mx-central-1",
    "sa-east-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-south-1",
    "ap-south-2",
    "ap-east-1",
    "ap-east-2",
    "me-south-1",
    "me-central-1",
    "il-central-1",
    "af-south-1",
    "cn-north-1",
    "cn-northwest-1",
];

newtype! {
    /// An AWS region.
    Region, must: REGION, check: check, pattern: "^[a-z]{2,4}(-[a-z]{2,12}){1,2}-[0-9]{1,2}$"
}

impl Region {
    /// `aws`, `aws-us-gov` or `aws-cn`: the second field of every ARN there.
    pub fn partition(&self) -> &'static str {
        if self.0.starts_with("us-gov-") {
            "aws-us-gov"
        } else if self.0.starts_with("cn-") {
            "aws-cn"
        } else {
            "aws"
        }
    }
}

pub(super) fn is_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [geography, middle @ .., number] = parts.as_slice() else { return false };
    let letters = |part: &str| part.bytes().all(|byte| byte.is_ascii_lowercase());
    (1..=2).contains(&middle.len())
        && (2..=4).contains(&geography.len())
        && letters(geography)
        && middle.iter().all(|part| (2..=12).contains(&part.len()) && letters(part))
        && (1..=2).contains(&number.len())
        && number.bytes().all(|byte| byte.is_ascii_digit())
}

fn check(text: &str) -> Result<(), Invalid> {
    if is_region(text) {
        return Ok(());
    }
    let invalid = Invalid::new(REGION);
    if let Some(region) = text.strip_suffix(|last: char| last.is_ascii_lowercase())
        && is_region(region)
    {
        return Err(invalid.why("it is an availability zone").did_you_mean(region));
    }
    Err(match nearest(text) {
        Some(region) => invalid.did_you_mean(region),
        None => invalid,
    })
}

/// The region that was probably meant.
fn nearest(text: &str) -> Option<&'static str> {
    let bare = |text: &str| -> String {
        text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
    };
    // A console's address or an ARN is not worth a guess, and the distance is quadratic.
    if text.len() > 30 {
        return None;
    }
    let wanted = bare(text);
    KNOWN
        .iter()
        .map(|region| (strsim::damerau_levenshtein(&bare(region), &wanted), *region))
        .filter(|(distance, _)| *distance <= 2)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, region)| region)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_knows_its_partition() {
        for (region, partition) in [
            ("us-east-1", "aws"),
            ("us-gov-west-1", "aws-us-gov"),
            ("cn-north-1", "aws-cn"),
            ("eusc-de-east-1", "aws"),
            ("ap-southeast-10", "aws"),
        ] {
            assert_eq!(region.parse::<Region>().unwrap().partition(), partition);
        }
    }

    #[test]
    fn every_region_that_is_suggested_is_one() {
        assert!(KNOWN.iter().all(|region| is_region(region)));
    }

    #[test]
    fn what_is_nearly_a_region_is_answered_with_it() {
        for (text, hint) in [
            ("us-east1", "did you mean `us-east-1`?"),
            ("us-east-1a", "did you mean `us-east-1`?"),
            ("US-EAST-1", "did you mean `us-east-1`?"),
            ("eu_central_1", "did you mean `eu-central-1`?"),
            ("us-gov-west1", "did you mean `us-gov-west-1`?"),
        ] {
            assert_eq!(text.parse::<Region>().unwrap_err().hint.as_deref(), Some(hint), "{text}");
        }
        for bad in ["", "-", "us", "global", "us-east-", "us--1", "us-east-123", "ü-east-1"] {
            bad.parse::<Region>().unwrap_err();
        }
        assert_eq!("frankfurt".parse::<Region>().unwrap_err().hint, None);
    }
}
