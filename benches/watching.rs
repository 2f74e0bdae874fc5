//! Whether the window stays smooth while 20,000 rows a second go through worker, capture and monitor.
//!
//! A replay of the flights runs at that rate while Deploy and Monitor are drawn sixty times a second. It tells the rate
//! that was kept and the time of the frames, tessellation included and rendering not.

#![expect(clippy::unwrap_used, reason = "a bench that fails says so by panicking")]

#[path = "../tests/common/headless.rs"]
mod headless;
#[path = "../tests/common/listener.rs"]
mod listener;
#[path = "../tests/common/runtime.rs"]
mod runtime;

use std::io::Write as _;
use std::time::{Duration, Instant};

use headless::Headless;
use listener::{Listener, options};
use modeldeck::app::action::{Action, Panel};

const RATE: f64 = 20_000.0;
const SECONDS: u64 = 8;
const FRAME: Duration = Duration::from_micros(16_667);

fn percentile(sorted: &[Duration], share: f64) -> f64 {
    let at = ((sorted.len() - 1) as f64 * share).round() as usize;
    sorted.get(at).map_or(f64::NAN, |d| d.as_secs_f64() * 1_000.0)
}

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let mut listener = Listener::open(options(folder.path(), runtime::runtime(), true));
    listener.samples();
    let run = listener.validate_flights();
    listener.deploy_year(&run, Some(RATE));
    listener.until("the deployment", |s| s.deployments.iter().any(|d| d.live));
    let mut window = Headless::over(listener.backend);
    let mut out = std::io::stdout();
    for panel in [Panel::Deploy, Panel::Monitor] {
        window.act(Action::GoTo(panel));
        window.frame();
        let answered = |w: &Headless| w.app.live().stats.values().map(|s| s.rows_answered).sum::<u64>();
        let (began, before) = (Instant::now(), answered(&window));
        let mut frames = Vec::new();
        while began.elapsed() < Duration::from_secs(SECONDS / 2) {
            let frame = Instant::now();
            window.frame();
            frames.push(frame.elapsed());
            std::thread::sleep(FRAME.saturating_sub(frame.elapsed()));
        }
        let rate = (answered(&window) - before) as f64 / began.elapsed().as_secs_f64();
        frames.sort();
        writeln!(
            out,
            "{}: {rate:.0} rows a second of {RATE}; {} frames, median {:.2} ms, p99 {:.2} ms, longest {:.2} ms",
            panel.name(),
            frames.len(),
            percentile(&frames, 0.5),
            percentile(&frames, 0.99),
            percentile(&frames, 1.0),
        )
        .unwrap();
    }
    window.close();
}
