//! 16-bit decimal numbers (IEEE 754 binary16) as their bits.

/// The smallest number that rounds to infinity instead of to the largest finite one, 65504.
const TOO_LARGE: f64 = 65520.0;

/// The number that these bits stand for.
pub fn to_f32(bits: u16) -> f32 {
    let mantissa = f32::from(bits & 0x3ff);
    let size = match (bits >> 10) & 0x1f {
        0 => mantissa * 2_f32.powi(-24),
        31 if mantissa == 0.0 => f32::INFINITY,
        31 => f32::NAN,
        exponent => (1024.0 + mantissa) * 2_f32.powi(i32::from(exponent) - 25),
    };
    if bits & 0x8000 == 0 { size } else { -size }
}

/// The bits of the nearest number, ties to even; `None` where the nearest one is infinite.
pub fn from_f64(x: f64) -> Option<u16> {
    let sign = if x.is_sign_negative() { 0x8000 } else { 0 };
    let size = x.abs();
    if size.is_nan() {
        return Some(sign | 0x7e00);
    }
    if size >= TOO_LARGE {
        return None;
    }
    // A mantissa that rounds up to 1024 or 2048 carries into the exponent by plain addition.
    let bits = if size < 2_f64.powi(-14) {
        (size * 2_f64.powi(24)).round_ties_even() as u16
    } else {
        let exponent = ((size.to_bits() >> 52) & 0x7ff) as i32 - 1023;
        let mantissa = (size * 2_f64.powi(10 - exponent)).round_ties_even() as u16;
        (((exponent + 15) as u16) << 10) + (mantissa - 1024)
    };
    Some(sign | bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_comes_back_from_its_own_bits() {
        for bits in 0..=u16::MAX {
            let x = to_f32(bits);
            if x.is_finite() {
                assert_eq!(from_f64(f64::from(x)), Some(bits), "{bits:#06x} = {x}");
            }
        }
    }

    #[test]
    fn rounding_goes_to_the_even_neighbour_and_never_to_infinity() {
        assert_eq!(from_f64(1.0), Some(0x3c00));
        assert_eq!(from_f64(1.0 + 2_f64.powi(-11)), Some(0x3c00));
        assert_eq!(from_f64(1.0 + 3.0 * 2_f64.powi(-11)), Some(0x3c02));
        assert_eq!(from_f64(65519.9), Some(0x7bff));
        assert_eq!(from_f64(65520.0), None);
        assert_eq!(from_f64(f64::NEG_INFINITY), None);
        assert_eq!(from_f64(2_f64.powi(-25)), Some(0));
        assert_eq!(from_f64(-1.5 * 2_f64.powi(-24)), Some(0x8002));
        assert!(to_f32(0x7e00).is_nan() && to_f32(0xfc00) == f32::NEG_INFINITY);
    }
}
