//! Trends in one line of text, and signed bars on both sides of a zero line.

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

/// Room for signed bars that share one zero line and one scale.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bars {
    /// Characters left of the zero line.
    left: usize,
    /// What half a character stands for.
    half: f64,
}

impl Bars {
    /// Bars of these values in `width` characters, the zero line among them.
    pub(crate) fn over(values: impl Iterator<Item = f64>, width: usize) -> Bars {
        let finite = values.filter(|value| value.is_finite());
        let (low, high) = finite.fold((0.0_f64, 0.0_f64), |(low, high), value| (low.min(value), high.max(value)));
        let room = width.saturating_sub(1).max(2);
        let left = match (low < 0.0, high > 0.0) {
            (true, true) => ((room as f64 * -low / (high - low)).round() as usize).clamp(1, room - 1),
            (true, false) => room,
            (false, _) => 0,
        };
        let right = room - left;
        let side = |length: f64, room: usize| if room == 0 { 0.0 } else { length / (2 * room) as f64 };
        Bars { left, half: side(-low, left).max(side(high, right)) }
    }

    /// A bar from the zero line, at least half a character unless it is 0; `faint` for a total beside its parts.
    pub(crate) fn bar(&self, value: f64, faint: bool) -> String {
        let halves = if self.half > 0.0 { (value.abs() / self.half).round().max(1.0) as usize } else { 0 };
        let halves = if value == 0.0 || !value.is_finite() { 0 } else { halves };
        let full = (if faint { "▒" } else { "█" }).repeat(halves / 2);
        let (half, is_left) = (halves % 2 == 1, value < 0.0);
        let bar = match (half, is_left) {
            (false, _) => full,
            (true, _) if faint => full + "▒",
            (true, true) => format!("▐{full}"),
            (true, false) => format!("{full}▌"),
        };
        if is_left {
            format!("{bar:>width$}│", width = self.left)
        } else {
            format!("{:width$}│{bar}", "", width = self.left)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_share_their_zero_line_and_scale() {
        let values = [-4.0, 2.0, 0.0, 0.01, -1.0];
        let bars = Bars::over(values.into_iter(), 7);
        let drawn: Vec<String> = values.into_iter().map(|value| bars.bar(value, false)).collect();
        assert_eq!(drawn, ["████│", "    │██", "    │", "    │▌", "   █│"]);
        assert_eq!(bars.bar(-2.0, true), "  ▒▒│");
        let positive = Bars::over([1.0, 2.0].into_iter(), 5);
        assert_eq!((positive.bar(1.0, false), positive.bar(2.0, false)), ("│██".into(), "│████".into()));
        let negative = Bars::over([-1.0].into_iter(), 5);
        assert_eq!(negative.bar(-1.0, false), "████│");
        assert_eq!(Bars::over([0.0].into_iter(), 5).bar(0.0, false), "│");
    }

    #[test]
    fn a_trend_spans_from_the_lowest_bar_to_the_highest() {
        assert_eq!(sparkline(&[Some(0.0), Some(1.0), None, Some(7.0)]), "▁▂ █");
        assert_eq!(sparkline(&[Some(-5.0), Some(5.0)]), "▁█");
        assert_eq!(sparkline(&[Some(3.0), Some(3.0)]), "▄▄");
        assert_eq!(sparkline(&[None, None]), "  ");
        assert_eq!(sparkline(&[]), "");
    }
}
