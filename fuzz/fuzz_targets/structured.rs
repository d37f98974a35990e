#![no_main]

#[path = "../../tests/hostile/dice.rs"]
mod dice;
#[path = "../../tests/hostile/entries.rs"]
mod entries;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| entries::structured(bytes));
