//! Distances between a reference and what is there now.

use super::histogram::{count, doane_edges};

/// Jensen-Shannon distance, base 2, of two lists of weights that are normalised first: 0 equal, 1 disjoint.
/// `None` when either sums to nothing.
pub fn jensen_shannon(reference: &[f64], current: &[f64]) -> Option<f64> {
    let (p_sum, q_sum) = (reference.iter().sum::<f64>(), current.iter().sum::<f64>());
    if p_sum <= 0.0 || q_sum <= 0.0 {
        return None;
    }
    let part = |x: f64, m: f64| if x > 0.0 { x * (x / m).ln() } else { 0.0 };
    let sum: f64 = reference
        .iter()
        .zip(current)
        .map(|(p, q)| (p / p_sum, q / q_sum))
        .map(|(p, q)| {
            let m = f64::midpoint(p, q);
            part(p, m) + part(q, m)
        })
        .sum();
    Some((sum.max(0.0) / 2.0 / std::f64::consts::LN_2).sqrt().min(1.0))
}

/// `js/nannyml` from counts: the reference's bins or categories, and one more for all that falls outside of them.
pub fn js_nannyml(reference: &[u64], inside: &[u64], outside: u64) -> Option<f64> {
    let mut p: Vec<f64> = reference.iter().map(|c| *c as f64).collect();
    let mut q: Vec<f64> = inside.iter().map(|c| *c as f64).collect();
    if outside > 0 {
        p.push(0.0);
        q.push(outside as f64);
    }
    jensen_shannon(&p, &q)
}

/// `js/nannyml` of two numeric columns: Doane's bins from the reference only. Values that are not finite are left out.
pub fn js_nannyml_numeric(reference: &[f64], current: &[f64]) -> Option<f64> {
    let edges = doane_edges(reference)?;
    let (known, _) = count(&edges, reference);
    let (inside, outside) = count(&edges, current);
    js_nannyml(&known, &inside, outside)
}

/// The Kolmogorov-Smirnov statistic D: the largest gap between the two distribution functions; `None` when one is
/// empty. Values are finite.
pub fn kolmogorov_smirnov(a: &[f64], b: &[f64]) -> Option<f64> {
    if a.is_empty() || b.is_empty() {
        return None;
    }
    let sorted = |values: &[f64]| {
        let mut values = values.to_vec();
        values.sort_unstable_by(f64::total_cmp);
        values
    };
    let (a, b) = (sorted(a), sorted(b));
    let (mut i, mut j, mut d) = (0, 0, 0.0_f64);
    while let (Some(x), Some(y)) = (a.get(i), b.get(j)) {
        let x = x.min(*y);
        while a.get(i).is_some_and(|v| *v <= x) {
            i += 1;
        }
        while b.get(j).is_some_and(|v| *v <= x) {
            j += 1;
        }
        d = d.max((i as f64 / a.len() as f64 - j as f64 / b.len() as f64).abs());
    }
    Some(d)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_is_zero_and_disjoint_is_one() {
        assert_eq!(jensen_shannon(&[1.0, 2.0], &[2.0, 4.0]), Some(0.0));
        assert!((jensen_shannon(&[1.0, 0.0], &[0.0, 1.0]).unwrap() - 1.0).abs() < 1e-12);
        assert_eq!(jensen_shannon(&[0.0], &[1.0]), None);
    }

    #[test]
    fn a_new_category_falls_into_the_outside() {
        // a, b → a, c at 80 : 20 gives 0.447214 in NannyML.
        assert!((js_nannyml(&[80, 20], &[80, 0], 20).unwrap() - 0.4472135954999579).abs() < 1e-9);
    }

    #[test]
    fn constants_follow_nannyml() {
        assert_eq!(js_nannyml_numeric(&[1.0; 50], &[1.0; 50]), Some(0.0));
        assert!((js_nannyml_numeric(&[1.0; 50], &[2.0; 50]).unwrap() - 1.0).abs() < 1e-12);
        assert_eq!(js_nannyml_numeric(&[1.0, 2.0], &[f64::NAN]), None);
    }

    #[test]
    fn ks_of_two_small_samples() {
        let d = kolmogorov_smirnov(&[1.0, 2.0, 3.0], &[2.0, 3.0, 4.0]).unwrap();
        assert!((d - 1.0 / 3.0).abs() < 1e-12);
        assert_eq!(kolmogorov_smirnov(&[1.0], &[2.0]), Some(1.0));
    }
}
