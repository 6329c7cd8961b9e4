//! Names and calls of a SELECT over metrics: which of them is a group, which a metric.

use sqlparser::ast::{
    DuplicateTreatment, Expr as Sql, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, Value,
};

use super::super::functions;
use super::super::guard::span_of;
use super::{From, Source, function_name};
use crate::catalog::aggregation::Aggregation;
use crate::catalog::{Catalog, MetricKind, MetricName};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, nearest};
use crate::expr::DatePart;
use crate::expr::parse::Tokens;
use crate::model::Naming;
use crate::model::metric::{OFFSET_HELP, Offset};
use crate::query::field::{Field, FieldOf, parse_grain};
use crate::query::resolved::Part;
use crate::source::Span;

/// One group or one metric of a SELECT.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Leaf {
    /// As `group_by` names it.
    Group(String),
    Metric {
        /// The canonical name.
        name: String,
        asked: String,
        part: Part,
        /// Of `MEASURE(m, offset => '1 month')`.
        offset: Option<Offset>,
        /// Of `MEASURE(m) FILTER (WHERE …)`.
        filter: Option<Box<Sql>>,
    },
}

/// A name as written, without the name of its table.
pub(super) struct Written {
    pub dotted: String,
    /// Whether the name is told letter by letter, not by its letters in any case.
    pub exact: bool,
    pub span: Span,
}

/// Reads the names of one SELECT.
#[derive(Clone, Copy)]
pub(super) struct Names<'a> {
    pub catalog: &'a Catalog,
    pub tokens: &'a Tokens<'a>,
    pub source: &'a Source,
}

const CALL_HELP: &str = "it is written MEASURE(net_sales), or MEASURE(net_sales, offset => '1 month')";

type Read = Result<Option<Leaf>, Diagnostic>;

