import { getTableColumns, sql, type SQL, type Table } from 'drizzle-orm';

/** What an insert wanted to write to these columns, for the update of a row that was there already. */
export function excluded<T extends Table, K extends keyof T['_']['columns'] & string>(
  table: T,
  ...columns: K[]
): Record<K, SQL> {
  const named = columns.map((key) => [key, sql.raw(`excluded."${getTableColumns(table)[key]!.name}"`)]);
  return Object.fromEntries(named) as Record<K, SQL>;
}
