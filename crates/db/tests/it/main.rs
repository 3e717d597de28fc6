//! What is stored, on both databases: every query, the walls between tenants, and what happens side by side.
#![cfg(test)]

mod accounts;
mod actions;
mod answer_times;
mod audit;
mod connections;
mod conversations;
mod deliveries;
mod doctor;
mod erasures;
mod faults;
mod inbox;
mod insights;
mod jobs;
mod lanes;
mod oauth;
mod people;
mod products;
mod rate;
mod scrubs;
mod signal;
mod support;
mod tags;
mod tenancy;
mod tickets;
mod workspaces;
