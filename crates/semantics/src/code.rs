//! Every code of a refusal or a warning, once, with the HTTP status that carries it.

/// What kind of answer a code belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// A mistake in model files; reported at load.
    Model,
    /// A mistake in a request.
    Request,
    /// Something the data cannot give.
    Data,
    /// A limit was reached.
    Limit,
    /// A note beside an answer; never refuses.
    Warning,
}

macro_rules! codes {
    ($($variant:ident $text:literal $class:ident $status:literal $retryable:literal $meaning:literal;)*) => {
        /// A stable word that names what went wrong, or what a reader should know.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code { $(#[doc = $meaning] $variant,)* }

        impl Code {
            /// Every code, in the order of the documentation.
            pub const ALL: &'static [Code] = &[$(Code::$variant,)*];

            /// The word that answers and documentation use.
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$variant => $text,)* }
            }

            /// What kind of answer the code belongs to.
            pub fn class(self) -> Class {
                match self { $(Code::$variant => Class::$class,)* }
            }

            /// HTTP status of an answer that carries the code; 200 for warnings.
            pub fn status(self) -> u16 {
                match self { $(Code::$variant => $status,)* }
            }

            /// Whether the same request may succeed later without a change.
            pub fn retryable(self) -> bool {
                match self { $(Code::$variant => $retryable,)* }
            }

            /// One sentence for the documentation.
            pub fn meaning(self) -> &'static str {
                match self { $(Code::$variant => $meaning,)* }
            }
        }
    };
}

