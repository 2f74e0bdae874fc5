//! The window without a screen and without a tree of accessible names: nothing but its frames.

#![allow(clippy::allow_attributes, dead_code, reason = "each program uses its part")]

use eframe::App as _;
use eframe::egui::{Context, Pos2, RawInput, Rect, vec2};
use modeldeck::app::App;
use modeldeck::app::action::Action;
use modeldeck::app::dialogs::SystemDialogs;
use modeldeck::backend::Backend;

const SIZE: [f32; 2] = [1280.0, 800.0];

/// A window that is drawn when asked.
pub struct Headless {
    pub app: App,
    ctx: Context,
    frame: eframe::Frame,
    time: f64,
}

impl Headless {
    pub fn over(backend: Backend) -> Self {
        let ctx = Context::default();
        let app = App::new(&ctx, backend, Box::new(SystemDialogs));
        Self { app, ctx, frame: eframe::Frame::_new_kittest(), time: 0.0 }
    }

    /// Takes in events, draws and tessellates one frame; gives the number of meshes.
    pub fn frame(&mut self) -> usize {
        self.time += 1.0 / 60.0;
        let input = RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, vec2(SIZE[0], SIZE[1]))),
            time: Some(self.time),
            ..RawInput::default()
        };
        let (app, frame) = (&mut self.app, &mut self.frame);
        let mut output = self.ctx.run_ui(input, |ui| {
            app.logic(ui.ctx(), frame);
            app.ui(ui, frame);
        });
        output.textures_delta.clear();
        self.ctx.tessellate(output.shapes, output.pixels_per_point).len()
    }

    pub fn act(&mut self, action: Action) {
        self.app.act(&self.ctx, action);
    }

    pub fn close(mut self) {
        self.app.on_exit(None);
    }
}
