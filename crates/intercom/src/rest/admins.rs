//! The token's owner, teammates and teams.

use serde_json::json;

use super::tags::whole;
use crate::{Admin, Call, Client, Listing, Me, Team, operation::table as op, paging::Style};

impl Client {
    /// Who the token belongs to and in which Intercom workspace. Needs Read one admin or Read admins.
    pub fn me(&self) -> Call<Me> {
        self.call(self.to(&op::ME, &[]), Me::read)
    }

    /// All teammates. Needs Read admins.
    pub fn admins(&self) -> Call<Vec<Admin>> {
        let request = self.to(&op::ADMIN_LIST, &[]);
        let keys = &["admins", "data"];
        whole(&Listing::new(
            self,
            request,
            Style::Whole,
            0,
            keys,
            Admin::read,
        ))
    }

    /// One teammate. Needs Read admins.
    pub fn admin(&self, id: &str) -> Call<Admin> {
        self.call(self.to(&op::ADMIN_GET, &[id]), Admin::read)
    }

    /// Sets whether a teammate is away, and whether new replies then go to others. Needs Update admins.
    pub fn set_away(&self, admin_id: &str, away: bool, reassign: bool) -> Call<Admin> {
        let body = json!({"away_mode_enabled": away, "away_mode_reassign": reassign});
        let request = self.to(&op::ADMIN_AWAY, &[admin_id]).json(&body);
        self.call(request, Admin::read)
    }

    /// All teams. Needs Read admins.
    pub fn teams(&self) -> Call<Vec<Team>> {
        let request = self.to(&op::TEAM_LIST, &[]);
        let keys = &["teams", "data"];
        whole(&Listing::new(
            self,
            request,
            Style::Whole,
            0,
            keys,
            Team::read,
        ))
    }

    /// One team. Needs Read admins.
    pub fn team(&self, id: &str) -> Call<Team> {
        self.call(self.to(&op::TEAM_GET, &[id]), Team::read)
    }
}
