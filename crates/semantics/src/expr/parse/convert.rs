//! sqlparser's tree to ours. What is not listed here is not in the language.
//!
//! sqlparser's own spans leave out parentheses, operators and keywords, so each conversion gives
//! the tokens that it covers, counted from those of its operands.

use sqlparser::ast::{
    BinaryOperator, CaseWhen, CastKind, CeilFloorKind, DataType as SqlType, DateTimeField, ExactNumberInfo,
    Expr as Sql, Function as SqlFunction, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments, Ident,
    Interval, ObjectNamePart, Spanned, TimezoneInfo, TypedString, UnaryOperator, Value, ValueWithSpan,
};
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::Token;

use super::scan::Tokens;
use super::{LANGUAGE, Place, literal};
use crate::code::Code;
use crate::data_type::{Clock, DataType};
use crate::diagnostic::Diagnostic;
use crate::expr::{BinaryOp, Expr, Function, Kind, Literal, Name};

pub(super) struct Converter<'a> {
    pub(super) tokens: &'a Tokens<'a>,
    pub(super) place: Place,
}

/// A converted expression with its first and its last token.
struct Part {
    expr: Expr<Name>,
    first: usize,
    last: usize,
}

/// Boxed, so that the frames of a recursion stay small.
type Converted = Result<Part, Box<Diagnostic>>;

