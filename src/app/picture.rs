//! Saves what is shown of a chart as a PNG file.

use std::path::{Path, PathBuf};

use eframe::egui::{ColorImage, Context, Rect};

/// Takes a picture of the next frame and writes the part at `rect` (points) to `path`.
pub(super) fn save(ctx: &Context, path: PathBuf, rect: Rect) {
    let scale = ctx.pixels_per_point();
    ctx.request_screenshot(move |image| {
        let work = move || match write(&image, rect, scale, &path) {
            Ok(()) => tracing::info!("saved a picture of a chart"),
            Err(error) => tracing::error!("the picture could not be saved: {error}"),
        };
        if let Err(error) = std::thread::Builder::new().name("picture".to_owned()).spawn(work) {
            tracing::error!("no thread to save a picture: {error}");
        }
    });
}

/// Writes a part of an image as PNG, whole or not at all.
pub(super) fn write(image: &ColorImage, rect: Rect, scale: f32, path: &Path) -> std::io::Result<()> {
    let [width, height] = image.size;
    let clamp = |value: f32, limit: usize| (value * scale).round().clamp(0.0, limit as f32) as usize;
    let (left, right) = (clamp(rect.left(), width), clamp(rect.right(), width));
    let (top, bottom) = (clamp(rect.top(), height), clamp(rect.bottom(), height));
    if right <= left || bottom <= top {
        return Err(std::io::Error::other("the chart is not on screen"));
    }
    let rows = image.pixels.chunks_exact(width.max(1)).skip(top).take(bottom - top);
    let bytes: Vec<u8> = rows
        .flat_map(|row| row.iter().skip(left).take(right - left))
        .flat_map(eframe::egui::Color32::to_array)
        .collect();
    let mut encoded = Vec::new();
    let mut encoder = png::Encoder::new(&mut encoded, (right - left) as u32, (bottom - top) as u32);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.write_header().and_then(|mut w| w.write_image_data(&bytes)).map_err(std::io::Error::other)?;
    crate::backend::write_whole(path, &encoded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use eframe::egui::{Color32, pos2};

    #[test]
    fn the_part_is_cut_out_of_the_picture() {
        let mut image = ColorImage::filled([4, 3], Color32::BLACK);
        if let Some(pixel) = image.pixels.get_mut(4 + 2) {
            *pixel = Color32::WHITE;
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("part.png");
        write(&image, Rect::from_min_max(pos2(2.0, 1.0), pos2(3.0, 2.0)), 1.0, &path).unwrap();
        let mut reader =
            png::Decoder::new(std::io::BufReader::new(std::fs::File::open(&path).unwrap())).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!((info.width, info.height), (1, 1));
        assert_eq!(pixels.get(..4), Some([255, 255, 255, 255].as_slice()));
        assert!(write(&image, Rect::NOTHING, 1.0, &path).is_err());
    }
}
