#![no_main]
#![allow(dead_code, reason = "one entry of many")]

#[path = "../../tests/hostile/dice.rs"]
mod dice;
#[path = "../../tests/hostile/entries.rs"]
mod entries;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| entries::services(bytes));