impl Converter<'_> {
    pub(super) fn convert(&self, sql: &Sql) -> Result<Expr<Name>, Diagnostic> {
        self.expr(sql).map(|part| part.expr).map_err(|diagnostic| *diagnostic)
    }

    fn expr(&self, sql: &Sql) -> Converted {
        match sql {
            Sql::Identifier(ident) => self.name(std::slice::from_ref(ident)),
            Sql::CompoundIdentifier(idents) => self.name(idents),
            Sql::Value(value) => self.value(value),
            Sql::TypedString(typed) => self.typed_string(typed),
            Sql::Interval(interval) => self.interval(interval),
            Sql::Nested(inner) => self.nested(inner),
            Sql::UnaryOp { op, expr } => self.unary(*op, expr),
            Sql::BinaryOp { .. } => self.binary(sql),
            Sql::IsDistinctFrom(left, right) => self.operands(BinaryOp::IsDistinctFrom, left, right),
            Sql::IsNotDistinctFrom(left, right) => self.operands(BinaryOp::IsNotDistinctFrom, left, right),
            Sql::IsNull(of) => self.is(of, |of| Kind::IsNull { of, negated: false }),
            Sql::IsNotNull(of) => self.is(of, |of| Kind::IsNull { of, negated: true }),
            Sql::IsTrue(of) => self.is(of, |of| Kind::IsTruth { of, truth: true, negated: false }),
            Sql::IsNotTrue(of) => self.is(of, |of| Kind::IsTruth { of, truth: true, negated: true }),
            Sql::IsFalse(of) => self.is(of, |of| Kind::IsTruth { of, truth: false, negated: false }),
            Sql::IsNotFalse(of) => self.is(of, |of| Kind::IsTruth { of, truth: false, negated: true }),
            Sql::InList { expr, list, negated } => self.in_list(expr, list, *negated),
            Sql::Between { expr, negated, low, high } => self.between(expr, low, high, *negated),
            Sql::Like { negated, any: false, expr, pattern, escape_char: None } => {
                self.like(expr, pattern, false, *negated)
            }
            Sql::ILike { negated, any: false, expr, pattern, escape_char: None } => {
                self.like(expr, pattern, true, *negated)
            }
            Sql::Case { case_token, end_token, operand, conditions, else_result } => {
                let first = self.tokens.at_location(case_token.0.span.start);
                let last = self.tokens.at_location(end_token.0.span.start);
                self.case(first, last, operand.as_deref(), conditions, else_result.as_deref())
            }
            Sql::Cast { kind, expr, data_type, array: false, format: None } => self.cast(kind, expr, data_type),
            Sql::Extract { field, syntax: _, expr } => self.extract(field, expr),
            Sql::Ceil { expr, field } => self.ceil_or_floor(Function::Ceil, expr, field),
            Sql::Floor { expr, field } => self.ceil_or_floor(Function::Floor, expr, field),
            Sql::Substring { expr, substring_from, substring_for, special: _, shorthand: _ } => {
                let arguments = [Some(expr), substring_from.as_ref(), substring_for.as_ref()];
                self.keyword_call(Function::Substr, arguments.into_iter().flatten().map(Box::as_ref))
            }
            Sql::Trim { trim_where: None, trim_what: None, expr, trim_characters: None } => {
                self.keyword_call(Function::Trim, [expr.as_ref()])
            }
            Sql::Function(function) => self.call(function),
            Sql::InSubquery { .. } | Sql::Exists { .. } | Sql::Subquery(_) => {
                Err(self.refused(sql, "a sub-query in an expression"))
            }
            Sql::Like { .. } | Sql::ILike { .. } => Err(self.refused(sql, "LIKE with ANY or ESCAPE")),
            Sql::Cast { .. } => Err(self.refused(sql, "CAST with FORMAT or ARRAY")),
            Sql::Trim { .. } => Err(self.refused(sql, "trim of anything but the spaces around a text")),
            Sql::IsUnknown(_) | Sql::IsNotUnknown(_) => {
                Err(with_help(self.refused(sql, "IS UNKNOWN"), "an unknown truth is null: write IS NULL"))
            }
            Sql::AtTimeZone { .. } => Err(with_help(
                self.refused(sql, "AT TIME ZONE"),
                "a dimension's `stored_as` and the question's `timezone` say in which zone times are read",
            )),
            Sql::Tuple(_) => Err(self.refused(sql, "a list of values outside IN")),
            Sql::CompoundFieldAccess { .. }
            | Sql::JsonAccess { .. }
            | Sql::IsNormalized { .. }
            | Sql::InUnnest { .. }
            | Sql::SimilarTo { .. }
            | Sql::RLike { .. }
            | Sql::AnyOp { .. }
            | Sql::AllOp { .. }
            | Sql::Convert { .. }
            | Sql::Position { .. }
            | Sql::Overlay { .. }
            | Sql::Collate { .. }
            | Sql::Prefixed { .. }
            | Sql::GroupingSets(_)
            | Sql::Cube(_)
            | Sql::Rollup(_)
            | Sql::Struct { .. }
            | Sql::Named { .. }
            | Sql::Dictionary(_)
            | Sql::Map(_)
            | Sql::Array(_)
            | Sql::MatchAgainst { .. }
            | Sql::Wildcard(_)
            | Sql::QualifiedWildcard(..)
            | Sql::OuterJoin(_)
            | Sql::Prior(_)
            | Sql::Lambda(_)
            | Sql::MemberOf(_) => Err(self.refused(sql, "a construct that expressions do not have")),
        }
    }

    fn name(&self, idents: &[Ident]) -> Converted {
        let first = self.tokens.at_location(idents[0].span.start);
        let last = self.tokens.at_location(idents[idents.len() - 1].span.start);
        Ok(self.part(Kind::Ref(Name { parts: idents.iter().map(|i| i.value.clone()).collect() }), first, last))
    }

    fn value(&self, value: &ValueWithSpan) -> Converted {
        let at = self.tokens.at_location(value.span.start);
        let literal = match &value.value {
            Value::Number(text, false) => literal::number(text).map_err(|fact| self.invalid(fact, at, at))?,
            Value::SingleQuotedString(text) => Literal::Text(text.clone()),
            Value::Boolean(value) => Literal::Boolean(*value),
            Value::Null => Literal::Null,
            _ => {
                let fact = format!("literal `{}`", super::excerpt(self.tokens.text_of(at)));
                return Err(self.unsupported(fact, at, at));
            }
        };
        Ok(self.part(Kind::Literal(literal), at, at))
    }

    fn typed_string(&self, typed: &TypedString) -> Converted {
        let last = self.tokens.at_location(typed.value.span.start);
        let mut first = last.saturating_sub(1);
        while first > 0
            && matches!(self.tokens.token(first), Some(Token::Word(w)) if w.keyword != Keyword::DATE && w.keyword != Keyword::TIMESTAMP)
        {
            first -= 1;
        }
        let Value::SingleQuotedString(text) = &typed.value.value else {
            return Err(self.unsupported("a typed literal that is not a text".into(), first, last));
        };
        let shown = super::excerpt(text);
        let literal = match &typed.data_type {
            SqlType::Date => literal::date(text).map(Literal::Date).ok_or_else(|| {
                let fault = self.invalid(format!("`{shown}` is not a date"), first, last);
                with_help(fault, "a date is written DATE '2026-03-31'")
            })?,
            SqlType::Timestamp(None, TimezoneInfo::None | TimezoneInfo::WithoutTimeZone) => {
                let midnight = || literal::date(text).and_then(|day| day.and_hms_opt(0, 0, 0));
                literal::timestamp(text).or_else(midnight).map(Literal::Timestamp).ok_or_else(|| {
                    let fault = self.invalid(format!("`{shown}` is not a local timestamp"), first, last);
                    with_help(
                        fault,
                        "a timestamp is written TIMESTAMP '2026-03-31 15:00:00', in local time, without an offset",
                    )
                })?
            }
            _ => {
                let fact = format!("literal of type `{}`", self.tokens.text_of(first));
                return Err(self.unsupported(fact, first, last));
            }
        };
        Ok(self.part(Kind::Literal(literal), first, last))
    }

    fn interval(&self, interval: &Interval) -> Converted {
        let value = interval.value.as_ref();
        let at = self.tokens.at_location(value.span().start);
        let first = at.saturating_sub(1);
        let last = if interval.leading_field.is_some() { at + 1 } else { at };
        let Interval {
            value: _,
            leading_field,
            leading_precision: None,
            last_field: None,
            fractional_seconds_precision: None,
        } = interval
        else {
            return Err(self.unsupported("INTERVAL with two units or a precision".into(), first, last));
        };
        let text = match value {
            Sql::Value(ValueWithSpan {
                value: Value::SingleQuotedString(text) | Value::Number(text, false), ..
            }) => text,
            _ => {
                return Err(self.unsupported("INTERVAL of anything but a literal".into(), first, last));
            }
        };
        let unit = leading_field.as_ref().map(|_| self.tokens.text_of(last));
        let literal = literal::interval(text, unit).map_err(|fact| self.invalid(fact, first, last))?;
        Ok(self.part(Kind::Literal(literal), first, last))
    }

    fn nested(&self, inner: &Sql) -> Converted {
        let Part { mut expr, first, last } = self.expr(inner)?;
        let (first, last) = (first.saturating_sub(1), self.within(last + 1));
        expr.span = self.tokens.span(first, last);
        Ok(Part { expr, first, last })
    }

    fn unary(&self, op: UnaryOperator, operand: &Sql) -> Converted {
        let Part { expr, first, last } = self.expr(operand)?;
        let first = first.saturating_sub(1);
        let kind = match (op, operand) {
            (UnaryOperator::Plus, _) => *expr.kind,
            (UnaryOperator::Not, _) => Kind::Not(expr),
            (UnaryOperator::Minus, Sql::Value(_)) => match *expr.kind {
                Kind::Literal(Literal::Integer(n)) => Kind::Literal(Literal::Integer(-n)),
                Kind::Literal(Literal::Decimal { unscaled, scale }) => {
                    Kind::Literal(Literal::Decimal { unscaled: -unscaled, scale })
                }
                Kind::Literal(Literal::Float(x)) => Kind::Literal(Literal::Float(-x)),
                _ => Kind::Negate(expr),
            },
            (UnaryOperator::Minus, _) => Kind::Negate(expr),
            _ => return Err(self.unsupported(format!("operator `{op}`"), first, first)),
        };
        Ok(self.part(kind, first, last))
    }

    /// A chain of operators leans to the left: it is walked down in a loop.
    fn binary(&self, sql: &Sql) -> Converted {
        let mut chain = Vec::new();
        let mut leftmost = sql;
        while let Sql::BinaryOp { left, op, right } = leftmost {
            chain.push((op, right.as_ref()));
            leftmost = left;
        }
        let mut left = self.expr(leftmost)?;
        for (op, right) in chain.into_iter().rev() {
            let op = self.binary_op(op, left.last + 1)?;
            let right = self.expr(right)?;
            let (first, last) = (left.first, right.last);
            left = self.part(Kind::Binary { op, left: left.expr, right: right.expr }, first, last);
        }
        Ok(left)
    }

    fn binary_op(&self, op: &BinaryOperator, at: usize) -> Result<BinaryOp, Box<Diagnostic>> {
        Ok(match op {
            BinaryOperator::Plus => BinaryOp::Add,
            BinaryOperator::Minus => BinaryOp::Subtract,
            BinaryOperator::Multiply => BinaryOp::Multiply,
            BinaryOperator::Divide => BinaryOp::Divide,
            BinaryOperator::Modulo => BinaryOp::Modulo,
            BinaryOperator::Eq => BinaryOp::Equal,
            BinaryOperator::NotEq => BinaryOp::NotEqual,
            BinaryOperator::Lt => BinaryOp::Less,
            BinaryOperator::LtEq => BinaryOp::LessOrEqual,
            BinaryOperator::Gt => BinaryOp::Greater,
            BinaryOperator::GtEq => BinaryOp::GreaterOrEqual,
            BinaryOperator::And => BinaryOp::And,
            BinaryOperator::Or => BinaryOp::Or,
            BinaryOperator::StringConcat => BinaryOp::Concat,
            _ => {
                let at = self.within(at);
                return Err(self.unsupported(format!("operator `{op}`"), at, at));
            }
        })
    }

    fn operands(&self, op: BinaryOp, left: &Sql, right: &Sql) -> Converted {
        let (left, right) = (self.expr(left)?, self.expr(right)?);
        let (first, last) = (left.first, right.last);
        Ok(self.part(Kind::Binary { op, left: left.expr, right: right.expr }, first, last))
    }

    fn is(&self, of: &Sql, kind: impl FnOnce(Expr<Name>) -> Kind<Name>) -> Converted {
        let Part { expr, first, last } = self.expr(of)?;
        let word = |at: usize| match self.tokens.token(at) {
            Some(Token::Word(w)) => Some(w.keyword),
            _ => None,
        };
        let ends = |at: &usize| matches!(word(*at), Some(Keyword::NULL | Keyword::TRUE | Keyword::FALSE));
        let last = (last + 1..self.tokens.len()).find(ends).unwrap_or(last);
        Ok(self.part(kind(expr), first, last))
    }

    fn in_list(&self, of: &Sql, list: &[Sql], negated: bool) -> Converted {
        let of = self.expr(of)?;
        let list: Vec<Part> = list.iter().map(|item| self.expr(item)).collect::<Result<_, _>>()?;
        let last = list.last().map_or(of.last, |item| self.within(item.last + 1));
        let list = list.into_iter().map(|item| item.expr).collect();
        Ok(self.part(Kind::InList { of: of.expr, list, negated }, of.first, last))
    }

    fn between(&self, of: &Sql, low: &Sql, high: &Sql, negated: bool) -> Converted {
        let (of, low, high) = (self.expr(of)?, self.expr(low)?, self.expr(high)?);
        let kind = Kind::Between { of: of.expr, low: low.expr, high: high.expr, negated };
        Ok(self.part(kind, of.first, high.last))
    }

    fn like(&self, of: &Sql, pattern: &Sql, ignore_case: bool, negated: bool) -> Converted {
        let (of, pattern) = (self.expr(of)?, self.expr(pattern)?);
        let (first, last) = (pattern.first, pattern.last);
        let Kind::Literal(Literal::Text(text)) = *pattern.expr.kind else {
            return Err(self.unsupported("LIKE with a pattern that is not a text literal".into(), first, last));
        };
        Ok(self.part(Kind::Like { of: of.expr, pattern: text, ignore_case, negated }, of.first, last))
    }

    fn case(
        &self,
        first: usize,
        last: usize,
        operand: Option<&Sql>,
        conditions: &[CaseWhen],
        otherwise: Option<&Sql>,
    ) -> Converted {
        let operand = operand.map(|sql| self.expr(sql)).transpose()?.map(|part| part.expr);
        let mut branches = Vec::with_capacity(conditions.len());
        for CaseWhen { condition, result } in conditions {
            let when = self.expr(condition)?.expr;
            let when = match &operand {
                None => when,
                Some(operand) => {
                    let span = when.span;
                    Expr::new(Kind::Binary { op: BinaryOp::Equal, left: operand.clone(), right: when }, span)
                }
            };
            branches.push((when, self.expr(result)?.expr));
        }
        let otherwise = otherwise.map(|sql| self.expr(sql)).transpose()?.map(|part| part.expr);
        Ok(self.part(Kind::Case { branches, otherwise }, first, last))
    }

    fn cast(&self, kind: &CastKind, of: &Sql, to: &SqlType) -> Converted {
        let of = self.expr(of)?;
        let (first, last) = self.call_around(of.first);
        let or_null = match kind {
            CastKind::Cast => false,
            CastKind::TryCast => true,
            CastKind::SafeCast => {
                return Err(with_help(self.unsupported("SAFE_CAST".into(), first, first), "write TRY_CAST"));
            }
            CastKind::DoubleColon => {
                return Err(with_help(
                    self.unsupported("operator `::`".into(), first, last),
                    "write CAST(value AS type)",
                ));
            }
        };
        let to = data_type(to).map_err(|fact| {
            with_help(
                self.unsupported(fact, first, last),
                "types are boolean, integer, decimal(precision, scale), float, text, date, timestamp and timestamp with time zone",
            )
        })?;
        Ok(self.part(Kind::Cast { of: of.expr, to, or_null }, first, last))
    }

    fn extract(&self, field: &DateTimeField, of: &Sql) -> Converted {
        let of = self.expr(of)?;
        let (first, last) = self.call_around(of.first);
        let field_span = self.tokens.span(self.within(first + 2), self.within(first + 2));
        let part = Expr::new(Kind::Literal(Literal::Text(field.to_string().to_lowercase())), field_span);
        Ok(self.part(Kind::Call { function: Function::DatePart, arguments: vec![part, of.expr] }, first, last))
    }

    fn ceil_or_floor(&self, function: Function, of: &Sql, field: &CeilFloorKind) -> Converted {
        match field {
            CeilFloorKind::DateTimeField(DateTimeField::NoDateTime) => self.keyword_call(function, [of]),
            CeilFloorKind::DateTimeField(_) | CeilFloorKind::Scale(_) => {
                let at = self.expr(of)?;
                let (first, last) = self.call_around(at.first);
                Err(self.unsupported(format!("`{function}` with more than a number"), first, last))
            }
        }
    }

    /// A function that sqlparser reads as syntax of its own.
    fn keyword_call<'s>(&self, function: Function, arguments: impl IntoIterator<Item = &'s Sql>) -> Converted {
        let parts: Vec<Part> = arguments.into_iter().map(|sql| self.expr(sql)).collect::<Result<_, _>>()?;
        let (first, last) = parts.first().map_or((0, 0), |part| self.call_around(part.first));
        self.checked_call(function, parts, first, last)
    }

    fn call(&self, call: &SqlFunction) -> Converted {
        let SqlFunction { name, uses_odbc_syntax: _, parameters, args, filter, null_treatment, over, within_group } =
            call;
        let [ObjectNamePart::Identifier(ident)] = name.0.as_slice() else {
            return Err(self.refused(&Sql::Function(call.clone()), "a function with a dotted name"));
        };
        let first = self.tokens.at_location(ident.span.start);
        let last = self.tokens.close_of(first + 1).unwrap_or(first);
        let Some(function) = Function::parse(&ident.value).filter(|_| ident.quote_style.is_none()) else {
            return Err(self.unsupported(format!("unknown function `{}`", ident.value), first, first));
        };
        if over.is_some() {
            return Err(self.unsupported(format!("window function `{function}` in an expression"), first, last));
        }
        let plain = matches!(parameters, FunctionArguments::None)
            && filter.is_none()
            && null_treatment.is_none()
            && within_group.is_empty();
        let FunctionArguments::List(FunctionArgumentList { duplicate_treatment: None, args, clauses }) = args else {
            return Err(self.unsupported(format!("`{function}` with DISTINCT or a sub-query"), first, last));
        };
        if !plain || !clauses.is_empty() {
            return Err(self.unsupported(format!("`{function}` with more than its arguments"), first, last));
        }
        let mut parts = Vec::with_capacity(args.len());
        for argument in args {
            let FunctionArg::Unnamed(FunctionArgExpr::Expr(sql)) = argument else {
                return Err(self.unsupported(format!("`{function}` with `*` or a named argument"), first, last));
            };
            parts.push(self.expr(sql)?);
        }
        self.checked_call(function, parts, first, last)
    }

    fn checked_call(&self, function: Function, parts: Vec<Part>, first: usize, last: usize) -> Converted {
        let (least, most) = function.arity();
        if !(least..=most).contains(&parts.len()) {
            let wanted = match (least, most) {
                (least, usize::MAX) => format!("at least {least}"),
                (least, most) if least == most => least.to_string(),
                (least, most) => format!("{least} or {most}"),
            };
            let fact = format!("`{function}` takes {wanted} arguments, not {}", parts.len());
            return Err(with_help(self.invalid(fact, first, last), &format!("it is written {}", function.usage())));
        }
        let arguments = parts.into_iter().map(|part| part.expr).collect();
        Ok(self.part(Kind::Call { function, arguments }, first, last))
    }

    /// The keyword before the parenthesis around a token, and the parenthesis that closes it.
    fn call_around(&self, index: usize) -> (usize, usize) {
        match self.tokens.open_around(index) {
            Some(open) => (open.saturating_sub(1), self.tokens.close_of(open).unwrap_or(index)),
            None => (index, index),
        }
    }

    fn within(&self, index: usize) -> usize {
        index.min(self.tokens.len() - 1)
    }

    fn part(&self, kind: Kind<Name>, first: usize, last: usize) -> Part {
        Part { expr: Expr::new(kind, self.tokens.span(first, last)), first, last }
    }

    fn invalid(&self, fact: String, first: usize, last: usize) -> Box<Diagnostic> {
        Box::new(Diagnostic::new(Code::InvalidExpression, fact).at(self.tokens.span(first, last)))
    }

    fn unsupported(&self, fact: String, first: usize, last: usize) -> Box<Diagnostic> {
        let diagnostic = Diagnostic::new(Code::UnsupportedExpression, fact);
        Box::new(diagnostic.at(self.tokens.span(first, last)).help(LANGUAGE))
    }

    fn refused(&self, sql: &Sql, fact: &str) -> Box<Diagnostic> {
        let span = sql.span();
        let (first, last) = (self.tokens.at_location(span.start), self.tokens.at_location(span.end));
        let fact = match self.place {
            Place::Formula => fact.to_string(),
            Place::Where => format!("{fact} in a condition"),
        };
        self.unsupported(fact, first, last)
    }
}

