//! A reader's view of the answer envelope: what the writers of every format need of it.

use std::collections::HashMap;

use serde_json::Value;

use super::number::Unit;

/// An answer of get_metrics or audit_performance.
pub(crate) struct Answer<'a> {
    value: &'a Value,
    columns: Vec<Column<'a>>,
    metrics: Vec<Metric<'a>>,
}

/// One column of the rows.
#[derive(Clone, Debug)]
pub(crate) struct Column<'a> {
    pub(crate) name: &'a str,
    pub(crate) unit: Unit,
    /// Whether it is a metric, a metric's other period, or its change.
    pub(crate) role: Role,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Group,
    Time,
    /// Beside the groups of a comparison: the other period's date, and whether a member is new or lost.
    Aside,
    Value,
    Previous,
    Change,
    PercentChange,
    Points,
}

/// One entry of `metrics`.
#[derive(Clone, Debug)]
pub(crate) struct Metric<'a> {
    pub(crate) name: &'a str,
    pub(crate) label: &'a str,
    pub(crate) unit: Unit,
    pub(crate) value: &'a Value,
    /// Absent without a comparison.
    pub(crate) previous: Option<&'a Value>,
    pub(crate) change: Option<Change<'a>>,
}

#[derive(Clone, Debug)]
pub(crate) struct Change<'a> {
    pub(crate) absolute: &'a Value,
    pub(crate) percent: &'a Value,
    /// Only of percent metrics.
    pub(crate) points: Option<&'a Value>,
    pub(crate) impact: &'a str,
}

pub(crate) struct Warning<'a> {
    pub(crate) code: &'a str,
    pub(crate) message: &'a str,
}

/// A window as `applied` gives it.
pub(crate) struct Window<'a> {
    pub(crate) asked: Option<&'a str>,
    pub(crate) start: &'a str,
    pub(crate) end: &'a str,
    pub(crate) timezone: Option<&'a str>,
}

pub(super) const NULL: &Value = &Value::Null;
const SUFFIXES: [(&str, Role); 5] = [
    ("__percent_change", Role::PercentChange),
    ("__previous", Role::Previous),
    ("__full_target", Role::Previous),
    ("__points", Role::Points),
    ("__change", Role::Change),
];

impl<'a> Answer<'a> {
    pub(crate) fn of(value: &'a Value) -> Self {
        let metrics: Vec<Metric<'a>> = list(value, "metrics").iter().map(metric).collect();
        let units: HashMap<&str, Unit> = metrics.iter().map(|metric| (metric.name, metric.unit.clone())).collect();
        let columns = list(value, "columns").iter().map(|entry| column(entry, &units)).collect();
        Answer { value, columns, metrics }
    }

    pub(crate) fn columns(&self) -> &[Column<'a>] {
        &self.columns
    }

    pub(crate) fn metrics(&self) -> &[Metric<'a>] {
        &self.metrics
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = &'a [Value]> + use<'a> {
        list(self.value, "rows").iter().map(|row| row.as_array().map_or(&[][..], Vec::as_slice))
    }

    pub(crate) fn row_count(&self) -> usize {
        list(self.value, "rows").len()
    }

    /// Rows there are in all, when the answer was cut.
    pub(crate) fn cut_from(&self) -> Option<u64> {
        let cut = self.value["truncated"] == true;
        cut.then(|| self.value["total_rows"].as_u64().unwrap_or_default())
    }

    pub(crate) fn warnings(&self) -> impl Iterator<Item = Warning<'a>> + use<'a> {
        list(self.value, "warnings").iter().map(|warning| Warning {
            code: text(warning, "code").unwrap_or_default(),
            message: text(warning, "message").unwrap_or_default(),
        })
    }

    /// The highlights' texts, most important first.
    pub(crate) fn highlights(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        list(self.value, "highlights").iter().filter_map(|entry| entry.as_str().or_else(|| text(entry, "text")))
    }

    pub(crate) fn range(&self) -> Option<Window<'a>> {
        window(&self.value["applied"]["time_range"])
    }

    pub(crate) fn comparison(&self) -> Option<Window<'a>> {
        window(&self.value["applied"]["comparison"])
    }

    pub(crate) fn filters(&self) -> Vec<&'a str> {
        list(&self.value["applied"], "filters").iter().filter_map(Value::as_str).collect()
    }
}

fn metric(entry: &Value) -> Metric<'_> {
    let name = text(entry, "name").unwrap_or_default();
    let change = entry.get("change").filter(|change| change.is_object());
    Metric {
        name,
        label: text(entry, "label").unwrap_or(name),
        unit: Unit::of(text(entry, "format"), text(entry, "unit")),
        value: entry.get("value").unwrap_or(NULL),
        previous: entry.get("previous"),
        change: change.map(|change| Change {
            absolute: change.get("absolute").unwrap_or(NULL),
            percent: change.get("percent").unwrap_or(NULL),
            points: change.get("points"),
            impact: text(change, "impact").unwrap_or_default(),
        }),
    }
}

fn column<'a>(entry: &'a Value, units: &HashMap<&str, Unit>) -> Column<'a> {
    let name = text(entry, "name").unwrap_or_default();
    if let Some(unit) = units.get(name) {
        return Column { name, unit: unit.clone(), role: Role::Value };
    }
    for (suffix, role) in SUFFIXES {
        let Some(unit) = name.strip_suffix(suffix).and_then(|metric| units.get(metric)) else { continue };
        let unit = match role {
            Role::Points => Unit::Points,
            Role::PercentChange => Unit::Percent,
            Role::Change => unit.of_change(),
            Role::Previous | Role::Group | Role::Time | Role::Aside | Role::Value => unit.clone(),
        };
        return Column { name, unit, role };
    }
    let role = match name.strip_prefix("metric_time__") {
        Some(grain) if grain.ends_with("__previous") => Role::Aside,
        Some(_) => Role::Time,
        None if name == "change_kind" => Role::Aside,
        None => Role::Group,
    };
    Column { name, unit: Unit::Plain, role }
}

fn window(value: &Value) -> Option<Window<'_>> {
    Some(Window {
        asked: text(value, "asked"),
        start: text(value, "start")?,
        end: text(value, "end")?,
        timezone: text(value, "timezone"),
    })
}

pub(super) fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

pub(super) fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str)
}
