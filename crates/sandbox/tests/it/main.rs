//! The sandbox over real HTTP.

#[cfg(test)]
mod api;
#[cfg(test)]
mod apps;
#[cfg(test)]
mod common;
#[cfg(test)]
mod companies;
#[cfg(test)]
mod conformance;
#[cfg(test)]
mod consent;
#[cfg(test)]
mod contacts;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod generated;
#[cfg(test)]
mod oauth;
#[cfg(test)]
mod page;
#[cfg(test)]
mod search;
#[cfg(test)]
mod webhooks;
