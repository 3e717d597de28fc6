//! Notices a list that goes in circles, without remembering every place.

use super::Position;

/// Compares each place with the one before and with an older one that is renewed at every power of two (Brent's
/// method): a circle of any length is noticed within a few rounds.
#[derive(Default)]
pub(super) struct Guard {
    anchor: Option<Position>,
    steps: u64,
    /// The id that the page before began with; a scroll is named the same from page to page.
    began_with: Option<String>,
}

impl Guard {
    /// Whether going from `at` to `next` moves on. `first` is the id that the page just read begins with.
    pub(super) fn moves(
        &mut self,
        at: Option<&Position>,
        next: &Position,
        first: Option<String>,
    ) -> bool {
        let moved = match (at, next) {
            (_, Position::Scroll(_)) => first.is_none() || self.began_with != first,
            (Some(Position::Number(at)), Position::Number(next)) => next > at,
            (None, Position::Number(next)) => *next > 1,
            (at, next) => at != Some(next) && self.anchor.as_ref() != Some(next),
        };
        self.steps += 1;
        if self.steps.is_power_of_two() {
            self.anchor = Some(next.clone());
        }
        self.began_with = first;
        moved
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(places: impl IntoIterator<Item = Position>) -> usize {
        let mut guard = Guard::default();
        let mut at = None;
        let mut steps = 0;
        for next in places {
            if !guard.moves(at.as_ref(), &next, None) {
                break;
            }
            steps += 1;
            at = Some(next);
        }
        steps
    }

    #[test]
    fn circles_of_any_length_end() {
        for length in 1..40_usize {
            let steps = walk((0..).map(|n: usize| Position::Cursor((n % length).to_string())));
            assert!(steps <= 4 * length, "{length}: {steps}");
        }
        let line = (0..5_000_u32).map(|n| Position::Cursor(n.to_string()));
        assert_eq!(walk(line), 5_000);
    }

    #[test]
    fn page_numbers_only_rise() {
        assert_eq!(walk([2, 3, 4].map(Position::Number)), 3);
        assert_eq!(walk([1].map(Position::Number)), 0);
        assert_eq!(walk([2, 3, 3].map(Position::Number)), 2);
    }

    #[test]
    fn a_scroll_moves_while_its_pages_differ() {
        let mut guard = Guard::default();
        let place = Position::Scroll("s".into());
        let id = |text: &str| Some(text.to_owned());
        assert!(guard.moves(None, &place, id("a")));
        assert!(guard.moves(Some(&place), &place, id("b")));
        assert!(!guard.moves(Some(&place), &place, id("b")));
    }
}
