WITH "order_lines_rows" AS (
  SELECT
    "orders"."channel" AS "channel",
    "order_lines"."unit_price" * "order_lines"."qty" AS "gross_sales",
    "order_lines"."line_discount" + "order_lines"."allocated_discount" AS "discounts"
  FROM "order_lines" AS "order_lines"
  LEFT JOIN "orders" AS "orders" ON "order_lines"."order_id" = "orders"."order_id"
  WHERE "orders"."ordered_at" >= TIMESTAMP '2026-11-13 05:00:00' AND "orders"."ordered_at" < TIMESTAMP '2026-11-20 05:00:00'
    AND "orders"."status" <> 'cancelled'
),
"order_lines_measures" AS (
  SELECT
    GROUPING("channel") = 1 AS "__total",
    "channel",
    SUM("gross_sales") AS "gross_sales",
    SUM("discounts") AS "discounts"
  FROM "order_lines_rows"
  GROUP BY GROUPING SETS (("channel"), ())
),
"refunds_rows" AS (
  SELECT
    "orders"."channel" AS "channel",
    "refunds"."amount" AS "returns"
  FROM "refunds" AS "refunds"
  LEFT JOIN "orders" AS "orders" ON "refunds"."order_id" = "orders"."order_id"
  WHERE "refunds"."refunded_at" >= TIMESTAMPTZ '2026-11-13 05:00:00+00:00' AND "refunds"."refunded_at" < TIMESTAMPTZ '2026-11-20 05:00:00+00:00'
),
"refunds_measures" AS (
  SELECT
    GROUPING("channel") = 1 AS "__total",
    "channel",
    SUM("returns") AS "returns"
  FROM "refunds_rows"
  GROUP BY GROUPING SETS (("channel"), ())
),
"orders_rows" AS (
  SELECT "orders"."channel" AS "channel"
  FROM "orders" AS "orders"
  WHERE "orders"."ordered_at" >= TIMESTAMP '2026-11-13 05:00:00' AND "orders"."ordered_at" < TIMESTAMP '2026-11-20 05:00:00'
    AND "orders"."status" <> 'cancelled'
),
"orders_measures" AS (
  SELECT
    GROUPING("channel") = 1 AS "__total",
    "channel",
    COUNT(*) AS "orders"
  FROM "orders_rows"
  GROUP BY GROUPING SETS (("channel"), ())
),
"all_measures" AS (
  SELECT
    "__total",
    "channel",
    "gross_sales",
    "discounts",
    CAST(NULL AS DECIMAL(38, 2)) AS "returns",
    CAST(NULL AS BIGINT) AS "orders"
  FROM "order_lines_measures"
  UNION ALL
  SELECT
    "__total",
    "channel",
    CAST(NULL AS DECIMAL(38, 2)) AS "gross_sales",
    CAST(NULL AS DECIMAL(38, 2)) AS "discounts",
    "returns",
    CAST(NULL AS BIGINT) AS "orders"
  FROM "refunds_measures"
  UNION ALL
  SELECT
    "__total",
    "channel",
    CAST(NULL AS DECIMAL(38, 2)) AS "gross_sales",
    CAST(NULL AS DECIMAL(38, 2)) AS "discounts",
    CAST(NULL AS DECIMAL(38, 2)) AS "returns",
    "orders"
  FROM "orders_measures"
),
"measures" AS (
  SELECT
    "__total",
    "channel",
    MAX("gross_sales") AS "gross_sales",
    MAX("discounts") AS "discounts",
    MAX("returns") AS "returns",
    MAX("orders") AS "orders"
  FROM "all_measures"
  GROUP BY "__total", "channel"
),
"answer" AS (
  SELECT
    "__total",
    "channel",
    COALESCE("gross_sales", 0) - COALESCE("discounts", 0) - COALESCE("returns", 0) AS "net_sales",
    COALESCE("orders", 0) AS "orders",
    CAST(COALESCE("gross_sales", 0) - COALESCE("discounts", 0) AS DOUBLE) / NULLIF(CAST(COALESCE("orders", 0) AS DOUBLE), 0) AS "aov"
  FROM "measures"
)
SELECT "__total", "channel", "net_sales", "orders", "aov"
FROM "answer"
ORDER BY "__total" DESC, "net_sales" DESC NULLS LAST, "channel" ASC NULLS LAST
LIMIT 6
