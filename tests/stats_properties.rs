//! What must hold for any data: laws of the numbers in the stats room.

use modeldeck::stats::binary::BinaryCounts;
use modeldeck::stats::delong::{Area, Placements};
use modeldeck::stats::moments::{Moments, quantile_sorted};
use modeldeck::stats::multiclass::ConfusionMatrix;
use modeldeck::stats::ranked::{CurvePoint, RankedScores, thin};
use modeldeck::stats::regression::RegressionMetrics;
use modeldeck::stats::{distance, histogram, intervals, paired, probability};
use proptest::collection::vec;
use proptest::prelude::*;

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1.0)
}

/// Scores with many ties, and truth with both classes.
fn scored() -> impl Strategy<Value = (Vec<f64>, Vec<bool>)> {
    vec((0_u8..40, any::<bool>()), 2..120)
        .prop_map(|rows| rows.into_iter().map(|(s, t)| (f64::from(s) / 40.0, t)).unzip())
        .prop_filter("both classes", |(_, truth): &(Vec<f64>, Vec<bool>)| {
            truth.iter().any(|t| *t) && truth.iter().any(|t| !*t)
        })
}

/// Any floats, the odd ones among them.
fn wild() -> impl Strategy<Value = Vec<f64>> {
    vec(proptest::num::f64::ANY, 0..40)
}

fn table() -> impl Strategy<Value = BinaryCounts> {
    (0_u64..200, 0_u64..200, 0_u64..200, 0_u64..200).prop_map(|(tp, fp, fn_, tn)| BinaryCounts { tp, fp, fn_, tn })
}

