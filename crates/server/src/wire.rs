//! Protocol envelopes: how a refusal is written as JSON, as one line of text, and as an HTTP status.

use serde_json::{Map, Value, json};
use sextant_engine::workspace::Failure;
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::{Diagnostic, Diagnostics};

use crate::identity::token;

/// Characters that [`error_text`] stays below: some clients show only the text, and cut it.
pub const ERROR_TEXT_LIMIT: usize = 1_000;

/// Characters of JSON that an echoed argument may have.
const RECEIVED_LIMIT: usize = 200;

/// Further faults that one refusal lists beside the first.
const OTHERS_LIMIT: usize = 20;

/// `{"error": {code, message, help?, field?, received?, did_you_mean, example?, retryable, others?}}`.
pub fn error_envelope(failure: &Failure) -> Value {
    json!({ "error": error_object(failure) })
}

/// The value under `error`: the first fault in full, the code, message and field of the others.
pub fn error_object(failure: &Failure) -> Value {
    let failure = &without_tokens(failure);
    let Some(first) = failure.0.iter().next() else {
        return json!({ "code": Code::Internal.as_str(), "message": NAMELESS, "did_you_mean": [], "retryable": false });
    };
    let mut object = Map::new();
    object.insert("code".into(), first.code.as_str().into());
    object.insert("message".into(), first.message.clone().into());
    if let Some(help) = &first.help {
        object.insert("help".into(), help.clone().into());
    }
    if let Some(field) = &first.field {
        object.insert("field".into(), field.clone().into());
    }
    if let Some(received) = first.received.as_ref().filter(|value| is_short(value)) {
        object.insert("received".into(), received.clone());
    }
    object.insert("did_you_mean".into(), first.did_you_mean.clone().into());
    if let Some(example) = &first.example {
        object.insert("example".into(), example.clone());
    }
    object.insert("retryable".into(), first.code.retryable().into());
    let others: Vec<Value> = others(failure).take(OTHERS_LIMIT).map(other).collect();
    if !others.is_empty() {
        object.insert("others".into(), others.into());
    }
    Value::Object(object)
}

/// The faults after the first, each once: several parts of a question may meet the same one.
fn others(failure: &Failure) -> impl Iterator<Item = &Diagnostic> {
    let same = |a: &Diagnostic, b: &Diagnostic| (a.code, &a.message, &a.field) == (b.code, &b.message, &b.field);
    let faults = &failure.0.0;
    (1..faults.len()).filter(move |i| !faults[..*i].iter().any(|seen| same(seen, &faults[*i]))).map(|i| &faults[i])
}

const NAMELESS: &str = "a refusal without a fault";

fn other(diagnostic: &Diagnostic) -> Value {
    let mut object = Map::new();
    object.insert("code".into(), diagnostic.code.as_str().into());
    object.insert("message".into(), diagnostic.message.clone().into());
    if let Some(field) = &diagnostic.field {
        object.insert("field".into(), field.clone().into());
    }
    Value::Object(object)
}

/// `code: message (field, received); help; did you mean …; example …; also …`, in less than
/// [`ERROR_TEXT_LIMIT`] characters. A part that does not fit is left out, a long message is cut.
pub fn error_text(failure: &Failure) -> String {
    let failure = &without_tokens(failure);
    let Some(first) = failure.0.iter().next() else { return format!("{}: {NAMELESS}", Code::Internal) };
    let mut text = Line::new(format!("{}: {}", first.code, shorten(&one_line(&first.message), 500)));
    let received = first.received.as_ref().filter(|value| is_short(value)).map(|value| format!("received {value}"));
    let place: Vec<String> = first.field.iter().map(|field| shorten(field, 100)).chain(received).collect();
    if !place.is_empty() {
        text.add(&format!(" ({})", place.join(", ")));
    }
    if let Some(help) = &first.help {
        text.add(&format!("; {}", one_line(help)));
    }
    if !first.did_you_mean.is_empty() {
        let names: Vec<String> = first.did_you_mean.iter().map(|name| format!("`{name}`")).collect();
        text.add(&format!("; did you mean {}", names.join(", ")));
    }
    if let Some(example) = &first.example {
        text.add(&format!("; example {example}"));
    }
    for other in others(failure) {
        text.add(&format!("; also {}: {}", other.code, one_line(&other.message)));
    }
    text.0
}

/// A refusal that says nothing of a token which was written where something else belongs.
fn without_tokens(failure: &Failure) -> Failure {
    let masked = |fault: &Diagnostic| {
        let mut fault = fault.clone();
        fault.message = token::masked(&fault.message).into_owned();
        fault.field = fault.field.map(|field| token::masked(&field).into_owned());
        fault.help = fault.help.map(|help| token::masked(&help).into_owned());
        fault.received = fault.received.filter(|received| !token::occurs_in(&received.to_string()));
        fault.example = fault.example.filter(|example| !token::occurs_in(&example.to_string()));
        fault
    };
    Failure(Diagnostics(failure.0.iter().map(masked).collect()))
}

