//! How the conversations of tickets were answered: by reply time and by team.

use super::percent;
use chrono::TimeDelta;
use earmark_db::tenant::{AnsweredTalk, Connection};
use earmark_model::ConnectionId;
use std::collections::BTreeMap;

/// The longest time to a reply that a bucket holds, and how it is called.
const BUCKETS: [(TimeDelta, &str); 5] = [
    (TimeDelta::minutes(15), "Within 15 minutes"),
    (TimeDelta::hours(1), "Within an hour"),
    (TimeDelta::hours(4), "Within 4 hours"),
    (TimeDelta::days(1), "Within a day"),
    (TimeDelta::days(3), "Within 3 days"),
];

/// Conversations that were answered in about the same time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    /// The time in words.
    pub label: &'static str,
    /// How many.
    pub talks: i64,
}

/// The conversations of one team.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TeamLine {
    /// Its connection; `None` for the conversations that no team has.
    pub connection: Option<ConnectionId>,
    /// The team's name; `None` for those that no team has.
    pub name: Option<String>,
    /// Tickets of its conversations.
    pub tickets: i64,
    /// Its conversations.
    pub talks: i64,
    /// Those that a teammate replied to.
    pub answered: i64,
    /// The time to the first reply that half of them had at most.
    pub median: Option<TimeDelta>,
}

/// How conversations were answered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Replies {
    /// Conversations by time to the first reply, the quickest first.
    pub buckets: Vec<Bucket>,
    /// By team, the most tickets first.
    pub teams: Vec<TeamLine>,
    /// All conversations.
    pub talks: i64,
    /// Those that a teammate replied to.
    pub answered: i64,
    /// Those whose thread does not tell: it was deleted, or is not copied yet.
    pub unknown: i64,
    /// The time to the first reply that half of those with one had at most.
    pub median: Option<TimeDelta>,
    /// Whether there are more conversations than were looked at.
    pub is_cut: bool,
}

#[derive(Default)]
struct Team {
    name: Option<String>,
    tickets: i64,
    talks: i64,
    times: Vec<TimeDelta>,
}

impl Replies {
    /// Of up to `most` conversations; one more tells that there are more.
    pub(super) fn of(mut talks: Vec<AnsweredTalk>, most: usize) -> Self {
        let is_cut = talks.len() > most;
        talks.truncate(most);
        let (mut times, mut unknown, mut waiting) = (Vec::new(), 0, 0);
        let mut teams: BTreeMap<Option<(ConnectionId, String)>, Team> = BTreeMap::new();
        let all = talks.len() as i64;
        for talk in talks {
            let AnsweredTalk {
                connection_id,
                tickets,
                team_id,
                team_name,
                asked_at,
                replied_at,
            } = talk;
            let name = team_id.as_ref().map(|id| format!("Team {id}"));
            let key = team_id.map(|id| (ConnectionId(connection_id), id));
            let team = teams.entry(key).or_default();
            team.name = team_name.or(name);
            team.tickets += tickets;
            team.talks += 1;
            match (asked_at, replied_at) {
                (None, _) => unknown += 1,
                (Some(_), None) => waiting += 1,
                (Some(asked), Some(replied)) => {
                    times.push(replied - asked);
                    team.times.push(replied - asked);
                }
            }
        }
        let mut teams: Vec<TeamLine> = teams.into_iter().map(TeamLine::of).collect();
        teams.sort_by_key(|team| std::cmp::Reverse(team.tickets));
        Self {
            buckets: buckets(&times, waiting, unknown),
            teams,
            talks: all,
            answered: times.len() as i64,
            unknown,
            median: median(times),
            is_cut,
        }
    }

    pub(super) fn part(&self, count: &i64) -> i64 {
        let most = self.buckets.iter().map(|bucket| bucket.talks).max();
        percent(*count, most.unwrap_or_default())
    }

    pub(super) fn team_part(&self, count: &i64) -> i64 {
        let most = self.teams.iter().map(|team| team.tickets).max();
        percent(*count, most.unwrap_or_default())
    }

    /// Names the connection of each team, where there are several.
    pub(super) fn tell_apart(&mut self, connections: &[Connection]) {
        for team in &mut self.teams {
            let of = connections
                .iter()
                .find(|one| Some(one.id) == team.connection);
            if let (Some(of), Some(name)) = (of.filter(|_| connections.len() > 1), &mut team.name) {
                *name = format!("{name}, {}", of.name);
            }
        }
    }

    /// Whether any conversation is a team's.
    pub(super) fn has_teams(&self) -> bool {
        self.teams.iter().any(|team| team.name.is_some())
    }

    pub(super) fn median_words(&self) -> String {
        wait_words(self.median.as_ref())
    }