impl Names<'_> {
    /// What an expression is that is one group or one metric; none of any other.
    pub(super) fn leaf(&self, expr: &Sql) -> Read {
        match expr {
            Sql::Nested(inner) => self.leaf(inner),
            Sql::Identifier(_) | Sql::CompoundIdentifier(_) => match self.written(expr) {
                Some(written) => self.named(&written).map(Some),
                None => Ok(None),
            },
            Sql::Extract { field, expr: of, .. } => {
                Ok(self.dated(of).and_then(|base| part_of(&base, &field.to_string())))
            }
            Sql::Function(function) => self.call(function, expr),
            _ => Ok(None),
        }
    }

    /// The time bucket that `DATE_TRUNC` of a time names; none of any other expression.
    pub(super) fn bucket(&self, expr: &Sql) -> Option<String> {
        let Sql::Function(function) = expr else { return None };
        let [unit, of] = plain_arguments(function)?[..] else { return None };
        if function_name(function) != "date_trunc" {
            return None;
        }
        let unit = text_of(unit)?.trim().to_ascii_lowercase();
        let base = self.dated(of)?;
        parse_grain(self.catalog, &unit).map(|_| format!("{base}__{unit}"))
    }

    pub(super) fn written(&self, expr: &Sql) -> Option<Written> {
        let parts: &[Ident] = match expr {
            Sql::Identifier(ident) => std::slice::from_ref(ident),
            Sql::CompoundIdentifier(parts) => parts,
            _ => return None,
        };
        let own = |first: &Ident| first.value.eq_ignore_ascii_case(&self.source.name);
        let kept = match parts {
            [first, rest @ ..] if !rest.is_empty() && own(first) => rest,
            all => all,
        };
        let dotted = kept.iter().map(|ident| ident.value.as_str()).collect::<Vec<_>>().join(".");
        let exact = kept.iter().any(|ident| ident.quote_style.is_some());
        Some(Written { dotted, exact, span: span_of(self.tokens, expr) })
    }

    /// The group or the metric of a name: as written, else in lower case where it stands bare.
    pub(super) fn named(&self, written: &Written) -> Result<Leaf, Diagnostic> {
        for name in spellings(written) {
            if self.is_dimension(&name).map_err(|fault| fault.at(written.span))? {
                return Ok(Leaf::Group(name));
            }
            if self.metric_named(&name).is_some() {
                return self.metric(&name, written.span);
            }
            // A comparison's column by its name in answers: `net_sales__previous`.
            let parts = Part::ALL.into_iter().filter(|part| *part != Part::Value);
            let found = parts.filter_map(|part| Some((name.strip_suffix(part.suffix())?, part)));
            if let Some((metric, part)) = found.into_iter().find(|(metric, _)| self.metric_named(metric).is_some()) {
                return match self.metric(metric, written.span)? {
                    Leaf::Metric { name, asked, offset, filter, .. } => {
                        Ok(Leaf::Metric { name, asked, part, offset, filter })
                    }
                    group @ Leaf::Group(_) => Ok(group),
                };
            }
        }
        Err(self.unknown(written))
    }

    /// Whether `name` is a dimension or `metric_time`, with or without a grain.
    pub(super) fn is_dimension(&self, name: &str) -> Result<bool, Diagnostic> {
        let base = self.catalog.read_name(name).name;
        let known = base == "metric_time"
            || self.catalog.dimension_names().contains(&base.as_str())
            || self.catalog.dimensions().iter().any(|dimension| dimension.is_entity && dimension.name == base);
        match Field::parse(self.catalog, name) {
            Ok(Field { of: FieldOf::Metric(_), .. }) => Ok(false),
            Ok(_) => Ok(known),
            Err(fault) if known && self.metric_named(name).is_none() => Err(fault),
            Err(_) => Ok(false),
        }
    }

    fn metric_named(&self, name: &str) -> Option<MetricName> {
        self.catalog.metric_named(name).filter(|found| !self.catalog.metric(found.id).hidden)
    }

    fn metric(&self, name: &str, at: Span) -> Result<Leaf, Diagnostic> {
        let found = self.catalog.require_metric(name).map_err(|fault| fault.at(at))?;
        let metric = self.catalog.metric(found.id);
        if let From::Dataset(dataset) = &self.source.from {
            let own = metric.dataset.map(|id| self.catalog.dataset(id).name.as_str());
            if own != Some(dataset) {
                let fault = Diagnostic::new(Code::InvalidQuery, format!("`{name}` is no metric of `{dataset}`")).at(at);
                return Err(fault.help("every metric can be asked of `metrics`: SELECT … FROM metrics"));
            }
        }
        Ok(Leaf::Metric {
            name: metric.name.clone(),
            asked: name.to_string(),
            part: Part::Value,
            offset: None,
            filter: None,
        })
    }

    fn unknown(&self, written: &Written) -> Diagnostic {
        let metrics = self.catalog.metric_names().map(|(known, _)| known);
        let names: Vec<&str> =
            self.catalog.dimension_names().into_iter().chain(metrics).chain(["metric_time"]).collect();
        let near = nearest(&written.dotted, names);
        let fault = match near.first() {
            Some(first) if self.metric_named(first).is_some() => {
                Diagnostic::new(Code::UnknownMetric, format!("unknown metric `{}`", written.dotted))
            }
            Some(_) | None => {
                let of = if self.catalog.naming == Naming::Dotted { "dimension or metric" } else { "name" };
                Diagnostic::new(Code::UnknownDimension, format!("unknown {of} `{}`", written.dotted))
            }
        };
        fault
            .at(written.span)
            .candidates(near)
            .help("SHOW METRICS and SHOW DIMENSIONS list the names; texts stand in single quotes")
    }

    /// The name without grain of a time that a function of dates is called with.
    fn dated(&self, expr: &Sql) -> Option<String> {
        let written = self.written(expr)?;
        spellings(&written).into_iter().find_map(|name| {
            let field = Field::parse(self.catalog, &name).ok()?;
            (self.is_dimension(&name).ok()? && field.is_time(self.catalog)).then(|| field.base(self.catalog))
        })
    }

    fn call(&self, function: &Function, expr: &Sql) -> Read {
        let name = function_name(function);
        let part = match name.as_str() {
            "measure" | "agg" | "aggregate" => Some(Part::Value),
            "prior" => Some(Part::Previous),
            "delta" => Some(Part::Change),
            "pct_change" => Some(Part::PercentChange),
            _ => None,
        };
        if let Some(part) = part {
            return self.measure(function, &name, part).map(Some);
        }
        if name == "date_trunc" {
            return Ok(self.bucket(expr).map(Leaf::Group));
        }
        if name == "date_part" {
            let Some([part, of]) = plain_arguments(function).and_then(|found| <[&Sql; 2]>::try_from(found).ok()) else {
                return Ok(None);
            };
            return Ok(text_of(part).zip(self.dated(of)).and_then(|(part, base)| part_of(&base, &part)));
        }
        if matches!(name.as_str(), "time_range" | "compare") {
            let fault = Diagnostic::new(Code::InvalidQuery, format!("`{}` outside of WHERE", name.to_uppercase()));
            return Err(fault
                .at(span_of(self.tokens, expr))
                .help(format!("it stands in WHERE, joined by AND: WHERE {}('last_7_days')", name.to_uppercase())));
        }
        if functions::AGGREGATE.contains(&name.as_str()) && function.over.is_none() {
            return self.aggregate(function, &name, expr).map(Some);
        }
        Ok(None)
    }

    /// `MEASURE(m)` and its kin; of `PRIOR` and the like the argument may be `MEASURE(m)` itself.
    fn measure(&self, function: &Function, name: &str, wanted: Part) -> Result<Leaf, Diagnostic> {
        let shown = name.to_uppercase();
        let at = span_of(self.tokens, &function.name);
        if function.over.is_some() {
            let fault = Diagnostic::new(Code::InvalidQuery, format!("`{shown}` as a window function")).at(at);
            let help = format!("a window is of a value: SUM({shown}(m)) OVER (…), or a cumulative metric");
            return Err(fault.help(help));
        }
        let (argument, own_offset) = self.arguments(function, &shown, wanted)?;
        let leaf = match (self.written(argument), argument) {
            (Some(written), _) => {
                let known = spellings(&written).into_iter().find(|name| self.metric_named(name).is_some());
                self.metric(known.as_deref().unwrap_or(&written.dotted), written.span)?
            }
            (None, Sql::Function(_)) if wanted != Part::Value => match self.leaf(argument)? {
                Some(leaf @ Leaf::Metric { part: Part::Value, .. }) => leaf,
                _ => return Err(not_a_metric(&shown, span_of(self.tokens, argument))),
            },
            (None, _) => return Err(not_a_metric(&shown, span_of(self.tokens, argument))),
        };
        match leaf {
            Leaf::Metric { name, asked, offset, filter, .. } => {
                let filter = function.filter.clone().or(filter);
                Ok(Leaf::Metric { name, asked, part: wanted, offset: own_offset.or(offset), filter })
            }
            Leaf::Group(_) => Err(not_a_metric(&shown, at)),
        }
    }

    /// The metric of a call, and the offset beside it, which only a value takes.
    fn arguments<'f>(
        &self,
        function: &'f Function,
        shown: &str,
        wanted: Part,
    ) -> Result<(&'f Sql, Option<Offset>), Diagnostic> {
        let at = span_of(self.tokens, &function.name);
        let refuse = |fact: String| Diagnostic::new(Code::InvalidQuery, fact).at(at);
        let (mut metrics, mut offset) = (Vec::new(), None);
        for argument in call_arguments(function) {
            let (name, value) = match argument {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => {
                    metrics.push(expr);
                    continue;
                }
                FunctionArg::Named { name, arg: FunctionArgExpr::Expr(value), .. } => (name, value),
                _ => return Err(refuse(format!("`{shown}` takes one metric")).help(CALL_HELP)),
            };
            if !name.value.eq_ignore_ascii_case("offset") || wanted != Part::Value {
                let fault = refuse(format!("`{}` is no argument of `{shown}`", name.value)).help(CALL_HELP);
                return Err(fault.at(span_of(self.tokens, &Sql::Identifier(name.clone()))));
            }
            let here = span_of(self.tokens, value);
            if offset.is_some() {
                return Err(refuse(format!("two offsets of one `{shown}`")).at(here).help(CALL_HELP));
            }
            let read = text_of(value).and_then(|text| Offset::parse(&text));
            if read.is_none() {
                return Err(refuse("an offset that is no length of time".into()).at(here).help(OFFSET_HELP));
            }
            offset = read;
        }
        match metrics[..] {
            [metric] => Ok((metric, offset)),
            _ => Err(refuse(format!("`{shown}` takes one metric")).help(CALL_HELP)),
        }
    }

    /// An aggregate of a metric, which must be the metric's own.
    fn aggregate(&self, function: &Function, aggregate: &str, expr: &Sql) -> Result<Leaf, Diagnostic> {
        let shown = aggregate.to_uppercase();
        let at = span_of(self.tokens, expr);
        let refuse = |fact: String| {
            Diagnostic::new(Code::InvalidQuery, fact).at(at).help(
                "a metric says itself how its rows are added up: write MEASURE(metric); rows are read FROM a dataset",
            )
        };
        let Some(argument) = plain_arguments(function).and_then(|found| found.first().copied()) else {
            return Err(refuse(format!("`{shown}` over metrics without a metric")));
        };
        let Some(written) = self.written(argument) else {
            return Err(refuse(format!("`{shown}` of an expression over metrics")));
        };
        let (name, asked) = match self.named(&written)? {
            Leaf::Metric { name, asked, .. } => (name, asked),
            Leaf::Group(name) => return Err(refuse(format!("`{shown}` of `{name}`, which is a dimension"))),
        };
        let metric = self.catalog.metric(self.catalog.require_metric(&name)?.id);
        let distinct = match &function.args {
            FunctionArguments::List(list) => list.duplicate_treatment == Some(DuplicateTreatment::Distinct),
            FunctionArguments::None | FunctionArguments::Subquery(_) => false,
        };
        let own = match &metric.kind {
            MetricKind::Simple(measure) if is_own(aggregate, distinct, measure.aggregation) => {
                let filter = function.filter.clone();
                return Ok(Leaf::Metric { name, asked, part: Part::Value, offset: None, filter });
            }
            MetricKind::Simple(measure) => format!("whose own aggregate is {}", word(measure.aggregation)),
            MetricKind::Ratio { .. }
            | MetricKind::Derived { .. }
            | MetricKind::Cumulative { .. }
            | MetricKind::Conversion(_)
            | MetricKind::Cohort(_)
            | MetricKind::Later(_) => format!("which is {}", metric.definition),
        };
        let distinct = if distinct { " DISTINCT" } else { "" };
        let fact = format!("`{shown}{distinct}` of `{asked}`, {own}");
        Err(Diagnostic::new(Code::AggregateMismatch, fact)
            .at(at)
            .help(format!("write MEASURE({asked})"))
            .example(format!("MEASURE({asked})")))
    }
}

