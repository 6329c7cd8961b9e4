//! The verdict: the lower of the two gates, after correcting for the number of tests made.

use super::{Evidence, Material, Reason, false_discovery};

/// The largest q of a notable change, and of a major one.
const NOTABLE_Q: f64 = 0.10;
const MAJOR_Q: f64 = 0.01;

/// What a change comes to. Only `Notable` and `Major` are highlighted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Too little was counted to read anything from it.
    InsufficientVolume,
    /// Large, but nothing says whether that is usual.
    InsufficientHistory,
    /// Neither large nor unusual.
    None,
    /// Unusual, but too small to matter.
    StatisticallyOnly,
    /// Large, but as large as chance makes it.
    WithinNoise,
    Notable,
    Major,
}

impl Level {
    pub const ALL: [Level; 7] = [
        Level::InsufficientVolume,
        Level::InsufficientHistory,
        Level::None,
        Level::StatisticallyOnly,
        Level::WithinNoise,
        Level::Notable,
        Level::Major,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Level::InsufficientVolume => "insufficient_volume",
            Level::InsufficientHistory => "insufficient_history",
            Level::None => "none",
            Level::StatisticallyOnly => "statistically_only",
            Level::WithinNoise => "within_noise",
            Level::Notable => "notable",
            Level::Major => "major",
        }
    }

    pub fn is_highlight(self) -> bool {
        self >= Level::Notable
    }
}

/// What a level is decided by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gates {
    pub material: Material,
    /// Null without a test.
    pub q: Option<f64>,
    /// Why there is no test.
    pub reason: Option<Reason>,
    /// Current less previous; only its sign is read.
    pub change: f64,
    /// Of the test; only its sign is read.
    pub t: f64,
    /// Whether too little is known for more than notable.
    pub capped: bool,
}

/// The level of one change. A flat history leaves materiality alone to decide.
pub fn level(gates: &Gates) -> Level {
    let by_size = match gates.material {
        Material::InsufficientVolume => return Level::InsufficientVolume,
        Material::None => None,
        Material::Notable => Some(Level::Notable),
        Material::Major => Some(Level::Major),
    };
    let Some(q) = gates.q else {
        return match (by_size, gates.reason) {
            (None, _) => Level::None,
            (Some(level), Some(Reason::FlatHistory)) => level,
            (Some(_), _) => Level::InsufficientHistory,
        };
    };
    let Some(by_size) = by_size else {
        return if q <= NOTABLE_Q { Level::StatisticallyOnly } else { Level::None };
    };
    if q > NOTABLE_Q || gates.change * gates.t < 0.0 {
        Level::WithinNoise
    } else if q > MAJOR_Q || gates.capped {
        Level::Notable
    } else {
        by_size
    }
}

/// One metric of a call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate<'a> {
    pub material: Material,
    /// Current less previous.
    pub change: f64,
    pub evidence: &'a Evidence,
}

/// A metric's level and what decided it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Verdict {
    /// Null where there is no test, and where too little was counted for one.
    pub p: Option<f64>,
    /// Over the tests made in the call.
    pub q: Option<f64>,
    pub level: Level,
    /// The change is large, but the window is on the other side of what was expected: the previous
    /// period was unusual, and this one is back to usual.
    pub previous_unusual: bool,
}

/// The verdict of each metric of a call, in the order given.
pub fn judge(candidates: &[Candidate<'_>]) -> Vec<Verdict> {
    let tested = |candidate: &Candidate<'_>| match candidate.material {
        Material::InsufficientVolume => None,
        Material::None | Material::Notable | Material::Major => candidate.evidence.p,
    };
    let p: Vec<Option<f64>> = candidates.iter().map(tested).collect();
    let q = false_discovery(&p);
    let verdict = |((candidate, p), q): ((&Candidate<'_>, Option<f64>), Option<f64>)| {
        let Candidate { material, change, evidence } = *candidate;
        let t = evidence.t.unwrap_or(0.0);
        let level = level(&Gates { material, q, reason: evidence.reason, change, t, capped: evidence.capped });
        Verdict { p, q, level, previous_unusual: level == Level::WithinNoise && change * t < 0.0 }
    };
    candidates.iter().zip(p).zip(q).map(verdict).collect()
}

/// The q up to which a segment inside a highlighted metric is told: segments are tested only there,
/// so that their share of false discoveries follows the metrics' own (Benjamini, Bogomolov 2014).
pub fn segment_threshold(highlighted: usize, tested: usize) -> f64 {
    if tested == 0 { 0.0 } else { NOTABLE_Q * highlighted as f64 / tested as f64 }
}
