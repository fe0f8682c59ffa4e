/** The codec library by its low-level, synchronous calls; loaded only in the codec process. */
export type Library = typeof import('node-av/lib') & { readonly constants: typeof import('node-av/constants') }

/** Loads the library. Throws when the optional package or its binary for this platform is not there. */
export async function loadLibrary(): Promise<Library> {
  const [library, constants] = await Promise.all([import('node-av/lib'), import('node-av/constants')])
  library.Log.setLevel(constants.AV_LOG_FATAL)
  return { ...library, constants }
}

/** FFmpeg's answer to a call that cannot go on until more comes in or is taken out, and to one after the end. */
export function isPause(library: Library, code: number): boolean {
  return code === library.constants.AVERROR_EAGAIN || code === library.constants.AVERROR_EOF
}