fn with_help(mut diagnostic: Box<Diagnostic>, help: &str) -> Box<Diagnostic> {
    diagnostic.help = Some(help.to_string());
    diagnostic
}

fn data_type(sql: &SqlType) -> Result<DataType, String> {
    let decimal = |info: &ExactNumberInfo| match *info {
        ExactNumberInfo::PrecisionAndScale(precision @ 1..=38, scale) if (0..=precision as i64).contains(&scale) => {
            Ok(DataType::Decimal { precision: precision as u8, scale: scale as i8 })
        }
        ExactNumberInfo::Precision(precision @ 1..=38) => {
            Ok(DataType::Decimal { precision: precision as u8, scale: 0 })
        }
        ExactNumberInfo::None => Err("`decimal` without its precision and scale".to_string()),
        ExactNumberInfo::Precision(_) | ExactNumberInfo::PrecisionAndScale(..) => {
            Err("a decimal has 1 to 38 digits, and no more after the point than in all".to_string())
        }
    };
    match sql {
        SqlType::Boolean | SqlType::Bool => Ok(DataType::Boolean),
        SqlType::Int(None) | SqlType::Integer(None) | SqlType::BigInt(None) | SqlType::Int8(None) => {
            Ok(DataType::Integer)
        }
        SqlType::Decimal(info) | SqlType::Numeric(info) | SqlType::Dec(info) => decimal(info),
        SqlType::Float(ExactNumberInfo::None)
        | SqlType::Double(ExactNumberInfo::None)
        | SqlType::DoublePrecision
        | SqlType::Float8 => Ok(DataType::Float),
        SqlType::Text | SqlType::Varchar(None) | SqlType::String(None) => Ok(DataType::Text),
        SqlType::Date => Ok(DataType::Date),
        SqlType::Timestamp(None, TimezoneInfo::None | TimezoneInfo::WithoutTimeZone) => {
            Ok(DataType::Timestamp(Clock::Local))
        }
        SqlType::Timestamp(None, TimezoneInfo::WithTimeZone | TimezoneInfo::Tz) => {
            Ok(DataType::Timestamp(Clock::Instant))
        }
        _ => Err(format!("type `{}`", super::excerpt(&sql.to_string().to_lowercase()))),
    }
}