/// As written, then in lower case where the name stands bare.
pub(super) fn spellings(written: &Written) -> Vec<String> {
    let lower = written.dotted.to_lowercase();
    if written.exact || lower == written.dotted {
        vec![written.dotted.clone()]
    } else {
        vec![written.dotted.clone(), lower]
    }
}

fn not_a_metric(function: &str, at: Span) -> Diagnostic {
    let fault = Diagnostic::new(Code::InvalidQuery, format!("`{function}` of something other than a metric")).at(at);
    fault.help(format!("it takes the name of a metric: {function}(net_sales)"))
}

fn part_of(base: &str, part: &str) -> Option<Leaf> {
    DatePart::parse(&part.trim().to_ascii_lowercase()).map(|part| Leaf::Group(format!("{base}__extract_{part}")))
}

/// The arguments of a call without named ones and `*`.
pub(super) fn plain_arguments(function: &Function) -> Option<Vec<&Sql>> {
    let FunctionArguments::List(list) = &function.args else { return None };
    list.args
        .iter()
        .map(|argument| match argument {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr),
            _ => None,
        })
        .collect()
}

fn call_arguments(function: &Function) -> &[FunctionArg] {
    match &function.args {
        FunctionArguments::List(list) => &list.args,
        FunctionArguments::None | FunctionArguments::Subquery(_) => &[],
    }
}

