export {
  Composer,
  type ComposerOptions,
  type Composite,
  type CompositeOptions,
  type CompositeStatus,
} from './composer.js'
export { fontFile } from './font-file.js'
export { COMPOSITE_LAYOUTS, type CompositeLayout } from './layout.js'
export type { CompositeFormat, Scene, SceneSource } from './scene.js'
