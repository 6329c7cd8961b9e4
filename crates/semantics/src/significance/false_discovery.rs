//! Many tests at once: the false discovery rate of Benjamini and Hochberg (1995).

/// The q of each p: the smallest share of false discoveries at which its test would be one,
/// q of the i-th smallest p being the least of p_j·m/j over all j ≥ i, at most 1. `None` is not a
/// test: it stays `None` and is not counted in m.
pub fn false_discovery(p: &[Option<f64>]) -> Vec<Option<f64>> {
    let mut tests: Vec<(usize, f64)> = p.iter().enumerate().filter_map(|(i, p)| p.map(|p| (i, p))).collect();
    tests.sort_by(|a, b| a.1.total_cmp(&b.1));
    let mut q = vec![None; p.len()];
    let mut least = 1.0_f64;
    for (rank, (index, p)) in tests.iter().enumerate().rev() {
        least = least.min(p * (tests.len() as f64 / (rank + 1) as f64));
        q[*index] = Some(least);
    }
    q
}
