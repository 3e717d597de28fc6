//! Refreshing access tokens: which process is asking for the next one.

use sea_orm_migration::prelude::*;

crate::migration!();

const UP: &[&str] = &["ALTER TABLE secrets ADD COLUMN claimed_until {time}"];
