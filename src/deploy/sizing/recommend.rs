//! From measured settings to what to do.

use super::{Point, Setting, Target};
use crate::deploy::machine::Machine;

/// A setting should carry this many times the target, so that a busy moment does not fill the queue.
pub const MARGIN: f64 = 1.25;

/// What to do.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Advice {
    /// The setting to use; `None` when none will do.
    pub setting: Option<Setting>,
    /// Whether the target is reached with it; without a target it is.
    pub reached: bool,
    /// Memory it took, bytes.
    pub peak_bytes: Option<u64>,
    /// Share of this machine's cores that it keeps busy at the target, 0 to 1.
    pub share_of_cores: Option<f64>,
    /// Cores it would take, where this machine has too few.
    pub cores_needed: Option<usize>,
    /// The same in words.
    pub sentence: String,
}

fn described(setting: &Setting) -> String {
    let plural = |n: usize| if n == 1 { "" } else { "s" };
    format!(
        "{} worker{} with {} thread{} each, batches of up to {} row{}",
        setting.workers,
        plural(setting.workers),
        setting.threads,
        plural(setting.threads),
        setting.max_batch,
        plural(setting.max_batch),
    )
}

/// The setting that reaches the target with the fewest cores, then the least memory, then the shortest latency; where
/// none does, what it would take.
pub fn advise(points: &[Point], target: Target, machine: Machine) -> Advice {
    let quick = |p: &&Point| target.p95_ms.is_none_or(|most| p.p95_ms <= most);
    let strong = |p: &&Point| target.requests_per_second.is_none_or(|asked| p.requests_per_second >= asked * MARGIN);
    let thrift = |a: &&Point, b: &&Point| {
        a.setting
            .cores()
            .cmp(&b.setting.cores())
            .then(a.peak_bytes.cmp(&b.peak_bytes))
            .then(a.p95_ms.total_cmp(&b.p95_ms))
    };
    let most = |a: &&Point, b: &&Point| a.requests_per_second.total_cmp(&b.requests_per_second);
    let aimless = target.requests_per_second.is_none() && target.p95_ms.is_none();
    let found = if aimless {
        points.iter().max_by(most)
    } else if target.requests_per_second.is_none() {
        points.iter().filter(quick).max_by(most)
    } else {
        points.iter().filter(quick).filter(strong).min_by(thrift)
    };
    if let Some(point) = found {
        return reached(point, target, machine);
    }
    if points.is_empty() {
        let sentence = "Nothing was measured.".to_owned();
        return nothing(sentence, None);
    }
    if let Some(asked) = target.requests_per_second
        && let Some(best) = points.iter().filter(quick).max_by(most)
    {
        // Workers share nothing but memory, so that carrying capacity grows with cores.
        let per_core = best.requests_per_second / best.setting.cores().max(1) as f64;
        let cores = (asked * MARGIN / per_core.max(1e-9)).ceil() as usize;
        let sentence = format!(
            "This machine carries {:.0} requests a second at most ({}). For {asked:.0} with a quarter to spare it \
             would take about {cores} such cores and {} MiB for the model.",
            best.requests_per_second,
            described(&best.setting),
            (best.peak_bytes / best.setting.workers.max(1) as u64 * cores as u64) >> 20,
        );
        return Advice {
            setting: Some(best.setting),
            peak_bytes: Some(best.peak_bytes),
            ..nothing(sentence, Some(cores))
        };
    }
    let fastest = points.iter().map(|p| p.p95_ms).fold(f64::INFINITY, f64::min);
    let sentence = format!(
        "No setting answers 95 of 100 requests within {:.1} ms; the quickest took {fastest:.1} ms. More cores do not \
         shorten that: send fewer rows in a request, or take a smaller model.",
        target.p95_ms.unwrap_or_default(),
    );
    nothing(sentence, None)
}

fn nothing(sentence: String, cores_needed: Option<usize>) -> Advice {
    Advice { setting: None, reached: false, peak_bytes: None, share_of_cores: None, cores_needed, sentence }
}

fn reached(point: &Point, target: Target, machine: Machine) -> Advice {
    let at = target.requests_per_second.unwrap_or(point.requests_per_second);
    let busy = at / point.requests_per_second.max(1e-9) * point.setting.cores() as f64;
    let share = (busy / machine.cores.max(1) as f64).min(1.0);
    let aim = match (target.requests_per_second, target.p95_ms) {
        (Some(rate), Some(ms)) => format!("For {rate:.0} requests a second with p95 under {ms} ms"),
        (Some(rate), None) => format!("For {rate:.0} requests a second"),
        (None, Some(ms)) => format!("For p95 under {ms} ms"),
        (None, None) => "For the most requests a second".to_owned(),
    };
    let sentence = format!(
        "{aim}: {}. They carried {:.0} requests a second; at {:.0} the p95 was {:.2} ms. That takes {} MiB and {:.0} % \
         of this machine's {} cores.",
        described(&point.setting),
        point.requests_per_second,
        point.load,
        point.p95_ms,
        point.peak_bytes >> 20,
        share * 100.0,
        machine.cores,
    );
    Advice {
        setting: Some(point.setting),
        reached: true,
        peak_bytes: Some(point.peak_bytes),
        share_of_cores: Some(share),
        cores_needed: None,
        sentence,
    }
}
