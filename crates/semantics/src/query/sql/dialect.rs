//! The dialect that statements are read in: that of expressions, with sub-queries, `SEMANTIC_VIEW` and
//! named arguments beside it.

use sqlparser::ast::Expr;
use sqlparser::dialect::Dialect;
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};

use crate::expr::parse::ExpressionDialect;

#[derive(Debug)]
pub(super) struct SqlDialect;

impl Dialect for SqlDialect {
    fn is_identifier_start(&self, ch: char) -> bool {
        ExpressionDialect.is_identifier_start(ch)
    }

    fn is_identifier_part(&self, ch: char) -> bool {
        ExpressionDialect.is_identifier_part(ch)
    }

    fn is_delimited_identifier_start(&self, ch: char) -> bool {
        ExpressionDialect.is_delimited_identifier_start(ch)
    }

    fn is_reserved_for_identifier(&self, keyword: Keyword) -> bool {
        ExpressionDialect.is_reserved_for_identifier(keyword)
    }

    fn parse_prefix(&self, parser: &mut Parser) -> Option<Result<Expr, ParserError>> {
        ExpressionDialect.parse_prefix(parser)
    }

    fn parse_infix(&self, parser: &mut Parser, left: &Expr, precedence: u8) -> Option<Result<Expr, ParserError>> {
        ExpressionDialect.parse_infix(parser, left, precedence)
    }

    fn supports_filter_during_aggregation(&self) -> bool {
        true
    }

    fn supports_group_by_expr(&self) -> bool {
        true
    }

    fn supports_named_fn_args_with_rarrow_operator(&self) -> bool {
        true
    }

    fn supports_semantic_view_table_factor(&self) -> bool {
        true
    }
}
