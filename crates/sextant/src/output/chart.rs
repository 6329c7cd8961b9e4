//! Trends in one line of text.

const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// One character a value, scaled between the smallest and the largest; absent values are gaps.
pub(crate) fn sparkline(values: &[Option<f64>]) -> String {
    let present = || values.iter().flatten().copied().filter(|value| value.is_finite());
    let low = present().fold(f64::INFINITY, f64::min);
    let high = present().fold(f64::NEG_INFINITY, f64::max);
    values
        .iter()
        .map(|value| match value {
            Some(value) if value.is_finite() => {
                if high <= low {
                    return BARS[3];
                }
                let step = (value - low) / (high - low) * (BARS.len() - 1) as f64;
                BARS[step.round() as usize]
            }
            Some(_) | None => ' ',
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trend_spans_from_the_lowest_bar_to_the_highest() {
        assert_eq!(sparkline(&[Some(0.0), Some(1.0), None, Some(7.0)]), "▁▂ █");
        assert_eq!(sparkline(&[Some(-5.0), Some(5.0)]), "▁█");
        assert_eq!(sparkline(&[Some(3.0), Some(3.0)]), "▄▄");
        assert_eq!(sparkline(&[None, None]), "  ");
        assert_eq!(sparkline(&[]), "");
    }
}
