//! Strategic merge patches through the public API: worked examples, and laws.

#![allow(clippy::unwrap_used, reason = "helpers of tests are not seen as tests")]

mod laws;
mod scenarios;