/// The HTTP status of a refusal: its first fault's. A range that only data could give, where the question reads
/// none, is a fault of that argument, not of the data.
pub fn status(failure: &Failure) -> u16 {
    failure.0.iter().next().map_or(500, |first| match (first.code, first.field.as_deref()) {
        (Code::DataUnavailable, Some("time_range" | "as_of")) => Code::InvalidTimeRange.status(),
        (code, _) => code.status(),
    })
}

/// A text that only takes parts which keep it under the limit.
struct Line(String);

impl Line {
    fn new(start: String) -> Self {
        Line(start)
    }

    fn add(&mut self, part: &str) {
        if self.0.chars().count() + part.chars().count() < ERROR_TEXT_LIMIT {
            self.0.push_str(part);
        }
    }
}

fn is_short(value: &Value) -> bool {
    value.to_string().chars().count() <= RECEIVED_LIMIT
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn shorten(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_string();
    }
    text.chars().take(limit - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unknown_metric() -> Diagnostic {
        Diagnostic::new(Code::UnknownMetric, "unknown metric `net_sale`")
            .field("metric_names[0]")
            .received("net_sale")
            .help("`search` lists the metrics")
            .suggest("net_sale", ["net_sales", "orders"])
            .example(json!(["net_sales"]))
    }

    #[test]
    fn the_envelope_says_everything_of_the_first_fault_and_names_the_others() {
        let failure = Failure(Diagnostics(vec![
            unknown_metric(),
            Diagnostic::new(Code::InvalidTimezone, "unknown time zone `Mars`").field("timezone"),
        ]));
        assert_eq!(
            error_envelope(&failure).to_string(),
            r#"{"error":{"code":"unknown-metric","message":"unknown metric `net_sale`","help":"`search` lists the metrics","field":"metric_names[0]","received":"net_sale","did_you_mean":["net_sales"],"example":["net_sales"],"retryable":false,"others":[{"code":"invalid-timezone","message":"unknown time zone `Mars`","field":"timezone"}]}}"#
        );
        assert_eq!(
            error_text(&failure),
            "unknown-metric: unknown metric `net_sale` (metric_names[0], received \"net_sale\"); `search` lists the metrics; \
             did you mean `net_sales`; example [\"net_sales\"]; also invalid-timezone: unknown time zone `Mars`"
        );
        assert_eq!(status(&failure), 400);
    }

    #[test]
    fn the_text_stays_short_whatever_the_fault_holds() {
        let long = "x".repeat(5_000);
        let mut diagnostic = unknown_metric().received(long.as_str()).help(long.as_str());
        diagnostic.message = long.clone();
        let text = error_text(&Failure(Diagnostics(vec![diagnostic; 50])));
        assert!(text.chars().count() < ERROR_TEXT_LIMIT, "{}", text.chars().count());
        assert!(text.contains("did you mean `net_sales`"));
        assert!(!text.contains("received"));
    }

    #[test]
    fn one_fault_met_several_times_is_told_once() {
        let absent = Diagnostic::new(Code::DataUnavailable, "dataset `orders` has no data");
        let failure = Failure(Diagnostics(vec![absent.clone(), absent.clone(), unknown_metric(), absent]));
        assert_eq!(error_object(&failure)["others"].as_array().map(Vec::len), Some(1));
        let text = "data-unavailable: dataset `orders` has no data; also unknown-metric: unknown metric `net_sale`";
        assert_eq!(error_text(&failure), text);
    }

    #[test]
    fn a_token_in_the_wrong_place_is_not_repeated() {
        let token = token::mint(token::Kind::Partner).unwrap();
        let text = token.expose();
        let fault = Diagnostic::new(Code::UnknownMetric, format!("unknown metric `{text}`"))
            .field(format!("arguments.{text}"))
            .received(text)
            .help(format!("`{text}` is none"));
        let failure = Failure(Diagnostics(vec![fault.clone(), Diagnostic { code: Code::UnknownDimension, ..fault }]));
        for said in [error_text(&failure), error_envelope(&failure).to_string()] {
            assert!(said.contains("unknown metric `sextant_pat_…`") && !said.contains(&text[12..20]), "{said}");
        }
    }

    #[test]
    fn a_message_of_several_lines_becomes_one() {
        let failure = Failure(Diagnostic::new(Code::InvalidFilter, "expected `)`\n  at the end").into());
        assert_eq!(error_text(&failure), "invalid-filter: expected `)` at the end");
    }
}
