import { camelCase, type TagAttribute, type TagAttributes } from '../tags/attributes.js'

/** For every attribute a value that is not its default. */
export function othersOf(table: readonly TagAttribute[]): TagAttributes {
  const others: TagAttributes = {}
  for (const { name, value } of table) {
    others[camelCase(name)] = typeof value === 'boolean' ? !value : typeof value === 'number' ? value + 1 : 'other'
  }
  return others
}
