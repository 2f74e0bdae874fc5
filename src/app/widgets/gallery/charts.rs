//! The charts of the gallery.

use eframe::egui::Ui;

use super::{Memory, f1, with_memory};
use crate::app::theme::Status;
use crate::app::widgets::histogram::BarColor;
use crate::app::widgets::{
    Bar, Button, Card, ConfusionMatrix, Curve, CurveChart, Heatmap, HistogramPair, IntervalDot, LineChart,
    ScatterChart, ScatterGuide, Series, Threshold, bar_chart, interval_dots, key_value, reflow,
};

pub(super) fn wave(n: u32, level: f64, swing: f64, phase: f64) -> Vec<[f64; 2]> {
    (0..n)
        .map(|i| {
            let x = f64::from(i);
            [x, level + swing * (x * 0.35 + phase).sin() - 0.0007 * x]
        })
        .collect()
}

fn month(x: f64) -> String {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let index = (x / 28.0 * 9.0 + 3.0).clamp(0.0, 11.0) as usize;
    MONTHS.get(index).copied().unwrap_or_default().to_owned()
}

pub(super) fn over_time(ui: &mut Ui) {
    let mut realised = wave(24, 0.672, 0.018, 0.6);
    if let Some(gap) = realised.get_mut(9) {
        gap[1] = f64::NAN;
    }
    let estimated = wave(28, 0.668, 0.014, 0.2);
    let low: Vec<f64> = estimated.iter().map(|p| p[1] - 0.014).collect();
    let high: Vec<f64> = estimated.iter().map(|p| p[1] + 0.014).collect();
    let series = [
        Series::new("realised", &realised, 0),
        Series::new("estimated (CBPE)", &estimated, 1).dashed().band(&low, &high),
    ];
    let alerts: Vec<[f64; 2]> = realised.iter().filter(|p| p[1] < 0.65).copied().collect();
    let thresholds = [Threshold { name: "alert", value: 0.65, status: Status::Alert }];
    let explainer = f1();
    with_memory(ui, |ui, memory| {
        reflow(ui, "time", 2, 420.0, &[2.0, 1.0], |ui, i| {
            if i == 0 {
                Card::new("F1, realised and estimated")
                    .explain(&explainer)
                    .footnote("Would have fired in 0 of 5 reference chunks · smallest change seen at 5,000 rows: 0.018")
                    .fill()
                    .show_with(
                        ui,
                        |ui| {
                            Button::quiet("Export…").name("Export F1").show(ui);
                        },
                        |ui| {
                            LineChart::new("F1, realised and estimated", &series)
                                .height(200.0)
                                .thresholds(&thresholds)
                                .alerts(&alerts)
                                .reference(Some((0.0, 5.0)))
                                .selected(Some(14.0))
                                .x_label(&month)
                                .show(ui);
                        },
                    );
            } else {
                distribution(ui);
            }
        });
        drift(ui, memory);
    });
}

fn distribution(ui: &mut Ui) {
    let edges: Vec<f64> = (0..=24).map(|i| 5.0 + f64::from(i) * 3.75).collect();
    let bell = |middle: f64, wide: f64| -> Vec<f64> {
        let raw: Vec<f64> = edges.iter().take(24).map(|e| (-((e + 1.9 - middle) / wide).powi(2)).exp()).collect();
        let total: f64 = raw.iter().sum();
        raw.iter().map(|v| v / total).collect()
    };
    Card::new("temp: week of 8 Jul against reference").right("js 0.58").footnote("5,000 and 27,211 rows").fill().show(
        ui,
        |ui| {
            HistogramPair::numeric("temp", &edges, &bell(33.0, 15.0), &bell(68.0, 10.0))
                .names("reference", "8 Jul")
                .unit("°F")
                .height(150.0)
                .show(ui);
            key_value(ui, "temp facts", &[("median", "39.2 °F, now 80.1 °F"), ("missing", "0.3 %, now 0.2 %")]);
        },
    );
}

fn drift(ui: &mut Ui, memory: &mut Memory) {
    const ROWS: [&str; 8] = [
        "temp",
        "wind_speed",
        "hour",
        "visib",
        "precip",
        "destination_airport_of_the_connecting_flight",
        "carrier",
        "distance",
    ];
    let columns: Vec<String> = (0..28).map(|i| month(f64::from(i))).collect();
    let names: Vec<&str> = columns.iter().map(String::as_str).collect();
    let value = |row: usize, column: usize| {
        if row == 7 && column < 4 {
            return None;
        }
        let hill = (-((column as f64 - 15.0) / 6.0).powi(2)).exp();
        Some((hill * 0.62 / (1.0 + row as f64 * 0.7)).max(0.0))
    };
    let alert = |row: usize, column: usize| value(row, column).is_some_and(|v| v >= 0.3);
    Card::new("Drift by column and week").subtitle("js / nannyml").footnote("5,000 rows a chunk").show(ui, |ui| {
        let out = Heatmap::new("Drift by column and week", &ROWS, &names, 0.6, &value)
            .alerts(&alert)
            .threshold(Some(0.1))
            .selected(memory.cell)
            .unit("js")
            .show(ui);
        if out.clicked.is_some() {
            memory.cell = out.clicked;
        }
    });
}

