//! Days, wall clocks and their tables against a walk through every minute, and against jiff.

use chrono::{DateTime, Datelike, Duration, NaiveDate, NaiveDateTime, TimeZone, Utc};
use chrono_tz::Tz;
use jiff::tz::TimeZoneDatabase;
use proptest::prelude::*;

use super::*;

/// Stretches in which something happens: half-hour and skipped days, midnights twice or never.
const STRETCHES: &[(&str, &str, &str)] = &[
    ("Australia/Lord_Howe", "2026-04-03", "2026-04-08"),
    ("Australia/Lord_Howe", "2026-09-30", "2026-10-06"),
    ("America/St_Johns", "2005-03-30", "2005-04-06"),
    ("America/St_Johns", "2005-10-27", "2005-11-03"),
    ("America/St_Johns", "2010-11-03", "2010-11-10"),
    ("Asia/Kathmandu", "1985-12-30", "1986-01-03"),
    ("Pacific/Apia", "2011-12-27", "2012-01-03"),
    ("Pacific/Kwajalein", "1969-09-27", "1969-10-04"),
    ("Pacific/Kwajalein", "1993-08-17", "1993-08-24"),
    ("America/Sao_Paulo", "2018-02-12", "2018-02-23"),
    ("America/Sao_Paulo", "2018-11-01", "2018-11-08"),
    ("Africa/Cairo", "2024-04-22", "2024-04-29"),
    ("Africa/Cairo", "2024-10-27", "2024-11-03"),
    ("Asia/Beirut", "2025-03-27", "2025-04-03"),
    ("Asia/Beirut", "2025-10-22", "2025-10-28"),
    ("America/Havana", "2025-10-30", "2025-11-04"),
    ("America/New_York", "2026-03-03", "2026-03-10"),
    ("Europe/Paris", "2026-10-22", "2026-10-28"),
    ("America/Scoresbysund", "2024-03-27", "2024-04-03"),
    ("Antarctica/Troll", "2025-03-27", "2025-04-01"),
    ("Africa/Monrovia", "1972-01-05", "1972-01-10"),
];

fn stretches() -> impl Iterator<Item = (Tz, DateTime<Utc>, DateTime<Utc>)> {
    STRETCHES.iter().map(|(name, from, to)| {
        let instant = |text: &str| midnight(text.parse().unwrap()).and_utc();
        (name.parse().unwrap(), instant(from), instant(to))
    })
}

