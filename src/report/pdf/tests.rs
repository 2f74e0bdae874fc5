use super::{document, fonts, layout, sheet, system_fonts, validation_pdf};
use crate::model::Task;
use crate::report::html::tests::{NASTY, report, sign_off};
use crate::validate::Report;
use crate::validate::report::PerClass;

/// Everything that is written on the pages, page by page.
fn words(report: &Report, most: usize) -> Vec<String> {
    let document = document(report, &[sign_off(report)], most);
    let fonts = fonts::Fonts::for_document(&document, &[]).unwrap();
    let pages = layout::pages(&document, &fonts);
    let text = |page: &sheet::Page| {
        let words = page.drawn.iter().filter_map(|drawn| match drawn {
            sheet::Drawn::Text { words, at, .. } => {
                assert!(at.1 <= sheet::BOTTOM && at.0 >= sheet::SIDE - 1.0, "{words} at {at:?}");
                Some(words.as_str())
            }
            _ => None,
        });
        words.collect::<Vec<_>>().join("\n")
    };
    pages.pages.iter().map(text).collect()
}

fn pages_in(pdf: &[u8]) -> usize {
    String::from_utf8_lossy(pdf).matches("/Type/Page/").count()
}

#[test]
fn a_pdf_has_pages_a_title_and_letters_that_can_be_read_back() {
    let report = report(Task::Binary);
    let pdf = validation_pdf(&report, &[sign_off(&report)]).unwrap();
    assert!(pdf.starts_with(b"%PDF-"));
    assert!(pages_in(&pdf) > 2, "{}", pages_in(&pdf));
    let text = String::from_utf8_lossy(&pdf);
    assert!(text.contains("/ToUnicode") && text.contains("ModelDeck"));
    assert!(pdf.len() < 1_000_000, "{} bytes", pdf.len());
}

#[test]
fn the_same_report_gives_the_same_bytes() {
    let report = report(Task::Multiclass);
    let one = validation_pdf(&report, &[]).unwrap();
    assert!(one == validation_pdf(&report, &[]).unwrap());
}

#[test]
fn every_part_of_every_task_is_on_the_pages() {
    for task in [Task::Binary, Task::Multiclass, Task::Regression] {
        let report = report(task);
        let all = words(&report, 200).concat();
        for part in &document(&report, &[], 200).parts {
            for section in &part.sections {
                assert!(all.contains(section.title), "{}", section.title);
            }
        }
        assert!(all.contains(&NASTY[..8]), "names stand as they are");
    }
}

#[test]
fn a_table_begins_again_with_its_head_on_each_page() {
    let mut report = report(Task::Multiclass);
    let class = |class: String| PerClass { class, precision: Some(0.5), recall: None, f1: Some(0.5), support: 3 };
    for model in &mut report.models {
        model.per_class = (0..10_000).map(|i| class(format!("class {i}"))).collect();
    }
    let pages = words(&report, 200);
    let with_rows: Vec<&String> = pages.iter().filter(|page| page.contains("class 150\n")).collect();
    assert!(!with_rows.is_empty());
    assert!(with_rows.iter().all(|page| page.contains("Precision") && page.contains("Recall")));
    assert!(pages.concat().contains("9,800 more are"));
    validation_pdf(&report, &[]).unwrap();
}

#[test]
fn letters_that_no_font_has_are_named_and_nothing_is_lost() {
    let mut report = report(Task::Binary);
    report.models[0].name = "漢字 العربية 👍🏽 \u{0}\u{202e}e\u{301}".to_owned();
    report.models[1].name = "x".repeat(100_000);
    report.models[1].notes = vec!["\u{10ffff}".repeat(3_000), "word ".repeat(5_000)];
    report.target = "\u{feff}".to_owned();
    let all = words(&report, 200).concat();
    assert!(all.contains("U+6F22") && all.contains("U+0639") && all.contains("U+1F44D"), "{all:.600}");
    assert!(validation_pdf(&report, &[]).unwrap().starts_with(b"%PDF-"));
}

#[test]
fn no_model_and_no_number_are_laid_out_too() {
    assert!(pages_in(&validation_pdf(&Report::default(), &[]).unwrap()) > 0);
    let mut report = report(Task::Binary);
    for model in &mut report.models {
        for metric in model.metrics.values_mut() {
            (metric.value, metric.low) = (Some(f64::NAN), Some(f64::NEG_INFINITY));
        }
        let curves = model.curves.as_mut().unwrap();
        curves.roc.fpr = vec![f64::NAN, 1e300, -5.0];
        curves.calibration.predicted = vec![f64::INFINITY];
        model.confusion.as_mut().unwrap().matrix = vec![vec![u64::MAX; 2]; 2];
    }
    report.created_at_ms = i64::MAX;
    validation_pdf(&report, &[]).unwrap();
}

#[test]
fn a_row_taller_than_a_page_goes_on_on_the_next() {
    let mut report = report(Task::Binary);
    let binding = &mut report.models[0].binding;
    let columns: Vec<String> = (0..200).map(|i| format!("{i} {}", "long ".repeat(100))).collect();
    binding.set_columns("matrix", columns, crate::model::binding::How::Card);
    let pages = words(&report, 200);
    assert!(pages.len() > 5);
}

#[test]
fn a_system_without_fonts_is_no_error() {
    let gone = [std::path::PathBuf::from("no such folder")];
    let mut wanted = std::collections::BTreeSet::from(['漢']);
    assert!(system_fonts::find(&gone, &mut wanted).is_empty());
    assert_eq!(wanted.len(), 1);
}
