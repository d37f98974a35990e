//! The server's dialect through its public doors: scenarios as data, laws, and what a real server answered.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test that cannot read its own data has failed")]

mod laws;
mod recorded;
mod scenarios;
