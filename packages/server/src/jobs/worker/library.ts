/** FFmpeg's libraries by their low-level calls; loaded only in job processes. */
export type Library = typeof import('node-av/lib') & { readonly constants: typeof import('node-av/constants') }

/** Throws when the optional package or its binary for this platform is not there. */
export async function loadLibrary(): Promise<Library> {
  const [library, constants] = await Promise.all([import('node-av/lib'), import('node-av/constants')])
  library.Log.setLevel(constants.AV_LOG_FATAL)
  return { ...library, constants }
}
