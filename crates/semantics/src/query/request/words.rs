//! The closed choices of requests, by their words.

use super::{
    ChartFormat, Dialect, FeedbackCategory, FeedbackSeverity, Level, NumberFormat, ResponseFormat, SearchKind, Stage,
};

macro_rules! words {
    ($($choice:ident { $($variant:ident $word:literal),* })*) => { $(
        impl $choice {
            pub const ALL: &'static [$choice] = &[$($choice::$variant),*];

            /// The word that requests and answers use.
            pub fn as_str(self) -> &'static str {
                match self { $($choice::$variant => $word),* }
            }

            /// The choice of this word.
            pub fn parse(word: &str) -> Option<$choice> {
                $choice::ALL.iter().copied().find(|choice| choice.as_str() == word)
            }
        }
    )* };
}

words! {
    ResponseFormat { Concise "concise", Detailed "detailed" }
    NumberFormat { Number "number", String "string" }
    ChartFormat { Svg "svg", Png "png" }
    Level { None "none", Notable "notable", Major "major" }
    SearchKind {
        Metric "metric",
        Dimension "dimension",
        DimensionValue "dimension_value",
        SavedQuery "saved_query",
        Operation "operation",
        Documentation "documentation"
    }
    Stage { Resolved "resolved", Semantic "semantic", Logical "logical", Physical "physical", Sql "sql" }
    FeedbackCategory {
        Bug "bug",
        MissingCapability "missing_capability",
        WorkflowFriction "workflow_friction",
        WrongResult "wrong_result",
        Docs "docs"
    }
    FeedbackSeverity { Low "low", Medium "medium", High "high" }
    Dialect { Duckdb "duckdb", Postgres "postgres", Snowflake "snowflake", Bigquery "bigquery" }
}
