WITH "order_lines_rows" AS (
  SELECT
    "orders"."channel" AS "channel",
    "order_lines"."unit_price" * "order_lines"."qty" AS "gross_sales",
    "order_lines"."line_discount" + "order_lines"."allocated_discount" AS "discounts"
  FROM "order_lines" AS "order_lines"
  LEFT JOIN "orders" AS "orders" ON "order_lines"."order_id" = "orders"."order_id"
  WHERE "orders"."ordered_at" >= TIMESTAMP '2026-10-01 04:00:00' AND "orders"."ordered_at" < TIMESTAMP '2026-11-01 04:00:00'
    AND "orders"."status" <> 'cancelled'
),
"order_lines_measures" AS (
  SELECT
    "channel",
    SUM("gross_sales") AS "gross_sales",
    SUM("discounts") AS "discounts"
  FROM "order_lines_rows"
  GROUP BY "channel"
),
"refunds_rows" AS (
  SELECT
    "orders"."channel" AS "channel",
    "refunds"."amount" AS "returns"
  FROM "refunds" AS "refunds"
  LEFT JOIN "orders" AS "orders" ON "refunds"."order_id" = "orders"."order_id"
  WHERE "refunds"."refunded_at" >= TIMESTAMPTZ '2026-10-01 04:00:00+00:00' AND "refunds"."refunded_at" < TIMESTAMPTZ '2026-11-01 04:00:00+00:00'
),
"refunds_measures" AS (
  SELECT "channel", SUM("returns") AS "returns"
  FROM "refunds_rows"
  GROUP BY "channel"
),
"orders_rows" AS (
  SELECT
    "orders"."channel" AS "channel",
    "orders"."taxes" AS "taxes",
    "orders"."shipping" AS "shipping_revenue"
  FROM "orders" AS "orders"
  WHERE "orders"."ordered_at" >= TIMESTAMP '2026-10-01 04:00:00' AND "orders"."ordered_at" < TIMESTAMP '2026-11-01 04:00:00'
    AND "orders"."status" <> 'cancelled'
),
"orders_measures" AS (
  SELECT
    "channel",
    SUM("taxes") AS "taxes",
    SUM("shipping_revenue") AS "shipping_revenue"
  FROM "orders_rows"
  GROUP BY "channel"
),
"ad_spend_rows" AS (
  SELECT
    "ad_spend"."channel" AS "channel",
    "ad_spend"."spend" AS "ad_spend"
  FROM "ad_spend" AS "ad_spend"
  WHERE "ad_spend"."spent_on" >= DATE '2026-10-01' AND "ad_spend"."spent_on" <= DATE '2026-10-31'
),
"ad_spend_measures" AS (
  SELECT "channel", SUM("ad_spend") AS "ad_spend"
  FROM "ad_spend_rows"
  GROUP BY "channel"
),
"all_measures" AS (
  SELECT
    "channel",
    "gross_sales",
    "discounts",
    CAST(NULL AS DECIMAL(38, 2)) AS "returns",
    CAST(NULL AS DECIMAL(38, 2)) AS "taxes",
    CAST(NULL AS DECIMAL(38, 2)) AS "shipping_revenue",
    CAST(NULL AS DECIMAL(38, 2)) AS "ad_spend"
  FROM "order_lines_measures"
  UNION ALL
  SELECT
    "channel",
    CAST(NULL AS DECIMAL(38, 2)) AS "gross_sales",
    CAST(NULL AS DECIMAL(38, 2)) AS "discounts",
    "returns",
    CAST(NULL AS DECIMAL(38, 2)) AS "taxes",
    CAST(NULL AS DECIMAL(38, 2)) AS "shipping_revenue",
    CAST(NULL AS DECIMAL(38, 2)) AS "ad_spend"
  FROM "refunds_measures"
  UNION ALL
  SELECT
    "channel",
    CAST(NULL AS DECIMAL(38, 2)) AS "gross_sales",
    CAST(NULL AS DECIMAL(38, 2)) AS "discounts",
    CAST(NULL AS DECIMAL(38, 2)) AS "returns",
    "taxes",
    "shipping_revenue",
    CAST(NULL AS DECIMAL(38, 2)) AS "ad_spend"
  FROM "orders_measures"
  UNION ALL
  SELECT
    "channel",
    CAST(NULL AS DECIMAL(38, 2)) AS "gross_sales",
    CAST(NULL AS DECIMAL(38, 2)) AS "discounts",
    CAST(NULL AS DECIMAL(38, 2)) AS "returns",
    CAST(NULL AS DECIMAL(38, 2)) AS "taxes",
    CAST(NULL AS DECIMAL(38, 2)) AS "shipping_revenue",
    "ad_spend"
  FROM "ad_spend_measures"
),
"measures" AS (
  SELECT
    "channel",
    MAX("gross_sales") AS "gross_sales",
    MAX("discounts") AS "discounts",
    MAX("returns") AS "returns",
    MAX("taxes") AS "taxes",
    MAX("shipping_revenue") AS "shipping_revenue",
    MAX("ad_spend") AS "ad_spend"
  FROM "all_measures"
  GROUP BY "channel"
),
"answer" AS (
  SELECT
    "channel",
    CAST(COALESCE("gross_sales", 0) - COALESCE("discounts", 0) - COALESCE("returns", 0) + COALESCE("taxes", 0) + COALESCE("shipping_revenue", 0) AS DOUBLE) / NULLIF(CAST(COALESCE("ad_spend", 0) AS DOUBLE), 0) AS "blended_roas",
    COALESCE("ad_spend", 0) AS "ad_spend"
  FROM "measures"
)
SELECT "channel", "blended_roas", "ad_spend"
FROM "answer"
WHERE "ad_spend" > 1000
ORDER BY "blended_roas" DESC NULLS LAST, "channel" ASC NULLS LAST
