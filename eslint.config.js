import js from '@eslint/js'
import tseslint from 'typescript-eslint'

const pure = ['media', 'rtmp', 'webrtc', 'protocol'].map((name) => `packages/${name}/src/**/*.ts`)
const tests = [
  '**/*.test.ts',
  '**/*.cases.ts',
  '**/*.fake.ts',
  '**/*.fuzz.ts',
  '**/*.bench.ts',
  'test/**/*.ts',
  'bench/**/*.ts',
]

export default tseslint.config(
  {
    ignores: [
      '**/dist/**',
      '**/build/**',
      '**/miniprogram_dist/**',
      '**/node_modules/**',
      'coverage/**',
      'examples/**',
    ],
  },
  js.configs.recommended,
  {
    files: ['**/*.mjs', '**/*.js'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        URL: 'readonly',
        setTimeout: 'readonly',
        clearTimeout: 'readonly',
        setInterval: 'readonly',
        clearInterval: 'readonly',
        performance: 'readonly',
        fetch: 'readonly',
        Buffer: 'readonly',
      },
    },
  },
  {
    files: ['packages/**/*.ts', 'packages/web/**/*.tsx', 'test/**/*.ts', 'bench/**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: {
        project: ['./tsconfig.test.json', './packages/web/tsconfig.json', './packages/miniprogram/tsconfig.json'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      'max-lines': ['error', { max: 500, skipBlankLines: false, skipComments: false }],
      'max-lines-per-function': ['error', { max: 80, skipBlankLines: true, skipComments: true }],
      '@typescript-eslint/no-explicit-any': 'error',
      // Indexed access yields `T | undefined` under noUncheckedIndexedAccess; in parsers the length was checked before.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/prefer-for-of': 'off',
      '@typescript-eslint/consistent-type-definitions': ['error', 'interface'],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      'no-restricted-syntax': [
        'error',
        { selector: 'TSEnumDeclaration', message: 'Use a union or an `as const` object.' },
        { selector: 'ExportDefaultDeclaration', message: 'Named exports only.' },
      ],
    },
  },
  {
    files: pure,
    ignores: tests,
    rules: {
      'no-restricted-globals': ['error', 'Date', 'performance', 'crypto', 'console'],
      'no-restricted-properties': ['error', { object: 'Math', property: 'random' }],
    },
  },
  {
    // A socket is born in net/, where it is counted and watched: see net/front-door.ts and net/socket-watch.ts.
    files: ['app', 'api', 'auth', 'endpoints', 'hub', 'rooms', 'signaling', 'transcode'].map(
      (layer) => `packages/server/src/${layer}/**/*.ts`,
    ),
    ignores: tests,
    rules: {
      'no-restricted-imports': [
        'error',
        {
          paths: ['node:net', 'node:tls', 'node:http', 'node:https'].map((name) => ({
            ...{ name, importNames: ['createServer', 'connect', 'createConnection', 'request', 'get', 'default'] },
            message: 'Sockets are made in net/, where they are counted and watched.',
          })),
        },
      ],
    },
  },
  {
    files: tests,
    rules: { 'max-lines-per-function': 'off' },
  },
  { files: ['**/vitest.config.ts', 'packages/web/**'], rules: { 'no-restricted-syntax': 'off' } },
)
