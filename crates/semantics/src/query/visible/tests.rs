//! Policies from YAML to what a caller sees.

use std::sync::Arc;

use serde_json::json;

use super::*;
use crate::catalog::bind::{PhysicalColumn, Schema, bind};
use crate::catalog::build::{self, build};
use crate::data_type::Clock;
use crate::expr::parse;
use crate::model::read;
use crate::source::Span;

const MODEL: &str = "
name: m
datasets:
  - name: orders
    source: {csv: orders.csv}
    primary_key: [id]
    dimensions:
      - {name: country}
      - {name: store, type: number, expr: store_id}
      - {name: day, type: time}
      - {name: at, type: time}
      - {name: is_open, type: boolean}
      - {name: email}
      - {name: domain, expr: \"split_part(email, '@', 2)\"}
  - name: stores
    source: {csv: stores.csv}
    primary_key: [id]
    dimensions: [{name: region}, {name: kind, expr: \"coalesce(size, 'none')\"}]
  - {name: owners, source: {csv: owners.csv}, primary_key: [id], dimensions: [{name: city}, {name: country}]}
  - {name: tags, source: {csv: tags.csv}, primary_key: [tag], dimensions: [{name: tag}]}
relationships:
  - {name: of_store, from: orders, from_columns: [store_id], to: stores, to_columns: [id]}
  - {name: owned_by, from: stores, from_columns: [owner_id], to: owners, to_columns: [id]}
  - {name: placed_by, from: orders, from_columns: [placed_id], to: owners, to_columns: [id]}
  - {name: tagged, from: orders, from_columns: [id], to: tags, to_columns: [order_id], cardinality: many_to_many}
";

fn catalog(policies: &str) -> Result<crate::catalog::Catalog, Vec<String>> {
    let (model, found) = read([("m.yml".to_string(), format!("{MODEL}policies:\n{policies}"))]);
    let text =
        |found: crate::diagnostic::Diagnostics| found.0.iter().map(|f| format!("{}: {}", f.code, f.message)).collect();
    if !found.is_empty() {
        return Err(text(found));
    }
    build(&model).map_err(text)
}

fn bound(policies: &str) -> BoundCatalog {
    let columns = |columns: &[(&str, DataType)]| Schema {
        columns: columns.iter().map(|(name, data_type)| (name.to_string(), *data_type)).collect(),
    };
    let orders = columns(&[
        ("id", DataType::Integer),
        ("country", DataType::Text),
        ("store_id", DataType::Integer),
        ("day", DataType::Date),
        ("at", DataType::Timestamp(Clock::Local)),
        ("is_open", DataType::Boolean),
        ("email", DataType::Text),
        ("placed_id", DataType::Integer),
    ]);
    let stores = columns(&[
        ("id", DataType::Integer),
        ("region", DataType::Text),
        ("size", DataType::Text),
        ("owner_id", DataType::Integer),
    ]);
    let owners = columns(&[("id", DataType::Integer), ("city", DataType::Text), ("country", DataType::Text)]);
    let tags = columns(&[("tag", DataType::Text), ("order_id", DataType::Integer)]);
    bind(Arc::new(catalog(policies).unwrap()), vec![Ok(orders), Ok(stores), Ok(owners), Ok(tags)])
}

/// What a caller sees of the orders, as text.
fn seen(policies: &str, caller: serde_json::Value) -> String {
    let bound = bound(policies);
    let caller = Caller::from_json(caller.as_object().unwrap()).unwrap();
    let orders = bound.catalog.dataset_named("orders").unwrap().id;
    match sight(&bound, orders, &caller) {
        Err(fault) => format!("{}: {}", fault.code, fault.message),
        Ok(None) => "everything".to_string(),
        Ok(Some(Sight { rows: Visible::Nothing, lacks, .. })) => format!("nothing {lacks:?}"),
        Ok(Some(Sight { rows: Visible::Where(of), steps, .. })) => {
            let name = |column: &ColumnOf| match column.table {
                0 => column.column.name.clone(),
                table => format!("{table}.{}", column.column.name),
            };
            let over = of.map_refs(&mut |of| match of {
                SeenRef::Column(of) => name(of),
                SeenRef::WallClock { of, stored: _ } => format!("wall_clock({})", of.map_refs(&mut |of| name(of))),
            });
            let on = |(near, far): &(PhysicalColumn, PhysicalColumn)| format!("{}={}", near.name, far.name);
            let step = |of: &Belonging| {
                let on: Vec<String> = of.on.iter().map(on).collect();
                format!(" +{}>{} on {}", of.from, bound.catalog.dataset(of.to).name, on.join(","))
            };
            format!("{over}{}", steps.iter().map(step).collect::<String>())
        }
    }
}

const COUNTRIES: &str = "  - {dataset: orders, filter: \"country IN (:caller.countries)\"}\n";

#[test]
fn a_list_stands_on_the_right_of_in() {
    assert_eq!(seen(COUNTRIES, json!({"countries": ["US", "CA"]})), "country IN ('US', 'CA')");
    assert_eq!(seen(COUNTRIES, json!({"countries": "US"})), "country IN ('US')");
    assert_eq!(seen(COUNTRIES, json!({"countries": []})), "FALSE");
    assert_eq!(seen(COUNTRIES, json!({"countries": "a' OR 'b' = 'b"})), "country IN ('a'' OR ''b'' = ''b')");
    let not = "  - {dataset: orders, filter: \"NOT (country NOT IN (:caller.countries))\"}\n";
    assert_eq!(seen(not, json!({"countries": []})), "NOT TRUE");
}

#[test]
fn without_the_attribute_nothing_is_seen() {
    assert_eq!(seen(COUNTRIES, json!({})), r#"nothing [Absent("countries")]"#);
    let either = "  - {dataset: orders, filter: \"is_open = TRUE OR country IN (:caller.countries)\"}\n";
    assert_eq!(seen(either, json!({"country": "US"})), r#"nothing [Absent("countries")]"#);
    assert_eq!(seen("  - {dataset: stores, filter: \"region = :caller.region\"}\n", json!({})), "everything");
}

#[test]
fn values_take_the_type_that_they_are_held_against() {
    let store = "  - {dataset: orders, filter: \"store = :caller.store\"}\n";
    assert_eq!(seen(store, json!({"store": 7})), "store_id = 7");
    assert_eq!(seen(store, json!({"store": "-7"})), "store_id = -7");
    assert_eq!(seen(store, json!({"store": "seven"})), r#"nothing [Unfit("store")]"#);
    assert_eq!(seen(store, json!({"store": true})), r#"nothing [Unfit("store")]"#);
    assert_eq!(seen(store, json!({"store": [7]})), r#"nothing [Unfit("store")]"#);
    let open = "  - {dataset: orders, filter: \"is_open = :caller.open\"}\n";
    assert_eq!(seen(open, json!({"open": "true"})), "is_open = TRUE");
    assert_eq!(seen(open, json!({"open": "yes"})), r#"nothing [Unfit("open")]"#);
    let days = "  - {dataset: orders, filter: \"day BETWEEN :caller.first AND :caller.last\"}\n";
    let between = json!({"first": "2026-01-01", "last": "2026-02-01"});
    assert_eq!(seen(days, between), "day BETWEEN DATE '2026-01-01' AND DATE '2026-02-01'");
    assert_eq!(seen(days, json!({"first": "soon", "last": "2026-02-01"})), r#"nothing [Unfit("last")]"#);
    let role = "  - {dataset: orders, filter: \":caller.role = 'admin' OR country = :caller.country\"}\n";
    assert_eq!(seen(role, json!({"role": "x", "country": "US"})), "'x' = 'admin' OR country = 'US'");
    let one_of = "  - {dataset: orders, filter: \":caller.level NOT IN (1, 2) OR country = 'US'\"}\n";
    assert_eq!(seen(one_of, json!({"level": "3"})), "3 NOT IN (1, 2) OR country = 'US'");
    assert_eq!(seen(one_of, json!({"level": "high"})), r#"nothing [Unfit("level")]"#);
    assert_eq!(seen(one_of, json!({"level": [3]})), r#"nothing [Unfit("level")]"#);
    let from_to = "  - {dataset: orders, filter: \":caller.level BETWEEN 1 AND store\"}\n";
    assert_eq!(seen(from_to, json!({"level": "3"})), "3 BETWEEN 1 AND store_id");
}

#[test]
fn a_filter_reaches_what_rows_belong_to() {
    let by = |filter: &str| {
        let policy = format!("  - {{dataset: orders, filter: \"{filter}\"}}\n");
        seen(&policy, json!({"x": "EU", "list": ["EU", "US"]}))
    };
    let store = " +0>stores on store_id=id";
    assert_eq!(by("region = :caller.x"), format!("1.region = 'EU'{store}"));
    assert_eq!(by("stores.region IN (:caller.list)"), format!("1.region IN ('EU', 'US'){store}"));
    assert_eq!(
        by("of_store.region = 'EU' AND region <> country"),
        format!("1.region = 'EU' AND 1.region != country{store}")
    );
    // Its own dimension comes before one that it reaches.
    assert_eq!(by("country = :caller.x"), "country = 'EU'");
    // A formula of a row that is not there is null.
    let kind = "CASE WHEN 1.id IS NOT NULL THEN coalesce(1.size, 'none') END";
    assert_eq!(by("kind = 'none'"), format!("{kind} = 'none'{store}"));
    // Two steps, and another path to the same dataset; what paths have in common is one step.
    assert_eq!(
        by("owned_by.city = :caller.x AND placed_by.city = 'X' AND region = 'EU'"),
        "2.city = 'EU' AND 3.city = 'X' AND 1.region = 'EU' +0>stores on store_id=id +1>owners on owner_id=id \
         +0>owners on placed_id=id"
    );
    assert_eq!(by("region = :caller.nothing"), r#"nothing [Absent("nothing")]"#);
}

#[test]
fn a_time_of_day_is_that_of_the_models_zone() {
    let by = |filter: &str, caller: serde_json::Value| {
        seen(&format!("  - {{dataset: orders, filter: \"{filter}\"}}\n"), caller)
    };
    let clock = |at: &str| format!("wall_clock(at) >= TIMESTAMP '{at}'");
    assert_eq!(by("at >= TIMESTAMP '2026-01-01 08:30:00'", json!({})), clock("2026-01-01 08:30:00"));
    assert_eq!(by("at >= :caller.since", json!({"since": "2026-01-01 08:30"})), clock("2026-01-01 08:30:00"));
    assert_eq!(by("at >= :caller.since", json!({"since": "soon"})), r#"nothing [Unfit("since")]"#);
}

#[test]
fn several_policies_must_all_hold() {
    let two = format!("{COUNTRIES}  - {{dataset: orders, filter: \"store = :caller.store\"}}\n");
    assert_eq!(seen(&two, json!({"countries": "US", "store": 1})), "country IN ('US') AND store_id = 1");
    assert_eq!(seen(&two, json!({"countries": "US"})), r#"nothing [Absent("store")]"#);
    let text = bound(&two).catalog.dataset_named("orders").unwrap().policy_text();
    assert_eq!(text.as_deref(), Some("(country IN (:caller.countries)) AND (store = :caller.store)"));
}

#[test]
fn what_does_not_fit_is_refused() {
    let refused = |filter: &str| match catalog(&format!("  - {{dataset: orders, filter: \"{filter}\"}}\n")) {
        Ok(_) => seen(&format!("  - {{dataset: orders, filter: \"{filter}\"}}\n"), json!({"x": 1})),
        Err(found) => found.join("; "),
    };
    let of_place = "unsupported-expression: an attribute of the caller out of its place";
    for misplaced in [
        ":caller.x",
        "lower(:caller.x) = country",
        ":caller.x = :caller.y",
        ":caller.x IS NULL",
        ":caller.x IN (:caller.y)",
        "lower(:caller.x) IN ('a')",
        ":caller.x BETWEEN 1 AND :caller.y",
        "CASE WHEN country = :caller.x THEN TRUE END",
        "store + :caller.x > 2",
    ] {
        assert_eq!(refused(misplaced), of_place, "{misplaced}");
    }
    for (filter, expected) in [
        ("contry = 'US'", "unknown-reference: dataset `orders` has no dimension `contry`"),
        ("stores.area = :caller.x", "unknown-dimension: unknown dimension `stores.area`"),
        (
            "tag = :caller.x",
            "fan-out: `tag` is beyond the bridge `tagged`: one row of `orders` has many rows of `tags`",
        ),
        ("city = :caller.x", "ambiguous-path: `city` can be reached from `orders` in 2 ways"),
        ("owners.city = :caller.x", "ambiguous-path: `owners.city` can be reached from `orders` in 2 ways"),
        ("day__month = :caller.x", "not-supported-yet: `day__month` in the filter of a policy is not supported yet"),
        (
            "metric(orders, country) > 1",
            "not-supported-yet: `metric(orders, country)` in the filter of a policy is not supported yet",
        ),
        ("country = : caller.x", "unsupported-expression: `:caller.x` in an expression"),
        ("country = :calle.x", "unsupported-expression: `:` in an expression"),
        ("country", "type-mismatch: a condition of type text, not boolean"),
        ("country > 5", "type-mismatch: `>` does not take text and integer"),
    ] {
        assert_eq!(refused(filter), expected, "{filter}");
    }
    let unknown = catalog("  - {dataset: order, filter: \"country = 'US'\"}\n").unwrap_err();
    assert_eq!(unknown, ["unknown-reference: unknown dataset `order`"]);
}

#[test]
fn attributes_stand_nowhere_else() {
    for place in [parse::Place::Formula, parse::Place::Where] {
        let fault =
            parse::parse_in("country IN (:caller.countries)", Span::new(crate::source::SourceId(0), 0, 30), place);
        let fault = fault.unwrap_err();
        assert_eq!(fault.message, "`:caller.countries` in an expression");
        assert!(fault.help.unwrap().contains("`policies` only"));
    }
}

#[test]
fn what_is_hidden_is_concealed_with_all_that_reads_it() {
    let hidden = |policies: &str| {
        let catalog = catalog(policies).unwrap();
        let mut names: Vec<String> =
            catalog.dimensions().iter().filter(|d| d.concealed).map(|d| d.name.clone()).collect();
        names.sort();
        assert!(names.iter().all(|name| !catalog.dimension_names().contains(&name.as_str())));
        (names.join(" "), catalog.dataset_named("orders").unwrap().hides("email"))
    };
    assert_eq!(hidden("  - {dataset: orders, hide: [email]}\n"), ("domain email".to_string(), true));
    assert_eq!(hidden("  - {dataset: orders, hide: [domain]}\n"), ("domain".to_string(), false));
    assert_eq!(hidden("  - {dataset: orders, hide: [store_id]}\n"), ("of_store store".to_string(), false));
}

/// The dimensions that a policy hides from a caller.
fn hidden_from(unless: &str, caller: serde_json::Value) -> String {
    let policy = format!("  - {{dataset: orders, hide: [email], unless: \"{unless}\"}}\n");
    let (model, found) = read([("m.yml".to_string(), format!("{MODEL}policies:\n{policy}"))]);
    assert!(found.is_empty(), "{found:?}");
    let whole = build::whole(&model).unwrap();
    let caller = Caller::from_json(caller.as_object().unwrap()).unwrap();
    let catalog = whole.seen(&columns_hidden_from(&whole, &caller));
    let names: Vec<&str> = catalog.dimensions().iter().filter(|d| d.concealed).map(|d| d.name.as_str()).collect();
    assert_eq!(names.is_empty(), !catalog.dataset_named("orders").unwrap().hides("email"));
    names.join(" ")
}

#[test]
fn columns_are_hidden_from_all_but_those_of_whom_unless_is_true() {
    let hidden = "email domain";
    let role = ":caller.role IN ('support', 'admin')";
    for (unless, caller, expected) in [
        (role, json!({"role": "admin"}), ""),
        (role, json!({"role": "Admin"}), hidden),
        (role, json!({"role": ["admin"]}), hidden),
        (role, json!({"role": null}), hidden),
        (role, json!({}), hidden),
        ("'admin' IN (:caller.roles)", json!({"roles": ["ops", "admin"]}), ""),
        ("'admin' IN (:caller.roles)", json!({"roles": "admin"}), ""),
        ("'admin' IN (:caller.roles)", json!({"roles": []}), hidden),
        ("'admin' IN (:caller.roles)", json!({"roles": ["ops"]}), hidden),
        ("'admin' NOT IN (:caller.roles)", json!({}), hidden),
        ("NOT :caller.role = 'guest'", json!({"role": "ops"}), ""),
        ("NOT :caller.role = 'guest'", json!({}), hidden),
        // An attribute that is absent counts, whatever else is true.
        (":caller.role = 'admin' OR :caller.team = 'x'", json!({"role": "admin"}), hidden),
        (":caller.role = 'admin' OR :caller.team = 'x'", json!({"role": "admin", "team": "y"}), ""),
        (":caller.role = 'admin' AND :caller.team = 'x'", json!({"role": "admin", "team": "y"}), hidden),
        (":caller.level >= 3", json!({"level": 3}), ""),
        (":caller.level >= 2.5", json!({"level": "2.50"}), ""),
        (":caller.level >= 2.5", json!({"level": 2.49}), hidden),
        (":caller.level BETWEEN -1 AND 3", json!({"level": 0}), ""),
        (":caller.level >= 3", json!({"level": "high"}), hidden),
        (":caller.is_staff = TRUE", json!({"is_staff": true}), ""),
        (":caller.is_staff = TRUE", json!({"is_staff": "true"}), ""),
        (":caller.is_staff = TRUE", json!({"is_staff": 1}), hidden),
        (":caller.until > DATE '2026-01-31'", json!({"until": "2026-02-01"}), ""),
        (":caller.until > DATE '2026-01-31'", json!({"until": "soon"}), hidden),
        (":caller.role = NULL", json!({"role": "x"}), hidden),
    ] {
        assert_eq!(hidden_from(unless, caller.clone()), expected, "{unless} of {caller}");
    }
}

#[test]
fn several_policies_hide_each_by_itself() {
    let policies = "  - {dataset: orders, hide: [email], unless: \":caller.role = 'a'\"}
  - {dataset: orders, hide: [country], unless: \":caller.role IN ('a', 'b')\"}
  - {dataset: orders, hide: [email], unless: \":caller.role IN ('a', 'b')\"}
  - {dataset: stores, hide: [region]}\n";
    let (model, _) = read([("m.yml".to_string(), format!("{MODEL}policies:\n{policies}"))]);
    let whole = build::whole(&model).unwrap();
    let names = |catalog: crate::catalog::Catalog| {
        let hidden = catalog.dimensions().iter().filter(|d| d.concealed).map(|d| d.name.clone());
        hidden.collect::<Vec<_>>().join(" ")
    };
    let by = |role: &str| {
        let in_force = columns_hidden_from(&whole, &Caller::from_pairs([format!("role={role}").as_str()]).unwrap());
        (in_force.mark(&whole), names(whole.seen(&in_force)))
    };
    assert_eq!(by("a"), ("---h".to_string(), "region".to_string()));
    assert_eq!(by("b"), ("h--h".to_string(), "email domain region".to_string()));
    assert_eq!(by("c"), ("hhhh".to_string(), "country email domain region".to_string()));
    assert_eq!(names(build(&model).unwrap()), by("c").1);
}

#[test]
fn an_unless_that_says_nothing_of_the_caller_is_refused() {
    let refused = |unless: &str| {
        let policy = format!("  - {{dataset: orders, hide: [email], unless: \"{unless}\"}}\n");
        catalog(&policy).map(|_| ()).unwrap_err().join("; ")
    };
    for name in ["country", "orders.country", "stores.region"] {
        let expected = format!("unsupported-expression: `{name}` in `unless`");
        assert_eq!(refused(&format!("{name} = :caller.x")), expected);
    }
    let place = "unsupported-expression: no comparison of an attribute with values in `unless`";
    for unread in [
        ":caller.x",
        ":caller.x = :caller.y",
        ":caller.x IS NULL",
        "lower(:caller.x) = 'a'",
        "lower('A') = :caller.x",
        ":caller.x LIKE 'a%'",
        "'a'",
        "CASE WHEN :caller.x = 'a' THEN TRUE END",
    ] {
        assert_eq!(refused(unread), place, "{unread}");
    }
    assert_eq!(refused(":caller.x IN ('a', 1)"), "type-mismatch: `IN` does not take text and integer");
    assert_eq!(refused(":caller.x = "), "invalid-expression: expected an expression, found the end of the expression");
    let alone = catalog("  - {dataset: orders, unless: \":caller.x = 1\"}\n").unwrap_err();
    assert_eq!(alone, ["missing-key: this policy has no `hide`"]);
    let beside = catalog("  - {dataset: orders, filter: \"store = 1\", hide: [email], unless: \":caller.x = 1\"}\n");
    assert_eq!(beside.unwrap_err(), ["invalid-model: `unless` beside `filter`"]);
}

#[test]
fn a_hidden_column_that_is_not_there_closes_its_dataset() {
    let bound = bound("  - {dataset: orders, hide: [emial]}\n");
    let orders = bound.catalog.dataset_named("orders").unwrap().id;
    assert_eq!(bound.schema(orders).unwrap_err().code, Code::UnknownColumn);
    assert!(bound.dimension(bound.catalog.dataset(orders).dimensions[0]).is_err());
}
