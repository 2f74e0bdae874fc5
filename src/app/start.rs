//! Opens the window: OpenGL first, the second renderer when that gives no window and it is compiled in.

use std::time::Instant;

use eframe::egui::{IconData, ViewportBuilder};
use eframe::{NativeOptions, Renderer};

use super::App;
use super::dialogs::SystemDialogs;
use crate::backend::service::{Backend, BackendOptions};

/// The window could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No renderer gave a window.
    #[error(
        "No window could be opened: {0}. A graphical desktop with OpenGL is needed (a software one such as Mesa will do). Without one, use the commands of `modeldeck --help`."
    )]
    NoWindow(String),
    /// The backend's thread could not be started.
    #[error("The program could not start its worker thread: {0}. Close other programs and try again.")]
    NoThread(#[from] std::io::Error),
}

fn options(renderer: Renderer) -> NativeOptions {
    let viewport = ViewportBuilder::default()
        .with_title("ModelDeck")
        .with_app_id("modeldeck")
        .with_inner_size([1280.0, 800.0])
        .with_min_inner_size([1024.0, 700.0])
        .with_drag_and_drop(true)
        .with_icon(icon());
    NativeOptions { viewport, renderer, centered: true, ..NativeOptions::default() }
}

/// The program's icon: three bars on a dark ground.
fn icon() -> IconData {
    const SIDE: u32 = 64;
    let bar = |x: u32| match x {
        12..=21 => Some(40),
        27..=36 => Some(24),
        42..=51 => Some(12),
        _ => None,
    };
    let rgba = (0..SIDE * SIDE)
        .flat_map(|i| {
            let (x, y) = (i % SIDE, i / SIDE);
            if bar(x).is_some_and(|top| y >= top && y < 54) { [90, 162, 255, 255] } else { [20, 26, 33, 255] }
        })
        .collect();
    IconData { rgba, width: SIDE, height: SIDE }
}

fn run(renderer: Renderer, backend: &BackendOptions, began: Instant) -> Result<(), StartError> {
    let backend = Backend::start(backend.clone())?;
    eframe::run_native(
        "ModelDeck",
        options(renderer),
        Box::new(move |cc| {
            let app = App::new(&cc.egui_ctx, backend, Box::new(SystemDialogs));
            Ok(Box::new(app.log_first_frame_since(began)))
        }),
    )
    .map_err(|error| StartError::NoWindow(error.to_string()))
}

/// Opens the window and returns when it is closed. `began` is when the process started.
///
/// # Errors
/// When no renderer gives a window.
pub fn open_window(backend: &BackendOptions, began: Instant) -> Result<(), StartError> {
    match run(Renderer::Glow, backend, began) {
        #[cfg(feature = "wgpu")]
        Err(StartError::NoWindow(why)) => {
            tracing::warn!("OpenGL gave no window ({why}); trying the second renderer");
            run(Renderer::Wgpu, backend, began)
        }
        other => other,
    }
}
