//! The simulated server and kubectl's verbs through their public doors: the rules that the recorded histories never meet.

#![allow(clippy::unwrap_used, reason = "a test that cannot read its own data has failed")]

mod kubectl;
mod server;