pub(super) fn results(ui: &mut Ui) {
    reflow(ui, "results", 4, 260.0, &[], |ui, i| match i {
        0 => confusion(ui),
        1 => roc(ui),
        2 => calibration(ui),
        _ => residuals(ui),
    });
    reflow(ui, "more results", 4, 260.0, &[], |ui, i| match i {
        0 => candidates(ui),
        1 => many_classes(ui),
        2 => contributions(ui),
        _ => categories(ui),
    });
}

fn confusion(ui: &mut Ui) {
    let explainer = f1();
    Card::new("Confusion").right("click a cell for its rows").explain(&explainer).fill().show(ui, |ui| {
        let counts = [[17_021, 2_904], [3_006, 4_742]];
        let count = |was: usize, said: usize| counts.get(was).and_then(|r| r.get(said)).copied().unwrap_or(0);
        ConfusionMatrix::new("Confusion", &["on time", "late"], &count).selected(Some((1, 0))).show(ui);
    });
}

fn roc(ui: &mut Ui) {
    let model: Vec<[f64; 2]> = (0..=50)
        .map(|i| {
            let x = f64::from(i) / 50.0;
            [x, x.powf(0.32)]
        })
        .collect();
    let other: Vec<[f64; 2]> = model.iter().map(|p| [p[0], p[0].powf(0.5)]).collect();
    Card::new("ROC").right("AUC 0.864").fill().show(ui, |ui| {
        CurveChart::new(
            "ROC",
            &[
                Curve { name: "gradient boosting", points: &model, color: 0, dots: false },
                Curve { name: "logistic", points: &other, color: 1, dots: false },
            ],
        )
        .axes("false positive rate", "true positive rate")
        .diagonal()
        .mark(0.2, 0.2_f64.powf(0.32), "threshold 0.43")
        .show(ui);
    });
}

fn calibration(ui: &mut Ui) {
    let points: Vec<[f64; 2]> = (0..10)
        .map(|i| {
            let x = (f64::from(i) + 0.5) / 10.0;
            [x, x - 0.3 * x * (1.0 - x) * (0.8 - x)]
        })
        .collect();
    Card::new("Calibration").right("ECE 0.018").fill().show(ui, |ui| {
        CurveChart::new("Calibration", &[Curve { name: "gradient boosting", points: &points, color: 2, dots: true }])
            .axes("predicted", "observed")
            .diagonal()
            .show(ui);
    });
}

fn residuals(ui: &mut Ui) {
    let points: Vec<[f64; 2]> = (0..900u32)
        .map(|i| {
            let a = f64::from(i.wrapping_mul(2_654_435_761) % 1_000) / 1_000.0;
            let b = f64::from(i.wrapping_mul(40_503) % 997) / 997.0;
            [a * 60.0, (b - 0.5) * (8.0 + a * 20.0)]
        })
        .collect();
    Card::new("Residuals").rows(900).fill().show(ui, |ui| {
        ScatterChart::new("Residuals", &points)
            .axes("predicted, min", "residual, min")
            .guide(ScatterGuide::Zero)
            .height(230.0)
            .show(ui);
    });
}

fn candidates(ui: &mut Ui) {
    Card::new("Candidates by F1").footnote("gradient boosting beats logistic: P = 0.998 · margin 0.005").fill().show(
        ui,
        |ui| {
            let dot = |name, value: f64, half: f64, color| IntervalDot {
                name,
                value: Some(value),
                interval: Some((value - half, value + half)),
                color,
            };
            interval_dots(
                ui,
                "Candidates by F1",
                &[
                    dot("gradient boosting", 0.671, 0.008, 0),
                    dot("logistic", 0.641, 0.009, 1),
                    dot("deep forest", 0.552, 0.011, 3),
                ],
                Some(0.005),
            );
        },
    );
}

fn many_classes(ui: &mut Ui) {
    let labels = ["AA", "B6", "DL", "EV", "MQ", "UA", "US", "WN", "YV"];
    let count = |was: usize, said: usize| {
        if was == said { 900 + 50 * was as u64 } else { ((was * 31 + said * 17) % 90) as u64 }
    };
    Card::new("Confusion by carrier").rows(9_900).fill().show(ui, |ui| {
        ConfusionMatrix::new("Confusion by carrier", &labels, &count).show(ui);
    });
}

fn contributions(ui: &mut Ui) {
    Card::new("What the prediction rests on").fill().show(ui, |ui| {
        let bar = |name, value, text| Bar { name, value, text, color: BarColor::Signed };
        bar_chart(
            ui,
            "Contributions",
            &[
                bar("hour = 21", 0.21, "+0.21"),
                bar("visib = 2", 0.12, "+0.12"),
                bar("carrier = AA", -0.08, "−0.08"),
                bar("temp = 41", 0.05, "+0.05"),
                bar("distance = 1,400", -0.03, "−0.03"),
            ],
        );
    });
}

fn categories(ui: &mut Ui) {
    Card::new("origin: June against reference").fill().show(ui, |ui| {
        HistogramPair::categorical(
            "origin",
            &["EWR", "JFK", "LGA", "other"],
            &[0.36, 0.33, 0.30, 0.01],
            &[0.30, 0.38, 0.29, 0.03],
        )
        .names("reference", "June")
        .height(150.0)
        .show(ui);
    });
}