fn labels(k: u32) -> impl Strategy<Value = (Vec<u32>, Vec<u32>)> {
    vec((0..k, 0..k), 1..80).prop_map(|rows| rows.into_iter().unzip())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_area_is_the_share_of_pairs_in_order((scores, truth) in scored()) {
        let rows = || scores.iter().zip(&truth);
        let (mut won, mut pairs) = (0.0, 0.0);
        for (a, _) in rows().filter(|(_, t)| **t) {
            for (b, _) in rows().filter(|(_, t)| !**t) {
                won += if a > b { 1.0 } else if a == b { 0.5 } else { 0.0 };
                pairs += 1.0;
            }
        }
        prop_assert!(near(RankedScores::new(&scores, &truth).roc_auc().unwrap(), won / pairs));
        prop_assert!(near(Placements::of(&scores, &truth).unwrap().auc, won / pairs));
    }

    #[test]
    fn only_the_order_of_scores_counts((scores, truth) in scored()) {
        let moved: Vec<f64> = scores.iter().map(|s| (3.0 * s - 7.0).exp()).collect();
        let (a, b) = (RankedScores::new(&scores, &truth), RankedScores::new(&moved, &truth));
        prop_assert_eq!(a.roc_auc(), b.roc_auc());
        prop_assert_eq!(a.average_precision(), b.average_precision());
        let variance = |s: &[f64]| Placements::of(s, &truth).unwrap().variance();
        prop_assert_eq!(variance(&scores), variance(&moved));
    }

    #[test]
    fn turned_scores_turn_the_area((scores, truth) in scored()) {
        let turned: Vec<f64> = scores.iter().map(|s| 1.0 - s).collect();
        let area = |s: &[f64]| RankedScores::new(s, &truth).roc_auc().unwrap();
        prop_assert!(near(area(&turned), 1.0 - area(&scores)));
    }

    #[test]
    fn ranked_counts_are_counted_ones((scores, truth) in scored(), threshold in -0.1_f64..1.1) {
        let ranked = RankedScores::new(&scores, &truth);
        prop_assert_eq!(ranked.counts_at(threshold), BinaryCounts::at(&scores, &truth, threshold));
        let first = *scores.first().unwrap();
        prop_assert_eq!(ranked.counts_at(first), BinaryCounts::at(&scores, &truth, first));
        let (best, f1) = ranked.best_f1().unwrap();
        prop_assert!(near(BinaryCounts::at(&scores, &truth, best).f1().unwrap(), f1));
        for s in &scores {
            prop_assert!(BinaryCounts::at(&scores, &truth, *s).f1().unwrap() <= f1 + 1e-12);
        }
    }

    #[test]
    fn a_roc_curve_rises_from_corner_to_corner((scores, truth) in scored()) {
        let curve = RankedScores::new(&scores, &truth).roc_curve();
        let (first, last) = (curve.first().unwrap(), curve.last().unwrap());
        prop_assert_eq!((first.x, first.y, last.x, last.y), (0.0, 0.0, 1.0, 1.0));
        prop_assert!(curve.is_sorted_by(|a, b| a.x <= b.x && a.y <= b.y && a.threshold > b.threshold));
    }

    #[test]
    fn a_thinned_curve_stays_close((scores, truth) in scored(), most in 2_usize..60) {
        let curve = RankedScores::new(&scores, &truth).roc_curve();
        let thinned = thin(&curve, most);
        prop_assert!(thinned.len() <= most.max(2));
        prop_assert_eq!(thinned.first(), curve.first());
        prop_assert_eq!(thinned.last(), curve.last());
        prop_assert!(thinned.iter().all(|p| curve.contains(p)));
        let area = |c: &[CurvePoint]| -> f64 {
            c.iter().zip(c.iter().skip(1)).map(|(a, b)| (b.x - a.x) * f64::midpoint(a.y, b.y)).sum()
        };
        // Between two kept points lies a length of 2 / (most − 1) at most, but for one step of the curve.
        let step = 1.0 / truth.iter().filter(|t| **t).count().min(truth.iter().filter(|t| !**t).count()) as f64;
        let slack = 2.0 / (most - 1) as f64 + 40.0 * step;
        prop_assert!((area(&thinned) - area(&curve)).abs() <= slack);
    }

    #[test]
    fn metrics_of_a_table_stay_in_their_range(counts in table()) {
        for name in ["accuracy", "balanced_accuracy", "precision", "recall", "specificity", "f1"] {
            let value = counts.metric(name);
            prop_assert!(value.is_none_or(|v| (0.0..=1.0).contains(&v)), "{}: {:?}", name, value);
        }
        for name in ["mcc", "cohen_kappa"] {
            let value = counts.metric(name);
            prop_assert!(value.is_none_or(|v| (-1.0 - 1e-12..=1.0 + 1e-12).contains(&v)), "{}: {:?}", name, value);
        }
    }

    #[test]
    fn two_classes_agree_with_the_table(counts in table()) {
        let cells = [counts.tn, counts.fp, counts.fn_, counts.tp].map(|c| c as f64).to_vec();
        let matrix = ConfusionMatrix::from_counts(2, cells);
        for name in ["accuracy", "balanced_accuracy", "mcc", "cohen_kappa"] {
            let (a, b) = (matrix.metric(name), counts.metric(name));
            prop_assert!(a.zip(b).map_or(a == b, |(a, b)| near(a, b)), "{}: {:?} {:?}", name, a, b);
        }
    }

    #[test]
    fn a_confusion_matrix_holds_every_row((truth, said) in labels(4)) {
        let matrix = ConfusionMatrix::of(&truth, &said, 4);
        prop_assert_eq!(matrix.rows(), truth.len() as f64);
        let classes = matrix.per_class();
        prop_assert_eq!(classes.iter().map(|c| c.support).sum::<f64>(), matrix.rows());
        prop_assert_eq!(classes.iter().map(|c| c.called).sum::<f64>(), matrix.rows());
        prop_assert!(near(matrix.metric("recall_weighted").unwrap(), matrix.metric("accuracy").unwrap()));
        prop_assert!((-1.0 - 1e-12..=1.0 + 1e-12).contains(&matrix.metric("mcc").unwrap()));
    }

    #[test]
    fn names_of_classes_do_not_matter((truth, said) in labels(4)) {
        let renamed = |labels: &[u32]| labels.iter().map(|c| 3 - c).collect::<Vec<_>>();
        let (a, b) = (ConfusionMatrix::of(&truth, &said, 4), ConfusionMatrix::of(&renamed(&truth), &renamed(&said), 4));
        for name in ["accuracy", "f1_macro", "f1_weighted", "precision_macro", "mcc", "cohen_kappa"] {
            let (x, y) = (a.metric(name), b.metric(name));
            prop_assert!(x.zip(y).map_or(x == y, |(x, y)| near(x, y)), "{}", name);
        }
    }

    #[test]
    fn every_interval_holds_its_value(counts in table(), level in 0.5_f64..0.99) {
        let [tp, fp, fn_, tn] = [counts.tp, counts.fp, counts.fn_, counts.tn].map(|c| c as f64);
        let n = tp + fp + fn_ + tn;
        let holds = |value: Option<f64>, interval: Option<intervals::Interval>| match (value, interval) {
            (Some(v), Some(i)) => i.low <= v + 1e-12 && v <= i.high + 1e-12 && i.low >= -1.0 && i.high <= 1.0,
            _ => true,
        };
        prop_assert!(holds(counts.accuracy(), intervals::wilson(tp + tn, n, level)));
        prop_assert!(holds(counts.f1(), intervals::f1(tp, fp, fn_, level)));
        prop_assert!(holds(counts.balanced_accuracy(), intervals::mean_of_shares(&[(tp, tp + fn_), (tn, tn + fp)], level)));
        for name in ["mcc", "cohen_kappa", "f1_macro", "accuracy"] {
            let of = |c: &[f64]| ConfusionMatrix::from_counts(2, c.to_vec()).metric(name);
            let cells = [tn, fp, fn_, tp];
            prop_assert!(holds(of(&cells), intervals::delta(&cells, level, (-1.0, 1.0), of)), "{}", name);
        }
    }

    #[test]
    fn a_higher_level_is_a_wider_interval(hits in 0_u32..50, more in 1_u32..50, level in 0.5_f64..0.9) {
        let (hits, n) = (f64::from(hits), f64::from(hits + more));
        let (narrow, wide) = (intervals::wilson(hits, n, level).unwrap(), intervals::wilson(hits, n, level + 0.09).unwrap());
        prop_assert!(wide.low <= narrow.low && narrow.high <= wide.high);
    }

    #[test]
    fn the_interval_of_an_area_holds_it((scores, truth) in scored()) {
        let placements = Placements::of(&scores, &truth).unwrap();
        let (seen, ranked) = (placements.area(), Area::of(&RankedScores::new(&scores, &truth)).unwrap());
        prop_assert!(near(seen.auc, ranked.auc) && seen.smaller_class == ranked.smaller_class);
        match (seen.spread, ranked.spread) {
            (Some(a), Some(b)) => prop_assert!(near(a.error, b.error) && (a.skewness - b.skewness).abs() < 1e-6, "{:?} {:?}", a, b),
            (a, b) => prop_assert_eq!(a, b),
        }
        if let Some(i) = intervals::delong(&ranked, 0.95) {
            prop_assert!(0.0 <= i.low && i.low <= placements.auc + 1e-12 && placements.auc <= i.high + 1e-12 && i.high <= 1.0);
        }
    }

    #[test]
    fn a_model_does_not_differ_from_itself((scores, truth) in scored(), only in 0_u64..40) {
        let placements = Placements::of(&scores, &truth).unwrap();
        if let Some(d) = paired::delong(&placements, &placements, 0.95) {
            prop_assert!(d.value == 0.0 && d.p_value > 0.999 && (d.p_larger - 0.5).abs() < 1e-9, "{:?}", d);
        }
        prop_assert!(paired::mcnemar_p(only, only) > 0.99);
    }

    #[test]
    fn probabilities_are_measured_within_bounds((scores, truth) in scored()) {
        let bins = probability::calibration(&scores, &truth, 10);
        prop_assert_eq!(bins.iter().map(|b| b.rows).sum::<u64>(), scores.len() as u64);
        let ece = probability::expected_calibration_error(&bins).unwrap();
        prop_assert!((0.0..=1.0).contains(&ece));
        let brier = probability::brier(&scores, &truth).unwrap();
        prop_assert!((0.0..=1.0).contains(&brier));
        let loss = probability::log_loss(&scores, &truth).unwrap();
        // log x ≤ x − 1 gives the Brier score as a lower bound of the log loss.
        prop_assert!(loss.is_finite() && loss >= brier - 1e-12);
    }

    #[test]
    fn regression_follows_its_definitions(rows in vec((-1e3_f64..1e3, -1e3_f64..1e3), 2..60)) {
        let (target, prediction): (Vec<f64>, Vec<f64>) = rows.into_iter().unzip();
        let m = RegressionMetrics::of(&target, &prediction).unwrap();
        prop_assert!(near(m.rmse * m.rmse, m.mse));
        prop_assert!(m.mae <= m.rmse + 1e-9 && m.rmse <= m.max_error + 1e-9 && m.median_ae <= m.max_error);
        prop_assert!(m.mean_error.abs() <= m.mae + 1e-9);
        prop_assert!(m.r2.unwrap() <= m.explained_variance.unwrap() + 1e-9 && m.r2.unwrap() <= 1.0);
        let turned = RegressionMetrics::of(&target, &target).unwrap();
        prop_assert_eq!((turned.mae, turned.r2), (0.0, Some(1.0)));
    }

    #[test]
    fn distances_are_zero_to_one_and_have_no_side(pairs in vec((0_u64..50, 0_u64..50), 1..12)) {
        let (p, q): (Vec<u64>, Vec<u64>) = pairs.into_iter().unzip();
        for distance in [distance::js_nannyml, distance::hellinger_nannyml] {
            let (there, back) = (distance(&p, &q, 0), distance(&q, &p, 0));
            prop_assert_eq!(there.is_none(), p.iter().sum::<u64>() == 0 || q.iter().sum::<u64>() == 0);
            if let (Some(there), Some(back)) = (there, back) {
                prop_assert!((0.0..=1.0).contains(&there) && near(there, back));
                let twice: Vec<u64> = p.iter().map(|c| 2 * c).collect();
                prop_assert!(distance(&p, &twice, 0).unwrap() < 1e-7);
                prop_assert!(near(distance(&p, &vec![0; p.len()], 5).unwrap(), 1.0));
            }
        }
        if let Some(test) = distance::chi_squared(&p, &q) {
            prop_assert!(test.statistic >= 0.0 && (0.0..=1.0).contains(&test.p_value));
            prop_assert!(near(test.statistic, distance::chi_squared(&q, &p).unwrap().statistic));
        }
    }

    #[test]
    fn samples_are_compared_the_same_both_ways(a in vec(-50_i8..50, 1..60), b in vec(-50_i8..50, 1..60), by in 0_u8..9) {
        let floats = |v: &[i8]| v.iter().map(|x| f64::from(*x)).collect::<Vec<_>>();
        let (a, b) = (floats(&a), floats(&b));
        let d = distance::kolmogorov_smirnov(&a, &b).unwrap();
        prop_assert!((0.0..=1.0).contains(&d) && near(d, distance::kolmogorov_smirnov(&b, &a).unwrap()));
        let w = distance::wasserstein(&a, &b).unwrap();
        prop_assert!(w >= 0.0 && near(w, distance::wasserstein(&b, &a).unwrap()));
        let moved: Vec<f64> = a.iter().map(|x| x + f64::from(by)).collect();
        prop_assert!(near(distance::wasserstein(&a, &moved).unwrap(), f64::from(by)));
        prop_assert_eq!(distance::kolmogorov_smirnov(&a, &a), Some(0.0));
    }

    #[test]
    fn counts_of_parts_add_up(values in vec(-1e3_f64..1e3, 1..200), cut in 0_usize..200, wide in 1.0_f64..3.0) {
        let edges = histogram::doane_edges(&values).unwrap();
        prop_assert!(edges.is_sorted_by(|a, b| a < b));
        let (all, outside) = histogram::count(&edges, &values);
        prop_assert_eq!((all.iter().sum::<u64>(), outside), (values.len() as u64, 0));
        // Half of the values are moved, some beyond the edges.
        let moved: Vec<f64> = values.iter().map(|x| x * wide).collect();
        let (left, right) = moved.split_at(cut.min(moved.len()));
        let (whole, a, b) = (histogram::count(&edges, &moved), histogram::count(&edges, left), histogram::count(&edges, right));
        let sum: Vec<u64> = a.0.iter().zip(&b.0).map(|(x, y)| x + y).collect();
        prop_assert_eq!(whole, (sum, a.1 + b.1));
    }

    #[test]
    fn a_value_lies_between_its_edges(values in vec(-1e3_f64..1e3, 2..100), x in -1e3_f64..1e3) {
        let edges = histogram::sturges_edges(&values).unwrap();
        let by_search = edges.partition_point(|e| *e <= x);
        let last = edges.len() - 1;
        let expected = match by_search {
            0 => None,
            at if at > last => edges.last().filter(|e| **e == x).map(|_| last - 1),
            at => Some(at - 1),
        };
        prop_assert_eq!(histogram::place(&edges, x), expected);
    }

    #[test]
    fn moments_of_parts_merge(values in vec(-1e3_f64..1e3, 2..100), cut in 0_usize..100) {
        let all: Moments = values.iter().copied().collect();
        let (left, right) = values.split_at(cut.min(values.len()));
        let mut merged: Moments = left.iter().copied().collect();
        merged.merge(&right.iter().copied().collect());
        prop_assert_eq!(all.n, merged.n);
        prop_assert!(near(all.mean, merged.mean) && near(all.m2, merged.m2));
    }

    #[test]
    fn quantiles_rise(mut values in vec(-1e3_f64..1e3, 1..60), q in 0.0_f64..1.0) {
        values.sort_unstable_by(f64::total_cmp);
        let (low, high) = (quantile_sorted(&values, q * 0.5).unwrap(), quantile_sorted(&values, q).unwrap());
        prop_assert!(low <= high && values.first().unwrap() <= &low && &high <= values.last().unwrap());
    }

    #[test]
    fn nothing_panics_on_odd_floats(a in wild(), b in wild(), truth in vec(any::<bool>(), 0..40)) {
        let ranked = RankedScores::new(&a, &truth);
        ranked.roc_auc();
        ranked.average_precision();
        thin(&ranked.roc_curve(), 10);
        ranked.counts_at(0.5);
        Placements::of(&a, &truth);
        Area::of(&ranked).and_then(|area| intervals::delong(&area, 0.95));
        probability::log_loss(&a, &truth);
        probability::expected_calibration_error(&probability::calibration(&a, &truth, 10));
        RegressionMetrics::of(&a, &b);
        distance::kolmogorov_smirnov(&a, &b);
        distance::wasserstein(&a, &b);
        distance::js_nannyml_numeric(&a, &b);
        histogram::count(&histogram::sturges_edges(&a).unwrap_or_default(), &b);
        intervals::of_median(&a, 0.95);
        intervals::of_mean(&a.iter().copied().collect(), 0.95, (0.0, 1.0));
    }
}
