//! Infer requests with binary tensors: the first bytes choose the model and the length of the JSON part.

#![no_main]

use libfuzzer_sys::fuzz_target;
use modeldeck_fuzz::deploy::http::v2::parse_infer;
use modeldeck_fuzz::{again, ports};

fuzz_target!(|data: &[u8]| {
    let Some(([choice, low, high], body)) = data.split_first_chunk::<3>() else { return };
    let ports = ports::of(*choice);
    let length = usize::from(u16::from_le_bytes([*low, *high]));
    // The length that fits is hard to guess, so the end of the JSON part is tried as well.
    let json_end = body.windows(3).position(|end| end == b"]}\n").map(|at| at + 2);
    for length in [Some(length), Some(0), json_end] {
        if let Ok(infer) = parse_infer(length, body, &ports) {
            again::holds(infer, &ports);
        }
    }
});
