//! Where Claude is called, and where what is stored about it is kept.
//!
//! Models answer in regions, in the multi-regions `us` and `eu`, or anywhere. What is stored is kept
//! in a region: a key, a log bucket and a dataset must be together, and only regions have all three.

use crate::config::newtype::{Invalid, consists, newtype};

const LOCATION: &str = "`global`, `us`, `eu` or a region of Google Cloud such as `us-east5`";
const REGION: &str = "a region of Google Cloud such as `europe-west1`";

/// For suggestions alone.
const KNOWN: &[&str] = &[
    "us-central1",
    "us-east1",
    "us-east4",
    "us-east5",
    "us-south1",
    "us-west1",
    "us-west2",
    "us-west3",
    "us-west4",
    "northamerica-northeast1",
    "northamerica-northeast2",
    "southamerica-east1",
    "southamerica-west1",
    "europe-central2",
    "europe-north1",
    "europe-southwest1",
    "europe-west1",
    "europe-west2",
    "europe-west3",
    "europe-west4",
    "europe-west6",
    "europe-west8",
    "europe-west9",
    "asia-east1",
    "asia-east2",
    "asia-northeast1",
    "asia-northeast2",
    "asia-northeast3",
    "asia-south1",
    "asia-southeast1",
    "asia-southeast2",
    "australia-southeast1",
    "me-central1",
    "me-west1",
    "africa-south1",
];

/// What stands behind the part of the world, in every region's name.
const DIRECTIONS: [&str; 9] = [
    "central",
    "north",
    "south",
    "east",
    "west",
    "northeast",
    "northwest",
    "southeast",
    "southwest",
];

newtype! {
    /// Where Claude is called.
    VertexLocation,
    must: LOCATION,
    check: |text| check(text, LOCATION),
    pattern: "^(global|us|eu|[a-z]{2,16}-(central|north|south|(north|south)?(east|west))[0-9]{1,2})$"
}

newtype! {
    /// Where what is stored is kept: a region.
    DataLocation,
    must: REGION,
    check: |text| check(text, REGION),
    pattern: "^[a-z]{2,16}-(central|north|south|(north|south)?(east|west))[0-9]{1,2}$"
}

impl VertexLocation {
    /// Whether it is a single region, and not a multi-region or everywhere.
    pub fn is_region(&self) -> bool {
        is_region(&self.0)
    }

    /// The multi-region that a region is in, if there is one.
    pub fn multi_region(&self) -> Option<Self> {
        let multi = match self.0.split_once('-') {
            Some(("us", _)) => "us",
            Some(("europe", _)) => "eu",
            _ => return None,
        };
        Some(Self(multi.into()))
    }

    /// Whether it is `us` or `eu`.
    pub fn is_multi_region(&self) -> bool {
        !self.is_region() && self.0 != "global"
    }

    /// Where what is stored is kept, if it is not said.
    pub(super) fn data_location(&self) -> DataLocation {
        DataLocation(match self.0.as_str() {
            "global" | "us" => "us-central1".into(),
            "eu" => "europe-west1".into(),
            region => region.to_owned(),
        })
    }
}

pub(super) fn is_region(text: &str) -> bool {
    let Some((area, rest)) = text.split_once('-') else { return false };
    let place = rest.trim_end_matches(|last: char| last.is_ascii_digit());
    consists(area, 2, 16, |byte| byte.is_ascii_lowercase())
        && DIRECTIONS.contains(&place)
        && (1..=2).contains(&(rest.len() - place.len()))
}

fn check(text: &str, must: &'static str) -> Result<(), Invalid> {
    let multi = ["global", "us", "eu"].contains(&text);
    if is_region(text) || (multi && must == LOCATION) {
        return Ok(());
    }
    let invalid = Invalid::new(must);
    if multi {
        return Err(invalid.why("it is no single region"));
    }
    if let Some((region, zone)) = text.rsplit_once('-')
        && zone.len() == 1
        && is_region(region)
    {
        return Err(invalid.why("it is a zone").did_you_mean(region));
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
    // The distance is quadratic.
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
    fn a_location_is_a_region_or_more_than_one() {
        for good in ["global", "us", "eu", "us-east5", "northamerica-northeast1", "me-west1"] {
            good.parse::<VertexLocation>().unwrap();
        }
        for region in KNOWN {
            region.parse::<DataLocation>().unwrap();
        }
        for bad in ["", "US", "us-", "us-east", "europe", "us-east123", "-east1"] {
            bad.parse::<VertexLocation>().unwrap_err();
        }
        assert!("eu".parse::<DataLocation>().unwrap_err().why.is_some());
    }

    #[test]
    fn what_is_nearly_a_region_is_answered_with_it() {
        for (text, wanted) in [
            ("us-east5-a", "us-east5"),
            ("us-east-5", "us-east5"),
            ("US_CENTRAL1", "us-central1"),
            ("europe-wst1", "europe-west1"),
        ] {
            let hint = text.parse::<VertexLocation>().unwrap_err().hint;
            assert_eq!(hint, Some(format!("did you mean `{wanted}`?")), "{text}");
        }
    }

    #[test]
    fn each_location_has_a_region_for_what_is_stored() {
        for (text, data) in [
            ("global", "us-central1"),
            ("us", "us-central1"),
            ("eu", "europe-west1"),
            ("us-east5", "us-east5"),
        ] {
            let location: VertexLocation = text.parse().unwrap();
            assert_eq!(location.data_location().as_str(), data);
            assert_eq!(location.is_region(), location.multi_region().is_some());
        }
        assert_eq!("asia-east1".parse::<VertexLocation>().unwrap().multi_region(), None);
    }
}
