//! What holds of every range and comparison, over random clocks, zones and words; dates are
//! checked against jiff's calendar.

use chrono::{DateTime, Datelike, Days, Duration, NaiveDate, Utc, Weekday};
use chrono_tz::Tz;
use jiff::civil;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::time::calendar::FiscalYearStart;
use crate::time::comparison::Compared;

const ZONES: [Tz; 12] = [
    chrono_tz::UTC,
    chrono_tz::America::New_York,
    chrono_tz::America::St_Johns,
    chrono_tz::America::Sao_Paulo,
    chrono_tz::America::Havana,
    chrono_tz::Europe::Paris,
    chrono_tz::Africa::Cairo,
    chrono_tz::Asia::Kathmandu,
    chrono_tz::Asia::Beirut,
    chrono_tz::Australia::Lord_Howe,
    chrono_tz::Pacific::Apia,
    chrono_tz::Pacific::Chatham,
];

const MODES: [&str; 8] = [
    "previous_period",
    "previous_period_match_weekday",
    "previous_week",
    "previous_month",
    "previous_quarter",
    "previous_year",
    "previous_year_match_weekday",
    "previous_4_average",
];

fn calendars() -> impl Strategy<Value = Calendar> {
    (select(ZONES.to_vec()), select(vec![Weekday::Mon, Weekday::Sun]), 1u32..=12, 1u32..=28).prop_map(
        |(zone, week_start, month, day)| Calendar {
            week_start,
            fiscal_year_start: FiscalYearStart { month, day },
            ..Calendar::in_zone(zone)
        },
    )
}

/// Seconds from 1997 to 2035.
fn clocks() -> impl Strategy<Value = DateTime<Utc>> {
    (852_076_800i64..2_051_222_400).prop_map(|second| DateTime::from_timestamp(second, 0).unwrap())
}

/// Words, units and typed ranges that lie before the clocks.
fn ranges() -> impl Strategy<Value = String> {
    let fixed = "today yesterday wtd mtd qtd ytd last_week last_month last_quarter last_year fiscal_qtd fiscal_ytd \
        last_fiscal_quarter last_fiscal_year 1994 1993-Q4 1994-02 1994-W30 1992-02-29";
    let words = select(fixed.split_whitespace().map(str::to_string).collect::<Vec<_>>());
    let units = select(vec!["days", "weeks", "months", "quarters", "years"]);
    let numbered = (1u32..=15, units).prop_map(|(count, unit)| format!("last_{count}_{unit}"));
    let typed = (0i64..9000, 0i64..800).prop_map(|(first, length)| {
        let first = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap() + Duration::days(first);
        format!("{first}..{}", first + Duration::days(length))
    });
    prop_oneof![words, numbered, typed]
}

fn ask(text: &str, comparison: Option<&str>, now: DateTime<Utc>, calendar: &Calendar) -> ResolvedTime {
    let arguments = TimeArguments {
        time_range: Some(text.to_string()),
        comparison: comparison.map(str::to_string),
        ..TimeArguments::default()
    };
    resolve(&arguments, &context(now, calendar)).unwrap_or_else(|fault| panic!("{text}: {fault:?}"))
}

fn context(now: DateTime<Utc>, calendar: &Calendar) -> TimeContext<'_> {
    TimeContext { now, calendar, named: &[], data: None, watermark: None }
}

