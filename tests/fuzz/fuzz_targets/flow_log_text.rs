#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| natwise_fuzz::flow_log_text(data));
