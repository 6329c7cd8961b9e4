//! What templates become, and what is refused.

use super::*;
use crate::source::SourceId;

fn span() -> Span {
    Span::new(SourceId(0), 0, 5)
}

fn expanded(text: &str) -> String {
    expand(text, span()).unwrap_or_else(|fault| format!("{}: {}", fault.code, fault.message))
}

#[test]
fn calls_become_dundered_names() {
    for (text, wanted) in [
        ("{{ Dimension('listing__country') }} = 'US'", "listing__country = 'US'"),
        ("{{Dimension(\"a__b\")}}", "a__b"),
        ("NOT {{ Dimension('a__b', entity_path=['c', 'd']) }}", "NOT c__d__a__b"),
        ("{{ TimeDimension('metric_time', 'DAY') }} >= '2020-01-01'", "metric_time__day >= '2020-01-01'"),
        ("{{ TimeDimension('user__ds', time_granularity_name='month') }}", "user__ds__month"),
        ("{{ TimeDimension('user__ds__month', 'month') }}", "user__ds__month"),
        ("{{ TimeDimension('metric_time', date_part_name='dow') }} = 1", "metric_time__extract_dow = 1"),
        ("{{ TimeDimension('metric_time') }}", "metric_time"),
        ("{{ Dimension('user__ds').grain('week') }}", "user__ds__week"),
        ("{{ Dimension('user__ds').date_part('year') }}", "user__ds__extract_year"),
        ("{{ Entity('user') }} IS NULL OR {{ Entity('user', ['listing']) }} = 1", "user IS NULL OR listing__user = 1"),
        ("{{ Metric('bookings', ['listing']) }} > 2", "metric(bookings, listing) > 2"),
        ("{{ Metric('m', group_by=['a', 'b__c',]) }}", "metric(m, a, b__c)"),
        ("{{ Metric('m', group_by='a') }}", "metric(m, a)"),
        ("{{ Dimension('a__b c') }} = 1", "\"a__b c\" = 1"),
        ("no template", "no template"),
    ] {
        assert_eq!(expanded(text), wanted, "{text}");
    }
}

#[test]
fn a_reference_may_descend_outside_of_filters() {
    let found = reference("TimeDimension('metric_time', 'day').descending(True)", span()).unwrap();
    let wanted = Reference {
        kind: ReferenceKind::TimeDimension,
        name: "metric_time__day".to_string(),
        group_by: Vec::new(),
        descending: true,
    };
    assert_eq!(found, wanted);
    assert!(!reference("Metric('bookings').descending(False)", span()).unwrap().descending);
}

#[test]
fn everything_else_is_refused_by_name() {
    let refused: Vec<String> = [
        "{% if x %} a {% endif %}",
        "{# a note #} a",
        "{{ var('start') }}",
        "{{ Dimensoin('a') }}",
        "{{ Dimension('a'",
        "{{ Dimension('a') | upper }}",
        "{{ Dimension() }}",
        "{{ Dimension(a__b) }}",
        "{{ Dimension('a', 'b', 'c') }}",
        "{{ Dimension('a', grain='day') }}",
        "{{ Dimension('a').upper() }}",
        "{{ Entity('a').grain('day') }}",
        "{{ Metric('m') }} > 1",
        "{{ TimeDimension('ds__week', 'month') }}",
        "{{ TimeDimension('ds', 'day').date_part('dow') }}",
        "{{ TimeDimension('ds', 'day').descending(True) }}",
        "{{ Dimension(True) }}",
        "{{ }}",
        "{{ 'a",
    ]
    .into_iter()
    .map(expanded)
    .collect();
    insta::assert_snapshot!(refused.join("\n"), @"
        unsupported-expression: `{% if x %}` is not read
        unsupported-expression: `{# a note #}` is not read
        unsupported-expression: `var` is not a call of filter templates
        unsupported-expression: `Dimensoin` is not a call of filter templates
        invalid-expression: `{{` is not closed
        invalid-expression: `| upper ` behind a call
        invalid-expression: `Dimension` without a name
        invalid-expression: `a__b` in `Dimension` is not in quotes
        invalid-expression: `Dimension` does not take argument 3
        invalid-expression: `Dimension` does not take `grain`
        invalid-expression: `Dimension` has no method `upper`
        invalid-expression: `Entity` has no method `grain`
        invalid-expression: metric `m` in a filter without `group_by`
        invalid-expression: `ds__week` names the grain `week`, and `month` beside it
        invalid-expression: `ds` by grain `day` and by date part `dow` at once
        invalid-expression: `descending` of `ds__day` in a filter
        invalid-expression: `name` of `Dimension` is not a text
        invalid-expression: an empty template
        invalid-expression: `{{` is not closed
    ");
}
