import { camelCase, type AttributeValue, type TagAttribute } from './attributes.js'

/** A property of a component, in the shape that `Component()` takes. */
export interface TagProperty {
  readonly type: StringConstructor | NumberConstructor | BooleanConstructor
  readonly value: AttributeValue
}

/** One property per attribute of a tag, so that a component takes all that the tag takes. */
export function propertiesOf(table: readonly TagAttribute[]): Record<string, TagProperty> {
  const properties: Record<string, TagProperty> = {}
  for (const { name, value } of table) properties[camelCase(name)] = { type: typeOf(value), value }
  return properties
}

/** The attributes among all the values of an element, by the table. */
export function pickAttributes(table: readonly TagAttribute[], values: Readonly<Record<string, unknown>>): object {
  const picked: Record<string, unknown> = {}
  for (const { name } of table) {
    const key = camelCase(name)
    if (values[key] !== null && values[key] !== undefined) picked[key] = values[key]
  }
  return picked
}

function typeOf(value: AttributeValue): TagProperty['type'] {
  return typeof value === 'string' ? String : typeof value === 'number' ? Number : Boolean
}
