//! Metrics as SQL aggregates over `dataset.column`, as far as SQL can say them without a query
//! around.

use std::fmt;

use crate::expr::parse::parse;
use crate::expr::{BinaryOp, Expr, Kind, Name};
use crate::model::metric::{Aggregation, PercentileType, Simple};
use crate::model::{Dataset, Input, Metric, MetricKind, Model};
use crate::source::Spanned;

/// Bytes after which a formula is not written out.
const MAX_BYTES: usize = 8 * 1024;
/// Formulas within each other.
const MAX_DEPTH: usize = 20;

/// The SQL of a metric, where SQL can say it.
pub(super) fn of(model: &Model, home: Option<&Dataset>, metric: &Metric) -> Option<String> {
    Writer { model }.metric(home, metric, &[], 0).map(|sql| sql.0)
}

/// SQL that stands as it is within an expression.
struct Sql(String);

impl fmt::Display for Sql {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

struct Writer<'m> {
    model: &'m Model,
}

impl Writer<'_> {
    fn metric(&self, home: Option<&Dataset>, metric: &Metric, above: &[&Spanned<String>], depth: usize) -> Option<Sql> {
        let filters: Vec<&Spanned<String>> = above.iter().copied().chain(&metric.filter).collect();
        let sql = match (&metric.kind, home) {
            (MetricKind::Simple(simple), Some(home)) => self.simple(home, simple, &filters)?,
            (MetricKind::Ratio(ratio), _) => {
                let numerator = self.input(&ratio.numerator, &filters, depth)?;
                let denominator = self.input(&ratio.denominator, &filters, depth)?;
                Sql(format!("({numerator}) / NULLIF({denominator}, 0)"))
            }
            (MetricKind::Derived(derived), _) => {
                let expr = parse(&derived.expr.value, derived.expr.span).ok()?;
                let input = |name: &Name| {
                    let called = |i: &&Input| name.parts == [i.alias.as_ref().unwrap_or(&i.name).value.clone()];
                    match derived.inputs.iter().find(called) {
                        Some(input) => self.input(input, &filters, depth),
                        None => self.named(name.parts.first()?, &filters, depth),
                    }
                };
                let expr: Result<Expr<Sql>, ()> = expr.try_substitute(&mut |name, span| {
                    let inner = input(name).ok_or(())?;
                    Ok(Expr::new(Kind::Ref(Sql(format!("({inner})"))), span))
                });
                Sql(expr.ok()?.to_string())
            }
            (MetricKind::Simple(_), None)
            | (MetricKind::Cumulative(_) | MetricKind::Conversion(_) | MetricKind::Cohort(_), _) => return None,
        };
        let sql = match &metric.fill_nulls_with {
            Some(value) => Sql(format!("COALESCE({sql}, {})", value.value)),
            None => sql,
        };
        (sql.0.len() <= MAX_BYTES).then_some(sql)
    }

    fn input(&self, input: &Input, filters: &[&Spanned<String>], depth: usize) -> Option<Sql> {
        if input.offset_window.is_some() || input.offset_to_grain.is_some() || input.grain.is_some() {
            return None;
        }
        let filters: Vec<&Spanned<String>> = filters.iter().copied().chain(&input.filter).collect();
        self.named(&input.name.value, &filters, depth)
    }

    fn named(&self, name: &str, filters: &[&Spanned<String>], depth: usize) -> Option<Sql> {
        let (home, metric) = self.model.all_metrics().find(|(_, m)| m.name.value == name)?;
        (depth < MAX_DEPTH).then(|| self.metric(home, metric, filters, depth + 1)).flatten()
    }

    fn simple(&self, home: &Dataset, simple: &Simple, filters: &[&Spanned<String>]) -> Option<Sql> {
        if simple.non_additive_dimension.is_some() {
            return None;
        }
        let value = match &simple.expr {
            Some(expr) => Some(columns(home, expr)?),
            None => None,
        };
        let conditions: Vec<Expr<Name>> =
            filters.iter().map(|filter| self.condition(home, filter)).collect::<Option<_>>()?;
        let condition = conditions.into_iter().reduce(|left, right| {
            let span = left.span;
            Expr::new(Kind::Binary { op: BinaryOp::And, left, right }, span)
        });
        let counts_rows = value.is_none();
        let row = || value.as_ref().map_or_else(|| row_of(home), |value| Some(value.to_string()));
        let argument = match &condition {
            Some(condition) if counts_rows => format!("CASE WHEN {condition} THEN 1 END"),
            Some(condition) => format!("CASE WHEN {condition} THEN {} END", row()?),
            None => row()?,
        };
        let percentile = || simple.percentile.as_ref().map(|p| p.value);
        let discrete = simple.percentile_type.as_ref().is_some_and(|t| t.value == PercentileType::Discrete);
        Some(Sql(match simple.agg.value {
            Aggregation::Sum => format!("SUM({argument})"),
            Aggregation::Min => format!("MIN({argument})"),
            Aggregation::Max => format!("MAX({argument})"),
            Aggregation::Count => format!("COUNT({argument})"),
            Aggregation::CountDistinct => format!("COUNT(DISTINCT {argument})"),
            Aggregation::Average => format!("AVG({argument})"),
            Aggregation::Median => format!("MEDIAN({argument})"),
            Aggregation::Percentile => {
                let word = if discrete { "DISC" } else { "CONT" };
                format!("PERCENTILE_{word}({}) WITHIN GROUP (ORDER BY {argument})", percentile()?)
            }
            Aggregation::SumBoolean => format!("SUM(CASE WHEN {argument} THEN 1 ELSE 0 END)"),
            Aggregation::ApproxCountDistinct => format!("APPROX_COUNT_DISTINCT({argument})"),
            Aggregation::First | Aggregation::Last => return None,
        }))
    }

    /// A condition over `dataset.field`.
    fn condition(&self, home: &Dataset, filter: &Spanned<String>) -> Option<Expr<Name>> {
        let condition = parse(&filter.value, filter.span).ok()?;
        let has = |dataset: &Dataset, name: &String| dataset.dimensions.iter().any(|d| d.name.value == *name);
        let with = |dataset: &Dataset, name: &String| Name { parts: vec![dataset.name.value.clone(), name.clone()] };
        let found: Result<Expr<Name>, ()> = condition.try_substitute(&mut |name, span| {
            let name = match name.parts.as_slice() {
                [name] if has(home, name) => with(home, name),
                [name] => {
                    let mut owners = self.model.datasets.iter().filter(|d| has(d, name));
                    match (owners.next(), owners.next()) {
                        (Some(only), None) => with(only, name),
                        (Some(_), Some(_)) | (None, _) => return Err(()),
                    }
                }
                [dataset, name] => {
                    let named = self.model.datasets.iter().find(|d| d.name.value == *dataset);
                    with(named.filter(|d| has(d, name)).ok_or(())?, name)
                }
                _ => return Err(()),
            };
            Ok(Expr::new(Kind::Ref(name), span))
        });
        found.ok()
    }
}

