import type { VNode } from 'preact'

/** Drawn on 24 × 24, in strokes of the text's colour. */
const PATHS = {
  microphone: 'M9 6a3 3 0 0 1 6 0v5a3 3 0 0 1-6 0zM5 11a7 7 0 0 0 14 0M12 18v3',
  microphoneOff:
    'M9 9V6a3 3 0 0 1 6 0v5m-1 2.6A3 3 0 0 1 9 11M5 11a7 7 0 0 0 11.5 5.4M19 11a7 7 0 0 1-.5 2.6M12 18v3M4 4l16 16',
  camera: 'M4 7h9a2 2 0 0 1 2 2v6a2 2 0 0 1-2 2H4a2 2 0 0 1-2-2V9a2 2 0 0 1 2-2zM15 11l6-3.5v9L15 13',
  cameraOff:
    'M9 7h4a2 2 0 0 1 2 2v3m0 3a2 2 0 0 1-2 2H4a2 2 0 0 1-2-2V9a2 2 0 0 1 2-2h1M15 11l6-3.5v9l-3-1.7M3 3l18 18',
  screen: 'M3 5h18v12H3zM9 21h6M12 9v5M9.5 11.5 12 9l2.5 2.5',
  screenOff: 'M3 5h18v12H3zM9 21h6M10 9l4 4M14 9l-4 4',
  chat: 'M4 5h16v11H10l-5 4v-4H4z',
  people:
    'M8.5 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2 20a6.5 6.5 0 0 1 13 0M16 4.4a3.5 3.5 0 0 1 0 6.2M18 14.5a6.5 6.5 0 0 1 4 5.5',
  invite: 'M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20a6.5 6.5 0 0 1 13 0M19 8v6M16 11h6',
  grid: 'M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM13 13h7v7h-7z',
  speakerView: 'M3 4h18v11H3zM4 19h4M10 19h4M16 19h4',
  settings:
    'M4 7h9M17 7h3M4 17h3M11 17h9M15 9.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM9 19.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z',
  leave:
    'M3 14.5c0-2 4-4.5 9-4.5s9 2.5 9 4.5-1 2.5-2 2.5-3.5-.5-3.5-2v-1.5c-2-.7-5-.7-7 0V15c0 1.5-2.5 2-3.5 2s-2-.5-2-2.5z',
  close: 'M6 6l12 12M18 6 6 18',
  more: 'M5 12h.01M12 12h.01M19 12h.01',
  sound: 'M4 9v6h4l5 4V5L8 9zM16 9a4 4 0 0 1 0 6M18.5 6.5a8 8 0 0 1 0 11',
  soundOff: 'M4 9v6h4l5 4V5L8 9zM16.5 9.5l5 5M21.5 9.5l-5 5',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  check: 'M5 12.5 10 17.5 19 7.5',
  send: 'M4 12 20 4l-5 16-3.5-6.5z',
  pin: 'M9 4h6l-1 6 3 3H7l3-3zM12 13v7',
  sun: 'M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.5 1.5M17.5 17.5 19 19M19 5l-1.5 1.5M6.5 17.5 5 19',
  moon: 'M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5z',
  browser: 'M3 5h18v14H3zM3 9.5h18M6 7.3h.01M8.5 7.3h.01',
  miniprogram: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 9.5v5a2.5 2.5 0 1 1-2.5-2.5M12 14.5v-5A2.5 2.5 0 1 1 14.5 12',
  device: 'M3 8h12v9H3zM15 11l6-3v9l-6-3M9 17l-3 4M9 17l3 4',
  crown: 'M4 8l4 4 4-7 4 7 4-4-1.5 10h-13z',
  hand: 'M8 12V6a1.5 1.5 0 0 1 3 0v5V4.5a1.5 1.5 0 0 1 3 0V11V6a1.5 1.5 0 0 1 3 0v8a7 7 0 0 1-7 7c-3 0-4.5-1.5-6-4l-2-3.5a1.5 1.5 0 0 1 2.5-1.5L8 14',
  eye: 'M2 12s3.5-6.5 10-6.5S22 12 22 12s-3.5 6.5-10 6.5S2 12 2 12zM12 14.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z',
  keyboard: 'M2 6h20v12H2zM6 10h.01M10 10h.01M14 10h.01M18 10h.01M7 14h10',
  previous: 'M15 5l-7 7 7 7',
  next: 'M9 5l7 7-7 7',
  warning: 'M12 4 2.5 20h19zM12 10v4.5M12 17.3h.01',
  remove: 'M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20a6.5 6.5 0 0 1 13 0M16.5 8.5l5 5M21.5 8.5l-5 5',
  flip: 'M4 8h3l1.5-2h7L17 8h3v11H4zM9 13.5a3 3 0 0 1 5.6-1.5M15 13.5a3 3 0 0 1-5.6 1.5M15 10.5v2h-2M9 16.5v-2h2',
  pictureInPicture: 'M3 5h18v14H3zM12 12h7v5h-7z',
  fullscreen: 'M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5',
  live: 'M12 14a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM7.8 16.2a6 6 0 0 1 0-8.4M16.2 7.8a6 6 0 0 1 0 8.4M5 19a10 10 0 0 1 0-14M19 5a10 10 0 0 1 0 14',
} as const

export type IconName = keyof typeof PATHS

/** A picture that says nothing to screen readers: what it stands on has a name. */
export function Icon({ name }: { readonly name: IconName }): VNode {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  )
}
