import { Amf0Date, EcmaArray, type Amf0Object, type Amf0Value } from './value.js'

const withoutPrototype = (properties: Amf0Object): Amf0Object =>
  Object.assign(Object.create(null) as Amf0Object, properties)

/** Values and their bytes, by the AMF 0 specification, section 2. Read and written the same. */
export const amf0Cases: readonly { name: string; value: Amf0Value; hex: string }[] = [
  { name: 'number', value: 1, hex: '00 3ff0000000000000' },
  { name: 'true', value: true, hex: '01 01' },
  { name: 'false', value: false, hex: '01 00' },
  { name: 'string', value: 'live', hex: '02 0004 6c697665' },
  { name: 'string of three bytes a character', value: '推流', hex: '02 0006 e68ea8 e6b581' },
  { name: 'string outside the basic plane', value: '🎥', hex: '02 0004 f09f8ea5' },
  { name: 'null', value: null, hex: '05' },
  { name: 'undefined', value: undefined, hex: '06' },
  {
    name: 'object',
    value: withoutPrototype({ app: 'r', audio: true }),
    hex: '03 0003 617070 02000172 0005 617564696f 0101 000009',
  },
  { name: 'empty object', value: withoutPrototype({}), hex: '03 000009' },
  {
    name: 'ECMA array',
    value: new EcmaArray(withoutPrototype({ width: 2 })),
    hex: '08 00000001 0005 7769647468 00 4000000000000000 000009',
  },
  { name: 'strict array', value: [null, false], hex: '0a 00000002 05 0100' },
  { name: 'date', value: new Amf0Date(1, -60), hex: '0b 3ff0000000000000 ffc4' },
]

/** Mistakes of encoders, and values without a form of their own: read as `value`, never written like this. */
export const tolerantCases: readonly { name: string; value: Amf0Value; hex: string }[] = [
  {
    name: 'ECMA array with count 0',
    value: new EcmaArray(withoutPrototype({ a: null })),
    hex: '08 00000000 0001 61 05 000009',
  },
  {
    name: 'ECMA array without end marker',
    value: new EcmaArray(withoutPrototype({ a: null })),
    hex: '08 00000001 0001 61 05',
  },
  { name: 'long string', value: 'a', hex: '0c 00000001 61' },
  { name: 'XML document', value: '<a/>', hex: '0f 00000004 3c612f3e' },
  { name: 'unsupported', value: undefined, hex: '0d' },
  { name: 'typed object', value: withoutPrototype({ a: true }), hex: '10 0001 43 0001 61 0101 000009' },
  { name: 'repeated key', value: withoutPrototype({ a: false }), hex: '03 0001 61 0101 0001 61 0100 000009' },
  { name: 'bytes that are not UTF-8', value: '\ufffd\ufffda', hex: '02 0003 c0ff61' },
]

/** Refused as a whole. */
export const malformedCases: readonly { name: string; hex: string }[] = [
  { name: 'number cut short', hex: '00 3ff00000000000' },
  { name: 'boolean without value', hex: '01' },
  { name: 'string longer than the input', hex: '02 ffff 61' },
  { name: 'long string of 4 GiB', hex: '0c ffffffff 61' },
  { name: 'object without end', hex: '03 0001 61 05' },
  { name: 'object end alone', hex: '09' },
  { name: 'strict array that claims 2^32-1 elements', hex: '0a ffffffff 05' },
  { name: 'strict array one element short', hex: '0a 00000002 05' },
  { name: 'ECMA array without count', hex: '08 0000' },
  { name: 'date without zone', hex: '0b 3ff0000000000000 ff' },
  { name: 'movie clip', hex: '04' },
  { name: 'reference', hex: '07 0000' },
  { name: 'record set', hex: '0e' },
  { name: 'AVM+', hex: '11 01' },
  { name: 'unknown marker', hex: 'ff' },
  { name: 'good value, then rubbish', hex: '05 ff' },
]
