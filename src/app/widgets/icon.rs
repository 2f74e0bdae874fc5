//! Icons painted with lines and shapes, crisp at 16 points and in any colour.

use eframe::egui::{Color32, Painter, Pos2, Rect, Response, Sense, Shape, Stroke, StrokeKind, Ui, Vec2, pos2, vec2};

/// What an icon stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the variant's name is the whole meaning")]
pub enum Icon {
    Overview,
    Models,
    Validate,
    Explain,
    Deploy,
    Monitor,
    Reports,
    Learn,
    Play,
    Pause,
    Stop,
    Step,
    Add,
    Remove,
    Close,
    Search,
    Bell,
    Check,
    Warning,
    Alert,
    Info,
    Export,
    Import,
    Refresh,
    Sun,
    Moon,
    ChevronDown,
    ChevronRight,
    ChevronLeft,
    Help,
    Dot,
    Running,
    Folder,
    File,
    Copy,
    Lock,
    Settings,
    Undo,
    ArrowUp,
    ArrowDown,
    ArrowRight,
    More,
}

impl Icon {
    /// Every icon, for the gallery.
    pub const ALL: [Self; 42] = [
        Self::Overview,
        Self::Models,
        Self::Validate,
        Self::Explain,
        Self::Deploy,
        Self::Monitor,
        Self::Reports,
        Self::Learn,
        Self::Play,
        Self::Pause,
        Self::Stop,
        Self::Step,
        Self::Add,
        Self::Remove,
        Self::Close,
        Self::Search,
        Self::Bell,
        Self::Check,
        Self::Warning,
        Self::Alert,
        Self::Info,
        Self::Export,
        Self::Import,
        Self::Refresh,
        Self::Sun,
        Self::Moon,
        Self::ChevronDown,
        Self::ChevronRight,
        Self::ChevronLeft,
        Self::Help,
        Self::Dot,
        Self::Running,
        Self::Folder,
        Self::File,
        Self::Copy,
        Self::Lock,
        Self::Settings,
        Self::Undo,
        Self::ArrowUp,
        Self::ArrowDown,
        Self::ArrowRight,
        Self::More,
    ];

    /// Draws the icon into the largest square at the centre of `rect`.
    pub fn paint(self, painter: &Painter, rect: Rect, color: Color32) {
        let side = rect.width().min(rect.height());
        let square = Rect::from_center_size(rect.center(), Vec2::splat(side));
        Brush {
            painter,
            origin: square.min,
            unit: side / 16.0,
            color,
            stroke: Stroke::new((side / 16.0 * 1.4).max(1.0), color),
        }
        .draw(self);
    }

    /// Places the icon in the layout, `size` points wide and high; it takes no clicks.
    pub fn show(self, ui: &mut Ui, size: f32, color: Color32) -> Response {
        let (rect, response) = ui.allocate_exact_size(Vec2::splat(size), Sense::hover());
        self.paint(ui.painter(), rect, color);
        response
    }
}

/// Draws on a grid of 16 × 16 units.
struct Brush<'a> {
    painter: &'a Painter,
    origin: Pos2,
    unit: f32,
    color: Color32,
    stroke: Stroke,
}

