//! Numbers with bounds, for `deserialize_with`.

use std::{fmt, marker::PhantomData};

use serde::de::{Deserializer, Error, Unexpected, Visitor};

/// A whole number from `MIN` to `MAX`, which fit `T`.
pub(super) fn whole<'de, D, T, const MIN: u32, const MAX: u32>(from: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<u32>,
{
    from.deserialize_u32(Whole::<T, MIN, MAX>(PhantomData))
}

/// [`whole`], for a key that may be left out.
pub(super) fn optional_whole<'de, D, T, const MIN: u32, const MAX: u32>(
    from: D,
) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<u32>,
{
    whole::<D, T, MIN, MAX>(from).map(Some)
}

/// A number from 0 to `MAX`.
pub(super) fn up_to<'de, D: Deserializer<'de>, const MAX: u32>(from: D) -> Result<f64, D::Error> {
    from.deserialize_f64(UpTo::<MAX>)
}

/// [`up_to`], for a key that may be left out.
pub(super) fn optional_up_to<'de, D: Deserializer<'de>, const MAX: u32>(
    from: D,
) -> Result<Option<f64>, D::Error> {
    up_to::<D, MAX>(from).map(Some)
}

struct Whole<T, const MIN: u32, const MAX: u32>(PhantomData<T>);

impl<T: TryFrom<u32>, const MIN: u32, const MAX: u32> Visitor<'_> for Whole<T, MIN, MAX> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a whole number from {MIN} to {MAX}")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<T, E> {
        let within = u32::try_from(number).ok().filter(|number| (MIN..=MAX).contains(number));
        within
            .and_then(|number| T::try_from(number).ok())
            .ok_or_else(|| E::invalid_value(Unexpected::Unsigned(number), &self))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<T, E> {
        match u64::try_from(number) {
            Ok(number) => self.visit_u64(number),
            Err(_) => Err(E::invalid_value(Unexpected::Signed(number), &self)),
        }
    }
}

struct UpTo<const MAX: u32>;

impl<const MAX: u32> Visitor<'_> for UpTo<MAX> {
    type Value = f64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a number from 0 to {MAX}")
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<f64, E> {
        // Not a number is in no range.
        if (0.0..=f64::from(MAX)).contains(&number) {
            Ok(number)
        } else {
            Err(E::invalid_value(Unexpected::Float(number), &self))
        }
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<f64, E> {
        match u32::try_from(number) {
            Ok(small) if small <= MAX => Ok(f64::from(small)),
            _ => Err(E::invalid_value(Unexpected::Unsigned(number), &self)),
        }
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<f64, E> {
        match u64::try_from(number) {
            Ok(number) => self.visit_u64(number),
            Err(_) => Err(E::invalid_value(Unexpected::Signed(number), &self)),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::de::value::{Error as Plain, F64Deserializer, I64Deserializer, U64Deserializer};

    use super::*;

    #[test]
    fn a_whole_number_has_bounds() {
        let of = |number| {
            whole::<U64Deserializer<Plain>, i32, 2, 5>(U64Deserializer::new(number))
                .map_err(|error| error.to_string())
        };
        assert_eq!(of(2), Ok(2));
        assert_eq!(of(5), Ok(5));
        let wanted = "invalid value: integer `6`, expected a whole number from 2 to 5";
        assert_eq!(of(6), Err(wanted.to_owned()));
        of(u64::MAX).unwrap_err();
        whole::<I64Deserializer<Plain>, i32, 0, 5>(I64Deserializer::new(-1)).unwrap_err();
    }

    #[test]
    fn a_share_is_a_number_and_nothing_else() {
        let of = |number| up_to::<F64Deserializer<Plain>, 1>(F64Deserializer::new(number));
        for good in [0.0, 0.5, 1.0] {
            of(good).unwrap();
        }
        for bad in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
            of(bad).unwrap_err();
        }
    }
}
