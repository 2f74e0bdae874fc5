//! The time of one frame of each panel, tessellation included, with the full year of the flights streamed.
//!
//! The goal is a median under 4 ms. No renderer is in it: what a graphics card or a software rasteriser does with
//! the triangles depends on the machine, not on us.

#![expect(clippy::unwrap_used, reason = "a bench that fails says so by panicking")]

#[path = "../tests/common/headless.rs"]
mod headless;
#[path = "../tests/common/listener.rs"]
mod listener;
#[path = "../tests/common/runtime.rs"]
mod runtime;

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use headless::Headless;
use listener::{Listener, options};
use modeldeck::app::action::{Action, Panel};
use modeldeck::backend::Backend;

fn frames(c: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let mut listener = Listener::open(options(folder.path(), runtime::runtime(), true));
    listener.samples();
    let run = listener.validate_flights();
    listener.deploy_year(&run, None);
    listener.end_of_stream();
    listener.close();

    let mut window = Headless::over(Backend::start(options(folder.path(), runtime::runtime(), false)).unwrap());
    let until = Instant::now() + Duration::from_secs(20);
    while window.app.state().deployments.is_empty() && Instant::now() < until {
        window.frame();
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(!window.app.state().deployments.is_empty(), "the kept year did not come");

    let mut group = c.benchmark_group("frame");
    for panel in Panel::ALL {
        window.act(Action::GoTo(panel));
        // Cards find their height in the first frames.
        for _ in 0..10 {
            window.frame();
        }
        group.bench_function(panel.name(), |b| b.iter(|| black_box(window.frame())));
    }
    group.finish();
    window.close();
}

criterion_group!(benches, frames);
criterion_main!(benches);
