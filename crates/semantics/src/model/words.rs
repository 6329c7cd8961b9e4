//! The closed lists of words that keys take, as written in YAML.

use chrono::Weekday;

use crate::model::calendar::{FiscalWeek53, Naming};
use crate::model::dataset::{DimensionKind, EntityKind, Normalization};
use crate::model::metric::{
    Aggregation, Calculation, Direction, Format, GroupAggregation, PercentileType, PeriodAggregation, WindowChoice,
};
use crate::model::relationship::Cardinality;
use crate::time::calendar::{FiscalEnd, FiscalPattern};
use crate::time::granularity::Granularity;

/// A closed choice that YAML writes as one word.
pub trait Word: Copy + 'static {
    /// Every word, in the order of the documentation.
    const NAMES: &'static [&'static str];
    /// The choice of exactly this word.
    fn of(word: &str) -> Option<Self>;
    /// The word of this choice.
    fn word(self) -> &'static str;
}

macro_rules! words {
    ($($type:ty { $($variant:ident $word:literal)* })*) => {
        $(impl Word for $type {
            const NAMES: &'static [&'static str] = &[$($word),*];

            fn of(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)* _ => None }
            }

            fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        })*
    };
}

words! {
    Aggregation {
        Sum "sum" Min "min" Max "max" Count "count" CountDistinct "count_distinct" Average "average" Median "median"
        Percentile "percentile" SumBoolean "sum_boolean" First "first" Last "last"
        ApproxCountDistinct "approx_count_distinct"
    }
    Cardinality { ManyToOne "many_to_one" ManyToMany "many_to_many" }
    Calculation {
        ConversionRate "conversion_rate" Conversions "conversions" Average "average" Total "total"
        Retention "retention" Retained "retained"
    }
    DimensionKind { Categorical "categorical" Time "time" Boolean "boolean" Number "number" }
    Direction { Up "up" Down "down" Neutral "neutral" }
    EntityKind { Primary "primary" Unique "unique" Foreign "foreign" Natural "natural" }
    FiscalEnd { Last "last" Nearest "nearest" }
    FiscalPattern { FourFourFive "4-4-5" FourFiveFour "4-5-4" FiveFourFour "5-4-4" }
    FiscalWeek53 { LastMonth "last_month" }
    Format { Number "number" Currency "currency" Percent "percent" Ratio "ratio" Duration "duration" }
    Granularity {
        Second "second" Minute "minute" Hour "hour" Day "day" Week "week" Month "month" Quarter "quarter" Year "year"
        FiscalQuarter "fiscal_quarter" FiscalYear "fiscal_year"
    }
    GroupAggregation {
        Sum "sum" Average "average" Median "median" Min "min" Max "max" Count "count"
    }
    Naming { Dotted "dotted" EntityPaths "entity_paths" }
    Normalization { Trim "trim" Lower "lower" Upper "upper" }
    PercentileType { Continuous "continuous" Discrete "discrete" }
    PeriodAggregation { First "first" Last "last" Average "average" }
    Weekday {
        Mon "monday" Tue "tuesday" Wed "wednesday" Thu "thursday" Fri "friday" Sat "saturday" Sun "sunday"
    }
}

impl Word for WindowChoice {
    const NAMES: &'static [&'static str] = &["first", "last", "min", "max"];

    fn of(word: &str) -> Option<Self> {
        match word {
            "first" | "min" => Some(WindowChoice::First),
            "last" | "max" => Some(WindowChoice::Last),
            _ => None,
        }
    }

    fn word(self) -> &'static str {
        match self {
            WindowChoice::First => "first",
            WindowChoice::Last => "last",
        }
    }
}