codes! {
    // model files
    InvalidYaml "invalid-yaml" Model 400 false "A model file is not the YAML we read.";
    UnknownKey "unknown-key" Model 400 false "A key that the model format does not have.";
    MissingKey "missing-key" Model 400 false "A required key is absent.";
    WrongType "wrong-type" Model 400 false "A value has another type than its key wants.";
    UnknownValue "unknown-value" Model 400 false "A value outside the closed list of its key.";
    InvalidName "invalid-name" Model 400 false "A name that does not match `^[a-z][a-z0-9_]*$` or holds `__`.";
    DuplicateName "duplicate-name" Model 400 false "Two things of one namespace share a name.";
    UnknownReference "unknown-reference" Model 400 false "A model names a dataset, dimension, metric or entity that does not exist.";
    MetricCycle "metric-cycle" Model 400 false "Metrics that are defined by each other.";
    MissingTimeAxis "missing-time-axis" Model 400 false "A metric without a time axis of its own or of its dataset.";
    InvalidModel "invalid-model" Model 400 false "A model that contradicts itself.";
    SeveralModels "several-models" Model 400 false "A directory that holds more than one model.";
    InvalidExpression "invalid-expression" Model 400 false "An expression that cannot be parsed.";
    UnsupportedExpression "unsupported-expression" Model 400 false "An expression outside the expression language.";
    UnknownColumn "unknown-column" Model 400 false "An expression names a column that its dataset's files do not have.";
    TypeMismatch "type-mismatch" Model 400 false "An operator or function applied to types it does not take.";
    // requests
    InvalidRequest "invalid-request" Request 400 false "A request that cannot be read: not JSON, or not an object.";
    NoModel "no-model" Request 400 false "A question without a model to ask it of.";
    NotFound "not-found" Request 404 false "A path that the server does not have.";
    MethodNotAllowed "method-not-allowed" Request 405 false "A path that takes another HTTP method.";
    UnsupportedMediaType "unsupported-media-type" Request 415 false "A body that is not declared as JSON.";
    Unauthenticated "unauthenticated" Request 401 false "A call without a token that is accepted.";
    InsufficientScope "insufficient-scope" Request 403 false "A token without the scope that an operation needs.";
    OperationNotAvailable "operation-not-available" Request 403 false "An operation that is not for this caller.";
    ReadOnlyMode "read-only-mode" Request 403 false "An operation that changes something, in the access mode that does not.";
    AuthModeNotAllowed "auth-mode-not-allowed" Request 403 false "An auth mode that the token is not for.";
    OrganizationNotAvailable "organization-not-available" Request 403 false "An organization that the caller does not act for.";
    InvalidHeader "invalid-header" Request 400 false "A header with a value that it does not have.";
    ForbiddenOrigin "forbidden-origin" Request 403 false "A Host or Origin header that does not name this server.";
    AddressNotAllowed "address-not-allowed" Request 400 false "An address that cannot be served without identity.";
    UnknownTool "unknown-tool" Request 400 false "A tool or operation that does not exist.";
    UnknownOperation "unknown-operation" Request 400 false "`execute` names an operation that does not exist.";
    UnknownId "unknown-id" Request 400 false "No search result has this id.";
    UnknownArgument "unknown-argument" Request 400 false "An argument that the tool does not have.";
    InvalidArgument "invalid-argument" Request 400 false "An argument of the wrong type or outside its list.";
    EmptyQuery "empty-query" Request 400 false "A request that names nothing to answer.";
    RequestTooLarge "request-too-large" Request 413 false "A request over its size limit.";
    TooManyItems "too-many-items" Request 400 false "A list of a request over its length limit.";
    UnknownMetric "unknown-metric" Request 400 false "No metric has this name.";
    UnknownDimension "unknown-dimension" Request 400 false "No dimension has this name.";
    UnknownSavedQuery "unknown-saved-query" Request 400 false "No saved query has this name.";
    DimensionNotAvailable "dimension-not-available" Request 400 false "A metric cannot see this dimension.";
    DimensionNotConformed "dimension-not-conformed" Request 400 false "Datasets share the name of a dimension but not the dimension.";
    FanOut "fan-out" Request 400 false "A dimension below the metric's grain would count its rows more than once.";
    AmbiguousPath "ambiguous-path" Request 400 false "More than one path leads to this dimension.";
    DuplicateColumn "duplicate-column" Request 400 false "Two outputs have one name.";
    InvalidTimeRange "invalid-time-range" Request 400 false "A time range that cannot be read or resolved.";
    InvalidComparison "invalid-comparison" Request 400 false "A comparison that cannot be read or made.";
    InvalidTimezone "invalid-timezone" Request 400 false "Not the name of a time zone.";
    InvalidAsOf "invalid-as-of" Request 400 false "Not an instant that an answer can be made for.";
    GranularityNotAvailable "granularity-not-available" Request 400 false "A granularity finer than the data, or unknown.";
    RangeBelowGrain "range-below-grain" Request 400 false "A range that cuts a period which the data gives only whole.";
    TimeRequired "time-required" Request 400 false "A metric that has no value without a time range or a time group.";
    CurrencyNotAvailable "currency-not-available" Request 400 false "Amounts that nothing converts to the currency asked for.";
    InvalidFilter "invalid-filter" Request 400 false "A condition that cannot be read or typed.";
    AggregateInWhere "aggregate-in-where" Request 400 false "A metric in a condition on rows; it belongs in having.";
    InvalidOrderBy "invalid-order-by" Request 400 false "An order that names no column of the answer.";
    OrderByNotGrouped "order-by-not-grouped" Request 400 false "An order by a dimension that the answer is not grouped by.";
    CursorExpired "cursor-expired" Request 400 false "A cursor whose data has changed, or that is not ours.";
    NotSupportedYet "not-supported-yet" Request 400 false "A construct that this version reads but cannot execute.";
    QueryNotAllowed "query-not-allowed" Request 400 false "A statement that is not a read.";
    InvalidQuery "invalid-query" Request 400 false "A SQL statement that cannot be read, or a name in it that is nothing.";
    AggregateMismatch "aggregate-mismatch" Request 400 false "A metric under another aggregate than its own.";
    QueryTooLarge "query-too-large" Request 400 false "A query over a limit on its size.";
    // data
    DataUnavailable "data-unavailable" Data 503 true "The files of a dataset are missing, unreadable or empty.";
    OutsideDataRoot "outside-data-root" Data 400 false "A source that leaves the data root.";
    AmbiguousSource "ambiguous-source" Data 400 false "A table name that two sources match.";
    InvalidFile "invalid-file" Data 503 false "A file that is not of its format, or is cut short.";
    BadCell "bad-cell" Data 503 false "A cell that does not fit its column's type.";
    SchemaDrift "schema-drift" Data 503 false "Files of one dataset disagree about a column.";
    MissingColumn "missing-column" Data 503 false "A declared column is absent from the data.";
    DuplicateKey "duplicate-key" Data 503 false "A declared key is not unique in the data.";
    MixedCurrency "mixed-currency" Data 400 false "Amounts of another or of several currencies, and no rates to convert them.";
    DataChanged "data-changed" Data 503 true "The files changed twice while the question was answered.";
    NumericOverflow "numeric-overflow" Data 400 false "An exact number beyond 38 digits.";
    // limits and service
    RowLimit "row-limit" Limit 400 false "More rows than the door gives.";
    Timeout "timeout" Limit 504 true "The question took longer than its time limit.";
    ResourcesExhausted "resources-exhausted" Limit 503 true "The question needed more memory than its limit.";
    Cancelled "cancelled" Limit 503 true "The caller went away, or the server is stopping.";
    RateLimited "rate-limited" Limit 429 true "More calls than a token or its organization may make in a while, or more feedback than an organization may give in a day.";
    StoreUnavailable "store-unavailable" Limit 503 true "The state file cannot be opened or written.";
    StoreFull "store-full" Limit 503 false "The state file keeps as much feedback of the organization as it may.";
    Internal "internal" Limit 500 false "A fault of ours.";
    // warnings
    PolicyNoAttribute "policy-no-attribute" Warning 200 false "A policy names an attribute that the caller does not have, so no row of its dataset is seen.";
    PartialPeriod "partial-period" Warning 200 false "The range includes a day that is not over.";
    PartialBucket "partial-bucket" Warning 200 false "The range cuts the first or the last period of its granularity.";
    FutureClamped "future-clamped" Warning 200 false "The range was cut at today.";
    PastData "past-data" Warning 200 false "The range goes on after the data's watermark.";
    FlagIgnored "flag-ignored" Warning 200 false "A time argument that changes nothing here.";
    IsoWeek "iso-week" Warning 200 false "An ISO week in a model whose weeks start on Sunday.";
    SkippedDate "skipped-date" Warning 200 false "A date that the time zone skipped.";
    OverlappingWindows "overlapping-windows" Warning 200 false "The periods of a comparison overlap.";
    UnequalLengths "unequal-lengths" Warning 200 false "The periods of a comparison have different lengths.";
    DatesNotShifted "dates-not-shifted" Warning 200 false "Dates without a time are read as they are in every time zone.";
    NoDataInRange "no-data-in-range" Warning 200 false "The range lies after the data's end or before its start.";
    FutureRows "future-rows" Warning 200 false "Rows later than the answer's clock were not read.";
    PossiblyLate "possibly-late" Warning 200 false "The newest row is older than usual.";
    DeprecatedName "deprecated-name" Warning 200 false "A metric was asked by a name that will go away.";
    DetailsLeftOut "details-left-out" Warning 200 false "An audit's details are left out to keep the answer within `max_bytes`.";
    RoundedNumber "rounded-number" Warning 200 false "A number has more than 15 significant digits.";
    Approximate "approximate" Warning 200 false "A value is an estimate.";
    MissingRate "missing-rate" Warning 200 false "Amounts were left out for want of an exchange rate.";
    ImmatureCohort "immature-cohort" Warning 200 false "A cohort has members whose age is not over, and no value yet.";
    MetricLeftOut "metric-left-out" Warning 200 false "A metric of the default set cannot see the filter.";
    TargetProrated "target-prorated" Warning 200 false "A target was cut to part of its period.";
    NoTarget "no-target" Warning 200 false "A period that is asked has no target.";
    NotSettled "not-settled" Warning 200 false "Values of the range may still change, as by refunds.";
    OpenAttribution "open-attribution" Warning 200 false "Conversions are still attributed to days of the range.";
    NotImported "not-imported" Warning 200 false "Something of another tool's file, or for one, was left out or is read otherwise.";
    Bridge "bridge" Warning 200 false "Groups or conditions lead over a many-to-many relationship.";
    UnnormalizedValues "unnormalized-values" Warning 200 false "Values of a dimension differ only by case or spaces.";
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
