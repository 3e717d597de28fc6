//! The connect flow over real HTTP against the sandbox, on both databases.
#![cfg(test)]

mod answers;
mod flow;
mod problems;
mod refresh;
mod support;
