use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::table::{Argument, Shape, TOOLS, arguments};
use super::*;
use crate::code::Code;
use crate::diagnostic::Diagnostics;
use crate::expr::DatePart;

fn map(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        other => panic!("{other} is not an object"),
    }
}

fn metrics(value: Value) -> (MetricsRequest, Vec<String>) {
    let decoded = decode("get_metrics", &map(value.clone())).unwrap_or_else(|faults| panic!("{value}: {faults:?}"));
    match decoded.request {
        Request::GetMetrics(request) => (request, decoded.notes),
        other => panic!("{other:?}"),
    }
}

fn faults(tool: &str, value: Value) -> Diagnostics {
    decode(tool, &map(value.clone())).map(|found| panic!("{value}: {found:?}")).unwrap_or_else(|faults| faults)
}

/// `code field: message` of each fault.
fn told(tool: &str, value: Value) -> Vec<String> {
    let faults = faults(tool, value);
    faults.iter().map(|f| format!("{} {}: {}", f.code, f.field.as_deref().unwrap_or("-"), f.message)).collect()
}

/// The conditions in canonical form, with the metric that they belong to.
fn conditions(items: &[FilterItem]) -> Vec<String> {
    let of = |item: &FilterItem| item.metric.as_ref().map_or_else(String::new, |m| format!("{m}: "));
    items.iter().map(|item| format!("{}{}", of(item), item.condition)).collect()
}