fn civil(date: NaiveDate) -> civil::Date {
    civil::date(date.year() as i16, date.month() as i8, date.day() as i8)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// A window's instants are the starts of its days, and it is complete when now has passed them.
    #[test]
    fn windows_are_whole_days(text in ranges(), now in clocks(), calendar in calendars()) {
        let found = ask(&text, None, now, &calendar);
        let today = zone::local_date(now, calendar.zone);
        let Window { first, last, start, end, hours } = found.range;
        prop_assert!(hours.is_none() && first <= last && last <= today && start <= end);
        prop_assert_eq!(start, zone::day_start(first, calendar.zone));
        prop_assert_eq!(end, zone::day_start(last + Days::new(1), calendar.zone));
        prop_assert_eq!(found.complete, end <= now);
        prop_assert_eq!(found.includes_today, last == today);
        prop_assert_eq!(found.warnings.iter().any(|warning| warning.code == Code::PartialPeriod), last == today);
    }

    /// Typing the dates that a range resolved to asks for the same range.
    #[test]
    fn resolving_twice_changes_nothing(text in ranges(), now in clocks(), calendar in calendars()) {
        let once = ask(&text, None, now, &calendar).range;
        let typed = format!("{}..{}", once.first, once.last);
        prop_assert_eq!(ask(&typed, None, now, &calendar).range, once);
    }

    /// Periods of the same kind follow each other without a gap or an overlap.
    #[test]
    fn previous_periods_abut(
        count in 1u32..=19,
        unit in select(vec!["days", "weeks", "months", "quarters", "years"]),
        now in clocks(),
        calendar in calendars(),
    ) {
        let found = ask(&format!("last_{count}_{unit}"), Some("previous_4_average"), now, &calendar);
        let mut next = found.range;
        let comparison = found.comparison.unwrap();
        for window in comparison.windows.iter().map(|window| window.window) {
            prop_assert_eq!(window.last + Days::new(1), next.first);
            prop_assert_eq!(window.end, next.start);
            next = window;
        }
        let one = ask(&format!("last_{count}_{unit}"), Some("previous_period"), now, &calendar).comparison.unwrap();
        prop_assert_eq!(&one.windows[..], &comparison.windows[..1]);
        prop_assert_eq!(one.compared, Compared::Whole);
    }

    /// A unit to date is held against the first days of the unit before, never more of them.
    #[test]
    fn units_to_date(
        unit in select(vec!["wtd", "mtd", "qtd", "ytd", "fiscal_qtd", "fiscal_ytd"]),
        now in clocks(),
        calendar in calendars(),
    ) {
        let found = ask(unit, Some("previous_period"), now, &calendar);
        let window = found.comparison.unwrap().windows[0].window;
        let last = match unit {
            "fiscal_qtd" => "last_fiscal_quarter".to_string(),
            "fiscal_ytd" => "last_fiscal_year".to_string(),
            "wtd" => "last_week".to_string(),
            "mtd" => "last_month".to_string(),
            "qtd" => "last_quarter".to_string(),
            _ => "last_year".to_string(),
        };
        let whole = ask(&last, None, now, &calendar).range;
        prop_assert_eq!(window.first, whole.first);
        prop_assert_eq!(whole.last + Days::new(1), found.range.first);
        prop_assert_eq!(window.days(), found.range.days().min(whole.days()));
    }

    /// Modes that match weekdays keep the weekday and the length; so does a week before.
    #[test]
    fn weekdays_match(text in ranges(), mode in 0usize..3, now in clocks(), calendar in calendars()) {
        let mode = ["previous_period_match_weekday", "previous_year_match_weekday", "previous_week"][mode];
        let found = ask(&text, Some(mode), now, &calendar);
        let window = found.comparison.unwrap().windows[0];
        prop_assert_eq!(window.weekday_aligned, Some(true));
        let moved = (found.range.first - window.window.first).num_days();
        prop_assert!(moved > 0 && moved % 7 == 0);
        if mode == "previous_period_match_weekday" {
            prop_assert!(moved >= found.range.days() && moved < found.range.days() + 7);
        }
    }

    /// Warnings of a comparison say what its windows are.
    #[test]
    fn comparisons_warn(text in ranges(), mode in select(MODES.to_vec()), now in clocks(), calendar in calendars()) {
        let found = ask(&text, Some(mode), now, &calendar);
        let comparison = found.comparison.unwrap();
        let warned = |code: Code| comparison.warnings.iter().any(|warning| warning.code == code);
        let windows = || comparison.windows.iter().map(|window| window.window);
        prop_assert_eq!(warned(Code::UnequalLengths), windows().any(|window| window.days() != found.range.days()));
        let shared = windows().any(|window| window.start < found.range.end && found.range.start < window.end);
        prop_assert_eq!(warned(Code::OverlappingWindows), shared);
        prop_assert!(windows().all(|window| window.first < found.range.first));
        match &comparison.compared {
            Compared::Whole => prop_assert!(found.complete),
            Compared::Nothing => prop_assert!(now <= found.range.start),
            Compared::UpTo { end, window_ends } => {
                prop_assert_eq!(*end, now);
                for (window, end) in windows().zip(window_ends) {
                    prop_assert!(window.start <= *end && *end <= window.end);
                }
            }
        }
    }

    /// One day so many months before is jiff's.
    #[test]
    fn months_before_are_jiffs(days in 0i64..25_000, mode in 0usize..3, calendar in calendars()) {
        let date = NaiveDate::from_ymd_opt(1960, 1, 1).unwrap() + Duration::days(days);
        let now = zone::day_start(date + Days::new(9), calendar.zone);
        let (mode, months) = [("previous_month", 1), ("previous_quarter", 3), ("previous_year", 12)][mode];
        let found = ask(&date.to_string(), Some(mode), now, &calendar).comparison.unwrap();
        let expected = civil(date).checked_sub(jiff::Span::new().months(months)).unwrap();
        prop_assert_eq!(found.windows[0].window.first.to_string(), expected.to_string());
        prop_assert_eq!(found.windows[0].window.last.to_string(), expected.to_string());
    }

    /// Weeks, months and days before today by jiff's clock and calendar.
    #[test]
    fn words_are_jiffs(count in 1i64..=200, now in clocks(), calendar in calendars()) {
        // Jiff dates the second showing of a date by the clock, not by the day that has begun.
        let wall = zone::wall_clock(now, calendar.zone).date();
        prop_assume!(wall == zone::local_date(now, calendar.zone));
        let today = civil(wall);
        let check = |text: String, first: civil::Date, last: civil::Date| {
            let range = ask(&text, None, now, &calendar).range;
            prop_assert_eq!((range.first.to_string(), range.last.to_string()), (first.to_string(), last.to_string()));
            Ok(())
        };
        let before = |date: civil::Date, span: jiff::Span| date.checked_sub(span).unwrap();
        let day = jiff::Span::new().days(1);
        check(format!("last_{count}_days"), before(today, jiff::Span::new().days(count)), before(today, day))?;
        let month = today.first_of_month();
        check(format!("last_{count}_months"), before(month, jiff::Span::new().months(count)), before(month, day))?;
        check("mtd".to_string(), month, today)?;
        check("ytd".to_string(), today.first_of_year(), today)?;
        let into = match calendar.week_start {
            Weekday::Sun => today.weekday().to_sunday_zero_offset(),
            _ => today.weekday().to_monday_zero_offset(),
        };
        let week = before(today, jiff::Span::new().days(into));
        check(format!("last_{count}_weeks"), before(week, jiff::Span::new().weeks(count)), before(week, day))?;
    }

    /// An ISO week typed is jiff's, whatever the model's weeks.
    #[test]
    fn iso_weeks_are_jiffs(year in 1901i16..2020, week in 1i8..=53, calendar in calendars()) {
        let now = zone::day_start(NaiveDate::from_ymd_opt(2030, 1, 1).unwrap(), calendar.zone);
        let arguments = TimeArguments { time_range: Some(format!("{year}-W{week:02}")), ..TimeArguments::default() };
        let found = resolve(&arguments, &context(now, &calendar)).map(|found| found.range);
        match civil::ISOWeekDate::new(year, week, civil::Weekday::Monday) {
            Ok(monday) => prop_assert_eq!(found.unwrap().first.to_string(), monday.date().to_string()),
            Err(_) => prop_assert_eq!(found.unwrap_err().code, Code::InvalidTimeRange),
        }
    }

    /// No text and no clock stops the resolver: a range, or a refusal that names its argument.
    #[test]
    fn any_text_is_answered(
        text in prop_oneof![any::<String>(), "[-_ .0-9a-zQWT:/]{0,24}", "(last|trailing|-)[_ -][0-9]{1,5}[_ -]?[a-z]{1,8}", ranges()],
        comparison in prop_oneof![Just(None), select(MODES.to_vec()).prop_map(|mode| Some(mode.to_string())), ranges().prop_map(Some)],
        flags in 0u8..8,
        granularity in 0usize..10,
        second in -2_208_988_800i64..253_402_300_799,
        calendar in calendars(),
    ) {
        let arguments = TimeArguments {
            time_range: Some(text),
            granularity: Some(Granularity::ALL[granularity]),
            include_today: flags & 1 == 1,
            complete_days_only: flags & 2 == 2,
            align_to_granularity: flags & 4 == 4,
            comparison,
            ..TimeArguments::default()
        };
        let now = DateTime::from_timestamp(second, 0).unwrap();
        match resolve(&arguments, &context(now, &calendar)) {
            Ok(found) => prop_assert!(found.range.start <= found.range.end),
            Err(fault) => prop_assert!(fault.field.is_some() && fault.help.is_some(), "{:?}", fault),
        }
    }
}