/// The text of a literal in single quotes.
pub(super) fn text_of(expr: &Sql) -> Option<String> {
    match expr {
        Sql::Value(value) => match &value.value {
            Value::SingleQuotedString(text) => Some(text.clone()),
            _ => None,
        },
        _ => None,
    }
}

fn is_own(aggregate: &str, distinct: bool, own: Aggregation) -> bool {
    match own {
        Aggregation::Sum | Aggregation::SumBoolean => aggregate == "sum" && !distinct,
        Aggregation::Min => aggregate == "min",
        Aggregation::Max => aggregate == "max",
        Aggregation::Count => aggregate == "count" && !distinct,
        Aggregation::CountDistinct => aggregate == "count" && distinct,
        Aggregation::ApproxCountDistinct => aggregate == "approx_distinct",
        Aggregation::Average => matches!(aggregate, "avg" | "mean") && !distinct,
        Aggregation::Median => aggregate == "median" && !distinct,
        Aggregation::First => aggregate == "first_value",
        Aggregation::Last => aggregate == "last_value",
        Aggregation::Percentile { .. } => false,
    }
}

fn word(aggregation: Aggregation) -> &'static str {
    match aggregation {
        Aggregation::Sum => "SUM",
        Aggregation::Min => "MIN",
        Aggregation::Max => "MAX",
        Aggregation::Count => "COUNT",
        Aggregation::CountDistinct => "COUNT DISTINCT",
        Aggregation::ApproxCountDistinct => "APPROX_DISTINCT",
        Aggregation::Average => "AVG",
        Aggregation::Median => "MEDIAN",
        Aggregation::Percentile { .. } => "a percentile",
        Aggregation::SumBoolean => "SUM of a boolean",
        Aggregation::First => "the first value",
        Aggregation::Last => "the last value",
    }
}
