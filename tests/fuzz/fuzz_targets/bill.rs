#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| natwise_fuzz::bill(data));
