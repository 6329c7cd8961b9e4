//! sqlparser's tree to ours. What is not listed here is not in the language.
//!
//! sqlparser's own spans leave out parentheses, operators and keywords, so each conversion gives
//! the tokens that it covers, counted from those of its operands.

use sqlparser::ast::{
    BinaryOperator, CaseWhen, CastKind, CeilFloorKind, DataType as SqlType, DateTimeField, Expr as Sql,
    Function as SqlFunction, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments, Ident,
    ObjectNamePart, Spanned, UnaryOperator,
};
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::Token;

use super::scan::Tokens;
use super::{LANGUAGE, METRIC};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::expr::{BinaryOp, Expr, Function, Kind, Literal, Name};

mod constant;

use constant::data_type;

pub(super) struct Converter<'a> {
    pub(super) tokens: &'a Tokens<'a>,
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
            Sql::IsNull(of)
            | Sql::IsNotNull(of)
            | Sql::IsTrue(of)
            | Sql::IsNotTrue(of)
            | Sql::IsFalse(of)
            | Sql::IsNotFalse(of) => self.is(sql, of),
            Sql::InList { expr, list, negated } => self.in_list(expr, list, *negated),
            Sql::Between { expr, negated, low, high } => self.between(expr, low, high, *negated),
            Sql::Like { negated, any: false, expr: of, pattern, escape_char: None } => {
                self.like(of, pattern, false, *negated)
            }
            Sql::ILike { negated, any: false, expr: of, pattern, escape_char: None } => {
                self.like(of, pattern, true, *negated)
            }
            Sql::Case { case_token, end_token, operand, conditions, else_result } => {
                let [first, last] = [case_token, end_token].map(|t| self.tokens.at_location(t.0.span.start));
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
            other => Err(self.refused(other)),
        }
    }

    fn name(&self, idents: &[Ident]) -> Converted {
        let first = self.tokens.at_location(idents[0].span.start);
        let last = self.tokens.at_location(idents[idents.len() - 1].span.start);
        Ok(self.part(Kind::Ref(Name { parts: idents.iter().map(|i| i.value.clone()).collect() }), first, last))
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

    fn is(&self, sql: &Sql, of: &Sql) -> Converted {
        let Part { expr: of, first, last } = self.expr(of)?;
        let word = |at: usize| match self.tokens.token(at) {
            Some(Token::Word(w)) => Some(w.keyword),
            _ => None,
        };
        let ends = |at: &usize| matches!(word(*at), Some(Keyword::NULL | Keyword::TRUE | Keyword::FALSE));
        let last = (last + 1..self.tokens.len()).find(ends).unwrap_or(last);
        let kind = match sql {
            Sql::IsNotNull(_) => Kind::IsNull { of, negated: true },
            Sql::IsTrue(_) => Kind::IsTruth { of, truth: true, negated: false },
            Sql::IsNotTrue(_) => Kind::IsTruth { of, truth: true, negated: true },
            Sql::IsFalse(_) => Kind::IsTruth { of, truth: false, negated: false },
            Sql::IsNotFalse(_) => Kind::IsTruth { of, truth: false, negated: true },
            _ => Kind::IsNull { of, negated: false },
        };
        Ok(self.part(kind, first, last))
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
            let at = self.tokens.at_location(name.span().start);
            return Err(self.unsupported("a function with a dotted name".into(), at, at));
        };
        let first = self.tokens.at_location(ident.span.start);
        let last = self.tokens.close_of(first + 1).unwrap_or(first);
        if ident.value.eq_ignore_ascii_case(METRIC) && ident.quote_style.is_none() {
            return self.metric(args, first, last);
        }
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

    /// `metric(name, key, ...)`, which is one name.
    fn metric(&self, arguments: &FunctionArguments, first: usize, last: usize) -> Converted {
        let usage = "it is written metric(name, key, ...), its keys are dimensions or entities";
        let wrong = || with_help(self.invalid("`metric` takes a metric and keys".into(), first, last), usage);
        let FunctionArguments::List(FunctionArgumentList { duplicate_treatment: None, args, clauses }) = arguments
        else {
            return Err(wrong());
        };
        let mut names = Vec::with_capacity(args.len());
        for argument in args {
            let FunctionArg::Unnamed(FunctionArgExpr::Expr(sql)) = argument else { return Err(wrong()) };
            let Kind::Ref(name) = *self.expr(sql)?.expr.kind else { return Err(wrong()) };
            let dotted = name.dotted();
            if !dotted.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.')) {
                return Err(wrong());
            }
            names.push(dotted);
        }
        match names.split_first() {
            Some((metric, keys)) if !keys.is_empty() && clauses.is_empty() => {
                Ok(self.part(Kind::Ref(Name::of_metric(metric, keys)), first, last))
            }
            _ => Err(wrong()),
        }
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

    fn refused(&self, sql: &Sql) -> Box<Diagnostic> {
        let (fact, help) = match sql {
            Sql::InSubquery { .. } | Sql::Exists { .. } | Sql::Subquery(_) => {
                ("a sub-query in an expression", "an expression sees one row; list the values in IN (...)")
            }
            Sql::Like { .. } | Sql::ILike { .. } => ("LIKE with ANY or ESCAPE", LANGUAGE),
            Sql::Cast { .. } => ("CAST with FORMAT or ARRAY", LANGUAGE),
            Sql::Trim { .. } => ("trim of anything but the spaces around a text", LANGUAGE),
            Sql::IsUnknown(_) | Sql::IsNotUnknown(_) => ("IS UNKNOWN", "an unknown truth is null: write IS NULL"),
            Sql::AtTimeZone { .. } => (
                "AT TIME ZONE",
                "a dimension's `stored_as` and the question's `timezone` say in which zone times are read",
            ),
            Sql::Tuple(_) => ("a list of values outside IN", LANGUAGE),
            _ => ("a construct that expressions do not have", LANGUAGE),
        };
        let span = sql.span();
        let (first, last) = (self.tokens.at_location(span.start), self.tokens.at_location(span.end));
        with_help(self.unsupported(fact.to_string(), first, last), help)
    }
}

fn with_help(mut diagnostic: Box<Diagnostic>, help: &str) -> Box<Diagnostic> {
    diagnostic.help = Some(help.to_string());
    diagnostic
}