    /// The reply times in a sentence.
    pub(super) fn finding(&self) -> String {
        match (self.talks, self.answered) {
            (0, _) => "No conversation made a ticket.".to_owned(),
            (_, 0) => "No reply by a teammate is known.".to_owned(),
            _ => format!(
                "Half of the conversations with a reply had it within {}.",
                self.median_words()
            ),
        }
    }
}

impl TeamLine {
    fn of((key, team): (Option<(ConnectionId, String)>, Team)) -> Self {
        let Team {
            name,
            tickets,
            talks,
            times,
        } = team;
        Self {
            connection: key.map(|(connection, _)| connection),
            name,
            tickets,
            talks,
            answered: times.len() as i64,
            median: median(times),
        }
    }

    pub(super) fn shown_name(&self) -> &str {
        self.name.as_deref().unwrap_or("No team")
    }

    pub(super) fn median_words(&self) -> String {
        wait_words(self.median.as_ref())
    }
}

fn buckets(times: &[TimeDelta], waiting: i64, unknown: i64) -> Vec<Bucket> {
    let mut from = TimeDelta::MIN;
    let mut all: Vec<Bucket> = Vec::new();
    let mut add = |label, talks| all.push(Bucket { label, talks });
    for (most, label) in BUCKETS {
        let fits = |time: &&TimeDelta| **time > from && **time <= most;
        add(label, times.iter().filter(fits).count() as i64);
        from = most;
    }
    let later = times.iter().filter(|time| **time > from).count();
    add("Later", later as i64);
    add("No reply yet", waiting);
    if unknown > 0 {
        add("Not known", unknown);
    }
    all
}

/// The lower one of the two in the middle, when their number is even.
fn median(mut times: Vec<TimeDelta>) -> Option<TimeDelta> {
    times.sort_unstable();
    let middle = times.len().checked_sub(1)? / 2;
    times.get(middle).copied()
}

/// How long somebody waited, in words.
fn wait_words(wait: Option<&TimeDelta>) -> String {
    let Some(wait) = wait else {
        return "Unknown".to_owned();
    };
    let minutes = wait.num_minutes();
    match minutes {
        ..1 => "a minute".to_owned(),
        1..60 => format!("{minutes} min"),
        60..2_880 => format!("{} h {} min", minutes / 60, minutes % 60),
        _ => format!("{} d {} h", minutes / 1_440, minutes % 1_440 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{DateTime, Utc};

    const CONNECTION: &str = "00000000-0000-7000-8000-000000000001";
    const OTHER: &str = "00000000-0000-7000-8000-000000000002";

    fn talk(team: Option<&str>, minutes: Option<i64>) -> AnsweredTalk {
        let asked = DateTime::<Utc>::UNIX_EPOCH;
        AnsweredTalk {
            connection_id: CONNECTION.parse::<ConnectionId>().unwrap().0,
            tickets: 2,
            team_id: team.map(str::to_owned),
            team_name: team.filter(|id| *id == "7").map(|_| "Ledger".to_owned()),
            asked_at: Some(asked),
            replied_at: minutes.map(|minutes| asked + TimeDelta::minutes(minutes)),
        }
    }

    #[test]
    fn replies_are_sorted_by_time_and_team() {
        let gone = AnsweredTalk {
            asked_at: None,
            ..talk(None, None)
        };
        let talks = vec![
            talk(Some("7"), Some(5)),
            talk(Some("7"), Some(15)),
            talk(Some("7"), Some(16)),
            talk(Some("8"), Some(10_000)),
            talk(None, None),
            gone,
        ];
        assert!(Replies::of(talks.clone(), 5).is_cut);
        assert_eq!(Replies::of(talks.clone(), 5).talks, 5);
        let replies = Replies::of(talks, 6);
        let counts: Vec<_> = replies.buckets.iter().map(|bucket| bucket.talks).collect();
        assert_eq!(counts, [2, 1, 0, 0, 0, 1, 1, 1]);
        assert_eq!(
            (replies.talks, replies.answered, replies.unknown),
            (6, 4, 1)
        );
        assert_eq!(replies.median, Some(TimeDelta::minutes(15)));
        assert!(!replies.is_cut, "all were looked at");
        let teams: Vec<_> = replies
            .teams
            .iter()
            .map(|team| (team.shown_name(), team.tickets, team.answered))
            .collect();
        assert_eq!(
            teams,
            [("Ledger", 6, 3), ("No team", 4, 0), ("Team 8", 2, 1)]
        );
        assert_eq!(replies.teams[2].median_words(), "6 d 22 h");
        let elsewhere = AnsweredTalk {
            connection_id: OTHER.parse::<ConnectionId>().unwrap().0,
            ..talk(Some("8"), Some(5))
        };
        let apart = Replies::of(vec![talk(Some("8"), Some(5)), elsewhere], 9);
        assert_eq!(
            apart.teams.len(),
            2,
            "two connections' teams have the same id"
        );
        assert_eq!(replies.teams[1].median_words(), "Unknown");
    }
}
