//! Fields: what a name in `group_by` or in a condition refers to, before a dataset is looked at.

use crate::catalog::Catalog;
use crate::catalog::id::CustomGranularityId;
use crate::catalog::locate::Written;
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
    /// What a time spine has for the time.
    Custom(CustomGranularityId),
    Part(DatePart),
}

impl Field {
    /// Reads `name`, `path.name`, or a path of entities, each with `__grain` or `__extract_part`.
    pub fn parse(catalog: &Catalog, written: &str) -> Result<Field, Diagnostic> {
        if metric_and_keys(written).is_some() {
            return Ok(Field { of: FieldOf::Metric(written.to_string()), grain: Grain::Unsaid });
        }
        let Written { path, name, suffix } = catalog.read_name(written);
        let grain = match &suffix {
            None => Grain::Unsaid,
            Some(suffix) => parse_grain(catalog, suffix).ok_or_else(|| unknown_grain(catalog, written, suffix))?,
        };
        if name.is_empty() || path.iter().any(String::is_empty) {
            return Err(catalog.unknown_dimension(written));
        }
        let of = match (name.as_str(), path.is_empty()) {
            ("metric_time", true) => FieldOf::MetricTime,
            _ => FieldOf::Dimension { path, name },
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
    pub fn base(&self, catalog: &Catalog) -> String {
        match &self.of {
            FieldOf::MetricTime => "metric_time".to_string(),
            FieldOf::Metric(written) => written.clone(),
            FieldOf::Dimension { path, name } => catalog.written(path, name),
        }
    }

    /// The name with its grain.
    pub fn column(&self, catalog: &Catalog) -> String {
        let base = self.base(catalog);
        match self.grain {
            Grain::Unsaid => base,
            Grain::Bucket(granularity) => format!("{base}__{granularity}"),
            Grain::Custom(id) => format!("{base}__{}", catalog.custom_granularity(id).name),
            Grain::Part(part) => format!("{base}__extract_{part}"),
        }
    }
}

/// What of a time a word asks.
pub fn parse_grain(catalog: &Catalog, word: &str) -> Option<Grain> {
    match word.strip_prefix("extract_") {
        Some(part) => DatePart::parse(part).map(Grain::Part),
        None => Granularity::parse(word)
            .map(Grain::Bucket)
            .or_else(|| catalog.custom_granularity_named(word).map(|custom| Grain::Custom(custom.id))),
    }
}

/// The refusal of a word that is no granularity.
pub fn unknown_grain(catalog: &Catalog, written: &str, suffix: &str) -> Diagnostic {
    let standard = Granularity::ALL.map(Granularity::as_str);
    let custom = catalog.custom_granularities().iter().map(|custom| custom.name.as_str());
    let known: Vec<&str> = standard.into_iter().chain(custom).collect();
    Diagnostic::new(Code::GranularityNotAvailable, format!("unknown granularity `{suffix}` in `{written}`"))
        .suggest(suffix, known.iter().copied())
        .help(format!("granularities are {}", known.join(", ")))
}
