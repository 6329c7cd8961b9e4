WITH `order_lines_rows` AS (
  SELECT
    `products`.`category` AS `category`,
    `order_lines`.`qty` AS `units_sold`
  FROM `order_lines` AS `order_lines`
  LEFT JOIN `products` AS `products` ON `order_lines`.`product_id` = `products`.`product_id`
  LEFT JOIN `orders` AS `orders` ON `order_lines`.`order_id` = `orders`.`order_id`
  WHERE `orders`.`ordered_at` >= DATETIME '2026-10-01 04:00:00' AND `orders`.`ordered_at` < DATETIME '2026-11-01 04:00:00'
    AND (`products`.`category` <> 'O\'Neill' OR `orders`.`country` IN ('US', 'DE'))
    AND `orders`.`status` <> 'cancelled'
),
`order_lines_measures` AS (
  SELECT `category`, SUM(`units_sold`) AS `units_sold`
  FROM `order_lines_rows`
  GROUP BY `category`
),
`answer` AS (
  SELECT `category`, COALESCE(`units_sold`, 0) AS `units_sold`
  FROM `order_lines_measures`
)
SELECT `category`, `units_sold`
FROM `answer`
ORDER BY `units_sold` DESC NULLS LAST, `category` ASC NULLS LAST
