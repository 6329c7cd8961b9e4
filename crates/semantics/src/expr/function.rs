//! The functions of the expression language: their names and how they are called.

use std::fmt;

use super::Function;

impl Function {
    pub const ALL: [Function; 22] = [
        Function::Abs,
        Function::Round,
        Function::Floor,
        Function::Ceil,
        Function::Coalesce,
        Function::Nullif,
        Function::Greatest,
        Function::Least,
        Function::Lower,
        Function::Upper,
        Function::Trim,
        Function::Length,
        Function::Substr,
        Function::Replace,
        Function::SplitPart,
        Function::StartsWith,
        Function::Contains,
        Function::DateTrunc,
        Function::DatePart,
        Function::DateAdd,
        Function::DateDiff,
        Function::ToDate,
    ];

    pub fn as_str(self) -> &'static str {
        let usage = self.usage();
        usage.split_once('(').map_or(usage, |(name, _)| name)
    }

    /// How it is written, with the names of its arguments.
    pub fn usage(self) -> &'static str {
        match self {
            Function::Abs => "abs(number)",
            Function::Round => "round(number, digits)",
            Function::Floor => "floor(number)",
            Function::Ceil => "ceil(number)",
            Function::Coalesce => "coalesce(value, value, ...)",
            Function::Nullif => "nullif(value, value)",
            Function::Greatest => "greatest(value, value, ...)",
            Function::Least => "least(value, value, ...)",
            Function::Lower => "lower(text)",
            Function::Upper => "upper(text)",
            Function::Trim => "trim(text)",
            Function::Length => "length(text)",
            Function::Substr => "substr(text, start, length)",
            Function::Replace => "replace(text, from, to)",
            Function::SplitPart => "split_part(text, separator, number)",
            Function::StartsWith => "starts_with(text, start)",
            Function::Contains => "contains(text, part)",
            Function::DateTrunc => "date_trunc('month', time)",
            Function::DatePart => "date_part('dow', time)",
            Function::DateAdd => "date_add(time, interval)",
            Function::DateDiff => "date_diff('day', from, to)",
            Function::ToDate => "to_date(text)",
        }
    }

    /// The fewest and the most arguments that it takes.
    pub fn arity(self) -> (usize, usize) {
        match self {
            Function::Abs
            | Function::Floor
            | Function::Ceil
            | Function::Lower
            | Function::Upper
            | Function::Trim
            | Function::Length
            | Function::ToDate => (1, 1),
            Function::Round => (1, 2),
            Function::Nullif
            | Function::StartsWith
            | Function::Contains
            | Function::DateTrunc
            | Function::DatePart
            | Function::DateAdd => (2, 2),
            Function::Substr => (2, 3),
            Function::Replace | Function::SplitPart | Function::DateDiff => (3, 3),
            Function::Coalesce | Function::Greatest | Function::Least => (1, usize::MAX),
        }
    }

    /// The function of this name, without regard to ASCII case; `ceiling` and `substring` too.
    pub fn parse(name: &str) -> Option<Function> {
        let lower = name.to_ascii_lowercase();
        match lower.as_str() {
            "ceiling" => Some(Function::Ceil),
            "substring" => Some(Function::Substr),
            _ => Function::ALL.into_iter().find(|f| f.as_str() == lower),
        }
    }
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