#[test]
fn everyday_questions_are_read_as_they_stand() {
    let (request, notes) = metrics(json!({
        "metric_names": ["net_sales", {"name": "orders", "alias": "n"}], "time_range": "2025-11-01..2026-10-31",
        "granularity": "month", "group_by": ["customers.first_order_at__month", {"name": "metric_time", "date_part": "dow"}],
        "where": ["customers.segment = 'vip'", {"dimension": "country", "op": "in", "values": ["US", "CA"]}],
        "having": ["net_sales > 1000"], "order_by": ["-net_sales", {"column": "orders"}], "limit": 20,
        "comparison": "previous_year", "as_of": "2026-11-01T00:00:00Z", "timezone": "UTC",
    }));
    assert_eq!(notes, [""; 0]);
    assert_eq!(
        request.metrics[1],
        MetricItem { name: "orders".into(), alias: Some("n".into()), offset: None, field: "metric_names[1]".into() }
    );
    assert_eq!(request.group_by[0].name, "customers.first_order_at__month");
    assert_eq!(request.group_by[1].date_part, Some(DatePart::DayOfWeek));
    assert_eq!(conditions(&request.where_), ["customers.segment = 'vip'", "country IN ('US', 'CA')"]);
    assert_eq!(conditions(&request.having), ["net_sales > 1000"]);
    let orders = request.order_by.expect("an order");
    assert!(orders[0].column == "net_sales" && orders[0].descending && !orders[1].descending);
    assert_eq!((request.limit, request.time.granularity.as_deref()), (Some(20), Some("month")));
    assert_eq!(request.time.comparison.as_deref(), Some("previous_year"));

    let audit = decode(
        "audit_performance",
        &map(json!({
            "metric_names": ["net_sales", "aov"], "time_range": "last_30_days", "comparison": "previous_period",
            "dimensions": ["country", "channel"], "min_level": "notable", "max_highlights": 3,
        })),
    );
    match audit.expect("an audit").request {
        Request::AuditPerformance(audit) => {
            assert_eq!(audit.dimensions.map(|d| d.len()), Some(2));
            assert_eq!((audit.min_level, audit.max_highlights), (Some(Level::Notable), Some(3)));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn nothing_is_asked_for_by_default() {
    assert_eq!(metrics(json!({})).0, MetricsRequest::default());
    assert_eq!(metrics(json!({"limit": null, "where": null, "order_by": null})).0, MetricsRequest::default());
    assert_eq!(metrics(json!({"order_by": []})).0.order_by, Some(vec![]));
    let saved = decode("run_saved_query", &map(json!({"name": "weekly_review", "limit": 5}))).expect("a request");
    match saved.request {
        Request::GetMetrics(request) => {
            assert_eq!((request.saved_query.as_deref(), request.limit), (Some("weekly_review"), Some(5)));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn scalars_of_time_are_read_from_their_text() {
    let (request, notes) = metrics(json!({"time_range": 2026, "as_of": "2026-01-01"}));
    assert_eq!((request.time.time_range.as_deref(), notes.len()), (Some("2026"), 0));
    assert_eq!(request, metrics(json!({"time_range": "2026", "as_of": "2026-01-01"})).0);
}

#[test]
fn conditions_in_json_are_the_conditions_in_words() {
    for (item, condition) in [
        (json!({"dimension": "a.b", "op": "=", "value": "US"}), "a.b = 'US'"),
        (json!({"dimension": "a", "op": "!=", "value": 1.5}), "a != 1.5"),
        (json!({"dimension": "a", "op": "<", "value": -3}), "a < -3"),
        (json!({"dimension": "a", "op": ">=", "value": 1e300}), "a >= 1e300"),
        (json!({"dimension": "a", "op": "=", "value": true}), "a = TRUE"),
        (json!({"dimension": "a", "op": "in", "values": ["x", "it's"]}), "a IN ('x', 'it''s')"),
        (json!({"dimension": "a", "op": "in", "value": ["x"]}), "a IN ('x')"),
        (json!({"dimension": "a", "op": "not_in", "values": [1, 2]}), "a NOT IN (1, 2)"),
        (json!({"dimension": "a", "op": "contains", "value": "50%"}), "contains(a, '50%')"),
        (
            json!({"dimension": "a", "op": "starts_with", "values": ["x", "y"]}),
            "starts_with(a, 'x') OR starts_with(a, 'y')",
        ),
        (
            json!({"dimension": "metric_time__day", "op": "between", "values": ["2026-01-01", "2026-01-31"]}),
            "metric_time__day BETWEEN '2026-01-01' AND '2026-01-31'",
        ),
        (json!({"dimension": "a", "op": "is_null"}), "a IS NULL"),
        (json!({"dimension": "a", "op": "is_not_null"}), "a IS NOT NULL"),
        (json!({"dimension": "Order Date", "op": "=", "value": "x"}), "\"Order Date\" = 'x'"),
        // slips
        (json!({"dimension": "a", "value": "x"}), "a = 'x'"),
        (json!({"dimension": "a", "values": ["x", "y"]}), "a IN ('x', 'y')"),
        (json!({"dimension": "a", "op": "=", "value": ["x", "y"]}), "a IN ('x', 'y')"),
        (json!({"dimension": "a", "op": "NOT IN", "values": "x"}), "a NOT IN ('x')"),
        (json!({"dimension": "a", "op": "gte", "value": 1}), "a >= 1"),
        (json!("a='x'"), "a = 'x'"),
    ] {
        let (request, _) = metrics(json!({"where": [item]}));
        assert_eq!(conditions(&request.where_), [condition], "{item}");
        assert_eq!(request.where_[0].field, "where[0]");
    }
    let (request, _) = metrics(json!({"where": [{"metric": "orders", "where": ["a = 1", "b = 2"]}, "c = 3"]}));
    assert_eq!(conditions(&request.where_), ["orders: a = 1", "orders: b = 2", "c = 3"]);
    assert_eq!(request.where_[1].field, "where[0].where[1]");
    let (request, _) = metrics(json!({"having": [{"metric": "orders", "op": ">", "value": 10}]}));
    assert_eq!(conditions(&request.having), ["orders > 10"]);
}

#[test]
fn spans_of_conditions_point_into_the_request() {
    let decoded = decode("get_metrics", &map(json!({"where": ["a = 1", "b = 'é' AND c > 2"]}))).expect("a request");
    let Request::GetMetrics(request) = decoded.request else { panic!("not metrics") };
    let condition = &request.where_[1].condition;
    let slices: Vec<&str> = condition.refs().iter().map(|r| decoded.sources.slice(r.span)).collect();
    assert_eq!(slices, ["b", "c"]);
    assert_eq!(decoded.sources.get(condition.span.source).name, "where[1]");
}

#[test]
fn slips_are_read_as_meant_and_noted() {
    for (slip, meant) in [
        (json!({"metric_names": "net_sales"}), json!({"metric_names": ["net_sales"]})),
        (json!({"metric_names": "a, b"}), json!({"metric_names": ["a", "b"]})),
        (json!({"metric_names": "[\"a\", \"b\"]"}), json!({"metric_names": ["a", "b"]})),
        (json!({"where": "a IN (1, 2)"}), json!({"where": ["a IN (1, 2)"]})),
        (json!({"where": {"dimension": "a", "value": 1}}), json!({"where": ["a = 1"]})),
        (json!({"limit": "20"}), json!({"limit": 20})),
        (json!({"limit": 20.0}), json!({"limit": 20})),
        (json!({"totals": "False"}), json!({"totals": false})),
        (json!({"response_format": "Concise"}), json!({"response_format": "concise"})),
        (
            json!({"group_by": {"name": "t", "date_part": "isodow"}}),
            json!({"group_by": [{"name": "t", "date_part": "dow"}]}),
        ),
        (json!({"order_by": "net_sales desc"}), json!({"order_by": ["-net_sales"]})),
        (json!({"order_by": [{"column": "a", "direction": "DESC"}]}), json!({"order_by": ["-a"]})),
        (json!({"granularity": "Fiscal-Quarter"}), json!({"granularity": "fiscal_quarter"})),
    ] {
        let noted = |request: &MetricsRequest| format!("{request:?}").split("span").count();
        let ((slip_read, notes), (meant_read, none)) = (metrics(slip.clone()), metrics(meant));
        assert_eq!(noted(&slip_read), noted(&meant_read), "{slip}");
        assert_eq!(conditions(&slip_read.where_), conditions(&meant_read.where_));
        assert_eq!(
            (&slip_read.order_by, slip_read.limit, slip_read.totals, &slip_read.time.granularity),
            (&meant_read.order_by, meant_read.limit, meant_read.totals, &meant_read.time.granularity),
            "{slip}"
        );
        let names = |r: &MetricsRequest| r.metrics.iter().map(|m| m.name.clone()).collect::<Vec<_>>();
        assert_eq!(names(&slip_read), names(&meant_read));
        assert_eq!(none, [""; 0]);
        let silent = slip["limit"] == json!(20.0) || !slip["granularity"].is_null();
        assert!(silent || !notes.is_empty(), "{slip}");
    }
}

#[test]
fn every_fault_is_told_at_once_with_its_place() {
    assert_eq!(
        told(
            "get_metrics",
            json!({
                "metrics": ["net_sales"], "limit": "many", "totals": 1, "group_by": [7, {"name": "a", "date_part": "dwo"}],
                "where": ["country = ", {"dimension": "a", "op": "~", "value": 1}, {"dimension": "a", "op": "between", "values": [1]},
                    {"dimension": "a", "op": "=", "value": null}, {"dimension": "a", "op": "=", "value": {"x": 1}}, true,
                    {"metric": "m"}, {"field": "country", "op": "=", "value": "US"}, "sum(x) > 1"],
                "having": [{"op": ">", "value": 1}], "response_format": "short", "time_range": ["2026"], "nonsense": 1,
            })
        ),
        [
            "unknown-argument metrics: `get_metrics` has no argument `metrics`",
            "unknown-argument nonsense: `get_metrics` has no argument `nonsense`",
            "invalid-argument time_range: `time_range` is a list, not a text",
            "invalid-argument group_by[0]: `group_by[0]` is 7, not a dimension's name or {\"name\", \"grain\", \"date_part\", \"alias\"}",
            "invalid-argument group_by[1].date_part: `date_part` has no value `dwo`",
            "invalid-filter where[0]: expected an expression, found the end of the expression",
            "invalid-argument where[1].op: `op` has no value `~`",
            "invalid-filter where[2]: `between` on `a` needs two values, not 1",
            "invalid-filter where[3]: `a` is held against null, which equals nothing",
            "invalid-filter where[4]: a value of `a` is an object, not a text, a number or a boolean",
            "invalid-argument where[5]: `where[5]` is true, not a condition in words or {\"dimension\", \"op\", \"value\"}",
            "invalid-filter where[6]: a metric without `where` in a condition on rows",
            "unknown-argument where[7].field: a condition has no argument `field`",
            "aggregate-in-where where[8]: aggregate `sum` in a condition on rows",
            "invalid-argument having[0].metric: a condition on results needs `metric`",
            "invalid-argument limit: `limit` is a text, not a whole number",
            "invalid-argument totals: `totals` is 1, not true or false",
            "invalid-argument response_format: `response_format` has no value `short`",
        ]
    );
    assert_eq!(told("describe_metric", json!({})), ["invalid-argument name: `describe_metric` needs `name`"]);
    assert_eq!(told("get_freshness", json!({"x": 1})), ["unknown-argument x: `get_freshness` has no argument `x`"]);
    assert_eq!(told("get_metric", json!({})), ["unknown-tool tool: unknown tool `get_metric`"]);
    assert_eq!(
        told("explain", json!({"stage": "logical", "arguments": {"where": ["a ="], "limt": 1}})),
        [
            "unknown-argument arguments.limt: `get_metrics` has no argument `limt`",
            "invalid-filter arguments.where[0]: expected an expression, found the end of the expression",
        ]
    );
    assert_eq!(
        told("search", json!({"limit": 0})),
        ["invalid-argument limit: `limit` is 0, not a whole number from 1 to 100"]
    );
}

#[test]
fn faults_suggest_what_was_meant() {
    for (tool, name, meant) in [
        ("get_metrics", "metrics", "metric_names"),
        ("get_metrics", "metric_nmes", "metric_names"),
        ("get_metrics", "dimensions", "group_by"),
        ("get_metrics", "filters", "where"),
        ("get_metrics", "period", "time_range"),
        ("get_metrics", "timerange", "time_range"),
        ("get_metrics", "sort", "order_by"),
        ("get_metrics", "top", "limit"),
        ("get_metrics", "Compare", "comparison"),
        ("audit_performance", "group_by", "dimensions"),
        ("search", "q", "query"),
        ("get_dimension_values", "name", "dimension"),
    ] {
        let mut arguments = map(json!({"dimension": "x"}));
        arguments.retain(|_, _| tool == "get_dimension_values" && name != "name");
        arguments.insert(name.into(), json!("x"));
        let faults = decode(tool, &arguments).expect_err(name);
        assert_eq!(faults.0.len(), 1, "{name}: {faults:?}");
        assert_eq!(faults.0[0].did_you_mean.first().map(String::as_str), Some(meant), "{tool} {name}");
    }
    let fault = &faults("get_metrics", json!({"where": ["lowr(country) = 'us'"]})).0[0];
    assert_eq!(
        (fault.code, fault.did_you_mean.as_slice()),
        (Code::UnsupportedExpression, ["lower".to_string()].as_slice())
    );
    assert_eq!(fault.received, Some(json!("lowr(country) = 'us'")));
    let fault = &faults("get_metrics", json!({"limit": []})).0[0];
    assert_eq!((&fault.example, &fault.received), (&Some(json!(20)), &Some(json!([]))));
}

#[test]
fn lists_have_limits() {
    for (argument, item, limit) in
        [("metric_names", json!("m"), 100), ("group_by", json!("g"), 20), ("where", json!("a = 1"), 50)]
    {
        let list = |count: usize| json!({argument: vec![item.clone(); count]});
        assert!(decode("get_metrics", &map(list(limit))).is_ok());
        let fault = &faults("get_metrics", list(limit + 1)).0;
        assert_eq!((fault.len(), fault[0].code, fault[0].field.as_deref()), (1, Code::TooManyItems, Some(argument)));
    }
    let nested =
        json!({"where": [{"metric": "a", "where": vec!["a = 1"; 30]}, {"metric": "b", "where": vec!["a = 1"; 30]}]});
    assert_eq!(faults("get_metrics", nested).0[0].code, Code::TooManyItems);
    assert_eq!(faults("get_metrics", json!({"metric_names": vec![1; 10_000]})).0.len(), 1);
}

#[test]
fn saved_queries_use_the_same_words() {
    let saved = decode_saved(&json!({"metrics": ["net_sales"], "granularity": "week", "time_range": "last_12_weeks"}));
    let saved = saved.expect("a saved query");
    assert_eq!((saved.metrics[0].name.as_str(), saved.time.granularity.as_deref()), ("net_sales", Some("week")));
    let fault = decode_saved(&json!({"metric_names": ["net_sales"]})).expect_err("another name");
    assert_eq!(fault.0[0].did_you_mean, ["metrics"]);
    assert!(decode_saved(&json!([])).is_err());
}

/// The required arguments of a tool by their examples.
fn least(table: &[&'static Argument]) -> Map<String, Value> {
    table.iter().filter(|a| a.required).map(|a| (a.name.to_string(), example(a))).collect()
}

fn example(argument: &Argument) -> Value {
    serde_json::from_str(argument.example).unwrap_or_else(|e| panic!("example of {}: {e}", argument.name))
}

#[test]
fn every_argument_of_the_table_is_read() {
    for (tool, _) in TOOLS {
        let table = arguments(tool).expect("a tool of the table");
        let least = least(&table);
        let without = decode(tool, &least).unwrap_or_else(|f| panic!("{tool}: {f:?}"));
        for argument in table.iter().filter(|a| !a.required) {
            let mut with = least.clone();
            with.insert(argument.name.into(), example(argument));
            let read = decode(tool, &with).unwrap_or_else(|f| panic!("{tool} {}: {f:?}", argument.name));
            assert_eq!(read.notes, [""; 0], "{tool} {}", argument.name);
            // A few defaults are spelled out by their example.
            let is_default = ["dialect", "stage", "tool"].contains(&argument.name);
            assert!(is_default || read.request != without.request, "{tool} does not read {}", argument.name);
            if let Shape::Word(words) = &argument.shape {
                let mut seen = Vec::new();
                for word in words.iter() {
                    with.insert(argument.name.into(), json!(word));
                    let read = decode(tool, &with).unwrap_or_else(|f| panic!("{tool} {word}: {f:?}")).request;
                    assert!(!seen.contains(&read), "{tool} reads {word} as another word");
                    seen.push(read);
                }
            }
        }
    }
}

#[test]
fn schemas_and_table_name_the_same_arguments() {
    assert_eq!(schema("nothing"), None);
    for (tool, _) in TOOLS {
        let schema = schema(tool).expect("a schema");
        let table = arguments(tool).expect("a tool of the table");
        assert_eq!(schema["additionalProperties"], false);
        let names: Vec<&str> =
            schema["properties"].as_object().expect("properties").keys().map(String::as_str).collect();
        assert_eq!(names, table.iter().map(|a| a.name).collect::<Vec<_>>(), "{tool}");
        let mut unique = names.clone();
        unique.sort();
        unique.dedup();
        assert_eq!(unique.len(), names.len(), "{tool} has an argument twice");
        described(&schema);
        for argument in table {
            assert!(fits(&example(argument), &schema["properties"][argument.name]), "{tool} {}", argument.name);
        }
    }
    let size: usize =
        ["get_metrics", "audit_performance", "search"].iter().map(|t| schema(t).expect(t).to_string().len()).sum();
    assert!(size <= 11_000, "{size} bytes");
}

/// Plain for clients: closed objects, every argument described, no references, no nullable types.
fn described(schema: &Value) {
    for (name, property) in schema["properties"].as_object().expect("arguments") {
        let text = property["description"].as_str().unwrap_or_else(|| panic!("{name} has no description"));
        assert!(!text.is_empty() && text.len() <= 140 && !text.contains(['<', '>']), "{name}: {text}");
    }
    plain(schema);
}

fn plain(schema: &Value) {
    if let Some(properties) = schema["properties"].as_object() {
        assert_eq!(schema["additionalProperties"], false, "{schema}");
        for (name, property) in properties {
            assert!(property["type"].is_string() || property["anyOf"].is_array(), "{name}");
            plain(property);
        }
    }
    assert!(schema.get("$ref").is_none());
    for child in [&schema["items"]].into_iter().chain(schema["anyOf"].as_array().into_iter().flatten()) {
        assert_ne!(child["type"], "null");
        if child.is_object() {
            plain(child);
        }
    }
}

/// Whether a value fits a schema of the few keywords that are used.
fn fits(value: &Value, schema: &Value) -> bool {
    if let Some(any) = schema["anyOf"].as_array() {
        return any.iter().any(|schema| fits(value, schema));
    }
    let words = schema["enum"].as_array();
    match schema["type"].as_str() {
        Some("string") => value.is_string() && words.is_none_or(|words| words.contains(value)),
        Some("boolean") => value.is_boolean(),
        Some("number") => value.is_number(),
        Some("integer") => value.as_u64().is_some_and(|n| n >= schema["minimum"].as_u64().unwrap_or(0)),
        Some("array") => value.as_array().is_some_and(|items| items.iter().all(|item| fits(item, &schema["items"]))),
        Some("object") => value.as_object().is_some_and(|map| {
            schema["properties"].is_null()
                || map.iter().all(|(name, value)| fits(value, &schema["properties"][name.as_str()]))
        }),
        _ => false,
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let word =
        prop_oneof!["[a-z_.'= 0-9\\[{\"-]{0,12}", proptest::sample::select(WORDS.to_vec()).prop_map(String::from)];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        word.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((word.clone(), inner), 0..4)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

const WORDS: [&str; 24] = [
    "metric_names",
    "where",
    "group_by",
    "order_by",
    "having",
    "time_range",
    "limit",
    "dimension",
    "op",
    "value",
    "values",
    "metric",
    "name",
    "alias",
    "grain",
    "date_part",
    "in",
    "between",
    "is_null",
    "country = 'US'",
    "a IN (1, 2)",
    "stage",
    "arguments",
    "tool",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_arguments_are_answered(
        tool in 0..TOOLS.len(),
        pairs in proptest::collection::vec((any::<proptest::sample::Index>(), any_json()), 0..4),
    ) {
        let (tool, _) = TOOLS[tool];
        let table = arguments(tool).expect("a tool of the table");
        let mut given = Map::new();
        for (at, value) in pairs {
            if !table.is_empty() {
                given.insert(at.get(&table).name.to_string(), value);
            }
        }
        match decode(tool, &given) {
            Ok(_) => {}
            Err(faults) => {
                prop_assert!(!faults.is_empty());
                prop_assert!(faults.iter().all(|f| f.field.is_some()), "{:?}", faults);
            }
        }
    }
}
