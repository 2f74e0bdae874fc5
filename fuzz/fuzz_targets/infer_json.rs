//! Infer requests in JSON: whatever the bytes are, they are read or refused, and what was read is read again the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use modeldeck_fuzz::deploy::http::v2::parse_infer;
use modeldeck_fuzz::{again, ports};

fuzz_target!(|data: &[u8]| {
    let Some((choice, body)) = data.split_first() else { return };
    let ports = ports::of(*choice);
    if let Ok(infer) = parse_infer(None, body, &ports) {
        again::holds(infer, &ports);
    }
});
