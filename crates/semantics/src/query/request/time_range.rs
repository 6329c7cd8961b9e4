//! `resolve_time_range`: what a range and a comparison mean, with or without a model.

use chrono::{DateTime, NaiveDate, Utc, Weekday};
use serde_json::{Map, Value};

use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::time::as_of::{self, AsOf};
use crate::time::calendar::{Calendar, FiscalYearStart, parse_week_start};
use crate::time::granularity::Granularity;
use crate::time::range::{self, DataExtent, NamedRange, ResolvedTime, TimeArguments, TimeContext};
use crate::time::{self, zone};

/// The arguments, in the order of the documentation.
pub const ARGUMENTS: [&str; 15] = [
    "time_range",
    "start_date",
    "end_date",
    "comparison",
    "granularity",
    "include_today",
    "complete_days_only",
    "align_to_granularity",
    "as_of",
    "timezone",
    "week_start",
    "fiscal_year_start",
    "named",
    "data",
    "watermark",
];

/// A decoded request; what is absent is the model's, or the calendar's default without one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TimeRangeRequest {
    pub time: TimeArguments,
    pub as_of: Option<String>,
    pub timezone: Option<String>,
    pub week_start: Option<Weekday>,
    pub fiscal_year_start: Option<FiscalYearStart>,
    pub named: Vec<NamedRange>,
    pub data: Option<DataExtent>,
    pub watermark: Option<DateTime<Utc>>,
}

/// What a request means.
#[derive(Clone, Debug, PartialEq)]
pub struct TimeRangeAnswer {
    pub time: ResolvedTime,
    pub calendar: Calendar,
    /// The instant that was taken for now.
    pub as_of: DateTime<Utc>,
}

/// Reads the arguments. A scalar is read from its text: `2026` and `"2026"` are one.
pub fn decode(arguments: &Map<String, Value>) -> Result<TimeRangeRequest, Diagnostic> {
    if let Some(unknown) = arguments.keys().find(|name| !ARGUMENTS.contains(&name.as_str())) {
        let unknown = time::shortened(unknown);
        return Err(Diagnostic::new(
            Code::UnknownArgument,
            format!("`resolve_time_range` has no argument `{unknown}`"),
        )
        .field(unknown)
        .help(format!("one of {}", ARGUMENTS.join(", ")))
        .suggest(unknown, ARGUMENTS));
    }
    let argument = |name: &'static str| Argument { name, value: arguments.get(name).filter(|value| !value.is_null()) };
    Ok(TimeRangeRequest {
        time: TimeArguments {
            time_range: argument("time_range").text()?,
            start_date: argument("start_date").text()?,
            end_date: argument("end_date").text()?,
            granularity: granularity(&argument("granularity"))?,
            include_today: argument("include_today").flag()?,
            complete_days_only: argument("complete_days_only").flag()?,
            align_to_granularity: argument("align_to_granularity").flag()?,
            comparison: argument("comparison").text()?,
        },
        as_of: argument("as_of").text()?,
        timezone: argument("timezone").text()?,
        week_start: week_start(&argument("week_start"))?,
        fiscal_year_start: argument("fiscal_year_start").text()?.as_deref().map(FiscalYearStart::parse).transpose()?,
        named: named(&argument("named"))?,
        data: data(&argument("data"))?,
        watermark: watermark(&argument("watermark"))?,
    })
}

/// Resolves a request. `default` is the model's calendar; without one, UTC, weeks from Monday and
/// fiscal years from January. Named ranges of the request take the place of the model's.
pub fn resolve(
    request: &TimeRangeRequest,
    now: DateTime<Utc>,
    default: Option<&Calendar>,
    named: &[NamedRange],
) -> Result<TimeRangeAnswer, Diagnostic> {
    let mut calendar = default.copied().unwrap_or(Calendar::in_zone(chrono_tz::UTC));
    if let Some(name) = &request.timezone {
        calendar.zone = zone::parse(name)?;
    }
    if let Some(week_start) = request.week_start {
        calendar.week_start = week_start;
    }
    if let Some(start) = request.fiscal_year_start {
        calendar.fiscal_year_start = start;
        calendar.fiscal = None;
    }
    if let Some(fault) = range::check_named(&request.named).0.into_iter().next() {
        return Err(fault);
    }
    let as_of = match request.as_of.as_deref().map(|text| AsOf::parse(text, calendar.zone)).transpose()? {
        None => now,
        Some(AsOf::Instant(instant)) => instant,
        Some(AsOf::Data) => end_of_data(request, &calendar)?,
    };
    let named = if request.named.is_empty() { named } else { &request.named };
    let context =
        TimeContext { now: as_of, calendar: &calendar, named, data: request.data, watermark: request.watermark };
    let time = range::resolve(&request.time, &context)?;
    Ok(TimeRangeAnswer { time, calendar, as_of })
}

