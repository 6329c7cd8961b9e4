//! The first gate: is the change large enough to matter?

use super::at_least;

/// How large a change must be, and how much must have been counted for it to be read at all.
#[derive(Clone, Debug, PartialEq)]
pub struct Floors {
    /// The change, as a fraction of the previous value, from which it is notable, and major.
    pub notable: f64,
    pub major: f64,
    /// The least change in the metric's own unit.
    pub absolute: Option<f64>,
    /// The least change of a percent metric, as a fraction: 0.001 is 0.1 points.
    pub points: Option<f64>,
    /// The least volume (see [`Volume`]).
    pub min_sample: f64,
}

impl Floors {
    /// 5 % and 15 %, a volume of 20, no floor in the metric's own unit.
    pub fn usual() -> Floors {
        Floors { notable: 0.05, major: 0.15, absolute: None, points: None, min_sample: 20.0 }
    }

    /// As usual, and at least 0.1 points.
    pub fn of_percent_metric() -> Floors {
        Floors { points: Some(0.001), ..Floors::usual() }
    }

    /// Notable from the fraction `percent` on, major from three times that, as 15 % is to 5 %.
    pub fn with_percent(self, percent: f64) -> Floors {
        Floors { notable: percent, major: 3.0 * percent, ..self }
    }
}

/// What must be at least `min_sample` for a change to be read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Volume {
    /// A count: the larger of the two periods.
    Count { previous: f64, current: f64 },
    /// The denominator of a ratio: both periods.
    Denominators { previous: f64, current: f64 },
}

/// How large a change is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Material {
    None,
    Notable,
    Major,
    InsufficientVolume,
}

impl Material {
    pub fn as_str(self) -> &'static str {
        match self {
            Material::None => "none",
            Material::Notable => "notable",
            Material::Major => "major",
            Material::InsufficientVolume => "insufficient_volume",
        }
    }
}

/// Why a change has no percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoPercent {
    /// From nothing to something.
    New,
    /// The previous value is below 0, or both are 0.
    BaseNotPositive,
}

impl NoPercent {
    pub fn as_str(self) -> &'static str {
        match self {
            NoPercent::New => "new",
            NoPercent::BaseNotPositive => "base-not-positive",
        }
    }
}

/// A change and how large it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Materiality {
    /// Current less previous, in the metric's unit.
    pub absolute: f64,
    /// A fraction of the previous value, where that is positive.
    pub percent: Option<f64>,
    pub reason: Option<NoPercent>,
    pub material: Material,
}

/// The change from `previous` to `current`. Without a percent it is notable when a floor in the
/// metric's own unit (or in points) is set and met, and never major.
pub fn materiality(previous: f64, current: f64, floors: &Floors, volumes: &[Volume]) -> Materiality {
    let absolute = current - previous;
    let (percent, reason) = if previous > 0.0 {
        (Some(absolute / previous), None)
    } else if previous == 0.0 && current != 0.0 {
        (None, Some(NoPercent::New))
    } else {
        (None, Some(NoPercent::BaseNotPositive))
    };
    let set: Vec<f64> = [floors.absolute, floors.points].into_iter().flatten().filter(|floor| *floor > 0.0).collect();
    let over_floors = set.iter().all(|floor| at_least(absolute.abs(), *floor));
    let material = if !volumes.iter().all(|volume| is_enough(volume, floors.min_sample)) {
        Material::InsufficientVolume
    } else if !over_floors {
        Material::None
    } else {
        match percent.map(f64::abs) {
            Some(percent) if at_least(percent, floors.major) => Material::Major,
            Some(percent) if at_least(percent, floors.notable) => Material::Notable,
            Some(_) => Material::None,
            None if set.is_empty() => Material::None,
            None => Material::Notable,
        }
    };
    Materiality { absolute, percent, reason, material }
}

fn is_enough(volume: &Volume, min_sample: f64) -> bool {
    match volume {
        Volume::Count { previous, current } => at_least(previous.max(*current), min_sample),
        Volume::Denominators { previous, current } => at_least(previous.min(*current), min_sample),
    }
}
