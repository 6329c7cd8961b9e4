//! Aggregations as aggregate functions of a dialect, over the rows where a condition is true.

use super::dialect::{Dialect, divide, refused};
use super::piece::{Sql, Typed};
use crate::catalog::aggregation::Aggregation;
use crate::data_type::DataType;
use crate::diagnostic::Diagnostic;
use crate::plan::Measure;

/// Digits of a row's amount of money that is stored as a float.
const MONEY_DIGITS: u8 = 28;

/// What a measure aggregates, row by row: an amount of money that is stored as a float is the decimal that it means.
pub(super) fn argument(dialect: Dialect, measure: &Measure, of: Typed) -> Typed {
    let of_values = match measure.aggregation {
        Aggregation::Sum
        | Aggregation::Min
        | Aggregation::Max
        | Aggregation::Average
        | Aggregation::First
        | Aggregation::Last => true,
        Aggregation::Count
        | Aggregation::CountDistinct
        | Aggregation::ApproxCountDistinct
        | Aggregation::Median
        | Aggregation::Percentile { .. }
        | Aggregation::SumBoolean => false,
    };
    match (measure.money_scale, of.data_type) {
        (Some(scale), DataType::Float) if of_values => {
            dialect.cast(of, DataType::Decimal { precision: MONEY_DIGITS, scale: scale as i8 })
        }
        _ => of,
    }
}

/// A measure over columns of the rows.
pub(super) struct Call<'a> {
    pub(super) dialect: Dialect,
    pub(super) measure: &'a Measure,
    /// None counts rows.
    pub(super) argument: Option<Typed>,
    pub(super) order: Vec<Sql>,
    /// The rows that count; all without one.
    pub(super) condition: Option<Sql>,
    /// Whether the aggregate is the total over no keys, of which a count over no rows is 0: always, never, or where
    /// this is true.
    pub(super) is_total: IsTotal,
}

#[derive(Clone, Debug)]
pub(super) enum IsTotal {
    Always,
    Never,
    Where(Sql),
}

impl Call<'_> {
    /// The measure's value in a group.
    pub(super) fn value(&self) -> Result<Sql, Diagnostic> {
        let refuse = |what: &str| Err(refused(what, self.dialect));
        let Some(argument) = &self.argument else {
            return match self.measure.aggregation {
                Aggregation::Count => Ok(self.counted(self.rows())),
                _ => refuse("an aggregation without an argument"),
            };
        };
        Ok(match self.measure.aggregation {
            Aggregation::Sum => self.over("SUM", "", &argument.sql),
            Aggregation::Min | Aggregation::Max if argument.data_type == DataType::Boolean => {
                return refuse("the least or the greatest of booleans");
            }
            Aggregation::Min => self.over("MIN", "", &self.dialect.by_bytes(argument)),
            Aggregation::Max => self.over("MAX", "", &self.dialect.by_bytes(argument)),
            Aggregation::Count => self.counted(self.over("COUNT", "", &argument.sql)),
            Aggregation::CountDistinct => self.counted(self.over("COUNT", "DISTINCT ", &argument.sql)),
            Aggregation::ApproxCountDistinct => match self.dialect {
                Dialect::Postgres => return refuse("an approximate distinct count"),
                Dialect::Duckdb | Dialect::Snowflake | Dialect::Bigquery => {
                    self.counted(self.over("APPROX_COUNT_DISTINCT", "", &argument.sql))
                }
            },
            Aggregation::Average => {
                let sum = Typed::new(self.over("SUM", "", &argument.sql), argument.data_type.widest());
                let count = Typed::new(self.over("COUNT", "", &argument.sql), DataType::Integer);
                divide(self.dialect, sum, count).sql
            }
            Aggregation::Median => self.percentile(0.5, false, argument)?,
            Aggregation::Percentile { fraction, discrete } => self.percentile(fraction, discrete, argument)?,
            Aggregation::SumBoolean => {
                let (one, zero) = (Sql::atom("1"), Sql::atom("0"));
                self.over("SUM", "", &Sql::case(&[(argument.sql.clone(), one)], Some(&zero)))
            }
            Aggregation::First => self.in_order(&argument.sql, false)?,
            Aggregation::Last => self.in_order(&argument.sql, true)?,
        })
    }

    /// The number of rows.
    fn rows(&self) -> Sql {
        count_rows(self.dialect, self.condition.as_ref())
    }

    fn over(&self, function: &str, distinct: &str, of: &Sql) -> Sql {
        over(self.dialect, function, distinct, of, self.condition.as_ref())
    }

    /// A count: null in a group where no row passes the measure's own condition.
    fn counted(&self, count: Sql) -> Sql {
        if self.condition.is_none() {
            return count;
        }
        let rows = self.rows();
        let has_rows = Sql::compare(">", &rows, &Sql::atom("0"));
        match &self.is_total {
            IsTotal::Always => count,
            IsTotal::Never if count == rows => Sql::call("NULLIF", &[&count, &Sql::atom("0")]),
            IsTotal::Never => Sql::when(&has_rows, &count),
            IsTotal::Where(is_total) => Sql::when(&is_total.or(&has_rows), &count),
        }
    }

    fn percentile(&self, fraction: f64, discrete: bool, argument: &Typed) -> Result<Sql, Diagnostic> {
        let of = self.dialect.cast(argument.clone(), DataType::Float).sql;
        let fraction = Sql::atom(format!("{fraction}"));
        let name = if discrete { "PERCENTILE_DISC" } else { "PERCENTILE_CONT" };
        Ok(match self.dialect {
            Dialect::Duckdb => {
                let name = if discrete { "QUANTILE_DISC" } else { "QUANTILE_CONT" };
                filtered(Sql::call(name, &[&of, &fraction]), self.condition.as_ref())
            }
            Dialect::Postgres => {
                let call = Sql::atom(format!("{name}({}) WITHIN GROUP (ORDER BY {})", fraction.text(), of.text()));
                filtered(call, self.condition.as_ref())
            }
            Dialect::Snowflake => {
                let of = self.condition.as_ref().map_or(of.clone(), |condition| Sql::when(condition, &of));
                Sql::atom(format!("{name}({}) WITHIN GROUP (ORDER BY {})", fraction.text(), of.text()))
            }
            Dialect::Bigquery => return Err(refused("a median or percentile", self.dialect)),
        })
    }

    /// The first or the last of the rows whose value and time are known.
    fn in_order(&self, of: &Sql, last: bool) -> Result<Sql, Diagnostic> {
        let Some(time) = self.order.first() else { return Err(refused("an order of rows", self.dialect)) };
        let known = of.followed_by("IS NOT NULL").and(&time.followed_by("IS NOT NULL"));
        let condition = self.condition.iter().cloned().fold(known, |all, next| all.and(&next));
        first(self.dialect, of, &condition, &self.order, last)
    }
}

