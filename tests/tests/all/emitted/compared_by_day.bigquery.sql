WITH `orders_rows` AS (
  SELECT
    CAST(DATETIME(TIMESTAMP(`orders`.`ordered_at`, 'UTC'), 'America/New_York') AS DATE) AS `metric_time__day`,
    `orders`.`ordered_at` >= DATETIME '2026-11-16 05:00:00' AND `orders`.`ordered_at` < DATETIME '2026-11-19 05:00:00' AS `in_range`,
    `orders`.`ordered_at` >= DATETIME '2026-11-13 05:00:00' AND `orders`.`ordered_at` < DATETIME '2026-11-16 05:00:00' AS `in_previous`
  FROM `orders` AS `orders`
  WHERE (`orders`.`ordered_at` >= DATETIME '2026-11-16 05:00:00' AND `orders`.`ordered_at` < DATETIME '2026-11-19 05:00:00' OR `orders`.`ordered_at` >= DATETIME '2026-11-13 05:00:00' AND `orders`.`ordered_at` < DATETIME '2026-11-16 05:00:00')
    AND `orders`.`status` <> 'cancelled'
),
`orders_measures` AS (
  SELECT
    `metric_time__day`,
    COUNT(CASE WHEN `in_range` THEN 1 END) AS `__rows`,
    COUNT(CASE WHEN `in_previous` THEN 1 END) AS `__rows__previous`,
    NULLIF(COUNT(CASE WHEN `in_range` THEN 1 END), 0) AS `orders`,
    NULLIF(COUNT(CASE WHEN `in_previous` THEN 1 END), 0) AS `orders__previous`
  FROM `orders_rows`
  GROUP BY `metric_time__day`
),
`places` AS (
  SELECT
    0 AS `place`,
    DATE '2026-11-16' AS `current_bucket`,
    DATE '2026-11-13' AS `previous_bucket`
  UNION ALL
  SELECT
    1 AS `place`,
    DATE '2026-11-17' AS `current_bucket`,
    DATE '2026-11-14' AS `previous_bucket`
  UNION ALL
  SELECT
    2 AS `place`,
    DATE '2026-11-18' AS `current_bucket`,
    DATE '2026-11-15' AS `previous_bucket`
),
`sides` AS (
  SELECT
    `p`.`place` AS `place`,
    1 AS `has_current`,
    0 AS `has_previous`,
    COALESCE(`orders`, 0) AS `orders`,
    CAST(NULL AS INT64) AS `orders__previous`
  FROM `orders_measures` AS `m`
  JOIN `places` AS `p` ON `m`.`metric_time__day` = `p`.`current_bucket`
  WHERE COALESCE(`__rows`, 0) > 0
  UNION ALL
  SELECT
    `p`.`place` AS `place`,
    0 AS `has_current`,
    1 AS `has_previous`,
    CAST(NULL AS INT64) AS `orders`,
    COALESCE(`orders__previous`, 0) AS `orders__previous`
  FROM `orders_measures` AS `m`
  JOIN `places` AS `p` ON `m`.`metric_time__day` = `p`.`previous_bucket`
  WHERE COALESCE(`__rows__previous`, 0) > 0
),
`pairs` AS (
  SELECT
    `place`,
    MAX(`has_current`) AS `has_current`,
    MAX(`has_previous`) AS `has_previous`,
    MAX(`orders`) AS `orders`,
    MAX(`orders__previous`) AS `orders__previous`
  FROM `sides`
  GROUP BY `place`
),
`compared` AS (
  SELECT
    `p`.`current_bucket` AS `metric_time__day`,
    `p`.`previous_bucket` AS `metric_time__day__previous`,
    CASE WHEN `has_current` = 0 AND `p`.`current_bucket` IS NOT NULL THEN 0 ELSE `orders` END AS `orders`,
    CASE WHEN `has_previous` = 0 AND `p`.`previous_bucket` IS NOT NULL THEN 0 ELSE `orders__previous` END AS `orders__previous`
  FROM `pairs` AS `s`
  JOIN `places` AS `p` ON `s`.`place` = `p`.`place`
),
`answer` AS (
  SELECT
    `metric_time__day`,
    `metric_time__day__previous`,
    `orders`,
    `orders__previous`,
    CASE WHEN `orders` IS NOT NULL OR `orders__previous` IS NOT NULL THEN COALESCE(`orders`, 0) - COALESCE(`orders__previous`, 0) END AS `orders__change`,
    CASE WHEN `orders__previous` > 0 THEN CAST(CASE WHEN `orders` IS NOT NULL OR `orders__previous` IS NOT NULL THEN COALESCE(`orders`, 0) - COALESCE(`orders__previous`, 0) END AS FLOAT64) / CAST(`orders__previous` AS FLOAT64) END AS `orders__percent_change`
  FROM `compared`
)
SELECT
  `metric_time__day`,
  `metric_time__day__previous`,
  `orders`,
  `orders__previous`,
  `orders__change`,
  `orders__percent_change`
FROM `answer`
ORDER BY `metric_time__day` ASC NULLS LAST