fn minutes(from: DateTime<Utc>, to: DateTime<Utc>) -> impl Iterator<Item = DateTime<Utc>> {
    (0..(to - from).num_minutes()).map(move |minute| from + Duration::minutes(minute))
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

#[test]
fn a_day_starts_when_its_date_or_a_later_one_is_first_shown() {
    for (zone, from, to) in stretches() {
        let mut latest = wall_clock(from - Duration::days(2), zone).date();
        for instant in minutes(from - Duration::days(2), to) {
            let shown = wall_clock(instant, zone).date();
            let mut date = latest;
            while date < shown {
                date = date + Days::new(1);
                let started = day_start(date, zone);
                assert!(started <= instant && instant - started < Duration::minutes(1), "{zone} {date} {started}");
            }
            latest = date;
            if instant >= from {
                assert_eq!(local_date(instant, zone), latest, "{zone} {instant}");
            }
        }
    }
}

#[test]
fn the_table_gives_every_minute_the_date_of_its_day() {
    for (zone, from, to) in stretches() {
        let table = segments(zone, from, to);
        assert_eq!(table[0].from, from, "{zone}");
        assert!(table.windows(2).all(|pair| pair[0].from < pair[1].from), "{zone} {table:?}");
        for instant in minutes(from, to) {
            let segment = table.iter().rev().find(|segment| segment.from <= instant).unwrap();
            let local = match segment.shift {
                Shift::Offset(offset) => instant.naive_utc() + Duration::seconds(offset.into()),
                Shift::Fixed(local) => local,
            };
            assert_eq!(local.date(), local_date(instant, zone), "{zone} {instant}");
            if let Shift::Offset(_) = segment.shift {
                assert_eq!(local, wall_clock(instant, zone), "{zone} {instant}");
            }
        }
    }
}

#[test]
fn a_table_that_starts_inside_a_repeated_stretch_knows_it() {
    // The clocks of St John's went from 00:01 back to 23:01.
    let table = segments(chrono_tz::America::St_Johns, at("2010-11-07T03:00:00Z"), at("2010-11-07T03:10:00Z"));
    assert_eq!(table, [Segment { from: at("2010-11-07T03:00:00Z"), shift: Shift::Fixed(midnight(day("2010-11-07"))) }]);
}

#[test]
fn the_inverse_table_agrees_with_single_wall_clock_times() {
    for (zone, from, to) in stretches() {
        let (from, to) = (from.naive_utc(), to.naive_utc());
        let table = local_segments(zone, from, to);
        assert!(table.windows(2).all(|pair| pair[0].from < pair[1].from), "{zone} {table:?}");
        let mut local: NaiveDateTime = from;
        while local < to {
            let segment = table.iter().rev().find(|segment| segment.from <= local).unwrap();
            let instant = (local - Duration::seconds(segment.offset.into())).and_utc();
            assert_eq!(instant, instant_of_local(local, zone), "{zone} {local}");
            local += Duration::minutes(1);
        }
    }
}

#[test]
fn a_wall_clock_time_is_its_first_instant_and_moves_out_of_a_gap() {
    for (zone, from, to) in stretches() {
        let mut shown = std::collections::HashMap::new();
        for instant in minutes(from - Duration::days(2), to + Duration::days(2)) {
            shown.entry(wall_clock(instant, zone)).or_insert(instant);
        }
        let mut local = from.naive_utc();
        while local < to.naive_utc() {
            let found = instant_of_local(local, zone);
            match shown.get(&local) {
                Some(first) => assert_eq!(found, *first, "{zone} {local}"),
                // Offsets of local mean time have seconds: no whole minute of UTC shows them.
                None => assert!(wall_clock(found, zone) >= local, "{zone} {local}"),
            }
            local += Duration::minutes(1);
        }
    }
    let paris = chrono_tz::Europe::Paris;
    assert_eq!(instant_of_local("2026-03-29T02:30:00".parse().unwrap(), paris), at("2026-03-29T01:30:00Z"));
    assert_eq!(instant_of_local("2026-10-25T02:30:00".parse().unwrap(), paris), at("2026-10-25T00:30:00Z"));
}

#[test]
fn lengths_of_days() {
    let hours = |date: &str, zone: &str| {
        let (date, zone): (NaiveDate, Tz) = (day(date), zone.parse().unwrap());
        (day_start(date + Days::new(1), zone) - day_start(date, zone)).num_minutes() as f64 / 60.0
    };
    assert_eq!(hours("2026-11-01", "America/New_York"), 25.0);
    assert_eq!(hours("2026-10-25", "Europe/Paris"), 25.0);
    assert_eq!(hours("2026-10-04", "Australia/Sydney"), 23.0);
    assert_eq!(hours("2026-10-04", "Australia/Lord_Howe"), 23.5);
    assert_eq!(hours("2026-04-05", "Australia/Lord_Howe"), 24.5);
    assert_eq!(hours("2011-12-30", "Pacific/Apia"), 0.0);
    assert_eq!(skipped_dates(day("2011-01-01"), day("2012-12-31"), chrono_tz::Pacific::Apia), [day("2011-12-30")]);
    assert_eq!(skipped_dates(day("1960-01-01"), day("2020-12-31"), chrono_tz::Pacific::Kwajalein), [day("1993-08-21")]);
    assert_eq!(skipped_dates(day("2000-01-01"), day("2025-12-31"), chrono_tz::America::New_York), []);
}

#[test]
fn names_are_exact_and_misspellings_are_answered_with_the_nearest() {
    assert_eq!(parse("Asia/Calcutta"), Ok(chrono_tz::Asia::Calcutta));
    assert_eq!(parse("UTC"), Ok(chrono_tz::UTC));
    let suggested = |text: &str| {
        let fault = parse(text).unwrap_err();
        assert_eq!(fault.field.as_deref(), Some("timezone"));
        fault.did_you_mean
    };
    assert_eq!(suggested("America/NewYork"), ["America/New_York"]);
    assert_eq!(suggested("america/new_york"), ["America/New_York"]);
    assert_eq!(suggested("Berlin"), ["Europe/Berlin"]);
    assert_eq!(suggested("Europe/Pariss")[0], "Europe/Paris");
    for text in ["+05:30", "", "UTC+1", " UTC", "-05:00"] {
        parse(text).unwrap_err();
    }
}

fn zones() -> impl Strategy<Value = Tz> {
    (0..chrono_tz::TZ_VARIANTS.len()).prop_map(|position| chrono_tz::TZ_VARIANTS[position])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// Jiff starts a day at its earliest 00:00, or at the end of the gap that holds it.
    #[test]
    fn days_start_where_jiff_starts_them(zone in zones(), days in 0i64..16_000) {
        let date = day("1980-01-01") + Duration::days(days);
        let database = TimeZoneDatabase::bundled();
        let Ok(theirs) = database.get(zone.name()) else { return Ok(()) };
        let civil = jiff::civil::date(date.year() as i16, date.month() as i8, date.day() as i8);
        let start = civil.to_zoned(theirs).unwrap().timestamp().as_second();
        prop_assert_eq!(day_start(date, zone).timestamp(), start, "{} {}", zone, date);
    }

    #[test]
    fn wall_clocks_are_jiffs(zone in zones(), second in 315_532_800i64..1_700_000_000) {
        let Ok(theirs) = TimeZoneDatabase::bundled().get(zone.name()) else { return Ok(()) };
        let instant = Utc.timestamp_opt(second, 0).unwrap();
        let shown = jiff::Timestamp::from_second(second).unwrap().to_zoned(theirs.clone()).datetime();
        prop_assert_eq!(wall_clock(instant, zone).to_string(), shown.to_string().replace('T', " "));
        let back = theirs.to_ambiguous_timestamp(shown).earlier().unwrap().as_second();
        prop_assert_eq!(instant_of_local(wall_clock(instant, zone), zone).timestamp(), back);
    }
}
