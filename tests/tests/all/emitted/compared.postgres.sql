WITH "orders_rows" AS (
  SELECT
    "orders"."device" AS "device",
    "orders"."ordered_at" >= TIMESTAMP '2026-11-13 05:00:00' AND "orders"."ordered_at" < TIMESTAMP '2026-11-20 05:00:00' AS "in_range",
    "orders"."ordered_at" >= TIMESTAMP '2026-11-06 05:00:00' AND "orders"."ordered_at" < TIMESTAMP '2026-11-13 05:00:00' AS "in_previous"
  FROM "orders" AS "orders"
  WHERE ("orders"."ordered_at" >= TIMESTAMP '2026-11-13 05:00:00' AND "orders"."ordered_at" < TIMESTAMP '2026-11-20 05:00:00' OR "orders"."ordered_at" >= TIMESTAMP '2026-11-06 05:00:00' AND "orders"."ordered_at" < TIMESTAMP '2026-11-13 05:00:00')
    AND "orders"."status" <> 'cancelled'
),
"orders_measures" AS (
  SELECT
    GROUPING("device") = 1 AS "__total",
    "device",
    COUNT(*) FILTER (WHERE "in_range") AS "__rows",
    COUNT(*) FILTER (WHERE "in_previous") AS "__rows__previous",
    CASE WHEN GROUPING("device") = 1 OR COUNT(*) FILTER (WHERE "in_range") > 0 THEN COUNT(*) FILTER (WHERE "in_range") END AS "orders",
    CASE WHEN GROUPING("device") = 1 OR COUNT(*) FILTER (WHERE "in_previous") > 0 THEN COUNT(*) FILTER (WHERE "in_previous") END AS "orders__previous"
  FROM "orders_rows"
  GROUP BY GROUPING SETS (("device"), ())
),
"sessions_rows" AS (
  SELECT
    "sessions"."device" AS "device",
    "sessions"."started_at" >= TIMESTAMPTZ '2026-11-13 05:00:00+00:00' AND "sessions"."started_at" < TIMESTAMPTZ '2026-11-20 05:00:00+00:00' AS "in_range",
    "sessions"."started_at" >= TIMESTAMPTZ '2026-11-06 05:00:00+00:00' AND "sessions"."started_at" < TIMESTAMPTZ '2026-11-13 05:00:00+00:00' AS "in_previous"
  FROM "sessions" AS "sessions"
  WHERE "sessions"."started_at" >= TIMESTAMPTZ '2026-11-13 05:00:00+00:00' AND "sessions"."started_at" < TIMESTAMPTZ '2026-11-20 05:00:00+00:00' OR "sessions"."started_at" >= TIMESTAMPTZ '2026-11-06 05:00:00+00:00' AND "sessions"."started_at" < TIMESTAMPTZ '2026-11-13 05:00:00+00:00'
),
"sessions_measures" AS (
  SELECT
    GROUPING("device") = 1 AS "__total",
    "device",
    COUNT(*) FILTER (WHERE "in_range") AS "__rows",
    COUNT(*) FILTER (WHERE "in_previous") AS "__rows__previous",
    CASE WHEN GROUPING("device") = 1 OR COUNT(*) FILTER (WHERE "in_range") > 0 THEN COUNT(*) FILTER (WHERE "in_range") END AS "sessions",
    CASE WHEN GROUPING("device") = 1 OR COUNT(*) FILTER (WHERE "in_previous") > 0 THEN COUNT(*) FILTER (WHERE "in_previous") END AS "sessions__previous"
  FROM "sessions_rows"
  GROUP BY GROUPING SETS (("device"), ())
),
"all_measures" AS (
  SELECT
    "__total",
    "device",
    "__rows",
    "__rows__previous",
    "orders",
    "orders__previous",
    CAST(NULL AS BIGINT) AS "sessions",
    CAST(NULL AS BIGINT) AS "sessions__previous"
  FROM "orders_measures"
  UNION ALL
  SELECT
    "__total",
    "device",
    "__rows",
    "__rows__previous",
    CAST(NULL AS BIGINT) AS "orders",
    CAST(NULL AS BIGINT) AS "orders__previous",
    "sessions",
    "sessions__previous"
  FROM "sessions_measures"
),
"measures" AS (
  SELECT
    "__total",
    "device",
    SUM("__rows") AS "__rows",
    SUM("__rows__previous") AS "__rows__previous",
    MAX("orders") AS "orders",
    MAX("orders__previous") AS "orders__previous",
    MAX("sessions") AS "sessions",
    MAX("sessions__previous") AS "sessions__previous"
  FROM "all_measures"
  GROUP BY "__total", "device"
),
"compared" AS (
  SELECT
    "__total",
    "device",
    COALESCE("orders", 0) AS "orders",
    COALESCE("orders__previous", 0) AS "orders__previous",
    CAST(COALESCE("orders", 0) AS DOUBLE PRECISION) / NULLIF(CAST(COALESCE("sessions", 0) AS DOUBLE PRECISION), 0) AS "conversion_rate",
    CAST(COALESCE("orders__previous", 0) AS DOUBLE PRECISION) / NULLIF(CAST(COALESCE("sessions__previous", 0) AS DOUBLE PRECISION), 0) AS "conversion_rate__previous",
    CASE WHEN NOT "__total" THEN CASE WHEN COALESCE("__rows", 0) > 0 AND NOT COALESCE("__rows__previous", 0) > 0 THEN 'new' WHEN COALESCE("__rows__previous", 0) > 0 AND NOT COALESCE("__rows", 0) > 0 THEN 'lost' END END AS "change_kind"
  FROM "measures"
),
"answer" AS (
  SELECT
    "__total",
    "device",
    "orders",
    "orders__previous",
    CASE WHEN NOT "__total" AND ("orders" IS NOT NULL OR "orders__previous" IS NOT NULL) THEN COALESCE("orders", 0) - COALESCE("orders__previous", 0) ELSE "orders" - "orders__previous" END AS "orders__change",
    CASE WHEN "orders__previous" > 0 THEN CAST(CASE WHEN NOT "__total" AND ("orders" IS NOT NULL OR "orders__previous" IS NOT NULL) THEN COALESCE("orders", 0) - COALESCE("orders__previous", 0) ELSE "orders" - "orders__previous" END AS DOUBLE PRECISION) / CAST("orders__previous" AS DOUBLE PRECISION) END AS "orders__percent_change",
    "conversion_rate",
    "conversion_rate__previous",
    "conversion_rate" - "conversion_rate__previous" AS "conversion_rate__change",
    CASE WHEN "conversion_rate__previous" > 0 THEN CAST("conversion_rate" - "conversion_rate__previous" AS DOUBLE PRECISION) / CAST("conversion_rate__previous" AS DOUBLE PRECISION) END AS "conversion_rate__percent_change",
    CAST("conversion_rate" - "conversion_rate__previous" AS DOUBLE PRECISION) * 100 AS "conversion_rate__points",
    "change_kind"
  FROM "compared"
)
SELECT
  "__total",
  "device",
  "orders",
  "orders__previous",
  "orders__change",
  "orders__percent_change",
  "conversion_rate",
  "conversion_rate__previous",
  "conversion_rate__change",
  "conversion_rate__percent_change",
  "conversion_rate__points",
  "change_kind"
FROM "answer"
ORDER BY "__total" DESC, "orders" DESC NULLS LAST, "device" COLLATE "C" ASC NULLS LAST