/// An expression over columns, each with its dataset.
fn columns(home: &Dataset, expr: &Spanned<String>) -> Option<Expr<Name>> {
    let expr = parse(&expr.value, expr.span).ok()?;
    Some(expr.map_refs(&mut |name: &Name| {
        let dataset = std::iter::once(home.name.value.clone());
        Name { parts: dataset.chain(name.parts.iter().cloned()).collect() }
    }))
}

/// What is counted for each row: a column that is never null.
fn row_of(home: &Dataset) -> Option<String> {
    let key = home.primary_key.first().or_else(|| home.unique_keys.first()?.first())?;
    Some(Name { parts: vec![home.name.value.clone(), key.value.clone()] }.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODEL: &str = "
name: shop
datasets:
  - name: orders
    source: {table: orders}
    primary_key: [order_id]
    time: day
    dimensions: [{name: day, type: time}, {name: channel}]
    metrics:
      - {name: sales, type: simple, agg: sum, expr: gross - discount, fill_nulls_with: 0}
      - {name: orders, type: simple, agg: count}
      - {name: web, type: simple, agg: count, filter: channel = 'web'}
      - {name: newest, type: simple, agg: last, expr: gross}
      - {name: p95, type: simple, agg: percentile, expr: gross, percentile: 0.95}
metrics:
  - {name: aov, type: ratio, numerator: {name: sales, filter: channel <> 'test'}, denominator: orders}
  - {name: both, type: derived, expr: sales / 2 - web}
  - {name: before, type: derived, expr: a, input_metrics: [{name: sales, alias: a, offset_window: 1 day}]}
";

    #[test]
    fn sql_of_metrics() {
        let (model, findings) = crate::model::read([("a.yml".to_string(), MODEL.to_string())]);
        assert!(findings.is_empty(), "{findings:?}");
        let lines: Vec<String> = model
            .all_metrics()
            .map(|(home, m)| format!("{}: {}", m.name.value, of(&model, home, m).unwrap_or_else(|| "—".into())))
            .collect();
        insta::assert_snapshot!(lines.join("\n"), @r"
        sales: COALESCE(SUM(orders.gross - orders.discount), 0)
        orders: COUNT(orders.order_id)
        web: COUNT(CASE WHEN orders.channel = 'web' THEN 1 END)
        newest: —
        p95: PERCENTILE_CONT(0.95) WITHIN GROUP (ORDER BY orders.gross)
        aov: (COALESCE(SUM(CASE WHEN orders.channel != 'test' THEN orders.gross - orders.discount END), 0)) / NULLIF(COUNT(orders.order_id), 0)
        both: (COALESCE(SUM(orders.gross - orders.discount), 0)) / 2 - (COUNT(CASE WHEN orders.channel = 'web' THEN 1 END))
        before: —
        ");
    }
}
