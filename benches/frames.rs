//! The time of one frame of each panel, tessellation included, with the full year of the flights streamed.
//!
//! The goal is a median under 4 ms. No renderer is in it: what a graphics card or a software rasteriser does with
//! the triangles depends on the machine, not on us.

#![expect(clippy::unwrap_used, reason = "a bench that fails says so by panicking")]

#[path = "../tests/common/listener.rs"]
mod listener;
#[path = "../tests/common/runtime.rs"]
mod runtime;

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use eframe::App as _;
use eframe::egui::{Context, Pos2, RawInput, Rect, vec2};
use listener::{Listener, options};
use modeldeck::app::App;
use modeldeck::app::action::{Action, Panel};
use modeldeck::app::dialogs::SystemDialogs;
use modeldeck::backend::Backend;

const SIZE: [f32; 2] = [1280.0, 800.0];

fn frame(ctx: &Context, app: &mut App, frame: &mut eframe::Frame, time: f64) -> usize {
    let input = RawInput {
        screen_rect: Some(Rect::from_min_size(Pos2::ZERO, vec2(SIZE[0], SIZE[1]))),
        time: Some(time),
        ..RawInput::default()
    };
    let mut output = ctx.run_ui(input, |ui| {
        app.logic(ui.ctx(), frame);
        app.ui(ui, frame);
    });
    output.textures_delta.clear();
    ctx.tessellate(output.shapes, output.pixels_per_point).len()
}

fn frames(c: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let mut listener = Listener::open(options(folder.path(), runtime::runtime(), true));
    listener.samples();
    let run = listener.validate_flights();
    listener.deploy_year(&run, None);
    listener.end_of_stream();
    listener.close();

    let ctx = Context::default();
    let backend = Backend::start(options(folder.path(), runtime::runtime(), false)).unwrap();
    let mut app = App::new(&ctx, backend, Box::new(SystemDialogs));
    let mut eframe_frame = eframe::Frame::_new_kittest();
    let mut time = 0.0;
    let until = Instant::now() + Duration::from_secs(20);
    while app.state().deployments.is_empty() && Instant::now() < until {
        frame(&ctx, &mut app, &mut eframe_frame, time);
        time += 0.02;
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(!app.state().deployments.is_empty(), "the kept year did not come");

    let mut group = c.benchmark_group("frame");
    for panel in Panel::ALL {
        app.act(&ctx, Action::GoTo(panel));
        for _ in 0..10 {
            time += 0.02;
            frame(&ctx, &mut app, &mut eframe_frame, time);
        }
        group.bench_function(panel.name(), |b| {
            b.iter(|| {
                time += 0.02;
                black_box(frame(&ctx, &mut app, &mut eframe_frame, time))
            });
        });
    }
    group.finish();
    app.on_exit(None);
}

criterion_group!(benches, frames);
criterion_main!(benches);
