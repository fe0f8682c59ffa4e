/**
 * The attributes and events of WeChat's `<live-pusher>` and `<live-player>`, in one table each. The build writes them
 * into every component's WXML, because WXML cannot spread an object over a tag: an attribute that WeChat adds is one
 * line here. Names and defaults: the component pages of WeChat's documentation ("live-pusher", "live-player").
 */

export type AttributeValue = string | number | boolean

export interface TagAttribute {
  /** As WXML writes it. */
  readonly name: string
  /** The tag's default. */
  readonly value: AttributeValue
}

/** All of `<live-pusher>` but `url` and `autopush`, which the component owns. */
export const PUSHER_ATTRIBUTES: readonly TagAttribute[] = [
  { name: 'mode', value: 'RTC' },
  { name: 'enable-camera', value: true },
  { name: 'enable-mic', value: true },
  { name: 'muted', value: false },
  { name: 'auto-focus', value: true },
  { name: 'orientation', value: 'vertical' },
  { name: 'beauty', value: 0 },
  { name: 'whiteness', value: 0 },
  { name: 'aspect', value: '9:16' },
  { name: 'min-bitrate', value: 200 },
  { name: 'max-bitrate', value: 1000 },
  { name: 'audio-quality', value: 'high' },
  { name: 'waiting-image', value: '' },
  { name: 'waiting-image-hash', value: '' },
  { name: 'zoom', value: false },
  { name: 'device-position', value: 'front' },
  { name: 'background-mute', value: false },
  { name: 'mirror', value: false },
  { name: 'remote-mirror', value: false },
  { name: 'local-mirror', value: 'auto' },
  { name: 'audio-reverb-type', value: 0 },
  { name: 'enable-agc', value: false },
  { name: 'enable-ans', value: false },
  { name: 'audio-volume-type', value: 'auto' },
  { name: 'video-width', value: 360 },
  { name: 'video-height', value: 640 },
  { name: 'fps', value: 15 },
  { name: 'beauty-style', value: 'smooth' },
  { name: 'filter', value: 'standard' },
  { name: 'picture-in-picture-mode', value: '' },
  { name: 'voice-changer-type', value: 0 },
  { name: 'custom-effect', value: false },
  { name: 'enable-video-custom-render', value: false },
  { name: 'skin-whiteness', value: 0 },
  { name: 'skin-smoothness', value: 0 },
  { name: 'face-thinness', value: 0 },
  { name: 'eye-bigness', value: 0 },
]

export const PUSHER_EVENTS: readonly string[] = [
  'statechange',
  'netstatus',
  'error',
  'bgmstart',
  'bgmprogress',
  'bgmcomplete',
  'audiovolumenotify',
  'enterpictureinpicture',
  'leavepictureinpicture',
]

/** All of `<live-player>` but `src` and `autoplay`, which the component owns. */
export const PLAYER_ATTRIBUTES: readonly TagAttribute[] = [
  { name: 'mode', value: 'RTC' },
  { name: 'muted', value: false },
  { name: 'mute-audio', value: false },
  { name: 'mute-video', value: false },
  { name: 'orientation', value: 'vertical' },
  { name: 'object-fit', value: 'fillCrop' },
  { name: 'background-mute', value: true },
  { name: 'min-cache', value: 0.1 },
  { name: 'max-cache', value: 0.3 },
  { name: 'sound-mode', value: 'speaker' },
  { name: 'auto-pause-if-navigate', value: true },
  { name: 'auto-pause-if-open-native', value: true },
  { name: 'picture-in-picture-mode', value: '' },
  { name: 'picture-in-picture-init-position', value: '' },
  { name: 'enable-auto-rotation', value: false },
  { name: 'enable-recv-message', value: false },
  { name: 'enable-casting', value: false },
  { name: 'referrer-policy', value: 'no-referrer' },
]

export const PLAYER_EVENTS: readonly string[] = [
  'statechange',
  'fullscreenchange',
  'netstatus',
  'audiovolumenotify',
  'enterpictureinpicture',
  'leavepictureinpicture',
  'castinguserselect',
  'castingstatechange',
  'castinginterrupt',
]

/** `min-bitrate` → `minBitrate`: how attributes are named in properties and in data. */
export function camelCase(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

/** The attributes of one tag by their names in data. */
export type TagAttributes = Record<string, AttributeValue>

/** Every attribute of the table with its default. */
export function defaultsOf(table: readonly TagAttribute[]): TagAttributes {
  const attributes: TagAttributes = {}
  for (const { name, value } of table) attributes[camelCase(name)] = value
  return attributes
}

/**
 * The attributes of a tag: defaults, then each override in turn. Names may be written either way. Invalid values are
 * dropped, because setData refuses `undefined`.
 */
export function attributesOf(
  table: readonly TagAttribute[],
  ...overrides: readonly (object | null | undefined)[]
): TagAttributes {
  const attributes = defaultsOf(table)
  for (const values of overrides) {
    for (const [name, value] of Object.entries(values ?? {}) as [string, unknown][]) {
      if (isAttributeValue(value)) attributes[camelCase(name)] = value
    }
  }
  return attributes
}

function isAttributeValue(value: unknown): value is AttributeValue {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}
