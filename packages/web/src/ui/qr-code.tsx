import type { VNode } from 'preact'
import { useMemo } from 'preact/hooks'
import qrcode from 'qrcode-generator'

/** White around the code, in modules (ISO/IEC 18004 section 5.3.8 asks for four). */
const QUIET_ZONE = 4

/** A QR code, always dark on white, which cameras read best. */
export function QrCode({ value, label }: { value: string; label: string }): VNode {
  const { size, path } = useMemo(() => modulesOf(value), [value])
  return (
    <svg class="qr-code" viewBox={`0 0 ${String(size)} ${String(size)}`} role="img" aria-label={label}>
      <rect width={size} height={size} rx="2" fill="#fff" />
      <path d={path} fill="#10151a" shape-rendering="crispEdges" />
    </svg>
  )
}

/** The dark modules as one path. `M`: 15 % of the code may be unreadable. */
export function modulesOf(value: string): { readonly size: number; readonly path: string } {
  const code = qrcode(0, 'M')
  code.addData(value, 'Byte')
  code.make()
  const count = code.getModuleCount()
  let path = ''
  for (let row = 0; row < count; row++) {
    for (let column = 0; column < count; column++) {
      if (code.isDark(row, column)) path += `M${String(column + QUIET_ZONE)} ${String(row + QUIET_ZONE)}h1v1h-1z`
    }
  }
  return { size: count + 2 * QUIET_ZONE, path }
}
