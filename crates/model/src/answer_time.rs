//! How long our own answers took, as a small histogram: exact times of every request would cost more than they tell.

use std::time::Duration;

/// The upper bounds of all buckets but the last, which has none, in milliseconds. Intercom lowers the priority of
/// endpoints that take more than 500, and gives up after 5,000.
pub const ANSWER_BOUNDS_MS: [u16; 10] = [5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000];

/// One of the histogram's buckets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AnswerBucket(u8);

impl AnswerBucket {
    /// The bucket of a time; a bound belongs to the bucket it ends.
    #[must_use]
    pub fn of(took: Duration) -> Self {
        let within = |bound: &u16| took <= Duration::from_millis(u64::from(*bound));
        let at = ANSWER_BOUNDS_MS.iter().position(within);
        let at = at.unwrap_or(ANSWER_BOUNDS_MS.len());
        Self(u8::try_from(at).unwrap_or(u8::MAX))
    }

    /// Its number as it is stored, from 0.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }

    /// The bucket of a stored number; `None` for one that there is not.
    #[must_use]
    pub fn from_number(number: i32) -> Option<Self> {
        let number = u8::try_from(number).ok()?;
        (usize::from(number) <= ANSWER_BOUNDS_MS.len()).then_some(Self(number))
    }

    /// What its times do not exceed, in milliseconds; `None` for the last, whose times are longer than every bound.
    #[must_use]
    pub fn bound_ms(self) -> Option<u16> {
        ANSWER_BOUNDS_MS.get(usize::from(self.0)).copied()
    }
}

/// How many answers fell into each bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AnswerTimes([u64; ANSWER_BOUNDS_MS.len() + 1]);

impl AnswerTimes {
    /// Counts answers.
    pub fn add(&mut self, bucket: AnswerBucket, answers: u64) {
        if let Some(count) = self.0.get_mut(usize::from(bucket.0)) {
            *count = count.saturating_add(answers);
        }
    }

    /// All answers.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0
            .iter()
            .fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// The bucket in which the time lies that so many of a hundred answers did not exceed; `None` without any answer.
    #[must_use]
    pub fn percentile(&self, percent: u8) -> Option<AnswerBucket> {
        let rank = (u128::from(self.total()) * u128::from(percent.min(100))).div_ceil(100);
        let mut seen = 0_u128;
        (0..).zip(self.0).find_map(|(number, count)| {
            seen += u128::from(count);
            (count > 0 && seen >= rank).then_some(AnswerBucket(number))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(ms: u64) -> AnswerBucket {
        AnswerBucket::of(Duration::from_millis(ms))
    }

    #[test]
    fn a_bound_belongs_to_the_bucket_it_ends() {
        let bound = |ms| bucket(ms).bound_ms();
        assert_eq!((bound(0), bound(5), bound(6)), (Some(5), Some(5), Some(10)));
        assert_eq!((bound(500), bound(501)), (Some(500), Some(1000)));
        assert_eq!((bound(5000), bound(5001)), (Some(5000), None));
        for number in 0..=10 {
            let known = AnswerBucket::from_number(number).map(AnswerBucket::number);
            assert_eq!(known.map(i32::from), Some(number));
        }
        assert_eq!(AnswerBucket::from_number(11), None);
        assert_eq!(AnswerBucket::from_number(-1), None);
    }

    #[test]
    fn percentiles_are_the_bucket_that_reaches_the_share() {
        let mut times = AnswerTimes::default();
        assert_eq!(times.percentile(50), None);
        times.add(bucket(4), 98);
        times.add(bucket(300), 1);
        times.add(bucket(9000), 1);
        assert_eq!(times.total(), 100);
        let of = |percent| times.percentile(percent).map(AnswerBucket::bound_ms);
        assert_eq!(of(0), Some(Some(5)));
        assert_eq!(of(50), Some(Some(5)));
        assert_eq!(of(98), Some(Some(5)));
        assert_eq!(of(99), Some(Some(500)));
        assert_eq!(of(100), Some(None));
        let mut one = AnswerTimes::default();
        one.add(bucket(60), 1);
        assert_eq!(one.percentile(1), Some(bucket(60)));
        assert_eq!(one.percentile(99), Some(bucket(60)));
    }
}
