/** Names that may be an APP or a STREAM. */
export const goodSegments: readonly string[] = [
  ...['live', 'x', '0', 'a'.repeat(128), 'camera1', 'a.b', 'a..b', 'a-b', '-a', '_', '__proto__', 'constructor'],
  ...['8888_alice', 'stream.flv', 'CON', 'a.', 'toString', '1.2.3.4'],
]

/** What may not, each for its own reason; `badSegments` adds combinations up to 500. */
const bad: readonly string[] = [
  ...[
    '',
    ' ',
    '.',
    '..',
    '...',
    '.hidden',
    '.git',
    '../x',
    'a/b',
    '/',
    '//',
    '\\',
    'a\\b',
    '..\\..',
    '%2e%2e',
    '..%2f',
  ],
  ...['%00', '\0', 'a\0', '\0a', 'a\nb', 'a\r\nb', '\t', 'a b', ' a', 'a ', '\u00a0', '\u2028', '\u202ea', 'a\u200bb'],
  ...[
    'é',
    '中文',
    '🎥',
    'ａ',
    '\ud800',
    '<script>',
    '"',
    "'",
    '`',
    '$(x)',
    '`id`',
    ';',
    '|',
    '&',
    '?',
    'a?b',
    '#',
    '*',
  ],
  ...['a:b', 'C:', 'a=b', 'a+b', 'a~', '~', '@', '!', '(', ')', '[', ']', '{', '}', '<', '>', '^', ',', 'a%20b'],
  ...[
    'a'.repeat(129),
    'a'.repeat(65_536),
    `${'a'.repeat(128)}\n`,
    'a\n',
    'live\u0000.flv',
    '\x7f',
    '\x1b[31m',
    '\ufeff',
  ],
]

/** At least 500 names that no stream may have. */
export const badSegments: readonly string[] = [
  ...bad,
  ...bad.flatMap((first) => ['x', '..', '%', '\u0000', '\u00fc', ' '].map((last) => `${first}/${last}`)),
]
