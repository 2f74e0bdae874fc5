//! Which version answers which request, as plain data.

use serde::{Deserialize, Serialize};

use super::settings::ServeSettings;

/// A version that answers a share of the requests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Canary {
    /// The version.
    pub version: String,
    /// Its share, above 0 and at most 1.
    pub share: f64,
}

/// Which version answers which request of a model.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Rollout {
    /// The version that answers requests that name none; `None` before the first promotion.
    pub champion: Option<String>,
    /// The champion's settings; a roll-back restores them. `None` leaves the version's as they are.
    pub settings: Option<ServeSettings>,
    /// The score from which the champion's answer counts as positive, for those who use the answers; the server gives
    /// scores as the model does.
    pub threshold: Option<f64>,
    /// Versions that answer a share instead of the champion.
    pub canaries: Vec<Canary>,
    /// Versions that see copies.
    pub shadows: Vec<String>,
    /// Makes the choice of requests for canaries another one, but the same each time.
    pub seed: u64,
}

impl Rollout {
    /// What is wrong with it; a sentence.
    pub fn problem(&self) -> Option<String> {
        let shares: f64 = self.canaries.iter().map(|canary| canary.share).sum();
        let champion = self.champion.as_deref();
        let twice = |name: &str| {
            let as_canary = self.canaries.iter().filter(|canary| canary.version == name).count();
            let as_shadow = self.shadows.iter().filter(|shadow| *shadow == name).count();
            as_canary + as_shadow + usize::from(champion == Some(name)) > 1
        };
        let named = self.canaries.iter().map(|c| &c.version).chain(&self.shadows);
        if self.canaries.iter().any(|canary| !(canary.share > 0.0 && canary.share <= 1.0)) {
            Some("A canary's share lies above 0 and is at most 1.".to_owned())
        } else if shares > 1.0 + 1e-9 {
            Some("The canaries' shares are more than 1 together. Lower one of them.".to_owned())
        } else if let Some(name) = named.into_iter().find(|name| twice(name)) {
            Some(format!("Version “{name}” has two parts in the rollout. Give it one."))
        } else if champion.is_none() && !(self.canaries.is_empty() && self.shadows.is_empty()) {
            Some("Canaries and shadows need a champion beside them. Promote a version first.".to_owned())
        } else if self.threshold.is_some_and(|threshold| !threshold.is_finite()) {
            Some("A threshold is a finite number.".to_owned())
        } else {
            self.settings
                .as_ref()
                .and_then(|settings| settings.problems().into_iter().next())
                .map(|(field, why)| format!("The setting {field} cannot be used. {why}."))
        }
    }

    /// The canary for a request; `None` is the champion's. `request` counts the requests that were not sticky.
    ///
    /// A sticky id always goes to the same version as long as shares and their order stay; when only the last share
    /// grows, those it had stay with it. Other requests follow a Weyl sequence of the golden ratio (Weyl 1916), whose
    /// shares are exact to within a few requests however few there are.
    pub fn canary(&self, request: u64, sticky: Option<&str>) -> Option<&str> {
        let (first, ..) = self.canaries.split_first()?;
        let place = match sticky {
            Some(id) => hash(id, self.seed),
            None => request.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(mix(self.seed)),
        };
        let place = (place >> 11) as f64 / (1_u64 << 53) as f64;
        let mut end = 0.0;
        std::iter::once(first)
            .chain(self.canaries.iter().skip(1))
            .find(|canary| {
                end += canary.share;
                place < end
            })
            .map(|canary| canary.version.as_str())
    }
}

/// The finaliser of `SplitMix64` (Steele, Lea and Flood 2014).
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// FNV-1a (Fowler, Noll and Vo 1991) with a seed, its bits mixed once more because the highest ones are used.
fn hash(id: &str, seed: u64) -> u64 {
    let start = 0xCBF2_9CE4_8422_2325 ^ mix(seed);
    mix(id.bytes().fold(start, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rollout(shares: &[(&str, f64)]) -> Rollout {
        let canaries = shares.iter().map(|(v, share)| Canary { version: (*v).to_owned(), share: *share }).collect();
        Rollout { champion: Some("1".to_owned()), canaries, seed: 7, ..Rollout::default() }
    }

    #[test]
    fn shares_are_kept_and_stickiness_too() {
        let rollout = rollout(&[("2", 0.1), ("3", 0.25)]);
        for sticky in [false, true] {
            let mut counts = [0, 0, 0];
            for request in 0..20_000_u64 {
                let id = format!("customer {request}");
                let chosen = rollout.canary(request, sticky.then_some(id.as_str()));
                assert_eq!(chosen, rollout.canary(if sticky { 9 } else { request }, sticky.then_some(id.as_str())));
                counts[match chosen {
                    Some("2") => 1,
                    Some("3") => 2,
                    _ => 0,
                }] += 1;
            }
            let (two, three) = (f64::from(counts[1]) / 20_000.0, f64::from(counts[2]) / 20_000.0);
            let slack = if sticky { 0.01 } else { 0.001 };
            assert!((two - 0.1).abs() < slack && (three - 0.25).abs() < slack, "{sticky}: {counts:?}");
        }
    }

    #[test]
    fn a_growing_share_keeps_those_it_had() {
        let (small, large) = (rollout(&[("2", 0.1)]), rollout(&[("2", 0.5)]));
        for id in (0..2_000).map(|id| format!("c{id}")) {
            assert!(small.canary(0, Some(&id)).is_none() || large.canary(0, Some(&id)).is_some(), "{id}");
        }
    }

    #[test]
    fn what_cannot_be_rolled_out_is_said() {
        assert_eq!(rollout(&[("2", 0.5), ("3", 0.5)]).problem(), None);
        assert!(rollout(&[("2", 0.7), ("3", 0.5)]).problem().unwrap().contains("more than 1"));
        assert!(rollout(&[("2", f64::NAN)]).problem().unwrap().contains("above 0"));
        assert!(rollout(&[("1", 0.5)]).problem().unwrap().contains("two parts"));
        assert!(Rollout { champion: None, ..rollout(&[("2", 0.5)]) }.problem().unwrap().contains("champion"));
        let settings = Some(ServeSettings { workers: 0, ..ServeSettings::default() });
        assert!(Rollout { settings, ..rollout(&[]) }.problem().unwrap().contains("workers"));
    }
}
