"""The bugs that mutants.py plants.

The pages of a bug's topic are asked first, all pages only if none of them sees it.
An edit is a file, a place in it, and Rust. The place stands in the file exactly once; the
expression between « and » becomes the Rust when the bug is on, both of one type.
"""

ENGINE = "crates/engine/src"
SEMANTICS = "crates/semantics/src"

# Rewrites the row of the total from the rows of the groups, before it becomes the answer.
TOTAL_OF_GROUPS = """{{
    let mut table = answer::decode::table(query, batches)?;
    if let Some(total) = table.total.as_mut().filter(|_| !query.groups.is_empty()) {{
        for (c, cells) in total.cells.iter_mut().enumerate() {{
            for (p, cell) in cells.iter_mut().enumerate() {{
                let known = table.groups.iter(){rows}.filter_map(|row| row.cells[c][p].as_f64());
                let known: Vec<f64> = known.collect();
                if {when} && !known.is_empty() {{
                    *cell = crate::answer::value::Value::float(known.iter().sum::<f64>(){over});
                }}
            }}
        }}
    }}
    table
}}"""
RATIO = """matches!(
    query.computations[c].formula,
    sextant_semantics::query::computation::Formula::Ratio { .. }
)"""

MUTANTS = {
    "inner-join": {
        "plants": "INNER for LEFT join: rows without a partner are lost",
        "topic": "joins",
        "edits": [(f"{ENGINE}/lower/rows.rs", "Scope { plan, axis: aggregate.axis(), span, days, join: «JoinType::Left», numbers: aggregate.repeats_rows() }", "JoinType::Inner")],
    },
    "bridge-repeats-rows": {
        "plants": "a row counts for each of its partners in a group, and not once",
        "topic": "joins",
        "edits": [(
            f"{ENGINE}/lower/bridge.rs",
            "let in_group = «within.iter().cloned().chain(keys.iter().cloned()).collect()»;",
            "within.iter().cloned().chain(keys.iter().cloned()).chain(rows.schema().columns().into_iter().map(Expr::Column)).collect()",
        )],
    },
    "bridge-once-over-all-groups": {
        "plants": "beyond a bridge a row counts in one of its groups only, so that the groups add up to the total",
        "topic": "joins",
        "edits": [(
            f"{ENGINE}/lower/bridge.rs",
            "for (part, within) in [(Of::Total, within), (Of::Groups, «in_group»)] {",
            "same.clone()",
        )],
    },
    "pairs-to-another-end": {
        "plants": "from the pairs of a bridge any relationship leads to its far end",
        "topic": "joins",
        "edits": [(
            f"{SEMANTICS}/catalog/join_graph.rs",
            "outgoing[at].iter().filter(|way| «Some(way.step.to()) != far_end»).cloned();",
            "true || Some(way.step.to()) != far_end",
        )],
    },
    "one-join-for-all-roles": {
        "plants": "two roles of one table share the first role's join",
        "topic": "joins",
        "edits": [(
            f"{SEMANTICS}/query/resolve/attach.rs",
            "self.walked.iter().find(|(walked, _)| «walked == so_far»)",
            "walked.last().map(|hop| hop.to()) == so_far.last().map(|hop| hop.to())",
        )],
    },
    "lost-filter": {
        "plants": "the FILTER of a measure beside others is lost",
        "topic": "metrics",
        "edits": [(f"{ENGINE}/lower/fact.rs", "(place, filter) => «place.or(filter)»,", "place")],
    },
    "filters-not-inherited": {
        "plants": "the filter of a derived or ratio metric does not reach its inputs",
        "topic": "filters",
        "edits": [(f"{SEMANTICS}/query/resolve/metrics.rs", "let mut all = «filters.to_vec()»;", "Vec::new()")],
    },
    "range-ignored": {
        "plants": "the time range constrains nothing",
        "topic": "time",
        "edits": [(f"{ENGINE}/lower/rows.rs", "filter(«any.unwrap_or_else(|| lit(false))»)", "lit(true)")],
    },
    "end-inclusive": {
        "plants": "BETWEEN on timestamps: the instant at which a range ends is in it",
        "topic": "time",
        "edits": [(
            f"{ENGINE}/lower/time/period.rs",
            "Some(at) => «of.expr.clone().lt(lit(at))»,",
            "of.expr.clone().lt_eq(lit(at))",
        )],
    },
    "utc-day": {
        "plants": "rows are put into days of UTC",
        "topic": "time",
        "edits": [(
            f"{ENGINE}/lower/time.rs",
            "StoredAs::WallClock(_) | StoredAs::Instant => «zone::local(self.instant()?, zone, span, rule)»,",
            "self.instant()",
        )],
    },
    "utc-range": {
        "plants": "a range of days starts and ends at midnight of UTC",
        "topic": "time",
        "edits": [
            (
                f"{SEMANTICS}/time/range/reading.rs",
                "let end = «zone::day_start(last + Days::new(1), zone)»;",
                "(last + Days::new(1)).and_time(chrono::NaiveTime::MIN).and_utc()",
            ),
            (
                f"{SEMANTICS}/time/range/reading.rs",
                "Window { first, last, start: «zone::day_start(first, zone)», end, hours: None }",
                "first.and_time(chrono::NaiveTime::MIN).and_utc()",
            ),
        ],
    },
    "monday-weeks": {
        "plants": "weeks start on Monday whatever the model says",
        "topic": "time",
        "edits": [(
            f"{ENGINE}/lower/time/bucket.rs",
            "Granularity::Week => Ok(week(of, «calendar.week_start»)),",
            "Weekday::Mon",
        )],
    },
    "as-of-ignored": {
        "plants": "rows later than `as_of` are read",
        "topic": "time",
        "edits": [
            (
                f"{SEMANTICS}/query/resolve/time.rs",
                "let end = «cut.map_or(window.end, |cut| cut.min(window.end)).min(just_after(now))»;",
                "cut.map_or(window.end, |cut| cut.min(window.end))",
            ),
            (
                f"{SEMANTICS}/query/resolve/time.rs",
                "Interval { start: None, end: «just_after(now)», dates }",
                "just_after(now) + Duration::days(36_500)",
            ),
        ],
    },
    "previous-not-cut": {
        "plants": "part of a period is held against a whole one",
        "topic": "comparison",
        "edits": [(
            f"{SEMANTICS}/time/comparison.rs",
            "if «range.end <= cut || windows.is_empty()» {",
            "true",
        )],
    },
    "limit-before-totals": {
        "plants": "LIMIT before totals: the total is that of as many rows as the limit",
        "topic": "shaping",
        "edits": [(
            f"{ENGINE}/workspace/ask.rs",
            "let mut table = «answer::decode::table(query, batches)?»;",
            TOTAL_OF_GROUPS.format(
                rows=".take(query.limit.unwrap_or(u64::MAX) as usize)", when="query.limit.is_some()", over=""),
        )],
    },
    "total-summed-from-rows": {
        "plants": "totals are the sums of the rows, also of what does not add up",
        "topic": "metrics",
        "edits": [(
            f"{ENGINE}/workspace/ask.rs",
            "let mut table = «answer::decode::table(query, batches)?»;",
            TOTAL_OF_GROUPS.format(rows="", when="true", over=""),
        )],
    },
    "mean-of-ratios": {
        "plants": "the total of a ratio is the mean of its rows",
        "topic": "metrics",
        "edits": [(
            f"{ENGINE}/workspace/ask.rs",
            "let mut table = «answer::decode::table(query, batches)?»;",
            TOTAL_OF_GROUPS.format(rows="", when=RATIO, over=" / known.len() as f64"),
        )],
    },
    "mean-of-four-ratios": {
        "plants": "previous_4_average of a ratio is the mean of four ratios",
        "topic": "comparison",
        "edits": [(
            f"{ENGINE}/answer/change.rs",
            "Additivity::Ratio => «cells[sides.together].clone()»,",
            """{
                let known: Vec<f64> = sides.windows.iter().filter_map(|w| cells[*w].as_f64()).collect();
                Value::float(known.iter().sum::<f64>() / known.len() as f64)
            }""",
        )],
    },
    "integer-division": {
        "plants": "integers divide without a remainder",
        "topic": "metrics",
        "edits": [(
            f"{ENGINE}/lower/number.rs",
            "let quotient = «binary_expr(left.float().expr, Operator::Divide, divisor.clone())»;",
            """{
                let whole = matches!(left.number()?, Number::Exact { scale: 0, .. });
                let quotient = binary_expr(left.float().expr, Operator::Divide, divisor.clone());
                if whole { datafusion::functions::math::expr_fn::trunc(vec![quotient]) } else { quotient }
            }""",
        )],
    },
    "null-unsafe-alignment": {
        "plants": "two datasets align by `=`: groups with a null key are lost",
        "topic": "joins",
        "edits": [(
            f"{ENGINE}/lower/combine.rs",
            "Ok(LogicalPlanBuilder::from(«union»).aggregate(groups, functions)?",
            """{
                let known = (0..self.keys.len()).map(|key| ident(key_column(key)).is_not_null()).reduce(Expr::and);
                match known.filter(|_| self.measures.iter().any(|of| of.fact > 0)) {
                    Some(known) => LogicalPlanBuilder::from(union).filter(ident("__total").or(known))?.build()?,
                    None => union,
                }
            }""",
        )],
    },
    "count-of-nothing-is-zero": {
        "plants": "a count is 0, not null, in a group without rows of it",
        "topic": "metrics",
        "edits": [(f"{ENGINE}/lower/aggregate.rs", "otherwise(«lit(ScalarValue::Int64(None))»)?", "lit(0_i64)")],
    },
    "average-over-all-rows": {
        "plants": "an average counts rows whose value is null",
        "topic": "metrics",
        "edits": [(
            f"{ENGINE}/lower/aggregate.rs",
            "let values = «calls.over(count_udaf(), argument.expr.clone())»;",
            "calls.rows()",
        )],
    },
    "distinct-lost": {
        "plants": "COUNT for COUNT DISTINCT",
        "topic": "metrics",
        "edits": [(f"{ENGINE}/lower/aggregate.rs", "Rows { distinct: «true», condition:", "false")],
    },
    "truncated-median": {
        "plants": "a median is taken of whole numbers",
        "topic": "metrics",
        "edits": [(
            f"{ENGINE}/lower/aggregate.rs",
            "calls.one(median_udaf(), «argument.float().expr»)",
            "argument.cast(DataType::Int64).expr",
        )],
    },
    "wrapping-sum": {
        "plants": "sums of integers wrap at 64 bits",
        "topic": "metrics",
        "edits": [(
            f"{ENGINE}/lower/aggregate.rs",
            "let (function, of, finish) = «sum_of(money(argument, money_scale))?»;",
            """if matches!(argument.number()?, Number::Exact { scale: 0, .. }) {
                (sum_udaf(), argument.cast(DataType::Int64).expr, Finish::Sum { scale: 0 })
            } else {
                sum_of(money(argument, money_scale))?
            }""",
        )],
    },
    "fill-lost": {
        "plants": "`fill_nulls_with` is not applied",
        "topic": "metrics",
        "edits": [(f"{ENGINE}/lower/metrics.rs", "let Some(fill) = «&computation.fill» else", "&None")],
    },
    "paired-off-by-one": {
        "plants": "the buckets of a comparison pair one too late",
        "topic": "comparison",
        "edits": [(f"{ENGINE}/answer/pair.rs", "of.iter().map(|p| (p.start, «p.position»)).collect()", "p.position + 1")],
    },
    "leap-days-by-place": {
        "plants": "the days of previous_year pair by their place, so that a leap day shifts the rest of the year",
        "topic": "comparison",
        "edits": [(
            f"{SEMANTICS}/query/resolve/time/series.rs",
            ".filter(|months| «granularity == Granularity::Day && keeps_dates(range, comparison, *months)»);",
            "*months > 12",
        )],
    },
    "freshest-source": {
        "plants": "a ratio is compared up to where its freshest source is complete",
        "topic": "comparison",
        "edits": [(
            f"{SEMANTICS}/query/resolve/time/compare.rs",
            "let watermark = «of.iter().filter_map(|fact| watermark(self.times, fact)).min()»;",
            "of.iter().filter_map(|fact| watermark(self.times, fact)).max()",
        )],
    },
    "whole-target": {
        "plants": "a part of a month is held against all of its target",
        "topic": "comparison",
        "edits": [(f"{ENGINE}/answer/target.rs", "Some(value) if «additive && held < whole» =>", "value.is_nan()")],
    },
    "always-four-windows": {
        "plants": "the mean of a day of four months counts the months that lack the day",
        "topic": "comparison",
        "edits": [(
            f"{ENGINE}/answer/pair.rs",
            "let count = «pair.windows.iter().flatten().count()»;",
            "pair.windows.len()",
        )],
    },
    "percent-of-a-negative-base": {
        "plants": "a change in percent is given over a negative base",
        "topic": "comparison",
        "edits": [(
            f"{ENGINE}/answer/change.rs",
            "(Some(change), Some(base)) if «base > 0.0» =>",
            "base != 0.0",
        )],
    },
    "having-takes-nulls": {
        "plants": "`having` keeps rows for which it is not known",
        "topic": "filters",
        "edits": [(
            f"{ENGINE}/answer/condition.rs",
            "*kept &= «!verdict.is_null(i) && verdict.value(i)»;",
            "verdict.is_null(i) || verdict.value(i)",
        )],
    },
    "nulls-first": {
        "plants": "nulls come first in the order",
        "topic": "shaping",
        "edits": [(
            f"{ENGINE}/answer.rs",
            "let ordering = match «(left.is_null(), right.is_null())» {",
            "(right.is_null(), left.is_null())",
        )],
    },
    "offset-by-shifted-days": {
        "plants": "an offset moves a period's first day and keeps its length: the 31st of March is lost to April",
        "topic": "windows",
        "edits": [(
            f"{SEMANTICS}/query/resolve/windows/through.rs",
            "                    _ => «moved»,",
            "start.zip(first).map_or(moved, |(start, first)| start + (end - first))",
        )],
    },
    "window-one-day-longer": {
        "plants": "a trailing window of two days reads three",
        "topic": "windows",
        "edits": [(
            f"{SEMANTICS}/query/resolve/windows/through.rs",
            "let first = «unit_of(back(last, *length).ok_or_else(|| shorter_than_a_day(*length))?)»;",
            "back(last, *length).ok_or_else(|| shorter_than_a_day(*length))?",
        )],
    },
    "running-total-from-the-range": {
        "plants": "an all-time total starts with the range",
        "topic": "windows",
        "edits": [(
            f"{SEMANTICS}/query/resolve/spines.rs",
            "let reads = «windows::hull(&spine, self.time)»;",
            "self.time.periods[0].clone()",
        )],
    },
    "start-of-period-is-all-of-it": {
        "plants": "`offset_to_grain` reads the whole period, not its first day",
        "topic": "windows",
        "edits": [(
            f"{SEMANTICS}/query/resolve/windows/through.rs",
            "Stretch::Dates { first: Some(start), end: «unit_of(start)» }",
            "match grain { Grain::Standard(grain) => next_bucket(start, *grain, self.calendar), Grain::Custom(_) => unit_of(start) }",
        )],
    },
    "first-is-last": {
        "plants": "`period_agg: first` shows the last day of a period",
        "topic": "windows",
        "edits": [(
            f"{ENGINE}/lower/pick.rs",
            "AggregateFunction::new_udf(«first_value_udaf()», vec![of], false, has_value, by_unit, None)",
            "last_value_udaf()",
        )],
    },
    "first-without-a-value": {
        "plants": "`period_agg: first` shows a day that has rows of other metrics and no value",
        "topic": "windows",
        "edits": [(
            f"{ENGINE}/lower/pick.rs",
            "let has_value = Some(Box::new(«ident(value).is_not_null()»));",
            "datafusion::logical_expr::lit(true)",
        )],
    },
    "last-day-that-has-rows": {
        "plants": "a longer period shows its last day with rows, not its last day",
        "topic": "windows",
        "edits": [(
            f"{SEMANTICS}/query/resolve/spines.rs",
            "«treatment.pick() == Some(PeriodAggregation::Last)» && !keys.day_by_day",
            "false",
        )],
    },
    "window-takes-the-next-day": {
        "plants": "a window reads the day after its end too",
        "topic": "windows",
        "edits": [(
            f"{ENGINE}/lower/join_over_time_range.rs",
            "«ident(AT).lt(ident(TO))»",
            "ident(AT).lt_eq(ident(TO))",
        )],
    },
    "blocks-stick-out": {
        "plants": "a block of days that windows are read by reaches past the end of the window",
        "topic": "windows",
        "edits": [(f"{ENGINE}/lower/add_up_by_time.rs", "«from + SIZES[*level] <= to»;", "from < to")],
    },
    "retail-month-starts-today": {
        "plants": "the period of a calendar table starts with the day in question",
        "topic": "windows",
        "edits": [(
            f"{SEMANTICS}/query/resolve.rs",
            "Some(self.days[«self.days.partition_point(|(_, number)| *number < period)»].0)",
            "at + 0 * period",
        )],
    },
    "total-of-finer-groups-by-group": {
        "plants": "in the total a customer of two channels is two",
        "topic": "metrics",
        "edits": [(f"{SEMANTICS}/query/resolve/of_groups.rs", "Some(Box::new(finer(«Vec::new()»)?))", "own()")],
    },
    "finer-groups-of-the-other-side": {
        "plants": "a customer who bought nothing in a period counts there because of another one",
        "topic": "metrics",
        "edits": [(
            f"{ENGINE}/lower/aggregate_groups.rs",
            "let is_there = «ident(rows_column(period)).gt(lit(0_i64))»;",
            "lit(true)",
        )],
    },
    "key-parts-run-together": {
        "plants": "keys of several columns are told apart by their joined text alone",
        "topic": "joins",
        "edits": [(
            f"{SEMANTICS}/catalog/entity.rs",
            "«replace(replace(of, \"\\\\\", \"\\\\\\\\\"), \"/\", \"\\\\/\")»",
            "of",
        )],
    },
    "days-without-rows-lost": {
        "plants": "`join_to_timespine` lists only units with rows",
        "topic": "windows",
        "edits": [(f"{ENGINE}/lower/join_to_time_spine.rs", "«periods.map(is_listed).fold(ident(OWN), Expr::or)»;", "ident(OWN)")],
    },
    "days-listed-under-a-condition": {
        "plants": "units without rows are listed under a condition on a group that they have no value of",
        "topic": "windows",
        "edits": [(
            f"{SEMANTICS}/query/resolve/spines.rs",
            "None if «of_a_key(part, fact)» => return Ok(None),",
            "false",
        )],
    },
    "offset-ends-with-the-data": {
        "plants": "of all data, an offset shows nothing after the newest row",
        "topic": "windows",
        "edits": [(
            f"{SEMANTICS}/query/resolve/spines.rs",
            "TimeStep::Offset(Offset::Window(length)) => «windows::later(last, *length)»,",
            "last",
        )],
    },
    "absent-window-is-zero": {
        "plants": "a window without rows counts as 0 in a change",
        "topic": "windows",
        "edits": [(
            f"{SEMANTICS}/query/resolve/metrics/additivity.rs",
            "Node::Leaf(leaf) if «self.leaves[*leaf].treatment.is_of_its_own_time()» => Additivity::NonAdditive,",
            "false",
        )],
    },
    "balance-at-the-other-end": {
        "plants": "a balance is that of the first time where the last was asked for",
        "topic": "metrics",
        "edits": [(f"{ENGINE}/lower/balance.rs", "WindowChoice::Last => «max_udaf()»,", "min_udaf()")],
    },
    "balance-of-one-time": {
        "plants": "all members of a balance share one last time: those that stopped earlier are lost",
        "topic": "metrics",
        "edits": [(
            f"{ENGINE}/lower/balance.rs",
            "let by = «(0..balance.by.len())».map(|position| ident(by_column(measure, position)));",
            "0..0",
        )],
    },
    "age-includes-its-end": {
        "plants": "the day on which a member's age is over still counts",
        "topic": "cohorts",
        "edits": [(
            f"{ENGINE}/lower/attach_within_age.rs",
            "on.push(«ident(ROW_DAY).lt(ident(END_DAY))»);",
            "ident(ROW_DAY).lt_eq(ident(END_DAY))",
        )],
    },
    "immature-cohorts-answered": {
        "plants": "a cohort has a value although the age of a member is not over",
        "topic": "cohorts",
        "edits": [(
            f"{ENGINE}/lower/metrics.rs",
            "immature.iter().map(|id| «ident(computation_column(id.0, period)).gt(lit(0_i64))»);",
            "lit(false)",
        )],
    },
    "the-entry-is-a-return": {
        "plants": "a member's own entry counts as coming back",
        "topic": "cohorts",
        "edits": [(f"{ENGINE}/lower/attach_within_age.rs", "on.extend(«is_itself.map(|is_itself| !is_itself)»);", "None")],
    },
    "the-last-entry": {
        "plants": "a member enters with its last row instead of its first",
        "topic": "cohorts",
        "edits": [(f"{ENGINE}/lower/keep_first.rs", "vec![«at.sort(true, false)»]", "at.sort(false, false)")],
    },
}
