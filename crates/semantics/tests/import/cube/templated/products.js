cube(`products`, {
  sql_table: `products`,
  measures: { count: { type: `count` } },
});
