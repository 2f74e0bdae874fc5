//! A small generator whose stream is the same everywhere, for resampling with a seed.

/// `SplitMix64` (Steele, Lea and Flood 2014): fast, and good enough for resampling.
#[derive(Clone, Debug)]
pub struct SplitMix64(u64);

impl SplitMix64 {
    /// A generator from a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 random bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number from 0 up to, not including, 1.
    pub fn unit(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A standard normal number, after Box and Muller (1958).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// A whole number below `n`; 0 when `n` is 0.
    pub fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.next_u64()) * n as u128) >> 64) as usize
    }

    /// How often a row is drawn in a Poisson bootstrap: Poisson with mean 1, by inversion.
    pub fn poisson_one(&mut self) -> u32 {
        let u = self.unit();
        let (mut term, mut sum, mut k) = ((-1.0_f64).exp(), (-1.0_f64).exp(), 0);
        while u > sum && k < 20 {
            k += 1;
            term /= f64::from(k);
            sum += term;
        }
        k
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_is_the_published_one() {
        let mut random = SplitMix64::new(1234567);
        assert_eq!(random.next_u64(), 6457827717110365317);
        assert_eq!(random.next_u64(), 3203168211198807973);
    }

    #[test]
    fn normal_draws_have_mean_zero_and_variance_one() {
        let mut random = SplitMix64::new(3);
        let moments: crate::stats::moments::Moments = (0..100_000).map(|_| random.normal()).collect();
        assert!(moments.mean.abs() < 0.01 && (moments.variance().unwrap() - 1.0).abs() < 0.02, "{moments:?}");
    }

    #[test]
    fn poisson_draws_have_mean_one() {
        let mut random = SplitMix64::new(0);
        let sum: u32 = (0..100_000).map(|_| random.poisson_one()).sum();
        assert!((f64::from(sum) / 100_000.0 - 1.0).abs() < 0.02);
        assert!((0..1000).all(|_| random.below(7) < 7));
    }
}
