//! The sandbox over real HTTP.

#[cfg(test)]
mod api;
#[cfg(test)]
mod apps;
#[cfg(test)]
mod common;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod oauth;
#[cfg(test)]
mod page;
#[cfg(test)]
mod webhooks;