impl Brush<'_> {
    fn at(&self, x: f32, y: f32) -> Pos2 {
        self.origin + vec2(x, y) * self.unit
    }

    fn line(&self, points: &[(f32, f32)]) {
        let points = points.iter().map(|&(x, y)| self.at(x, y)).collect();
        self.painter.add(Shape::line(points, self.stroke));
    }

    fn closed(&self, points: &[(f32, f32)]) {
        let points = points.iter().map(|&(x, y)| self.at(x, y)).collect();
        self.painter.add(Shape::closed_line(points, self.stroke));
    }

    fn filled(&self, points: &[(f32, f32)]) {
        let points = points.iter().map(|&(x, y)| self.at(x, y)).collect();
        self.painter.add(Shape::convex_polygon(points, self.color, Stroke::NONE));
    }

    fn frame(&self, x0: f32, y0: f32, x1: f32, y1: f32, radius: f32) {
        self.painter.rect_stroke(
            Rect::from_two_pos(self.at(x0, y0), self.at(x1, y1)),
            radius * self.unit,
            self.stroke,
            StrokeKind::Middle,
        );
    }

    fn block(&self, x0: f32, y0: f32, x1: f32, y1: f32, radius: f32) {
        self.painter.rect_filled(Rect::from_two_pos(self.at(x0, y0), self.at(x1, y1)), radius * self.unit, self.color);
    }

    fn ring(&self, x: f32, y: f32, r: f32) {
        self.painter.circle_stroke(self.at(x, y), r * self.unit, self.stroke);
    }

    fn disc(&self, x: f32, y: f32, r: f32) {
        self.painter.circle_filled(self.at(x, y), r * self.unit, self.color);
    }

    /// Part of a circle, from one angle to another, in degrees clockwise from the right.
    fn arc(&self, x: f32, y: f32, r: f32, from: f32, to: f32) {
        let points = (0..=20u8)
            .map(|i| {
                let angle = (from + (to - from) * f32::from(i) / 20.0).to_radians();
                self.at(x + r * angle.cos(), y + r * angle.sin())
            })
            .collect();
        self.painter.add(Shape::line(points, self.stroke));
    }

    fn draw(&self, icon: Icon) {
        match icon {
            Icon::Overview => {
                self.frame(2.5, 2.5, 13.5, 13.5, 2.0);
                self.line(&[(6.5, 2.5), (6.5, 13.5)]);
                self.line(&[(6.5, 8.0), (13.5, 8.0)]);
            }
            Icon::Models => {
                self.closed(&[(8.0, 1.8), (13.5, 4.9), (13.5, 11.1), (8.0, 14.2), (2.5, 11.1), (2.5, 4.9)]);
                self.line(&[(2.5, 4.9), (8.0, 8.0), (13.5, 4.9)]);
                self.line(&[(8.0, 8.0), (8.0, 14.2)]);
            }
            Icon::Validate => {
                self.ring(8.0, 8.0, 6.0);
                self.line(&[(5.2, 8.2), (7.2, 10.2), (10.9, 6.0)]);
            }
            Icon::Explain => {
                self.ring(8.0, 6.6, 4.4);
                self.line(&[(6.0, 10.6), (6.0, 12.2), (10.0, 12.2), (10.0, 10.6)]);
                self.line(&[(6.8, 14.2), (9.2, 14.2)]);
            }
            Icon::Deploy => {
                self.line(&[(8.0, 10.6), (8.0, 2.2)]);
                self.line(&[(4.6, 5.6), (8.0, 2.2), (11.4, 5.6)]);
                self.line(&[(2.5, 10.0), (2.5, 13.5), (13.5, 13.5), (13.5, 10.0)]);
            }
            Icon::Monitor => self.line(&[(1.5, 8.5), (4.4, 8.5), (6.2, 3.2), (9.4, 13.0), (11.4, 8.5), (14.5, 8.5)]),
            Icon::Reports => {
                self.frame(3.0, 1.8, 13.0, 14.2, 1.5);
                self.line(&[(5.6, 5.4), (10.4, 5.4)]);
                self.line(&[(5.6, 8.2), (10.4, 8.2)]);
                self.line(&[(5.6, 11.0), (8.6, 11.0)]);
            }
            Icon::Learn => {
                self.closed(&[(8.0, 3.2), (14.6, 6.2), (8.0, 9.2), (1.4, 6.2)]);
                self.line(&[(4.2, 7.8), (4.2, 11.2), (8.0, 13.0), (11.8, 11.2), (11.8, 7.8)]);
            }
            Icon::Play => self.filled(&[(4.6, 2.8), (13.2, 8.0), (4.6, 13.2)]),
            Icon::Pause => {
                self.block(4.0, 3.0, 6.8, 13.0, 0.6);
                self.block(9.2, 3.0, 12.0, 13.0, 0.6);
            }
            Icon::Stop => self.block(3.5, 3.5, 12.5, 12.5, 1.0),
            Icon::Step => {
                self.filled(&[(3.2, 3.2), (10.4, 8.0), (3.2, 12.8)]);
                self.block(11.0, 3.2, 13.0, 12.8, 0.5);
            }
            Icon::Add => {
                self.line(&[(8.0, 3.0), (8.0, 13.0)]);
                self.line(&[(3.0, 8.0), (13.0, 8.0)]);
            }
            Icon::Remove => self.line(&[(3.0, 8.0), (13.0, 8.0)]),
            Icon::Close => {
                self.line(&[(4.0, 4.0), (12.0, 12.0)]);
                self.line(&[(12.0, 4.0), (4.0, 12.0)]);
            }
            Icon::Search => {
                self.ring(7.0, 7.0, 4.4);
                self.line(&[(10.3, 10.3), (13.8, 13.8)]);
            }
            Icon::Bell => {
                self.line(&[
                    (2.8, 11.8),
                    (4.2, 10.2),
                    (4.2, 6.6),
                    (5.4, 4.0),
                    (8.0, 2.8),
                    (10.6, 4.0),
                    (11.8, 6.6),
                    (11.8, 10.2),
                    (13.2, 11.8),
                    (2.8, 11.8),
                ]);
                self.arc(8.0, 12.2, 1.8, 15.0, 165.0);
            }
            Icon::Check => self.line(&[(3.2, 8.4), (6.6, 11.8), (12.8, 4.6)]),
            Icon::Warning => {
                self.closed(&[(8.0, 2.4), (14.2, 13.2), (1.8, 13.2)]);
                self.line(&[(8.0, 6.4), (8.0, 9.6)]);
                self.disc(8.0, 11.4, 0.9);
            }
            Icon::Alert => {
                self.closed(&[
                    (5.4, 2.0),
                    (10.6, 2.0),
                    (14.0, 5.4),
                    (14.0, 10.6),
                    (10.6, 14.0),
                    (5.4, 14.0),
                    (2.0, 10.6),
                    (2.0, 5.4),
                ]);
                self.line(&[(8.0, 4.8), (8.0, 8.8)]);
                self.disc(8.0, 11.1, 0.9);
            }
            Icon::Info => {
                self.ring(8.0, 8.0, 6.0);
                self.line(&[(8.0, 7.2), (8.0, 11.2)]);
                self.disc(8.0, 4.9, 0.9);
            }
            Icon::Export => {
                self.line(&[(6.0, 3.0), (3.0, 3.0), (3.0, 13.0), (13.0, 13.0), (13.0, 10.0)]);
                self.line(&[(7.2, 8.8), (13.2, 2.8)]);
                self.line(&[(9.0, 2.8), (13.2, 2.8), (13.2, 7.0)]);
            }
            Icon::Import => {
                self.line(&[(8.0, 2.2), (8.0, 10.2)]);
                self.line(&[(4.6, 7.0), (8.0, 10.4), (11.4, 7.0)]);
                self.line(&[(2.5, 10.0), (2.5, 13.5), (13.5, 13.5), (13.5, 10.0)]);
            }
            Icon::Refresh => {
                self.arc(8.0, 8.0, 5.2, -30.0, 270.0);
                self.filled(&[(8.0, 0.6), (11.2, 2.8), (8.0, 5.0)]);
            }
            Icon::Sun => {
                self.ring(8.0, 8.0, 3.0);
                for i in 0..8u8 {
                    let a = f32::from(i) * std::f32::consts::FRAC_PI_4;
                    let (s, c) = a.sin_cos();
                    self.line(&[(8.0 + 5.0 * c, 8.0 + 5.0 * s), (8.0 + 6.8 * c, 8.0 + 6.8 * s)]);
                }
            }
            Icon::Moon => {
                self.arc(7.6, 8.4, 5.6, 17.0, 253.0);
                self.arc(11.4, 4.8, 5.6, 77.0, 193.0);
            }
            Icon::ChevronDown => self.line(&[(4.0, 6.2), (8.0, 10.2), (12.0, 6.2)]),
            Icon::ChevronRight => self.line(&[(6.2, 4.0), (10.2, 8.0), (6.2, 12.0)]),
            Icon::ChevronLeft => self.line(&[(9.8, 4.0), (5.8, 8.0), (9.8, 12.0)]),
            Icon::Help => {
                self.ring(8.0, 8.0, 6.2);
                self.arc(8.0, 6.5, 1.9, -175.0, 62.0);
                self.line(&[(8.9, 8.2), (8.0, 9.0), (8.0, 9.9)]);
                self.disc(8.0, 11.7, 0.85);
            }
            Icon::Dot => self.disc(8.0, 8.0, 3.0),
            Icon::Running => {
                self.arc(8.0, 8.0, 5.2, -90.0, 160.0);
                self.disc(8.0, 8.0, 1.6);
            }
            Icon::Folder => self.closed(&[(2.0, 3.4), (6.4, 3.4), (8.0, 5.2), (14.0, 5.2), (14.0, 12.8), (2.0, 12.8)]),
            Icon::File => {
                self.closed(&[(3.6, 1.8), (9.4, 1.8), (12.6, 5.0), (12.6, 14.2), (3.6, 14.2)]);
                self.line(&[(9.2, 1.8), (9.2, 5.2), (12.6, 5.2)]);
            }
            Icon::Copy => {
                self.frame(5.4, 5.4, 13.6, 13.6, 1.4);
                self.line(&[(3.4, 10.6), (2.4, 10.6), (2.4, 2.4), (10.6, 2.4), (10.6, 3.4)]);
            }
            Icon::Lock => {
                self.frame(3.2, 7.2, 12.8, 13.8, 1.4);
                self.line(&[(5.2, 7.2), (5.2, 5.0)]);
                self.arc(8.0, 5.0, 2.8, 180.0, 360.0);
                self.line(&[(10.8, 5.0), (10.8, 7.2)]);
            }
            Icon::Settings => {
                for (y, x) in [(4.0, 10.4), (8.0, 5.4), (12.0, 9.2)] {
                    self.line(&[(2.0, y), (14.0, y)]);
                    self.disc(x, y, 1.9);
                }
            }
            Icon::Undo => {
                self.arc(8.4, 9.0, 4.6, -160.0, 90.0);
                self.filled(&[(1.6, 6.2), (6.2, 3.2), (6.4, 8.4)]);
            }
            Icon::ArrowUp => self.filled(&[(8.0, 4.4), (12.4, 11.4), (3.6, 11.4)]),
            Icon::ArrowDown => self.filled(&[(3.6, 4.6), (12.4, 4.6), (8.0, 11.6)]),
            Icon::ArrowRight => {
                self.line(&[(2.6, 8.0), (13.0, 8.0)]);
                self.line(&[(9.0, 4.0), (13.0, 8.0), (9.0, 12.0)]);
            }
            Icon::More => {
                for x in [3.4, 8.0, 12.6] {
                    self.disc(x, 8.0, 1.3);
                }
            }
        }
    }
}

/// A diamond of half-width `radius` around a point: the mark of an alert in a chart.
pub fn paint_diamond(painter: &Painter, center: Pos2, radius: f32, fill: Color32, rim: Color32) {
    let points = vec![
        pos2(center.x, center.y - radius),
        pos2(center.x + radius, center.y),
        pos2(center.x, center.y + radius),
        pos2(center.x - radius, center.y),
    ];
    painter.add(Shape::convex_polygon(points, fill, Stroke::new(1.0, rim)));
}
