WITH "order_lines_rows" AS (
  SELECT
    CAST(DATE_TRUNC('week', CAST("orders"."ordered_at" AT TIME ZONE 'UTC' AT TIME ZONE 'America/New_York' AS DATE)) AS DATE) AS "metric_time__week",
    "order_lines"."unit_price" * "order_lines"."qty" AS "gross_sales"
  FROM "order_lines" AS "order_lines"
  LEFT JOIN "orders" AS "orders" ON "order_lines"."order_id" = "orders"."order_id"
  WHERE "orders"."ordered_at" >= TIMESTAMP '2026-10-19 04:00:00' AND "orders"."ordered_at" < TIMESTAMP '2026-11-16 05:00:00'
    AND "orders"."status" <> 'cancelled'
),
"order_lines_measures" AS (
  SELECT "metric_time__week", SUM("gross_sales") AS "gross_sales"
  FROM "order_lines_rows"
  GROUP BY "metric_time__week"
),
"answer" AS (
  SELECT
    "metric_time__week",
    COALESCE("gross_sales", 0) AS "gross_sales"
  FROM "order_lines_measures"
)
SELECT "metric_time__week", "gross_sales"
FROM "answer"
ORDER BY "metric_time__week" ASC NULLS LAST