/// The first of the known values where a condition holds, by an order of rows, or the last.
pub(super) fn first(dialect: Dialect, of: &Sql, condition: &Sql, order: &[Sql], last: bool) -> Result<Sql, Diagnostic> {
    let direction = if last { "DESC NULLS FIRST" } else { "ASC NULLS LAST" };
    let order: Vec<String> = order.iter().map(|by| format!("{} {direction}", by.text())).collect();
    let order = order.join(", ");
    Ok(match dialect {
        Dialect::Duckdb => {
            Sql::atom(format!("FIRST({} ORDER BY {order}) FILTER (WHERE {})", of.text(), condition.text()))
        }
        Dialect::Postgres => {
            Sql::atom(format!("(ARRAY_AGG({} ORDER BY {order}) FILTER (WHERE {}))[1]", of.text(), condition.text()))
        }
        Dialect::Snowflake | Dialect::Bigquery => return Err(refused("the first or the last value of rows", dialect)),
    })
}

/// The number of rows where a condition is true.
pub(super) fn count_rows(dialect: Dialect, condition: Option<&Sql>) -> Sql {
    match condition {
        Some(condition) if !dialect.has_filter() => Sql::call("COUNT", &[&Sql::when(condition, &Sql::atom("1"))]),
        condition => filtered(Sql::atom("COUNT(*)"), condition),
    }
}

/// An aggregate function over the rows where a condition is true.
pub(super) fn over(dialect: Dialect, function: &str, distinct: &str, of: &Sql, condition: Option<&Sql>) -> Sql {
    let call = |of: &Sql| Sql::atom(format!("{function}({distinct}{})", of.text()));
    match condition {
        Some(condition) if !dialect.has_filter() => call(&Sql::when(condition, of)),
        condition => filtered(call(of), condition),
    }
}

fn filtered(call: Sql, condition: Option<&Sql>) -> Sql {
    match condition {
        Some(condition) => Sql::atom(format!("{} FILTER (WHERE {})", call.text(), condition.text())),
        None => call,
    }
}

impl DataType {
    /// The type of a sum.
    fn widest(self) -> DataType {
        match self {
            DataType::Integer => DataType::Decimal { precision: 38, scale: 0 },
            DataType::Decimal { scale, .. } => DataType::Decimal { precision: 38, scale },
            other => other,
        }
    }
}