fn end_of_data(request: &TimeRangeRequest, calendar: &Calendar) -> Result<DateTime<Utc>, Diagnostic> {
    let last = request.data.map(|data| as_of::end_of_day(data.last, calendar.zone));
    last.ok_or_else(|| {
        Diagnostic::new(Code::InvalidAsOf, "`data` is no instant where nothing is known about the data")
            .field("as_of")
            .received("data")
            .help("`data` with its first and last date, or a timestamp with its offset")
    })
}

fn granularity(argument: &Argument) -> Result<Option<Granularity>, Diagnostic> {
    let Some(text) = argument.text()? else { return Ok(None) };
    if text.trim().eq_ignore_ascii_case("none") {
        return Ok(None);
    }
    let names = || Granularity::ALL.iter().map(|granularity| granularity.as_str()).chain(["none"]);
    Granularity::parse(&text).map(Some).ok_or_else(|| {
        Diagnostic::new(Code::GranularityNotAvailable, format!("unknown granularity `{text}`"))
            .field(argument.name)
            .received(text.as_str())
            .help(format!("one of {}", names().collect::<Vec<_>>().join(", ")))
            .suggest(&text, names())
    })
}

fn week_start(argument: &Argument) -> Result<Option<Weekday>, Diagnostic> {
    let Some(text) = argument.text()? else { return Ok(None) };
    parse_week_start(&text)
        .map(Some)
        .ok_or_else(|| argument.wrong("neither `monday` nor `sunday`").suggest(&text, ["monday", "sunday"]))
}

/// A list of `{name, start, end}`, or an object of `{start, end}` by name.
fn named(argument: &Argument) -> Result<Vec<NamedRange>, Diagnostic> {
    let range = |name: Option<&Value>, dates: &Value| {
        let name = name.and_then(Value::as_str)?.to_string();
        Some(NamedRange { name, first: date_of(dates, "start")?, last: date_of(dates, "end")? })
    };
    let found: Option<Vec<NamedRange>> = match argument.value {
        None => Some(Vec::new()),
        Some(Value::Array(list)) => list.iter().map(|item| range(item.get("name"), item)).collect(),
        Some(Value::Object(by_name)) => {
            by_name.iter().map(|(name, dates)| range(Some(&Value::from(name.as_str())), dates)).collect()
        }
        Some(Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Null) => None,
    };
    found.ok_or_else(|| argument.wrong("not a list of `{name, start, end}` with dates as YYYY-MM-DD"))
}

fn data(argument: &Argument) -> Result<Option<DataExtent>, Diagnostic> {
    let Some(value) = argument.value else { return Ok(None) };
    match (date_of(value, "first"), date_of(value, "last")) {
        (Some(first), Some(last)) if first <= last => Ok(Some(DataExtent { first, last })),
        _ => Err(argument.wrong("not `{first, last}` with two dates in order")),
    }
}

fn date_of(value: &Value, key: &str) -> Option<NaiveDate> {
    value.get(key).and_then(Value::as_str).and_then(as_of::date)
}

fn watermark(argument: &Argument) -> Result<Option<DateTime<Utc>>, Diagnostic> {
    let Some(text) = argument.text()? else { return Ok(None) };
    as_of::instant(text.trim())
        .map(Some)
        .ok_or_else(|| argument.wrong("not a timestamp with an offset").example("2026-11-20T06:00:00-05:00"))
}

/// An argument by its name; absent and null are one.
struct Argument<'a> {
    name: &'static str,
    value: Option<&'a Value>,
}

impl Argument<'_> {
    /// A scalar's text.
    fn text(&self) -> Result<Option<String>, Diagnostic> {
        match self.value {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(Value::Number(number)) => Ok(Some(number.to_string())),
            Some(Value::Bool(flag)) => Ok(Some(flag.to_string())),
            Some(Value::Array(_) | Value::Object(_)) => Err(self.wrong("not a text")),
        }
    }

    /// True or false; false when absent.
    fn flag(&self) -> Result<bool, Diagnostic> {
        match self.text()?.as_deref() {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(self.wrong("neither true nor false")),
        }
    }

    fn wrong(&self, what: &str) -> Diagnostic {
        let fault = Diagnostic::new(Code::InvalidArgument, format!("`{}` is {what}", self.name)).field(self.name);
        match self.value {
            Some(value) if value.to_string().len() <= 100 => fault.received(value.clone()),
            Some(_) | None => fault,
        }
    }
}

#[cfg(test)]
mod tests;
