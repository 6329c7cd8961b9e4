//! Fields: what a name in `group_by` or in a condition refers to, before a dataset is looked at.

use crate::catalog::Catalog;
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::expr::{DatePart, metric_and_keys};
use crate::model::DimensionKind;
use crate::time::granularity::Granularity;

/// A dimension by name, or the time axis of each metric, with the grain asked of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Field {
    pub of: FieldOf,
    pub grain: Grain,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum FieldOf {
    /// Each metric's own time axis.
    MetricTime,
    /// A dimension, with the datasets or relationships written before its name.
    Dimension { path: Vec<String>, name: String },
    /// The value of a metric by keys, of a condition; as written.
    Metric(String),
}

/// What of a time is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Grain {
    /// Nothing was said.
    Unsaid,
    Bucket(Granularity),
    Part(DatePart),
}

impl Field {
    /// Reads `name`, `path.name`, each with `__grain` or `__extract_part`.
    pub fn parse(catalog: &Catalog, written: &str) -> Result<Field, Diagnostic> {
        if metric_and_keys(written).is_some() {
            return Ok(Field { of: FieldOf::Metric(written.to_string()), grain: Grain::Unsaid });
        }
        let (dotted, suffix) = match written.split_once("__") {
            Some((dotted, suffix)) => (dotted, Some(suffix)),
            None => (written, None),
        };
        let grain = match suffix {
            None => Grain::Unsaid,
            Some(suffix) => parse_grain(suffix).ok_or_else(|| unknown_grain(written, suffix))?,
        };
        let mut parts: Vec<String> = dotted.split('.').map(str::to_string).collect();
        let name = parts.pop().unwrap_or_default();
        if name.is_empty() || parts.iter().any(String::is_empty) {
            return Err(catalog.unknown_dimension(written));
        }
        let of = match (name.as_str(), parts.is_empty()) {
            ("metric_time", true) => FieldOf::MetricTime,
            _ => FieldOf::Dimension { path: parts, name },
        };
        Ok(Field { of, grain })
    }

    /// Whether it names a time.
    pub fn is_time(&self, catalog: &Catalog) -> bool {
        match &self.of {
            FieldOf::MetricTime => true,
            FieldOf::Metric(_) => false,
            FieldOf::Dimension { name, .. } => {
                catalog.dimensions().iter().any(|d| d.name == *name && d.kind == DimensionKind::Time)
            }
        }
    }

    /// The name without grain, as written.
    pub fn base(&self) -> String {
        match &self.of {
            FieldOf::MetricTime => "metric_time".to_string(),
            FieldOf::Metric(written) => written.clone(),
            FieldOf::Dimension { path, name } => {
                path.iter().map(String::as_str).chain([name.as_str()]).collect::<Vec<_>>().join(".")
            }
        }
    }

    /// The name with its grain.
    pub fn column(&self) -> String {
        match self.grain {
            Grain::Unsaid => self.base(),
            Grain::Bucket(granularity) => format!("{}__{granularity}", self.base()),
            Grain::Part(part) => format!("{}__extract_{part}", self.base()),
        }
    }
}

fn parse_grain(suffix: &str) -> Option<Grain> {
    match suffix.strip_prefix("extract_") {
        Some(part) => DatePart::parse(part).map(Grain::Part),
        None => Granularity::parse(suffix).map(Grain::Bucket),
    }
}

/// The refusal of a word that is no granularity.
pub fn unknown_grain(written: &str, suffix: &str) -> Diagnostic {
    let known = Granularity::ALL.map(Granularity::as_str);
    Diagnostic::new(Code::GranularityNotAvailable, format!("unknown granularity `{suffix}` in `{written}`"))
        .suggest(suffix, known)
        .help(format!("granularities are {}", known.join(", ")))
}
