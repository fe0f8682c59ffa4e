/** Every camera, microphone and speaker; empty where the browser shows none. */
export async function listDevices(kind?: MediaDeviceKind): Promise<MediaDeviceInfo[]> {
  const devices = navigator.mediaDevices as MediaDevices | undefined
  const all = (await devices?.enumerateDevices()) ?? []
  return kind === undefined ? all : all.filter((device) => device.kind === kind)
}

/** Calls `changed` with every device whenever one came or went; returns what ends that. */
export function watchDevices(changed: (devices: MediaDeviceInfo[]) => void): () => void {
  const devices = navigator.mediaDevices as MediaDevices | undefined
  if (devices === undefined) return () => undefined
  const look = (): void => {
    listDevices().then(changed, () => undefined)
  }
  devices.addEventListener('devicechange', look)
  return () => devices.removeEventListener('devicechange', look)
}
